/* SPDX-License-Identifier: MIT */
/*
 * fuzz_config: any bytes as kmrepair.ini.
 *
 * Reading twice is the same; what is accepted is within its bounds and, written out again, is read as the
 * same settings; what is refused leaves the settings alone and names a line of the file and a reason.
 */
#include "config.h"
#include "fuzz.h"
#include "text.h"

static bool same_settings(const struct settings *a, const struct settings *b) {
    return a->repair == b->repair && a->settle_seconds == b->settle_seconds &&
           a->rescan_minutes == b->rescan_minutes && a->reminder_hours == b->reminder_hours &&
           a->repairs_per_hour == b->repairs_per_hour && a->automatic == b->automatic &&
           strcmp(a->folder, b->folder) == 0;
}

/* Cuts the printed settings before the last `key`, for a folder may hold anything, and returns what
 * followed it. */
static char *cut(char *printed, const char *key) {
    char *found = NULL;
    for (char *at = strstr(printed, key); at != NULL; at = strstr(at + 1, key))
        found = at;
    INSIST(found != NULL, "what is printed names every key");
    *found = '\0';
    return found + strlen(key);
}

/* From the line that is printed to the text of a file that means the same. */
static void check_print(const struct settings *settings) {
    char *printed = malloc(CONFIG_PRINT_BYTES);
    char text[CONFIG_PRINT_BYTES + 128];
    struct settings again;
    struct config_error error;
    INSIST(printed != NULL, "there is memory");
    config_print(settings, printed, CONFIG_PRINT_BYTES);
    INSIST(text_is_utf8(printed, strlen(printed)), "what is printed is UTF-8");
    const char *repairs = cut(printed, ", RepairsPerHour = ");
    const char *reminder = cut(printed, ", ReminderHours = ");
    const char *rescan = cut(printed, ", RescanMinutes = ");
    const char *settle = cut(printed, ", SettleSeconds = ");
    const char *folder = strstr(printed, ", Folder = ");
    INSIST(folder != NULL, "what is printed names the folder");
    (void)snprintf(
        text, sizeof text,
        "[service]\r\n%.*s\r\nFolder = \"%s\"\r\n[timing]\r\nSettleSeconds = %s\r\n"
        "RescanMinutes = %s\r\nReminderHours = %s\r\n[limits]\r\nRepairsPerHour = %s\r\n",
        (int)(folder - printed), printed, folder + strlen(", Folder = "), settle, rescan, reminder,
        repairs);
    INSIST(config_parse(text, strlen(text), &again, &error), "what is printed can be read");
    INSIST(same_settings(&again, settings), "what is printed is read as the same settings");
    free(printed);
}

static void check_accepted(const struct settings *settings) {
    INSIST(settings->settle_seconds <= CONFIG_SETTLE_MAX &&
               settings->rescan_minutes <= CONFIG_RESCAN_MAX &&
               settings->reminder_hours <= CONFIG_REMINDER_MAX && settings->repairs_per_hour >= 1 &&
               settings->repairs_per_hour <= CONFIG_REPAIRS_MAX,
           "every number is within its bounds");
    INSIST(settings->automatic || config_is_absolute(settings->folder) ||
               strchr(settings->folder, '%') != NULL,
           "the folder is `auto`, or a whole path when its variables are put in");
    for (const char *c = settings->folder; *c != '\0'; c++)
        INSIST((unsigned char)*c >= 0x20, "no control character is in the folder");
    check_print(settings);
}

static void check_refused(const char *text, size_t size, const struct config_error *error) {
    uint32_t lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    INSIST(error->line <= lines, "the line is one of the file");
    INSIST(error->line > 0 || size > CONFIG_BYTES_MAX,
           "a line is named unless the file is too big");
    INSIST(memchr(error->reason, '\0', sizeof error->reason) != NULL && error->reason[0] != '\0',
           "there is a reason");
    INSIST(text_is_utf8(error->reason, strlen(error->reason)), "the reason is UTF-8");
    for (size_t i = 0; error->reason[i] != '\0';) {
        uint32_t c = 0;
        i += text_character(error->reason + i, strlen(error->reason + i), &c);
        INSIST(!text_is_active(c), "no character of the reason acts on a console");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data;
    static const struct settings others = {false, 7, 8, 6, 9, false, "D:\\Elsewhere"};
    struct settings settings = others, again = others;
    struct config_error error, error_again;
    bool good = config_parse(text, size, &settings, &error);
    INSIST(config_parse(text, size, &again, &error_again) == good &&
               same_settings(&settings, &again) && error.line == error_again.line &&
               strcmp(error.reason, error_again.reason) == 0,
           "reading twice is the same");
    if (good) {
        check_accepted(&settings);
    } else {
        INSIST(same_settings(&settings, &others), "a refused file leaves the settings alone");
        check_refused(text, size, &error);
    }
    return 0;
}
