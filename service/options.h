/* SPDX-License-Identifier: MIT */
/*
 * options: the command line.
 *
 * kmrepair.exe VERB [ARGUMENT] [OPTIONS], in any case; options may also stand before the argument. An option
 * begins with `--`, `-` or `/`; its value follows `=` or `:`, or is the next word, unless that is an option.
 * Where a folder may be named, `/` begins a path when another slash follows, as in /Security/Mgrent; any
 * other `/x` is an option, and one that is not known is refused. Nothing is guessed, abbreviated or done before
 * the whole line has been read.
 *
 * For main() and the verbs, on the process's first thread; others may read a struct options after that.
 * What exceeds a bound below is refused in one line on the error stream.
 */
#ifndef KMREPAIR_OPTIONS_H
#define KMREPAIR_OPTIONS_H

#include <windows.h>

#include <stdbool.h>

#include "config.h"
#include "queue.h"
#include "win/access.h"
#include "win/path.h"

/* In the order of the usage. */
enum verb {
    VERB_NONE,
    VERB_SCAN,
    VERB_STATUS,
    VERB_TODO,
    VERB_HISTORY,
    VERB_REPORT,
    VERB_CHECK,
    VERB_REPAIR,
    VERB_UNDO,
    VERB_RELEASE,
    VERB_START,
    VERB_STOP,
    VERB_PAUSE,
    VERB_CONTINUE,
    VERB_RUN,
    VERB_INSTALL,
    VERB_PROTECT,
    VERB_UNINSTALL,
    VERB_VERSION,
    VERB_HELP /* never in a struct options: that has `help` */
};

enum format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON };

enum { COMMAND_LINE_UNITS = 32768 }; /* the most that Windows knows, terminated */

struct options {
    enum verb verb;
    enum format format;
    bool help;
    bool console;
    bool report_only;
    bool all;    /* of `scan` and `undo` */
    bool paused; /* of `start` */
    bool has_since;
    bool has_name;
    bool has_folder;
    bool has_account;
    bool has_config;
    bool has_program; /* it is not this EXE that is meant, but one in another folder */
    bool has_output;
    bool check;           /* of `install`: change nothing */
    bool strict;          /* of `protect`, for set-up: an owner who is not trusted is refused */
    bool restore;         /* of `protect`, for set-up: the lists are put back as they were */
    uint32_t since;       /* seconds since 1970 */
    uint32_t wait;        /* of `stop`, for set-up: seconds for which the program may still run */
    unsigned char *bytes; /* RECORD_BYTES_MAX, for the one record that is read at a time */
    char name[QUEUE_NAME_BYTES]; /* of a record */
    char folder[CONFIG_FOLDER_BYTES];
    WCHAR account[ACCESS_ACCOUNT_UNITS]; /* that the service is to run as */
    WCHAR program[PATH_UNITS];           /* this EXE, or the one that is meant */
    WCHAR output[PATH_UNITS];            /* of `report`; for set-up: the file that output goes to */
    WCHAR lists[PATH_UNITS];   /* of `protect`, for set-up: the lists as they were, or empty */
    WCHAR config[PATH_UNITS];  /* full path of the configuration file */
    WCHAR journal[PATH_UNITS]; /* kmrepair.jnl beside it */
};

enum { OPTIONS_WORDS = 64 };

/* Splits a command line at its blanks; quotes keep those in a word. A backslash is only ever
 * itself: as CommandLineToArgvW has it, --folder "C:\Clients\" would be a folder with a quote in
 * its name, which no path or account has. Returns how many words there are, 0 when they are too
 * many or too long. They are good until the next call. */
int options_split(const WCHAR *line, WCHAR *words[OPTIONS_WORDS]);

/* Reads the process's command line. False after an error that has been written, with the usage, to
 * the error stream. */
bool options_read(struct options *options);

#endif
