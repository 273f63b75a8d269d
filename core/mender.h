/* SPDX-License-Identifier: MIT */
/*
 * mender: finds the stuck records of one folder and repairs them. It knows what is due next and has
 * the module do it whose job it is: ledger, change, scan, queue.
 *
 * The mender is a state machine that does one bounded piece of work per mender_step() and never waits:
 * what cannot be done now gets a time at which it is due. It learns of changes by mender_hint(), which
 * is only ever a hint; it judges the files themselves.
 *
 * What it promises of each change is in change.h. Besides: a record of which it cannot be sure is left
 * alone, and that is said once per content; more than RepairsPerHour repairs are not made in an hour.
 *
 * One thread owns a mender. It is large: static storage.
 */
#ifndef KMREPAIR_MENDER_H
#define KMREPAIR_MENDER_H

#include "change.h"
#include "ledger.h"
#include "notices.h"
#include "queue.h"
#include "remind.h"
#include "scan.h"
#include "site.h"

#define MENDER_NEVER UINT64_MAX

enum {
    MENDER_BACKOFF_FIRST = CHANGE_BACKOFF_FIRST, /* ms that a busy record waits, doubling to ... */
    MENDER_BACKOFF_LAST = CHANGE_BACKOFF_LAST,
    MENDER_BUSY_TOLD = CHANGE_BUSY_TOLD,
    MENDER_MINUTE = 60 * 1000,
    MENDER_HOUR = 60 * MENDER_MINUTE,
    MENDER_DAY = 24 * MENDER_HOUR
};

/* The hourly limit is reached. */
struct trip {
    bool on;
    bool told;
    uint64_t until;
    uint32_t until_utc;
};

struct mender {
    struct site site;
    struct ledger ledger;
    struct change change;
    struct scan scan;
    struct queue queue;
    struct notices notices;
    struct remind remind;
    struct trip trip;
    bool paused;
    bool folder_away;
    bool folder_told;         /* that it is away */
    uint64_t back_told_again; /* when it may be said again that the journal is back */
    uint64_t paused_again;    /* when it is said again that it is paused */
    uint64_t lost_told_again; /* when lost changes may be news again */
};

/* Nothing is done before the first step; the first steps read the journal and scan the folder, which is
 * away until mender_folder_open(). `is_service`: settings and state go into the journal, for `status`.
 * `bytes` is room for one record, RECORD_BYTES_MAX; it and `host` outlive the mender. */
void mender_init(struct mender *mender, const struct host *host, const struct settings *settings,
                 bool is_service, unsigned char *bytes);

/* Does at most one piece of work: one record, or one call for a change in flight. Returns the clock
 * time at which there is more to do: now or earlier means at once, MENDER_NEVER not before a call
 * below. */
uint64_t mender_step(struct mender *mender);

/* `name` was added, changed or renamed; it is the one that the folder lists. */
void mender_hint(struct mender *mender, const char *name);

/* Changes were lost: says so (once an hour) and scans. */
void mender_changes_lost(struct mender *mender);

/* The folder is open and watched; `path` is its full path as the disk spells it. Scans. */
void mender_folder_open(struct mender *mender, const char *path);
/* It is away. Said once; and once that it is back, after a scan. */
void mender_folder_away(struct mender *mender, const struct host_result *why);
/* `auto` has found the folder that is meant. */
void mender_folder_found(struct mender *mender, const char *folder);

/* Paused, it lets go of the folder, which the caller closes, and touches no record; the journal is
 * still kept. Continued, it waits for mender_folder_open(). */
void mender_pause(struct mender *mender);
void mender_continue(struct mender *mender);

/* New settings; scans. A folder that is no longer watched is forgotten, its changes in flight are not, and
 * the new one is away until mender_folder_open(). */
void mender_configure(struct mender *mender, const struct settings *settings);

/* Somebody else may have written to the journal. */
void mender_journal_changed(struct mender *mender);

/* Takes the last repair of a record back, and holds the record; the folder is open. `name` in any
 * spelling. HOST_OK, or why not; HOST_BUSY: record or journal is in use, and it is worth trying again. */
struct host_result mender_undo(struct mender *mender, const char *name);

/* The record, by its name the next behind `name` ("" for the first), of a repair that could be taken back and
 * was made at `since` or later; in `name`. HOST_OK, HOST_END behind the last, or why the journal cannot be
 * read. A repair that is not settled yet is among them, and a record that has changed since may be: mender_undo()
 * says so. */
struct host_result mender_next_repair(struct mender *mender, uint32_t since,
                                      char name[QUEUE_NAME_BYTES]);

/* Ends the hold on a record, so that it is repaired if it is stuck. Likewise. */
struct host_result mender_release(struct mender *mender, const char *name);

/* True when nothing is left but waiting for what is busy: one pass is done. */
bool mender_is_settled(const struct mender *mender);

/* True when records are in use, and are tried again. */
bool mender_is_waiting(const struct mender *mender);

/* Ends what is open. What is in flight stays in the journal. */
void mender_close(struct mender *mender);

#endif
