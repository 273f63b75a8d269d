/* SPDX-License-Identifier: MIT */
/*
 * test_checkpoint: core/ledger, the checkpoints of this process and of another: what begins a new journal.
 */
#include "rig.h"

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

/* What this process owes is settled, reported and done by another, which then writes a checkpoint
 * and goes on, so that the new journal is as long as the old one was. */
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
    struct journal_entry head = *fake_entry(&fake, JOURNAL_CHECKPOINT);
    fake_delete_journal(&fake);
    head.generation++;
    head.number = 1;
    fake_append_entry(&fake, &head);
    owed.kind = JOURNAL_DONE;
    owed.number = 9;
    owed.outcome = OUTCOME_NOT_MADE;
    while (fake.journal.size <= known)
        fake_append_entry(&fake, &owed);
    fake_heal(&fake);
    run(HOUR);
    same_number("a.ini", "2002", 0, fake_events(&fake, EVENT_REPAIRED_LATE));
    same_number("journal", "is not written again", head.generation,
                fake_entry(&fake, JOURNAL_CHECKPOINT)->generation);
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

/* A hold is a hold, whichever folder is watched when the journal gets a checkpoint. */
static void hold_of_another_folder_is_carried_over(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    use_folder(1);
    run(MINUTE);
    fake_fill_journal(&fake);
    mender_journal_changed(&mender);
    run(MINUTE);
    same_number("journal", "is short", true, fake.journal.size < 4096);
    use_folder(0);
    run(3 * HOUR);
    same_number("a.ini", "writes", 2, file->writes);
    no_complaints();
}

/* `status` says since when they are in force: not since when the journal takes lines again. */
static void settings_keep_their_time(void **state) {
    (void)state;
    start();
    run(HOUR);
    const uint32_t since = fake_entry(&fake, JOURNAL_LOADED)->utc;
    fake_delete_journal(&fake);
    mender_journal_changed(&mender);
    run(MINUTE);
    same_number("settings", "lines", 1, fake_entries(&fake, JOURNAL_LOADED));
    same_number("settings", "in force since the start", since,
                fake_entry(&fake, JOURNAL_LOADED)->utc);
    no_complaints();
}

/* Another process writes the checkpoint: what only the service says is carried over, and what the
 * service holds in memory is what it was. */
static void settings_and_state_survive_the_checkpoint_of_another(void **state) {
    (void)state;
    struct fake_file *held = an_undone_file();
    (void)fake_file(&fake, "s.ini", SOUND);
    mender_changes_lost(&mender);
    run(MINUTE);
    const struct journal_entry loaded = *fake_entry(&fake, JOURNAL_LOADED);
    const struct journal_entry known = *fake_entry(&fake, JOURNAL_STATE);
    const struct journal_entry head = *fake_entry(&fake, JOURNAL_CHECKPOINT);
    fake_fill_journal(&fake);
    other_repairs();
    same_number("journal", "id", head.id, fake_entry(&fake, JOURNAL_CHECKPOINT)->id);
    same_number("journal", "generation", head.generation + 1,
                fake_entry(&fake, JOURNAL_CHECKPOINT)->generation);
    same_number("LOADED", "time", loaded.utc, fake_entry(&fake, JOURNAL_LOADED)->utc);
    same_text("LOADED", "settings", loaded.text, fake_entry(&fake, JOURNAL_LOADED)->text);
    same_number("STATE", "time", known.utc, fake_entry(&fake, JOURNAL_STATE)->utc);
    same_number("STATE", "files", 2, fake_entry(&fake, JOURNAL_STATE)->state.counts.files);
    const unsigned lines = fake_lines(&fake);
    run(MINUTE);
    same_number("the service", "lines that it adds", 0, fake_lines(&fake) - lines);
    mender_hint(&mender, "a.ini");
    run(HOUR);
    same_number("a.ini", "writes", 2, held->writes);
    journal_is_clean(0);
    no_complaints();
}

/* And once more with many: the numbers of the hour are no other for it. */
static void checkpoints_by_turns(void **state) {
    (void)state;
    many_files(7, STUCK);
    start();
    run(MINUTE);
    for (unsigned i = 0; i < 10; i++) {
        fake_fill_journal(&fake);
        fake.clock += 13 * SECOND;
        other_repairs();
        run(17 * SECOND);
        fake_fill_journal(&fake);
        mender_journal_changed(&mender);
        run(SECOND);
        same_number("in the hour", "repairs", 7, limiter_count(&mender.ledger.window, fake.clock));
    }
    /* The first, and one of each process each time. */
    same_number("journal", "generation", 21, fake_entry(&fake, JOURNAL_CHECKPOINT)->generation);
    no_complaints();
}

/* A new journal that another process has begun without knowing of ours is written again, once; one that tells all is not. */
static void written_again_once(void **state) {
    (void)state;
    (void)an_event_that_waits("a.ini");
    struct journal_entry intent = *fake_entry(&fake, JOURNAL_INTENT);
    for (uint32_t number = 0; number <= 1; number++) {
        struct journal_entry head = *fake_entry(&fake, JOURNAL_CHECKPOINT);
        fake_delete_journal(&fake);
        head.generation++;
        head.number = number;
        fake_append_entry(&fake, &head);
        if (number == 1)
            fake_append_entry(&fake, &intent);
        mender_journal_changed(&mender);
        run(2 * SECOND);
        same_number(number == 0 ? "without ours" : "with ours", "generations more", number == 0,
                    fake_entry(&fake, JOURNAL_CHECKPOINT)->generation - head.generation);
        journal_is_clean(1);
    }
    no_complaints();
}

/* Another process has written a checkpoint of several pieces, and reading it fails at any of them: what was not read yet is
 * not over. */
static void checkpoint_of_another_read_in_part(void **state) {
    (void)state;
    for (unsigned nth = 1; nth <= 8; nth++) {
        char label[32];
        (void)snprintf(label, sizeof label, "read %u fails", nth);
        (void)rig_setup(NULL);
        struct fake_file *held = an_undone_file();
        struct journal_entry entry = an_intent(0, "", STUCK);
        struct journal_entry head = *fake_entry(&fake, JOURNAL_CHECKPOINT);
        struct journal_entry hold = *fake_entry(&fake, JOURNAL_HOLD);
        run(SECOND);
        fake_delete_journal(&fake);
        head.generation++;
        head.number = 900;
        fake_append_entry(&fake, &head);
        entry.kind = JOURNAL_REPAIRED;
        for (unsigned i = 100; i < 400; i++) {
            entry.number = i;
            (void)snprintf(entry.name, sizeof entry.name, "gone%u.ini", i);
            fake_append_entry(&fake, &entry);
        }
        fake_append_entry(&fake, &hold);
        same_number("journal", "more than two pieces", true, fake.journal.size > 2 * LEDGER_PIECE);
        (void)fake_fail(&fake, FAKE_JOURNAL_READ, nth, 1, HOST_FAILED);
        mender_hint(&mender, "a.ini");
        run(2 * MINUTE);
        same_number(label, "a.ini, writes", 2, held->writes);
        same_number(label, "HOLDs", 1, fake_entries(&fake, JOURNAL_HOLD));
        same_number(label, "written again", head.generation,
                    fake_entry(&fake, JOURNAL_CHECKPOINT)->generation);
    }
    no_complaints();
}

/* A repair in flight stands in a checkpoint, and in its window: it counts once. */
static void a_repair_in_flight_counts_once(void **state) {
    (void)state;
    (void)an_event_that_waits("a.ini");
    fake_fill_journal(&fake);
    mender_journal_changed(&mender);
    run(SECOND);
    same_number("checkpoint", "INTENTs", 1, fake_intents(&fake));
    restart(false);
    run(SECOND);
    same_number("after a restart", "in the hour", 1,
                limiter_count(&mender.ledger.window, fake.clock));
    no_complaints();
}

/* Repairs of two minutes, and as many as there can be in one. */
static void the_window_is_carried_over(void **state) {
    (void)state;
    struct journal_entry entry = an_intent(0, "", STUCK);
    entry.kind = JOURNAL_WINDOW;
    const uint32_t time = fake.host.utc(fake.host.context);
    (void)snprintf(entry.text, sizeof entry.text, "%u=3 %u=10000", time - 600, time - 60);
    fake_append_entry(&fake, &entry);
    for (unsigned i = 0; i < 2; i++) {
        start();
        run(SECOND);
        same_number("window", "in the hour", 10003,
                    limiter_count(&mender.ledger.window, fake.clock));
        fake_fill_journal(&fake);
        mender_journal_changed(&mender);
        run(SECOND);
        fake_restart(&fake, false);
    }
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(rotates),
        TEST(reads_a_rotated_journal_again),
        TEST(another_process_rotates),
        TEST(rotation_failing),
        TEST(hold_of_another_folder_is_carried_over),
        TEST(settings_keep_their_time),
        TEST(settings_and_state_survive_the_checkpoint_of_another),
        TEST(checkpoints_by_turns),
        TEST(written_again_once),
        TEST(checkpoint_of_another_read_in_part),
        TEST(a_repair_in_flight_counts_once),
        TEST(the_window_is_carried_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
