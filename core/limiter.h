/* SPDX-License-Identifier: MIT */
/*
 * limiter: how many repairs the last hour had.
 *
 * It counts by the minute: a repair counts for an hour, and for the rest of the minute in which that
 * hour ends. So it never counts too few, and it is small whatever the limit.
 *
 * Times are the host's clock, in milliseconds, which never goes back; nothing here knows of the wall
 * clock. Pure: no host; it belongs to one thread.
 */
#ifndef KMREPAIR_LIMITER_H
#define KMREPAIR_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

enum { LIMITER_MINUTES = 61, LIMITER_HOUR = 60 * 60 * 1000 };

struct limiter {
    uint64_t minute;                 /* the latest that was counted in */
    uint32_t count[LIMITER_MINUTES]; /* count[0] is that minute's, count[1] the one before, ... */
};

void limiter_clear(struct limiter *limiter);

/* Counts repairs that were made so many milliseconds ago; more than an hour is too long. */
void limiter_add(struct limiter *limiter, uint64_t now, uint64_t age, uint32_t count);

/* The repairs of the last hour. */
uint32_t limiter_count(const struct limiter *limiter, uint64_t now);

/* When none of those that are known counts any more; `now` when none does. */
uint64_t limiter_end(const struct limiter *limiter, uint64_t now);

/* At every moment from now on the larger of the two: what both know counts once, also where the two put
 * it into neighbouring minutes. */
void limiter_merge(struct limiter *limiter, const struct limiter *other, uint64_t now);

/* Goes through the minutes that have repairs, the oldest first: how many, and how long ago the minute
 * ended, in milliseconds. Start with *at = LIMITER_MINUTES; false when there is no more. */
bool limiter_next(const struct limiter *limiter, uint64_t now, uint32_t *at, uint64_t *age,
                  uint32_t *count);

#endif
