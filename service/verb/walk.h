/* SPDX-License-Identifier: MIT */
/*
 * walk: judges every record of a folder and changes nothing.
 *
 * For `scan` and `repair`, on the process's first thread. One row, as large as a record's
 * name: not on two threads at once. There is no bound on the number of files; they come in the
 * order in which the system lists them.
 */
#ifndef KMREPAIR_WALK_H
#define KMREPAIR_WALK_H

#include <windows.h>

#include "console.h"
#include "host_win.h"
#include "journal.h"

struct walk_row {
    char name[QUEUE_NAME_BYTES];
    uint32_t size; /* of its content */
    struct record record;
    struct host_result result; /* of reading it; HOST_REFUSED: unreadable, such as a link */
};

/* Called for each record; the row is good during the call only. */
typedef void walk_visit(void *context, const struct walk_row *row);

/* Judges, counts, and calls `visit` unless that is NULL. `bytes` has RECORD_BYTES_MAX and holds
 * the content of the record that is visited. `whole`: the mailbox of a sound record is looked
 * for, too. */
struct host_result walk_folder(struct host_win *host, unsigned char *bytes, bool whole,
                               struct scan_counts *counts, walk_visit *visit, void *context);

/* The verdicts in the order in which they are shown, and how many a scan has found of one; what was in use is
 * unreadable there. */
enum { WALK_VERDICTS = 5 };
extern const enum verdict walk_verdicts[WALK_VERDICTS];
uint32_t walk_count(const struct scan_counts *counts, size_t i);

/* "5 files: 1 stuck, ...". One buffer. */
const char *walk_counts(const struct scan_counts *counts);

#endif
