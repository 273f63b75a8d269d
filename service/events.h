/* SPDX-License-Identifier: MIT */
/*
 * events: the Windows event log, source KMRepair.
 *
 * Turns the mender's events into ReportEventW calls, and into lines on the console where somebody
 * watches (`run --console`, `repair`). Texts are in messages.mc, compiled into the EXE.
 * One thread owns a struct events.
 */
#ifndef KMREPAIR_EVENTS_H
#define KMREPAIR_EVENTS_H

#include <windows.h>

#include <stdbool.h>

#include "host.h"

#define EVENTS_SOURCE L"KMRepair"

enum { EVENTS_BUFFER = 12 * 1024 };

struct events {
    HANDLE source; /* NULL when the event log could not be opened: it is tried again each time */
    bool print;    /* on the console too */
    WCHAR strings[EVENTS_BUFFER];
    WCHAR message[EVENTS_BUFFER];
    char line[EVENTS_BUFFER * 3];
};

void events_open(struct events *events, bool print);
void events_close(struct events *events);

/* False when the event did not get into the event log. */
bool events_report(struct events *events, const struct event *event);

/* events_report() of a number and up to three strings, NULL for those that it has not. */
bool events_say(struct events *events, enum event_number number, const char *first,
                const char *second, const char *third);

/* The registry key that lets Event Viewer find the texts. Win32 error, 0 if none. */
DWORD events_register(const WCHAR *program);
DWORD events_unregister(void);

#endif
