/* SPDX-License-Identifier: MIT */
/*
 * attend: one record that is due, or that a scan has found: looks at it, and repairs it, warns of it,
 * puts it off or leaves it. A part of mender, for nobody else.
 */
#ifndef KMREPAIR_ATTEND_H
#define KMREPAIR_ATTEND_H

#include "mender.h"

/* The name in the queue that is due first. */
void attend_due(struct mender *mender);

/* A file that a scan has found: counts it, and queues it if it is worth a look of its own. */
void attend_found(struct mender *mender, const char *name);

/* A stuck record is looked at again when it has had this content for the settle time. */
void attend_later(struct mender *mender, const char *name, uint32_t content);

/* Queues a name; when there is no room, a scan has to find it again, and this is NULL. */
struct queue_item *attend_put(struct mender *mender, const char *name, uint64_t due);

#endif
