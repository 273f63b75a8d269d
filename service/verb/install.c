#include <string.h>

#include "config.h"
#include "console.h"
#include "events.h"
#include "find.h"
#include "resource.h"
#include "service.h"
#include "settings.h"
#include "text.h"
#include "verb/password.h"
#include "verb/secure.h"
#include "verb/verb.h"
#include "win/access.h"
#include "win/file.h"
#include "win/path.h"
#include "win/scm.h"
#include "win/spell.h"

#define DISPLAY_NAME L"KM Server Record Repair"
#define DESCRIPTION L"Repairs Key Management server records that are stuck (KB Q198709)."

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

static int write_config(const struct options *options, const struct settings *settings) {
    static char content[8192];
    static char path[PATH_UNITS * 3];
    static struct settings parsed;
    struct config_error refused;
    struct text text;
    text_begin(&text, content, sizeof content);
    if (!compose_config(settings, &text))
        return console_fail_error("cannot make the default configuration", "", GetLastError());
    /* Not without seeing that the service will take it. */
    if (!config_parse(content, text.length, &parsed, &refused))
        return console_fail("not a Folder for kmrepair.ini: ", refused.reason);
    DWORD error = file_write(options->config, CREATE_NEW, content, text.length);
    path_print(options->config, path, sizeof path);
    return error == ERROR_SUCCESS ? 0 : console_fail_error("cannot write ", path, error);
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

/* By whatever way they are written: with slashes, short names or in another case. */
static bool is_same_folder(const char *a, const char *b) {
    static struct spell spell;
    return spell_is_same(&spell, a, b);
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
    if (options->has_folder && !is_same_folder(options->folder, settings->folder))
        return fail_folder(options, settings);
    if (options->report_only && settings->repair)
        return console_fail("kmrepair.ini already says Repair = yes; ",
                            "edit it, then run install without --report-only");
    return 0;
}

typedef BOOL WINAPI change_config2(SC_HANDLE, DWORD, LPVOID);

/* False when Windows refuses it. A level that it does not know, which an older one says in one of
 * two ways, is a normal case. */
static bool change_level(change_config2 *change, SC_HANDLE service, DWORD level, const void *what) {
    if (change(service, level, (void *)what))
        return true;
    DWORD error = GetLastError();
    if (error == ERROR_INVALID_LEVEL || error == ERROR_INVALID_PARAMETER)
        return true;
    (void)console_fail_error("the service is registered, but Windows refused one of its settings",
                             "", error);
    return false;
}

/* Windows 2000 and later: a description, and a restart after a crash. A service that refused its
 * configuration is not restarted: that would only fill the log. Vista and later: no privilege
 * but the one that everybody has, and a SID of its own, by which an access list can name the
 * service. */
static void describe(SC_HANDLE service) {
    static const SC_ACTION actions[] = {
        {SC_ACTION_RESTART, 60000}, {SC_ACTION_RESTART, 60000}, {SC_ACTION_RESTART, 300000}};
    static const SERVICE_FAILURE_ACTIONSW failure = {24 * 60 * 60, NULL, NULL, 3,
                                                     (SC_ACTION *)actions};
    static const SERVICE_DESCRIPTIONW description = {(WCHAR *)DESCRIPTION};
    static const SERVICE_REQUIRED_PRIVILEGES_INFOW required = {
        (WCHAR *)L"SeChangeNotifyPrivilege\0"};
    static const SERVICE_SID_INFO own_sid = {SERVICE_SID_TYPE_UNRESTRICTED};
    static const struct {
        DWORD level;
        const void *what;
    } levels[] = {{SERVICE_CONFIG_DESCRIPTION, &description},
                  {SERVICE_CONFIG_FAILURE_ACTIONS, &failure},
                  {SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &required},
                  {SERVICE_CONFIG_SERVICE_SID_INFO, &own_sid}};
    change_config2 *change = (change_config2 *)(void *)GetProcAddress(
        GetModuleHandleW(L"advapi32.dll"), "ChangeServiceConfig2W");
    if (change == NULL)
        return;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (!change_level(change, service, levels[i].level, levels[i].what))
            return;
    }
}

/* Creates the service, or changes an existing one without touching its start type, and its account
 * only if one is named. */
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
        error = scm_open(SERVICE_NAME, SERVICE_CHANGE_CONFIG | SERVICE_START, &service);
        if (error == ERROR_SUCCESS &&
            !ChangeServiceConfigW(service, SERVICE_WIN32_OWN_PROCESS, SERVICE_NO_CHANGE,
                                  SERVICE_ERROR_NORMAL, image, NULL, NULL, NULL, account, password,
                                  DISPLAY_NAME))
            error = GetLastError();
    }
    if (error == ERROR_SUCCESS)
        describe(service);
    scm_close(service);
    return error;
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
        note = "There is no such folder now; the service waits for it.\r\n";
    return console_print(CONSOLE_OUT,
                         "Installed service KMRepair (automatic start), Repair = %s.\r\n"
                         "Configuration: %s\r\n"
                         "Folder: %s\r\n%s%sStart it with: kmrepair start\r\n",
                         settings->repair ? "yes" : "no", config, settings->folder, words, note)
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
        code = password_ask(password);
    if (code == 0)
        code = prepare_config(options, settings);
    if (code == 0)
        code = secure_apply(options, account);
    return code == 0 ? secure_admit(account, settings->folder) : code;
}

int verb_install(const struct options *options) {
    static WCHAR image[PATH_UNITS * 2];
    static WCHAR password[PASSWORD_UNITS];
    static struct settings settings;
    static struct access_account account;
    if (!image_path(options, image, sizeof image / sizeof image[0]))
        return console_fail("the path of the program or of its configuration is too long", "");
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE);
    if (manager == NULL)
        return verb_fail("cannot register the service", GetLastError());
    int code = prepare(options, &account, &settings, password);
    if (code != 0)
        goto out;
    code = 2;
    DWORD error = events_register(options->program);
    if (error != ERROR_SUCCESS) {
        (void)verb_fail("cannot register the event source", error);
        goto out;
    }
    error = register_service(manager, image, options->has_account ? options->account : NULL,
                             wants_password(options, &account) ? password : NULL);
    if (error == ERROR_SERVICE_MARKED_FOR_DELETE)
        (void)console_fail("the service was removed, but a program still has it open: ",
                           "close the Services window, then install again");
    else if (error != ERROR_SUCCESS)
        (void)verb_fail("cannot register the service", error);
    else
        code = print_installed(options, &settings);
out:
    SecureZeroMemory(password, sizeof password);
    scm_close(manager);
    return code;
}
