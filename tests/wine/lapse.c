/* SPDX-License-Identifier: MIT */
/*
 * lapse: time that runs sixty times as fast. Linked with all of the product's own objects it makes a kmrepair.exe that
 * is the product in everything else; its minute takes a second.
 *
 * The clock and the wait of the worker are replaced, as in fault.c.
 */
#include <windows.h>

#ifdef _WIN64
#define IMPORT(name, bytes) __asm__("__imp_" #name)
#else
#define IMPORT(name, bytes) __asm__("__imp__" #name "@" #bytes)
#endif

enum { FASTER = 60 };

typedef DWORD WINAPI get_ticks(void);
typedef DWORD WINAPI wait_for(DWORD, const HANDLE *, BOOL, DWORD);

/* Looked up once: what is counted are the calls of the product. */
static get_ticks *real_ticks;
static wait_for *real_wait;

static FARPROC real(const char *name) {
    return GetProcAddress(GetModuleHandleW(L"kernel32"), name);
}

static DWORD WINAPI lapse_ticks(void) {
    if (real_ticks == NULL)
        real_ticks = (get_ticks *)(void *)real("GetTickCount");
    return real_ticks() * FASTER;
}

static DWORD WINAPI lapse_wait(DWORD count, const HANDLE *handles, BOOL all, DWORD wait) {
    if (real_wait == NULL)
        real_wait = (wait_for *)(void *)real("WaitForMultipleObjects");
    return real_wait(count, handles, all, (wait + FASTER - 1) / FASTER);
}

extern void *const import_ticks IMPORT(GetTickCount, 0);
extern void *const import_wait IMPORT(WaitForMultipleObjects, 16);

void *const import_ticks = (void *)lapse_ticks;
void *const import_wait = (void *)lapse_wait;
