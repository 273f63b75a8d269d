/* SPDX-License-Identifier: MIT */
/*
 * test_change: core/change: the calls of one repair and their order, reports that are owed. Writes that fail are test_write's,
 * what an earlier run left is test_settle's, crashes are test_crash's.
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
    (void)a_new_file("a.ini", STUCK);
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
    struct fake_file *file = an_event_that_waits("a.ini");
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
        (void)a_new_file(name, STUCK);
        /* Two at first, then one. */
        if (i == 1)
            (void)a_new_file("other.ini", STUCK);
        (void)fake_fail(&fake, FAKE_REPORT, 1, 3, HOST_FAILED);
        run(5 * MINUTE);
        same_number(name, "2033", 1, fake_events(&fake, EVENT_EVENTS_BACK));
        same_text(name, "how many waited", i == 1 ? "2" : "1",
                  fake_event(&fake, EVENT_EVENTS_BACK)->string[2]);
        fake_clear_events(&fake);
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

/* ---- other folders */

/* What was repaired in the folder before is reported all the same, and as repaired. */
static void owed_in_another_folder(void **state) {
    (void)state;
    (void)an_event_that_waits("old.ini");
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

/* The event is said at the second attempt, and then DONE cannot be written: at its next attempt that is work to
 * be done at once, nothing that waits for the event log. */
static void done_not_written_after_a_late_event(void **state) {
    (void)state;
    (void)fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_REPORT, 1, 1, HOST_FAILED);
    (void)fake_fail(&fake, FAKE_APPEND, 2, 1, HOST_FAILED);
    run(5 * SECOND);
    same_number("a.ini", "2000", 1, fake_events(&fake, EVENT_REPAIRED));
    journal_is_clean(1);
    same_number("waits for the journal", "is settled", true, mender_is_settled(&mender));
    fake.clock += LEDGER_BACKOFF_FIRST;
    same_number("its next attempt", "is settled", false, mender_is_settled(&mender));
    run(SECOND);
    same_number("a.ini", "2000", 1, fake_events(&fake, EVENT_REPAIRED));
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
        TEST(owed_in_another_folder),
        TEST(same_name_in_another_folder),
        TEST(done_not_written_after_a_late_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
