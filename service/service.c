/* SPDX-License-Identifier: MIT */
#include "service.h"

#include <string.h>

#include "console.h"
#include "settings.h"
#include "text.h"
#include "version.h"
#include "win/error.h"
#include "worker.h"

/* A process is one service; the SCM's callbacks carry no context on NT 4.0. */
static struct {
    const struct options *options;
    SERVICE_STATUS_HANDLE handle; /* NULL in a console */
    CRITICAL_SECTION lock;        /* of `status` */
    SERVICE_STATUS status;
    struct control control;
    HANDLE done; /* in a console: signalled when the work has ended */
    struct events events;
    struct worker worker;
    struct settings settings;
    struct config_error error;
    char text[CONFIG_PRINT_BYTES];
} service;

/* ---- what the SCM is told ---- */

/* What may be sent in a state. Nothing while starting or stopping; on the way to a pause or out of it, which
 * takes as long as the folder does, only what ends it. */
static DWORD accepted_in(DWORD state) {
    DWORD accepted = SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN;
    if (state == SERVICE_PAUSE_PENDING || state == SERVICE_CONTINUE_PENDING)
        return accepted;
    if (state != SERVICE_RUNNING && state != SERVICE_PAUSED)
        return 0;
    accepted |= SERVICE_ACCEPT_PAUSE_CONTINUE;
    /* NT 4.0 knows no PARAMCHANGE and no handler of this name; both came with Windows 2000. */
    if (GetProcAddress(GetModuleHandleW(L"advapi32.dll"), "RegisterServiceCtrlHandlerExW") != NULL)
        accepted |= SERVICE_ACCEPT_PARAMCHANGE;
    return accepted;
}

/* Every change of state goes through here. STOPPED is said once. */
static void set_state(DWORD state, DWORD error, DWORD specific) {
    SERVICE_STATUS *status = &service.status;
    if (service.handle == NULL)
        return;
    EnterCriticalSection(&service.lock);
    bool pending = state != SERVICE_RUNNING && state != SERVICE_PAUSED && state != SERVICE_STOPPED;
    bool late = status->dwCurrentState == SERVICE_STOPPED ||
                (status->dwCurrentState == SERVICE_STOP_PENDING && state != SERVICE_STOPPED);
    if (!late) {
        status->dwCurrentState = state;
        status->dwWin32ExitCode = error;
        status->dwServiceSpecificExitCode = specific;
        /* Opening a folder on a server that does not answer can take half a minute, and so can the
         * step in hand. */
        status->dwWaitHint = pending ? 60000 : 0;
        status->dwCheckPoint = pending ? status->dwCheckPoint + 1 : 0;
        status->dwControlsAccepted = accepted_in(state);
        (void)SetServiceStatus(service.handle, status);
    }
    LeaveCriticalSection(&service.lock);
}

static void WINAPI on_control(DWORD control) {
    switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_SHUTDOWN:
        set_state(SERVICE_STOP_PENDING, NO_ERROR, 0);
        control_stop(&service.control);
        break;
    case SERVICE_CONTROL_PAUSE:
        set_state(SERVICE_PAUSE_PENDING, NO_ERROR, 0);
        control_pause(&service.control);
        break;
    case SERVICE_CONTROL_CONTINUE:
        set_state(SERVICE_CONTINUE_PENDING, NO_ERROR, 0);
        control_continue(&service.control);
        break;
    case SERVICE_CONTROL_PARAMCHANGE:
        control_reload(&service.control);
        break;
    default: /* INTERROGATE, and whatever else is sent: the state as it is, if there is one */
        EnterCriticalSection(&service.lock);
        if (service.status.dwCurrentState != 0 && service.status.dwCurrentState != SERVICE_STOPPED)
            (void)SetServiceStatus(service.handle, &service.status);
        LeaveCriticalSection(&service.lock);
        break;
    }
}

static void report_state(enum worker_state state) {
    set_state(state == WORKER_PAUSED ? SERVICE_PAUSED : SERVICE_RUNNING, NO_ERROR, 0);
}

/* ---- the work, the same under the SCM and in a console ---- */

/* Says why the service does not start: `what`, and the system's reason if there is one. */
static void report_start_failed(const char *what, DWORD error) {
    error_explain(what, error, service.text, sizeof service.text);
    (void)events_say(&service.events, EVENT_START_FAILED, service.text, NULL, NULL);
}

/* Reads the configuration. Somebody may still have it open to write to it when the host starts; or be
 * saving it, so that it is empty or gone for a moment. In a console whoever waits can see that
 * himself. */
static bool load_config(void) {
    enum { WAIT_MS = 500, BUSY_WAITS = 60, MISSING_WAITS = 10 };
    for (int i = 0;; i++) {
        if (settings_load(service.options->config, &service.settings, &service.error))
            return true;
        bool may_come = service.error.busy
                            ? i < BUSY_WAITS
                            : settings_is_missing() && i < MISSING_WAITS && service.handle != NULL;
        if (!may_come || control_is_stopping(&service.control))
            return false;
        set_state(SERVICE_START_PENDING, NO_ERROR, 0);
        (void)WaitForSingleObject(service.control.wake, WAIT_MS);
    }
}

/* From the configuration to the end of the work. Returns a service-specific exit code. */
static DWORD work_until_stopped(void) {
    const struct options *options = service.options;
    struct text text;
    if (!load_config()) {
        settings_refuse(options->config, &service.error, &service.events);
        report_start_failed("the configuration is refused, see event 4001", 0);
        return SERVICE_EXIT_CONFIG;
    }
    settings_report(options->config, &service.settings, &service.events);
    DWORD error = worker_open(&service.worker, options, &service.settings, &service.events,
                              &service.control, report_state);
    if (error != ERROR_SUCCESS) {
        report_start_failed("an event object cannot be made", error);
        return SERVICE_EXIT_RESOURCES;
    }
    bool paused = worker_state(&service.worker) == WORKER_PAUSED;
    report_state(worker_state(&service.worker));
    config_print(&service.settings, service.text, sizeof service.text);
    (void)events_say(&service.events, EVENT_STARTED, KMREPAIR_VERSION, service.text, NULL);
    if (paused)
        (void)events_say(&service.events, EVENT_PAUSED, NULL, NULL, NULL);

    worker_run(&service.worker);

    text_begin(&text, service.text, sizeof service.text);
    text_put_u32(&text, service.worker.mender.change.repaired);
    worker_close(&service.worker);
    (void)events_say(&service.events, EVENT_STOPPED, service.text, NULL, NULL);
    return 0;
}

static void WINAPI service_main(DWORD count, WCHAR **arguments) {
    /* The first argument is the name of the service. */
    for (DWORD i = 1; i < count; i++) {
        if (lstrcmpW(arguments[i], SERVICE_ARGUMENT_PAUSED) == 0)
            service.worker.start_paused = true;
    }
    service.status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    service.handle = RegisterServiceCtrlHandlerW(SERVICE_NAME, on_control);
    if (service.handle == NULL) {
        report_start_failed("the control handler cannot be registered", GetLastError());
        return;
    }
    set_state(SERVICE_START_PENDING, NO_ERROR, 0);
    DWORD specific = work_until_stopped();
    set_state(SERVICE_STOPPED, specific != 0 ? ERROR_SERVICE_SPECIFIC_ERROR : NO_ERROR, specific);
}

static bool open_service(const struct options *options, bool print) {
    service.options = options;
    InitializeCriticalSection(&service.lock);
    events_open(&service.events, print);
    return control_init(&service.control);
}

/* The locks are left to the end of the process: after STOPPED the dispatcher may return while the
 * worker is still inside set_state(). */
static void close_service(void) {
    events_close(&service.events);
}

int service_run(const struct options *options) {
    static const SERVICE_TABLE_ENTRYW table[] = {{(WCHAR *)SERVICE_NAME, service_main},
                                                 {NULL, NULL}};
    int code = 0;
    if (!open_service(options, false)) {
        report_start_failed("an event object cannot be made", GetLastError());
        code = 2;
    } else if (!StartServiceCtrlDispatcherW(table)) {
        DWORD error = GetLastError();
        if (error == ERROR_FAILED_SERVICE_CONTROLLER_CONNECT)
            code = console_fail("`run` is for the service control manager",
                                "; in a console use `kmrepair run --console`, to start the "
                                "service `kmrepair start`");
        else
            code = console_fail_error("the service control manager cannot be reached", "", error);
    }
    close_service();
    return code;
}

/* ---- in a console ---- */

/* On a thread of its own. When the console is closed, or the user or the host goes, the process is
 * ended as soon as this returns: the worker gets some seconds first to finish its step. */
static BOOL WINAPI on_break(DWORD type) {
    enum { GRACE_MS = 4000 };
    control_stop(&service.control);
    if (type != CTRL_C_EVENT && type != CTRL_BREAK_EVENT)
        (void)WaitForSingleObject(service.done, GRACE_MS);
    return TRUE;
}

static int open_console(const struct options *options) {
    if (!open_service(options, true))
        return console_fail_error("an event object cannot be made", "", GetLastError());
    service.done = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (service.done == NULL)
        return console_fail_error("an event object cannot be made", "", GetLastError());
    if (!SetConsoleCtrlHandler(on_break, TRUE))
        return console_fail_error("Ctrl-C cannot be handled", "", GetLastError());
    return 0;
}

int service_run_in_console(const struct options *options) {
    int code = open_console(options);
    if (code == 0) {
        (void)console_print(CONSOLE_OUT,
                            "KMRepair is running in this console. Ctrl-C stops it.\r\n");
        code = work_until_stopped() == 0 ? 0 : 2;
        (void)SetEvent(service.done);
    }
    if (code != 0 && service.error.reason[0] != '\0')
        code = console_fail_config(options, &service.error);
    close_service();
    return code;
}
