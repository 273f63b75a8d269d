/* SPDX-License-Identifier: MIT */
/*
 * initial: the configuration that `install` finds, or writes when there is none.
 *
 * For `install`, on the process's first thread; one buffer of 8 KB, which is larger than any that is
 * written. Each call writes what is wrong and returns the exit code.
 */
#ifndef KMREPAIR_INITIAL_H
#define KMREPAIR_INITIAL_H

#include "config.h"
#include "options.h"

/* Refuses a configuration that the service would refuse, or that says something else than the
 * command line; and, when there is none, options that one could not be made of. Changes nothing. */
int initial_check(const struct options *options, struct settings *settings);

/* Writes the default one if there is none, with what the command line says, and loads it. */
int initial_write(const struct options *options, struct settings *settings);

#endif
