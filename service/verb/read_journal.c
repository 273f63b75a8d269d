/* SPDX-License-Identifier: MIT */
#include "verb/read_journal.h"

#include "journal_file.h"
#include "result.h"
#include "todo.h"

/* The present journal has no name in the middle of journal_file_replace(), and after a crash there until the
 * service opens it: then kmrepair.jnl.new is it, unless that has got the name since. */
static HANDLE open_journal(const WCHAR *path) {
    static WCHAR next[PATH_UNITS];
    const WCHAR *const names[] = {path, next, path};
    bool is_present = path_ends_in(path, L".jnl") && path_beside(path, JOURNAL_NEW, next);
    HANDLE file = INVALID_HANDLE_VALUE;
    for (int i = 0; i < (is_present ? 3 : 1); i++) {
        file = CreateFileW(names[i], GENERIC_READ,
                           FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                           OPEN_EXISTING, SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
        if (file != INVALID_HANDLE_VALUE || GetLastError() != ERROR_FILE_NOT_FOUND)
            break;
    }
    return file;
}

struct host_result read_journal(const WCHAR *path, struct journal_reader *reader,
                                journal_visit *visit, void *context) {
    static char piece[4096];
    struct host_result result;
    DWORD got = 1;
    journal_begin(reader);
    HANDLE file = open_journal(path);
    if (file == INVALID_HANDLE_VALUE) {
        result = result_last();
        if (result.error == ERROR_FILE_NOT_FOUND)
            result.code = HOST_GONE;
        /* That is what is said of a folder. */
        if (result.error == ERROR_ACCESS_DENIED && path_has(path, FILE_ATTRIBUTE_DIRECTORY))
            result.reason = journal_file_folder;
        return result;
    }
    result = journal_file_check(file);
    while (result.code == HOST_OK && got > 0) {
        if (!ReadFile(file, piece, sizeof piece, &got, NULL))
            result = result_last();
        else
            journal_feed(reader, piece, got, visit, context);
    }
    (void)journal_end(reader, visit, context);
    (void)CloseHandle(file);
    return result;
}

struct records {
    struct memory *memory;
    struct host_win *host;
};

/* journal_visit */
static void take_entry(void *context, const struct journal_entry *entry) {
    const struct records *records = context;
    if (folder_is_open(&records->host->folder))
        todo_apply(records->memory, &records->host->host, entry);
    else
        memory_apply(records->memory, entry);
}

struct host_result read_records(const WCHAR *path, struct journal_reader *reader,
                                struct memory *memory, struct host_win *host) {
    struct records records = {memory, host};
    memory_clear(memory);
    return read_journal(path, reader, take_entry, &records);
}
