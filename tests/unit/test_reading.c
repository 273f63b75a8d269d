/* SPDX-License-Identifier: MIT */
/*
 * test_reading: core/record's reader before inih: lines on both sides of its buffer, every file of two bytes, the
 * longest lines, and 250,000 generated files against record_reference. Ten seconds.
 */
#include "record_check.h"
#include "record_reference.h"

/* ---- lines on both sides of inih's buffer */

static void check_long(const char *what, size_t length, const char *text, const char *end,
                       enum verdict verdict, enum verdict_reason reason) {
    char label[64];
    unsigned char *wide = malloc(2 * (size_t)(end - text) + 2);
    (void)snprintf(label, sizeof label, "%s, %zu", what, length);
    assert_non_null(wide);
    struct record record = judge(label, text, (size_t)(end - text));
    same_verdict(label, verdict, reason, &record);
    record = judge(label, wide, widen(text, (size_t)(end - text), wide));
    same_verdict(label, verdict, reason, &record);
    free(wide);
}

static void long_line(size_t length) {
    static char text[TEXT_MAX];
    char *end = put(put_long(text, "NumSCerts=", 'x', length), "\r\nState=4\r\n");
    check_long("a long NumSCerts", length, text, end, S, 0);
    end = put(put_long(text, "State=4\nNumSCerts=", ' ', length + 8), "\r\n");
    check_long("NumSCerts and blanks", length, text, end, S, 0);
    end = put_long(text, "State=4\nNumSCerts=", 'x', length + 8);
    check_long("a long NumSCerts at the end", length, text, end, S, 0);
    end = put(put_long(text, "State=4;", 'x', length), "\r\n");
    check_long("a long State", length, text, end, D, REASON_NOT_PLAIN);
    end = put(put_long(text, "State=4", ' ', length), "\r\nA=1\r\n");
    check_long("State and blanks", length, text, end, STUCK, 0);
    end = put(put_long(text, "State=", ' ', length - 1), "4\r\nA=1\r\n");
    check_long("blanks and State's 4", length, text, end, STUCK, 0);
    end = put(put_long(text, "State=", '0', length - 1), "4\r\nA=1\r\n");
    check_long("zeros and State's 4", length, text, end, D, REASON_NOT_PLAIN);
    end = put(put_long(text, "A=", 'x', length), "\nState=4\n");
    check_long("State after a long line", length, text, end, STUCK, 0);
    end = put(put_long(text, "State=4\nA=", 'x', length + 8), "\nNumSCerts=1\n");
    check_long("NumSCerts after a long line", length, text, end, S, 0);
    end = put(put_long(text, "", 'x', length), "\nState=4\n");
    check_long("State after a line of nothing", length, text, end, STUCK, 0);
    end = put(put_long(text, ";", 'x', length), "\nState=4\n");
    check_long("State after a long comment", length, text, end, STUCK, 0);
    end = put(put_long(text, "[", 'x', length), "\nState=4\n");
    check_long("State after a long section, not closed", length, text, end, D, REASON_BLANKS);
    end = put(put_long(text, "[", 'x', length), "]\nState=4\n");
    check_long("State after a long section", length, text, end, STUCK, 0);
}

static void long_tail(size_t length) {
    static char text[TEXT_MAX];
    char *end = put(put_long(text, "A=", 'x', length), "State=4\n");
    check_long("State in the tail", length, text, end, N, 0);
    end = put(put_long(text, "State=4\nA=", 'x', length + 8), "NumSCerts=1\n");
    check_long("NumSCerts in the tail", length, text, end, STUCK, 0);
    end = put(put_long(text, "A=", ' ', length), "State=4\n");
    check_long("State in a tail after blanks", length, text, end, N, 0);
    end = put(put_long(text, "State=4\nA", 'x', length + 8), "NumSCerts=1\n");
    check_long("NumSCerts in the tail of a name", length, text, end, STUCK, 0);
    end = put(put_long(text, "State=4\n;", 'x', length + 8), "NumSCerts=1\n");
    check_long("NumSCerts in the tail of a comment", length, text, end, STUCK, 0);
    end = put(put_long(text, "[a]\nState=4\n[", 'x', length + 12), "NumSCerts=1\n");
    check_long("NumSCerts in the tail of a section", length, text, end, STUCK, 0);
    end = put(put_long(text, "a=", 'x', length), "[x\nState=4\n");
    check_long("a heading in the tail", length, text, end, STUCK, 0);
    end = put(put_long(text, "State=4\n", ' ', length + 8), "Num");
    check_long("blanks before what is cut off", length, text, end, D, REASON_CUT_OFF);
}

/* Neither may a long run of blanks hide a key. */
static void long_blanks(size_t length) {
    static char text[TEXT_MAX];
    char *end = put(put_long(text, "State", ' ', length), "=4\n");
    check_long("blanks before State's =", length, text, end, STUCK, 0);
    end = put(put_long(text, "State=4\nNumSCerts", ' ', length + 8), "=1\n");
    check_long("blanks before NumSCerts' =", length, text, end, S, 0);
    end = put(put_long(text, "State=4\nNumSCerts", '\t', length + 8), "=1\n");
    check_long("tabs before NumSCerts' =", length, text, end, S, 0);
    end = put(put_long(text, "State=4\n", ' ', length + 8), "NumSCerts=1\n");
    check_long("blanks before NumSCerts", length, text, end, S, 0);
    end = put(put_long(text, "State=4\n", '\v', length + 8), "NumSCerts=1\n");
    check_long("VTs before NumSCerts", length, text, end, D, REASON_BLANKS);
    end = put(put_long(text, "State=4\nNumSCerts", '\xA0', length + 8), "=1\n");
    check_long("no-break spaces after NumSCerts", length, text, end, D, REASON_BLANKS);
    end = put(put_long(text, "", ' ', length), "; State=4\nState=4");
    check_long("blanks before a comment", length, text, end, STUCK, 0);
    end = put(put_long(text, "", ' ', length), "[State=4]\nState=4");
    check_long("blanks before a section", length, text, end, STUCK, 0);
}

static void long_lines(void **state) {
    (void)state;
    static const size_t from[] = {40, 2040, 4090, 5000, 8190};
    static const size_t to[] = {60, 2056, 4102, 5000, 8194};
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++) {
        for (size_t length = from[i]; length <= to[i]; length++) {
            long_line(length);
            long_tail(length);
            long_blanks(length);
        }
    }
    no_complaints();
}

/* Blanks and odd characters by turns: no run of one of them is long. */
static void long_mixed_blanks(void **state) {
    (void)state;
    static char text[TEXT_MAX];
    char *end = put(text, "State=4\nNumSCerts");
    for (int i = 0; i < 3000; i++)
        end = put(end, " \v");
    end = put(end, "=1\n");
    check_long("mixed blanks", 6000, text, end, D, REASON_BLANKS);
    no_complaints();
}

/* ---- many files, against a reference */

static const char *const pieces[] = {
    "State",
    "State",
    "State",
    "state",
    "NumSCerts",
    "numscerts",
    "NumSCert",
    "Num",
    "SCerts",
    "Sta",
    "Stat",
    "e",
    "=",
    "=",
    "=",
    "=",
    "= ",
    " =",
    " = ",
    ":",
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "4",
    "4",
    "4",
    "4",
    "\"4\"",
    "'4'",
    "\"",
    "'",
    "0x",
    "0",
    "1",
    "40",
    "+",
    "-",
    "x",
    ";",
    "#",
    "[",
    "]",
    "[a]",
    "\n[a]\n",
    "\n[A",
    "\n[b]\n",
    "NumS",
    "\v",
    "\x7F",
    "\xA0",
    "\xC3\xBC",
    "\xEF\xBB\xBF",
    "\x1A",
    "\\",
    "a=1",
    "State=4\n",
    "State = 4\r\n",
    "\nState=4",
    "\nNumSCerts=1\n",
    "\nState=\"4\"\n",
};

static size_t make_file(struct random *random, unsigned char *to) {
    size_t size = 0;
    uint32_t count = random_below(random, 14);
    for (uint32_t i = 0; i < count; i++) {
        const char *piece = pieces[random_below(random, sizeof pieces / sizeof pieces[0])];
        memcpy(to + size, piece, strlen(piece));
        size += strlen(piece);
    }
    switch (random_below(random, 16)) {
    case 0: /* a long line somewhere */
        memset(to + size, random_below(random, 2) != 0 ? ' ' : 'x', 2040);
        size += 2040 + random_below(random, 12);
        memset(to + size - 12, '0', 12);
        memcpy(to + size, "State=4\n", 8);
        size += 8;
        break;
    case 1: /* a NUL */
        to[size++] = '\0';
        break;
    case 2: /* a mark */
        memmove(to + 3, to, size);
        memcpy(to, "\xEF\xBB\xBF", 3);
        size += 3;
        break;
    default:
        break;
    }
    return size;
}

static void compare(const char *label, const unsigned char *bytes, size_t size) {
    struct reference expected;
    struct record got;
    unsigned char *copy = exact_copy(bytes, size);
    reference_judge(copy, size, &expected);
    record_judge(copy, size, &got);
    if (expected.verdict != got.verdict || expected.reason != got.reason ||
        expected.line != got.line || expected.has_digit != got.has_digit ||
        (expected.has_digit && expected.digit != got.digit))
        complain(
            "%s: expected %s (%d), line %u, digit %d at %zu; got %s (%d), line %u, digit %d at "
            "%zu; the file is '%.*s'",
            label, record_verdict_name(expected.verdict), (int)expected.reason, expected.line,
            expected.has_digit, expected.digit, record_verdict_name(got.verdict), (int)got.reason,
            got.line, got.has_digit, got.digit, (int)(size < 200 ? size : 200), copy);
    check_whole(label, copy, size, &got);
    if (got.verdict == VERDICT_STUCK)
        check_repair(label, copy, size, &got);
    free(copy);
}

static void many_files(void **state) {
    (void)state;
    static unsigned char bytes[8 * 1024], wide[16 * 1024];
    unsigned verdicts[VERDICT_DOUBTFUL + 1] = {0};
    for (uint64_t seed = 1; seed <= 250000; seed++) {
        struct random random = {seed * 0x9E3779B97F4A7C15ULL};
        struct record record;
        char label[32];
        size_t size = make_file(&random, bytes);
        const unsigned char *file = bytes;
        (void)snprintf(label, sizeof label, "seed %llu", (unsigned long long)seed);
        if (random_below(&random, 4) == 0) {
            size = widen((const char *)bytes, size, wide) - (random_below(&random, 16) == 0);
            file = wide;
        }
        compare(label, file, size);
        record_judge(file, size, &record);
        verdicts[record.verdict]++;
    }
    /* A grammar that makes nothing but rubbish tests nothing. */
    for (size_t i = 0; i <= VERDICT_DOUBTFUL; i++) {
        if (verdicts[i] < 5000)
            complain("%s: expected thousands of files, got %u",
                     record_verdict_name((enum verdict)i), verdicts[i]);
    }
    no_complaints();
}

/* ---- hostile files, against the reference */

/* Every file of no, one and two bytes; and every two bytes in the places of a record that matter.
 */
static void every_two_bytes(void **state) {
    (void)state;
    static const char *const frames[] = {"",
                                         "|State=4\n",
                                         "State|=4\n",
                                         "State=|4\n",
                                         "State=4|",
                                         "State=|\n",
                                         "State=4|NumSCerts=1",
                                         "State=4\nNumSCerts|=1",
                                         "State=4\nNumSCerts|1"};
    char label[48];
    for (size_t frame = 0; frame < sizeof frames / sizeof frames[0]; frame++) {
        size_t before = strcspn(frames[frame], "|");
        const char *after = frames[frame] + before + (frames[frame][before] == '|');
        for (unsigned pair = 0; pair <= 0xFFFF; pair++) {
            unsigned char bytes[48];
            memcpy(bytes, frames[frame], before);
            bytes[before] = (unsigned char)(pair >> 8);
            bytes[before + 1] = (unsigned char)pair;
            memcpy(bytes + before + 2, after, strlen(after));
            (void)snprintf(label, sizeof label, "%04X in '%s'", pair, frames[frame]);
            compare(label, bytes, before + 2 + strlen(after));
        }
    }
    for (unsigned byte = 0; byte <= 0xFF; byte++) {
        unsigned char bytes[] = {(unsigned char)byte};
        (void)snprintf(label, sizeof label, "%02X", byte);
        compare(label, bytes, 1);
    }
    compare("no bytes", (const unsigned char *)"", 0);
    no_complaints();
}

/* 100,000 lines, of which the last or the first decides, in both widths. */
static void many_lines(void **state) {
    (void)state;
    enum { LINES = 100 * 1000 };
    static char text[5 * LINES + 64];
    static unsigned char wide[2 * sizeof text + 2];
    struct record record;
    char *end = text;
    for (int i = 0; i < LINES; i++)
        end = put(end, i % 3 == 0 ? "a=1\n" : i % 3 == 1 ? "\n" : ";b\r\n");
    size_t size = (size_t)(put(end, "State=4\r\n") - text);
    record = judge("a State behind", text, size);
    same_verdict("a State behind", STUCK, 0, &record);
    same_place("a State behind", LINES + 1, end - text + 6, &record);
    compare("a State behind", (unsigned char *)text, size);
    compare("a State behind, wide", wide, widen(text, size, wide));
    size = (size_t)(put(end, "State=4\r\nNumSCerts=") - text);
    record = judge("NumSCerts behind", text, size);
    same_verdict("NumSCerts behind", S, 0, &record);
    compare("NumSCerts behind", (unsigned char *)text, size);
    memcpy(text, "State=4\nNumSCerts=1\n", 20);
    record = judge("both in front", text, (size_t)(end - text));
    same_verdict("both in front", S, 0, &record);
    compare("both in front", (unsigned char *)text, (size_t)(end - text));
    no_complaints();
}

/* One line as long as a file may be: a name, a value, blanks, a comment, a heading; with and
 * without a State on the line before it or at its end. A byte less, just as much, a byte more, in
 * turn. */
static void longest_lines(void **state) {
    (void)state;
    static const char *const starts[] = {"x", "x=",     " ",          ";",
                                         "[", "State=", "NumSCerts=", "NumSCerts"};
    static const char fillings[] = {'x', ' ', '0', '=', '\xA0', '\r'};
    static const char *const fronts[] = {"", "State=4\n", "\xFF\xFE"};
    char *bytes = malloc(RECORD_BYTES_MAX + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < sizeof starts / sizeof starts[0] * sizeof fillings; i++) {
        const char *start = starts[i / sizeof fillings];
        char filling = fillings[i % sizeof fillings];
        for (size_t front = 0; front < sizeof fronts / sizeof fronts[0]; front++) {
            char *at = put(put(bytes, fronts[front]), start);
            (void)fill(at, filling, (size_t)(bytes + RECORD_BYTES_MAX + 1 - at));
            memcpy(bytes + RECORD_BYTES_MAX - 8, "State=4", 7);
            size_t size = RECORD_BYTES_MAX - 1 + (i + front) % 3;
            char label[64];
            (void)snprintf(label, sizeof label, "%zu bytes: '%s%s%c...'", size, fronts[front],
                           start, filling);
            compare(label, (unsigned char *)bytes, size);
        }
    }
    free(bytes);
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_lines), cmocka_unit_test(long_mixed_blanks),
        cmocka_unit_test(many_files), cmocka_unit_test(every_two_bytes),
        cmocka_unit_test(many_lines), cmocka_unit_test(longest_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
