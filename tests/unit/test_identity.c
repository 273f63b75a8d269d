/* SPDX-License-Identifier: MIT */
/*
 * test_identity: core/ledger_read, whose journal it is: deleted or replaced under a running
 * service, without its first line, of the first version, or made by nobody at all.
 */
#include "crc32.h"
#include "rig.h"

/* ---- deleted, replaced */

/* It is there again: the hold, what is in flight, and what the hour had. */
static void memory_is_back(struct fake_file *held) {
    same_number("held.ini", "HOLD", 1, fake_entries(&fake, JOURNAL_HOLD));
    journal_is_clean(1);
    fake_heal(&fake);
    restart(false);
    (void)fake_file(&fake, "more.ini", STUCK);
    run(30 * MINUTE);
    same_number("a.ini", "writes", 2, held->writes);
    same_number("owed.ini", "reported", 1, fake_find(&fake, "owed.ini")->reported);
    same_number("more.ini", "writes, the hour being full", 0, fake_find(&fake, "more.ini")->writes);
    same_number("more.ini", "2030", 1, fake_events(&fake, EVENT_LIMIT));
    same_number("Mx00000.ini", "undo", HOST_OK, by_another(mender_undo, "Mx00000.ini").code);
    journal_is_clean(0);
}

static void test_L2_journal_deleted_while_running(void **state) {
    (void)state;
    struct fake_file *held = a_full_memory();
    fake_delete_journal(&fake);
    mender_journal_changed(&mender);
    run(2 * SECOND);
    memory_is_back(held);
    same_number("old journal", "is not touched", 0, fake.journal_old.size);
    no_complaints();
}

/* The same when it is busy at that moment, and when the first attempt to write it fails. */
static void test_L2_journal_deleted_and_busy(void **state) {
    (void)state;
    struct fake_file *held = a_full_memory();
    fake_delete_journal(&fake);
    fake.scanned_until = fake.clock + SECOND;
    mender_journal_changed(&mender);
    run(2 * SECOND);
    memory_is_back(held);
    no_complaints();
}

static void test_L2_journal_deleted_and_full(void **state) {
    (void)state;
    static const enum fake_call calls[] = {FAKE_JOURNAL_NEW, FAKE_JOURNAL_PUT,
                                           FAKE_JOURNAL_REPLACE};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        (void)rig_setup(NULL);
        struct fake_file *held = a_full_memory();
        fake_delete_journal(&fake);
        (void)fake_fail(&fake, calls[i], calls[i] == FAKE_JOURNAL_PUT ? 3 : 1, 2, HOST_FAILED);
        mender_journal_changed(&mender);
        run(2 * SECOND);
        memory_is_back(held);
    }
    no_complaints();
}

/* It is gone, and the next repair comes before the news. */
static void test_L2_journal_deleted_without_notice(void **state) {
    (void)state;
    struct fake_file *held = an_undone_file();
    struct fake_file *file = fake_file(&fake, "b.ini", STUCK);
    run(SECOND);
    fake_delete_journal(&fake);
    mender_hint(&mender, "a.ini");
    mender_hint(&mender, "b.ini");
    run(MINUTE);
    repaired(file, STUCK);
    same_number("a.ini", "writes", 2, held->writes);
    same_number("journal", "HOLD", 1, fake_entries(&fake, JOURNAL_HOLD));
    same_number("journal", "checkpoint first", true,
                strncmp(fake_journal_story(&fake), "CHECKPOINT, ", 12) == 0);
    journal_is_clean(0);
    no_complaints();
}

/* Another journal in its place: memory wins, what only the file knows is added. */
static void journal_replaced_by_another_one(void **state) {
    (void)state;
    struct fake_file *held = an_undone_file();
    struct fake_file *b = fake_file(&fake, "b.ini", STUCK);
    struct fake_file *c = fake_file(&fake, "c.ini", STUCK);
    run(SECOND);
    fake_delete_journal(&fake);
    struct journal_entry entry = an_intent(0, "", STUCK);
    entry.kind = JOURNAL_CHECKPOINT;
    entry.id = 77;
    entry.generation = 1;
    fake_append_entry(&fake, &entry);
    entry = an_intent(5, "b.ini", STUCK);
    entry.kind = JOURNAL_HOLD;
    fake_append_entry(&fake, &entry);
    entry = an_intent(6, "a.ini", STUCK);
    entry.kind = JOURNAL_RELEASE;
    fake_append_entry(&fake, &entry);
    mender_journal_changed(&mender);
    mender_hint(&mender, "a.ini");
    mender_hint(&mender, "b.ini");
    mender_hint(&mender, "c.ini");
    run(MINUTE);
    same_number("a.ini", "is held still, writes", 2, held->writes);
    untouched(b, STUCK);
    repaired(c, STUCK);
    same_number("journal", "HOLDs", 2, fake_entries(&fake, JOURNAL_HOLD));
    restart(false);
    run(3 * HOUR);
    same_number("a.ini", "after a restart, writes", 2, held->writes);
    untouched(b, STUCK);
    journal_is_clean(0);
    no_complaints();
}

/* A copy from before, put back by a backup program: it knows of no repair of the last hour, and has
 * an INTENT open whose end is known. */
static void journal_replaced_by_an_older_one(void **state) {
    (void)state;
    static char copy[64 * 1024];
    settings.repairs_per_hour = 3;
    many_files(10, STUCK);
    start();
    run(SECOND);
    struct journal_entry entry = an_intent(1, "Mx00000.ini", STUCK);
    const size_t length = fake.journal.size;
    memcpy(copy, fake.journal.bytes, length);
    run(20 * MINUTE);
    same_number("at first", "repairs", 3, count_repaired());
    fake_delete_journal(&fake);
    memcpy(fake.journal.bytes, copy, length);
    fake.journal.size = length;
    fake_append_entry(&fake, &entry);
    mender_journal_changed(&mender);
    run(MINUTE);
    restart(false);
    run(20 * MINUTE);
    same_number("in the hour", "repairs", 3, count_repaired());
    same_number("what was done", "2000", 3, fake_events(&fake, EVENT_REPAIRED));
    same_number("what was done", "2002", 0, fake_events(&fake, EVENT_REPAIRED_LATE));
    journal_is_clean(0);
    no_complaints();
}

/* The window of one that replaces it counts when it is the larger. */
static void journal_replaced_by_one_with_a_larger_window(void **state) {
    (void)state;
    settings.repairs_per_hour = 3;
    (void)fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    same_number("at first", "repairs", 1, count_repaired());
    fake_delete_journal(&fake);
    struct journal_entry entry = an_intent(0, "", STUCK);
    entry.kind = JOURNAL_WINDOW;
    (void)snprintf(entry.text, sizeof entry.text, "%u=3", (unsigned)fake.host.utc(&fake) - 600);
    fake_append_entry(&fake, &entry);
    mender_journal_changed(&mender);
    many_files(5, STUCK);
    mender_changes_lost(&mender);
    run(40 * MINUTE);
    same_number("50 minutes after those", "repairs", 1, count_repaired());
    run(25 * MINUTE);
    same_number("an hour after those", "repairs", 4, count_repaired());
    no_complaints();
}

/* By a shorter one, whose first line cannot be read at the first attempt. */
static void journal_replaced_and_away(void **state) {
    (void)state;
    struct fake_file *held = a_full_memory();
    fake_delete_journal(&fake);
    fake_append_text(&fake, "not ours\r\n");
    (void)fake_fail(&fake, FAKE_JOURNAL_READ, 1, 1, HOST_FAILED);
    mender_journal_changed(&mender);
    run(MINUTE);
    memory_is_back(held);
    no_complaints();
}

/* ---- the first line */

/* It is its last one, too. */
static void journal_of_one_line(void **state) {
    (void)state;
    struct journal_entry entry = an_intent(0, "", STUCK);
    entry.kind = JOURNAL_CHECKPOINT;
    entry.id = 77;
    entry.generation = 1;
    fake_append_entry(&fake, &entry);
    other_begins();
    same_number("nothing", "release", HOST_GONE, mender_release(&other, "a.ini").code);
    same_number("nothing", "release again", HOST_GONE, mender_release(&other, "a.ini").code);
    entry = an_intent(1, "a.ini", STUCK);
    entry.kind = JOURNAL_HOLD;
    fake_append_entry(&fake, &entry);
    same_number("a hold", "release", HOST_OK, mender_release(&other, "a.ini").code);
    mender_close(&other);
    same_text("journal", "lines", "CHECKPOINT, HOLD a.ini, RELEASE a.ini",
              fake_journal_story(&fake));
    same_number("journal", "begun anew", 0, fake.journal_old.size);
    no_complaints();
}

/* Only a CHECKPOINT that stands first is one. KMR1 had a DONE there, and somebody may cut lines
 * off. */
static void journal_that_begins_with_another_line(void **state) {
    (void)state;
    struct fake_file *held = an_undone_file();
    same_number("journal", "has an id that tells it from others", true,
                fake_entry(&fake, JOURNAL_CHECKPOINT)->id > 1);
    fake_behead_journal(&fake);
    mender_journal_changed(&mender);
    run(MINUTE);
    same_number("journal", "checkpoints", 1, fake_entries(&fake, JOURNAL_CHECKPOINT));
    same_number("journal", "checkpoint first", true,
                strncmp(fake_journal_story(&fake), "CHECKPOINT, ", 12) == 0);
    same_number("a.ini", "writes", 2, held->writes);
    struct journal_entry done = an_intent(9, "a.ini", STUCK);
    done.kind = JOURNAL_DONE;
    done.outcome = OUTCOME_REPAIRED;
    fake_delete_journal(&fake);
    fake_append_entry(&fake, &done);
    restart(false);
    run(MINUTE);
    same_number("a DONE first", "checkpoint first", true,
                strncmp(fake_journal_story(&fake), "CHECKPOINT, ", 12) == 0);
    journal_is_clean(0);
    no_complaints();
}

/* One that somebody has copied into the middle says nothing. */
static void checkpoint_in_the_middle(void **state) {
    (void)state;
    struct fake_file *held = an_undone_file();
    struct journal_entry entry = *fake_entry(&fake, JOURNAL_CHECKPOINT);
    entry.id++;
    entry.generation += 5;
    entry.number = 1000;
    /* As the first line that is new, and behind another one. */
    run(SECOND);
    fake_append_entry(&fake, &entry);
    mender_journal_changed(&mender);
    run(SECOND);
    fake_append_text(&fake, "a note\r\n");
    fake_append_entry(&fake, &entry);
    mender_journal_changed(&mender);
    run(SECOND);
    /* As far behind what is known as that is from the start. */
    for (size_t left = fake.journal.size; left > 0; left--)
        fake_append_text(&fake, left % 64 == 1 ? "\n" : "x");
    fake_append_entry(&fake, &entry);
    mender_journal_changed(&mender);
    run(MINUTE);
    restart(false);
    mender_hint(&mender, "a.ini");
    run(MINUTE);
    same_number("a.ini", "is held still, writes", 2, held->writes);
    (void)fake_file(&fake, "b.ini", STUCK);
    mender_hint(&mender, "b.ini");
    run(MINUTE);
    same_number("b.ini", "number of its INTENT", 3, fake_entry(&fake, JOURNAL_INTENT)->number);
    no_complaints();
}

/* A journal of the first version, with all that it can hold, is read, kept, and written as the
 * second. */
static void journal_of_the_first_version(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "KMR1\t2026-11-20T10:00:00Z\tLOADED\tRepair = yes",
        "KMR1\t2026-11-20T10:00:01Z\tINTENT\t7\t63\t%S\t%B\t%A\tdone.ini\tAnna\t%F",
        "KMR1\t2026-11-20T10:00:02Z\tDONE\t7\trepaired",
        "KMR1\t2026-11-20T10:00:03Z\tHOLD\t%B\theld.ini\t%F",
        "KMR1\t2026-11-20T10:00:04Z\tHOLD\t%B\tfree.ini\t%F",
        "KMR1\t2026-11-20T10:00:05Z\tRELEASE\tfree.ini\t%F",
        "KMR1\t2026-11-20T10:00:06Z\tINTENT\t8\t63\t%S\t%B\t%A\topen.ini\tAnna\t%F"};
    const struct journal_entry like = an_intent(7, "a.ini", STUCK);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        char line[512];
        struct text text;
        text_begin(&text, line, sizeof line);
        for (const char *c = bodies[i]; *c != '\0'; c++) {
            if (*c != '%')
                text_put_char(&text, *c);
            else if (*++c == 'F')
                text_put(&text, settings.folder);
            else if (*c == 'S')
                text_put_u32(&text, like.size);
            else
                text_put_hex(&text, *c == 'B' ? like.before : like.after);
        }
        uint32_t crc = crc32(0, line, text.length);
        text_put_char(&text, '\t');
        text_put_hex(&text, crc);
        text_put(&text, "\r\n");
        fake_append_text(&fake, line);
    }
    same_number("as it was", "lines", 7, fake_lines(&fake));
    struct fake_file *held = fake_file(&fake, "held.ini", STUCK);
    struct fake_file *free_one = fake_file(&fake, "free.ini", STUCK);
    (void)fake_file(&fake, "open.ini", repaired_text);
    fake_file(&fake, "done.ini", repaired_text)->reported = 1;
    start();
    run(MINUTE);
    untouched(held, STUCK);
    repaired(free_one, STUCK);
    story("events", "2002 open.ini, 3020, 2000 free.ini");
    same_number("journal", "number of the next INTENT", 9,
                fake_entry(&fake, JOURNAL_INTENT)->number);
    same_number("journal", "first version", 0, (uint64_t)memcmp(fake.journal.bytes, "KMR2", 4));
    same_number("old journal", "second version", 0,
                (uint64_t)memcmp(fake.journal_old.bytes, "KMR1", 4));
    same_number("done.ini", "undo", HOST_OK, by_another(mender_undo, "done.ini").code);
    same_number("held.ini", "release", HOST_OK, by_another(mender_release, "held.ini").code);
    run(MINUTE);
    repaired(held, STUCK);
    journal_is_clean(0);
    no_complaints();
}

/* ---- journals that nobody wrote */

/* Any entry: a few records, numbers at both ends, times from any time. */
static void random_entry(struct random *random, enum journal_kind kind) {
    static const char *const names[] = {"a.ini", "b.ini", "A.INI", "gone.ini"};
    static const uint32_t numbers[] = {0, 1, 2, 3, 4, 5, 100, UINT32_MAX - 1, UINT32_MAX};
    static const char *const windows[] = {"",
                                          "1795365600=3",
                                          "1795365600=10000 4294967295=10000",
                                          "0=1 =",
                                          "x",
                                          "1795365000=1  1795365001=1"};
    struct journal_entry entry =
        an_intent(numbers[random_below(random, 9)], names[random_below(random, 4)], STUCK);
    entry.kind = kind;
    entry.utc += random_below(random, 3) * 86400 + random_below(random, 7200) - 3600;
    entry.outcome = (enum journal_outcome)random_below(random, OUTCOME_UNKNOWN + 1);
    entry.id = random_below(random, 3);
    entry.generation = random_below(random, 2) == 0 ? random_below(random, 9) : UINT32_MAX;
    if (random_below(random, 4) == 0)
        entry.offset = random_below(random, 2) == 0 ? UINT32_MAX : 3;
    if (random_below(random, 4) == 0)
        entry.size = random_below(random, 2) == 0 ? UINT32_MAX : 0;
    if (random_below(random, 4) == 0)
        (void)text_copy(entry.text, sizeof entry.text,
                        random_below(random, 2) ? "D:\\Records" : "?");
    if (kind == JOURNAL_WINDOW)
        (void)text_copy(entry.text, sizeof entry.text, windows[random_below(random, 6)]);
    char line[JOURNAL_LINE_MAX + 1];
    line[journal_encode(&entry, line, JOURNAL_LINE_MAX)] = '\0';
    fake_append_text(&fake, line);
}

static void random_journal(struct random *random) {
    uint32_t lines = random_below(random, 12);
    fake_delete_journal(&fake);
    if (random_below(random, 3) != 0)
        random_entry(random, JOURNAL_CHECKPOINT);
    for (uint32_t i = 0; i < lines; i++)
        random_entry(random, (enum journal_kind)random_below(random, JOURNAL_REPAIRED + 1));
    if (random_below(random, 4) == 0 && fake.journal.size > 0)
        fake.journal.size -=
            random_below(random, fake.journal.size < 90 ? (uint32_t)fake.journal.size : 90);
}

/* Whatever a journal says, and whenever it is put there: the service neither spins nor stops for
 * good, and a record that nobody holds is repaired in the end, after its INTENT. */
static void any_journal(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 600; seed++) {
        struct random random = {seed * 0x9E3779B97F4A7C15ULL};
        char label[32];
        (void)snprintf(label, sizeof label, "seed %llu", (unsigned long long)seed);
        (void)rig_setup(NULL);
        settings.repairs_per_hour = CONFIG_REPAIRS_MAX;
        struct fake_file *a = fake_file(&fake, "a.ini", STUCK);
        (void)fake_file(&fake, "b.ini", repaired_text);
        a->reported = fake_find(&fake, "b.ini")->reported = 1;
        random_journal(&random);
        start();
        for (int i = 0; i < 3; i++) {
            run(random_below(&random, 20 * SECOND));
            if (random_below(&random, 2) == 0)
                random_journal(&random);
            else if (random_below(&random, 2) == 0)
                restart(false);
            mender_journal_changed(&mender);
        }
        run(3 * HOUR);
        struct fake_file *c = fake_file(&fake, "c.ini", OTHER_STUCK);
        mender_hint(&mender, "c.ini");
        run(3 * HOUR);
        same_number(label, "c.ini, writes", 1, c->writes);
        same_number(label, "in flight", 0, mender.ledger.memory.count[ITEM_FLIGHT]);
        same_number(label, "overflow", false, mender.ledger.memory.overflow);
        /* Another process reads the same in it. */
        (void)by_another(mender_release, "nobody.ini");
        same_number(label, "held, for another process", mender.ledger.memory.count[ITEM_HOLD],
                    other.ledger.memory.count[ITEM_HOLD]);
        same_number(label, "in flight, for another process", 0,
                    other.ledger.memory.count[ITEM_FLIGHT]);
        same_number(label, "a.ini is held, for another process",
                    memory_find(&mender.ledger.memory, ITEM_HOLD, "a.ini") != NULL,
                    memory_find(&other.ledger.memory, ITEM_HOLD, "a.ini") != NULL);
    }
    no_complaints();
}

/* Another process carries over what it has read last: of settings and state in a journal that somebody has put in the place
 * of its own, what is older than what it knows is nothing. */
static void settings_and_state_of_another_journal(void **state) {
    (void)state;
    for (int newer = 0; newer <= 1; newer++) {
        const char *label = newer ? "newer" : "older";
        (void)rig_setup(NULL);
        start();
        run(MINUTE);
        mender_pause(&mender);
        run(SECOND);
        other_begins();
        same_number(label, "undo of nothing", HOST_GONE, mender_undo(&other, "a.ini").code);
        same_number(label, "state at first", WHY_PAUSED, other.ledger.state.why);
        struct journal_entry entry = {.kind = JOURNAL_LOADED};
        entry.utc = newer ? fake.utc_base + 3600 : fake.utc_base - 3600;
        (void)text_copy(entry.text, sizeof entry.text, "theirs");
        fake_delete_journal(&fake);
        fake_append_entry(&fake, &entry);
        entry.kind = JOURNAL_STATE;
        entry.text[0] = '\0';
        entry.state.why = WHY_REPORT_ONLY;
        fake_append_entry(&fake, &entry);
        same_number(label, "undo of nothing", HOST_GONE, mender_undo(&other, "a.ini").code);
        same_number(label, "settings are theirs", newer,
                    strcmp(other.ledger.settings, "theirs") == 0);
        same_number(label, "state", newer ? WHY_REPORT_ONLY : WHY_PAUSED, other.ledger.state.why);
        mender_close(&other);
    }
    no_complaints();
}

static uint32_t nothing_unique(void *context) {
    (void)context;
    return 0;
}

/* A journal's id is never 0, which is no id. */
static void an_id_of_its_own(void **state) {
    (void)state;
    fake.host.unique = nothing_unique;
    start();
    run(SECOND);
    same_number("CHECKPOINT", "id", 1, fake_entry(&fake, JOURNAL_CHECKPOINT)->id);
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_L2_journal_deleted_while_running),
        TEST(test_L2_journal_deleted_and_busy),
        TEST(test_L2_journal_deleted_and_full),
        TEST(test_L2_journal_deleted_without_notice),
        TEST(journal_replaced_by_another_one),
        TEST(journal_replaced_by_an_older_one),
        TEST(journal_replaced_by_one_with_a_larger_window),
        TEST(journal_replaced_and_away),
        TEST(journal_of_one_line),
        TEST(journal_that_begins_with_another_line),
        TEST(checkpoint_in_the_middle),
        TEST(journal_of_the_first_version),
        TEST(any_journal),
        TEST(settings_and_state_of_another_journal),
        TEST(an_id_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
