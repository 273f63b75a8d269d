/* SPDX-License-Identifier: MIT */
/*
 * test_spelling: core/reverse and core/memory: one record by whatever name, and one folder by whatever path, is undone,
 * held and released.
 */
#include "rig.h"

static void undo_by_another_name(void **state) {
    (void)state;
    static const char *const names[] = {"Mxclfr4zqvktn.ini", "MXCLFR4ZQVKTN.INI", "MXCLFR~1.INI",
                                        "mxclfr~1.ini"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)rig_setup(NULL);
        struct fake_file *file = fake_file(&fake, "Mxclfr4zqvktn.ini", STUCK);
        (void)text_copy(file->alias, sizeof file->alias, "MXCLFR~1.INI");
        start();
        run(MINUTE);
        same_number(names[i], "undo", HOST_OK, by_another(mender_undo, names[i]).code);
        same_number(names[i], "writes", 2, file->writes);
        same_text(names[i], "in the journal", "Mxclfr4zqvktn.ini",
                  fake_entry(&fake, JOURNAL_HOLD)->name);
        run(HOUR);
        same_number(names[i], "is held, writes", 2, file->writes);
        same_number(names[i], "release", HOST_OK, by_another(mender_release, names[i]).code);
        same_text(names[i], "2041", "Mxclfr4zqvktn.ini",
                  fake_event(&fake, EVENT_RELEASED)->string[0]);
        run(MINUTE);
        same_number(names[i], "is repaired, writes", 3, file->writes);
    }
    no_complaints();
}

/* A record that is gone keeps the name that it is given: its hold can be ended. */
static void release_of_what_is_gone(void **state) {
    (void)state;
    an_undone_file()->there = false;
    same_number("undo", "code", HOST_GONE, by_another(mender_undo, "a.ini").code);
    same_number("release", "code", HOST_OK, by_another(mender_release, "A.ini").code);
    same_number("once more", "release", HOST_GONE, by_another(mender_release, "a.ini").code);
    journal_is_clean(0);
    no_complaints();
}

/* HOLD has the number of its UNDO, RELEASE that of its HOLD, after a checkpoint too. */
static void numbers_of_holds(void **state) {
    (void)state;
    (void)an_undone_file();
    same_number("UNDO", "number", 2, fake_entry(&fake, JOURNAL_UNDO)->number);
    same_number("HOLD", "number", 2, fake_entry(&fake, JOURNAL_HOLD)->number);
    fake_fill_journal(&fake);
    mender_journal_changed(&mender);
    run(SECOND);
    same_number("checkpoint", "number of the HOLD", 2, fake_entry(&fake, JOURNAL_HOLD)->number);
    same_number("a.ini", "release", HOST_OK, by_another(mender_release, "a.ini").code);
    same_number("RELEASE", "number", 2, fake_entry(&fake, JOURNAL_RELEASE)->number);
    run(MINUTE);
    same_number("the next INTENT", "number", 3, fake_entry(&fake, JOURNAL_INTENT)->number);
    no_complaints();
}

/* FIELD.md I1: the folder is spelled another way. The hold, the limit, undo and release go with the
 * folder, before and after a restart; `early`: the journal is read before the folder is open. */
static void another_spelling(bool early) {
    const char *label = early ? "journal read first" : "folder open first";
    (void)rig_setup(NULL);
    fake.alias[0] = "C:/Security/Mgrent/../Mgrent/Clients";
    settings.repairs_per_hour = 3;
    struct fake_file *held = an_undone_file();
    struct fake_file *b = fake_file(&fake, "b.ini", STUCK);
    mender_hint(&mender, "b.ini");
    run(MINUTE);
    repaired(b, STUCK);
    /* The disk spells it otherwise from now on: another drive letter, a share of the host
     * itself. */
    const char *first = fake.paths[0];
    fake.paths[0] = fake.alias[0];
    fake.alias[0] = first;
    (void)text_copy(settings.folder, sizeof settings.folder, fake.paths[0]);
    fake_restart(&fake, false);
    start_without_folder();
    if (early)
        run(SECOND);
    open_folder();
    run(10 * MINUTE);
    same_number(label, "a.ini is held, writes", 2, held->writes);
    same_number(label, "b.ini, undo", HOST_OK, by_another(mender_undo, "b.ini").code);
    same_number(label, "a.ini, release", HOST_OK, by_another(mender_release, "a.ini").code);
    run(MINUTE);
    same_number(label, "a.ini is released, writes", 3, held->writes);
    (void)fake_file(&fake, "c.ini", STUCK);
    mender_hint(&mender, "c.ini");
    run(10 * MINUTE);
    same_number(label, "2030", 1, fake_events(&fake, EVENT_LIMIT));
    /* And back: HOLD and RELEASE of a.ini stand under two paths. */
    fake.alias[0] = fake.paths[0];
    fake.paths[0] = first;
    (void)text_copy(settings.folder, sizeof settings.folder, first);
    fake_change(held, STUCK);
    fake_restart(&fake, false);
    start_without_folder();
    if (early)
        run(SECOND);
    open_folder();
    run(2 * HOUR);
    same_number(label, "a.ini is not held any more, writes", 4, held->writes);
    same_number(label, "b.ini is held, writes", 2, b->writes);
    journal_is_clean(0);
}

static void test_I1_folder_spelled_another_way(void **state) {
    (void)state;
    another_spelling(false);
    another_spelling(true);
    no_complaints();
}

/* As the first version left it, which took two spellings for two folders: two holds on one record,
 * read before the folder is open. A release ends both. */
static void test_I1_held_under_two_spellings(void **state) {
    (void)state;
    fake.alias[0] = "X:\\";
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    struct journal_entry entry = an_intent(1, "a.ini", STUCK);
    entry.kind = JOURNAL_HOLD;
    fake_append_entry(&fake, &entry);
    (void)text_copy(entry.text, sizeof entry.text, "X:\\");
    fake_append_entry(&fake, &entry);
    start_without_folder();
    run(SECOND);
    open_folder();
    run(MINUTE);
    untouched(file, STUCK);
    same_number("a.ini", "release", HOST_OK, by_another(mender_release, "a.ini").code);
    run(MINUTE);
    repaired(file, STUCK);
    restart(false);
    run(MINUTE);
    same_number("a.ini", "release, once more", HOST_GONE, by_another(mender_release, "a.ini").code);
    no_complaints();
}

/* Replaced by a journal that cannot be written anew yet, of which it turns out meanwhile that two folders are
 * one: to read that from its start would forget what only we know. */
static void replaced_and_two_folders_are_one(void **state) {
    (void)state;
    const struct host_result why = {HOST_FAILED, 3, "it is gone"};
    fake.alias[0] = "X:\\";
    struct fake_file *held = an_undone_file();
    run(SECOND);
    mender_folder_away(&mender, &why);
    fake_delete_journal(&fake);
    struct journal_entry entry = an_intent(1, "z.ini", STUCK);
    entry.kind = JOURNAL_HOLD;
    (void)text_copy(entry.text, sizeof entry.text, "X:\\");
    fake_append_entry(&fake, &entry);
    (void)fake_fail(&fake, FAKE_JOURNAL_NEW, 1, FAKE_FOR_EVER, HOST_FAILED);
    mender_journal_changed(&mender);
    run(10 * SECOND);
    open_folder();
    run(MINUTE);
    fake_heal(&fake);
    run(5 * MINUTE);
    same_number("a.ini", "is held, writes", 2, held->writes);
    same_number("journal", "HOLDs", 2, fake_entries(&fake, JOURNAL_HOLD));
    restart(false);
    run(MINUTE);
    same_number("after a restart", "is held, writes", 2, held->writes);
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(undo_by_another_name),
        TEST(release_of_what_is_gone),
        TEST(numbers_of_holds),
        TEST(test_I1_folder_spelled_another_way),
        TEST(test_I1_held_under_two_spellings),
        TEST(replaced_and_two_folders_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
