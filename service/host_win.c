/* SPDX-License-Identifier: MIT */
#include "host_win.h"

#include <string.h>

#include "guarded.h"
#include "journal.h"
#include "result.h"
#include "text.h"

/* ---- clocks ---- */

uint64_t host_win_clock(struct host_win *host) {
    DWORD ticks = GetTickCount();
    /* GetTickCount starts again after 49.7 days; the difference does not notice. The worker looks
     * at the clock once a minute. */
    host->clock += (DWORD)(ticks - host->ticks);
    host->ticks = ticks;
    return host->clock;
}

DWORD host_win_until(struct host_win *host, uint64_t due, DWORD most) {
    uint64_t time = host_win_clock(host);
    return due <= time ? 0 : due - time > most ? most : (DWORD)(due - time);
}

static uint64_t read_clock(void *context) {
    return host_win_clock(context);
}

uint32_t host_win_utc(void) {
    SYSTEMTIME time;
    GetSystemTime(&time);
    return journal_utc(time.wYear, time.wMonth, time.wDay,
                       ((uint32_t)time.wHour * 60 + time.wMinute) * 60 + time.wSecond);
}

static uint32_t read_utc(void *context) {
    (void)context;
    return host_win_utc();
}

static uint32_t mix(uint32_t sum, uint32_t number) {
    return (sum ^ number) * 0x9E3779B1u; /* 2^32 by the golden ratio: each bit moves many */
}

/* The counter runs at a megahertz or more; the process's number tells two that ask at once apart. */
static uint32_t make_unique(void *context) {
    LARGE_INTEGER counter = {.QuadPart = 0};
    uint32_t number = mix(read_utc(context), GetTickCount());
    (void)QueryPerformanceCounter(&counter);
    number = mix(number, counter.LowPart);
    number = mix(number, (uint32_t)counter.HighPart);
    number = mix(number, GetCurrentProcessId());
    return number ^ number >> 16;
}

/* ---- the rest of host.h has the context of its own part ---- */

static struct host_result list_open(void *context) {
    return folder_list_open(&((struct host_win *)context)->folder);
}

static struct host_result list_next(void *context, char *name, size_t size,
                                    struct host_stamp *stamp) {
    return folder_list_next(&((struct host_win *)context)->folder, name, size, stamp);
}

static void list_close(void *context) {
    folder_list_close(&((struct host_win *)context)->folder);
}

static struct host_result check_folder(void *context) {
    return folder_check(&((struct host_win *)context)->folder);
}

static bool is_folder(void *context, const char *path) {
    return folder_is(&((struct host_win *)context)->folder, path);
}

static struct host_result real_name(void *context, char *name, size_t size) {
    return folder_real_name(&((struct host_win *)context)->folder, name, size);
}

static struct host_result open_record(void *context, const char *folder, const char *name,
                                      bool repair, uint32_t *size) {
    return folder_open_record(&((struct host_win *)context)->folder, folder, name, repair, size);
}

static bool is_written(void *context, const char *name) {
    return folder_is_written(&((struct host_win *)context)->folder, name);
}

static struct host_result read_record(void *context, uint32_t offset, void *bytes, size_t size,
                                      size_t *got) {
    return folder_read(&((struct host_win *)context)->folder, offset, bytes, size, got);
}

static struct host_result write_record(void *context, uint32_t offset, unsigned char byte) {
    return folder_write(&((struct host_win *)context)->folder, offset, byte);
}

static struct host_result flush_record(void *context) {
    return folder_flush(&((struct host_win *)context)->folder);
}

static void close_record(void *context) {
    folder_close_record(&((struct host_win *)context)->folder);
}

static struct host_result journal_open(void *context, uint32_t *size) {
    return journal_file_open(&((struct host_win *)context)->journal, size);
}

static void journal_close(void *context) {
    journal_file_close(&((struct host_win *)context)->journal);
}

static struct host_result journal_read(void *context, uint32_t offset, void *bytes, size_t size,
                                       size_t *got) {
    return journal_file_read(&((struct host_win *)context)->journal, offset, bytes, size, got);
}

static struct host_result journal_append(void *context, const char *line, size_t length) {
    return journal_file_append(&((struct host_win *)context)->journal, line, length);
}

static struct host_result journal_new(void *context) {
    return journal_file_new(&((struct host_win *)context)->journal);
}

static struct host_result journal_put(void *context, const char *line, size_t length) {
    return journal_file_put(&((struct host_win *)context)->journal, line, length);
}

static struct host_result journal_replace(void *context, bool keep) {
    return journal_file_replace(&((struct host_win *)context)->journal, keep);
}

static bool report(void *context, const struct event *event) {
    struct host_win *host = context;
    return host->events != NULL && events_report(host->events, event);
}

GUARDED static bool decode(void *context, const char *bytes, size_t length, char *to, size_t size) {
    WCHAR units[RECORD_MAILBOX_MAX];
    int count = MultiByteToWideChar(CP_ACP, MB_ERR_INVALID_CHARS, bytes, (int)length, units,
                                    RECORD_MAILBOX_MAX);
    (void)context;
    return count > 0 && text_from_utf16(units, (size_t)count, to, size) != (size_t)-1;
}

static const struct host calls = {.clock = read_clock,
                                  .utc = read_utc,
                                  .unique = make_unique,
                                  .list_open = list_open,
                                  .list_next = list_next,
                                  .list_close = list_close,
                                  .folder_check = check_folder,
                                  .folder_is = is_folder,
                                  .real_name = real_name,
                                  .open = open_record,
                                  .is_written = is_written,
                                  .read = read_record,
                                  .write = write_record,
                                  .flush = flush_record,
                                  .close = close_record,
                                  .journal_open = journal_open,
                                  .journal_close = journal_close,
                                  .journal_read = journal_read,
                                  .journal_append = journal_append,
                                  .journal_new = journal_new,
                                  .journal_put = journal_put,
                                  .journal_replace = journal_replace,
                                  .report = report,
                                  .decode = decode};

void host_win_init(struct host_win *host, const WCHAR *journal_path, struct events *events) {
    memset(host, 0, sizeof *host);
    memcpy(&host->host, &calls, sizeof calls);
    host->host.context = host;
    host->events = events;
    folder_init(&host->folder);
    journal_file_init(&host->journal, journal_path);
    host->ticks = GetTickCount();
}

struct host_result host_win_open_folder(struct host_win *host, const char *folder) {
    if (config_is_absolute(folder))
        return folder_open(&host->folder, folder);
    folder_close(&host->folder);
    (void)find_clients(NULL, host->not_found);
    return result_make(HOST_FAILED, 0, host->not_found);
}

void host_win_close(struct host_win *host) {
    folder_close(&host->folder);
    journal_file_close(&host->journal);
}
