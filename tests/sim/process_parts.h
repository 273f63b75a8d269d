/* SPDX-License-Identifier: MIT */
/*
 * process_parts: what the parts of a process share. For nobody else.
 */
#ifndef SIM_PROCESS_PARTS_H
#define SIM_PROCESS_PARTS_H

#include "process.h"

/* Lets others go on. */
void process_yield(struct process *process);
/* Between two calls, or in the middle of one: its end, a power cut, somebody else's turn. */
void process_point(struct process *process);
/* A moment between two states of the names of the journal. */
void process_point_halfway(struct process *process);
/* The beginning of each call; true when the call is to fail. */
bool process_begin(struct process *process, enum call call);
struct host_result process_failed(enum host_code code, uint32_t error);

void process_set_host(struct process *process);
void process_set_journal(struct process *process);

/* The number of the folder that the settings mean. */
unsigned process_folder(const struct settings *settings);
void process_open_folder(struct process *process);

/* The service; it ends only by being killed. */
void process_serve(struct process *process);
/* The verb repair. */
void process_pass(struct process *process);
/* The verbs undo and release. */
void process_reverse(struct process *process);

#endif
