/* SPDX-License-Identifier: MIT */
#include "win/error.h"

#include "guarded.h"
#include "text.h"
#include "win/path.h"

GUARDED void error_text(DWORD error, char *to, size_t size) {
    WCHAR words[256];
    char narrow[sizeof words / sizeof words[0] * 3];
    struct text text;
    DWORD count = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
                                     FORMAT_MESSAGE_MAX_WIDTH_MASK,
                                 NULL, error, 0, words, sizeof words / sizeof words[0], NULL);
    while (count > 0 && (words[count - 1] <= L' ' || words[count - 1] == L'.'))
        count--;
    words[count] = L'\0';
    path_print(words, narrow, sizeof narrow);
    text_begin(&text, to, size);
    text_put(&text, count > 0 ? narrow : "Windows has no text for it");
    text_put(&text, " (error ");
    text_put_u32(&text, error);
    text_put(&text, ")");
}

GUARDED void error_explain(const char *what, DWORD error, char *to, size_t size) {
    struct text text;
    text_begin(&text, to, size);
    text_put(&text, what);
    if (error != 0) {
        char words[200];
        error_text(error, words, sizeof words);
        text_put(&text, ": ");
        text_put(&text, words);
    }
}
