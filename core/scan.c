/* SPDX-License-Identifier: MIT */
#include "scan.h"

#include <string.h>

void scan_init(struct scan *scan, const struct site *site, struct known *known) {
    memset(scan, 0, sizeof *scan);
    scan->site = site;
    scan->known = known;
    scan->asked = true;
    scan->due = SCAN_NEVER;
}

void scan_ask(struct scan *scan) {
    scan->asked = true;
    scan->backoff = 0;
}

void scan_want(struct scan *scan) {
    scan->wanted = true;
}

void scan_mistrust(struct scan *scan) {
    scan->wanted = scan->mistrust = true;
}

void scan_hint(struct scan *scan, const char *name) {
    if (scan->known != NULL)
        known_forget(scan->known, name);
}

void scan_crowd(struct scan *scan) {
    scan->wanted = true;
    scan->crowded = true;
}

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

uint64_t scan_due(const struct scan *scan, bool is_crowded) {
    if (scan->running)
        return 0;
    if (scan->backoff != 0)
        return scan->due;
    if (scan->asked)
        return 0;
    if (!scan->wanted)
        return scan->due;
    uint64_t distance = scan->took * SCAN_SHARE;
    if (distance < SCAN_DISTANCE)
        distance = SCAN_DISTANCE;
    /* A crowded queue is worked off before another scan fills it, but not for ever: the names in it
     * may be of busy records that stay. */
    if (is_crowded && distance < scan->crowd_wait)
        distance = scan->crowd_wait;
    return earlier(scan->ended + distance, scan->due);
}

void scan_stop(struct scan *scan) {
    const struct host *host = scan->site->host;
    if (scan->running)
        host->list_close(host->context);
    scan->running = false;
}

void scan_forget(struct scan *scan) {
    scan_stop(scan);
    scan->crowd_wait = 0;
    scan->wanted = false;
}

static void end(struct scan *scan) {
    scan_stop(scan);
    scan->ended = site_now(scan->site);
    scan->took = scan->ended - scan->begun;
}

static void fail(struct scan *scan) {
    if (scan->running && scan->answers)
        scan->asked = true;
    end(scan);
    scan->wanted = true;
    scan->backoff = site_back_off(scan->backoff, SCAN_BACKOFF_FIRST, SCAN_BACKOFF_LAST);
    scan->due = scan->ended + scan->backoff;
}

static void begin_full(struct scan *scan) {
    if (scan->known != NULL)
        known_clear(scan->known);
    scan->full_at = scan->begun;
}

static struct host_result begin(struct scan *scan) {
    const struct host *host = scan->site->host;
    scan->begun = site_now(scan->site);
    struct host_result result = host->list_open(host->context);
    if (result.code != HOST_OK)
        return result;
    scan->running = true;
    if (scan->asked || scan->mistrust || scan->begun - scan->full_at >= SCAN_DAY)
        begin_full(scan);
    scan->answers = scan->asked;
    scan->periodic = !scan->wanted && !scan->asked;
    scan->asked = scan->wanted = scan->crowded = scan->mistrust = false;
    memset(&scan->counts, 0, sizeof scan->counts);
    return host_ok;
}

/* One that was asked for is worth an event; any other if it found something else than the one that
 * was reported last, and those that a flood of changes brings about once an hour at most. */
static bool is_news(const struct scan *scan) {
    if (scan->answers)
        return true;
    return memcmp(&scan->counts, &scan->reported, sizeof scan->counts) != 0 &&
           (scan->periodic || site_now(scan->site) >= scan->told_again);
}

void scan_report(struct scan *scan, uint32_t to_enable) {
    const struct scan_counts *counts = &scan->counts;
    const uint32_t numbers[] = {counts->files,
                                counts->verdict[VERDICT_SOUND],
                                counts->verdict[VERDICT_STUCK],
                                counts->verdict[VERDICT_DOUBTFUL],
                                counts->verdict[VERDICT_UNREADABLE] + counts->busy,
                                counts->verdict[VERDICT_NOT_A_RECORD],
                                to_enable};
    char digits[sizeof numbers / sizeof numbers[0]][11];
    struct event event = {EVENT_SCANNED, {scan->site->folder}, 1, NULL};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        event.string[event.strings++] = site_print_number(numbers[i], digits[i]);
    if (!scan->news || !site_report(scan->site, &event))
        return;
    scan->reported = *counts;
    scan->told_again = site_now(scan->site) + SCAN_HOUR;
}

static void finish(struct scan *scan) {
    const struct host *host = scan->site->host;
    uint32_t minutes = scan->site->settings.rescan_minutes;
    end(scan);
    scan->finished = true;
    scan->backoff = 0;
    scan->due = minutes == 0 ? SCAN_NEVER : scan->ended + (uint64_t)minutes * 60000;
    scan->crowd_wait =
        scan->crowded ? site_back_off(scan->crowd_wait, SCAN_CROWD_FIRST, SCAN_HOUR) : 0;
    scan->found = scan->counts;
    scan->found_at = host->utc(host->context);
    scan->news = is_news(scan);
}

/* Whether it need not be opened. */
static bool pass_over(struct scan *scan, const char *name, const struct host_stamp *stamp) {
    const struct host *host = scan->site->host;
    if (scan->known != NULL && known_check(scan->known, name, stamp, &scan->look)) {
        scan->counts.files++;
        scan->counts.verdict[VERDICT_SOUND]++;
        return true;
    }
    scan->read_at = host->utc(host->context);
    return false;
}

void scan_remember(struct scan *scan) {
    if (scan->known != NULL)
        known_put(scan->known, &scan->look, scan->read_at);
}

struct host_result scan_next(struct scan *scan, char *name, size_t size) {
    const struct host *host = scan->site->host;
    struct host_result result = scan->running ? host_ok : begin(scan);
    struct host_stamp stamp;
    bool passed = true;
    for (unsigned n = SCAN_SLICE; result.code == HOST_OK && passed && n > 0; n--) {
        result = host->list_next(host->context, name, size, &stamp);
        passed = result.code == HOST_OK && pass_over(scan, name, &stamp);
    }
    if (passed)
        name[0] = '\0';
    if (result.code == HOST_END)
        finish(scan);
    else if (result.code != HOST_OK)
        fail(scan);
    return result;
}
