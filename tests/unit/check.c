/* SPDX-License-Identifier: MIT */
#include "check.h"

static unsigned complaints;

void complain(const char *format, ...) {
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    complaints++;
    /* Labels are often what is being tested: bytes of any kind. */
    for (char *c = line; *c != '\0'; c++) {
        if (*c < ' ' || *c == 0x7F)
            *c = '?';
    }
    /* A test that is wrong in thousands of ways needs no more than the first. */
    if (complaints <= 40)
        print_error("  %s\n", line);
}

void no_complaints(void) {
    unsigned count = complaints;
    complaints = 0;
    if (count != 0)
        fail_msg("%u of the expectations above were not met", count);
}

void same_number(const char *label, const char *what, uint64_t expected, uint64_t got) {
    if (expected != got)
        complain("%s: %s: expected %lld, got %lld", label, what, (long long)expected,
                 (long long)got);
}

void same_text(const char *label, const char *what, const char *expected, const char *got) {
    if (strcmp(expected, got) != 0)
        complain("%s: %s: expected '%s', got '%s'", label, what, expected, got);
}

void *exact_copy(const void *bytes, size_t size) {
    void *copy = malloc(size);
    assert_non_null(copy);
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

uint32_t random_below(struct random *random, uint32_t bound) {
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return (uint32_t)((random->state * 2685821657736338717ULL) >> 32) % bound;
}
