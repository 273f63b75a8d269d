/* SPDX-License-Identifier: MIT */
/*
 * test_rescan: what a rescan opens and what it passes over, by core/scan with core/known, and the promise
 * that what is stuck is found within a day and a rescan.
 */
#include "rig.h"

#define TICK 10000000ULL /* a second */

enum { DAY = 24 * HOUR };

/* As if it had been written so many seconds ago. */
static struct fake_file *a_file(const char *name, const char *text, unsigned seconds) {
    struct fake_file *file = fake_file(&fake, name, text);
    file->listed = fake_time(&fake) - seconds * TICK;
    return file;
}

/* Stuck from now on, and nobody is told; the folder lists another time or the same one. */
static void change_unseen(struct fake_file *file, bool listed) {
    fake_change(file, STUCK);
    if (listed)
        file->listed = fake_time(&fake);
}

static void known_ones_are_not_opened(void **state) {
    (void)state;
    many_files(1000, SOUND);
    for (size_t i = 0; i < fake.file_count; i++)
        fake.files[i].listed = fake_time(&fake) - 3600 * TICK;
    start();
    run(MINUTE);
    same_number("first scan", "opened", 1000, fake.count[FAKE_OPEN]);
    run(10 * HOUR);
    same_number("ten hours", "opened", 1000, fake.count[FAKE_OPEN]);
    same_number("ten hours", "reported", 1, fake_events(&fake, EVENT_SCANNED));
    same_number("sound", "counted", 1000, mender.scan.found.verdict[VERDICT_SOUND]);
    same_number("files", "counted", 1000, mender.scan.found.files);
    no_complaints();
}

static void what_is_opened_each_time(void **state) {
    (void)state;
    static const struct {
        const char *label, *text;
        unsigned seconds;
        unsigned opened; /* in two rescans */
    } rows[] = {
        {"sound.ini", SOUND, 3600, 0},
        {"young.ini", SOUND, 4, 1},
        {"old.ini", SOUND, 6, 0},
        {"none.ini", NO_RECORD, 3600, 2},
        {"doubtful.ini", DOUBTFUL, 3600, 2},
        {"unreadable.ini", UNREADABLE, 3600, 2},
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    struct fake_file *files[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        files[i] = a_file(rows[i].label, rows[i].text, rows[i].seconds);
    struct fake_file *remote = fake_file(&fake, "remote.ini", SOUND);
    struct fake_file *future = a_file("future.ini", SOUND, 0);
    future->listed += 10 * DAY / 1000 * TICK;
    start();
    run(MINUTE);
    for (size_t i = 0; i < ROWS; i++)
        files[i]->opened = 0;
    remote->opened = future->opened = 0;
    run(2 * HOUR);
    for (size_t i = 0; i < ROWS; i++)
        same_number(rows[i].label, "opened", rows[i].opened, files[i]->opened);
    same_number("remote.ini", "opened", 2, remote->opened);
    same_number("future.ini", "opened", 2, future->opened);
    no_complaints();
}

static void a_change_is_found_by_the_next_rescan(void **state) {
    (void)state;
    struct fake_file *time = a_file("time.ini", SOUND, 3600);
    struct fake_file *size = a_file("size.ini", SOUND, 3600);
    start();
    run(90 * MINUTE);
    change_unseen(time, true);
    change_unseen(size, false);
    run(HOUR);
    repaired(time, STUCK);
    repaired(size, STUCK);
    no_complaints();
}

/* The same size and time: as tools leave it that put the time back. */
static void a_hidden_change_is_found_within_a_day(void **state) {
    (void)state;
    for (unsigned hours = 1; hours < 24; hours += 7) {
        fake_reset(&fake);
        struct fake_file *file = a_file("a.ini", STUCK, 3600);
        fake_change(
            file,
            "[Client]\r\nName = /o=Org/ou=Site/cn=Recipients/cn=Anna\r\nState = 1\r\nKey = x\r\n");
        start();
        run((uint64_t)hours * HOUR + MINUTE);
        change_unseen(file, false);
        run(10 * MINUTE);
        untouched(file, STUCK);
        run(24ULL * HOUR + HOUR - 10 * MINUTE);
        repaired(file, STUCK);
    }
    no_complaints();
}

/* What makes the next scan open everything. */
static void lose(void) {
    mender_changes_lost(&mender);
}

static void go_on(void) {
    mender_pause(&mender);
    mender_continue(&mender);
    open_folder();
}

static void configure(void) {
    mender_configure(&mender, &settings);
}

static void arm(void) {
    const struct host_result why = {HOST_FAILED, 3, NULL};
    mender_folder_away(&mender, &why);
    open_folder();
}

static void hint(void) {
    mender_hint(&mender, "a.ini");
}

static void what_opens_everything(void **state) {
    (void)state;
    static const struct {
        const char *label;
        void (*act)(void);
        unsigned opened;
    } rows[] = {{"changes lost", lose, 2},
                {"CONTINUE", go_on, 2},
                {"new settings", configure, 2},
                {"an armed folder", arm, 2},
                {"a hint", hint, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake_reset(&fake);
        struct fake_file *file = a_file("a.ini", SOUND, 3600);
        struct fake_file *second = a_file("b.ini", SOUND, 3600);
        start();
        run(2 * HOUR);
        same_number(rows[i].label, "opened before", 2, fake.count[FAKE_OPEN]);
        rows[i].act();
        run(10 * MINUTE);
        same_number(rows[i].label, "opened", 2 + rows[i].opened, fake.count[FAKE_OPEN]);
        change_unseen(file, false);
        change_unseen(second, true);
        rows[i].act();
        run(10 * MINUTE);
        repaired(file, STUCK);
    }
    no_complaints();
}

/* The next rescan opens what it was told of, for what it lists may be older than that. */
static void after_a_hint(void **state) {
    (void)state;
    struct fake_file *file = a_file("a.ini", SOUND, 3600);
    start();
    run(90 * MINUTE);
    mender_hint(&mender, "a.ini");
    run(10 * MINUTE);
    same_number("after the hint", "opened", 2, file->opened);
    run(50 * MINUTE);
    same_number("after a rescan", "opened", 3, file->opened);
    run(HOUR);
    same_number("after another one", "opened", 3, file->opened);
    no_complaints();
}

static void once_a_day(void **state) {
    (void)state;
    struct fake_file *file = a_file("a.ini", SOUND, 3600);
    start();
    run(23ULL * HOUR + 30 * MINUTE);
    same_number("a day", "opened", 1, file->opened);
    run(HOUR);
    same_number("a day and an hour", "opened", 2, file->opened);
    run(9ULL * DAY);
    assert_in_range(file->opened, 10, 11);
    no_complaints();
}

/* A scan that was cut short has seen nothing of the rest. */
static void lost_in_the_middle_of_a_scan(void **state) {
    (void)state;
    many_files(600, SOUND);
    for (size_t i = 0; i < fake.file_count; i++)
        fake.files[i].listed = fake_time(&fake) - 3600 * TICK;
    start();
    run(MINUTE);
    run(59 * MINUTE);
    while (!mender.scan.running) {
        uint64_t due = mender_step(&mender);
        fake.clock = due > fake.clock ? due : fake.clock;
    }
    /* It has passed over the first ones. */
    change_unseen(&fake.files[0], false);
    mender_changes_lost(&mender);
    run(10 * MINUTE);
    repaired(&fake.files[0], STUCK);
    no_complaints();
}

/* One that is stuck is no longer known, whatever it looks like later. */
static void another_verdict_leaves_the_table(void **state) {
    (void)state;
    settings.repair = false;
    struct fake_file *file = a_file("a.ini", SOUND, 3600);
    const uint64_t time = file->listed;
    start();
    run(90 * MINUTE);
    fake_change(file, DOUBTFUL);
    file->listed = fake_time(&fake) - 600 * TICK;
    run(HOUR);
    same_number("a.ini", "2010", 1, fake_events(&fake, EVENT_DOUBTFUL));
    fake_change(file, "[Client]\r\nState = 4\r\nNumSCerta = 1\r\n");
    file->listed = time;
    run(HOUR);
    same_number("a.ini", "2001", 1, fake_events(&fake, EVENT_STUCK));
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(known_ones_are_not_opened),
        TEST(what_is_opened_each_time),
        TEST(a_change_is_found_by_the_next_rescan),
        TEST(a_hidden_change_is_found_within_a_day),
        TEST(what_opens_everything),
        TEST(after_a_hint),
        TEST(once_a_day),
        TEST(lost_in_the_middle_of_a_scan),
        TEST(another_verdict_leaves_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
