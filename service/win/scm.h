/* SPDX-License-Identifier: MIT */
/*
 * scm: services, as the service control manager knows them.
 *
 * For the verbs, on the process's first thread. scm_config() is for the worker's as well, but has
 * one buffer: not on two threads at once. Every call that returns DWORD returns a Win32 error, 0 if
 * none. A wait ends when the service has not come on for SCM_WAIT_MS, and after SCM_WAIT_LONGEST_MS in any
 * case; then the error is ERROR_SERVICE_REQUEST_TIMEOUT, or the one because of which the call was tried
 * again.
 */
#ifndef KMREPAIR_WIN_SCM_H
#define KMREPAIR_WIN_SCM_H

#include <windows.h>

#include <stdbool.h>

enum { SCM_WAIT_MS = 65000, SCM_WAIT_LONGEST_MS = 180000 };

/* Opens a service; NULL after an error. */
DWORD scm_open(const WCHAR *name, DWORD access, SC_HANDLE *service);

/* NULL is allowed. */
void scm_close(SC_HANDLE handle);

/* What is registered for a service: valid until the next call. NULL after an error. */
const QUERY_SERVICE_CONFIGW *scm_config(const WCHAR *name, DWORD *error);

/* A state in which a service stays: it is running, paused or stopped. */
enum { SCM_ANY_STATE = 0 };

/* Waits until the service is in this state, or has stopped. NT 4.0 cannot tell anybody of a change,
 * so this asks again and again. A service that counts up its checkpoint is waited for from then on. */
DWORD scm_wait(SC_HANDLE service, DWORD state, SERVICE_STATUS *status);

/* Starts the service with one argument, or none (NULL), and waits for the state. While the database
 * of services is locked (error 1055) this tries again. ERROR_SERVICE_ALREADY_RUNNING when the
 * service was not stopped; `status` holds the state in which it stays then. */
DWORD scm_start(SC_HANDLE service, const WCHAR *argument, DWORD state, SERVICE_STATUS *status);

/* Sends a control and waits for the state. Tries again as scm_start() does. `status` is good when
 * the error is 0. */
DWORD scm_control(SC_HANDLE service, DWORD control, DWORD state, SERVICE_STATUS *status);

/* Stops the service, one that is just starting as soon as it has. ERROR_SERVICE_NOT_ACTIVE when it was stopped already. */
DWORD scm_stop(SC_HANDLE service);

/* The database is locked for a moment while the host starts services or somebody changes them. After
 * a call that was begun at this tick and gave this error: true when it is to be made again, which
 * this has waited for; false when it was another error, or has lasted too long. */
bool scm_is_locked(DWORD error, DWORD begun);

/* Changes command line, account, password and display name, those that are not NULL, and no start
 * type. Tries again as scm_start() does. With NULL alone nothing is changed, and the error is the
 * one that a change would have. */
DWORD scm_change(SC_HANDLE service, const WCHAR *image, const WCHAR *account, const WCHAR *password,
                 const WCHAR *display_name);

#endif
