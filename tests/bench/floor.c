/* SPDX-License-Identifier: MIT */
/*
 * floor: what a scan can not do without. Enumerates, opens, asks for the size, reads and
 * closes every *.ini of a folder, with the calls of the product, and looks at none of the bytes.
 *
 *   floor FOLDER
 *
 * Prints the number of files and of bytes. Built with the flags of the product's EXE, so without
 * start-up code: see the Makefile.
 */
#include <windows.h>

#include "win/guard.h"

enum { PATH_MAX_UNITS = 1024, BYTES_MAX = 1024 * 1024 };

static WCHAR path[PATH_MAX_UNITS];
static WIN32_FIND_DATAW found;
static unsigned char bytes[BYTES_MAX];
static DWORD files;
static DWORD total; /* 4 GB are more than the bench has */

/* The folder with `\` at its end; returns the length, 0 when there is no room for names. */
static int read_folder(void) {
    const WCHAR *line = GetCommandLineW();
    WCHAR end = *line == L'"' ? L'"' : L' ';
    int length = 0;
    line++;
    while (*line != L'\0' && *line != end)
        line++;
    while (*line == L'"' || *line == L' ')
        line++;
    for (; *line != L'\0' && *line != L'"' && length < PATH_MAX_UNITS - MAX_PATH - 1; line++)
        path[length++] = *line;
    path[length] = L'\\';
    return *line == L'\0' || *line == L'"' ? length + 1 : 0;
}

static BOOL read_record(void) {
    DWORD high = 0;
    DWORD got = 0;
    HANDLE file =
        CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return FALSE;
    DWORD size = GetFileSize(file, &high);
    BOOL done = high == 0 && size <= BYTES_MAX && ReadFile(file, bytes, size, &got, NULL);
    total += got;
    files++;
    return CloseHandle(file) && done;
}

static BOOL read_all(void) {
    BOOL done = TRUE;
    int length = read_folder();
    if (length == 0)
        return FALSE;
    (void)lstrcpyW(path + length, L"*.ini");
    HANDLE list = FindFirstFileExW(path, FindExInfoBasic, &found, FindExSearchNameMatch, NULL,
                                   FIND_FIRST_EX_LARGE_FETCH);
    if (list == INVALID_HANDLE_VALUE)
        return GetLastError() == ERROR_FILE_NOT_FOUND;
    do {
        if ((found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) == 0) {
            (void)lstrcpyW(path + length, found.cFileName);
            done = read_record() && done;
        }
    } while (FindNextFileW(list, &found));
    return FindClose(list) && done;
}

static void print(DWORD number, char after) {
    char text[11];
    DWORD written;
    DWORD at = sizeof text;
    text[--at] = after;
    do
        text[--at] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    (void)WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), text + at, (DWORD)sizeof text - at, &written,
                    NULL);
}

void entry(void);

GUARD_NONE void entry(void) {
    guard_set();
    BOOL done = read_all();
    print(files, ' ');
    print(total, '\n');
    ExitProcess(done ? 0 : 2);
}
