/* SPDX-License-Identifier: MIT */
/*
 * read_journal: the journal for those who only look at it.
 *
 * For the verbs that say what was done, on the process's first thread, beside a service that writes. Reads in
 * pieces, so the journal may have any size; what is added meanwhile is read or not. One buffer: not
 * on two threads at once.
 */
#ifndef KMREPAIR_READ_JOURNAL_H
#define KMREPAIR_READ_JOURNAL_H

#include <windows.h>

#include "host_win.h"
#include "journal.h"
#include "memory.h"

/* Calls `visit` for each entry. HOST_GONE when there is no such file. `reader` tells afterwards how
 * much of the file was no entry. */
struct host_result read_journal(const WCHAR *path, struct journal_reader *reader,
                                journal_visit *visit, void *context);

/* Reads into a memory what the journal tells of records, see todo.h. When the host has no folder open, every
 * folder may be the one. */
struct host_result read_records(const WCHAR *path, struct journal_reader *reader,
                                struct memory *memory, struct host_win *host);

#endif
