/* SPDX-License-Identifier: MIT */
#include "win/acl.h"

#include "guarded.h"

#include <string.h>

/* Revision and number of parts, authority, parts. */
const DWORD acl_system[3] = {0x0101, 0x05000000, SECURITY_LOCAL_SYSTEM_RID}; /* S-1-5-18 */
const DWORD acl_administrators[4] = {0x0201, 0x05000000, SECURITY_BUILTIN_DOMAIN_RID,
                                     DOMAIN_ALIAS_RID_ADMINS}; /* S-1-5-32-544 */
const DWORD acl_users[4] = {0x0201, 0x05000000, SECURITY_BUILTIN_DOMAIN_RID,
                            DOMAIN_ALIAS_RID_USERS};                           /* S-1-5-32-545 */
const DWORD acl_everyone[3] = {0x0101, 0x01000000, SECURITY_WORLD_RID};        /* S-1-1-0 */
const DWORD acl_creator[3] = {0x0101, 0x03000000, SECURITY_CREATOR_OWNER_RID}; /* S-1-3-0 */
const DWORD acl_installer[8] = {0x0601,     0x05000000, SECURITY_SERVICE_ID_BASE_RID,
                                956008885,  3418522649, 1831038044,
                                1853292631, 2271478464}; /* S-1-5-80-..., Vista and later */

bool acl_is(const void *sid, const DWORD *known) {
    return EqualSid((void *)sid, (void *)known) != FALSE;
}

/* At the end. */
GUARDED static DWORD put_entry(PACL list, const struct acl_entry *entry) {
    DWORD_PTR room[(sizeof(ACCESS_ALLOWED_ACE) + SECURITY_MAX_SID_SIZE) / sizeof(DWORD_PTR) + 1];
    ACCESS_ALLOWED_ACE *ace = (void *)room;
    DWORD length = GetLengthSid((void *)entry->sid);
    if (length > SECURITY_MAX_SID_SIZE)
        return ERROR_INVALID_SID;
    ace->Header.AceType = ACCESS_ALLOWED_ACE_TYPE;
    ace->Header.AceFlags = entry->flags;
    ace->Header.AceSize = (WORD)(offsetof(ACCESS_ALLOWED_ACE, SidStart) + length);
    ace->Mask = entry->rights;
    memcpy(&ace->SidStart, entry->sid, length);
    return AddAce(list, list->AclRevision, MAXDWORD, ace, ace->Header.AceSize) ? ERROR_SUCCESS
                                                                               : GetLastError();
}

DWORD acl_make(void *room, DWORD size, const struct acl_entry *entries, unsigned count) {
    DWORD error = InitializeAcl(room, size, ACL_REVISION) ? ERROR_SUCCESS : GetLastError();
    for (unsigned i = 0; error == ERROR_SUCCESS && i < count; i++)
        error = put_entry(room, &entries[i]);
    return error;
}

static bool is_replaced(const ACE_HEADER *header, const struct acl_entry *entries, unsigned count) {
    const ACCESS_ALLOWED_ACE *ace = (const void *)header;
    if (header->AceType != ACCESS_ALLOWED_ACE_TYPE || (header->AceFlags & INHERITED_ACE) != 0)
        return false;
    for (unsigned i = 0; i < count; i++) {
        if (EqualSid((void *)&ace->SidStart, (void *)entries[i].sid))
            return true;
    }
    return false;
}

/* The entries that stay, those that were inherited or the others. */
static DWORD copy_entries(PACL from, PACL to, bool inherited, const struct acl_entry *entries,
                          unsigned count) {
    for (DWORD i = 0; i < from->AceCount; i++) {
        ACE_HEADER *header = NULL;
        if (!GetAce(from, i, (void **)&header))
            return GetLastError();
        if (inherited != ((header->AceFlags & INHERITED_ACE) != 0) ||
            is_replaced(header, entries, count))
            continue;
        if (!AddAce(to, to->AclRevision, MAXDWORD, header, header->AceSize))
            return GetLastError();
    }
    return ERROR_SUCCESS;
}

DWORD acl_replace(PACL from, const struct acl_entry *entries, unsigned count, PACL *to) {
    /* It is written through `list`. */
    /* cppcheck-suppress unassignedVariable */
    static DWORD_PTR room[ACL_BYTES / sizeof(DWORD_PTR)];
    const DWORD most = sizeof(ACCESS_ALLOWED_ACE) + SECURITY_MAX_SID_SIZE;
    DWORD size = from->AclSize + count * most;
    PACL list = (PACL)room;
    *to = NULL;
    if (size > MAXWORD)
        return ERROR_ALLOTTED_SPACE_EXCEEDED;
    DWORD error = InitializeAcl(list, size, from->AclRevision) ? ERROR_SUCCESS : GetLastError();
    if (error == ERROR_SUCCESS)
        error = copy_entries(from, list, false, entries, count);
    for (unsigned i = 0; error == ERROR_SUCCESS && i < count; i++)
        error = put_entry(list, &entries[i]);
    if (error == ERROR_SUCCESS)
        error = copy_entries(from, list, true, entries, count);
    if (error == ERROR_SUCCESS)
        *to = list;
    return error;
}

bool acl_allows(PACL list, const DWORD *sid) {
    for (DWORD i = 0; i < list->AceCount; i++) {
        ACCESS_ALLOWED_ACE *ace = NULL;
        if (GetAce(list, i, (void **)&ace) && ace->Header.AceType == ACCESS_ALLOWED_ACE_TYPE &&
            acl_is(&ace->SidStart, sid))
            return true;
    }
    return false;
}
