/* SPDX-License-Identifier: MIT */
/*
 * test_profile: core/profile and core/record on lines and names: what is a name, a comment, a heading, which line
 * Windows would not find, a last line that is cut off. More of sections is in test_sections.
 */
#include "profile.h"
#include "record_check.h"

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
        {"one that ends otherwise", "[ab]\n[ac]\nState=4\n", STUCK, 0, 3, 16},
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
        /* Names are compared up to the first odd character of each. */
        {"the start of it", "[a\v]\n[ab]\nState=4\n", D, REASON_BLANKS, 3, 16},
        {"all of it", "[ab\v]\n[ab]\nState=4\n", D, REASON_BLANKS, 3, 17},
        {"more than it", "[abc\v]\n[ab]\nState=4\n", STUCK, 0, 3, 18},
        {"another start", "[b\v]\n[ab]\nState=4\n", STUCK, 0, 3, 16},
        {"the start of one in the middle", "[a]\n[a\vb]\nState=4\n", D, REASON_BLANKS, 3, 16},
        {"more than the start", "[ab]\n[a\vb]\nState=4\n", D, REASON_BLANKS, 3, 17},
        {"less than the start", "[a]\n[ab\vc]\nState=4\n", STUCK, 0, 3, 17},
        {"not the start", "[b]\n[a\vb]\nState=4\n", STUCK, 0, 3, 16},
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
        {"blanks and an odd one before it", "[ \x80x]\n[y]\nState=4\n", D, REASON_BLANKS, 3, 16},
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

/* A mark is one when it is whole, though nothing stands behind it. What is behind the end does not count. */
static void marks(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        enum profile_mark mark;
        size_t base, units;
    } rows[] = {
        {"\xFF\xFE", 1, PROFILE_NO_MARK, 0, 1},     {"\xFF\xFE", 2, PROFILE_UTF16LE, 2, 0},
        {"\xFF\xFEx", 3, PROFILE_UTF16LE, 2, 0},    {"\xFF\xFEx\0", 4, PROFILE_UTF16LE, 2, 1},
        {"\xEF\xBB\xBF", 2, PROFILE_NO_MARK, 0, 2}, {"\xEF\xBB\xBF", 3, PROFILE_UTF8, 3, 0},
        {"\xEF\xBB\xBFx", 4, PROFILE_UTF8, 3, 1},   {"\xFE\xFF", 1, PROFILE_NO_MARK, 0, 1},
        {"\xFE\xFF", 2, PROFILE_UTF16BE, 0, 2},     {"\xFE\xFFx", 3, PROFILE_UTF16BE, 0, 3},
        {"\xEF\xBBx", 3, PROFILE_NO_MARK, 0, 3},    {"\xEFxx", 3, PROFILE_NO_MARK, 0, 3},
        {"\xFFx", 2, PROFILE_NO_MARK, 0, 2},        {"\xFEx", 2, PROFILE_NO_MARK, 0, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char label[32];
        struct profile profile;
        (void)snprintf(label, sizeof label, "row %zu", i);
        profile_open(&profile, rows[i].bytes, rows[i].size);
        same_number(label, "mark", rows[i].mark, profile.mark);
        same_number(label, "base", rows[i].base, profile.base);
        same_number(label, "units", rows[i].units, profile.size);
        same_number(label, "width", rows[i].mark == PROFILE_UTF16LE ? 2 : 1, profile.width);
    }
    no_complaints();
}

/* Of a line of blanks nothing is left, not less. */
static void lines_of_blanks(void **state) {
    (void)state;
    static const char text[] = "a \n \t \n\n  b\t\r\n ";
    static const size_t spans[][2] = {{0, 1}, {6, 6}, {7, 7}, {10, 11}, {15, 15}};
    struct profile profile;
    profile_open(&profile, text, sizeof text - 1);
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        assert_true(profile_next_line(&profile));
        same_number("line", "number", i + 1, profile.line);
        same_number("line", "start", spans[i][0], profile.start);
        same_number("line", "end", spans[i][1], profile.end);
    }
    assert_false(profile_next_line(&profile));
    assert_false(profile.stray_cr);
    no_complaints();
}

static void no_line_behind_the_last_end(void **state) {
    (void)state;
    static const char *const texts[] = {"a\n", "a\r\n", "a", "a ", "\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct profile profile;
        char *exact = exact_copy(texts[i], strlen(texts[i]));
        profile_open(&profile, exact, strlen(texts[i]));
        assert_true(profile_next_line(&profile));
        assert_false(profile_next_line(&profile));
        assert_int_equal(profile.line, 1);
        free(exact);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
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
        cmocka_unit_test(lines_of_blanks),
        cmocka_unit_test(no_line_behind_the_last_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
