/* SPDX-License-Identifier: MIT */
#include "verb/initial.h"

#include <string.h>

#include "console.h"
#include "resource.h"
#include "settings.h"
#include "text.h"
#include "verb/place.h"
#include "win/expand.h"
#include "win/file.h"
#include "win/path.h"
#include "win/spell.h"

static char content[8192];

/* The default configuration, a resource, with what was asked for in its Repair and Folder lines. */
static bool compose_config(const struct settings *settings, struct text *text) {
    static const char folder[] = "Folder = ";
    static const char repair[] = "Repair = ";
    HRSRC resource =
        FindResourceW(NULL, MAKEINTRESOURCEW(RESOURCE_CONFIG), (const WCHAR *)RT_RCDATA);
    HGLOBAL loaded = resource != NULL ? LoadResource(NULL, resource) : NULL;
    const char *at = loaded != NULL ? LockResource(loaded) : NULL;
    if (at == NULL)
        return false;
    const char *end = at + SizeofResource(NULL, resource);
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t length = line_end != NULL ? (size_t)(line_end - at) + 1 : (size_t)(end - at);
        if (length > sizeof folder && memcmp(at, folder, sizeof folder - 1) == 0) {
            text_put(text, folder);
            text_put(text, settings->folder);
            text_put(text, "\r\n");
        } else if (length > sizeof repair && memcmp(at, repair, sizeof repair - 1) == 0) {
            text_put(text, repair);
            text_put(text, settings->repair ? "yes\r\n" : "no\r\n");
        } else {
            text_put_bytes(text, at, length);
        }
        at += length;
    }
    return !text->cut;
}

static int fail_folder(const struct options *options, const struct settings *settings) {
    static char message[2 * CONFIG_FOLDER_BYTES + 100];
    struct text text;
    text_begin(&text, message, sizeof message);
    text_put(&text, settings->folder);
    text_put(&text, ", not ");
    text_put(&text, options->folder);
    text_put(&text, "; edit it, then run install without --folder");
    return console_fail("kmrepair.ini already says Folder = ", message);
}

/* However they are written: with slashes, short names or in another case. */
static bool is_same_folder(const char *a, const char *b) {
    static struct spell spell;
    return spell_is_same(&spell, a, b);
}

static bool is_missing(const WCHAR *path) {
    return !path_is_there(path) &&
           (GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PATH_NOT_FOUND);
}

/* The command line means what it says; in kmrepair.ini %NAME% is a variable. */
static int check_folder_option(const struct options *options) {
    return expand_has_variable(options->folder)
               ? console_fail("kmrepair.ini would expand the variable in ", options->folder)
               : 0;
}

/* The default configuration, in `content`. */
static int compose(const struct options *options, struct text *text) {
    static struct settings settings;
    static struct settings parsed;
    struct config_error refused;
    config_defaults(&settings);
    if (options->has_folder)
        (void)text_copy(settings.folder, sizeof settings.folder, options->folder);
    settings.repair = !options->report_only;
    text_begin(text, content, sizeof content);
    if (!compose_config(&settings, text))
        return console_fail_error("cannot make the default configuration", "", GetLastError());
    /* Not without seeing that the service will take it. */
    if (!config_parse(content, text->length, &parsed, &refused))
        return console_fail("not a Folder for kmrepair.ini: ", refused.reason);
    return 0;
}

/* A new program folder is made by `install`; that of a configuration is not. */
static int check_place(const struct options *options) {
    static WCHAR folder[PATH_UNITS];
    if (!options->has_config || !path_beside(options->config, L".", folder) ||
        path_has(folder, FILE_ATTRIBUTE_DIRECTORY))
        return 0;
    return console_fail("there is no folder for the configuration ", path_words(options->config));
}

int initial_check(const struct options *options, struct settings *settings) {
    struct config_error error;
    struct text text;
    if (is_missing(options->config)) {
        int code = check_place(options);
        if (code == 0 && options->has_folder)
            code = check_folder_option(options);
        return code == 0 ? compose(options, &text) : code;
    }
    if (!settings_load(options->config, settings, &error))
        return console_fail_config(options, &error);
    if (options->has_folder && !is_same_folder(options->folder, settings->folder))
        return fail_folder(options, settings);
    if (options->report_only && settings->repair)
        return console_fail("kmrepair.ini already says Repair = yes; ",
                            "edit it, then run install without --report-only");
    return 0;
}

int initial_write(const struct options *options, struct settings *settings) {
    struct config_error refused;
    struct text text;
    if (is_missing(options->config)) {
        int code = compose(options, &text);
        if (code != 0)
            return code;
        DWORD error = file_write(options->config, CREATE_NEW, content, text.length);
        if (error != ERROR_SUCCESS)
            return place_fail("cannot write ", options->config, error);
    }
    return settings_load(options->config, settings, &refused)
               ? 0
               : console_fail_config(options, &refused);
}
