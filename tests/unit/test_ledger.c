/*
 * test_ledger: core/ledger and core/ledger_read: the lock, a journal that is away, busy, torn, damaged, deleted, replaced or
 * long, and what processes learn from each other through it.
 */
#include "rig.h"

static void journal_that_can_not_be_opened(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_JOURNAL_OPEN, 1, 8, HOST_FAILED);
    start();
    run(2 * MINUTE);
    untouched(file, STUCK);
    story("while it is away", "2031, 3020");
    same_text("event", "reason", "the test says so",
              fake_event(&fake, EVENT_JOURNAL_AWAY)->string[1]);
    run(5 * MINUTE);
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
        fake_fail(&fake, FAKE_APPEND, 3, 1, HOST_FAILED)->keep = keep;
        start();
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

static void pass_over(void *context, const struct journal_entry *entry) {
    (void)context;
    (void)entry;
}

static void torn_journal(void **state) {
    (void)state;
    static struct journal_reader reader;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    fake.journal.size -= 30;
    start();
    run(MINUTE);
    repaired(file, STUCK);
    same_number("journal", "INTENTs", 1, fake_intents(&fake));
    same_number("journal", "INTENTs without DONE", 0, fake_open_intents(&fake, false));
    story("events", "3020, 2000 a.ini");
    /* LOADED, INTENT and DONE, each on a line of its own. */
    journal_begin(&reader);
    journal_feed(&reader, fake.journal.bytes, fake.journal.size, pass_over, NULL);
    same_number("journal", "entries", 3, reader.entries);
    same_number("journal", "other lines", 1, reader.foreign);
    no_complaints();
}

/* A journal that can be read in part, up to an INTENT whose DONE comes after that: until the rest has
 * been seen nobody knows that it was reported long ago. */
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

static void foreign_journal(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    fake.journal.size = (size_t)sprintf(fake.journal.bytes, "%s", "not ours\r\n\r\nKMR1\tx\r\n");
    start();
    run(MINUTE);
    repaired(file, STUCK);
    same_number("journal", "INTENTs without DONE", 0, fake_open_intents(&fake, false));
    same_number("journal", "is kept", 0, (uint64_t)memcmp(fake.journal.bytes, "not ours\r\n", 10));
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

/* ---- checkpoints */

static void rotates(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    struct journal_entry owed = an_intent(77, "gone.ini", STUCK);
    fake_append_entry(&fake, &owed);
    fake_fill_journal(&fake);
    (void)fake_fail(&fake, FAKE_REPORT, 1, 3, HOST_FAILED);
    mender_journal_changed(&mender);
    run(SECOND);
    same_number("journal", "is short", true, fake.journal.size < 4096);
    restart(false);
    run(3 * HOUR);
    same_number("a.ini", "is held still", 2, file->writes);
    same_number("gone.ini", "2003", 1, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    (void)fake_file(&fake, "b.ini", STUCK);
    mender_hint(&mender, "b.ini");
    run(MINUTE);
    same_number("b.ini", "2000", 2, fake_events(&fake, EVENT_REPAIRED));
    journal_is_clean(0);
    no_complaints();
}

/* The line that keeps the last number from being used again must not pass for the end of that very
 * change when the new journal is read again. */
static void reads_a_rotated_journal_again(void **state) {
    (void)state;
    start();
    struct journal_entry owed = an_intent(77, "gone.ini", STUCK);
    fake_append_entry(&fake, &owed);
    fake_fill_journal(&fake);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    mender_journal_changed(&mender);
    run(SECOND);
    same_number("journal", "is short", true, fake.journal.size < 4096);
    fake_heal(&fake);
    (void)fake_fail(&fake, FAKE_APPEND, 1, 1, HOST_FAILED);
    run(HOUR);
    same_number("gone.ini", "2003", 1, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    journal_is_clean(0);
    no_complaints();
}

/* What this process owes is settled, reported and done by another, which then rotates the journal and
 * goes on, so that the new one is as long as the old one was. */
static void another_process_rotates(void **state) {
    (void)state;
    struct journal_entry owed = an_intent(1, "a.ini", STUCK);
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    file->bytes[DIGIT] = '1';
    fake_append_entry(&fake, &owed);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    start();
    run(SECOND);
    const size_t known = fake.journal.size;
    fake.journal.size = 0;
    owed.kind = JOURNAL_DONE;
    owed.number = 9;
    owed.outcome = OUTCOME_NOT_MADE;
    while (fake.journal.size <= known)
        fake_append_entry(&fake, &owed);
    fake_heal(&fake);
    run(HOUR);
    same_number("a.ini", "2002", 0, fake_events(&fake, EVENT_REPAIRED_LATE));
    no_complaints();
}

static void rotation_failing(void **state) {
    (void)state;
    start();
    run(SECOND);
    fake_fill_journal(&fake);
    (void)fake_fail(&fake, FAKE_JOURNAL_REPLACE, 1, 2, HOST_FAILED);
    mender_journal_changed(&mender);
    run(MINUTE);
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    mender_hint(&mender, "a.ini");
    run(MINUTE);
    repaired(file, STUCK);
    run(3 * HOUR);
    same_number("all", "2031", 0, fake_events(&fake, EVENT_JOURNAL_AWAY));
    same_number("journal", "is short", true, fake.journal.size < 4096);
    no_complaints();
}

/* A hold is a hold, whichever folder is watched when the journal is rotated. */
static void hold_of_another_folder_is_carried_over(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    struct settings first = settings;
    struct settings second = settings;
    (void)text_copy(second.folder, sizeof second.folder, fake.paths[1]);
    mender_configure(&mender, &second);
    fake.folder = 1;
    run(MINUTE);
    fake_fill_journal(&fake);
    mender_journal_changed(&mender);
    run(MINUTE);
    same_number("journal", "is short", true, fake.journal.size < 4096);
    fake.folder = 0;
    mender_configure(&mender, &first);
    run(3 * HOUR);
    same_number("a.ini", "writes", 2, file->writes);
    no_complaints();
}

/* journal_visit: the times of the lines with the settings, as long as they are the same; else 0. */
static uint32_t settings_since;
static unsigned settings_lines;
static void visit_settings(void *context, const struct journal_entry *entry) {
    (void)context;
    if (entry->kind != JOURNAL_LOADED)
        return;
    settings_since = settings_lines++ == 0 || entry->utc == settings_since ? entry->utc : 0;
}

/* `status` says since when they are in force: not since when the journal takes lines again. */
static void settings_noted_again(void **state) {
    (void)state;
    static struct journal_reader reader;
    start();
    run(HOUR);
    (void)fake_fail(&fake, FAKE_JOURNAL_OPEN, 1, 1, HOST_BUSY);
    mender_journal_changed(&mender);
    run(MINUTE);
    settings_lines = 0;
    journal_begin(&reader);
    journal_feed(&reader, fake.journal.bytes, fake.journal.size, visit_settings, NULL);
    same_number("settings", "lines", 2, settings_lines);
    same_number("settings", "in force since the start", true,
                settings_since != 0 && settings_since < fake.utc_base + 60);
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
        TEST(journal_read_in_part),
        TEST(foreign_journal),
        TEST(journal_busy_is_not_settled),
        TEST(rotates),
        TEST(reads_a_rotated_journal_again),
        TEST(another_process_rotates),
        TEST(rotation_failing),
        TEST(hold_of_another_folder_is_carried_over),
        TEST(settings_noted_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
