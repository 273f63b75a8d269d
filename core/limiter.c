/* SPDX-License-Identifier: MIT */
#include "limiter.h"

#include <string.h>

enum { MINUTE = 60 * 1000 };

/* Ages reach back beyond the start of the clock, so minutes are counted from an hour and more
 * before it. */
static uint64_t minute_of(uint64_t time) {
    return time / MINUTE + LIMITER_MINUTES;
}

void limiter_clear(struct limiter *limiter) {
    memset(limiter, 0, sizeof *limiter);
}

static void move_on(struct limiter *limiter, uint64_t minute) {
    uint64_t passed = minute > limiter->minute ? minute - limiter->minute : 0;
    size_t by = passed < LIMITER_MINUTES ? (size_t)passed : LIMITER_MINUTES;
    memmove(limiter->count + by, limiter->count, (LIMITER_MINUTES - by) * sizeof limiter->count[0]);
    memset(limiter->count, 0, by * sizeof limiter->count[0]);
    limiter->minute += passed;
}

void limiter_add(struct limiter *limiter, uint64_t now, uint64_t age, uint32_t count) {
    move_on(limiter, minute_of(now));
    if (age >= LIMITER_HOUR)
        return;
    uint64_t minute = (now + LIMITER_HOUR - age) / MINUTE - LIMITER_HOUR / MINUTE + LIMITER_MINUTES;
    limiter->count[limiter->minute - minute] += count;
}

/* The first place of those that count no more at `now`. */
static uint64_t places(const struct limiter *limiter, uint64_t now) {
    uint64_t by = minute_of(now) - limiter->minute;
    return by < LIMITER_MINUTES ? LIMITER_MINUTES - by : 0;
}

uint32_t limiter_count(const struct limiter *limiter, uint64_t now) {
    uint32_t count = 0;
    for (uint64_t i = 0; i < places(limiter, now); i++)
        count += limiter->count[i];
    return count;
}

uint64_t limiter_end(const struct limiter *limiter, uint64_t now) {
    for (uint64_t i = 0; i < places(limiter, now); i++) {
        if (limiter->count[i] > 0)
            return (limiter->minute - i) * MINUTE;
    }
    return now;
}

void limiter_merge(struct limiter *limiter, const struct limiter *other, uint64_t now) {
    struct limiter late = *other;
    uint32_t mine = 0;
    uint32_t others = 0;
    uint32_t sum = 0;
    move_on(limiter, minute_of(now));
    move_on(&late, minute_of(now));
    for (size_t i = 0; i < LIMITER_MINUTES; i++) {
        mine += limiter->count[i];
        others += late.count[i];
        uint32_t more = mine > others ? mine : others;
        limiter->count[i] = more - sum;
        sum = more;
    }
}

bool limiter_next(const struct limiter *limiter, uint64_t now, uint32_t *at, uint64_t *age,
                  uint32_t *count) {
    uint64_t most = places(limiter, now);
    if (*at > most)
        *at = (uint32_t)most;
    while (*at > 0) {
        --*at;
        if (limiter->count[*at] == 0)
            continue;
        /* All of it is later by an hour, since the minute may be one before the clock's first. */
        uint64_t end = (limiter->minute - *at) * MINUTE - 1;
        *age = now + LIMITER_HOUR > end ? now + LIMITER_HOUR - end : 0;
        *count = limiter->count[*at];
        return true;
    }
    return false;
}
