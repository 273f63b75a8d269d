#include "worker.h"

#include <string.h>

#include "settings.h"
#include "text.h"
#include "win/path.h"

enum {
    CHECK_MS = 60000,
    LOAD_MS = 1000 /* a configuration that was saved must have been left alone for so long */
};

enum { ASKED_STOP = 1, ASKED_PAUSE = 2, ASKED_RESUME = 4, ASKED_RELOAD = 8 };

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

static void watch_failed(struct worker *worker, const struct host_result *why) {
    DWORD *backoff = &worker->watch_backoff;
    watch_close(&worker->watch);
    *backoff = *backoff == 0 ? MENDER_BACKOFF_FIRST : *backoff * 2;
    if (*backoff > MENDER_BACKOFF_LAST)
        *backoff = MENDER_BACKOFF_LAST;
    worker->watch_due = host_win_clock(&worker->host) + *backoff;
    mender_folder_away(&worker->mender, why);
}

static void use_folder(struct worker *worker, const char *folder) {
    host_win_set_folder(&worker->host, folder);
    (void)memcpy(worker->folder, worker->host.path, sizeof worker->folder);
}

/* `auto` is looked for until it is found, and stays what it was then: another one may be a copy. */
static bool find_folder(struct worker *worker) {
    struct settings *settings = &worker->settings;
    *settings = worker->mender.settings;
    if (!settings->automatic || config_is_absolute(settings->folder))
        return true;
    if (!find_clients(settings->folder, worker->host.no_folder))
        return false;
    mender_configure(&worker->mender, settings);
    use_folder(worker, settings->folder);
    settings_report(worker->options->config, settings, worker->events);
    return true;
}

/* Opens the watch, or looks whether it still is one. */
static void watch_over(struct worker *worker) {
    struct host_result result;
    bool was_open = watch_is_open(&worker->watch);
    if (was_open)
        result = watch_check(&worker->watch, worker->folder);
    else if (!find_folder(worker) || worker->host.folder == 0)
        result = (struct host_result){HOST_FAILED, 0, worker->host.no_folder};
    else
        result = watch_open(&worker->watch, worker->folder);
    if (result.code != HOST_OK) {
        watch_failed(worker, &result);
        return;
    }
    worker->watch_due = host_win_clock(&worker->host) + CHECK_MS;
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
    struct host_result result = host_win_long_name(&worker->host, real, sizeof real);
    /* Never by an alias: the journal, the holds and the events know a record by its name. */
    if (result.code == HOST_OK)
        mender_hint(&worker->mender, real);
    else if (result.code != HOST_GONE)
        mender_changes_lost(&worker->mender);
}

/* New settings take effect at once; a refused file changes nothing. `asked`: somebody wants to hear
 * of it even if nothing is new. */
static void reload(struct worker *worker, bool asked) {
    struct settings *settings = &worker->settings;
    struct config_error error;
    worker->load_due = MENDER_NEVER;
    const struct settings *known = asked ? NULL : &worker->mender.settings;
    if (!settings_load_reported(worker->options->config, known, settings, &error, worker->events)) {
        if (error.busy && !asked)
            worker->load_due = host_win_clock(&worker->host) + LOAD_MS;
        return;
    }
    bool moved = !text_same(settings->folder, worker->mender.settings.folder);
    mender_configure(&worker->mender, settings);
    if (moved) {
        watch_close(&worker->watch);
        use_folder(worker, settings->folder);
        worker->watch_backoff = 0;
        worker->watch_due = 0;
    }
}

/* A file beside the configuration has changed; NULL: any of them may have. */
static void on_file(void *context, const char *name) {
    static const char journal[] = "kmrepair.jnl";
    struct worker *worker = context;
    const char *config = worker->config_name;
    if (name == NULL || text_same(name, config))
        worker->load_due = host_win_clock(&worker->host) + LOAD_MS;
    if (name == NULL || text_same(name, journal))
        mender_journal_changed(&worker->mender);
}

/* Watches the files; what can not be watched is tried again once a minute, and as after any loss,
 * both are looked at then. */
static void watch_files(struct worker *worker) {
    if (watch_is_open(&worker->files))
        return;
    if (watch_open(&worker->files, worker->files_folder).code == HOST_OK)
        on_file(worker, NULL);
}

static void tell_state(struct worker *worker, enum event_number number, enum worker_state state) {
    (void)events_say(worker->events, number, NULL, NULL, NULL);
    worker->on_state(state);
}

/* Does what was asked for since the last call; false when that is to stop. */
static bool obey(struct worker *worker) {
    unsigned asked = atomic_fetch_and(&worker->control->asked, ASKED_STOP);
    if ((asked & ASKED_STOP) != 0)
        return false;
    if ((asked & ASKED_RELOAD) != 0)
        reload(worker, true);
    if ((asked & ASKED_PAUSE) != 0) {
        mender_pause(&worker->mender);
        tell_state(worker, EVENT_PAUSED, WORKER_PAUSED);
    }
    if ((asked & ASKED_RESUME) != 0) {
        mender_continue(&worker->mender);
        tell_state(worker, EVENT_CONTINUED, WORKER_RUNNING);
    }
    return true;
}

/* The folder of the configuration, and its name in it. */
static void find_own_files(struct worker *worker) {
    const WCHAR *path = worker->options->config;
    /* The path fits: it is that of a file beside which the journal is. */
    (void)path_beside(path, L"", worker->files_folder);
    path_print(path + lstrlenW(worker->files_folder), worker->config_name,
               sizeof worker->config_name);
}

DWORD worker_open(struct worker *worker, const struct options *options,
                  const struct settings *settings, struct events *events, struct control *control,
                  void (*on_state)(enum worker_state state)) {
    worker->events = events;
    worker->control = control;
    worker->options = options;
    worker->on_state = on_state;
    worker->watch_backoff = 0;
    worker->load_due = MENDER_NEVER;
    if (!watch_init(&worker->watch) || !watch_init(&worker->files))
        return GetLastError();
    find_own_files(worker);
    host_win_init(&worker->host, settings->folder, options->journal, events);
    use_folder(worker, settings->folder);
    mender_init(&worker->mender, &worker->host.host, settings, options->bytes);
    mender_note_settings(&worker->mender);
    watch_over(worker);
    watch_files(worker);
    return ERROR_SUCCESS;
}

/* Steps the mender while there is something to do, until the clock moves on or something is asked for; returns
 * when there is more. Collecting changes costs as much as two records, so under a flood they are collected by the
 * dozen; but not later than this, for a record must not be repaired while the news of its writer lies unread for
 * longer than a tick. */
static uint64_t work(struct worker *worker) {
    uint64_t begun = host_win_clock(&worker->host);
    uint64_t due = 0;
    do
        due = mender_step(&worker->mender);
    while (due <= begun && host_win_clock(&worker->host) == begun &&
           atomic_load(&worker->control->asked) == 0);
    return due;
}

void worker_run(struct worker *worker) {
    const HANDLE handles[] = {worker->control->wake, worker->watch.overlapped.hEvent,
                              worker->files.overlapped.hEvent};
    if (worker->start_paused)
        control_pause(worker->control);
    while (obey(worker)) {
        struct host_result result = watch_collect(&worker->watch, on_change, worker);
        if (result.code != HOST_OK)
            watch_failed(worker, &result);
        (void)watch_collect(&worker->files, on_file, worker);
        if (host_win_clock(&worker->host) >= worker->watch_due) {
            watch_over(worker);
            watch_files(worker);
        }
        if (host_win_clock(&worker->host) >= worker->load_due)
            reload(worker, false);
        uint64_t due = work(worker);
        if (due > worker->watch_due)
            due = worker->watch_due;
        if (due > worker->load_due)
            due = worker->load_due;
        /* Not while there is work: it would be a call for nothing. */
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
