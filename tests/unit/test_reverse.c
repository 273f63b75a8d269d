/* SPDX-License-Identifier: MIT */
/*
 * test_reverse: core/reverse: undo and release, and the holds between them. One record by several names is test_spelling's.
 */
#include "rig.h"

static void undo_holds(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    mender_hint(&mender, "a.ini");
    run(3 * HOUR);
    restart(false);
    run(3 * HOUR);
    same_number("a.ini", "writes", 2, file->writes);
    story("events", "3020, 2000 a.ini, 2040, 3020");
    journal_is_clean(0);
    no_complaints();
}

/* An undo that was interrupted before its HOLD, of a record that is away when its end is looked
 * for: when the record comes back, by a backup or a power cut, it is held all the same. */
static void interrupted_undo_holds(void **state) {
    (void)state;
    const struct journal_entry undo = an_undo(7, "a.ini");
    fake_append_entry(&fake, &undo);
    start();
    run(MINUTE);
    story("while it is away", "2003 a.ini, 3020");
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    run(3 * HOUR);
    untouched(file, STUCK);
    fake_change(file, OTHER_STUCK);
    run(3 * HOUR);
    repaired(file, OTHER_STUCK);
    journal_is_clean(0);
    no_complaints();
}

static void release_repairs(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    run(HOUR / 2);
    same_number("a.ini", "release", HOST_OK, by_another(mender_release, "a.ini").code);
    run(10 * SECOND);
    same_number("a.ini", "writes", 3, file->writes);
    same_number("a.ini", "2041", 1, fake_events(&fake, EVENT_RELEASED));
    same_number("a.ini", "2000", 2, fake_events(&fake, EVENT_REPAIRED));
    same_number("again", "release", HOST_GONE, by_another(mender_release, "a.ini").code);
    no_complaints();
}

/* As long as its undo is not settled, whoever settles it holds it: releasing it would be in
 * vain. */
static void release_waits_for_the_undo(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    same_number("a.ini", "undo", HOST_OK, by_another(mender_undo, "a.ini").code);
    same_number("a.ini", "release", HOST_BUSY, by_another(mender_release, "a.ini").code);
    fake_heal(&fake);
    run(2 * MINUTE);
    same_number("a.ini", "2040", 1, fake_events(&fake, EVENT_UNDONE));
    same_number("a.ini", "release", HOST_OK, by_another(mender_release, "a.ini").code);
    run(10 * SECOND);
    same_number("a.ini", "writes", 3, file->writes);
    restart(false);
    run(MINUTE);
    journal_is_clean(0);
    no_complaints();
}

static void changed_content_ends_a_hold(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    fake_change(file, OTHER_STUCK);
    mender_hint(&mender, "a.ini");
    run(MINUTE);
    same_number("a.ini", "2000", 2, fake_events(&fake, EVENT_REPAIRED));
    /* The old content again: nobody holds it any more. */
    fake_change(file, STUCK);
    restart(false);
    run(MINUTE);
    same_number("a.ini", "2000", 3, fake_events(&fake, EVENT_REPAIRED));
    no_complaints();
}

static void undo_refused(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    same_number("no repair", "undo", HOST_GONE, by_another(mender_undo, "a.ini").code);
    start();
    run(MINUTE);
    same_number("other name", "undo", HOST_GONE, by_another(mender_undo, "b.ini").code);
    file->repair = HOST_BUSY;
    same_number("busy", "undo", HOST_BUSY, by_another(mender_undo, "a.ini").code);
    file->repair = HOST_OK;
    fake_change(file, SOUND);
    same_number("changed", "undo", HOST_REFUSED, by_another(mender_undo, "a.ini").code);
    same_number("a.ini", "writes", 1, file->writes);
    same_number("a.ini", "2040", 0, fake_events(&fake, EVENT_UNDONE));
    no_complaints();
}

/* What `undo --all` walks over: what is repaired, by name, whatever is taken back or repaired meanwhile. */
static void repairs_are_walked_over(void **state) {
    (void)state;
    char name[QUEUE_NAME_BYTES] = "";
    (void)fake_file(&fake, "c.ini", STUCK);
    (void)fake_file(&fake, "a.ini", STUCK);
    (void)fake_file(&fake, "d.ini", STUCK);
    (void)fake_file(&fake, "sound.ini", SOUND);
    start();
    run(MINUTE);
    same_number("first", "code", HOST_OK, mender_next_repair(&mender, 0, name).code);
    same_text("first", "name", "a.ini", name);
    same_number("a.ini", "undo", HOST_OK, mender_undo(&mender, name).code);
    (void)fake_file(&fake, "b.ini", STUCK);
    mender_hint(&mender, "b.ini");
    run(MINUTE);
    static const char *const rest[] = {"b.ini", "c.ini", "d.ini"};
    for (size_t i = 0; i < 3; i++) {
        same_number(rest[i], "code", HOST_OK, mender_next_repair(&mender, 0, name).code);
        same_text("next", "name", rest[i], name);
        same_number(rest[i], "undo", HOST_OK, mender_undo(&mender, name).code);
    }
    same_number("behind the last", "code", HOST_END, mender_next_repair(&mender, 0, name).code);
    name[0] = '\0';
    same_number("all are taken back", "code", HOST_END, mender_next_repair(&mender, 0, name).code);
    no_complaints();
}

/* One that is in flight is among them, and its undo says that it is not settled. */
static void repair_in_flight_is_walked_over(void **state) {
    (void)state;
    char name[QUEUE_NAME_BYTES] = "";
    (void)fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    start();
    run(MINUTE);
    journal_is_clean(1);
    same_number("a.ini", "code", HOST_OK, mender_next_repair(&mender, 0, name).code);
    same_number("a.ini", "undo", HOST_BUSY, mender_undo(&mender, name).code);
    fake_heal(&fake);
    run(2 * MINUTE);
    name[0] = '\0';
    uint32_t later = fake.host.utc(fake.host.context) + 1;
    same_number("since", "code", HOST_END, mender_next_repair(&mender, later, name).code);
    (void)fake_fail(&fake, FAKE_JOURNAL_OPEN, 1, FAKE_FOR_EVER, HOST_BUSY);
    same_number("journal in use", "code", HOST_BUSY, mender_next_repair(&mender, 0, name).code);
    fake_heal(&fake);
    no_complaints();
}

/* Those that are not taken back are behind the place where the walk is; a repair in another folder and an undo in
 * flight are no repairs of this one. */
static void others_are_walked_around(void **state) {
    (void)state;
    static const char *const names[] = {"a.ini", "b.ini", "c.ini"};
    char name[QUEUE_NAME_BYTES] = "";
    struct journal_entry undo = an_intent(7, "interrupted.ini", STUCK);
    undo.kind = JOURNAL_UNDO;
    fake_append_entry(&fake, &undo);
    undo = an_intent(8, "elsewhere.ini", STUCK);
    undo.kind = JOURNAL_REPAIRED;
    (void)text_copy(undo.text, sizeof undo.text, fake.paths[1]);
    fake_append_entry(&fake, &undo);
    for (size_t i = 0; i < 3; i++)
        (void)fake_file(&fake, names[2 - i], STUCK);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    start();
    run(MINUTE);
    journal_is_clean(4);
    for (size_t i = 0; i < 3; i++) {
        same_number(names[i], "code", HOST_OK, mender_next_repair(&mender, 0, name).code);
        same_text("next", "name", names[i], name);
    }
    same_number("behind the last", "code", HOST_END, mender_next_repair(&mender, 0, name).code);
    same_text("behind the last", "name", "c.ini", name);
    no_complaints();
}

static void undo_twice(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    same_number("again", "undo", HOST_GONE, by_another(mender_undo, "a.ini").code);
    same_number("a.ini", "writes", 2, file->writes);
    no_complaints();
}

/* An UNDO that was not made does not stand in the way of the next. */
static void undo_again_after_a_failure(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_FAILED);
    same_number("first", "undo", HOST_FAILED, by_another(mender_undo, "a.ini").code);
    run(MINUTE);
    same_number("second", "undo", HOST_OK, by_another(mender_undo, "a.ini").code);
    run(HOUR);
    same_number("a.ini", "as it was", 0, (uint64_t)memcmp(file->bytes, STUCK, sizeof STUCK - 1));
    journal_is_clean(0);
    no_complaints();
}

static void holds_are_bounded(void **state) {
    (void)state;
    struct journal_entry entry = an_intent(0, "", STUCK);
    entry.kind = JOURNAL_HOLD;
    for (unsigned i = 1; i <= MEMORY_HELD - 2; i++) {
        (void)snprintf(entry.name, sizeof entry.name, "held%u.ini", i);
        fake_append_entry(&fake, &entry);
    }
    many_files(3, STUCK);
    start();
    run(MINUTE);
    for (unsigned i = 0; i < 3; i++) {
        struct host_result result = by_another(mender_undo, fake.files[i].name);
        same_number(fake.files[i].name, "undo", i < 2 ? HOST_OK : HOST_REFUSED, result.code);
        if (i == 2)
            same_text(fake.files[i].name, "why", "too many records are held; release some",
                      result.reason);
    }
    same_number("held7.ini", "release", HOST_OK, by_another(mender_release, "held7.ini").code);
    same_number("Mx00002.ini", "undo after a release", HOST_OK,
                by_another(mender_undo, "Mx00002.ini").code);
    run(HOUR);
    restart(false);
    run(HOUR);
    same_number("all", "2000", 3, fake_events(&fake, EVENT_REPAIRED));
    same_number("all", "writes", 6, count_repaired());
    no_complaints();
}

/* An undo whose HOLD is still to be written has the last place. */
static void holds_are_bounded_with_those_to_come(void **state) {
    (void)state;
    struct journal_entry entry = an_intent(0, "", STUCK);
    entry.kind = JOURNAL_HOLD;
    for (unsigned i = 1; i < MEMORY_HELD; i++) {
        (void)snprintf(entry.name, sizeof entry.name, "held%u.ini", i);
        fake_append_entry(&fake, &entry);
    }
    (void)fake_file(&fake, "a.ini", STUCK);
    (void)fake_file(&fake, "b.ini", STUCK);
    start();
    run(MINUTE);
    (void)fake_fail(&fake, FAKE_APPEND, 2, 1, HOST_FAILED);
    same_number("a.ini", "undo", HOST_OK, by_another(mender_undo, "a.ini").code);
    fake_heal(&fake);
    same_number("b.ini", "undo", HOST_REFUSED, by_another(mender_undo, "b.ini").code);
    run(3 * HOUR);
    restart(false);
    run(3 * HOUR);
    same_number("b.ini", "writes", 1, fake_find(&fake, "b.ini")->writes);
    same_number("a.ini", "writes", 2, fake_find(&fake, "a.ini")->writes);
    no_complaints();
}

/* ---- a record in use */

/* FIELD.md L5: the write meets a byte-range lock. In use, until it is let go; one UNDO in the
 * journal for all the tries. */
static void test_L5_undo_meets_a_lock(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    other_begins();
    (void)fake_fail(&fake, FAKE_WRITE, 1, 5, HOST_BUSY);
    same_number("first try", "undo", HOST_BUSY, mender_undo(&other, "a.ini").code);
    unsigned lines = fake_lines(&fake);
    for (int i = 0; i < 4; i++) {
        fake.clock += SECOND;
        struct host_result result = mender_undo(&other, "A.INI");
        same_number("again", "undo", HOST_BUSY, result.code);
        same_text("again", "why", "it is in use", result.reason);
    }
    same_number("meanwhile", "lines more", 0, fake_lines(&fake) - lines);
    same_number("meanwhile", "UNDOs", 1, fake_entries(&fake, JOURNAL_UNDO));
    fake.clock += SECOND;
    same_number("let go", "undo", HOST_OK, mender_undo(&other, "a.ini").code);
    mender_close(&other);
    same_number("a.ini", "as it was", 0, (uint64_t)memcmp(file->bytes, STUCK, sizeof STUCK - 1));
    same_number("a.ini", "2040", 1, fake_events(&fake, EVENT_UNDONE));
    same_number("a.ini", "HOLDs", 1, fake_entries(&fake, JOURNAL_HOLD));
    journal_is_clean(0);
    mender_journal_changed(&mender);
    run(3 * HOUR);
    same_number("a.ini", "writes", 2, file->writes);
    no_complaints();
}

/* Given up: the record is as it was, the journal says so, and the next undo finds the repair. */
static void test_L5_undo_is_given_up(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_BUSY);
    same_number("a.ini", "undo", HOST_BUSY, by_another(mender_undo, "a.ini").code);
    same_number("given up", "DONE", OUTCOME_NOT_MADE, fake_entry(&fake, JOURNAL_DONE)->outcome);
    journal_is_clean(0);
    /* Nothing has come to an end for which the record would have to be looked at. */
    const unsigned opened = file->opened;
    run(MINUTE);
    same_number("given up", "opened", opened, file->opened);
    story("given up", "3020, 2000 a.ini");
    same_number("a.ini", "undo", HOST_OK, by_another(mender_undo, "a.ini").code);
    same_number("a.ini", "writes", 2, file->writes);
    journal_is_clean(0);
    no_complaints();
}

/* The service is running meanwhile, and leaves the record to whoever is at work on it. */
static void undo_in_flight_is_left_alone_by_the_service(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    other_begins();
    (void)fake_fail(&fake, FAKE_WRITE, 1, 3, HOST_BUSY);
    same_number("first try", "undo", HOST_BUSY, mender_undo(&other, "a.ini").code);
    mender_journal_changed(&mender);
    run(10 * SECOND);
    same_number("meanwhile", "undo", HOST_BUSY, mender_undo(&other, "a.ini").code);
    /* After 15 seconds the service takes it for one that crashed, and ends it. */
    mender_journal_changed(&mender);
    run(20 * SECOND);
    journal_is_clean(0);
    same_number("settled by the service", "undo", HOST_BUSY, mender_undo(&other, "a.ini").code);
    same_number("a.ini", "writes", 1, file->writes);
    same_number("a UNDO of its own", "undo", HOST_OK, mender_undo(&other, "a.ini").code);
    mender_close(&other);
    same_number("a.ini", "writes", 2, file->writes);
    journal_is_clean(0);
    no_complaints();
}

/* The record changes between two tries: nothing is undone. */
static void undo_of_what_changed_meanwhile(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    other_begins();
    (void)fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_BUSY);
    same_number("first try", "undo", HOST_BUSY, mender_undo(&other, "a.ini").code);
    fake_change(file, SOUND);
    struct host_result result = mender_undo(&other, "a.ini");
    same_number("second try", "undo", HOST_REFUSED, result.code);
    same_text("second try", "why", "it has changed since it was repaired", result.reason);
    mender_close(&other);
    same_number("a.ini", "2040", 0, fake_events(&fake, EVENT_UNDONE));
    same_number("a.ini", "HOLDs", 0, fake_entries(&fake, JOURNAL_HOLD));
    journal_is_clean(0);
    no_complaints();
}

/* Without the right to open the journal there is nothing to wait for. */
static void undo_without_rights_answers_at_once(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    (void)fake_fail(&fake, FAKE_JOURNAL_OPEN, 1, FAKE_FOR_EVER, HOST_FAILED);
    const uint64_t clock = fake.clock;
    struct host_result result = by_another(mender_undo, "a.ini");
    same_number("undo", "code", HOST_FAILED, result.code);
    same_number("undo", "system's number", 5, result.error);
    same_number("release", "code", HOST_FAILED, by_another(mender_release, "a.ini").code);
    same_number("both", "time", 0, fake.clock - clock);
    same_number("a.ini", "writes", 1, file->writes);
    fake_heal(&fake);
    fake.scanned_until = fake.clock + 100;
    same_number("busy", "undo", HOST_BUSY, by_another(mender_undo, "a.ini").code);
    no_complaints();
}

/* FIELD.md C7, for an undo: the path does not lead to the watched folder any more. */
static void test_C7_undo_in_a_folder_that_was_replaced(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    unsigned lines = fake_lines(&fake);
    (void)fake_fail(&fake, FAKE_FOLDER_CHECK, 1, 1, HOST_FAILED);
    same_number("a.ini", "undo", HOST_FAILED, by_another(mender_undo, "a.ini").code);
    same_number("a.ini", "writes", 1, file->writes);
    same_number("journal", "lines more", 0, fake_lines(&fake) - lines);
    no_complaints();
}

/* It is held as before, and nobody is told otherwise. */
static void a_release_that_is_not_written(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    (void)fake_fail(&fake, FAKE_APPEND, 1, 1, HOST_FAILED);
    same_number("a.ini", "release", HOST_FAILED, by_another(mender_release, "a.ini").code);
    run(3 * HOUR);
    same_number("a.ini", "2041", 0, fake_events(&fake, EVENT_RELEASED));
    same_number("a.ini", "writes", 2, file->writes);
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(undo_holds),
        TEST(interrupted_undo_holds),
        TEST(release_repairs),
        TEST(release_waits_for_the_undo),
        TEST(changed_content_ends_a_hold),
        TEST(undo_refused),
        TEST(repairs_are_walked_over),
        TEST(repair_in_flight_is_walked_over),
        TEST(undo_twice),
        TEST(others_are_walked_around),
        TEST(undo_again_after_a_failure),
        TEST(holds_are_bounded),
        TEST(holds_are_bounded_with_those_to_come),
        TEST(test_L5_undo_meets_a_lock),
        TEST(test_L5_undo_is_given_up),
        TEST(undo_in_flight_is_left_alone_by_the_service),
        TEST(undo_of_what_changed_meanwhile),
        TEST(undo_without_rights_answers_at_once),
        TEST(test_C7_undo_in_a_folder_that_was_replaced),
        TEST(a_release_that_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
