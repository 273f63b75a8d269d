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
#include "secure.h"
#include "service.h"
#include "version.h"
#include "win/guard.h"

static struct options options;
static unsigned char record_bytes[RECORD_BYTES_MAX];

static int print_version(const struct options *unused) {
    (void)unused;
    return console_print(CONSOLE_OUT, "KMRepair " KMREPAIR_VERSION "\r\n") ? 0 : 2;
}

static int (*const verbs_done_by[])(const struct options *options) = {
    [VERB_RUN] = service_run,        [VERB_SCAN] = scan_run,
    [VERB_REPAIR] = service_repair,  [VERB_INSTALL] = install_install,
    [VERB_PROTECT] = secure_protect, [VERB_UNINSTALL] = install_uninstall,
    [VERB_START] = install_start,    [VERB_STOP] = install_stop,
    [VERB_STATUS] = past_status,     [VERB_CHECK] = console_check,
    [VERB_HISTORY] = past_history,   [VERB_UNDO] = service_undo,
    [VERB_RELEASE] = service_undo,   [VERB_VERSION] = print_version,
};

static int do_verb(void) {
    options.bytes = record_bytes;
    if (!options_read(&options))
        return 2;
    if (options.help || options.verb == VERB_NONE) {
        options_print_usage(!options.help, options.verb);
        return options.help ? 0 : 2;
    }
    if ((options.verb != VERB_RUN || options.console) && options.verb != VERB_VERSION &&
        !options.has_config && !(options.verb == VERB_SCAN && options.has_folder))
        install_adopt_config(&options);
    return verbs_done_by[options.verb](&options);
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

GUARD_NONE void entry(void) {
    guard_set();
    /* A drive that is not ready, or a crash, would put up a box on a desktop that nobody sees and
     * hold the service until somebody clicks. */
    (void)SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    restrict_dlls();
    ExitProcess((UINT)do_verb());
}
