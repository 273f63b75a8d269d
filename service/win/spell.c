/* SPDX-License-Identifier: MIT */
#include "win/spell.h"

#include <string.h>

#include "guarded.h"
#include "text.h"

static bool is_separator(char c) {
    return c == '\\' || c == '/';
}

/* Takes `\\?\` off, which means that the rest is taken as it is; `\\?\UNC\host` is `\\host`. */
static const char *plain(const char *path, char *room, size_t size) {
    if (strncmp(path, "\\\\?\\", 4) != 0)
        return path;
    if (!text_equal_no_case(path + 4, 4, "UNC\\"))
        return path[4] != '\0' && path[5] == ':' ? path + 4 : path;
    room[0] = '\\';
    return text_copy(room + 1, size - 1, path + 7) ? room : path;
}

/* Appends one part of the path, by the name that its folder lists. Returns the new length, or 0. */
static size_t append(struct spell *spell, size_t length, const WCHAR *part, size_t units) {
    WCHAR *to = spell->spelled;
    if (length + units + 2 > PATH_UNITS)
        return 0;
    memcpy(to + length, part, units * sizeof *to);
    to[length + units] = L'\0';
    HANDLE list = FindFirstFileW(to, &spell->found);
    if (list == INVALID_HANDLE_VALUE)
        return length + units;
    (void)FindClose(list);
    size_t found = (size_t)lstrlenW(spell->found.cFileName);
    if (length + found + 2 > PATH_UNITS)
        return 0;
    memcpy(to + length, spell->found.cFileName, (found + 1) * sizeof *to);
    return length + found;
}

/* Spells spell->path into spell->spelled. */
static bool walk(struct spell *spell) {
    const WCHAR *path = spell->path;
    size_t at = path_root(path); /* it is left alone */
    size_t length = at;
    if (at == 0 || path[at - 1] != L'\\')
        return false;
    memcpy(spell->spelled, path, at * sizeof *path);
    spell->spelled[at] = L'\0';
    if (path[5] == L':' && path[4] >= L'a' && path[4] <= L'z')
        spell->spelled[4] = (WCHAR)(path[4] - L'a' + L'A');
    while (path[at] != L'\0') {
        size_t end = at;
        while (path[end] != L'\0' && path[end] != L'\\')
            end++;
        length = end > at ? append(spell, length, path + at, end - at) : length;
        if (length == 0)
            return false;
        at = end;
        while (path[at] == L'\\')
            at++;
        if (path[at] != L'\0')
            spell->spelled[length++] = L'\\';
    }
    spell->spelled[length] = L'\0';
    return true;
}

bool spell_path(struct spell *spell, const char *path, char *to, size_t size) {
    (void)text_copy(to, size, path);
    path = plain(path, spell->text, sizeof spell->text);
    /* A volume by its number, and the like. */
    if (strncmp(path, "\\\\?\\", 4) == 0 || path_extend(path, spell->path) == 0 || !walk(spell))
        return false;
    path_print(spell->spelled, spell->text, sizeof spell->text);
    /* \\?\X:\... becomes X:\..., and \\?\UNC\host\... becomes \\host\... */
    char *spelled = spell->text + 4;
    if (spell->spelled[5] != L':') {
        spelled = spell->text + 6;
        spelled[0] = '\\';
    }
    if (strlen(spelled) >= size)
        return false;
    return text_copy(to, size, spelled);
}

GUARDED bool spell_is_same(struct spell *spell, const char *a, const char *b) {
    char first[PATH_GIVEN_UNITS];
    char second[PATH_GIVEN_UNITS];
    (void)spell_path(spell, a, first, sizeof first);
    (void)spell_path(spell, b, second, sizeof second);
    return text_same(first, second);
}

bool spell_is_remote(const char *path) {
    WCHAR root[] = L"?:\\";
    if (strncmp(path, "\\\\?\\", 4) == 0) {
        if (text_equal_no_case(path + 4, 4, "UNC\\"))
            return true;
        path += 4;
    }
    if (is_separator(path[0]) && is_separator(path[1]))
        return true;
    root[0] = (WCHAR)(unsigned char)path[0];
    return path[0] != '\0' && path[1] == ':' && GetDriveTypeW(root) == DRIVE_REMOTE;
}
