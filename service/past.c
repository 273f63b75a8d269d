#include "past.h"

#include <string.h>

#include "console.h"
#include "install.h"
#include "journal.h"
#include "path.h"
#include "scan.h"
#include "settings.h"
#include "text.h"

enum {
    UNFINISHED = 32, /* changes whose DONE has not come yet; more are shown as not finished */
    LINE_BYTES = 8192
};

/* A change to a record, as its INTENT or UNDO told it. */
struct change {
    bool used;
    struct journal_entry intent;
};

static struct {
    const struct options *options;
    struct journal_reader reader;
    char piece[4096];
    char line[LINE_BYTES];
    char words[300];
    struct change changes[UNFINISHED];
    bool failed; /* the output could not be written */

    uint32_t intents, done, repaired;
    char last[JOURNAL_TIME_BYTES];
    char loaded[JOURNAL_TIME_BYTES];
    char loaded_settings[CONFIG_PRINT_BYTES];

    struct host_win host;
    struct settings settings;
    struct config_error error;
} past;

/* HOST_GONE when there is no such file. */
static struct host_result visit_journal(const WCHAR *path, journal_visit *visit) {
    struct host_result result = {HOST_OK, 0, NULL};
    DWORD got = 1;
    journal_begin(&past.reader);
    HANDLE file =
        CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        DWORD error = GetLastError();
        return (struct host_result){error == ERROR_FILE_NOT_FOUND ? HOST_GONE : HOST_FAILED,
                                    error & 0xFFFFFF, NULL};
    }
    while (result.code == HOST_OK && got > 0) {
        if (!ReadFile(file, past.piece, sizeof past.piece, &got, NULL))
            result = (struct host_result){HOST_FAILED, GetLastError() & 0xFFFFFF, NULL};
        else
            journal_feed(&past.reader, past.piece, got, visit, NULL);
    }
    (void)journal_end(&past.reader, visit, NULL);
    (void)CloseHandle(file);
    return result;
}

/* ---- history ---- */

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
    const char *const values[] = {time,    entry->name,    action,
                                  outcome, entry->mailbox, entry->folder};
    if (past.options->has_since && entry->utc < past.options->since)
        return;
    journal_print_time(entry->utc, time);
    if (!console_print_row(past.options->format, history_columns, values))
        past.failed = true;
}

static void print_change(struct change *change, const char *outcome) {
    print_history_row(&change->intent, change->intent.kind == JOURNAL_UNDO ? "undo" : "repair",
                      outcome);
    change->used = false;
}

/* The one that ends up first when there is no room: the oldest. */
static struct change *place_for(uint32_t number) {
    struct change *place = &past.changes[0];
    for (size_t i = 0; i < UNFINISHED; i++) {
        struct change *change = &past.changes[i];
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

/* journal_visit */
static void visit_history(void *context, const struct journal_entry *entry) {
    static const char *const outcomes[] = {[OUTCOME_REPAIRED] = "repaired",
                                           [OUTCOME_UNDONE] = "undone",
                                           [OUTCOME_NOT_MADE] = "not made",
                                           [OUTCOME_UNKNOWN] = "unknown"};
    struct change *change = NULL;
    (void)context;
    switch (entry->kind) {
    case JOURNAL_INTENT:
    case JOURNAL_UNDO:
        change = place_for(entry->number);
        change->used = true;
        change->intent = *entry;
        break;
    case JOURNAL_DONE:
        for (size_t i = 0; i < UNFINISHED; i++) {
            if (past.changes[i].used && past.changes[i].intent.number == entry->number)
                print_change(&past.changes[i], outcomes[entry->outcome]);
        }
        break;
    case JOURNAL_RELEASE:
        print_history_row(entry, "release", "released");
        break;
    case JOURNAL_HOLD: /* the undo has been shown */
    case JOURNAL_LOADED:
        break;
    }
}

int past_history(const struct options *options) {
    static WCHAR old[PATH_UNITS];
    past.options = options;
    struct host_result result = {HOST_GONE, 0, NULL};
    past.failed = !console_print_heading(options->format, history_heading, history_columns);
    if (path_beside(options->journal, JOURNAL_OLD, old))
        result = visit_journal(old, visit_history);
    if (result.code == HOST_OK || result.code == HOST_GONE)
        result = visit_journal(options->journal, visit_history);
    if (result.code != HOST_OK && result.code != HOST_GONE)
        return console_fail_result("can not read the journal ", "kmrepair.jnl", &result);
    for (size_t i = 0; i < UNFINISHED; i++) {
        if (past.changes[i].used)
            print_change(&past.changes[i], "not finished");
    }
    return past.failed ? console_fail("the output could not be written", "") : 0;
}

/* ---- status ---- */

/* journal_visit */
static void visit_status(void *context, const struct journal_entry *entry) {
    (void)context;
    switch (entry->kind) {
    case JOURNAL_INTENT:
    case JOURNAL_UNDO:
        past.intents++;
        break;
    case JOURNAL_DONE:
        past.done++;
        past.repaired += entry->outcome == OUTCOME_REPAIRED ? 1 : 0;
        if (entry->outcome == OUTCOME_REPAIRED)
            journal_print_time(entry->utc, past.last);
        break;
    case JOURNAL_LOADED:
        journal_print_time(entry->utc, past.loaded);
        (void)text_copy(past.loaded_settings, sizeof past.loaded_settings, entry->folder);
        break;
    case JOURNAL_HOLD:
    case JOURNAL_RELEASE:
        break;
    }
}

/* Why the journal can not be read, or "". */
static const char *read_status(const struct options *options) {
    struct host_result result = visit_journal(options->journal, visit_status);
    past.words[0] = '\0';
    if (result.code == HOST_FAILED)
        path_error_text(result.error, past.words, sizeof past.words);
    return past.words;
}

static void print_past(const struct options *options, bool running) {
    const char *error = read_status(options);
    if (running && past.loaded[0] != '\0')
        (void)console_print(CONSOLE_OUT,
                            "In force:       %s\r\n"
                            "                since %s\r\n",
                            past.loaded_settings, past.loaded);
    if (error[0] != '\0') {
        (void)console_print(CONSOLE_OUT, "Repairs:        the journal can not be read: %s\r\n",
                            error);
        return;
    }
    (void)console_print(CONSOLE_OUT, "Repairs:        %u in the journal%s%s", past.repaired,
                        past.repaired > 0 ? ", the last at " : "", past.last);
    if (past.intents > past.done)
        (void)console_print(CONSOLE_OUT, "; %u not finished or not yet reported",
                            past.intents - past.done);
    /* A line that was torn by a crash is one; a damaged one may have been a repair. */
    if (past.reader.foreign > 0)
        (void)console_print(CONSOLE_OUT, "; %u unreadable line(s) in the journal",
                            past.reader.foreign);
    (void)console_print(CONSOLE_OUT, "\r\n");
}

/* What the configuration file says now. False when it is refused. */
static bool print_config(const struct options *options) {
    bool good = settings_load(options->config, &past.settings, &past.error);
    path_print(options->config, past.line, sizeof past.line);
    (void)console_print(CONSOLE_OUT, "Configuration:  %s\r\n                ", past.line);
    if (good) {
        config_print(&past.settings, past.line, sizeof past.line);
        (void)console_print(CONSOLE_OUT, "%s\r\n", past.line);
    } else if (past.error.line != 0) {
        (void)console_print(CONSOLE_OUT, "refused, line %u: %s\r\n", past.error.line,
                            past.error.reason);
    } else {
        (void)console_print(CONSOLE_OUT, "refused: %s\r\n", past.error.reason);
    }
    return good;
}

static int print_folder(const struct options *options) {
    struct mender_counts counts;
    host_win_init(&past.host, past.settings.folder, options->journal, NULL);
    (void)console_print(CONSOLE_OUT, "Folder:         %s\r\n", past.settings.folder);
    struct host_result result = scan_count(&past.host, options->bytes, &counts);
    if (result.code != HOST_OK)
        return console_fail_result("can not look at ", past.settings.folder, &result);
    (void)scan_print_counts(CONSOLE_OUT, "                ", &counts);
    return 0;
}

static void put_json_counts(struct text *line, const struct mender_counts *counts) {
    static const enum verdict verdicts[] = {VERDICT_STUCK, VERDICT_SOUND, VERDICT_DOUBTFUL,
                                            VERDICT_UNREADABLE, VERDICT_NOT_A_RECORD};
    console_put_number(line, "files", counts->files);
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++)
        console_put_number(line, record_verdict_name(verdicts[i]),
                           counts->verdict[verdicts[i]] +
                               (verdicts[i] == VERDICT_UNREADABLE ? counts->busy : 0));
}

/* One object; what can not be told is left out, with `error` in its place. */
static int print_json(const struct options *options, const char *state, bool running) {
    struct mender_counts counts;
    struct text line;
    int code = 0;
    static char config[PATH_UNITS * 3];
    const char *error = read_status(options);
    text_begin(&line, past.line, sizeof past.line);
    path_print(options->config, config, sizeof config);
    text_put(&line, "{");
    console_put_member(&line, "service", state);
    console_put_member(&line, "configuration", config);
    if (running && past.loaded[0] != '\0') {
        console_put_member(&line, "settings", past.loaded_settings);
        console_put_member(&line, "since", past.loaded);
    }
    if (error[0] != '\0')
        console_put_member(&line, "journalError", error);
    console_put_number(&line, "repaired", past.repaired);
    console_put_member(&line, "lastRepair", past.last);
    console_put_number(&line, "unfinished",
                       past.intents > past.done ? past.intents - past.done : 0);
    if (!settings_load(options->config, &past.settings, &past.error)) {
        console_put_number(&line, "errorLine", past.error.line);
        console_put_member(&line, "error", past.error.reason);
        code = 2;
    } else {
        host_win_init(&past.host, past.settings.folder, options->journal, NULL);
        console_put_member(&line, "folder", past.settings.folder);
        struct host_result result = scan_count(&past.host, options->bytes, &counts);
        if (result.code == HOST_OK) {
            put_json_counts(&line, &counts);
        } else {
            console_put_member(&line, "error", path_reason(&result, past.words, sizeof past.words));
            code = 2;
        }
    }
    text_put(&line, "}\r\n");
    return console_print(CONSOLE_OUT, "%s", past.line) ? code : 2;
}

int past_status(const struct options *options) {
    bool running = false;
    char state[64];
    DWORD error = install_state(state, sizeof state, &running);
    if (error != ERROR_SUCCESS)
        return console_fail_error("can not ask for the state of the service", "", error);
    if (options->format == FORMAT_JSON)
        return print_json(options, state, running);
    (void)console_print(CONSOLE_OUT, "Service:        %s\r\n", state);
    bool good = print_config(options);
    print_past(options, running);
    return good ? print_folder(options) : 2;
}
