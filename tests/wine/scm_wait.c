/* SPDX-License-Identifier: MIT */
/*
 * scm_wait: the product's waiting for the service control manager, on one that is made up.
 *
 *   scm_wait
 *
 * service/win/scm.c is included as it is, with its calls to Windows replaced: time is a number that
 * Sleep adds to, and what StartService, ControlService and QueryServiceStatus answer is a plan. Each
 * wrong outcome is a line with what was expected and what was there. Exit code 0 when there is none.
 */
#include <windows.h>

#include <stdio.h>

static struct {
    DWORD now;
    DWORD locked_until; /* before that, error 1055 */
    DWORD error;        /* after that, unless 0 */
    DWORD error_starts; /* it is the answer to so many starts, unless 0 */
    DWORD starts;
    DWORD settled_at;    /* before that the state is START_PENDING */
    DWORD state;         /* after that */
    DWORD working_until; /* before that the checkpoint counts up, each second */
    DWORD refuses_until; /* before that, ControlService gives error 1061 */
    DWORD stops;         /* so many STOPs were taken */
    DWORD arguments;     /* that StartService was given last */
    unsigned failed;
} plan;

static DWORD WINAPI fake_ticks(void) {
    return plan.now;
}

static void WINAPI fake_sleep(DWORD milliseconds) {
    plan.now += milliseconds;
}

/* The tick count starts again on the way. */
static BOOL is_before(DWORD moment) {
    return (LONG)(plan.now - moment) < 0;
}

static BOOL answer(void) {
    DWORD error = is_before(plan.locked_until) ? ERROR_SERVICE_DATABASE_LOCKED : plan.error;
    SetLastError(error);
    return error == ERROR_SUCCESS;
}

static BOOL WINAPI fake_start(SC_HANDLE service, DWORD count, const WCHAR **arguments) {
    (void)service;
    (void)arguments;
    plan.arguments = count;
    if (++plan.starts == plan.error_starts + 1 && plan.error_starts > 0) {
        plan.error = ERROR_SUCCESS;
        plan.state = SERVICE_RUNNING;
    }
    return answer();
}

static BOOL WINAPI fake_control(SC_HANDLE service, DWORD control, SERVICE_STATUS *status) {
    (void)service;
    (void)status;
    if (is_before(plan.refuses_until)) {
        SetLastError(ERROR_SERVICE_CANNOT_ACCEPT_CTRL);
        return FALSE;
    }
    if (control == SERVICE_CONTROL_STOP && plan.error == 0) {
        plan.stops++;
        plan.state = SERVICE_STOPPED;
    }
    return answer();
}

static BOOL WINAPI fake_query(SC_HANDLE service, SERVICE_STATUS *status) {
    (void)service;
    status->dwCurrentState = is_before(plan.settled_at) ? SERVICE_START_PENDING : plan.state;
    status->dwCheckPoint = is_before(plan.working_until) ? plan.now / 1000 : 1;
    return TRUE;
}

static BOOL WINAPI fake_change(SC_HANDLE service, DWORD type, DWORD start, DWORD control,
                               const WCHAR *image, const WCHAR *group, DWORD *tag,
                               const WCHAR *needs, const WCHAR *account, const WCHAR *password,
                               const WCHAR *name) {
    (void)service, (void)type, (void)start, (void)control, (void)group, (void)tag;
    (void)needs, (void)account, (void)password, (void)name;
    plan.arguments = image != NULL;
    return answer();
}

#define GetTickCount fake_ticks
#define Sleep fake_sleep
#define StartServiceW fake_start
#define ControlService fake_control
#define ChangeServiceConfigW fake_change
#define QueryServiceStatus fake_query
#include "win/scm.c"

static void expect(const char *what, DWORD expected, DWORD got) {
    if (expected == got)
        return;
    printf("%s: expected %lu, got %lu\n", what, expected, got);
    plan.failed++;
}

static void begin(DWORD locked_for, DWORD error, DWORD settles_after, DWORD state) {
    /* Just before the tick count starts again. */
    plan.now = (DWORD)-100;
    plan.locked_until = plan.now + locked_for;
    plan.error = error;
    plan.settled_at = plan.now + settles_after;
    plan.state = state;
    plan.working_until = plan.refuses_until = plan.now;
    plan.stops = plan.starts = plan.error_starts = 0;
}

static void test_start(void) {
    SERVICE_STATUS status;
    begin(50, 0, 0, SERVICE_RUNNING);
    expect("locked for a moment", ERROR_SUCCESS, scm_start(NULL, NULL, SERVICE_RUNNING, &status));
    expect("arguments", 0, plan.arguments);
    begin(0, 0, 0, SERVICE_PAUSED);
    expect("with an argument", ERROR_SUCCESS, scm_start(NULL, L"x", SERVICE_PAUSED, &status));
    expect("arguments", 1, plan.arguments);
    begin(0, ERROR_SERVICE_DATABASE_LOCKED, 0, SERVICE_STOPPED);
    DWORD begun = plan.now;
    expect("locked for good", ERROR_SERVICE_DATABASE_LOCKED,
           scm_start(NULL, NULL, SERVICE_RUNNING, &status));
    expect("given up after", SCM_WAIT_MS, plan.now - begun);
    begin(0, ERROR_SERVICE_DISABLED, 0, SERVICE_STOPPED);
    begun = plan.now;
    expect("disabled", ERROR_SERVICE_DISABLED, scm_start(NULL, NULL, SERVICE_RUNNING, &status));
    expect("at once", 0, plan.now - begun);
    begin(0, ERROR_SERVICE_ALREADY_RUNNING, 0, SERVICE_PAUSED);
    expect("paused", ERROR_SERVICE_ALREADY_RUNNING,
           scm_start(NULL, NULL, SERVICE_RUNNING, &status));
    expect("state", SERVICE_PAUSED, status.dwCurrentState);
    begin(0, ERROR_SERVICE_ALREADY_RUNNING, 2000, SERVICE_STOPPED);
    plan.error_starts = 1;
    expect("stopping", ERROR_SUCCESS, scm_start(NULL, NULL, SERVICE_RUNNING, &status));
    expect("state", SERVICE_RUNNING, status.dwCurrentState);
    begin(0, ERROR_SERVICE_ALREADY_RUNNING, 0, SERVICE_STOPPED);
    expect("never started", ERROR_SERVICE_ALREADY_RUNNING,
           scm_start(NULL, NULL, SERVICE_RUNNING, &status));
    expect("asked for", 3, plan.starts);
    begin(0, 0, 0, SERVICE_STOPPED);
    expect("stopped again", ERROR_SUCCESS, scm_start(NULL, NULL, SERVICE_RUNNING, &status));
    expect("state", SERVICE_STOPPED, status.dwCurrentState);
}

static void test_checkpoints(void) {
    SERVICE_STATUS status;
    begin(0, 0, 100000, SERVICE_RUNNING);
    plan.working_until = plan.settled_at;
    expect("slow, and working", ERROR_SUCCESS, scm_start(NULL, NULL, SERVICE_RUNNING, &status));
    begin(0, 0, 600000, SERVICE_RUNNING);
    plan.working_until = plan.now + 60500;
    DWORD begun = plan.now;
    expect("stuck on the way", ERROR_SERVICE_REQUEST_TIMEOUT,
           scm_start(NULL, NULL, SERVICE_RUNNING, &status));
    expect("no sooner", 1, plan.now - begun >= 60000 + SCM_WAIT_MS);
    expect("and no later", 1, plan.now - begun <= 62000 + SCM_WAIT_MS);
    begin(0, 0, 600000, SERVICE_RUNNING);
    plan.working_until = plan.settled_at;
    begun = plan.now;
    expect("working for ever", ERROR_SERVICE_REQUEST_TIMEOUT,
           scm_start(NULL, NULL, SERVICE_RUNNING, &status));
    expect("given up after", SCM_WAIT_LONGEST_MS, plan.now - begun);
}

static void test_stop(void) {
    begin(0, 0, 2000, SERVICE_RUNNING);
    plan.refuses_until = plan.settled_at;
    expect("stop, starting", ERROR_SUCCESS, scm_stop(NULL));
    expect("sent when it had started", 1, plan.stops);
    begin(0, 0, 2000, SERVICE_STOPPED);
    plan.refuses_until = plan.settled_at;
    expect("stop, stopping", ERROR_SUCCESS, scm_stop(NULL));
    expect("not sent again", 0, plan.stops);
}

static void test_control(void) {
    SERVICE_STATUS status;
    begin(50, 0, 0, SERVICE_PAUSED);
    expect("control, locked for a moment", ERROR_SUCCESS,
           scm_control(NULL, SERVICE_CONTROL_PAUSE, SERVICE_PAUSED, &status));
    begin(0, 0, 0, SERVICE_RUNNING);
    DWORD begun = plan.now;
    expect("never paused", ERROR_SERVICE_REQUEST_TIMEOUT,
           scm_control(NULL, SERVICE_CONTROL_PAUSE, SERVICE_PAUSED, &status));
    expect("given up after", SCM_WAIT_MS, plan.now - begun);
    begin(0, ERROR_SERVICE_NOT_ACTIVE, 0, SERVICE_STOPPED);
    expect("stop, not running", ERROR_SERVICE_NOT_ACTIVE, scm_stop(NULL));
    begin(0, ERROR_SERVICE_CANNOT_ACCEPT_CTRL, 50, SERVICE_STOPPED);
    expect("stop, stopping already", ERROR_SUCCESS, scm_stop(NULL));
}

/* What `install` and set-up call. */
static void test_change(void) {
    begin(5000, 0, 0, SERVICE_STOPPED);
    expect("change, locked for a moment", ERROR_SUCCESS,
           scm_change(NULL, L"x", NULL, NULL, L"name"));
    expect("with a command line", 1, plan.arguments);
    begin(0, ERROR_SERVICE_DATABASE_LOCKED, 0, SERVICE_STOPPED);
    DWORD begun = plan.now;
    expect("change, locked for good", ERROR_SERVICE_DATABASE_LOCKED,
           scm_change(NULL, NULL, NULL, NULL, NULL));
    expect("given up after", SCM_WAIT_MS, plan.now - begun);
    begin(0, ERROR_SERVICE_MARKED_FOR_DELETE, 0, SERVICE_STOPPED);
    expect("change, marked", ERROR_SERVICE_MARKED_FOR_DELETE,
           scm_change(NULL, NULL, NULL, NULL, NULL));
}

int main(void) {
    test_start();
    test_checkpoints();
    test_control();
    test_stop();
    test_change();
    printf("%u wrong\n", plan.failed);
    return plan.failed == 0 ? 0 : 2;
}
