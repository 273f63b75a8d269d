/* SPDX-License-Identifier: MIT */
/*
 * file: whole files, and which file a handle is of.
 *
 * Any thread; the only memory is the caller's. Every call that returns DWORD returns a Win32 error,
 * 0 if none.
 */
#ifndef KMREPAIR_WIN_FILE_H
#define KMREPAIR_WIN_FILE_H

#include <windows.h>

#include <stdbool.h>
#include <stddef.h>

/* Closes what may be closed already, INVALID_HANDLE_VALUE, and makes it that. */
void file_close(HANDLE *file);

/* Writes all of it where the file's pointer is. Returns a Win32 error. */
DWORD file_put(HANDLE file, const char *bytes, size_t length);

/* Makes a file, as CreateFile's CREATE_NEW or CREATE_ALWAYS does, with a content that has reached
 * the disk when the call returns. After an error nothing of the file is left. */
DWORD file_write(const WCHAR *path, DWORD disposition, const char *content, size_t length);

/* ERROR_SUCCESS if an open handle is of a file on a disk. ERROR_BAD_FILE_TYPE: of a pipe, a device or a whole
 * volume; ERROR_DIRECTORY: of a folder; ERROR_CANT_RESOLVE_FILENAME: of a reparse point itself, such as a symbolic
 * link, which is seen only where the file was opened with FILE_FLAG_OPEN_REPARSE_POINT. */
DWORD file_check(HANDLE file);

/* Reads a file on a disk that others may open as `share` says; errors as of file_check(). A link at the end
 * of the path is not followed: its target would be neither under the protection of the folder nor watched.
 * (NT 4.0 has no links, and passes over that flag.) `*got` is at most `room`: a caller who has to know
 * whether the file is larger passes one byte more than it accepts. */
DWORD file_read(const WCHAR *path, DWORD share, void *to, DWORD room, DWORD *got);

/* Reads from `offset` until there is no more or `size` bytes are read. */
DWORD file_read_at(HANDLE file, DWORD offset, void *to, size_t size, size_t *got);

/* ERROR_FILE_TOO_LARGE, with UINT32_MAX for the size, when that needs more than 32 bits. */
DWORD file_size(HANDLE file, DWORD *size);

/* What tells a file or folder from every other, as long as both are open. On FAT, and on a server
 * that makes the numbers up, a new file may get those of an old one. */
struct file_identity {
    DWORD volume;
    DWORD index_high;
    DWORD index_low;
};

/* Of an open file or folder. `attributes` and `links` (its number of names) may be NULL. */
DWORD file_identify(HANDLE file, struct file_identity *identity, DWORD *attributes, DWORD *links);

/* Of what a path leads to. */
DWORD file_identify_path(const WCHAR *path, struct file_identity *identity, DWORD *attributes);

/* Opens a folder to list or watch it, with these flags of CreateFile besides; it can be renamed and
 * removed meanwhile. ERROR_DIRECTORY when it is a file. `trusted`: a second look by the path has seen the
 * same numbers, and they are of the kind that tells it from every other. Nothing is open after an
 * error. */
DWORD directory_open(const WCHAR *path, DWORD flags, HANDLE *directory,
                     struct file_identity *identity, bool *trusted);

/* Not all zero, as a file system has them that keeps none. */
bool file_has_index(const struct file_identity *identity);

bool file_is_same(const struct file_identity *a, const struct file_identity *b);

#endif
