/* SPDX-License-Identifier: MIT */
#include "fake_parts.h"

#include "text.h"

/* ---- as the mender calls it */

static struct host_result journal_open(void *context, uint32_t *size) {
    struct fake_host *fake = context;
    struct fake_fault *fault = fake_begin(fake, FAKE_JOURNAL_OPEN, NULL, "");
    bool busy = fake->clock < fake->scanned_until;
    if (fake->journal_open)
        complain("fake host: the journal is opened twice");
    fake->journal_open = fault == NULL && !busy;
    *size = (uint32_t)fake->journal.size;
    fake_end(fake);
    if (fault != NULL)
        return fake_failure(fault);
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
    struct fake_fault *fault = fake_begin(fake, FAKE_JOURNAL_READ, NULL, "");
    const struct fake_journal *journal = &fake->journal;
    *got = 0;
    if (!fake->journal_open)
        complain("fake host: a read from a journal that is not open");
    fake_end(fake);
    if (fault != NULL)
        return fake_failure(fault);
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
                                 fake_find_in(fake, entry->name, fake_folder(fake, entry->text))};
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
    struct fake_fault *fault = fake_begin(fake, FAKE_APPEND, NULL, detail);
    if (!fake->journal_open)
        complain("fake host: a line for a journal that is not open");
    on_change(fake);
    if (fake->crash_after != 0 && fake->calls == fake->crash_after) {
        keep_line(journal, line, fake->crash_keep < length ? fake->crash_keep : length);
        fake_end(fake);
    }
    if (fault != NULL) {
        keep_line(journal, line, fault->keep < length ? fault->keep : length);
        return fake_failure(fault);
    }
    keep_line(journal, line, length);
    if (good)
        note_entry(fake, journal, &entry);
    return host_ok;
}

static struct host_result journal_new(void *context) {
    struct fake_host *fake = context;
    struct fake_fault *fault = fake_begin(fake, FAKE_JOURNAL_NEW, NULL, "");
    if (!fake->journal_open)
        complain("fake host: a new journal while none is open");
    fake->journal_begun = fault == NULL;
    fake->journal_made.size = 0;
    fake->journal_made.intents.count = 0;
    fake_end(fake);
    return fault != NULL ? fake_failure(fault) : host_ok;
}

static struct host_result journal_put(void *context, const char *line, size_t length) {
    static struct journal_entry entry;
    struct fake_host *fake = context;
    char detail[64] = "";
    bool good = read_line(line, length, &entry);
    if (good)
        describe(&entry, detail, sizeof detail);
    struct fake_fault *fault = fake_begin(fake, FAKE_JOURNAL_PUT, NULL, detail);
    if (!fake->journal_begun)
        complain("fake host: a line for a new journal that is not begun");
    if (good && (fake->journal_made.size == 0) != (entry.kind == JOURNAL_CHECKPOINT))
        complain("fake host: a new journal begins with its one checkpoint, not with %s", detail);
    fake_end(fake);
    if (fault != NULL)
        return fake_failure(fault);
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
        fake_begin(fake, FAKE_JOURNAL_REPLACE, NULL, keep ? "and keep" : "and drop");
    if (!fake->journal_begun || fake->journal_made.size == 0)
        complain("fake host: the journal is replaced by none");
    if (fault == NULL) {
        if (keep)
            copy_journal(&fake->journal_old, &fake->journal);
        copy_journal(&fake->journal, &fake->journal_made);
        fake->journal_begun = false;
        on_change(fake);
    }
    fake_end(fake);
    return fault != NULL ? fake_failure(fault) : host_ok;
}

void fake_journal_calls(struct host *host) {
    host->journal_open = journal_open;
    host->journal_close = journal_close;
    host->journal_read = journal_read;
    host->journal_append = journal_append;
    host->journal_new = journal_new;
    host->journal_put = journal_put;
    host->journal_replace = journal_replace;
}

/* ---- what it says */

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
