/* SPDX-License-Identifier: MIT */
#include "journal_check.h"

struct journal_entry intent(void) {
    struct journal_entry entry;
    memset(&entry, 0, sizeof entry);
    entry.kind = JOURNAL_INTENT;
    entry.utc = 1795365600;
    entry.number = 17;
    entry.offset = 123;
    entry.size = 2345;
    entry.before = 0x0000CAFE;
    entry.after = 0xFFFFFFFF;
    (void)text_copy(entry.name, sizeof entry.name, "Mxclfr4zqvktn.ini");
    (void)text_copy(entry.mailbox, sizeof entry.mailbox, "/o=Org/ou=Site/cn=Recipients/cn=Anna");
    (void)text_copy(entry.text, sizeof entry.text, "C:\\Security\\Mgrent\\Clients");
    return entry;
}
