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

#include "kms.h"
#include "process.h"
#include "promises.h"
#include "sim.h"

enum { HISTORY = 80 };

struct sim sim;
struct sim_total sim_total;

/* ---- turns */

static void run_process(struct process *process) {
    process_run(process);
    if (process_cut)
        sim_cut_power();
    else if (!process->alive) {
        sim_total.kills += process->inside;
        process_end(process);
        if (process != &processes[0])
            processes[0].journal_changed = sim.calm || world_below(3) != 0;
        else
            sim.service_due = world.now + world_below(5000);
    }
}

/* One turn of whoever has something to do; the clock goes on when nobody has. */
void sim_turn(uint64_t until) {
    struct process *ready[PROCESSES];
    uint32_t count = 0;
    uint64_t due = kms_due();
    bool kms_ready = due <= world.now;
    sim.turns++;
    if (!processes[0].alive && world.now >= sim.service_due)
        sim_start_service();
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
            sim_total.steps++;
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
    uint64_t end = process_steps + sim_total.steps + steps;
    while (!world.broken && process_steps + sim_total.steps < end) {
        if (sim.restart_due != 0 && world.now >= sim.restart_due) {
            sim.restart_due = 0;
            sim_kill(&processes[0]);
        } else if (world_chance(sim.acting))
            sim_act();
        else
            sim_turn(UINT64_MAX);
    }
}

/* ---- stories */

static bool tell_story(uint64_t seed, unsigned steps) {
    sim_begin(seed);
    for (unsigned part = 0; part < 3 && !world.broken; part++) {
        trouble(steps / 3);
        if (!world.broken)
            sim_quiet();
    }
    if (!world.tracing) {
        sim_total.seeds++;
        sim_total.hours += (world.now - 36000000) / HOUR;
        sim_total.rotations += world.journal_generation - 1;
        promises_count(&sim_total.repairs, &sim_total.undone, &sim_total.late, &sim_total.unknown,
                       &sim_total.twice);
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
    uint64_t all = process_steps + sim_total.steps;
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
        sim_total.seeds, (unsigned long long)start, (unsigned long long)all,
        (unsigned long long)process_calls, (unsigned long long)sim_total.hours, sim_total.repairs,
        sim_total.undone, promises_reminders, sim_total.late, sim_total.unknown, sim_total.twice,
        said_troubles, sim_total.cuts, sim_total.kills, sim_total.rotations, world_between.ends,
        world_between.cuts, world_between.found, sim_total.tampered, sim_total.clocks,
        promises_full[0], promises_full[1], promises_full[2], seconds,
        seconds > 0 ? (double)all * 60 / seconds / 1e6 : 0.0);
    return 0;
}
