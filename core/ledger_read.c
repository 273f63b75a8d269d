/* SPDX-License-Identifier: MIT */
#include "ledger_read.h"

#include <string.h>

#include "crc32.h"
#include "text.h"

enum { NUMBER_MAX = INT32_MAX };

static uint64_t now(const struct ledger *ledger) {
    return ledger->host->clock(ledger->host->context);
}

static uint32_t utc(const struct ledger *ledger) {
    return ledger->host->utc(ledger->host->context);
}

/* ---- what an entry means here ---- */

/* How long ago; what is from the future counts as made now, for a clock that was set back must not
 * free it. */
static uint64_t age_of(struct ledger *ledger, uint32_t made) {
    uint32_t present = utc(ledger);
    if (made > present) {
        ledger->window_due = true;
        return 0;
    }
    return (uint64_t)(present - made) * 1000;
}

static struct limiter *window_of(struct ledger *ledger) {
    return ledger->memory.pass == PASS_NEW ? &ledger->window : &ledger->other;
}

/* `time=count time=count ...`; what does not fit that ends it. */
static void read_window(struct ledger *ledger, const char *text, struct limiter *window) {
    limiter_clear(window);
    while (*text != '\0') {
        uint32_t made = 0;
        uint32_t count = 0;
        size_t length = strcspn(text, "=");
        if (text[length] != '=' || !text_read_u32(text, length, UINT32_MAX, &made))
            return;
        text += length + 1;
        length = strcspn(text, " ");
        if (!text_read_u32(text, length, CONFIG_REPAIRS_MAX, &count))
            return;
        limiter_add(window, now(ledger), age_of(ledger, made), count);
        text += length + (text[length] == ' ');
    }
}

/* Nothing that stands above it counts, nor has to be written down. But a process that runs may know of
 * repairs that the other one took for older, since the clock was set; only an empty one, which is the
 * administrator's word, takes them away. */
static void take_window(struct ledger *ledger, const char *text) {
    bool is_new = ledger->memory.pass == PASS_NEW;
    if (is_new && !ledger->read_once)
        ledger->window_due = false;
    if (!is_new || !ledger->read_once || *text == '\0') {
        read_window(ledger, text, window_of(ledger));
        return;
    }
    read_window(ledger, text, &ledger->other);
    limiter_merge(&ledger->window, &ledger->other, now(ledger));
}

/* Takes the repair of an INTENT into the window, once. */
static void count_repair(struct ledger *ledger, const struct journal_entry *entry) {
    if (entry->number > ledger->counted && entry->kind == JOURNAL_INTENT)
        limiter_add(window_of(ledger), now(ledger), age_of(ledger, entry->utc), 1);
    if (entry->number > ledger->counted)
        ledger->counted = entry->number;
}

/* A change that another process has begun may be one that it still works on: while this one runs, or,
 * beside the service, a moment ago. */
static void leave_time(struct ledger *ledger, const struct journal_entry *entry) {
    struct memory_item *item = memory_flight(&ledger->memory, entry->number);
    uint32_t present = utc(ledger);
    bool is_fresh =
        !ledger->is_service && entry->utc <= present && present - entry->utc < LEDGER_OTHERS / 1000;
    if (item != NULL && !item->own && (ledger->read_once || is_fresh) && item->due == 0)
        item->due = now(ledger) + LEDGER_OTHERS;
}

/* Settings and state are the service's to say, and have to be in any journal that others have written; it
 * begins with those of the run before. Others carry over what they have read last. */
static void take_state(struct ledger *ledger, const struct journal_entry *entry) {
    bool is_old = ledger->memory.pass == PASS_REPLACED;
    if (ledger->is_service && ledger->read_once) {
        if (entry->kind == JOURNAL_LOADED)
            ledger->settings_due = strcmp(entry->text, ledger->settings) != 0;
        else if (entry->kind == JOURNAL_STATE)
            ledger->state_due = memcmp(&entry->state, &ledger->state, sizeof entry->state) != 0;
    } else if (entry->kind == JOURNAL_LOADED && !ledger->is_service) {
        if (is_old && entry->utc < ledger->settings_utc)
            return;
        ledger->settings_utc = entry->utc;
        (void)text_copy(ledger->settings, sizeof ledger->settings, entry->text);
    } else if (entry->kind == JOURNAL_STATE) {
        if (is_old && entry->utc < ledger->state_utc)
            return;
        ledger->state_utc = entry->utc;
        ledger->state = entry->state;
    }
}

void ledger_ask_folder(struct ledger *ledger, const char *path) {
    const struct host *host = ledger->host;
    struct memory_folder *folder = memory_put_folder(&ledger->memory, path);
    if (folder != NULL && folder->kind == FOLDER_UNASKED && ledger->armed)
        folder->kind = host->folder_is(host->context, path) ? FOLDER_OURS : FOLDER_OTHER;
}

/* Another process has released a record, or ended a repair that was not made: it may be stuck. When the journal is
 * read once more, that is news of what was known until then. */
static void tell_ended(struct ledger *ledger, const struct memory_item *item) {
    const enum memory_pass pass = ledger->memory.pass;
    if (item == NULL || item->undo || pass == PASS_REPLACED ||
        (pass == PASS_AGAIN && !item->known) || !ledger->read_once || ledger->on_ended == NULL ||
        !memory_is_ours(&ledger->memory, item))
        return;
    ledger->on_ended(ledger->context, memory_name(&ledger->memory, item));
}

/* The same of what a journal does not tell any more that another process wrote anew. */
static void tell_over(struct ledger *ledger, enum memory_kind kind) {
    struct memory *memory = &ledger->memory;
    for (struct memory_item *item = memory_next(memory, kind, NULL); item != NULL;
         item = memory_next(memory, kind, item)) {
        if (memory_is_over(memory, item))
            tell_ended(ledger, item);
    }
}

/* journal_visit */
static void take_entry(void *context, const struct journal_entry *entry) {
    struct ledger *ledger = context;
    /* Its place is the first line. Elsewhere it is what somebody has copied there. */
    if (entry->kind == JOURNAL_CHECKPOINT && ledger->known + ledger->reader.bytes > 0)
        return;
    /* An absurd number: the next one would overflow. */
    if (entry->number > NUMBER_MAX)
        return;
    if (entry->kind == JOURNAL_WINDOW)
        take_window(ledger, entry->text);
    else
        take_state(ledger, entry);
    if (entry->name[0] != '\0')
        ledger_ask_folder(ledger, entry->text);
    if (entry->kind == JOURNAL_RELEASE)
        tell_ended(ledger, memory_find(&ledger->memory, ITEM_HOLD, entry->name));
    else if (entry->kind == JOURNAL_DONE && entry->outcome == OUTCOME_NOT_MADE)
        tell_ended(ledger, memory_flight(&ledger->memory, entry->number));
    count_repair(ledger, entry);
    memory_apply(&ledger->memory, entry);
    if (entry->kind == JOURNAL_INTENT || entry->kind == JOURNAL_UNDO)
        leave_time(ledger, entry);
}

/* ---- reading ---- */

static struct host_result read_piece(struct ledger *ledger, uint32_t at, uint32_t end,
                                     size_t *got) {
    const struct host *host = ledger->host;
    size_t want = end - at < sizeof ledger->piece ? end - at : sizeof ledger->piece;
    struct host_result result = host->journal_read(host->context, at, ledger->piece, want, got);
    if (result.code == HOST_OK && *got == 0)
        return host_result(HOST_BUSY, "it was cut short while it was read");
    return result;
}

/* The CRC-32 of a part of the journal. */
static struct host_result read_crc(struct ledger *ledger, uint32_t at, uint32_t end,
                                   uint32_t *crc) {
    struct host_result result = host_ok;
    *crc = 0;
    while (result.code == HOST_OK && at < end) {
        size_t got = 0;
        result = read_piece(ledger, at, end, &got);
        *crc = crc32(*crc, ledger->piece, got);
        at += (uint32_t)got;
    }
    return result;
}

/* The first line, if it is a checkpoint; otherwise entry->id is 0. */
static struct host_result read_head(struct ledger *ledger, uint32_t *length,
                                    struct journal_entry *entry) {
    size_t got = 0;
    entry->id = 0;
    if (ledger->size == 0)
        return host_ok;
    struct host_result result = read_piece(ledger, 0, ledger->size, &got);
    if (result.code != HOST_OK)
        return result;
    const char *line_end = memchr(ledger->piece, '\n', got);
    size_t n = line_end != NULL ? (size_t)(line_end - ledger->piece) : 0;
    *length = (uint32_t)n + 1;
    while (n > 0 && ledger->piece[n - 1] == '\r')
        n--;
    if (!journal_decode(ledger->piece, n, entry))
        entry->id = 0;
    return result;
}

/* Whether the first line and the last that was read stand where they stood. The end of the line before
 * the last one belongs to it here: without that it would be a line no more. */
static struct host_result compare(struct ledger *ledger, bool *same) {
    uint32_t head = 0;
    uint32_t last = 0;
    uint32_t at = ledger->last_at > 0 ? ledger->last_at - 1 : 0;
    struct host_result result = read_crc(ledger, 0, ledger->head_length, &head);
    if (result.code == HOST_OK)
        result = read_crc(ledger, at, ledger->known, &last);
    *same = result.code == HOST_OK && head == ledger->head && last == ledger->last;
    return result;
}

enum identity { IS_SAME, IS_ROTATED, IS_REPLACED };

/* Whether the journal is the one that was read last, or what became of it. */
static struct host_result identify(struct ledger *ledger, enum identity *identity, bool *related) {
    uint32_t length = 0;
    bool same = false;
    struct host_result result = host_ok;
    *identity = IS_REPLACED;
    *related = false;
    if (ledger->size >= ledger->known && ledger->size >= ledger->head_length &&
        ledger->head_length > 0)
        result = compare(ledger, &same);
    if (same)
        *identity = IS_SAME;
    if (result.code != HOST_OK || same)
        return result;
    result = read_head(ledger, &length, &ledger->first);
    if (result.code != HOST_OK || ledger->first.id == 0)
        return result;
    *related = ledger->first.id == ledger->id;
    /* Whoever wrote a checkpoint did not know of what is still to be written down here. */
    if (*related && ledger->first.generation > ledger->generation && !ledger->rewrite)
        *identity = IS_ROTATED;
    return result;
}

static struct host_result feed_lines(struct ledger *ledger) {
    struct host_result result = host_ok;
    for (uint32_t at = ledger->known; at < ledger->size;) {
        size_t got = 0;
        result = read_piece(ledger, at, ledger->size, &got);
        if (result.code != HOST_OK)
            return result;
        journal_feed(&ledger->reader, ledger->piece, got, take_entry, ledger);
        at += (uint32_t)got;
    }
    return result;
}

/* Reads from `known` to the end. What was taken before it failed is taken once more the next time, to
 * the same effect; but a repair must not count twice. */
static struct host_result read_lines(struct ledger *ledger) {
    const struct limiter window = *window_of(ledger);
    const uint32_t counted = ledger->counted;
    struct journal_reader *reader = &ledger->reader;
    journal_begin(reader);
    if (ledger->known > 0)
        reader->crc = crc32(0, "\n", 1);
    struct host_result result = feed_lines(ledger);
    if (result.code != HOST_OK) {
        *window_of(ledger) = window;
        ledger->counted = counted;
        return result;
    }
    ledger->torn = journal_end(reader, take_entry, ledger);
    if (reader->lines > 0) {
        ledger->last_at = ledger->known + reader->last_at;
        ledger->known += reader->bytes;
        ledger->last = reader->last;
    }
    return result;
}

/* What follows from the first line. One that is no checkpoint makes the journal one that has to be
 * written again: of the first version, begun by hand, damaged, or empty. */
static struct host_result take_head(struct ledger *ledger, enum memory_pass pass) {
    const struct journal_entry *first = &ledger->first;
    uint32_t length = 0;
    uint32_t crc = 0;
    struct host_result result = read_head(ledger, &length, &ledger->first);
    if (result.code == HOST_OK)
        result = read_crc(ledger, 0, length < ledger->size ? length : ledger->size, &crc);
    if (result.code != HOST_OK)
        return result;
    if (first->id != 0)
        ledger->id = first->id;
    else if (ledger->id == 0)
        ledger->id = ledger->host->unique(ledger->host->context) | 1;
    if (first->id != 0 && first->generation > ledger->generation)
        ledger->generation = first->generation;
    ledger->rewrite = first->id == 0 || pass == PASS_REPLACED || ledger->memory.changed;
    ledger->keep = ledger->size > 0;
    ledger->head = crc;
    ledger->head_length = length;
    return result;
}

/* Reads all of it. */
static struct host_result read_all(struct ledger *ledger, enum memory_pass pass, bool related) {
    memory_begin(&ledger->memory, pass, related);
    limiter_clear(window_of(ledger));
    if (ledger->is_service && ledger->read_once && pass != PASS_AGAIN) {
        ledger->settings_due = true;
        ledger->state_due = ledger->state_utc != 0;
    }
    ledger->known = ledger->last_at = ledger->last = ledger->counted = ledger->head_length = 0;
    struct host_result result = read_lines(ledger);
    if (result.code == HOST_OK && pass != PASS_NEW) {
        tell_over(ledger, ITEM_HOLD);
        tell_over(ledger, ITEM_FLIGHT);
        limiter_merge(&ledger->window, &ledger->other, now(ledger));
    }
    if (result.code == HOST_OK) {
        memory_end(&ledger->memory);
        result = take_head(ledger, pass);
    }
    if (ledger->counted < ledger->memory.number)
        ledger->counted = ledger->memory.number;
    return result;
}

/* The same journal once more from its start; when that fails it is still known to be the same one. */
static struct host_result read_again(struct ledger *ledger) {
    const uint32_t known = ledger->known;
    const uint32_t last = ledger->last;
    const uint32_t last_at = ledger->last_at;
    const uint32_t head_length = ledger->head_length;
    struct host_result result = read_all(ledger, PASS_AGAIN, true);
    ledger->again = result.code != HOST_OK;
    if (result.code != HOST_OK) {
        ledger->known = known;
        ledger->last = last;
        ledger->last_at = last_at;
        ledger->head_length = head_length;
    }
    return result;
}

/* What others have added to it. Where one of them has taken a number of ours, ours gets another one, and the
 * journal has to tell that. */
static struct host_result read_on(struct ledger *ledger) {
    struct host_result result = read_lines(ledger);
    if (result.code == HOST_OK)
        memory_end(&ledger->memory);
    ledger->rewrite = ledger->rewrite || ledger->memory.changed;
    return result;
}

struct host_result ledger_read(struct ledger *ledger) {
    enum identity identity = IS_REPLACED;
    bool related = false;
    if (!ledger->read_once)
        return read_all(ledger, PASS_NEW, false);
    struct host_result result = identify(ledger, &identity, &related);
    if (result.code != HOST_OK)
        return result;
    if (identity == IS_SAME)
        return ledger->again && !ledger->rewrite ? read_again(ledger) : read_on(ledger);
    return read_all(ledger, identity == IS_ROTATED ? PASS_ROTATED : PASS_REPLACED, related);
}
