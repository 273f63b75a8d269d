/* SPDX-License-Identifier: MIT */
/*
 * test_journal: core/journal, the format: each kind of entry there and back, lines of the first
 * version, lines that are damaged, foreign, torn or too long, the reader in pieces of any size,
 * times.
 */
#include "check.h"
#include "crc32.h"
#include "journal.h"
#include "text.h"

/* ---- helpers */

static struct journal_entry intent(void) {
    struct journal_entry entry;
    memset(&entry, 0, sizeof entry);
    entry.kind = JOURNAL_INTENT;
    entry.utc = 1795365600;
    entry.number = 17;
    entry.offset = 123;
    entry.size = 2345;
    entry.before = 0x0000CAFE;
    entry.after = 0xFFFFFFFF;
    (void)text_copy(entry.name, sizeof entry.name, "Mxclfr4zqvktn.ini");
    (void)text_copy(entry.mailbox, sizeof entry.mailbox, "/o=Org/ou=Site/cn=Recipients/cn=Anna");
    (void)text_copy(entry.text, sizeof entry.text, "C:\\Security\\Mgrent\\Clients");
    return entry;
}

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

/* ---- many lines */

struct seen {
    uint32_t count;
    uint32_t numbers[64];
};

static void visit(void *context, const struct journal_entry *entry) {
    struct seen *seen = context;
    if (seen->count < 64)
        seen->numbers[seen->count] = entry->number;
    seen->count++;
}

static struct journal_reader reader;

/* What was fed does not end with the end of a line. */
static bool is_torn(void) {
    return reader.length > 0 || reader.overlong;
}

/* Feeds the text in pieces of that size. */
static struct seen feed(const char *text, size_t size, size_t piece) {
    struct seen seen = {0};
    journal_begin(&reader);
    for (size_t at = 0; at < size; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        char *exact = exact_copy(text + at, n);
        journal_feed(&reader, exact, n, visit, &seen);
        free(exact);
    }
    return seen;
}

static size_t three_entries(char *text) {
    size_t size = 0;
    for (uint32_t number = 1; number <= 3; number++) {
        struct journal_entry entry = intent();
        entry.number = number;
        size += journal_encode(&entry, text + size, JOURNAL_LINE_MAX);
    }
    return size;
}

static void pieces_of_any_size(void **state) {
    (void)state;
    static char text[3 * JOURNAL_LINE_MAX];
    size_t size = three_entries(text);
    for (size_t piece = 1; piece <= size; piece++) {
        struct seen seen = feed(text, size, piece);
        assert_int_equal(seen.count, 3);
        assert_int_equal(seen.numbers[0] * 100 + seen.numbers[1] * 10 + seen.numbers[2], 123);
        assert_int_equal(reader.entries, 3);
        assert_int_equal(reader.foreign, 0);
        assert_false(is_torn());
        /* Where the last line is, and which. */
        assert_int_equal(reader.lines, 3);
        assert_int_equal(reader.bytes, size);
        assert_int_equal(reader.last_at, size / 3 * 2);
        /* The end of the line before belongs to it. */
        assert_int_equal(reader.last, crc32(0, text + size / 3 * 2 - 1, size / 3 + 1));
    }
}

static void empty_journal(void **state) {
    (void)state;
    struct seen seen = feed("", 0, 1);
    assert_int_equal(seen.count + reader.entries + reader.foreign, 0);
    assert_false(is_torn());
}

/* A power cut leaves any part of the last line; the next one is then put on a line of its own. */
static void torn_at_every_length(void **state) {
    (void)state;
    static char text[4 * JOURNAL_LINE_MAX];
    char label[32];
    size_t size = three_entries(text);
    size_t line = size / 3;
    for (size_t cut = 2 * line; cut <= size; cut++) {
        static char mended[4 * JOURNAL_LINE_MAX];
        struct journal_entry entry = intent();
        (void)snprintf(label, sizeof label, "torn at %zu", cut);
        struct seen seen = feed(text, cut, 100);
        same_number(label, "entries", cut == size ? 3 : 2, seen.count);
        same_number(label, "is torn", cut != 2 * line && cut != size, is_torn());
        same_number(label, "foreign", 0, reader.foreign);
        same_number(label, "bytes of whole lines", cut == size ? size : 2 * line, reader.bytes);
        same_number(label, "the last whole line", cut == size ? 2 * line : line, reader.last_at);
        entry.number = 4;
        memcpy(mended, text, cut);
        memcpy(mended + cut, "\r\n", 2);
        size_t length = journal_encode(&entry, mended + cut + 2, JOURNAL_LINE_MAX);
        seen = feed(mended, cut + 2 + length, 1000);
        /* A line that lacks no more than its end is good once it has one. */
        same_number(label, "entries after", cut >= size - 2 ? 4 : 3, seen.count);
        same_number(label, "the last", 4, seen.numbers[seen.count - 1]);
        same_number(label, "lines after", 3 + (cut > 2 * line), reader.entries + reader.foreign);
        same_number(label, "is torn after", false, is_torn());
    }
    no_complaints();
}

/* At the end of a torn journal: what lacks no more than the end of its line is taken, once. */
static void end_of_a_torn_journal(void **state) {
    (void)state;
    static char text[3 * JOURNAL_LINE_MAX];
    char label[32];
    size_t size = three_entries(text);
    for (size_t cut = size / 3 * 2; cut <= size; cut++) {
        struct seen seen = feed(text, cut, 64);
        bool torn = is_torn();
        (void)snprintf(label, sizeof label, "torn at %zu", cut);
        same_number(label, "is torn", torn, journal_end(&reader, visit, &seen));
        same_number(label, "entries", cut >= size - 2 ? 3 : 2, seen.count);
        same_number(label, "other lines", torn && cut < size - 2, reader.foreign);
        same_number(label, "is torn again", false, journal_end(&reader, visit, &seen));
        same_number(label, "entries again", cut >= size - 2 ? 3 : 2, seen.count);
    }
    assert_int_equal(feed("", 0, 1).count, 0);
    assert_false(journal_end(&reader, visit, NULL));
    no_complaints();
}

static void foreign_lines(void **state) {
    (void)state;
    static char text[8 * JOURNAL_LINE_MAX];
    static const char *const foreign[] = {"a note by hand\r\n", "KMR1\t\r\n", "\n\r\n\r\n",
                                          "\0\0\n", "\xEF\xBB\xBF\r\n"};
    static const size_t sizes[] = {16, 7, 5, 3, 5};
    struct journal_entry entry = intent();
    size_t size = 0;
    for (size_t i = 0; i < 5; i++) {
        memcpy(text + size, foreign[i], sizes[i]);
        size += sizes[i];
        size += journal_encode(&entry, text + size, JOURNAL_LINE_MAX);
    }
    struct seen seen = feed(text, size, 77);
    assert_int_equal(seen.count, 5);
    assert_int_equal(reader.entries, 5);
    /* Empty lines are nothing to tell of. */
    assert_int_equal(reader.foreign, 4);
}

static void overlong_lines(void **state) {
    (void)state;
    static char text[4 * JOURNAL_LINE_MAX];
    struct journal_entry entry = intent();
    for (size_t length = JOURNAL_LINE_MAX - 3; length <= JOURNAL_LINE_MAX + 3; length++) {
        memset(text, 'x', length);
        memcpy(text + length, "\r\n", 2);
        size_t good = journal_encode(&entry, text + length + 2, JOURNAL_LINE_MAX);
        struct seen seen = feed(text, length + 2 + good, 500);
        assert_int_equal(seen.count, 1);
        assert_int_equal(reader.foreign, 1);
        assert_false(is_torn());
        (void)feed(text, length, 500);
        assert_true(is_torn());
    }
    /* A whole entry in the tail of an overlong line is a part of that line. */
    memset(text, 'x', JOURNAL_LINE_MAX);
    size_t good = journal_encode(&entry, text + JOURNAL_LINE_MAX, JOURNAL_LINE_MAX);
    struct seen seen = feed(text, JOURNAL_LINE_MAX + good, 500);
    assert_int_equal(seen.count, 0);
    assert_int_equal(reader.foreign, 1);
}

/* The longest line that is written is one that is read. */
static void longest_line(void **state) {
    (void)state;
    static char text[2 * JOURNAL_LINE_MAX];
    struct journal_entry entry = intent();
    entry.text[0] = '\0';
    memset(entry.name, '%', QUEUE_NAME_BYTES - 1);
    memset(entry.mailbox, 'x', RECORD_MAILBOX_BYTES - 1);
    size_t size = 0;
    for (size_t n = 1; n < CONFIG_PRINT_BYTES; n++) {
        entry.text[n - 1] = 'x';
        size_t length = journal_encode(&entry, text, JOURNAL_LINE_MAX);
        if (length == 0)
            break;
        size = length;
        assert_int_equal(feed(text, size, size).count, 1);
    }
    assert_int_equal(size, JOURNAL_LINE_MAX - 1);
}

/* ---- times */

static void known_times(void **state) {
    (void)state;
    static const struct {
        uint32_t utc;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},          {1, "1970-01-01T00:00:01Z"},
        {86399, "1970-01-01T23:59:59Z"},      {86400, "1970-01-02T00:00:00Z"},
        {68169599, "1972-02-28T23:59:59Z"},   {68169600, "1972-02-29T00:00:00Z"},
        {68256000, "1972-03-01T00:00:00Z"},   {946684799, "1999-12-31T23:59:59Z"},
        {946684800, "2000-01-01T00:00:00Z"},  {951782400, "2000-02-29T00:00:00Z"},
        {951868800, "2000-03-01T00:00:00Z"},  {2147483647, "2038-01-19T03:14:07Z"},
        {2147483648, "2038-01-19T03:14:08Z"}, {4107542399, "2100-02-28T23:59:59Z"},
        {4107542400, "2100-03-01T00:00:00Z"}, {4291747199, "2105-12-31T23:59:59Z"},
        {1795365600, "2026-11-22T16:40:00Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[JOURNAL_TIME_BYTES];
        uint32_t utc = 1;
        char *exact = exact_copy(rows[i].text, strlen(rows[i].text));
        journal_print_time(rows[i].utc, text);
        same_text(rows[i].text, "printed", rows[i].text, text);
        same_number(rows[i].text, "accepted", true,
                    journal_read_time(exact, strlen(rows[i].text), &utc));
        same_number(rows[i].text, "read", rows[i].utc, utc);
        free(exact);
    }
    no_complaints();
}

/* Day after day by counting, against the formulas. */
static void days_there_and_back(void **state) {
    (void)state;
    static const uint32_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint32_t days = 0;
    for (uint32_t year = 1970; year <= 2105; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (uint32_t month = 1; month <= 12; month++) {
            for (uint32_t day = 1; day <= lengths[month - 1] + (month == 2 && leap); day++) {
                char expected[64], text[JOURNAL_TIME_BYTES];
                uint32_t second = days * 7919 % 86400;
                uint32_t utc = days * 86400 + second, again = 0;
                (void)snprintf(expected, sizeof expected, "%04u-%02u-%02uT%02u:%02u:%02uZ", year,
                               month, day, second / 3600, second / 60 % 60, second % 60);
                journal_print_time(utc, text);
                same_text(expected, "printed", expected, text);
                same_number(expected, "read", true, journal_read_time(text, 20, &again));
                same_number(expected, "again", utc, again);
                same_number(expected, "journal_utc", utc, journal_utc(year, month, day, second));
                days++;
            }
        }
    }
    assert_int_equal(days, 49673);
    no_complaints();
}

static void no_times(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "1970-01-01T00:00:00",
        "1970-01-01T00:00:00Z ",
        "1969-12-31T23:59:59Z",
        "2106-01-01T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2001-02-29T00:00:00Z",
        "2000-02-30T00:00:00Z",
        "2000-04-31T00:00:00Z",
        "2000-13-01T00:00:00Z",
        "2000-00-01T00:00:00Z",
        "2000-01-00T00:00:00Z",
        "2000-01-32T00:00:00Z",
        "2000-01-01T24:00:00Z",
        "2000-01-01T00:60:00Z",
        "2000-01-01T00:00:60Z",
        "2000-01-01 00:00:00Z",
        "2000-01-01T00:00:00z",
        "2000/01/01T00:00:00Z",
        "2000-01-01T00-00-00Z",
        "20x0-01-01T00:00:00Z",
        "2000-1 -01T00:00:00Z",
        "+200-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint32_t utc = 0;
        char *exact = exact_copy(texts[i], strlen(texts[i]));
        same_number(texts[i], "accepted", false, journal_read_time(exact, strlen(texts[i]), &utc));
        free(exact);
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
        cmocka_unit_test(pieces_of_any_size),
        cmocka_unit_test(empty_journal),
        cmocka_unit_test(torn_at_every_length),
        cmocka_unit_test(end_of_a_torn_journal),
        cmocka_unit_test(foreign_lines),
        cmocka_unit_test(overlong_lines),
        cmocka_unit_test(longest_line),
        cmocka_unit_test(known_times),
        cmocka_unit_test(days_there_and_back),
        cmocka_unit_test(no_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
