/* SPDX-License-Identifier: MIT */
/* journal_check: what the tests of core/journal share. */
#ifndef KMREPAIR_JOURNAL_CHECK_H
#define KMREPAIR_JOURNAL_CHECK_H

#include "check.h"
#include "crc32.h"
#include "journal.h"
#include "text.h"

/* An INTENT with all that it has. */
struct journal_entry intent(void);

#endif
