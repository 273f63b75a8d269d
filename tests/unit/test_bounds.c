/* SPDX-License-Identifier: MIT */
/*
 * test_bounds: core/mender, core/remind: each limit of time just before and at it. Other modules have test_MODULE_bounds.
 */
#include "rig.h"

/* ---- core/remind */

enum { DAY = 24 * HOUR };

/* Repaired at this moment, and looked at when it is to be said. */
static struct fake_file *a_repaired(void) {
    settings.reminder_hours = 24;
    settings.rescan_minutes = 0;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(10 * SECOND);
    repaired(file, STUCK);
    return file;
}

static uint64_t made_at(void) {
    const struct memory_item *item = memory_find(&mender.ledger.memory, ITEM_REPAIR, "a.ini");
    assert_non_null(item);
    return (item->utc - (uint64_t)fake.utc_base) * 1000;
}

static void look_at_all(void) {
    remind_look(&mender.remind);
    while (mender.remind.looking) {
        same_number("looking", "due", 0, remind_due(&mender.remind));
        remind_work(&mender.remind);
    }
}

static void until_it_is_to_be_said(void **state) {
    (void)state;
    static const struct {
        uint32_t before, wait;
    } rows[] = {{86000, 300000}, {301, 300000}, {300, 300000}, {299, 299000}, {1, 1000}};
    (void)a_repaired();
    const uint64_t made = made_at();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake.clock = made + DAY - rows[i].before * 1000ULL;
        remind_work(&mender.remind);
        same_number("before", "waits", rows[i].wait, mender.remind.due - fake.clock);
        assert_false(mender.remind.looking);
    }
    fake.clock = made + DAY - 1;
    remind_work(&mender.remind);
    assert_false(mender.remind.looking);
    fake.clock = made + DAY;
    remind_work(&mender.remind);
    assert_true(mender.remind.looking);
    no_complaints();
}

static void a_look_is_fresh_for_ten_seconds(void **state) {
    (void)state;
    (void)a_repaired();
    look_at_all();
    fake.clock = mender.remind.looked_at + REMIND_FRESH - 1;
    assert_true(remind_is_fresh(&mender.remind));
    fake.clock++;
    assert_false(remind_is_fresh(&mender.remind));
    no_complaints();
}

static void passed_over_for_an_hour(void **state) {
    (void)state;
    struct fake_file *file = a_repaired();
    file->shared = HOST_BUSY;
    fake.clock = made_at() + 2ULL * DAY;
    look_at_all();
    fake.clock = mender.remind.looked_at + REMIND_UNTOLD - 1;
    remind_work(&mender.remind);
    assert_false(mender.remind.looking);
    fake.clock++;
    remind_work(&mender.remind);
    assert_true(mender.remind.looking);
    no_complaints();
}

/* A scan sees it when it can be read again: that is said at once. */
static void said_after_the_look_of_a_scan(void **state) {
    (void)state;
    struct fake_file *file = a_repaired();
    file->shared = HOST_BUSY;
    run(DAY + 10 * MINUTE);
    same_number("in use", "2005", 0, fake_events(&fake, EVENT_TO_ENABLE));
    file->shared = HOST_OK;
    run(MINUTE + 1);
    mender_changes_lost(&mender);
    run(2 * SECOND);
    same_number("let go", "2005", 1, fake_events(&fake, EVENT_TO_ENABLE));
    no_complaints();
}

/* In use since the look: nothing is said, and it is seen anew after a while. */
static void in_use_when_it_is_to_be_said(void **state) {
    (void)state;
    struct fake_file *file = a_repaired();
    fake.clock = made_at() + 2ULL * DAY;
    look_at_all();
    file->shared = HOST_BUSY;
    remind_work(&mender.remind);
    same_number("in use", "2005", 0, fake_events(&fake, EVENT_TO_ENABLE));
    same_number("in use", "seen anew", fake.clock + REMIND_WAIT, mender.remind.due);
    no_complaints();
}

/* The time in the journal is put right when the wall clock is more than a minute away from it. */
static void a_wall_clock_that_drifts(void **state) {
    (void)state;
    static const int64_t rows[] = {0, 59, 60, 61, 62, -59, -60, -61, -62};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char label[32];
        (void)rig_setup(NULL);
        (void)snprintf(label, sizeof label, "%d seconds", (int)rows[i]);
        (void)a_repaired();
        run(DAY);
        same_number(label, "2005", 1, fake_events(&fake, EVENT_TO_ENABLE));
        const uint32_t told = mender.remind.told;
        fake.apart = rows[i];
        remind_work(&mender.remind);
        same_number(label, "told", rows[i] > 60 || rows[i] < -60 ? told + (uint32_t)rows[i] : told,
                    mender.remind.told);
    }
    no_complaints();
}

/* When it was said is in the journal, for the next run. */
static void said_is_written_down(void **state) {
    (void)state;
    (void)a_repaired();
    run(DAY + MINUTE);
    same_number("STATE", "reminded", made_at() / 1000 + fake.utc_base + DAY / 1000,
                fake_entry(&fake, JOURNAL_STATE)->state.reminded);
    no_complaints();
}

/* By the wall clock it was said when that began: not never. */
static void said_when_the_wall_clock_began(void **state) {
    (void)state;
    for (int64_t more = -1; more <= 2; more++) {
        (void)rig_setup(NULL);
        (void)a_repaired();
        run(DAY + HOUR);
        const uint32_t ago = (uint32_t)(fake.clock / 1000) - mender.remind.told_at;
        fake.apart = (int64_t)ago + more - (int64_t)(fake.utc_base + fake.clock / 1000);
        remind_work(&mender.remind);
        same_number("told", "seconds since 1970", more > 1 ? (uint64_t)more : 1,
                    mender.remind.told);
    }
    no_complaints();
}

/* More than a minute ahead a repair is from the future, and counts from when it is met. */
static void a_repair_from_the_future(void **state) {
    (void)state;
    for (unsigned ahead = 59; ahead <= 61; ahead++) {
        (void)rig_setup(NULL);
        struct journal_entry entry = an_intent(1, "a.ini", STUCK);
        settings.reminder_hours = 24;
        (void)fake_file(&fake, "a.ini", repaired_text);
        entry.kind = JOURNAL_REPAIRED;
        entry.utc = fake.utc_base + (uint32_t)(fake.clock / 1000) + ahead;
        fake_append_entry(&fake, &entry);
        start();
        (void)mender_step(&mender);
        remind_work(&mender.remind);
        same_number("ahead", "is met", ahead > 60, mender.remind.told != 0);
    }
    no_complaints();
}

/* Seen in the simulation (seed 500006244): its second repair is in flight since a power cut, and cannot be settled
 * yet. It is named, and so it counts. */
static void a_repair_in_flight_that_is_named_counts(void **state) {
    (void)state;
    (void)a_repaired();
    struct journal_entry entry = an_intent(2, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    restart(true);
    (void)fake_fail(&fake, FAKE_FLUSH, 1, FAKE_FOR_EVER, HOST_FAILED);
    run(DAY + HOUR);
    journal_is_clean(1);
    same_number("a day", "2005", 1, fake_events(&fake, EVENT_TO_ENABLE));
    const struct fake_event *event = fake_event(&fake, EVENT_TO_ENABLE);
    same_text("2005", "mailboxes", "/o=Org/cn=Anna", event->string[0]);
    same_text("2005", "in all", "1", event->string[1]);
    no_complaints();
}

/* ---- core/mender */

/* Away in the middle of its first scan: no pass is done. */
static void not_settled_before_the_first_scan_ends(void **state) {
    (void)state;
    const struct host_result why = {HOST_FAILED, 3, "it is gone"};
    many_files(5, SOUND);
    start();
    for (unsigned i = 0; i < 4; i++)
        (void)mender_step(&mender);
    assert_true(mender.scan.running);
    mender_folder_away(&mender, &why);
    assert_false(mender_is_settled(&mender));
    no_complaints();
}

/* New settings, or CONTINUE, end a scan in the middle. */
static void a_scan_is_begun_anew(void **state) {
    (void)state;
    for (unsigned how = 0; how < 2; how++) {
        (void)rig_setup(NULL);
        many_files(5, SOUND);
        start();
        for (unsigned i = 0; i < 4; i++)
            (void)mender_step(&mender);
        assert_true(fake.listing);
        if (how == 0)
            mender_configure(&mender, &settings);
        else
            mender_continue(&mender);
        assert_false(fake.listing);
    }
    no_complaints();
}

/* The first of two only waits, the second has to be done. */
static void settled_when_all_are(void **state) {
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        char label[] = "a.ini";
        label[0] = (char)(label[0] + i);
        struct journal_entry entry = an_intent(i + 1, label, STUCK);
        fake_append_entry(&fake, &entry);
        fake_file(&fake, label, SOUND)->repair = HOST_BUSY;
    }
    start();
    run(SECOND / 2);
    assert_true(mender_is_settled(&mender));
    struct memory_item *second = memory_flight(&mender.ledger.memory, 2);
    second->backoff = 0;
    second->due = fake.clock;
    assert_false(mender_is_settled(&mender));
    second->backoff = 1;
    fake_file(&fake, "c.ini", STUCK)->shared = HOST_BUSY;
    fake_file(&fake, "d.ini", STUCK)->shared = HOST_BUSY;
    mender_hint(&mender, "c.ini");
    run(6 * SECOND);
    assert_true(mender_is_settled(&mender));
    mender_hint(&mender, "d.ini");
    assert_false(mender_is_settled(&mender));
    no_complaints();
}

static void changes_lost_once_an_hour(void **state) {
    (void)state;
    start();
    run(SECOND);
    mender_changes_lost(&mender);
    fake.clock += MENDER_HOUR - 1;
    mender_changes_lost(&mender);
    same_number("just before the hour is over", "3000", 1, fake_events(&fake, EVENT_CHANGES_LOST));
    fake.clock++;
    mender_changes_lost(&mender);
    same_number("an hour", "3000", 2, fake_events(&fake, EVENT_CHANGES_LOST));
    no_complaints();
}

/* That the journal is back is tried to be said once a minute. */
static void back_is_told_again_after_a_minute(void **state) {
    (void)state;
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_JOURNAL_OPEN, 1, 1, HOST_FAILED);
    mender_journal_changed(&mender);
    run(0);
    same_number("away", "2031", 1, fake_events(&fake, EVENT_JOURNAL_AWAY));
    (void)fake_fail(&fake, FAKE_REPORT, 1, 2, HOST_FAILED);
    run(LEDGER_BACKOFF_FIRST);
    fake.count[FAKE_REPORT] = 0;
    run(MENDER_MINUTE - 1);
    same_number("just before a minute is over", "tries", 0, fake.count[FAKE_REPORT]);
    run(1);
    same_number("a minute", "tries", 1, fake.count[FAKE_REPORT]);
    run(MENDER_MINUTE);
    same_number("two minutes", "2032", 1, fake_events(&fake, EVENT_JOURNAL_BACK));
    no_complaints();
}

/* Which folder a path leads to is not asked while ours is away. */
static void an_intent_by_another_path_while_away(void **state) {
    (void)state;
    const struct host_result why = {HOST_FAILED, 3, "it is gone"};
    (void)fake_file(&fake, "a.ini", repaired_text);
    fake.alias[0] = "X:\\Clients";
    start();
    run(SECOND);
    fake.folder_away = true;
    mender_folder_away(&mender, &why);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    (void)text_copy(entry.text, sizeof entry.text, fake.alias[0]);
    fake_append_entry(&fake, &entry);
    mender_journal_changed(&mender);
    run(10 * MINUTE);
    same_number("away", "2003", 0, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    fake.folder_away = false;
    open_folder();
    run(MINUTE);
    same_number("back", "2002", 1, fake_events(&fake, EVENT_REPAIRED_LATE));
    no_complaints();
}

static void the_folder_of_new_settings(void **state) {
    (void)state;
    start();
    (void)text_copy(settings.folder, sizeof settings.folder, fake.paths[1]);
    mender_configure(&mender, &settings);
    assert_string_equal(mender.site.folder, fake.paths[1]);
    no_complaints();
}

static void no_look_while_away(void **state) {
    (void)state;
    const struct host_result why = {HOST_FAILED, 3, "it is gone"};
    (void)a_repaired();
    look_at_all();
    assert_true(remind_is_fresh(&mender.remind));
    remind_look(&mender.remind);
    mender_folder_away(&mender, &why);
    assert_false(mender.remind.looking);
    assert_false(remind_is_fresh(&mender.remind));
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(until_it_is_to_be_said),
        TEST(a_look_is_fresh_for_ten_seconds),
        TEST(passed_over_for_an_hour),
        TEST(said_after_the_look_of_a_scan),
        TEST(in_use_when_it_is_to_be_said),
        TEST(a_wall_clock_that_drifts),
        TEST(said_is_written_down),
        TEST(said_when_the_wall_clock_began),
        TEST(a_repair_from_the_future),
        TEST(a_repair_in_flight_that_is_named_counts),
        TEST(not_settled_before_the_first_scan_ends),
        TEST(a_scan_is_begun_anew),
        TEST(settled_when_all_are),
        TEST(changes_lost_once_an_hour),
        TEST(back_is_told_again_after_a_minute),
        TEST(an_intent_by_another_path_while_away),
        TEST(the_folder_of_new_settings),
        TEST(no_look_while_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
