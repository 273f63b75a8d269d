/* SPDX-License-Identifier: MIT */
/*
 * secure: the service's own files and folders are the administrators' alone.
 *
 * For `install` and `protect`; main thread. Each call writes what is wrong and returns the exit
 * code.
 */
#ifndef KMREPAIR_SECURE_H
#define KMREPAIR_SECURE_H

#include "options.h"
#include "win/access.h"

/* Finds the account that the service is to run as: the one that was named, or is registered.
 * Refuses a folder that is a link, a program folder with an owner who is not trusted, or that holds what is not KMRepair's
 * (see place_check()), and files and folders that others may change. */
int secure_check(const struct options *options, struct access_account *account);

/* Refuses a folder, of the program or of a configuration that was named, that is a link to another. */
int secure_check_links(const struct options *options);

/* Refuses a program folder with an owner who is not trusted. */
int secure_check_owner(const struct options *options, const struct access_account *registered);

/* Limits access to the folder of the program, the program, the configuration and the journal to
 * SYSTEM, the administrators and the account. */
int secure_apply(const struct options *options, struct access_account *account);

/* Keeps the access lists that secure_apply() and secure_admit() would change, in memory and, if the
 * options name a file, in that; 64 KB at most. `folder` is that of the records, or "". */
int secure_keep(const struct options *options, const char *folder);

/* Puts back the access lists that were kept: those in memory, or in the file of the options. What is not
 * there any more is passed over. */
int secure_restore(const struct options *options);

/* Lets the account be a service, and work in the folder of the records. */
int secure_admit(struct access_account *account, const char *folder);

/* False, after a note, on a FAT volume, where nobody can be kept out. A note, too, when only the
 * configuration is on one. */
bool secure_is_kept(const struct options *options);

/* The account that is registered; none when there is no service. */
void secure_find_registered(struct access_account *account);

/* Names on the standard output who may change the configuration and the journal besides those who
 * should. */
int secure_tell_open(const struct options *options, const struct access_account *account);

/* The same of the folders above, through which this one could be renamed or replaced. */
int secure_tell_above(const struct options *options, const struct access_account *account);

#endif
