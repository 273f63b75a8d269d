/* SPDX-License-Identifier: MIT */
/*
 * find: where the Key Management server of this host keeps the records.
 *
 * Not to be called on two threads at once (it has one buffer).
 */
#ifndef KMREPAIR_FIND_H
#define KMREPAIR_FIND_H

#include <windows.h>

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

enum { FIND_WORDS_BYTES = 400 };

/* `Folder = auto`: the Clients folder that belongs to the program of the service MSExchangeKMS, there
 * or not; without that service the one \Security\Mgrent\Clients on the fixed drives. `folder` may be
 * NULL. On false it is left as it was and `words` say what was looked at, or that this host has Exchange 5.5
 * or later and does not need the repair. (The layouts are those of Exchange 5.0 and 5.5, KB Q198709.) */
bool find_clients(char folder[CONFIG_FOLDER_BYTES], char words[FIND_WORDS_BYTES]);

#endif
