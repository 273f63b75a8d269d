/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "console.h"
#include "service.h"
#include "settings.h"
#include "verb/verb.h"
#include "win/scm.h"

/* Why a service that was started has stopped again. */
static int explain_stop(const struct options *options, const SERVICE_STATUS *status) {
    static struct settings settings;
    struct config_error error;
    if (status->dwWin32ExitCode != ERROR_SERVICE_SPECIFIC_ERROR)
        return verb_fail("the service has stopped again", status->dwWin32ExitCode);
    if (status->dwServiceSpecificExitCode == SERVICE_EXIT_CONFIG &&
        !settings_load(options->config, &settings, &error))
        return console_fail_config(options, &error);
    return console_fail("the service has stopped again", "; see event 1004 in the event log");
}

/* What to say of a service that has settled. */
static int explain_state(const struct options *options, const SERVICE_STATUS *status) {
    bool is_paused = status->dwCurrentState == SERVICE_PAUSED;
    if (status->dwCurrentState == SERVICE_STOPPED)
        return explain_stop(options, status);
    if (is_paused && !options->paused)
        return console_fail("KMRepair is paused; run: kmrepair continue", "");
    if (!is_paused && options->paused)
        return console_fail("KMRepair is running already; run: kmrepair pause", "");
    return verb_say(is_paused ? "is paused" : "is running");
}

int verb_start(const struct options *options) {
    SC_HANDLE service = NULL;
    SERVICE_STATUS status = {.dwCurrentState = 0};
    DWORD error = scm_open(SERVICE_NAME, SERVICE_START | SERVICE_QUERY_STATUS, &service);
    if (error == ERROR_SUCCESS)
        error = options->paused
                    ? scm_start(service, SERVICE_ARGUMENT_PAUSED, SERVICE_PAUSED, &status)
                    : scm_start(service, NULL, SERVICE_RUNNING, &status);
    scm_close(service);
    return error == ERROR_SUCCESS || error == ERROR_SERVICE_ALREADY_RUNNING
               ? explain_state(options, &status)
               : verb_fail("cannot start the service", error);
}

int verb_stop(const struct options *options) {
    SC_HANDLE service = NULL;
    (void)options;
    DWORD error = scm_open(SERVICE_NAME, SERVICE_STOP | SERVICE_QUERY_STATUS, &service);
    if (error == ERROR_SUCCESS)
        error = scm_stop(service);
    scm_close(service);
    if (error != ERROR_SUCCESS && error != ERROR_SERVICE_NOT_ACTIVE)
        return verb_fail("cannot stop the service", error);
    /* The set-up program looks for the second. */
    return verb_say(error == ERROR_SUCCESS ? "has stopped" : "was not running");
}
