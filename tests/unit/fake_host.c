/* SPDX-License-Identifier: MIT */
#include "fake_parts.h"

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

struct fake_fault *fake_begin(struct fake_host *fake, enum fake_call call, struct fake_file *file,
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

void fake_end(struct fake_host *fake) {
    if (fake->crash_after != 0 && fake->calls == fake->crash_after)
        longjmp(fake->crash, 1);
}

struct host_result fake_failure(const struct fake_fault *fault) {
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
    struct fake_fault *fault = fake_begin(fake, FAKE_LIST_OPEN, NULL, "");
    if (fake->listing)
        complain("fake host: a listing is opened while one is open");
    fake_end(fake);
    if (fault != NULL)
        return fake_failure(fault);
    if (fake->folder_away)
        return (struct host_result){HOST_FAILED, 3, NULL};
    fake->listing = true;
    fake->list_next = 0;
    return host_ok;
}

static struct host_result list_next(void *context, char *name, size_t size,
                                    struct host_stamp *stamp) {
    struct fake_host *fake = context;
    struct fake_fault *fault = fake_begin(fake, FAKE_LIST_NEXT, NULL, "");
    if (!fake->listing)
        complain("fake host: a name is read from a listing that is not open");
    if (size < QUEUE_NAME_BYTES)
        complain("fake host: there is no room for the longest name");
    fake_end(fake);
    if (fault != NULL)
        return fake_failure(fault);
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
struct fake_file *fake_find_in(struct fake_host *fake, const char *name, unsigned folder) {
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

unsigned fake_folder(const struct fake_host *fake, const char *path) {
    unsigned folder = 0;
    while (folder < FAKE_FOLDERS && !text_same(path, fake->paths[folder]) &&
           (fake->alias[folder] == NULL || !text_same(path, fake->alias[folder])))
        folder++;
    return folder;
}

static struct host_result folder_check(void *context) {
    struct fake_host *fake = context;
    struct fake_fault *fault = fake_begin(fake, FAKE_FOLDER_CHECK, fake->open, "");
    fake_end(fake);
    if (fault != NULL)
        return fake_failure(fault);
    return fake->folder_away ? (struct host_result){HOST_FAILED, 3, NULL} : host_ok;
}

static bool folder_is(void *context, const char *path) {
    struct fake_host *fake = context;
    if (path[0] == '\0')
        complain("fake host: nobody's folder is asked for");
    return !fake->folder_away && fake_folder(fake, path) == fake->folder;
}

static struct host_result real_name(void *context, char *name, size_t size) {
    struct fake_host *fake = context;
    struct fake_fault *fault = fake_begin(fake, FAKE_REAL_NAME, NULL, name);
    const struct fake_file *file = fake_find_in(fake, name, fake->folder);
    fake_end(fake);
    if (fault != NULL)
        return fake_failure(fault);
    if (file == NULL)
        return (struct host_result){HOST_GONE, 2, NULL};
    assert_true(text_copy(name, size, file->name));
    return host_ok;
}

static struct host_result open_record(void *context, const char *path, const char *name,
                                      bool repair, uint32_t *size) {
    struct fake_host *fake = context;
    unsigned folder = path == NULL ? fake->folder : fake_folder(fake, path);
    struct fake_file *file = fake_find_in(fake, name, folder);
    struct fake_fault *fault = fake_begin(fake, repair ? FAKE_OPEN_REPAIR : FAKE_OPEN, file, name);
    /* The test may have changed what is there. */
    file = fake_find_in(fake, name, folder);
    if (fake->open != NULL)
        complain("fake host: %s is opened while %s is open", name, fake->open->name);
    fake_end(fake);
    if (fault != NULL)
        return fake_failure(fault);
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
    const struct fake_file *file = fake_find_in(fake, name, fake->folder);
    return file != NULL && file->written;
}

static struct host_result read_record(void *context, uint32_t offset, void *bytes, size_t size,
                                      size_t *got) {
    struct fake_host *fake = context;
    struct fake_fault *fault = fake_begin(fake, FAKE_READ, fake->open, "");
    struct fake_file *file = fake->open;
    *got = 0;
    fake_end(fake);
    if (fault != NULL)
        return fake_failure(fault);
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
    struct fake_fault *fault = fake_begin(fake, FAKE_WRITE, fake->open, detail);
    struct fake_file *file = fake->open;
    if (!may_write(fake, offset, byte))
        return (struct host_result){HOST_FAILED, 6, NULL};
    if (fault == NULL || fault->done) {
        file->bytes[offset] = byte;
        file->dirty = true;
        file->dirty_at = offset;
        file->writes++;
    }
    fake_end(fake);
    return fault != NULL ? fake_failure(fault) : host_ok;
}

static struct host_result flush_record(void *context) {
    struct fake_host *fake = context;
    struct fake_fault *fault = fake_begin(fake, FAKE_FLUSH, fake->open, "");
    if (fake->open == NULL || !fake->open_for_repair)
        complain("fake host: a flush of a record that is not open for repair");
    else if (fault == NULL)
        fake->open->dirty = false;
    fake_end(fake);
    return fault != NULL ? fake_failure(fault) : host_ok;
}

static void close_record(void *context) {
    struct fake_host *fake = context;
    (void)fake_begin(fake, FAKE_CLOSE, fake->open, "");
    if (fake->open == NULL)
        complain("fake host: a close while no record is open");
    fake->open = NULL;
    fake_end(fake);
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
                               .decode = decode};
    fake_journal_calls(&fake->host);
    fake_event_calls(&fake->host);
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
    return fake_find_in(fake, name, fake->folder);
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
