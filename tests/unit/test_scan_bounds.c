/* SPDX-License-Identifier: MIT */
/*
 * test_scan_bounds: core/scan: when the next one is due, to the millisecond; what is opened, and what is news.
 */
#include "rig.h"

static void when_the_next_scan_is_due(void **state) {
    (void)state;
    enum { ENDED = 1000000 };
    static const struct {
        const char *label;
        bool is_crowded;
        uint64_t took;
        uint32_t crowd_wait;
        uint64_t due, expected;
    } rows[] = {{"at once", false, 0, 0, SCAN_NEVER, ENDED + SCAN_DISTANCE},
                {"249 ms", false, 249, 0, SCAN_NEVER, ENDED + SCAN_DISTANCE},
                {"250 ms", false, 250, 0, SCAN_NEVER, ENDED + SCAN_DISTANCE},
                {"251 ms", false, 251, 0, SCAN_NEVER, ENDED + 1004},
                {"by the clock", false, 251, 0, ENDED + 1003, ENDED + 1003},
                {"after the one by the clock", false, 251, 0, ENDED + 1005, ENDED + 1004},
                {"crowded", true, 0, 60000, SCAN_NEVER, ENDED + 60000},
                {"crowded no more", false, 0, 60000, SCAN_NEVER, ENDED + SCAN_DISTANCE},
                {"crowded, and a long one", true, 15001, 60000, SCAN_NEVER, ENDED + 60004},
                {"crowded, by the clock", true, 0, 60000, ENDED + 5, ENDED + 5}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scan scan = {.wanted = true,
                            .ended = ENDED,
                            .took = rows[i].took,
                            .crowd_wait = rows[i].crowd_wait,
                            .due = rows[i].due};
        same_number(rows[i].label, "due", rows[i].expected, scan_due(&scan, rows[i].is_crowded));
        scan.backoff = 1;
        same_number(rows[i].label, "after one that failed", rows[i].due, scan_due(&scan, true));
        scan.running = true;
        same_number(rows[i].label, "while it runs", 0, scan_due(&scan, true));
        scan_ask(&scan);
        scan.running = scan.wanted = false;
        same_number(rows[i].label, "asked for", 0, scan_due(&scan, true));
        scan.asked = false;
        same_number(rows[i].label, "not wanted", rows[i].due, scan_due(&scan, true));
    }
    no_complaints();
}

static struct scan scan;
static struct known known_records;
static char name[QUEUE_NAME_BYTES];

static enum host_code next(void) {
    return scan_next(&scan, name, sizeof name).code;
}

/* A scan of this folder that nothing else works on. */
static void begin_scan(void) {
    start();
    memset(&known_records, 0, sizeof known_records);
    scan_init(&scan, &mender.site, &known_records);
}

/* To its end; how many files it opens, which are sound. */
static unsigned scan_all(void) {
    unsigned opened = 0;
    enum host_code code;
    while ((code = next()) == HOST_OK) {
        opened += name[0] != '\0';
        scan_remember(&scan);
    }
    same_number("a scan", "ends", HOST_END, code);
    return opened;
}

static void crowded_scans_wait_longer(void **state) {
    (void)state;
    static const uint32_t waits[] = {60, 120, 240, 480, 960, 1920, 3600, 3600, 0, 60};
    (void)fake_file(&fake, "a.ini", SOUND);
    begin_scan();
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        assert_int_equal(next(), HOST_OK);
        if (waits[i] > 0)
            scan_crowd(&scan);
        same_number("a crowded one", "is wanted again", waits[i] > 0, scan.wanted);
        (void)scan_all();
        same_number("a crowded one", "ms to wait", waits[i] * 1000, scan.crowd_wait);
    }
    no_complaints();
}

static void all_are_opened_once_a_day(void **state) {
    (void)state;
    fake.clock = HOUR;
    fake_file(&fake, "a.ini", SOUND)->listed = fake_time(&fake) - 10000000ULL * 3600;
    begin_scan();
    same_number("the first", "opened", 1, scan_all());
    const uint64_t full = scan.full_at;
    fake.clock = full + SCAN_DAY - 1;
    same_number("just before a day is over", "opened", 0, scan_all());
    fake.clock = full + SCAN_DAY;
    same_number("a day", "opened", 1, scan_all());
    same_number("a moment later", "opened", 0, scan_all());
    scan_mistrust(&scan);
    same_number("changes were lost", "opened", 1, scan_all());
    scan_want(&scan);
    same_number("something was missed", "opened", 0, scan_all());
    scan_ask(&scan);
    same_number("asked for", "opened", 1, scan_all());
    no_complaints();
}

static void so_many_are_passed_over_in_one_call(void **state) {
    (void)state;
    many_files(SCAN_SLICE + 10, SOUND);
    fake.clock = HOUR;
    for (size_t i = 0; i < fake.file_count; i++)
        fake.files[i].listed = fake_time(&fake) - 10000000ULL * 3600;
    begin_scan();
    same_number("the first", "opened", SCAN_SLICE + 10, scan_all());
    fake.count[FAKE_LIST_NEXT] = 0;
    assert_int_equal(next(), HOST_OK);
    assert_string_equal(name, "");
    same_number("one call", "names", SCAN_SLICE, fake.count[FAKE_LIST_NEXT]);
    assert_int_equal(next(), HOST_END);
    same_number("files", "counted", SCAN_SLICE + 10, scan.found.files);
    no_complaints();
}

/* One by the clock is news when it finds something else, one for a flood of changes once an hour. Here what is known
 * is counted, and nobody counts what is opened. */
static void which_scans_are_news(void **state) {
    (void)state;
    fake.clock = HOUR;
    fake_file(&fake, "a.ini", SOUND)->listed = fake_time(&fake) - 10000000ULL * 3600;
    begin_scan();
    assert_true(scan.asked);
    (void)scan_all();
    assert_true(scan.news);
    scan_report(&scan, 0);
    scan_want(&scan);
    (void)scan_all();
    assert_false(scan.news);
    (void)scan_all();
    assert_true(scan.news);
    scan_report(&scan, 0);
    (void)scan_all();
    assert_false(scan.news);
    no_complaints();
}

static void one_that_fails_is_tried_again(void **state) {
    (void)state;
    begin_scan();
    (void)scan_all();
    (void)fake_fail(&fake, FAKE_LIST_OPEN, 1, 1, HOST_FAILED);
    assert_int_equal(next(), HOST_FAILED);
    assert_true(scan.wanted);
    same_number("failed", "tried again", fake.clock + SCAN_BACKOFF_FIRST, scan_due(&scan, false));
    scan_ask(&scan);
    same_number("asked for", "tried again", 0, scan_due(&scan, false));
    no_complaints();
}

static void numbers_of_ten_digits(void **state) {
    (void)state;
    begin_scan();
    (void)scan_all();
    memset(&scan.counts, 0xFF, sizeof scan.counts);
    scan.counts.busy = 0;
    scan_report(&scan, UINT32_MAX);
    for (unsigned i = 1; i < 8; i++)
        same_text("3020", "number", "4294967295", fake_event(&fake, EVENT_SCANNED)->string[i]);
    no_complaints();
}

/* What may have been missed in a folder that is away is nobody's business. */
static void forgotten_with_the_folder(void **state) {
    (void)state;
    (void)fake_file(&fake, "a.ini", SOUND);
    begin_scan();
    assert_int_equal(next(), HOST_OK);
    scan_crowd(&scan);
    (void)scan_all();
    assert_true(scan.wanted && scan.crowd_wait > 0);
    assert_int_equal(next(), HOST_OK);
    scan_want(&scan);
    scan_forget(&scan);
    assert_false(scan.wanted || scan.running || fake.listing);
    assert_int_equal(scan.crowd_wait, 0);
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(when_the_next_scan_is_due), TEST(crowded_scans_wait_longer),
        TEST(all_are_opened_once_a_day), TEST(so_many_are_passed_over_in_one_call),
        TEST(which_scans_are_news),      TEST(one_that_fails_is_tried_again),
        TEST(numbers_of_ten_digits),     TEST(forgotten_with_the_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
