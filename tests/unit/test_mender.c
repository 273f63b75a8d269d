/* SPDX-License-Identifier: MIT */
/*
 * test_mender: core/mender: what is done when, of all that is due; pause and continue, new
 * settings, folders that go and come back, and the bounds of it all.
 */
#include "rig.h"

/* Paused, it has let go of the folder and touches no record; only the journal is kept. */
static void pause_and_continue(void **state) {
    (void)state;
    struct fake_file *a = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    mender_pause(&mender);
    run(SECOND);
    same_number("paused", "state", WHY_PAUSED, fake_entry(&fake, JOURNAL_STATE)->state.why);
    fake_clear_log(&fake);
    struct fake_file *b = fake_file(&fake, "b.ini", STUCK);
    mender_hint(&mender, "b.ini");
    mender_changes_lost(&mender);
    run(5 * HOUR);
    same_text("paused", "calls", "report 3000", fake_log(&fake));
    untouched(a, STUCK);
    mender_continue(&mender);
    run(MINUTE);
    untouched(a, STUCK);
    same_number("continued", "state", WHY_FOLDER, fake_entry(&fake, JOURNAL_STATE)->state.why);
    open_folder();
    run(MINUTE);
    repaired(a, STUCK);
    repaired(b, STUCK);
    same_number("at work", "state", WHY_NOTHING, fake_entry(&fake, JOURNAL_STATE)->state.why);
    no_complaints();
}

/* DESIGN.md: "Once a day event 1002 says again that it is paused." */
static void says_once_a_day_that_it_is_paused(void **state) {
    (void)state;
    start();
    run(SECOND);
    mender_pause(&mender);
    run(24ULL * HOUR - 1);
    same_number("before a day is over", "1002", 0, fake_events(&fake, EVENT_PAUSED));
    run(1);
    same_number("a day later", "1002", 1, fake_events(&fake, EVENT_PAUSED));
    run(3 * 24ULL * HOUR);
    same_number("four days later", "1002", 4, fake_events(&fake, EVENT_PAUSED));
    mender_continue(&mender);
    open_folder();
    run(3 * 24ULL * HOUR);
    same_number("continued", "1002", 4, fake_events(&fake, EVENT_PAUSED));
    no_complaints();
}

/* What is in flight when it is paused waits too, and is ended afterwards. */
static void pause_with_a_write_that_waits(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_BUSY);
    start();
    run(5 * SECOND);
    mender_pause(&mender);
    run(HOUR);
    untouched(file, STUCK);
    same_number("paused", "attempts", 1, fake.count[FAKE_WRITE]);
    mender_continue(&mender);
    open_folder();
    run(2 * SECOND);
    repaired(file, STUCK);
    same_number("journal", "INTENTs", 1, fake_intents(&fake));
    journal_is_clean(0);
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
    open_folder();
    run(MINUTE);
    same_number("all", "repairs", 10, count_repaired());
    same_number("all", "3020", 1, fake_events(&fake, EVENT_SCANNED));
    mender_changes_lost(&mender);
    /* First it looks at the ten that it has repaired. */
    for (int i = 0; i < 14; i++)
        (void)mender_step(&mender);
    assert_true(fake.listing);
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

/* The path is one thing, the folder that is open another: until the new one is open nothing is
 * done, and in the old one never again. */
static void nothing_before_the_other_folder_is_open(void **state) {
    (void)state;
    struct fake_file *old = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    (void)text_copy(settings.folder, sizeof settings.folder, fake.paths[1]);
    mender_configure(&mender, &settings);
    run(HOUR);
    untouched(old, STUCK);
    same_number("meanwhile", "state", WHY_FOLDER, fake_entry(&fake, JOURNAL_STATE)->state.why);
    no_complaints();
}

/* FIELD.md L8: `auto` has found the folder; the hour's repairs count on. */
static void test_L8_folder_found_later(void **state) {
    (void)state;
    settings.repairs_per_hour = 3;
    many_files(2, STUCK);
    start();
    run(MINUTE);
    same_number("at first", "repairs", 2, count_repaired());
    mender_folder_found(&mender, fake.paths[0]);
    (void)fake_file(&fake, "a.ini", STUCK);
    (void)fake_file(&fake, "b.ini", STUCK);
    open_folder();
    run(50 * MINUTE);
    same_number("found later", "repairs", 3, count_repaired());
    same_number("found later", "2030", 1, fake_events(&fake, EVENT_LIMIT));
    no_complaints();
}

/* DESIGN.md: "When nothing happens, nothing runs". Between two rescans: no call, no event. A rescan leaves its time in the
 * journal, and nothing else. */
static void an_idle_day(void **state) {
    (void)state;
    (void)fake_file(&fake, "a.ini", STUCK);
    (void)fake_file(&fake, "b.ini", SOUND);
    start();
    run(2 * HOUR + HOUR / 2);
    unsigned lines = fake_lines(&fake);
    unsigned states = fake_entries(&fake, JOURNAL_STATE);
    unsigned scans = fake.count[FAKE_LIST_OPEN];
    unsigned opens = fake.count[FAKE_JOURNAL_OPEN];
    fake_clear_events(&fake);
    run(24ULL * HOUR);
    same_number("in a day", "scans", 24, fake.count[FAKE_LIST_OPEN] - scans);
    same_number("in a day", "lines that were added", 24, fake_lines(&fake) - lines);
    same_number("in a day", "times of scans", 24, fake_entries(&fake, JOURNAL_STATE) - states);
    same_number("in a day", "times the journal was opened", 24,
                fake.count[FAKE_JOURNAL_OPEN] - opens);
    story("in a day", "");
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

/* More than the queue holds, all of them busy at once, then let go, and no scan by the clock. */
static void test_L7_all_busy_at_once(void **state) {
    (void)state;
    settings.repairs_per_hour = CONFIG_REPAIRS_MAX;
    settings.rescan_minutes = 0;
    many_files(QUEUE_NAMES + 52, OTHER_STUCK);
    for (size_t i = 0; i < fake.file_count; i++)
        fake.files[i].shared = fake.files[i].repair = HOST_BUSY;
    start();
    run(HOUR);
    for (size_t i = 0; i < fake.file_count; i++)
        fake.files[i].shared = fake.files[i].repair = HOST_OK;
    run(5 * MINUTE);
    same_number("all of them", "repairs", QUEUE_NAMES + 52, count_repaired());
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

/* ---- changes in flight while the folder is away */

static const struct host_result is_gone = {HOST_FAILED, 3, "it is gone"};

/* Its path may lead anywhere: what touches records waits, what does not goes on. */
static void in_flight_and_away(void **state) {
    (void)state;
    struct fake_file *file = a_write_that_waits(1, HOST_BUSY, 5 * SECOND);
    mender_folder_away(&mender, &is_gone);
    run(HOUR);
    untouched(file, STUCK);
    same_number("away", "attempts", 1, file->opened_for_repair);
    open_folder();
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    run(2 * SECOND);
    repaired(file, STUCK);
    mender_folder_away(&mender, &is_gone);
    fake_heal(&fake);
    run(MINUTE);
    same_number("away", "2000", 1, fake_events(&fake, EVENT_REPAIRED));
    journal_is_clean(0);
    no_complaints();
}

static void an_intent_in(unsigned folder, uint32_t number) {
    struct journal_entry entry = an_intent(number, "b.ini", STUCK);
    (void)text_copy(entry.text, sizeof entry.text, fake.paths[folder]);
    fake_append_entry(&fake, &entry);
    mender_journal_changed(&mender);
}

/* What another process has begun and not ended is settled from its record: at once in a folder that is not the
 * watched one, in that one when it is back. */
static void to_be_settled_and_away(void **state) {
    (void)state;
    fake.folder = 1;
    struct fake_file *elsewhere = fake_file(&fake, "b.ini", STUCK);
    fake.folder = 0;
    struct fake_file *here = fake_file(&fake, "b.ini", STUCK);
    here->repair = HOST_BUSY;
    an_intent_in(0, 1);
    start_without_folder();
    run(MINUTE);
    same_number("not open yet", "opened", 0, here->opened + here->opened_for_repair);
    an_intent_in(1, 2);
    open_folder();
    run(MINUTE);
    same_number("open", "DONEs", 2, fake_entries(&fake, JOURNAL_DONE));
    mender_folder_away(&mender, &is_gone);
    unsigned opened = here->opened + here->opened_for_repair;
    an_intent_in(0, 3);
    an_intent_in(1, 4);
    run(MINUTE);
    same_number("away", "opened", opened, here->opened + here->opened_for_repair);
    same_number("elsewhere", "opened", true, elsewhere->opened + elsewhere->opened_for_repair > 0);
    same_number("away", "DONEs", 3, fake_entries(&fake, JOURNAL_DONE));
    open_folder();
    run(MINUTE);
    same_number("back", "DONEs", 4, fake_entries(&fake, JOURNAL_DONE));
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(pause_and_continue),
        TEST(says_once_a_day_that_it_is_paused),
        TEST(pause_with_a_write_that_waits),
        TEST(pause_during_a_scan),
        TEST(another_folder),
        TEST(folder_away_and_back),
        TEST(folder_told_when_the_event_log_is_back),
        TEST(nothing_before_the_other_folder_is_open),
        TEST(test_L8_folder_found_later),
        TEST(an_idle_day),
        TEST(queue_overflow),
        TEST(hints_overflow),
        TEST(test_L7_all_busy_at_once),
        TEST(busy_and_overflow),
        TEST(is_settled),
        TEST(in_flight_and_away),
        TEST(to_be_settled_and_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
