/* SPDX-License-Identifier: MIT */
#include "win/own_console.h"

typedef DWORD WINAPI get_processes(DWORD *, DWORD);

static bool is_console(DWORD stream) {
    DWORD mode = 0;
    return GetConsoleMode(GetStdHandle(stream), &mode) != FALSE;
}

/* Windows 2000 has no list of a console's processes, and neither has NT 4.0. */
static bool is_new(void) {
    CONSOLE_SCREEN_BUFFER_INFO info;
    return GetConsoleScreenBufferInfo(GetStdHandle(STD_OUTPUT_HANDLE), &info) &&
           info.dwCursorPosition.X == 0 && info.dwCursorPosition.Y == 0;
}

bool own_console_is(void) {
    DWORD two[2];
    get_processes *get = (get_processes *)(void *)GetProcAddress(GetModuleHandleW(L"kernel32.dll"),
                                                                 "GetConsoleProcessList");
    return is_console(STD_INPUT_HANDLE) && is_console(STD_OUTPUT_HANDLE) &&
           is_console(STD_ERROR_HANDLE) && (get != NULL ? get(two, 2) == 1 : is_new());
}

void own_console_wait(void) {
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    INPUT_RECORD record;
    DWORD count = 0;
    do
        record.EventType = 0;
    while (ReadConsoleInputW(input, &record, 1, &count) &&
           (record.EventType != KEY_EVENT || !record.Event.KeyEvent.bKeyDown));
}
