/* SPDX-License-Identifier: MIT */
#include "todo.h"

#include "console.h"
#include "host_win.h"
#include "verb/configured.h"
#include "verb/read_journal.h"
#include "verb/verb.h"
#include "verb/when.h"

static struct {
    struct host_win host;
    struct settings settings;
    struct journal_reader reader;
    struct memory memory;
} todo;

/* The table fits the 80 columns of a console. */
static const char heading[] =
    "Enable these mailboxes in the Exchange Administrator program. Their records\r\n"
    "were repaired and have not changed since. A record that changes or is removed\r\n"
    "leaves the list.\r\n\r\n"
    "REPAIRED                RECORD               MAILBOX";
static const char none[] =
    "No mailbox is on the list. A record that changes or is removed after its repair\r\n"
    "leaves the list.\r\n";
static const struct column columns[] = {{"repaired", 23, WORDS, IN_ALL},
                                        {"record", 20, WORDS, IN_ALL},
                                        {"mailbox", 34, WHOLE, IN_ALL},
                                        {NULL, 0, WORDS, 0}};

/* JSON is one array. */
static bool print_item(enum format format, const struct memory_item *item, bool first) {
    char time[WHEN_BYTES];
    const char *mailbox = memory_mailbox(&todo.memory, item);
    const char *unnamed = format == FORMAT_TABLE ? "(not named in the record)" : NULL;
    const char *const values[] = {when_print_as(format, item->utc, time),
                                  memory_name(&todo.memory, item),
                                  mailbox[0] != '\0' ? mailbox : unnamed};
    return (!first || console_print_heading(format, heading, columns)) &&
           (format != FORMAT_JSON || console_print(CONSOLE_OUT, first ? "[" : ",")) &&
           console_print_row(format, columns, values);
}

static bool print_end(enum format format, bool any) {
    if (format == FORMAT_JSON)
        return console_print(CONSOLE_OUT, any ? "]\r\n" : "[]\r\n");
    return any || (format == FORMAT_CSV ? console_print_heading(format, heading, columns)
                                        : console_print(CONSOLE_OUT, none));
}

static int print_list(const struct options *options) {
    bool any = false;
    bool untold = false;
    for (struct memory_item *item = todo_next(&todo.memory, NULL); item != NULL;
         item = todo_next(&todo.memory, item)) {
        struct host_result why;
        enum todo found = todo_look(&todo.host.host, options->bytes, &todo.memory, item, &why);
        if (found == TODO_UNTOLD) {
            (void)console_fail_result("cannot read ", memory_name(&todo.memory, item), &why);
            untold = true;
        } else if (found == TODO_ENABLE) {
            if (!print_item(options->format, item, !any))
                return console_fail_output();
            any = true;
        }
    }
    if ((any || !untold) && !print_end(options->format, any))
        return console_fail_output();
    return any ? 1 : untold ? 2 : 0;
}

int verb_todo(const struct options *options) {
    if (!configured_load(options, &todo.settings))
        return 2;
    host_win_init(&todo.host, options->journal, NULL);
    struct host_result result = host_win_open_folder(&todo.host, todo.settings.folder);
    if (result.code != HOST_OK)
        return verb_fail_folder(options, "cannot open ", todo.settings.folder, &result);
    result = read_records(options->journal, &todo.reader, &todo.memory, &todo.host);
    if (result.code != HOST_OK && result.code != HOST_GONE)
        return verb_fail_journal(&result);
    return print_list(options);
}
