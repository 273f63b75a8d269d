/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "console.h"
#include "find.h"
#include "service.h"
#include "settings.h"
#include "text.h"
#include "verb/registration.h"
#include "verb/secure.h"
#include "verb/state_words.h"
#include "verb/verb.h"
#include "win/path.h"
#include "win/scm.h"

/* What one look at the configuration has found. */
struct look {
    bool exists;
    bool accepted;
    bool found; /* the folder, or it is named */
    struct settings settings;
    struct config_error error;
    char words[FIND_WORDS_BYTES]; /* why it was not found */
};

static void look_at(const struct options *options, struct look *look) {
    look->exists = path_is_there(options->config);
    look->accepted = settings_load(options->config, &look->settings, &look->error);
    look->found = look->accepted && (config_is_absolute(look->settings.folder) ||
                                     find_clients(look->settings.folder, look->words));
}

/* ---- for people ---- */

static bool print_text(const struct options *options, const struct look *look) {
    const struct host_result why = {HOST_GONE, 0, look->words};
    static char text[CONFIG_PRINT_BYTES];
    config_print(&look->settings, text, sizeof text);
    bool written = console_print(CONSOLE_OUT, "%s\r\n", text);
    if (!look->found)
        written =
            console_print(CONSOLE_OUT, "Note: %s\r\n", verb_no_folder(options, &why)) && written;
    (void)secure_is_kept(options);
    return written;
}

/* ---- for machines: one object, of strings only, a member a line ---- */

static const char *yes_or_no(bool is) {
    return is ? "yes" : "no";
}

static const char *state_of_service(void) {
    SC_HANDLE service = NULL;
    SERVICE_STATUS status = {.dwCurrentState = 0};
    DWORD error = scm_open(SERVICE_NAME, SERVICE_QUERY_STATUS, &service);
    if (error == ERROR_SERVICE_DOES_NOT_EXIST)
        return "none";
    if (error == ERROR_SUCCESS)
        error = scm_wait(service, SCM_ANY_STATE, &status);
    scm_close(service);
    if (error != ERROR_SUCCESS)
        return "unknown";
    return status.dwCurrentState == SERVICE_RUNNING  ? "running"
           : status.dwCurrentState == SERVICE_PAUSED ? "paused"
                                                     : "stopped";
}

static const char *start_of_service(void) {
    DWORD error = ERROR_SUCCESS;
    const QUERY_SERVICE_CONFIGW *registered = scm_config(SERVICE_NAME, &error);
    return registered != NULL ? state_start_word(registered->dwStartType) : "";
}

/* A member on a line of its own, so that set-up, which has no parser, can read it. What is
 * empty is left out. */
static void put(struct text *line, const char *name, const char *value) {
    if (value[0] == '\0')
        return;
    console_put_member(line, name, value);
    text_put(line, "\r\n");
}

static void put_path(struct text *line, const char *name, const WCHAR *path) {
    static char words[PATH_UNITS * 3];
    path_print(path, words, sizeof words);
    put(line, name, words);
}

static void put_settings(struct text *line, const struct look *look) {
    if (!look->accepted) {
        char number[11];
        put(line, "line", text_number(look->error.line, number));
        put(line, "reason", look->error.reason);
        return;
    }
    put(line, "repair", yes_or_no(look->settings.repair));
    put(line, "folder", look->settings.folder);
    put(line, "automatic", yes_or_no(look->settings.automatic));
    put(line, "found", yes_or_no(look->found));
    if (!look->found)
        put(line, "why", look->words);
}

static bool print_json(const struct options *options, const struct look *look) {
    static char room[8 * PATH_UNITS * 3];
    static WCHAR program[PATH_UNITS];
    const WCHAR *rest = NULL;
    struct text line;
    text_begin(&line, room, sizeof room);
    text_put_char(&line, '{');
    put(&line, "service", state_of_service());
    put(&line, "start", start_of_service());
    put_path(&line, "program", registration_find(program, &rest) ? program : L"");
    put_path(&line, "configuration", options->config);
    put_path(&line, "journal", options->journal);
    put(&line, "exists", yes_or_no(look->exists));
    put(&line, "accepted", yes_or_no(look->accepted));
    put_settings(&line, look);
    text_put(&line, "}\r\n");
    return console_write(CONSOLE_OUT, line.at, line.length);
}

int verb_check(const struct options *options) {
    static struct look look;
    look_at(options, &look);
    if (options->format == FORMAT_JSON)
        return print_json(options, &look) && look.accepted ? 0 : 2;
    if (!look.accepted)
        return console_fail_config(options, &look.error);
    return print_text(options, &look) ? 0 : 2;
}
