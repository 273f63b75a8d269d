/* SPDX-License-Identifier: MIT */
/*
 * watch: changes in one directory, by ReadDirectoryChangesW.
 *
 * What comes out are hints: a name was added, changed, renamed or removed, or "changes were lost". The
 * directory is watched from a successful watch_open on; a caller who scans it after that misses
 * nothing. One thread does everything: CancelIo cancels only the calling thread's requests, and a
 * request dies with the thread that made it.
 *
 * The struct must stay where it is while a watch is open: the system writes into it.
 */
#ifndef KMREPAIR_WATCH_H
#define KMREPAIR_WATCH_H

#include <windows.h>

#include <stdbool.h>

#include "host.h"
#include "win/file.h"

enum { WATCH_BYTES_MAX = 64 * 1024 }; /* the limit for a folder on another machine */

struct watch {
    HANDLE directory; /* INVALID_HANDLE_VALUE when closed */
    /* Its event is signalled when watch_collect has something, and good from watch_init on. */
    OVERLAPPED overlapped;
    bool armed;
    bool abandoned;   /* the system may still write into a buffer, and nobody waits for it */
    unsigned current; /* the buffer the system writes into */
    DWORD size;       /* of each */
    DWORD used;       /* of that */
    DWORD *buffer[2];
    struct file_identity identity;
    bool trusted; /* two looks at the directory have seen the same numbers */
};

/* A changed name as UTF-8, not yet known to be a file; NULL: changes were lost. `is_there`: it was not
 * removed, or renamed away. */
typedef void watch_change(void *context, const char *name, bool is_there);

/* `room` is two buffers of `size` bytes each, the caller's, and outlives the watch; the system keeps
 * as much besides while the watch is open. False when there is no event to be had; GetLastError
 * tells. */
bool watch_init(struct watch *watch, DWORD *room, DWORD size);
void watch_destroy(struct watch *watch);

/* Opens the directory, a full path, and arms the watch. */
struct host_result watch_open(struct watch *watch, const WCHAR *path);

/* Reads what has come, arms again, and then hands the changes out one by one. Anything but HOST_OK:
 * the watch is closed. Never waits. */
struct host_result watch_collect(struct watch *watch, watch_change *change, void *context);

/* Whether `path` still leads to the directory that is watched, as far as the system can tell. A removed
 * one can live on under our handle without any error. */
struct host_result watch_check(const struct watch *watch, const WCHAR *path);

bool watch_is_open(const struct watch *watch);

/* Cancels, waits for the cancelled request, closes. Where the request does not end within ten seconds, this
 * does not wait any longer, and watch_open() fails until it has ended. */
void watch_close(struct watch *watch);

#endif
