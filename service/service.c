#include "service.h"

#include <string.h>

#include "console.h"
#include "path.h"
#include "scan.h"
#include "settings.h"
#include "text.h"
#include "version.h"
#include "worker.h"

/* A process is one service; the SCM's callbacks carry no context on NT 4.0. */
static struct {
    const struct options *options;
    SERVICE_STATUS_HANDLE handle; /* NULL in a console */
    CRITICAL_SECTION lock;        /* of `status` */
    SERVICE_STATUS status;
    struct control control;
    struct events events;
    struct worker worker;
    struct settings settings;
    struct config_error error;
    char text[CONFIG_PRINT_BYTES];
} service;

/* ---- what the SCM is told ---- */

/* Every change of state goes through here. Nothing is accepted while starting or stopping; STOPPED
 * is said once. */
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
        /* Opening a folder on a server that does not answer can take half a minute. */
        status->dwWaitHint = state == SERVICE_START_PENDING ? 60000 : pending ? 5000 : 0;
        status->dwCheckPoint = pending ? status->dwCheckPoint + 1 : 0;
        status->dwControlsAccepted = 0;
        if (state == SERVICE_RUNNING || state == SERVICE_PAUSED) {
            status->dwControlsAccepted =
                SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_PAUSE_CONTINUE;
            /* NT 4.0 knows no PARAMCHANGE and no handler of this name; both came with
             * Windows 2000. */
            if (GetProcAddress(GetModuleHandleW(L"advapi32.dll"),
                               "RegisterServiceCtrlHandlerExW") != NULL)
                status->dwControlsAccepted |= SERVICE_ACCEPT_PARAMCHANGE;
        }
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
    default: /* INTERROGATE, and whatever else is sent: the state as it is */
        EnterCriticalSection(&service.lock);
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
    path_explain(what, error, service.text, sizeof service.text);
    (void)events_say(&service.events, EVENT_START_FAILED, service.text, NULL, NULL);
}

/* From the configuration to the end of the work. Returns a service-specific exit code. */
static DWORD work_until_stopped(void) {
    const struct options *options = service.options;
    struct text text;
    if (!settings_load_reported(options->config, NULL, &service.settings, &service.error,
                                &service.events)) {
        report_start_failed("the configuration is refused, see event 4001", 0);
        return SERVICE_EXIT_CONFIG;
    }
    DWORD error = worker_open(&service.worker, options, &service.settings, &service.events,
                              &service.control, report_state);
    if (error != ERROR_SUCCESS) {
        report_start_failed("an event object can not be made", error);
        return SERVICE_EXIT_RESOURCES;
    }
    report_state(WORKER_RUNNING);
    config_print(&service.settings, service.text, sizeof service.text);
    (void)events_say(&service.events, EVENT_STARTED, KMREPAIR_VERSION, service.text, NULL);

    worker_run(&service.worker);

    text_begin(&text, service.text, sizeof service.text);
    text_put_u32(&text, service.worker.mender.repaired);
    worker_close(&service.worker);
    (void)events_say(&service.events, EVENT_STOPPED, service.text, NULL, NULL);
    return 0;
}

static void WINAPI service_main(DWORD count, WCHAR **arguments) {
    (void)count;
    (void)arguments;
    service.status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    service.handle = RegisterServiceCtrlHandlerW(SERVICE_NAME, on_control);
    if (service.handle == NULL) {
        report_start_failed("the control handler can not be registered", GetLastError());
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

static int run_under_scm(const struct options *options) {
    static const SERVICE_TABLE_ENTRYW table[] = {{(WCHAR *)SERVICE_NAME, service_main},
                                                 {NULL, NULL}};
    int code = 0;
    if (!open_service(options, false)) {
        report_start_failed("an event object can not be made", GetLastError());
        code = 2;
    } else if (!StartServiceCtrlDispatcherW(table)) {
        DWORD error = GetLastError();
        if (error == ERROR_FAILED_SERVICE_CONTROLLER_CONNECT)
            code = console_fail("`run` is for the service control manager",
                                "; in a console use `kmrepair run --console`, to start the "
                                "service `kmrepair start`");
        else
            code = console_fail_error("the service control manager can not be reached", "", error);
    }
    close_service();
    return code;
}

/* ---- in a console ---- */

static BOOL WINAPI on_break(DWORD type) {
    (void)type;
    control_stop(&service.control);
    return TRUE;
}

static int open_console(const struct options *options) {
    if (!open_service(options, true))
        return console_fail_error("an event object can not be made", "", GetLastError());
    if (!SetConsoleCtrlHandler(on_break, TRUE))
        return console_fail_error("Ctrl-C can not be handled", "", GetLastError());
    return 0;
}

static int run_in_console(const struct options *options) {
    int code = open_console(options);
    if (code == 0) {
        (void)console_print(CONSOLE_OUT,
                            "KMRepair is running in this console. Ctrl-C stops it.\r\n");
        code = work_until_stopped() == 0 ? 0 : 2;
    }
    if (code != 0 && service.error.reason[0] != '\0')
        code = console_fail_config(options, &service.error);
    close_service();
    return code;
}

int service_run(const struct options *options) {
    return options->console ? run_in_console(options) : run_under_scm(options);
}

/* The command line's folder and mender, events on the console. False after a message; on true
 * close_folder() is to be called. */
static bool open_folder(const struct options *options) {
    struct worker *worker = &service.worker;
    if (open_console(options) != 0 || !console_settings(options, &service.settings)) {
        close_service();
        return false;
    }
    host_win_init(&worker->host, service.settings.folder, options->journal, &service.events);
    mender_init(&worker->mender, &worker->host.host, &service.settings, options->bytes);
    return true;
}

static void close_folder(void) {
    mender_close(&service.worker.mender);
    host_win_close(&service.worker.host);
    close_service();
}

enum { BUSY_MS = 15000 }; /* how long `repair` goes on trying records that others hold open */

/* Steps the mender until it is done, or only records that others hold open are left, or Ctrl-C. */
static void make_pass(struct worker *worker) {
    uint64_t begun = host_win_clock(&worker->host);
    uint64_t limit = begun + (uint64_t)worker->mender.settings.settle_seconds * 1000 + BUSY_MS;
    for (;;) {
        uint64_t due = mender_step(&worker->mender);
        uint64_t time = host_win_clock(&worker->host);
        bool settled = mender_is_settled(&worker->mender);
        if (settled && (worker->mender.pending.count == 0 || time >= limit))
            return;
        /* Nothing is in the way of an end but the journal or the event log. */
        if (time >= limit && due > time + BUSY_MS)
            return;
        if (WaitForSingleObject(service.control.wake, host_win_until(&worker->host, due, 1000)) ==
            WAIT_OBJECT_0)
            return;
    }
}

/* False, after a message, when a pass could not even begin. */
static bool can_repair(struct host *host) {
    uint32_t size = 0;
    struct host_result result = host->journal_open(host->context, &size);
    host->journal_close(host->context);
    if (result.code != HOST_OK && result.code != HOST_BUSY) {
        (void)console_fail_result("can not repair without the journal ", "kmrepair.jnl", &result);
        return false;
    }
    result = host->list_open(host->context);
    if (result.code != HOST_OK) {
        (void)console_fail_result("can not repair in ", service.settings.folder, &result);
        return false;
    }
    host->list_close(host->context);
    return true;
}

/* True when the pass came to its end and has left nothing. */
static bool repair_folder(struct worker *worker, unsigned char *bytes) {
    struct mender_counts counts;
    make_pass(worker);
    bool finished = mender_is_settled(&worker->mender);
    mender_close(&worker->mender);
    /* What counts is what the folder holds now. */
    if (scan_left(&worker->host, bytes, &counts).code != HOST_OK)
        return false;
    (void)console_print(CONSOLE_OUT, "%u repaired, %u still stuck, %u could not be read.\r\n",
                        worker->mender.repaired, counts.verdict[VERDICT_STUCK], counts.busy);
    return finished && counts.verdict[VERDICT_STUCK] + counts.busy == 0;
}

int service_repair(const struct options *options) {
    struct worker *worker = &service.worker;
    if (!open_folder(options))
        return 2;
    bool done = can_repair(&worker->host.host) && repair_folder(worker, options->bytes);
    close_folder();
    return done ? 0 : 2;
}

enum { UNDO_MS = 10000 }; /* how long a journal or a record that is in use is tried again */

int service_undo(const struct options *options) {
    struct worker *worker = &service.worker;
    struct host_result result;
    bool undo = options->verb == VERB_UNDO;
    if (!open_folder(options))
        return 2;
    uint64_t limit = host_win_clock(&worker->host) + UNDO_MS;
    do {
        result = undo ? mender_undo(&worker->mender, options->name)
                      : mender_release(&worker->mender, options->name);
    } while (result.code == HOST_BUSY && host_win_clock(&worker->host) < limit &&
             WaitForSingleObject(service.control.wake, 100) == WAIT_TIMEOUT);
    if (result.code != HOST_OK)
        (void)console_fail_result(undo ? "can not undo the repair of " : "can not release ",
                                  options->name, &result);
    close_folder();
    return result.code == HOST_OK ? 0 : 2;
}
