/*
 * past: what the journal tells: `history`, and the part of `status` that is not of this moment.
 *
 * Reads beside a service that writes. One buffer: not on two threads at once.
 */
#ifndef KMREPAIR_PAST_H
#define KMREPAIR_PAST_H

#include <windows.h>

#include "options.h"

/* `history`: each repair, undo and release, the oldest first, from the old journal and the present
 * one. */
int past_history(const struct options *options);

/* `status` */
int past_status(const struct options *options);

#endif
