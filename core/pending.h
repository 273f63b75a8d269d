/*
 * pending: the names that wait for a look, each with the time at which it is due.
 *
 * Bounded: PENDING_NAMES names, or PENDING_POOL bytes of names, whichever is reached first. What
 * does not fit is not kept by name: `rescan` is set instead, and a scan of the folder finds it.
 *
 * A queue belongs to one thread. A pointer to an item is good until the next pending_put or
 * pending_remove.
 */
#ifndef KMREPAIR_PENDING_H
#define KMREPAIR_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PENDING_NAMES = 2048,
    PENDING_POOL = 64 * 1024,
    PENDING_NAME_BYTES = 766 /* UTF-8 of the 255 UTF-16 units that a name may have, terminated */
};

struct pending_item {
    uint64_t due;        /* clock time, ms */
    uint64_t busy_since; /* of the first failed attempt; meaningful while backoff is not 0 */
    uint32_t backoff;    /* ms of the last wait for a busy record */
    uint32_t crc;        /* of the content when it was last seen stuck, if `seen` */
    uint32_t hash;
    uint32_t name; /* where it starts in the pool */
    bool seen;
    bool told; /* that it is busy */
};

struct pending {
    bool rescan;
    unsigned in_use;
    size_t count;
    size_t pool_length;
    struct pending_item items[PENDING_NAMES];
    char pool[2][PENDING_POOL]; /* one in use, the other to compact into */
};

void pending_clear(struct pending *pending);

/* The item of that name, letters compared as ASCII without case, or NULL. */
struct pending_item *pending_find(struct pending *pending, const char *name);

/* Queues the name, or moves the one that is queued, to `due`. NULL when it can not be kept: `rescan`
 * is set then. */
struct pending_item *pending_put(struct pending *pending, const char *name, uint64_t due);

/* The item that is due first, or NULL. */
struct pending_item *pending_first(struct pending *pending);

const char *pending_name(const struct pending *pending, const struct pending_item *item);

void pending_remove(struct pending *pending, struct pending_item *item);

#endif
