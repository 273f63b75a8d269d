/* SPDX-License-Identifier: MIT */
#include "fake_parts.h"

#include "text.h"

static bool is_about_record(enum event_number number) {
    return number >= EVENT_REPAIRED && number <= EVENT_REPAIR_FAILED;
}

/* How many strings the text of an event has in service/messages.mc. */
static unsigned count_strings(enum event_number number) {
    switch (number) {
    case EVENT_PAUSED:
    case EVENT_CONTINUED:
        return 0;
    case EVENT_STOPPED:
    case EVENT_START_FAILED:
    case EVENT_JOURNAL_BACK:
    case EVENT_CHANGES_LOST:
    case EVENT_FOLDER_BACK:
        return 1;
    case EVENT_STARTED:
    case EVENT_JOURNAL_AWAY:
    case EVENT_RELEASED:
    case EVENT_FOLDER_AWAY:
    case EVENT_CONFIG_LOADED:
        return 2;
    case EVENT_TO_ENABLE:
    case EVENT_DOUBTFUL:
    case EVENT_UNREADABLE:
    case EVENT_BUSY:
    case EVENT_LIMIT:
    case EVENT_EVENTS_BACK:
    case EVENT_CONFIG_REFUSED:
        return 3;
    case EVENT_REPAIRED:
    case EVENT_STUCK:
    case EVENT_REPAIR_FAILED:
    case EVENT_UNDONE:
        return 4;
    case EVENT_REPAIRED_LATE:
    case EVENT_OUTCOME_UNKNOWN:
        return 5;
    case EVENT_SCANNED:
        return 8;
    }
    return 0;
}

static void keep_event(struct fake_host *fake, const struct event *event) {
    assert_true(fake->event_count < FAKE_EVENTS);
    struct fake_event *kept = &fake->events[fake->event_count++];
    kept->number = event->number;
    kept->strings = event->strings;
    kept->clock = fake->clock;
    for (unsigned i = 0; i < event->strings; i++)
        (void)text_copy(kept->string[i], sizeof kept->string[i], event->string[i]);
    if (event->why != NULL) {
        const char *reason = event->why->reason != NULL ? event->why->reason : "(a number)";
        (void)text_copy(kept->string[kept->strings++], FAKE_TEXT_BYTES, reason);
    }
    if (event->number == EVENT_REPAIRED || event->number == EVENT_REPAIRED_LATE ||
        event->number == EVENT_OUTCOME_UNKNOWN) {
        /* The folder may be another one by now, so each record of that name is meant. */
        for (size_t i = 0; i < fake->file_count; i++)
            fake->files[i].reported += strcmp(fake->files[i].name, event->string[0]) == 0;
    }
}

static bool report(void *context, const struct event *event) {
    struct fake_host *fake = context;
    char detail[128];
    bool about = is_about_record(event->number);
    unsigned strings = event->strings + (event->why != NULL);
    if (strings != count_strings(event->number))
        complain("fake host: event %d has %u strings, and its text %u", (int)event->number, strings,
                 count_strings(event->number));
    for (unsigned i = 0; i < event->strings; i++) {
        if (event->string[i] == NULL || event->string[i][0] == '\0')
            complain("fake host: event %d: string %u is empty", (int)event->number, i);
    }
    (void)snprintf(detail, sizeof detail, "%d%s%s", (int)event->number, about ? " " : "",
                   about ? event->string[0] : "");
    struct fake_fault *fault = fake_begin(fake, FAKE_REPORT, NULL, detail);
    if (fault == NULL || fault->done)
        keep_event(fake, event);
    fake_end(fake);
    return fault == NULL;
}

void fake_event_calls(struct host *host) {
    host->report = report;
}

/* ---- for the tests */

void fake_clear_events(struct fake_host *fake) {
    fake->event_count = 0;
}

unsigned fake_events(const struct fake_host *fake, enum event_number number) {
    unsigned count = 0;
    for (size_t i = 0; i < fake->event_count; i++)
        count += fake->events[i].number == number;
    return count;
}

unsigned fake_events_about(const struct fake_host *fake, enum event_number number,
                           const char *name) {
    unsigned count = 0;
    for (size_t i = 0; i < fake->event_count; i++)
        count += fake->events[i].number == number && strcmp(fake->events[i].string[0], name) == 0;
    return count;
}

const struct fake_event *fake_event(const struct fake_host *fake, enum event_number number) {
    static const struct fake_event none = {
        .string = {"(none)", "(none)", "(none)", "(none)", "(none)", "(none)", "(none)", "(none)"}};
    for (size_t i = fake->event_count; i-- > 0;) {
        if (fake->events[i].number == number)
            return &fake->events[i];
    }
    return &none;
}

const char *fake_story(const struct fake_host *fake) {
    static char story[16 * 1024];
    struct text text;
    text_begin(&text, story, sizeof story);
    for (size_t i = 0; i < fake->event_count; i++) {
        const struct fake_event *event = &fake->events[i];
        text_put(&text, i > 0 ? ", " : "");
        text_put_u32(&text, event->number);
        text_put(&text, is_about_record(event->number) ? " " : "");
        text_put(&text, is_about_record(event->number) ? event->string[0] : "");
    }
    return story;
}
