/* SPDX-License-Identifier: MIT */
/*
 * guard: the value that the compiler's stack protector compares, and what happens when it has
 * changed.
 *
 * mingw-w64 has both in a start-up file and a library that are not linked (see the Makefile).
 * guard_set() is called once, by entry(), before anything else and on the only thread that there is
 * then. Until then the guard is zero. A function that has overrun a buffer on its stack ends the
 * process at once, on whatever thread it is, with exit code 0xC0000409
 * (STATUS_STACK_BUFFER_OVERRUN): nothing is flushed, and no handler runs.
 */
#ifndef KMREPAIR_WIN_GUARD_H
#define KMREPAIR_WIN_GUARD_H

/* On a function that is running while the guard changes. */
#define GUARD_NONE __attribute__((no_stack_protector))

void guard_set(void);

#endif
