/* SPDX-License-Identifier: MIT */
/*
 * locked: how long the product waits for a locked database of services, which Wine does not lock.
 *
 *   locked start|change|continue MS     the call of Windows fails with error 1055 until MS have passed
 *
 * The product's own source is included as it is, with its calls replaced and a clock that Sleep() advances. Output:
 * "error N after MS".
 */
#include <windows.h>

#include <shellapi.h>
#include <stdio.h>
#include <wchar.h>

static DWORD now, unlocked;

static DWORD WINAPI fake_tick(void) {
    return now;
}

static void WINAPI fake_sleep(DWORD ms) {
    now += ms;
}

static BOOL answer(void) {
    SetLastError(ERROR_SERVICE_DATABASE_LOCKED);
    return now >= unlocked;
}

static BOOL WINAPI fake_start(SC_HANDLE service, DWORD count, const WCHAR **arguments) {
    (void)service, (void)count, (void)arguments;
    return answer();
}

static BOOL WINAPI fake_change(SC_HANDLE service, DWORD type, DWORD start, DWORD control,
                               const WCHAR *image, const WCHAR *group, DWORD *tag,
                               const WCHAR *needs, const WCHAR *account, const WCHAR *password,
                               const WCHAR *name) {
    (void)service, (void)type, (void)start, (void)control, (void)image, (void)group, (void)tag;
    (void)needs, (void)account, (void)password, (void)name;
    return answer();
}

static BOOL WINAPI fake_control(SC_HANDLE service, DWORD control, SERVICE_STATUS *status) {
    (void)service, (void)control, (void)status;
    return answer();
}

static BOOL WINAPI fake_query(SC_HANDLE service, SERVICE_STATUS *status) {
    (void)service;
    status->dwCurrentState = SERVICE_RUNNING;
    return TRUE;
}

#define GetTickCount fake_tick
#define Sleep fake_sleep
#define StartServiceW fake_start
#define ChangeServiceConfigW fake_change
#define ControlService fake_control
#define QueryServiceStatus fake_query
#include "win/scm.c"

int main(void) {
    SERVICE_STATUS status;
    int argc;
    WCHAR **argv = CommandLineToArgvW(GetCommandLineW(), &argc);
    DWORD error = 0;

    if (argc != 3)
        return 100;
    unlocked = wcstoul(argv[2], NULL, 10);
    if (argv[1][0] == L's')
        error = scm_start(NULL, NULL, SERVICE_RUNNING, &status);
    else if (argv[1][1] == L'h')
        error = scm_change(NULL, L"x", NULL, NULL, NULL);
    else
        error = scm_control(NULL, SERVICE_CONTROL_CONTINUE, SERVICE_RUNNING, &status);
    printf("error %lu after %lu\n", error, now);
    return 0;
}
