/* SPDX-License-Identifier: MIT */
/*
 * queue: the names that wait for a look, each with the time at which it is due.
 *
 * Bounded: QUEUE_NAMES names, or QUEUE_POOL bytes of names, whichever is reached first. What does
 * not fit is refused; the caller then has to find it by a scan of the folder.
 *
 * Pure: no host. A queue belongs to one thread. A pointer to an item is good until the next queue_put
 * or queue_remove.
 */
#ifndef KMREPAIR_QUEUE_H
#define KMREPAIR_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    QUEUE_NAMES = 2048,
    QUEUE_POOL = 64 * 1024,
    QUEUE_NAME_BYTES = 766 /* UTF-8 of the 255 UTF-16 units that a name may have, terminated */
};

struct queue_item {
    uint64_t due;        /* clock time, ms */
    uint64_t busy_since; /* of the first failed attempt; meaningful while backoff is not 0 */
    uint32_t backoff;    /* ms of the last wait for a busy record */
    uint32_t crc;        /* of the content when it was last seen stuck, if `seen` */
    uint32_t hash;
    uint32_t name; /* where it starts in the pool */
    bool seen;
    bool told;   /* that it is busy */
    bool warned; /* that it is not sound, while somebody still wrote to it */
};

struct queue {
    unsigned in_use;
    size_t count;
    size_t pool_length;
    struct queue_item items[QUEUE_NAMES];
    char pool[2][QUEUE_POOL]; /* one in use, the other to compact into */
};

void queue_clear(struct queue *queue);

/* The item of that name, letters compared as ASCII without case, or NULL. */
struct queue_item *queue_find(struct queue *queue, const char *name);

/* Queues the name, or moves the one that is queued, to `due`. NULL when there is no room. */
struct queue_item *queue_put(struct queue *queue, const char *name, uint64_t due);

/* The item that is due first, or NULL. */
struct queue_item *queue_first(struct queue *queue);

const char *queue_name(const struct queue *queue, const struct queue_item *item);

void queue_remove(struct queue *queue, struct queue_item *item);

#endif
