/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "record.h"
#include "record_reference.h"

enum { NONE = -1 };

#define U VERDICT_UNREADABLE
#define N VERDICT_NOT_A_RECORD
#define S VERDICT_SOUND
#define STUCK VERDICT_STUCK
#define D VERDICT_DOUBTFUL

/* ---- judging, and what must hold of every verdict */

/* A stuck record is repaired by one byte: with it the record has to be sound, and without it
 * nothing else may be at that place. */
static void check_repair(const char *label, const unsigned char *bytes, size_t size,
                         const struct record *record) {
    struct record after;
    unsigned char *copy = exact_copy(bytes, size);
    if (record->digit >= size || copy[record->digit] != '4') {
        complain("%s: offset: expected that of a '4', got %zu", label, record->digit);
    } else {
        copy[record->digit] = '1';
        record_judge(copy, size, &after);
        same_text(label, "verdict after the repair", "sound", record_verdict_name(after.verdict));
    }
    free(copy);
}

/* The short way to a sound record says what the whole one does, but for the mailbox. */
static void check_whole(const char *label, const unsigned char *bytes, size_t size,
                        const struct record *record) {
    struct record whole;
    record_judge_whole(bytes, size, &whole);
    if (record->verdict == VERDICT_SOUND && record->mailbox.length == 0)
        whole.mailbox = record->mailbox;
    if (memcmp(record, &whole, sizeof whole) != 0)
        complain(
            "%s: expected the same record when it is judged whole, got another; the file is '%.*s'",
            label, (int)(size < 200 ? size : 200), bytes);
}

static struct record judge(const char *label, const void *bytes, size_t size) {
    struct record record;
    unsigned char *copy = exact_copy(bytes, size);
    record_judge(copy, size, &record);
    check_whole(label, copy, size, &record);
    if (record.verdict == VERDICT_STUCK)
        check_repair(label, copy, size, &record);
    free(copy);
    return record;
}

static void same_verdict(const char *label, enum verdict verdict, enum verdict_reason reason,
                         const struct record *record) {
    same_text(label, "verdict", record_verdict_name(verdict), record_verdict_name(record->verdict));
    same_text(label, "reason", record_reason_text(reason), record_reason_text(record->reason));
}

static void same_place(const char *label, uint32_t line, long offset, const struct record *record) {
    same_number(label, "line", line, record->line);
    same_number(label, "has a digit", offset != NONE, record->has_digit);
    if (offset != NONE && record->has_digit)
        same_number(label, "offset", (uint64_t)offset, record->digit);
}

struct sample {
    const char *label;
    const char *text;
    enum verdict verdict;
    enum verdict_reason reason;
    uint32_t line;
    long offset; /* of the digit, or NONE */
};

static void check_samples(const struct sample *samples, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct sample *s = &samples[i];
        struct record record = judge(s->label, s->text, strlen(s->text));
        same_verdict(s->label, s->verdict, s->reason, &record);
        same_place(s->label, s->line, s->offset, &record);
    }
    no_complaints();
}

#define CHECK(samples) check_samples(samples, sizeof samples / sizeof samples[0])

/* UTF-16LE of bytes that stand for themselves, with the mark. */
static size_t widen(const char *text, size_t length, unsigned char *to) {
    size_t size = 0;
    to[size++] = 0xFF;
    to[size++] = 0xFE;
    for (size_t i = 0; i < length; i++) {
        to[size++] = (unsigned char)text[i];
        to[size++] = 0;
    }
    return size;
}

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

/* ---- lines and names */

static void lines(void **state) {
    (void)state;
    static const struct sample samples[] = {
        {"CRLF", "[x]\r\nA = 1\r\nState = 4\r\nB = 2\r\n", STUCK, 0, 3, 20},
        {"LF", "[x]\nA = 1\nState = 4\nB = 2\n", STUCK, 0, 3, 18},
        {"mixed ends", "[x]\r\nA = 1\nState = 4\r\nB = 2\n", STUCK, 0, 3, 19},
        {"no final newline", "[x]\nState = 4", STUCK, 0, 2, 12},
        {"a final CR", "State=4\r", STUCK, 0, 1, 6},
        {"blanks at the end", "State=4 \t \t\r\n", STUCK, 0, 1, 6},
        {"blanks, then the end", "State=4   ", STUCK, 0, 1, 6},
        {"indented State", "[x]\nA = 1\n \t State = 4\n", STUCK, 0, 3, 21},
        {"indented NumSCerts", "[x]\nState = 4\n    NumSCerts = 1\n", S, 0, 2, 12},
        {"indented with a tab", "State = 4\n\tNumSCerts\t=\t1\n", S, 0, 1, 8},
        {"blank lines count", "\n\r\n\n  \nState=4\n", STUCK, 0, 5, 13},
        {"no blanks", "State=4", STUCK, 0, 1, 6},
        {"blanks around", "  State \t = \t 4  ", STUCK, 0, 1, 14},
        {"other letters", "sTaTE = 4\nnumscertz = 1", STUCK, 0, 1, 8},
        {"NumSCerts in other letters", "STATE = 4\nNUMSCERTS = 1", S, 0, 1, 8},
        {"a blank inside", "Sta te = 4\n", N, 0, 0, NONE},
        {"a blank in NumSCerts", "State=4\nNum SCerts=1\nStat\te=1\n", STUCK, 0, 1, 6},
        {"a colon separates nothing", "State : 4\n", N, 0, 0, NONE},
        {"a colon before =", "State:=4\nState:x=4\n", N, 0, 0, NONE},
        {"NumSCerts:", "State=4\nNumSCerts: 1\n", STUCK, 0, 1, 6},
        {"NumSCerts: with = in its value", "State=4\nNumSCerts: a=1\n", STUCK, 0, 1, 6},
        {"a colon in a value", "A = C:\\State\nState=4\nB=:\n", STUCK, 0, 2, 19},
        {"a line of =", "=4\n==\n= State = 4\nState=4\n", STUCK, 0, 4, 24},
        {"the name is the value", "= State\n4 = State\n", N, 0, 0, NONE},
        {"names that only begin so", "StateX = 4\nNumSCerts2 = 1\nState=4\n", STUCK, 0, 3, 32},
        {"names that only end so", "XState = 4\nxNumSCerts=1\nState=4\n", STUCK, 0, 3, 30},
        {"quoted name", "\"State\" = 4\n", N, 0, 0, NONE},
        {"a line that is no line", "NumSCert\nhello\nState=4\n", STUCK, 0, 3, 21},
        /* Wine and inih pass over it; for other versions of Windows it is a name. */
        {"NumSCerts without =", "NumSCerts\nhello\nState=4\n", D, REASON_BLANKS, 3, 22},
        {"no continuation", "A = 1\n  State = 4\n", STUCK, 0, 2, 16},
        {"no continuation by \\", "A = 1\\\nState = 4\n", STUCK, 0, 2, 15},
    };
    CHECK(samples);
}

static void comments_and_sections(void **state) {
    (void)state;
    static const struct sample samples[] = {
        {"State in a comment", ";State = 4\n ; State = 4\n", N, 0, 0, NONE},
        {"NumSCerts in a comment", "State=4\n;NumSCerts=1\n", STUCK, 0, 1, 6},
        {"NumSCerts in an indented comment", "State=4\n \t; NumSCerts=1\n", STUCK, 0, 1, 6},
        {"# is no comment", "#State = 4\n# State = 4\n", N, 0, 0, NONE},
        {"# is no comment, and not in the way", "# x\nState=4\n#NumSCerts=1", STUCK, 0, 2, 10},
        {"no comment within a line", "State=4\nx = 1 ; NumSCerts = 1\n", STUCK, 0, 1, 6},
        {"a comment within NumSCerts", "State=4\nNumSCerts ; = 1\n", STUCK, 0, 1, 6},
        {"State in a section's name", "[State = 4]\n", N, 0, 0, NONE},
        {"NumSCerts in a section's name", "[NumSCerts=1]\nState=4\n", STUCK, 0, 2, 20},
        {"State in a section that is not closed", "[State = 4\n", N, 0, 0, NONE},
        {"NumSCerts in one that is not closed", "[x]\nState=4\n[NumSCerts = 1\n", STUCK, 0, 2, 10},
        {"NumSCerts after such a section", "State=4\n[x\nNumSCerts=1\n", S, 0, 1, 6},
        {"behind a section", "[x] State = 4\n", N, 0, 0, NONE},
        {"NumSCerts behind a section", "[x]\nState=4\n[y] NumSCerts = 1\n", STUCK, 0, 2, 10},
        {"an indented section", "  [NumSCerts=1]\nState=4\n", STUCK, 0, 2, 22},
        {"text behind a section", "[x] y = 1\nState=4\n", STUCK, 0, 2, 16},
        {"sections, and State in one of them", "[a]\nb=1\n[c]\nState=4\n[a]\n[c]\n", STUCK, 0, 4,
         18},
        {"a bracket within a line", "x[ = ]\nState=4\n]\n", STUCK, 0, 2, 13},
        {"State in a value", "A = State = 4\nB=NumSCerts=1\n", N, 0, 0, NONE},
        {"NumSCerts in a value", "A = NumSCerts = 1\nState=4\n", STUCK, 0, 2, 24},
        {"NumSCerts as State's value", "State=NumSCerts=4\n", S, 0, 1, NONE},
    };
    CHECK(samples);
}

/* What Windows' versions might disagree on must never end in a repair. */
static void look_alikes(void **state) {
    (void)state;
    static const struct sample samples[] = {
        {"a lone CR", "A=1\rB=2\nState=4\n", D, REASON_BLANKS, 2, 14},
        {"NumSCerts after a lone CR", "State=4\nA=1\rNumSCerts=1\n", D, REASON_BLANKS, 1, 6},
        {"a lone CR in a comment", "; x\rNumSCerts=1\nState=4\n", D, REASON_BLANKS, 2, 22},
        {"a lone CR in a section", "[x]\rNumSCerts=1\nState=4\n", D, REASON_BLANKS, 2, 22},
        {"a lone CR after the digit", "State=4\rNumSCerts=1\n", D, REASON_NOT_PLAIN, 1, 6},
        {"CR CR LF", "A=1\r\r\nState=4\r\n", D, REASON_BLANKS, 2, 12},
        {"State ends in CR CR LF", "State=4\r\r\n", D, REASON_NOT_PLAIN, 1, 6},
        {"only CRs", "State=4\rA=1\r", D, REASON_NOT_PLAIN, 1, 6},
        {"a lone CR and NumSCerts", "A=1\rB=2\nState=4\nNumSCerts=1\n", S, 0, 2, 14},
        {"VT before NumSCerts", "State=4\n\vNumSCerts=1\n", D, REASON_BLANKS, 1, 6},
        {"FF after NumSCerts", "State=4\nNumSCerts\f=1\n", D, REASON_BLANKS, 1, 6},
        {"Ctrl-Z before NumSCerts", "State=4\n\x1ANumSCerts=1\n", D, REASON_BLANKS, 1, 6},
        {"DEL in NumSCerts", "State=4\nNum\x7FSCerts=1\n", D, REASON_BLANKS, 1, 6},
        {"a no-break space of 1252", "State=4\n\xA0NumSCerts=1\n", D, REASON_BLANKS, 1, 6},
        {"a no-break space of UTF-8", "State=4\nNumSCerts\xC2\xA0=1\n", D, REASON_BLANKS, 1, 6},
        {"a mark in the middle", "State=4\n\xEF\xBB\xBFNumSCerts=1\n", D, REASON_BLANKS, 1, 6},
        {"two marks", "\xEF\xBB\xBF\xEF\xBB\xBFNumSCerts=1\nState=4\n", D, REASON_BLANKS, 2, 24},
        {"blanks and a VT around", "State=4\n \v NumSCerts \v =\n", D, REASON_BLANKS, 1, 6},
        {"a second State that resembles", "State=4\n\vState=1\n", D, REASON_BLANKS, 1, 6},
        {"only a State that resembles", "\vState=4\n", N, 0, 0, NONE},
        {"one that resembles, and NumSCerts", "State=4\n\vState=4\nNumSCerts=\n", S, 0, 1, 6},
        {"odd, but another name", "State=4\n\vNumSCert=1\nState\v2=4\n\v\n", STUCK, 0, 1, 6},
        {"odd characters in values", "A=\v\x7F\xA0\x01\nState=4\n", STUCK, 0, 2, 13},
        {"odd characters in a comment", ";\v\x7F\xA0\nState=4\n", STUCK, 0, 2, 11},
    };
    CHECK(samples);
}

/* Names that GetPrivateProfileString does not find where they stand (seen with
 * tests/wine/profile.c): it looks in the first section of a name only, without the blanks around
 * it, and stops at the first line with the name, a value or not. */
static void out_of_reach(void **state) {
    (void)state;
    static const struct sample samples[] = {
        {"a section again", "[a]\n[b]\n[a]\nState=4\n", D, REASON_BLANKS, 4, 18},
        {"in other letters", "[Client]\n\n[cLIENT]\nState=4\n", D, REASON_BLANKS, 4, 25},
        {"with blanks", "[ a\t\v]\n[a]\nState=4\n", D, REASON_BLANKS, 3, 17},
        {"with blanks before another ]", "[a]\n[a ]b]\nState=4\n", D, REASON_BLANKS, 3, 17},
        {"with text behind", "[a]\n  [a] b\nState=4\n", D, REASON_BLANKS, 3, 18},
        {"with letters of which the case is unknown", "[K\xFCr]\n[K\xDCr]\nState=4\n", D,
         REASON_BLANKS, 3, 18},
        {"one that is not closed in between", "[a]\n[a]\n[b\nState=4\n", D, REASON_BLANKS, 4, 17},
        /* For Wine it is no heading; for Windows one that ends with its line. */
        {"one that is not closed is the same", "[a\n[a]\nState=4\n", D, REASON_BLANKS, 3, 13},
        {"one that only begins so", "[a]\n[ab]\nState=4\n", STUCK, 0, 3, 15},
        {"one that only ends sooner", "[ab]\n[a]\nState=4\n", STUCK, 0, 3, 15},
        {"and NumSCerts", "[a]\n[a]\nState=4\nNumSCerts=\n", S, 0, 3, 14},
        {"a section without a name", "[]\nState=4\n", D, REASON_BLANKS, 2, 9},
        {"a blank name", "[ ]\nState=4\n", D, REASON_BLANKS, 2, 10},
        {"a blank in front", "[ a]\nState=4\n", D, REASON_BLANKS, 2, 11},
        {"a tab behind", "[a\t]\nState=4\n", D, REASON_BLANKS, 2, 11},
        {"a no-break space behind", "[a\xA0]\nState=4\n", D, REASON_BLANKS, 2, 11},
        {"a blank before the last ]", "[a] ]\nState=4\n", D, REASON_BLANKS, 2, 12},
        {"a ] at once", "[]a]\nState=4\n", D, REASON_BLANKS, 2, 11},
        /* Wine ends the name at the last one. */
        {"two ]", "[a]]\nState=4\n", D, REASON_BLANKS, 2, 11},
        {"two ], of which the name is not", "[a] b]\nState=4\n", D, REASON_BLANKS, 2, 13},
        {"two ] in a section before it", "[a]]\n[b]\nState=4\n", STUCK, 0, 3, 15},
        {"a blank in the middle", "[a b]\nState=4\n", STUCK, 0, 2, 12},
        {"such a section elsewhere", "[]\n[ ]\n[a]\nState=4\n[]\n", STUCK, 0, 4, 17},
        {"behind it", "[b]\nState=4\n[]\n[a]\n[a]\n[b]\n[b\n\v[b]\n[\n", STUCK, 0, 2, 10},
        {"State without =", "State\nState=4\n", D, REASON_BLANKS, 2, 12},
        {"with blanks around", " State\t \r\nState=4\n", D, REASON_BLANKS, 2, 16},
        {"with a VT before it", "\vSTATE\nState=4\n", D, REASON_BLANKS, 2, 13},
        {"State without =, and no other", "State\n", N, 0, 0, NONE},
        {"State without = in a comment", ";State\n[State]\nState=4\n", STUCK, 0, 3, 21},
        {"UTF-16BE's mark", "\xFE\xFF\nState=4\n", D, REASON_BLANKS, 2, 9},
    };
    CHECK(samples);
}

/* Records that were repaired, or would have been, although Windows need not find their State. */
static void seen_in_the_field(void **state) {
    (void)state;
    static const struct sample samples[] = {
        {"a heading that is not closed", "[Status\r\nA=1\r\n[Status]\r\nState = 4\r\n", D,
         REASON_BLANKS, 4, 32},
        {"[x and a State", "[x\r\nState = 4\r\n", D, REASON_BLANKS, 2, 12},
        {"a heading behind the UTF-8 mark", "\xEF\xBB\xBF[Status]\r\nState = 4\r\n", D,
         REASON_BLANKS, 2, 21},
        {"cut off in NumSCerts", "[Status]\r\nState = 4\r\nNumSC", D, REASON_CUT_OFF, 2, 18},
        {"State before the first heading", "State = 4\r\n[Client]\r\nA=1\r\n", D, REASON_BLANKS, 1,
         8},
    };
    CHECK(samples);
}

/* A heading without `]` ends with its line for Windows and is a name for Wine. Which it is matters
 * to the State behind it, however far: one is enough. */
static void headings_not_closed(void **state) {
    (void)state;
    static const struct sample samples[] = {
        {"the State's own", "[x\nState=4\n", D, REASON_BLANKS, 2, 9},
        {"with a blank behind", "[x \t\n[x]\nState=4\n", D, REASON_BLANKS, 3, 15},
        {"with a blank in front", " [ x\n[x]\nState=4\n", D, REASON_BLANKS, 3, 15},
        {"again, not closed", "[x]\n[x\nState=4\n", D, REASON_BLANKS, 3, 13},
        {"of another name", "[y\n[x]\nState=4\n", D, REASON_BLANKS, 3, 13},
        {"far before it", "[y\n[a]\n[b]\n[x]\nState=4\n", D, REASON_BLANKS, 5, 21},
        {"an empty one", "[\nState=4\n", D, REASON_BLANKS, 2, 8},
        {"an empty one far before it", "[a]\n[\n[x]\nState=4\n", D, REASON_BLANKS, 4, 16},
        {"with = in it", "[x=1\n[x]\nState=4\n", D, REASON_BLANKS, 3, 15},
        {"in a comment", ";[x\n[x]\nState=4\n", STUCK, 0, 3, 14},
        {"in a value", "a=[x\nState=4\n", STUCK, 0, 2, 11},
        {"only a ]", "]\nx]\n[x]\nState=4\n", STUCK, 0, 4, 15},
        {"behind the State", "[x]\nState=4\n[x\n[\n", STUCK, 0, 2, 10},
        {"and NumSCerts", "[x\n[x]\nState=4\nNumSCerts=\n", S, 0, 3, 13},
        {"and NumSCerts in the other", "[x\nNumSCerts=1\n[x]\nState=4\n", S, 0, 4, 25},
    };
    CHECK(samples);
}

/* Windows does not know the UTF-8 mark, and Wine does; other characters are trimmed by some
 * versions. A `[` behind either is a heading for some. */
static void headings_behind_odd_characters(void **state) {
    (void)state;
    static const struct sample samples[] = {
        {"a blank behind the mark", "\xEF\xBB\xBF [x]\nState=4\n", D, REASON_BLANKS, 2, 14},
        {"two marks", "\xEF\xBB\xBF\xEF\xBB\xBF[x]\nState=4\n", D, REASON_BLANKS, 2, 16},
        {"the mark and again", "\xEF\xBB\xBF[x]\n[x]\nState=4\n", D, REASON_BLANKS, 3, 17},
        {"the mark, not closed", "\xEF\xBB\xBF[y\n[x]\nState=4\n", D, REASON_BLANKS, 3, 16},
        {"the mark, and another heading", "\xEF\xBB\xBF[y]\n[x]\nState=4\n", STUCK, 0, 3, 17},
        {"the mark and an empty line", "\xEF\xBB\xBF\r\n[x]\nState=4\n", STUCK, 0, 3, 15},
        {"the mark and a comment", "\xEF\xBB\xBF;[y\n[x]\nState=4\n", STUCK, 0, 3, 17},
        {"the mark and a name",
         "\xEF\xBB\xBF"
         "a=1\n[x]\nState=4\n",
         STUCK, 0, 3, 17},
        {"the mark and a State", "\xEF\xBB\xBFState=4\n", D, REASON_BLANKS, 1, 9},
        {"the mark, a State, a heading", "\xEF\xBB\xBFState=4\n[x]\n", D, REASON_BLANKS, 1, 9},
        {"the mark, no heading", "\xEF\xBB\xBF\nState=4\n", STUCK, 0, 2, 10},
        {"the mark and NumSCerts", "\xEF\xBB\xBFNumSCerts=\n[x]\nState=4\n", S, 0, 3, 24},
        {"the mark and a bare name", "\xEF\xBB\xBFNumSCerts\n[x]\nState=4\n", D, REASON_BLANKS, 3,
         23},
        {"a VT", "\v[x]\nState=4\n", D, REASON_BLANKS, 2, 11},
        {"a VT and again", " \v [x]\n[x]\nState=4\n", D, REASON_BLANKS, 3, 17},
        {"a VT and another heading", "\v[y]\n[x]\nState=4\n", STUCK, 0, 3, 15},
        {"a VT, not closed", "\v[y\n[x]\nState=4\n", D, REASON_BLANKS, 3, 14},
        {"a VT, behind the State", "State=4\n\v[x]\n", D, REASON_BLANKS, 1, 6},
        {"a letter is another name", "a[x]\nState=4\n", STUCK, 0, 2, 11},
    };
    CHECK(samples);
}

/* A section may have the name of one before it as far as both are known. */
static void names_of_unknown_letters(void **state) {
    (void)state;
    static const struct sample samples[] = {
        {"in two cases", "[a\xE4]\n[A\xC4z]\nState=4\n", D, REASON_BLANKS, 3, 17},
        /* Two bytes each; the second of them looks like a ` and is none. */
        {"of code page 932", "[a\x82\x60z]\n[a\x82\x81z]\nState=4\n", D, REASON_BLANKS, 3, 20},
        {"in the one before only", "[x\xE4]\n[xy]\nState=4\n", D, REASON_BLANKS, 3, 16},
        {"in the later only", "[xy]\n[x\xE4y]\nState=4\n", D, REASON_BLANKS, 3, 17},
        {"behind what differs", "[x\xE4]\n[y\xE4z]\nState=4\n", STUCK, 0, 3, 17},
        {"none before it", "[x\xE4y]\nState=4\n[x\xC4y]\n", STUCK, 0, 2, 12},
    };
    CHECK(samples);
}

/* The end of the file, behind a State of 4. */
static void cut_off(void **state) {
    (void)state;
    static const struct {
        const char *end;
        enum verdict verdict;
        enum verdict_reason reason;
    } rows[] = {
        {"N", D, REASON_CUT_OFF},
        {"n", D, REASON_CUT_OFF},
        {" \tN", D, REASON_CUT_OFF},
        {"NUMsC", D, REASON_CUT_OFF},
        {"NumSCert", D, REASON_CUT_OFF},
        {"NumSCerts", D, REASON_CUT_OFF},
        {"NumSCerts ", D, REASON_CUT_OFF},
        {"NumSCerts\r", D, REASON_CUT_OFF},
        {"Num\r", D, REASON_CUT_OFF},
        {"Num  ", D, REASON_CUT_OFF},
        {"\vNum", D, REASON_CUT_OFF},
        {"Num\x1A", D, REASON_CUT_OFF},
        {"N\xC2\xA0um", D, REASON_CUT_OFF},
        {"NumSCerts=", S, 0},
        {"NumSCerts =", S, 0},
        {"NumSCerts\n", D, REASON_BLANKS},
        {"NumSCerts\r\n", D, REASON_BLANKS},
        {"\tNUMSCERTS \nx=1", D, REASON_BLANKS},
        {"\vNumSCerts\nx=1", D, REASON_BLANKS},
        {"State", D, REASON_BLANKS},
        {"State\nN", D, REASON_CUT_OFF},
        {"N\n", STUCK, 0},
        {"N\r\n", STUCK, 0},
        {"NumSC\nx", STUCK, 0},
        {"Nx", STUCK, 0},
        {"um", STUCK, 0},
        {"NumSCertsX", STUCK, 0},
        {"NumSCerts: 1", STUCK, 0},
        {"NumSCerts 1", STUCK, 0},
        {"N=", STUCK, 0},
        {"Num = 1", STUCK, 0},
        {";N", STUCK, 0},
        {"[N", STUCK, 0},
        {"\"N", STUCK, 0},
        {"St", STUCK, 0},
        {"", STUCK, 0},
        {"\r\n", STUCK, 0},
        {" ", STUCK, 0},
        {"\x1A", STUCK, 0},
        {"\v", STUCK, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[64];
        unsigned char wide[160];
        size_t size = (size_t)snprintf(text, sizeof text, "[x]\r\nState = 4\r\n%s", rows[i].end);
        struct record record = judge(rows[i].end, text, size);
        same_verdict(rows[i].end, rows[i].verdict, rows[i].reason, &record);
        size = widen(text, size, wide);
        record = judge(rows[i].end, wide, size);
        same_verdict(rows[i].end, rows[i].verdict, rows[i].reason, &record);
        record = judge(rows[i].end, wide, size - 1);
        same_verdict(rows[i].end, U, REASON_UTF16_ODD, &record);
    }
    /* A value cannot be told from one that is cut off: it is taken for whole. */
    struct record record = judge("State at the end", "[x]\r\nState = 4", 14);
    same_verdict("State at the end", STUCK, 0, &record);
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

/* ---- lines on both sides of inih's buffer */

enum { LONG_MAX = 16 * 1024 };

static char *fill(char *to, char c, size_t count) {
    memset(to, c, count);
    return to + count;
}

static char *put(char *to, const char *text) {
    memcpy(to, text, strlen(text));
    return to + strlen(text);
}

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

/* A line of `length` characters that starts with `start` and is filled up with `filling`. */
static char *put_long(char *to, const char *start, char filling, size_t length) {
    char *end = put(to, start);
    return fill(end, filling, length - strlen(start));
}

static void long_line(size_t length) {
    static char text[LONG_MAX];
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
    static char text[LONG_MAX];
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
    static char text[LONG_MAX];
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
    static char text[LONG_MAX];
    char *end = put(text, "State=4\nNumSCerts");
    for (int i = 0; i < 3000; i++)
        end = put(end, " \v");
    end = put(end, "=1\n");
    check_long("mixed blanks", 6000, text, end, D, REASON_BLANKS);
    no_complaints();
}

/* ---- mailbox names */

static bool no_decode(void *context, const char *bytes, size_t length, char *to, size_t size) {
    (void)context;
    (void)bytes;
    (void)length;
    (void)to;
    (void)size;
    return false;
}

/* Stands for code page 1252, of which it knows the upper half that is Latin-1. */
static bool latin1_decode(void *context, const char *bytes, size_t length, char *to, size_t size) {
    size_t n = 0;
    ++*(int *)context;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (n + 3 > size)
            return false;
        if (c >= 0x80)
            to[n++] = (char)(0xC0 | c >> 6);
        to[n++] = (char)(c >= 0x80 ? 0x80 | (c & 0x3F) : c);
    }
    to[n] = '\0';
    return true;
}

static void check_mailbox(const char *label, const void *bytes, size_t size, const char *expected) {
    int decoded = 0;
    unsigned char *copy = exact_copy(bytes, size);
    char *to = malloc(RECORD_MAILBOX_BYTES);
    struct record record;
    assert_non_null(to);
    record_judge_whole(copy, size, &record);
    record_mailbox(&record, copy, latin1_decode, &decoded, to);
    same_text(label, "mailbox", expected, to);
    free(to);
    free(copy);
}

#define SLASHES "/o=Org/ou=Site/cn=Recipients/cn=Anna"
#define COMMAS "o=Org, ou=Site, cn=Recipients, cn=Anna"

static void mailbox_names(void **state) {
    (void)state;
    static const struct {
        const char *label;
        const char *text;
        const char *mailbox;
    } rows[] = {
        {"slashes", "Name=" SLASHES "\nState=4\n", SLASHES},
        {"commas", "Name = " COMMAS " \nState=4\n", COMMAS},
        {"commas without blanks", "Name=o=Org,ou=S,cn=A\n", "o=Org,ou=S,cn=A"},
        {"commas and tabs", "Name=o=Org,\t cn=A\n", "o=Org,\t cn=A"},
        {"capitals", "Name=/O=ORG/OU=SITE/CN=ANNA\n", "/O=ORG/OU=SITE/CN=ANNA"},
        {"in double quotes", "Name=\"" SLASHES "\"\n", SLASHES},
        {"in single quotes", "Name='" COMMAS "'\n", COMMAS},
        {"half in quotes", "Name=\"" COMMAS "\n", ""},
        {"at the end of the file", "State=4\nName=" SLASHES, SLASHES},
        {"the shortest", "a=o=x,cn=y", "o=x,cn=y"},
        {"the first one", "a=o=x,cn=y\nb=" SLASHES "\n", "o=x,cn=y"},
        {"the first one that is one", "a=o=x\nb=/o=\nc=" SLASHES "\nd=o=x,cn=y", SLASHES},
        {"a blank in a component", "a=/o=My Org/cn=Anna B\n", "/o=My Org/cn=Anna B"},
        {"= in a component", "a=/o=x=y/cn=z=\n", "/o=x=y/cn=z="},
        {"slash in a comma form", "a=o=x/y,cn=z\n", "o=x/y,cn=z"},
        {"comma in a slash form", "a=/o=x, y/cn=z\n", "/o=x, y/cn=z"},
        {"none", "State=4\n", ""},
        {"empty file", "", ""},
        {"a comment", ";a=" SLASHES "\n", ""},
        {"a section", "[a=" SLASHES "]\n", ""},
        {"no organization", "a=/ou=Site/cn=Anna\n", ""},
        {"an organization alone", "a=/o=Org\n", ""},
        {"no common name at the end", "a=/o=Org/cn=x/ou=Site\n", ""},
        {"an empty component", "a=/o=Org//cn=Anna\n", ""},
        {"an empty value", "a=/o=Org/cn=\n", ""},
        {"an empty organization", "a=/o=/cn=x\n", ""},
        {"a component without =", "a=o=Org, Site, cn=Anna\n", ""},
        {"a trailing separator", "a=/o=Org/cn=Anna/\n", ""},
        {"a trailing comma", "a=o=Org,cn=Anna,\n", ""},
        {"text before it", "a=x /o=Org/cn=Anna\n", ""},
        {"key material", "Key=o4A1zz/+=,cn\nB=MIIBigKCAQ==/o=cn=\nC=O=base64Gk3/x9cn==\n", ""},
        {"key material like one form", "Key=o=aB3/cn=zz==\n", ""},
        {"a control character", "a=/o=Org/cn=An\x01na\n", ""},
        {"an escape sequence", "a=/o=Org/cn=\x1B[2J\n", ""},
        {"a DEL", "a=/o=Org/cn=An\x7Fna\n", ""},
        {"State is not looked at", "State=/o=Org/cn=x\n", ""},
        {"UTF-8 without a mark", "a=/o=\xC3\x96/cn=M\xC3\xBCller\n",
         "/o=\xC3\x96/cn=M\xC3\xBCller"},
        {"UTF-8 with a mark",
         "\xEF\xBB\xBF"
         "a=/o=x/cn=M\xC3\xBCller\n",
         "/o=x/cn=M\xC3\xBCller"},
        {"code page", "a=/o=x/cn=M\xFCller\n", "/o=x/cn=M\xC3\xBCller"},
        {"code page, quoted", "a='o=x, cn=M\xFC'\n", "o=x, cn=M\xC3\xBC"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_mailbox(rows[i].label, rows[i].text, strlen(rows[i].text), rows[i].mailbox);
    no_complaints();
}

static void mailbox_in_utf16(void **state) {
    (void)state;
    static const unsigned char greek[] = "\xFF\xFE"
                                         "a\0=\0/\0o\0=\0x\0/\0c\0n\0=\0\xA9\x03\n";
    static const unsigned char pair[] = "\xFF\xFE"
                                        "a\0=\0/\0o\0=\0x\0/\0c\0n\0=\0\x3D\xD8\x00\xDE\n";
    static const unsigned char lone[] = "\xFF\xFE"
                                        "a\0=\0/\0o\0=\0x\0/\0c\0n\0=\0\x3D\xD8\n";
    unsigned char wide[256];
    size_t size = widen("a = \"" COMMAS "\"\r\n", strlen(COMMAS) + 8, wide);
    check_mailbox("UTF-16", wide, size, COMMAS);
    check_mailbox("Greek", greek, sizeof greek, "/o=x/cn=\xCE\xA9");
    check_mailbox("a pair", pair, sizeof pair, "/o=x/cn=\xF0\x9F\x98\x80");
    check_mailbox("half a pair", lone, sizeof lone, "/o=x/cn=\xED\xA0\xBD");
    no_complaints();
}

/* A mailbox name of `count` characters, each of which is `character`. */
static void check_length(const char *label, const char *character, size_t count, bool fits) {
    static char text[4096], name[4096];
    char *end = put(name, "/o=x/cn=");
    for (size_t i = 8; i < count; i++)
        end = put(end, character);
    *end = '\0';
    int length = snprintf(text, sizeof text, "a=%s\nState=4\n", name);
    check_mailbox(label, text, (size_t)length, fits ? name : "");
}

static void mailbox_lengths(void **state) {
    (void)state;
    static char text[1024], expected[1024];
    static unsigned char wide[4096];
    check_length("256 letters", "x", 256, true);
    check_length("257 letters", "x", 257, false);
    check_length("256 of two bytes", "\xC3\xBC", 256, true);
    check_length("257 of two bytes", "\xC3\xBC", 257, false);
    check_length("256 of four bytes", "\xF0\x9F\x98\x80", 256, true);
    check_length("257 of four bytes", "\xF0\x9F\x98\x80", 257, false);
    (void)fill(put(expected, "/o=x/cn="), 'x', 248);
    for (size_t count = 256; count <= 257; count++) {
        char *end = put(fill(put(text, "a=/o=x/cn="), 'x', count - 8), "\n");
        size_t size = widen(text, (size_t)(end - text), wide);
        check_mailbox("UTF-16", wide, size, count == 256 ? expected : "");
    }
    for (size_t count = 256; count <= 257; count++) {
        char *end = put(fill(put(text, "a=/o=x/cn="), '\xFC', count - 8), "\n");
        char *e = put(expected, "/o=x/cn=");
        for (size_t i = 8; i < 256; i++)
            e = put(e, "\xC3\xBC");
        *e = '\0';
        check_mailbox("code page", text, (size_t)(end - text), count == 256 ? expected : "");
    }
    no_complaints();
}

static void mailbox_behind_long_lines(void **state) {
    (void)state;
    static char text[LONG_MAX];
    for (size_t length = 2030; length <= 2060; length++) {
        char *end = put(put_long(text, "Key=", 'A', length), "\na");
        end = put(fill(end, ' ', length), "=" SLASHES "\nState=4\n");
        check_mailbox("long lines before it", text, (size_t)(end - text), SLASHES);
        end = put(put_long(text, "a=", ' ', length), SLASHES "\nState=4\n");
        check_mailbox("blanks before it", text, (size_t)(end - text), SLASHES);
        end = put(put_long(text, "Key=", 'A', length), SLASHES "\nState=4\n");
        check_mailbox("in the tail of a blob", text, (size_t)(end - text), "");
    }
    no_complaints();
}

static void mailbox_that_can_not_be_decoded(void **state) {
    (void)state;
    struct record record;
    char to[RECORD_MAILBOX_BYTES] = "x";
    const char text[] = "a=/o=x/cn=M\xFCller\n";
    record_judge(text, strlen(text), &record);
    record_mailbox(&record, text, no_decode, NULL, to);
    assert_string_equal(to, "");
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
    for (int reason = REASON_TOO_LARGE; reason <= REASON_CUT_OFF; reason++)
        assert_true(strlen(record_reason_text((enum verdict_reason)reason)) > 10);
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
        cmocka_unit_test(verdict_table),
        cmocka_unit_test(values),
        cmocka_unit_test(lines),
        cmocka_unit_test(comments_and_sections),
        cmocka_unit_test(look_alikes),
        cmocka_unit_test(out_of_reach),
        cmocka_unit_test(seen_in_the_field),
        cmocka_unit_test(headings_not_closed),
        cmocka_unit_test(headings_behind_odd_characters),
        cmocka_unit_test(names_of_unknown_letters),
        cmocka_unit_test(cut_off),
        cmocka_unit_test(marks),
        cmocka_unit_test(utf16),
        cmocka_unit_test(utf16_other_characters),
        cmocka_unit_test(nul_bytes),
        cmocka_unit_test(large_files),
        cmocka_unit_test(long_lines),
        cmocka_unit_test(long_mixed_blanks),
        cmocka_unit_test(mailbox_names),
        cmocka_unit_test(mailbox_in_utf16),
        cmocka_unit_test(mailbox_lengths),
        cmocka_unit_test(mailbox_behind_long_lines),
        cmocka_unit_test(mailbox_that_can_not_be_decoded),
        cmocka_unit_test(states_as_text),
        cmocka_unit_test(state_of_other_characters),
        cmocka_unit_test(names),
        cmocka_unit_test(words),
        cmocka_unit_test(many_files),
        cmocka_unit_test(every_two_bytes),
        cmocka_unit_test(many_lines),
        cmocka_unit_test(longest_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
