/* SPDX-License-Identifier: MIT */
/*
 * profile: our verdicts on many records beside what Windows' own profile functions read from them.
 *
 *   profile FOLDER SEED COUNT [BUG]
 *
 * Makes COUNT records, each from its number and SEED alone, writes each to a file of FOLDER, and
 * asks GetPrivateProfileIntW and its kin. What has to hold:
 *
 *   Where we say stuck, one section has a State, it reads as 4, and no section has a NumSCerts.
 *   With the byte changed that State reads as 1, and every other name and value of every section
 *   is as it was.
 *
 *   Where the functions read a State of 4 and no NumSCerts and we do not say stuck, our caution is
 *   one of the kinds below. docs/reliability.md gives the reason of each.
 *
 * The functions see no name before the first heading, so a record without a heading gets one in
 * front; our own verdict on it must not change by that, but for a State right behind the UTF-8
 * mark, which is in line 2 then.
 *
 * This holds one way only where Wine is not like Windows, and our verdict is doubtful: a `[`
 * without `]` is a name for Wine and a heading for Windows, the UTF-8 mark is known to Wine and
 * not to Windows, and the name of a section ends at the last `]` for Wine and at the first for
 * Windows. tests/unit/test_sections.c has readers of both kinds.
 *
 * Prints the disagreements, then `name=count` lines, `stricter.kind=count` for the kinds; returns
 * 1 if there is a disagreement. BUG makes our side wrong on purpose, to show that it is noticed:
 * `doubtful` and `sound` take these for stuck as well, `digit` changes the byte beside the right
 * one, `heading` a byte of the first line too.
 */
#include <windows.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

enum { UNITS = 12 * 1024, BYTES = 2 * UNITS + 8, ANSWER = 64 * 1024, SHOWN = 8 };

/* ---- a record, as units of 8 or 16 bits */

enum form { EIGHT, UTF8_MARK, LE_MARK, LE_BARE, BE_MARK, FORMS };

struct sample {
    enum form form;
    bool half; /* a byte too few at the end */
    size_t count;
    uint16_t unit[UNITS];
};

static bool is_wide(const struct sample *sample) {
    return sample->form >= LE_MARK;
}

static size_t to_bytes(const struct sample *sample, unsigned char *to) {
    static const char *const marks[FORMS] = {"", "\xEF\xBB\xBF", "\xFF\xFE", "", "\xFE\xFF"};
    size_t size = strlen(marks[sample->form]);
    memcpy(to, marks[sample->form], size);
    for (size_t i = 0; i < sample->count; i++) {
        unsigned char low = (unsigned char)sample->unit[i];
        unsigned char high = (unsigned char)(sample->unit[i] >> 8);
        if (sample->form == BE_MARK)
            to[size++] = high;
        to[size++] = low;
        if (sample->form == LE_MARK || sample->form == LE_BARE)
            to[size++] = high;
    }
    return sample->half && size > 0 ? size - 1 : size;
}

static void put_unit(struct sample *sample, uint16_t unit) {
    if (sample->count < UNITS)
        sample->unit[sample->count++] = unit;
}

static void put(struct sample *sample, const char *text) {
    for (; *text != '\0'; text++)
        put_unit(sample, (unsigned char)*text);
}

/* ---- making one */

static uint64_t random_state;

static unsigned below(unsigned bound) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (unsigned)((random_state * 2685821657736338717ULL) >> 32) % bound;
}

#define PICK(list) list[below(sizeof list / sizeof list[0])]

static const char *const odd[] = {"\v",   "\f",       "\x01",         "\x1A", "\x7F",
                                  "\xA0", "\xC2\xA0", "\xE3\x80\x80", "\r",   "\x1F"};
static const uint16_t odd_units[] = {0x3000, 0x2028, 0x85, 0x17F, 0x2003, 0xFEFF, 0xD800, 0x134};

static void put_odd(struct sample *sample) {
    if (is_wide(sample) && below(2) == 0)
        put_unit(sample, PICK(odd_units));
    else
        put(sample, PICK(odd));
}

/* A name mostly as it should be, sometimes with something around it or in it. */
static void put_name(struct sample *sample, const char *name) {
    static const char *const around[] = {" ", "\t", "  ", " \t ", "\"", "'", "=", "\\", ":"};
    unsigned with = below(40);
    if (with == 0)
        put_odd(sample);
    else if (with < 4)
        put(sample, PICK(around));
    if (with == 4 && *name != '\0') {
        size_t half = below((unsigned)strlen(name));
        for (size_t i = 0; i < half; i++)
            put_unit(sample, (unsigned char)name[i]);
        put_odd(sample);
        put(sample, name + half);
    } else {
        put(sample, name);
    }
    if (with == 5)
        put_odd(sample);
    else if (with > 5 && with < 9)
        put(sample, PICK(around));
}

static void put_separator(struct sample *sample) {
    static const char *const plain[] = {"=", " = ", "= ", " ="};
    static const char *const others[] = {"\t=\t", "  =  ", ":",  " : ",   "",   " ",
                                         "==",    "=\v",   ":=", "\xA0=", "=;", "\t= \t "};
    put(sample, below(12) != 0 ? PICK(plain) : PICK(others));
}

static const char *const state_values[] = {"4",
                                           "\"4\"",
                                           "'4'",
                                           "1",
                                           "0",
                                           "40",
                                           "14",
                                           "04",
                                           "0004",
                                           "+4",
                                           "-4",
                                           "0x4",
                                           "0X04",
                                           "0x40",
                                           "0x4F",
                                           "0o4",
                                           "0b100",
                                           "0b4",
                                           "4x",
                                           "4 x",
                                           "4 ; x",
                                           "4;x",
                                           "4.0",
                                           "",
                                           "\"\"",
                                           "\"4",
                                           "4\"",
                                           "'4\"",
                                           "\" 4\"",
                                           "\"4 \"",
                                           "\"+4\"",
                                           "+ 4",
                                           "4=4",
                                           "==4",
                                           "= 4",
                                           "\v4",
                                           "4\v",
                                           "\xA0"
                                           "4",
                                           "4\xA0",
                                           "\x1A"
                                           "4",
                                           "4\x1A",
                                           "\x01"
                                           "4",
                                           "4\x01",
                                           "00000000000000000000000000000000000000000000000004",
                                           "4294967300",
                                           "-4294967292",
                                           "+0x4",
                                           "0x+4",
                                           "\"0x4\"",
                                           "4,",
                                           "4\t5",
                                           "\xB4",
                                           "four",
                                           "IV",
                                           "\\4"};

static void put_state(struct sample *sample) {
    static const char *const names[] = {"State", "State", "State", "State",
                                        "state", "STATE", "sTaTe"};
    static const char *const alike[] = {"MyState", "State2",    "Stat",  "tate",
                                        "States",  "\"State\"", "St ate"};
    put_name(sample, below(20) == 0 ? PICK(alike) : PICK(names));
    put_separator(sample);
    put(sample, below(5) < 3 ? "4" : PICK(state_values));
    if (below(30) == 0)
        put(sample, below(2) != 0 ? " " : "\t \t");
}

static void put_certificates(struct sample *sample) {
    static const char *const names[] = {"NumSCerts", "NumSCerts", "numscerts", "NUMSCERTS"};
    static const char *const alike[] = {"NumSCert", "NumSCertsX", "NumCerts", "umSCerts",
                                        "Num SCerts"};
    static const char *const values[] = {"1", "0", "", "\"\"", "12", "x"};
    put_name(sample, below(6) == 0 ? PICK(alike) : PICK(names));
    put_separator(sample);
    put(sample, PICK(values));
}

static void put_heading(struct sample *sample) {
    static const char *const plain[] = {"[Client]", "[Keys]",  "[Certificates]", "[History]",
                                        "[A]",      "[B]",     "[Client2]",      "[User Info]",
                                        "[4]",      "[State]", "[NumSCerts]"};
    static const char *const others[] = {"[client]",
                                         "[Client",
                                         "[]",
                                         "[ Client ]",
                                         "[A]]",
                                         "[[A]",
                                         "[A] x",
                                         "[A]State=4",
                                         "[A];c",
                                         "[State=4]",
                                         "[NumSCerts=1",
                                         " [Client]",
                                         "\t[Keys]\t",
                                         "[A=B]",
                                         "[K\xFCrzel]",
                                         "[State=4",
                                         "[NumSCerts=1]",
                                         "[\v]",
                                         "[A\t]",
                                         "[ ]",
                                         "[;]",
                                         "[",
                                         "]",
                                         "[A]NumSCerts=1",
                                         "[a][b]"};
    put(sample, below(6) != 0 ? PICK(plain) : PICK(others));
}

static void put_other(struct sample *sample) {
    static const char *const names[] = {"Name",      "Key", "Expires", "DN",
                                        "K\xFCrzel", "",    "0",       "Hash"};
    static const char *const values[] = {"/o=Org/ou=Site/cn=Recipients/cn=Anna",
                                         "o=Org, ou=Site, cn=Recipients, cn=Anna",
                                         "0011223344",
                                         "4",
                                         "State=4",
                                         "NumSCerts=1",
                                         "",
                                         "\"x\"",
                                         "a;b",
                                         "[A]",
                                         "% d",
                                         "\xFC\xDF",
                                         "a\tb",
                                         "; State = 4"};
    put_name(sample, PICK(names));
    put_separator(sample);
    put(sample, PICK(values));
}

static void put_rest(struct sample *sample) {
    static const char *const texts[] = {"; State = 4",
                                        ";NumSCerts=1",
                                        " ; a comment",
                                        ";",
                                        "# NumSCerts=1",
                                        "#State=4",
                                        "//",
                                        "NumSCerts",
                                        "State",
                                        "State 4",
                                        "=4",
                                        "=",
                                        " = 1",
                                        "hello",
                                        "\x1A",
                                        "\\",
                                        "State: 4",
                                        "NumSCerts: 1",
                                        "NumSCerts ",
                                        "rem State=4",
                                        "\xEF\xBB\xBF",
                                        "4",
                                        "'",
                                        "\""};
    put(sample, PICK(texts));
}

/* Around the lengths of inih's buffer and of Wine's, with a key in front or behind. */
static void put_long(struct sample *sample) {
    static const char *const starts[] = {"Key=", "NumSCerts=", "State=4", "State=",   "",
                                         "  ",   ";",          "[",       "NumSCerts"};
    static const char *const ends[] = {"", "4", "NumSCerts=1", "State=4", "=4", "]", "=1"};
    static const uint16_t fillings[] = {'x', ' ', '0', '\t', 0xA0};
    static const unsigned lengths[] = {40, 250, 1020, 2030, 4090};
    unsigned length = PICK(lengths) + below(20);
    uint16_t filling = PICK(fillings);
    put(sample, PICK(starts));
    while (length-- > 0)
        put_unit(sample, filling);
    put(sample, PICK(ends));
}

static void put_line(struct sample *sample) {
    unsigned kind = below(100);
    if (kind < 6)
        put_state(sample);
    else if (kind < 12)
        put_certificates(sample);
    else if (kind < 56)
        put_other(sample);
    else if (kind < 84)
        put_heading(sample);
    else if (kind < 97)
        put_rest(sample);
    else if (kind < 98)
        put_long(sample);
}

/* A last line that has no end. */
static void put_cut_off(struct sample *sample) {
    static const char *const words[] = {"NumSCerts", "numscerts", "State", "\tNumSCerts"};
    const char *word = PICK(words);
    unsigned length = 1 + below((unsigned)strlen(word));
    while (length-- > 0)
        put_unit(sample, (unsigned char)*word++);
}

/* A byte more, less, or another one. */
static void garble(struct sample *sample) {
    static const char nasty[] = " \t=;[]\"'+0x4\r\n\v\x1A\xA0\x7F\x80\xFF:#\\";
    size_t at = sample->count > 0 ? below((unsigned)sample->count) : 0;
    uint16_t unit = (unsigned char)nasty[below(sizeof nasty)]; /* its NUL too */
    unsigned how = below(3);
    if (how == 0 && sample->count > 0) {
        sample->unit[at] = unit;
    } else if (how == 1 && sample->count < UNITS) {
        memmove(sample->unit + at + 1, sample->unit + at, (sample->count - at) * sizeof unit);
        sample->unit[at] = unit;
        sample->count++;
    } else if (sample->count > 0) {
        sample->count--;
        memmove(sample->unit + at, sample->unit + at + 1, (sample->count - at) * sizeof unit);
    }
}

static void make(struct sample *sample, uint64_t number) {
    static const char *const ends[] = {"\r\n", "\r\n", "\r\n", "\r\n",  "\n",
                                       "\n",   "\r",   "\n\r", "\r\r\n"};
    random_state = (number + 1) * 0x9E3779B97F4A7C15ULL;
    (void)below(2);
    const char *end = ends[below(40) != 0 ? below(6) : 6 + below(3)];
    bool mixed = below(30) == 0;
    unsigned lines = 1 + below(9);
    memset(sample, 0, offsetof(struct sample, unit));
    sample->form = below(4) != 0 ? EIGHT : below(3) == 0 ? UTF8_MARK : LE_MARK;
    if (below(40) == 0)
        sample->form = below(2) == 0 ? LE_BARE : BE_MARK;
    if (below(3) != 0) {
        put_heading(sample);
        put(sample, end);
    }
    unsigned state = below(5) != 0 ? below(lines) : lines;
    for (unsigned i = 0; i < lines; i++) {
        if (i == state)
            put_state(sample);
        else
            put_line(sample);
        if (i + 1 < lines || below(4) != 0)
            put(sample, mixed ? PICK(ends) : end);
    }
    if (below(30) == 0)
        put_cut_off(sample);
    for (unsigned i = below(5) == 0 ? 1 + below(3) : 0; i > 0; i--)
        garble(sample);
    /* What would begin a mark, and would be none behind a heading in front. */
    if (sample->count > 0 && (sample->unit[0] == 0xFEFF || sample->unit[0] == 0xEF ||
                              sample->unit[0] == 0xFE || sample->unit[0] == 0xFF))
        sample->unit[0] = ' ';
    sample->half = is_wide(sample) && below(60) == 0;
}

/* ---- headings in reach of the functions */

static bool is_space(uint16_t unit) {
    return unit == ' ' || unit == '\t';
}

/* The first character of the line at `*next` that is no blank; `*next` goes to the line after it.
 * As for Wine, a CR ends a line too. */
static size_t line_at(const struct sample *sample, size_t *next, size_t *end) {
    size_t start = *next;
    for (*end = start;
         *end < sample->count && sample->unit[*end] != '\n' && sample->unit[*end] != '\r'; ++*end)
        ;
    *next = *end + 1;
    while (start < *end && is_space(sample->unit[start]))
        start++;
    return start;
}

/* Behind a UTF-8 mark in a line of its own: right behind it a heading is none for us. */
static void put_front(struct sample *sample) {
    const char *front = sample->form == UTF8_MARK ? "\r\n[In front]\r\n" : "[In front]\r\n";
    size_t length = strlen(front);
    if (sample->count + length > UNITS)
        sample->count = UNITS - length;
    memmove(sample->unit + length, sample->unit, sample->count * sizeof *sample->unit);
    for (size_t i = 0; i < length; i++)
        sample->unit[i] = (unsigned char)front[i];
    sample->count += length;
}

/* Whether no line is a heading. */
static bool needs_front(const struct sample *sample) {
    for (size_t next = 0, end = 0; next < sample->count;) {
        size_t start = line_at(sample, &next, &end);
        if (start < end && sample->unit[start] == '[')
            return false;
    }
    return true;
}

/* ---- asking Windows */

static WCHAR path[MAX_PATH];

static void write_file(const unsigned char *bytes, size_t size) {
    DWORD written = 0;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS,
                              FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE || !WriteFile(file, bytes, (DWORD)size, &written, NULL) ||
        written != size) {
        printf("cannot write: error %lu\n", GetLastError());
        exit(2);
    }
    CloseHandle(file);
    /* What is remembered of the file before. */
    WritePrivateProfileStringW(NULL, NULL, NULL, path);
}

struct answer {
    unsigned states;       /* sections that have a State */
    unsigned certificates; /* ... a NumSCerts */
    UINT value;            /* of the first State */
    bool four;             /* a State reads as 4 */
    size_t length;
    WCHAR dump[ANSWER]; /* name, entries, an empty string; for each section */
};

static bool has(const WCHAR *section, const WCHAR *name) {
    static const WCHAR none[] = L"\x01none";
    WCHAR value[64];
    GetPrivateProfileStringW(section, name, none, value, 64, path);
    return wcscmp(value, none) != 0;
}

static void dump_section(struct answer *answer, const WCHAR *section) {
    size_t room = ANSWER - answer->length;
    size_t length = wcslen(section) + 1;
    if (length + 64 > room)
        return;
    wcscpy(answer->dump + answer->length, section);
    answer->length += length;
    answer->length += GetPrivateProfileSectionW(section, answer->dump + answer->length,
                                                (DWORD)(room - length), path);
    answer->dump[answer->length++] = L'\0';
}

/* A name that was there before is the same section for the functions. */
static bool is_repeated(const WCHAR *sections, const WCHAR *section) {
    for (const WCHAR *before = sections; before < section; before += wcslen(before) + 1) {
        if (_wcsicmp(before, section) == 0)
            return true;
    }
    return false;
}

/* `all`: everything there is, and not only what it takes to see that there is no State of 4. */
static void ask(struct answer *answer, bool all) {
    static WCHAR sections[ANSWER];
    memset(answer, 0, offsetof(struct answer, dump));
    GetPrivateProfileSectionNamesW(sections, ANSWER, path);
    for (const WCHAR *section = sections; *section != L'\0'; section += wcslen(section) + 1) {
        if (!is_repeated(sections, section) && has(section, L"State")) {
            UINT value = GetPrivateProfileIntW(section, L"State", -77, path);
            if (answer->states++ == 0)
                answer->value = value;
            answer->four = answer->four || value == 4;
        }
    }
    if (!all && !answer->four)
        return;
    for (const WCHAR *section = sections; *section != L'\0'; section += wcslen(section) + 1) {
        if (is_repeated(sections, section))
            continue;
        answer->certificates += has(section, L"NumSCerts");
        if (all)
            dump_section(answer, section);
    }
}

/* ---- comparing */

static unsigned long long seed, number;
static unsigned wrong;

static void disagree(const unsigned char *bytes, size_t size, const struct record *record,
                     const char *expected, const struct answer *got) {
    if (++wrong > SHOWN)
        return;
    printf("DISAGREEMENT at record %llu of seed %llu (alone: profile FOLDER %llu 1)\n",
           number - seed, seed, number);
    printf("  bytes:");
    for (size_t i = 0; i < size; i++)
        printf(" %02X", bytes[i]);
    printf("\n  text: ");
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] >= ' ' && bytes[i] < 0x7F)
            putchar(bytes[i]);
        else
            printf("\\x%02X", bytes[i]);
    }
    printf("\n  we say: %s; %s\n  expected: %s\n", record_verdict_name(record->verdict),
           record_reason_text(record->reason), expected);
    printf("  got: a State in %u sections, the first reads as %d, one as 4: %s; NumSCerts in %u "
           "sections\n",
           got->states, (int)got->value, got->four ? "yes" : "no", got->certificates);
}

/* One entry differs, it is State's, and by one character, 4 to 1. */
static bool only_state_differs(const struct answer *before, const struct answer *after) {
    size_t at = 0;
    if (before->length != after->length)
        return false;
    while (at < before->length && before->dump[at] == after->dump[at])
        at++;
    if (at == before->length || before->dump[at] != L'4' || after->dump[at] != L'1' ||
        memcmp(before->dump + at + 1, after->dump + at + 1,
               (before->length - at - 1) * sizeof(WCHAR)) != 0)
        return false;
    while (at > 0 && before->dump[at - 1] != L'\0')
        at--;
    return _wcsnicmp(before->dump + at, L"State=", 6) == 0;
}

static void check_stuck(unsigned char *bytes, size_t size, const struct record *record,
                        const char *bug, const struct answer *before) {
    static struct answer after;
    if (before->states != 1 || before->value != 4 || before->certificates != 0) {
        disagree(bytes, size, record, "one State that reads as 4, and no NumSCerts", before);
        return;
    }
    size_t digit = record->digit + (strcmp(bug, "digit") == 0);
    unsigned char was = bytes[digit < size ? digit : size - 1];
    bytes[digit < size ? digit : size - 1] = '1';
    if (strcmp(bug, "heading") == 0)
        bytes[3] ^= 1;
    write_file(bytes, size);
    ask(&after, true);
    bytes[digit < size ? digit : size - 1] = was;
    if (after.states != 1 || after.value != 1 || after.certificates != 0)
        disagree(bytes, size, record, "after the repair one State that reads as 1", &after);
    else if (!only_state_differs(before, &after))
        disagree(bytes, size, record, "after the repair no other name or value changed", &after);
}

/* ---- where we are stricter */

static bool is_odd(uint16_t unit) {
    return unit >= 0x7F || (unit < ' ' && unit != '\t');
}

static size_t skip(const uint16_t *value, size_t count, const char *units) {
    return count > 0 && value[0] < 0x80 && strchr(units, value[0]) != NULL;
}

/* A value that only the functions read as 4. */
static const char *kind_of_value(const uint16_t *value, size_t count) {
    size_t digits = 0;
    while (count > 0 && is_space(*value)) {
        value++;
        count--;
    }
    size_t quote = skip(value, count, "\"'");
    value += quote;
    count -= quote;
    if (count > 0 && (is_space(*value) || is_odd(*value)))
        return "blank-before-4";
    if (count > 1 && value[0] == '0' && skip(value + 1, count - 1, "ob") != 0)
        return "octal-or-binary";
    size_t sign = skip(value, count, "+-");
    while (sign + digits < count && value[sign + digits] >= '0' && value[sign + digits] <= '9')
        digits++;
    return digits >= 10 ? "overflow" : NULL;
}

/* Whether the units are the name, once blanks and odd characters are left out. */
static bool is_name(const uint16_t *unit, size_t count, const char *name, bool *odd_too) {
    for (; count > 0; unit++, count--) {
        *odd_too = *odd_too || is_odd(*unit);
        if (is_odd(*unit) || is_space(*unit))
            continue;
        if (*name == '\0' || (*unit | 0x20) != (*name | 0x20))
            return false;
        name++;
    }
    return *name == '\0';
}

/* Why a State that reads as 4 for the functions is none for us. */
static const char *kind_of_states(const struct sample *sample) {
    const char *kind = NULL;
    for (size_t next = 0, end = 0; next < sample->count && kind == NULL;) {
        size_t start = line_at(sample, &next, &end);
        size_t equals = start;
        bool odd_too = false;
        while (equals < end && sample->unit[equals] != '=')
            equals++;
        if (equals < end && is_name(sample->unit + start, equals - start, "State", &odd_too))
            kind = odd_too ? "blanks-in-names"
                           : kind_of_value(sample->unit + equals + 1, end - equals - 1);
    }
    for (size_t i = 0; i + 1 < sample->count && kind == NULL; i++) {
        if (sample->unit[i] == '\r' && sample->unit[i + 1] != '\n')
            kind = "cr";
    }
    return kind;
}

/* Makes comments of the lines that begin with `[`; or of those without `=`. */
static void comment_out(struct sample *sample, bool headings) {
    for (size_t next = 0, end = 0; next < sample->count;) {
        size_t start = line_at(sample, &next, &end);
        bool heading = start < end && sample->unit[start] == '[';
        size_t equals = start;
        while (equals < end && sample->unit[equals] != '=')
            equals++;
        if (headings ? heading : !heading && equals == end && start < end)
            sample->unit[start] = ';';
    }
}

static bool finds_certificates(const struct sample *sample) {
    static struct answer answer;
    static unsigned char bytes[BYTES];
    write_file(bytes, to_bytes(sample, bytes));
    ask(&answer, true);
    return answer.certificates != 0;
}

/* Why a NumSCerts is there for us and not for the functions: they find it once what is in their
 * way is gone. */
static const char *kind_of_certificates(struct sample *sample) {
    comment_out(sample, false);
    if (finds_certificates(sample))
        return "bare-name";
    comment_out(sample, true);
    put_front(sample);
    return finds_certificates(sample) ? "out-of-reach" : NULL;
}

/* NULL: of no kind that is known. `sample` is what was asked about, and is changed. */
static const char *kind_of(struct sample *sample, const struct record *record) {
    switch (record->reason) {
    case REASON_NUL:
        return sample->form == BE_MARK ? "utf-16-be" : "nul";
    case REASON_UTF16_NUL:
        return "nul";
    case REASON_UTF16_ODD:
        return "half-a-character";
    case REASON_NOT_PLAIN:
        return "not-plain";
    case REASON_TWO_STATES:
        return "two-states";
    case REASON_BLANKS:
        return "blanks";
    case REASON_CUT_OFF:
        return "cut-off";
    case REASON_TOO_LARGE:
        return NULL;
    case REASON_NONE:
        break;
    }
    /* A State behind a NumSCerts need not have been looked at. */
    const char *kind = record->has_digit ? NULL : kind_of_states(sample);
    return kind == NULL && record->verdict == VERDICT_SOUND ? kind_of_certificates(sample) : kind;
}

static struct {
    const char *group;
    const char *name;
    unsigned count;
} counts[32];

static void count(const char *group, const char *name) {
    size_t i = 0;
    while (counts[i].name != NULL && strcmp(counts[i].name, name) != 0)
        i++;
    counts[i].group = group;
    counts[i].name = name;
    counts[i].count++;
}

static void compare(struct sample *sample, const char *bug) {
    static unsigned char bytes[BYTES];
    static struct answer answer;
    struct record record, before;
    size_t size = to_bytes(sample, bytes);
    memset(&answer, 0, offsetof(struct answer, dump));
    record_judge(bytes, size, &record);
    if (needs_front(sample)) {
        before = record;
        put_front(sample);
        size = to_bytes(sample, bytes);
        record_judge(bytes, size, &record);
        count("", "with-a-heading-in-front");
        bool marked = sample->form == UTF8_MARK && before.line == 1 &&
                      before.reason == REASON_BLANKS && record.verdict == VERDICT_STUCK;
        if (before.verdict != record.verdict && !marked)
            disagree(bytes, size, &record, record_verdict_name(before.verdict), &answer);
    }
    write_file(bytes, size);
    bool stuck = record.verdict == VERDICT_STUCK ||
                 (record.verdict == VERDICT_DOUBTFUL && strcmp(bug, "doubtful") == 0) ||
                 (record.verdict == VERDICT_SOUND && strcmp(bug, "sound") == 0);
    ask(&answer, stuck);
    count("", record_verdict_name(record.verdict));
    if (stuck) {
        check_stuck(bytes, size, &record, bug, &answer);
    } else if (answer.four && answer.certificates == 0) {
        const char *kind = kind_of(sample, &record);
        if (kind == NULL)
            disagree(bytes, size, &record, "a known reason to be stricter", &answer);
        else
            count("stricter.", kind);
    }
}

int wmain(int argc, WCHAR **argv) {
    static struct sample sample;
    char bug[16] = "";
    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: profile FOLDER SEED COUNT [doubtful|sound|digit|heading]\n");
        return 2;
    }
    seed = wcstoul(argv[2], NULL, 10);
    unsigned long records = wcstoul(argv[3], NULL, 10);
    if (argc == 5)
        (void)snprintf(bug, sizeof bug, "%ls", argv[4]);
    (void)_snwprintf(path, MAX_PATH, L"%ls\\profile.ini", argv[1]);
    for (number = seed; number < seed + records; number++) {
        make(&sample, number);
        compare(&sample, bug);
    }
    for (size_t i = 0; counts[i].name != NULL; i++)
        printf("%s%s=%u\n", counts[i].group, counts[i].name, counts[i].count);
    printf("disagreements=%u\n", wrong);
    return wrong != 0;
}
