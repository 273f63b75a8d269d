/* SPDX-License-Identifier: MIT */
/* memory_check: what the tests of core/memory share. */
#ifndef KMREPAIR_MEMORY_CHECK_H
#define KMREPAIR_MEMORY_CHECK_H

#include "check.h"
#include "memory.h"

#define FOLDER "C:\\Security\\Mgrent\\Clients"

extern struct memory memory;
extern struct journal_entry entry; /* that was made last */

/* An empty one, before each test. */
int memory_setup(void **state);

/* About a record in FOLDER, with numbers that tell it from each other one. */
const struct journal_entry *an_entry(enum journal_kind kind, uint32_t number, const char *name);
/* The folder is the watched one. */
void arm(const char *path);
/* The journal has such an entry next. */
void put_entry(enum journal_kind kind, uint32_t number, const char *name);
void done(uint32_t number, enum journal_outcome outcome);
/* So many items there are. */
void counts(const char *label, size_t flight, size_t held, size_t repairs);

#endif
