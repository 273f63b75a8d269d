/* SPDX-License-Identifier: MIT */
/*
 * state_words: the sentences that say what a struct state means, for `status` and `report`.
 *
 * Plain text without layout, in local time. For the process's first thread. Names from outside are made
 * safe for a console; `report` escapes what HTML would take for a tag.
 */
#ifndef KMREPAIR_STATE_WORDS_H
#define KMREPAIR_STATE_WORDS_H

#include "text.h"
#include "verb/state.h"

/* "KMRepair 1.0.0 is running and repairs." */
void state_put_doing(const struct state *state, struct text *text);

/* One of state->needs: what it is, and the next step. Of many held records the first are named. */
void state_put_need(struct state *state, enum state_need need, struct text *text);

/* Of NEED_JOURNAL and NEED_FOLDER the reason alone. One buffer. */
const char *state_reason(const struct state *state, enum state_need need);

/* "automatic", "manual", "disabled"; of the service control manager's number. */
const char *state_start_word(DWORD start);

#endif
