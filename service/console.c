/* SPDX-License-Identifier: MIT */
#include "console.h"

#include <stdarg.h>
#include <string.h>

#include "guarded.h"
#include "result.h"
#include "win/file.h"
#include "win/path.h"

/* ---- writing ---- */

static HANDLE handle_of(enum console_stream stream) {
    return GetStdHandle(stream == CONSOLE_OUT ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE);
}

bool console_is_terminal(enum console_stream stream) {
    DWORD mode = 0;
    return GetConsoleMode(handle_of(stream), &mode) != FALSE;
}

GUARDED static bool write_wide(HANDLE handle, const char *text, size_t length) {
    WCHAR units[512];
    while (length > 0) {
        size_t count = 0;
        while (length > 0 && count < sizeof units / sizeof units[0] - 3) {
            uint32_t c = 0;
            size_t n = text_character(text, length, &c);
            size_t put = n == 0 ? 0 : text_to_utf16(text, n, units + count, 3);
            if (n == 0) {
                units[count++] = L'?';
                n = 1;
            }
            count += put;
            text += n;
            length -= n;
        }
        DWORD written = 0;
        if (!WriteConsoleW(handle, units, (DWORD)count, &written, NULL))
            return false;
    }
    return true;
}

bool console_write(enum console_stream stream, const char *text, size_t length) {
    HANDLE handle = handle_of(stream);
    if (console_is_terminal(stream))
        return write_wide(handle, text, length);
    return file_put(handle, text, length) == ERROR_SUCCESS;
}

struct printing {
    enum console_stream stream;
    bool failed;
};

/* text_piece */
static void write_piece(void *context, const char *bytes, size_t length, bool is_value) {
    struct printing *printing = context;
    (void)is_value;
    if (!console_write(printing->stream, bytes, length))
        printing->failed = true;
}

bool console_print(enum console_stream stream, const char *format, ...) {
    struct printing printing = {stream, false};
    va_list values;
    va_start(values, format);
    text_format(write_piece, &printing, format, values);
    va_end(values);
    return !printing.failed;
}

int console_fail(const char *what, const char *detail) {
    (void)console_print(CONSOLE_ERROR, "kmrepair: %s%s\r\n", what, detail);
    return 2;
}

int console_fail_output(void) {
    return console_fail("the output could not be written", "");
}

int console_fail_because(const char *what, const char *detail, const char *reason) {
    (void)console_print(CONSOLE_ERROR, "kmrepair: %s%s: %s\r\n", what, detail, reason);
    return 2;
}

const char *console_reason(const struct host_result *result) {
    static char room[200];
    return result_text(result, room, sizeof room);
}

int console_fail_result(const char *what, const char *detail, const struct host_result *result) {
    return console_fail_because(what, detail, console_reason(result));
}

int console_fail_error(const char *what, const char *detail, DWORD error) {
    const struct host_result result = result_failed(error);
    return console_fail_result(what, detail, &result);
}

/* How many columns a character takes that begins with this byte: two from U+3000 on, where those of
 * East Asia are, none in the middle of a character. */
static size_t columns_of(char c) {
    unsigned char byte = (unsigned char)c;
    return (byte & 0xC0) == 0x80 ? 0 : byte >= 0xE3 ? 2 : 1;
}

static size_t count_columns(const char *utf8) {
    size_t count = 0;
    for (; *utf8 != '\0'; utf8++)
        count += columns_of(*utf8);
    return count;
}

static void put_blanks(struct text *line, size_t count) {
    while (count-- > 0)
        text_put_char(line, ' ');
}

void console_put_wrapped(struct text *to, size_t indent, const char *words) {
    size_t column = indent;
    for (;;) {
        size_t length = strcspn(words, " ");
        size_t columns = 0;
        /* A setting is not broken. */
        while (strncmp(words + length, " = ", 3) == 0)
            length += 3 + strcspn(words + length + 3, " ");
        for (size_t i = 0; i < length; i++)
            columns += columns_of(words[i]);
        if (column > indent && column + 1 + columns >= CONSOLE_COLUMNS) {
            text_put(to, "\r\n");
            put_blanks(to, indent);
            column = indent;
        } else if (column > indent) {
            text_put_char(to, ' ');
            column++;
        }
        text_put_bytes(to, words, length);
        column += columns;
        if (words[length] == '\0')
            break;
        words += length + 1;
    }
    text_put(to, "\r\n");
}

static void trim_blanks(struct text *line) {
    while (line->length > 0 && line->at[line->length - 1] == ' ')
        line->at[--line->length] = '\0';
}

/* In lines of its own, each less than 80 columns wide. */
static void put_lines(struct text *line, const char *value) {
    enum { INDENT = 4, WIDTH = 79 };
    trim_blanks(line);
    while (*value != '\0') {
        size_t length = 0;
        size_t count = INDENT;
        while (value[length] != '\0' && count + columns_of(value[length]) <= WIDTH)
            count += columns_of(value[length++]);
        text_put(line, "\r\n");
        put_blanks(line, INDENT);
        text_put_safe(line, value, length);
        value += length;
    }
}

/* A value in a table whose column begins at `start`. */
static void put_cell(struct text *line, const struct column *column, size_t start,
                     const char *value) {
    size_t length = count_columns(value);
    size_t width = column->width;
    if (column->kind == OWN_LINE && length > 0) {
        trim_blanks(line);
        text_put(line, "\r\n");
        put_blanks(line, width);
    } else if (column->kind == WHOLE && length > width) {
        put_lines(line, value);
        return;
    }
    if (column->kind == NUMBER && length < width)
        put_blanks(line, width - length);
    text_put_safe(line, value, strlen(value));
    if (column->kind == WORDS && length < width)
        put_blanks(line, width - length);
    if (column->kind == WORDS && length > width && column[1].name != NULL) {
        text_put(line, "\r\n");
        put_blanks(line, start + width);
    }
}

/* Whether a spreadsheet would take a cell for a formula: by its first sign, and some look behind blanks. A
 * quotation mark in front may be taken for the beginning of a quoted cell. The four of full width count in an East Asian Windows. A tab or a line's end is none of the blanks: it is
 * written as `?`. */
static bool is_formula(const char *value) {
    static const char wide[][4] = {"\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"};
    value += strspn(value, " \"");
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        if (strncmp(value, wide[i], 3) == 0)
            return true;
    }
    return *value != '\0' && strchr("=+-@", *value) != NULL;
}

/* Safe, no formula, and quoted where it has to be. Where the decimal sign is a comma, as in Germany, a spreadsheet
 * splits a row at each `;`, quoted or not, for to it the quotation mark is in the middle of a cell. So what
 * follows a `;` is a cell as well. */
static void put_csv(struct text *line, const char *value) {
    const char *quote = strpbrk(value, ",;\"") != NULL ? "\"" : "";
    bool begins = true;
    text_put(line, quote);
    for (;;) {
        size_t length = strcspn(value, ";\"");
        if (begins && is_formula(value))
            text_put_char(line, '\'');
        text_put_safe(line, value, length);
        value += length;
        if (*value == '\0')
            break;
        begins = *value == ';';
        text_put(line, begins ? ";" : "\"\"");
        value++;
    }
    text_put(line, quote);
}

/* What would act on a console, and lone surrogates, which a Windows file name may hold, are written
 * as the escapes that JSON has for them. */
static void put_json(struct text *line, const char *value) {
    size_t left = strlen(value);
    text_put_char(line, '"');
    while (left > 0) {
        uint32_t c = 0;
        size_t n = text_character(value, left, &c);
        if (n == 0) {
            text_put(line, "?");
            n = 1;
        } else if (text_is_active(c)) {
            text_put(line, "\\u");
            for (int shift = 12; shift >= 0; shift -= 4)
                text_put_char(line, "0123456789ABCDEF"[c >> shift & 15]);
        } else {
            if (c == '"' || c == '\\')
                text_put_char(line, '\\');
            text_put_bytes(line, value, n);
        }
        value += n;
        left -= n;
    }
    text_put_char(line, '"');
}

static void put_comma(struct text *line) {
    if (line->length > 0 && strchr("{[", line->at[line->length - 1]) == NULL)
        text_put_char(line, ',');
}

static void put_member_name(struct text *line, const char *name) {
    put_comma(line);
    put_json(line, name);
    text_put_char(line, ':');
}

void console_put_member(struct text *line, const char *name, const char *value) {
    put_member_name(line, name);
    put_json(line, value);
}

void console_put_raw(struct text *line, const char *name, const char *value) {
    put_member_name(line, name);
    text_put(line, value);
}

void console_put_element(struct text *line, const char *value) {
    put_comma(line);
    put_json(line, value);
}

void console_put_number(struct text *line, const char *name, uint32_t value) {
    put_member_name(line, name);
    text_put_u32(line, value);
}

/* ---- rows ---- */

bool console_print_heading(enum format format, const char *heading, const struct column *column) {
    if (format == FORMAT_TABLE)
        return console_print(CONSOLE_OUT, "%s\r\n", heading);
    if (format == FORMAT_JSON)
        return true;
    for (const char *before = ""; column->name != NULL; column++, before = ",") {
        if ((column->formats & IN_CSV) != 0 &&
            !console_print(CONSOLE_OUT, "%s%s", before, column->name))
            return false;
    }
    return console_print(CONSOLE_OUT, "\r\n");
}

bool console_print_row(enum format format, const struct column *column, const char *const *value) {
    static char row[8192];
    struct text line;
    size_t start = 0;
    text_begin(&line, row, sizeof row);
    for (; column->name != NULL; column++, value++) {
        const char *shown = *value != NULL ? *value : "";
        if ((column->formats >> format & 1) == 0 || (format == FORMAT_JSON && *shown == '\0'))
            continue;
        if (line.length > 0 && format == FORMAT_CSV)
            text_put_char(&line, ',');
        if (line.length > 0 && format == FORMAT_TABLE && column->kind != OWN_LINE)
            text_put_char(&line, ' ');
        if (format == FORMAT_TABLE) {
            put_cell(&line, column, start, shown);
            start += column->width + 1u;
        } else if (format == FORMAT_CSV) {
            put_csv(&line, shown);
        } else {
            put_member_name(&line, column->name);
            if (column->kind == NUMBER)
                text_put(&line, shown);
            else
                put_json(&line, shown);
        }
    }
    if (format == FORMAT_TABLE)
        trim_blanks(&line);
    return console_print(CONSOLE_OUT, format == FORMAT_JSON ? "{%s}\r\n" : "%s\r\n", row);
}

/* ---- configuration ---- */

GUARDED int console_fail_config(const struct options *options, const struct config_error *error) {
    static char path[PATH_UNITS * 3];
    char line[32];
    struct text text;
    text_begin(&text, line, sizeof line);
    if (error->line != 0)
        text_print(&text, ", line %u", error->line);
    path_print(options->config, path, sizeof path);
    return console_fail_because(path, line, error->reason);
}
