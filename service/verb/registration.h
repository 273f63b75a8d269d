/* SPDX-License-Identifier: MIT */
/*
 * registration: the service as the service control manager has it, and as it is to be.
 *
 * For the verbs, on the process's first thread. The calls that return int write what is wrong and
 * return the exit code. Paths have at most PATH_UNITS, as everywhere.
 */
#ifndef KMREPAIR_REGISTRATION_H
#define KMREPAIR_REGISTRATION_H

#include <windows.h>

#include <stdbool.h>

#include "options.h"

/* The program of a service's command line, as CreateProcess would find it: without quotes, the
 * first beginning up to a blank that is a file; if none is, the first that ends in .exe. `*rest` is
 * what follows it, good until the next call. False when it is too long or empty. */
bool registration_program(const WCHAR *image, WCHAR program[PATH_UNITS], const WCHAR **rest);

/* The program and the command line behind it of the service that is registered. False when there is
 * none, or it cannot be told. */
bool registration_find(WCHAR program[PATH_UNITS], const WCHAR **rest);

/* Refuses a program or configuration whose path would not survive: Windows expands variables in the
 * command line of a service, and takes a `;` in the path of an event source for the end of it.
 * Refuses also a service that is marked for deletion, or that may not be changed. */
int registration_check(const struct options *options);

/* Creates the service, or changes an existing one without touching its start type, and its account
 * only if one is named; registers the event source before. `password` may be NULL. */
int registration_make(const struct options *options, const WCHAR *password);

#endif
