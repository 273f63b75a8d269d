/* SPDX-License-Identifier: MIT */
/* config_check: what the tests of core/config share. */
#ifndef KMREPAIR_CONFIG_CHECK_H
#define KMREPAIR_CONFIG_CHECK_H

#include "check.h"
#include "config.h"
#include "text.h"

/* Those that a text names none of. */
struct settings defaults(void);
/* None of which is one of those. */
struct settings other_settings(void);

void same_settings(const char *label, const struct settings *expected, const struct settings *got);
/* config_parse() of a copy that ends where the text does. */
bool parse(const void *text, size_t size, struct settings *settings, struct config_error *error);
/* The text is accepted, and says `expected`. */
void accepts(const char *label, const char *text, size_t size, const struct settings *expected);
/* The text is refused because of that line, with a reason that holds `word`. */
void refuses(const char *label, const char *text, size_t size, uint32_t line, const char *word);

#endif
