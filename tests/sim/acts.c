/* SPDX-License-Identifier: MIT */
/*
 * acts: what happens to a world between two turns of its processes: verbs, kills, power cuts, folders,
 * clocks, outages, and journals that somebody changes.
 */
#include <stdio.h>
#include <string.h>

#include "journal.h"
#include "kms.h"
#include "process.h"
#include "promises.h"
#include "sim.h"

enum {
    REBOOT_MS = 20000,
    SHORTEST = 40 /* a line of the journal is no shorter */
};

/* The wall clock is set: minutes to months, back or forth. */
static void set_clock(void) {
    static const uint32_t most[] = {10 * 60, 7200, 86400 * 3, 86400 * 100};
    int64_t by = 60 + (int64_t)world_below(most[world_below(4)]);
    if (world_below(2) == 0)
        by = -by;
    /* Sooner or later somebody sets it right. */
    if (world_below(4) == 0)
        by = -world.utc_offset;
    sim_total.clocks++;
    sim_set_clock(by);
}

/* While nothing runs nobody sees that it is set. */
static void set_clock_unseen(void) {
    if (sim.weight[ACT_CLOCK] > 0 && world_below(3) == 0)
        set_clock();
}

void sim_cut_power(void) {
    trace("---- the power is cut");
    sim_total.cuts++;
    for (int i = 0; i < PROCESSES; i++)
        process_end(&processes[i]);
    process_cut = false;
    kms_stop();
    world_power_cut();
    promises_journal_cut();
    memset(&outages, 0, sizeof outages);
    world.now += REBOOT_MS;
    sim.service_due = world.now;
    set_clock_unseen();
}

void sim_kill(struct process *process) {
    if (!process->alive)
        return;
    trace("---- #%u is killed", process->serial);
    sim_total.kills++;
    process_end(process);
    sim.service_due = world.now + world_below(5000);
    if (process == &processes[0])
        set_clock_unseen();
}

static void start_verb(enum process_kind kind) {
    struct process *process = &processes[processes[1].alive ? 2 : 1];
    unsigned folder = sim.settings.automatic ? 0 : world_folder(sim.settings.folder);
    const char *target = NULL;
    if (process->alive)
        return;
    if (kind != PROCESS_REPAIR) {
        target = promises_candidate(kind == PROCESS_RELEASE, folder);
        if (target == NULL)
            return;
    }
    char copy[WORLD_NAME_BYTES] = "";
    if (target != NULL)
        (void)snprintf(copy, sizeof copy, "%s", target);
    process_start(process, kind, &sim.settings, copy);
}

static void change_attributes(void) {
    struct name *name = &world.names[world_below(WORLD_NAMES)];
    if (!name->used || world.nodes[name->node].directory || world_is_open(name->node) ||
        world.nodes[name->node].size > WORLD_CONTENT_BYTES)
        return;
    struct node *node = &world.nodes[name->node];
    bool plain = !node->read_only && !node->linked && !node->reparse;
    node->read_only = node->linked = node->reparse = false;
    if (plain) {
        bool *what[] = {&node->read_only, &node->linked, &node->reparse};
        *what[world_below(3)] = true;
    }
    trace("%s is %s", name->text, plain ? "read-only or a link now" : "a plain file again");
}

static void change_folder(void) {
    unsigned folder = world_below(4) == 0;
    switch (world_below(4)) {
    case 0:
        /* Away and back again before anybody looks. */
        world_swap(folder);
        trace("folder %u is another one", folder);
        break;
    case 1:
        if (world_below(2) == 0)
            world_swap(folder);
        world.away[folder] = !world.away[folder];
        trace("folder %u is %s", folder, world.away[folder] ? "away" : "back");
        if (processes[0].alive && world_below(2) == 0)
            processes[0].watch_due = world.now;
        break;
    default:
        world.away[folder] = false;
        break;
    }
}

static void configure(void) {
    struct settings old = sim.settings;
    sim_draw_settings(&sim.settings);
    /* Mostly one thing at a time. */
    if (world_below(4) != 0) {
        struct settings drawn = sim.settings;
        sim.settings = old;
        switch (world_below(5)) {
        case 0:
            sim.settings.repair = !old.repair;
            break;
        case 1:
            sim.settings.settle_seconds = drawn.settle_seconds;
            break;
        case 2:
            sim.settings.repairs_per_hour = drawn.repairs_per_hour;
            break;
        case 3:
            sim.settings.reminder_hours = drawn.reminder_hours;
            break;
        default:
            sim.settings.rescan_minutes = drawn.rescan_minutes;
            break;
        }
    }
    trace("configuration: repair %d, settle %u, rescan %u, limit %u, folder %s",
          sim.settings.repair, sim.settings.settle_seconds, sim.settings.rescan_minutes,
          sim.settings.repairs_per_hour, sim.settings.folder);
    processes[0].wanted = sim.settings;
    processes[0].configure = true;
}

static void begin_outage(void) {
    static const char *const what[] = {
        "the event log is full", "the journal is away", "the disk of the journal is full",
        "somebody has the journal open", "somebody has the configuration open"};
    uint64_t *const outage[] = {&outages.event_log, &outages.journal, &outages.disk,
                                &outages.scanner, &outages.configuration};
    uint64_t until = world.now + world_below(world_below(2) == 0 ? 10000 : 10 * MINUTE);
    uint32_t which = world_below(5);
    if (which >= 3)
        until = world.now + world_below(5000);
    *outage[which] = until;
    trace("%s until %llu s", what[which], (unsigned long long)(until / 1000));
}

/* Somebody does something to the journal who has no business with it. */
void sim_tamper(void) {
    static char other[16 * 1024];
    size_t size = world.journal_size;
    uint32_t way = world_below(6);
    if (world.journal_owner != 0 || world.journal_aside)
        return;
    world.journal_deleted = way == 0;
    if (way == 0) {
        world_journal_put("", 0);
    } else if (way == 1) {
        world_journal_put(world.copy, world.copy_size);
    } else if (way == 2) {
        size = 1 + world_below(4000);
        for (size_t i = 0; i < size; i++)
            other[i] = (char)world_below(256);
        world_journal_put(other, size);
    } else if (way == 3) {
        size = sim_make_lineage(other);
        world_journal_put(other, size);
    } else if (way == 4) {
        world_journal_put(world.journal, world_below((uint32_t)size + 1));
    } else if (size > 0) {
        /* At one of its ends, in the first line or the last: that is by what it is known. */
        size_t at = world_below((uint32_t)(size < SHORTEST ? size : SHORTEST));
        if (world_below(2) == 0)
            at = size - 1 - at;
        size_t length = 1 + world_below(40);
        memset(world.journal + at, 'z', length < size - at ? length : size - at);
        world_journal_put(world.journal, size);
    }
    trace("the journal is %s: %zu bytes",
          (const char *[]){"deleted", "replaced by an old copy", "replaced by garbage",
                           "replaced by another one", "cut short", "damaged"}[way],
          world.journal_size);
    promises_journal_changed();
    sim_total.tampered++;
    if (sim.calm || world_below(3) != 0)
        process_note_journal();
}

static void copy_journal(void) {
    memcpy(world.copy, world.journal, world.journal_size);
    world.copy_size = world.journal_size;
}

/* Many names at once; somebody has the records open, or they are not there. */
static void flood(unsigned names) {
    processes[0].flood = names;
    outages.flood = world.now + (world_below(2) == 0 ? 0 : world_below(3 * MINUTE));
}

static enum action draw_action(void) {
    uint32_t n = world_below(sim.weights);
    int i = 0;
    while (n >= sim.weight[i])
        n -= sim.weight[i++];
    return (enum action)i;
}

void sim_act(void) {
    struct process *service = &processes[0];
    switch (draw_action()) {
    case ACT_KMS:
        kms_act(world_below(6) == 0);
        break;
    case ACT_SCANNER:
        kms_scanner(world_below(6) == 0);
        break;
    case ACT_PAUSE:
        trace("%s", service->paused ? "continue" : "pause");
        service->resume = service->paused;
        service->pause = !service->paused;
        break;
    case ACT_CONFIGURE:
        configure();
        break;
    case ACT_FOLDER:
        change_folder();
        break;
    case ACT_LOST:
        service->lost = true;
        break;
    case ACT_FLOOD:
        if (world_below(16) == 0)
            flood(world_below(8) != 0 ? 100 : QUEUE_NAMES + 100);
        break;
    case ACT_KILL:
        sim_kill(&processes[world_below(4) == 0 ? 1 + world_below(2) : 0]);
        break;
    case ACT_CUT:
        if (world_below(2) == 0)
            sim_cut_power();
        break;
    case ACT_REPAIR:
        if (world_below(4) == 0)
            start_verb(PROCESS_REPAIR);
        break;
    case ACT_UNDO:
        start_verb(PROCESS_UNDO);
        break;
    case ACT_RELEASE:
        start_verb(PROCESS_RELEASE);
        break;
    case ACT_LAZY:
        world_lazy_write();
        break;
    case ACT_OUTAGE:
        begin_outage();
        break;
    case ACT_ATTRIBUTES:
        change_attributes();
        break;
    case ACT_TIME:
        world.now += world_below(world_below(4) == 0 ? 2 * HOUR : MINUTE);
        break;
    case ACT_JOURNAL:
        service->journal_changed = true;
        break;
    case ACT_CLOCK:
        if (world_below(4) != 0)
            break;
        set_clock();
        /* Often the host is started again then. */
        if (world_below(2) == 0)
            sim.restart_due = world.now + 1000 + world_below(30000);
        break;
    case ACT_TAMPER:
        if (world_below(8) == 0)
            sim_tamper();
        break;
    case ACT_COPY:
        copy_journal();
        break;
    case ACTIONS:
        break;
    }
    /* What is wanted of a service that is not there is forgotten. */
    sim_total.steps++;
}
