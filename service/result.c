/* SPDX-License-Identifier: MIT */
#include "result.h"

#include <windows.h>

#include "win/error.h"

struct host_result result_make(enum host_code code, uint32_t error, const char *reason) {
    return (struct host_result){(uint16_t)code, (uint16_t)error, reason};
}

struct host_result result_of(uint32_t error) {
    /* Windows' own words for it do not tell. */
    return result_make(error == 0 ? HOST_OK : HOST_FAILED, error,
                       error == ERROR_DIRECTORY ? "it is a file, not a folder" : NULL);
}

struct host_result result_last(void) {
    return result_make(HOST_FAILED, GetLastError(), NULL);
}

struct host_result result_replaced(void) {
    return result_make(HOST_FAILED, 0, "it was replaced by another folder");
}

const char *result_text(const struct host_result *result, char *room, size_t size) {
    if (result->reason != NULL)
        return result->reason;
    error_text(result->error, room, size);
    return room;
}
