/* SPDX-License-Identifier: MIT */
#include "console.h"
#include "verb/past.h"
#include "verb/verb.h"
#include "verb/when.h"

static const char history_heading[] =
    "TIME                    RECORD               ACTION  OUTCOME      MAILBOX";
static const struct column history_columns[] = {{"time", WHEN_BYTES - 1, WORDS, IN_ALL},
                                                {"record", 20, WORDS, IN_ALL},
                                                {"action", 7, WORDS, IN_ALL},
                                                {"outcome", 12, WORDS, IN_ALL},
                                                {"mailbox", 12, WHOLE, IN_ALL},
                                                {"folder", 0, WORDS, IN_JSON},
                                                {NULL, 0, WORDS, 0}};

struct printer {
    const struct options *options;
    bool any;
    bool failed; /* the output could not be written */
};

/* Before the first row. */
static void print_heading(struct printer *printer) {
    if (!printer->any &&
        !console_print_heading(printer->options->format, history_heading, history_columns))
        printer->failed = true;
    printer->any = true;
}

/* past_visit */
static void print_change(void *context, const struct journal_entry *entry, const char *action,
                         const char *outcome) {
    struct printer *printer = context;
    char time[WHEN_BYTES];
    const char *const values[] = {when_print_as(printer->options->format, entry->utc, time),
                                  entry->name,
                                  action,
                                  outcome,
                                  entry->mailbox,
                                  entry->text};
    if (printer->options->has_since && entry->utc < printer->options->since)
        return;
    print_heading(printer);
    if (!console_print_row(printer->options->format, history_columns, values))
        printer->failed = true;
}

int verb_history(const struct options *options) {
    struct printer printer = {options, false, false};
    struct host_result old;
    struct host_result result = past_read(options, print_change, &printer, &old);
    if (result.code != HOST_OK)
        return verb_fail_journal(&result);
    if (options->format != FORMAT_TABLE)
        print_heading(&printer);
    else if (!printer.any && old.code == HOST_OK)
        printer.failed = !console_print(CONSOLE_OUT, "Nothing was done%s.\r\n",
                                        options->has_since ? " since then" : "");
    if (old.code != HOST_OK)
        return console_fail_result("cannot read the old journal ", "kmrepair.jnl.old", &old);
    return printer.failed ? console_fail_output() : 0;
}
