/* SPDX-License-Identifier: MIT */
/*
 * fuzz_options: any characters as the command line.
 *
 * The words are those of a slow splitter. A command line that is refused prints one message and no other; one
 * that is accepted prints nothing, has a verb or asks for help, says nothing that its verb does not take, and
 * every text and path is terminated. The names of verbs and options are read in any case.
 *
 * The input: a byte that says how Windows answers, then a byte for each character. 0xFF and two bytes are any
 * character, 0xFE, a character and a byte are that character 64 times as often as the byte says.
 */
#include "options.h"

#include <stdarg.h>

#include "console.h"
#include "fuzz.h"
#include "text.h"

enum { LINE_UNITS = COMMAND_LINE_UNITS + 256 };

static struct {
    unsigned module; /* how GetModuleFileNameW() answers */
    bool any_folder;
    WCHAR line[LINE_UNITS];
    unsigned messages, printed;
} world;

/* ---- Windows */

WCHAR *GetCommandLineW(void) {
    return world.line;
}

int lstrlenW(const WCHAR *string) {
    int length = 0;
    while (string[length] != L'\0')
        length++;
    return length;
}

static WCHAR capital(WCHAR c) {
    return c >= L'a' && c <= L'z' ? (WCHAR)(c - (L'a' - L'A')) : c;
}

int lstrcmpiW(const WCHAR *a, const WCHAR *b) {
    for (; *a != L'\0' && capital(*a) == capital(*b); a++)
        b++;
    return capital(*a) - capital(*b);
}

WCHAR *lstrcpynW(WCHAR *to, const WCHAR *from, int size) {
    int i = 0;
    for (; i + 1 < size && from[i] != L'\0'; i++)
        to[i] = from[i];
    to[i] = L'\0';
    return to;
}

static void put(WCHAR *to, DWORD size, DWORD *length, WCHAR unit) {
    if (*length < size)
        to[*length] = unit;
    ++*length;
}

/* As on NT 4.0, a path that is too long is not terminated. */
DWORD GetModuleFileNameW(HMODULE module, WCHAR *to, DWORD size) {
    DWORD length = 0;
    INSIST(module == NULL && size == PATH_UNITS, "this program, and all of the room");
    if (world.module == 1)
        return 0;
    for (const WCHAR *at = L"C:\\Program Files\\"; *at != L'\0'; at++)
        put(to, size, &length, *at);
    /* Up to the bound, just beyond it, or short of it by so much that the name beside it fits no more. */
    DWORD most = world.module == 2 ? size + 1 : world.module == 3 ? size - 2 : 24;
    while (length + 1 < most)
        put(to, size, &length, world.module == 3 && length == size - 8 ? L'\\' : L'k');
    put(to, size, &length, L'\0');
    return length > size ? size : length - 1;
}

/* Returns the length, or the room that it would take; what is behind the path is not to be believed. */
DWORD GetFullPathNameW(const WCHAR *path, DWORD size, WCHAR *to, WCHAR **name) {
    DWORD length = 0;
    INSIST(size > 0 && name != NULL, "there is room for the path and its name");
    for (DWORD i = 0; i < size; i++)
        to[i] = L'#';
    if (path[0] == L'|')
        return 0;
    bool full = (path[0] == L'\\' && path[1] == L'\\') || (path[0] != L'\0' && path[1] == L':');
    for (const WCHAR *at = full ? L"" : L"C:\\here\\"; *at != L'\0'; at++)
        put(to, size, &length, *at);
    for (; *path != L'\0'; path++)
        put(to, size, &length, *path == L'/' ? L'\\' : *path);
    put(to, size, &length, L'\0');
    *name = to;
    return length > size ? length : length - 1;
}

DWORD GetFileAttributesW(const WCHAR *path) {
    int length = lstrlenW(path);
    INSIST(length < PATH_UNITS, "a path that is asked about is terminated");
    return world.any_folder || length % 4 != 0 ? FILE_ATTRIBUTE_DIRECTORY
           : length % 8 != 0                   ? 0
                                               : INVALID_FILE_ATTRIBUTES;
}

/* ---- what options has from the service */

uint32_t host_win_utc(void) {
    return 1795824000;
}

bool console_write(enum console_stream stream, const char *text, size_t length) {
    INSIST(stream == CONSOLE_ERROR && text_is_utf8(text, length), "UTF-8, on the error stream");
    world.printed++;
    return true;
}

struct line {
    struct text text;
    char room[4096];
};

static void piece(void *context, const char *bytes, size_t length, bool is_value) {
    struct line *line = context;
    (void)is_value;
    text_put_bytes(&line->text, bytes, length);
}

bool console_print(enum console_stream stream, const char *format, ...) {
    static struct line line;
    va_list values;
    text_begin(&line.text, line.room, sizeof line.room);
    va_start(values, format);
    text_format(piece, &line, format, values);
    va_end(values);
    INSIST(!line.text.cut, "a message has a bound");
    if (strncmp(line.room, "kmrepair: ", 10) == 0) {
        world.messages++;
        INSIST(line.text.length > 14 && strcmp(line.room + line.text.length - 2, "\r\n") == 0,
               "a message is a whole line");
    }
    return console_write(stream, line.room, line.text.length);
}

int console_fail(const char *what, const char *detail) {
    (void)console_print(CONSOLE_ERROR, "kmrepair: %s%s\r\n", what, detail);
    return 2;
}

/* ---- the slow splitter */

/* The words one behind the other, each terminated; returns how many there are, however many that is. */
static size_t slow_split(const WCHAR *line, size_t size, WCHAR *to) {
    size_t count = 0;
    bool in_word = false, in_quotes = false;
    for (size_t i = 0; i < size; i++) {
        bool ends = !in_quotes && (line[i] == L' ' || line[i] == L'\t');
        if (ends && in_word)
            *to++ = L'\0';
        in_word = !ends;
        bool first =
            in_word && (i == 0 || (!in_quotes && (line[i - 1] == L' ' || line[i - 1] == L'\t')));
        count += first;
        if (in_word && line[i] == L'"')
            in_quotes = !in_quotes;
        else if (in_word)
            *to++ = line[i];
    }
    *to = L'\0';
    return count;
}

static void check_words(void) {
    static WCHAR expected[LINE_UNITS + 1];
    WCHAR *words[OPTIONS_WORDS];
    size_t size = (size_t)lstrlenW(world.line);
    size_t count = slow_split(world.line, size, expected);
    int got = options_split(world.line, words);
    INSIST(got >= 0 && got <= OPTIONS_WORDS, "there are no more words than fit");
    if (size >= COMMAND_LINE_UNITS || count > OPTIONS_WORDS) {
        INSIST(got == 0, "what is too much is refused whole");
        return;
    }
    INSIST((size_t)got == count, "there are as many words as the slow splitter finds");
    const WCHAR *at = expected;
    for (int i = 0; i < got; i++) {
        size_t length = (size_t)lstrlenW(at) + 1;
        INSIST(memcmp(words[i], at, length * sizeof *at) == 0, "each word is the slow splitter's");
        at += length;
    }
}

/* ---- what a verb takes */

#define OF(verb) (1U << VERB_##verb)

/* As docs/operations.md has it, and for set-up. `verbs` have what is said if `said`. */
static void check_member(const struct options *options, bool said, unsigned verbs) {
    INSIST(!said || (verbs >> options->verb & 1) != 0, "a verb is given only what it takes");
}

static void check_members(const struct options *options) {
    const unsigned csv = OF(SCAN) | OF(TODO) | OF(HISTORY);
    const unsigned output = OF(REPORT) | OF(INSTALL) | OF(PROTECT) | OF(UNINSTALL) | OF(START) |
                            OF(STOP) | OF(CHECK) | OF(HISTORY) | OF(SCAN) | OF(STATUS);
    check_member(options, options->format == FORMAT_CSV, csv);
    check_member(options, options->format == FORMAT_JSON, csv | OF(STATUS) | OF(CHECK));
    check_member(options, options->console, OF(RUN));
    check_member(options, options->report_only || options->has_account || options->check,
                 OF(INSTALL));
    check_member(options, options->all, OF(SCAN) | OF(UNDO));
    check_member(options, options->paused, OF(START));
    check_member(options, options->has_since, OF(HISTORY) | OF(UNDO));
    check_member(options, options->has_name, OF(UNDO) | OF(RELEASE));
    check_member(options, options->has_folder, OF(SCAN) | OF(REPAIR) | OF(PROTECT) | OF(INSTALL));
    check_member(options, options->has_config, ~OF(NONE));
    check_member(options, options->has_program, OF(INSTALL) | OF(CHECK) | OF(UNINSTALL) | OF(STOP));
    check_member(options, options->has_output, output);
    check_member(options, options->strict || options->restore || options->lists[0] != L'\0',
                 OF(PROTECT));
    check_member(options, options->wait != 0, OF(STOP));
}

static bool is_ended(const WCHAR *text, size_t units) {
    size_t i = 0;
    while (i < units && text[i] != L'\0')
        i++;
    return i < units;
}

static void check_accepted(const struct options *options, size_t words) {
    INSIST(options->verb < VERB_HELP, "the verb is one that can be carried out");
    INSIST(options->verb != VERB_NONE || options->help || words == 1, "there is a verb");
    check_members(options);
    INSIST(memchr(options->name, '\0', sizeof options->name) != NULL &&
               memchr(options->folder, '\0', sizeof options->folder) != NULL &&
               is_ended(options->account, ACCESS_ACCOUNT_UNITS) &&
               is_ended(options->lists, PATH_UNITS) && is_ended(options->output, PATH_UNITS),
           "every text is terminated");
    INSIST(is_ended(options->program, PATH_UNITS) && is_ended(options->config, PATH_UNITS) &&
               is_ended(options->journal, PATH_UNITS) && options->program[0] != L'\0' &&
               options->config[0] != L'\0',
           "every path is there and terminated");
    INSIST(path_ends_in(options->journal, L"kmrepair.jnl"), "the journal has its name");
    INSIST(options->verb != VERB_UNDO || options->help || options->has_name != options->all,
           "undo has a name, or --all");
}

static void read_line(struct options *options, bool *good) {
    memset(options, 0, sizeof *options);
    world.messages = world.printed = 0;
    *good = options_read(options);
    INSIST(world.messages == (*good ? 0 : 1), "a refusal is one message");
    INSIST(!*good || world.printed == 0, "what is accepted prints nothing");
}

/* Capitals for the name in each word that may be a verb or an option. */
static void raise_names(void) {
    bool quoted = false, name = false;
    for (WCHAR *at = world.line; *at != L'\0'; at++) {
        bool blank = !quoted && (*at == L' ' || *at == L'\t');
        quoted ^= *at == L'"';
        if (at == world.line || blank)
            name = blank && at[1] == L'-';
        else if (*at == L'=' || *at == L':')
            name = false;
        else if (name)
            *at = capital(*at);
    }
}

static void make_line(const uint8_t *data, size_t size) {
    size_t length = 0;
    for (size_t i = 0; i < size && length + 1 < LINE_UNITS; i++) {
        WCHAR unit = data[i];
        size_t times = 1;
        if (data[i] == 0xFF && i + 2 < size) {
            unit = (WCHAR)(data[i + 1] | data[i + 2] << 8);
            i += 2;
        } else if (data[i] == 0xFE && i + 2 < size) {
            unit = data[i + 1];
            times = 64 * (size_t)data[i + 2];
            i += 2;
        }
        for (; times > 0 && length + 1 < LINE_UNITS; times--)
            world.line[length++] = unit;
    }
    world.line[length] = L'\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct options options, again;
    static WCHAR words[LINE_UNITS + 1];
    bool good = false, good_again = false;
    if (size == 0)
        return 0;
    world.module = (data[0] & 3);
    world.any_folder = (data[0] & 4) != 0;
    make_line(data + 1, size - 1);
    check_words();
    read_line(&options, &good);
    if (good)
        check_accepted(&options, slow_split(world.line, (size_t)lstrlenW(world.line), words));
    raise_names();
    read_line(&again, &good_again);
    INSIST(good == good_again &&
               (!good || (options.verb == again.verb && options.help == again.help)),
           "an option is read in any case");
    return 0;
}
