/* SPDX-License-Identifier: MIT */
#include "win/relative.h"

/* Not in mingw-w64's winternl.h. */
NTSTATUS NTAPI NtQueryDirectoryFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE routine,
                                    PVOID context, PIO_STATUS_BLOCK io, PVOID to, ULONG size,
                                    FILE_INFORMATION_CLASS what, BOOLEAN one,
                                    PUNICODE_STRING pattern, BOOLEAN restart);

/* A string of at most 32,767 units; what is longer than that is no name. */
static bool set_string(UNICODE_STRING *string, const WCHAR *units) {
    int length = lstrlenW(units);
    string->Length = string->MaximumLength = (USHORT)(length * (int)sizeof *units);
    string->Buffer = (WCHAR *)units; /* which nobody writes to */
    return length < 0x8000;
}

/* A handle that is good, but whose file somebody has an oplock on that is just being broken: reading
 * it would wait for whoever holds it. It is in use, and soon is not. */
static NTSTATUS refuse_oplocked(NTSTATUS status, HANDLE *file) {
    if (status == STATUS_OPLOCK_BREAK_IN_PROGRESS)
        (void)CloseHandle(*file);
    else if (status != STATUS_CANNOT_BREAK_OPLOCK)
        return status;
    return STATUS_SHARING_VIOLATION;
}

NTSTATUS relative_open(HANDLE folder, const WCHAR *name, ACCESS_MASK access, ULONG share,
                       ULONG options, HANDLE *file) {
    static const SECURITY_QUALITY_OF_SERVICE quality = {
        .Length = sizeof quality,
        .ImpersonationLevel = SecurityIdentification,
        .ContextTrackingMode = SECURITY_STATIC_TRACKING,
        .EffectiveOnly = TRUE,
    };
    UNICODE_STRING string;
    OBJECT_ATTRIBUTES object = {
        .Length = sizeof object,
        .RootDirectory = folder,
        .ObjectName = &string,
        .Attributes = OBJ_CASE_INSENSITIVE,
        .SecurityQualityOfService = (void *)&quality, /* which nobody writes to */
    };
    IO_STATUS_BLOCK io;
    *file = INVALID_HANDLE_VALUE;
    if (!set_string(&string, name))
        return STATUS_OBJECT_NAME_INVALID;
    access |= SYNCHRONIZE | FILE_READ_ATTRIBUTES;
    /* Without the second, opening a file with an oplock waits until its holder lets go, and a holder that
     * hangs would hang the service. */
    options |= FILE_SYNCHRONOUS_IO_NONALERT | FILE_COMPLETE_IF_OPLOCKED;
    NTSTATUS status = NtCreateFile(file, access, &object, &io, NULL, FILE_ATTRIBUTE_NORMAL, share,
                                   FILE_OPEN, options, NULL, 0);
    status = refuse_oplocked(status, file);
    if (!NT_SUCCESS(status))
        *file = INVALID_HANDLE_VALUE;
    return status;
}

NTSTATUS relative_list(HANDLE folder, const WCHAR *pattern, bool first,
                       FILE_DIRECTORY_INFORMATION *entries, ULONG size, ULONG *filled) {
    UNICODE_STRING string;
    IO_STATUS_BLOCK io = {.Information = 0};
    *filled = 0;
    if (pattern != NULL && !set_string(&string, pattern))
        return STATUS_OBJECT_NAME_INVALID;
    NTSTATUS status =
        NtQueryDirectoryFile(folder, NULL, NULL, NULL, &io, entries, size, FileDirectoryInformation,
                             FALSE, first && pattern != NULL ? &string : NULL, first);
    if (NT_SUCCESS(status))
        *filled = io.Information <= size ? (ULONG)io.Information : size;
    /* A name that did not fit: entries are missing, so it is no success. */
    return status == STATUS_SUCCESS && io.Information == 0 ? STATUS_BUFFER_OVERFLOW : status;
}

const FILE_DIRECTORY_INFORMATION *relative_entry(const void *entries, ULONG filled, ULONG *next) {
    const ULONG header = FIELD_OFFSET(FILE_DIRECTORY_INFORMATION, FileName);
    ULONG left = *next < filled ? filled - *next : 0;
    const FILE_DIRECTORY_INFORMATION *entry = (const void *)((const char *)entries + *next);
    if (left < header || entry->FileNameLength > left - header)
        return NULL;
    if (entry->NextEntryOffset == 0)
        *next = RELATIVE_LAST;
    else if (entry->NextEntryOffset < header || entry->NextEntryOffset > left)
        return NULL;
    else
        *next += entry->NextEntryOffset;
    return entry;
}

DWORD relative_error(NTSTATUS status) {
    return RtlNtStatusToDosError(status);
}
