/* SPDX-License-Identifier: MIT */
#include "win/expand.h"

#include <string.h>

#include "guarded.h"
#include "text.h"

#define SYSTEM "SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment"
#define NT "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
#define SETUP "SOFTWARE\\Microsoft\\Windows\\CurrentVersion"
#define PROFILES NT "\\ProfileList"

/* What Windows sets besides: NAME, and where it has the value from. */
static const struct known {
    const char *name;
    const char *key;
    const char *value;
} knowns[] = {{"SystemRoot", NT, "SystemRoot"},
              {"SystemDrive", NT, "SystemRoot"}, /* its first two characters */
              {"ProgramFiles", SETUP, "ProgramFilesDir"},
              {"ProgramFiles(x86)", SETUP, "ProgramFilesDir (x86)"},
              {"ProgramW6432", SETUP, "ProgramW6432Dir"},
              {"CommonProgramFiles", SETUP, "CommonFilesDir"},
              {"CommonProgramFiles(x86)", SETUP, "CommonFilesDir (x86)"},
              {"CommonProgramW6432", SETUP, "CommonW6432Dir"},
              {"ProgramData", PROFILES, "ProgramData"},
              {"ALLUSERSPROFILE", PROFILES, "ProgramData"},
              {"PUBLIC", PROFILES, "Public"}};

enum { VALUE_UNITS = 520, VALUE_BYTES = VALUE_UNITS * 3 };

/* A string of the registry; `*type` is REG_SZ or REG_EXPAND_SZ. */
GUARDED static bool read_value(const char *key, const char *name, char value[VALUE_BYTES],
                               DWORD *type) {
    WCHAR units[VALUE_UNITS];
    WCHAR wanted[EXPAND_NAME_BYTES];
    HKEY opened = NULL;
    DWORD size = (VALUE_UNITS - 1) * sizeof *units;
    if (text_to_utf16(name, strlen(name), wanted, EXPAND_NAME_BYTES) == (size_t)-1 ||
        text_to_utf16(key, strlen(key), units, VALUE_UNITS) == (size_t)-1 ||
        RegOpenKeyExW(HKEY_LOCAL_MACHINE, units, 0, KEY_QUERY_VALUE, &opened) != ERROR_SUCCESS)
        return false;
    LONG error = RegQueryValueExW(opened, wanted, NULL, type, (BYTE *)units, &size);
    (void)RegCloseKey(opened);
    if (error != ERROR_SUCCESS || (*type != REG_SZ && *type != REG_EXPAND_SZ))
        return false;
    units[size / sizeof *units] = L'\0';
    (void)text_from_utf16(units, (size_t)lstrlenW(units), value, VALUE_BYTES);
    return true;
}

static bool find_known(const char *name, char value[VALUE_BYTES], DWORD *type) {
    for (size_t i = 0; i < sizeof knowns / sizeof knowns[0]; i++) {
        const struct known *known = &knowns[i];
        if (!text_same(name, known->name))
            continue;
        bool found = read_value(known->key, known->value, value, type);
        if (found && text_same(name, "SystemDrive"))
            value[2] = '\0';
        return found;
    }
    return false;
}

/* How long the name between this percent sign and the next is; 0 when it stands for itself. */
static size_t name_length(const char *path) {
    const char *end = path[0] == '%' ? strchr(path + 1, '%') : NULL;
    return end != NULL ? (size_t)(end - path) - 1 : 0;
}

/* How much stands for itself: of two percent signs in a row the second does not begin a name. */
static size_t plain_length(const char *path) {
    return path[0] == '%' && path[1] == '%' ? 2 : 1;
}

bool expand_has_variable(const char *path) {
    for (; *path != '\0'; path += plain_length(path)) {
        if (name_length(path) > 0)
            return true;
    }
    return false;
}

/* The value of a variable. `type` is what the registry says of it. */
typedef bool find_value(const char *name, char value[VALUE_BYTES], DWORD *type);

GUARDED static enum expand_result expand(const char *path, char *to, size_t size,
                                         char name[EXPAND_NAME_BYTES], find_value *find) {
    char value[VALUE_BYTES];
    struct text text;
    struct text found;
    DWORD type = REG_NONE;
    text_begin(&text, to, size);
    while (*path != '\0') {
        size_t length = name_length(path);
        if (length == 0) {
            length = plain_length(path);
            text_put_bytes(&text, path, length);
            path += length;
            continue;
        }
        text_begin(&found, name, EXPAND_NAME_BYTES);
        text_put_bytes(&found, path + 1, length);
        if (!find(name, value, &type))
            return EXPAND_UNKNOWN;
        text_put(&text, value);
        path += length + 2;
    }
    return text.cut ? EXPAND_TOO_LONG : EXPAND_DONE;
}

/* One that Windows sets, or one of the system's. Either may be written by means of the former. */
GUARDED static bool find_any(const char *name, char value[VALUE_BYTES], DWORD *type) {
    char raw[VALUE_BYTES];
    char inner[EXPAND_NAME_BYTES];
    if (!find_known(name, value, type) && !read_value(SYSTEM, name, value, type))
        return false;
    if (*type != REG_EXPAND_SZ)
        return true;
    (void)text_copy(raw, sizeof raw, value);
    return expand(raw, value, VALUE_BYTES, inner, find_known) == EXPAND_DONE;
}

enum expand_result expand_path(const char *path, char *to, size_t size,
                               char name[EXPAND_NAME_BYTES]) {
    return size == 0 ? EXPAND_TOO_LONG : expand(path, to, size, name, find_any);
}
