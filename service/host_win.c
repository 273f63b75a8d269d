#include "host_win.h"

#include <string.h>

#include "journal.h"
#include "path.h"
#include "text.h"

static const struct host_result ok = {HOST_OK, 0, NULL};

static struct host_result failed(enum host_code code, DWORD error, const char *reason) {
    return (struct host_result){code, error, reason};
}

/* What an error at opening a record means. */
static struct host_result record_error(const WCHAR *path, DWORD error, bool repair) {
    DWORD attributes = 0;
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
    attributes = GetFileAttributesW(path);
    if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
        return failed(HOST_GONE, error, NULL);
    if (repair && attributes != INVALID_FILE_ATTRIBUTES &&
        (attributes & FILE_ATTRIBUTE_READONLY) != 0)
        return failed(HOST_REFUSED, error, "the file is read-only, and that is respected");
    return failed(HOST_BUSY, error, NULL);
}

static uint64_t clock_ms(void *context) {
    struct host_win *host = context;
    DWORD ticks = GetTickCount();
    /* GetTickCount starts again after 49.7 days; the difference does not notice. The worker looks
     * at the clock once a minute. */
    host->clock += (DWORD)(ticks - host->ticks);
    host->ticks = ticks;
    return host->clock;
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
        return failed(HOST_FAILED, ERROR_FILENAME_EXCED_RANGE, NULL);
    /* The pattern saves the names of other files; it matches 8.3 names too, so that x.initial may
     * come through, which record_is_named() then keeps out. */
    if (!path_append(host->path, host->folder, "*.ini"))
        return failed(HOST_FAILED, ERROR_FILENAME_EXCED_RANGE, NULL);
    host->found_ready = true;
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
        return failed(HOST_FAILED, GetLastError(), NULL);
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

/* What the file behind the handle is; by handle, since a name can change its meaning. */
static struct host_result check(struct host_win *host, bool repair, uint32_t *size) {
    BY_HANDLE_FILE_INFORMATION info;
    if (!GetFileInformationByHandle(host->record, &info))
        return failed(HOST_FAILED, GetLastError(), NULL);
    *size = info.nFileSizeHigh != 0 ? UINT32_MAX : info.nFileSizeLow;
    if ((info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
        return failed(HOST_GONE, 0, NULL);
    if (!repair)
        return ok;
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
    struct host_result result = check(host, repair, size);
    if (result.code != HOST_OK)
        close_record(host);
    return result;
}

static struct host_result read_file(HANDLE file, uint32_t offset, void *bytes, size_t size,
                                    size_t *got) {
    *got = 0;
    if (SetFilePointer(file, (LONG)offset, NULL, FILE_BEGIN) == INVALID_SET_FILE_POINTER)
        return failed(HOST_FAILED, GetLastError(), NULL);
    while (*got < size) {
        DWORD n = 0;
        if (!ReadFile(file, (char *)bytes + *got, (DWORD)(size - *got), &n, NULL)) {
            DWORD error = GetLastError();
            return failed(error == ERROR_LOCK_VIOLATION ? HOST_BUSY : HOST_FAILED, error, NULL);
        }
        if (n == 0)
            break;
        *got += n;
    }
    return ok;
}

static struct host_result read_record(void *context, uint32_t offset, void *bytes, size_t size,
                                      size_t *got) {
    return read_file(((struct host_win *)context)->record, offset, bytes, size, got);
}

static struct host_result write_record(void *context, uint32_t offset, unsigned char byte) {
    struct host_win *host = context;
    DWORD written = 0;
    if (SetFilePointer(host->record, (LONG)offset, NULL, FILE_BEGIN) == INVALID_SET_FILE_POINTER ||
        !WriteFile(host->record, &byte, 1, &written, NULL)) {
        DWORD error = GetLastError();
        return failed(error == ERROR_LOCK_VIOLATION ? HOST_BUSY : HOST_FAILED, error, NULL);
    }
    return written == 1 ? ok : failed(HOST_FAILED, ERROR_WRITE_FAULT, NULL);
}

static struct host_result flush_record(void *context) {
    struct host_win *host = context;
    return FlushFileBuffers(host->record) ? ok : failed(HOST_FAILED, GetLastError(), NULL);
}

static void close_journal(struct host_win *host) {
    if (host->journal != INVALID_HANDLE_VALUE)
        (void)CloseHandle(host->journal);
    host->journal = INVALID_HANDLE_VALUE;
}

static struct host_result journal_open(void *context) {
    struct host_win *host = context;
    close_journal(host);
    /* Shared for reading only: status may look, a second writer may not. */
    host->journal = CreateFileW(host->journal_path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ,
                                NULL, OPEN_ALWAYS, FILE_FLAG_WRITE_THROUGH, NULL);
    if (host->journal != INVALID_HANDLE_VALUE)
        return ok;
    DWORD error = GetLastError();
    DWORD attributes = GetFileAttributesW(host->journal_path);
    if (error == ERROR_SHARING_VIOLATION)
        return failed(HOST_BUSY, error,
                      "another program has it open, perhaps the service or another kmrepair");
    if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
        return failed(HOST_FAILED, error, "there is a folder of that name");
    return failed(HOST_FAILED, error, NULL);
}

static struct host_result journal_read(void *context, uint32_t offset, void *bytes, size_t size,
                                       size_t *got) {
    return read_file(((struct host_win *)context)->journal, offset, bytes, size, got);
}

static struct host_result journal_append(void *context, const char *line, size_t length) {
    struct host_win *host = context;
    DWORD written = 0;
    if (SetFilePointer(host->journal, 0, NULL, FILE_END) == INVALID_SET_FILE_POINTER ||
        !WriteFile(host->journal, line, (DWORD)length, &written, NULL))
        return failed(HOST_FAILED, GetLastError(), NULL);
    /* A full disk may show as a short write and no error. */
    if (written != length)
        return failed(HOST_FAILED, ERROR_DISK_FULL, NULL);
    return FlushFileBuffers(host->journal) ? ok : failed(HOST_FAILED, GetLastError(), NULL);
}

static bool report(void *context, const struct event *event) {
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

void host_win_init(struct host_win *host, const char *folder, const WCHAR *journal_path,
                   struct events *events) {
    memset(host, 0, sizeof *host);
    host->host = (struct host){host,         clock_ms,       utc,          list_open,
                               list_next,    list_close,     open_record,  read_record,
                               write_record, flush_record,   close_record, journal_open,
                               journal_read, journal_append, report,       decode};
    host->events = events;
    host->journal_path = journal_path;
    host->record = host->journal = host->list = INVALID_HANDLE_VALUE;
    host->ticks = GetTickCount();
    host_win_set_folder(host, folder);
}

void host_win_set_folder(struct host_win *host, const char *folder) {
    host->folder = path_extend(folder, host->path);
}

void host_win_long_name(struct host_win *host, char *name, size_t size) {
    WIN32_FIND_DATAW found;
    if (strchr(name, '~') == NULL || strpbrk(name, "*?") != NULL || host->folder == 0 ||
        !path_append(host->path, host->folder, name))
        return;
    HANDLE list = FindFirstFileW(host->path, &found);
    if (list == INVALID_HANDLE_VALUE)
        return;
    (void)FindClose(list);
    char real[PENDING_NAME_BYTES];
    if (text_from_utf16(found.cFileName, (size_t)lstrlenW(found.cFileName), real, sizeof real) !=
        (size_t)-1)
        (void)text_copy(name, size, real);
}

void host_win_close(struct host_win *host) {
    close_record(host);
    list_close(host);
    close_journal(host);
}
