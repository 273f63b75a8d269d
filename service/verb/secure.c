/* SPDX-License-Identifier: MIT */
#include "verb/secure.h"

#include "config.h"
#include "console.h"
#include "guarded.h"
#include "host_win.h"
#include "service.h"
#include "verb/place.h"
#include "win/file.h"
#include "win/path.h"
#include "win/scm.h"

/* ---- what is there ---- */

static const WCHAR *place_of(const struct options *options, enum place place) {
    static WCHAR path[PATH_UNITS];
    const WCHAR *file = place < CONFIG ? options->program : options->config;
    if (place == PROGRAM || place == CONFIG)
        return file;
    if (place == PROGRAM_FOLDER || place == CONFIG_FOLDER)
        place_folder(file, path);
    else /* it fits: a name as long in the same folder did, or it is refused as not there */
        (void)path_beside(file, place_names[place], path);
    return path;
}

/* Says that somebody has a right that nobody else should have. */
static int fail_open(const WCHAR *path, const char *verb, const char *who, const char *what) {
    (void)console_print(CONSOLE_ERROR, "kmrepair: %s%s%s%s\r\n", path_words(path), verb, who, what);
    return 2;
}

/* Who may do that besides those who may, in `who`, NULL if nobody, or if it is not there. 2: not known. */
static int find_open_to(const WCHAR *path, enum access_question question,
                        const struct access_account *registered, const char **who) {
    DWORD error = ERROR_SUCCESS;
    *who = access_open_to(path, question, registered, &error);
    if (error == ERROR_SUCCESS || error == ERROR_FILE_NOT_FOUND)
        return 0;
    return place_fail("cannot tell who may change ", path, error);
}

/* ---- the account ---- */

void secure_find_registered(struct access_account *account) {
    DWORD error = ERROR_SUCCESS;
    const QUERY_SERVICE_CONFIGW *registered = scm_config(SERVICE_NAME, &error);
    /* One that is no more has no rights either. */
    if (registered == NULL ||
        access_find_account(registered->lpServiceStartName, account) != ERROR_SUCCESS)
        account->has_sid = false;
}

int secure_admit(struct access_account *account, const char *folder) {
    static const struct access_rights rights = {FILE_GENERIC_READ,
                                                FILE_GENERIC_READ | FILE_GENERIC_WRITE, 0};
    static WCHAR path[PATH_UNITS];
    DWORD error = ERROR_SUCCESS;
    if (!account->has_sid)
        return 0;
    if (account->is_user)
        error = access_allow_service(account);
    if (error != ERROR_SUCCESS)
        return console_fail_error("cannot give the account the right to log on as a service (on a "
                                  "backup domain controller use User Manager for Domains)",
                                  "", error);
    /* `auto`, and none found. */
    if (!config_is_absolute(folder))
        error = ERROR_PATH_NOT_FOUND;
    else
        error = path_extend(folder, path) != 0 ? access_grant(path, account, &rights)
                                               : ERROR_FILENAME_EXCED_RANGE;
    if (error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND) {
        (void)console_print(CONSOLE_OUT,
                            "Note: run install again once the Clients folder is there, to give "
                            "the account its rights on it.\r\n");
        error = ERROR_SUCCESS;
    }
    return error == ERROR_SUCCESS
               ? 0
               : console_fail_error("cannot give the account its rights on ", folder, error);
}

/* ---- all of it ---- */

bool secure_is_kept(const struct options *options) {
    static const char no_lists[] =
        "Note: this FAT volume keeps no access lists; everybody may change the %s.\r\n";
    if (access_is_kept(options->program)) {
        if (!access_is_kept(options->config))
            (void)console_print(CONSOLE_OUT, no_lists, "configuration");
        return true;
    }
    (void)console_print(CONSOLE_OUT, no_lists, "program");
    return false;
}

/* A list that is set on a link would not be that of the folder which it leads to. */
int secure_check_links(const struct options *options) {
    static const enum place folders[] = {PROGRAM_FOLDER, CONFIG_FOLDER};
    for (int i = 0; i < (options->has_config ? 2 : 1); i++) {
        const WCHAR *path = place_of(options, folders[i]);
        if (path_has(path, FILE_ATTRIBUTE_REPARSE_POINT))
            return place_refuse("", path,
                                " is a link (junction); give the folder that it leads to");
    }
    return 0;
}

/* Whoever owns a folder can change its list at any time. */
int secure_check_owner(const struct options *options, const struct access_account *registered) {
    const WCHAR *folder = place_of(options, PROGRAM_FOLDER);
    const char *who = NULL;
    int code = find_open_to(folder, ACCESS_OWN, registered, &who);
    return who == NULL ? code
                       : fail_open(folder, " belongs to ", who,
                                   ", who can change it at any time; use a new folder, or make "
                                   "Administrators its owner first");
}

static int check_lists(const struct options *options, const struct access_account *registered,
                       enum place first) {
    const char *who = NULL;
    int code = 0;
    for (enum place place = first; code == 0 && place < PLACES; place++) {
        const WCHAR *path = place_of(options, place);
        if (!access_is_kept(path))
            continue;
        code = find_open_to(path, ACCESS_CHANGE, registered, &who);
        if (who != NULL)
            code = fail_open(path, " may be changed by ", who,
                             ", and with it the service; limit it to administrators first: see "
                             "kmrepair protect --help");
    }
    return code;
}

/* Whether the configuration is in another folder than the program. */
static bool is_elsewhere(const struct options *options) {
    static WCHAR folder[PATH_UNITS];
    (void)lstrcpynW(folder, place_of(options, PROGRAM_FOLDER), PATH_UNITS);
    return lstrcmpiW(folder, place_of(options, CONFIG_FOLDER)) != 0;
}

int secure_check(const struct options *options, struct access_account *account) {
    struct access_account registered;
    int code = secure_check_links(options);
    if (code != 0)
        return code;
    secure_find_registered(&registered);
    *account = registered;
    if (options->has_account) {
        DWORD error = access_find_account(options->account, account);
        if (error != ERROR_SUCCESS)
            return place_fail("not an account for a service: ", options->account, error);
    }
    if (!secure_is_kept(options))
        return 0;
    code = secure_check_owner(options, &registered);
    if (code == 0)
        code = place_check(options, &registered);
    /* Set-up limits all of it before it installs, so that what is open is no reason to refuse; but
     * for the folder of a configuration elsewhere. */
    bool is_limited = options->has_program && options->check;
    if (is_limited && !is_elsewhere(options))
        return code;
    return code == 0
               ? check_lists(options, &registered, is_limited ? CONFIG_FOLDER : PROGRAM_FOLDER)
               : code;
}

int secure_apply(const struct options *options, struct access_account *account) {
    enum {
        READ = FILE_GENERIC_READ,
        RUN = FILE_GENERIC_READ | FILE_GENERIC_EXECUTE,
        CHANGE = FILE_GENERIC_READ | FILE_GENERIC_WRITE | DELETE
    };
    static const struct limits {
        enum access_limit limit;
        struct access_rights account;
    } program_folder = {ACCESS_FOLDER, {RUN | FILE_ADD_FILE, RUN, CHANGE}},
      program = {ACCESS_PROGRAM, {RUN, 0, 0}}, document = {ACCESS_PRIVATE, {READ, 0, 0}},
      journal = {ACCESS_PRIVATE, {CHANGE, 0, 0}},
      config_folder = {ACCESS_FOLDER, {READ | FILE_ADD_FILE, 0, CHANGE}};
    static const struct limits *const lists[PLACES] = {[PROGRAM_FOLDER] = &program_folder,
                                                       [PROGRAM] = &program,
                                                       [README] = &document,
                                                       [GUIDE] = &document,
                                                       [EVENTS] = &document,
                                                       [LICENCE] = &document,
                                                       [NOTICES] = &document,
                                                       [UNINSTALLER] = &document,
                                                       [CONFIG] = &document,
                                                       [JOURNAL] = &journal,
                                                       [OLD_JOURNAL] = &journal,
                                                       [NEW_JOURNAL] = &journal,
                                                       [CONFIG_FOLDER] = &config_folder};
    /* The folder of a configuration that was named stays as it is, but for the account. */
    enum place end = options->has_config ? PLACES : CONFIG_FOLDER;
    if (!access_is_kept(options->program))
        return 0;
    /* One that an administrator's verb would make would not be the account's. Where a new one waits to be taken for
     * the journal, an empty one would be taken instead. */
    if (account->has_sid && !path_is_there(place_of(options, NEW_JOURNAL)))
        (void)file_write(options->journal, CREATE_NEW, "", 0);
    for (enum place place = PROGRAM_FOLDER; place < end; place++) {
        const WCHAR *path = place_of(options, place);
        DWORD error = ERROR_SUCCESS;
        if (!path_is_there(path) || !access_is_kept(path))
            continue;
        if (place != CONFIG_FOLDER)
            error = access_protect(path, lists[place]->limit);
        if (error == ERROR_SUCCESS && account->has_sid)
            error = access_grant(path, account, &lists[place]->account);
        if (error != ERROR_SUCCESS)
            return place_fail("cannot set the access list of ", path, error);
    }
    return 0;
}

/* ---- putting it back ---- */

enum { LISTS_BYTES = 64 * 1024, RECORDS = PLACES };

/* What is in front of each descriptor; a number of 8 bytes with that. */
struct list {
    DWORD place;
    DWORD size;
};

static struct {
    DWORD size; /* in use */
    struct list lists[LISTS_BYTES / sizeof(struct list)];
    WCHAR records[PATH_UNITS]; /* the folder of the records, or empty */
} kept;

static const WCHAR *kept_place(const struct options *options, DWORD place) {
    return place == RECORDS ? kept.records : place_of(options, (enum place)place);
}

/* How many of `kept.lists` a descriptor of so many bytes takes, with what is in front of it. */
static DWORD lists_of(DWORD size) {
    return 1 + (size + (DWORD)sizeof(struct list) - 1) / (DWORD)sizeof(struct list);
}

static DWORD keep_list(const WCHAR *path, DWORD place) {
    struct list *list = &kept.lists[kept.size];
    DWORD room = LISTS_BYTES / sizeof(struct list) - kept.size;
    if (!path_is_there(path) || !access_is_kept(path))
        return ERROR_SUCCESS;
    if (room < 2)
        return ERROR_INSUFFICIENT_BUFFER;
    list->place = place;
    DWORD error = access_read(path, list + 1, (room - 1) * (DWORD)sizeof(struct list), &list->size);
    if (error == ERROR_SUCCESS)
        kept.size += lists_of(list->size);
    return error;
}

int secure_keep(const struct options *options, const char *folder) {
    DWORD error = ERROR_SUCCESS;
    kept.size = 0;
    if (!config_is_absolute(folder) || path_extend(folder, kept.records) == 0)
        kept.records[0] = L'\0';
    for (DWORD place = PROGRAM_FOLDER; place <= RECORDS; place++) {
        const WCHAR *path = kept_place(options, place);
        error = keep_list(path, place);
        if (error != ERROR_SUCCESS)
            return place_fail("cannot read the access list of ", path, error);
    }
    if (options->lists[0] != L'\0')
        error = file_write(options->lists, CREATE_ALWAYS, (const char *)kept.lists,
                           kept.size * sizeof(struct list));
    return error == ERROR_SUCCESS ? 0 : place_fail("cannot write ", options->lists, error);
}

/* What set-up's first run has written: in a folder for administrators. */
static DWORD load_lists(const struct options *options) {
    DWORD got = 0;
    DWORD error = file_read(options->lists, FILE_SHARE_READ, kept.lists, sizeof kept.lists, &got);
    kept.size = got / sizeof(struct list);
    return error;
}

int secure_restore(const struct options *options) {
    int code = 0;
    DWORD error = options->lists[0] != L'\0' ? load_lists(options) : ERROR_SUCCESS;
    if (error != ERROR_SUCCESS)
        return place_fail("cannot read ", options->lists, error);
    for (DWORD at = 0; at < kept.size; at += lists_of(kept.lists[at].size)) {
        struct list *list = &kept.lists[at];
        if (list->place > RECORDS || lists_of(list->size) > kept.size - at)
            return place_fail("cannot read ", options->lists, ERROR_INVALID_DATA);
        const WCHAR *path = kept_place(options, list->place);
        error = path_is_there(path) ? access_restore(path, list + 1) : ERROR_SUCCESS;
        if (error != ERROR_SUCCESS)
            code = place_fail("cannot put back the access list of ", path, error);
    }
    return code;
}

/* ---- saying it ---- */

int secure_tell_open(const struct options *options, const struct access_account *account) {
    const char *who = NULL;
    int code = 0;
    for (enum place place = CONFIG; code == 0 && place < CONFIG_FOLDER; place++) {
        const WCHAR *path = place_of(options, place);
        code = find_open_to(path, ACCESS_CHANGE, account, &who);
        if (who != NULL)
            code = console_print(CONSOLE_OUT, "Look at %s: until now %s could change it.\r\n",
                                 path_words(path), who)
                       ? 0
                       : 2;
    }
    return code;
}

int secure_tell_above(const struct options *options, const struct access_account *account) {
    if (!access_is_kept(options->program))
        return 0;
    int code = place_tell_above(place_of(options, PROGRAM_FOLDER), account);
    if (code == 0 && options->has_config)
        code = place_tell_above(place_of(options, CONFIG_FOLDER), account);
    return code;
}
