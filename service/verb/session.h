/* SPDX-License-Identifier: MIT */
/*
 * session: a mender of a verb's own, beside a service that runs or not.
 *
 * For `repair`, `undo` and `release`, on the process's first thread. There is one, with everything
 * in it that is too large for a stack. Events go to the event log and to the console; Ctrl-C ends a
 * wait.
 */
#ifndef KMREPAIR_SESSION_H
#define KMREPAIR_SESSION_H

#include <windows.h>

#include <stdbool.h>

#include "events.h"
#include "host_win.h"
#include "mender.h"
#include "options.h"

struct session {
    HANDLE stop; /* signalled by Ctrl-C */
    HANDLE done; /* signalled when it is closed */
    struct events events;
    struct settings settings;
    struct host_win host;
    struct mender mender;
};

/* The command line's folder and its mender. NULL after a message; otherwise session_close() is to
 * be called. */
struct session *session_open(const struct options *options);
void session_close(struct session *session);

/* Waits for so long. False when Ctrl-C asks for the end. */
bool session_wait(const struct session *session, DWORD milliseconds);

#endif
