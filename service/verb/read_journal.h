/* SPDX-License-Identifier: MIT */
/*
 * read_journal: the journal for those who only look at it.
 *
 * For `history` and `status`, on the process's first thread, beside a service that writes. Reads in
 * pieces, so the journal may have any size; what is added meanwhile is read or not. One buffer: not
 * on two threads at once.
 */
#ifndef KMREPAIR_READ_JOURNAL_H
#define KMREPAIR_READ_JOURNAL_H

#include <windows.h>

#include "host.h"
#include "journal.h"

/* Calls `visit` for each entry. HOST_GONE when there is no such file. `reader` tells afterwards how
 * much of the file was no entry. */
struct host_result read_journal(const WCHAR *path, struct journal_reader *reader,
                                journal_visit *visit);

#endif
