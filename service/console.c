#include "console.h"

#include <stdarg.h>
#include <string.h>

#include "find.h"
#include "path.h"
#include "settings.h"
#include "text.h"

/* ---- writing ---- */

static HANDLE handle_of(enum console_stream stream) {
    return GetStdHandle(stream == CONSOLE_OUT ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE);
}

bool console_is_terminal(enum console_stream stream) {
    DWORD mode = 0;
    return GetConsoleMode(handle_of(stream), &mode) != FALSE;
}

static bool write_wide(HANDLE handle, const char *text, size_t length) {
    WCHAR units[512];
    while (length > 0) {
        size_t count = 0;
        while (length > 0 && count < sizeof units / sizeof units[0] - 3) {
            uint32_t c = 0;
            size_t n = text_character(text, length, &c);
            size_t put = n == 0 ? 0 : text_to_utf16(text, n, units + count, 3);
            if (n == 0) {
                units[count++] = L'?';
                n = 1;
            }
            count += put;
            text += n;
            length -= n;
        }
        DWORD written = 0;
        if (!WriteConsoleW(handle, units, (DWORD)count, &written, NULL))
            return false;
    }
    return true;
}

bool console_write(enum console_stream stream, const char *text, size_t length) {
    HANDLE handle = handle_of(stream);
    if (console_is_terminal(stream))
        return write_wide(handle, text, length);
    while (length > 0) {
        DWORD written = 0;
        if (!WriteFile(handle, text, (DWORD)length, &written, NULL) || written == 0)
            return false;
        text += written;
        length -= written;
    }
    return true;
}

bool console_put(enum console_stream stream, ...) {
    va_list strings;
    const char *string;
    bool done = true;
    va_start(strings, stream);
    while ((string = va_arg(strings, const char *)) != NULL)
        done = console_write(stream, string, strlen(string)) && done;
    va_end(strings);
    return done;
}

int console_fail(const char *what, const char *detail) {
    (void)console_put(CONSOLE_ERROR, "kmrepair: ", what, detail, "\r\n", NULL);
    return 2;
}

int console_fail_error(const char *what, const char *detail, DWORD error) {
    char reason[200];
    path_error_text(error, reason, sizeof reason);
    (void)console_put(CONSOLE_ERROR, "kmrepair: ", what, detail, ": ", reason, "\r\n", NULL);
    return 2;
}

int console_fail_result(const char *what, const char *detail, const struct host_result *result) {
    if (result->reason == NULL)
        return console_fail_error(what, detail, result->error);
    (void)console_put(CONSOLE_ERROR, "kmrepair: ", what, detail, ": ", result->reason, "\r\n",
                      NULL);
    return 2;
}

void console_put_safe(struct text *line, const char *string) {
    text_put_safe(line, string, strlen(string));
}

static bool begins_character(char c) {
    return ((unsigned char)c & 0xC0) != 0x80;
}

static size_t count_characters(const char *utf8) {
    size_t count = 0;
    for (; *utf8 != '\0'; utf8++)
        count += begins_character(*utf8);
    return count;
}

void console_put_padded(struct text *line, const char *value, size_t width, bool right) {
    size_t length = count_characters(value);
    for (size_t i = length; right && i < width; i++)
        text_put(line, " ");
    console_put_safe(line, value);
    for (size_t i = length; !right && i < width; i++)
        text_put(line, " ");
    text_put(line, " ");
}

void console_put_end(struct text *line, const char *value, size_t width) {
    size_t length = count_characters(value) + 3;
    if (length > width + 3) {
        text_put(line, "...");
        for (; length > width; length -= begins_character(*value))
            value++;
    }
    console_put_safe(line, value);
}

void console_put_csv(struct text *line, const char *value) {
    bool quote = strpbrk(value, ",\"\r\n") != NULL;
    if (quote)
        text_put(line, "\"");
    for (; *value != '\0'; value++) {
        if (*value == '"')
            text_put(line, "\"");
        text_put_char(line, *value);
    }
    if (quote)
        text_put(line, "\"");
}

/* Lone surrogates, which a Windows file name may hold, are written as the escapes that JSON has for
 * them. */
void console_put_json(struct text *line, const char *value) {
    size_t left = strlen(value);
    text_put_char(line, '"');
    while (left > 0) {
        uint32_t c = 0;
        size_t n = text_character(value, left, &c);
        if (n == 0) {
            text_put(line, "?");
            n = 1;
        } else if (c < 0x20 || c == 0x7F || (c >= 0xD800 && c < 0xE000)) {
            text_put(line, "\\u");
            for (int shift = 12; shift >= 0; shift -= 4)
                text_put_char(line, "0123456789ABCDEF"[c >> shift & 15]);
        } else {
            if (c == '"' || c == '\\')
                text_put_char(line, '\\');
            text_put_bytes(line, value, n);
        }
        value += n;
        left -= n;
    }
    text_put_char(line, '"');
}

void console_put_member(struct text *line, const char *name, const char *value) {
    if (line->length > 0 && line->at[line->length - 1] != '{')
        text_put_char(line, ',');
    console_put_json(line, name);
    text_put_char(line, ':');
    console_put_json(line, value);
}

void console_put_number(struct text *line, const char *name, uint32_t value) {
    if (line->length > 0 && line->at[line->length - 1] != '{')
        text_put_char(line, ',');
    console_put_json(line, name);
    text_put_char(line, ':');
    text_put_u32(line, value);
}

/* ---- configuration ---- */

int console_fail_config(const struct options *options, const struct config_error *error) {
    static char path[PATH_UNITS * 3];
    char line[32];
    struct text text;
    text_begin(&text, line, sizeof line);
    if (error->line != 0) {
        text_put(&text, ", line ");
        text_put_u32(&text, error->line);
    }
    path_print(options->config, path, sizeof path);
    (void)console_put(CONSOLE_ERROR, "kmrepair: ", path, line, ": ", error->reason, "\r\n", NULL);
    return 2;
}

bool console_settings(const struct options *options, struct settings *settings) {
    struct config_error error;
    char words[FIND_WORDS_BYTES];
    bool optional = !options->has_config && (options->has_folder || options->verb == VERB_SCAN);
    config_defaults(settings);
    if (optional && GetFileAttributesW(options->config) == INVALID_FILE_ATTRIBUTES) {
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

int console_check(const struct options *options) {
    static struct settings settings;
    static char text[CONFIG_PRINT_BYTES];
    char words[FIND_WORDS_BYTES];
    struct config_error error;
    if (!settings_load(options->config, &settings, &error))
        return console_fail_config(options, &error);
    config_print(&settings, text, sizeof text);
    bool found = !settings.automatic || find_clients(NULL, words);
    return console_put(CONSOLE_OUT, text,
                       found ? "" : "\r\nNo Clients folder is found: ", found ? "" : words, "\r\n",
                       NULL)
               ? 0
               : 2;
}
