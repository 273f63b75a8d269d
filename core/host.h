/*
 * host: the few calls that the mender needs from an operating system.
 *
 * service/host_win makes them on Win32; the tests make them on a simulated world in which each can
 * fail. All are called on the thread that owns the mender. One record is open at a time, and one
 * listing. Names are UTF-8 and belong to the one watched folder.
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
    HOST_REFUSED, /* open for repair only: must not be repaired: a link, read-only, ... */
    HOST_FAILED   /* anything else; `error` tells */
};

struct host_result {
    enum host_code code : 8;
    uint32_t error : 24; /* the system's own number, 0 if none */
    const char *reason;  /* a clause in words where the number alone would not tell, else NULL */
};

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
    EVENT_DOUBTFUL = 2010,        /* record, folder, reason */
    EVENT_UNREADABLE = 2011,      /* record, folder, reason */
    EVENT_BUSY = 2020,            /* record, folder, reason */
    EVENT_REPAIR_FAILED = 2021,   /* record, folder, reason */
    EVENT_LIMIT = 2030,           /* folder, limit */
    EVENT_JOURNAL_AWAY = 2031,    /* folder, reason */
    EVENT_JOURNAL_BACK = 2032,    /* folder */
    EVENT_UNDONE = 2040,          /* record, folder, mailbox, offset */
    EVENT_RELEASED = 2041,        /* record, folder */
    EVENT_CHANGES_LOST = 3000,    /* folder */
    EVENT_FOLDER_AWAY = 3010,     /* folder, reason */
    EVENT_FOLDER_BACK = 3011,     /* folder */
    EVENT_SCANNED = 3020,         /* folder, and the numbers of files, sound, stuck, doubtful,
                                    unreadable, not records */
    EVENT_CONFIG_LOADED = 4000,   /* file, settings */
    EVENT_CONFIG_REFUSED = 4001   /* file, line, reason */
};

enum { EVENT_STRINGS = 7 };

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
    /* Seconds since 1970, for people. */
    uint32_t (*utc)(void *context);

    /* The names that may be records: files whose name ends in .ini. HOST_END after the last.
     * list_close after a successful list_open only. */
    struct host_result (*list_open)(void *context);
    struct host_result (*list_next)(void *context, char *name, size_t size);
    void (*list_close)(void *context);

    /* Opens a record to read, sharing everything; or to repair it, so that nobody else can write or
     * delete it until it is closed. `size` is that of the file, at most UINT32_MAX. `folder` is NULL
     * for the watched folder, or the path of another, in which a repair was once begun. */
    struct host_result (*open)(void *context, const char *folder, const char *name, bool repair,
                               uint32_t *size);
    /* Up to `size` bytes from `offset`; *got < size means that the file ends there. */
    struct host_result (*read)(void *context, uint32_t offset, void *bytes, size_t size,
                               size_t *got);
    struct host_result (*write)(void *context, uint32_t offset, unsigned char byte);
    struct host_result (*flush)(void *context);
    void (*close)(void *context);

    /* Opens the journal, making it if there is none, so that no other process can write to it until it
     * is closed; HOST_BUSY when another one does. */
    struct host_result (*journal_open)(void *context, uint32_t *size);
    void (*journal_close)(void *context);
    struct host_result (*journal_read)(void *context, uint32_t offset, void *bytes, size_t size,
                                       size_t *got);
    /* Adds a line at the end; on HOST_OK it has reached the disk. A failure may leave part of it. */
    struct host_result (*journal_append)(void *context, const char *line, size_t length);
    /* Puts a new journal with this content in the place of the open one, which becomes the old one;
     * the old one before is gone. The new one is open then. At every moment, a power cut included,
     * there is a whole one. */
    struct host_result (*journal_rotate)(void *context, const char *content, size_t length);

    /* False when the event did not get into the event log. */
    bool (*report)(void *context, const struct event *event);

    record_decode *decode; /* the host's 8-bit code page */
};

#endif
