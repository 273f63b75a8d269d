/* SPDX-License-Identifier: MIT */
#include "version.h"

#include "console.h"
#include "verb/verb.h"

int verb_version(const struct options *options) {
    (void)options;
    return console_print(CONSOLE_OUT, "KMRepair " KMREPAIR_VERSION "\r\n") ? 0 : 2;
}
