/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include <string.h>

#include "guarded.h"
#include "result.h"
#include "settings.h"
#include "text.h"
#include "win/path.h"

enum {
    CHECK_MS = 60000,
    LOAD_MS = 1000, /* a configuration that was saved must have been left alone for so long */
    LOAD_TRIES = 30 /* of one that is in use, until that is said */
};

enum { ASKED_STOP = 1, ASKED_PAUSE = 2, ASKED_RESUME = 4, ASKED_RELOAD = 8 };

/* ---- what others ask ---- */

bool control_init(struct control *control) {
    atomic_init(&control->asked, 0);
    control->wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    return control->wake != NULL;
}

static void request(struct control *control, unsigned what, unsigned undoes) {
    unsigned asked = atomic_load(&control->asked);
    while (!atomic_compare_exchange_weak(&control->asked, &asked, (asked & ~undoes) | what)) {
    }
    (void)SetEvent(control->wake);
}

void control_stop(struct control *control) {
    request(control, ASKED_STOP, 0);
}

void control_pause(struct control *control) {
    request(control, ASKED_PAUSE, ASKED_RESUME);
}

void control_continue(struct control *control) {
    request(control, ASKED_RESUME, ASKED_PAUSE);
}

void control_reload(struct control *control) {
    request(control, ASKED_RELOAD, 0);
}

bool control_is_stopping(struct control *control) {
    return (atomic_load(&control->asked) & ASKED_STOP) != 0;
}

/* ---- the Clients folder ---- */

/* Lets go of it: a watched folder keeps every folder above it from being renamed. */
static void close_folder(struct worker *worker) {
    watch_close(&worker->watch);
    folder_close(&worker->host.folder);
}

static void folder_failed(struct worker *worker, const struct host_result *why) {
    close_folder(worker);
    worker->backoff = site_back_off(worker->backoff, MENDER_BACKOFF_FIRST, MENDER_BACKOFF_LAST);
    worker->look_due = host_win_clock(&worker->host) + worker->backoff;
    mender_folder_away(&worker->mender, why);
}

/* `auto` is looked for until it is found, and stays what it was then: another one may be a copy. */
static void find_folder(struct worker *worker) {
    struct settings *settings = &worker->settings;
    *settings = worker->mender.site.settings;
    if (!settings->automatic || config_is_absolute(settings->folder) ||
        !find_clients(settings->folder, worker->host.not_found))
        return;
    mender_folder_found(&worker->mender, settings->folder);
    settings_report(worker->options->config, settings, worker->events);
}

static struct host_result open_folder(struct worker *worker) {
    const struct folder *folder = &worker->host.folder;
    find_folder(worker);
    struct host_result result =
        host_win_open_folder(&worker->host, worker->mender.site.settings.folder);
    if (result.code == HOST_OK)
        result = watch_open(&worker->watch, folder->given);
    /* Between the two the path may have come to lead to another one. */
    if (result.code == HOST_OK && folder->trusted &&
        !file_is_same(&folder->identity, &worker->watch.identity))
        result = result_replaced();
    return result;
}

/* Opens it, or looks whether it still is what its path leads to. */
static void look_after_folder(struct worker *worker) {
    bool was_open = watch_is_open(&worker->watch);
    struct host_result result = was_open ? folder_check(&worker->host.folder) : open_folder(worker);
    if (result.code != HOST_OK)
        folder_failed(worker, &result);
    else if (!was_open)
        mender_folder_open(&worker->mender, worker->host.folder.path);
    else /* one that opens and then fails at once is tried ever more seldom */
        worker->backoff = 0;
}

/* watch_change */
GUARDED static void on_record(void *context, const char *name, bool is_there) {
    struct worker *worker = context;
    char real[QUEUE_NAME_BYTES];
    if (name == NULL) {
        mender_changes_lost(&worker->mender);
        return;
    }
    /* A full buffer has thousands of names, and each may be a question to a server. Whoever stops has no
     * use for them: the next start looks at everything. */
    if (!is_there || !record_is_named(name) || control_is_stopping(worker->control))
        return;
    if (queue_find(&worker->mender.queue, name) != NULL) {
        mender_hint(&worker->mender, name);
        return;
    }
    if (!text_copy(real, sizeof real, name))
        return;
    /* Never by an alias: the journal, the holds and the events know a record by its name. */
    struct host_result result = folder_real_name(&worker->host.folder, real, sizeof real);
    if (result.code == HOST_OK)
        mender_hint(&worker->mender, real);
    else if (result.code != HOST_GONE)
        mender_changes_lost(&worker->mender);
}

/* ---- the program's own files ---- */

/* The name by which its folder lists the configuration; the command line may have a short one. */
static void find_config_name(struct worker *worker) {
    WIN32_FIND_DATAW found;
    HANDLE list = FindFirstFileW(worker->options->config, &found);
    if (list == INVALID_HANDLE_VALUE)
        return;
    (void)FindClose(list);
    path_print(found.cFileName, worker->config_name, sizeof worker->config_name);
}

/* The folder of the configuration, and its name in it. */
static void find_own_files(struct worker *worker) {
    const WCHAR *path = worker->options->config;
    /* The path fits: it is that of a file beside which the journal is. */
    (void)path_beside(path, L"", worker->files_folder);
    path_print(path + lstrlenW(worker->files_folder), worker->config_given,
               sizeof worker->config_given);
    (void)text_copy(worker->config_name, sizeof worker->config_name, worker->config_given);
    find_config_name(worker);
}

static bool is_config(struct worker *worker, const char *name, bool is_there) {
    if (text_same(name, worker->config_given) || text_same(name, worker->config_name))
        return true;
    /* A short name may be that of another file now. */
    if (!is_there || strchr(worker->config_given, '~') == NULL)
        return false;
    find_config_name(worker);
    return text_same(name, worker->config_name);
}

/* watch_change: a file beside the configuration was changed, made or removed. */
static void on_file(void *context, const char *name, bool is_there) {
    struct worker *worker = context;
    if (name == NULL || is_config(worker, name, is_there))
        worker->load_due = host_win_clock(&worker->host) + LOAD_MS;
    if (name == NULL || text_same(name, "kmrepair.jnl"))
        mender_journal_changed(&worker->mender);
}

/* Watches the files. What cannot be watched, or is another folder now, is opened again once a minute,
 * and as after any loss both files are looked at then. */
static void look_after_files(struct worker *worker) {
    if (watch_is_open(&worker->files) &&
        watch_check(&worker->files, worker->files_folder).code != HOST_OK) {
        watch_close(&worker->files);
        on_file(worker, NULL, false);
    }
    if (!watch_is_open(&worker->files) &&
        watch_open(&worker->files, worker->files_folder).code == HOST_OK)
        on_file(worker, NULL, false);
}

/* Once a second for half a minute; then that is said, and once a minute. */
static void put_reload_off(struct worker *worker, const struct config_error *error) {
    worker->load_due = worker->load_tries < LOAD_TRIES ? host_win_clock(&worker->host) + LOAD_MS
                                                       : worker->look_due;
    if (worker->load_tries++ == LOAD_TRIES)
        settings_refuse(worker->options->config, error, worker->events);
}

/* New settings take effect at once; a refused file changes nothing. One that somebody is writing to is read
 * when he has done that. */
static void reload(struct worker *worker) {
    struct settings *settings = &worker->settings;
    const struct settings *in_force = &worker->mender.site.settings;
    struct config_error error;
    worker->load_due = MENDER_NEVER;
    bool loaded =
        settings_load_reported(worker->options->config, worker->load_asked ? NULL : in_force,
                               settings, &error, worker->events);
    if (!loaded && error.busy) {
        put_reload_off(worker, &error);
        return;
    }
    worker->load_asked = false;
    worker->load_tries = 0;
    if (!loaded)
        return;
    bool moved = !text_same(settings->folder, in_force->folder);
    mender_configure(&worker->mender, settings);
    if (!moved)
        return;
    close_folder(worker);
    worker->backoff = 0;
    if (!worker->mender.paused)
        look_after_folder(worker);
}

/* ---- the loop ---- */

static void look_around(struct worker *worker) {
    worker->look_due = host_win_clock(&worker->host) + CHECK_MS;
    look_after_files(worker);
    if (!worker->mender.paused)
        look_after_folder(worker);
}

static void tell_state(struct worker *worker, enum event_number number) {
    (void)events_say(worker->events, number, NULL, NULL, NULL);
    worker->on_state(worker_state(worker));
}

static void pause(struct worker *worker) {
    mender_pause(&worker->mender);
    close_folder(worker);
    tell_state(worker, EVENT_PAUSED);
}

static void resume(struct worker *worker) {
    mender_continue(&worker->mender);
    worker->backoff = 0;
    if (!watch_is_open(&worker->watch))
        look_after_folder(worker);
    tell_state(worker, EVENT_CONTINUED);
}

/* Does what was asked for since the last call; false when that is to stop. */
static bool obey(struct worker *worker) {
    unsigned asked = atomic_fetch_and(&worker->control->asked, ASKED_STOP);
    if ((asked & ASKED_STOP) != 0)
        return false;
    if ((asked & ASKED_RELOAD) != 0) {
        worker->load_asked = true;
        reload(worker);
    }
    if ((asked & ASKED_PAUSE) != 0)
        pause(worker);
    if ((asked & ASKED_RESUME) != 0)
        resume(worker);
    return true;
}

static void collect(struct worker *worker) {
    struct host_result result = watch_collect(&worker->watch, on_record, worker);
    if (result.code != HOST_OK)
        folder_failed(worker, &result);
    /* A watch of the files that fails is closed then, and opened again once a minute. */
    (void)watch_collect(&worker->files, on_file, worker);
}

DWORD worker_open(struct worker *worker, const struct options *options,
                  const struct settings *settings, struct events *events, struct control *control,
                  void (*on_state)(enum worker_state state)) {
    worker->events = events;
    worker->control = control;
    worker->options = options;
    worker->on_state = on_state;
    worker->backoff = 0;
    worker->load_due = MENDER_NEVER;
    worker->load_asked = false;
    worker->load_tries = 0;
    if (!watch_init(&worker->watch, worker->watch_room, WATCH_BYTES_MAX) ||
        !watch_init(&worker->files, worker->files_room, FILES_BYTES))
        return GetLastError();
    find_own_files(worker);
    host_win_init(&worker->host, options->journal, events);
    mender_init(&worker->mender, &worker->host.host, settings, true, options->bytes,
                &worker->known);
    if (worker->start_paused)
        mender_pause(&worker->mender);
    look_around(worker);
    return ERROR_SUCCESS;
}

enum worker_state worker_state(const struct worker *worker) {
    return worker->mender.paused ? WORKER_PAUSED : WORKER_RUNNING;
}

void worker_run(struct worker *worker) {
    const HANDLE handles[] = {worker->control->wake, worker->watch.overlapped.hEvent,
                              worker->files.overlapped.hEvent};
    while (obey(worker)) {
        collect(worker);
        if (host_win_clock(&worker->host) >= worker->look_due)
            look_around(worker);
        if (host_win_clock(&worker->host) >= worker->load_due)
            reload(worker);
        uint64_t due = mender_step(&worker->mender);
        if (due > worker->look_due)
            due = worker->look_due;
        if (due > worker->load_due)
            due = worker->load_due;
        DWORD wait = host_win_until(&worker->host, due, CHECK_MS);
        if (wait != 0)
            (void)WaitForMultipleObjects(3, handles, FALSE, wait);
    }
}

void worker_close(struct worker *worker) {
    mender_close(&worker->mender);
    watch_destroy(&worker->watch);
    watch_destroy(&worker->files);
    host_win_close(&worker->host);
}
