#include "watch.h"

#include <string.h>

#include "queue.h"
#include "result.h"
#include "text.h"

bool watch_init(struct watch *watch, DWORD *room, DWORD size) {
    memset(watch, 0, sizeof *watch);
    watch->directory = INVALID_HANDLE_VALUE;
    watch->size = size;
    watch->buffer[0] = room;
    watch->buffer[1] = room + size / sizeof *room;
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

static HANDLE open_directory(const WCHAR *path) {
    /* Shared for everything, so that the folder can be renamed and removed while we watch it. */
    return CreateFileW(path, FILE_LIST_DIRECTORY,
                       FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                       FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT |
                           SECURITY_IDENTIFICATION,
                       NULL);
}

static struct host_result arm(struct watch *watch) {
    const DWORD filter = FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_LAST_WRITE |
                         FILE_NOTIFY_CHANGE_SIZE | FILE_NOTIFY_CHANGE_ATTRIBUTES;
    for (;;) {
        /* The system resets the event, and writes to nothing else of this but its own two members. */
        if (ReadDirectoryChangesW(watch->directory, watch->buffer[watch->current], watch->used,
                                  FALSE, filter, NULL, &watch->overlapped, NULL)) {
            watch->armed = true;
            return result_ok;
        }
        DWORD error = GetLastError();
        /* Some redirectors take less than 64 KB; ERROR_INVALID_PARAMETER is how they say so. */
        if (error == ERROR_INVALID_PARAMETER && watch->used == watch->size) {
            watch->used = watch->size / 2;
            continue;
        }
        /* A folder that was removed gives ERROR_ACCESS_DENIED here, and stays half-removed until
         * our handle is closed, so it is closed at once. */
        watch_close(watch);
        return result_of(error);
    }
}

struct host_result watch_open(struct watch *watch, const WCHAR *path) {
    struct file_identity again;
    DWORD attributes = 0;
    watch_close(watch);
    watch->used = watch->size;
    watch->directory = open_directory(path);
    if (watch->directory == INVALID_HANDLE_VALUE)
        return result_last();
    DWORD error = file_identify(watch->directory, &watch->identity, &attributes, NULL);
    if (error != ERROR_SUCCESS) {
        watch_close(watch);
        return result_of(error);
    }
    if ((attributes & FILE_ATTRIBUTE_DIRECTORY) == 0) {
        watch_close(watch);
        return result_make(HOST_FAILED, ERROR_DIRECTORY, "it is a file, not a folder");
    }
    watch->trusted = file_identify_path(path, &again, &attributes) == ERROR_SUCCESS &&
                     file_is_same(&watch->identity, &again);
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

static bool counts(DWORD action) {
    return action >= FILE_ACTION_ADDED && action <= FILE_ACTION_RENAMED_NEW_NAME;
}

/* Walks the buffer; `bytes` is how much of it the system says it filled. */
static void hand_out(const char *at, DWORD bytes, watch_change *change, void *context) {
    const DWORD header = FIELD_OFFSET(FILE_NOTIFY_INFORMATION, FileName);
    while (bytes >= header) {
        /* At a multiple of four, says the documentation; Wine has them behind each other as they
         * come. */
        const FILE_NOTIFY_INFORMATION UNALIGNED *info = (const void *)at;
        char name[QUEUE_NAME_BYTES];
        DWORD length = info->FileNameLength;
        if (length > bytes - header)
            break;
        bool is_there =
            info->Action != FILE_ACTION_REMOVED && info->Action != FILE_ACTION_RENAMED_OLD_NAME;
        /* A name that does not fit is longer than any that a file can have. */
        if (counts(info->Action) && text_from_utf16(info->FileName, length / sizeof(WCHAR), name,
                                                    sizeof name) != (size_t)-1)
            change(context, name, is_there);
        /* Seen on an NT kernel: the last entry ended long before the bytes that the system said it
         * had filled, and the names behind it were lost. Padding is less than eight bytes. */
        if (info->NextEntryOffset == 0 && bytes - header - length < 8)
            return;
        if (info->NextEntryOffset < header || info->NextEntryOffset > bytes)
            break;
        at += info->NextEntryOffset;
        bytes -= info->NextEntryOffset;
    }
    /* Not what the documentation promises: believe none of it. */
    change(context, NULL, false);
}

struct host_result watch_collect(struct watch *watch, watch_change *change, void *context) {
    DWORD bytes = 0;
    DWORD error = ERROR_SUCCESS;
    unsigned full = watch->current;
    if (!watch->armed)
        return result_ok;
    if (!GetOverlappedResult(watch->directory, &watch->overlapped, &bytes, FALSE)) {
        error = GetLastError();
        if (error == ERROR_IO_INCOMPLETE)
            return result_ok;
    }
    watch->armed = false;
    if (error != ERROR_SUCCESS && error != ERROR_NOTIFY_ENUM_DIR) {
        watch_close(watch);
        return result_of(error);
    }
    /* Armed before the work, so that the time in which nobody listens is as short as can be. */
    watch->current = 1 - full;
    struct host_result result = arm(watch);
    /* NT reports lost changes as success with no bytes, Wine as ERROR_NOTIFY_ENUM_DIR. */
    if (bytes == 0 || error == ERROR_NOTIFY_ENUM_DIR)
        change(context, NULL, false);
    else
        hand_out((const char *)watch->buffer[full], bytes, change, context);
    return result;
}

struct host_result watch_check(const struct watch *watch, const WCHAR *path) {
    struct file_identity there;
    DWORD attributes = 0;
    DWORD error = file_identify_path(path, &there, &attributes);
    if (error != ERROR_SUCCESS)
        return result_of(error);
    return !watch->trusted || file_is_same(&watch->identity, &there)
               ? result_ok
               : result_make(HOST_FAILED, 0, "it was replaced by another folder");
}
