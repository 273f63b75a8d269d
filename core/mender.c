#include "mender.h"

#include <string.h>

#include "crc32.h"
#include "text.h"

#define NOT_NAMED "(not named in the record)"

static uint64_t now(const struct mender *mender) {
    return mender->host->clock(mender->host->context);
}

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static uint64_t settle_ms(const struct mender *mender) {
    return (uint64_t)mender->settings.settle_seconds * 1000;
}

static void double_backoff(uint32_t *backoff) {
    *backoff = *backoff == 0 ? MENDER_BACKOFF_FIRST : *backoff * 2;
    if (*backoff > MENDER_BACKOFF_LAST)
        *backoff = MENDER_BACKOFF_LAST;
}

/* ---- reports ---- */

static bool report(struct mender *mender, const struct event *event) {
    return mender->host->report(mender->host->context, event);
}

/* An event about one record: its name, the folder, and up to two strings or the host's reason. */
static bool report_record(struct mender *mender, enum event_number number, const char *name,
                          const char *third, const char *fourth, const struct host_result *why) {
    struct event event = {number, {name, mender->settings.folder, third, fourth}, 2, why};
    event.strings += (third != NULL ? 1U : 0U) + (fourth != NULL ? 1U : 0U);
    return report(mender, &event);
}

static bool report_folder(struct mender *mender, enum event_number number,
                          const struct host_result *why) {
    struct event event = {number, {mender->settings.folder}, 1, why};
    return report(mender, &event);
}

static bool is_watched(const struct mender *mender, const char *folder) {
    return text_equal_no_case(folder, strlen(folder), mender->settings.folder);
}

/* Where it is remembered that this event was reported for this record; `warned_count` if nowhere. */
static size_t find_warned(const struct mender *mender, enum event_number number, uint32_t name) {
    size_t i = 0;
    while (i < mender->warned_count &&
           (mender->warned[i].name != name || mender->warned[i].number != number))
        i++;
    return i;
}

/* True unless this event has been reported for this content of this record. When there is no room to
 * remember another record, false: it could not be said only once. */
static bool is_news(const struct mender *mender, enum event_number number, const char *name,
                    uint32_t content) {
    size_t i = find_warned(mender, number, crc32(0, name, strlen(name)));
    return i < mender->warned_count ? mender->warned[i].content != content : i < MENDER_WARNINGS;
}

/* Reports what is news; an event that did not get into the event log stays news. */
static void report_once(struct mender *mender, enum event_number number, const char *name,
                        uint32_t content, const char *third, const char *fourth,
                        const struct host_result *why) {
    uint32_t n = crc32(0, name, strlen(name));
    size_t i = find_warned(mender, number, n);
    if (!is_news(mender, number, name, content) ||
        !report_record(mender, number, name, third, fourth, why))
        return;
    mender->warned[i].name = n;
    mender->warned[i].number = number;
    mender->warned[i].content = content;
    if (i == mender->warned_count)
        mender->warned_count++;
}

/* ---- the journal ---- */

static void drop_journal(struct mender *mender) {
    if (mender->journal_held)
        mender->host->journal_close(mender->host->context);
    mender->journal_held = false;
}

/* It is read again, from the start, before it is used again. Another process that has it, such as an
 * `undo`, is only worth an event when that lasts. */
static void journal_lost(struct mender *mender, const struct host_result *why) {
    drop_journal(mender);
    mender->journal_ready = false;
    if (mender->journal_backoff == 0)
        mender->journal_since = now(mender);
    double_backoff(&mender->journal_backoff);
    mender->journal_due = now(mender) + mender->journal_backoff;
    bool tell = why->code != HOST_BUSY || now(mender) - mender->journal_since >= MENDER_BUSY_TOLD;
    if (tell && !mender->journal_told)
        mender->journal_told = report_folder(mender, EVENT_JOURNAL_AWAY, why);
}

static void journal_back(struct mender *mender) {
    if (mender->journal_backoff != 0)
        mender->pending.rescan = true;
    mender->journal_backoff = 0;
    if (mender->journal_told)
        mender->journal_told = !report_folder(mender, EVENT_JOURNAL_BACK, NULL);
}

/* Writes to the journal, which is held. After a failure nobody knows how much of the line is in the
 * file; it is read again before the next is written, so that INTENTs that did get there are settled. */
static bool append(struct mender *mender, struct journal_entry *entry) {
    const struct host *host = mender->host;
    char *line = mender->line;
    size_t start = 0;
    entry->utc = host->utc(host->context);
    if (mender->journal_torn) {
        line[start++] = '\r';
        line[start++] = '\n';
    }
    size_t length = journal_encode(entry, line + start, sizeof mender->line - start);
    struct host_result result = {HOST_FAILED, 0, "the entry is too long for a line"};
    if (length > 0)
        result = host->journal_append(host->context, line, start + length);
    mender->journal_torn = false;
    mender->journal_known += (uint32_t)(start + length);
    if (result.code != HOST_OK)
        journal_lost(mender, &result);
    return result.code == HOST_OK;
}

static struct mender_owed *find_owed(struct mender *mender, uint32_t number) {
    for (size_t i = 0; i < mender->owed_count; i++) {
        if (mender->owed[i].number == number)
            return &mender->owed[i];
    }
    return NULL;
}

static void remove_owed(struct mender *mender, struct mender_owed *owed) {
    /* Records that were found stuck while the list was full were put off until now. */
    if (mender->owed_count == MENDER_OWED)
        mender->pending.rescan = true;
    size_t after = (size_t)(mender->owed + mender->owed_count - (owed + 1));
    memmove(owed, owed + 1, after * sizeof *owed);
    mender->owed_count--;
}

static struct mender_owed *add_owed(struct mender *mender, const struct journal_entry *entry) {
    if (mender->owed_count == MENDER_OWED)
        return NULL;
    struct mender_owed *owed = &mender->owed[mender->owed_count++];
    memset(owed, 0, sizeof *owed);
    owed->state = OWED_SETTLE;
    owed->undo = entry->kind == JOURNAL_UNDO;
    owed->due = now(mender);
    owed->number = entry->number;
    owed->utc = entry->utc;
    owed->offset = entry->offset;
    owed->size = entry->size;
    owed->before = entry->before;
    owed->after = entry->after;
    (void)text_copy(owed->folder, sizeof owed->folder, entry->folder);
    (void)text_copy(owed->name, sizeof owed->name, entry->name);
    (void)text_copy(owed->mailbox, sizeof owed->mailbox, entry->mailbox);
    return owed;
}

/* No change may be begun: its entry would not fit, or one of the same record may be among those that
 * did not. */
static bool is_full(const struct mender *mender) {
    return mender->owed_count == MENDER_OWED || mender->owed_more;
}

/* The circuit breaker's memory: the clock times of the latest repairs. */
static void note_begun(struct mender *mender, uint64_t time) {
    uint32_t limit = mender->settings.repairs_per_hour;
    mender->begun[mender->begun_next] = time;
    mender->begun_next = (mender->begun_next + 1) % limit;
    if (mender->begun_count < limit)
        mender->begun_count++;
}

static void reset_breaker(struct mender *mender) {
    mender->tripped = false;
    mender->begun_count = 0;
    mender->begun_next = 0;
}

/* ---- held records ---- */

/* Its place, or hold_count. */
static size_t find_hold(const struct mender *mender, const char *name, const char *folder) {
    size_t i = 0;
    while (i < mender->hold_count &&
           !(text_equal_no_case(name, strlen(name), mender->hold[i].name) &&
             text_equal_no_case(folder, strlen(folder), mender->hold[i].folder)))
        i++;
    return i;
}

static void add_hold(struct mender *mender, const char *name, const char *folder,
                     uint32_t content) {
    size_t i = find_hold(mender, name, folder);
    if (i == MENDER_HOLDS)
        return;
    (void)text_copy(mender->hold[i].name, sizeof mender->hold[i].name, name);
    (void)text_copy(mender->hold[i].folder, sizeof mender->hold[i].folder, folder);
    mender->hold[i].content = content;
    if (i == mender->hold_count)
        mender->hold_count++;
}

static void remove_hold(struct mender *mender, size_t i) {
    if (i < mender->hold_count)
        mender->hold[i] = mender->hold[--mender->hold_count];
}

static void fill_hold(struct mender *mender, enum journal_kind kind, const char *name,
                      const char *folder, uint32_t content) {
    struct journal_entry *entry = &mender->reader.entry;
    memset(entry, 0, sizeof *entry);
    entry->kind = kind;
    entry->utc = mender->host->utc(mender->host->context);
    entry->before = content;
    (void)text_copy(entry->name, sizeof entry->name, name);
    (void)text_copy(entry->folder, sizeof entry->folder, folder);
}

static bool append_hold(struct mender *mender, enum journal_kind kind, const char *name,
                        const char *folder, uint32_t content) {
    fill_hold(mender, kind, name, folder, content);
    return append(mender, &mender->reader.entry);
}

/* ---- reading the journal ---- */

/* A restart does not reset the circuit breaker: a wrong assumption stays wrong. */
static void replay_intent(struct mender *mender, const struct journal_entry *entry) {
    uint32_t age = mender->host->utc(mender->host->context) - entry->utc;
    if (entry->number > mender->number) {
        mender->number = entry->number;
        if (entry->kind == JOURNAL_INTENT && age < MENDER_HOUR / 1000)
            note_begun(mender, now(mender) - (uint64_t)age * 1000);
    }
    if (find_owed(mender, entry->number) != NULL || entry->number < mender->owed_from)
        return;
    struct mender_owed *owed = add_owed(mender, entry);
    if (owed != NULL) {
        owed->replayed = true;
    } else if (!mender->owed_more) {
        mender->owed_more = true;
        mender->owed_missed = entry->number;
    }
}

/* journal_visit */
static void replay_entry(void *context, const struct journal_entry *entry) {
    struct mender *mender = context;
    struct mender_owed *owed = NULL;
    size_t hold = 0;
    switch (entry->kind) {
    case JOURNAL_INTENT:
    case JOURNAL_UNDO:
        replay_intent(mender, entry);
        break;
    case JOURNAL_DONE:
        if (entry->number > mender->number)
            mender->number = entry->number;
        owed = find_owed(mender, entry->number);
        if (owed != NULL)
            remove_owed(mender, owed);
        break;
    case JOURNAL_HOLD:
        add_hold(mender, entry->name, entry->folder, entry->before);
        break;
    case JOURNAL_RELEASE:
        hold = find_hold(mender, entry->name, entry->folder);
        if (hold < mender->hold_count && is_watched(mender, entry->folder))
            mender_hint(mender, entry->name);
        remove_hold(mender, hold);
        break;
    case JOURNAL_LOADED:
        break;
    }
}

/* Reads what has been added to the open journal, or all of it. */
static struct host_result read_journal(struct mender *mender, uint32_t size, journal_visit *visit) {
    const struct host *host = mender->host;
    struct host_result result = {HOST_OK, 0, NULL};
    while (result.code == HOST_OK && mender->journal_known < size) {
        size_t want = size - mender->journal_known;
        size_t got = 0;
        if (want > RECORD_BYTES_MAX)
            want = RECORD_BYTES_MAX;
        result =
            host->journal_read(host->context, mender->journal_known, mender->bytes, want, &got);
        if (result.code == HOST_OK && got == 0)
            result = (struct host_result){HOST_FAILED, 0, "it was cut short while it was read"};
        if (result.code == HOST_OK)
            journal_feed(&mender->reader, (const char *)mender->bytes, got, visit, mender);
        mender->journal_known += (uint32_t)got;
    }
    if (result.code == HOST_OK)
        mender->journal_torn =
            journal_end(&mender->reader, visit, mender) || (mender->journal_torn && size != 0);
    return result;
}

static void forget_journal(struct mender *mender) {
    if (mender->owed_more) {
        /* While some did not fit, nothing was begun. */
        mender->owed_from = mender->owed_missed;
        mender->pending.rescan = true;
    }
    mender->owed_more = false;
    mender->hold_count = 0;
    mender->journal_known = 0;
    mender->journal_torn = false;
    journal_begin(&mender->reader);
}

/* Opens the journal for this step and reads what is new in it. The room for a record is used. */
static bool take_journal(struct mender *mender) {
    const struct host *host = mender->host;
    uint32_t size = 0;
    if (mender->journal_held)
        return true;
    struct host_result result = host->journal_open(host->context, &size);
    mender->journal_held = result.code == HOST_OK;
    mender->journal_check = false;
    if (size < mender->journal_known)
        mender->owed_from = mender->owed_missed = 0;
    if (!mender->journal_ready || size < mender->journal_known ||
        (mender->owed_more && mender->owed_count == 0))
        forget_journal(mender);
    if (result.code == HOST_OK && size != mender->journal_known)
        result = read_journal(mender, size, replay_entry);
    if (result.code != HOST_OK) {
        journal_lost(mender, &result);
        return false;
    }
    mender->journal_ready = true;
    /* A line is written to see whether it can be, see note_settings(). */
    if (!mender->notes_settings)
        journal_back(mender);
    else if (mender->journal_backoff != 0)
        mender->settings_noted = false;
    return true;
}

/* The journal takes lines again only when one has been written to it: one that can be opened and
 * read may still be on a disk that is full. The settings are that line. */
static void note_settings(struct mender *mender) {
    struct journal_entry *entry = &mender->reader.entry;
    if (!take_journal(mender))
        return;
    memset(entry, 0, sizeof *entry);
    entry->kind = JOURNAL_LOADED;
    config_print(&mender->settings, entry->folder, sizeof entry->folder);
    if (!append(mender, entry))
        return;
    mender->settings_noted = true;
    journal_back(mender);
}

static void fill_intent(const struct mender_owed *owed, struct journal_entry *entry) {
    memset(entry, 0, sizeof *entry);
    entry->kind = owed->undo ? JOURNAL_UNDO : JOURNAL_INTENT;
    entry->utc = owed->utc;
    entry->number = owed->number;
    entry->offset = owed->offset;
    entry->size = owed->size;
    entry->before = owed->before;
    entry->after = owed->after;
    (void)text_copy(entry->name, sizeof entry->name, owed->name);
    (void)text_copy(entry->mailbox, sizeof entry->mailbox, owed->mailbox);
    (void)text_copy(entry->folder, sizeof entry->folder, owed->folder);
}

/* What a new journal begins with: what is owed, and what is held. It has room in mender->bytes. */
static size_t carry_over(struct mender *mender) {
    struct journal_entry *entry = &mender->reader.entry;
    char *to = (char *)mender->bytes;
    size_t length = 0;
    /* The number of the last change, so that none is used twice. */
    memset(entry, 0, sizeof *entry);
    entry->kind = JOURNAL_DONE;
    entry->utc = mender->host->utc(mender->host->context);
    entry->number = mender->number;
    entry->outcome = OUTCOME_NOT_MADE;
    length += journal_encode(entry, to, RECORD_BYTES_MAX);
    for (size_t i = 0; i < mender->owed_count; i++) {
        fill_intent(&mender->owed[i], entry);
        length += journal_encode(entry, to + length, RECORD_BYTES_MAX - length);
    }
    for (size_t i = 0; i < mender->hold_count; i++) {
        fill_hold(mender, JOURNAL_HOLD, mender->hold[i].name, mender->hold[i].folder,
                  mender->hold[i].content);
        length += journal_encode(entry, to + length, RECORD_BYTES_MAX - length);
    }
    return length;
}

static void rotate_journal(struct mender *mender) {
    const struct host *host = mender->host;
    if (!take_journal(mender))
        return;
    size_t length = carry_over(mender);
    struct host_result result =
        host->journal_rotate(host->context, (const char *)mender->bytes, length);
    /* Lines can be written to a journal that is too long: it is tried again in an hour. */
    if (result.code != HOST_OK) {
        mender->rotate_due = now(mender) + MENDER_HOUR;
        mender->journal_ready = false;
        return;
    }
    mender->owed_from = mender->owed_missed = 0;
    mender->journal_known = (uint32_t)length;
    mender->journal_torn = false;
    mender->settings_noted = !mender->notes_settings;
}

/* ---- repairs that are owed a report ---- */

static void retry_owed(struct mender *mender, struct mender_owed *owed) {
    double_backoff(&owed->backoff);
    owed->due = now(mender) + owed->backoff;
}

static void report_owed(struct mender *mender, struct mender_owed *owed) {
    char offset[11];
    char begun[JOURNAL_TIME_BYTES];
    struct text text;
    enum event_number number = owed->outcome == OUTCOME_UNKNOWN  ? EVENT_OUTCOME_UNKNOWN
                               : owed->outcome == OUTCOME_UNDONE ? EVENT_UNDONE
                               : owed->replayed                  ? EVENT_REPAIRED_LATE
                                                                 : EVENT_REPAIRED;
    text_begin(&text, offset, sizeof offset);
    text_put_u32(&text, owed->offset);
    journal_print_time(owed->utc, begun);
    struct event event = {number,
                          {owed->name, owed->folder,
                           owed->mailbox[0] != '\0' ? owed->mailbox : NOT_NAMED, offset, begun},
                          number == EVENT_REPAIRED || number == EVENT_UNDONE ? 4 : 5,
                          NULL};
    if (report(mender, &event)) {
        owed->state = OWED_DONE;
        owed->backoff = 0;
    } else {
        retry_owed(mender, owed);
    }
}

/* Reports, holds what was undone, writes DONE: as far as it can be now. Another process may have
 * done it: the journal tells, and reading it may move the entries of the list. */
static void finish_owed(struct mender *mender, struct mender_owed *owed) {
    struct journal_entry *entry = &mender->reader.entry;
    const uint32_t number = owed->number;
    bool taken = take_journal(mender);
    owed = find_owed(mender, number);
    if (owed == NULL || (!taken && (owed->replayed || owed->undo)))
        return;
    /* Held before it is reported: after a crash it must not be repaired again. */
    if (owed->state == OWED_REPORT && owed->outcome == OUTCOME_UNDONE && !owed->held) {
        if (!append_hold(mender, JOURNAL_HOLD, owed->name, owed->folder, owed->after))
            return;
        add_hold(mender, owed->name, owed->folder, owed->after);
        owed->held = true;
    }
    if (owed->state == OWED_REPORT)
        report_owed(mender, owed);
    if (owed->state != OWED_DONE || !taken)
        return;
    memset(entry, 0, sizeof *entry);
    entry->kind = JOURNAL_DONE;
    entry->number = owed->number;
    entry->outcome = owed->outcome;
    if (append(mender, entry))
        remove_owed(mender, owed);
}

/* Reads the open record whole into mender->bytes. */
static struct host_result read_record(struct mender *mender, uint32_t size) {
    const struct host *host = mender->host;
    struct host_result result = {HOST_OK, 0, NULL};
    size_t got = 0;
    if (size <= RECORD_BYTES_MAX) {
        result = host->read(host->context, 0, mender->bytes, size, &got);
        if (result.code == HOST_OK && got != size)
            result = (struct host_result){HOST_BUSY, 0, "it was cut short while it was read"};
    }
    return result;
}

/* The content of a record as one number; a file too large to be read is known by its size. */
static uint32_t content_of(const struct mender *mender, uint32_t size) {
    return size > RECORD_BYTES_MAX ? crc32(0, &size, sizeof size) : crc32(0, mender->bytes, size);
}

/* Decides from the content of the file how a repair ended. */
static void conclude(struct mender *mender, struct mender_owed *owed, uint32_t size,
                     uint32_t content) {
    owed->state = OWED_REPORT;
    owed->outcome = OUTCOME_UNKNOWN;
    if (size == owed->size && content == owed->after) {
        owed->outcome = owed->undo ? OUTCOME_UNDONE : OUTCOME_REPAIRED;
        mender->repaired += owed->replayed || owed->undo ? 0 : 1;
    } else if (size == owed->size && content == owed->before) {
        owed->outcome = OUTCOME_NOT_MADE;
        owed->state = OWED_DONE;
        /* What failed a moment ago would fail again: it gets another hour. */
        if (!owed->undo && is_watched(mender, owed->folder) &&
            pending_find(&mender->pending, owed->name) == NULL) {
            struct pending_item *item =
                pending_put(&mender->pending, owed->name,
                            now(mender) + (owed->replayed ? settle_ms(mender) : MENDER_HOUR));
            if (item != NULL) {
                item->seen = true;
                item->crc = content;
            }
        }
    }
}

/* Sees from the file how a repair ended. It is opened so that nobody else can change it meanwhile,
 * and flushed, since what another run wrote may not have reached the disk. Where that can not be, a
 * look must do; but while somebody else has the file open, only at content that is known. */
static struct host_result settle(struct mender *mender, struct mender_owed *owed) {
    const struct host *host = mender->host;
    const char *folder = is_watched(mender, owed->folder) ? NULL : owed->folder;
    uint32_t size = 0;
    bool alone = true;
    struct host_result result = host->open(host->context, folder, owed->name, true, &size);
    const struct host_result first = result;
    if (result.code == HOST_REFUSED || result.code == HOST_BUSY) {
        alone = false;
        result = host->open(host->context, folder, owed->name, false, &size);
    }
    if (result.code == HOST_GONE) {
        owed->outcome = OUTCOME_UNKNOWN;
        owed->state = OWED_REPORT;
    }
    if (result.code != HOST_OK)
        return result;
    result = read_record(mender, size);
    if (result.code == HOST_OK && alone)
        result = host->flush(host->context);
    host->close(host->context);
    if (result.code != HOST_OK)
        return result;
    uint32_t content = content_of(mender, size);
    if (first.code == HOST_BUSY && content != owed->after && content != owed->before)
        return first;
    conclude(mender, owed, size, content);
    return result;
}

static void work_owed(struct mender *mender, struct mender_owed *owed) {
    uint64_t time = now(mender);
    if (owed->state == OWED_SETTLE) {
        struct host_result result = settle(mender, owed);
        bool lasts = owed->busy_since != 0 && time - owed->busy_since >= MENDER_BUSY_TOLD;
        if (owed->busy_since == 0)
            owed->busy_since = time != 0 ? time : 1;
        /* A folder that is not watched any more may never be there again. */
        if (owed->state == OWED_SETTLE && lasts && !is_watched(mender, owed->folder)) {
            owed->outcome = OUTCOME_UNKNOWN;
            owed->state = OWED_REPORT;
        } else if (owed->state == OWED_SETTLE && lasts && !owed->told) {
            owed->told = report_record(mender, EVENT_BUSY, owed->name, NULL, NULL, &result);
        }
    }
    if (owed->state == OWED_SETTLE) {
        retry_owed(mender, owed);
    } else {
        owed->due = time;
        finish_owed(mender, owed);
    }
}

/* ---- one record ---- */

/* Puts a record that can not be had now off, and says so when that has lasted. */
static void put_off(struct mender *mender, const char *name, const struct host_result *why) {
    uint64_t time = now(mender);
    struct pending_item *item = pending_find(&mender->pending, name);
    if (item == NULL)
        item = pending_put(&mender->pending, name, time);
    if (item == NULL)
        return;
    if (item->backoff == 0)
        item->busy_since = time;
    double_backoff(&item->backoff);
    item->due = time + item->backoff;
    if (!item->told && time - item->busy_since >= MENDER_BUSY_TOLD)
        item->told = report_record(mender, EVENT_BUSY, name, NULL, NULL, why);
}

static void forget(struct mender *mender, const char *name) {
    struct pending_item *item = pending_find(&mender->pending, name);
    if (item != NULL)
        pending_remove(&mender->pending, item);
}

static void warn(struct mender *mender, const char *name, const struct record *record,
                 uint32_t content) {
    enum event_number number =
        record->verdict == VERDICT_DOUBTFUL ? EVENT_DOUBTFUL : EVENT_UNREADABLE;
    if (record->verdict != VERDICT_DOUBTFUL && record->verdict != VERDICT_UNREADABLE)
        return;
    report_once(mender, number, name, content, record_reason_text(record->reason), NULL, NULL);
}

/* Opens, reads and judges a record; the caller closes it if it was to be repaired and HOST_OK. */
static struct host_result look(struct mender *mender, const char *name, bool repair,
                               struct record *record, uint32_t *size) {
    const struct host *host = mender->host;
    struct host_result result = host->open(host->context, NULL, name, repair, size);
    if (result.code != HOST_OK)
        return result;
    result = read_record(mender, *size);
    if (result.code == HOST_OK)
        record_judge(mender->bytes, *size, record);
    if (!repair || result.code != HOST_OK)
        host->close(host->context);
    return result;
}

/* The circuit breaker: more repairs than this in an hour are not this defect. */
static bool is_allowed(struct mender *mender) {
    uint64_t time = now(mender);
    uint32_t limit = mender->settings.repairs_per_hour;
    char digits[11];
    struct text text;
    if (!mender->tripped) {
        if (mender->begun_count < limit || time - mender->begun[mender->begun_next] >= MENDER_HOUR)
            return true;
        mender->tripped = true;
        mender->tripped_told = false;
        mender->tripped_until =
            mender->begun[(mender->begun_next + limit - 1) % limit] + MENDER_HOUR;
    }
    if (!mender->tripped_told) {
        text_begin(&text, digits, sizeof digits);
        text_put_u32(&text, limit);
        struct event event = {EVENT_LIMIT, {mender->settings.folder, digits}, 2, NULL};
        mender->tripped_told = report(mender, &event);
    }
    return false;
}

/* Compares the open record with mender->bytes: equal but for the byte at `offset`, which is `to`. */
static struct host_result verify(struct mender *mender, uint32_t offset, uint32_t size,
                                 unsigned char to) {
    const struct host *host = mender->host;
    unsigned char piece[1024];
    for (uint32_t at = 0; at < size; at += (uint32_t)sizeof piece) {
        size_t want = size - at < sizeof piece ? size - at : sizeof piece;
        size_t got = 0;
        struct host_result result = host->read(host->context, at, piece, want, &got);
        if (result.code != HOST_OK)
            return result;
        if (offset >= at && offset < at + want && got == want && piece[offset - at] == to)
            piece[offset - at] = mender->bytes[offset];
        else if (offset >= at && offset < at + want)
            return (struct host_result){HOST_FAILED, 0, "the byte that was written is not there"};
        if (got != want || memcmp(piece, mender->bytes + at, want) != 0)
            return (struct host_result){HOST_FAILED, 0, "it differs in more than the one byte"};
    }
    return (struct host_result){HOST_OK, 0, NULL};
}

/* Steps 4 to 7, for a repair or an undo: the record is open for repair, its bytes are in
 * mender->bytes, the journal is held. The caller has seen to it that there is room in the list of
 * what is owed. mender->reader.entry has kind, name, mailbox and offset. Closes the record. */
static struct host_result change(struct mender *mender, uint32_t size, uint32_t content) {
    const struct host *host = mender->host;
    struct journal_entry *entry = &mender->reader.entry;
    uint32_t offset = entry->offset;
    unsigned char from = mender->bytes[offset];
    unsigned char to = entry->kind == JOURNAL_UNDO ? '4' : '1';

    entry->number = mender->number + 1;
    entry->size = size;
    entry->before = content;
    mender->bytes[offset] = to;
    entry->after = crc32(0, mender->bytes, size);
    mender->bytes[offset] = from;
    (void)text_copy(entry->folder, sizeof entry->folder, mender->settings.folder);
    if (!append(mender, entry)) {
        host->close(host->context);
        return (struct host_result){HOST_FAILED, 0, "the journal can not be written"};
    }
    /* Not before: somebody else may use the number of a line that did not get there. */
    mender->number = entry->number;
    struct mender_owed *owed = add_owed(mender, entry);
    if (!owed->undo)
        note_begun(mender, now(mender));

    struct host_result result = host->write(host->context, offset, to);
    if (result.code == HOST_OK)
        result = host->flush(host->context);
    if (result.code == HOST_OK)
        result = verify(mender, offset, size, to);
    host->close(host->context);
    if (result.code == HOST_OK) {
        owed->state = OWED_REPORT;
        owed->outcome = owed->undo ? OUTCOME_UNDONE : OUTCOME_REPAIRED;
        mender->repaired += owed->undo ? 0 : 1;
        finish_owed(mender, owed);
    } else {
        if (!owed->undo)
            report_once(mender, EVENT_REPAIR_FAILED, owed->name, content, NULL, NULL, &result);
        retry_owed(mender, owed);
    }
    return result;
}

static void mend(struct mender *mender, const char *name, const struct record *record,
                 uint32_t size, uint32_t content) {
    const struct host *host = mender->host;
    struct journal_entry *entry = &mender->reader.entry;
    memset(entry, 0, sizeof *entry);
    entry->kind = JOURNAL_INTENT;
    entry->offset = (uint32_t)record->digit;
    (void)text_copy(entry->name, sizeof entry->name, name);
    record_mailbox(record, mender->bytes, host->decode, host->context, entry->mailbox);
    (void)change(mender, size, content);
}

/* Why a stuck record is not repaired now, or NULL. */
static const char *report_only(struct mender *mender) {
    if (!mender->settings.repair)
        return "Repair = no";
    return is_allowed(mender) ? NULL : "RepairsPerHour";
}

static bool is_owed(const struct mender *mender, const char *name) {
    for (size_t i = 0; i < mender->owed_count; i++) {
        if (text_equal_no_case(name, strlen(name), mender->owed[i].name) &&
            is_watched(mender, mender->owed[i].folder))
            return true;
    }
    return false;
}

/* A record that could be read has changed since it was seen stuck. */
static void await_quiet(struct mender *mender, struct pending_item *item, uint32_t content) {
    item->seen = true;
    item->crc = content;
    item->due = now(mender) + settle_ms(mender);
    item->backoff = 0;
    item->told = false;
}

/* A record that was seen stuck and has been quiet since: takes hold of it, looks again, mends. */
static void repair(struct mender *mender, const char *name, uint32_t seen) {
    struct record record;
    uint32_t size = 0;
    struct host_result result = look(mender, name, true, &record, &size);
    struct pending_item *item = NULL;
    if (result.code == HOST_BUSY || result.code == HOST_FAILED) {
        /* It was quiet until now; only a change makes it wait for that again. */
        item = pending_find(&mender->pending, name);
        if (item != NULL) {
            item->seen = true;
            item->crc = seen;
        }
        put_off(mender, name, &result);
        return;
    }
    if (result.code == HOST_REFUSED)
        report_once(mender, EVENT_REPAIR_FAILED, name, seen, NULL, NULL, &result);
    if (result.code == HOST_OK && record.verdict == VERDICT_STUCK) {
        uint32_t content = content_of(mender, size);
        if (content == seen) {
            mend(mender, name, &record, size, content);
        } else {
            mender->host->close(mender->host->context);
            item = pending_find(&mender->pending, name);
            if (item != NULL) {
                await_quiet(mender, item, content);
                return;
            }
        }
    } else if (result.code == HOST_OK) {
        mender->host->close(mender->host->context);
        warn(mender, name, &record, content_of(mender, size));
    }
    forget(mender, name);
}

/* A held record is left alone until its content changes; then it is no longer held. */
static bool is_held(struct mender *mender, const char *name, uint32_t content) {
    const char *folder = mender->settings.folder;
    size_t hold = find_hold(mender, name, folder);
    if (hold == mender->hold_count)
        return false;
    if (mender->hold[hold].content == content)
        return true;
    if (!append_hold(mender, JOURNAL_RELEASE, name, folder, 0))
        return true;
    remove_hold(mender, hold);
    return false;
}

/* A record that was just judged stuck from a shared look. */
static void on_stuck(struct mender *mender, const char *name, const struct record *record,
                     uint32_t content) {
    const struct host *host = mender->host;
    char mailbox[RECORD_MAILBOX_BYTES];
    record_mailbox(record, mender->bytes, host->decode, host->context, mailbox);
    /* What others have written to the journal counts for all that follows. */
    bool taken = mender->settings.repair && !mender->tripped && mender->settings_noted &&
                 take_journal(mender);
    const char *why = report_only(mender);
    if (why != NULL) {
        report_once(mender, EVENT_STUCK, name, content, mailbox[0] != '\0' ? mailbox : NOT_NAMED,
                    why, NULL);
        forget(mender, name);
    } else if (!taken || is_full(mender)) {
        /* A scan finds it again when the journal is back, or something owed is done. */
        forget(mender, name);
    } else if (is_owed(mender, name)) {
        const struct host_result why_not = {HOST_BUSY, 0, "an earlier repair of it is not settled"};
        put_off(mender, name, &why_not);
    } else if (is_held(mender, name, content)) {
        forget(mender, name);
    } else {
        repair(mender, name, content);
    }
}

/* A queued name is due. */
static void attend(struct mender *mender, struct pending_item *item) {
    char name[PENDING_NAME_BYTES];
    struct record record;
    uint32_t size = 0;
    (void)text_copy(name, sizeof name, pending_name(&mender->pending, item));
    struct host_result result = look(mender, name, false, &record, &size);
    if (result.code == HOST_GONE || result.code == HOST_END) {
        pending_remove(&mender->pending, item);
        return;
    }
    if (result.code != HOST_OK) {
        put_off(mender, name, &result);
        return;
    }
    uint32_t content = content_of(mender, size);
    if (record.verdict != VERDICT_STUCK) {
        pending_remove(&mender->pending, item);
        warn(mender, name, &record, content);
    } else if (item->seen ? item->crc != content : item->backoff != 0) {
        /* Changed, or just let go by somebody who may have written to it. */
        await_quiet(mender, item, content);
    } else {
        on_stuck(mender, name, &record, content);
    }
}

/* ---- the folder ---- */

static void end_scan(struct mender *mender) {
    if (mender->scanning)
        mender->host->list_close(mender->host->context);
    mender->scanning = false;
}

static void scan_failed(struct mender *mender, const struct host_result *why) {
    if (mender->scanning)
        mender->scan_asked = mender->asked;
    end_scan(mender);
    mender->scan_ended = now(mender);
    mender->pending.rescan = true;
    double_backoff(&mender->scan_backoff);
    mender->scan_due = now(mender) + mender->scan_backoff;
    if (!mender->folder_told)
        mender->folder_told = report_folder(mender, EVENT_FOLDER_AWAY, why);
}

static void begin_scan(struct mender *mender) {
    const struct host *host = mender->host;
    struct host_result result = host->list_open(host->context);
    if (result.code != HOST_OK) {
        scan_failed(mender, &result);
        return;
    }
    mender->scanning = true;
    mender->asked = mender->scan_asked;
    mender->scan_asked = false;
    mender->periodic = !mender->pending.rescan && !mender->asked;
    mender->pending.rescan = false;
    mender->scan_begun = now(mender);
    memset(&mender->counts, 0, sizeof mender->counts);
}

/* Whether a scan is worth an event: one that was asked for is; any other if it found something else
 * than the one reported last, and those that a flood of changes brings about once an hour at most. */
static bool is_scan_news(const struct mender *mender) {
    if (mender->asked)
        return true;
    return memcmp(&mender->counts, &mender->reported, sizeof mender->counts) != 0 &&
           (mender->periodic || now(mender) - mender->reported_at >= MENDER_HOUR);
}

static void report_scan(struct mender *mender) {
    const struct mender_counts *counts = &mender->counts;
    const uint32_t numbers[] = {counts->files,
                                counts->verdict[VERDICT_SOUND],
                                counts->verdict[VERDICT_STUCK],
                                counts->verdict[VERDICT_DOUBTFUL],
                                counts->verdict[VERDICT_UNREADABLE] + counts->busy,
                                counts->verdict[VERDICT_NOT_A_RECORD]};
    char digits[6][11];
    struct event event = {EVENT_SCANNED, {mender->settings.folder}, 1, NULL};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct text text;
        text_begin(&text, digits[i], sizeof digits[i]);
        text_put_u32(&text, numbers[i]);
        event.string[event.strings++] = digits[i];
    }
    if (!report(mender, &event))
        return;
    mender->reported = *counts;
    mender->reported_at = now(mender);
}

static void finish_scan(struct mender *mender) {
    end_scan(mender);
    mender->scanned = true;
    mender->scan_ended = now(mender);
    mender->scan_backoff = 0;
    mender->scan_due = mender->settings.rescan_minutes == 0
                           ? MENDER_NEVER
                           : now(mender) + (uint64_t)mender->settings.rescan_minutes * 60000;
    /* Not before a whole scan: a folder that can be opened but not read is not back. */
    if (mender->folder_told)
        mender->folder_told = !report_folder(mender, EVENT_FOLDER_BACK, NULL);
    if (is_scan_news(mender))
        report_scan(mender);
}

/* Whether what a scan finds is worth a place in the queue. If it has been told, or nothing can be done
 * about it now, a later scan finds it again; queueing it would only make the queue overflow, and an
 * overflow is a reason to scan. */
static bool is_worth_queueing(const struct mender *mender, const char *name, enum verdict verdict,
                              uint32_t content) {
    switch (verdict) {
    case VERDICT_DOUBTFUL:
        return is_news(mender, EVENT_DOUBTFUL, name, content);
    case VERDICT_UNREADABLE:
        return is_news(mender, EVENT_UNREADABLE, name, content);
    case VERDICT_STUCK:
        if (!mender->settings.repair || mender->tripped)
            return is_news(mender, EVENT_STUCK, name, content);
        return mender->journal_ready && mender->settings_noted && !is_full(mender);
    case VERDICT_NOT_A_RECORD:
    case VERDICT_SOUND:
        break;
    }
    return false;
}

/* One file of a scan. */
static void scan_next(struct mender *mender) {
    const struct host *host = mender->host;
    char name[PENDING_NAME_BYTES];
    struct record record;
    uint32_t size = 0;
    struct host_result result = host->list_next(host->context, name, sizeof name);
    if (result.code == HOST_END) {
        finish_scan(mender);
        return;
    }
    if (result.code != HOST_OK) {
        scan_failed(mender, &result);
        return;
    }
    if (!record_is_named(name))
        return;
    struct pending_item *item = pending_find(&mender->pending, name);
    result = look(mender, name, false, &record, &size);
    if (result.code == HOST_GONE)
        return;
    mender->counts.files++;
    if (result.code != HOST_OK) {
        mender->counts.busy++;
        /* If there is no room, the next scan by the clock does. */
        bool rescan = mender->pending.rescan;
        if (item == NULL)
            put_off(mender, name, &result);
        mender->pending.rescan = rescan;
        return;
    }
    mender->counts.verdict[record.verdict]++;
    uint32_t content = content_of(mender, size);
    /* One that waits is looked at in its time, unless it waits for what it is no more. */
    bool changed = item == NULL || (item->seen && item->crc != content);
    if (!changed || !is_worth_queueing(mender, name, record.verdict, content))
        return;
    item = pending_put(&mender->pending, name, now(mender));
    if (item != NULL)
        await_quiet(mender, item, content);
}

/* When the next scan may start. While changes are lost all the time, or the queue overflows, scans
 * leave most of the time to others, though the one by the clock is never put off for that. A full queue
 * is worked off before another scan fills it, but not for ever: the names in it may be busy ones that
 * stay. */
static uint64_t scan_start(const struct mender *mender) {
    uint64_t distance = (mender->scan_ended - mender->scan_begun) * MENDER_SCAN_SHARE;
    if (mender->scan_backoff != 0)
        return mender->scan_due;
    if (mender->scan_asked)
        return 0;
    if (!mender->pending.rescan)
        return mender->scan_due;
    if (distance < MENDER_SCAN_DISTANCE)
        distance = MENDER_SCAN_DISTANCE;
    if (mender->pending.count > PENDING_NAMES / 2 && distance < MENDER_BACKOFF_LAST)
        distance = MENDER_BACKOFF_LAST;
    return earlier(mender->scan_ended + distance, mender->scan_due);
}

/* ---- the state machine ---- */

void mender_init(struct mender *mender, const struct host *host, const struct settings *settings,
                 unsigned char *bytes) {
    memset(mender, 0, sizeof *mender);
    mender->bytes = bytes;
    mender->host = host;
    mender->settings = *settings;
    mender->scan_asked = true;
    mender->scan_due = MENDER_NEVER;
    mender->settings_noted = true;
}

static struct mender_owed *first_owed(struct mender *mender) {
    struct mender_owed *first = NULL;
    for (size_t i = 0; i < mender->owed_count; i++) {
        struct mender_owed *owed = &mender->owed[i];
        /* What waits for the journal is woken by it; a journal that was read in part only may hold the
         * DONE of what it began. */
        if ((owed->state == OWED_DONE || owed->replayed || owed->undo) && !mender->journal_ready)
            continue;
        if (owed->state == OWED_SETTLE && mender->folder_away && is_watched(mender, owed->folder))
            continue;
        if (first == NULL || owed->due < first->due)
            first = owed;
    }
    return first;
}

static bool needs_rotation(const struct mender *mender) {
    return mender->journal_known > JOURNAL_BYTES_MAX && !mender->owed_more &&
           now(mender) >= mender->rotate_due;
}

/* True when the journal has to be read or rotated before anything else. */
static bool needs_journal(const struct mender *mender) {
    return mender->journal_check || (mender->owed_more && mender->owed_count == 0) ||
           needs_rotation(mender);
}

static uint64_t next_due(struct mender *mender) {
    uint64_t due = MENDER_NEVER;
    struct mender_owed *owed = first_owed(mender);
    struct pending_item *item = pending_first(&mender->pending);
    if (mender->paused)
        return MENDER_NEVER;
    if (!mender->journal_ready)
        due = mender->journal_due;
    else if (!mender->settings_noted || needs_journal(mender))
        due = 0;
    if (owed != NULL)
        due = earlier(due, owed->due);
    if (mender->folder_away)
        return due;
    if (item != NULL)
        due = earlier(due, item->due);
    if (mender->tripped)
        due = earlier(due, mender->tripped_until);
    return earlier(due, mender->scanning ? 0 : scan_start(mender));
}

static void work_journal(struct mender *mender) {
    if (!take_journal(mender))
        return;
    if (needs_rotation(mender))
        rotate_journal(mender);
}

/* The piece of work that is due first. */
static void work(struct mender *mender) {
    uint64_t time = now(mender);
    struct mender_owed *owed = first_owed(mender);
    struct pending_item *item = pending_first(&mender->pending);

    if (mender->journal_ready ? needs_journal(mender) : time >= mender->journal_due)
        work_journal(mender);
    else if (mender->journal_ready && !mender->settings_noted)
        note_settings(mender);
    else if (owed != NULL && time >= owed->due)
        work_owed(mender, owed);
    else if (mender->folder_away)
        return;
    else if (mender->tripped && time >= mender->tripped_until) {
        /* What others have repaired meanwhile still counts. */
        mender->tripped = false;
        mender->pending.rescan = true;
    } else if (item != NULL && time >= item->due)
        attend(mender, item);
    else if (mender->scanning)
        scan_next(mender);
    else if (time >= scan_start(mender))
        begin_scan(mender);
}

uint64_t mender_step(struct mender *mender) {
    if (!mender->paused)
        work(mender);
    drop_journal(mender);
    return next_due(mender);
}

void mender_hint(struct mender *mender, const char *name) {
    if (!record_is_named(name))
        return;
    struct pending_item *item =
        pending_put(&mender->pending, name, now(mender) + settle_ms(mender));
    if (item != NULL)
        item->seen = false;
}

void mender_changes_lost(struct mender *mender) {
    uint64_t time = now(mender);
    mender->pending.rescan = true;
    if (mender->lost_told != 0 && time - mender->lost_told < MENDER_HOUR)
        return;
    if (report_folder(mender, EVENT_CHANGES_LOST, NULL))
        mender->lost_told = time != 0 ? time : 1;
}

void mender_folder_away(struct mender *mender, const struct host_result *why) {
    end_scan(mender);
    mender->folder_away = true;
    pending_clear(&mender->pending);
    if (!mender->folder_told)
        mender->folder_told = report_folder(mender, EVENT_FOLDER_AWAY, why);
}

void mender_folder_back(struct mender *mender) {
    mender->folder_away = false;
    mender->scan_asked = true;
    mender->scan_backoff = 0;
}

void mender_pause(struct mender *mender) {
    mender->paused = true;
    end_scan(mender);
}

/* Both an administrator's CONTINUE and new settings are somebody's word to go on. */
static void start_over(struct mender *mender) {
    end_scan(mender);
    reset_breaker(mender);
    mender->warned_count = 0;
    mender->scan_asked = true;
    mender->scan_backoff = 0;
}

void mender_continue(struct mender *mender) {
    mender->paused = false;
    start_over(mender);
}

void mender_configure(struct mender *mender, const struct settings *settings) {
    bool same =
        text_equal_no_case(settings->folder, strlen(settings->folder), mender->settings.folder);
    start_over(mender);
    if (!same) {
        pending_clear(&mender->pending);
        mender->folder_told = false;
    }
    mender->settings = *settings;
    mender->settings_noted = !mender->notes_settings;
    /* The holds in memory are those of the old folder. */
    if (!same)
        mender->journal_ready = false;
}

void mender_note_settings(struct mender *mender) {
    mender->notes_settings = true;
    mender->settings_noted = false;
}

void mender_journal_changed(struct mender *mender) {
    mender->journal_check = true;
}

/* ---- undo and release ---- */

/* journal_visit: keeps the last repair of the record that mender->found names; number is 0 when there
 * is none that was made. mender->undone tells whether it has been taken back. */
static void find_repair(void *context, const struct journal_entry *entry) {
    struct mender *mender = context;
    struct journal_entry *found = &mender->found;
    bool same = text_equal_no_case(entry->name, strlen(entry->name), found->name) &&
                is_watched(mender, entry->folder);
    bool made = entry->kind != JOURNAL_DONE || entry->outcome != OUTCOME_NOT_MADE;
    if (entry->kind == JOURNAL_INTENT && same) {
        *found = *entry;
        mender->undone = 0;
    } else if (entry->kind == JOURNAL_UNDO && same) {
        mender->undone = entry->number;
    } else if (!made && entry->number == mender->undone) {
        mender->undone = 0;
    } else if (!made && entry->number == found->number) {
        found->number = 0;
    }
}

/* An undo that is not settled yet needs a place, too. */
static bool can_hold(const struct mender *mender, const char *name) {
    size_t places = mender->hold_count;
    for (size_t i = 0; i < mender->owed_count; i++)
        places += mender->owed[i].undo;
    return places < MENDER_HOLDS ||
           find_hold(mender, name, mender->settings.folder) < mender->hold_count;
}

static struct host_result undo(struct mender *mender, const char *name) {
    const struct host *host = mender->host;
    struct journal_entry *found = &mender->found;
    uint32_t known = mender->journal_known;
    uint32_t size = 0;
    memset(found, 0, sizeof *found);
    (void)text_copy(found->name, sizeof found->name, name);
    mender->undone = 0;
    mender->journal_known = 0;
    struct host_result result = read_journal(mender, known, find_repair);
    if (result.code != HOST_OK)
        return result;
    if (found->number == 0)
        return (struct host_result){HOST_GONE, 0, "the journal has no repair of it to take back"};
    if (mender->undone != 0)
        return (struct host_result){HOST_GONE, 0, "its last repair has been taken back already"};
    if (is_owed(mender, name))
        return (struct host_result){HOST_BUSY, 0, "its repair is not settled yet"};
    if (is_full(mender))
        return (struct host_result){HOST_BUSY, 0, "too much waits for the event log"};
    if (!can_hold(mender, name))
        return (struct host_result){HOST_REFUSED, 0, "too many records are held; release some"};
    result = host->open(host->context, NULL, found->name, true, &size);
    if (result.code != HOST_OK)
        return result;
    result = read_record(mender, size);
    if (result.code == HOST_OK &&
        (size != found->size || size > RECORD_BYTES_MAX || found->offset >= size ||
         mender->bytes[found->offset] != '1' || content_of(mender, size) != found->after))
        result = (struct host_result){HOST_REFUSED, 0, "it has changed since it was repaired"};
    if (result.code != HOST_OK) {
        host->close(host->context);
        return result;
    }
    mender->reader.entry = *found;
    mender->reader.entry.kind = JOURNAL_UNDO;
    return change(mender, size, found->after);
}

struct host_result mender_undo(struct mender *mender, const char *name) {
    struct host_result result = {HOST_BUSY, 0, "the journal is in use or can not be read"};
    if (take_journal(mender))
        result = undo(mender, name);
    drop_journal(mender);
    return result;
}

struct host_result mender_release(struct mender *mender, const char *name) {
    struct host_result result = {HOST_BUSY, 0, "the journal is in use or can not be read"};
    if (take_journal(mender)) {
        const char *folder = mender->settings.folder;
        size_t hold = find_hold(mender, name, folder);
        result = (struct host_result){HOST_GONE, 0, "it is not held"};
        if (is_owed(mender, name)) {
            /* Whoever finishes its undo would hold it again. */
            result = (struct host_result){HOST_BUSY, 0, "its undo is not settled yet"};
        } else if (hold < mender->hold_count) {
            result = (struct host_result){HOST_FAILED, 0, "the journal can not be written"};
            if (append_hold(mender, JOURNAL_RELEASE, name, folder, 0)) {
                result = (struct host_result){HOST_OK, 0, NULL};
                (void)report_record(mender, EVENT_RELEASED, name, NULL, NULL, NULL);
                remove_hold(mender, hold);
                mender_hint(mender, name);
            }
        }
    }
    drop_journal(mender);
    return result;
}

bool mender_is_settled(const struct mender *mender) {
    if (!mender->scanned || mender->scanning || mender->scan_asked || mender->pending.rescan ||
        !mender->journal_ready || mender->owed_more)
        return false;
    for (size_t i = 0; i < mender->owed_count; i++) {
        if (mender->owed[i].backoff == 0)
            return false;
    }
    for (size_t i = 0; i < mender->pending.count; i++) {
        if (mender->pending.items[i].backoff == 0)
            return false;
    }
    return true;
}

void mender_close(struct mender *mender) {
    end_scan(mender);
    drop_journal(mender);
}
