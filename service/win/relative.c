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

NTSTATUS relative_open(HANDLE folder, const WCHAR *name, ACCESS_MASK access, ULONG share,
                       ULONG options, HANDLE *file) {
    SECURITY_QUALITY_OF_SERVICE quality = {
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
        .SecurityQualityOfService = &quality,
    };
    IO_STATUS_BLOCK io;
    *file = INVALID_HANDLE_VALUE;
    if (!set_string(&string, name))
        return STATUS_OBJECT_NAME_INVALID;
    access |= SYNCHRONIZE | FILE_READ_ATTRIBUTES;
    options |= FILE_SYNCHRONOUS_IO_NONALERT;
    NTSTATUS status = NtCreateFile(file, access, &object, &io, NULL, FILE_ATTRIBUTE_NORMAL, share,
                                   FILE_OPEN, options, NULL, 0);
    if (status == STATUS_INVALID_PARAMETER && (options & FILE_OPEN_REPARSE_POINT) != 0) {
        options &= ~(ULONG)FILE_OPEN_REPARSE_POINT;
        status = NtCreateFile(file, access, &object, &io, NULL, FILE_ATTRIBUTE_NORMAL, share,
                              FILE_OPEN, options, NULL, 0);
    }
    if (!NT_SUCCESS(status))
        *file = INVALID_HANDLE_VALUE;
    return status;
}

NTSTATUS relative_list(HANDLE folder, const WCHAR *pattern, bool first,
                       FILE_DIRECTORY_INFORMATION *entries, ULONG size) {
    UNICODE_STRING string;
    IO_STATUS_BLOCK io;
    if (pattern != NULL && !set_string(&string, pattern))
        return STATUS_OBJECT_NAME_INVALID;
    NTSTATUS status =
        NtQueryDirectoryFile(folder, NULL, NULL, NULL, &io, entries, size, FileDirectoryInformation,
                             FALSE, first && pattern != NULL ? &string : NULL, first);
    /* A name that did not fit: entries are missing, so it is no success. */
    return status == STATUS_SUCCESS && io.Information == 0 ? STATUS_BUFFER_OVERFLOW : status;
}

DWORD relative_error(NTSTATUS status) {
    return RtlNtStatusToDosError(status);
}
