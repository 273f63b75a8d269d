/* SPDX-License-Identifier: MIT */
/*
 * guarded: GUARDED stands before a function with a buffer on its stack.
 *
 * The compiler puts a guard behind the locals of such a function and compares it at the end; see
 * service/win/guard.h for what happens then. It guards these functions and no others
 * (-fstack-protector-explicit): -fstack-protector overlooks arrays of wide characters, which most calls of
 * Windows fill, and -strong adds every function that has the address of a local taken, 7 KB in all. Left out are
 * numbers and times of at most 24 bytes, which text.h writes. tests/floor.py finds a function that lacks the word.
 */
#ifndef KMREPAIR_GUARDED_H
#define KMREPAIR_GUARDED_H

/* clang, of the fuzzers and the analyser, does not know it; the product is gcc's. */
#if defined __GNUC__ && !defined __clang__
#define GUARDED __attribute__((stack_protect))
#else
#define GUARDED
#endif

#endif
