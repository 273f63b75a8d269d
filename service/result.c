/* SPDX-License-Identifier: MIT */
#include "result.h"

#include <windows.h>

#include "win/error.h"

struct host_result result_make(enum host_code code, uint32_t error, const char *reason) {
    return (struct host_result){(uint16_t)code, (uint16_t)error, reason};
}

struct host_result result_failed(uint32_t error) {
    static char words[200];
    const char *reason = NULL;
    if (error > UINT16_MAX) {
        error_text(error, words, sizeof words);
        reason = words;
    } else if (error == ERROR_DIRECTORY) { /* Windows' own words for it do not tell */
        reason = "it is a file, not a folder";
    }
    return result_make(HOST_FAILED, error, reason);
}

struct host_result result_of(uint32_t error) {
    return error == 0 ? host_ok : result_failed(error);
}

struct host_result result_last(void) {
    return result_failed(GetLastError());
}

struct host_result result_replaced(void) {
    return result_make(HOST_FAILED, 0, "it was replaced by another folder");
}

bool result_is_denied(const struct host_result *result) {
    return result->error == ERROR_ACCESS_DENIED && result->reason == NULL;
}

const char *result_text(const struct host_result *result, char *room, size_t size) {
    if (result->reason != NULL)
        return result->reason;
    error_text(result->error, room, size);
    return room;
}
