/* SPDX-License-Identifier: MIT */
/*
 * fake_scm: the product's own service under a service control manager that writes everything down.
 *
 *   fake_scm CONFIG [STEP]... [next [STEP]...]...   runs the service until it returns, and once more for each `next`
 *   fake_scm CONFIG cycles N STEP...  N times, and tells what is in use after each tenth of them
 *
 * A step is MOMENT:CONTROL[,CONTROL...]: at that moment the controls are sent, one after the other,
 * on the dispatcher's thread. A moment is the number of an event that the service reports (its
 * thread then waits until the controls are answered); sSTATE, a status that it sets (it goes on,
 * since it holds a lock); `registered`, before the registration of its handler returns; or
 * `returned`, after service_main has ended. Steps are taken in the order given, each once. Before
 * the steps, what fails: fail=dispatcher (error 1063), fail=dispatcher5 (another error),
 * fail=register, fail=status.
 *
 * Each line of the output is one thing that happened:
 *
 *   status STATE ACCEPTED CHECKPOINT HINT WIN32 SPECIFIC    as SetServiceStatus was given it
 *   control N | answered N                                  the handler is called | has returned
 *   event N
 *   returned CODE                                           service_run has
 *   cycles N handles N bytes N                              so far
 *
 * The two sources of the product that make these calls are included as they are, with only the
 * names of the calls replaced; service.c also because a second life of the service needs its struct
 * cleared. The rest are the product's objects.
 */
#include <windows.h>

#include <shellapi.h>

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#include "handles.h"

static BOOL WINAPI fake_dispatch(const SERVICE_TABLE_ENTRYW *table);
static SERVICE_STATUS_HANDLE WINAPI fake_register(const WCHAR *name, LPHANDLER_FUNCTION handler);
static BOOL WINAPI fake_set_status(SERVICE_STATUS_HANDLE handle, SERVICE_STATUS *status);
static BOOL WINAPI fake_report(HANDLE log, WORD type, WORD category, DWORD id, PSID user,
                               WORD count, DWORD size, const WCHAR **strings, void *data);

#define StartServiceCtrlDispatcherW fake_dispatch
#define RegisterServiceCtrlHandlerW fake_register
#define SetServiceStatus fake_set_status
#define ReportEventW fake_report
#include "events.c"
#include "service.c"
#undef ReportEventW

enum { FAKE_HANDLE = 0x5C3, HANG_MS = 20000, LISTS = 16 };

static struct options options;
static unsigned char record_bytes[RECORD_BYTES_MAX];

static struct {
    WCHAR **step;
    int steps, next;
    const WCHAR *fails;
    LPSERVICE_MAIN_FUNCTIONW service_main;
    LPHANDLER_FUNCTION handler;
    /* What the dispatcher's thread has to send; both threads put lists in. */
    struct {
        const WCHAR *controls;
        BOOL awaited;
    } list[LISTS];
    LONG put, taken;
    HANDLE lists, answered;
    BOOL quiet;
} fake;

static BOOL fails(const WCHAR *what) {
    return fake.fails && wcscmp(fake.fails, what) == 0;
}

static void note(const char *what, DWORD number) {
    if (!fake.quiet)
        printf("%s %lu\n", what, number);
}

static void reach(const WCHAR *moment, BOOL awaited) {
    const WCHAR *step = fake.next < fake.steps ? fake.step[fake.next] : L"";
    size_t length = wcslen(moment);
    LONG at;

    if (wcsncmp(step, moment, length) != 0 || step[length] != L':')
        return;
    fake.next++;
    at = InterlockedIncrement(&fake.put) - 1;
    fake.list[at % LISTS].controls = step + length;
    fake.list[at % LISTS].awaited = awaited;
    ReleaseSemaphore(fake.lists, 1, NULL);
    if (awaited && WaitForSingleObject(fake.answered, HANG_MS) != WAIT_OBJECT_0) {
        puts("hangs");
        fflush(stdout);
        ExitProcess(3);
    }
}

/* On the dispatcher's thread. */
static void send_list(void) {
    LONG taken = fake.taken++ % LISTS;
    const WCHAR *at = fake.list[taken].controls;

    for (; *at != L'\0'; at += wcscspn(at, L",")) {
        DWORD control = wcstoul(++at, NULL, 10);
        note("control", control);
        fake.handler(control);
        note("answered", control);
    }
    if (fake.list[taken].awaited)
        SetEvent(fake.answered);
}

static DWORD WINAPI fake_service_thread(void *unused) {
    (void)unused;
    fake.service_main(0, NULL);
    reach(L"returned", TRUE);
    return 0;
}

static BOOL WINAPI fake_dispatch(const SERVICE_TABLE_ENTRYW *table) {
    HANDLE handles[2];

    if (fails(L"fail=dispatcher") || fails(L"fail=dispatcher5")) {
        SetLastError(fails(L"fail=dispatcher") ? ERROR_FAILED_SERVICE_CONTROLLER_CONNECT
                                               : ERROR_ACCESS_DENIED);
        return FALSE;
    }
    fake.service_main = table->lpServiceProc;
    handles[0] = fake.lists;
    handles[1] = CreateThread(NULL, 0, fake_service_thread, NULL, 0, NULL);
    while (WaitForMultipleObjects(2, handles, FALSE, INFINITE) == WAIT_OBJECT_0)
        send_list();
    CloseHandle(handles[1]);
    return TRUE;
}

static SERVICE_STATUS_HANDLE WINAPI fake_register(const WCHAR *name, LPHANDLER_FUNCTION handler) {
    (void)name;
    if (fails(L"fail=register")) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    fake.handler = handler;
    reach(L"registered", TRUE);
    return (SERVICE_STATUS_HANDLE)FAKE_HANDLE;
}

static BOOL WINAPI fake_set_status(SERVICE_STATUS_HANDLE handle, SERVICE_STATUS *status) {
    WCHAR moment[16];

    if (!fake.quiet)
        printf("status %lu %lu %lu %lu %lu %lu\n", status->dwCurrentState,
               status->dwControlsAccepted, status->dwCheckPoint, status->dwWaitHint,
               status->dwWin32ExitCode, status->dwServiceSpecificExitCode);
    if (handle != (SERVICE_STATUS_HANDLE)FAKE_HANDLE)
        puts("wrong handle");
    swprintf(moment, 16, L"s%lu", status->dwCurrentState);
    reach(moment, FALSE);
    return !fails(L"fail=status");
}

static BOOL WINAPI fake_report(HANDLE log, WORD type, WORD category, DWORD id, PSID user,
                               WORD count, DWORD size, const WCHAR **strings, void *data) {
    WCHAR number[16];

    note("event", id & 0xFFFF);
    swprintf(number, 16, L"%lu", id & 0xFFFF);
    reach(number, TRUE);
    return ReportEventW(log, type, category, id, user, count, size, strings, data);
}

/* One life of the service. A process has one; what it leaves to its end is closed here. */
static void live_once(void) {
    int code;

    memset(&service, 0, sizeof service);
    fake.next = 0;
    code = service_run(&options);
    CloseHandle(service.control.wake);
    DeleteCriticalSection(&service.lock);
    note("returned", (DWORD)code);
}

static void live_many_times(unsigned cycles) {
    fake.quiet = TRUE;
    for (unsigned i = 1; i <= cycles; i++) {
        live_once();
        if (i % (cycles / 10) != 0)
            continue;
        put_costs(i, GetCurrentProcessId(), GetCurrentProcess());
        puts("");
    }
}

static void live_in_turn(void) {
    WCHAR **end = fake.step + fake.steps;

    for (WCHAR **step = fake.step; step <= end; step += fake.steps + 1) {
        fake.step = step;
        for (fake.steps = 0; step + fake.steps < end && wcscmp(step[fake.steps], L"next") != 0;)
            fake.steps++;
        live_once();
    }
}

int main(void) {
    int argc;
    WCHAR **argv = CommandLineToArgvW(GetCommandLineW(), &argc);
    unsigned cycles = 0;

    if (argc < 2)
        return 100;
    fake.lists = CreateSemaphoreW(NULL, 0, LISTS, NULL);
    fake.answered = CreateEventW(NULL, FALSE, FALSE, NULL);
    options.bytes = record_bytes;
    lstrcpynW(options.config, argv[1], PATH_UNITS);
    path_beside(options.config, L"kmrepair.jnl", options.journal);
    fake.step = argv + 2;
    fake.steps = argc - 2;
    if (fake.steps > 1 && wcscmp(fake.step[0], L"cycles") == 0) {
        cycles = wcstoul(fake.step[1], NULL, 10);
        fake.step += 2;
        fake.steps -= 2;
    } else if (fake.steps > 0 && wcsncmp(fake.step[0], L"fail=", 5) == 0) {
        fake.fails = fake.step[0];
        fake.step++;
        fake.steps--;
    }
    if (cycles > 0)
        live_many_times(cycles);
    else
        live_in_turn();
    fflush(stdout);
    return 0;
}
