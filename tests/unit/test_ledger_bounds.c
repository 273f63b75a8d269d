/* SPDX-License-Identifier: MIT */
/*
 * test_ledger_bounds: core/ledger: each limit of time and size just before and at it.
 */
#include "rig.h"

static struct ledger *const ledger = &mender.ledger;

static unsigned long generation(void) {
    return fake_entry(&fake, JOURNAL_CHECKPOINT)->generation;
}

/* ---- the lock */

static void busy_is_trouble_after_a_minute(void **state) {
    (void)state;
    start();
    run(SECOND);
    same_number("free", "due", 0, ledger_due(ledger));
    fake.scanned_until = UINT64_MAX;
    const uint64_t since = fake.clock;
    assert_int_equal(ledger_lock(ledger).code, HOST_BUSY);
    same_number("busy", "due", since + LEDGER_BACKOFF_FIRST, ledger_due(ledger));
    /* Several records may try within one wait. */
    assert_int_equal(ledger_lock(ledger).code, HOST_BUSY);
    fake.clock++;
    assert_int_equal(ledger_lock(ledger).code, HOST_BUSY);
    same_number("busy", "due", since + LEDGER_BACKOFF_FIRST, ledger_due(ledger));
    assert_true(ledger->ready);
    fake.clock = since + LEDGER_BUSY_TOLD - 1;
    assert_null(ledger_trouble(ledger));
    fake.clock++;
    assert_non_null(ledger_trouble(ledger));
    fake.scanned_until = 0;
    (void)fake_fail(&fake, FAKE_JOURNAL_OPEN, 1, 1, HOST_FAILED);
    assert_int_equal(ledger_lock(ledger).code, HOST_FAILED);
    assert_false(ledger->ready);
    no_complaints();
}

static void full_at_four_megabytes(void **state) {
    (void)state;
    start();
    run(SECOND);
    ledger->known = LEDGER_BYTES_STOP - 1;
    assert_false(ledger_is_full(ledger));
    assert_true(ledger_has_room(ledger));
    ledger->known++;
    assert_true(ledger_is_full(ledger));
    assert_false(ledger_has_room(ledger));
    assert_non_null(ledger_trouble(ledger));
    no_complaints();
}

static void a_checkpoint_beyond_one_megabyte(void **state) {
    (void)state;
    start();
    run(SECOND);
    ledger->known = JOURNAL_BYTES_MAX;
    assert_false(ledger_has_work(ledger));
    ledger->known++;
    assert_true(ledger_has_work(ledger));
    no_complaints();
}

/* So many records are held, in a folder with a long path: so much is in each checkpoint. */
static void hold_so_many(unsigned count) {
    struct journal_entry entry = an_intent(1, "", STUCK);
    entry.kind = JOURNAL_HOLD;
    memset(entry.text, 'x', 1500);
    memcpy(entry.text, "D:\\", 3);
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(entry.name, sizeof entry.name, "Mx%u.ini", i);
        fake_append_entry(&fake, &entry);
    }
}

/* After one that helps little the next is made an hour later. */
static void checkpoints_that_help_little(void **state) {
    (void)state;
    static const struct {
        unsigned held;
        bool little;
    } rows[] = {{280, false}, {400, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)rig_setup(NULL);
        hold_so_many(rows[i].held);
        start();
        run(SECOND);
        same_number("journal", "more than half", rows[i].little,
                    fake.journal.size > JOURNAL_BYTES_MAX / 2);
        same_number("journal", "more than a third", true,
                    fake.journal.size > JOURNAL_BYTES_MAX / 3);
        fake_fill_journal(&fake);
        mender_journal_changed(&mender);
        run(SECOND);
        const uint64_t time = fake.clock - SECOND;
        const unsigned long first = generation();
        fake_fill_journal(&fake);
        mender_journal_changed(&mender);
        run(time + LEDGER_RETRY - 1 - fake.clock);
        same_number("within an hour", "checkpoints", !rows[i].little, generation() - first);
        run(1);
        run(0);
        same_number("after an hour", "checkpoints", 1, generation() - first);
    }
    no_complaints();
}

/* A long journal of which no checkpoint can be made: half full, it is tried again in a minute, not in an hour. */
static void checkpoints_of_a_journal_that_is_half_full(void **state) {
    (void)state;
    static const struct {
        size_t size;
        uint64_t wait;
    } rows[] = {{LEDGER_BYTES_STOP / 2 - 1, LEDGER_RETRY},
                {LEDGER_BYTES_STOP / 2, LEDGER_BACKOFF_LAST}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)rig_setup(NULL);
        start();
        run(SECOND);
        (void)fake_fail(&fake, FAKE_JOURNAL_NEW, 1, FAKE_FOR_EVER, HOST_FAILED);
        while (fake.journal.size < rows[i].size - 2)
            fake_append_text(&fake, "x");
        fake_append_text(&fake, "\r\n");
        ledger_work(ledger);
        same_number("journal", "known", rows[i].size, ledger->known);
        fake.clock += rows[i].wait - 1;
        same_number("just before", "is tried", false, ledger_has_work(ledger));
        fake.clock++;
        same_number("at its time", "is tried", true, ledger_has_work(ledger));
    }
    no_complaints();
}

/* An administrator's CONTINUE frees the hour for the next run too, be the line that says so not written at first. */
static void a_window_that_was_not_written(void **state) {
    (void)state;
    a_limit_of(3, 2);
    run(MINUTE);
    same_number("before", "in the hour", 2, limiter_count(&ledger->window, fake.clock));
    (void)fake_fail(&fake, FAKE_APPEND, 1, 1, HOST_FAILED);
    mender_continue(&mender);
    run(MINUTE);
    restart(false);
    run(SECOND);
    same_number("the next run", "in the hour", 0, limiter_count(&ledger->window, fake.clock));
    no_complaints();
}

/* New settings are to be written, and the journal is long, and no new one can be begun. */
static void no_line_without_the_lock(void **state) {
    (void)state;
    start();
    run(SECOND);
    fake_fill_journal(&fake);
    (void)fake_fail(&fake, FAKE_JOURNAL_NEW, 1, 1, HOST_FAILED);
    mender_configure(&mender, &settings);
    run(MINUTE);
    same_number("in the end", "LOADEDs", 2, fake_entries(&fake, JOURNAL_LOADED));
    no_complaints();
}

/* An entry that is too long for a line: no change is begun, and nothing is written of it. */
static void too_long_for_a_line(void **state) {
    (void)state;
    static char path[CONFIG_FOLDER_BYTES];
    memset(path, '%', sizeof path - 1);
    memcpy(path, "C:\\", 3);
    start();
    run(SECOND);
    fake.paths[0] = path;
    open_folder();
    run(SECOND);
    struct fake_file *file = a_new_file("a.ini", STUCK);
    run(10 * MINUTE);
    untouched(file, STUCK);
    same_number("journal", "INTENTs", 0, fake_intents(&fake));
    journal_is_clean(0);
    /* Nor a new journal that lacks something. */
    (void)text_copy(settings.folder, sizeof settings.folder, path);
    mender_configure(&mender, &settings);
    fake_delete_journal(&fake);
    mender_journal_changed(&mender);
    run(MINUTE);
    same_number("journal", "bytes", 0, fake.journal.size);
    same_number("journal", "replaced", 1, fake.count[FAKE_JOURNAL_REPLACE]);
    no_complaints();
}

/* An INTENT that was not written leaves its number to the next. */
static void a_number_that_was_not_written(void **state) {
    (void)state;
    (void)fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_APPEND, 1, 3, HOST_FAILED);
    run(MINUTE);
    same_number("INTENT", "number", 1, fake_entry(&fake, JOURNAL_INTENT)->number);
    no_complaints();
}

/* While the hour has no repair the wall clock may be set: nothing has to be written for the next. */
static void a_clock_set_before_the_first_repair(void **state) {
    (void)state;
    start();
    run(SECOND);
    fake.apart = 100;
    (void)a_new_file("a.ini", STUCK);
    run(MINUTE);
    same_number("journal", "WINDOWs", 1, fake_entries(&fake, JOURNAL_WINDOW));
    fake.apart = 200;
    (void)a_new_file("b.ini", STUCK);
    run(MINUTE);
    same_number("with one", "WINDOWs", 2, fake_entries(&fake, JOURNAL_WINDOW));
    no_complaints();
}

static void an_undo_in_a_checkpoint(void **state) {
    (void)state;
    const struct journal_entry undo = an_undo(7, "a.ini");
    fake_file(&fake, "a.ini", SOUND)->repair = HOST_BUSY;
    fake_append_entry(&fake, &undo);
    start();
    run(SECOND);
    same_number("checkpoint", "UNDOs", 1, fake_entries(&fake, JOURNAL_UNDO));
    same_number("checkpoint", "INTENTs", 0, fake_intents(&fake));
    no_complaints();
}

/* Where there is no place for it no change is begun, and its number is the next one's. */
static void no_place_for_a_change(void **state) {
    (void)state;
    struct journal_entry entry = an_intent(1, "", STUCK);
    entry.kind = JOURNAL_HOLD;
    for (unsigned i = 0; i < MEMORY_ITEMS; i++) {
        (void)snprintf(entry.name, sizeof entry.name, "Mx%u.ini", i);
        fake_append_entry(&fake, &entry);
    }
    start();
    run(SECOND);
    same_number("journal", "held", MEMORY_ITEMS, ledger->memory.count[ITEM_HOLD]);
    assert_int_equal(ledger_lock(ledger).code, HOST_OK);
    const uint32_t number = ledger->memory.number;
    entry = an_intent(0, "a.ini", STUCK);
    assert_null(ledger_begin(ledger, &entry));
    same_number("none begun", "number", number, ledger->memory.number);
    ledger_unlock(ledger);
    no_complaints();
}

/* A line was not written, and then the journal gets a new one: nothing is left to be waited for. */
static void a_checkpoint_mends_a_failure(void **state) {
    (void)state;
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_APPEND, 1, 1, HOST_FAILED);
    mender_configure(&mender, &settings);
    (void)mender_step(&mender);
    same_number("not written", "waits", LEDGER_BACKOFF_FIRST, ledger->backoff);
    fake_fill_journal(&fake);
    fake.clock = ledger_due(ledger);
    (void)mender_step(&mender);
    same_number("a new journal", "is short", true, fake.journal.size < JOURNAL_BYTES_MAX);
    same_number("a new journal", "waits", 0, ledger->backoff);
    no_complaints();
}

static void repairs_of_a_minute(void **state) {
    (void)state;
    static const uint32_t counts[] = {9998, 9999, 10000, 10001};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        (void)rig_setup(NULL);
        start();
        run(SECOND);
        limiter_add(&ledger->window, fake.clock, 0, counts[i]);
        fake_fill_journal(&fake);
        mender_journal_changed(&mender);
        run(SECOND);
        const char *text = strchr(fake_entry(&fake, JOURNAL_WINDOW)->text, '=');
        assert_non_null(text);
        same_number("WINDOW", "repairs", counts[i] < 10000 ? counts[i] : 10000,
                    strtoul(text + 1, NULL, 10));
    }
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(busy_is_trouble_after_a_minute),
        TEST(full_at_four_megabytes),
        TEST(a_checkpoint_beyond_one_megabyte),
        TEST(checkpoints_that_help_little),
        TEST(checkpoints_of_a_journal_that_is_half_full),
        TEST(a_window_that_was_not_written),
        TEST(no_line_without_the_lock),
        TEST(too_long_for_a_line),
        TEST(a_number_that_was_not_written),
        TEST(a_clock_set_before_the_first_repair),
        TEST(an_undo_in_a_checkpoint),
        TEST(no_place_for_a_change),
        TEST(a_checkpoint_mends_a_failure),
        TEST(repairs_of_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
