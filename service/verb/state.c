/* SPDX-License-Identifier: MIT */
#include "verb/state.h"

#include "result.h"
#include "service.h"
#include "settings.h"
#include "todo.h"
#include "verb/read_journal.h"
#include "verb/registration.h"
#include "verb/verb.h"
#include "win/scm.h"

/* ---- the service ---- */

static void find_service(struct state *state, const struct options *options) {
    static WCHAR program[PATH_UNITS];
    const WCHAR *rest = NULL;
    DWORD error = ERROR_SUCCESS;
    path_print(options->program, state->program, sizeof state->program);
    state->service = verb_service(&error);
    if (error != ERROR_SERVICE_DOES_NOT_EXIST)
        state->service_error = error;
    const QUERY_SERVICE_CONFIGW *registered = scm_config(SERVICE_NAME, &error);
    if (registered == NULL)
        return;
    state->start = registered->dwStartType;
    path_print(registered->lpServiceStartName, state->account, sizeof state->account);
    if (registration_program(registered->lpBinaryPathName, program, &rest))
        path_print(program, state->program, sizeof state->program);
}

bool state_is_up(const struct state *state) {
    return state->service != 0 && state->service != SERVICE_STOPPED;
}

/* ---- the journal ---- */

/* journal_visit: before it is known which folder this is about. */
static void visit_facts(void *context, const struct journal_entry *entry) {
    struct state *state = context;
    if ((entry->kind == JOURNAL_DONE && entry->outcome == OUTCOME_REPAIRED) ||
        entry->kind == JOURNAL_REPAIRED) {
        state->repaired++;
        if (entry->utc >= state->last_repair)
            state->last_repair = entry->utc;
    } else if (entry->kind == JOURNAL_LOADED) {
        state->loaded_at = entry->utc;
        config_read(entry->text, &state->loaded);
    } else if (entry->kind == JOURNAL_STATE) {
        state->has_told = true;
        state->told = entry->state;
    }
}

/* When the oldest of the changes in flight was begun, if it should have been over. They take a moment
 * each, unless the event log takes no events or a record is in use. */
static uint32_t find_waiting(struct state *state) {
    enum { MOMENT_SECONDS = 2 };
    uint32_t since = UINT32_MAX;
    for (struct memory_item *item = memory_next(&state->memory, ITEM_FLIGHT, NULL); item != NULL;
         item = memory_next(&state->memory, ITEM_FLIGHT, item)) {
        if (item->utc < since)
            since = item->utc;
    }
    uint32_t time = state->host.host.utc(&state->host);
    bool full = state->has_told && state->told.why == WHY_EVENTS;
    return since != UINT32_MAX && (full || since + MOMENT_SECONDS <= time || since > time) ? since
                                                                                           : 0;
}

static void find_journal(struct state *state, const struct options *options) {
    state->journal = read_journal(options->journal, &state->reader, visit_facts, state);
    if (state->journal.code == HOST_OK && path_has(options->journal, FILE_ATTRIBUTE_READONLY))
        state->journal = result_make(HOST_FAILED, 0, "the file is read-only");
    state->damaged = state->reader.foreign;
}

/* A disk without a free cluster; one that cannot be asked is not full. */
static bool is_full(const WCHAR *path) {
    static WCHAR root[PATH_UNITS];
    DWORD sectors = 0;
    DWORD bytes = 0;
    DWORD left = 0;
    DWORD all = 0;
    (void)lstrcpynW(root, path, (int)path_root(path) + 1);
    return GetDiskFreeSpaceW(root, &sectors, &bytes, &left, &all) && left == 0;
}

/* The service cannot say in its journal that it cannot write it. It holds it during a step only. */
static void try_journal(struct state *state, const struct options *options) {
    enum { MOST_MS = 1000, POLL_MS = 10 };
    DWORD begun = GetTickCount();
    if (state->journal.code != HOST_OK || !state_is_up(state))
        return;
    while ((state->journal = journal_file_try(&state->host.journal)).code == HOST_BUSY &&
           GetTickCount() - begun < MOST_MS)
        Sleep(POLL_MS);
    if (state->journal.code == HOST_OK && is_full(options->journal))
        state->journal = result_of(ERROR_DISK_FULL);
}

/* ---- configuration and folder ---- */

static void find_config(struct state *state, const struct options *options) {
    path_print(options->config, state->config, sizeof state->config);
    state->accepted = settings_load(options->config, &state->settings, &state->error);
    state->config_unread = !state->accepted && (state->error.busy || settings_is_denied());
}

struct memory_item *state_next_held(struct state *state, const struct memory_item *item) {
    struct memory *memory = &state->memory;
    struct memory_item *next = memory_next(memory, ITEM_HOLD, item);
    while (next != NULL && memory->folders[next->folder].kind == FOLDER_OTHER)
        next = memory_next(memory, ITEM_HOLD, next);
    return next;
}

static void find_folder(struct state *state) {
    if (state_is_up(state) && state->loaded_at != 0)
        state->in_force = &state->loaded;
    else if (state->accepted)
        state->in_force = &state->settings;
    state->folder = host_ok;
    if (state->in_force != NULL)
        state->folder = host_win_open_folder(&state->host, state->in_force->folder);
}

/* ---- the records */

static void count_todo(struct state *state, const struct options *options) {
    struct host_result why;
    for (struct memory_item *item = todo_next(&state->memory, NULL); item != NULL;
         item = todo_next(&state->memory, item)) {
        enum todo found = todo_look(&state->host.host, options->bytes, &state->memory, item, &why);
        state->todo_untold += found == TODO_UNTOLD;
        if (found == TODO_ENABLE && state->todo++ == 0)
            state->todo_since = item->utc;
    }
}

/* Reads the journal once more, for two paths of the folder are one only when it is open. */
static void find_records(struct state *state, const struct options *options) {
    memory_clear(&state->memory);
    if (result_is_denied(&state->journal))
        return;
    struct host_result result =
        read_records(options->journal, &state->reader, &state->memory, &state->host);
    if (state->journal.code == HOST_OK)
        state->journal = result;
    state->counted = result.code == HOST_OK || result.code == HOST_GONE;
    state->listed = state->counted && folder_is_open(&state->host.folder);
    state->in_flight = (uint32_t)state->memory.count[ITEM_FLIGHT];
    state->waiting_since = find_waiting(state);
    for (struct memory_item *item = state_next_held(state, NULL); item != NULL;
         item = state_next_held(state, item))
        state->held++;
    if (state->listed)
        count_todo(state, options);
}

void state_collect(struct state *state, const struct options *options) {
    host_win_init(&state->host, options->journal, NULL);
    find_service(state, options);
    find_config(state, options);
    find_journal(state, options);
    find_folder(state);
    find_records(state, options);
    try_journal(state, options);
    state_judge(state);
}
