/* SPDX-License-Identifier: MIT */
/*
 * password: the password of the account that the service is to run as.
 *
 * For `install`, on the process's first thread.
 */
#ifndef KMREPAIR_PASSWORD_H
#define KMREPAIR_PASSWORD_H

#include <windows.h>

enum {
    PASSWORD_UNITS = 257
}; /* the most that Windows takes, terminated; the rest of a longer line is cut off */

/* Reads a line from the standard input without showing it. Returns 0, or 2 after a message. The
 * caller clears `password`. */
int password_ask(WCHAR password[PASSWORD_UNITS]);

#endif
