/*
 * test_mender: core/mender: what is done when, of all that is due; pause and continue, new settings, folders that go and
 * come back, and the bounds of it all.
 */
#include "rig.h"

static void pause_and_continue(void **state) {
    (void)state;
    struct fake_file *a = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    mender_pause(&mender);
    fake_clear_log(&fake);
    struct fake_file *b = fake_file(&fake, "b.ini", STUCK);
    mender_hint(&mender, "b.ini");
    mender_changes_lost(&mender);
    assert_true(mender_step(&mender) == MENDER_NEVER);
    run(5 * HOUR);
    same_text("paused", "calls", "report 3000", fake_log(&fake));
    untouched(a, STUCK);
    mender_continue(&mender);
    run(MINUTE);
    repaired(a, STUCK);
    repaired(b, STUCK);
    no_complaints();
}

static void pause_during_a_scan(void **state) {
    (void)state;
    many_files(10, STUCK);
    start();
    for (int i = 0; i < 6; i++)
        (void)mender_step(&mender);
    assert_true(fake.listing);
    mender_pause(&mender);
    assert_false(fake.listing);
    mender_continue(&mender);
    run(MINUTE);
    same_number("all", "repairs", 10, count_repaired());
    same_number("all", "3020", 1, fake_events(&fake, EVENT_SCANNED));
    for (int i = 0; i < 3; i++)
        (void)mender_step(&mender);
    mender_close(&mender);
    assert_false(fake.listing);
    no_complaints();
}

static void another_folder(void **state) {
    (void)state;
    struct fake_file *old = fake_file(&fake, "old.ini", STUCK);
    start();
    run(SECOND);
    fake.folder = 1;
    struct fake_file *new = fake_file(&fake, "new.ini", STUCK);
    fake.folder = 0;
    fake_clear_log(&fake);
    use_folder(1);
    run(MINUTE);
    untouched(old, STUCK);
    repaired(new, STUCK);
    same_text("event", "folder", "D:\\Records", fake_event(&fake, EVENT_REPAIRED)->string[1]);
    if (strstr(fake_log(&fake), "old.ini") != NULL)
        complain("the old folder: expected to be forgotten, got %s", fake_log(&fake));
    if (strstr(fake_log(&fake), "append LOADED") == NULL)
        complain("the journal: expected to hold the new settings, got %s", fake_log(&fake));
    no_complaints();
}

static void folder_away_and_back(void **state) {
    (void)state;
    struct host_result why = {HOST_FAILED, 3, "it is gone"};
    start();
    run(SECOND);
    fake.folder_away = true;
    for (int i = 0; i < 5; i++) {
        mender_folder_away(&mender, &why);
        run(MINUTE);
    }
    story("away", "3020, 3010");
    fake_clear_log(&fake);
    run(10 * HOUR);
    same_text("away", "calls", "", fake_log(&fake));
    fake.folder_away = false;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    open_folder();
    run(MINUTE);
    story("back", "3020, 3010, 3020, 3011, 2000 a.ini");
    repaired(file, STUCK);
    no_complaints();
}

static void folder_told_when_the_event_log_is_back(void **state) {
    (void)state;
    fake.folder_away = true;
    (void)fake_fail(&fake, FAKE_REPORT, 1, 3, HOST_FAILED);
    start();
    run(10 * MINUTE);
    story("away", "3010");
    fake.folder_away = false;
    run(10 * MINUTE);
    story("back", "3010, 3020, 3011");
    no_complaints();
}

/* ---- bounds */

static void queue_overflow(void **state) {
    (void)state;
    settings.repairs_per_hour = CONFIG_REPAIRS_MAX;
    settings.rescan_minutes = 0;
    many_files(2500, OTHER_STUCK);
    start();
    run(10 * MINUTE);
    same_number("by scan", "repairs", 2500, count_repaired());
    same_number("by scan", "2000", 2500, fake_events(&fake, EVENT_REPAIRED));
    no_complaints();
}

static void hints_overflow(void **state) {
    (void)state;
    settings.repairs_per_hour = CONFIG_REPAIRS_MAX;
    settings.rescan_minutes = 0;
    start();
    run(MINUTE);
    many_files(2500, OTHER_STUCK);
    for (size_t i = 0; i < fake.file_count; i++)
        mender_hint(&mender, fake.files[i].name);
    run(10 * MINUTE);
    same_number("by hint", "repairs", 2500, count_repaired());
    no_complaints();
}

/* Busy records do not fill the queue for ever: others get their turn. */
static void busy_and_overflow(void **state) {
    (void)state;
    settings.repairs_per_hour = CONFIG_REPAIRS_MAX;
    settings.rescan_minutes = 0;
    many_files(2200, OTHER_STUCK);
    for (size_t i = 0; i < 2100; i++)
        fake.files[i].shared = HOST_BUSY;
    start();
    run(3 * MINUTE);
    for (size_t i = 0; i < 2100; i += 2)
        fake.files[i].shared = HOST_OK;
    run(30 * MINUTE);
    same_number("those that are free", "repairs", 1150, count_repaired());
    no_complaints();
}

static void is_settled(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    assert_false(mender_is_settled(&mender));
    run(SECOND);
    assert_false(mender_is_settled(&mender));
    run(MINUTE);
    assert_true(mender_is_settled(&mender));
    fake_change(file, STUCK);
    file->repair = HOST_BUSY;
    mender_hint(&mender, "a.ini");
    assert_false(mender_is_settled(&mender));
    run(10 * SECOND);
    assert_true(mender_is_settled(&mender));
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(pause_and_continue),
        TEST(pause_during_a_scan),
        TEST(another_folder),
        TEST(folder_away_and_back),
        TEST(folder_told_when_the_event_log_is_back),
        TEST(queue_overflow),
        TEST(hints_overflow),
        TEST(busy_and_overflow),
        TEST(is_settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
