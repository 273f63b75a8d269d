/* SPDX-License-Identifier: MIT */
/*
 * ledger: the journal as a memory that survives a crash, a restart and a power cut, and that processes
 * share: the service, `repair`, `undo` and `release`.
 *
 * Protocol. Who wants to read or write locks the journal: ledger_lock() opens it so that nobody else
 * can write, and reads what others have added. Entries are committed one by one, each on the disk
 * before the call returns; ledger_unlock() ends it, at the end of the step. A journal that is longer
 * than JOURNAL_BYTES_MAX gets a checkpoint: a new one begins with all that is known, and takes its
 * place.
 *
 * "Busy" is an answer of ledger_lock(): another program has the file open. Nothing is lost then, and
 * nothing has to be read again.
 *
 * A journal is known by its first line, a checkpoint with an id and a generation, and by the last line
 * that was read; both are compared at each lock. The same id and a later generation: another process
 * wrote a checkpoint, and what it says holds. Anything else, nothing at all too: somebody replaced the
 * journal, and what this process knows wins. It is written down again, together with what only the
 * file knows; the repairs of the last hour are the larger number of the two.
 *
 * Memory: see memory.h for the bounds. A checkpoint is written line by line, so that it needs no
 * buffer; it has MEMORY_ITEMS + 4 lines at most. One thread owns a ledger; it is large: static storage.
 */
#ifndef KMREPAIR_LEDGER_H
#define KMREPAIR_LEDGER_H

#include "host.h"
#include "limiter.h"
#include "memory.h"

enum {
    LEDGER_PIECE = 16 * 1024,
    LEDGER_OTHERS = 15000,      /* ms that another process is left to end its changes itself */
    LEDGER_BACKOFF_FIRST = 250, /* ms, doubling to ... */
    LEDGER_BACKOFF_LAST = 60000,
    LEDGER_BUSY_TOLD = 60000,      /* ms until a busy journal is worth an event */
    LEDGER_RETRY = 60 * 60 * 1000, /* ms until a checkpoint of a long journal is tried again */
    /* Seconds. Where scans that find the same follow each other sooner, the time of the later one is not written. Less than
     * ten minutes, for a clock is set a little now and then. */
    LEDGER_SCANNED = 9 * 60,
    LEDGER_BYTES_STOP = 4 * JOURNAL_BYTES_MAX /* in a longer one no change is begun */
};

struct ledger {
    const struct host *host;
    /* Told of each record that another process has released, or has not repaired after all. */
    void (*on_ended)(void *context, const char *name);
    void *context;
    struct memory memory;
    struct limiter window; /* the repairs of the last hour */
    struct limiter other;  /* those that a journal being read tells of, while what is known wins */

    bool is_service; /* it writes settings and state, and may say that it can write again */
    bool locked;     /* until the end of the step */
    bool ready;      /* memory is what the journal says, and nothing has gone wrong with it since */
    bool read_once;
    bool armed;   /* the watched folder is open */
    bool torn;    /* the next line must start on a line of its own */
    bool again;   /* it has to be read once more: two of its folders turn out to be one */
    bool check;   /* somebody else may have written to it */
    bool rewrite; /* it has to be written again from memory */
    bool keep;    /* what is there then becomes the old one */
    bool failing; /* the last thing that was written did not get there */
    bool told;    /* that it is away */
    bool settings_due, state_due, window_due; /* to be written */

    uint32_t known; /* up to the end of the last whole line that was read or written */
    uint32_t size;  /* of the file at the last lock */
    uint32_t id, generation;
    uint32_t head, head_length; /* CRC-32 and length of the first line */
    uint32_t last, last_at;     /* CRC-32 of the last whole line, and where it begins */
    uint32_t counted;           /* up to this number, repairs are in the window */

    uint32_t backoff;
    uint64_t due;   /* of the next attempt, after one that failed */
    uint64_t since; /* of the first failure; meaningful while backoff is not 0 */
    uint64_t checkpoint_due;
    int64_t drift; /* wall clock less clock, in seconds, when the window was last written down */
    struct host_result trouble; /* why the last attempt failed */

    uint32_t settings_utc;
    char settings[CONFIG_PRINT_BYTES]; /* in force, "" if not known */
    uint32_t state_utc;                /* when it was noted; 0 if not known */
    struct journal_state state;        /* as it is written, or is to be */

    struct journal_reader reader;
    struct journal_entry first; /* line of the journal that is read */
    struct journal_entry entry; /* that is being written */
    char line[JOURNAL_LINE_MAX + 2];
    char piece[LEDGER_PIECE];
};

void ledger_init(struct ledger *ledger, const struct host *host);

/* HOST_OK, HOST_BUSY, or HOST_FAILED with the reason. It stays locked until ledger_unlock(), or until something cannot be written. */
struct host_result ledger_lock(struct ledger *ledger);
void ledger_unlock(struct ledger *ledger);

/* The clock time from which a lock may be tried: now or earlier unless the last one failed. */
uint64_t ledger_due(const struct ledger *ledger);
/* True when there is something to read or write that does not wait for anything else. */
bool ledger_has_work(const struct ledger *ledger);
/* Locks, reads, writes what is due: settings, state, window, checkpoint. */
void ledger_work(struct ledger *ledger);
/* What keeps changes from being begun and is worth an event: it failed, it has been busy for long, or
 * it has no room. NULL if nothing does. */
const struct host_result *ledger_trouble(const struct ledger *ledger);
/* True when there is no room for a change, and only a new journal or another run makes some. */
bool ledger_is_full(const struct ledger *ledger);

/* Somebody else may have written to the journal. */
void ledger_check(struct ledger *ledger);
/* The watched folder is open: which of the journal's folders are the same is found out (again). */
void ledger_ask_folders(struct ledger *ledger);

/* True when a change may be begun: it has a place, and the journal is believed to take it. */
bool ledger_has_room(const struct ledger *ledger);

/* ---- for all of these the journal is locked. False, or NULL: it could not be written ---- */

/* INTENT or UNDO: `begun` with kind, name, mailbox, folder, offset, size and CRCs. */
struct memory_item *ledger_begin(struct ledger *ledger, const struct journal_entry *begun);
/* DONE, with item->outcome. The item is gone then. */
bool ledger_finish(struct ledger *ledger, struct memory_item *item);
/* HOLD, of an undo that is in flight. */
bool ledger_hold(struct ledger *ledger, struct memory_item *item);
/* RELEASE. The item is gone then. */
bool ledger_release(struct ledger *ledger, struct memory_item *hold);

/* ---- what is written when the journal is to be had */

/* The settings that are in force now. */
void ledger_note_settings(struct ledger *ledger, const struct settings *settings);
/* The service's state. Writes nothing when only the time of the scan has changed, by less than LEDGER_SCANNED. */
void ledger_note_state(struct ledger *ledger, const struct journal_state *state);
/* Repairs that were made do not count any more. */
void ledger_reset_window(struct ledger *ledger);
/* A record was seen with this content: a repair that left another one is `off`, for so long. */
void ledger_note_content(struct ledger *ledger, const char *name, uint32_t content);

#endif
