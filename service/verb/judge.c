/* SPDX-License-Identifier: MIT */
#include "result.h"
#include "settings.h"
#include "verb/state.h"

static enum state_doing judge_doing(struct state *state) {
    /* By SERVICE_STOPPED, which is 1, ... */
    static const unsigned char doing[] = {DOING_ABSENT,   DOING_STOPPED, DOING_STARTING,
                                          DOING_STOPPING, DOING_RUNNING, DOING_STARTING,
                                          DOING_PAUSED,   DOING_PAUSED};
    if (state->service_error != 0 || state->service >= sizeof doing)
        return DOING_UNKNOWN;
    /* It says in the journal what it does. What that says of a pause is old then; and that all is well
     * counts only as long as it could say otherwise. */
    if (state->service == SERVICE_RUNNING && state->has_told && state->told.why != WHY_PAUSED &&
        (state->told.why > WHY_PAUSED || state->journal.code == HOST_OK))
        return (enum state_doing)(DOING_REPAIRS + (unsigned)state->told.why);
    return (enum state_doing)doing[state->service];
}

/* `told`: it is certain, and not only that it cannot be told. */
static void need(struct state *state, enum state_need which, bool is_there, bool is_told) {
    state->needs |= (unsigned)is_there << which;
    state->untold |= (unsigned)(is_there && !is_told) << which;
}

/* A mailbox has been on the list for longer than ReminderHours. */
static bool is_overdue(struct state *state) {
    uint32_t hours = state->in_force != NULL ? state->in_force->reminder_hours : 0;
    uint32_t time = state->host.host.utc(&state->host);
    return state->todo > 0 && hours > 0 && time > state->todo_since &&
           (time - state->todo_since) / 3600 >= hours;
}

/* What was never there is not missed: a journal before the first start, anything before it is
 * installed. */
static void judge_needs(struct state *state) {
    bool gone = state->journal.code == HOST_GONE;
    need(state, NEED_JOURNAL, gone ? state_is_up(state) : state->journal.code != HOST_OK,
         !result_is_denied(&state->journal));
    need(state, NEED_UNREPORTED, state->waiting_since != 0, true);
    need(state, NEED_CONFIG, !state->accepted && (state->service != 0 || !settings_is_missing()),
         !state->config_unread);
    need(state, NEED_FOLDER, state->folder.code != HOST_OK, !result_is_denied(&state->folder));
    need(state, NEED_TODO, state->todo + state->todo_untold > 0, true);
    need(state, NEED_HELD, state->held > 0, true);
    need(state, NEED_DAMAGED, state->damaged > 0, true);
}

static void judge_exit_code(struct state *state) {
    const unsigned serious =
        1U << NEED_JOURNAL | 1U << NEED_UNREPORTED | 1U << NEED_CONFIG | 1U << NEED_FOLDER;
    bool works = state->doing == DOING_REPAIRS || state->doing == DOING_REPORTS ||
                 state->doing == DOING_RUNNING || state->doing == DOING_UNKNOWN;
    if (!works || is_overdue(state) || (state->needs & ~state->untold & serious) != 0)
        state->exit_code = STATE_BAD;
    else
        state->exit_code =
            state->doing == DOING_UNKNOWN || state->untold != 0 ? STATE_UNTOLD : STATE_GOOD;
}

void state_judge(struct state *state) {
    state->doing = judge_doing(state);
    judge_needs(state);
    /* What the service has said of it may be a moment old, or it has not noticed. */
    if ((state->needs & ~state->untold & 1U << NEED_FOLDER) != 0 &&
        (state->doing == DOING_REPAIRS || state->doing == DOING_REPORTS))
        state->doing = DOING_FOLDER;
    judge_exit_code(state);
}
