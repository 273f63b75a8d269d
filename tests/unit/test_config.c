/* SPDX-License-Identifier: MIT */
/* test_config: core/config: what is accepted and refused, and by which line; the line that means the same. */
#include "check.h"
#include "config.h"
#include "text.h"

/* ---- helpers */

static struct settings other_settings(void) {
    struct settings settings;
    memset(&settings, 0, sizeof settings);
    settings.repair = false;
    (void)text_copy(settings.folder, sizeof settings.folder, "X:\\left alone");
    settings.settle_seconds = 77;
    settings.rescan_minutes = 88;
    settings.reminder_hours = 66;
    settings.repairs_per_hour = 99;
    return settings;
}

static bool parse(const void *text, size_t size, struct settings *settings,
                  struct config_error *error) {
    char *copy = exact_copy(text, size);
    memset(error, 'x', sizeof *error);
    bool good = config_parse(copy, size, settings, error);
    free(copy);
    return good;
}

static void same_settings(const char *label, const struct settings *expected,
                          const struct settings *got) {
    same_number(label, "Repair", expected->repair, got->repair);
    same_text(label, "Folder", expected->folder, got->folder);
    same_number(label, "Folder = auto", expected->automatic, got->automatic);
    same_number(label, "SettleSeconds", expected->settle_seconds, got->settle_seconds);
    same_number(label, "RescanMinutes", expected->rescan_minutes, got->rescan_minutes);
    same_number(label, "ReminderHours", expected->reminder_hours, got->reminder_hours);
    same_number(label, "RepairsPerHour", expected->repairs_per_hour, got->repairs_per_hour);
}

/* The text is accepted, and says `expected`. */
static void accepts(const char *label, const char *text, size_t size,
                    const struct settings *expected) {
    struct settings settings = other_settings();
    struct config_error error;
    if (!parse(text, size, &settings, &error))
        complain("%s: expected to be accepted, got: line %u: %s", label, error.line, error.reason);
    else
        same_settings(label, expected, &settings);
    same_number(label, "is busy", false, error.busy);
}

/* The text is refused because of that line, with a reason that holds `word`. */
static void refuses(const char *label, const char *text, size_t size, uint32_t line,
                    const char *word) {
    const struct settings before = other_settings();
    struct settings settings = before;
    struct config_error error;
    if (parse(text, size, &settings, &error)) {
        complain("%s: expected to be refused, got accepted", label);
        return;
    }
    same_settings(label, &before, &settings);
    same_number(label, "line", line, error.line);
    if (memchr(error.reason, '\0', sizeof error.reason) == NULL)
        complain("%s: the reason is not terminated", label);
    else if (strstr(error.reason, word) == NULL)
        complain("%s: expected a reason with '%s', got '%s'", label, word, error.reason);
    else if (!text_is_utf8(error.reason, strlen(error.reason)))
        complain("%s: the reason is not UTF-8: %s", label, error.reason);
}

static struct settings defaults(void) {
    struct settings settings;
    config_defaults(&settings);
    return settings;
}

/* ---- what is accepted */

static void default_settings(void **state) {
    (void)state;
    struct settings settings;
    memset(&settings, 0xAA, sizeof settings);
    config_defaults(&settings);
    assert_true(settings.repair);
    assert_string_equal(settings.folder, "auto");
    assert_true(settings.automatic);
    assert_int_equal(settings.settle_seconds, 5);
    assert_int_equal(settings.rescan_minutes, 60);
    assert_int_equal(settings.reminder_hours, 24);
    assert_int_equal(settings.repairs_per_hour, 100);
}

static void nothing_set(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "\n",
        "\r\n\r\n",
        " \t \n",
        "; nothing\n",
        "[service]\n",
        "[service]",
        "[service]\r\n[timing]\r\n[limits]\r\n",
        "\xEF\xBB\xBF",
        "\xEF\xBB\xBF[limits]\r\n",
        " ; indented\n\t; too\n",
        "[SERVICE]\n[Service]\n",
        ";\n",
        "[service]\n;Repair = no\n",
    };
    const struct settings expected = defaults();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        accepts(texts[i], texts[i], strlen(texts[i]), &expected);
    no_complaints();
}

#define EVERYTHING(end)                                                                            \
    "; KMRepair" end "[service]" end "Repair = no" end "Folder = D:\\Records" end end              \
    "[timing]" end "SettleSeconds = 7" end "RescanMinutes = 8" end "ReminderHours = 6" end         \
    "[limits]" end "; an indented key is a key" end "\tRepairsPerHour = 9"

static void every_key(void **state) {
    (void)state;
    static const struct {
        const char *label;
        const char *text;
    } rows[] = {
        {"LF", EVERYTHING("\n") "\n"},
        {"CRLF", EVERYTHING("\r\n") "\r\n"},
        {"no newline at the end", EVERYTHING("\r\n")},
        {"a mark", "\xEF\xBB\xBF" EVERYTHING("\r\n")},
        {"other letters", "[LIMITS]\nREPAIRSPERHOUR=9\n[timing]\nrescanminutes=8\nreminderhours=6\n"
                          "settleSECONDS=7\n[Service]\nfolder=D:\\Records\nrepair=NO\n"},
        {"sections twice",
         "[service]\nRepair=No\n[limits]\nRepairsPerHour=9\n[service]\n"
         "Folder=D:\\Records\n[timing]\nSettleSeconds=007\nRescanMinutes=08\nReminderHours=6\n"},
    };
    struct settings expected = {false, 7, 8, 6, 9, false, "D:\\Records"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        accepts(rows[i].label, rows[i].text, strlen(rows[i].text), &expected);
    no_complaints();
}

static void repair_words(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool repair;
    } good[] = {
        {"[service]\nRepair=yes\n", true},      {"[service]\nRepair=YES", true},
        {"[service]\nRepair = Yes \t\n", true}, {"[service]\nRepair=no\n", false},
        {"[service]\nRepair=nO\r\n", false},
    };
    static const char *const bad[] = {"[service]\nRepair=\n",       "[service]\nRepair=1\n",
                                      "[service]\nRepair=true\n",   "[service]\nRepair=y\n",
                                      "[service]\nRepair=\"no\"\n", "[service]\nRepair=no ; x\n",
                                      "[service]\nRepair=yess\n",   "[service]\nRepair=n o\n"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct settings expected = defaults();
        expected.repair = good[i].repair;
        accepts(good[i].text, good[i].text, strlen(good[i].text), &expected);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuses(bad[i], bad[i], strlen(bad[i]), 2, "Repair must be yes or no");
    no_complaints();
}

/* One number, in a file of its own. */
static void number(const char *section, const char *key, const char *value, bool good,
                   size_t field) {
    char text[128];
    int length = snprintf(text, sizeof text, "[%s]\n\n%s = %s\n", section, key, value);
    if (good) {
        struct settings expected = defaults();
        uint32_t read = (uint32_t)strtoul(value, NULL, 10);
        memcpy((char *)&expected + field, &read, sizeof read);
        accepts(text, text, (size_t)length, &expected);
    } else {
        refuses(text, text, (size_t)length, 3, key);
    }
}

static void ranges(void **state) {
    (void)state;
    static const struct {
        const char *section;
        const char *key;
        size_t field;
        uint32_t least, most;
    } rows[] = {
        {"timing", "SettleSeconds", offsetof(struct settings, settle_seconds), 0, 3600},
        {"timing", "RescanMinutes", offsetof(struct settings, rescan_minutes), 0, 10080},
        {"timing", "ReminderHours", offsetof(struct settings, reminder_hours), 0, 8760},
        {"limits", "RepairsPerHour", offsetof(struct settings, repairs_per_hour), 1, 10000},
    };
    static const char *const never[] = {
        "",    "x",     "-1", "+1",      "1.5",        "1 2",        "1x",
        "0x1", "\"1\"", "1;", "1 ; one", "4294967296", "4294967297", "99999999999999999999",
        "yes"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char value[16];
        for (int step = -1; step <= 1; step++) {
            (void)snprintf(value, sizeof value, "%lld", (long long)rows[i].least + step);
            number(rows[i].section, rows[i].key, value, step >= 0, rows[i].field);
            (void)snprintf(value, sizeof value, "%lld", (long long)rows[i].most + step);
            number(rows[i].section, rows[i].key, value, step <= 0, rows[i].field);
        }
        for (size_t j = 0; j < sizeof never / sizeof never[0]; j++)
            number(rows[i].section, rows[i].key, never[j], false, rows[i].field);
    }
    no_complaints();
}

/* ---- folders */

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

/* ---- what is refused */

static void refusals(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t line;
        const char *word;
    } rows[] = {
        {"[services]\n", 1, "services"},
        {"[service]\n[other]\n", 2, "other"},
        {"\r\n\r\n[Tuning]\r\nRepair = no\r\n", 3, "Tuning"},
        {"[]\n", 1, "section"},
        {"[ service ]\n", 1, "section"},
        {"[service1234567890123456789012345678901234567890123456789012345]\n", 1, "section"},
        {"Repair = no\n", 1, "before the first section"},
        {"; x\n\nFolder = C:\\x\n[service]\n", 3, "Folder"},
        {"[service]\nRepeir = no\n", 2, "Repeir"},
        {"[service]\nRepair = no\nRepairs = 1\n", 3, "Repairs"},
        {"[timing]\nRepair = no\n", 2, "Repair"},
        {"[limits]\nSettleSeconds = 1\n", 2, "SettleSeconds"},
        {"[service]\n = no\n", 2, "key"},
        {"[service]\nRepair = no\nRepair = no\n", 3, "twice"},
        {"[service]\nRepair = yes\n[timing]\n[service]\nREPAIR = no\n", 5, "twice"},
        {"[timing]\nSettleSeconds=1\nRescanMinutes=1\nSettleSeconds=1", 4, "SettleSeconds"},
        {"[service]\nRepair\n", 2, "neither"},
        {"[service]\nRepair no\n[timing]\n", 2, "neither"},
        {"x\n", 1, "neither"},
        {"[service\n", 1, ""},
        {"[service]\n[limits", 2, ""},
        {"[service]\n# Repair = no\n", 2, "#"},
        {"[service]\n#\n", 2, "neither"},
        {"[service] Repair = no\n", 1, "heading"},
        {"[service] ; the service\n", 1, "heading"},
        {"\t[service]\t]\n", 1, "heading"},
        {"[service]\nRepair = no\rSettleSeconds = 1\r\n", 2, "control"},
        {"[service]\r; x\rRepair = no\n", 1, "control"},
        {"[service]\n; \x1B[2J\n", 2, "control"},
        {"[service]\n\v\n", 2, "control"},
        {"[service]\nRepair = no\x1A", 2, "control"},
        {"\xFF\xFE[\0", 1, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refuses(rows[i].text, rows[i].text, strlen(rows[i].text), rows[i].line, rows[i].word);
    no_complaints();
}

/* An administrator mends a file from its first wrong line on. */
static void first_wrong_line(void **state) {
    (void)state;
    static const char two_words[] = "[service]\nRepeir = no\nFoldr = x\n";
    static const char line_then_word[] = "[service]\nRepair no\nFoldr = x\n";
    static const char section_then_key[] = "[service]\n[limits\nRepairsPerHour = 5\n";
    refuses("two unknown keys", two_words, strlen(two_words), 2, "Repeir");
    refuses("a bad line, then a bad key", line_then_word, strlen(line_then_word), 2, "neither");
    refuses("an open section, then its key", section_then_key, strlen(section_then_key), 2, "");
    no_complaints();
}

/* What is wrong is quoted in the reason, which ends up in an event and has to stay UTF-8. */
static void long_quotations(void **state) {
    (void)state;
    char text[256];
    for (int before = 0; before < 4; before++) {
        int length = snprintf(text, sizeof text, "[service]\n%.*s", before, "xxxx");
        for (int i = 0; i < 40; i++)
            length += snprintf(text + length, sizeof text - (size_t)length, "\xE2\x82\xAC");
        length += snprintf(text + length, sizeof text - (size_t)length, " = 1\n");
        refuses("a long key of three-byte characters", text, (size_t)length, 2, "key");
    }
    no_complaints();
}

/* And on a console, where nothing of it may act. The cut of a section's name is inih's. */
static void hostile_quotations(void **state) {
    (void)state;
    char text[128];
    for (int length = 44; length < 52; length++) {
        int size = snprintf(text, sizeof text, "[%.*s\xE2\x82\xAC]", length,
                            "----------------------------------------------------");
        refuses("a long section that ends in a three-byte character", text, (size_t)size, 1,
                "section");
    }
    static const char foreign[] = "[service]\nB\xFCro = 1\n";
    static const char reversed[] = "[service]\n\xE2\x80\xAE = 1\n";
    static const char escape[] = "[service]\nRepair = \xC2\x9B"
                                 "2J\n";
    refuses("not UTF-8", foreign, strlen(foreign), 2, "'B?ro'");
    refuses("right to left", reversed, strlen(reversed), 2, "'?'");
    refuses("a control character of 8 bits", escape, strlen(escape), 2, "'?2J'");
    no_complaints();
}

static void nul_bytes(void **state) {
    (void)state;
    static const char text[] = "[service]\r\nRepair = no\r\n; x\r\n";
    for (size_t i = 0; i < sizeof text - 1; i++) {
        char bytes[sizeof text];
        char label[32];
        memcpy(bytes, text, sizeof text);
        bytes[i] = '\0';
        (void)snprintf(label, sizeof label, "NUL at %zu", i);
        uint32_t line = i < 11 ? 1 : i < 24 ? 2 : 3;
        /* In the place of a line's end it makes one line of two. */
        refuses(label, bytes, sizeof text - 1, line, "");
    }
    no_complaints();
}

static void overlong_lines(void **state) {
    (void)state;
    static char text[8192];
    static const char *const starts[] = {"[service]\nRepair = no\n;", "[service]\nFolder = C:\\",
                                         "[service]\nRepair = ", "[service]\n[", "[service]\n"};
    const struct settings before = other_settings();
    for (size_t s = 0; s < sizeof starts / sizeof starts[0]; s++) {
        for (size_t length = 2000; length <= 2100; length++) {
            struct settings settings = before;
            struct config_error error;
            size_t start = strlen(starts[s]);
            memcpy(text, starts[s], start);
            memset(text + start, 'x', length);
            memcpy(text + start + length, "\nRepair = yes\n[rubbish]\n", 24);
            /* Wherever the line is cut, its tail must not pass for a line; and [rubbish] is found. */
            if (parse(text, start + length + 23, &settings, &error))
                complain("start %zu, %zu bytes: expected to be refused", s, length);
            same_settings(starts[s], &before, &settings);
        }
    }
    memset(text, 'x', sizeof text);
    memcpy(text, "[service]\n;", 11);
    refuses("8 KB of comment", text, sizeof text, 2, "too long");
    no_complaints();
}

/* 2000 bytes are what is promised. */
static void the_longest_line(void **state) {
    (void)state;
    static char text[2048];
    memcpy(text, "[service]\n", 10);
    memset(text + 10, ';', 2000);
    memcpy(text + 2010, "\r\nRepair=no", 11);
    struct settings expected = defaults();
    expected.repair = false;
    accepts("2000 bytes", text, 2021, &expected);
    no_complaints();
}

static void large_files(void **state) {
    (void)state;
    size_t size = CONFIG_BYTES_MAX;
    char *text = malloc(size + 1);
    const struct settings expected = defaults();
    assert_non_null(text);
    memset(text, '\n', size + 1);
    accepts("the largest", text, size, &expected);
    refuses("too large", text, size + 1, 0, "larger");
    free(text);
    no_complaints();
}

/* ---- one line that means the same */

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_settings),
        cmocka_unit_test(nothing_set),
        cmocka_unit_test(every_key),
        cmocka_unit_test(repair_words),
        cmocka_unit_test(ranges),
        cmocka_unit_test(folders),
        cmocka_unit_test(automatic_folders),
        cmocka_unit_test(line_of_the_folder),
        cmocka_unit_test(folders_with_control_characters),
        cmocka_unit_test(absolute_paths),
        cmocka_unit_test(a_host_is_no_folder),
        cmocka_unit_test(long_folders),
        cmocka_unit_test(refusals),
        cmocka_unit_test(first_wrong_line),
        cmocka_unit_test(long_quotations),
        cmocka_unit_test(hostile_quotations),
        cmocka_unit_test(nul_bytes),
        cmocka_unit_test(overlong_lines),
        cmocka_unit_test(the_longest_line),
        cmocka_unit_test(large_files),
        cmocka_unit_test(prints),
        cmocka_unit_test(prints_the_longest),
        cmocka_unit_test(reads_what_it_prints),
        cmocka_unit_test(reads_what_is_not_whole),
        cmocka_unit_test(names_each_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
