/* SPDX-License-Identifier: MIT */
#include "console.h"
#include "events.h"
#include "service.h"
#include "verb/verb.h"
#include "win/path.h"
#include "win/scm.h"

/* True when there is no such service any more. */
static bool remove_service(DWORD *error) {
    SC_HANDLE service = NULL;
    *error = scm_open(SERVICE_NAME, SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE, &service);
    if (*error == ERROR_SUCCESS)
        *error = scm_stop(service);
    if ((*error == ERROR_SUCCESS || *error == ERROR_SERVICE_NOT_ACTIVE) && service != NULL)
        *error = DeleteService(service) ? ERROR_SUCCESS : GetLastError();
    scm_close(service);
    return *error == ERROR_SUCCESS || *error == ERROR_SERVICE_DOES_NOT_EXIST;
}

int verb_uninstall(const struct options *options) {
    static char config[PATH_UNITS * 3];
    DWORD error = ERROR_SUCCESS;
    if (!remove_service(&error))
        return verb_fail("cannot remove the service", error);
    bool was_there = error == ERROR_SUCCESS;
    error = events_unregister();
    if (error != ERROR_SUCCESS)
        return verb_fail("cannot remove the event source", error);
    if (!was_there)
        return verb_say("was not installed");
    path_print(options->config, config, sizeof config);
    return console_print(CONSOLE_OUT,
                         "Removed: service and event source.\r\nKept: %s, kmrepair.jnl\r\n", config)
               ? 0
               : 2;
}
