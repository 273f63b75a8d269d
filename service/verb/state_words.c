/* SPDX-License-Identifier: MIT */
#include "verb/state_words.h"

#include <string.h>

#include "result.h"
#include "verb/when.h"
#include "version.h"
#include "win/error.h"

enum { NAMES_SHOWN = 10 }; /* of held records; the rest are counted */

const char *state_start_word(DWORD start) {
    return start == SERVICE_AUTO_START     ? "automatic"
           : start == SERVICE_DEMAND_START ? "manual"
           : start == SERVICE_DISABLED     ? "disabled"
                                           : "other";
}

/* ---- what it does ---- */

void state_put_doing(const struct state *state, struct text *text) {
    static const char *const words[] = {
        [DOING_UNKNOWN] = " cannot be asked for its state: ",
        [DOING_ABSENT] = " is not installed: nothing is repaired until kmrepair install.",
        [DOING_STOPPED] = " is stopped: nothing is repaired until kmrepair start.",
        [DOING_STARTING] = " is starting.",
        [DOING_STOPPING] = " is stopping.",
        [DOING_RUNNING] = " is running.",
        [DOING_PAUSED] = " is paused: nothing is repaired until kmrepair continue.",
        [DOING_REPAIRS] = " is running and repairs.",
        [DOING_REPORTS] = " reports only: Repair = no.",
        [DOING_LIMIT] = " has reached ",
        [DOING_FOLDER] = " waits for the folder: nothing is repaired until it is back.",
        [DOING_EVENTS] = " repairs nothing until the event log takes events again.",
        [DOING_JOURNAL] = " repairs nothing: the journal has no room (event 2031)."};
    char more[200];
    text_put(text, "KMRepair " KMREPAIR_VERSION);
    text_put(text, words[state->doing]);
    if (state->doing == DOING_UNKNOWN) {
        error_text(state->service_error, more, sizeof more);
        text_put(text, more);
    }
    if (state->doing == DOING_LIMIT) {
        text_put_count(text, "", state->in_force->repairs_per_hour,
                       " repairs an hour; it repairs again at ");
        text_put_bytes(text, when_print(state->told.until, more) + 11, 5);
        text_put_char(text, '.');
    }
}

/* ---- what needs a person ---- */

static void put_since(struct text *text, const char *words, uint32_t utc) {
    char when[WHEN_BYTES];
    text_put(text, words);
    text_put(text, when_print(utc, when));
}

const char *state_reason(const struct state *state, enum state_need need) {
    static char room[200];
    const struct host_result *result = need == NEED_JOURNAL ? &state->journal : &state->folder;
    if ((state->untold >> need & 1) != 0)
        return "access denied; open the console as administrator";
    if (result->code == HOST_GONE)
        return "it is gone";
    return result_text(result, room, sizeof room);
}

static void put_config(const struct state *state, struct text *text) {
    text_put(text, state->config_unread ? "kmrepair.ini" : "kmrepair.ini is refused");
    if (state->error.line != 0)
        text_put_count(text, ", line ", state->error.line, "");
    text_put(text, ": ");
    text_put(text, state->error.reason);
    text_put(text, state->config_unread ? "; try again, or open the console as administrator"
                   : state_is_up(state) ? "; correct it (the settings before it stay in force)"
                                        : "; correct it (the service does not start on it)");
}

static void put_todo(const struct state *state, struct text *text) {
    text_put_count(text, "Mailboxes that still have to be enabled: ", state->todo, "");
    if (state->todo > 0)
        put_since(text, ", the oldest repaired at ", state->todo_since);
    if (state->todo_untold > 0)
        text_put_count(text, "; records that cannot be read now: ", state->todo_untold, "");
    text_put(text, "; run: kmrepair todo");
}

static void put_held(struct state *state, struct text *text) {
    uint32_t shown = 0;
    text_put(text, "Held since the undo: ");
    for (const struct memory_item *item = state_next_held(state, NULL);
         item != NULL && shown < NAMES_SHOWN; item = state_next_held(state, item)) {
        const char *name = memory_name(&state->memory, item);
        text_put(text, shown++ > 0 ? ", " : "");
        text_put_safe(text, name, strlen(name));
    }
    if (state->held > shown)
        text_put_count(text, " and ", state->held - shown, " more");
    text_put(text, "; to end a hold: kmrepair release NAME");
}

void state_put_need(struct state *state, enum state_need need, struct text *text) {
    switch (need) {
    case NEED_JOURNAL:
        text_put(text, "The journal kmrepair.jnl cannot be used: ");
        text_put(text, state_reason(state, need));
        text_put(text, "; see event 2031");
        break;
    case NEED_UNREPORTED:
        text_put_count(text, "Not finished or not reported: ", state->in_flight, "");
        put_since(text, ", since ", state->waiting_since);
        text_put(text, "; the event log is full (give it more room), or a record is in use");
        break;
    case NEED_CONFIG:
        put_config(state, text);
        break;
    case NEED_FOLDER:
        text_put(text, "The Clients folder cannot be opened: ");
        text_put(text, state_reason(state, need));
        text_put(text, "; put it back, or set Folder in kmrepair.ini");
        break;
    case NEED_TODO:
        put_todo(state, text);
        break;
    case NEED_HELD:
        put_held(state, text);
        break;
    default:
        text_put_count(text, "Damaged lines in the journal: ", state->damaged,
                       "; after a crash one is normal; compare kmrepair history with events 2000");
        break;
    }
}
