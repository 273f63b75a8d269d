/*
 * path: paths as Win32 wants them, and the system's words for an error.
 *
 * Pure but for the current directory and the message tables; any thread.
 */
#ifndef KMREPAIR_PATH_H
#define KMREPAIR_PATH_H

#include <windows.h>

#include <stdbool.h>
#include <stddef.h>

#include "host.h"
#include "options.h"

/* A UTF-8 path made absolute, with `\\?\` in front so that it may be longer than MAX_PATH. The
 * length in units, or 0 when it is too long for PATH_UNITS or no path. */
size_t path_extend(const char *path, WCHAR to[PATH_UNITS]);

/* Appends `\name` (UTF-8) to a path of that length; false when it does not fit. */
bool path_append(WCHAR path[PATH_UNITS], size_t length, const char *name);

/* The full path of a file named `name` in the folder of `file`, a full path. */
bool path_beside(const WCHAR *file, const WCHAR *name, WCHAR to[PATH_UNITS]);

/* UTF-8 of a UTF-16 path; cut when it does not fit. */
void path_print(const WCHAR *path, char *to, size_t size);

/* The system's text for a Win32 error, without its full stop, and its number: "Access is denied
 * (error 5)". */
void path_error_text(DWORD error, char *to, size_t size);

/* `what`, and behind a colon the system's text for the error unless that is 0. */
void path_explain(const char *what, DWORD error, char *to, size_t size);

/* Whether there is a file or folder of that path which has the attribute. */
bool path_has(const WCHAR *path, DWORD attribute);

/* Whether there is a folder of that path, in UTF-8. One buffer: not on two threads at once. */
bool path_is_folder(const char *path);

/* Why something did not succeed: the reason that the host gave, or the system's text, in `room`. */
const char *path_reason(const struct host_result *result, char *room, size_t size);

#endif
