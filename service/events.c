/* SPDX-License-Identifier: MIT */
#include "events.h"

#include <string.h>

#include "console.h"
#include "guarded.h"
#include "journal.h"
#include "messages.h"
#include "result.h"
#include "text.h"

#define SOURCE_KEY L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\" EVENTS_SOURCE

/* The lower half of a message is the number of its event, and the thousands of that are its category. */
static const DWORD messages[] = {
    MSG_STARTED,       MSG_STOPPED,      MSG_PAUSED,        MSG_CONTINUED,       MSG_START_FAILED,
    MSG_REPAIRED,      MSG_STUCK,        MSG_REPAIRED_LATE, MSG_OUTCOME_UNKNOWN, MSG_TO_ENABLE,
    MSG_DOUBTFUL,      MSG_UNREADABLE,   MSG_BUSY,          MSG_REPAIR_FAILED,   MSG_LIMIT,
    MSG_UNDONE,        MSG_RELEASED,     MSG_CHANGES_LOST,  MSG_FOLDER_AWAY,     MSG_FOLDER_BACK,
    MSG_SCANNED,       MSG_JOURNAL_AWAY, MSG_JOURNAL_BACK,  MSG_EVENTS_BACK,     MSG_CONFIG_LOADED,
    MSG_CONFIG_REFUSED};

static DWORD message_of(enum event_number number) {
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        if (LOWORD(messages[i]) == (WORD)number)
            return messages[i];
    }
    return 0;
}

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

GUARDED bool events_report(struct events *events, const struct event *event) {
    const WCHAR *strings[EVENT_STRINGS + 2];
    WCHAR *at = events->strings;
    const WCHAR *end = events->strings + EVENTS_BUFFER;
    char reason[300];
    unsigned count = 0;
    DWORD message = message_of(event->number);
    BOOL done = FALSE;
    if (message == 0)
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
        done = ReportEventW(events->source, type_of(message), (WORD)(LOWORD(message) / 1000),
                            message, NULL, (WORD)count, 0, strings, NULL);
    /* The event log service may have been restarted; a new handle finds it again. */
    if (events->source != NULL && !done)
        events_close(events);
    if (events->print)
        print(events, message, event->number, strings);
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
