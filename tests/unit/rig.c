/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include "crc32.h"

struct fake_host fake;
struct mender mender, other;
struct settings settings;

static uint32_t utc_now(void) {
    return fake.host.utc(fake.host.context);
}

static unsigned char bytes[RECORD_BYTES_MAX];
static struct known known;
static unsigned char other_bytes[RECORD_BYTES_MAX];

const char repaired_text[] =
    "[Client]\r\nName = /o=Org/ou=Site/cn=Recipients/cn=Anna\r\nState = 1\r\nKey = x\r\n";

int rig_setup(void **state) {
    (void)state;
    fake_reset(&fake);
    config_defaults(&settings);
    settings.reminder_hours = 0; /* test_remind has what there is to say of it */
    (void)text_copy(settings.folder, sizeof settings.folder, fake.paths[0]);
    return 0;
}

int rig_teardown(void **state) {
    (void)state;
    fake_reset(&fake);
    /* Of a test that has not asked itself. */
    no_complaints();
    return 0;
}

void start_without_folder(void) {
    mender_init(&mender, &fake.host, &settings, true, bytes, &known);
}

void open_folder(void) {
    mender_folder_open(&mender, fake.paths[fake.folder]);
}

void start(void) {
    start_without_folder();
    open_folder();
}

void use_folder(unsigned folder) {
    (void)text_copy(settings.folder, sizeof settings.folder, fake.paths[folder]);
    mender_configure(&mender, &settings);
    fake.folder = folder;
    open_folder();
}

void restart(bool lost) {
    fake_restart(&fake, lost);
    start();
}

static void run_for(uint64_t ms, bool watched) {
    uint64_t until = fake.clock + ms;
    for (unsigned idle = 0; idle < 100000;) {
        uint64_t time = fake.clock;
        unsigned calls = fake.calls;
        uint64_t due = mender_step(&mender);
        if (watched && fake.journal_changed) {
            fake.journal_changed = false;
            mender_journal_changed(&mender);
            due = fake.clock;
        }
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

void run(uint64_t ms) {
    run_for(ms, false);
}

void run_watched(uint64_t ms) {
    run_for(ms, true);
}

void other_begins(void) {
    mender_init(&other, &fake.host, &settings, false, other_bytes, NULL);
    mender_folder_open(&other, fake.paths[fake.folder]);
}

void other_repairs(void) {
    other_begins();
    for (unsigned i = 0; i < 100000 && !mender_is_settled(&other); i++) {
        uint64_t due = mender_step(&other);
        if (!mender_is_settled(&other) && due != MENDER_NEVER && due > fake.clock)
            fake.clock = due;
    }
    assert_true(mender_is_settled(&other));
    mender_close(&other);
    mender_journal_changed(&mender);
}

struct host_result by_another(struct host_result (*act)(struct mender *, const char *),
                              const char *name) {
    other_begins();
    struct host_result result = act(&other, name);
    mender_close(&other);
    mender_journal_changed(&mender);
    return result;
}

void story(const char *label, const char *expected) {
    same_text(label, "events", expected, fake_story(&fake));
}

void journal_is_clean(unsigned open) {
    same_number("journal", "INTENTs without DONE", open, fake_open_intents(&fake, true));
}

void repaired(const struct fake_file *file, const char *before) {
    size_t digit = (size_t)(strstr(before, "State = 4") - before) + 8;
    if (file->size != strlen(before) || memcmp(file->bytes, before, digit) != 0 ||
        memcmp(file->bytes + digit + 1, before + digit + 1, file->size - digit - 1) != 0)
        complain("%s: expected one byte to differ, got more", file->name);
    else if (file->bytes[digit] != '1')
        complain("%s: expected it to be repaired, it is not", file->name);
    same_number(file->name, "writes", 1, file->writes);
}

void untouched(const struct fake_file *file, const char *text) {
    if (file->size != strlen(text) || memcmp(file->bytes, text, file->size) != 0)
        complain("%s: expected it to be as it was, it is not", file->name);
    same_number(file->name, "writes", 0, file->writes);
}

void never_opened_for_repair(const struct fake_file *file) {
    same_number(file->name, "times opened for repair", 0, file->opened_for_repair);
}

void many_files(unsigned count, const char *text) {
    for (unsigned i = 0; i < count; i++) {
        char name[FAKE_NAME_BYTES];
        (void)snprintf(name, sizeof name, "Mx%05u.ini", i);
        (void)fake_file(&fake, name, text);
    }
}

struct fake_file *a_new_file(const char *name, const char *text) {
    struct fake_file *file = fake_file(&fake, name, text);
    mender_hint(&mender, name);
    return file;
}

void a_limit_of(uint32_t repairs, unsigned records) {
    settings.repairs_per_hour = repairs;
    many_files(records, STUCK);
    start();
}

struct fake_file *a_write_that_waits(unsigned times, enum host_code code, uint64_t ms) {
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    (void)fake_fail(&fake, FAKE_WRITE, 1, times, code);
    start();
    run(ms);
    return file;
}

struct fake_file *an_event_that_waits(const char *name) {
    struct fake_file *file = fake_file(&fake, name, STUCK);
    start();
    run(SECOND);
    (void)fake_fail(&fake, FAKE_REPORT, 1, FAKE_FOR_EVER, HOST_FAILED);
    run(MINUTE);
    return file;
}

unsigned count_repaired(void) {
    unsigned count = 0;
    for (size_t i = 0; i < fake.file_count; i++)
        count += fake.files[i].writes;
    return count;
}

struct journal_entry an_intent(uint32_t number, const char *name, const char *before) {
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
    (void)text_copy(entry.text, sizeof entry.text, settings.folder);
    return entry;
}

struct journal_entry an_undo(uint32_t number, const char *name) {
    struct journal_entry entry = an_intent(number, name, STUCK);
    const uint32_t stuck = entry.before;
    entry.kind = JOURNAL_UNDO;
    entry.before = entry.after;
    entry.after = stuck;
    return entry;
}

void append_repair(uint32_t number, const char *name) {
    struct journal_entry entry = an_intent(number, name, STUCK);
    entry.utc = utc_now();
    fake_append_entry(&fake, &entry);
    entry.kind = JOURNAL_DONE;
    entry.outcome = OUTCOME_NOT_MADE;
    fake_append_entry(&fake, &entry);
}

struct fake_file *an_undone_file(void) {
    struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
    start();
    run(MINUTE);
    same_number("a.ini", "repaired first", 1, file->writes);
    same_number("a.ini", "undo", HOST_OK, by_another(mender_undo, "A.INI").code);
    same_number("a.ini", "as it was", 0, (uint64_t)memcmp(file->bytes, STUCK, sizeof STUCK - 1));
    same_number("a.ini", "2040", 1, fake_events(&fake, EVENT_UNDONE));
    return file;
}

struct fake_file *a_full_memory(void) {
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
