/* SPDX-License-Identifier: MIT */
/*
 * memory: what a journal tells, kept in memory: the changes that are in flight, the records that are
 * held, the last repair of each other record.
 *
 * An item is one of the three; it stays where it is as long as it is of that kind. Names, mailboxes
 * and folders are kept as text, so that a journal which somebody deletes can be written again.
 *
 * Bounds: MEMORY_IN_FLIGHT, MEMORY_HELD and MEMORY_REPAIRED items, for those that begin one to keep to;
 * what a journal has beyond that is taken as long as there is a place or a byte. The repairs make room
 * then, those that are `off` before the others, the oldest first: nobody needs them to bring a change to its
 * end. When there is no more, `overflow` is set, and nothing may be begun.
 *
 * Pure: no host; it belongs to one thread. A struct memory is large: static storage.
 */
#ifndef KMREPAIR_MEMORY_H
#define KMREPAIR_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal.h"

enum {
    MEMORY_IN_FLIGHT = 128,
    MEMORY_HELD = 1024,
    MEMORY_REPAIRED = 1024,
    MEMORY_ITEMS = MEMORY_IN_FLIGHT + MEMORY_HELD + MEMORY_REPAIRED,
    MEMORY_FOLDERS = 16,
    MEMORY_TEXT = 192 * 1024
};

enum memory_kind { ITEM_NONE, ITEM_FLIGHT, ITEM_HOLD, ITEM_REPAIR, ITEM_KINDS };

/* What there is to do for a change in flight. */
enum flight_step {
    FLIGHT_SETTLE, /* whether the byte was changed has to be seen from the file */
    FLIGHT_WRITE,  /* the byte could not be changed yet; this process tries again */
    FLIGHT_REPORT, /* its outcome has to be reported */
    FLIGHT_FINISH  /* DONE has to be written */
};

struct memory_item {
    enum memory_kind kind;
    uint32_t number;
    uint32_t utc;
    uint32_t offset, size, before, after; /* as in struct journal_entry */
    uint32_t text;                        /* where name and mailbox are */
    unsigned char folder;
    bool undo;
    bool known; /* from before the journal that is being read */
    bool seen;  /* in the journal that is being read */

    /* Of a change in flight; the module change works on these. */
    bool own;   /* begun by this process */
    bool clean; /* what failed is known to have left the byte as it was */
    bool told;  /* that it cannot be settled */
    bool held;  /* an undo: HOLD is in the journal */
    enum flight_step step;
    enum journal_outcome outcome;
    uint32_t backoff;
    uint64_t due;
    uint64_t busy_since; /* of the first failed attempt; meaningful while backoff is not 0 */

    /* Of a repair; the module remind works on these. */
    bool off;      /* it was gone, or held something else, when it was looked at last */
    bool untold;   /* it could not be read then */
    bool aged;     /* the following is known: */
    uint32_t made; /* seconds of the clock, modulo 2^32: it may have been made before that began */
};

/* Whether a folder that a journal names is the watched one. */
enum folder_kind { FOLDER_UNASKED, FOLDER_OURS, FOLDER_OTHER };

struct memory_folder {
    enum folder_kind kind;
    bool used;
    char path[CONFIG_PRINT_BYTES];
};

/* How a journal is read. */
enum memory_pass {
    PASS_NEW,     /* nothing is known before it, or its lines follow what is known */
    PASS_AGAIN,   /* the same journal once more: it tells all that is known */
    PASS_ROTATED, /* it tells all that was known when it was begun */
    PASS_REPLACED /* what is known wins; only what it tells besides is added */
};

struct memory {
    enum memory_pass pass;
    bool overflow;
    bool changed;    /* the journal that was read has to be written again */
    uint32_t number; /* of the last change */
    uint32_t head;   /* PASS_ROTATED: of the last change when the journal was begun */
    uint32_t floor;  /* PASS_REPLACED: the fate of changes up to this number is known */
    size_t count[ITEM_KINDS];
    size_t text_length;
    /* Of each item its kind and the hash of its name once more, for these are searched. */
    unsigned char kinds[MEMORY_ITEMS];
    uint64_t key[MEMORY_ITEMS];
    struct memory_item items[MEMORY_ITEMS];
    struct memory_folder folders[MEMORY_FOLDERS];
    struct journal_entry scratch;
    char text[MEMORY_TEXT];
};

void memory_clear(struct memory *memory);

/* Before and after a journal is read from its start. A pass that did not come to its end is begun
 * again. `related`: of PASS_REPLACED, the journal has numbers of ours. */
void memory_begin(struct memory *memory, enum memory_pass pass, bool related);
void memory_end(struct memory *memory);
/* Before memory_end(): this is known and is not in the journal. Another process has ended it, unless
 * it did not know of it when it began that journal. */
bool memory_is_over(const struct memory *memory, const struct memory_item *item);

/* Takes an entry of the journal in; those about changes, holds and checkpoints count. */
void memory_apply(struct memory *memory, const struct journal_entry *entry);

/* The item of this kind about this record of the watched folder; NULL if none. */
struct memory_item *memory_find(struct memory *memory, enum memory_kind kind, const char *name);
/* The change in flight with this number; NULL if none. */
struct memory_item *memory_flight(struct memory *memory, uint32_t number);
/* The next item of this kind, in no order, behind `item`, NULL for the first. */
struct memory_item *memory_next(struct memory *memory, enum memory_kind kind,
                                const struct memory_item *item);

void memory_remove(struct memory *memory, struct memory_item *item);

/* The folder of that path, known from now on; NULL when there is no room for it. */
struct memory_folder *memory_put_folder(struct memory *memory, const char *path);

const char *memory_name(const struct memory *memory, const struct memory_item *item);
const char *memory_mailbox(const struct memory *memory, const struct memory_item *item);
const char *memory_folder(const struct memory *memory, const struct memory_item *item);
bool memory_is_ours(const struct memory *memory, const struct memory_item *item);

/* An entry that tells of the same record; the caller sets its kind. */
void memory_entry(const struct memory *memory, const struct memory_item *item,
                  struct journal_entry *entry);

#endif
