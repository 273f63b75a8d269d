#include "check.h"
#include "crc32.h"
#include "fake_host.h"
#include "mender.h"
#include "text.h"

#define STUCK "[Client]\r\nName = /o=Org/ou=Site/cn=Recipients/cn=Anna\r\nState = 4\r\nKey = x\r\n"
#define OTHER_STUCK "[Client]\r\nState = 4\r\nKey = y\r\n"
#define SOUND "[Client]\r\nState = 4\r\nNumSCerts = 1\r\n"
#define DOUBTFUL "[Client]\r\nState = 04\r\n"
#define UNREADABLE "\xFF\xFEx"
#define NO_RECORD "[Other]\r\nx = 1\r\n"

enum { DIGIT = 63, SECOND = 1000, MINUTE = 60 * 1000, HOUR = 60 * 60 * 1000 };

static struct fake_host fake;
static struct mender mender;
static struct settings settings;
static unsigned char bytes[RECORD_BYTES_MAX];

/* ---- helpers */

static int setup(void **state) {
    (void)state;
    fake_reset(&fake);
    config_defaults(&settings);
    (void)text_copy(settings.folder, sizeof settings.folder, fake.paths[0]);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    fake_reset(&fake);
    return 0;
}

static void start(void) {
    mender_init(&mender, &fake.host, &settings, bytes);
    mender_note_settings(&mender);
}

/* Lets the mender work for so long. A mender that always has more to do at once would spin. */
static void run(uint64_t ms) {
    uint64_t until = fake.clock + ms;
    for (unsigned idle = 0; idle < 100000;) {
        uint64_t time = fake.clock;
        unsigned calls = fake.calls;
        uint64_t due = mender_step(&mender);
        idle = fake.calls != calls || fake.clock != time ? 0 : idle + 1;
        if (due <= fake.clock)
            continue;
        if (due > until) {
            fake.clock = until > fake.clock ? until : fake.clock;
            return;
        }
        fake.clock = due;
    }
    fail_msg("the mender spins: 100000 steps in which nothing happened");
}

/* For what may go on for ever with calls to the host: so many steps at most. */
static bool run_bounded(uint64_t ms, unsigned steps) {
    uint64_t until = fake.clock + ms;
    while (steps-- > 0) {
        uint64_t due = mender_step(&mender);
        if (due > until)
            return true;
        if (due > fake.clock)
            fake.clock = due;
    }
    return false;
}

static void restart(bool lost) {
    fake_restart(&fake, lost);
    start();
}

static void story(const char *label, const char *expected) {
    same_text(label, "events", expected, fake_story(&fake));
}

/* The content is what it was but for the one byte. */
static void repaired(const struct fake_file *file, const char *before) {
    size_t digit = (size_t)(strstr(before, "State = 4") - before) + 8;
    if (file->size != strlen(before) || memcmp(file->bytes, before, digit) != 0 ||
        memcmp(file->bytes + digit + 1, before + digit + 1, file->size - digit - 1) != 0)
        complain("%s: expected one byte to differ, got more", file->name);
    else if (file->bytes[digit] != '1')
        complain("%s: expected it to be repaired, it is not", file->name);
    same_number(file->name, "writes", 1, file->writes);
}

static void untouched(const struct fake_file *file, const char *text) {
    if (file->size != strlen(text) || memcmp(file->bytes, text, file->size) != 0)
        complain("%s: expected it to be as it was, it is not", file->name);
    same_number(file->name, "writes", 0, file->writes);
}

static void never_opened_for_repair(const struct fake_file *file) {
    same_number(file->name, "times opened for repair", 0, file->opened_for_repair);
}

static void journal_is_clean(unsigned open) {
    same_number("journal", "INTENTs without DONE", open, fake_open_intents(&fake, true));
}

static void many_files(unsigned count, const char *text) {
    for (unsigned i = 0; i < count; i++) {
        char name[FAKE_NAME_BYTES];
        (void)snprintf(name, sizeof name, "Mx%05u.ini", i);
        (void)fake_file(&fake, name, text);
    }
}

static unsigned count_repaired(void) {
    unsigned count = 0;
    for (size_t i = 0; i < fake.file_count; i++)
        count += fake.files[i].writes;
    return count;
}

/* ---- finding and repairing */

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
    same_number("mender", "repaired", 1, mender.repaired);
    journal_is_clean(0);
    run(30 * MINUTE);
    story("later", "3020, 2000 a.ini");
    no_complaints();
}

static void repairs_by_hint(void **state) {
    (void)state;
    start();
    run(HOUR / 2);
    struct fake_file *file = fake_file(&fake, "Mx1.ini", OTHER_STUCK);
    mender_hint(&mender, "Mx1.ini");
    run(4999);
    untouched(file, OTHER_STUCK);
    run(1);
    repaired(file, OTHER_STUCK);
    story("events", "3020, 2000 Mx1.ini");
    same_text("event", "mailbox", "(not named in the record)",
              fake_event(&fake, EVENT_REPAIRED)->string[2]);
    no_complaints();
}

static void order_of_calls(void **state) {
    (void)state;
    fake_clear_log(&fake);
    start();
    run(SECOND);
    same_text("start", "calls",
              "journal-open, journal-open, append LOADED, list, next, report 3020",
              fake_log(&fake));
    (void)fake_file(&fake, "a.ini", STUCK);
    mender_hint(&mender, "a.ini");
    fake_clear_log(&fake);
    run(10 * SECOND);
    same_text("repair", "calls",
              "open a.ini, read, close, journal-open, open-repair a.ini, read, append INTENT 1, "
              "write 63, flush, read, close, report 2000 a.ini, append DONE 1 repaired",
              fake_log(&fake));
    /* Our own write comes back as a hint: one quiet look. */
    mender_hint(&mender, "a.ini");
    fake_clear_log(&fake);
    run(10 * SECOND);
    same_text("the second look", "calls", "open a.ini, read, close", fake_log(&fake));
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
    assert_int_equal(mender.pending.count, 0);
    no_complaints();
}

/* ---- records that somebody else has */

static void busy_backs_off(void **state) {
    (void)state;
    /* Attempts after the first: 1, 2, 4 ... seconds, a minute at most. */
    static const uint32_t at[] = {5, 6, 8, 12, 20, 36, 68, 128, 188, 248};
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    file->repair = HOST_BUSY;
    start();
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        run((i == 0 ? at[0] : at[i] - at[i - 1]) * SECOND - 1);
        same_number("just before", "attempts", i, file->opened_for_repair);
        run(1);
        same_number("at its time", "attempts", i + 1, file->opened_for_repair);
        same_number("at its time", "2020", at[i] - at[0] >= 60, fake_events(&fake, EVENT_BUSY));
    }
    same_number("mender", "is settled", true, mender_is_settled(&mender));
    file->repair = HOST_OK;
    run(MINUTE);
    repaired(file, STUCK);
    story("events", "3020, 2020 a.ini, 2000 a.ini");
    no_complaints();
}

static void busy_when_looked_at(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    file->shared = HOST_BUSY;
    start();
    run(10 * MINUTE);
    untouched(file, STUCK);
    story("busy", "3020, 2020 a.ini");
    same_text("scan", "not readable", "1", fake_event(&fake, EVENT_SCANNED)->string[5]);
    file->shared = HOST_OK;
    run(2 * MINUTE);
    repaired(file, STUCK);
    story("free", "3020, 2020 a.ini, 2000 a.ini");
    no_complaints();
}

/* DESIGN.md: "Wait until the record has been quiet for the settle time". A record that somebody had
 * open a moment ago has not been. */
static void busy_is_not_quiet(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    file->shared = HOST_BUSY;
    start();
    run(500);
    file->shared = HOST_OK;
    run(4 * SECOND);
    untouched(file, STUCK);
    run(10 * SECOND);
    repaired(file, STUCK);
    no_complaints();
}

static void two_times_busy(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    file->repair = HOST_BUSY;
    start();
    run(40 * SECOND);
    /* It is free, but changes, and then it is busy again: not for a minute yet. */
    fake_change(file, OTHER_STUCK);
    file->repair = HOST_OK;
    run(28 * SECOND);
    same_number("a.ini", "2020", 0, fake_events(&fake, EVENT_BUSY));
    run(10 * SECOND);
    repaired(file, OTHER_STUCK);
    no_complaints();
}

static void failing_to_open_is_tried_again(void **state) {
    (void)state;
    static const enum fake_call calls[] = {FAKE_OPEN, FAKE_OPEN_REPAIR, FAKE_READ};
    for (size_t i = 0; i < 3; i++) {
        for (unsigned from = 1; from <= 3; from++) {
            (void)setup(NULL);
            struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
            (void)fake_fail(&fake, calls[i], from, 1, HOST_FAILED);
            start();
            run(MINUTE);
            repaired(file, STUCK);
            same_number("a.ini", "2000", 1, fake_events(&fake, EVENT_REPAIRED));
        }
    }
    no_complaints();
}

static void refused_is_told_once(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    file->repair = HOST_REFUSED;
    start();
    run(10 * HOUR);
    mender_hint(&mender, "a.ini");
    run(HOUR);
    story("events", "3020, 2021 a.ini");
    same_text("event", "reason", "it is read-only",
              fake_event(&fake, EVENT_REPAIR_FAILED)->string[2]);
    untouched(file, STUCK);
    fake_change(file, OTHER_STUCK);
    mender_hint(&mender, "a.ini");
    run(HOUR);
    same_number("another content", "2021", 2, fake_events(&fake, EVENT_REPAIR_FAILED));
    file->repair = HOST_OK;
    mender_hint(&mender, "a.ini");
    run(MINUTE);
    repaired(file, OTHER_STUCK);
    no_complaints();
}

/* ---- what is only told */

static void doubtful_and_unreadable_are_told_once(void **state) {
    (void)state;
    struct fake_file *d = fake_file(&fake, "d.ini", DOUBTFUL);
    struct fake_file *u = fake_file(&fake, "u.ini", UNREADABLE);
    start();
    run(5 * HOUR);
    mender_hint(&mender, "d.ini");
    mender_hint(&mender, "u.ini");
    run(5 * HOUR);
    mender_changes_lost(&mender);
    run(MINUTE);
    same_number("d.ini", "2010", 1, fake_events(&fake, EVENT_DOUBTFUL));
    same_number("u.ini", "2011", 1, fake_events(&fake, EVENT_UNREADABLE));
    fake_change(d, DOUBTFUL " ");
    fake_change(u, "\xFF\xFEy");
    run(2 * HOUR);
    same_number("another content", "2010", 2, fake_events(&fake, EVENT_DOUBTFUL));
    same_number("another content", "2011", 2, fake_events(&fake, EVENT_UNREADABLE));
    untouched(d, DOUBTFUL " ");
    no_complaints();
}

static void too_large_is_not_read(void **state) {
    (void)state;
    static char text[RECORD_BYTES_MAX + 2];
    memset(text, '\n', sizeof text - 1);
    memcpy(text, "State = 4", 9);
    struct fake_file *file = fake_file(&fake, "large.ini", text);
    start();
    run(HOUR);
    mender_hint(&mender, "large.ini");
    run(HOUR);
    same_number("large.ini", "reads", 0, fake.count[FAKE_READ]);
    same_number("large.ini", "2011", 1, fake_events_about(&fake, EVENT_UNREADABLE, "large.ini"));
    untouched(file, text);
    no_complaints();
}

static void warnings_are_bounded(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    many_files(MENDER_WARNINGS + 10, DOUBTFUL);
    start();
    run(HOUR);
    same_number("all", "2010", MENDER_WARNINGS, fake_events(&fake, EVENT_DOUBTFUL));
    same_text("scan", "doubtful", "1034", fake_event(&fake, EVENT_SCANNED)->string[4]);
    fake_clear_events(&fake);
    mender_continue(&mender);
    run(HOUR);
    same_number("after CONTINUE", "2010", MENDER_WARNINGS, fake_events(&fake, EVENT_DOUBTFUL));
    no_complaints();
}

static void report_only(void **state) {
    (void)state;
    settings.repair = false;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(10 * HOUR);
    mender_hint(&mender, "a.ini");
    run(HOUR);
    story("events", "3020, 2001 a.ini");
    const struct fake_event *event = fake_event(&fake, EVENT_STUCK);
    same_text("event", "mailbox", "/o=Org/ou=Site/cn=Recipients/cn=Anna", event->string[2]);
    same_text("event", "why", "Repair = no", event->string[3]);
    untouched(file, STUCK);
    never_opened_for_repair(file);
    same_number("journal", "INTENTs", 0, fake_intents(&fake));
    settings.repair = true;
    mender_configure(&mender, &settings);
    run(MINUTE);
    repaired(file, STUCK);
    no_complaints();
}

/* ---- the circuit breaker */

static void stops_at_the_limit(void **state) {
    (void)state;
    settings.repairs_per_hour = 3;
    many_files(10, STUCK);
    start();
    run(50 * MINUTE);
    same_number("in the first hour", "repairs", 3, count_repaired());
    same_number("in the first hour", "2000", 3, fake_events(&fake, EVENT_REPAIRED));
    same_number("in the first hour", "2030", 1, fake_events(&fake, EVENT_LIMIT));
    same_number("in the first hour", "2001", 7, fake_events(&fake, EVENT_STUCK));
    same_text("event", "limit", "3", fake_event(&fake, EVENT_LIMIT)->string[1]);
    run(HOUR);
    same_number("in the second hour", "repairs", 6, count_repaired());
    run(2 * HOUR);
    same_number("in the fourth hour", "repairs", 10, count_repaired());
    same_number("in the fourth hour", "2000", 10, fake_events(&fake, EVENT_REPAIRED));
    no_complaints();
}

static void no_limit_below_it(void **state) {
    (void)state;
    settings.repairs_per_hour = 3;
    settings.rescan_minutes = 0;
    start();
    for (unsigned i = 0; i < 30; i++) {
        char name[FAKE_NAME_BYTES];
        (void)snprintf(name, sizeof name, "Mx%u.ini", i);
        (void)fake_file(&fake, name, STUCK);
        mender_hint(&mender, name);
        run(20 * MINUTE);
        same_number(name, "repairs", i + 1, count_repaired());
    }
    same_number("all", "2030", 0, fake_events(&fake, EVENT_LIMIT));
    no_complaints();
}

/* Where calls take time the repairs of an hour are not all from the same moment. */
static void limit_while_time_passes(void **state) {
    (void)state;
    settings.repairs_per_hour = 20;
    settings.rescan_minutes = 0;
    fake.tick = 3;
    many_files(100, STUCK);
    start();
    run(HOUR / 2);
    same_number("in the first hour", "2030", 1, fake_events(&fake, EVENT_LIMIT));
    run(HOUR);
    same_number("in the second hour", "repairs", 40, count_repaired());
    same_number("in the second hour", "2030", 2, fake_events(&fake, EVENT_LIMIT));
    same_number("in the second hour", "scans at most", true,
                fake_events(&fake, EVENT_SCANNED) <= 4);
    run(4 * HOUR);
    same_number("at the end", "repairs", 100, count_repaired());
    same_number("at the end", "2030 at most", true, fake_events(&fake, EVENT_LIMIT) <= 5);
    no_complaints();
}

/* DESIGN.md: "one loud event; resume after the hour", also when the stuck records come one by one. */
static void one_event_an_hour(void **state) {
    (void)state;
    settings.repairs_per_hour = 20;
    settings.rescan_minutes = 0;
    start();
    for (unsigned minute = 0; minute < 240; minute++) {
        char name[FAKE_NAME_BYTES];
        (void)snprintf(name, sizeof name, "Mx%u.ini", minute);
        (void)fake_file(&fake, name, STUCK);
        mender_hint(&mender, name);
        run(MINUTE);
    }
    same_number("in four hours", "80 repairs at most", true, count_repaired() <= 80);
    same_number("in four hours", "60 repairs at least", true, count_repaired() >= 60);
    if (fake_events(&fake, EVENT_LIMIT) > 4)
        complain("in four hours: 2030: expected 4 at most, got %u",
                 fake_events(&fake, EVENT_LIMIT));
    no_complaints();
}

static void goes_on_when_told(void **state) {
    (void)state;
    settings.repairs_per_hour = 3;
    many_files(10, STUCK);
    start();
    run(MINUTE);
    same_number("at first", "repairs", 3, count_repaired());
    mender_continue(&mender);
    run(MINUTE);
    same_number("after CONTINUE", "repairs", 6, count_repaired());
    settings.repairs_per_hour = 2;
    mender_configure(&mender, &settings);
    run(MINUTE);
    same_number("with other settings", "repairs", 8, count_repaired());
    same_number("with other settings", "2030", 3, fake_events(&fake, EVENT_LIMIT));
    no_complaints();
}

static void limit_survives_a_restart(void **state) {
    (void)state;
    settings.repairs_per_hour = 3;
    many_files(10, STUCK);
    start();
    run(10 * MINUTE);
    for (int i = 0; i < 3; i++) {
        restart(false);
        run(10 * MINUTE);
        same_number("after a restart", "repairs", 3, count_repaired());
    }
    /* The clock of the machine began again; an hour after the first repairs it is over. */
    run(25 * MINUTE);
    same_number("an hour later", "repairs", 6, count_repaired());
    no_complaints();
}

static struct journal_entry an_intent(uint32_t number, const char *name, const char *before);

/* As another process would leave it in the journal, now. */
static void append_repair(uint32_t number, const char *name) {
    struct journal_entry entry = an_intent(number, name, STUCK);
    entry.utc = fake.utc_base + (uint32_t)(fake.clock / 1000);
    fake_append_entry(&fake, &entry);
    entry.kind = JOURNAL_DONE;
    entry.outcome = OUTCOME_NOT_MADE;
    fake_append_entry(&fake, &entry);
}

/* What another process repairs while this one waits for the hour to be over is not forgotten then. */
static void limit_counts_what_others_repair(void **state) {
    (void)state;
    settings.repairs_per_hour = 1;
    many_files(2, STUCK);
    start();
    run(30 * MINUTE);
    same_number("at first", "repairs", 1, count_repaired());
    (void)fake_file(&fake, "b.ini", SOUND);
    append_repair(2, "b.ini");
    mender_journal_changed(&mender);
    run(50 * MINUTE);
    same_number("50 minutes after the other", "repairs", 1, count_repaired());
    run(11 * MINUTE);
    same_number("an hour after the other", "repairs", 2, count_repaired());
    no_complaints();
}

/* A number whose line did not get into the journal may be used by another process. */
static void limit_counts_a_number_of_others(void **state) {
    (void)state;
    settings.repairs_per_hour = 1;
    (void)fake_file(&fake, "a.ini", STUCK);
    (void)fake_file(&fake, "b.ini", SOUND);
    start();
    run(3 * SECOND);
    (void)fake_fail(&fake, FAKE_APPEND, 1, 1, HOST_FAILED);
    run(2 * SECOND);
    append_repair(1, "b.ini");
    run(50 * MINUTE);
    same_number("50 minutes after the other", "repairs", 0, count_repaired());
    run(11 * MINUTE);
    same_number("an hour after the other", "repairs", 1, count_repaired());
    no_complaints();
}

/* ---- the journal */

static void journal_that_can_not_be_opened(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_JOURNAL_OPEN, 1, 8, HOST_FAILED);
    start();
    run(2 * MINUTE);
    untouched(file, STUCK);
    story("while it is away", "2031, 3020");
    same_text("event", "reason", "the test says so",
              fake_event(&fake, EVENT_JOURNAL_AWAY)->string[1]);
    run(5 * MINUTE);
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
        (void)setup(NULL);
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
        (void)setup(NULL);
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
        (void)setup(NULL);
        struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
        fake_fail(&fake, FAKE_APPEND, 3, 1, HOST_FAILED)->keep = keep;
        start();
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

/* Both at once, and nothing that would look at the folder again by itself. */
static void journal_and_event_log_failing(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_APPEND, 1, 1, HOST_FAILED);
    (void)fake_fail(&fake, FAKE_REPORT, 1, 3, HOST_FAILED);
    run(10 * MINUTE);
    repaired(file, STUCK);
    same_number("all", "2000", 1, fake_events(&fake, EVENT_REPAIRED));
    journal_is_clean(0);
    no_complaints();
}

/* A journal of exactly the size that is read at a time. */
static void journal_of_one_piece(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    memset(fake.journal, 'x', RECORD_BYTES_MAX);
    for (size_t i = 63; i < RECORD_BYTES_MAX; i += 64)
        fake.journal[i] = '\n';
    fake.journal_size = RECORD_BYTES_MAX;
    start();
    run(MINUTE);
    repaired(file, STUCK);
    same_number("journal", "INTENTs", 1, fake_intents(&fake));
    no_complaints();
}

static struct journal_entry an_intent(uint32_t number, const char *name, const char *before) {
    struct journal_entry entry;
    char after[512];
    size_t size = strlen(before);
    size_t digit = (size_t)(strstr(before, "State = 4") - before) + 8;
    memset(&entry, 0, sizeof entry);
    memcpy(after, before, size);
    after[digit] = '1';
    entry.kind = JOURNAL_INTENT;
    entry.utc = fake.utc_base - 2 * 86400;
    entry.number = number;
    entry.offset = (uint32_t)digit;
    entry.size = (uint32_t)size;
    entry.before = crc32(0, before, size);
    entry.after = crc32(0, after, size);
    (void)text_copy(entry.name, sizeof entry.name, name);
    (void)text_copy(entry.mailbox, sizeof entry.mailbox, "/o=Org/cn=Anna");
    (void)text_copy(entry.folder, sizeof entry.folder, settings.folder);
    return entry;
}

static void pass_over(void *context, const struct journal_entry *entry) {
    (void)context;
    (void)entry;
}

static void torn_journal(void **state) {
    (void)state;
    static struct journal_reader reader;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    fake.journal_size -= 30;
    start();
    run(MINUTE);
    repaired(file, STUCK);
    same_number("journal", "INTENTs", 1, fake_intents(&fake));
    same_number("journal", "INTENTs without DONE", 0, fake_open_intents(&fake, false));
    story("events", "3020, 2000 a.ini");
    /* LOADED, INTENT and DONE, each on a line of its own. */
    journal_begin(&reader);
    journal_feed(&reader, fake.journal, fake.journal_size, pass_over, NULL);
    same_number("journal", "entries", 3, reader.entries);
    same_number("journal", "other lines", 1, reader.foreign);
    no_complaints();
}

/* A journal that can be read in part, up to an INTENT whose DONE comes after that: until the rest has
 * been seen nobody knows that it was reported long ago. */
static void journal_read_in_part(void **state) {
    (void)state;
    char after[] = STUCK;
    after[DIGIT] = '1';
    fake_file(&fake, "a.ini", after)->reported = 1;
    struct journal_entry entry = an_intent(1, "a.ini", STUCK);
    memset(fake.journal, 'x', RECORD_BYTES_MAX);
    for (size_t i = 63; i < RECORD_BYTES_MAX; i += 64)
        fake.journal[i] = '\n';
    fake.journal_size = RECORD_BYTES_MAX - 640;
    fake_append_entry(&fake, &entry);
    fake.journal_size = RECORD_BYTES_MAX;
    entry.kind = JOURNAL_DONE;
    fake_append_entry(&fake, &entry);
    (void)fake_fail(&fake, FAKE_JOURNAL_READ, 2, 3, HOST_FAILED);
    start();
    run(10 * MINUTE);
    same_number("a.ini", "2002", 0, fake_events(&fake, EVENT_REPAIRED_LATE));
    same_number("a.ini", "2003", 0, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    no_complaints();
}

static void foreign_journal(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    fake.journal_size = (size_t)sprintf(fake.journal, "%s", "not ours\r\n\r\nKMR1\tx\r\n");
    start();
    run(MINUTE);
    repaired(file, STUCK);
    same_number("journal", "INTENTs without DONE", 0, fake_open_intents(&fake, false));
    same_number("journal", "is kept", 0, (uint64_t)memcmp(fake.journal, "not ours\r\n", 10));
    no_complaints();
}

/* ---- the event log */

static void event_log_failing(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_REPORT, 1, 6, HOST_FAILED);
    run(30 * SECOND);
    repaired(file, STUCK);
    same_number("so far", "2000", 0, fake_events(&fake, EVENT_REPAIRED));
    journal_is_clean(1);
    run(5 * MINUTE);
    story("later", "3020, 2000 a.ini");
    journal_is_clean(0);
    same_number("mender", "is settled", true, mender_is_settled(&mender));
    no_complaints();
}

static void event_log_failing_at_a_restart(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    run(MINUTE);
    repaired(file, STUCK);
    fake_heal(&fake);
    fake_clear_events(&fake);
    restart(false);
    run(MINUTE);
    story("after the restart", "2002 a.ini, 3020");
    const struct fake_event *event = fake_event(&fake, EVENT_REPAIRED_LATE);
    same_number("event", "strings", 5, event->strings);
    same_text("event", "folder", settings.folder, event->string[1]);
    same_text("event", "offset", "63", event->string[3]);
    same_text("event", "begun", "2026-11-22T16:40:06Z", event->string[4]);
    journal_is_clean(0);
    no_complaints();
}

/* What could not be said is said when it can be, and still once. */
static void told_when_the_event_log_is_back(void **state) {
    (void)state;
    (void)fake_file(&fake, "d.ini", DOUBTFUL);
    (void)fake_file(&fake, "u.ini", UNREADABLE);
    fake_file(&fake, "r.ini", STUCK)->repair = HOST_REFUSED;
    fake_file(&fake, "b.ini", STUCK)->repair = HOST_BUSY;
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    start();
    run(2 * HOUR);
    same_number("without an event log", "events", 0, fake.event_count);
    fake_heal(&fake);
    run(5 * HOUR);
    same_number("d.ini", "2010", 1, fake_events(&fake, EVENT_DOUBTFUL));
    same_number("u.ini", "2011", 1, fake_events(&fake, EVENT_UNREADABLE));
    same_number("r.ini", "2021", 1, fake_events(&fake, EVENT_REPAIR_FAILED));
    same_number("b.ini", "2020", 1, fake_events(&fake, EVENT_BUSY));
    same_number("scan", "3020", 1, fake_events(&fake, EVENT_SCANNED));
    no_complaints();
}

static void limit_told_when_the_event_log_is_back(void **state) {
    (void)state;
    settings.repairs_per_hour = 3;
    many_files(10, STUCK);
    /* After the scan and three repairs. */
    (void)fake_fail(&fake, FAKE_REPORT, 5, 2, HOST_FAILED);
    start();
    run(50 * MINUTE);
    same_number("all", "2030", 1, fake_events(&fake, EVENT_LIMIT));
    same_number("all", "repairs", 3, count_repaired());
    no_complaints();
}

static void folder_told_when_the_event_log_is_back(void **state) {
    (void)state;
    fake.folder_away = true;
    (void)fake_fail(&fake, FAKE_REPORT, 1, 3, HOST_FAILED);
    start();
    run(10 * MINUTE);
    story("away", "3010");
    fake.folder_away = false;
    run(10 * MINUTE);
    story("back", "3010, 3011, 3020");
    no_complaints();
}

static void owed_is_bounded(void **state) {
    (void)state;
    many_files(40, STUCK);
    (void)fake_fail(&fake, FAKE_REPORT, 2, FAKE_FOR_EVER, HOST_FAILED);
    start();
    run(3 * HOUR);
    same_number("without an event log", "repairs", MENDER_OWED, count_repaired());
    fake_heal(&fake);
    run(HOUR);
    same_number("with one", "repairs", 40, count_repaired());
    same_number("with one", "2000", 40, fake_events(&fake, EVENT_REPAIRED));
    for (size_t i = 0; i < fake.file_count; i++)
        same_number(fake.files[i].name, "reported", 1, fake.files[i].reported);
    journal_is_clean(0);
    no_complaints();
}

/* ---- repairs that go wrong */

static void write_failing(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 3, HOST_FAILED);
    start();
    run(50 * SECOND);
    untouched(file, STUCK);
    story("at first", "3020, 2021 a.ini");
    journal_is_clean(0);
    run(4 * HOUR);
    repaired(file, STUCK);
    same_number("later", "2021", 1, fake_events(&fake, EVENT_REPAIR_FAILED));
    same_number("later", "2000", 1, fake_events(&fake, EVENT_REPAIRED));
    journal_is_clean(0);
    no_complaints();
}

/* Seen in the simulation (seed 426411172): the repair failed, another process settled it and made one of its
 * own, and this one, without the journal, took that for its own and reported it. */
static void not_reported_when_another_made_it(void **state) {
    (void)state;
    struct journal_entry done = an_intent(1, "a.ini", STUCK);
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    done.kind = JOURNAL_DONE;
    done.outcome = OUTCOME_NOT_MADE;
    settings.settle_seconds = 0;
    (void)fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_FAILED);
    start();
    run(0);
    story("at first", "2021 a.ini, 3020");
    fake_append_entry(&fake, &done);
    append_repair(2, "a.ini");
    file->bytes[strstr((const char *)file->bytes, "= 4") + 2 - (const char *)file->bytes] = '1';
    (void)fake_fail(&fake, FAKE_JOURNAL_OPEN, 1, 3, HOST_BUSY);
    run(HOUR);
    same_number("another's", "2000", 0, fake_events(&fake, EVENT_REPAIRED));
    journal_is_clean(0);
}

/* One repair of a record at a time: the second is begun when it is known how the first ended. */
static void not_begun_again_before_it_is_settled(void **state) {
    (void)state;
    settings.settle_seconds = 0;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_FAILED);
    start();
    run(0);
    same_number("a.ini", "is not settled", 1, fake_open_intents(&fake, true));
    fake_clear_log(&fake);
    mender_hint(&mender, "a.ini");
    run(0);
    same_text("meanwhile", "calls", "open a.ini, read, close, journal-open", fake_log(&fake));
    run(2 * HOUR);
    repaired(file, STUCK);
    const char *done = strstr(fake_log(&fake), "DONE 1 not-made");
    const char *again = strstr(fake_log(&fake), "INTENT 2");
    same_number("a.ini", "is settled first", true, done != NULL && again != NULL && done < again);
    no_complaints();
}

/* In the hour that a failed repair is given the record may change, and nobody tells. */
static void changed_after_a_failed_repair(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_FAILED);
    start();
    run(59 * MINUTE);
    fake_change(file, OTHER_STUCK);
    run(MINUTE + 8 * SECOND);
    untouched(file, OTHER_STUCK);
    run(10 * SECOND);
    repaired(file, OTHER_STUCK);
    no_complaints();
}

/* The hour is for what it was then: other content that a scan comes across gets the settle time. */
static void changed_and_scanned_after_a_failed_repair(void **state) {
    (void)state;
    settings.rescan_minutes = 20;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_FAILED);
    start();
    run(10 * MINUTE);
    fake_change(file, OTHER_STUCK);
    run(10 * MINUTE + 3 * SECOND);
    untouched(file, OTHER_STUCK);
    run(10 * SECOND);
    repaired(file, OTHER_STUCK);
    no_complaints();
}

/* A scan is all that sees a rewrite whose notification is lost, be the content half-way no record at all:
 * from then on the record waits anew, and only the time after the rewrite counts. */
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

/* Whatever the write says, the file tells. */
static void write_that_failed_but_was_done(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_FAILED)->done = true;
    start();
    run(MINUTE);
    repaired(file, STUCK);
    story("events", "3020, 2021 a.ini, 2000 a.ini");
    journal_is_clean(0);
    no_complaints();
}

static void flush_failing(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_FLUSH, 1, 3, HOST_FAILED);
    start();
    run(SECOND * 6);
    same_number("not yet", "2000", 0, fake_events(&fake, EVENT_REPAIRED));
    run(MINUTE);
    repaired(file, STUCK);
    story("events", "3020, 2021 a.ini, 2000 a.ini");
    same_number("a.ini", "is on the disk", false, file->dirty);
    journal_is_clean(0);
    no_complaints();
}

static void read_back_failing(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    /* The looks of the scan, of the queue and of the repair come before it. */
    (void)fake_fail(&fake, FAKE_READ, 4, 1, HOST_FAILED);
    start();
    run(MINUTE);
    repaired(file, STUCK);
    story("events", "3020, 2021 a.ini, 2000 a.ini");
    journal_is_clean(0);
    no_complaints();
}

static void spoil_after_write(struct fake_host *host, enum fake_call call, struct fake_file *file) {
    (void)host;
    if (call == FAKE_FLUSH && file->writes == 1)
        file->bytes[0] = '?';
}

static void read_back_differing(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    fake.before = spoil_after_write;
    start();
    run(HOUR / 2);
    story("events", "3020, 2021 a.ini, 2003 a.ini");
    same_number("a.ini", "writes", 1, file->writes);
    journal_is_clean(0);
    no_complaints();
}

/* ---- what an earlier run left */

static void intent_done_in_the_file(void **state) {
    (void)state;
    char after[] = STUCK;
    after[DIGIT] = '1';
    struct fake_file *file = fake_file(&fake, "a.ini", after);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    start();
    run(MINUTE);
    story("events", "2002 a.ini, 3020");
    untouched(file, after);
    journal_is_clean(0);
    no_complaints();
}

static void intent_not_done_in_the_file(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    start();
    run(MINUTE);
    story("events", "3020, 2000 a.ini");
    repaired(file, STUCK);
    journal_is_clean(0);
    same_number("journal", "INTENTs", 2, fake_intents(&fake));
    no_complaints();
}

static void intent_whose_record_changed(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", SOUND);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    start();
    run(5 * HOUR);
    story("events", "2003 a.ini, 3020");
    untouched(file, SOUND);
    journal_is_clean(0);
    no_complaints();
}

static void intent_whose_record_vanished(void **state) {
    (void)state;
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    start();
    run(5 * HOUR);
    story("events", "2003 a.ini, 3020");
    same_number("event", "strings", 5, fake_event(&fake, EVENT_OUTCOME_UNKNOWN)->strings);
    journal_is_clean(0);
    no_complaints();
}

/* While the folder is away nothing can be said about its records. */
static void intent_while_the_folder_is_away(void **state) {
    (void)state;
    char after[] = STUCK;
    after[DIGIT] = '1';
    (void)fake_file(&fake, "a.ini", after);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    struct host_result why = {HOST_FAILED, 3, NULL};
    fake_append_entry(&fake, &entry);
    fake.folder_away = true;
    start();
    run(10 * MINUTE);
    same_number("away", "2003", 0, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    mender_folder_away(&mender, &why);
    fake_clear_log(&fake);
    run(10 * MINUTE);
    same_number("away", "2003", 0, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    same_text("away", "calls", "", fake_log(&fake));
    fake.folder_away = false;
    mender_folder_back(&mender);
    run(10 * MINUTE);
    same_number("back", "2002", 1, fake_events(&fake, EVENT_REPAIRED_LATE));
    journal_is_clean(0);
    no_complaints();
}

/* It is looked for where it was, and no other record of that name is taken for it. */
static void intent_in_another_folder(void **state) {
    (void)state;
    char after[] = STUCK;
    after[DIGIT] = '1';
    fake.folder = 1;
    struct fake_file *there = fake_file(&fake, "a.ini", after);
    fake.folder = 0;
    struct fake_file *here = fake_file(&fake, "a.ini", STUCK);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    (void)text_copy(entry.folder, sizeof entry.folder, "D:\\Records");
    fake_append_entry(&fake, &entry);
    start();
    run(2 * MINUTE);
    story("events", "2002 a.ini, 3020, 2000 a.ini");
    same_text("event", "folder", "D:\\Records", fake_event(&fake, EVENT_REPAIRED_LATE)->string[1]);
    repaired(here, STUCK);
    untouched(there, after);
    journal_is_clean(0);
    no_complaints();
}

/* A folder that is no more: nothing can be seen, so that is what is said, and where it was. */
static void intent_in_a_folder_that_is_gone(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    (void)text_copy(entry.folder, sizeof entry.folder, "D:\\Earlier");
    fake_append_entry(&fake, &entry);
    start();
    run(5 * MINUTE);
    same_number("a.ini", "2003", 1, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    same_number("a.ini", "2000", 1, fake_events(&fake, EVENT_REPAIRED));
    same_text("event", "folder", "D:\\Earlier",
              fake_event(&fake, EVENT_OUTCOME_UNKNOWN)->string[1]);
    repaired(file, STUCK);
    journal_is_clean(0);
    no_complaints();
}

/* Windows' paths are the same in other letters; mender_configure() takes them so, too. */
static void intent_in_the_folder_in_other_letters(void **state) {
    (void)state;
    char after[] = STUCK;
    after[DIGIT] = '1';
    (void)fake_file(&fake, "a.ini", after);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    (void)text_copy(entry.folder, sizeof entry.folder, "c:\\SECURITY\\mgrent\\clients");
    fake_append_entry(&fake, &entry);
    start();
    run(MINUTE);
    story("events", "2002 a.ini, 3020");
    no_complaints();
}

/* An INTENT that can not be settled holds its record, and only that one. */
static void intent_whose_record_is_busy(void **state) {
    (void)state;
    struct fake_file *a = fake_file(&fake, "a.ini", STUCK);
    struct fake_file *b = fake_file(&fake, "b.ini", STUCK);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    a->shared = a->repair = HOST_BUSY;
    start();
    run(10 * MINUTE);
    untouched(a, STUCK);
    repaired(b, STUCK);
    journal_is_clean(1);
    a->shared = a->repair = HOST_OK;
    run(10 * MINUTE);
    repaired(a, STUCK);
    same_number("a.ini", "2000", 1, fake_events_about(&fake, EVENT_REPAIRED, "a.ini"));
    journal_is_clean(0);
    no_complaints();
}

/* DESIGN.md: "one warning when it has lasted a minute". */
static void intent_whose_record_stays_busy_is_told(void **state) {
    (void)state;
    char after[] = STUCK;
    after[DIGIT] = '1';
    struct fake_file *file = fake_file(&fake, "a.ini", after);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    file->shared = file->repair = HOST_BUSY;
    start();
    run(HOUR);
    same_number("a.ini", "2020 at all", true, fake_events_about(&fake, EVENT_BUSY, "a.ini") > 0);
    file->shared = file->repair = HOST_OK;
    run(5 * MINUTE);
    same_number("a.ini", "2002", 1, fake_events_about(&fake, EVENT_REPAIRED_LATE, "a.ini"));
    no_complaints();
}

/* Somebody only keeps it from being written: that it was repaired can be seen all the same. */
static void intent_whose_record_is_held_by_a_reader(void **state) {
    (void)state;
    char after[] = STUCK;
    after[DIGIT] = '1';
    struct fake_file *file = fake_file(&fake, "a.ini", after);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    file->repair = HOST_BUSY;
    start();
    run(5 * MINUTE);
    story("events", "2002 a.ini, 3020");
    journal_is_clean(0);
    no_complaints();
}

/* The same, and what it holds is in the middle of a change: nothing is said before that is over. */
static void intent_whose_record_is_being_written(void **state) {
    (void)state;
    char after[] = STUCK;
    after[DIGIT] = '1';
    struct fake_file *file = fake_file(&fake, "a.ini", "[Cli");
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    file->repair = HOST_BUSY;
    start();
    run(30 * SECOND);
    story("meanwhile", "3020");
    fake_change(file, after);
    file->repair = HOST_OK;
    run(5 * MINUTE);
    story("events", "3020, 2002 a.ini");
    no_complaints();
}

static void intent_whose_record_is_read_only_now(void **state) {
    (void)state;
    char after[] = STUCK;
    after[DIGIT] = '1';
    struct fake_file *file = fake_file(&fake, "a.ini", after);
    struct journal_entry entry = an_intent(7, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    file->repair = HOST_REFUSED;
    start();
    run(MINUTE);
    story("events", "2002 a.ini, 3020");
    journal_is_clean(0);
    no_complaints();
}

static void numbers_go_on(void **state) {
    (void)state;
    struct journal_entry entry = an_intent(41, "gone.ini", STUCK);
    fake_append_entry(&fake, &entry);
    (void)fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    if (strstr(fake_log(&fake), "append INTENT 42") == NULL)
        complain("the next INTENT: expected number 42, got %s", fake_log(&fake));
    no_complaints();
}

/* More open INTENTs than the list holds: all are settled in the end. */
static void many_open_intents(void **state) {
    (void)state;
    static const unsigned counts[] = {15, 16, 17, 20, 40};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        char label[32];
        (void)setup(NULL);
        settings.rescan_minutes = 0;
        for (uint32_t i = 0; i < counts[c]; i++) {
            char name[FAKE_NAME_BYTES];
            (void)snprintf(name, sizeof name, "Mx%u.ini", i);
            struct journal_entry entry = an_intent(i + 1, name, STUCK);
            fake_append_entry(&fake, &entry);
        }
        (void)snprintf(label, sizeof label, "%u open INTENTs", counts[c]);
        start();
        same_number(label, "comes to rest", true, run_bounded(HOUR, 20000));
        same_number(label, "2003", counts[c], fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
        same_number(label, "without DONE", 0, fake_open_intents(&fake, true));
    }
    no_complaints();
}

/* ---- crashes: the last call of a run is any of its calls */

struct crash {
    unsigned call; /* 0: none */
    size_t keep;   /* of a line that was being appended */
    bool lost;     /* what was not flushed */
};

static enum fake_call crash_call; /* the last call before the last crash */

/* Runs until the mender is done or the crash comes. Returns true when it came. */
static bool run_into(const struct crash *crash) {
    fake.calls = 0;
    fake.crash_after = crash->call;
    fake.crash_keep = crash->keep;
    start();
    if (setjmp(fake.crash) == 0) {
        run(5 * MINUTE);
        fake.crash_after = 0;
        return false;
    }
    crash_call = fake.crash_call;
    fake_restart(&fake, crash->lost);
    return true;
}

static void check_after_crash(const char *label, struct fake_file *file, unsigned crashes) {
    same_number(label, "is repaired", '1', file->bytes[DIGIT]);
    same_number(label, "writes that lasted", 1, file->writes);
    if (file->reported == 0 || file->reported > 1 + crashes)
        complain("%s: %s: expected to be reported once, or once more for a crash, got %u times",
                 label, file->name, file->reported);
    same_number(label, "INTENTs without DONE", 0, fake_open_intents(&fake, false));
}

static void crash_and_check(const struct crash *first, const struct crash *second, bool *came,
                            bool *came_again) {
    char label[96];
    const struct crash none = {0, 0, false};
    (void)setup(NULL);
    settings.settle_seconds = 0;
    struct fake_file *a = fake_file(&fake, "a.ini", STUCK);
    struct fake_file *b = fake_file(&fake, "b.ini", STUCK);
    (void)snprintf(label, sizeof label,
                   "crash after call %u (%zu, %d), then after call %u (%zu, %d)", first->call,
                   first->keep, first->lost, second->call, second->keep, second->lost);
    *came = run_into(first);
    *came_again = run_into(second);
    (void)run_into(&none);
    check_after_crash(label, a, *came + *came_again);
    check_after_crash(label, b, *came + *came_again);
}

static void one_crash(void **state) {
    (void)state;
    const struct crash none = {0, 0, false};
    bool came = true, again = false;
    unsigned calls = 0;
    for (struct crash crash = {1, 0, false}; came; crash.call++) {
        for (int lost = 0; lost <= 1; lost++) {
            crash.lost = lost != 0;
            crash.keep = SIZE_MAX;
            crash_and_check(&crash, &none, &came, &again);
        }
        for (crash.keep = 0; came && crash_call == FAKE_APPEND && crash.keep < 260; crash.keep++)
            crash_and_check(&crash, &none, &came, &again);
        calls = crash.call;
    }
    assert_in_range(calls, 35, 80);
    no_complaints();
}

static void two_crashes(void **state) {
    (void)state;
    static const size_t keeps[] = {SIZE_MAX, 100};
    bool came = true;
    for (struct crash first = {1, 0, false}; came; first.call++) {
        for (size_t keep = 0; keep < 2; keep++) {
            bool again = true;
            first.keep = keeps[keep];
            first.lost = keep == 1;
            for (struct crash second = {1, SIZE_MAX, false}; again; second.call++) {
                second.lost = second.call % 2 != 0;
                crash_and_check(&first, &second, &came, &again);
            }
        }
    }
    no_complaints();
}

/* A journal that ends in the first `keep` bytes of a line, and the power that goes once more after a
 * later repair has reached its file. Returns false when the crash came before that. */
static bool torn_then_crash(const char *line, size_t keep, unsigned call) {
    char label[64];
    const struct crash crash = {call, SIZE_MAX, false};
    (void)setup(NULL);
    settings.settle_seconds = 0;
    memcpy(fake.journal, line, keep);
    fake.journal_size = keep;
    struct fake_file *b = fake_file(&fake, "b.ini", STUCK);
    (void)run_into(&crash);
    if (b->writes == 0)
        return false;
    start();
    run(MINUTE);
    (void)snprintf(label, sizeof label, "torn after %zu bytes", keep);
    check_after_crash(label, b, 1);
    return true;
}

/* An INTENT that was torn was not acknowledged: nothing was written. It must not get into the way of
 * the next one, whatever that is about. */
static void torn_intent_and_a_later_repair(void **state) {
    (void)state;
    struct journal_entry entry = an_intent(1, "a.ini", STUCK);
    char line[JOURNAL_LINE_MAX];
    size_t length = journal_encode(&entry, line, sizeof line);
    for (size_t keep = 0; keep < length; keep++) {
        unsigned call = 1;
        while (call < 100 && !torn_then_crash(line, keep, call))
            call++;
        assert_in_range(call, 10, 30);
    }
    no_complaints();
}

/* ---- faults everywhere: in the end every record is repaired, and that was said */

static void random_faults(struct random *random) {
    static const enum host_code codes[] = {HOST_FAILED, HOST_BUSY};
    uint32_t count = 1 + random_below(random, FAKE_FAULTS - 1);
    for (uint32_t i = 0; i < count; i++) {
        enum fake_call call = (enum fake_call)random_below(random, FAKE_CALLS);
        if (call == FAKE_CLOSE) /* it can not fail */
            continue;
        struct fake_fault *fault =
            fake_fail(&fake, call, 1 + random_below(random, 12), 1 + random_below(random, 4),
                      codes[random_below(random, 2)]);
        fault->keep = random_below(random, 300);
        fault->done = call == FAKE_WRITE && random_below(random, 2) != 0;
    }
}

static void check_after_faults(const char *label, struct fake_file *file, bool crashed) {
    same_number(label, "is repaired", '1', file->bytes[DIGIT]);
    if (file->reported == 0 || file->reported > (crashed ? 2 : 1))
        complain("%s: %s: expected to be reported once, got %u times; events %s", label, file->name,
                 file->reported, fake_story(&fake));
    same_number(label, "INTENTs without DONE", 0, fake_open_intents(&fake, false));
}

static void faults_and_a_crash(uint64_t seed) {
    struct random random = {seed * 0x9E3779B97F4A7C15ULL};
    char label[32];
    (void)snprintf(label, sizeof label, "seed %llu", (unsigned long long)seed);
    (void)setup(NULL);
    settings.settle_seconds = random_below(&random, 3);
    settings.rescan_minutes = random_below(&random, 2) * 60;
    fake.tick = random_below(&random, 3);
    struct fake_file *a = fake_file(&fake, "a.ini", STUCK);
    struct fake_file *s = fake_file(&fake, "s.ini", SOUND);
    struct fake_file *b = fake_file(&fake, "b.ini", STUCK);
    struct fake_file *d = fake_file(&fake, "d.ini", DOUBTFUL);
    random_faults(&random);
    struct crash crash = {random_below(&random, 120), random_below(&random, 300),
                          random_below(&random, 2) != 0};
    bool crashed = run_into(&crash);
    if (crashed)
        (void)run_into(&(struct crash){0, 0, false});
    fake_heal(&fake);
    run(10 * HOUR);
    check_after_faults(label, a, crashed);
    check_after_faults(label, b, crashed);
    untouched(s, SOUND);
    untouched(d, DOUBTFUL);
}

static void faults_everywhere(void **state) {
    (void)state;
    static const uint64_t found[] = {15898, 40573, 61027, 95445}; /* something, once */
    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++)
        faults_and_a_crash(found[i]);
    for (uint64_t seed = 1; seed <= 4000; seed++)
        faults_and_a_crash(seed);
    no_complaints();
}

/* ---- pause, settings, folders */

static void pause_and_continue(void **state) {
    (void)state;
    struct fake_file *a = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    mender_pause(&mender);
    fake_clear_log(&fake);
    struct fake_file *b = fake_file(&fake, "b.ini", STUCK);
    mender_hint(&mender, "b.ini");
    mender_changes_lost(&mender);
    assert_true(mender_step(&mender) == MENDER_NEVER);
    run(5 * HOUR);
    same_text("paused", "calls", "report 3000", fake_log(&fake));
    untouched(a, STUCK);
    mender_continue(&mender);
    run(MINUTE);
    repaired(a, STUCK);
    repaired(b, STUCK);
    no_complaints();
}

static void pause_during_a_scan(void **state) {
    (void)state;
    many_files(10, STUCK);
    start();
    for (int i = 0; i < 6; i++)
        (void)mender_step(&mender);
    assert_true(fake.listing);
    mender_pause(&mender);
    assert_false(fake.listing);
    mender_continue(&mender);
    run(MINUTE);
    same_number("all", "repairs", 10, count_repaired());
    same_number("all", "3020", 1, fake_events(&fake, EVENT_SCANNED));
    for (int i = 0; i < 3; i++)
        (void)mender_step(&mender);
    mender_close(&mender);
    assert_false(fake.listing);
    no_complaints();
}

static void use_folder(unsigned folder) {
    (void)text_copy(settings.folder, sizeof settings.folder, fake.paths[folder]);
    mender_configure(&mender, &settings);
    fake.folder = folder;
}

static void another_folder(void **state) {
    (void)state;
    struct fake_file *old = fake_file(&fake, "old.ini", STUCK);
    start();
    run(SECOND);
    fake.folder = 1;
    struct fake_file *new = fake_file(&fake, "new.ini", STUCK);
    fake.folder = 0;
    fake_clear_log(&fake);
    use_folder(1);
    run(MINUTE);
    untouched(old, STUCK);
    repaired(new, STUCK);
    same_text("event", "folder", "D:\\Records", fake_event(&fake, EVENT_REPAIRED)->string[1]);
    if (strstr(fake_log(&fake), "old.ini") != NULL)
        complain("the old folder: expected to be forgotten, got %s", fake_log(&fake));
    if (strstr(fake_log(&fake), "append LOADED") == NULL)
        complain("the journal: expected to hold the new settings, got %s", fake_log(&fake));
    no_complaints();
}

/* What was repaired in the folder before is reported all the same, and as repaired. */
static void owed_in_another_folder(void **state) {
    (void)state;
    (void)fake_file(&fake, "old.ini", STUCK);
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    run(MINUTE);
    use_folder(1);
    run(MINUTE);
    fake_heal(&fake);
    run(10 * MINUTE);
    same_number("old.ini", "2000", 1, fake_events_about(&fake, EVENT_REPAIRED, "old.ini"));
    journal_is_clean(0);
    no_complaints();
}

/* A record of the same name in the folder that is watched now is another record. */
static void same_name_in_another_folder(void **state) {
    (void)state;
    struct fake_file *old = fake_file(&fake, "a.ini", STUCK);
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_REPORT, 1, 10, HOST_FAILED);
    run(6 * SECOND);
    repaired(old, STUCK);
    fake.folder = 1;
    struct fake_file *new = fake_file(&fake, "a.ini", OTHER_STUCK);
    use_folder(1);
    run(HOUR);
    repaired(new, OTHER_STUCK);
    same_number("a.ini", "2000", 2, fake_events_about(&fake, EVENT_REPAIRED, "a.ini"));
    journal_is_clean(0);
    no_complaints();
}

static void folder_away_and_back(void **state) {
    (void)state;
    struct host_result why = {HOST_FAILED, 3, "it is gone"};
    start();
    run(SECOND);
    fake.folder_away = true;
    for (int i = 0; i < 5; i++) {
        mender_folder_away(&mender, &why);
        run(MINUTE);
    }
    story("away", "3020, 3010");
    fake_clear_log(&fake);
    run(10 * HOUR);
    same_text("away", "calls", "", fake_log(&fake));
    fake.folder_away = false;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    mender_folder_back(&mender);
    run(MINUTE);
    story("back", "3020, 3010, 3011, 3020, 2000 a.ini");
    repaired(file, STUCK);
    no_complaints();
}

static void listing_failing(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    fake.folder_away = true;
    start();
    run(HOUR);
    story("away", "3010");
    /* 1, 2, 4 ... 60 s: some 65 attempts in an hour. */
    assert_in_range(fake.count[FAKE_LIST_OPEN], 60, 70);
    fake.folder_away = false;
    run(2 * MINUTE);
    story("back", "3010, 3011, 3020, 2000 a.ini");
    repaired(file, STUCK);
    no_complaints();
}

static void listing_failing_in_the_middle(void **state) {
    (void)state;
    many_files(5, STUCK);
    (void)fake_fail(&fake, FAKE_LIST_NEXT, 3, 1, HOST_FAILED);
    start();
    run(MINUTE);
    same_number("all", "repairs", 5, count_repaired());
    same_number("all", "3010", 1, fake_events(&fake, EVENT_FOLDER_AWAY));
    same_number("all", "3011", 1, fake_events(&fake, EVENT_FOLDER_BACK));
    no_complaints();
}

/* ---- scans */

static void scan_counts(void **state) {
    (void)state;
    static const char *const expected[] = {"8", "1", "2", "1", "2", "2"};
    (void)fake_file(&fake, "s1.ini", STUCK);
    (void)fake_file(&fake, "s2.ini", OTHER_STUCK);
    (void)fake_file(&fake, "sound.ini", SOUND);
    (void)fake_file(&fake, "d.ini", DOUBTFUL);
    (void)fake_file(&fake, "u.ini", UNREADABLE);
    (void)fake_file(&fake, "n1.ini", NO_RECORD);
    (void)fake_file(&fake, "n2.ini", "");
    fake_file(&fake, "busy.ini", STUCK)->shared = HOST_BUSY;
    (void)fake_file(&fake, "readme.txt", STUCK);
    start();
    run(SECOND / 2);
    const struct fake_event *event = fake_event(&fake, EVENT_SCANNED);
    same_number("3020", "strings", 7, event->strings);
    same_text("3020", "folder", settings.folder, event->string[0]);
    for (size_t i = 0; i < 6; i++)
        same_text("3020", "number", expected[i], event->string[i + 1]);
    no_complaints();
}

static void periodic_scans(void **state) {
    (void)state;
    (void)fake_file(&fake, "a.ini", SOUND);
    start();
    run(10 * HOUR);
    same_number("nothing changed", "3020", 1, fake_events(&fake, EVENT_SCANNED));
    assert_in_range(fake.count[FAKE_LIST_OPEN], 10, 11);
    (void)fake_file(&fake, "b.ini", SOUND);
    run(3 * HOUR);
    same_number("one more file", "3020", 2, fake_events(&fake, EVENT_SCANNED));
    struct fake_file *file = fake_file(&fake, "c.ini", STUCK);
    run(2 * HOUR);
    repaired(file, STUCK);
    no_complaints();
}

static void no_periodic_scans(void **state) {
    (void)state;
    settings.rescan_minutes = 0;
    start();
    run(SECOND);
    fake_clear_log(&fake);
    assert_true(mender_step(&mender) == MENDER_NEVER);
    run(100ULL * HOUR);
    same_text("quiet", "calls", "", fake_log(&fake));
    no_complaints();
}

static void periodic_scans_at_other_times(void **state) {
    (void)state;
    settings.rescan_minutes = 7;
    start();
    run(HOUR);
    assert_in_range(fake.count[FAKE_LIST_OPEN], 9, 9);
    settings.rescan_minutes = 0;
    mender_configure(&mender, &settings);
    run(HOUR);
    assert_in_range(fake.count[FAKE_LIST_OPEN], 10, 10);
    settings.rescan_minutes = CONFIG_RESCAN_MAX;
    mender_configure(&mender, &settings);
    run(15ULL * 24 * HOUR);
    assert_in_range(fake.count[FAKE_LIST_OPEN], 13, 13);
}

/* Scans leave most of the time to others, but the one by the clock is not put off for that. */
static void changes_lost_after_a_long_scan(void **state) {
    (void)state;
    (void)fake_file(&fake, "b.ini", SOUND);
    start();
    fake.tick = 5 * MINUTE;
    run(20 * MINUTE);
    fake.tick = 0;
    run(MINUTE);
    same_number("the first scan", "is over", true, mender.scanned);
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    mender_changes_lost(&mender);
    run(61 * MINUTE);
    repaired(file, STUCK);
    no_complaints();
}

/* DESIGN.md: "When nothing happens, nothing runs". */
static void quiet_between_scans(void **state) {
    (void)state;
    start();
    run(SECOND);
    same_number("the next step", "is due", true, mender_step(&mender) >= fake.clock + 59 * MINUTE);
    no_complaints();
}

static void changes_lost(void **state) {
    (void)state;
    start();
    run(MINUTE);
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    for (int i = 0; i < 100; i++) {
        mender_changes_lost(&mender);
        run(30 * SECOND);
    }
    repaired(file, STUCK);
    same_number("in 50 minutes", "3000", 1, fake_events(&fake, EVENT_CHANGES_LOST));
    run(15 * MINUTE);
    mender_changes_lost(&mender);
    same_number("after the hour", "3000", 2, fake_events(&fake, EVENT_CHANGES_LOST));
    no_complaints();
}

static void queue_overflow(void **state) {
    (void)state;
    settings.repairs_per_hour = CONFIG_REPAIRS_MAX;
    settings.rescan_minutes = 0;
    many_files(2500, OTHER_STUCK);
    start();
    run(10 * MINUTE);
    same_number("by scan", "repairs", 2500, count_repaired());
    same_number("by scan", "2000", 2500, fake_events(&fake, EVENT_REPAIRED));
    no_complaints();
}

static void hints_overflow(void **state) {
    (void)state;
    settings.repairs_per_hour = CONFIG_REPAIRS_MAX;
    settings.rescan_minutes = 0;
    start();
    run(MINUTE);
    many_files(2500, OTHER_STUCK);
    for (size_t i = 0; i < fake.file_count; i++)
        mender_hint(&mender, fake.files[i].name);
    run(10 * MINUTE);
    same_number("by hint", "repairs", 2500, count_repaired());
    no_complaints();
}

/* Busy records do not fill the queue for ever: others get their turn. */
static void busy_and_overflow(void **state) {
    (void)state;
    settings.repairs_per_hour = CONFIG_REPAIRS_MAX;
    settings.rescan_minutes = 0;
    many_files(2200, OTHER_STUCK);
    for (size_t i = 0; i < 2100; i++)
        fake.files[i].shared = HOST_BUSY;
    start();
    run(3 * MINUTE);
    for (size_t i = 0; i < 2100; i += 2)
        fake.files[i].shared = HOST_OK;
    run(30 * MINUTE);
    same_number("those that are free", "repairs", 1150, count_repaired());
    no_complaints();
}

static void is_settled(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    assert_false(mender_is_settled(&mender));
    run(SECOND);
    assert_false(mender_is_settled(&mender));
    run(MINUTE);
    assert_true(mender_is_settled(&mender));
    fake_change(file, STUCK);
    file->repair = HOST_BUSY;
    mender_hint(&mender, "a.ini");
    assert_false(mender_is_settled(&mender));
    run(10 * SECOND);
    assert_true(mender_is_settled(&mender));
    no_complaints();
}

/* ---- undo, release, rotation */

/* What another process does: its own mender on the same files and the same journal. */
static struct mender other;
static unsigned char other_bytes[RECORD_BYTES_MAX];

static struct host_result by_another(struct host_result (*act)(struct mender *, const char *),
                                     const char *name) {
    mender_init(&other, &fake.host, &settings, other_bytes);
    struct host_result result = act(&other, name);
    mender_close(&other);
    mender_journal_changed(&mender);
    return result;
}

static struct fake_file *an_undone_file(void) {
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    same_number("a.ini", "repaired first", 1, file->writes);
    same_number("a.ini", "undo", HOST_OK, by_another(mender_undo, "A.INI").code);
    same_number("a.ini", "as it was", 0, (uint64_t)memcmp(file->bytes, STUCK, sizeof STUCK - 1));
    same_number("a.ini", "2040", 1, fake_events(&fake, EVENT_UNDONE));
    return file;
}

static void undo_holds(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    mender_hint(&mender, "a.ini");
    run(3 * HOUR);
    restart(false);
    run(3 * HOUR);
    same_number("a.ini", "writes", 2, file->writes);
    story("events", "3020, 2000 a.ini, 2040, 3020");
    journal_is_clean(0);
    no_complaints();
}

/* An undo that was interrupted before its HOLD, of a record that is away when its end is looked for: when
 * the record comes back, by a backup or a power cut, it is held all the same. */
static void interrupted_undo_holds(void **state) {
    (void)state;
    struct journal_entry undo = an_intent(7, "a.ini", STUCK);
    const uint32_t stuck = undo.before;
    undo.kind = JOURNAL_UNDO;
    undo.before = undo.after;
    undo.after = stuck;
    fake_append_entry(&fake, &undo);
    start();
    run(MINUTE);
    story("while it is away", "2003 a.ini, 3020");
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    run(3 * HOUR);
    untouched(file, STUCK);
    fake_change(file, OTHER_STUCK);
    run(3 * HOUR);
    repaired(file, OTHER_STUCK);
    journal_is_clean(0);
    no_complaints();
}

static void release_repairs(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    run(HOUR / 2);
    same_number("a.ini", "release", HOST_OK, by_another(mender_release, "a.ini").code);
    run(10 * SECOND);
    same_number("a.ini", "writes", 3, file->writes);
    same_number("a.ini", "2041", 1, fake_events(&fake, EVENT_RELEASED));
    same_number("a.ini", "2000", 2, fake_events(&fake, EVENT_REPAIRED));
    same_number("again", "release", HOST_GONE, by_another(mender_release, "a.ini").code);
    no_complaints();
}

/* As long as its undo is not settled, whoever settles it holds it: releasing it would be in vain. */
static void release_waits_for_the_undo(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    same_number("a.ini", "undo", HOST_OK, by_another(mender_undo, "a.ini").code);
    same_number("a.ini", "release", HOST_BUSY, by_another(mender_release, "a.ini").code);
    fake_heal(&fake);
    run(2 * MINUTE);
    same_number("a.ini", "2040", 1, fake_events(&fake, EVENT_UNDONE));
    same_number("a.ini", "release", HOST_OK, by_another(mender_release, "a.ini").code);
    run(10 * SECOND);
    same_number("a.ini", "writes", 3, file->writes);
    restart(false);
    run(MINUTE);
    journal_is_clean(0);
    no_complaints();
}

static void changed_content_ends_a_hold(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    fake_change(file, OTHER_STUCK);
    mender_hint(&mender, "a.ini");
    run(MINUTE);
    same_number("a.ini", "2000", 2, fake_events(&fake, EVENT_REPAIRED));
    /* The old content again: nobody holds it any more. */
    fake_change(file, STUCK);
    restart(false);
    run(MINUTE);
    same_number("a.ini", "2000", 3, fake_events(&fake, EVENT_REPAIRED));
    no_complaints();
}

static void undo_refused(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    same_number("no repair", "undo", HOST_GONE, by_another(mender_undo, "a.ini").code);
    start();
    run(MINUTE);
    same_number("other name", "undo", HOST_GONE, by_another(mender_undo, "b.ini").code);
    file->repair = HOST_BUSY;
    same_number("busy", "undo", HOST_BUSY, by_another(mender_undo, "a.ini").code);
    file->repair = HOST_OK;
    fake_change(file, SOUND);
    same_number("changed", "undo", HOST_REFUSED, by_another(mender_undo, "a.ini").code);
    same_number("a.ini", "writes", 1, file->writes);
    same_number("a.ini", "2040", 0, fake_events(&fake, EVENT_UNDONE));
    no_complaints();
}

static void undo_twice(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    same_number("again", "undo", HOST_GONE, by_another(mender_undo, "a.ini").code);
    same_number("a.ini", "writes", 2, file->writes);
    no_complaints();
}

/* An undo whose HOLD is still to be written has the last place. */
static void holds_are_bounded_with_those_to_come(void **state) {
    (void)state;
    struct journal_entry entry = an_intent(0, "", STUCK);
    entry.kind = JOURNAL_HOLD;
    for (unsigned i = 1; i < MENDER_HOLDS; i++) {
        (void)snprintf(entry.name, sizeof entry.name, "held%u.ini", i);
        fake_append_entry(&fake, &entry);
    }
    (void)fake_file(&fake, "a.ini", STUCK);
    (void)fake_file(&fake, "b.ini", STUCK);
    start();
    run(MINUTE);
    (void)fake_fail(&fake, FAKE_APPEND, 2, 1, HOST_FAILED);
    same_number("a.ini", "undo", HOST_OK, by_another(mender_undo, "a.ini").code);
    fake_heal(&fake);
    same_number("b.ini", "undo", HOST_REFUSED, by_another(mender_undo, "b.ini").code);
    run(3 * HOUR);
    restart(false);
    run(3 * HOUR);
    same_number("b.ini", "writes", 1, fake_find(&fake, "b.ini")->writes);
    same_number("a.ini", "writes", 2, fake_find(&fake, "a.ini")->writes);
    no_complaints();
}

static void holds_are_bounded(void **state) {
    (void)state;
    char name[FAKE_NAME_BYTES];
    many_files(MENDER_HOLDS + 1, STUCK);
    start();
    run(MINUTE);
    for (unsigned i = 0; i <= MENDER_HOLDS; i++) {
        (void)snprintf(name, sizeof name, "%s", fake.files[i].name);
        same_number(name, "undo", i < MENDER_HOLDS ? HOST_OK : HOST_REFUSED,
                    by_another(mender_undo, name).code);
    }
    run(HOUR);
    same_number("all", "2000", MENDER_HOLDS + 1, fake_events(&fake, EVENT_REPAIRED));
    no_complaints();
}

/* Returns true when the crash came. */
static bool undo_into(unsigned call) {
    mender_init(&other, &fake.host, &settings, other_bytes);
    fake.crash_after = fake.calls + call;
    fake.crash_keep = SIZE_MAX;
    if (setjmp(fake.crash) == 0) {
        (void)mender_undo(&other, "a.ini");
        fake.crash_after = 0;
        return false;
    }
    return true;
}

/* A crash after every call of an undo: it is held and reported, or it was never made. */
static void crash_during_undo(void **state) {
    (void)state;
    bool came = true;
    for (unsigned call = 1; came; call++) {
        (void)setup(NULL);
        struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
        start();
        run(MINUTE);
        came = undo_into(call);
        restart(call % 2 != 0);
        run(3 * HOUR);
        bool undone = file->bytes[DIGIT] == '4';
        if (undone != (fake_events(&fake, EVENT_UNDONE) > 0))
            complain("undo, crash after call %u: undone %d, 2040 reported %u times", call, undone,
                     fake_events(&fake, EVENT_UNDONE));
        same_number("undo, crash", "2000", 1, fake_events(&fake, EVENT_REPAIRED));
        journal_is_clean(0);
        (void)teardown(NULL);
    }
    no_complaints();
}

/* Fills the journal with lines of no meaning until one more entry makes it too long. */
static void fill_journal(void) {
    while (fake.journal_size <= JOURNAL_BYTES_MAX) {
        memset(fake.journal + fake.journal_size, 'x', 62);
        memcpy(fake.journal + fake.journal_size + 62, "\r\n", 2);
        fake.journal_size += 64;
    }
}

static void rotates(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    struct journal_entry owed = an_intent(77, "gone.ini", STUCK);
    fake_append_entry(&fake, &owed);
    fill_journal();
    (void)fake_fail(&fake, FAKE_REPORT, 1, 3, HOST_FAILED);
    mender_journal_changed(&mender);
    run(SECOND);
    same_number("journal", "is short", true, fake.journal_size < 4096);
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
    fill_journal();
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    mender_journal_changed(&mender);
    run(SECOND);
    same_number("journal", "is short", true, fake.journal_size < 4096);
    fake_heal(&fake);
    (void)fake_fail(&fake, FAKE_APPEND, 1, 1, HOST_FAILED);
    run(HOUR);
    same_number("gone.ini", "2003", 1, fake_events(&fake, EVENT_OUTCOME_UNKNOWN));
    journal_is_clean(0);
    no_complaints();
}

/* What this process owes is settled, reported and done by another, which then rotates the journal and
 * goes on, so that the new one is as long as the old one was. */
static void another_process_rotates(void **state) {
    (void)state;
    struct journal_entry owed = an_intent(1, "a.ini", STUCK);
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    file->bytes[DIGIT] = '1';
    fake_append_entry(&fake, &owed);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    start();
    run(SECOND);
    const size_t known = fake.journal_size;
    fake.journal_size = 0;
    owed.kind = JOURNAL_DONE;
    owed.number = 9;
    owed.outcome = OUTCOME_NOT_MADE;
    while (fake.journal_size <= known)
        fake_append_entry(&fake, &owed);
    fake_heal(&fake);
    run(HOUR);
    same_number("a.ini", "2002", 0, fake_events(&fake, EVENT_REPAIRED_LATE));
    no_complaints();
}

static void rotation_failing(void **state) {
    (void)state;
    start();
    run(SECOND);
    fill_journal();
    (void)fake_fail(&fake, FAKE_ROTATE, 1, 2, HOST_FAILED);
    mender_journal_changed(&mender);
    run(MINUTE);
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    mender_hint(&mender, "a.ini");
    run(MINUTE);
    repaired(file, STUCK);
    run(3 * HOUR);
    same_number("all", "2031", 0, fake_events(&fake, EVENT_JOURNAL_AWAY));
    same_number("journal", "is short", true, fake.journal_size < 4096);
    no_complaints();
}

/* Two processes owe the same report: the one that comes second finds it done. */
static void another_process_finishes(void **state) {
    (void)state;
    char after[] = STUCK;
    after[DIGIT] = '1';
    struct fake_file *a = fake_file(&fake, "a.ini", after);
    struct fake_file *b = fake_file(&fake, "b.ini", after);
    struct journal_entry entry = an_intent(1, "a.ini", STUCK);
    fake_append_entry(&fake, &entry);
    entry = an_intent(2, "b.ini", STUCK);
    fake_append_entry(&fake, &entry);
    (void)fake_fail(&fake, FAKE_REPORT, 1, 1, HOST_FAILED);
    start();
    (void)mender_step(&mender);
    (void)mender_step(&mender);
    (void)mender_step(&mender);
    mender_init(&other, &fake.host, &settings, other_bytes);
    for (int i = 0; i < 20; i++)
        (void)mender_step(&other);
    mender_close(&other);
    run(MINUTE);
    same_number("a.ini", "reported", 1, a->reported);
    same_number("b.ini", "reported", 1, b->reported);
    journal_is_clean(0);
    no_complaints();
}

/* An UNDO that was not made does not stand in the way of the next. */
static void undo_again_after_a_failure(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    (void)fake_fail(&fake, FAKE_WRITE, 1, 1, HOST_FAILED);
    same_number("first", "undo", HOST_FAILED, by_another(mender_undo, "a.ini").code);
    run(MINUTE);
    same_number("second", "undo", HOST_OK, by_another(mender_undo, "a.ini").code);
    run(HOUR);
    same_number("a.ini", "as it was", 0, (uint64_t)memcmp(file->bytes, STUCK, sizeof STUCK - 1));
    journal_is_clean(0);
    no_complaints();
}

/* A hold is a hold, whichever folder is watched when the journal is rotated. */
static void hold_of_another_folder_is_carried_over(void **state) {
    (void)state;
    struct fake_file *file = an_undone_file();
    struct settings first = settings;
    struct settings second = settings;
    (void)text_copy(second.folder, sizeof second.folder, fake.paths[1]);
    mender_configure(&mender, &second);
    fake.folder = 1;
    run(MINUTE);
    fill_journal();
    mender_journal_changed(&mender);
    run(MINUTE);
    same_number("journal", "is short", true, fake.journal_size < 4096);
    fake.folder = 0;
    mender_configure(&mender, &first);
    run(3 * HOUR);
    same_number("a.ini", "writes", 2, file->writes);
    no_complaints();
}

static void journal_busy_is_not_settled(void **state) {
    (void)state;
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    settings.settle_seconds = 0;
    (void)fake_fail(&fake, FAKE_JOURNAL_OPEN, 1, 1, HOST_BUSY);
    mender_init(&mender, &fake.host, &settings, bytes);
    for (int i = 0; i < 1000 && !mender_is_settled(&mender); i++) {
        (void)mender_step(&mender);
        fake.clock += 100;
    }
    repaired(file, STUCK);
    same_number("all", "2031", 0, fake_events(&fake, EVENT_JOURNAL_AWAY));
    no_complaints();
}

/* journal_visit: the times of the lines with the settings, as long as they are the same; else 0. */
static uint32_t settings_since;
static unsigned settings_lines;
static void visit_settings(void *context, const struct journal_entry *entry) {
    (void)context;
    if (entry->kind != JOURNAL_LOADED)
        return;
    settings_since = settings_lines++ == 0 || entry->utc == settings_since ? entry->utc : 0;
}

/* `status` says since when they are in force: not since when the journal takes lines again. */
static void settings_noted_again(void **state) {
    (void)state;
    static struct journal_reader reader;
    start();
    run(HOUR);
    (void)fake_fail(&fake, FAKE_JOURNAL_OPEN, 1, 1, HOST_BUSY);
    mender_journal_changed(&mender);
    run(MINUTE);
    settings_lines = 0;
    journal_begin(&reader);
    journal_feed(&reader, fake.journal, fake.journal_size, visit_settings, NULL);
    same_number("settings", "lines", 2, settings_lines);
    same_number("settings", "in force since the start", true,
                settings_since != 0 && settings_since < fake.utc_base + 60);
    no_complaints();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(repairs_by_scan),
        TEST(repairs_by_hint),
        TEST(order_of_calls),
        TEST(zero_settle_time),
        TEST(large_records),
        TEST(other_names_are_not_looked_at),
        TEST(what_is_not_stuck_is_not_opened_for_repair),
        TEST(hints_postpone),
        TEST(change_during_settle_postpones),
        TEST(change_to_sound_during_settle),
        TEST(change_between_look_and_open),
        TEST(two_changes_postpone_twice),
        TEST(sound_or_gone_when_opened),
        TEST(doubtful_when_opened),
        TEST(gone_before_it_is_due),
        TEST(busy_backs_off),
        TEST(busy_when_looked_at),
        TEST(busy_is_not_quiet),
        TEST(two_times_busy),
        TEST(failing_to_open_is_tried_again),
        TEST(refused_is_told_once),
        TEST(doubtful_and_unreadable_are_told_once),
        TEST(too_large_is_not_read),
        TEST(warnings_are_bounded),
        TEST(report_only),
        TEST(stops_at_the_limit),
        TEST(no_limit_below_it),
        TEST(limit_while_time_passes),
        TEST(one_event_an_hour),
        TEST(goes_on_when_told),
        TEST(limit_survives_a_restart),
        TEST(limit_counts_a_number_of_others),
        TEST(limit_counts_what_others_repair),
        TEST(journal_that_can_not_be_opened),
        TEST(journal_that_can_not_be_read),
        TEST(journal_that_takes_no_line),
        TEST(journal_full_at_intent),
        TEST(journal_full_at_done),
        TEST(journal_and_event_log_failing),
        TEST(journal_of_one_piece),
        TEST(torn_journal),
        TEST(journal_read_in_part),
        TEST(foreign_journal),
        TEST(event_log_failing),
        TEST(event_log_failing_at_a_restart),
        TEST(told_when_the_event_log_is_back),
        TEST(limit_told_when_the_event_log_is_back),
        TEST(folder_told_when_the_event_log_is_back),
        TEST(owed_is_bounded),
        TEST(write_failing),
        TEST(not_reported_when_another_made_it),
        TEST(not_begun_again_before_it_is_settled),
        TEST(changed_after_a_failed_repair),
        TEST(changed_and_scanned_after_a_failed_repair),
        TEST(rewritten_under_a_scan),
        TEST(write_that_failed_but_was_done),
        TEST(flush_failing),
        TEST(read_back_failing),
        TEST(read_back_differing),
        TEST(intent_done_in_the_file),
        TEST(intent_not_done_in_the_file),
        TEST(intent_whose_record_changed),
        TEST(intent_whose_record_vanished),
        TEST(intent_while_the_folder_is_away),
        TEST(intent_in_another_folder),
        TEST(intent_in_a_folder_that_is_gone),
        TEST(intent_in_the_folder_in_other_letters),
        TEST(intent_whose_record_is_busy),
        TEST(intent_whose_record_stays_busy_is_told),
        TEST(intent_whose_record_is_held_by_a_reader),
        TEST(intent_whose_record_is_being_written),
        TEST(intent_whose_record_is_read_only_now),
        TEST(numbers_go_on),
        TEST(many_open_intents),
        TEST(one_crash),
        TEST(two_crashes),
        TEST(torn_intent_and_a_later_repair),
        TEST(faults_everywhere),
        TEST(pause_and_continue),
        TEST(pause_during_a_scan),
        TEST(another_folder),
        TEST(owed_in_another_folder),
        TEST(same_name_in_another_folder),
        TEST(folder_away_and_back),
        TEST(listing_failing),
        TEST(listing_failing_in_the_middle),
        TEST(scan_counts),
        TEST(periodic_scans),
        TEST(no_periodic_scans),
        TEST(periodic_scans_at_other_times),
        TEST(quiet_between_scans),
        TEST(changes_lost),
        TEST(changes_lost_after_a_long_scan),
        TEST(queue_overflow),
        TEST(hints_overflow),
        TEST(busy_and_overflow),
        TEST(is_settled),
        TEST(undo_holds),
        TEST(interrupted_undo_holds),
        TEST(release_repairs),
        TEST(release_waits_for_the_undo),
        TEST(changed_content_ends_a_hold),
        TEST(undo_refused),
        TEST(undo_twice),
        TEST(holds_are_bounded),
        TEST(holds_are_bounded_with_those_to_come),
        TEST(crash_during_undo),
        TEST(rotates),
        TEST(reads_a_rotated_journal_again),
        TEST(another_process_rotates),
        TEST(rotation_failing),
        TEST(another_process_finishes),
        TEST(undo_again_after_a_failure),
        TEST(hold_of_another_folder_is_carried_over),
        TEST(journal_busy_is_not_settled),
        TEST(settings_noted_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
