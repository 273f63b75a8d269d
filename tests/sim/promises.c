#include "promises.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "record_reference.h"

enum { CHANGES = 4096, HOLDS = 512, UNDONES = 256, PUT_OFFS = 256, HOUR_S = 3600, FIELDS = 11 };

/* An INTENT or UNDO and what became of it. */
struct change {
    bool undo;
    bool sure;    /* its line has reached the disk */
    bool present; /* in the journal */
    bool lost;    /* by a power cut, before it was sure */
    bool done;
    bool written;     /* the byte was */
    bool seen_before; /* a process has looked and found the content from before, ... */
    bool seen_after;  /* ... or the one from after */
    bool alone;       /* when it saw that, nobody else had the file open for writing ... */
    bool flushed;     /* ... and it was on the disk */
    uint32_t number, utc, offset, size, before, after;
    uint32_t owner;
    uint32_t generation;
    uint64_t time;
    unsigned folder;
    char name[WORLD_NAME_BYTES];
    unsigned reports;
    uint32_t reporter;
    uint64_t report_step;
};

static struct change changes[CHANGES];
static size_t change_count;
static uint32_t highest;

struct named {
    char name[WORLD_NAME_BYTES];
    unsigned folder;
    uint32_t content;
    /* Of what was undone: which bytes of which file; and that it was released. */
    int node;
    uint32_t serial, version;
    bool active, released;
    uint64_t until;
};

static struct named holds[HOLDS]; /* as the journal has them */
static size_t hold_count;
static struct named undone[UNDONES];
static size_t undone_count;
static struct named put_offs[PUT_OFFS];
static size_t put_off_count;
static struct named released[UNDONES]; /* at some time or other */
static size_t released_count;
static unsigned twice, late, unknown;

void promises_begin(void) {
    change_count = hold_count = undone_count = put_off_count = released_count = 0;
    highest = 0;
    twice = late = unknown = 0;
}

static struct named *find_named(struct named *list, size_t count, unsigned folder,
                                const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (list[i].folder == folder && world_equal(list[i].name, name))
            return &list[i];
    }
    return NULL;
}

static struct named *put_named(struct named *list, size_t *count, size_t most, unsigned folder,
                               const char *name) {
    struct named *found = find_named(list, *count, folder, name);
    if (found == NULL) {
        if (*count == most) {
            memmove(list, list + 1, (most - 1) * sizeof *list);
            --*count;
        }
        found = &list[(*count)++];
    }
    memset(found, 0, sizeof *found);
    found->folder = folder;
    (void)snprintf(found->name, sizeof found->name, "%s", name);
    return found;
}

/* ---- lines */

static unsigned hex_value(char c) {
    return c >= 'A' ? (unsigned)(c - 'A') + 10 : (unsigned)(c - '0');
}

/* Takes the fields apart, which are at most 31 bytes of those that matter. */
static size_t split(const char *text, size_t length, char fields[FIELDS][64]) {
    size_t count = 0;
    size_t n = 0;
    for (size_t i = 0; i <= length && count < FIELDS; i++) {
        if (i == length || text[i] == '\t') {
            fields[count++][n] = '\0';
            n = 0;
        } else if (text[i] == '%' && i + 2 < length) {
            if (n < 63)
                fields[count][n++] = (char)(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
            i += 2;
        } else if (n < 63) {
            fields[count][n++] = text[i];
        }
    }
    return count;
}

static uint32_t read_utc(const char *text) {
    struct tm tm = {0};
    if (sscanf(text, "%d-%d-%dT%d:%d:%dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
               &tm.tm_min, &tm.tm_sec) != 6)
        return 0;
    /* Days since 1970, counted by the year and the month. */
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t days = 0;
    for (int year = 1970; year < tm.tm_year; year++)
        days += year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365;
    days += before[(tm.tm_mon - 1) % 12] + tm.tm_mday - 1;
    days += tm.tm_mon > 2 && tm.tm_year % 4 == 0;
    return (uint32_t)(days * 86400 + tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec);
}

static unsigned find_folder(const char *path) {
    unsigned folder = 0;
    while (folder < WORLD_FOLDERS && !world_equal(path, world_paths[folder]))
        folder++;
    return folder;
}

static uint32_t decimal(const char *text) {
    return (uint32_t)strtoul(text, NULL, 10);
}

static uint32_t hexadecimal(const char *text) {
    return (uint32_t)strtoul(text, NULL, 16);
}

static void take_fields(struct line *line, char f[FIELDS][64]) {
    static const char *const kinds[] = {"", "INTENT", "UNDO", "DONE", "HOLD", "RELEASE", "LOADED"};
    for (int k = LINE_INTENT; k <= LINE_LOADED; k++) {
        if (strcmp(f[2], kinds[k]) == 0)
            line->kind = (enum kind)k;
    }
    line->utc = read_utc(f[1]);
    switch (line->kind) {
    case LINE_INTENT:
    case LINE_UNDO:
        line->number = decimal(f[3]);
        line->offset = decimal(f[4]);
        line->size = decimal(f[5]);
        line->before = hexadecimal(f[6]);
        line->after = hexadecimal(f[7]);
        (void)snprintf(line->name, sizeof line->name, "%.31s", f[8]);
        line->folder = find_folder(f[10]);
        break;
    case LINE_DONE:
        line->number = decimal(f[3]);
        (void)snprintf(line->outcome, sizeof line->outcome, "%.15s", f[4]);
        break;
    case LINE_HOLD:
        line->before = hexadecimal(f[3]);
        (void)snprintf(line->name, sizeof line->name, "%.31s", f[4]);
        line->folder = find_folder(f[5]);
        break;
    case LINE_RELEASE:
        (void)snprintf(line->name, sizeof line->name, "%.31s", f[3]);
        line->folder = find_folder(f[4]);
        break;
    case LINE_NONE:
    case LINE_LOADED:
        break;
    }
}

/* `text` without the end of the line. */
static bool parse(const char *text, size_t length, struct line *line) {
    static char fields[FIELDS][64];
    char crc[9];
    memset(line, 0, sizeof *line);
    while (length > 0 && text[length - 1] == '\r')
        length--;
    if (length < 20 || length > 4096 || memcmp(text, "KMR1\t", 5) != 0 || text[length - 9] != '\t')
        return false;
    (void)snprintf(crc, sizeof crc, "%08X", world_crc(0, text, length - 9));
    if (memcmp(crc, text + length - 8, 8) != 0)
        return false;
    memset(fields, 0, sizeof fields);
    (void)split(text, length - 9, fields);
    take_fields(line, fields);
    return line->kind != LINE_NONE;
}

/* The newest, since a number whose line was lost is used again. */
static struct change *find_change(uint32_t number) {
    for (size_t i = change_count; i-- > 0;) {
        if (changes[i].number == number && !changes[i].lost)
            return &changes[i];
    }
    return NULL;
}

static void remove_hold(unsigned folder, const char *name) {
    struct named *hold = find_named(holds, hold_count, folder, name);
    if (hold != NULL)
        *hold = holds[--hold_count];
}

/* What a line in the journal means to whoever reads it. */
static void apply(const struct line *line) {
    struct change *change = NULL;
    switch (line->kind) {
    case LINE_INTENT:
    case LINE_UNDO:
    case LINE_DONE:
        change = find_change(line->number);
        if (change != NULL) {
            change->done = line->kind == LINE_DONE;
            change->present = change->present || line->kind != LINE_DONE;
        }
        break;
    case LINE_HOLD:
        put_named(holds, &hold_count, HOLDS, line->folder, line->name)->content = line->before;
        break;
    case LINE_RELEASE:
        remove_hold(line->folder, line->name);
        break;
    case LINE_NONE:
    case LINE_LOADED:
        break;
    }
}

/* Reads the journal anew, as a process that starts does. */
static void reread(const char *content, size_t length) {
    struct line line;
    hold_count = 0;
    for (size_t i = 0; i < change_count; i++)
        changes[i].present = changes[i].done = false;
    for (size_t from = 0; from < length;) {
        const char *end = memchr(content + from, '\n', length - from);
        size_t to = end != NULL ? (size_t)(end - content) : length;
        if (parse(content + from, to - from, &line))
            apply(&line);
        from = to + 1;
    }
}

void promises_journal_cut(void) {
    reread(world.journal, world.journal_size);
    for (size_t i = 0; i < change_count; i++) {
        struct change *change = &changes[i];
        if (!change->sure && !change->present)
            change->lost = true;
    }
}

/* ---- what is quiet */

static size_t find_base(struct process *p, unsigned folder, const char *name) {
    size_t i = 0;
    while (i < p->base_count &&
           (p->bases[i].folder != folder || !world_equal(p->bases[i].name, name)))
        i++;
    if (i < p->base_count)
        return i;
    if (p->base_count == PROCESS_BASES) {
        memmove(p->bases, p->bases + 1, (PROCESS_BASES - 1) * sizeof p->bases[0]);
        p->base_count--;
    }
    i = p->base_count++;
    memset(&p->bases[i], 0, sizeof p->bases[i]);
    p->bases[i].folder = folder;
    (void)snprintf(p->bases[i].name, WORLD_NAME_BYTES, "%s", name);
    p->bases[i].since = world.now;
    p->bases[i].settle = p->settings.settle_seconds;
    return i;
}

void promises_hint(struct process *p, const char *name) {
    size_t i = find_base(p, p->folder, name);
    p->bases[i].since = world.now;
    p->bases[i].has_content = false;
    p->bases[i].hinted = true;
    p->bases[i].settle = p->settings.settle_seconds;
}

/* Reading of a RELEASE is a hint that a process gives itself. Whether this is the first time that it reads
 * the line is its own affair: what is asked of it is less then, not more. */
void promises_journal_read(struct process *p) {
    for (size_t i = 0; i < released_count; i++) {
        if (released[i].folder != p->folder)
            continue;
        size_t base = find_base(p, p->folder, released[i].name);
        p->bases[base].has_content = false;
        p->bases[base].hinted = true;
    }
}

static void see_content(struct process *p, const struct handle *handle, uint32_t content) {
    size_t i = find_base(p, handle->folder, handle->name);
    /* The time in force when it is looked at counts, be it a shorter one than before or after. */
    if (p->settings.settle_seconds < p->bases[i].settle)
        p->bases[i].settle = p->settings.settle_seconds;
    /* What a scan, or a look at how a repair ended, sees of a name that waits for its time already is
     * not remembered. */
    if (p->bases[i].hinted && !p->bases[i].has_content &&
        (p->settling || world_equal(p->listed, handle->name)))
        return;
    if (p->bases[i].has_content && p->bases[i].content != content) {
        p->bases[i].since = world.now;
        p->bases[i].settle = p->settings.settle_seconds;
    }
    p->bases[i].has_content = true;
    p->bases[i].content = content;
}

/* ---- records */

void promises_opened(struct process *p, bool repair) {
    p->read_whole = false;
    p->read_content = 0;
    p->change = -1;
    /* Who opens a record for repair without a look at it wants to see how a repair ended. */
    if (repair && !p->looked)
        p->settling = true;
    p->looked = true;
}

void promises_read(struct process *p, const void *bytes, size_t size) {
    const struct handle *handle = &world.handles[p->handle];
    p->read_whole = size == world.nodes[handle->node].size;
    p->read_content = world_crc(0, bytes, size);
    if (p->change < 0)
        see_content(p, handle, p->read_content);
}

void promises_closing(struct process *p) {
    const struct handle *handle = &world.handles[p->handle];
    const struct node *node = &world.nodes[handle->node];
    bool has_content = false;
    uint32_t content = 0;
    for (size_t i = change_count; i-- > 0;) {
        struct change *change = &changes[i];
        if (change->done || change->folder != handle->folder ||
            !world_equal(change->name, handle->name))
            continue;
        /* What it read beside others counts, whatever they have made of it since. */
        if (!p->for_repair && p->read_content == change->after) {
            change->seen_after = true;
            change->alone = false;
        }
        if (change->size != node->size)
            continue;
        if (!has_content)
            content = world_content(node);
        has_content = true;
        if (content == change->before)
            change->seen_before = true;
        if (content == change->after) {
            change->seen_after = true;
            change->alone = p->for_repair;
            change->flushed = !node->dirty;
        }
    }
    p->change = -1;
}

static void check_breaker(struct process *p) {
    uint32_t limit = p->settings.repairs_per_hour;
    uint32_t own = 0;
    uint32_t all = 0;
    for (size_t i = 0; i < p->times_count; i++)
        own += world.now - p->times[i] < HOUR_S * 1000;
    for (size_t i = 0; i < change_count; i++) {
        const struct change *change = &changes[i];
        all += !change->undo && change->sure && change->generation == world.journal_generation &&
               world_utc() - change->utc < HOUR_S &&
               (p->breaker_since == 0 || change->time > p->breaker_since);
    }
    /* The one that is being made is in the journal already. */
    if (own >= limit)
        broken("the limit: %u repairs in an hour by one process", own + 1);
    else if (all > limit)
        broken("the limit: the journal tells of %u repairs in the last hour", all);
    if (p->times_count == PROCESS_TIMES) {
        memmove(p->times, p->times + 1, (PROCESS_TIMES - 1) * sizeof p->times[0]);
        p->times_count--;
    }
    /* It is counted from its INTENT on. */
    p->times[p->times_count++] = changes[p->change].time;
}

static void check_repair(struct process *p, const struct handle *handle, const struct node *node,
                         uint32_t offset) {
    struct reference reference;
    size_t base = find_base(p, handle->folder, handle->name);
    uint32_t settle = p->bases[base].settle < p->settings.settle_seconds
                          ? p->bases[base].settle
                          : p->settings.settle_seconds;
    const struct named *held = find_named(undone, undone_count, handle->folder, handle->name);
    reference_judge(node->bytes, node->size, &reference);
    if (p->kind != PROCESS_SERVICE && p->kind != PROCESS_REPAIR)
        broken("%s is repaired by undo or release", handle->name);
    else if (!p->settings.repair)
        broken("%s is repaired while Repair = no", handle->name);
    else if (p->paused)
        broken("%s is repaired while paused", handle->name);
    else if (reference.verdict != VERDICT_STUCK || reference.digit != offset)
        broken("%s is written to at %u and is not stuck by that byte", handle->name, offset);
    else if (held != NULL && held->active && held->node == handle->node &&
             held->serial == node->serial && held->version == node->version)
        broken("%s is held, and repaired", handle->name);
    else if (world.now - p->bases[base].since < (uint64_t)settle * 1000)
        broken("%s is repaired %llu ms after it changed, the settle time is %u s", handle->name,
               (unsigned long long)(world.now - p->bases[base].since), settle);
    check_breaker(p);
}

static void check_undo(const struct process *p, const struct handle *handle,
                       const struct change *change) {
    const struct change *repair = NULL;
    for (size_t i = change_count; i-- > 0 && repair == NULL;) {
        if (!changes[i].undo && changes[i].sure && changes[i].folder == handle->folder &&
            world_equal(changes[i].name, handle->name) && changes[i].after == change->before)
            repair = &changes[i];
    }
    if (p->kind != PROCESS_UNDO)
        broken("%s is undone by a process that was not asked to", handle->name);
    else if (repair == NULL || repair->before != change->after || repair->offset != change->offset)
        broken("%s is undone, which is not what a repair left", handle->name);
}

void promises_write(struct process *p, uint32_t offset, unsigned char byte, bool lands) {
    const struct handle *handle = &world.handles[p->handle];
    struct node *node = &world.nodes[handle->node];
    struct change *change = p->change >= 0 ? &changes[p->change] : NULL;
    unsigned char from = offset < node->size ? node->bytes[offset] : 0;
    if (change == NULL || !change->sure || world.journal_durable < world.journal_size ||
        world.journal_owner != p->serial) {
        broken("%s is written to without its line in the journal", handle->name);
        return;
    }
    if (from != (change->undo ? '1' : '4') || byte != (change->undo ? '4' : '1'))
        broken("%s: what is written is not `4` to `1`, or that undone", handle->name);
    else if (!p->read_whole || p->read_content != world_content(node))
        broken("%s is written to without having been read as it is", handle->name);
    else if (node->read_only || node->reparse || node->linked || node->directory)
        broken("%s is written to and is read-only, a link or a folder", handle->name);
    else if (!world_equal(change->name, handle->name) || change->folder != handle->folder ||
             change->offset != offset || change->size != node->size ||
             change->before != world_content(node))
        broken("%s: the line in the journal is of something else", handle->name);
    if (world.broken)
        return;
    if (change->undo)
        check_undo(p, handle, change);
    else
        check_repair(p, handle, node, offset);
    node->bytes[offset] = byte;
    if (world_content(node) != change->after)
        broken("%s: the journal is wrong about the content after it", handle->name);
    node->bytes[offset] = from;
    if (!lands)
        return;
    change->written = true;
    if (change->undo) {
        struct named *it = put_named(undone, &undone_count, UNDONES, handle->folder, handle->name);
        it->node = handle->node;
        it->serial = node->serial;
        it->version = node->version + 1;
        it->content = change->after;
        it->active = true;
    }
}

/* ---- the journal */

void promises_trouble(struct process *p) {
    p->trouble = true;
    p->trouble_step = p->steps;
}

static void add_change(struct process *p, const struct line *line) {
    if (change_count == CHANGES) {
        broken("the simulation itself: too many changes");
        return;
    }
    struct change *change = &changes[change_count];
    memset(change, 0, sizeof *change);
    change->undo = line->kind == LINE_UNDO;
    change->number = line->number;
    change->utc = line->utc;
    change->offset = line->offset;
    change->size = line->size;
    change->before = line->before;
    change->after = line->after;
    change->folder = line->folder;
    change->owner = p->serial;
    change->time = world.now;
    change->generation = world.journal_generation;
    memcpy(change->name, line->name, sizeof change->name);
    p->added = (int)change_count++;
    /* A new undo is a new wish that it be held. */
    struct named *it = find_named(undone, undone_count, line->folder, line->name);
    if (change->undo && it != NULL)
        it->released = false;
}

static void check_done(const struct line *line) {
    const struct change *change = find_change(line->number);
    if (change == NULL) {
        broken("DONE of %u, which was never begun", line->number);
    } else if (strcmp(line->outcome, "not-made") == 0) {
        if (!change->seen_before)
            broken("%s: the journal says that %u was not made, which nobody has seen", change->name,
                   change->number);
        if (!change->undo)
            put_named(put_offs, &put_off_count, PUT_OFFS, change->folder, change->name)->until =
                world.now + (HOUR_S + 60) * 1000;
    } else if (change->reports == 0) {
        broken("%s: DONE of %u before it was reported", change->name, change->number);
    }
}

static void check_hold(const struct process *p, const struct line *line) {
    const struct named *hold = find_named(holds, hold_count, line->folder, line->name);
    struct named *it = find_named(undone, undone_count, line->folder, line->name);
    if (line->kind == LINE_HOLD && it != NULL && it->released)
        broken("%s is held again after it was released", line->name);
    if (line->kind != LINE_RELEASE)
        return;
    /* By what the journal says, and by what was undone: HOLD may be of another content. */
    if (p->kind != PROCESS_RELEASE &&
        ((hold != NULL && hold->content == p->read_content) ||
         (it != NULL && it->active && it->content == p->read_content)))
        broken("%s is released though it is as it was", line->name);
    (void)put_named(released, &released_count, UNDONES, line->folder, line->name);
    if (it != NULL)
        it->active = false;
}

void promises_append(struct process *p, size_t at, size_t length) {
    struct line *line = &p->line;
    size_t end = at + length;
    p->change = p->added = -1;
    line->kind = LINE_NONE;
    if (length == 0)
        return;
    if (world.journal[end - 1] == '\n')
        end--;
    size_t from = end;
    while (from > 0 && world.journal[from - 1] != '\n')
        from--;
    if (memmem(world.journal + at, length, "\tSECRET", 7) != NULL)
        broken("a secret is written to the journal");
    /* A part of the end of a line that had lacked nothing else before. */
    if (from < at && parse(world.journal + from, at - from, line)) {
        line->kind = LINE_NONE;
        return;
    }
    if (!parse(world.journal + from, end - from, line))
        return;
    if (line->kind == LINE_INTENT || line->kind == LINE_UNDO)
        add_change(p, line);
    else if (line->kind == LINE_DONE)
        check_done(line);
    else
        check_hold(p, line);
    apply(line);
}

void promises_appended(struct process *p, size_t end) {
    struct line *line = &p->line;
    struct named *it = NULL;
    if (line->kind == LINE_NONE || world.journal[end - 1] != '\n')
        broken("what is added to the journal makes no line of it");
    if (line->kind == LINE_RELEASE && p->kind == PROCESS_RELEASE)
        it = find_named(undone, undone_count, line->folder, line->name);
    if (it != NULL)
        it->released = true;
    if (p->added < 0)
        return;
    if (line->number <= highest)
        broken("the number %u is used twice", line->number);
    highest = line->number;
    changes[p->added].sure = true;
    p->change = p->added;
}

static uint32_t highest_of(const char *content, size_t length) {
    struct line line;
    uint32_t most = 0;
    for (size_t from = 0; from < length;) {
        const char *end = memchr(content + from, '\n', length - from);
        size_t to = end != NULL ? (size_t)(end - content) : length;
        if (!parse(content + from, to - from, &line))
            broken("a line of the new journal is none");
        most = line.number > most ? line.number : most;
        from = to + 1;
    }
    return most;
}

/* What is owed and what is held is in the new one as well. */
void promises_rotate(const char *content, size_t length) {
    static struct named old[HOLDS];
    static bool open[CHANGES];
    size_t old_count = hold_count;
    memcpy(old, holds, hold_count * sizeof old[0]);
    for (size_t i = 0; i < change_count; i++)
        open[i] = changes[i].present && !changes[i].done;
    if (highest_of(content, length) < highest)
        broken("the new journal does not know the last number");
    reread(content, length);
    for (size_t i = 0; i < change_count; i++) {
        if (open[i] && (!changes[i].present || changes[i].done))
            broken("%s: %u is not in the new journal", changes[i].name, changes[i].number);
    }
    for (size_t i = 0; i < old_count; i++) {
        const struct named *hold = find_named(holds, hold_count, old[i].folder, old[i].name);
        if (hold == NULL || hold->content != old[i].content)
            broken("%s: that it is held is not in the new journal", old[i].name);
    }
    reread(world.journal, world.journal_size);
}

void promises_rotated(void) {
    world.journal_generation++;
    reread(world.journal, world.journal_size);
}

/* ---- events */

static void print_utc(uint32_t utc, char *to, size_t size) {
    time_t time = (time_t)utc;
    struct tm tm;
    (void)gmtime_r(&time, &tm);
    (void)strftime(to, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* The change that an event is about: the first that fits and is not reported, else one that is. */
static struct change *find_reported(const struct process *p, const struct event *event) {
    struct change *found = NULL;
    char begun[32];
    for (size_t i = change_count; i-- > 0;) {
        struct change *change = &changes[i];
        if (change->lost || !world_equal(change->name, event->string[0]) ||
            change->folder >= WORLD_FOLDERS ||
            !world_equal(world_paths[change->folder], event->string[1]) ||
            change->offset != decimal(event->string[3]))
            continue;
        if (event->number != EVENT_OUTCOME_UNKNOWN &&
            change->undo != (event->number == EVENT_UNDONE))
            continue;
        if (event->number == EVENT_REPAIRED && change->owner != p->serial)
            continue;
        /* What is done and was not reported was not made. */
        if (change->done && change->reports == 0)
            continue;
        print_utc(change->utc, begun, sizeof begun);
        if (event->number != EVENT_REPAIRED && event->number != EVENT_UNDONE &&
            strcmp(begun, event->string[4]) != 0)
            continue;
        if (found == NULL || (!change->done && found->done) ||
            (change->done == found->done && change->reports == 0 && found->reports > 0))
            found = change;
    }
    return found;
}

static bool is_alive(uint32_t serial) {
    for (size_t i = 0; i < PROCESSES; i++) {
        if (processes[i].alive && processes[i].serial == serial)
            return true;
    }
    return false;
}

static uint64_t trouble_of(uint32_t serial) {
    for (size_t i = 0; i < PROCESSES; i++) {
        if (processes[i].serial == serial)
            return processes[i].trouble ? processes[i].trouble_step : 0;
    }
    return 0;
}

static void check_twice(const struct process *p, const struct change *change) {
    bool trouble = p->trouble && p->trouble_step == p->steps;
    twice++;
    if (change->reporter == p->serial)
        broken("%s: %u is reported twice by one process", change->name, change->number);
    else if (change->done && !trouble)
        broken("%s: %u is reported again after its DONE", change->name, change->number);
    else if (is_alive(change->reporter) && trouble_of(change->reporter) < change->report_step &&
             !trouble)
        broken("%s: %u is reported twice without a crash", change->name, change->number);
}

static void report_change(struct process *p, const struct event *event) {
    struct change *change = event->strings >= 4 ? find_reported(p, event) : NULL;
    if (change == NULL) {
        broken("%s: an event about a change that was never begun", event->string[0]);
        return;
    }
    late += event->number == EVENT_REPAIRED_LATE;
    unknown += event->number == EVENT_OUTCOME_UNKNOWN;
    if (event->number != EVENT_OUTCOME_UNKNOWN && !change->seen_after)
        broken("%s: %u is reported and nobody has seen it", change->name, change->number);
    else if (event->number != EVENT_OUTCOME_UNKNOWN && change->alone && !change->flushed)
        broken("%s: %u is reported and is not on the disk", change->name, change->number);
    else if (event->number == EVENT_REPAIRED && !change->written)
        broken("%s: %u is reported and was never made", change->name, change->number);
    else if (change->reports > 0)
        check_twice(p, change);
    if (change->reports++ == 0) {
        change->reporter = p->serial;
        change->report_step = p->steps;
    }
}

/* The same about the same content is said once, until the service is told to start over. */
static void report_warning(struct process *p, const struct event *event) {
    const char *name = event->string[0];
    size_t i = 0;
    while (i < p->warned_count && (p->warned[i].number != (uint32_t)event->number ||
                                   !world_equal(p->warned[i].name, name)))
        i++;
    if (i < p->warned_count && p->warned[i].content == p->read_content)
        broken("%s: event %d is reported again about the same content", name, (int)event->number);
    if (i == PROCESS_WARNINGS)
        return;
    p->warned[i].number = event->number;
    p->warned[i].content = p->read_content;
    (void)snprintf(p->warned[i].name, WORLD_NAME_BYTES, "%s", name);
    if (i == p->warned_count)
        p->warned_count++;
}

void promises_report(struct process *p, const struct event *event, bool delivered) {
    for (unsigned i = 0; i < event->strings; i++) {
        if (event->string[i] == NULL || event->string[i][0] == '\0')
            broken("event %d has an empty string", (int)event->number);
        else if (strstr(event->string[i], "SECRET") != NULL &&
                 strncmp(event->string[i], "/o=", 3) != 0) /* half of a name, half of a key */
            broken("event %d tells a secret", (int)event->number);
    }
    if (!delivered || world.broken)
        return;
    switch (event->number) {
    case EVENT_REPAIRED:
    case EVENT_REPAIRED_LATE:
    case EVENT_OUTCOME_UNKNOWN:
    case EVENT_UNDONE:
        report_change(p, event);
        break;
    case EVENT_DOUBTFUL:
    case EVENT_STUCK:
        report_warning(p, event);
        break;
    default:
        break;
    }
}

/* ---- the rest */

void promises_told(struct process *p) {
    p->breaker_since = world.now;
    p->times_count = 0;
    p->warned_count = 0;
}

unsigned promises_full[3];

void promises_bounds(const struct process *p) {
    const struct mender *m = &p->mender;
    promises_full[0] += m->pending.count == PENDING_NAMES;
    promises_full[1] += m->owed_count == MENDER_OWED;
    promises_full[2] += m->hold_count == MENDER_HOLDS;
    if (p->before != p->behind || p->before != p->end || p->before == 0)
        broken("something was written beside the mender");
    else if (m->pending.count > PENDING_NAMES || m->pending.pool_length > PENDING_POOL ||
             m->owed_count > MENDER_OWED || m->hold_count > MENDER_HOLDS ||
             m->warned_count > MENDER_WARNINGS || m->begun_count > m->settings.repairs_per_hour)
        broken("a bound is exceeded");
}

void promises_verb(struct process *p) {
    if (p->result.code != HOST_OK)
        return;
    if (p->kind == PROCESS_RELEASE) {
        if (find_named(holds, hold_count, p->folder, p->target) != NULL)
            broken("%s: released, it says, and it is held", p->target);
        return;
    }
    for (size_t i = change_count; i-- > 0;) {
        if (changes[i].undo && changes[i].owner == p->serial && changes[i].seen_after)
            return;
    }
    broken("%s: undone, it says, and it is not", p->target);
}

void promises_all_reported(void) {
    for (size_t i = 0; i < change_count; i++) {
        const struct change *change = &changes[i];
        if (change->present && !change->done)
            broken("%s: %u is still open", change->name, change->number);
        else if (change->written && change->reports == 0 && !change->seen_before)
            broken("%s: %u was made and never reported", change->name, change->number);
    }
}

bool promises_is_held(unsigned folder, const char *name, uint32_t content) {
    const struct named *hold = find_named(holds, hold_count, folder, name);
    return hold != NULL && hold->content == content;
}

bool promises_is_put_off(unsigned folder, const char *name) {
    const struct named *it = find_named(put_offs, put_off_count, folder, name);
    return it != NULL && world.now < it->until;
}

unsigned promises_repairs(uint64_t since) {
    unsigned count = 0;
    for (size_t i = 0; i < change_count; i++)
        count += !changes[i].undo && changes[i].time >= since;
    return count;
}

void promises_count(unsigned *repairs, unsigned *taken_back, unsigned *late_ones,
                    unsigned *unknown_ones, unsigned *twice_told) {
    for (size_t i = 0; i < change_count; i++) {
        *repairs += changes[i].written && !changes[i].undo;
        *taken_back += changes[i].written && changes[i].undo;
    }
    *late_ones += late;
    *unknown_ones += unknown;
    *twice_told += twice;
}

const char *promises_candidate(bool held, unsigned folder) {
    if (held) {
        for (unsigned n = 0; n < 8 && hold_count > 0; n++) {
            const struct named *hold = &holds[world_below((uint32_t)hold_count)];
            if (hold->folder == folder)
                return hold->name;
        }
        return NULL;
    }
    for (unsigned n = 0; n < 8 && change_count > 0; n++) {
        size_t recent = change_count < 24 ? change_count : 24;
        const struct change *change = &changes[change_count - 1 - world_below((uint32_t)recent)];
        if (!change->undo && change->folder == folder)
            return change->name;
    }
    return NULL;
}
