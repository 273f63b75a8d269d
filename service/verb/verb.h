/* SPDX-License-Identifier: MIT */
/*
 * verb: what `kmrepair VERB` does, one file for each verb or pair of verbs.
 *
 * main() calls one of these, once, on the process's first thread. Each writes what it did to the
 * standard output, or what went wrong to the error stream, and returns the exit code: 0 done, 2
 * not. What else 1 means is said below.
 */
#ifndef KMREPAIR_VERB_H
#define KMREPAIR_VERB_H

#include <windows.h>

#include "host.h"
#include "options.h"

/* The service itself, for the SCM; with --console in this console until Ctrl-C. */
int verb_run(const struct options *options);

/* Judges every record of a folder and changes nothing. 1: some are stuck; 2: it cannot be told. */
int verb_scan(const struct options *options);

/* One pass of the service's own repair over the folder. 2: some are left. */
int verb_repair(const struct options *options);

/* Registers the service, or brings its registration up to date, registers the event source, writes
 * the default configuration if there is none, and limits access to folder, program, configuration
 * and journal. Refuses a folder that others may change, or that holds what is not KMRepair's. Doing
 * it twice is doing it once. */
int verb_install(const struct options *options);

/* Stops the service and removes it and its event source; no file is touched. */
int verb_uninstall(const struct options *options);

/* Limits access to a folder that others may still change. 1: a FAT volume, where nobody can be kept
 * out. */
int verb_protect(const struct options *options);

/* Each waits until the service has reached the state; see scm_wait(). */
int verb_start(const struct options *options);
int verb_stop(const struct options *options);
int verb_pause(const struct options *options);
int verb_continue(const struct options *options);

/* What the service does, what needs a person, and the facts. 1: something is wrong; 2: it cannot be told. */
int verb_status(const struct options *options);

/* What the configuration says, or what is wrong with it. */
int verb_check(const struct options *options);

/* The mailboxes that have to be enabled: 0 none, 1 some, 2 it cannot be told. */
int verb_todo(const struct options *options);

/* All of this in an HTML file: options->output, or one of its own in the current folder. */
int verb_report(const struct options *options);

/* Each repair, undo and release, the oldest first, from the old journal and the present one. */
int verb_history(const struct options *options);

/* Beside a service that runs or not. `undo --all`: 1, some repairs could not be taken back. */
int verb_undo(const struct options *options);
int verb_release(const struct options *options);

int verb_version(const struct options *options);

/* ---- what several of them say ---- */

/* All that can be told of KMRepair, found out now. One struct. */
struct state *verb_state(const struct options *options);

/* "The service KMRepair STATE." Returns 0, or 2 when it could not be written. */
int verb_say(const char *state);

/* That `auto` has found no folder, where that was looked for, and what to do next; `why` is what
 * host_win_open_folder() said. One buffer. */
const char *verb_no_folder(const struct options *options, const struct host_result *why);

/* Why the folder of the settings cannot be used: `what` and the reason, or the above. Returns 2. */
int verb_fail_folder(const struct options *options, const char *what, const char *folder,
                     const struct host_result *why);

/* Why the journal cannot be read. Returns 2. */
int verb_fail_journal(const struct host_result *why);

/* SERVICE_RUNNING, ...; 0: there is none, or it cannot be asked, for which `error` is the reason. */
DWORD verb_service(DWORD *error);

/* Why something could not be done with the service, and what to do about it. Returns 2. */
int verb_fail(const char *what, DWORD error);

#endif
