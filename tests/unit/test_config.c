/* SPDX-License-Identifier: MIT */
/*
 * test_config: core/config: what is accepted and refused, and by which line. Folders are test_config_folder's, the line that
 * means the same is test_config_line's.
 */
#include "config_check.h"

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

static void the_range_is_said(void **state) {
    (void)state;
    static const struct {
        const char *text, *reason;
    } rows[] = {
        {"[timing]\nSettleSeconds = 3601\n", "SettleSeconds must be a whole number from 0 to 3600"},
        {"[timing]\nRescanMinutes = 10081\n",
         "RescanMinutes must be a whole number from 0 to 10080"},
        {"[timing]\nReminderHours = 8761\n", "ReminderHours must be a whole number from 0 to 8760"},
        {"[limits]\nRepairsPerHour = 0\n",
         "RepairsPerHour must be a whole number from 1 to 10000"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct settings settings;
        struct config_error error;
        assert_false(parse(rows[i].text, strlen(rows[i].text), &settings, &error));
        same_text(rows[i].text, "reason", rows[i].reason, error.reason);
    }
    no_complaints();
}

/* As long as inih has room for it, with its end. */
static void the_longest_line_of_all(void **state) {
    (void)state;
    static char text[2100];
    memset(text, ';', sizeof text);
    for (size_t length = 2044; length <= 2048; length++) {
        struct settings settings;
        struct config_error error;
        same_number("a comment", "is accepted", length <= 2046,
                    parse(text, length, &settings, &error));
    }
    no_complaints();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_settings),
        cmocka_unit_test(nothing_set),
        cmocka_unit_test(every_key),
        cmocka_unit_test(repair_words),
        cmocka_unit_test(ranges),
        cmocka_unit_test(refusals),
        cmocka_unit_test(first_wrong_line),
        cmocka_unit_test(long_quotations),
        cmocka_unit_test(hostile_quotations),
        cmocka_unit_test(nul_bytes),
        cmocka_unit_test(overlong_lines),
        cmocka_unit_test(the_longest_line),
        cmocka_unit_test(large_files),
        cmocka_unit_test(the_range_is_said),
        cmocka_unit_test(the_longest_line_of_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
