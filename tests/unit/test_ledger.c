/*
 * test_ledger: core/ledger and core/ledger_read: the lock, a journal that is away, busy, torn, damaged, deleted, replaced or
 * long, and what processes learn from each other through it.
 */
#include "crc32.h"
#include "rig.h"

static void journal_that_can_not_be_opened(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_JOURNAL_OPEN, 1, 16, HOST_FAILED);
    start();
    run(2 * MINUTE);
    untouched(file, STUCK);
    story("while it is away", "2031, 3020");
    same_text("event", "reason", "the test says so",
              fake_event(&fake, EVENT_JOURNAL_AWAY)->string[1]);
    run(10 * MINUTE);
    repaired(file, STUCK);
    same_number("all", "2031", 1, fake_events(&fake, EVENT_JOURNAL_AWAY));
    same_number("all", "2032", 1, fake_events(&fake, EVENT_JOURNAL_BACK));
    journal_is_clean(0);
    no_complaints();
}

static void journal_that_can_not_be_read(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    struct journal_entry entry = an_intent(1, "gone.ini", STUCK);
    fake_append_entry(&fake, &entry);
    (void)fake_fail(&fake, FAKE_JOURNAL_READ, 1, 3, HOST_FAILED);
    start();
    run(SECOND);
    untouched(file, STUCK);
    run(MINUTE);
    repaired(file, STUCK);
    same_number("all", "2031", 1, fake_events(&fake, EVENT_JOURNAL_AWAY));
    same_number("all", "2032", 1, fake_events(&fake, EVENT_JOURNAL_BACK));
    no_complaints();
}

/* A disk that is full: it opens and reads, but takes no line, or a part of one. */
static void journal_that_takes_no_line(void **state) {
    (void)state;
    for (size_t keep = 0; keep <= 40; keep += 20) {
        (void)rig_setup(NULL);
        struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
        fake_fail(&fake, FAKE_APPEND, 1, 20, HOST_FAILED)->keep = keep;
        start();
        run(10 * MINUTE);
        untouched(file, STUCK);
        story("while it is full", "2031, 3020");
        run(15 * MINUTE);
        repaired(file, STUCK);
        same_number("all", "2031", 1, fake_events(&fake, EVENT_JOURNAL_AWAY));
        same_number("all", "2032", 1, fake_events(&fake, EVENT_JOURNAL_BACK));
        same_number("journal", "INTENTs without DONE", 0, fake_open_intents(&fake, keep == 0));
    }
    no_complaints();
}

static void journal_full_at_intent(void **state) {
    (void)state;
    static const size_t keeps[] = {0, 1, 100, 200, 4096};
    for (size_t i = 0; i < sizeof keeps / sizeof keeps[0]; i++) {
        (void)rig_setup(NULL);
        struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
        start();
        run(SECOND);
        fake_fail(&fake, FAKE_APPEND, 1, 5, HOST_FAILED)->keep = keeps[i];
        run(10 * SECOND);
        untouched(file, STUCK);
        same_number("at first", "writes", 0, fake.count[FAKE_WRITE]);
        run(5 * MINUTE);
        repaired(file, STUCK);
        same_number("all", "2031", 1, fake_events(&fake, EVENT_JOURNAL_AWAY));
        same_number("all", "2032", 1, fake_events(&fake, EVENT_JOURNAL_BACK));
        same_number("all", "2000", 1, fake_events(&fake, EVENT_REPAIRED));
        same_number("all", "2003", 0, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
        same_number("journal", "INTENTs without DONE", 0, fake_open_intents(&fake, false));
    }
    no_complaints();
}

/* However much of the DONE got there, this run and the next one say it once. */
static void journal_full_at_done(void **state) {
    (void)state;
    for (size_t keep = 0; keep <= 64; keep++) {
        char label[32];
        (void)snprintf(label, sizeof label, "%zu bytes of DONE", keep);
        (void)rig_setup(NULL);
        struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
        start();
        run(2 * SECOND);
        fake_fail(&fake, FAKE_APPEND, 2, 3, HOST_FAILED)->keep = keep;
        run(10 * MINUTE);
        repaired(file, STUCK);
        same_number(label, "2031", 1, fake_events(&fake, EVENT_JOURNAL_AWAY));
        same_number(label, "2032", 1, fake_events(&fake, EVENT_JOURNAL_BACK));
        restart(false);
        run(10 * MINUTE);
        same_number(label, "2000", 1, fake_events(&fake, EVENT_REPAIRED));
        same_number(label, "2002", 0, fake_events(&fake, EVENT_REPAIRED_LATE));
        same_number(label, "2003", 0, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
        same_number(label, "INTENTs without DONE", 0, fake_open_intents(&fake, false));
    }
    no_complaints();
}

/* A journal of exactly the size that is read at a time. */
static void journal_of_one_piece(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    memset(fake.journal.bytes, 'x', RECORD_BYTES_MAX);
    for (size_t i = 63; i < RECORD_BYTES_MAX; i += 64)
        fake.journal.bytes[i] = '\n';
    fake.journal.size = RECORD_BYTES_MAX;
    start();
    run(MINUTE);
    repaired(file, STUCK);
    same_number("journal", "INTENTs", 1, fake_intents(&fake));
    no_complaints();
}

/* A line that was torn counts for nothing, and what is written next is on a line of its own. */
static void torn_journal(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    unsigned lines = fake_lines(&fake);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    fake.journal.size -= 30;
    run(MINUTE);
    repaired(file, STUCK);
    same_number("journal", "INTENTs", 1, fake_intents(&fake));
    same_number("journal", "INTENTs without DONE", 0, fake_open_intents(&fake, false));
    story("events", "3020, 2000 a.ini");
    /* What was torn, INTENT and DONE. */
    same_number("journal", "lines", lines + 3, fake_lines(&fake));
    no_complaints();
}

/* One of which only the end is missing counts, also when it is read twice. */
static void line_without_its_end(void **state) {
    (void)state;
    start();
    run(SECOND);
    for (size_t cut = 1; cut <= 2; cut++) {
        struct journal_entry entry = an_intent((uint32_t)cut, "gone.ini", STUCK);
        fake_append_entry(&fake, &entry);
        fake.journal.size -= cut;
        mender_journal_changed(&mender);
        run(SECOND);
        mender_journal_changed(&mender);
        run(MINUTE);
        same_number("gone.ini", "2003", cut, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    }
    journal_is_clean(0);
    no_complaints();
}

/* A journal that can be read in part, up to an INTENT whose DONE comes after that: until the rest has
 * been seen nobody knows that it was reported long ago. */
static void journal_read_in_part(void **state) {
    (void)state;
    fake_file(&fake, "a.ini", repaired_text)->reported = 1;
    struct journal_entry entry = an_intent(1, "a.ini", STUCK);
    memset(fake.journal.bytes, 'x', RECORD_BYTES_MAX);
    for (size_t i = 63; i < RECORD_BYTES_MAX; i += 64)
        fake.journal.bytes[i] = '\n';
    fake.journal.size = RECORD_BYTES_MAX - 640;
    fake_append_entry(&fake, &entry);
    fake.journal.size = RECORD_BYTES_MAX;
    entry.kind = JOURNAL_DONE;
    fake_append_entry(&fake, &entry);
    (void)fake_fail(&fake, FAKE_JOURNAL_READ, 2, 3, HOST_FAILED);
    start();
    run(10 * MINUTE);
    same_number("a.ini", "2002", 0, fake_events(&fake, EVENT_REPAIRED_LATE));
    same_number("a.ini", "2003", 0, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    no_complaints();
}

/* What somebody else has put there is not ours to throw away: it becomes the old journal. */
static void foreign_journal(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    fake_append_text(&fake, "not ours\r\n\r\nKMR1\tx\r\n");
    start();
    run(MINUTE);
    repaired(file, STUCK);
    journal_is_clean(0);
    same_number("journal", "is kept", 0, (uint64_t)memcmp(fake.journal_old.bytes, "not ours\r\n", 10));
    no_complaints();
}

/* And lines of no meaning in a journal of ours stay where they are. */
static void foreign_lines(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    fake_append_text(&fake, "a note by hand\r\n");
    mender_journal_changed(&mender);
    run(MINUTE);
    repaired(file, STUCK);
    restart(false);
    run(MINUTE);
    fake.journal.bytes[fake.journal.size] = '\0';
    same_number("journal", "has the note still", true,
                strstr(fake.journal.bytes, "a note by hand\r\n") != NULL);
    same_number("journal", "checkpoints", 0, fake.journal_old.size);
    no_complaints();
}

static void journal_busy_is_not_settled(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    settings.settle_seconds = 0;
    (void)fake_fail(&fake, FAKE_JOURNAL_OPEN, 1, 1, HOST_BUSY);
    start();
    for (int i = 0; i < 1000 && !mender_is_settled(&mender); i++) {
        (void)mender_step(&mender);
        fake.clock += 100;
    }
    repaired(file, STUCK);
    same_number("all", "2031", 0, fake_events(&fake, EVENT_JOURNAL_AWAY));
    no_complaints();
}

/* ---- busy and away */

/* FIELD.md L1: a scanner opens the journal for 100 ms after each change of it, and each change is told. */
static void test_L1_busy_journal_writes_nothing(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    fake.scanner_ms = 100;
    start();
    run_watched(MINUTE);
    repaired(file, STUCK);
    unsigned lines = fake_lines(&fake);
    unsigned scans = fake.count[FAKE_LIST_OPEN];
    for (unsigned i = 0; i < 600; i++) {
        mender_journal_changed(&mender);
        run_watched(5 * SECOND);
        fake.scanned_until = fake.clock + 100;
    }
    same_number("in 50 minutes", "lines that were added", 0, fake_lines(&fake) - lines);
    same_number("in 50 minutes", "scans", 0, fake.count[FAKE_LIST_OPEN] - scans);
    story("in 50 minutes", "3020, 2000 a.ini");
    /* The next repair is made in its time all the same. */
    (void)fake_file(&fake, "b.ini", STUCK);
    mender_hint(&mender, "b.ini");
    run_watched(10 * SECOND);
    same_number("b.ini", "writes", 1, fake_find(&fake, "b.ini")->writes);
    journal_is_clean(0);
    no_complaints();
}

/* Busy is worth an event when it has lasted a minute, and then its end is too. */
static void busy_journal_is_told_after_a_minute(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    fake.scanned_until = fake.clock + 3 * MINUTE;
    run(50 * SECOND);
    story("for less than a minute", "3020");
    run(2 * MINUTE);
    story("for longer", "3020, 2031");
    untouched(file, STUCK);
    run(5 * MINUTE);
    repaired(file, STUCK);
    same_number("all", "2031", 1, fake_events(&fake, EVENT_JOURNAL_AWAY));
    same_number("all", "2032", 1, fake_events(&fake, EVENT_JOURNAL_BACK));
    journal_is_clean(0);
    no_complaints();
}

/* Two busy moments with hours between them are not one that lasts, and whoever finds it free first does not
 * take the event away from it. */
static void busy_now_and_then(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    start();
    run(SECOND);
    for (unsigned i = 1; i <= 20; i++) {
        char name[FAKE_NAME_BYTES];
        (void)snprintf(name, sizeof name, "Mx%u.ini", i);
        struct fake_file *file = fake_file(&fake, name, STUCK);
        mender_hint(&mender, name);
        fake.scanned_until = fake.clock + 5 * SECOND + 500;
        run(6 * SECOND);
        /* Nobody wants the journal any more. */
        file->there = false;
        run(HOUR);
    }
    same_number("all", "2031", 0, fake_events(&fake, EVENT_JOURNAL_AWAY));
    no_complaints();
}

static void journal_back_told_when_the_event_log_is_back(void **state) {
    (void)state;
    start();
    run(SECOND);
    fake.scanned_until = fake.clock + 3 * MINUTE;
    mender_journal_changed(&mender);
    run(2 * MINUTE);
    story("away", "3020, 2031");
    (void)fake_fail(&fake, FAKE_REPORT, 1, 5, HOST_FAILED);
    run(20 * MINUTE);
    story("back", "3020, 2031, 2032");
    no_complaints();
}

/* ---- deleted, replaced */

/* The service's memory: a held record, one whose report is owed, three repairs in the hour. */
static struct fake_file *a_full_memory(void) {
    struct fake_file *held = an_undone_file();
    settings.repairs_per_hour = 4;
    many_files(3, OTHER_STUCK);
    mender_configure(&mender, &settings);
    run(6 * SECOND);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    (void)fake_file(&fake, "owed.ini", STUCK);
    mender_hint(&mender, "owed.ini");
    run(6 * SECOND);
    same_number("owed.ini", "writes", 1, fake_find(&fake, "owed.ini")->writes);
    same_number("in the hour", "repairs", 4, limiter_count(&mender.ledger.window, fake.clock));
    journal_is_clean(1);
    return held;
}

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

/* A copy from before, put back by a backup program: it knows of no repair of the last hour, and has an
 * INTENT open whose end is known. */
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

/* ---- the first line */

/* Only a CHECKPOINT that stands first is one. KMR1 had a DONE there, and somebody may cut lines off. */
static void journal_that_begins_with_another_line(void **state) {
    (void)state;
    struct fake_file *held = an_undone_file();
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
    fake_append_text(&fake, "a note\r\n");
    fake_append_entry(&fake, &entry);
    mender_journal_changed(&mender);
    run(MINUTE);
    restart(false);
    mender_hint(&mender, "a.ini");
    run(MINUTE);
    same_number("a.ini", "is held still, writes", 2, held->writes);
    no_complaints();
}

/* A journal of the first version, with all that it can hold, is read, kept, and written as the second. */
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
    same_number("journal", "number of the next INTENT", 9, fake_entry(&fake, JOURNAL_INTENT)->number);
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

/* ---- checkpoints */

static void rotates(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    struct journal_entry owed = an_intent(77, "gone.ini", STUCK);
    fake_append_entry(&fake, &owed);
    fake_fill_journal(&fake);
    (void)fake_fail(&fake, FAKE_REPORT, 1, 3, HOST_FAILED);
    mender_journal_changed(&mender);
    run(SECOND);
    same_number("journal", "is short", true, fake.journal.size < 4096);
    restart(false);
    run(3 * HOUR);
    same_number("a.ini", "is held still", 2, file->writes);
    same_number("gone.ini", "2003", 1, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    (void)fake_file(&fake, "b.ini", STUCK);
    mender_hint(&mender, "b.ini");
    run(MINUTE);
    same_number("b.ini", "2000", 2, fake_events(&fake, EVENT_REPAIRED));
    journal_is_clean(0);
    no_complaints();
}

/* The line that keeps the last number from being used again must not pass for the end of that very
 * change when the new journal is read again. */
static void reads_a_rotated_journal_again(void **state) {
    (void)state;
    start();
    struct journal_entry owed = an_intent(77, "gone.ini", STUCK);
    fake_append_entry(&fake, &owed);
    fake_fill_journal(&fake);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    mender_journal_changed(&mender);
    run(SECOND);
    same_number("journal", "is short", true, fake.journal.size < 4096);
    fake_heal(&fake);
    (void)fake_fail(&fake, FAKE_APPEND, 1, 1, HOST_FAILED);
    run(HOUR);
    same_number("gone.ini", "2003", 1, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    journal_is_clean(0);
    no_complaints();
}

/* What this process owes is settled, reported and done by another, which then writes a checkpoint and goes
 * on, so that the new journal is as long as the old one was. */
static void another_process_rotates(void **state) {
    (void)state;
    struct journal_entry owed = an_intent(1, "a.ini", STUCK);
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    file->bytes[DIGIT] = '1';
    fake_append_entry(&fake, &owed);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    start();
    run(SECOND);
    const size_t known = fake.journal.size;
    struct journal_entry head = *fake_entry(&fake, JOURNAL_CHECKPOINT);
    fake_delete_journal(&fake);
    head.generation++;
    head.number = 1;
    fake_append_entry(&fake, &head);
    owed.kind = JOURNAL_DONE;
    owed.number = 9;
    owed.outcome = OUTCOME_NOT_MADE;
    while (fake.journal.size <= known)
        fake_append_entry(&fake, &owed);
    fake_heal(&fake);
    run(HOUR);
    same_number("a.ini", "2002", 0, fake_events(&fake, EVENT_REPAIRED_LATE));
    same_number("journal", "is not written again", head.generation,
                fake_entry(&fake, JOURNAL_CHECKPOINT)->generation);
    no_complaints();
}

static void rotation_failing(void **state) {
    (void)state;
    start();
    run(SECOND);
    fake_fill_journal(&fake);
    (void)fake_fail(&fake, FAKE_JOURNAL_REPLACE, 1, 2, HOST_FAILED);
    mender_journal_changed(&mender);
    run(MINUTE);
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    mender_hint(&mender, "a.ini");
    run(MINUTE);
    repaired(file, STUCK);
    run(3 * HOUR);
    same_number("all", "2031", 0, fake_events(&fake, EVENT_JOURNAL_AWAY));
    same_number("journal", "is short", true, fake.journal.size < 4096);
    no_complaints();
}

/* A hold is a hold, whichever folder is watched when the journal gets a checkpoint. */
static void hold_of_another_folder_is_carried_over(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    use_folder(1);
    run(MINUTE);
    fake_fill_journal(&fake);
    mender_journal_changed(&mender);
    run(MINUTE);
    same_number("journal", "is short", true, fake.journal.size < 4096);
    use_folder(0);
    run(3 * HOUR);
    same_number("a.ini", "writes", 2, file->writes);
    no_complaints();
}

/* `status` says since when they are in force: not since when the journal takes lines again. */
static void settings_keep_their_time(void **state) {
    (void)state;
    start();
    run(HOUR);
    const uint32_t since = fake_entry(&fake, JOURNAL_LOADED)->utc;
    fake_delete_journal(&fake);
    mender_journal_changed(&mender);
    run(MINUTE);
    same_number("settings", "lines", 1, fake_entries(&fake, JOURNAL_LOADED));
    same_number("settings", "in force since the start", since, fake_entry(&fake, JOURNAL_LOADED)->utc);
    no_complaints();
}

/* Another process writes the checkpoint: what only the service says is carried over, and what the service
 * holds in memory is what it was. */
static void settings_and_state_survive_the_checkpoint_of_another(void **state) {
    (void)state;
    struct fake_file *held = an_undone_file();
    (void)fake_file(&fake, "s.ini", SOUND);
    mender_changes_lost(&mender);
    run(MINUTE);
    const struct journal_entry loaded = *fake_entry(&fake, JOURNAL_LOADED);
    const struct journal_entry known = *fake_entry(&fake, JOURNAL_STATE);
    const struct journal_entry head = *fake_entry(&fake, JOURNAL_CHECKPOINT);
    fake_fill_journal(&fake);
    other_repairs();
    same_number("journal", "id", head.id, fake_entry(&fake, JOURNAL_CHECKPOINT)->id);
    same_number("journal", "generation", head.generation + 1,
                fake_entry(&fake, JOURNAL_CHECKPOINT)->generation);
    same_number("LOADED", "time", loaded.utc, fake_entry(&fake, JOURNAL_LOADED)->utc);
    same_text("LOADED", "settings", loaded.text, fake_entry(&fake, JOURNAL_LOADED)->text);
    same_number("STATE", "time", known.utc, fake_entry(&fake, JOURNAL_STATE)->utc);
    same_number("STATE", "files", 2, fake_entry(&fake, JOURNAL_STATE)->state.counts.files);
    const unsigned lines = fake_lines(&fake);
    run(MINUTE);
    same_number("the service", "lines that it adds", 0, fake_lines(&fake) - lines);
    mender_hint(&mender, "a.ini");
    run(HOUR);
    same_number("a.ini", "writes", 2, held->writes);
    journal_is_clean(0);
    no_complaints();
}

/* And once more with many: the numbers of the hour are no other for it. */
static void checkpoints_by_turns(void **state) {
    (void)state;
    many_files(7, STUCK);
    start();
    run(MINUTE);
    for (unsigned i = 0; i < 10; i++) {
        fake_fill_journal(&fake);
        fake.clock += 13 * SECOND;
        other_repairs();
        run(17 * SECOND);
        fake_fill_journal(&fake);
        mender_journal_changed(&mender);
        run(SECOND);
        same_number("in the hour", "repairs", 7, limiter_count(&mender.ledger.window, fake.clock));
    }
    /* The first, one of the other process each time, and one an hour of the service. */
    same_number("journal", "generation", 12, fake_entry(&fake, JOURNAL_CHECKPOINT)->generation);
    no_complaints();
}

/* One step of the service, with a crash after so many calls. True when it came. */
static bool step_into(unsigned call) {
    fake.crash_after = fake.calls + call;
    if (setjmp(fake.crash) != 0)
        return true;
    (void)mender_step(&mender);
    fake.crash_after = 0;
    return false;
}

/* A checkpoint can be cut short by the power at each of its calls; there is always a whole journal. */
static void crash_during_a_checkpoint(void **state) {
    (void)state;
    bool came = true;
    unsigned call = 1;
    for (; came; call++) {
        (void)rig_setup(NULL);
        struct fake_file *held = a_full_memory();
        fake_fill_journal(&fake);
        mender_journal_changed(&mender);
        came = step_into(call);
        if (!came)
            same_number("without a crash", "is short", true, fake.journal.size < 4096);
        fake_heal(&fake);
        restart(true);
        run(3 * HOUR);
        same_number("a.ini", "writes", 2, held->writes);
        same_number("owed.ini", "reported", 1, fake_find(&fake, "owed.ini")->reported);
    }
    assert_in_range(call, 12, 100);
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(journal_that_can_not_be_opened),
        TEST(journal_that_can_not_be_read),
        TEST(journal_that_takes_no_line),
        TEST(journal_full_at_intent),
        TEST(journal_full_at_done),
        TEST(journal_of_one_piece),
        TEST(torn_journal),
        TEST(line_without_its_end),
        TEST(journal_read_in_part),
        TEST(foreign_journal),
        TEST(foreign_lines),
        TEST(journal_busy_is_not_settled),
        TEST(test_L1_busy_journal_writes_nothing),
        TEST(busy_journal_is_told_after_a_minute),
        TEST(busy_now_and_then),
        TEST(journal_back_told_when_the_event_log_is_back),
        TEST(test_L2_journal_deleted_while_running),
        TEST(test_L2_journal_deleted_and_busy),
        TEST(test_L2_journal_deleted_and_full),
        TEST(test_L2_journal_deleted_without_notice),
        TEST(journal_replaced_by_another_one),
        TEST(journal_replaced_by_an_older_one),
        TEST(journal_replaced_by_one_with_a_larger_window),
        TEST(journal_that_begins_with_another_line),
        TEST(checkpoint_in_the_middle),
        TEST(journal_of_the_first_version),
        TEST(rotates),
        TEST(reads_a_rotated_journal_again),
        TEST(another_process_rotates),
        TEST(rotation_failing),
        TEST(hold_of_another_folder_is_carried_over),
        TEST(settings_keep_their_time),
        TEST(settings_and_state_survive_the_checkpoint_of_another),
        TEST(checkpoints_by_turns),
        TEST(crash_during_a_checkpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
