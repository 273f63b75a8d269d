/*
 * console: output for people and for programs.
 *
 * Text is UTF-8. On a console it is written with WriteConsoleW; redirected, it stays UTF-8.
 * Any thread; lines of different threads may mix.
 */
#ifndef KMREPAIR_CONSOLE_H
#define KMREPAIR_CONSOLE_H

#include <windows.h>

#include "config.h"
#include "host.h"
#include "options.h"
#include "text.h"

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

/* Text in which every character that would act on a console is `?`. */
void console_put_safe(struct text *line, const char *string);
/* The same, filled up with blanks to a column, and one more. */
void console_put_padded(struct text *line, const char *value, size_t width, bool right);
/* A CSV field, quoted where it has to be; safe as well. */
void console_put_csv(struct text *line, const char *value);
/* JSON, safe by escapes: a string; a member of an object that is begun with `{`, after a comma if it is not the first. */
void console_put_json(struct text *line, const char *value);
void console_put_member(struct text *line, const char *name, const char *value);
void console_put_number(struct text *line, const char *name, uint32_t value);

/* The message of a refused configuration: file, line, reason. Returns 2. */
int console_fail_config(const struct options *options, const struct config_error *error);

/* `check`: what the configuration says, or what is wrong with it. */
int console_check(const struct options *options);

/* The settings for a verb that runs in a console: the configuration file, with the folder of the
 * command line in place of its own. Without a file the folder has to be named. False after a
 * message. */
bool console_settings(const struct options *options, struct settings *settings);

#endif
