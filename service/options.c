/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <string.h>

#include "grammar.h"
#include "guarded.h"
#include "help.h"
#include "host_win.h"
#include "journal.h"
#include "text.h"

/* The command line while it is read. */
struct words {
    WCHAR **word;
    int count;
    int next;
    struct options *options;
};

/* ---- comparing, in any case ---- */

static WCHAR lower(WCHAR c) {
    return c >= L'A' && c <= L'Z' ? (WCHAR)(c + (L'a' - L'A')) : c;
}

static bool is_name(const WCHAR *word, size_t length, const char *name) {
    size_t i = 0;
    while (i < length && name[i] != '\0' && lower(word[i]) == (WCHAR)(unsigned char)name[i])
        i++;
    return i == length && name[i] == '\0';
}

static bool is_letter(WCHAR c, char letter) {
    return lower(c) == (WCHAR)(unsigned char)letter;
}

static bool is(const WCHAR *word, const char *name) {
    return is_name(word, (size_t)lstrlenW(word), name);
}

enum { GUESS_UNITS = 16 }; /* longer than any name in the grammar, terminated */

/* What somebody may have meant who wrote a name that there is not. */
struct guess {
    const WCHAR *word;
    size_t length;
    unsigned
        mistakes; /* of the nearest, twice, and one more for another length; so many are too many */
    const char *nearest;
};

/* How many letters have to be added, removed or changed to make one of the other. */
static unsigned distance(const struct guess *guess, const char *name) {
    unsigned row[GUESS_UNITS];
    unsigned columns = (unsigned)strlen(name);
    for (unsigned i = 0; i <= columns; i++)
        row[i] = i;
    for (unsigned line = 0; line < guess->length; line++) {
        unsigned across = row[0]++;
        for (unsigned i = 1; i <= columns; i++) {
            unsigned change = across + (is_letter(guess->word[line], name[i - 1]) ? 0 : 1);
            unsigned add = (row[i] < row[i - 1] ? row[i] : row[i - 1]) + 1;
            across = row[i];
            row[i] = change < add ? change : add;
        }
    }
    return row[columns];
}

static void consider(struct guess *guess, const char *name) {
    size_t length = strlen(name);
    unsigned mistakes = guess->length < GUESS_UNITS
                            ? distance(guess, name) * 2 + (guess->length != length)
                            : guess->mistakes;
    /* Half of the letters may be wrong if the first is right. */
    if (mistakes < guess->mistakes && mistakes < length + is_letter(guess->word[0], name[0])) {
        guess->mistakes = mistakes;
        guess->nearest = name;
    }
}

/* ---- what is refused ---- */

/* Writes these in one line, and `nearest`, what may have been meant, unless it is NULL. Returns false. */
GUARDED static bool refuse_name(const struct options *options, const char *first,
                                const char *before, const WCHAR *word, const char *after,
                                const char *nearest) {
    char narrow[400];
    path_print(word, narrow, sizeof narrow);
    (void)console_print(CONSOLE_ERROR, "kmrepair: %s%s%s%s%s%s\r\n", first, before, narrow, after,
                        nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
    /* All of the verbs would push the one line that matters off the screen. */
    if (options->verb != VERB_NONE)
        help_print_syntax(CONSOLE_ERROR, options->verb);
    return false;
}

static bool refuse_word(const struct options *options, const char *before, const WCHAR *word,
                        const char *after) {
    return refuse_name(options, "", before, word, after, NULL);
}

static bool refuse(const struct options *options, const char *before, const WCHAR *word) {
    return refuse_word(options, before, word, "");
}

/* ---- what options and arguments say ---- */

/* A path, of which the last backslash is left out unless it is that of a root. */
static bool take_path(struct options *options, const WCHAR *word, WCHAR to[PATH_UNITS]) {
    DWORD length = word[0] != L'\0' ? path_full(word, to) : 0;
    if (length == 0)
        return refuse(options, "not a path, or one too long: ", word);
    if (length > 3 && to[length - 1] == L'\\')
        to[length - 1] = L'\0';
    return true;
}

/* The path of a folder. Of one that is not there all bits are set: that is for the verbs, some of which
 * can wait for it. */
static bool take_directory(struct options *options, const WCHAR *word, WCHAR to[PATH_UNITS]) {
    if (word[0] != L'\0' && !take_path(options, word, to))
        return false;
    return (word[0] != L'\0' && (GetFileAttributesW(to) & FILE_ATTRIBUTE_DIRECTORY) != 0) ||
           refuse(options, "not a folder: ", word);
}

static bool take_folder(struct options *options, const WCHAR *word) {
    static WCHAR full[PATH_UNITS];
    if (!take_directory(options, word, full))
        return false;
    options->has_folder = text_from_utf16(full, (size_t)lstrlenW(full), options->folder,
                                          sizeof options->folder) != (size_t)-1;
    return options->has_folder || refuse(options, "this path is too long: ", word);
}

static bool take_config(struct options *options, const WCHAR *word) {
    return options->has_config = take_path(options, word, options->config);
}

/* Set-up runs a program of its own, and means the one that it installs. */
static bool take_in(struct options *options, const WCHAR *word) {
    WCHAR *program = options->program;
    if (!take_directory(options, word, program))
        return false;
    options->has_program = path_append(program, (size_t)lstrlenW(program), "kmrepair.exe");
    return options->has_program || refuse(options, "this path is too long: ", word);
}

/* It replaces what is there: never a record, the configuration or the journal. */
static bool is_output(const WCHAR *path) {
    return path_ends_in(path, L".htm") || path_ends_in(path, L".html") ||
           path_ends_in(path, L".txt");
}

static bool take_output(struct options *options, const WCHAR *word) {
    if (!take_path(options, word, options->output))
        return false;
    options->has_output = is_output(options->output);
    return options->has_output ||
           refuse(options, "the file of --output ends in .htm, .html or .txt, unlike ", word);
}

static bool take_keep(struct options *options, const WCHAR *word) {
    return take_path(options, word, options->lists);
}

static bool take_restore(struct options *options, const WCHAR *word) {
    return options->restore = take_keep(options, word);
}

static bool take_wait(struct options *options, const WCHAR *word) {
    enum { WAIT_LONGEST = 100000 }; /* seconds; ten times as many milliseconds fit in a DWORD */
    const WCHAR *at = word;
    while (*at >= L'0' && *at <= L'9' && options->wait < WAIT_LONGEST)
        options->wait = options->wait * 10 + (DWORD)(*at++ - L'0');
    return *at == L'\0' || refuse(options, "not a number of seconds: ", word);
}

static bool take_account(struct options *options, const WCHAR *word) {
    if (word[0] == L'\0' || lstrlenW(word) >= ACCESS_ACCOUNT_UNITS)
        return refuse(options, "not an account: ", word);
    (void)lstrcpynW(options->account, word, ACCESS_ACCOUNT_UNITS);
    return options->has_account = true;
}

static bool take_format(struct options *options, const WCHAR *value) {
    static const char names[][6] = {
        [FORMAT_TABLE] = "table", [FORMAT_CSV] = "csv", [FORMAT_JSON] = "json"};
    bool has_csv = (GRAMMAR_CSV >> options->verb & 1) != 0;
    for (unsigned i = 0; i < 3; i++) {
        if (is(value, names[i]) && (has_csv || i != FORMAT_CSV)) {
            options->format = (enum format)i;
            return true;
        }
    }
    return refuse_word(options, "unknown format \"", value,
                       has_csv ? "\" (table, csv, json)" : "\" (table, json)");
}

/* So many days or hours ago; False when it says something else. */
static bool read_ago(const char *text, size_t length, uint32_t *since) {
    enum { HOUR = 60 * 60, DAY = 24 * HOUR, MOST = 9999 };
    char unit = length > 0 ? text_lower(text[length - 1]) : '\0';
    uint32_t count = 0;
    if ((unit != 'd' && unit != 'h') || !text_read_u32(text, length - 1, MOST, &count))
        return false;
    uint32_t ago = count * (uint32_t)(unit == 'd' ? DAY : HOUR);
    uint32_t now = host_win_utc();
    *since = now > ago ? now - ago : 0;
    return true;
}

static bool take_since(struct options *options, const WCHAR *value) {
    char text[JOURNAL_TIME_BYTES];
    size_t length = text_from_utf16(value, (size_t)lstrlenW(value), text, sizeof text);
    if (length == 10) {
        memcpy(text + 10, "T00:00:00Z", 11);
        length = JOURNAL_TIME_BYTES - 1;
    }
    options->has_since = length != (size_t)-1 && (read_ago(text, length, &options->since) ||
                                                  journal_read_time(text, length, &options->since));
    return options->has_since || refuse_word(options, "unknown date \"", value,
                                             "\" (2026-11-22, 2026-11-22T16:40:00Z, 7d, 24h)");
}

static bool take_name(struct options *options, const WCHAR *word) {
    size_t length =
        text_from_utf16(word, (size_t)lstrlenW(word), options->name, sizeof options->name);
    options->has_name = length != (size_t)-1 && strpbrk(options->name, "\\/:*?") == NULL &&
                        record_is_named(options->name);
    if (!options->has_name && options->verb == VERB_UNDO && is(word, "all"))
        return refuse_name(options, "", "not the name of a record: ", word, "; did you mean --",
                           "all");
    if (!options->has_name && length != (size_t)-1 && strpbrk(options->name, "\\/") != NULL)
        return refuse(options, "name the record without its folder: ", word);
    return options->has_name ||
           refuse(options, "not the name of a record, such as Mxclfr4zqvktn.ini: ", word);
}

/* ---- words ---- */

static bool (*const takers[])(struct options *options, const WCHAR *value) = {
    [TAKE_ACCOUNT] = take_account, [TAKE_CONFIG] = take_config, [TAKE_FOLDER] = take_folder,
    [TAKE_FORMAT] = take_format,   [TAKE_IN] = take_in,         [TAKE_OUTPUT] = take_output,
    [TAKE_SINCE] = take_since,     [TAKE_KEEP] = take_keep,     [TAKE_RESTORE] = take_restore,
    [TAKE_WAIT] = take_wait};

/* An option as it was written. */
struct option_word {
    const WCHAR *name;
    size_t length;
    const WCHAR *value; /* behind `=` or `:`; NULL for none */
};

/* False when the word is no option; of `/`, see options.h. */
static bool read_option(const WCHAR *word, bool or_folder, struct option_word *option) {
    bool slash = word[0] == L'/';
    bool path = false;
    if (!slash && word[0] != L'-')
        return false;
    const WCHAR *name = word + (!slash && word[1] == L'-' ? 2 : 1);
    size_t length = 0;
    for (; name[length] != L'\0' && name[length] != L'=' && name[length] != L':'; length++)
        path = path || name[length] == L'/' || name[length] == L'\\';
    *option = (struct option_word){name, length, name[length] != L'\0' ? name + length + 1 : NULL};
    return !(slash && path && or_folder);
}

static bool is_plain(const struct option_word *option, const char *name, const char *letter) {
    return option->value == NULL && (is_name(option->name, option->length, name) ||
                                     is_name(option->name, option->length, letter));
}

/* The value of an option: what follows it in its word, or the next word. NULL if there is none. */
static const WCHAR *value_of(struct words *words, const struct option_word *option) {
    struct option_word other;
    if (option->value != NULL)
        return option->value;
    if (words->next + 1 == words->count || read_option(words->word[words->next + 1], true, &other))
        return NULL;
    return words->word[++words->next];
}

static bool take_option(struct words *words, const struct option_word *word) {
    struct options *options = words->options;
    const WCHAR *whole = words->word[words->next];
    struct guess guess = {word->name, word->length, 6, NULL};
    for (size_t i = 0; i < GRAMMAR_OPTIONS; i++) {
        const struct grammar_option *option = &grammar_options[i];
        if ((option->verbs >> options->verb & 1) == 0)
            continue;
        if (option->what != NULL)
            consider(&guess, option->name);
        if (!is_name(word->name, word->length, option->name))
            continue;
        if (option->take == TAKE_FLAG && word->value == NULL)
            return *(bool *)((char *)options + option->flag) = true;
        if (option->take == TAKE_FLAG)
            return refuse(options, "unexpected value: ", whole);
        const WCHAR *value = value_of(words, word);
        return value != NULL ? takers[option->take](options, value)
                             : refuse(options, "a value is missing after ", whole);
    }
    return refuse_name(options, grammar_verbs[options->verb].name, " has no option ", whole,
                       guess.nearest != NULL ? "; did you mean --" : "", guess.nearest);
}

static bool take_verb(struct options *options, const WCHAR *word) {
    struct guess guess = {word, (size_t)lstrlenW(word), 6, NULL};
    for (size_t i = VERB_NONE + 1; i < GRAMMAR_VERBS; i++) {
        if (is(word, grammar_verbs[i].name)) {
            options->help = options->help || i == VERB_HELP;
            options->verb = i == VERB_HELP ? VERB_NONE : (enum verb)i;
            return true;
        }
        consider(&guess, grammar_verbs[i].name);
    }
    if (word[0] == L'-' || word[0] == L'/')
        return refuse_word(options, "put a command before ", word, "; try kmrepair --help");
    return refuse_name(options, "", "unknown command \"", word,
                       guess.nearest != NULL ? "\"; did you mean " : "\"; try kmrepair --help",
                       guess.nearest);
}

/* What is neither the verb nor an option. */
static bool take_argument(struct options *options, const WCHAR *word) {
    enum argument takes = grammar_verbs[options->verb].takes;
    if (takes == TAKES_FOLDER && !options->has_folder)
        return take_folder(options, word);
    if (takes >= TAKES_NAME && !options->has_name)
        return take_name(options, word);
    return refuse(options, "unexpected argument: ", word);
}

/* What belongs together, when all of the words have been read. */
static bool is_complete(const struct options *options) {
    enum argument takes = grammar_verbs[options->verb].takes;
    bool all = takes == TAKES_NAME_OR_ALL && options->all;
    if (takes >= TAKES_NAME && !options->has_name && !all)
        return refuse(options, "the name of the record is missing", L"");
    if (all && options->has_name)
        return refuse(options, "either a name or --all, not both", L"");
    if (takes == TAKES_NAME_OR_ALL && options->has_since && !all)
        return refuse(options, "--since goes with --all", L"");
    return true;
}

static bool take_words(struct words *words) {
    struct options *options = words->options;
    for (words->next = 1; words->next < words->count; words->next++) {
        const WCHAR *word = words->word[words->next];
        struct option_word option;
        bool or_folder = grammar_verbs[options->verb].takes == TAKES_FOLDER;
        bool is_option = read_option(word, or_folder, &option);
        bool good = true;
        if (is_option && (is_plain(&option, "help", "h") || is_plain(&option, "?", "?")))
            return options->help = true;
        if (is(word, "?"))
            return options->help = true;
        if (options->verb != VERB_NONE)
            good = is_option ? take_option(words, &option) : take_argument(options, word);
        else if (is_option && is_plain(&option, "version", "v"))
            options->verb = VERB_VERSION;
        else
            good = take_verb(options, word);
        if (!good)
            return false;
    }
    return options->help || is_complete(options);
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
