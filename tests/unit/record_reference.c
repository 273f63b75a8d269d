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

struct finding {
    unsigned states, fours;
    bool certificates, plain, doubt;
};

static void see_line(const struct wide *wide, size_t from, size_t to, uint32_t line,
                     struct finding *finding, struct reference *result) {
    size_t equals = from;
    size_t four = 0;
    trim(wide, &from, &to);
    if (from == to || wide->unit[from] == ';' || wide->unit[from] == '[')
        return;
    while (equals < to && wide->unit[equals] != '=')
        equals++;
    if (equals == to)
        return;
    size_t name_end = equals;
    size_t value = equals + 1;
    trim(wide, &from, &name_end);
    trim(wide, &value, &to);
    if (is_word(wide, from, name_end, "numscerts", false)) {
        finding->certificates = true;
    } else if (is_word(wide, from, name_end, "state", false)) {
        bool reads = reads_as_four(wide, value, to, &four);
        finding->states++;
        finding->fours += reads;
        if (finding->states == 1 || (reads && finding->fours == 1))
            result->line = line;
        if (reads && finding->fours == 1) {
            result->has_digit = true;
            result->digit = wide->offset[four];
            finding->plain = plain(wide, value, to);
        }
    } else if (is_word(wide, from, name_end, "numscerts", true) ||
               is_word(wide, from, name_end, "state", true)) {
        for (size_t i = from; i < name_end; i++)
            finding->doubt = finding->doubt || odd(wide->unit[i]);
    }
}

static void see_lines(const struct wide *wide, struct finding *finding, struct reference *result) {
    uint32_t line = 0;
    for (size_t from = 0; from < wide->count;) {
        size_t end = from;
        while (end < wide->count && wide->unit[end] != '\n')
            end++;
        size_t to = end;
        if (to > from && wide->unit[to - 1] == '\r')
            to--;
        for (size_t i = from; i < to; i++)
            finding->doubt = finding->doubt || wide->unit[i] == '\r';
        see_line(wide, from, to, ++line, finding, result);
        from = end + 1;
    }
}

void reference_judge(const unsigned char *bytes, size_t size, struct reference *result) {
    static struct wide wide;
    struct finding finding = {0};
    memset(result, 0, sizeof *result);
    result->reason = decode(bytes, size, &wide);
    result->verdict = VERDICT_UNREADABLE;
    if (result->reason != REASON_NONE)
        return;
    see_lines(&wide, &finding, result);
    if (finding.states == 0) {
        result->verdict = VERDICT_NOT_A_RECORD;
    } else if (finding.certificates || finding.fours == 0) {
        result->verdict = VERDICT_SOUND;
    } else if (finding.states == 1 && finding.plain && !finding.doubt) {
        result->verdict = VERDICT_STUCK;
    } else {
        result->verdict = VERDICT_DOUBTFUL;
        result->reason = finding.states > 1 ? REASON_TWO_STATES
                         : !finding.plain   ? REASON_NOT_PLAIN
                                            : REASON_BLANKS;
    }
}
