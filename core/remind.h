/* SPDX-License-Identifier: MIT */
/*
 * remind: says which mailboxes still have to be enabled (todo.h) when one has waited for ReminderHours, and
 * again after as long. A part of mender, for nobody else.
 *
 * Before that, and before a scan, all records on the list are looked at, one at a time. What has changed is
 * off it, until it is as its repair left it again: it may have been seen in the middle of a rewrite. Those that
 * are named are looked at once more in the step in which they are, so none is named that has changed before. One
 * that could not be read at its last look is passed over, so that it keeps nobody else from being named; for its
 * sake all are looked at again after REMIND_UNTOLD.
 *
 * How old an entry is, and how long ago it was said, is found out once from the wall clock; it then goes on by
 * the clock that nobody sets. What was said in the future counts as of now, and a repair from the future as made
 * when it was said last. The time in the journal is put right when the wall clock was set, so that the next run
 * goes by it, too.
 *
 * It belongs to the thread of the mender.
 */
#ifndef KMREPAIR_REMIND_H
#define KMREPAIR_REMIND_H

#include "ledger.h"
#include "site.h"

#define REMIND_NEVER UINT64_MAX

enum {
    REMIND_NAMES = 5,  /* mailboxes in an event at most, ... */
    REMIND_LOOKS = 10, /* ... for which so many records are opened in one step, ... */
    REMIND_TEXT = RECORD_MAILBOX_BYTES + 256, /* ... in so many bytes */
    REMIND_FRESH = 10 * 1000,         /* ms for which the records need not be looked at again */
    REMIND_UNTOLD = 60 * 60 * 1000,   /* ms for which one that could not be read is passed over */
    REMIND_WAIT = 5 * 60 * 1000,      /* ms after which it is seen anew when it is due */
    REMIND_BACKOFF_FIRST = 60 * 1000, /* ms after an event that was not taken, doubling to ... */
    REMIND_BACKOFF_LAST = 60 * 60 * 1000
};

struct remind {
    const struct site *site;
    struct ledger *ledger;
    unsigned char *bytes; /* RECORD_BYTES_MAX, of the record that is open */
    bool looking;
    size_t next; /* of the items, the one that is looked at next */
    bool looked; /* at all of them, at this time: */
    uint64_t looked_at;
    bool recalled;    /* what the journal says of the last time: */
    uint32_t told;    /* seconds since 1970, or when a repair from the future was met; 0: neither */
    uint32_t told_at; /* seconds of the clock, modulo 2^32 */
    uint32_t backoff; /* ms, after an event that was not taken */
    uint64_t due;     /* when it is seen anew whether there is something to say */
};

/* The clock time at which there is something to do while the folder is open. */
uint64_t remind_due(const struct remind *remind);
/* Does it: looks at one record, or says it. */
void remind_work(struct remind *remind);

/* The records on the list were looked at a moment ago, or there are none. */
bool remind_is_fresh(const struct remind *remind);
/* Has them looked at. */
void remind_look(struct remind *remind);
/* The folder is away. */
void remind_stop(struct remind *remind);

#endif
