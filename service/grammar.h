/* SPDX-License-Identifier: MIT */
/*
 * grammar: the verbs and the options that the command line knows, in words for people.
 *
 * One table for options, which reads the command line by it, and for help, which prints it. Constant
 * data.
 */
#ifndef KMREPAIR_GRAMMAR_H
#define KMREPAIR_GRAMMAR_H

#include "options.h"

enum argument { TAKES_NOTHING, TAKES_FOLDER, TAKES_NAME, TAKES_NAME_OR_ALL };

enum group { GROUP_LOOK, GROUP_REPAIR, GROUP_SERVICE, GROUP_SET_UP, GROUP_NONE };

struct grammar_verb {
    const char *name;
    unsigned char takes;
    unsigned char group; /* in the usage */
    const char *what;    /* it does: a line of at most 59 columns, and more for its help */
    const char *codes;   /* exit codes; NULL: 0 done, 2 not done */
    const char *example; /* behind the name */
};

/* What is done with an option. */
enum take {
    TAKE_FLAG, /* a bool of struct options is set */
    TAKE_ACCOUNT,
    TAKE_CONFIG,
    TAKE_FOLDER,
    TAKE_FORMAT,
    TAKE_IN,
    TAKE_OUTPUT,
    TAKE_SINCE,
    TAKE_KEEP,
    TAKE_RESTORE,
    TAKE_WAIT
};

struct grammar_option {
    const char *name;
    const char *value;  /* as it is written behind the name; "" for none */
    unsigned verbs;     /* a bit for each that has it */
    unsigned char take; /* enum take */
    unsigned char flag; /* of TAKE_FLAG: where in struct options */
    const char
        *what; /* it does, in lines of at most 53 columns; NULL: for set-up only, not shown */
};

#define GRAMMAR_OF(verb) (1U << VERB_##verb)

enum {
    GRAMMAR_VERBS = VERB_HELP + 1,
    GRAMMAR_OPTIONS = 20,
    GRAMMAR_CSV = GRAMMAR_OF(SCAN) | GRAMMAR_OF(TODO) | GRAMMAR_OF(HISTORY)
};

extern const struct grammar_verb grammar_verbs[GRAMMAR_VERBS];
extern const struct grammar_option grammar_options[GRAMMAR_OPTIONS];

#endif
