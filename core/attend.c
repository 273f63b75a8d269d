/* SPDX-License-Identifier: MIT */
#include "attend.h"

#include <string.h>

#include "guarded.h"
#include "text.h"

static uint64_t now(const struct mender *mender) {
    return site_now(&mender->site);
}

/* ---- warnings ---- */

/* Reports what is new about this content of this record. What did not get into the event log stays new, and a
 * scan comes to it again. */
static void warn(struct mender *mender, enum event_number number, const char *name,
                 uint32_t content, const char *more, const struct host_result *why) {
    if (!notices_is_new(&mender->notices, number, name, content))
        return;
    if (site_report_of(&mender->site, number, name, more, why))
        notices_add(&mender->notices, number, name, content);
    else
        scan_want(&mender->scan);
}

/* The event for a record that is left as it is; 0 if it is as it should be. */
static enum event_number event_of(enum verdict verdict) {
    static const enum event_number events[VERDICT_DOUBTFUL + 1] = {
        [VERDICT_UNREADABLE] = EVENT_UNREADABLE,
        [VERDICT_STUCK] = EVENT_STUCK,
        [VERDICT_DOUBTFUL] = EVENT_DOUBTFUL};
    return events[verdict];
}

static void warn_of_verdict(struct mender *mender, const char *name, const struct view *view) {
    const struct host_result why = {HOST_REFUSED, 0, record_reason_text(view->record.reason)};
    enum event_number number = event_of(view->record.verdict);
    if (number != 0)
        warn(mender, number, name, view->content, NULL, &why);
}

GUARDED static void warn_of_stuck(struct mender *mender, const char *name, const struct view *view,
                                  const char *reason) {
    const struct host *host = mender->site.host;
    const struct host_result why = {HOST_REFUSED, 0, reason};
    char mailbox[RECORD_MAILBOX_BYTES];
    record_mailbox(&view->record, mender->change.bytes, host->decode, host->context, mailbox);
    warn(mender, EVENT_STUCK, name, view->content,
         mailbox[0] != '\0' ? mailbox : "(not named in the record)", &why);
}

/* ---- the queue ---- */

struct queue_item *attend_put(struct mender *mender, const char *name, uint64_t due) {
    struct queue_item *item = queue_put(&mender->queue, name, due);
    if (item == NULL)
        scan_crowd(&mender->scan);
    return item;
}

static void forget(struct mender *mender, const char *name) {
    struct queue_item *item = queue_find(&mender->queue, name);
    if (item != NULL)
        queue_remove(&mender->queue, item);
}

static void back_off(struct mender *mender, struct queue_item *item) {
    if (item->backoff == 0)
        item->busy_since = now(mender);
    item->backoff = site_back_off(item->backoff, MENDER_BACKOFF_FIRST, MENDER_BACKOFF_LAST);
    item->due = now(mender) + item->backoff;
}

/* Puts a record that is in use off, and says so when that has lasted. */
static void put_off(struct mender *mender, const char *name, const struct host_result *why) {
    struct queue_item *item = attend_put(mender, name, 0);
    if (item == NULL)
        return;
    back_off(mender, item);
    if (!item->told && now(mender) - item->busy_since >= MENDER_BUSY_TOLD)
        item->told = site_report_of(&mender->site, EVENT_BUSY, name, NULL, why);
}

/* Puts a record off for which nothing is missing but the journal, a place among the changes in flight,
 * or the end of an earlier change to it. */
static void wait_for_ledger(struct mender *mender, const char *name) {
    struct queue_item *item = attend_put(mender, name, 0);
    if (item == NULL)
        return;
    back_off(mender, item);
    item->busy_since = now(mender);
}

void attend_later(struct mender *mender, const char *name, uint32_t content) {
    struct queue_item *item = attend_put(mender, name, site_settled(&mender->site));
    if (item == NULL)
        return;
    item->seen = true;
    item->crc = content;
    item->backoff = 0;
    item->told = item->warned = false;
}

/* A record that is doubtful or unreadable is warned of once it is whole: while another program has it open
 * to write to it, that is put off; after a minute it is said nevertheless, and not again when it is let
 * go. One that is as it should be is done with. */
static void on_unsound(struct mender *mender, struct queue_item *item, const char *name,
                       const struct view *view) {
    const struct host *host = mender->site.host;
    enum event_number number = event_of(view->record.verdict);
    bool is_new = number != 0 && notices_is_new(&mender->notices, number, name, view->content);
    if (number != 0 && (is_new || item->warned) && host->is_written(host->context, name)) {
        back_off(mender, item);
        item->seen = false;
        if (!item->warned && now(mender) - item->busy_since >= MENDER_BUSY_TOLD) {
            warn_of_verdict(mender, name, view);
            item->warned = !notices_is_new(&mender->notices, number, name, view->content);
        }
        return;
    }
    if (is_new && item->warned)
        notices_add(&mender->notices, number, name, view->content);
    else
        warn_of_verdict(mender, name, view);
    queue_remove(&mender->queue, item);
}

/* ---- the hourly limit ---- */

/* More repairs than this in an hour are not this defect. */
static bool is_limit_reached(const struct mender *mender) {
    return mender->trip.on || limiter_count(&mender->ledger.window, now(mender)) >=
                                  mender->site.settings.repairs_per_hour;
}

/* Stops repairing until the hour is over, and says so. */
static void trip(struct mender *mender) {
    const struct host *host = mender->site.host;
    struct trip *trip = &mender->trip;
    char digits[11];
    char until[JOURNAL_TIME_BYTES];
    if (!trip->on) {
        trip->on = true;
        trip->told = false;
        const uint64_t time = now(mender);
        trip->until = limiter_end(&mender->ledger.window, time);
        trip->until_utc = host->utc(host->context) + (uint32_t)((trip->until - time) / 1000);
    }
    if (trip->told)
        return;
    journal_print_time(trip->until_utc, until);
    struct event event = {EVENT_LIMIT,
                          {mender->site.folder,
                           site_print_number(mender->site.settings.repairs_per_hour, digits),
                           until},
                          3,
                          NULL};
    trip->told = site_report(&mender->site, &event);
}

/* ---- one record ---- */

/* A record that was seen stuck and has been quiet since: locks it, looks again, repairs it. */
static void repair(struct mender *mender, const char *name, uint32_t seen) {
    struct view view;
    bool begun = false;
    struct host_result result = change_repair(&mender->change, name, seen, &view, &begun);
    if (result.code == HOST_BUSY || result.code == HOST_FAILED) {
        put_off(mender, name, &result);
        return;
    }
    if (result.code == HOST_REFUSED)
        warn(mender, EVENT_REPAIR_FAILED, name, seen, "It is left alone until it changes.",
             &result);
    if (result.code == HOST_OK && !begun) {
        if (view.record.verdict == VERDICT_STUCK) {
            attend_later(mender, name, view.content);
            return;
        }
        warn_of_verdict(mender, name, &view);
    }
    forget(mender, name);
}

/* A held record is left alone until its content changes; then it is no longer held. True when it is
 * not, or no more. */
static bool release_changed(struct mender *mender, const char *name, uint32_t content) {
    struct memory_item *hold = memory_find(&mender->ledger.memory, ITEM_HOLD, name);
    return hold == NULL || (hold->before != content && ledger_release(&mender->ledger, hold));
}

/* Until the journal is taken, another process may release it unheard of. */
static bool is_held(struct mender *mender, const char *name, uint32_t content) {
    const struct memory_item *hold = memory_find(&mender->ledger.memory, ITEM_HOLD, name);
    return mender->ledger.read_once && hold != NULL && hold->before == content;
}

/* A record that was just judged stuck and has been quiet. The journal is locked: what others have
 * written to it counts. */
static void on_quiet(struct mender *mender, const char *name, const struct view *view) {
    if (is_limit_reached(mender)) {
        trip(mender);
        warn_of_stuck(mender, name, view, "RepairsPerHour");
        forget(mender, name);
    } else if (ledger_has_room(&mender->ledger) &&
               memory_find(&mender->ledger.memory, ITEM_FLIGHT, name) == NULL &&
               release_changed(mender, name, view->content)) {
        repair(mender, name, view->content);
    } else {
        wait_for_ledger(mender, name);
    }
}

/* A record that was just judged stuck from a shared look. */
static void on_stuck(struct mender *mender, const char *name, const struct view *view) {
    if (!mender->site.settings.repair) {
        warn_of_stuck(mender, name, view, "Repair = no");
        forget(mender, name);
    } else if (ledger_lock(&mender->ledger).code != HOST_OK) {
        wait_for_ledger(mender, name);
    } else if (is_held(mender, name, view->content)) {
        forget(mender, name);
    } else {
        on_quiet(mender, name, view);
    }
}

GUARDED void attend_due(struct mender *mender) {
    struct queue_item *item = queue_first(&mender->queue);
    char name[QUEUE_NAME_BYTES];
    struct view view;
    (void)text_copy(name, sizeof name, queue_name(&mender->queue, item));
    struct host_result result = change_look(&mender->change, name, &view);
    if (result.code == HOST_GONE) {
        queue_remove(&mender->queue, item);
    } else if (result.code == HOST_REFUSED) {
        queue_remove(&mender->queue, item);
        warn(mender, EVENT_UNREADABLE, name, 0, NULL, &result);
    } else if (result.code != HOST_OK) {
        put_off(mender, name, &result);
    } else if (view.record.verdict != VERDICT_STUCK) {
        on_unsound(mender, item, name, &view);
    } else if (item->seen ? item->crc != view.content : item->backoff != 0) {
        /* Changed, or just let go by somebody who may have written to it. */
        attend_later(mender, name, view.content);
    } else {
        /* From here on only a change makes it wait for quiet again. */
        item->seen = true;
        item->crc = view.content;
        on_stuck(mender, name, &view);
    }
}

/* ---- a scan ---- */

/* Whether what a scan finds is worth a place in the queue. What has been said already is not. */
static bool is_worth_queueing(struct mender *mender, const char *name, const struct view *view) {
    enum event_number number = event_of(view->record.verdict);
    if (number == EVENT_STUCK && mender->site.settings.repair && !mender->trip.on)
        return !is_held(mender, name, view->content);
    return number != 0 && notices_is_new(&mender->notices, number, name, view->content);
}

void attend_found(struct mender *mender, const char *name) {
    struct scan_counts *counts = &mender->scan.counts;
    struct view view;
    const struct queue_item *item = queue_find(&mender->queue, name);
    struct host_result result = change_look(&mender->change, name, &view);
    if (result.code == HOST_GONE)
        return;
    counts->files++;
    if (result.code == HOST_REFUSED) {
        counts->verdict[VERDICT_UNREADABLE]++;
        warn(mender, EVENT_UNREADABLE, name, 0, NULL, &result);
        return;
    }
    if (result.code != HOST_OK) {
        counts->busy++;
        if (item == NULL)
            put_off(mender, name, &result);
        return;
    }
    counts->verdict[view.record.verdict]++;
    if (view.record.verdict == VERDICT_SOUND)
        scan_remember(&mender->scan);
    /* One that waits is looked at in its time, unless it waits for what it is no more: caught in the
     * middle of a rewrite, it may soon be that again. */
    if (item == NULL ? is_worth_queueing(mender, name, &view)
                     : item->seen && item->crc != view.content)
        attend_later(mender, name, view.content);
}
