/* SPDX-License-Identifier: MIT */
/*
 * past: what was done to records, change by change, from the old journal and the present one.
 *
 * For `history` and `report`, on the process's first thread, beside a service that writes: what is added
 * meanwhile is told or not. At most PAST_UNFINISHED changes are waited for whose DONE has not come; a
 * journal with more has the oldest of them told as not finished. One state: not within another.
 */
#ifndef KMREPAIR_PAST_H
#define KMREPAIR_PAST_H

#include "host.h"
#include "journal.h"
#include "memory.h"
#include "options.h"

enum { PAST_UNFINISHED = MEMORY_IN_FLIGHT }; /* no service has more of them */

/* `entry` is what began it: INTENT, UNDO, RELEASE or REPAIRED, with name, mailbox and folder in `text`. `action`
 * is "repair", "undo" or "release"; `outcome` is one of "repaired", "undone", "released", "not made",
 * "unknown" and "not finished". Good during the call only, but for the two words. */
typedef void past_visit(void *context, const struct journal_entry *entry, const char *action,
                        const char *outcome);

/* Calls `visit` for each, the oldest first, those that are not finished last. HOST_OK also when there is
 * no journal yet. `old` is the same of the old journal, without which the present one is read as well. */
struct host_result past_read(const struct options *options, past_visit *visit, void *context,
                             struct host_result *old);

#endif
