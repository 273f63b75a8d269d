/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "console.h"
#include "host_win.h"
#include "memory.h"
#include "result.h"
#include "service.h"
#include "settings.h"
#include "text.h"
#include "verb/read_journal.h"
#include "verb/verb.h"
#include "verb/walk.h"
#include "win/error.h"
#include "win/path.h"
#include "win/scm.h"

enum { LINE_BYTES = 8192 };

static struct {
    char line[LINE_BYTES];
    char words[300];
    /* What the journal tells. */
    struct journal_reader reader;
    struct memory memory; /* what is in flight and what is held */
    uint32_t repaired;
    uint32_t last_utc; /* 0: none */
    bool has_state;
    struct journal_state state;
    char last[JOURNAL_TIME_BYTES];
    char loaded[JOURNAL_TIME_BYTES];
    char loaded_settings[CONFIG_PRINT_BYTES];
    /* What the configuration and the folder hold now. */
    struct host_win host;
    struct settings settings;
    struct config_error error;
} now;

/* The state of the service in words, such as "running". Returns a Win32 error; a service that is
 * not installed is no error. */
static DWORD find_state(const char **state, bool *running) {
    static const char *const words[] = {"in no known state", "stopped",    "starting", "stopping",
                                        "running",           "continuing", "pausing",  "paused"};
    SC_HANDLE service = NULL;
    SERVICE_STATUS status;
    DWORD error = scm_open(SERVICE_NAME, SERVICE_QUERY_STATUS, &service);
    *running = false;
    *state = "not installed";
    if (error == ERROR_SERVICE_DOES_NOT_EXIST)
        return ERROR_SUCCESS;
    if (error == ERROR_SUCCESS && !QueryServiceStatus(service, &status))
        error = GetLastError();
    if (error == ERROR_SUCCESS) {
        DWORD number = status.dwCurrentState;
        *running = number != SERVICE_STOPPED;
        *state = words[number < sizeof words / sizeof words[0] ? number : 0];
    }
    scm_close(service);
    return error;
}

static void count_repair(uint32_t utc) {
    now.repaired++;
    if (utc < now.last_utc)
        return;
    now.last_utc = utc;
    journal_print_time(utc, now.last);
}

/* journal_visit */
static void visit_status(void *context, const struct journal_entry *entry) {
    (void)context;
    memory_apply(&now.memory, entry);
    switch (entry->kind) {
    case JOURNAL_DONE:
        if (entry->outcome == OUTCOME_REPAIRED)
            count_repair(entry->utc);
        break;
    case JOURNAL_REPAIRED:
        count_repair(entry->utc);
        break;
    case JOURNAL_LOADED:
        journal_print_time(entry->utc, now.loaded);
        (void)text_copy(now.loaded_settings, sizeof now.loaded_settings, entry->text);
        break;
    case JOURNAL_STATE:
        now.has_state = true;
        now.state = entry->state;
        break;
    default:
        break;
    }
}

/* Why the journal cannot be read, or "". */
static const char *read_status(const struct options *options) {
    memory_clear(&now.memory);
    memory_begin(&now.memory, PASS_NEW, false);
    struct host_result result = read_journal(options->journal, &now.reader, visit_status);
    memory_end(&now.memory);
    now.words[0] = '\0';
    if (result.code == HOST_FAILED)
        error_text(result.error, now.words, sizeof now.words);
    return now.words;
}

/* What a service that runs does, as it says in the journal. One buffer. */
static const char *state_words(void) {
    static const char *const words[] = {
        [WHY_NOTHING] = "repairs what is stuck",
        [WHY_REPORT_ONLY] = "reports only (Repair = no)",
        [WHY_PAUSED] = "repairs nothing while it is paused; run: kmrepair continue",
        [WHY_FOLDER] = "waits for the folder",
        [WHY_EVENTS] = "repairs nothing until the event log takes events again",
        [WHY_JOURNAL] = "repairs nothing: the journal has no room, see event 2031"};
    static char limit[100];
    struct text text;
    if (now.state.why != WHY_LIMIT)
        return words[now.state.why];
    text_begin(&text, limit, sizeof limit);
    text_put(&text, "repairs nothing, the hourly limit is reached, until ");
    journal_print_time(now.state.until, limit + text.length);
    return limit;
}

/* When the oldest of the changes in flight was begun; 0 if there is none that should have been over.
 * They take a moment each, unless the event log takes no events or a record is in use. */
static uint32_t waiting_since(void) {
    enum { MOMENT_SECONDS = 2 };
    uint32_t since = UINT32_MAX;
    struct memory_item *item = NULL;
    while ((item = memory_next(&now.memory, ITEM_FLIGHT, item)) != NULL) {
        if (item->utc < since)
            since = item->utc;
    }
    uint32_t time = now.host.host.utc(&now.host);
    bool full = now.has_state && now.state.why == WHY_EVENTS;
    return since != UINT32_MAX && (full || since + MOMENT_SECONDS <= time || since > time) ? since
                                                                                           : 0;
}

/* First of all, for nobody hears of a repair that cannot be reported. */
static void print_waiting(void) {
    char since[JOURNAL_TIME_BYTES];
    uint32_t utc = waiting_since();
    if (utc == 0)
        return;
    journal_print_time(utc, since);
    (void)console_print(CONSOLE_OUT,
                        "Waiting:        for the event log or a record in use: %u, since "
                        "%s\r\n"
                        "                if the application log is full, give it more room\r\n",
                        (uint32_t)now.memory.count[ITEM_FLIGHT], since);
}

static void print_in_force(void) {
    if (now.loaded[0] != '\0')
        (void)console_print(CONSOLE_OUT,
                            "In force:       %s\r\n"
                            "                since %s\r\n",
                            now.loaded_settings, now.loaded);
    if (now.has_state)
        (void)console_print(CONSOLE_OUT, "State:          %s\r\n", state_words());
}

static void print_past(const char *error, bool running) {
    uint32_t in_flight = (uint32_t)now.memory.count[ITEM_FLIGHT];
    uint32_t held = (uint32_t)now.memory.count[ITEM_HOLD];
    if (running)
        print_in_force();
    if (error[0] != '\0') {
        (void)console_print(CONSOLE_OUT, "Repairs:        the journal cannot be read: %s\r\n",
                            error);
        return;
    }
    (void)console_print(CONSOLE_OUT, "Repairs:        %u in the journal%s%s", now.repaired,
                        now.repaired > 0 ? ", the last at " : "", now.last);
    if (in_flight > 0)
        (void)console_print(CONSOLE_OUT, "; %u not finished or not yet reported", in_flight);
    if (held > 0)
        (void)console_print(CONSOLE_OUT, "; %u held", held);
    /* A line that was torn by a crash is one; a damaged one may have been a repair. */
    if (now.reader.foreign > 0)
        (void)console_print(CONSOLE_OUT, "; unreadable lines in the journal: %u",
                            now.reader.foreign);
    (void)console_print(CONSOLE_OUT, "\r\n");
}

/* What the configuration file says now. False when it is refused. */
static bool print_config(const struct options *options) {
    bool good = settings_load(options->config, &now.settings, &now.error);
    path_print(options->config, now.line, sizeof now.line);
    (void)console_print(CONSOLE_OUT, "Configuration:  %s\r\n                ", now.line);
    if (good) {
        config_print(&now.settings, now.line, sizeof now.line);
        (void)console_print(CONSOLE_OUT, "%s\r\n", now.line);
    } else if (now.error.line != 0) {
        (void)console_print(CONSOLE_OUT, "refused, line %u: %s\r\n", now.error.line,
                            now.error.reason);
    } else {
        (void)console_print(CONSOLE_OUT, "refused: %s\r\n", now.error.reason);
    }
    return good;
}

static struct host_result look_at_folder(const struct options *options,
                                         struct scan_counts *counts) {
    struct host_result result = host_win_open_folder(&now.host, now.settings.folder);
    if (result.code == HOST_OK)
        result = walk_folder(&now.host, options->bytes, false, counts, NULL, NULL);
    return result;
}

static int print_folder(const struct options *options) {
    struct scan_counts counts;
    (void)console_print(CONSOLE_OUT, "Folder:         %s\r\n", now.settings.folder);
    struct host_result result = look_at_folder(options, &counts);
    if (result.code != HOST_OK)
        return verb_fail_folder(options, "cannot look at ", now.settings.folder, &result);
    (void)walk_print_counts(CONSOLE_OUT, "                ", &counts);
    return 0;
}

static void put_json_counts(struct text *line, const struct scan_counts *counts) {
    static const enum verdict verdicts[] = {VERDICT_STUCK, VERDICT_SOUND, VERDICT_DOUBTFUL,
                                            VERDICT_UNREADABLE, VERDICT_NOT_A_RECORD};
    console_put_number(line, "files", counts->files);
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++)
        console_put_number(line, record_verdict_name(verdicts[i]),
                           counts->verdict[verdicts[i]] +
                               (verdicts[i] == VERDICT_UNREADABLE ? counts->busy : 0));
}

/* One object; what cannot be told is left out, with `error` in its place. */
static int print_json(const struct options *options, const char *state, bool running) {
    struct scan_counts counts;
    struct text line;
    int code = 0;
    static char config[PATH_UNITS * 3];
    const char *error = read_status(options);
    text_begin(&line, now.line, sizeof now.line);
    path_print(options->config, config, sizeof config);
    text_put(&line, "{");
    console_put_member(&line, "service", state);
    console_put_member(&line, "configuration", config);
    if (running && now.loaded[0] != '\0') {
        console_put_member(&line, "settings", now.loaded_settings);
        console_put_member(&line, "since", now.loaded);
    }
    if (error[0] != '\0')
        console_put_member(&line, "journalError", error);
    console_put_number(&line, "repaired", now.repaired);
    console_put_member(&line, "lastRepair", now.last);
    if (running && now.has_state)
        console_put_member(&line, "state", state_words());
    console_put_number(&line, "unfinished", (uint32_t)now.memory.count[ITEM_FLIGHT]);
    console_put_number(&line, "held", (uint32_t)now.memory.count[ITEM_HOLD]);
    if (!settings_load(options->config, &now.settings, &now.error)) {
        console_put_number(&line, "errorLine", now.error.line);
        console_put_member(&line, "error", now.error.reason);
        code = 2;
    } else {
        console_put_member(&line, "folder", now.settings.folder);
        struct host_result result = look_at_folder(options, &counts);
        if (result.code == HOST_OK) {
            put_json_counts(&line, &counts);
        } else {
            bool named = config_is_absolute(now.settings.folder);
            console_put_member(&line, "error",
                               named ? result_text(&result, now.words, sizeof now.words)
                                     : verb_no_folder(options, &result));
            code = 2;
        }
    }
    text_put(&line, "}\r\n");
    if (line.cut)
        return console_fail("the state is longer than a line may be; run: kmrepair status", "");
    return console_print(CONSOLE_OUT, "%s", now.line) ? code : 2;
}

int verb_status(const struct options *options) {
    bool running = false;
    const char *state = NULL;
    DWORD error = find_state(&state, &running);
    if (error != ERROR_SUCCESS)
        return verb_fail("cannot ask for the state of the service", error);
    host_win_init(&now.host, options->journal, NULL);
    if (options->format == FORMAT_JSON)
        return print_json(options, state, running);
    (void)console_print(CONSOLE_OUT, "Service:        %s\r\n", state);
    const char *unread = read_status(options);
    print_waiting();
    bool good = print_config(options);
    print_past(unread, running);
    return good ? print_folder(options) : 2;
}
