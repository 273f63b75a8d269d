/* SPDX-License-Identifier: MIT */
#include "win/expand.h"

#include <string.h>

#define SYSTEM L"SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment"
#define NT L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
#define SETUP L"SOFTWARE\\Microsoft\\Windows\\CurrentVersion"
#define PROFILES NT L"\\ProfileList"

/* What Windows sets besides: NAME, and where it has the value from. */
static const struct known {
    const WCHAR *name;
    const WCHAR *key;
    const WCHAR *value;
} knowns[] = {{L"SystemRoot", NT, L"SystemRoot"},
              {L"SystemDrive", NT, L"SystemRoot"}, /* its first two characters */
              {L"ProgramFiles", SETUP, L"ProgramFilesDir"},
              {L"ProgramFiles(x86)", SETUP, L"ProgramFilesDir (x86)"},
              {L"ProgramW6432", SETUP, L"ProgramW6432Dir"},
              {L"CommonProgramFiles", SETUP, L"CommonFilesDir"},
              {L"CommonProgramFiles(x86)", SETUP, L"CommonFilesDir (x86)"},
              {L"CommonProgramW6432", SETUP, L"CommonW6432Dir"},
              {L"ProgramData", PROFILES, L"ProgramData"},
              {L"ALLUSERSPROFILE", PROFILES, L"ProgramData"},
              {L"PUBLIC", PROFILES, L"Public"}};

enum { VALUE_UNITS = 520 };

/* A string of the registry; `*type` is REG_SZ or REG_EXPAND_SZ. */
static bool read_value(const WCHAR *key, const WCHAR *name, WCHAR value[VALUE_UNITS], DWORD *type) {
    HKEY opened = NULL;
    DWORD size = (VALUE_UNITS - 1) * sizeof *value;
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, key, 0, KEY_QUERY_VALUE, &opened) != ERROR_SUCCESS)
        return false;
    LONG error = RegQueryValueExW(opened, name, NULL, type, (BYTE *)value, &size);
    (void)RegCloseKey(opened);
    value[error == ERROR_SUCCESS ? size / sizeof *value : 0] = L'\0';
    return error == ERROR_SUCCESS && (*type == REG_SZ || *type == REG_EXPAND_SZ);
}

static bool find_known(const WCHAR *name, WCHAR value[VALUE_UNITS], DWORD *type) {
    for (size_t i = 0; i < sizeof knowns / sizeof knowns[0]; i++) {
        const struct known *known = &knowns[i];
        if (lstrcmpiW(name, known->name) != 0)
            continue;
        bool found = read_value(known->key, known->value, value, type);
        if (found && lstrcmpiW(name, L"SystemDrive") == 0)
            value[2] = L'\0';
        return found;
    }
    return false;
}

/* The name between this percent sign and the next; 0 when it stands for itself. Returns its length,
 * and `name` is empty when it is too long for any variable. */
static size_t name_at(const WCHAR *path, WCHAR name[EXPAND_NAME_UNITS]) {
    size_t length = 0;
    if (path[0] != L'%')
        return 0;
    while (path[1 + length] != L'%') {
        if (path[1 + length] == L'\0')
            return 0;
        length++;
    }
    (void)lstrcpynW(name, path + 1,
                    length < EXPAND_NAME_UNITS ? (int)length + 1 : EXPAND_NAME_UNITS);
    return length;
}

bool expand_has_variable(const WCHAR *path, WCHAR name[EXPAND_NAME_UNITS]) {
    for (; *path != L'\0'; path++) {
        if (name_at(path, name) > 0)
            return true;
        /* Of two in a row the second does not begin a name. */
        if (path[0] == L'%' && path[1] == L'%')
            path++;
    }
    return false;
}

static bool append(WCHAR *to, size_t units, size_t *length, const WCHAR *from, size_t count) {
    if (*length + count >= units)
        return false;
    memcpy(to + *length, from, count * sizeof *to);
    *length += count;
    to[*length] = L'\0';
    return true;
}

/* The value of a variable. `type` is what the registry says of it. */
typedef bool find_value(const WCHAR *name, WCHAR value[VALUE_UNITS], DWORD *type);

static enum expand_result expand(const WCHAR *path, WCHAR *to, size_t units,
                                 WCHAR name[EXPAND_NAME_UNITS], find_value *find) {
    WCHAR value[VALUE_UNITS];
    size_t length = 0;
    DWORD type = REG_NONE;
    while (*path != L'\0') {
        size_t of_name = name_at(path, name);
        size_t plain = path[0] == L'%' && path[1] == L'%' ? 2 : 1;
        if (of_name > 0 && !find(name, value, &type))
            return EXPAND_UNKNOWN;
        if (!append(to, units, &length, of_name > 0 ? value : path,
                    of_name > 0 ? (size_t)lstrlenW(value) : plain))
            return EXPAND_TOO_LONG;
        path += of_name > 0 ? of_name + 2 : plain;
    }
    return EXPAND_DONE;
}

/* One that Windows sets, or one of the system's. Either may be written by means of the former. */
static bool find_any(const WCHAR *name, WCHAR value[VALUE_UNITS], DWORD *type) {
    WCHAR raw[VALUE_UNITS];
    WCHAR inner[EXPAND_NAME_UNITS];
    if (!find_known(name, raw, type) && !read_value(SYSTEM, name, raw, type))
        return false;
    if (*type == REG_EXPAND_SZ)
        return expand(raw, value, VALUE_UNITS, inner, find_known) == EXPAND_DONE;
    (void)lstrcpynW(value, raw, VALUE_UNITS);
    return true;
}

enum expand_result expand_path(const WCHAR *path, WCHAR *to, size_t units,
                               WCHAR name[EXPAND_NAME_UNITS]) {
    if (units == 0)
        return EXPAND_TOO_LONG;
    to[0] = L'\0';
    return expand(path, to, units, name, find_any);
}
