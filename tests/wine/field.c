/* SPDX-License-Identifier: MIT */
/*
 * field: what the tests of faults met in use (test_field_*.py) need beside probe.c.
 *
 * Output as that of probe: lines of name=value, UTF-8; a Win32 failure is the line "error=N" and exit code 1.
 * What waits says "open" when it is there, and ends when its input does.
 */
#define WIN32_LEAN_AND_MEAN
#define UNICODE
#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

enum {
    RC_OK = 0,
    RC_WIN32 = 1,
    RC_USAGE = 2,
    STATE_WAIT_MS = 60000, /* a service may wait for its configuration for 30 s */
    SCANNER_MS = 100,
    FILES_MAX = 4096
};

static int win32_failure(void) {
    printf("error=%lu\n", GetLastError());
    return RC_WIN32;
}

static void put_text(const WCHAR *text) {
    char utf8[MAX_PATH * 3];

    if (WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, sizeof utf8, NULL, NULL) <= 0)
        exit(RC_WIN32);
    fputs(utf8, stdout);
}

static DWORD WINAPI read_to_end(void *done) {
    char byte;
    DWORD got;

    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), &byte, 1, &got, NULL) && got > 0)
        continue;
    SetEvent(done);
    return 0;
}

/* An event that is set when the input ends. */
static HANDLE announce(void) {
    HANDLE done = CreateEventW(NULL, TRUE, FALSE, NULL);

    CreateThread(NULL, 0, read_to_end, done, 0, NULL);
    puts("open");
    fflush(stdout);
    return done;
}

/* Right after a prefix was booted the database is locked for some seconds. */
static BOOL start_unlocked(SC_HANDLE service, int argc, WCHAR **argv) {
    DWORD begun = GetTickCount();
    while (!StartServiceW(service, (DWORD)argc, (const WCHAR **)argv)) {
        if (GetLastError() != ERROR_SERVICE_DATABASE_LOCKED ||
            GetTickCount() - begun > STATE_WAIT_MS)
            return FALSE;
        Sleep(50);
    }
    return TRUE;
}

/* start SERVICE STATE [ARGUMENT]...: starts it with these arguments and waits for a state, or for one that it
 * stays in. Tells the time it took and each state that was seen on the way. */
static int verb_start(int argc, WCHAR **argv) {
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    SC_HANDLE service = OpenServiceW(manager, argv[0], SERVICE_ALL_ACCESS);
    DWORD wanted = (DWORD)_wtoi(argv[1]);
    DWORD start = 0;
    DWORD last = 0;
    SERVICE_STATUS status;

    if (!service || !start_unlocked(service, argc - 2, argv + 2))
        return win32_failure();
    start = GetTickCount();
    while (QueryServiceStatus(service, &status)) {
        if (status.dwCurrentState != last)
            printf("seen=%lu\n", status.dwCurrentState);
        last = status.dwCurrentState;
        /* One that is RUNNING does not become anything else by itself. */
        if (last == wanted || last == SERVICE_STOPPED || last == SERVICE_RUNNING ||
            GetTickCount() - start > STATE_WAIT_MS) {
            printf("elapsed_ms=%lu\nstate=%lu\nspecific_exit=%lu\n", GetTickCount() - start, last,
                   status.dwServiceSpecificExitCode);
            return last == wanted ? RC_OK : RC_WIN32;
        }
        Sleep(5);
    }
    return win32_failure();
}

/* short PATH: its last part as an 8.3 name. */
static int verb_short(int argc, WCHAR **argv) {
    WCHAR path[MAX_PATH];
    DWORD got = GetShortPathNameW(argv[0], path, MAX_PATH);
    const WCHAR *name;

    (void)argc;
    if (got == 0 || got >= MAX_PATH)
        return win32_failure();
    name = wcsrchr(path, L'\\');
    printf("name=");
    put_text(name ? name + 1 : path);
    putchar('\n');
    return RC_OK;
}

/* A filter of a scanner's is there at the close; a program has to be quick. */
static HANDLE open_when_free(const WCHAR *path) {
    DWORD start = GetTickCount();

    for (;;) {
        HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                                  OPEN_EXISTING, 0, NULL);
        if (file != INVALID_HANDLE_VALUE || GetTickCount() - start > SCANNER_MS)
            return file;
        Sleep(0);
    }
}

/*
 * scanner FOLDER FILE: as a virus scanner or a backup does, opens FILE for 100 ms after each change in FOLDER,
 * to read, sharing reading and deleting. At the end it tells how often.
 */
static int verb_scanner(int argc, WCHAR **argv) {
    static DWORD buffer[1024];
    OVERLAPPED overlapped = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    HANDLE folder = CreateFileW(
        argv[0], FILE_LIST_DIRECTORY, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
        OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED, NULL);
    HANDLE either[2] = {NULL, overlapped.hEvent};
    unsigned long times = 0;

    (void)argc;
    for (;;) {
        if (!ReadDirectoryChangesW(folder, buffer, sizeof buffer, FALSE,
                                   FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_LAST_WRITE |
                                       FILE_NOTIFY_CHANGE_SIZE,
                                   NULL, &overlapped, NULL))
            return win32_failure();
        if (!either[0])
            either[0] = announce();
        if (WaitForMultipleObjects(2, either, FALSE, INFINITE) == WAIT_OBJECT_0)
            break;
        HANDLE file = open_when_free(argv[1]);
        Sleep(SCANNER_MS);
        if (file != INVALID_HANDLE_VALUE) {
            times++;
            CloseHandle(file);
        }
    }
    printf("opened=%lu\n", times);
    return RC_OK;
}

/* holdall FOLDER: opens each .ini file in it, sharing nothing. */
static int verb_holdall(int argc, WCHAR **argv) {
    static HANDLE files[FILES_MAX];
    static WCHAR path[MAX_PATH * 2];
    WIN32_FIND_DATAW found;
    size_t count = 0;
    HANDLE list;

    (void)argc;
    _snwprintf(path, MAX_PATH * 2, L"%ls\\*.ini", argv[0]);
    list = FindFirstFileW(path, &found);
    if (list == INVALID_HANDLE_VALUE)
        return win32_failure();
    do {
        _snwprintf(path, MAX_PATH * 2, L"%ls\\%ls", argv[0], found.cFileName);
        files[count] =
            CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        if (files[count++] == INVALID_HANDLE_VALUE)
            return win32_failure();
    } while (count < FILES_MAX && FindNextFileW(list, &found));
    FindClose(list);
    WaitForSingleObject(announce(), INFINITE);
    while (count > 0)
        CloseHandle(files[--count]);
    puts("closed");
    return RC_OK;
}

static const struct verb {
    const WCHAR *name;
    int arguments; /* at least so many */
    int (*run)(int argc, WCHAR **argv);
} verbs[] = {
    {L"start", 2, verb_start},
    {L"short", 1, verb_short},
    {L"scanner", 2, verb_scanner},
    {L"holdall", 1, verb_holdall},
};

int main(void) {
    int argc;
    WCHAR **argv = CommandLineToArgvW(GetCommandLineW(), &argc);

    _setmode(_fileno(stdout), _O_BINARY);
    for (size_t i = 0; argv && argc > 1 && i < sizeof verbs / sizeof *verbs; i++)
        if (wcscmp(argv[1], verbs[i].name) == 0 && argc - 2 >= verbs[i].arguments)
            return verbs[i].run(argc - 2, argv + 2);
    fputs("usage: field VERB ARGUMENTS (see field.c)\n", stderr);
    return RC_USAGE;
}
