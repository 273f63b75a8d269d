/* SPDX-License-Identifier: MIT */
#include "journal.h"

#include <string.h>

#include "crc32.h"
#include "text.h"

enum {
    MARK_LENGTH = 4,
    CRC_LENGTH = 8,
    YEAR_FIRST = 1970,
    TIME_PARTS = 5, /* beside the year */
    KINDS = JOURNAL_REPAIRED + 1,
    OUTCOMES = OUTCOME_UNKNOWN + 1,
    WHYS = WHY_JOURNAL + 1
};

static const char *const mark = "KMR2\t";   /* with the tab that follows it */
static const char *const mark_1 = "KMR1\t"; /* of the first version */
static const char *const hex = "0123456789ABCDEF";
static const char *const kinds[KINDS] = {
    [JOURNAL_INTENT] = "INTENT",   [JOURNAL_UNDO] = "UNDO",
    [JOURNAL_DONE] = "DONE",       [JOURNAL_HOLD] = "HOLD",
    [JOURNAL_RELEASE] = "RELEASE", [JOURNAL_LOADED] = "LOADED",
    [JOURNAL_STATE] = "STATE",     [JOURNAL_CHECKPOINT] = "CHECKPOINT",
    [JOURNAL_WINDOW] = "WINDOW",   [JOURNAL_REPAIRED] = "REPAIRED"};
static const char *const outcomes[OUTCOMES] = {[OUTCOME_REPAIRED] = "repaired",
                                               [OUTCOME_UNDONE] = "undone",
                                               [OUTCOME_NOT_MADE] = "not-made",
                                               [OUTCOME_UNKNOWN] = "unknown"};
static const char *const whys[WHYS] = {
    [WHY_NOTHING] = "repairing", [WHY_REPORT_ONLY] = "report-only", [WHY_PAUSED] = "paused",
    [WHY_LIMIT] = "limit",       [WHY_FOLDER] = "folder",           [WHY_EVENTS] = "events",
    [WHY_JOURNAL] = "journal"};

const char *journal_why_name(enum journal_why why) {
    return whys[why];
}

/* Sets of kinds. */
enum {
    OF_CHANGE = 1 << JOURNAL_INTENT | 1 << JOURNAL_UNDO | 1 << JOURNAL_REPAIRED,
    OF_DONE = 1 << JOURNAL_DONE,
    OF_HOLD = 1 << JOURNAL_HOLD,
    OF_RELEASE = 1 << JOURNAL_RELEASE,
    OF_RECORD = OF_CHANGE | OF_HOLD | OF_RELEASE,
    OF_CHECKPOINT = 1 << JOURNAL_CHECKPOINT,
    OF_STATE = 1 << JOURNAL_STATE,
    OF_TEXT = 1 << JOURNAL_LOADED | 1 << JOURNAL_WINDOW,
    OF_ALL = OF_RECORD | OF_DONE | OF_CHECKPOINT | OF_STATE | OF_TEXT,
    OF_ALL_1 = 1 << JOURNAL_INTENT | 1 << JOURNAL_UNDO | OF_DONE | OF_HOLD | OF_RELEASE |
               1 << JOURNAL_LOADED
};

/* AS_WHEN is a time, or `-` for none. */
enum form { AS_TIME, AS_WHEN, AS_KIND, AS_NUMBER, AS_CRC, AS_OUTCOME, AS_WHY, AS_TEXT };

#define AT(member) offsetof(struct journal_entry, member)
#define COUNT_OF(which) (AT(state.counts.verdict) + (which) * sizeof(uint32_t))

/* The fields between the mark and the CRC, in the order in which they stand in a line. */
static const struct field {
    uint32_t kinds;   /* that have it */
    uint32_t kinds_1; /* that have it in KMR1 */
    enum form form;
    size_t at; /* in a struct journal_entry */
    size_t size;
} fields[] = {
    {OF_ALL, OF_ALL_1, AS_TIME, AT(utc), 0},
    {OF_ALL, OF_ALL_1, AS_KIND, AT(kind), 0},
    {OF_CHECKPOINT, 0, AS_CRC, AT(id), 0},
    {OF_CHECKPOINT, 0, AS_NUMBER, AT(generation), 0},
    {OF_CHANGE | OF_DONE | OF_HOLD | OF_RELEASE | OF_CHECKPOINT, OF_CHANGE | OF_DONE, AS_NUMBER,
     AT(number), 0},
    {OF_CHANGE, OF_CHANGE, AS_NUMBER, AT(offset), 0},
    {OF_CHANGE, OF_CHANGE, AS_NUMBER, AT(size), 0},
    {OF_CHANGE | OF_HOLD, OF_CHANGE | OF_HOLD, AS_CRC, AT(before), 0},
    {OF_CHANGE, OF_CHANGE, AS_CRC, AT(after), 0},
    {OF_DONE, OF_DONE, AS_OUTCOME, AT(outcome), 0},
    {OF_STATE, 0, AS_WHY, AT(state.why), 0},
    {OF_STATE, 0, AS_WHEN, AT(state.until), 0},
    {OF_STATE, 0, AS_WHEN, AT(state.scanned), 0},
    {OF_STATE, 0, AS_NUMBER, AT(state.counts.files), 0},
    {OF_STATE, 0, AS_NUMBER, COUNT_OF(VERDICT_SOUND), 0},
    {OF_STATE, 0, AS_NUMBER, COUNT_OF(VERDICT_STUCK), 0},
    {OF_STATE, 0, AS_NUMBER, COUNT_OF(VERDICT_DOUBTFUL), 0},
    {OF_STATE, 0, AS_NUMBER, COUNT_OF(VERDICT_UNREADABLE), 0},
    {OF_STATE, 0, AS_NUMBER, COUNT_OF(VERDICT_NOT_A_RECORD), 0},
    {OF_STATE, 0, AS_NUMBER, AT(state.counts.busy), 0},
    {OF_STATE, 0, AS_WHEN, AT(state.reminded), 0},
    {OF_RECORD, OF_RECORD, AS_TEXT, AT(name), QUEUE_NAME_BYTES},
    {OF_CHANGE, OF_CHANGE, AS_TEXT, AT(mailbox), RECORD_MAILBOX_BYTES},
    {OF_RECORD | OF_TEXT, OF_RECORD | OF_TEXT, AS_TEXT, AT(text), CONFIG_PRINT_BYTES},
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

static bool has_field(const struct journal_entry *entry, const struct field *field, bool is_1) {
    return ((is_1 ? field->kinds_1 : field->kinds) >> entry->kind & 1) != 0;
}

/* ---- times, from 1970 to 2106, where a uint32_t of seconds ends ---- */

static uint32_t days_of_year(uint32_t year) {
    return year % 4 == 0 && year != 2100 ? 366 : 365;
}

/* 31 and 30 in turn, and once more from August on. */
static uint32_t days_of_month(uint32_t year, uint32_t month) {
    return month == 2 ? days_of_year(year) - 337 : 30 + (month + month / 8) % 2;
}

uint32_t journal_utc(uint32_t year, uint32_t month, uint32_t day, uint32_t second_of_day) {
    uint32_t days = day - 1;
    for (uint32_t y = YEAR_FIRST; y < year; y++)
        days += days_of_year(y);
    for (uint32_t m = 1; m < month; m++)
        days += days_of_month(year, m);
    return days * 86400 + second_of_day;
}

void journal_print_time(uint32_t utc, char to[JOURNAL_TIME_BYTES]) {
    uint32_t year = YEAR_FIRST;
    uint32_t month = 1;
    uint32_t days = utc / 86400;
    struct text text;
    for (; days >= days_of_year(year); year++)
        days -= days_of_year(year);
    for (; days >= days_of_month(year, month); month++)
        days -= days_of_month(year, month);
    const uint32_t part[TIME_PARTS] = {month, days + 1, utc / 3600 % 24, utc / 60 % 60, utc % 60};
    text_begin(&text, to, JOURNAL_TIME_BYTES);
    text_put_u32(&text, year);
    for (size_t i = 0; i < TIME_PARTS; i++) {
        text_put_char(&text, "--T::"[i]);
        text_put_2(&text, part[i]);
    }
    text_put_char(&text, 'Z');
}

bool journal_read_time(const char *text, size_t length, uint32_t *utc) {
    uint32_t year;
    uint32_t part[TIME_PARTS];
    char again[JOURNAL_TIME_BYTES];
    if (length != JOURNAL_TIME_BYTES - 1 || !text_read_u32(text, 4, 2105, &year))
        return false;
    for (size_t i = 0; i < TIME_PARTS; i++) {
        if (!text_read_u32(text + 5 + 3 * i, 2, 99, &part[i]))
            return false;
    }
    *utc = journal_utc(year, part[0], part[1], (part[2] * 60 + part[3]) * 60 + part[4]);
    /* What is no time, or has other separators, is not what comes out again. */
    journal_print_time(*utc, again);
    return memcmp(again, text, length) == 0;
}

/* ---- lines ---- */

static void put_escaped(struct text *line, const char *value) {
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;
        const char escape[] = {'%', hex[c >> 4], hex[c & 15]};
        bool plain = c >= 0x20 && c != 0x7F && c != '%';
        text_put_bytes(line, plain ? value : escape, plain ? 1 : sizeof escape);
    }
}

size_t journal_encode(const struct journal_entry *entry, char *line, size_t size) {
    struct text text;
    char time[JOURNAL_TIME_BYTES];
    uint32_t when = 0;
    text_begin(&text, line, size);
    text_put_bytes(&text, mark, MARK_LENGTH);
    for (const struct field *field = fields; field < fields + FIELDS; field++) {
        const void *value = (const char *)entry + field->at;
        if (!has_field(entry, field, false))
            continue;
        text_put_char(&text, '\t');
        switch (field->form) {
        case AS_TIME:
        case AS_WHEN:
            when = *(const uint32_t *)value;
            journal_print_time(when, time);
            text_put(&text, when == 0 && field->form == AS_WHEN ? "-" : time);
            break;
        case AS_KIND:
            text_put(&text, kinds[entry->kind]);
            break;
        case AS_NUMBER:
            text_put_u32(&text, *(const uint32_t *)value);
            break;
        case AS_CRC:
            text_put_hex(&text, *(const uint32_t *)value);
            break;
        case AS_OUTCOME:
            text_put(&text, outcomes[entry->outcome]);
            break;
        case AS_WHY:
            text_put(&text, whys[entry->state.why]);
            break;
        case AS_TEXT:
            put_escaped(&text, value);
            break;
        }
    }
    uint32_t crc = crc32(0, line, text.length);
    text_put_char(&text, '\t');
    text_put_hex(&text, crc);
    text_put(&text, "\r\n");
    return text.cut ? 0 : text.length;
}

static bool read_hex(const char *digits, size_t length, uint32_t *number) {
    *number = 0;
    for (; length > 0; length--) {
        const char *digit = strchr(hex, *digits++);
        if (digit == NULL || *digit == '\0')
            return false;
        *number = *number << 4 | (uint32_t)(digit - hex);
    }
    return true;
}

static bool read_escaped(const char *from, size_t length, char *to, size_t size) {
    const char *end = from + length;
    while (from < end) {
        uint32_t c = (unsigned char)*from++;
        if (c == '%') {
            if (end - from < 2 || !read_hex(from, 2, &c))
                return false;
            from += 2;
        }
        if (c == '\0' || --size == 0)
            return false;
        *to++ = (char)c;
    }
    *to = '\0';
    return true;
}

/* Its index in a list of words, or `count`. */
static size_t find_word(const char *word, size_t length, const char *const *words, size_t count) {
    size_t i = 0;
    while (i < count && (strlen(words[i]) != length || memcmp(words[i], word, length) != 0))
        i++;
    return i;
}

static bool read_field(const struct field *field, const char *from, size_t length,
                       struct journal_entry *entry) {
    void *value = (char *)entry + field->at;
    size_t word = 0;
    switch (field->form) {
    case AS_TIME:
        return journal_read_time(from, length, value);
    case AS_NUMBER:
        return text_read_u32(from, length, UINT32_MAX, value);
    case AS_CRC:
        return length == CRC_LENGTH && read_hex(from, length, value);
    case AS_KIND:
        word = find_word(from, length, kinds, KINDS);
        entry->kind = (enum journal_kind)word;
        return word < KINDS;
    case AS_WHEN:
        return (length == 1 && *from == '-') || journal_read_time(from, length, value);
    case AS_WHY:
        word = find_word(from, length, whys, WHYS);
        entry->state.why = (enum journal_why)word;
        return word < WHYS;
    case AS_OUTCOME:
        word = find_word(from, length, outcomes, OUTCOMES);
        entry->outcome = (enum journal_outcome)word;
        return word < OUTCOMES;
    case AS_TEXT:
        break;
    }
    return read_escaped(from, length, value, field->size);
}

bool journal_decode(const char *line, size_t length, struct journal_entry *entry) {
    if (length < MARK_LENGTH + 1 + CRC_LENGTH)
        return false;
    bool is_1 = memcmp(line, mark_1, MARK_LENGTH + 1) == 0;
    if (!is_1 && memcmp(line, mark, MARK_LENGTH + 1) != 0)
        return false;
    uint32_t crc = 0;
    const char *from = line + MARK_LENGTH;            /* the tab before the next field */
    const char *end = line + length - 1 - CRC_LENGTH; /* the tab before the CRC */
    if (*end != '\t' || !read_hex(end + 1, CRC_LENGTH, &crc) ||
        crc != crc32(0, line, (size_t)(end - line)))
        return false;
    memset(entry, 0, sizeof *entry);
    for (const struct field *field = fields; field < fields + FIELDS; field++) {
        if (!has_field(entry, field, is_1))
            continue;
        if (from == end)
            return false;
        const char *start = from + 1;
        from = memchr(start, '\t', (size_t)(end + 1 - start));
        if (!read_field(field, start, (size_t)(from - start), entry))
            return false;
    }
    return from == end && (!is_1 || (OF_ALL_1 >> entry->kind & 1) != 0);
}

/* ---- the whole journal ---- */

void journal_begin(struct journal_reader *reader) {
    memset(reader, 0, offsetof(struct journal_reader, entry));
}

static void take_line(struct journal_reader *reader, journal_visit *visit, void *context) {
    size_t length = reader->length;
    /* A line that was torn before its LF gets another CR when the next one is begun. */
    while (length > 0 && reader->line[length - 1] == '\r')
        length--;
    if (!reader->overlong && journal_decode(reader->line, length, &reader->entry)) {
        reader->entries++;
        visit(context, &reader->entry);
    } else if (reader->overlong || length > 0) {
        reader->foreign++;
    }
    reader->length = 0;
    reader->overlong = false;
}

/* The line that begins where the last one ended is whole. */
static void end_line(struct journal_reader *reader, journal_visit *visit, void *context) {
    take_line(reader, visit, context);
    reader->lines++;
    reader->last_at = reader->bytes;
    reader->last = reader->crc;
    reader->bytes = reader->fed;
    reader->crc = crc32(0, "\n", 1);
}

void journal_feed(struct journal_reader *reader, const char *bytes, size_t size,
                  journal_visit *visit, void *context) {
    size_t from = 0;
    for (size_t i = 0; i < size; i++) {
        reader->fed++;
        if (bytes[i] == '\n') {
            reader->crc = crc32(reader->crc, bytes + from, i + 1 - from);
            from = i + 1;
            end_line(reader, visit, context);
        } else if (reader->length < sizeof reader->line) {
            reader->line[reader->length++] = bytes[i];
        } else {
            reader->overlong = true;
        }
    }
    reader->crc = crc32(reader->crc, bytes + from, size - from);
}

bool journal_end(struct journal_reader *reader, journal_visit *visit, void *context) {
    bool torn = reader->length > 0;
    take_line(reader, visit, context);
    return torn;
}
