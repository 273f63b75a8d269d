#include "console.h"
#include "find.h"
#include "settings.h"
#include "verb/verb.h"

int verb_check(const struct options *options) {
    static struct settings settings;
    static char text[CONFIG_PRINT_BYTES];
    char words[FIND_WORDS_BYTES];
    struct config_error error;
    if (!settings_load(options->config, &settings, &error))
        return console_fail_config(options, &error);
    config_print(&settings, text, sizeof text);
    bool found = config_is_absolute(settings.folder) || find_clients(NULL, words);
    bool written = console_print(CONSOLE_OUT, "%s\r\n", text);
    if (!found)
        written =
            console_print(CONSOLE_OUT, "No Clients folder is found: %s\r\n", words) && written;
    return written ? 0 : 2;
}
