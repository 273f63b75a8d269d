/* SPDX-License-Identifier: MIT */
/*
 * process_host: what a process asks of its host about folders, records and events, and what goes wrong then.
 */
#include <stdio.h>
#include <string.h>

#include "kms.h"
#include "process_parts.h"
#include "promises.h"
#include "sim.h"

/* ---- what happens at every call */

struct host_result process_failed(enum host_code code, uint32_t error) {
    return (struct host_result){(uint16_t)code, (uint16_t)error, NULL};
}

static void die(struct process *process) {
    trace("#%u is killed here", process->serial);
    process->alive = false;
    process_yield(process);
}

static void lose_power(struct process *process) {
    trace("the power is cut here");
    process_cut = true;
    process_yield(process);
}

/* Between two calls, or in the middle of one. */
void process_point(struct process *process) {
    if (world_chance(rates.kill))
        die(process);
    if (world_chance(rates.cut))
        lose_power(process);
    if (world_chance(rates.other_turn))
        process_yield(process);
}

/* A moment between two states of the names of the journal. */
void process_point_halfway(struct process *process) {
    if (world_chance(rates.halfway)) {
        if (world_below(2) == 0)
            die(process);
        lose_power(process);
    }
    process_point(process);
}

/* True when the call is to fail. */
bool process_begin(struct process *process, enum call call) {
    process_calls++;
    process_point(process);
    if (world_chance(rates.slow))
        world.now += world_below(2000);
    else
        world.now += world_below(8) == 0;
    return world_chance(rates.fault[call]);
}

static uint64_t clock_ms(void *context) {
    const struct process *process = context;
    return world.now - process->started;
}

static uint32_t utc(void *context) {
    (void)context;
    return world_utc();
}

static uint32_t unique(void *context) {
    (void)context;
    return world_below(0x7FFFFFFF);
}

/* ---- the folder */

static void need_folder(const struct process *process, const char *what) {
    if (!process->open)
        broken("%s, and the folder is not open", what);
}

static bool is_lost(const struct process *process) {
    return world_is_away(process->place);
}

static struct host_result folder_check(void *context) {
    static const enum host_code codes[] = {HOST_FAILED, HOST_GONE, HOST_BUSY};
    struct process *process = context;
    bool fault = process_begin(process, CALL_FOLDER);
    need_folder(process, "the path of the folder is checked");
    bool there = !world.away[process->folder] && world.at[process->folder] == process->place;
    if (fault || !there) {
        trace("#%u folder: %s", process->serial, fault ? "fails" : "is another one, or none");
        return process_failed(codes[world_below(3)], 3);
    }
    process->path_checked = true;
    process_point(process);
    return host_ok;
}

/* What cannot be opened is compared by its path. */
static bool folder_is(void *context, const char *path) {
    struct process *process = context;
    bool fault = process_begin(process, CALLS - 1);
    need_folder(process, "a folder is compared");
    unsigned folder = world_folder(path);
    (void)fault;
    return folder < WORLD_FOLDERS && folder == process->folder;
}

static struct host_result real_name(void *context, char *name, size_t size) {
    struct process *process = context;
    bool fault = process_begin(process, CALL_NAME);
    need_folder(process, "a name is looked up");
    if (fault || is_lost(process))
        return process_failed(world_below(2) == 0 ? HOST_BUSY : HOST_FAILED, 3);
    int slot = world_find(process->place, name);
    if (slot < 0)
        return process_failed(HOST_GONE, 2);
    (void)snprintf(name, size, "%s", world.names[slot].text);
    return host_ok;
}

/* ---- listing */

static struct host_result list_open(void *context) {
    struct process *process = context;
    bool fault = process_begin(process, CALL_LIST_OPEN);
    if (process->listing)
        broken("a listing is opened while one is open");
    need_folder(process, "a listing is opened");
    process_scans++;
    if (fault || is_lost(process)) {
        trace("#%u list: %s", process->serial, fault ? "fails" : "the folder is away");
        return process_failed(HOST_FAILED, fault ? 5 : 3);
    }
    trace("#%u list", process->serial);
    process->listing = true;
    process->list_next = 0;
    return host_ok;
}

/* What a network drive lists is not to be relied on. */
static void list_stamp(struct node *node, struct host_stamp *stamp) {
    stamp->size = node->listed_size;
    stamp->written = world.disk == DISK_REMOTE ? 0 : node->listed_written;
    node->told_size = node->listed_size;
    node->told_written = node->listed_written;
}

static struct host_result list_next(void *context, char *name, size_t size,
                                    struct host_stamp *stamp) {
    struct process *process = context;
    bool fault = process_begin(process, CALL_LIST_NEXT);
    if (!process->listing)
        broken("a name is read from a listing that is not open");
    need_folder(process, "a name is read");
    if (fault || is_lost(process)) {
        trace("#%u next: fails", process->serial);
        return process_failed(HOST_FAILED, 5);
    }
    while (process->list_next < WORLD_NAMES) {
        const struct name *at = &world.names[process->list_next++];
        if (!at->used || at->folder != process->place || world.nodes[at->node].directory)
            continue;
        (void)snprintf(name, size, "%s", at->text);
        list_stamp(&world.nodes[at->node], stamp);
        memcpy(process->listed, at->text, sizeof process->listed);
        return host_ok;
    }
    return process_failed(HOST_END, 0);
}

static void list_close(void *context) {
    struct process *process = context;
    if (!process->listing)
        broken("a listing is closed that is not open");
    process->listing = false;
}

/* ---- records */

static enum host_code code_of(enum world_code code, bool read_only, bool repair) {
    switch (code) {
    case WORLD_MISSING:
        return HOST_GONE;
    case WORLD_SHARING:
    case WORLD_DOOMED:
        return HOST_BUSY;
    case WORLD_DENIED:
        return read_only && repair ? HOST_REFUSED : HOST_GONE;
    case WORLD_OK:
    case WORLD_FOLDER_AWAY:
        break;
    }
    return HOST_FAILED;
}

/* The directory of a path, or the one that is open; WORLD_PLACES if none. */
static unsigned place_of(const struct process *process, const char *path) {
    if (path == NULL)
        return process->place;
    unsigned folder = world_folder(path);
    return folder < WORLD_FOLDERS ? world.at[folder] : WORLD_PLACES;
}

/* One of a flood, that somebody has open, and that is gone then. */
static bool is_flood(const char *name) {
    return strncmp(name, "Flood", 5) == 0;
}

static struct host_result open_file(struct process *process, unsigned folder, const char *name,
                                    bool repair, uint32_t *size) {
    enum world_code code = WORLD_OK;
    if (is_flood(name) && world.now < outages.flood)
        return process_failed(HOST_BUSY, 32);
    int slot = world_find(folder, name);
    bool read_only = slot >= 0 && world_node(slot)->read_only && !world_node(slot)->directory;
    int h = world_open(folder, name, repair ? ACCESS_READ | ACCESS_WRITE : ACCESS_READ,
                       repair ? ACCESS_READ : ACCESS_ALL, process->serial, &code);
    if (h < 0)
        return process_failed(code_of(code, read_only, repair), 32);
    const struct node *node = &world.nodes[world.handles[h].node];
    if (repair && (node->reparse || node->linked)) {
        world_close(h);
        return process_failed(HOST_REFUSED, 0);
    }
    process->handle = h;
    process->for_repair = repair;
    *size = node->size;
    return host_ok;
}

/* What an open may say of a record that is there: its attributes and its name are looked at apart from it. */
static enum host_code open_fault(bool repair) {
    static const enum host_code codes[] = {HOST_BUSY, HOST_FAILED, HOST_GONE, HOST_REFUSED};
    return codes[world_below(repair ? 4 : 3)];
}

static struct host_result open_record(void *context, const char *path, const char *name,
                                      bool repair, uint32_t *size) {
    struct process *process = context;
    bool fault = process_begin(process, repair ? CALL_OPEN_REPAIR : CALL_OPEN);
    unsigned place = place_of(process, path);
    struct host_result result = process_failed(HOST_FAILED, 3);
    if (process->handle >= 0)
        broken("%s is opened while another record is open", name);
    if (path == NULL)
        need_folder(process, "a record is opened");
    /* Elsewhere there is no folder that is watched. */
    process->path_checked = path != NULL;
    if (repair && place < WORLD_PLACES && world_chance(rates.race))
        kms_overtake(place % WORLD_FOLDERS, name);
    if (fault)
        result = process_failed(open_fault(repair), 5);
    else if (place < WORLD_PLACES)
        result = open_file(process, place, name, repair, size);
    if (result.code == HOST_OK && repair && world_chance(rates.locked))
        world.nodes[world.handles[process->handle].node].locked =
            world.now + world_below(world_below(2) == 0 ? 3000 : 150000);
    if (repair && place < WORLD_PLACES && world_chance(rates.swapped)) {
        trace("another folder is put in the place of folder %u", place % WORLD_FOLDERS);
        world_swap(place % WORLD_FOLDERS);
    }
    trace("#%u open %s%s%s: %s", process->serial, name, repair ? " to repair" : "",
          place == WORLD_PLACES || place % WORLD_FOLDERS != process->folder ? " elsewhere"
          : place >= WORLD_FOLDERS                                          ? " in the other folder"
                                                                            : "",
          (const char *[]){"ok", "end", "gone", "busy", "refused", "failed"}[result.code]);
    if (repair && (result.code == HOST_REFUSED || result.code == HOST_GONE))
        promises_refused(process, place % WORLD_FOLDERS, name);
    promises_opened(process, repair);
    process_point(process);
    return result;
}

static bool is_written(void *context, const char *name) {
    struct process *process = context;
    enum world_code code = WORLD_OK;
    (void)process_begin(process, CALL_OPEN);
    need_folder(process, "a record is asked about");
    int h =
        world_open(place_of(process, NULL), name, ACCESS_READ, ACCESS_READ, process->serial, &code);
    if (h >= 0)
        world_close(h);
    promises_asked(process, name, code == WORLD_SHARING);
    return code == WORLD_SHARING;
}

static struct host_result read_record(void *context, uint32_t offset, void *bytes, size_t size,
                                      size_t *got) {
    struct process *process = context;
    bool fault = process_begin(process, CALL_READ);
    *got = 0;
    if (process->handle < 0) {
        broken("a record is read that is not open");
        return process_failed(HOST_FAILED, 6);
    }
    const struct handle *handle = &world.handles[process->handle];
    struct node *node = &world.nodes[handle->node];
    if (node->size > WORLD_CONTENT_BYTES)
        broken("a file that is too large is read");
    if (world_is_away(handle->folder))
        return process_failed(HOST_FAILED, 59);
    if (fault && world_below(3) != 0) {
        trace("#%u read: fails", process->serial);
        return process_failed(world_below(3) == 0 ? HOST_BUSY : HOST_FAILED, 33);
    }
    if (offset < node->size && node->size <= WORLD_CONTENT_BYTES)
        *got = node->size - offset < size ? node->size - offset : size;
    if (fault && *got > 0)
        *got = world_below((uint32_t)*got);
    memcpy(bytes, node->bytes + offset, *got);
    if (offset == 0 && *got == size)
        promises_read(process, bytes, size);
    /* By a scan: what a reminder reads it does not judge. */
    if (process->kind == PROCESS_SERVICE && world_equal(process->listed, handle->name)) {
        node->read_size = node->told_size;
        node->read_written = node->told_written;
        node->read_version = node->version;
    }
    return host_ok;
}

/* A write that fails may have been done nevertheless, and one that is said to be done may not be. */
static struct host_result write_record(void *context, uint32_t offset, unsigned char byte) {
    struct process *process = context;
    bool fault = process_begin(process, CALL_WRITE);
    uint32_t way = fault ? world_below(3) : 3;
    bool lands = way != 0 && way != 2;
    if (process->handle < 0 || !process->for_repair) {
        broken("a record is written to that is not open for that");
        return process_failed(HOST_FAILED, 6);
    }
    if (world_is_away(world.handles[process->handle].folder)) {
        way = 0;
        lands = false;
    }
    if (world.nodes[world.handles[process->handle].node].locked > world.now) {
        way = 4;
        lands = false;
    }
    promises_write(process, offset, byte, lands);
    if (lands)
        world_write(process->handle, offset, &byte, 1);
    trace("#%u write '%c' at %u of %s%s", process->serial, byte, offset,
          world.handles[process->handle].name,
          (const char *[]){": fails", ": fails, but is done", ": is lost", "",
                           ": it is locked"}[way]);
    process_point(process);
    if (way == 4)
        return process_failed(HOST_BUSY, 33);
    return way < 2 ? process_failed(world_below(3) == 0 ? HOST_BUSY : HOST_FAILED, 29) : host_ok;
}

static struct host_result flush_record(void *context) {
    struct process *process = context;
    bool fault = process_begin(process, CALL_FLUSH);
    if (process->handle < 0 || !process->for_repair) {
        broken("a record is flushed that is not open for repair");
        return process_failed(HOST_FAILED, 6);
    }
    if (world_is_away(world.handles[process->handle].folder))
        fault = true;
    if (!fault || world_below(4) == 0)
        world_flush(&world.nodes[world.handles[process->handle].node]);
    trace("#%u flush%s", process->serial, fault ? ": fails" : "");
    process_point(process);
    return fault ? process_failed(HOST_FAILED, 29) : host_ok;
}

static void close_record(void *context) {
    struct process *process = context;
    (void)process_begin(process, CALLS - 1);
    if (process->handle < 0) {
        broken("a record is closed that is not open");
        return;
    }
    promises_closing(process);
    world_close(process->handle);
    process->handle = -1;
    process_point(process);
}

/* ---- events */

static bool report(void *context, const struct event *event) {
    struct process *process = context;
    bool fault = process_begin(process, CALL_REPORT) || world.now < outages.event_log;
    trace("#%u event %d %s%s%s%s", process->serial, (int)event->number,
          event->strings > 0 ? event->string[0] : "", event->number == EVENT_STUCK ? ": " : "",
          event->number == EVENT_STUCK ? event->string[3] : "", fault ? " FAILS" : "");
    promises_report(process, event, !fault);
    if (!fault)
        said_note(event);
    process_point(process);
    return !fault;
}

static bool decode(void *context, const char *bytes, size_t length, char *to, size_t size) {
    if (length >= size || process_begin(context, CALL_DECODE))
        return false;
    for (size_t i = 0; i < length; i++)
        to[i] = (char)((unsigned char)bytes[i] < 0x80 ? bytes[i] : '?');
    to[length] = '\0';
    return true;
}

void process_set_host(struct process *p) {
    p->host = (struct host){.context = p,
                            .clock = clock_ms,
                            .utc = utc,
                            .unique = unique,
                            .folder_check = folder_check,
                            .folder_is = folder_is,
                            .real_name = real_name,
                            .list_open = list_open,
                            .list_next = list_next,
                            .list_close = list_close,
                            .open = open_record,
                            .is_written = is_written,
                            .read = read_record,
                            .write = write_record,
                            .flush = flush_record,
                            .close = close_record,
                            .report = report,
                            .decode = decode};
    process_set_journal(p);
}
