/* SPDX-License-Identifier: MIT */
/*
 * fuzz_journal: any bytes as a journal, and any entry as a line of one.
 *
 * A replay yields, in their order, the entries of the whole lines with a right checksum and nothing
 * else, whatever pieces it is fed. These lines are found a second time by a slow reader below,
 * written from the description in journal.h, of the first version too. An entry that is written is
 * read as it was; a line that is torn or damaged is refused.
 *
 * libFuzzer would not guess a checksum, so a line that ends in `********` gets its own.
 */
#define _DEFAULT_SOURCE /* timegm() */
#include <time.h>

#include "fuzz.h"
#include "journal.h"
#include "text.h"

/* ---- the slow reader */

enum { FIELDS_MAX = 16 };

struct line {
    const char *field[FIELDS_MAX];
    size_t length[FIELDS_MAX];
    size_t fields;
};

static uint32_t slow_crc(const char *bytes, size_t size) {
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < size; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
    }
    return ~crc;
}

static bool is_field(const struct line *line, size_t field, const char *text) {
    return line->length[field] == strlen(text) &&
           memcmp(line->field[field], text, strlen(text)) == 0;
}

static bool slow_number(const struct line *line, size_t field, uint32_t *number) {
    uint64_t sum = 0;
    for (size_t i = 0; i < line->length[field]; i++) {
        char c = line->field[field][i];
        if (c < '0' || c > '9')
            return false;
        sum = sum * 10 + (uint64_t)(c - '0');
        if (sum > UINT32_MAX)
            return false;
    }
    *number = (uint32_t)sum;
    return line->length[field] > 0;
}

static int slow_digit(char c) {
    static const char digits[] = "0123456789ABCDEF";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

static bool slow_hex(const char *text, size_t length, uint32_t *number) {
    *number = 0;
    for (size_t i = 0; i < length; i++) {
        if (slow_digit(text[i]) < 0)
            return false;
        *number = *number * 16 + (uint32_t)slow_digit(text[i]);
    }
    return length == 8;
}

static bool slow_text(const struct line *line, size_t field, char *to, size_t size) {
    const char *from = line->field[field];
    const char *end = from + line->length[field];
    size_t length = 0;
    while (from < end) {
        char c = *from++;
        if (c == '%') {
            if (end - from < 2 || slow_digit(from[0]) < 0 || slow_digit(from[1]) < 0)
                return false;
            c = (char)(slow_digit(from[0]) * 16 + slow_digit(from[1]));
            from += 2;
        }
        if (c == '\0' || length + 1 == size)
            return false;
        to[length++] = c;
    }
    to[length] = '\0';
    return true;
}

/* 2026-11-22T16:40:00Z, from 1970 to 2105, and a day that there was. */
static bool slow_time(const struct line *line, size_t field, uint32_t *utc) {
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    char text[sizeof form] = {0};
    char again[sizeof form + 8];
    struct tm tm = {0};
    if (line->length[field] != strlen(form))
        return false;
    memcpy(text, line->field[field], strlen(form));
    for (size_t i = 0; i < strlen(form); i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == 'd' ? !digit : text[i] != form[i])
            return false;
    }
    tm.tm_year = atoi(text) - 1900;
    tm.tm_mon = atoi(text + 5) - 1;
    tm.tm_mday = atoi(text + 8);
    tm.tm_hour = atoi(text + 11);
    tm.tm_min = atoi(text + 14);
    tm.tm_sec = atoi(text + 17);
    if (tm.tm_year < 70 || tm.tm_year > 205)
        return false;
    time_t seconds = timegm(&tm); /* and makes 31 June a 1 July */
    (void)strftime(again, sizeof again, "%Y-%m-%dT%H:%M:%SZ", &tm);
    *utc = (uint32_t)seconds;
    return strcmp(text, again) == 0;
}

/* A time, or `-` for none. */
static bool slow_when(const struct line *line, size_t field, uint32_t *utc) {
    *utc = 0;
    return is_field(line, field, "-") || slow_time(line, field, utc);
}

static bool slow_word(const struct line *line, size_t field, const char *const *words, int count,
                      int *word) {
    for (*word = 0; *word < count; ++*word) {
        if (is_field(line, field, words[*word]))
            return true;
    }
    return false;
}

static bool slow_change(const struct line *line, struct journal_entry *entry) {
    return line->fields == 11 && slow_number(line, 3, &entry->number) &&
           slow_number(line, 4, &entry->offset) && slow_number(line, 5, &entry->size) &&
           slow_hex(line->field[6], line->length[6], &entry->before) &&
           slow_hex(line->field[7], line->length[7], &entry->after) &&
           slow_text(line, 8, entry->name, sizeof entry->name) &&
           slow_text(line, 9, entry->mailbox, sizeof entry->mailbox) &&
           slow_text(line, 10, entry->text, sizeof entry->text);
}

static bool slow_done(const struct line *line, struct journal_entry *entry) {
    static const char *const words[] = {"repaired", "undone", "not-made", "unknown"};
    int word = 0;
    if (line->fields != 5 || !slow_number(line, 3, &entry->number) ||
        !slow_word(line, 4, words, 4, &word))
        return false;
    entry->outcome = (enum journal_outcome)word;
    return true;
}

static bool slow_state(const struct line *line, struct journal_entry *entry) {
    static const char *const words[] = {"repairing", "report-only", "paused",
                                        "limit",     "folder",      "events"};
    struct journal_state *state = &entry->state;
    int word = 0;
    if (line->fields != 14 || !slow_word(line, 3, words, 6, &word))
        return false;
    state->why = (enum journal_why)word;
    return slow_when(line, 4, &state->until) && slow_when(line, 5, &state->scanned) &&
           slow_number(line, 6, &state->counts.files) &&
           slow_number(line, 7, &state->counts.verdict[VERDICT_SOUND]) &&
           slow_number(line, 8, &state->counts.verdict[VERDICT_STUCK]) &&
           slow_number(line, 9, &state->counts.verdict[VERDICT_DOUBTFUL]) &&
           slow_number(line, 10, &state->counts.verdict[VERDICT_UNREADABLE]) &&
           slow_number(line, 11, &state->counts.verdict[VERDICT_NOT_A_RECORD]) &&
           slow_number(line, 12, &state->counts.busy) && slow_when(line, 13, &state->reminded);
}

static bool slow_checkpoint(const struct line *line, struct journal_entry *entry) {
    return line->fields == 6 && slow_hex(line->field[3], line->length[3], &entry->id) &&
           slow_number(line, 4, &entry->generation) && slow_number(line, 5, &entry->number);
}

/* HOLD and RELEASE; without a number in the first version. */
static bool slow_hold(const struct line *line, bool is_1, struct journal_entry *entry) {
    size_t at = is_1 ? 3 : 4;
    bool holds = entry->kind == JOURNAL_HOLD;
    if (line->fields != at + 2 + holds || (!is_1 && !slow_number(line, 3, &entry->number)))
        return false;
    if (holds && !slow_hex(line->field[at], line->length[at], &entry->before))
        return false;
    at += holds;
    return slow_text(line, at, entry->name, sizeof entry->name) &&
           slow_text(line, at + 1, entry->text, sizeof entry->text);
}

static bool slow_kind(const struct line *line, bool is_1, struct journal_entry *entry) {
    static const char *const words[] = {"INTENT", "UNDO",       "DONE",  "HOLD",   "RELEASE",
                                        "LOADED", "CHECKPOINT", "STATE", "WINDOW", "REPAIRED"};
    int word = 0;
    if (!slow_word(line, 2, words, is_1 ? 6 : 10, &word))
        return false;
    entry->kind = (enum journal_kind)word;
    switch (entry->kind) {
    case JOURNAL_INTENT:
    case JOURNAL_UNDO:
    case JOURNAL_REPAIRED:
        return slow_change(line, entry);
    case JOURNAL_DONE:
        return slow_done(line, entry);
    case JOURNAL_HOLD:
    case JOURNAL_RELEASE:
        return slow_hold(line, is_1, entry);
    case JOURNAL_CHECKPOINT:
        return slow_checkpoint(line, entry);
    case JOURNAL_STATE:
        return slow_state(line, entry);
    case JOURNAL_LOADED:
    case JOURNAL_WINDOW:
        break;
    }
    return line->fields == 4 && slow_text(line, 3, entry->text, sizeof entry->text);
}

/* One line, its LF left out. */
static bool slow_decode(const char *text, size_t length, struct journal_entry *entry) {
    struct line line = {0};
    uint32_t crc;
    if (length > JOURNAL_LINE_MAX)
        return false;
    while (length > 0 && text[length - 1] == '\r')
        length--;
    if (length < 10 || text[length - 9] != '\t' || !slow_hex(text + length - 8, 8, &crc) ||
        crc != slow_crc(text, length - 9))
        return false;
    const char *end = text + length - 9;
    for (const char *at = text; at <= end; at++) {
        const char *start = at;
        while (at < end && *at != '\t')
            at++;
        if (line.fields == FIELDS_MAX)
            return false;
        line.field[line.fields] = start;
        line.length[line.fields++] = (size_t)(at - start);
    }
    memset(entry, 0, sizeof *entry);
    bool is_1 = is_field(&line, 0, "KMR1");
    return line.fields > 3 && (is_1 || is_field(&line, 0, "KMR2")) &&
           slow_time(&line, 1, &entry->utc) && slow_kind(&line, is_1, entry);
}

/* ---- replay */

struct replay {
    const char *at;
    const char *end;
    uint32_t entries;
    uint32_t others; /* lines that are no entries and not empty */
};

static bool next_good_line(struct replay *replay, struct journal_entry *entry) {
    while (replay->at < replay->end) {
        const char *start = replay->at;
        const char *lf = memchr(start, '\n', (size_t)(replay->end - start));
        size_t length = (size_t)((lf != NULL ? lf : replay->end) - start);
        replay->at = lf != NULL ? lf + 1 : replay->end;
        if (slow_decode(start, length, entry)) {
            replay->entries++;
            return true;
        }
        bool other = length > JOURNAL_LINE_MAX;
        for (size_t i = 0; i < length; i++)
            other = other || start[i] != '\r';
        replay->others += other;
    }
    return false;
}

static bool same_entry(const struct journal_entry *a, const struct journal_entry *b) {
    return a->kind == b->kind && a->utc == b->utc && a->number == b->number &&
           a->offset == b->offset && a->size == b->size && a->before == b->before &&
           a->after == b->after && a->outcome == b->outcome && a->id == b->id &&
           a->generation == b->generation && memcmp(&a->state, &b->state, sizeof a->state) == 0 &&
           strcmp(a->name, b->name) == 0 && strcmp(a->mailbox, b->mailbox) == 0 &&
           strcmp(a->text, b->text) == 0;
}

static void on_entry(void *context, const struct journal_entry *entry) {
    struct journal_entry expected;
    INSIST(next_good_line(context, &expected), "an entry is in a whole line with a right checksum");
    INSIST(same_entry(entry, &expected), "an entry is what its line says");
}

/* Where the last whole line is, and which: by these a journal is known again. */
static void check_last(const struct journal_reader *reader, const char *text, size_t size) {
    size_t end = size;
    while (end > 0 && text[end - 1] != '\n')
        end--;
    size_t start = end > 0 ? end - 1 : 0;
    while (start > 0 && text[start - 1] != '\n')
        start--;
    INSIST(reader->bytes == end, "the whole lines are as long as they are");
    INSIST(end == 0 ||
               (reader->last_at == start &&
                reader->last == slow_crc(text + start - (start > 0), end - start + (start > 0))),
           "the last whole line is the one that is told");
}

static void check_replay(const char *text, size_t size, bool in_pieces) {
    struct replay replay = {text, text + size, 0, 0};
    struct journal_reader *reader = malloc(sizeof *reader);
    struct journal_entry left;
    INSIST(reader != NULL, "there is memory");
    journal_begin(reader);
    for (size_t i = 0; i < size;) {
        size_t piece = in_pieces ? 1 + (unsigned char)text[i] % 61 : size;
        piece = piece > size - i ? size - i : piece;
        char *copy = exact_copy(text + i, piece);
        journal_feed(reader, copy, piece, on_entry, &replay);
        free(copy);
        i += piece;
    }
    bool torn = size > 0 && text[size - 1] != '\n';
    INSIST(journal_end(reader, on_entry, &replay) == torn, "it is torn when no LF is at its end");
    INSIST(!next_good_line(&replay, &left), "no whole line with a right checksum is passed over");
    INSIST(reader->entries == replay.entries && reader->foreign == replay.others,
           "entries and foreign lines are counted");
    check_last(reader, text, size);
    free(reader);
}

/* Gives the lines that end in eight stars their checksum. */
static void put_checksums(char *text, size_t size) {
    char digits[9];
    for (size_t start = 0, end; start < size; start = end + 1) {
        for (end = start; end < size && text[end] != '\n'; end++)
            ;
        size_t length = end - start;
        while (length > 0 && text[start + length - 1] == '\r')
            length--;
        if (length >= 9 && memcmp(text + start + length - 9, "\t********", 9) == 0) {
            uint32_t crc = slow_crc(text + start, length - 9);
            (void)snprintf(digits, sizeof digits, "%08X", (unsigned)crc);
            memcpy(text + start + length - 8, digits, 8);
        }
    }
}

/* ---- one entry */

struct input {
    const uint8_t *at;
    const uint8_t *end;
};

static uint32_t take_number(struct input *input) {
    uint32_t number = 0;
    for (int i = 0; i < 4 && input->at < input->end; i++)
        number = number << 8 | *input->at++;
    return number;
}

/* Up to a NUL or an LF. */
static void take_text(struct input *input, char *to, size_t size) {
    size_t length = 0;
    while (input->at < input->end) {
        char c = (char)*input->at++;
        if (c == '\0' || c == '\n')
            break;
        if (length + 1 < size)
            to[length++] = c;
    }
    to[length] = '\0';
}

static void take_state(struct input *input, struct journal_state *state) {
    uint32_t most = journal_utc(2106, 1, 1, 0);
    state->why = (enum journal_why)(take_number(input) % (WHY_EVENTS + 1));
    state->until = take_number(input) % most;
    state->scanned = take_number(input) % most;
    state->counts.files = take_number(input);
    for (int i = 0; i <= VERDICT_DOUBTFUL; i++)
        state->counts.verdict[i] = take_number(input);
    state->counts.busy = take_number(input);
    state->reminded = take_number(input) % most;
}

/* Only what its kind has, for nothing else is written. */
static void take_entry(struct input *input, struct journal_entry *entry) {
    memset(entry, 0, sizeof *entry);
    entry->kind = (enum journal_kind)(take_number(input) % (JOURNAL_REPAIRED + 1));
    entry->utc = take_number(input) % journal_utc(2106, 1, 1, 0);
    bool change = entry->kind == JOURNAL_INTENT || entry->kind == JOURNAL_UNDO ||
                  entry->kind == JOURNAL_REPAIRED;
    bool record = change || entry->kind == JOURNAL_HOLD || entry->kind == JOURNAL_RELEASE;
    if (record || entry->kind == JOURNAL_DONE || entry->kind == JOURNAL_CHECKPOINT)
        entry->number = take_number(input);
    if (change) {
        entry->offset = take_number(input);
        entry->size = take_number(input);
        entry->after = take_number(input);
    }
    if (change || entry->kind == JOURNAL_HOLD)
        entry->before = take_number(input);
    if (entry->kind == JOURNAL_CHECKPOINT) {
        entry->id = take_number(input);
        entry->generation = take_number(input);
    }
    if (entry->kind == JOURNAL_STATE)
        take_state(input, &entry->state);
    if (entry->kind == JOURNAL_DONE)
        entry->outcome = (enum journal_outcome)(take_number(input) % (OUTCOME_UNKNOWN + 1));
    if (record || entry->kind == JOURNAL_LOADED || entry->kind == JOURNAL_WINDOW)
        take_text(input, entry->text, sizeof entry->text);
    if (record)
        take_text(input, entry->name, sizeof entry->name);
    if (change)
        take_text(input, entry->mailbox, sizeof entry->mailbox);
}

/* `length` without the line's end. */
static void check_damage(struct input *input, char *line, size_t length) {
    struct journal_entry again;
    for (size_t i = 0; i < length; i++)
        INSIST(!journal_decode(line, i, &again), "a line that is torn is refused");
    for (int i = 0; i < 4; i++) {
        size_t at = take_number(input) % length;
        char garble = (char)(1 + take_number(input) % 255);
        line[at] = (char)(line[at] ^ garble);
        INSIST(!journal_decode(line, length, &again), "a line with a wrong byte is refused");
        line[at] = (char)(line[at] ^ garble);
    }
}

/* A power cut in the middle of a line, and one more line appended later: only the whole one
 * counts. */
static void check_torn(const char *line, size_t length, size_t torn) {
    char *text = malloc(torn + 2 + length);
    INSIST(text != NULL, "there is memory");
    memcpy(text, line, torn);
    memcpy(text + torn, "\r\n", 2);
    memcpy(text + torn + 2, line, length);
    check_replay(text, torn + 2 + length, false);
    free(text);
}

static void check_entry(struct input *input) {
    struct journal_entry entry, again;
    char line[JOURNAL_LINE_MAX];
    take_entry(input, &entry);
    size_t length = journal_encode(&entry, line, sizeof line);
    if (length == 0) {
        /* At worst each of these characters takes three bytes. */
        INSIST(3 * (strlen(entry.name) + strlen(entry.mailbox) + strlen(entry.text)) + 128 >
                   sizeof line,
               "an entry that can not be too long gets a line");
        return;
    }
    INSIST(length <= sizeof line, "a line fits");
    INSIST(length > 2 && memcmp(line + length - 2, "\r\n", 2) == 0, "a line has an end");
    for (size_t i = 0; i < length - 2; i++)
        INSIST(line[i] == '\t' || ((unsigned char)line[i] >= 0x20 && line[i] != 0x7F),
               "a line holds no control character but its tabs");
    char *copy = exact_copy(line, length - 2);
    INSIST(journal_decode(copy, length - 2, &again), "what was written can be read");
    INSIST(same_entry(&entry, &again), "what was written is read as it was");
    free(copy);
    check_damage(input, line, length - 2);
    check_torn(line, length, take_number(input) % length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input input = {data, data + size};
    char *text = exact_copy(data, size);
    put_checksums(text, size);
    check_replay(text, size, false);
    check_replay(text, size, true);
    free(text);
    check_entry(&input);
    return 0;
}
