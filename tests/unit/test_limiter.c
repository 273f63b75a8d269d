/* SPDX-License-Identifier: MIT */
/*
 * test_limiter: core/limiter, the repairs of the last hour, against a slow model that remembers
 * each of them.
 */
#include "check.h"
#include "limiter.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };

static struct limiter limiter;

static int start(void **state) {
    (void)state;
    limiter_clear(&limiter);
    return 0;
}

static void counts_for_an_hour(void **state) {
    (void)state;
    assert_int_equal(limiter_count(&limiter, 0), 0);
    assert_int_equal(limiter_end(&limiter, 5), 5);
    limiter_add(&limiter, 90 * 1000, 0, 2);
    assert_int_equal(limiter_count(&limiter, 90 * 1000), 2);
    assert_int_equal(limiter_count(&limiter, 90 * 1000 + HOUR), 2);
    assert_int_equal(limiter_count(&limiter, 2 * MINUTE + HOUR - 1), 2);
    assert_int_equal(limiter_count(&limiter, 2 * MINUTE + HOUR), 0);
    assert_int_equal(limiter_end(&limiter, 90 * 1000), 2 * MINUTE + HOUR);
    assert_int_equal(limiter_end(&limiter, 2 * MINUTE + HOUR), 2 * MINUTE + HOUR);
    assert_int_equal(limiter_end(&limiter, 5 * HOUR), 5 * HOUR);
}

/* The last moment of a minute belongs to it. */
static void at_the_end_of_a_minute(void **state) {
    (void)state;
    limiter_add(&limiter, 2 * MINUTE - 1, 0, 1);
    assert_int_equal(limiter_end(&limiter, 2 * MINUTE - 1), 2 * MINUTE + HOUR);
    limiter_add(&limiter, 5 * MINUTE, MINUTE + 1, 1);
    assert_int_equal(limiter_end(&limiter, 5 * MINUTE), 4 * MINUTE + HOUR);
}

/* What is written down is how long ago the minute ended, and nothing while it goes on. */
static void tells_when_the_minute_ended(void **state) {
    (void)state;
    static const struct {
        uint64_t now, age;
    } rows[] = {{90 * 1000, 0}, {2 * MINUTE - 1, 0}, {2 * MINUTE, 1}, {2 * MINUTE + 500, 501}};
    limiter_add(&limiter, 90 * 1000, 0, 2);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t at = LIMITER_MINUTES;
        uint32_t count = 0;
        uint64_t age = 7;
        assert_true(limiter_next(&limiter, rows[i].now, &at, &age, &count));
        assert_int_equal(age, rows[i].age);
        assert_int_equal(count, 2);
        assert_false(limiter_next(&limiter, rows[i].now, &at, &age, &count));
    }
}

/* The oldest minute falls out, and nothing is written where no minute is. */
static void nothing_behind_the_last_minute(void **state) {
    (void)state;
    static struct limiter both[2];
    const unsigned char *at = (const unsigned char *)both[0].count + sizeof both[0].count;
    memset(both, 0, sizeof both);
    limiter_add(&both[0], HOUR, HOUR - 1, 7);
    limiter_add(&both[0], HOUR + MINUTE - 1, 0, 1);
    for (unsigned minute = 1; minute <= 3; minute++) {
        limiter_add(&both[0], HOUR + (uint64_t)minute * MINUTE, 0, 1);
        for (const unsigned char *s = at; s < (const unsigned char *)(both + 1); s++)
            assert_int_equal(*s, 0);
        assert_int_equal(both[1].minute, 0);
    }
}

/* At the start of the clock an age reaches back to before it. */
static void before_the_clock_began(void **state) {
    (void)state;
    for (uint64_t age = 0; age < HOUR; age += 1234) {
        limiter_clear(&limiter);
        limiter_add(&limiter, 500, age, 1);
        same_number("at once", "count", 1, limiter_count(&limiter, 500));
        uint64_t end = limiter_end(&limiter, 500);
        same_number("not too early", "end", true, end >= 500 + HOUR - age);
        same_number("not too late", "end", true, end <= 500 + HOUR - age + MINUTE);
        same_number("just before", "count", 1, limiter_count(&limiter, end - 1));
        same_number("then", "count", 0, limiter_count(&limiter, end));
    }
    limiter_clear(&limiter);
    limiter_add(&limiter, 500, HOUR, 1);
    limiter_add(&limiter, 500, UINT64_MAX, 1);
    same_number("too long ago", "count", 0, limiter_count(&limiter, 500));
    no_complaints();
}

/* The end is that of the last one, and the minute's others end with it. */
static void end_is_of_the_last(void **state) {
    (void)state;
    limiter_add(&limiter, MINUTE, 0, 1);
    limiter_add(&limiter, 30 * MINUTE, 0, 1);
    assert_int_equal(limiter_end(&limiter, 40 * MINUTE), 31 * MINUTE + HOUR);
    assert_int_equal(limiter_count(&limiter, MINUTE + HOUR + MINUTE), 1);
    limiter_clear(&limiter);
    assert_int_equal(limiter_count(&limiter, 40 * MINUTE), 0);
}

/* As it is written down and read again by another clock: nothing is lost, nothing is twice. */
static void written_and_read(void **state) {
    (void)state;
    struct random random = {42};
    for (int round = 0; round < 2000; round++) {
        struct limiter again;
        uint64_t now = random_below(&random, 3 * HOUR);
        uint64_t clock = random_below(&random, 3 * HOUR);
        uint32_t at = LIMITER_MINUTES;
        uint32_t count = 0;
        uint32_t sum = 0;
        uint64_t age = 0;
        uint64_t older = UINT64_MAX;
        limiter_clear(&limiter);
        limiter_clear(&again);
        for (int i = 0; i < 8; i++)
            limiter_add(&limiter, now, random_below(&random, HOUR), 1 + random_below(&random, 9));
        while (limiter_next(&limiter, now, &at, &age, &count)) {
            same_number("the oldest first", "order", true, age < older || older == UINT64_MAX);
            same_number("none that is over", "age", true, age < HOUR);
            limiter_add(&again, clock, age, count);
            older = age;
            sum += count;
        }
        same_number("written", "count", limiter_count(&limiter, now), sum);
        same_number("read", "count", sum, limiter_count(&again, clock));
        uint64_t left = limiter_end(&limiter, now) - now;
        uint64_t left_again = limiter_end(&again, clock) - clock;
        same_number("read", "ends not earlier", true, left_again + MINUTE >= left);
        same_number("read", "ends not much later", true, left_again <= left + MINUTE);
    }
    no_complaints();
}

/* At every moment from then on the larger of the two. */
static void merges(void **state) {
    (void)state;
    struct random random = {7};
    for (int round = 0; round < 2000; round++) {
        struct limiter other;
        struct limiter first;
        uint64_t now = random_below(&random, 3 * HOUR);
        limiter_clear(&limiter);
        limiter_clear(&other);
        for (uint32_t i = random_below(&random, 5); i > 0; i--)
            limiter_add(&limiter, now, random_below(&random, HOUR), random_below(&random, 9));
        for (uint32_t i = random_below(&random, 5); i > 0; i--)
            limiter_add(&other, now, random_below(&random, HOUR), random_below(&random, 9));
        first = limiter;
        limiter_merge(&limiter, &other, now);
        for (uint64_t at = now; at <= now + HOUR + MINUTE; at += MINUTE / 2) {
            uint32_t a = limiter_count(&first, at);
            uint32_t b = limiter_count(&other, at);
            same_number("merged", "count", a > b ? a : b, limiter_count(&limiter, at));
        }
    }
    no_complaints();
}

/* The same repairs, put into other minutes by another clock, are the same repairs. */
static void merges_what_both_know(void **state) {
    (void)state;
    struct limiter other;
    limiter_clear(&other);
    limiter_add(&limiter, 100 * MINUTE, 10 * MINUTE, 60);
    limiter_add(&other, 100 * MINUTE, 9 * MINUTE, 60);
    limiter_merge(&limiter, &other, 100 * MINUTE);
    assert_int_equal(limiter_count(&limiter, 100 * MINUTE), 60);
    assert_int_equal(limiter_end(&limiter, 100 * MINUTE), 92 * MINUTE + HOUR);
}

/* ---- against a model */

enum { MODEL = 400 };

struct model {
    size_t count;
    uint64_t at[MODEL]; /* an hour later, so that it is never below nothing */
    uint32_t number[MODEL];
};

/* Those of the last hour, and those whose hour has ended in this minute. */
static uint32_t model_count(const struct model *model, uint64_t now) {
    uint32_t count = 0;
    for (size_t i = 0; i < model->count; i++) {
        uint64_t end = (model->at[i] / MINUTE + 1) * MINUTE;
        if (now < end)
            count += model->number[i];
    }
    return count;
}

static void random_operations(void **state) {
    (void)state;
    static struct model model;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct random random = {seed * 0x9E3779B97F4A7C15ULL};
        char label[32];
        uint64_t now = random_below(&random, 2 * HOUR);
        (void)snprintf(label, sizeof label, "seed %llu", (unsigned long long)seed);
        model.count = 0;
        limiter_clear(&limiter);
        for (size_t i = 0; i < MODEL; i++) {
            uint64_t age = random_below(&random, 4) == 0 ? random_below(&random, HOUR) : 0;
            now += random_below(&random, 4) == 0 ? random_below(&random, 20 * MINUTE)
                                                 : random_below(&random, 2000);
            model.at[model.count] = now + HOUR - age;
            model.number[model.count++] = random_below(&random, 5);
            limiter_add(&limiter, now, age, model.number[i]);
            same_number(label, "count", model_count(&model, now), limiter_count(&limiter, now));
        }
    }
    no_complaints();
}

/* One to which nothing was added for a while. */
static void merges_one_of_earlier(void **state) {
    (void)state;
    struct limiter other;
    limiter_clear(&other);
    limiter_add(&other, 100 * MINUTE, 0, 5);
    limiter_add(&limiter, 120 * MINUTE, 0, 2);
    limiter_merge(&limiter, &other, 130 * MINUTE);
    assert_int_equal(limiter_count(&limiter, 130 * MINUTE), 5);
    assert_int_equal(limiter_end(&limiter, 130 * MINUTE), 121 * MINUTE + HOUR);
    assert_int_equal(limiter_count(&limiter, 101 * MINUTE + HOUR), 2);
}

/* A repair counts on when another one is made in the last minute of its hour, and no longer. */
static void an_hour_is_carried_over(void **state) {
    (void)state;
    for (unsigned minutes = 59; minutes <= 62; minutes++) {
        limiter_clear(&limiter);
        limiter_add(&limiter, 90 * 1000, 0, 2);
        limiter_add(&limiter, 90 * 1000 + (uint64_t)minutes * MINUTE, 0, 1);
        assert_int_equal(limiter_count(&limiter, 90 * 1000 + (uint64_t)minutes * MINUTE),
                         minutes <= 60 ? 3 : 1);
    }
}

static void nothing_is_left_after_an_hour(void **state) {
    (void)state;
    uint64_t age = 0;
    uint32_t count = 0;
    limiter_add(&limiter, 90 * 1000, 0, 2);
    for (unsigned minutes = 59; minutes <= 62; minutes++) {
        uint32_t at = LIMITER_MINUTES;
        assert_int_equal(
            limiter_next(&limiter, 90 * 1000 + (uint64_t)minutes * MINUTE, &at, &age, &count),
            minutes <= 60);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(counts_for_an_hour, start),
        cmocka_unit_test_setup(at_the_end_of_a_minute, start),
        cmocka_unit_test_setup(tells_when_the_minute_ended, start),
        cmocka_unit_test_setup(nothing_behind_the_last_minute, start),
        cmocka_unit_test_setup(before_the_clock_began, start),
        cmocka_unit_test_setup(end_is_of_the_last, start),
        cmocka_unit_test_setup(written_and_read, start),
        cmocka_unit_test_setup(merges, start),
        cmocka_unit_test_setup(merges_what_both_know, start),
        cmocka_unit_test_setup(random_operations, start),
        cmocka_unit_test_setup(merges_one_of_earlier, start),
        cmocka_unit_test_setup(an_hour_is_carried_over, start),
        cmocka_unit_test_setup(nothing_is_left_after_an_hour, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
