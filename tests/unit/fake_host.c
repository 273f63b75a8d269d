#include "fake_host.h"

#include "crc32.h"
#include "text.h"

static const struct host_result ok = {HOST_OK, 0, NULL};

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

/* Begins a call: the log, the time it takes, what the test wants to do, and the fault if one is due. */
static struct fake_fault *begin(struct fake_host *fake, enum fake_call call, struct fake_file *file,
                                const char *detail) {
    static const char *const words[] = {"list",   "next",   "open",  "open-repair",  "read",
                                        "write",  "flush",  "close", "journal-open", "journal-read",
                                        "append", "rotate", "report"};
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
    return fake->utc_base + (uint32_t)(fake->clock / 1000);
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
    return ok;
}

static struct host_result list_next(void *context, char *name, size_t size) {
    struct fake_host *fake = context;
    struct fake_fault *fault = begin(fake, FAKE_LIST_NEXT, NULL, "");
    if (!fake->listing)
        complain("fake host: a name is read from a listing that is not open");
    end(fake);
    if (fault != NULL)
        return failure(fault);
    while (fake->list_next < fake->file_count) {
        struct fake_file *file = &fake->files[fake->list_next++];
        if (!file->there || file->folder != fake->folder)
            continue;
        assert_true(text_copy(name, size, file->name));
        return ok;
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
        if (file->there && file->folder == folder && text_equal_no_case(name, length, file->name)) {
            fake->found = at;
            return file;
        }
    }
    return NULL;
}

/* The number of a folder by its path; FAKE_FOLDERS when there is none. */
static unsigned find_folder(const struct fake_host *fake, const char *path) {
    unsigned folder = 0;
    while (folder < FAKE_FOLDERS && !text_equal_no_case(path, strlen(path), fake->paths[folder]))
        folder++;
    return folder;
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
    return ok;
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
    return ok;
}

/* The one thing that must never go wrong. */
static bool may_write(struct fake_host *fake, uint32_t offset, unsigned char byte) {
    struct fake_file *file = fake->open;
    const struct journal_entry *intent = &fake->intent;
    if (file == NULL || !fake->open_for_repair) {
        complain("fake host: a write to a record that is not open for repair");
        return false;
    }
    bool undo = fake->has_intent && intent->kind == JOURNAL_UNDO;
    if (offset >= file->size || file->bytes[offset] != (undo ? '1' : '4') ||
        byte != (undo ? '4' : '1')) {
        complain("fake host: %s: a write that is not `4` to `1`, or that undone", file->name);
        return false;
    }
    if (!fake->has_intent || intent->offset != offset || intent->size != file->size ||
        !text_equal_no_case(intent->name, strlen(intent->name), file->name) ||
        strcmp(intent->folder, fake->paths[file->folder]) != 0 ||
        intent->before != crc32(0, file->bytes, file->size))
        complain("fake host: %s: a write without its INTENT in the journal", file->name);
    file->bytes[offset] = byte;
    if (fake->has_intent && intent->after != crc32(0, file->bytes, file->size))
        complain("fake host: %s: the INTENT is wrong about the content after it", file->name);
    file->bytes[offset] = undo ? '1' : '4';
    return true;
}

static struct host_result write_record(void *context, uint32_t offset, unsigned char byte) {
    struct fake_host *fake = context;
    char detail[16];
    (void)snprintf(detail, sizeof detail, "%u", offset);
    struct fake_fault *fault = begin(fake, FAKE_WRITE, fake->open, detail);
    struct fake_file *file = fake->open;
    if (!may_write(fake, offset, byte))
        return (struct host_result){HOST_FAILED, 6, NULL};
    fake->has_intent = false;
    if (fault == NULL || fault->done) {
        file->bytes[offset] = byte;
        file->dirty = true;
        file->dirty_at = offset;
        file->writes++;
    }
    end(fake);
    return fault != NULL ? failure(fault) : ok;
}

static struct host_result flush_record(void *context) {
    struct fake_host *fake = context;
    struct fake_fault *fault = begin(fake, FAKE_FLUSH, fake->open, "");
    if (fake->open == NULL || !fake->open_for_repair)
        complain("fake host: a flush of a record that is not open for repair");
    else if (fault == NULL)
        fake->open->dirty = false;
    end(fake);
    return fault != NULL ? failure(fault) : ok;
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
    if (fake->journal_open)
        complain("fake host: the journal is opened twice");
    fake->journal_open = fault == NULL;
    *size = (uint32_t)fake->journal_size;
    end(fake);
    return fault != NULL ? failure(fault) : ok;
}

static void journal_close(void *context) {
    struct fake_host *fake = context;
    if (!fake->journal_open)
        complain("fake host: the journal is closed but is not open");
    fake->journal_open = false;
}

static struct host_result journal_rotate(void *context, const char *content, size_t length) {
    struct fake_host *fake = context;
    struct fake_fault *fault = begin(fake, FAKE_ROTATE, NULL, "");
    if (!fake->journal_open)
        complain("fake host: a journal that is not open is rotated");
    if (fault == NULL) {
        memcpy(fake->journal, content, length);
        fake->journal_size = length;
    }
    end(fake);
    return fault != NULL ? failure(fault) : ok;
}

static struct host_result journal_read(void *context, uint32_t offset, void *bytes, size_t size,
                                       size_t *got) {
    struct fake_host *fake = context;
    struct fake_fault *fault = begin(fake, FAKE_JOURNAL_READ, NULL, "");
    *got = 0;
    if (!fake->journal_open)
        complain("fake host: a read from a journal that is not open");
    end(fake);
    if (fault != NULL)
        return failure(fault);
    if (offset < fake->journal_size)
        *got = fake->journal_size - offset < size ? fake->journal_size - offset : size;
    if (*got > 0)
        memcpy(bytes, fake->journal + offset, *got);
    return ok;
}

static void keep_line(struct fake_host *fake, const char *line, size_t length) {
    assert_true(length <= sizeof fake->journal - fake->journal_size);
    memcpy(fake->journal + fake->journal_size, line, length);
    fake->journal_size += length;
}

/* Remembers whose INTENT it is. A DONE says that the event was delivered, unless nothing was done. */
static void check_entry(struct fake_host *fake, const struct journal_entry *entry) {
    struct fake_file **owner = &fake->owners[entry->number % FAKE_OWNERS];
    if (entry->kind == JOURNAL_INTENT || entry->kind == JOURNAL_UNDO) {
        fake->has_intent = true;
        fake->intent = *entry;
        *owner = find(fake, entry->name, find_folder(fake, entry->folder));
    } else if (entry->kind == JOURNAL_DONE && entry->outcome != OUTCOME_NOT_MADE &&
               *owner != NULL && (*owner)->reported == 0) {
        complain("fake host: %s: DONE before it was reported", (*owner)->name);
    }
}

static void read_line(struct fake_host *fake, const char *line, size_t length, char *detail) {
    static struct journal_entry entry;
    static const char *const outcomes[] = {"repaired", "undone", "not-made", "unknown"};
    size_t skip = length > 2 && line[0] == '\r' && line[1] == '\n' ? 2 : 0;
    fake->has_intent = false;
    if (length < 4 || memcmp(line + length - 2, "\r\n", 2) != 0 ||
        !journal_decode(line + skip, length - 2 - skip, &entry)) {
        complain("fake host: what is appended to the journal is no line");
        return;
    }
    if (entry.kind == JOURNAL_LOADED)
        (void)strcpy(detail, "LOADED");
    else if (entry.kind == JOURNAL_INTENT)
        (void)sprintf(detail, "INTENT %u", entry.number);
    else if (entry.kind == JOURNAL_UNDO)
        (void)sprintf(detail, "UNDO %u", entry.number);
    else if (entry.kind == JOURNAL_HOLD)
        (void)sprintf(detail, "HOLD %.40s", entry.name);
    else if (entry.kind == JOURNAL_RELEASE)
        (void)sprintf(detail, "RELEASE %.40s", entry.name);
    else
        (void)sprintf(detail, "DONE %u %s", entry.number, outcomes[entry.outcome]);
    check_entry(fake, &entry);
}

static struct host_result journal_append(void *context, const char *line, size_t length) {
    struct fake_host *fake = context;
    char detail[64] = "";
    read_line(fake, line, length, detail);
    struct fake_fault *fault = begin(fake, FAKE_APPEND, NULL, detail);
    if (!fake->journal_open)
        complain("fake host: a line for a journal that is not open");
    if (fake->crash_after != 0 && fake->calls == fake->crash_after) {
        keep_line(fake, line, fake->crash_keep < length ? fake->crash_keep : length);
        end(fake);
    }
    if (fault != NULL) {
        keep_line(fake, line, fault->keep < length ? fault->keep : length);
        fake->has_intent = false;
        return failure(fault);
    }
    keep_line(fake, line, length);
    return ok;
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
    if (event->strings > EVENT_STRINGS || event->strings == 0)
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
    fake->log[0] = '\0';
    fake->host = (struct host){.context = fake,
                               .clock = clock_ms,
                               .utc = utc,
                               .list_open = list_open,
                               .list_next = list_next,
                               .list_close = list_close,
                               .open = open_record,
                               .read = read_record,
                               .write = write_record,
                               .flush = flush_record,
                               .close = close_record,
                               .journal_open = journal_open,
                               .journal_close = journal_close,
                               .journal_read = journal_read,
                               .journal_append = journal_append,
                               .journal_rotate = journal_rotate,
                               .report = report,
                               .decode = decode};
    fake->clock = 1000;
    fake->utc_base = 1795365600;
    fake->paths[0] = "C:\\Security\\Mgrent\\Clients";
    fake->paths[1] = "D:\\Records";
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
    fake->listing = fake->journal_open = fake->has_intent = false;
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

struct counting {
    uint32_t open[4096];
    unsigned count, intents;
};

static void count_entry(void *context, const struct journal_entry *entry) {
    struct counting *counting = context;
    if (entry->kind == JOURNAL_INTENT) {
        assert_true(counting->count < 4096);
        counting->open[counting->count++] = entry->number;
        counting->intents++;
    }
    for (unsigned i = 0; entry->kind == JOURNAL_DONE && i < counting->count; i++) {
        if (counting->open[i] == entry->number)
            counting->open[i--] = counting->open[--counting->count];
    }
}

static struct counting read_journal(struct fake_host *fake, bool whole) {
    static struct journal_reader reader;
    static struct counting counting;
    counting.count = counting.intents = 0;
    journal_begin(&reader);
    journal_feed(&reader, fake->journal, fake->journal_size, count_entry, &counting);
    if (whole && (reader.foreign != 0 || journal_is_torn(&reader)))
        complain("the journal: expected nothing but entries, got %u other lines%s", reader.foreign,
                 journal_is_torn(&reader) ? " and a torn one" : "");
    return counting;
}

unsigned fake_open_intents(struct fake_host *fake, bool whole) {
    return read_journal(fake, whole).count;
}

unsigned fake_intents(struct fake_host *fake) {
    return read_journal(fake, false).intents;
}

void fake_append_entry(struct fake_host *fake, const struct journal_entry *entry) {
    char line[JOURNAL_LINE_MAX];
    size_t length = journal_encode(entry, line, sizeof line);
    assert_true(length > 0);
    check_entry(fake, entry);
    fake->has_intent = false;
    keep_line(fake, line, length);
}
