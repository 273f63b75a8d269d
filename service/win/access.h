/* SPDX-License-Identifier: MIT */
/*
 * access: who may change a file or folder, and who may be a service.
 *
 * For the verbs, on the process's first thread. A list has at most 64 KB, as Windows has it, the name of an
 * account ACCESS_ACCOUNT_UNITS. Every call that returns DWORD returns a Win32 error, 0 if none.
 */
#ifndef KMREPAIR_ACCESS_H
#define KMREPAIR_ACCESS_H

#include <windows.h>

#include <stdbool.h>
#include <stddef.h>

enum { ACCESS_ACCOUNT_UNITS = 513 }; /* domain and name of an account, terminated */

/* False on FAT and the like, where nothing below can be done and everybody may change
 * everything. */
bool access_is_kept(const WCHAR *path);

/* An account, by the name that the SCM knows it by. LocalSystem needs nothing, and has no SID
 * here. */
struct access_account {
    bool has_sid;
    bool is_user; /* with a password, unless it is a managed one; not yet allowed to be a service */
    bool is_new;  /* access_allow_service() has given it a right that it did not have */
    union {
        SID sid;
        BYTE bytes[SECURITY_MAX_SID_SIZE];
    } id;
};

/* What somebody may do who is not SYSTEM, an administrator, TrustedInstaller, the caller or the
 * account that the service has. */
enum access_question {
    ACCESS_CHANGE,     /* change it, or what is in it; also by owning it */
    ACCESS_OWN,        /* own it */
    ACCESS_RENAME,     /* a folder above: rename or replace it or what is in it */
    ACCESS_RENAME_ROOT /* the same of the root of a drive, which itself cannot be renamed */
};

/* The name of the first of them, good until the next call; NULL if there is nobody. `error` is set when it cannot
 * be told, ERROR_FILE_NOT_FOUND when there is no such file. */
const char *access_open_to(const WCHAR *path, enum access_question question,
                           const struct access_account *registered, DWORD *error);

/* How something is limited. Owner Administrators, full access for SYSTEM and Administrators, none
 * for others but what is said here, nothing inherited from above. */
enum access_limit {
    ACCESS_FOLDER,  /* Users may list it; what is made in it later is as ACCESS_PRIVATE */
    ACCESS_PROGRAM, /* Users may read and execute it: it holds the texts of the events */
    ACCESS_PRIVATE
};

/* Makes a folder that has its list from the first moment on. ERROR_ALREADY_EXISTS when it is
 * there. */
DWORD access_make_folder(const WCHAR *path);

/* Limits what is there, and reads back that it is. ERROR_INVALID_ACL: Windows took the list, but
 * others can still change it. */
DWORD access_protect(const WCHAR *path, enum access_limit limit);

/* Owner and list as they are, for access_restore(). `*needed` is how many bytes that is;
 * ERROR_INSUFFICIENT_BUFFER when it is more than `size`. */
DWORD access_read(const WCHAR *path, void *to, DWORD size, DWORD *needed);

/* Puts back what access_read() has read. */
DWORD access_restore(const WCHAR *path, void *was);

DWORD access_find_account(const WCHAR *name, struct access_account *account);

/* Lets it log on as a service, which ordinary accounts may not. */
DWORD access_allow_service(struct access_account *account);

/* Takes that back, if it is new. */
DWORD access_forbid_service(struct access_account *account);

/* Rights that an account gets on top of those that are there; 0: none. */
struct access_rights {
    DWORD itself;   /* on the file or folder */
    DWORD files;    /* on the files in the folder, now and later */
    DWORD creators; /* whoever makes a file in it, on that file */
};

/* On NT 4.0 what `files` says is for files that are made later: there, lists do not spread. Refuses
 * (ERROR_INVALID_ACL) to set a list that would lock SYSTEM or Administrators out who were in. */
DWORD access_grant(const WCHAR *path, struct access_account *account,
                   const struct access_rights *rights);

#endif
