/* SPDX-License-Identifier: MIT */
/*
 * profile: our verdicts on many records beside what Windows' own profile functions read from them.
 *
 *   profile FOLDER SEED COUNT [BUG]
 *
 * Makes COUNT records (profile_records.h), each from its number and SEED alone, writes each to a file of
 * FOLDER, and asks GetPrivateProfileIntW and its kin. What has to hold:
 *
 *   Where we say stuck, one section has a State, it reads as 4, and no section has a NumSCerts.
 *   With the byte changed that State reads as 1, and every other name and value of every section
 *   is as it was.
 *
 *   Where the functions read a State of 4 and no NumSCerts and we do not say stuck, our caution is
 *   one of the kinds below. docs/reliability.md gives the reason of each.
 *
 * The functions see no name before the first heading, so a record without a heading gets one in
 * front; our own verdict on it must not change by that, but for a State that is in a section only
 * then: right behind the UTF-8 mark, which is in line 2 then, or before a `[` with odd characters
 * in front, which is the first heading for some versions.
 *
 * This holds one way only where Wine is not like Windows, and our verdict is doubtful: a `[`
 * without `]` is a name for Wine and a heading for Windows, the UTF-8 mark is known to Wine and
 * not to Windows, and the name of a section ends at the last `]` for Wine and at the first for
 * Windows. tests/unit/test_sections.c has readers of both kinds.
 *
 * Prints the disagreements, then `name=count` lines: `stricter.kind` for the kinds, `made.trait` for
 * what was in the records and `stuck.trait` for what was in the stuck ones. Returns 1 if there is a
 * disagreement. BUG makes our side wrong on purpose, to show that it is noticed: `doubtful` and `sound`
 * take these for stuck as well, `digit` changes the byte beside the right one, `heading` a byte of the
 * first line too.
 */
#include <windows.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile_records.h"
#include "record.h"

enum { ANSWER = 64 * 1024, SHOWN = 8 };

/* ---- headings in reach of the functions */

/* Behind a UTF-8 mark in a line of its own: right behind it a heading is none for us. */
static void put_front(struct sample *sample) {
    const char *front = sample->form == UTF8_MARK ? "\r\n[In front]\r\n" : "[In front]\r\n";
    size_t length = strlen(front);
    if (sample->count + length > UNITS)
        sample->count = UNITS - length;
    memmove(sample->unit + length, sample->unit, sample->count * sizeof *sample->unit);
    for (size_t i = 0; i < length; i++)
        sample->unit[i] = (unsigned char)front[i];
    sample->count += length;
}

/* Whether no line is a heading. */
static bool needs_front(const struct sample *sample) {
    for (size_t next = 0, end = 0; next < sample->count;) {
        size_t start = line_at(sample, &next, &end);
        if (start < end && sample->unit[start] == '[')
            return false;
    }
    return true;
}

static bool is_odd(uint16_t unit) {
    return unit >= 0x7F || (unit < ' ' && unit != '\t');
}

/* Whether a line is a heading once odd characters in front of it are left out. */
static bool has_odd_heading(const struct sample *sample) {
    for (size_t next = 0, end = 0; next < sample->count;) {
        size_t start = line_at(sample, &next, &end);
        while (start < end && (is_odd(sample->unit[start]) || is_space(sample->unit[start])))
            start++;
        if (start < end && sample->unit[start] == '[')
            return true;
    }
    return false;
}

/* ---- asking Windows */

static WCHAR path[MAX_PATH];

static void write_file(const unsigned char *bytes, size_t size) {
    DWORD written = 0;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS,
                              FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE || !WriteFile(file, bytes, (DWORD)size, &written, NULL) ||
        written != size) {
        printf("cannot write: error %lu\n", GetLastError());
        exit(2);
    }
    CloseHandle(file);
    /* What is remembered of the file before. */
    WritePrivateProfileStringW(NULL, NULL, NULL, path);
}

struct answer {
    unsigned states;       /* sections that have a State */
    unsigned certificates; /* ... a NumSCerts */
    UINT value;            /* of the first State */
    bool four;             /* a State reads as 4 */
    size_t length;
    WCHAR dump[ANSWER]; /* name, entries, an empty string; for each section */
};

static bool has(const WCHAR *section, const WCHAR *name) {
    static const WCHAR none[] = L"\x01none";
    WCHAR value[64];
    GetPrivateProfileStringW(section, name, none, value, 64, path);
    return wcscmp(value, none) != 0;
}

static void dump_section(struct answer *answer, const WCHAR *section) {
    size_t room = ANSWER - answer->length;
    size_t length = wcslen(section) + 1;
    if (length + 64 > room)
        return;
    wcscpy(answer->dump + answer->length, section);
    answer->length += length;
    answer->length += GetPrivateProfileSectionW(section, answer->dump + answer->length,
                                                (DWORD)(room - length), path);
    answer->dump[answer->length++] = L'\0';
}

/* A name that was there before is the same section for the functions. */
static bool is_repeated(const WCHAR *sections, const WCHAR *section) {
    for (const WCHAR *before = sections; before < section; before += wcslen(before) + 1) {
        if (_wcsicmp(before, section) == 0)
            return true;
    }
    return false;
}

/* `all`: everything there is, and not only what it takes to see that there is no State of 4. */
static void ask(struct answer *answer, bool all) {
    static WCHAR sections[ANSWER];
    memset(answer, 0, offsetof(struct answer, dump));
    GetPrivateProfileSectionNamesW(sections, ANSWER, path);
    for (const WCHAR *section = sections; *section != L'\0'; section += wcslen(section) + 1) {
        if (!is_repeated(sections, section) && has(section, L"State")) {
            UINT value = GetPrivateProfileIntW(section, L"State", -77, path);
            if (answer->states++ == 0)
                answer->value = value;
            answer->four = answer->four || value == 4;
        }
    }
    if (!all && !answer->four)
        return;
    for (const WCHAR *section = sections; *section != L'\0'; section += wcslen(section) + 1) {
        if (is_repeated(sections, section))
            continue;
        answer->certificates += has(section, L"NumSCerts");
        if (all)
            dump_section(answer, section);
    }
}

/* ---- comparing */

static unsigned long long seed, number;
static unsigned wrong;

static void disagree(const unsigned char *bytes, size_t size, const struct record *record,
                     const char *expected, const struct answer *got) {
    if (++wrong > SHOWN)
        return;
    printf("DISAGREEMENT at record %llu of seed %llu (alone: profile FOLDER %llu 1)\n",
           number - seed, seed, number);
    printf("  bytes:");
    for (size_t i = 0; i < size; i++)
        printf(" %02X", bytes[i]);
    printf("\n  text: ");
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] >= ' ' && bytes[i] < 0x7F)
            putchar(bytes[i]);
        else
            printf("\\x%02X", bytes[i]);
    }
    printf("\n  we say: %s; %s\n  expected: %s\n", record_verdict_name(record->verdict),
           record_reason_text(record->reason), expected);
    printf("  got: a State in %u sections, the first reads as %d, one as 4: %s; NumSCerts in %u "
           "sections\n",
           got->states, (int)got->value, got->four ? "yes" : "no", got->certificates);
}

/* One entry differs, it is State's, and by one character, 4 to 1. */
static bool only_state_differs(const struct answer *before, const struct answer *after) {
    size_t at = 0;
    if (before->length != after->length)
        return false;
    while (at < before->length && before->dump[at] == after->dump[at])
        at++;
    if (at == before->length || before->dump[at] != L'4' || after->dump[at] != L'1' ||
        memcmp(before->dump + at + 1, after->dump + at + 1,
               (before->length - at - 1) * sizeof(WCHAR)) != 0)
        return false;
    while (at > 0 && before->dump[at - 1] != L'\0')
        at--;
    return _wcsnicmp(before->dump + at, L"State=", 6) == 0;
}

static void check_stuck(unsigned char *bytes, size_t size, const struct record *record,
                        const char *bug, const struct answer *before) {
    static struct answer after;
    if (before->states != 1 || before->value != 4 || before->certificates != 0) {
        disagree(bytes, size, record, "one State that reads as 4, and no NumSCerts", before);
        return;
    }
    size_t digit = record->digit + (strcmp(bug, "digit") == 0);
    unsigned char was = bytes[digit < size ? digit : size - 1];
    bytes[digit < size ? digit : size - 1] = '1';
    if (strcmp(bug, "heading") == 0)
        bytes[3] ^= 1;
    write_file(bytes, size);
    ask(&after, true);
    bytes[digit < size ? digit : size - 1] = was;
    if (after.states != 1 || after.value != 1 || after.certificates != 0)
        disagree(bytes, size, record, "after the repair one State that reads as 1", &after);
    else if (!only_state_differs(before, &after))
        disagree(bytes, size, record, "after the repair no other name or value changed", &after);
}

/* ---- where we are stricter */

static size_t skip(const uint16_t *value, size_t count, const char *units) {
    return count > 0 && value[0] < 0x80 && strchr(units, value[0]) != NULL;
}

/* A value that only the functions read as 4. */
static const char *kind_of_value(const uint16_t *value, size_t count) {
    size_t digits = 0;
    while (count > 0 && is_space(*value)) {
        value++;
        count--;
    }
    size_t quote = skip(value, count, "\"'");
    value += quote;
    count -= quote;
    if (count > 0 && (is_space(*value) || is_odd(*value)))
        return "blank-before-4";
    if (count > 1 && value[0] == '0' && skip(value + 1, count - 1, "ob") != 0)
        return "octal-or-binary";
    size_t sign = skip(value, count, "+-");
    while (sign + digits < count && value[sign + digits] >= '0' && value[sign + digits] <= '9')
        digits++;
    return digits >= 10 ? "overflow" : NULL;
}

/* Whether the units are the name, once blanks and odd characters are left out. */
static bool is_name(const uint16_t *unit, size_t count, const char *name, bool *odd_too) {
    for (; count > 0; unit++, count--) {
        *odd_too = *odd_too || is_odd(*unit);
        if (is_odd(*unit) || is_space(*unit))
            continue;
        if (*name == '\0' || (*unit | 0x20) != (*name | 0x20))
            return false;
        name++;
    }
    return *name == '\0';
}

/* Why a State that reads as 4 for the functions is none for us. */
static const char *kind_of_states(const struct sample *sample) {
    const char *kind = NULL;
    for (size_t next = 0, end = 0; next < sample->count && kind == NULL;) {
        size_t start = line_at(sample, &next, &end);
        size_t equals = start;
        bool odd_too = false;
        while (equals < end && sample->unit[equals] != '=')
            equals++;
        if (equals < end && is_name(sample->unit + start, equals - start, "State", &odd_too))
            kind = odd_too ? "blanks-in-names"
                           : kind_of_value(sample->unit + equals + 1, end - equals - 1);
    }
    for (size_t i = 0; i + 1 < sample->count && kind == NULL; i++) {
        if (sample->unit[i] == '\r' && sample->unit[i + 1] != '\n')
            kind = "cr";
    }
    return kind;
}

/* Makes comments of the lines that begin with `[`; or of those without `=`. */
static void comment_out(struct sample *sample, bool headings) {
    for (size_t next = 0, end = 0; next < sample->count;) {
        size_t start = line_at(sample, &next, &end);
        bool heading = start < end && sample->unit[start] == '[';
        size_t equals = start;
        while (equals < end && sample->unit[equals] != '=')
            equals++;
        if (headings ? heading : !heading && equals == end && start < end)
            sample->unit[start] = ';';
    }
}

static bool finds_certificates(const struct sample *sample) {
    static struct answer answer;
    static unsigned char bytes[BYTES];
    write_file(bytes, to_bytes(sample, bytes));
    ask(&answer, true);
    return answer.certificates != 0;
}

/* Why a NumSCerts is there for us and not for the functions: they find it once what is in their
 * way is gone. */
static const char *kind_of_certificates(struct sample *sample) {
    comment_out(sample, false);
    if (finds_certificates(sample))
        return "bare-name";
    comment_out(sample, true);
    put_front(sample);
    return finds_certificates(sample) ? "out-of-reach" : NULL;
}

/* NULL: of no kind that is known. `sample` is what was asked about, and is changed. */
static const char *kind_of(struct sample *sample, const struct record *record) {
    switch (record->reason) {
    case REASON_NUL:
        return sample->form == BE_MARK ? "utf-16-be" : "nul";
    case REASON_UTF16_NUL:
        return "nul";
    case REASON_UTF16_ODD:
        return "half-a-character";
    case REASON_NOT_PLAIN:
        return "not-plain";
    case REASON_TWO_STATES:
        return "two-states";
    case REASON_BLANKS:
        return "blanks";
    case REASON_CUT_OFF:
        return "cut-off";
    case REASON_TOO_LARGE:
        return NULL;
    case REASON_NONE:
        break;
    }
    /* A State behind a NumSCerts need not have been looked at. */
    const char *kind = record->has_digit ? NULL : kind_of_states(sample);
    return kind == NULL && record->verdict == VERDICT_SOUND ? kind_of_certificates(sample) : kind;
}

static struct {
    const char *group;
    const char *name;
    unsigned count;
} counts[64];

static void count(const char *group, const char *name) {
    size_t i = 0;
    while (counts[i].name != NULL &&
           (strcmp(counts[i].name, name) != 0 || strcmp(counts[i].group, group) != 0))
        i++;
    counts[i].group = group;
    counts[i].name = name;
    counts[i].count++;
}

static void count_traits(const char *group, const bool traits[TRAITS]) {
    for (size_t i = 0; i < TRAITS; i++) {
        if (traits[i])
            count(group, trait_names[i]);
    }
}

static void compare(struct sample *sample, const char *bug) {
    static unsigned char bytes[BYTES];
    static struct answer answer;
    struct record record, before;
    bool traits[TRAITS];
    look(sample, traits);
    count_traits("made.", traits);
    size_t size = to_bytes(sample, bytes);
    memset(&answer, 0, offsetof(struct answer, dump));
    record_judge(bytes, size, &record);
    if (needs_front(sample)) {
        bool odd_heading = has_odd_heading(sample);
        before = record;
        put_front(sample);
        size = to_bytes(sample, bytes);
        record_judge(bytes, size, &record);
        count("", "with-a-heading-in-front");
        bool in_section = ((sample->form == UTF8_MARK && before.line == 1) || odd_heading) &&
                          before.reason == REASON_BLANKS && record.verdict == VERDICT_STUCK;
        if (before.verdict != record.verdict && !in_section)
            disagree(bytes, size, &record, record_verdict_name(before.verdict), &answer);
    }
    write_file(bytes, size);
    bool stuck = record.verdict == VERDICT_STUCK ||
                 (record.verdict == VERDICT_DOUBTFUL && strcmp(bug, "doubtful") == 0) ||
                 (record.verdict == VERDICT_SOUND && strcmp(bug, "sound") == 0);
    ask(&answer, stuck);
    count("", record_verdict_name(record.verdict));
    if (record.verdict == VERDICT_STUCK)
        count_traits("stuck.", traits);
    if (stuck) {
        check_stuck(bytes, size, &record, bug, &answer);
    } else if (answer.four && answer.certificates == 0) {
        const char *kind = kind_of(sample, &record);
        if (kind == NULL)
            disagree(bytes, size, &record, "a known reason to be stricter", &answer);
        else
            count("stricter.", kind);
    }
}

int wmain(int argc, WCHAR **argv) {
    static struct sample sample;
    char bug[16] = "";
    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: profile FOLDER SEED COUNT [doubtful|sound|digit|heading]\n");
        return 2;
    }
    seed = wcstoul(argv[2], NULL, 10);
    unsigned long records = wcstoul(argv[3], NULL, 10);
    if (argc == 5)
        (void)snprintf(bug, sizeof bug, "%ls", argv[4]);
    (void)_snwprintf(path, MAX_PATH, L"%ls\\profile.ini", argv[1]);
    for (number = seed; number < seed + records; number++) {
        make(&sample, number);
        compare(&sample, bug);
    }
    for (size_t i = 0; counts[i].name != NULL; i++)
        printf("%s%s=%u\n", counts[i].group, counts[i].name, counts[i].count);
    printf("disagreements=%u\n", wrong);
    return wrong != 0;
}
