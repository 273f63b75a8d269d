/* SPDX-License-Identifier: MIT */
#include "verb/password.h"

#include <stdbool.h>

#include "console.h"
#include "text.h"

int password_ask(WCHAR password[PASSWORD_UNITS]) {
    static char line[PASSWORD_UNITS * 3];
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    DWORD mode = 0;
    DWORD got = 0;
    DWORD count = 0;
    bool good = true;
    if (GetConsoleMode(input, &mode)) {
        (void)console_print(CONSOLE_ERROR, "Password: ");
        good = SetConsoleMode(input, mode & ~(DWORD)ENABLE_ECHO_INPUT) &&
               ReadConsoleW(input, password, PASSWORD_UNITS - 1, &count, NULL);
        (void)SetConsoleMode(input, mode);
        (void)console_print(CONSOLE_ERROR, "\r\n");
    } else {
        while (good && got < sizeof line && (got == 0 || line[got - 1] != '\n')) {
            DWORD n = 0;
            good = ReadFile(input, line + got, 1, &n, NULL) || GetLastError() == ERROR_BROKEN_PIPE;
            if (n == 0)
                break;
            got++;
        }
        size_t units = text_to_utf16(line, got, password, PASSWORD_UNITS);
        good = good && units != (size_t)-1;
        count = (DWORD)units;
        SecureZeroMemory(line, sizeof line);
    }
    if (!good)
        return console_fail("cannot read the password", "");
    while (count > 0 && (password[count - 1] == L'\r' || password[count - 1] == L'\n'))
        count--;
    password[count] = L'\0';
    return 0;
}
