/* SPDX-License-Identifier: MIT */
#include "config_check.h"

struct settings other_settings(void) {
    struct settings settings;
    memset(&settings, 0, sizeof settings);
    settings.repair = false;
    (void)text_copy(settings.folder, sizeof settings.folder, "X:\\left alone");
    settings.settle_seconds = 77;
    settings.rescan_minutes = 88;
    settings.reminder_hours = 66;
    settings.repairs_per_hour = 99;
    return settings;
}

bool parse(const void *text, size_t size, struct settings *settings, struct config_error *error) {
    char *copy = exact_copy(text, size);
    memset(error, 'x', sizeof *error);
    bool good = config_parse(copy, size, settings, error);
    free(copy);
    return good;
}

void same_settings(const char *label, const struct settings *expected, const struct settings *got) {
    same_number(label, "Repair", expected->repair, got->repair);
    same_text(label, "Folder", expected->folder, got->folder);
    same_number(label, "Folder = auto", expected->automatic, got->automatic);
    same_number(label, "SettleSeconds", expected->settle_seconds, got->settle_seconds);
    same_number(label, "RescanMinutes", expected->rescan_minutes, got->rescan_minutes);
    same_number(label, "ReminderHours", expected->reminder_hours, got->reminder_hours);
    same_number(label, "RepairsPerHour", expected->repairs_per_hour, got->repairs_per_hour);
}

/* The text is accepted, and says `expected`. */
void accepts(const char *label, const char *text, size_t size, const struct settings *expected) {
    struct settings settings = other_settings();
    struct config_error error;
    if (!parse(text, size, &settings, &error))
        complain("%s: expected to be accepted, got: line %u: %s", label, error.line, error.reason);
    else
        same_settings(label, expected, &settings);
    same_number(label, "is busy", false, error.busy);
}

/* The text is refused because of that line, with a reason that holds `word`. */
void refuses(const char *label, const char *text, size_t size, uint32_t line, const char *word) {
    const struct settings before = other_settings();
    struct settings settings = before;
    struct config_error error;
    if (parse(text, size, &settings, &error)) {
        complain("%s: expected to be refused, got accepted", label);
        return;
    }
    same_settings(label, &before, &settings);
    same_number(label, "line", line, error.line);
    if (memchr(error.reason, '\0', sizeof error.reason) == NULL)
        complain("%s: the reason is not terminated", label);
    else if (strstr(error.reason, word) == NULL)
        complain("%s: expected a reason with '%s', got '%s'", label, word, error.reason);
    else if (!text_is_utf8(error.reason, strlen(error.reason)))
        complain("%s: the reason is not UTF-8: %s", label, error.reason);
}

struct settings defaults(void) {
    struct settings settings;
    config_defaults(&settings);
    return settings;
}
