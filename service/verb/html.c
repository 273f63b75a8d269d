/* SPDX-License-Identifier: MIT */
#include "verb/html.h"

#include <string.h>

#include "text.h"
#include "win/file.h"

static void flush(struct html *html) {
    if (html->error == ERROR_SUCCESS)
        html->error = file_put(html->file, html->bytes, html->length);
    html->length = 0;
}

static void put_bytes(struct html *html, const char *bytes, size_t length) {
    while (length > 0) {
        size_t part = sizeof html->bytes - html->length;
        if (part > length)
            part = length;
        memcpy(html->bytes + html->length, bytes, part);
        html->length += part;
        bytes += part;
        length -= part;
        if (html->length == sizeof html->bytes)
            flush(html);
    }
}

void html_begin(struct html *html, const WCHAR *path) {
    static const WCHAR ending[] = L".new";
    size_t length = (size_t)lstrlenW(path);
    html->file = INVALID_HANDLE_VALUE;
    html->length = 0;
    html->error = length + sizeof ending / sizeof *ending > PATH_UNITS ? ERROR_FILENAME_EXCED_RANGE
                                                                       : ERROR_SUCCESS;
    if (html->error != ERROR_SUCCESS)
        return;
    memcpy(html->path, path, (length + 1) * sizeof *path);
    memcpy(html->made, path, length * sizeof *path);
    memcpy(html->made + length, ending, sizeof ending);
    /* One that a crash has left. What somebody has put there to be written through is not opened. */
    (void)DeleteFileW(html->made);
    html->file = CreateFileW(html->made, GENERIC_WRITE, 0, NULL, CREATE_NEW,
                             SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    if (html->file == INVALID_HANDLE_VALUE)
        html->error = GetLastError();
}

DWORD html_end(struct html *html) {
    flush(html);
    if (html->file == INVALID_HANDLE_VALUE)
        return html->error;
    if (html->error == ERROR_SUCCESS && !FlushFileBuffers(html->file))
        html->error = GetLastError();
    file_close(&html->file);
    if (html->error == ERROR_SUCCESS &&
        !MoveFileExW(html->made, html->path, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
        html->error = GetLastError();
    if (html->error != ERROR_SUCCESS)
        (void)DeleteFileW(html->made);
    return html->error;
}

void html_put(struct html *html, const char *markup) {
    put_bytes(html, markup, strlen(markup));
}

/* What stands for a character, "" for itself. The page is ASCII, so that it does not matter how a browser
 * reads it that does not know UTF-8. */
static void print_reference(uint32_t c, struct text *to) {
    const char *name = c == '<'   ? "&lt;"
                       : c == '>' ? "&gt;"
                       : c == '&' ? "&amp;"
                       : c == '"' ? "&quot;"
                                  : NULL;
    if (text_is_active(c) || (c >= 0xD800 && c < 0xE000))
        text_put(to, "?");
    else if (name != NULL)
        text_put(to, name);
    else if (c >= 0x80)
        text_put_count(to, "&#", c, ";");
    else
        text_put_char(to, (char)c);
}

static void put_text(struct html *html, const char *text, size_t left) {
    while (left > 0) {
        char reference[16];
        struct text shown;
        uint32_t c = '?';
        size_t n = text_character(text, left, &c);
        text_begin(&shown, reference, sizeof reference);
        print_reference(n > 0 ? c : '?', &shown);
        html_put(html, reference);
        n += n == 0;
        text += n;
        left -= n;
    }
}

void html_piece(void *html, const char *bytes, size_t length, bool is_value) {
    (is_value ? put_text : put_bytes)(html, bytes, length);
}
