/* SPDX-License-Identifier: MIT */
/*
 * said: each trouble is said, once. In quiet times one trouble is put into the world, with everything else working:
 * its event comes in time and does not come again while the trouble lasts; then the trouble is taken away, and what
 * is to follow comes once, too: the event that it is over, or the repair.
 */
#include <stdio.h>
#include <string.h>

#include "kms.h"
#include "process.h"
#include "sim.h"

enum { OTHERS_OWNER = 1, FIRST = 2000, NUMBERS = 2000, ALWAYS = 1000000 };

/* A busy record is worth an event after a minute. It is tried 63 s after the first time, or, when it was written to
 * more often at first, a minute later. */
enum { BEFORE_TOLD = 55 * SECOND, UNTIL_TOLD = 80 * SECOND };

unsigned said_troubles;

static char subject[WORLD_NAME_BYTES];
static unsigned counts[NUMBERS];

static bool is_about_a_record(unsigned number) {
    return (number < EVENT_LIMIT && number != EVENT_TO_ENABLE) || number == EVENT_UNDONE ||
           number == EVENT_RELEASED;
}

void said_note(const struct event *event) {
    unsigned number = (unsigned)event->number;
    if (number < FIRST || number >= FIRST + NUMBERS)
        return;
    if (!is_about_a_record(number) || world_equal(event->string[0], subject))
        counts[number - FIRST]++;
}

static void expect(enum event_number number, unsigned times, const char *when) {
    unsigned count = counts[(unsigned)number - FIRST];
    if (!world.broken && count != times)
        broken("%s: event %u is said %u times, not %u, %s", subject, (unsigned)number, count, times,
               when);
}

/* From now on events are counted, those about records of this one alone. */
static void listen_to(unsigned record) {
    kms_name(record, subject);
    memset(counts, 0, sizeof counts);
}

static unsigned folder(void) {
    return processes[0].folder;
}

static struct node *find(void) {
    return world_node(world_find(world.at[folder()], subject));
}

static bool put(unsigned record, enum content content) {
    listen_to(record);
    trace("said: %s is written", subject);
    return kms_exact(folder(), record, content);
}

static uint64_t settled(void) {
    return (uint64_t)sim.settings.settle_seconds * SECOND + 3 * SECOND;
}

/* Somebody opens it; -1 when it cannot be had. */
static int open_it(unsigned access, unsigned share) {
    enum world_code code = WORLD_OK;
    return world_open(world.at[folder()], subject, access, share, OTHERS_OWNER, &code);
}

/* All is looked at once more, which is no reason to say anything again. */
static void look_again(void) {
    processes[0].lost = true;
    sim_pass(2 * MINUTE + sim_distance() + settled());
}

static void configure(bool repair, uint32_t limit) {
    processes[0].wanted = sim.settings;
    processes[0].wanted.repair = repair;
    processes[0].wanted.repairs_per_hour = limit;
    processes[0].configure = true;
    sim_pass(SECOND);
}

/* ---- the troubles */

static void report_only(unsigned record) {
    configure(false, sim.settings.repairs_per_hour);
    bool written = put(record, CONTENT_STUCK);
    if (written) {
        sim_pass(settled());
        expect(EVENT_STUCK, 1, "with Repair = no");
        look_again();
        expect(EVENT_STUCK, 1, "when it is looked at again");
        expect(EVENT_REPAIRED, 0, "with Repair = no");
    }
    configure(true, sim.settings.repairs_per_hour);
    sim_pass(2 * MINUTE + settled());
    if (written)
        expect(EVENT_REPAIRED, 1, "with Repair = yes again");
}

static void second_of_two(void) {
    sim_pass(settled());
    expect(EVENT_LIMIT, 1, "at the limit");
    expect(EVENT_STUCK, 1, "at the limit");
    look_again();
    expect(EVENT_LIMIT, 1, "when all is looked at again");
    expect(EVENT_STUCK, 1, "when all is looked at again");
    expect(EVENT_REPAIRED, 0, "at the limit");
    sim_pass(HOUR + 3 * MINUTE + sim_distance() + settled());
    expect(EVENT_REPAIRED, 1, "when the hour is over");
}

/* Lines of no meaning make the journal so long that it is begun anew. Then the service is killed and started again, and
 * nobody sets the clock meanwhile. */
static void begin_anew(void) {
    size_t size = world.journal_size;
    if (world.journal_owner == 0 && !world.journal_aside && size <= JOURNAL_BYTES_MAX) {
        memset(world.journal + size, 'x', JOURNAL_BYTES_MAX - size);
        memcpy(world.journal + JOURNAL_BYTES_MAX, "\r\n", 2);
        world_journal_put(world.journal, JOURNAL_BYTES_MAX + 2);
        trace("somebody makes the journal long");
        process_note_journal();
        sim_pass(MINUTE);
    }
    trace("---- #%u is killed", processes[0].serial);
    process_end(&processes[0]);
    sim.service_due = world.now + SECOND;
    sim_pass(MINUTE);
}

/* The second of two in an hour is one too many, also when only a new journal tells of the first. */
static void limit(unsigned record) {
    const uint32_t before = sim.settings.repairs_per_hour;
    sim.settings.repairs_per_hour = 1;
    configure(true, 1);
    if (put(record, CONTENT_STUCK)) {
        sim_pass(settled());
        expect(EVENT_REPAIRED, 1, "as the first of an hour");
        if (world_below(2) == 0)
            begin_anew();
        /* Another record, that cannot be written to, may have come to the limit by then. */
        if (!world.broken && !processes[0].mender.trip.on &&
            put((record + 1) % kms.records, CONTENT_STUCK))
            second_of_two();
    }
    sim.settings.repairs_per_hour = before;
    configure(true, before);
}

/* Not while somebody writes to it; but after a minute nevertheless. */
static void wait_for_writer(enum event_number number) {
    int handle = open_it(ACCESS_WRITE, ACCESS_ALL);
    sim_pass(BEFORE_TOLD);
    expect(number, 0, "while it is written to");
    sim_pass(settled() + UNTIL_TOLD);
    expect(number, 1, "while it is written to for more than a minute");
    if (handle >= 0)
        world_close(handle);
}

static void unsound(unsigned record, enum content content, enum event_number number) {
    if (!put(record, content))
        return;
    if (world_below(2) == 0)
        wait_for_writer(number);
    sim_pass(settled());
    expect(number, 1, "of what it holds");
    look_again();
    expect(number, 1, "when it is looked at again");
    if (kms_exact(folder(), record, CONTENT_SOUND))
        sim_pass(settled());
    expect(number, 1, "once it is sound");
}

static void doubtful(unsigned record) {
    unsound(record, CONTENT_DOUBTFUL, EVENT_DOUBTFUL);
}

static void unreadable(unsigned record) {
    unsound(record, CONTENT_UNREADABLE, EVENT_UNREADABLE);
}

/* Somebody has it open, or a part of it locked. */
static void busy(unsigned record) {
    int handle = -1;
    if (!put(record, CONTENT_STUCK))
        return;
    if (world_below(2) == 0)
        handle = open_it(ACCESS_READ, 0);
    else
        find()->locked = world.now + HOUR;
    sim_pass(BEFORE_TOLD);
    expect(EVENT_BUSY, 0, "before a minute is over");
    sim_pass(settled() + UNTIL_TOLD);
    expect(EVENT_BUSY, 1, "after a minute");
    sim_pass(3 * MINUTE);
    expect(EVENT_BUSY, 1, "however long it lasts");
    if (handle >= 0)
        world_close(handle);
    find()->locked = 0;
    sim_pass(MINUTE + settled());
    expect(EVENT_REPAIRED, 1, "once it is let go");
    expect(EVENT_BUSY, 1, "and then let go");
}

static void refused(unsigned record) {
    if (!put(record, CONTENT_STUCK))
        return;
    struct node *node = find();
    bool *what[] = {&node->read_only, &node->linked, &node->reparse};
    bool *flag = what[world_below(3)];
    *flag = true;
    sim_pass(settled());
    expect(EVENT_REPAIR_FAILED, 1, "while it may not be written to");
    look_again();
    expect(EVENT_REPAIR_FAILED, 1, "when it is looked at again");
    *flag = false;
    look_again();
    expect(EVENT_REPAIRED, 1, "once it may be written to");
}

static void not_flushed(unsigned record) {
    if (!put(record, CONTENT_STUCK))
        return;
    rates.fault[CALL_FLUSH] = ALWAYS;
    sim_pass(settled() + 2 * MINUTE);
    expect(EVENT_REPAIR_FAILED, 1, "while it does not get to the disk");
    expect(EVENT_REPAIRED, 0, "while it does not get to the disk");
    rates.fault[CALL_FLUSH] = 0;
    sim_pass(MINUTE + 3 * SECOND);
    expect(EVENT_REPAIRED, 1, "once it gets to the disk");
    expect(EVENT_REPAIR_FAILED, 1, "and then gets to the disk");
}

static void journal(unsigned record) {
    bool held = world_below(2) == 0;
    uint64_t until = world.now + 6 * (uint64_t)MINUTE;
    listen_to(record);
    *(held ? &outages.scanner : &outages.journal) = until;
    process_note_journal();
    sim_pass(BEFORE_TOLD);
    if (held)
        expect(EVENT_JOURNAL_AWAY, 0, "before a minute is over");
    sim_pass(UNTIL_TOLD);
    expect(EVENT_JOURNAL_AWAY, 1, "while it cannot be used");
    sim_pass(until - world.now);
    expect(EVENT_JOURNAL_AWAY, 1, "however long it lasts");
    expect(EVENT_JOURNAL_BACK, 0, "while it cannot be used");
    sim_pass(2 * MINUTE + 3 * SECOND);
    expect(EVENT_JOURNAL_BACK, 1, "once it can be used");
    expect(EVENT_JOURNAL_AWAY, 1, "and then it can be used");
}

static void events(unsigned record) {
    if (!put(record, CONTENT_STUCK))
        return;
    outages.event_log = world.now + settled() + world_below(10 * MINUTE);
    sim_pass(outages.event_log - world.now + MINUTE + 3 * SECOND);
    expect(EVENT_REPAIRED, 1, "once the log takes events");
    expect(EVENT_EVENTS_BACK, 1, "once the log takes events");
    if (!kms_exact(folder(), record, CONTENT_STUCK))
        return;
    sim_pass(settled());
    expect(EVENT_REPAIRED, 2, "when it is stuck again");
    expect(EVENT_EVENTS_BACK, 1, "and then all is well");
}

/* Of a record that is held since its undo. */
static void release(unsigned record) {
    char name[WORLD_NAME_BYTES];
    struct process *verb = &processes[1];
    const struct memory *memory = &processes[0].mender.ledger.memory;
    if (verb->alive || memory->count[ITEM_HOLD] + 1 >= MEMORY_HELD || !put(record, CONTENT_STUCK))
        return;
    memcpy(name, subject, sizeof name);
    sim_pass(settled());
    process_start(verb, PROCESS_UNDO, &sim.settings, name);
    sim_pass(12 * SECOND);
    expect(EVENT_UNDONE, 1, "by undo");
    look_again();
    expect(EVENT_REPAIRED, 1, "before it was held");
    if (verb->alive)
        return;
    process_start(verb, PROCESS_RELEASE, &sim.settings, name);
    sim_pass(12 * SECOND + settled());
    expect(EVENT_RELEASED, 1, "by release");
    expect(EVENT_REPAIRED, 2, "once it is released");
}

static void lost(unsigned record) {
    /* Some may have been lost in times of trouble. */
    sim_pass(HOUR + SECOND);
    listen_to(record);
    processes[0].lost = true;
    sim_pass(SECOND);
    expect(EVENT_CHANGES_LOST, 1, "when changes are lost");
    look_again();
    processes[0].lost = true;
    sim_pass(SECOND);
    expect(EVENT_CHANGES_LOST, 1, "within an hour");
    sim_pass(HOUR);
    processes[0].lost = true;
    sim_pass(SECOND);
    expect(EVENT_CHANGES_LOST, 2, "an hour later");
}

static void put_away(bool away) {
    world.away[folder()] = away;
}

static void keep_from_listing(bool away) {
    rates.fault[CALL_LIST_OPEN] = away ? ALWAYS : 0;
    processes[0].lost = away;
}

/* It is gone, or it is there and cannot be listed. */
static void folder_away(unsigned record) {
    void (*set)(bool away) = world_below(2) == 0 ? put_away : keep_from_listing;
    listen_to(record);
    set(true);
    sim_pass(2 * MINUTE + sim_distance());
    expect(EVENT_FOLDER_AWAY, 1, "while it is away");
    sim_pass(4 * MINUTE);
    expect(EVENT_FOLDER_AWAY, 1, "however long it lasts");
    expect(EVENT_FOLDER_BACK, 0, "while it is away");
    set(false);
    sim_pass(2 * MINUTE);
    expect(EVENT_FOLDER_BACK, 1, "once it is back");
    expect(EVENT_FOLDER_AWAY, 1, "and then it is back");
}

static void (*const troubles[])(unsigned record) = {report_only, limit,   doubtful,    unreadable,
                                                    busy,        refused, not_flushed, journal,
                                                    events,      release, lost,        folder_away};

/* What else there is must not be what is heard. */
static bool is_quiet(void) {
    char name[WORLD_NAME_BYTES];
    const struct process *service = &processes[0];
    return service->alive && service->open && !service->paused &&
           service->mender.queue.count == 0 && !service->mender.trip.on &&
           service->mender.notices.count + kms.records < NOTICES && !sim_is_limited(4) &&
           sim_stuck(name, true) == 0;
}

void say_in_peace(void) {
    uint32_t which = world_below(sizeof troubles / sizeof troubles[0]);
    uint32_t record = world_below(kms.records);
    if (!is_quiet())
        return;
    said_troubles += !world.tracing;
    troubles[which](record);
}
