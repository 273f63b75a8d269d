/* SPDX-License-Identifier: MIT */
/*
 * sim: what the parts of a story share. For nobody else.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "config.h"
#include "host.h"

/* What the configuration file says. */
extern const struct settings *const sim_settings;

/* Lets time pass, in quiet times. */
void sim_pass(uint64_t ms);
/* How many records could be repaired and are not, and the name of one. `hidden`: also those that have changed since a
 * service read them and are listed as they were then. */
unsigned sim_stuck(char *name, bool hidden);
/* Whether so many more repairs might reach the limit. */
bool sim_is_limited(unsigned more);
/* How long a scan that nobody asked for may be put off, because the last one took long. */
uint64_t sim_distance(void);
/* Sets the wall clock. */
void sim_set_clock(int64_t seconds);

/* A record becomes stuck without a notification, in one of the ways in which a rescan might overlook it; it is
 * repaired in time nevertheless. In quiet times. */
void unseen_change(void);

/* A trouble is said in time, once, and so is its end. In quiet times. */
void say_in_peace(void);
/* An event was taken by the event log. */
void said_note(const struct event *event);
/* How many troubles there were. */
extern unsigned said_troubles;

#endif
