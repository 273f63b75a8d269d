/* SPDX-License-Identifier: MIT */
/* test_config_line: core/config, the line that means the same as the settings: printed, and read again. */
#include "config_check.h"

static void prints(void **state) {
    (void)state;
    char line[CONFIG_PRINT_BYTES];
    struct settings settings = other_settings();
    config_print(&settings, line, sizeof line);
    assert_string_equal(line, "Repair = no, Folder = X:\\left alone, SettleSeconds = 77, "
                              "RescanMinutes = 88, ReminderHours = 66, RepairsPerHour = 99");
    config_defaults(&settings);
    config_print(&settings, line, sizeof line);
    assert_string_equal(line, "Repair = yes, Folder = auto, SettleSeconds = 5, RescanMinutes = 60, "
                              "ReminderHours = 24, RepairsPerHour = 100");
    /* Found. */
    (void)text_copy(settings.folder, sizeof settings.folder, "C:\\Security\\Mgrent\\Clients");
    config_print(&settings, line, sizeof line);
    assert_string_equal(
        line, "Repair = yes, Folder = C:\\Security\\Mgrent\\Clients (auto), "
              "SettleSeconds = 5, RescanMinutes = 60, ReminderHours = 24, RepairsPerHour = 100");
}

static void prints_the_longest(void **state) {
    (void)state;
    struct settings settings;
    char *line = malloc(CONFIG_PRINT_BYTES);
    assert_non_null(line);
    config_defaults(&settings);
    memset(settings.folder, 'x', CONFIG_FOLDER_BYTES - 1);
    memcpy(settings.folder, "C:\\", 3); /* so that (auto) stands behind it */
    settings.folder[CONFIG_FOLDER_BYTES - 1] = '\0';
    settings.settle_seconds = CONFIG_SETTLE_MAX;
    settings.rescan_minutes = CONFIG_RESCAN_MAX;
    settings.reminder_hours = CONFIG_REMINDER_MAX;
    settings.repairs_per_hour = CONFIG_REPAIRS_MAX;
    config_print(&settings, line, CONFIG_PRINT_BYTES);
    assert_non_null(strstr(line, "RepairsPerHour = 10000"));
    config_print(&settings, line, 20);
    assert_string_equal(line, "Repair = yes, Folde");
    free(line);
}

/* What a printed line means is what was printed, whatever is in the name of the folder. */
static void reads_what_it_prints(void **state) {
    (void)state;
    static const struct {
        const char *folder;
        bool automatic;
    } cases[] = {{"C:\\Security\\Mgrent\\Clients", true},
                 {"C:\\Security\\Mgrent\\Clients", false},
                 {"auto", true},
                 {"\\\\host\\share, SettleSeconds = 9, Folder = x", false},
                 {"C:\\, RepairsPerHour = 3, RepairsPerHour = ", true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[CONFIG_PRINT_BYTES];
        char again[CONFIG_PRINT_BYTES];
        struct settings settings = other_settings();
        struct settings got;
        (void)text_copy(settings.folder, sizeof settings.folder, cases[i].folder);
        settings.automatic = cases[i].automatic;
        config_print(&settings, line, sizeof line);
        config_read(line, &got);
        assert_string_equal(got.folder, cases[i].folder);
        assert_int_equal(got.automatic, cases[i].automatic);
        config_print(&got, again, sizeof again);
        assert_string_equal(again, line);
    }
}

/* A journal may have lines of an earlier version, or of somebody else. */
static void reads_what_is_not_whole(void **state) {
    (void)state;
    struct settings settings;
    config_read("Repair = no, Folder = X:\\y, SettleSeconds = 77", &settings);
    assert_false(settings.repair);
    assert_string_equal(settings.folder, "X:\\y");
    assert_int_equal(settings.settle_seconds, 77);
    assert_int_equal(settings.repairs_per_hour, 100);
    config_read("Repair = yes, Folder = X:\\y, SettleSeconds = 7x, RescanMinutes = 99999",
                &settings);
    assert_string_equal(settings.folder, "X:\\y");
    assert_int_equal(settings.settle_seconds, 5);
    assert_int_equal(settings.rescan_minutes, 60);
    config_read("Folder = X:\\y, Repair = no", &settings);
    assert_true(settings.repair && settings.automatic);
    /* In another order: each key is looked for in front of those that stand behind it when they are printed. */
    config_read("Repair = yes, Folder = X:\\y, RescanMinutes = 7, SettleSeconds = 8", &settings);
    assert_string_equal(settings.folder, "X:\\y");
    assert_int_equal(settings.rescan_minutes, 60);
    assert_int_equal(settings.settle_seconds, 5);
    config_read("", &settings);
    assert_true(settings.repair && settings.automatic);
}

static void names_each_key(void **state) {
    (void)state;
    char value[CONFIG_FOLDER_BYTES];
    struct settings settings = other_settings();
    size_t keys = 0;
    assert_string_equal(config_key(&settings, 0, value), "Repair");
    assert_string_equal(value, "no");
    assert_string_equal(config_key(&settings, 1, value), "Folder");
    assert_string_equal(value, "X:\\left alone");
    assert_string_equal(config_key(&settings, 2, value), "SettleSeconds");
    assert_string_equal(value, "77");
    while (config_key(&settings, keys, value) != NULL)
        keys++;
    assert_true(keys >= 5);
}

static void the_longest_folder(void **state) {
    (void)state;
    char value[CONFIG_FOLDER_BYTES];
    struct settings settings = other_settings();
    memset(settings.folder + 3, 'x', sizeof settings.folder - 4);
    settings.folder[sizeof settings.folder - 1] = '\0';
    (void)config_key(&settings, 1, value);
    assert_string_equal(value, settings.folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints),
        cmocka_unit_test(prints_the_longest),
        cmocka_unit_test(reads_what_it_prints),
        cmocka_unit_test(reads_what_is_not_whole),
        cmocka_unit_test(names_each_key),
        cmocka_unit_test(the_longest_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
