/* SPDX-License-Identifier: MIT */
/*
 * handles: how many a process has open, and what it holds of memory that is its own.
 *
 * Wine's GetProcessHandleCount answers 0; the list of all handles of the system is there.
 */
#ifndef KMREPAIR_TEST_HANDLES_H
#define KMREPAIR_TEST_HANDLES_H

#include <windows.h>

#include <psapi.h>
#include <stdio.h>
#include <winternl.h>

typedef NTSTATUS NTAPI query_system(ULONG what, void *answer, ULONG size, ULONG *needed);

struct all_handles {
    ULONG count;
    struct {
        ULONG pid;
        BYTE type, flags;
        USHORT value;
        void *object;
        ACCESS_MASK access;
    } handle[200000];
};

static ULONG count_handles(DWORD pid) {
    enum { SYSTEM_HANDLE_INFORMATION = 16 };
    static struct all_handles all;
    query_system *query = (query_system *)(void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"),
                                                                 "NtQuerySystemInformation");
    ULONG found = 0;

    if (!query || query(SYSTEM_HANDLE_INFORMATION, &all, sizeof all, NULL) < 0)
        return 0;
    for (ULONG i = 0; i < all.count; i++)
        found += all.handle[i].pid == pid;
    return found;
}

static unsigned long bytes_of(HANDLE process) {
    PROCESS_MEMORY_COUNTERS memory = {0};

    K32GetProcessMemoryInfo(process, &memory, sizeof memory);
    return (unsigned long)memory.PagefileUsage;
}

/* After so many cycles: one line, without its end. */
static void put_costs(unsigned cycles, DWORD pid, HANDLE process) {
    printf("cycles %u handles %lu bytes %lu", cycles, count_handles(pid), bytes_of(process));
}

#endif
