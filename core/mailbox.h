/* SPDX-License-Identifier: MIT */
/*
 * mailbox: which value of a record names its mailbox. What is kept of it is in record.h,
 * record_mailbox() too.
 */
#ifndef KMREPAIR_MAILBOX_H
#define KMREPAIR_MAILBOX_H

#include "profile.h"

/* Whether the text from `start` to `end` is a distinguished name. */
bool mailbox_is_name(const struct profile *value);

#endif
