/* SPDX-License-Identifier: MIT */
/*
 * test_told: core/attend: records that somebody else has, and those that are only warned of; what is said once.
 */
#include "rig.h"

/* ---- records that somebody else has */

static void busy_backs_off(void **state) {
    (void)state;
    /* Attempts after the first: 1, 2, 4 ... seconds, a minute at most. */
    static const uint32_t at[] = {5, 6, 8, 12, 20, 36, 68, 128, 188, 248};
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    file->repair = HOST_BUSY;
    start();
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        run((i == 0 ? at[0] : at[i] - at[i - 1]) * SECOND - 1);
        same_number("just before", "attempts", i, file->opened_for_repair);
        run(1);
        same_number("at its time", "attempts", i + 1, file->opened_for_repair);
        same_number("at its time", "2020", at[i] - at[0] >= 60, fake_events(&fake, EVENT_BUSY));
    }
    same_number("mender", "is settled", true, mender_is_settled(&mender));
    file->repair = HOST_OK;
    run(MINUTE);
    repaired(file, STUCK);
    story("events", "3020, 2020 a.ini, 2000 a.ini");
    no_complaints();
}

static void busy_when_looked_at(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    file->shared = HOST_BUSY;
    start();
    run(10 * MINUTE);
    untouched(file, STUCK);
    story("busy", "3020, 2020 a.ini");
    same_text("scan", "not readable", "1", fake_event(&fake, EVENT_SCANNED)->string[5]);
    file->shared = HOST_OK;
    run(2 * MINUTE);
    repaired(file, STUCK);
    story("free", "3020, 2020 a.ini, 2000 a.ini");
    no_complaints();
}

/* DESIGN.md: "Wait until the record has been quiet for the settle time". A record that somebody had
 * open a moment ago has not been. */
static void busy_is_not_quiet(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    file->shared = HOST_BUSY;
    start();
    run(500);
    file->shared = HOST_OK;
    run(4 * SECOND);
    untouched(file, STUCK);
    run(10 * SECOND);
    repaired(file, STUCK);
    no_complaints();
}

static void two_times_busy(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    file->repair = HOST_BUSY;
    start();
    run(40 * SECOND);
    /* It is free, but changes, and then it is busy again: not for a minute yet. */
    fake_change(file, OTHER_STUCK);
    file->repair = HOST_OK;
    run(28 * SECOND);
    same_number("a.ini", "2020", 0, fake_events(&fake, EVENT_BUSY));
    run(10 * SECOND);
    repaired(file, OTHER_STUCK);
    no_complaints();
}

static void failing_to_open_is_tried_again(void **state) {
    (void)state;
    static const enum fake_call calls[] = {FAKE_OPEN, FAKE_OPEN_REPAIR, FAKE_READ};
    for (size_t i = 0; i < 3; i++) {
        for (unsigned from = 1; from <= 3; from++) {
            (void)rig_setup(NULL);
            struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
            (void)fake_fail(&fake, calls[i], from, 1, HOST_FAILED);
            start();
            run(MINUTE);
            repaired(file, STUCK);
            same_number("a.ini", "2000", 1, fake_events(&fake, EVENT_REPAIRED));
        }
    }
    no_complaints();
}

static void refused_is_told_once(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    file->repair = HOST_REFUSED;
    start();
    run(10 * HOUR);
    mender_hint(&mender, "a.ini");
    run(HOUR);
    story("events", "3020, 2021 a.ini");
    same_text("event", "what happens next", "It is left alone until it changes.",
              fake_event(&fake, EVENT_REPAIR_FAILED)->string[2]);
    same_text("event", "reason", "it is read-only",
              fake_event(&fake, EVENT_REPAIR_FAILED)->string[3]);
    untouched(file, STUCK);
    fake_change(file, OTHER_STUCK);
    mender_hint(&mender, "a.ini");
    run(HOUR);
    same_number("another content", "2021", 2, fake_events(&fake, EVENT_REPAIR_FAILED));
    file->repair = HOST_OK;
    mender_hint(&mender, "a.ini");
    run(MINUTE);
    repaired(file, OTHER_STUCK);
    no_complaints();
}

/* ---- what is only told */

static void doubtful_and_unreadable_are_told_once(void **state) {
    (void)state;
    struct fake_file *d = fake_file(&fake, "d.ini", DOUBTFUL);
    struct fake_file *u = fake_file(&fake, "u.ini", UNREADABLE);
    start();
    run(5 * HOUR);
    mender_hint(&mender, "d.ini");
    mender_hint(&mender, "u.ini");
    run(5 * HOUR);
    mender_changes_lost(&mender);
    run(MINUTE);
    same_number("d.ini", "2010", 1, fake_events(&fake, EVENT_DOUBTFUL));
    same_number("u.ini", "2011", 1, fake_events(&fake, EVENT_UNREADABLE));
    fake_change(d, DOUBTFUL " ");
    fake_change(u, "\xFF\xFEy");
    run(2 * HOUR);
    same_number("another content", "2010", 2, fake_events(&fake, EVENT_DOUBTFUL));
    same_number("another content", "2011", 2, fake_events(&fake, EVENT_UNREADABLE));
    untouched(d, DOUBTFUL " ");
    no_complaints();
}

static void too_large_is_not_read(void **state) {
    (void)state;
    static char text[RECORD_BYTES_MAX + 2];
    memset(text, '\n', sizeof text - 1);
    memcpy(text, "State = 4", 9);
    struct fake_file *file = fake_file(&fake, "large.ini", text);
    start();
    run(HOUR);
    mender_hint(&mender, "large.ini");
    run(HOUR);
    same_number("large.ini", "reads", 0, fake.count[FAKE_READ]);
    same_number("large.ini", "2011", 1, fake_events_about(&fake, EVENT_UNREADABLE, "large.ini"));
    untouched(file, text);
    no_complaints();
}

static void warnings_are_bounded(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    many_files(NOTICES + 10, DOUBTFUL);
    start();
    run(HOUR);
    same_number("all", "2010", NOTICES, fake_events(&fake, EVENT_DOUBTFUL));
    same_text("scan", "doubtful", "1034", fake_event(&fake, EVENT_SCANNED)->string[4]);
    fake_clear_events(&fake);
    mender_continue(&mender);
    run(HOUR);
    same_number("after CONTINUE", "2010", NOTICES, fake_events(&fake, EVENT_DOUBTFUL));
    no_complaints();
}

static void report_only(void **state) {
    (void)state;
    settings.repair = false;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(10 * HOUR);
    mender_hint(&mender, "a.ini");
    run(HOUR);
    story("events", "3020, 2001 a.ini");
    const struct fake_event *event = fake_event(&fake, EVENT_STUCK);
    same_text("event", "mailbox", "/o=Org/ou=Site/cn=Recipients/cn=Anna", event->string[2]);
    same_text("event", "why", "Repair = no", event->string[3]);
    untouched(file, STUCK);
    never_opened_for_repair(file);
    same_number("journal", "INTENTs", 0, fake_intents(&fake));
    settings.repair = true;
    mender_configure(&mender, &settings);
    run(MINUTE);
    repaired(file, STUCK);
    no_complaints();
}

/* A file that is made with its full size and filled slowly: nothing is said while somebody writes to it,
 * but once after a minute; and not again when it is let go. */
static void test_C6_filled_slowly(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", UNREADABLE);
    start();
    run(MINUTE);
    fake_clear_events(&fake);
    file->written = true;
    for (unsigned i = 0; i < 8; i++) {
        fake_change(file, (const char *[]){"\xFF\xFEy", "\xFF\xFEz"}[i % 2]);
        mender_hint(&mender, "a.ini");
        run(15 * SECOND);
        same_number("while it is open", "2011", i >= 4, fake_events(&fake, EVENT_UNREADABLE));
    }
    fake_change(file, "\xFF\xFEq");
    file->written = false;
    run(5 * MINUTE);
    same_number("when it is let go", "2011", 1, fake_events(&fake, EVENT_UNREADABLE));
    fake_change(file, DOUBTFUL);
    mender_hint(&mender, "a.ini");
    run(MINUTE);
    same_number("another doubt", "2010", 1, fake_events(&fake, EVENT_DOUBTFUL));
    no_complaints();
}

/* One that is whole when it is let go within the minute is never spoken of. */
static void test_C6_filled_in_time(void **state) {
    (void)state;
    start();
    run(MINUTE);
    fake_clear_events(&fake);
    struct fake_file *file = fake_file(&fake, "a.ini", UNREADABLE);
    file->written = true;
    mender_hint(&mender, "a.ini");
    run(30 * SECOND);
    fake_change(file, SOUND);
    file->written = false;
    run(5 * MINUTE);
    story("events", "");
    no_complaints();
}

/* What could not be said is said when it can be, and still once. */
static void told_when_the_event_log_is_back(void **state) {
    (void)state;
    (void)fake_file(&fake, "d.ini", DOUBTFUL);
    (void)fake_file(&fake, "u.ini", UNREADABLE);
    fake_file(&fake, "r.ini", STUCK)->repair = HOST_REFUSED;
    fake_file(&fake, "b.ini", STUCK)->repair = HOST_BUSY;
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    start();
    run(2 * HOUR);
    same_number("without an event log", "events", 0, fake.event_count);
    fake_heal(&fake);
    run(5 * HOUR);
    same_number("d.ini", "2010", 1, fake_events(&fake, EVENT_DOUBTFUL));
    same_number("u.ini", "2011", 1, fake_events(&fake, EVENT_UNREADABLE));
    same_number("r.ini", "2021", 1, fake_events(&fake, EVENT_REPAIR_FAILED));
    same_number("b.ini", "2020", 1, fake_events(&fake, EVENT_BUSY));
    same_number("scan", "3020", 1, fake_events(&fake, EVENT_SCANNED));
    no_complaints();
}

/* What must not be read, a link, is unreadable: told once, whether a scan or somebody else comes across it. */
static void what_must_not_be_read(void **state) {
    (void)state;
    fake_file(&fake, "found.ini", STUCK)->shared = HOST_REFUSED;
    start();
    run(MINUTE);
    story("a scan", "2011 found.ini, 3020");
    same_text("3020", "files", "1", fake_event(&fake, EVENT_SCANNED)->string[1]);
    same_text("3020", "unreadable", "1", fake_event(&fake, EVENT_SCANNED)->string[5]);
    fake_file(&fake, "told.ini", STUCK)->shared = HOST_REFUSED;
    mender_hint(&mender, "told.ini");
    mender_hint(&mender, "found.ini");
    run(MINUTE);
    story("both", "2011 found.ini, 3020, 2011 told.ini");
    same_number("both", "still waiting", 0, mender.queue.count);
    no_complaints();
}

/* What waits for nothing but the journal does not wait for quiet again. */
static void busy_journal_is_not_a_change(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(4900);
    fake.scanned_until = fake.clock + 500;
    run(3 * SECOND);
    repaired(file, STUCK);
    no_complaints();
}

/* Somebody has it open and writes it once more, at last with the content that it had: only the time since
 * then counts. */
static void written_back_under_a_warning(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(3 * SECOND);
    fake_change(file, DOUBTFUL);
    file->written = true;
    run(3 * SECOND);
    fake_change(file, STUCK);
    file->written = false;
    /* It is looked at again two seconds later, and then waits for the settle time. */
    run(7 * SECOND - 1);
    untouched(file, STUCK);
    never_opened_for_repair(file);
    run(1);
    repaired(file, STUCK);
    story("events", "3020, 2000 a.ini");
    no_complaints();
}

/* What the event log did not take is said when it does, though no rescan is due. */
static void said_when_the_log_takes_events(void **state) {
    (void)state;
    (void)fake_file(&fake, "a.ini", STUCK);
    (void)fake_file(&fake, "b.ini", DOUBTFUL);
    settings.repair = false;
    settings.rescan_minutes = 0;
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    start();
    run(10 * MINUTE);
    story("while it is full", "");
    fake_heal(&fake);
    run(3 * MINUTE);
    same_number("a.ini", "2001", 1, fake_events(&fake, EVENT_STUCK));
    same_number("b.ini", "2010", 1, fake_events(&fake, EVENT_DOUBTFUL));
    run(HOUR);
    same_number("later", "2001", 1, fake_events(&fake, EVENT_STUCK));
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(busy_backs_off),
        TEST(busy_when_looked_at),
        TEST(busy_is_not_quiet),
        TEST(two_times_busy),
        TEST(failing_to_open_is_tried_again),
        TEST(refused_is_told_once),
        TEST(doubtful_and_unreadable_are_told_once),
        TEST(too_large_is_not_read),
        TEST(warnings_are_bounded),
        TEST(report_only),
        TEST(test_C6_filled_slowly),
        TEST(test_C6_filled_in_time),
        TEST(told_when_the_event_log_is_back),
        TEST(what_must_not_be_read),
        TEST(busy_journal_is_not_a_change),
        TEST(written_back_under_a_warning),
        TEST(said_when_the_log_takes_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
