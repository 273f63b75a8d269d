/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <string.h>

#include "text.h"

/* FNV-1a, 64 bits, over the lowered name: two names of one folder that share it are not met. */
static uint64_t key_of(const char *name) {
    uint64_t key = 14695981039346656037U;
    for (; *name != '\0'; name++)
        key = (key ^ (unsigned char)text_lower(*name)) * 1099511628211U;
    return key;
}

void memory_clear(struct memory *memory) {
    /* Nobody looks at the texts beyond their length; pages that are not touched cost nothing. */
    memset(memory, 0, offsetof(struct memory, text));
}

/* ---- texts: a length of two bytes, the item of two, name and mailbox, both terminated ---- */

enum { TEXT_HEAD = 4 };

static size_t read_16(const char *at) {
    return (size_t)(unsigned char)at[0] | (size_t)(unsigned char)at[1] << 8;
}

static void write_16(char *at, size_t value) {
    at[0] = (char)(value & 0xFF);
    at[1] = (char)(value >> 8);
}

/* Closes the gaps that removed items have left. */
static void compact(struct memory *memory) {
    size_t to = 0;
    for (size_t from = 0; from < memory->text_length;) {
        size_t length = read_16(memory->text + from);
        struct memory_item *item = &memory->items[read_16(memory->text + from + 2)];
        if (item->kind != ITEM_NONE && item->text == from) {
            memmove(memory->text + to, memory->text + from, length);
            item->text = (uint32_t)to;
            to += length;
        }
        from += length;
    }
    memory->text_length = to;
}

static bool put_text(struct memory *memory, struct memory_item *item, const char *name,
                     const char *mailbox) {
    size_t name_size = strlen(name) + 1;
    size_t mailbox_size = strlen(mailbox) + 1;
    size_t length = TEXT_HEAD + name_size + mailbox_size;
    if (length > MEMORY_TEXT - memory->text_length)
        compact(memory);
    if (length > MEMORY_TEXT - memory->text_length)
        return false;
    char *at = memory->text + memory->text_length;
    write_16(at, length);
    write_16(at + 2, (size_t)(item - memory->items));
    memcpy(at + TEXT_HEAD, name, name_size);
    memcpy(at + TEXT_HEAD + name_size, mailbox, mailbox_size);
    item->text = (uint32_t)memory->text_length;
    memory->text_length += length;
    return true;
}

const char *memory_name(const struct memory *memory, const struct memory_item *item) {
    return memory->text + item->text + TEXT_HEAD;
}

const char *memory_mailbox(const struct memory *memory, const struct memory_item *item) {
    const char *name = memory_name(memory, item);
    return name + strlen(name) + 1;
}

/* ---- folders ---- */

static bool is_in_use(const struct memory *memory, size_t folder) {
    for (size_t i = 0; i < MEMORY_ITEMS; i++) {
        if (memory->items[i].kind != ITEM_NONE && memory->items[i].folder == folder)
            return true;
    }
    return false;
}

/* MEMORY_FOLDERS when there is no room for another one. */
static size_t put_folder(struct memory *memory, const char *path) {
    size_t i = 0;
    while (i < MEMORY_FOLDERS &&
           (!memory->folders[i].used || !text_same(path, memory->folders[i].path)))
        i++;
    if (i < MEMORY_FOLDERS)
        return i;
    i = 0;
    while (i < MEMORY_FOLDERS && memory->folders[i].used && is_in_use(memory, i))
        i++;
    if (i < MEMORY_FOLDERS) {
        memory->folders[i].used = true;
        memory->folders[i].kind = FOLDER_UNASKED;
        (void)text_copy(memory->folders[i].path, sizeof memory->folders[i].path, path);
    }
    return i;
}

struct memory_folder *memory_put_folder(struct memory *memory, const char *path) {
    size_t folder = put_folder(memory, path);
    return folder < MEMORY_FOLDERS ? &memory->folders[folder] : NULL;
}

const char *memory_folder(const struct memory *memory, const struct memory_item *item) {
    return memory->folders[item->folder].path;
}

bool memory_is_ours(const struct memory *memory, const struct memory_item *item) {
    return memory->folders[item->folder].kind == FOLDER_OURS;
}

/* ---- items ---- */

struct memory_item *memory_next(struct memory *memory, enum memory_kind kind,
                                const struct memory_item *item) {
    size_t from = item == NULL ? 0 : (size_t)(item - memory->items) + 1;
    const unsigned char *found = memchr(memory->kinds + from, (int)kind, MEMORY_ITEMS - from);
    return found != NULL ? &memory->items[found - memory->kinds] : NULL;
}

void memory_remove(struct memory *memory, struct memory_item *item) {
    memory->count[item->kind]--;
    memory->key[item - memory->items] = 0;
    memory->kinds[item - memory->items] = ITEM_NONE;
    item->kind = ITEM_NONE;
}

static bool is_sooner(const struct memory_item *a, const struct memory_item *b) {
    return a->off != b->off ? a->off : a->number < b->number;
}

/* Makes room by the oldest repair, of those that are off if there is one. */
static bool evict(struct memory *memory) {
    struct memory_item *oldest = NULL;
    for (struct memory_item *item = memory_next(memory, ITEM_REPAIR, NULL); item != NULL;
         item = memory_next(memory, ITEM_REPAIR, item)) {
        if (oldest == NULL || is_sooner(item, oldest))
            oldest = item;
    }
    if (oldest != NULL)
        memory_remove(memory, oldest);
    return oldest != NULL;
}

/* A new item about the record of an entry; NULL when there is no room. */
static struct memory_item *add(struct memory *memory, enum memory_kind kind,
                               const struct journal_entry *entry) {
    struct memory_item *item = NULL;
    size_t folder = MEMORY_FOLDERS;
    do
        folder = put_folder(memory, entry->text);
    while (folder == MEMORY_FOLDERS && evict(memory));
    if (kind == ITEM_REPAIR && memory->count[ITEM_REPAIR] == MEMORY_REPAIRED)
        (void)evict(memory);
    do
        item = memory_next(memory, ITEM_NONE, NULL);
    while (item == NULL && evict(memory));
    if (item == NULL || folder == MEMORY_FOLDERS) {
        memory->overflow = true;
        return NULL;
    }
    memset(item, 0, sizeof *item);
    while (!put_text(memory, item, entry->name, entry->mailbox)) {
        if (!evict(memory)) {
            memory->overflow = true;
            return NULL;
        }
    }
    item->kind = kind;
    memory->kinds[item - memory->items] = (unsigned char)kind;
    item->folder = (unsigned char)folder;
    item->number = entry->number;
    item->utc = entry->utc;
    item->offset = entry->offset;
    item->size = entry->size;
    item->before = entry->before;
    item->after = entry->after;
    item->undo = entry->kind == JOURNAL_UNDO;
    item->outcome = OUTCOME_UNKNOWN;
    item->seen = true;
    memory->count[kind]++;
    memory->key[item - memory->items] = key_of(entry->name);
    return item;
}

/* Whether two folders are one, as far as has been found out. */
static bool is_same_folder(const struct memory *memory, size_t a, size_t b) {
    return a == b ||
           (memory->folders[a].kind == FOLDER_OURS && memory->folders[b].kind == FOLDER_OURS);
}

/* The item of this kind about the record of an entry; a journal that replaces another one does not
 * get to those that are known. */
static struct memory_item *find_like(struct memory *memory, enum memory_kind kind,
                                     const struct journal_entry *entry) {
    uint64_t key = key_of(entry->name);
    size_t folder = put_folder(memory, entry->text);
    for (size_t i = 0; i < MEMORY_ITEMS; i++) {
        struct memory_item *item = &memory->items[i];
        if (memory->key[i] == key && item->kind == kind && folder < MEMORY_FOLDERS &&
            text_same(memory_name(memory, item), entry->name) &&
            is_same_folder(memory, item->folder, folder) &&
            (memory->pass != PASS_REPLACED || !item->known))
            return item;
    }
    return NULL;
}

struct memory_item *memory_find(struct memory *memory, enum memory_kind kind, const char *name) {
    if (memory->count[kind] == 0)
        return NULL;
    uint64_t key = key_of(name);
    for (size_t i = 0; i < MEMORY_ITEMS; i++) {
        struct memory_item *item = &memory->items[i];
        if (memory->key[i] == key && item->kind == kind && memory_is_ours(memory, item) &&
            text_same(memory_name(memory, item), name))
            return item;
    }
    return NULL;
}

/* Likewise, unless it has told of that very change before. */
static struct memory_item *find_number(struct memory *memory, uint32_t number) {
    struct memory_item *item = NULL;
    do
        item = memory_next(memory, ITEM_FLIGHT, item);
    while (item != NULL && (item->number != number ||
                            (memory->pass == PASS_REPLACED && item->known && !item->seen)));
    return item;
}

struct memory_item *memory_flight(struct memory *memory, uint32_t number) {
    struct memory_item *item = NULL;
    do
        item = memory_next(memory, ITEM_FLIGHT, item);
    while (item != NULL && item->number != number);
    return item;
}

void memory_entry(const struct memory *memory, const struct memory_item *item,
                  struct journal_entry *entry) {
    memset(entry, 0, sizeof *entry);
    entry->utc = item->utc;
    entry->number = item->number;
    entry->offset = item->offset;
    entry->size = item->size;
    entry->before = item->before;
    entry->after = item->after;
    (void)text_copy(entry->name, sizeof entry->name, memory_name(memory, item));
    (void)text_copy(entry->mailbox, sizeof entry->mailbox, memory_mailbox(memory, item));
    (void)text_copy(entry->text, sizeof entry->text, memory_folder(memory, item));
}

/* ---- entries ---- */

static bool is_same_change(const struct memory_item *item, const struct journal_entry *entry) {
    return item->undo == (entry->kind == JOURNAL_UNDO) && item->offset == entry->offset &&
           item->size == entry->size && item->before == entry->before &&
           item->after == entry->after;
}

/* A change that is known, under whatever number: the journal that replaces ours may be a damaged copy of
 * it. */
static struct memory_item *find_known(struct memory *memory, const struct journal_entry *entry) {
    struct memory_item *item = NULL;
    if (memory->pass != PASS_REPLACED)
        return NULL;
    do
        item = memory_next(memory, ITEM_FLIGHT, item);
    while (item != NULL &&
           (!item->known || item->utc != entry->utc || !is_same_change(item, entry) ||
            !text_same(memory_name(memory, item), entry->name)));
    return item;
}

static void apply_change(struct memory *memory, const struct journal_entry *entry) {
    struct memory_item *known = find_known(memory, entry);
    if (known != NULL) {
        known->seen = true;
        return;
    }
    struct memory_item *item = find_number(memory, entry->number);
    if (memory->pass == PASS_REPLACED && entry->number <= memory->floor)
        return;
    if (item != NULL && is_same_change(item, entry)) {
        item->seen = true;
        return;
    }
    /* Another process did not know of ours when it took the number. */
    if (item != NULL)
        item->number = 0;
    (void)add(memory, ITEM_FLIGHT, entry);
}

/* What is known wins; another item of the same record would only need a place. */
static bool is_told(struct memory *memory, enum memory_kind kind,
                    const struct journal_entry *entry) {
    const enum memory_pass pass = memory->pass;
    if (pass != PASS_REPLACED)
        return false;
    memory->pass = PASS_NEW;
    const struct memory_item *item = find_like(memory, kind, entry);
    memory->pass = pass;
    return item != NULL && item->known;
}

/* Of two spellings of a folder the later one tells; what another process has ended tells nothing any more. */
static bool is_later(const struct memory *memory, const struct memory_item *item,
                     const struct journal_entry *entry) {
    return item->number > entry->number && !memory_is_over(memory, item);
}

static void apply_repaired(struct memory *memory, const struct journal_entry *entry) {
    struct memory_item *item = find_like(memory, ITEM_REPAIR, entry);
    if (is_told(memory, ITEM_REPAIR, entry))
        return;
    if (item != NULL && is_later(memory, item, entry))
        return;
    if (item != NULL)
        memory_remove(memory, item);
    (void)add(memory, ITEM_REPAIR, entry);
}

static void apply_hold(struct memory *memory, const struct journal_entry *entry) {
    struct memory_item *flight = find_number(memory, entry->number);
    struct memory_item *item = find_like(memory, ITEM_HOLD, entry);
    if (flight != NULL && flight->undo)
        flight->held = true;
    if (is_told(memory, ITEM_HOLD, entry))
        return;
    if (item == NULL) {
        (void)add(memory, ITEM_HOLD, entry);
        return;
    }
    if (is_later(memory, item, entry))
        return;
    item->number = entry->number;
    item->before = entry->before;
    item->seen = true;
}

static void apply_release(struct memory *memory, const struct journal_entry *entry) {
    struct memory_item *item = find_like(memory, ITEM_HOLD, entry);
    if (item != NULL)
        memory_remove(memory, item);
}

static void apply_done(struct memory *memory, const struct journal_entry *done) {
    struct journal_entry *entry = &memory->scratch;
    struct memory_item *item = find_number(memory, done->number);
    if (item == NULL)
        return;
    memory_entry(memory, item, entry);
    bool undo = item->undo;
    memory_remove(memory, item);
    if (!undo && done->outcome == OUTCOME_REPAIRED) {
        apply_repaired(memory, entry);
    } else if (undo && done->outcome == OUTCOME_UNDONE) {
        item = find_like(memory, ITEM_REPAIR, entry);
        if (item != NULL)
            memory_remove(memory, item);
    }
}

void memory_apply(struct memory *memory, const struct journal_entry *entry) {
    switch (entry->kind) {
    case JOURNAL_INTENT:
    case JOURNAL_UNDO:
        apply_change(memory, entry);
        break;
    case JOURNAL_REPAIRED:
        apply_repaired(memory, entry);
        break;
    case JOURNAL_DONE:
        apply_done(memory, entry);
        break;
    case JOURNAL_HOLD:
        apply_hold(memory, entry);
        break;
    case JOURNAL_RELEASE:
        apply_release(memory, entry);
        break;
    case JOURNAL_CHECKPOINT:
        memory->head = entry->number;
        break;
    case JOURNAL_LOADED:
    case JOURNAL_STATE:
    case JOURNAL_WINDOW:
        break;
    }
    if (entry->number > memory->number)
        memory->number = entry->number;
}

/* ---- a journal from its start ---- */

/* What a pass that did not come to its end has added. */
static void drop_added(struct memory *memory) {
    for (size_t i = 0; i < MEMORY_ITEMS; i++) {
        if (memory->items[i].kind != ITEM_NONE && !memory->items[i].known)
            memory_remove(memory, &memory->items[i]);
    }
}

void memory_begin(struct memory *memory, enum memory_pass pass, bool related) {
    if (pass == PASS_NEW) {
        memory_clear(memory);
        return;
    }
    if (memory->pass != PASS_NEW)
        drop_added(memory);
    memory->pass = pass;
    memory->overflow = false;
    memory->head = 0;
    memory->floor = related ? memory->number : 0;
    for (size_t i = 0; i < MEMORY_ITEMS; i++) {
        memory->items[i].known = memory->items[i].kind != ITEM_NONE;
        memory->items[i].seen = false;
    }
}

bool memory_is_over(const struct memory *memory, const struct memory_item *item) {
    bool unnumbered = item->kind == ITEM_FLIGHT && item->number == 0;
    bool was_known = memory->pass == PASS_AGAIN ||
                     (memory->pass == PASS_ROTATED && item->number <= memory->head);
    return was_known && item->known && !item->seen && !unnumbered;
}

/* Of what a journal tells that replaces another one: something known tells of the same record. */
static bool is_known(const struct memory *memory, const struct memory_item *item) {
    if (memory->pass != PASS_REPLACED || item->known || item->kind == ITEM_FLIGHT)
        return false;
    for (size_t i = 0; i < MEMORY_ITEMS; i++) {
        const struct memory_item *other = &memory->items[i];
        if (other->kind == item->kind && other->known &&
            memory->key[i] == memory->key[item - memory->items] &&
            is_same_folder(memory, item->folder, other->folder))
            return true;
    }
    return false;
}

/* Numbers from a journal that replaces another one may be in use. */
static bool needs_number(const struct memory *memory, const struct memory_item *item) {
    return item->kind == ITEM_FLIGHT &&
           (item->number == 0 || (memory->pass == PASS_REPLACED && !item->known));
}

static void end_item(struct memory *memory, struct memory_item *item) {
    if (memory_is_over(memory, item) || is_known(memory, item)) {
        memory_remove(memory, item);
        return;
    }
    if (needs_number(memory, item)) {
        item->number = ++memory->number;
        memory->changed = true;
    }
    if (!item->seen)
        memory->changed = true;
    item->seen = true;
}

void memory_end(struct memory *memory) {
    for (size_t i = 0; i < MEMORY_ITEMS; i++) {
        if (memory->items[i].kind != ITEM_NONE)
            end_item(memory, &memory->items[i]);
    }
    memory->pass = PASS_NEW;
}
