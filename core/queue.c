/* SPDX-License-Identifier: MIT */
#include "queue.h"

#include <string.h>

#include "text.h"

void queue_clear(struct queue *queue) {
    queue->count = 0;
    queue->pool_length = 0;
}

/* FNV-1a over the lowered name. */
static uint32_t hash(const char *name) {
    uint32_t h = 2166136261U;
    for (; *name != '\0'; name++)
        h = (h ^ (unsigned char)text_lower(*name)) * 16777619U;
    return h;
}

const char *queue_name(const struct queue *queue, const struct queue_item *item) {
    return queue->pool[queue->in_use] + item->name;
}

static struct queue_item *find(struct queue *queue, const char *name, uint32_t h) {
    for (size_t i = 0; i < queue->count; i++) {
        struct queue_item *item = &queue->items[i];
        if (item->hash == h && text_same(name, queue_name(queue, item)))
            return item;
    }
    return NULL;
}

struct queue_item *queue_find(struct queue *queue, const char *name) {
    return find(queue, name, hash(name));
}

/* Names of removed items are left in the pool until it is full. */
static void compact(struct queue *queue) {
    char *to = queue->pool[1 - queue->in_use];
    size_t length = 0;
    for (size_t i = 0; i < queue->count; i++) {
        struct queue_item *item = &queue->items[i];
        const char *name = queue_name(queue, item);
        size_t size = strlen(name) + 1;
        memcpy(to + length, name, size);
        item->name = (uint32_t)length;
        length += size;
    }
    queue->in_use = 1 - queue->in_use;
    queue->pool_length = length;
}

struct queue_item *queue_put(struct queue *queue, const char *name, uint64_t due) {
    uint32_t h = hash(name);
    size_t size = strlen(name) + 1;
    struct queue_item *item = find(queue, name, h);
    if (item != NULL) {
        item->due = due;
        return item;
    }
    if (size > QUEUE_POOL - queue->pool_length)
        compact(queue);
    if (queue->count == QUEUE_NAMES || size > QUEUE_POOL - queue->pool_length)
        return NULL;
    item = &queue->items[queue->count++];
    memset(item, 0, sizeof *item);
    item->due = due;
    item->hash = h;
    item->name = (uint32_t)queue->pool_length;
    memcpy(queue->pool[queue->in_use] + queue->pool_length, name, size);
    queue->pool_length += size;
    return item;
}

struct queue_item *queue_first(struct queue *queue) {
    struct queue_item *first = NULL;
    for (size_t i = 0; i < queue->count; i++) {
        if (first == NULL || queue->items[i].due < first->due)
            first = &queue->items[i];
    }
    return first;
}

void queue_remove(struct queue *queue, struct queue_item *item) {
    *item = queue->items[--queue->count];
}
