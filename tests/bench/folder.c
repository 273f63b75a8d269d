/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "record.h"

static unsigned char buffer[RECORD_BYTES_MAX + 1];

static void fail(const char *what) {
    perror(what);
    exit(2);
}

/* One read takes all of a regular file or fills the buffer, so its size need not be asked for. */
static size_t read_file(int folder, const char *name) {
    int file = openat(folder, name, O_RDONLY);
    ssize_t size = file < 0 ? -1 : read(file, buffer, sizeof buffer);
    if (size < 0)
        fail(name);
    (void)close(file);
    return (size_t)size;
}

void folder_each(const char *path, folder_visit *visit, void *context) {
    struct dirent *entry;
    DIR *folder = opendir(path);
    if (folder == NULL)
        fail(path);
    while ((entry = readdir(folder)) != NULL) {
        if (record_is_named(entry->d_name))
            visit(context, entry->d_name, buffer, read_file(dirfd(folder), entry->d_name));
    }
    (void)closedir(folder);
}
