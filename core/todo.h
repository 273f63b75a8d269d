/* SPDX-License-Identifier: MIT */
/*
 * todo: the mailboxes that still have to be enabled: those whose record was repaired and has not changed
 * since. That is all that can be told: whoever enables a mailbox changes its record.
 *
 * The repairs are those that a journal tells of (memory.h), of the watched folder only; the last change of
 * each record counts, so an undo takes it off the list, and a repair after that puts it on again. A repair
 * whose DONE is not in the journal yet is on the list if its record is what the repair leaves. Whether a
 * record has changed is seen from its content, which todo_look() compares.
 *
 * For the service, which keeps a memory anyway, and for the verbs: they open the folder, clear a memory,
 * give each entry of the journal to todo_apply(), and go through the list:
 *
 *     for (item = todo_next(memory, NULL); item != NULL; item = todo_next(memory, item))
 *         found = todo_look(host, bytes, memory, item, &why);
 *
 * The list has MEMORY_REPAIRED + MEMORY_IN_FLIGHT items at most. A memory belongs to one thread.
 */
#ifndef KMREPAIR_TODO_H
#define KMREPAIR_TODO_H

#include "host.h"
#include "memory.h"

enum todo {
    TODO_ENABLE,  /* it is as the repair left it */
    TODO_CHANGED, /* it holds something else */
    TODO_GONE,    /* it is not there, or a directory or a link is in its place */
    TODO_UNTOLD   /* it cannot be read now: `why` */
};

/* memory_apply() for who has no ledger: finds out first whether the folder that the entry names is the one
 * that is open, so that two paths of it are one. */
void todo_apply(struct memory *memory, const struct host *host, const struct journal_entry *entry);

/* The next item, the oldest repair first, behind `after`, NULL for the first; NULL behind the last. An item
 * that is `off` is passed over. */
struct memory_item *todo_next(struct memory *memory, const struct memory_item *after);

/* How many repairs are on the list as far as is known: nothing is opened. */
uint32_t todo_count(struct memory *memory);

/* Opens the record to read, sharing everything, and compares it with what the repair left. Overwrites
 * `bytes`, RECORD_BYTES_MAX. No record is open. */
enum todo todo_look(const struct host *host, unsigned char *bytes, const struct memory *memory,
                    const struct memory_item *item, struct host_result *why);

#endif
