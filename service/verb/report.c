/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "console.h"
#include "guarded.h"
#include "text.h"
#include "todo.h"
#include "verb/html.h"
#include "verb/past.h"
#include "verb/state.h"
#include "verb/state_words.h"
#include "verb/verb.h"
#include "verb/walk.h"
#include "verb/when.h"
#include "version.h"

enum {
    ROWS = 100,  /* of the journal, the latest */
    WEEKS = 26,  /* of the bars, the latest */
    TEXT = 4096, /* of one sentence */
    DAY = 24 * 60 * 60
};

/* Something that was done to a record. */
struct row {
    uint32_t utc;
    const char *action;
    const char *outcome;
    char name[QUEUE_NAME_BYTES];
    char mailbox[RECORD_MAILBOX_BYTES];
};

static struct {
    struct html page;
    struct state *state;
    uint32_t now;
    struct row rows[ROWS]; /* the last ones, in a ring */
    uint32_t row_count;    /* of all */
    uint32_t weeks[WEEKS]; /* repairs; the last is this week */
    char text[TEXT];
} report;

/* Plain HTML 3.2 underneath, for a browser of 1997; the style is for those who can. */
static const char page_head[] =
    "<!DOCTYPE html>\r\n"
    "<html lang=\"en\"><head><meta charset=\"us-ascii\">"
    "<title>KMRepair report</title>\r\n"
    "<style>body{font:15px/1.45 Tahoma,sans-serif;color:#222;max-width:60em;"
    "margin:2em auto;padding:0 1em}"
    "h2{font-size:1.15em;margin:1.8em 0 .4em}"
    ".doing{font-size:1.15em;border-left:.3em solid #2a6;padding-left:.7em}.bad{border-color:#c33}"
    "table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;"
    "padding:.25em .8em .25em 0;border-bottom:1px solid #ddd;overflow-wrap:anywhere}"
    ".n,th{white-space:nowrap}.bar td{background:#47a;border:0;padding:0;line-height:1em}"
    "@media print{body{margin:0;max-width:none}h2{page-break-after:avoid}"
    "tr,li{page-break-inside:avoid}}</style></head><body>\r\n";

/* Markup with text in it, see html_piece(). */
__attribute__((format(printf, 1, 2))) static void put(const char *format, ...) {
    va_list values;
    va_start(values, format);
    text_format(html_piece, &report.page, format, values);
    va_end(values);
}

static void put_fact(const char *name, const char *value) {
    put("<tr><th>%s</th><td>%s</td></tr>\r\n", name, value);
}

static void put_fact_number(const char *name, uint32_t value) {
    put("<tr><th>%s</th><td>%u</td></tr>\r\n", name, value);
}

static struct text begin_text(void) {
    struct text text;
    text_begin(&text, report.text, sizeof report.text);
    return text;
}

/* ---- what it is, and what needs a person */

static void put_title(void) {
    static WCHAR name[MAX_COMPUTERNAME_LENGTH + 1];
    DWORD size = MAX_COMPUTERNAME_LENGTH + 1;
    char when[WHEN_BYTES];
    html_put(&report.page, page_head);
    report.text[0] = '\0';
    if (GetComputerNameW(name, &size))
        path_print(name, report.text, sizeof report.text);
    put("<h1>KMRepair%s%s</h1>\r\n<p>Made at %s.</p>\r\n", report.text[0] != '\0' ? " on " : "",
        report.text, when_print(report.now, when));
    struct text text = begin_text();
    state_put_doing(report.state, &text);
    put("<p class=\"doing%s\">%s</p>\r\n", report.state->exit_code == STATE_GOOD ? "" : " bad",
        report.text);
}

static void put_attention(void) {
    if (report.state->needs == 0)
        return;
    put("<h2>Attention</h2>\r\n<ul>\r\n");
    for (unsigned need = 0; need < STATE_NEEDS; need++) {
        struct text text = begin_text();
        if ((report.state->needs >> need & 1) == 0)
            continue;
        state_put_need(report.state, (enum state_need)need, &text);
        put("<li>%s</li>\r\n", report.text);
    }
    put("</ul>\r\n");
}

/* ---- the mailboxes */

/* The mailbox and its record. */
static void put_mailbox(const char *mailbox, const char *name) {
    put("<td>%s</td><td class=\"n\">%s</td></tr>\r\n", mailbox[0] != '\0' ? mailbox : "(not named)",
        name);
}

static void put_todo_row(const struct memory *memory, const struct memory_item *item) {
    char when[WHEN_BYTES];
    put("<tr><td><input type=\"checkbox\"></td><td class=\"n\">%s</td>",
        when_print(item->utc, when));
    put_mailbox(memory_mailbox(memory, item), memory_name(memory, item));
}

static void put_todo(const struct options *options) {
    struct state *state = report.state;
    struct host_result why;
    struct memory_item *item = NULL;
    put("<h2>Mailboxes to enable</h2>\r\n");
    /* What cannot be told stands under Attention. */
    if (state->todo == 0) {
        bool none = state->todo_untold == 0 &&
                    (state->needs & (1U << NEED_JOURNAL | 1U << NEED_FOLDER)) == 0;
        put("<p>%s.</p>\r\n", none ? "None" : "It cannot be told");
        return;
    }
    put("<p>Their records were repaired and have not changed since. Enable each again in the "
        "Exchange Administrator program; its user can then enroll.</p>\r\n"
        "<table "
        "width=\"100%%\"><tr><th></th><th>Repaired</th><th>Mailbox</th><th>Record</th></tr>\r\n");
    while ((item = todo_next(&state->memory, item)) != NULL) {
        if (todo_look(&state->host.host, options->bytes, &state->memory, item, &why) == TODO_ENABLE)
            put_todo_row(&state->memory, item);
    }
    put("</table>\r\n");
}

/* ---- what was done */

/* Weeks begin on Monday, and day 0 was a Thursday. */
static uint32_t week_of(uint32_t utc) {
    return (utc / DAY + 3) / 7;
}

/* past_visit */
static void keep(void *context, const struct journal_entry *entry, const char *action,
                 const char *outcome) {
    struct row *row = &report.rows[report.row_count++ % ROWS];
    uint32_t ago = week_of(report.now) - week_of(entry->utc);
    (void)context;
    row->utc = entry->utc;
    row->action = action;
    row->outcome = outcome;
    (void)text_copy(row->name, sizeof row->name, entry->name);
    (void)text_copy(row->mailbox, sizeof row->mailbox, entry->mailbox);
    if (ago < WEEKS && strcmp(outcome, "repaired") == 0)
        report.weeks[WEEKS - 1 - ago]++;
}

static void put_bar(uint32_t index, uint32_t most) {
    char day[JOURNAL_TIME_BYTES];
    journal_print_time(((week_of(report.now) + 1 + index - WEEKS) * 7 - 3) * DAY, day);
    day[10] = '\0';
    put("<tr><td class=\"n\">%s</td><td>%u</td><td width=\"80%%\">", day, report.weeks[index]);
    if (report.weeks[index] > 0) {
        put("<table class=\"bar\" cellspacing=\"0\" width=\"%u%%\"><tr><td "
            "bgcolor=\"#4477aa\">&nbsp;"
            "</td></tr></table>",
            (report.weeks[index] * 99 + most - 1) / most + 1);
    }
    put("</td></tr>\r\n");
}

static void put_weeks(void) {
    uint32_t first = WEEKS;
    uint32_t most = 0;
    for (uint32_t i = WEEKS; i-- > 0;) {
        if (report.weeks[i] > 0)
            first = i;
        if (report.weeks[i] > most)
            most = report.weeks[i];
    }
    if (most == 0) {
        put("<p>None in the last 26 weeks.</p>\r\n");
        return;
    }
    put("<table width=\"100%%\"><tr><th>Week of</th><th>Repairs</th><th></th></tr>\r\n");
    for (uint32_t i = first; i < WEEKS; i++)
        put_bar(i, most);
    put("</table>\r\n");
}

static void put_rows(void) {
    uint32_t shown = report.row_count < ROWS ? report.row_count : ROWS;
    put("<h2>Journal</h2>\r\n");
    /* keep() counts; it is called by a pointer. */
    /* cppcheck-suppress knownConditionTrueFalse */
    if (shown == 0) {
        put("<p>Nothing has been done yet.</p>\r\n");
        return;
    }
    put("<p>The last %u of %u entries, the latest first.</p>\r\n<table "
        "width=\"100%%\"><tr><th>Time</th>"
        "<th>Action</th><th>Outcome</th><th>Mailbox</th><th>Record</th></tr>\r\n",
        shown, report.row_count);
    for (uint32_t i = 1; i <= shown; i++) {
        const struct row *row = &report.rows[(report.row_count - i) % ROWS];
        char when[WHEN_BYTES];
        put("<tr><td class=\"n\">%s</td><td>%s</td><td>%s</td>", when_print(row->utc, when),
            row->action, row->outcome);
        put_mailbox(row->mailbox, row->name);
    }
    put("</table>\r\n");
}

static void put_past(const struct options *options) {
    struct host_result old;
    /* Why not stands under Attention. */
    if (past_read(options, keep, NULL, &old).code != HOST_OK)
        return;
    put("<h2>Repairs by week</h2>\r\n");
    if (old.code != HOST_OK)
        put("<p>The old journal cannot be read: %s.</p>\r\n", console_reason(&old));
    put_weeks();
    put_rows();
}

/* ---- facts */

static void put_scan(void) {
    const struct journal_state *told = &report.state->told;
    char when[WHEN_BYTES];
    put("<h2>Last scan</h2>\r\n");
    if (!report.state->has_told || told->scanned == 0) {
        put("<p>The service has not scanned the folder yet.</p>\r\n");
        return;
    }
    put("<table>");
    put_fact("Time", when_print(told->scanned, when));
    put_fact_number("Files", told->counts.files);
    for (size_t i = 0; i < WALK_VERDICTS; i++)
        put_fact_number(record_verdict_name(walk_verdicts[i]), walk_count(&told->counts, i));
    put("</table>\r\n");
}

typedef LONG WINAPI get_version(OSVERSIONINFOW *);

/* Windows tells its true version by RtlGetVersion only, which NT 4.0 does not have. */
static bool ask_version(OSVERSIONINFOW *version) {
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    get_version *get = (get_version *)(void *)GetProcAddress(ntdll, "RtlGetVersion");
    memset(version, 0, sizeof *version);
    version->dwOSVersionInfoSize = sizeof *version;
    return get != NULL ? get(version) == 0 : GetVersionExW(version) != 0;
}

GUARDED static void put_windows(void) {
    OSVERSIONINFOW version;
    char pack[3 * sizeof version.szCSDVersion];
    struct text text = begin_text();
    if (!ask_version(&version))
        return;
    path_print(version.szCSDVersion, pack, sizeof pack);
    text_print(&text, "%u.%u, build %u%s%s", (uint32_t)version.dwMajorVersion,
               (uint32_t)version.dwMinorVersion, (uint32_t)(version.dwBuildNumber & 0xFFFF),
               pack[0] != '\0' ? ", " : "", pack);
    put_fact("Windows", report.text);
}

static void put_settings(const struct settings *settings) {
    const char *name = NULL;
    for (size_t i = 0; (name = config_key(settings, i, report.text)) != NULL; i++)
        put_fact(name, report.text);
}

static void put_facts(void) {
    const struct state *state = report.state;
    put("<h2>Configuration</h2>\r\n<table>");
    put_fact("Version", KMREPAIR_VERSION);
    put_windows();
    put_fact("Program", state->program);
    if (state->service != 0) {
        put_fact("Start type", state_start_word(state->start));
        put_fact("Account", state->account);
    }
    put_fact("Configuration", state->config);
    if (state->in_force != NULL)
        put_settings(state->in_force);
    put("</table>\r\n</body></html>\r\n");
}

int verb_report(const struct options *options) {
    static WCHAR here[PATH_UNITS];
    const WCHAR *path = options->has_output ? options->output : here;
    if (!options->has_output && path_full(L"kmrepair-report.html", here) == 0)
        return console_fail("the path of the current folder is too long; use --output FILE", "");
    report.state = verb_state(options);
    report.now = report.state->host.host.utc(&report.state->host);
    html_begin(&report.page, path);
    put_title();
    put_attention();
    put_todo(options);
    put_past(options);
    put_scan();
    put_facts();
    DWORD error = html_end(&report.page);
    path_print(path, report.text, sizeof report.text);
    if (error != ERROR_SUCCESS)
        return console_fail_error("cannot write the report ", report.text, error);
    return console_print(CONSOLE_OUT, "%s\r\n", report.text) ? 0 : 2;
}
