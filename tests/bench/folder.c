#define _POSIX_C_SOURCE 200809L
#include "folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record.h"

static unsigned char buffer[RECORD_BYTES_MAX];

static void fail(const char *what) {
    perror(what);
    exit(2);
}

static size_t read_file(int folder, const char *name) {
    struct stat info;
    int file = openat(folder, name, O_RDONLY);
    if (file < 0 || fstat(file, &info) != 0 || info.st_size > RECORD_BYTES_MAX)
        fail(name);
    size_t size = (size_t)info.st_size;
    if (read(file, buffer, size) != (ssize_t)size)
        fail(name);
    (void)close(file);
    return size;
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
