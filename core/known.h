/* SPDX-License-Identifier: MIT */
/*
 * known: which records a rescan need not open: those that were sound when they were read, as long as the
 * folder lists the size and the last-write time that it listed before that.
 *
 * A record that is written to gets another time, unless it was written to within the same tick of the
 * file system's clock: two seconds on FAT. So a time that was less than KNOWN_YOUNG seconds old when the
 * record was read, or in the future, is not remembered. What tools do that put a time back, and what a
 * folder lists late, no size and no time can show: whoever uses this clears it once a day.
 *
 * KNOWN_PLACES records of eight bytes each, 512 KB, in an open hash table: the place is found by 16 bits
 * of a hash of the name, and is one of the KNOWN_REACH from there on. There it has 22 more bits of that
 * hash, and 41 bits of one of name, size and time. What finds no place is not remembered. With 50,000
 * records all find one (none of 9 million in 180 folders did not).
 *
 * How often a changed record is taken for an unchanged one: ten years of rescans each hour of 50,000
 * records are 4.4e9 looks. If every record were changed before every rescan, and no notification came of
 * any, one in 2^41 would pass: 0.002 in the ten years. With ten changes a rescan of which nobody is told it
 * is 4e-7. It would be found a day later. A new record passes for another one when 63 bits agree.
 *
 * Two names that agree in the 22 bits, and meet, share a place: each is opened at each rescan, as if it were
 * not remembered. Of 50,000 names on their way to a place each meets 1.6 others: one pair in 50 folders.
 *
 * Names are compared by their bytes, as the folder lists them. Pure; it belongs to the thread of its
 * owner. It is large: static storage, and all zero before the first call.
 */
#ifndef KMREPAIR_KNOWN_H
#define KMREPAIR_KNOWN_H

#include <stdbool.h>

#include "host.h"

enum {
    KNOWN_PLACES = 65536,
    KNOWN_REACH = 256, /* places that are looked at for a name, at most */
    KNOWN_YOUNG = 5    /* seconds */
};

struct known_place {
    uint32_t name;  /* 22 bits of it, and 10 of the state */
    uint32_t state; /* 31 bits of it, and a one; 0 when it is not known */
};

struct known {
    bool used;                               /* something was put into it since it was cleared */
    struct known_place places[KNOWN_PLACES]; /* all zero: nobody's */
};

/* Where a record is remembered, and as what. */
struct known_look {
    struct known_place *place; /* NULL: there is no room for it */
    struct known_place holds;
    uint64_t written;
};

void known_clear(struct known *known);

/* True when this record was sound when the folder listed this of it. Otherwise it is not known any more, and
 * `look` is for known_put(). */
bool known_check(struct known *known, const char *name, const struct host_stamp *stamp,
                 struct known_look *look);

/* The record of known_check(), which was the last call, was sound when it was read after that. `utc` is the time
 * then, or before, in seconds since 1970. */
void known_put(struct known *known, const struct known_look *look, uint32_t utc);

/* It has to be opened next time. */
void known_forget(struct known *known, const char *name);

#endif
