/* SPDX-License-Identifier: MIT */
/*
 * promises_events: what is said in events: of which change, how often, and never a secret.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "promises_parts.h"

#define changes promises_changes
#define change_count promises_change_count

static unsigned twice, late, unknown;

void promises_events_begin(void) {
    twice = late = unknown = 0;
}

static uint32_t decimal(const char *text) {
    return (uint32_t)strtoul(text, NULL, 10);
}

static void print_utc(uint32_t utc, char *to, size_t size) {
    time_t time = (time_t)utc;
    struct tm tm;
    (void)gmtime_r(&time, &tm);
    (void)strftime(to, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* The change that an event is about: one that the journal has in flight, or else the first that fits and is not
 * reported, or else one that is. */
static struct deed *find_reported(const struct process *p, const struct event *event) {
    struct deed *found = NULL;
    char begun[32];
    for (size_t i = change_count; i-- > 0;) {
        struct deed *change = &changes[i];
        if (change->lost || !world_equal(change->name, event->string[0]) ||
            change->folder != world_folder(event->string[1]) ||
            change->offset != decimal(event->string[3]))
            continue;
        if (event->number != EVENT_OUTCOME_UNKNOWN &&
            change->undo != (event->number == EVENT_UNDONE))
            continue;
        if (event->number == EVENT_REPAIRED && change->owner != p->serial)
            continue;
        /* What is done and was not reported was not made. */
        if (change->done && change->reports == 0)
            continue;
        print_utc(change->utc, begun, sizeof begun);
        if (event->number != EVENT_REPAIRED && event->number != EVENT_UNDONE &&
            strcmp(begun, event->string[4]) != 0)
            continue;
        if (found == NULL || promises_is_open(change) > promises_is_open(found) ||
            (promises_is_open(change) == promises_is_open(found) && !change->done && found->done) ||
            (change->done == found->done && change->reports == 0 && found->reports > 0 &&
             promises_is_open(change) == promises_is_open(found)))
            found = change;
    }
    return found;
}

static bool is_alive(uint32_t serial) {
    for (size_t i = 0; i < PROCESSES; i++) {
        if (processes[i].alive && processes[i].serial == serial)
            return true;
    }
    return false;
}

static uint64_t trouble_of(uint32_t serial) {
    for (size_t i = 0; i < PROCESSES; i++) {
        if (processes[i].serial == serial)
            return processes[i].trouble ? processes[i].trouble_step : 0;
    }
    return 0;
}

static void check_twice(const struct process *p, const struct deed *change) {
    bool trouble = p->trouble && p->trouble_step == p->steps;
    twice++;
    if (change->revived)
        return;
    if (change->reporter == p->serial)
        broken("%s: %u is reported twice by one process", change->name, change->number);
    else if (world.now - change->time >= LEDGER_OTHERS)
        return; /* another process may have settled it meanwhile */
    else if (change->done && !trouble)
        broken("%s: %u is reported again after its DONE", change->name, change->number);
    else if (is_alive(change->reporter) && trouble_of(change->reporter) < change->report_step &&
             !trouble)
        broken("%s: %u is reported twice without a crash", change->name, change->number);
}

static bool is_written(const struct deed *change) {
    return change->written;
}

static void report_change(struct process *p, const struct event *event) {
    struct deed *change = event->strings >= 4 ? find_reported(p, event) : NULL;
    if (change == NULL) {
        broken("%s: an event about a change that was never begun", event->string[0]);
        return;
    }
    late += event->number == EVENT_REPAIRED_LATE;
    unknown += event->number == EVENT_OUTCOME_UNKNOWN;
    if (event->number != EVENT_OUTCOME_UNKNOWN && !change->seen_after)
        broken("%s: %u is reported and nobody has seen it", change->name, change->number);
    else if (event->number != EVENT_OUTCOME_UNKNOWN && change->alone && !change->flushed)
        broken("%s: %u is reported and is not on the disk", change->name, change->number);
    else if (event->number == EVENT_REPAIRED && !promises_any_twin(change, is_written) &&
             change->place == p->place)
        broken("%s: %u is reported and was never made", change->name, change->number);
    else if (change->reports > 0)
        check_twice(p, change);
    if (change->reports++ == 0) {
        change->reporter = p->serial;
        change->report_step = p->steps;
    }
}

/* The same about the same content is said once, until the service is told to start over. */
static void report_warning(struct process *p, const struct event *event) {
    const char *name = event->string[0];
    size_t i = 0;
    while (i < p->warned_count && (p->warned[i].number != (uint32_t)event->number ||
                                   !world_equal(p->warned[i].name, name)))
        i++;
    if (i < p->warned_count && p->warned[i].content == p->read_content)
        broken("%s: event %d is reported again about the same content", name, (int)event->number);
    if (i == PROCESS_WARNINGS)
        return;
    p->warned[i].number = event->number;
    p->warned[i].content = p->read_content;
    p->warned[i].written = p->asked_written && world_equal(p->asked, name);
    (void)snprintf(p->warned[i].name, WORLD_NAME_BYTES, "%s", name);
    if (i == p->warned_count)
        p->warned_count++;
}

void promises_asked(struct process *p, const char *name, bool is_written) {
    for (size_t i = 0; i < p->warned_count; i++) {
        bool *was_written = &p->warned[i].written;
        if (!world_equal(p->warned[i].name, name) || (!is_written && !*was_written))
            continue;
        p->warned[i].content = 0; /* of no record */
        *was_written = is_written;
    }
    p->asked_written = is_written;
    (void)snprintf(p->asked, sizeof p->asked, "%s", name);
}

/* ---- reminders */

unsigned promises_reminders;

uint64_t promises_reminded_at(void) {
    return promises_reminder.time;
}

/* It was read in this step, as this repair has left it. */
static bool is_seen(const struct process *p, const struct deed *repair) {
    for (size_t i = 0; i < p->seen_count; i++) {
        if (world_equal(p->seen[i].name, repair->name) && p->seen[i].content == repair->after)
            return true;
    }
    return false;
}

/* `named`: a mailbox, or `record` and a name. */
static void check_named(const struct process *p, const char *named, size_t length) {
    bool record = length > 7 && memcmp(named, "record ", 7) == 0;
    for (size_t i = 0; i < change_count; i++) {
        const struct deed *it = &changes[i];
        const char *its = record ? it->name : it->mailbox;
        const char *text = record ? named + 7 : named;
        size_t its_length = strlen(its);
        size_t text_length = length - (record ? 7 : 0);
        /* Of a mailbox the first 63 bytes are kept. */
        bool cut = !record && its_length == WORLD_MAILBOX_BYTES - 1 && text_length > its_length;
        if (!it->undo && it->folder == p->folder && (its_length == text_length || cut) &&
            strncmp(its, text, its_length) == 0 && is_seen(p, it))
            return;
    }
    broken("a reminder names %.*s, and no repair is seen to be as it was left", (int)length, named);
}

static void report_reminder(struct process *p, const struct event *event) {
    struct reminder *last = &promises_reminder;
    uint64_t least = (uint64_t)p->settings.reminder_hours * HOUR_MS;
    if (p->kind != PROCESS_SERVICE || least == 0)
        broken("a reminder by who has not to remind");
    else if (p->paused || !p->open)
        broken("a reminder while paused, or without the folder");
    else if (decimal(event->string[1]) == 0)
        broken("a reminder of nothing");
    /* It goes by seconds, as does the journal. */
    else if (last->time != 0 && (last->serial == p->serial || (last->written && !last->excused)) &&
             world.now + (last->serial == p->serial ? 1000 : 2000) < last->time + least)
        broken("a reminder %llu s after the last one",
               (unsigned long long)(world.now - last->time) / 1000);
    for (const char *at = event->string[0]; *at != '\0' && strcmp(at, "...") != 0;) {
        const char *end = strstr(at, "; ");
        size_t length = end != NULL ? (size_t)(end - at) : strlen(at);
        check_named(p, at, length);
        at += length + (end != NULL ? 2 : 0);
    }
    last->time = world.now;
    last->serial = p->serial;
    last->written = last->excused = false;
    promises_reminders++;
}

bool promises_is_to_enable(unsigned folder, const char *name) {
    int slot = world_find(world.at[folder], name);
    size_t i = change_count;
    while (i > 0 && (changes[i - 1].folder != folder || !world_equal(changes[i - 1].name, name)))
        i--;
    return slot >= 0 && i > 0 && !changes[i - 1].undo && changes[i - 1].done &&
           changes[i - 1].after == world_content(world_node(slot));
}

/* A mailbox may be half of a name and half of a key, of a record that is being written; a reminder names
 * several. */
static bool tells_secret(const char *text) {
    const char *secret = strstr(text, "SECRET");
    for (; secret != NULL; secret = strstr(secret + 1, "SECRET")) {
        const char *from = secret;
        while (from > text && !(from[-1] == ' ' && from - 1 > text && from[-2] == ';'))
            from--;
        if (strncmp(from, "/o=", 3) != 0)
            return true;
    }
    return false;
}

void promises_report(struct process *p, const struct event *event, bool delivered) {
    for (unsigned i = 0; i < event->strings; i++) {
        if (event->string[i] == NULL || event->string[i][0] == '\0')
            broken("event %d has an empty string", (int)event->number);
        else if (tells_secret(event->string[i]))
            broken("event %d tells a secret", (int)event->number);
    }
    if (!delivered || world.broken)
        return;
    switch (event->number) {
    case EVENT_REPAIRED:
    case EVENT_REPAIRED_LATE:
    case EVENT_OUTCOME_UNKNOWN:
    case EVENT_UNDONE:
        report_change(p, event);
        break;
    case EVENT_DOUBTFUL:
    case EVENT_STUCK:
        report_warning(p, event);
        break;
    case EVENT_TO_ENABLE:
        report_reminder(p, event);
        break;
    default:
        break;
    }
}

void promises_count(unsigned *repairs, unsigned *taken_back, unsigned *late_ones,
                    unsigned *unknown_ones, unsigned *twice_told) {
    for (size_t i = 0; i < change_count; i++) {
        *repairs += changes[i].written && !changes[i].undo;
        *taken_back += changes[i].written && changes[i].undo;
    }
    *late_ones += late;
    *unknown_ones += unknown;
    *twice_told += twice;
}
