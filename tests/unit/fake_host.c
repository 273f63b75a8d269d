/* SPDX-License-Identifier: MIT */
#include "fake_host.h"

#include "crc32.h"
#include "text.h"

/* ---- what happens at every call */

static void log_call(struct fake_host *fake, const char *word, const char *detail) {
    size_t room = sizeof fake->log - fake->log_length;
    int n = snprintf(fake->log + fake->log_length, room, "%s%s%s%s",
                     fake->log_length > 0 ? ", " : "", word, detail[0] != '\0' ? " " : "", detail);
    if (n > 0 && (size_t)n < room)
        fake->log_length += (size_t)n;
    else
        fake->log[fake->log_length] = '\0';
}

static struct fake_fault *find_fault(struct fake_host *fake, enum fake_call call) {
    struct fake_fault *found = NULL;
    for (size_t i = 0; i < fake->fault_count; i++) {
        struct fake_fault *fault = &fake->faults[i];
        if (fault->call != call)
            continue;
        fault->calls++;
        if (found == NULL && fault->calls >= fault->from &&
            fault->calls - fault->from < fault->count)
            found = fault;
    }
    return found;
}

/* Begins a call: the log, the time it takes, what the test wants to do, and the fault if one is
 * due. */
static struct fake_fault *begin(struct fake_host *fake, enum fake_call call, struct fake_file *file,
                                const char *detail) {
    static const char *const words[] = {
        "list",   "next",        "open",         "open-repair",     "read",         "write",
        "flush",  "close",       "folder-check", "real-name",       "journal-open", "journal-read",
        "append", "journal-new", "put",          "journal-replace", "report"};
    log_call(fake, words[call], detail);
    fake->clock += fake->tick;
    fake->count[call]++;
    fake->calls++;
    fake->crash_call = call;
    if (fake->before != NULL)
        fake->before(fake, call, file);
    return find_fault(fake, call);
}

/* Ends a call. What it did is done, but the caller may never hear of it. */
static void end(struct fake_host *fake) {
    if (fake->crash_after != 0 && fake->calls == fake->crash_after)
        longjmp(fake->crash, 1);
}

static struct host_result failure(const struct fake_fault *fault) {
    return (struct host_result){fault->code, 5, "the test says so"};
}

/* ---- clock and list */

static uint64_t clock_ms(void *context) {
    return ((struct fake_host *)context)->clock;
}

static uint32_t utc(void *context) {
    struct fake_host *fake = context;
    return (uint32_t)((int64_t)fake->utc_base + (int64_t)(fake->clock / 1000) + fake->apart);
}

static uint32_t unique(void *context) {
    struct fake_host *fake = context;
    fake->numbers += 0x9E3779B9;
    return fake->numbers;
}

static struct host_result list_open(void *context) {
    struct fake_host *fake = context;
    struct fake_fault *fault = begin(fake, FAKE_LIST_OPEN, NULL, "");
    if (fake->listing)
        complain("fake host: a listing is opened while one is open");
    end(fake);
    if (fault != NULL)
        return failure(fault);
    if (fake->folder_away)
        return (struct host_result){HOST_FAILED, 3, NULL};
    fake->listing = true;
    fake->list_next = 0;
    return host_ok;
}

static struct host_result list_next(void *context, char *name, size_t size,
                                    struct host_stamp *stamp) {
    struct fake_host *fake = context;
    struct fake_fault *fault = begin(fake, FAKE_LIST_NEXT, NULL, "");
    if (!fake->listing)
        complain("fake host: a name is read from a listing that is not open");
    if (size < QUEUE_NAME_BYTES)
        complain("fake host: there is no room for the longest name");
    end(fake);
    if (fault != NULL)
        return failure(fault);
    while (fake->list_next < fake->file_count) {
        struct fake_file *file = &fake->files[fake->list_next++];
        if (!file->there || file->folder != fake->folder)
            continue;
        assert_true(text_copy(name, size, file->name));
        stamp->size = file->size;
        stamp->written = file->listed;
        return host_ok;
    }
    return (struct host_result){HOST_END, 0, NULL};
}

static void list_close(void *context) {
    struct fake_host *fake = context;
    if (!fake->listing)
        complain("fake host: a listing is closed that is not open");
    fake->listing = false;
}

/* ---- records */

/* From where the last one was found: most callers go through the files in their order. */
static struct fake_file *find(struct fake_host *fake, const char *name, unsigned folder) {
    size_t length = strlen(name);
    for (size_t i = 0; i < fake->file_count; i++) {
        size_t at = (fake->found + i) % fake->file_count;
        struct fake_file *file = &fake->files[at];
        if (file->there && file->folder == folder &&
            (text_equal_no_case(name, length, file->name) || text_same(name, file->alias))) {
            fake->found = at;
            return file;
        }
    }
    return NULL;
}

/* The number of a folder by its path; FAKE_FOLDERS when there is none. */
static unsigned find_folder(const struct fake_host *fake, const char *path) {
    unsigned folder = 0;
    while (folder < FAKE_FOLDERS && !text_same(path, fake->paths[folder]) &&
           (fake->alias[folder] == NULL || !text_same(path, fake->alias[folder])))
        folder++;
    return folder;
}

static struct host_result folder_check(void *context) {
    struct fake_host *fake = context;
    struct fake_fault *fault = begin(fake, FAKE_FOLDER_CHECK, fake->open, "");
    end(fake);
    if (fault != NULL)
        return failure(fault);
    return fake->folder_away ? (struct host_result){HOST_FAILED, 3, NULL} : host_ok;
}

static bool folder_is(void *context, const char *path) {
    struct fake_host *fake = context;
    if (path[0] == '\0')
        complain("fake host: nobody's folder is asked for");
    return !fake->folder_away && find_folder(fake, path) == fake->folder;
}

static struct host_result real_name(void *context, char *name, size_t size) {
    struct fake_host *fake = context;
    struct fake_fault *fault = begin(fake, FAKE_REAL_NAME, NULL, name);
    const struct fake_file *file = find(fake, name, fake->folder);
    end(fake);
    if (fault != NULL)
        return failure(fault);
    if (file == NULL)
        return (struct host_result){HOST_GONE, 2, NULL};
    assert_true(text_copy(name, size, file->name));
    return host_ok;
}

static struct host_result open_record(void *context, const char *path, const char *name,
                                      bool repair, uint32_t *size) {
    struct fake_host *fake = context;
    unsigned folder = path == NULL ? fake->folder : find_folder(fake, path);
    struct fake_file *file = find(fake, name, folder);
    struct fake_fault *fault = begin(fake, repair ? FAKE_OPEN_REPAIR : FAKE_OPEN, file, name);
    /* The test may have changed what is there. */
    file = find(fake, name, folder);
    if (fake->open != NULL)
        complain("fake host: %s is opened while %s is open", name, fake->open->name);
    end(fake);
    if (fault != NULL)
        return failure(fault);
    if (folder == FAKE_FOLDERS || (folder == fake->folder && fake->folder_away))
        return (struct host_result){HOST_FAILED, 3, NULL};
    if (file == NULL)
        return (struct host_result){HOST_GONE, 2, NULL};
    file->opened++;
    file->opened_for_repair += repair;
    enum host_code code = repair ? file->repair : file->shared;
    if (code != HOST_OK)
        return (struct host_result){code, 32, code == HOST_REFUSED ? "it is read-only" : NULL};
    fake->open = file;
    fake->open_for_repair = repair;
    *size = file->size;
    return host_ok;
}

static bool is_written(void *context, const char *name) {
    struct fake_host *fake = context;
    const struct fake_file *file = find(fake, name, fake->folder);
    return file != NULL && file->written;
}

static struct host_result read_record(void *context, uint32_t offset, void *bytes, size_t size,
                                      size_t *got) {
    struct fake_host *fake = context;
    struct fake_fault *fault = begin(fake, FAKE_READ, fake->open, "");
    struct fake_file *file = fake->open;
    *got = 0;
    end(fake);
    if (fault != NULL)
        return failure(fault);
    if (file == NULL) {
        complain("fake host: a read while no record is open");
        return (struct host_result){HOST_FAILED, 6, NULL};
    }
    if (offset < file->size)
        *got = file->size - offset < size ? file->size - offset : size;
    if (*got > 0)
        memcpy(bytes, file->bytes + offset, *got);
    return host_ok;
}

/* The one thing that must never go wrong. */
static bool may_write(struct fake_host *fake, uint32_t offset, unsigned char byte) {
    struct fake_file *file = fake->open;
    const struct fake_intents *intents = &fake->journal.intents;
    if (file == NULL || !fake->open_for_repair) {
        complain("fake host: a write to a record that is not open for repair");
        return false;
    }
    bool undo = byte == '4';
    if (offset >= file->size || file->bytes[offset] != (undo ? '1' : '4') ||
        byte != (undo ? '4' : '1')) {
        complain("fake host: %s: a write that is not `4` to `1`, or that undone", file->name);
        return false;
    }
    uint32_t before = crc32(0, file->bytes, file->size);
    file->bytes[offset] = byte;
    uint32_t after = crc32(0, file->bytes, file->size);
    file->bytes[offset] = undo ? '1' : '4';
    for (size_t i = 0; i < intents->count; i++) {
        const struct fake_intent *intent = &intents->open[i];
        if (intent->file == file && intent->undo == undo && intent->offset == offset &&
            intent->size == file->size && intent->before == before && intent->after == after)
            return true;
    }
    complain("fake host: %s: a write without its INTENT in the journal", file->name);
    return false;
}

static struct host_result write_record(void *context, uint32_t offset, unsigned char byte) {
    struct fake_host *fake = context;
    char detail[16];
    (void)snprintf(detail, sizeof detail, "%u", offset);
    struct fake_fault *fault = begin(fake, FAKE_WRITE, fake->open, detail);
    struct fake_file *file = fake->open;
    if (!may_write(fake, offset, byte))
        return (struct host_result){HOST_FAILED, 6, NULL};
    if (fault == NULL || fault->done) {
        file->bytes[offset] = byte;
        file->dirty = true;
        file->dirty_at = offset;
        file->writes++;
    }
    end(fake);
    return fault != NULL ? failure(fault) : host_ok;
}

static struct host_result flush_record(void *context) {
    struct fake_host *fake = context;
    struct fake_fault *fault = begin(fake, FAKE_FLUSH, fake->open, "");
    if (fake->open == NULL || !fake->open_for_repair)
        complain("fake host: a flush of a record that is not open for repair");
    else if (fault == NULL)
        fake->open->dirty = false;
    end(fake);
    return fault != NULL ? failure(fault) : host_ok;
}

static void close_record(void *context) {
    struct fake_host *fake = context;
    (void)begin(fake, FAKE_CLOSE, fake->open, "");
    if (fake->open == NULL)
        complain("fake host: a close while no record is open");
    fake->open = NULL;
    end(fake);
}

/* ---- journal */

static struct host_result journal_open(void *context, uint32_t *size) {
    struct fake_host *fake = context;
    struct fake_fault *fault = begin(fake, FAKE_JOURNAL_OPEN, NULL, "");
    bool busy = fake->clock < fake->scanned_until;
    if (fake->journal_open)
        complain("fake host: the journal is opened twice");
    fake->journal_open = fault == NULL && !busy;
    *size = (uint32_t)fake->journal.size;
    end(fake);
    if (fault != NULL)
        return failure(fault);
    return busy ? (struct host_result){HOST_BUSY, 32, NULL} : host_ok;
}

static void journal_close(void *context) {
    struct fake_host *fake = context;
    if (!fake->journal_open)
        complain("fake host: the journal is closed but is not open");
    fake->journal_open = fake->journal_begun = false;
}

static struct host_result journal_read(void *context, uint32_t offset, void *bytes, size_t size,
                                       size_t *got) {
    struct fake_host *fake = context;
    struct fake_fault *fault = begin(fake, FAKE_JOURNAL_READ, NULL, "");
    const struct fake_journal *journal = &fake->journal;
    *got = 0;
    if (!fake->journal_open)
        complain("fake host: a read from a journal that is not open");
    end(fake);
    if (fault != NULL)
        return failure(fault);
    if (offset < journal->size)
        *got = journal->size - offset < size ? journal->size - offset : size;
    if (*got > 0)
        memcpy(bytes, journal->bytes + offset, *got);
    return host_ok;
}

static void on_change(struct fake_host *fake) {
    fake->journal_changed = true;
    if (fake->scanner_ms > 0)
        fake->scanned_until = fake->clock + fake->scanner_ms;
}

static void keep_line(struct fake_journal *journal, const char *line, size_t length) {
    assert_true(length <= sizeof journal->bytes - journal->size);
    memcpy(journal->bytes + journal->size, line, length);
    journal->size += length;
}

/* Remembers whose INTENT it is. A DONE says that the event was delivered, unless nothing was
 * done. */
static void note_entry(struct fake_host *fake, struct fake_journal *journal,
                       const struct journal_entry *entry) {
    struct fake_intents *intents = &journal->intents;
    if (entry->kind == JOURNAL_INTENT || entry->kind == JOURNAL_UNDO) {
        assert_true(intents->count < FAKE_INTENTS);
        intents->open[intents->count++] =
            (struct fake_intent){entry->number,
                                 entry->offset,
                                 entry->size,
                                 entry->before,
                                 entry->after,
                                 entry->kind == JOURNAL_UNDO,
                                 find(fake, entry->name, find_folder(fake, entry->text))};
    }
    for (size_t i = 0; entry->kind == JOURNAL_DONE && i < intents->count; i++) {
        if (intents->open[i].number != entry->number)
            continue;
        const struct fake_file *file = intents->open[i].file;
        if (entry->outcome != OUTCOME_NOT_MADE && file != NULL && file->reported == 0)
            complain("fake host: %s: DONE before it was reported", file->name);
        intents->open[i--] = intents->open[--intents->count];
    }
}

/* "INTENT 1", "DONE 1 repaired", "HOLD a.ini", "STATE". */
static void describe(const struct journal_entry *entry, char *detail, size_t size) {
    static const char *const kinds[] = {"INTENT", "UNDO",       "DONE",  "HOLD",   "RELEASE",
                                        "LOADED", "CHECKPOINT", "STATE", "WINDOW", "REPAIRED"};
    static const char *const outcomes[] = {"repaired", "undone", "not-made", "unknown"};
    const char *kind = kinds[entry->kind];
    switch (entry->kind) {
    case JOURNAL_INTENT:
    case JOURNAL_UNDO:
    case JOURNAL_REPAIRED:
        (void)snprintf(detail, size, "%s %u", kind, entry->number);
        break;
    case JOURNAL_DONE:
        (void)snprintf(detail, size, "%s %u %s", kind, entry->number, outcomes[entry->outcome]);
        break;
    case JOURNAL_HOLD:
    case JOURNAL_RELEASE:
        (void)snprintf(detail, size, "%s %.40s", kind, entry->name);
        break;
    case JOURNAL_LOADED:
    case JOURNAL_CHECKPOINT:
    case JOURNAL_STATE:
    case JOURNAL_WINDOW:
        (void)snprintf(detail, size, "%s", kind);
        break;
    }
}

/* What the journal is given has to be one line. */
static bool read_line(const char *line, size_t length, struct journal_entry *entry) {
    size_t skip = length > 2 && line[0] == '\r' && line[1] == '\n' ? 2 : 0;
    if (length >= 4 && memcmp(line + length - 2, "\r\n", 2) == 0 &&
        journal_decode(line + skip, length - 2 - skip, entry))
        return true;
    complain("fake host: what is written to the journal is no line");
    return false;
}

static struct host_result journal_append(void *context, const char *line, size_t length) {
    static struct journal_entry entry;
    struct fake_host *fake = context;
    struct fake_journal *journal = &fake->journal;
    char detail[64] = "";
    bool good = read_line(line, length, &entry);
    if (good)
        describe(&entry, detail, sizeof detail);
    struct fake_fault *fault = begin(fake, FAKE_APPEND, NULL, detail);
    if (!fake->journal_open)
        complain("fake host: a line for a journal that is not open");
    on_change(fake);
    if (fake->crash_after != 0 && fake->calls == fake->crash_after) {
        keep_line(journal, line, fake->crash_keep < length ? fake->crash_keep : length);
        end(fake);
    }
    if (fault != NULL) {
        keep_line(journal, line, fault->keep < length ? fault->keep : length);
        return failure(fault);
    }
    keep_line(journal, line, length);
    if (good)
        note_entry(fake, journal, &entry);
    return host_ok;
}

static struct host_result journal_new(void *context) {
    struct fake_host *fake = context;
    struct fake_fault *fault = begin(fake, FAKE_JOURNAL_NEW, NULL, "");
    if (!fake->journal_open)
        complain("fake host: a new journal while none is open");
    fake->journal_begun = fault == NULL;
    fake->journal_made.size = 0;
    fake->journal_made.intents.count = 0;
    end(fake);
    return fault != NULL ? failure(fault) : host_ok;
}

static struct host_result journal_put(void *context, const char *line, size_t length) {
    static struct journal_entry entry;
    struct fake_host *fake = context;
    char detail[64] = "";
    bool good = read_line(line, length, &entry);
    if (good)
        describe(&entry, detail, sizeof detail);
    struct fake_fault *fault = begin(fake, FAKE_JOURNAL_PUT, NULL, detail);
    if (!fake->journal_begun)
        complain("fake host: a line for a new journal that is not begun");
    if (good && (fake->journal_made.size == 0) != (entry.kind == JOURNAL_CHECKPOINT))
        complain("fake host: a new journal begins with its one checkpoint, not with %s", detail);
    end(fake);
    if (fault != NULL)
        return failure(fault);
    keep_line(&fake->journal_made, line, length);
    if (good)
        note_entry(fake, &fake->journal_made, &entry);
    return host_ok;
}

static void copy_journal(struct fake_journal *to, const struct fake_journal *from) {
    memcpy(to->bytes, from->bytes, from->size);
    memcpy(to->intents.open, from->intents.open,
           from->intents.count * sizeof from->intents.open[0]);
    to->size = from->size;
    to->intents.count = from->intents.count;
}

static struct host_result journal_replace(void *context, bool keep) {
    struct fake_host *fake = context;
    struct fake_fault *fault =
        begin(fake, FAKE_JOURNAL_REPLACE, NULL, keep ? "and keep" : "and drop");
    if (!fake->journal_begun || fake->journal_made.size == 0)
        complain("fake host: the journal is replaced by none");
    if (fault == NULL) {
        if (keep)
            copy_journal(&fake->journal_old, &fake->journal);
        copy_journal(&fake->journal, &fake->journal_made);
        fake->journal_begun = false;
        on_change(fake);
    }
    end(fake);
    return fault != NULL ? failure(fault) : host_ok;
}

/* ---- events */

static bool is_about_record(enum event_number number) {
    return number >= EVENT_REPAIRED && number <= EVENT_REPAIR_FAILED;
}

static void keep_event(struct fake_host *fake, const struct event *event) {
    assert_true(fake->event_count < FAKE_EVENTS);
    struct fake_event *kept = &fake->events[fake->event_count++];
    kept->number = event->number;
    kept->strings = event->strings;
    kept->clock = fake->clock;
    for (unsigned i = 0; i < event->strings; i++)
        (void)text_copy(kept->string[i], sizeof kept->string[i], event->string[i]);
    if (event->why != NULL) {
        const char *reason = event->why->reason != NULL ? event->why->reason : "(a number)";
        (void)text_copy(kept->string[kept->strings++], FAKE_TEXT_BYTES, reason);
    }
    if (event->number == EVENT_REPAIRED || event->number == EVENT_REPAIRED_LATE ||
        event->number == EVENT_OUTCOME_UNKNOWN) {
        /* The folder may be another one by now, so each record of that name is meant. */
        for (size_t i = 0; i < fake->file_count; i++)
            fake->files[i].reported += strcmp(fake->files[i].name, event->string[0]) == 0;
    }
}

static bool report(void *context, const struct event *event) {
    struct fake_host *fake = context;
    char detail[128];
    bool about = is_about_record(event->number);
    if (event->strings > EVENT_STRINGS || (event->strings == 0) != (event->number == EVENT_PAUSED))
        complain("fake host: event %d has %u strings", (int)event->number, event->strings);
    for (unsigned i = 0; i < event->strings; i++) {
        if (event->string[i] == NULL || event->string[i][0] == '\0')
            complain("fake host: event %d: string %u is empty", (int)event->number, i);
    }
    (void)snprintf(detail, sizeof detail, "%d%s%s", (int)event->number, about ? " " : "",
                   about ? event->string[0] : "");
    struct fake_fault *fault = begin(fake, FAKE_REPORT, NULL, detail);
    if (fault == NULL || fault->done)
        keep_event(fake, event);
    end(fake);
    return fault == NULL;
}

static bool decode(void *context, const char *bytes, size_t length, char *to, size_t size) {
    (void)context;
    if (length >= size)
        return false;
    for (size_t i = 0; i < length; i++)
        to[i] = (char)((unsigned char)bytes[i] < 0x80 ? bytes[i] : '?');
    to[length] = '\0';
    return true;
}

/* ---- for the tests */

void fake_reset(struct fake_host *fake) {
    for (size_t i = 0; i < fake->file_count; i++)
        free(fake->files[i].bytes);
    memset(fake, 0, offsetof(struct fake_host, files));
    fake->journal.size = fake->journal.intents.count = fake->journal_old.size = 0;
    fake->log[0] = '\0';
    fake->host = (struct host){.context = fake,
                               .clock = clock_ms,
                               .utc = utc,
                               .unique = unique,
                               .list_open = list_open,
                               .list_next = list_next,
                               .list_close = list_close,
                               .folder_check = folder_check,
                               .folder_is = folder_is,
                               .real_name = real_name,
                               .open = open_record,
                               .is_written = is_written,
                               .read = read_record,
                               .write = write_record,
                               .flush = flush_record,
                               .close = close_record,
                               .journal_open = journal_open,
                               .journal_close = journal_close,
                               .journal_read = journal_read,
                               .journal_append = journal_append,
                               .journal_new = journal_new,
                               .journal_put = journal_put,
                               .journal_replace = journal_replace,
                               .report = report,
                               .decode = decode};
    fake->clock = 1000;
    fake->utc_base = 1795365600;
    fake->paths[0] = "C:\\Security\\Mgrent\\Clients";
    fake->paths[1] = "D:\\Records";
}

uint64_t fake_time(const struct fake_host *fake) {
    return (11644473600000ULL + fake->utc_base * 1000ULL + fake->clock +
            (uint64_t)(fake->apart * 1000)) *
           10000;
}

void fake_change(struct fake_file *file, const char *text) {
    free(file->bytes);
    file->size = (uint32_t)strlen(text);
    file->bytes = exact_copy(text, file->size);
    file->dirty = false;
}

struct fake_file *fake_file(struct fake_host *fake, const char *name, const char *text) {
    assert_true(fake->file_count < FAKE_FILES);
    struct fake_file *file = &fake->files[fake->file_count++];
    memset(file, 0, sizeof *file);
    assert_true(text_copy(file->name, sizeof file->name, name));
    file->folder = fake->folder;
    file->there = true;
    fake_change(file, text);
    return file;
}

struct fake_file *fake_find(struct fake_host *fake, const char *name) {
    return find(fake, name, fake->folder);
}

struct fake_fault *fake_fail(struct fake_host *fake, enum fake_call call, unsigned from,
                             unsigned count, enum host_code code) {
    assert_true(fake->fault_count < FAKE_FAULTS);
    struct fake_fault *fault = &fake->faults[fake->fault_count++];
    *fault = (struct fake_fault){call, from, count, code, 0, false, 0};
    return fault;
}

void fake_heal(struct fake_host *fake) {
    fake->fault_count = 0;
}

void fake_restart(struct fake_host *fake, bool lost) {
    for (size_t i = 0; i < fake->file_count; i++) {
        struct fake_file *file = &fake->files[i];
        if (file->dirty && lost) {
            file->bytes[file->dirty_at] = '4';
            file->writes--;
        }
        file->dirty = false;
    }
    fake->open = NULL;
    fake->listing = fake->journal_open = fake->journal_begun = false;
    fake->scanned_until = 0;
    fake->crash_after = 0;
    /* The clock of a machine starts again; the calendar does not. */
    fake->utc_base += (uint32_t)(fake->clock / 1000);
    fake->clock = 500;
}

void fake_clear_log(struct fake_host *fake) {
    fake->log_length = 0;
    fake->log[0] = '\0';
}

const char *fake_log(const struct fake_host *fake) {
    return fake->log;
}

void fake_clear_events(struct fake_host *fake) {
    fake->event_count = 0;
}

unsigned fake_events(const struct fake_host *fake, enum event_number number) {
    unsigned count = 0;
    for (size_t i = 0; i < fake->event_count; i++)
        count += fake->events[i].number == number;
    return count;
}

unsigned fake_events_about(const struct fake_host *fake, enum event_number number,
                           const char *name) {
    unsigned count = 0;
    for (size_t i = 0; i < fake->event_count; i++)
        count += fake->events[i].number == number && strcmp(fake->events[i].string[0], name) == 0;
    return count;
}

const struct fake_event *fake_event(const struct fake_host *fake, enum event_number number) {
    static const struct fake_event none = {
        .string = {"(none)", "(none)", "(none)", "(none)", "(none)", "(none)", "(none)", "(none)"}};
    for (size_t i = fake->event_count; i-- > 0;) {
        if (fake->events[i].number == number)
            return &fake->events[i];
    }
    return &none;
}

const char *fake_story(const struct fake_host *fake) {
    static char story[16 * 1024];
    struct text text;
    text_begin(&text, story, sizeof story);
    for (size_t i = 0; i < fake->event_count; i++) {
        const struct fake_event *event = &fake->events[i];
        text_put(&text, i > 0 ? ", " : "");
        text_put_u32(&text, event->number);
        text_put(&text, is_about_record(event->number) ? " " : "");
        text_put(&text, is_about_record(event->number) ? event->string[0] : "");
    }
    return story;
}

/* ---- what the journal says */

struct reading {
    enum journal_kind kind; /* that is counted */
    unsigned of_kind, intents, open_count;
    uint32_t open[FAKE_INTENTS];
    struct journal_entry last; /* of that kind */
    struct text story;
};

static void read_entry(void *context, const struct journal_entry *entry) {
    struct reading *reading = context;
    char detail[64];
    describe(entry, detail, sizeof detail);
    text_put(&reading->story, reading->story.length > 0 ? ", " : "");
    text_put(&reading->story, detail);
    if (entry->kind == reading->kind) {
        reading->of_kind++;
        reading->last = *entry;
    }
    if (entry->kind == JOURNAL_INTENT || entry->kind == JOURNAL_UNDO) {
        assert_true(reading->open_count < FAKE_INTENTS);
        reading->open[reading->open_count++] = entry->number;
        reading->intents += entry->kind == JOURNAL_INTENT;
    }
    for (unsigned i = 0; entry->kind == JOURNAL_DONE && i < reading->open_count; i++) {
        if (reading->open[i] == entry->number)
            reading->open[i--] = reading->open[--reading->open_count];
    }
}

static struct journal_reader reader;
static struct reading reading;
static char journal_story[64 * 1024];

static const struct reading *read_journal(struct fake_host *fake, enum journal_kind kind,
                                          bool whole) {
    memset(&reading, 0, sizeof reading);
    reading.kind = kind;
    text_begin(&reading.story, journal_story, sizeof journal_story);
    journal_begin(&reader);
    journal_feed(&reader, fake->journal.bytes, fake->journal.size, read_entry, &reading);
    uint32_t foreign = reader.foreign;
    bool torn = journal_end(&reader, read_entry, &reading);
    if (whole && (foreign != 0 || torn))
        complain("the journal: expected nothing but entries, got %u other lines%s", foreign,
                 torn ? " and a torn one" : "");
    return &reading;
}

unsigned fake_open_intents(struct fake_host *fake, bool whole) {
    return read_journal(fake, JOURNAL_INTENT, whole)->open_count;
}

unsigned fake_intents(struct fake_host *fake) {
    return read_journal(fake, JOURNAL_INTENT, false)->intents;
}

unsigned fake_lines(struct fake_host *fake) {
    (void)read_journal(fake, JOURNAL_INTENT, false);
    return reader.lines;
}

unsigned fake_entries(struct fake_host *fake, enum journal_kind kind) {
    return read_journal(fake, kind, false)->of_kind;
}

const struct journal_entry *fake_entry(struct fake_host *fake, enum journal_kind kind) {
    return &read_journal(fake, kind, false)->last;
}

const char *fake_journal_story(struct fake_host *fake) {
    (void)read_journal(fake, JOURNAL_INTENT, false);
    return journal_story;
}

void fake_append_entry(struct fake_host *fake, const struct journal_entry *entry) {
    char line[JOURNAL_LINE_MAX];
    size_t length = journal_encode(entry, line, sizeof line);
    assert_true(length > 0);
    note_entry(fake, &fake->journal, entry);
    keep_line(&fake->journal, line, length);
}

void fake_append_text(struct fake_host *fake, const char *text) {
    keep_line(&fake->journal, text, strlen(text));
}

void fake_delete_journal(struct fake_host *fake) {
    fake->journal.size = fake->journal.intents.count = 0;
}

void fake_behead_journal(struct fake_host *fake) {
    struct fake_journal *journal = &fake->journal;
    const char *end = memchr(journal->bytes, '\n', journal->size);
    assert_non_null(end);
    size_t length = (size_t)(end + 1 - journal->bytes);
    memmove(journal->bytes, end + 1, journal->size - length);
    journal->size -= length;
}

void fake_fill_journal(struct fake_host *fake) {
    char line[65];
    memset(line, 'x', 62);
    memcpy(line + 62, "\r\n", 3);
    while (fake->journal.size <= JOURNAL_BYTES_MAX)
        fake_append_text(fake, line);
}
