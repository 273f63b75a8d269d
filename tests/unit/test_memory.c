/* SPDX-License-Identifier: MIT */
/*
 * test_memory: core/memory, what a journal tells, kept in memory: each kind of entry, the bounds and what makes room at
 * them. A journal that another process has begun anew, or that somebody has replaced, is test_replaced's.
 */
#include "memory_check.h"
#include "text.h"

/* ---- one journal */

static void empty(void **state) {
    (void)state;
    counts("empty", 0, 0, 0);
    assert_null(memory_find(&memory, ITEM_HOLD, "a.ini"));
    assert_null(memory_flight(&memory, 0));
    assert_null(memory_next(&memory, ITEM_FLIGHT, NULL));
    assert_false(memory.overflow);
    no_complaints();
}

static void a_repair(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_INTENT, 7, "Mxa.ini");
    struct memory_item *item = memory_flight(&memory, 7);
    assert_non_null(item);
    assert_ptr_equal(memory_find(&memory, ITEM_FLIGHT, "mxA.INI"), item);
    assert_string_equal(memory_name(&memory, item), "Mxa.ini");
    assert_string_equal(memory_mailbox(&memory, item), "cn=Anna");
    assert_string_equal(memory_folder(&memory, item), FOLDER);
    assert_int_equal(item->step, FLIGHT_SETTLE);
    assert_int_equal(item->outcome, OUTCOME_UNKNOWN);
    assert_false(item->own);
    done(7, OUTCOME_REPAIRED);
    counts("done", 0, 0, 1);
    item = memory_find(&memory, ITEM_REPAIR, "Mxa.ini");
    assert_non_null(item);
    assert_int_equal(item->number, 7);
    assert_int_equal(item->after, 0xA0000007);
    struct journal_entry again;
    memory_entry(&memory, item, &again);
    assert_string_equal(again.name, "Mxa.ini");
    assert_string_equal(again.mailbox, "cn=Anna");
    assert_string_equal(again.text, FOLDER);
    assert_int_equal(again.before, 0xB0000007);
    assert_int_equal(memory.number, 7);
    no_complaints();
}

static void how_changes_end(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_INTENT, 1, "a.ini");
    done(1, OUTCOME_NOT_MADE);
    counts("not made", 0, 0, 0);
    put_entry(JOURNAL_INTENT, 2, "a.ini");
    done(2, OUTCOME_UNKNOWN);
    counts("unknown", 0, 0, 0);
    put_entry(JOURNAL_INTENT, 3, "a.ini");
    done(3, OUTCOME_REPAIRED);
    put_entry(JOURNAL_INTENT, 4, "a.ini");
    done(4, OUTCOME_REPAIRED);
    counts("the last one", 0, 0, 1);
    same_number("the last one", "number", 4, memory_find(&memory, ITEM_REPAIR, "a.ini")->number);
    put_entry(JOURNAL_UNDO, 5, "a.ini");
    counts("an undo", 1, 0, 1);
    put_entry(JOURNAL_HOLD, 5, "a.ini");
    same_number("an undo", "held", true, memory_flight(&memory, 5)->held);
    done(5, OUTCOME_UNDONE);
    counts("undone", 0, 1, 0);
    done(77, OUTCOME_REPAIRED);
    counts("a DONE of nothing", 0, 1, 0);
    same_number("a DONE of nothing", "last number", 77, memory.number);
    no_complaints();
}

/* A HOLD has the number of its UNDO; a later one of the same record takes its place, whatever their order
 * in a new journal. */
static void holds(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_HOLD, 3, "a.ini");
    put_entry(JOURNAL_HOLD, 9, "A.INI");
    put_entry(JOURNAL_HOLD, 4, "a.ini");
    put_entry(JOURNAL_HOLD, 10, "b.ini");
    counts("two", 0, 2, 0);
    const struct memory_item *hold = memory_find(&memory, ITEM_HOLD, "a.ini");
    same_number("a.ini", "number", 9, hold->number);
    same_number("a.ini", "held content", 0xB0000009, hold->before);
    put_entry(JOURNAL_RELEASE, 9, "a.ini");
    counts("released", 0, 1, 0);
    put_entry(JOURNAL_RELEASE, 9, "a.ini");
    put_entry(JOURNAL_RELEASE, 0, "c.ini");
    counts("once more, and of nothing", 0, 1, 0);
    assert_non_null(memory_find(&memory, ITEM_HOLD, "b.ini"));
    no_complaints();
}

/* A record in another folder is another record; one in a folder with two paths is one. */
static void folders(void **state) {
    (void)state;
    put_entry(JOURNAL_HOLD, 1, "a.ini");
    an_entry(JOURNAL_HOLD, 2, "a.ini");
    (void)text_copy(entry.text, sizeof entry.text, "D:\\Records");
    memory_apply(&memory, &entry);
    counts("two folders", 0, 2, 0);
    assert_null(memory_find(&memory, ITEM_HOLD, "a.ini")); /* nobody knows which is watched */
    arm(FOLDER);
    same_number("ours", "number", 1, memory_find(&memory, ITEM_HOLD, "a.ini")->number);
    arm("d:\\RECORDS");
    an_entry(JOURNAL_RELEASE, 0, "a.ini");
    (void)text_copy(entry.text, sizeof entry.text, "D:\\records");
    memory_apply(&memory, &entry);
    same_number("one of them", "is released", 1, memory.count[ITEM_HOLD]);
    no_complaints();
}

/* ---- the bounds */

static void numbered(char name[64], unsigned number) {
    (void)snprintf(name, 64, "Mx%u.ini", number);
}

/* The oldest repair makes room for another. */
static void repairs_are_bounded(void **state) {
    (void)state;
    char name[64];
    arm(FOLDER);
    for (unsigned i = 1; i <= MEMORY_REPAIRED + 10; i++) {
        numbered(name, i);
        put_entry(JOURNAL_REPAIRED, i, name);
    }
    counts("more than there is room for", 0, 0, MEMORY_REPAIRED);
    assert_null(memory_find(&memory, ITEM_REPAIR, "Mx10.ini"));
    assert_non_null(memory_find(&memory, ITEM_REPAIR, "Mx11.ini"));
    assert_non_null(memory_find(&memory, ITEM_REPAIR, "Mx1034.ini"));
    assert_false(memory.overflow);
    no_complaints();
}

static void repairs_that_are_off_make_room_first(void **state) {
    (void)state;
    char name[64];
    arm(FOLDER);
    for (unsigned i = 1; i <= MEMORY_REPAIRED + 2; i++) {
        numbered(name, i);
        put_entry(JOURNAL_REPAIRED, i, name);
        memory_find(&memory, ITEM_REPAIR, name)->off = i == 20 || i == 30 || i == MEMORY_REPAIRED;
    }
    assert_non_null(memory_find(&memory, ITEM_REPAIR, "Mx1.ini"));
    assert_null(memory_find(&memory, ITEM_REPAIR, "Mx20.ini"));
    assert_null(memory_find(&memory, ITEM_REPAIR, "Mx30.ini"));
    assert_non_null(memory_find(&memory, ITEM_REPAIR, "Mx1024.ini"));
    no_complaints();
}

/* More holds than anybody may begin, as a journal of the first version may have: the repairs make
 * room. */
static void holds_beyond_their_bound(void **state) {
    (void)state;
    char name[64];
    arm(FOLDER);
    for (unsigned i = 1; i <= MEMORY_REPAIRED; i++) {
        numbered(name, i);
        put_entry(JOURNAL_REPAIRED, i, name);
    }
    for (unsigned i = 1; i <= MEMORY_ITEMS; i++) {
        numbered(name, 10000 + i);
        put_entry(JOURNAL_HOLD, i, name);
    }
    counts("all places", 0, MEMORY_ITEMS, 0);
    assert_false(memory.overflow);
    put_entry(JOURNAL_HOLD, 9, "one more.ini");
    assert_true(memory.overflow);
    counts("one more", 0, MEMORY_ITEMS, 0);
    assert_non_null(memory_find(&memory, ITEM_HOLD, "Mx10001.ini"));
    no_complaints();
}

/* Long names fill the texts before the places: the repairs make room for them too. */
static void texts_are_bounded(void **state) {
    (void)state;
    static char name[QUEUE_NAME_BYTES];
    arm(FOLDER);
    for (unsigned i = 1; i <= MEMORY_REPAIRED; i++) {
        memset(name, 'x', 700);
        name[(size_t)sprintf(name, "%05u", i)] = 'x';
        put_entry(JOURNAL_REPAIRED, i, name);
    }
    assert_false(memory.overflow);
    assert_in_range(memory.count[ITEM_REPAIR], MEMORY_TEXT / 720, MEMORY_TEXT / 700);
    size_t held = 0;
    while (!memory.overflow) {
        memset(name, 'y', 700);
        name[(size_t)sprintf(name, "%05u", (unsigned)held)] = 'y';
        put_entry(JOURNAL_HOLD, 5000, name);
        held += !memory.overflow;
    }
    counts("full of holds", 0, held, 0);
    assert_in_range(held, MEMORY_TEXT / 720, MEMORY_TEXT / 700);
    no_complaints();
}

/* Folders of old repairs make room; those of holds do not. */
static void folders_are_bounded(void **state) {
    (void)state;
    char path[64];
    for (unsigned i = 1; i <= MEMORY_FOLDERS + 3; i++) {
        an_entry(JOURNAL_REPAIRED, i, "a.ini");
        (void)snprintf(entry.text, sizeof entry.text, "D:\\%u", i);
        memory_apply(&memory, &entry);
        same_number(entry.text, "overflow", false, memory.overflow);
    }
    counts("folders of repairs", 0, 0, MEMORY_FOLDERS);
    for (unsigned i = 1; i <= MEMORY_FOLDERS; i++) {
        an_entry(JOURNAL_HOLD, 100 + i, "a.ini");
        (void)snprintf(entry.text, sizeof entry.text, "E:\\%u", i);
        memory_apply(&memory, &entry);
        same_number(entry.text, "overflow", false, memory.overflow);
    }
    counts("folders of holds", 0, MEMORY_FOLDERS, 0);
    put_entry(JOURNAL_INTENT, 200, "a.ini");
    same_number("one more", "overflow", true, memory.overflow);
    assert_null(memory_put_folder(&memory, FOLDER));
    /* Nor is it the record of that name in a folder that is known. */
    memory.folders[0].kind = FOLDER_OURS;
    put_entry(JOURNAL_RELEASE, 101, "a.ini");
    counts("folders of holds", 0, MEMORY_FOLDERS, 0);
    (void)snprintf(path, sizeof path, "E:\\%u", 1U);
    assert_non_null(memory_put_folder(&memory, path));
    no_complaints();
}

/* Nothing is left of the item whose place it takes. */
static void a_place_taken_again(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_INTENT, 1, "a.ini");
    struct memory_item *first = memory_flight(&memory, 1);
    first->own = first->clean = first->told = first->held = true;
    first->step = FLIGHT_FINISH;
    first->backoff = 7;
    first->due = first->busy_since = 8;
    done(1, OUTCOME_NOT_MADE);
    put_entry(JOURNAL_INTENT, 2, "b.ini");
    const struct memory_item *item = memory_flight(&memory, 2);
    assert_ptr_equal(item, first);
    same_number("b.ini", "own, clean, told, held", 0,
                item->own + item->clean + item->told + item->held);
    same_number("b.ini", "step", FLIGHT_SETTLE, item->step);
    same_number("b.ini", "backoff, due, since", 0, item->backoff + item->due + item->busy_since);
    no_complaints();
}

/* The search for an item ends with the last one, whatever stands behind. */
static void nothing_behind_the_last(void **state) {
    (void)state;
    for (int kind = ITEM_FLIGHT; kind < ITEM_KINDS; kind++) {
        memset(&memory.key[0], kind, sizeof memory.key[0]);
        assert_null(memory_next(&memory, (enum memory_kind)kind, NULL));
        assert_null(memory_next(&memory, (enum memory_kind)kind, &memory.items[MEMORY_ITEMS - 1]));
    }
}

/* Names come and go for much longer than the texts would last if nothing were taken back. */
static void texts_are_compacted(void **state) {
    (void)state;
    char name[300];
    char expected[300];
    arm(FOLDER);
    memset(name, 'x', sizeof name);
    name[250] = '\0';
    for (unsigned i = 1; i <= 20000; i++) {
        name[(size_t)sprintf(name, "%05u", i)] = 'x';
        put_entry(JOURNAL_INTENT, i, name);
        if (i > 100)
            done(i - 100, OUTCOME_NOT_MADE);
    }
    counts("the last ones", 100, 0, 0);
    (void)strcpy(expected, name);
    for (unsigned i = 19901; i <= 20000; i++) {
        const struct memory_item *item = memory_flight(&memory, i);
        expected[(size_t)sprintf(expected, "%05u", i)] = 'x';
        assert_non_null(item);
        same_text("in flight", "name", expected, memory_name(&memory, item));
        same_text("in flight", "mailbox", "cn=Anna", memory_mailbox(&memory, item));
    }
    assert_false(memory.overflow);
    no_complaints();
}

/* A text may end with the last byte. */
static void texts_of_exactly_all(void **state) {
    (void)state;
    static char name[QUEUE_NAME_BYTES];
    static char mailbox[RECORD_MAILBOX_BYTES];
    enum { LENGTH = 1024, FIT = MEMORY_TEXT / LENGTH };
    arm(FOLDER);
    memset(mailbox, 'm', LENGTH - 4 - 2 - 700);
    for (unsigned i = 1; i <= FIT + 1; i++) {
        memset(name, 'y', 700);
        name[(size_t)sprintf(name, "%05u", i)] = 'y';
        an_entry(JOURNAL_HOLD, 5000, name);
        (void)strcpy(entry.mailbox, mailbox);
        memory_apply(&memory, &entry);
        same_number("holds", "overflow", i > FIT, memory.overflow);
    }
    counts("all bytes", 0, FIT, 0);
    same_number("all bytes", "used", MEMORY_TEXT, memory.text_length);
    no_complaints();
}

static void all_folders(void **state) {
    (void)state;
    for (unsigned i = 1; i <= MEMORY_FOLDERS; i++) {
        an_entry(JOURNAL_HOLD, i, "a.ini");
        (void)snprintf(entry.text, sizeof entry.text, "E:\\%u", i);
        assert_non_null(memory_put_folder(&memory, entry.text));
        memory_apply(&memory, &entry);
    }
    assert_ptr_equal(memory_put_folder(&memory, entry.text), &memory.folders[MEMORY_FOLDERS - 1]);
    assert_null(memory_put_folder(&memory, FOLDER));
}

/* A journal that is read once more does not tell of any: all are over. */
static void the_last_item_too(void **state) {
    (void)state;
    char name[64];
    arm(FOLDER);
    for (unsigned i = 1; i <= MEMORY_ITEMS; i++) {
        numbered(name, i);
        put_entry(JOURNAL_HOLD, i, name);
    }
    memory_begin(&memory, PASS_AGAIN, true);
    memory_end(&memory);
    counts("none is told of", 0, 0, 0);
    no_complaints();
}

/* What one that did not come to its end has added is gone, and nothing else. */
static void a_pass_begun_twice(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_HOLD, 1, "a.ini");
    memory_begin(&memory, PASS_ROTATED, true);
    put_entry(JOURNAL_CHECKPOINT, 5, "");
    put_entry(JOURNAL_HOLD, 6, "b.ini");
    put_entry(JOURNAL_RELEASE, 9, "c.ini");
    same_number("rotated", "head", 5, memory.head);
    counts("one is added", 0, 2, 0);
    memory_begin(&memory, PASS_ROTATED, true);
    counts("begun again", 0, 1, 0);
    assert_non_null(memory_find(&memory, ITEM_HOLD, "a.ini"));
    no_complaints();
}

static void room_again_after_a_pass(void **state) {
    (void)state;
    memory.overflow = true;
    memory_begin(&memory, PASS_AGAIN, true);
    memory_end(&memory);
    assert_false(memory.overflow);
}

/* Of two repairs of one number the one that stands behind tells. */
static void one_number_twice(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_REPAIRED, 7, "a.ini");
    an_entry(JOURNAL_REPAIRED, 7, "a.ini");
    entry.after = 1;
    memory_apply(&memory, &entry);
    assert_int_equal(memory_find(&memory, ITEM_REPAIR, "a.ini")->after, 1);
}

static void keys_tell_names_apart(void **state) {
    (void)state;
    char name[64];
    arm(FOLDER);
    for (unsigned i = 0; i < 1000; i++) {
        numbered(name, i);
        put_entry(JOURNAL_HOLD, i, name);
    }
    for (size_t i = 0; i < 1000; i++) {
        assert_true(memory.key[i] != 0);
        for (size_t j = 0; j < i; j++)
            assert_true(memory.key[i] != memory.key[j]);
    }
}

static void a_new_journal_begins_with_nothing(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_HOLD, 7, "a.ini");
    put_entry(JOURNAL_INTENT, 8, "b.ini");
    memory_begin(&memory, PASS_NEW, true);
    counts("new", 0, 0, 0);
    same_number("new", "number", 0, memory.number);
    assert_null(memory_find(&memory, ITEM_HOLD, "a.ini"));
    no_complaints();
}

/* Of two that tell of one record the later one counts, whatever their order. */
static void an_older_repair_does_not_count(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_REPAIRED, 9, "a.ini");
    put_entry(JOURNAL_REPAIRED, 4, "A.INI");
    counts("one", 0, 0, 1);
    same_number("one", "number", 9, memory_find(&memory, ITEM_REPAIR, "a.ini")->number);
    no_complaints();
}

/* A journal that replaces ours tells of a record that is known: that takes no other one's place. */
static void a_known_repair_takes_no_place(void **state) {
    (void)state;
    char name[64];
    arm(FOLDER);
    for (unsigned i = 0; i < MEMORY_REPAIRED; i++) {
        numbered(name, i);
        put_entry(JOURNAL_REPAIRED, i + 1, name);
    }
    memory_end(&memory);
    memory_begin(&memory, PASS_REPLACED, false);
    put_entry(JOURNAL_REPAIRED, 5000, name);
    memory_end(&memory);
    counts("all", 0, 0, MEMORY_REPAIRED);
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(empty, memory_setup),
        cmocka_unit_test_setup(a_repair, memory_setup),
        cmocka_unit_test_setup(how_changes_end, memory_setup),
        cmocka_unit_test_setup(holds, memory_setup),
        cmocka_unit_test_setup(folders, memory_setup),
        cmocka_unit_test_setup(repairs_are_bounded, memory_setup),
        cmocka_unit_test_setup(repairs_that_are_off_make_room_first, memory_setup),
        cmocka_unit_test_setup(holds_beyond_their_bound, memory_setup),
        cmocka_unit_test_setup(texts_are_bounded, memory_setup),
        cmocka_unit_test_setup(folders_are_bounded, memory_setup),
        cmocka_unit_test_setup(a_place_taken_again, memory_setup),
        cmocka_unit_test_setup(nothing_behind_the_last, memory_setup),
        cmocka_unit_test_setup(texts_are_compacted, memory_setup),
        cmocka_unit_test_setup(texts_of_exactly_all, memory_setup),
        cmocka_unit_test_setup(all_folders, memory_setup),
        cmocka_unit_test_setup(the_last_item_too, memory_setup),
        cmocka_unit_test_setup(a_pass_begun_twice, memory_setup),
        cmocka_unit_test_setup(room_again_after_a_pass, memory_setup),
        cmocka_unit_test_setup(one_number_twice, memory_setup),
        cmocka_unit_test_setup(keys_tell_names_apart, memory_setup),
        cmocka_unit_test_setup(a_new_journal_begins_with_nothing, memory_setup),
        cmocka_unit_test_setup(an_older_repair_does_not_count, memory_setup),
        cmocka_unit_test_setup(a_known_repair_takes_no_place, memory_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
