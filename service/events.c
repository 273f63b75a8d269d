/* SPDX-License-Identifier: MIT */
#include "events.h"

#include <string.h>

#include "console.h"
#include "journal.h"
#include "messages.h"
#include "result.h"
#include "text.h"

#define SOURCE_KEY L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\" EVENTS_SOURCE

static const struct {
    WORD number; /* enum event_number */
    WORD category;
    DWORD message;
} table[] = {
    {EVENT_STARTED, CATEGORY_SERVICE, MSG_STARTED},
    {EVENT_STOPPED, CATEGORY_SERVICE, MSG_STOPPED},
    {EVENT_PAUSED, CATEGORY_SERVICE, MSG_PAUSED},
    {EVENT_CONTINUED, CATEGORY_SERVICE, MSG_CONTINUED},
    {EVENT_START_FAILED, CATEGORY_SERVICE, MSG_START_FAILED},
    {EVENT_REPAIRED, CATEGORY_RECORD, MSG_REPAIRED},
    {EVENT_STUCK, CATEGORY_RECORD, MSG_STUCK},
    {EVENT_REPAIRED_LATE, CATEGORY_RECORD, MSG_REPAIRED_LATE},
    {EVENT_OUTCOME_UNKNOWN, CATEGORY_RECORD, MSG_OUTCOME_UNKNOWN},
    {EVENT_TO_ENABLE, CATEGORY_RECORD, MSG_TO_ENABLE},
    {EVENT_DOUBTFUL, CATEGORY_RECORD, MSG_DOUBTFUL},
    {EVENT_UNREADABLE, CATEGORY_RECORD, MSG_UNREADABLE},
    {EVENT_BUSY, CATEGORY_RECORD, MSG_BUSY},
    {EVENT_REPAIR_FAILED, CATEGORY_RECORD, MSG_REPAIR_FAILED},
    {EVENT_LIMIT, CATEGORY_RECORD, MSG_LIMIT},
    {EVENT_UNDONE, CATEGORY_RECORD, MSG_UNDONE},
    {EVENT_RELEASED, CATEGORY_RECORD, MSG_RELEASED},
    {EVENT_CHANGES_LOST, CATEGORY_WATCH, MSG_CHANGES_LOST},
    {EVENT_FOLDER_AWAY, CATEGORY_WATCH, MSG_FOLDER_AWAY},
    {EVENT_FOLDER_BACK, CATEGORY_WATCH, MSG_FOLDER_BACK},
    {EVENT_SCANNED, CATEGORY_WATCH, MSG_SCANNED},
    {EVENT_JOURNAL_AWAY, CATEGORY_RECORD, MSG_JOURNAL_AWAY},
    {EVENT_JOURNAL_BACK, CATEGORY_RECORD, MSG_JOURNAL_BACK},
    {EVENT_EVENTS_BACK, CATEGORY_RECORD, MSG_EVENTS_BACK},
    {EVENT_CONFIG_LOADED, CATEGORY_CONFIGURATION, MSG_CONFIG_LOADED},
    {EVENT_CONFIG_REFUSED, CATEGORY_CONFIGURATION, MSG_CONFIG_REFUSED},
};

void events_open(struct events *events, bool print) {
    events->source = RegisterEventSourceW(NULL, EVENTS_SOURCE);
    events->print = print;
}

void events_close(struct events *events) {
    if (events->source != NULL)
        (void)DeregisterEventSource(events->source);
    events->source = NULL;
}

/* Converts a string for the event log. The viewer looks for insertions such as %1 in the strings
 * that it has inserted, too, so a `%` before a digit, a brace or another `%` gets a blank behind it; a
 * character that would act on the viewer or a console becomes `?`. */
static WCHAR *put_string(WCHAR *at, const WCHAR *end, const char *string) {
    size_t left = strlen(string);
    while (left > 0 && end - at > 4) {
        uint32_t c = 0;
        size_t n = text_character(string, left, &c);
        if (n == 0 || text_is_active(c)) {
            *at++ = L'?';
        } else {
            size_t units = text_to_utf16(string, n, at, 3);
            at += units;
        }
        n = n == 0 ? 1 : n;
        string += n;
        left -= n;
        if (c == '%' && left > 0 && strchr("%{0123456789", *string) != NULL)
            *at++ = L' ';
    }
    *at++ = L'\0';
    return at;
}

static WORD type_of(DWORD message) {
    static const WORD types[] = {EVENTLOG_INFORMATION_TYPE, EVENTLOG_INFORMATION_TYPE,
                                 EVENTLOG_WARNING_TYPE, EVENTLOG_ERROR_TYPE};
    return types[message >> 30];
}

static void print(struct events *events, DWORD message, enum event_number number,
                  const WCHAR **strings) {
    static const char *const severities[] = {"Information", "Information", "Warning", "Error"};
    DWORD length = FormatMessageW(FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_ARGUMENT_ARRAY |
                                      FORMAT_MESSAGE_MAX_WIDTH_MASK,
                                  GetModuleHandleW(NULL), message, 0, events->message,
                                  EVENTS_BUFFER, (va_list *)(void *)strings);
    while (length > 0 && events->message[length - 1] <= L' ')
        length--;
    (void)text_from_utf16(events->message, length, events->line, sizeof events->line);
    (void)console_print(CONSOLE_OUT, "%s %u: %s\r\n", severities[message >> 30], (uint32_t)number,
                        events->line);
}

bool events_report(struct events *events, const struct event *event) {
    const WCHAR *strings[EVENT_STRINGS + 2];
    WCHAR *at = events->strings;
    const WCHAR *end = events->strings + EVENTS_BUFFER;
    char reason[300];
    unsigned count = 0;
    size_t i = 0;
    BOOL done = FALSE;
    while (i < sizeof table / sizeof table[0] && table[i].number != event->number)
        i++;
    if (i == sizeof table / sizeof table[0])
        return false;
    for (; count < event->strings; count++) {
        strings[count] = at;
        at = put_string(at, end, event->string[count]);
    }
    if (event->why != NULL) {
        strings[count++] = at;
        (void)put_string(at, end, result_text(event->why, reason, sizeof reason));
    }
    if (events->source == NULL)
        events->source = RegisterEventSourceW(NULL, EVENTS_SOURCE);
    if (events->source != NULL)
        done = ReportEventW(events->source, type_of(table[i].message), table[i].category,
                            table[i].message, NULL, (WORD)count, 0, strings, NULL);
    /* The event log service may have been restarted; a new handle finds it again. */
    if (events->source != NULL && !done)
        events_close(events);
    if (events->print)
        print(events, table[i].message, event->number, strings);
    return done;
}

bool events_say(struct events *events, enum event_number number, const char *first,
                const char *second, const char *third) {
    struct event event = {number, {first, second, third}, 0, NULL};
    while (event.strings < 3 && event.string[event.strings] != NULL)
        event.strings++;
    return events_report(events, &event);
}

DWORD events_register(const WCHAR *program) {
    HKEY key = NULL;
    DWORD types = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
    DWORD categories = CATEGORY_CONFIGURATION;
    DWORD size = (DWORD)((lstrlenW(program) + 1) * (int)sizeof *program);
    LONG error = RegCreateKeyExW(HKEY_LOCAL_MACHINE, SOURCE_KEY, 0, NULL, REG_OPTION_NON_VOLATILE,
                                 KEY_SET_VALUE, NULL, &key, NULL);
    if (error != ERROR_SUCCESS)
        return (DWORD)error;
    error = RegSetValueExW(key, L"EventMessageFile", 0, REG_EXPAND_SZ, (const BYTE *)program, size);
    if (error == ERROR_SUCCESS)
        error = RegSetValueExW(key, L"CategoryMessageFile", 0, REG_EXPAND_SZ, (const BYTE *)program,
                               size);
    if (error == ERROR_SUCCESS)
        error = RegSetValueExW(key, L"CategoryCount", 0, REG_DWORD, (const BYTE *)&categories,
                               sizeof categories);
    if (error == ERROR_SUCCESS)
        error = RegSetValueExW(key, L"TypesSupported", 0, REG_DWORD, (const BYTE *)&types,
                               sizeof types);
    (void)RegCloseKey(key);
    return (DWORD)error;
}

DWORD events_unregister(void) {
    LONG error = RegDeleteKeyW(HKEY_LOCAL_MACHINE, SOURCE_KEY);
    return error == ERROR_FILE_NOT_FOUND ? ERROR_SUCCESS : (DWORD)error;
}
