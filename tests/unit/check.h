/* SPDX-License-Identifier: MIT */
/*
 * check: what the unit tests share beside cmocka itself.
 *
 * A table of samples is worth most when one run tells of every row that is wrong, so a row complains
 * and the test goes on; the test fails at its end when there were complaints.
 */
#ifndef KMREPAIR_CHECK_H
#define KMREPAIR_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Says what is wrong, with a label first, and remembers that something is. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Fails the test if anything complained since the last call. Ends every test that uses a table. */
void no_complaints(void);

void same_number(const char *label, const char *what, uint64_t expected, uint64_t got);
void same_text(const char *label, const char *what, const char *expected, const char *got);

/* A copy in a heap block of exactly that size, so that the sanitizer sees the first byte that is read
 * beyond it. To be freed. */
void *exact_copy(const void *bytes, size_t size);

/* xorshift64*: small, fast, and the same everywhere, so that a seed names a test. */
struct random {
    uint64_t state;
};

uint32_t random_below(struct random *random, uint32_t bound);

#endif
