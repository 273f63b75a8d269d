/* SPDX-License-Identifier: MIT */
/*
 * test_notices: core/notices, what has been said of which record: once per content, and bounded.
 */
#include "check.h"
#include "notices.h"

static struct notices notices;

static int start(void **state) {
    (void)state;
    memset(&notices, 0xAA, sizeof notices);
    notices_clear(&notices);
    return 0;
}

static void once_per_content(void **state) {
    (void)state;
    assert_true(notices_is_new(&notices, 2010, "a.ini", 1));
    /* Asking is not saying. */
    assert_true(notices_is_new(&notices, 2010, "a.ini", 1));
    notices_add(&notices, 2010, "a.ini", 1);
    assert_false(notices_is_new(&notices, 2010, "a.ini", 1));
    assert_true(notices_is_new(&notices, 2010, "a.ini", 2));
    assert_true(notices_is_new(&notices, 2011, "a.ini", 1));
    assert_true(notices_is_new(&notices, 2010, "b.ini", 1));
    notices_add(&notices, 2010, "a.ini", 2);
    assert_false(notices_is_new(&notices, 2010, "a.ini", 2));
    /* The first content once more is news. */
    assert_true(notices_is_new(&notices, 2010, "a.ini", 1));
    assert_int_equal(notices.count, 1);
    notices_clear(&notices);
    assert_true(notices_is_new(&notices, 2010, "a.ini", 2));
}

static void bounded(void **state) {
    (void)state;
    char name[32];
    for (unsigned i = 0; i < NOTICES; i++) {
        (void)snprintf(name, sizeof name, "Mx%u.ini", i);
        assert_true(notices_is_new(&notices, 2010, name, i));
        notices_add(&notices, 2010, name, i);
    }
    assert_int_equal(notices.count, NOTICES);
    assert_false(notices_is_new(&notices, 2010, "one more.ini", 0));
    notices_add(&notices, 2010, "one more.ini", 0);
    assert_int_equal(notices.count, NOTICES);
    /* Another content of one that has a place is news still. */
    assert_true(notices_is_new(&notices, 2010, "Mx7.ini", 8));
    notices_add(&notices, 2010, "Mx7.ini", 8);
    assert_false(notices_is_new(&notices, 2010, "Mx7.ini", 8));
    notices_clear(&notices);
    assert_true(notices_is_new(&notices, 2010, "one more.ini", 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(once_per_content, start),
        cmocka_unit_test_setup(bounded, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
