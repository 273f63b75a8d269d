#include "verb/configured.h"

#include <string.h>

#include "console.h"
#include "find.h"
#include "service.h"
#include "settings.h"
#include "text.h"
#include "win/path.h"
#include "win/scm.h"

/* The configuration of a service with this command line: what follows --config, else kmrepair.ini
 * beside its program. */
static bool registered_config(const WCHAR *image, WCHAR to[PATH_UNITS]) {
    WCHAR *words[OPTIONS_WORDS];
    int count = options_split(image, words);
    bool found = false;
    for (int i = 1; i + 1 < count; i++) {
        if (lstrcmpiW(words[i], L"--config") == 0 && lstrlenW(words[i + 1]) < PATH_UNITS) {
            (void)lstrcpynW(to, words[i + 1], PATH_UNITS);
            found = true;
        }
    }
    if (!found && count > 0)
        found = path_beside(words[0], L"kmrepair.ini", to);
    return found;
}

void configured_adopt(struct options *options) {
    static WCHAR config[PATH_UNITS];
    DWORD error = ERROR_SUCCESS;
    const QUERY_SERVICE_CONFIGW *registered = scm_config(SERVICE_NAME, &error);
    if (registered != NULL && registered_config(registered->lpBinaryPathName, config) &&
        lstrcmpiW(config, options->config) != 0) {
        memcpy(options->config, config, sizeof config);
        /* From here on it is as if it had been named: `install` keeps it in the ImagePath. */
        options->has_config = path_beside(config, L"kmrepair.jnl", options->journal);
    }
}

bool configured_load(const struct options *options, struct settings *settings) {
    struct config_error error;
    char words[FIND_WORDS_BYTES];
    bool optional = !options->has_config && (options->has_folder || options->verb == VERB_SCAN);
    if (optional && GetFileAttributesW(options->config) == INVALID_FILE_ATTRIBUTES) {
        config_defaults(settings);
        (void)find_clients(settings->folder, words);
    } else if (!settings_load(options->config, settings, &error)) {
        (void)console_fail_config(options, &error);
        return false;
    }
    if (options->has_folder) {
        (void)text_copy(settings->folder, sizeof settings->folder, options->folder);
        settings->automatic = false;
    }
    return true;
}
