/* SPDX-License-Identifier: MIT */
/*
 * test_table: the verdicts by the table alone.
 *
 * record_reference.c has the caution of core/record in it. This one has not: it is the table of
 * verdicts in section 2 of the design and the rules of a line above it, and nothing else. Made-up
 * records must get the verdict of the table, but for one difference: what is stuck by it may be
 * doubtful for us, never the reverse. test_sections.c says when.
 */
#include "check.h"
#include "record.h"

enum { RECORDS = 300000, LINES = 6, BYTES = 1024 };

struct table {
    unsigned states, fours;
    bool certificates, exact;
};

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* The text between two places, without blanks around it. */
static void trim(const char *from, const char *to, char out[BYTES]) {
    while (from < to && is_blank(*from))
        from++;
    while (from < to && is_blank(to[-1]))
        to--;
    memcpy(out, from, (size_t)(to - from));
    out[to - from] = '\0';
}

static bool same_name(const char *a, const char *b) {
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        char c = *a >= 'A' && *a <= 'Z' ? (char)(*a + 32) : *a;
        if (c != *b)
            return false;
    }
    return *a == *b;
}

/* "an optional quote, an optional +, an optional 0x, any zeros, then 4 and no further digit" */
static bool reads_as_four(const char *value) {
    bool hexadecimal = false;
    if (*value == '"' || *value == '\'')
        value++;
    if (*value == '+')
        value++;
    if (value[0] == '0' && (value[1] == 'x' || value[1] == 'X')) {
        hexadecimal = true;
        value += 2;
    }
    value += strspn(value, "0");
    return *value == '4' &&
           (value[1] == '\0' ||
            strchr(hexadecimal ? "0123456789abcdefABCDEF" : "0123456789", value[1]) == NULL);
}

static void read_line(const char *from, const char *to, struct table *table) {
    char line[BYTES], name[BYTES], value[BYTES];
    trim(from, to, line);
    char *equals = strchr(line, '=');
    if (line[0] == ';' || line[0] == '[' || equals == NULL)
        return;
    trim(line, equals, name);
    trim(equals + 1, line + strlen(line), value);
    if (same_name(name, "numscerts"))
        table->certificates = true;
    if (!same_name(name, "state"))
        return;
    table->states++;
    table->fours += reads_as_four(value);
    table->exact =
        strcmp(value, "4") == 0 || strcmp(value, "\"4\"") == 0 || strcmp(value, "'4'") == 0;
}

static enum verdict by_the_table(const char *text, size_t size) {
    struct table table = {0};
    if (memchr(text, '\0', size) != NULL)
        return VERDICT_UNREADABLE;
    for (size_t from = 0; from < size;) {
        const char *end = memchr(text + from, '\n', size - from);
        size_t to = end != NULL ? (size_t)(end - text) : size;
        size_t next = to + 1;
        if (to > from && text[to - 1] == '\r')
            to--;
        read_line(text + from, text + to, &table);
        from = next;
    }
    if (table.states == 0)
        return VERDICT_NOT_A_RECORD;
    if (table.certificates || table.fours == 0)
        return VERDICT_SOUND;
    return table.states == 1 && table.exact ? VERDICT_STUCK : VERDICT_DOUBTFUL;
}

/* ---- records, most of them nearly right */

#define ANY(random, ...)                                                                           \
    ((const char *const[]){__VA_ARGS__})[random_below(                                             \
        random, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))]

static const char *any_line(struct random *random) {
    switch (random_below(random, 5)) {
    case 0:
        return ANY(random, "[Client]", "[Other]", "[open", "[]", "; State = 4", "# State = 4",
                   "noise");
    case 1:
        return ANY(random, "NumSCerts = 1", "NumSCerts=", " numscerts\t= 4", "NumSCert = 1",
                   "NumSCerts : 1", ";NumSCerts = 1", "NumSCerts");
    case 2:
        return ANY(random, "Key = State = 4", "= 4", "State : 4", "State", "State 4", "Status = 4",
                   "\xFFState = 4");
    default:
        return ANY(random, "State = ", "State=", "state\t=\t",
                   " STATE =", "sTaTe = = ", "Sta te = ");
    }
}

static size_t make(struct random *random, char text[BYTES]) {
    size_t size = 0;
    if (random_below(random, 4) != 0)
        size = (size_t)snprintf(text, BYTES, "[Status]\r\n");
    for (uint32_t n = 1 + random_below(random, LINES); n > 0; n--) {
        const char *line = any_line(random);
        const char *value = "";
        if (strchr(" =\t", line[strlen(line) - 1]) != NULL && line[0] != 'N')
            value = ANY(random, "4", "4", "4", "\"4\"", "'4'", "\"4", "04", "+4", "0x4", "0x4a",
                        "4 ; x", "4x", "40", "14", "-4", "1", "", "4 ", "+0x04", "\"04\"", "4\"");
        size += (size_t)snprintf(text + size, BYTES - size, "%s%s%s", line, value,
                                 ANY(random, "\n", "\r\n", "\r\n", "\r\n", "\r"));
    }
    if (random_below(random, 4) == 0)
        size -= text[size - 1] == '\n';
    if (random_below(random, 50) == 0)
        text[random_below(random, (uint32_t)size)] = '\0';
    return size;
}

/* The same text, in UTF-16 with its mark. */
static size_t widen(const char *text, size_t size, unsigned char to[2 * BYTES + 2]) {
    to[0] = 0xFF;
    to[1] = 0xFE;
    for (size_t i = 0; i < size; i++) {
        to[2 * i + 2] = (unsigned char)text[i];
        to[2 * i + 3] = 0;
    }
    return 2 * size + 2;
}

/* A value cannot be told from one that is cut off. It is taken for whole: `State = 4` without a line's end
 * at the end of a file is stuck, on purpose. Only a beginning of NumSCerts there is a doubt. */
static bool ends_in_a_value(const char *text, size_t size) {
    while (size > 0 && text[size - 1] != '\n' && text[size - 1] != '=')
        size--;
    return size > 0 && text[size - 1] == '=';
}

static void made_up_records(void **state) {
    struct random random = {20261126};
    unsigned seen[VERDICT_DOUBTFUL + 1] = {0};
    unsigned careful = 0, open_ends = 0;
    char text[BYTES];
    static unsigned char wide[2 * BYTES + 2];
    (void)state;
    for (unsigned n = 0; n < RECORDS; n++) {
        struct record record;
        size_t size = make(&random, text);
        enum verdict expected = by_the_table(text, size);
        if (n % 2 == 0)
            record_judge(text, size, &record);
        else
            record_judge(wide, widen(text, size, wide), &record);
        seen[record.verdict]++;
        open_ends += record.verdict == VERDICT_STUCK && text[size - 1] == '4';
        if (record.reason == REASON_CUT_OFF && ends_in_a_value(text, size))
            complain("record %u: a value at the end is no doubt:\n%.*s\n", n, (int)size, text);
        if (record.verdict == expected)
            continue;
        careful++;
        if (expected != VERDICT_STUCK || record.verdict != VERDICT_DOUBTFUL ||
            (record.reason != REASON_BLANKS && record.reason != REASON_CUT_OFF))
            complain("record %u: the table says %d, we say %d:\n%.*s\n", n, (int)expected,
                     (int)record.verdict, (int)size, text);
    }
    no_complaints();
    for (size_t i = 0; i <= VERDICT_DOUBTFUL; i++)
        assert_true(seen[i] > RECORDS / 100);
    assert_true(careful < seen[VERDICT_STUCK]);
    print_message("%u stuck at an end without a line end\n", open_ends);
    assert_true(open_ends > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(made_up_records)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
