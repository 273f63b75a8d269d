/* SPDX-License-Identifier: MIT */
#include "remind.h"

#include <string.h>

#include "guarded.h"
#include "text.h"
#include "todo.h"

enum { HOUR_SECONDS = 3600, DRIFT_SECONDS = 60 };

static uint64_t now(const struct remind *remind) {
    return site_now(remind->site);
}

static uint32_t utc(const struct remind *remind) {
    return remind->site->host->utc(remind->site->host->context);
}

static uint32_t wait_seconds(const struct remind *remind) {
    return remind->site->settings.reminder_hours * HOUR_SECONDS;
}

/* ---- how long ago */

static uint32_t seconds(const struct remind *remind) {
    return (uint32_t)(now(remind) / 1000);
}

/* What the clock showed at a time by the wall clock. */
static uint32_t clock_at(const struct remind *remind, uint32_t time) {
    uint32_t present = utc(remind);
    return seconds(remind) - (time < present ? present - time : 0);
}

static void set_told(struct remind *remind) {
    remind->told = utc(remind);
    remind->told_at = seconds(remind);
}

/* One from the future would be of now at each start: it is as old as what was said last, and if nothing was,
 * the journal keeps that it begins to count now. */
static uint32_t age_of(struct remind *remind, struct memory_item *item) {
    if (!item->aged) {
        item->made = clock_at(remind, item->utc);
        if (item->utc > utc(remind) + DRIFT_SECONDS) {
            if (remind->told == 0)
                set_told(remind);
            item->made = remind->told_at;
        }
    }
    item->aged = true;
    return seconds(remind) - item->made;
}

/* Since it was said; as long as anybody would wait if it never was. */
static uint32_t told_ago(struct remind *remind) {
    if (!remind->recalled) {
        remind->told = remind->ledger->state.reminded;
        remind->told_at = clock_at(remind, remind->told);
        remind->recalled = true;
    }
    if (remind->told == 0)
        return UINT32_MAX;
    uint32_t ago = seconds(remind) - remind->told_at;
    uint32_t present = utc(remind);
    uint32_t right = present > ago ? present - ago : 1;
    uint32_t wrong = right > remind->told ? right - remind->told : remind->told - right;
    if (wrong > DRIFT_SECONDS)
        remind->told = right;
    return ago;
}

/* Of the oldest on the list. False when that is empty. */
static bool find_oldest(struct remind *remind, uint32_t *age) {
    struct memory *memory = &remind->ledger->memory;
    bool found = false;
    *age = 0;
    for (struct memory_item *item = memory_next(memory, ITEM_REPAIR, NULL); item != NULL;
         item = memory_next(memory, ITEM_REPAIR, item)) {
        bool passed_over = item->untold && now(remind) - remind->looked_at < REMIND_UNTOLD;
        if (item->off || passed_over || !memory_is_ours(memory, item))
            continue;
        uint32_t its = age_of(remind, item);
        if (its > *age)
            *age = its;
        found = true;
    }
    return found;
}

/* How many ms there are until it has to be said; what is not before REMIND_WAIT need not be exact. */
static uint32_t find_wait(struct remind *remind) {
    uint32_t most = wait_seconds(remind);
    uint32_t age = 0;
    uint32_t ago = told_ago(remind);
    if (!find_oldest(remind, &age))
        return REMIND_WAIT;
    if (ago < age)
        age = ago;
    if (age >= most)
        return 0;
    return most - age < REMIND_WAIT / 1000 ? (most - age) * 1000 : REMIND_WAIT;
}

/* ---- looking */

static enum todo look(const struct remind *remind, struct memory_item *item) {
    struct memory *memory = &remind->ledger->memory;
    struct host_result why;
    enum todo found = todo_look(remind->site->host, remind->bytes, memory, item, &why);
    item->untold = found == TODO_UNTOLD;
    /* Whoever rewrites it may be about to leave in it what is there now. */
    if (item->kind == ITEM_REPAIR && !item->untold)
        item->off = found != TODO_ENABLE;
    return found;
}

void remind_look(struct remind *remind) {
    remind->looking = true;
    remind->looked = false;
    remind->next = 0;
}

void remind_stop(struct remind *remind) {
    remind->looking = remind->looked = false;
}

bool remind_is_fresh(const struct remind *remind) {
    return remind->ledger->memory.count[ITEM_REPAIR] == 0 ||
           (remind->looked && now(remind) - remind->looked_at < REMIND_FRESH);
}

static void look_at_next(struct remind *remind) {
    struct memory *memory = &remind->ledger->memory;
    struct memory_item *item = remind->next > 0 ? &memory->items[remind->next - 1] : NULL;
    do
        item = memory_next(memory, ITEM_REPAIR, item);
    while (item != NULL && !memory_is_ours(memory, item));
    if (item != NULL) {
        remind->next = (size_t)(item - memory->items) + 1;
        (void)look(remind, item);
        return;
    }
    remind->looking = false;
    remind->looked = true;
    remind->looked_at = now(remind);
    if (remind->backoff == 0)
        remind->due = 0;
}

/* ---- saying it */

/* False when there is no room for it. */
static bool put_name(struct text *names, const struct memory *memory,
                     const struct memory_item *item) {
    const char *mailbox = memory_mailbox(memory, item);
    bool named = mailbox[0] != '\0';
    const char *name = named ? mailbox : memory_name(memory, item);
    if (names->length > 0 && names->length + strlen(name) + sizeof "; record ; ..." > names->size)
        return false;
    text_put(names, names->length > 0 ? "; " : "");
    text_put(names, named ? "" : "record ");
    text_put(names, name);
    return true;
}

/* The first mailboxes, each of which is as its repair left it. Returns how many; 0 also when none of them has
 * waited for long enough. */
static uint32_t put_names(struct remind *remind, struct text *names) {
    struct memory *memory = &remind->ledger->memory;
    struct memory_item *item = todo_next(memory, NULL);
    bool is_old = false;
    uint32_t count = 0;
    unsigned looks = 0;
    while (item != NULL && count < REMIND_NAMES && looks < REMIND_LOOKS) {
        struct memory_item *next = todo_next(memory, item);
        looks += !item->untold;
        if (!item->untold && look(remind, item) == TODO_ENABLE) {
            if (!put_name(names, memory, item))
                break;
            is_old = is_old || age_of(remind, item) >= wait_seconds(remind);
            count++;
        }
        item = next;
    }
    if (item != NULL)
        text_put(names, "; ...");
    return is_old ? count : 0;
}

GUARDED static void tell(struct remind *remind) {
    char room[REMIND_TEXT];
    char digits[11];
    struct text names;
    text_begin(&names, room, sizeof room);
    remind->due = now(remind) + REMIND_WAIT;
    uint32_t named = put_names(remind, &names);
    if (named == 0)
        return;
    /* Of a repair that is in flight since a crash only a look tells that it was made. */
    uint32_t count = todo_count(&remind->ledger->memory);
    if (count < named)
        count = named;
    struct event event = {
        EVENT_TO_ENABLE, {room, site_print_number(count, digits), remind->site->folder}, 3, NULL};
    if (!site_report(remind->site, &event)) {
        remind->backoff = site_back_off(remind->backoff, REMIND_BACKOFF_FIRST, REMIND_BACKOFF_LAST);
        remind->due = now(remind) + remind->backoff;
        return;
    }
    remind->backoff = 0;
    set_told(remind);
}

/* ---- what there is to do */

uint64_t remind_due(const struct remind *remind) {
    const struct ledger *ledger = remind->ledger;
    if (ledger->memory.count[ITEM_REPAIR] == 0)
        return REMIND_NEVER;
    if (remind->looking)
        return 0;
    if (!ledger->is_service || !ledger->ready || remind->site->settings.reminder_hours == 0)
        return REMIND_NEVER;
    return remind->due;
}

void remind_work(struct remind *remind) {
    if (remind->looking) {
        look_at_next(remind);
        return;
    }
    uint32_t wait = find_wait(remind);
    remind->due = now(remind) + wait;
    if (wait > 0)
        return;
    if (remind_is_fresh(remind))
        tell(remind);
    else
        remind_look(remind);
}
