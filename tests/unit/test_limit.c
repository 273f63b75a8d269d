/* SPDX-License-Identifier: MIT */
/*
 * test_limit: the hourly limit at work: attend's trip, and the ledger's window behind it over
 * restarts, checkpoints, other processes and clocks that are set. The arithmetic itself is
 * test_limiter's.
 */
#include "rig.h"

static void stops_at_the_limit(void **state) {
    (void)state;
    a_limit_of(3, 10);
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
        (void)a_new_file(name, STUCK);
        /* Three an hour, and the rest of the minute in which a repair's hour ends. */
        run(21 * MINUTE);
        same_number(name, "repairs", i + 1, count_repaired());
    }
    same_number("all", "2030", 0, fake_events(&fake, EVENT_LIMIT));
    no_complaints();
}

/* Somebody has copied the line of a repair to the end of the journal: that is one repair all the same. */
static void a_copied_line_does_not_count(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    repaired(file, STUCK);
    const struct journal_entry entry = *fake_entry(&fake, JOURNAL_INTENT);
    fake_append_entry(&fake, &entry);
    mender_journal_changed(&mender);
    run(MINUTE);
    same_number("window", "repairs", 1, limiter_count(&mender.ledger.window, fake.clock));
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

/* DESIGN.md: "one loud event; resume after the hour", also when the stuck records come one by
 * one. */
static void one_event_an_hour(void **state) {
    (void)state;
    settings.repairs_per_hour = 20;
    settings.rescan_minutes = 0;
    start();
    for (unsigned minute = 0; minute < 240; minute++) {
        char name[FAKE_NAME_BYTES];
        (void)snprintf(name, sizeof name, "Mx%u.ini", minute);
        (void)a_new_file(name, STUCK);
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
    a_limit_of(3, 10);
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
    a_limit_of(3, 10);
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

/* What another process repairs while this one waits for the hour to be over is not forgotten
 * then. */
static void limit_counts_what_others_repair(void **state) {
    (void)state;
    a_limit_of(1, 2);
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

/* ---- clocks and checkpoints */

static uint32_t in_the_hour(void) {
    return limiter_count(&mender.ledger.window, fake.clock);
}

/* FIELD.md L3: the calendar was two hours ahead while three repairs were made, and is right at the
 * next start. They count once, as made now, and are written down as that; an hour later they are
 * over. */
static void test_L3_times_from_the_future(void **state) {
    (void)state;
    settings.repairs_per_hour = 3;
    many_files(10, STUCK);
    fake.apart = 2 * 3600;
    start();
    run(MINUTE);
    same_number("with the wrong calendar", "repairs", 3, count_repaired());
    fake.apart = 0;
    restart(false);
    run(50 * MINUTE);
    same_number("50 minutes after a restart", "repairs", 3, count_repaired());
    same_number("journal", "WINDOWs", 2, fake_entries(&fake, JOURNAL_WINDOW));
    const char *count = strchr(fake_entry(&fake, JOURNAL_WINDOW)->text, '=');
    same_text("journal", "repairs in it", "=3", count != NULL ? count : "none");
    mender_pause(&mender);
    run(11 * MINUTE);
    unsigned lines = fake_lines(&fake);
    restart(false);
    run(MINUTE);
    same_number("a second restart, an hour later", "repairs", 6, count_repaired());
    same_number("a second restart", "WINDOWs more", 2, fake_entries(&fake, JOURNAL_WINDOW));
    same_number("a second restart", "lines", true, fake_lines(&fake) > lines);
    no_complaints();
}

/* The same with a restart at once, and again: each finds the WINDOW, and none adds another. */
static void times_from_the_future_are_written_once(void **state) {
    (void)state;
    settings.repairs_per_hour = 3;
    many_files(10, STUCK);
    fake.apart = 2 * 3600;
    start();
    run(MINUTE);
    fake.apart = 0;
    for (int i = 0; i < 5; i++) {
        restart(false);
        run(5 * MINUTE);
    }
    same_number("after five restarts", "repairs", 3, count_repaired());
    same_number("after five restarts", "WINDOWs", 2, fake_entries(&fake, JOURNAL_WINDOW));
    no_complaints();
}

/* Set ahead: what was made before the restart was long ago by the calendar, but nobody
 * restarted. */
static void calendar_set_in_a_run(void **state) {
    (void)state;
    static const int64_t by[] = {-2 * 3600, 2 * 3600, -40 * 365 * 86400LL, 40 * 365 * 86400LL};
    for (size_t i = 0; i < sizeof by / sizeof by[0]; i++) {
        char label[48];
        (void)snprintf(label, sizeof label, "set by %lld s", (long long)by[i]);
        (void)rig_setup(NULL);
        a_limit_of(3, 10);
        run(10 * MINUTE);
        same_number(label, "repairs before", 3, count_repaired());
        fake.apart = by[i];
        run(20 * MINUTE);
        same_number(label, "repairs 20 minutes later", 3, count_repaired());
        same_number(label, "in the hour", 3, in_the_hour());
        same_number(label, "2030", 1, fake_events(&fake, EVENT_LIMIT));
        /* A restart has only the calendar to go by. */
        mender_hint(&mender, "Mx00000.ini");
        mender_journal_changed(&mender);
        run(5 * MINUTE);
        restart(false);
        run(20 * MINUTE);
        same_number(label, "repairs after a restart", 3, count_repaired());
        run(10 * MINUTE);
        same_number(label, "repairs an hour later", 6, count_repaired());
    }
    no_complaints();
}

/* A calendar that wanders by less than two seconds is not worth a line, nor one when there is
 * nothing to count. */
static void calendar_that_wanders(void **state) {
    (void)state;
    start();
    run(MINUTE);
    unsigned lines = fake_lines(&fake);
    for (int i = 0; i < 50; i++) {
        fake.apart++;
        run(20 * SECOND);
    }
    same_number("nothing to count", "lines", lines, fake_lines(&fake));
    (void)a_new_file("a.ini", STUCK);
    run(10 * SECOND);
    lines = fake_lines(&fake);
    fake.apart += 2;
    run(10 * MINUTE);
    same_number("two seconds", "lines", lines, fake_lines(&fake));
    fake.apart += 1;
    run(10 * MINUTE);
    same_number("three seconds", "lines", lines + 1, fake_lines(&fake));
    no_complaints();
}

/* FIELD.md L4: a checkpoint and a restart; the hour and undo know what was before. */
static void test_L4_checkpoint_and_restart(void **state) {
    (void)state;
    a_limit_of(3, 10);
    run(10 * MINUTE);
    same_number("at first", "repairs", 3, count_repaired());
    fake_fill_journal(&fake);
    mender_journal_changed(&mender);
    run(SECOND);
    same_number("journal", "is short", true, fake.journal.size < 4096);
    restart(false);
    run(30 * MINUTE);
    same_number("after a restart", "repairs", 3, count_repaired());
    same_number("Mx00000.ini", "undo", HOST_OK, by_another(mender_undo, "Mx00000.ini").code);
    same_number("Mx00000.ini", "writes", 2, fake_find(&fake, "Mx00000.ini")->writes);
    run(5 * MINUTE);
    same_number("after undo", "all writes", 4, count_repaired());
    no_complaints();
}

/* An hour that an administrator has reset stays so over a restart and a checkpoint. */
static void continue_lasts(void **state) {
    (void)state;
    a_limit_of(3, 3);
    run(MINUTE);
    mender_continue(&mender);
    run(MINUTE);
    same_number("after CONTINUE", "in the hour", 0, in_the_hour());
    restart(false);
    run(MINUTE);
    same_number("after a restart", "in the hour", 0, in_the_hour());
    many_files(3, SOUND);
    for (size_t i = 3; i < 6; i++) {
        (void)snprintf(fake.files[i].name, sizeof fake.files[i].name, "My%zu.ini", i);
        fake_change(&fake.files[i], STUCK);
        mender_hint(&mender, fake.files[i].name);
    }
    run(MINUTE);
    same_number("after a restart", "repairs", 6, count_repaired());
    no_complaints();
}

/* 2030 says until when; so does the state, until then and no longer. */
static void says_until_when(void **state) {
    (void)state;
    a_limit_of(3, 4);
    run(MINUTE);
    /* The last repair was made at 16:40:06; an hour, and the rest of that minute. */
    same_text("2030", "until", "2026-11-22T17:41:00Z", fake_event(&fake, EVENT_LIMIT)->string[2]);
    const struct journal_entry *entry = fake_entry(&fake, JOURNAL_STATE);
    same_number("state", "why", WHY_LIMIT, entry->state.why);
    same_number("state", "until", journal_utc(2026, 11, 22, (17 * 60 + 41) * 60),
                entry->state.until);
    run(HOUR + MINUTE);
    entry = fake_entry(&fake, JOURNAL_STATE);
    same_number("over", "why", WHY_NOTHING, entry->state.why);
    same_number("over", "until", 0, entry->state.until);
    same_number("over", "repairs", 4, count_repaired());
    no_complaints();
}

/* ---- what a WINDOW tells */

static uint32_t utc_now(void) {
    return fake.host.utc(fake.host.context);
}

/* "TIME=COUNT" in a journal: so many repairs, that long ago. */
static void append_window(int64_t seconds_ago, unsigned count) {
    static struct journal_entry entry;
    memset(&entry, 0, sizeof entry);
    entry.kind = JOURNAL_WINDOW;
    entry.utc = utc_now();
    (void)snprintf(entry.text, sizeof entry.text, "%u=%u",
                   (unsigned)((int64_t)utc_now() - seconds_ago), count);
    fake_append_entry(&fake, &entry);
}

/* Ages are whole seconds of the calendar, to the millisecond; what is from the future is made now. */
static void ages_to_the_millisecond(void **state) {
    (void)state;
    static const struct {
        uint64_t clock;
        int64_t seconds_ago;
        uint64_t minute; /* in which it was made */
    } rows[] = {{20 * MINUTE, 600, 10},     {20 * MINUTE - 1, 600, 9}, {20 * MINUTE, 0, 20},
                {20 * MINUTE - 1, 0, 19},   {20 * MINUTE, -5, 20},     {20 * MINUTE - 1, -5, 19},
                {20 * MINUTE + 999, 60, 19}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char label[32];
        (void)snprintf(label, sizeof label, "row %zu", i);
        (void)rig_setup(NULL);
        fake.clock = rows[i].clock;
        append_window(rows[i].seconds_ago, 2);
        start();
        (void)mender_step(&mender);
        same_number(label, "in the hour", 2, in_the_hour());
        same_number(label, "its minute ends", (rows[i].minute + 1) * MINUTE + HOUR,
                    limiter_end(&mender.ledger.window, fake.clock));
    }
    no_complaints();
}

/* A repair of this very second is none from the future: nothing has to be put right. */
static void made_in_this_second(void **state) {
    (void)state;
    start();
    run(MINUTE);
    append_repair(1, "b.ini");
    mender_journal_changed(&mender);
    run(MINUTE);
    same_number("of another process", "in the hour", 1, in_the_hour());
    same_number("journal", "WINDOWs", 1, fake_entries(&fake, JOURNAL_WINDOW));
    no_complaints();
}

/* Nothing above the first WINDOW that is read counts, nor anything above the last one of a journal that
 * replaces ours. */
static void a_window_begins_anew(void **state) {
    (void)state;
    for (uint32_t number = 1; number <= 3; number++)
        append_repair(number, "a.ini");
    append_window(10, 1);
    start();
    run(SECOND);
    same_number("at the start", "in the hour", 1, in_the_hour());
    fake_delete_journal(&fake);
    append_window(10, 9);
    append_window(10, 2);
    mender_journal_changed(&mender);
    run(SECOND);
    same_number("replaced", "in the hour", 2, in_the_hour());
    no_complaints();
}

/* CONTINUE has emptied the hour, and another process writes what it knew of it: ours is written too. */
static void a_window_between(void **state) {
    (void)state;
    a_limit_of(3, 2);
    run(MINUTE);
    mender_continue(&mender);
    append_window(10, 1);
    run(SECOND);
    same_number("journal", "WINDOWs", 3, fake_entries(&fake, JOURNAL_WINDOW));
    same_number("the larger of the two", "in the hour", 1, in_the_hour());
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(stops_at_the_limit),
        TEST(no_limit_below_it),
        TEST(a_copied_line_does_not_count),
        TEST(limit_while_time_passes),
        TEST(one_event_an_hour),
        TEST(goes_on_when_told),
        TEST(limit_told_when_the_event_log_is_back),
        TEST(limit_survives_a_restart),
        TEST(limit_counts_what_others_repair),
        TEST(limit_counts_a_number_of_others),
        TEST(test_L3_times_from_the_future),
        TEST(times_from_the_future_are_written_once),
        TEST(calendar_set_in_a_run),
        TEST(calendar_that_wanders),
        TEST(test_L4_checkpoint_and_restart),
        TEST(continue_lasts),
        TEST(says_until_when),
        TEST(ages_to_the_millisecond),
        TEST(made_in_this_second),
        TEST(a_window_begins_anew),
        TEST(a_window_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
