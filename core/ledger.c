/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include <string.h>

#include "crc32.h"
#include "ledger_read.h"
#include "site.h"
#include "text.h"

enum { DRIFT_SECONDS = 2 };

static const struct host_result overflow = {
    HOST_FAILED, 0,
    "kmrepair.jnl holds more than this program can keep in memory; release records"};

static uint64_t now(const struct ledger *ledger) {
    return ledger->host->clock(ledger->host->context);
}

static uint32_t utc(const struct ledger *ledger) {
    return ledger->host->utc(ledger->host->context);
}

/* How far the wall clock is ahead of the clock that only goes on. */
static int64_t drift(const struct ledger *ledger) {
    return (int64_t)utc(ledger) - (int64_t)(now(ledger) / 1000);
}

void ledger_init(struct ledger *ledger, const struct host *host) {
    memset(ledger, 0, sizeof *ledger);
    ledger->host = host;
    ledger->drift = drift(ledger);
}

/* ---- trouble ---- */

static void note_trouble(struct ledger *ledger, const struct host_result *why) {
    ledger->trouble = *why;
    /* Several records may try within one wait. */
    if (ledger->backoff != 0 && now(ledger) < ledger->due)
        return;
    if (ledger->backoff == 0)
        ledger->since = now(ledger);
    ledger->backoff = site_back_off(ledger->backoff, LEDGER_BACKOFF_FIRST, LEDGER_BACKOFF_LAST);
    ledger->due = now(ledger) + ledger->backoff;
}

uint64_t ledger_due(const struct ledger *ledger) {
    return ledger->backoff == 0 ? 0 : ledger->due;
}

bool ledger_is_full(const struct ledger *ledger) {
    return ledger->memory.overflow || ledger->known >= LEDGER_BYTES_STOP;
}

const struct host_result *ledger_trouble(const struct ledger *ledger) {
    static const struct host_result no_room = {
        HOST_FAILED, 0, "kmrepair.jnl has grown to 4 MB, and no new one can be put in its place"};
    if (ledger->backoff != 0 &&
        (ledger->trouble.code != HOST_BUSY || now(ledger) - ledger->since >= LEDGER_BUSY_TOLD))
        return &ledger->trouble;
    if (ledger->memory.overflow)
        return &overflow;
    return ledger_is_full(ledger) ? &no_room : NULL;
}

/* Nobody knows how much of what was written got there: the next lock reads it. */
static void write_failed(struct ledger *ledger, const struct host_result *why) {
    ledger->failing = true;
    note_trouble(ledger, why);
    ledger_unlock(ledger);
}

/* ---- writing a line ---- */

/* Of a line that begins there, as struct journal_reader has it: with the end of the line before. */
static uint32_t line_crc(uint32_t at, const char *line, size_t length) {
    return crc32(at > 0 ? crc32(0, "\n", 1) : 0, line, length);
}

static void note_line(struct ledger *ledger, uint32_t at, const char *line, size_t length) {
    ledger->last_at = at;
    ledger->last = line_crc(at, line, length);
    ledger->size = ledger->known = at + (uint32_t)length;
}

/* Writes ledger->entry, with its time. */
static bool commit_at(struct ledger *ledger, uint32_t time) {
    const struct host *host = ledger->host;
    char *line = ledger->line;
    size_t start = ledger->torn ? 2 : 0;
    struct host_result result = host_result(HOST_FAILED, "an entry is too long for a line");
    line[0] = '\r';
    line[1] = '\n';
    ledger->entry.utc = time;
    size_t length = journal_encode(&ledger->entry, line + start, JOURNAL_LINE_MAX);
    if (length > 0)
        result = host->journal_append(host->context, line, start + length);
    if (result.code != HOST_OK) {
        write_failed(ledger, &result);
        return false;
    }
    note_line(ledger, ledger->size + (uint32_t)start, line + start, length);
    ledger->torn = false;
    ledger->failing = false;
    ledger->backoff = 0;
    return true;
}

static bool commit(struct ledger *ledger) {
    return ledger->locked && commit_at(ledger, utc(ledger));
}

static void new_entry(struct ledger *ledger, enum journal_kind kind) {
    memset(&ledger->entry, 0, sizeof ledger->entry);
    ledger->entry.kind = kind;
}

static void entry_of(struct ledger *ledger, const struct memory_item *item,
                     enum journal_kind kind) {
    memory_entry(&ledger->memory, item, &ledger->entry);
    ledger->entry.kind = kind;
}

/* ---- settings, state, window ---- */

static void settings_entry(struct ledger *ledger) {
    new_entry(ledger, JOURNAL_LOADED);
    (void)text_copy(ledger->entry.text, sizeof ledger->entry.text, ledger->settings);
}

static void state_entry(struct ledger *ledger) {
    new_entry(ledger, JOURNAL_STATE);
    ledger->entry.state = ledger->state;
}

static void window_entry(struct ledger *ledger) {
    struct text text;
    uint32_t at = LIMITER_MINUTES;
    uint64_t age = 0;
    uint32_t count = 0;
    new_entry(ledger, JOURNAL_WINDOW);
    text_begin(&text, ledger->entry.text, sizeof ledger->entry.text);
    while (limiter_next(&ledger->window, now(ledger), &at, &age, &count)) {
        if (text.length > 0)
            text_put_char(&text, ' ');
        text_put_u32(&text, utc(ledger) - (uint32_t)(age / 1000));
        text_put_char(&text, '=');
        text_put_u32(&text, count < CONFIG_REPAIRS_MAX ? count : CONFIG_REPAIRS_MAX);
    }
}

/* The repairs of the last hour have to be known by the wall clock of the next run. */
static bool has_drifted(const struct ledger *ledger) {
    int64_t by = drift(ledger) - ledger->drift;
    return (by > DRIFT_SECONDS || by < -DRIFT_SECONDS) &&
           limiter_count(&ledger->window, now(ledger)) > 0;
}

static bool write_state(struct ledger *ledger) {
    if (ledger->settings_due) {
        settings_entry(ledger);
        if (!commit_at(ledger, ledger->settings_utc))
            return false;
        ledger->settings_due = false;
    }
    if (ledger->state_due || (ledger->failing && ledger->is_service && ledger->state_utc != 0)) {
        state_entry(ledger);
        if (!commit_at(ledger, ledger->state_utc))
            return false;
        ledger->state_due = false;
    }
    if (ledger->window_due || has_drifted(ledger)) {
        window_entry(ledger);
        if (!commit(ledger))
            return false;
        ledger->window_due = false;
        ledger->drift = drift(ledger);
    }
    return true;
}

/* ---- a checkpoint ---- */

/* What a checkpoint has found out by the time it is written. */
struct new_journal {
    struct host_result result;
    uint32_t head, head_length;
    uint32_t length;
    uint32_t last, last_at;
};

static void put_at(struct ledger *ledger, struct new_journal *made, uint32_t time) {
    const struct host *host = ledger->host;
    if (made->result.code != HOST_OK)
        return;
    ledger->entry.utc = time;
    size_t length = journal_encode(&ledger->entry, ledger->line, JOURNAL_LINE_MAX);
    if (length == 0) {
        made->result = host_result(HOST_FAILED, "an entry is too long for a line");
        return;
    }
    made->result = host->journal_put(host->context, ledger->line, length);
    made->last = line_crc(made->length, ledger->line, length);
    made->last_at = made->length;
    made->length += (uint32_t)length;
    if (made->head_length == 0) {
        made->head = made->last;
        made->head_length = made->length;
    }
}

static void put_items(struct ledger *ledger, struct new_journal *made, enum memory_kind kind,
                      enum journal_kind as) {
    for (struct memory_item *item = memory_next(&ledger->memory, kind, NULL); item != NULL;
         item = memory_next(&ledger->memory, kind, item)) {
        entry_of(ledger, item, item->undo && kind == ITEM_FLIGHT ? JOURNAL_UNDO : as);
        put_at(ledger, made, item->utc);
    }
}

static void put_all(struct ledger *ledger, struct new_journal *made) {
    new_entry(ledger, JOURNAL_CHECKPOINT);
    ledger->entry.id = ledger->id;
    ledger->entry.generation = ledger->generation + 1;
    ledger->entry.number = ledger->memory.number;
    put_at(ledger, made, utc(ledger));
    if (ledger->settings[0] != '\0') {
        settings_entry(ledger);
        put_at(ledger, made, ledger->settings_utc);
    }
    if (ledger->state_utc != 0) {
        state_entry(ledger);
        put_at(ledger, made, ledger->state_utc);
    }
    window_entry(ledger);
    put_at(ledger, made, utc(ledger));
    put_items(ledger, made, ITEM_REPAIR, JOURNAL_REPAIRED);
    put_items(ledger, made, ITEM_FLIGHT, JOURNAL_INTENT);
    put_items(ledger, made, ITEM_HOLD, JOURNAL_HOLD);
}

static struct host_result checkpoint(struct ledger *ledger) {
    const struct host *host = ledger->host;
    struct new_journal made = {host_ok, 0, 0, 0, 0, 0};
    /* What found no place in memory would be gone. */
    if (ledger->memory.overflow)
        return overflow;
    /* The clock may be set while it is made. */
    const int64_t before = drift(ledger);
    made.result = host->journal_new(host->context);
    put_all(ledger, &made);
    if (made.result.code == HOST_OK)
        made.result = host->journal_replace(host->context, ledger->keep || !ledger->rewrite);
    if (made.result.code != HOST_OK)
        return made.result;
    ledger->generation++;
    ledger->head = made.head;
    ledger->head_length = made.head_length;
    ledger->last = made.last;
    ledger->last_at = made.last_at;
    ledger->size = ledger->known = made.length;
    ledger->torn = ledger->rewrite = ledger->failing = ledger->memory.changed = false;
    ledger->settings_due = ledger->state_due = ledger->window_due = false;
    ledger->drift = before;
    ledger->backoff = 0;
    return host_ok;
}

/* ---- the lock ---- */

void ledger_ask_folders(struct ledger *ledger) {
    const struct host *host = ledger->host;
    size_t ours = 0;
    bool is_news = false;
    ledger->armed = true;
    for (size_t i = 0; i < MEMORY_FOLDERS; i++) {
        struct memory_folder *folder = &ledger->memory.folders[i];
        if (!folder->used)
            continue;
        bool is_ours = host->folder_is(host->context, folder->path);
        is_news = is_news || (is_ours && folder->kind != FOLDER_OURS);
        ours += is_ours;
        folder->kind = is_ours ? FOLDER_OURS : FOLDER_OTHER;
    }
    /* Holds and releases of one record were taken for those of two. */
    if (is_news && ours > 1)
        ledger->again = true;
}

struct host_result ledger_lock(struct ledger *ledger) {
    const struct host *host = ledger->host;
    if (ledger->locked)
        return host_ok;
    struct host_result result = host->journal_open(host->context, &ledger->size);
    ledger->locked = result.code == HOST_OK;
    if (result.code == HOST_OK)
        result = ledger_read(ledger);
    if (result.code == HOST_OK && ledger->rewrite)
        result = checkpoint(ledger);
    /* Until a journal without a checkpoint has one, another process may read it, too, and write that. */
    if (result.code == HOST_OK)
        ledger->read_once = true;
    if (result.code != HOST_OK) {
        /* Without what another process may have done nothing can be begun; but a journal that was
         * only busy is known as it was. */
        ledger->ready = ledger->ready && result.code == HOST_BUSY && !ledger->locked;
        ledger->check = true;
        note_trouble(ledger, &result);
        ledger_unlock(ledger);
        return result;
    }
    ledger->ready = true;
    if (!ledger->is_service)
        ledger->failing = false;
    if (!ledger->failing)
        ledger->backoff = 0;
    return host_ok;
}

void ledger_unlock(struct ledger *ledger) {
    if (ledger->locked)
        ledger->host->journal_close(ledger->host->context);
    ledger->locked = false;
}

static bool is_long(const struct ledger *ledger) {
    return ledger->known > JOURNAL_BYTES_MAX && now(ledger) >= ledger->checkpoint_due;
}

bool ledger_has_work(const struct ledger *ledger) {
    return !ledger->ready || ledger->check || ledger->again || ledger->rewrite ||
           ledger->backoff != 0 || ledger->settings_due || ledger->state_due ||
           ledger->window_due || is_long(ledger) || has_drifted(ledger);
}

/* Gives a long journal a checkpoint. When that fails, or helps little, lines can still be written to
 * it: it is tried again in an hour, or in a minute when there is little room left. */
static bool shorten(struct ledger *ledger) {
    struct host_result result = checkpoint(ledger);
    uint32_t wait = ledger->known < LEDGER_BYTES_STOP / 2 ? LEDGER_RETRY : LEDGER_BACKOFF_LAST;
    ledger->checkpoint_due = 0;
    if (ledger->known > JOURNAL_BYTES_MAX / 2)
        ledger->checkpoint_due = now(ledger) + wait;
    if (result.code != HOST_OK)
        ledger_unlock(ledger);
    return result.code == HOST_OK;
}

void ledger_work(struct ledger *ledger) {
    if (ledger_lock(ledger).code != HOST_OK)
        return;
    ledger->check = false;
    if (is_long(ledger) && !shorten(ledger))
        return;
    (void)write_state(ledger);
}

void ledger_check(struct ledger *ledger) {
    ledger->check = true;
}

bool ledger_has_room(const struct ledger *ledger) {
    return ledger->ready && !ledger->failing && !ledger->rewrite && !ledger_is_full(ledger) &&
           ledger->memory.count[ITEM_FLIGHT] < MEMORY_IN_FLIGHT;
}

/* ---- entries ---- */

struct memory_item *ledger_begin(struct ledger *ledger, const struct journal_entry *begun) {
    struct memory *memory = &ledger->memory;
    if (!ledger->locked)
        return NULL;
    ledger_ask_folder(ledger, begun->text);
    if (limiter_count(&ledger->window, now(ledger)) == 0)
        ledger->drift = drift(ledger);
    ledger->entry = *begun;
    ledger->entry.number = memory->number + 1;
    ledger->entry.utc = utc(ledger);
    /* First a place for it: a line without one would be a change that nobody answers for. */
    memory_apply(memory, &ledger->entry);
    struct memory_item *item = memory_flight(memory, ledger->entry.number);
    if (item == NULL) {
        memory->number--;
        return NULL;
    }
    if (!commit_at(ledger, ledger->entry.utc)) {
        /* Somebody else may use the number of a line that did not get there. */
        memory_remove(memory, item);
        memory->number--;
        return NULL;
    }
    item->own = true;
    item->step = FLIGHT_WRITE;
    /* It is made now, whatever the wall clock was set to since the line was begun. */
    if (ledger->entry.kind == JOURNAL_INTENT)
        limiter_add(&ledger->window, now(ledger), 0, 1);
    ledger->counted = ledger->entry.number;
    return item;
}

bool ledger_finish(struct ledger *ledger, struct memory_item *item) {
    new_entry(ledger, JOURNAL_DONE);
    ledger->entry.number = item->number;
    ledger->entry.outcome = item->outcome;
    if (!commit(ledger))
        return false;
    memory_apply(&ledger->memory, &ledger->entry);
    return true;
}

bool ledger_hold(struct ledger *ledger, struct memory_item *item) {
    entry_of(ledger, item, JOURNAL_HOLD);
    ledger->entry.before = item->after;
    if (!commit(ledger))
        return false;
    memory_apply(&ledger->memory, &ledger->entry);
    return true;
}

bool ledger_release(struct ledger *ledger, struct memory_item *hold) {
    entry_of(ledger, hold, JOURNAL_RELEASE);
    if (!commit(ledger))
        return false;
    memory_remove(&ledger->memory, hold);
    /* What found no place may have one now. */
    ledger->again = ledger->again || ledger->memory.overflow;
    return true;
}

/* ---- what is written when the journal is to be had ---- */

void ledger_note_settings(struct ledger *ledger, const struct settings *settings) {
    config_print(settings, ledger->settings, sizeof ledger->settings);
    ledger->settings_utc = utc(ledger);
    ledger->settings_due = true;
}

/* The time of a scan that found nothing new is written too, but not after each: they may be a minute apart. A clock that
 * was set back gives a large difference. */
static bool is_same_state(const struct journal_state *a, const struct journal_state *b) {
    return a->why == b->why && a->until == b->until && a->reminded == b->reminded &&
           b->scanned - a->scanned < LEDGER_SCANNED &&
           memcmp(&a->counts, &b->counts, sizeof a->counts) == 0;
}

void ledger_note_state(struct ledger *ledger, const struct journal_state *state) {
    if (ledger->state_utc != 0 && is_same_state(&ledger->state, state))
        return;
    ledger->state = *state;
    ledger->state_utc = utc(ledger);
    ledger->state_due = true;
}

void ledger_reset_window(struct ledger *ledger) {
    if (limiter_count(&ledger->window, now(ledger)) > 0)
        ledger->window_due = true;
    limiter_clear(&ledger->window);
}

void ledger_note_content(struct ledger *ledger, const char *name, uint32_t content) {
    struct memory_item *item = memory_find(&ledger->memory, ITEM_REPAIR, name);
    if (item != NULL)
        item->off = item->after != content;
}
