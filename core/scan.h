/* SPDX-License-Identifier: MIT */
/*
 * scan: walks over the watched folder one name at a time, counts what is found, and knows when the
 * next walk is due.
 *
 * Scans that nobody asked for leave most of the time to others: they keep SCAN_SHARE times what the
 * last one took between them, and while the queue is crowded a wait that doubles to an hour. The scan
 * by the clock (RescanMinutes) is never put off for that.
 *
 * It belongs to the thread of the mender.
 */
#ifndef KMREPAIR_SCAN_H
#define KMREPAIR_SCAN_H

#include "journal.h"
#include "site.h"

#define SCAN_NEVER UINT64_MAX

enum {
    SCAN_BACKOFF_FIRST = 1000, /* ms after a folder could not be listed, doubling to ... */
    SCAN_BACKOFF_LAST = 60000,
    SCAN_DISTANCE = 1000,
    SCAN_SHARE = 4,
    SCAN_CROWD_FIRST = 60000,
    SCAN_HOUR = 60 * 60 * 1000
};

struct scan {
    const struct site *site;
    bool running;
    bool finished; /* one is, since scan_init() */
    bool asked;    /* somebody wants the next one, and to hear of it */
    bool wanted;   /* something may have been missed */
    bool crowded;  /* this one has found more than the queue has room for */
    bool answers;  /* this one was asked for */
    bool news;     /* the last one was worth an event, which was not reported yet */
    bool periodic; /* this one was begun by the clock */
    uint32_t backoff;
    uint32_t crowd_wait;
    uint64_t begun, ended, took;
    uint64_t due;                /* the next by the clock, or the retry of one that failed */
    uint64_t told_again;         /* when scans that nobody asked for may be news again */
    uint32_t found_at;           /* seconds since 1970, when the last one ended */
    struct scan_counts counts;   /* of the one that runs, or ran last */
    struct scan_counts found;    /* of the last that came to its end */
    struct scan_counts reported; /* in the last event 3020 */
};

void scan_init(struct scan *scan, const struct site *site);

void scan_ask(struct scan *scan);
void scan_want(struct scan *scan);
/* The queue has no room for a name. */
void scan_crowd(struct scan *scan);

/* When the next one may begin; now or earlier while one runs. `is_crowded`: the queue is half full. */
uint64_t scan_due(const struct scan *scan, bool is_crowded);

/* Begins one, or goes on with it: the next name. HOST_END: it has come to its end.
 * Another failure: it is tried again. */
struct host_result scan_next(struct scan *scan, char *name, size_t size);

/* The last one has come to its end: reports it if it is worth an event. `to_enable`: of how many mailboxes that is
 * known. */
void scan_report(struct scan *scan, uint32_t to_enable);

/* Ends one in the middle. */
void scan_stop(struct scan *scan);
/* The folder is away, or another one. */
void scan_forget(struct scan *scan);

#endif
