/* SPDX-License-Identifier: MIT */
#include "todo.h"

#include "crc32.h"

void todo_apply(struct memory *memory, const struct host *host, const struct journal_entry *entry) {
    if (entry->name[0] != '\0') {
        struct memory_folder *folder = memory_put_folder(memory, entry->text);
        if (folder != NULL && folder->kind == FOLDER_UNASKED)
            folder->kind =
                host->folder_is(host->context, folder->path) ? FOLDER_OURS : FOLDER_OTHER;
    }
    memory_apply(memory, entry);
}

static bool is_later(const struct memory_item *a, const struct memory_item *b) {
    if (a->utc != b->utc)
        return a->utc > b->utc;
    /* Journals that were put together may have two of one number. */
    return a->number != b->number ? a->number > b->number : a > b;
}

static bool is_listed(struct memory *memory, const struct memory_item *item) {
    if (item->undo || item->off || !memory_is_ours(memory, item))
        return false;
    if (item->kind == ITEM_FLIGHT)
        return true;
    const struct memory_item *flight = memory_find(memory, ITEM_FLIGHT, memory_name(memory, item));
    return flight == NULL || flight->undo;
}

struct memory_item *todo_next(struct memory *memory, const struct memory_item *after) {
    static const enum memory_kind kinds[] = {ITEM_REPAIR, ITEM_FLIGHT};
    struct memory_item *next = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (struct memory_item *item = memory_next(memory, kinds[i], NULL); item != NULL;
             item = memory_next(memory, kinds[i], item)) {
            if ((after == NULL || is_later(item, after)) &&
                (next == NULL || is_later(next, item)) && is_listed(memory, item))
                next = item;
        }
    }
    return next;
}

uint32_t todo_count(struct memory *memory) {
    uint32_t count = 0;
    for (struct memory_item *item = memory_next(memory, ITEM_REPAIR, NULL); item != NULL;
         item = memory_next(memory, ITEM_REPAIR, item))
        count += is_listed(memory, item);
    /* Of those that are in flight, those of which it is known that they were made. */
    for (struct memory_item *item = memory_next(memory, ITEM_FLIGHT, NULL); item != NULL;
         item = memory_next(memory, ITEM_FLIGHT, item))
        count += item->outcome == OUTCOME_REPAIRED && is_listed(memory, item);
    return count;
}

/* The record is open. */
static enum todo compare(const struct host *host, unsigned char *bytes,
                         const struct memory_item *item, struct host_result *why) {
    size_t got = 0;
    *why = host->read(host->context, 0, bytes, item->size, &got);
    if (why->code == HOST_OK && got != item->size)
        *why = host_result(HOST_BUSY, "it was cut short while it was read");
    if (why->code != HOST_OK)
        return TODO_UNTOLD;
    return crc32(0, bytes, got) == item->after ? TODO_ENABLE : TODO_CHANGED;
}

enum todo todo_look(const struct host *host, unsigned char *bytes, const struct memory *memory,
                    const struct memory_item *item, struct host_result *why) {
    uint32_t size = 0;
    enum todo found = TODO_CHANGED;
    *why = host->open(host->context, NULL, memory_name(memory, item), false, &size);
    if (why->code == HOST_GONE || why->code == HOST_REFUSED)
        return TODO_GONE;
    if (why->code != HOST_OK)
        return TODO_UNTOLD;
    if (size == item->size && size <= RECORD_BYTES_MAX)
        found = compare(host, bytes, item, why);
    host->close(host->context);
    return found;
}
