/* SPDX-License-Identifier: MIT */
#include "journal_file.h"

#include "result.h"
#include "win/file.h"
#include "win/relative.h"

static const char old_in_use[] = "another program has kmrepair.jnl.old open";
static const char new_in_use[] = "another program has kmrepair.jnl.new open";
static const char in_use[] = "another program has the journal kmrepair.jnl open";

const char journal_file_folder[] = "a folder is in the place of the journal kmrepair.jnl";

void journal_file_init(struct journal_file *journal, const WCHAR *path) {
    journal->file = journal->made = INVALID_HANDLE_VALUE;
    journal->path = path;
    /* Without a name nothing can be put in place, and the journal grows until that is said. */
    if (!path_beside(path, JOURNAL_OLD, journal->old))
        journal->old[0] = L'\0';
    if (!path_beside(path, JOURNAL_NEW, journal->next))
        journal->next[0] = L'\0';
}

static HANDLE open_file(const WCHAR *path, DWORD disposition, DWORD flags,
                        SECURITY_ATTRIBUTES *attributes) {
    /* `status` may look, a second writer may not. Shared for deleting so that it can be renamed
     * without letting go of it. */
    return CreateFileW(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_DELETE,
                       attributes, disposition,
                       flags | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
}

static HANDLE open_journal(const struct journal_file *journal, DWORD disposition) {
    return open_file(journal->path, disposition, FILE_FLAG_WRITE_THROUGH, NULL);
}

/* What the system says of the journal when it is opened again, to look at its attributes only. The answer
 * for a file that is being deleted comes before any question of rights. */
static NTSTATUS ask_system(struct journal_file *journal) {
    HANDLE file = INVALID_HANDLE_VALUE;
    if (path_extend_wide(journal->path, journal->name) == 0)
        return STATUS_ACCESS_DENIED;
    journal->name[1] = L'?'; /* as the system itself writes `\\?\` */
    NTSTATUS status =
        relative_open(NULL, journal->name, FILE_READ_ATTRIBUTES,
                      FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, 0, &file);
    file_close(&file);
    return status;
}

/* Access denied is what Win32 says both of a file that somebody has deleted and still has open, which
 * passes, and of one to which there are no rights, which does not. They are told apart by the system's
 * own status, which has a number for the first. */
static struct host_result denied(struct journal_file *journal, DWORD error) {
    NTSTATUS status = ask_system(journal);
    /* Or it has gone since. */
    if (status == STATUS_DELETE_PENDING || status == STATUS_OBJECT_NAME_NOT_FOUND)
        return result_make(HOST_BUSY, error,
                           "the journal was deleted, and another program has it open");
    if (path_has(journal->path, FILE_ATTRIBUTE_DIRECTORY))
        return result_make(HOST_FAILED, error, journal_file_folder);
    return result_of(error);
}

static struct host_result open_result(struct journal_file *journal, DWORD error) {
    switch (error) {
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
    case ERROR_DELETE_PENDING:
        return result_make(HOST_BUSY, error, in_use);
    case ERROR_ACCESS_DENIED:
        return denied(journal, error);
    default:
        return result_of(error);
    }
}

struct host_result journal_file_check(HANDLE file) {
    DWORD error = file_check(file);
    if (error == ERROR_DIRECTORY)
        return result_make(HOST_FAILED, error, journal_file_folder);
    if (error == ERROR_BAD_FILE_TYPE)
        return result_make(HOST_FAILED, error,
                           "a pipe or a device is in the place of the journal kmrepair.jnl");
    return host_ok;
}

struct host_result journal_file_open(void *context, uint32_t *size) {
    struct journal_file *journal = context;
    DWORD bytes = 0;
    journal_file_close(journal);
    journal->file = open_journal(journal, OPEN_EXISTING);
    if (journal->file == INVALID_HANDLE_VALUE && GetLastError() == ERROR_FILE_NOT_FOUND) {
        /* A crash in the middle of journal_file_replace() leaves the new one, whole. Only when there
         * is none is an empty one made: what it holds is not to be lost because a scanner has it
         * open. */
        if (!MoveFileExW(journal->next, journal->path, MOVEFILE_WRITE_THROUGH) &&
            GetLastError() != ERROR_FILE_NOT_FOUND)
            return result_make(HOST_BUSY, GetLastError(),
                               "the journal cannot be made of kmrepair.jnl.new");
        journal->file = open_journal(journal, OPEN_ALWAYS);
    }
    if (journal->file == INVALID_HANDLE_VALUE)
        return open_result(journal, GetLastError());
    struct host_result result = journal_file_check(journal->file);
    if (result.code == HOST_OK)
        result = result_of(file_size(journal->file, &bytes));
    *size = bytes;
    if (result.code != HOST_OK)
        journal_file_close(journal);
    else /* half of a new one, which a crash has left, must not be taken for the journal once that is gone */
        (void)DeleteFileW(journal->next);
    return result;
}

struct host_result journal_file_try(struct journal_file *journal) {
    HANDLE file = open_journal(journal, OPEN_EXISTING);
    DWORD error = GetLastError();
    if (file == INVALID_HANDLE_VALUE && error != ERROR_FILE_NOT_FOUND)
        return open_result(journal, error);
    file_close(&file);
    return host_ok;
}

/* Drops what was begun and not put in place. */
static void drop(struct journal_file *journal) {
    if (journal->made == INVALID_HANDLE_VALUE)
        return;
    file_close(&journal->made);
    (void)DeleteFileW(journal->next);
}

void journal_file_close(void *context) {
    struct journal_file *journal = context;
    drop(journal);
    file_close(&journal->file);
}

struct host_result journal_file_read(void *context, uint32_t offset, void *bytes, size_t size,
                                     size_t *got) {
    const struct journal_file *journal = context;
    return result_of(file_read_at(journal->file, offset, bytes, size, got));
}

static struct host_result add(HANDLE file, const char *line, size_t length) {
    DWORD written = 0;
    if (!WriteFile(file, line, (DWORD)length, &written, NULL))
        return result_last();
    /* A full disk may show as a short write and no error. */
    return result_of(written == length ? ERROR_SUCCESS : ERROR_DISK_FULL);
}

struct host_result journal_file_append(void *context, const char *line, size_t length) {
    const struct journal_file *journal = context;
    LONG high = 0;
    if (SetFilePointer(journal->file, 0, &high, FILE_END) == INVALID_SET_FILE_POINTER &&
        GetLastError() != NO_ERROR)
        return result_last();
    struct host_result result = add(journal->file, line, length);
    if (result.code != HOST_OK)
        return result;
    return FlushFileBuffers(journal->file) ? host_ok : result_last();
}

/* Who may do what with the journal, to be freed; NULL where that cannot be told, as on a volume that keeps
 * no access lists. */
static SECURITY_DESCRIPTOR *copy_access(HANDLE file) {
    DWORD size = 0;
    (void)GetKernelObjectSecurity(file, DACL_SECURITY_INFORMATION, NULL, 0, &size);
    SECURITY_DESCRIPTOR *access = size > 0 ? HeapAlloc(GetProcessHeap(), 0, size) : NULL;
    if (access != NULL &&
        !GetKernelObjectSecurity(file, DACL_SECURITY_INFORMATION, access, size, &size)) {
        (void)HeapFree(GetProcessHeap(), 0, access);
        access = NULL;
    }
    return access;
}

struct host_result journal_file_new(void *context) {
    struct journal_file *journal = context;
    drop(journal);
    /* One that a crash has left. With CREATE_ALWAYS it would keep its own access list. */
    (void)DeleteFileW(journal->next);
    /* From the first moment on the same may use it as the present one: whoever makes it may be an
     * administrator, and the account of the service must get at it, and nobody else. */
    SECURITY_DESCRIPTOR *access = copy_access(journal->file);
    SECURITY_ATTRIBUTES attributes = {
        .nLength = sizeof attributes, .lpSecurityDescriptor = access, .bInheritHandle = FALSE};
    /* Not written through: journal_file_replace() flushes it once, before it counts. */
    journal->made = open_file(journal->next, CREATE_NEW, 0, access != NULL ? &attributes : NULL);
    DWORD error = GetLastError();
    if (access != NULL)
        (void)HeapFree(GetProcessHeap(), 0, access);
    if (journal->made != INVALID_HANDLE_VALUE)
        return host_ok;
    bool is_held =
        error == ERROR_SHARING_VIOLATION ||
        (error == ERROR_FILE_EXISTS && !path_has(journal->next, FILE_ATTRIBUTE_DIRECTORY));
    return is_held ? result_make(HOST_BUSY, error, new_in_use) : result_of(error);
}

struct host_result journal_file_put(void *context, const char *line, size_t length) {
    const struct journal_file *journal = context;
    return add(journal->made, line, length);
}

/* Takes the name from the present journal, which is open. What is deleted keeps its name until
 * whoever has it open closes it; nobody can open it any more meanwhile, so that nothing is written
 * there that would be lost. */
static bool step_aside(const struct journal_file *journal, bool keep) {
    return keep ? MoveFileExW(journal->path, journal->old,
                              MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH) != 0
                : DeleteFileW(journal->path) != 0;
}

struct host_result journal_file_replace(void *context, bool keep) {
    struct journal_file *journal = context;
    /* Half of one must never be taken for a journal. */
    if (!FlushFileBuffers(journal->made))
        return result_last();
    if (!step_aside(journal, keep)) {
        DWORD error = GetLastError();
        /* That is what MoveFileEx says when somebody has the file open that it would replace. */
        if (keep && error == ERROR_ACCESS_DENIED)
            return result_make(HOST_BUSY, error, old_in_use);
        return error == ERROR_SHARING_VIOLATION ? result_make(HOST_BUSY, error, in_use)
                                                : result_of(error);
    }
    file_close(&journal->file);
    journal->file = journal->made;
    journal->made = INVALID_HANDLE_VALUE;
    /* If this fails, the next journal_file_open() does it; what is written until then goes there. */
    (void)MoveFileExW(journal->next, journal->path, MOVEFILE_WRITE_THROUGH);
    return host_ok;
}
