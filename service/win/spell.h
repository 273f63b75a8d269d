/* SPDX-License-Identifier: MIT */
/*
 * spell: a path as the disk spells it, so that one folder has one path.
 *
 * For one thread at a time and caller: the memory is the caller's, too large for a stack. Paths are
 * UTF-8. A path that is too long (see win/path) is left as it was given.
 */
#ifndef KMREPAIR_WIN_SPELL_H
#define KMREPAIR_WIN_SPELL_H

#include <windows.h>

#include <stdbool.h>
#include <stddef.h>

#include "win/path.h"

struct spell {
    WCHAR path[PATH_UNITS];
    WCHAR spelled[PATH_UNITS];
    WIN32_FIND_DATAW found;
    char text[PATH_UNITS * 3];
};

/* The full path without `\\?\`, `.`, `..`, slashes and short names, in upper and lower case as the
 * folders on the way list it; the letter of a drive is a capital. A part that cannot be listed stays
 * as it is. False, with `to` as `path` was, when it does not fit. Asks the disk, or a server, once
 * for each part. */
bool spell_path(struct spell *spell, const char *path, char *to, size_t size);

/* Whether both lead to the same place, by their spelling. */
bool spell_is_same(struct spell *spell, const char *a, const char *b);

/* Whether a path leads to another machine: it begins with two backslashes, or with a letter that
 * stands for such a path. Asks nobody. `\\?\` in front is looked through. */
bool spell_is_remote(const char *path);

#endif
