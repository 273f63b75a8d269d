/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "config.h"
#include "console.h"
#include "crc32.h"
#include "guarded.h"
#include "memory.h"
#include "text.h"
#include "verb/configured.h"
#include "verb/read_journal.h"
#include "verb/verb.h"
#include "verb/walk.h"

static struct {
    struct host_win host;
    struct settings settings;
    const unsigned char *bytes; /* of the record that is visited */
    char mailbox[RECORD_MAILBOX_BYTES];
    struct memory memory; /* what is held */
    struct journal_reader reader;
    bool failed;           /* the output could not be written */
    uint32_t by_state[11]; /* records with State 0 to 9, and any other */
} scan;

/* The table fits the 80 columns of a console. */
static const char scan_heading[] = "RECORD               VERDICT      STATE MAILBOX";
static const struct column scan_columns[] = {{"record", 20, WORDS, IN_ALL},
                                             {"verdict", 12, WORDS, IN_ALL},
                                             {"state", 5, WORDS, IN_ALL},
                                             {"line", 5, NUMBER, IN_CSV | IN_JSON},
                                             {"offset", 7, NUMBER, IN_CSV | IN_JSON},
                                             {"mailbox", 38, WHOLE, IN_ALL},
                                             {"reason", 21, OWN_LINE, IN_TABLE | IN_JSON},
                                             {NULL, 0, WORDS, 0}};

/* A hold ends when the content changes. */
static bool is_held(const struct walk_row *row) {
    const struct memory_item *hold = memory_find(&scan.memory, ITEM_HOLD, row->name);
    return hold != NULL && hold->before == crc32(0, scan.bytes, row->size);
}

/* Why the record is not sound, is left alone or could not be read, or "". */
static const char *find_reason(const struct walk_row *row) {
    if (row->result.code == HOST_OK && row->record.verdict == VERDICT_STUCK && is_held(row))
        return "held since its undo";
    return row->result.code != HOST_OK ? console_reason(&row->result)
                                       : record_reason_text(row->record.reason);
}

static bool print_cells(enum format format, const struct walk_row *row, const char *state) {
    const struct record *record = &row->record;
    char line[11];
    char offset[11];
    record_mailbox(record, scan.bytes, scan.host.host.decode, &scan.host, scan.mailbox);
    const char *reason = find_reason(row);
    const char *const values[] = {
        row->name,
        record_verdict_name(record->verdict),
        record->line != 0 ? state : NULL,
        record->line != 0 ? text_number((uint32_t)record->line, line) : NULL,
        record->has_digit ? text_number((uint32_t)record->digit, offset) : NULL,
        scan.mailbox[0] != '\0' ? scan.mailbox : NULL,
        reason[0] != '\0' ? reason : NULL};
    return console_print_row(format, scan_columns, values);
}

struct printer {
    const struct options *options;
    bool terminal; /* progress is shown */
    bool begun;    /* the heading is written */
    bool visible;
    uint64_t shown;
    uint32_t files;
};

/* Once a second, on a terminal; the first time after a second. */
static void show_progress(struct printer *printer) {
    uint64_t time = host_win_clock(&scan.host);
    printer->files++;
    if (!printer->terminal || time - printer->shown < 1000)
        return;
    printer->shown = time;
    (void)console_print(CONSOLE_ERROR, "\r%u files ...", printer->files);
    printer->visible = true;
}

static void hide_progress(struct printer *printer) {
    if (printer->visible)
        (void)console_print(CONSOLE_ERROR, "\r                         \r");
    printer->visible = false;
}

/* As the disk spells it. */
static bool print_folder(enum console_stream to) {
    static char shown[CONFIG_FOLDER_BYTES];
    const char *path = scan.host.folder.path;
    struct text text;
    text_begin(&text, shown, sizeof shown);
    text_put_safe(&text, path, strlen(path));
    return console_print(to, "Folder: %s\r\n", shown);
}

/* Before the first row, so that a folder that cannot be listed gives an error and nothing else. */
static void print_heading(struct printer *printer) {
    enum format format = printer->options->format;
    if (!printer->begun)
        scan.failed = (format == FORMAT_TABLE && !print_folder(CONSOLE_OUT)) ||
                      !console_print_heading(format, scan_heading, scan_columns);
    printer->begun = true;
}

static void count_state(const char *state) {
    bool digit = state[0] >= '0' && state[0] <= '9' && state[1] == '\0';
    scan.by_state[digit ? state[0] - '0' : 10]++;
}

GUARDED static void print_record_row(void *context, const struct walk_row *row) {
    struct printer *printer = context;
    const struct record *record = &row->record;
    char state[RECORD_STATE_BYTES];
    show_progress(printer);
    record_state(record, scan.bytes, state);
    if (record->line != 0)
        count_state(state);
    if (!printer->options->all &&
        (record->verdict == VERDICT_SOUND || record->verdict == VERDICT_NOT_A_RECORD))
        return;
    hide_progress(printer);
    print_heading(printer);
    if (!print_cells(printer->options->format, row, state))
        scan.failed = true;
}

/* "State: 12 with 1, 3 with 4, 1 other" */
static bool print_states(enum console_stream to) {
    const char *before = "State: ";
    bool done = true;
    for (uint32_t i = 0; i <= 10; i++) {
        if (scan.by_state[i] == 0)
            continue;
        if (i < 10)
            done = console_print(to, "%s%u with %u", before, scan.by_state[i], i) && done;
        else
            done = console_print(to, "%s%u other", before, scan.by_state[i]) && done;
        before = ", ";
    }
    /* There is a line only if something was counted. */
    return (before[0] == 'S' || console_print(to, "\r\n")) && done;
}

/* The wrong folder looks like one in which all is well. */
static bool print_if_none(enum console_stream to, const struct scan_counts *counts) {
    if (counts->verdict[VERDICT_NOT_A_RECORD] != counts->files)
        return true;
    return console_print(to,
                         "No records here: %s. Is it the right folder?\r\n"
                         "The Key Management server has its records in Security\\Mgrent\\Clients; "
                         "to look\r\ninto another folder: kmrepair scan FOLDER\r\n",
                         counts->files == 0 ? "no file ends in .ini" : "no .ini file has a State");
}

/* A table ends with the summary; what a program reads does not. */
static bool print_summary(enum format format, const struct scan_counts *counts) {
    bool table = format == FORMAT_TABLE;
    enum console_stream to = table ? CONSOLE_OUT : CONSOLE_ERROR;
    return (table || print_folder(to)) &&
           console_print(to, table ? "\r\n%s\r\n" : "%s\r\n", walk_counts(counts)) &&
           print_states(to) && print_if_none(to, counts);
}

int verb_scan(const struct options *options) {
    struct scan_counts counts;
    struct printer printer = {options, console_is_terminal(CONSOLE_ERROR), false, false, 0, 0};
    scan.bytes = options->bytes;
    if (options->has_folder && !options->has_config)
        (void)text_copy(scan.settings.folder, sizeof scan.settings.folder, options->folder);
    else if (!configured_load(options, &scan.settings))
        return 2;
    host_win_init(&scan.host, options->journal, NULL);
    printer.shown = host_win_clock(&scan.host);
    struct host_result result = host_win_open_folder(&scan.host, scan.settings.folder);
    if (result.code == HOST_OK) {
        /* Where there is no journal, or none that may be read, nothing is known to be held. */
        (void)read_records(options->journal, &scan.reader, &scan.memory, &scan.host);
        result = walk_folder(&scan.host, options->bytes, options->all, &counts, print_record_row,
                             &printer);
    }
    hide_progress(&printer);
    if (result.code != HOST_OK)
        return verb_fail_folder(options, "cannot scan ", scan.settings.folder, &result);
    print_heading(&printer);
    if (!print_summary(options->format, &counts) || scan.failed)
        return console_fail_output();
    if (counts.verdict[VERDICT_STUCK] > 0)
        return 1;
    /* "Nothing is stuck" would be more than is known. */
    return counts.busy == 0 ? 0 : console_fail("some files could not be read, see above", "");
}
