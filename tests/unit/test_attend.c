/* SPDX-License-Identifier: MIT */
/*
 * test_attend: core/attend: one record, from the first look to its repair: verdicts and the settle time. Records that
 * somebody else has, and what is only told, are test_told's.
 */
#include "rig.h"

static void repairs_by_scan(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(4999);
    story("before the settle time", "3020");
    untouched(file, STUCK);
    run(2);
    story("after it", "3020, 2000 a.ini");
    repaired(file, STUCK);
    const struct fake_event *event = fake_event(&fake, EVENT_REPAIRED);
    same_number("event", "strings", 4, event->strings);
    same_text("event", "folder", settings.folder, event->string[1]);
    same_text("event", "mailbox", "/o=Org/ou=Site/cn=Recipients/cn=Anna", event->string[2]);
    same_text("event", "offset", "63", event->string[3]);
    same_number("mender", "repaired", 1, mender.change.repaired);
    journal_is_clean(0);
    run(30 * MINUTE);
    story("later", "3020, 2000 a.ini");
    no_complaints();
}

static void repairs_by_hint(void **state) {
    (void)state;
    start();
    run(HOUR / 2);
    struct fake_file *file = a_new_file("Mx1.ini", OTHER_STUCK);
    run(4999);
    untouched(file, OTHER_STUCK);
    run(1);
    repaired(file, OTHER_STUCK);
    story("events", "3020, 2000 Mx1.ini");
    same_text("event", "mailbox", "(not named in the record)",
              fake_event(&fake, EVENT_REPAIRED)->string[2]);
    no_complaints();
}

static void zero_settle_time(void **state) {
    (void)state;
    settings.settle_seconds = 0;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(0);
    repaired(file, STUCK);
    no_complaints();
}

/* Offsets at both ends of the pieces in which the content is read back, and beyond. */
static void large_records(void **state) {
    (void)state;
    static const size_t before[] = {0, 1016, 1017, 2040, 65536, RECORD_BYTES_MAX - 10};
    static char text[RECORD_BYTES_MAX + 1];
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        char name[FAKE_NAME_BYTES];
        memset(text, '\n', before[i]);
        (void)strcpy(text + before[i], "State = 4");
        (void)snprintf(name, sizeof name, "Mx%zu.ini", i);
        struct fake_file *file = fake_file(&fake, name, text);
        start();
        run(10 * SECOND);
        repaired(file, text);
        file->there = false;
    }
    no_complaints();
}

static void other_names_are_not_looked_at(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini.bak", STUCK);
    start();
    run(MINUTE);
    mender_hint(&mender, "a.ini.bak");
    mender_hint(&mender, "");
    run(MINUTE);
    same_number("a.ini.bak", "opened", 0, file->opened);
    story("events", "3020");
    no_complaints();
}

static void what_is_not_stuck_is_not_opened_for_repair(void **state) {
    (void)state;
    struct fake_file *files[] = {
        fake_file(&fake, "sound.ini", SOUND), fake_file(&fake, "doubtful.ini", DOUBTFUL),
        fake_file(&fake, "unreadable.ini", UNREADABLE), fake_file(&fake, "none.ini", NO_RECORD),
        fake_file(&fake, "empty.ini", "")};
    start();
    run(3 * HOUR);
    for (size_t i = 0; i < 5; i++)
        mender_hint(&mender, files[i]->name);
    run(3 * HOUR);
    for (size_t i = 0; i < 5; i++)
        never_opened_for_repair(files[i]);
    same_number("journal", "INTENTs", 0, fake_intents(&fake));
    no_complaints();
}

/* ---- the settle time */

static void hints_postpone(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    for (int i = 0; i < 20; i++) {
        run(3 * SECOND);
        mender_hint(&mender, "A.ini");
    }
    untouched(file, STUCK);
    run(5 * SECOND);
    repaired(file, STUCK);
    no_complaints();
}

/* A change of which no hint came, seen by the content. */
static void change_during_settle_postpones(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(3 * SECOND);
    fake_change(file, OTHER_STUCK);
    run(6 * SECOND);
    untouched(file, OTHER_STUCK);
    never_opened_for_repair(file);
    run(SECOND);
    repaired(file, OTHER_STUCK);
    no_complaints();
}

static void change_to_sound_during_settle(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(3 * SECOND);
    fake_change(file, SOUND);
    run(MINUTE);
    untouched(file, SOUND);
    never_opened_for_repair(file);
    no_complaints();
}

static const char *change_to;

static void change_before_open(struct fake_host *host, enum fake_call call,
                               struct fake_file *file) {
    if (call != FAKE_OPEN_REPAIR || change_to == NULL)
        return;
    if (change_to[0] == '\0')
        file->there = false;
    else
        fake_change(file, change_to);
    change_to = NULL;
    (void)host;
}

static void change_between_look_and_open(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    fake.before = change_before_open;
    change_to = OTHER_STUCK;
    start();
    run(9999);
    untouched(file, OTHER_STUCK);
    run(2);
    repaired(file, OTHER_STUCK);
    no_complaints();
}

/* And once more in the time that this has to be quiet, again without a hint. */
static void two_changes_postpone_twice(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    fake.before = change_before_open;
    change_to = OTHER_STUCK;
    start();
    mender_hint(&mender, "a.ini");
    run(8 * SECOND);
    fake_change(file, STUCK "; again\r\n");
    run(4 * SECOND);
    untouched(file, STUCK "; again\r\n");
    run(3 * SECOND);
    repaired(file, STUCK "; again\r\n");
    no_complaints();
}

/* A scan is all that sees a rewrite whose notification is lost, be the content half-way no record
 * at all: from then on the record waits anew, and only the time after the rewrite counts. */
static void rewritten_under_a_scan(void **state) {
    (void)state;
    settings.settle_seconds = 60;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(40 * SECOND);
    fake_change(file, "");
    mender_changes_lost(&mender);
    run(SECOND);
    fake_change(file, STUCK);
    run(58 * SECOND);
    untouched(file, STUCK);
    run(2 * MINUTE);
    repaired(file, STUCK);
    no_complaints();
}

static void sound_or_gone_when_opened(void **state) {
    (void)state;
    static const char *const texts[] = {SOUND, NO_RECORD, ""};
    fake.before = change_before_open;
    for (size_t i = 0; i < 3; i++) {
        struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
        change_to = texts[i];
        start();
        run(MINUTE);
        same_number(texts[i], "writes", 0, file->writes);
        file->there = false;
    }
    same_number("journal", "INTENTs", 0, fake_intents(&fake));
    same_number("all", "2000", 0, fake_events(&fake, EVENT_REPAIRED));
    no_complaints();
}

static void doubtful_when_opened(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    fake.before = change_before_open;
    change_to = DOUBTFUL;
    start();
    run(MINUTE);
    untouched(file, DOUBTFUL);
    story("events", "3020, 2010 a.ini");
    no_complaints();
}

static void gone_before_it_is_due(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    file->there = false;
    run(MINUTE);
    story("events", "3020");
    assert_int_equal(mender.queue.count, 0);
    no_complaints();
}

/* A journal without a checkpoint is read, and cannot be written anew; before it can, another process releases
 * what it holds. Without a rescan nobody would look at that again. */
static void released_before_the_journal_is_taken(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    struct journal_entry entry = an_intent(5, "a.ini", STUCK);
    entry.kind = JOURNAL_HOLD;
    fake_append_entry(&fake, &entry);
    (void)fake_fail(&fake, FAKE_JOURNAL_NEW, 1, FAKE_FOR_EVER, HOST_FAILED);
    settings.rescan_minutes = 0;
    start();
    run(MINUTE);
    untouched(file, STUCK);
    entry.kind = JOURNAL_RELEASE;
    fake_append_entry(&fake, &entry);
    fake_heal(&fake);
    mender_journal_changed(&mender);
    run(5 * MINUTE);
    repaired(file, STUCK);
    journal_is_clean(0);
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(repairs_by_scan),
        TEST(repairs_by_hint),
        TEST(zero_settle_time),
        TEST(large_records),
        TEST(other_names_are_not_looked_at),
        TEST(what_is_not_stuck_is_not_opened_for_repair),
        TEST(hints_postpone),
        TEST(change_during_settle_postpones),
        TEST(change_to_sound_during_settle),
        TEST(change_between_look_and_open),
        TEST(two_changes_postpone_twice),
        TEST(rewritten_under_a_scan),
        TEST(sound_or_gone_when_opened),
        TEST(doubtful_when_opened),
        TEST(gone_before_it_is_due),
        TEST(released_before_the_journal_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
