/* SPDX-License-Identifier: MIT */
#include "win/file.h"

#include <stdint.h>

#include "win/path.h"

void file_close(HANDLE *file) {
    if (*file != INVALID_HANDLE_VALUE)
        (void)CloseHandle(*file);
    *file = INVALID_HANDLE_VALUE;
}

/* Whoever put a pipe in the place of a file may learn who we are, and no more. */
#define IDENTIFY (SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION)

DWORD file_put(HANDLE file, const char *bytes, size_t length) {
    while (length > 0) {
        DWORD written = 0;
        if (!WriteFile(file, bytes, (DWORD)length, &written, NULL))
            return GetLastError();
        if (written == 0) /* a full disk may show as a short write and no error */
            return ERROR_DISK_FULL;
        bytes += written;
        length -= written;
    }
    return ERROR_SUCCESS;
}

DWORD file_write(const WCHAR *path, DWORD disposition, const char *content, size_t length) {
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, disposition,
                              FILE_FLAG_WRITE_THROUGH | IDENTIFY, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return GetLastError();
    DWORD error = file_put(file, content, length);
    if (error == ERROR_SUCCESS && !FlushFileBuffers(file))
        error = GetLastError();
    (void)CloseHandle(file);
    if (error != ERROR_SUCCESS)
        (void)DeleteFileW(path);
    return error;
}

DWORD file_check(HANDLE file) {
    struct file_identity identity;
    DWORD attributes = 0;
    if (GetFileType(file) != FILE_TYPE_DISK)
        return ERROR_BAD_FILE_TYPE;
    /* A volume is of that type, too, but has no identity as a file. */
    if (file_identify(file, &identity, &attributes, NULL) != ERROR_SUCCESS)
        return ERROR_BAD_FILE_TYPE;
    return (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0       ? ERROR_DIRECTORY
           : (attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 ? ERROR_CANT_RESOLVE_FILENAME
                                                              : ERROR_SUCCESS;
}

DWORD file_read(const WCHAR *path, DWORD share, void *to, DWORD room, DWORD *got) {
    HANDLE file = CreateFileW(path, GENERIC_READ, share, NULL, OPEN_EXISTING,
                              FILE_FLAG_OPEN_REPARSE_POINT | IDENTIFY, NULL);
    *got = 0;
    if (file == INVALID_HANDLE_VALUE) {
        DWORD why = GetLastError();
        /* That is what is said of a folder, which can be opened as a backup only. */
        return why == ERROR_ACCESS_DENIED && path_has(path, FILE_ATTRIBUTE_DIRECTORY)
                   ? ERROR_DIRECTORY
                   : why;
    }
    size_t count = 0;
    DWORD error = file_check(file);
    if (error == ERROR_SUCCESS)
        error = file_read_at(file, 0, to, room, &count);
    *got = (DWORD)count;
    (void)CloseHandle(file);
    return error;
}

DWORD file_read_at(HANDLE file, DWORD offset, void *to, size_t size, size_t *got) {
    DWORD n = 1;
    for (*got = 0; *got < size && n != 0; *got += n) {
        OVERLAPPED at = {.Offset = offset + (DWORD)*got}; /* where from depends on nothing else */
        n = 0;
        if (!ReadFile(file, (char *)to + *got, (DWORD)(size - *got), &n, &at) &&
            GetLastError() != ERROR_HANDLE_EOF)
            return GetLastError();
    }
    return ERROR_SUCCESS;
}

DWORD file_size(HANDLE file, DWORD *size) {
    DWORD high = 0;
    *size = GetFileSize(file, &high);
    if (*size == INVALID_FILE_SIZE && GetLastError() != NO_ERROR)
        return GetLastError();
    if (high != 0)
        *size = UINT32_MAX;
    return *size == UINT32_MAX ? ERROR_FILE_TOO_LARGE : ERROR_SUCCESS;
}

DWORD file_identify(HANDLE file, struct file_identity *identity, DWORD *attributes, DWORD *links) {
    BY_HANDLE_FILE_INFORMATION info;
    if (!GetFileInformationByHandle(file, &info))
        return GetLastError();
    identity->volume = info.dwVolumeSerialNumber;
    identity->index_high = info.nFileIndexHigh;
    identity->index_low = info.nFileIndexLow;
    if (attributes != NULL)
        *attributes = info.dwFileAttributes;
    if (links != NULL)
        *links = info.nNumberOfLinks;
    return ERROR_SUCCESS;
}

/* Backup semantics are what lets a folder be opened. */
static HANDLE open_any(const WCHAR *path, DWORD access, DWORD flags) {
    return CreateFileW(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                       OPEN_EXISTING, flags | FILE_FLAG_BACKUP_SEMANTICS | IDENTIFY, NULL);
}

DWORD file_identify_path(const WCHAR *path, struct file_identity *identity, DWORD *attributes) {
    HANDLE file = open_any(path, FILE_READ_ATTRIBUTES, 0);
    if (file == INVALID_HANDLE_VALUE)
        return GetLastError();
    DWORD error = file_identify(file, identity, attributes, NULL);
    (void)CloseHandle(file);
    return error;
}

DWORD directory_open(const WCHAR *path, DWORD flags, HANDLE *directory,
                     struct file_identity *identity, bool *trusted) {
    struct file_identity again = {0, 0, 0};
    DWORD attributes = 0;
    *directory = open_any(path, FILE_LIST_DIRECTORY | SYNCHRONIZE, flags);
    if (*directory == INVALID_HANDLE_VALUE)
        return GetLastError();
    DWORD error = file_identify(*directory, identity, &attributes, NULL);
    if (error == ERROR_SUCCESS && (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0)
        error = ERROR_DIRECTORY;
    if (error != ERROR_SUCCESS)
        file_close(directory);
    else
        *trusted = file_identify_path(path, &again, &attributes) == ERROR_SUCCESS &&
                   file_has_index(&again) && file_is_same(&again, identity);
    return error;
}

bool file_has_index(const struct file_identity *identity) {
    return identity->index_high != 0 || identity->index_low != 0;
}

bool file_is_same(const struct file_identity *a, const struct file_identity *b) {
    return a->volume == b->volume && a->index_high == b->index_high && a->index_low == b->index_low;
}
