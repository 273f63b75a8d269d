/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "console.h"
#include "text.h"
#include "verb/session.h"
#include "verb/verb.h"

enum {
    ONE_MS = 10000, /* how long what is in use is tried again, ... */
    ALL_MS = 2000,  /* ... each of many, ... */
    AGAIN_MS = 100  /* ... and how often */
};

typedef struct host_result change_record(struct mender *mender, const char *name);

/* Without `change`, looks for the next repair behind `name` instead. */
static struct host_result try_change(struct session *session, change_record *change, char *name,
                                     uint32_t since, uint32_t patience) {
    uint64_t limit = host_win_clock(&session->host) + patience;
    struct host_result result;
    do {
        result = change != NULL ? change(&session->mender, name)
                                : mender_next_repair(&session->mender, since, name);
    } while (result.code == HOST_BUSY && host_win_clock(&session->host) < limit &&
             session_wait(session, AGAIN_MS));
    return result;
}

static int make_change(const struct options *options, change_record *change, const char *cannot) {
    static char name[QUEUE_NAME_BYTES];
    struct session *session = session_open(options);
    if (session == NULL)
        return 2;
    (void)text_copy(name, sizeof name, options->name);
    struct host_result result = try_change(session, change, name, 0, ONE_MS);
    if (result.code != HOST_OK)
        (void)console_fail_result(cannot, name, &result);
    session_close(session);
    return result.code == HOST_OK ? 0 : 2;
}

/* What became of each. */
struct tally {
    uint32_t undone;
    uint32_t left; /* there is nothing to take back any more */
    uint32_t failed;
};

/* A line about a record. */
static bool print_result(struct tally *tally, const char *name, const struct host_result *result) {
    static char line[QUEUE_NAME_BYTES + 250];
    struct text text;
    text_begin(&text, line, sizeof line);
    text_put_safe(&text, name, strlen(name));
    if (result->code == HOST_OK) {
        tally->undone++;
        text_put(&text, ": taken back, and held");
    } else if (result->code == HOST_GONE || result->reason == change_since) {
        tally->left++;
        text_print(&text, ": left alone: %s",
                   result->reason != NULL ? result->reason : "it is gone");
    } else {
        tally->failed++;
        text_print(&text, ": not taken back: %s", console_reason(result));
    }
    return console_print(CONSOLE_OUT, "%s\r\n", line);
}

/* Each as if it had been named, until Ctrl-C. */
static int undo_all(const struct options *options) {
    static char name[QUEUE_NAME_BYTES];
    struct tally tally = {0, 0, 0};
    bool written = true;
    bool go_on = true;
    struct host_result result;
    struct session *session = session_open(options);
    if (session == NULL)
        return 2;
    /* A line each is what was asked for. */
    session->events.print = false;
    while ((result = try_change(session, NULL, name, options->since, ONE_MS)).code == HOST_OK &&
           (go_on = session_wait(session, 0))) {
        result = try_change(session, mender_undo, name, 0, ALL_MS);
        written = print_result(&tally, name, &result) && written;
    }
    session_close(session);
    if (!console_print(CONSOLE_OUT, "%u taken back, %u left alone, %u not taken back.\r\n",
                       tally.undone, tally.left, tally.failed) ||
        !written)
        return console_fail_output();
    if (!go_on)
        return console_fail("ended by Ctrl-C; not all were tried", "");
    if (result.code != HOST_END)
        return verb_fail_journal(&result);
    return tally.failed != 0 ? 1 : 0;
}

int verb_undo(const struct options *options) {
    return options->all ? undo_all(options)
                        : make_change(options, mender_undo, "cannot undo the repair of ");
}

int verb_release(const struct options *options) {
    return make_change(options, mender_release, "cannot release ");
}
