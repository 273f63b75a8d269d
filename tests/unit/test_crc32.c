/* SPDX-License-Identifier: MIT */
/* test_crc32: core/crc32 against known values, in pieces of any size. */
#include "check.h"
#include "crc32.h"

static void check_value(void **state) {
    (void)state;
    assert_int_equal(crc32(0, "123456789", 9), 0xCBF43926);
}

static void nothing(void **state) {
    (void)state;
    assert_int_equal(crc32(0, "", 0), 0);
    assert_int_equal(crc32(0xCBF43926, "", 0), 0xCBF43926);
}

static void known_values(void **state) {
    (void)state;
    char zeros[32] = {0};
    char ones[32];
    memset(ones, 0xFF, sizeof ones);
    assert_int_equal(crc32(0, "a", 1), 0xE8B7BE43);
    assert_int_equal(crc32(0, zeros, sizeof zeros), 0x190A55AD);
    assert_int_equal(crc32(0, ones, sizeof ones), 0xFF6CAB0B);
}

static void pieces(void **state) {
    (void)state;
    const char text[] = "The quick brown fox jumps over the lazy dog";
    size_t size = sizeof text - 1;
    assert_int_equal(crc32(0, text, size), 0x414FA339);
    for (size_t cut = 0; cut <= size; cut++)
        assert_int_equal(crc32(crc32(0, text, cut), text + cut, size - cut), 0x414FA339);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_value),
        cmocka_unit_test(nothing),
        cmocka_unit_test(known_values),
        cmocka_unit_test(pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
