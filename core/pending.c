#include "pending.h"

#include <string.h>

#include "text.h"

void pending_clear(struct pending *pending) {
    pending->count = 0;
    pending->pool_length = 0;
    pending->rescan = false;
}

/* FNV-1a over the lowered name. */
static uint32_t hash(const char *name) {
    uint32_t h = 2166136261U;
    for (; *name != '\0'; name++)
        h = (h ^ (unsigned char)text_lower(*name)) * 16777619U;
    return h;
}

const char *pending_name(const struct pending *pending, const struct pending_item *item) {
    return pending->pool[pending->in_use] + item->name;
}

static struct pending_item *find(struct pending *pending, const char *name, uint32_t h) {
    for (size_t i = 0; i < pending->count; i++) {
        struct pending_item *item = &pending->items[i];
        if (item->hash == h && text_same(name, pending_name(pending, item)))
            return item;
    }
    return NULL;
}

struct pending_item *pending_find(struct pending *pending, const char *name) {
    return find(pending, name, hash(name));
}

/* Names of removed items are left in the pool until it is full. */
static void compact(struct pending *pending) {
    char *to = pending->pool[1 - pending->in_use];
    size_t length = 0;
    for (size_t i = 0; i < pending->count; i++) {
        struct pending_item *item = &pending->items[i];
        const char *name = pending_name(pending, item);
        size_t size = strlen(name) + 1;
        memcpy(to + length, name, size);
        item->name = (uint32_t)length;
        length += size;
    }
    pending->in_use = 1 - pending->in_use;
    pending->pool_length = length;
}

struct pending_item *pending_put(struct pending *pending, const char *name, uint64_t due) {
    uint32_t h = hash(name);
    size_t size = strlen(name) + 1;
    struct pending_item *item = find(pending, name, h);
    if (item != NULL) {
        item->due = due;
        return item;
    }
    if (size > PENDING_POOL - pending->pool_length)
        compact(pending);
    if (pending->count == PENDING_NAMES || size > PENDING_POOL - pending->pool_length) {
        pending->rescan = true;
        return NULL;
    }
    item = &pending->items[pending->count++];
    memset(item, 0, sizeof *item);
    item->due = due;
    item->hash = h;
    item->name = (uint32_t)pending->pool_length;
    memcpy(pending->pool[pending->in_use] + pending->pool_length, name, size);
    pending->pool_length += size;
    return item;
}

struct pending_item *pending_first(struct pending *pending) {
    struct pending_item *first = NULL;
    for (size_t i = 0; i < pending->count; i++) {
        if (first == NULL || pending->items[i].due < first->due)
            first = &pending->items[i];
    }
    return first;
}

void pending_remove(struct pending *pending, struct pending_item *item) {
    *item = pending->items[--pending->count];
}
