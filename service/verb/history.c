/* SPDX-License-Identifier: MIT */
#include "console.h"
#include "journal_file.h"
#include "verb/read_journal.h"
#include "verb/verb.h"
#include "win/path.h"

enum { UNFINISHED = 32 }; /* changes whose DONE has not come yet; more are shown as not finished */

/* A change to a record, as its INTENT or UNDO told it. */
struct change {
    bool used;
    struct journal_entry intent;
};

static struct {
    const struct options *options;
    struct change changes[UNFINISHED];
    /* The old journal's: the id of its first line, 0 of the first version's; the last number in it. */
    uint32_t old_id;
    uint32_t old_last;
    bool in_old;
    bool continued; /* the present journal goes on where the old one ends */
    bool failed;    /* the output could not be written */
} history;

static const char history_heading[] =
    "TIME (UTC)           RECORD               ACTION  OUTCOME      MAILBOX";
static const struct column history_columns[] = {{"time", 20, WORDS, IN_ALL},
                                                {"record", 20, WORDS, IN_ALL},
                                                {"action", 7, WORDS, IN_ALL},
                                                {"outcome", 12, WORDS, IN_ALL},
                                                {"mailbox", 255, ENDING, IN_ALL},
                                                {"folder", 0, WORDS, IN_JSON},
                                                {NULL, 0, WORDS, 0}};

static void print_history_row(const struct journal_entry *entry, const char *action,
                              const char *outcome) {
    char time[JOURNAL_TIME_BYTES];
    const char *const values[] = {time, entry->name, action, outcome, entry->mailbox, entry->text};
    if (history.options->has_since && entry->utc < history.options->since)
        return;
    journal_print_time(entry->utc, time);
    if (!console_print_row(history.options->format, history_columns, values))
        history.failed = true;
}

static void print_change(struct change *change, const char *outcome) {
    print_history_row(&change->intent, change->intent.kind == JOURNAL_UNDO ? "undo" : "repair",
                      outcome);
    change->used = false;
}

/* Evicts the oldest when full. */
static struct change *place_for(uint32_t number) {
    struct change *place = &history.changes[0];
    for (size_t i = 0; i < UNFINISHED; i++) {
        struct change *change = &history.changes[i];
        /* An old journal and the present one may both tell of what was owed at the rotation. */
        if (!change->used || change->intent.number == number) {
            change->used = false;
            return change;
        }
        if (change->intent.number < place->intent.number)
            place = change;
    }
    print_change(place, "not finished");
    return place;
}

/* The first line of a journal. */
static void visit_checkpoint(const struct journal_entry *entry) {
    if (history.in_old)
        history.old_id = entry->id;
    else
        history.continued = history.old_id == 0 || history.old_id == entry->id;
}

/* A repair that a new journal has taken over from the one before, where it has been shown if that is
 * the old one. */
static void visit_repaired(const struct journal_entry *entry) {
    if (history.in_old || !history.continued || entry->number > history.old_last)
        print_history_row(entry, "repair", "repaired");
}

/* journal_visit */
static void visit_history(void *context, const struct journal_entry *entry) {
    static const char *const outcomes[] = {[OUTCOME_REPAIRED] = "repaired",
                                           [OUTCOME_UNDONE] = "undone",
                                           [OUTCOME_NOT_MADE] = "not made",
                                           [OUTCOME_UNKNOWN] = "unknown"};
    struct change *change = NULL;
    (void)context;
    if (history.in_old && entry->number > history.old_last)
        history.old_last = entry->number;
    switch (entry->kind) {
    case JOURNAL_INTENT:
    case JOURNAL_UNDO:
        change = place_for(entry->number);
        change->used = true;
        change->intent = *entry;
        break;
    case JOURNAL_DONE:
        for (size_t i = 0; i < UNFINISHED; i++) {
            if (history.changes[i].used && history.changes[i].intent.number == entry->number)
                print_change(&history.changes[i], outcomes[entry->outcome]);
        }
        break;
    case JOURNAL_RELEASE:
        print_history_row(entry, "release", "released");
        break;
    case JOURNAL_CHECKPOINT:
        visit_checkpoint(entry);
        break;
    case JOURNAL_REPAIRED:
        visit_repaired(entry);
        break;
    case JOURNAL_HOLD: /* the undo has been shown */
    case JOURNAL_LOADED:
    case JOURNAL_STATE:
    case JOURNAL_WINDOW:
        break;
    }
}

int verb_history(const struct options *options) {
    static WCHAR old[PATH_UNITS];
    static struct journal_reader reader;
    history.options = options;
    struct host_result result = {HOST_GONE, 0, NULL};
    history.failed = !console_print_heading(options->format, history_heading, history_columns);
    history.in_old = true;
    if (path_beside(options->journal, JOURNAL_OLD, old))
        result = read_journal(old, &reader, visit_history);
    history.in_old = false;
    if (result.code == HOST_OK || result.code == HOST_GONE)
        result = read_journal(options->journal, &reader, visit_history);
    if (result.code != HOST_OK && result.code != HOST_GONE)
        return console_fail_result("cannot read the journal ", "kmrepair.jnl", &result);
    for (size_t i = 0; i < UNFINISHED; i++) {
        if (history.changes[i].used)
            print_change(&history.changes[i], "not finished");
    }
    return history.failed ? console_fail("the output could not be written", "") : 0;
}
