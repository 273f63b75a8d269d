/* SPDX-License-Identifier: MIT */
/*
 * windows: stands for <windows.h> where sources of service/ are built for the fuzzers.
 *
 * Only the types, numbers and calls that these sources and their headers name, as Windows has them; -fshort-wchar
 * makes wchar_t the 16 bits of Windows. A target defines the calls that its sources make.
 */
#ifndef KMREPAIR_FUZZ_WINDOWS_H
#define KMREPAIR_FUZZ_WINDOWS_H

#include <stddef.h>
#include <stdint.h>

#define WINAPI
#define TRUE 1
#define FALSE 0
#define FIELD_OFFSET(type, member) ((uint32_t)offsetof(type, member))

typedef int BOOL;
typedef uint8_t BYTE;
typedef uint32_t DWORD;
typedef uint32_t ULONG;
typedef wchar_t WCHAR;
typedef void *HANDLE;
typedef HANDLE HMODULE;
typedef void (*FARPROC)(void);

typedef union {
    int64_t QuadPart;
} LARGE_INTEGER;

typedef struct {
    DWORD dwLowDateTime, dwHighDateTime;
} FILETIME;

typedef struct {
    BYTE Revision;
} SID;

typedef struct {
    DWORD dwFileAttributes;
    WCHAR cFileName[260];
} WIN32_FIND_DATAW;

typedef struct {
    uintptr_t Internal, InternalHigh;
    DWORD Offset, OffsetHigh;
    HANDLE hEvent;
} OVERLAPPED;

/* Windows puts one at a multiple of four bytes, Wine of two: any other is an error of the reader. */
#define UNALIGNED
typedef struct __attribute__((packed, aligned(2))) {
    DWORD NextEntryOffset;
    DWORD Action;
    DWORD FileNameLength;
    WCHAR FileName[1];
} FILE_NOTIFY_INFORMATION;

#define INVALID_HANDLE_VALUE ((HANDLE)(intptr_t)-1)
#define INVALID_FILE_ATTRIBUTES ((DWORD)-1)
#define STATUS_PENDING 0x103
#define HasOverlappedIoCompleted(overlapped) ((overlapped)->Internal != STATUS_PENDING)

enum {
    FILE_ACTION_ADDED = 1,
    FILE_ACTION_REMOVED = 2,
    FILE_ACTION_MODIFIED = 3,
    FILE_ACTION_RENAMED_OLD_NAME = 4,
    FILE_ACTION_RENAMED_NEW_NAME = 5,
    FILE_ATTRIBUTE_DIRECTORY = 0x10,
    FILE_FLAG_OVERLAPPED = 0x40000000,
    FILE_NOTIFY_CHANGE_FILE_NAME = 0x1,
    FILE_NOTIFY_CHANGE_ATTRIBUTES = 0x4,
    FILE_NOTIFY_CHANGE_SIZE = 0x8,
    FILE_NOTIFY_CHANGE_LAST_WRITE = 0x10,
    SECURITY_MAX_SID_SIZE = 68,
    WAIT_OBJECT_0 = 0,
    ERROR_SUCCESS = 0,
    ERROR_ACCESS_DENIED = 5,
    ERROR_INVALID_PARAMETER = 87,
    ERROR_DIRECTORY = 267,
    ERROR_NOTIFY_ENUM_DIR = 1022
};

DWORD GetLastError(void);

/* ---- of watch */
HANDLE CreateEventW(void *security, BOOL manual, BOOL set, const WCHAR *name);
BOOL ResetEvent(HANDLE event);
BOOL CloseHandle(HANDLE handle);
BOOL ReadDirectoryChangesW(HANDLE directory, void *buffer, DWORD size, BOOL below, DWORD filter,
                           DWORD *bytes, OVERLAPPED *overlapped, void *routine);
BOOL GetOverlappedResult(HANDLE file, OVERLAPPED *overlapped, DWORD *bytes, BOOL wait);
BOOL CancelIo(HANDLE file);
DWORD WaitForSingleObject(HANDLE handle, DWORD milliseconds);
HMODULE GetModuleHandleW(const WCHAR *name);
FARPROC GetProcAddress(HMODULE module, const char *name);

/* ---- of options and path */
WCHAR *GetCommandLineW(void);
DWORD GetModuleFileNameW(HMODULE module, WCHAR *to, DWORD size);
DWORD GetFullPathNameW(const WCHAR *path, DWORD size, WCHAR *to, WCHAR **name);
DWORD GetFileAttributesW(const WCHAR *path);
int lstrlenW(const WCHAR *string);
int lstrcmpiW(const WCHAR *a, const WCHAR *b);
WCHAR *lstrcpynW(WCHAR *to, const WCHAR *from, int size);

#endif
