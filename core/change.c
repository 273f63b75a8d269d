/* SPDX-License-Identifier: MIT */
#include "change.h"

#include <string.h>

#include "crc32.h"
#include "guarded.h"
#include "text.h"

static void retry(const struct change *change, struct memory_item *item) {
    if (item->backoff == 0)
        item->busy_since = site_now(change->site);
    item->backoff = site_back_off(item->backoff, CHANGE_BACKOFF_FIRST, CHANGE_BACKOFF_LAST);
    item->due = site_now(change->site) + item->backoff;
}

static bool has_lasted(const struct change *change, const struct memory_item *item) {
    return item->backoff != 0 && site_now(change->site) - item->busy_since >= CHANGE_BUSY_TOLD;
}

/* ---- the record that is open ---- */

static void close_record(struct change *change) {
    change->site->host->close(change->site->host->context);
}

/* Reads it whole into change->bytes. Closes it when that fails. */
static struct host_result read_record(struct change *change, uint32_t size) {
    const struct host *host = change->site->host;
    struct host_result result = host_ok;
    size_t got = 0;
    if (size > RECORD_BYTES_MAX)
        return result;
    result = host->read(host->context, 0, change->bytes, size, &got);
    if (result.code == HOST_OK && got != size)
        result = host_result(HOST_BUSY, "it was cut short while it was read");
    if (result.code != HOST_OK)
        close_record(change);
    return result;
}

/* The content as one number; a file too large to be read is known by its size. */
static uint32_t content_of(const struct change *change, uint32_t size) {
    return size > RECORD_BYTES_MAX ? crc32(0, &size, sizeof size) : crc32(0, change->bytes, size);
}

/* Opens, reads and judges; the caller closes it if that is HOST_OK. */
static struct host_result judge(struct change *change, const char *name, bool repair,
                                struct view *view) {
    const struct host *host = change->site->host;
    struct host_result result = host->open(host->context, NULL, name, repair, &view->size);
    if (result.code == HOST_OK)
        result = read_record(change, view->size);
    if (result.code != HOST_OK)
        return result;
    record_judge(change->bytes, view->size, &view->record);
    /* Nearly all are sound, and of those nobody asks but for the ones that were repaired. */
    bool asked = view->record.verdict != VERDICT_SOUND ||
                 memory_find(&change->ledger->memory, ITEM_REPAIR, name) != NULL;
    view->content = asked ? content_of(change, view->size) : 0;
    if (asked)
        ledger_note_content(change->ledger, name, view->content);
    return result;
}

struct host_result change_look(struct change *change, const char *name, struct view *view) {
    struct host_result result = judge(change, name, false, view);
    if (result.code == HOST_OK)
        close_record(change);
    return result;
}

/* Compares it with change->bytes. */
GUARDED static struct host_result verify(const struct change *change, uint32_t size) {
    const struct host *host = change->site->host;
    unsigned char piece[1024];
    for (uint32_t at = 0; at < size; at += (uint32_t)sizeof piece) {
        size_t want = size - at < sizeof piece ? size - at : sizeof piece;
        size_t got = 0;
        struct host_result result = host->read(host->context, at, piece, want, &got);
        if (result.code != HOST_OK)
            return result;
        if (got != want || memcmp(piece, change->bytes + at, want) != 0)
            return host_result(HOST_FAILED, "what was read back is not what it should be");
    }
    return host_ok;
}

/* Writes the byte, flushes, reads back. After a failure `clean` tells whether the record is known to
 * be as it was. */
static struct host_result write_byte(struct change *change, struct memory_item *item) {
    const struct host *host = change->site->host;
    unsigned char *byte = &change->bytes[item->offset];
    const unsigned char old = *byte;
    *byte = item->undo ? '4' : '1';
    item->clean = false;
    struct host_result result = host->write(host->context, item->offset, *byte);
    if (result.code == HOST_OK)
        result = host->flush(host->context);
    if (result.code == HOST_OK)
        result = verify(change, item->size);
    if (result.code == HOST_OK)
        return result;
    *byte = old;
    item->clean = verify(change, item->size).code == HOST_OK;
    return result;
}

/* ---- how a change ends ---- */

static bool is_other_folder(const struct change *change, const struct memory_item *item) {
    return change->ledger->memory.folders[item->folder].kind == FOLDER_OTHER;
}

/* Decides from the content of the file. True when the byte was not changed. */
static bool conclude(struct change *change, struct memory_item *item, bool is_there, uint32_t size,
                     uint32_t content) {
    bool is_size = is_there && size == item->size;
    /* Whatever it holds now, somebody else has written. */
    bool is_untouched = item->own && item->clean;
    item->step = FLIGHT_REPORT;
    item->backoff = 0;
    if (is_size && content == item->after && !is_untouched) {
        item->outcome = item->undo ? OUTCOME_UNDONE : OUTCOME_REPAIRED;
        change->repaired += item->own && !item->undo;
    } else if ((is_size && content == item->before) || is_untouched) {
        item->outcome = OUTCOME_NOT_MADE;
        item->step = FLIGHT_FINISH;
    } else {
        item->outcome = OUTCOME_UNKNOWN;
    }
    change->outcome = item->outcome;
    return item->outcome == OUTCOME_NOT_MADE;
}

/* ---- the report ---- */

static enum event_number event_of(const struct memory_item *item) {
    if (item->outcome == OUTCOME_UNKNOWN)
        return EVENT_OUTCOME_UNKNOWN;
    if (item->outcome == OUTCOME_UNDONE)
        return EVENT_UNDONE;
    return item->own ? EVENT_REPAIRED : EVENT_REPAIRED_LATE;
}

static uint32_t count_waiting(struct change *change) {
    struct memory *memory = &change->ledger->memory;
    uint32_t count = 0;
    for (struct memory_item *item = memory_next(memory, ITEM_FLIGHT, NULL); item != NULL;
         item = memory_next(memory, ITEM_FLIGHT, item))
        count += item->step == FLIGHT_REPORT;
    return count;
}

/* The event log takes events again: from when to when it did not, and what waited meanwhile. */
static void tell_events_back(struct change *change) {
    const struct host *host = change->site->host;
    char since[JOURNAL_TIME_BYTES];
    char until[JOURNAL_TIME_BYTES];
    char digits[11];
    journal_print_time(change->events_since, since);
    journal_print_time(host->utc(host->context), until);
    struct event event = {EVENT_EVENTS_BACK,
                          {since, until, site_print_number(change->events_waited, digits)},
                          3,
                          NULL};
    if (site_report(change->site, &event))
        change->events_away = false;
}

static void report(struct change *change, struct memory_item *item) {
    const struct host *host = change->site->host;
    const struct memory *memory = &change->ledger->memory;
    char offset[11];
    char begun[JOURNAL_TIME_BYTES];
    const char *mailbox = memory_mailbox(memory, item);
    enum event_number number = event_of(item);
    journal_print_time(item->utc, begun);
    struct event event = {number,
                          {memory_name(memory, item), memory_folder(memory, item),
                           mailbox[0] != '\0' ? mailbox : "(not named in the record)",
                           site_print_number(item->offset, offset), begun},
                          number == EVENT_REPAIRED || number == EVENT_UNDONE ? 4 : 5,
                          NULL};
    if (site_report(change->site, &event)) {
        item->step = FLIGHT_FINISH;
        item->backoff = 0;
        if (change->events_away)
            tell_events_back(change);
        return;
    }
    if (!change->events_away) {
        change->events_away = true;
        change->events_since = host->utc(host->context);
        change->events_waited = 0;
    }
    uint32_t waiting = count_waiting(change);
    if (waiting > change->events_waited)
        change->events_waited = waiting;
    retry(change, item);
}

/* Holds what was undone, reports, writes DONE: as far as it can be now. Another process may have done
 * it, or settled it and repaired the record itself: the journal tells. */
static void finish(struct change *change, struct memory_item *item) {
    const uint32_t number = item->number;
    bool locked = ledger_lock(change->ledger).code == HOST_OK;
    /* The lock may have changed it. */
    /* cppcheck-suppress knownConditionTrueFalse */
    if (item->kind != ITEM_FLIGHT || item->number != number)
        return;
    if (!locked) {
        item->due = ledger_due(change->ledger);
        return;
    }
    /* Held before it is reported, whatever became of it: after a crash, or when it is put back, it
     * must not be repaired again. */
    if (item->step == FLIGHT_REPORT && item->undo && !item->held &&
        !ledger_hold(change->ledger, item)) {
        item->due = ledger_due(change->ledger);
        return;
    }
    if (item->step == FLIGHT_REPORT)
        report(change, item);
    if (item->step != FLIGHT_FINISH)
        return;
    if (!ledger_finish(change->ledger, item))
        item->due = ledger_due(change->ledger);
}

/* ---- the write, tried again ---- */

/* That the record cannot be changed is worth an event: one that is in use when that lasts, any other
 * reason once per content. */
static void tell_failed(struct change *change, struct memory_item *item,
                        const struct host_result *why) {
    const char *name = memory_name(&change->ledger->memory, item);
    if (why->code == HOST_BUSY) {
        if (has_lasted(change, item) && !item->told)
            item->told = site_report_of(change->site, EVENT_BUSY, name, NULL, why);
        return;
    }
    if (!item->undo && notices_is_new(change->notices, EVENT_REPAIR_FAILED, name, item->before) &&
        site_report_of(change->site, EVENT_REPAIR_FAILED, name, "It is tried again.", why))
        notices_add(change->notices, EVENT_REPAIR_FAILED, name, item->before);
}

static const char *folder_to_open(const struct change *change, const struct memory_item *item) {
    return is_other_folder(change, item) ? memory_folder(&change->ledger->memory, item) : NULL;
}

/* The record is open for it, and has the content from before. True when the byte is not changed and
 * will not be. Closes the record. */
static bool write_again(struct change *change, struct memory_item *item,
                        struct host_result *result) {
    const struct host *host = change->site->host;
    /* What the administrator has taken away, be it the leave or the folder, is not written to. */
    if ((!item->undo && !change->site->settings.repair) || is_other_folder(change, item)) {
        close_record(change);
        return conclude(change, item, true, item->size, item->before);
    }
    *result = host->folder_check(host->context);
    if (result->code == HOST_OK)
        *result = write_byte(change, item);
    close_record(change);
    return result->code == HOST_OK && conclude(change, item, true, item->size, item->after);
}

/* The journal tells whether the change is still in flight: another process may have settled it, or may
 * be about to. True when it is, and the journal is locked. */
static bool claim(struct change *change, struct memory_item *item) {
    const uint32_t number = item->number;
    bool locked = ledger_lock(change->ledger).code == HOST_OK;
    /* The lock may have changed it. */
    /* cppcheck-suppress knownConditionTrueFalse */
    bool same = item->kind == ITEM_FLIGHT && item->number == number;
    if (same && !locked)
        item->due = ledger_due(change->ledger);
    return same && locked;
}

/* True when the byte is not changed and will not be; item->step tells what comes next. */
static bool work_write(struct change *change, struct memory_item *item) {
    const struct host *host = change->site->host;
    uint32_t size = 0;
    if (!claim(change, item))
        return false;
    struct host_result result = host->open(host->context, folder_to_open(change, item),
                                           memory_name(&change->ledger->memory, item), true, &size);
    if (result.code == HOST_GONE)
        return conclude(change, item, false, 0, 0);
    if (result.code == HOST_REFUSED) {
        item->step = FLIGHT_SETTLE;
        return false;
    }
    if (result.code == HOST_OK)
        result = read_record(change, size);
    bool not_made = false;
    if (result.code == HOST_OK) {
        uint32_t content = content_of(change, size);
        if (size == item->size && content == item->before) {
            not_made = write_again(change, item, &result);
        } else {
            /* A write that was said to have failed may have been made, and not be on the disk. */
            result = host->flush(host->context);
            close_record(change);
            if (result.code == HOST_OK)
                not_made = conclude(change, item, true, size, content);
        }
    }
    if (item->step == FLIGHT_WRITE) {
        tell_failed(change, item, &result);
        /* A folder that is not watched any more may never be there again. */
        if (is_other_folder(change, item) && has_lasted(change, item))
            item->step = FLIGHT_SETTLE;
        retry(change, item);
    }
    return not_made;
}

/* ---- settling ---- */

/* Sees from the file how a change ended. It is opened so that nobody else can change it meanwhile, and
 * flushed, since what another run wrote may not have reached the disk. Where that cannot be, a look
 * must do; but while somebody else has the file open, only at content that is known. */
static struct host_result settle(struct change *change, struct memory_item *item, bool *not_made) {
    const struct host *host = change->site->host;
    const char *name = memory_name(&change->ledger->memory, item);
    const char *folder = folder_to_open(change, item);
    uint32_t size = 0;
    struct host_result result = host->open(host->context, folder, name, true, &size);
    const struct host_result first = result;
    if (first.code == HOST_REFUSED || first.code == HOST_BUSY)
        result = host->open(host->context, folder, name, false, &size);
    /* A link is not followed: what was changed is not there any more. */
    if (result.code == HOST_GONE || result.code == HOST_REFUSED)
        *not_made = conclude(change, item, false, 0, 0);
    if (result.code == HOST_OK)
        result = read_record(change, size);
    if (result.code != HOST_OK)
        return result;
    if (first.code == HOST_OK)
        result = host->flush(host->context);
    close_record(change);
    if (result.code != HOST_OK)
        return result;
    uint32_t content = content_of(change, size);
    if (first.code == HOST_BUSY && content != item->after && content != item->before)
        return first;
    *not_made = conclude(change, item, true, size, content);
    return result;
}

static bool work_settle(struct change *change, struct memory_item *item) {
    bool not_made = false;
    if (!claim(change, item))
        return false;
    struct host_result result = settle(change, item, &not_made);
    if (item->step != FLIGHT_SETTLE)
        return not_made;
    /* A folder that is not watched any more may never be there again. */
    if (has_lasted(change, item) && is_other_folder(change, item)) {
        item->outcome = OUTCOME_UNKNOWN;
        item->step = FLIGHT_REPORT;
        return false;
    }
    if (has_lasted(change, item) && !item->told)
        item->told = site_report_of(change->site, EVENT_BUSY,
                                    memory_name(&change->ledger->memory, item), NULL, &result);
    retry(change, item);
    return false;
}

bool change_work(struct change *change, struct memory_item *item) {
    const uint32_t number = item->number;
    bool not_made = false;
    if (item->step == FLIGHT_WRITE)
        not_made = work_write(change, item);
    else if (item->step == FLIGHT_SETTLE)
        not_made = work_settle(change, item);
    if (item->kind != ITEM_FLIGHT || item->number != number)
        return false;
    bool again = not_made && !item->undo;
    if (item->step == FLIGHT_REPORT || item->step == FLIGHT_FINISH)
        finish(change, item);
    /* Until DONE is written, the process that began it may make it yet. */
    if (not_made && !item->own && item->kind == ITEM_FLIGHT && item->number == number)
        item->step = FLIGHT_SETTLE;
    return again;
}

/* ---- beginning one ---- */

/* Steps 4 to 7: the record is open for it, its bytes are in change->bytes, change->entry has kind,
 * name, mailbox and offset. Closes the record. */
static struct host_result begin(struct change *change, uint32_t size, uint32_t content) {
    const struct host *host = change->site->host;
    struct journal_entry *entry = &change->entry;
    unsigned char *byte = &change->bytes[entry->offset];
    const unsigned char old = *byte;
    struct host_result result = host->folder_check(host->context);
    if (result.code != HOST_OK) {
        close_record(change);
        return result;
    }
    *byte = entry->kind == JOURNAL_UNDO ? '4' : '1';
    entry->size = size;
    entry->before = content;
    entry->after = crc32(0, change->bytes, size);
    *byte = old;
    (void)text_copy(entry->text, sizeof entry->text, change->site->folder);
    struct memory_item *item = ledger_begin(change->ledger, entry);
    if (item == NULL) {
        close_record(change);
        return host_result(HOST_FAILED, "the journal cannot be written");
    }
    result = write_byte(change, item);
    close_record(change);
    if (result.code == HOST_OK) {
        (void)conclude(change, item, true, size, item->after);
        finish(change, item);
    } else {
        tell_failed(change, item, &result);
        retry(change, item);
    }
    return result;
}

const char change_since[] = "it has changed since it was repaired";

struct host_result change_repair(struct change *change, const char *name, uint32_t seen,
                                 struct view *view, bool *begun) {
    const struct host *host = change->site->host;
    struct journal_entry *entry = &change->entry;
    *begun = false;
    struct host_result result = judge(change, name, true, view);
    if (result.code != HOST_OK)
        return result;
    if (view->record.verdict != VERDICT_STUCK || view->content != seen) {
        close_record(change);
        return result;
    }
    memset(entry, 0, sizeof *entry);
    entry->kind = JOURNAL_INTENT;
    entry->offset = (uint32_t)view->record.digit;
    (void)text_copy(entry->name, sizeof entry->name, name);
    record_mailbox(&view->record, change->bytes, host->decode, host->context, entry->mailbox);
    uint32_t number = change->ledger->memory.number;
    result = begin(change, view->size, view->content);
    *begun = change->ledger->memory.number != number;
    return *begun ? host_ok : result;
}

struct host_result change_undo(struct change *change, const struct memory_item *repair) {
    const struct host *host = change->site->host;
    struct journal_entry *entry = &change->entry;
    uint32_t size = 0;
    memory_entry(&change->ledger->memory, repair, entry);
    entry->kind = JOURNAL_UNDO;
    struct host_result result = host->open(host->context, NULL, entry->name, true, &size);
    if (result.code == HOST_OK)
        result = read_record(change, size);
    if (result.code != HOST_OK)
        return result;
    if (size != entry->size || size > RECORD_BYTES_MAX || entry->offset >= size ||
        change->bytes[entry->offset] != '1' || content_of(change, size) != entry->after) {
        close_record(change);
        return host_result(HOST_REFUSED, change_since);
    }
    return begin(change, size, entry->after);
}

void change_abandon(struct change *change) {
    struct memory *memory = &change->ledger->memory;
    struct memory_item *next = NULL;
    for (struct memory_item *item = memory_next(memory, ITEM_FLIGHT, NULL); item != NULL;
         item = next) {
        next = memory_next(memory, ITEM_FLIGHT, item);
        if (!item->own || !item->undo || item->step != FLIGHT_WRITE || !item->clean)
            continue;
        item->outcome = OUTCOME_NOT_MADE;
        item->step = FLIGHT_FINISH;
        finish(change, item);
    }
}
