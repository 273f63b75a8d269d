/* SPDX-License-Identifier: MIT */
#include "kms.h"

#include <stdio.h>
#include <string.h>

enum style {
    STYLE_IN_PLACE,
    STYLE_TRUNCATE,
    STYLE_RENAME,
    STYLE_REOPEN, /* closed and opened again between the pieces */
    STYLE_DELETE,
    STYLE_LOOK, /* opened, and closed after a while */
    STYLES
};

enum { TASKS = 5, TRIES = 12, KMS_OWNER = 1 };

struct task {
    bool used;
    enum style style;
    unsigned folder;
    char name[WORLD_NAME_BYTES];
    char temporary[WORLD_NAME_BYTES];
    unsigned share;
    unsigned tries;
    int handle; /* -1: none */
    uint64_t due;
    uint32_t piece; /* bytes at a time */
    uint32_t done;
    uint32_t size;
    unsigned char bytes[WORLD_CONTENT_BYTES];
};

struct kms kms;
static struct task tasks[TASKS];

void kms_begin(void) {
    memset(tasks, 0, sizeof tasks);
}

/* ---- what a record holds */

static size_t put(char *to, size_t at, const char *text) {
    size_t length = strlen(text);
    memcpy(to + at, text, length);
    return at + length;
}

static const char *any(const char *const *list, uint32_t count) {
    return list[world_below(count)];
}

#define ANY(...)                                                                                   \
    any((const char *const[]){__VA_ARGS__},                                                        \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static size_t put_state(char *to, size_t at, enum content content, const char *end) {
    switch (content) {
    case CONTENT_STUCK:
        at =
            put(to, at, ANY("State = 4", "State=4", "state =\t4", "STATE = \"4\"", "  State = 4 "));
        break;
    case CONTENT_RECOVERY:
        at = put(to, at, "State = 4");
        at = put(to, at, end);
        at = put(to, at, ANY("NumSCerts = 1", "NumSCerts =", "\tnumscerts=2"));
        break;
    case CONTENT_SOUND:
        at = put(to, at, ANY("State = 1", "State = 2", "State = 14", "State = \"1\""));
        break;
    case CONTENT_DOUBTFUL:
        at = put(to, at, ANY("State = 04", "State = 4 ; x", "State = +4", "State = 0x4"));
        break;
    case CONTENT_UNREADABLE:
    case CONTENT_NO_RECORD:
    case CONTENTS:
        at = put(to, at, ANY("Status = 4", ";State = 4", "State : 4"));
        break;
    }
    return put(to, at, end);
}

static uint32_t make_content(unsigned record, enum content content,
                             unsigned char to[WORLD_CONTENT_BYTES]) {
    char text[WORLD_CONTENT_BYTES / 2];
    char piece[96];
    const char *end = world_below(3) == 0 ? "\n" : "\r\n";
    uint32_t variant = world_chance(kms.same) ? world_below(2) : world_below(1000000);
    const char *heading = ANY("[Client]", "; a comment", "[Client] ", "[Client]", "[Client");
    /* It is out of reach of those who ask for it by its section. */
    bool above = world_below(16) == 0;
    size_t at = above ? put_state(text, 0, content, end) : 0;
    at = put(text, at, heading);
    at = put(text, at, end);
    if (!above && world_below(2) == 0)
        at = put_state(text, at, content, end);
    else if (!above)
        variant |= 0x80000000U;
    (void)snprintf(piece, sizeof piece, "Name = /o=Org/ou=Site/cn=Recipients/cn=User%u%s", record,
                   end);
    at = put(text, at, piece);
    (void)snprintf(piece, sizeof piece, "Key = SECRET%08x%s", variant, end);
    at = put(text, at, piece);
    if (world_below(12) == 0) {
        at = put(text, at, "Blob = SECRET");
        for (uint32_t n = world_below(500); n > 0; n--)
            text[at++] = (char)('A' + n % 26);
        at = put(text, at, end);
    }
    if ((variant & 0x80000000U) != 0)
        at = put_state(text, at, content, world_below(4) == 0 ? "" : end);
    uint32_t size = (uint32_t)at;
    switch (world_below(8)) {
    case 0: /* UTF-16 */
        to[0] = 0xFF;
        to[1] = 0xFE;
        for (uint32_t i = 0; i < size && 2 * i + 4 < WORLD_CONTENT_BYTES; i++) {
            to[2 * i + 2] = (unsigned char)text[i];
            to[2 * i + 3] = 0;
        }
        size = 2 * size + 2 < WORLD_CONTENT_BYTES ? 2 * size + 2 : WORLD_CONTENT_BYTES - 2;
        break;
    case 1: /* UTF-8 with its mark */
        memcpy(to, "\xEF\xBB\xBF", 3);
        memcpy(to + 3, text, size);
        size += 3;
        break;
    default:
        memcpy(to, text, size);
        break;
    }
    if (content == CONTENT_UNREADABLE)
        to[size++] = 0;
    return size;
}

static enum content any_content(void) {
    uint32_t sum = 0;
    for (int i = 0; i < CONTENTS; i++)
        sum += kms.kind[i];
    uint32_t n = world_below(sum);
    int i = 0;
    while (n >= kms.kind[i])
        n -= kms.kind[i++];
    return (enum content)i;
}

void kms_name(unsigned record, char name[WORLD_NAME_BYTES]) {
    (void)snprintf(name, WORLD_NAME_BYTES, "Mxclfr%u4zqv.ini", record);
}

/* Creates it if need be. */
static int open_record(unsigned path, unsigned record) {
    char name[WORLD_NAME_BYTES];
    enum world_code code = WORLD_OK;
    kms_name(record, name);
    if (world_find(world.at[path], name) < 0 &&
        (world.away[path] || world_create(world.at[path], name) < 0))
        return -1;
    return world_open(world.at[path], name, ACCESS_WRITE, ACCESS_ALL, KMS_OWNER, &code);
}

static const char plain[] = "[Client]\r\nState = ";

bool kms_exact(unsigned folder, unsigned record, enum content content) {
    static const char *const states[CONTENTS] = {[CONTENT_STUCK] = "4",
                                                 [CONTENT_SOUND] = "1",
                                                 [CONTENT_DOUBTFUL] = "04",
                                                 [CONTENT_UNREADABLE] = "4"};
    char text[sizeof plain + 48];
    int size = snprintf(text, sizeof text, "%s%s\r\nKey = SECRET%08x\r\n", plain, states[content],
                        world_below(0x7FFFFFFF));
    int h = open_record(folder, record);
    if (h < 0)
        return false;
    struct node *node = &world.nodes[world.handles[h].node];
    node->read_only = node->reparse = node->linked = false;
    world_resize(h, 0);
    /* A NUL makes it unreadable. */
    world_write(h, 0, text, (uint32_t)size + (content == CONTENT_UNREADABLE));
    world_close(h);
    return true;
}

bool kms_plain(unsigned folder, unsigned record) {
    return kms_exact(folder, record, CONTENT_SOUND);
}

int kms_begin_flip(unsigned folder, unsigned record) {
    int h = open_record(folder, record);
    if (h >= 0)
        world_write(h, (uint32_t)sizeof plain - 1, "4", 1);
    return h;
}

/* By its path: whatever stands there now. */
static bool place(unsigned path, const char *name, unsigned record, enum content content) {
    static unsigned char bytes[WORLD_CONTENT_BYTES];
    enum world_code code = WORLD_OK;
    unsigned folder = world.at[path];
    int h = world_open(folder, name, ACCESS_WRITE, ACCESS_READ, KMS_OWNER, &code);
    if (h < 0)
        return false;
    uint32_t size = make_content(record, content, bytes);
    world_resize(h, 0);
    world_write(h, 0, bytes, size);
    world_close(h);
    trace("kms: %s is written (%d)", name, (int)content);
    return true;
}

bool kms_place(unsigned folder, unsigned record, enum content content) {
    char name[WORLD_NAME_BYTES];
    kms_name(record, name);
    if (world_find(world.at[folder], name) < 0 &&
        (world.away[folder] || world_create(world.at[folder], name) < 0))
        return false;
    return place(folder, name, record, content);
}

void kms_overtake(unsigned folder, const char *name) {
    (void)place(folder, name, 0, any_content());
}

/* ---- what it does */

static void pause(struct task *task) {
    task->due = world.now + world_below(kms.pause + 1);
    if (world_chance(kms.hold))
        task->due += world_below(60000);
}

static struct task *new_task(void) {
    for (int i = 0; i < TASKS; i++) {
        if (tasks[i].used)
            continue;
        memset(&tasks[i], 0, offsetof(struct task, bytes));
        tasks[i].used = true;
        tasks[i].handle = -1;
        return &tasks[i];
    }
    return NULL;
}

static bool is_worked_on(unsigned folder, const char *name) {
    for (int i = 0; i < TASKS; i++) {
        if (tasks[i].used && tasks[i].folder == folder && world_equal(tasks[i].name, name))
            return true;
    }
    return false;
}

void kms_act(unsigned folder) {
    static const unsigned shares[] = {0, ACCESS_READ, ACCESS_READ | ACCESS_WRITE, ACCESS_ALL};
    char name[WORLD_NAME_BYTES];
    unsigned record = world_below(kms.records);
    kms_name(record, name);
    if (is_worked_on(folder, name))
        return;
    struct task *task = new_task();
    if (task == NULL)
        return;
    task->folder = folder;
    memcpy(task->name, name, sizeof task->name);
    task->style = (enum style)world_below(STYLES - 1);
    if (world_find(world.at[folder], name) < 0 && task->style == STYLE_DELETE)
        task->style = STYLE_TRUNCATE;
    else if (task->style == STYLE_DELETE && world_below(3) != 0)
        task->style = STYLE_IN_PLACE;
    task->share = shares[world_below(4)];
    (void)snprintf(task->temporary, sizeof task->temporary, "Mx%u%s", record,
                   world_below(4) == 0 ? "t.ini" : ".tmp");
    task->piece = world_below(6) == 0 ? 1 + world_below(3) : 8 + world_below(400);
    task->size = make_content(record, any_content(), task->bytes);
    task->due = world.now;
}

void kms_scanner(unsigned folder) {
    struct task *task = new_task();
    unsigned record = world_below(kms.records);
    if (task == NULL)
        return;
    task->style = STYLE_LOOK;
    task->folder = folder;
    kms_name(record, task->name);
    task->share = world_below(2) == 0 ? 0 : ACCESS_READ;
    task->due = world.now;
}

static void finish(struct task *task) {
    if (task->handle >= 0)
        world_close(task->handle);
    task->handle = -1;
    task->used = false;
}

static const char *written_name(const struct task *task) {
    return task->style == STYLE_RENAME ? task->temporary : task->name;
}

/* Somebody has it: again later, or never. */
static void put_off(struct task *task) {
    if (++task->tries > TRIES)
        finish(task);
    else
        task->due = world.now + 50 + world_below(2000);
}

static bool open_it(struct task *task) {
    enum world_code code = WORLD_OK;
    const char *name = written_name(task);
    bool look = task->style == STYLE_LOOK;
    if (world_find(world.at[task->folder], name) < 0 && !look && !world.away[task->folder])
        (void)world_create(world.at[task->folder], name);
    task->handle =
        world_open(world.at[task->folder], name, look ? ACCESS_READ : ACCESS_READ | ACCESS_WRITE,
                   task->share, KMS_OWNER, &code);
    if (task->handle >= 0 && !look && task->style != STYLE_IN_PLACE && task->done == 0)
        world_resize(task->handle, 0);
    trace("kms: opens %s%s", name, task->handle >= 0 ? "" : ": in vain");
    return task->handle >= 0;
}

static void write_piece(struct task *task) {
    uint32_t size = task->size - task->done < task->piece ? task->size - task->done : task->piece;
    world_write(task->handle, task->done, task->bytes + task->done, size);
    task->done += size;
    trace("kms: %u of %u bytes of %s", task->done, task->size, written_name(task));
    if (task->done < task->size) {
        if (task->style == STYLE_REOPEN) {
            world_close(task->handle);
            task->handle = -1;
        }
        return;
    }
    if (world.nodes[world.handles[task->handle].node].size != task->size)
        world_resize(task->handle, task->size);
}

static void close_it(struct task *task) {
    if (world_below(3) == 0)
        world_flush(&world.nodes[world.handles[task->handle].node]);
    struct node *node = &world.nodes[world.handles[task->handle].node];
    bool put_back = world_chance(kms.put_back);
    uint64_t time = node->listed_written;
    world_close(task->handle);
    task->handle = -1;
    if (put_back)
        world_set_time(node, time);
    trace("kms: closes %s%s", written_name(task), put_back ? ", with its old time" : "");
    if (task->style != STYLE_RENAME)
        finish(task);
}

static void step_task(struct task *task) {
    if (task->style == STYLE_DELETE) {
        trace("kms: deletes %s", task->name);
        if (world_delete(world.at[task->folder], task->name) == WORLD_SHARING)
            put_off(task);
        else
            finish(task);
        return;
    }
    pause(task);
    if (task->style == STYLE_LOOK) {
        if (task->handle >= 0 || !open_it(task))
            finish(task);
        else
            task->due = world.now + world_below(120000);
    } else if (task->done == task->size && task->handle < 0) {
        trace("kms: renames %s to %s", task->temporary, task->name);
        if (world_rename(world.at[task->folder], task->temporary, task->name) == WORLD_SHARING)
            put_off(task);
        else
            finish(task);
    } else if (task->handle < 0) {
        if (!open_it(task))
            put_off(task);
    } else if (task->done < task->size) {
        write_piece(task);
    } else {
        close_it(task);
    }
}

uint64_t kms_due(void) {
    uint64_t due = UINT64_MAX;
    for (int i = 0; i < TASKS; i++) {
        if (tasks[i].used && tasks[i].due < due)
            due = tasks[i].due;
    }
    return due;
}

void kms_step(void) {
    uint32_t from = world_below(TASKS);
    for (uint32_t i = 0; i < TASKS; i++) {
        struct task *task = &tasks[(from + i) % TASKS];
        if (task->used && task->due <= world.now) {
            step_task(task);
            return;
        }
    }
}

void kms_finish(void) {
    for (int i = 0; i < TASKS; i++) {
        for (unsigned n = 0; tasks[i].used && n < 5000; n++)
            step_task(&tasks[i]);
        if (tasks[i].used)
            finish(&tasks[i]);
    }
}

void kms_stop(void) {
    for (int i = 0; i < TASKS; i++)
        tasks[i].used = false;
    world_close_all(KMS_OWNER);
}
