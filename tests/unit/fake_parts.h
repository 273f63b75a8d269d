/* SPDX-License-Identifier: MIT */
/*
 * fake_parts: what the parts of fake_host share. fake_host.c has the calls, the clock, the list and the records;
 * fake_journal.c has the journal; fake_events.c has the events. Tests do not include this.
 */
#ifndef KMREPAIR_FAKE_PARTS_H
#define KMREPAIR_FAKE_PARTS_H

#include "fake_host.h"

/* Begins a call: the log, the time it takes, what the test wants to do, and the fault if one is
 * due. */
struct fake_fault *fake_begin(struct fake_host *fake, enum fake_call call, struct fake_file *file,
                              const char *detail);
/* Ends a call. What it did is done, but the caller may never hear of it. */
void fake_end(struct fake_host *fake);
struct host_result fake_failure(const struct fake_fault *fault);

/* NULL when there is none. */
struct fake_file *fake_find_in(struct fake_host *fake, const char *name, unsigned folder);
/* The number of a folder by its path; FAKE_FOLDERS when there is none. */
unsigned fake_folder(const struct fake_host *fake, const char *path);

/* Set the calls of the journal, and the one that reports an event. */
void fake_journal_calls(struct host *host);
void fake_event_calls(struct host *host);

#endif
