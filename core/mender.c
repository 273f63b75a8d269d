#include "mender.h"

#include <string.h>

#include "crc32.h"
#include "text.h"

static uint64_t now(const struct mender *mender) {
    return mender->host->clock(mender->host->context);
}

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* The clock time that is so many milliseconds from now. */
static uint64_t from_now(const struct mender *mender, uint32_t ms) {
    return now(mender) + ms;
}

/* When a record has been quiet for long enough if nothing happens to it from now on. */
static uint64_t settle_due(const struct mender *mender) {
    return from_now(mender, mender->settings.settle_seconds * 1000);
}

/* When to try again what has failed; `backoff` is the wait before, 0 for none. */
static uint64_t back_off(const struct mender *mender, uint32_t *backoff) {
    *backoff = *backoff == 0 ? MENDER_BACKOFF_FIRST : *backoff * 2;
    if (*backoff > MENDER_BACKOFF_LAST)
        *backoff = MENDER_BACKOFF_LAST;
    return from_now(mender, *backoff);
}

/* That somebody else has a file open is worth an event when it lasts. */
static bool has_lasted(const struct mender *mender, uint64_t since) {
    return now(mender) - since >= MENDER_BUSY_TOLD;
}

/* ---- reports ---- */

static bool report(struct mender *mender, const struct event *event) {
    return mender->host->report(mender->host->context, event);
}

/* An event about a record, unless `name` is NULL, of the folder, with a string more, unless that is
 * NULL, and with a reason, unless that is NULL. */
static bool report_of(struct mender *mender, enum event_number number, const char *name,
                      const char *more, const struct host_result *why) {
    struct event event = {.number = number, .why = why};
    if (name != NULL)
        event.string[event.strings++] = name;
    event.string[event.strings++] = mender->settings.folder;
    if (more != NULL)
        event.string[event.strings++] = more;
    return report(mender, &event);
}

/* Says that something is away, and why, or that it is back, when `why` is NULL. Each is said once;
 * what did not get into the event log was not said. */
static void tell_away(struct mender *mender, bool *told, enum event_number number,
                      const struct host_result *why) {
    bool away = why != NULL;
    if (*told != away && report_of(mender, number, NULL, NULL, why))
        *told = away;
}

static const char *print_number(uint32_t number, char to[11]) {
    struct text text;
    text_begin(&text, to, 11);
    text_put_u32(&text, number);
    return to;
}

static const char *print_mailbox(const char *mailbox) {
    return mailbox[0] != '\0' ? mailbox : "(not named in the record)";
}

static bool is_watched(const struct mender *mender, const char *folder) {
    return text_same(folder, mender->settings.folder);
}

/* Or may turn out to be, while `auto` has found none. */
static bool may_be_watched(const struct mender *mender, const char *folder) {
    return is_watched(mender, folder) || !config_is_absolute(mender->settings.folder);
}

/* Where to remember that this event is reported for this content of this record; NULL if it has been,
 * and when there is no room to remember another record: it could not be said only once. A new place
 * is the first that is not in use. */
static struct mender_warning *find_news(struct mender *mender, enum event_number number,
                                        const char *name, uint32_t content) {
    uint32_t n = crc32(0, name, strlen(name));
    size_t i = 0;
    while (i < mender->warned_count &&
           (mender->warned[i].name != n || mender->warned[i].number != number))
        i++;
    if (i == MENDER_WARNINGS || (i < mender->warned_count && mender->warned[i].content == content))
        return NULL;
    mender->warned[i].name = n;
    mender->warned[i].number = number;
    return &mender->warned[i];
}

/* Reports what is news; an event that did not get into the event log stays news. */
static void report_once(struct mender *mender, enum event_number number, const char *name,
                        uint32_t content, const char *mailbox, const struct host_result *why) {
    struct mender_warning *news = find_news(mender, number, name, content);
    if (news == NULL || !report_of(mender, number, name, mailbox, why))
        return;
    news->content = content;
    if (news == mender->warned + mender->warned_count)
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
    mender->journal_due = back_off(mender, &mender->journal_backoff);
    if (why->code != HOST_BUSY || has_lasted(mender, mender->journal_since))
        tell_away(mender, &mender->journal_told, EVENT_JOURNAL_AWAY, why);
}

static void journal_back(struct mender *mender) {
    if (mender->journal_backoff != 0)
        mender->pending.rescan = true;
    mender->journal_backoff = 0;
    tell_away(mender, &mender->journal_told, EVENT_JOURNAL_BACK, NULL);
}

/* An entry to be written: an empty one, or one that tells of the same record as another. */
static struct journal_entry *new_entry(struct mender *mender, enum journal_kind kind) {
    struct journal_entry *entry = &mender->reader.entry;
    memset(entry, 0, sizeof *entry);
    entry->kind = kind;
    return entry;
}

static struct journal_entry *entry_like(struct mender *mender, enum journal_kind kind,
                                        const struct journal_entry *like) {
    struct journal_entry *entry = &mender->reader.entry;
    *entry = *like;
    entry->kind = kind;
    return entry;
}

/* Writes to the journal, which is held. After a failure nobody knows how much of the line is in the
 * file; it is read again before the next is written, so that INTENTs that did get there are settled. */
static bool append_line(struct mender *mender, struct journal_entry *entry) {
    const struct host *host = mender->host;
    char *line = mender->line;
    size_t start = 0;
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

static bool append(struct mender *mender, struct journal_entry *entry) {
    entry->utc = mender->host->utc(mender->host->context);
    return append_line(mender, entry);
}

static struct mender_owed *find_owed(struct mender *mender, uint32_t number) {
    for (size_t i = 0; i < mender->owed_count; i++) {
        if (mender->owed[i].entry.number == number)
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
    owed->due = now(mender);
    owed->entry = *entry;
    owed->entry.outcome = OUTCOME_UNKNOWN;
    return owed;
}

static bool is_undo(const struct mender_owed *owed) {
    return owed->entry.kind == JOURNAL_UNDO;
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

static bool is_of(const struct journal_entry *entry, const char *name, const char *folder) {
    return text_same(name, entry->name) && text_same(folder, entry->folder);
}

static struct journal_entry *find_hold(struct mender *mender, const char *name,
                                       const char *folder) {
    for (size_t i = 0; i < mender->hold_count; i++) {
        if (is_of(&mender->hold[i], name, folder))
            return &mender->hold[i];
    }
    return NULL;
}

static void add_hold(struct mender *mender, const struct journal_entry *entry) {
    struct journal_entry *hold = find_hold(mender, entry->name, entry->folder);
    if (hold == NULL && mender->hold_count < MENDER_HOLDS)
        hold = &mender->hold[mender->hold_count++];
    if (hold != NULL)
        *hold = *entry;
}

static void remove_hold(struct mender *mender, struct journal_entry *hold) {
    *hold = mender->hold[--mender->hold_count];
}

static bool release(struct mender *mender, struct journal_entry *hold) {
    bool released = append(mender, entry_like(mender, JOURNAL_RELEASE, hold));
    if (released)
        remove_hold(mender, hold);
    return released;
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
    struct mender_owed *owed = find_owed(mender, entry->number);
    if (owed != NULL)
        owed->left_out = false;
    if (owed != NULL || entry->number < mender->owed_from)
        return;
    owed = add_owed(mender, entry);
    if (owed != NULL) {
        owed->replayed = true;
    } else if (!mender->owed_more) {
        mender->owed_more = true;
        mender->owed_missed = entry->number;
    }
}

/* A DONE with which a journal begins is what rotate_journal() left. */
static void replay_head(struct mender *mender, uint32_t number) {
    for (size_t i = 0; i < mender->owed_count; i++)
        mender->owed[i].left_out = mender->owed[i].entry.number <= number;
}

/* journal_visit */
static void replay_entry(void *context, const struct journal_entry *entry) {
    struct mender *mender = context;
    struct mender_owed *owed = NULL;
    struct journal_entry *hold = NULL;
    bool head = mender->journal_head;
    mender->journal_head = false;
    switch (entry->kind) {
    case JOURNAL_INTENT:
    case JOURNAL_UNDO:
        replay_intent(mender, entry);
        break;
    case JOURNAL_DONE:
        if (entry->number > mender->number)
            mender->number = entry->number;
        owed = find_owed(mender, entry->number);
        if (head)
            replay_head(mender, entry->number);
        else if (owed != NULL)
            remove_owed(mender, owed);
        break;
    case JOURNAL_HOLD:
        add_hold(mender, entry);
        break;
    case JOURNAL_RELEASE:
        hold = find_hold(mender, entry->name, entry->folder);
        if (hold == NULL)
            break;
        if (is_watched(mender, entry->folder))
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
    mender->journal_head = true;
    for (size_t i = 0; i < mender->owed_count; i++)
        mender->owed[i].left_out = false;
    journal_begin(&mender->reader);
}

/* Another process has done them, and rotated the journal. */
static void drop_left_out(struct mender *mender) {
    for (size_t i = mender->owed_count; i-- > 0;) {
        if (mender->owed[i].left_out)
            remove_owed(mender, &mender->owed[i]);
    }
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
    /* Another process has written to it, or rotated it: the end of what is known may be in the middle of
     * a line of a new one. */
    bool changed = size != mender->journal_known;
    if (changed)
        mender->owed_from = mender->owed_missed = 0;
    if (!mender->journal_ready || changed || (mender->owed_more && mender->owed_count == 0))
        forget_journal(mender);
    if (result.code == HOST_OK)
        result = read_journal(mender, size, replay_entry);
    if (result.code != HOST_OK) {
        journal_lost(mender, &result);
        return false;
    }
    drop_left_out(mender);
    mender->journal_ready = true;
    /* A line is written to see whether it can be, see note_settings(). */
    if (!mender->notes_settings)
        journal_back(mender);
    else if (mender->journal_backoff != 0)
        mender->settings_noted = false;
    return true;
}

/* The journal takes lines again only when one has been written to it: one that can be opened and
 * read may still be on a disk that is full. The settings are that line, with the time since when they
 * are in force, however often it is written. */
static void note_settings(struct mender *mender) {
    if (mender->settings_since == 0)
        mender->settings_since = mender->host->utc(mender->host->context);
    if (!take_journal(mender))
        return;
    struct journal_entry *entry = new_entry(mender, JOURNAL_LOADED);
    config_print(&mender->settings, entry->folder, sizeof entry->folder);
    entry->utc = mender->settings_since;
    if (!append_line(mender, entry))
        return;
    mender->settings_noted = true;
    journal_back(mender);
}

/* What a new journal begins with: what is owed, and what is held. It has room in mender->bytes. */
static size_t carry_over(struct mender *mender) {
    struct journal_entry *entry = new_entry(mender, JOURNAL_DONE);
    char *to = (char *)mender->bytes;
    /* The number of the last change, so that none is used twice; and those up to it that do not follow
     * are done. */
    entry->utc = mender->host->utc(mender->host->context);
    entry->number = mender->number;
    entry->outcome = OUTCOME_NOT_MADE;
    size_t length = journal_encode(entry, to, RECORD_BYTES_MAX);
    for (size_t i = 0; i < mender->owed_count; i++)
        length += journal_encode(&mender->owed[i].entry, to + length, RECORD_BYTES_MAX - length);
    for (size_t i = 0; i < mender->hold_count; i++)
        length += journal_encode(&mender->hold[i], to + length, RECORD_BYTES_MAX - length);
    return length;
}

/* The journal is held, and has been read. */
static void rotate_journal(struct mender *mender) {
    const struct host *host = mender->host;
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
    if (owed->backoff == 0)
        owed->busy_since = now(mender);
    owed->due = back_off(mender, &owed->backoff);
}

static void report_owed(struct mender *mender, struct mender_owed *owed) {
    const struct journal_entry *entry = &owed->entry;
    char offset[11];
    char begun[JOURNAL_TIME_BYTES];
    enum event_number number = entry->outcome == OUTCOME_UNKNOWN  ? EVENT_OUTCOME_UNKNOWN
                               : entry->outcome == OUTCOME_UNDONE ? EVENT_UNDONE
                               : owed->replayed                   ? EVENT_REPAIRED_LATE
                                                                  : EVENT_REPAIRED;
    journal_print_time(entry->utc, begun);
    struct event event = {number,
                          {entry->name, entry->folder, print_mailbox(entry->mailbox),
                           print_number(entry->offset, offset), begun},
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
 * done it, or settled it and repaired the record itself: the journal tells, and reading it may move the
 * entries of the list. Without the journal only what was made a moment ago is reported. */
static void finish_owed(struct mender *mender, struct mender_owed *owed) {
    const uint32_t number = owed->entry.number;
    bool taken = take_journal(mender);
    owed = find_owed(mender, number);
    if (owed == NULL || (!taken && (owed->replayed || owed->backoff != 0 || is_undo(owed))))
        return;
    /* Held before it is reported, whatever became of it: after a crash, or when it is put back, it must
     * not be repaired again. */
    if (owed->state == OWED_REPORT && is_undo(owed) && !owed->held) {
        struct journal_entry *hold = entry_like(mender, JOURNAL_HOLD, &owed->entry);
        hold->before = owed->entry.after;
        if (!append(mender, hold))
            return;
        add_hold(mender, hold);
        owed->held = true;
    }
    if (owed->state == OWED_REPORT)
        report_owed(mender, owed);
    if (owed->state == OWED_DONE && taken &&
        append(mender, entry_like(mender, JOURNAL_DONE, &owed->entry)))
        remove_owed(mender, owed);
}

static void let_go(struct mender *mender) {
    mender->host->close(mender->host->context);
}

/* Reads the open record whole into mender->bytes. Closes it when that fails. */
static struct host_result read_record(struct mender *mender, uint32_t size) {
    const struct host *host = mender->host;
    struct host_result result = {HOST_OK, 0, NULL};
    size_t got = 0;
    if (size > RECORD_BYTES_MAX)
        return result;
    result = host->read(host->context, 0, mender->bytes, size, &got);
    if (result.code == HOST_OK && got != size)
        result = (struct host_result){HOST_BUSY, 0, "it was cut short while it was read"};
    if (result.code != HOST_OK)
        let_go(mender);
    return result;
}

/* The content of a record as one number; a file too large to be read is known by its size. */
static uint32_t content_of(const struct mender *mender, uint32_t size) {
    return size > RECORD_BYTES_MAX ? crc32(0, &size, sizeof size) : crc32(0, mender->bytes, size);
}

/* Decides from the content of the file how a repair ended. */
static void conclude(struct mender *mender, struct mender_owed *owed, uint32_t size,
                     uint32_t content) {
    struct journal_entry *entry = &owed->entry;
    owed->state = OWED_REPORT;
    if (size != entry->size)
        return;
    if (content == entry->after) {
        entry->outcome = is_undo(owed) ? OUTCOME_UNDONE : OUTCOME_REPAIRED;
        mender->repaired += owed->replayed || is_undo(owed) ? 0 : 1;
    } else if (content == entry->before) {
        entry->outcome = OUTCOME_NOT_MADE;
        owed->state = OWED_DONE;
        /* What failed a moment ago would fail again: it gets another hour. */
        if (!is_undo(owed) && is_watched(mender, entry->folder) &&
            pending_find(&mender->pending, entry->name) == NULL) {
            struct pending_item *item =
                pending_put(&mender->pending, entry->name,
                            owed->replayed ? settle_due(mender) : from_now(mender, MENDER_HOUR));
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
    const struct journal_entry *entry = &owed->entry;
    const char *folder = is_watched(mender, entry->folder) ? NULL : entry->folder;
    uint32_t size = 0;
    struct host_result result = host->open(host->context, folder, entry->name, true, &size);
    const struct host_result first = result;
    if (first.code == HOST_REFUSED || first.code == HOST_BUSY)
        result = host->open(host->context, folder, entry->name, false, &size);
    if (result.code == HOST_GONE)
        owed->state = OWED_REPORT;
    if (result.code == HOST_OK)
        result = read_record(mender, size);
    if (result.code != HOST_OK)
        return result;
    if (first.code == HOST_OK)
        result = host->flush(host->context);
    let_go(mender);
    if (result.code != HOST_OK)
        return result;
    uint32_t content = content_of(mender, size);
    if (first.code == HOST_BUSY && content != entry->after && content != entry->before)
        return first;
    conclude(mender, owed, size, content);
    return result;
}

static void work_owed(struct mender *mender, struct mender_owed *owed) {
    if (owed->state == OWED_SETTLE) {
        struct host_result result = settle(mender, owed);
        bool lasts = owed->backoff != 0 && has_lasted(mender, owed->busy_since);
        /* A folder that is not watched any more may never be there again. */
        if (owed->state == OWED_SETTLE && lasts && !may_be_watched(mender, owed->entry.folder))
            owed->state = OWED_REPORT;
        else if (owed->state == OWED_SETTLE && lasts && !owed->told)
            owed->told = report_of(mender, EVENT_BUSY, owed->entry.name, NULL, &result);
    }
    if (owed->state == OWED_SETTLE)
        retry_owed(mender, owed);
    else
        finish_owed(mender, owed);
}

/* ---- one record ---- */

/* What a look at a record found. */
struct view {
    struct record record;
    uint32_t size;
    uint32_t content;
};

/* Opens, reads and judges a record; the caller closes it if it was to be repaired and HOST_OK. */
static struct host_result look(struct mender *mender, const char *name, bool repair,
                               struct view *view) {
    const struct host *host = mender->host;
    struct host_result result = host->open(host->context, NULL, name, repair, &view->size);
    if (result.code == HOST_OK)
        result = read_record(mender, view->size);
    if (result.code != HOST_OK)
        return result;
    if (!repair)
        let_go(mender);
    record_judge(mender->bytes, view->size, &view->record);
    /* Nearly all are sound, and of those nobody asks. */
    view->content = view->record.verdict == VERDICT_SOUND ? 0 : content_of(mender, view->size);
    return result;
}

/* Puts a record that can not be had now off, and says so when that has lasted. */
static void put_off(struct mender *mender, const char *name, const struct host_result *why) {
    struct pending_item *item = pending_put(&mender->pending, name, 0);
    if (item == NULL)
        return;
    if (item->backoff == 0)
        item->busy_since = now(mender);
    item->due = back_off(mender, &item->backoff);
    if (!item->told && has_lasted(mender, item->busy_since))
        item->told = report_of(mender, EVENT_BUSY, name, NULL, why);
}

/* A stuck record that could be read is looked at again when it has had this content for a while. */
static void await_quiet(struct mender *mender, const char *name, uint32_t content) {
    struct pending_item *item = pending_put(&mender->pending, name, settle_due(mender));
    if (item == NULL)
        return;
    item->seen = true;
    item->crc = content;
    item->backoff = 0;
    item->told = false;
}

static void forget(struct mender *mender, const char *name) {
    struct pending_item *item = pending_find(&mender->pending, name);
    if (item != NULL)
        pending_remove(&mender->pending, item);
}

/* The event for a record that is left as it is; 0 if it is as it should be. */
static enum event_number event_of(enum verdict verdict) {
    static const uint16_t events[VERDICT_DOUBTFUL + 1] = {[VERDICT_UNREADABLE] = EVENT_UNREADABLE,
                                                          [VERDICT_STUCK] = EVENT_STUCK,
                                                          [VERDICT_DOUBTFUL] = EVENT_DOUBTFUL};
    return (enum event_number)events[verdict];
}

static void warn(struct mender *mender, const char *name, const struct view *view) {
    const struct host_result why = {HOST_REFUSED, 0, record_reason_text(view->record.reason)};
    enum event_number number = event_of(view->record.verdict);
    if (number != 0)
        report_once(mender, number, name, view->content, NULL, &why);
}

/* The circuit breaker: more repairs than this in an hour are not this defect. */
static bool is_allowed(struct mender *mender) {
    uint32_t limit = mender->settings.repairs_per_hour;
    char digits[11];
    if (!mender->tripped) {
        if (mender->begun_count < limit ||
            now(mender) - mender->begun[mender->begun_next] >= MENDER_HOUR)
            return true;
        mender->tripped = true;
        mender->tripped_told = false;
        mender->tripped_until =
            mender->begun[(mender->begun_next + limit - 1) % limit] + MENDER_HOUR;
    }
    if (!mender->tripped_told)
        mender->tripped_told =
            report_of(mender, EVENT_LIMIT, NULL, print_number(limit, digits), NULL);
    return false;
}

/* Compares the open record with mender->bytes. */
static struct host_result verify(struct mender *mender, uint32_t size) {
    const struct host *host = mender->host;
    unsigned char piece[1024];
    for (uint32_t at = 0; at < size; at += (uint32_t)sizeof piece) {
        size_t want = size - at < sizeof piece ? size - at : sizeof piece;
        size_t got = 0;
        struct host_result result = host->read(host->context, at, piece, want, &got);
        if (result.code != HOST_OK)
            return result;
        if (got != want || memcmp(piece, mender->bytes + at, want) != 0)
            return (struct host_result){HOST_FAILED, 0,
                                        "what was read back is not what it should be"};
    }
    return (struct host_result){HOST_OK, 0, NULL};
}

/* Steps 4 to 7, for a repair or an undo: the record is open for repair, its bytes are in
 * mender->bytes, the journal is held. The caller has seen to it that there is room in the list of
 * what is owed. `entry` has kind, name, mailbox and offset. Closes the record. */
static struct host_result change(struct mender *mender, struct journal_entry *entry, uint32_t size,
                                 uint32_t content) {
    const struct host *host = mender->host;
    unsigned char *byte = &mender->bytes[entry->offset];

    *byte = entry->kind == JOURNAL_UNDO ? '4' : '1';
    entry->number = mender->number + 1;
    entry->size = size;
    entry->before = content;
    entry->after = crc32(0, mender->bytes, size);
    (void)text_copy(entry->folder, sizeof entry->folder, mender->settings.folder);
    if (!append(mender, entry)) {
        let_go(mender);
        return (struct host_result){HOST_FAILED, 0, "the journal can not be written"};
    }
    /* Not before: somebody else may use the number of a line that did not get there. */
    mender->number = entry->number;
    struct mender_owed *owed = add_owed(mender, entry);
    if (!is_undo(owed))
        note_begun(mender, now(mender));

    struct host_result result = host->write(host->context, entry->offset, *byte);
    if (result.code == HOST_OK)
        result = host->flush(host->context);
    if (result.code == HOST_OK)
        result = verify(mender, size);
    let_go(mender);
    if (result.code == HOST_OK) {
        conclude(mender, owed, size, entry->after);
        finish_owed(mender, owed);
    } else {
        if (!is_undo(owed))
            report_once(mender, EVENT_REPAIR_FAILED, owed->entry.name, content, NULL, &result);
        retry_owed(mender, owed);
    }
    return result;
}

static void mend(struct mender *mender, const char *name, const struct view *view) {
    const struct host *host = mender->host;
    struct journal_entry *entry = new_entry(mender, JOURNAL_INTENT);
    entry->offset = (uint32_t)view->record.digit;
    (void)text_copy(entry->name, sizeof entry->name, name);
    record_mailbox(&view->record, mender->bytes, host->decode, host->context, entry->mailbox);
    (void)change(mender, entry, view->size, view->content);
}

/* Why a stuck record is not repaired now, or NULL. */
static const char *report_only(struct mender *mender) {
    if (!mender->settings.repair)
        return "Repair = no";
    return is_allowed(mender) ? NULL : "RepairsPerHour";
}

static bool is_owed(const struct mender *mender, const char *name) {
    for (size_t i = 0; i < mender->owed_count; i++) {
        if (is_of(&mender->owed[i].entry, name, mender->settings.folder))
            return true;
    }
    return false;
}

/* A record that was seen stuck and has been quiet since: takes hold of it, looks again, mends. */
static void repair(struct mender *mender, const char *name, uint32_t seen) {
    struct view view;
    struct host_result result = look(mender, name, true, &view);
    if (result.code == HOST_BUSY || result.code == HOST_FAILED) {
        put_off(mender, name, &result);
        return;
    }
    if (result.code == HOST_REFUSED)
        report_once(mender, EVENT_REPAIR_FAILED, name, seen, NULL, &result);
    if (result.code == HOST_OK && view.record.verdict == VERDICT_STUCK && view.content == seen) {
        mend(mender, name, &view);
    } else if (result.code == HOST_OK) {
        let_go(mender);
        if (view.record.verdict == VERDICT_STUCK) {
            await_quiet(mender, name, view.content);
            return;
        }
        warn(mender, name, &view);
    }
    forget(mender, name);
}

/* A held record is left alone until its content changes; then it is no longer held. */
static bool is_held(struct mender *mender, const char *name, uint32_t content) {
    struct journal_entry *hold = find_hold(mender, name, mender->settings.folder);
    return hold != NULL && (hold->before == content || !release(mender, hold));
}

/* A record that was just judged stuck from a shared look. */
static void on_stuck(struct mender *mender, const char *name, const struct view *view) {
    const struct host *host = mender->host;
    char mailbox[RECORD_MAILBOX_BYTES];
    record_mailbox(&view->record, mender->bytes, host->decode, host->context, mailbox);
    /* What others have written to the journal counts for all that follows. */
    bool taken = mender->settings.repair && !mender->tripped && mender->settings_noted &&
                 take_journal(mender);
    const struct host_result why = {HOST_REFUSED, 0, report_only(mender)};
    if (why.reason != NULL) {
        report_once(mender, EVENT_STUCK, name, view->content, print_mailbox(mailbox), &why);
    } else if (taken && !is_full(mender)) {
        if (is_owed(mender, name)) {
            const struct host_result owed = {HOST_BUSY, 0,
                                             "an earlier repair of it is not settled"};
            put_off(mender, name, &owed);
            return;
        }
        if (!is_held(mender, name, view->content)) {
            repair(mender, name, view->content);
            return;
        }
    }
    /* A scan finds it again when the journal is back, or something owed is done. */
    forget(mender, name);
}

/* A queued name is due. */
static void attend(struct mender *mender, struct pending_item *item) {
    char name[PENDING_NAME_BYTES];
    struct view view;
    (void)text_copy(name, sizeof name, pending_name(&mender->pending, item));
    struct host_result result = look(mender, name, false, &view);
    if (result.code == HOST_GONE || result.code == HOST_END) {
        pending_remove(&mender->pending, item);
        return;
    }
    if (result.code != HOST_OK) {
        put_off(mender, name, &result);
        return;
    }
    if (view.record.verdict != VERDICT_STUCK) {
        pending_remove(&mender->pending, item);
        warn(mender, name, &view);
    } else if (item->seen ? item->crc != view.content : item->backoff != 0) {
        /* Changed, or just let go by somebody who may have written to it. */
        await_quiet(mender, name, view.content);
    } else {
        /* From here on only a change makes it wait for quiet again. */
        item->seen = true;
        item->crc = view.content;
        on_stuck(mender, name, &view);
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
    mender->scan_due = back_off(mender, &mender->scan_backoff);
    tell_away(mender, &mender->folder_told, EVENT_FOLDER_AWAY, why);
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
           (mender->periodic || now(mender) >= mender->scan_told_again);
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
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        event.string[event.strings++] = print_number(numbers[i], digits[i]);
    if (!report(mender, &event))
        return;
    mender->reported = *counts;
    mender->scan_told_again = from_now(mender, MENDER_HOUR);
}

static void finish_scan(struct mender *mender) {
    end_scan(mender);
    mender->scanned = true;
    mender->scan_ended = now(mender);
    mender->scan_backoff = 0;
    mender->scan_due = mender->settings.rescan_minutes == 0
                           ? MENDER_NEVER
                           : from_now(mender, mender->settings.rescan_minutes * 60000);
    /* Not before a whole scan: a folder that can be opened but not read is not back. */
    tell_away(mender, &mender->folder_told, EVENT_FOLDER_BACK, NULL);
    if (is_scan_news(mender))
        report_scan(mender);
}

/* Whether what a scan finds is worth a place in the queue. If it has been told, or nothing can be done
 * about it now, a later scan finds it again; queueing it would only make the queue overflow, and an
 * overflow is a reason to scan. */
static bool is_worth_queueing(struct mender *mender, const char *name, const struct view *view) {
    enum event_number number = event_of(view->record.verdict);
    if (number == EVENT_STUCK && mender->settings.repair && !mender->tripped)
        return mender->journal_ready && mender->settings_noted && !is_full(mender);
    return number != 0 && find_news(mender, number, name, view->content) != NULL;
}

/* One file of a scan. */
static void scan_next(struct mender *mender) {
    const struct host *host = mender->host;
    char name[PENDING_NAME_BYTES];
    struct view view;
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
    const struct pending_item *item = pending_find(&mender->pending, name);
    result = look(mender, name, false, &view);
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
    mender->counts.verdict[view.record.verdict]++;
    /* One that waits is looked at in its time, unless it waits for what it is no more: caught in the
     * middle of a rewrite, it may soon be that again. */
    if (item == NULL ? is_worth_queueing(mender, name, &view)
                     : item->seen && item->crc != view.content)
        await_quiet(mender, name, view.content);
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
        if ((owed->state == OWED_DONE || owed->replayed || is_undo(owed)) && !mender->journal_ready)
            continue;
        if (owed->state == OWED_SETTLE && mender->folder_away &&
            may_be_watched(mender, owed->entry.folder))
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

static void work_journal(struct mender *mender) {
    if (take_journal(mender) && needs_rotation(mender))
        rotate_journal(mender);
}

/* What there is to do; of all that is due the first is done. */
enum job { JOB_JOURNAL, JOB_SETTINGS, JOB_OWED, JOB_BREAKER, JOB_RECORD, JOB_SCAN, JOBS };

static uint64_t job_due(struct mender *mender, enum job job) {
    const struct mender_owed *owed = NULL;
    const struct pending_item *item = NULL;
    if (mender->paused || (mender->folder_away && job >= JOB_BREAKER))
        return MENDER_NEVER;
    switch (job) {
    case JOB_JOURNAL:
        if (!mender->journal_ready)
            return mender->journal_due;
        return needs_journal(mender) ? 0 : MENDER_NEVER;
    case JOB_SETTINGS:
        return mender->journal_ready && !mender->settings_noted ? 0 : MENDER_NEVER;
    case JOB_OWED:
        owed = first_owed(mender);
        return owed != NULL ? owed->due : MENDER_NEVER;
    case JOB_BREAKER:
        return mender->tripped ? mender->tripped_until : MENDER_NEVER;
    case JOB_RECORD:
        item = pending_first(&mender->pending);
        return item != NULL ? item->due : MENDER_NEVER;
    case JOB_SCAN:
    case JOBS:
        break;
    }
    return mender->scanning ? 0 : scan_start(mender);
}

static void do_job(struct mender *mender, enum job job) {
    switch (job) {
    case JOB_JOURNAL:
        work_journal(mender);
        break;
    case JOB_SETTINGS:
        note_settings(mender);
        break;
    case JOB_OWED:
        work_owed(mender, first_owed(mender));
        break;
    case JOB_BREAKER:
        /* What others have repaired meanwhile still counts. */
        mender->tripped = false;
        mender->pending.rescan = true;
        break;
    case JOB_RECORD:
        attend(mender, pending_first(&mender->pending));
        break;
    case JOB_SCAN:
        if (mender->scanning)
            scan_next(mender);
        else
            begin_scan(mender);
        break;
    case JOBS:
        break;
    }
}

uint64_t mender_step(struct mender *mender) {
    uint64_t time = now(mender);
    uint64_t next = MENDER_NEVER;
    enum job job = JOB_JOURNAL;
    while (job < JOBS && time < job_due(mender, job))
        job++;
    do_job(mender, job);
    drop_journal(mender);
    for (job = JOB_JOURNAL; job < JOBS; job++) {
        uint64_t due = job_due(mender, job);
        if (due < next)
            next = due;
    }
    return next;
}

void mender_hint(struct mender *mender, const char *name) {
    if (!record_is_named(name))
        return;
    struct pending_item *item = pending_put(&mender->pending, name, settle_due(mender));
    if (item != NULL)
        item->seen = false;
}

void mender_changes_lost(struct mender *mender) {
    mender->pending.rescan = true;
    if (now(mender) >= mender->lost_told_again &&
        report_of(mender, EVENT_CHANGES_LOST, NULL, NULL, NULL))
        mender->lost_told_again = from_now(mender, MENDER_HOUR);
}

void mender_folder_away(struct mender *mender, const struct host_result *why) {
    end_scan(mender);
    mender->folder_away = true;
    pending_clear(&mender->pending);
    tell_away(mender, &mender->folder_told, EVENT_FOLDER_AWAY, why);
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
    start_over(mender);
    if (!is_watched(mender, settings->folder)) {
        pending_clear(&mender->pending);
        mender->folder_told = false;
    }
    mender->settings = *settings;
    mender->settings_noted = !mender->notes_settings;
    mender->settings_since = 0;
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
    bool same = is_of(entry, found->name, mender->settings.folder);
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
static bool can_hold(struct mender *mender, const char *name) {
    size_t places = mender->hold_count;
    for (size_t i = 0; i < mender->owed_count; i++)
        places += is_undo(&mender->owed[i]);
    return places < MENDER_HOLDS || find_hold(mender, name, mender->settings.folder) != NULL;
}

static struct host_result undo_repair(struct mender *mender, const char *name) {
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
    if (result.code == HOST_OK)
        result = read_record(mender, size);
    if (result.code != HOST_OK)
        return result;
    if (size != found->size || size > RECORD_BYTES_MAX || found->offset >= size ||
        mender->bytes[found->offset] != '1' || content_of(mender, size) != found->after) {
        let_go(mender);
        return (struct host_result){HOST_REFUSED, 0, "it has changed since it was repaired"};
    }
    return change(mender, entry_like(mender, JOURNAL_UNDO, found), size, found->after);
}

static struct host_result release_record(struct mender *mender, const char *name) {
    struct journal_entry *hold = find_hold(mender, name, mender->settings.folder);
    if (hold == NULL)
        return (struct host_result){HOST_GONE, 0, "it is not held"};
    /* Whoever finishes its undo would hold it again. */
    if (is_owed(mender, name))
        return (struct host_result){HOST_BUSY, 0, "its undo is not settled yet"};
    if (!release(mender, hold))
        return (struct host_result){HOST_FAILED, 0, "the journal can not be written"};
    (void)report_of(mender, EVENT_RELEASED, name, NULL, NULL);
    mender_hint(mender, name);
    return (struct host_result){HOST_OK, 0, NULL};
}

/* Does either of the two with the journal. */
static struct host_result with_journal(struct mender *mender, const char *name,
                                       struct host_result (*act)(struct mender *, const char *)) {
    struct host_result result = {HOST_BUSY, 0, "the journal is in use or can not be read"};
    if (take_journal(mender))
        result = act(mender, name);
    drop_journal(mender);
    return result;
}

struct host_result mender_undo(struct mender *mender, const char *name) {
    return with_journal(mender, name, undo_repair);
}

struct host_result mender_release(struct mender *mender, const char *name) {
    return with_journal(mender, name, release_record);
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
