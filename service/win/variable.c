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

/* The value of a variable of the system; it may hold those that Windows sets. */
static bool read_registry(const WCHAR *name, WCHAR value[VARIABLE_VALUE_UNITS]) {
    HKEY key = NULL;
    DWORD type = 0;
    DWORD size = (VARIABLE_VALUE_UNITS - 1) * sizeof *value;
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, SYSTEM_KEY, 0, KEY_QUERY_VALUE, &key) != ERROR_SUCCESS)
        return false;
    LONG error = RegQueryValueExW(key, name, NULL, &type, (BYTE *)value, &size);
    (void)RegCloseKey(key);
    /* The registry need not have ended it. */
    value[size / sizeof *value] = L'\0';
    return error == ERROR_SUCCESS && (type == REG_SZ || type == REG_EXPAND_SZ);
}

static bool read_value(const WCHAR *name, WCHAR value[VARIABLE_VALUE_UNITS]) {
    if (is_set_by_windows(name)) {
        DWORD length = GetEnvironmentVariableW(name, value, VARIABLE_VALUE_UNITS);
        return length > 0 && length < VARIABLE_VALUE_UNITS;
    }
    return read_registry(name, value);
}

/* The same once more for what a value holds itself; a variable of the system may be made of
 * %SystemRoot%, and NT goes no further either. */
static DWORD put_value(const WCHAR *value, WCHAR *to, DWORD size) {
    DWORD units = ExpandEnvironmentStringsW(value, to, size);
    return units <= size ? units : 0;
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

bool variable_expand(const WCHAR *from, WCHAR *to, DWORD size, WCHAR unknown[VARIABLE_NAME_UNITS]) {
    WCHAR value[VARIABLE_VALUE_UNITS];
    DWORD at = 0;
    unknown[0] = L'\0';
    while (*from != L'\0' && at + 1 < size) {
        DWORD length = *from == L'%' ? take_name(from, unknown) : 0;
        if (length == 0) {
            to[at++] = *from++;
            continue;
        }
        if (length >= VARIABLE_NAME_UNITS || !read_value(unknown, value))
            return false;
        unknown[0] = L'\0';
        DWORD units = put_value(value, to + at, size - at);
        if (units == 0)
            return false;
        at += units - 1;
        from += length + 2;
    }
    to[at] = L'\0';
    return *from == L'\0';
}
