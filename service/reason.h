/*
 * reason: why a call of host.h did not succeed, in words.
 *
 * Any thread, no state.
 */
#ifndef KMREPAIR_REASON_H
#define KMREPAIR_REASON_H

#include <stddef.h>

#include "host.h"

/* The reason that the host gave, or else the system's text, made in `room` and cut when it does not fit. */
const char *reason_text(const struct host_result *result, char *room, size_t size);

#endif
