#include "win/variable.h"

#define SYSTEM_KEY L"SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment"

/* Set by Windows for each process; no two of a host have different ones. */
static bool is_set_by_windows(const WCHAR *name) {
    static const WCHAR *const names[] = {L"SystemDrive",  L"SystemRoot",         L"windir",
                                         L"ProgramFiles", L"CommonProgramFiles", L"ProgramData",
                                         L"COMPUTERNAME", L"ALLUSERSPROFILE"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (lstrcmpiW(name, names[i]) == 0)
            return true;
    }
    return false;
}

/* The value of a variable of the system. `type` tells whether variables in it are to be expanded. */
static bool read_registry(const WCHAR *name, WCHAR value[VARIABLE_VALUE_UNITS], DWORD *type) {
    HKEY key = NULL;
    DWORD size = (VARIABLE_VALUE_UNITS - 1) * sizeof *value;
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, SYSTEM_KEY, 0, KEY_QUERY_VALUE, &key) != ERROR_SUCCESS)
        return false;
    LONG error = RegQueryValueExW(key, name, NULL, type, (BYTE *)value, &size);
    (void)RegCloseKey(key);
    /* After ERROR_MORE_DATA `size` is what it would take, beyond the end of `value`. */
    if (error != ERROR_SUCCESS)
        return false;
    /* The registry need not have ended it. */
    value[size / sizeof *value] = L'\0';
    return *type == REG_SZ || *type == REG_EXPAND_SZ;
}

static bool read_value(const WCHAR *name, WCHAR value[VARIABLE_VALUE_UNITS], DWORD *type) {
    if (is_set_by_windows(name)) {
        DWORD length = GetEnvironmentVariableW(name, value, VARIABLE_VALUE_UNITS);
        *type = REG_SZ;
        return length > 0 && length < VARIABLE_VALUE_UNITS;
    }
    return read_registry(name, value, type);
}

/* The name between the signs at `from`, or no name at all. Returns its length. */
static DWORD take_name(const WCHAR *from, WCHAR name[VARIABLE_NAME_UNITS]) {
    DWORD length = 0;
    while (from[1 + length] != L'\0' && from[1 + length] != L'%')
        length++;
    if (from[1 + length] == L'\0')
        return 0;
    (void)lstrcpynW(name, from + 1,
                    (int)(length < VARIABLE_NAME_UNITS ? length + 1 : VARIABLE_NAME_UNITS));
    return length;
}

typedef bool find_value(const WCHAR *name, WCHAR value[VARIABLE_VALUE_UNITS], DWORD *type);

static bool expand(const WCHAR *from, WCHAR *to, DWORD size, WCHAR unknown[VARIABLE_NAME_UNITS],
                   find_value *find) {
    WCHAR value[VARIABLE_VALUE_UNITS];
    DWORD at = 0;
    DWORD type = REG_NONE;
    while (*from != L'\0' && at + 1 < size) {
        DWORD length = *from == L'%' ? take_name(from, unknown) : 0;
        if (length == 0) {
            to[at++] = *from++;
            continue;
        }
        if (length >= VARIABLE_NAME_UNITS || !find(unknown, value, &type))
            return false;
        unknown[0] = L'\0';
        if ((DWORD)lstrlenW(value) >= size - at)
            return false;
        (void)lstrcpynW(to + at, value, (int)(size - at));
        at += (DWORD)lstrlenW(value);
        from += length + 2;
    }
    to[at] = L'\0';
    return *from == L'\0';
}

/* The value with the variables in it expanded where Windows would do that, once; Windows goes no further,
 * and a circle would have no end. */
static bool find_expanded(const WCHAR *name, WCHAR value[VARIABLE_VALUE_UNITS], DWORD *type) {
    WCHAR raw[VARIABLE_VALUE_UNITS];
    WCHAR inner[VARIABLE_NAME_UNITS];
    inner[0] = L'\0';
    if (!read_value(name, raw, type))
        return false;
    if (*type == REG_EXPAND_SZ)
        return expand(raw, value, VARIABLE_VALUE_UNITS, inner, read_value);
    (void)lstrcpynW(value, raw, VARIABLE_VALUE_UNITS);
    return true;
}

bool variable_expand(const WCHAR *from, WCHAR *to, DWORD size, WCHAR unknown[VARIABLE_NAME_UNITS]) {
    unknown[0] = L'\0';
    return expand(from, to, size, unknown, find_expanded);
}
