/* SPDX-License-Identifier: MIT */
/*
 * state: all that can be told of KMRepair on this computer, found out once, and what a person has to
 * do about it.
 *
 * For `status` and `report`, on the process's first thread. state_collect() asks the service control
 * manager, reads configuration and journal, and opens the folder and the records of the todo list,
 * no other; it changes nothing. What cannot be asked is left empty, and says why in a result beside it.
 *
 * Here are facts and a judgement, no words and no layout: state_words.h has the sentences, `status`
 * and `report` lay them out. Strings are UTF-8, times UTC, in seconds since 1970, 0 for none. It is
 * large: static storage; verb_state() has the one that there is. Whoever collected it owns all that is in
 * it: the todo list is gone through with its memory and host, which has the folder open (todo.h).
 */
#ifndef KMREPAIR_STATE_H
#define KMREPAIR_STATE_H

#include <windows.h>

#include "config.h"
#include "host_win.h"
#include "memory.h"
#include "options.h"
#include "win/path.h"

/* What the service does. */
enum state_doing {
    DOING_UNKNOWN, /* the service control manager cannot be asked: `service_error` */
    DOING_ABSENT,  /* it is not installed */
    DOING_STOPPED,
    DOING_STARTING, /* or continuing */
    DOING_STOPPING,
    DOING_RUNNING, /* what it does is not known: the journal cannot be read, or says nothing yet */
    /* In the order of enum journal_why. */
    DOING_REPAIRS,
    DOING_REPORTS, /* Repair = no */
    DOING_PAUSED,  /* or about to be */
    DOING_LIMIT,   /* RepairsPerHour is reached, until `told.until` */
    DOING_FOLDER,  /* it waits for the folder */
    DOING_EVENTS,  /* as many repairs as can wait for the event log do */
    DOING_JOURNAL  /* the journal has no room */
};

/* What needs a person: bit numbers, in the order in which they are shown. */
enum state_need {
    NEED_JOURNAL,    /* it cannot be read, is gone or may not be written to: `journal` */
    NEED_UNREPORTED, /* changes are not finished or not reported: `waiting_since` */
    NEED_CONFIG,     /* it is refused: `error` */
    NEED_FOLDER,     /* it cannot be opened: `folder` */
    NEED_TODO,       /* mailboxes have to be enabled */
    NEED_HELD,       /* records are held since their undo */
    NEED_DAMAGED,    /* lines of the journal are no entries */
    STATE_NEEDS
};

/* Exit codes, for monitoring. */
enum { STATE_GOOD, STATE_BAD, STATE_UNTOLD };

struct state {
    /* The judgement. */
    enum state_doing doing;
    unsigned needs;  /* a bit for each enum state_need */
    unsigned untold; /* those of them of which nothing is known but that it cannot be told */
    int exit_code;   /* STATE_... */

    /* The service, as Windows has it; account and program are below. */
    DWORD service_error; /* why it cannot be told, 0 if it can */
    DWORD service;       /* SERVICE_RUNNING, ...; 0: there is none */
    DWORD start;         /* SERVICE_AUTO_START, ...; meaningful if there is a service */

    /* The configuration file, as it is now. */
    bool accepted;                   /* `settings` are it; otherwise `error` says why not */
    bool config_unread;              /* it may not be read, or is being saved: it cannot be told */
    const struct settings *in_force; /* `loaded` or `settings`; NULL when neither is known */

    /* What the journal tells. */
    struct host_result journal; /* HOST_GONE: there is none */
    uint32_t loaded_at;         /* when the settings `loaded` were, 0 if not known */
    uint32_t repaired;          /* repairs in the journal, and the last */
    uint32_t last_repair;
    uint32_t in_flight;     /* changes that are not finished or not reported */
    uint32_t waiting_since; /* of the oldest that should have been over; 0 if none is */
    uint32_t held;          /* records of this folder, see state_next_held() */
    uint32_t damaged;       /* lines that are no entries */

    /* The folder, and the mailboxes that have to be enabled. */
    struct host_result folder; /* of opening it */
    uint32_t todo;
    uint32_t todo_since;  /* the oldest */
    uint32_t todo_untold; /* records of the list that cannot be read now */
    bool counted;         /* the journal was read: what is counted from it is so, ... */
    bool listed;          /* ... and the folder is open: `todo` as well */

    bool has_told;
    struct journal_state told; /* why nothing is repaired, until when, and the last scan */

    struct config_error error;
    struct settings settings;
    struct settings loaded;
    char account[3 * 256];
    char program[3 * PATH_UNITS]; /* that is registered; this EXE if none is */
    char config[3 * PATH_UNITS];
    struct memory memory;
    struct host_win host; /* with the folder open, if that could be done */
    struct journal_reader reader;
};

/* Finds it all out. Overwrites options->bytes. */
void state_collect(struct state *state, const struct options *options);

/* What the facts mean: the last part of state_collect(). */
void state_judge(struct state *state);

/* True when the service is there and neither stopped nor unknown. */
bool state_is_up(const struct state *state);

/* The next record that is held, behind `item`, NULL for the first; NULL behind the last. */
struct memory_item *state_next_held(struct state *state, const struct memory_item *item);

#endif
