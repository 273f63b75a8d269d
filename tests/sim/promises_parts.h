/* SPDX-License-Identifier: MIT */
/*
 * promises_parts: what the two files of promises share: the changes that were ever begun, and what the
 * journal says now. For nobody else.
 */
#ifndef SIM_PROMISES_PARTS_H
#define SIM_PROMISES_PARTS_H

#include "promises.h"

enum { CHANGES = 4096, HOLDS = 1400, UNDONES = 256, HOUR_MS = 3600000 };

/* An INTENT or UNDO and what became of it. `knowers` and `minders` have a bit for each of processes[]. */
struct deed {
    bool undo;
    bool sure;        /* its line has reached the disk */
    bool present;     /* in the journal */
    bool lost;        /* by a power cut, before it was sure */
    bool done;        /* as the journal has it */
    bool revived;     /* reported, and somebody has taken its DONE from the journal */
    bool gone;        /* with a journal, and nobody was left who knew of it */
    bool tried;       /* to write the byte, which counts once */
    bool written;     /* the byte was */
    bool counted;     /* the journal tells of it to those who count the repairs of an hour */
    bool seen_before; /* a process has looked and found the content from before, ... */
    bool seen_after;  /* ... or the one from after */
    bool alone;       /* when it saw that, nobody else had the file open for writing ... */
    bool flushed;     /* ... and it was on the disk */
    unsigned knowers; /* count it */
    unsigned minders; /* know that it is in flight */
    uint32_t number, utc, offset, size, before, after;
    uint32_t begun; /* the number that it was begun under */
    uint32_t owner, ender;
    unsigned
        place; /* the directory that was open then: another one of that path may have such a file, too */
    uint32_t node, node_version; /* serial and version of the file when it was begun */
    uint64_t time;
    unsigned folder;
    char name[WORLD_NAME_BYTES];
    char mailbox[WORLD_MAILBOX_BYTES];
    unsigned reports;
    uint32_t reporter;
    uint64_t report_step;
};

struct named {
    char name[WORLD_NAME_BYTES];
    uint32_t key; /* of the name, which is searched for */
    unsigned folder;
    uint32_t content;
    uint32_t number; /* of a hold, that of its undo */
    /* Of what was undone: which bytes of which file; that it was released; and that the journal which
     * told of its hold was replaced. */
    int node;
    unsigned place; /* the directory */
    uint32_t serial, version;
    bool active, released, exposed;
};

struct list {
    size_t count;
    struct named items[HOLDS];
};

extern struct deed promises_changes[CHANGES];
extern size_t promises_change_count;
/* Somebody has changed the journal since this process read it. */
bool promises_is_tampered(const struct process *process);

extern struct list promises_holds; /* as the journal has them */
extern struct list promises_undone;

struct named *promises_find(struct list *list, unsigned folder, const char *name);
struct named *promises_put(struct list *list, unsigned folder, const char *name);

/* The last event 2005, by whom, and whether the journal tells of it. */
struct reminder {
    uint64_t time; /* 0: none */
    uint32_t serial;
    bool written;
    bool excused; /* the wall clock was set forwards since */
};

extern struct reminder promises_reminder;

void promises_journal_begin(void);
void promises_events_begin(void);

/* Of a line without its end; false when it is none. */
bool promises_parse(const char *text, size_t length, struct line *line);
/* Calls `visit` for each good line; returns how many are none. */
unsigned promises_read_lines(const char *content, size_t length,
                             void (*visit)(const struct line *));

/* Holds that each process knows of, and the last number that was given. */
extern struct list promises_known[PROCESSES];
extern uint32_t promises_highest;
/* When somebody changed the journal last; 0: never. */
extern uint64_t promises_tampered_at;

void promises_remove(struct list *list, unsigned folder, const char *name);
/* The journal has it in flight. */
static inline bool promises_is_open(const struct deed *change) {
    return change->present && !change->done;
}

/* The same change, under whatever number. */
bool promises_is_same(const struct deed *a, const struct deed *b);
/* After somebody changed the journal two processes may begin the same change under one number, each without
 * knowing of the other. One line tells of both. */
bool promises_is_twin(const struct deed *a, const struct deed *b);
/* Whether that holds of it, or of the one whose line is the same. */
bool promises_any_twin(const struct deed *change, bool (*holds_of)(const struct deed *change));
/* What a line means to whoever reads it. */
void promises_apply(const struct line *line);
struct deed *promises_add_change(const struct line *line, uint32_t owner);
struct deed *promises_find_open(uint32_t number);
/* A process has read all of the journal, or written down how many repairs the last hour had. */
void promises_learn(struct process *process);
void promises_write_down(struct process *process);
/* Whether this process has read, or written, that a record is held with this content. */
bool promises_knows_hold(const struct process *process, unsigned folder, const char *name,
                         uint32_t content);

static inline unsigned promises_bit(const struct process *process) {
    return 1U << (process - processes);
}

/* What a path leads to is known by the path. */
static inline unsigned promises_folder(const struct handle *handle) {
    return handle->folder % WORLD_FOLDERS;
}

#endif
