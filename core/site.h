/* SPDX-License-Identifier: MIT */
/*
 * site: what all of the core's work is about: the host, the settings in force, the watched folder.
 *
 * `folder` is the full path as the disk spells it, found out when the folder was opened; until then it
 * is what the settings say. It belongs to the mender; the other modules read it.
 */
#ifndef KMREPAIR_SITE_H
#define KMREPAIR_SITE_H

#include "config.h"
#include "host.h"

struct site {
    const struct host *host;
    struct settings settings;
    char folder[CONFIG_FOLDER_BYTES];
};

uint64_t site_now(const struct site *site);

/* When a record has been quiet for long enough if nothing happens to it from now on. */
uint64_t site_settled(const struct site *site);

/* Doubles a wait, from `first` to `last` milliseconds; 0 is no wait yet. */
uint32_t site_back_off(uint32_t backoff, uint32_t first, uint32_t last);

/* Reports an event. False when it did not get into the event log. */
bool site_report(const struct site *site, const struct event *event);

/* The same with the strings [name,] folder[, more][, why]; each but the folder may be NULL. */
bool site_report_of(const struct site *site, enum event_number number, const char *name,
                    const char *more, const struct host_result *why);

/* Says that something is away, with `why`, or back, with NULL, if that is not what was said last. */
void site_tell_away(const struct site *site, bool *told, enum event_number number,
                    const struct host_result *why);

const char *site_print_number(uint32_t number, char to[11]);

#endif
