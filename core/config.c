/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "guarded.h"
#include "ini.h"
#include "text.h"

enum { KEY_REPAIR, KEY_FOLDER, KEYS = 6 };

/* In the order in which config_print() names them. */
static const struct key {
    const char *section;
    const char *name;
    uint16_t least;
    uint16_t most; /* 0: not a number */
    uint16_t at;   /* where the number is in a struct settings */
} keys[KEYS] = {
    [KEY_REPAIR] = {"service", "Repair", 0, 0, 0},
    [KEY_FOLDER] = {"service", "Folder", 0, 0, 0},
    {"timing", "SettleSeconds", 0, CONFIG_SETTLE_MAX, offsetof(struct settings, settle_seconds)},
    {"timing", "RescanMinutes", 0, CONFIG_RESCAN_MAX, offsetof(struct settings, rescan_minutes)},
    {"timing", "ReminderHours", 0, CONFIG_REMINDER_MAX, offsetof(struct settings, reminder_hours)},
    {"limits", "RepairsPerHour", 1, CONFIG_REPAIRS_MAX,
     offsetof(struct settings, repairs_per_hour)},
};

struct parse {
    const char *text;
    size_t size;
    size_t next;
    uint32_t line;
    uint32_t seen[KEYS]; /* the line that set it, 0 if none did */
    struct settings settings;
    struct config_error *error;
    bool failed;
};

void config_defaults(struct settings *settings) {
    memset(settings, 0, sizeof *settings);
    settings->repair = true;
    settings->automatic = true;
    (void)text_copy(settings->folder, sizeof settings->folder, "auto");
    settings->settle_seconds = 5;
    settings->rescan_minutes = 60;
    settings->reminder_hours = 24;
    settings->repairs_per_hour = 100;
}

/* The first complaint is the one that is shown. `what` is quoted, unless it is NULL, and cut, so that
 * what to do about it is never cut off. */
GUARDED static int refuse_line(struct parse *parse, const char *before, const char *what,
                               const char *after) {
    struct text reason;
    char shown[61];
    if (parse->failed)
        return 0;
    parse->failed = true;
    parse->error->line = parse->line;
    text_begin(&reason, parse->error->reason, sizeof parse->error->reason);
    text_put(&reason, before);
    if (what != NULL) {
        bool whole = text_copy(shown, sizeof shown, what);
        text_put(&reason, "'");
        text_put_safe(&reason, shown, strlen(shown));
        text_put(&reason, whole ? "'" : "...'");
    }
    text_put(&reason, after);
    return 0;
}

static int refuse(struct parse *parse, const char *reason) {
    return refuse_line(parse, reason, NULL, "");
}

/* inih would pass over what stands behind a heading's `]`, and see one line where an editor shows
 * several that end in CR alone. Either would make a setting vanish that somebody can see. */
static bool is_clean(struct parse *parse, const char *line, size_t length) {
    unsigned char first = '\0'; /* that is no blank */
    bool closed = false;        /* the heading */
    if (length > 0 && line[length - 1] == '\r')
        length--;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)line[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return refuse(parse, "the line holds a control character; save the file as plain text "
                                 "with Windows line ends");
        if (c == ' ' || c == '\t')
            continue;
        if (closed)
            return refuse(parse,
                          "there is text behind a section heading; put it on a line of its own");
        if (first == '\0')
            first = c;
        closed = first == '[' && c == ']';
    }
    return true;
}

/* ini_reader: one line at a time, refused here when inih could not hold it or would see an end in
 * the middle of it. */
static char *read_config_line(char *line, int size, void *stream) {
    struct parse *parse = stream;
    if (parse->failed || parse->next >= parse->size)
        return NULL;
    const char *start = parse->text + parse->next;
    size_t left = parse->size - parse->next;
    const char *end = memchr(start, '\n', left);
    size_t length = end != NULL ? (size_t)(end - start) : left;
    parse->next += length + (end != NULL);
    parse->line++;
    if (length + 2 > (size_t)size) {
        refuse(parse, "the line is too long; at most 2000 bytes are allowed");
        return NULL;
    }
    if (!is_clean(parse, start, length))
        return NULL;
    memcpy(line, start, length);
    line[length] = '\n';
    line[length + 1] = '\0';
    return line;
}

GUARDED static int set_number(struct parse *parse, const struct key *key, const char *value) {
    char range[64];
    struct text text;
    uint32_t number = 0;
    if (text_read_u32(value, strlen(value), key->most, &number) && number >= key->least) {
        memcpy((char *)&parse->settings + key->at, &number, sizeof number);
        return 1;
    }
    text_begin(&text, range, sizeof range);
    text_put_count(&text, " must be a whole number from ", key->least, " to ");
    text_put_u32(&text, key->most);
    return refuse_line(parse, key->name, NULL, range);
}

static int set_repair(struct parse *parse, const char *value) {
    bool yes = text_same(value, "yes");
    if (!yes && !text_same(value, "no"))
        return refuse_line(parse, "Repair must be yes or no, not ", value, "");
    parse->settings.repair = yes;
    return 1;
}

bool config_is_absolute(const char *path) {
    bool drive = text_lower(path[0]) >= 'a' && text_lower(path[0]) <= 'z' && path[1] == ':' &&
                 (path[2] == '\\' || path[2] == '/');
    if (drive || path[0] != '\\' || path[1] != '\\' || path[2] == '\\')
        return drive;
    const char *share = strchr(path + 2, '\\');
    /* The end of the string is found too. */
    return share != NULL && strchr("\\/", share[1]) == NULL;
}

static int set_folder(struct parse *parse, const char *value) {
    char *folder = parse->settings.folder;
    size_t length = strlen(value);
    if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
        value++;
        length -= 2;
    }
    if (length >= CONFIG_FOLDER_BYTES)
        return refuse(parse, "the path of the folder is too long");
    memcpy(folder, value, length);
    folder[length] = '\0';
    parse->settings.automatic = text_same(folder, "auto");
    /* What a variable stands for is seen when it is expanded. */
    if (!parse->settings.automatic && !config_is_absolute(folder) && strchr(folder, '%') == NULL)
        return refuse_line(
            parse,
            "Folder must be auto, or a full path such as C:\\Security\\Mgrent\\Clients, not ",
            folder, "");
    /* A path that is extended already may start with \\?\ . */
    const char *rest = (length >= 4 && memcmp(folder, "\\\\?\\", 4) == 0) ? folder + 4 : folder;
    if (!text_is_utf8(folder, length) || strpbrk(rest, "\"*?<>|\t") != NULL)
        return refuse(parse, "Folder holds a character that no path can have");
    /* `C:\x\` and `C:\x` are one folder; a root keeps its backslash. */
    while (length > 3 && (folder[length - 1] == '\\' || folder[length - 1] == '/'))
        folder[--length] = '\0';
    return 1;
}

/* ini_handler: a section heading (`name` is NULL), or a key. */
static int on_config_line(void *user, const char *section, const char *name, const char *value) {
    struct parse *parse = user;
    size_t key = KEYS;
    bool known = false;
    for (size_t i = 0; i < KEYS; i++) {
        if (!text_same(section, keys[i].section))
            continue;
        known = true;
        if (name != NULL && text_same(name, keys[i].name))
            key = i;
    }
    if (!known)
        return name != NULL && section[0] == '\0'
                   ? refuse_line(parse, "the key ", name, " stands before the first section")
                   : refuse_line(parse, "there is no section ", section,
                                 "; the sections are service, timing and limits");
    if (name == NULL)
        return 1;
    if (key == KEYS)
        return refuse_line(parse, "there is no key ", name, " in this section");
    if (parse->seen[key] != 0)
        return refuse_line(parse, keys[key].name, NULL, " is set twice; remove one of the lines");
    parse->seen[key] = parse->line;
    switch (key) {
    case KEY_REPAIR:
        return set_repair(parse, value);
    case KEY_FOLDER:
        return set_folder(parse, value);
    default:
        return set_number(parse, &keys[key], value);
    }
}

bool config_parse(const char *text, size_t size, struct settings *settings,
                  struct config_error *error) {
    struct parse parse = {.text = text, .size = size, .error = error};
    config_defaults(&parse.settings);
    memset(error, 0, sizeof *error);
    if (size > CONFIG_BYTES_MAX)
        refuse(&parse, "the file is larger than 16 KB");
    int first_bad = ini_parse_stream(read_config_line, &parse, on_config_line, &parse);
    /* inih goes on behind a line that fits nothing, and a later one may have been refused. */
    if (first_bad != 0 && (!parse.failed || (uint32_t)first_bad < error->line)) {
        parse.failed = false;
        parse.line = (uint32_t)first_bad;
        refuse(&parse, "the line is neither a [section], a 'name = value' nor a ';' comment");
    }
    if (!parse.failed) {
        *settings = parse.settings;
        error->line = parse.seen[KEY_FOLDER];
    }
    return !parse.failed;
}

const char *config_key(const struct settings *settings, size_t number,
                       char value[CONFIG_FOLDER_BYTES]) {
    struct text text;
    uint32_t digits = 0;
    text_begin(&text, value, CONFIG_FOLDER_BYTES);
    switch (number) {
    case KEYS:
        return NULL;
    case KEY_REPAIR:
        text_put(&text, settings->repair ? "yes" : "no");
        break;
    case KEY_FOLDER:
        text_put(&text, settings->folder);
        break;
    default:
        memcpy(&digits, (const char *)settings + keys[number].at, sizeof digits);
        text_put_u32(&text, digits);
    }
    return keys[number].name;
}

static const char *const found_by_itself = " (auto)";

GUARDED void config_print(const struct settings *settings, char *to, size_t size) {
    char value[CONFIG_FOLDER_BYTES];
    const char *name = NULL;
    struct text text;
    text_begin(&text, to, size);
    for (size_t i = 0; (name = config_key(settings, i, value)) != NULL; i++) {
        text_put(&text, i == 0 ? "" : ", ");
        text_put(&text, name);
        text_put(&text, " = ");
        text_put(&text, value);
        if (i == KEY_FOLDER && settings->automatic && config_is_absolute(value))
            text_put(&text, found_by_itself);
    }
}

/* The last place where `mark` is in a text, NULL if none. */
static const char *find_last(const char *text, const char *mark) {
    const char *last = NULL;
    while ((text = strstr(text, mark)) != NULL)
        last = text++;
    return last;
}

GUARDED void config_read(const char *printed, struct settings *settings) {
    static const char *const before_folder = ", Folder = ";
    char mark[40];
    const char *end = printed + strlen(printed);
    const char *folder = strstr(printed, before_folder);
    struct text text;
    config_defaults(settings);
    settings->repair = strncmp(printed, "Repair = no", 11) != 0;
    if (folder == NULL)
        return;
    folder += strlen(before_folder);
    /* From the last to the first: what is in front of them, in the folder's name, may be anything. */
    for (size_t i = KEYS - 1; i > KEY_FOLDER; i--) {
        uint32_t number = 0;
        text_begin(&text, mark, sizeof mark);
        text_put(&text, ", ");
        text_put(&text, keys[i].name);
        text_put(&text, " = ");
        const char *at = find_last(folder, mark);
        if (at == NULL || at >= end)
            continue;
        const char *value = at + text.length;
        if (text_read_u32(value, (size_t)(end - value), keys[i].most, &number))
            memcpy((char *)settings + keys[i].at, &number, sizeof number);
        end = at;
    }
    text_begin(&text, settings->folder, sizeof settings->folder);
    text_put_bytes(&text, folder, (size_t)(end - folder));
    size_t length = text.length - strlen(found_by_itself);
    settings->automatic = text_same(settings->folder, "auto");
    if (text.length > strlen(found_by_itself) &&
        strcmp(settings->folder + length, found_by_itself) == 0) {
        settings->automatic = true;
        settings->folder[length] = '\0';
    }
}
