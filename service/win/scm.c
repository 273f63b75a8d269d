/* SPDX-License-Identifier: MIT */
#include "win/scm.h"

enum { POLL_MS = 50, LOCKED_POLL_MS = 250, START_TRIES = 3 };

DWORD scm_open(const WCHAR *name, DWORD access, SC_HANDLE *service) {
    *service = NULL;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    if (manager == NULL)
        return GetLastError();
    *service = OpenServiceW(manager, name, access);
    DWORD error = *service != NULL ? ERROR_SUCCESS : GetLastError();
    (void)CloseServiceHandle(manager);
    return error;
}

void scm_close(SC_HANDLE handle) {
    if (handle != NULL)
        (void)CloseServiceHandle(handle);
}

const QUERY_SERVICE_CONFIGW *scm_config(const WCHAR *name, DWORD *error) {
    /* The most that QueryServiceConfig ever needs, aligned for the pointers in it. */
    static DWORD_PTR room[8192 / sizeof(DWORD_PTR)];
    SC_HANDLE service = NULL;
    DWORD needed = 0;
    *error = scm_open(name, SERVICE_QUERY_CONFIG, &service);
    if (*error != ERROR_SUCCESS)
        return NULL;
    if (!QueryServiceConfigW(service, (void *)room, sizeof room, &needed))
        *error = GetLastError();
    scm_close(service);
    return *error == ERROR_SUCCESS ? (const void *)room : NULL;
}

static bool is_in(DWORD state, DWORD wanted) {
    bool stays = state == SERVICE_RUNNING || state == SERVICE_PAUSED || state == SERVICE_STOPPED;
    return state == wanted || state == SERVICE_STOPPED || (wanted == SCM_ANY_STATE && stays);
}

DWORD scm_wait(SC_HANDLE service, DWORD state, SERVICE_STATUS *status) {
    DWORD first = GetTickCount();
    DWORD begun = first;
    DWORD point = 0;
    for (;;) {
        if (!QueryServiceStatus(service, status))
            return GetLastError();
        if (is_in(status->dwCurrentState, state))
            return ERROR_SUCCESS;
        DWORD time = GetTickCount();
        /* It counts on as long as it gets anywhere. */
        if (status->dwCheckPoint != point)
            begun = time;
        point = status->dwCheckPoint;
        if (time - begun >= SCM_WAIT_MS || time - first >= SCM_WAIT_LONGEST_MS)
            return ERROR_SERVICE_REQUEST_TIMEOUT;
        Sleep(POLL_MS);
    }
}

bool scm_is_locked(DWORD error, DWORD begun) {
    if (error != ERROR_SERVICE_DATABASE_LOCKED || GetTickCount() - begun >= SCM_WAIT_MS)
        return false;
    Sleep(LOCKED_POLL_MS);
    return true;
}

DWORD scm_start(SC_HANDLE service, const WCHAR *argument, DWORD state, SERVICE_STATUS *status) {
    DWORD begun = GetTickCount();
    DWORD error = ERROR_SUCCESS;
    unsigned tries = 0;
    do {
        tries++;
        error =
            StartServiceW(service, argument != NULL ? 1 : 0, argument != NULL ? &argument : NULL)
                ? ERROR_SUCCESS
                : GetLastError();
        if (error == ERROR_SERVICE_ALREADY_RUNNING &&
            scm_wait(service, SCM_ANY_STATE, status) != ERROR_SUCCESS)
            return ERROR_SERVICE_REQUEST_TIMEOUT;
        /* One that was about to stop is started once it has, but not for ever. */
    } while (scm_is_locked(error, begun) ||
             (error == ERROR_SERVICE_ALREADY_RUNNING && status->dwCurrentState == SERVICE_STOPPED &&
              tries < START_TRIES));
    return error == ERROR_SUCCESS ? scm_wait(service, state, status) : error;
}

DWORD scm_control(SC_HANDLE service, DWORD control, DWORD state, SERVICE_STATUS *status) {
    DWORD begun = GetTickCount();
    DWORD error = ERROR_SUCCESS;
    do {
        error = ControlService(service, control, status) ? ERROR_SUCCESS : GetLastError();
    } while (scm_is_locked(error, begun));
    return error != ERROR_SUCCESS ? error : scm_wait(service, state, status);
}

DWORD scm_stop(SC_HANDLE service) {
    SERVICE_STATUS status;
    DWORD error = scm_control(service, SERVICE_CONTROL_STOP, SERVICE_STOPPED, &status);
    if (error != ERROR_SERVICE_CANNOT_ACCEPT_CTRL)
        return error;
    /* It is starting, or stopping already. */
    error = scm_wait(service, SCM_ANY_STATE, &status);
    if (error == ERROR_SUCCESS && status.dwCurrentState != SERVICE_STOPPED)
        error = scm_control(service, SERVICE_CONTROL_STOP, SERVICE_STOPPED, &status);
    return error;
}

DWORD scm_change(SC_HANDLE service, const WCHAR *image, const WCHAR *account, const WCHAR *password,
                 const WCHAR *display_name) {
    DWORD begun = GetTickCount();
    DWORD type = image != NULL ? SERVICE_WIN32_OWN_PROCESS : SERVICE_NO_CHANGE;
    DWORD control = image != NULL ? SERVICE_ERROR_NORMAL : SERVICE_NO_CHANGE;
    DWORD error = ERROR_SUCCESS;
    do {
        error = ChangeServiceConfigW(service, type, SERVICE_NO_CHANGE, control, image, NULL, NULL,
                                     NULL, account, password, display_name)
                    ? ERROR_SUCCESS
                    : GetLastError();
    } while (scm_is_locked(error, begun));
    return error;
}
