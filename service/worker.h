/* SPDX-License-Identifier: MIT */
/*
 * worker: joins the watches and the mender into the one loop that does the work.
 *
 * The loop runs on one thread; the requests come from others, through struct control. When nothing
 * happens it wakes up once a minute.
 */
#ifndef KMREPAIR_WORKER_H
#define KMREPAIR_WORKER_H

#include <windows.h>

#include <stdatomic.h>

#include "host_win.h"
#include "mender.h"
#include "options.h"
#include "watch.h"

/* What the SCM's thread, or Ctrl-C, asks of the worker. Each call returns at once. */
struct control {
    HANDLE wake; /* signalled by a request; ends one wait */
    atomic_uint asked;
};

bool control_init(struct control *control);
void control_stop(struct control *control);
void control_pause(struct control *control);
void control_continue(struct control *control);
void control_reload(struct control *control);
bool control_is_stopping(struct control *control);

enum worker_state { WORKER_RUNNING, WORKER_PAUSED };

enum { FILES_BYTES = 4 * 1024 }; /* few files change beside the configuration */

struct worker {
    struct events *events;
    struct control *control;
    const struct options *options;
    bool start_paused; /* set before worker_open(): nothing is opened until CONTINUE */
    /* Told of each change of state; called on the worker's thread. */
    void (*on_state)(enum worker_state state);
    uint64_t load_due; /* of reading the configuration again; MENDER_NEVER if it has not changed */
    bool load_asked;   /* somebody wants to hear of it, even if nothing is new */
    unsigned load_tries; /* at a configuration that is in use */
    uint64_t look_due;   /* of the next identity check, or attempt to open */
    uint32_t backoff;    /* ms that the folder was waited for */
    struct host_win host;
    struct mender mender;
    struct known known;
    struct watch watch;
    /* The folder of the configuration and the journal, which others may change. */
    struct watch files;
    WCHAR files_folder[PATH_UNITS];
    char config_given[QUEUE_NAME_BYTES]; /* the name in there that the command line has, and ... */
    char config_name[QUEUE_NAME_BYTES];  /* ... the one that its folder lists for it */
    struct settings settings;            /* that are being taken over */
    DWORD watch_room[2 * WATCH_BYTES_MAX / sizeof(DWORD)];
    DWORD files_room[2 * FILES_BYTES / sizeof(DWORD)];
};

/* Arms the watches; a folder that is not there is no failure, it is waited for. Returns a Win32 error,
 * 0 if none. `settings` are copied, the rest is the caller's and outlives the worker. The state it is
 * in then is worker_state(). */
DWORD worker_open(struct worker *worker, const struct options *options,
                  const struct settings *settings, struct events *events, struct control *control,
                  void (*on_state)(enum worker_state state));

enum worker_state worker_state(const struct worker *worker);

/* Works until control_stop. */
void worker_run(struct worker *worker);

void worker_close(struct worker *worker);

#endif
