/* SPDX-License-Identifier: MIT */
/*
 * test_record: core/record: the table of verdicts, values of State, encodings, what is no text, and what is told of
 * a record beside its verdict. Lines, names and sections are test_profile's and test_sections', long and hostile files
 * test_reading's.
 */
#include "record_check.h"

/* ---- the table of verdicts */

static void verdict_table(void **state) {
    (void)state;
    static const struct sample samples[] = {
        {"empty file", "", N, 0, 0, NONE},
        {"blank lines", "\r\n \r\n\t\n", N, 0, 0, NONE},
        {"no State", "[Client]\r\nStatus = 4\r\nMyState = 4\r\n", N, 0, 0, NONE},
        {"only NumSCerts", "NumSCerts = 1\r\n", N, 0, 0, NONE},
        {"a name without =", "State 4\r\n", N, 0, 0, NONE},
        {"NumSCerts after", "State = 4\r\nNumSCerts = 1\r\n", S, 0, 1, 8},
        {"NumSCerts before", "NumSCerts = 1\r\nState = 4\r\n", S, 0, 2, 23},
        {"NumSCerts empty", "State = 4\r\nNumSCerts =\r\n", S, 0, 1, 8},
        {"NumSCerts empty, at the end", "State = 4\r\nNumSCerts=", S, 0, 1, 8},
        {"NumSCerts = 0", "State = 4\nNumSCerts = 0", S, 0, 1, 8},
        {"NumSCerts in another section", "[a]\nState=4\n[b]\nNumSCerts=1\n", S, 0, 2, 10},
        {"NumSCerts beside a doubtful State", "State=4x\nNumSCerts=1\n", S, 0, 1, 6},
        {"NumSCerts beside two States", "State=4\nState=4\nNumSCerts=1\n", S, 0, 1, 6},
        {"State is 1", "State = 1\r\n", S, 0, 1, NONE},
        {"State is empty", "State =\r\n", S, 0, 1, NONE},
        {"two States, NumSCerts before the 4", "State=1\nNumSCerts=1\nState=4\n", S, 0, 1, NONE},
        {"two States, NumSCerts behind the 4", "State=1\nState=4\nNumSCerts=1\n", S, 0, 2, 14},
        {"no State of two reads as 4", "State=1\nState=40\n", S, 0, 1, NONE},
        {"stuck", "State = 4\r\n", STUCK, 0, 1, 8},
        {"two States, both 4", "State=4\nState=4\n", D, REASON_TWO_STATES, 1, 6},
        {"two States, first is 4", "State=4\nState=1\n", D, REASON_TWO_STATES, 1, 6},
        {"two States, second is 4", "State=1\nState=4\n", D, REASON_TWO_STATES, 2, 14},
        {"three States, last is 4", "State=\nState=1\n[x]\nState=\"4\"\n", D, REASON_TWO_STATES, 4,
         26},
        {"two States in two sections", "[a]\nState=4\n[b]\nState=2\n", D, REASON_TWO_STATES, 2, 10},
    };
    CHECK(samples);
}

/* What comes after `State = `, the reading of it, and the place of the digit in it. */
static void values(void **state) {
    (void)state;
    static const struct {
        const char *value;
        enum verdict verdict;
        long digit;
    } rows[] = {
        {"4", STUCK, 0},
        {"\"4\"", STUCK, 1},
        {"'4'", STUCK, 1},
        {"4 \t ", STUCK, 0},
        {"  \t4", STUCK, 3},
        {" \"4\"  ", STUCK, 2},
        {"04", D, 1},
        {"0000000000000000004", D, 18},
        {"0x4", D, 2},
        {"0X4", D, 2},
        {"0x0004", D, 5},
        {"0x", S, NONE},
        {"0x04 ", D, 3},
        {"0x40", S, NONE},
        {"0x4F", S, NONE}, /* 79: a digit, in that notation */
        {"0x4g", D, 2},
        {"00x4", S, NONE},
        {"4 ; x", D, 0},
        {"4;x", D, 0},
        {"4x", D, 0},
        {"4a", D, 0},
        {"4 1", D, 0},
        {"4.0", D, 0},
        {"4=4", D, 0},
        {"4\"", D, 0},
        {"4'", D, 0},
        {"40", S, NONE},
        {"41 4", S, NONE},
        {"44", S, NONE},
        {"14", S, NONE},
        {"-4", S, NONE},
        {"+4", D, 1},
        {"+04", D, 2},
        {"+0x4", D, 3},
        {"++4", S, NONE},
        {"+-4", S, NONE},
        {"+ 4", S, NONE},
        {"\"+4\"", D, 2},
        {"+\"4\"", S, NONE},
        {"\"04\"", D, 2},
        {"\"0x4\"", D, 3},
        {"\"40\"", S, NONE},
        {"\"4", D, 1},
        {"'4", D, 1},
        {"\"4'", D, 1},
        {"'4\"", D, 1},
        {"\"4\"\"", D, 1},
        {"\"\"4\"\"", S, NONE},
        {"\"4\" ; x", D, 1},
        {"\"4 \"", D, 1},
        {"\"4x\"", D, 1},
        {"\" 4\"", S, NONE},
        {"\"", S, NONE},
        {"\"\"", S, NONE},
        {"'", S, NONE},
        {"=4", S, NONE},
        {"= 4", S, NONE},
        {":4", S, NONE},
        {"; 4", S, NONE},
        {"`4`", S, NONE},
        {"\x82"
         "4",
         S, NONE},
        {"4\xA0", D, 0},
        {"\xA0"
         "4",
         S, NONE},
        {"4\v", D, 0},
        {"\v4", S, NONE},
        {"4\x1A", D, 0},
        {"\xEF\xBC\x94", S, NONE}, /* a full-width 4 */
        {"four", S, NONE},
        {"0", S, NONE},
        {"1", S, NONE},
        {"2", S, NONE},
        {"3", S, NONE},
        {"5", S, NONE},
        {"IV", S, NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[64];
        long offset = rows[i].digit == NONE ? NONE : 15 + rows[i].digit;
        int length = snprintf(text, sizeof text, "[Client]\nState =%s\nName = x\n", rows[i].value);
        struct record record = judge(rows[i].value, text, (size_t)length);
        /* The same at the very end of the file, where there is nothing to read beyond it. */
        struct record last = judge(rows[i].value, text, 16 + strlen(rows[i].value));
        offset += rows[i].digit == NONE ? 0 : 1;
        same_verdict(rows[i].value, rows[i].verdict,
                     rows[i].verdict == D ? REASON_NOT_PLAIN : REASON_NONE, &record);
        same_place(rows[i].value, 2, offset, &record);
        same_verdict(rows[i].value, record.verdict, record.reason, &last);
        same_place(rows[i].value, 2, offset, &last);
    }
    no_complaints();
}

/* ---- encodings */

static void marks(void **state) {
    (void)state;
    static const struct sample samples[] = {
        {"UTF-8 mark", "\xEF\xBB\xBF\nState=4\n", STUCK, 0, 2, 10},
        {"UTF-8 mark, NumSCerts first", "\xEF\xBB\xBFNumSCerts=1\nState=4\n", S, 0, 2, 21},
        {"UTF-8 mark alone", "\xEF\xBB\xBF", N, 0, 0, NONE},
        {"half a UTF-8 mark", "\xEF\xBBState=4\n", N, 0, 0, NONE},
        {"UTF-16 mark alone", "\xFF\xFE", N, 0, 0, NONE},
        {"UTF-16 mark, odd length", "\xFF\xFES", U, REASON_UTF16_ODD, 0, NONE},
        {"half a UTF-16 mark", "\xFF", N, 0, 0, NONE},
        {"UTF-16BE mark", "\xFE\xFFState=4\n", N, 0, 0, NONE},
        {"8-bit text", "Name = M\xFCller\nState = 4\n", STUCK, 0, 2, 22},
        {"UTF-8 without a mark", "Name = M\xC3\xBCller\nState = 4\n", STUCK, 0, 2, 23},
        {"not quite UTF-8 behind its mark",
         "\xEF\xBB\xBF"
         "A=\xFF\nState=4\n",
         STUCK, 0, 2, 13},
    };
    CHECK(samples);
}

/* Every sample in UTF-16: the same verdict, on the same line, at twice the offset. */
static void utf16(void **state) {
    (void)state;
    static const struct sample samples[] = {
        {"stuck", "[x]\r\nState = 4\r\n", STUCK, 0, 2, 13},
        {"at the end", "State=4", STUCK, 0, 1, 6},
        {"quoted", "A=1\nState = '4'\n", STUCK, 0, 2, 13},
        {"sound", "State=4\r\n NumSCerts =\r\n", S, 0, 1, 6},
        {"not plain", "State=4x\r\n", D, REASON_NOT_PLAIN, 1, 6},
        {"two States", "State=3\r\nState=4\r\n", D, REASON_TWO_STATES, 2, 15},
        {"lone CR", "A\rB\nState=4\r\n", D, REASON_BLANKS, 2, 10},
        {"no-break space", "\xA0NumSCerts=1\nState=4\r\n", D, REASON_BLANKS, 2, 19},
        {"no State", "[x]\r\n", N, 0, 0, NONE},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const struct sample *s = &samples[i];
        unsigned char bytes[128];
        size_t size = widen(s->text, strlen(s->text), bytes);
        struct record record = judge(s->label, bytes, size);
        same_number(s->label, "encoding", RECORD_UTF16LE, record.encoding);
        same_verdict(s->label, s->verdict, s->reason, &record);
        same_place(s->label, s->line, s->offset == NONE ? NONE : 2 + 2 * s->offset, &record);
        record = judge(s->label, bytes, size - 1);
        same_verdict(s->label, U, REASON_UTF16_ODD, &record);
    }
    no_complaints();
}

/* Characters of which one byte looks like a letter, an end of line or an `=` are something else. */
static void utf16_other_characters(void **state) {
    (void)state;
    static const unsigned char newline_like[] = "\xFF\xFEx\0=\0\x0A\x0AS\0t\0a\0t\0e\0=\0004\0\n";
    static const unsigned char four_like[] = "\xFF\xFES\0t\0a\0t\0e\0=\0004\x4E\n";
    static const unsigned char name_like[] = "\xFF\xFES\x01t\0a\0t\0e\0=\0004\0\n";
    struct record record = judge("U+0A0A", newline_like, sizeof newline_like);
    same_verdict("U+0A0A", N, 0, &record);
    record = judge("U+4E34", four_like, sizeof four_like);
    same_verdict("U+4E34", S, 0, &record);
    record = judge("U+0153", name_like, sizeof name_like);
    same_verdict("U+0153", N, 0, &record);
    no_complaints();
}

static void nul_bytes(void **state) {
    (void)state;
    static const char text[] = "[x]\r\nName = a\r\nState = 4\r\n;c\r\nNumSCerts=1\r\n";
    unsigned char wide[2 * sizeof text + 2];
    char label[32];
    for (size_t i = 0; i < sizeof text; i++) {
        char bytes[sizeof text];
        memcpy(bytes, text, sizeof text);
        bytes[i] = '\0';
        (void)snprintf(label, sizeof label, "NUL at %zu", i);
        struct record record = judge(label, bytes, sizeof text);
        same_verdict(label, U, REASON_NUL, &record);
        same_place(label, 0, NONE, &record);
        size_t size = widen(bytes, i + 1, wide);
        record = judge(label, wide, size);
        same_verdict(label, U, REASON_UTF16_NUL, &record);
    }
    struct record record = judge("a NUL alone", "", 1);
    same_verdict("a NUL alone", U, REASON_NUL, &record);
    record = judge("UTF-16 without a mark", "S\0t\0a\0t\0e\0=\0004\0", 14);
    same_verdict("UTF-16 without a mark", U, REASON_NUL, &record);
    no_complaints();
}

static void large_files(void **state) {
    (void)state;
    struct record record;
    size_t size = RECORD_BYTES_MAX;
    char *bytes = malloc(size + 1);
    assert_non_null(bytes);
    memset(bytes, '\n', size + 1);
    memcpy(bytes + size - 7, "State=4\n", 8);
    record = judge("1 MiB", bytes, size);
    same_verdict("1 MiB", STUCK, 0, &record);
    same_place("1 MiB", (uint32_t)size - 7 + 1, (long)size - 1, &record);
    record = judge("1 MiB and a byte", bytes, size + 1);
    same_verdict("1 MiB and a byte", U, REASON_TOO_LARGE, &record);
    /* One line of it, and a UTF-16 file of one line. */
    memset(bytes, 'x', size);
    bytes[1] = '=';
    record = judge("1 MiB of one value", bytes, size);
    same_verdict("1 MiB of one value", N, 0, &record);
    bytes[1] = 'x';
    record = judge("1 MiB of one name", bytes, size);
    same_verdict("1 MiB of one name", N, 0, &record);
    memcpy(bytes, "\xFF\xFE", 2);
    record = judge("1 MiB of UTF-16", bytes, size);
    same_verdict("1 MiB of UTF-16", N, 0, &record);
    free(bytes);
    record_judge(NULL, size + 1, &record);
    same_verdict("not looked at", U, REASON_TOO_LARGE, &record);
    record_judge(NULL, 0, &record);
    same_verdict("nothing to look at", N, 0, &record);
    no_complaints();
}

/* ---- what else there is to tell */

static void states_as_text(void **state) {
    (void)state;
    static const struct {
        const char *value;
        const char *shown;
    } rows[] = {
        {"4", "4"},
        {" \"4\" ", "\"4\""},
        {"", ""},
        {"4 ; x", "4 ; x"},
        {"\x1B[2J\xFC", "?[2J?"},
        {"a\tb", "a?b"},
        {"12345678901234567890123456789012", "12345678901234567890123456789012"},
        {"123456789012345678901234567890123", "12345678901234567890123456789012"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[64];
        char *to = malloc(RECORD_STATE_BYTES);
        unsigned char wide[128];
        struct record record;
        size_t length = (size_t)snprintf(text, sizeof text, "State=%s", rows[i].value);
        char *bytes = exact_copy(text, length);
        assert_non_null(to);
        record_judge(bytes, length, &record);
        record_state(&record, bytes, to);
        same_text(rows[i].value, "state", rows[i].shown, to);
        size_t size = widen(text, length, wide);
        record_judge(wide, size, &record);
        record_state(&record, wide, to);
        same_text(rows[i].value, "state in UTF-16", rows[i].shown, to);
        free(bytes);
        free(to);
    }
    no_complaints();
}

static void state_of_other_characters(void **state) {
    (void)state;
    struct record record;
    char to[RECORD_STATE_BYTES] = "x";
    const unsigned char wide[] = "\xFF\xFES\0t\0a\0t\0e\0=\0004\x4E\x41\0\n";
    record_judge(wide, sizeof wide, &record);
    record_state(&record, wide, to);
    assert_string_equal(to, "?A");
    record_judge("", 0, &record);
    record_state(&record, "", to);
    assert_string_equal(to, "");
}

static void names(void **state) {
    (void)state;
    static const char *const records[] = {"Mxclfr4zqvktn.ini", "a.INI", ".ini", "a.b.iNi",
                                          "\xC3\xBC.ini"};
    static const char *const others[] = {
        "", "ini", "a.in", "a.initial", "a.ini ", "a.ini.bak", "aini", "a.ini\xC2\xA0", "a.inı"};
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
        same_number(records[i], "is named as a record", true, record_is_named(records[i]));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        same_number(others[i], "is named as a record", false, record_is_named(others[i]));
    no_complaints();
}

static void words(void **state) {
    (void)state;
    assert_string_equal(record_verdict_name(STUCK), "stuck");
    assert_string_equal(record_verdict_name(S), "sound");
    assert_string_equal(record_verdict_name(N), "not-a-record");
    assert_string_equal(record_verdict_name(D), "doubtful");
    assert_string_equal(record_verdict_name(U), "unreadable");
    assert_string_equal(record_reason_text(REASON_NONE), "");
    for (int reason = REASON_TOO_LARGE; reason <= REASON_CUT_OFF; reason++) {
        const char *text = record_reason_text((enum verdict_reason)reason);
        assert_true(strlen(text) > 10);
        for (int other = REASON_TOO_LARGE; other < reason; other++)
            assert_string_not_equal(text, record_reason_text((enum verdict_reason)other));
    }
}

/* What is plainly sound is seen without reading the rest: 50,000 records have to be judged in a scan. */
static void the_short_way(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_short;
    } rows[] = {{"State=1\na=/o=x/cn=y\n", true},
                {"STATE = 1\na=/o=x/cn=y\n", true},
                {"  State=4\nNumSCerts=1\na=/o=x/cn=y\n", true},
                {"NUMSCERTS\t=1\nState=4\na=/o=x/cn=y\n", true},
                {"a=/o=x/cn=y\n", false},
                {"NumSCerts=1\na=/o=x/cn=y\n", false},
                {"State=4\na=/o=x/cn=y\n", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct record record = judge(rows[i].text, rows[i].text, strlen(rows[i].text));
        same_number(rows[i].text, "is judged without the mailbox", rows[i].is_short,
                    record.mailbox.length == 0);
    }
    no_complaints();
}

static void each_byte_of_a_state(void **state) {
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        const unsigned char bytes[] = {(unsigned char)c, 0};
        char to[RECORD_STATE_BYTES];
        struct record record = {.state = {0, 1}};
        const char shown[] = {(char)(c >= ' ' && c <= '~' ? c : '?'), '\0'};
        record_state(&record, bytes, to);
        same_text("8 bits", "shown", shown, to);
        record.encoding = RECORD_UTF16LE;
        record.state.length = 2;
        record_state(&record, bytes, to);
        same_text("16 bits", "shown", shown, to);
    }
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdict_table),
        cmocka_unit_test(values),
        cmocka_unit_test(marks),
        cmocka_unit_test(utf16),
        cmocka_unit_test(utf16_other_characters),
        cmocka_unit_test(nul_bytes),
        cmocka_unit_test(large_files),
        cmocka_unit_test(states_as_text),
        cmocka_unit_test(state_of_other_characters),
        cmocka_unit_test(names),
        cmocka_unit_test(words),
        cmocka_unit_test(the_short_way),
        cmocka_unit_test(each_byte_of_a_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
