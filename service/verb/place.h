/* SPDX-License-Identifier: MIT */
/*
 * place: the folder of the program, what is in it, and what is above it.
 *
 * For `install` and `protect`, on the process's first thread. The calls that return int write what
 * is wrong and return the exit code. Any number of files and of folders above; a name of a file has
 * MAX_PATH at most, as Windows lists it.
 */
#ifndef KMREPAIR_PLACE_H
#define KMREPAIR_PLACE_H

#include "options.h"
#include "win/access.h"

/* The files of the service, and the folders that they are in. */
enum place {
    PROGRAM_FOLDER,
    PROGRAM,
    README,
    GUIDE,
    EVENTS,
    LICENCE,
    NOTICES,
    UNINSTALLER,
    CONFIG,
    JOURNAL,
    OLD_JOURNAL,
    NEW_JOURNAL,
    CONFIG_FOLDER,
    PLACES
};

/* What they are called in their folder; a configuration may have another name. NULL for a folder. */
extern const WCHAR *const place_names[PLACES];

/* Refuses a program folder that holds what is not KMRepair's. Data that the folder's own access
 * list covers is no danger and may stay; programs and DLLs may not, nor anything in a folder that
 * others may change, for it is theirs as well. A folder that is not there holds nothing. */
int place_check(const struct options *options, const struct access_account *registered);

/* Makes the folder and those above it that are not there, each with its access list from the first
 * moment on. Does nothing when it is there. */
int place_make(const struct options *options);

/* Names on the standard output each folder above that lets others rename or replace this one. That
 * is no reason to refuse anything: with the defaults of NT 4.0 it always is so. */
int place_tell_above(const WCHAR *folder, const struct access_account *registered);

/* `what` with a path, and the reason of a Win32 error, as console_fail_error() does. */
int place_fail(const char *what, const WCHAR *path, DWORD error);

/* A path between two strings, as a message of its own. Returns 2. */
int place_refuse(const char *before, const WCHAR *path, const char *after);

/* The path of the folder of a file, without a backslash at its end except that of a root. */
void place_folder(const WCHAR *file, WCHAR to[PATH_UNITS]);

#endif
