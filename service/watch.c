/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <string.h>

#include "guarded.h"
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

/* Nobody waits for a request any more. One that was abandoned may have ended since. */
static void settle(struct watch *watch) {
    if (watch->abandoned && HasOverlappedIoCompleted(&watch->overlapped))
        watch->abandoned = false;
    (void)ResetEvent(watch->overlapped.hEvent);
}

static struct host_result arm(struct watch *watch) {
    const DWORD filter = FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_LAST_WRITE |
                         FILE_NOTIFY_CHANGE_SIZE | FILE_NOTIFY_CHANGE_ATTRIBUTES;
    for (;;) {
        /* The system resets the event, and writes to nothing else of this but its own two members. */
        if (ReadDirectoryChangesW(watch->directory, watch->buffer[watch->current], watch->used,
                                  FALSE, filter, NULL, &watch->overlapped, NULL)) {
            watch->armed = true;
            return host_ok;
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
    watch_close(watch);
    if (watch->abandoned)
        return result_make(HOST_FAILED, 0, "the system has not ended the watch before");
    watch->used = watch->size;
    DWORD error = directory_open(path, FILE_FLAG_OVERLAPPED, &watch->directory, &watch->identity,
                                 &watch->trusted);
    return error == ERROR_SUCCESS ? arm(watch) : result_of(error);
}

typedef BOOL WINAPI cancel_request(HANDLE, OVERLAPPED *);

/* CancelIo() returns when the request is over, which is never where a server or a driver hangs. Its
 * successor, there since Vista, returns at once. */
static void cancel(struct watch *watch) {
    cancel_request *cancel_ex =
        (cancel_request *)(void *)GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "CancelIoEx");
    if (cancel_ex != NULL)
        (void)cancel_ex(watch->directory, &watch->overlapped);
    else
        (void)CancelIo(watch->directory);
}

void watch_close(struct watch *watch) {
    enum { CANCEL_MS = 10000 };
    if (watch->armed) {
        /* The system may write into the buffer until the request is known to be over. If that takes
         * too long, to stop is worth more than to watch again. */
        cancel(watch);
        watch->abandoned =
            WaitForSingleObject(watch->overlapped.hEvent, CANCEL_MS) != WAIT_OBJECT_0;
        watch->armed = false;
    }
    file_close(&watch->directory);
    settle(watch);
}

static bool counts(DWORD action) {
    return action >= FILE_ACTION_ADDED && action <= FILE_ACTION_RENAMED_NEW_NAME;
}

/* Walks the buffer; `bytes` is how much of it the system says it filled. */
GUARDED static void hand_out(const char *at, DWORD bytes, watch_change *change, void *context) {
    const DWORD header = FIELD_OFFSET(FILE_NOTIFY_INFORMATION, FileName);
    while (bytes >= header) {
        /* At a multiple of four, says the documentation; Wine has them behind each other as they
         * come, at a multiple of two. */
        const FILE_NOTIFY_INFORMATION UNALIGNED *info = (const void *)at;
        char name[QUEUE_NAME_BYTES];
        DWORD length = info->FileNameLength;
        DWORD next = info->NextEntryOffset;
        if (length > bytes - header || length % sizeof(WCHAR) != 0)
            break;
        bool is_there =
            info->Action != FILE_ACTION_REMOVED && info->Action != FILE_ACTION_RENAMED_OLD_NAME;
        /* A name that does not fit is longer than any that a file can have. */
        if (counts(info->Action) && text_from_utf16(info->FileName, length / sizeof(WCHAR), name,
                                                    sizeof name) != (size_t)-1)
            change(context, name, is_there);
        /* Seen on an NT kernel: the last entry ended long before the bytes that the system said it
         * had filled, and the names behind it were lost. Padding is less than eight bytes. */
        if (next == 0 && bytes - header - length < 8)
            return;
        if (next < header + length || next > bytes || next % sizeof(WCHAR) != 0)
            break;
        at += next;
        bytes -= next;
    }
    /* Not what the documentation promises: believe none of it. */
    change(context, NULL, false);
}

struct host_result watch_collect(struct watch *watch, watch_change *change, void *context) {
    DWORD bytes = 0;
    DWORD error = ERROR_SUCCESS;
    unsigned full = watch->current;
    if (!watch->armed)
        settle(watch);
    if (!watch->armed || !HasOverlappedIoCompleted(&watch->overlapped))
        return host_ok;
    if (!GetOverlappedResult(watch->directory, &watch->overlapped, &bytes, FALSE))
        error = GetLastError();
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
    return !watch->trusted || file_is_same(&watch->identity, &there) ? host_ok : result_replaced();
}
