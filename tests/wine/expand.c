/* SPDX-License-Identifier: MIT */
/*
 * expand: what the product makes of the variables in a path.
 *
 *   expand PATH [BYTES]     prints the result, or `unknown NAME`, or `too long`
 *
 * UTF-8. The rest is service/win/expand.c as it is built for the program.
 */
#include "win/expand.h"

#include <stdio.h>
#include <wchar.h>

#include <shellapi.h>

#include "text.h"

int main(void) {
    char path[2048];
    char to[2048];
    char name[EXPAND_NAME_BYTES];
    int argc;
    WCHAR **argv = CommandLineToArgvW(GetCommandLineW(), &argc);
    size_t size = argc > 2 ? wcstoul(argv[2], NULL, 10) : sizeof to;
    text_from_utf16(argv[1], wcslen(argv[1]), path, sizeof path);
    switch (expand_path(path, to, size, name)) {
    case EXPAND_DONE:
        puts(to);
        return 0;
    case EXPAND_UNKNOWN:
        printf("unknown %s\n", name);
        return 1;
    default:
        puts("too long");
        return 1;
    }
}
