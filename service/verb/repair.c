/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "console.h"
#include "text.h"
#include "verb/session.h"
#include "verb/verb.h"
#include "verb/walk.h"
#include "verb/when.h"

enum {
    BUSY_MS = 15000,
    STEP_MS = 1000
}; /* how long records that others hold open are tried again */

/* True when a scan is over and has left nothing in the queue that may have to be repaired. While one runs longer than
 * the settle time, what it has queued may have come up and have been found stuck since. */
static bool is_nothing_stuck(const struct mender *mender) {
    const struct scan *scan = &mender->scan;
    return scan->finished && scan->found.verdict[VERDICT_STUCK] == 0 && scan->found.busy == 0 &&
           scan->took < (uint64_t)mender->site.settings.settle_seconds * 1000;
}

/* What the scan has seen, such as a doubtful record, is only to be reported: now. Should its content have
 * changed, so that it is stuck, it waits for the settle time like any other. */
static void report_at_once(struct mender *mender, uint64_t time) {
    for (size_t i = 0; i < mender->queue.count; i++) {
        struct queue_item *item = &mender->queue.items[i];
        if (item->seen && item->backoff == 0)
            item->due = time;
    }
}

/* Steps the mender until it is done, or only records that others hold open are left, or Ctrl-C. */
static void make_pass(struct session *session) {
    struct mender *mender = &session->mender;
    uint64_t begun = host_win_clock(&session->host);
    uint64_t limit = begun + (uint64_t)mender->site.settings.settle_seconds * 1000 + BUSY_MS;
    bool scanned = false;
    for (;;) {
        uint64_t due = mender_step(mender);
        uint64_t time = host_win_clock(&session->host);
        if (!scanned && mender->scan.finished) {
            scanned = true;
            if (is_nothing_stuck(mender)) {
                report_at_once(mender, time);
                due = time;
            }
        }
        bool settled = mender_is_settled(mender);
        if (settled && (!mender_is_waiting(mender) || time >= limit))
            return;
        /* Only the journal or the event log is in the way of an end. */
        if (time >= limit && due > time + BUSY_MS)
            return;
        if (!session_wait(session, host_win_until(&session->host, due, STEP_MS)))
            return;
    }
}

/* False, after a message, when a pass could not even begin. */
static bool can_repair(const struct session *session) {
    const struct host *host = &session->host.host;
    uint32_t size = 0;
    struct host_result result = host->journal_open(host->context, &size);
    host->journal_close(host->context);
    if (result.code != HOST_OK && result.code != HOST_BUSY) {
        (void)console_fail_result("cannot repair without the journal ", "kmrepair.jnl", &result);
        return false;
    }
    result = host->list_open(host->context);
    if (result.code != HOST_OK) {
        (void)console_fail_result("cannot repair in ", session->settings.folder, &result);
        return false;
    }
    host->list_close(host->context);
    return true;
}

/* Another program has it, and it would be tried again. */
static bool is_in_use(struct mender *mender, const char *name) {
    const struct queue_item *item = queue_find(&mender->queue, name);
    return (item != NULL && item->backoff != 0 && mender->ledger.ready) ||
           memory_find(&mender->ledger.memory, ITEM_FLIGHT, name) != NULL;
}

/* Why a record may not be written to, such as a read-only one; none is open. */
static void put_refusal(struct text *text, const struct host *host, const char *name) {
    uint32_t size = 0;
    struct host_result result = host->open(host->context, NULL, name, true, &size);
    if (result.code == HOST_OK)
        host->close(host->context);
    else
        text_print(text, ": %s", console_reason(&result));
}

/* Why a record is still stuck; `text` begins with its name, where there is room for it again. */
static void put_reason(struct text *text, struct mender *mender, const char *name) {
    char until[WHEN_BYTES];
    if (memory_find(&mender->ledger.memory, ITEM_HOLD, name) != NULL) {
        text_put(text, " is held since its undo; run: kmrepair release ");
        text_put_safe(text, name, strlen(name));
        return;
    }
    text_put(text, " is still stuck");
    if (!mender->site.settings.repair)
        text_put(text, ": Repair = no");
    else if (mender->trip.on)
        text_print(text, ": hourly limit reached until %s",
                   when_print(mender->trip.until_utc, until));
    else if (is_in_use(mender, name))
        text_put(text, ": in use by another program, see event 2020");
    else
        put_refusal(text, mender->site.host, name);
}

/* walk_visit: names what is left, and why: what is stuck, doubtful, or cannot be read. */
static void print_left(void *context, const struct walk_row *row) {
    static char line[2 * QUEUE_NAME_BYTES + 300];
    struct session *session = context;
    enum verdict verdict = row->record.verdict;
    struct text text;
    if (verdict == VERDICT_SOUND || verdict == VERDICT_NOT_A_RECORD)
        return;
    text_begin(&text, line, sizeof line);
    text_put_safe(&text, row->name, strlen(row->name));
    if (verdict == VERDICT_STUCK) {
        put_reason(&text, &session->mender, row->name);
    } else {
        text_print(&text, " %s: %s",
                   verdict == VERDICT_DOUBTFUL ? "is doubtful and left alone" : "cannot be read",
                   row->result.code == HOST_OK ? record_reason_text(row->record.reason)
                                               : console_reason(&row->result));
    }
    (void)console_fail(line, "");
}

/* True when the pass came to its end and has left nothing. */
static bool repair_folder(struct session *session, unsigned char *bytes) {
    struct scan_counts counts;
    make_pass(session);
    bool finished = mender_is_settled(&session->mender);
    mender_close(&session->mender);
    /* Nothing was begun without it, and no record is to blame. */
    if (!session->mender.ledger.ready)
        (void)verb_fail_journal(&session->mender.ledger.trouble);
    /* What counts is what the folder holds now. */
    if (walk_folder(&session->host, bytes, false, &counts, print_left, session).code != HOST_OK)
        return false;
    (void)console_print(CONSOLE_OUT, "%u repaired, %u still stuck, %u could not be read.\r\n",
                        session->mender.change.repaired, counts.verdict[VERDICT_STUCK],
                        counts.busy);
    return finished && counts.verdict[VERDICT_STUCK] + counts.busy == 0;
}

int verb_repair(const struct options *options) {
    DWORD error = ERROR_SUCCESS;
    DWORD service = verb_service(&error);
    if (service == SERVICE_PAUSED || service == SERVICE_PAUSE_PENDING)
        return console_fail("the service is paused: nothing is repaired until kmrepair continue",
                            "");
    struct session *session = session_open(options);
    if (session == NULL)
        return 2;
    bool done = can_repair(session) && repair_folder(session, options->bytes);
    session_close(session);
    return done ? 0 : 2;
}
