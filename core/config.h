/* SPDX-License-Identifier: MIT */
/*
 * config: the text of kmrepair.ini -> settings, or the line and the reason why not.
 *
 * A file is taken whole or not at all: an unknown section or key, a duplicate, a line that fits
 * nothing or a value out of range refuses it, because a misspelt `Repair = no` that is passed over
 * would let the service write to records. What a file does not name has its default.
 *
 * Pure; any thread may call it.
 */
#ifndef KMREPAIR_CONFIG_H
#define KMREPAIR_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONFIG_FOLDER_BYTES = 1537, /* UTF-8, terminated: 512 characters of any script */
    CONFIG_PRINT_BYTES = CONFIG_FOLDER_BYTES + 128, /* of config_print() */
    CONFIG_BYTES_MAX = 16 * 1024,                   /* of a configuration file */
    CONFIG_SETTLE_MAX = 3600,                       /* seconds */
    CONFIG_RESCAN_MAX = 7 * 24 * 60,                /* minutes */
    CONFIG_REMINDER_MAX = 365 * 24,                 /* hours */
    CONFIG_REPAIRS_MAX = 10000
};

struct settings {
    bool repair; /* false: report what would be changed, change nothing */
    uint32_t settle_seconds;
    uint32_t rescan_minutes; /* 0: no periodic rescan */
    uint32_t reminder_hours; /* 0: no reminders */
    uint32_t repairs_per_hour;
    bool automatic; /* Folder = auto */
    /* As it stands in the file: `auto`, or a path, perhaps with variables such as %SystemDrive% in
     * it. settings_load() expands them. */
    char folder[CONFIG_FOLDER_BYTES];
};

struct config_error {
    uint32_t line;    /* from 1; 0 when it concerns the file as a whole */
    bool busy;        /* somebody has the file open to write to it */
    char reason[200]; /* a sentence without its full stop */
};

void config_defaults(struct settings *settings);

/* `text` is UTF-8, a mark in front is passed over. On true `error->line` is the one of Folder, 0 when
 * there is none; on false `settings` is left as it was. */
bool config_parse(const char *text, size_t size, struct settings *settings,
                  struct config_error *error);

/* True for `X:\...` and `\\host\share...`; a service has no folder that a relative path could start
 * from. */
bool config_is_absolute(const char *path);

/* One line that means the same as the settings, for events, the journal and the console. */
void config_print(const struct settings *settings, char *to, size_t size);

/* The settings that such a line means. A key that is not in it, because an earlier version wrote it, has
 * its default. */
void config_read(const char *printed, struct settings *settings);

/* The name of a key, from 0 on in the order of config_print(), and its value as it is there; NULL behind
 * the last. */
const char *config_key(const struct settings *settings, size_t number,
                       char value[CONFIG_FOLDER_BYTES]);

#endif
