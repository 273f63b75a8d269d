/* SPDX-License-Identifier: MIT */
/*
 * promises_journal: the journal, read by other means than core's: what it tells, who knows of it, and
 * what has to be in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "promises_parts.h"

enum { FIELDS = 16, FIELD_BYTES = 64 };

struct deed promises_changes[CHANGES];
size_t promises_change_count;
struct list promises_holds, promises_undone;
struct reminder promises_reminder;

#define changes promises_changes
#define change_count promises_change_count
#define holds promises_holds

static struct list known[PROCESSES]; /* holds that each process knows of */
static uint32_t highest;
/* Somebody else changed the journal, and this process has not taken it in hand since. */
static bool tampered[PROCESSES];

static uint32_t key_of(const char *name) {
    uint32_t key = 0;
    for (; *name != '\0'; name++)
        key = key * 31 + ((unsigned char)*name | 0x20);
    return key;
}

struct named *promises_find(struct list *list, unsigned folder, const char *name) {
    uint32_t key = key_of(name);
    for (size_t i = 0; i < list->count; i++) {
        struct named *it = &list->items[i];
        if (it->key == key && it->folder == folder && world_equal(it->name, name))
            return it;
    }
    return NULL;
}

struct named *promises_put(struct list *list, unsigned folder, const char *name) {
    struct named *found = promises_find(list, folder, name);
    if (found == NULL) {
        if (list->count == HOLDS) {
            memmove(list->items, list->items + 1, (HOLDS - 1) * sizeof list->items[0]);
            list->count--;
        }
        found = &list->items[list->count++];
    }
    memset(found, 0, sizeof *found);
    found->folder = folder;
    found->key = key_of(name);
    (void)snprintf(found->name, sizeof found->name, "%s", name);
    return found;
}

static void remove_named(struct list *list, unsigned folder, const char *name) {
    struct named *found = promises_find(list, folder, name);
    if (found != NULL)
        *found = list->items[--list->count];
}

static void copy_list(struct list *to, const struct list *from) {
    to->count = from->count;
    memcpy(to->items, from->items, from->count * sizeof from->items[0]);
}

void promises_journal_begin(void) {
    change_count = 0;
    holds.count = promises_undone.count = 0;
    for (size_t i = 0; i < PROCESSES; i++)
        known[i].count = 0;
    highest = 0;
    memset(&promises_reminder, 0, sizeof promises_reminder);
    memset(tampered, 0, sizeof tampered);
}

/* ---- lines */

static unsigned hex_value(char c) {
    return c >= 'A' ? (unsigned)(c - 'A') + 10 : (unsigned)(c - '0');
}

/* Takes the fields apart, of which the first 63 bytes are enough. */
static size_t split(const char *text, size_t length, char fields[FIELDS][FIELD_BYTES]) {
    size_t count = 0;
    size_t n = 0;
    for (size_t i = 0; i <= length && count < FIELDS; i++) {
        if (i == length || text[i] == '\t') {
            fields[count++][n] = '\0';
            n = 0;
        } else if (text[i] == '%' && i + 2 < length) {
            if (n < FIELD_BYTES - 1)
                fields[count][n++] = (char)(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
            i += 2;
        } else if (n < FIELD_BYTES - 1) {
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

static uint32_t decimal(const char *text) {
    return (uint32_t)strtoul(text, NULL, 10);
}

static uint32_t hexadecimal(const char *text) {
    return (uint32_t)strtoul(text, NULL, 16);
}

static void take_record(struct line *line, const char *name, const char *folder) {
    (void)snprintf(line->name, sizeof line->name, "%.31s", name);
    line->folder = world_folder(folder);
}

/* The first version had no numbers in HOLD and RELEASE. */
static void take_fields(struct line *line, bool is_1, char f[FIELDS][FIELD_BYTES]) {
    static const char *const kinds[] = {"",           "INTENT", "UNDO",    "REPAIRED",
                                        "DONE",       "HOLD",   "RELEASE", "LOADED",
                                        "CHECKPOINT", "STATE",  "WINDOW"};
    unsigned at = is_1 ? 3 : 4;
    for (int k = LINE_INTENT; k <= LINE_WINDOW; k++) {
        if (strcmp(f[2], kinds[k]) == 0 && (!is_1 || (k <= LINE_LOADED && k != LINE_REPAIRED)))
            line->kind = (enum kind)k;
    }
    line->utc = read_utc(f[1]);
    switch (line->kind) {
    case LINE_INTENT:
    case LINE_UNDO:
    case LINE_REPAIRED:
        line->number = decimal(f[3]);
        line->offset = decimal(f[4]);
        line->size = decimal(f[5]);
        line->before = hexadecimal(f[6]);
        line->after = hexadecimal(f[7]);
        take_record(line, f[8], f[10]);
        (void)snprintf(line->mailbox, sizeof line->mailbox, "%.63s", f[9]);
        break;
    case LINE_DONE:
        line->number = decimal(f[3]);
        (void)snprintf(line->outcome, sizeof line->outcome, "%.15s", f[4]);
        break;
    case LINE_HOLD:
        line->number = is_1 ? 0 : decimal(f[3]);
        line->before = hexadecimal(f[at]);
        take_record(line, f[at + 1], f[at + 2]);
        break;
    case LINE_RELEASE:
        take_record(line, f[at], f[at + 1]);
        break;
    case LINE_CHECKPOINT:
        line->number = decimal(f[5]);
        break;
    case LINE_STATE:
        (void)snprintf(line->outcome, sizeof line->outcome, "%.15s", f[3]);
        break;
    case LINE_NONE:
    case LINE_LOADED:
    case LINE_WINDOW:
        break;
    }
}

/* `text` without the end of the line. */
static bool parse(const char *text, size_t length, struct line *line) {
    static char fields[FIELDS][FIELD_BYTES];
    char crc[9];
    memset(line, 0, sizeof *line);
    while (length > 0 && text[length - 1] == '\r')
        length--;
    if (length < 20 || length > 4096 || text[length - 9] != '\t')
        return false;
    bool is_1 = memcmp(text, "KMR1\t", 5) == 0;
    if (!is_1 && memcmp(text, "KMR2\t", 5) != 0)
        return false;
    (void)snprintf(crc, sizeof crc, "%08X", world_crc(0, text, length - 9));
    if (memcmp(crc, text + length - 8, 8) != 0)
        return false;
    memset(fields, 0, sizeof fields);
    (void)split(text, length - 9, fields);
    take_fields(line, is_1, fields);
    return line->kind != LINE_NONE;
}

/* ---- what a line means to whoever reads it */

static bool is_change(const struct deed *change, const struct line *line) {
    return change->undo == (line->kind == LINE_UNDO) && change->offset == line->offset &&
           change->size == line->size && change->before == line->before &&
           change->after == line->after && change->utc == line->utc &&
           change->folder == line->folder && world_equal(change->name, line->name);
}

/* A change may get another number in a new journal. */
static struct deed *find_same(const struct line *line) {
    struct deed *found = NULL;
    for (size_t i = change_count; i-- > 0;) {
        if (changes[i].lost || !is_change(&changes[i], line))
            continue;
        if (changes[i].number == line->number)
            return &changes[i];
        if (found == NULL)
            found = &changes[i];
    }
    return found;
}

static struct deed *find_open(uint32_t number) {
    for (size_t i = change_count; i-- > 0;) {
        if (changes[i].number == number && changes[i].present && !changes[i].done)
            return &changes[i];
    }
    return NULL;
}

/* Of two under two spellings of a folder that was not watched then the later undo tells; they may stand in
 * any order. */
static void apply_hold(const struct line *line) {
    const struct named *other = promises_find(&holds, line->folder, line->name);
    if (other != NULL && other->number > line->number)
        return;
    struct named *hold = promises_put(&holds, line->folder, line->name);
    hold->content = line->before;
    hold->number = line->number;
}

static void apply(const struct line *line) {
    struct deed *change = NULL;
    switch (line->kind) {
    case LINE_INTENT:
    case LINE_UNDO:
    case LINE_REPAIRED:
        change = find_same(line);
        if (change != NULL) {
            change->present = true;
            change->done = line->kind == LINE_REPAIRED;
            change->number = line->number;
        }
        break;
    case LINE_DONE:
        change = find_open(line->number);
        if (change != NULL)
            change->done = true;
        break;
    case LINE_HOLD:
        apply_hold(line);
        break;
    case LINE_RELEASE:
        remove_named(&holds, line->folder, line->name);
        break;
    case LINE_NONE:
    case LINE_LOADED:
    case LINE_CHECKPOINT:
    case LINE_STATE:
    case LINE_WINDOW:
        break;
    }
}

static struct deed *add_change(const struct line *line, uint32_t owner) {
    static struct deed none;
    if (change_count == CHANGES) {
        broken("the simulation itself: too many changes");
        return &none;
    }
    struct deed *change = &changes[change_count++];
    memset(change, 0, sizeof *change);
    change->undo = line->kind == LINE_UNDO;
    change->number = change->begun = line->number;
    change->utc = line->utc;
    change->offset = line->offset;
    change->size = line->size;
    change->before = line->before;
    change->after = line->after;
    change->folder = line->folder;
    change->owner = owner;
    change->time = world.now;
    memcpy(change->name, line->name, sizeof change->name);
    memcpy(change->mailbox, line->mailbox, sizeof change->mailbox);
    return change;
}

/* Calls `visit` for each good line; returns how many are none. */
static unsigned read_lines(const char *content, size_t length, void (*visit)(const struct line *)) {
    struct line line;
    unsigned foreign = 0;
    for (size_t from = 0; from < length;) {
        const char *end = memchr(content + from, '\n', length - from);
        size_t to = end != NULL ? (size_t)(end - content) : length;
        if (parse(content + from, to - from, &line))
            visit(&line);
        else
            foreign++;
        from = to + 1;
    }
    return foreign;
}

/* Reads the journal anew, as a process that starts does. */
static unsigned reread(const char *content, size_t length) {
    holds.count = 0;
    for (size_t i = 0; i < change_count; i++)
        changes[i].present = changes[i].done = false;
    return read_lines(content, length, apply);
}

/* ---- who knows what */

/* What the service does not know of either is gone with its journal. */
static void lose_what_nobody_knows(void) {
    unsigned service = processes[0].alive ? 1 : 0;
    for (size_t i = 0; i < change_count; i++) {
        if (!changes[i].present && (changes[i].minders & service) == 0)
            changes[i].gone = true;
    }
}

void promises_forget(struct process *p) {
    known[p - processes].count = 0;
    tampered[p - processes] = false;
    for (size_t i = 0; i < change_count; i++) {
        changes[i].knowers &= ~promises_bit(p);
        changes[i].minders &= ~promises_bit(p);
    }
    if (p == &processes[0])
        lose_what_nobody_knows();
}

/* It has read all of the journal. A count of which the journal has lost a part may be taken for the same
 * as what it has instead. */
static void learn(struct process *p) {
    bool deficient = false;
    if (p->session_trouble)
        return;
    for (size_t i = 0; i < change_count; i++)
        deficient =
            deficient || (!changes[i].counted && (changes[i].knowers & promises_bit(p)) != 0 &&
                          world.now - changes[i].time < HOUR_MS);
    for (size_t i = 0; i < change_count; i++) {
        if (changes[i].counted && !deficient)
            changes[i].knowers |= promises_bit(p);
        if (changes[i].present && !changes[i].done)
            changes[i].minders |= promises_bit(p);
        else
            changes[i].minders &= ~promises_bit(p);
    }
}

/* It has written down how many repairs the last hour had; nothing else counts any more. */
static void write_down(struct process *p) {
    learn(p);
    for (size_t i = 0; i < change_count; i++)
        changes[i].counted = (changes[i].knowers & promises_bit(p)) != 0;
}

/* It has nothing to do: what it knows is in the journal by the wall clock of now. */
void promises_idle(struct process *p) {
    if (tampered[p - processes] || p->session_trouble)
        return;
    for (size_t i = 0; i < change_count; i++)
        changes[i].counted = changes[i].counted || (changes[i].knowers & promises_bit(p)) != 0;
}

bool promises_knows_hold(const struct process *p, unsigned folder, const char *name,
                         uint32_t content) {
    const struct named *hold = promises_find(&known[p - processes], folder, name);
    return hold != NULL && hold->content == content;
}

/* Whoever ends an undo that is in flight writes the hold again. */
static bool is_undo_in_flight(const struct named *it) {
    for (size_t i = 0; i < change_count; i++) {
        const struct deed *change = &changes[i];
        if (change->undo && change->present && !change->done && change->folder == it->folder &&
            world_equal(change->name, it->name))
            return true;
    }
    return false;
}

/* A checkpoint of another process that is cut short before it is read, or that was made of a journal cut short,
 * tells too little; the service, which is told of each change, writes it again. */
static bool is_misled(const struct process *p) {
    return p != &processes[0] && tampered[p - processes];
}

/* Whoever has read or written that a record is held leaves no journal without it. */
void promises_journal_closing(struct process *p) {
    struct list *mine = &known[p - processes];
    if (p->session_trouble)
        return;
    for (size_t i = 0; i < mine->count; i++) {
        const struct named *it = &mine->items[i];
        const struct named *hold = promises_find(&holds, it->folder, it->name);
        if (!is_misled(p) && !is_undo_in_flight(it) &&
            (hold == NULL || hold->content != it->content))
            broken("%s: its hold is not in the journal any more", it->name);
    }
    copy_list(mine, &holds);
    learn(p);
    /* What it says of it must be true in whatever spelling it was told of it. */
    p->found_held =
        promises_find(&holds, p->folder, p->target) != NULL && world_find(p->place, p->given) >= 0;
    tampered[p - processes] = false;
}

void promises_is_whole(void) {
    const struct list *mine = &known[0];
    struct line first;
    const char *end = memchr(world.journal, '\n', world.journal_size);
    if (end == NULL || !parse(world.journal, (size_t)(end - world.journal), &first) ||
        first.kind != LINE_CHECKPOINT)
        broken("the journal is not written again two seconds after it was changed");
    for (size_t i = 0; i < mine->count; i++) {
        const struct named *hold =
            promises_find(&holds, mine->items[i].folder, mine->items[i].name);
        if (hold == NULL || hold->content != mine->items[i].content)
            broken("%s: its hold is not in the journal two seconds after that was changed",
                   mine->items[i].name);
    }
}

static char state[16];

static void note_state(const struct line *line) {
    if (line->kind == LINE_STATE)
        memcpy(state, line->outcome, sizeof state);
}

void promises_state(const char *expected) {
    state[0] = '\0';
    (void)read_lines(world.journal, world.journal_size, note_state);
    if (strcmp(state, expected) != 0)
        broken("the state is said to be '%s' and is '%s'", state, expected);
}

/* ---- what befalls it */

static void adopt(const struct line *line) {
    if (line->kind == LINE_INTENT || line->kind == LINE_UNDO) {
        struct deed *change = find_same(line);
        if (change == NULL)
            change = add_change(line, 0);
        /* Who could not write the line takes it for another process's. */
        if (!change->sure)
            change->owner = 0;
        change->sure = true;
    }
    if (line->number > highest)
        highest = line->number;
}

static void look_anew(void) {
    highest = 0;
    (void)read_lines(world.journal, world.journal_size, adopt);
    (void)reread(world.journal, world.journal_size);
}

/* What was ended is in flight again, since somebody took its DONE away. */
static void note_revived(void) {
    for (size_t i = 0; i < change_count; i++) {
        if (changes[i].present && !changes[i].done && changes[i].reports > 0)
            changes[i].revived = true;
    }
}

void promises_journal_changed(void) {
    for (size_t i = 0; i < PROCESSES; i++)
        tampered[i] = processes[i].alive;
    promises_reminder.written = false;
    look_anew();
    for (size_t i = 0; i < change_count; i++)
        changes[i].counted = false;
    note_revived();
    for (size_t i = 0; i < promises_undone.count; i++) {
        struct named *it = &promises_undone.items[i];
        const struct named *hold = promises_find(&holds, it->folder, it->name);
        it->released = false;
        it->exposed = it->exposed || hold == NULL || hold->content != it->content;
    }
    lose_what_nobody_knows();
}

bool promises_is_tampered(const struct process *p) {
    return tampered[p - processes];
}

void promises_journal_cut(void) {
    if (world_journal_went_back)
        promises_journal_changed();
    else
        look_anew();
    for (size_t i = 0; i < change_count; i++) {
        struct deed *change = &changes[i];
        if (!change->sure && !change->present)
            change->lost = true;
    }
}

/* By the clock that was set forwards, what was repaired is longer ago. */
void promises_clock_forward(void) {
    for (size_t i = 0; i < change_count; i++)
        changes[i].counted = false;
    /* The last reminder, too, for the next process. */
    promises_reminder.excused = true;
}

/* ---- what is added to it */

void promises_trouble(struct process *p) {
    p->trouble = p->session_trouble = true;
    p->trouble_step = p->steps;
}

void promises_refused(struct process *p, unsigned folder, const char *name) {
    for (size_t i = 0; i < change_count; i++) {
        if (changes[i].owner == p->serial && changes[i].folder == folder &&
            world_equal(changes[i].name, name))
            changes[i].node = 0;
    }
}

/* What it gave up in another directory of that path is a matter of that one. */
void promises_folder_opened(struct process *p) {
    for (size_t i = 0; i < change_count; i++) {
        if (changes[i].owner == p->serial)
            changes[i].node = 0;
    }
}

static void check_begun(const struct process *p, const struct line *line, const struct node *node) {
    for (size_t i = change_count; i-- > 0;) {
        const struct deed *change = &changes[i];
        if (change->undo || !change->sure || change->owner != p->serial ||
            change->folder != line->folder || !world_equal(change->name, line->name))
            continue;
        bool open = change->present && !change->done;
        /* Another process that took in a journal which somebody put there may have given it another number:
         * it is taken for that process's then. */
        bool ended = change->ender == p->serial && change->number == change->begun;
        if (change->node == node->serial && change->node_version == node->version &&
            (open || ended) && change->time > promises_told_at)
            broken("%s: INTENT twice for the same content", line->name);
        return;
    }
}

static void begin_change(struct process *p, const struct line *line) {
    learn(p);
    if (p->handle < 0) {
        broken("%s: INTENT or UNDO while no record is open", line->name);
        return;
    }
    const struct node *node = &world.nodes[world.handles[p->handle].node];
    if (line->kind == LINE_INTENT)
        check_begun(p, line, node);
    if (!p->path_checked)
        broken("%s: a change is begun, and nobody has seen that the path leads there", line->name);
    struct deed *change = add_change(line, p->serial);
    change->node = node->serial;
    change->node_version = node->version;
    change->counted = true;
    change->time = p->called;
    change->place = p->place;
    p->added = (int)(change - changes);
    /* A new undo is a new wish that it be held. */
    struct named *it = promises_find(&promises_undone, line->folder, line->name);
    if (change->undo && it != NULL)
        it->released = false;
}

static void check_done(struct process *p, const struct line *line) {
    struct deed *change = find_open(line->number);
    if (change == NULL) {
        broken("DONE of %u, which was never begun", line->number);
        return;
    }
    if (strcmp(line->outcome, "not-made") == 0) {
        if (!change->seen_before)
            broken("%s: the journal says that %u was not made, which nobody has seen", change->name,
                   change->number);
    } else if (change->reports == 0) {
        broken("%s: DONE of %u before it was reported", change->name, change->number);
    }
    /* The journal knows a folder by its path: how an undo ended is seen in the directory that is there now. */
    struct named *it = promises_find(&promises_undone, change->folder, change->name);
    if (change->undo && it != NULL && strcmp(line->outcome, "undone") != 0 && it->place != p->place)
        it->exposed = true;
    p->ended = (int)(change - changes);
    change->minders = 0;
}

static void check_hold(const struct process *p, const struct line *line) {
    const struct named *hold = promises_find(&holds, line->folder, line->name);
    struct named *it = promises_find(&promises_undone, line->folder, line->name);
    if (line->kind == LINE_HOLD && it != NULL && it->released)
        broken("%s is held again after it was released", line->name);
    for (size_t i = 0; i < PROCESSES; i++)
        remove_named(&known[i], line->folder, line->name);
    if (line->kind != LINE_RELEASE)
        return;
    /* By what the journal says, and by what was undone: HOLD may be of another content. */
    if (p->kind != PROCESS_RELEASE &&
        ((hold != NULL && hold->content == p->read_content) ||
         (it != NULL && it->active && !it->exposed && it->content == p->read_content)))
        broken("%s is released though it is as it was", line->name);
    if (it != NULL)
        it->active = false;
}

void promises_append(struct process *p, size_t at, size_t length) {
    struct line *line = &p->line;
    size_t end = at + length;
    p->change = p->added = p->ended = -1;
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
        begin_change(p, line);
    else if (line->kind == LINE_DONE)
        check_done(p, line);
    else if (line->kind == LINE_HOLD || line->kind == LINE_RELEASE)
        check_hold(p, line);
    else if (line->kind == LINE_CHECKPOINT || line->kind == LINE_REPAIRED)
        broken("a line is added that belongs to the beginning of a journal");
    apply(line);
}

void promises_appended(struct process *p, size_t end) {
    struct line *line = &p->line;
    struct named *it = NULL;
    if (line->kind == LINE_NONE || world.journal[end - 1] != '\n')
        broken("what is added to the journal makes no line of it");
    if (line->kind == LINE_RELEASE && p->kind == PROCESS_RELEASE)
        it = promises_find(&promises_undone, line->folder, line->name);
    if (it != NULL)
        it->released = true;
    if (line->kind == LINE_WINDOW)
        write_down(p);
    if (line->kind == LINE_STATE && p->serial == promises_reminder.serial)
        promises_reminder.written = true;
    /* What now tells: of another spelling of the folder there may be a later undo. */
    const struct named *hold = promises_find(&holds, line->folder, line->name);
    if (line->kind == LINE_HOLD && hold != NULL)
        *promises_put(&known[p - processes], line->folder, line->name) = *hold;
    /* Who could not write that it has ended a change takes the line for another process's. */
    if (p->ended >= 0)
        changes[p->ended].ender = p->serial;
    if (p->added < 0)
        return;
    if (line->number <= highest)
        broken("the number %u is used twice", line->number);
    highest = line->number;
    changes[p->added].sure = true;
    changes[p->added].knowers = changes[p->added].minders = promises_bit(p);
    p->change = p->added;
}

/* ---- a new one */

static uint32_t most;
static unsigned lines;

static void note_number(const struct line *line) {
    lines++;
    most = line->number > most ? line->number : most;
}

static void check_new_holds(const struct list *old, bool same) {
    for (size_t i = 0; i < old->count; i++) {
        const struct named *it = &old->items[i];
        const struct named *hold = promises_find(&holds, it->folder, it->name);
        if ((hold == NULL || (same && hold->content != it->content)) && !is_undo_in_flight(it))
            broken("%s: that it is held is not in the new journal", it->name);
    }
}

/* What is in flight and what is held is in the new one as well. Of a journal that somebody has put there,
 * what the process knows wins. */
void promises_rotate(struct process *p, const char *content, size_t length) {
    static struct list old;
    static bool open[CHANGES];
    struct line first;
    const char *end = memchr(content, '\n', length);
    if (end == NULL || !parse(content, (size_t)(end - content), &first) ||
        first.kind != LINE_CHECKPOINT)
        broken("the new journal does not begin with a checkpoint");
    copy_list(&old, &holds);
    for (size_t i = 0; i < change_count; i++)
        open[i] = tampered[p - processes] ? (changes[i].minders & promises_bit(p)) != 0
                                          : changes[i].present && !changes[i].done;
    most = lines = 0;
    (void)read_lines(content, length, note_number);
    if (most < highest)
        broken("the new journal does not know the last number");
    if (lines > MEMORY_ITEMS + 4)
        broken("the new journal has %u lines", lines);
    if (reread(content, length) > 0)
        broken("a line of the new journal is none");
    for (size_t i = 0; i < change_count; i++) {
        if (open[i] && (!changes[i].present || changes[i].done))
            broken("%s: %u is not in the new journal", changes[i].name, changes[i].number);
    }
    check_new_holds(&old, !tampered[p - processes]);
    if (!is_misled(p))
        check_new_holds(&known[p - processes], true);
    (void)reread(world.journal, world.journal_size);
}

/* Of two that knew of another content of a held record, the one that writes the journal anew is right. */
static void give_way(struct list *list) {
    for (size_t i = 0; i < list->count;) {
        const struct named *it = &list->items[i];
        const struct named *hold = promises_find(&holds, it->folder, it->name);
        if (hold != NULL && hold->content != it->content)
            list->items[i] = list->items[--list->count];
        else
            i++;
    }
}

void promises_rotated(struct process *p) {
    look_anew();
    if (tampered[p - processes])
        note_revived();
    for (size_t i = 0; i < PROCESSES; i++)
        give_way(&known[i]);
    if (p->serial == promises_reminder.serial)
        promises_reminder.written = true;
    write_down(p);
}
