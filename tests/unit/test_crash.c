/* SPDX-License-Identifier: MIT */
/*
 * test_crash: the power goes after any call of a run, and once more after any call of the next;
 * calls fail at random. In the end every record is repaired, by one write, and that was reported.
 */
#include "rig.h"

struct crash {
    unsigned call; /* 0: none */
    size_t keep;   /* of a line that was being appended */
    bool lost;     /* what was not flushed */
};

static enum fake_call crash_call; /* the last call before the last crash */

/* Runs until the mender is done or the crash comes. Returns true when it came. */
static bool run_into(const struct crash *crash) {
    fake.calls = 0;
    fake.crash_after = crash->call;
    fake.crash_keep = crash->keep;
    start();
    if (setjmp(fake.crash) == 0) {
        run(5 * MINUTE);
        fake.crash_after = 0;
        return false;
    }
    crash_call = fake.crash_call;
    fake_restart(&fake, crash->lost);
    return true;
}

static void check_after_crash(const char *label, struct fake_file *file, unsigned crashes) {
    same_number(label, "is repaired", '1', file->bytes[DIGIT]);
    same_number(label, "writes that lasted", 1, file->writes);
    if (file->reported == 0 || file->reported > 1 + crashes)
        complain("%s: %s: expected to be reported once, or once more for a crash, got %u times",
                 label, file->name, file->reported);
    same_number(label, "INTENTs without DONE", 0, fake_open_intents(&fake, false));
}

static void crash_and_check(const struct crash *first, const struct crash *second, bool *came,
                            bool *came_again) {
    char label[96];
    const struct crash none = {0, 0, false};
    (void)rig_setup(NULL);
    settings.settle_seconds = 0;
    struct fake_file *a = fake_file(&fake, "a.ini", STUCK);
    struct fake_file *b = fake_file(&fake, "b.ini", STUCK);
    (void)snprintf(label, sizeof label,
                   "crash after call %u (%zu, %d), then after call %u (%zu, %d)", first->call,
                   first->keep, first->lost, second->call, second->keep, second->lost);
    *came = run_into(first);
    *came_again = run_into(second);
    (void)run_into(&none);
    check_after_crash(label, a, *came + *came_again);
    check_after_crash(label, b, *came + *came_again);
}

static void one_crash(void **state) {
    (void)state;
    const struct crash none = {0, 0, false};
    bool came = true, again = false;
    unsigned calls = 0;
    for (struct crash crash = {1, 0, false}; came; crash.call++) {
        for (int lost = 0; lost <= 1; lost++) {
            crash.lost = lost != 0;
            crash.keep = SIZE_MAX;
            crash_and_check(&crash, &none, &came, &again);
        }
        for (crash.keep = 0; came && crash_call == FAKE_APPEND && crash.keep < 260; crash.keep++)
            crash_and_check(&crash, &none, &came, &again);
        calls = crash.call;
    }
    assert_in_range(calls, 35, 80);
    no_complaints();
}

static void two_crashes(void **state) {
    (void)state;
    static const size_t keeps[] = {SIZE_MAX, 100};
    bool came = true;
    for (struct crash first = {1, 0, false}; came; first.call++) {
        for (size_t keep = 0; keep < 2; keep++) {
            bool again = true;
            first.keep = keeps[keep];
            first.lost = keep == 1;
            for (struct crash second = {1, SIZE_MAX, false}; again; second.call++) {
                second.lost = second.call % 2 != 0;
                crash_and_check(&first, &second, &came, &again);
            }
        }
    }
    no_complaints();
}

/* A journal that ends in the first `keep` bytes of a line, and the power that goes once more after
 * a later repair has reached its file. Returns false when the crash came before that. */
static bool torn_then_crash(const char *line, size_t keep, unsigned call) {
    char label[64];
    const struct crash crash = {call, SIZE_MAX, false};
    (void)rig_setup(NULL);
    settings.settle_seconds = 0;
    memcpy(fake.journal.bytes, line, keep);
    fake.journal.size = keep;
    struct fake_file *b = fake_file(&fake, "b.ini", STUCK);
    (void)run_into(&crash);
    if (b->writes == 0)
        return false;
    start();
    run(MINUTE);
    (void)snprintf(label, sizeof label, "torn after %zu bytes", keep);
    check_after_crash(label, b, 1);
    return true;
}

/* An INTENT that was torn was not acknowledged: nothing was written. It must not get into the way
 * of the next one, whatever that is about. */
static void torn_intent_and_a_later_repair(void **state) {
    (void)state;
    struct journal_entry entry = an_intent(1, "a.ini", STUCK);
    char line[JOURNAL_LINE_MAX];
    size_t length = journal_encode(&entry, line, sizeof line);
    for (size_t keep = 0; keep < length; keep++) {
        unsigned call = 1;
        while (call < 100 && !torn_then_crash(line, keep, call))
            call++;
        assert_in_range(call, 10, 50);
    }
    no_complaints();
}

/* Returns true when the crash came. */
static bool undo_into(unsigned call) {
    other_begins();
    fake.crash_after = fake.calls + call;
    fake.crash_keep = SIZE_MAX;
    if (setjmp(fake.crash) == 0) {
        (void)mender_undo(&other, "a.ini");
        fake.crash_after = 0;
        return false;
    }
    return true;
}

/* A crash after every call of an undo: it is held and reported, or it was never made. */
static void crash_during_undo(void **state) {
    (void)state;
    bool came = true;
    for (unsigned call = 1; came; call++) {
        (void)rig_setup(NULL);
        struct fake_file *file = fake_file(&fake, "a.ini", STUCK);
        start();
        run(MINUTE);
        came = undo_into(call);
        restart(call % 2 != 0);
        run(3 * HOUR);
        bool undone = file->bytes[DIGIT] == '4';
        if (undone != (fake_events(&fake, EVENT_UNDONE) > 0))
            complain("undo, crash after call %u: undone %d, 2040 reported %u times", call, undone,
                     fake_events(&fake, EVENT_UNDONE));
        same_number("undo, crash", "2000", 1, fake_events(&fake, EVENT_REPAIRED));
        journal_is_clean(0);
        (void)rig_teardown(NULL);
    }
    no_complaints();
}

/* One step of the service, with a crash after so many calls. True when it came. */
static bool step_into(unsigned call) {
    fake.crash_after = fake.calls + call;
    if (setjmp(fake.crash) != 0)
        return true;
    (void)mender_step(&mender);
    fake.crash_after = 0;
    return false;
}

/* A checkpoint can be cut short by the power at each of its calls; there is always a whole
 * journal. */
static void crash_during_a_checkpoint(void **state) {
    (void)state;
    bool came = true;
    unsigned call = 1;
    for (; came; call++) {
        (void)rig_setup(NULL);
        struct fake_file *held = a_full_memory();
        fake_fill_journal(&fake);
        mender_journal_changed(&mender);
        came = step_into(call);
        if (!came)
            same_number("without a crash", "is short", true, fake.journal.size < 4096);
        fake_heal(&fake);
        restart(true);
        run(3 * HOUR);
        same_number("a.ini", "writes", 2, held->writes);
        same_number("owed.ini", "reported", 1, fake_find(&fake, "owed.ini")->reported);
    }
    assert_in_range(call, 12, 100);
    no_complaints();
}

/* ---- faults everywhere: in the end every record is repaired, and that was said */

static void random_faults(struct random *random) {
    static const enum host_code codes[] = {HOST_FAILED, HOST_BUSY};
    uint32_t count = 1 + random_below(random, FAKE_FAULTS - 1);
    for (uint32_t i = 0; i < count; i++) {
        enum fake_call call = (enum fake_call)random_below(random, FAKE_CALLS);
        if (call == FAKE_CLOSE) /* it can not fail */
            continue;
        struct fake_fault *fault =
            fake_fail(&fake, call, 1 + random_below(random, 12), 1 + random_below(random, 4),
                      codes[random_below(random, 2)]);
        fault->keep = random_below(random, 300);
        fault->done = call == FAKE_WRITE && random_below(random, 2) != 0;
    }
}

static void check_after_faults(const char *label, struct fake_file *file, bool crashed) {
    same_number(label, "is repaired", '1', file->bytes[DIGIT]);
    if (file->reported == 0 || file->reported > (crashed ? 2 : 1))
        complain("%s: %s: expected to be reported once, got %u times; events %s", label, file->name,
                 file->reported, fake_story(&fake));
    same_number(label, "INTENTs without DONE", 0, fake_open_intents(&fake, false));
}

static void faults_and_a_crash(uint64_t seed) {
    struct random random = {seed * 0x9E3779B97F4A7C15ULL};
    char label[32];
    (void)snprintf(label, sizeof label, "seed %llu", (unsigned long long)seed);
    (void)rig_setup(NULL);
    settings.settle_seconds = random_below(&random, 3);
    settings.rescan_minutes = random_below(&random, 2) * 60;
    fake.tick = random_below(&random, 3);
    struct fake_file *a = fake_file(&fake, "a.ini", STUCK);
    struct fake_file *s = fake_file(&fake, "s.ini", SOUND);
    struct fake_file *b = fake_file(&fake, "b.ini", STUCK);
    struct fake_file *d = fake_file(&fake, "d.ini", DOUBTFUL);
    random_faults(&random);
    struct crash crash = {random_below(&random, 120), random_below(&random, 300),
                          random_below(&random, 2) != 0};
    bool crashed = run_into(&crash);
    if (crashed)
        (void)run_into(&(struct crash){0, 0, false});
    fake_heal(&fake);
    run(10 * HOUR);
    check_after_faults(label, a, crashed);
    check_after_faults(label, b, crashed);
    untouched(s, SOUND);
    untouched(d, DOUBTFUL);
}

static void faults_everywhere(void **state) {
    (void)state;
    static const uint64_t found[] = {15898, 40573, 61027, 95445}; /* something, once */
    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++)
        faults_and_a_crash(found[i]);
    for (uint64_t seed = 1; seed <= 4000; seed++)
        faults_and_a_crash(seed);
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(one_crash),
        TEST(two_crashes),
        TEST(torn_intent_and_a_later_repair),
        TEST(crash_during_undo),
        TEST(crash_during_a_checkpoint),
        TEST(faults_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
