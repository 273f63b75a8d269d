/* SPDX-License-Identifier: MIT */
/*
 * test_journal_reader: core/journal, many lines in pieces of any size, torn, foreign and overlong ones; times.
 */
#include "journal_check.h"

/* ---- many lines */

struct seen {
    uint32_t count;
    uint32_t numbers[64];
};

static void visit(void *context, const struct journal_entry *entry) {
    struct seen *seen = context;
    if (seen->count < 64)
        seen->numbers[seen->count] = entry->number;
    seen->count++;
}

static struct journal_reader reader;

/* What was fed does not end with the end of a line. */
static bool is_torn(void) {
    return reader.length > 0 || reader.overlong;
}

/* Feeds the text in pieces of that size. */
static struct seen feed(const char *text, size_t size, size_t piece) {
    struct seen seen = {0};
    journal_begin(&reader);
    for (size_t at = 0; at < size; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        char *exact = exact_copy(text + at, n);
        journal_feed(&reader, exact, n, visit, &seen);
        free(exact);
    }
    return seen;
}

static size_t three_entries(char *text) {
    size_t size = 0;
    for (uint32_t number = 1; number <= 3; number++) {
        struct journal_entry entry = intent();
        entry.number = number;
        size += journal_encode(&entry, text + size, JOURNAL_LINE_MAX);
    }
    return size;
}

static void pieces_of_any_size(void **state) {
    (void)state;
    static char text[3 * JOURNAL_LINE_MAX];
    size_t size = three_entries(text);
    for (size_t piece = 1; piece <= size; piece++) {
        struct seen seen = feed(text, size, piece);
        assert_int_equal(seen.count, 3);
        assert_int_equal(seen.numbers[0] * 100 + seen.numbers[1] * 10 + seen.numbers[2], 123);
        assert_int_equal(reader.entries, 3);
        assert_int_equal(reader.foreign, 0);
        assert_false(is_torn());
        /* Where the last line is, and which. */
        assert_int_equal(reader.lines, 3);
        assert_int_equal(reader.bytes, size);
        assert_int_equal(reader.last_at, size / 3 * 2);
        /* The end of the line before belongs to it. */
        assert_int_equal(reader.last, crc32(0, text + size / 3 * 2 - 1, size / 3 + 1));
    }
}

static void empty_journal(void **state) {
    (void)state;
    struct seen seen = feed("", 0, 1);
    assert_int_equal(seen.count + reader.entries + reader.foreign, 0);
    assert_false(is_torn());
}

/* A power cut leaves any part of the last line; the next one is then put on a line of its own. */
static void torn_at_every_length(void **state) {
    (void)state;
    static char text[4 * JOURNAL_LINE_MAX];
    char label[32];
    size_t size = three_entries(text);
    size_t line = size / 3;
    for (size_t cut = 2 * line; cut <= size; cut++) {
        static char mended[4 * JOURNAL_LINE_MAX];
        struct journal_entry entry = intent();
        (void)snprintf(label, sizeof label, "torn at %zu", cut);
        struct seen seen = feed(text, cut, 100);
        same_number(label, "entries", cut == size ? 3 : 2, seen.count);
        same_number(label, "is torn", cut != 2 * line && cut != size, is_torn());
        same_number(label, "foreign", 0, reader.foreign);
        same_number(label, "bytes of whole lines", cut == size ? size : 2 * line, reader.bytes);
        same_number(label, "the last whole line", cut == size ? 2 * line : line, reader.last_at);
        entry.number = 4;
        memcpy(mended, text, cut);
        memcpy(mended + cut, "\r\n", 2);
        size_t length = journal_encode(&entry, mended + cut + 2, JOURNAL_LINE_MAX);
        seen = feed(mended, cut + 2 + length, 1000);
        /* A line that lacks no more than its end is good once it has one. */
        same_number(label, "entries after", cut >= size - 2 ? 4 : 3, seen.count);
        same_number(label, "the last", 4, seen.numbers[seen.count - 1]);
        same_number(label, "lines after", 3 + (cut > 2 * line), reader.entries + reader.foreign);
        same_number(label, "is torn after", false, is_torn());
    }
    no_complaints();
}

/* At the end of a torn journal: what lacks no more than the end of its line is taken, once. */
static void end_of_a_torn_journal(void **state) {
    (void)state;
    static char text[3 * JOURNAL_LINE_MAX];
    char label[32];
    size_t size = three_entries(text);
    for (size_t cut = size / 3 * 2; cut <= size; cut++) {
        struct seen seen = feed(text, cut, 64);
        bool torn = is_torn();
        (void)snprintf(label, sizeof label, "torn at %zu", cut);
        same_number(label, "is torn", torn, journal_end(&reader, visit, &seen));
        same_number(label, "entries", cut >= size - 2 ? 3 : 2, seen.count);
        same_number(label, "other lines", torn && cut < size - 2, reader.foreign);
        same_number(label, "is torn again", false, journal_end(&reader, visit, &seen));
        same_number(label, "entries again", cut >= size - 2 ? 3 : 2, seen.count);
    }
    assert_int_equal(feed("", 0, 1).count, 0);
    assert_false(journal_end(&reader, visit, NULL));
    no_complaints();
}

static void foreign_lines(void **state) {
    (void)state;
    static char text[8 * JOURNAL_LINE_MAX];
    static const char *const foreign[] = {"a note by hand\r\n", "KMR1\t\r\n", "\n\r\n\r\n",
                                          "\0\0\n", "\xEF\xBB\xBF\r\n"};
    static const size_t sizes[] = {16, 7, 5, 3, 5};
    struct journal_entry entry = intent();
    size_t size = 0;
    for (size_t i = 0; i < 5; i++) {
        memcpy(text + size, foreign[i], sizes[i]);
        size += sizes[i];
        size += journal_encode(&entry, text + size, JOURNAL_LINE_MAX);
    }
    struct seen seen = feed(text, size, 77);
    assert_int_equal(seen.count, 5);
    assert_int_equal(reader.entries, 5);
    /* Empty lines are nothing to tell of. */
    assert_int_equal(reader.foreign, 4);
}

static void overlong_lines(void **state) {
    (void)state;
    static char text[4 * JOURNAL_LINE_MAX];
    struct journal_entry entry = intent();
    for (size_t length = JOURNAL_LINE_MAX - 3; length <= JOURNAL_LINE_MAX + 3; length++) {
        memset(text, 'x', length);
        memcpy(text + length, "\r\n", 2);
        size_t good = journal_encode(&entry, text + length + 2, JOURNAL_LINE_MAX);
        struct seen seen = feed(text, length + 2 + good, 500);
        assert_int_equal(seen.count, 1);
        assert_int_equal(reader.foreign, 1);
        assert_false(is_torn());
        (void)feed(text, length, 500);
        assert_true(is_torn());
    }
    /* A whole entry in the tail of an overlong line is a part of that line. */
    memset(text, 'x', JOURNAL_LINE_MAX);
    size_t good = journal_encode(&entry, text + JOURNAL_LINE_MAX, JOURNAL_LINE_MAX);
    struct seen seen = feed(text, JOURNAL_LINE_MAX + good, 500);
    assert_int_equal(seen.count, 0);
    assert_int_equal(reader.foreign, 1);
}

/* The longest line that is written is one that is read. */
static void longest_line(void **state) {
    (void)state;
    static char text[2 * JOURNAL_LINE_MAX];
    struct journal_entry entry = intent();
    entry.text[0] = '\0';
    memset(entry.name, '%', QUEUE_NAME_BYTES - 1);
    memset(entry.mailbox, 'x', RECORD_MAILBOX_BYTES - 1);
    size_t size = 0;
    for (size_t n = 1; n < CONFIG_PRINT_BYTES; n++) {
        entry.text[n - 1] = 'x';
        size_t length = journal_encode(&entry, text, JOURNAL_LINE_MAX);
        if (length == 0)
            break;
        size = length;
        assert_int_equal(feed(text, size, size).count, 1);
    }
    assert_int_equal(size, JOURNAL_LINE_MAX - 1);
}

/* ---- times */

static void known_times(void **state) {
    (void)state;
    static const struct {
        uint32_t utc;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},          {1, "1970-01-01T00:00:01Z"},
        {86399, "1970-01-01T23:59:59Z"},      {86400, "1970-01-02T00:00:00Z"},
        {68169599, "1972-02-28T23:59:59Z"},   {68169600, "1972-02-29T00:00:00Z"},
        {68256000, "1972-03-01T00:00:00Z"},   {946684799, "1999-12-31T23:59:59Z"},
        {946684800, "2000-01-01T00:00:00Z"},  {951782400, "2000-02-29T00:00:00Z"},
        {951868800, "2000-03-01T00:00:00Z"},  {2147483647, "2038-01-19T03:14:07Z"},
        {2147483648, "2038-01-19T03:14:08Z"}, {4107542399, "2100-02-28T23:59:59Z"},
        {4107542400, "2100-03-01T00:00:00Z"}, {4291747199, "2105-12-31T23:59:59Z"},
        {1795365600, "2026-11-22T16:40:00Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[JOURNAL_TIME_BYTES];
        uint32_t utc = 1;
        char *exact = exact_copy(rows[i].text, strlen(rows[i].text));
        journal_print_time(rows[i].utc, text);
        same_text(rows[i].text, "printed", rows[i].text, text);
        same_number(rows[i].text, "accepted", true,
                    journal_read_time(exact, strlen(rows[i].text), &utc));
        same_number(rows[i].text, "read", rows[i].utc, utc);
        free(exact);
    }
    no_complaints();
}

/* Day after day by counting, against the formulas. */
static void days_there_and_back(void **state) {
    (void)state;
    static const uint32_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint32_t days = 0;
    for (uint32_t year = 1970; year <= 2105; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (uint32_t month = 1; month <= 12; month++) {
            for (uint32_t day = 1; day <= lengths[month - 1] + (month == 2 && leap); day++) {
                char expected[64], text[JOURNAL_TIME_BYTES];
                uint32_t second = days * 7919 % 86400;
                uint32_t utc = days * 86400 + second, again = 0;
                (void)snprintf(expected, sizeof expected, "%04u-%02u-%02uT%02u:%02u:%02uZ", year,
                               month, day, second / 3600, second / 60 % 60, second % 60);
                journal_print_time(utc, text);
                same_text(expected, "printed", expected, text);
                same_number(expected, "read", true, journal_read_time(text, 20, &again));
                same_number(expected, "again", utc, again);
                same_number(expected, "journal_utc", utc, journal_utc(year, month, day, second));
                days++;
            }
        }
    }
    assert_int_equal(days, 49673);
    no_complaints();
}

static void no_times(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "1970-01-01T00:00:00",
        "1970-01-01T00:00:00Z ",
        "1969-12-31T23:59:59Z",
        "2106-01-01T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2001-02-29T00:00:00Z",
        "2000-02-30T00:00:00Z",
        "2000-04-31T00:00:00Z",
        "2000-13-01T00:00:00Z",
        "2000-00-01T00:00:00Z",
        "2000-01-00T00:00:00Z",
        "2000-01-32T00:00:00Z",
        "2000-01-01T24:00:00Z",
        "2000-01-01T00:60:00Z",
        "2000-01-01T00:00:60Z",
        "2000-01-01 00:00:00Z",
        "2000-01-01T00:00:00z",
        "2000/01/01T00:00:00Z",
        "2000-01-01T00-00-00Z",
        "20x0-01-01T00:00:00Z",
        "2000-1 -01T00:00:00Z",
        "+200-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint32_t utc = 0;
        char *exact = exact_copy(texts[i], strlen(texts[i]));
        same_number(texts[i], "accepted", false, journal_read_time(exact, strlen(texts[i]), &utc));
        free(exact);
    }
    no_complaints();
}

/* The reader's memory may hold anything when it begins. */
static void what_was_there_before(void **state) {
    (void)state;
    struct seen seen = {0};
    memset(&reader, '\r', sizeof reader);
    journal_begin(&reader);
    journal_feed(&reader, "\n\r\n\n", 4, visit, &seen);
    assert_int_equal(reader.lines, 3);
    assert_int_equal(reader.foreign, 0);
    assert_int_equal(seen.count, 0);
}

/* An overlong line is foreign, be its beginning an entry. */
static void an_entry_and_too_many_ends(void **state) {
    (void)state;
    static char text[3 * JOURNAL_LINE_MAX];
    for (size_t size = JOURNAL_LINE_MAX; size <= JOURNAL_LINE_MAX + 1; size++) {
        struct journal_entry entry = intent();
        memset(text, '\r', sizeof text);
        size_t length = journal_encode(&entry, text, JOURNAL_LINE_MAX);
        text[length - 1] = text[length] = '\r';
        text[size] = '\n';
        struct seen seen = feed(text, size + 1, 1000);
        same_number("ends", "entries", size == JOURNAL_LINE_MAX, seen.count);
        same_number("ends", "foreign", size > JOURNAL_LINE_MAX, reader.foreign);
    }
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_any_size),    cmocka_unit_test(empty_journal),
        cmocka_unit_test(torn_at_every_length),  cmocka_unit_test(end_of_a_torn_journal),
        cmocka_unit_test(foreign_lines),         cmocka_unit_test(overlong_lines),
        cmocka_unit_test(longest_line),          cmocka_unit_test(known_times),
        cmocka_unit_test(days_there_and_back),   cmocka_unit_test(no_times),
        cmocka_unit_test(what_was_there_before), cmocka_unit_test(an_entry_and_too_many_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
