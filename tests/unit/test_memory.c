/* SPDX-License-Identifier: MIT */
/*
 * test_memory: core/memory, what a journal tells, kept in memory: each kind of entry, the bounds
 * and what makes room at them, and the passes over a journal that another process has begun anew or
 * that somebody has replaced.
 */
#include "check.h"
#include "memory.h"
#include "text.h"

static struct memory memory;
static struct journal_entry entry;

#define FOLDER "C:\\Security\\Mgrent\\Clients"

static int start(void **state) {
    (void)state;
    memset(&memory, 0xAA, sizeof memory);
    memory_clear(&memory);
    return 0;
}

/* ---- helpers */

static const struct journal_entry *an_entry(enum journal_kind kind, uint32_t number,
                                            const char *name) {
    memset(&entry, 0, sizeof entry);
    entry.kind = kind;
    entry.number = number;
    entry.utc = 1000 + number;
    entry.offset = 63;
    entry.size = 75;
    entry.before = 0xB0000000 + number;
    entry.after = 0xA0000000 + number;
    (void)text_copy(entry.name, sizeof entry.name, name);
    (void)text_copy(entry.mailbox, sizeof entry.mailbox, "cn=Anna");
    (void)text_copy(entry.text, sizeof entry.text, FOLDER);
    return &entry;
}

/* The folder is the watched one. */
static void arm(const char *path) {
    struct memory_folder *folder = memory_put_folder(&memory, path);
    assert_non_null(folder);
    folder->kind = FOLDER_OURS;
}

static void put(enum journal_kind kind, uint32_t number, const char *name) {
    memory_apply(&memory, an_entry(kind, number, name));
}

static void done(uint32_t number, enum journal_outcome outcome) {
    memset(&entry, 0, sizeof entry);
    entry.kind = JOURNAL_DONE;
    entry.number = number;
    entry.outcome = outcome;
    memory_apply(&memory, &entry);
}

static void counts(const char *label, size_t flight, size_t held, size_t repairs) {
    same_number(label, "in flight", flight, memory.count[ITEM_FLIGHT]);
    same_number(label, "held", held, memory.count[ITEM_HOLD]);
    same_number(label, "repairs", repairs, memory.count[ITEM_REPAIR]);
}

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
    put(JOURNAL_INTENT, 7, "Mxa.ini");
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
    put(JOURNAL_INTENT, 1, "a.ini");
    done(1, OUTCOME_NOT_MADE);
    counts("not made", 0, 0, 0);
    put(JOURNAL_INTENT, 2, "a.ini");
    done(2, OUTCOME_UNKNOWN);
    counts("unknown", 0, 0, 0);
    put(JOURNAL_INTENT, 3, "a.ini");
    done(3, OUTCOME_REPAIRED);
    put(JOURNAL_INTENT, 4, "a.ini");
    done(4, OUTCOME_REPAIRED);
    counts("the last one", 0, 0, 1);
    same_number("the last one", "number", 4, memory_find(&memory, ITEM_REPAIR, "a.ini")->number);
    put(JOURNAL_UNDO, 5, "a.ini");
    counts("an undo", 1, 0, 1);
    put(JOURNAL_HOLD, 5, "a.ini");
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
    put(JOURNAL_HOLD, 3, "a.ini");
    put(JOURNAL_HOLD, 9, "A.INI");
    put(JOURNAL_HOLD, 4, "a.ini");
    put(JOURNAL_HOLD, 10, "b.ini");
    counts("two", 0, 2, 0);
    const struct memory_item *hold = memory_find(&memory, ITEM_HOLD, "a.ini");
    same_number("a.ini", "number", 9, hold->number);
    same_number("a.ini", "held content", 0xB0000009, hold->before);
    put(JOURNAL_RELEASE, 9, "a.ini");
    counts("released", 0, 1, 0);
    put(JOURNAL_RELEASE, 9, "a.ini");
    put(JOURNAL_RELEASE, 0, "c.ini");
    counts("once more, and of nothing", 0, 1, 0);
    assert_non_null(memory_find(&memory, ITEM_HOLD, "b.ini"));
    no_complaints();
}

/* A record in another folder is another record; one in a folder with two paths is one. */
static void folders(void **state) {
    (void)state;
    put(JOURNAL_HOLD, 1, "a.ini");
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
        put(JOURNAL_REPAIRED, i, name);
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
        put(JOURNAL_REPAIRED, i, name);
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
        put(JOURNAL_REPAIRED, i, name);
    }
    for (unsigned i = 1; i <= MEMORY_ITEMS; i++) {
        numbered(name, 10000 + i);
        put(JOURNAL_HOLD, i, name);
    }
    counts("all places", 0, MEMORY_ITEMS, 0);
    assert_false(memory.overflow);
    put(JOURNAL_HOLD, 9, "one more.ini");
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
        put(JOURNAL_REPAIRED, i, name);
    }
    assert_false(memory.overflow);
    assert_in_range(memory.count[ITEM_REPAIR], MEMORY_TEXT / 720, MEMORY_TEXT / 700);
    size_t held = 0;
    while (!memory.overflow) {
        memset(name, 'y', 700);
        name[(size_t)sprintf(name, "%05u", (unsigned)held)] = 'y';
        put(JOURNAL_HOLD, 5000, name);
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
    put(JOURNAL_INTENT, 200, "a.ini");
    same_number("one more", "overflow", true, memory.overflow);
    assert_null(memory_put_folder(&memory, FOLDER));
    /* Nor is it the record of that name in a folder that is known. */
    memory.folders[0].kind = FOLDER_OURS;
    put(JOURNAL_RELEASE, 101, "a.ini");
    counts("folders of holds", 0, MEMORY_FOLDERS, 0);
    (void)snprintf(path, sizeof path, "E:\\%u", 1U);
    assert_non_null(memory_put_folder(&memory, path));
    no_complaints();
}

/* Nothing is left of the item whose place it takes. */
static void a_place_taken_again(void **state) {
    (void)state;
    arm(FOLDER);
    put(JOURNAL_INTENT, 1, "a.ini");
    struct memory_item *first = memory_flight(&memory, 1);
    first->own = first->clean = first->told = first->held = true;
    first->step = FLIGHT_FINISH;
    first->backoff = 7;
    first->due = first->busy_since = 8;
    done(1, OUTCOME_NOT_MADE);
    put(JOURNAL_INTENT, 2, "b.ini");
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
        put(JOURNAL_INTENT, i, name);
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

/* ---- another process has begun the journal anew */

static void rotated(void **state) {
    (void)state;
    arm(FOLDER);
    put(JOURNAL_INTENT, 1, "ended by the other.ini");
    put(JOURNAL_INTENT, 2, "kept.ini");
    put(JOURNAL_HOLD, 3, "released by the other.ini");
    put(JOURNAL_HOLD, 4, "held.ini");
    put(JOURNAL_REPAIRED, 5, "changed since.ini");
    put(JOURNAL_INTENT, 9, "of ours, later.ini");
    memory_flight(&memory, 2)->own = true;
    memory_flight(&memory, 2)->step = FLIGHT_REPORT;
    memory_begin(&memory, PASS_ROTATED, true);
    put(JOURNAL_CHECKPOINT, 8, "");
    put(JOURNAL_INTENT, 2, "kept.ini");
    put(JOURNAL_HOLD, 4, "held.ini");
    put(JOURNAL_HOLD, 7, "new.ini");
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
    put(JOURNAL_HOLD, 4, "held.ini");
    put(JOURNAL_REPAIRED, 5, "r.ini");
    memory_begin(&memory, PASS_ROTATED, true);
    put(JOURNAL_CHECKPOINT, 5, "");
    put(JOURNAL_REPAIRED, 5, "r.ini");
    put(JOURNAL_HOLD, 4, "held.ini");
    memory_end(&memory);
    counts("complete", 0, 1, 1);
    same_number("complete", "has to be written again", false, memory.changed);
    no_complaints();
}

/* The pass failed half-way and is begun again. */
static void rotated_in_two_attempts(void **state) {
    (void)state;
    arm(FOLDER);
    put(JOURNAL_INTENT, 1, "ended by the other.ini");
    put(JOURNAL_HOLD, 4, "held.ini");
    memory_begin(&memory, PASS_ROTATED, true);
    put(JOURNAL_CHECKPOINT, 8, "");
    put(JOURNAL_HOLD, 4, "held.ini");
    put(JOURNAL_HOLD, 7, "new.ini");
    put(JOURNAL_INTENT, 9, "done soon.ini");
    memory_begin(&memory, PASS_ROTATED, true);
    put(JOURNAL_CHECKPOINT, 8, "");
    put(JOURNAL_HOLD, 4, "held.ini");
    put(JOURNAL_HOLD, 7, "new.ini");
    put(JOURNAL_INTENT, 9, "done soon.ini");
    done(9, OUTCOME_NOT_MADE);
    memory_end(&memory);
    counts("in the end", 0, 2, 0);
    no_complaints();
}

/* What only the attempt before came across is not there: it was another journal. */
static void rotated_in_two_attempts_and_less(void **state) {
    (void)state;
    arm(FOLDER);
    put(JOURNAL_HOLD, 4, "held.ini");
    memory_begin(&memory, PASS_ROTATED, true);
    put(JOURNAL_CHECKPOINT, 8, "");
    put(JOURNAL_HOLD, 4, "held.ini");
    put(JOURNAL_INTENT, 9, "torn.ini");
    memory_begin(&memory, PASS_ROTATED, true);
    put(JOURNAL_CHECKPOINT, 8, "");
    put(JOURNAL_HOLD, 4, "held.ini");
    memory_end(&memory);
    counts("in the end", 0, 1, 0);
    no_complaints();
}

/* Two processes took the same number for two changes: both are kept, ours under another one. */
static void a_number_taken_twice(void **state) {
    (void)state;
    arm(FOLDER);
    put(JOURNAL_INTENT, 5, "ours.ini");
    memory_begin(&memory, PASS_ROTATED, true);
    put(JOURNAL_CHECKPOINT, 4, "");
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
    put(JOURNAL_INTENT, 1, "in flight.ini");
    put(JOURNAL_HOLD, 2, "held.ini");
    put(JOURNAL_REPAIRED, 3, "repaired.ini");
    memory_begin(&memory, PASS_REPLACED, false);
    put(JOURNAL_INTENT, 1, "theirs.ini");
    put(JOURNAL_RELEASE, 2, "held.ini");
    an_entry(JOURNAL_HOLD, 9, "held.ini");
    memory_apply(&memory, &entry);
    put(JOURNAL_HOLD, 10, "held by them.ini");
    put(JOURNAL_REPAIRED, 11, "repaired.ini");
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
        (void)start(NULL);
        arm(FOLDER);
        put(JOURNAL_HOLD, 2, "held.ini");
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
        (void)start(NULL);
        arm(FOLDER);
        put(JOURNAL_INTENT, 5, "a.ini");
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
    put(JOURNAL_INTENT, 5, "a.ini");
    put(JOURNAL_INTENT, 6, "b.ini");
    memory_begin(&memory, PASS_REPLACED, true);
    put(JOURNAL_INTENT, 5, "a.ini");
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
    put(JOURNAL_INTENT, 1, "a.ini");
    done(1, OUTCOME_REPAIRED);
    put(JOURNAL_INTENT, 2, "b.ini");
    memory_begin(&memory, PASS_REPLACED, true);
    put(JOURNAL_INTENT, 1, "a.ini");
    put(JOURNAL_INTENT, 3, "c.ini");
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
        (void)start(NULL);
        arm(FOLDER);
        put(JOURNAL_INTENT, 5, "a.ini");
        memory_begin(&memory, PASS_AGAIN, true);
        /* Ours may stand there, too. */
        if (i == 5)
            put(JOURNAL_INTENT, 5, "a.ini");
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
    put(JOURNAL_INTENT, 1, "flying.ini");
    put(JOURNAL_HOLD, 2, "a.ini");
    an_entry(JOURNAL_RELEASE, 2, "a.ini");
    (void)text_copy(entry.text, sizeof entry.text, "X:\\");
    memory_apply(&memory, &entry);
    counts("taken for two", 1, 1, 0);
    memory_flight(&memory, 1)->own = true;
    arm(FOLDER);
    arm("X:\\");
    memory_begin(&memory, PASS_AGAIN, true);
    put(JOURNAL_INTENT, 1, "flying.ini");
    put(JOURNAL_HOLD, 2, "a.ini");
    an_entry(JOURNAL_RELEASE, 2, "a.ini");
    (void)text_copy(entry.text, sizeof entry.text, "X:\\");
    memory_apply(&memory, &entry);
    counts("one", 1, 0, 0);
    same_number("flying.ini", "is ours", true, memory_flight(&memory, 1)->own);
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(empty, start),
        cmocka_unit_test_setup(a_repair, start),
        cmocka_unit_test_setup(how_changes_end, start),
        cmocka_unit_test_setup(holds, start),
        cmocka_unit_test_setup(folders, start),
        cmocka_unit_test_setup(repairs_are_bounded, start),
        cmocka_unit_test_setup(repairs_that_are_off_make_room_first, start),
        cmocka_unit_test_setup(holds_beyond_their_bound, start),
        cmocka_unit_test_setup(texts_are_bounded, start),
        cmocka_unit_test_setup(folders_are_bounded, start),
        cmocka_unit_test_setup(a_place_taken_again, start),
        cmocka_unit_test_setup(nothing_behind_the_last, start),
        cmocka_unit_test_setup(texts_are_compacted, start),
        cmocka_unit_test_setup(rotated, start),
        cmocka_unit_test_setup(rotated_and_complete, start),
        cmocka_unit_test_setup(rotated_in_two_attempts, start),
        cmocka_unit_test_setup(rotated_in_two_attempts_and_less, start),
        cmocka_unit_test_setup(a_number_taken_twice, start),
        cmocka_unit_test_setup(replaced_with_another_folder, start),
        cmocka_unit_test_setup(replaced_by_a_damaged_copy, start),
        cmocka_unit_test_setup(replaced_by_what_tells_the_end, start),
        cmocka_unit_test_setup(again_with_another_change, start),
        cmocka_unit_test_setup(replaced_by_a_stranger, start),
        cmocka_unit_test_setup(replaced_by_a_copy, start),
        cmocka_unit_test_setup(again, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
