/* SPDX-License-Identifier: MIT */
/*
 * kms: a Key Management server that writes records, in all the ways in which a program may.
 *
 * It works on several records at a time, in steps between which time passes and others get their turn.
 */
#ifndef SIM_KMS_H
#define SIM_KMS_H

#include "world.h"

enum content {
    CONTENT_STUCK,    /* as Q198709 has it */
    CONTENT_RECOVERY, /* State 4 and NumSCerts: a recovery that is under way */
    CONTENT_SOUND,
    CONTENT_DOUBTFUL,
    CONTENT_UNREADABLE,
    CONTENT_NO_RECORD,
    CONTENTS
};

struct kms {
    unsigned records;        /* so many names a folder */
    uint32_t pause;          /* ms between two steps, at most */
    uint32_t hold;           /* of a million steps: the file stays open for up to a minute */
    uint32_t kind[CONTENTS]; /* how often, by comparison */
    uint32_t same;     /* of a million: the bytes are those of a few that come again and again */
    uint32_t put_back; /* of a million: the last-write time is put back after the writing */
};

extern struct kms kms;

void kms_begin(void);
/* Writes this content at once, as if it had always been there. False when it can not be had. */
bool kms_place(unsigned folder, unsigned record, enum content content);
/* The same, with bytes that are new and leave no doubt of which kind they are. */
bool kms_exact(unsigned folder, unsigned record, enum content content);
/* A sound record, that one byte makes a stuck one of. False when it can not be had. */
bool kms_plain(unsigned folder, unsigned record);
/* Writes that byte, and returns the handle; -1 when it can not be had. */
int kms_begin_flip(unsigned folder, unsigned record);
/* Writes to this one just now, if it is there and nobody keeps it from that. */
void kms_overtake(unsigned folder, const char *name);
void kms_name(unsigned record, char name[WORLD_NAME_BYTES]);

/* Begins to enable, recover, change or delete a user. */
void kms_act(unsigned folder);
/* Another program, such as a virus scanner, has a file open for a while. */
void kms_scanner(unsigned folder);

/* The time of the next step; UINT64_MAX if there is none. */
uint64_t kms_due(void);
/* Does one step that is due. */
void kms_step(void);
/* Everything that was begun is finished, without an accident. */
void kms_finish(void);
/* It is no more, and neither is what it was doing. */
void kms_stop(void);

#endif
