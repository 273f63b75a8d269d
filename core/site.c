/* SPDX-License-Identifier: MIT */
#include "site.h"

#include "text.h"

uint64_t site_now(const struct site *site) {
    return site->host->clock(site->host->context);
}

uint64_t site_settled(const struct site *site) {
    return site_now(site) + (uint64_t)site->settings.settle_seconds * 1000;
}

uint32_t site_back_off(uint32_t backoff, uint32_t first, uint32_t last) {
    if (backoff == 0)
        return first;
    return backoff < last / 2 ? backoff * 2 : last;
}

bool site_report(const struct site *site, const struct event *event) {
    return site->host->report(site->host->context, event);
}

bool site_report_of(const struct site *site, enum event_number number, const char *name,
                    const char *more, const struct host_result *why) {
    struct event event = {.number = number, .why = why};
    if (name != NULL)
        event.string[event.strings++] = name;
    event.string[event.strings++] = site->folder;
    if (more != NULL)
        event.string[event.strings++] = more;
    return site_report(site, &event);
}

void site_tell_away(const struct site *site, bool *told, enum event_number number,
                    const struct host_result *why) {
    bool away = why != NULL;
    /* What did not get into the event log was not said. */
    if (*told != away && site_report_of(site, number, NULL, NULL, why))
        *told = away;
}

const char *site_print_number(uint32_t number, char to[11]) {
    struct text text;
    text_begin(&text, to, 11);
    text_put_u32(&text, number);
    return to;
}
