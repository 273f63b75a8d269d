/* SPDX-License-Identifier: MIT */
#include "console.h"
#include "service.h"
#include "verb/verb.h"
#include "win/scm.h"

/* One of the two verbs. */
struct change {
    DWORD control;
    DWORD from; /* the state in which it does something */
    DWORD to;
    const char *cannot;
    const char *already; /* when the service is not in `from` */
    const char *done;
};

static int fail(const struct change *change, DWORD error) {
    return error == ERROR_SERVICE_NOT_ACTIVE
               ? console_fail(change->cannot, ": KMRepair is not running; run: kmrepair start")
               : verb_fail(change->cannot, error);
}

static int make_change(const struct change *change) {
    SC_HANDLE service = NULL;
    SERVICE_STATUS status = {.dwCurrentState = 0};
    bool already = false;
    DWORD error = scm_open(SERVICE_NAME, SERVICE_PAUSE_CONTINUE | SERVICE_QUERY_STATUS, &service);
    if (error == ERROR_SUCCESS)
        error = scm_wait(service, SCM_ANY_STATE, &status);
    if (error == ERROR_SUCCESS && status.dwCurrentState == change->from)
        error = scm_control(service, change->control, change->to, &status);
    else
        already = status.dwCurrentState == change->to;
    scm_close(service);
    if (error == ERROR_SUCCESS && status.dwCurrentState == SERVICE_STOPPED)
        error = ERROR_SERVICE_NOT_ACTIVE;
    if (error != ERROR_SUCCESS)
        return fail(change, error);
    return already ? console_fail(change->already, "") : verb_say(change->done);
}

int verb_pause(const struct options *options) {
    static const struct change change = {
        SERVICE_CONTROL_PAUSE,        SERVICE_RUNNING, SERVICE_PAUSED, "cannot pause the service",
        "KMRepair is already paused", "is paused"};
    (void)options;
    return make_change(&change);
}

int verb_continue(const struct options *options) {
    static const struct change change = {SERVICE_CONTROL_CONTINUE,
                                         SERVICE_PAUSED,
                                         SERVICE_RUNNING,
                                         "cannot continue the service",
                                         "KMRepair is not paused; it is running",
                                         "is running"};
    (void)options;
    return make_change(&change);
}
