/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct world world;
const char *const world_paths[WORLD_FOLDERS] = {"C:\\Security\\Mgrent\\Clients",
                                                "D:\\Other\\Clients"};
/* Other case and slashes, an 8.3 name; a second drive letter and a share are spelt as they are. */
const char *const world_spellings[WORLD_FOLDERS][WORLD_SPELLINGS] = {
    {"C:\\Security\\Mgrent\\Clients", "c:/security/mgrent/clients", "C:\\SECURI~1\\MGRENT\\CLIENTS",
     "S:\\Clients", "\\\\KMS\\Security\\Mgrent\\Clients"},
    {"D:\\Other\\Clients", "D:\\other\\x\\..\\clients", "D:/Other/./Clients", "T:\\Clients",
     "\\\\KMS\\Other\\Clients"}};
enum { SPELT_AS_ONE = 3 };

void world_begin(uint64_t seed) {
    bool tracing = world.tracing;
    /* The journal's bytes stay: nobody looks beyond its size. */
    memset(&world, 0, offsetof(struct world, journal));
    world.tracing = tracing;
    world.random = (seed + 1) * 0x9E3779B97F4A7C15ULL;
    for (unsigned i = 0; i < 8; i++)
        (void)world_below(2);
    world.serial = 1;
    world.journal_generation = 1;
    world.now = 36000000; /* late enough that hours can be taken off */
    for (unsigned i = 0; i < WORLD_FOLDERS; i++)
        world.at[i] = i;
}

/* xorshift64* */
uint32_t world_below(uint32_t bound) {
    world.random ^= world.random >> 12;
    world.random ^= world.random << 25;
    world.random ^= world.random >> 27;
    return (uint32_t)(((world.random * 2685821657736338717ULL) >> 32) * bound >> 32);
}

bool world_chance(uint32_t of_a_million) {
    return of_a_million != 0 && world_below(1000000) < of_a_million;
}

uint32_t world_utc(void) {
    return (uint32_t)(1795000000 + (int64_t)(world.now / 1000) + world.utc_offset);
}

uint64_t world_time(void) {
    uint64_t ms =
        11644473600000ULL + 1795000000000ULL + world.now + (uint64_t)(world.utc_offset * 1000);
    if (world.disk == DISK_FAT || world.disk == DISK_FAT_UP)
        ms = (ms + (world.disk == DISK_FAT_UP ? 1999 : 0)) / 2000 * 2000;
    return ms * 10000;
}

/* ---- what is told */

void trace(const char *format, ...) {
    if (!world.tracing)
        return;
    char *line = world.lines[world.line_count++ % WORLD_LINES];
    int n = snprintf(line, WORLD_LINE_BYTES, "%10llu.%03u ", (unsigned long long)(world.now / 1000),
                     (unsigned)(world.now % 1000));
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line + n, WORLD_LINE_BYTES - (size_t)n, format, arguments);
    va_end(arguments);
}

void broken(const char *format, ...) {
    if (world.broken)
        return;
    world.broken = true;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(world.what, sizeof world.what, format, arguments);
    va_end(arguments);
    trace("BROKEN: %s", world.what);
}

/* ---- bytes and names */

/* By a table of its own: what is checked here is not to be checked with itself. */
uint32_t world_crc(uint32_t crc, const void *bytes, size_t size) {
    static uint32_t table[256];
    const unsigned char *s = bytes;
    if (table[1] == 0) {
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t c = i;
            for (int bit = 0; bit < 8; bit++)
                c = (c & 1) != 0 ? c >> 1 ^ 0xEDB88320U : c >> 1;
            table[i] = c;
        }
    }
    crc = ~crc;
    while (size-- > 0)
        crc = crc >> 8 ^ table[(crc ^ *s++) & 255];
    return ~crc;
}

uint32_t world_content(const struct node *node) {
    return node->size > WORLD_CONTENT_BYTES ? node->size : world_crc(0, node->bytes, node->size);
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool world_equal(const char *a, const char *b) {
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

unsigned world_folder(const char *path) {
    for (unsigned i = 0; i < WORLD_FOLDERS * WORLD_SPELLINGS; i++) {
        if (world_equal(path, world_spellings[i / WORLD_SPELLINGS][i % WORLD_SPELLINGS]))
            return i / WORLD_SPELLINGS;
    }
    return WORLD_FOLDERS;
}

const char *world_spelled(const char *path) {
    for (unsigned i = 0; i < WORLD_FOLDERS; i++) {
        for (unsigned k = 0; k < SPELT_AS_ONE; k++) {
            if (world_equal(path, world_spellings[i][k]))
                return world_paths[i];
        }
    }
    return path;
}

bool world_is_away(unsigned place) {
    unsigned folder = place % WORLD_FOLDERS;
    return world.away[folder] && world.at[folder] == place;
}

int world_find(unsigned folder, const char *name) {
    for (int i = 0; i < WORLD_NAMES; i++) {
        const struct name *at = &world.names[i];
        if (at->used && at->folder == folder &&
            (world_equal(at->text, name) || world_equal(at->alias, name)))
            return i;
    }
    return -1;
}

struct node *world_node(int slot) {
    return &world.nodes[world.names[slot].node];
}

/* ---- names and the disk */

static void forget_log(size_t count) {
    world.log_count -= count;
    memmove(world.log, world.log + count, world.log_count * sizeof world.log[0]);
}

static void set_name(unsigned slot, const struct name *value) {
    if (world.log_count == WORLD_LOG)
        forget_log(WORLD_LOG / 2);
    world.log[world.log_count].group = world.group;
    world.log[world.log_count].slot = slot;
    world.log[world.log_count++].before = world.names[slot];
    world.names[slot] = *value;
}

static void remove_name(unsigned slot) {
    const struct name none = {0};
    set_name(slot, &none);
}

/* Flushing a file takes the log with it as far as it is about that file. */
static void flush_names(int node) {
    size_t count = 0;
    for (size_t i = 0; i < world.log_count; i++) {
        const struct name *now = &world.names[world.log[i].slot];
        const struct name *before = &world.log[i].before;
        if ((before->used && before->node == node) || (now->used && now->node == node))
            count = i + 1;
    }
    while (count > 0 && count < world.log_count &&
           world.log[count].group == world.log[count - 1].group)
        count++;
    forget_log(count);
}

static int new_node(void) {
    bool used[WORLD_NODES] = {false};
    for (int i = 0; i < WORLD_NAMES; i++) {
        if (world.names[i].used)
            used[world.names[i].node] = true;
    }
    for (size_t i = 0; i < world.log_count; i++) {
        if (world.log[i].before.used)
            used[world.log[i].before.node] = true;
    }
    for (int i = 0; i < WORLD_HANDLES; i++) {
        if (world.handles[i].used)
            used[world.handles[i].node] = true;
    }
    for (int i = 0; i < WORLD_NODES; i++) {
        if (used[i])
            continue;
        struct node *node = &world.nodes[i];
        /* The bytes beyond the size are never looked at. */
        memset(node, 0, offsetof(struct node, bytes));
        node->used = true;
        node->serial = ++world.serial;
        return i;
    }
    broken("the simulation itself: there are too many files");
    return 0;
}

/* ---- what the directory lists */

static void list(struct node *node) {
    node->listed_size = node->size;
    node->listed_written = node->written;
}

/* On a network drive it is some other time, see world_lazy_write(). */
static void list_here(struct node *node) {
    if (world.disk != DISK_REMOTE)
        list(node);
}

void world_set_time(struct node *node, uint64_t time) {
    node->written = time;
    list_here(node);
}

bool world_is_hidden(const struct node *node) {
    return node->version != node->read_version && node->listed_size == node->read_size &&
           node->listed_written == node->read_written;
}

static void tell(unsigned folder, const char *name) {
    if (world.changed != NULL)
        world.changed(folder, name);
}

int world_create(unsigned folder, const char *name) {
    struct name value = {.used = true, .folder = folder};
    int slot = 0;
    while (slot < WORLD_NAMES && world.names[slot].used)
        slot++;
    if (slot == WORLD_NAMES)
        return -1;
    value.node = new_node();
    world.nodes[value.node].written = world_time();
    list(&world.nodes[value.node]);
    (void)snprintf(value.text, sizeof value.text, "%s", name);
    (void)snprintf(value.alias, sizeof value.alias, "MX%04X~1.INI", ++world.serial & 0xFFFFU);
    world.group++;
    set_name((unsigned)slot, &value);
    tell(folder, name);
    return slot;
}

bool world_is_open(int node) {
    for (int i = 0; i < WORLD_HANDLES; i++) {
        if (world.handles[i].used && world.handles[i].node == node)
            return true;
    }
    return false;
}

static bool is_shared(int node, unsigned access, unsigned share) {
    for (int i = 0; i < WORLD_HANDLES; i++) {
        const struct handle *h = &world.handles[i];
        if (h->used && h->node == node && ((access & ~h->share) != 0 || (h->access & ~share) != 0))
            return false;
    }
    return true;
}

enum world_code world_delete(unsigned folder, const char *name) {
    int slot = world_find(folder, name);
    if (world_is_away(folder))
        return WORLD_FOLDER_AWAY;
    if (slot < 0)
        return WORLD_MISSING;
    int node = world.names[slot].node;
    if (!is_shared(node, ACCESS_DELETE, ACCESS_ALL))
        return WORLD_SHARING;
    if (world_is_open(node)) {
        world.nodes[node].doomed = true;
        return WORLD_OK;
    }
    world.group++;
    remove_name((unsigned)slot);
    return WORLD_OK;
}

enum world_code world_rename(unsigned folder, const char *from, const char *to) {
    int slot = world_find(folder, from);
    int target = world_find(folder, to);
    if (world_is_away(folder))
        return WORLD_FOLDER_AWAY;
    if (slot < 0)
        return WORLD_MISSING;
    if (!is_shared(world.names[slot].node, ACCESS_DELETE, ACCESS_ALL) ||
        (target >= 0 && !is_shared(world.names[target].node, ACCESS_DELETE, ACCESS_ALL)))
        return WORLD_SHARING;
    if (target >= 0 && (world_node(target)->read_only || world_node(target)->directory))
        return WORLD_DENIED;
    struct name value = world.names[slot];
    (void)snprintf(value.text, sizeof value.text, "%s", to);
    world.group++;
    if (target >= 0 && target != slot)
        remove_name((unsigned)target);
    set_name((unsigned)slot, &value);
    list_here(&world.nodes[value.node]);
    tell(folder, to);
    return WORLD_OK;
}

/* ---- handles */

int world_open(unsigned folder, const char *name, unsigned access, unsigned share, uint32_t owner,
               enum world_code *code) {
    int slot = world_find(folder, name);
    int h = 0;
    *code = WORLD_FOLDER_AWAY;
    if (world_is_away(folder))
        return -1;
    *code = WORLD_MISSING;
    if (slot < 0)
        return -1;
    const struct node *node = world_node(slot);
    *code = node->directory || (node->read_only && (access & ACCESS_WRITE) != 0) ? WORLD_DENIED
            : node->doomed                                                       ? WORLD_DOOMED
            : !is_shared(world.names[slot].node, access, share)                  ? WORLD_SHARING
                                                                                 : WORLD_OK;
    while (h < WORLD_HANDLES && world.handles[h].used)
        h++;
    if (*code != WORLD_OK || h == WORLD_HANDLES)
        return -1;
    struct handle *handle = &world.handles[h];
    handle->used = true;
    handle->node = world.names[slot].node;
    handle->folder = folder;
    handle->access = access;
    handle->share = share;
    handle->owner = owner;
    memcpy(handle->name, world.names[slot].text, sizeof handle->name);
    return h;
}

void world_close(int h) {
    struct handle *handle = &world.handles[h];
    handle->used = false;
    if ((handle->access & ACCESS_WRITE) != 0)
        list_here(&world.nodes[handle->node]);
    if (!world.nodes[handle->node].doomed || world_is_open(handle->node))
        return;
    for (unsigned i = 0; i < WORLD_NAMES; i++) {
        if (world.names[i].used && world.names[i].node == handle->node) {
            world.group++;
            remove_name(i);
        }
    }
}

void world_close_all(uint32_t owner) {
    for (int i = 0; i < WORLD_HANDLES; i++) {
        if (world.handles[i].used && world.handles[i].owner == owner)
            world_close(i);
    }
}

void world_write(int h, uint32_t offset, const void *bytes, uint32_t size) {
    struct node *node = &world.nodes[world.handles[h].node];
    if (offset + size > WORLD_CONTENT_BYTES)
        return;
    if (offset > node->size)
        memset(node->bytes + node->size, 0, offset - node->size);
    bool same = offset + size <= node->size && memcmp(node->bytes + offset, bytes, size) == 0;
    memcpy(node->bytes + offset, bytes, size);
    if (offset + size > node->size)
        node->size = offset + size;
    node->version += !same;
    node->dirty = true;
    node->written = world_time();
    tell(world.handles[h].folder, world.handles[h].name);
}

void world_resize(int h, uint32_t size) {
    struct node *node = &world.nodes[world.handles[h].node];
    if (size != node->size)
        node->version++;
    if (size > node->size && size <= WORLD_CONTENT_BYTES)
        memset(node->bytes + node->size, 0, size - node->size);
    node->size = size;
    node->dirty = true;
    node->written = world_time();
    tell(world.handles[h].folder, world.handles[h].name);
}

void world_flush(struct node *node) {
    node->disk_size = node->size;
    if (node->size <= WORLD_CONTENT_BYTES)
        memcpy(node->disk, node->bytes, node->size);
    node->dirty = false;
    flush_names((int)(node - world.nodes));
}

void world_lazy_write(void) {
    if (world.log_count > 0)
        forget_log(world_below((uint32_t)world.log_count + 1));
    for (int i = 0; i < WORLD_NODES; i++) {
        struct node *node = &world.nodes[i];
        if (node->used && node->dirty && world_below(2) == 0)
            world_flush(node);
        if (node->used && world_below(8) == 0)
            list(node);
    }
    if (world_below(2) == 0)
        world_journal_flush();
}

void world_swap(unsigned folder) {
    static unsigned char bytes[WORLD_CONTENT_BYTES];
    unsigned from = world.at[folder];
    unsigned to = (from + WORLD_FOLDERS) % WORLD_PLACES;
    world.at[folder] = to;
    for (int i = 0; i < WORLD_NAMES; i++) {
        const struct name name = world.names[i];
        enum world_code code = WORLD_OK;
        const struct node *node = &world.nodes[name.node];
        if (!name.used || name.folder != from || node->directory ||
            node->size > WORLD_CONTENT_BYTES || world_below(3) != 0 ||
            world_find(to, name.text) >= 0 || world_create(to, name.text) < 0)
            continue;
        /* A copy of it. */
        uint32_t size = node->size;
        memcpy(bytes, node->bytes, size);
        int h = world_open(to, name.text, ACCESS_WRITE, ACCESS_READ, 1, &code);
        if (h < 0)
            continue;
        world_write(h, 0, bytes, size);
        world_close(h);
    }
}

/* ---- the power cut */

static void undo_names(void) {
    size_t keep = world_below((uint32_t)world.log_count + 1);
    while (keep > 0 && keep < world.log_count && world.log[keep].group == world.log[keep - 1].group)
        keep++;
    while (world.log_count > keep) {
        world.log_count--;
        world.names[world.log[world.log_count].slot] = world.log[world.log_count].before;
    }
    world.log_count = 0;
}

/* Which of the bytes that were not flushed get to the disk: none, all, the first of them, or any. */
static void mix(struct node *node) {
    unsigned char old[WORLD_CONTENT_BYTES];
    uint32_t old_size = node->size;
    uint32_t size = world_below(2) == 0 ? node->size : node->disk_size;
    uint32_t way = world_below(4);
    uint32_t most = node->size > node->disk_size ? node->size : node->disk_size;
    if (most > WORLD_CONTENT_BYTES || size > WORLD_CONTENT_BYTES) {
        node->disk_size = node->size;
        node->dirty = false;
        return;
    }
    uint32_t prefix = world_below(most + 1);
    bool take = false;
    memcpy(old, node->bytes, sizeof old);
    for (uint32_t i = 0; i < size; i++) {
        if (way == 3 && (i % 8 == 0 || world_below(8) == 0))
            take = world_below(2) == 0;
        bool fresh = way == 0 ? false : way == 1 ? true : way == 2 ? i < prefix : take;
        /* Room that was given to a file and not written holds zeros. */
        if (i >= node->size || !fresh)
            node->bytes[i] = i < node->disk_size ? node->disk[i] : 0;
    }
    node->size = size;
    if (size != old_size || memcmp(old, node->bytes, size) != 0)
        node->version++;
    node->disk_size = size;
    memcpy(node->disk, node->bytes, size);
    node->dirty = false;
}

void world_power_cut(void) {
    undo_names();
    for (int i = 0; i < WORLD_HANDLES; i++)
        world.handles[i].used = false;
    for (int i = 0; i < WORLD_NODES; i++) {
        struct node *node = &world.nodes[i];
        node->doomed = false;
        if (node->used && node->dirty)
            mix(node);
        list(node);
    }
    world_journal_cut();
}
