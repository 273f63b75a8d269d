/* SPDX-License-Identifier: MIT */
/* test_text: core/text: bounded strings, numbers, UTF-8 and UTF-16 there and back, what acts on a console. */
#include "check.h"
#include "text.h"

/* ---- strings in fixed buffers */

static void builds(void **state) {
    (void)state;
    char buffer[64];
    struct text text;
    text_begin(&text, buffer, sizeof buffer);
    assert_string_equal(buffer, "");
    text_put(&text, "a");
    text_put_bytes(&text, "bcX", 2);
    text_put_char(&text, '-');
    text_put_u32(&text, 0);
    text_put_char(&text, ' ');
    text_put_u32(&text, UINT32_MAX);
    text_put_char(&text, ' ');
    text_put_hex(&text, 0x1A);
    text_put_char(&text, ' ');
    text_put_2(&text, 7);
    text_put_2(&text, 59);
    assert_string_equal(buffer, "abc-0 4294967295 0000001A 0759");
    assert_int_equal(text.length, strlen(buffer));
    assert_false(text.cut);
}

/* "aé€😀": one, two, three and four bytes. */
#define LADDER "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"

static void cuts_between_characters(void **state) {
    (void)state;
    static const size_t fits[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
    for (size_t room = 0; room <= 10; room++) {
        char *buffer = malloc(room + 1);
        char label[32];
        (void)snprintf(label, sizeof label, "room for %zu bytes", room);
        assert_non_null(buffer);
        same_number(label, "all of it fits", room == 10, text_copy(buffer, room + 1, LADDER));
        same_number(label, "length", fits[room], strlen(buffer));
        same_number(label, "first bytes", 0, (uint64_t)memcmp(buffer, LADDER, fits[room]));
        free(buffer);
    }
    no_complaints();
}

static void cuts_an_exact_piece(void **state) {
    (void)state;
    char *piece = exact_copy(LADDER, 10);
    char buffer[8];
    struct text text;
    text_begin(&text, buffer, sizeof buffer);
    text_put_bytes(&text, piece, 10);
    assert_true(text.cut);
    assert_string_equal(buffer, "a\xC3\xA9\xE2\x82\xAC");
    text_put_u32(&text, 42);
    assert_string_equal(buffer, "a\xC3\xA9\xE2\x82\xAC"
                                "4");
    free(piece);
}

/* ---- numbers */

/* What acts on a console, and what is no UTF-8, a byte at a time; the text need not be terminated. */
static void puts_what_is_safe(void **state) {
    (void)state;
    static const struct {
        const char *text, *shown;
    } rows[] = {{"", ""},
                {"a.ini", "a.ini"},
                {"a\x1B[2J", "a?[2J"},
                {"\xC3\xBC\xE2\x82\xAC", "\xC3\xBC\xE2\x82\xAC"},
                {"a\xE2\x80\xAE"
                 "b",
                 "a?b"},
                {"\xFF\xFFx\xC3", "??x?"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char buffer[32];
        struct text text;
        size_t length = strlen(rows[i].text);
        char *exact = exact_copy(rows[i].text, length);
        text_begin(&text, buffer, sizeof buffer);
        text_put_safe(&text, exact, length);
        same_text(rows[i].text, "shown", rows[i].shown, buffer);
        free(exact);
    }
    no_complaints();
}

static void reads_numbers(void **state) {
    (void)state;
    static const struct {
        const char *digits;
        uint32_t most;
        bool good;
        uint32_t number;
    } rows[] = {
        {"0", 0, true, 0},
        {"1", 0, false, 0},
        {"00000000000000000000", 0, true, 0},
        {"5", 5, true, 5},
        {"6", 5, false, 0},
        {"05", 5, true, 5},
        {"10", 9, false, 0},
        {"99", 100, true, 99},
        {"100", 100, true, 100},
        {"101", 100, false, 0},
        {"1000", 100, false, 0},
        {"4294967295", UINT32_MAX, true, UINT32_MAX},
        {"4294967296", UINT32_MAX, false, 0},
        {"4294967305", UINT32_MAX, false, 0},
        {"42949672950", UINT32_MAX, false, 0},
        {"99999999999999999999", UINT32_MAX, false, 0},
        {"4294967294", 4294967294U, true, 4294967294U},
        {"4294967295", 4294967294U, false, 0},
        {"", 9, false, 0},
        {"+1", 9, false, 0},
        {"-1", 9, false, 0},
        {" 1", 9, false, 0},
        {"1 ", 9, false, 0},
        {"1.0", 9, false, 0},
        {"0x1", 9, false, 0},
        {"1\xC2\xB2", 99, false, 0},
        {"/", UINT32_MAX, false, 0},
        {":", UINT32_MAX, false, 0},
        {"1x", UINT32_MAX, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t length = strlen(rows[i].digits);
        char *digits = exact_copy(rows[i].digits, length);
        uint32_t number = 0;
        bool good = text_read_u32(digits, length, rows[i].most, &number);
        same_number(rows[i].digits, "accepted", rows[i].good, good);
        if (good)
            same_number(rows[i].digits, "number", rows[i].number, number);
        free(digits);
    }
    no_complaints();
}

/* ---- UTF-8 and UTF-16 */

static void there_and_back(const uint16_t *units, size_t count, const char *label) {
    char bytes[64];
    uint16_t again[32];
    uint16_t *exact = exact_copy(units, count * sizeof *units);
    size_t length = text_from_utf16(exact, count, bytes, sizeof bytes);
    char *name = exact_copy(bytes, length);
    same_number(label, "units", count, text_to_utf16(name, length, again, 32));
    same_number(label, "difference", 0, (uint64_t)(memcmp(units, again, count * 2) != 0));
    same_number(label, "terminated", 0, again[count]);
    same_number(label, "is UTF-8", 1, text_is_utf8(name, length));
    free(name);
    free(exact);
}

static void every_unit_there_and_back(void **state) {
    (void)state;
    for (uint32_t c = 1; c <= 0xFFFF; c++) {
        char label[16];
        uint16_t unit = (uint16_t)c;
        (void)snprintf(label, sizeof label, "U+%04X", c);
        there_and_back(&unit, 1, label);
    }
    no_complaints();
}

static void surrogates_there_and_back(void **state) {
    (void)state;
    static const uint16_t edge[] = {0xD7FF, 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xE000, 'x', 0xFFFF};
    const size_t n = sizeof edge / sizeof edge[0];
    for (size_t i = 0; i < n * n * n; i++) {
        const uint16_t units[] = {edge[i % n], edge[i / n % n], edge[i / n / n]};
        char label[32];
        (void)snprintf(label, sizeof label, "%04X %04X %04X", units[0], units[1], units[2]);
        there_and_back(units, 3, label);
    }
    no_complaints();
}

static void known_encodings(void **state) {
    (void)state;
    const uint16_t units[] = {'a', 0xE9, 0x20AC, 0xD83D, 0xDE00};
    const uint16_t lone[] = {0xD83D, 'x'};
    char bytes[16];
    assert_int_equal(text_from_utf16(units, 5, bytes, sizeof bytes), 10);
    assert_string_equal(bytes, LADDER);
    assert_int_equal(text_from_utf16(lone, 2, bytes, sizeof bytes), 4);
    assert_string_equal(bytes, "\xED\xA0\xBDx");
    assert_int_equal(text_from_utf16(units, 0, bytes, sizeof bytes), 0);
    assert_string_equal(bytes, "");
}

static void sizes_of_results(void **state) {
    (void)state;
    const uint16_t units[] = {'a', 0xE9, 0x20AC, 0xD83D, 0xDE00};
    for (size_t size = 1; size <= 12; size++) {
        char *bytes = malloc(size);
        size_t length = text_from_utf16(units, 5, bytes, size);
        assert_int_equal(length, size >= 11 ? 10 : (size_t)-1);
        free(bytes);
    }
    for (size_t size = 1; size <= 7; size++) {
        uint16_t *to = malloc(size * sizeof *to);
        size_t length = text_to_utf16(LADDER, 10, to, size);
        assert_int_equal(length, size >= 6 ? 5 : (size_t)-1);
        free(to);
    }
}

static void what_is_utf8(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        bool good;
    } rows[] = {
        {"", true},
        {"plain", true},
        {LADDER, true},
        {"\x7F", true},
        {"\xC2\x80", true},
        {"\xDF\xBF", true},
        {"\xE0\xA0\x80", true},
        {"\xEF\xBF\xBF", true},
        {"\xF0\x90\x80\x80", true},
        {"\xF4\x8F\xBF\xBF", true},
        {"\xED\xA0\x80", true}, /* a lone surrogate, see text.h */
        {"\x80", false},
        {"\xBF", false},
        {"\xC0\x80", false},     /* overlong */
        {"\xC1\xBF", false},     /* overlong */
        {"\xE0\x9F\xBF", false}, /* overlong */
        {"\xF0\x8F\xBF\xBF", false},
        {"\xF4\x90\x80\x80", false}, /* beyond U+10FFFF */
        {"\xF5\x80\x80\x80", false},
        {"\xFF", false},
        {"\xC3", false}, /* half a character */
        {"\xE2\x82", false},
        {"\xF0\x9F\x98", false},
        {"\xC3x", false},
        {"\xE2\x82x", false},
        {"\xF0\x9F\x98x", false},
        {"Schl\xFCssel", false}, /* code page 1252 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t length = strlen(rows[i].bytes);
        char *bytes = exact_copy(rows[i].bytes, length);
        uint16_t units[16];
        same_number(rows[i].bytes, "is UTF-8", rows[i].good, text_is_utf8(bytes, length));
        same_number(rows[i].bytes, "can be UTF-16", rows[i].good,
                    text_to_utf16(bytes, length, units, 16) != (size_t)-1);
        free(bytes);
    }
    no_complaints();
}

static void what_is_active(void **state) {
    (void)state;
    static const uint32_t active[] = {0,      0x1B,   0x1F,   0x7F,   0x80,   0x85,   0x9F,
                                      0x200E, 0x200F, 0x2028, 0x2029, 0x202E, 0x2066, 0x2067,
                                      0x2069, 0x061C, 0xD800, 0xDFFF, 0xFEFF};
    static const uint32_t shown[] = {' ',     '%',    '~',    0xA0,   0xE9,   0x20AC, 0x4E2D,
                                     0x1F600, 0x200D, 0x2010, 0x2027, 0x202F, 0x2065, 0x206A,
                                     0x061B,  0x061D, 0xD7FF, 0xE000, 0xFEFE, 0xFF00};
    for (size_t i = 0; i < sizeof active / sizeof active[0]; i++)
        assert_true(text_is_active(active[i]));
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        assert_false(text_is_active(shown[i]));
}

static void prints_pieces(void **state) {
    (void)state;
    char buffer[40];
    struct text text;
    text_begin(&text, buffer, sizeof buffer);
    text_print(&text, "%s is %u, %u or %u%%%s", "it", 0U, 10U, UINT32_MAX, "");
    assert_string_equal(buffer, "it is 0, 10 or 4294967295%");
    text_print(&text, ";");
    assert_string_equal(buffer, "it is 0, 10 or 4294967295%;");
}

static void compares_ascii_without_case(void **state) {
    (void)state;
    char *state_key = exact_copy("sTaTe", 5);
    assert_true(text_same("sTaTe", "State"));
    assert_false(text_same("sTaTe", "Stat"));
    assert_false(text_same("sTaTe", "States"));
    assert_true(text_same("", ""));
    assert_false(text_same("\xC3\x84", "\xC3\xA4"));
    assert_false(text_same("[", "{"));
    assert_false(text_same("@", "`"));
    assert_true(text_equal_no_case(state_key, 5, "State"));
    assert_false(text_equal_no_case(state_key, 4, "State"));
    assert_false(text_equal_no_case(state_key, 5, "Stat"));
    assert_false(text_equal_no_case(state_key, 5, "States"));
    assert_true(text_equal_no_case("", 0, ""));
    assert_false(text_equal_no_case("\xC3\x84", 2, "\xC3\xA4"));
    assert_false(text_equal_no_case("[", 1, "{"));
    assert_false(text_equal_no_case("@", 1, "`"));
    free(state_key);
}

/* text_piece. What stands for a %s or a %u in brackets. */
static void put_in_brackets(void *context, const char *bytes, size_t length, bool is_value) {
    text_put(context, is_value ? "[" : "");
    text_put_bytes(context, bytes, length);
    text_put(context, is_value ? "]" : "");
}

static void format_in_brackets(struct text *text, const char *format, ...) {
    va_list values;
    va_start(values, format);
    text_format(put_in_brackets, text, format, values);
    va_end(values);
}

static void tells_what_is_a_value(void **state) {
    (void)state;
    char buffer[64];
    struct text text;
    text_begin(&text, buffer, sizeof buffer);
    format_in_brackets(&text, "a %s, %u%%.", "b", 7U);
    assert_string_equal(buffer, "a [b], [7][%].");
}

static void two_digits(void **state) {
    (void)state;
    for (uint32_t number = 0; number < 400; number++) {
        char buffer[8];
        char expected[8];
        struct text text;
        text_begin(&text, buffer, sizeof buffer);
        text_put_2(&text, number);
        (void)snprintf(expected, sizeof expected, "%02u", number % 100);
        assert_string_equal(buffer, expected);
    }
}

/* Of what begins in the middle of a character nothing is put where there is no room. */
static void a_full_buffer(void **state) {
    (void)state;
    char buffer[4];
    struct text text;
    text_begin(&text, buffer, sizeof buffer);
    text_put(&text, "abc");
    assert_false(text.cut);
    text_put_bytes(&text, "\x80\x80", 2);
    assert_true(text.cut);
    assert_string_equal(buffer, "abc");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds),
        cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(cuts_an_exact_piece),
        cmocka_unit_test(puts_what_is_safe),
        cmocka_unit_test(reads_numbers),
        cmocka_unit_test(every_unit_there_and_back),
        cmocka_unit_test(surrogates_there_and_back),
        cmocka_unit_test(known_encodings),
        cmocka_unit_test(sizes_of_results),
        cmocka_unit_test(what_is_utf8),
        cmocka_unit_test(what_is_active),
        cmocka_unit_test(prints_pieces),
        cmocka_unit_test(compares_ascii_without_case),
        cmocka_unit_test(tells_what_is_a_value),
        cmocka_unit_test(two_digits),
        cmocka_unit_test(a_full_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
