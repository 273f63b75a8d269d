/* SPDX-License-Identifier: MIT */
/*
 * record_check: what the tests of core/record and its parts share: a record is judged in a block of exactly its
 * size, both ways, and what must hold of every verdict is looked at.
 */
#ifndef KMREPAIR_RECORD_CHECK_H
#define KMREPAIR_RECORD_CHECK_H

#include "check.h"
#include "record.h"

enum { NONE = -1, TEXT_MAX = 16 * 1024 };

/* For tables. */
#define U VERDICT_UNREADABLE
#define N VERDICT_NOT_A_RECORD
#define S VERDICT_SOUND
#define STUCK VERDICT_STUCK
#define D VERDICT_DOUBTFUL

/* A stuck record is repaired by one byte: with it the record has to be sound, and without it
 * nothing else may be at that place. */
void check_repair(const char *label, const unsigned char *bytes, size_t size,
                  const struct record *record);

/* The short way to a sound record says what the whole one does, but for the mailbox. */
void check_whole(const char *label, const unsigned char *bytes, size_t size,
                 const struct record *record);

/* Judges a copy, with both of these. */
struct record judge(const char *label, const void *bytes, size_t size);

void same_verdict(const char *label, enum verdict verdict, enum verdict_reason reason,
                  const struct record *record);
void same_place(const char *label, uint32_t line, long offset, const struct record *record);

struct sample {
    const char *label;
    const char *text;
    enum verdict verdict;
    enum verdict_reason reason;
    uint32_t line;
    long offset; /* of the digit, or NONE */
};

/* Ends with no_complaints(). */
void check_samples(const struct sample *samples, size_t count);
#define CHECK(samples) check_samples(samples, sizeof samples / sizeof samples[0])

/* UTF-16LE of bytes that stand for themselves, with the mark. */
size_t widen(const char *text, size_t length, unsigned char *to);

/* Adds to a text; the end of it. */
char *fill(char *to, char c, size_t count);
char *put(char *to, const char *text);
/* A line of `length` characters that starts with `start` and is filled up with `filling`. */
char *put_long(char *to, const char *start, char filling, size_t length);

#endif
