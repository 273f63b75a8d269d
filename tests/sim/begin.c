/* SPDX-License-Identifier: MIT */
/*
 * begin: the world of a seed: its settings, what goes wrong and how often, its records, and journals that
 * nobody here has written.
 */
#include <stdio.h>
#include <string.h>

#include "journal.h"
#include "kms.h"
#include "process.h"
#include "promises.h"
#include "sim.h"

enum { MANY = 40 };

static uint32_t one_of(const uint32_t *list, size_t count) {
    return list[world_below((uint32_t)count)];
}

#define ONE_OF(...)                                                                                \
    one_of((const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

void sim_draw_settings(struct settings *settings) {
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

size_t sim_make_lineage(char *to) {
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
        at = sim_make_lineage(world.journal);
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

void sim_start_service(void) {
    process_start(&processes[0], PROCESS_SERVICE, &sim.settings, NULL);
}

void sim_begin(uint64_t seed) {
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
    sim_draw_settings(&sim.settings);
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
    sim_start_service();
    rates = sim.rates;
}
