/* SPDX-License-Identifier: MIT */
/*
 * journal: the format of kmrepair.jnl, one entry a line.
 *
 * The journal is text, so that a person can read it too; fields are separated by tabs:
 *
 *   KMR2  time  CHECKPOINT  id  generation  number  crc
 *   KMR2  time  LOADED      settings  crc
 *   KMR2  time  STATE       why  until  scanned  files  sound  stuck  doubtful  unreadable
 *                           not-a-record  in-use  reminded  crc
 *   KMR2  time  WINDOW      repairs  crc
 *   KMR2  time  INTENT      number  offset  size  crc-before  crc-after  record  mailbox  folder  crc
 *   KMR2  time  UNDO        the same
 *   KMR2  time  REPAIRED    the same
 *   KMR2  time  DONE        number  outcome  crc
 *   KMR2  time  HOLD        number  crc-held  record  folder  crc
 *   KMR2  time  RELEASE     number  record  folder  crc
 *
 * CHECKPOINT is the first line of a journal; `number` is that of the last change when it was written,
 * and what is in flight, held or repaired then follows it. INTENT is a change 4 -> 1 that is about to
 * be made, UNDO one 1 -> 4; DONE ends either. REPAIRED is an INTENT that is done, carried over into a
 * new journal. A held record is left alone while its content has that CRC; HOLD has the number of its
 * UNDO and RELEASE that of its HOLD. WINDOW says which repairs the last hour had: `time=count` with
 * seconds since 1970, separated by blanks; what stands above it does not count any more.
 *
 * Times are UTC, numbers decimal, CRCs hexadecimal; the last one covers the line up to its tab.
 * Control characters and `%` in a field are written %XX. A line that is torn, damaged or foreign
 * fails its CRC: it is counted and left where it is. An entry with a correct CRC and a kind that is
 * not known here (from a later version) is passed over like that too.
 *
 * KMR1, the format of the first version, is read: it has no CHECKPOINT, LOADED's meaning is the same,
 * STATE, WINDOW and REPAIRED are not in it, and its HOLD and RELEASE have no number.
 *
 * Pure functions on the caller's memory, for any thread; the file is the ledger's affair.
 */
#ifndef KMREPAIR_JOURNAL_H
#define KMREPAIR_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "queue.h"
#include "record.h"

enum {
    JOURNAL_LINE_MAX =
        4096, /* bytes; only a folder with hundreds of `%` in its path does not fit */
    JOURNAL_TIME_BYTES = 21,        /* 2026-11-22T16:40:00Z, terminated */
    JOURNAL_BYTES_MAX = 1024 * 1024 /* of the file; a longer one gets a checkpoint */
};

enum journal_kind {
    JOURNAL_INTENT,
    JOURNAL_UNDO,
    JOURNAL_DONE,
    JOURNAL_HOLD,
    JOURNAL_RELEASE,
    JOURNAL_LOADED,
    JOURNAL_CHECKPOINT,
    JOURNAL_STATE,
    JOURNAL_WINDOW,
    JOURNAL_REPAIRED
};

enum journal_outcome {
    OUTCOME_REPAIRED, /* the byte was changed, and that was reported */
    OUTCOME_UNDONE,   /* of an UNDO: likewise */
    OUTCOME_NOT_MADE, /* the byte was not changed */
    OUTCOME_UNKNOWN   /* the record has changed since or is gone; that was reported */
};

/* Why nothing is repaired, of STATE. */
enum journal_why {
    WHY_NOTHING, /* it is: the service repairs */
    WHY_REPORT_ONLY,
    WHY_PAUSED,
    WHY_LIMIT,  /* RepairsPerHour is reached, `until` then */
    WHY_FOLDER, /* it is away */
    WHY_EVENTS, /* as many changes as can wait for the event log do */
    WHY_JOURNAL /* it has no room for another change, see ledger_trouble() */
};

/* As it stands in the journal, for programs. */
const char *journal_why_name(enum journal_why why);

/* What a scan has found, by verdict; `busy` could not be read at the time. */
struct scan_counts {
    uint32_t files;
    uint32_t verdict[VERDICT_DOUBTFUL + 1];
    uint32_t busy;
};

/* The service's state, for other processes to read. Times are seconds since 1970, 0 for none. */
struct journal_state {
    enum journal_why why;
    uint32_t until;
    uint32_t scanned; /* when a scan found these counts: the last one, or one shortly before */
    struct scan_counts counts;
    uint32_t reminded; /* of what there is to enable, or since when that is waited for */
};

struct journal_entry {
    enum journal_kind kind;
    uint32_t utc; /* seconds since 1970 */
    uint32_t number;
    uint32_t offset; /* of the byte that changes */
    uint32_t size;   /* of the record */
    uint32_t before; /* CRC-32 of its content; of HOLD: of the one that is held */
    uint32_t after;
    enum journal_outcome outcome;
    uint32_t id;         /* of CHECKPOINT, as is ... */
    uint32_t generation; /* ... this */
    struct journal_state state;
    char name[QUEUE_NAME_BYTES];
    char mailbox[RECORD_MAILBOX_BYTES];
    char text[CONFIG_PRINT_BYTES]; /* the folder; of LOADED the settings, of WINDOW the repairs */
};

/* Writes the entry as one line, its end included. Returns the length, or 0 when it does not fit. */
size_t journal_encode(const struct journal_entry *entry, char *line, size_t size);

/* Reads one line, its end left out. */
bool journal_decode(const char *line, size_t length, struct journal_entry *entry);

/* Called for each good entry, in the order of the file. */
typedef void journal_visit(void *context, const struct journal_entry *entry);

/* Reads a journal from pieces of any size. */
struct journal_reader {
    size_t length;
    bool overlong;
    uint32_t lines;   /* whole ones, good and foreign and empty */
    uint32_t entries; /* good ones */
    uint32_t foreign; /* lines that are no good entries */
    uint32_t bytes;   /* up to the end of the last whole line */
    uint32_t fed;
    uint32_t last_at; /* where the last whole line begins */
    uint32_t last;    /* its CRC-32, with its end and that of the line before */
    uint32_t crc;     /* of the bytes since then */
    struct journal_entry entry;
    char line[JOURNAL_LINE_MAX];
};

void journal_begin(struct journal_reader *reader);
void journal_feed(struct journal_reader *reader, const char *bytes, size_t size,
                  journal_visit *visit, void *context);
/* After the last piece. When what was fed does not end with the end of a line, what is appended must
 * start a new one, and that makes a line of what is there; so an entry of which only the end of the
 * line is missing is taken now. Returns whether the last line has no end. */
bool journal_end(struct journal_reader *reader, journal_visit *visit, void *context);

/* Seconds since 1970 of a date and time in UTC, from 1970 to 2105. */
uint32_t journal_utc(uint32_t year, uint32_t month, uint32_t day, uint32_t second_of_day);

void journal_print_time(uint32_t utc, char to[JOURNAL_TIME_BYTES]);
bool journal_read_time(const char *text, size_t length, uint32_t *utc);

#endif
