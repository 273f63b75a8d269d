/* SPDX-License-Identifier: MIT */
/*
 * guarded: GUARDED stands before a function with a buffer on its stack that is no array of char.
 *
 * The compiler guards functions with an array of char by itself (-fstack-protector, see the Makefile and
 * service/win/guard.h), and overlooks those of wide characters, which is what most calls of Windows fill.
 * tests/floor.py finds a function that lacks the word.
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
