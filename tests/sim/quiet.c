/* SPDX-License-Identifier: MIT */
/*
 * quiet: the times in which nothing fails. At their end everything has to be as it should be.
 */
#include <stdio.h>
#include <string.h>

#include "kms.h"
#include "process.h"
#include "promises.h"
#include "record_reference.h"
#include "sim.h"

enum { SPIN = 400000 };

static void pass_time(uint64_t until) {
    uint64_t spin = sim.turns + SPIN;
    while (!world.broken && world.now < until) {
        sim_turn(until);
        if (sim.turns > spin)
            broken("it does not come to rest");
    }
}

/* Stuck records that could be repaired and are not. */
unsigned sim_stuck(char *name, bool hidden) {
    unsigned count = 0;
    for (int i = 0; i < WORLD_NAMES; i++) {
        const struct name *at = &world.names[i];
        struct reference reference;
        if (!at->used || at->folder != world.at[processes[0].folder] || !record_is_named(at->text))
            continue;
        const struct node *node = &world.nodes[at->node];
        if (!hidden && world_is_hidden(node))
            continue;
        if (node->directory || node->read_only || node->reparse || node->linked ||
            node->size > WORLD_CONTENT_BYTES)
            continue;
        reference_judge(node->bytes, node->size, &reference);
        if (reference.verdict != VERDICT_STUCK ||
            promises_is_held(processes[0].folder, at->text, world_content(node)))
            continue;
        if (count++ == 0)
            (void)snprintf(name, WORLD_NAME_BYTES, "%s", at->text);
    }
    return count;
}

static uint64_t settle_ms(void) {
    return (uint64_t)sim.settings.settle_seconds * 1000;
}

static void end_trouble(void) {
    struct process *service = &processes[0];
    uint32_t other_turn = rates.other_turn;
    trace("---- from now on nothing fails");
    sim.calm = true;
    memset(&rates, 0, sizeof rates);
    memset(&outages, 0, sizeof outages);
    rates.other_turn = other_turn;
    rates.late = 100;
    for (unsigned i = 0; i < WORLD_FOLDERS; i++)
        world.away[i] = false;
    for (unsigned i = 0; i < WORLD_NODES; i++)
        world.nodes[i].locked = 0;
    kms_finish();
    if (!service->alive) {
        sim.settings.repair = true;
        sim_start_service();
        return;
    }
    if (!sim.settings.repair || !service->settings.repair || sim.settings.rescan_minutes == 0) {
        sim.settings.repair = true;
        service->wanted = sim.settings;
        service->configure = true;
    }
    service->pause = false;
    service->journal_changed = true;
    if (service->paused)
        service->resume = true;
}

/* Whether the limit may be reached: it counts up to a minute too long for each time that somebody reads
 * how many repairs there were, and some of them twice when a journal was replaced; what is from the future counts as if it were made now. */
static bool is_reached(uint64_t since, unsigned more) {
    if (sim.clock_back && processes[0].mender.trip.on)
        return true;
    return 2 * (promises_repairs(since) + more) >= sim.settings.repairs_per_hour;
}

static bool is_limited(uint64_t within) {
    return is_reached(world.now - within, 0);
}

enum way { TOLD, LOST, BY_SCAN, QUEUE_FULL, QUEUE_BUSY, WAYS };

/* When a new record is repaired at the latest. */
static uint64_t time_for(enum way way) {
    uint64_t limit = settle_ms() + 3000;
    /* After a scan that took long the next one is not begun at once. */
    if (way == LOST || way >= QUEUE_FULL)
        limit += 2 * MINUTE + sim_distance();
    if (way == BY_SCAN)
        limit += (uint64_t)sim.settings.rescan_minutes * MINUTE;
    /* What is let go is looked at within a minute; and scans while the queue is crowded are put off, by as
     * much as it has been crowded. */
    if (way == QUEUE_BUSY)
        limit += 2 * (outages.flood > world.now ? outages.flood - world.now : 0) + 2 * MINUTE;
    return limit;
}

void sim_pass(uint64_t ms) {
    pass_time(world.now + ms);
}

bool sim_is_limited(unsigned more) {
    /* After the clock was set back, all that was repaired before may be in the future. */
    return is_reached(sim.clock_back ? 0 : world.now - 3 * (uint64_t)HOUR, more);
}

uint64_t sim_distance(void) {
    uint64_t distance = 4 * processes[0].mender.scan.took;
    uint64_t most = (uint64_t)sim.settings.rescan_minutes * MINUTE;
    return distance < most || most == 0 ? distance : most;
}

void sim_set_clock(int64_t seconds) {
    world.utc_offset += seconds;
    trace("the clock is set by %lld s", (long long)seconds);
    if (seconds > 0)
        promises_clock_forward();
    else
        sim.clock_back = true;
}

/* New records in quiet times, that are heard of in one of several ways. */
static void write_in_peace(void) {
    static const char *const how[WAYS] = {
        "and it was told of it", "and it was told of lost changes", "with a scan",
        "and the queue was full", "and the queue was full of busy records"};
    char name[WORLD_NAME_BYTES] = "";
    /* A full queue takes many steps. */
    enum way way = (enum way)world_below(world_below(6) == 0 ? WAYS : QUEUE_FULL);
    unsigned count = 1 + world_below(3);
    if (2 * (promises_repairs(world.now - 3 * (uint64_t)HOUR) + count) >
            sim.settings.repairs_per_hour ||
        (way == BY_SCAN && sim.settings.rescan_minutes == 0))
        return;
    rates.drop = way == TOLD || way >= QUEUE_FULL ? 0 : 1000000;
    if (way >= QUEUE_FULL) {
        /* The queue is full of others; what it is told then has no place. */
        processes[0].flood = QUEUE_NAMES + 100;
        outages.flood = way == QUEUE_BUSY ? world.now + world_below(5 * MINUTE) : 0;
        pass_time(world.now + 1);
    }
    for (; count > 0; count--)
        (void)kms_place(processes[0].folder, world_below(kms.records), CONTENT_STUCK);
    if (way == LOST)
        processes[0].lost = true;
    uint64_t limit = time_for(way);
    pass_time(world.now + limit);
    if (!world.broken && !is_limited(3 * (uint64_t)HOUR) && sim_stuck(name, true) > 0)
        broken("%s is not repaired after %llu s, %s", name, (unsigned long long)limit / 1000,
               how[way]);
    rates.drop = 0;
}

/* A journal that somebody deletes or replaces is written again at once, also while the service is paused or
 * has no folder. */
static void tamper_in_peace(void) {
    struct process *service = &processes[0];
    unsigned folder = service->folder;
    uint32_t way = world_below(4);
    if (way == 0)
        service->pause = true;
    if (way == 1)
        world.away[folder] = true;
    pass_time(world.now + (way == 1 ? 2 * MINUTE : 1000));
    if (!world.broken && way < 2)
        promises_state(way == 0 ? "paused" : "folder");
    sim_tamper();
    pass_time(world.now + 2000);
    if (!world.broken)
        promises_is_whole();
    service->resume = way == 0;
    world.away[folder] = false;
    pass_time(world.now + 2 * MINUTE);
}

/* The next reminder is not taken by the event log, for twenty minutes, and comes when it is tried for the
 * fifth time. */
static void remind_with_a_full_log(uint64_t wait) {
    uint64_t next = promises_reminded_at() + wait;
    pass_time(next - MINUTE);
    outages.event_log = next + 20 * MINUTE;
    pass_time(next + 32 * MINUTE + REMIND_WAIT);
    if (!world.broken && promises_reminded_at() < next)
        broken("a reminder that the event log has not taken does not come");
}

/* What was repaired is reminded of in time, also when the service was started again meanwhile. */
static void remind_in_peace(void) {
    char name[WORLD_NAME_BYTES];
    unsigned folder = processes[0].folder;
    unsigned record = world_below(kms.records);
    uint64_t wait = (uint64_t)sim.settings.reminder_hours * HOUR;
    kms_name(record, name);
    /* Days would be too many steps. */
    if (wait == 0 || wait > 2 * HOUR || !kms_place(folder, record, CONTENT_STUCK))
        return;
    pass_time(world.now + time_for(TOLD));
    if (!promises_is_to_enable(folder, name))
        return;
    if (world_below(3) == 0) {
        pass_time(world.now + world_below((uint32_t)wait));
        sim_kill(&processes[0]);
        pass_time(world.now + MINUTE);
    }
    uint64_t due = world.now + wait;
    pass_time(due + wait + 2 * REMIND_WAIT);
    if (!world.broken && promises_reminded_at() < due)
        broken("%s was repaired, and nobody is reminded of it", name);
    else if (!world.broken && world_below(2) == 0)
        remind_with_a_full_log(wait);
}

enum { SCAN_TOLD = 9 }; /* minutes until a scan that found nothing new is written down */

/* Since then an hour has passed. */
static void check_rest(uint64_t lines, uint64_t states, uint64_t scans) {
    uint32_t minutes = sim.settings.rescan_minutes;
    uint64_t most = minutes == 0 ? 0 : 60 / minutes + 1;
    uint64_t told = most < 60 / SCAN_TOLD + 1 ? most : 60 / SCAN_TOLD + 1;
    promises_state("repairing");
    if (most > 0 && !world.broken)
        promises_scanned((minutes < SCAN_TOLD ? minutes + SCAN_TOLD : minutes) + 3);
    if (world.broken)
        return;
    if (process_lines - process_states > lines)
        broken("%llu lines were written in an hour in which nothing happened",
               (unsigned long long)(process_lines - process_states - lines));
    else if (process_states > states + told)
        broken("the state was written %llu times in an hour in which nothing happened",
               (unsigned long long)(process_states - states));
    else if (process_scans > scans + most)
        broken("%llu scans in an hour in which nothing happened",
               (unsigned long long)(process_scans - scans));
}

/* In an hour in which nothing changes and nothing fails nothing is written but the times of scans and of a reminder,
 * however often somebody looks into the journal, and nobody scans but by the clock. */
static void rest(void) {
    /* The end of an hour's limit is news. */
    if (processes[0].mender.trip.on)
        pass_time(world.now + 2 * HOUR);
    if (processes[0].mender.trip.on)
        return;
    /* The state is that of the last scan. */
    pass_time(world.now + (uint64_t)sim.settings.rescan_minutes * MINUTE + 2 * settle_ms() +
              5 * MINUTE);
    if (processes[0].mender.trip.on)
        return;
    uint64_t lines = process_lines - process_states;
    uint64_t states = process_states;
    uint64_t scans = process_scans;
    unsigned reminders = promises_reminders;
    for (unsigned n = 0; n < 4; n++) {
        outages.scanner = world.now + world_below(3000);
        process_note_journal();
        pass_time(world.now + HOUR / 4);
    }
    /* A reminder says when it was said. */
    if (!world.broken)
        check_rest(lines, states + promises_reminders - reminders, scans);
}

void sim_quiet(void) {
    char name[WORLD_NAME_BYTES] = "";
    end_trouble();
    /* What the service is told last may come a moment later. */
    pass_time(world.now + 1000);
    uint64_t bound = 2 * settle_ms() + (uint64_t)sim.settings.rescan_minutes * MINUTE + 3 * MINUTE;
    pass_time(world.now + bound);
    if (world.broken)
        return;
    promises_all_reported();
    if (!is_limited(bound + 3 * (uint64_t)HOUR) && sim_stuck(name, false) > 0)
        broken("%s is not repaired after settle, rescan and three minutes", name);
    if (!world.broken && sim_stuck(name, true) > sim_stuck(name, false) &&
        sim.settings.rescan_minutes > 0) {
        pass_time(world.now + 24 * (uint64_t)HOUR + bound);
        if (!world.broken && !is_limited(bound + 3 * (uint64_t)HOUR) && sim_stuck(name, true) > 0)
            broken("%s is not repaired after a day and a rescan", name);
    }
    unsigned left = sim_stuck(name, sim.settings.rescan_minutes > 0);
    if (left > 0 && !world.broken) {
        uint64_t hours = 3 + left / sim.settings.repairs_per_hour;
        pass_time(world.now + hours * (HOUR + 3 * MINUTE) + 2 * settle_ms());
        if (!world.broken && sim_stuck(name, sim.settings.rescan_minutes > 0) > 0)
            broken("%s is not repaired after %llu hours", name, (unsigned long long)hours);
        promises_all_reported();
    }
    for (unsigned n = world_below(3); n > 0 && !world.broken; n--)
        write_in_peace();
    for (unsigned n = world_below(3); n > 0 && !world.broken; n--)
        unseen_change();
    if (!world.broken && world_below(4) == 0 && sim.weight[ACT_TAMPER] > 0)
        tamper_in_peace();
    if (!world.broken && world_below(4) == 0)
        remind_in_peace();
    if (!world.broken)
        say_in_peace();
    if (!world.broken && world_below(4) == 0)
        rest();
    rates = sim.rates;
    sim.calm = false;
}
