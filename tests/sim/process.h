/* SPDX-License-Identifier: MIT */
/*
 * process: a running KMRepair, with core/mender as it is in the product on a host.h of this world.
 *
 * Each process is a coroutine, so that anything can happen between two of its calls to the host: another
 * process's calls, the Key Management server, the end of the process, a power cut. The service does what
 * service/worker does; the verbs repair, undo and release do what service/service does.
 */
#ifndef SIM_PROCESS_H
#define SIM_PROCESS_H

#include <ucontext.h>

#include "mender.h"
#include "world.h"

enum call {
    CALL_LIST_OPEN,
    CALL_LIST_NEXT,
    CALL_OPEN,
    CALL_OPEN_REPAIR,
    CALL_READ,
    CALL_WRITE,
    CALL_FLUSH,
    CALL_JOURNAL_OPEN,
    CALL_JOURNAL_READ,
    CALL_APPEND,
    CALL_JOURNAL_NEW,
    CALL_PUT,
    CALL_REPLACE,
    CALL_FOLDER,
    CALL_NAME,
    CALL_REPORT,
    CALL_DECODE,
    CALLS
};

/* How often what goes wrong, of a million calls or changes. Drawn anew for each seed: a world in which
 * everything fails all the time never gets far enough to show the rarer mistakes. */
struct rates {
    uint32_t fault[CALLS];
    uint32_t other_turn; /* somebody else does something between two calls */
    uint32_t kill;       /* the process ends here */
    uint32_t cut;        /* the power does */
    uint32_t halfway;    /* either, while a new journal is made or put in its place */
    uint32_t race;       /* the server writes to the record that is about to be opened for repair */
    uint32_t slow;       /* a call takes up to two seconds */
    uint32_t drop;       /* a notification that never comes */
    uint32_t twice;
    uint32_t alias;   /* under its 8.3 name */
    uint32_t late;    /* ms that it may take */
    uint32_t scanner; /* a program that looks into each file opens the journal after a change ... */
    uint32_t scan;    /* ... for so many ms at most */
    uint32_t locked; /* a record that can be opened for repair, but not be written to for a while */
    uint32_t
        swapped; /* another folder is put in the place of the watched one after a record was opened */
};

extern struct rates rates;

/* While the clock has not reached these, what they name is out of order. */
struct outages {
    uint64_t event_log, journal, disk;
    uint64_t scanner;       /* somebody has the journal open */
    uint64_t configuration; /* ... or the configuration, to write to it */
    uint64_t flood;         /* ... or the records that a flood is of */
};

extern struct outages outages;

enum kind {
    LINE_NONE,
    LINE_INTENT,
    LINE_UNDO,
    LINE_REPAIRED,
    LINE_DONE,
    LINE_HOLD,
    LINE_RELEASE,
    LINE_LOADED,
    LINE_CHECKPOINT,
    LINE_STATE,
    LINE_WINDOW
};

/* A line of the journal, read by other means than core/journal's. */
struct line {
    enum kind kind;
    uint32_t utc, number, offset, size, before, after;
    uint32_t scanned; /* of a STATE */
    char outcome[16];
    char name[WORLD_NAME_BYTES];
    char mailbox[WORLD_MAILBOX_BYTES];
    unsigned folder;
};

enum process_kind { PROCESS_SERVICE, PROCESS_REPAIR, PROCESS_UNDO, PROCESS_RELEASE };

enum {
    PROCESS_NOTICES = 64,
    PROCESS_WARNINGS = 128,
    PROCESS_BASES = 128,
    PROCESS_TIMES = 512,
    PROCESS_SEEN = 16
};

struct process {
    enum process_kind kind;
    bool alive;
    bool inside; /* in the middle of a call to the mender */
    uint32_t serial;
    uint64_t started;
    uint64_t due; /* world time */
    uint64_t steps;
    unsigned folder;
    bool open;                     /* the folder is, ... */
    unsigned place;                /* ... which is this directory */
    bool found;                    /* what `auto` means */
    char target[WORLD_NAME_BYTES]; /* of undo and release */
    char given[WORLD_NAME_BYTES];  /* the same, as it was spelt */
    struct host_result result;

    /* What others want of the service. */
    bool pause, resume, configure, journal_changed, lost;
    uint64_t journal_note; /* when it hears of a change of the journal, 0: not */
    unsigned flood;        /* so many names at once */
    struct settings wanted;
    /* What it was told last, whatever its mender makes of it. */
    struct settings settings;
    bool paused;

    uint32_t watch_backoff;
    uint64_t watch_due;
    uint64_t listened; /* when it last looked at what it is told ... */
    bool more;         /* ... and whether there is something to do since then */
    size_t notice_count;
    struct {
        uint64_t time;
        char name[WORLD_NAME_BYTES];
    } notices[PROCESS_NOTICES];

    /* The host's. */
    int handle; /* -1: no record is open */
    bool for_repair;
    uint64_t called;   /* when the line that is being added was made */
    bool path_checked; /* since the record was opened: the path leads to the folder that is open */
    bool making;       /* a new journal */
    unsigned clocks;   /* as promises_journal.c counts, when that was begun */
    bool listing;
    int list_next;
    char listed[WORLD_NAME_BYTES]; /* the last name, during the step in which it was told */

    /* What promises.c knows of it. */
    bool read_whole; /* the record that is open */
    uint32_t read_content;
    bool found_held; /* its target was held when the journal was unlocked last */
    /* What was read whole in this step. */
    size_t seen_count;
    struct {
        char name[WORLD_NAME_BYTES];
        uint32_t content;
    } seen[PROCESS_SEEN];
    bool looked;   /* a record was opened in this step */
    bool settling; /* to see how a repair ended */
    int change;    /* the INTENT or UNDO that was written since the record was opened, or -1 */
    int added;     /* the one that is being written */
    int ended;     /* the one whose DONE is */
    struct line line;
    uint64_t trouble_step; /* the last in which the journal was not to be had */
    bool trouble;
    bool session_trouble; /* since it was locked */
    size_t times_count;
    uint64_t times[PROCESS_TIMES]; /* of its repairs */
    bool asked_written;            /* somebody wrote to the record that was asked about last: */
    char asked[WORLD_NAME_BYTES];
    size_t warned_count;
    struct {
        uint32_t number, content;
        bool written; /* as it was seen last */
        char name[WORLD_NAME_BYTES];
    } warned[PROCESS_WARNINGS];
    /* Since when a record is known to be quiet. */
    size_t base_count;
    struct {
        char name[WORLD_NAME_BYTES];
        unsigned folder;
        bool hinted;
        bool has_content;
        uint32_t content;
        uint32_t settle;
        uint64_t since;
    } bases[PROCESS_BASES];

    struct host host;
    ucontext_t context;
    void *fake_stack;
    uint64_t before; /* must stay as it is, as must the one behind */
    struct mender mender;
    struct known known;
    uint64_t behind;
    unsigned char bytes[RECORD_BYTES_MAX];
    uint64_t end;
    char stack[256 * 1024];
};

enum { PROCESSES = 3 }; /* the first is the service */
extern struct process processes[PROCESSES];

/* A power cut was asked for by chance in the middle of a call. */
extern bool process_cut;

void process_start(struct process *process, enum process_kind kind, const struct settings *settings,
                   const char *target);
/* Lets it go on until it waits, ends, or somebody else gets a turn. */
void process_run(struct process *process);
/* It is no more; what it had open is closed. */
void process_end(struct process *process);
bool process_is_runnable(const struct process *process);
/* When it has something to do. */
uint64_t process_due(const struct process *process);
/* Windows tells the service of a change. */
void process_notify(unsigned folder, const char *name);

/* Somebody has changed the journal: the service hears of it soon. */
void process_note_journal(void);

extern uint64_t process_calls, process_steps;
/* Lines and new journals, and scans that were begun. */
extern uint64_t process_lines, process_states, process_scans;

#endif
