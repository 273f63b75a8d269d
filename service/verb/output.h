/* SPDX-License-Identifier: MIT */
/*
 * output: what the set-up program reads.
 *
 * With --output FILE, what a verb writes to its output and error stream goes into that file, which
 * is UTF-16 with a mark in the end: set-up reads it without a guess what it is, and without loss.
 * For main(), on the process's first thread. At most OUTPUT_BYTES; the rest is left out.
 */
#ifndef KMREPAIR_OUTPUT_H
#define KMREPAIR_OUTPUT_H

#include <windows.h>

#include <stdbool.h>

enum { OUTPUT_BYTES = 32 * 1024 };

/* Makes the file the output and error stream. False after a message; so it is when its folder belongs to
 * somebody who is not trusted, who could exchange what is in it. */
bool output_begin(const WCHAR *path);

/* Closes it and makes it UTF-16. Returns the verb's exit code, or 2 when that cannot be done. */
int output_end(const WCHAR *path, int code);

#endif
