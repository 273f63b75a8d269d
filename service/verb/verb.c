/* SPDX-License-Identifier: MIT */
#include "verb/verb.h"

#include "config.h"
#include "console.h"
#include "find.h"
#include "service.h"
#include "text.h"
#include "verb/state.h"
#include "win/scm.h"

struct state *verb_state(const struct options *options) {
    static struct state state;
    state_collect(&state, options);
    return &state;
}

DWORD verb_service(DWORD *error) {
    SC_HANDLE service = NULL;
    SERVICE_STATUS status = {.dwCurrentState = 0};
    *error = scm_open(SERVICE_NAME, SERVICE_QUERY_STATUS, &service);
    if (*error == ERROR_SUCCESS && !QueryServiceStatus(service, &status)) {
        *error = GetLastError();
        status.dwCurrentState = 0;
    }
    scm_close(service);
    return status.dwCurrentState;
}

int verb_say(const char *state) {
    return console_print(CONSOLE_OUT, "The service KMRepair %s.\r\n", state) ? 0 : 2;
}

const char *verb_no_folder(const struct options *options, const struct host_result *why) {
    static char message[FIND_WORDS_BYTES + 100];
    struct text text;
    text_begin(&text, message, sizeof message);
    text_print(&text, "no Clients folder found (%s); %s", console_reason(why),
               options->verb == VERB_SCAN     ? "run: kmrepair scan FOLDER"
               : options->verb == VERB_REPAIR ? "run: kmrepair repair FOLDER"
                                              : "set Folder in kmrepair.ini");
    return message;
}

int verb_fail_folder(const struct options *options, const char *what, const char *folder,
                     const struct host_result *why) {
    return config_is_absolute(folder) ? console_fail_result(what, folder, why)
                                      : console_fail(verb_no_folder(options, why), "");
}

int verb_fail_journal(const struct host_result *why) {
    return console_fail_result("cannot read the journal ", "kmrepair.jnl", why);
}

int verb_fail(const char *what, DWORD error) {
    switch (error) {
    case ERROR_ACCESS_DENIED:
        return console_fail_because(what, "", "access denied; open the console as administrator");
    case ERROR_SERVICE_DOES_NOT_EXIST:
        return console_fail_because(what, "", "KMRepair is not installed; run: kmrepair install");
    case ERROR_SERVICE_DATABASE_LOCKED:
        return console_fail_because(what, "",
                                    "Windows has the list of services locked; try again later");
    default:
        return console_fail_error(what, "", error);
    }
}
