/* SPDX-License-Identifier: MIT */
/*
 * empty: a service that does nothing, for comparison: what it costs under Wine is what Wine costs.
 *
 *   empty install     registers it as KMRepairEmpty, or brings the path up to date
 *   empty remove
 *   empty run         what the service control manager starts
 */
#define WIN32_LEAN_AND_MEAN
#define UNICODE
#include <windows.h>

#include <stdio.h>
#include <string.h>
#include <wchar.h>

static WCHAR name[] = L"KMRepairEmpty";
static SERVICE_STATUS_HANDLE handle;
static SERVICE_STATUS status = {
    SERVICE_WIN32_OWN_PROCESS, SERVICE_RUNNING, SERVICE_ACCEPT_STOP, 0, 0, 0, 0};
static HANDLE stopped;

static void WINAPI on_control(DWORD control) {
    if (control == SERVICE_CONTROL_STOP) {
        status.dwCurrentState = SERVICE_STOP_PENDING;
        status.dwControlsAccepted = 0;
    }
    SetServiceStatus(handle, &status);
    if (control == SERVICE_CONTROL_STOP)
        SetEvent(stopped);
}

static void WINAPI service_main(DWORD count, WCHAR **arguments) {
    (void)count;
    (void)arguments;
    stopped = CreateEventW(NULL, TRUE, FALSE, NULL);
    handle = RegisterServiceCtrlHandlerW(name, on_control);
    SetServiceStatus(handle, &status);
    WaitForSingleObject(stopped, INFINITE);
    status.dwCurrentState = SERVICE_STOPPED;
    SetServiceStatus(handle, &status);
}

static int win32_failure(void) {
    printf("error=%lu\n", GetLastError());
    return 1;
}

static int install(void) {
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    WCHAR image[MAX_PATH + 8] = L"\"";

    GetModuleFileNameW(NULL, image + 1, MAX_PATH);
    wcscat(image, L"\" run");
    return CreateServiceW(manager, name, name, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS,
                          SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, image, NULL, NULL, NULL, NULL,
                          NULL)
               ? 0
               : win32_failure();
}

static int remove_it(void) {
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    SC_HANDLE service = OpenServiceW(manager, name, SERVICE_ALL_ACCESS);

    return service && DeleteService(service) ? 0 : win32_failure();
}

int main(int argc, char **argv) {
    const SERVICE_TABLE_ENTRYW table[] = {{name, service_main}, {NULL, NULL}};

    if (argc == 2 && strcmp(argv[1], "install") == 0)
        return install();
    if (argc == 2 && strcmp(argv[1], "remove") == 0)
        return remove_it();
    if (argc == 2 && strcmp(argv[1], "run") == 0)
        return StartServiceCtrlDispatcherW(table) ? 0 : win32_failure();
    fputs("usage: see empty.c\n", stderr);
    return 1;
}
