/* SPDX-License-Identifier: MIT */
/*
 * acl: access lists in memory, built entry by entry.
 *
 * Any thread, except where a function says that it has one buffer. A list has at most 64 KB, as Windows has it. Every call that returns DWORD returns a
 * Win32 error, 0 if none. Only calls that NT 3.1 had: the newer ones of aclapi "merge" entries, in
 * one seen case to a list without the old ones.
 */
#ifndef KMREPAIR_WIN_ACL_H
#define KMREPAIR_WIN_ACL_H

#include <windows.h>

#include <stdbool.h>
#include <stddef.h>

enum { ACL_BYTES = 64 * 1024 };

struct acl_entry {
    const void *sid;
    DWORD rights;
    BYTE flags; /* OBJECT_INHERIT_ACE and the like */
};

/* SIDs as they are in memory: SYSTEM, Administrators, Users, Everyone, CREATOR OWNER,
 * TrustedInstaller. The calls that take one are older than const; none of them writes to it. */
extern const DWORD acl_system[3];
extern const DWORD acl_administrators[4];
extern const DWORD acl_users[4];
extern const DWORD acl_everyone[3];
extern const DWORD acl_creator[3];
extern const DWORD acl_installer[8];

bool acl_is(const void *sid, const DWORD *known);

/* A list of these entries alone. `room` is aligned as a DWORD is. */
DWORD acl_make(void *room, DWORD size, const struct acl_entry *entries, unsigned count);

/* A copy of a list with these entries for one SID in place of those that it has for it. What was
 * inherited stays as it is and comes last. `*to` is good until the next call; NULL after an error. */
DWORD acl_replace(PACL from, const struct acl_entry *entries, unsigned count, PACL *to);

/* Whether an entry lets this SID in, with any right. */
bool acl_allows(PACL list, const DWORD *sid);

#endif
