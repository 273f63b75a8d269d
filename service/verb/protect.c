/* SPDX-License-Identifier: MIT */
#include "console.h"
#include "verb/place.h"
#include "verb/secure.h"
#include "verb/verb.h"
#include "win/path.h"

static int tell_limited(const struct options *options, const struct access_account *account) {
    static WCHAR folder[PATH_UNITS];
    place_folder(options->program, folder);
    return console_print(CONSOLE_OUT,
                         "Changes to %s are now limited to SYSTEM and Administrators%s; Users may "
                         "list it and run kmrepair.exe.\r\n",
                         path_words(folder), account->has_sid ? ", and the service's account" : "")
               ? 0
               : 2;
}

/* An owner who is not trusted is replaced: whoever calls this wants that, but for set-up. */
static int limit(const struct options *options) {
    static struct access_account account;
    secure_find_registered(&account);
    int code = secure_check_links(options);
    if (code == 0)
        code = place_check(options, &account);
    if (code == 0)
        code = secure_tell_open(options, &account);
    if (code == 0)
        code = place_make(options);
    /* Right before: somebody may have made it since it was looked for. */
    if (code == 0 && options->strict)
        code = secure_check_owner(options, &account);
    if (code == 0)
        code = secure_keep(options, "");
    if (code == 0)
        code = secure_apply(options, &account);
    return code == 0 ? tell_limited(options, &account) : code;
}

int verb_protect(const struct options *options) {
    if (options->restore)
        return secure_restore(options);
    if (!secure_is_kept(options)) {
        int code = place_make(options);
        return code == 0 ? 1 : code;
    }
    return limit(options);
}
