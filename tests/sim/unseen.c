/* SPDX-License-Identifier: MIT */
/*
 * unseen: changes of which nobody is told. A record that a service knows to be sound becomes stuck by one byte; its
 * time, or its size, changes or does not. DESIGN section 4 says by when it is repaired: by the next rescan
 * when the folder lists another time, after whatever makes the service open everything, and after a day and a rescan.
 */
#include <stdio.h>
#include <string.h>

#include "kms.h"
#include "process.h"
#include "sim.h"

enum { TICK = 2 * SECOND, APART = 20 };

enum way {
    BY_TIME,   /* it is listed with another time */
    BY_SIZE,   /* ... or another size, and its time is put back */
    HELD,      /* the same, once its server closes it */
    YOUNG,     /* within the same tick of the file system's clock */
    FUTURE,    /* the same, by a clock that was set back meanwhile */
    LOST,      /* the time is put back; and changes were lost, ... */
    CONTINUED, /* ... or it was paused, ... */
    CONFIGURED,
    ARMED,
    HINTED, /* ... or it was told of the record, while the queue was full ... */
    A_DAY,  /* ... or nothing else happens */
    WAYS
};

static const char *const how[WAYS] = {"by the next rescan: it has another time",
                                      "by the next rescan: it has another size",
                                      "by the next rescan after its server closed it",
                                      "by the next rescan: it was young",
                                      "by the next rescan: it was of the future",
                                      "after lost changes",
                                      "after CONTINUE",
                                      "after new settings",
                                      "after the folder was away",
                                      "and it was told of it while the queue was full",
                                      "after a day and a rescan"};

static uint64_t rescan_ms(void) {
    return (uint64_t)sim.settings.rescan_minutes * MINUTE;
}

/* To the beginning of a tick of FAT's clock. */
static void await_tick(void) {
    sim_pass(TICK - world.now % TICK + 50);
}

/* As if it had been written long ago. */
static void make_old(struct node *node) {
    world_set_time(node, world_time() - (HOUR + world_below(HOUR)) * 10000ULL);
    world_flush(node);
}

/* A full scan, in which the record is seen to be sound. */
static void have_it_read(void) {
    processes[0].lost = true;
    sim_pass(2 * MINUTE + sim_distance());
}

/* In the same tick in which it was written: as little time as a scan takes. */
static void have_it_read_at_once(bool future) {
    if (future)
        sim_set_clock(-APART);
    processes[0].lost = true;
    sim_pass(future ? APART * SECOND : 800);
}

/* Sound, and known to be if it can be. NULL when there is no room for it. */
static struct node *prepare(unsigned folder, unsigned record, enum way way) {
    char name[WORLD_NAME_BYTES];
    bool young = way == YOUNG || way == FUTURE;
    if (young)
        await_tick();
    if (!kms_plain(folder, record))
        return NULL;
    kms_name(record, name);
    struct node *node = world_node(world_find(world.at[folder], name));
    if (!young)
        make_old(node);
    if (young)
        have_it_read_at_once(way == FUTURE);
    else
        have_it_read();
    return node;
}

static void change(unsigned folder, unsigned record, struct node *node, enum way way) {
    uint64_t time = node->written;
    int handle = kms_begin_flip(folder, record);
    if (handle < 0)
        return;
    if (way == BY_SIZE)
        world_write(handle, node->size, "\r\n", 2);
    /* Rescans see what the directory has of it. */
    if (way == HELD)
        sim_pass(rescan_ms() + MINUTE);
    world_close(handle);
    if (way >= LOST || way == BY_SIZE)
        world_set_time(node, time);
    if (way == FUTURE)
        sim_set_clock(APART);
}

static void pause(bool on) {
    processes[0].pause = on;
    processes[0].resume = !on;
    sim_pass(SECOND);
}

/* The folder can often not be listed at first, or not to its end. */
static void fail_at_first(void) {
    uint32_t *fault = &rates.fault[world_below(2) == 0 ? CALL_LIST_OPEN : CALL_LIST_NEXT];
    if (world_below(2) == 0)
        return;
    *fault = 500000;
    sim_pass(3 * SECOND);
    *fault = 0;
}

/* What happens then; returns how long it may take from there. */
static uint64_t act(unsigned folder, enum way way) {
    uint64_t limit = (uint64_t)sim.settings.settle_seconds * SECOND + 3 * SECOND;
    switch (way) {
    case LOST:
        processes[0].lost = true;
        fail_at_first();
        return limit + 2 * MINUTE + sim_distance();
    case CONTINUED:
        pause(true);
        pause(false);
        return limit + 2 * MINUTE;
    case CONFIGURED:
        processes[0].wanted = sim.settings;
        processes[0].configure = true;
        return limit + 2 * MINUTE;
    case ARMED:
        world.away[folder] = true;
        sim_pass(2 * MINUTE);
        world.away[folder] = false;
        return limit + 3 * MINUTE;
    case HINTED:
        return limit + 2 * MINUTE + sim_distance();
    case A_DAY:
        return limit + 24 * (uint64_t)HOUR + rescan_ms() + 2 * MINUTE;
    default:
        return limit + rescan_ms() + MINUTE;
    }
}

void unseen_change(void) {
    enum way way = (enum way)world_below(WAYS);
    char name[WORLD_NAME_BYTES] = "";
    unsigned folder = processes[0].folder;
    unsigned record = world_below(kms.records);
    bool by_rescan = way < LOST || way == A_DAY;
    if (sim_is_limited(2) || (by_rescan && sim.settings.rescan_minutes == 0))
        return;
    rates.drop = 1000000;
    struct node *node = prepare(folder, record, way);
    if (node != NULL && !world.broken) {
        if (way == HINTED) {
            processes[0].flood = QUEUE_NAMES + 100;
            sim_pass(1);
            rates.drop = 0;
        }
        trace("unseen: a record becomes stuck, %s", how[way]);
        change(folder, record, node, way);
        uint64_t limit = act(folder, way);
        sim_pass(limit);
        if (!world.broken && !sim_is_limited(0) && sim_stuck(name, true) > 0)
            broken("%s is not repaired %s", name, how[way]);
    }
    rates.drop = 0;
}
