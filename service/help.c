/* SPDX-License-Identifier: MIT */
#include "help.h"

#include <string.h>

#include "grammar.h"
#include "text.h"

enum { LINE = 79, GROUP = 9, VERB = 11, OPTION = 24 }; /* columns */

static void pad(struct text *text, size_t to) {
    while (text->length < to)
        text_put_char(text, ' ');
}

void help_print_usage(enum console_stream to) {
    static const char *const groups[] = {"Look", "Repair", "Service", "Set up"};
    char line[LINE + 1];
    struct text text;
    enum group group = GROUP_NONE;
    (void)console_print(
        to,
        "KMRepair repairs Key Management server records stuck in State = 4 (KB Q198709).\r\n\r\n"
        "Usage: kmrepair COMMAND [OPTIONS]\r\n");
    for (const struct grammar_verb *verb = grammar_verbs; verb < grammar_verbs + GRAMMAR_VERBS;
         verb++) {
        if (verb->group == GROUP_NONE)
            continue;
        text_begin(&text, line, sizeof line);
        text_put(&text, verb->group != group ? groups[verb->group] : "");
        group = verb->group;
        pad(&text, GROUP);
        text_put(&text, verb->name);
        pad(&text, GROUP + VERB);
        text_put_bytes(&text, verb->what, strcspn(verb->what, "\r"));
        (void)console_print(to, "%s\r\n", line);
    }
    (void)console_print(to,
                        "\r\nkmrepair help COMMAND shows options, exit codes and an example.\r\n");
}

static void put_option(struct text *text, const struct grammar_option *option) {
    text_print(text, "--%s%s", option->name, option->value);
}

/* The next option that the verb has and people are told of, behind `option`, NULL for the first. */
static const struct grammar_option *next_option(enum verb verb,
                                                const struct grammar_option *option) {
    const struct grammar_option *end = grammar_options + GRAMMAR_OPTIONS;
    option = option == NULL ? grammar_options : option + 1;
    while (option < end && ((option->verbs >> verb & 1) == 0 || option->what == NULL))
        option++;
    return option < end ? option : NULL;
}

void help_print_syntax(enum console_stream to, enum verb verb) {
    static const char *const arguments[] = {"", " [FOLDER]", " NAME", " [NAME]"};
    char line[LINE + 1];
    struct text text;
    text_begin(&text, line, sizeof line);
    text_print(&text, "Usage: kmrepair %s%s", grammar_verbs[verb].name,
               arguments[grammar_verbs[verb].takes]);
    for (const struct grammar_option *option = next_option(verb, NULL); option != NULL;
         option = next_option(verb, option)) {
        if (text.length + strlen(option->name) + strlen(option->value) + sizeof " [--]" > LINE) {
            (void)console_print(to, "%s\r\n", line);
            text_begin(&text, line, sizeof line);
            pad(&text, sizeof "Usage:" - 1);
        }
        text_put(&text, " [");
        put_option(&text, option);
        text_put_char(&text, ']');
    }
    (void)console_print(to, "%s\r\n", line);
}

void help_print(enum verb verb) {
    const struct grammar_verb *of = &grammar_verbs[verb];
    char left[OPTION + 3];
    struct text text;
    if (verb == VERB_NONE) {
        help_print_usage(CONSOLE_OUT);
        return;
    }
    help_print_syntax(CONSOLE_OUT, verb);
    (void)console_print(CONSOLE_OUT, "\r\n%s\r\n\r\n", of->what);
    for (const struct grammar_option *option = next_option(verb, NULL); option != NULL;
         option = next_option(verb, option)) {
        text_begin(&text, left, sizeof left);
        text_put(&text, "  ");
        put_option(&text, option);
        pad(&text, OPTION + 2);
        (void)console_print(CONSOLE_OUT, "%s%s\r\n", left, option->what);
    }
    (void)console_print(CONSOLE_OUT, "\r\nExit code: %s.\r\nExample: kmrepair %s%s\r\n",
                        of->codes != NULL ? of->codes : "0 done, 2 not done", of->name,
                        of->example);
}
