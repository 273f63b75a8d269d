/*
 * console: output for people, and the verbs that show something: scan and status.
 *
 * Text is UTF-8. On a console it is written with WriteConsoleW; redirected, it stays UTF-8.
 * Any thread; lines of different threads may mix.
 */
#ifndef KMREPAIR_CONSOLE_H
#define KMREPAIR_CONSOLE_H

#include <windows.h>

#include "config.h"
#include "host_win.h"
#include "mender.h"
#include "options.h"

enum console_stream { CONSOLE_OUT, CONSOLE_ERROR };

/* Writes text as it is. False when it could not all be written (a full disk behind a redirection). */
bool console_write(enum console_stream stream, const char *text, size_t length);

/* Writes the strings one after the other, up to a NULL. */
bool console_put(enum console_stream stream, ...);

/* `kmrepair: `, the strings, and a line end, on the error stream. Returns 2, the exit code. */
int console_fail(const char *what, const char *detail);

/* The same with the reason of a Win32 error. */
int console_fail_error(const char *what, const char *detail, DWORD error);

bool console_is_terminal(enum console_stream stream);

/* The same with the reason that the host gave. */
int console_fail_result(const char *what, const char *detail, const struct host_result *result);

/* The message of a refused configuration: file, line, reason. Returns 2. */
int console_fail_config(const struct options *options, const struct config_error *error);

/* The settings for a verb that runs in a console: the configuration file, with the folder of the
 * command line in place of its own. Without a file the folder has to be named. False after a
 * message. */
bool console_settings(const struct options *options, struct settings *settings);

/* Judges every record of the host's folder and counts; names those that are stuck or can not be read
 * on the error stream. `bytes` is room for one record. */
struct host_result console_list_left(struct host_win *host, unsigned char *bytes,
                                     struct mender_counts *counts);

int console_scan(const struct options *options);
int console_status(const struct options *options);

#endif
