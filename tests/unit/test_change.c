/* SPDX-License-Identifier: MIT */
/*
 * test_change: core/change: the calls of one repair and their order, writes that fail and are tried
 * again, reports that are owed. What an earlier run left is test_settle's, crashes are
 * test_crash's.
 */
#include "rig.h"

static void order_of_calls(void **state) {
    (void)state;
    fake_clear_log(&fake);
    start();
    run(SECOND);
    same_text("start", "calls",
              "journal-open, journal-new, put CHECKPOINT, put LOADED, put WINDOW, journal-replace "
              "and drop, "
              "journal-open, journal-read, journal-read, append STATE, list, next, report 3020, "
              "journal-open, journal-read, journal-read, append STATE",
              fake_log(&fake));
    (void)fake_file(&fake, "a.ini", STUCK);
    mender_hint(&mender, "a.ini");
    fake_clear_log(&fake);
    run(10 * SECOND);
    same_text(
        "repair", "calls",
        "open a.ini, read, close, journal-open, journal-read, journal-read, open-repair a.ini, "
        "read, folder-check, append INTENT 1, write 63, flush, read, close, "
        "report 2000 a.ini, append DONE 1 repaired",
        fake_log(&fake));
    /* Our own write comes back as a hint: one quiet look. */
    mender_hint(&mender, "a.ini");
    fake_clear_log(&fake);
    run(10 * SECOND);
    same_text("the second look", "calls", "open a.ini, read, close", fake_log(&fake));
    no_complaints();
}

/* ---- the event log */

static void event_log_failing(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_REPORT, 1, 6, HOST_FAILED);
    run(30 * SECOND);
    repaired(file, STUCK);
    same_number("so far", "2000", 0, fake_events(&fake, EVENT_REPAIRED));
    journal_is_clean(1);
    run(5 * MINUTE);
    story("later", "3020, 2000 a.ini, 2033");
    journal_is_clean(0);
    same_number("mender", "is settled", true, mender_is_settled(&mender));
    no_complaints();
}

static void event_log_failing_at_a_restart(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    run(MINUTE);
    repaired(file, STUCK);
    fake_heal(&fake);
    fake_clear_events(&fake);
    restart(false);
    run(MINUTE);
    story("after the restart", "2002 a.ini, 3020");
    const struct fake_event *event = fake_event(&fake, EVENT_REPAIRED_LATE);
    same_number("event", "strings", 5, event->strings);
    same_text("event", "folder", settings.folder, event->string[1]);
    same_text("event", "offset", "63", event->string[3]);
    same_text("event", "begun", "2026-11-22T16:40:06Z", event->string[4]);
    journal_is_clean(0);
    no_complaints();
}

/* Both at once, and nothing that would look at the folder again by itself. */
static void journal_and_event_log_failing(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_APPEND, 1, 1, HOST_FAILED);
    (void)fake_fail(&fake, FAKE_REPORT, 1, 3, HOST_FAILED);
    run(10 * MINUTE);
    repaired(file, STUCK);
    same_number("all", "2000", 1, fake_events(&fake, EVENT_REPAIRED));
    journal_is_clean(0);
    no_complaints();
}

/* An NT 4.0 event log with its default settings is often full. What can be repaired then is bounded
 * by what can wait for it; `status` says so, and one event how long it was and how much waited. */
static void test_L11_event_log_away(void **state) {
    (void)state;
    settings.repairs_per_hour = CONFIG_REPAIRS_MAX;
    many_files(MEMORY_IN_FLIGHT + 40, STUCK);
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    run(3 * HOUR);
    same_number("without an event log", "repairs", MEMORY_IN_FLIGHT, count_repaired());
    same_number("without an event log", "INTENTs", MEMORY_IN_FLIGHT, fake_intents(&fake));
    same_number("without an event log", "state", WHY_EVENTS,
                fake_entry(&fake, JOURNAL_STATE)->state.why);
    journal_is_clean(MEMORY_IN_FLIGHT);
    fake_heal(&fake);
    run(HOUR);
    same_number("with one", "repairs", MEMORY_IN_FLIGHT + 40, count_repaired());
    same_number("with one", "2000", MEMORY_IN_FLIGHT + 40, fake_events(&fake, EVENT_REPAIRED));
    for (size_t i = 0; i < fake.file_count; i++)
        same_number(fake.files[i].name, "reported", 1, fake.files[i].reported);
    same_number("with one", "2033", 1, fake_events(&fake, EVENT_EVENTS_BACK));
    const struct fake_event *event = fake_event(&fake, EVENT_EVENTS_BACK);
    same_text("2033", "since", "2026-11-22T16:40:06Z", event->string[0]);
    same_text("2033", "until at least", "2026-11-22T19:40",
              strncmp(event->string[1], "2026-11-22T19:4", 15) == 0 ? "2026-11-22T19:40"
                                                                    : event->string[1]);
    same_text("2033", "how many waited", "128", event->string[2]);
    same_number("with one", "state", WHY_NOTHING, fake_entry(&fake, JOURNAL_STATE)->state.why);
    journal_is_clean(0);
    no_complaints();
}

/* When it goes a second time that is told a second time. */
static void event_log_away_twice(void **state) {
    (void)state;
    start();
    run(SECOND);
    for (unsigned i = 1; i <= 2; i++) {
        char name[FAKE_NAME_BYTES];
        (void)snprintf(name, sizeof name, "Mx%u.ini", i);
        (void)fake_file(&fake, name, STUCK);
        mender_hint(&mender, name);
        (void)fake_fail(&fake, FAKE_REPORT, 1, 3, HOST_FAILED);
        run(5 * MINUTE);
        same_number(name, "2033", i, fake_events(&fake, EVENT_EVENTS_BACK));
        same_text(name, "how many waited", "1", fake_event(&fake, EVENT_EVENTS_BACK)->string[2]);
    }
    no_complaints();
}

/* 2033 is an event too: it is told when the next one is. */
static void events_back_not_told(void **state) {
    (void)state;
    (void)fake_file(&fake, "a.ini", STUCK);
    (void)fake_file(&fake, "b.ini", STUCK);
    start();
    run(SECOND);
    /* 2000 of a.ini, 2000 of b.ini, later 2000 of the one, 2033. */
    (void)fake_fail(&fake, FAKE_REPORT, 1, 2, HOST_FAILED);
    (void)fake_fail(&fake, FAKE_REPORT, 4, 1, HOST_FAILED);
    run(5 * MINUTE);
    same_number("all", "2000", 2, fake_events(&fake, EVENT_REPAIRED));
    same_number("all", "2033", 1, fake_events(&fake, EVENT_EVENTS_BACK));
    same_text("2033", "how many waited", "2", fake_event(&fake, EVENT_EVENTS_BACK)->string[2]);
    no_complaints();
}

/* ---- repairs that go wrong */

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
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 2, HOST_BUSY);
    start();
    run(5 * SECOND + 500);
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
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 2, HOST_BUSY);
    start();
    run(5 * SECOND + 500);
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
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    settings.rescan_minutes = 0;
    (void)fake_fail(&fake, FAKE_WRITE, 1, 2, HOST_BUSY);
    start();
    run(5 * SECOND + 500);
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
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 3, HOST_FAILED);
    start();
    run(11 * SECOND);
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
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 2, HOST_BUSY);
    start();
    run(7 * SECOND);
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
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 2, HOST_BUSY);
    start();
    run(7 * SECOND);
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
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 2, HOST_BUSY);
    start();
    run(7 * SECOND);
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
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 4, HOST_BUSY);
    start();
    run(13 * SECOND);
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
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_FAILED);
    start();
    run(0);
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
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 5, HOST_FAILED);
    start();
    run(25 * SECOND); /* it fails after 5, 6, 8, 12 and 20 s; the next is after 36 */
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
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 5, HOST_FAILED);
    start();
    run(25 * SECOND);
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

/* ---- other folders */

/* What was repaired in the folder before is reported all the same, and as repaired. */
static void owed_in_another_folder(void **state) {
    (void)state;
    (void)fake_file(&fake, "old.ini", STUCK);
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    run(MINUTE);
    use_folder(1);
    run(MINUTE);
    fake_heal(&fake);
    run(10 * MINUTE);
    same_number("old.ini", "2000", 1, fake_events_about(&fake, EVENT_REPAIRED, "old.ini"));
    journal_is_clean(0);
    no_complaints();
}

/* A record of the same name in the folder that is watched now is another record. */
static void same_name_in_another_folder(void **state) {
    (void)state;
    struct fake_file *old = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_REPORT, 1, 10, HOST_FAILED);
    run(6 * SECOND);
    repaired(old, STUCK);
    fake.folder = 1;
    struct fake_file *new = fake_file(&fake, "a.ini", OTHER_STUCK);
    use_folder(1);
    run(HOUR);
    repaired(new, OTHER_STUCK);
    same_number("a.ini", "2000", 2, fake_events_about(&fake, EVENT_REPAIRED, "a.ini"));
    journal_is_clean(0);
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(order_of_calls),
        TEST(event_log_failing),
        TEST(event_log_failing_at_a_restart),
        TEST(journal_and_event_log_failing),
        TEST(test_L11_event_log_away),
        TEST(event_log_away_twice),
        TEST(events_back_not_told),
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
        TEST(owed_in_another_folder),
        TEST(same_name_in_another_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
