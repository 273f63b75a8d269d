/*
 * mender: finds the stuck records of one folder and repairs them.
 *
 * The mender is a state machine that does one bounded piece of work per mender_step() and never
 * waits: what can not be done now gets a time at which it is due. It learns of changes by
 * mender_hint(), which is only ever a hint; it judges the files themselves.
 *
 * What it promises, whatever fails and whenever the power is cut:
 *  - it writes one byte, `4` to `1`, into a record judged stuck at that moment through the same
 *    handle, after an INTENT in the journal has reached the disk, and nothing else ever;
 *  - every repair that happened is reported at least once, and twice only across a crash;
 *  - a record of which it can not be sure is left alone, and that is said once per content.
 *
 * One thread owns a mender. It is large (see MENDER_WARNINGS and pending.h): static storage.
 */
#ifndef KMREPAIR_MENDER_H
#define KMREPAIR_MENDER_H

#include "config.h"
#include "host.h"
#include "journal.h"
#include "pending.h"

enum {
    /* Repairs that are begun but not yet reported. At the bound none is begun. */
    MENDER_OWED = 16,
    /* Held records, of any folder. At the bound no repair can be undone until one is released. */
    MENDER_HOLDS = 64,
    /* Records warned about, once per content. At the bound nothing more is warned of singly (the counts
     * of event 3020 still tell) until the mender is started, continued or configured again. */
    MENDER_WARNINGS = 1024,
    MENDER_BACKOFF_FIRST = 1000, /* ms, doubling to ... */
    MENDER_BACKOFF_LAST = 60000,
    MENDER_BUSY_TOLD = 60000,    /* ms until a busy record is reported */
    MENDER_SCAN_DISTANCE = 1000, /* ms at least between scans that nobody asked for ... */
    MENDER_SCAN_SHARE = 4,       /* ... and so many times what the last one took */
    MENDER_HOUR = 60 * 60 * 1000
};

#define MENDER_NEVER UINT64_MAX

struct mender_counts {
    uint32_t files;
    uint32_t verdict[VERDICT_DOUBTFUL + 1];
    uint32_t busy; /* could not be read at the time */
};

/* A repair between its INTENT and its DONE, or an undo between its UNDO and its DONE. */
struct mender_owed {
    enum {
        OWED_SETTLE, /* whether the byte was changed has to be seen from the file */
        OWED_REPORT, /* it was changed: to be reported */
        OWED_DONE    /* reported: DONE has to be written */
    } state;
    bool replayed; /* begun by an earlier run */
    bool told;     /* that it can not be settled */
    bool held;     /* an undo: HOLD is in the journal */
    bool left_out; /* of a new journal, as far as that has been read */
    uint32_t backoff;
    uint64_t due;
    uint64_t busy_since;        /* of the first failed attempt; meaningful while backoff is not 0 */
    struct journal_entry entry; /* INTENT or UNDO, whose folder may not be the one watched now */
};

/* What is small comes first: an offset below 128 takes one byte of code, a larger one four. */
struct mender {
    const struct host *host;
    unsigned char *bytes; /* RECORD_BYTES_MAX of them, not owned */
    bool paused;
    bool folder_away;
    bool folder_told; /* that it is away */

    bool scan_asked; /* somebody wants the next scan, and to hear of it */
    bool scanning;
    bool scanned;  /* once at least */
    bool asked;    /* this scan */
    bool periodic; /* this scan was begun by the clock */

    bool journal_held;   /* open, during one step */
    bool journal_ready;  /* it has been read, and nothing has gone wrong with it since */
    bool journal_check;  /* somebody else may have written to it */
    bool journal_told;   /* that it is away */
    bool journal_head;   /* nothing of it has been read */
    bool journal_torn;   /* the next line must start on a line of its own */
    bool notes_settings; /* this process is the service */
    bool settings_noted; /* the settings in force are in the journal, for `status` */
    bool owed_more;      /* the journal holds more than fitted: replay it again ... */
    bool tripped;
    bool tripped_told;

    uint32_t owed_from;     /* ... from this number on; those before it are done by then */
    uint32_t owed_missed;   /* the first that did not fit */
    uint32_t journal_known; /* how much of it has been read or written */
    uint32_t journal_backoff;
    uint32_t number;         /* of the last INTENT or UNDO */
    uint32_t settings_since; /* when they were loaded, 0 until it is noted */
    uint32_t scan_backoff;
    uint32_t begun_count; /* at most settings.repairs_per_hour */
    uint32_t begun_next;
    uint32_t repaired; /* since mender_init */
    size_t owed_count;
    size_t hold_count;
    size_t warned_count;
    uint32_t undone; /* of mender_undo: the number of the record's last UNDO, 0 if none */
    uint64_t journal_due;
    uint64_t journal_since; /* clock of the first failure, while journal_backoff is not 0 */
    uint64_t rotate_due;
    uint64_t scan_begun;
    uint64_t scan_ended;
    uint64_t scan_due; /* the next by the clock, or the retry of one that failed */
    uint64_t tripped_until;
    uint64_t scan_told_again; /* when scans that nobody asked for may be news again */
    uint64_t lost_told_again; /* likewise of lost changes */

    struct settings settings;
    struct mender_counts counts;   /* of the scan under way */
    struct mender_counts reported; /* of the last 3020 */
    struct pending pending;
    struct journal_reader reader;
    struct mender_owed owed[MENDER_OWED];
    struct journal_entry hold[MENDER_HOLDS]; /* each a HOLD: left alone while it has this content */
    struct mender_warning {
        uint32_t name, content; /* CRCs */
        enum event_number number;
    } warned[MENDER_WARNINGS];
    /* Times of the latest repairs, oldest overwritten; the circuit breaker. */
    uint64_t begun[CONFIG_REPAIRS_MAX];
    struct journal_entry found; /* what mender_undo looks for */
    char line[JOURNAL_LINE_MAX];
};

/* Nothing is done before the first step; the first steps read the journal and scan the folder.
 * `bytes` is room for one record, RECORD_BYTES_MAX; it and `host` outlive the mender. */
void mender_init(struct mender *mender, const struct host *host, const struct settings *settings,
                 unsigned char *bytes);

/* Does at most one piece of work: one record, or one call for an owed report. Returns the clock time
 * at which there is more to do: now or earlier means at once, MENDER_NEVER not before a call below. */
uint64_t mender_step(struct mender *mender);

/* `name` was added, changed or renamed. */
void mender_hint(struct mender *mender, const char *name);

/* Changes were lost: says so (once an hour) and scans. */
void mender_changes_lost(struct mender *mender);

/* The watch on the folder was lost, or is armed again. Each is said once; scans when it is back. */
void mender_folder_away(struct mender *mender, const struct host_result *why);
void mender_folder_back(struct mender *mender);

/* Paused, it keeps what it is told and does nothing with it; continued, it scans. */
void mender_pause(struct mender *mender);
void mender_continue(struct mender *mender);

/* New settings; scans. A folder that is no longer watched is forgotten, its owed reports are not. */
void mender_configure(struct mender *mender, const struct settings *settings);

/* The settings in force go into the journal, now and whenever they change, for `status`. */
void mender_note_settings(struct mender *mender);

/* Somebody else may have written to the journal: `undo` and `release` do, in a process of their own.
 * All of a process's access to the journal is exclusive, and begins with what others have added. */
void mender_journal_changed(struct mender *mender);

/* Takes the last repair of a record back, and holds the record. HOST_OK, or why not; HOST_BUSY: the
 * record or the journal is in use, and it is worth trying again. */
struct host_result mender_undo(struct mender *mender, const char *name);

/* Ends the hold on a record, so that it is repaired if it is stuck. */
struct host_result mender_release(struct mender *mender, const char *name);

/* True when nothing is left but waiting for what is busy: one pass is done. */
bool mender_is_settled(const struct mender *mender);

/* Ends a listing that is open. What is owed stays in the journal. */
void mender_close(struct mender *mender);

#endif
