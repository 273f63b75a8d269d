/*
 * test_limit: the hourly limit at work: attend's trip, and the ledger's window behind it over restarts, checkpoints,
 * other processes and clocks that are set. The arithmetic itself is test_limiter's.
 */
#include "rig.h"

static void stops_at_the_limit(void **state) {
    (void)state;
    settings.repairs_per_hour = 3;
    many_files(10, STUCK);
    start();
    run(50 * MINUTE);
    same_number("in the first hour", "repairs", 3, count_repaired());
    same_number("in the first hour", "2000", 3, fake_events(&fake, EVENT_REPAIRED));
    same_number("in the first hour", "2030", 1, fake_events(&fake, EVENT_LIMIT));
    same_number("in the first hour", "2001", 7, fake_events(&fake, EVENT_STUCK));
    same_text("event", "limit", "3", fake_event(&fake, EVENT_LIMIT)->string[1]);
    run(HOUR);
    same_number("in the second hour", "repairs", 6, count_repaired());
    run(2 * HOUR);
    same_number("in the fourth hour", "repairs", 10, count_repaired());
    same_number("in the fourth hour", "2000", 10, fake_events(&fake, EVENT_REPAIRED));
    no_complaints();
}

static void no_limit_below_it(void **state) {
    (void)state;
    settings.repairs_per_hour = 3;
    settings.rescan_minutes = 0;
    start();
    for (unsigned i = 0; i < 30; i++) {
        char name[FAKE_NAME_BYTES];
        (void)snprintf(name, sizeof name, "Mx%u.ini", i);
        (void)fake_file(&fake, name, STUCK);
        mender_hint(&mender, name);
        /* Three an hour, and the rest of the minute in which a repair's hour ends. */
        run(21 * MINUTE);
        same_number(name, "repairs", i + 1, count_repaired());
    }
    same_number("all", "2030", 0, fake_events(&fake, EVENT_LIMIT));
    no_complaints();
}

/* Where calls take time the repairs of an hour are not all from the same moment. */
static void limit_while_time_passes(void **state) {
    (void)state;
    settings.repairs_per_hour = 20;
    settings.rescan_minutes = 0;
    fake.tick = 3;
    many_files(100, STUCK);
    start();
    run(HOUR / 2);
    same_number("in the first hour", "2030", 1, fake_events(&fake, EVENT_LIMIT));
    run(HOUR);
    same_number("in the second hour", "repairs", 40, count_repaired());
    same_number("in the second hour", "2030", 2, fake_events(&fake, EVENT_LIMIT));
    same_number("in the second hour", "scans at most", true,
                fake_events(&fake, EVENT_SCANNED) <= 4);
    run(4 * HOUR);
    same_number("at the end", "repairs", 100, count_repaired());
    same_number("at the end", "2030 at most", true, fake_events(&fake, EVENT_LIMIT) <= 5);
    no_complaints();
}

/* DESIGN.md: "one loud event; resume after the hour", also when the stuck records come one by one. */
static void one_event_an_hour(void **state) {
    (void)state;
    settings.repairs_per_hour = 20;
    settings.rescan_minutes = 0;
    start();
    for (unsigned minute = 0; minute < 240; minute++) {
        char name[FAKE_NAME_BYTES];
        (void)snprintf(name, sizeof name, "Mx%u.ini", minute);
        (void)fake_file(&fake, name, STUCK);
        mender_hint(&mender, name);
        run(MINUTE);
    }
    same_number("in four hours", "80 repairs at most", true, count_repaired() <= 80);
    same_number("in four hours", "60 repairs at least", true, count_repaired() >= 60);
    if (fake_events(&fake, EVENT_LIMIT) > 4)
        complain("in four hours: 2030: expected 4 at most, got %u",
                 fake_events(&fake, EVENT_LIMIT));
    no_complaints();
}

static void goes_on_when_told(void **state) {
    (void)state;
    settings.repairs_per_hour = 3;
    many_files(10, STUCK);
    start();
    run(MINUTE);
    same_number("at first", "repairs", 3, count_repaired());
    mender_continue(&mender);
    run(MINUTE);
    same_number("after CONTINUE", "repairs", 6, count_repaired());
    settings.repairs_per_hour = 2;
    mender_configure(&mender, &settings);
    run(MINUTE);
    same_number("with other settings", "repairs", 8, count_repaired());
    same_number("with other settings", "2030", 3, fake_events(&fake, EVENT_LIMIT));
    no_complaints();
}

static void limit_told_when_the_event_log_is_back(void **state) {
    (void)state;
    settings.repairs_per_hour = 3;
    many_files(10, STUCK);
    /* After the scan and three repairs. */
    (void)fake_fail(&fake, FAKE_REPORT, 5, 2, HOST_FAILED);
    start();
    run(50 * MINUTE);
    same_number("all", "2030", 1, fake_events(&fake, EVENT_LIMIT));
    same_number("all", "repairs", 3, count_repaired());
    no_complaints();
}

/* ---- over restarts and processes */

static void limit_survives_a_restart(void **state) {
    (void)state;
    settings.repairs_per_hour = 3;
    many_files(10, STUCK);
    start();
    run(10 * MINUTE);
    for (int i = 0; i < 3; i++) {
        restart(false);
        run(10 * MINUTE);
        same_number("after a restart", "repairs", 3, count_repaired());
    }
    /* The clock of the machine began again; an hour after the first repairs it is over. */
    run(25 * MINUTE);
    same_number("an hour later", "repairs", 6, count_repaired());
    no_complaints();
}


/* What another process repairs while this one waits for the hour to be over is not forgotten then. */
static void limit_counts_what_others_repair(void **state) {
    (void)state;
    settings.repairs_per_hour = 1;
    many_files(2, STUCK);
    start();
    run(30 * MINUTE);
    same_number("at first", "repairs", 1, count_repaired());
    (void)fake_file(&fake, "b.ini", SOUND);
    append_repair(2, "b.ini");
    mender_journal_changed(&mender);
    run(50 * MINUTE);
    same_number("50 minutes after the other", "repairs", 1, count_repaired());
    run(12 * MINUTE);
    same_number("an hour after the other", "repairs", 2, count_repaired());
    no_complaints();
}

/* A number whose line did not get into the journal may be used by another process. */
static void limit_counts_a_number_of_others(void **state) {
    (void)state;
    settings.repairs_per_hour = 1;
    (void)fake_file(&fake, "a.ini", STUCK);
    (void)fake_file(&fake, "b.ini", SOUND);
    start();
    run(3 * SECOND);
    (void)fake_fail(&fake, FAKE_APPEND, 1, 1, HOST_FAILED);
    run(2 * SECOND);
    append_repair(1, "b.ini");
    run(50 * MINUTE);
    same_number("50 minutes after the other", "repairs", 0, count_repaired());
    run(11 * MINUTE);
    same_number("an hour after the other", "repairs", 1, count_repaired());
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(stops_at_the_limit),
        TEST(no_limit_below_it),
        TEST(limit_while_time_passes),
        TEST(one_event_an_hour),
        TEST(goes_on_when_told),
        TEST(limit_told_when_the_event_log_is_back),
        TEST(limit_survives_a_restart),
        TEST(limit_counts_what_others_repair),
        TEST(limit_counts_a_number_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
