/* SPDX-License-Identifier: MIT */
/*
 * divide: what the compiler calls to divide 64-bit numbers where the processor has 32 bits.
 *
 * It is in libgcc, which is not linked (see the Makefile): mingw-w64's has instructions that an i486
 * does not know. Times are divided seldom, so this takes one bit after the other.
 */
#include <stdint.h>

#ifdef __i386__

/* The name is the compiler's. */
uint64_t __udivdi3(uint64_t number, uint64_t by); /* NOLINT(*-reserved-identifier,*-dcl37-c) */

uint64_t __udivdi3(uint64_t number, uint64_t by) { /* NOLINT(*-reserved-identifier,*-dcl37-c) */
    uint64_t quotient = 0;
    uint64_t rest = 0;
    for (unsigned bit = 64; bit-- > 0;) {
        unsigned carry = (unsigned)(rest >> 63);
        rest = rest << 1 | (number >> bit & 1);
        if (carry != 0 || rest >= by) {
            rest -= by;
            quotient |= (uint64_t)1 << bit;
        }
    }
    return quotient;
}

#endif
