#include "install.h"

#include <shellapi.h>
#include <string.h>

#include "access.h"
#include "console.h"
#include "events.h"
#include "find.h"
#include "host_win.h"
#include "path.h"
#include "resource.h"
#include "service.h"
#include "settings.h"
#include "text.h"

#define DISPLAY_NAME L"KM Server Record Repair"
#define DESCRIPTION                                                                                \
    L"Repairs Key Management server records that Microsoft KB Q198709 describes: State = 4 "       \
    L"without NumSCerts. Each change is written to the application event log."

enum { WAIT_MS = 30000, POLL_MS = 50 };

/* ---- the SCM ---- */

static int fail(const char *what, DWORD error) {
    if (error == ERROR_ACCESS_DENIED)
        return console_fail(what, ": it takes an administrator's rights (error 5)");
    return console_fail_error(what, "", error);
}

/* Opens the SCM and the service. Returns a Win32 error; the handles are to be closed in any case. */
static DWORD open_both(DWORD manager_access, DWORD access, SC_HANDLE *manager, SC_HANDLE *service) {
    *service = NULL;
    *manager = OpenSCManagerW(NULL, NULL, manager_access);
    if (*manager == NULL)
        return GetLastError();
    *service = OpenServiceW(*manager, SERVICE_NAME, access);
    return *service != NULL ? ERROR_SUCCESS : GetLastError();
}

static void close_both(SC_HANDLE manager, SC_HANDLE service) {
    if (service != NULL)
        (void)CloseServiceHandle(service);
    if (manager != NULL)
        (void)CloseServiceHandle(manager);
}

/* Waits until the service is in no state of passage. NT 4.0 has no way to be told of it. */
static DWORD wait_settled(SC_HANDLE service, SERVICE_STATUS *status) {
    DWORD begun = GetTickCount();
    for (;;) {
        if (!QueryServiceStatus(service, status))
            return GetLastError();
        if (status->dwCurrentState == SERVICE_RUNNING || status->dwCurrentState == SERVICE_PAUSED ||
            status->dwCurrentState == SERVICE_STOPPED)
            return ERROR_SUCCESS;
        if (GetTickCount() - begun >= WAIT_MS)
            return ERROR_SERVICE_REQUEST_TIMEOUT;
        Sleep(POLL_MS);
    }
}

/* ERROR_SUCCESS once it has stopped, also when it was not running. */
static DWORD stop(SC_HANDLE service, bool *was_running) {
    SERVICE_STATUS status;
    *was_running = ControlService(service, SERVICE_CONTROL_STOP, &status) != FALSE;
    DWORD error = *was_running ? ERROR_SUCCESS : GetLastError();
    if (error == ERROR_SERVICE_NOT_ACTIVE)
        return ERROR_SUCCESS;
    /* It may be stopping already. */
    if (error != ERROR_SUCCESS && error != ERROR_SERVICE_CANNOT_ACCEPT_CTRL)
        return error;
    error = wait_settled(service, &status);
    if (error == ERROR_SUCCESS && status.dwCurrentState != SERVICE_STOPPED)
        error = ERROR_SERVICE_REQUEST_TIMEOUT;
    return error;
}

DWORD install_state(char *to, size_t size, bool *running) {
    static const char *const words[] = {"in no known state", "stopped",    "starting", "stopping",
                                        "running",           "continuing", "pausing",  "paused"};
    SC_HANDLE manager = NULL;
    SC_HANDLE service = NULL;
    SERVICE_STATUS status;
    DWORD error = open_both(SC_MANAGER_CONNECT, SERVICE_QUERY_STATUS, &manager, &service);
    *running = false;
    if (error == ERROR_SUCCESS && !QueryServiceStatus(service, &status))
        error = GetLastError();
    if (error == ERROR_SERVICE_DOES_NOT_EXIST) {
        (void)text_copy(to, size, "not installed");
        error = ERROR_SUCCESS;
    } else if (error == ERROR_SUCCESS) {
        DWORD state = status.dwCurrentState;
        *running = state != SERVICE_STOPPED;
        (void)text_copy(to, size, words[state < sizeof words / sizeof words[0] ? state : 0]);
    }
    close_both(manager, service);
    return error;
}

/* ---- install ---- */

/* The configuration of a service with this command line: what follows --config, else kmrepair.ini
 * beside its program. */
static bool registered_config(const WCHAR *image, WCHAR to[PATH_UNITS]) {
    int count = 0;
    bool found = false;
    WCHAR **words = CommandLineToArgvW(image, &count);
    if (words == NULL)
        return false;
    for (int i = 1; i + 1 < count; i++) {
        if (lstrcmpiW(words[i], L"--config") == 0 && lstrlenW(words[i + 1]) < PATH_UNITS) {
            (void)lstrcpynW(to, words[i + 1], PATH_UNITS);
            found = true;
        }
    }
    if (!found && count > 0)
        found = path_beside(words[0], L"kmrepair.ini", to);
    (void)LocalFree(words);
    return found;
}

void install_adopt_config(struct options *options) {
    static WCHAR config[PATH_UNITS];
    DWORD error = ERROR_SUCCESS;
    const QUERY_SERVICE_CONFIGW *registered = find_service(SERVICE_NAME, &error);
    if (registered != NULL && registered_config(registered->lpBinaryPathName, config) &&
        lstrcmpiW(config, options->config) != 0) {
        memcpy(options->config, config, sizeof config);
        /* From here on it is as if it had been named: `install` keeps it in the ImagePath. */
        options->has_config = path_beside(config, L"kmrepair.jnl", options->journal);
    }
}

/* `"C:\...\kmrepair.exe" run`, quoted because of blanks, with an explicit verb. */
static bool image_path(const struct options *options, WCHAR *to, size_t size) {
    const WCHAR *const parts[] = {L"\"",
                                  options->program,
                                  L"\" run",
                                  options->has_config ? L" --config \"" : L"",
                                  options->has_config ? options->config : L"",
                                  options->has_config ? L"\"" : L""};
    size_t length = 0;
    to[0] = L'\0';
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t more = (size_t)lstrlenW(parts[i]);
        if (length + more >= size)
            return false;
        memcpy(to + length, parts[i], (more + 1) * sizeof *to);
        length += more;
    }
    return true;
}

/* The default configuration, a resource, with what was asked for put into its Repair and Folder
 * lines. */
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

static int write_config(const struct options *options, const struct settings *settings) {
    static char content[8192];
    static struct settings parsed;
    struct config_error refused;
    struct text text;
    DWORD written = 0;
    DWORD error = ERROR_SUCCESS;
    text_begin(&text, content, sizeof content);
    if (!compose_config(settings, &text))
        return console_fail_error("the default configuration can not be made", "", GetLastError());
    /* Not without seeing that the service will take it. */
    if (!config_parse(content, text.length, &parsed, &refused))
        return console_fail("this can not be the Folder of a configuration: ", refused.reason);
    HANDLE file = CreateFileW(options->config, GENERIC_WRITE, 0, NULL, CREATE_NEW,
                              FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return fail("the configuration file can not be made", GetLastError());
    if (!WriteFile(file, content, (DWORD)text.length, &written, NULL))
        error = GetLastError();
    else if (written != text.length)
        error = ERROR_DISK_FULL;
    (void)CloseHandle(file);
    if (error == ERROR_SUCCESS)
        return 0;
    (void)DeleteFileW(options->config);
    return fail("the configuration file can not be written", error);
}

/* Sees to it that there is a configuration that the service will accept. An existing one is never
 * written to. */
static int prepare_config(const struct options *options, struct settings *settings) {
    struct config_error error;
    if (GetFileAttributesW(options->config) == INVALID_FILE_ATTRIBUTES &&
        (GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PATH_NOT_FOUND)) {
        config_defaults(settings);
        if (options->has_folder)
            (void)text_copy(settings->folder, sizeof settings->folder, options->folder);
        settings->repair = !options->report_only;
        int code = write_config(options, settings);
        if (code != 0)
            return code;
    }
    if (!settings_load(options->config, settings, &error))
        return console_fail_config(options, &error);
    if (options->has_folder &&
        !text_equal_no_case(options->folder, strlen(options->folder), settings->folder))
        return console_fail(
            "there is a configuration file already, and its Folder is another one: ",
            "change it there, then install without --folder");
    if (options->report_only && settings->repair)
        return console_fail("there is a configuration file already, and it says Repair = yes: ",
                            "change it there, then install without --report-only");
    return 0;
}

typedef BOOL WINAPI change_config2(SC_HANDLE, DWORD, LPVOID);

/* Windows 2000 and later: a description, and a restart after a crash. A service that refused its
 * configuration is not restarted: that would only fill the log. Vista and later: no privilege but the
 * one that everybody has, and a SID of its own, by which an access list can name the service. */
static void describe(SC_HANDLE service) {
    static WCHAR text[] = DESCRIPTION;
    SC_ACTION actions[] = {
        {SC_ACTION_RESTART, 60000}, {SC_ACTION_RESTART, 60000}, {SC_ACTION_RESTART, 300000}};
    SERVICE_DESCRIPTIONW description = {text};
    SERVICE_REQUIRED_PRIVILEGES_INFOW required = {(WCHAR *)L"SeChangeNotifyPrivilege\0"};
    SERVICE_SID_INFO own_sid = {SERVICE_SID_TYPE_UNRESTRICTED};
    SERVICE_FAILURE_ACTIONSW failure = {24 * 60 * 60, NULL, NULL, 3, actions};
    change_config2 *change = (change_config2 *)(void *)GetProcAddress(
        GetModuleHandleW(L"advapi32.dll"), "ChangeServiceConfig2W");
    if (change == NULL)
        return;
    if (!change(service, SERVICE_CONFIG_DESCRIPTION, &description) ||
        !change(service, SERVICE_CONFIG_FAILURE_ACTIONS, &failure) ||
        ((!change(service, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &required) ||
          !change(service, SERVICE_CONFIG_SERVICE_SID_INFO, &own_sid)) &&
         GetLastError() != ERROR_INVALID_LEVEL))
        (void)console_fail_error("the service was not described to Windows in full", "",
                                 GetLastError());
}

/* Creates the service, or changes an existing one without touching its start type, and its account only
 * if one is named. */
static DWORD register_service(const WCHAR *image, const WCHAR *account, const WCHAR *password) {
    SC_HANDLE service = NULL;
    DWORD error = ERROR_SUCCESS;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE);
    if (manager == NULL)
        return GetLastError();
    service = CreateServiceW(manager, SERVICE_NAME, DISPLAY_NAME, SERVICE_ALL_ACCESS,
                             SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL,
                             image, NULL, NULL, NULL, account, password);
    if (service == NULL)
        error = GetLastError();
    if (error == ERROR_SERVICE_EXISTS) {
        error = ERROR_SUCCESS;
        /* SERVICE_START is what a restart as a failure action asks for. */
        service = OpenServiceW(manager, SERVICE_NAME, SERVICE_CHANGE_CONFIG | SERVICE_START);
        if (service == NULL ||
            !ChangeServiceConfigW(service, SERVICE_WIN32_OWN_PROCESS, SERVICE_NO_CHANGE,
                                  SERVICE_ERROR_NORMAL, image, NULL, NULL, NULL, account, password,
                                  DISPLAY_NAME))
            error = GetLastError();
    }
    if (error == ERROR_SUCCESS)
        describe(service);
    close_both(manager, service);
    return error;
}

/* ---- access ---- */

#define FAT_NOTE                                                                                   \
    "Note: this FAT volume keeps no access lists; everybody may change the program.\r\n"

static int fail_path(const char *what, const WCHAR *path, DWORD error) {
    static char words[PATH_UNITS * 3];
    path_print(path, words, sizeof words);
    return console_fail_error(what, words, error);
}

/* What KMRepair's folder may hold: it is made the administrators' alone, so it must not be somebody
 * else's as well, such as the KMS's own. */
static bool is_ours(const WCHAR *name) {
    /* With what follows: set-up has its .new and .old for a moment. */
    static const WCHAR *const starts[] = {L"kmrepair", L"README.txt", L"LICENSE.txt",
                                          L"uninstall.exe", L"docs"};
    WCHAR start[16];
    bool ours = lstrcmpiW(name, L".") == 0 || lstrcmpiW(name, L"..") == 0;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        (void)lstrcpynW(start, name, lstrlenW(starts[i]) + 1);
        ours = ours || lstrcmpiW(start, starts[i]) == 0;
    }
    return ours;
}

static int check_own(const WCHAR *program) {
    static WCHAR pattern[PATH_UNITS];
    char name[MAX_PATH * 3];
    WIN32_FIND_DATAW found;
    int code = 0;
    if (!path_beside(program, L"*", pattern))
        return fail_path("too long: ", program, ERROR_FILENAME_EXCED_RANGE);
    HANDLE list = FindFirstFileW(pattern, &found);
    if (list == INVALID_HANDLE_VALUE)
        return fail_path("can not look at ", pattern, GetLastError());
    do {
        if (!is_ours(found.cFileName)) {
            path_print(found.cFileName, name, sizeof name);
            code =
                console_fail("kmrepair.exe needs a folder of its own, which administrators alone "
                             "will have access to; in this one there is ",
                             name);
        }
    } while (code == 0 && FindNextFileW(list, &found));
    (void)FindClose(list);
    return code;
}

/* Refuses a file or folder that ordinary users may change; one that is not there is no matter. */
static int check_closed(const WCHAR *path) {
    static char words[PATH_UNITS * 3];
    char who[300];
    DWORD error = ERROR_SUCCESS;
    if (!access_is_open(path, who, sizeof who, &error)) {
        if (error == ERROR_SUCCESS || error == ERROR_FILE_NOT_FOUND ||
            error == ERROR_PATH_NOT_FOUND)
            return 0;
        return fail_path("can not tell who may change ", path, error);
    }
    path_print(path, words, sizeof words);
    (void)console_put(CONSOLE_ERROR, "kmrepair: ", words, " may be changed by ", who,
                      ", and with it the service; limit it to administrators first (see kmrepair "
                      "protect --help)\r\n",
                      NULL);
    return 2;
}

/* The files of the service, and the folders that they are in. */
enum place {
    PROGRAM_FOLDER,
    CONFIG_FOLDER,
    PROGRAM,
    CONFIG,
    JOURNAL,
    OLD_JOURNAL,
    NEW_JOURNAL,
    PLACES
};

static const WCHAR *place_of(const struct options *options, enum place place) {
    static WCHAR path[PATH_UNITS];
    static const WCHAR *const beside[PLACES] = {[PROGRAM_FOLDER] = L"",
                                                [CONFIG_FOLDER] = L"",
                                                [OLD_JOURNAL] = JOURNAL_OLD,
                                                [NEW_JOURNAL] = JOURNAL_NEW};
    const WCHAR *file = place == PROGRAM || place == PROGRAM_FOLDER ? options->program
                        : place == JOURNAL                          ? options->journal
                                                                    : options->config;
    /* It fits: a longer name in the same folder did. */
    if (beside[place] == NULL)
        return file;
    (void)path_beside(file, beside[place], path);
    return path;
}

/* Makes what is there the administrators' alone, and lets the service's account in. A folder with a
 * configuration that was named stays as it is. */
static int protect(const struct options *options, struct access_account *account) {
    static const struct access_rights rights[PLACES] = {
        [PROGRAM_FOLDER] = {FILE_GENERIC_READ | FILE_GENERIC_EXECUTE | FILE_ADD_FILE,
                            FILE_GENERIC_READ | FILE_GENERIC_EXECUTE,
                            FILE_GENERIC_READ | FILE_GENERIC_WRITE | DELETE},
        [CONFIG_FOLDER] = {FILE_GENERIC_READ | FILE_ADD_FILE, 0,
                           FILE_GENERIC_READ | FILE_GENERIC_WRITE | DELETE},
        [PROGRAM] = {FILE_GENERIC_READ | FILE_GENERIC_EXECUTE, 0, 0},
        [CONFIG] = {FILE_GENERIC_READ, 0, 0},
        [JOURNAL] = {FILE_GENERIC_READ | FILE_GENERIC_WRITE | DELETE, 0, 0},
        [OLD_JOURNAL] = {FILE_GENERIC_READ | FILE_GENERIC_WRITE | DELETE, 0, 0},
        [NEW_JOURNAL] = {FILE_GENERIC_READ | FILE_GENERIC_WRITE | DELETE, 0, 0}};
    for (enum place place = PROGRAM_FOLDER; place < PLACES; place++) {
        const WCHAR *path = place_of(options, place);
        DWORD error = ERROR_SUCCESS;
        if (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES ||
            (place == CONFIG_FOLDER && !options->has_config))
            continue;
        if (place != CONFIG_FOLDER)
            error = access_protect(path, place == PROGRAM_FOLDER ? ACCESS_FOLDER : ACCESS_FILE);
        if (error == ERROR_SUCCESS && account->has_sid)
            error = access_grant(path, account, &rights[place]);
        if (error != ERROR_SUCCESS)
            return fail_path("can not set the access list of ", path, error);
    }
    return 0;
}

static int check_access(const struct options *options) {
    int code = check_own(options->program);
    for (enum place place = PROGRAM_FOLDER; code == 0 && place < PLACES; place++)
        code = check_closed(place_of(options, place));
    return code;
}

/* ---- the account ---- */

enum { PASSWORD_UNITS = 257 };

/* A line from the standard input, not shown. */
static int ask_password(WCHAR password[PASSWORD_UNITS]) {
    static char line[PASSWORD_UNITS * 3];
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    DWORD mode = 0;
    DWORD got = 0;
    DWORD count = 0;
    bool good = true;
    if (GetConsoleMode(input, &mode)) {
        (void)console_put(CONSOLE_ERROR, "Password: ", NULL);
        good = SetConsoleMode(input, mode & ~(DWORD)ENABLE_ECHO_INPUT) &&
               ReadConsoleW(input, password, PASSWORD_UNITS - 1, &count, NULL);
        (void)SetConsoleMode(input, mode);
        (void)console_put(CONSOLE_ERROR, "\r\n", NULL);
    } else {
        while (good && got < sizeof line && (got == 0 || line[got - 1] != '\n')) {
            DWORD n = 0;
            good = ReadFile(input, line + got, 1, &n, NULL) || GetLastError() == ERROR_BROKEN_PIPE;
            if (n == 0)
                break;
            got++;
        }
        size_t units = text_to_utf16(line, got, password, PASSWORD_UNITS);
        good = good && units != (size_t)-1;
        count = (DWORD)units;
        SecureZeroMemory(line, sizeof line);
    }
    if (!good)
        return console_fail("the password can not be read", "");
    while (count > 0 && (password[count - 1] == L'\r' || password[count - 1] == L'\n'))
        count--;
    password[count] = L'\0';
    return 0;
}

/* Managed accounts, whose names end in `$`, have one that nobody knows. That of an account that is not
 * named stays as it is. */
static bool has_password(const struct options *options, const struct access_account *account) {
    return options->has_account && account->is_user &&
           options->account[lstrlenW(options->account) - 1] != L'$';
}

/* The account that is named, or that the service has. */
static int find_account(const struct options *options, struct access_account *account) {
    DWORD error = ERROR_SUCCESS;
    const QUERY_SERVICE_CONFIGW *registered = find_service(SERVICE_NAME, &error);
    const WCHAR *name = options->has_account ? options->account
                        : registered != NULL ? registered->lpServiceStartName
                                             : L"LocalSystem";
    error = access_find_account(name, account);
    return error == ERROR_SUCCESS ? 0 : fail_path("there is no account ", name, error);
}

/* What the account needs beside the program: to be a service, and to repair records. */
static int admit_account(struct access_account *account, const struct settings *settings) {
    static const struct access_rights rights = {FILE_GENERIC_READ,
                                                FILE_GENERIC_READ | FILE_GENERIC_WRITE, 0};
    static WCHAR folder[PATH_UNITS];
    char words[FIND_WORDS_BYTES];
    DWORD error = ERROR_SUCCESS;
    if (!account->has_sid)
        return 0;
    if (!config_is_absolute(settings->folder)) {
        (void)find_clients(NULL, words);
        return console_fail("the account can not get its rights on the Clients folder: ", words);
    }
    if (account->is_user)
        error = access_allow_service(account);
    if (error != ERROR_SUCCESS)
        return fail("the account can not get the right to log on as a service", error);
    error = path_extend(settings->folder, folder) != 0 ? access_grant(folder, account, &rights)
                                                       : ERROR_FILENAME_EXCED_RANGE;
    if (error != ERROR_SUCCESS)
        return console_fail_error("the account can not get its rights on ", settings->folder,
                                  error);
    return 0;
}

/* ---- all of it ---- */

static void print_installed(const struct options *options, const struct settings *settings) {
    static char config[PATH_UNITS * 3];
    static WCHAR folder[PATH_UNITS];
    char words[FIND_WORDS_BYTES];
    path_print(options->config, config, sizeof config);
    (void)console_put(CONSOLE_OUT, "Installed: service KMRepair, starts with Windows.\r\n",
                      "Configuration: ", config, "\r\nFolder: ", settings->folder, "\r\n", NULL);
    if (settings->automatic && !find_clients(NULL, words))
        (void)console_put(CONSOLE_OUT, "No Clients folder is found now: ", words,
                          ".\r\nThe service will look again.\r\n", NULL);
    else if (path_extend(settings->folder, folder) == 0 ||
             GetFileAttributesW(folder) == INVALID_FILE_ATTRIBUTES)
        (void)console_put(CONSOLE_OUT,
                          "There is no such folder now; the service will wait for it.\r\n", NULL);
    (void)console_put(CONSOLE_OUT, "Start it with: kmrepair start\r\n", NULL);
}

int install_protect(const struct options *options) {
    static struct access_account account;
    if (!access_is_kept(options->program)) {
        (void)console_put(CONSOLE_OUT, FAT_NOTE, NULL);
        return 1;
    }
    int code = check_own(options->program);
    if (code == 0)
        code = find_account(options, &account);
    if (code == 0)
        code = protect(options, &account);
    if (code == 0)
        (void)console_put(CONSOLE_OUT, "Only administrators have access to this folder now.\r\n",
                          NULL);
    return code;
}

int install_install(const struct options *options) {
    static WCHAR image[PATH_UNITS * 2];
    static WCHAR password[PASSWORD_UNITS];
    static struct settings settings;
    static struct access_account account;
    DWORD error = ERROR_SUCCESS;
    if (!image_path(options, image, sizeof image / sizeof image[0]))
        return console_fail("the paths of the program and its configuration are too long", "");
    int code = find_account(options, &account);
    bool is_kept = access_is_kept(options->program);
    if (!is_kept)
        (void)console_put(CONSOLE_OUT, FAT_NOTE, NULL);
    if (code == 0 && is_kept)
        code = check_access(options);
    if (code == 0 && has_password(options, &account))
        code = ask_password(password);
    if (code == 0)
        code = prepare_config(options, &settings);
    if (code == 0 && is_kept)
        code = protect(options, &account);
    if (code == 0 && options->has_account)
        code = admit_account(&account, &settings);
    if (code != 0)
        return code;
    error = events_register(options->program);
    if (error != ERROR_SUCCESS)
        return fail("the event source can not be registered", error);
    error = register_service(image, options->has_account ? options->account : NULL,
                             has_password(options, &account) ? password : NULL);
    SecureZeroMemory(password, sizeof password);
    if (error == ERROR_SERVICE_MARKED_FOR_DELETE)
        return console_fail("the service was removed but something still has it open: ",
                            "close the Services window, then install again");
    if (error != ERROR_SUCCESS)
        return fail("the service can not be registered", error);
    print_installed(options, &settings);
    return 0;
}

int install_uninstall(const struct options *options) {
    SC_HANDLE manager = NULL;
    SC_HANDLE service = NULL;
    bool was_running = false;
    int code = 0;
    (void)options;
    DWORD error = open_both(SC_MANAGER_CONNECT, SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE,
                            &manager, &service);
    if (error == ERROR_SERVICE_DOES_NOT_EXIST) {
        (void)console_put(CONSOLE_OUT, "The service KMRepair was not installed.\r\n", NULL);
    } else {
        if (error == ERROR_SUCCESS)
            error = stop(service, &was_running);
        if (error == ERROR_SUCCESS && !DeleteService(service))
            error = GetLastError();
        if (error != ERROR_SUCCESS)
            code = fail("the service can not be removed", error);
    }
    if (code == 0) {
        error = events_unregister();
        if (error != ERROR_SUCCESS)
            code = fail("the event source can not be removed", error);
        else
            (void)console_put(
                CONSOLE_OUT,
                "Removed: service and event source. The configuration and the journal "
                "are left where they are.\r\n",
                NULL);
    }
    close_both(manager, service);
    return code;
}

/* Why a service that was started has stopped again. */
static int explain_stop(const struct options *options, const SERVICE_STATUS *status) {
    struct settings settings;
    struct config_error error;
    if (status->dwWin32ExitCode != ERROR_SERVICE_SPECIFIC_ERROR)
        return fail("the service has stopped again", status->dwWin32ExitCode);
    if (status->dwServiceSpecificExitCode == SERVICE_EXIT_CONFIG &&
        !settings_load(options->config, &settings, &error))
        return console_fail_config(options, &error);
    return console_fail("the service has stopped again: ", "see event 1004 in the event log");
}

int install_start(const struct options *options) {
    SC_HANDLE manager = NULL;
    SC_HANDLE service = NULL;
    SERVICE_STATUS status;
    int code = 0;
    DWORD error =
        open_both(SC_MANAGER_CONNECT, SERVICE_START | SERVICE_QUERY_STATUS, &manager, &service);
    if (error == ERROR_SUCCESS && !StartServiceW(service, 0, NULL))
        error = GetLastError();
    if (error == ERROR_SERVICE_ALREADY_RUNNING)
        error = ERROR_SUCCESS;
    if (error == ERROR_SUCCESS)
        error = wait_settled(service, &status);
    if (error != ERROR_SUCCESS)
        code = fail("the service can not be started", error);
    else if (status.dwCurrentState == SERVICE_STOPPED)
        code = explain_stop(options, &status);
    else
        (void)console_put(CONSOLE_OUT, "The service KMRepair is running.\r\n", NULL);
    close_both(manager, service);
    return code;
}

int install_stop(const struct options *options) {
    SC_HANDLE manager = NULL;
    SC_HANDLE service = NULL;
    bool was_running = false;
    int code = 0;
    (void)options;
    DWORD error =
        open_both(SC_MANAGER_CONNECT, SERVICE_STOP | SERVICE_QUERY_STATUS, &manager, &service);
    if (error == ERROR_SUCCESS)
        error = stop(service, &was_running);
    if (error != ERROR_SUCCESS)
        code = fail("the service can not be stopped", error);
    else
        (void)console_put(CONSOLE_OUT, "The service KMRepair ",
                          was_running ? "has stopped.\r\n" : "was not running.\r\n", NULL);
    close_both(manager, service);
    return code;
}
