/* SPDX-License-Identifier: MIT */
/* test_config_folder: core/config, the setting Folder: which paths it may be, and what is kept of them. */
#include "config_check.h"

static void folder(const char *value, const char *expected) {
    char text[256];
    int length = snprintf(text, sizeof text, "[service]\r\nFolder = %s\r\n", value);
    struct settings settings = defaults();
    if (expected != NULL) {
        (void)text_copy(settings.folder, sizeof settings.folder, expected);
        settings.automatic = false;
        accepts(value, text, (size_t)length, &settings);
    } else {
        refuses(value, text, (size_t)length, 2, "");
    }
}

static void folders(void **state) {
    (void)state;
    static const struct {
        const char *value;
        const char *folder; /* NULL: refused */
    } rows[] = {
        {"C:\\x", "C:\\x"},
        {"c:/x/y", "c:/x/y"},
        {"C:\\", "C:\\"},
        {"C:/", "C:/"},
        {"C:\\x\\", "C:\\x"},
        {"C:\\x\\\\", "C:\\x"},
        {"C:\\x/", "C:\\x"},
        {"C:\\\\", "C:\\"},
        {"\\\\host\\share", "\\\\host\\share"},
        {"\\\\host\\share\\", "\\\\host\\share"},
        {"\\\\host\\share\\folder\\", "\\\\host\\share\\folder"},
        {"\"C:\\with blanks\"", "C:\\with blanks"},
        {"C:\\with blanks", "C:\\with blanks"},
        {"\"C:\\x\\\"", "C:\\x"},
        {"C:\\a=b;c#d[e]", "C:\\a=b;c#d[e]"},
        {"C:\\100%", "C:\\100%"},
        {"\\\\?\\C:\\x", "\\\\?\\C:\\x"},
        {"\\\\?\\C:\\x?", NULL},
        {"C:\\Schl\xC3\xBCssel\\\xE4\xB8\xAD", "C:\\Schl\xC3\xBCssel\\\xE4\xB8\xAD"},
        {"", NULL},
        {"\"\"", NULL},
        {"C:", NULL},
        {"C:x", NULL},
        {"x", NULL},
        {"x\\y", NULL},
        {"\\x", NULL},
        {"/x", NULL},
        {".", NULL},
        {"..\\x", NULL},
        {"\\\\?\\/", NULL}, /* which would be `\\?` without its end */
        {"\\\\host\\/", NULL},
        {"\\\\host\\//share", NULL},
        {"\\\\", NULL},
        {"1:\\x", NULL},
        {"CC:\\x", NULL},
        {"%SystemDrive%\\x", "%SystemDrive%\\x"},
        {"%a%", "%a%"},
        {"%x", "%x"},
        {"auto\\x", NULL},
        {"automatic", NULL},
        {"\"C:\\x", NULL},
        {"C:\\x\"", NULL},
        {"C:\\a*", NULL},
        {"C:\\a?", NULL},
        {"C:\\a<b", NULL},
        {"C:\\a>b", NULL},
        {"C:\\a|b", NULL},
        {"C:\\Schl\xFCssel", NULL}, /* not UTF-8 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        folder(rows[i].value, rows[i].folder);
    no_complaints();
}

static void automatic_folders(void **state) {
    (void)state;
    static const char *const values[] = {"auto", "AUTO", "Auto", "\"auto\""};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[64];
        struct settings settings = other_settings();
        struct config_error error;
        int length = snprintf(text, sizeof text, "[service]\r\nFolder = %s\r\n", values[i]);
        assert_true(parse(text, (size_t)length, &settings, &error));
        assert_true(settings.automatic);
        assert_false(config_is_absolute(settings.folder));
    }
}

/* A folder that turns out to be none when its variables are put in is complained of with its line. */
static void line_of_the_folder(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t line;
    } rows[] = {
        {"", 0},
        {"[service]\nRepair = no\n", 0},
        {"[service]\nFolder = %x%\n", 2},
        {"; one\n\n[service]\n; four\nFolder = auto\n[limits]\nRepairsPerHour = 5\n", 5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct settings settings;
        struct config_error error;
        if (!parse(rows[i].text, strlen(rows[i].text), &settings, &error))
            complain("%s: refused: %s", rows[i].text, error.reason);
        same_number(rows[i].text, "line", rows[i].line, error.line);
    }
    no_complaints();
}

/* "Folder holds a character that no path can have": these are such characters too. */
static void folders_with_control_characters(void **state) {
    (void)state;
    folder("C:\\a\tb", NULL);
    folder("C:\\a\x01"
           "b",
           NULL);
    folder("C:\\a\x1B[2J", NULL);
    folder("C:\\a\x7F", NULL);
    folder("C:\\a\rb", NULL);
    no_complaints();
}

static void absolute_paths(void **state) {
    (void)state;
    static const struct {
        const char *path;
        bool absolute;
    } rows[] = {
        {"C:\\", true},
        {"z:\\x", true},
        {"a:\\x", true},
        {"Z:\\x", true},
        {"C:/x", true},
        {"\\\\h\\s", true},
        {"", false},
        {"C", false},
        {"C:", false},
        {"C:x", false},
        {"\\", false},
        {"\\x", false},
        {"\\\\", false},
        {"x", false},
        {"@:\\x", false},
        {"[:\\x", false},
        {"`:\\x", false},
        {"{:\\x", false},
        {"\xC3\xA4:\\", false},
        {"\\\\?\\C:\\x", true},
        {"\\\\host\\share\\folder", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *path = exact_copy(rows[i].path, strlen(rows[i].path) + 1);
        same_number(rows[i].path, "is absolute", rows[i].absolute, config_is_absolute(path));
        free(path);
    }
    no_complaints();
}

/* config.h: `\\host\share...`. A host alone is no folder, and nothing could ever be watched there. */
static void a_host_is_no_folder(void **state) {
    (void)state;
    assert_false(config_is_absolute("\\\\host"));
    assert_false(config_is_absolute("\\host\\share\\x"));
    assert_false(config_is_absolute("x\\host\\share"));
    assert_false(config_is_absolute("\\\\host\\"));
    assert_false(config_is_absolute("\\\\\\x"));
}

static void long_folders(void **state) {
    (void)state;
    static char text[CONFIG_FOLDER_BYTES + 64];
    for (size_t length = CONFIG_FOLDER_BYTES - 3; length <= CONFIG_FOLDER_BYTES + 1; length++) {
        struct settings expected = defaults();
        expected.automatic = false;
        char label[32];
        size_t start = (size_t)sprintf(text, "[service]\nFolder=C:\\");
        memset(text + start, 'x', length - 3);
        text[start + length - 3] = '\n';
        (void)snprintf(label, sizeof label, "%zu bytes", length);
        if (length < CONFIG_FOLDER_BYTES) {
            memcpy(expected.folder, text + start - 3, length);
            expected.folder[length] = '\0';
            accepts(label, text, start + length - 2, &expected);
        } else {
            refuses(label, text, start + length - 2, 2, "too long");
        }
    }
    no_complaints();
}

/* Only a whole `\\?\` is passed over. */
static void extended_paths(void **state) {
    (void)state;
    static const char good[] = "[service]\nFolder = \\\\?\\C:\\Clients\n";
    static const char other[] = "[service]\nFolder = \\\\?x\\share\\Clients\n";
    struct settings settings;
    struct config_error error;
    assert_true(parse(good, sizeof good - 1, &settings, &error));
    assert_string_equal(settings.folder, "\\\\?\\C:\\Clients");
    refuses("no extended one", other, sizeof other - 1, 2, "character that no path can have");
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders),
        cmocka_unit_test(automatic_folders),
        cmocka_unit_test(line_of_the_folder),
        cmocka_unit_test(folders_with_control_characters),
        cmocka_unit_test(absolute_paths),
        cmocka_unit_test(a_host_is_no_folder),
        cmocka_unit_test(long_folders),
        cmocka_unit_test(extended_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
