/* SPDX-License-Identifier: MIT */
/*
 * fuzz_watch: any bytes as what ReadDirectoryChangesW has filled.
 *
 * The product's own watch, on calls of Windows that are made here. What is handed out is what a slow walk of
 * the same bytes yields, in its order; an entry that is not as documented ends as "changes were lost", and so
 * do no bytes at all. Nothing is read beyond what was filled, nor from the buffer that the system has again,
 * and it has that before the first name is handed out.
 *
 * The input: a byte that says how the request ends, two for the size of the first of two completions, and
 * their bytes.
 */
#include "watch.h"

#include <sanitizer/asan_interface.h>

#include "fuzz.h"
#include "result.h"
#include "text.h"
#include "win/error.h"

enum { ROOM = 8 * 1024, CHANGES = ROOM / 12 + 2, NAME_MOST = 765, HEADER = 12 };

/* ---- the system: one directory, one request */

static struct {
    void *buffer; /* that the request writes to, NULL when there is none */
    DWORD size;
    DWORD filled, error; /* how it has ended */
    DWORD refusal;       /* of the next request */
    bool is_open;
    OVERLAPPED *overlapped;
} world;

DWORD GetLastError(void) {
    return world.error;
}

HANDLE CreateEventW(void *security, BOOL manual, BOOL set, const WCHAR *name) {
    INSIST(security == NULL && manual && !set && name == NULL, "an event that is reset by hand");
    return &world;
}

BOOL ResetEvent(HANDLE event) {
    INSIST(event == &world, "the event is there");
    return TRUE;
}

BOOL CloseHandle(HANDLE handle) {
    INSIST(handle == &world, "the event is closed once");
    return TRUE;
}

BOOL ReadDirectoryChangesW(HANDLE directory, void *buffer, DWORD size, BOOL below, DWORD filter,
                           DWORD *bytes, OVERLAPPED *overlapped, void *routine) {
    INSIST(directory == &world && world.is_open && world.buffer == NULL,
           "one request, of an open folder");
    INSIST(!below && filter != 0 && bytes == NULL && routine == NULL,
           "of the folder alone, by an event");
    world.error = world.refusal;
    if (world.error == ERROR_INVALID_PARAMETER && size < ROOM)
        world.error = ERROR_SUCCESS;
    if (world.error != ERROR_SUCCESS)
        return FALSE;
    world.buffer = buffer;
    world.size = size;
    world.overlapped = overlapped;
    overlapped->Internal = STATUS_PENDING;
    /* From here on it is the system's. */
    ASAN_POISON_MEMORY_REGION(buffer, ROOM);
    return TRUE;
}

static DWORD end_request(const uint8_t *data, size_t size, DWORD error) {
    world.filled = size < world.size ? (DWORD)size : world.size;
    world.error = error;
    ASAN_UNPOISON_MEMORY_REGION(world.buffer, world.filled);
    if (world.filled > 0)
        memcpy(world.buffer, data, world.filled);
    world.buffer = NULL;
    world.overlapped->Internal = error;
    return world.filled;
}

BOOL GetOverlappedResult(HANDLE file, OVERLAPPED *overlapped, DWORD *bytes, BOOL wait) {
    INSIST(file == &world && overlapped == world.overlapped && !wait,
           "the request's own end is asked for");
    *bytes = world.filled;
    return world.error == ERROR_SUCCESS;
}

BOOL CancelIo(HANDLE file) {
    INSIST(file == &world && world.buffer != NULL, "a request is cancelled");
    (void)end_request(NULL, 0, ERROR_SUCCESS);
    return TRUE;
}

DWORD WaitForSingleObject(HANDLE handle, DWORD milliseconds) {
    INSIST(handle == &world && milliseconds > 0 && world.buffer == NULL,
           "a cancelled request is waited for");
    return WAIT_OBJECT_0;
}

HMODULE GetModuleHandleW(const WCHAR *name) {
    (void)name;
    return NULL;
}

FARPROC GetProcAddress(HMODULE module, const char *name) {
    (void)module;
    (void)name;
    return NULL;
}

/* ---- what watch has from win/ */

void file_close(HANDLE *file) {
    if (*file != INVALID_HANDLE_VALUE)
        world.is_open = false;
    *file = INVALID_HANDLE_VALUE;
}

DWORD directory_open(const WCHAR *path, DWORD flags, HANDLE *directory,
                     struct file_identity *identity, bool *trusted) {
    INSIST(path != NULL && flags == FILE_FLAG_OVERLAPPED, "the folder is opened to be watched");
    memset(identity, 0, sizeof *identity);
    *trusted = true;
    *directory = &world;
    world.is_open = true;
    return ERROR_SUCCESS;
}

DWORD file_identify_path(const WCHAR *path, struct file_identity *identity, DWORD *attributes) {
    (void)path;
    (void)identity;
    (void)attributes;
    abort(); /* of watch_check(), which is not called */
}

bool file_is_same(const struct file_identity *a, const struct file_identity *b) {
    (void)a;
    (void)b;
    abort();
}

void error_text(DWORD error, char *to, size_t size) {
    (void)error;
    (void)to;
    (void)size;
    abort(); /* of result_text() */
}

/* ---- the slow walk */

struct change {
    bool lost, is_there;
    char name[NAME_MOST + 1];
};

struct changes {
    size_t count;
    struct change change[CHANGES];
};

static DWORD number_at(const uint8_t *data, size_t at) {
    return data[at] | (DWORD)data[at + 1] << 8 | (DWORD)data[at + 2] << 16 |
           (DWORD)data[at + 3] << 24;
}

static uint32_t unit_at(const uint8_t *data, size_t at) {
    return data[at] | (uint32_t)data[at + 1] << 8;
}

/* UTF-8 of the units; a surrogate without its partner as if it were a character. False: too long. */
static bool slow_name(const uint8_t *data, size_t length, char *to) {
    size_t used = 0;
    for (size_t at = 0; at < length; at += 2) {
        uint32_t c = unit_at(data, at);
        uint32_t next = at + 2 < length ? unit_at(data, at + 2) : 0;
        if (c >> 10 == 0x36 && next >> 10 == 0x37) {
            c = 0x10000 + ((c & 0x3FF) << 10 | (next & 0x3FF));
            at += 2;
        }
        unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        static const unsigned char first[] = {0, 0xC0, 0xE0, 0xF0};
        if (used + more + 1 > NAME_MOST)
            return false;
        to[used++] = (char)(first[more] | c >> 6 * more);
        while (more-- > 0)
            to[used++] = (char)(0x80 | (c >> 6 * more & 0x3F));
    }
    to[used] = '\0';
    return true;
}

static void lose(struct changes *changes) {
    changes->change[changes->count++] = (struct change){.lost = true};
}

/* Entry after entry, each of a length, an action, a name's length in bytes and the name. */
static void slow_walk(const uint8_t *data, size_t size, struct changes *changes) {
    size_t at = 0;
    changes->count = 0;
    for (;;) {
        size_t left = size - at;
        if (left < HEADER)
            break;
        DWORD next = number_at(data, at), action = number_at(data, at + 4),
              length = number_at(data, at + 8);
        struct change *change = &changes->change[changes->count];
        *change = (struct change){.is_there = action != 2 && action != 4};
        if (length > left - HEADER || length % 2 != 0)
            break;
        if (action >= 1 && action <= 5 && slow_name(data + at + HEADER, length, change->name))
            changes->count++;
        if (next == 0 && left - HEADER - length < 8)
            return;
        if (next < HEADER + length || next > left || next % 2 != 0)
            break;
        at += next;
    }
    lose(changes);
}

/* ---- the comparison */

static struct {
    struct changes expected;
    size_t got;
    bool stays_open;
} check;

static void take(void *context, const char *name, bool is_there) {
    INSIST(context == &check, "the context is handed on");
    INSIST((world.buffer != NULL) == check.stays_open,
           "it is armed again before the first change is handed out");
    INSIST(check.got < check.expected.count, "no more is handed out than there is");
    const struct change *expected = &check.expected.change[check.got++];
    INSIST((name == NULL) == expected->lost, "a loss is where an entry is not as documented");
    if (name != NULL) {
        INSIST(strcmp(name, expected->name) == 0, "the name is that of the buffer");
        INSIST(is_there == expected->is_there,
               "a name is there unless it was removed or renamed away");
    }
}

/* `how` the request ends, and whether there can be another. Returns whether the watch is still open. */
static bool complete(struct watch *watch, const uint8_t *data, size_t size, unsigned how) {
    static const DWORD errors[] = {ERROR_SUCCESS, ERROR_SUCCESS, ERROR_NOTIFY_ENUM_DIR,
                                   ERROR_ACCESS_DENIED};
    static const DWORD refusals[] = {ERROR_SUCCESS, ERROR_SUCCESS, ERROR_ACCESS_DENIED,
                                     ERROR_INVALID_PARAMETER};
    DWORD error = errors[how & 3];
    world.refusal = refusals[how >> 2 & 3];
    DWORD filled = end_request(data, size, error);
    check.got = 0;
    check.stays_open = world.refusal != ERROR_ACCESS_DENIED;
    check.expected.count = 0;
    if (error == ERROR_NOTIFY_ENUM_DIR || (error == ERROR_SUCCESS && filled == 0))
        lose(&check.expected);
    else if (error == ERROR_SUCCESS)
        slow_walk(data, filled, &check.expected);
    struct host_result result = watch_collect(watch, take, &check);
    INSIST(check.got == check.expected.count, "all that there is is handed out");
    bool good = error != ERROR_ACCESS_DENIED && check.stays_open;
    INSIST((result.code == HOST_OK) == good && watch_is_open(watch) == good,
           "after an error the watch is closed");
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct watch watch;
    if (size < 3)
        return 0;
    uint8_t *room = malloc(2 * ROOM);
    INSIST(room != NULL, "there is memory");
    memset(&world, 0, sizeof world);
    unsigned how = data[0];
    size_t first = (data[1] | (size_t)data[2] << 8) % (size - 2);
    INSIST(watch_init(&watch, (DWORD *)(void *)room, ROOM), "there is an event");
    INSIST(watch_open(&watch, L"C:\\Clients").code == HOST_OK, "the folder is opened");
    if (complete(&watch, data + 3, first, how & 15))
        (void)complete(&watch, data + 3 + first, size - 3 - first, how >> 4);
    watch_destroy(&watch);
    ASAN_UNPOISON_MEMORY_REGION(room, 2 * ROOM);
    free(room);
    return 0;
}
