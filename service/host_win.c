#include "host_win.h"

#include <string.h>

#include "journal.h"
#include "text.h"
#include "win/access.h"
#include "win/file.h"
#include "win/path.h"

static const struct host_result ok = {HOST_OK, 0, NULL};

static struct host_result failed(enum host_code code, DWORD error, const char *reason) {
    return (struct host_result){code, error & 0xFFFFFF, reason};
}

struct host_result host_win_last_error(void) {
    return failed(HOST_FAILED, GetLastError(), NULL);
}

/* Of reading or writing: a byte range may be locked. */
static struct host_result transfer_error(void) {
    DWORD error = GetLastError();
    return failed(error == ERROR_LOCK_VIOLATION ? HOST_BUSY : HOST_FAILED, error, NULL);
}

/* What an error at opening a record means. */
static struct host_result record_error(const WCHAR *path, DWORD error, bool repair) {
    switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_INVALID_NAME:
        return failed(HOST_GONE, error, NULL);
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
    case ERROR_DELETE_PENDING:
        return failed(HOST_BUSY, error, NULL);
    case ERROR_ACCESS_DENIED:
        break;
    default:
        return failed(HOST_FAILED, error, NULL);
    }
    /* A directory, a read-only file, a file that is being deleted and one that a virus scanner
     * holds all give ERROR_ACCESS_DENIED. */
    if (path_has(path, FILE_ATTRIBUTE_DIRECTORY))
        return failed(HOST_GONE, error, NULL);
    if (repair && path_has(path, FILE_ATTRIBUTE_READONLY))
        return failed(HOST_REFUSED, error, "the file is read-only, and that is respected");
    return failed(HOST_BUSY, error, NULL);
}

uint64_t host_win_clock(struct host_win *host) {
    DWORD ticks = GetTickCount();
    /* GetTickCount starts again after 49.7 days; the difference does not notice. The worker looks
     * at the clock once a minute. */
    host->clock += (DWORD)(ticks - host->ticks);
    host->ticks = ticks;
    return host->clock;
}

static uint64_t clock_ms(void *context) {
    return host_win_clock(context);
}

static uint32_t utc(void *context) {
    SYSTEMTIME time;
    (void)context;
    GetSystemTime(&time);
    return journal_utc(time.wYear, time.wMonth, time.wDay,
                       ((uint32_t)time.wHour * 60 + time.wMinute) * 60 + time.wSecond);
}

static struct host_result list_open(void *context) {
    struct host_win *host = context;
    if (host->folder == 0)
        return failed(HOST_FAILED, 0, host->no_folder);
    /* The pattern saves the names of other files; it matches 8.3 names too, so that x.initial may
     * come through, which record_is_named() then keeps out. */
    if (!path_append(host->path, host->folder, "*.ini"))
        return failed(HOST_FAILED, ERROR_FILENAME_EXCED_RANGE, NULL);
    host->found_ready = true;
    /* Windows 7 and later: no short names, and 64 KB of names at once. What came before refuses that. */
    host->list = FindFirstFileExW(host->path, FindExInfoBasic, &host->found, FindExSearchNameMatch,
                                  NULL, FIND_FIRST_EX_LARGE_FETCH);
    if (host->list == INVALID_HANDLE_VALUE)
        host->list = FindFirstFileW(host->path, &host->found);
    if (host->list != INVALID_HANDLE_VALUE)
        return ok;
    host->found_ready = false;
    DWORD error = GetLastError();
    if (error != ERROR_FILE_NOT_FOUND && error != ERROR_NO_MORE_FILES)
        return failed(HOST_FAILED, error, NULL);
    /* No such names; or no such folder, which some redirectors report in the same way. */
    host->path[host->folder] = L'\0';
    DWORD attributes = GetFileAttributesW(host->path);
    if (attributes == INVALID_FILE_ATTRIBUTES)
        return host_win_last_error();
    if ((attributes & FILE_ATTRIBUTE_DIRECTORY) == 0)
        return failed(HOST_FAILED, ERROR_DIRECTORY, NULL);
    return ok;
}

static struct host_result list_next(void *context, char *name, size_t size) {
    struct host_win *host = context;
    for (;;) {
        if (host->list == INVALID_HANDLE_VALUE)
            return failed(HOST_END, 0, NULL);
        if (!host->found_ready && !FindNextFileW(host->list, &host->found)) {
            DWORD error = GetLastError();
            return failed(error == ERROR_NO_MORE_FILES ? HOST_END : HOST_FAILED, error, NULL);
        }
        host->found_ready = false;
        if ((host->found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
            continue;
        const WCHAR *found = host->found.cFileName;
        if (text_from_utf16(found, (size_t)lstrlenW(found), name, size) != (size_t)-1)
            return ok;
    }
}

static void list_close(void *context) {
    struct host_win *host = context;
    if (host->list != INVALID_HANDLE_VALUE)
        (void)FindClose(host->list);
    host->list = INVALID_HANDLE_VALUE;
}

static void close_record(void *context) {
    struct host_win *host = context;
    if (host->record != INVALID_HANDLE_VALUE)
        (void)CloseHandle(host->record);
    host->record = INVALID_HANDLE_VALUE;
}

static struct host_result find_size(HANDLE file, uint32_t *size) {
    DWORD high = 0;
    *size = GetFileSize(file, &high);
    if (*size == INVALID_FILE_SIZE && GetLastError() != NO_ERROR)
        return host_win_last_error();
    if (high != 0)
        *size = UINT32_MAX;
    return ok;
}

/* Whether the open file may be written to; by handle, since a name can change its meaning. */
static struct host_result check(const struct host_win *host) {
    BY_HANDLE_FILE_INFORMATION info;
    if (!GetFileInformationByHandle(host->record, &info))
        return host_win_last_error();
    if ((info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0)
        return failed(HOST_REFUSED, 0, "the file is a reparse point, such as a symbolic link");
    if ((info.dwFileAttributes & FILE_ATTRIBUTE_READONLY) != 0)
        return failed(HOST_REFUSED, 0, "the file is read-only, and that is respected");
    if (info.nNumberOfLinks > 1)
        return failed(HOST_REFUSED, 0, "the file has more than one name (hard links)");
    return ok;
}

static struct host_result open_record(void *context, const char *folder, const char *name,
                                      bool repair, uint32_t *size) {
    struct host_win *host = context;
    DWORD access = repair ? GENERIC_READ | GENERIC_WRITE : GENERIC_READ;
    DWORD share = repair ? FILE_SHARE_READ : FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    DWORD flags =
        repair ? FILE_FLAG_WRITE_THROUGH | FILE_FLAG_OPEN_REPARSE_POINT : FILE_FLAG_SEQUENTIAL_SCAN;
    WCHAR *path = folder != NULL ? host->other : host->path;
    size_t length = folder != NULL ? path_extend(folder, host->other) : host->folder;
    if (length == 0 || !path_append(path, length, name))
        return failed(HOST_FAILED, ERROR_FILENAME_EXCED_RANGE, NULL);
    host->record = CreateFileW(path, access, share, NULL, OPEN_EXISTING, flags, NULL);
    if (host->record == INVALID_HANDLE_VALUE)
        return record_error(path, GetLastError(), repair);
    host->record_fresh = true;
    struct host_result result = find_size(host->record, size);
    if (result.code == HOST_OK && repair)
        result = check(host);
    if (result.code != HOST_OK)
        close_record(host);
    return result;
}

/* Reads are not by an OVERLAPPED: with it, each ReadFile is one request more to the server of Wine, a fifth of the time
 * that a record takes. */
static bool seek(HANDLE file, uint32_t offset) {
    LONG high = 0; /* without it, 2 GiB would be taken for a step back */
    return SetFilePointer(file, (LONG)offset, &high, FILE_BEGIN) != INVALID_SET_FILE_POINTER;
}

/* From where the file pointer is. */
static struct host_result read_on(HANDLE file, void *bytes, size_t size, size_t *got) {
    *got = 0;
    while (*got < size) {
        DWORD n = 0;
        if (!ReadFile(file, (char *)bytes + *got, (DWORD)(size - *got), &n, NULL))
            return transfer_error();
        if (n == 0)
            break;
        *got += n;
    }
    return ok;
}

static struct host_result read_bytes(void *context, uint32_t offset, void *bytes, size_t size,
                                     size_t *got) {
    struct host_win *host = context;
    bool there = host->record_fresh && offset == 0;
    host->record_fresh = false;
    if (!there && !seek(host->record, offset))
        return transfer_error();
    return read_on(host->record, bytes, size, got);
}

static struct host_result write_record(void *context, uint32_t offset, unsigned char byte) {
    struct host_win *host = context;
    OVERLAPPED at = {.Offset = offset}; /* where it goes depends on nothing else */
    DWORD written = 0;
    host->record_fresh = false;
    if (!WriteFile(host->record, &byte, 1, &written, &at))
        return transfer_error();
    return written == 1 ? ok : failed(HOST_FAILED, ERROR_WRITE_FAULT, NULL);
}

static struct host_result flush_record(void *context) {
    struct host_win *host = context;
    return FlushFileBuffers(host->record) ? ok : host_win_last_error();
}

static void close_journal(void *context) {
    struct host_win *host = context;
    if (host->journal != INVALID_HANDLE_VALUE)
        (void)CloseHandle(host->journal);
    host->journal = INVALID_HANDLE_VALUE;
}

static HANDLE open_journal(const struct host_win *host, DWORD disposition) {
    /* `status` may look, a second writer may not. Shared for deleting so that journal_rotate() can
     * rename it without letting go of it. */
    return CreateFileW(host->journal_path, GENERIC_READ | GENERIC_WRITE,
                       FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, disposition,
                       FILE_FLAG_WRITE_THROUGH, NULL);
}

static struct host_result journal_open(void *context, uint32_t *size) {
    struct host_win *host = context;
    close_journal(host);
    host->journal = open_journal(host, OPEN_EXISTING);
    if (host->journal == INVALID_HANDLE_VALUE && GetLastError() == ERROR_FILE_NOT_FOUND) {
        /* A crash in the middle of journal_rotate() leaves the new one, whole. Only when there is none
         * is an empty one made: what it holds is not to be lost because a scanner has it open. */
        if (MoveFileExW(host->journal_new, host->journal_path, MOVEFILE_WRITE_THROUGH) ||
            GetLastError() == ERROR_FILE_NOT_FOUND)
            host->journal = open_journal(host, OPEN_ALWAYS);
        else
            return failed(HOST_BUSY, GetLastError(), "kmrepair.jnl.new can not be renamed to it");
    }
    if (host->journal != INVALID_HANDLE_VALUE) {
        if (find_size(host->journal, size).code == HOST_OK && *size != UINT32_MAX)
            return ok;
        close_journal(host);
        return failed(HOST_FAILED, ERROR_FILE_TOO_LARGE, NULL);
    }
    DWORD error = GetLastError();
    if (error == ERROR_SHARING_VIOLATION)
        return failed(HOST_BUSY, error, "another program has it open");
    if (path_has(host->journal_path, FILE_ATTRIBUTE_DIRECTORY))
        return failed(HOST_FAILED, error, "there is a folder of that name");
    return failed(HOST_FAILED, error, NULL);
}

static struct host_result journal_read(void *context, uint32_t offset, void *bytes, size_t size,
                                       size_t *got) {
    HANDLE journal = ((struct host_win *)context)->journal;
    return seek(journal, offset) ? read_on(journal, bytes, size, got) : transfer_error();
}

static struct host_result journal_append(void *context, const char *line, size_t length) {
    struct host_win *host = context;
    DWORD written = 0;
    if (SetFilePointer(host->journal, 0, NULL, FILE_END) == INVALID_SET_FILE_POINTER ||
        !WriteFile(host->journal, line, (DWORD)length, &written, NULL))
        return host_win_last_error();
    /* A full disk may show as a short write and no error. */
    if (written != length)
        return failed(HOST_FAILED, ERROR_DISK_FULL, NULL);
    return FlushFileBuffers(host->journal) ? ok : host_win_last_error();
}

static struct host_result journal_rotate(void *context, const char *content, size_t length) {
    struct host_win *host = context;
    uint32_t size = 0;
    /* Half of one must never be taken for a journal. */
    DWORD error = file_write(host->journal_new, CREATE_ALWAYS, content, length);
    if (error != ERROR_SUCCESS)
        return failed(HOST_FAILED, error, NULL);
    /* Whoever rotates it may be an administrator, and the service's account has access to the old one. */
    access_copy(host->journal_path, host->journal_new);
    if (!MoveFileExW(host->journal_path, host->journal_old,
                     MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) {
        error = GetLastError();
        (void)DeleteFileW(host->journal_new);
        return failed(HOST_FAILED, error, NULL);
    }
    /* If this fails, the next journal_open() does it. */
    (void)MoveFileExW(host->journal_new, host->journal_path, MOVEFILE_WRITE_THROUGH);
    struct host_result result = journal_open(host, &size);
    if (result.code == HOST_OK && size != length)
        result = failed(HOST_FAILED, ERROR_INVALID_DATA, NULL);
    return result;
}

DWORD host_win_until(struct host_win *host, uint64_t due, DWORD most) {
    uint64_t time = host_win_clock(host);
    return due <= time ? 0 : due - time > most ? most : (DWORD)(due - time);
}

static bool report_event(void *context, const struct event *event) {
    struct host_win *host = context;
    return host->events != NULL && events_report(host->events, event);
}

static bool decode(void *context, const char *bytes, size_t length, char *to, size_t size) {
    WCHAR units[RECORD_MAILBOX_MAX];
    int count = MultiByteToWideChar(CP_ACP, MB_ERR_INVALID_CHARS, bytes, (int)length, units,
                                    RECORD_MAILBOX_MAX);
    (void)context;
    return count > 0 && text_from_utf16(units, (size_t)count, to, size) != (size_t)-1;
}

static const struct host calls = {.clock = clock_ms,
                                  .utc = utc,
                                  .list_open = list_open,
                                  .list_next = list_next,
                                  .list_close = list_close,
                                  .open = open_record,
                                  .read = read_bytes,
                                  .write = write_record,
                                  .flush = flush_record,
                                  .close = close_record,
                                  .journal_open = journal_open,
                                  .journal_close = close_journal,
                                  .journal_read = journal_read,
                                  .journal_append = journal_append,
                                  .journal_rotate = journal_rotate,
                                  .report = report_event,
                                  .decode = decode};

void host_win_init(struct host_win *host, const char *folder, const WCHAR *journal_path,
                   struct events *events) {
    memset(host, 0, sizeof *host);
    memcpy(&host->host, &calls, sizeof calls);
    host->host.context = host;
    host->events = events;
    host->journal_path = journal_path;
    (void)path_beside(journal_path, JOURNAL_OLD, host->journal_old);
    (void)path_beside(journal_path, JOURNAL_NEW, host->journal_new);
    host->record = host->journal = host->list = INVALID_HANDLE_VALUE;
    host->ticks = GetTickCount();
    host_win_set_folder(host, folder);
}

void host_win_set_folder(struct host_win *host, const char *folder) {
    host->folder = 0;
    (void)text_copy(host->no_folder, sizeof host->no_folder, "its path is too long");
    if (config_is_absolute(folder))
        host->folder = path_extend(folder, host->path);
    else
        (void)find_clients(NULL, host->no_folder);
}

struct host_result host_win_long_name(struct host_win *host, char *name, size_t size) {
    WIN32_FIND_DATAW found;
    if (strchr(name, '~') == NULL || strpbrk(name, "*?") != NULL || host->folder == 0)
        return ok;
    if (!path_append(host->path, host->folder, name))
        return failed(HOST_FAILED, ERROR_FILENAME_EXCED_RANGE, NULL);
    HANDLE list = FindFirstFileW(host->path, &found);
    if (list == INVALID_HANDLE_VALUE) {
        DWORD error = GetLastError();
        return failed(error == ERROR_FILE_NOT_FOUND ? HOST_GONE : HOST_FAILED, error, NULL);
    }
    (void)FindClose(list);
    bool fits = text_from_utf16(found.cFileName, (size_t)lstrlenW(found.cFileName), name, size) !=
                (size_t)-1;
    return fits ? ok : failed(HOST_FAILED, ERROR_FILENAME_EXCED_RANGE, NULL);
}

void host_win_close(struct host_win *host) {
    close_record(host);
    list_close(host);
    close_journal(host);
}
