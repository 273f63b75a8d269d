/* SPDX-License-Identifier: MIT */
/*
 * process_service: what the service's worker does, and what the verbs do, with the mender of their process.
 */
#include <stdio.h>
#include <string.h>

#include "process_parts.h"
#include "promises.h"

enum { CHECK_MS = 60000 };

/* ---- the service */

void process_notify(unsigned folder, const char *name) {
    struct process *p = &processes[0];
    if (!p->alive || !p->open || folder != p->place || world_is_away(p->place) ||
        world_chance(rates.drop))
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
    struct host_result result = p->host.real_name(p, real, sizeof real);
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

void process_open_folder(struct process *p) {
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
        process_open_folder(p);
    }
}

unsigned process_folder(const struct settings *settings) {
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
        p->folder = process_folder(&p->wanted);
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

void process_serve(struct process *p) {
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
        process_yield(p);
    }
}

/* ---- the verbs */

void process_pass(struct process *p) {
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
        process_yield(p);
    }
}

void process_reverse(struct process *p) {
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
        process_yield(p);
    }
    trace("#%u %s %s: %s", p->serial, p->kind == PROCESS_UNDO ? "undo" : "release", p->target,
          p->result.code == HOST_OK  ? "ok"
          : p->result.reason != NULL ? p->result.reason
                                     : "fails");
    promises_verb(p);
}
