/* SPDX-License-Identifier: MIT */
/*
 * ledger_read: how the ledger reads its journal: what is new in it, or all of it when it is another
 * one. A part of ledger, for nobody else.
 */
#ifndef KMREPAIR_LEDGER_READ_H
#define KMREPAIR_LEDGER_READ_H

#include "ledger.h"

/* Reads what is new in the journal, which is locked. When it fails, the next call makes up for it. */
struct host_result ledger_read(struct ledger *ledger);

/* Before an entry is taken: a record may be known under another path of the same folder. */
void ledger_ask_folder(struct ledger *ledger, const char *path);

#endif
