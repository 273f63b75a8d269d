/* SPDX-License-Identifier: MIT */
/*
 * record: what a Key Management server record is judged to be, from its bytes alone.
 *
 * A record is a Windows private profile (.ini file): lines of `name = value`, blanks trimmed, names
 * compared without case, `;` starting a comment line, `[` a section heading; sections do not matter
 * here, but for a doubt (profile.h). The defect is described in Microsoft KB Q198709: `State = 4`
 * without `NumSCerts`.
 *
 * Lines are told apart and split by inih, which is fed by a reader of ours: it knows where each
 * line starts in the file (so the verdict carries the offset of the digit) and keeps inih from
 * three things it would do differently from Windows: take `:` for a separator, take the tail of
 * a long line for a line, and lose a name behind a long run of blanks.
 *
 * Pure functions on the caller's bytes; no allocation; any thread may call them.
 */
#ifndef KMREPAIR_RECORD_H
#define KMREPAIR_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RECORD_BYTES_MAX = 1024 * 1024, /* a larger file is unreadable; a record has a few KB */
    RECORD_MAILBOX_MAX = 256, /* characters of a mailbox name; Exchange's own limit on names */
    RECORD_MAILBOX_BYTES = RECORD_MAILBOX_MAX * 4 + 1, /* as UTF-8, terminated */
    RECORD_STATE_BYTES = 33                            /* of a State value that are shown */
};

enum verdict {
    VERDICT_UNREADABLE,   /* not text this program understands: nothing is done */
    VERDICT_NOT_A_RECORD, /* no State */
    VERDICT_SOUND,        /* NumSCerts is there, or no State reads as 4 */
    VERDICT_STUCK,        /* the defect, beyond doubt: to be repaired */
    VERDICT_DOUBTFUL      /* State reads as 4, but something is not as the defect leaves it */
};

enum verdict_reason {
    REASON_NONE,
    REASON_TOO_LARGE,  /* unreadable from here ... */
    REASON_NUL,        /* NUL bytes without the UTF-16 mark */
    REASON_UTF16_NUL,  /* U+0000 */
    REASON_UTF16_ODD,  /* half a character at the end */
    REASON_NOT_PLAIN,  /* doubtful from here: reads as 4, but is not a plain 4 */
    REASON_TWO_STATES, /* more than one State */
    REASON_BLANKS,     /* Windows might not find what we do; see below */
    REASON_CUT_OFF     /* the last line has no end and is a beginning of NumSCerts */
};

/* REASON_BLANKS: the versions of Windows may disagree on what is a name or a line here, or do not
 * find the State where it stands:
 *  - a CR within a line; the mark of UTF-16BE;
 *  - a name that is State or NumSCerts once the characters are taken out of it that are neither
 *    printable ASCII nor a blank, some of which some versions trim;
 *  - a line that is State or NumSCerts, with such characters or without, and has no `=`;
 *  - a State that profile_reaches() does not reach. */
enum record_encoding { RECORD_8BIT, RECORD_UTF16LE };

/* A piece of the file, in bytes. */
struct record_span {
    size_t offset;
    size_t length;
};

struct record {
    enum verdict verdict;
    enum verdict_reason reason;
    enum record_encoding encoding; /* of the whole file */

    /* The State that decides: the first that reads as 4, else the first; of those behind a
     * NumSCerts, which has decided already, only one that is the first at all. line is 0 if none. */
    uint32_t line;            /* from 1 */
    struct record_span state; /* its value */
    bool has_digit;           /* its value reads as 4, and the digit is ... */
    size_t digit;             /* ... at this byte offset from the start of the file */

    /* The first distinguished name; length 0 if none, and of a sound record that was not judged
     * whole. */
    struct record_span mailbox;
};

/* Which files of the folder are looked at: those whose name ends in .ini, as the Key Management
 * server names its records. What they are is decided from their bytes. */
bool record_is_named(const char *name);

/* Judges the `size` bytes of a file. A caller who knows that a file is larger than
 * RECORD_BYTES_MAX need not read it: with such a size `bytes` is not looked at. */
void record_judge(const void *bytes, size_t size, struct record *record);

/* The same without the short way that record_judge() has for what is sound beyond doubt: all of it
 * is read with inih, and the mailbox found. */
void record_judge_whole(const void *bytes, size_t size, struct record *record);

/* `stuck`, `sound`, `not-a-record`, `doubtful`, `unreadable`. */
const char *record_verdict_name(enum verdict verdict);

/* A clause for an event or a console: "it holds NUL bytes ...". */
const char *record_reason_text(enum verdict_reason reason);

/* Turns `length` bytes of the host's 8-bit code page into UTF-8; false when it can not. */
typedef bool record_decode(void *context, const char *bytes, size_t length, char *to, size_t size);

/* The mailbox name as UTF-8, or "" when the record names none. `bytes` are those that were judged;
 * `to` holds RECORD_MAILBOX_BYTES. */
void record_mailbox(const struct record *record, const void *bytes, record_decode *decode,
                    void *context, char *to);

/* The State value as printable ASCII, anything else as `?`, cut to fit RECORD_STATE_BYTES. */
void record_state(const struct record *record, const void *bytes, char *to);

#endif
