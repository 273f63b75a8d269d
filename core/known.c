/* SPDX-License-Identifier: MIT */
#include "known.h"

#include <string.h>

/* Bits of known_place.name that are of the state. */
#define OF_STATE 0x3FFU
/* Bit of known_place.state that is set when the record is known. A name that is forgotten keeps its place, with
 * no state: others may be behind it, and it is going to want it again. */
#define IS_KNOWN 1U

/* From 1601 to 1970, in seconds; and a second in the unit of a last-write time. */
#define EPOCH 11644473600U
#define SECOND 10000000U

/* Adds bytes to a sum of two words by a generator of the kind "multiply with carry", which loses nothing: two sums
 * that differ go on to differ. One multiplication of an i486 a byte, and three steps more until the last byte has
 * had its effect on all bits. */
static void add(uint32_t sum[2], const void *bytes, size_t size) {
    const unsigned char *s = bytes;
    for (size_t i = 0; i < size + 3; i++) {
        uint64_t product = (uint64_t)(sum[0] ^ (i < size ? s[i] : 0)) * 0x9E3779B1U + sum[1];
        sum[0] = (uint32_t)product;
        sum[1] = (uint32_t)(product >> 32);
    }
}

/* The place of a name, or the free one that it would get; NULL when there is none. */
static struct known_place *find(struct known *known, uint32_t first, uint32_t name) {
    for (uint32_t step = 0; step < KNOWN_REACH; step++) {
        struct known_place *place = &known->places[(first + step) % KNOWN_PLACES];
        if ((place->name | place->state) == 0 || ((place->name ^ name) & ~OF_STATE) == 0)
            return place;
    }
    return NULL;
}

void known_clear(struct known *known) {
    if (known->used)
        memset(known, 0, sizeof *known);
}

bool known_check(struct known *known, const char *name, const struct host_stamp *stamp,
                 struct known_look *look) {
    uint32_t sum[2] = {0, 1};
    add(sum, name, strlen(name));
    const uint32_t first = sum[0];
    look->holds.name = (sum[0] >> 16 | sum[1] << 16) & ~OF_STATE;
    look->place = find(known, first, look->holds.name);
    look->written = stamp->written;
    add(sum, stamp, sizeof *stamp);
    look->holds.name |= sum[1] & OF_STATE;
    look->holds.state = sum[0] | IS_KNOWN;
    if (look->place == NULL)
        return false;
    if (look->place->name == look->holds.name && look->place->state == look->holds.state)
        return true;
    look->place->state = 0;
    return false;
}

void known_put(struct known *known, const struct known_look *look, uint32_t utc) {
    uint64_t latest = ((uint64_t)EPOCH + utc - KNOWN_YOUNG) * SECOND;
    if (look->place == NULL || look->written == 0 || look->written > latest)
        return;
    *look->place = look->holds;
    known->used = true;
}

void known_forget(struct known *known, const char *name) {
    static const struct host_stamp none = {0, 0};
    struct known_look look;
    (void)known_check(known, name, &none, &look);
}
