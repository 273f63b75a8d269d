/* SPDX-License-Identifier: MIT */
#define RESOURCE_CONFIG 1
