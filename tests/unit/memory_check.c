/* SPDX-License-Identifier: MIT */
#include "memory_check.h"

#include "text.h"

struct memory memory;
struct journal_entry entry;

int memory_setup(void **state) {
    (void)state;
    memset(&memory, 0xAA, sizeof memory);
    memory_clear(&memory);
    return 0;
}

const struct journal_entry *an_entry(enum journal_kind kind, uint32_t number, const char *name) {
    memset(&entry, 0, sizeof entry);
    entry.kind = kind;
    entry.number = number;
    entry.utc = 1000 + number;
    entry.offset = 63;
    entry.size = 75;
    entry.before = 0xB0000000 + number;
    entry.after = 0xA0000000 + number;
    (void)text_copy(entry.name, sizeof entry.name, name);
    (void)text_copy(entry.mailbox, sizeof entry.mailbox, "cn=Anna");
    (void)text_copy(entry.text, sizeof entry.text, FOLDER);
    return &entry;
}

/* The folder is the watched one. */
void arm(const char *path) {
    struct memory_folder *folder = memory_put_folder(&memory, path);
    assert_non_null(folder);
    folder->kind = FOLDER_OURS;
}

void put_entry(enum journal_kind kind, uint32_t number, const char *name) {
    memory_apply(&memory, an_entry(kind, number, name));
}

void done(uint32_t number, enum journal_outcome outcome) {
    memset(&entry, 0, sizeof entry);
    entry.kind = JOURNAL_DONE;
    entry.number = number;
    entry.outcome = outcome;
    memory_apply(&memory, &entry);
}

void counts(const char *label, size_t flight, size_t held, size_t repairs) {
    same_number(label, "in flight", flight, memory.count[ITEM_FLIGHT]);
    same_number(label, "held", held, memory.count[ITEM_HOLD]);
    same_number(label, "repairs", repairs, memory.count[ITEM_REPAIR]);
}
