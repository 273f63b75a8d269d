#include "install.h"

#include <string.h>

#include "console.h"
#include "events.h"
#include "find.h"
#include "host_win.h"
#include "path.h"
#include "resource.h"
#include "secure.h"
#include "service.h"
#include "settings.h"
#include "text.h"

#define DISPLAY_NAME L"KM Server Record Repair"
#define DESCRIPTION L"Repairs Key Management server records that are stuck (KB Q198709)."

enum { WAIT_MS = 30000, POLL_MS = 50 };

/* ---- the SCM ---- */

static int fail(const char *what, DWORD error) {
    if (error == ERROR_ACCESS_DENIED)
        return console_fail(what, ": it takes an administrator's rights (error 5)");
    return console_fail_error(what, "", error);
}

static void say(const char *state) {
    (void)console_print(CONSOLE_OUT, "The service KMRepair %s.\r\n", state);
}

static void close_handle(SC_HANDLE handle) {
    if (handle != NULL)
        (void)CloseServiceHandle(handle);
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
    SC_HANDLE service = NULL;
    SERVICE_STATUS status;
    DWORD error = find_open(SERVICE_NAME, SERVICE_QUERY_STATUS, &service);
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
    close_handle(service);
    return error;
}

/* ---- install ---- */

/* The configuration of a service with this command line: what follows --config, else kmrepair.ini
 * beside its program. */
static bool registered_config(const WCHAR *image, WCHAR to[PATH_UNITS]) {
    WCHAR *words[OPTIONS_WORDS];
    int count = options_split(image, words);
    bool found = false;
    for (int i = 1; i + 1 < count; i++) {
        if (lstrcmpiW(words[i], L"--config") == 0 && lstrlenW(words[i + 1]) < PATH_UNITS) {
            (void)lstrcpynW(to, words[i + 1], PATH_UNITS);
            found = true;
        }
    }
    if (!found && count > 0)
        found = path_beside(words[0], L"kmrepair.ini", to);
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
    static char path[PATH_UNITS * 3];
    static struct settings parsed;
    struct config_error refused;
    struct text text;
    text_begin(&text, content, sizeof content);
    if (!compose_config(settings, &text))
        return console_fail_error("the default configuration can not be made", "", GetLastError());
    /* Not without seeing that the service will take it. */
    if (!config_parse(content, text.length, &parsed, &refused))
        return console_fail("this can not be the Folder of a configuration: ", refused.reason);
    DWORD error = host_win_write_file(options->config, CREATE_NEW, content, text.length);
    path_print(options->config, path, sizeof path);
    return error == ERROR_SUCCESS ? 0 : console_fail_error("can not write ", path, error);
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
    if (options->has_folder && !text_same(options->folder, settings->folder))
        return console_fail("there is a configuration, and its Folder is another one: ",
                            "change it there, then install without --folder");
    if (options->report_only && settings->repair)
        return console_fail("there is a configuration, and it says Repair = yes: ",
                            "change it there, then install without --report-only");
    return 0;
}

typedef BOOL WINAPI change_config2(SC_HANDLE, DWORD, LPVOID);

/* Windows 2000 and later: a description, and a restart after a crash. A service that refused its
 * configuration is not restarted: that would only fill the log. Vista and later: no privilege but the
 * one that everybody has, and a SID of its own, by which an access list can name the service. */
static void describe(SC_HANDLE service) {
    static const SC_ACTION actions[] = {
        {SC_ACTION_RESTART, 60000}, {SC_ACTION_RESTART, 60000}, {SC_ACTION_RESTART, 300000}};
    static const SERVICE_FAILURE_ACTIONSW failure = {24 * 60 * 60, NULL, NULL, 3,
                                                     (SC_ACTION *)actions};
    static const SERVICE_DESCRIPTIONW description = {(WCHAR *)DESCRIPTION};
    static const SERVICE_REQUIRED_PRIVILEGES_INFOW required = {
        (WCHAR *)L"SeChangeNotifyPrivilege\0"};
    static const SERVICE_SID_INFO own_sid = {SERVICE_SID_TYPE_UNRESTRICTED};
    change_config2 *change = (change_config2 *)(void *)GetProcAddress(
        GetModuleHandleW(L"advapi32.dll"), "ChangeServiceConfig2W");
    if (change == NULL)
        return;
    if (!change(service, SERVICE_CONFIG_DESCRIPTION, (void *)&description) ||
        !change(service, SERVICE_CONFIG_FAILURE_ACTIONS, (void *)&failure) ||
        ((!change(service, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, (void *)&required) ||
          !change(service, SERVICE_CONFIG_SERVICE_SID_INFO, (void *)&own_sid)) &&
         GetLastError() != ERROR_INVALID_LEVEL))
        (void)console_fail_error("the service was not described to Windows in full", "",
                                 GetLastError());
}

/* Creates the service, or changes an existing one without touching its start type, and its account only
 * if one is named. */
static DWORD register_service(SC_HANDLE manager, const WCHAR *image, const WCHAR *account,
                              const WCHAR *password) {
    DWORD error = ERROR_SUCCESS;
    SC_HANDLE service = CreateServiceW(
        manager, SERVICE_NAME, DISPLAY_NAME, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS,
        SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, image, NULL, NULL, NULL, account, password);
    if (service == NULL)
        error = GetLastError();
    if (error == ERROR_SERVICE_EXISTS) {
        /* SERVICE_START is what a restart as a failure action asks for. */
        error = find_open(SERVICE_NAME, SERVICE_CHANGE_CONFIG | SERVICE_START, &service);
        if (error == ERROR_SUCCESS &&
            !ChangeServiceConfigW(service, SERVICE_WIN32_OWN_PROCESS, SERVICE_NO_CHANGE,
                                  SERVICE_ERROR_NORMAL, image, NULL, NULL, NULL, account, password,
                                  DISPLAY_NAME))
            error = GetLastError();
    }
    if (error == ERROR_SUCCESS)
        describe(service);
    close_handle(service);
    return error;
}

/* ---- the account's password ---- */

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
        (void)console_print(CONSOLE_ERROR, "Password: ");
        good = SetConsoleMode(input, mode & ~(DWORD)ENABLE_ECHO_INPUT) &&
               ReadConsoleW(input, password, PASSWORD_UNITS - 1, &count, NULL);
        (void)SetConsoleMode(input, mode);
        (void)console_print(CONSOLE_ERROR, "\r\n");
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

/* ---- all of it ---- */

static int print_installed(const struct options *options, const struct settings *settings) {
    static char config[PATH_UNITS * 3];
    char words[FIND_WORDS_BYTES];
    const char *note = "";
    words[0] = '\0';
    path_print(options->config, config, sizeof config);
    if (!config_is_absolute(settings->folder) && !find_clients(NULL, words))
        note = "\r\nThe service will look again.\r\n";
    else if (!path_is_folder(settings->folder))
        note = "There is no such folder now; the service will wait for it.\r\n";
    return console_print(CONSOLE_OUT,
                         "Installed: service KMRepair, starts with Windows unless changed.\r\n"
                         "Configuration: %s\r\n"
                         "Folder: %s\r\n%s%sStart it with: kmrepair start\r\n",
                         config, settings->folder, words, note)
               ? 0
               : 2;
}

/* Managed accounts, whose names end in `$`, have a password that nobody knows. */
static bool wants_password(const struct options *options, const struct access_account *account) {
    return options->has_account && account->is_user &&
           options->account[lstrlenW(options->account) - 1] != L'$';
}

/* Everything that can be refused comes before the first thing that is changed. */
static int prepare(const struct options *options, struct access_account *account,
                   struct settings *settings, WCHAR password[PASSWORD_UNITS]) {
    int code = secure_check(options, account);
    if (code == 0 && wants_password(options, account))
        code = ask_password(password);
    if (code == 0)
        code = prepare_config(options, settings);
    if (code == 0)
        code = secure_apply(options, account);
    return code == 0 ? secure_admit(account, settings->folder) : code;
}

int install_install(const struct options *options) {
    static WCHAR image[PATH_UNITS * 2];
    static WCHAR password[PASSWORD_UNITS];
    static struct settings settings;
    static struct access_account account;
    if (!image_path(options, image, sizeof image / sizeof image[0]))
        return console_fail("the path of the program or of its configuration is too long", "");
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE);
    if (manager == NULL)
        return fail("the service can not be registered", GetLastError());
    int code = prepare(options, &account, &settings, password);
    if (code != 0)
        goto out;
    code = 2;
    DWORD error = events_register(options->program);
    if (error != ERROR_SUCCESS) {
        (void)fail("the event source can not be registered", error);
        goto out;
    }
    error = register_service(manager, image, options->has_account ? options->account : NULL,
                             wants_password(options, &account) ? password : NULL);
    if (error == ERROR_SERVICE_MARKED_FOR_DELETE)
        (void)console_fail("the service was removed but something still has it open: ",
                           "close the Services window, then install again");
    else if (error != ERROR_SUCCESS)
        (void)fail("the service can not be registered", error);
    else
        code = print_installed(options, &settings);
out:
    SecureZeroMemory(password, sizeof password);
    close_handle(manager);
    return code;
}

int install_uninstall(const struct options *options) {
    SC_HANDLE service = NULL;
    bool was_running = false;
    int code = 0;
    (void)options;
    DWORD error = find_open(SERVICE_NAME, SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE, &service);
    bool was_there = error != ERROR_SERVICE_DOES_NOT_EXIST;
    if (error == ERROR_SUCCESS)
        error = stop(service, &was_running);
    if (error == ERROR_SUCCESS && !DeleteService(service))
        error = GetLastError();
    if (was_there && error != ERROR_SUCCESS)
        code = fail("the service can not be removed", error);
    if (code == 0) {
        error = events_unregister();
        if (error != ERROR_SUCCESS)
            code = fail("the event source can not be removed", error);
        else if (!was_there)
            say("was not installed");
        else
            (void)console_print(
                CONSOLE_OUT,
                "Removed: service and event source. Configuration and journal stay.\r\n");
    }
    close_handle(service);
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
    return console_fail("the service has stopped again", "; see event 1004 in the event log");
}

int install_start(const struct options *options) {
    SC_HANDLE service = NULL;
    SERVICE_STATUS status;
    int code = 0;
    DWORD error = find_open(SERVICE_NAME, SERVICE_START | SERVICE_QUERY_STATUS, &service);
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
        say("is running");
    close_handle(service);
    return code;
}

int install_stop(const struct options *options) {
    SC_HANDLE service = NULL;
    bool was_running = false;
    int code = 0;
    (void)options;
    DWORD error = find_open(SERVICE_NAME, SERVICE_STOP | SERVICE_QUERY_STATUS, &service);
    if (error == ERROR_SUCCESS)
        error = stop(service, &was_running);
    if (error != ERROR_SUCCESS)
        code = fail("the service can not be stopped", error);
    else
        say(was_running ? "has stopped" : "was not running");
    close_handle(service);
    return code;
}
