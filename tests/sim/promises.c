/* SPDX-License-Identifier: MIT */
#include "promises.h"

#include <stdio.h>
#include <string.h>

#include "promises_parts.h"
#include "record_reference.h"

#define changes promises_changes
#define change_count promises_change_count

uint64_t promises_told_at;

void promises_begin(void) {
    promises_journal_begin();
    promises_told_at = 0;
    promises_events_begin();
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

/* That says nothing of the record's own changes. */
void promises_ended(struct process *p, const char *name) {
    size_t i = find_base(p, p->folder, name);
    p->bases[i].has_content = false;
    p->bases[i].hinted = true;
}

/* It is not this name's turn: it is looked at for a reminder. */
static bool is_aside(struct process *p, const char *name) {
    const struct queue *queue = &p->mender.queue;
    const struct queue_item *first = queue_first(&p->mender.queue);
    return !p->for_repair && (first == NULL || first->due > world.now - p->started ||
                              !world_equal(queue_name(queue, first), name));
}

static void see_content(struct process *p, const struct handle *handle, uint32_t content) {
    size_t i = find_base(p, promises_folder(handle), handle->name);
    /* The time in force when it is looked at counts, be it a shorter one than before or after. */
    if (p->settings.settle_seconds < p->bases[i].settle)
        p->bases[i].settle = p->settings.settle_seconds;
    /* What a scan, a look at how a repair ended, or one for a reminder sees of a name that waits for its
     * time already is not remembered. */
    if (p->bases[i].hinted && !p->bases[i].has_content &&
        (p->settling || world_equal(p->listed, handle->name) || is_aside(p, handle->name)))
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
    if (p->read_whole && p->seen_count < PROCESS_SEEN) {
        p->seen[p->seen_count].content = p->read_content;
        memcpy(p->seen[p->seen_count++].name, handle->name, sizeof p->seen[0].name);
    }
    if (p->change < 0)
        see_content(p, handle, p->read_content);
}

void promises_closing(struct process *p) {
    const struct handle *handle = &world.handles[p->handle];
    const struct node *node = &world.nodes[handle->node];
    bool has_content = false;
    uint32_t content = 0;
    for (size_t i = change_count; i-- > 0;) {
        struct deed *change = &changes[i];
        if (change->done || change->folder != promises_folder(handle) ||
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

/* By the clock of the world, whatever the wall clock was set to meanwhile. Of two journals, one of which somebody has
 * put in the place of the other, the larger number of repairs counts, not both. */
static void check_breaker(struct process *p) {
    uint32_t limit = p->settings.repairs_per_hour;
    uint32_t own = 0;
    uint32_t all = 0;
    for (size_t i = 0; i < p->times_count; i++)
        own += world.now - p->times[i] < HOUR_MS && p->times[i] >= promises_told_at;
    for (size_t i = 0; i < change_count; i++) {
        const struct deed *change = &changes[i];
        all += !change->undo && change->sure && change->owner != 0 &&
               (change->knowers & promises_bit(p)) != 0 &&
               world.now - change->time < HOUR_MS - 1000 && /* lines tell of seconds */
               (promises_told_at == 0 || change->time > promises_told_at);
    }
    /* The one that is being made is in the journal already. It may have been tried before: others, which need not
     * know all that this process knows of, may have begun theirs since. */
    if (changes[p->change].tried)
        return;
    if (own >= limit)
        broken("the limit: %u repairs in an hour by one process", own + 1);
    else if (all > limit &&
             (promises_tampered_at == 0 || world.now - promises_tampered_at >= HOUR_MS))
        broken("the limit: the journal tells of %u repairs in the last hour", all);
    changes[p->change].tried = true;
    if (p->times_count == PROCESS_TIMES) {
        memmove(p->times, p->times + 1, (PROCESS_TIMES - 1) * sizeof p->times[0]);
        p->times_count--;
    }
    /* It is counted from its INTENT on. */
    p->times[p->times_count++] = changes[p->change].time;
}

/* The journal that told of the hold was replaced, and this process did not know of it. */
static bool is_excused(const struct process *p, const struct named *held) {
    return held->exposed && !promises_is_held(held->folder, held->name, held->content) &&
           !promises_knows_hold(p, held->folder, held->name, held->content);
}

/* `again`: the write is tried again, under the same INTENT. */
static void check_repair(struct process *p, const struct handle *handle, const struct node *node,
                         uint32_t offset, bool again) {
    struct reference reference;
    size_t base = find_base(p, promises_folder(handle), handle->name);
    uint32_t settle = p->bases[base].settle < p->settings.settle_seconds
                          ? p->bases[base].settle
                          : p->settings.settle_seconds;
    const struct named *held =
        promises_find(&promises_undone, promises_folder(handle), handle->name);
    reference_judge(node->bytes, node->size, &reference);
    if (p->kind != PROCESS_SERVICE && p->kind != PROCESS_REPAIR)
        broken("%s is repaired by undo or release", handle->name);
    else if (!p->settings.repair)
        broken("%s is repaired while Repair = no", handle->name);
    else if (p->paused)
        broken("%s is repaired while paused", handle->name);
    else if (reference.verdict != VERDICT_STUCK || reference.digit != offset)
        broken("%s is written to at %u and is not stuck by that byte", handle->name, offset);
    else if (held != NULL && held->active && !is_excused(p, held) && held->node == handle->node &&
             held->serial == node->serial && held->version == node->version)
        broken("%s is held, and repaired", handle->name);
    else if (!again && world.now - p->bases[base].since < (uint64_t)settle * 1000)
        broken("%s is repaired %llu ms after it changed, the settle time is %u s", handle->name,
               (unsigned long long)(world.now - p->bases[base].since), settle);
    check_breaker(p);
}

static void check_undo(const struct process *p, const struct handle *handle,
                       const struct deed *change) {
    const struct deed *repair = NULL;
    for (size_t i = change_count; i-- > 0 && repair == NULL;) {
        if (!changes[i].undo && changes[i].sure && changes[i].folder == promises_folder(handle) &&
            world_equal(changes[i].name, handle->name) && changes[i].after == change->before)
            repair = &changes[i];
    }
    if (p->kind != PROCESS_UNDO)
        broken("%s is undone by a process that was not asked to", handle->name);
    else if (repair == NULL || repair->before != change->after || repair->offset != change->offset)
        broken("%s is undone, which is not what a repair left", handle->name);
}

static bool is_of(const struct deed *change, const struct handle *handle) {
    return change->folder == promises_folder(handle) && world_equal(change->name, handle->name);
}

static bool has_begun(const struct process *p, const struct deed *change) {
    for (size_t i = 0; i < change_count; i++) {
        if (changes[i].owner == p->serial && promises_is_twin(&changes[i], change))
            return true;
    }
    return false;
}

/* The one that was begun a moment ago, or one that could not be made then. */
static struct deed *find_mine(struct process *p, const struct handle *handle) {
    for (size_t i = change_count; p->change < 0 && i-- > 0;) {
        const struct deed *change = &changes[i];
        if (promises_is_open(change) && is_of(change, handle) && has_begun(p, change))
            p->change = (int)i;
    }
    return p->change >= 0 ? &changes[p->change] : NULL;
}

void promises_write(struct process *p, uint32_t offset, unsigned char byte, bool lands) {
    const struct handle *handle = &world.handles[p->handle];
    struct node *node = &world.nodes[handle->node];
    bool again = p->change < 0;
    struct deed *change = find_mine(p, handle);
    unsigned char from = offset < node->size ? node->bytes[offset] : 0;
    if (change == NULL || !change->sure || change->done || !p->path_checked ||
        (!again && world.journal_durable < world.journal_size) ||
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
    else if (!world_equal(change->name, handle->name) ||
             change->folder != promises_folder(handle) || change->offset != offset ||
             change->size != node->size || change->before != world_content(node))
        broken("%s: the line in the journal is of something else", handle->name);
    if (world.broken)
        return;
    if (change->undo)
        check_undo(p, handle, change);
    else
        check_repair(p, handle, node, offset, again);
    node->bytes[offset] = byte;
    if (world_content(node) != change->after)
        broken("%s: the journal is wrong about the content after it", handle->name);
    node->bytes[offset] = from;
    if (!lands)
        return;
    change->written = true;
    if (change->undo) {
        struct named *it = promises_put(&promises_undone, promises_folder(handle), handle->name);
        it->node = handle->node;
        it->place = handle->folder;
        it->serial = node->serial;
        it->version = node->version + 1;
        it->content = change->after;
        it->active = true;
    }
}

/* ---- the rest */

void promises_told(struct process *p) {
    promises_told_at = world.now;
    p->times_count = 0;
    p->warned_count = 0;
}

unsigned promises_full[3];

void promises_bounds(const struct process *p) {
    const struct mender *m = &p->mender;
    promises_full[0] += m->queue.count == QUEUE_NAMES;
    promises_full[1] += m->ledger.memory.count[ITEM_FLIGHT] >= MEMORY_IN_FLIGHT;
    promises_full[2] += m->ledger.memory.count[ITEM_HOLD] >= MEMORY_HELD;
    if (p->before != p->behind || p->before != p->end || p->before == 0)
        broken("something was written beside the mender");
    else if (m->queue.count > QUEUE_NAMES || m->queue.pool_length > QUEUE_POOL ||
             m->notices.count > NOTICES || m->ledger.memory.overflow ||
             m->ledger.memory.text_length > MEMORY_TEXT)
        broken("a bound is exceeded");
}

void promises_verb(struct process *p) {
    if (p->result.code == HOST_GONE && p->kind == PROCESS_RELEASE && p->found_held)
        broken("%s: not held, it says, and it is", p->target);
    if (p->result.code != HOST_OK)
        return;
    if (p->kind == PROCESS_RELEASE) {
        if (promises_find(&promises_holds, p->folder, p->target) != NULL &&
            !promises_is_tampered(p))
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
        const struct deed *change = &changes[i];
        if (promises_is_open(change))
            broken("%s: %u is still open", change->name, change->number);
        else if (change->written && change->reports == 0 && !change->seen_before && !change->gone)
            broken("%s: %u was made and never reported", change->name, change->number);
    }
}

bool promises_is_held(unsigned folder, const char *name, uint32_t content) {
    const struct named *hold = promises_find(&promises_holds, folder, name);
    return hold != NULL && hold->content == content;
}

unsigned promises_repairs(uint64_t since) {
    unsigned count = 0;
    for (size_t i = 0; i < change_count; i++)
        count += !changes[i].undo && changes[i].time >= since;
    return count;
}

const char *promises_candidate(bool held, unsigned folder) {
    if (held) {
        for (unsigned n = 0; n < 8 && promises_holds.count > 0; n++) {
            const struct named *hold =
                &promises_holds.items[world_below((uint32_t)promises_holds.count)];
            if (hold->folder == folder)
                return hold->name;
        }
        return NULL;
    }
    for (unsigned n = 0; n < 8 && change_count > 0; n++) {
        size_t recent = change_count < 24 ? change_count : 24;
        const struct deed *change = &changes[change_count - 1 - world_below((uint32_t)recent)];
        if (!change->undo && change->folder == folder)
            return change->name;
    }
    return NULL;
}
