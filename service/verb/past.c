/* SPDX-License-Identifier: MIT */
#include "verb/past.h"

#include "journal_file.h"
#include "result.h"
#include "verb/read_journal.h"
#include "win/path.h"

/* A change to a record, as its INTENT or UNDO told it. */
struct change {
    bool used;
    struct journal_entry intent;
};

static struct {
    past_visit *visit;
    void *context;
    struct change changes[PAST_UNFINISHED];
    /* The old journal's: the id of its first line, 0 of the first version's; the last number in it. */
    uint32_t old_id;
    uint32_t old_last;
    bool in_old;
    bool continued; /* the present journal goes on where the old one ends */
} past;

static void tell_change(struct change *change, const char *outcome) {
    past.visit(past.context, &change->intent,
               change->intent.kind == JOURNAL_UNDO ? "undo" : "repair", outcome);
    change->used = false;
}

/* Evicts the oldest when full. */
static struct change *place_for(uint32_t number) {
    struct change *place = &past.changes[0];
    for (size_t i = 0; i < PAST_UNFINISHED; i++) {
        struct change *change = &past.changes[i];
        /* An old journal and the present one may both tell of what was owed at the rotation. */
        if (!change->used || change->intent.number == number) {
            change->used = false;
            return change;
        }
        if (change->intent.number < place->intent.number)
            place = change;
    }
    tell_change(place, "not finished");
    return place;
}

/* The first line of a journal. */
static void visit_checkpoint(const struct journal_entry *entry) {
    if (past.in_old)
        past.old_id = entry->id;
    else
        past.continued = past.old_id == 0 || past.old_id == entry->id;
}

/* A repair that a new journal has taken over from the one before, where it has been told if that is
 * the old one. */
static void visit_repaired(const struct journal_entry *entry) {
    if (past.in_old || !past.continued || entry->number > past.old_last)
        past.visit(past.context, entry, "repair", "repaired");
}

/* journal_visit */
static void visit_entry(void *context, const struct journal_entry *entry) {
    static const char outcomes[][9] = {[OUTCOME_REPAIRED] = "repaired",
                                       [OUTCOME_UNDONE] = "undone",
                                       [OUTCOME_NOT_MADE] = "not made",
                                       [OUTCOME_UNKNOWN] = "unknown"};
    struct change *change = NULL;
    (void)context;
    if (past.in_old && entry->number > past.old_last)
        past.old_last = entry->number;
    switch (entry->kind) {
    case JOURNAL_INTENT:
    case JOURNAL_UNDO:
        change = place_for(entry->number);
        change->used = true;
        change->intent = *entry;
        break;
    case JOURNAL_DONE:
        for (size_t i = 0; i < PAST_UNFINISHED; i++) {
            if (past.changes[i].used && past.changes[i].intent.number == entry->number)
                tell_change(&past.changes[i], outcomes[entry->outcome]);
        }
        break;
    case JOURNAL_RELEASE:
        past.visit(past.context, entry, "release", "released");
        break;
    case JOURNAL_CHECKPOINT:
        visit_checkpoint(entry);
        break;
    case JOURNAL_REPAIRED:
        visit_repaired(entry);
        break;
    case JOURNAL_HOLD: /* the undo has been told */
    case JOURNAL_LOADED:
    case JOURNAL_STATE:
    case JOURNAL_WINDOW:
        break;
    }
}

static struct host_result read_one(const WCHAR *path) {
    static struct journal_reader reader;
    struct host_result result = read_journal(path, &reader, visit_entry, NULL);
    return result.code == HOST_GONE ? host_ok : result;
}

struct host_result past_read(const struct options *options, past_visit *visit, void *context,
                             struct host_result *old) {
    static WCHAR path[PATH_UNITS];
    past.visit = visit;
    past.context = context;
    past.in_old = true;
    *old = path_beside(options->journal, JOURNAL_OLD, path) ? read_one(path) : host_ok;
    past.in_old = false;
    struct host_result result = read_one(options->journal);
    if (result.code != HOST_OK)
        return result;
    for (size_t i = 0; i < PAST_UNFINISHED; i++) {
        if (past.changes[i].used)
            tell_change(&past.changes[i], "not finished");
    }
    return result;
}
