/* SPDX-License-Identifier: MIT */
/*
 * settings: kmrepair.ini from the disk.
 */
#ifndef KMREPAIR_SETTINGS_H
#define KMREPAIR_SETTINGS_H

#include <windows.h>

#include "config.h"
#include "events.h"

/* Reads a file that is UTF-8, UTF-16LE with a mark, or in the host's 8-bit code page. It has to be a file on a
 * disk; a link in its place is refused and not followed, see file_read(). On false
 * `settings` is left as it was and `error` says why; its line is 0 when the file could not be read.
 * The folder is resolved: it is a full path, or `auto` when that was asked for and none is found now
 * (find_clients() says what was looked at).
 * Not to be called on two threads at once (it has one buffer). */
bool settings_load(const WCHAR *path, struct settings *settings, struct config_error *error);

/* Event 4000: the settings that are now in force. */
void settings_report(const WCHAR *path, const struct settings *settings, struct events *events);

/* Event 4001: why they are not. */
void settings_refuse(const WCHAR *path, const struct config_error *error, struct events *events);

/* At the last call of settings_load() there was no such file, or nothing in it: it may be about to be
 * saved. */
bool settings_is_missing(void);

/* At that call the file could not be read because this user may not. */
bool settings_is_denied(void);

/* For a service that runs: settings_load(), and event 4000 or 4001. False and no event when the file is being
 * written to; and, if `known` is not NULL, when it says the same as that. A folder that `auto` has found
 * for `known` stays, and none that it has not: the worker looks for that. */
bool settings_load_reported(const WCHAR *path, const struct settings *known,
                            struct settings *settings, struct config_error *error,
                            struct events *events);

#endif
