/* SPDX-License-Identifier: MIT */
/*
 * fake_host: core/host.h on a world in memory, in which each call can fail and any can be the last.
 *
 * The clock is a number that the test moves. The host keeps a log of the calls, the events that
 * were delivered, and the journal as the disk has it. Beside what a test asks for it holds every
 * caller to the contract of host.h and to the mender's own promise (one byte, `4` to `1`, after its
 * INTENT), and complains at once when one is broken.
 *
 * The journal is a file of its own with an old one beside it. A scanner may keep it busy after each
 * change (`scanner_ms`), a test may delete or replace it, and the calendar (`apart`) may be set to
 * anything while the clock goes on. Folders and records have second names: `alias`.
 */
#ifndef KMREPAIR_FAKE_HOST_H
#define KMREPAIR_FAKE_HOST_H

#include "check.h"
#include "host.h"
#include "journal.h"

enum fake_call {
    FAKE_LIST_OPEN,
    FAKE_LIST_NEXT,
    FAKE_OPEN,
    FAKE_OPEN_REPAIR,
    FAKE_READ,
    FAKE_WRITE,
    FAKE_FLUSH,
    FAKE_CLOSE,
    FAKE_FOLDER_CHECK,
    FAKE_REAL_NAME,
    FAKE_JOURNAL_OPEN,
    FAKE_JOURNAL_READ,
    FAKE_APPEND,
    FAKE_JOURNAL_NEW,
    FAKE_JOURNAL_PUT,
    FAKE_JOURNAL_REPLACE,
    FAKE_REPORT,
    FAKE_CALLS
};

enum {
    FAKE_FILES = 2600,
    FAKE_NAME_BYTES = QUEUE_NAME_BYTES,
    FAKE_ALIAS_BYTES = 64,
    FAKE_EVENTS = 8192,
    FAKE_TEXT_BYTES = 128,
    FAKE_JOURNAL_BYTES = 5 * 1024 * 1024,
    FAKE_LOG_BYTES = 64 * 1024,
    FAKE_FAULTS = 8,
    FAKE_INTENTS = 4096,
    FAKE_FOLDERS = 2,
    FAKE_FOR_EVER = 1000000
};

struct fake_file {
    char name[FAKE_NAME_BYTES];
    char alias[FAKE_ALIAS_BYTES]; /* its 8.3 name, "" if none */
    unsigned folder;
    unsigned char *bytes;
    uint32_t size;
    bool there;
    bool written;    /* somebody has it open to write to it */
    uint64_t listed; /* its last-write time as the folder lists it, see fake_time(); 0: none */
    enum host_code shared; /* what opening it to read gives */
    enum host_code repair; /* what opening it to repair gives */
    bool dirty;            /* written and not flushed */
    uint32_t dirty_at;
    unsigned opened, opened_for_repair;
    unsigned writes;   /* that the file has seen, those that a power cut undid left out */
    unsigned reported; /* 2000, 2002 and 2003 */
};

/* From the nth call of this kind on, counted from when the fault is set, so many calls fail. */
struct fake_fault {
    enum fake_call call;
    unsigned from, count;
    enum host_code code;
    size_t keep; /* of a journal line: so much of it gets into the file nevertheless */
    bool done;   /* the byte is written, or the event delivered, nevertheless */
    unsigned calls;
};

/* A change that the journal says is about to be made. */
struct fake_intent {
    uint32_t number, offset, size, before, after;
    bool undo;
    struct fake_file *file;
};

struct fake_intents {
    size_t count;
    struct fake_intent open[FAKE_INTENTS];
};

/* A journal as the disk has it. */
struct fake_journal {
    size_t size;
    struct fake_intents intents;
    char bytes[FAKE_JOURNAL_BYTES];
};

struct fake_event {
    enum event_number number;
    unsigned strings;
    char string[EVENT_STRINGS + 1][FAKE_TEXT_BYTES];
    uint64_t clock;
};

struct fake_host {
    struct host host;
    uint64_t clock;
    uint32_t utc_base; /* of the moment in which the clock was 0 */
    int64_t apart;     /* seconds that somebody has set the calendar ahead */
    uint64_t tick;     /* ms that each call takes */
    uint32_t numbers;  /* of those that have no meaning */

    size_t file_count;
    size_t found;                    /* the file that was found last */
    unsigned folder;                 /* the one that is watched */
    const char *paths[FAKE_FOLDERS]; /* as the disk spells them */
    const char *alias[FAKE_FOLDERS]; /* another path of the same folder, or NULL */
    bool folder_away;                /* the one that is watched */

    struct fake_file *open;
    bool open_for_repair;
    bool listing;
    size_t list_next;
    bool journal_open;
    bool journal_begun;   /* a new one */
    bool journal_changed; /* since the test set it to false */
    uint64_t scanner_ms;  /* that a scanner has the journal open after each change */
    uint64_t scanned_until;

    struct fake_fault faults[FAKE_FAULTS];
    size_t fault_count;
    /* Called before each call, when it is not NULL; `file` is the one that is open or being
     * opened. */
    void (*before)(struct fake_host *fake, enum fake_call call, struct fake_file *file);

    unsigned calls;            /* all of them, the clock left out */
    unsigned crash_after;      /* the call after which there is no more; 0: none */
    size_t crash_keep;         /* of the journal line, when that call is FAKE_APPEND */
    enum fake_call crash_call; /* which kind of call it was */
    jmp_buf crash;

    size_t event_count;
    size_t log_length;
    unsigned count[FAKE_CALLS];

    /* The large ones, of which fake_reset() leaves the content as it is: tests that begin anew many
     * thousand times would spend all their time there. */
    struct fake_file files[FAKE_FILES];
    struct fake_journal journal, journal_made, journal_old;
    struct fake_event events[FAKE_EVENTS];
    char log[FAKE_LOG_BYTES];
};

/* Frees what the last test left and begins with an empty folder and no journal. */
void fake_reset(struct fake_host *fake);

struct fake_file *fake_file(struct fake_host *fake, const char *name, const char *text);
struct fake_file *fake_find(struct fake_host *fake, const char *name);
void fake_change(struct fake_file *file, const char *text);
/* Now, as a last-write time. */
uint64_t fake_time(const struct fake_host *fake);

/* Lets `count` calls fail, the first of them the `from`th from now (1 is the next). */
struct fake_fault *fake_fail(struct fake_host *fake, enum fake_call call, unsigned from,
                             unsigned count, enum host_code code);
void fake_heal(struct fake_host *fake);

/* What a crash leaves: nothing is open. `lost`: what was written and not flushed is undone. */
void fake_restart(struct fake_host *fake, bool lost);

void fake_clear_log(struct fake_host *fake);
/* The calls since then, one word each and those on records with a name, separated by commas. */
const char *fake_log(const struct fake_host *fake);

void fake_clear_events(struct fake_host *fake);
unsigned fake_events(const struct fake_host *fake, enum event_number number);
unsigned fake_events_about(const struct fake_host *fake, enum event_number number,
                           const char *name);
const struct fake_event *fake_event(const struct fake_host *fake, enum event_number number);
/* "3020, 2000 a.ini": the events since fake_clear_events(), those about a record with its name. */
const char *fake_story(const struct fake_host *fake);

/* ---- the journal */

/* INTENTs and UNDOs in it that have no DONE; complains when a line is no entry and `whole` is
 * set. */
unsigned fake_open_intents(struct fake_host *fake, bool whole);
unsigned fake_intents(struct fake_host *fake);
/* How many lines it has: all, and of one kind. */
unsigned fake_lines(struct fake_host *fake);
unsigned fake_entries(struct fake_host *fake, enum journal_kind kind);
/* The last entry of a kind; all of it is 0 when there is none. */
const struct journal_entry *fake_entry(struct fake_host *fake, enum journal_kind kind);
/* "INTENT 1, DONE 1 repaired": its entries; those of LOADED and STATE by their kind alone. */
const char *fake_journal_story(struct fake_host *fake);

/* As another process would write it. */
void fake_append_entry(struct fake_host *fake, const struct journal_entry *entry);
/* Bytes of any kind, at its end. */
void fake_append_text(struct fake_host *fake, const char *text);
void fake_delete_journal(struct fake_host *fake);
/* Takes the first line away; or adds lines of no meaning until it is due for a checkpoint. */
void fake_behead_journal(struct fake_host *fake);
void fake_fill_journal(struct fake_host *fake);

#endif
