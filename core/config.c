#include "config.h"

#include <string.h>

#include "ini.h"
#include "text.h"

enum key { KEY_REPAIR, KEY_FOLDER, KEY_SETTLE, KEY_RESCAN, KEY_REPAIRS, KEYS };

static const struct {
    const char *section;
    const char *name;
    uint32_t least; /* both 0: not a number */
    uint32_t most;
} keys[KEYS] = {
    [KEY_REPAIR] = {"service", "Repair", 0, 0},
    [KEY_FOLDER] = {"service", "Folder", 0, 0},
    [KEY_SETTLE] = {"timing", "SettleSeconds", 0, CONFIG_SETTLE_MAX},
    [KEY_RESCAN] = {"timing", "RescanMinutes", 0, CONFIG_RESCAN_MAX},
    [KEY_REPAIRS] = {"limits", "RepairsPerHour", 1, CONFIG_REPAIRS_MAX},
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
    (void)text_copy(settings->folder, sizeof settings->folder, "C:\\Security\\Mgrent\\Clients");
    settings->settle_seconds = 5;
    settings->rescan_minutes = 60;
    settings->repairs_per_hour = 100;
}

/* The first complaint is the one that is shown. */
static int refuse_line(struct parse *parse, const char *before, const char *what,
                       const char *after) {
    if (!parse->failed) {
        struct text reason;
        parse->failed = true;
        parse->error->line = parse->line;
        text_begin(&reason, parse->error->reason, sizeof parse->error->reason);
        text_put(&reason, before);
        if (what != NULL) {
            text_put(&reason, "'");
            /* Cut what is quoted, so that what to do about it is never cut off. */
            size_t length = strlen(what);
            size_t shown = length > 60 ? 60 : length;
            while (shown < length && shown > 0 && ((unsigned char)what[shown] & 0xC0) == 0x80)
                shown--;
            text_put_safe(&reason, what, shown);
            text_put(&reason, shown < length ? "...'" : "'");
        }
        text_put(&reason, after);
    }
    return 0;
}

/* inih would pass over what stands behind a heading's `]`, and see one line where an editor shows
 * several that end in CR alone. Either would make a setting vanish that somebody can see. */
static bool is_clean(struct parse *parse, const char *line, size_t length) {
    bool heading = false; /* the first character is `[` */
    bool other = false;   /* it is not */
    bool closed = false;
    if (length > 0 && line[length - 1] == '\r')
        length--;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)line[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return refuse_line(parse, "the line holds a control character", NULL,
                               "; save the file as plain text with Windows line ends");
        if (c == ' ' || c == '\t')
            continue;
        if (closed)
            return refuse_line(parse, "there is text behind a section heading", NULL,
                               "; put it on a line of its own");
        closed = heading && c == ']';
        if (!other)
            heading = heading || c == '[';
        other = other || !heading;
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
        refuse_line(parse, "the line is too long", NULL, "; at most 2000 bytes are allowed");
        return NULL;
    }
    if (!is_clean(parse, start, length))
        return NULL;
    memcpy(line, start, length);
    line[length] = '\n';
    line[length + 1] = '\0';
    return line;
}

static int set_number(struct parse *parse, enum key key, const char *value, uint32_t *number) {
    char range[64];
    struct text text;
    if (text_read_u32(value, strlen(value), keys[key].most, number) && *number >= keys[key].least)
        return 1;
    text_begin(&text, range, sizeof range);
    text_put(&text, " must be a whole number from ");
    text_put_u32(&text, keys[key].least);
    text_put(&text, " to ");
    text_put_u32(&text, keys[key].most);
    return refuse_line(parse, keys[key].name, NULL, range);
}

static int set_repair(struct parse *parse, const char *value) {
    bool yes = text_equal_no_case(value, strlen(value), "yes");
    if (!yes && !text_equal_no_case(value, strlen(value), "no"))
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
        return refuse_line(parse, "the path of the folder is too long", NULL, "");
    memcpy(folder, value, length);
    folder[length] = '\0';
    if (!config_is_absolute(folder))
        return refuse_line(
            parse, "Folder must be a whole path such as C:\\Security\\Mgrent\\Clients, not ",
            folder, "");
    /* A path that is extended already may start with \\?\ . */
    const char *rest = (length >= 4 && memcmp(folder, "\\\\?\\", 4) == 0) ? folder + 4 : folder;
    if (!text_is_utf8(folder, length) || strpbrk(rest, "\"*?<>|\t") != NULL)
        return refuse_line(parse, "Folder holds a character that no path can have", NULL, "");
    /* `C:\x\` and `C:\x` are one folder; a root keeps its backslash. */
    while (length > 3 && (folder[length - 1] == '\\' || folder[length - 1] == '/'))
        folder[--length] = '\0';
    return 1;
}

/* ini_handler: a section heading (`name` is NULL), or a key. */
static int on_config_line(void *user, const char *section, const char *name, const char *value) {
    struct parse *parse = user;
    enum key key = KEY_REPAIR;
    bool known = false;
    if (parse->failed)
        return 0;
    for (int i = 0; i < KEYS; i++)
        known = known || text_equal_no_case(section, strlen(section), keys[i].section);
    if (!known)
        return name != NULL && section[0] == '\0'
                   ? refuse_line(parse, "the key ", name, " stands before the first section")
                   : refuse_line(parse, "there is no section ", section,
                                 "; the sections are service, timing and limits");
    if (name == NULL)
        return 1;
    while (key < KEYS && !(text_equal_no_case(section, strlen(section), keys[key].section) &&
                           text_equal_no_case(name, strlen(name), keys[key].name)))
        key++;
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
    case KEY_SETTLE:
        return set_number(parse, key, value, &parse->settings.settle_seconds);
    case KEY_RESCAN:
        return set_number(parse, key, value, &parse->settings.rescan_minutes);
    case KEY_REPAIRS:
    case KEYS:
        break;
    }
    return set_number(parse, key, value, &parse->settings.repairs_per_hour);
}

bool config_parse(const char *text, size_t size, struct settings *settings,
                  struct config_error *error) {
    struct parse parse = {.text = text, .size = size, .error = error};
    config_defaults(&parse.settings);
    memset(error, 0, sizeof *error);
    if (size > CONFIG_BYTES_MAX)
        refuse_line(&parse, "the file is larger than 16 KB", NULL, "");
    int first_bad = ini_parse_stream(read_config_line, &parse, on_config_line, &parse);
    /* inih goes on behind a line that fits nothing, and a later one may have been refused. */
    if (first_bad != 0 && (!parse.failed || (uint32_t)first_bad < error->line)) {
        parse.failed = false;
        parse.line = (uint32_t)first_bad;
        refuse_line(&parse, "the line is neither a [section], a 'name = value' nor a ';' comment",
                    NULL, "");
    }
    if (!parse.failed)
        *settings = parse.settings;
    return !parse.failed;
}

void config_print(const struct settings *settings, char *to, size_t size) {
    struct text text;
    text_begin(&text, to, size);
    text_put(&text, settings->repair ? "Repair = yes, Folder = " : "Repair = no, Folder = ");
    text_put(&text, settings->folder);
    text_put(&text, ", SettleSeconds = ");
    text_put_u32(&text, settings->settle_seconds);
    text_put(&text, ", RescanMinutes = ");
    text_put_u32(&text, settings->rescan_minutes);
    text_put(&text, ", RepairsPerHour = ");
    text_put_u32(&text, settings->repairs_per_hour);
}
