/* SPDX-License-Identifier: MIT */
#include "win/access.h"

#include <aclapi.h>
#include <ntsecapi.h>
#include <string.h>

#include "guarded.h"
#include "win/acl.h"
#include "win/path.h"

/* What changes a file, or what is in a folder. */
#define CHANGES                                                                                    \
    (FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_DELETE_CHILD | DELETE | WRITE_DAC | WRITE_OWNER |   \
     GENERIC_WRITE | GENERIC_ALL)

/* What renames or replaces a folder that is in it. */
#define RENAMES (FILE_DELETE_CHILD | WRITE_DAC | WRITE_OWNER | GENERIC_ALL)

bool access_is_kept(const WCHAR *path) {
    WCHAR root[] = L"?:\\";
    DWORD flags = 0;
    root[0] = path[0];
    /* A share has no letter; what is behind it is asked itself. */
    return path[1] != L':' || !GetVolumeInformationW(root, NULL, 0, NULL, NULL, &flags, NULL, 0) ||
           (flags & FILE_PERSISTENT_ACLS) != 0;
}

/* ---- who may what ---- */

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

/* SYSTEM, Administrators, TrustedInstaller, the Administrator and Domain Admins of any domain,
 * whoever has asked, and the account of the service. */
static bool is_trusted(const SID *sid, PSID asking, const struct access_account *registered) {
    const SID_IDENTIFIER_AUTHORITY nt = {SECURITY_NT_AUTHORITY};
    UCHAR parts = sid->SubAuthorityCount;
    DWORD last = parts > 0 ? sid->SubAuthority[parts - 1] : 0;
    bool is_domain = parts == 5 && sid->SubAuthority[0] == SECURITY_NT_NON_UNIQUE &&
                     memcmp(&sid->IdentifierAuthority, &nt, sizeof nt) == 0;
    return acl_is(sid, acl_system) || acl_is(sid, acl_administrators) ||
           acl_is(sid, acl_installer) || (asking != NULL && EqualSid((void *)sid, asking)) ||
           (registered->has_sid && EqualSid((void *)sid, (void *)&registered->id)) ||
           (is_domain && (last == DOMAIN_USER_RID_ADMIN || last == DOMAIN_GROUP_RID_ADMINS));
}

/* The name of an account, or its SID as it is written where nobody knows it any more. */
static const char *print_sid(PSID sid) {
    static char shown[300];
    static WCHAR name[512];
    static WCHAR domain[256];
    SID_NAME_USE use;
    DWORD length = sizeof name / sizeof name[0];
    DWORD domain_length = sizeof domain / sizeof domain[0];
    if (!LookupAccountSidW(NULL, sid, name, &length, domain, &domain_length, &use))
        (void)lstrcpynW(name, L"an unknown account", 64);
    path_print(name, shown, sizeof shown);
    return shown;
}

/* What is read of a file or folder; good until the next one is read. */
struct security {
    PSID owner;
    PACL list; /* NULL: everybody may do everything */
};

static bool take_apart(PSECURITY_DESCRIPTOR descriptor, struct security *security) {
    BOOL present = FALSE;
    BOOL defaulted = FALSE;
    return GetSecurityDescriptorOwner(descriptor, &security->owner, &defaulted) &&
           GetSecurityDescriptorDacl(descriptor, &present, &security->list, &defaulted);
}

static DWORD read_security(const WCHAR *path, SECURITY_INFORMATION what,
                           struct security *security) {
    /* A list, and an owner with what is in front of both. */
    static DWORD_PTR room[(ACL_BYTES + 512) / sizeof(DWORD_PTR)];
    DWORD needed = 0;
    memset(security, 0, sizeof *security);
    /* What Windows says of a file that is not there differs. */
    if (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES)
        return GetLastError() == ERROR_PATH_NOT_FOUND ? ERROR_FILE_NOT_FOUND : GetLastError();
    return GetFileSecurityW(path, what, room, sizeof room, &needed) && take_apart(room, security)
               ? ERROR_SUCCESS
               : GetLastError();
}

/* The first who is let in by an entry with one of these rights and is not trusted. */
static PSID find_open(PACL list, DWORD rights, BYTE without, PSID asking,
                      const struct access_account *registered) {
    for (DWORD i = 0; i < list->AceCount; i++) {
        ACCESS_ALLOWED_ACE *ace = NULL;
        if (GetAce(list, i, (void **)&ace) && ace->Header.AceType == ACCESS_ALLOWED_ACE_TYPE &&
            (ace->Header.AceFlags & without) == 0 && (ace->Mask & rights) != 0 &&
            !acl_is(&ace->SidStart, acl_creator) &&
            !is_trusted((const SID *)&ace->SidStart, asking, registered))
            return &ace->SidStart;
    }
    return NULL;
}

const char *access_open_to(const WCHAR *path, enum access_question question,
                           const struct access_account *registered, DWORD *error) {
    static const struct {
        DWORD rights;
        BYTE without; /* entries that are not for the folder itself do not count */
    } asked[] = {[ACCESS_CHANGE] = {CHANGES, 0},
                 [ACCESS_OWN] = {0, 0},
                 [ACCESS_RENAME] = {RENAMES | DELETE, INHERIT_ONLY_ACE},
                 [ACCESS_RENAME_ROOT] = {RENAMES, INHERIT_ONLY_ACE}};
    struct security security;
    PSID open = NULL;
    *error = read_security(path, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &security);
    if (*error == ERROR_SUCCESS) {
        PSID asking = caller();
        if (security.owner != NULL && !is_trusted(security.owner, asking, registered))
            open = security.owner;
        else if (security.list == NULL && question != ACCESS_OWN)
            open = (void *)acl_everyone;
        else if (question != ACCESS_OWN)
            open = find_open(security.list, asked[question].rights, asked[question].without, asking,
                             registered);
    }
    return open != NULL ? print_sid(open) : NULL;
}

/* ---- lists ---- */

enum {
    READ_AND_RUN = FILE_GENERIC_READ | FILE_GENERIC_EXECUTE,
    LIST_BYTES = 256 /* of three entries */
};

struct limit {
    DWORD_PTR list[LIST_BYTES / sizeof(DWORD_PTR)];
};

static DWORD make_limit(enum access_limit limit, struct limit *made) {
    const BYTE below =
        limit == ACCESS_FOLDER ? (BYTE)(OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE) : (BYTE)0;
    const struct acl_entry entries[] = {{acl_system, FILE_ALL_ACCESS, below},
                                        {acl_administrators, FILE_ALL_ACCESS, below},
                                        {acl_users, READ_AND_RUN, 0}};
    return acl_make(made->list, sizeof made->list, entries, limit == ACCESS_PRIVATE ? 2 : 3);
}

/* A descriptor with a list, and as the owner Administrators if it stands alone. */
static DWORD describe(PACL list, bool alone, SECURITY_DESCRIPTOR *descriptor) {
    if (!InitializeSecurityDescriptor(descriptor, SECURITY_DESCRIPTOR_REVISION) ||
        !SetSecurityDescriptorDacl(descriptor, TRUE, list, FALSE) ||
        (alone && !SetSecurityDescriptorOwner(descriptor, (void *)acl_administrators, FALSE)))
        return GetLastError();
    /* NT 4.0 has no call for it, knows no inheritance that a list would have to be protected from,
     * and passes over the bit. */
    if (alone)
        descriptor->Control |= SE_DACL_PROTECTED;
    return ERROR_SUCCESS;
}

DWORD access_make_folder(const WCHAR *path) {
    struct limit limit;
    SECURITY_DESCRIPTOR descriptor;
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, &descriptor, FALSE};
    DWORD error = make_limit(ACCESS_FOLDER, &limit);
    if (error == ERROR_SUCCESS)
        error = describe((PACL)limit.list, true, &descriptor);
    if (error == ERROR_SUCCESS && !CreateDirectoryW(path, &attributes))
        error = GetLastError();
    return error;
}

/* aclapi's documentation knows paths without `\\?\` and without a backslash at their end only. */
static const WCHAR *plain_path(const WCHAR *path, WCHAR plain[MAX_PATH]) {
    static const WCHAR prefix[] = L"\\\\?\\";
    size_t skip = sizeof prefix / sizeof *prefix - 1;
    if (memcmp(path, prefix, skip * sizeof *prefix) != 0)
        skip = 0;
    size_t length = (size_t)lstrlenW(path + skip);
    /* \\?\UNC\host\share stays as it is. */
    if (length >= MAX_PATH || length < 2 || (skip > 0 && path[skip + 1] != L':'))
        return path;
    (void)lstrcpynW(plain, path + skip, MAX_PATH);
    if (length > sizeof "C:\\" - 1 && plain[length - 1] == L'\\')
        plain[length - 1] = L'\0';
    return plain;
}

/* Puts a list on a path; `alone` makes Administrators the owner, too, and nothing is inherited. */
static DWORD set_simply(const WCHAR *path, PACL list, bool alone) {
    SECURITY_INFORMATION what =
        alone ? DACL_SECURITY_INFORMATION | OWNER_SECURITY_INFORMATION : DACL_SECURITY_INFORMATION;
    SECURITY_DESCRIPTOR descriptor;
    DWORD error = describe(list, alone, &descriptor);
    if (error == ERROR_SUCCESS && !SetFileSecurityW(path, what, &descriptor))
        error = GetLastError();
    return error;
}

/* The same, and lets the list spread to what is in a folder, if this Windows can. */
GUARDED static DWORD set_list(const WCHAR *path, PACL list, bool alone) {
    const SECURITY_INFORMATION protected_too =
        OWNER_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
    WCHAR plain[MAX_PATH];
    DWORD error = SetNamedSecurityInfoW((WCHAR *)plain_path(path, plain), SE_FILE_OBJECT,
                                        alone ? DACL_SECURITY_INFORMATION | protected_too
                                              : DACL_SECURITY_INFORMATION,
                                        (void *)acl_administrators, NULL, list, NULL);
    return error == ERROR_SUCCESS ? error : set_simply(path, list, alone);
}

/* Whether others can still change it; `error` as access_open_to() has it. */
static bool is_still_open(const WCHAR *path, DWORD *error) {
    static const struct access_account nobody;
    return access_open_to(path, ACCESS_CHANGE, &nobody, error) != NULL;
}

DWORD access_protect(const WCHAR *path, enum access_limit limit) {
    struct limit made;
    DWORD error = make_limit(limit, &made);
    if (error == ERROR_SUCCESS)
        error = set_list(path, (PACL)made.list, true);
    if (error == ERROR_SUCCESS && is_still_open(path, &error))
        error = set_simply(path, (PACL)made.list, true);
    if (error == ERROR_SUCCESS && is_still_open(path, &error))
        error = ERROR_INVALID_ACL;
    return error;
}

/* ---- putting back ---- */

DWORD access_read(const WCHAR *path, void *to, DWORD size, DWORD *needed) {
    return GetFileSecurityW(path, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, to, size,
                            needed)
               ? ERROR_SUCCESS
               : GetLastError();
}

/* An administrator may give a file to somebody else, but has to say that he wants to. If he may not,
 * the call that sets the owner tells. */
static void want_to_restore(void) {
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};
    HANDLE token = NULL;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token))
        return;
    wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    if (LookupPrivilegeValueW(NULL, L"SeRestorePrivilege", &wanted.Privileges[0].Luid))
        (void)AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL);
    (void)CloseHandle(token);
}

GUARDED DWORD access_restore(const WCHAR *path, void *was) {
    const SECURITY_INFORMATION what = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    WCHAR plain[MAX_PATH];
    SECURITY_DESCRIPTOR_CONTROL control = 0;
    DWORD revision = 0;
    struct security security;
    if (!GetSecurityDescriptorControl(was, &control, &revision) || !take_apart(was, &security))
        return GetLastError();
    want_to_restore();
    /* What the folder above gives is given again, to what is in this one as well, if this Windows can.
     * That need not be what was there: a file may have been moved here with its list. */
    (void)SetNamedSecurityInfoW((WCHAR *)plain_path(path, plain), SE_FILE_OBJECT,
                                what | ((control & SE_DACL_PROTECTED) != 0
                                            ? PROTECTED_DACL_SECURITY_INFORMATION
                                            : UNPROTECTED_DACL_SECURITY_INFORMATION),
                                security.owner, NULL, security.list, NULL);
    /* Otherwise this call forgets that the list follows the one above. */
    if ((control & SE_DACL_AUTO_INHERITED) != 0)
        ((SECURITY_DESCRIPTOR_RELATIVE *)was)->Control |= SE_DACL_AUTO_INHERIT_REQ;
    return SetFileSecurityW(path, what, was) ? ERROR_SUCCESS : GetLastError();
}

/* ---- accounts ---- */

GUARDED DWORD access_find_account(const WCHAR *name, struct access_account *account) {
    WCHAR domain[256];
    DWORD domain_length = sizeof domain / sizeof domain[0];
    WCHAR local[MAX_COMPUTERNAME_LENGTH + 1 + ACCESS_ACCOUNT_UNITS];
    SID_NAME_USE use;
    account->has_sid = account->is_user = account->is_new = false;
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

static const WCHAR service_right[] = L"SeServiceLogonRight";

static bool has_right(LSA_HANDLE policy, struct access_account *account) {
    LSA_UNICODE_STRING *rights = NULL;
    ULONG count = 0;
    bool found = false;
    /* An account without any right is one that is not known here. */
    if (LsaEnumerateAccountRights(policy, &account->id, &rights, &count) != 0)
        return false;
    for (ULONG i = 0; i < count; i++)
        found |= rights[i].Length == sizeof service_right - sizeof service_right[0] &&
                 memcmp(rights[i].Buffer, service_right, rights[i].Length) == 0;
    (void)LsaFreeMemory(rights);
    return found;
}

static DWORD change_right(struct access_account *account, bool give) {
    LSA_UNICODE_STRING right = {sizeof service_right - sizeof service_right[0],
                                sizeof service_right, (WCHAR *)service_right};
    LSA_OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes};
    LSA_HANDLE policy = NULL;
    NTSTATUS status =
        LsaOpenPolicy(NULL, &attributes, POLICY_LOOKUP_NAMES | POLICY_CREATE_ACCOUNT, &policy);
    if (status == 0) {
        account->is_new = give && !has_right(policy, account);
        status = give ? LsaAddAccountRights(policy, &account->id, &right, 1)
                      : LsaRemoveAccountRights(policy, &account->id, FALSE, &right, 1);
        (void)LsaClose(policy);
    }
    return LsaNtStatusToWinError(status);
}

DWORD access_allow_service(struct access_account *account) {
    return change_right(account, true);
}

DWORD access_forbid_service(struct access_account *account) {
    return account->is_new ? change_right(account, false) : ERROR_SUCCESS;
}

/* Nobody who must not be locked out is in the old list only. */
static bool still_allows(PACL list, PACL old) {
    return (acl_allows(list, acl_system) || !acl_allows(old, acl_system)) &&
           (acl_allows(list, acl_administrators) || !acl_allows(old, acl_administrators));
}

static DWORD add_entries(const WCHAR *path, PACL old, const struct acl_entry *entries,
                         unsigned count) {
    PACL list = NULL;
    DWORD error = acl_replace(old, entries, count, &list);
    if (error != ERROR_SUCCESS)
        return error;
    return still_allows(list, old) ? set_list(path, list, false) : ERROR_INVALID_ACL;
}

DWORD access_grant(const WCHAR *path, struct access_account *account,
                   const struct access_rights *rights) {
    enum { ON_FILES = INHERIT_ONLY_ACE | OBJECT_INHERIT_ACE | NO_PROPAGATE_INHERIT_ACE };
    struct security security;
    struct acl_entry entries[3];
    unsigned count = 0;
    entries[count++] = (struct acl_entry){&account->id, rights->itself, 0};
    if (rights->files != 0)
        entries[count++] = (struct acl_entry){&account->id, rights->files, ON_FILES};
    if (rights->creators != 0)
        entries[count++] = (struct acl_entry){acl_creator, rights->creators, ON_FILES};
    DWORD error = read_security(path, DACL_SECURITY_INFORMATION, &security);
    /* No list lets everybody in; one with these entries alone would keep the others out. */
    if (error == ERROR_SUCCESS && security.list != NULL)
        error = add_entries(path, security.list, entries, count);
    return error;
}
