/* SPDX-License-Identifier: MIT */
/*
 * test_remind: core/remind, event 2005: when it is said which mailboxes still have to be enabled, and
 * which are named. The list itself is test_todo's.
 */
#include "rig.h"
#include "todo.h"

enum { DAY = 24 * HOUR, QUARTER = 15 * MINUTE };

static void begin(uint32_t hours) {
    settings.reminder_hours = hours;
    start();
    run(MINUTE);
}

static struct fake_file *a_repaired_as(const char *name, const char *text) {
    struct fake_file *file = fake_file(&fake, name, text);
    mender_hint(&mender, name);
    run(10 * SECOND);
    same_number(name, "writes", 1, file->writes);
    return file;
}

static struct fake_file *a_repaired(const char *name) {
    return a_repaired_as(name, STUCK);
}

static void reminders(const char *label, unsigned expected) {
    same_number(label, "2005", expected, fake_events(&fake, EVENT_TO_ENABLE));
}

/* The strings of the last one. */
static void names(const char *label, const char *mailboxes, const char *count) {
    const struct fake_event *event = NULL;
    for (size_t i = 0; i < fake.event_count; i++) {
        if (fake.events[i].number == EVENT_TO_ENABLE)
            event = &fake.events[i];
    }
    assert_non_null(event);
    same_text(label, "mailboxes", mailboxes, event->string[0]);
    same_text(label, "in all", count, event->string[1]);
    same_text(label, "folder", settings.folder, event->string[2]);
}

#define ANNA "/o=Org/ou=Site/cn=Recipients/cn=Anna"

static void after_so_many_hours_and_again(void **state) {
    (void)state;
    begin(24);
    (void)a_repaired("a.ini");
    run(DAY - QUARTER);
    reminders("before", 0);
    run(QUARTER);
    reminders("after a day", 1);
    names("after a day", ANNA, "1");
    run(DAY - QUARTER);
    reminders("before the second", 1);
    run(QUARTER);
    reminders("after two days", 2);
    run(10 * (uint64_t)DAY);
    reminders("after twelve days", 12);
    no_complaints();
}

static void by_the_setting(void **state) {
    (void)state;
    begin(0);
    (void)a_repaired("a.ini");
    run(3 * DAY);
    reminders("0 hours", 0);
    settings.reminder_hours = 72;
    mender_configure(&mender, &settings);
    run(QUARTER);
    reminders("72 hours", 1);
    run(2 * DAY);
    reminders("72 hours", 1);
    settings.reminder_hours = 47;
    mender_configure(&mender, &settings);
    run(QUARTER);
    reminders("47 hours", 2);
    no_complaints();
}

static void not_of_what_is_off_the_list(void **state) {
    (void)state;
    begin(24);
    fake_change(a_repaired("changed.ini"), SOUND);
    mender_hint(&mender, "changed.ini");
    a_repaired("gone.ini")->there = false;
    (void)a_repaired("undone.ini");
    same_number("undone.ini", "undo", HOST_OK, by_another(mender_undo, "undone.ini").code);
    run(3 * DAY);
    reminders("an empty list", 0);
    fake_find(&fake, "gone.ini");
    for (size_t i = 0; i < fake.file_count; i++)
        fake.files[i].there = true;
    run(QUARTER + HOUR);
    reminders("one is back as it was", 1);
    names("one is back as it was", ANNA, "1");
    no_complaints();
}

/* Nobody has told the service of the change, nor was there a scan since. */
static void what_changed_unseen_is_not_named(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    begin(24);
    struct fake_file *changed = a_repaired("changed.ini");
    run(HOUR);
    (void)a_repaired("a.ini");
    run(20 * HOUR);
    fake_change(changed, SOUND);
    run(3 * HOUR + QUARTER);
    reminders("the one that is old enough has changed", 0);
    run(HOUR);
    reminders("the other one", 1);
    names("the other one", ANNA, "1");
    no_complaints();
}

/* Whoever writes a record again begins by cutting it short. */
static void cut_short_and_written_again(uint32_t rescan_minutes) {
    settings.rescan_minutes = rescan_minutes;
    begin(24);
    struct fake_file *file = a_repaired("a.ini");
    run(23 * HOUR + 2 * QUARTER);
    fake_change(file, "");
    run(HOUR);
    reminders("cut short", 0);
    same_number("cut short", "to enable", 0, todo_count(&mender.ledger.memory));
    fake_fill_journal(&fake);
    mender_journal_changed(&mender);
    run(MINUTE);
    same_number("a new journal", "REPAIRED", 1, fake_entries(&fake, JOURNAL_REPAIRED));
    fake_change(file, repaired_text);
    mender_hint(&mender, "a.ini");
    run(QUARTER);
    reminders("as its repair left it again", 1);
    names("as its repair left it again", ANNA, "1");
    same_number("a.ini", "undo", HOST_OK, by_another(mender_undo, "a.ini").code);
    no_complaints();
}

static void a_look_at_a_rewrite_forgets_nothing(void **state) {
    (void)state;
    cut_short_and_written_again(0);
    no_complaints();
}

static void a_scan_of_a_rewrite_forgets_nothing(void **state) {
    (void)state;
    cut_short_and_written_again(15);
    no_complaints();
}

static void the_first_are_named(void **state) {
    (void)state;
    begin(24);
    (void)a_repaired_as("unnamed.ini", OTHER_STUCK);
    struct fake_file *busy = a_repaired("busy.ini");
    busy->shared = HOST_BUSY;
    (void)a_repaired("b.ini");
    run(DAY);
    reminders("one is busy", 1);
    names("one is busy", "record unnamed.ini; " ANNA, "3");
    (void)a_repaired_as("c.ini", OTHER_STUCK);
    (void)a_repaired_as("d.ini", OTHER_STUCK);
    (void)a_repaired_as("e.ini", OTHER_STUCK);
    (void)a_repaired_as("f.ini", OTHER_STUCK);
    run(DAY);
    names("more than are named",
          "record unnamed.ini; " ANNA "; record c.ini; record d.ini; record e.ini; ...", "7");
    no_complaints();
}

/* More of the oldest than are looked at in one step. */
static void what_cannot_be_read_keeps_nobody_waiting(void **state) {
    (void)state;
    struct fake_file *busy[2 * REMIND_LOOKS];
    settings.rescan_minutes = 0;
    begin(24);
    for (unsigned i = 0; i < 2 * REMIND_LOOKS; i++) {
        char name[] = "busy-a.ini";
        name[5] = (char)(name[5] + i);
        busy[i] = a_repaired(name);
        busy[i]->shared = HOST_BUSY;
    }
    (void)a_repaired_as("z.ini", OTHER_STUCK);
    run(DAY + QUARTER);
    reminders("a day", 1);
    names("a day", "record z.ini", "21");
    fake.count[FAKE_OPEN] = 0;
    run(22 * HOUR);
    same_number("none is due", "opened once an hour", true,
                fake.count[FAKE_OPEN] <= 22 * (2 * REMIND_LOOKS + 1));
    run(2 * HOUR);
    reminders("two days", 2);
    fake_find(&fake, "z.ini")->there = false;
    run(DAY);
    reminders("none can be read", 2);
    busy[7]->shared = HOST_OK;
    run(HOUR + QUARTER);
    reminders("one can be read again", 3);
    names("one can be read again", ANNA, "20");
    no_complaints();
}

/* All of its strings: the fake host keeps the beginning of each only. */
static char told[2 * REMIND_TEXT];
static bool (*report)(void *context, const struct event *event);

static bool listen(void *context, const struct event *event) {
    if (event->number == EVENT_TO_ENABLE)
        (void)text_copy(told, sizeof told, event->string[0]);
    return report(context, event);
}

/* Five names of 256 characters are too many bytes for an event; of 3 bytes each, two. */
static void as_many_as_there_is_room_for(void **state) {
    (void)state;
    static const struct {
        const char *character;
        size_t named;
    } rows[] = {{"x", 4}, {"\xE4\xB8\xAD", 1}};
    for (size_t row = 0; row < 2; row++) {
        char text[1024] = "[Client]\r\nName = /o=O/cn=a";
        char expected[2 * REMIND_TEXT] = "";
        (void)rig_setup(NULL);
        report = fake.host.report;
        fake.host.report = listen;
        begin(24);
        for (size_t i = 0; i < 247; i++)
            (void)strcat(text, rows[row].character);
        for (size_t i = 0; i < rows[row].named; i++) {
            (void)strcat(expected, text + strlen("[Client]\r\nName = "));
            (void)strcat(expected, "; ");
        }
        (void)strcat(expected, "...");
        (void)strcat(text, "\r\nState = 4\r\n");
        for (char name[] = "a.ini"; name[0] <= 'e'; name[0]++)
            (void)a_repaired_as(name, text);
        run(DAY);
        same_text(rows[row].character, "mailboxes", expected, told);
    }
    no_complaints();
}

/* They are in use from just after the look on: no more than so many are opened in one step, and none is named. */
static void not_all_in_one_step(void **state) {
    (void)state;
    enum { RECORDS = REMIND_LOOKS + 2 };
    settings.rescan_minutes = 0;
    begin(24);
    for (char name[] = "a.ini"; name[0] < 'a' + RECORDS; name[0]++)
        (void)a_repaired(name);
    run(DAY - 10 * SECOND * RECORDS - QUARTER);
    reminders("before", 0);
    fake.count[FAKE_OPEN] = 0;
    (void)fake_fail(&fake, FAKE_OPEN, RECORDS + 1, FAKE_FOR_EVER, HOST_BUSY);
    while (fake.count[FAKE_OPEN] < RECORDS)
        run(MINUTE);
    reminders("in use", 0);
    same_number("in use", "opened", RECORDS + REMIND_LOOKS, fake.count[FAKE_OPEN]);
    fake_heal(&fake);
    run(HOUR + QUARTER);
    reminders("closed again", 1);
    no_complaints();
}

static void not_while_paused_or_away(void **state) {
    (void)state;
    const struct host_result why = {HOST_FAILED, 3, NULL};
    begin(24);
    (void)a_repaired("a.ini");
    mender_pause(&mender);
    run(3 * DAY);
    reminders("paused", 0);
    mender_continue(&mender);
    run(HOUR);
    reminders("continued, not open", 0);
    mender_folder_away(&mender, &why);
    run(DAY);
    reminders("away", 0);
    open_folder();
    run(QUARTER);
    reminders("open", 1);
    no_complaints();
}

static void outlives_restarts(void **state) {
    (void)state;
    begin(24);
    (void)a_repaired("a.ini");
    for (unsigned i = 0; i < 23; i++) {
        run(HOUR);
        restart(false);
    }
    run(HOUR - QUARTER);
    reminders("before", 0);
    run(2 * QUARTER);
    reminders("after a day", 1);
    for (unsigned i = 0; i < 23; i++) {
        restart(i % 2 == 0);
        run(HOUR);
    }
    reminders("before the second", 1);
    run(HOUR);
    reminders("after two days", 2);
    same_number("STATE", "has the time", true,
                fake_entry(&fake, JOURNAL_STATE)->state.reminded > fake.utc_base);
    no_complaints();
}

/* Only the service says it. */
static void another_process_is_silent(void **state) {
    (void)state;
    begin(24);
    (void)a_repaired("a.ini");
    mender_close(&mender);
    fake.clock += 3 * DAY;
    other_repairs();
    reminders("repair", 0);
    restart(false);
    run(QUARTER);
    reminders("the service", 1);
    no_complaints();
}

static void the_wall_clock_is_set(void **state) {
    (void)state;
    begin(24);
    (void)a_repaired("a.ini");
    run(HOUR);
    fake.apart = 100 * 86400;
    run(22 * HOUR);
    reminders("set forwards", 0);
    run(HOUR + QUARTER);
    reminders("after a day", 1);
    fake.apart = -100 * 86400;
    run(22 * HOUR);
    reminders("set back", 1);
    run(2 * HOUR);
    reminders("after two days", 2);
    fake.apart = 200 * 86400;
    run(HOUR);
    restart(false);
    run(22 * HOUR);
    reminders("set forwards, and a restart", 2);
    run(HOUR);
    reminders("after three days", 3);
    fake.apart = 0;
    restart(false);
    run(23 * HOUR);
    reminders("set back while it does not run", 3);
    run(2 * HOUR);
    reminders("after four days", 4);
    no_complaints();
}

/* To a time at which, counted back, it was said before 1970. */
static void the_wall_clock_begins_anew(void **state) {
    (void)state;
    begin(24);
    (void)a_repaired("a.ini");
    run(DAY + QUARTER);
    reminders("after a day", 1);
    fake.apart = 1 - (int64_t)fake.utc_base - (int64_t)(fake.clock / 1000);
    run(DAY - 2 * QUARTER);
    reminders("before the second", 1);
    run(2 * QUARTER);
    reminders("after two days", 2);
    no_complaints();
}

static void a_repair_from_the_future_and_restarts(void **state) {
    (void)state;
    begin(24);
    fake.apart = 30 * 86400;
    (void)a_repaired("a.ini");
    fake.apart = 0;
    for (unsigned i = 0; i < 10; i++) {
        restart(i % 2 == 0);
        run(12 * HOUR + MINUTE);
        reminders("restarted each 12 h", (i + 1) / 2);
    }
    no_complaints();
}

static void what_was_not_taken_was_not_said(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    begin(24);
    (void)a_repaired("a.ini");
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    run(2 * DAY);
    reminders("no event log", 0);
    same_number("no event log", "tries at most", true, fake.count[FAKE_REPORT] < 60);
    same_number("STATE", "not reminded", 0, fake_entry(&fake, JOURNAL_STATE)->state.reminded);
    fake_heal(&fake);
    run(HOUR + MINUTE);
    reminders("it is back", 1);
    run(DAY - 2 * HOUR);
    reminders("a day later", 1);
    no_complaints();
}

static void a_scan_tells_how_many(void **state) {
    (void)state;
    begin(0);
    (void)a_repaired("a.ini");
    a_repaired("gone.ini")->there = false;
    fake_change(a_repaired("changed.ini"), SOUND);
    (void)a_repaired("b.ini");
    fake_clear_events(&fake);
    mender_configure(&mender, &settings);
    run(SECOND);
    same_text("3020", "mailboxes to enable", "2", fake_event(&fake, EVENT_SCANNED)->string[7]);
    no_complaints();
}

/* That what could not be read is looked at once an hour, to the minute. */
static void looked_at_once_an_hour(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    begin(24);
    a_repaired("busy.ini")->shared = HOST_BUSY;
    run(DAY + QUARTER);
    fake.count[FAKE_OPEN] = 0;
    run(DAY);
    same_number("in a day", "opened", 24, fake.count[FAKE_OPEN]);
    no_complaints();
}

/* Tried again after 1, 2, 4 ... 60 minutes. */
static void what_was_not_taken_backs_off(void **state) {
    (void)state;
    static const uint32_t waits[] = {1, 2, 4, 8, 16, 32, 60, 60};
    settings.rescan_minutes = 0;
    begin(24);
    (void)a_repaired("a.ini");
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    fake.count[FAKE_REPORT] = 0;
    run(DAY - QUARTER);
    while (fake.count[FAKE_REPORT] == 0)
        run(1);
    for (unsigned i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        run(waits[i] * MINUTE - 1);
        same_number("just before", "tries", i + 1, fake.count[FAKE_REPORT]);
        run(1);
        same_number("at its time", "tries", i + 2, fake.count[FAKE_REPORT]);
    }
    /* Once one was taken it begins anew. */
    fake_heal(&fake);
    run(HOUR);
    reminders("it is back", 1);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    fake.count[FAKE_REPORT] = 0;
    for (unsigned minute = 0; minute < 25 * 60 && fake.count[FAKE_REPORT] == 0; minute++)
        run(MINUTE);
    same_number("a day later", "tries", 1, fake.count[FAKE_REPORT]);
    run(MINUTE);
    same_number("a minute later", "tries", 2, fake.count[FAKE_REPORT]);
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(after_so_many_hours_and_again),
        TEST(by_the_setting),
        TEST(not_of_what_is_off_the_list),
        TEST(what_changed_unseen_is_not_named),
        TEST(a_look_at_a_rewrite_forgets_nothing),
        TEST(a_scan_of_a_rewrite_forgets_nothing),
        TEST(the_first_are_named),
        TEST(what_cannot_be_read_keeps_nobody_waiting),
        TEST(as_many_as_there_is_room_for),
        TEST(not_all_in_one_step),
        TEST(not_while_paused_or_away),
        TEST(outlives_restarts),
        TEST(another_process_is_silent),
        TEST(the_wall_clock_is_set),
        TEST(the_wall_clock_begins_anew),
        TEST(a_repair_from_the_future_and_restarts),
        TEST(what_was_not_taken_was_not_said),
        TEST(a_scan_tells_how_many),
        TEST(looked_at_once_an_hour),
        TEST(what_was_not_taken_backs_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
