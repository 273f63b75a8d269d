#include "process.h"

#include <stdio.h>
#include <string.h>

#include "kms.h"
#include "promises.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

enum { CHECK_MS = 60000, CANARY = 0x5EED5EED };

struct rates rates;
struct outages outages;
struct process processes[PROCESSES];
bool process_cut;
uint64_t process_calls, process_steps;

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

static const struct host_result ok = {HOST_OK, 0, NULL};

static struct host_result failed(enum host_code code, uint32_t error) {
    return (struct host_result){code, error & 0xFFFFFF, NULL};
}

/* Between two calls, or in the middle of one. */
static void point(struct process *process) {
    if (world_chance(rates.kill)) {
        trace("#%u is killed here", process->serial);
        process->alive = false;
        yield(process);
    }
    if (world_chance(rates.cut)) {
        trace("the power is cut here");
        process_cut = true;
        yield(process);
    }
    if (world_chance(rates.other_turn))
        yield(process);
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

/* ---- listing */

static struct host_result list_open(void *context) {
    struct process *process = context;
    bool fault = begin(process, CALL_LIST_OPEN);
    if (process->listing)
        broken("a listing is opened while one is open");
    if (fault || world.away[process->folder]) {
        trace("#%u list: %s", process->serial, fault ? "fails" : "the folder is away");
        return failed(HOST_FAILED, fault ? 5 : 3);
    }
    trace("#%u list", process->serial);
    process->listing = true;
    process->list_next = 0;
    return ok;
}

static struct host_result list_next(void *context, char *name, size_t size) {
    struct process *process = context;
    bool fault = begin(process, CALL_LIST_NEXT);
    if (!process->listing)
        broken("a name is read from a listing that is not open");
    if (fault || world.away[process->folder]) {
        trace("#%u next: fails", process->serial);
        return failed(HOST_FAILED, 5);
    }
    while (process->list_next < WORLD_NAMES) {
        const struct name *at = &world.names[process->list_next++];
        if (!at->used || at->folder != process->folder || world.nodes[at->node].directory)
            continue;
        (void)snprintf(name, size, "%s", at->text);
        memcpy(process->listed, at->text, sizeof process->listed);
        return ok;
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

static unsigned folder_of(const struct process *process, const char *path) {
    unsigned folder = 0;
    if (path == NULL)
        return process->folder;
    while (folder < WORLD_FOLDERS && !world_equal(path, world_paths[folder]))
        folder++;
    return folder;
}

static struct host_result open_file(struct process *process, unsigned folder, const char *name,
                                    bool repair, uint32_t *size) {
    enum world_code code = WORLD_OK;
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
    return ok;
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
    unsigned folder = folder_of(process, path);
    struct host_result result = failed(HOST_FAILED, 3);
    if (process->handle >= 0)
        broken("%s is opened while another record is open", name);
    if (repair && folder < WORLD_FOLDERS && world_chance(rates.race))
        kms_overtake(folder, name);
    if (fault)
        result = failed(open_fault(repair), 5);
    else if (folder < WORLD_FOLDERS)
        result = open_file(process, folder, name, repair, size);
    trace("#%u open %s%s%s: %s", process->serial, name, repair ? " to repair" : "",
          folder != process->folder ? " elsewhere" : "",
          (const char *[]){"ok", "end", "gone", "busy", "refused", "failed"}[result.code]);
    promises_opened(process, repair);
    point(process);
    return result;
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
    const struct node *node = &world.nodes[handle->node];
    if (node->size > WORLD_CONTENT_BYTES)
        broken("a file that is too large is read");
    if (world.away[handle->folder])
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
    return ok;
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
    if (world.away[world.handles[process->handle].folder]) {
        way = 0;
        lands = false;
    }
    promises_write(process, offset, byte, lands);
    if (lands)
        world_write(process->handle, offset, &byte, 1);
    trace("#%u write '%c' at %u of %s%s", process->serial, byte, offset,
          world.handles[process->handle].name,
          (const char *[]){": fails", ": fails, but is done", ": is lost", ""}[way]);
    point(process);
    return way < 2 ? failed(world_below(3) == 0 ? HOST_BUSY : HOST_FAILED, 29) : ok;
}

static struct host_result flush_record(void *context) {
    struct process *process = context;
    bool fault = begin(process, CALL_FLUSH);
    if (process->handle < 0 || !process->for_repair) {
        broken("a record is flushed that is not open for repair");
        return failed(HOST_FAILED, 6);
    }
    if (world.away[world.handles[process->handle].folder])
        fault = true;
    if (!fault || world_below(4) == 0)
        world_flush(&world.nodes[world.handles[process->handle].node]);
    trace("#%u flush%s", process->serial, fault ? ": fails" : "");
    point(process);
    return fault ? failed(HOST_FAILED, 29) : ok;
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
    struct host_result result = ok;
    bool fault = begin(process, CALL_JOURNAL_OPEN) || world.now < outages.journal;
    if (world.journal_owner == process->serial)
        broken("the journal is opened twice");
    if (fault)
        result = failed(world_below(2) == 0 ? HOST_BUSY : HOST_FAILED, 5);
    else if (world.journal_owner != 0)
        result = failed(HOST_BUSY, 32);
    if (result.code != HOST_OK) {
        trace("#%u journal: %s", process->serial, result.code == HOST_BUSY ? "busy" : "fails");
        promises_trouble(process);
        return result;
    }
    world.journal_owner = process->serial;
    *size = (uint32_t)world.journal_size;
    point(process);
    return ok;
}

static void journal_close(void *context) {
    struct process *process = context;
    if (world.journal_owner == process->serial)
        world.journal_owner = 0;
    point(process);
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
    memcpy(bytes, world.journal + offset, *got);
    promises_journal_read(process);
    return ok;
}

static struct host_result journal_append(void *context, const char *line, size_t length) {
    struct process *process = context;
    bool fault = begin(process, CALL_APPEND) || world.now < outages.disk;
    size_t at = world.journal_size;
    size_t keep = fault ? world_below((uint32_t)length + 1) : length;
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
    if (!fault) {
        world.journal_durable = world.journal_size;
        promises_appended(process, world.journal_size);
    }
    point(process);
    return fault ? failed(HOST_FAILED, 112) : ok;
}

static struct host_result journal_rotate(void *context, const char *content, size_t length) {
    struct process *process = context;
    bool fault = begin(process, CALL_ROTATE) || world.now < outages.disk;
    if (!has_journal(process, "rotated"))
        return failed(HOST_FAILED, 6);
    promises_rotate(content, length);
    trace("#%u rotates the journal: %zu bytes%s", process->serial, length, fault ? " FAILS" : "");
    if (fault)
        promises_trouble(process);
    if (fault && world_below(2) == 0)
        return failed(HOST_FAILED, 112);
    memcpy(world.journal, content, length);
    world.journal_size = world.journal_durable = length;
    promises_rotated();
    point(process);
    /* The new one is there, but can not be opened. */
    if (fault)
        world.journal_owner = 0;
    return fault ? failed(HOST_BUSY, 32) : ok;
}

/* ---- events */

static bool report(void *context, const struct event *event) {
    struct process *process = context;
    bool fault = begin(process, CALL_REPORT) || world.now < outages.event_log;
    trace("#%u event %d %s%s%s%s", process->serial, (int)event->number,
          event->strings > 0 ? event->string[0] : "", event->number == EVENT_STUCK ? ": " : "",
          event->number == EVENT_STUCK ? event->string[3] : "", fault ? " FAILS" : "");
    promises_report(process, event, !fault);
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
    if (!p->alive || !p->watching || folder != p->folder || world.away[folder] ||
        p->watch_identity != world.identity[folder] || world_chance(rates.drop))
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

/* As worker.c's on_change: an 8.3 name is replaced by the real one. */
static void hint(struct process *p, const char *name) {
    int slot = world_find(p->folder, name);
    char real[WORLD_NAME_BYTES];
    if (strchr(name, '~') != NULL && (slot < 0 || world.away[p->folder])) {
        if (world.away[p->folder])
            p->lost = true;
        return;
    }
    memcpy(real, slot >= 0 ? world.names[slot].text : name, sizeof real);
    trace("#%u is told of %s", p->serial, real);
    promises_hint(p, real);
    mender_hint(&p->mender, real);
}

static void collect(struct process *p) {
    for (size_t i = 0; i < p->notice_count;) {
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
    if (p->lost) {
        p->lost = false;
        trace("#%u is told that changes were lost", p->serial);
        mender_changes_lost(&p->mender);
    }
    for (; p->flood > 0; p->flood--) {
        char name[WORLD_NAME_BYTES];
        (void)snprintf(name, sizeof name, "Flood%u.ini", p->flood);
        mender_hint(&p->mender, name);
    }
}

static void watch_over(struct process *p) {
    bool is_there = !world.away[p->folder];
    if (p->watching && is_there && p->watch_identity == world.identity[p->folder]) {
        p->watch_due = world.now + CHECK_MS;
        p->watch_backoff = 0;
    } else if (p->watching || !is_there) {
        const struct host_result why = {HOST_FAILED, 3, NULL};
        p->watching = false;
        p->notice_count = 0;
        p->watch_backoff = p->watch_backoff == 0 ? 1000 : p->watch_backoff * 2;
        if (p->watch_backoff > 60000)
            p->watch_backoff = 60000;
        p->watch_due = world.now + p->watch_backoff;
        mender_folder_away(&p->mender, &why);
    } else {
        p->watching = true;
        p->watch_identity = world.identity[p->folder];
        p->watch_due = world.now + CHECK_MS;
        mender_folder_back(&p->mender);
    }
}

static void configure(struct process *p) {
    unsigned folder = folder_of(p, p->wanted.folder);
    promises_told(p);
    p->settings = p->wanted;
    mender_configure(&p->mender, &p->wanted);
    if (folder != p->folder) {
        p->watching = false;
        p->notice_count = 0;
        p->folder = folder;
        p->watch_backoff = 0;
        p->watch_due = 0;
    }
}

static void obey(struct process *p) {
    if (p->configure) {
        p->configure = false;
        configure(p);
    }
    if (p->pause) {
        p->pause = false;
        p->paused = true;
        mender_pause(&p->mender);
    }
    if (p->resume) {
        p->resume = false;
        promises_told(p);
        p->paused = false;
        mender_continue(&p->mender);
    }
    if (p->journal_changed) {
        p->journal_changed = false;
        mender_journal_changed(&p->mender);
    }
}

/* The mender's time is the process's own; MENDER_NEVER stays never. */
static uint64_t step(struct process *p) {
    process_steps++;
    p->steps++;
    p->listed[0] = '\0';
    p->looked = p->settling = false;
    uint64_t due = mender_step(&p->mender);
    if (p->handle >= 0 || world.journal_owner == p->serial)
        broken("a step ends with a record or the journal open");
    promises_bounds(p);
    return due == MENDER_NEVER ? due : due + p->started;
}

/* As the worker does: it looks at what it is told when there is nothing to do, the clock has moved on, or something
 * is asked for. */
static void listen(struct process *p) {
    bool asked = p->configure || p->pause || p->resume;
    if (p->more && world.now == p->listened && !asked)
        return;
    p->listened = world.now;
    obey(p);
    collect(p);
    if (world.now >= p->watch_due)
        watch_over(p);
}

static void serve(struct process *p) {
    mender_note_settings(&p->mender);
    watch_over(p);
    for (;;) {
        p->inside = true;
        listen(p);
        uint64_t due = step(p);
        p->more = due <= p->listened;
        p->due = due < p->watch_due ? due : p->watch_due;
        p->inside = false;
        yield(p);
    }
}

/* ---- the verbs */

static void pass(struct process *p) {
    uint64_t limit = world.now + (uint64_t)p->mender.settings.settle_seconds * 1000 + 15000;
    for (;;) {
        p->inside = true;
        uint64_t due = step(p);
        p->inside = false;
        bool settled = mender_is_settled(&p->mender);
        if ((settled && (p->mender.pending.count == 0 || world.now >= limit)) ||
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
        p->result = p->kind == PROCESS_UNDO ? mender_undo(&p->mender, p->target)
                                            : mender_release(&p->mender, p->target);
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

static void enter(void) {
    struct process *p = starting;
    arrive(NULL, true);
    p->inside = true;
    mender_init(&p->mender, &p->host, &p->wanted, p->bytes);
    if (p->kind == PROCESS_SERVICE)
        serve(p);
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

void process_start(struct process *p, enum process_kind kind, const struct settings *settings,
                   const char *target) {
    memset(p, 0, offsetof(struct process, mender));
    p->kind = kind;
    p->alive = true;
    p->serial = ++world.serial;
    p->started = world.now - world_below(3);
    p->due = world.now;
    p->wanted = p->settings = *settings;
    p->folder = folder_of(p, settings->folder);
    p->handle = -1;
    p->change = p->added = -1;
    p->before = p->behind = p->end = CANARY;
    if (target != NULL)
        (void)snprintf(p->target, sizeof p->target, "%s", target);
    p->host = (struct host){.context = p,
                            .clock = clock_ms,
                            .utc = utc,
                            .list_open = list_open,
                            .list_next = list_next,
                            .list_close = list_close,
                            .open = open_record,
                            .read = read_record,
                            .write = write_record,
                            .flush = flush_record,
                            .close = close_record,
                            .journal_open = journal_open,
                            .journal_close = journal_close,
                            .journal_read = journal_read,
                            .journal_append = journal_append,
                            .journal_rotate = journal_rotate,
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
    p->watching = false;
    world_close_all(p->serial);
    if (world.journal_owner == p->serial)
        world.journal_owner = 0;
}

uint64_t process_due(const struct process *p) {
    uint64_t due = p->due;
    if (p->inside || p->pause || p->resume || p->configure || p->journal_changed || p->lost ||
        p->flood > 0)
        return world.now;
    for (size_t i = 0; i < p->notice_count; i++)
        due = p->notices[i].time < due ? p->notices[i].time : due;
    return due;
}

bool process_is_runnable(const struct process *p) {
    return p->alive && process_due(p) <= world.now;
}
