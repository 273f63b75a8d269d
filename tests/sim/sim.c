/* SPDX-License-Identifier: MIT */
/*
 * sim: the mender in a world in which everything fails.
 *
 *   sim --seed N             one story; when it breaks a promise, its last events
 *   sim --seeds N            so many of them, from --start S on (0)
 *       --steps N            how much happens in each (1500), the quiet times left out
 *       --history N          the last N events (80), of a story that breaks nothing, too
 *
 * A seed decides everything: which things go wrong in this world and how often, and then each of them.
 * Times of trouble are followed by quiet ones, at whose end everything has to be as it should be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "journal.h"
#include "kms.h"
#include "process.h"
#include "promises.h"
#include "record_reference.h"
#include "sim.h"

enum action {
    ACT_KMS,
    ACT_SCANNER,
    ACT_PAUSE,
    ACT_CONFIGURE,
    ACT_FOLDER,
    ACT_LOST,
    ACT_FLOOD,
    ACT_KILL,
    ACT_CUT,
    ACT_REPAIR,
    ACT_UNDO,
    ACT_RELEASE,
    ACT_LAZY,
    ACT_OUTAGE,
    ACT_ATTRIBUTES,
    ACT_TIME,
    ACT_JOURNAL,
    ACT_CLOCK,
    ACT_TAMPER,
    ACT_COPY,
    ACTIONS
};

enum {
    MINUTE = 60 * 1000,
    HOUR = 60 * MINUTE,
    SPIN = 400000,
    HISTORY = 80,
    MANY = 40,
    REBOOT_MS = 20000
};

struct sim {
    struct settings settings; /* what the configuration file says */
    unsigned spelling;        /* of its folder */
    uint64_t restart_due;     /* 0: not */
    bool clock_back;          /* the wall clock was set back at some time */
    uint32_t weight[ACTIONS];
    uint32_t weights;
    uint32_t acting; /* of a million turns */
    bool calm;
    uint64_t service_due; /* when the service is started again */
    uint64_t turns;
    struct rates rates; /* of times of trouble */
};

static struct sim sim;
const struct settings *const sim_settings = &sim.settings;

/* Over all seeds. */
static struct {
    uint64_t steps, hours;
    unsigned seeds, repairs, undone, late, unknown, twice, cuts, kills, rotations, tampered, clocks;
} total;

/* ---- the world of a seed */

static uint32_t one_of(const uint32_t *list, size_t count) {
    return list[world_below((uint32_t)count)];
}

#define ONE_OF(...)                                                                                \
    one_of((const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

static void draw_settings(struct settings *settings) {
    config_defaults(settings);
    settings->repair = world_below(8) != 0;
    settings->settle_seconds = ONE_OF(0, 1, 5, 5, 30);
    settings->rescan_minutes = ONE_OF(0, 1, 2, 10, 60);
    settings->reminder_hours = ONE_OF(0, 1, 1, 2, 24);
    settings->repairs_per_hour = ONE_OF(1, 3, 10, 100, 1000);
    settings->automatic = world_below(12) == 0;
    (void)snprintf(settings->folder, sizeof settings->folder, "%s",
                   settings->automatic ? "auto"
                                       : world_spellings[world_below(6) == 0][sim.spelling]);
    if (!settings->automatic && world_below(3) == 0)
        sim.spelling = world_below(WORLD_SPELLINGS);
}

static void draw_rates(void) {
    memset(&sim.rates, 0, sizeof sim.rates);
    bool faulty = world_below(4) != 0;
    for (int i = 0; faulty && i < CALLS; i++)
        sim.rates.fault[i] = ONE_OF(0, 0, 1000, 10000, 60000);
    sim.rates.other_turn = ONE_OF(0, 20000, 200000);
    sim.rates.kill = ONE_OF(0, 200, 2000);
    sim.rates.cut = ONE_OF(0, 200, 2000);
    sim.rates.halfway = ONE_OF(0, 0, 100000);
    sim.rates.race = ONE_OF(0, 0, 100000);
    sim.rates.slow = ONE_OF(0, 0, 1000);
    sim.rates.drop = ONE_OF(0, 100000, 1000000);
    sim.rates.twice = ONE_OF(0, 200000);
    sim.rates.alias = ONE_OF(0, 0, 300000);
    sim.rates.late = ONE_OF(0, 100, 10000);
    sim.rates.scanner = ONE_OF(0, 0, 200000, 1000000);
    sim.rates.scan = ONE_OF(100, 100, 4000);
    sim.rates.locked = ONE_OF(0, 0, 50000, 500000);
    sim.rates.swapped = ONE_OF(0, 0, 0, 20000);
}

static void draw_kms(void) {
    memset(&kms, 0, sizeof kms);
    kms.records = world_below(8) == 0 ? MANY : 2 + world_below(14);
    kms.pause = ONE_OF(0, 20, 500, 5000);
    kms.hold = ONE_OF(0, 10000, 200000);
    kms.same = ONE_OF(0, 500000, 1000000);
    kms.put_back = ONE_OF(0, 0, 300000);
    for (int i = 0; i < CONTENTS; i++)
        kms.kind[i] = world_below(4);
    kms.kind[CONTENT_STUCK] += 2;
}

/* ---- journals that nobody here has written */

static size_t add_line(char *to, size_t at, const struct journal_entry *entry) {
    return at + journal_encode(entry, to + at, JOURNAL_LINE_MAX);
}

/* As the first version wrote it. */
static size_t add_old_hold(char *to, size_t at, const char *name, const char *folder) {
    char line[512];
    char time[JOURNAL_TIME_BYTES];
    journal_print_time(world_utc() - 86400, time);
    int n = snprintf(line, sizeof line, "KMR1\t%s\tHOLD\t%08X\t%s\t%s", time,
                     world_below(0x7FFFFFFF), name, folder);
    n += snprintf(line + n, sizeof line - (size_t)n, "\t%08X\r\n", world_crc(0, line, (size_t)n));
    memcpy(to + at, line, (size_t)n);
    return at + (size_t)n;
}

static const char *any_path(void) {
    return world_spellings[world_below(4) == 0][world_below(WORLD_SPELLINGS)];
}

static size_t add_holds(char *to, size_t at, unsigned count, bool old) {
    static struct journal_entry entry;
    for (unsigned i = count; i > 0; i--) {
        memset(&entry, 0, sizeof entry);
        entry.kind = JOURNAL_HOLD;
        entry.utc = world_utc() - 86400;
        entry.before = world_below(0x7FFFFFFF);
        /* In the first journal, some under two spellings of a folder: the later undo tells. */
        bool twice = !old && count < 8 && !processes[0].alive;
        entry.number = twice ? i : 0;
        (void)snprintf(entry.name, sizeof entry.name, "Held%u.ini", twice ? (i + 1) / 2 : i);
        (void)snprintf(entry.text, sizeof entry.text, "%s",
                       twice ? any_path() : world_paths[world_below(2)]);
        if (old)
            at = add_old_hold(to, at, entry.name, entry.text);
        else
            at = add_line(to, at, &entry);
    }
    return at;
}

/* Changes that another run has begun, of records that are not there, or are something else. */
static size_t add_intents(char *to, size_t at, unsigned count, uint32_t number) {
    static struct journal_entry entry;
    for (unsigned i = count; i > 0; i--) {
        memset(&entry, 0, sizeof entry);
        entry.kind = world_below(8) == 0 ? JOURNAL_UNDO : JOURNAL_INTENT;
        entry.utc = world_utc() - world_below(7200);
        entry.number = ++number;
        entry.offset = 17 + i;
        entry.size = 100 + i;
        entry.before = world_below(0x7FFFFFFF);
        entry.after = world_below(0x7FFFFFFF);
        (void)snprintf(entry.name, sizeof entry.name, "Begun%u.ini", i);
        (void)snprintf(entry.text, sizeof entry.text, "%s", any_path());
        at = add_line(to, at, &entry);
    }
    return at;
}

static size_t make_lineage(char *to) {
    static struct journal_entry entry;
    size_t at = 0;
    memset(&entry, 0, sizeof entry);
    entry.kind = JOURNAL_CHECKPOINT;
    entry.utc = world_utc() - world_below(100000);
    entry.id = world_below(0x7FFFFFFF) | 1;
    entry.generation = 1 + world_below(5);
    entry.number = world_below(300);
    at = add_line(to, at, &entry);
    at = add_holds(to, at, world_below(4), false);
    return add_intents(to, at, world_below(3), entry.number);
}

/* Lines that a journal may begin with: those of another program, or of records held long ago. */
static void fill_journal(void) {
    bool old = world_below(4) == 0;
    size_t at = 0;
    if (world_below(24) == 0) {
        at = JOURNAL_BYTES_MAX - world_below(4000);
        memset(world.journal, 'x', at);
        memcpy(world.journal + at - 2, "\r\n", 2);
    } else if (!old && world_below(2) == 0) {
        at = make_lineage(world.journal);
    }
    if (world_below(24) == 0)
        at = add_holds(world.journal, at, world_below(3) == 0 ? 1018 + world_below(8) : 5, old);
    if (!old && world_below(24) == 0) {
        at = add_intents(world.journal, at, 120 + world_below(9), 1000);
        outages.event_log = world.now + world_below(30 * MINUTE);
    }
    world.journal_size = world.journal_durable = at;
    promises_journal_cut();
}

static void draw_files(void) {
    /* More repairs than may be owed a report at a time, when none can be made. */
    bool many = kms.records == MANY && world_below(2) == 0;
    if (many)
        outages.event_log = world.now + world_below(30 * MINUTE);
    for (unsigned folder = 0; folder < WORLD_FOLDERS; folder++) {
        /* A path leads to the directory of its own number at first. */
        for (unsigned i = 0; i < kms.records; i++) {
            if (world_below(2) == 0)
                (void)kms_place(folder, i,
                                world_below(many ? 1 : 3) == 0
                                    ? CONTENT_STUCK
                                    : (enum content)world_below(CONTENTS));
        }
        int slot = world_create(folder, "folder.ini");
        world_node(slot)->directory = true;
        (void)world_create(folder, "kms.dat");
        slot = world_create(folder, "huge.ini");
        world_node(slot)->size = WORLD_HUGE;
    }
    bool old = world_below(4) != 0;
    for (int i = 0; i < WORLD_NODES; i++) {
        if (!world.nodes[i].used)
            continue;
        world_flush(&world.nodes[i]);
        if (old)
            world_set_time(&world.nodes[i], world_time() - world_below(HOUR) * 10000ULL);
    }
    world.log_count = 0;
}

static void start_service(void) {
    process_start(&processes[0], PROCESS_SERVICE, &sim.settings, NULL);
}

static void begin_story(uint64_t seed) {
    world_begin(seed);
    memset(&sim, 0, sizeof sim);
    memset(&rates, 0, sizeof rates);
    memset(&outages, 0, sizeof outages);
    kms_begin();
    promises_begin();
    process_cut = false;
    for (int i = 0; i < PROCESSES; i++)
        processes[i].alive = false;
    world.changed = process_notify;
    world.disk = (enum world_disk)world_below(DISKS);
    draw_settings(&sim.settings);
    draw_rates();
    draw_kms();
    sim.acting = ONE_OF(20000, 60000, 200000);
    for (int i = 0; i < ACTIONS; i++)
        sim.weight[i] = world_below(2) == 0 ? 0 : 1 + world_below(4);
    sim.weight[ACT_KMS] = 20 + world_below(30);
    sim.weight[ACT_LAZY] += 2;
    for (int i = 0; i < ACTIONS; i++)
        sim.weights += sim.weight[i];
    draw_files();
    fill_journal();
    start_service();
    rates = sim.rates;
}

/* ---- what happens */

/* The wall clock is set: minutes to months, back or forth. */
static void set_clock(void) {
    static const uint32_t most[] = {10 * 60, 7200, 86400 * 3, 86400 * 100};
    int64_t by = 60 + (int64_t)world_below(most[world_below(4)]);
    if (world_below(2) == 0)
        by = -by;
    /* Sooner or later somebody sets it right. */
    if (world_below(4) == 0)
        by = -world.utc_offset;
    world.utc_offset += by;
    total.clocks++;
    trace("the clock is set by %lld s", (long long)by);
    if (by > 0)
        promises_clock_forward();
    else
        sim.clock_back = true;
}

/* While nothing runs nobody sees that it is set. */
static void set_clock_unseen(void) {
    if (sim.weight[ACT_CLOCK] > 0 && world_below(3) == 0)
        set_clock();
}

static void cut_power(void) {
    trace("---- the power is cut");
    total.cuts++;
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

static void kill_process(struct process *process) {
    if (!process->alive)
        return;
    trace("---- #%u is killed", process->serial);
    total.kills++;
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
    draw_settings(&sim.settings);
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
static void tamper(void) {
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
        size = make_lineage(other);
        world_journal_put(other, size);
    } else if (way == 4) {
        world_journal_put(world.journal, world_below((uint32_t)size + 1));
    } else if (size > 0) {
        /* At one of its ends: that is by what it is known. */
        size_t at = world_below((uint32_t)(size < 60 ? size : 60));
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
    total.tampered++;
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

static void act(void) {
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
        kill_process(&processes[world_below(4) == 0 ? 1 + world_below(2) : 0]);
        break;
    case ACT_CUT:
        if (world_below(2) == 0)
            cut_power();
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
            tamper();
        break;
    case ACT_COPY:
        copy_journal();
        break;
    case ACTIONS:
        break;
    }
    /* What is wanted of a service that is not there is forgotten. */
    total.steps++;
}

static void run_process(struct process *process) {
    process_run(process);
    if (process_cut)
        cut_power();
    else if (!process->alive) {
        total.kills += process->inside;
        process_end(process);
        if (process != &processes[0])
            processes[0].journal_changed = sim.calm || world_below(3) != 0;
        else
            sim.service_due = world.now + world_below(5000);
    }
}

/* One turn of whoever has something to do; the clock goes on when nobody has. */
static void turn(uint64_t until) {
    struct process *ready[PROCESSES];
    uint32_t count = 0;
    uint64_t due = kms_due();
    bool kms_ready = due <= world.now;
    sim.turns++;
    if (!processes[0].alive && world.now >= sim.service_due)
        start_service();
    for (int i = 0; i < PROCESSES; i++) {
        struct process *process = &processes[i];
        if (!process->alive)
            continue;
        if (process_is_runnable(process))
            ready[count++] = process;
        else if (process_due(process) < due)
            due = process_due(process);
    }
    if (count + kms_ready > 0) {
        uint32_t n = world_below(count + kms_ready);
        if (n < count) {
            run_process(ready[n]);
        } else {
            total.steps++;
            kms_step();
        }
        return;
    }
    if (!processes[0].alive && sim.service_due < due)
        due = sim.service_due;
    if (due > until)
        due = until;
    if (due > world.now + HOUR)
        due = world.now + HOUR;
    /* Not always to the very moment. */
    if (!sim.calm && world_below(4) == 0)
        due = world.now + 1 + (due - world.now) / (1 + world_below(8));
    world.now = due;
}

static void trouble(unsigned steps) {
    uint64_t end = process_steps + total.steps + steps;
    while (!world.broken && process_steps + total.steps < end) {
        if (sim.restart_due != 0 && world.now >= sim.restart_due) {
            sim.restart_due = 0;
            kill_process(&processes[0]);
        } else if (world_chance(sim.acting))
            act();
        else
            turn(UINT64_MAX);
    }
}

/* ---- quiet times */

static void pass_time(uint64_t until) {
    uint64_t spin = sim.turns + SPIN;
    while (!world.broken && world.now < until) {
        turn(until);
        if (sim.turns > spin)
            broken("it does not come to rest");
    }
}

/* Stuck records that could be repaired and are not. */
static unsigned stuck_left(char *name, bool hidden) {
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
        start_service();
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
static bool is_limited(uint64_t within) {
    if (sim.clock_back && processes[0].mender.trip.on)
        return true;
    return 2 * promises_repairs(world.now - within) >= sim.settings.repairs_per_hour;
}

enum way { TOLD, LOST, BY_SCAN, QUEUE_FULL, QUEUE_BUSY, WAYS };

/* When a new record is repaired at the latest. */
static uint64_t time_for(enum way way) {
    const struct scan *scan = &processes[0].mender.scan;
    uint64_t limit = settle_ms() + 3000;
    uint64_t distance = 4 * scan->took;
    uint64_t most = (uint64_t)sim.settings.rescan_minutes * MINUTE;
    /* After a scan that took long the next one is not begun at once. */
    if (way == LOST || way >= QUEUE_FULL)
        limit += 2 * MINUTE + (distance < most || most == 0 ? distance : most);
    if (way == BY_SCAN)
        limit += most;
    /* What is let go is looked at within a minute; and scans while the queue is crowded are put off, by as
     * much as it has been crowded. */
    if (way == QUEUE_BUSY)
        limit += 2 * (outages.flood > world.now ? outages.flood - world.now : 0) + 2 * MINUTE;
    return limit;
}

void sim_pass(uint64_t ms) {
    pass_time(world.now + ms);
}

unsigned sim_stuck(char *name, bool hidden) {
    return stuck_left(name, hidden);
}

bool sim_is_limited(unsigned more) {
    if (sim.clock_back && processes[0].mender.trip.on)
        return true;
    return 2 * (promises_repairs(world.now - 3 * (uint64_t)HOUR) + more) >=
           sim.settings.repairs_per_hour;
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
    if (!world.broken && !is_limited(3 * (uint64_t)HOUR) && stuck_left(name, true) > 0)
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
    tamper();
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
        kill_process(&processes[0]);
        pass_time(world.now + MINUTE);
    }
    uint64_t due = world.now + wait;
    pass_time(due + wait + 2 * REMIND_WAIT);
    if (!world.broken && promises_reminded_at() < due)
        broken("%s was repaired, and nobody is reminded of it", name);
    else if (!world.broken && world_below(2) == 0)
        remind_with_a_full_log(wait);
}

/* In an hour in which nothing changes and nothing fails nothing is written, however often somebody looks
 * into the journal, and nobody scans but by the clock. */
static void rest(void) {
    uint32_t minutes = sim.settings.rescan_minutes;
    /* The end of an hour's limit is news. */
    if (processes[0].mender.trip.on)
        pass_time(world.now + 2 * HOUR);
    if (processes[0].mender.trip.on)
        return;
    /* The state is that of the last scan. */
    pass_time(world.now + (uint64_t)minutes * MINUTE + 2 * settle_ms() + 5 * MINUTE);
    if (processes[0].mender.trip.on)
        return;
    uint64_t lines = process_lines;
    uint64_t scans = process_scans;
    unsigned reminders = promises_reminders;
    uint64_t most = minutes == 0 ? 0 : 60 / minutes + 1;
    for (unsigned n = 0; n < 4; n++) {
        outages.scanner = world.now + world_below(3000);
        process_note_journal();
        pass_time(world.now + HOUR / 4);
    }
    if (world.broken)
        return;
    promises_state("repairing");
    /* One that says when it was said. */
    lines += promises_reminders - reminders;
    if (process_lines > lines)
        broken("%llu lines were written in an hour in which nothing happened",
               (unsigned long long)(process_lines - lines));
    else if (process_scans > scans + most)
        broken("%llu scans in an hour in which nothing happened",
               (unsigned long long)(process_scans - scans));
}

static void quiet(void) {
    char name[WORLD_NAME_BYTES] = "";
    end_trouble();
    /* What the service is told last may come a moment later. */
    pass_time(world.now + 1000);
    uint64_t bound = 2 * settle_ms() + (uint64_t)sim.settings.rescan_minutes * MINUTE + 3 * MINUTE;
    pass_time(world.now + bound);
    if (world.broken)
        return;
    promises_all_reported();
    if (!is_limited(bound + 3 * (uint64_t)HOUR) && stuck_left(name, false) > 0)
        broken("%s is not repaired after settle, rescan and three minutes", name);
    if (!world.broken && stuck_left(name, true) > stuck_left(name, false) &&
        sim.settings.rescan_minutes > 0) {
        pass_time(world.now + 24 * (uint64_t)HOUR + bound);
        if (!world.broken && !is_limited(bound + 3 * (uint64_t)HOUR) && stuck_left(name, true) > 0)
            broken("%s is not repaired after a day and a rescan", name);
    }
    unsigned left = stuck_left(name, sim.settings.rescan_minutes > 0);
    if (left > 0 && !world.broken) {
        uint64_t hours = 3 + left / sim.settings.repairs_per_hour;
        pass_time(world.now + hours * (HOUR + 3 * MINUTE) + 2 * settle_ms());
        if (!world.broken && stuck_left(name, sim.settings.rescan_minutes > 0) > 0)
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

/* ---- stories */

static bool tell_story(uint64_t seed, unsigned steps) {
    begin_story(seed);
    for (unsigned part = 0; part < 3 && !world.broken; part++) {
        trouble(steps / 3);
        if (!world.broken)
            quiet();
    }
    if (!world.tracing) {
        total.seeds++;
        total.hours += (world.now - 36000000) / HOUR;
        total.rotations += world.journal_generation - 1;
        promises_count(&total.repairs, &total.undone, &total.late, &total.unknown, &total.twice);
    }
    return !world.broken;
}

static void print_history(uint64_t seed, unsigned steps, size_t most) {
    world.tracing = true;
    (void)tell_story(seed, steps);
    size_t count = world.line_count < most ? world.line_count : most;
    for (size_t i = world.line_count - count; i < world.line_count; i++) {
        char *line = world.lines[i % WORLD_LINES];
        for (char *c = line; *c != '\0'; c++) {
            if (*c < ' ')
                *c = ' ';
        }
        printf("  %s\n", line);
    }
    world.tracing = false;
}

static int usage(void) {
    fprintf(stderr, "usage: sim [--seed N | --seeds N [--start N]] [--steps N] [--history N]\n");
    return 2;
}

int main(int count, char **arguments) {
    uint64_t start = 0;
    uint64_t seeds = 1;
    unsigned steps = 1500;
    size_t lines = 0;
    for (int i = 1; i < count; i++) {
        if (i + 1 == count)
            return usage();
        uint64_t number = strtoull(arguments[i + 1], NULL, 10);
        if (strcmp(arguments[i], "--seed") == 0 || strcmp(arguments[i], "--start") == 0)
            start = number;
        else if (strcmp(arguments[i], "--seeds") == 0)
            seeds = number;
        else if (strcmp(arguments[i], "--steps") == 0)
            steps = (unsigned)number;
        else if (strcmp(arguments[i], "--history") == 0 && number <= WORLD_LINES)
            lines = (size_t)number;
        else
            return usage();
        i++;
    }
    clock_t begun = clock();
    for (uint64_t seed = start; seed < start + seeds; seed++) {
        bool good = tell_story(seed, steps);
        if (good && lines == 0)
            continue;
        char what[sizeof world.what];
        memcpy(what, world.what, sizeof what);
        print_history(seed, steps, lines != 0 ? lines : HISTORY);
        if (good)
            continue;
        printf("seed %llu: %s\nreplay: build/native/sim --seed %llu --steps %u\n",
               (unsigned long long)seed, what, (unsigned long long)seed, steps);
        return 1;
    }
    double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
    uint64_t all = process_steps + total.steps;
    printf(
        "%u seeds from %llu, %llu steps with %llu calls to the host, in which %llu hours passed\n"
        "%u repairs, %u taken back, %u reminders; %u reported late, %u with an unknown end, %u "
        "twice, %u troubles in peace; "
        "%u power cuts, %u kills, %u new journals; %u ends and %u cuts between their two renames, "
        "%u "
        "taken for the journal later; %u times somebody changed the journal, %u times "
        "the clock\n"
        "at their bounds: the queue %u times, what is owed %u, the holds %u\n"
        "%.1f s of processor time, %.2f million steps a minute\n",
        total.seeds, (unsigned long long)start, (unsigned long long)all,
        (unsigned long long)process_calls, (unsigned long long)total.hours, total.repairs,
        total.undone, promises_reminders, total.late, total.unknown, total.twice, said_troubles,
        total.cuts, total.kills, total.rotations, world_between.ends, world_between.cuts,
        world_between.found, total.tampered, total.clocks, promises_full[0], promises_full[1],
        promises_full[2], seconds, seconds > 0 ? (double)all * 60 / seconds / 1e6 : 0.0);
    return 0;
}
