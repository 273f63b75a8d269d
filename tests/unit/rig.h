/* SPDX-License-Identifier: MIT */
/*
 * rig: what the tests of the mender and its modules share: one mender on one fake host, time that
 * passes, another process beside it, and what is looked at again and again.
 *
 * A test program that uses it sets each test up with rig_setup and rig_teardown: TEST() does.
 */
#ifndef KMREPAIR_RIG_H
#define KMREPAIR_RIG_H

#include "check.h"
#include "fake_host.h"
#include "mender.h"
#include "text.h"

#define STUCK "[Client]\r\nName = /o=Org/ou=Site/cn=Recipients/cn=Anna\r\nState = 4\r\nKey = x\r\n"
#define OTHER_STUCK "[Client]\r\nState = 4\r\nKey = y\r\n"
#define SOUND "[Client]\r\nState = 4\r\nNumSCerts = 1\r\n"
#define DOUBTFUL "[Client]\r\nState = 04\r\n"
#define UNREADABLE "\xFF\xFEx"
#define NO_RECORD "[Other]\r\nx = 1\r\n"

enum { DIGIT = 63, SECOND = 1000, MINUTE = 60 * 1000, HOUR = 60 * 60 * 1000 };

extern struct fake_host fake;
extern struct mender mender; /* of the service */
extern struct mender other;  /* of another process */
extern struct settings settings;

int rig_setup(void **state);
int rig_teardown(void **state);
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

/* The service begins, with its folder open; or with its folder away. */
void start(void);
void start_without_folder(void);
/* As after a crash of the process. `lost`: of the machine, what was not flushed is undone. */
void restart(bool lost);
/* Its folder is open (again). */
void open_folder(void);
/* It is told to watch another one, by its settings, and that is open. */
void use_folder(unsigned folder);

/* Lets the service work for so long. Fails when it always has more to do at once. */
void run(uint64_t ms);
/* The same, with the watch on the journal's folder, which tells of each change of the journal. */
void run_watched(uint64_t ms);

/* Another process begins, on the same files and the same journal, and ends: a `repair` that makes
 * one pass, or one that does this to that record. */
void other_begins(void);
void other_repairs(void);
struct host_result by_another(struct host_result (*act)(struct mender *, const char *),
                              const char *name);

/* The events so far are these. */
void story(const char *label, const char *expected);
/* The journal has no line that is no entry, and so many INTENTs and UNDOs without DONE. */
void journal_is_clean(unsigned open);

/* The content is what it was but for the one byte; what it was; whose repair is nobody's wish. */
void repaired(const struct fake_file *file, const char *before);
void untouched(const struct fake_file *file, const char *text);
void never_opened_for_repair(const struct fake_file *file);

/* Mx00000.ini and so on. */
void many_files(unsigned count, const char *text);
/* One that is there from now on, and of which the service hears. */
struct fake_file *a_new_file(const char *name, const char *text);
/* The service begins with so many stuck records, and may repair so many in an hour. */
void a_limit_of(uint32_t repairs, unsigned records);
/* a.ini, stuck, whose byte cannot be written so many times; the service begins, and works for so long. */
struct fake_file *a_write_that_waits(unsigned times, enum host_code code, uint64_t ms);
/* A stuck record is repaired, and the event log takes no event from then on: that of the repair is owed. */
struct fake_file *an_event_that_waits(const char *name);
/* Writes to all files. */
unsigned count_repaired(void);

/* The INTENT to repair a record with that content, two days ago. */
struct journal_entry an_intent(uint32_t number, const char *name, const char *before);
/* The UNDO that takes the repair of STUCK back, likewise. */
struct journal_entry an_undo(uint32_t number, const char *name);
/* As another process would leave it in the journal, now: a repair that was begun and not made. */
void append_repair(uint32_t number, const char *name);
/* STUCK as it is after its repair. */
extern const char repaired_text[];

/* a.ini, repaired by the service and taken back by another process. */
struct fake_file *an_undone_file(void);
/* The service's memory full of things: a.ini held, owed.ini repaired while the event log is away,
 * which it stays, and four repairs in the hour, as many as there may be. Returns a.ini. */
struct fake_file *a_full_memory(void);

#endif
