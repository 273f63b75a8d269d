/* SPDX-License-Identifier: MIT */
/*
 * test_mailbox: core/mailbox: which value is the mailbox name, and that name as UTF-8.
 */
#include "record_check.h"

/* ---- mailbox names */

static bool no_decode(void *context, const char *bytes, size_t length, char *to, size_t size) {
    (void)context;
    (void)bytes;
    (void)length;
    (void)to;
    (void)size;
    return false;
}

/* Stands for code page 1252, of which it knows the upper half that is Latin-1. */
static bool latin1_decode(void *context, const char *bytes, size_t length, char *to, size_t size) {
    size_t n = 0;
    ++*(int *)context;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (n + 3 > size)
            return false;
        if (c >= 0x80)
            to[n++] = (char)(0xC0 | c >> 6);
        to[n++] = (char)(c >= 0x80 ? 0x80 | (c & 0x3F) : c);
    }
    to[n] = '\0';
    return true;
}

static void check_mailbox(const char *label, const void *bytes, size_t size, const char *expected) {
    int decoded = 0;
    unsigned char *copy = exact_copy(bytes, size);
    char *to = malloc(RECORD_MAILBOX_BYTES);
    struct record record;
    assert_non_null(to);
    record_judge_whole(copy, size, &record);
    record_mailbox(&record, copy, latin1_decode, &decoded, to);
    same_text(label, "mailbox", expected, to);
    free(to);
    free(copy);
}

#define SLASHES "/o=Org/ou=Site/cn=Recipients/cn=Anna"
#define COMMAS "o=Org, ou=Site, cn=Recipients, cn=Anna"

static void mailbox_names(void **state) {
    (void)state;
    static const struct {
        const char *label;
        const char *text;
        const char *mailbox;
    } rows[] = {
        {"slashes", "Name=" SLASHES "\nState=4\n", SLASHES},
        {"commas", "Name = " COMMAS " \nState=4\n", COMMAS},
        {"commas without blanks", "Name=o=Org,ou=S,cn=A\n", "o=Org,ou=S,cn=A"},
        {"a type of z", "Name=o=Org,az=y,cn=A\n", "o=Org,az=y,cn=A"},
        {"a type of A", "Name=o=Org,AZ=y,cn=A\n", "o=Org,AZ=y,cn=A"},
        {"a type that begins before a", "Name=o=Org,`=y,cn=A\n", ""},
        {"a type that ends behind z", "Name=o=Org,a{=y,cn=A\n", ""},
        {"commas and tabs", "Name=o=Org,\t cn=A\n", "o=Org,\t cn=A"},
        {"capitals", "Name=/O=ORG/OU=SITE/CN=ANNA\n", "/O=ORG/OU=SITE/CN=ANNA"},
        {"in double quotes", "Name=\"" SLASHES "\"\n", SLASHES},
        {"in single quotes", "Name='" COMMAS "'\n", COMMAS},
        {"half in quotes", "Name=\"" COMMAS "\n", ""},
        {"at the end of the file", "State=4\nName=" SLASHES, SLASHES},
        {"the shortest", "a=o=x,cn=y", "o=x,cn=y"},
        {"the first one", "a=o=x,cn=y\nb=" SLASHES "\n", "o=x,cn=y"},
        {"the first one that is one", "a=o=x\nb=/o=\nc=" SLASHES "\nd=o=x,cn=y", SLASHES},
        {"a blank in a component", "a=/o=My Org/cn=Anna B\n", "/o=My Org/cn=Anna B"},
        {"= in a component", "a=/o=x=y/cn=z=\n", "/o=x=y/cn=z="},
        {"slash in a comma form", "a=o=x/y,cn=z\n", "o=x/y,cn=z"},
        {"comma in a slash form", "a=/o=x, y/cn=z\n", "/o=x, y/cn=z"},
        {"none", "State=4\n", ""},
        {"empty file", "", ""},
        {"a comment", ";a=" SLASHES "\n", ""},
        {"a section", "[a=" SLASHES "]\n", ""},
        {"no organization", "a=/ou=Site/cn=Anna\n", ""},
        {"an organization alone", "a=/o=Org\n", ""},
        {"no common name at the end", "a=/o=Org/cn=x/ou=Site\n", ""},
        {"almost a common name", "a=/o=Org/cx=Anna\n", ""},
        {"almost a common name at its start", "a=/o=Org/xn=Anna\n", ""},
        {"a longer type", "a=/o=Org/cnn=Anna\n", ""},
        {"a shorter type", "a=/o=Org/c=Anna\n", ""},
        {"a common name without =", "a=/o=Org/cn/Anna\n", ""},
        {"a component without a type", "a=/o=Org/=x/cn=Anna\n", ""},
        {"an empty component", "a=/o=Org//cn=Anna\n", ""},
        {"an empty value", "a=/o=Org/cn=\n", ""},
        {"an empty organization", "a=/o=/cn=x\n", ""},
        {"a component without =", "a=o=Org, Site, cn=Anna\n", ""},
        {"a trailing separator", "a=/o=Org/cn=Anna/\n", ""},
        {"a trailing comma", "a=o=Org,cn=Anna,\n", ""},
        {"text before it", "a=x /o=Org/cn=Anna\n", ""},
        {"key material", "Key=o4A1zz/+=,cn\nB=MIIBigKCAQ==/o=cn=\nC=O=base64Gk3/x9cn==\n", ""},
        {"key material like one form", "Key=o=aB3/cn=zz==\n", ""},
        {"a control character", "a=/o=Org/cn=An\x01na\n", ""},
        {"the last control character", "a=/o=Org/cn=An\x1Fna\n", ""},
        {"an escape sequence", "a=/o=Org/cn=\x1B[2J\n", ""},
        {"a DEL", "a=/o=Org/cn=An\x7Fna\n", ""},
        {"State is not looked at", "State=/o=Org/cn=x\n", ""},
        {"UTF-8 without a mark", "a=/o=\xC3\x96/cn=M\xC3\xBCller\n",
         "/o=\xC3\x96/cn=M\xC3\xBCller"},
        {"UTF-8 with a mark",
         "\xEF\xBB\xBF"
         "a=/o=x/cn=M\xC3\xBCller\n",
         "/o=x/cn=M\xC3\xBCller"},
        {"code page", "a=/o=x/cn=M\xFCller\n", "/o=x/cn=M\xC3\xBCller"},
        {"code page, quoted", "a='o=x, cn=M\xFC'\n", "o=x, cn=M\xC3\xBC"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_mailbox(rows[i].label, rows[i].text, strlen(rows[i].text), rows[i].mailbox);
    no_complaints();
}

static void mailbox_in_utf16(void **state) {
    (void)state;
    static const unsigned char greek[] = "\xFF\xFE"
                                         "a\0=\0/\0o\0=\0x\0/\0c\0n\0=\0\xA9\x03\n";
    static const unsigned char pair[] = "\xFF\xFE"
                                        "a\0=\0/\0o\0=\0x\0/\0c\0n\0=\0\x3D\xD8\x00\xDE\n";
    static const unsigned char lone[] = "\xFF\xFE"
                                        "a\0=\0/\0o\0=\0x\0/\0c\0n\0=\0\x3D\xD8\n";
    unsigned char wide[256];
    size_t size = widen("a = \"" COMMAS "\"\r\n", strlen(COMMAS) + 8, wide);
    check_mailbox("UTF-16", wide, size, COMMAS);
    check_mailbox("Greek", greek, sizeof greek, "/o=x/cn=\xCE\xA9");
    check_mailbox("a pair", pair, sizeof pair, "/o=x/cn=\xF0\x9F\x98\x80");
    check_mailbox("half a pair", lone, sizeof lone, "/o=x/cn=\xED\xA0\xBD");
    no_complaints();
}

/* A mailbox name of `count` characters, each of which is `character`. */
static void check_length(const char *label, const char *character, size_t count, bool fits) {
    static char text[4096], name[4096];
    char *end = put(name, "/o=x/cn=");
    for (size_t i = 8; i < count; i++)
        end = put(end, character);
    *end = '\0';
    int length = snprintf(text, sizeof text, "a=%s\nState=4\n", name);
    check_mailbox(label, text, (size_t)length, fits ? name : "");
}

static void mailbox_lengths(void **state) {
    (void)state;
    static char text[1024], expected[1024];
    static unsigned char wide[4096];
    for (size_t count = 256; count <= 257; count++) {
        char *last = put(text, "\xEF\xBB\xBF"
                               "a=/o=x/cn=");
        for (size_t i = 8; i < count; i++)
            last = put(last, "\xC3\xBC");
        *last = '\0';
        check_mailbox("behind a mark", text, strlen(text), count == 256 ? text + 5 : "");
    }
    check_length("256 letters", "x", 256, true);
    check_length("257 letters", "x", 257, false);
    check_length("256 of two bytes", "\xC3\xBC", 256, true);
    check_length("257 of two bytes", "\xC3\xBC", 257, false);
    check_length("256 of four bytes", "\xF0\x9F\x98\x80", 256, true);
    check_length("257 of four bytes", "\xF0\x9F\x98\x80", 257, false);
    (void)fill(put(expected, "/o=x/cn="), 'x', 248);
    for (size_t count = 256; count <= 257; count++) {
        char *end = put(fill(put(text, "a=/o=x/cn="), 'x', count - 8), "\n");
        size_t size = widen(text, (size_t)(end - text), wide);
        check_mailbox("UTF-16", wide, size, count == 256 ? expected : "");
    }
    for (size_t count = 256; count <= 257; count++) {
        char *end = put(fill(put(text, "a=/o=x/cn="), '\xFC', count - 8), "\n");
        char *e = put(expected, "/o=x/cn=");
        for (size_t i = 8; i < 256; i++)
            e = put(e, "\xC3\xBC");
        *e = '\0';
        check_mailbox("code page", text, (size_t)(end - text), count == 256 ? expected : "");
    }
    /* Bytes that would be the middle of a character, were it UTF-8. */
    char *end = put(fill(put(text, "a=/o=x/cn="), '\xB5', 249), "\n");
    check_mailbox("code page, bytes of the middle", text, (size_t)(end - text), "");
    /* In UTF-16, units that would be UTF-8 as bytes. */
    size_t size = widen("a=/o=x/cn=", 10, wide);
    for (size_t i = 8; i < 258; i++) {
        wide[size++] = 0xC3;
        wide[size++] = 0x80;
    }
    check_mailbox("UTF-16, too many of bytes that are UTF-8", wide, size, "");
    no_complaints();
}

static void mailbox_behind_long_lines(void **state) {
    (void)state;
    static char text[TEXT_MAX];
    for (size_t length = 2030; length <= 2060; length++) {
        char *end = put(put_long(text, "Key=", 'A', length), "\na");
        end = put(fill(end, ' ', length), "=" SLASHES "\nState=4\n");
        check_mailbox("long lines before it", text, (size_t)(end - text), SLASHES);
        end = put(put_long(text, "a=", ' ', length), SLASHES "\nState=4\n");
        check_mailbox("blanks before it", text, (size_t)(end - text), SLASHES);
        end = put(put_long(text, "Key=", 'A', length), SLASHES "\nState=4\n");
        check_mailbox("in the tail of a blob", text, (size_t)(end - text), "");
    }
    no_complaints();
}

static void mailbox_that_can_not_be_decoded(void **state) {
    (void)state;
    struct record record;
    char to[RECORD_MAILBOX_BYTES] = "x";
    const char text[] = "a=/o=x/cn=M\xFCller\n";
    record_judge(text, strlen(text), &record);
    record_mailbox(&record, text, no_decode, NULL, to);
    assert_string_equal(to, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mailbox_names),
        cmocka_unit_test(mailbox_in_utf16),
        cmocka_unit_test(mailbox_lengths),
        cmocka_unit_test(mailbox_behind_long_lines),
        cmocka_unit_test(mailbox_that_can_not_be_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
