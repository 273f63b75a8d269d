/* SPDX-License-Identifier: MIT */
/*
 * process_journal: what a process asks of its host about the journal, and what goes wrong then.
 */
#include <string.h>

#include "process_parts.h"
#include "promises.h"

static struct host_result journal_open(void *context, uint32_t *size) {
    struct process *process = context;
    struct host_result result = host_ok;
    bool fault = process_begin(process, CALL_JOURNAL_OPEN) || world.now < outages.journal;
    if (world.journal_owner == process->serial)
        broken("the journal is opened twice");
    if (fault)
        result = process_failed(world_below(2) == 0 ? HOST_BUSY : HOST_FAILED, 5);
    else if (world_journal_find())
        promises_journal_changed();
    if (!fault && (world.journal_owner != 0 || world.now < outages.scanner))
        result = process_failed(HOST_BUSY, 32);
    if (result.code != HOST_OK) {
        trace("#%u journal: %s", process->serial, result.code == HOST_BUSY ? "busy" : "fails");
        promises_trouble(process);
        return result;
    }
    world.journal_owner = process->serial;
    process->session_trouble = false;
    process->making = false;
    *size = (uint32_t)world.journal_size;
    process_point(process);
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
    process_point(process);
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
    bool fault = process_begin(process, CALL_JOURNAL_READ);
    *got = 0;
    if (!has_journal(process, "read") || (fault && world_below(2) == 0)) {
        promises_trouble(process);
        return process_failed(world_below(3) == 0 ? HOST_BUSY : HOST_FAILED, 33);
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
    bool fault = process_begin(process, CALL_APPEND) || world.now < outages.disk;
    size_t at = world.journal_size;
    size_t keep = fault ? world_below((uint32_t)length + 1) : length;
    if (process->making)
        broken("a line is added to the journal while a new one is made");
    if (!has_journal(process, "written to") || at + length > WORLD_JOURNAL_BYTES)
        return process_failed(HOST_FAILED, 112);
    if (fault && world_below(3) == 0)
        keep = length;
    trace("#%u journal + %.*s%s", process->serial, (int)length - 2, line, fault ? " FAILS" : "");
    /* All of it is in the cache before the first byte is on the disk. */
    memcpy(world.journal + at, line, keep);
    world.journal_size += keep;
    promises_append(process, at, keep);
    process_states += process->line.kind == LINE_STATE;
    if (fault)
        promises_trouble(process);
    process_point(process);
    tell_written();
    if (!fault) {
        world_journal_flush();
        promises_appended(process, world.journal_size);
    }
    process_point(process);
    return fault ? process_failed(HOST_FAILED, 112) : host_ok;
}

/* ---- a new journal */

static struct host_result journal_new(void *context) {
    struct process *process = context;
    bool fault = process_begin(process, CALL_JOURNAL_NEW) || world.now < outages.disk;
    if (process->making)
        broken("a new journal is begun while one is made");
    if (!has_journal(process, "replaced") || fault) {
        trace("#%u new journal: fails", process->serial);
        promises_trouble(process);
        return process_failed(world_below(2) == 0 ? HOST_BUSY : HOST_FAILED, 5);
    }
    process->making = true;
    promises_new(process);
    world.left = false;
    world.fresh_size = 0;
    return host_ok;
}

static struct host_result journal_put(void *context, const char *line, size_t length) {
    struct process *process = context;
    bool fault = process_begin(process, CALL_PUT);
    if (!process->making)
        broken("a line is put into a new journal that was not begun");
    if (!has_journal(process, "replaced") || fault ||
        world.fresh_size + length > WORLD_JOURNAL_BYTES) {
        trace("#%u new journal: a line fails", process->serial);
        promises_trouble(process);
        return process_failed(HOST_FAILED, 112);
    }
    memcpy(world.fresh + world.fresh_size, line, length);
    world.fresh_size += length;
    process_point_halfway(process);
    return host_ok;
}

/* Whoever has the journal open keeps it from being replaced. */
static struct host_result journal_replace(void *context, bool keep) {
    struct process *process = context;
    bool fault = process_begin(process, CALL_REPLACE);
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
    process_point_halfway(process);
    process->making = false;
    if (busy || (fault && world_below(2) == 0)) {
        /* It may be closed by now, and not to be opened again. */
        if (world_below(2) == 0)
            world.journal_owner = 0;
        return process_failed(busy ? HOST_BUSY : HOST_FAILED, 32);
    }
    world_journal_step_aside();
    world.journal_generation++;
    promises_rotated(process);
    process_point_halfway(process);
    /* Whoever opens the journal next does it when it fails here. */
    if (!world_chance(rates.fault[CALL_REPLACE]))
        world_journal_name();
    tell_written();
    process_point_halfway(process);
    /* The new one is there, but can not be opened. */
    if (fault)
        world.journal_owner = 0;
    return fault ? process_failed(HOST_BUSY, 32) : host_ok;
}

void process_set_journal(struct process *p) {
    p->host.journal_open = journal_open;
    p->host.journal_close = journal_close;
    p->host.journal_read = journal_read;
    p->host.journal_append = journal_append;
    p->host.journal_new = journal_new;
    p->host.journal_put = journal_put;
    p->host.journal_replace = journal_replace;
}
