/* SPDX-License-Identifier: MIT */
/*
 * fuzz_judge: any bytes as a record.
 *
 * The verdict, its reason and its place are those of the slow reference; judging twice is the
 * same, and so is judging by the short way that nearly all records take; the same text in UTF-16
 * is judged the same; a repair makes a stuck record sound, moves nothing, and can be undone; what
 * is shown of a record is printable and fits.
 */
#include "fuzz.h"
#include "record.h"
#include "record_reference.h"
#include "text.h"

static bool same_span(struct record_span a, struct record_span b) {
    return a.offset == b.offset && a.length == b.length;
}

static bool same_record(const struct record *a, const struct record *b) {
    return a->verdict == b->verdict && a->reason == b->reason && a->encoding == b->encoding &&
           a->line == b->line && same_span(a->state, b->state) && a->has_digit == b->has_digit &&
           a->digit == b->digit && same_span(a->mailbox, b->mailbox);
}

static void check_reference(const uint8_t *data, size_t size, const struct record *record) {
    struct reference reference;
    reference_judge(data, size, &reference);
    INSIST(record->verdict == reference.verdict, "the verdict is the reference's");
    INSIST(record->reason == reference.reason, "the reason is the reference's");
    INSIST(record->line == reference.line, "the line is the reference's");
    INSIST(record->has_digit == reference.has_digit, "there is a digit when the reference has one");
    INSIST(!record->has_digit || record->digit == reference.digit, "the digit is the reference's");
}

/* As the mender does it: one byte at the digit, judged again. */
static void check_repair(const uint8_t *data, size_t size, const struct record *record) {
    struct record again;
    INSIST(record->has_digit && record->digit < size, "a stuck record has a digit in the file");
    INSIST(data[record->digit] == '4', "the digit is a 4");
    uint8_t *copy = exact_copy(data, size);
    copy[record->digit] = '1';
    record_judge_whole(copy, size, &again);
    INSIST(again.verdict == VERDICT_SOUND, "a repaired record is sound");
    INSIST(again.line == record->line && same_span(again.state, record->state) &&
               same_span(again.mailbox, record->mailbox),
           "a repair moves nothing");
    copy[record->digit] = '4';
    record_judge(copy, size, &again);
    INSIST(same_record(&again, record), "an undone repair is judged as before it");
    free(copy);
}

/* ASCII text says the same in UTF-16. */
static void check_wide(const uint8_t *data, size_t size, const struct record *record) {
    struct record wide;
    for (size_t i = 0; i < size; i++) {
        if (data[i] == 0 || data[i] >= 0x80)
            return;
    }
    if (size > RECORD_BYTES_MAX / 2 - 1)
        return;
    uint8_t *copy = calloc(size + 1, 2);
    INSIST(copy != NULL, "there is memory");
    memcpy(copy, "\xFF\xFE", 2);
    for (size_t i = 0; i < size; i++)
        copy[2 + 2 * i] = data[i];
    record_judge_whole(copy, 2 + 2 * size, &wide);
    INSIST(wide.verdict == record->verdict && wide.reason == record->reason &&
               wide.line == record->line && wide.has_digit == record->has_digit &&
               wide.state.length == 2 * record->state.length &&
               wide.mailbox.length == 2 * record->mailbox.length,
           "in UTF-16 the verdict is the same");
    INSIST(!record->has_digit || wide.digit == 2 + 2 * record->digit,
           "in UTF-16 the digit is the same");
    free(copy);
}

/* Stands for a code page in which every byte is U+00BF. */
static bool decode(void *context, const char *bytes, size_t length, char *to, size_t size) {
    (void)context;
    (void)bytes;
    INSIST(2 * length < size, "a mailbox name fits in the worst code page of this kind");
    for (size_t i = 0; i < length; i++)
        memcpy(to + 2 * i, "\xC2\xBF", 2);
    to[2 * length] = '\0';
    return true;
}

static void check_shown(const uint8_t *data, size_t size, const struct record *record) {
    char *mailbox = malloc(RECORD_MAILBOX_BYTES);
    char *state = malloc(RECORD_STATE_BYTES);
    INSIST(mailbox != NULL && state != NULL, "there is memory");
    INSIST(record->state.offset <= size && record->state.length <= size - record->state.offset,
           "the value of State is in the file");
    INSIST(record->mailbox.offset <= size &&
               record->mailbox.length <= size - record->mailbox.offset,
           "the mailbox is in the file");
    record_mailbox(record, data, decode, NULL, mailbox);
    INSIST(text_is_utf8(mailbox, strlen(mailbox)), "a mailbox name is UTF-8");
    record_state(record, data, state);
    for (const char *c = state; *c != '\0'; c++)
        INSIST(*c >= ' ' && *c <= '~', "of State only printable ASCII is shown");
    free(mailbox);
    free(state);
}

/* The short way that record_judge() has for a sound record loses nothing but the mailbox. */
static void check_short_way(const uint8_t *data, size_t size, const struct record *whole) {
    struct record record;
    record_judge(data, size, &record);
    if (record.verdict == VERDICT_SOUND && record.mailbox.length == 0)
        record.mailbox = whole->mailbox;
    INSIST(same_record(&record, whole), "judged the short way it is the same");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct record record, again;
    record_judge_whole(data, size, &record);
    record_judge_whole(data, size, &again);
    INSIST(same_record(&record, &again), "judging twice is the same");
    check_short_way(data, size, &record);
    check_reference(data, size, &record);
    check_wide(data, size, &record);
    check_shown(data, size, &record);
    if (record.verdict == VERDICT_STUCK)
        check_repair(data, size, &record);
    return 0;
}
