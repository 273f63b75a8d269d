/* SPDX-License-Identifier: MIT */
#include "find.h"

#include <string.h>

#include "guarded.h"
#include "text.h"
#include "win/error.h"
#include "win/expand.h"
#include "win/path.h"
#include "win/scm.h"

/* What stands in front of `\bin\kmserver` in a command line, quoted or not: `C:\Security`. */
GUARDED static bool base_of(const WCHAR *image, char *base, size_t size) {
    static const char program[] = "\\bin\\kmserver";
    static char given[PATH_UNITS * 3];
    static char line[PATH_UNITS * 3];
    size_t end = 0;
    char unknown[EXPAND_NAME_BYTES];
    path_print(image, given, sizeof given);
    if (expand_path(given, line, sizeof line, unknown) != EXPAND_DONE)
        return false;
    const char *start = line[0] == '"' ? line + 1 : line;
    /* The first one: what follows are arguments. */
    while (!text_equal_no_case(start + end, sizeof program - 1, program)) {
        if (start[end++] == '\0')
            return false;
    }
    if (end >= size || !config_is_absolute(start))
        return false;
    memcpy(base, start, end);
    base[end] = '\0';
    return true;
}

static void put_newer(struct text *words, const char *found) {
    text_print(words,
               "%s is there, as with Exchange 5.5 and later; this host does not need KMRepair",
               found);
}

enum answer { FOUND, NONE, UNKNOWN };

/* The folder beside that of the KMS's program. */
GUARDED static enum answer ask_service(char folder[CONFIG_FOLDER_BYTES], struct text *words) {
    static const char security[] = "\\Security";
    char base[CONFIG_FOLDER_BYTES - sizeof "\\Mgrent\\Clients"];
    struct text text;
    DWORD error = ERROR_SUCCESS;
    const QUERY_SERVICE_CONFIGW *registered = scm_config(L"MSExchangeKMS", &error);
    if (registered != NULL && base_of(registered->lpBinaryPathName, base, sizeof base)) {
        size_t length = strlen(base);
        bool is_5_0 =
            length >= sizeof security && text_equal_no_case(base + length - (sizeof security - 1),
                                                            sizeof security - 1, security);
        text_begin(&text, folder, CONFIG_FOLDER_BYTES);
        text_print(&text, "%s%s", base, is_5_0 ? "\\Mgrent\\Clients" : "\\Kmsdata");
        if (is_5_0)
            return FOUND;
        if (path_is_folder(folder)) {
            put_newer(words, folder);
            return NONE;
        }
    }
    /* Where there is such a service, a folder that looks like its own may be somebody's copy. */
    if (error == ERROR_SERVICE_DOES_NOT_EXIST) {
        text_put(words, "no service MSExchangeKMS, no \\Security\\Mgrent\\Clients on");
        return UNKNOWN;
    }
    char reason[150];
    const char *why = "its program is not in ...\\Security\\bin";
    if (registered == NULL) {
        error_text(error, reason, sizeof reason);
        why = reason;
    }
    text_print(words, "the service MSExchangeKMS: %s", why);
    return NONE;
}

/* The one folder of the usual name on the fixed drives. */
static enum answer look_at_drives(char folder[CONFIG_FOLDER_BYTES], struct text *words) {
    char newer[] = "?:\\Exchsrvr\\Kmsdata";
    char clients[] = "?:\\Security\\Mgrent\\Clients";
    WCHAR root[] = L"?:\\";
    unsigned found = 0;
    for (int i = 0; i < 26; i++) {
        char letter = (char)('A' + i);
        root[0] = (WCHAR)letter;
        if (GetDriveTypeW(root) != DRIVE_FIXED)
            continue;
        newer[0] = clients[0] = letter;
        if (path_is_folder(newer)) {
            text_begin(words, words->at, words->size);
            put_newer(words, newer);
            return NONE;
        }
        text_put_char(words, ' ');
        text_put_bytes(words, clients, 2);
        if (path_is_folder(clients)) {
            text_put(words, " (found)");
            (void)text_copy(folder, CONFIG_FOLDER_BYTES, clients);
            found++;
        }
    }
    if (found > 1)
        text_put(words, "; more than one was found: name the right one as Folder");
    return found == 1 ? FOUND : UNKNOWN;
}

bool find_clients(char folder[CONFIG_FOLDER_BYTES], char words[FIND_WORDS_BYTES]) {
    static char found[CONFIG_FOLDER_BYTES];
    struct text text;
    text_begin(&text, words, FIND_WORDS_BYTES);
    enum answer answer = ask_service(found, &text);
    if (answer == UNKNOWN)
        answer = look_at_drives(found, &text);
    if (answer == FOUND && folder != NULL)
        (void)text_copy(folder, CONFIG_FOLDER_BYTES, found);
    return answer == FOUND;
}
