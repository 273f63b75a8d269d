/* SPDX-License-Identifier: MIT */
/*
 * planted: a program that somebody put in the place of another one. It leaves PLANTED.TXT beside itself when it is
 * run, whatever it is told, and ends with 0.
 */
#define WIN32_LEAN_AND_MEAN
#define UNICODE
#include <windows.h>

#include <wchar.h>

int main(void) {
    WCHAR path[1024];
    HANDLE mark;

    GetModuleFileNameW(NULL, path, ARRAYSIZE(path) - 16);
    wcscpy(wcsrchr(path, L'\\') + 1, L"PLANTED.TXT");
    mark = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    return mark == INVALID_HANDLE_VALUE || !CloseHandle(mark);
}
