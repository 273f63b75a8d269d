/* SPDX-License-Identifier: MIT */
#include "console.h"
#include "events.h"
#include "service.h"
#include "verb/registration.h"
#include "verb/verb.h"
#include "win/path.h"
#include "win/scm.h"

/* Brings the service into the state in which it was; what cannot be is told. */
static void put_back(SC_HANDLE service, const SERVICE_STATUS *was, const WCHAR *program) {
    SERVICE_STATUS now;
    bool paused = was->dwCurrentState == SERVICE_PAUSED;
    DWORD error = events_register(program);
    if (error == ERROR_SUCCESS && was->dwCurrentState != SERVICE_STOPPED)
        error =
            scm_start(service, paused ? SERVICE_ARGUMENT_PAUSED : NULL, was->dwCurrentState, &now);
    if (error != ERROR_SUCCESS && error != ERROR_SERVICE_ALREADY_RUNNING)
        (void)console_fail_error("the service could not be put back as it was", "", error);
}

static DWORD remove_parts(SC_HANDLE service, const SERVICE_STATUS *was) {
    static WCHAR program[PATH_UNITS];
    const WCHAR *rest = NULL;
    bool known = registration_find(program, &rest);
    DWORD error = events_unregister();
    if (error != ERROR_SUCCESS)
        return error;
    error = scm_stop(service);
    if (error == ERROR_SERVICE_NOT_ACTIVE)
        error = ERROR_SUCCESS;
    if (error == ERROR_SUCCESS && !DeleteService(service))
        error = GetLastError();
    /* It goes as soon as nobody has it open any more. */
    if (error == ERROR_SERVICE_MARKED_FOR_DELETE)
        error = ERROR_SUCCESS;
    if (error != ERROR_SUCCESS && known)
        put_back(service, was, program);
    return error;
}

/* All of it or nothing: what can be refused is asked for before the service is stopped. */
static DWORD remove_service(void) {
    SC_HANDLE service = NULL;
    SERVICE_STATUS was = {.dwCurrentState = 0};
    DWORD error = scm_open(SERVICE_NAME,
                           SERVICE_START | SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE, &service);
    if (error == ERROR_SUCCESS)
        error = scm_wait(service, SCM_ANY_STATE, &was);
    if (error == ERROR_SUCCESS)
        error = remove_parts(service, &was);
    scm_close(service);
    return error;
}

int verb_uninstall(const struct options *options) {
    DWORD error = remove_service();
    if (error == ERROR_SERVICE_DOES_NOT_EXIST) {
        error = events_unregister();
        return error == ERROR_SUCCESS ? verb_say("was not installed")
                                      : verb_fail("cannot remove the event source", error);
    }
    if (error != ERROR_SUCCESS)
        return verb_fail("cannot remove the service", error);
    return console_print(CONSOLE_OUT,
                         "Removed: service and event source.\r\nKept: %s, kmrepair.jnl\r\n",
                         path_words(options->config))
               ? 0
               : 2;
}
