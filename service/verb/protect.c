#include <string.h>

#include "console.h"
#include "verb/secure.h"
#include "verb/verb.h"
#include "win/path.h"

int verb_protect(const struct options *options) {
    static struct access_account account;
    static WCHAR folder[PATH_UNITS];
    static char words[PATH_UNITS * 3];
    if (!secure_is_kept(options))
        return 1;
    int code = secure_check_folder(options);
    secure_find_registered(&account);
    if (code == 0)
        code = secure_tell_open(options, &account);
    if (code == 0)
        code = secure_apply(options, &account);
    if (code != 0)
        return code;
    (void)path_beside(options->program, L"", folder);
    path_print(folder, words, sizeof words);
    size_t length = strlen(words);
    if (length > sizeof "C:\\" - 1)
        words[length - 1] = '\0';
    return console_print(CONSOLE_OUT,
                         "Access to %s is now limited to SYSTEM and Administrators.\r\n", words)
               ? 0
               : 2;
}
