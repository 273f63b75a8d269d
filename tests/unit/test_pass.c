/* SPDX-License-Identifier: MIT */
/*
 * test_pass: core/mender, when a pass has come to its end: what is still to be done, and what is only waited for; days
 * of a pause.
 */
#include "rig.h"

static void is(const char *label, bool settled, bool waiting) {
    same_number(label, "is settled", settled, mender_is_settled(&mender));
    same_number(label, "is waiting", waiting, mender_is_waiting(&mender));
}

static void a_scan_is_to_come(void **state) {
    (void)state;
    start();
    is("before the first", false, false);
    run(SECOND);
    is("after it", true, false);
    mender_changes_lost(&mender);
    is("changes are lost", false, false);
    run(MINUTE);
    is("looked at", true, false);
    mender_continue(&mender);
    is("it goes on", false, false);
    run(MINUTE);
    is("looked at again", true, false);
    no_complaints();
}

static void records_that_wait(void **state) {
    (void)state;
    start();
    run(SECOND);
    struct fake_file *file = a_new_file("a.ini", STUCK);
    is("until it has settled", false, true);
    file->shared = HOST_BUSY;
    run(6 * SECOND);
    is("in use", true, true);
    file->shared = HOST_OK;
    run(MINUTE);
    is("repaired", true, false);
    repaired(file, STUCK);
    no_complaints();
}

/* A write that could not be made is waited for; an event that is owed is not. */
static void changes_that_wait(void **state) {
    (void)state;
    (void)a_write_that_waits(1, HOST_BUSY, 5 * SECOND + 500);
    is("the write failed", true, true);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    run(MINUTE);
    is("the event is owed", true, false);
    journal_is_clean(1);
    fake_heal(&fake);
    run(2 * MINUTE);
    is("reported", true, false);
    journal_is_clean(0);
    no_complaints();
}

/* That it is paused is said again each day, to the millisecond. */
static void paused_for_days(void **state) {
    (void)state;
    start();
    run(SECOND);
    mender_pause(&mender);
    for (unsigned day = 1; day <= 3; day++) {
        run(24 * HOUR - 1);
        same_number("just before", "1002", day - 1, fake_events(&fake, EVENT_PAUSED));
        run(1);
        same_number("then", "1002", day, fake_events(&fake, EVENT_PAUSED));
    }
    no_complaints();
}

/* A change that another process has left is due: the pass is not over. */
static void changes_of_others(void **state) {
    (void)state;
    start();
    run(SECOND);
    struct journal_entry entry = an_intent(7, "gone.ini", STUCK);
    fake_append_entry(&fake, &entry);
    mender_journal_changed(&mender);
    run(SECOND);
    is("left to the other", true, false);
    fake.clock += LEDGER_OTHERS;
    is("due", false, false);
    run(SECOND);
    is("ended", true, false);
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_scan_is_to_come), TEST(records_that_wait), TEST(changes_that_wait),
        TEST(paused_for_days),   TEST(changes_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
