/* SPDX-License-Identifier: MIT */
#define KMREPAIR_VERSION_MAJOR 1
#define KMREPAIR_VERSION_MINOR 0
#define KMREPAIR_VERSION_PATCH 0
#define KMREPAIR_VERSION "1.0.0"
/* In the version resources of the program and, through installer/kmrepair.nsi, of set-up. */
#define KMREPAIR_COMPANY "The KMRepair developers"
#define KMREPAIR_COPYRIGHT "Copyright (c) 2026 The KMRepair developers. MIT licence."
