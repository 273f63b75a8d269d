/* SPDX-License-Identifier: MIT */
/*
 * folder: the watched folder and its records, by its handle; a part of host.h on Win32.
 *
 * The folder is opened once, and everything in it is opened relative to that handle, so that a folder,
 * link or junction which is put in its place is never followed. The watch has a handle of its own: it
 * is overlapped, and on such a handle every other call would have to be waited for, too.
 *
 * A removed folder lives on as long as a handle of it is open, so it has to be closed when it is seen
 * to be away, and on pause. One thread owns a struct folder; it is large: static storage. There is one
 * record open at a time, and one listing.
 */
#ifndef KMREPAIR_FOLDER_H
#define KMREPAIR_FOLDER_H

#include <windows.h>

#include "config.h"
#include "host.h"
#include "win/file.h"
#include "win/path.h"
#include "win/spell.h"

enum { FOLDER_LISTED = 16 * 1024 }; /* bytes of names that are asked for at once */

struct folder {
    HANDLE handle; /* INVALID_HANDLE_VALUE: closed */
    HANDLE record;
    HANDLE list;
    struct file_identity identity;
    /* Its numbers are of the kind that NTFS gives: they tell it from every other. A server may make
     * them up. */
    bool trusted;
    bool linked;    /* its own path ends in a reparse point */
    bool remote;    /* it may be on another machine */
    ULONG option;   /* that opens a link and not where it leads, where there is one */
    ULONG filled;   /* bytes of `listed` */
    ULONG next;     /* where the next name of `listed` is */
    bool list_more; /* the system has not been asked for the last ones */
    char path[CONFIG_FOLDER_BYTES];  /* in full, as the disk spells it */
    char known[CONFIG_FOLDER_BYTES]; /* of which `linked` was found out first */
    WCHAR given[PATH_UNITS];         /* the path it was opened by, with `\\?\` */
    WCHAR other[PATH_UNITS];
    struct spell spell;
    LARGE_INTEGER listed[FOLDER_LISTED / sizeof(LARGE_INTEGER)]; /* so aligned */
};

void folder_init(struct folder *folder);

/* Opens a folder; one that is open is closed. After a failure none is. Where a folder was last time, a
 * link is refused. */
struct host_result folder_open(struct folder *folder, const char *path);
void folder_close(struct folder *folder);
bool folder_is_open(const struct folder *folder);

/* The calls of host.h; `context` is a struct folder. */
struct host_result folder_list_open(void *context);
struct host_result folder_list_next(void *context, char *name, size_t size,
                                    struct host_stamp *stamp);
void folder_list_close(void *context);
struct host_result folder_check(void *context);
bool folder_is(void *context, const char *path);
struct host_result folder_real_name(void *context, char *name, size_t size);
struct host_result folder_open_record(void *context, const char *other, const char *name,
                                      bool repair, uint32_t *size);
bool folder_is_written(void *context, const char *name);
struct host_result folder_read(void *context, uint32_t offset, void *bytes, size_t size,
                               size_t *got);
struct host_result folder_write(void *context, uint32_t offset, unsigned char byte);
struct host_result folder_flush(void *context);
void folder_close_record(void *context);

#endif
