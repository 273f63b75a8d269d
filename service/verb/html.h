/* SPDX-License-Identifier: MIT */
/*
 * html: a page that is written to a file piece by piece.
 *
 * The page takes the place of the file of that name as a whole, when it is finished; until then, and if
 * anything fails, what was there stays. The first error is kept, and what follows it is nothing: it is
 * enough to look at what html_end() returns. The page has no bound. One thread.
 */
#ifndef KMREPAIR_HTML_H
#define KMREPAIR_HTML_H

#include <windows.h>

#include <stdbool.h>
#include <stddef.h>

#include "win/path.h"

struct html {
    HANDLE file;
    DWORD error; /* the first, of Win32 */
    size_t length;
    WCHAR path[PATH_UNITS];
    WCHAR made[PATH_UNITS]; /* the file that takes its place */
    char bytes[4096];
};

/* Makes `path.new`; a full path. */
void html_begin(struct html *html, const WCHAR *path);
/* Puts the page in its place. Returns a Win32 error. */
DWORD html_end(struct html *html);

/* Markup, as it is: never what comes from outside. */
void html_put(struct html *html, const char *markup);
/* text_piece: the format is markup, %s any text. It is shown, and never taken for markup or acted on. */
void html_piece(void *html, const char *bytes, size_t length, bool is_value);

#endif
