#include "win/access.h"

#include <aclapi.h>
#include <ntsecapi.h>
#include <string.h>

#include "win/path.h"

/* What changes a file, or what is in a folder. */
#define CHANGES                                                                                    \
    (FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_DELETE_CHILD | DELETE | WRITE_DAC | WRITE_OWNER |   \
     GENERIC_WRITE | GENERIC_ALL)

/* SIDs as they are in memory: revision and number of parts, authority, parts. The calls that take
 * one are older than const; none of them writes to it. */
static const DWORD creator[] = {0x0101, 0x03000000, SECURITY_CREATOR_OWNER_RID};   /* S-1-3-0 */
static const DWORD everyone[] = {0x0101, 0x01000000, SECURITY_WORLD_RID};          /* S-1-1-0 */
static const DWORD system_sid[] = {0x0101, 0x05000000, SECURITY_LOCAL_SYSTEM_RID}; /* S-1-5-18 */
static const DWORD administrators[] = {0x0201, 0x05000000, SECURITY_BUILTIN_DOMAIN_RID,
                                       DOMAIN_ALIAS_RID_ADMINS}; /* S-1-5-32-544 */

bool access_is_kept(const WCHAR *path) {
    WCHAR root[] = L"?:\\";
    DWORD flags = 0;
    root[0] = path[0];
    /* A share has no letter; what is behind it is asked itself. */
    return path[1] != L':' || !GetVolumeInformationW(root, NULL, 0, NULL, NULL, &flags, NULL, 0) ||
           (flags & FILE_PERSISTENT_ACLS) != 0;
}

/* The SID of whoever runs this program, evidently an administrator. */
static PSID caller(void) {
    static DWORD_PTR room[128 / sizeof(DWORD_PTR)];
    TOKEN_USER *user = (void *)room;
    HANDLE token = NULL;
    DWORD needed = 0;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return NULL;
    bool got = GetTokenInformation(token, TokenUser, room, sizeof room, &needed) != FALSE;
    (void)CloseHandle(token);
    return got ? user->User.Sid : NULL;
}

/* SYSTEM, Administrators, the Administrator and Domain Admins of any domain, services
 * (TrustedInstaller is one), whoever owns what is made here, and whoever has asked. */
static bool is_trusted(const SID *sid, PSID asking, const struct access_account *registered) {
    const SID_IDENTIFIER_AUTHORITY nt = {SECURITY_NT_AUTHORITY};
    UCHAR parts = sid->SubAuthorityCount;
    DWORD first = parts > 0 ? sid->SubAuthority[0] : 0;
    DWORD last = parts > 0 ? sid->SubAuthority[parts - 1] : 0;
    void *own = (void *)sid;
    bool is_nt = memcmp(&sid->IdentifierAuthority, &nt, sizeof nt) == 0;
    bool is_domain = is_nt && first == SECURITY_NT_NON_UNIQUE && parts == 5;
    return EqualSid(own, (void *)system_sid) || EqualSid(own, (void *)administrators) ||
           EqualSid(own, (void *)creator) || (asking != NULL && EqualSid(own, asking)) ||
           (registered->has_sid && EqualSid(own, (void *)&registered->id)) ||
           (is_nt && first == SECURITY_SERVICE_ID_BASE_RID) ||
           (is_domain && (last == DOMAIN_USER_RID_ADMIN || last == DOMAIN_GROUP_RID_ADMINS));
}

static void print_sid(PSID sid, char *to, size_t size) {
    static WCHAR name[512];
    static WCHAR domain[256];
    SID_NAME_USE use;
    DWORD length = sizeof name / sizeof name[0];
    DWORD domain_length = sizeof domain / sizeof domain[0];
    if (!LookupAccountSidW(NULL, sid, name, &length, domain, &domain_length, &use))
        (void)lstrcpynW(name, L"somebody unknown", 64);
    path_print(name, to, size);
}

bool access_is_open(const WCHAR *path, const struct access_account *registered, char *who,
                    size_t size, DWORD *error) {
    PSECURITY_DESCRIPTOR descriptor = NULL;
    PACL list = NULL;
    PSID owner = NULL;
    PSID asking = caller();
    PSID open = NULL;
    *error = GetNamedSecurityInfoW(path, SE_FILE_OBJECT,
                                   OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner,
                                   NULL, &list, NULL, &descriptor);
    if (*error != ERROR_SUCCESS)
        return false;
    /* No list at all lets everybody in. */
    if (list == NULL)
        open = (void *)everyone;
    else if (owner != NULL && !is_trusted(owner, asking, registered))
        open = owner;
    for (DWORD i = 0; open == NULL && i < list->AceCount; i++) {
        ACCESS_ALLOWED_ACE *ace = NULL;
        if (GetAce(list, i, (void **)&ace) && ace->Header.AceType == ACCESS_ALLOWED_ACE_TYPE &&
            (ace->Mask & CHANGES) != 0 &&
            !is_trusted((const SID *)&ace->SidStart, asking, registered))
            open = &ace->SidStart;
    }
    if (open != NULL)
        print_sid(open, who, size);
    (void)LocalFree(descriptor);
    return open != NULL;
}

static EXPLICIT_ACCESS_W entry_of(const void *sid, DWORD rights, DWORD inheritance) {
    EXPLICIT_ACCESS_W entry = {
        .grfAccessPermissions = rights,
        .grfAccessMode = GRANT_ACCESS,
        .grfInheritance = inheritance,
        .Trustee = {.TrusteeForm = TRUSTEE_IS_SID, .ptstrName = (void *)sid}};
    return entry;
}

/* Adds entries to a list, which may be NULL, and puts that on a path. */
static DWORD set_list(const WCHAR *path, EXPLICIT_ACCESS_W *entries, ULONG count, PACL old,
                      bool alone) {
    PACL list = NULL;
    SECURITY_INFORMATION what = DACL_SECURITY_INFORMATION;
    DWORD error = SetEntriesInAclW(count, entries, old, &list);
    if (error != ERROR_SUCCESS)
        return error;
    if (alone)
        what |= OWNER_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
    error = SetNamedSecurityInfoW((WCHAR *)path, SE_FILE_OBJECT, what, (void *)administrators, NULL,
                                  list, NULL);
    /* NT 4.0 knows no inheritance that a list would have to be protected from, nor the flag. */
    if (alone && error != ERROR_SUCCESS)
        error = SetNamedSecurityInfoW((WCHAR *)path, SE_FILE_OBJECT,
                                      what & ~PROTECTED_DACL_SECURITY_INFORMATION,
                                      (void *)administrators, NULL, list, NULL);
    (void)LocalFree(list);
    return error;
}

DWORD access_protect(const WCHAR *path, bool is_folder) {
    DWORD inheritance = is_folder ? SUB_CONTAINERS_AND_OBJECTS_INHERIT : NO_INHERITANCE;
    EXPLICIT_ACCESS_W entries[] = {entry_of(system_sid, FILE_ALL_ACCESS, inheritance),
                                   entry_of(administrators, FILE_ALL_ACCESS, inheritance)};
    return set_list(path, entries, 2, NULL, true);
}

DWORD access_find_account(const WCHAR *name, struct access_account *account) {
    WCHAR domain[256];
    DWORD domain_length = sizeof domain / sizeof domain[0];
    WCHAR local[MAX_COMPUTERNAME_LENGTH + 1 + ACCESS_ACCOUNT_UNITS];
    SID_NAME_USE use;
    account->has_sid = account->is_user = false;
    if (lstrcmpiW(name, L"LocalSystem") == 0)
        return ERROR_SUCCESS;
    /* `.\` is the SCM's word for this host, and what it has registered of a local account. Without
     * it the look-up would take the next best of that name. */
    if (name[0] == L'.' && name[1] == L'\\') {
        DWORD end =
            ExpandEnvironmentStringsW(L"%COMPUTERNAME%", local, MAX_COMPUTERNAME_LENGTH + 1);
        if (end == 0 || end > MAX_COMPUTERNAME_LENGTH + 1)
            return ERROR_INVALID_COMPUTERNAME;
        (void)lstrcpynW(local + end - 1, name + 1, ACCESS_ACCOUNT_UNITS);
        name = local;
    }
    DWORD length = sizeof account->id;
    if (!LookupAccountNameW(NULL, name, &account->id, &length, domain, &domain_length, &use))
        return GetLastError();
    /* SYSTEM, LOCAL SERVICE, NETWORK SERVICE and NT SERVICE\... are groups to the look-up. What
     * would be given to any other group would be given before the SCM refuses it. */
    DWORD first = account->id.sid.SubAuthority[0];
    if (use != SidTypeUser && first - SECURITY_LOCAL_SYSTEM_RID > 2 &&
        first != SECURITY_SERVICE_ID_BASE_RID)
        return ERROR_INVALID_SERVICE_ACCOUNT;
    account->has_sid = first != SECURITY_LOCAL_SYSTEM_RID;
    account->is_user = first == SECURITY_NT_NON_UNIQUE;
    return ERROR_SUCCESS;
}

DWORD access_allow_service(struct access_account *account) {
    static const WCHAR name[] = L"SeServiceLogonRight";
    LSA_UNICODE_STRING right = {sizeof name - sizeof name[0], sizeof name, (WCHAR *)name};
    LSA_OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes};
    LSA_HANDLE policy = NULL;
    NTSTATUS status =
        LsaOpenPolicy(NULL, &attributes, POLICY_LOOKUP_NAMES | POLICY_CREATE_ACCOUNT, &policy);
    if (status == 0) {
        status = LsaAddAccountRights(policy, &account->id, &right, 1);
        (void)LsaClose(policy);
    }
    return LsaNtStatusToWinError(status);
}

DWORD access_grant(const WCHAR *path, struct access_account *account,
                   const struct access_rights *rights) {
    enum { ON_FILES = INHERIT_ONLY | SUB_OBJECTS_ONLY_INHERIT | INHERIT_NO_PROPAGATE };
    PSECURITY_DESCRIPTOR descriptor = NULL;
    PACL list = NULL;
    EXPLICIT_ACCESS_W entries[3];
    ULONG count = 0;
    entries[count++] = entry_of(&account->id, rights->itself, NO_INHERITANCE);
    if (rights->files != 0)
        entries[count++] = entry_of(&account->id, rights->files, ON_FILES);
    if (rights->creators != 0)
        entries[count++] = entry_of(creator, rights->creators, ON_FILES);
    DWORD error = GetNamedSecurityInfoW(path, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL,
                                        &list, NULL, &descriptor);
    if (error != ERROR_SUCCESS)
        return error;
    /* No list lets everybody in; one with these entries alone would keep the others out. */
    if (list != NULL)
        error = set_list(path, entries, count, list, false);
    (void)LocalFree(descriptor);
    return error;
}

void access_copy(const WCHAR *from, const WCHAR *to) {
    PSECURITY_DESCRIPTOR descriptor = NULL;
    PACL list = NULL;
    if (GetNamedSecurityInfoW(from, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &list,
                              NULL, &descriptor) != ERROR_SUCCESS)
        return;
    (void)SetNamedSecurityInfoW((WCHAR *)to, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL,
                                list, NULL);
    (void)LocalFree(descriptor);
}
