/* SPDX-License-Identifier: MIT */
#include "record_check.h"

void check_repair(const char *label, const unsigned char *bytes, size_t size,
                  const struct record *record) {
    struct record after;
    unsigned char *copy = exact_copy(bytes, size);
    if (record->digit >= size || copy[record->digit] != '4') {
        complain("%s: offset: expected that of a '4', got %zu", label, record->digit);
    } else {
        copy[record->digit] = '1';
        record_judge(copy, size, &after);
        same_text(label, "verdict after the repair", "sound", record_verdict_name(after.verdict));
    }
    free(copy);
}

void check_whole(const char *label, const unsigned char *bytes, size_t size,
                 const struct record *record) {
    struct record whole;
    record_judge_whole(bytes, size, &whole);
    if (record->verdict == VERDICT_SOUND && record->mailbox.length == 0)
        whole.mailbox = record->mailbox;
    if (memcmp(record, &whole, sizeof whole) != 0)
        complain(
            "%s: expected the same record when it is judged whole, got another; the file is '%.*s'",
            label, (int)(size < 200 ? size : 200), bytes);
}

struct record judge(const char *label, const void *bytes, size_t size) {
    struct record record;
    unsigned char *copy = exact_copy(bytes, size);
    record_judge(copy, size, &record);
    check_whole(label, copy, size, &record);
    if (record.verdict == VERDICT_STUCK)
        check_repair(label, copy, size, &record);
    free(copy);
    return record;
}

void same_verdict(const char *label, enum verdict verdict, enum verdict_reason reason,
                  const struct record *record) {
    same_text(label, "verdict", record_verdict_name(verdict), record_verdict_name(record->verdict));
    same_text(label, "reason", record_reason_text(reason), record_reason_text(record->reason));
}

void same_place(const char *label, uint32_t line, long offset, const struct record *record) {
    same_number(label, "line", line, record->line);
    same_number(label, "has a digit", offset != NONE, record->has_digit);
    if (offset != NONE && record->has_digit)
        same_number(label, "offset", (uint64_t)offset, record->digit);
}

void check_samples(const struct sample *samples, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct sample *s = &samples[i];
        struct record record = judge(s->label, s->text, strlen(s->text));
        same_verdict(s->label, s->verdict, s->reason, &record);
        same_place(s->label, s->line, s->offset, &record);
    }
    no_complaints();
}

size_t widen(const char *text, size_t length, unsigned char *to) {
    size_t size = 0;
    to[size++] = 0xFF;
    to[size++] = 0xFE;
    for (size_t i = 0; i < length; i++) {
        to[size++] = (unsigned char)text[i];
        to[size++] = 0;
    }
    return size;
}

char *fill(char *to, char c, size_t count) {
    memset(to, c, count);
    return to + count;
}

char *put(char *to, const char *text) {
    memcpy(to, text, strlen(text));
    return to + strlen(text);
}

char *put_long(char *to, const char *start, char filling, size_t length) {
    char *end = put(to, start);
    return fill(end, filling, length - strlen(start));
}
