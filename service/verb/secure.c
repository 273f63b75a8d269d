#include "verb/secure.h"

#include "config.h"
#include "console.h"
#include "host_win.h"
#include "service.h"
#include "text.h"
#include "win/file.h"
#include "win/path.h"
#include "win/scm.h"

/* ---- what is there ---- */

/* The files of the service, and the folders that they are in. */
enum place {
    PROGRAM_FOLDER,
    PROGRAM,
    CONFIG,
    JOURNAL,
    OLD_JOURNAL,
    NEW_JOURNAL,
    CONFIG_FOLDER,
    PLACES
};

static const WCHAR *place_of(const struct options *options, enum place place) {
    static WCHAR path[PATH_UNITS];
    static const WCHAR *const beside[PLACES] = {[PROGRAM_FOLDER] = L"",
                                                [CONFIG_FOLDER] = L"",
                                                [JOURNAL] = L"kmrepair.jnl",
                                                [OLD_JOURNAL] = JOURNAL_OLD,
                                                [NEW_JOURNAL] = JOURNAL_NEW};
    const WCHAR *file = place <= PROGRAM ? options->program : options->config;
    /* It fits: a longer name in the same folder did. */
    if (beside[place] == NULL)
        return file;
    (void)path_beside(file, beside[place], path);
    return path;
}

static int fail_path(const char *what, const WCHAR *path, DWORD error) {
    static char words[PATH_UNITS * 3];
    path_print(path, words, sizeof words);
    return console_fail_error(what, words, error);
}

/* Who may change it besides those who may, in `words`; 0: nobody, or it is not there. 2: not
 * known. */
static int find_open_to(const WCHAR *path, const struct access_account *registered, char *words,
                        size_t size) {
    DWORD error = ERROR_SUCCESS;
    if (access_is_open(path, registered, words, size, &error))
        return 1;
    if (error == ERROR_SUCCESS || error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND)
        return 0;
    return fail_path("cannot tell who may change ", path, error);
}

/* A second name of a file would get its access list as well. */
static bool has_one_name(const WCHAR *path) {
    struct file_identity identity;
    DWORD links = 0;
    HANDLE file = CreateFileW(path, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return false;
    (void)file_identify(file, &identity, NULL, &links);
    (void)CloseHandle(file);
    return links == 1;
}

/* What KMRepair's folder may hold: it is made the administrators' alone, so it must not be somebody
 * else's as well, such as the KMS's own. `kmrepair.exe.local` for one would redirect DLLs. */
static bool is_ours(const WCHAR *program, const WIN32_FIND_DATAW *found) {
    static const WCHAR *const names[] = {L"kmrepair.exe", L"kmrepair.ini", L"kmrepair.jnl",
                                         L"README.txt",   L"LICENSE.txt",  L"uninstall.exe"};
    static WCHAR path[PATH_UNITS];
    WCHAR name[MAX_PATH];
    (void)lstrcpynW(name, found->cFileName, MAX_PATH);
    int length = lstrlenW(name);
    if (lstrcmpiW(name, L".") == 0 || lstrcmpiW(name, L"..") == 0)
        return true;
    if ((found->dwFileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT)) != 0)
        return false;
    /* Set-up has them for a moment, and the journal in its turn. */
    if (length > 4 &&
        (lstrcmpiW(name + length - 4, L".new") == 0 || lstrcmpiW(name + length - 4, L".old") == 0))
        name[length - 4] = L'\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (lstrcmpiW(name, names[i]) == 0)
            return path_beside(program, found->cFileName, path) && has_one_name(path);
    }
    return false;
}

int secure_check_folder(const struct options *options) {
    const WCHAR *program = options->program;
    static WCHAR pattern[PATH_UNITS];
    char name[MAX_PATH * 3];
    WIN32_FIND_DATAW found;
    int code = 0;
    HANDLE list = path_beside(program, L"*", pattern) ? FindFirstFileW(pattern, &found)
                                                      : INVALID_HANDLE_VALUE;
    if (list == INVALID_HANDLE_VALUE)
        return fail_path("cannot look at ", pattern, GetLastError());
    do {
        if (!is_ours(program, &found)) {
            path_print(found.cFileName, name, sizeof name);
            code =
                console_fail("kmrepair.exe needs a folder of its own; in this one there is ", name);
        }
    } while (code == 0 && FindNextFileW(list, &found));
    (void)FindClose(list);
    return code;
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
        return console_fail_error("cannot give the account the right to log on as a service", "",
                                  error);
    /* `auto`, and none found. */
    if (!config_is_absolute(folder))
        error = ERROR_PATH_NOT_FOUND;
    else
        error = path_extend(folder, path) != 0 ? access_grant(path, account, &rights)
                                               : ERROR_FILENAME_EXCED_RANGE;
    if (error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND) {
        (void)console_print(CONSOLE_OUT,
                            "Note: install again when the Clients folder is there, for the "
                            "account's rights on it.\r\n");
        error = ERROR_SUCCESS;
    }
    return error == ERROR_SUCCESS
               ? 0
               : console_fail_error("cannot give the account its rights on ", folder, error);
}

/* ---- all of it ---- */

bool secure_is_kept(const struct options *options) {
    if (access_is_kept(options->program))
        return true;
    (void)console_print(
        CONSOLE_OUT,
        "Note: this FAT volume keeps no access lists; everybody may change the program.\r\n");
    return false;
}

int secure_check(const struct options *options, struct access_account *account) {
    static char path[PATH_UNITS * 3];
    static char message[400];
    char who[300];
    struct text text;
    struct access_account registered;
    int code = 0;
    secure_find_registered(&registered);
    *account = registered;
    if (options->has_account) {
        DWORD error = access_find_account(options->account, account);
        if (error != ERROR_SUCCESS)
            return fail_path("not an account for a service: ", options->account, error);
    }
    if (!secure_is_kept(options))
        return 0;
    code = secure_check_folder(options);
    for (enum place place = PROGRAM_FOLDER; code == 0 && place < PLACES; place++) {
        code = find_open_to(place_of(options, place), &registered, who, sizeof who);
        if (code != 1)
            continue;
        path_print(place_of(options, place), path, sizeof path);
        text_begin(&text, message, sizeof message);
        text_put(&text, " may be changed by ");
        text_put(&text, who);
        text_put(&text, ", and with it the service; limit it to administrators first: see kmrepair "
                        "protect --help");
        code = console_fail(path, message);
    }
    return code;
}

int secure_apply(const struct options *options, struct access_account *account) {
    enum {
        READ = FILE_GENERIC_READ,
        RUN = FILE_GENERIC_READ | FILE_GENERIC_EXECUTE,
        CHANGE = FILE_GENERIC_READ | FILE_GENERIC_WRITE | DELETE
    };
    static const struct access_rights rights[PLACES] = {
        [PROGRAM_FOLDER] = {RUN | FILE_ADD_FILE, RUN, CHANGE},
        [PROGRAM] = {RUN, 0, 0},
        [CONFIG] = {READ, 0, 0},
        [JOURNAL] = {CHANGE, 0, 0},
        [OLD_JOURNAL] = {CHANGE, 0, 0},
        [NEW_JOURNAL] = {CHANGE, 0, 0},
        [CONFIG_FOLDER] = {READ | FILE_ADD_FILE, 0, CHANGE}};
    /* The folder of a configuration that was named stays as it is, but for the account. */
    enum place end = options->has_config ? PLACES : CONFIG_FOLDER;
    if (!access_is_kept(options->program))
        return 0;
    /* One that an administrator's verb would make would not be the account's. */
    if (account->has_sid)
        (void)file_write(options->journal, CREATE_NEW, "", 0);
    for (enum place place = PROGRAM_FOLDER; place < end; place++) {
        const WCHAR *path = place_of(options, place);
        DWORD error = ERROR_SUCCESS;
        if (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES)
            continue;
        if (place != CONFIG_FOLDER)
            error = access_protect(path, place == PROGRAM_FOLDER);
        if (error == ERROR_SUCCESS && account->has_sid)
            error = access_grant(path, account, &rights[place]);
        if (error != ERROR_SUCCESS)
            return fail_path("cannot set the access list of ", path, error);
    }
    return 0;
}

int secure_tell_open(const struct options *options, const struct access_account *account) {
    static char path[PATH_UNITS * 3];
    char who[300];
    int code = 0;
    for (enum place place = CONFIG; code == 0 && place < CONFIG_FOLDER; place++) {
        code = find_open_to(place_of(options, place), account, who, sizeof who);
        if (code != 1)
            continue;
        path_print(place_of(options, place), path, sizeof path);
        code =
            console_print(CONSOLE_OUT, "Look at %s: until now %s could change it.\r\n", path, who)
                ? 0
                : 2;
    }
    return code;
}
