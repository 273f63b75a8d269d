/* SPDX-License-Identifier: MIT */
/*
 * probe: what the tests must do from inside Windows.
 *
 * The tests are Python on Linux.  Share modes, attributes, the service control
 * manager and message resources exist only for a Wine process, so the tests ask
 * this program.  Every answer is UTF-8 on stdout, as lines of name=value or as
 * plain text; a Win32 failure is the line "error=N" and exit code 1.
 *
 * The arguments are taken from GetCommandLineW, so that it builds as an
 * ordinary program with main and still understands every file name.
 */
#define WIN32_LEAN_AND_MEAN
#define UNICODE
#include <windows.h>

#include <aclapi.h>
#include <fcntl.h>
#include <io.h>
#include <sddl.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#include "handles.h"

enum { RC_OK = 0, RC_WIN32 = 1, RC_USAGE = 2 };

/* Longest wait for a service to reach a state before the probe gives up. */
#define STATE_WAIT_MS 30000
#define STATE_POLL_MS 5

/* ---- output ---- */

static void put_text(const WCHAR *text) {
    int bytes = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *utf8 = malloc((size_t)bytes + 1);

    if (!utf8 || bytes <= 0)
        exit(RC_WIN32);
    WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, bytes, NULL, NULL);
    fputs(utf8, stdout);
    free(utf8);
}

static void put_pair(const char *name, const WCHAR *value) {
    printf("%s=", name);
    put_text(value ? value : L"");
    putchar('\n');
}

static int win32_failure(void) {
    printf("error=%lu\n", GetLastError());
    return RC_WIN32;
}

/* ---- services ---- */

static SC_HANDLE open_service(const WCHAR *name) {
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);

    /* The handles live as long as the probe, that is, for one verb. */
    return manager ? OpenServiceW(manager, name, SERVICE_ALL_ACCESS) : NULL;
}

static int put_status(SC_HANDLE service) {
    SERVICE_STATUS_PROCESS status;
    DWORD needed;

    if (!QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof status,
                              &needed))
        return win32_failure();
    printf("type=%lu\nstate=%lu\naccepted=%lu\nwin32_exit=%lu\nspecific_exit=%lu\n",
           status.dwServiceType, status.dwCurrentState, status.dwControlsAccepted,
           status.dwWin32ExitCode, status.dwServiceSpecificExitCode);
    printf("checkpoint=%lu\nwait_hint=%lu\npid=%lu\n", status.dwCheckPoint, status.dwWaitHint,
           status.dwProcessId);
    return RC_OK;
}

/* Polls inside one process, so that the time measured is the service's own. */
static int await_state(SC_HANDLE service, DWORD wanted) {
    DWORD start = GetTickCount();
    SERVICE_STATUS status;

    while (QueryServiceStatus(service, &status)) {
        if (status.dwCurrentState == wanted) {
            printf("elapsed_ms=%lu\n", GetTickCount() - start);
            return put_status(service);
        }
        if (GetTickCount() - start > STATE_WAIT_MS)
            SetLastError(WAIT_TIMEOUT);
        if (GetTickCount() - start > STATE_WAIT_MS)
            return win32_failure();
        Sleep(STATE_POLL_MS);
    }
    return win32_failure();
}

/* control SERVICE CODE [STATE]: sends the control; with STATE, waits for it. */
static int verb_control(int argc, WCHAR **argv) {
    SC_HANDLE service = open_service(argv[0]);
    SERVICE_STATUS status;

    if (!service || !ControlService(service, (DWORD)_wtoi(argv[1]), &status))
        return win32_failure();
    if (argc > 2)
        return await_state(service, (DWORD)_wtoi(argv[2]));
    printf("state=%lu\naccepted=%lu\n", status.dwCurrentState, status.dwControlsAccepted);
    return RC_OK;
}

/* controls SERVICE CODE...: sends them one right after the other; what each was answered. */
static int verb_controls(int argc, WCHAR **argv) {
    SC_HANDLE service = open_service(argv[0]);
    SERVICE_STATUS status;

    if (!service)
        return win32_failure();
    for (int i = 1; i < argc; i++) {
        DWORD error = ControlService(service, (DWORD)_wtoi(argv[i]), &status) ? 0 : GetLastError();
        printf("%ls=%lu\n", argv[i], error);
    }
    return RC_OK;
}

/* start SERVICE [STATE] */
static int verb_start(int argc, WCHAR **argv) {
    SC_HANDLE service = open_service(argv[0]);

    if (!service || !StartServiceW(service, 0, NULL))
        return win32_failure();
    return argc > 1 ? await_state(service, (DWORD)_wtoi(argv[1])) : RC_OK;
}

/* starts SERVICE: starts it once for each line of input, and says "started" or "error=N". A test that kills
 * it again and again need not wait for a new probe each time. */
static int verb_starts(int argc, WCHAR **argv) {
    SC_HANDLE service = open_service(argv[0]);
    char line[8];

    (void)argc;
    if (!service)
        return win32_failure();
    for (puts("open"), fflush(stdout); fgets(line, sizeof line, stdin); fflush(stdout))
        if (StartServiceW(service, 0, NULL))
            puts("started");
        else
            (void)win32_failure();
    return RC_OK;
}

static BOOL await_quietly(SC_HANDLE service, DWORD wanted) {
    DWORD start = GetTickCount();
    SERVICE_STATUS status;

    while (QueryServiceStatus(service, &status) && status.dwCurrentState != wanted &&
           GetTickCount() - start < STATE_WAIT_MS)
        Sleep(1);
    return status.dwCurrentState == wanted;
}

/* A service of Wine's that has stopped may be gone before its answer is read: ERROR_BROKEN_PIPE, once in some hundred times,
 * of the empty service, too. Whether it has stopped is seen behind it. */
static BOOL ask_to_stop(SC_HANDLE service) {
    SERVICE_STATUS stopped;
    return ControlService(service, SERVICE_CONTROL_STOP, &stopped) ||
           GetLastError() == ERROR_BROKEN_PIPE;
}

/* One start and stop; if `told`, what the process holds while it runs. */
static BOOL cycle(SC_HANDLE service, int told) {
    SERVICE_STATUS_PROCESS status;
    DWORD needed;
    HANDLE process;
    BOOL done;

    if (!StartServiceW(service, 0, NULL) || !await_quietly(service, SERVICE_RUNNING) ||
        !QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof status,
                              &needed))
        return FALSE;
    process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, status.dwProcessId);
    if (told) {
        Sleep(100); /* it is idle then; the figures are of no use in the middle of its start */
        put_costs((unsigned)told, status.dwProcessId, process);
    }
    done = ask_to_stop(service) && await_quietly(service, SERVICE_STOPPED) &&
           WaitForSingleObject(process, STATE_WAIT_MS) == WAIT_OBJECT_0;
    CloseHandle(process);
    return done;
}

/* cycles SERVICE N: starts and stops it N times; what it held in each tenth of them. */
static int verb_cycles(int argc, WCHAR **argv) {
    SC_HANDLE service = open_service(argv[0]);
    int cycles = _wtoi(argv[1]);
    DWORD start = GetTickCount();

    (void)argc;
    for (int i = 1; i <= cycles; i++) {
        int told = i % (cycles / 10) == 0 ? i : 0;
        if (!service || !cycle(service, told))
            return win32_failure();
        if (told)
            printf(" ms %lu\n", GetTickCount() - start);
    }
    return RC_OK;
}

/* For the bench. */
static double microseconds(void) {
    LARGE_INTEGER count, frequency;

    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&frequency);
    return (double)count.QuadPart * 1e6 / (double)frequency.QuadPart;
}

/* life SERVICE: starts and stops it; how long it took from the call until it was RUNNING. */
static int verb_life(int argc, WCHAR **argv) {
    SC_HANDLE service = open_service(argv[0]);
    double start = microseconds();

    (void)argc;
    if (!service || !StartServiceW(service, 0, NULL) || !await_quietly(service, SERVICE_RUNNING))
        return win32_failure();
    printf("started_us=%.0f\n", microseconds() - start);
    return ask_to_stop(service) && await_quietly(service, SERVICE_STOPPED) ? RC_OK
                                                                           : win32_failure();
}

static int verb_query(int argc, WCHAR **argv) {
    SC_HANDLE service = open_service(argv[0]);

    (void)argc;
    return service ? put_status(service) : win32_failure();
}

static int verb_config(int argc, WCHAR **argv) {
    static BYTE room[8192];
    QUERY_SERVICE_CONFIGW *config = (QUERY_SERVICE_CONFIGW *)room;
    SC_HANDLE service = open_service(argv[0]);
    DWORD needed;

    (void)argc;
    if (!service || !QueryServiceConfigW(service, config, sizeof room, &needed))
        return win32_failure();
    printf("type=%lu\nstart=%lu\n", config->dwServiceType, config->dwStartType);
    put_pair("image", config->lpBinaryPathName);
    put_pair("account", config->lpServiceStartName);
    put_pair("display", config->lpDisplayName);
    if (QueryServiceConfig2W(service, SERVICE_CONFIG_DESCRIPTION, room, sizeof room, &needed))
        put_pair("description", ((SERVICE_DESCRIPTIONW *)room)->lpDescription);
    return RC_OK;
}

/* create SERVICE IMAGE: never to be started. */
static int verb_create(int argc, WCHAR **argv) {
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);

    (void)argc;
    return CreateServiceW(manager, argv[0], NULL, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS,
                          SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, argv[1], NULL, NULL, NULL,
                          NULL, NULL)
               ? RC_OK
               : win32_failure();
}

static int verb_delete(int argc, WCHAR **argv) {
    SC_HANDLE service = open_service(argv[0]);

    (void)argc;
    return service && DeleteService(service) ? RC_OK : win32_failure();
}

/* ---- files ---- */

static DWORD WINAPI read_to_end(void *unused) {
    char byte;
    DWORD got;

    (void)unused;
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), &byte, 1, &got, NULL) && got > 0)
        continue;
    return 0;
}

/* Says what has been reached, then waits until stdin ends or the time is up. */
static void announce_and_wait(const char *news, DWORD ms) {
    HANDLE reader = CreateThread(NULL, 0, read_to_end, NULL, 0, NULL);

    puts(news);
    fflush(stdout);
    WaitForSingleObject(reader, ms);
}

static DWORD access_of(const WCHAR *letters) {
    return (wcschr(letters, L'r') ? GENERIC_READ : 0) | (wcschr(letters, L'w') ? GENERIC_WRITE : 0);
}

static DWORD share_of(const WCHAR *letters) {
    return (wcschr(letters, L'r') ? FILE_SHARE_READ : 0) |
           (wcschr(letters, L'w') ? FILE_SHARE_WRITE : 0) |
           (wcschr(letters, L'd') ? FILE_SHARE_DELETE : 0);
}

/* hold FILE ACCESS SHARE MS: both as letters out of r, w, d; "-" is none. */
static int verb_hold(int argc, WCHAR **argv) {
    HANDLE file =
        CreateFileW(argv[0], access_of(argv[1]), share_of(argv[2]), NULL, OPEN_EXISTING, 0, NULL);

    (void)argc;
    if (file == INVALID_HANDLE_VALUE)
        return win32_failure();
    announce_and_wait("open", (DWORD)_wtoi(argv[3]));
    CloseHandle(file);
    puts("closed");
    return RC_OK;
}

static int copy_into(HANDLE target, const WCHAR *source) {
    HANDLE from = CreateFileW(source, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    char block[4096];
    DWORD got, put;

    if (from == INVALID_HANDLE_VALUE)
        return 0;
    while (ReadFile(from, block, sizeof block, &got, NULL) && got > 0)
        if (!WriteFile(target, block, got, &put, NULL) || put != got)
            return 0;
    CloseHandle(from);
    return SetEndOfFile(target);
}

/*
 * rewrite FILE SOURCE MS: writes SOURCE's content over FILE in place, as a
 * program does which shares its file for reading and writing, and keeps it open.
 */
static int verb_rewrite(int argc, WCHAR **argv) {
    HANDLE file = CreateFileW(argv[0], GENERIC_READ | GENERIC_WRITE,
                              FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);

    (void)argc;
    if (file == INVALID_HANDLE_VALUE || !copy_into(file, argv[1]))
        return win32_failure();
    announce_and_wait("written", (DWORD)_wtoi(argv[2]));
    CloseHandle(file);
    puts("closed");
    return RC_OK;
}

static int verb_rename(int argc, WCHAR **argv) {
    (void)argc;
    return MoveFileExW(argv[0], argv[1], 0) ? RC_OK : win32_failure();
}

/* setattr FILE NUMBER: 1 read-only, 2 hidden, 128 normal, ... */
static int verb_setattr(int argc, WCHAR **argv) {
    (void)argc;
    return SetFileAttributesW(argv[0], (DWORD)_wtoi(argv[1])) ? RC_OK : win32_failure();
}

/* getattr FILE: attributes and number of links, as Windows sees them. */
static int verb_getattr(int argc, WCHAR **argv) {
    BY_HANDLE_FILE_INFORMATION info;
    HANDLE file =
        CreateFileW(argv[0], 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                    OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS, NULL);

    (void)argc;
    if (file == INVALID_HANDLE_VALUE || !GetFileInformationByHandle(file, &info))
        return win32_failure();
    printf("attributes=%lu\nlinks=%lu\n", GetFileAttributesW(argv[0]), info.nNumberOfLinks);
    return RC_OK;
}

/* listing PATTERN: what a listing costs, in bytes, while it is open: Wine holds all of it in memory. */
static int verb_listing(int argc, WCHAR **argv) {
    unsigned long before = bytes_of(GetCurrentProcess());
    WIN32_FIND_DATAW found;
    HANDLE list = FindFirstFileW(argv[0], &found);

    (void)argc;
    if (list == INVALID_HANDLE_VALUE)
        return win32_failure();
    printf("bytes=%lu\n", bytes_of(GetCurrentProcess()) - before);
    FindClose(list);
    return RC_OK;
}

/* ---- access lists ---- */

static void put_sid(const char *name, PSID sid) {
    WCHAR *text = NULL;

    put_pair(name, sid != NULL && ConvertSidToStringSidW(sid, &text) ? text : L"none");
}

/* access FILE: owner, and for each entry of the list its account, rights and inheritance. */
static int verb_access(int argc, WCHAR **argv) {
    PSECURITY_DESCRIPTOR descriptor;
    PSID owner;
    PACL list;
    ACCESS_ALLOWED_ACE *ace;
    DWORD error = GetNamedSecurityInfoW(argv[0], SE_FILE_OBJECT,
                                        OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                                        &owner, NULL, &list, NULL, &descriptor);

    (void)argc;
    SetLastError(error);
    if (error != ERROR_SUCCESS)
        return win32_failure();
    put_sid("owner", owner);
    for (DWORD i = 0; list != NULL && i < list->AceCount && GetAce(list, i, (void **)&ace); i++) {
        printf("type=%u\nrights=%lx\nflags=%x\n", ace->Header.AceType, ace->Mask,
               ace->Header.AceFlags);
        put_sid("account", &ace->SidStart);
    }
    return RC_OK;
}

/* ---- registry ---- */

/* regkey PATH [VALUE]: is there HKLM\PATH (and a text VALUE, which is printed)? */
static int verb_regkey(int argc, WCHAR **argv) {
    HKEY key;
    WCHAR text[1024] = L"";
    DWORD bytes = sizeof text - sizeof *text;
    LONG rc = RegOpenKeyExW(HKEY_LOCAL_MACHINE, argv[0], 0, KEY_READ, &key);

    if (rc == ERROR_SUCCESS && argc > 1)
        rc = RegQueryValueExW(key, argv[1], NULL, NULL, (BYTE *)text, &bytes);
    SetLastError((DWORD)rc);
    if (rc != ERROR_SUCCESS)
        return win32_failure();
    put_pair("value", text);
    return RC_OK;
}

/* ---- messages ---- */

static HMODULE open_messages(const WCHAR *exe) {
    return LoadLibraryExW(exe, NULL, LOAD_LIBRARY_AS_DATAFILE);
}

/* messages EXE: the full number of every message the EXE carries, one a line. */
static int verb_messages(int argc, WCHAR **argv) {
    HMODULE exe = open_messages(argv[0]);
    HRSRC found;
    const MESSAGE_RESOURCE_DATA *table;

    (void)argc;
    found = exe ? FindResourceW(exe, MAKEINTRESOURCEW(1), (LPCWSTR)RT_MESSAGETABLE) : NULL;
    table = found ? LockResource(LoadResource(exe, found)) : NULL;
    if (!table)
        return win32_failure();
    for (DWORD b = 0; b < table->NumberOfBlocks; b++)
        for (DWORD id = table->Blocks[b].LowId; id <= table->Blocks[b].HighId; id++)
            printf("%lu\n", id);
    return RC_OK;
}

/* message EXE ID [STRING...]: as the event viewer would show it. */
static int verb_message(int argc, WCHAR **argv) {
    HMODULE exe = open_messages(argv[0]);
    DWORD_PTR strings[16];
    WCHAR *text = NULL;
    const DWORD how = FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_ALLOCATE_BUFFER |
                      FORMAT_MESSAGE_ARGUMENT_ARRAY;

    for (int i = 0; i < 16; i++)
        strings[i] = (DWORD_PTR)(i + 2 < argc ? argv[i + 2] : L"<missing>");
    if (!exe || !FormatMessageW(how, exe, wcstoul(argv[1], NULL, 0), 0, (WCHAR *)&text, 0,
                                (va_list *)strings))
        return win32_failure();
    put_text(text);
    return RC_OK;
}

/* The least that changes a byte of a file for good. */
static BOOL edit(const WCHAR *path) {
    static char bytes[1 << 20];
    OVERLAPPED start = {0};
    DWORD done;
    HANDLE file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL,
                              OPEN_EXISTING, FILE_FLAG_WRITE_THROUGH, NULL);
    BOOL good = file != INVALID_HANDLE_VALUE && ReadFile(file, bytes, sizeof bytes, &done, NULL) &&
                WriteFile(file, bytes, 1, &done, &start) && FlushFileBuffers(file);

    return CloseHandle(file) && good;
}

/* edits FILE N: opens it, reads it, writes a byte, flushes and closes it, N times, one in 20 ms; how long each took. */
static int verb_edits(int argc, WCHAR **argv) {
    (void)argc;
    for (int i = _wtoi(argv[1]); i > 0; i--, Sleep(20)) {
        double start = microseconds();
        if (!edit(argv[0]))
            return win32_failure();
        printf("%.0f\n", microseconds() - start);
    }
    return RC_OK;
}

static HANDLE try_to_write(const WCHAR *path) {
    return CreateFileW(path, GENERIC_READ | GENERIC_WRITE,
                       FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                       0, NULL);
}

/* Writes the record anew, so that it is repaired once more, and tries to open it for writing until it
 * has been locked and is let go. How long that was, from the first attempt that failed on; negative
 * when it was not seen within ten seconds. */
static double time_of_lock(const WCHAR *path, const WCHAR *source) {
    HANDLE file = try_to_write(path);
    double begun = microseconds();
    double locked = -1;
    BOOL good = file != INVALID_HANDLE_VALUE && copy_into(file, source);

    (void)CloseHandle(file);
    while (good && microseconds() - begun < 1e7) {
        double before = microseconds();
        file = try_to_write(path);
        if (file == INVALID_HANDLE_VALUE && locked < 0)
            locked = before;
        if (file == INVALID_HANDLE_VALUE)
            continue;
        (void)CloseHandle(file);
        if (locked >= 0)
            return before - locked;
    }
    return -1;
}

/* locks FILE SOURCE N: how long the record is locked while it is repaired, N times. */
static int verb_locks(int argc, WCHAR **argv) {
    (void)argc;
    for (int i = _wtoi(argv[2]); i > 0; i--, Sleep(50))
        printf("%.0f\n", time_of_lock(argv[0], argv[1]));
    return RC_OK;
}

/* ---- the verbs ---- */

static const struct verb {
    const WCHAR *name;
    int arguments; /* at least so many */
    int (*run)(int argc, WCHAR **argv);
} verbs[] = {
    {L"control", 2, verb_control}, {L"start", 1, verb_start},     {L"query", 1, verb_query},
    {L"starts", 1, verb_starts},   {L"listing", 1, verb_listing}, {L"controls", 2, verb_controls},
    {L"cycles", 2, verb_cycles},   {L"config", 1, verb_config},   {L"hold", 4, verb_hold},
    {L"rewrite", 3, verb_rewrite}, {L"rename", 2, verb_rename},   {L"setattr", 2, verb_setattr},
    {L"getattr", 1, verb_getattr}, {L"regkey", 1, verb_regkey},   {L"messages", 1, verb_messages},
    {L"message", 2, verb_message}, {L"create", 2, verb_create},   {L"delete", 1, verb_delete},
    {L"access", 1, verb_access},   {L"life", 1, verb_life},       {L"edits", 2, verb_edits},
    {L"locks", 3, verb_locks},
};

int main(void) {
    int argc;
    WCHAR **argv = CommandLineToArgvW(GetCommandLineW(), &argc);

    /* LF only: the reader is Python on Linux. */
    _setmode(_fileno(stdout), _O_BINARY);
    for (size_t i = 0; argv && argc > 1 && i < sizeof verbs / sizeof *verbs; i++)
        if (wcscmp(argv[1], verbs[i].name) == 0 && argc - 2 >= verbs[i].arguments)
            return verbs[i].run(argc - 2, argv + 2);
    fputs("usage: probe VERB ARGUMENTS (see probe.c)\n", stderr);
    return RC_USAGE;
}
