/* SPDX-License-Identifier: MIT */
/*
 * host_win: host.h on Win32. It joins the folder, the journal's file and the event log, and adds the
 * clocks.
 *
 * One thread owns a struct host_win; it must stay where it is while its `host` is in use. It is large:
 * static storage.
 */
#ifndef KMREPAIR_HOST_WIN_H
#define KMREPAIR_HOST_WIN_H

#include <windows.h>

#include "events.h"
#include "find.h"
#include "folder.h"
#include "host.h"
#include "journal_file.h"

struct host_win {
    struct host host;
    struct events *events; /* not owned; NULL when nothing is ever reported */
    struct folder folder;
    struct journal_file journal;
    DWORD ticks; /* at the last clock call */
    uint64_t clock;
    char not_found[FIND_WORDS_BYTES]; /* why `auto` has found no folder */
};

/* Opens nothing yet. `journal_path` and `events` are the caller's and outlive the host. */
void host_win_init(struct host_win *host, const WCHAR *journal_path, struct events *events);

/* Opens the folder of the settings, a full path; `auto` is one that was looked for in vain, and the
 * reason says where. */
struct host_result host_win_open_folder(struct host_win *host, const char *folder);

/* Closes the journal, the folder and whatever else is open. */
void host_win_close(struct host_win *host);

/* The host's clock. */
uint64_t host_win_clock(struct host_win *host);

/* Seconds since 1970, by the clock on the wall. */
uint32_t host_win_utc(void);

/* Milliseconds until the host's clock says `due`, `most` at most. */
DWORD host_win_until(struct host_win *host, uint64_t due, DWORD most);

#endif
