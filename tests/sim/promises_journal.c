/* SPDX-License-Identifier: MIT */
/*
 * promises_journal: what the journal tells, who knows of it, and what has to be in a new one.
 */
#include <stdio.h>
#include <string.h>

#include "promises_parts.h"

struct deed promises_changes[CHANGES];
size_t promises_change_count;
struct list promises_holds, promises_undone;
struct reminder promises_reminder;

#define changes promises_changes
#define change_count promises_change_count
#define holds promises_holds

struct list promises_known[PROCESSES];
uint32_t promises_highest;
uint64_t promises_tampered_at;
/* Somebody else changed the journal, and this process has not taken it in hand since. */
static bool tampered[PROCESSES];
/* ... and another process has written it anew before that. */
static bool overtaken[PROCESSES];
static unsigned
    clocks; /* how often the wall clock was set forwards, at the story's begin or later */

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

void promises_remove(struct list *list, unsigned folder, const char *name) {
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
        promises_known[i].count = 0;
    promises_highest = 0;
    memset(&promises_reminder, 0, sizeof promises_reminder);
    promises_tampered_at = 0;
    memset(tampered, 0, sizeof tampered);
    memset(overtaken, 0, sizeof overtaken);
}

/* ---- what a line means to whoever reads it */

static bool is_change(const struct deed *change, const struct line *line) {
    return change->undo == (line->kind == LINE_UNDO) && change->offset == line->offset &&
           change->size == line->size && change->before == line->before &&
           change->after == line->after && change->utc == line->utc &&
           change->folder == line->folder && world_equal(change->name, line->name);
}

bool promises_is_same(const struct deed *a, const struct deed *b) {
    return a->undo == b->undo && a->offset == b->offset && a->size == b->size &&
           a->before == b->before && a->after == b->after && a->folder == b->folder &&
           world_equal(a->name, b->name);
}

bool promises_is_twin(const struct deed *a, const struct deed *b) {
    return a->number == b->number && promises_is_same(a, b);
}

bool promises_any_twin(const struct deed *change, bool (*holds_of)(const struct deed *change)) {
    for (size_t i = 0; i < change_count; i++) {
        if (holds_of(&changes[i]) && promises_is_twin(&changes[i], change))
            return true;
    }
    return false;
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

struct deed *promises_find_open(uint32_t number) {
    for (size_t i = change_count; i-- > 0;) {
        if (changes[i].number == number && promises_is_open(&changes[i]))
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

void promises_apply(const struct line *line) {
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
        change = promises_find_open(line->number);
        if (change != NULL)
            change->done = true;
        break;
    case LINE_HOLD:
        apply_hold(line);
        break;
    case LINE_RELEASE:
        promises_remove(&holds, line->folder, line->name);
        break;
    case LINE_NONE:
    case LINE_LOADED:
    case LINE_CHECKPOINT:
    case LINE_STATE:
    case LINE_WINDOW:
        break;
    }
}

struct deed *promises_add_change(const struct line *line, uint32_t owner) {
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

/* Reads the journal anew, as a process that starts does. */
static unsigned reread(const char *content, size_t length) {
    holds.count = 0;
    for (size_t i = 0; i < change_count; i++)
        changes[i].present = changes[i].done = false;
    return promises_read_lines(content, length, promises_apply);
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
    promises_known[p - processes].count = 0;
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
void promises_learn(struct process *p) {
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
        if (promises_is_open(&changes[i]))
            changes[i].minders |= promises_bit(p);
        else
            changes[i].minders &= ~promises_bit(p);
    }
}

/* It has written down how many repairs the last hour had; nothing else counts any more. */
void promises_write_down(struct process *p) {
    promises_learn(p);
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
    const struct named *hold = promises_find(&promises_known[p - processes], folder, name);
    return hold != NULL && hold->content == content;
}

/* Whoever ends an undo that is in flight writes the hold again. */
static bool is_undo_in_flight(const struct named *it) {
    for (size_t i = 0; i < change_count; i++) {
        const struct deed *change = &changes[i];
        if (change->undo && promises_is_open(change) && change->folder == it->folder &&
            world_equal(change->name, it->name))
            return true;
    }
    return false;
}

/* A checkpoint of another process that is cut short before it is read, or that was made of a journal cut short,
 * tells too little; the service, which is told of each change, writes it again, unless a verb was quicker. */
static bool is_misled(const struct process *p) {
    return tampered[p - processes] && (p != &processes[0] || overtaken[0]);
}

/* Of two spellings of a folder that is not watched the later undo tells, be it from a journal that somebody has put
 * there. */
static bool is_outdone(const struct process *p, const struct named *it, const struct named *hold) {
    return tampered[p - processes] && hold->number > it->number;
}

/* Whoever has read or written that a record is held leaves no journal without it. */
void promises_journal_closing(struct process *p) {
    struct list *mine = &promises_known[p - processes];
    if (p->session_trouble)
        return;
    for (size_t i = 0; i < mine->count; i++) {
        const struct named *it = &mine->items[i];
        const struct named *hold = promises_find(&holds, it->folder, it->name);
        if (!is_misled(p) && !is_undo_in_flight(it) &&
            (hold == NULL || (hold->content != it->content && !is_outdone(p, it, hold))))
            broken("%s: its hold is not in the journal any more", it->name);
    }
    copy_list(mine, &holds);
    promises_learn(p);
    /* What it says of it must be true in whatever spelling it was told of it. */
    p->found_held =
        promises_find(&holds, p->folder, p->target) != NULL && world_find(p->place, p->given) >= 0;
    tampered[p - processes] = overtaken[p - processes] = false;
}

void promises_is_whole(void) {
    const struct list *mine = &promises_known[0];
    struct line first;
    const char *end = memchr(world.journal, '\n', world.journal_size);
    if (end == NULL || !promises_parse(world.journal, (size_t)(end - world.journal), &first) ||
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

static struct line state;

static void note_state(const struct line *line) {
    if (line->kind == LINE_STATE)
        state = *line;
}

static void read_state(void) {
    memset(&state, 0, sizeof state);
    (void)promises_read_lines(world.journal, world.journal_size, note_state);
}

void promises_state(const char *expected) {
    read_state();
    if (strcmp(state.outcome, expected) != 0)
        broken("the state is said to be '%s' and is '%s'", state.outcome, expected);
}

void promises_scanned(uint32_t minutes) {
    read_state();
    if (world_utc() - state.scanned > minutes * 60)
        broken("the last scan was in the last %u minutes, and is said to be %u seconds ago",
               minutes, world_utc() - state.scanned);
}

/* ---- what befalls it */

static void adopt(const struct line *line) {
    if (line->kind == LINE_INTENT || line->kind == LINE_UNDO) {
        struct deed *change = find_same(line);
        if (change == NULL)
            change = promises_add_change(line, 0);
        /* Who could not write the line takes it for another process's. */
        if (!change->sure)
            change->owner = 0;
        change->sure = true;
    }
    if (line->number > promises_highest)
        promises_highest = line->number;
}

static void look_anew(void) {
    promises_highest = 0;
    (void)promises_read_lines(world.journal, world.journal_size, adopt);
    (void)reread(world.journal, world.journal_size);
}

/* What was ended is in flight again, since somebody took its DONE away. */
static void note_revived(void) {
    for (size_t i = 0; i < change_count; i++) {
        if (promises_is_open(&changes[i]) && changes[i].reports > 0)
            changes[i].revived = true;
    }
}

void promises_journal_changed(void) {
    for (size_t i = 0; i < PROCESSES; i++)
        tampered[i] = processes[i].alive;
    promises_tampered_at = world.now;
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
    clocks++;
    for (size_t i = 0; i < change_count; i++)
        changes[i].counted = false;
    /* The last reminder, too, for the next process. */
    promises_reminder.excused = true;
}

/* ---- a new one */

static uint32_t most;
static unsigned lines;

static void note_number(const struct line *line) {
    lines++;
    most = line->number > most ? line->number : most;
}

static void check_new_holds(const struct process *p, const struct list *old, bool same) {
    for (size_t i = 0; i < old->count; i++) {
        const struct named *it = &old->items[i];
        const struct named *hold = promises_find(&holds, it->folder, it->name);
        bool other = hold != NULL && hold->content != it->content && !is_outdone(p, it, hold);
        if ((hold == NULL || (same && other)) && !is_undo_in_flight(it))
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
    if (end == NULL || !promises_parse(content, (size_t)(end - content), &first) ||
        first.kind != LINE_CHECKPOINT)
        broken("the new journal does not begin with a checkpoint");
    copy_list(&old, &holds);
    for (size_t i = 0; i < change_count; i++)
        open[i] = tampered[p - processes] ? (changes[i].minders & promises_bit(p)) != 0
                                          : promises_is_open(&changes[i]);
    most = lines = 0;
    (void)promises_read_lines(content, length, note_number);
    if (most < promises_highest)
        broken("the new journal does not know the last number");
    if (lines > MEMORY_ITEMS + 4)
        broken("the new journal has %u lines", lines);
    if (reread(content, length) > 0)
        broken("a line of the new journal is none");
    for (size_t i = 0; i < change_count; i++) {
        if (open[i] && !promises_any_twin(&changes[i], promises_is_open))
            broken("%s: %u is not in the new journal", changes[i].name, changes[i].number);
    }
    check_new_holds(p, &old, !tampered[p - processes]);
    if (!is_misled(p))
        check_new_holds(p, &promises_known[p - processes], true);
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
        overtaken[i] = tampered[i] && p != &processes[i];
    for (size_t i = 0; i < PROCESSES; i++)
        give_way(&promises_known[i]);
    if (p->serial == promises_reminder.serial)
        promises_reminder.written = true;
    /* What was made by a clock that was set meanwhile has to be written down once more. */
    if (p->clocks == clocks)
        promises_write_down(p);
}

void promises_new(struct process *p) {
    p->clocks = clocks;
}
