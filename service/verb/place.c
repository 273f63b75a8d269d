/* SPDX-License-Identifier: MIT */
#include "verb/place.h"

#include "console.h"
#include "guarded.h"
#include "journal_file.h"
#include "win/file.h"
#include "win/path.h"

const WCHAR *const place_names[PLACES] = {
    [PROGRAM] = L"kmrepair.exe",      [README] = L"README.txt",   [GUIDE] = L"OPERATIONS.txt",
    [EVENTS] = L"EVENTS.txt",         [LICENCE] = L"LICENSE.txt", [NOTICES] = L"THIRD-PARTY.txt",
    [UNINSTALLER] = L"uninstall.exe", [CONFIG] = L"kmrepair.ini", [JOURNAL] = L"kmrepair.jnl",
    [OLD_JOURNAL] = JOURNAL_OLD,      [NEW_JOURNAL] = JOURNAL_NEW};

void place_folder(const WCHAR *file, WCHAR to[PATH_UNITS]) {
    /* It fits: the name of the file did. */
    (void)path_beside(file, L"", to);
    int length = lstrlenW(to);
    if (length > (int)sizeof "C:\\" - 1)
        to[length - 1] = L'\0';
}

int place_fail(const char *what, const WCHAR *path, DWORD error) {
    return console_fail_error(what, path_words(path), error);
}

int place_refuse(const char *before, const WCHAR *path, const char *after) {
    (void)console_print(CONSOLE_ERROR, "kmrepair: %s%s%s\r\n", before, path_words(path), after);
    return 2;
}

/* ---- what is in it ---- */

/* A second name of a file would get its access list as well. */
static bool has_one_name(const WCHAR *path) {
    struct file_identity identity;
    DWORD links = 0;
    HANDLE file = CreateFileW(
        path, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
        FILE_FLAG_OPEN_REPARSE_POINT | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return false;
    (void)file_identify(file, &identity, NULL, &links);
    (void)CloseHandle(file);
    return links == 1;
}

/* Whether it has the name of a file of KMRepair's; set-up has `.new` and `.old` for a moment, and
 * the journal in its turn. */
GUARDED static bool is_our_name(const WCHAR *found) {
    WCHAR name[MAX_PATH];
    (void)lstrcpynW(name, found, MAX_PATH);
    if (path_ends_in(name, L".new") || path_ends_in(name, L".old"))
        name[lstrlenW(name) - 4] = L'\0';
    for (enum place place = PROGRAM; place <= JOURNAL; place++) {
        if (lstrcmpiW(name, place_names[place]) == 0)
            return true;
    }
    return false;
}

/* What Windows would run, load, or be led elsewhere by (`kmrepair.exe.local`). */
static bool is_program(const WCHAR *name) {
    static const WCHAR ends[] = L".exe\0.dll\0.com\0.bat\0.cmd\0.ocx\0.sys\0.local\0.manifest\0."
                                L"config\0.cpl\0.drv\0.scr\0.pif\0";
    for (const WCHAR *end = ends; *end != L'\0'; end += lstrlenW(end) + 1) {
        if (path_ends_in(name, end))
            return true;
    }
    return false;
}

struct looking {
    const WCHAR *program;
    const struct access_account *registered;
    bool is_open; /* the folder itself, to others */
};

static int check_entry(const struct looking *look, const WIN32_FIND_DATAW *found) {
    static WCHAR path[PATH_UNITS];
    const DWORD no_file = FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT;
    const WCHAR *name = found->cFileName;
    DWORD error = ERROR_SUCCESS;
    if (lstrcmpiW(name, L".") == 0 || lstrcmpiW(name, L"..") == 0)
        return 0;
    if (!path_beside(look->program, name, path))
        return place_fail("cannot look at ", name, ERROR_FILENAME_EXCED_RANGE);
    if (is_our_name(name))
        return (found->dwFileAttributes & no_file) == 0 && has_one_name(path)
                   ? 0
                   : place_refuse("", name,
                                  " is not a file of KMRepair's own; remove it from its folder");
    if (is_program(name))
        return place_refuse("another program or DLL is in the folder of kmrepair.exe: ", name,
                            "; move it elsewhere");
    if (look->is_open || (found->dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 ||
        access_open_to(path, ACCESS_CHANGE, look->registered, &error) != NULL)
        return place_refuse("kmrepair.exe needs a folder of its own; in this one there is ", name,
                            "");
    return error == ERROR_SUCCESS || error == ERROR_FILE_NOT_FOUND
               ? 0
               : place_fail("cannot tell who may change ", path, error);
}

int place_check(const struct options *options, const struct access_account *registered) {
    static WCHAR path[PATH_UNITS];
    struct looking look = {options->program, registered, false};
    WIN32_FIND_DATAW found;
    DWORD error = ERROR_SUCCESS;
    int code = 0;
    place_folder(options->program, path);
    look.is_open = access_open_to(path, ACCESS_CHANGE, registered, &error) != NULL;
    if (error == ERROR_FILE_NOT_FOUND)
        return 0;
    if (error != ERROR_SUCCESS)
        return place_fail("cannot tell who may change ", path, error);
    HANDLE list = path_beside(options->program, L"*", path) ? FindFirstFileW(path, &found)
                                                            : INVALID_HANDLE_VALUE;
    if (list == INVALID_HANDLE_VALUE)
        return GetLastError() == ERROR_FILE_NOT_FOUND
                   ? 0
                   : place_fail("cannot look at ", path, GetLastError());
    do {
        code = check_entry(&look, &found);
    } while (code == 0 && FindNextFileW(list, &found));
    (void)FindClose(list);
    return code;
}

/* ---- making it ---- */

int place_make(const struct options *options) {
    static WCHAR folder[PATH_UNITS];
    DWORD error = ERROR_SUCCESS;
    place_folder(options->program, folder);
    size_t end = (size_t)lstrlenW(folder);
    for (size_t at = path_root(folder); error == ERROR_SUCCESS && at <= end; at++) {
        const WCHAR next = folder[at];
        if (next != L'\\' && next != L'\0')
            continue;
        folder[at] = L'\0';
        if (!path_has(folder, FILE_ATTRIBUTE_DIRECTORY))
            error = access_make_folder(folder);
        if (error == ERROR_SUCCESS)
            folder[at] = next;
    }
    return error == ERROR_SUCCESS ? 0 : place_fail("cannot make the folder ", folder, error);
}

/* ---- what is above ---- */

/* Cuts the last part off. False when it is the root of a drive or share. The backslash stays at that of
 * a drive. */
static bool cut_last(WCHAR *folder) {
    size_t root = path_root(folder);
    size_t end = (size_t)lstrlenW(folder);
    if (end <= root)
        return false;
    while (end > root && folder[end] != L'\\')
        end--;
    folder[end == root && folder[0] == L'\\' ? end - 1 : end] = L'\0';
    return true;
}

int place_tell_above(const WCHAR *folder, const struct access_account *registered) {
    static WCHAR above[PATH_UNITS];
    static char below[PATH_UNITS * 3];
    DWORD error = ERROR_SUCCESS;
    bool written = true;
    (void)lstrcpynW(above, folder, PATH_UNITS);
    path_print(folder, below, sizeof below);
    while (written && cut_last(above)) {
        bool is_root = above[lstrlenW(above) - 1] == L'\\';
        const char *who =
            access_open_to(above, is_root ? ACCESS_RENAME_ROOT : ACCESS_RENAME, registered, &error);
        /* What cannot be told is passed over: nothing depends on it. */
        if (who == NULL)
            continue;
        written = console_print(CONSOLE_OUT,
                                "Note: %s can rename or replace %s, because of the access list of "
                                "%s; limit that if you can.\r\n",
                                who, below, path_words(above));
    }
    return written ? 0 : 2;
}
