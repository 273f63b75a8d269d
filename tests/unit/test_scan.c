/* SPDX-License-Identifier: MIT */
/*
 * test_scan: core/scan: what a walk over the folder counts and reports, when the next one is due,
 * and folders that cannot be listed.
 */
#include "rig.h"

static void scan_counts(void **state) {
    (void)state;
    static const char *const expected[] = {"8", "1", "2", "1", "2", "2"};
    (void)fake_file(&fake, "s1.ini", STUCK);
    (void)fake_file(&fake, "s2.ini", OTHER_STUCK);
    (void)fake_file(&fake, "sound.ini", SOUND);
    (void)fake_file(&fake, "d.ini", DOUBTFUL);
    (void)fake_file(&fake, "u.ini", UNREADABLE);
    (void)fake_file(&fake, "n1.ini", NO_RECORD);
    (void)fake_file(&fake, "n2.ini", "");
    fake_file(&fake, "busy.ini", STUCK)->shared = HOST_BUSY;
    (void)fake_file(&fake, "readme.txt", STUCK);
    start();
    run(SECOND / 2);
    const struct fake_event *event = fake_event(&fake, EVENT_SCANNED);
    same_number("3020", "strings", 8, event->strings);
    same_text("3020", "mailboxes to enable", "0", event->string[7]);
    same_text("3020", "folder", settings.folder, event->string[0]);
    for (size_t i = 0; i < 6; i++)
        same_text("3020", "number", expected[i], event->string[i + 1]);
    no_complaints();
}

static void periodic_scans(void **state) {
    (void)state;
    (void)fake_file(&fake, "a.ini", SOUND);
    start();
    run(10 * HOUR);
    same_number("nothing changed", "3020", 1, fake_events(&fake, EVENT_SCANNED));
    assert_in_range(fake.count[FAKE_LIST_OPEN], 10, 11);
    (void)fake_file(&fake, "b.ini", SOUND);
    run(3 * HOUR);
    same_number("one more file", "3020", 2, fake_events(&fake, EVENT_SCANNED));
    struct fake_file *file = fake_file(&fake, "c.ini", STUCK);
    run(2 * HOUR);
    repaired(file, STUCK);
    no_complaints();
}

static void no_periodic_scans(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    start();
    run(SECOND);
    fake_clear_log(&fake);
    assert_true(mender_step(&mender) == MENDER_NEVER);
    run(100ULL * HOUR);
    same_text("quiet", "calls", "", fake_log(&fake));
    no_complaints();
}

static void periodic_scans_at_other_times(void **state) {
    (void)state;
    settings.rescan_minutes = 7;
    start();
    run(HOUR);
    assert_in_range(fake.count[FAKE_LIST_OPEN], 9, 9);
    settings.rescan_minutes = 0;
    mender_configure(&mender, &settings);
    run(HOUR);
    assert_in_range(fake.count[FAKE_LIST_OPEN], 10, 10);
    settings.rescan_minutes = CONFIG_RESCAN_MAX;
    mender_configure(&mender, &settings);
    run(15ULL * 24 * HOUR);
    assert_in_range(fake.count[FAKE_LIST_OPEN], 13, 13);
    no_complaints();
}

/* DESIGN.md: "When nothing happens, nothing runs". */
static void quiet_between_scans(void **state) {
    (void)state;
    start();
    run(SECOND);
    same_number("the next step", "is due", true, mender_step(&mender) >= fake.clock + 59 * MINUTE);
    no_complaints();
}

static void changes_lost(void **state) {
    (void)state;
    start();
    run(MINUTE);
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    for (int i = 0; i < 100; i++) {
        mender_changes_lost(&mender);
        run(30 * SECOND);
    }
    repaired(file, STUCK);
    same_number("in 50 minutes", "3000", 1, fake_events(&fake, EVENT_CHANGES_LOST));
    run(15 * MINUTE);
    mender_changes_lost(&mender);
    same_number("after the hour", "3000", 2, fake_events(&fake, EVENT_CHANGES_LOST));
    no_complaints();
}

/* Scans leave most of the time to others, but the one by the clock is not put off for that. */
static void changes_lost_after_a_long_scan(void **state) {
    (void)state;
    (void)fake_file(&fake, "b.ini", SOUND);
    start();
    fake.tick = 5 * MINUTE;
    run(20 * MINUTE);
    fake.tick = 0;
    run(MINUTE);
    same_number("the first scan", "is over", true, mender.scan.finished);
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    mender_changes_lost(&mender);
    run(61 * MINUTE);
    repaired(file, STUCK);
    no_complaints();
}

static void listing_failing(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    fake.folder_away = true;
    start();
    run(HOUR);
    story("away", "3010");
    /* 1, 2, 4 ... 60 s: some 65 attempts in an hour. */
    assert_in_range(fake.count[FAKE_LIST_OPEN], 60, 70);
    fake.folder_away = false;
    run(2 * MINUTE);
    story("back", "3010, 3020, 3011, 2000 a.ini");
    repaired(file, STUCK);
    no_complaints();
}

static void listing_failing_in_the_middle(void **state) {
    (void)state;
    many_files(5, STUCK);
    (void)fake_fail(&fake, FAKE_LIST_NEXT, 3, 1, HOST_FAILED);
    start();
    run(MINUTE);
    same_number("all", "repairs", 5, count_repaired());
    same_number("all", "3010", 1, fake_events(&fake, EVENT_FOLDER_AWAY));
    same_number("all", "3011", 1, fake_events(&fake, EVENT_FOLDER_BACK));
    no_complaints();
}

/* One that was asked for is reported when it comes to its end in the next attempt, though nothing is new; another one is not. */
static void failing_when_asked_for(void **state) {
    (void)state;
    static const enum fake_call calls[] = {FAKE_LIST_OPEN, FAKE_LIST_NEXT};
    many_files(5, SOUND);
    start();
    run(MINUTE);
    for (unsigned i = 0; i < 2; i++) {
        mender_continue(&mender);
        (void)fake_fail(&fake, calls[i], 1, 1, HOST_FAILED);
        run(MINUTE);
        same_number("asked for", "3020", 2 + i, fake_events(&fake, EVENT_SCANNED));
        mender_changes_lost(&mender);
        (void)fake_fail(&fake, calls[i], 1, 1, HOST_FAILED);
        run(MINUTE);
        same_number("changes lost", "3020", 2 + i, fake_events(&fake, EVENT_SCANNED));
    }
    no_complaints();
}

/* ---- scans that are aborted */

/* A folder that goes away, a pause, new settings, a name that cannot be read: the next scan comes
 * in its time, whatever the one before had begun. */
static void aborted_scans(void **state) {
    (void)state;
    const struct host_result why = {HOST_FAILED, 3, "it is gone"};
    for (int how = 0; how < 4; how++) {
        char label[32];
        (void)snprintf(label, sizeof label, "aborted in way %d", how);
        (void)rig_setup(NULL);
        many_files(10, SOUND);
        start();
        run(2 * HOUR);
        fake.tick = 1000;
        mender_changes_lost(&mender);
        for (int i = 0; i < 8; i++)
            (void)mender_step(&mender);
        fake.tick = 0;
        assert_true(fake.listing);
        if (how == 0)
            mender_folder_away(&mender, &why);
        else if (how == 1)
            mender_pause(&mender);
        else if (how == 2)
            mender_configure(&mender, &settings);
        else
            (void)fake_fail(&fake, FAKE_LIST_NEXT, 1, 1, HOST_FAILED);
        run(10 * SECOND);
        assert_false(fake.listing);
        if (how == 1)
            mender_continue(&mender);
        if (how <= 1)
            open_folder();
        unsigned scans = fake.count[FAKE_LIST_OPEN];
        run(MINUTE);
        same_number(label, "scans in the next minute", how <= 1,
                    fake.count[FAKE_LIST_OPEN] - scans);
        run(3 * HOUR);
        same_number(label, "scans in three hours", 3 + (how <= 1),
                    fake.count[FAKE_LIST_OPEN] - scans);
        same_number(label, "3020", 1 + (how <= 2), fake_events(&fake, EVENT_SCANNED));
        if (mender.scan.took > HOUR)
            complain("%s: a scan took %llu ms", label, (unsigned long long)mender.scan.took);
        struct fake_file *file = fake_file(&fake, "late.ini", STUCK);
        mender_changes_lost(&mender);
        run(10 * SECOND);
        repaired(file, STUCK);
    }
    no_complaints();
}

/* `status` tells of a scan of an empty folder too. */
static void scan_of_an_empty_folder(void **state) {
    (void)state;
    start();
    run(SECOND);
    const struct journal_entry *entry = fake_entry(&fake, JOURNAL_STATE);
    same_number("STATE", "scanned", fake.host.utc(&fake) - 1, entry->state.scanned);
    same_number("STATE", "lines", 2, fake_entries(&fake, JOURNAL_STATE));
    no_complaints();
}

/* The state's counts are those of the last scan that came to its end, by verdict. */
static void scan_counts_in_the_state(void **state) {
    (void)state;
    (void)fake_file(&fake, "s.ini", SOUND);
    (void)fake_file(&fake, "d.ini", DOUBTFUL);
    (void)fake_file(&fake, "u.ini", UNREADABLE);
    (void)fake_file(&fake, "n.ini", NO_RECORD);
    fake_file(&fake, "busy.ini", STUCK)->shared = HOST_BUSY;
    fake_file(&fake, "r.ini", STUCK)->repair = HOST_REFUSED;
    start();
    run(SECOND);
    const struct scan_counts *counts = &fake_entry(&fake, JOURNAL_STATE)->state.counts;
    same_number("STATE", "files", 6, counts->files);
    for (int verdict = VERDICT_UNREADABLE; verdict <= VERDICT_DOUBTFUL; verdict++)
        same_number("STATE", "of a verdict", 1, counts->verdict[verdict]);
    same_number("STATE", "in use", 1, counts->busy);
    no_complaints();
}

static unsigned scans_after(uint64_t ms) {
    run(ms);
    return fake.count[FAKE_LIST_OPEN];
}

/* After one that was short, a second; after a long one, four times as long as it took. */
static void the_next_one_keeps_its_distance(void **state) {
    (void)state;
    start();
    run(SECOND / 2);
    uint64_t ended = mender.scan.ended;
    mender_changes_lost(&mender);
    same_number("a short one", "scans before", 1, scans_after(ended + 999 - fake.clock));
    same_number("a short one", "scans after", 2, scans_after(1));
    fake.tick = 10 * SECOND;
    mender_changes_lost(&mender);
    ended = mender.scan.ended;
    while (mender.scan.ended == ended)
        run(SECOND);
    fake.tick = 0;
    const uint64_t took = mender.scan.took;
    assert_true(took >= 10 * SECOND && took <= 2 * MINUTE);
    mender_changes_lost(&mender);
    ended = mender.scan.ended;
    same_number("a long one", "scans before", 3, scans_after(ended + 4 * took - 1 - fake.clock));
    same_number("a long one", "scans after", 4, scans_after(1));
    no_complaints();
}

/* To the millisecond: 1, 2, 4 ... 60 s after one that failed. */
static void listing_failing_backs_off(void **state) {
    (void)state;
    static const uint32_t waits[] = {1, 2, 4, 8, 16, 32, 60, 60};
    fake.folder_away = true;
    start();
    run(0);
    for (unsigned i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        same_number("just before", "scans", i + 1, scans_after(waits[i] * SECOND - 1));
        same_number("at its time", "scans", i + 2, scans_after(1));
    }
    no_complaints();
}

/* What a flood of changes brings about is said once an hour, to the millisecond. */
static void news_once_an_hour(void **state) {
    (void)state;
    for (unsigned late = 0; late < 2; late++) {
        (void)rig_setup(NULL);
        settings.rescan_minutes = 0;
        start();
        run(SECOND);
        uint64_t told = mender.scan.ended;
        (void)fake_file(&fake, "a.ini", SOUND);
        mender_changes_lost(&mender);
        run(MINUTE);
        same_number("a minute later", "3020", 1, fake_events(&fake, EVENT_SCANNED));
        run(told + HOUR - 1 + late - fake.clock);
        mender_changes_lost(&mender);
        run(0);
        same_number("about an hour later", "scans", 3, fake.count[FAKE_LIST_OPEN]);
        same_number("about an hour later", "3020", 1 + late, fake_events(&fake, EVENT_SCANNED));
    }
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(scan_counts),
        TEST(periodic_scans),
        TEST(no_periodic_scans),
        TEST(periodic_scans_at_other_times),
        TEST(quiet_between_scans),
        TEST(changes_lost),
        TEST(changes_lost_after_a_long_scan),
        TEST(listing_failing),
        TEST(listing_failing_in_the_middle),
        TEST(failing_when_asked_for),
        TEST(aborted_scans),
        TEST(scan_of_an_empty_folder),
        TEST(scan_counts_in_the_state),
        TEST(the_next_one_keeps_its_distance),
        TEST(listing_failing_backs_off),
        TEST(news_once_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
