/* SPDX-License-Identifier: MIT */
/*
 * test_replaced: core/memory, the passes over a journal that another process has begun anew, or that somebody has replaced,
 * or that is read once more.
 */
#include "memory_check.h"
#include "text.h"

/* ---- another process has begun the journal anew */

/* Seed 500005909: two processes knew of one hold by two numbers, and the one with the larger number lost it. */
static void a_smaller_number_of_the_other(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_HOLD, 2, "held.ini");
    put_entry(JOURNAL_REPAIRED, 4, "repaired.ini");
    put_entry(JOURNAL_HOLD, 9, "of ours, later.ini");
    memory_begin(&memory, PASS_ROTATED, true);
    put_entry(JOURNAL_CHECKPOINT, 8, "");
    put_entry(JOURNAL_HOLD, 1, "held.ini");
    put_entry(JOURNAL_REPAIRED, 3, "repaired.ini");
    put_entry(JOURNAL_HOLD, 5, "of ours, later.ini");
    memory_end(&memory);
    counts("as the journal tells", 0, 2, 1);
    const struct memory_item *hold = memory_find(&memory, ITEM_HOLD, "held.ini");
    const struct memory_item *repair = memory_find(&memory, ITEM_REPAIR, "repaired.ini");
    same_number("held.ini", "number", 1, hold != NULL ? hold->number : 0);
    same_number("held.ini", "held content", 0xB0000001, hold != NULL ? hold->before : 0);
    same_number("repaired.ini", "number", 3, repair != NULL ? repair->number : 0);
    hold = memory_find(&memory, ITEM_HOLD, "of ours, later.ini");
    same_number("of ours, later.ini", "number", 9, hold != NULL ? hold->number : 0);
    no_complaints();
}

static void rotated(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_INTENT, 1, "ended by the other.ini");
    put_entry(JOURNAL_INTENT, 2, "kept.ini");
    put_entry(JOURNAL_HOLD, 3, "released by the other.ini");
    put_entry(JOURNAL_HOLD, 4, "held.ini");
    put_entry(JOURNAL_REPAIRED, 5, "changed since.ini");
    put_entry(JOURNAL_INTENT, 9, "of ours, later.ini");
    memory_flight(&memory, 2)->own = true;
    memory_flight(&memory, 2)->step = FLIGHT_REPORT;
    memory_begin(&memory, PASS_ROTATED, true);
    put_entry(JOURNAL_CHECKPOINT, 8, "");
    put_entry(JOURNAL_INTENT, 2, "kept.ini");
    put_entry(JOURNAL_HOLD, 4, "held.ini");
    put_entry(JOURNAL_HOLD, 7, "new.ini");
    memory_end(&memory);
    counts("rotated", 2, 2, 0);
    same_number("kept.ini", "is ours", true, memory_flight(&memory, 2)->own);
    same_number("kept.ini", "step", FLIGHT_REPORT, memory_flight(&memory, 2)->step);
    assert_non_null(memory_flight(&memory, 9));
    assert_non_null(memory_find(&memory, ITEM_HOLD, "held.ini"));
    assert_non_null(memory_find(&memory, ITEM_HOLD, "new.ini"));
    /* What the other process did not know has to be written down again. */
    same_number("rotated", "has to be written again", true, memory.changed);
    no_complaints();
}

/* Nothing is missing, so nothing has to be written. */
static void rotated_and_complete(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_HOLD, 4, "held.ini");
    put_entry(JOURNAL_REPAIRED, 5, "r.ini");
    memory_begin(&memory, PASS_ROTATED, true);
    put_entry(JOURNAL_CHECKPOINT, 5, "");
    put_entry(JOURNAL_REPAIRED, 5, "r.ini");
    put_entry(JOURNAL_HOLD, 4, "held.ini");
    memory_end(&memory);
    counts("complete", 0, 1, 1);
    same_number("complete", "has to be written again", false, memory.changed);
    no_complaints();
}

/* The pass failed half-way and is begun again. */
static void rotated_in_two_attempts(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_INTENT, 1, "ended by the other.ini");
    put_entry(JOURNAL_HOLD, 4, "held.ini");
    memory_begin(&memory, PASS_ROTATED, true);
    put_entry(JOURNAL_CHECKPOINT, 8, "");
    put_entry(JOURNAL_HOLD, 4, "held.ini");
    put_entry(JOURNAL_HOLD, 7, "new.ini");
    put_entry(JOURNAL_INTENT, 9, "done soon.ini");
    memory_begin(&memory, PASS_ROTATED, true);
    put_entry(JOURNAL_CHECKPOINT, 8, "");
    put_entry(JOURNAL_HOLD, 4, "held.ini");
    put_entry(JOURNAL_HOLD, 7, "new.ini");
    put_entry(JOURNAL_INTENT, 9, "done soon.ini");
    done(9, OUTCOME_NOT_MADE);
    memory_end(&memory);
    counts("in the end", 0, 2, 0);
    no_complaints();
}

/* What only the attempt before came across is not there: it was another journal. */
static void rotated_in_two_attempts_and_less(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_HOLD, 4, "held.ini");
    memory_begin(&memory, PASS_ROTATED, true);
    put_entry(JOURNAL_CHECKPOINT, 8, "");
    put_entry(JOURNAL_HOLD, 4, "held.ini");
    put_entry(JOURNAL_INTENT, 9, "torn.ini");
    memory_begin(&memory, PASS_ROTATED, true);
    put_entry(JOURNAL_CHECKPOINT, 8, "");
    put_entry(JOURNAL_HOLD, 4, "held.ini");
    memory_end(&memory);
    counts("in the end", 0, 1, 0);
    no_complaints();
}

/* Two processes took the same number for two changes: both are kept, ours under another one. */
static void a_number_taken_twice(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_INTENT, 5, "ours.ini");
    memory_begin(&memory, PASS_ROTATED, true);
    put_entry(JOURNAL_CHECKPOINT, 4, "");
    an_entry(JOURNAL_INTENT, 5, "theirs.ini");
    entry.offset = 7;
    memory_apply(&memory, &entry);
    memory_end(&memory);
    counts("both", 2, 0, 0);
    same_text("5", "is theirs", "theirs.ini", memory_name(&memory, memory_flight(&memory, 5)));
    same_text("6", "is ours", "ours.ini", memory_name(&memory, memory_flight(&memory, 6)));
    same_number("both", "has to be written again", true, memory.changed);
    no_complaints();
}

/* ---- somebody has replaced the journal */

static void replaced_by_a_stranger(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_INTENT, 1, "in flight.ini");
    put_entry(JOURNAL_HOLD, 2, "held.ini");
    put_entry(JOURNAL_REPAIRED, 3, "repaired.ini");
    memory_begin(&memory, PASS_REPLACED, false);
    put_entry(JOURNAL_INTENT, 1, "theirs.ini");
    put_entry(JOURNAL_RELEASE, 2, "held.ini");
    an_entry(JOURNAL_HOLD, 9, "held.ini");
    memory_apply(&memory, &entry);
    put_entry(JOURNAL_HOLD, 10, "held by them.ini");
    put_entry(JOURNAL_REPAIRED, 11, "repaired.ini");
    memory_end(&memory);
    counts("together", 2, 2, 1);
    same_text("1", "is ours", "in flight.ini", memory_name(&memory, memory_flight(&memory, 1)));
    same_number("held.ini", "ours wins, number", 2,
                memory_find(&memory, ITEM_HOLD, "held.ini")->number);
    same_number("repaired.ini", "ours wins, number", 3,
                memory_find(&memory, ITEM_REPAIR, "repaired.ini")->number);
    assert_non_null(memory_find(&memory, ITEM_HOLD, "held by them.ini"));
    const struct memory_item *theirs = memory_find(&memory, ITEM_FLIGHT, "theirs.ini");
    assert_non_null(theirs);
    same_number("theirs.ini", "has a number of its own", true, theirs->number > 11);
    same_number("together", "has to be written again", true, memory.changed);
    no_complaints();
}

/* The same name in another folder is another record, until the two folders turn out to be one. */
static void replaced_with_another_folder(void **state) {
    (void)state;
    for (int same = 0; same <= 1; same++) {
        (void)memory_setup(NULL);
        arm(FOLDER);
        put_entry(JOURNAL_HOLD, 2, "held.ini");
        memory_begin(&memory, PASS_REPLACED, false);
        an_entry(JOURNAL_HOLD, 9, "held.ini");
        (void)text_copy(entry.text, sizeof entry.text, "X:\\");
        memory_apply(&memory, &entry);
        if (same)
            arm("X:\\");
        memory_end(&memory);
        counts(same ? "one folder" : "two folders", 0, same ? 1 : 2, 0);
        same_number("ours", "number", 2, memory_find(&memory, ITEM_HOLD, "held.ini")->number);
    }
    no_complaints();
}

/* A damaged copy has a change of ours under another number; a change that differs in anything is another one. */
static void replaced_by_a_damaged_copy(void **state) {
    (void)state;
    static const char *const differs[] = {"nothing", "utc",   "offset", "size",
                                          "before",  "after", "name",   "kind"};
    for (size_t i = 0; i < sizeof differs / sizeof differs[0]; i++) {
        (void)memory_setup(NULL);
        arm(FOLDER);
        put_entry(JOURNAL_INTENT, 5, "a.ini");
        memory_begin(&memory, PASS_REPLACED, false);
        an_entry(JOURNAL_INTENT, 5, "a.ini");
        entry.number = 7;
        entry.utc += i == 1;
        entry.offset += i == 2;
        entry.size += i == 3;
        entry.before += i == 4;
        entry.after += i == 5;
        (void)text_copy(entry.name, sizeof entry.name, i == 6 ? "b.ini" : "a.ini");
        entry.kind = i == 7 ? JOURNAL_UNDO : JOURNAL_INTENT;
        memory_apply(&memory, &entry);
        memory_end(&memory);
        counts(differs[i], i == 0 ? 1 : 2, 0, 0);
    }
    no_complaints();
}

/* It tells of a change of ours, and of its end. */
static void replaced_by_what_tells_the_end(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_INTENT, 5, "a.ini");
    put_entry(JOURNAL_INTENT, 6, "b.ini");
    memory_begin(&memory, PASS_REPLACED, true);
    put_entry(JOURNAL_INTENT, 5, "a.ini");
    done(5, OUTCOME_NOT_MADE);
    done(6, OUTCOME_NOT_MADE);
    memory_end(&memory);
    counts("the other is not known to have ended", 1, 0, 0);
    assert_non_null(memory_find(&memory, ITEM_FLIGHT, "b.ini"));
    no_complaints();
}

/* By a copy from before: of changes that it has open the end is known. */
static void replaced_by_a_copy(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_INTENT, 1, "a.ini");
    done(1, OUTCOME_REPAIRED);
    put_entry(JOURNAL_INTENT, 2, "b.ini");
    memory_begin(&memory, PASS_REPLACED, true);
    put_entry(JOURNAL_INTENT, 1, "a.ini");
    put_entry(JOURNAL_INTENT, 3, "c.ini");
    memory_end(&memory);
    counts("together", 2, 0, 1);
    assert_non_null(memory_find(&memory, ITEM_FLIGHT, "b.ini"));
    assert_non_null(memory_find(&memory, ITEM_FLIGHT, "c.ini"));
    no_complaints();
}

/* ---- the same journal once more */

/* Under our number there is another change: both are kept. */
static void again_with_another_change(void **state) {
    (void)state;
    for (int i = 0; i <= 5; i++) {
        (void)memory_setup(NULL);
        arm(FOLDER);
        put_entry(JOURNAL_INTENT, 5, "a.ini");
        memory_begin(&memory, PASS_AGAIN, true);
        /* Ours may stand there, too. */
        if (i == 5)
            put_entry(JOURNAL_INTENT, 5, "a.ini");
        an_entry(JOURNAL_INTENT, 5, "a.ini");
        entry.offset += i == 1 || i == 5;
        entry.size += i == 2;
        entry.before += i == 3;
        entry.after += i == 4;
        memory_apply(&memory, &entry);
        memory_end(&memory);
        counts("again", i == 0 ? 1 : 2, 0, 0);
        same_number("again", "has to be written again", i != 0, memory.changed);
    }
    no_complaints();
}

/* Two paths turn out to be one folder: what was taken for two records is one. */
static void again(void **state) {
    (void)state;
    put_entry(JOURNAL_INTENT, 1, "flying.ini");
    put_entry(JOURNAL_HOLD, 2, "a.ini");
    an_entry(JOURNAL_RELEASE, 2, "a.ini");
    (void)text_copy(entry.text, sizeof entry.text, "X:\\");
    memory_apply(&memory, &entry);
    counts("taken for two", 1, 1, 0);
    memory_flight(&memory, 1)->own = true;
    arm(FOLDER);
    arm("X:\\");
    memory_begin(&memory, PASS_AGAIN, true);
    put_entry(JOURNAL_INTENT, 1, "flying.ini");
    put_entry(JOURNAL_HOLD, 2, "a.ini");
    an_entry(JOURNAL_RELEASE, 2, "a.ini");
    (void)text_copy(entry.text, sizeof entry.text, "X:\\");
    memory_apply(&memory, &entry);
    counts("one", 1, 0, 0);
    same_number("flying.ini", "is ours", true, memory_flight(&memory, 1)->own);
    no_complaints();
}

/* Those in the first and in the last place are as good as any. */
static void the_first_and_the_last_place(void **state) {
    (void)state;
    char name[64];
    arm(FOLDER);
    memory_begin(&memory, PASS_ROTATED, true);
    for (unsigned i = 0; i < MEMORY_ITEMS; i++) {
        (void)snprintf(name, sizeof name, "held%u.ini", i);
        put_entry(JOURNAL_HOLD, i, name);
    }
    counts("an attempt that failed", 0, MEMORY_ITEMS, 0);
    memory_begin(&memory, PASS_ROTATED, true);
    counts("the next one", 0, 0, 0);
    put_entry(JOURNAL_HOLD, 1, "held.ini");
    memory_end(&memory);
    counts("in the end", 0, 1, 0);
    no_complaints();
}

static void apply_first_again(void) {
    an_entry(JOURNAL_INTENT, 1, "a.ini");
    entry.number = 2;
    memory_apply(&memory, &entry);
}

/* Repaired, rewritten as it was, and repaired again within the second: two changes, of which the first is done. */
static void again_the_same_change_twice(void **state) {
    (void)state;
    arm(FOLDER);
    put_entry(JOURNAL_INTENT, 1, "a.ini");
    done(1, OUTCOME_REPAIRED);
    apply_first_again();
    counts("at first", 1, 0, 1);
    memory_begin(&memory, PASS_AGAIN, true);
    put_entry(JOURNAL_INTENT, 1, "a.ini");
    done(1, OUTCOME_REPAIRED);
    apply_first_again();
    memory_end(&memory);
    counts("once more", 1, 0, 1);
    assert_non_null(memory_flight(&memory, 2));
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_smaller_number_of_the_other, memory_setup),
        cmocka_unit_test_setup(rotated, memory_setup),
        cmocka_unit_test_setup(rotated_and_complete, memory_setup),
        cmocka_unit_test_setup(rotated_in_two_attempts, memory_setup),
        cmocka_unit_test_setup(rotated_in_two_attempts_and_less, memory_setup),
        cmocka_unit_test_setup(a_number_taken_twice, memory_setup),
        cmocka_unit_test_setup(replaced_by_a_stranger, memory_setup),
        cmocka_unit_test_setup(replaced_with_another_folder, memory_setup),
        cmocka_unit_test_setup(replaced_by_a_damaged_copy, memory_setup),
        cmocka_unit_test_setup(replaced_by_what_tells_the_end, memory_setup),
        cmocka_unit_test_setup(replaced_by_a_copy, memory_setup),
        cmocka_unit_test_setup(again_with_another_change, memory_setup),
        cmocka_unit_test_setup(again, memory_setup),
        cmocka_unit_test_setup(the_first_and_the_last_place, memory_setup),
        cmocka_unit_test_setup(again_the_same_change_twice, memory_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
