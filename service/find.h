/*
 * find: what this host says of its services, and where its Key Management server keeps the records.
 *
 * Not to be called on two threads at once (it has one buffer).
 */
#ifndef KMREPAIR_FIND_H
#define KMREPAIR_FIND_H

#include <windows.h>

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

/* Opens a service. Returns a Win32 error, 0 if none, with NULL for the handle. */
DWORD find_open(const WCHAR *name, DWORD access, SC_HANDLE *service);

/* What the SCM has registered for a service: valid until the next call. NULL, with a Win32 error, when
 * there is none of that name or it can not be asked. */
const QUERY_SERVICE_CONFIGW *find_service(const WCHAR *name, DWORD *error);

enum { FIND_WORDS_BYTES = 400 };

/* `Folder = auto`: the Clients folder that belongs to the program of the service MSExchangeKMS, there
 * or not; without that service the one \Security\Mgrent\Clients on the fixed drives. `folder` may be
 * NULL. On false it is left as it was and `words` say what was looked at, or that this host has Exchange 5.5
 * or later and does not need the repair. (The layouts are those of Exchange 5.0 and 5.5, KB Q198709.) */
bool find_clients(char folder[CONFIG_FOLDER_BYTES], char words[FIND_WORDS_BYTES]);

#endif
