/*
 * secure: the service's own files and folders are the administrators' alone.
 *
 * For `install` and `protect`; main thread. Each call writes what is wrong and returns the exit code.
 */
#ifndef KMREPAIR_SECURE_H
#define KMREPAIR_SECURE_H

#include "access.h"
#include "options.h"

/* Finds the account that the service is to run as: the one that was named, or is registered. Refuses a
 * program folder that holds what is not KMRepair's, and files and folders that others may change. */
int secure_check(const struct options *options, struct access_account *account);

/* Limits access to the folder of the program, the program, the configuration and the journal to SYSTEM,
 * the administrators and the account. */
int secure_apply(const struct options *options, struct access_account *account);

/* Lets the account be a service, and work in the folder of the records. */
int secure_admit(struct access_account *account, const char *folder);

/* `protect`: secure_apply() for a folder that others may still change. */
int secure_protect(const struct options *options);

#endif
