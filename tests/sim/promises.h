/* SPDX-License-Identifier: MIT */
/*
 * promises: what the mender promises, checked at every call it makes.
 *
 * Each function is told of what a process does, at the moment at which it does it; a promise that is broken
 * is told by broken(). docs/reliability.md has the list of the promises.
 */
#ifndef SIM_PROMISES_H
#define SIM_PROMISES_H

#include "process.h"

void promises_begin(void);

/* The record that is open was read from its beginning, as far as was wanted: it may have grown meanwhile. */
void promises_read(struct process *process, const void *bytes, size_t size);
void promises_opened(struct process *process, bool repair);
/* It cannot be opened for repair as long as it is what it is: a change of it in flight is given up. */
void promises_refused(struct process *process, unsigned folder, const char *name);
void promises_folder_opened(struct process *process);
void promises_closing(struct process *process);
/* A byte is about to be written to the record that is open. `lands`: it will be. */
void promises_write(struct process *process, uint32_t offset, unsigned char byte, bool lands);

/* A line, or a part of it, was added to the journal at `at`; and it has reached the disk. */
void promises_append(struct process *process, size_t at, size_t length);
void promises_appended(struct process *process, size_t end);
void promises_new(struct process *process);
void promises_rotate(struct process *process, const char *content, size_t length);
void promises_rotated(struct process *process);
void promises_trouble(struct process *process);
/* It is unlocked: what the process knows is in it. */
void promises_journal_closing(struct process *process);
/* It waits, and nothing is wrong with the journal. */
void promises_idle(struct process *process);
/* The process is no more, or a new one. */
void promises_forget(struct process *process);
void promises_journal_cut(void);
/* Somebody has changed it who is no KMRepair. */
void promises_journal_changed(void);
/* The wall clock was set forwards. */
void promises_clock_forward(void);

void promises_report(struct process *process, const struct event *event, bool delivered);

void promises_hint(struct process *process, const char *name);
/* It sees whether somebody still writes to a record, of which it may warn later, or not at all: what was said
 * while it was written to counts for what it holds once it is let go. */
void promises_asked(struct process *process, const char *name, bool is_written);
/* It reads in the journal that another process has released a record, or not repaired it after all. */
void promises_ended(struct process *process, const char *name);
void promises_told(struct process *process); /* continued or configured */
extern uint64_t promises_told_at;            /* the last time, 0: never */
/* How many steps ended with the queue, the list of what is owed, and that of the holds at their bounds. */
extern unsigned promises_full[3];
void promises_bounds(const struct process *process);

/* How many reminders there were, and when the last one was. */
extern unsigned promises_reminders;
uint64_t promises_reminded_at(void);
/* This record is as its last change, a repair, has left it. */
bool promises_is_to_enable(unsigned folder, const char *name);

/* What undo and release said they did. */
void promises_verb(struct process *process);

/* Nothing goes wrong any more, and all had time: nothing may be open or unreported. */
void promises_all_reported(void);
/* After somebody has changed the journal, which the service knew: it begins with a checkpoint again, and
 * has all that the service knows. */
void promises_is_whole(void);
/* The last STATE tells why nothing is repaired, or that it is. */
void promises_state(const char *expected);
/* It tells of a scan that is at most so long ago. */
void promises_scanned(uint32_t minutes);
/* The journal says that it is to be left alone as it is. */
bool promises_is_held(unsigned folder, const char *name, uint32_t content);
/* How many INTENTs there were since `time`. */
unsigned promises_repairs(uint64_t since);
void promises_count(unsigned *repairs, unsigned *undone, unsigned *late, unsigned *unknown,
                    unsigned *twice);
/* The name of a repaired record for `undo`, or of a held one for `release`; NULL if none. */
const char *promises_candidate(bool held, unsigned folder);

#endif
