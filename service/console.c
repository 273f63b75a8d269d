#include "console.h"

#include <stdarg.h>
#include <string.h>

#include "install.h"
#include "journal.h"
#include "path.h"
#include "settings.h"
#include "text.h"

/* ---- writing ---- */

static HANDLE handle_of(enum console_stream stream) {
    return GetStdHandle(stream == CONSOLE_OUT ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE);
}

bool console_is_terminal(enum console_stream stream) {
    DWORD mode = 0;
    return GetConsoleMode(handle_of(stream), &mode) != FALSE;
}

static bool write_wide(HANDLE handle, const char *text, size_t length) {
    WCHAR units[512];
    while (length > 0) {
        size_t count = 0;
        while (length > 0 && count < sizeof units / sizeof units[0] - 3) {
            uint32_t c = 0;
            size_t n = text_character(text, length, &c);
            size_t put = n == 0 ? 0 : text_to_utf16(text, n, units + count, 3);
            if (n == 0) {
                units[count++] = L'?';
                n = 1;
            }
            count += put;
            text += n;
            length -= n;
        }
        DWORD written = 0;
        if (!WriteConsoleW(handle, units, (DWORD)count, &written, NULL))
            return false;
    }
    return true;
}

bool console_write(enum console_stream stream, const char *text, size_t length) {
    HANDLE handle = handle_of(stream);
    if (console_is_terminal(stream))
        return write_wide(handle, text, length);
    while (length > 0) {
        DWORD written = 0;
        if (!WriteFile(handle, text, (DWORD)length, &written, NULL) || written == 0)
            return false;
        text += written;
        length -= written;
    }
    return true;
}

bool console_put(enum console_stream stream, ...) {
    va_list strings;
    const char *string;
    bool done = true;
    va_start(strings, stream);
    while ((string = va_arg(strings, const char *)) != NULL)
        done = console_write(stream, string, strlen(string)) && done;
    va_end(strings);
    return done;
}

int console_fail(const char *what, const char *detail) {
    (void)console_put(CONSOLE_ERROR, "kmrepair: ", what, detail, "\r\n", NULL);
    return 2;
}

int console_fail_error(const char *what, const char *detail, DWORD error) {
    char reason[200];
    path_error_text(error, reason, sizeof reason);
    (void)console_put(CONSOLE_ERROR, "kmrepair: ", what, detail, ": ", reason, "\r\n", NULL);
    return 2;
}

int console_fail_result(const char *what, const char *detail, const struct host_result *result) {
    if (result->reason == NULL)
        return console_fail_error(what, detail, result->error);
    (void)console_put(CONSOLE_ERROR, "kmrepair: ", what, detail, ": ", result->reason, "\r\n",
                      NULL);
    return 2;
}

static void put_safe(struct text *line, const char *string) {
    size_t left = strlen(string);
    while (left > 0) {
        uint32_t c = 0;
        size_t n = text_character(string, left, &c);
        if (n == 0 || text_is_active(c))
            text_put_char(line, '?');
        else
            text_put_bytes(line, string, n);
        n = n == 0 ? 1 : n;
        string += n;
        left -= n;
    }
}

/* ---- configuration ---- */

int console_fail_config(const struct options *options, const struct config_error *error) {
    static char path[PATH_UNITS * 3];
    char line[32];
    struct text text;
    text_begin(&text, line, sizeof line);
    if (error->line != 0) {
        text_put(&text, ", line ");
        text_put_u32(&text, error->line);
    }
    path_print(options->config, path, sizeof path);
    (void)console_put(CONSOLE_ERROR, "kmrepair: ", path, line, ": ", error->reason, "\r\n", NULL);
    return 2;
}

bool console_settings(const struct options *options, struct settings *settings) {
    struct config_error error;
    bool optional = options->has_folder && !options->has_config;
    config_defaults(settings);
    if (!(optional && GetFileAttributesW(options->config) == INVALID_FILE_ATTRIBUTES) &&
        !settings_load(options->config, settings, &error)) {
        (void)console_fail_config(options, &error);
        return false;
    }
    if (options->has_folder)
        (void)text_copy(settings->folder, sizeof settings->folder, options->folder);
    return true;
}

/* ---- scan ---- */

enum { LINE_BYTES = 8192 };

struct row {
    char name[PENDING_NAME_BYTES];
    struct record record;
    struct host_result result; /* of reading it */
};

static struct {
    struct host_win host;
    struct settings settings;
    unsigned char *bytes;
    struct row row;
    char line[LINE_BYTES];
    char mailbox[RECORD_MAILBOX_BYTES];
    char reason[200];
    bool failed; /* the output could not be written */
    struct journal_reader reader;
} scan;

static void judge(struct host_win *host, struct row *row) {
    uint32_t size = 0;
    size_t got = 0;
    memset(&row->record, 0, sizeof row->record);
    row->record.verdict = VERDICT_UNREADABLE;
    row->result = host->host.open(host, NULL, row->name, false, &size);
    if (row->result.code != HOST_OK)
        return;
    if (size <= RECORD_BYTES_MAX)
        row->result = host->host.read(host, 0, scan.bytes, size, &got);
    host->host.close(host);
    if (row->result.code == HOST_OK)
        record_judge(scan.bytes, size <= RECORD_BYTES_MAX ? (uint32_t)got : size, &row->record);
}

/* Judges every record of the folder, in the order in which the system lists them. */
static struct host_result each(struct host_win *host, struct mender_counts *counts,
                               void (*visit)(void *context, const struct row *row), void *context) {
    struct row *row = &scan.row;
    memset(counts, 0, sizeof *counts);
    struct host_result result = host->host.list_open(host);
    if (result.code != HOST_OK)
        return result;
    while ((result = host->host.list_next(host, row->name, sizeof row->name)).code == HOST_OK) {
        if (!record_is_named(row->name))
            continue;
        judge(host, row);
        if (row->result.code == HOST_GONE)
            continue;
        counts->files++;
        if (row->result.code != HOST_OK)
            counts->busy++;
        else
            counts->verdict[row->record.verdict]++;
        if (visit != NULL)
            visit(context, row);
    }
    host->host.list_close(host);
    if (result.code == HOST_END)
        result.code = HOST_OK;
    return result;
}

static void print_left(void *context, const struct row *row) {
    struct text line;
    (void)context;
    if (row->result.code == HOST_OK && row->record.verdict != VERDICT_STUCK)
        return;
    text_begin(&line, scan.line, sizeof scan.line);
    put_safe(&line, row->name);
    if (row->result.code == HOST_OK)
        (void)console_fail("still stuck: ", scan.line);
    else
        (void)console_fail_result("can not read ", scan.line, &row->result);
}

struct host_result console_list_left(struct host_win *host, unsigned char *bytes,
                                     struct mender_counts *counts) {
    scan.bytes = bytes;
    return each(host, counts, print_left, NULL);
}

static void put_csv(struct text *line, const char *value) {
    bool quote = strpbrk(value, ",\"\r\n") != NULL;
    if (quote)
        text_put(line, "\"");
    for (; *value != '\0'; value++) {
        if (*value == '"')
            text_put(line, "\"");
        text_put_char(line, *value);
    }
    if (quote)
        text_put(line, "\"");
}

static void put_padded(struct text *line, const char *value, size_t width, bool right) {
    size_t length = 0;
    for (const char *c = value; *c != '\0'; c++)
        length += ((unsigned char)*c & 0xC0) != 0x80;
    for (size_t i = length; right && i < width; i++)
        text_put(line, " ");
    put_safe(line, value);
    for (size_t i = length; !right && i < width; i++)
        text_put(line, " ");
    text_put(line, " ");
}

/* The columns of a row as strings; `line` and `offset` are "" where there is none. */
struct cells {
    char state[RECORD_STATE_BYTES];
    char line[11];
    char offset[11];
};

static void fill_cells(const struct row *row, struct cells *cells) {
    struct text text;
    record_state(&row->record, scan.bytes, cells->state);
    text_begin(&text, cells->line, sizeof cells->line);
    if (row->record.line != 0)
        text_put_u32(&text, row->record.line);
    text_begin(&text, cells->offset, sizeof cells->offset);
    if (row->record.has_digit)
        text_put_u32(&text, (uint32_t)row->record.digit);
    record_mailbox(&row->record, scan.bytes, scan.host.host.decode, &scan.host, scan.mailbox);
    scan.reason[0] = '\0';
    if (row->result.code != HOST_OK && row->result.reason == NULL)
        path_error_text(row->result.error, scan.reason, sizeof scan.reason);
    else
        (void)text_copy(scan.reason, sizeof scan.reason,
                        row->result.code != HOST_OK ? row->result.reason
                                                    : record_reason_text(row->record.reason));
}

static void put_row_csv(struct text *line, const struct row *row, const struct cells *cells) {
    put_csv(line, row->name);
    text_put(line, ",");
    text_put(line, record_verdict_name(row->record.verdict));
    text_put(line, ",");
    put_csv(line, cells->state);
    text_put(line, ",");
    text_put(line, cells->line);
    text_put(line, ",");
    text_put(line, cells->offset);
    text_put(line, ",");
    put_csv(line, scan.mailbox);
}

static void put_row_table(struct text *line, const struct row *row, const struct cells *cells) {
    put_padded(line, row->name, 20, false);
    put_padded(line, record_verdict_name(row->record.verdict), 12, false);
    put_padded(line, cells->state, 5, false);
    put_padded(line, cells->line, 5, true);
    put_padded(line, cells->offset, 7, true);
    put_safe(line, scan.mailbox);
    if (scan.reason[0] != '\0') {
        text_put(line, scan.mailbox[0] != '\0' ? "; " : "");
        text_put(line, scan.reason);
    }
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
    char number[11];
    struct text text;
    uint64_t time = scan.host.host.clock(&scan.host);
    printer->files++;
    if (!printer->terminal || time - printer->shown < 1000)
        return;
    printer->shown = time;
    text_begin(&text, number, sizeof number);
    text_put_u32(&text, printer->files);
    (void)console_put(CONSOLE_ERROR, "\r", number, " files ...", NULL);
    printer->visible = true;
}

static void hide_progress(struct printer *printer) {
    if (printer->visible)
        (void)console_put(CONSOLE_ERROR, "\r                         \r", NULL);
    printer->visible = false;
}

/* Before the first row, so that a folder that can not be listed gives an error and nothing else. */
static void print_heading(struct printer *printer) {
    if (printer->begun)
        return;
    printer->begun = true;
    scan.failed = !console_put(CONSOLE_OUT,
                               printer->options->csv
                                   ? "record,verdict,state,line,offset,mailbox\r\n"
                                   : "RECORD               VERDICT      STATE  LINE  OFFSET "
                                     "MAILBOX\r\n",
                               NULL);
}

static void print_row(void *context, const struct row *row) {
    struct printer *printer = context;
    struct cells cells;
    struct text line;
    show_progress(printer);
    if (!printer->options->all &&
        (row->record.verdict == VERDICT_SOUND || row->record.verdict == VERDICT_NOT_A_RECORD))
        return;
    hide_progress(printer);
    print_heading(printer);
    fill_cells(row, &cells);
    text_begin(&line, scan.line, sizeof scan.line);
    if (printer->options->csv)
        put_row_csv(&line, row, &cells);
    else
        put_row_table(&line, row, &cells);
    while (line.length > 0 && line.at[line.length - 1] == ' ' && !printer->options->csv)
        line.length--;
    line.at[line.length] = '\0';
    if (!console_put(CONSOLE_OUT, scan.line, "\r\n", NULL))
        scan.failed = true;
}

static void put_count(struct text *line, const char *before, uint32_t count, const char *after) {
    text_put(line, before);
    text_put_u32(line, count);
    text_put(line, after);
}

static void put_counts(struct text *line, const struct mender_counts *counts) {
    put_count(line, "", counts->files, counts->files == 1 ? " file: " : " files: ");
    put_count(line, "", counts->verdict[VERDICT_STUCK], " stuck, ");
    put_count(line, "", counts->verdict[VERDICT_SOUND], " sound, ");
    put_count(line, "", counts->verdict[VERDICT_DOUBTFUL], " doubtful, ");
    put_count(line, "", counts->verdict[VERDICT_UNREADABLE] + counts->busy, " unreadable, ");
    put_count(line, "", counts->verdict[VERDICT_NOT_A_RECORD], " not a record");
}

int console_scan(const struct options *options) {
    struct mender_counts counts;
    struct text line;
    struct printer printer = {options, console_is_terminal(CONSOLE_ERROR), false, false, 0, 0};
    scan.bytes = options->bytes;
    if (options->has_folder && !options->has_config)
        (void)text_copy(scan.settings.folder, sizeof scan.settings.folder, options->folder);
    else if (!console_settings(options, &scan.settings))
        return 2;
    host_win_init(&scan.host, scan.settings.folder, options->journal, NULL);
    printer.shown = scan.host.host.clock(&scan.host);
    struct host_result result = each(&scan.host, &counts, print_row, &printer);
    hide_progress(&printer);
    if (result.code != HOST_OK)
        return console_fail_result("can not scan ", scan.settings.folder, &result);
    print_heading(&printer);
    text_begin(&line, scan.line, sizeof scan.line);
    put_counts(&line, &counts);
    /* A table ends with the summary; CSV stays CSV. */
    if (!console_put(options->csv ? CONSOLE_ERROR : CONSOLE_OUT, options->csv ? "" : "\r\n",
                     scan.line, "\r\n", NULL) ||
        scan.failed)
        return console_fail("the output could not be written", "");
    if (counts.verdict[VERDICT_STUCK] > 0)
        return 1;
    /* "Nothing is stuck" would be more than is known. */
    return counts.busy == 0 ? 0 : console_fail("some files could not be read, see above", "");
}

/* ---- status ---- */

struct past {
    uint32_t intents, done, repaired;
    char last[JOURNAL_TIME_BYTES];
    char loaded[JOURNAL_TIME_BYTES];
    char settings[CONFIG_PRINT_BYTES];
};

static void visit_past(void *context, const struct journal_entry *entry) {
    struct past *past = context;
    switch (entry->kind) {
    case JOURNAL_INTENT:
        past->intents++;
        break;
    case JOURNAL_DONE:
        past->done++;
        past->repaired += entry->outcome == OUTCOME_REPAIRED;
        if (entry->outcome == OUTCOME_REPAIRED)
            journal_print_time(entry->utc, past->last);
        break;
    case JOURNAL_LOADED:
        journal_print_time(entry->utc, past->loaded);
        (void)text_copy(past->settings, sizeof past->settings, entry->folder);
        break;
    }
}

/* Reads the journal beside a service that writes it. */
static struct host_result read_past(const WCHAR *path, struct past *past) {
    struct host_result result = {HOST_OK, 0, NULL};
    DWORD got = 1;
    memset(past, 0, sizeof *past);
    journal_begin(&scan.reader);
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return (struct host_result){
            GetLastError() == ERROR_FILE_NOT_FOUND ? HOST_GONE : HOST_FAILED, GetLastError(), NULL};
    while (got > 0) {
        if (!ReadFile(file, scan.bytes, RECORD_BYTES_MAX, &got, NULL)) {
            result = (struct host_result){HOST_FAILED, GetLastError(), NULL};
            break;
        }
        journal_feed(&scan.reader, (const char *)scan.bytes, got, visit_past, past);
    }
    (void)journal_end(&scan.reader, visit_past, past);
    (void)CloseHandle(file);
    return result;
}

static void print_past(const WCHAR *path, bool running) {
    static struct past past;
    struct text line;
    struct host_result result = read_past(path, &past);
    text_begin(&line, scan.line, sizeof scan.line);
    if (result.code == HOST_GONE) {
        text_put(&line, "none made yet");
    } else if (result.code != HOST_OK) {
        path_error_text(result.error, scan.reason, sizeof scan.reason);
        text_put(&line, "the journal can not be read: ");
        text_put(&line, scan.reason);
    } else {
        put_count(&line, "", past.repaired,
                  past.repaired == 0 ? " in the journal" : " in the journal, the last at ");
        text_put(&line, past.last);
        if (past.intents > past.done)
            put_count(&line, "; ", past.intents - past.done, " not finished or not yet reported");
        /* A line that was torn by a crash is one; a damaged one may have been a repair. */
        if (scan.reader.foreign > 0)
            put_count(&line, "; ", scan.reader.foreign, " unreadable line(s) in the journal");
    }
    if (running && past.loaded[0] != '\0')
        (void)console_put(CONSOLE_OUT, "In force:       ", past.settings,
                          "\r\n                since ", past.loaded, "\r\n", NULL);
    (void)console_put(CONSOLE_OUT, "Repairs:        ", scan.line, "\r\n", NULL);
}

/* What the configuration file says now. False when it is refused. */
static bool print_config(const struct options *options) {
    struct config_error error;
    struct text line;
    bool good = settings_load(options->config, &scan.settings, &error);
    path_print(options->config, scan.line, sizeof scan.line);
    (void)console_put(CONSOLE_OUT, "Configuration:  ", scan.line, "\r\n                ", NULL);
    text_begin(&line, scan.line, sizeof scan.line);
    if (good) {
        config_print(&scan.settings, scan.line, sizeof scan.line);
    } else {
        text_put(&line, "refused");
        if (error.line != 0)
            put_count(&line, ", line ", error.line, "");
        text_put(&line, ": ");
        text_put(&line, error.reason);
    }
    (void)console_put(CONSOLE_OUT, scan.line, "\r\n", NULL);
    return good;
}

static int print_folder(const struct options *options) {
    struct mender_counts counts;
    struct text line;
    host_win_init(&scan.host, scan.settings.folder, options->journal, NULL);
    (void)console_put(CONSOLE_OUT, "Folder:         ", scan.settings.folder, "\r\n", NULL);
    struct host_result result = each(&scan.host, &counts, NULL, NULL);
    if (result.code != HOST_OK)
        return console_fail_result("can not look at ", scan.settings.folder, &result);
    text_begin(&line, scan.line, sizeof scan.line);
    put_counts(&line, &counts);
    (void)console_put(CONSOLE_OUT, "                ", scan.line, "\r\n", NULL);
    return 0;
}

int console_status(const struct options *options) {
    bool running = false;
    char state[64];
    scan.bytes = options->bytes;
    DWORD error = install_state(state, sizeof state, &running);
    if (error != ERROR_SUCCESS)
        return console_fail_error("can not ask for the state of the service", "", error);
    (void)console_put(CONSOLE_OUT, "Service:        ", state, "\r\n", NULL);
    bool good = print_config(options);
    print_past(options->journal, running);
    return good ? print_folder(options) : 2;
}
