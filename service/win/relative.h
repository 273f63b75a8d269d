/* SPDX-License-Identifier: MIT */
/*
 * relative: files by their name in a folder that is open, whatever its path has come to mean.
 *
 * CreateFile knows paths only; NtCreateFile, there since NT 3.1, opens relative to a handle. Nothing
 * is normalised: a name is one name, so the caller refuses those with a backslash in them.
 *
 * Any thread; the only memory is the caller's. The calls return what the system says, a status: it
 * tells apart what GetLastError() has one number for.
 */
#ifndef KMREPAIR_WIN_RELATIVE_H
#define KMREPAIR_WIN_RELATIVE_H

#include <windows.h>
#include <winternl.h>

#include <ntstatus.h>

#include <stdbool.h>

/* Opens what is there; `folder` may be NULL when `name` is a full name of the system's own, such as
 * \??\C:\x. An empty name is the folder itself. `access` gets what CreateFile adds; `options` are
 * FILE_NON_DIRECTORY_FILE and the like; a server that opens the file may find out who asks, not act
 * in that name. Does not wait for the holder of an oplock: STATUS_SHARING_VIOLATION. */
NTSTATUS relative_open(HANDLE folder, const WCHAR *name, ACCESS_MASK access, ULONG share,
                       ULONG options, HANDLE *file);

/* The next entries of a folder that was opened to be listed, as many as `size` has room for, aligned
 * to eight bytes. `pattern` may be NULL; it is that of the first call, which begins the list, for all
 * of the handle's life. `filled` is how many bytes came. STATUS_NO_MORE_FILES, or STATUS_NO_SUCH_FILE
 * at once. */
NTSTATUS relative_list(HANDLE folder, const WCHAR *pattern, bool first,
                       FILE_DIRECTORY_INFORMATION *entries, ULONG size, ULONG *filled);

enum { RELATIVE_LAST = 0x7FFFFFFF };

/* The entry at `*next` of those that relative_list() has brought, first 0; moves it on, to RELATIVE_LAST
 * behind the last. NULL when what came is not what is documented: a server may have sent anything. */
const FILE_DIRECTORY_INFORMATION *relative_entry(const void *entries, ULONG filled, ULONG *next);

/* The Win32 error that means the same. */
DWORD relative_error(NTSTATUS status);

#endif
