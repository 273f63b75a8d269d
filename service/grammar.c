/* SPDX-License-Identifier: MIT */
#include "grammar.h"

#include <stddef.h>

#define OF GRAMMAR_OF
#define FLAG(member) TAKE_FLAG, offsetof(struct options, member)

const struct grammar_verb grammar_verbs[GRAMMAR_VERBS] = {
    [VERB_NONE] = {"", TAKES_NOTHING, GROUP_NONE, "", NULL, ""},
    [VERB_SCAN] = {"scan", TAKES_FOLDER, GROUP_LOOK,
                   "Lists the records that are not sound. Changes nothing.",
                   "0 no record is stuck, 1 some are, 2 it could not be told", " --all"},
    [VERB_STATUS] = {"status", TAKES_NOTHING, GROUP_LOOK,
                     "Says what the service does, and what needs a person.",
                     "0 it works (also with Repair = no); 1 somebody has to look, or\r\n"
                     "a mailbox has waited for ReminderHours; 2 it could not be told",
                     " --format=json"},
    [VERB_TODO] = {"todo", TAKES_NOTHING, GROUP_LOOK,
                   "Lists the mailboxes to enable: repaired, not changed since.",
                   "0 none, 1 some, 2 it could not be told", " --format=csv"},
    [VERB_HISTORY] = {"history", TAKES_NOTHING, GROUP_LOOK, "Lists what was done to which record.",
                      NULL, " --since 7d"},
    [VERB_REPORT] = {"report", TAKES_NOTHING, GROUP_LOOK,
                     "Writes an HTML file with all of this, to print or pass on.", NULL,
                     " --output D:\\report.html"},
    [VERB_CHECK] = {"check", TAKES_NOTHING, GROUP_LOOK,
                    "Says what the configuration means, or what is wrong in it.", NULL, ""},
    [VERB_REPAIR] = {"repair", TAKES_FOLDER, GROUP_REPAIR, "Repairs the stuck records now, once.",
                     "0 nothing stuck is left, 2 something is", ""},
    [VERB_UNDO] = {"undo", TAKES_NAME_OR_ALL, GROUP_REPAIR,
                   "Takes repairs back, and holds the records.\r\n"
                   "A held record is left alone until it changes or is released.",
                   "0 done, 1 some of --all could not be taken back, 2 not done",
                   " --all --since 24h"},
    [VERB_RELEASE] = {"release", TAKES_NAME, GROUP_REPAIR, "Ends the hold on a record.", NULL,
                      " Mxclfr4zqvktn.ini"},
    [VERB_START] = {"start", TAKES_NOTHING, GROUP_SERVICE,
                    "Starts the service and waits until it runs.", NULL, " --paused"},
    [VERB_STOP] = {"stop", TAKES_NOTHING, GROUP_SERVICE,
                   "Stops the service and waits until it has stopped.", NULL, ""},
    [VERB_PAUSE] = {"pause", TAKES_NOTHING, GROUP_SERVICE,
                    "Pauses it: it repairs nothing and lets go of the folder.", NULL, ""},
    [VERB_CONTINUE] = {"continue", TAKES_NOTHING, GROUP_SERVICE,
                       "Continues it: it scans the folder, then repairs.", NULL, ""},
    [VERB_RUN] = {"run", TAKES_NOTHING, GROUP_SERVICE,
                  "Is what Windows starts; or runs in this console.", NULL, " --console"},
    [VERB_INSTALL] = {"install", TAKES_NOTHING, GROUP_SET_UP,
                      "Registers the service, or brings it up to date.\r\n"
                      "Writes kmrepair.ini if there is none; limits access to administrators.",
                      NULL, " --report-only"},
    [VERB_PROTECT] = {"protect", TAKES_FOLDER, GROUP_SET_UP,
                      "Limits access to the program's folder to administrators.\r\n"
                      "Copy kmrepair.exe there again then: somebody may have changed it before.",
                      "0 done, 1 a FAT volume, where nobody can be kept out, 2 not done", ""},
    [VERB_UNINSTALL] = {"uninstall", TAKES_NOTHING, GROUP_SET_UP,
                        "Removes the service; keeps configuration and journal.", NULL, ""},
    [VERB_VERSION] = {"version", TAKES_NOTHING, GROUP_NONE, "Shows the version.", NULL, ""},
    [VERB_HELP] = {"help", TAKES_NOTHING, GROUP_NONE, "", NULL, ""},
};

_Static_assert(offsetof(struct options, since) < 256, "a flag's place fits in a byte");

const struct grammar_option grammar_options[GRAMMAR_OPTIONS] = {
    {"all", "", OF(SCAN), FLAG(all), "every record, sound ones too"},
    {"all", "", OF(UNDO), FLAG(all), "instead of NAME: every repair that is known"},
    {"since", " DATE", OF(HISTORY), TAKE_SINCE, 0, "from 7d or 24h ago, or from 2026-11-22 (UTC)"},
    {"since", " DATE", OF(UNDO), TAKE_SINCE, 0, "of all, those since 7d, 24h or 2026-11-22 (UTC)"},
    {"format", "=table|csv|json", GRAMMAR_CSV, TAKE_FORMAT, 0, "csv and json are for programs"},
    {"format", "=table|json", OF(STATUS) | OF(CHECK), TAKE_FORMAT, 0, "json is for programs"},
    {"output", " FILE", OF(REPORT), TAKE_OUTPUT, 0,
     "instead of kmrepair-report.html, here; .htm or .html"},
    {"paused", "", OF(START), FLAG(paused), "it repairs nothing before kmrepair continue"},
    {"console", "", OF(RUN), FLAG(console), "here, printing events, until Ctrl-C"},
    {"folder", " DIR", OF(INSTALL), TAKE_FOLDER, 0, "the records' folder, where it is not found"},
    {"report-only", "", OF(INSTALL), FLAG(report_only), "kmrepair.ini says Repair = no"},
    {"account", " NAME", OF(INSTALL), TAKE_ACCOUNT, 0,
     "the service runs as NAME; its password is asked for"},
    {"check", "", OF(INSTALL), FLAG(check), "says what would be refused; changes nothing"},
    {"config", " FILE", ~0U, TAKE_CONFIG, 0,
     "instead of the service's, or that beside the program"},
    {"in", " DIR", OF(INSTALL) | OF(CHECK) | OF(UNINSTALL) | OF(STOP), TAKE_IN, 0, NULL},
    {"keep", " FILE", OF(PROTECT), TAKE_KEEP, 0, NULL},
    {"restore", " FILE", OF(PROTECT), TAKE_RESTORE, 0, NULL},
    {"wait", " SECONDS", OF(STOP), TAKE_WAIT, 0, NULL},
    {"output", " FILE",
     OF(INSTALL) | OF(PROTECT) | OF(UNINSTALL) | OF(START) | OF(STOP) | OF(CHECK) | OF(HISTORY) |
         OF(SCAN) | OF(STATUS),
     TAKE_OUTPUT, 0, NULL},
    {"strict", "", OF(PROTECT), FLAG(strict), NULL},
};
