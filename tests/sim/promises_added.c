/* SPDX-License-Identifier: MIT */
/*
 * promises_added: what may be added to the journal, and when.
 */
#include <string.h>

#include "promises_parts.h"

#define changes promises_changes
#define change_count promises_change_count

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
        bool open = promises_is_open(change);
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
    promises_learn(p);
    if (p->handle < 0) {
        broken("%s: INTENT or UNDO while no record is open", line->name);
        return;
    }
    const struct node *node = &world.nodes[world.handles[p->handle].node];
    if (line->kind == LINE_INTENT)
        check_begun(p, line, node);
    if (!p->path_checked)
        broken("%s: a change is begun, and nobody has seen that the path leads there", line->name);
    struct deed *change = promises_add_change(line, p->serial);
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

/* A process has looked and found the content from before: at this change, or at the same one under another
 * number. */
static bool was_seen_before(const struct deed *change) {
    for (size_t i = 0; i < change_count; i++) {
        if (changes[i].seen_before && promises_is_same(&changes[i], change))
            return true;
    }
    return false;
}

static bool is_reported(const struct deed *change) {
    return change->reports > 0;
}

static void check_done(struct process *p, const struct line *line) {
    struct deed *change = promises_find_open(line->number);
    if (change == NULL) {
        broken("DONE of %u, which was never begun", line->number);
        return;
    }
    if (strcmp(line->outcome, "not-made") == 0) {
        if (!was_seen_before(change))
            broken("%s: the journal says that %u was not made, which nobody has seen", change->name,
                   change->number);
    } else if (!promises_any_twin(change, is_reported)) {
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
    const struct named *hold = promises_find(&promises_holds, line->folder, line->name);
    struct named *it = promises_find(&promises_undone, line->folder, line->name);
    if (line->kind == LINE_HOLD && it != NULL && it->released)
        broken("%s is held again after it was released", line->name);
    for (size_t i = 0; i < PROCESSES; i++)
        promises_remove(&promises_known[i], line->folder, line->name);
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
    if (from < at && promises_parse(world.journal + from, at - from, line)) {
        line->kind = LINE_NONE;
        return;
    }
    if (!promises_parse(world.journal + from, end - from, line))
        return;
    if (line->kind == LINE_INTENT || line->kind == LINE_UNDO)
        begin_change(p, line);
    else if (line->kind == LINE_DONE)
        check_done(p, line);
    else if (line->kind == LINE_HOLD || line->kind == LINE_RELEASE)
        check_hold(p, line);
    else if (line->kind == LINE_CHECKPOINT || line->kind == LINE_REPAIRED)
        broken("a line is added that belongs to the beginning of a journal");
    promises_apply(line);
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
        promises_write_down(p);
    if (line->kind == LINE_STATE && p->serial == promises_reminder.serial)
        promises_reminder.written = true;
    /* What now tells: of another spelling of the folder there may be a later undo. */
    const struct named *hold = promises_find(&promises_holds, line->folder, line->name);
    if (line->kind == LINE_HOLD && hold != NULL)
        *promises_put(&promises_known[p - processes], line->folder, line->name) = *hold;
    /* Who could not write that it has ended a change takes the line for another process's. */
    if (p->ended >= 0)
        changes[p->ended].ender = p->serial;
    if (p->added < 0)
        return;
    if (line->number <= promises_highest)
        broken("the number %u is used twice", line->number);
    promises_highest = line->number;
    changes[p->added].sure = true;
    changes[p->added].knowers = changes[p->added].minders = promises_bit(p);
    p->change = p->added;
}
