/* SPDX-License-Identifier: MIT */
/*
 * when: a moment as a person on this computer reads it. Programs get UTC, see journal_print_time().
 *
 * A pure function, for any thread.
 */
#ifndef KMREPAIR_WHEN_H
#define KMREPAIR_WHEN_H

#include <stdint.h>

#include "options.h"

enum { WHEN_BYTES = 24 }; /* 2026-11-27 21:40 +01:00, terminated */

/* Local time with its offset from UTC, of seconds since 1970. By the rules for summer time that the
 * computer has now; in UTC when Windows cannot tell the local time. Returns `to`. */
const char *when_print(uint32_t utc, char to[WHEN_BYTES]);

/* The same in a table; in the formats for programs UTC. */
const char *when_print_as(enum format format, uint32_t utc, char to[WHEN_BYTES]);

#endif
