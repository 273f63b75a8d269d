#include "options.h"

#include <shellapi.h>
#include <string.h>

#include "console.h"
#include "path.h"
#include "text.h"

static const struct {
    const char *name;
    enum verb verb;
    bool takes_folder; /* as an argument */
    const char *usage;
    const char *help;
} verbs[] = {
    {"run", VERB_RUN, false, "run [--console]",
     "Runs the service. The service control manager starts it this way; with --console it runs "
     "in\r\n"
     "this console, prints its events and ends with Ctrl-C.\r\n"},
    {"scan", VERB_SCAN, true, "scan [FOLDER] [--all] [--format=table|csv]",
     "Judges every record of the folder and changes nothing. Lists those that are not sound, or\r\n"
     "with --all every one. Exit code 0: none is stuck; 1: some are; 2: it could not be done.\r\n"},
    {"repair", VERB_REPAIR, true, "repair [FOLDER]",
     "Repairs the stuck records of the folder now, once, as the service would: after the settle\r\n"
     "time, with journal and event log. Exit code 0: none is left; 2: some are, or it failed.\r\n"},
    {"install", VERB_INSTALL, false, "install [--folder DIR]",
     "Registers the service and its event source, and writes kmrepair.ini if there is none.\r\n"},
    {"uninstall", VERB_UNINSTALL, false, "uninstall",
     "Stops and removes the service and its event source. Configuration and journal stay.\r\n"},
    {"start", VERB_START, false, "start", "Starts the service and waits until it runs.\r\n"},
    {"stop", VERB_STOP, false, "stop", "Stops the service and waits until it has stopped.\r\n"},
    {"status", VERB_STATUS, false, "status",
     "Shows the state of the service, its configuration, the folder, and what was repaired.\r\n"},
};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

void options_print_usage(bool error, enum verb verb) {
    enum console_stream to = error ? CONSOLE_ERROR : CONSOLE_OUT;
    if (verb == VERB_NONE)
        (void)console_put(to,
                          "KMRepair repairs Key Management server records that are stuck in "
                          "State = 4 (KB Q198709).\r\n\r\nUsage:\r\n",
                          NULL);
    for (size_t i = 0; i < VERBS; i++) {
        if (verb == VERB_NONE)
            (void)console_put(to, "  kmrepair ", verbs[i].usage, "\r\n", NULL);
        else if (verbs[i].verb == verb)
            (void)console_put(to, "Usage: kmrepair ", verbs[i].usage, "\r\n", error ? "" : "\r\n",
                              error ? "" : verbs[i].help, NULL);
    }
    if (verb == VERB_NONE)
        (void)console_put(to, "  kmrepair --version\r\n", NULL);
    if (!error || verb == VERB_NONE)
        (void)console_put(
            to,
            "\r\nEvery verb takes --config FILE and --help. The default configuration is "
            "that of the installed\r\nservice, or else kmrepair.ini beside the "
            "program.\r\n",
            NULL);
}

/* The command line while it is read. */
struct words {
    WCHAR **word;
    int count;
    int next;
    struct options *options;
};

static bool is(const WCHAR *word, const char *option) {
    while (*option != '\0' && *word == (WCHAR)(unsigned char)*option) {
        word++;
        option++;
    }
    return *word == L'\0' && *option == '\0';
}

static bool refuse(const struct options *options, const char *what, const WCHAR *word) {
    char narrow[400];
    path_print(word, narrow, sizeof narrow);
    (void)console_fail(what, narrow);
    options_print_usage(true, options->verb);
    return false;
}

static bool take_folder(struct options *options, const WCHAR *word) {
    static WCHAR full[PATH_UNITS];
    size_t count = 0;
    DWORD got = GetFullPathNameW(word, PATH_UNITS, full, NULL);
    if (word[0] == L'\0' || got == 0)
        return refuse(options, "this is no folder: ", word);
    if (got < PATH_UNITS)
        count = text_from_utf16(full, got, options->folder, sizeof options->folder);
    if (got >= PATH_UNITS || count == (size_t)-1)
        return refuse(options, "this path is too long: ", word);
    while (count > 3 && options->folder[count - 1] == '\\')
        options->folder[--count] = '\0';
    options->has_folder = true;
    return true;
}

static bool take_config(struct options *options, const WCHAR *word) {
    DWORD got = GetFullPathNameW(word, PATH_UNITS, options->config, NULL);
    if (word[0] == L'\0' || got == 0 || got >= PATH_UNITS)
        return refuse(options, "this can not be the path of a configuration: ", word);
    options->has_config = true;
    return true;
}

/* The value of an option: what follows its `=`, or the next word. NULL if there is none. */
static const WCHAR *value_of(struct words *words, size_t length) {
    const WCHAR *word = words->word[words->next];
    if (word[length] == L'=')
        return word + length + 1;
    return words->next + 1 < words->count ? words->word[++words->next] : NULL;
}

/* True when the word is the option, with or without a value behind `=`. */
static bool is_valued(const WCHAR *word, const char *option, size_t *length) {
    *length = strlen(option);
    for (size_t i = 0; i < *length; i++) {
        if (word[i] != (WCHAR)(unsigned char)option[i])
            return false;
    }
    return word[*length] == L'=' || word[*length] == L'\0';
}

static bool take_option(struct words *words) {
    struct options *options = words->options;
    const WCHAR *word = words->word[words->next];
    const WCHAR *value = NULL;
    size_t length = 0;
    if (is_valued(word, "--config", &length)) {
        value = value_of(words, length);
        return value != NULL ? take_config(options, value)
                             : refuse(options, "a value is missing after ", word);
    }
    if (options->verb == VERB_INSTALL && is_valued(word, "--folder", &length)) {
        value = value_of(words, length);
        return value != NULL ? take_folder(options, value)
                             : refuse(options, "a value is missing after ", word);
    }
    if (options->verb == VERB_SCAN && is_valued(word, "--format", &length)) {
        value = value_of(words, length);
        options->csv = value != NULL && is(value, "csv");
        return options->csv || (value != NULL && is(value, "table"))
                   ? true
                   : refuse(options, "the formats are table and csv, not ",
                            value != NULL ? value : L"none");
    }
    if (options->verb == VERB_SCAN && is(word, "--all"))
        return options->all = true;
    if (options->verb == VERB_RUN && is(word, "--console"))
        return options->console = true;
    return refuse(options, "there is no such option here: ", word);
}

static bool is_help(const WCHAR *word) {
    return is(word, "--help") || is(word, "-h") || is(word, "/?") || is(word, "-?");
}

static bool take_verb(struct options *options, const WCHAR *word, size_t *index) {
    for (size_t i = 0; i < VERBS; i++) {
        if (is(word, verbs[i].name)) {
            options->verb = verbs[i].verb;
            *index = i;
            return true;
        }
    }
    return refuse(options,
                  word[0] == L'-' || word[0] == L'/' ? "the verb comes first, not "
                                                     : "there is no such verb: ",
                  word);
}

static bool take_words(struct words *words) {
    struct options *options = words->options;
    size_t index = 0;
    for (words->next = 1; words->next < words->count; words->next++) {
        const WCHAR *word = words->word[words->next];
        if (is_help(word)) {
            options->help = true;
            return true;
        }
        bool good = true;
        if (options->verb == VERB_NONE && is(word, "--version")) {
            options->verb = VERB_VERSION;
            return true;
        }
        if (options->verb == VERB_NONE)
            good = take_verb(options, word, &index);
        else if (word[0] == L'-')
            good = take_option(words);
        else if (verbs[index].takes_folder && !options->has_folder)
            good = take_folder(options, word);
        else
            good = refuse(options, "one word too many: ", word);
        if (!good)
            return false;
    }
    return true;
}

/* The paths that are the same for every verb. */
static bool find_files(struct options *options) {
    DWORD got = GetModuleFileNameW(NULL, options->program, PATH_UNITS);
    if (got == 0 || got >= PATH_UNITS ||
        (!options->has_config &&
         !path_beside(options->program, L"kmrepair.ini", options->config)) ||
        !path_beside(options->config, L"kmrepair.jnl", options->journal)) {
        (void)console_fail("the path of the program or of its configuration is too long", "");
        return false;
    }
    return true;
}

bool options_read(struct options *options) {
    struct words words = {NULL, 0, 0, options};
    words.word = CommandLineToArgvW(GetCommandLineW(), &words.count);
    if (words.word == NULL) {
        (void)console_fail_error("the command line can not be read", "", GetLastError());
        return false;
    }
    bool good = take_words(&words) && find_files(options);
    (void)LocalFree(words.word);
    return good;
}
