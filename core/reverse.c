/* SPDX-License-Identifier: MIT */
/* mender_undo, mender_next_repair and mender_release, of mender.h. */
#include <string.h>

#include "guarded.h"
#include "mender.h"
#include "text.h"

/* An undo that is in flight needs a place, too. */
static bool can_hold(struct mender *mender, const char *name) {
    struct memory *memory = &mender->ledger.memory;
    size_t places = memory->count[ITEM_HOLD];
    for (struct memory_item *item = memory_next(memory, ITEM_FLIGHT, NULL); item != NULL;
         item = memory_next(memory, ITEM_FLIGHT, item))
        places += item->undo;
    return places < MEMORY_HELD || memory_find(memory, ITEM_HOLD, name) != NULL;
}

/* An undo of ours that could not be made at the last attempt. When another process has settled it
 * meanwhile, the journal tells what became of it: it holds the record in any case, but the repair stays
 * what is known of the record if it was not taken back. */
static struct host_result undo_again(struct mender *mender, const char *name,
                                     struct memory_item *item) {
    struct memory *memory = &mender->ledger.memory;
    uint32_t number = item->number;
    mender->change.outcome = OUTCOME_NOT_MADE;
    (void)change_work(&mender->change, item);
    if (mender->change.outcome == OUTCOME_UNDONE)
        return host_result(HOST_OK, NULL);
    if (memory_flight(memory, number) != NULL && mender->change.outcome == OUTCOME_NOT_MADE)
        return host_result(HOST_BUSY, "it is in use");
    const struct memory_item *hold = memory_find(memory, ITEM_HOLD, name);
    if (mender->change.outcome == OUTCOME_NOT_MADE && hold != NULL && hold->number == number &&
        memory_find(memory, ITEM_REPAIR, name) == NULL)
        return host_result(HOST_OK, NULL);
    return host_result(HOST_REFUSED, change_since);
}

static struct host_result undo(struct mender *mender, const char *name) {
    struct memory *memory = &mender->ledger.memory;
    struct memory_item *flight = memory_find(memory, ITEM_FLIGHT, name);
    const struct memory_item *repair = memory_find(memory, ITEM_REPAIR, name);
    if (flight != NULL && flight->own && flight->undo)
        return undo_again(mender, name, flight);
    if (flight != NULL)
        return host_result(HOST_BUSY, "its repair is not settled yet");
    if (repair == NULL && memory_find(memory, ITEM_HOLD, name) != NULL)
        return host_result(HOST_GONE, "its last repair has been taken back already");
    if (repair == NULL)
        return host_result(HOST_GONE, "the journal has no repair of it to take back");
    if (!ledger_has_room(&mender->ledger))
        return host_result(HOST_BUSY, "too much waits for the event log");
    if (!can_hold(mender, name))
        return host_result(HOST_REFUSED, "too many records are held; release some");
    return change_undo(&mender->change, repair);
}

static struct host_result release(struct mender *mender, const char *name) {
    struct memory *memory = &mender->ledger.memory;
    struct memory_item *hold = memory_find(memory, ITEM_HOLD, name);
    if (hold == NULL)
        return host_result(HOST_GONE, "it is not held");
    /* Whoever finishes its undo would hold it again. */
    if (memory_find(memory, ITEM_FLIGHT, name) != NULL)
        return host_result(HOST_BUSY, "its undo is not settled yet");
    if (!ledger_release(&mender->ledger, hold))
        return mender->ledger.trouble;
    (void)site_report_of(&mender->site, EVENT_RELEASED, name, NULL, NULL);
    mender_hint(mender, name);
    return host_result(HOST_OK, NULL);
}

/* Does either of the two with the journal. A record that is gone keeps the name that it is given. */
GUARDED static struct host_result with_journal(struct mender *mender, const char *given,
                                               struct host_result (*act)(struct mender *,
                                                                         const char *)) {
    const struct host *host = mender->site.host;
    char name[QUEUE_NAME_BYTES];
    if (!text_copy(name, sizeof name, given))
        return host_result(HOST_GONE, "no file has a name of this length");
    struct host_result result = host->real_name(host->context, name, sizeof name);
    if (result.code == HOST_OK || result.code == HOST_GONE)
        result = ledger_lock(&mender->ledger);
    if (result.code == HOST_OK)
        result = act(mender, name);
    ledger_unlock(&mender->ledger);
    return result;
}

struct host_result mender_undo(struct mender *mender, const char *name) {
    return with_journal(mender, name, undo);
}

/* By name: a record has one repair, and nothing that other processes do meanwhile changes the order. */
struct host_result mender_next_repair(struct mender *mender, uint32_t since,
                                      char name[QUEUE_NAME_BYTES]) {
    struct memory *memory = &mender->ledger.memory;
    const char *next = NULL;
    struct host_result result = ledger_lock(&mender->ledger);
    for (size_t i = 0; result.code == HOST_OK && i < MEMORY_ITEMS; i++) {
        const struct memory_item *item = &memory->items[i];
        bool is_repair = item->kind == ITEM_REPAIR || (item->kind == ITEM_FLIGHT && !item->undo);
        if (!is_repair || item->utc < since || !memory_is_ours(memory, item))
            continue;
        const char *other = memory_name(memory, item);
        if (strcmp(other, name) > 0 && (next == NULL || strcmp(other, next) < 0))
            next = other;
    }
    if (next != NULL)
        (void)text_copy(name, QUEUE_NAME_BYTES, next);
    else if (result.code == HOST_OK)
        result.code = HOST_END;
    ledger_unlock(&mender->ledger);
    return result;
}

struct host_result mender_release(struct mender *mender, const char *name) {
    return with_journal(mender, name, release);
}
