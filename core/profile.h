/* SPDX-License-Identifier: MIT */
/*
 * profile: the text of a Windows private profile (.ini file) as GetPrivateProfileString and its
 * kin read it: characters, lines and sections.
 *
 * Windows' versions, and Wine, do not agree on everything here. profile_reaches() says where that
 * matters: it is true only if all of them find what stands on a line.
 *
 * Pure functions on the caller's bytes; no allocation; any thread may call them.
 */
#ifndef KMREPAIR_PROFILE_H
#define KMREPAIR_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum profile_mark { PROFILE_NO_MARK, PROFILE_UTF8, PROFILE_UTF16LE, PROFILE_UTF16BE };

struct profile {
    const unsigned char *bytes;
    enum profile_mark mark;
    size_t base;  /* bytes of the mark before the first unit; UTF-16BE's is taken for text */
    size_t width; /* bytes of a unit: 2 with the UTF-16LE mark, else 1 */
    size_t size;  /* in units */

    uint32_t line; /* the current line, from 1; 0 before the first */
    size_t start;  /* its first unit that is no blank ... */
    size_t end;    /* ... to before the blanks and the end of line behind it */
    size_t next;   /* the unit after its end of line; beyond `size` if it has none */
    bool stray_cr; /* so far a line had a CR within it */
};

/* Before the first line. An odd byte at the end of UTF-16 is left out. */
void profile_open(struct profile *profile, const void *bytes, size_t size);

/* Goes on to the next line. LF or CRLF ends it. */
bool profile_next_line(struct profile *profile);

/* Moves `start` and `end` to what stands between the blanks. */
void profile_trim(struct profile *profile);

/* Where this unit is from `i` on, or `end`. */
size_t profile_find(const struct profile *profile, size_t i, size_t end, unsigned c);

/* Whether every version of Windows finds a name that stands on this line, in the section in which
 * it stands. A file without headings is taken for one section. Not found, or not by all, is what
 * stands
 *  - before the first heading of a file that has headings;
 *  - behind a heading that has no `]`, however far: it ends with its line, or is no heading;
 *  - in a section whose heading is right behind the UTF-8 mark or behind characters that some
 *    versions trim, and so is none for others;
 *  - in a section with a name that is empty, has a blank or such a character at one end, or ends
 *    at the first or at the last `]`;
 *  - in a section that may have the name of one before it: only the first is looked in;
 *  - right behind the UTF-8 mark, which then belongs to the name. */
bool profile_reaches(const struct profile *profile, uint32_t line);

static inline bool profile_is_blank(unsigned c) {
    return c == ' ' || c == '\t';
}

/* Neither printable ASCII nor a blank. Which of these are blanks, and which are one letter in two
 * cases, is a matter of the version and the code page. */
static inline bool profile_is_odd(unsigned c) {
    return !profile_is_blank(c) && (c <= ' ' || c >= 0x7F);
}

/* A unit of the current line, or 0, which no record holds, beyond its end. */
static inline unsigned profile_unit(const struct profile *profile, size_t i) {
    const unsigned char *at = profile->bytes + profile->base + i * profile->width;
    if (i >= profile->end)
        return 0;
    return profile->width == 1 ? at[0] : (unsigned)(at[0] | at[1] << 8);
}

#endif
