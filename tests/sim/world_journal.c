/* SPDX-License-Identifier: MIT */
/* The journal's file, of world.h: its bytes, its names, and what a power cut makes of them. */
#include <string.h>

#include "world.h"

bool world_journal_went_back;
struct world_between world_between;

void world_journal_flush(void) {
    world.journal_durable = world.journal_size;
    world.journal_renames = 0;
}

static void take(const char *content, size_t size) {
    memmove(world.journal, content, size);
    world.journal_size = world.journal_durable = size;
}

static void leave(const char *content, size_t size, bool durable) {
    memcpy(world.left_bytes, content, size);
    world.left_size = size;
    world.left = true;
    world.left_durable = durable;
}

/* What came before it in the file system's log is on the disk then, too. */
void world_journal_flush_fresh(void) {
    world.journal_renames = 0;
}

void world_journal_step_aside(void) {
    memcpy(world.previous, world.journal, world.journal_durable);
    world.previous_size = world.journal_durable;
    take(world.fresh, world.fresh_size);
    world.fresh_size = 0;
    world.journal_aside = true;
    world.journal_renames++;
}

void world_journal_name(void) {
    if (!world.journal_aside)
        return;
    world.journal_aside = false;
    world.journal_renames++;
}

void world_journal_leave(void) {
    leave(world.fresh, world.fresh_size, false);
}

bool world_journal_find(void) {
    bool deleted = world.journal_deleted;
    world_journal_name();
    bool left = world.left;
    world.journal_deleted = world.left = false;
    if (!deleted || !left)
        return false;
    trace("what was left of a new journal is taken for it: %zu bytes", world.left_size);
    take(world.left_bytes, world.left_size);
    world_between.found++;
    return true;
}

void world_journal_put(const char *content, size_t size) {
    take(content, size);
    world.journal_renames = 0;
}

/* ---- the power cut */

/* What was not flushed may be there in part. */
static size_t cut_bytes(char *bytes, size_t durable, size_t size) {
    size_t keep = world_below((uint32_t)(size - durable) + 1);
    /* Of what was given to the file, the last part may never have been written. */
    if (keep > 0 && world_below(4) == 0) {
        size_t zeros = world_below((uint32_t)keep) + 1;
        memset(bytes + durable + keep - zeros, 0, zeros);
    }
    return durable + keep;
}

void world_journal_cut(void) {
    unsigned made = world.journal_aside ? 1 : 2;
    unsigned lost = world_below(world.journal_renames + 1);
    if (world.left && !world.left_durable)
        world.left_size = cut_bytes(world.left_bytes, 0, world.left_size);
    world.left_durable = true;
    if (world.journal_durable < world.journal_size)
        world.journal_size = cut_bytes(world.journal, world.journal_durable, world.journal_size);
    world_journal_went_back = lost == made;
    world.journal_aside = lost + 1 == made;
    if (world_journal_went_back) {
        leave(world.journal, world.journal_size, true);
        take(world.previous, world.previous_size);
    }
    world_between.cuts += world.journal_aside;
    world.journal_durable = world.journal_size;
    world.journal_renames = 0;
    world.journal_owner = 0;
}
