/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "console.h"
#include "find.h"
#include "guarded.h"
#include "verb/configured.h"
#include "verb/initial.h"
#include "verb/password.h"
#include "verb/place.h"
#include "verb/registration.h"
#include "verb/secure.h"
#include "verb/verb.h"
#include "win/access.h"
#include "win/file.h"
#include "win/path.h"

/* The service was that of another copy, or of this one under its old name. */
static bool print_moved(const struct options *options, const WCHAR *before) {
    static char from[PATH_UNITS * 3];
    if (lstrcmpiW(before, options->program) == 0)
        return true;
    path_print(before, from, sizeof from);
    return console_print(CONSOLE_OUT, "Moved the service from %s to %s\r\n", from,
                         path_words(options->program));
}

GUARDED static int print_installed(const struct options *options, const struct settings *settings) {
    char words[FIND_WORDS_BYTES];
    const char *note = "";
    DWORD error = ERROR_SUCCESS;
    DWORD service = verb_service(&error);
    words[0] = '\0';
    if (!config_is_absolute(settings->folder) && !find_clients(NULL, words))
        note = "\r\nThe service will look again.\r\n";
    else if (!path_is_folder(settings->folder))
        note = "There is no such folder now; the service waits for it.\r\n";
    return console_print(CONSOLE_OUT,
                         "Installed service KMRepair (automatic start), Repair = %s.\r\n"
                         "Configuration: %s\r\n"
                         "Folder: %s\r\n%s%s%s",
                         settings->repair ? "yes" : "no", path_words(options->config),
                         settings->folder, words, note,
                         service == 0 || service == SERVICE_STOPPED
                             ? "Start it with: kmrepair start\r\n"
                             : "")
               ? 0
               : 2;
}

/* With another journal the service would know of no hold, and repair again what was taken back. */
static int check_journal(const struct options *options) {
    static WCHAR config[PATH_UNITS];
    static WCHAR journal[PATH_UNITS];
    if (!configured_registered(config) || !path_beside(config, L"kmrepair.jnl", journal) ||
        lstrcmpiW(journal, options->journal) == 0 || path_is_there(options->journal) ||
        !path_is_there(journal))
        return 0;
    return place_refuse("what is held stands in ", journal,
                        "; stop the service and copy it beside the new kmrepair.ini");
}

/* Managed accounts, whose names end in `$`, have a password that nobody knows. */
static bool wants_password(const struct options *options, const struct access_account *account) {
    return options->has_account && account->is_user &&
           options->account[lstrlenW(options->account) - 1] != L'$';
}

/* Everything that can be refused comes before the first thing that is changed. */
static int check(const struct options *options, struct access_account *account,
                 struct settings *settings) {
    int code = registration_check(options);
    if (code == 0)
        code = check_journal(options);
    if (code == 0)
        code = initial_check(options, settings);
    return code == 0 ? secure_check(options, account) : code;
}

static bool is_empty(const WCHAR *path) {
    char byte;
    DWORD got = 0;
    return file_read(path, FILE_SHARE_READ | FILE_SHARE_WRITE, &byte, 1, &got) == ERROR_SUCCESS &&
           got == 0;
}

static void remove_file(const WCHAR *path) {
    if (path_is_there(path) && !DeleteFileW(path))
        (void)place_fail("cannot remove ", path, GetLastError());
}

/* Lists and files, up to the service itself. */
static int prepare(const struct options *options, struct access_account *account,
                   struct settings *settings) {
    int code = place_make(options);
    if (code == 0)
        code = initial_write(options, settings);
    if (code == 0)
        code = secure_keep(options, settings->folder);
    if (code == 0)
        code = secure_apply(options, account);
    return code == 0 ? secure_admit(account, settings->folder) : code;
}

/* All of it, or what has been made is taken back. */
static int make(const struct options *options, struct access_account *account,
                struct settings *settings, const WCHAR *password) {
    bool had_config = path_is_there(options->config);
    bool had_journal = path_is_there(options->journal);
    int code = prepare(options, account, settings);
    if (code == 0)
        code = registration_make(options, password);
    if (code == 0)
        return 0;
    (void)secure_restore(options);
    DWORD error = access_forbid_service(account);
    if (error != ERROR_SUCCESS)
        (void)console_fail_error("the account keeps the right to log on as a service", "", error);
    if (!had_config)
        remove_file(options->config);
    if (!had_journal && is_empty(options->journal))
        remove_file(options->journal);
    return code;
}

static int install(const struct options *options, struct access_account *account,
                   struct settings *settings, const WCHAR *password) {
    static WCHAR before[PATH_UNITS];
    const WCHAR *rest = NULL;
    bool was_there = registration_find(before, &rest);
    int code = make(options, account, settings, password);
    if (code == 0 && was_there && !print_moved(options, before))
        code = 2;
    if (code == 0)
        code = secure_tell_above(options, account);
    return code == 0 ? print_installed(options, settings) : code;
}

int verb_install(const struct options *options) {
    static WCHAR password[PASSWORD_UNITS];
    static struct settings settings;
    static struct access_account account;
    int code = check(options, &account, &settings);
    if (options->check)
        return code == 0 && !console_print(CONSOLE_OUT, "KMRepair can be installed here.\r\n")
                   ? 2
                   : code;
    bool asked = code == 0 && wants_password(options, &account);
    if (asked)
        code = password_ask(password);
    if (code == 0)
        code = install(options, &account, &settings, asked ? password : NULL);
    SecureZeroMemory(password, sizeof password);
    return code;
}
