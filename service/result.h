/* SPDX-License-Identifier: MIT */
/*
 * result: whether a call of host.h succeeded, and why not, in words.
 *
 * Any thread. An error of more than 16 bits, such as FVE_E_LOCKED_VOLUME of a locked BitLocker drive (0x80310000),
 * is kept as its text, until the next one of that kind.
 */
#ifndef KMREPAIR_RESULT_H
#define KMREPAIR_RESULT_H

#include <stddef.h>

#include "host.h"

/* `error` is a Win32 error, 0 if none; `reason` may be NULL. */
struct host_result result_make(enum host_code code, uint32_t error, const char *reason);
/* HOST_FAILED, in the system's words. */
struct host_result result_failed(uint32_t error);
/* The same, or HOST_OK when `error` is 0. */
struct host_result result_of(uint32_t error);
/* HOST_FAILED with GetLastError's number. */
struct host_result result_last(void);

/* HOST_FAILED: a folder's path leads to another one now. */
struct host_result result_replaced(void);

/* Windows refuses it to whoever asks. */
bool result_is_denied(const struct host_result *result);

/* The reason that the host gave, or else the system's text, made in `room` and cut when it does not
 * fit. */
const char *result_text(const struct host_result *result, char *room, size_t size);

#endif
