#include "reason.h"

#include "win/error.h"

const char *reason_text(const struct host_result *result, char *room, size_t size) {
    if (result->reason != NULL)
        return result->reason;
    error_text(result->error, room, size);
    return room;
}
