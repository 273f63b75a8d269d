/* SPDX-License-Identifier: MIT */
/*
 * error: Windows' own words for an error.
 *
 * Any thread, no state. A text that does not fit is cut at the end of a character.
 */
#ifndef KMREPAIR_WIN_ERROR_H
#define KMREPAIR_WIN_ERROR_H

#include <windows.h>

#include <stddef.h>

/* The text of a Win32 error in the host's language, without its full stop, and the number: "Access
 * is denied (error 5)". */
void error_text(DWORD error, char *to, size_t size);

/* `what`, a colon and the text of the error; `what` alone when the error is 0. */
void error_explain(const char *what, DWORD error, char *to, size_t size);

#endif
