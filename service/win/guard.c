/* SPDX-License-Identifier: MIT */
#include "win/guard.h"

#include <windows.h>

#include <stdint.h>

/* The names that the compiler uses. */
uintptr_t __stack_chk_guard;
void __stack_chk_fail(void) __attribute__((noreturn));

static uintptr_t mix(uintptr_t seed, DWORD value) {
    seed = (seed ^ value) * 0x9E3779B1U;
    return seed ^ seed >> (sizeof seed * 4 - 1);
}

/* An i486 has neither a time stamp counter nor a random number generator. Together these differ
 * from one start to the next, which is what NT 4.0 has to offer. */
GUARD_NONE void guard_set(void) {
    LARGE_INTEGER counter = {.QuadPart = 0};
    FILETIME time;
    (void)QueryPerformanceCounter(&counter);
    GetSystemTimeAsFileTime(&time);
    uintptr_t seed = (uintptr_t)&counter;
    seed = mix(seed, counter.LowPart);
    seed = mix(seed, (DWORD)counter.HighPart);
    seed = mix(seed, time.dwLowDateTime);
    seed = mix(seed, GetTickCount());
    seed = mix(seed, GetCurrentProcessId());
    seed = mix(seed, GetCurrentThreadId());
    /* The lowest byte comes first in memory: a string that is copied too far cannot contain it. */
    __stack_chk_guard = seed & ~(uintptr_t)0xFF;
}

void __stack_chk_fail(void) {
    (void)TerminateProcess(GetCurrentProcess(), (UINT)STATUS_STACK_BUFFER_OVERRUN);
    for (;;) {
    }
}
