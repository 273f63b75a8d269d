/* SPDX-License-Identifier: MIT */
#include "verb/state_words.h"

#include <string.h>

#include "console.h"
#include "result.h"
#include "verb/when.h"
#include "version.h"

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
        [DOING_LIMIT] = "",
        [DOING_FOLDER] = " cannot reach the Clients folder: nothing is repaired meanwhile.",
        [DOING_EVENTS] = " repairs nothing until the event log takes events again.",
        [DOING_JOURNAL] = " repairs nothing: the journal has no room (event 2031)."};
    char until[WHEN_BYTES];
    text_print(text, "KMRepair " KMREPAIR_VERSION "%s", words[state->doing]);
    if (state->doing == DOING_UNKNOWN) {
        const struct host_result why = result_of(state->service_error);
        text_put(text, console_reason(&why));
    }
    if (state->doing == DOING_LIMIT) {
        (void)when_print(state->told.until, until);
        until[16] = '\0'; /* the time of day only */
        if (state->in_force != NULL)
            text_print(text, " has reached %u repairs an hour", state->in_force->repairs_per_hour);
        else
            text_put(text, " has reached RepairsPerHour");
        text_print(
            text, "; it repairs again at %s; to go on now: kmrepair pause, then kmrepair continue.",
            until + 11);
    }
}

/* ---- what needs a person ---- */

const char *state_reason(const struct state *state, enum state_need need) {
    const struct host_result *result = need == NEED_JOURNAL ? &state->journal : &state->folder;
    if ((state->untold >> need & 1) != 0)
        return "access denied; open the console as administrator";
    if (result->code == HOST_GONE)
        return "it is gone";
    return console_reason(result);
}

static void put_config(const struct state *state, struct text *text) {
    text_put(text, state->config_unread ? "kmrepair.ini" : "kmrepair.ini is refused");
    if (state->error.line != 0)
        text_print(text, ", line %u", state->error.line);
    text_print(text, ": %s; %s", state->error.reason,
               state->config_unread ? "try again, or open the console as administrator"
               : state_is_up(state) ? "correct it (the settings before it stay in force)"
                                    : "correct it (the service does not start on it)");
}

static void put_todo(const struct state *state, struct text *text) {
    char when[WHEN_BYTES];
    bool one = state->todo_untold == 1;
    if (state->todo > 0)
        text_print(text,
                   "Mailboxes that still have to be enabled: %u, the oldest repaired at %s; run: "
                   "kmrepair todo",
                   state->todo, when_print(state->todo_since, when));
    if (state->todo_untold > 0)
        text_print(text, "%s%u record%s on the list %s in use; run kmrepair todo again",
                   state->todo > 0 ? "; " : "", state->todo_untold, one ? "" : "s",
                   one ? "is" : "are");
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
        text_print(text, " and %u more", state->held - shown);
    text_put(text, "; to end a hold: kmrepair release NAME");
}

void state_put_need(struct state *state, enum state_need need, struct text *text) {
    char when[WHEN_BYTES];
    switch (need) {
    case NEED_JOURNAL:
        text_print(text, "The journal kmrepair.jnl cannot be used: %s; see event 2031",
                   state_reason(state, need));
        break;
    case NEED_UNREPORTED:
        text_print(text,
                   "Not finished or not reported: %u, since %s; the event log is full (give it "
                   "more room), or a record is in use",
                   state->in_flight, when_print(state->waiting_since, when));
        break;
    case NEED_CONFIG:
        put_config(state, text);
        break;
    case NEED_FOLDER:
        text_print(text,
                   "The Clients folder cannot be opened: %s; put it back, or set Folder in "
                   "kmrepair.ini",
                   state_reason(state, need));
        break;
    case NEED_TODO:
        put_todo(state, text);
        break;
    case NEED_HELD:
        put_held(state, text);
        break;
    default:
        text_print(text,
                   "Damaged lines in the journal: %u; after a crash one is normal; compare "
                   "kmrepair history with events 2000",
                   state->damaged);
        break;
    }
}
