/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "console.h"
#include "service.h"
#include "settings.h"
#include "verb/verb.h"
#include "win/file.h"
#include "win/path.h"
#include "win/scm.h"

enum { FREE_POLL_MS = 100 };

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

/* Whether nobody runs the program or has it open: it could be replaced. One that is read-only is that
 * again when this returns. */
static bool is_free(const WCHAR *path) {
    DWORD attributes = GetFileAttributesW(path);
    if (attributes == INVALID_FILE_ATTRIBUTES)
        return true;
    bool read_only = (attributes & FILE_ATTRIBUTE_READONLY) != 0;
    if (read_only && !SetFileAttributesW(path, FILE_ATTRIBUTE_NORMAL))
        return false;
    HANDLE file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL,
                              OPEN_EXISTING, SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    bool is_open = file != INVALID_HANDLE_VALUE;
    file_close(&file);
    return (!read_only || SetFileAttributesW(path, attributes)) && is_open;
}

/* A service says that it has stopped before its process has ended. */
static int wait_free(const struct options *options) {
    DWORD begun = GetTickCount();
    while (!is_free(options->program)) {
        if (GetTickCount() - begun >= options->wait * 1000) {
            (void)console_fail(path_words(options->program),
                               " is in use: another program has it open, or it still runs "
                               "in a console");
            return 1;
        }
        Sleep(FREE_POLL_MS);
    }
    return 0;
}

int verb_stop(const struct options *options) {
    SC_HANDLE service = NULL;
    DWORD error = scm_open(SERVICE_NAME, SERVICE_STOP | SERVICE_QUERY_STATUS, &service);
    if (error == ERROR_SUCCESS)
        error = scm_stop(service);
    scm_close(service);
    /* For set-up one that is not there has stopped. */
    bool is_gone = options->has_program && error == ERROR_SERVICE_DOES_NOT_EXIST;
    if (error != ERROR_SUCCESS && error != ERROR_SERVICE_NOT_ACTIVE && !is_gone)
        return verb_fail("cannot stop the service", error);
    int code = options->has_program ? wait_free(options) : 0;
    return code != 0 ? code : verb_say(error == ERROR_SUCCESS ? "has stopped" : "was not running");
}
