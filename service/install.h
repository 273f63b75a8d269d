/*
 * install: the service in the SCM's database, and its event source.
 *
 * Each verb writes what it did, or why not, and returns the exit code. All of them need an
 * administrator's rights.
 */
#ifndef KMREPAIR_INSTALL_H
#define KMREPAIR_INSTALL_H

#include <windows.h>

#include <stdbool.h>
#include <stddef.h>

#include "options.h"

/* Without --config, a verb is about the configuration of the service that is registered, or about
 * kmrepair.ini beside the program when none is. Changes the paths in `options` to that. */
void install_adopt_config(struct options *options);

/* Registers the service, or brings an existing registration up to date, registers the event source,
 * writes the default configuration if there is none, and makes folder, program, configuration and
 * journal the administrators' alone. Refuses a folder that others may change, or that holds what is
 * not KMRepair's. Doing it twice is doing it once. */
int install_install(const struct options *options);

/* Stops the service and removes it and its event source; no file is touched. */
int install_uninstall(const struct options *options);

/* Wait until the service runs, or has stopped. */
int install_start(const struct options *options);
int install_stop(const struct options *options);

/* The state of the service in words, such as "running". Win32 error, 0 if none; a
 * service that is not installed is no error. */
DWORD install_state(char *to, size_t size, bool *running);

#endif
