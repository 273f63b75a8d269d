/* SPDX-License-Identifier: MIT */
/*
 * test_change_bounds: core/change: each limit of time and size just before and at it, and what a call that
 * fails leaves as it was.
 */
#include "crc32.h"
#include "rig.h"
#include "todo.h"

static struct memory_item *the_flight(void) {
    struct memory_item *item = memory_next(&mender.ledger.memory, ITEM_FLIGHT, NULL);
    assert_non_null(item);
    return item;
}

/* One call for it at this moment, whenever it is due. */
static bool work_on(struct memory_item *item) {
    bool again = change_work(&mender.change, item);
    ledger_unlock(&mender.ledger);
    return again;
}

static void busy(const char *label, unsigned expected) {
    same_number(label, "2020", expected, fake_events(&fake, EVENT_BUSY));
}

/* An INTENT of an earlier run, whose record has other content than before or after it, and is in use. */
static struct memory_item *an_intent_in_use(void) {
    struct fake_file *file = fake_file(&fake, "a.ini", SOUND);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    file->repair = HOST_BUSY;
    fake.clock = HOUR;
    start();
    (void)mender_step(&mender);
    return the_flight();
}

static void settling_in_use_is_told_after_a_minute(void **state) {
    (void)state;
    struct memory_item *item = an_intent_in_use();
    assert_false(work_on(item));
    same_number("the first attempt", "since", fake.clock, item->busy_since);
    const uint64_t since = fake.clock;
    fake.clock = since + CHANGE_BUSY_TOLD - 1;
    assert_false(work_on(item));
    busy("just before a minute is over", 0);
    same_number("a later attempt", "since", since, item->busy_since);
    fake.clock++;
    assert_false(work_on(item));
    busy("a minute", 1);
    fake.clock += CHANGE_BUSY_TOLD;
    assert_false(work_on(item));
    busy("two minutes", 1);
    same_number("2020", "strings", 3, fake_event(&fake, EVENT_BUSY)->strings);
    same_number("record", "waits for a look", 0, mender.queue.count);
    no_complaints();
}

/* Without the journal no record is opened for it, and it is tried again when the journal may be. */
static void nothing_without_the_journal(void **state) {
    (void)state;
    struct memory_item *item = an_intent_in_use();
    for (unsigned step = FLIGHT_SETTLE; step <= FLIGHT_WRITE; step++) {
        const unsigned opened = fake.count[FAKE_OPEN] + fake.count[FAKE_OPEN_REPAIR];
        item->step = step;
        fake.scanned_until = fake.clock + MINUTE;
        assert_false(work_on(item));
        same_number("a busy journal", "opened", opened,
                    fake.count[FAKE_OPEN] + fake.count[FAKE_OPEN_REPAIR]);
        same_number("a busy journal", "due", ledger_due(&mender.ledger), item->due);
        same_number("a busy journal", "is later", true, item->due > fake.clock);
        fake.clock += 2 * MINUTE;
    }
    no_complaints();
}

/* Another process has ended it, or ended it and begun another change in the same place. */
static void ended_by_another_just_before(void **state) {
    (void)state;
    for (unsigned more = 0; more < 2; more++) {
        (void)rig_setup(NULL);
        struct memory_item *item = an_intent_in_use();
        struct journal_entry entry = {
            .kind = JOURNAL_DONE, .number = 7, .outcome = OUTCOME_NOT_MADE};
        fake_append_entry(&fake, &entry);
        entry = an_intent(8, "b.ini", STUCK);
        if (more)
            fake_append_entry(&fake, &entry);
        const unsigned opened = fake.count[FAKE_OPEN] + fake.count[FAKE_OPEN_REPAIR];
        assert_false(work_on(item));
        same_number("ended", "opened", opened,
                    fake.count[FAKE_OPEN] + fake.count[FAKE_OPEN_REPAIR]);
        same_number("ended", "kind", more ? ITEM_FLIGHT : ITEM_NONE, item->kind);
    }
    no_complaints();
}

/* It was seen not to be made, but DONE could not be written; in the end it is another content, or cannot be seen. */
static void not_made_and_then_unknown(void **state) {
    (void)state;
    for (unsigned away = 0; away < 2; away++) {
        (void)rig_setup(NULL);
        struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
        struct journal_entry entry = an_intent(7, "a.ini", STUCK);
        fake_append_entry(&fake, &entry);
        start();
        (void)mender_step(&mender);
        (void)fake_fail(&fake, FAKE_APPEND, 1, FAKE_FOR_EVER, HOST_FAILED);
        struct memory_item *item = the_flight();
        assert_true(work_on(item));
        same_number("not made", "outcome", OUTCOME_NOT_MADE, item->outcome);
        fake_heal(&fake);
        fake_change(file, SOUND);
        if (away) {
            file->shared = file->repair = HOST_BUSY;
            use_folder(1);
        }
        run(5 * MINUTE);
        same_number("in the end", "2003", 1, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
        same_number("in the end", "2002", 0, fake_events(&fake, EVENT_REPAIRED_LATE));
        same_number("in the end", "DONE", OUTCOME_UNKNOWN,
                    fake_entry(&fake, JOURNAL_DONE)->outcome);
        same_number("in the end", "2020", 0, fake_events(&fake, EVENT_BUSY));
    }
    no_complaints();
}

/* In a folder that is gone it is given up after a minute, at once and without a warning, and for good. */
static void given_up_in_a_folder_that_is_gone(void **state) {
    (void)state;
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    (void)text_copy(entry.text, sizeof entry.text, "D:\\Earlier");
    fake_append_entry(&fake, &entry);
    start();
    (void)mender_step(&mender);
    struct memory_item *item = the_flight();
    assert_false(work_on(item));
    fake.clock += CHANGE_BUSY_TOLD - 1;
    assert_false(work_on(item));
    same_number("just before a minute is over", "step", FLIGHT_SETTLE, item->step);
    (void)fake_fail(&fake, FAKE_REPORT, 1, 1, HOST_FAILED);
    fake.clock++;
    assert_false(work_on(item));
    same_number("a minute", "step", FLIGHT_REPORT, item->step);
    run(MINUTE);
    same_number("in the end", "2003", 1, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    busy("in the end", 0);
    no_complaints();
}

/* What is settled for another process is none of our repairs, nor is an undo. */
static void only_ours_are_counted(void **state) {
    (void)state;
    (void)fake_file(&fake, "a.ini", repaired_text);
    (void)fake_file(&fake, "b.ini", STUCK);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    start();
    run(SECOND);
    same_number("settled", "repaired", 0, mender.change.repaired);
    run(MINUTE);
    same_number("b.ini too", "repaired", 1, mender.change.repaired);
    same_number("b.ini", "undo", HOST_OK, mender_undo(&mender, "b.ini").code);
    same_number("undone", "repaired", 1, mender.change.repaired);
    no_complaints();
}

/* A number that takes all digits, from a journal. */
static void an_offset_of_ten_digits(void **state) {
    (void)state;
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    entry.offset = UINT32_MAX;
    fake_append_entry(&fake, &entry);
    start();
    run(MINUTE);
    same_text("2003", "offset", "4294967295", fake_event(&fake, EVENT_OUTCOME_UNKNOWN)->string[3]);
    no_complaints();
}

/* How often the content is read: once when it is looked at, once when it is locked, and then in pieces. */
static void records_of_exact_sizes(void **state) {
    (void)state;
    static const struct {
        uint32_t size;
        unsigned pieces;
    } rows[] = {{1023, 1}, {1024, 1}, {1025, 2}, {2048, 2}, {3000, 3}, {RECORD_BYTES_MAX, 1024}};
    static char text[RECORD_BYTES_MAX + 1];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char label[32];
        (void)rig_setup(NULL);
        (void)snprintf(label, sizeof label, "%u bytes", rows[i].size);
        memset(text, '\n', rows[i].size);
        (void)strcpy(text + rows[i].size - 9, "State = 4");
        start();
        run(SECOND);
        struct fake_file *file = a_new_file("a.ini", text);
        fake.count[FAKE_READ] = 0;
        run(10 * SECOND);
        repaired(file, text);
        story(label, "3020, 2000 a.ini");
        same_number(label, "reads", 2 + rows[i].pieces, fake.count[FAKE_READ]);
        same_number(label, "undo", HOST_OK, mender_undo(&mender, "a.ini").code);
        same_number(label, "as it was", 0, (uint64_t)memcmp(file->bytes, text, file->size));
    }
    no_complaints();
}

/* Of the largest that are read each byte counts. */
static void a_doubt_of_a_mebibyte(void **state) {
    (void)state;
    static char text[RECORD_BYTES_MAX + 1];
    memset(text, '\n', RECORD_BYTES_MAX);
    (void)strcpy(text + RECORD_BYTES_MAX - 9, "State= 04");
    struct fake_file *file = fake_file(&fake, "a.ini", text);
    start();
    run(MINUTE);
    text[0] = ' ';
    fake_change(file, text);
    mender_hint(&mender, "a.ini");
    run(MINUTE);
    same_number("another content", "2010", 2, fake_events(&fake, EVENT_DOUBTFUL));
    no_complaints();
}

/* A journal that somebody has made, whose repair is behind the end of the record: what stands there in memory is of
 * another one. */
static void an_offset_behind_the_end(void **state) {
    (void)state;
    static const char text[] = "State = 1\r\n; no more";
    const struct fake_file *file = fake_file(&fake, "a.ini", text);
    (void)fake_file(&fake, "z.ini", "State = 1\r\n; no more1");
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    entry.kind = JOURNAL_REPAIRED;
    entry.offset = entry.size = file->size;
    entry.after = crc32(0, text, sizeof text - 1);
    fake_append_entry(&fake, &entry);
    start();
    run(SECOND);
    same_number("a.ini", "undo", HOST_REFUSED, mender_undo(&mender, "a.ini").code);
    untouched(file, text);
    no_complaints();
}

static void shrink_at_read(struct fake_host *host, enum fake_call call, struct fake_file *file) {
    (void)host;
    if (call == FAKE_READ && file != NULL && file->size > 4)
        file->size -= 4;
}

/* A record that gets shorter while it is read is in use, whatever there was of it. */
static void cut_short_while_it_is_read(void **state) {
    (void)state;
    struct view view;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    fake.before = shrink_at_read;
    same_number("a.ini", "a look", HOST_BUSY, change_look(&mender.change, "a.ini", &view).code);
    fake.before = NULL;
    file->size += 4;
    same_number("a.ini", "another look", HOST_OK, change_look(&mender.change, "a.ini", &view).code);
    no_complaints();
}

/* It says nothing of the content. */
static void a_look_that_fails(void **state) {
    (void)state;
    struct view view;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_file(&fake, "b.ini", DOUBTFUL);
    start();
    run(MINUTE);
    same_number("repaired", "to enable", 1, todo_count(&mender.ledger.memory));
    same_number("b.ini", "a look", HOST_OK, change_look(&mender.change, "b.ini", &view).code);
    file->shared = HOST_BUSY;
    same_number("a.ini", "a look", HOST_BUSY, change_look(&mender.change, "a.ini", &view).code);
    same_number("in use", "to enable", 1, todo_count(&mender.ledger.memory));
    bool begun = true;
    file->repair = HOST_BUSY;
    same_number("a.ini", "a repair", HOST_BUSY,
                change_repair(&mender.change, "a.ini", 0, &view, &begun).code);
    assert_false(begun);
    no_complaints();
}

/* An undo that is refused lets the record go. */
static void refused_and_closed(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    fake_change(file, SOUND);
    same_number("a.ini", "undo", HOST_REFUSED, mender_undo(&mender, "a.ini").code);
    assert_null(fake.open);
    no_complaints();
}

/* After a write that waited for long, an event that is not taken is tried again after a second. */
static void waits_begin_anew(void **state) {
    (void)state;
    (void)a_write_that_waits(7, HOST_BUSY, 2 * MINUTE);
    struct memory_item *item = the_flight();
    same_number("the write", "waits", CHANGE_BACKOFF_LAST, item->backoff);
    (void)fake_fail(&fake, FAKE_REPORT, 1, 1, HOST_FAILED);
    while (item->step == FLIGHT_WRITE)
        run(100);
    same_number("the event", "waits", CHANGE_BACKOFF_FIRST, item->backoff);
    run(SECOND);
    same_number("a.ini", "2000", 1, fake_events(&fake, EVENT_REPAIRED));
    no_complaints();
}

/* An event is owed and the journal in use: it is not said before the journal tells that nobody else has. */
static void owed_while_the_journal_is_busy(void **state) {
    (void)state;
    (void)an_event_that_waits("a.ini");
    struct memory_item *item = the_flight();
    fake_heal(&fake);
    fake.scanned_until = fake.clock + 10 * SECOND;
    assert_false(work_on(item));
    same_number("in use", "2000", 0, fake_events(&fake, EVENT_REPAIRED));
    same_number("in use", "due", ledger_due(&mender.ledger), item->due);
    same_number("in use", "is later", true, item->due > fake.clock);
    run(2 * MINUTE);
    same_number("free", "2000", 1, fake_events(&fake, EVENT_REPAIRED));
    no_complaints();
}

/* The HOLD of an undo cannot be written: it waits as long as the journal does. */
static void a_hold_that_is_not_written(void **state) {
    (void)state;
    const struct journal_entry undo = an_undo(7, "a.ini");
    fake_append_entry(&fake, &undo);
    (void)fake_file(&fake, "a.ini", STUCK);
    start();
    (void)mender_step(&mender);
    struct memory_item *item = the_flight();
    (void)fake_fail(&fake, FAKE_APPEND, 1, FAKE_FOR_EVER, HOST_FAILED);
    assert_false(work_on(item));
    same_number("not written", "step", FLIGHT_REPORT, item->step);
    same_number("not written", "is later", true, item->due > fake.clock);
    same_number("not written", "2040", 0, fake_events(&fake, EVENT_UNDONE));
    no_complaints();
}

/* What a write that failed has left is not known, and then the administrator takes the leave away. */
static void given_up_when_it_is_not_known(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_FAILED);
    (void)fake_fail(&fake, FAKE_READ, 3, 1, HOST_FAILED);
    run(4 * SECOND + 500);
    assert_false(the_flight()->clean);
    settings.repair = false;
    mender_configure(&mender, &settings);
    run(MINUTE);
    untouched(file, STUCK);
    same_number("a.ini", "2003", 0, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    same_number("a.ini", "DONE", OUTCOME_NOT_MADE, fake_entry(&fake, JOURNAL_DONE)->outcome);
    no_complaints();
}

/* A repair that waits for its write, of a record that must not be written to any more: seen from the file, for good. */
static void refused_while_it_waits(void **state) {
    (void)state;
    struct fake_file *file = a_write_that_waits(2, HOST_BUSY, 5 * SECOND + 500);
    struct memory_item *item = the_flight();
    file->repair = HOST_REFUSED;
    assert_false(work_on(item));
    same_number("refused", "step", FLIGHT_SETTLE, item->step);
    no_complaints();
}

/* What another run wrote may not have reached the disk: before it is said, it does. */
static void flushed_before_it_is_said(void **state) {
    (void)state;
    (void)fake_file(&fake, "a.ini", repaired_text);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    (void)fake_fail(&fake, FAKE_FLUSH, 1, 1, HOST_FAILED);
    start();
    (void)mender_step(&mender);
    struct memory_item *item = the_flight();
    assert_false(work_on(item));
    same_number("not flushed", "2002", 0, fake_events(&fake, EVENT_REPAIRED_LATE));
    assert_false(work_on(item));
    same_number("flushed", "calls", 2, fake.count[FAKE_FLUSH]);
    same_number("flushed", "2002", 1, fake_events(&fake, EVENT_REPAIRED_LATE));
    no_complaints();
}

/* Of another size it is another content, whatever its sum. */
static void of_another_size(void **state) {
    (void)state;
    (void)fake_file(&fake, "a.ini", repaired_text);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    entry.size++;
    fake_append_entry(&fake, &entry);
    start();
    run(MINUTE);
    story("a.ini", "2003 a.ini, 3020");
    no_complaints();
}

/* All of the undos that could not be made are ended, and nothing else. */
static void abandoned_undos(void **state) {
    (void)state;
    (void)fake_file(&fake, "a.ini", STUCK);
    (void)fake_file(&fake, "b.ini", STUCK);
    (void)fake_file(&fake, "c.ini", STUCK);
    start();
    run(MINUTE);
    fake_clear_log(&fake);
    other_begins();
    (void)fake_fail(&fake, FAKE_WRITE, 1, FAKE_FOR_EVER, HOST_BUSY);
    same_number("a.ini", "undo", HOST_BUSY, mender_undo(&other, "a.ini").code);
    same_number("b.ini", "undo", HOST_BUSY, mender_undo(&other, "b.ini").code);
    same_number("c.ini", "undo", HOST_BUSY, mender_undo(&other, "c.ini").code);
    journal_is_clean(3);
    mender_close(&other);
    journal_is_clean(0);
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(settling_in_use_is_told_after_a_minute),
        TEST(nothing_without_the_journal),
        TEST(ended_by_another_just_before),
        TEST(not_made_and_then_unknown),
        TEST(given_up_in_a_folder_that_is_gone),
        TEST(only_ours_are_counted),
        TEST(an_offset_of_ten_digits),
        TEST(records_of_exact_sizes),
        TEST(a_doubt_of_a_mebibyte),
        TEST(an_offset_behind_the_end),
        TEST(cut_short_while_it_is_read),
        TEST(a_look_that_fails),
        TEST(refused_and_closed),
        TEST(waits_begin_anew),
        TEST(owed_while_the_journal_is_busy),
        TEST(a_hold_that_is_not_written),
        TEST(given_up_when_it_is_not_known),
        TEST(refused_while_it_waits),
        TEST(flushed_before_it_is_said),
        TEST(of_another_size),
        TEST(abandoned_undos),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
