/* SPDX-License-Identifier: MIT */
/*
 * admin: what the tests of the set-up program must do as an administrator, or as nobody of the kind.
 *
 *   admin asuser COMMAND LINE...   runs it with a token in which the group of the administrators only
 *                                  denies; the exit code is the command's, or 100 with "error=N"
 *   admin starttype SERVICE N      changes the start type of a service: 2 automatic, 3 by hand, 4 disabled
 *   admin image SERVICE TEXT       changes its command line
 */
#define WIN32_LEAN_AND_MEAN
#define UNICODE
#include <windows.h>

#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

enum { RC_WIN32 = 100 };

static int win32_failure(void) {
    printf("error=%lu\n", GetLastError());
    return RC_WIN32;
}

/* The command line behind its first `count` words, as it was typed. */
static WCHAR *behind(WCHAR *line, int count) {
    for (; count > 0; count--) {
        int quoted = 0;
        for (; *line != L'\0' && (quoted || *line != L' '); line++)
            quoted ^= *line == L'"';
        line += wcsspn(line, L" ");
    }
    return line;
}

static int as_user(WCHAR *command) {
    SID_IDENTIFIER_AUTHORITY authority = {SECURITY_NT_AUTHORITY};
    SID_AND_ATTRIBUTES administrators = {NULL, 0};
    STARTUPINFOW startup;
    PROCESS_INFORMATION process;
    HANDLE own, restricted;
    DWORD code;

    ZeroMemory(&startup, sizeof startup);
    startup.cb = sizeof startup;
    if (!AllocateAndInitializeSid(&authority, 2, SECURITY_BUILTIN_DOMAIN_RID,
                                  DOMAIN_ALIAS_RID_ADMINS, 0, 0, 0, 0, 0, 0, &administrators.Sid) ||
        !OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &own) ||
        !CreateRestrictedToken(own, 0, 1, &administrators, 0, NULL, 0, NULL, &restricted) ||
        !CreateProcessAsUserW(restricted, NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup,
                              &process))
        return win32_failure();
    WaitForSingleObject(process.hProcess, INFINITE);
    return GetExitCodeProcess(process.hProcess, &code) ? (int)code : win32_failure();
}

static int change(const WCHAR *name, DWORD type, const WCHAR *image) {
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = manager ? OpenServiceW(manager, name, SERVICE_CHANGE_CONFIG) : NULL;

    if (!service || !ChangeServiceConfigW(service, SERVICE_NO_CHANGE, type, SERVICE_NO_CHANGE,
                                          image, NULL, NULL, NULL, NULL, NULL, NULL))
        return win32_failure();
    return 0;
}

int main(void) {
    int argc;
    WCHAR **argv = CommandLineToArgvW(GetCommandLineW(), &argc);

    if (argv && argc > 2 && wcscmp(argv[1], L"asuser") == 0)
        return as_user(behind(GetCommandLineW(), 2));
    if (argv && argc == 4 && wcscmp(argv[1], L"starttype") == 0)
        return change(argv[2], wcstoul(argv[3], NULL, 10), NULL);
    if (argv && argc == 4 && wcscmp(argv[1], L"image") == 0)
        return change(argv[2], SERVICE_NO_CHANGE, argv[3]);
    fputs("usage: see admin.c\n", stderr);
    return RC_WIN32;
}
