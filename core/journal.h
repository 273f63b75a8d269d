/*
 * journal: the lines of kmrepair.jnl.
 *
 * The journal remembers each repair before it is made, so that after a crash or a power cut every
 * repair that happened is known and reported. It is text, one entry a line, so that a person can
 * read it too; fields are separated by tabs:
 *
 *   KMR1  time  INTENT   number  offset  size  crc-before  crc-after  record  mailbox  folder  crc
 *   KMR1  time  UNDO     number  offset  size  crc-before  crc-after  record  mailbox  folder  crc
 *   KMR1  time  DONE     number  outcome  crc
 *   KMR1  time  HOLD     crc-held  record  folder  crc
 *   KMR1  time  RELEASE  record  folder  crc
 *   KMR1  time  LOADED   settings  crc
 *
 * INTENT is 4 -> 1, UNDO is 1 -> 4. A held record is left alone while its content has that CRC.
 * Times are UTC, numbers decimal, CRCs hexadecimal; the last one covers the line up to its tab.
 * Control characters and `%` in a field are written %XX. A line that is torn, damaged or foreign
 * fails its CRC: it is counted and left where it is. An entry with a correct CRC and a kind that is
 * not known here (from a later version) is passed over like that too.
 *
 * Pure functions on the caller's memory; the file is the host's affair.
 */
#ifndef KMREPAIR_JOURNAL_H
#define KMREPAIR_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "pending.h"
#include "record.h"

enum {
    JOURNAL_LINE_MAX =
        4096, /* bytes; only a folder with hundreds of `%` in its path does not fit */
    JOURNAL_TIME_BYTES = 21,        /* 2026-11-22T16:40:00Z, terminated */
    JOURNAL_BYTES_MAX = 1024 * 1024 /* of the file; a longer one is rotated */
};

enum journal_kind {
    JOURNAL_INTENT,
    JOURNAL_UNDO,
    JOURNAL_DONE,
    JOURNAL_HOLD,
    JOURNAL_RELEASE,
    JOURNAL_LOADED
};

enum journal_outcome {
    OUTCOME_REPAIRED, /* the byte was changed, and that was reported */
    OUTCOME_UNDONE,   /* of an UNDO: likewise */
    OUTCOME_NOT_MADE, /* the byte was not changed */
    OUTCOME_UNKNOWN   /* the record has changed since or is gone; that was reported */
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
    char name[PENDING_NAME_BYTES];
    char mailbox[RECORD_MAILBOX_BYTES];
    char folder[CONFIG_PRINT_BYTES]; /* of LOADED: the settings */
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
    uint32_t entries;
    uint32_t foreign; /* lines that are no good entries */
    struct journal_entry entry;
    char line[JOURNAL_LINE_MAX];
};

void journal_begin(struct journal_reader *reader);
void journal_feed(struct journal_reader *reader, const char *bytes, size_t size,
                  journal_visit *visit, void *context);
/* True when what was fed does not end with the end of a line. */
bool journal_is_torn(const struct journal_reader *reader);
/* After the last piece. When the journal is torn, what is appended must start a new line, and that
 * makes a line of what is there; so an entry of which only the end of the line is missing is taken
 * now. Returns whether it was torn. */
bool journal_end(struct journal_reader *reader, journal_visit *visit, void *context);

/* Seconds since 1970 of a date and time in UTC, from 1970 to 2105. */
uint32_t journal_utc(uint32_t year, uint32_t month, uint32_t day, uint32_t second_of_day);

void journal_print_time(uint32_t utc, char to[JOURNAL_TIME_BYTES]);
bool journal_read_time(const char *text, size_t length, uint32_t *utc);

#endif
