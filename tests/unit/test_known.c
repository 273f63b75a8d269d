/* SPDX-License-Identifier: MIT */
/*
 * test_known: core/known: what is remembered of sound records, and what is not.
 */
#include "check.h"
#include "known.h"

#define SECONDS 10000000ULL

enum { UTC = 1795365600, FOLDER = 50000, MANY = 80000 };

static struct known known;

/* A last-write time so many seconds before UTC. */
static uint64_t ago(int64_t seconds) {
    return (11644473600ULL + UTC - (uint64_t)seconds) * SECONDS;
}

/* One that is not known is no longer known after that, whatever it was before. */
static bool has(const char *name, uint64_t size, uint64_t written) {
    const struct host_stamp stamp = {size, written};
    struct known_look look;
    return known_check(&known, name, &stamp, &look);
}

static void put_at(const char *name, uint64_t size, uint64_t written, uint32_t utc) {
    const struct host_stamp stamp = {size, written};
    struct known_look look;
    (void)known_check(&known, name, &stamp, &look);
    known_put(&known, &look, utc);
}

static void put(const char *name, uint64_t size, uint64_t written) {
    put_at(name, size, written, UTC);
}

static int setup(void **state) {
    (void)state;
    known_clear(&known);
    return 0;
}

static void the_same_is_known(void **state) {
    (void)state;
    const uint64_t time = ago(3600);
    const struct {
        const char *name;
        uint64_t size, written;
    } others[] = {
        {"a.ini", 101, time},
        {"a.ini", 100 + (1ULL << 32), time},
        {"a.ini", 0, time},
        {"a.ini", 100, time + 1},
        {"a.ini", 100, time - 1},
        {"a.ini", 100, time + 2 * SECONDS},
        {"a.ini", 100, time + (1ULL << 32)},
        {"a.ini", 100, 0},
        {"a.ini", time, 100},
        {"A.ini", 100, time},
        {"a.in", 100, time},
        {"ba.ini", 100, time},
        {"", 100, time},
    };
    assert_false(has("a.ini", 100, time));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        put("a.ini", 100, time);
        assert_true(has("a.ini", 100, time));
        same_number(others[i].name, "known", false,
                    has(others[i].name, others[i].size, others[i].written));
        /* Who has been seen to be another is not known any more. */
        same_number(others[i].name, "still known", strcmp(others[i].name, "a.ini") != 0,
                    has("a.ini", 100, time));
    }
    no_complaints();
}

static void the_last_counts(void **state) {
    (void)state;
    put("a.ini", 100, ago(3600));
    put("a.ini", 100, ago(1800));
    assert_true(has("a.ini", 100, ago(1800)));
    assert_false(has("a.ini", 100, ago(3600)));
}

static void young_ones_are_not_known(void **state) {
    (void)state;
    static const struct {
        const char *label;
        uint64_t written;
        bool known;
    } rows[] = {
        {"a year", (11644473600ULL + UTC - 31536000) * SECONDS, true},
        {"six seconds", (11644473600ULL + UTC - 6) * SECONDS, true},
        {"five seconds", (11644473600ULL + UTC - 5) * SECONDS, true},
        {"a tick less", (11644473600ULL + UTC - 5) * SECONDS + 1, false},
        {"four seconds", (11644473600ULL + UTC - 4) * SECONDS, false},
        {"now", (11644473600ULL + UTC) * SECONDS, false},
        {"in a second", (11644473600ULL + UTC + 1) * SECONDS, false},
        {"in a year", (11644473600ULL + UTC + 31536000) * SECONDS, false},
        {"at the end of all times", UINT64_MAX, false},
        {"not to be relied on", 0, false},
        {"in 1601", 1, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put(rows[i].label, 100, rows[i].written);
        same_number(rows[i].label, "known", rows[i].known,
                    has(rows[i].label, 100, rows[i].written));
    }
    no_complaints();
}

/* A clock that was never set shows 1970. */
static void the_epoch(void **state) {
    (void)state;
    const uint64_t epoch = 11644473600ULL * SECONDS;
    put_at("before", 100, epoch - 5 * SECONDS, 0);
    put_at("after", 100, epoch, 0);
    assert_true(has("before", 100, epoch - 5 * SECONDS));
    assert_false(has("after", 100, epoch));
}

/* One that was not put does not stay as what it was before. */
static void a_young_one_over_an_old_one(void **state) {
    (void)state;
    put("a.ini", 100, ago(3600));
    put("a.ini", 100, ago(1));
    assert_false(has("a.ini", 100, ago(3600)));
    put("a.ini", 100, ago(3600));
    put("a.ini", 100, ago(1));
    assert_false(has("a.ini", 100, ago(1)));
}

static void forgotten(void **state) {
    (void)state;
    known_forget(&known, "a.ini");
    put("a.ini", 100, ago(3600));
    put("b.ini", 100, ago(3600));
    known_forget(&known, "a.ini");
    assert_false(has("a.ini", 100, ago(3600)));
    assert_true(has("b.ini", 100, ago(3600)));
    known_forget(&known, "a.ini");
    put("a.ini", 100, ago(3600));
    assert_true(has("a.ini", 100, ago(3600)));
}

static void cleared(void **state) {
    (void)state;
    put("a.ini", 100, ago(3600));
    known_clear(&known);
    assert_false(has("a.ini", 100, ago(3600)));
    known_clear(&known);
    put("a.ini", 100, ago(3600));
    assert_true(has("a.ini", 100, ago(3600)));
}

/* Names as the Key Management server makes them, those of a counter, and long ones. */
static const char *name_of(unsigned kind, unsigned number) {
    static char name[256];
    uint32_t random = (number + 1) * 2654435761U;
    if (kind == 0) {
        (void)snprintf(name, sizeof name, "Mx");
        for (size_t i = 2; i < 14; i++) {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            name[i] = "abcdefghijklmnopqrstuvwxyz012345"[random % 32];
        }
        (void)snprintf(name + 14, sizeof name - 14, "%x.ini", number);
    } else if (kind == 1) {
        (void)snprintf(name, sizeof name, "%u.ini", number);
    } else {
        (void)snprintf(name, sizeof name, "%0200u.ini", number);
    }
    return name;
}

/* All of one second, and of few sizes, as a copy of a folder has them. */
static uint64_t size_of(unsigned number) {
    return 2000 + number % 10;
}

static void fill(unsigned kind, unsigned from, unsigned count, uint64_t written) {
    for (unsigned i = from; i < from + count; i++)
        put(name_of(kind, i), size_of(i), written);
}

static unsigned count_known(unsigned kind, unsigned from, unsigned count, uint64_t written,
                            uint64_t more) {
    unsigned found = 0;
    for (unsigned i = from; i < from + count; i++)
        found += has(name_of(kind, i), size_of(i) + more, written);
    return found;
}

static void a_folder(void **state) {
    (void)state;
    const uint64_t time = ago(3600);
    const struct {
        const char *label;
        unsigned from, more, ticks, known;
    } rows[] = {{"of a folder", 0, 0, 0, FOLDER},
                {"another size", 0, 1, 0, 0},
                {"another time", 0, 0, 1, 0},
                {"two seconds", 0, 0, 20000000, 0},
                {"new names", FOLDER, 0, 0, 0}};
    for (unsigned kind = 0; kind < 3; kind++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            fill(kind, 0, FOLDER, time);
            same_number(
                rows[i].label, "known", rows[i].known,
                count_known(kind, rows[i].from, FOLDER, time + rows[i].ticks, rows[i].more));
        }
        known_clear(&known);
    }
    no_complaints();
}

/* What is behind a forgotten one is found nevertheless. */
static void every_other_one_is_forgotten(void **state) {
    (void)state;
    const uint64_t time = ago(3600);
    unsigned kept = 0;
    fill(0, 0, FOLDER, time);
    for (unsigned i = 0; i < FOLDER; i += 2)
        known_forget(&known, name_of(0, i));
    for (unsigned i = 1; i < FOLDER; i += 2)
        kept += has(name_of(0, i), size_of(i), time);
    same_number("the others", "known", FOLDER / 2, kept);
    for (unsigned i = 0; i < FOLDER; i += 2)
        put(name_of(0, i), size_of(i), time);
    same_number("all", "known", FOLDER, count_known(0, 0, FOLDER, time, 0));
    no_complaints();
}

static void more_than_there_are_places(void **state) {
    (void)state;
    const uint64_t time = ago(3600);
    fill(0, 0, MANY, time);
    unsigned found = count_known(0, 0, MANY, time, 0);
    assert_in_range(found, KNOWN_PLACES - KNOWN_PLACES / 50, KNOWN_PLACES);
    /* Who came first has its place, but for a few that share it with a later one. */
    fill(0, 0, MANY, time);
    assert_in_range(count_known(0, 0, FOLDER, time, 0), FOLDER - 20, FOLDER);
    same_number("another time", "known", 0, count_known(0, 0, MANY, time + 1, 0));
    fill(0, 0, MANY, time + 1);
    same_number("all again", "known", found, count_known(0, 0, MANY, time + 1, 0));
    no_complaints();
}

static void the_memory(void **state) {
    (void)state;
    assert_in_range(sizeof known, 512 * 1024, 512 * 1024 + 8);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

/* So many from the first on, which are those behind the last one, too. */
static void places_that_are_looked_at(void **state) {
    (void)state;
    const struct host_stamp stamp = {100, ago(3600)};
    struct known_look look;
    char name[16];
    unsigned number = 0;
    size_t first = 0;
    do {
        (void)snprintf(name, sizeof name, "%u.ini", number++);
        (void)known_check(&known, name, &stamp, &look);
        first = (size_t)(look.place - known.places);
    } while (first < KNOWN_PLACES - KNOWN_REACH / 2 || first > KNOWN_PLACES - 2);
    for (size_t i = 0; i < KNOWN_REACH; i++) {
        (void)known_check(&known, name, &stamp, &look);
        assert_ptr_equal(look.place, &known.places[(first + i) % KNOWN_PLACES]);
        look.place->name = ~look.holds.name;
        look.place->state = 1;
    }
    known.used = true;
    assert_false(known_check(&known, name, &stamp, &look));
    assert_null(look.place);
    known_put(&known, &look, UTC);
    memset(&known.places[first], 0, sizeof known.places[0]);
    put(name, 100, ago(3600));
    assert_true(has(name, 100, ago(3600)));
    known_forget(&known, name);
    assert_int_equal(known.places[first].state, 0);
}

/* An empty file of the first moment that a file can have is listed like that, and is forgotten, too. */
static void the_first_moment_is_forgotten(void **state) {
    (void)state;
    put("a.ini", 0, 1);
    assert_true(has("a.ini", 0, 1));
    known_forget(&known, "a.ini");
    assert_false(has("a.ini", 0, 1));
}

/* Ten bits beside the name, and others than those of the other word. */
static void the_state_has_bits_of_its_own(void **state) {
    (void)state;
    struct known_look look;
    unsigned different = 0;
    unsigned same = 0;
    uint32_t last = 0;
    for (unsigned i = 1; i <= 100; i++) {
        const struct host_stamp stamp = {i, ago(3600)};
        (void)known_check(&known, "a.ini", &stamp, &look);
        different += (look.holds.name & 0x3FF) != (last & 0x3FF);
        same += (look.holds.name & 0x3FE) == (look.holds.state & 0x3FE);
        last = look.holds.name;
    }
    assert_in_range(different, 95, 100);
    assert_in_range(same, 0, 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_same_is_known),
        TEST(the_last_counts),
        TEST(young_ones_are_not_known),
        TEST(the_epoch),
        TEST(a_young_one_over_an_old_one),
        TEST(forgotten),
        TEST(cleared),
        TEST(a_folder),
        TEST(every_other_one_is_forgotten),
        TEST(more_than_there_are_places),
        TEST(the_memory),
        TEST(places_that_are_looked_at),
        TEST(the_first_moment_is_forgotten),
        TEST(the_state_has_bits_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
