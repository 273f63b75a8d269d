/* SPDX-License-Identifier: MIT */
/*
 * test_settle: core/change: INTENTs that an earlier run left in the journal, and how their end is
 * seen from the file.
 */
#include "rig.h"

static void intent_done_in_the_file(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", repaired_text);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    start();
    run(MINUTE);
    story("events", "2002 a.ini, 3020");
    untouched(file, repaired_text);
    journal_is_clean(0);
    no_complaints();
}

static void intent_not_done_in_the_file(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    start();
    run(MINUTE);
    story("events", "3020, 2000 a.ini");
    repaired(file, STUCK);
    journal_is_clean(0);
    same_number("journal", "INTENTs", 2, fake_intents(&fake));
    no_complaints();
}

static void intent_whose_record_changed(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", SOUND);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    start();
    run(5 * HOUR);
    story("events", "2003 a.ini, 3020");
    untouched(file, SOUND);
    journal_is_clean(0);
    no_complaints();
}

static void intent_whose_record_vanished(void **state) {
    (void)state;
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    start();
    run(5 * HOUR);
    story("events", "2003 a.ini, 3020");
    same_number("event", "strings", 5, fake_event(&fake, EVENT_OUTCOME_UNKNOWN)->strings);
    journal_is_clean(0);
    no_complaints();
}

/* While the folder is away nothing can be said about its records. */
static void intent_while_the_folder_is_away(void **state) {
    (void)state;
    (void)fake_file(&fake, "a.ini", repaired_text);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    struct host_result why = {HOST_FAILED, 3, NULL};
    fake_append_entry(&fake, &entry);
    start_without_folder();
    run(10 * MINUTE);
    same_number("not open yet", "2003", 0, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    mender_folder_away(&mender, &why);
    run(SECOND);
    fake_clear_log(&fake);
    run(10 * MINUTE);
    same_number("away", "2003", 0, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    same_text("away", "calls", "", fake_log(&fake));
    open_folder();
    run(10 * MINUTE);
    same_number("back", "2002", 1, fake_events(&fake, EVENT_REPAIRED_LATE));
    journal_is_clean(0);
    no_complaints();
}

/* It is looked for where it was, and no other record of that name is taken for it. */
static void intent_in_another_folder(void **state) {
    (void)state;
    fake.folder = 1;
    struct fake_file *there = fake_file(&fake, "a.ini", repaired_text);
    fake.folder = 0;
    struct fake_file *here = fake_file(&fake, "a.ini", STUCK);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    (void)text_copy(entry.text, sizeof entry.text, "D:\\Records");
    fake_append_entry(&fake, &entry);
    start();
    run(2 * MINUTE);
    story("events", "2002 a.ini, 3020, 2000 a.ini");
    same_text("event", "folder", "D:\\Records", fake_event(&fake, EVENT_REPAIRED_LATE)->string[1]);
    repaired(here, STUCK);
    untouched(there, repaired_text);
    journal_is_clean(0);
    no_complaints();
}

/* A folder that is no more: nothing can be seen, so that is what is said, and where it was. */
static void intent_in_a_folder_that_is_gone(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    (void)text_copy(entry.text, sizeof entry.text, "D:\\Earlier");
    fake_append_entry(&fake, &entry);
    start();
    run(5 * MINUTE);
    same_number("a.ini", "2003", 1, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    same_number("a.ini", "2000", 1, fake_events(&fake, EVENT_REPAIRED));
    same_text("event", "folder", "D:\\Earlier",
              fake_event(&fake, EVENT_OUTCOME_UNKNOWN)->string[1]);
    repaired(file, STUCK);
    journal_is_clean(0);
    no_complaints();
}

/* Windows' paths are the same in other letters; mender_configure() takes them so, too. */
static void intent_in_the_folder_in_other_letters(void **state) {
    (void)state;
    (void)fake_file(&fake, "a.ini", repaired_text);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    (void)text_copy(entry.text, sizeof entry.text, "c:\\SECURITY\\mgrent\\clients");
    fake_append_entry(&fake, &entry);
    start();
    run(MINUTE);
    story("events", "2002 a.ini, 3020");
    no_complaints();
}

/* An INTENT that can not be settled holds its record, and only that one. */
static void intent_whose_record_is_busy(void **state) {
    (void)state;
    struct fake_file *a = fake_file(&fake, "a.ini", STUCK);
    struct fake_file *b = fake_file(&fake, "b.ini", STUCK);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    a->shared = a->repair = HOST_BUSY;
    start();
    run(10 * MINUTE);
    untouched(a, STUCK);
    repaired(b, STUCK);
    journal_is_clean(1);
    a->shared = a->repair = HOST_OK;
    run(10 * MINUTE);
    repaired(a, STUCK);
    same_number("a.ini", "2000", 1, fake_events_about(&fake, EVENT_REPAIRED, "a.ini"));
    journal_is_clean(0);
    no_complaints();
}

/* DESIGN.md: "one warning when it has lasted a minute". */
static void intent_whose_record_stays_busy_is_told(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", repaired_text);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    file->shared = file->repair = HOST_BUSY;
    start();
    run(HOUR);
    same_number("a.ini", "2020 at all", true, fake_events_about(&fake, EVENT_BUSY, "a.ini") > 0);
    file->shared = file->repair = HOST_OK;
    run(5 * MINUTE);
    same_number("a.ini", "2002", 1, fake_events_about(&fake, EVENT_REPAIRED_LATE, "a.ini"));
    no_complaints();
}

/* Somebody only keeps it from being written: that it was repaired can be seen all the same. */
static void intent_whose_record_is_held_by_a_reader(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", repaired_text);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    file->repair = HOST_BUSY;
    start();
    run(5 * MINUTE);
    story("events", "2002 a.ini, 3020");
    journal_is_clean(0);
    no_complaints();
}

/* The same, and what it holds is in the middle of a change: nothing is said before that is over. */
static void intent_whose_record_is_being_written(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", "[Cli");
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    file->repair = HOST_BUSY;
    start();
    run(30 * SECOND);
    story("meanwhile", "3020");
    fake_change(file, repaired_text);
    file->repair = HOST_OK;
    run(5 * MINUTE);
    story("events", "3020, 2002 a.ini");
    no_complaints();
}

static void intent_whose_record_is_read_only_now(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", repaired_text);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    file->repair = HOST_REFUSED;
    start();
    run(MINUTE);
    story("events", "2002 a.ini, 3020");
    journal_is_clean(0);
    no_complaints();
}

static void numbers_go_on(void **state) {
    (void)state;
    struct journal_entry entry = an_intent(41, "gone.ini", STUCK);
    fake_append_entry(&fake, &entry);
    (void)fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    if (strstr(fake_log(&fake), "append INTENT 42") == NULL)
        complain("the next INTENT: expected number 42, got %s", fake_log(&fake));
    no_complaints();
}

/* For what may go on for ever with calls to the host: so many steps at most. */
static bool run_bounded(uint64_t ms, unsigned steps) {
    uint64_t until = fake.clock + ms;
    while (steps-- > 0) {
        uint64_t due = mender_step(&mender);
        if (due > until)
            return true;
        if (due > fake.clock)
            fake.clock = due;
    }
    return false;
}

/* More open INTENTs than the list holds: all are settled in the end. */
static void many_open_intents(void **state) {
    (void)state;
    static const unsigned counts[] = {15, 40, 127, 128, 129, 400};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        char label[32];
        (void)rig_setup(NULL);
        settings.rescan_minutes = 0;
        for (uint32_t i = 0; i < counts[c]; i++) {
            char name[FAKE_NAME_BYTES];
            (void)snprintf(name, sizeof name, "Mx%u.ini", i);
            struct journal_entry entry = an_intent(i + 1, name, STUCK);
            fake_append_entry(&fake, &entry);
        }
        (void)snprintf(label, sizeof label, "%u open INTENTs", counts[c]);
        start();
        same_number(label, "comes to rest", true, run_bounded(HOUR, 20000));
        same_number(label, "2003", counts[c], fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
        same_number(label, "without DONE", 0, fake_open_intents(&fake, true));
    }
    no_complaints();
}

/* Two processes owe the same report: the one that comes second finds it done. */
static void another_process_finishes(void **state) {
    (void)state;
    struct fake_file *a = fake_file(&fake, "a.ini", repaired_text);
    struct fake_file *b = fake_file(&fake, "b.ini", repaired_text);
    struct journal_entry entry = an_intent(1, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    entry = an_intent(2, "b.ini", STUCK);
    fake_append_entry(&fake, &entry);
    (void)fake_fail(&fake, FAKE_REPORT, 1, 1, HOST_FAILED);
    start();
    (void)mender_step(&mender);
    (void)mender_step(&mender);
    (void)mender_step(&mender);
    other_begins();
    for (int i = 0; i < 20; i++)
        (void)mender_step(&other);
    mender_close(&other);
    run(MINUTE);
    same_number("a.ini", "reported", 1, a->reported);
    same_number("b.ini", "reported", 1, b->reported);
    journal_is_clean(0);
    no_complaints();
}

/* A link in its place is not followed: what was changed is not there any more. */
static void intent_whose_record_is_a_link(void **state) {
    (void)state;
    struct journal_entry entry = an_intent(1, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    struct fake_file *file = fake_file(&fake, "a.ini", repaired_text);
    file->shared = file->repair = HOST_REFUSED;
    start();
    run(MINUTE);
    same_number("a.ini", "2003", 1, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    same_number("a.ini", "2002", 0, fake_events(&fake, EVENT_REPAIRED_LATE));
    journal_is_clean(0);
    no_complaints();
}

/* Another process has begun it, and goes on while its end is to be written down: it may make it yet. */
static void intent_that_is_made_in_the_end(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    file->shared = HOST_OK;
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    entry.utc = fake.host.utc(fake.host.context);
    fake_append_entry(&fake, &entry);
    mender_journal_changed(&mender);
    (void)fake_fail(&fake, FAKE_APPEND, 1, 1, HOST_FAILED);
    while (fake.count[FAKE_OPEN_REPAIR] == 0)
        run(100);
    fake_change(file, repaired_text);
    run(MINUTE);
    same_number("a.ini", "2002", 1, fake_events(&fake, EVENT_REPAIRED_LATE));
    same_number("a.ini", "outcome", OUTCOME_REPAIRED, fake_entry(&fake, JOURNAL_DONE)->outcome);
    journal_is_clean(0);
    no_complaints();
}

/* Beside a service, a change that was begun less than so long ago is left to it; an older one is ended at once, and so is one from
 * the future. */
static void intent_of_a_moment_ago(void **state) {
    (void)state;
    static const struct {
        uint32_t ago;
        bool left;
    } rows[] = {{0, true}, {14, true}, {15, false}, {16, false}, {UINT32_MAX, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char label[32];
        (void)rig_setup(NULL);
        (void)snprintf(label, sizeof label, "%d seconds ago", (int)rows[i].ago);
        (void)fake_file(&fake, "a.ini", repaired_text);
        struct journal_entry entry = an_intent(7, "a.ini", STUCK);
        entry.utc = fake.host.utc(fake.host.context) - rows[i].ago;
        fake_append_entry(&fake, &entry);
        other_begins();
        for (unsigned step = 0; step < 50; step++)
            (void)mender_step(&other);
        same_number(label, "2002", !rows[i].left, fake_events(&fake, EVENT_REPAIRED_LATE));
        fake.clock += LEDGER_OTHERS;
        for (unsigned step = 0; step < 50; step++)
            (void)mender_step(&other);
        same_number(label, "2002 in the end", 1, fake_events(&fake, EVENT_REPAIRED_LATE));
        mender_close(&other);
    }
    no_complaints();
}

/* Its HOLD cannot be written at the first attempt: it is written before its DONE all the same. */
static void undo_whose_hold_cannot_be_written(void **state) {
    (void)state;
    const struct journal_entry undo = an_undo(7, "a.ini");
    start();
    run(SECOND);
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    file->reported = 1;
    fake_append_entry(&fake, &undo);
    (void)fake_fail(&fake, FAKE_APPEND, 1, 1, HOST_FAILED);
    mender_journal_changed(&mender);
    run(MINUTE);
    same_number("a.ini", "HOLDs", 1, fake_entries(&fake, JOURNAL_HOLD));
    journal_is_clean(0);
    restart(false);
    run(HOUR);
    untouched(file, STUCK);
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(intent_done_in_the_file),
        TEST(intent_not_done_in_the_file),
        TEST(intent_whose_record_changed),
        TEST(intent_whose_record_vanished),
        TEST(intent_while_the_folder_is_away),
        TEST(intent_in_another_folder),
        TEST(intent_in_a_folder_that_is_gone),
        TEST(intent_in_the_folder_in_other_letters),
        TEST(intent_whose_record_is_busy),
        TEST(intent_whose_record_stays_busy_is_told),
        TEST(intent_whose_record_is_held_by_a_reader),
        TEST(intent_whose_record_is_being_written),
        TEST(intent_whose_record_is_read_only_now),
        TEST(numbers_go_on),
        TEST(many_open_intents),
        TEST(another_process_finishes),
        TEST(intent_whose_record_is_a_link),
        TEST(intent_that_is_made_in_the_end),
        TEST(intent_of_a_moment_ago),
        TEST(undo_whose_hold_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
