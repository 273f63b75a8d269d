/* SPDX-License-Identifier: MIT */
/*
 * test_again: core/reverse, the rarer ends of undo: one that is asked for again while it is in flight, places, names.
 */
#include "rig.h"

/* a.ini, repaired, and an undo of it by a process that goes on, whose write fails once. */
static struct fake_file *an_undo_that_waits(enum host_code code, bool done) {
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    other_begins();
    fake_fail(&fake, FAKE_WRITE, 1, 1, code)->done = done;
    same_number("first try", "undo", code, mender_undo(&other, "a.ini").code);
    return file;
}

static void is_refused(const char *label) {
    struct host_result result = mender_undo(&other, "a.ini");
    same_number(label, "undo", HOST_REFUSED, result.code);
    same_text(label, "why", "it has changed since it was repaired", result.reason);
    mender_close(&other);
}

/* It is taken back and held, and cannot be reported: whoever asks again hears that it was. */
static void undone_and_not_yet_reported(void **state) {
    (void)state;
    struct fake_file *file = an_undo_that_waits(HOST_BUSY, false);
    (void)fake_fail(&fake, FAKE_REPORT, 1, 1, HOST_FAILED);
    same_number("second try", "undo", HOST_OK, mender_undo(&other, "a.ini").code);
    journal_is_clean(1);
    same_number("asked again", "undo", HOST_OK, mender_undo(&other, "a.ini").code);
    same_number("asked again", "2040", 1, fake_events(&fake, EVENT_UNDONE));
    journal_is_clean(0);
    mender_close(&other);
    same_number("a.ini", "writes", 2, file->writes);
    no_complaints();
}

/* A write of which nobody knows whether it was made, and then the record changes: held, and refused,
 * also when that could not be reported at first. */
static void changed_after_a_write_that_may_be_made(void **state) {
    (void)state;
    struct fake_file *file = an_undo_that_waits(HOST_FAILED, true);
    fake_change(file, SOUND);
    (void)fake_fail(&fake, FAKE_REPORT, 1, 1, HOST_FAILED);
    struct host_result result = mender_undo(&other, "a.ini");
    same_number("second try", "undo", HOST_REFUSED, result.code);
    journal_is_clean(1);
    is_refused("once more");
    same_number("a.ini", "2003", 1, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    journal_is_clean(0);
    no_complaints();
}

/* The journal has a hold and a later repair of one record, and no place for another hold. */
static struct fake_file *a_repair_of_a_held_record(void) {
    struct journal_entry entry = an_intent(0, "", STUCK);
    entry.kind = JOURNAL_HOLD;
    for (unsigned i = 1; i < MEMORY_HELD; i++) {
        (void)snprintf(entry.name, sizeof entry.name, "held%u.ini", i);
        fake_append_entry(&fake, &entry);
    }
    (void)text_copy(entry.name, sizeof entry.name, "a.ini");
    fake_append_entry(&fake, &entry);
    entry = an_intent(1, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    entry.kind = JOURNAL_DONE;
    entry.outcome = OUTCOME_REPAIRED;
    fake_append_entry(&fake, &entry);
    struct fake_file *file = fake_file(&fake, "a.ini", repaired_text);
    file->reported = 1;
    return file;
}

static void a_held_record_needs_no_other_place(void **state) {
    (void)state;
    struct fake_file *file = a_repair_of_a_held_record();
    same_number("a.ini", "undo", HOST_OK, by_another(mender_undo, "a.ini").code);
    same_number("a.ini", "writes", 1, file->writes);
    no_complaints();
}

/* It changes between two tries: that it is held, from before, does not make it undone. */
static void a_hold_from_before_is_not_this_one(void **state) {
    (void)state;
    struct fake_file *file = a_repair_of_a_held_record();
    other_begins();
    (void)fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_BUSY);
    same_number("first try", "undo", HOST_BUSY, mender_undo(&other, "a.ini").code);
    fake_change(file, SOUND);
    is_refused("second try");
    no_complaints();
}

/* What is being repaired cannot be taken back yet. */
static void not_while_it_is_repaired(void **state) {
    (void)state;
    struct fake_file *file = a_write_that_waits(1, HOST_BUSY, 5 * SECOND + 500);
    struct host_result result = mender_undo(&mender, "a.ini");
    same_number("a.ini", "undo", HOST_BUSY, result.code);
    same_text("a.ini", "why", "its repair is not settled yet", result.reason);
    run(MINUTE);
    repaired(file, STUCK);
    no_complaints();
}

static void not_while_too_much_waits(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    settings.repairs_per_hour = CONFIG_REPAIRS_MAX;
    start();
    run(MINUTE);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    many_files(MEMORY_IN_FLIGHT, STUCK);
    mender_changes_lost(&mender);
    run(MINUTE);
    struct host_result result = by_another(mender_undo, "a.ini");
    same_number("a.ini", "undo", HOST_BUSY, result.code);
    same_text("a.ini", "why", "too much waits for the event log", result.reason);
    same_number("a.ini", "writes", 1, file->writes);
    no_complaints();
}

static void no_file_has_such_a_name(void **state) {
    (void)state;
    char name[QUEUE_NAME_BYTES + 1];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    start();
    struct host_result result = mender_release(&mender, name);
    same_number("too long", "release", HOST_GONE, result.code);
    same_text("too long", "why", "no file has a name of this length", result.reason);
    same_text("as long as can be", "why", "it is not held",
              mender_release(&mender, name + 1).reason);
    no_complaints();
}

/* A hold ends when the content changes. While that cannot be written down nothing is repaired. */
static void a_release_that_cannot_be_written(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    (void)fake_fail(&fake, FAKE_APPEND, 1, 4, HOST_FAILED);
    fake_change(file, OTHER_STUCK);
    mender_hint(&mender, "a.ini");
    run(5 * SECOND + 500);
    same_number("meanwhile", "writes", 2, file->writes);
    same_number("meanwhile", "RELEASEs", 0, fake_entries(&fake, JOURNAL_RELEASE));
    run(5 * MINUTE);
    same_number("then", "writes", 3, file->writes);
    same_number("then", "RELEASEs", 1, fake_entries(&fake, JOURNAL_RELEASE));
    journal_is_clean(0);
    no_complaints();
}

/* Whether it was made is not known when the process ends: it stays in flight, and the service finds out. */
static void given_up_after_a_write_that_may_be_made(void **state) {
    (void)state;
    struct fake_file *file = an_undo_that_waits(HOST_FAILED, true);
    mender_close(&other);
    journal_is_clean(1);
    mender_journal_changed(&mender);
    run(MINUTE);
    journal_is_clean(0);
    same_number("a.ini", "2040", 1, fake_events(&fake, EVENT_UNDONE));
    same_number("a.ini", "HOLDs", 1, fake_entries(&fake, JOURNAL_HOLD));
    same_number("a.ini", "as it was", 0, (uint64_t)memcmp(file->bytes, STUCK, sizeof STUCK - 1));
    no_complaints();
}

/* What a journal that was made by hand says of a repair does not fit the file: nothing is written. */
static void repairs_that_cannot_be(void **state) {
    (void)state;
    static const char *const labels[] = {"another size", "beyond the end", "no 1 there",
                                         "too large", "another content"};
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        (void)rig_setup(NULL);
        struct journal_entry entry = an_intent(1, "a.ini", STUCK);
        struct fake_file *file = fake_file(&fake, "a.ini", repaired_text);
        const uint32_t size = file->size;
        entry.kind = JOURNAL_REPAIRED;
        entry.size += i == 0;
        entry.offset = i == 1 ? size : entry.offset + (i == 2);
        entry.after += i == 4;
        if (i == 3)
            file->size = entry.size = RECORD_BYTES_MAX + 1;
        fake_append_entry(&fake, &entry);
        struct host_result result = by_another(mender_undo, "a.ini");
        same_number(labels[i], "undo", HOST_REFUSED, result.code);
        same_number(labels[i], "writes", 0, file->writes);
        same_number(labels[i], "UNDOs", 0, fake_entries(&fake, JOURNAL_UNDO));
        file->size = size;
    }
    no_complaints();
}

/* A held record is done with: it does not wait, neither for a hint nor for a scan. */
static void a_held_record_does_not_wait(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    const unsigned opened = file->opened_for_repair;
    mender_hint(&mender, "a.ini");
    run(10 * SECOND);
    same_number("after a hint", "waiting", 0, mender.queue.count);
    mender_changes_lost(&mender);
    run(4 * SECOND);
    same_number("after a scan", "waiting", 0, mender.queue.count);
    same_number("a.ini", "opened for repair", opened, file->opened_for_repair);
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(undone_and_not_yet_reported),
        TEST(changed_after_a_write_that_may_be_made),
        TEST(a_held_record_needs_no_other_place),
        TEST(a_hold_from_before_is_not_this_one),
        TEST(not_while_it_is_repaired),
        TEST(not_while_too_much_waits),
        TEST(no_file_has_such_a_name),
        TEST(a_release_that_cannot_be_written),
        TEST(given_up_after_a_write_that_may_be_made),
        TEST(repairs_that_cannot_be),
        TEST(a_held_record_does_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
