#include "verb/verb.h"

#include "console.h"

int verb_say(const char *state) {
    return console_print(CONSOLE_OUT, "The service KMRepair %s.\r\n", state) ? 0 : 2;
}

int verb_fail(const char *what, DWORD error) {
    switch (error) {
    case ERROR_ACCESS_DENIED:
        return console_fail(what, ": access denied; open the console as administrator");
    case ERROR_SERVICE_DOES_NOT_EXIST:
        return console_fail(what, ": KMRepair is not installed; run: kmrepair install");
    case ERROR_SERVICE_DATABASE_LOCKED:
        return console_fail(what, ": Windows has the list of services locked; try again later");
    default:
        return console_fail_error(what, "", error);
    }
}
