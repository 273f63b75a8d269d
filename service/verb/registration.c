/* SPDX-License-Identifier: MIT */
#include "verb/registration.h"

#include <string.h>

#include "console.h"
#include "events.h"
#include "service.h"
#include "text.h"
#include "verb/place.h"
#include "verb/verb.h"
#include "win/expand.h"
#include "win/path.h"
#include "win/scm.h"

#define DISPLAY_NAME L"KM Server Record Repair"
#define DESCRIPTION L"Repairs Key Management server records that are stuck (KB Q198709)."

/* ---- what is registered ---- */

static bool is_file(const WCHAR *path) {
    DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0;
}

/* The first beginning of a command line up to a blank that is a file, or else has the name of a
 * program. Returns its length, 0 if there is none. */
static size_t unquoted_length(const WCHAR *line, bool by_name, WCHAR path[PATH_UNITS]) {
    for (size_t i = 0; i + 1 < PATH_UNITS; i++) {
        bool end = line[i] == L' ' || line[i] == L'\t' || line[i] == L'\0';
        path[i] = L'\0';
        if (end && i > 0 && (by_name ? path_ends_in(path, L".exe") : is_file(path)))
            return i;
        if (line[i] == L'\0')
            return 0;
        path[i] = line[i];
    }
    return 0;
}

bool registration_program(const WCHAR *image, WCHAR program[PATH_UNITS], const WCHAR **rest) {
    static WCHAR line[PATH_UNITS * 2];
    DWORD got = ExpandEnvironmentStringsW(image, line, sizeof line / sizeof *line);
    if (got == 0 || got > sizeof line / sizeof *line)
        return false;
    size_t start = line[0] == L'"' ? 1 : 0;
    size_t length = 0;
    if (start == 0)
        length = unquoted_length(line, false, program);
    if (start == 0 && length == 0)
        length = unquoted_length(line, true, program);
    if (length == 0) {
        const WCHAR end = start > 0 ? L'"' : L' ';
        while (line[start + length] != L'\0' && line[start + length] != end)
            length++;
    }
    if (length == 0 || length >= PATH_UNITS)
        return false;
    (void)lstrcpynW(program, line + start, (int)length + 1);
    *rest = line + start + length + (line[start + length] == L'"' ? 1 : 0);
    return true;
}

bool registration_find(WCHAR program[PATH_UNITS], const WCHAR **rest) {
    DWORD error = ERROR_SUCCESS;
    const QUERY_SERVICE_CONFIGW *registered = scm_config(SERVICE_NAME, &error);
    return registered != NULL && registration_program(registered->lpBinaryPathName, program, rest);
}

/* ---- what is to be registered ---- */

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

static int fail_service(DWORD error) {
    if (error == ERROR_SERVICE_MARKED_FOR_DELETE)
        return console_fail("the service was removed, but a program still has it open: ",
                            "close the Services window, then install again");
    return verb_fail("cannot register the service", error);
}

static int check_path(const WCHAR *path) {
    if (expand_has_variable(path_words(path)))
        return place_refuse("Windows would expand the variable in ", path,
                            " when it starts the service; use a path without it");
    return 0;
}

static bool has_semicolon(const WCHAR *path) {
    while (*path != L'\0' && *path != L';')
        path++;
    return *path == L';';
}

/* A change of nothing: refused like any other if the service may not be changed. */
static int check_service(void) {
    SC_HANDLE service = NULL;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE);
    if (manager == NULL)
        return fail_service(GetLastError());
    scm_close(manager);
    DWORD error = scm_open(SERVICE_NAME, SERVICE_CHANGE_CONFIG | SERVICE_START, &service);
    if (error == ERROR_SERVICE_DOES_NOT_EXIST)
        return 0;
    if (error == ERROR_SUCCESS)
        error = scm_change(service, NULL, NULL, NULL, NULL);
    scm_close(service);
    return error == ERROR_SUCCESS ? 0 : fail_service(error);
}

int registration_check(const struct options *options) {
    static WCHAR image[PATH_UNITS * 2];
    if (!image_path(options, image, sizeof image / sizeof image[0]))
        return console_fail("the path of the program or of its configuration is too long", "");
    int code = check_path(options->program);
    if (code == 0 && options->has_config)
        code = check_path(options->config);
    if (code == 0 && has_semicolon(options->program))
        code = place_refuse("the event log would take ", options->program,
                            " for two paths; use a folder without a semicolon in its path");
    return code == 0 ? check_service() : code;
}

/* ---- registering ---- */

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

static DWORD create_service(const WCHAR *image, const WCHAR *account, const WCHAR *password,
                            SC_HANDLE *service) {
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE);
    if (manager == NULL)
        return GetLastError();
    DWORD begun = GetTickCount();
    DWORD error = ERROR_SUCCESS;
    do {
        *service = CreateServiceW(manager, SERVICE_NAME, DISPLAY_NAME, SERVICE_ALL_ACCESS,
                                  SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START,
                                  SERVICE_ERROR_NORMAL, image, NULL, NULL, NULL, account, password);
        error = *service != NULL ? ERROR_SUCCESS : GetLastError();
    } while (scm_is_locked(error, begun));
    scm_close(manager);
    return error;
}

static DWORD register_service(const WCHAR *image, const WCHAR *account, const WCHAR *password) {
    SC_HANDLE service = NULL;
    DWORD error = create_service(image, account, password, &service);
    if (error == ERROR_SERVICE_EXISTS) {
        /* SERVICE_START is what a restart as a failure action asks for. */
        error = scm_open(SERVICE_NAME, SERVICE_CHANGE_CONFIG | SERVICE_START, &service);
        if (error == ERROR_SUCCESS)
            error = scm_change(service, image, account, password, DISPLAY_NAME);
    }
    if (error == ERROR_SUCCESS)
        describe(service);
    scm_close(service);
    return error;
}

int registration_make(const struct options *options, const WCHAR *password) {
    static WCHAR image[PATH_UNITS * 2];
    static WCHAR before[PATH_UNITS];
    const WCHAR *rest = NULL;
    /* It fits: it was checked. */
    (void)image_path(options, image, sizeof image / sizeof image[0]);
    DWORD error = events_register(options->program);
    if (error != ERROR_SUCCESS)
        return verb_fail("cannot register the event source", error);
    error = register_service(image, options->has_account ? options->account : NULL, password);
    if (error == ERROR_SUCCESS)
        return 0;
    /* The event source as it was: that of the program that is still registered, if any. */
    (void)(registration_find(before, &rest) ? events_register(before) : events_unregister());
    return fail_service(error);
}
