/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <stdio.h>
#include <string.h>

#include "kms.h"
#include "promises.h"
#include "sim.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

enum { CHECK_MS = 60000, CANARY = 0x5EED5EED };

struct rates rates;
struct outages outages;
struct process processes[PROCESSES];
bool process_cut;
uint64_t process_calls, process_steps, process_lines, process_scans;

static ucontext_t scheduler;
static struct process *starting;

/* ---- switching */

#ifdef __SANITIZE_ADDRESS__
static const void *scheduler_stack;
static size_t scheduler_size;

static void leave(void **fake, const void *stack, size_t size) {
    __sanitizer_start_switch_fiber(fake, stack, size);
}

static void arrive(void *fake, bool in_process) {
    __sanitizer_finish_switch_fiber(fake, in_process ? &scheduler_stack : NULL,
                                    in_process ? &scheduler_size : NULL);
}
#else
static const void *const scheduler_stack = NULL;
static const size_t scheduler_size = 0;

static void leave(void **fake, const void *stack, size_t size) {
    (void)fake;
    (void)stack;
    (void)size;
}

static void arrive(void *fake, bool in_process) {
    (void)fake;
    (void)in_process;
}
#endif

static void yield(struct process *process) {
    leave(&process->fake_stack, scheduler_stack, scheduler_size);
    (void)swapcontext(&process->context, &scheduler);
    arrive(process->fake_stack, true);
}

void process_run(struct process *process) {
    void *fake = NULL;
    starting = process;
    leave(&fake, process->stack, sizeof process->stack);
    (void)swapcontext(&scheduler, &process->context);
    arrive(fake, false);
}

/* ---- what happens at every call */

static struct host_result failed(enum host_code code, uint32_t error) {
    return (struct host_result){(uint16_t)code, (uint16_t)error, NULL};
}

static void die(struct process *process) {
    trace("#%u is killed here", process->serial);
    process->alive = false;
    yield(process);
}

static void lose_power(struct process *process) {
    trace("the power is cut here");
    process_cut = true;
    yield(process);
}

/* Between two calls, or in the middle of one. */
static void point(struct process *process) {
    if (world_chance(rates.kill))
        die(process);
    if (world_chance(rates.cut))
        lose_power(process);
    if (world_chance(rates.other_turn))
        yield(process);
}

/* A moment between two states of the names of the journal. */
static void point_halfway(struct process *process) {
    if (world_chance(rates.halfway)) {
        if (world_below(2) == 0)
            die(process);
        lose_power(process);
    }
    point(process);
}

/* True when the call is to fail. */
static bool begin(struct process *process, enum call call) {
    process_calls++;
    point(process);
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
    bool fault = begin(process, CALL_FOLDER);
    need_folder(process, "the path of the folder is checked");
    bool there = !world.away[process->folder] && world.at[process->folder] == process->place;
    if (fault || !there) {
        trace("#%u folder: %s", process->serial, fault ? "fails" : "is another one, or none");
        return failed(codes[world_below(3)], 3);
    }
    process->path_checked = true;
    point(process);
    return host_ok;
}

/* What cannot be opened is compared by its path. */
static bool folder_is(void *context, const char *path) {
    struct process *process = context;
    bool fault = begin(process, CALLS - 1);
    need_folder(process, "a folder is compared");
    unsigned folder = world_folder(path);
    (void)fault;
    return folder < WORLD_FOLDERS && folder == process->folder;
}

static struct host_result real_name(void *context, char *name, size_t size) {
    struct process *process = context;
    bool fault = begin(process, CALL_NAME);
    need_folder(process, "a name is looked up");
    if (fault || is_lost(process))
        return failed(world_below(2) == 0 ? HOST_BUSY : HOST_FAILED, 3);
    int slot = world_find(process->place, name);
    if (slot < 0)
        return failed(HOST_GONE, 2);
    (void)snprintf(name, size, "%s", world.names[slot].text);
    return host_ok;
}

/* ---- listing */

static struct host_result list_open(void *context) {
    struct process *process = context;
    bool fault = begin(process, CALL_LIST_OPEN);
    if (process->listing)
        broken("a listing is opened while one is open");
    need_folder(process, "a listing is opened");
    process_scans++;
    if (fault || is_lost(process)) {
        trace("#%u list: %s", process->serial, fault ? "fails" : "the folder is away");
        return failed(HOST_FAILED, fault ? 5 : 3);
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
    bool fault = begin(process, CALL_LIST_NEXT);
    if (!process->listing)
        broken("a name is read from a listing that is not open");
    need_folder(process, "a name is read");
    if (fault || is_lost(process)) {
        trace("#%u next: fails", process->serial);
        return failed(HOST_FAILED, 5);
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
    return failed(HOST_END, 0);
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
        return failed(HOST_BUSY, 32);
    int slot = world_find(folder, name);
    bool read_only = slot >= 0 && world_node(slot)->read_only && !world_node(slot)->directory;
    int h = world_open(folder, name, repair ? ACCESS_READ | ACCESS_WRITE : ACCESS_READ,
                       repair ? ACCESS_READ : ACCESS_ALL, process->serial, &code);
    if (h < 0)
        return failed(code_of(code, read_only, repair), 32);
    const struct node *node = &world.nodes[world.handles[h].node];
    if (repair && (node->reparse || node->linked)) {
        world_close(h);
        return failed(HOST_REFUSED, 0);
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
    bool fault = begin(process, repair ? CALL_OPEN_REPAIR : CALL_OPEN);
    unsigned place = place_of(process, path);
    struct host_result result = failed(HOST_FAILED, 3);
    if (process->handle >= 0)
        broken("%s is opened while another record is open", name);
    if (path == NULL)
        need_folder(process, "a record is opened");
    /* Elsewhere there is no folder that is watched. */
    process->path_checked = path != NULL;
    if (repair && place < WORLD_PLACES && world_chance(rates.race))
        kms_overtake(place % WORLD_FOLDERS, name);
    if (fault)
        result = failed(open_fault(repair), 5);
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
    point(process);
    return result;
}

static bool is_written(void *context, const char *name) {
    struct process *process = context;
    enum world_code code = WORLD_OK;
    (void)begin(process, CALL_OPEN);
    need_folder(process, "a record is asked about");
    int h =
        world_open(place_of(process, NULL), name, ACCESS_READ, ACCESS_READ, process->serial, &code);
    if (h >= 0)
        world_close(h);
    if (code == WORLD_SHARING)
        promises_written(process, name);
    return code == WORLD_SHARING;
}

static struct host_result read_record(void *context, uint32_t offset, void *bytes, size_t size,
                                      size_t *got) {
    struct process *process = context;
    bool fault = begin(process, CALL_READ);
    *got = 0;
    if (process->handle < 0) {
        broken("a record is read that is not open");
        return failed(HOST_FAILED, 6);
    }
    const struct handle *handle = &world.handles[process->handle];
    struct node *node = &world.nodes[handle->node];
    if (node->size > WORLD_CONTENT_BYTES)
        broken("a file that is too large is read");
    if (world_is_away(handle->folder))
        return failed(HOST_FAILED, 59);
    if (fault && world_below(3) != 0) {
        trace("#%u read: fails", process->serial);
        return failed(world_below(3) == 0 ? HOST_BUSY : HOST_FAILED, 33);
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
    bool fault = begin(process, CALL_WRITE);
    uint32_t way = fault ? world_below(3) : 3;
    bool lands = way != 0 && way != 2;
    if (process->handle < 0 || !process->for_repair) {
        broken("a record is written to that is not open for that");
        return failed(HOST_FAILED, 6);
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
    point(process);
    if (way == 4)
        return failed(HOST_BUSY, 33);
    return way < 2 ? failed(world_below(3) == 0 ? HOST_BUSY : HOST_FAILED, 29) : host_ok;
}

static struct host_result flush_record(void *context) {
    struct process *process = context;
    bool fault = begin(process, CALL_FLUSH);
    if (process->handle < 0 || !process->for_repair) {
        broken("a record is flushed that is not open for repair");
        return failed(HOST_FAILED, 6);
    }
    if (world_is_away(world.handles[process->handle].folder))
        fault = true;
    if (!fault || world_below(4) == 0)
        world_flush(&world.nodes[world.handles[process->handle].node]);
    trace("#%u flush%s", process->serial, fault ? ": fails" : "");
    point(process);
    return fault ? failed(HOST_FAILED, 29) : host_ok;
}

static void close_record(void *context) {
    struct process *process = context;
    (void)begin(process, CALLS - 1);
    if (process->handle < 0) {
        broken("a record is closed that is not open");
        return;
    }
    promises_closing(process);
    world_close(process->handle);
    process->handle = -1;
    point(process);
}

/* ---- the journal */

static struct host_result journal_open(void *context, uint32_t *size) {
    struct process *process = context;
    struct host_result result = host_ok;
    bool fault = begin(process, CALL_JOURNAL_OPEN) || world.now < outages.journal;
    if (world.journal_owner == process->serial)
        broken("the journal is opened twice");
    if (fault)
        result = failed(world_below(2) == 0 ? HOST_BUSY : HOST_FAILED, 5);
    else if (world_journal_find())
        promises_journal_changed();
    if (!fault && (world.journal_owner != 0 || world.now < outages.scanner))
        result = failed(HOST_BUSY, 32);
    if (result.code != HOST_OK) {
        trace("#%u journal: %s", process->serial, result.code == HOST_BUSY ? "busy" : "fails");
        promises_trouble(process);
        return result;
    }
    world.journal_owner = process->serial;
    process->session_trouble = false;
    process->making = false;
    *size = (uint32_t)world.journal_size;
    point(process);
    return host_ok;
}

static void journal_close(void *context) {
    struct process *process = context;
    if (world.journal_owner != process->serial) {
        /* It was lost while it was replaced. */
        if (!process->session_trouble)
            broken("the journal is closed that is not open");
        return;
    }
    promises_journal_closing(process);
    process->making = false;
    world.journal_owner = 0;
    point(process);
}

void process_note_journal(void) {
    struct process *service = &processes[0];
    uint64_t time = world.now + 1 + world_below(rates.late + 1);
    if (service->journal_note == 0 || service->journal_note > time)
        service->journal_note = time;
}

/* Something was written to it: the service hears of it, and others want to know what it is. */
static void tell_written(void) {
    process_lines++;
    process_note_journal();
    if (world_chance(rates.scanner)) {
        outages.scanner = world.now + world_below(rates.scan + 1);
        trace("a scanner opens the journal");
    }
}

static bool has_journal(const struct process *process, const char *what) {
    if (world.journal_owner != process->serial)
        broken("the journal is %s while it is not open", what);
    return world.journal_owner == process->serial;
}

static struct host_result journal_read(void *context, uint32_t offset, void *bytes, size_t size,
                                       size_t *got) {
    struct process *process = context;
    bool fault = begin(process, CALL_JOURNAL_READ);
    *got = 0;
    if (!has_journal(process, "read") || (fault && world_below(2) == 0)) {
        promises_trouble(process);
        return failed(world_below(3) == 0 ? HOST_BUSY : HOST_FAILED, 33);
    }
    if (offset < world.journal_size)
        *got = world.journal_size - offset < size ? world.journal_size - offset : size;
    if (fault && *got > 0)
        *got = world_below((uint32_t)*got);
    process->session_trouble = process->session_trouble || fault;
    memcpy(bytes, world.journal + offset, *got);
    return host_ok;
}

static struct host_result journal_append(void *context, const char *line, size_t length) {
    struct process *process = context;
    process->called = world.now;
    bool fault = begin(process, CALL_APPEND) || world.now < outages.disk;
    size_t at = world.journal_size;
    size_t keep = fault ? world_below((uint32_t)length + 1) : length;
    if (process->making)
        broken("a line is added to the journal while a new one is made");
    if (!has_journal(process, "written to") || at + length > WORLD_JOURNAL_BYTES)
        return failed(HOST_FAILED, 112);
    if (fault && world_below(3) == 0)
        keep = length;
    trace("#%u journal + %.*s%s", process->serial, (int)length - 2, line, fault ? " FAILS" : "");
    /* All of it is in the cache before the first byte is on the disk. */
    memcpy(world.journal + at, line, keep);
    world.journal_size += keep;
    promises_append(process, at, keep);
    if (fault)
        promises_trouble(process);
    point(process);
    tell_written();
    if (!fault) {
        world_journal_flush();
        promises_appended(process, world.journal_size);
    }
    point(process);
    return fault ? failed(HOST_FAILED, 112) : host_ok;
}

/* ---- a new journal */

static struct host_result journal_new(void *context) {
    struct process *process = context;
    bool fault = begin(process, CALL_JOURNAL_NEW) || world.now < outages.disk;
    if (process->making)
        broken("a new journal is begun while one is made");
    if (!has_journal(process, "replaced") || fault) {
        trace("#%u new journal: fails", process->serial);
        promises_trouble(process);
        return failed(world_below(2) == 0 ? HOST_BUSY : HOST_FAILED, 5);
    }
    process->making = true;
    world.left = false;
    world.fresh_size = 0;
    return host_ok;
}

static struct host_result journal_put(void *context, const char *line, size_t length) {
    struct process *process = context;
    bool fault = begin(process, CALL_PUT);
    if (!process->making)
        broken("a line is put into a new journal that was not begun");
    if (!has_journal(process, "replaced") || fault ||
        world.fresh_size + length > WORLD_JOURNAL_BYTES) {
        trace("#%u new journal: a line fails", process->serial);
        promises_trouble(process);
        return failed(HOST_FAILED, 112);
    }
    memcpy(world.fresh + world.fresh_size, line, length);
    world.fresh_size += length;
    point_halfway(process);
    return host_ok;
}

/* Whoever has the journal open keeps it from being replaced. */
static struct host_result journal_replace(void *context, bool keep) {
    struct process *process = context;
    bool fault = begin(process, CALL_REPLACE);
    bool busy = world.now < outages.scanner;
    if (!process->making || !has_journal(process, "replaced"))
        broken("the journal is replaced by one that was not begun");
    promises_rotate(process, world.fresh, world.fresh_size);
    trace("#%u replaces the journal: %zu bytes%s%s", process->serial, world.fresh_size,
          keep ? "" : ", the old one goes",
          fault  ? " FAILS"
          : busy ? ": busy"
                 : "");
    if (fault || busy)
        promises_trouble(process);
    world_journal_flush_fresh();
    point_halfway(process);
    process->making = false;
    if (busy || (fault && world_below(2) == 0)) {
        /* It may be closed by now, and not to be opened again. */
        if (world_below(2) == 0)
            world.journal_owner = 0;
        return failed(busy ? HOST_BUSY : HOST_FAILED, 32);
    }
    world_journal_step_aside();
    world.journal_generation++;
    promises_rotated(process);
    point_halfway(process);
    /* Whoever opens the journal next does it when it fails here. */
    if (!world_chance(rates.fault[CALL_REPLACE]))
        world_journal_name();
    tell_written();
    point_halfway(process);
    /* The new one is there, but can not be opened. */
    if (fault)
        world.journal_owner = 0;
    return fault ? failed(HOST_BUSY, 32) : host_ok;
}

/* ---- events */

static bool report(void *context, const struct event *event) {
    struct process *process = context;
    bool fault = begin(process, CALL_REPORT) || world.now < outages.event_log;
    trace("#%u event %d %s%s%s%s", process->serial, (int)event->number,
          event->strings > 0 ? event->string[0] : "", event->number == EVENT_STUCK ? ": " : "",
          event->number == EVENT_STUCK ? event->string[3] : "", fault ? " FAILS" : "");
    promises_report(process, event, !fault);
    if (!fault)
        said_note(event);
    point(process);
    return !fault;
}

static bool decode(void *context, const char *bytes, size_t length, char *to, size_t size) {
    if (length >= size || begin(context, CALL_DECODE))
        return false;
    for (size_t i = 0; i < length; i++)
        to[i] = (char)((unsigned char)bytes[i] < 0x80 ? bytes[i] : '?');
    to[length] = '\0';
    return true;
}

/* ---- the service */

void process_notify(unsigned folder, const char *name) {
    struct process *p = &processes[0];
    if (!p->alive || !p->open || folder != p->place || is_lost(p) || world_chance(rates.drop))
        return;
    int slot = world_find(folder, name);
    if (slot >= 0 && world_chance(rates.alias))
        name = world.names[slot].alias;
    for (unsigned n = world_chance(rates.twice) ? 2 : 1; n > 0; n--) {
        if (p->notice_count == PROCESS_NOTICES) {
            p->lost = true;
            return;
        }
        p->notices[p->notice_count].time = world.now + world_below(rates.late + 1);
        (void)snprintf(p->notices[p->notice_count++].name, WORLD_NAME_BYTES, "%s", name);
    }
}

/* A journal and the events know a record by the name that the folder lists. */
static void hint(struct process *p, const char *name) {
    char real[WORLD_NAME_BYTES];
    (void)snprintf(real, sizeof real, "%s", name);
    struct host_result result = real_name(p, real, sizeof real);
    if (result.code == HOST_GONE)
        return;
    if (result.code != HOST_OK) {
        p->lost = true;
        return;
    }
    trace("#%u is told of %s", p->serial, real);
    promises_hint(p, real);
    mender_hint(&p->mender, real);
}

static void collect(struct process *p) {
    for (size_t i = 0; p->open && i < p->notice_count;) {
        char name[WORLD_NAME_BYTES];
        if (p->notices[i].time > world.now) {
            i++;
            continue;
        }
        memcpy(name, p->notices[i].name, sizeof name);
        /* The last takes its place: they come in any order. */
        p->notices[i] = p->notices[--p->notice_count];
        hint(p, name);
    }
    if (p->lost && p->open) {
        p->lost = false;
        trace("#%u is told that changes were lost", p->serial);
        mender_changes_lost(&p->mender);
    }
    for (; p->flood > 0 && p->open; p->flood--) {
        char name[WORLD_NAME_BYTES];
        (void)snprintf(name, sizeof name, "Flood%u.ini", p->flood);
        mender_hint(&p->mender, name);
    }
    p->flood = 0;
}

static void close_folder(struct process *p) {
    p->open = false;
    p->notice_count = 0;
}

static void open_folder(struct process *p) {
    p->open = true;
    p->place = world.at[p->folder];
    promises_folder_opened(p);
    trace("#%u opens folder %u: %s", p->serial, p->folder, p->wanted.folder);
    mender_folder_open(&p->mender, world_spelled(p->settings.folder));
}

/* `auto` is looked for until it is found. */
static void find_folder(struct process *p) {
    if (!p->settings.automatic || p->found)
        return;
    p->found = true;
    (void)snprintf(p->settings.folder, sizeof p->settings.folder, "%s",
                   world_spellings[p->folder][world_below(WORLD_SPELLINGS)]);
    mender_folder_found(&p->mender, p->settings.folder);
}

/* Paused, it has no folder open, and looks for none. */
static void watch_over(struct process *p) {
    bool is_there = !world.away[p->folder];
    if (p->paused) {
        p->watch_due = UINT64_MAX;
    } else if (p->open && is_there && p->place == world.at[p->folder]) {
        p->watch_due = world.now + CHECK_MS;
        p->watch_backoff = 0;
    } else if (p->open || !is_there) {
        const struct host_result why = {HOST_FAILED, 3, NULL};
        close_folder(p);
        p->watch_backoff = p->watch_backoff == 0 ? 1000 : p->watch_backoff * 2;
        if (p->watch_backoff > 60000)
            p->watch_backoff = 60000;
        p->watch_due = world.now + p->watch_backoff;
        mender_folder_away(&p->mender, &why);
    } else {
        find_folder(p);
        p->watch_due = world.now + CHECK_MS;
        open_folder(p);
    }
}

static unsigned folder_meant(const struct settings *settings) {
    return settings->automatic ? 0 : world_folder(settings->folder);
}

static void configure(struct process *p) {
    promises_told(p);
    bool moved = strcmp(p->settings.folder, p->wanted.folder) != 0;
    p->settings = p->wanted;
    mender_configure(&p->mender, &p->wanted);
    if (moved) {
        close_folder(p);
        p->found = false;
        p->folder = folder_meant(&p->wanted);
        p->watch_backoff = 0;
        p->watch_due = 0;
    }
}

static void obey(struct process *p) {
    if (p->configure && world.now >= outages.configuration) {
        p->configure = false;
        configure(p);
    }
    if (p->pause) {
        p->pause = false;
        p->paused = true;
        mender_pause(&p->mender);
        close_folder(p);
    }
    if (p->resume) {
        p->resume = false;
        promises_told(p);
        p->paused = false;
        mender_continue(&p->mender);
        p->watch_due = 0;
    }
    if (p->journal_changed || (p->journal_note != 0 && world.now >= p->journal_note)) {
        p->journal_changed = false;
        p->journal_note = 0;
        mender_journal_changed(&p->mender);
    }
}

/* The mender's time is the process's own; MENDER_NEVER stays never. */
static uint64_t step(struct process *p) {
    process_steps++;
    p->steps++;
    p->listed[0] = '\0';
    p->looked = p->settling = false;
    p->seen_count = 0;
    uint64_t due = mender_step(&p->mender);
    if (p->handle >= 0 || world.journal_owner == p->serial)
        broken("a step ends with a record or the journal open");
    promises_bounds(p);
    return due == MENDER_NEVER ? due : due + p->started;
}

/* As the worker does: it looks at what it is told when there is nothing to do, the clock has moved on, or something
 * is asked for. */
static void listen(struct process *p) {
    bool asked = (p->configure && world.now >= outages.configuration) || p->pause || p->resume;
    if (p->more && world.now == p->listened && !asked)
        return;
    p->listened = world.now;
    obey(p);
    collect(p);
    if (world.now >= p->watch_due)
        watch_over(p);
}

static void serve(struct process *p) {
    watch_over(p);
    for (;;) {
        p->inside = true;
        listen(p);
        uint64_t due = step(p);
        p->more = due <= p->listened;
        if (due > world.now && p->mender.ledger.backoff == 0 && p->mender.ledger.ready)
            promises_idle(p);
        p->due = due < p->watch_due ? due : p->watch_due;
        p->inside = false;
        yield(p);
    }
}

/* ---- the verbs */

static void pass(struct process *p) {
    uint64_t limit = world.now + (uint64_t)p->mender.site.settings.settle_seconds * 1000 + 15000;
    for (;;) {
        p->inside = true;
        uint64_t due = step(p);
        p->inside = false;
        bool settled = mender_is_settled(&p->mender);
        if ((settled && (!mender_is_waiting(&p->mender) || world.now >= limit)) ||
            (world.now >= limit && due > world.now + 15000))
            return;
        p->due = due < world.now + 1000 ? due : world.now + 1000;
        yield(p);
    }
}

static void reverse(struct process *p) {
    uint64_t limit = world.now + 10000;
    for (;;) {
        p->inside = true;
        process_steps++;
        p->steps++;
        p->result = p->kind == PROCESS_UNDO ? mender_undo(&p->mender, p->given)
                                            : mender_release(&p->mender, p->given);
        if (p->handle >= 0 || world.journal_owner == p->serial)
            broken("undo or release ends with a record or the journal open");
        promises_bounds(p);
        p->inside = false;
        if (p->result.code != HOST_BUSY || world.now >= limit)
            break;
        p->due = world.now + 100;
        yield(p);
    }
    trace("#%u %s %s: %s", p->serial, p->kind == PROCESS_UNDO ? "undo" : "release", p->target,
          p->result.code == HOST_OK  ? "ok"
          : p->result.reason != NULL ? p->result.reason
                                     : "fails");
    promises_verb(p);
}

/* The journal tells it of a record that may be stuck again. */
static void on_ended(void *context, const char *name) {
    struct process *p = context;
    trace("#%u reads of %s", p->serial, name);
    promises_ended(p, name);
    mender_hint(&p->mender, name);
}

static void enter(void) {
    struct process *p = starting;
    arrive(NULL, true);
    p->inside = true;
    mender_init(&p->mender, &p->host, &p->wanted, p->kind == PROCESS_SERVICE, p->bytes,
                p->kind == PROCESS_SERVICE ? &p->known : NULL);
    p->mender.ledger.on_ended = on_ended;
    p->mender.ledger.context = p;
    if (p->kind != PROCESS_SERVICE && !world.away[p->folder])
        open_folder(p);
    if (p->kind == PROCESS_SERVICE)
        serve(p);
    else if (!p->open)
        p->result = failed(HOST_FAILED, 3);
    else if (p->kind == PROCESS_REPAIR)
        pass(p);
    else
        reverse(p);
    mender_close(&p->mender);
    trace("#%u ends", p->serial);
    p->alive = false;
    yield(p);
}

/* ---- beginning and end */

/* Nobody need spell a name as the folder lists it. */
static void spell(struct process *p, const char *target) {
    (void)snprintf(p->target, sizeof p->target, "%s", target);
    (void)snprintf(p->given, sizeof p->given, "%s", target);
    int slot = world_find(world.at[p->folder], target);
    uint32_t way = world_below(4);
    if (slot < 0 || way > 1)
        return;
    if (way == 0)
        (void)snprintf(p->given, sizeof p->given, "%s", world.names[slot].alias);
    else
        p->given[0] = (char)(p->given[0] ^ 0x20);
}

void process_start(struct process *p, enum process_kind kind, const struct settings *settings,
                   const char *target) {
    memset(p, 0, offsetof(struct process, mender));
    /* A process begins with nothing, whatever its mender makes of it. */
    if (p->known.used)
        memset(&p->known, 0, sizeof p->known);
    p->kind = kind;
    p->alive = true;
    p->serial = ++world.serial;
    p->started = world.now - world_below(3);
    p->due = world.now;
    p->wanted = *settings;
    if (kind != PROCESS_SERVICE && settings->automatic)
        (void)snprintf(p->wanted.folder, sizeof p->wanted.folder, "%s", world_paths[0]);
    p->settings = p->wanted;
    p->folder = folder_meant(&p->wanted);
    p->handle = -1;
    p->change = p->added = -1;
    p->before = p->behind = p->end = CANARY;
    if (target != NULL)
        spell(p, target);
    promises_forget(p);
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
                            .journal_open = journal_open,
                            .journal_close = journal_close,
                            .journal_read = journal_read,
                            .journal_append = journal_append,
                            .journal_new = journal_new,
                            .journal_put = journal_put,
                            .journal_replace = journal_replace,
                            .report = report,
                            .decode = decode};
#ifdef __SANITIZE_ADDRESS__
    ASAN_UNPOISON_MEMORY_REGION(p->stack, sizeof p->stack);
#endif
    (void)getcontext(&p->context);
    p->context.uc_stack.ss_sp = p->stack;
    p->context.uc_stack.ss_size = sizeof p->stack;
    p->context.uc_link = NULL;
    makecontext(&p->context, enter, 0);
    trace("#%u starts: %s %s (repair %d, settle %u, rescan %u, limit %u, folder %u)", p->serial,
          (const char *[]){"service", "repair", "undo", "release"}[kind], p->target,
          settings->repair, settings->settle_seconds, settings->rescan_minutes,
          settings->repairs_per_hour, p->folder);
}

void process_end(struct process *p) {
    p->alive = false;
    p->open = false;
    promises_forget(p);
    world_close_all(p->serial);
    if (world.journal_owner != p->serial)
        return;
    world.journal_owner = 0;
    world_between.ends += world.journal_aside;
    if (p->making)
        world_journal_leave();
}

uint64_t process_due(const struct process *p) {
    uint64_t due = p->due;
    if (p->inside || p->pause || p->resume || p->journal_changed || (p->lost && p->open) ||
        p->flood > 0)
        return world.now;
    if (p->configure)
        due = outages.configuration < due ? outages.configuration : due;
    if (p->journal_note != 0)
        due = p->journal_note < due ? p->journal_note : due;
    for (size_t i = 0; i < p->notice_count; i++)
        due = p->notices[i].time < due ? p->notices[i].time : due;
    return due;
}

bool process_is_runnable(const struct process *p) {
    return p->alive && process_due(p) <= world.now;
}
