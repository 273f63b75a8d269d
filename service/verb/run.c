/* SPDX-License-Identifier: MIT */
#include "service.h"
#include "verb/verb.h"

int verb_run(const struct options *options) {
    return options->console ? service_run_in_console(options) : service_run(options);
}
