/* SPDX-License-Identifier: MIT */
#include "folder.h"

#include <string.h>

#include "guarded.h"
#include "queue.h"
#include "result.h"
#include "text.h"
#include "win/relative.h"

enum { SHARE_ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE };

static const char damaged[] = "its list of files makes no sense";
static const char read_only[] = "the file is read-only, and that is respected";

/* ---- the folder ---- */

void folder_init(struct folder *folder) {
    memset(folder, 0, sizeof *folder);
    folder->handle = folder->record = folder->list = INVALID_HANDLE_VALUE;
}

bool folder_is_open(const struct folder *folder) {
    return folder->handle != INVALID_HANDLE_VALUE;
}

void folder_close(struct folder *folder) {
    file_close(&folder->record);
    file_close(&folder->list);
    file_close(&folder->handle);
}

/* How a record is opened itself, and not what it leads to. NT 4.0 may know no such option, and has no
 * links; whether it does is asked once, of a folder, with a path in full that begins with `\\?\`. */
static ULONG find_option(WCHAR *path) {
    HANDLE file = INVALID_HANDLE_VALUE;
    path[1] = L'?'; /* as the system itself writes `\\?\` */
    NTSTATUS status = relative_open(NULL, path, FILE_READ_ATTRIBUTES, SHARE_ALL,
                                    FILE_DIRECTORY_FILE | FILE_OPEN_REPARSE_POINT, &file);
    path[1] = L'\\';
    file_close(&file);
    return status == STATUS_INVALID_PARAMETER ? 0 : FILE_OPEN_REPARSE_POINT;
}

/* Whether the path ends in a link; of the path itself, not of where it leads. A link that was put in the
 * place of the folder while nobody looked is not followed. */
static struct host_result check_link(struct folder *folder) {
    bool linked = path_has(folder->given, FILE_ATTRIBUTE_REPARSE_POINT);
    bool known = text_same(folder->known, folder->path);
    if (known && linked && !folder->linked)
        return result_make(HOST_FAILED, 0,
                           "it is a link now and was none before; if that is meant, start KMRepair "
                           "again");
    folder->linked = linked;
    (void)text_copy(folder->known, sizeof folder->known, folder->path);
    return host_ok;
}

struct host_result folder_open(struct folder *folder, const char *path) {
    folder_close(folder);
    if (path_extend(path, folder->given) == 0)
        return result_make(HOST_FAILED, ERROR_FILENAME_EXCED_RANGE, "its path is too long");
    DWORD error =
        directory_open(folder->given, 0, &folder->handle, &folder->identity, &folder->trusted);
    if (error != ERROR_SUCCESS)
        return result_of(error);
    folder->remote = spell_is_remote(path);
    folder->trusted = folder->trusted && !folder->remote;
    folder->option = find_option(folder->given);
    (void)spell_path(&folder->spell, path, folder->path, sizeof folder->path);
    struct host_result result = check_link(folder);
    if (result.code != HOST_OK)
        folder_close(folder);
    return result;
}

static struct host_result not_open(void) {
    return result_make(HOST_FAILED, 0, "it is not open");
}

struct host_result folder_check(void *context) {
    const struct folder *folder = context;
    struct file_identity there;
    if (!folder_is_open(folder))
        return not_open();
    /* A server that has been away may have forgotten the handle, whatever the path leads to now. */
    DWORD error = file_identify(folder->handle, &there, NULL, NULL);
    if (error != ERROR_SUCCESS)
        return result_of(error);
    if (!folder->trusted) {
        DWORD attributes = GetFileAttributesW(folder->given);
        if (attributes == INVALID_FILE_ATTRIBUTES)
            return result_last();
        bool linked = (attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
        return (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0 && linked == folder->linked
                   ? host_ok
                   : result_make(HOST_FAILED, ERROR_DIRECTORY, "its path leads to something else");
    }
    error = file_identify_path(folder->given, &there, NULL);
    if (error != ERROR_SUCCESS)
        return result_of(error);
    return file_is_same(&folder->identity, &there) ? host_ok : result_replaced();
}

/* Whether a path of the form \\host\... names this host, perhaps by its name in the DNS. */
GUARDED static bool names_this_host(const char *path) {
    WCHAR units[MAX_COMPUTERNAME_LENGTH + 1];
    char name[(MAX_COMPUTERNAME_LENGTH + 1) * 3];
    DWORD count = MAX_COMPUTERNAME_LENGTH + 1;
    size_t length = strcspn(path + 2, "\\/");
    if (!GetComputerNameW(units, &count))
        return false;
    path_print(units, name, sizeof name);
    return text_equal_no_case(path + 2, length, name) ||
           text_equal_no_case(path + 2, strcspn(path + 2, "\\/."), name) ||
           text_equal_no_case(path + 2, length, "localhost") ||
           text_equal_no_case(path + 2, length, "127.0.0.1");
}

/* A server that is not there keeps whoever asks for half a minute, in the middle of a step. So a path
 * to another machine is followed only when the watched folder may be on one, too; what is not followed
 * is another folder, which is no more than what would come out in vain. */
static bool is_worth_asking(const struct folder *folder, const char *path) {
    bool is_share = path[0] == '\\' && path[1] == '\\' && path[2] != '?';
    return !spell_is_remote(path) || folder->remote || (is_share && names_this_host(path));
}

GUARDED bool folder_is(void *context, const char *path) {
    struct folder *folder = context;
    struct file_identity there;
    char spelled[CONFIG_FOLDER_BYTES];
    if (!folder_is_open(folder))
        return false;
    if (text_same(path, folder->path))
        return true;
    if (!is_worth_asking(folder, path) || path_extend(path, folder->other) == 0)
        return false;
    bool found = file_identify_path(folder->other, &there, NULL) == ERROR_SUCCESS;
    if (found && file_has_index(&there) && file_is_same(&folder->identity, &there))
        return true;
    /* Two folders of this host with different numbers are two; of a server that need not be so. */
    if (found && folder->trusted && !spell_is_remote(path))
        return false;
    (void)spell_path(&folder->spell, path, spelled, sizeof spelled);
    return text_same(spelled, folder->path);
}

/* ---- its names ---- */

static struct host_result failed_with(NTSTATUS status) {
    return result_failed(relative_error(status));
}

/* By its path, which must still lead to the folder that is open. */
static struct host_result open_list_by_path(const struct folder *folder, HANDLE *list) {
    struct file_identity there;
    bool trusted = false;
    DWORD error = directory_open(folder->given, 0, list, &there, &trusted);
    if (error != ERROR_SUCCESS)
        return result_of(error);
    struct host_result result = folder_check((void *)folder);
    if (result.code == HOST_OK && folder->trusted && !file_is_same(&there, &folder->identity))
        result = result_replaced();
    if (result.code != HOST_OK)
        file_close(list);
    return result;
}

/* A position in a listing belongs to a handle, and so does the pattern: each needs its own. */
static struct host_result open_list(const struct folder *folder, HANDLE *list) {
    NTSTATUS status = relative_open(folder->handle, L"", FILE_LIST_DIRECTORY, SHARE_ALL,
                                    FILE_DIRECTORY_FILE, list);
    if (NT_SUCCESS(status))
        return host_ok;
    /* Some servers open nothing by an empty name. */
    return open_list_by_path(folder, list).code == HOST_OK ? host_ok : failed_with(status);
}

static bool ends_list(NTSTATUS status) {
    return status == STATUS_NO_MORE_FILES || status == STATUS_NO_SUCH_FILE;
}

/* Asks for more names. */
static NTSTATUS fill_list(struct folder *folder, bool first) {
    /* The pattern saves the names of other files; it matches 8.3 names too, so that x.initial may
     * come through, which record_is_named() then keeps out. */
    NTSTATUS status = relative_list(folder->list, L"*.ini", first, (void *)folder->listed,
                                    sizeof folder->listed, &folder->filled);
    folder->next = NT_SUCCESS(status) ? 0 : RELATIVE_LAST;
    folder->list_more = NT_SUCCESS(status);
    return status;
}

struct host_result folder_list_open(void *context) {
    struct folder *folder = context;
    if (!folder_is_open(folder))
        return not_open();
    struct host_result result = open_list(folder, &folder->list);
    if (result.code != HOST_OK)
        return result;
    NTSTATUS status = fill_list(folder, true);
    if (NT_SUCCESS(status) || ends_list(status))
        return host_ok;
    folder_list_close(folder);
    return failed_with(status);
}

/* The name of an entry; false when it does not fit. */
static bool take_entry(const FILE_DIRECTORY_INFORMATION *entry, char *name, size_t size) {
    return text_from_utf16(entry->FileName, entry->FileNameLength / sizeof(WCHAR), name, size) !=
           (size_t)-1;
}

struct host_result folder_list_next(void *context, char *name, size_t size,
                                    struct host_stamp *stamp) {
    struct folder *folder = context;
    for (;;) {
        if (folder->next == RELATIVE_LAST && folder->list_more) {
            NTSTATUS status = fill_list(folder, false);
            if (!NT_SUCCESS(status) && !ends_list(status))
                return failed_with(status);
        }
        if (folder->next == RELATIVE_LAST)
            return result_make(HOST_END, 0, NULL);
        const FILE_DIRECTORY_INFORMATION *entry =
            relative_entry(folder->listed, folder->filled, &folder->next);
        if (entry == NULL)
            return result_make(HOST_FAILED, ERROR_INVALID_DATA, damaged);
        stamp->size = (uint64_t)entry->EndOfFile.QuadPart;
        /* A link may lead to another machine. */
        stamp->written =
            folder->trusted && !folder->linked ? (uint64_t)entry->LastWriteTime.QuadPart : 0;
        if ((entry->FileAttributes & FILE_ATTRIBUTE_DIRECTORY) == 0 &&
            take_entry(entry, name, size))
            return host_ok;
    }
}

void folder_list_close(void *context) {
    struct folder *folder = context;
    file_close(&folder->list);
}

/* Converts a name. False for what is none: NtCreateFile would take it for a path or a stream. */
static bool take_name(const char *name, WCHAR to[QUEUE_NAME_BYTES]) {
    return name[0] != '\0' && strpbrk(name, "\\/:") == NULL &&
           text_to_utf16(name, strlen(name), to, QUEUE_NAME_BYTES) != (size_t)-1;
}

GUARDED struct host_result folder_real_name(void *context, char *name, size_t size) {
    const struct folder *folder = context;
    /* One entry, aligned. */
    LARGE_INTEGER found[(sizeof(FILE_DIRECTORY_INFORMATION) + MAX_PATH * sizeof(WCHAR)) /
                            sizeof(LARGE_INTEGER) +
                        1];
    WCHAR wanted[QUEUE_NAME_BYTES];
    HANDLE list = INVALID_HANDLE_VALUE;
    ULONG filled = 0;
    ULONG next = 0;
    if (!folder_is_open(folder))
        return not_open();
    /* The latter would be taken for a pattern. */
    if (!take_name(name, wanted) || strpbrk(name, "*?<>\"") != NULL)
        return result_make(HOST_GONE, ERROR_FILE_NOT_FOUND, NULL);
    struct host_result result = open_list(folder, &list);
    if (result.code != HOST_OK)
        return result;
    NTSTATUS status = relative_list(list, wanted, true, (void *)found, sizeof found, &filled);
    (void)CloseHandle(list);
    if (ends_list(status))
        return result_make(HOST_GONE, ERROR_FILE_NOT_FOUND, NULL);
    if (!NT_SUCCESS(status))
        return failed_with(status);
    const FILE_DIRECTORY_INFORMATION *entry = relative_entry(found, filled, &next);
    if (entry == NULL)
        return result_make(HOST_FAILED, ERROR_INVALID_DATA, damaged);
    return take_entry(entry, name, size)
               ? host_ok
               : result_make(HOST_FAILED, ERROR_FILENAME_EXCED_RANGE, NULL);
}

/* ---- one record ---- */

/* How a record is opened: in which folder, and with which option (see find_option()). */
struct opening {
    HANDLE in;
    ULONG option;
    bool repair;
};

/* Access denied may mean much: a read-only file, one that is about to be deleted, one that a virus
 * scanner looks at, one to which there are no rights. All but the first may pass. */
static struct host_result denied(const struct opening *opening, const WCHAR *name, DWORD error) {
    struct file_identity identity;
    HANDLE file = INVALID_HANDLE_VALUE;
    DWORD attributes = 0;
    if (opening->repair && NT_SUCCESS(relative_open(opening->in, name, FILE_READ_ATTRIBUTES,
                                                    SHARE_ALL, opening->option, &file))) {
        if (file_identify(file, &identity, &attributes, NULL) != ERROR_SUCCESS)
            attributes = 0;
        file_close(&file);
    }
    return (attributes & FILE_ATTRIBUTE_READONLY) != 0 ? result_make(HOST_REFUSED, error, read_only)
                                                       : result_make(HOST_BUSY, error, NULL);
}

/* What a status at opening a record means. */
static struct host_result open_result(const struct opening *opening, const WCHAR *name,
                                      NTSTATUS status) {
    DWORD error = relative_error(status);
    switch (status) {
    case STATUS_OBJECT_NAME_NOT_FOUND:
    case STATUS_NO_SUCH_FILE:
    case STATUS_OBJECT_NAME_INVALID:
    case STATUS_FILE_IS_A_DIRECTORY:
        return result_make(HOST_GONE, error, NULL);
    case STATUS_SHARING_VIOLATION:
    case STATUS_FILE_LOCK_CONFLICT:
    case STATUS_DELETE_PENDING:
        return result_make(HOST_BUSY, error, NULL);
    case STATUS_ACCESS_DENIED:
    case STATUS_CANNOT_DELETE: /* some file systems, of a read-only file */
        return denied(opening, name, error);
    default:
        return result_failed(error);
    }
}

/* Whether the open file may be read, or repaired; by handle, since a name can change its meaning. */
static struct host_result check_record(HANDLE record, bool repair, uint32_t *size) {
    FILE_ALL_INFORMATION info;
    IO_STATUS_BLOCK io;
    /* One question for all of it, as GetFileInformationByHandle() has one more, for the volume. There is no
     * room for the name, which comes last: STATUS_BUFFER_OVERFLOW. */
    NTSTATUS status = NtQueryInformationFile(record, &io, &info, sizeof info, FileAllInformation);
    if (!NT_SUCCESS(status) && status != STATUS_BUFFER_OVERFLOW)
        return failed_with(status);
    const LARGE_INTEGER *end = &info.StandardInformation.EndOfFile;
    const ULONG attributes = info.BasicInformation.FileAttributes;
    *size = end->HighPart != 0 ? UINT32_MAX : end->LowPart;
    if ((attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0)
        return result_make(HOST_REFUSED, 0, "the file is a reparse point, such as a symbolic link");
    if (repair && (attributes & FILE_ATTRIBUTE_READONLY) != 0)
        return result_make(HOST_REFUSED, 0, read_only);
    return repair && info.StandardInformation.NumberOfLinks > 1
               ? result_make(HOST_REFUSED, 0, "the file has more than one name (hard links)")
               : host_ok;
}

GUARDED static struct host_result open_in(struct folder *folder, const struct opening *opening,
                                          const char *name, uint32_t *size) {
    WCHAR units[QUEUE_NAME_BYTES];
    bool repair = opening->repair;
    if (!take_name(name, units))
        return result_make(HOST_GONE, ERROR_INVALID_NAME, NULL);
    NTSTATUS status =
        relative_open(opening->in, units, repair ? GENERIC_READ | GENERIC_WRITE : GENERIC_READ,
                      repair ? FILE_SHARE_READ : SHARE_ALL,
                      FILE_NON_DIRECTORY_FILE | opening->option |
                          (repair ? FILE_WRITE_THROUGH : FILE_SEQUENTIAL_ONLY),
                      &folder->record);
    if (!NT_SUCCESS(status))
        return open_result(opening, units, status);
    if (repair && GetFileType(folder->record) != FILE_TYPE_DISK)
        return result_make(HOST_GONE, ERROR_INVALID_NAME, NULL);
    return check_record(folder->record, repair, size);
}

/* Another folder, in which a change was once begun. */
static struct host_result open_other(struct folder *folder, const char *path,
                                     struct opening *opening) {
    struct file_identity identity;
    bool trusted = false;
    if (!is_worth_asking(folder, path))
        return result_make(HOST_BUSY, 0,
                           "its folder is on another machine, which is not asked any more");
    if (path_extend(path, folder->other) == 0)
        return result_of(ERROR_FILENAME_EXCED_RANGE);
    DWORD error = directory_open(folder->other, 0, &opening->in, &identity, &trusted);
    if (error == ERROR_SUCCESS)
        opening->option = find_option(folder->other);
    return result_of(error);
}

struct host_result folder_open_record(void *context, const char *other, const char *name,
                                      bool repair, uint32_t *size) {
    struct folder *folder = context;
    struct opening opening = {folder->handle, folder->option, repair};
    struct host_result result = host_ok;
    if (other != NULL)
        result = open_other(folder, other, &opening);
    else if (!folder_is_open(folder))
        result = result_make(HOST_FAILED, 0, "its folder is not open");
    if (result.code != HOST_OK)
        return result;
    result = open_in(folder, &opening, name, size);
    if (result.code != HOST_OK)
        file_close(&folder->record);
    if (other != NULL)
        file_close(&opening.in);
    return result;
}

GUARDED bool folder_is_written(void *context, const char *name) {
    const struct folder *folder = context;
    WCHAR units[QUEUE_NAME_BYTES];
    HANDLE file = INVALID_HANDLE_VALUE;
    if (!folder_is_open(folder) || !take_name(name, units))
        return false;
    /* Whoever does not let others write is refused when somebody does. */
    NTSTATUS status = relative_open(folder->handle, units, GENERIC_READ, FILE_SHARE_READ,
                                    FILE_NON_DIRECTORY_FILE | folder->option, &file);
    file_close(&file);
    return status == STATUS_SHARING_VIOLATION;
}

/* A byte range may be locked. */
static struct host_result transferred(DWORD error) {
    return error == ERROR_LOCK_VIOLATION ? result_make(HOST_BUSY, error, NULL) : result_of(error);
}

struct host_result folder_read(void *context, uint32_t offset, void *bytes, size_t size,
                               size_t *got) {
    const struct folder *folder = context;
    return transferred(file_read_at(folder->record, offset, bytes, size, got));
}

struct host_result folder_write(void *context, uint32_t offset, unsigned char byte) {
    const struct folder *folder = context;
    OVERLAPPED at = {.Offset = offset}; /* where it goes depends on nothing else */
    DWORD written = 0;
    if (!WriteFile(folder->record, &byte, 1, &written, &at))
        return transferred(GetLastError());
    return result_of(written == 1 ? ERROR_SUCCESS : ERROR_WRITE_FAULT);
}

struct host_result folder_flush(void *context) {
    const struct folder *folder = context;
    return FlushFileBuffers(folder->record) ? host_ok : result_last();
}

void folder_close_record(void *context) {
    struct folder *folder = context;
    file_close(&folder->record);
}
