/* SPDX-License-Identifier: MIT */
/*
 * test_todo: core/todo, the list of the mailboxes that still have to be enabled, as a verb reads it from the
 * journal that a service has left; and what the service says of it, which is test_remind's.
 */
#include "crc32.h"
#include "rig.h"
#include "todo.h"

static struct memory memory;
static struct journal_reader reader;
static unsigned char bytes[RECORD_BYTES_MAX];
static char list[1024];

/* journal_visit */
static void take(void *context, const struct journal_entry *entry) {
    (void)context;
    todo_apply(&memory, &fake.host, entry);
}

/* Reads the journal as a verb does, and nothing else. */
static void read_list(void) {
    memory_clear(&memory);
    journal_begin(&reader);
    journal_feed(&reader, fake.journal.bytes, fake.journal.size, take, NULL);
    (void)journal_end(&reader, take, NULL);
}

/* "a.ini, b.ini changed": the items in their order, with what is found of each but when it has to be
 * enabled. */
static const char *the_list(void) {
    static const char *const words[] = {"", " changed", " gone", " untold"};
    struct text text;
    read_list();
    text_begin(&text, list, sizeof list);
    for (struct memory_item *item = todo_next(&memory, NULL); item != NULL;
         item = todo_next(&memory, item)) {
        struct host_result why;
        enum todo found = todo_look(&fake.host, bytes, &memory, item, &why);
        if (text.length > 0)
            text_put(&text, ", ");
        text_put(&text, memory_name(&memory, item));
        text_put(&text, words[found]);
        same_number(memory_name(&memory, item), "has a reason", found == TODO_UNTOLD,
                    why.code == HOST_BUSY || why.code == HOST_FAILED);
    }
    assert_null(fake.open);
    return list;
}

static void is_list(const char *label, const char *expected) {
    same_text(label, "list", expected, the_list());
}

/* The service repairs it, a second after what was before it. */
static struct fake_file *a_repaired(const char *name) {
    struct fake_file *file = fake_file(&fake, name, STUCK);
    mender_hint(&mender, name);
    run(7 * SECOND);
    same_number(name, "writes", 1, file->writes);
    return file;
}

static void is_in_the_order_of_repairs(void **state) {
    (void)state;
    start();
    is_list("nothing repaired", "");
    (void)a_repaired("c.ini");
    (void)a_repaired("a.ini");
    (void)a_repaired("b.ini");
    is_list("three", "c.ini, a.ini, b.ini");
    same_text("mailbox", "of the first", "/o=Org/ou=Site/cn=Recipients/cn=Anna",
              memory_mailbox(&memory, todo_next(&memory, NULL)));
    no_complaints();
}

static void what_has_changed_or_is_gone(void **state) {
    (void)state;
    start();
    struct fake_file *changed = a_repaired("changed.ini");
    struct fake_file *longer = a_repaired("longer.ini");
    struct fake_file *gone = a_repaired("gone.ini");
    struct fake_file *link = a_repaired("link.ini");
    struct fake_file *busy = a_repaired("busy.ini");
    struct fake_file *bad = a_repaired("bad.ini");
    fake_change(changed, OTHER_STUCK);
    fake_change(longer, SOUND SOUND);
    gone->there = false;
    link->shared = HOST_REFUSED;
    busy->shared = HOST_BUSY;
    bad->shared = HOST_FAILED;
    is_list("all", "changed.ini changed, longer.ini changed, gone.ini gone, link.ini gone, "
                   "busy.ini untold, bad.ini untold");
    fake_change(changed, repaired_text);
    gone->there = true;
    busy->shared = bad->shared = link->shared = HOST_OK;
    is_list("as they were",
            "changed.ini, longer.ini changed, gone.ini, link.ini, busy.ini, bad.ini");
    (void)fake_fail(&fake, FAKE_READ, 1, 1, HOST_FAILED);
    is_list("a read fails",
            "changed.ini untold, longer.ini changed, gone.ini, link.ini, busy.ini, bad.ini");
    no_complaints();
}

static void the_last_change_counts(void **state) {
    (void)state;
    start();
    struct fake_file *file = a_repaired("a.ini");
    same_number("a.ini", "undo", HOST_OK, by_another(mender_undo, "A.INI").code);
    is_list("undone", "");
    same_number("a.ini", "release", HOST_OK, by_another(mender_release, "a.ini").code);
    run(10 * SECOND);
    same_number("a.ini", "writes", 3, file->writes);
    is_list("repaired again", "a.ini");
    no_complaints();
}

static void another_folder_is_not_meant(void **state) {
    (void)state;
    start();
    (void)a_repaired("a.ini");
    use_folder(1);
    is_list("of another folder", "");
    no_complaints();
}

/* A repair and its undo, which name the folder by two paths. */
static void two_paths_of_one_folder(void **state) {
    (void)state;
    start();
    (void)a_repaired("a.ini");
    fake.alias[0] = fake.paths[0];
    fake.paths[0] = "Z:\\Clients";
    same_number("a.ini", "undo", HOST_OK, by_another(mender_undo, "a.ini").code);
    same_text("UNDO", "folder", "Z:\\Clients", fake_entry(&fake, JOURNAL_UNDO)->text);
    is_list("undone", "");
    no_complaints();
}

static void outlives_a_new_journal(void **state) {
    (void)state;
    start();
    (void)a_repaired("b.ini");
    (void)a_repaired("a.ini");
    fake_fill_journal(&fake);
    mender_journal_changed(&mender);
    run(MINUTE);
    same_number("journal", "REPAIRED", 2, fake_entries(&fake, JOURNAL_REPAIRED));
    is_list("from a checkpoint", "b.ini, a.ini");
    no_complaints();
}

/* The event log takes nothing: nobody has heard of the repair, and it is on the list. */
static void what_is_not_reported_yet(void **state) {
    (void)state;
    start();
    (void)a_repaired("a.ini");
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    (void)a_repaired("b.ini");
    journal_is_clean(1);
    is_list("not reported", "a.ini, b.ini");
    /* The same record once more, with the same content. */
    fake_heal(&fake);
    run(MINUTE);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    fake_change(fake_find(&fake, "a.ini"), STUCK);
    mender_hint(&mender, "a.ini");
    run(10 * SECOND);
    journal_is_clean(1);
    is_list("once", "b.ini, a.ini");
    no_complaints();
}

/* As many folders as there is room for, each with a record that is held. */
static void a_folder_too_many(void **state) {
    (void)state;
    struct journal_entry entry = an_intent(1, "held.ini", STUCK);
    entry.kind = JOURNAL_HOLD;
    for (unsigned i = 0; i < MEMORY_FOLDERS; i++) {
        (void)snprintf(entry.text, sizeof entry.text, "E:\\%u", i);
        fake_append_entry(&fake, &entry);
    }
    entry = an_intent(2, "a.ini", STUCK);
    entry.kind = JOURNAL_REPAIRED;
    fake_append_entry(&fake, &entry);
    (void)fake_file(&fake, "a.ini", repaired_text);
    is_list("one more", "");
    assert_true(memory.overflow);
    no_complaints();
}

/* What a journal says that was made by hand: a record larger than one is read. */
static void too_large_to_be_a_record(void **state) {
    (void)state;
    char *text = malloc(RECORD_BYTES_MAX + 2);
    assert_non_null(text);
    memset(text, 'x', RECORD_BYTES_MAX + 1);
    for (uint32_t more = 0; more <= 1; more++) {
        (void)rig_setup(NULL);
        text[RECORD_BYTES_MAX + more] = '\0';
        struct journal_entry entry = an_intent(1, "a.ini", STUCK);
        entry.kind = JOURNAL_REPAIRED;
        entry.size = RECORD_BYTES_MAX + more;
        entry.after = crc32(0, text, entry.size);
        fake_append_entry(&fake, &entry);
        (void)fake_file(&fake, "a.ini", text);
        is_list("its size", more == 0 ? "a.ini" : "a.ini changed");
        text[RECORD_BYTES_MAX] = 'x';
    }
    free(text);
    no_complaints();
}

/* By the time of the repair, then by its number, whatever stands first in the journal. */
static void by_time_and_number(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t number, seconds;
    } rows[] = {
        {"b.ini", 9, 1}, {"d.ini", 8, 3}, {"a.ini", 3, 1}, {"e.ini", 7, 4}, {"c.ini", 1, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct journal_entry entry = an_intent(rows[i].number, rows[i].name, STUCK);
        entry.kind = JOURNAL_REPAIRED;
        entry.utc += rows[i].seconds;
        fake_append_entry(&fake, &entry);
        (void)fake_file(&fake, rows[i].name, repaired_text);
    }
    is_list("all", "a.ini, b.ini, c.ini, d.ini, e.ini");
    same_number("all", "count", 5, todo_count(&memory));
    fake_change(fake_find(&fake, "c.ini"), STUCK);
    is_list("of the same size", "a.ini, b.ini, c.ini changed, d.ini, e.ini");
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(is_in_the_order_of_repairs), TEST(what_has_changed_or_is_gone),
        TEST(the_last_change_counts),     TEST(another_folder_is_not_meant),
        TEST(two_paths_of_one_folder),    TEST(outlives_a_new_journal),
        TEST(what_is_not_reported_yet),   TEST(a_folder_too_many),
        TEST(too_large_to_be_a_record),   TEST(by_time_and_number)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
