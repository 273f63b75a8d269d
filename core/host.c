/* SPDX-License-Identifier: MIT */
#include "host.h"

struct host_result host_result(enum host_code code, const char *reason) {
    return (struct host_result){code, 0, reason};
}
