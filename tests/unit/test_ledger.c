/* SPDX-License-Identifier: MIT */
/*
 * test_ledger: core/ledger, the lock and what is written: a journal that is away, busy, full, torn or long. Checkpoints are
 * test_checkpoint's; whose journal it is when it is another one is test_identity's.
 */
#include "rig.h"

static void journal_that_can_not_be_opened(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_JOURNAL_OPEN, 1, 16, HOST_FAILED);
    start();
    run(2 * MINUTE);
    untouched(file, STUCK);
    story("while it is away", "2031, 3020");
    same_text("event", "reason", "the test says so",
              fake_event(&fake, EVENT_JOURNAL_AWAY)->string[1]);
    run(10 * MINUTE);
    repaired(file, STUCK);
    same_number("all", "2031", 1, fake_events(&fake, EVENT_JOURNAL_AWAY));
    same_number("all", "2032", 1, fake_events(&fake, EVENT_JOURNAL_BACK));
    journal_is_clean(0);
    no_complaints();
}

static void journal_that_can_not_be_read(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    struct journal_entry entry = an_intent(1, "gone.ini", STUCK);
    fake_append_entry(&fake, &entry);
    (void)fake_fail(&fake, FAKE_JOURNAL_READ, 1, 3, HOST_FAILED);
    start();
    run(SECOND);
    untouched(file, STUCK);
    run(MINUTE);
    repaired(file, STUCK);
    same_number("all", "2031", 1, fake_events(&fake, EVENT_JOURNAL_AWAY));
    same_number("all", "2032", 1, fake_events(&fake, EVENT_JOURNAL_BACK));
    no_complaints();
}

/* A disk that is full: it opens and reads, but takes no line, or a part of one. */
static void journal_that_takes_no_line(void **state) {
    (void)state;
    for (size_t keep = 0; keep <= 40; keep += 20) {
        (void)rig_setup(NULL);
        struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
        fake_fail(&fake, FAKE_APPEND, 1, 20, HOST_FAILED)->keep = keep;
        start();
        run(10 * MINUTE);
        untouched(file, STUCK);
        story("while it is full", "2031, 3020");
        run(15 * MINUTE);
        repaired(file, STUCK);
        same_number("all", "2031", 1, fake_events(&fake, EVENT_JOURNAL_AWAY));
        same_number("all", "2032", 1, fake_events(&fake, EVENT_JOURNAL_BACK));
        same_number("journal", "INTENTs without DONE", 0, fake_open_intents(&fake, keep == 0));
    }
    no_complaints();
}

static void journal_full_at_intent(void **state) {
    (void)state;
    static const size_t keeps[] = {0, 1, 100, 200, 4096};
    for (size_t i = 0; i < sizeof keeps / sizeof keeps[0]; i++) {
        (void)rig_setup(NULL);
        struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
        start();
        run(SECOND);
        fake_fail(&fake, FAKE_APPEND, 1, 5, HOST_FAILED)->keep = keeps[i];
        run(10 * SECOND);
        untouched(file, STUCK);
        same_number("at first", "writes", 0, fake.count[FAKE_WRITE]);
        run(5 * MINUTE);
        repaired(file, STUCK);
        same_number("all", "2031", 1, fake_events(&fake, EVENT_JOURNAL_AWAY));
        same_number("all", "2032", 1, fake_events(&fake, EVENT_JOURNAL_BACK));
        same_number("all", "2000", 1, fake_events(&fake, EVENT_REPAIRED));
        same_number("all", "2003", 0, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
        same_number("journal", "INTENTs without DONE", 0, fake_open_intents(&fake, false));
    }
    no_complaints();
}

/* However much of the DONE got there, this run and the next one say it once. */
static void journal_full_at_done(void **state) {
    (void)state;
    for (size_t keep = 0; keep <= 64; keep++) {
        char label[32];
        (void)snprintf(label, sizeof label, "%zu bytes of DONE", keep);
        (void)rig_setup(NULL);
        struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
        start();
        run(2 * SECOND);
        fake_fail(&fake, FAKE_APPEND, 2, 3, HOST_FAILED)->keep = keep;
        run(10 * MINUTE);
        repaired(file, STUCK);
        same_number(label, "2031", 1, fake_events(&fake, EVENT_JOURNAL_AWAY));
        same_number(label, "2032", 1, fake_events(&fake, EVENT_JOURNAL_BACK));
        restart(false);
        run(10 * MINUTE);
        same_number(label, "2000", 1, fake_events(&fake, EVENT_REPAIRED));
        same_number(label, "2002", 0, fake_events(&fake, EVENT_REPAIRED_LATE));
        same_number(label, "2003", 0, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
        same_number(label, "INTENTs without DONE", 0, fake_open_intents(&fake, false));
    }
    no_complaints();
}

/* A journal of exactly the size that is read at a time. */
static void journal_of_one_piece(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    memset(fake.journal.bytes, 'x', RECORD_BYTES_MAX);
    for (size_t i = 63; i < RECORD_BYTES_MAX; i += 64)
        fake.journal.bytes[i] = '\n';
    fake.journal.size = RECORD_BYTES_MAX;
    start();
    run(MINUTE);
    repaired(file, STUCK);
    same_number("journal", "INTENTs", 1, fake_intents(&fake));
    no_complaints();
}

/* A line that was torn counts for nothing, and what is written next is on a line of its own. */
static void torn_journal(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    unsigned lines = fake_lines(&fake);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    fake.journal.size -= 30;
    run(MINUTE);
    repaired(file, STUCK);
    same_number("journal", "INTENTs", 1, fake_intents(&fake));
    same_number("journal", "INTENTs without DONE", 0, fake_open_intents(&fake, false));
    story("events", "3020, 2000 a.ini");
    /* What was torn, INTENT and DONE. */
    same_number("journal", "lines", lines + 3, fake_lines(&fake));
    no_complaints();
}

/* One of which only the end is missing counts, also when it is read twice. */
static void line_without_its_end(void **state) {
    (void)state;
    start();
    run(SECOND);
    for (size_t cut = 1; cut <= 2; cut++) {
        struct journal_entry entry = an_intent((uint32_t)cut, "gone.ini", STUCK);
        fake_append_entry(&fake, &entry);
        fake.journal.size -= cut;
        mender_journal_changed(&mender);
        run(SECOND);
        mender_journal_changed(&mender);
        run(MINUTE);
        same_number("gone.ini", "2003", cut, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    }
    journal_is_clean(0);
    no_complaints();
}

/* A journal that can be read in part, up to an INTENT whose DONE comes after that: until the rest
 * has been seen nobody knows that it was reported long ago. */
static void journal_read_in_part(void **state) {
    (void)state;
    fake_file(&fake, "a.ini", repaired_text)->reported = 1;
    struct journal_entry entry = an_intent(1, "a.ini", STUCK);
    memset(fake.journal.bytes, 'x', RECORD_BYTES_MAX);
    for (size_t i = 63; i < RECORD_BYTES_MAX; i += 64)
        fake.journal.bytes[i] = '\n';
    fake.journal.size = RECORD_BYTES_MAX - 640;
    fake_append_entry(&fake, &entry);
    fake.journal.size = RECORD_BYTES_MAX;
    entry.kind = JOURNAL_DONE;
    fake_append_entry(&fake, &entry);
    (void)fake_fail(&fake, FAKE_JOURNAL_READ, 2, 3, HOST_FAILED);
    start();
    run(10 * MINUTE);
    same_number("a.ini", "2002", 0, fake_events(&fake, EVENT_REPAIRED_LATE));
    same_number("a.ini", "2003", 0, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    no_complaints();
}

/* What somebody else has put there is not ours to throw away: it becomes the old journal. */
static void foreign_journal(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    fake_append_text(&fake, "not ours\r\n\r\nKMR1\tx\r\n");
    start();
    run(MINUTE);
    repaired(file, STUCK);
    journal_is_clean(0);
    same_number("journal", "is kept", 0,
                (uint64_t)memcmp(fake.journal_old.bytes, "not ours\r\n", 10));
    no_complaints();
}

/* And lines of no meaning in a journal of ours stay where they are. */
static void foreign_lines(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    fake_append_text(&fake, "a note by hand\r\n");
    mender_journal_changed(&mender);
    run(MINUTE);
    repaired(file, STUCK);
    restart(false);
    run(MINUTE);
    fake.journal.bytes[fake.journal.size] = '\0';
    same_number("journal", "has the note still", true,
                strstr(fake.journal.bytes, "a note by hand\r\n") != NULL);
    same_number("journal", "checkpoints", 0, fake.journal_old.size);
    no_complaints();
}

static void journal_busy_is_not_settled(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    settings.settle_seconds = 0;
    (void)fake_fail(&fake, FAKE_JOURNAL_OPEN, 1, 1, HOST_BUSY);
    start();
    for (int i = 0; i < 1000 && !mender_is_settled(&mender); i++) {
        (void)mender_step(&mender);
        fake.clock += 100;
    }
    repaired(file, STUCK);
    same_number("all", "2031", 0, fake_events(&fake, EVENT_JOURNAL_AWAY));
    no_complaints();
}

/* ---- busy and away */

/* FIELD.md L1: a scanner opens the journal for 100 ms after each change of it, and each change is
 * told. */
static void test_L1_busy_journal_writes_nothing(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    fake.scanner_ms = 100;
    start();
    run_watched(MINUTE);
    repaired(file, STUCK);
    unsigned lines = fake_lines(&fake);
    unsigned scans = fake.count[FAKE_LIST_OPEN];
    for (unsigned i = 0; i < 600; i++) {
        mender_journal_changed(&mender);
        run_watched(5 * SECOND);
        fake.scanned_until = fake.clock + 100;
    }
    same_number("in 50 minutes", "lines that were added", 0, fake_lines(&fake) - lines);
    same_number("in 50 minutes", "scans", 0, fake.count[FAKE_LIST_OPEN] - scans);
    story("in 50 minutes", "3020, 2000 a.ini");
    /* The next repair is made in its time all the same. */
    (void)a_new_file("b.ini", STUCK);
    run_watched(10 * SECOND);
    same_number("b.ini", "writes", 1, fake_find(&fake, "b.ini")->writes);
    journal_is_clean(0);
    no_complaints();
}

/* Busy is worth an event when it has lasted a minute, and then its end is too. */
static void busy_journal_is_told_after_a_minute(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    fake.scanned_until = fake.clock + 3 * MINUTE;
    run(50 * SECOND);
    story("for less than a minute", "3020");
    run(2 * MINUTE);
    story("for longer", "3020, 2031");
    untouched(file, STUCK);
    run(5 * MINUTE);
    repaired(file, STUCK);
    same_number("all", "2031", 1, fake_events(&fake, EVENT_JOURNAL_AWAY));
    same_number("all", "2032", 1, fake_events(&fake, EVENT_JOURNAL_BACK));
    journal_is_clean(0);
    no_complaints();
}

/* Two busy moments with hours between them are not one that lasts, and whoever finds it free first
 * does not take the event away from it. */
static void busy_now_and_then(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    start();
    run(SECOND);
    for (unsigned i = 1; i <= 20; i++) {
        char name[FAKE_NAME_BYTES];
        (void)snprintf(name, sizeof name, "Mx%u.ini", i);
        struct fake_file *file = a_new_file(name, STUCK);
        fake.scanned_until = fake.clock + 5 * SECOND + 500;
        run(6 * SECOND);
        /* Nobody wants the journal any more. */
        file->there = false;
        run(HOUR);
    }
    same_number("all", "2031", 0, fake_events(&fake, EVENT_JOURNAL_AWAY));
    no_complaints();
}

static void journal_back_told_when_the_event_log_is_back(void **state) {
    (void)state;
    start();
    run(SECOND);
    fake.scanned_until = fake.clock + 3 * MINUTE;
    mender_journal_changed(&mender);
    run(2 * MINUTE);
    story("away", "3020, 2031");
    (void)fake_fail(&fake, FAKE_REPORT, 1, 5, HOST_FAILED);
    run(20 * MINUTE);
    story("back", "3020, 2031, 2032");
    no_complaints();
}

/* Settings are the service's to write down: what another process has of its own stays out of the journal. */
static void settings_of_another_process(void **state) {
    (void)state;
    start();
    run(SECOND);
    other_begins();
    settings.settle_seconds = 77;
    mender_configure(&other, &settings);
    mender_folder_found(&other, "C:\\found");
    for (int i = 0; i < 100; i++)
        (void)mender_step(&other);
    mender_close(&other);
    same_number("journal", "LOADEDs", 1, fake_entries(&fake, JOURNAL_LOADED));
    no_complaints();
}

/* A folder that was found is a setting: it is written down. */
static void a_folder_that_was_found(void **state) {
    (void)state;
    settings.automatic = true;
    start();
    run(SECOND);
    mender_folder_found(&mender, "C:\\found");
    run(SECOND);
    same_number("journal", "LOADEDs", 2, fake_entries(&fake, JOURNAL_LOADED));
    const char *text = fake_entry(&fake, JOURNAL_LOADED)->text;
    same_number(text, "names it", true, strstr(text, "Folder = C:\\found (auto)") != NULL);
    same_text("mender", "folder", "C:\\found", mender.site.folder);
    no_complaints();
}

/* Another process, which knew of another journal, takes the number of a repair in flight: each has one of its own
 * then, also in the journal. */
static void a_number_of_ours_is_taken(void **state) {
    (void)state;
    struct fake_file *file = a_write_that_waits(4, HOST_BUSY, 6 * SECOND);
    struct journal_entry entry = an_intent(1, "b.ini", OTHER_STUCK);
    fake_append_entry(&fake, &entry);
    mender_journal_changed(&mender);
    run(SECOND);
    same_text("journal", "lines", "CHECKPOINT, LOADED, STATE, WINDOW, INTENT 2, INTENT 1",
              fake_journal_story(&fake));
    run(HOUR);
    repaired(file, STUCK);
    journal_is_clean(0);
    no_complaints();
}

/* The end of the limit moves when it is reached again: that is another state. */
static void a_state_with_another_end(void **state) {
    (void)state;
    struct journal_state told;
    start();
    run(SECOND);
    told = mender.ledger.state;
    for (told.until = 1000; told.until <= 1001; told.until++) {
        unsigned before = fake_entries(&fake, JOURNAL_STATE);
        ledger_note_state(&mender.ledger, &told);
        ledger_work(&mender.ledger);
        same_number("until", "STATEs", before + 1, fake_entries(&fake, JOURNAL_STATE));
        ledger_note_state(&mender.ledger, &told);
        ledger_work(&mender.ledger);
        same_number("the same", "STATEs", before + 1, fake_entries(&fake, JOURNAL_STATE));
    }
    no_complaints();
}

/* The time of the last scan is the service's state too, whatever the scan found; but scans may be a minute apart. */
static void a_state_with_a_later_scan(void **state) {
    (void)state;
    static const struct {
        int later; /* seconds, than the scan that was written last */
        bool written;
    } scans[] = {{LEDGER_SCANNED - 1, false}, {LEDGER_SCANNED, true}, {1, false}, {-1, true}};
    struct journal_state told;
    uint32_t written;
    start();
    run(SECOND);
    told = mender.ledger.state;
    written = told.scanned;
    same_number("the first scan", "written", 1, written != 0);
    for (size_t i = 0; i < sizeof scans / sizeof scans[0]; i++) {
        unsigned before = fake_entries(&fake, JOURNAL_STATE);
        told.scanned = written + (uint32_t)scans[i].later;
        ledger_note_state(&mender.ledger, &told);
        ledger_work(&mender.ledger);
        same_number("a later scan", "STATEs", before + scans[i].written,
                    fake_entries(&fake, JOURNAL_STATE));
        written = scans[i].written ? told.scanned : written;
        same_number("a later scan", "time in the journal", written,
                    fake_entry(&fake, JOURNAL_STATE)->state.scanned);
    }
    no_complaints();
}

/* The same, seen from the journal, with the rescan of every hour. */
static void each_hourly_scan_is_written(void **state) {
    (void)state;
    start();
    run(SECOND);
    for (unsigned i = 0; i < 3; i++) {
        uint32_t before = fake_entry(&fake, JOURNAL_STATE)->state.scanned;
        run(HOUR + SECOND);
        uint32_t after = fake_entry(&fake, JOURNAL_STATE)->state.scanned;
        same_number("a scan an hour later", "written", 1, after >= before + 3600);
    }
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(journal_that_can_not_be_opened),
        TEST(journal_that_can_not_be_read),
        TEST(journal_that_takes_no_line),
        TEST(journal_full_at_intent),
        TEST(journal_full_at_done),
        TEST(journal_of_one_piece),
        TEST(torn_journal),
        TEST(line_without_its_end),
        TEST(journal_read_in_part),
        TEST(foreign_journal),
        TEST(foreign_lines),
        TEST(journal_busy_is_not_settled),
        TEST(test_L1_busy_journal_writes_nothing),
        TEST(busy_journal_is_told_after_a_minute),
        TEST(busy_now_and_then),
        TEST(journal_back_told_when_the_event_log_is_back),
        TEST(settings_of_another_process),
        TEST(a_folder_that_was_found),
        TEST(a_number_of_ours_is_taken),
        TEST(a_state_with_another_end),
        TEST(a_state_with_a_later_scan),
        TEST(each_hourly_scan_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
