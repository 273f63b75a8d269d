/* SPDX-License-Identifier: MIT */
/*
 * folder: the files of one folder, read with POSIX calls, for the native programs of the bench.
 */
#ifndef BENCH_FOLDER_H
#define BENCH_FOLDER_H

#include <stddef.h>

/* Called once a file, with its bytes, which stay valid only during the call. */
typedef void folder_visit(void *context, const char *name, const void *bytes, size_t size);

/* Reads every *.ini of the folder: open, read, close, through one buffer. Of a file larger than
 * RECORD_BYTES_MAX one byte more is handed over. Ends the program with exit code 2 when a call fails. */
void folder_each(const char *path, folder_visit *visit, void *context);

#endif
