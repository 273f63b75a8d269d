/* SPDX-License-Identifier: MIT */
/*
 * own_console: a console that was made for this process, as by a double click in Explorer, and that goes with it.
 *
 * Stateless; for one thread at a time.
 */
#ifndef KMREPAIR_OWN_CONSOLE_H
#define KMREPAIR_OWN_CONSOLE_H

#include <windows.h>

#include <stdbool.h>

/* True when input, output and error stream are a console in which this process is alone as far as Windows can
 * tell. To be asked before anything is written: Windows before XP does not list the processes of a console,
 * and there a new one is known by its cursor, which nothing has moved from the first place yet. */
bool own_console_is(void);

/* Waits until a key is pressed. */
void own_console_wait(void);

#endif
