/* SPDX-License-Identifier: MIT */
#include "host.h"

const struct host_result host_ok = {HOST_OK, 0, NULL};

struct host_result host_result(enum host_code code, const char *reason) {
    return (struct host_result){(uint16_t)code, 0, reason};
}
