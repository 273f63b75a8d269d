/* SPDX-License-Identifier: MIT */
/*
 * help: what the program and each verb do, in lines of less than 80 columns.
 *
 * For main() and options, on the process's first thread.
 */
#ifndef KMREPAIR_HELP_H
#define KMREPAIR_HELP_H

#include "console.h"
#include "options.h"

/* A line for each verb: a console of 25 lines shows it whole, with one line more. */
void help_print_usage(enum console_stream to);

/* The first line of the next one: how the verb is written. */
void help_print_syntax(enum console_stream to, enum verb verb);

/* What it does, its options and exit codes, an example; of VERB_NONE the usage. */
void help_print(enum verb verb);

#endif
