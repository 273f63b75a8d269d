/* SPDX-License-Identifier: MIT */
/*
 * host: the few calls that the core needs from an operating system.
 *
 * service/host makes them on Win32; the tests make them on a simulated world in which each can
 * fail. All are called on the thread that owns the mender. One record is open at a time, one
 * listing, and the journal during one step. Names and paths are UTF-8.
 */
#ifndef KMREPAIR_HOST_H
#define KMREPAIR_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

enum host_code {
    HOST_OK,
    HOST_END,     /* a listing has no more names */
    HOST_GONE,    /* there is no such record (any more), or it is a directory */
    HOST_BUSY,    /* somebody else has it; worth trying again */
    HOST_REFUSED, /* must not be repaired, or not be read: a link, read-only, ... */
    HOST_FAILED   /* anything else; `error` tells */
};

struct host_result {
    uint16_t code;      /* an enum host_code */
    uint16_t error;     /* the system's own number, 0 if none or if it has more than 16 bits */
    const char *reason; /* a clause in words where the number alone would not tell, else NULL */
};

extern const struct host_result host_ok;

/* What a folder lists of a file. It may be older than the file is: NTFS brings it up to date when whoever
 * writes to the file closes it. */
struct host_stamp {
    uint64_t size;
    uint64_t
        written; /* last, in 100 ns since 1601 (UTC); 0: neither says anything, as on a network drive */
};

/* What the core itself has to say; no call of the system has failed. */
struct host_result host_result(enum host_code code, const char *reason);

/* Event numbers are those in the event log: one a situation, and they never change meaning. */
enum event_number {
    EVENT_STARTED = 1000,
    EVENT_STOPPED = 1001,
    EVENT_PAUSED = 1002,
    EVENT_CONTINUED = 1003,
    EVENT_START_FAILED = 1004,
    EVENT_REPAIRED = 2000,        /* record, folder, mailbox, offset */
    EVENT_STUCK = 2001,           /* record, folder, mailbox, why it is not repaired */
    EVENT_REPAIRED_LATE = 2002,   /* record, folder, mailbox, offset, when it was begun */
    EVENT_OUTCOME_UNKNOWN = 2003, /* record, folder, mailbox, offset, when it was begun */
    EVENT_TO_ENABLE = 2005,       /* first mailboxes, how many in all, folder */
    EVENT_DOUBTFUL = 2010,        /* record, folder, reason */
    EVENT_UNREADABLE = 2011,      /* record, folder, reason */
    EVENT_BUSY = 2020,            /* record, folder, reason */
    EVENT_REPAIR_FAILED = 2021,   /* record, folder, what happens next, reason */
    EVENT_LIMIT = 2030,           /* folder, limit, until when */
    EVENT_JOURNAL_AWAY = 2031,    /* folder, reason */
    EVENT_JOURNAL_BACK = 2032,    /* folder */
    EVENT_EVENTS_BACK = 2033,     /* since when, until when, how many changes waited */
    EVENT_UNDONE = 2040,          /* record, folder, mailbox, offset */
    EVENT_RELEASED = 2041,        /* record, folder */
    EVENT_CHANGES_LOST = 3000,    /* folder */
    EVENT_FOLDER_AWAY = 3010,     /* folder, reason */
    EVENT_FOLDER_BACK = 3011,     /* folder */
    EVENT_SCANNED = 3020,         /* folder, and the numbers of files, sound, stuck, doubtful,
                                    unreadable, not records,
                                    mailboxes to enable */
    EVENT_CONFIG_LOADED = 4000,   /* file, settings */
    EVENT_CONFIG_REFUSED = 4001   /* file, line, reason */
};

enum { EVENT_STRINGS = 8 };

struct event {
    enum event_number number;
    const char *string[EVENT_STRINGS]; /* UTF-8, the caller's; good during the call only */
    unsigned strings;
    const struct host_result *why; /* its text is one more string at the end, if not NULL */
};

struct host {
    void *context;

    /* Milliseconds from some moment; never goes back. */
    uint64_t (*clock)(void *context);
    /* Seconds since 1970, for people. An administrator can set it to anything at any time. */
    uint32_t (*utc)(void *context);
    /* Any number; two calls seldom give the same one. It tells one journal from another. */
    uint32_t (*unique)(void *context);

    /* ---- the watched folder, while it is open */

    /* The names that may be records: files whose name ends in .ini. HOST_END after the last.
     * list_close after a successful list_open only. */
    struct host_result (*list_open)(void *context);
    struct host_result (*list_next)(void *context, char *name, size_t size,
                                    struct host_stamp *stamp);
    void (*list_close)(void *context);

    /* HOST_OK while the folder's path leads to the folder that is open. */
    struct host_result (*folder_check)(void *context);
    /* Whether a path, as a journal has it, leads to the folder that is open. */
    bool (*folder_is)(void *context, const char *path);
    /* Replaces a name by the one that the folder lists for that file: an 8.3 name, or another case.
     * HOST_GONE when there is no such file. */
    struct host_result (*real_name)(void *context, char *name, size_t size);

    /* ---- one record */

    /* Opens a record to read, sharing everything (HOST_REFUSED: a link); or to repair it, so that nobody else can write or
     * delete it until it is closed. `size` is that of the file, at most UINT32_MAX. `folder` is NULL
     * for the watched folder, or the path of another, in which a change was once begun. A name is
     * never taken for a path. */
    struct host_result (*open)(void *context, const char *folder, const char *name, bool repair,
                               uint32_t *size);
    /* True when another program has a record of the watched folder open to write to it. None is open. */
    bool (*is_written)(void *context, const char *name);
    /* Up to `size` bytes from `offset`; *got < size means that the file ends there. */
    struct host_result (*read)(void *context, uint32_t offset, void *bytes, size_t size,
                               size_t *got);
    struct host_result (*write)(void *context, uint32_t offset, unsigned char byte);
    struct host_result (*flush)(void *context);
    void (*close)(void *context);

    /* ---- the journal */

    /* Opens the journal, making it if there is none, so that no other process can write to it until it
     * is closed. HOST_BUSY when another program has it open: nothing is lost, and it can be tried
     * again. */
    struct host_result (*journal_open)(void *context, uint32_t *size);
    void (*journal_close)(void *context);
    /* Like read. *got is at most `size`, even on failure. */
    struct host_result (*journal_read)(void *context, uint32_t offset, void *bytes, size_t size,
                                       size_t *got);
    /* Adds a line at the end; on HOST_OK it has reached the disk. A failure may leave part of it. */
    struct host_result (*journal_append)(void *context, const char *line, size_t length);
    /* A new journal, while the present one is open: begun empty, written line by line, and put in the
     * place of the present one. With `keep` that becomes the old one, and the old one before is gone;
     * without, the present one is gone. The new one is open then. At every moment, a power cut
     * included, there is a whole one. What was begun and not put in place is dropped by
     * journal_close. */
    struct host_result (*journal_new)(void *context);
    struct host_result (*journal_put)(void *context, const char *line, size_t length);
    struct host_result (*journal_replace)(void *context, bool keep);

    /* False when the event did not get into the event log. */
    bool (*report)(void *context, const struct event *event);

    record_decode *decode; /* the host's 8-bit code page */
};

#endif
