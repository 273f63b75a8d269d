/* SPDX-License-Identifier: MIT */
#include "win/path.h"

#include <string.h>

#include "guarded.h"
#include "text.h"

static bool starts_with(const WCHAR *string, const WCHAR *start) {
    while (*start != L'\0') {
        if (*string++ != *start++)
            return false;
    }
    return true;
}

DWORD path_full(const WCHAR *path, WCHAR to[PATH_UNITS]) {
    /* NT 4.0's documentation does not say that this may be NULL. */
    WCHAR *name = NULL;
    DWORD got = GetFullPathNameW(path, PATH_UNITS, to, &name);
    return got < PATH_UNITS ? got : 0;
}

GUARDED size_t path_extend(const char *path, WCHAR to[PATH_UNITS]) {
    WCHAR given[PATH_GIVEN_UNITS];
    if (text_to_utf16(path, strlen(path), given, PATH_GIVEN_UNITS) == (size_t)-1 ||
        given[0] == L'\0')
        return 0;
    return path_extend_wide(given, to);
}

size_t path_extend_wide(const WCHAR *given, WCHAR to[PATH_UNITS]) {
    size_t prefix = 4; /* of \\?\ */
    if (starts_with(given, L"\\\\?\\")) {
        (void)lstrcpynW(to, given, PATH_UNITS);
        return (size_t)lstrlenW(to);
    }
    /* \\host\share becomes \\?\UNC\host\share: one of its backslashes is written over by the C. */
    if (given[0] == L'\\' && given[1] == L'\\')
        prefix = 6;
    DWORD room = (DWORD)(PATH_UNITS - prefix);
    WCHAR *name = NULL;
    DWORD got = GetFullPathNameW(given, room, to + prefix, &name);
    if (got == 0 || got >= room)
        return 0;
    (void)memcpy(to, prefix == 4 ? L"\\\\?\\" : L"\\\\?\\UNC", (prefix == 4 ? 4 : 7) * sizeof *to);
    return prefix + got;
}

bool path_append(WCHAR path[PATH_UNITS], size_t length, const char *name) {
    if (length > 0 && path[length - 1] != L'\\') {
        if (length + 1 >= PATH_UNITS)
            return false;
        path[length++] = L'\\';
    }
    return text_to_utf16(name, strlen(name), path + length, PATH_UNITS - length) != (size_t)-1;
}

bool path_beside(const WCHAR *file, const WCHAR *name, WCHAR to[PATH_UNITS]) {
    size_t folder = 0;
    for (size_t i = 0; file[i] != L'\0'; i++) {
        if (file[i] == L'\\' || file[i] == L'/')
            folder = i + 1;
    }
    size_t length = (size_t)lstrlenW(name);
    if (folder + length >= PATH_UNITS)
        return false;
    (void)memmove(to, file, folder * sizeof *to);
    (void)memcpy(to + folder, name, (length + 1) * sizeof *to);
    return true;
}

size_t path_root(const WCHAR *path) {
    /* X:\, \\host\share\, \\?\X:\ and \\?\UNC\host\share\ */
    unsigned parts = path[0] != L'\\' ? 1 : starts_with(path, L"\\\\?\\UNC\\") ? 6 : 4;
    size_t length = 0;
    while (parts > 0 && path[length] != L'\0') {
        if (path[length++] == L'\\')
            parts--;
    }
    return length;
}

bool path_ends_in(const WCHAR *path, const WCHAR *end) {
    int length = lstrlenW(path);
    int of_end = lstrlenW(end);
    return length > of_end && lstrcmpiW(path + length - of_end, end) == 0;
}

void path_print(const WCHAR *path, char *to, size_t size) {
    size_t count = (size_t)lstrlenW(path);
    if (count > size)
        count = size; /* a unit takes a byte at least */
    while (text_from_utf16(path, count, to, size) == (size_t)-1)
        count--;
}

const char *path_words(const WCHAR *path) {
    static char words[PATH_UNITS * 3];
    path_print(path, words, sizeof words);
    return words;
}

bool path_has(const WCHAR *path, DWORD attribute) {
    DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & attribute) != 0;
}

bool path_is_there(const WCHAR *path) {
    return GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
}

bool path_is_folder(const char *path) {
    static WCHAR wide[PATH_UNITS];
    return path_extend(path, wide) != 0 && path_has(wide, FILE_ATTRIBUTE_DIRECTORY);
}
