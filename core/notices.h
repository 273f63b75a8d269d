/* SPDX-License-Identifier: MIT */
/*
 * notices: what has been said of which record, so that it is said once per content.
 *
 * Bounded: NOTICES of them. At the bound nothing more is said of single records (the counts of event
 * 3020 still tell) until notices_clear().
 *
 * Pure: no host; it belongs to one thread.
 */
#ifndef KMREPAIR_NOTICES_H
#define KMREPAIR_NOTICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NOTICES = 1024 };

struct notices {
    size_t count;
    struct notice {
        uint32_t name, content; /* CRC-32 */
        uint32_t number;        /* of the event */
    } said[NOTICES];
};

void notices_clear(struct notices *notices);

/* True when this event is still to be said about this content of this record. */
bool notices_is_new(const struct notices *notices, uint32_t number, const char *name,
                    uint32_t content);

/* It has been said. */
void notices_add(struct notices *notices, uint32_t number, const char *name, uint32_t content);

#endif
