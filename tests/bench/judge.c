/* SPDX-License-Identifier: MIT */
/*
 * judge: judging alone. Takes all records of a folder into memory, then, for each line on its standard
 * input, goes over them once with memchr and once with record_judge.
 *
 *   judge FOLDER
 *
 * Prints first the number of records and of bytes; then, for each line, the nanoseconds of memchr and of
 * record_judge, and the number of stuck records. memchr looks for the NUL that no record holds.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "folder.h"
#include "record.h"

enum { RECORDS_MAX = 1000000 };

static struct {
    unsigned char *bytes;
    size_t length;
    size_t room;
    size_t count;
    size_t ends[RECORDS_MAX];
} all;

static void keep(void *context, const char *name, const void *bytes, size_t size) {
    (void)context;
    (void)name;
    while (all.room - all.length < size) {
        all.room = all.room == 0 ? 1 << 20 : all.room * 2;
        all.bytes = realloc(all.bytes, all.room);
        if (all.bytes == NULL)
            exit(2);
    }
    if (all.count == RECORDS_MAX)
        exit(2);
    memcpy(all.bytes + all.length, bytes, size);
    all.length += size;
    all.ends[all.count++] = all.length;
}

static int64_t now(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* What is counted keeps the compiler from leaving the work out. */
static size_t find_nul(void) {
    size_t found = 0;
    for (size_t i = 0, start = 0; i < all.count; start = all.ends[i++])
        found += memchr(all.bytes + start, '\0', all.ends[i] - start) != NULL;
    return found;
}

static size_t count_stuck(void) {
    size_t stuck = 0;
    struct record record;
    for (size_t i = 0, start = 0; i < all.count; start = all.ends[i++]) {
        record_judge(all.bytes + start, all.ends[i] - start, &record);
        stuck += record.verdict == VERDICT_STUCK;
    }
    return stuck;
}

int main(int argc, char **argv) {
    char line[16];
    if (argc != 2)
        return 2;
    folder_each(argv[1], keep, NULL);
    (void)printf("%zu %zu\n", all.count, all.length);
    (void)fflush(stdout);
    for (int first = 0; fgets(line, sizeof line, stdin) != NULL; first = 1 - first) {
        int64_t taken[2];
        size_t stuck = 0;
        /* The one that goes first may have to fetch the bytes for the other: they take turns. */
        for (int i = 0; i < 2; i++) {
            int judging = i != first;
            int64_t start = now();
            if (judging)
                stuck = count_stuck();
            else if (find_nul() != 0)
                return 2;
            taken[judging] = now() - start;
        }
        (void)printf("%lld %lld %zu\n", (long long)taken[0], (long long)taken[1], stuck);
        (void)fflush(stdout);
    }
    return 0;
}
