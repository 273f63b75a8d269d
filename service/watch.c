#include "watch.h"

#include <string.h>

#include "host_win.h"
#include "pending.h"
#include "text.h"
#include "win/file.h"

static const struct host_result no_error = {HOST_OK, 0, NULL};

static struct host_result error_of(DWORD error, const char *reason) {
    return (struct host_result){HOST_FAILED, error & 0xFFFFFF, reason};
}

bool watch_init(struct watch *watch) {
    memset(watch, 0, sizeof *watch);
    watch->directory = INVALID_HANDLE_VALUE;
    watch->overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    return watch->overlapped.hEvent != NULL;
}

void watch_destroy(struct watch *watch) {
    watch_close(watch);
    if (watch->overlapped.hEvent != NULL)
        (void)CloseHandle(watch->overlapped.hEvent);
    watch->overlapped.hEvent = NULL;
}

bool watch_is_open(const struct watch *watch) {
    return watch->directory != INVALID_HANDLE_VALUE;
}

static HANDLE open_directory(const WCHAR *path, DWORD access, DWORD flags) {
    /* Shared for everything, so that the folder can be renamed and removed while we watch it. */
    return CreateFileW(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                       OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | flags, NULL);
}

static struct host_result arm(struct watch *watch) {
    const DWORD filter = FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_LAST_WRITE |
                         FILE_NOTIFY_CHANGE_SIZE | FILE_NOTIFY_CHANGE_ATTRIBUTES;
    for (;;) {
        /* The system resets the event, and writes to nothing else of this but its own two members. */
        if (ReadDirectoryChangesW(watch->directory, watch->buffer[watch->current], watch->size,
                                  FALSE, filter, NULL, &watch->overlapped, NULL)) {
            watch->armed = true;
            return no_error;
        }
        DWORD error = GetLastError();
        /* Some redirectors take less than 64 KB; ERROR_INVALID_PARAMETER is how they say so. */
        if (error == ERROR_INVALID_PARAMETER && watch->size == WATCH_BYTES) {
            watch->size = WATCH_BYTES / 2;
            continue;
        }
        /* A folder that was removed gives ERROR_ACCESS_DENIED here, and stays half-removed until
         * our handle is closed, so it is closed at once. */
        watch_close(watch);
        return error_of(error, NULL);
    }
}

struct host_result watch_open(struct watch *watch, const WCHAR *path) {
    struct file_identity identity;
    DWORD attributes = 0;
    watch_close(watch);
    watch->size = WATCH_BYTES;
    watch->directory = open_directory(path, FILE_LIST_DIRECTORY, FILE_FLAG_OVERLAPPED);
    if (watch->directory == INVALID_HANDLE_VALUE)
        return host_win_last_error();
    DWORD error = file_identify(watch->directory, &identity, &attributes, NULL);
    if (error != ERROR_SUCCESS) {
        watch_close(watch);
        return error_of(error, NULL);
    }
    if ((attributes & FILE_ATTRIBUTE_DIRECTORY) == 0) {
        watch_close(watch);
        return error_of(ERROR_DIRECTORY, "it is a file, not a folder");
    }
    return arm(watch);
}

void watch_close(struct watch *watch) {
    DWORD bytes = 0;
    if (watch->armed) {
        /* The system may write into the buffer until the request is known to be over. */
        (void)CancelIo(watch->directory);
        (void)GetOverlappedResult(watch->directory, &watch->overlapped, &bytes, TRUE);
        watch->armed = false;
    }
    if (watch->directory != INVALID_HANDLE_VALUE)
        (void)CloseHandle(watch->directory);
    watch->directory = INVALID_HANDLE_VALUE;
    (void)ResetEvent(watch->overlapped.hEvent);
}

/* Walks the buffer; `bytes` is how much of it the system says it filled. */
static void hand_out(const char *at, DWORD bytes, watch_change *change, void *context) {
    const DWORD header = FIELD_OFFSET(FILE_NOTIFY_INFORMATION, FileName);
    while (bytes >= header) {
        /* At a multiple of four, says the documentation; Wine has them behind each other as they come. */
        const FILE_NOTIFY_INFORMATION UNALIGNED *info = (const void *)at;
        char name[PENDING_NAME_BYTES];
        if (info->FileNameLength > bytes - header)
            break;
        bool counts = info->Action == FILE_ACTION_ADDED || info->Action == FILE_ACTION_MODIFIED ||
                      info->Action == FILE_ACTION_RENAMED_NEW_NAME;
        /* A name that does not fit is longer than any that a file can have. */
        if (counts && text_from_utf16(info->FileName, info->FileNameLength / sizeof(WCHAR), name,
                                      sizeof name) != (size_t)-1)
            change(context, name);
        if (info->NextEntryOffset == 0)
            return;
        if (info->NextEntryOffset < header || info->NextEntryOffset > bytes)
            break;
        at += info->NextEntryOffset;
        bytes -= info->NextEntryOffset;
    }
    /* Not what the documentation promises: believe none of it. */
    change(context, NULL);
}

struct host_result watch_collect(struct watch *watch, watch_change *change, void *context) {
    DWORD bytes = 0;
    DWORD error = ERROR_SUCCESS;
    unsigned full = watch->current;
    if (!watch->armed)
        return no_error;
    if (!GetOverlappedResult(watch->directory, &watch->overlapped, &bytes, FALSE)) {
        error = GetLastError();
        if (error == ERROR_IO_INCOMPLETE)
            return no_error;
    }
    watch->armed = false;
    if (error != ERROR_SUCCESS && error != ERROR_NOTIFY_ENUM_DIR) {
        watch_close(watch);
        return error_of(error, NULL);
    }
    /* Armed before the work, so that the time in which nobody listens is as short as can be. */
    watch->current = 1 - full;
    struct host_result result = arm(watch);
    /* NT reports lost changes as success with no bytes, Wine as ERROR_NOTIFY_ENUM_DIR. */
    if (bytes == 0 || error == ERROR_NOTIFY_ENUM_DIR)
        change(context, NULL);
    else
        hand_out((const char *)watch->buffer[full], bytes, change, context);
    return result;
}

struct host_result watch_check(struct watch *watch, const WCHAR *path) {
    struct file_identity ours;
    struct file_identity theirs;
    HANDLE other = open_directory(path, FILE_READ_ATTRIBUTES, 0);
    struct host_result result = no_error;
    if (other == INVALID_HANDLE_VALUE)
        return host_win_last_error();
    DWORD error = file_identify(watch->directory, &ours, NULL, NULL);
    if (error == ERROR_SUCCESS)
        error = file_identify(other, &theirs, NULL, NULL);
    if (error != ERROR_SUCCESS)
        result = error_of(error, NULL);
    else if (!file_is_same(&ours, &theirs))
        result = error_of(0, "it was replaced by another folder");
    (void)CloseHandle(other);
    return result;
}
