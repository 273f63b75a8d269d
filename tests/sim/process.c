/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <stdio.h>
#include <string.h>

#include "process_parts.h"
#include "promises.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

enum { CANARY = 0x5EED5EED };

struct rates rates;
struct outages outages;
struct process processes[PROCESSES];
bool process_cut;
uint64_t process_calls, process_steps, process_lines, process_states, process_scans;

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

void process_yield(struct process *process) {
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
        process_open_folder(p);
    if (p->kind == PROCESS_SERVICE)
        process_serve(p);
    else if (!p->open)
        p->result = process_failed(HOST_FAILED, 3);
    else if (p->kind == PROCESS_REPAIR)
        process_pass(p);
    else
        process_reverse(p);
    mender_close(&p->mender);
    trace("#%u ends", p->serial);
    p->alive = false;
    process_yield(p);
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
    p->folder = process_folder(&p->wanted);
    p->handle = -1;
    p->change = p->added = p->ended = -1;
    p->before = p->behind = p->end = CANARY;
    if (target != NULL)
        spell(p, target);
    promises_forget(p);
    process_set_host(p);
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
