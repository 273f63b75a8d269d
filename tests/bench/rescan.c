/* SPDX-License-Identifier: MIT */
/*
 * rescan: what it costs to look through a folder of which all records are known, beside a bare loop over the names.
 *
 *   rescan FOLDER JOURNAL ROUNDS
 *
 * The product's own objects, with a main() that does what the worker does, and counts the records that are opened.
 * Prints a line a round: microseconds of a rescan, of FindFirstFile and FindNextFile over the same folder, and how many
 * records the rescan has opened. The first scan, which opens all, and one round are not told.
 */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>

#include "host_win.h"
#include "mender.h"
#include "text.h"

static struct host_win host;
static struct mender mender;
static struct known known;
static struct settings settings;
static unsigned char bytes[RECORD_BYTES_MAX];
static WCHAR journal[PATH_UNITS], pattern[PATH_UNITS];
static WIN32_FIND_DATAW found;
static unsigned opened;

typedef struct host_result open_call(void *, const char *, const char *, bool, uint32_t *);
static open_call *really_open;

static struct host_result count_open(void *context, const char *folder, const char *name,
                                     bool repair, uint32_t *size) {
    opened++;
    return really_open(context, folder, name, repair, size);
}

static bool report(void *context, const struct event *event) {
    (void)context;
    (void)event;
    return true;
}

static LONGLONG now(void) {
    LARGE_INTEGER counter, frequency;
    (void)QueryPerformanceCounter(&counter);
    (void)QueryPerformanceFrequency(&frequency);
    return counter.QuadPart * 1000000 / frequency.QuadPart;
}

static LONGLONG scan(void) {
    LONGLONG start = now();
    opened = 0;
    mender.scan.finished = false;
    scan_want(&mender.scan);
    mender.scan.ended = 0; /* at once */
    while (!mender.scan.finished)
        (void)mender_step(&mender);
    return now() - start;
}

static LONGLONG walk(void) {
    LONGLONG start = now();
    HANDLE list = FindFirstFileW(pattern, &found);
    if (list == INVALID_HANDLE_VALUE)
        exit(2);
    while (FindNextFileW(list, &found))
        continue;
    (void)FindClose(list);
    return now() - start;
}

int main(int count, char **arguments) {
    if (count != 4)
        return 2;
    config_defaults(&settings);
    settings.repair = false;
    settings.rescan_minutes = 0;
    (void)text_copy(settings.folder, sizeof settings.folder, arguments[1]);
    (void)MultiByteToWideChar(CP_ACP, 0, arguments[2], -1, journal, PATH_UNITS);
    (void)MultiByteToWideChar(CP_ACP, 0, arguments[1], -1, pattern, PATH_UNITS - 8);
    (void)lstrcatW(pattern, L"\\*.ini");
    host_win_init(&host, journal, NULL);
    really_open = host.host.open;
    host.host.open = count_open;
    host.host.report = report;
    if (host_win_open_folder(&host, settings.folder).code != HOST_OK)
        return 2;
    mender_init(&mender, &host.host, &settings, true, bytes, &known);
    mender_folder_open(&mender, host.folder.path);
    (void)scan();
    for (int round = -1; round < atoi(arguments[3]); round++) {
        LONGLONG ours = round % 2 != 0 ? scan() : 0;
        LONGLONG bare = walk();
        if (round % 2 == 0)
            ours = scan();
        if (round >= 0)
            printf("%lu %lu %u\n", (unsigned long)ours, (unsigned long)bare, opened);
    }
    mender_close(&mender);
    host_win_close(&host);
    return 0;
}
