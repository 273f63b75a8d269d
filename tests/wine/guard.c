/* SPDX-License-Identifier: MIT */
/*
 * guard: a program that overruns a buffer on its stack when it is told to.
 *
 *   guard inside|overrun
 *
 * Built with the product's flags and its service/win/guard.c, and like it without start-up code.
 * Exit codes: 0 when nothing was overrun, 3 when the program went on after an overrun, otherwise
 * that of the stack protector.
 */
#include "win/guard.h"

#include <windows.h>

#include "guarded.h"

enum { BUFFER = 16, OVERRUN = BUFFER + 2 * sizeof(void *) };

GUARDED __attribute__((noinline)) static unsigned fill(unsigned count) {
    volatile unsigned char buffer[BUFFER];
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++)
        buffer[i] = 'x';
    for (unsigned i = 0; i < BUFFER; i++)
        sum += buffer[i];
    return sum;
}

void entry(void);

GUARD_NONE void entry(void) {
    guard_set();
    const WCHAR *line = GetCommandLineW();
    BOOL overrun = line[lstrlenW(line) - 1] == L'n';
    unsigned sum = fill(overrun ? OVERRUN : BUFFER);
    ExitProcess(sum == BUFFER * 'x' && !overrun ? 0 : 3);
}
