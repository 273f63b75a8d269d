/* SPDX-License-Identifier: MIT */
/*
 * fault: calls of Windows that fail, or answer, as Wine's never do. Linked with all of the product's own objects it
 * makes a kmrepair.exe that is the product in everything else.
 *
 * The product calls Windows through pointers that the linker takes from an import library, such as
 * __imp__WriteFile@20. Those that are defined here come first. What is on is asked for at each call: the fault NAME
 * is on as long as there is a file FOLDER-NAME, where FOLDER is that of the program:
 *
 *   locked    a byte written to a file meets somebody's byte-range lock (Wine's LockFileEx stops no write)
 *   full      the event log is full
 *   denied    the journal may not be written to (Wine has no access lists)
 *   unread    nor may it be read
 *   short     of a list of changes the first entry says that it is the last, whatever the system filled besides
 *   pad4, pad8 so many bytes are filled behind the last entry
 *   oplock    somebody has an oplock on each record that is opened, which is being broken
 *   noempty   nothing is opened by an empty name, as by some redirectors
 *   nolinks   FILE_OPEN_REPARSE_POINT is not known, as on NT 4.0
 *   link      each record is a reparse point
 *   linked    each file that is opened by its path is one
 *   volume    each of these is a whole volume: of the type of a disk, and without an identity
 *   listing   the first entry of a list of files says that its name is longer than all that came
 *   kept      kmrepair.jnl.old may not be replaced, as when somebody has it open
 *   nomake    no service may be created
 *   nodelete  no service may be deleted
 *   nosource  no key of the registry may be deleted
 *   nospace   no cluster of the disk is free
 *   fat       drive Z: keeps no access lists
 *   close     the console is closed: whoever handles that is told, and when he returns the process ends
 *   database  the database of services is locked, as while the host starts
 *   bitlocker the Clients folder is on a drive that BitLocker keeps locked
 *   levels    ChangeServiceConfig2 knows no level, and says so by ERROR_INVALID_PARAMETER
 *
 * A process that was started before sees a fault come and go.
 */
#include <windows.h>
#include <winternl.h>

#include <ntstatus.h>

#ifdef _WIN64
#define IMPORT(name, bytes) __asm__("__imp_" #name)
#else
#define IMPORT(name, bytes) __asm__("__imp__" #name "@" #bytes)
#endif

typedef BOOL WINAPI write_file(HANDLE, const void *, DWORD, DWORD *, OVERLAPPED *);
typedef HANDLE WINAPI create_file(const WCHAR *, DWORD, DWORD, SECURITY_ATTRIBUTES *, DWORD, DWORD,
                                  HANDLE);
typedef BOOL WINAPI report_event(HANDLE, WORD, WORD, DWORD, void *, WORD, DWORD, const WCHAR **,
                                 void *);
typedef BOOL WINAPI read_changes(HANDLE, void *, DWORD, BOOL, DWORD, DWORD *, OVERLAPPED *,
                                 LPOVERLAPPED_COMPLETION_ROUTINE);
typedef BOOL WINAPI get_result(HANDLE, OVERLAPPED *, DWORD *, BOOL);

typedef NTSTATUS NTAPI nt_create(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, IO_STATUS_BLOCK *,
                                 LARGE_INTEGER *, ULONG, ULONG, ULONG, ULONG, void *, ULONG);
typedef NTSTATUS NTAPI nt_list(HANDLE, HANDLE, void *, void *, IO_STATUS_BLOCK *, void *, ULONG,
                               FILE_INFORMATION_CLASS, BOOLEAN, UNICODE_STRING *, BOOLEAN);
typedef NTSTATUS NTAPI nt_info(HANDLE, IO_STATUS_BLOCK *, void *, ULONG, FILE_INFORMATION_CLASS);
typedef BOOL WINAPI get_info(HANDLE, BY_HANDLE_FILE_INFORMATION *);
typedef SC_HANDLE WINAPI make_service(SC_HANDLE, const WCHAR *, const WCHAR *, DWORD, DWORD, DWORD,
                                      DWORD, const WCHAR *, const WCHAR *, DWORD *, const WCHAR *,
                                      const WCHAR *, const WCHAR *);
typedef BOOL WINAPI delete_service(SC_HANDLE);
typedef LONG WINAPI delete_key(HKEY, const WCHAR *);
typedef BOOL WINAPI get_volume(const WCHAR *, WCHAR *, DWORD, DWORD *, DWORD *, DWORD *, WCHAR *,
                               DWORD);
typedef BOOL WINAPI set_handler(PHANDLER_ROUTINE, BOOL);
typedef BOOL WINAPI start_service(SC_HANDLE, DWORD, const WCHAR **);
typedef BOOL WINAPI get_space(const WCHAR *, DWORD *, DWORD *, DWORD *, DWORD *);
typedef BOOL WINAPI move_file(const WCHAR *, const WCHAR *, DWORD);

enum { WATCHES = 8 };

/* Where the system writes a list of changes: the buffer of each watch, by its OVERLAPPED. */
static struct {
    const OVERLAPPED *overlapped;
    void *buffer;
} watches[WATCHES];

static HANDLE last_by_path; /* on whatever thread: the tests ask of one that has one */

/* What GetProcAddress, which is replaced as well, calls itself. */
NTSTATUS NTAPI LdrGetProcedureAddress(HMODULE module, const STRING *name, ULONG ordinal,
                                      void **address);

static FARPROC find(HMODULE module, const char *name) {
    STRING string;
    void *address = NULL;

    string.Length = string.MaximumLength = (USHORT)lstrlenA(name);
    string.Buffer = (char *)name;
    LdrGetProcedureAddress(module, &string, 0, &address);
    return (FARPROC)address;
}

static FARPROC real(const WCHAR *module, const char *name) {
    return find(GetModuleHandleW(module), name);
}

static BOOL is_on(const WCHAR *name) {
    WCHAR path[MAX_PATH + 16];
    DWORD at = GetModuleFileNameW(NULL, path, MAX_PATH);

    while (at > 0 && path[at] != L'\\')
        at--;
    path[at++] = L'-';
    while ((path[at++] = *name++) != L'\0')
        continue;
    return GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
}

static BOOL ends_in_jnl(const WCHAR *path) {
    DWORD length = (DWORD)lstrlenW(path);

    return length > 4 && lstrcmpiW(path + length - 4, L".jnl") == 0;
}

static BOOL WINAPI fault_write(HANDLE file, const void *bytes, DWORD size, DWORD *done,
                               OVERLAPPED *at) {
    if (size == 1 && is_on(L"locked")) {
        SetLastError(ERROR_LOCK_VIOLATION);
        return FALSE;
    }
    return ((write_file *)(void *)real(L"kernel32", "WriteFile"))(file, bytes, size, done, at);
}

static HANDLE WINAPI fault_create(const WCHAR *path, DWORD access, DWORD share,
                                  SECURITY_ATTRIBUTES *security, DWORD how, DWORD flags,
                                  HANDLE like) {
    if (ends_in_jnl(path) && (access & (GENERIC_WRITE | FILE_APPEND_DATA | FILE_WRITE_DATA)) != 0 &&
        is_on(L"denied")) {
        SetLastError(ERROR_ACCESS_DENIED);
        return INVALID_HANDLE_VALUE;
    }
    if (ends_in_jnl(path) && is_on(L"unread")) {
        SetLastError(ERROR_ACCESS_DENIED);
        return INVALID_HANDLE_VALUE;
    }
    int length = lstrlenW(path);
    if (length > 7 && lstrcmpiW(path + length - 7, L"Clients") == 0 && is_on(L"bitlocker")) {
        SetLastError(0x80310000); /* FVE_E_LOCKED_VOLUME, which Wine's headers have not */
        return INVALID_HANDLE_VALUE;
    }
    last_by_path = ((create_file *)(void *)real(L"kernel32", "CreateFileW"))(
        path, access, share, security, how, flags, like);
    return last_by_path;
}

static BOOL WINAPI fault_report(HANDLE log, WORD type, WORD category, DWORD id, void *user,
                                WORD count, DWORD size, const WCHAR **strings, void *data) {
    if (is_on(L"full")) {
        SetLastError(ERROR_LOG_FILE_FULL);
        return FALSE;
    }
    return ((report_event *)(void *)real(L"advapi32", "ReportEventW"))(
        log, type, category, id, user, count, size, strings, data);
}

static BOOL WINAPI fault_changes(HANDLE folder, void *buffer, DWORD size, BOOL below, DWORD filter,
                                 DWORD *got, OVERLAPPED *overlapped,
                                 LPOVERLAPPED_COMPLETION_ROUTINE then) {
    BOOL good = ((read_changes *)(void *)real(L"kernel32", "ReadDirectoryChangesW"))(
        folder, buffer, size, below, filter, got, overlapped, then);
    if (good) {
        int at = 0;
        while (at < WATCHES - 1 && watches[at].overlapped != NULL &&
               watches[at].overlapped != overlapped)
            at++;
        watches[at].overlapped = overlapped;
        watches[at].buffer = buffer;
    }
    return good;
}

static BOOL WINAPI fault_result(HANDLE file, OVERLAPPED *overlapped, DWORD *bytes, BOOL wait) {
    BOOL good = ((get_result *)(void *)real(L"kernel32", "GetOverlappedResult"))(file, overlapped,
                                                                                 bytes, wait);
    int at = 0;

    while (at < WATCHES && watches[at].overlapped != overlapped)
        at++;
    if (!good || *bytes == 0 || at == WATCHES)
        return good;
    if (is_on(L"short"))
        ((FILE_NOTIFY_INFORMATION *)watches[at].buffer)->NextEntryOffset = 0;
    if (is_on(L"pad4"))
        *bytes += 4;
    if (is_on(L"pad8"))
        *bytes += 8;
    return TRUE;
}

/* Of ntdll the product links stubs and not the pointers, so these have the names themselves. */
NTSTATUS NTAPI NtCreateFile(HANDLE *file, ACCESS_MASK access, OBJECT_ATTRIBUTES *object,
                            IO_STATUS_BLOCK *io, LARGE_INTEGER *size, ULONG attributes, ULONG share,
                            ULONG how, ULONG options, void *ea, ULONG count) {
    BOOL is_record = (options & FILE_NON_DIRECTORY_FILE) != 0;
    NTSTATUS status = STATUS_SUCCESS;

    if ((options & FILE_OPEN_REPARSE_POINT) != 0 && is_on(L"nolinks"))
        return STATUS_INVALID_PARAMETER;
    if (object->ObjectName->Length == 0 && is_on(L"noempty"))
        return STATUS_OBJECT_NAME_INVALID;
    status = ((nt_create *)(void *)real(L"ntdll", "NtCreateFile"))(
        file, access, object, io, size, attributes, share, how, options, ea, count);
    if (status == STATUS_SUCCESS && is_record && (options & FILE_COMPLETE_IF_OPLOCKED) != 0 &&
        is_on(L"oplock"))
        return STATUS_OPLOCK_BREAK_IN_PROGRESS;
    return status;
}

NTSTATUS NTAPI NtQueryDirectoryFile(HANDLE folder, HANDLE event, void *apc, void *context,
                                    IO_STATUS_BLOCK *io, void *to, ULONG size,
                                    FILE_INFORMATION_CLASS what, BOOLEAN one,
                                    UNICODE_STRING *pattern, BOOLEAN again) {
    NTSTATUS status = ((nt_list *)(void *)real(L"ntdll", "NtQueryDirectoryFile"))(
        folder, event, apc, context, io, to, size, what, one, pattern, again);
    if (status == STATUS_SUCCESS && is_on(L"listing"))
        ((FILE_DIRECTORY_INFORMATION *)to)->FileNameLength = 0x7FFFFFF0;
    return status;
}

NTSTATUS NTAPI NtQueryInformationFile(HANDLE file, IO_STATUS_BLOCK *io, void *to, ULONG size,
                                      FILE_INFORMATION_CLASS what) {
    NTSTATUS status =
        ((nt_info *)(void *)real(L"ntdll", "NtQueryInformationFile"))(file, io, to, size, what);
    if (what == FileAllInformation && is_on(L"link"))
        ((FILE_ALL_INFORMATION *)to)->BasicInformation.FileAttributes |=
            FILE_ATTRIBUTE_REPARSE_POINT;
    return status;
}

static BOOL WINAPI fault_info(HANDLE file, BY_HANDLE_FILE_INFORMATION *info) {
    BOOL good = ((get_info *)(void *)real(L"kernel32", "GetFileInformationByHandle"))(file, info);
    BOOL by_path = file == last_by_path;
    if (!good || (info->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
        return good;
    if (by_path && is_on(L"linked"))
        info->dwFileAttributes |= FILE_ATTRIBUTE_REPARSE_POINT;
    if (by_path && is_on(L"volume")) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    return good;
}

static BOOL WINAPI fault_move(const WCHAR *from, const WCHAR *to, DWORD flags) {
    if ((flags & MOVEFILE_REPLACE_EXISTING) != 0 && is_on(L"kept")) {
        SetLastError(ERROR_ACCESS_DENIED);
        return FALSE;
    }
    return ((move_file *)(void *)real(L"kernel32", "MoveFileExW"))(from, to, flags);
}

static BOOL deny(void) {
    SetLastError(ERROR_ACCESS_DENIED);
    return FALSE;
}

static SC_HANDLE WINAPI fault_make_service(SC_HANDLE manager, const WCHAR *name,
                                           const WCHAR *display, DWORD access, DWORD type,
                                           DWORD start, DWORD control, const WCHAR *image,
                                           const WCHAR *group, DWORD *tag, const WCHAR *needs,
                                           const WCHAR *account, const WCHAR *password) {
    if (is_on(L"nomake")) {
        (void)deny();
        return NULL;
    }
    return ((make_service *)(void *)real(L"advapi32", "CreateServiceW"))(
        manager, name, display, access, type, start, control, image, group, tag, needs, account,
        password);
}

static BOOL WINAPI fault_delete_service(SC_HANDLE service) {
    return is_on(L"nodelete")
               ? deny()
               : ((delete_service *)(void *)real(L"advapi32", "DeleteService"))(service);
}

static LONG WINAPI fault_delete_key(HKEY key, const WCHAR *name) {
    return is_on(L"nosource")
               ? ERROR_ACCESS_DENIED
               : ((delete_key *)(void *)real(L"advapi32", "RegDeleteKeyW"))(key, name);
}

static BOOL WINAPI fault_volume(const WCHAR *root, WCHAR *name, DWORD units, DWORD *serial,
                                DWORD *longest, DWORD *flags, WCHAR *type, DWORD type_units) {
    BOOL good = ((get_volume *)(void *)real(L"kernel32", "GetVolumeInformationW"))(
        root, name, units, serial, longest, flags, type, type_units);
    if (root[0] == L'Z' && flags != NULL && is_on(L"fat")) {
        *flags = 0;
        return TRUE;
    }
    return good;
}

static BOOL WINAPI fault_space(const WCHAR *root, DWORD *sectors, DWORD *bytes, DWORD *left,
                               DWORD *all) {
    BOOL good = ((get_space *)(void *)real(L"kernel32", "GetDiskFreeSpaceW"))(root, sectors, bytes,
                                                                              left, all);
    if (good && is_on(L"nospace"))
        *left = 0;
    return good;
}

extern void *const import_space IMPORT(GetDiskFreeSpaceW, 20);
extern void *const import_make_service IMPORT(CreateServiceW, 52);
extern void *const import_delete_service IMPORT(DeleteService, 4);
extern void *const import_delete_key IMPORT(RegDeleteKeyW, 8);
extern void *const import_volume IMPORT(GetVolumeInformationW, 32);
static BOOL WINAPI fault_level(SC_HANDLE service, DWORD level, void *what) {
    (void)service, (void)level, (void)what;
    SetLastError(ERROR_INVALID_PARAMETER);
    return FALSE;
}

static DWORD WINAPI await_close(void *handler) {
    while (!is_on(L"close"))
        Sleep(20);
    ((PHANDLER_ROUTINE)handler)(CTRL_CLOSE_EVENT);
    return TerminateProcess(GetCurrentProcess(), 1);
}

static BOOL WINAPI fault_handler(PHANDLER_ROUTINE handler, BOOL add) {
    HANDLE thread = CreateThread(NULL, 0, await_close, (void *)handler, 0, NULL);
    if (thread != NULL)
        CloseHandle(thread);
    return ((set_handler *)(void *)real(L"kernel32", "SetConsoleCtrlHandler"))(handler, add);
}

static BOOL WINAPI fault_start(SC_HANDLE service, DWORD count, const WCHAR **words) {
    if (is_on(L"database")) {
        SetLastError(ERROR_SERVICE_DATABASE_LOCKED);
        return FALSE;
    }
    return ((start_service *)(void *)real(L"advapi32", "StartServiceW"))(service, count, words);
}

static FARPROC WINAPI fault_find(HMODULE module, const char *name) {
    if (lstrcmpA(name, "ChangeServiceConfig2W") == 0 && is_on(L"levels"))
        return (FARPROC)(void *)fault_level;
    return find(module, name);
}

extern void *const import_find IMPORT(GetProcAddress, 8);
extern void *const import_handler IMPORT(SetConsoleCtrlHandler, 8);
extern void *const import_start IMPORT(StartServiceW, 12);
extern void *const import_info IMPORT(GetFileInformationByHandle, 8);
extern void *const import_move IMPORT(MoveFileExW, 12);
extern void *const import_write IMPORT(WriteFile, 20);
extern void *const import_create IMPORT(CreateFileW, 28);
extern void *const import_report IMPORT(ReportEventW, 36);
extern void *const import_changes IMPORT(ReadDirectoryChangesW, 32);
extern void *const import_result IMPORT(GetOverlappedResult, 16);

void *const import_space = (void *)fault_space;
void *const import_make_service = (void *)fault_make_service;
void *const import_delete_service = (void *)fault_delete_service;
void *const import_delete_key = (void *)fault_delete_key;
void *const import_volume = (void *)fault_volume;
void *const import_find = (void *)fault_find;
void *const import_handler = (void *)fault_handler;
void *const import_start = (void *)fault_start;
void *const import_info = (void *)fault_info;
void *const import_move = (void *)fault_move;
void *const import_write = (void *)fault_write;
void *const import_create = (void *)fault_create;
void *const import_report = (void *)fault_report;
void *const import_changes = (void *)fault_changes;
void *const import_result = (void *)fault_result;
