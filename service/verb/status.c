/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "console.h"
#include "guarded.h"
#include "journal.h"
#include "record.h"
#include "text.h"
#include "verb/state.h"
#include "verb/state_words.h"
#include "verb/verb.h"
#include "verb/walk.h"
#include "verb/when.h"
#include "version.h"

enum { INDENT = 16, SENTENCE_BYTES = 16 * 1024 };

/* What is said, in either format: a fact for people has a label, one for programs a name; NULL: that format
 * has not got it. What is empty is left out. */
struct output {
    bool json;
    struct text text;
    char *sentence; /* SENTENCE_BYTES */
};

static void put_label(struct output *out, const char *label) {
    static const char blanks[] = "                ";
    text_print(&out->text, "%s%s", label, blanks + strlen(label));
}

/* A path is never broken: whoever copies it needs it whole. */
static void put_fact(struct output *out, const char *label, const char *name, const char *value) {
    if (value[0] == '\0')
        return;
    if (out->json && name != NULL)
        console_put_member(&out->text, name, value);
    if (out->json || label == NULL)
        return;
    put_label(out, label);
    text_put_safe(&out->text, value, strlen(value));
    text_put(&out->text, "\r\n");
}

/* For people only. */
static void put_words(struct output *out, const char *label, const char *words) {
    put_label(out, label);
    console_put_wrapped(&out->text, INDENT, words);
}

static void put_time(struct output *out, const char *label, const char *name, uint32_t utc) {
    char time[WHEN_BYTES];
    if (utc == 0)
        return;
    put_fact(out, label, name, when_print_as(out->json ? FORMAT_JSON : FORMAT_TABLE, utc, time));
}

static void put_number(struct output *out, const char *name, uint32_t number) {
    if (out->json)
        console_put_number(&out->text, name, number);
}

static bool needs(const struct state *state, enum state_need need) {
    return (state->needs >> need & 1) != 0;
}

/* ---- what it does, and what needs a person ---- */

static void put_doing(struct output *out, const struct state *state) {
    static const char words[][14] = {
        [DOING_UNKNOWN] = "unknown",   [DOING_ABSENT] = "not-installed",
        [DOING_STOPPED] = "stopped",   [DOING_STARTING] = "starting",
        [DOING_STOPPING] = "stopping", [DOING_RUNNING] = "running"};
    enum state_doing doing = state->doing;
    struct text sentence;
    text_begin(&sentence, out->sentence, SENTENCE_BYTES);
    state_put_doing(state, &sentence);
    put_fact(out, NULL, "version", KMREPAIR_VERSION);
    put_fact(out, NULL, "state",
             doing < DOING_REPAIRS ? words[doing]
                                   : journal_why_name((enum journal_why)(doing - DOING_REPAIRS)));
    if (doing == DOING_LIMIT)
        put_time(out, NULL, "until", state->told.until);
    put_fact(out, NULL, "summary", out->sentence);
    if (!out->json)
        console_put_wrapped(&out->text, 0, out->sentence);
}

static void put_attention(struct output *out, struct state *state) {
    struct text sentence;
    if (state->needs != 0)
        text_put(&out->text, out->json ? ",\"attention\":[" : "\r\nAttention\r\n");
    for (enum state_need need = NEED_JOURNAL; need < STATE_NEEDS; need++) {
        if (!needs(state, need))
            continue;
        text_begin(&sentence, out->sentence, SENTENCE_BYTES);
        state_put_need(state, need, &sentence);
        if (out->json) {
            console_put_element(&out->text, out->sentence);
        } else {
            text_put(&out->text, "- ");
            console_put_wrapped(&out->text, 2, out->sentence);
        }
    }
    if (!out->json)
        text_put(&out->text, "\r\n");
    else if (state->needs != 0)
        text_put_char(&out->text, ']');
}

/* ---- the facts ---- */

/* Folder = auto is said here; the path has a line of its own. For programs they are named with a small
 * letter first, and a number, yes and no are as JSON has them. */
GUARDED static void put_settings(struct output *out, const struct settings *settings) {
    static char value[CONFIG_FOLDER_BYTES];
    char small[32];
    struct text words;
    const char *name = NULL;
    text_begin(&words, out->sentence, SENTENCE_BYTES);
    if (out->json)
        console_put_raw(&out->text, "settings", "{");
    for (size_t i = 0; (name = config_key(settings, i, value)) != NULL; i++) {
        bool is_path = text_same(name, "Folder");
        (void)text_copy(small, sizeof small, name);
        small[0] = text_lower(small[0]);
        if (out->json && is_path) {
            console_put_member(&out->text, small, settings->automatic ? "auto" : value);
        } else if (out->json) {
            console_put_raw(&out->text, small, i > 0 ? value : settings->repair ? "true" : "false");
        } else if (!is_path || settings->automatic) {
            text_print(&words, "%s%s = %s", i == 0 ? "" : ", ", name, is_path ? "auto" : value);
        }
    }
    if (out->json)
        text_put_char(&out->text, '}');
    else
        put_words(out, "Settings", out->sentence);
}

static void put_configuration(struct output *out, const struct state *state) {
    put_fact(out, "Configuration", "configuration", state->config);
    if (needs(state, NEED_CONFIG)) {
        if (state->error.line != 0)
            put_number(out, "errorLine", state->error.line);
        put_fact(out, NULL, "error", state->error.reason);
    }
    if (state->in_force == NULL)
        return;
    put_settings(out, state->in_force);
    if (state->in_force == &state->loaded)
        put_time(out, "In force since", "since", state->loaded_at);
    put_fact(out, "Folder", "folder", state->in_force->folder);
}

static void put_scan(struct output *out, const struct state *state) {
    const struct scan_counts *counts = &state->told.counts;
    put_time(out, "Last scan", "scanned", state->told.scanned);
    if (state->told.scanned == 0) {
        put_fact(out, "Last scan", NULL, "none by the service yet; to look now: kmrepair scan");
        return;
    }
    put_number(out, "files", counts->files);
    for (size_t i = 0; i < WALK_VERDICTS; i++)
        put_number(out, record_verdict_name(walk_verdicts[i]), walk_count(counts, i));
    if (!out->json)
        put_words(out, "", walk_counts(counts));
}

static void put_past(struct output *out, struct state *state) {
    const char *before = ",\"heldRecords\":[";
    if (needs(state, NEED_FOLDER))
        put_fact(out, NULL, "folderError", state_reason(state, NEED_FOLDER));
    if (needs(state, NEED_JOURNAL))
        put_fact(out, NULL, "journalError", state_reason(state, NEED_JOURNAL));
    if (needs(state, NEED_FOLDER) && (state->untold >> NEED_FOLDER & 1) == 0)
        put_fact(out, "To enable", NULL, "cannot be told while the folder is away");
    /* A 0 would be taken for all there is. */
    if (!state->counted)
        return;
    put_number(out, "repaired", state->repaired);
    put_time(out, "Last repair", "lastRepair", state->last_repair);
    if (state->listed)
        put_number(out, "todo", state->todo);
    put_time(out, NULL, "todoSince", state->todo_since);
    put_number(out, "held", state->held);
    for (struct memory_item *item = out->json ? state_next_held(state, NULL) : NULL; item != NULL;
         item = state_next_held(state, item)) {
        text_put(&out->text, before);
        before = "";
        console_put_element(&out->text, memory_name(&state->memory, item));
    }
    if (before[0] == '\0')
        text_put_char(&out->text, ']');
    put_number(out, "unfinished", state->in_flight);
    put_time(out, NULL, "unfinishedSince", state->waiting_since);
    put_number(out, "damagedLines", state->damaged);
}

int verb_status(const struct options *options) {
    static char sentence[SENTENCE_BYTES];
    struct state *state = verb_state(options);
    struct output out = {.json = options->format == FORMAT_JSON, .sentence = sentence};
    /* No record is read any more. */
    text_begin(&out.text, (char *)options->bytes, RECORD_BYTES_MAX);
    text_put(&out.text, out.json ? "{" : "");
    put_doing(&out, state);
    put_attention(&out, state);
    put_fact(&out, "Program", "program", state->program);
    put_fact(&out, "Start type", "startType",
             state->account[0] != '\0' ? state_start_word(state->start) : "");
    put_fact(&out, "Account", "account", state->account);
    put_configuration(&out, state);
    put_scan(&out, state);
    put_past(&out, state);
    text_put(&out.text, out.json ? "}\r\n" : "");
    if (out.text.cut || !console_write(CONSOLE_OUT, out.text.at, out.text.length))
        return console_fail_output();
    return state->exit_code;
}
