/* SPDX-License-Identifier: MIT */
/*
 * test_write: core/change, a write that fails, is in use or cannot be read back: it is tried again under the same INTENT
 * until it is made, given up, or settled by another process.
 */
#include "rig.h"

/* Somebody has locked the bytes of the record, and nothing else of it. The repair is tried again
 * from one second on, under the same INTENT: one line, one count in the hour. */
static void test_L6_repair_meets_a_lock(void **state) {
    (void)state;
    /* Seconds after the start: the settle time, then 1, 2, 4 ... 60 s. */
    static const uint32_t at[] = {5, 6, 8, 12, 20, 36, 68, 128, 188, 248};
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 10, HOST_BUSY);
    start();
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        run((i == 0 ? at[0] : at[i] - at[i - 1]) * SECOND - 1);
        same_number("just before", "attempts", i, fake.count[FAKE_WRITE]);
        run(1);
        same_number("at its time", "attempts", i + 1, fake.count[FAKE_WRITE]);
        same_number("at its time", "2020", at[i] - at[0] >= 60, fake_events(&fake, EVENT_BUSY));
    }
    untouched(file, STUCK);
    same_number("meanwhile", "INTENTs", 1, fake_intents(&fake));
    same_number("meanwhile", "in the hour", 1, limiter_count(&mender.ledger.window, fake.clock));
    journal_is_clean(1);
    run(MINUTE);
    repaired(file, STUCK);
    story("events", "3020, 2020 a.ini, 2000 a.ini");
    same_number("in the end", "INTENTs", 1, fake_intents(&fake));
    same_number("in the end", "in the hour", 1, limiter_count(&mender.ledger.window, fake.clock));
    journal_is_clean(0);
    no_complaints();
}

/* A repair that waits for its write is not made in a folder that somebody has taken away. */
static void write_that_waits_is_not_made_elsewhere(void **state) {
    (void)state;
    struct fake_file *file = a_write_that_waits(2, HOST_BUSY, 5 * SECOND + 500);
    same_number("before", "INTENTs", 1, fake_intents(&fake));
    use_folder(1);
    run(HOUR);
    untouched(file, STUCK);
    journal_is_clean(0);
    no_complaints();
}

/* The server itself writes what the repair would have made of it: that is no repair. */
static void write_that_waits_is_made_by_the_server(void **state) {
    (void)state;
    struct fake_file *file = a_write_that_waits(2, HOST_BUSY, 5 * SECOND + 500);
    same_number("before", "INTENTs", 1, fake_intents(&fake));
    fake_change(file, repaired_text);
    run(MINUTE);
    same_number("in the end", "2000", 0, fake_events(&fake, EVENT_REPAIRED));
    same_number("a.ini", "writes", 0, file->writes);
    journal_is_clean(0);
    no_complaints();
}

/* Another process ends it, as one that was not made, and is gone: it is looked at again without a scan. */
static void write_that_waits_is_ended_by_another(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    struct fake_file *file = a_write_that_waits(2, HOST_BUSY, 5 * SECOND + 500);
    struct journal_entry done = {.kind = JOURNAL_DONE, .number = 1, .outcome = OUTCOME_NOT_MADE};
    done.utc = fake.host.utc(fake.host.context);
    fake_append_entry(&fake, &done);
    mender_journal_changed(&mender);
    run(MINUTE);
    repaired(file, STUCK);
    same_number("in the end", "INTENTs", 2, fake_intents(&fake));
    no_complaints();
}

/* Any other failure is told at once, and once, with what happens next. */
static void write_failing(void **state) {
    (void)state;
    struct fake_file *file = a_write_that_waits(3, HOST_FAILED, 11 * SECOND);
    untouched(file, STUCK);
    story("at first", "3020, 2021 a.ini");
    same_text("2021", "what happens next", "It is tried again.",
              fake_event(&fake, EVENT_REPAIR_FAILED)->string[2]);
    journal_is_clean(1);
    run(MINUTE);
    repaired(file, STUCK);
    story("later", "3020, 2021 a.ini, 2000 a.ini");
    same_number("later", "INTENTs", 1, fake_intents(&fake));
    journal_is_clean(0);
    no_complaints();
}

/* With Repair = no from now on, a write that waits is not made any more. */
static void write_that_waits_is_given_up(void **state) {
    (void)state;
    struct fake_file *file = a_write_that_waits(2, HOST_BUSY, 7 * SECOND);
    settings.repair = false;
    mender_configure(&mender, &settings);
    run(HOUR);
    untouched(file, STUCK);
    same_number("a.ini", "2001", 1, fake_events(&fake, EVENT_STUCK));
    same_text("journal", "last DONE", "not-made",
              fake_entry(&fake, JOURNAL_DONE)->outcome == OUTCOME_NOT_MADE ? "not-made" : "other");
    journal_is_clean(0);
    no_complaints();
}

/* Made read-only while the write waits: it is not made, and the record is left alone until it
 * changes. */
static void write_that_waits_is_refused(void **state) {
    (void)state;
    struct fake_file *file = a_write_that_waits(2, HOST_BUSY, 7 * SECOND);
    file->repair = HOST_REFUSED;
    run(3 * HOUR);
    untouched(file, STUCK);
    story("events", "3020, 2021 a.ini");
    same_text("2021", "what happens next", "It is left alone until it changes.",
              fake_event(&fake, EVENT_REPAIR_FAILED)->string[2]);
    journal_is_clean(0);
    no_complaints();
}

/* Deleted while the write waits: nothing was done to it. */
static void write_that_waits_is_for_nothing(void **state) {
    (void)state;
    struct fake_file *file = a_write_that_waits(2, HOST_BUSY, 7 * SECOND);
    file->there = false;
    run(HOUR / 2);
    story("events", "3020");
    journal_is_clean(0);
    no_complaints();
}

/* Another process settles the INTENT while this one waits for its next try (not made), and the
 * record is held or repaired by then: the byte is not written under an INTENT that is over. */
static void write_that_waits_is_settled_by_another(void **state) {
    (void)state;
    struct fake_file *file = a_write_that_waits(4, HOST_BUSY, 13 * SECOND);
    struct journal_entry entry = an_intent(1, "a.ini", STUCK);
    entry.kind = JOURNAL_DONE;
    entry.outcome = OUTCOME_NOT_MADE;
    fake_append_entry(&fake, &entry);
    entry = an_intent(2, "a.ini", STUCK);
    entry.kind = JOURNAL_HOLD;
    fake_append_entry(&fake, &entry);
    run(3 * HOUR);
    untouched(file, STUCK);
    journal_is_clean(0);
    no_complaints();
}

/* A directory in the place of the Clients folder: the path does not lead to the watched one any
 * more. */
static void test_C7_folder_replaced_before_intent(void **state) {
    (void)state;
    static const enum host_code codes[] = {HOST_FAILED, HOST_GONE, HOST_REFUSED, HOST_BUSY};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char label[32];
        (void)snprintf(label, sizeof label, "folder_check gives %d", (int)codes[i]);
        (void)rig_setup(NULL);
        struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
        start();
        run(SECOND);
        unsigned lines = fake_lines(&fake);
        (void)fake_fail(&fake, FAKE_FOLDER_CHECK, 1, FAKE_FOR_EVER, codes[i]);
        run(HOUR / 2);
        untouched(file, STUCK);
        same_number(label, "writes", 0, fake.count[FAKE_WRITE]);
        same_number(label, "lines in the journal", lines, fake_lines(&fake));
        fake_heal(&fake);
        mender_changes_lost(&mender);
        fake_change(file, OTHER_STUCK);
        run(2 * MINUTE);
        repaired(file, OTHER_STUCK);
    }
    no_complaints();
}

/* The same while a write waits: the INTENT stays, and nothing is written there. */
static void test_C7_folder_replaced_after_intent(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_BUSY);
    (void)fake_fail(&fake, FAKE_FOLDER_CHECK, 2, FAKE_FOR_EVER, HOST_FAILED);
    run(HOUR / 2);
    untouched(file, STUCK);
    same_number("meanwhile", "attempts", 1, fake.count[FAKE_WRITE]);
    journal_is_clean(1);
    fake_heal(&fake);
    run(2 * MINUTE);
    repaired(file, STUCK);
    same_number("in the end", "INTENTs", 1, fake_intents(&fake));
    journal_is_clean(0);
    no_complaints();
}

/* Seen in the simulation (seed 426411172): the repair failed, another process settled it and made
 * one of its own, and this one, without the journal, took that for its own and reported it. */
static void not_reported_when_another_made_it(void **state) {
    (void)state;
    struct journal_entry done = an_intent(1, "a.ini", STUCK);
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    done.kind = JOURNAL_DONE;
    done.outcome = OUTCOME_NOT_MADE;
    settings.settle_seconds = 0;
    (void)fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_FAILED);
    start();
    run(0);
    story("at first", "2021 a.ini, 3020");
    fake_append_entry(&fake, &done);
    append_repair(2, "a.ini");
    file->bytes[DIGIT] = '1';
    (void)fake_fail(&fake, FAKE_JOURNAL_OPEN, 1, 3, HOST_BUSY);
    run(HOUR);
    same_number("another's", "2000", 0, fake_events(&fake, EVENT_REPAIRED));
    journal_is_clean(0);
    no_complaints();
}

/* One repair of a record at a time, also when somebody tells of it meanwhile. */
static void not_begun_again_while_in_flight(void **state) {
    (void)state;
    settings.settle_seconds = 0;
    struct fake_file *file = a_write_that_waits(1, HOST_FAILED, 0);
    same_number("a.ini", "is not settled", 1, fake_open_intents(&fake, true));
    fake_clear_log(&fake);
    mender_hint(&mender, "a.ini");
    run(0);
    same_text("meanwhile", "calls",
              "open a.ini, read, close, journal-open, journal-read, journal-read", fake_log(&fake));
    run(2 * HOUR);
    repaired(file, STUCK);
    same_number("journal", "INTENTs", 1, fake_intents(&fake));
    journal_is_clean(0);
    no_complaints();
}

/* While a write waits the record may change, and nobody tells: the next try sees it, and the new
 * content gets the settle time. */
static void changed_after_a_failed_repair(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    struct fake_file *file = a_write_that_waits(
        5, HOST_FAILED,
        25 * SECOND); /* it fails after 5, 6, 8, 12 and 20 s; the next is after 36 */
    fake_change(file, OTHER_STUCK);
    run(15 * SECOND);
    untouched(file, OTHER_STUCK);
    run(7 * SECOND);
    repaired(file, OTHER_STUCK);
    journal_is_clean(0);
    no_complaints();
}

/* The same, and a scan comes across the other content first. */
static void changed_and_scanned_after_a_failed_repair(void **state) {
    (void)state;
    struct fake_file *file = a_write_that_waits(5, HOST_FAILED, 25 * SECOND);
    fake_change(file, OTHER_STUCK);
    mender_changes_lost(&mender);
    run(4 * SECOND);
    untouched(file, OTHER_STUCK);
    run(MINUTE);
    repaired(file, OTHER_STUCK);
    journal_is_clean(0);
    no_complaints();
}

/* Whatever the write says, the file tells. */
static void write_that_failed_but_was_done(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_FAILED)->done = true;
    start();
    run(MINUTE);
    repaired(file, STUCK);
    story("events", "3020, 2021 a.ini, 2000 a.ini");
    journal_is_clean(0);
    no_complaints();
}

static void flush_failing(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_FLUSH, 1, 3, HOST_FAILED);
    start();
    run(SECOND * 6);
    same_number("not yet", "2000", 0, fake_events(&fake, EVENT_REPAIRED));
    run(MINUTE);
    repaired(file, STUCK);
    story("events", "3020, 2021 a.ini, 2000 a.ini");
    same_number("a.ini", "is on the disk", false, file->dirty);
    journal_is_clean(0);
    no_complaints();
}

static void read_back_failing(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    /* The looks of the scan, of the queue and of the repair come before it. */
    (void)fake_fail(&fake, FAKE_READ, 4, 1, HOST_FAILED);
    start();
    run(MINUTE);
    repaired(file, STUCK);
    story("events", "3020, 2021 a.ini, 2000 a.ini");
    journal_is_clean(0);
    no_complaints();
}

static void spoil_after_write(struct fake_host *host, enum fake_call call, struct fake_file *file) {
    (void)host;
    if (call == FAKE_FLUSH && file->writes == 1)
        file->bytes[0] = '?';
}

static void read_back_differing(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    fake.before = spoil_after_write;
    start();
    run(HOUR / 2);
    story("events", "3020, 2021 a.ini, 2003 a.ini");
    same_number("a.ini", "writes", 1, file->writes);
    journal_is_clean(0);
    no_complaints();
}

/* Another folder is watched, and the record in the old one stays in use: after a minute a look tells. */
static void write_that_waits_in_another_folder(void **state) {
    (void)state;
    struct fake_file *file = a_write_that_waits(1, HOST_BUSY, 5 * SECOND + 500);
    file->repair = HOST_BUSY;
    use_folder(1);
    run(50 * SECOND);
    journal_is_clean(1);
    run(2 * MINUTE);
    journal_is_clean(0);
    same_number("a.ini", "outcome", OUTCOME_NOT_MADE, fake_entry(&fake, JOURNAL_DONE)->outcome);
    untouched(file, STUCK);
    no_complaints();
}

/* While its event is owed somebody tells of the record again, stuck with the same bytes: not before the first is over. */
static void stuck_again_while_in_flight(void **state) {
    (void)state;
    struct fake_file *file = an_event_that_waits("a.ini");
    same_number("first", "writes", 1, file->writes);
    fake_change(file, STUCK);
    mender_hint(&mender, "a.ini");
    run(MINUTE);
    same_number("while it is owed", "writes", 1, file->writes);
    same_number("while it is owed", "INTENTs", 1, fake_intents(&fake));
    fake_heal(&fake);
    run(5 * MINUTE);
    same_number("then", "writes", 2, file->writes);
    same_number("then", "2000", 2, fake_events(&fake, EVENT_REPAIRED));
    journal_is_clean(0);
    no_complaints();
}

/* Whoever ends leaves a repair that waits for its write to the next one: it is not known to be given up. */
static void write_that_waits_outlives_the_process(void **state) {
    (void)state;
    struct fake_file *file = a_write_that_waits(2, HOST_BUSY, 5 * SECOND + 500);
    mender_close(&mender);
    journal_is_clean(1);
    restart(false);
    run(MINUTE);
    repaired(file, STUCK);
    journal_is_clean(0);
    no_complaints();
}

/* The journal is busy meanwhile: it is asked again at growing intervals, as for anything else. */
static void write_that_waits_for_the_journal(void **state) {
    (void)state;
    struct fake_file *file = a_write_that_waits(1, HOST_BUSY, 5 * SECOND + 500);
    fake.scanned_until = fake.clock + 20 * SECOND;
    fake.count[FAKE_JOURNAL_OPEN] = 0;
    run(20 * SECOND);
    same_number("busy for 20 s", "tries at most", true, fake.count[FAKE_JOURNAL_OPEN] <= 15);
    untouched(file, STUCK);
    run(MINUTE);
    repaired(file, STUCK);
    no_complaints();
}

static void spoil_the_end(struct fake_host *host, enum fake_call call, struct fake_file *file) {
    (void)host;
    if (call == FAKE_FLUSH && file->writes == 1)
        file->bytes[file->size - 1] = '?';
}

/* In any of the pieces in which it is compared. */
static void read_back_differing_at_the_end(void **state) {
    (void)state;
    static const size_t sizes[] = {1024, 1025, 2048, 2050};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char text[2100];
        (void)rig_setup(NULL);
        memset(text, ';', sizeof text);
        memcpy(text, "State = 4\n", 10);
        text[sizes[i]] = '\0';
        struct fake_file *file = fake_file(&fake, "a.ini", text);
        fake.before = spoil_the_end;
        start();
        run(HOUR / 2);
        story("events", "3020, 2021 a.ini, 2003 a.ini");
        same_number("a.ini", "writes", 1, file->writes);
    }
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_L6_repair_meets_a_lock),
        TEST(write_that_waits_is_not_made_elsewhere),
        TEST(write_that_waits_is_made_by_the_server),
        TEST(write_that_waits_is_ended_by_another),
        TEST(write_failing),
        TEST(write_that_waits_is_given_up),
        TEST(write_that_waits_is_refused),
        TEST(write_that_waits_is_for_nothing),
        TEST(write_that_waits_is_settled_by_another),
        TEST(test_C7_folder_replaced_before_intent),
        TEST(test_C7_folder_replaced_after_intent),
        TEST(not_reported_when_another_made_it),
        TEST(not_begun_again_while_in_flight),
        TEST(changed_after_a_failed_repair),
        TEST(changed_and_scanned_after_a_failed_repair),
        TEST(write_that_failed_but_was_done),
        TEST(flush_failing),
        TEST(read_back_failing),
        TEST(read_back_differing),
        TEST(write_that_waits_in_another_folder),
        TEST(stuck_again_while_in_flight),
        TEST(write_that_waits_outlives_the_process),
        TEST(write_that_waits_for_the_journal),
        TEST(read_back_differing_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
