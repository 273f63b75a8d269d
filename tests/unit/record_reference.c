/* SPDX-License-Identifier: MIT */
#include "record_reference.h"

#include <string.h>

enum { UNITS_MAX = RECORD_BYTES_MAX };

/* The text as characters, each with the offset of its byte in the file. */
struct wide {
    unsigned unit[UNITS_MAX];
    size_t offset[UNITS_MAX];
    size_t count;
};

static enum verdict_reason decode(const unsigned char *bytes, size_t size, struct wide *wide) {
    bool is_wide = size >= 2 && bytes[0] == 0xFF && bytes[1] == 0xFE;
    size_t width = is_wide ? 2 : 1;
    size_t mark = is_wide ? 2 : 0;
    if (!is_wide && size >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF)
        mark = 3;
    if (size > RECORD_BYTES_MAX)
        return REASON_TOO_LARGE;
    if (is_wide && size % 2 != 0)
        return REASON_UTF16_ODD;
    wide->count = 0;
    for (size_t i = mark; i < size; i += width) {
        unsigned unit = is_wide ? bytes[i] + 256U * bytes[i + 1] : bytes[i];
        if (unit == 0)
            return is_wide ? REASON_UTF16_NUL : REASON_NUL;
        wide->unit[wide->count] = unit;
        wide->offset[wide->count++] = i;
    }
    return REASON_NONE;
}

static bool blank(unsigned c) {
    return c == ' ' || c == '\t';
}

/* Takes the blanks off both ends of the piece. */
static void trim(const struct wide *wide, size_t *from, size_t *to) {
    while (*from < *to && blank(wide->unit[*from]))
        ++*from;
    while (*from < *to && blank(wide->unit[*to - 1]))
        --*to;
}

static bool odd(unsigned c) {
    return !blank(c) && (c <= ' ' || c >= 0x7F);
}

/* Whether the piece is the word; `loose`: once odd characters and blanks are taken out of it. */
static bool is_word(const struct wide *wide, size_t from, size_t to, const char *word, bool loose) {
    for (size_t i = from; i < to; i++) {
        unsigned c = wide->unit[i];
        if (loose && (blank(c) || odd(c)))
            continue;
        if (c >= 'A' && c <= 'Z')
            c += 'a' - 'A';
        if (*word == '\0' || c != (unsigned char)*word)
            return false;
        word++;
    }
    return *word == '\0';
}

static bool is_digit(unsigned c, bool hexadecimal) {
    return (c >= '0' && c <= '9') ||
           (hexadecimal && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
}

static bool reads_as_four(const struct wide *wide, size_t from, size_t to, size_t *four) {
    bool hexadecimal = false;
    size_t i = from;
    if (i < to && (wide->unit[i] == '"' || wide->unit[i] == '\''))
        i++;
    if (i < to && wide->unit[i] == '+')
        i++;
    if (to - i >= 2 && wide->unit[i] == '0' &&
        (wide->unit[i + 1] == 'x' || wide->unit[i + 1] == 'X')) {
        hexadecimal = true;
        i += 2;
    }
    while (i < to && wide->unit[i] == '0')
        i++;
    if (i == to || wide->unit[i] != '4')
        return false;
    *four = i;
    return i + 1 == to || !is_digit(wide->unit[i + 1], hexadecimal);
}

static bool plain(const struct wide *wide, size_t from, size_t to) {
    if (to - from == 1)
        return wide->unit[from] == '4';
    return to - from == 3 && wide->unit[from + 1] == '4' &&
           wide->unit[from] == wide->unit[to - 1] &&
           (wide->unit[from] == '"' || wide->unit[from] == '\'');
}

/* A piece of the text. */
struct piece {
    size_t from, to;
};

struct finding {
    unsigned states, fours;
    bool certificates, plain, doubt, cut_off;
};

static size_t find(const struct wide *wide, size_t from, size_t to, unsigned c) {
    while (from < to && wide->unit[from] != c)
        from++;
    return from;
}

static void see_state(const struct wide *wide, size_t from, size_t to, uint32_t line,
                      struct finding *finding, struct reference *result) {
    size_t four = 0;
    bool reads = reads_as_four(wide, from, to, &four);
    finding->states++;
    if (finding->states > 1 && finding->certificates)
        return; /* NumSCerts has decided already */
    finding->fours += reads;
    if (finding->states == 1 || (reads && finding->fours == 1))
        result->line = line;
    if (reads && finding->fours == 1) {
        result->has_digit = true;
        result->digit = wide->offset[four];
        finding->plain = plain(wide, from, to);
    }
}

/* Whether the piece is a beginning of NumSCerts, of one letter or more, once odd characters and
 * blanks are taken out of it. */
static bool begins_certificates(const struct wide *wide, struct piece piece) {
    char word[] = "numscerts";
    for (size_t length = 1; length <= strlen("numscerts"); length++) {
        memcpy(word, "numscerts", sizeof word);
        word[length] = '\0';
        if (is_word(wide, piece.from, piece.to, word, true))
            return true;
    }
    return false;
}

static void see_line(const struct wide *wide, size_t from, size_t to, uint32_t line,
                     struct finding *finding, struct reference *result) {
    bool last = to == wide->count || (to + 1 == wide->count && wide->unit[to] == '\r');
    trim(wide, &from, &to);
    if (from == to || wide->unit[from] == ';' || wide->unit[from] == '[')
        return;
    size_t name_end = find(wide, from, to, '=');
    if (name_end == to) {
        struct piece name = {from, to};
        if (is_word(wide, from, to, "state", true) || is_word(wide, from, to, "numscerts", true))
            finding->doubt = true;
        if (last && begins_certificates(wide, name))
            finding->cut_off = true;
        return;
    }
    size_t value = name_end + 1;
    trim(wide, &from, &name_end);
    trim(wide, &value, &to);
    if (is_word(wide, from, name_end, "numscerts", false)) {
        finding->certificates = true;
    } else if (is_word(wide, from, name_end, "state", false)) {
        see_state(wide, value, to, line, finding, result);
    } else if (is_word(wide, from, name_end, "numscerts", true) ||
               is_word(wide, from, name_end, "state", true)) {
        for (size_t i = from; i < name_end; i++)
            finding->doubt = finding->doubt || odd(wide->unit[i]);
    }
}

/* One line; `*at` goes to the next. */
static struct piece take_line(const struct wide *wide, size_t *at) {
    struct piece line = {*at, find(wide, *at, wide->count, '\n')};
    *at = line.to + 1;
    if (line.to > line.from && wide->unit[line.to - 1] == '\r')
        line.to--;
    return line;
}

static void see_lines(const struct wide *wide, struct finding *finding, struct reference *result) {
    uint32_t number = 0;
    for (size_t at = 0; at < wide->count;) {
        struct piece line = take_line(wide, &at);
        finding->doubt = finding->doubt || find(wide, line.from, line.to, '\r') < line.to;
        see_line(wide, line.from, line.to, ++number, finding, result);
    }
}

/* ---- sections, by the rule and not by any parser */

/* Whether the line may be a heading: a `[` is its first character, blanks and odd ones aside.
 * `*heading` begins at the `[` then. */
static bool may_be_heading(const struct wide *wide, struct piece line, struct piece *heading) {
    while (line.from < line.to && (blank(wide->unit[line.from]) || odd(wide->unit[line.from])))
        line.from++;
    *heading = line;
    return line.from < line.to && wide->unit[line.from] == '[';
}

static unsigned how_many(const struct wide *wide, struct piece piece, unsigned c) {
    unsigned count = 0;
    for (size_t i = piece.from; i < piece.to; i++)
        count += wide->unit[i] == c;
    return count;
}

/* The name in a heading, up to its first `]`, less blanks. */
static struct piece name_of(const struct wide *wide, struct piece heading) {
    struct piece name = {heading.from + 1, find(wide, heading.from, heading.to, ']')};
    trim(wide, &name.from, &name.to);
    return name;
}

/* `*open`: an odd character ends it, and from there on it may be anything. */
static struct piece known_part(const struct wide *wide, struct piece name, bool *open) {
    size_t to = name.from;
    while (to < name.to && !odd(wide->unit[to]))
        to++;
    *open = to < name.to;
    return (struct piece){name.from, to};
}

static unsigned small(unsigned c) {
    return c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c;
}

static bool starts_with(const struct wide *wide, struct piece piece, struct piece start) {
    if (piece.to - piece.from < start.to - start.from)
        return false;
    for (size_t i = 0; i < start.to - start.from; i++) {
        if (small(wide->unit[piece.from + i]) != small(wide->unit[start.from + i]))
            return false;
    }
    return true;
}

static bool may_be_same_section(const struct wide *wide, struct piece one, struct piece other) {
    bool one_open = false, other_open = false;
    one = known_part(wide, name_of(wide, one), &one_open);
    other = known_part(wide, name_of(wide, other), &other_open);
    trim(wide, &one.from, &one.to);
    trim(wide, &other.from, &other.to);
    if ((one_open && starts_with(wide, other, one)) ||
        (other_open && starts_with(wide, one, other)))
        return true;
    return one.to - one.from == other.to - other.from && starts_with(wide, one, other);
}

/* Of the section that the State is in. */
static bool is_sure_heading(const struct wide *wide, struct piece line, struct piece heading) {
    struct piece name = {heading.from + 1, find(wide, heading.from, heading.to, ']')};
    struct piece trimmed = name_of(wide, heading);
    trim(wide, &line.from, &line.to);
    return line.from == heading.from && how_many(wide, heading, ']') == 1 &&
           trimmed.from == name.from && trimmed.to == name.to && name.from < name.to &&
           !odd(wide->unit[name.from]) && !odd(wide->unit[name.to - 1]);
}

/* Whether every Windows finds the State on this line. `marked`: the UTF-8 mark stands in front of
 * the text. */
static bool in_reach(const struct wide *wide, uint32_t state, bool marked) {
    struct piece line = {0, 0}, heading = {0, 0}, home = {0, 0};
    bool headed = false, sure = true;
    size_t at = 0;
    for (uint32_t number = 1; number < state; number++) {
        line = take_line(wide, &at);
        if (!may_be_heading(wide, line, &heading))
            continue;
        if (how_many(wide, heading, ']') == 0)
            return false; /* not closed */
        headed = true;
        home = heading;
        sure = is_sure_heading(wide, line, heading) && !(marked && number == 1);
    }
    if (marked && state == 1)
        return false; /* the mark is a part of the name */
    for (bool before_all = !headed; before_all && at < wide->count;) {
        if (may_be_heading(wide, take_line(wide, &at), &heading))
            return false; /* before the first heading */
    }
    for (at = 0; headed && at < home.from;) {
        if (may_be_heading(wide, take_line(wide, &at), &heading) && heading.from < home.from &&
            may_be_same_section(wide, heading, home))
            return false; /* only the first section of a name is looked in */
    }
    return sure;
}

void reference_judge(const unsigned char *bytes, size_t size, struct reference *result) {
    static struct wide wide;
    struct finding finding = {0};
    memset(result, 0, sizeof *result);
    result->reason = decode(bytes, size, &wide);
    result->verdict = VERDICT_UNREADABLE;
    if (result->reason != REASON_NONE)
        return;
    bool marked = size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0;
    finding.doubt = size >= 2 && bytes[0] == 0xFE && bytes[1] == 0xFF;
    see_lines(&wide, &finding, result);
    if (finding.states == 0) {
        result->verdict = VERDICT_NOT_A_RECORD;
    } else if (finding.certificates || finding.fours == 0) {
        result->verdict = VERDICT_SOUND;
    } else if (finding.states == 1 && finding.plain && !finding.doubt && !finding.cut_off &&
               in_reach(&wide, result->line, marked)) {
        result->verdict = VERDICT_STUCK;
    } else {
        result->verdict = VERDICT_DOUBTFUL;
        result->reason = finding.states > 1 ? REASON_TWO_STATES
                         : !finding.plain   ? REASON_NOT_PLAIN
                         : finding.cut_off  ? REASON_CUT_OFF
                                            : REASON_BLANKS;
    }
}
