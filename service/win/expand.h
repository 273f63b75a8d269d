/* SPDX-License-Identifier: MIT */
/*
 * expand: variables in a path, as a service has them.
 *
 * An administrator's console has variables that the service has not, and others than its own. So
 * the values come from where Windows takes those of a service that runs as LocalSystem: the
 * registry, and never the environment of this process. Names are those of the system's variables
 * (Session Manager\Environment), and SystemRoot, SystemDrive, ProgramFiles, CommonProgramFiles,
 * ProgramFiles(x86), CommonProgramFiles(x86), ProgramW6432, CommonProgramW6432, ProgramData,
 * ALLUSERSPROFILE and PUBLIC, as far as this Windows has them. Case does not matter.
 *
 * Any thread, no state. Text is UTF-8. A name has at most EXPAND_NAME_BYTES, its end included; a longer
 * one is cut.
 */
#ifndef KMREPAIR_WIN_EXPAND_H
#define KMREPAIR_WIN_EXPAND_H

#include <windows.h>

#include <stdbool.h>
#include <stddef.h>

enum { EXPAND_NAME_BYTES = 192 };

enum expand_result {
    EXPAND_DONE,
    EXPAND_UNKNOWN, /* there is no such variable for a service: `name` has it */
    EXPAND_TOO_LONG
};

/* Replaces each %NAME% by its value, once. A percent sign without a second one, and `%%`, stay. */
enum expand_result expand_path(const char *path, char *to, size_t size,
                               char name[EXPAND_NAME_BYTES]);

/* Whether there is a %NAME% in it, known or not: then it does not stand for itself. */
bool expand_has_variable(const char *path);

#endif
