/* SPDX-License-Identifier: MIT */
/*
 * test_full: core/ledger and core/memory at their bounds: a journal of 4 MB, more entries than there are places for, values
 * in a line that are no numbers.
 */
#include "rig.h"

static const char *last_away(void) {
    return fake_event(&fake, EVENT_JOURNAL_AWAY)->string[1];
}

static enum journal_why why(void) {
    return mender.ledger.state.why;
}

/* No new journal can be put in its place: at 4 MB no change is begun, and that is said. Below that it
 * is tried again each minute. */
static void journal_of_4_mb(void **state) {
    (void)state;
    char line[4096];
    memset(line, 'x', sizeof line);
    memcpy(line + sizeof line - 3, "\r\n", 3);
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_JOURNAL_REPLACE, 1, FAKE_FOR_EVER, HOST_FAILED);
    while (fake.journal.size + sizeof line - 1 <= LEDGER_BYTES_STOP)
        fake_append_text(&fake, line);
    /* To the byte. */
    fake_append_text(&fake, line + sizeof line - 1 - (LEDGER_BYTES_STOP - fake.journal.size));
    same_number("journal", "size", LEDGER_BYTES_STOP, fake.journal.size);
    mender_journal_changed(&mender);
    run(SECOND);
    struct fake_file *file = a_new_file("a.ini", STUCK);
    unsigned tries = fake.count[FAKE_JOURNAL_REPLACE];
    run(10 * MINUTE + SECOND);
    untouched(file, STUCK);
    same_text("2031", "why",
              "kmrepair.jnl has grown to 4 MB, and no new one can be put in its place",
              last_away());
    same_number("state", "why", WHY_JOURNAL, why());
    tries = fake.count[FAKE_JOURNAL_REPLACE] - tries;
    same_number("ten minutes", "some ten tries", true, tries >= 8 && tries <= 10);
    fake_heal(&fake);
    run(3 * MINUTE);
    repaired(file, STUCK);
    same_number("journal", "is short", true, fake.journal.size < 4096);
    same_number("all", "2031", 1, fake_events(&fake, EVENT_JOURNAL_AWAY));
    same_number("all", "2032", 1, fake_events(&fake, EVENT_JOURNAL_BACK));
    same_number("state", "why", WHY_NOTHING, why());
    no_complaints();
}

/* Holds, one more than there are places. What found none would be gone in a new journal, so none is begun. */
static void more_than_there_are_places(void **state) {
    (void)state;
    start();
    run(SECOND);
    struct journal_entry entry = an_intent(0, "", STUCK);
    entry.kind = JOURNAL_HOLD;
    for (unsigned i = 0; i <= MEMORY_ITEMS; i++) {
        (void)snprintf(entry.name, sizeof entry.name, "held%u.ini", i);
        fake_append_entry(&fake, &entry);
    }
    mender_journal_changed(&mender);
    struct fake_file *file = a_new_file("a.ini", STUCK);
    run(MINUTE);
    untouched(file, STUCK);
    same_text("2031", "why",
              "kmrepair.jnl holds more than this program can keep in memory; release records",
              last_away());
    same_number("state", "why", WHY_JOURNAL, why());
    fake_fill_journal(&fake);
    mender_journal_changed(&mender);
    run(SECOND);
    same_number("too long, too", "new journals", 1, fake.count[FAKE_JOURNAL_REPLACE]);
    same_number("held0.ini", "release", HOST_OK, mender_release(&mender, "held0.ini").code);
    run(10 * MINUTE);
    untouched(file, STUCK);
    no_complaints();
}

/* A WINDOW counts up to what is no number in it. */
static void windows_that_are_none(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t count;
    } rows[] = {{"%u=3", 3}, {"%u=3 x", 3},   {"%u=3 x=1", 3}, {"%u=x", 0},
                {"%u", 0},   {"%u=10001", 0}, {"%u=3 %u=", 3}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)rig_setup(NULL);
        struct journal_entry entry = {.kind = JOURNAL_WINDOW, .utc = fake.utc_base};
        (void)snprintf(entry.text, sizeof entry.text, rows[i].text, fake.utc_base, fake.utc_base);
        fake_append_entry(&fake, &entry);
        start();
        run(SECOND);
        same_number(rows[i].text, "in the hour", rows[i].count,
                    limiter_count(&mender.ledger.window, fake.clock));
    }
    no_complaints();
}

/* Holds in one folder more than there are places for folders. */
static void more_folders_than_places(void **state) {
    (void)state;
    start();
    run(SECOND);
    struct journal_entry entry = an_intent(0, "held.ini", STUCK);
    entry.kind = JOURNAL_HOLD;
    for (unsigned i = 0; i <= MEMORY_FOLDERS; i++) {
        (void)snprintf(entry.text, sizeof entry.text, "D:\\%u", i);
        fake_append_entry(&fake, &entry);
    }
    mender_journal_changed(&mender);
    struct fake_file *file = a_new_file("a.ini", STUCK);
    run(MINUTE);
    untouched(file, STUCK);
    same_number("state", "why", WHY_JOURNAL, why());
    same_number("all", "2031", 1, fake_events(&fake, EVENT_JOURNAL_AWAY));
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(journal_of_4_mb),
        TEST(more_than_there_are_places),
        TEST(windows_that_are_none),
        TEST(more_folders_than_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
