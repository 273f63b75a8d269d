/*
 * main: the verbs, and the entry point.
 *
 * The C run-time's start-up code is not linked: it holds instructions that an i486 has not. Nothing
 * here needs it. msvcrt.dll initialises itself.
 */
#include <windows.h>

#include "console.h"
#include "install.h"
#include "options.h"
#include "past.h"
#include "record.h"
#include "scan.h"
#include "service.h"
#include "version.h"

static struct options options;
static unsigned char record_bytes[RECORD_BYTES_MAX];

static int do_verb(void) {
    options.bytes = record_bytes;
    if (!options_read(&options))
        return 2;
    if (options.help) {
        options_print_usage(false, options.verb);
        return 0;
    }
    if ((options.verb != VERB_RUN || options.console) && options.verb != VERB_NONE &&
        options.verb != VERB_VERSION && !options.has_config &&
        !(options.verb == VERB_SCAN && options.has_folder))
        install_adopt_config(&options);
    switch (options.verb) {
    case VERB_NONE:
        options_print_usage(true, VERB_NONE);
        return 2;
    case VERB_RUN:
        return options.console ? service_run_in_console(&options) : service_run(&options);
    case VERB_SCAN:
        return scan_run(&options);
    case VERB_REPAIR:
        return service_repair(&options);
    case VERB_INSTALL:
        return install_install(&options);
    case VERB_UNINSTALL:
        return install_uninstall(&options);
    case VERB_START:
        return install_start(&options);
    case VERB_STOP:
        return install_stop(&options);
    case VERB_STATUS:
        return past_status(&options);
    case VERB_CHECK:
        return console_check(&options);
    case VERB_UNDO:
    case VERB_RELEASE:
        return service_undo(&options);
    case VERB_HISTORY:
        return past_history(&options);
    case VERB_VERSION:
        break;
    }
    return console_print(CONSOLE_OUT, "KMRepair " KMREPAIR_VERSION "\r\n") ? 0 : 2;
}

typedef BOOL WINAPI set_directories(DWORD);

/* DLLs from the system folder only, where Windows can be told so (Windows 8, or 7 with KB2533623). */
static void restrict_dlls(void) {
    enum { SEARCH_SYSTEM32 = 0x800 };
    set_directories *set = (set_directories *)(void *)GetProcAddress(
        GetModuleHandleW(L"kernel32.dll"), "SetDefaultDllDirectories");
    if (set != NULL)
        (void)set(SEARCH_SYSTEM32);
}

void entry(void);

void entry(void) {
    /* A drive that is not ready, or a crash, would put up a box on a desktop that nobody sees and
     * hold the service until somebody clicks. */
    (void)SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    restrict_dlls();
    ExitProcess((UINT)do_verb());
}
