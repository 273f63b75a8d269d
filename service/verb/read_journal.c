#include "verb/read_journal.h"

#include "host_win.h"

struct host_result read_journal(const WCHAR *path, struct journal_reader *reader,
                                journal_visit *visit) {
    static char piece[4096];
    struct host_result result = {HOST_OK, 0, NULL};
    DWORD got = 1;
    journal_begin(reader);
    HANDLE file =
        CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        result = host_win_last_error();
        if (result.error == ERROR_FILE_NOT_FOUND)
            result.code = HOST_GONE;
        return result;
    }
    while (result.code == HOST_OK && got > 0) {
        if (!ReadFile(file, piece, sizeof piece, &got, NULL))
            result = host_win_last_error();
        else
            journal_feed(reader, piece, got, visit, NULL);
    }
    (void)journal_end(reader, visit, NULL);
    (void)CloseHandle(file);
    return result;
}
