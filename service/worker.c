#include "worker.h"

#include <string.h>

#include "settings.h"
#include "text.h"

enum { CHECK_MS = 60000 };

bool control_init(struct control *control) {
    control->stop = control->pause = control->resume = control->reload = false;
    control->wake = CreateEventW(NULL, TRUE, FALSE, NULL);
    InitializeCriticalSection(&control->lock);
    return control->wake != NULL;
}

static void request(struct control *control, bool *what, bool *undoes) {
    EnterCriticalSection(&control->lock);
    *what = true;
    if (undoes != NULL)
        *undoes = false;
    (void)SetEvent(control->wake);
    LeaveCriticalSection(&control->lock);
}

void control_stop(struct control *control) {
    request(control, &control->stop, NULL);
}

void control_pause(struct control *control) {
    request(control, &control->pause, &control->resume);
}

void control_continue(struct control *control) {
    request(control, &control->resume, &control->pause);
}

void control_reload(struct control *control) {
    request(control, &control->reload, NULL);
}

static void watch_failed(struct worker *worker, const struct host_result *why) {
    DWORD *backoff = &worker->watch_backoff;
    watch_close(&worker->watch);
    *backoff = *backoff == 0 ? MENDER_BACKOFF_FIRST : *backoff * 2;
    if (*backoff > MENDER_BACKOFF_LAST)
        *backoff = MENDER_BACKOFF_LAST;
    worker->watch_due = worker->host.host.clock(&worker->host) + *backoff;
    mender_folder_away(&worker->mender, why);
}

/* Opens the watch, or looks whether it still is one. */
static void watch_over(struct worker *worker) {
    struct host_result result;
    bool was_open = watch_is_open(&worker->watch);
    if (was_open)
        result = watch_check(&worker->watch, worker->folder);
    else if (worker->host.folder == 0)
        result = (struct host_result){HOST_FAILED, 0, "its path is too long"};
    else
        result = watch_open(&worker->watch, worker->folder);
    if (result.code != HOST_OK) {
        watch_failed(worker, &result);
        return;
    }
    worker->watch_due = worker->host.host.clock(&worker->host) + CHECK_MS;
    /* One that opens and then fails at once is tried ever more seldom. */
    if (was_open)
        worker->watch_backoff = 0;
    else
        mender_folder_back(&worker->mender);
}

static void on_change(void *context, const char *name) {
    struct worker *worker = context;
    char real[PENDING_NAME_BYTES];
    if (name == NULL) {
        mender_changes_lost(&worker->mender);
        return;
    }
    (void)text_copy(real, sizeof real, name);
    host_win_long_name(&worker->host, real, sizeof real);
    mender_hint(&worker->mender, real);
}

static void use_folder(struct worker *worker, const char *folder) {
    host_win_set_folder(&worker->host, folder);
    (void)memcpy(worker->folder, worker->host.path, sizeof worker->folder);
}

/* New settings take effect at once; a refused file changes nothing. */
static void reload(struct worker *worker) {
    struct settings settings;
    struct config_error error;
    if (!settings_load_reported(worker->options->config, &settings, &error, worker->events))
        return;
    bool moved = !text_equal_no_case(settings.folder, strlen(settings.folder),
                                     worker->mender.settings.folder);
    mender_configure(&worker->mender, &settings);
    if (moved) {
        watch_close(&worker->watch);
        use_folder(worker, settings.folder);
        worker->watch_backoff = 0;
        worker->watch_due = 0;
    }
}

/* Does what was asked for since the last call; false when that is to stop. */
static bool obey(struct worker *worker) {
    struct control *control = worker->control;
    EnterCriticalSection(&control->lock);
    bool stop = control->stop;
    bool pause = control->pause;
    bool resume = control->resume;
    bool load = control->reload;
    control->pause = control->resume = control->reload = false;
    if (!stop)
        (void)ResetEvent(control->wake);
    LeaveCriticalSection(&control->lock);
    if (stop)
        return false;
    if (load)
        reload(worker);
    if (pause) {
        mender_pause(&worker->mender);
        (void)events_say(worker->events, EVENT_PAUSED, NULL, NULL, NULL);
        worker->on_state(WORKER_PAUSED);
    }
    if (resume) {
        mender_continue(&worker->mender);
        (void)events_say(worker->events, EVENT_CONTINUED, NULL, NULL, NULL);
        worker->on_state(WORKER_RUNNING);
    }
    return true;
}

DWORD worker_open(struct worker *worker, const struct options *options,
                  const struct settings *settings, struct events *events, struct control *control,
                  void (*on_state)(enum worker_state state)) {
    worker->events = events;
    worker->control = control;
    worker->options = options;
    worker->on_state = on_state;
    worker->watch_backoff = 0;
    if (!watch_init(&worker->watch))
        return GetLastError();
    host_win_init(&worker->host, settings->folder, options->journal, events);
    use_folder(worker, settings->folder);
    mender_init(&worker->mender, &worker->host.host, settings, options->bytes);
    watch_over(worker);
    return ERROR_SUCCESS;
}

void worker_run(struct worker *worker) {
    const struct host *host = &worker->host.host;
    const HANDLE handles[] = {worker->control->wake, worker->watch.event};
    while (obey(worker)) {
        struct host_result result = watch_collect(&worker->watch, on_change, worker);
        if (result.code != HOST_OK)
            watch_failed(worker, &result);
        if (host->clock(host->context) >= worker->watch_due)
            watch_over(worker);
        uint64_t due = mender_step(&worker->mender);
        if (due > worker->watch_due)
            due = worker->watch_due;
        uint64_t time = host->clock(host->context);
        DWORD wait = due <= time ? 0 : due - time > CHECK_MS ? CHECK_MS : (DWORD)(due - time);
        (void)WaitForMultipleObjects(2, handles, FALSE, wait);
    }
}

void worker_close(struct worker *worker) {
    mender_close(&worker->mender);
    watch_destroy(&worker->watch);
    host_win_close(&worker->host);
}
