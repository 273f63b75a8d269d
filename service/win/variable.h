/*
 * variable: environment variables that every service has, whoever asks.
 *
 * A console has more: those of its user, and those that were set in it. What a path means must not
 * depend on that, so only these are expanded: the ones of the system, as the registry has them, and the
 * few that Windows sets itself. Any thread; the only memory is the caller's.
 */
#ifndef KMREPAIR_WIN_VARIABLE_H
#define KMREPAIR_WIN_VARIABLE_H

#include <windows.h>

#include <stdbool.h>

enum { VARIABLE_NAME_UNITS = 64, VARIABLE_VALUE_UNITS = 1024 };

/* Replaces each %NAME%; a `%` without a second one stays. In the value of a variable that the registry
 * has as REG_EXPAND_SZ the same is done once more, and in no other. False when the result does not fit, with
 * `unknown` empty, or when a variable is none of these: `unknown` is its name, cut if it is long. */
bool variable_expand(const WCHAR *from, WCHAR *to, DWORD size, WCHAR unknown[VARIABLE_NAME_UNITS]);

#endif
