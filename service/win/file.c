/* SPDX-License-Identifier: MIT */
#include "win/file.h"

/* Whoever put a pipe in the place of a file may learn who we are, and no more. */
#define IDENTIFY (SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION)

DWORD file_write(const WCHAR *path, DWORD disposition, const char *content, size_t length) {
    DWORD written = 0;
    DWORD error = ERROR_SUCCESS;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, disposition,
                              FILE_FLAG_WRITE_THROUGH | IDENTIFY, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return GetLastError();
    if (!WriteFile(file, content, (DWORD)length, &written, NULL) || !FlushFileBuffers(file))
        error = GetLastError();
    else if (written != length) /* a full disk may show as a short write and no error */
        error = ERROR_DISK_FULL;
    (void)CloseHandle(file);
    if (error != ERROR_SUCCESS)
        (void)DeleteFileW(path);
    return error;
}

DWORD file_read(const WCHAR *path, DWORD share, void *to, DWORD room, DWORD *got) {
    DWORD error = ERROR_SUCCESS;
    HANDLE file = CreateFileW(path, GENERIC_READ, share, NULL, OPEN_EXISTING, IDENTIFY, NULL);
    *got = 0;
    if (file == INVALID_HANDLE_VALUE)
        return GetLastError();
    while (*got < room) {
        DWORD n = 0;
        if (!ReadFile(file, (char *)to + *got, room - *got, &n, NULL)) {
            error = GetLastError();
            break;
        }
        if (n == 0)
            break;
        *got += n;
    }
    (void)CloseHandle(file);
    return error;
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

bool file_is_same(const struct file_identity *a, const struct file_identity *b) {
    return a->volume == b->volume && a->index_high == b->index_high && a->index_low == b->index_low;
}
