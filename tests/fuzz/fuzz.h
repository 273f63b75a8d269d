/* SPDX-License-Identifier: MIT */
/*
 * fuzz: what parses bytes, against slow references, as long as `make fuzz SECONDS=N` says. This is what the targets
 * share.
 *
 * libFuzzer calls LLVMFuzzerTestOneInput() with bytes of its own making, over and over. Whatever must
 * hold and does not ends the program; libFuzzer then keeps the bytes in a file, and the same program
 * run with the name of that file shows it again. The sanitizers end it in the same way.
 */
#ifndef KMREPAIR_FUZZ_H
#define KMREPAIR_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* `what` says in words what must hold. */
#define INSIST(holds, what)                                                                        \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            (void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, what);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* A copy in a heap block of exactly that size, so that the sanitizer sees the first byte that is read
 * beyond it. To be freed. */
static inline void *exact_copy(const void *bytes, size_t size) {
    void *copy = malloc(size > 0 ? size : 1);
    INSIST(copy != NULL, "there is memory");
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

#endif
