/* SPDX-License-Identifier: MIT */
/*
 * path: paths as Win32 wants them.
 *
 * A path has at most PATH_UNITS units, its end included. A longer one is refused: the call returns
 * 0 or false, and what `to` holds then is not a path. Any thread, except where a function says that
 * it has one buffer.
 */
#ifndef KMREPAIR_WIN_PATH_H
#define KMREPAIR_WIN_PATH_H

#include <windows.h>

#include <stdbool.h>
#include <stddef.h>

enum { PATH_UNITS = 2048, PATH_GIVEN_UNITS = 1537 };

/* The full path of what may be relative. Returns its length in units, or 0. */
DWORD path_full(const WCHAR *path, WCHAR to[PATH_UNITS]);

/* A UTF-8 path made absolute, with `\\?\` in front so that it may be longer than MAX_PATH. The path
 * given has at most PATH_GIVEN_UNITS, its end included. Returns the length in units, or 0. */
size_t path_extend(const char *path, WCHAR to[PATH_UNITS]);

/* The same of a UTF-16 path. */
size_t path_extend_wide(const WCHAR *given, WCHAR to[PATH_UNITS]);

/* Appends `\name` (UTF-8) to a path of that length. */
bool path_append(WCHAR path[PATH_UNITS], size_t length, const char *name);

/* The full path of a file named `name` in the folder of `file`, a full path. */
bool path_beside(const WCHAR *file, const WCHAR *name, WCHAR to[PATH_UNITS]);

/* How much of a full path is the root of a drive or share, with its backslash if there is one. */
size_t path_root(const WCHAR *path);

/* Whether a name or path ends in this, in any case, and is longer. */
bool path_ends_in(const WCHAR *path, const WCHAR *end);

/* UTF-8 of a UTF-16 path; cut at the end of a character when it does not fit. */
void path_print(const WCHAR *path, char *to, size_t size);

/* The same in one buffer, good until the next call: not on two threads at once. */
const char *path_words(const WCHAR *path);

/* Whether there is a file or folder of that path which has the attribute. */
bool path_has(const WCHAR *path, DWORD attribute);

/* Whether there is anything. */
bool path_is_there(const WCHAR *path);

/* Whether there is a folder of that path, in UTF-8. One buffer: not on two threads at once. */
bool path_is_folder(const char *path);

#endif
