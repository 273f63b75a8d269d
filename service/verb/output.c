/* SPDX-License-Identifier: MIT */
#include "verb/output.h"

#include "console.h"
#include "text.h"
#include "verb/place.h"
#include "win/access.h"
#include "win/file.h"

/* Somebody may have exchanged set-up's folder before anything in it was open. */
static bool is_ours(const WCHAR *path) {
    static struct access_account nobody;
    static WCHAR folder[PATH_UNITS];
    DWORD error = ERROR_SUCCESS;
    place_folder(path, folder);
    const char *who = access_open_to(folder, ACCESS_OWN, &nobody, &error);
    if (who != NULL) {
        (void)console_fail("the folder of --output belongs to ", who);
        return false;
    }
    if (path_has(folder, FILE_ATTRIBUTE_REPARSE_POINT))
        error = ERROR_CANT_RESOLVE_FILENAME;
    if (error != ERROR_SUCCESS)
        (void)console_fail_error("cannot use the folder of --output", "", error);
    return error == ERROR_SUCCESS;
}

bool output_begin(const WCHAR *path) {
    if (access_is_kept(path) && !is_ours(path))
        return false;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS,
                              SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    DWORD error = file != INVALID_HANDLE_VALUE ? ERROR_SUCCESS : GetLastError();
    if (error == ERROR_SUCCESS &&
        (!SetStdHandle(STD_OUTPUT_HANDLE, file) || !SetStdHandle(STD_ERROR_HANDLE, file)))
        error = GetLastError();
    if (error != ERROR_SUCCESS)
        (void)console_fail_error("cannot write the file of --output", "", error);
    /* The streams are the handle now. */
    /* cppcheck-suppress resourceLeak */
    return error == ERROR_SUCCESS;
}

int output_end(const WCHAR *path, int code) {
    static char bytes[OUTPUT_BYTES];
    static WCHAR units[OUTPUT_BYTES + 2];
    DWORD got = 0;
    (void)CloseHandle(GetStdHandle(STD_OUTPUT_HANDLE));
    DWORD error = file_read(path, FILE_SHARE_READ, bytes, sizeof bytes, &got);
    /* Not in the middle of a character. */
    while (got > 0 && !text_is_utf8(bytes, got))
        got--;
    units[0] = 0xFEFF;
    size_t count = text_to_utf16(bytes, got, units + 1, OUTPUT_BYTES + 1);
    if (count == (size_t)-1)
        count = 0;
    if (error == ERROR_SUCCESS)
        error = file_write(path, CREATE_ALWAYS, (const char *)units, (count + 1) * sizeof *units);
    return error == ERROR_SUCCESS ? code : 2;
}
