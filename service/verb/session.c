/* SPDX-License-Identifier: MIT */
#include "verb/session.h"

#include "console.h"
#include "verb/configured.h"
#include "verb/verb.h"

/* The handler of Ctrl-C carries no context. */
static struct session own;

/* When the console is closed, or the user or the host goes, the process is ended as soon as this
 * returns: the step in hand gets some seconds first. */
static BOOL WINAPI on_break(DWORD type) {
    enum { GRACE_MS = 4000 };
    (void)SetEvent(own.stop);
    if (type != CTRL_C_EVENT && type != CTRL_BREAK_EVENT)
        (void)WaitForSingleObject(own.done, GRACE_MS);
    return TRUE;
}

struct session *session_open(const struct options *options) {
    own.stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    own.done = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (own.stop == NULL || own.done == NULL) {
        (void)console_fail_error("an event object cannot be made", "", GetLastError());
        return NULL;
    }
    if (!SetConsoleCtrlHandler(on_break, TRUE)) {
        (void)console_fail_error("Ctrl-C cannot be handled", "", GetLastError());
        return NULL;
    }
    if (!configured_load(options, &own.settings))
        return NULL;
    events_open(&own.events, true);
    host_win_init(&own.host, options->journal, &own.events);
    struct host_result result = host_win_open_folder(&own.host, own.settings.folder);
    if (result.code != HOST_OK) {
        events_close(&own.events);
        (void)verb_fail_folder(options, "cannot open ", own.settings.folder, &result);
        return NULL;
    }
    mender_init(&own.mender, &own.host.host, &own.settings, false, options->bytes, NULL);
    mender_folder_open(&own.mender, own.host.folder.path);
    return &own;
}

void session_close(struct session *session) {
    mender_close(&session->mender);
    host_win_close(&session->host);
    events_close(&session->events);
    /* The events stay: the handler may be running on a thread of its own. */
    (void)SetEvent(session->done);
}

bool session_wait(const struct session *session, DWORD milliseconds) {
    return WaitForSingleObject(session->stop, milliseconds) == WAIT_TIMEOUT;
}
