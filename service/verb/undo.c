/* SPDX-License-Identifier: MIT */
#include "console.h"
#include "verb/session.h"
#include "verb/verb.h"

enum {
    UNDO_MS = 10000,
    AGAIN_MS = 100
}; /* how long, and how often, what is in use is tried again */

typedef struct host_result change_record(struct mender *mender, const char *name);

static int make_change(const struct options *options, change_record *change, const char *cannot) {
    struct host_result result;
    struct session *session = session_open(options);
    if (session == NULL)
        return 2;
    uint64_t limit = host_win_clock(&session->host) + UNDO_MS;
    do {
        result = change(&session->mender, options->name);
    } while (result.code == HOST_BUSY && host_win_clock(&session->host) < limit &&
             session_wait(session, AGAIN_MS));
    if (result.code != HOST_OK)
        (void)console_fail_result(cannot, options->name, &result);
    session_close(session);
    return result.code == HOST_OK ? 0 : 2;
}

int verb_undo(const struct options *options) {
    return make_change(options, mender_undo, "cannot undo the repair of ");
}

int verb_release(const struct options *options) {
    return make_change(options, mender_release, "cannot release ");
}
