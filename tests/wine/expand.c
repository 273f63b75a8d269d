/* SPDX-License-Identifier: MIT */
/*
 * expand: what the product makes of the variables in a path.
 *
 *   expand PATH [UNITS]     prints the result, or `unknown NAME`, or `too long`
 *
 * UTF-8. The rest is service/win/expand.c as it is built for the program.
 */
#include "win/expand.h"

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#include <shellapi.h>

static void print(const char *before, const WCHAR *text) {
    char utf8[4096];
    WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, sizeof utf8, NULL, NULL);
    printf("%s%s\n", before, utf8);
}

int main(void) {
    WCHAR to[1024];
    WCHAR name[EXPAND_NAME_UNITS];
    int argc;
    WCHAR **argv = CommandLineToArgvW(GetCommandLineW(), &argc);
    size_t units = argc > 2 ? wcstoul(argv[2], NULL, 10) : sizeof to / sizeof to[0];
    switch (expand_path(argv[1], to, units, name)) {
    case EXPAND_DONE:
        print("", to);
        return 0;
    case EXPAND_UNKNOWN:
        print("unknown ", name);
        return 1;
    default:
        puts("too long");
        return 1;
    }
}
