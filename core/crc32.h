/* SPDX-License-Identifier: MIT */
/*
 * crc32: the CRC-32 of ISO 3309 and ITU-T V.42 (polynomial 04C11DB7, reflected), as in PKZIP.
 *
 * It tells one content of a record from another and a whole journal line from a torn one. Pure;
 * any thread may call it.
 */
#ifndef KMREPAIR_CRC32_H
#define KMREPAIR_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The CRC of `bytes` appended to what `crc` was computed from; start with 0. */
uint32_t crc32(uint32_t crc, const void *bytes, size_t size);

#endif
