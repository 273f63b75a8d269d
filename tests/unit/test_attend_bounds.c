/* SPDX-License-Identifier: MIT */
/*
 * test_attend_bounds: core/attend: the minute until a record in use is told of, just before and at it; the longest name.
 */
#include "rig.h"

static void busy(const char *label, unsigned expected) {
    same_number(label, "2020", expected, fake_events(&fake, EVENT_BUSY));
}

/* Of a.ini: when it is looked at just before a minute is over, and then. */
static void told_after_a_minute(enum event_number number, const char *text, enum host_code shared,
                                bool written) {
    static const unsigned ms[] = {0, MENDER_BUSY_TOLD - 1, 1};
    settings.settle_seconds = 0;
    start();
    run(HOUR / 2);
    struct fake_file *file = fake_file(&fake, "a.ini", text);
    file->shared = shared;
    file->written = written;
    for (size_t i = 0; i < 3; i++) {
        fake.clock += ms[i];
        mender_hint(&mender, "a.ini");
        run(0);
        same_number(i < 2 ? "just before a minute is over" : "a minute", "events", i == 2,
                    fake_events(&fake, number));
    }
    no_complaints();
}

static void in_use_is_told_after_a_minute(void **state) {
    (void)state;
    told_after_a_minute(EVENT_BUSY, STUCK, HOST_BUSY, false);
}

static void written_to_is_told_after_a_minute(void **state) {
    (void)state;
    told_after_a_minute(EVENT_DOUBTFUL, DOUBTFUL, HOST_OK, true);
}

/* It is let go with other content, and then in use again: the minute begins anew. */
static void in_use_twice(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    file->repair = HOST_BUSY;
    start();
    run(40 * SECOND);
    fake_change(file, OTHER_STUCK);
    run(60 * SECOND);
    busy("in use for less than a minute", 0);
    run(60 * SECOND);
    busy("in use for longer", 1);
    no_complaints();
}

/* The minute counts from when the record itself is found in use: that it waited for the journal before is told elsewhere. */
static void in_use_behind_a_busy_journal(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    file->repair = HOST_BUSY;
    start();
    run(SECOND);
    fake.scanned_until = fake.clock + 50 * SECOND;
    run(80 * SECOND);
    same_number("a.ini", "attempts", 1, file->opened_for_repair);
    busy("in use for less than a minute", 0);
    run(MINUTE);
    busy("in use for longer", 1);
    no_complaints();
}

/* A doubtful record that was told of has no more news: a hint costs one look, however long it stays open elsewhere. */
static void told_of_and_written_to(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", DOUBTFUL);
    start();
    run(MINUTE);
    same_number("a.ini", "2010", 1, fake_events(&fake, EVENT_DOUBTFUL));
    const unsigned opened = file->opened;
    file->written = true;
    mender_hint(&mender, "a.ini");
    run(5 * MINUTE);
    same_number("a.ini", "opened", opened + 1, file->opened);
    no_complaints();
}

/* The longest name that a file can have, in all that is done with it. */
static void the_longest_name(void **state) {
    (void)state;
    char name[QUEUE_NAME_BYTES];
    memset(name, 'x', sizeof name - 1);
    (void)strcpy(name + sizeof name - 5, ".ini");
    struct fake_file *file = fake_file(&fake, name, STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_BUSY);
    start();
    run(MINUTE);
    repaired(file, STUCK);
    char first[QUEUE_NAME_BYTES] = "";
    same_number("the longest", "is there", HOST_OK, mender_next_repair(&mender, 0, first).code);
    same_text("the longest", "name", name, first);
    restart(false);
    run(MINUTE);
    same_number("the longest", "undo", HOST_OK, by_another(mender_undo, name).code);
    same_number("the longest", "release", HOST_OK, by_another(mender_release, name).code);
    run(MINUTE);
    same_number("the longest", "writes", 3, file->writes);
    /* Begun by another process and not made. */
    struct journal_entry entry = an_intent(9, name, STUCK);
    fake_change(file, STUCK);
    entry.utc = fake.host.utc(fake.host.context);
    fake_append_entry(&fake, &entry);
    mender_journal_changed(&mender);
    run(MINUTE);
    same_number("the longest", "writes", 4, file->writes);
    journal_is_clean(0);
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(in_use_is_told_after_a_minute),
        TEST(written_to_is_told_after_a_minute),
        TEST(in_use_twice),
        TEST(told_of_and_written_to),
        TEST(in_use_behind_a_busy_journal),
        TEST(the_longest_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
