#include "journal.h"

#include <string.h>

#include "crc32.h"
#include "text.h"

static const char mark[] = "KMR1";
static const char *const kinds[] = {
    [JOURNAL_INTENT] = "INTENT", [JOURNAL_UNDO] = "UNDO",       [JOURNAL_DONE] = "DONE",
    [JOURNAL_HOLD] = "HOLD",     [JOURNAL_RELEASE] = "RELEASE", [JOURNAL_LOADED] = "LOADED"};
static const char *const outcomes[] = {[OUTCOME_REPAIRED] = "repaired",
                                       [OUTCOME_UNDONE] = "undone",
                                       [OUTCOME_NOT_MADE] = "not-made",
                                       [OUTCOME_UNKNOWN] = "unknown"};

/* Days since 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that
 * the leap day is the last of a year; 146097 days are 400 years. Good until 2106, where a uint32_t
 * of seconds ends. */
static void date_of(uint32_t days, uint32_t *year, uint32_t *month, uint32_t *day) {
    uint32_t shifted = days + 719468;
    uint32_t era = shifted / 146097;
    uint32_t in_era = shifted % 146097;
    uint32_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    uint32_t in_year = in_era - (365 * y + y / 4 - y / 100);
    uint32_t m = (5 * in_year + 2) / 153;
    *day = in_year - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = y + era * 400 + (*month <= 2);
}

static uint32_t days_of(uint32_t year, uint32_t month, uint32_t day) {
    uint32_t y = year - (month <= 2);
    uint32_t in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return y / 400 * 146097 + y % 400 * 365 + y % 400 / 4 - y % 400 / 100 + in_year - 719468;
}

void journal_print_time(uint32_t utc, char to[JOURNAL_TIME_BYTES]) {
    uint32_t year, month, day;
    struct text text;
    date_of(utc / 86400, &year, &month, &day);
    text_begin(&text, to, JOURNAL_TIME_BYTES);
    text_put_u32(&text, year);
    text_put(&text, "-");
    text_put_2(&text, month);
    text_put(&text, "-");
    text_put_2(&text, day);
    text_put(&text, "T");
    text_put_2(&text, utc / 3600 % 24);
    text_put(&text, ":");
    text_put_2(&text, utc / 60 % 60);
    text_put(&text, ":");
    text_put_2(&text, utc % 60);
    text_put(&text, "Z");
}

uint32_t journal_utc(uint32_t year, uint32_t month, uint32_t day, uint32_t second_of_day) {
    return days_of(year, month, day) * 86400 + second_of_day;
}

bool journal_read_time(const char *text, size_t length, uint32_t *utc) {
    uint32_t year, month, day, hour, minute, second;
    char again[JOURNAL_TIME_BYTES];
    if (length != JOURNAL_TIME_BYTES - 1 || !text_read_u32(text, 4, 2105, &year) || year < 1970 ||
        !text_read_u32(text + 5, 2, 12, &month) || month == 0 ||
        !text_read_u32(text + 8, 2, 31, &day) || day == 0 ||
        !text_read_u32(text + 11, 2, 23, &hour) || !text_read_u32(text + 14, 2, 59, &minute) ||
        !text_read_u32(text + 17, 2, 59, &second))
        return false;
    *utc = journal_utc(year, month, day, (hour * 60 + minute) * 60 + second);
    /* Separators, and days that a month does not have. */
    journal_print_time(*utc, again);
    return memcmp(again, text, length) == 0;
}

static void put_field(struct text *line, const char *value) {
    text_put_char(line, '\t');
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;
        if (c >= 0x20 && c != 0x7F && c != '%') {
            text_put_char(line, *value);
        } else {
            text_put_char(line, '%');
            text_put_char(line, "0123456789ABCDEF"[c >> 4]);
            text_put_char(line, "0123456789ABCDEF"[c & 15]);
        }
    }
}

static void put_number(struct text *line, uint32_t number) {
    text_put_char(line, '\t');
    text_put_u32(line, number);
}

static void put_crc(struct text *line, uint32_t crc) {
    text_put_char(line, '\t');
    text_put_hex(line, crc);
}

size_t journal_encode(const struct journal_entry *entry, char *line, size_t size) {
    struct text text;
    char time[JOURNAL_TIME_BYTES];
    journal_print_time(entry->utc, time);
    text_begin(&text, line, size);
    text_put(&text, mark);
    put_field(&text, time);
    put_field(&text, kinds[entry->kind]);
    switch (entry->kind) {
    case JOURNAL_INTENT:
    case JOURNAL_UNDO:
        put_number(&text, entry->number);
        put_number(&text, entry->offset);
        put_number(&text, entry->size);
        put_crc(&text, entry->before);
        put_crc(&text, entry->after);
        put_field(&text, entry->name);
        put_field(&text, entry->mailbox);
        put_field(&text, entry->folder);
        break;
    case JOURNAL_DONE:
        put_number(&text, entry->number);
        put_field(&text, outcomes[entry->outcome]);
        break;
    case JOURNAL_HOLD:
        put_crc(&text, entry->before);
        put_field(&text, entry->name);
        put_field(&text, entry->folder);
        break;
    case JOURNAL_RELEASE:
        put_field(&text, entry->name);
        put_field(&text, entry->folder);
        break;
    case JOURNAL_LOADED:
        put_field(&text, entry->folder);
        break;
    }
    put_crc(&text, crc32(0, line, text.length));
    text_put(&text, "\r\n");
    return text.cut ? 0 : text.length;
}

/* A line that is being read, field by field. */
struct fields {
    const char *at;
    const char *end;
    bool good;
};

static void next_field(struct fields *fields, const char **field, size_t *length) {
    const char *tab = NULL;
    *field = fields->at;
    *length = 0;
    if (!fields->good || fields->at > fields->end) {
        fields->good = false;
        return;
    }
    tab = memchr(fields->at, '\t', (size_t)(fields->end - fields->at));
    *length = (size_t)((tab != NULL ? tab : fields->end) - fields->at);
    fields->at += *length + 1;
}

static uint32_t get_number(struct fields *fields) {
    const char *field;
    size_t length;
    uint32_t number = 0;
    next_field(fields, &field, &length);
    fields->good = fields->good && text_read_u32(field, length, UINT32_MAX, &number);
    return number;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_hex(const char *digits, size_t length, uint32_t *number) {
    uint32_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        if (hex_digit(digits[i]) < 0)
            return false;
        sum = sum << 4 | (uint32_t)hex_digit(digits[i]);
    }
    *number = sum;
    return length == 8;
}

static uint32_t get_crc(struct fields *fields) {
    const char *field;
    size_t length;
    uint32_t crc = 0;
    next_field(fields, &field, &length);
    fields->good = fields->good && read_hex(field, length, &crc);
    return crc;
}

static void get_field(struct fields *fields, char *to, size_t size) {
    const char *field;
    size_t length;
    size_t n = 0;
    next_field(fields, &field, &length);
    for (size_t i = 0; fields->good && i < length; i++) {
        char c = field[i];
        if (c == '%') {
            int high = length - i > 2 ? hex_digit(field[i + 1]) : -1;
            int low = length - i > 2 ? hex_digit(field[i + 2]) : -1;
            if (high < 0 || low < 0)
                fields->good = false;
            c = (char)((unsigned)high << 4 | (unsigned)low);
            i += 2;
        }
        if (n + 1 >= size || c == '\0')
            fields->good = false;
        if (fields->good)
            to[n++] = c;
    }
    to[n] = '\0';
}

/* Index of the field in a list of words, or -1. */
static int get_word(struct fields *fields, const char *const *words, size_t count) {
    const char *field;
    size_t length;
    next_field(fields, &field, &length);
    for (size_t i = 0; fields->good && i < count; i++) {
        if (strlen(words[i]) == length && memcmp(words[i], field, length) == 0)
            return (int)i;
    }
    fields->good = false;
    return -1;
}

static void read_fields(struct fields *fields, struct journal_entry *entry) {
    int outcome = 0;
    switch (entry->kind) {
    case JOURNAL_INTENT:
    case JOURNAL_UNDO:
        entry->number = get_number(fields);
        entry->offset = get_number(fields);
        entry->size = get_number(fields);
        entry->before = get_crc(fields);
        entry->after = get_crc(fields);
        get_field(fields, entry->name, sizeof entry->name);
        get_field(fields, entry->mailbox, sizeof entry->mailbox);
        break;
    case JOURNAL_DONE:
        entry->number = get_number(fields);
        outcome = get_word(fields, outcomes, sizeof outcomes / sizeof outcomes[0]);
        entry->outcome = (enum journal_outcome)(outcome < 0 ? 0 : outcome);
        return;
    case JOURNAL_HOLD:
        entry->before = get_crc(fields);
        get_field(fields, entry->name, sizeof entry->name);
        break;
    case JOURNAL_RELEASE:
        get_field(fields, entry->name, sizeof entry->name);
        break;
    case JOURNAL_LOADED:
        break;
    }
    get_field(fields, entry->folder, sizeof entry->folder);
}

bool journal_decode(const char *line, size_t length, struct journal_entry *entry) {
    const char *field;
    size_t field_length;
    uint32_t crc = 0;
    if (length < 10 || line[length - 9] != '\t' || !read_hex(line + length - 8, 8, &crc) ||
        crc != crc32(0, line, length - 9))
        return false;
    struct fields fields = {line, line + length - 9, true};
    const char *const marks[] = {mark};
    memset(entry, 0, sizeof *entry);
    (void)get_word(&fields, marks, 1);
    next_field(&fields, &field, &field_length);
    fields.good = fields.good && journal_read_time(field, field_length, &entry->utc);
    int kind = get_word(&fields, kinds, sizeof kinds / sizeof kinds[0]);
    if (!fields.good)
        return false;
    entry->kind = (enum journal_kind)kind;
    read_fields(&fields, entry);
    return fields.good && fields.at > fields.end;
}

void journal_begin(struct journal_reader *reader) {
    memset(reader, 0, sizeof *reader);
}

static void end_line(struct journal_reader *reader, journal_visit *visit, void *context) {
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

void journal_feed(struct journal_reader *reader, const char *bytes, size_t size,
                  journal_visit *visit, void *context) {
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n')
            end_line(reader, visit, context);
        else if (reader->length < sizeof reader->line)
            reader->line[reader->length++] = bytes[i];
        else
            reader->overlong = true;
    }
}

bool journal_is_torn(const struct journal_reader *reader) {
    return reader->length > 0 || reader->overlong;
}

bool journal_end(struct journal_reader *reader, journal_visit *visit, void *context) {
    bool torn = journal_is_torn(reader);
    end_line(reader, visit, context);
    return torn;
}
