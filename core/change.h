/* SPDX-License-Identifier: MIT */
/*
 * change: one change to one record, a repair or an undo, from its INTENT to its DONE.
 *
 * What it promises, whatever fails and whenever the power is cut: it writes one byte, `4` to `1` for a
 * repair and back for an undo, into a record that was judged through the same handle, in a folder
 * whose path still leads there, after the INTENT has reached the disk, and nothing else. What
 * happened is reported at least once, and DONE is written after that.
 *
 * A byte that cannot be written now is tried again under the same INTENT. Nothing waits in here: a
 * change that is in flight has the time at which it is due (struct memory_item). There are
 * MEMORY_IN_FLIGHT at most; at the bound none is begun.
 *
 * The record is locked against its server while it is read and judged, the INTENT is written, the byte
 * is written and read back: two flushes of the disk. The journal is locked before that.
 *
 * It belongs to the thread of the mender. `bytes` is its own.
 */
#ifndef KMREPAIR_CHANGE_H
#define KMREPAIR_CHANGE_H

#include "ledger.h"
#include "notices.h"
#include "site.h"

enum {
    CHANGE_BACKOFF_FIRST = 1000, /* ms, doubling to ... */
    CHANGE_BACKOFF_LAST = 60000,
    CHANGE_BUSY_TOLD = 60000 /* ms until a busy record is reported */
};

/* What a look at a record found. */
struct view {
    struct record record;
    uint32_t size;
    uint32_t content; /* CRC-32; 0 of a sound record that nobody asks for */
};

struct change {
    const struct site *site;
    struct ledger *ledger;
    struct notices *notices;
    unsigned char *bytes;         /* RECORD_BYTES_MAX, of the record that is open */
    uint32_t repaired;            /* by this process */
    enum journal_outcome outcome; /* of the change that ended last */
    /* The event log does not take events: since when, and how many changes have waited for it. */
    bool events_away;
    uint32_t events_since, events_waited;
    struct journal_entry entry;
};

/* Reads and judges a record beside others that have it open. */
struct host_result change_look(struct change *change, const char *name, struct view *view);

/* Locks a record, judges it again, and repairs it if it is stuck with the content that was `seen`.
 * HOST_OK: `view` is what it was when it was locked, and *begun whether a repair was; what became of it
 * is in flight or done. The journal is locked, ledger_has_room(). */
struct host_result change_repair(struct change *change, const char *name, uint32_t seen,
                                 struct view *view, bool *begun);

/* The reason of an undo that is refused because the record is not as its repair left it. */
extern const char change_since[];

/* Takes a repair back and holds the record. HOST_OK: it was. HOST_BUSY: it is in flight, and can be
 * tried again with change_work(). The journal is locked, ledger_has_room(). */
struct host_result change_undo(struct change *change, const struct memory_item *repair);

/* Does what is due for a change in flight. True when a repair turns out not to have been made: its
 * record may be stuck still. */
bool change_work(struct change *change, struct memory_item *item);

/* Ends undos of this process that could not be made. */
void change_abandon(struct change *change);

#endif
