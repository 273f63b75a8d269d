#include "settings.h"

#include <string.h>

#include "path.h"
#include "text.h"

/* The file as it is, as UTF-16, and as UTF-8: at most three bytes a unit. */
static struct {
    char raw[CONFIG_BYTES_MAX + 2];
    uint16_t units[CONFIG_BYTES_MAX + 1];
    char text[CONFIG_BYTES_MAX * 3 + 1];
    char path[PATH_UNITS * 3];
    char printed[CONFIG_PRINT_BYTES];
} buffer;

static bool refuse_file(struct config_error *error, const char *reason, DWORD number) {
    error->line = 0;
    path_explain(reason, number, error->reason, sizeof error->reason);
    return false;
}

static bool read_raw(const WCHAR *path, DWORD *size, struct config_error *error) {
    DWORD number = 0;
    /* Not while somebody writes to it: a half-saved file may lack its `Repair = no`. */
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        number = GetLastError();
        error->busy = number == ERROR_SHARING_VIOLATION;
        return refuse_file(error, "the file can not be opened", number);
    }
    if (!ReadFile(file, buffer.raw, CONFIG_BYTES_MAX + 1, size, NULL))
        number = GetLastError();
    (void)CloseHandle(file);
    if (number != 0)
        return refuse_file(error, "the file can not be read", number);
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

bool settings_load(const WCHAR *path, struct settings *settings, struct config_error *error) {
    error->busy = false;
    DWORD size = 0;
    size_t count = 0;
    if (!read_raw(path, &size, error))
        return false;
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

static bool is_same(const struct settings *a, const struct settings *b) {
    return a->repair == b->repair && a->settle_seconds == b->settle_seconds &&
           a->rescan_minutes == b->rescan_minutes && a->repairs_per_hour == b->repairs_per_hour &&
           text_equal_no_case(a->folder, strlen(a->folder), b->folder);
}

bool settings_load_reported(const WCHAR *path, const struct settings *known,
                            struct settings *settings, struct config_error *error,
                            struct events *events) {
    bool loaded = settings_load(path, settings, error);
    if (known != NULL && (loaded ? is_same(settings, known) : error->busy))
        return false;
    path_print(path, buffer.path, sizeof buffer.path);
    if (loaded) {
        config_print(settings, buffer.printed, sizeof buffer.printed);
        (void)events_say(events, EVENT_CONFIG_LOADED, buffer.path, buffer.printed, NULL);
    } else {
        struct text line;
        text_begin(&line, buffer.printed, sizeof buffer.printed);
        text_put_u32(&line, error->line);
        (void)events_say(events, EVENT_CONFIG_REFUSED, buffer.path, buffer.printed, error->reason);
    }
    return loaded;
}
