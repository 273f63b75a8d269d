/* SPDX-License-Identifier: MIT */
#include "verb/configured.h"

#include <string.h>

#include "console.h"
#include "find.h"
#include "guarded.h"
#include "settings.h"
#include "text.h"
#include "verb/registration.h"
#include "win/path.h"

bool configured_registered(WCHAR to[PATH_UNITS]) {
    static WCHAR program[PATH_UNITS];
    WCHAR *words[OPTIONS_WORDS];
    const WCHAR *rest = NULL;
    bool found = false;
    if (!registration_find(program, &rest))
        return false;
    int count = options_split(rest, words);
    for (int i = 0; i + 1 < count; i++) {
        if (lstrcmpiW(words[i], L"--config") == 0 && lstrlenW(words[i + 1]) < PATH_UNITS) {
            (void)lstrcpynW(to, words[i + 1], PATH_UNITS);
            found = true;
        }
    }
    return found || path_beside(program, L"kmrepair.ini", to);
}

void configured_adopt(struct options *options) {
    static WCHAR config[PATH_UNITS];
    if (configured_registered(config) && lstrcmpiW(config, options->config) != 0) {
        memcpy(options->config, config, sizeof config);
        /* From here on it is as if it had been named: `install` keeps it in the ImagePath. */
        options->has_config = path_beside(config, L"kmrepair.jnl", options->journal);
    }
}

GUARDED bool configured_load(const struct options *options, struct settings *settings) {
    struct config_error error;
    char words[FIND_WORDS_BYTES];
    bool optional = !options->has_config && (options->has_folder || options->verb == VERB_SCAN);
    if (optional && !path_is_there(options->config)) {
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
