/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <string.h>

#include "find.h"
#include "guarded.h"
#include "text.h"
#include "win/error.h"
#include "win/expand.h"
#include "win/file.h"
#include "win/path.h"

/* The file as it is, as UTF-16, and as UTF-8: at most three bytes a unit. */
static struct {
    char raw[CONFIG_BYTES_MAX + 2];
    uint16_t units[CONFIG_BYTES_MAX + 1];
    char text[CONFIG_BYTES_MAX * 3 + 1];
    char path[PATH_UNITS * 3];
    char printed[CONFIG_PRINT_BYTES];
    bool gone;  /* there was no such file at the last attempt */
    bool empty; /* or nothing was in it */
    bool denied;
} buffer;

static bool refuse_file(struct config_error *error, const char *reason, DWORD number) {
    error->line = 0;
    error_explain(reason, number, error->reason, sizeof error->reason);
    return false;
}

static bool read_raw(const WCHAR *path, DWORD *size, struct config_error *error) {
    /* Not while somebody writes to it: a half-saved file may lack its `Repair = no`. */
    DWORD number = file_read(path, FILE_SHARE_READ | FILE_SHARE_DELETE, buffer.raw,
                             CONFIG_BYTES_MAX + 1, size);
    error->busy = number == ERROR_SHARING_VIOLATION || number == ERROR_LOCK_VIOLATION;
    buffer.empty = number == 0 && *size == 0;
    buffer.denied = number == ERROR_ACCESS_DENIED;
    buffer.gone = number == ERROR_FILE_NOT_FOUND || number == ERROR_PATH_NOT_FOUND;
    switch (number) {
    case ERROR_SUCCESS:
        break;
    case ERROR_BAD_FILE_TYPE:
        return refuse_file(error, "it is a pipe or a device, not a file on a disk", 0);
    case ERROR_DIRECTORY:
        return refuse_file(error, "it is a folder, not a file", 0);
    case ERROR_CANT_RESOLVE_FILENAME:
        return refuse_file(error, "it is a link (reparse point); put the file itself there", 0);
    default:
        return refuse_file(error, "the file cannot be read", number);
    }
    /* A file that is about to be saved is empty for a moment. It must not pass for one that leaves
     * everything at its default. */
    if (*size == 0)
        return refuse_file(error, "the file is empty", 0);
    return *size <= CONFIG_BYTES_MAX || refuse_file(error, "the file is larger than 16 KB", 0);
}

/* UTF-16 units of the file in `buffer.units`. */
static bool widen(DWORD size, size_t *count) {
    const unsigned char *raw = (const unsigned char *)buffer.raw;
    if (size >= 2 && raw[0] == 0xFF && raw[1] == 0xFE) {
        *count = size / 2 - 1;
        memcpy(buffer.units, raw + 2, *count * 2);
        return size % 2 == 0;
    }
    int n = MultiByteToWideChar(CP_ACP, MB_ERR_INVALID_CHARS, buffer.raw, (int)size, buffer.units,
                                CONFIG_BYTES_MAX);
    *count = (size_t)n;
    return n > 0;
}

static bool parse_file(DWORD size, struct settings *settings, struct config_error *error) {
    size_t count = 0;
    if (text_is_utf8(buffer.raw, size)) {
        size_t mark = size >= 3 && memcmp(buffer.raw, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        return config_parse(buffer.raw + mark, size - mark, settings, error);
    }
    if (!widen(size, &count))
        return refuse_file(
            error, "the file is not text in UTF-8, UTF-16 or the code page of this host", 0);
    size_t length = text_from_utf16(buffer.units, count, buffer.text, sizeof buffer.text);
    return config_parse(buffer.text, length, settings, error);
}

/* Refuses the line of Folder; `variable` is one that a service has not, or empty. */
static bool refuse_folder(struct config_error *error, const char *variable) {
    struct text text;
    text_begin(&text, error->reason, sizeof error->reason);
    if (variable[0] == '\0') {
        text_put(&text, "Folder is not a full path when its variables are expanded");
        return false;
    }
    text_put(&text, "Folder has %");
    text_put_safe(&text, variable, strlen(variable));
    text_put(&text, "%, which is not a variable of the system, so the service does not have it");
    return false;
}

/* The folder that is meant, with its variables expanded; `auto` while none is found. */
GUARDED static bool resolve(struct settings *settings, struct config_error *error) {
    char words[FIND_WORDS_BYTES];
    char variable[EXPAND_NAME_BYTES];
    if (settings->automatic)
        (void)find_clients(settings->folder, words);
    if (settings->automatic || strchr(settings->folder, '%') == NULL)
        return true;
    enum expand_result done =
        expand_path(settings->folder, buffer.text, sizeof settings->folder, variable);
    if (done == EXPAND_DONE)
        (void)text_copy(settings->folder, sizeof settings->folder, buffer.text);
    if (done != EXPAND_UNKNOWN)
        variable[0] = '\0';
    return (done == EXPAND_DONE && config_is_absolute(settings->folder)) ||
           refuse_folder(error, variable);
}

bool settings_load(const WCHAR *path, struct settings *settings, struct config_error *error) {
    /* Not on the stack: it is as large as a page of it. */
    static struct settings loaded;
    DWORD size = 0;
    error->busy = false;
    if (!read_raw(path, &size, error) || !parse_file(size, &loaded, error) ||
        !resolve(&loaded, error))
        return false;
    *settings = loaded;
    return true;
}

/* config_defaults() has set what lies between the members, too. */
static bool is_same(const struct settings *a, const struct settings *b) {
    return memcmp(a, b, offsetof(struct settings, folder)) == 0 && text_same(a->folder, b->folder);
}

void settings_report(const WCHAR *path, const struct settings *settings, struct events *events) {
    path_print(path, buffer.path, sizeof buffer.path);
    config_print(settings, buffer.printed, sizeof buffer.printed);
    (void)events_say(events, EVENT_CONFIG_LOADED, buffer.path, buffer.printed, NULL);
}

bool settings_is_missing(void) {
    return buffer.gone || buffer.empty;
}

bool settings_is_denied(void) {
    return buffer.denied;
}

void settings_refuse(const WCHAR *path, const struct config_error *error, struct events *events) {
    struct text line;
    path_print(path, buffer.path, sizeof buffer.path);
    text_begin(&line, buffer.printed, sizeof buffer.printed);
    if (error->line != 0)
        text_put_count(&line, "line ", error->line, ": ");
    (void)events_say(events, EVENT_CONFIG_REFUSED, buffer.path, buffer.printed, error->reason);
}

bool settings_load_reported(const WCHAR *path, const struct settings *known,
                            struct settings *settings, struct config_error *error,
                            struct events *events) {
    bool loaded = settings_load(path, settings, error);
    if (!loaded) {
        if (buffer.gone)
            (void)text_copy(error->reason, sizeof error->reason, "the file no longer exists");
        if (!error->busy)
            settings_refuse(path, error, events);
        return false;
    }
    /* What was found stays: another one may be a copy. What was not found yet is no new setting. */
    if (known != NULL && settings->automatic && known->automatic)
        (void)text_copy(settings->folder, sizeof settings->folder, known->folder);
    if (known != NULL && is_same(settings, known))
        return false;
    settings_report(path, settings, events);
    return true;
}
