/* SPDX-License-Identifier: MIT */
/*
 * scan: a whole native scan. Prints the name of each stuck record.
 *
 *   scan FOLDER
 */
#include <stdio.h>

#include "folder.h"
#include "record.h"

static void judge(void *context, const char *name, const void *bytes, size_t size) {
    struct record record;
    (void)context;
    record_judge(bytes, size, &record);
    if (record.verdict == VERDICT_STUCK)
        (void)puts(name);
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    folder_each(argv[1], judge, NULL);
    return 0;
}
