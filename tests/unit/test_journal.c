/* SPDX-License-Identifier: MIT */
/*
 * test_journal: core/journal, the format of a line: each kind of entry there and back, lines of the first version, lines
 * that are damaged, foreign or too long. The reader and the times are test_journal_reader's.
 */
#include "journal_check.h"

/* ---- helpers */

static struct journal_entry done(enum journal_outcome outcome) {
    struct journal_entry entry;
    memset(&entry, 0, sizeof entry);
    entry.kind = JOURNAL_DONE;
    entry.utc = 1795365601;
    entry.number = UINT32_MAX;
    entry.outcome = outcome;
    return entry;
}

static struct journal_entry loaded(const char *settings) {
    struct journal_entry entry;
    memset(&entry, 0, sizeof entry);
    entry.kind = JOURNAL_LOADED;
    entry.utc = 0;
    (void)text_copy(entry.text, sizeof entry.text, settings);
    return entry;
}

static void same_entry(const char *label, const struct journal_entry *expected,
                       const struct journal_entry *got) {
    same_number(label, "kind", expected->kind, got->kind);
    same_number(label, "utc", expected->utc, got->utc);
    same_number(label, "number", expected->number, got->number);
    same_number(label, "offset", expected->offset, got->offset);
    same_number(label, "size", expected->size, got->size);
    same_number(label, "before", expected->before, got->before);
    same_number(label, "after", expected->after, got->after);
    same_number(label, "outcome", expected->outcome, got->outcome);
    same_text(label, "name", expected->name, got->name);
    same_text(label, "mailbox", expected->mailbox, got->mailbox);
    same_text(label, "text", expected->text, got->text);
    same_number(label, "id", expected->id, got->id);
    same_number(label, "generation", expected->generation, got->generation);
    same_number(label, "state", 0,
                (uint64_t)memcmp(&expected->state, &got->state, sizeof got->state));
}

/* One of each kind, with all that it has. */
static struct journal_entry of_kind(enum journal_kind kind) {
    struct journal_entry entry = intent();
    entry.kind = kind;
    if (kind == JOURNAL_INTENT || kind == JOURNAL_UNDO || kind == JOURNAL_REPAIRED)
        return entry;
    if (kind == JOURNAL_DONE)
        return done(OUTCOME_UNKNOWN);
    entry.offset = entry.size = entry.after = 0;
    entry.mailbox[0] = '\0';
    if (kind != JOURNAL_HOLD)
        entry.before = 0;
    if (kind == JOURNAL_HOLD || kind == JOURNAL_RELEASE)
        return entry;
    entry.name[0] = '\0';
    if (kind != JOURNAL_CHECKPOINT)
        entry.number = 0;
    if (kind == JOURNAL_CHECKPOINT) {
        entry.id = 0x00C0FFEE;
        entry.generation = 12;
        entry.text[0] = '\0';
    } else if (kind == JOURNAL_STATE) {
        entry.state =
            (struct journal_state){WHY_LIMIT, 1795369260, 0, {10, {1, 2, 3, 4, 5}, 6}, 1795365600};
        entry.text[0] = '\0';
    } else if (kind == JOURNAL_WINDOW) {
        (void)text_copy(entry.text, sizeof entry.text, "1795365600=3 1795365660=12");
    }
    return entry;
}

/* Encodes into a block of exactly JOURNAL_LINE_MAX bytes, decodes from one of exactly the
 * length. */
static size_t round_trip(const char *label, const struct journal_entry *entry, char *line) {
    struct journal_entry again;
    char *buffer = malloc(JOURNAL_LINE_MAX);
    size_t length = journal_encode(entry, buffer, JOURNAL_LINE_MAX);
    if (length < 3) {
        complain("%s: expected a line, got none", label);
    } else {
        char *exact = exact_copy(buffer, length - 2);
        if (journal_decode(exact, length - 2, &again))
            same_entry(label, entry, &again);
        else
            complain("%s: expected to be read again, got refused", label);
        if (memchr(exact, '\n', length - 2) != NULL || memchr(exact, '\r', length - 2) != NULL)
            complain("%s: a line in the middle of a line", label);
        same_number(label, "ends in CRLF", 0, (uint64_t)memcmp(buffer + length - 2, "\r\n", 2));
        free(exact);
    }
    if (line != NULL)
        memcpy(line, buffer, length);
    free(buffer);
    return length;
}

/* ---- one line */

static void round_trips(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "a",
        "%",
        "%%41",
        "a\tb",
        "a\nb\r\n",
        "\x01\x1F\x7F",
        "100% sure",
        "\xC3\xBC\xE2\x82\xAC",
        "\xED\xA0\x80.ini",
        "ends in %",
        "%0",
        "\t\t\t",
        "a  b ",
        "KMR1\t1970-01-01T00:00:00Z\tDONE",
        "\xFF\xFE not UTF-8",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct journal_entry entry = intent();
        (void)text_copy(entry.name, sizeof entry.name, texts[i]);
        (void)round_trip(texts[i], &entry, NULL);
        (void)text_copy(entry.mailbox, sizeof entry.mailbox, texts[i]);
        (void)text_copy(entry.text, sizeof entry.text, texts[i]);
        (void)round_trip(texts[i], &entry, NULL);
        entry = loaded(texts[i]);
        (void)round_trip(texts[i], &entry, NULL);
    }
    for (int kind = 0; kind <= JOURNAL_REPAIRED; kind++) {
        struct journal_entry entry = of_kind((enum journal_kind)kind);
        char label[32];
        (void)snprintf(label, sizeof label, "kind %d", kind);
        (void)round_trip(label, &entry, NULL);
    }
    for (int why = WHY_NOTHING; why <= WHY_EVENTS; why++) {
        struct journal_entry entry = of_kind(JOURNAL_STATE);
        entry.state.why = (enum journal_why)why;
        (void)round_trip("state", &entry, NULL);
    }
    for (int outcome = OUTCOME_REPAIRED; outcome <= OUTCOME_UNKNOWN; outcome++) {
        struct journal_entry entry = done((enum journal_outcome)outcome);
        (void)round_trip("done", &entry, NULL);
    }
    no_complaints();
}

static void every_byte_in_a_field(void **state) {
    (void)state;
    struct journal_entry entry = intent();
    for (int c = 1; c < 256; c++)
        entry.mailbox[c - 1] = (char)c;
    entry.mailbox[255] = '\0';
    (void)round_trip("every byte", &entry, NULL);
    no_complaints();
}

static void known_lines(void **state) {
    (void)state;
    char line[JOURNAL_LINE_MAX];
    char expected[JOURNAL_LINE_MAX];
    struct journal_entry entry = intent();
    static const char body[] =
        "KMR2\t2026-11-22T16:40:00Z\tINTENT\t17\t123\t2345\t0000CAFE\tFFFFFFFF"
        "\tMxclfr4zqvktn.ini\t/o=Org/ou=Site/cn=Recipients/cn=Anna"
        "\tC:\\Security\\Mgrent\\Clients";
    size_t length = journal_encode(&entry, line, sizeof line);
    int n = snprintf(expected, sizeof expected, "%s\t%08X\r\n", body, crc32(0, body, strlen(body)));
    assert_int_equal(length, n);
    assert_memory_equal(line, expected, length);
    entry = done(OUTCOME_NOT_MADE);
    length = journal_encode(&entry, line, sizeof line);
    assert_memory_equal(line, "KMR2\t2026-11-22T16:40:01Z\tDONE\t4294967295\tnot-made\t", 51);
}

/* As journal.h describes them: what other programs and later versions rely on. */
static void known_bodies(void **state) {
    (void)state;
    static const char *const bodies[JOURNAL_REPAIRED + 1] = {
        [JOURNAL_INTENT] = "INTENT\t17\t123\t2345\t0000CAFE\tFFFFFFFF\tMxclfr4zqvktn.ini"
                           "\t/o=Org/ou=Site/cn=Recipients/cn=Anna\tC:\\Security\\Mgrent\\Clients",
        [JOURNAL_UNDO] = "UNDO\t17\t123\t2345\t0000CAFE\tFFFFFFFF\tMxclfr4zqvktn.ini"
                         "\t/o=Org/ou=Site/cn=Recipients/cn=Anna\tC:\\Security\\Mgrent\\Clients",
        [JOURNAL_DONE] = "DONE\t4294967295\tunknown",
        [JOURNAL_HOLD] = "HOLD\t17\t0000CAFE\tMxclfr4zqvktn.ini\tC:\\Security\\Mgrent\\Clients",
        [JOURNAL_RELEASE] = "RELEASE\t17\tMxclfr4zqvktn.ini\tC:\\Security\\Mgrent\\Clients",
        [JOURNAL_LOADED] = "LOADED\tC:\\Security\\Mgrent\\Clients",
        [JOURNAL_CHECKPOINT] = "CHECKPOINT\t00C0FFEE\t12\t17",
        [JOURNAL_STATE] = "STATE\tlimit\t2026-11-22T17:41:00Z\t-\t10\t3\t4\t5\t1\t2\t6"
                          "\t2026-11-22T16:40:00Z",
        [JOURNAL_WINDOW] = "WINDOW\t1795365600=3 1795365660=12",
        [JOURNAL_REPAIRED] =
            "REPAIRED\t17\t123\t2345\t0000CAFE\tFFFFFFFF\tMxclfr4zqvktn.ini"
            "\t/o=Org/ou=Site/cn=Recipients/cn=Anna\tC:\\Security\\Mgrent\\Clients"};
    for (int kind = 0; kind <= JOURNAL_REPAIRED; kind++) {
        char line[JOURNAL_LINE_MAX + 1];
        struct journal_entry entry = of_kind((enum journal_kind)kind);
        size_t length = journal_encode(&entry, line, JOURNAL_LINE_MAX);
        assert_in_range(length, 40, JOURNAL_LINE_MAX);
        line[length - 11] = '\0'; /* the tab before the CRC */
        same_text("a line", "from its kind on", bodies[kind], line + 26);
    }
    no_complaints();
}

/* Lines that the first version wrote. Its HOLD and RELEASE have no number; it has no other
 * kinds. */
static void first_version(void **state) {
    (void)state;
    static const struct {
        const char *body;
        bool good;
        enum journal_kind kind;
    } rows[] = {
        {"INTENT\t17\t123\t2345\t0000CAFE\tFFFFFFFF\ta.ini\tAnna\tC:\\", true, JOURNAL_INTENT},
        {"UNDO\t17\t123\t2345\t0000CAFE\tFFFFFFFF\ta.ini\tAnna\tC:\\", true, JOURNAL_UNDO},
        {"DONE\t17\tnot-made", true, JOURNAL_DONE},
        {"HOLD\t0000CAFE\ta.ini\tC:\\", true, JOURNAL_HOLD},
        {"RELEASE\ta.ini\tC:\\", true, JOURNAL_RELEASE},
        {"LOADED\tRepair = yes", true, JOURNAL_LOADED},
        {"HOLD\t17\t0000CAFE\ta.ini\tC:\\", false, JOURNAL_HOLD},
        {"RELEASE\t17\ta.ini\tC:\\", false, JOURNAL_RELEASE},
        {"REPAIRED\t17\t123\t2345\t0000CAFE\tFFFFFFFF\ta.ini\tAnna\tC:\\", false, JOURNAL_REPAIRED},
        {"CHECKPOINT\t00C0FFEE\t12\t17", false, JOURNAL_CHECKPOINT},
        {"CHECKPOINT", false, JOURNAL_CHECKPOINT},
        {"WINDOW", false, JOURNAL_WINDOW},
        {"WINDOW\t1795365600=3", false, JOURNAL_WINDOW},
        {"STATE", false, JOURNAL_STATE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[256];
        struct journal_entry entry;
        int n = snprintf(line, sizeof line, "KMR1\t2026-11-22T16:40:00Z\t%s", rows[i].body);
        n += sprintf(line + n, "\t%08X", crc32(0, line, (size_t)n));
        char *exact = exact_copy(line, (size_t)n);
        same_number(rows[i].body, "accepted", rows[i].good,
                    journal_decode(exact, (size_t)n, &entry));
        if (rows[i].good)
            same_number(rows[i].body, "kind", rows[i].kind, entry.kind);
        if (rows[i].good && rows[i].kind == JOURNAL_HOLD)
            same_number(rows[i].body, "held", 0xCAFE, entry.before);
        if (rows[i].good && (rows[i].kind == JOURNAL_HOLD || rows[i].kind == JOURNAL_RELEASE)) {
            same_number(rows[i].body, "number", 0, entry.number);
            same_text(rows[i].body, "record", "a.ini", entry.name);
            same_text(rows[i].body, "folder", "C:\\", entry.text);
        }
        free(exact);
    }
    no_complaints();
}

/* The header's promise: "the fields at their longest, escaped, fit". */
static void longest(const char *label, const char *name, const char *mailbox, const char *folder) {
    struct journal_entry entry = intent();
    entry.number = entry.offset = entry.size = UINT32_MAX;
    entry.name[0] = entry.mailbox[0] = entry.text[0] = '\0';
    for (size_t n = 0; n + strlen(name) < QUEUE_NAME_BYTES && n < 255 * strlen(name);)
        n += (size_t)sprintf(entry.name + n, "%s", name);
    for (size_t n = 0; n < RECORD_MAILBOX_MAX * strlen(mailbox);)
        n += (size_t)sprintf(entry.mailbox + n, "%s", mailbox);
    for (size_t n = 0; n + strlen(folder) < CONFIG_FOLDER_BYTES && n < 512 * strlen(folder);)
        n += (size_t)sprintf(entry.text + n, "%s", folder);
    (void)round_trip(label, &entry, NULL);
}

static void longest_fields(void **state) {
    (void)state;
    longest("letters", "x", "x", "x");
    longest("two bytes", "\xC3\xBC", "\xC3\xBC", "\xC3\xBC");
    longest("three bytes", "\xE2\x82\xAC", "\xE2\x82\xAC", "\xE2\x82\xAC");
    longest("four bytes", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xE2\x82\xAC");
    longest("to be escaped", "%", "%", "%");
    longest("four bytes and to be escaped", "%", "\xF0\x9F\x98\x80", "%");
    no_complaints();
}

/* A folder may have CONFIG_FOLDER_BYTES of any character; the settings are a field too. */
static void longest_folders(void **state) {
    (void)state;
    struct journal_entry entry = intent();
    memset(entry.text, 'x', CONFIG_FOLDER_BYTES - 1);
    (void)round_trip("letters", &entry, NULL);
    entry = loaded("");
    memset(entry.text, 'x', CONFIG_PRINT_BYTES - 1);
    (void)round_trip("settings", &entry, NULL);
    no_complaints();
}

static void lines_that_do_not_fit(void **state) {
    (void)state;
    char whole[JOURNAL_LINE_MAX];
    struct journal_entry entry = intent();
    size_t length = journal_encode(&entry, whole, sizeof whole);
    for (size_t size = 1; size <= length + 2; size++) {
        char *line = malloc(size);
        size_t got = journal_encode(&entry, line, size);
        assert_int_equal(got, size > length ? length : 0);
        free(line);
    }
}

static void corrupted_byte(const char *label, char *line, size_t length, size_t at) {
    struct journal_entry entry;
    char good = line[at];
    for (int c = 0; c < 256; c++) {
        line[at] = (char)c;
        if ((char)c != good && journal_decode(line, length, &entry))
            complain("%s: byte %zu is %02X for %02X: expected to be refused", label, at, c,
                     (unsigned char)good);
    }
    line[at] = good;
}

static void corruption(void **state) {
    (void)state;
    char line[JOURNAL_LINE_MAX];
    for (int kind = 0; kind <= JOURNAL_REPAIRED; kind++) {
        struct journal_entry whole = of_kind((enum journal_kind)kind);
        char label[32];
        (void)snprintf(label, sizeof label, "kind %d", kind);
        size_t length = round_trip(label, &whole, line) - 2;
        char *exact = exact_copy(line, length);
        for (size_t i = 0; i < length; i++)
            corrupted_byte(label, exact, length, i);
        free(exact);
        for (size_t cut = 0; cut < length; cut++) {
            struct journal_entry entry;
            exact = exact_copy(line, cut);
            if (journal_decode(exact, cut, &entry))
                complain("%s: cut to %zu bytes: expected to be refused", label, cut);
            free(exact);
        }
    }
    no_complaints();
}

/* Well-formed lines, their CRC right, that are no entries of this version all the same. */
static void foreign_entries(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "KMR1\t2026-11-22T16:40:00Z\tUNDONE\t1",
        "KMR1\t2026-11-22T16:40:00Z\tHELD\t1\tx",
        "KMR1\t2026-11-22T16:40:00Z\tintent\t1",
        "KMR1\t2026-11-22T16:40:00Z\tDONE",
        "KMR1\t2026-11-22T16:40:00Z\tDONE\t1",
        "KMR1\t2026-11-22T16:40:00Z\tDONE\t1\t",
        "KMR1\t2026-11-22T16:40:00Z\tDONE\t1\trepaire",
        "KMR1\t2026-11-22T16:40:00Z\tDONE\t1\trepaired\tmore",
        "KMR1\t2026-11-22T16:40:00Z\tDONE\t1\trepaired\t",
        "KMR1\t2026-11-22T16:40:00Z\tDONE\t\trepaired",
        "KMR1\t2026-11-22T16:40:00Z\tDONE\t-1\trepaired",
        "KMR1\t2026-11-22T16:40:00Z\tDONE\t4294967296\trepaired",
        "KMR1\t2026-11-22T16:40:00Z\tLOADED",
        "KMR1\t2026-11-22T16:40:00Z\tLOADED\t%",
        "KMR1\t2026-11-22T16:40:00Z\tLOADED\t%4",
        "KMR1\t2026-11-22T16:40:00Z\tLOADED\t%4g",
        "KMR1\t2026-11-22T16:40:00Z\tLOADED\t%4a",
        "KMR1\t2026-11-22T16:40:00Z\tLOADED\ta%00b",
        "KMR1\t2026-11-22T16:40:00Z\tINTENT\t1\t2\t3\t0000CAFE\t0000cafe\ta\tb\tc",
        "KMR1\t2026-11-22T16:40:00Z\tINTENT\t1\t2\t3\t0000CAFE\tCAFE\ta\tb\tc",
        "KMR1\t2026-11-22T16:40:00Z\tINTENT\t1\t2\t3\t0000CAFE\t0000CAFE\ta\tb",
        "KMR3\t2026-11-22T16:40:00Z\tDONE\t1\trepaired",
        "KMR2\t2026-11-22T16:40:00Z\tHELD\t1\tx",
        "KMR2\t2026-11-22T16:40:00Z\tCHECKPOINT\t00C0FFEE\t12",
        "KMR2\t2026-11-22T16:40:00Z\tCHECKPOINT\t00C0FFEE\t12\t17\t1",
        "KMR2\t2026-11-22T16:40:00Z\tCHECKPOINT\tC0FFEE\t12\t17",
        "KMR2\t2026-11-22T16:40:00Z\tHOLD\t0000CAFE\ta.ini\tC:\\",
        "KMR2\t2026-11-22T16:40:00Z\tHOLD\t1\t0000CAFE\ta.ini",
        "KMR2\t2026-11-22T16:40:00Z\tRELEASE\ta.ini\tC:\\",
        "KMR2\t2026-11-22T16:40:00Z\tWINDOW",
        "KMR2\t2026-11-22T16:40:00Z\tSTATE\tasleep\t-\t-\t1\t1\t1\t1\t1\t1\t1\t-",
        "KMR2\t2026-11-22T16:40:00Z\tSTATE\tlimit\t\t-\t1\t1\t1\t1\t1\t1\t1\t-",
        "KMR2\t2026-11-22T16:40:00Z\tSTATE\tlimit\t0\t-\t1\t1\t1\t1\t1\t1\t1\t-",
        "KMR2\t2026-11-22T16:40:00Z\tSTATE\tlimit\t-\t-\t1\t1\t1\t1\t1\t1\t-",
        "KMR2\t-\tDONE\t1\trepaired",
        "KMR1 \t2026-11-22T16:40:00Z\tDONE\t1\trepaired",
        "KMR1 2026-11-22T16:40:00Z\tDONE\t1\trepaired",
        "KMR2 2026-11-22T16:40:00Z\tDONE\t1\trepaired",
        "KMR1\t2026-11-22 16:40:00Z\tDONE\t1\trepaired",
        "KMR1\t2026-02-30T16:40:00Z\tDONE\t1\trepaired",
        "",
        "x",
        "\t\t\t",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        char line[256];
        struct journal_entry entry;
        int length = snprintf(line, sizeof line, "%s\t%08X", bodies[i],
                              crc32(0, bodies[i], strlen(bodies[i])));
        char *exact = exact_copy(line, (size_t)length);
        same_number(bodies[i], "accepted", false, journal_decode(exact, (size_t)length, &entry));
        free(exact);
    }
    no_complaints();
}

/* What is too long for a field is refused, not cut: it would name another record. */
static void fields_too_long(void **state) {
    (void)state;
    static char line[8192];
    for (size_t length = CONFIG_PRINT_BYTES - 1; length <= CONFIG_PRINT_BYTES; length++) {
        struct journal_entry entry;
        int n = sprintf(line, "KMR1\t2026-11-22T16:40:00Z\tLOADED\t");
        memset(line + n, 'x', length);
        n += (int)length;
        n += sprintf(line + n, "\t%08X", crc32(0, line, (size_t)n));
        assert_int_equal(journal_decode(line, (size_t)n, &entry), length < CONFIG_PRINT_BYTES);
    }
}

/* A line without its CRC gets it, and is read. */
static bool is_read(char *line, size_t length, struct journal_entry *entry) {
    length += (size_t)sprintf(line + length, "\t%08X", crc32(0, line, length));
    char *exact = exact_copy(line, length);
    bool read = journal_decode(exact, length, entry);
    free(exact);
    return read;
}

/* Each text has room for its largest, and nothing is written behind it. */
static void texts_of_exact_sizes(void **state) {
    (void)state;
    static const size_t sizes[] = {QUEUE_NAME_BYTES, RECORD_MAILBOX_BYTES, CONFIG_PRINT_BYTES};
    static char line[8192];
    for (unsigned field = 0; field < 3; field++) {
        for (unsigned more = 0; more < 2; more++) {
            struct journal_entry *entry = malloc(sizeof *entry);
            size_t length = (size_t)sprintf(
                line, "KMR2\t2026-11-22T16:40:00Z\tINTENT\t17\t123\t2345\t0000CAFE\tFFFFFFFF");
            assert_non_null(entry);
            for (unsigned i = 0; i < 3; i++) {
                size_t size = i == field ? sizes[i] - 1 + more : 1;
                line[length++] = '\t';
                memset(line + length, 'x', size);
                length += size;
            }
            same_number("a text", "is read", more == 0, is_read(line, length, entry));
            free(entry);
        }
    }
    no_complaints();
}

static void which_bytes_are_escaped(void **state) {
    (void)state;
    char line[JOURNAL_LINE_MAX];
    struct journal_entry entry = intent();
    (void)strcpy(entry.mailbox, "\x01\x1F\x20\x21$%&~\x7F\x80\xFF");
    line[journal_encode(&entry, line, sizeof line - 1)] = '\0';
    assert_non_null(strstr(line, "\t%01%1F !$%25&~%7F\x80\xFF\t"));
}

/* A kind or an outcome that is not known is none of those that are. */
static void words_of_later_versions(void **state) {
    (void)state;
    static const struct {
        const char *fields;
        bool read;
    } rows[] = {{"DONE\t7\tunknown", true},
                {"DONE\t7\tlater", false},
                {"REPAIRED\t17\t123\t2345\t0000CAFE\tFFFFFFFF\tn\tm\tf", true},
                {"LATER\t17\t123\t2345\t0000CAFE\tFFFFFFFF\tn\tm\tf", false},
                {"LATER", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[256];
        struct journal_entry entry;
        size_t length = (size_t)sprintf(line, "KMR2\t2026-11-22T16:40:00Z\t%s", rows[i].fields);
        same_number(rows[i].fields, "is read", rows[i].read, is_read(line, length, &entry));
    }
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips),
        cmocka_unit_test(every_byte_in_a_field),
        cmocka_unit_test(known_lines),
        cmocka_unit_test(known_bodies),
        cmocka_unit_test(first_version),
        cmocka_unit_test(longest_fields),
        cmocka_unit_test(longest_folders),
        cmocka_unit_test(lines_that_do_not_fit),
        cmocka_unit_test(corruption),
        cmocka_unit_test(foreign_entries),
        cmocka_unit_test(fields_too_long),
        cmocka_unit_test(texts_of_exact_sizes),
        cmocka_unit_test(which_bytes_are_escaped),
        cmocka_unit_test(words_of_later_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
