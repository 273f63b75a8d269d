/* SPDX-License-Identifier: MIT */
/*
 * service: KMRepair under the service control manager, or in a console.
 */
#ifndef KMREPAIR_SERVICE_H
#define KMREPAIR_SERVICE_H

#include <windows.h>

#include "options.h"

#define SERVICE_NAME L"KMRepair"

/* Service-specific exit codes: what keeps the service from starting. */
enum service_exit { SERVICE_EXIT_CONFIG = 1, SERVICE_EXIT_RESOURCES = 2 };

/* What `start --paused` gives the service to start with: it is paused before it repairs
 * anything. */
#define SERVICE_ARGUMENT_PAUSED L"paused"

/* Each returns when the service has stopped, with the exit code of the process: under the SCM; and
 * in a console, with the events printed, until Ctrl-C. */
int service_run(const struct options *options);
int service_run_in_console(const struct options *options);

#endif
