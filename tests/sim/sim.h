/* SPDX-License-Identifier: MIT */
/*
 * sim: what the parts of a story share. For nobody else.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "config.h"
#include "host.h"
#include "process.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

enum action {
    ACT_KMS,
    ACT_SCANNER,
    ACT_PAUSE,
    ACT_CONFIGURE,
    ACT_FOLDER,
    ACT_LOST,
    ACT_FLOOD,
    ACT_KILL,
    ACT_CUT,
    ACT_REPAIR,
    ACT_UNDO,
    ACT_RELEASE,
    ACT_LAZY,
    ACT_OUTAGE,
    ACT_ATTRIBUTES,
    ACT_TIME,
    ACT_JOURNAL,
    ACT_CLOCK,
    ACT_TAMPER,
    ACT_COPY,
    ACTIONS
};

/* Of this seed. */
struct sim {
    struct settings settings; /* what the configuration file says */
    unsigned spelling;        /* of its folder */
    uint64_t restart_due;     /* 0: not */
    bool clock_back;          /* the wall clock was set back at some time */
    uint32_t weight[ACTIONS];
    uint32_t weights;
    uint32_t acting; /* of a million turns */
    bool calm;
    uint64_t service_due; /* when the service is started again */
    uint64_t turns;
    struct rates rates; /* of times of trouble */
};

extern struct sim sim;

/* Over all seeds. */
struct sim_total {
    uint64_t steps, hours;
    unsigned seeds, repairs, undone, late, unknown, twice, cuts, kills, rotations, tampered, clocks;
};

extern struct sim_total sim_total;

/* Makes the world of a seed, and starts its service. */
void sim_begin(uint64_t seed);
void sim_draw_settings(struct settings *settings);
/* A journal that another process might have left; returns its length. */
size_t sim_make_lineage(char *to);
void sim_start_service(void);

/* Something happens. */
void sim_act(void);
void sim_cut_power(void);
void sim_kill(struct process *process);
/* Somebody does something to the journal who has no business with it. */
void sim_tamper(void);

/* One turn of whoever has something to do; the clock goes on, at most to `until`, when nobody has. */
void sim_turn(uint64_t until);

/* A quiet time, from the end of the trouble to what has to be true then. */
void sim_quiet(void);

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
