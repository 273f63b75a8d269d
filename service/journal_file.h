/* SPDX-License-Identifier: MIT */
/*
 * journal_file: kmrepair.jnl on the disk; a part of host.h on Win32.
 *
 * The file is open during one step only, and nobody else may write to it then; readers may, and whoever
 * deletes or renames it. A new journal is written beside it as kmrepair.jnl.new and takes its place by
 * its name. In the one moment in which there is no kmrepair.jnl, kmrepair.jnl.new is whole and on the
 * disk, and nobody else can open it to write: whoever opens the journal next gives it its name. Where there is a
 * kmrepair.jnl, whoever opens it removes a kmrepair.jnl.new that a crash has left.
 *
 * Only a file on a disk is taken for a journal. A link in its place is followed: only those who may change
 * the folder can put one there, which is administrators; and a server that deduplicates its volumes makes a
 * reparse point of an ordinary file of this size.
 *
 * One thread owns a struct journal_file.
 */
#ifndef KMREPAIR_JOURNAL_FILE_H
#define KMREPAIR_JOURNAL_FILE_H

#include <windows.h>

#include "host.h"
#include "win/path.h"

/* Beside kmrepair.jnl: the one before, and the next while it is made. */
#define JOURNAL_OLD L"kmrepair.jnl.old"
#define JOURNAL_NEW L"kmrepair.jnl.new"

struct journal_file {
    HANDLE file;       /* INVALID_HANDLE_VALUE: closed */
    HANDLE made;       /* the new one, until it is put in place */
    const WCHAR *path; /* the caller's; it outlives this */
    WCHAR old[PATH_UNITS];
    WCHAR next[PATH_UNITS];
    WCHAR name[PATH_UNITS]; /* of `path`, for the system itself */
};

/* The reason where there is a folder instead. */
extern const char journal_file_folder[];

/* HOST_OK if an open handle is of a file on a disk; else HOST_FAILED, with the reason. */
struct host_result journal_file_check(HANDLE file);

/* Opens nothing yet. */
void journal_file_init(struct journal_file *journal, const WCHAR *path);

/* Whether it could be opened to be written to, which it is for a moment; HOST_BUSY also when the service
 * has it open just then. One that has no name is none of this call's matters: HOST_OK. */
struct host_result journal_file_try(struct journal_file *journal);

/* The calls of host.h; `context` is a struct journal_file. */
struct host_result journal_file_open(void *context, uint32_t *size);
void journal_file_close(void *context);
struct host_result journal_file_read(void *context, uint32_t offset, void *bytes, size_t size,
                                     size_t *got);
struct host_result journal_file_append(void *context, const char *line, size_t length);
struct host_result journal_file_new(void *context);
struct host_result journal_file_put(void *context, const char *line, size_t length);
struct host_result journal_file_replace(void *context, bool keep);

#endif
