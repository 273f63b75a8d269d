/*
 * test_change: core/change: the calls of one repair and their order, writes that fail and are tried again, reports that
 * are owed. What an earlier run left is test_settle's, crashes are test_crash's.
 */
#include "rig.h"

static void order_of_calls(void **state) {
    (void)state;
    fake_clear_log(&fake);
    start();
    run(SECOND);
    same_text("start", "calls",
              "journal-open, journal-open, append LOADED, list, next, report 3020",
              fake_log(&fake));
    (void)fake_file(&fake, "a.ini", STUCK);
    mender_hint(&mender, "a.ini");
    fake_clear_log(&fake);
    run(10 * SECOND);
    same_text("repair", "calls",
              "open a.ini, read, close, journal-open, open-repair a.ini, read, append INTENT 1, "
              "write 63, flush, read, close, report 2000 a.ini, append DONE 1 repaired",
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
    story("later", "3020, 2000 a.ini");
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

static void owed_is_bounded(void **state) {
    (void)state;
    many_files(40, STUCK);
    (void)fake_fail(&fake, FAKE_REPORT, 2, FAKE_FOR_EVER, HOST_FAILED);
    start();
    run(3 * HOUR);
    same_number("without an event log", "repairs", MEMORY_IN_FLIGHT, count_repaired());
    fake_heal(&fake);
    run(HOUR);
    same_number("with one", "repairs", 40, count_repaired());
    same_number("with one", "2000", 40, fake_events(&fake, EVENT_REPAIRED));
    for (size_t i = 0; i < fake.file_count; i++)
        same_number(fake.files[i].name, "reported", 1, fake.files[i].reported);
    journal_is_clean(0);
    no_complaints();
}

/* ---- repairs that go wrong */

static void write_failing(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 3, HOST_FAILED);
    start();
    run(50 * SECOND);
    untouched(file, STUCK);
    story("at first", "3020, 2021 a.ini");
    journal_is_clean(0);
    run(4 * HOUR);
    repaired(file, STUCK);
    same_number("later", "2021", 1, fake_events(&fake, EVENT_REPAIR_FAILED));
    same_number("later", "2000", 1, fake_events(&fake, EVENT_REPAIRED));
    journal_is_clean(0);
    no_complaints();
}

/* Seen in the simulation (seed 426411172): the repair failed, another process settled it and made one of its
 * own, and this one, without the journal, took that for its own and reported it. */
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
    file->bytes[strstr((const char *)file->bytes, "= 4") + 2 - (const char *)file->bytes] = '1';
    (void)fake_fail(&fake, FAKE_JOURNAL_OPEN, 1, 3, HOST_BUSY);
    run(HOUR);
    same_number("another's", "2000", 0, fake_events(&fake, EVENT_REPAIRED));
    journal_is_clean(0);
}

/* One repair of a record at a time: the second is begun when it is known how the first ended. */
static void not_begun_again_before_it_is_settled(void **state) {
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
    same_text("meanwhile", "calls", "open a.ini, read, close, journal-open", fake_log(&fake));
    run(2 * HOUR);
    repaired(file, STUCK);
    const char *done = strstr(fake_log(&fake), "DONE 1 not-made");
    const char *again = strstr(fake_log(&fake), "INTENT 2");
    same_number("a.ini", "is settled first", true, done != NULL && again != NULL && done < again);
    no_complaints();
}

/* In the hour that a failed repair is given the record may change, and nobody tells. */
static void changed_after_a_failed_repair(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_FAILED);
    start();
    run(59 * MINUTE);
    fake_change(file, OTHER_STUCK);
    run(MINUTE + 8 * SECOND);
    untouched(file, OTHER_STUCK);
    run(10 * SECOND);
    repaired(file, OTHER_STUCK);
    no_complaints();
}

/* The hour is for what it was then: other content that a scan comes across gets the settle time. */
static void changed_and_scanned_after_a_failed_repair(void **state) {
    (void)state;
    settings.rescan_minutes = 20;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_FAILED);
    start();
    run(10 * MINUTE);
    fake_change(file, OTHER_STUCK);
    run(10 * MINUTE + 3 * SECOND);
    untouched(file, OTHER_STUCK);
    run(10 * SECOND);
    repaired(file, OTHER_STUCK);
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
        TEST(owed_is_bounded),
        TEST(write_failing),
        TEST(not_reported_when_another_made_it),
        TEST(not_begun_again_before_it_is_settled),
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
