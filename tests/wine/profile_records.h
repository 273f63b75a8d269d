/* SPDX-License-Identifier: MIT */
/*
 * profile_records: made-up records for profile.c, each from its number alone, and what is in them.
 *
 * What is in a record, its traits, is told from its text and not from how it came about.
 */
#ifndef KMREPAIR_TEST_PROFILE_RECORDS_H
#define KMREPAIR_TEST_PROFILE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { UNITS = 12 * 1024, BYTES = 2 * UNITS + 8 };

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

/* ---- its lines */

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

static bool is_letter(uint16_t unit) {
    return (unit | 0x20) >= 'a' && (unit | 0x20) <= 'z';
}

/* The name of the last heading once more, as it was or in other case. False when there is none. */
static bool put_again(struct sample *sample) {
    size_t name = 0, length = 0;
    for (size_t next = 0, end = 0; next < sample->count;) {
        size_t start = line_at(sample, &next, &end);
        if (start == end || sample->unit[start] != '[')
            continue;
        name = start + 1;
        for (length = 0; name + length < end && sample->unit[name + length] != ']';)
            length++;
    }
    if (name == 0)
        return false;
    uint16_t flip = below(3) != 0 ? 0x20 : 0;
    put(sample, "[");
    for (size_t i = name; i < name + length; i++)
        put_unit(sample, is_letter(sample->unit[i]) ? sample->unit[i] ^ flip : sample->unit[i]);
    put(sample, "]");
    return true;
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
    const char *heading = below(6) != 0 ? PICK(plain) : PICK(others);
    unsigned with = below(16);
    if (with == 0 && put_again(sample))
        return;
    if (with == 1)
        put(sample, below(2) != 0 ? " " : "\t ");
    put(sample, heading);
    if (with == 2)
        put(sample, below(2) != 0 ? " " : " \t");
    else if (with == 3 && sample->count > 0 && sample->count < UNITS)
        sample->count--; /* mostly the end of the heading */
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

/* A last line of which the rest is missing. */
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
    if (below(12) == 0) {
        put_cut_off(sample);
        put(sample, below(3) == 0 ? end : "");
    }
    if (below(60) == 0 && sample->count > 0)
        sample->unit[below((unsigned)sample->count)] = 0;
    for (unsigned i = below(5) == 0 ? 1 + below(3) : 0; i > 0; i--)
        garble(sample);
    /* What would begin a mark, and would be none behind a heading in front. */
    if (sample->count > 0 && (sample->unit[0] == 0xFEFF || sample->unit[0] == 0xEF ||
                              sample->unit[0] == 0xFE || sample->unit[0] == 0xFF))
        sample->unit[0] = ' ';
    sample->half = is_wide(sample) && below(60) == 0;
}

/* ---- what is in one */

enum trait {
    HEADING,
    HEADING_NOT_CLOSED,
    BLANK_BEFORE_HEADING,
    BLANK_BEHIND_HEADING,
    HEADING_AGAIN,
    HEADING_IN_OTHER_CASE,
    MARK_UTF8,
    MARK_UTF16,
    CUT_OFF_WITHOUT_END,
    CUT_OFF_WITH_END,
    NO_END,
    NUL,
    COMMENT,
    TRAITS
};

static const char *const trait_names[TRAITS] = {[HEADING] = "heading",
                                                [HEADING_NOT_CLOSED] = "heading-not-closed",
                                                [BLANK_BEFORE_HEADING] = "blank-before-heading",
                                                [BLANK_BEHIND_HEADING] = "blank-behind-heading",
                                                [HEADING_AGAIN] = "heading-again",
                                                [HEADING_IN_OTHER_CASE] = "heading-in-other-case",
                                                [MARK_UTF8] = "utf-8-mark",
                                                [MARK_UTF16] = "utf-16-mark",
                                                [CUT_OFF_WITHOUT_END] = "cut-off-without-end",
                                                [CUT_OFF_WITH_END] = "cut-off-with-end",
                                                [NO_END] = "no-end",
                                                [NUL] = "nul",
                                                [COMMENT] = "comment"};

struct name {
    const uint16_t *unit;
    size_t length;
};

static bool is_same(const struct name *a, const struct name *b, uint16_t letters) {
    if (a->length != b->length)
        return false;
    for (size_t i = 0; i < a->length; i++) {
        uint16_t differs = a->unit[i] ^ b->unit[i];
        if (differs != 0 && !(differs == letters && is_letter(a->unit[i])))
            return false;
    }
    return true;
}

/* The heading from `start` to `end`; `names` are those before it. */
static void note_heading(const struct sample *sample, size_t start, size_t end, struct name *names,
                         size_t *count, bool traits[TRAITS]) {
    struct name name = {sample->unit + start + 1, 0};
    while (start + 1 + name.length < end && name.unit[name.length] != ']')
        name.length++;
    traits[start + 1 + name.length < end ? HEADING : HEADING_NOT_CLOSED] = true;
    traits[BLANK_BEHIND_HEADING] |= is_space(sample->unit[end - 1]);
    for (size_t i = 0; i < *count; i++) {
        bool again = is_same(&name, &names[i], 0);
        traits[HEADING_AGAIN] |= again;
        traits[HEADING_IN_OTHER_CASE] |= !again && is_same(&name, &names[i], 0x20);
    }
    names[(*count)++] = name;
}

/* Whether the line is no more than the first letters of a name that matters. */
static bool is_cut_off(const struct sample *sample, size_t start, size_t end) {
    static const char *const words[] = {"NUMSCERTS", "STATE"};
    for (size_t i = 0; i < 2; i++) {
        size_t length = 0;
        while (start + length < end && words[i][length] != '\0' &&
               (sample->unit[start + length] & ~0x20) == words[i][length])
            length++;
        if (length > 0 && start + length == end)
            return true;
    }
    return false;
}

static void look(const struct sample *sample, bool traits[TRAITS]) {
    static struct name names[UNITS]; /* a line each at most */
    size_t count = 0;
    memset(traits, 0, TRAITS * sizeof *traits);
    traits[MARK_UTF8] = sample->form == UTF8_MARK;
    traits[MARK_UTF16] = sample->form == LE_MARK;
    for (size_t i = 0; i < sample->count; i++)
        traits[NUL] |= sample->unit[i] == 0;
    for (size_t next = 0, end = 0; next < sample->count;) {
        size_t begin = next;
        size_t start = line_at(sample, &next, &end);
        if (start == end)
            continue;
        traits[COMMENT] |= sample->unit[start] == ';';
        if (sample->unit[start] == '[') {
            traits[BLANK_BEFORE_HEADING] |= start > begin;
            note_heading(sample, start, end, names, &count, traits);
        }
        traits[NO_END] = end == sample->count;
        traits[CUT_OFF_WITHOUT_END] = traits[NO_END] && is_cut_off(sample, start, end);
        traits[CUT_OFF_WITH_END] = !traits[NO_END] && is_cut_off(sample, start, end);
    }
}

#endif
