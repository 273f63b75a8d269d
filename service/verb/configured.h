/* SPDX-License-Identifier: MIT */
/*
 * configured: the configuration that a verb goes by.
 *
 * For the verbs and main(), on the process's first thread.
 */
#ifndef KMREPAIR_CONFIGURED_H
#define KMREPAIR_CONFIGURED_H

#include <windows.h>

#include <stdbool.h>

#include "config.h"
#include "options.h"

/* The configuration of the service that is registered: what follows --config, else kmrepair.ini beside its
 * program. False when there is no service, or its command line is none. */
bool configured_registered(WCHAR to[PATH_UNITS]);

/* Without --config, a verb is about the configuration of the service that is registered, or about
 * kmrepair.ini beside the program when none is. Changes the paths in `options` to that. A path that
 * is too long is left alone. */
void configured_adopt(struct options *options);

/* The settings for a verb that runs in a console: the configuration file, with the folder of the
 * command line in place of its own. Without a file, `scan` goes by the defaults, and so does any
 * verb that is given a folder. False after a message. */
bool configured_load(const struct options *options, struct settings *settings);

#endif
