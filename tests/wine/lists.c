/* SPDX-License-Identifier: MIT */
/*
 * lists: what the product makes of access lists, which Wine's files do not keep.
 *
 * The product's own source is included as it is, with only the calls to Windows replaced that ask for the list of
 * a file or set it. Lists are written in SDDL.
 *
 *   lists limit folder|program|private PATH [fail]   access_protect(); `fail`: aclapi's call fails
 *   lists make PATH                                  access_make_folder()
 *   lists open change|own|rename|root SDDL           access_open_to() of a file with this list
 *   lists restore SDDL [fail]                        access_read() of that, then access_restore()
 *   lists grant SDDL SID ITSELF FILES CREATORS [lost]  access_grant(); `lost`: of the old list nothing is
 *                                                    in the new one, which an NT-compatible kernel once did
 *
 * Output: "CALL PATH SDDL" for each list that is set, then "error N", "open WHO" or "closed".
 */
#include <windows.h>

#include <aclapi.h>
#include <sddl.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

static DWORD WINAPI fake_set_named(WCHAR *path, SE_OBJECT_TYPE type, SECURITY_INFORMATION what,
                                   PSID owner, PSID group, PACL list, PACL audit);
static BOOL WINAPI fake_set_file(const WCHAR *path, SECURITY_INFORMATION what,
                                 PSECURITY_DESCRIPTOR descriptor);
static BOOL WINAPI fake_get_file(const WCHAR *path, SECURITY_INFORMATION what,
                                 PSECURITY_DESCRIPTOR to, DWORD size, DWORD *needed);
static BOOL WINAPI fake_make_folder(const WCHAR *path, SECURITY_ATTRIBUTES *attributes);
static DWORD WINAPI fake_attributes(const WCHAR *path);

#define SetNamedSecurityInfoW fake_set_named
#define SetFileSecurityW fake_set_file
#define GetFileSecurityW fake_get_file
#define CreateDirectoryW fake_make_folder
#define GetFileAttributesW fake_attributes
#define acl_replace fake_replace
#include "win/access.c"
#undef acl_replace
#undef GetFileAttributesW

DWORD acl_replace(PACL from, const struct acl_entry *entries, unsigned count, PACL *to);

static WCHAR sddl[4096] = L"O:BAD:P(A;;FA;;;BA)(A;;FA;;;SY)";
static BOOL fails, loses;

static void show(const char *call, const WCHAR *path, SECURITY_INFORMATION what,
                 PSECURITY_DESCRIPTOR descriptor) {
    WCHAR *text = NULL;
    ConvertSecurityDescriptorToStringSecurityDescriptorW(
        descriptor, SDDL_REVISION_1,
        what & (OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION), &text, NULL);
    printf("%s %ls %ls\n", call, path, text);
    lstrcpynW(sddl, text, ARRAYSIZE(sddl));
}

static DWORD WINAPI fake_set_named(WCHAR *path, SE_OBJECT_TYPE type, SECURITY_INFORMATION what,
                                   PSID owner, PSID group, PACL list, PACL audit) {
    SECURITY_DESCRIPTOR descriptor;
    (void)type, (void)group, (void)audit;
    if (fails)
        return ERROR_INVALID_PARAMETER;
    InitializeSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION);
    SetSecurityDescriptorDacl(&descriptor, TRUE, list, FALSE);
    if (what & OWNER_SECURITY_INFORMATION)
        SetSecurityDescriptorOwner(&descriptor, owner, FALSE);
    if (what & PROTECTED_DACL_SECURITY_INFORMATION)
        descriptor.Control |= SE_DACL_PROTECTED;
    show("named", path, what, &descriptor);
    return ERROR_SUCCESS;
}

static BOOL WINAPI fake_set_file(const WCHAR *path, SECURITY_INFORMATION what,
                                 PSECURITY_DESCRIPTOR descriptor) {
    show("file", path, what, descriptor);
    return TRUE;
}

static BOOL WINAPI fake_get_file(const WCHAR *path, SECURITY_INFORMATION what,
                                 PSECURITY_DESCRIPTOR to, DWORD size, DWORD *needed) {
    PSECURITY_DESCRIPTOR made = NULL;
    (void)path, (void)what;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1, &made, needed))
        return FALSE;
    SetLastError(ERROR_INSUFFICIENT_BUFFER);
    if (size < *needed)
        return FALSE;
    memcpy(to, made, *needed);
    return TRUE;
}

static BOOL WINAPI fake_make_folder(const WCHAR *path, SECURITY_ATTRIBUTES *attributes) {
    show("folder", path, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
         attributes->lpSecurityDescriptor);
    return TRUE;
}

static DWORD WINAPI fake_attributes(const WCHAR *path) {
    (void)path;
    return FILE_ATTRIBUTE_DIRECTORY;
}

DWORD fake_replace(PACL from, const struct acl_entry *entries, unsigned count, PACL *to) {
    ACL none;
    InitializeAcl(&none, sizeof none, ACL_REVISION);
    return acl_replace(loses ? &none : from, entries, count, to);
}

static int tell(DWORD error) {
    printf("error %lu\n", error);
    return 0;
}

static int limit(const WCHAR *kind, const WCHAR *path) {
    return tell(access_protect(path, kind[0] == L'f'                      ? ACCESS_FOLDER
                                     : kind[1] == L'r' && kind[2] == L'o' ? ACCESS_PROGRAM
                                                                          : ACCESS_PRIVATE));
}

static int ask(const WCHAR *question) {
    static struct access_account nobody;
    DWORD error = 0;
    const char *who = access_open_to(L"C:\\x",
                                     question[0] == L'c'   ? ACCESS_CHANGE
                                     : question[0] == L'o' ? ACCESS_OWN
                                     : question[1] == L'e' ? ACCESS_RENAME
                                                           : ACCESS_RENAME_ROOT,
                                     &nobody, &error);
    if (error != ERROR_SUCCESS)
        return tell(error);
    printf(who != NULL ? "open %s\n" : "closed\n", who);
    return 0;
}

static int restore(void) {
    static DWORD_PTR room[512];
    DWORD needed = 0;
    DWORD error = access_read(L"C:\\x", room, sizeof room, &needed);
    return tell(error != ERROR_SUCCESS ? error : access_restore(L"C:\\x", room));
}

static int grant(WCHAR **words) {
    static struct access_account account = {.has_sid = true};
    struct access_rights rights = {wcstoul(words[1], NULL, 0), wcstoul(words[2], NULL, 0),
                                   wcstoul(words[3], NULL, 0)};
    PSID sid = NULL;
    if (!ConvertStringSidToSidW(words[0], &sid) || !CopySid(sizeof account.id, &account.id, sid))
        return tell(GetLastError());
    return tell(access_grant(L"C:\\x", &account, &rights));
}

int main(void) {
    int argc;
    WCHAR **argv = CommandLineToArgvW(GetCommandLineW(), &argc);

    if (argc >= 4 && wcscmp(argv[1], L"limit") == 0) {
        fails = argc > 4;
        return limit(argv[2], argv[3]);
    }
    if (argc == 3 && wcscmp(argv[1], L"make") == 0)
        return tell(access_make_folder(argv[2]));
    if (argc == 4 && wcscmp(argv[1], L"open") == 0) {
        lstrcpynW(sddl, argv[3], ARRAYSIZE(sddl));
        return ask(argv[2]);
    }
    if (argc >= 3 && wcscmp(argv[1], L"restore") == 0) {
        lstrcpynW(sddl, argv[2], ARRAYSIZE(sddl));
        fails = argc > 3;
        return restore();
    }
    if (argc >= 7 && wcscmp(argv[1], L"grant") == 0) {
        loses = argc > 7;
        lstrcpynW(sddl, argv[2], ARRAYSIZE(sddl));
        return grant(argv + 3);
    }
    fputs("usage: see lists.c\n", stderr);
    return 100;
}
