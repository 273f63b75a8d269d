/*
 * host_win: host.h on Win32.
 *
 * One thread owns a struct host_win; it must stay where it is while its `host` is in use.
 */
#ifndef KMREPAIR_HOST_WIN_H
#define KMREPAIR_HOST_WIN_H

#include <windows.h>

#include "events.h"
#include "find.h"
#include "host.h"
#include "options.h"
#include "win/path.h"

/* Beside kmrepair.jnl: the one before, and the next while it is made. */
#define JOURNAL_OLD L"kmrepair.jnl.old"
#define JOURNAL_NEW L"kmrepair.jnl.new"

/* As in struct mender, what is small comes first. */
struct host_win {
    struct host host;
    struct events *events; /* not owned; NULL when nothing is ever reported */
    const WCHAR *journal_path;
    HANDLE record;
    bool record_fresh; /* nothing has moved its file pointer */
    bool found_ready;  /* `found` has not been handed out yet */
    HANDLE journal;
    HANDLE list;
    size_t folder; /* length of the folder in `path`; 0: there is none, see no_folder */
    DWORD ticks;   /* at the last clock call */
    uint64_t clock;
    WCHAR path[PATH_UNITS];  /* of the folder, then of whatever is opened in it */
    WCHAR other[PATH_UNITS]; /* of a record in another folder */
    WCHAR journal_old[PATH_UNITS];
    WCHAR journal_new[PATH_UNITS];
    WIN32_FIND_DATAW found;
    char no_folder[FIND_WORDS_BYTES];
};

/* Opens nothing yet. `journal_path` and `events` are the caller's and outlive the host. */
void host_win_init(struct host_win *host, const char *folder, const WCHAR *journal_path,
                   struct events *events);

/* Changes to another folder; nothing may be open. `auto` is a folder that was looked for in vain. */
void host_win_set_folder(struct host_win *host, const char *folder);

/* A name from a notification may be an 8.3 alias: replaces it by the file's real name. HOST_GONE when there
 * is no such file; when it can not be told, another failure. `name` holds `size` bytes. */
struct host_result host_win_long_name(struct host_win *host, char *name, size_t size);

/* The host's clock. */
uint64_t host_win_clock(struct host_win *host);

/* Milliseconds until the host's clock says `due`, `most` at most. */
DWORD host_win_until(struct host_win *host, uint64_t due, DWORD most);

/* HOST_FAILED with GetLastError's number. */
struct host_result host_win_last_error(void);

/* Closes the journal and whatever else is open. */
void host_win_close(struct host_win *host);

#endif
