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
    bool certificates, plain, doubt;
    bool headed; /* a section heading that is closed came before the State that decides */
    struct piece heading;
    struct piece last_heading;
    bool any_heading;
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
    if (finding->states == 1 || (reads && finding->fours == 1)) {
        result->line = line;
        finding->headed = finding->any_heading;
        finding->heading = finding->last_heading;
    }
    if (reads && finding->fours == 1) {
        result->has_digit = true;
        result->digit = wide->offset[four];
        finding->plain = plain(wide, from, to);
    }
}

static void see_line(const struct wide *wide, size_t from, size_t to, uint32_t line,
                     struct finding *finding, struct reference *result) {
    trim(wide, &from, &to);
    if (from == to || wide->unit[from] == ';')
        return;
    if (wide->unit[from] == '[') {
        if (find(wide, from, to, ']') < to) {
            finding->any_heading = true;
            finding->last_heading.from = from;
            finding->last_heading.to = to;
        }
        return;
    }
    size_t name_end = find(wide, from, to, '=');
    if (name_end == to) {
        finding->doubt = finding->doubt || is_word(wide, from, to, "state", true);
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

static bool same_letter(unsigned a, unsigned b) {
    if (a >= 0x7F && b >= 0x7F)
        return true; /* it might be one letter in two cases */
    if (a >= 'A' && a <= 'Z')
        a += 'a' - 'A';
    if (b >= 'A' && b <= 'Z')
        b += 'a' - 'A';
    return a == b;
}

/* The name in a heading, up to the first `]`, without what may be blanks around it. */
static struct piece name_of(const struct wide *wide, struct piece heading) {
    struct piece name = {heading.from + 1, find(wide, heading.from, heading.to, ']')};
    while (name.from < name.to && (blank(wide->unit[name.from]) || odd(wide->unit[name.from])))
        name.from++;
    while (name.from < name.to && (blank(wide->unit[name.to - 1]) || odd(wide->unit[name.to - 1])))
        name.to--;
    return name;
}

static bool same_section(const struct wide *wide, struct piece a, struct piece b) {
    a = name_of(wide, a);
    b = name_of(wide, b);
    if (a.to - a.from != b.to - b.from)
        return false;
    for (size_t i = 0; i < a.to - a.from; i++) {
        if (!same_letter(wide->unit[a.from + i], wide->unit[b.from + i]))
            return false;
    }
    return true;
}

/* Whether Windows finds what stands under the heading: its name is not empty, has no blank at either end,
 * and no heading before it has that name. */
static bool in_reach(const struct wide *wide, struct piece heading) {
    size_t last = heading.to - 1;
    while (wide->unit[last] != ']')
        last--;
    unsigned first_letter = wide->unit[heading.from + 1];
    unsigned last_letter = wide->unit[last - 1];
    if (first_letter == ']' || blank(first_letter) || odd(first_letter) || blank(last_letter) ||
        odd(last_letter))
        return false;
    for (size_t at = 0; at < heading.from;) {
        struct piece line = take_line(wide, &at);
        trim(wide, &line.from, &line.to);
        if (line.from < heading.from && find(wide, line.from, line.to, '[') == line.from &&
            find(wide, line.from, line.to, ']') < line.to && same_section(wide, line, heading))
            return false;
    }
    return true;
}

void reference_judge(const unsigned char *bytes, size_t size, struct reference *result) {
    static struct wide wide;
    struct finding finding = {0};
    memset(result, 0, sizeof *result);
    result->reason = decode(bytes, size, &wide);
    result->verdict = VERDICT_UNREADABLE;
    if (result->reason != REASON_NONE)
        return;
    finding.doubt = size >= 2 && bytes[0] == 0xFE && bytes[1] == 0xFF;
    see_lines(&wide, &finding, result);
    if (finding.states == 0) {
        result->verdict = VERDICT_NOT_A_RECORD;
    } else if (finding.certificates || finding.fours == 0) {
        result->verdict = VERDICT_SOUND;
    } else if (finding.states == 1 && finding.plain && !finding.doubt &&
               (!finding.headed || in_reach(&wide, finding.heading))) {
        result->verdict = VERDICT_STUCK;
    } else {
        result->verdict = VERDICT_DOUBTFUL;
        result->reason = finding.states > 1 ? REASON_TWO_STATES
                         : !finding.plain   ? REASON_NOT_PLAIN
                                            : REASON_BLANKS;
    }
}
