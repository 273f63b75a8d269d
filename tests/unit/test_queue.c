/* SPDX-License-Identifier: MIT */
/*
 * test_queue: core/queue, the names that wait for a look: one and a few, at the bounds, and long
 * against a model.
 */
#include "check.h"
#include "queue.h"
#include "text.h"

static struct queue queue;

static int start(void **state) {
    (void)state;
    memset(&queue, 0xAA, sizeof queue);
    queue.in_use = 0;
    queue_clear(&queue);
    return 0;
}

/* ---- one name, and a few */

static void empty(void **state) {
    (void)state;
    assert_int_equal(queue.count, 0);
    assert_null(queue_first(&queue));
    assert_null(queue_find(&queue, "a.ini"));
}

static void put_and_find(void **state) {
    (void)state;
    struct queue_item *item = queue_put(&queue, "Mxabc.ini", 500);
    assert_non_null(item);
    assert_int_equal(item->due, 500);
    assert_int_equal(item->backoff, 0);
    assert_false(item->seen);
    assert_false(item->told);
    assert_string_equal(queue_name(&queue, item), "Mxabc.ini");
    assert_ptr_equal(queue_find(&queue, "mxABC.INI"), item);
    assert_null(queue_find(&queue, "Mxabc.in"));
    assert_null(queue_find(&queue, "Mxabc.ini "));
    assert_null(queue_find(&queue, ""));
    assert_int_equal(queue.count, 1);
}

/* Two names that have the same hash are two names. */
static void two_names_of_one_hash(void **state) {
    (void)state;
    const struct queue_item *first = queue_put(&queue, "costarring.ini", 5);
    const struct queue_item *second = queue_put(&queue, "liquid.ini", 6);
    assert_int_equal(queue.count, 2);
    assert_int_equal(first->hash, second->hash);
    assert_ptr_equal(queue_find(&queue, "Costarring.ini"), first);
    assert_ptr_equal(queue_find(&queue, "LIQUID.ini"), second);
}

/* A name that is queued keeps what is known of it, and only becomes due at another time. */
static void moves_due_times(void **state) {
    (void)state;
    struct queue_item *item = queue_put(&queue, "a.ini", 500);
    item->seen = item->told = true;
    item->crc = 1;
    item->backoff = 2;
    item->busy_since = 3;
    assert_ptr_equal(queue_put(&queue, "A.INI", 900), item);
    assert_int_equal(item->due, 900);
    assert_true(item->seen && item->told);
    assert_int_equal(item->crc + item->backoff + item->busy_since, 6);
    assert_ptr_equal(queue_put(&queue, "a.ini", 100), item);
    assert_int_equal(item->due, 100);
    assert_int_equal(queue.count, 1);
    assert_string_equal(queue_name(&queue, item), "a.ini");
}

static void first_is_due_first(void **state) {
    (void)state;
    (void)queue_put(&queue, "a.ini", 300);
    (void)queue_put(&queue, "b.ini", 100);
    (void)queue_put(&queue, "c.ini", UINT64_MAX);
    (void)queue_put(&queue, "d.ini", 200);
    assert_string_equal(queue_name(&queue, queue_first(&queue)), "b.ini");
    (void)queue_put(&queue, "b.ini", 400);
    assert_string_equal(queue_name(&queue, queue_first(&queue)), "d.ini");
    (void)queue_put(&queue, "c.ini", 0);
    assert_string_equal(queue_name(&queue, queue_first(&queue)), "c.ini");
}

static void removes(void **state) {
    (void)state;
    static const char *const names[] = {"a.ini", "b.ini", "c.ini"};
    for (size_t gone = 0; gone < 3; gone++) {
        queue_clear(&queue);
        for (size_t i = 0; i < 3; i++)
            (void)queue_put(&queue, names[i], i);
        queue_remove(&queue, queue_find(&queue, names[gone]));
        assert_int_equal(queue.count, 2);
        for (size_t i = 0; i < 3; i++) {
            struct queue_item *item = queue_find(&queue, names[i]);
            assert_int_equal(item != NULL, i != gone);
            if (item != NULL)
                assert_string_equal(queue_name(&queue, item), names[i]);
        }
    }
}

static void clears(void **state) {
    (void)state;
    (void)queue_put(&queue, "a.ini", 1);
    queue_clear(&queue);
    assert_int_equal(queue.count, 0);
    assert_null(queue_find(&queue, "a.ini"));
}

/* Only ASCII letters have two forms here: other names would be confused sooner than found. */
static void other_letters(void **state) {
    (void)state;
    struct queue_item *small = queue_put(&queue, "\xC3\xBC.ini", 1);
    struct queue_item *large = queue_put(&queue, "\xC3\x9C.ini", 2);
    assert_non_null(small);
    assert_non_null(large);
    assert_int_equal(queue.count, 2);
}

/* ---- the bounds */

static void numbered(char *name, size_t length, size_t number) {
    memset(name, 'x', length);
    name[length] = '\0';
    for (size_t i = 0; i < 5; i++, number /= 10)
        name[i] = (char)('0' + number % 10);
}

static void check_kept(size_t length, size_t from, size_t to) {
    char name[QUEUE_NAME_BYTES];
    for (size_t i = from; i < to; i++) {
        numbered(name, length, i);
        struct queue_item *item = queue_find(&queue, name);
        if (item == NULL)
            complain("%zu of length %zu: expected to be kept, is lost", i, length);
        else if (item->due != i || strcmp(queue_name(&queue, item), name) != 0)
            complain("%zu of length %zu: expected %zu, got %s, due %llu", i, length, i,
                     queue_name(&queue, item), (unsigned long long)item->due);
    }
}

/* Fills the queue with names of that length. Returns how many fitted. */
static size_t fill(size_t length) {
    char name[QUEUE_NAME_BYTES];
    size_t count = 0;
    for (;; count++) {
        numbered(name, length, count);
        char *exact = exact_copy(name, length + 1);
        struct queue_item *item = queue_put(&queue, exact, count);
        free(exact);
        if (item == NULL)
            break;
    }
    return count;
}

static void check_bound(size_t length, size_t bound) {
    char name[QUEUE_NAME_BYTES];
    (void)start(NULL);
    same_number("names that fit", "count", bound, fill(length));
    same_number("at the bound", "count", bound, queue.count);
    check_kept(length, 0, bound);
    /* One that is queued is found at the bound too. */
    numbered(name, length, 7);
    same_number("at the bound", "due", 7, queue_put(&queue, name, 7)->due);
    /* Room for one is room for one. */
    queue_remove(&queue, queue_find(&queue, name));
    numbered(name, length, bound);
    same_number("after one was removed", "put", true, queue_put(&queue, name, bound) != NULL);
    check_kept(length, 0, 7);
    check_kept(length, 8, bound + 1);
    numbered(name, length, bound + 1);
    same_number("one more", "put", false, queue_put(&queue, name, 0) != NULL);
}

static void bounds(void **state) {
    (void)state;
    check_bound(12, QUEUE_NAMES);
    check_bound(31, QUEUE_NAMES); /* both bounds at once: 2048 names of 32 bytes */
    check_bound(32, QUEUE_POOL / 33);
    check_bound(255, QUEUE_POOL / 256);
    check_bound(QUEUE_NAME_BYTES - 1, QUEUE_POOL / QUEUE_NAME_BYTES);
    no_complaints();
}

/* Names come and go for much longer than the pool would last if nothing were taken back. */
static void compacts(void **state) {
    (void)state;
    char name[QUEUE_NAME_BYTES];
    const size_t kept = 50;
    for (size_t i = 0; i < 5000; i++) {
        numbered(name, 200, i);
        assert_non_null(queue_put(&queue, name, i));
        if (i >= kept) {
            numbered(name, 200, i - kept);
            queue_remove(&queue, queue_find(&queue, name));
        }
    }
    assert_int_equal(queue.count, kept);
    check_kept(200, 5000 - kept, 5000);
    no_complaints();
}

/* ---- against a model */

enum { MODEL_NAMES = 3000, MODEL_STEPS = 60000 };

struct model {
    bool queued[MODEL_NAMES];
    uint64_t due[MODEL_NAMES];
    size_t count, bytes;
};

static size_t model_name(size_t i, char *name) {
    size_t length = 8 + i * 37 % 90;
    numbered(name, length, i);
    return length;
}

static void check_against(const struct model *model, const char *label) {
    uint64_t first = UINT64_MAX;
    same_number(label, "count", model->count, queue.count);
    for (size_t i = 0; i < MODEL_NAMES; i++) {
        char name[128];
        (void)model_name(i, name);
        struct queue_item *item = queue_find(&queue, name);
        same_number(label, "is queued", model->queued[i], item != NULL);
        if (item != NULL)
            same_number(label, "due", model->due[i], item->due);
        if (model->queued[i] && model->due[i] < first)
            first = model->due[i];
    }
    if (model->count > 0)
        same_number(label, "first", first, queue_first(&queue)->due);
}

static void model_step(struct model *model, struct random *random, const char *label) {
    size_t i = random_below(random, MODEL_NAMES);
    char name[128];
    size_t size = model_name(i, name) + 1;
    uint64_t due = random_below(random, 1000000);
    if (random_below(random, 8) < 3) {
        struct queue_item *item = queue_find(&queue, name);
        same_number(label, "is there to be removed", model->queued[i], item != NULL);
        if (item == NULL)
            return;
        queue_remove(&queue, item);
        model->queued[i] = false;
        model->count--;
        model->bytes -= size;
        return;
    }
    bool fits =
        model->queued[i] || (model->count < QUEUE_NAMES && model->bytes + size <= QUEUE_POOL);
    same_number(label, "fits", fits, queue_put(&queue, name, due) != NULL);
    if (fits && !model->queued[i]) {
        model->queued[i] = true;
        model->count++;
        model->bytes += size;
    }
    if (fits)
        model->due[i] = due;
}

static void random_operations(void **state) {
    (void)state;
    static struct model model;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct random random = {seed * 0x9E3779B97F4A7C15ULL};
        char label[48];
        (void)start(NULL);
        memset(&model, 0, sizeof model);
        for (int step = 0; step < MODEL_STEPS / 4; step++) {
            (void)snprintf(label, sizeof label, "seed %llu, step %d", (unsigned long long)seed,
                           step);
            model_step(&model, &random, label);
            if (step % 1000 == 0)
                check_against(&model, label);
        }
        check_against(&model, label);
    }
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(empty, start),
        cmocka_unit_test_setup(put_and_find, start),
        cmocka_unit_test_setup(two_names_of_one_hash, start),
        cmocka_unit_test_setup(moves_due_times, start),
        cmocka_unit_test_setup(first_is_due_first, start),
        cmocka_unit_test_setup(removes, start),
        cmocka_unit_test_setup(clears, start),
        cmocka_unit_test_setup(other_letters, start),
        cmocka_unit_test_setup(bounds, start),
        cmocka_unit_test_setup(compacts, start),
        cmocka_unit_test_setup(random_operations, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
