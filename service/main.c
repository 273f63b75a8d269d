/* SPDX-License-Identifier: MIT */
/*
 * main: the verbs, and the entry point.
 *
 * The C run-time's start-up code is not linked: it holds instructions that an i486 has not. Nothing
 * here needs it. msvcrt.dll initialises itself.
 */
#include <windows.h>

#include "console.h"
#include "help.h"
#include "options.h"
#include "record.h"
#include "verb/configured.h"
#include "verb/output.h"
#include "verb/verb.h"
#include "win/guard.h"
#include "win/own_console.h"

static struct options options;
static unsigned char record_bytes[RECORD_BYTES_MAX];

static int (*const verbs_done_by[])(const struct options *options) = {
    [VERB_SCAN] = verb_scan,           [VERB_STATUS] = verb_status,
    [VERB_TODO] = verb_todo,           [VERB_REPORT] = verb_report,
    [VERB_HISTORY] = verb_history,     [VERB_CHECK] = verb_check,
    [VERB_REPAIR] = verb_repair,       [VERB_UNDO] = verb_undo,
    [VERB_RELEASE] = verb_release,     [VERB_START] = verb_start,
    [VERB_STOP] = verb_stop,           [VERB_PAUSE] = verb_pause,
    [VERB_CONTINUE] = verb_continue,   [VERB_RUN] = verb_run,
    [VERB_INSTALL] = verb_install,     [VERB_PROTECT] = verb_protect,
    [VERB_UNINSTALL] = verb_uninstall, [VERB_VERSION] = verb_version,
};

/* Somebody who double-clicks the program sees more than a window that is gone at once. */
static int print_usage_only(void) {
    bool alone = own_console_is();
    help_print_usage(CONSOLE_ERROR);
    if (alone) {
        (void)console_print(CONSOLE_ERROR, "Press a key to close this window.");
        own_console_wait();
    }
    return 2;
}

static int do_verb(void) {
    options.bytes = record_bytes;
    if (!options_read(&options))
        return 2;
    if (options.help) {
        help_print(options.verb);
        return 0;
    }
    if (options.verb == VERB_NONE)
        return print_usage_only();
    if ((options.verb != VERB_RUN || options.console) && options.verb != VERB_VERSION &&
        !options.has_config && !(options.verb == VERB_SCAN && options.has_folder))
        configured_adopt(&options);
    /* Of `report`, the file is another matter. */
    bool redirect = options.has_output && options.verb != VERB_REPORT;
    if (redirect && !output_begin(options.output))
        return 2;
    int code = verbs_done_by[options.verb](&options);
    return redirect ? output_end(options.output, code) : code;
}

typedef BOOL WINAPI set_directories(DWORD);
typedef BOOL WINAPI set_directory(const WCHAR *);

/* DLLs from the system folder only, where Windows can be told so (Windows 8, or 7 with KB2533623); else
 * not from the current folder (XP with a service pack). */
static void restrict_dlls(void) {
    enum { SEARCH_SYSTEM32 = 0x800 };
    HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
    set_directories *set_all =
        (set_directories *)(void *)GetProcAddress(kernel, "SetDefaultDllDirectories");
    set_directory *set_one = (set_directory *)(void *)GetProcAddress(kernel, "SetDllDirectoryW");
    if (set_all != NULL)
        (void)set_all(SEARCH_SYSTEM32);
    else if (set_one != NULL)
        (void)set_one(L"");
}

void entry(void);

GUARD_NONE void entry(void) {
    guard_set();
    /* A drive that is not ready, or a crash, would put up a box on a desktop that nobody sees and
     * hold the service until somebody clicks. */
    (void)SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    restrict_dlls();
    ExitProcess((UINT)do_verb());
}
