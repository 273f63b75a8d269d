/* SPDX-License-Identifier: MIT */
/*
 * console: output for people and for programs.
 *
 * Text is UTF-8. On a console it is written with WriteConsoleW; redirected, it stays UTF-8. For the
 * verbs on the process's first thread, and for events on the worker's; lines of different threads
 * may mix. Text has no bound. A row has one of 8 KB; what does not fit is cut off.
 */
#ifndef KMREPAIR_CONSOLE_H
#define KMREPAIR_CONSOLE_H

#include <windows.h>

#include "config.h"
#include "host.h"
#include "options.h"
#include "text.h"

enum console_stream { CONSOLE_OUT, CONSOLE_ERROR };

enum { CONSOLE_COLUMNS = 80 };

/* Writes text as it is. False when it could not all be written (a full disk behind a
 * redirection). */
bool console_write(enum console_stream stream, const char *text, size_t length);

/* Writes a text in which %s stands for a string and %u for a number; there is nothing else. */
bool console_print(enum console_stream stream, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* `kmrepair: `, the strings, and a line end, on the error stream. Returns 2, the exit code. */
int console_fail(const char *what, const char *detail);

/* The same with a reason, behind a colon. */
int console_fail_because(const char *what, const char *detail, const char *reason);

/* The same with the reason of a Win32 error. */
int console_fail_error(const char *what, const char *detail, DWORD error);

bool console_is_terminal(enum console_stream stream);

/* The same of the output, which could not be written. */
int console_fail_output(void);

/* result_text() in a place that is good until the next call. */
const char *console_reason(const struct host_result *result);

/* The same with the reason that the host gave. */
int console_fail_result(const char *what, const char *detail, const struct host_result *result);

/* Words and a line end, in lines that fit the console: they are broken at blanks and go on behind `indent`
 * columns. The first begins there, behind what has been put. */
void console_put_wrapped(struct text *to, size_t indent, const char *words);

/* JSON: a member of an object that is begun with `{`, after a comma if it is not the first. */
void console_put_member(struct text *line, const char *name, const char *value);
void console_put_number(struct text *line, const char *name, uint32_t value);
/* A value that is JSON already, or `{` or `[`, whose end the caller puts. */
void console_put_raw(struct text *line, const char *name, const char *value);
/* One of a list. */
void console_put_element(struct text *line, const char *value);

/* ---- rows: what `scan` and `history` list, in each format ---- */

enum {
    IN_TABLE = 1 << FORMAT_TABLE,
    IN_CSV = 1 << FORMAT_CSV,
    IN_JSON = 1 << FORMAT_JSON,
    IN_ALL = IN_TABLE | IN_CSV | IN_JSON
};

/* How a value stands in a table: */
enum column_kind {
    WORDS, /* filled up with blanks; when it is too long, the rest of the row is in the next line */
    NUMBER,   /* set to the right; in JSON without quotes */
    WHOLE,    /* when it is too long, it stands in indented lines that follow, never cut */
    OWN_LINE, /* on a line of its own behind `width` blanks, when there is anything */
};

struct column {
    const char *name; /* in CSV and JSON; NULL ends the columns */
    unsigned width;
    enum column_kind kind;
    unsigned formats; /* IN_... */
};

/* The first line; `heading` is that of a table. False when it could not all be written. */
bool console_print_heading(enum format format, const char *heading, const struct column *column);

/* One row, with a value for each column. A value that is NULL is left out in JSON and empty in the
 * other formats. False when it could not all be written. One buffer: not on two threads at once. */
bool console_print_row(enum format format, const struct column *column, const char *const *value);

/* The message of a refused configuration: file, line, reason. Returns 2. */
int console_fail_config(const struct options *options, const struct config_error *error);

#endif
