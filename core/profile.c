/* SPDX-License-Identifier: MIT */
#include "profile.h"

#include <string.h>

#include "text.h"

/* ---- lines */

void profile_open(struct profile *profile, const void *bytes, size_t size) {
    memset(profile, 0, sizeof *profile);
    profile->bytes = bytes;
    profile->width = 1;
    profile->size = size;
    if (size >= 2 && memcmp(bytes, "\xFF\xFE", 2) == 0) {
        profile->mark = PROFILE_UTF16LE;
        profile->base = profile->width = 2;
        profile->size = size / 2 - 1;
    } else if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        profile->mark = PROFILE_UTF8;
        profile->base = 3;
        profile->size = size - 3;
    } else if (size >= 2 && memcmp(bytes, "\xFE\xFF", 2) == 0) {
        profile->mark = PROFILE_UTF16BE;
    }
}

size_t profile_find(const struct profile *profile, size_t i, size_t end, unsigned c) {
    const unsigned char *text = profile->bytes + profile->base;
    if (profile->width == 1) {
        const unsigned char *found = memchr(text + i, (int)c, end - i);
        return found != NULL ? (size_t)(found - text) : end;
    }
    while (i < end && (text[2 * i] != c || text[2 * i + 1] != 0))
        i++;
    return i;
}

void profile_trim(struct profile *profile) {
    while (profile_is_blank(profile_unit(profile, profile->start)))
        profile->start++;
    while (profile->end > profile->start &&
           profile_is_blank(profile_unit(profile, profile->end - 1)))
        profile->end--;
}

/* A CR elsewhere than before the LF ends a line for some versions of Windows and is a blank for
 * others. */
bool profile_next_line(struct profile *profile) {
    if (profile->next >= profile->size)
        return false;
    profile->start = profile->next;
    profile->end = profile_find(profile, profile->start, profile->size, '\n');
    profile->next = profile->end + 1;
    if (profile->end > profile->start && profile_unit(profile, profile->end - 1) == '\r')
        profile->end--;
    if (profile_find(profile, profile->start, profile->end, '\r') != profile->end)
        profile->stray_cr = true;
    profile->line++;
    profile_trim(profile);
    return true;
}

/* ---- sections */

struct heading {
    size_t name; /* the unit after the `[`; 0: no heading */
    size_t end;  /* of the name: the first `]`, or the end of the line */
    bool closed; /* there is a `]` */
    bool single; /* ... and only one */
    bool sure;   /* a heading for every version, if it is closed */
};

/* Whether the current line is a heading for any version of Windows. */
static bool find_heading(const struct profile *profile, struct heading *heading) {
    size_t i = profile->start;
    while (i < profile->end &&
           (profile_is_odd(profile_unit(profile, i)) || profile_is_blank(profile_unit(profile, i))))
        i++;
    if (profile_unit(profile, i) != '[')
        return false;
    heading->name = i + 1;
    heading->end = profile_find(profile, i, profile->end, ']');
    heading->closed = heading->end < profile->end;
    heading->single = heading->closed &&
                      profile_find(profile, heading->end + 1, profile->end, ']') == profile->end;
    heading->sure = i == profile->start && !(profile->line == 1 && profile->mark == PROFILE_UTF8);
    return true;
}

/* A profile before its first line again. */
static struct profile rewound(const struct profile *profile) {
    struct profile start = *profile;
    start.line = 0;
    start.next = 0;
    return start;
}

/* The heading of the section that the line is in; `name` stays 0 if no line is a heading. False if
 * it cannot be told, or if the line stands before the first heading. */
static bool find_home(const struct profile *profile, uint32_t line, struct heading *home) {
    struct profile at = rewound(profile);
    struct heading heading;
    while ((at.line < line || home->name == 0) && profile_next_line(&at)) {
        if (!find_heading(&at, &heading))
            continue;
        if (at.line > line || !heading.closed)
            return false;
        *home = heading;
    }
    return true;
}

static bool is_trimmed(unsigned c) {
    return profile_is_blank(c) || profile_is_odd(c);
}

/* Whether Windows finds the section by a name, and every version by the same one. */
static bool has_plain_name(const struct profile *text, const struct heading *heading) {
    return heading->single && heading->end > heading->name &&
           !is_trimmed(profile_unit(text, heading->name)) &&
           !is_trimmed(profile_unit(text, heading->end - 1));
}

/* A piece of a name up to its first odd character, which some versions trim and whose case is not
 * known here; blanks at its ends are left out. */
struct known {
    size_t from, to;
    bool open; /* such a character follows */
};

static struct known known_part(const struct profile *text, const struct heading *heading) {
    struct known known = {heading->name, heading->name, false};
    while (known.from < heading->end && profile_is_blank(profile_unit(text, known.from)))
        known.from++;
    known.to = known.from;
    while (known.to < heading->end && !profile_is_odd(profile_unit(text, known.to)))
        known.to++;
    known.open = known.to < heading->end;
    while (known.to > known.from && profile_is_blank(profile_unit(text, known.to - 1)))
        known.to--;
    return known;
}

/* Whether two headings may have the same name: without case and blanks, as far as both are known. */
static bool may_be_again(const struct profile *text, const struct heading *heading,
                         const struct heading *home) {
    struct known a = known_part(text, home);
    struct known b = known_part(text, heading);
    size_t length_a = a.to - a.from;
    size_t length_b = b.to - b.from;
    for (size_t i = 0; i < length_a && i < length_b; i++) {
        if (text_lower((char)profile_unit(text, a.from + i)) !=
            text_lower((char)profile_unit(text, b.from + i)))
            return false;
    }
    return length_a == length_b || (a.open && length_a < length_b) ||
           (b.open && length_b < length_a);
}

bool profile_reaches(const struct profile *profile, uint32_t line) {
    struct profile at = rewound(profile);
    struct profile text = *profile;
    struct heading home = {0};
    struct heading heading;
    text.end = text.size;
    if (!find_home(profile, line, &home) || (line == 1 && profile->mark == PROFILE_UTF8))
        return false;
    if (home.name == 0)
        return true;
    if (!home.sure || !has_plain_name(&text, &home))
        return false;
    while (profile_next_line(&at) && at.start < home.name - 1) {
        if (find_heading(&at, &heading) && may_be_again(&text, &heading, &home))
            return false;
    }
    return true;
}
