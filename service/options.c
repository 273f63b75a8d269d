/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <string.h>

#include "console.h"
#include "journal.h"
#include "text.h"

enum {
    SOME_FORMATS = 1 << FORMAT_TABLE | 1 << FORMAT_JSON,
    ALL_FORMATS = SOME_FORMATS | 1 << FORMAT_CSV
};

static const struct {
    const char *name;
    enum { NOTHING, FOLDER, NAME } takes; /* as an argument */
    unsigned formats;                     /* a bit for each */
    const char *words;                    /* what may follow the name */
    const char *help;
} verbs[VERB_VERSION] = {
    [VERB_RUN] = {"run", NOTHING, 0, " [--console]",
                  "Runs the service; --console: in this console, printing events, until Ctrl-C."},
    [VERB_SCAN] = {"scan", FOLDER, ALL_FORMATS, " [FOLDER] [--all] [--format=table|csv|json]",
                   "Lists the records that are not sound (--all: every one). Changes nothing.\r\n"
                   "Exit code 0: none is stuck; 1: some are; 2: it could not be told."},
    [VERB_REPAIR] = {"repair", FOLDER, 0, " [FOLDER]",
                     "Repairs the stuck records now, once. Exit code 2: some are left."},
    [VERB_INSTALL] =
        {"install", NOTHING, 0, " [--folder DIR] [--report-only] [--account NAME] [--check]",
         "Registers service and event source; writes kmrepair.ini if there is none\r\n"
         "(--report-only: one that says Repair = no); limits access to administrators.\r\n"
         "--account: the service runs as NAME, such as \"NT AUTHORITY\\LocalService\",\r\n"
         "which gets the rights it needs; a password is asked for.\r\n"
         "--check: says what would be refused, and changes nothing."},
    [VERB_PROTECT] =
        {"protect", FOLDER, 0, " [FOLDER]",
         "Limits access to the program's folder, or FOLDER, to administrators. Copy\r\n"
         "kmrepair.exe there again then: somebody may have changed it before.\r\n"
         "Exit code 1: a FAT volume, where nobody can be kept out."},
    [VERB_UNINSTALL] = {"uninstall", NOTHING, 0, "",
                        "Stops and removes the service. Configuration and journal are kept."},
    [VERB_START] =
        {"start", NOTHING, 0, " [--paused]",
         "Starts the service and waits until it runs (--paused: until it is paused; it\r\n"
         "repairs nothing before kmrepair continue)."},
    [VERB_STOP] = {"stop", NOTHING, 0, "", "Stops the service and waits until it has stopped."},
    [VERB_PAUSE] = {"pause", NOTHING, 0, "",
                    "Pauses the service: it repairs nothing and lets go of the folder."},
    [VERB_CONTINUE] = {"continue", NOTHING, 0, "",
                       "Continues a paused service: it scans the folder, then repairs."},
    [VERB_STATUS] = {"status", NOTHING, SOME_FORMATS, " [--format=table|json]",
                     "Shows service, configuration, folder, and what was repaired."},
    [VERB_CHECK] = {"check", NOTHING, SOME_FORMATS, " [--format=table|json]",
                    "Says what is wrong with the configuration, or what it means."},
    [VERB_HISTORY] = {"history", NOTHING, ALL_FORMATS, " [--since DATE] [--format=table|csv|json]",
                      "Lists what was done to which record.\r\n"
                      "DATE, in UTC: 2026-11-22 or 2026-11-22T16:40:00Z."},
    [VERB_TODO] =
        {"todo", NOTHING, ALL_FORMATS, " [--format=table|csv|json]",
         "Lists the mailboxes that still have to be enabled: their record was repaired\r\n"
         "and has not changed since. Exit code 0: none; 1: some; 2: it could not be told."},
    [VERB_UNDO] =
        {"undo", NAME, 0, " NAME",
         "Takes the last repair of a record back, and holds the record: it is left alone\r\n"
         "until it changes or is released."},
    [VERB_RELEASE] = {"release", NAME, 0, " NAME", "Ends the hold on a record."},
};

void options_print_usage(bool error, enum verb verb) {
    enum console_stream to = error ? CONSOLE_ERROR : CONSOLE_OUT;
    if (verb != VERB_NONE) {
        (void)console_print(to, "Usage: kmrepair %s%s\r\n", verbs[verb].name, verbs[verb].words);
        if (error)
            return;
        (void)console_print(to, "\r\n%s\r\n", verbs[verb].help);
    } else {
        (void)console_print(
            to, "KMRepair repairs Key Management server records that are stuck in State = 4\r\n"
                "(KB Q198709).\r\n\r\nUsage:\r\n");
        for (verb = VERB_RUN; verb < VERB_VERSION; verb++)
            (void)console_print(to, "  kmrepair %s%s\r\n", verbs[verb].name, verbs[verb].words);
        (void)console_print(to, "  kmrepair --version\r\n");
    }
    (void)console_print(
        to, "\r\nEvery command takes --help and --config FILE, by default that of the installed\r\n"
            "service, or else kmrepair.ini beside the program.\r\n");
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

/* Writes `before`, the word and `after`. Returns false. */
static bool refuse_word(const struct options *options, const char *before, const WCHAR *word,
                        const char *after) {
    char narrow[400];
    char message[sizeof narrow + 100];
    struct text text;
    path_print(word, narrow, sizeof narrow);
    text_begin(&text, message, sizeof message);
    text_put(&text, narrow);
    text_put(&text, after);
    (void)console_fail(before, message);
    /* All of the verbs would push the one line that matters off the screen. */
    if (options->verb != VERB_NONE)
        options_print_usage(true, options->verb);
    return false;
}

static bool take_folder(struct options *options, const WCHAR *word) {
    static WCHAR full[PATH_UNITS];
    size_t count = 0;
    DWORD got = path_full(word, full);
    /* Of one that is not there all bits are set: that is for the verbs, some of which can wait for
     * it. */
    DWORD attributes = got != 0 ? GetFileAttributesW(full) : INVALID_FILE_ATTRIBUTES;
    if (word[0] == L'\0' || (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0)
        return refuse_word(options, "not a folder: ", word, "");
    if (got != 0)
        count = text_from_utf16(full, got, options->folder, sizeof options->folder);
    if (got == 0 || count == (size_t)-1)
        return refuse_word(options, "this path is too long: ", word, "");
    while (count > 3 && options->folder[count - 1] == '\\')
        options->folder[--count] = '\0';
    options->has_folder = true;
    return true;
}

static bool take_config(struct options *options, const WCHAR *word) {
    if (word[0] == L'\0' || path_full(word, options->config) == 0)
        return refuse_word(options, "not a path of a configuration: ", word, "");
    options->has_config = true;
    return true;
}

/* A path, of which the last backslash is left out unless it is that of a root. */
static bool take_path(struct options *options, const WCHAR *word, WCHAR to[PATH_UNITS]) {
    DWORD length = word[0] != L'\0' ? path_full(word, to) : 0;
    if (length == 0)
        return refuse_word(options, "not a path: ", word, "");
    if (length > 3 && to[length - 1] == L'\\')
        to[length - 1] = L'\0';
    return true;
}

/* Set-up runs a program of its own, and means the one that it installs. */
static bool take_in(struct options *options, const WCHAR *word) {
    static WCHAR folder[PATH_UNITS];
    if (!take_path(options, word, folder))
        return false;
    /* Of one that is not there all bits are set. */
    if ((GetFileAttributesW(folder) & FILE_ATTRIBUTE_DIRECTORY) == 0)
        return refuse_word(options, "not a folder: ", word, "");
    (void)lstrcpynW(options->program, folder, PATH_UNITS);
    options->has_program = path_append(options->program, (size_t)lstrlenW(folder), "kmrepair.exe");
    return options->has_program || refuse_word(options, "this path is too long: ", word, "");
}

static bool take_output(struct options *options, const WCHAR *word) {
    return options->has_output = take_path(options, word, options->output);
}

enum { WAIT_LONGEST = 100000 }; /* seconds; ten times as many milliseconds fit in a DWORD */

static bool take_keep(struct options *options, const WCHAR *word) {
    return take_path(options, word, options->lists);
}

static bool take_restore(struct options *options, const WCHAR *word) {
    return options->restore = take_keep(options, word);
}

static bool take_wait(struct options *options, const WCHAR *word) {
    const WCHAR *at = word;
    while (*at >= L'0' && *at <= L'9' && options->wait < WAIT_LONGEST)
        options->wait = options->wait * 10 + (DWORD)(*at++ - L'0');
    return *at == L'\0' || refuse_word(options, "not a number of seconds: ", word, "");
}

static bool take_account(struct options *options, const WCHAR *word) {
    if (word[0] == L'\0' || lstrlenW(word) >= ACCESS_ACCOUNT_UNITS)
        return refuse_word(options, "not an account: ", word, "");
    (void)lstrcpynW(options->account, word, ACCESS_ACCOUNT_UNITS);
    return options->has_account = true;
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

static bool take_format(struct options *options, const WCHAR *value) {
    static const char *const names[] = {
        [FORMAT_TABLE] = "table", [FORMAT_CSV] = "csv", [FORMAT_JSON] = "json"};
    for (unsigned i = 0; i < 3; i++) {
        if (is(value, names[i]) && (verbs[options->verb].formats >> i & 1) != 0) {
            options->format = (enum format)i;
            return true;
        }
    }
    return refuse_word(options, "unknown format \"", value,
                       (verbs[options->verb].formats & 1 << FORMAT_CSV) != 0
                           ? "\" (table, csv, json)"
                           : "\" (table, json)");
}

static bool take_since(struct options *options, const WCHAR *value) {
    char text[JOURNAL_TIME_BYTES];
    size_t length = text_from_utf16(value, (size_t)lstrlenW(value), text, sizeof text);
    if (length == 10) {
        memcpy(text + 10, "T00:00:00Z", 11);
        length = JOURNAL_TIME_BYTES - 1;
    }
    options->has_since = length != (size_t)-1 && journal_read_time(text, length, &options->since);
    return options->has_since ||
           refuse_word(options, "a date looks like 2026-11-22 or 2026-11-22T16:40:00Z, not like ",
                       value, "");
}

static bool take_name(struct options *options, const WCHAR *word) {
    size_t length =
        text_from_utf16(word, (size_t)lstrlenW(word), options->name, sizeof options->name);
    options->has_name = length != (size_t)-1 && strpbrk(options->name, "\\/:*?") == NULL &&
                        record_is_named(options->name);
    return options->has_name ||
           refuse_word(options, "not the name of a record, such as Mxclfr4zqvktn.ini: ", word, "");
}

static const struct {
    const char *name;
    unsigned verbs; /* a bit for each that has it */
    bool (*take)(struct options *options, const WCHAR *value);
} valued[] = {
    {"--config", ~0U, take_config},
    {"--folder", 1 << VERB_INSTALL, take_folder},
    {"--account", 1 << VERB_INSTALL, take_account},
    {"--format",
     1 << VERB_SCAN | 1 << VERB_STATUS | 1 << VERB_HISTORY | 1 << VERB_CHECK | 1 << VERB_TODO,
     take_format},
    {"--in", 1 << VERB_INSTALL | 1 << VERB_CHECK | 1 << VERB_UNINSTALL | 1 << VERB_STOP, take_in},
    {"--keep", 1 << VERB_PROTECT, take_keep},
    {"--restore", 1 << VERB_PROTECT, take_restore},
    {"--wait", 1 << VERB_STOP, take_wait},
    /* The verbs that set-up runs. */
    {"--output",
     1 << VERB_INSTALL | 1 << VERB_PROTECT | 1 << VERB_UNINSTALL | 1 << VERB_START |
         1 << VERB_STOP | 1 << VERB_CHECK | 1 << VERB_HISTORY,
     take_output},
    {"--since", 1 << VERB_HISTORY, take_since},
};

static bool take_option(struct words *words) {
    struct options *options = words->options;
    const WCHAR *word = words->word[words->next];
    char before[40];
    struct text text;
    size_t length = 0;
    for (size_t i = 0; i < sizeof valued / sizeof valued[0]; i++) {
        if ((valued[i].verbs >> options->verb & 1) == 0 ||
            !is_valued(word, valued[i].name, &length))
            continue;
        const WCHAR *value = value_of(words, length);
        return value != NULL ? valued[i].take(options, value)
                             : refuse_word(options, "a value is missing after ", word, "");
    }
    if (options->verb == VERB_SCAN && is(word, "--all"))
        return options->all = true;
    if (options->verb == VERB_INSTALL && is(word, "--report-only"))
        return options->report_only = true;
    if (options->verb == VERB_INSTALL && is(word, "--check"))
        return options->check = true;
    if (options->verb == VERB_PROTECT && is(word, "--strict"))
        return options->strict = true;
    if (options->verb == VERB_RUN && is(word, "--console"))
        return options->console = true;
    if (options->verb == VERB_START && is(word, "--paused"))
        return options->paused = true;
    text_begin(&text, before, sizeof before);
    text_put(&text, verbs[options->verb].name);
    text_put(&text, " has no option ");
    return refuse_word(options, before, word, "");
}

static bool is_help(const WCHAR *word) {
    return is(word, "--help") || is(word, "-h") || is(word, "/?") || is(word, "-?");
}

enum { VERB_UNITS = 16 }; /* longer than any verb's name, terminated */

/* How many letters have to be added, removed or changed to make one of the other. */
static unsigned distance(const WCHAR *word, const char *name) {
    unsigned row[VERB_UNITS];
    unsigned columns = (unsigned)strlen(name);
    for (unsigned i = 0; i <= columns; i++)
        row[i] = i;
    for (unsigned line = 1; *word != L'\0'; word++, line++) {
        unsigned across = row[0];
        row[0] = line;
        for (unsigned i = 1; i <= columns; i++) {
            unsigned change = across + (*word == (WCHAR)(unsigned char)name[i - 1] ? 0 : 1);
            unsigned add = (row[i] < row[i - 1] ? row[i] : row[i - 1]) + 1;
            across = row[i];
            row[i] = change < add ? change : add;
        }
    }
    return row[columns];
}

/* The verb that somebody may have meant who wrote this, or NULL. */
static const char *nearest_verb(const WCHAR *word) {
    const char *nearest = NULL;
    unsigned least = 3; /* so many mistakes are too many */
    for (enum verb verb = VERB_RUN; verb < VERB_VERSION; verb++) {
        const char *name = verbs[verb].name;
        unsigned mistakes = lstrlenW(word) < VERB_UNITS ? distance(word, name) : least;
        if (mistakes < least && mistakes * 2 < strlen(name)) {
            least = mistakes;
            nearest = name;
        }
    }
    return nearest;
}

static bool take_verb(struct options *options, const WCHAR *word) {
    char after[40];
    struct text text;
    for (enum verb verb = VERB_RUN; verb < VERB_VERSION; verb++) {
        if (is(word, verbs[verb].name)) {
            options->verb = verb;
            return true;
        }
    }
    if (word[0] == L'-' || word[0] == L'/')
        return refuse_word(options, "put a command before ", word, "; try kmrepair --help");
    const char *nearest = nearest_verb(word);
    text_begin(&text, after, sizeof after);
    text_put(&text, nearest != NULL ? "\"; did you mean " : "\"; try kmrepair --help");
    if (nearest != NULL)
        text_put(&text, nearest);
    if (nearest != NULL)
        text_put(&text, "?");
    return refuse_word(options, "unknown command \"", word, after);
}

/* What is neither the verb nor an option. */
static bool take_argument(struct options *options, const WCHAR *word) {
    if (verbs[options->verb].takes == FOLDER && !options->has_folder)
        return take_folder(options, word);
    if (verbs[options->verb].takes == NAME && !options->has_name)
        return take_name(options, word);
    return refuse_word(options, "unexpected argument: ", word, "");
}

static bool take_words(struct words *words) {
    struct options *options = words->options;
    for (words->next = 1; words->next < words->count; words->next++) {
        const WCHAR *word = words->word[words->next];
        if (is_help(word))
            return options->help = true;
        if (options->verb == VERB_NONE && is(word, "--version")) {
            options->verb = VERB_VERSION;
            return true;
        }
        bool good = options->verb == VERB_NONE ? take_verb(options, word)
                    : word[0] == L'-'          ? take_option(words)
                                               : take_argument(options, word);
        if (!good)
            return false;
    }
    if (verbs[options->verb].takes == NAME && !options->has_name)
        return refuse_word(options, "the name of the record is missing", L"", "");
    return true;
}

/* What is to be protected may be the folder of a program that is not there yet. 0: too long. */
static DWORD program_in_folder(struct options *options) {
    size_t length =
        text_to_utf16(options->folder, strlen(options->folder), options->program, PATH_UNITS);
    return length != (size_t)-1 && path_append(options->program, length, "kmrepair.exe") ? 1 : 0;
}

/* The paths that are the same for every verb. */
static bool find_files(struct options *options) {
    DWORD got = options->has_program ? 1 : GetModuleFileNameW(NULL, options->program, PATH_UNITS);
    if (options->verb == VERB_PROTECT && options->has_folder)
        got = program_in_folder(options);
    if (got == 0 || got >= PATH_UNITS ||
        (!options->has_config &&
         !path_beside(options->program, L"kmrepair.ini", options->config)) ||
        !path_beside(options->config, L"kmrepair.jnl", options->journal)) {
        (void)console_fail("the path of the program or of its configuration is too long", "");
        return false;
    }
    return true;
}

static bool is_separator(WCHAR c) {
    return c == L' ' || c == L'\t';
}

int options_split(const WCHAR *line, WCHAR *words[OPTIONS_WORDS]) {
    static WCHAR room[COMMAND_LINE_UNITS];
    WCHAR *to = room;
    int count = 0;
    if (lstrlenW(line) >= COMMAND_LINE_UNITS)
        return 0;
    for (;;) {
        bool quoted = false;
        while (is_separator(*line))
            line++;
        if (*line == L'\0')
            return count;
        if (count == OPTIONS_WORDS)
            return 0;
        words[count++] = to;
        for (; *line != L'\0' && (quoted || !is_separator(*line)); line++) {
            if (*line == L'"')
                quoted = !quoted;
            else
                *to++ = *line;
        }
        *to++ = L'\0';
    }
}

bool options_read(struct options *options) {
    WCHAR *word[OPTIONS_WORDS];
    struct words words = {word, options_split(GetCommandLineW(), word), 0, options};
    if (words.count == 0) {
        (void)console_fail("the command line is too long", "");
        return false;
    }
    return take_words(&words) && find_files(options);
}
