/* SPDX-License-Identifier: MIT */
/*
 * world: the simulated machine. Folders of files with open handles and sharing, a cache that a power cut
 * loses, the journal's file, a clock that is a number, chance, and a history of what happened.
 *
 * There is one world, begun anew for each seed; the same seed is the same story to the last byte. The
 * bytes of a file are kept twice, as programs see them and as the disk has them. A power cut mixes the
 * two: each stretch of bytes that was not flushed may have got there or not. Creations, renames and
 * deletions get to the disk in their order, as with a file system that logs them, and a cut loses the last
 * of them.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WORLD_FOLDERS = 2, /* paths; what stands there is one of two directories each */
    WORLD_PLACES = 2 * WORLD_FOLDERS,
    WORLD_SPELLINGS = 5,
    WORLD_NAMES = 240,
    WORLD_NODES = 480,
    WORLD_HANDLES = 32,
    WORLD_LOG = 64,
    WORLD_NAME_BYTES = 32,
    WORLD_MAILBOX_BYTES = 64,
    WORLD_CONTENT_BYTES = 1536,
    WORLD_HUGE = 2 * 1024 * 1024, /* the size of a file that is never read */
    WORLD_JOURNAL_BYTES = 3 * 1024 * 1024,
    WORLD_LINES = 20000, /* of history that are kept */
    WORLD_LINE_BYTES = 220
};

enum { ACCESS_READ = 1, ACCESS_WRITE = 2, ACCESS_DELETE = 4, ACCESS_ALL = 7 };

enum world_code {
    WORLD_OK,
    WORLD_MISSING,
    WORLD_FOLDER_AWAY,
    WORLD_SHARING, /* somebody has it open */
    WORLD_DOOMED,  /* it is deleted when the last handle is closed */
    WORLD_DENIED   /* read-only, or a directory */
};

/* A file as such; its names are elsewhere. */
struct node {
    bool used;
    bool doomed;
    bool directory;
    bool read_only;
    bool reparse;
    bool linked; /* it has another name somewhere */
    bool dirty;  /* the disk may have something else */
    uint32_t serial;
    uint32_t version; /* goes up whenever the bytes change */
    uint64_t locked;  /* until then nobody can write to it, open or not */
    /* Its last-write time, in 100 ns since 1601; and what the directory has of it, which is brought up to date
     * when it is closed by one who has written to it. */
    uint64_t written, listed_written;
    uint32_t listed_size;
    /* What a service was told of it last, and what it was when a service read it last, and that listing. */
    uint64_t told_written, read_written;
    uint32_t told_size, read_size, read_version;
    uint32_t size;
    uint32_t disk_size;
    unsigned char bytes[WORLD_CONTENT_BYTES];
    unsigned char disk[WORLD_CONTENT_BYTES];
};

struct name {
    bool used;
    unsigned folder;
    int node;
    char text[WORLD_NAME_BYTES];
    char alias[WORLD_NAME_BYTES]; /* 8.3 */
};

struct handle {
    bool used;
    int node;
    unsigned folder;
    unsigned access;
    unsigned share;
    uint32_t owner;
    char name[WORLD_NAME_BYTES];
};

/* Of the records: FAT keeps times in steps of two seconds, rounded down or up, and what a network drive lists may
 * be old whatever is open. */
enum world_disk { DISK_NTFS, DISK_FAT, DISK_FAT_UP, DISK_REMOTE, DISKS };

struct world {
    uint64_t random;
    uint64_t now; /* ms since the beginning */
    uint32_t serial;
    bool broken; /* a promise was broken; `what` says which */
    bool tracing;
    char what[400];

    int64_t utc_offset; /* seconds that the wall clock was set forwards */
    enum world_disk disk;

    bool away[WORLD_FOLDERS];
    unsigned
        at[WORLD_FOLDERS]; /* the directory that the path leads to: its own number, or 2 more */
    struct node nodes[WORLD_NODES];
    struct name names[WORLD_NAMES];
    struct handle handles[WORLD_HANDLES];

    /* Changes of names that are not on the disk yet: what a slot held before. */
    struct {
        uint32_t group;
        unsigned slot;
        struct name before;
    } log[WORLD_LOG];
    size_t log_count;
    uint32_t group;

    size_t journal_size;
    size_t journal_durable; /* so much of it survives a power cut for certain */
    uint32_t journal_owner; /* who has it open, 0: nobody */
    uint32_t journal_generation;
    unsigned journal_renames; /* so many of the last that put it in its place are not on the disk */
    bool journal_aside;       /* nothing has its name: it is called kmrepair.jnl.new still */
    bool journal_deleted;     /* by somebody, and nobody has looked since */
    bool left;         /* something is called kmrepair.jnl.new, and is not the journal: ... */
    bool left_durable; /* ... half of a new one, or one whose renames a power cut took back */
    size_t left_size;
    size_t fresh_size; /* of the one that is being made */
    size_t previous_size, copy_size;

    /* Told of every change that Windows would notify of. */
    void (*changed)(unsigned folder, const char *name);

    size_t line_count;
    char journal[WORLD_JOURNAL_BYTES];
    char fresh[WORLD_JOURNAL_BYTES];
    char previous[WORLD_JOURNAL_BYTES]; /* as it was before it was replaced */
    char left_bytes[WORLD_JOURNAL_BYTES];
    char copy[WORLD_JOURNAL_BYTES]; /* that an administrator has made some time */
    char lines[WORLD_LINES][WORLD_LINE_BYTES];
};

extern struct world world;
extern const char *const world_paths[WORLD_FOLDERS];
/* Ways to write the path of a folder; and as the disk spells it. */
extern const char *const world_spellings[WORLD_FOLDERS][WORLD_SPELLINGS];
const char *world_spelled(const char *path);
/* The folder of a path in any spelling; WORLD_FOLDERS if none. */
unsigned world_folder(const char *path);
/* Nothing can be done in this directory. */
bool world_is_away(unsigned place);
/* Another directory takes the place of this one; or it comes back. */
void world_swap(unsigned folder);

void world_begin(uint64_t seed);

uint32_t world_below(uint32_t bound); /* 0 to bound - 1; bound > 0 */
bool world_chance(uint32_t of_a_million);
uint32_t world_utc(void);
/* A last-write time that the disk gives now. */
uint64_t world_time(void);

/* A line of history; kept only while tracing. */
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A promise is broken; the first one counts. */
void broken(const char *format, ...) __attribute__((format(printf, 1, 2)));

uint32_t world_crc(uint32_t crc, const void *bytes, size_t size);
uint32_t world_content(const struct node *node);
bool world_equal(const char *a, const char *b); /* as file names: without case */

/* The slot of a name or an alias, or -1. */
int world_find(unsigned folder, const char *name);
struct node *world_node(int slot);

/* A handle, or -1 and why not. */
int world_open(unsigned folder, const char *name, unsigned access, unsigned share, uint32_t owner,
               enum world_code *code);
void world_close(int handle);
void world_close_all(uint32_t owner);
bool world_is_open(int node);

void world_write(int handle, uint32_t offset, const void *bytes, uint32_t size);
void world_resize(int handle, uint32_t size);
void world_flush(struct node *node);
/* A tool sets its last-write time, which the directory shows at once. */
void world_set_time(struct node *node, uint64_t time);
/* It has changed since a service read it, and is listed as it was then. */
bool world_is_hidden(const struct node *node);

int world_create(unsigned folder, const char *name);
enum world_code world_delete(unsigned folder, const char *name);
enum world_code world_rename(unsigned folder, const char *from, const char *to);

/* The journal's file. It is put in place by two renames, of the old one and of the new one. A cut takes back
 * what is not on the disk of them, the last first: the old journal is there then, or none, and the new one
 * has the name under which it was made. */

/* It has reached the disk, and so have the renames. */
void world_journal_flush(void);
/* What was made is flushed; and the old one steps aside for it, so that it is the journal. */
void world_journal_flush_fresh(void);
void world_journal_step_aside(void);
/* It gets its name. */
void world_journal_name(void);
/* What was made stays where it is: its process is no more. */
void world_journal_leave(void);
/* Whoever opens the journal drops what was left of a new one; or takes that for it when somebody has deleted it.
 * True when that makes it another one. */
bool world_journal_find(void);
/* Somebody puts something else in the place of the journal. */
void world_journal_put(const char *content, size_t size);

/* Some of what is in the cache gets to the disk by itself. */
void world_lazy_write(void);
/* What is not on the disk is lost, as chance will have it; nothing is open. */
void world_power_cut(void);
/* True when the last one brought back what the journal was before. */
extern bool world_journal_went_back;
void world_journal_cut(void); /* for world_power_cut() */

/* Over all stories: processes that ended between the two renames, power cuts after which the disk was there, and
 * new journals that were left and taken for the journal later. */
struct world_between {
    unsigned ends, cuts, found;
};
extern struct world_between world_between;

#endif
