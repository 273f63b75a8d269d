/* SPDX-License-Identifier: MIT */
/*
 * test_sections: every mixture of headings, up to three sections, with a State in each place.
 *
 * Headings closed and not, of the same name and of others, with blanks and odd characters; the
 * State before the first of them and in each section; marks in front; ends that cut the file off.
 * All are compared with the reference. What is stuck is also looked up as GetPrivateProfileString
 * does it, by 64 readers that differ in all that Windows' versions and Wine are known or suspected
 * to differ in: each must find the State, and find it in the same section. Where a test elsewhere
 * says that Wine reads it in one way and Windows in another, this is what it means:
 *
 *   a `[` without `]`    Windows: a heading that ends with its line. Wine: a name.
 *   a line without `=`   a name without a value, or nothing.
 *   the UTF-8 mark       Windows: three characters of the first line. Wine: the mark.
 *   the name's end       Windows: the first `]`. Wine: the last.
 *   odd characters       trimmed like blanks, or not; and blanks in a heading, or not.
 */
#include "check.h"
#include "record.h"
#include "record_reference.h"

enum { BYTES = 256, SECTIONS = 3 };

/* ---- one reader */

struct reader {
    bool knows_mark;
    bool needs_bracket; /* a heading without `]` is a name */
    bool last_bracket;
    bool needs_equals; /* a line without `=` is nothing */
    bool trims_odd;
    bool keeps_blanks; /* in the name of a section */
};

struct piece {
    const char *from, *to;
};

static bool is_space(const struct reader *reader, char c) {
    bool odd = (unsigned char)c <= ' ' || (unsigned char)c >= 0x7F;
    return c == ' ' || c == '\t' || c == '\r' || (odd && reader->trims_odd);
}

static struct piece trim(const struct reader *reader, struct piece piece) {
    while (piece.from < piece.to && is_space(reader, *piece.from))
        piece.from++;
    while (piece.from < piece.to && is_space(reader, piece.to[-1]))
        piece.to--;
    return piece;
}

static bool same(struct piece a, struct piece b) {
    if (a.to - a.from != b.to - b.from)
        return false;
    for (; a.from < a.to; a.from++, b.from++) {
        char x = *a.from >= 'A' && *a.from <= 'Z' ? (char)(*a.from + 32) : *a.from;
        char y = *b.from >= 'A' && *b.from <= 'Z' ? (char)(*b.from + 32) : *b.from;
        if (x != y)
            return false;
    }
    return true;
}

static bool is_heading(const struct reader *reader, struct piece line, struct piece *name) {
    struct piece end = {line.from, line.to};
    if (line.from == line.to || *line.from != '[')
        return false;
    for (const char *c = line.from; c < line.to; c++) {
        if (*c == ']' && (end.to == line.to || reader->last_bracket))
            end.to = c;
    }
    if (end.to == line.to && reader->needs_bracket)
        return false;
    end.from++;
    *name = reader->keeps_blanks ? end : trim(reader, end);
    return true;
}

/* The next line, trimmed; `text` goes on behind it. */
static struct piece take_line(const struct reader *reader, struct piece *text) {
    const char *end = memchr(text->from, '\n', (size_t)(text->to - text->from));
    struct piece line = {text->from, end != NULL ? end : text->to};
    text->from = end != NULL ? end + 1 : text->to;
    return trim(reader, line);
}

static struct piece open_text(const struct reader *reader, const char *bytes, size_t size) {
    struct piece text = {bytes, bytes + size};
    if (reader->knows_mark && size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        text.from += 3;
    return text;
}

/* The value of the name in the first section that is called so; `section` NULL: before the first
 * heading. False if there is none. */
static bool look_up(const struct reader *reader, struct piece text, const struct piece *section,
                    const char *key, struct piece *value) {
    struct piece wanted = {key, key + strlen(key)}, heading;
    bool inside = section == NULL;
    while (text.from < text.to) {
        struct piece line = take_line(reader, &text);
        if (is_heading(reader, line, &heading)) {
            if (inside)
                return false;
            inside = same(heading, *section);
            continue;
        }
        const char *equals = memchr(line.from, '=', (size_t)(line.to - line.from));
        if (!inside || line.from == line.to || *line.from == ';' ||
            (equals == NULL && reader->needs_equals))
            continue;
        struct piece name = {line.from, equals != NULL ? equals : line.to};
        if (same(trim(reader, name), wanted)) {
            *value = (struct piece){equals != NULL ? equals + 1 : line.to, line.to};
            *value = trim(reader, *value);
            return true;
        }
    }
    return false;
}

/* What all of a reader's sections have. */
struct found {
    unsigned states, certificates;
    struct piece value;
    struct piece section; /* of the first State; NULL: before the first heading */
    bool headed;
};

static void look_in(const struct reader *reader, struct piece text, const struct piece *section,
                    struct found *found) {
    struct piece value;
    found->certificates += look_up(reader, text, section, "NumSCerts", &value);
    if (look_up(reader, text, section, "State", &value) && found->states++ == 0) {
        found->value = value;
        found->section = section != NULL ? *section : (struct piece){NULL, NULL};
    }
}

static struct found look_everywhere(const struct reader *reader, const char *bytes, size_t size) {
    struct found found = {0};
    struct piece text = open_text(reader, bytes, size), rest = text, known[2 * SECTIONS];
    size_t count = 0;
    while (rest.from < rest.to) {
        struct piece line = take_line(reader, &rest), name;
        bool again = false;
        if (!is_heading(reader, line, &name))
            continue;
        for (size_t i = 0; i < count; i++)
            again = again || same(known[i], name);
        /* No program asks for a section without a name. */
        if (!again && name.from < name.to)
            look_in(reader, text, &name, &found);
        if (!again && count < sizeof known / sizeof known[0])
            known[count++] = name;
        found.headed = true;
    }
    if (!found.headed)
        look_in(reader, text, NULL, &found); /* a file without headings is judged as one section */
    return found;
}

static bool same_found(const struct found *a, const struct found *b) {
    return a->headed == b->headed && same(a->section, b->section);
}

/* Every reader finds one State, the same, and no NumSCerts. */
static bool all_find_it(const char *bytes, size_t size) {
    struct found first = {0};
    for (unsigned which = 0; which < 64; which++) {
        struct reader reader = {which & 1, which & 2, which & 4, which & 8, which & 16, which & 32};
        struct found found = look_everywhere(&reader, bytes, size);
        if (found.states != 1 || found.certificates != 0 ||
            found.value.to - found.value.from != 1 || *found.value.from != '4')
            return false;
        if (which == 0)
            first = found;
        else if (!same_found(&first, &found))
            return false;
    }
    return true;
}

/* ---- every mixture */

/* UTF-16's mark makes the whole file that. */
static const char *const marks[] = {
    "\xFF\xFE", "", "\xEF\xBB\xBF", "\xEF\xBB\xBF\n", "\xEF\xBB\xBF;c\r\n", "\xEF\xBB\xBFx=1\n"};
static const char *const headings[] = {"[a]",  "[A]",  "[b]", "[a", "[b",   "[a \t", " [a]",
                                       "[a ]", "[ a]", "[]",  "[",  "[a]]", "[a] b", "\v[a]"};
static const char *const ends[] = {
    "", "\n", "\nN", "\n nUmS\x1A", "\nNumSCerts", "\nNumSCerts\nx=1", "\nNumX", "\nState\n"};

enum {
    MARKS = sizeof marks / sizeof marks[0],
    HEADINGS = sizeof headings / sizeof headings[0],
    ENDS = sizeof ends / sizeof ends[0]
};

static void check(const char *bytes, size_t size, unsigned verdicts[]) {
    struct record record;
    struct reference expected;
    char *copy = exact_copy(bytes, size);
    record_judge(copy, size, &record);
    reference_judge((const unsigned char *)copy, size, &expected);
    verdicts[record.verdict]++;
    if (record.verdict != expected.verdict || record.reason != expected.reason ||
        record.line != expected.line || record.digit != expected.digit)
        complain("expected %s (%s), got %s (%s):\n%.*s", record_verdict_name(expected.verdict),
                 record_reason_text(expected.reason), record_verdict_name(record.verdict),
                 record_reason_text(record.reason), (int)size, bytes);
    if (record.verdict == VERDICT_STUCK && record.encoding != RECORD_UTF16LE &&
        !all_find_it(copy, size))
        complain("it is stuck, and one reader does not find its State:\n%.*s", (int)size, bytes);
    free(copy);
}

static size_t widen(char *bytes, size_t size) {
    for (size_t i = size; i-- > 2;) {
        bytes[2 * i - 2] = bytes[i];
        bytes[2 * i - 1] = '\0';
    }
    return 2 * size - 2;
}

/* `sections` headings by number, the State behind heading `home` (0: before the first). */
static size_t make(char *to, const char *mark, const size_t *heading, size_t sections, size_t home,
                   const char *end) {
    static const char *const line_ends[] = {"\n", "\r\n"};
    size_t size = (size_t)snprintf(to, BYTES, "%s%s", mark, home == 0 ? "State = 4" : "");
    for (size_t i = 0; i < sections; i++)
        size += (size_t)snprintf(to + size, BYTES - size, "%s%s\n%s",
                                 i == 0 && home != 0 ? "" : line_ends[i % 2], headings[heading[i]],
                                 home == i + 1 ? "State = 4" : "y=1");
    size += (size_t)snprintf(to + size, BYTES - size, "%s", end);
    return *mark == '\xFF' ? widen(to, size) : size;
}

static void every_mixture(void **state) {
    (void)state;
    unsigned verdicts[VERDICT_DOUBTFUL + 1] = {0};
    char bytes[BYTES];
    size_t mixtures = 1;
    for (size_t sections = 0; sections <= SECTIONS; sections++, mixtures *= HEADINGS) {
        for (size_t n = 0; n < mixtures * MARKS * ENDS * (sections + 1); n++) {
            size_t rest = n / (MARKS * ENDS * (sections + 1));
            size_t heading[SECTIONS];
            for (size_t i = 0; i < sections; i++, rest /= HEADINGS)
                heading[i] = rest % HEADINGS;
            size_t size = make(bytes, marks[n % MARKS], heading, sections,
                               n / (MARKS * ENDS) % (sections + 1), ends[n / MARKS % ENDS]);
            check(bytes, size, verdicts);
        }
    }
    print_message("%u stuck, %u doubtful\n", verdicts[VERDICT_STUCK], verdicts[VERDICT_DOUBTFUL]);
    no_complaints();
    assert_true(verdicts[VERDICT_STUCK] > 20000 && verdicts[VERDICT_DOUBTFUL] > 500000);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_mixture)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
