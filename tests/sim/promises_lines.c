/* SPDX-License-Identifier: MIT */
/*
 * promises_lines: the lines of the journal, read by other means than core's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "promises_parts.h"

enum { FIELDS = 16, FIELD_BYTES = 64 };

static unsigned hex_value(char c) {
    return c >= 'A' ? (unsigned)(c - 'A') + 10 : (unsigned)(c - '0');
}

/* Takes the fields apart, of which the first 63 bytes are enough. */
static size_t split(const char *text, size_t length, char fields[FIELDS][FIELD_BYTES]) {
    size_t count = 0;
    size_t n = 0;
    for (size_t i = 0; i <= length && count < FIELDS; i++) {
        if (i == length || text[i] == '\t') {
            fields[count++][n] = '\0';
            n = 0;
        } else if (text[i] == '%' && i + 2 < length) {
            if (n < FIELD_BYTES - 1)
                fields[count][n++] = (char)(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
            i += 2;
        } else if (n < FIELD_BYTES - 1) {
            fields[count][n++] = text[i];
        }
    }
    return count;
}

static uint32_t read_utc(const char *text) {
    struct tm tm = {0};
    if (sscanf(text, "%d-%d-%dT%d:%d:%dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
               &tm.tm_min, &tm.tm_sec) != 6)
        return 0;
    /* Days since 1970, counted by the year and the month. */
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t days = 0;
    for (int year = 1970; year < tm.tm_year; year++)
        days += year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365;
    days += before[(tm.tm_mon - 1) % 12] + tm.tm_mday - 1;
    days += tm.tm_mon > 2 && tm.tm_year % 4 == 0;
    return (uint32_t)(days * 86400 + tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec);
}

static uint32_t decimal(const char *text) {
    return (uint32_t)strtoul(text, NULL, 10);
}

static uint32_t hexadecimal(const char *text) {
    return (uint32_t)strtoul(text, NULL, 16);
}

static void take_record(struct line *line, const char *name, const char *folder) {
    (void)snprintf(line->name, sizeof line->name, "%.31s", name);
    line->folder = world_folder(folder);
}

/* The first version had no numbers in HOLD and RELEASE. */
static void take_fields(struct line *line, bool is_1, char f[FIELDS][FIELD_BYTES]) {
    static const char *const kinds[] = {"",           "INTENT", "UNDO",    "REPAIRED",
                                        "DONE",       "HOLD",   "RELEASE", "LOADED",
                                        "CHECKPOINT", "STATE",  "WINDOW"};
    unsigned at = is_1 ? 3 : 4;
    for (int k = LINE_INTENT; k <= LINE_WINDOW; k++) {
        if (strcmp(f[2], kinds[k]) == 0 && (!is_1 || (k <= LINE_LOADED && k != LINE_REPAIRED)))
            line->kind = (enum kind)k;
    }
    line->utc = read_utc(f[1]);
    switch (line->kind) {
    case LINE_INTENT:
    case LINE_UNDO:
    case LINE_REPAIRED:
        line->number = decimal(f[3]);
        line->offset = decimal(f[4]);
        line->size = decimal(f[5]);
        line->before = hexadecimal(f[6]);
        line->after = hexadecimal(f[7]);
        take_record(line, f[8], f[10]);
        (void)snprintf(line->mailbox, sizeof line->mailbox, "%.63s", f[9]);
        break;
    case LINE_DONE:
        line->number = decimal(f[3]);
        (void)snprintf(line->outcome, sizeof line->outcome, "%.15s", f[4]);
        break;
    case LINE_HOLD:
        line->number = is_1 ? 0 : decimal(f[3]);
        line->before = hexadecimal(f[at]);
        take_record(line, f[at + 1], f[at + 2]);
        break;
    case LINE_RELEASE:
        take_record(line, f[at], f[at + 1]);
        break;
    case LINE_CHECKPOINT:
        line->number = decimal(f[5]);
        break;
    case LINE_STATE:
        (void)snprintf(line->outcome, sizeof line->outcome, "%.15s", f[3]);
        line->scanned = read_utc(f[5]);
        break;
    case LINE_NONE:
    case LINE_LOADED:
    case LINE_WINDOW:
        break;
    }
}

/* `text` without the end of the line. */
bool promises_parse(const char *text, size_t length, struct line *line) {
    static char fields[FIELDS][FIELD_BYTES];
    char crc[9];
    memset(line, 0, sizeof *line);
    while (length > 0 && text[length - 1] == '\r')
        length--;
    if (length < 20 || length > 4096 || text[length - 9] != '\t')
        return false;
    bool is_1 = memcmp(text, "KMR1\t", 5) == 0;
    if (!is_1 && memcmp(text, "KMR2\t", 5) != 0)
        return false;
    (void)snprintf(crc, sizeof crc, "%08X", world_crc(0, text, length - 9));
    if (memcmp(crc, text + length - 8, 8) != 0)
        return false;
    memset(fields, 0, sizeof fields);
    (void)split(text, length - 9, fields);
    take_fields(line, is_1, fields);
    return line->kind != LINE_NONE;
}

/* Calls `visit` for each good line; returns how many are none. */
unsigned promises_read_lines(const char *content, size_t length,
                             void (*visit)(const struct line *)) {
    struct line line;
    unsigned foreign = 0;
    for (size_t from = 0; from < length;) {
        const char *end = memchr(content + from, '\n', length - from);
        size_t to = end != NULL ? (size_t)(end - content) : length;
        if (promises_parse(content + from, to - from, &line))
            visit(&line);
        else
            foreign++;
        from = to + 1;
    }
    return foreign;
}
