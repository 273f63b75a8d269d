/* SPDX-License-Identifier: MIT */
/*
 * test_ledger_read: core/ledger_read: journals that are read again or in part, and what one has that another process has
 * begun.
 */
#include "rig.h"

static struct ledger *const ledger = &mender.ledger;

static unsigned long generation(void) {
    return fake_entry(&fake, JOURNAL_CHECKPOINT)->generation;
}

/* Another process begins the journal anew after so many changes, and knows of nothing else. */
static void begun_anew(uint32_t number) {
    struct journal_entry head = *fake_entry(&fake, JOURNAL_CHECKPOINT);
    fake_delete_journal(&fake);
    head.generation++;
    head.number = number;
    fake_append_entry(&fake, &head);
    mender_journal_changed(&mender);
}

/* ---- folders */

static void an_alias(const char *path) {
    struct journal_entry entry = an_intent(7, "gone.ini", STUCK);
    fake.alias[0] = "X:\\Clients";
    entry.kind = JOURNAL_HOLD;
    (void)text_copy(entry.text, sizeof entry.text, path);
    fake_append_entry(&fake, &entry);
}

/* When two of its folders turn out to be one, the journal is read again; not for one, nor a second time. */
static void read_again_for_a_second_path(void **state) {
    (void)state;
    an_alias(fake.paths[0]);
    start_without_folder();
    run(SECOND);
    open_folder();
    assert_false(ledger->again);
    run(SECOND);
    an_alias("X:\\Clients");
    const struct host_result why = {HOST_FAILED, 3, "it is gone"};
    mender_folder_away(&mender, &why);
    mender_journal_changed(&mender);
    run(SECOND);
    open_folder();
    assert_true(ledger->again);
    run(SECOND);
    assert_false(ledger->again);
    open_folder();
    assert_false(ledger->again);
    no_complaints();
}

/* That fails at any of its reads: it is still known to be the same journal. */
static void read_again_in_part(void **state) {
    (void)state;
    for (unsigned nth = 1; nth <= 6; nth++) {
        (void)rig_setup(NULL);
        an_alias(fake.paths[0]);
        an_alias("X:\\Clients");
        start_without_folder();
        run(SECOND);
        const unsigned long first = generation();
        open_folder();
        assert_true(ledger->again);
        (void)fake_fail(&fake, FAKE_JOURNAL_READ, nth, 1, HOST_FAILED);
        run(MINUTE);
        assert_false(ledger->again);
        same_number("journal", "written again", 0, generation() - first);
    }
    no_complaints();
}

/* ---- what is read */

/* A line is read once, be it the only new one. */
static void one_line(void **state) {
    (void)state;
    start();
    run(SECOND);
    append_repair(1, "b.ini");
    mender_journal_changed(&mender);
    run(SECOND);
    struct journal_entry entry = an_intent(2, "gone.ini", STUCK);
    entry.kind = JOURNAL_HOLD;
    fake_append_entry(&fake, &entry);
    mender_journal_changed(&mender);
    run(SECOND);
    same_number("journal", "known", fake.journal.size, ledger->known);
    no_complaints();
}

/* A checkpoint that somebody has copied to another place is none, be there as much before it as was read before. */
static void a_checkpoint_elsewhere(void **state) {
    (void)state;
    static char text[8192];
    start();
    run(SECOND);
    struct journal_entry head = *fake_entry(&fake, JOURNAL_CHECKPOINT);
    assert_in_range(ledger->known, 3, sizeof text - 1);
    memset(text, 'x', ledger->known);
    (void)strcpy(text + ledger->known - 2, "\r\n");
    fake_append_text(&fake, text);
    head.number = 500;
    fake_append_entry(&fake, &head);
    mender_journal_changed(&mender);
    run(SECOND);
    same_number("elsewhere", "number", 0, ledger->memory.number);
    no_complaints();
}

/* Read again, it is known up to its end. */
static void read_again_to_its_end(void **state) {
    (void)state;
    an_alias(fake.paths[0]);
    an_alias("X:\\Clients");
    start_without_folder();
    run(SECOND);
    open_folder();
    assert_true(ledger->again);
    an_alias(fake.paths[0]);
    assert_int_equal(ledger_lock(ledger).code, HOST_OK);
    same_number("journal", "known", fake.journal.size, ledger->known);
    ledger_unlock(ledger);
    no_complaints();
}

/* What is not ours is kept, be it one byte; what is empty is not. */
static void a_journal_of_one_byte(void **state) {
    (void)state;
    fake_append_text(&fake, "x");
    start();
    run(SECOND);
    same_number("the old one", "bytes", 1, fake.journal_old.size);
    no_complaints();
}

static void the_length_of_the_first_line(void **state) {
    (void)state;
    start();
    run(SECOND);
    restart(false);
    run(SECOND);
    const char *end = memchr(fake.journal.bytes, '\n', fake.journal.size);
    same_number("first line", "bytes", (uint64_t)(end + 1 - fake.journal.bytes),
                ledger->head_length);
    no_complaints();
}

/* Another process has repaired many, and reading that fails in the middle: each counts, once. */
static void repairs_read_in_part(void **state) {
    (void)state;
    for (unsigned nth = 1; nth <= 6; nth++) {
        (void)rig_setup(NULL);
        start();
        run(SECOND);
        for (uint32_t number = 1; number <= 200; number++)
            append_repair(number, "gone.ini");
        assert_true(fake.journal.size > 2 * LEDGER_PIECE);
        (void)fake_fail(&fake, FAKE_JOURNAL_READ, nth, 1, HOST_FAILED);
        mender_journal_changed(&mender);
        run(MINUTE);
        same_number("in the hour", "repairs", 200, limiter_count(&ledger->window, fake.clock));
    }
    no_complaints();
}

/* Another process repairs just when the journal is read once more: its repairs count for the hour. */
static void repairs_before_it_is_read_again(void **state) {
    (void)state;
    start();
    run(SECOND);
    for (uint32_t number = 1; number <= 3; number++)
        append_repair(number, "gone.ini");
    ledger->again = true;
    run(SECOND);
    assert_false(ledger->again);
    same_number("in the hour", "repairs", 3, limiter_count(&ledger->window, fake.clock));
    no_complaints();
}

/* A copy of the journal is put back in two pieces, and no new one can be made: what is known counts once. */
static void a_copy_in_two_pieces(void **state) {
    (void)state;
    a_limit_of(4, 3);
    run(SECOND);
    const size_t piece = fake.journal.size;
    run(MINUTE);
    same_number("before", "in the hour", 3, limiter_count(&ledger->window, fake.clock));
    const size_t whole = fake.journal.size;
    (void)fake_fail(&fake, FAKE_JOURNAL_NEW, 1, FAKE_FOR_EVER, HOST_FAILED);
    fake.journal.size = piece;
    mender_journal_changed(&mender);
    run(SECOND);
    fake.journal.size = whole;
    run(MINUTE);
    same_number("after", "in the hour", 3, limiter_count(&ledger->window, fake.clock));
    no_complaints();
}

/* What does not fit ends a window. Each `#` stands for this second. */
static void a_window_with_an_error(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t repairs;
    } rows[] = {{"#=3 #=5", 8},     {"#=x #=5", 0},      {"#=3 #=10001", 3},
                {"# #=5", 0},       {"#=3 x#=5 #=2", 3}, {"#=3 =5 #=2", 3},
                {"#=10000", 10000}, {"#=3 #", 3},        {"#=3 #= #=2", 3}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)rig_setup(NULL);
        struct journal_entry entry = an_intent(0, "", STUCK);
        struct text text;
        text_begin(&text, entry.text, sizeof entry.text);
        for (const char *c = rows[i].text; *c != '\0'; c++) {
            if (*c == '#')
                text_put_u32(&text, fake.host.utc(fake.host.context));
            else
                text_put_char(&text, *c);
        }
        entry.kind = JOURNAL_WINDOW;
        fake_append_entry(&fake, &entry);
        start();
        run(SECOND);
        same_number(rows[i].text, "in the hour", rows[i].repairs,
                    limiter_count(&ledger->window, fake.clock));
    }
    no_complaints();
}

/* The administrator's word to another process: nothing of the hour counts any more. */
static void an_empty_window(void **state) {
    (void)state;
    a_limit_of(3, 2);
    run(MINUTE);
    same_number("before", "in the hour", 2, limiter_count(&ledger->window, fake.clock));
    struct journal_entry entry = an_intent(0, "", STUCK);
    entry.kind = JOURNAL_WINDOW;
    entry.text[0] = '\0';
    fake_append_entry(&fake, &entry);
    mender_journal_changed(&mender);
    run(SECOND);
    same_number("after", "in the hour", 0, limiter_count(&ledger->window, fake.clock));
    no_complaints();
}

/* Another process has begun a new journal, and knows neither settings nor state: both are written again. */
static void settings_and_state_of_a_new_journal(void **state) {
    (void)state;
    start();
    run(SECOND);
    const unsigned long before = generation();
    begun_anew(fake_entry(&fake, JOURNAL_CHECKPOINT)->number);
    run(SECOND);
    same_number("journal", "generation", before + 1, generation());
    same_number("journal", "LOADEDs", 1, fake_entries(&fake, JOURNAL_LOADED));
    same_number("journal", "STATEs", 1, fake_entries(&fake, JOURNAL_STATE));
    no_complaints();
}

/* Another process has released it, and begun a new journal: it is looked at without a scan. */
static void released_before_a_new_journal(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    struct fake_file *file = an_undone_file();
    run(MINUTE);
    begun_anew(9);
    run(MINUTE);
    same_number("a.ini", "writes", 3, file->writes);
    no_complaints();
}

/* What a journal tells that replaces ours is old: no record is looked at for it. */
static void released_in_a_journal_that_replaces_ours(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    struct fake_file *file = fake_file(&fake, "b.ini", STUCK);
    file->shared = HOST_BUSY;
    start();
    run(SECOND);
    file->shared = HOST_OK;
    file->there = false;
    run(5 * MINUTE);
    same_number("queue", "names", 0, mender.queue.count);
    fake_delete_journal(&fake);
    append_repair(1, "b.ini");
    mender_journal_changed(&mender);
    run(SECOND);
    same_number("queue", "names", 0, mender.queue.count);
    no_complaints();
}

/* What was released before the first run is no news: the scan comes to each record, and nobody asks for one that is gone. */
static void released_before_the_first_read(void **state) {
    (void)state;
    struct journal_entry entry = an_intent(1, "gone.ini", STUCK);
    entry.kind = JOURNAL_HOLD;
    fake_append_entry(&fake, &entry);
    entry.kind = JOURNAL_RELEASE;
    fake_append_entry(&fake, &entry);
    start();
    run(MINUTE);
    same_number("records", "opened", 0, fake.count[FAKE_OPEN]);
    no_complaints();
}

/* An undo that another process has begun a moment ago is left to it for a while. */
static void an_undo_of_a_moment_ago(void **state) {
    (void)state;
    fake_file(&fake, "a.ini", STUCK)->reported = 1;
    start();
    run(SECOND);
    struct journal_entry undo = an_undo(7, "a.ini");
    undo.utc = fake.host.utc(fake.host.context);
    fake_append_entry(&fake, &undo);
    mender_journal_changed(&mender);
    const uint64_t time = fake.clock;
    run(LEDGER_OTHERS - 1);
    same_number("just before", "2040", 0, fake_events(&fake, EVENT_UNDONE));
    same_number("just before", "clock", time + LEDGER_OTHERS - 1, fake.clock);
    run(1);
    same_number("at its time", "2040", 1, fake_events(&fake, EVENT_UNDONE));
    no_complaints();
}

/* The same of a repair in flight that it has ended: its record may be stuck. */
static void ended_before_a_new_journal(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    struct fake_file *file = fake_file(&fake, "a.ini", SOUND);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    file->repair = HOST_BUSY;
    start();
    run(SECOND);
    same_number("a.ini", "in flight", 1, ledger->memory.count[ITEM_FLIGHT]);
    fake_change(file, STUCK);
    file->repair = HOST_OK;
    begun_anew(9);
    run(MINUTE);
    repaired(file, STUCK);
    no_complaints();
}

/* Somebody puts another journal in place, which cannot be written anew; then another process, which knows of that one
 * alone, writes a checkpoint of it. What is held here is not over by that. */
static void a_checkpoint_of_who_did_not_know(void **state) {
    (void)state;
    struct fake_file *held = an_undone_file();
    struct journal_entry entry = an_intent(0, "", STUCK);
    run(SECOND);
    entry.kind = JOURNAL_CHECKPOINT;
    entry.id = 77;
    entry.number = 9;
    (void)fake_fail(&fake, FAKE_JOURNAL_NEW, 1, FAKE_FOR_EVER, HOST_FAILED);
    for (entry.generation = 1; entry.generation <= 2; entry.generation++) {
        fake_delete_journal(&fake);
        fake_append_entry(&fake, &entry);
        mender_journal_changed(&mender);
        run(SECOND);
    }
    fake_heal(&fake);
    run(5 * MINUTE);
    same_number("journal", "HOLDs", 1, fake_entries(&fake, JOURNAL_HOLD));
    mender_hint(&mender, "a.ini");
    run(MINUTE);
    same_number("a.ini", "writes", 2, held->writes);
    no_complaints();
}

/* Another process has released a record that was undone, and the service has not heard of it yet. */
static struct fake_file *a_released_file(void) {
    struct fake_file *file = an_undone_file();
    run(SECOND);
    struct journal_entry entry = *fake_entry(&fake, JOURNAL_HOLD);
    entry.kind = JOURNAL_RELEASE;
    fake_append_entry(&fake, &entry);
    return file;
}

/* The journal is read once more from its start just when another process has released a record; without a rescan
 * nobody would look at that again. */
static void released_before_it_is_read_again(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    struct fake_file *file = a_released_file();
    mender.ledger.again = true;
    run(5 * MINUTE);
    same_number("a.ini", "writes", 3, file->writes);
    no_complaints();
}

/* What was released before that, and looked at, is not looked at again. */
static void released_long_before_it_is_read_again(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    struct fake_file *file = a_released_file();
    mender_journal_changed(&mender);
    run(5 * MINUTE);
    same_number("a.ini", "writes", 3, file->writes);
    const unsigned opened = file->opened;
    const unsigned reads = fake.count[FAKE_JOURNAL_READ];
    mender.ledger.again = true;
    run(5 * MINUTE);
    same_number("the journal", "read again", 1, fake.count[FAKE_JOURNAL_READ] > reads);
    same_number("a.ini", "opened", opened, file->opened);
    no_complaints();
}

/* Somebody has emptied the journal, and no new one can be made: whatever stands in it next is another one, and does not
 * release what is known to be held. Behind a line of its own it is what has been added. */
static void added_to_an_empty_journal(void **state) {
    (void)state;
    static const char *const texts[] = {"", "\n"};
    for (size_t i = 0; i < 2; i++) {
        (void)rig_setup(NULL);
        struct journal_entry entry = an_intent(1, "a.ini", STUCK);
        entry.kind = JOURNAL_HOLD;
        fake_append_entry(&fake, &entry);
        start();
        run(MINUTE);
        fake_delete_journal(&fake);
        fake_append_text(&fake, texts[i]);
        (void)fake_fail(&fake, FAKE_JOURNAL_NEW, 1, 1, HOST_FAILED);
        mender_journal_changed(&mender);
        (void)mender_step(&mender);
        entry.kind = JOURNAL_RELEASE;
        fake_append_entry(&fake, &entry);
        run(MINUTE);
        same_number(texts[i], "held", i == 0, mender.ledger.memory.count[ITEM_HOLD]);
    }
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(read_again_for_a_second_path),
        TEST(read_again_in_part),
        TEST(one_line),
        TEST(a_checkpoint_elsewhere),
        TEST(read_again_to_its_end),
        TEST(a_journal_of_one_byte),
        TEST(the_length_of_the_first_line),
        TEST(repairs_read_in_part),
        TEST(repairs_before_it_is_read_again),
        TEST(a_copy_in_two_pieces),
        TEST(a_window_with_an_error),
        TEST(an_empty_window),
        TEST(settings_and_state_of_a_new_journal),
        TEST(released_before_a_new_journal),
        TEST(released_in_a_journal_that_replaces_ours),
        TEST(released_before_the_first_read),
        TEST(an_undo_of_a_moment_ago),
        TEST(ended_before_a_new_journal),
        TEST(a_checkpoint_of_who_did_not_know),
        TEST(released_before_it_is_read_again),
        TEST(released_long_before_it_is_read_again),
        TEST(added_to_an_empty_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
