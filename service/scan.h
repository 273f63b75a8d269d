/*
 * scan: judges every record of a folder for somebody at a console, and changes nothing.
 */
#ifndef KMREPAIR_SCAN_H
#define KMREPAIR_SCAN_H

#include <windows.h>

#include "console.h"
#include "host_win.h"
#include "mender.h"
#include "options.h"

/* `scan`. Returns the exit code: 0 nothing is stuck, 1 something is, 2 it can not be told. */
int scan_run(const struct options *options);

/* Counts, and names on the error stream what is stuck or can not be read. `bytes` is room for one
 * record. */
struct host_result scan_left(struct host_win *host, unsigned char *bytes,
                             struct mender_counts *counts);

/* Counts. */
struct host_result scan_count(struct host_win *host, unsigned char *bytes,
                              struct mender_counts *counts);

/* "5 files: 1 stuck, ...", after `before`. False when it could not all be written. */
bool scan_print_counts(enum console_stream to, const char *before,
                       const struct mender_counts *counts);

#endif
