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

/* `run`: returns when the service has stopped; with --console the same, events printed, until Ctrl-C.
 * The exit code of the process. */
int service_run(const struct options *options);

/* `undo` and `release`, beside a service that runs or not. */
int service_undo(const struct options *options);

/* `repair`: one pass of the same mender over the folder. */
int service_repair(const struct options *options);

#endif
