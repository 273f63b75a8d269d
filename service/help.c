/* SPDX-License-Identifier: MIT */
#include "help.h"

#include <string.h>

#include "grammar.h"

enum { LINE = 79, GROUP = 9, VERB = 11, OPTION = 24 }; /* columns */

/* What fills up a column `to` behind so many characters. */
static const char *blanks(size_t from, size_t to) {
    static const char all[] = "                          "; /* the widest column */
    return all + sizeof all - 1 - (from < to ? to - from : 0);
}

void help_print_usage(enum console_stream to) {
    static const char groups[][8] = {"Look", "Repair", "Service", "Set up"};
    enum group group = GROUP_NONE;
    (void)console_print(
        to,
        "KMRepair repairs Key Management server records stuck in State = 4 (KB Q198709).\r\n\r\n"
        "Usage: kmrepair COMMAND [OPTIONS]\r\n");
    for (const struct grammar_verb *verb = grammar_verbs; verb < grammar_verbs + GRAMMAR_VERBS;
         verb++) {
        if (verb->group == GROUP_NONE)
            continue;
        const char *name = verb->group != group ? groups[verb->group] : "";
        group = verb->group;
        (void)console_print(to, "%s%s%s%s", name, blanks(strlen(name), GROUP), verb->name,
                            blanks(strlen(verb->name), VERB));
        (void)console_write(to, verb->what, strcspn(verb->what, "\r"));
        (void)console_print(to, "\r\n");
    }
    (void)console_print(to,
                        "\r\nkmrepair help COMMAND shows options, exit codes and an example.\r\n");
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
    static const char arguments[][10] = {"", " [FOLDER]", " NAME", " [NAME]"};
    const char *name = grammar_verbs[verb].name;
    const char *argument = arguments[grammar_verbs[verb].takes];
    size_t column = sizeof "Usage: kmrepair " - 1 + strlen(name) + strlen(argument);
    (void)console_print(to, "Usage: kmrepair %s%s", name, argument);
    for (const struct grammar_option *option = next_option(verb, NULL); option != NULL;
         option = next_option(verb, option)) {
        size_t width = strlen(option->name) + strlen(option->value) + sizeof " [--]" - 1;
        if (column + width > LINE - 1) {
            (void)console_print(to, "\r\n      ");
            column = 6;
        }
        (void)console_print(to, " [--%s%s]", option->name, option->value);
        column += width;
    }
    (void)console_print(to, "\r\n");
}

void help_print(enum verb verb) {
    const struct grammar_verb *of = &grammar_verbs[verb];
    if (verb == VERB_NONE) {
        help_print_usage(CONSOLE_OUT);
        return;
    }
    help_print_syntax(CONSOLE_OUT, verb);
    (void)console_print(CONSOLE_OUT, "\r\n%s\r\n\r\n", of->what);
    for (const struct grammar_option *option = next_option(verb, NULL); option != NULL;
         option = next_option(verb, option)) {
        size_t width = strlen(option->name) + strlen(option->value) + sizeof "--" - 1;
        (void)console_print(CONSOLE_OUT, "  --%s%s%s%s\r\n", option->name, option->value,
                            blanks(width, OPTION), option->what);
    }
    (void)console_print(CONSOLE_OUT, "\r\nExit code: %s.\r\nExample: kmrepair %s%s\r\n",
                        of->codes != NULL ? of->codes : "0 done, 2 not done", of->name,
                        of->example);
}
