#include "scan.h"

#include <string.h>

#include "console.h"
#include "path.h"

enum { ROW_BYTES = 8192 };

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
    char line[ROW_BYTES];
    char mailbox[RECORD_MAILBOX_BYTES];
    char reason[200];
    bool failed;           /* the output could not be written */
    uint32_t by_state[11]; /* records with State 0 to 9, and any other */
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
    console_put_safe(&line, row->name);
    if (row->result.code == HOST_OK)
        (void)console_fail("still stuck: ", scan.line);
    else
        (void)console_fail_result("can not read ", scan.line, &row->result);
}

struct host_result scan_left(struct host_win *host, unsigned char *bytes,
                             struct mender_counts *counts) {
    scan.bytes = bytes;
    return each(host, counts, print_left, NULL);
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
    console_put_csv(line, row->name);
    text_put(line, ",");
    text_put(line, record_verdict_name(row->record.verdict));
    text_put(line, ",");
    console_put_csv(line, cells->state);
    text_put(line, ",");
    text_put(line, cells->line);
    text_put(line, ",");
    text_put(line, cells->offset);
    text_put(line, ",");
    console_put_csv(line, scan.mailbox);
}

/* Fits the 80 columns of a console: a long name of a record has a line to itself, a mailbox shows its end,
 * which tells more than its start. A reason has a line to itself, too. */
static void put_row_table(struct text *line, const struct row *row, const struct cells *cells) {
    enum { NAME = 20, MAILBOX = 38 };
    static const char next[] = "\r\n                     ";
    size_t length = strlen(row->name);
    console_put_padded(line, row->name, NAME, false);
    if (length > NAME)
        text_put(line, next);
    console_put_padded(line, record_verdict_name(row->record.verdict), 12, false);
    console_put_padded(line, cells->state, 5, false);
    console_put_end(line, scan.mailbox, MAILBOX);
    if (scan.reason[0] != '\0') {
        text_put(line, next);
        text_put(line, scan.reason);
    }
}

static void put_row_json(struct text *line, const struct row *row, const struct cells *cells) {
    text_put(line, "{");
    console_put_member(line, "record", row->name);
    console_put_member(line, "verdict", record_verdict_name(row->record.verdict));
    if (row->record.line != 0) {
        console_put_member(line, "state", cells->state);
        console_put_number(line, "line", row->record.line);
    }
    if (row->record.has_digit)
        console_put_number(line, "offset", (uint32_t)row->record.digit);
    if (scan.mailbox[0] != '\0')
        console_put_member(line, "mailbox", scan.mailbox);
    if (scan.reason[0] != '\0')
        console_put_member(line, "reason", scan.reason);
    text_put(line, "}");
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
    static const char *const headings[] = {
        [FORMAT_TABLE] = "RECORD               VERDICT      STATE MAILBOX\r\n",
        [FORMAT_CSV] = "record,verdict,state,line,offset,mailbox\r\n",
        [FORMAT_JSON] = ""};
    scan.failed = !console_put(CONSOLE_OUT, headings[printer->options->format], NULL);
}

static void count_state(const struct row *row, const struct cells *cells) {
    bool digit = cells->state[0] >= '0' && cells->state[0] <= '9' && cells->state[1] == '\0';
    if (row->record.line != 0)
        scan.by_state[digit ? cells->state[0] - '0' : 10]++;
}

static void print_record_row(void *context, const struct row *row) {
    struct printer *printer = context;
    struct cells cells;
    struct text line;
    show_progress(printer);
    fill_cells(row, &cells);
    count_state(row, &cells);
    if (!printer->options->all &&
        (row->record.verdict == VERDICT_SOUND || row->record.verdict == VERDICT_NOT_A_RECORD))
        return;
    hide_progress(printer);
    print_heading(printer);
    text_begin(&line, scan.line, sizeof scan.line);
    if (printer->options->format == FORMAT_CSV)
        put_row_csv(&line, row, &cells);
    else if (printer->options->format == FORMAT_JSON)
        put_row_json(&line, row, &cells);
    else
        put_row_table(&line, row, &cells);
    if (!console_put(CONSOLE_OUT, scan.line, "\r\n", NULL))
        scan.failed = true;
}

struct host_result scan_count(struct host_win *host, unsigned char *bytes,
                              struct mender_counts *counts) {
    scan.bytes = bytes;
    return each(host, counts, NULL, NULL);
}

void scan_put_counts(struct text *line, const struct mender_counts *counts) {
    text_put_count(line, "", counts->files, counts->files == 1 ? " file: " : " files: ");
    text_put_count(line, "", counts->verdict[VERDICT_STUCK], " stuck, ");
    text_put_count(line, "", counts->verdict[VERDICT_SOUND], " sound, ");
    text_put_count(line, "", counts->verdict[VERDICT_DOUBTFUL], " doubtful, ");
    text_put_count(line, "", counts->verdict[VERDICT_UNREADABLE] + counts->busy, " unreadable, ");
    text_put_count(line, "", counts->verdict[VERDICT_NOT_A_RECORD], " not a record");
}

/* "State: 12 with 1, 3 with 4, 1 other" */
static void put_states(struct text *line) {
    bool first = true;
    for (uint32_t i = 0; i <= 10; i++) {
        if (scan.by_state[i] == 0)
            continue;
        text_put_count(line, first ? "\r\nState: " : ", ", scan.by_state[i],
                       i < 10 ? " with " : " other");
        if (i < 10)
            text_put_u32(line, i);
        first = false;
    }
}

int scan_run(const struct options *options) {
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
    struct host_result result = each(&scan.host, &counts, print_record_row, &printer);
    hide_progress(&printer);
    if (result.code != HOST_OK)
        return console_fail_result("can not scan ", scan.settings.folder, &result);
    print_heading(&printer);
    text_begin(&line, scan.line, sizeof scan.line);
    scan_put_counts(&line, &counts);
    /* A table ends with the summary; what a program reads does not. */
    put_states(&line);
    bool table = options->format == FORMAT_TABLE;
    if (!console_put(table ? CONSOLE_OUT : CONSOLE_ERROR, table ? "\r\n" : "", scan.line, "\r\n",
                     NULL) ||
        scan.failed)
        return console_fail("the output could not be written", "");
    if (counts.verdict[VERDICT_STUCK] > 0)
        return 1;
    /* "Nothing is stuck" would be more than is known. */
    return counts.busy == 0 ? 0 : console_fail("some files could not be read, see above", "");
}
