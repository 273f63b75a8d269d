/* SPDX-License-Identifier: MIT */
#include "notices.h"

#include <string.h>

#include "crc32.h"

void notices_clear(struct notices *notices) {
    notices->count = 0;
}

/* The place of the event about this record, whatever its content; `count` if there is none. */
static size_t find(const struct notices *notices, uint32_t number, uint32_t name) {
    size_t i = 0;
    while (i < notices->count &&
           (notices->said[i].name != name || notices->said[i].number != number))
        i++;
    return i;
}

bool notices_is_new(const struct notices *notices, uint32_t number, const char *name,
                    uint32_t content) {
    size_t i = find(notices, number, crc32(0, name, strlen(name)));
    return i < notices->count ? notices->said[i].content != content : i < NOTICES;
}

void notices_add(struct notices *notices, uint32_t number, const char *name, uint32_t content) {
    uint32_t n = crc32(0, name, strlen(name));
    size_t i = find(notices, number, n);
    if (i == NOTICES)
        return;
    notices->said[i] = (struct notice){n, content, number};
    if (i == notices->count)
        notices->count++;
}
