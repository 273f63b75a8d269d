/* SPDX-License-Identifier: MIT */
#include "mender.h"

#include <string.h>

#include "attend.h"
#include "guarded.h"
#include "text.h"
#include "todo.h"

static uint64_t now(const struct mender *mender) {
    return site_now(&mender->site);
}

/* A folder that can be opened but not listed is not back. */
static void end_scan(struct mender *mender) {
    scan_report(&mender->scan, todo_count(&mender->ledger.memory));
    site_tell_away(&mender->site, &mender->folder_told, EVENT_FOLDER_BACK, NULL);
}

GUARDED static void work_scan(struct mender *mender) {
    char name[QUEUE_NAME_BYTES];
    /* So that it can tell how many mailboxes are to be enabled. */
    if (!mender->scan.running && !remind_is_fresh(&mender->remind)) {
        remind_look(&mender->remind);
        return;
    }
    struct host_result result = scan_next(&mender->scan, name, sizeof name);
    if (result.code == HOST_OK && record_is_named(name))
        attend_found(mender, name);
    else if (result.code == HOST_END)
        end_scan(mender);
    else if (result.code != HOST_OK)
        site_tell_away(&mender->site, &mender->folder_told, EVENT_FOLDER_AWAY, &result);
}

/* ---- changes in flight ---- */

/* What waits for the journal is woken by it; a folder that is away, by its return. */
static bool can_work(const struct mender *mender, const struct memory_item *item) {
    bool touches = item->step == FLIGHT_SETTLE || item->step == FLIGHT_WRITE;
    enum folder_kind folder = mender->ledger.memory.folders[item->folder].kind;
    if (touches && (folder == FOLDER_UNASKED || (folder == FOLDER_OURS && mender->folder_away)))
        return false;
    return mender->ledger.ready;
}

static struct memory_item *first_flight(struct mender *mender) {
    struct memory *memory = &mender->ledger.memory;
    struct memory_item *first = NULL;
    if (memory->count[ITEM_FLIGHT] == 0)
        return NULL;
    for (struct memory_item *item = memory_next(memory, ITEM_FLIGHT, NULL); item != NULL;
         item = memory_next(memory, ITEM_FLIGHT, item)) {
        if (can_work(mender, item) && (first == NULL || item->due < first->due))
            first = item;
    }
    return first;
}

GUARDED static void work_flight(struct mender *mender) {
    char name[QUEUE_NAME_BYTES];
    struct memory_item *item = first_flight(mender);
    uint32_t content = item->before;
    bool ours = memory_is_ours(&mender->ledger.memory, item);
    (void)text_copy(name, sizeof name, memory_name(&mender->ledger.memory, item));
    if (change_work(&mender->change, item) && ours && queue_find(&mender->queue, name) == NULL)
        attend_later(mender, name, content);
}

/* ---- the state, for `status` ---- */

static enum journal_why why_nothing(const struct mender *mender) {
    if (mender->paused)
        return WHY_PAUSED;
    if (mender->folder_away)
        return WHY_FOLDER;
    if (!mender->site.settings.repair)
        return WHY_REPORT_ONLY;
    if (mender->trip.on)
        return WHY_LIMIT;
    if (ledger_is_full(&mender->ledger))
        return WHY_JOURNAL;
    return mender->ledger.memory.count[ITEM_FLIGHT] >= MEMORY_IN_FLIGHT ? WHY_EVENTS : WHY_NOTHING;
}

static void note_state(struct mender *mender) {
    struct journal_state state = mender->ledger.state;
    if (!mender->ledger.is_service || !mender->ledger.ready)
        return;
    state.why = why_nothing(mender);
    state.until = state.why == WHY_LIMIT ? mender->trip.until_utc : 0;
    if (mender->scan.finished) {
        state.counts = mender->scan.found;
        state.scanned = mender->scan.found_at;
    }
    if (mender->remind.recalled)
        state.reminded = mender->remind.told;
    ledger_note_state(&mender->ledger, &state);
}

/* ---- the jobs ---- */

static uint64_t due_journal(struct mender *mender) {
    const struct ledger *ledger = &mender->ledger;
    if (ledger_has_work(ledger))
        return ledger_due(ledger);
    bool is_news = ledger->told != (ledger_trouble(ledger) != NULL);
    return is_news ? mender->back_told_again : MENDER_NEVER;
}

static void work_journal(struct mender *mender) {
    struct ledger *ledger = &mender->ledger;
    ledger_work(ledger);
    const struct host_result *why = ledger_trouble(ledger);
    if (why != NULL)
        site_tell_away(&mender->site, &ledger->told, EVENT_JOURNAL_AWAY, why);
    else if (ledger->backoff == 0)
        site_tell_away(&mender->site, &ledger->told, EVENT_JOURNAL_BACK, NULL);
    mender->back_told_again = now(mender) + MENDER_MINUTE;
}

static uint64_t due_flight(struct mender *mender) {
    const struct memory_item *item = mender->paused ? NULL : first_flight(mender);
    return item != NULL ? item->due : MENDER_NEVER;
}

static uint64_t due_limit(struct mender *mender) {
    return mender->trip.on && !mender->paused ? mender->trip.until : MENDER_NEVER;
}

/* What others have repaired meanwhile still counts. */
static void work_limit(struct mender *mender) {
    mender->trip.on = false;
    scan_want(&mender->scan);
}

static bool is_at_rest(const struct mender *mender) {
    return mender->paused || mender->folder_away;
}

static uint64_t due_record(struct mender *mender) {
    const struct queue_item *item = is_at_rest(mender) ? NULL : queue_first(&mender->queue);
    return item != NULL ? item->due : MENDER_NEVER;
}

static uint64_t due_remind(struct mender *mender) {
    return is_at_rest(mender) ? MENDER_NEVER : remind_due(&mender->remind);
}

static void work_remind(struct mender *mender) {
    remind_work(&mender->remind);
}

static uint64_t due_scan(struct mender *mender) {
    if (is_at_rest(mender))
        return MENDER_NEVER;
    return scan_due(&mender->scan, mender->queue.count > QUEUE_NAMES / 2);
}

static uint64_t due_paused(struct mender *mender) {
    return mender->paused ? mender->paused_again : MENDER_NEVER;
}

static void work_paused(struct mender *mender) {
    const struct event event = {EVENT_PAUSED, {NULL}, 0, NULL};
    (void)site_report(&mender->site, &event);
    mender->paused_again = now(mender) + MENDER_DAY;
}

/* Of all that is due the first in this order is done. */
static const struct {
    uint64_t (*due)(struct mender *mender);
    void (*work)(struct mender *mender);
} jobs[] = {{due_journal, work_journal}, {due_flight, work_flight}, {due_limit, work_limit},
            {due_record, attend_due},    {due_remind, work_remind}, {due_scan, work_scan},
            {due_paused, work_paused}};
enum { JOBS = sizeof jobs / sizeof jobs[0] };

uint64_t mender_step(struct mender *mender) {
    uint64_t time = now(mender);
    uint64_t next = MENDER_NEVER;
    size_t job = 0;
    while (job < JOBS && time < jobs[job].due(mender))
        job++;
    if (job < JOBS)
        jobs[job].work(mender);
    ledger_unlock(&mender->ledger);
    note_state(mender);
    for (job = 0; job < JOBS; job++) {
        uint64_t due = jobs[job].due(mender);
        if (due < next)
            next = due;
    }
    return next;
}

/* ---- what it is told ---- */

/* A record may be stuck again. */
static void on_ended(void *context, const char *name) {
    mender_hint(context, name);
}

void mender_init(struct mender *mender, const struct host *host, const struct settings *settings,
                 bool is_service, unsigned char *bytes, struct known *known) {
    memset(mender, 0, sizeof *mender);
    mender->site.host = host;
    mender->site.settings = *settings;
    (void)text_copy(mender->site.folder, sizeof mender->site.folder, settings->folder);
    ledger_init(&mender->ledger, host);
    mender->ledger.is_service = is_service;
    mender->ledger.on_ended = on_ended;
    mender->ledger.context = mender;
    if (is_service)
        ledger_note_settings(&mender->ledger, settings);
    mender->change.site = &mender->site;
    mender->change.ledger = &mender->ledger;
    mender->change.notices = &mender->notices;
    mender->change.bytes = bytes;
    scan_init(&mender->scan, &mender->site, known);
    mender->remind.site = &mender->site;
    mender->remind.ledger = &mender->ledger;
    mender->remind.bytes = bytes;
    mender->folder_away = true;
}

void mender_hint(struct mender *mender, const char *name) {
    /* Nobody sees whether a record is quiet in a folder that is away; a scan follows its return. */
    if (mender->folder_away || !record_is_named(name))
        return;
    scan_hint(&mender->scan, name);
    struct queue_item *item = attend_put(mender, name, site_settled(&mender->site));
    if (item != NULL)
        item->seen = false;
}

void mender_changes_lost(struct mender *mender) {
    scan_mistrust(&mender->scan);
    if (now(mender) >= mender->lost_told_again &&
        site_report_of(&mender->site, EVENT_CHANGES_LOST, NULL, NULL, NULL))
        mender->lost_told_again = now(mender) + MENDER_HOUR;
}

void mender_folder_open(struct mender *mender, const char *path) {
    (void)text_copy(mender->site.folder, sizeof mender->site.folder, path);
    mender->folder_away = false;
    ledger_ask_folders(&mender->ledger);
    scan_ask(&mender->scan);
}

/* It is not open any more: what is known of it is found again by the scan that follows its return. */
static void leave_folder(struct mender *mender) {
    scan_forget(&mender->scan);
    remind_stop(&mender->remind);
    queue_clear(&mender->queue);
    mender->folder_away = true;
    mender->ledger.armed = false;
}

void mender_folder_away(struct mender *mender, const struct host_result *why) {
    leave_folder(mender);
    site_tell_away(&mender->site, &mender->folder_told, EVENT_FOLDER_AWAY, why);
}

void mender_folder_found(struct mender *mender, const char *folder) {
    (void)text_copy(mender->site.settings.folder, sizeof mender->site.settings.folder, folder);
    (void)text_copy(mender->site.folder, sizeof mender->site.folder, folder);
    if (mender->ledger.is_service)
        ledger_note_settings(&mender->ledger, &mender->site.settings);
}

void mender_pause(struct mender *mender) {
    mender->paused = true;
    mender->paused_again = now(mender) + MENDER_DAY;
    leave_folder(mender);
}

static void start_limit_over(struct mender *mender) {
    mender->trip.on = false;
    ledger_reset_window(&mender->ledger);
}

/* Both an administrator's CONTINUE and new settings are somebody's word to go on. */
static void start_over(struct mender *mender) {
    scan_stop(&mender->scan);
    start_limit_over(mender);
    notices_clear(&mender->notices);
    scan_ask(&mender->scan);
}

void mender_continue(struct mender *mender) {
    mender->paused = false;
    start_over(mender);
}

void mender_configure(struct mender *mender, const struct settings *settings) {
    start_over(mender);
    if (!text_same(mender->site.settings.folder, settings->folder)) {
        leave_folder(mender);
        mender->folder_told = false;
        (void)text_copy(mender->site.folder, sizeof mender->site.folder, settings->folder);
    }
    mender->site.settings = *settings;
    if (mender->ledger.is_service)
        ledger_note_settings(&mender->ledger, settings);
}

void mender_journal_changed(struct mender *mender) {
    ledger_check(&mender->ledger);
}

/* ---- the end of a pass ---- */

bool mender_is_settled(const struct mender *mender) {
    const struct scan *scan = &mender->scan;
    const struct memory *memory = &mender->ledger.memory;
    if (!scan->finished || scan->running || scan->asked || scan->wanted || !mender->ledger.ready)
        return false;
    for (size_t i = 0; i < MEMORY_ITEMS; i++) {
        const struct memory_item *item = &memory->items[i];
        if (item->kind == ITEM_FLIGHT && item->backoff == 0 && item->due <= now(mender))
            return false;
    }
    for (size_t i = 0; i < mender->queue.count; i++) {
        if (mender->queue.items[i].backoff == 0)
            return false;
    }
    return true;
}

bool mender_is_waiting(const struct mender *mender) {
    for (size_t i = 0; i < MEMORY_ITEMS; i++) {
        const struct memory_item *item = &mender->ledger.memory.items[i];
        if (item->kind == ITEM_FLIGHT && item->own && item->step == FLIGHT_WRITE)
            return true;
    }
    return mender->queue.count > 0;
}

void mender_close(struct mender *mender) {
    scan_stop(&mender->scan);
    change_abandon(&mender->change);
    ledger_unlock(&mender->ledger);
}
