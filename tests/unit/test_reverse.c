/*
 * test_reverse: core/reverse: undo and release, and the holds between them.
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

/* An undo that was interrupted before its HOLD, of a record that is away when its end is looked for: when
 * the record comes back, by a backup or a power cut, it is held all the same. */
static void interrupted_undo_holds(void **state) {
    (void)state;
    struct journal_entry undo = an_intent(7, "a.ini", STUCK);
    const uint32_t stuck = undo.before;
    undo.kind = JOURNAL_UNDO;
    undo.before = undo.after;
    undo.after = stuck;
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

/* As long as its undo is not settled, whoever settles it holds it: releasing it would be in vain. */
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
    char name[FAKE_NAME_BYTES];
    settings.repairs_per_hour = CONFIG_REPAIRS_MAX;
    many_files(MEMORY_HELD + 1, STUCK);
    start();
    run(MINUTE);
    for (unsigned i = 0; i <= MEMORY_HELD; i++) {
        (void)snprintf(name, sizeof name, "%s", fake.files[i].name);
        same_number(name, "undo", i < MEMORY_HELD ? HOST_OK : HOST_REFUSED,
                    by_another(mender_undo, name).code);
    }
    run(HOUR);
    same_number("all", "2000", MEMORY_HELD + 1, fake_events(&fake, EVENT_REPAIRED));
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

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(undo_holds),
        TEST(interrupted_undo_holds),
        TEST(release_repairs),
        TEST(release_waits_for_the_undo),
        TEST(changed_content_ends_a_hold),
        TEST(undo_refused),
        TEST(undo_twice),
        TEST(undo_again_after_a_failure),
        TEST(holds_are_bounded),
        TEST(holds_are_bounded_with_those_to_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
