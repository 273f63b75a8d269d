/* SPDX-License-Identifier: MIT */
#include "mailbox.h"

#include <string.h>

#include "guarded.h"
#include "record.h"
#include "text.h"

/* How many characters the value has; bytes that are UTF-8 are taken for it, with or without a
 * mark. */
static size_t characters(const struct profile *value) {
    const char *bytes = (const char *)value->bytes + value->base + value->start;
    size_t length = value->end - value->start;
    size_t count = 0;
    if (value->width == 2 || !text_is_utf8(bytes, length))
        return length;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)bytes[i] & 0xC0) != 0x80;
    return count;
}

/* `/o=Org/ou=Site/cn=Recipients/cn=Name`, or `o=Org, ou=Site, cn=Recipients, cn=Name`: starts with
 * an organization and ends with a common name, every component (a type of letters, `=`, a value)
 * whole. Key material, which must never be shown, has no such form. */
bool mailbox_is_name(const struct profile *value) {
    size_t i = value->start;
    unsigned separator = profile_unit(value, i) == '/' ? '/' : ',';
    if (separator == '/')
        i++;
    if ((profile_unit(value, i) | 0x20) != 'o' || profile_unit(value, i + 1) != '=' ||
        characters(value) > RECORD_MAILBOX_MAX)
        return false;
    for (;;) {
        size_t type = i;
        while ((profile_unit(value, i) | 0x20) >= 'a' && (profile_unit(value, i) | 0x20) <= 'z')
            i++;
        bool is_cn = i - type == 2 && (profile_unit(value, type) | 0x20) == 'c' &&
                     (profile_unit(value, type + 1) | 0x20) == 'n';
        if (i == type || profile_unit(value, i) != '=')
            return false;
        size_t first = ++i;
        while (profile_unit(value, i) >= 0x20 && profile_unit(value, i) != 0x7F &&
               profile_unit(value, i) != separator)
            i++;
        if (i == first)
            return false;
        if (i == value->end)
            return is_cn;
        if (profile_unit(value, i) != separator)
            return false;
        do
            i++;
        while (separator == ',' && profile_is_blank(profile_unit(value, i)));
    }
}

GUARDED void record_mailbox(const struct record *record, const void *bytes, record_decode *decode,
                            void *context, char *to) {
    const char *name = (const char *)bytes + record->mailbox.offset;
    size_t length = record->mailbox.length;
    size_t done = 0;
    if (record->encoding == RECORD_UTF16LE) {
        uint16_t units[RECORD_MAILBOX_MAX];
        for (size_t i = 0; i < length / 2; i++)
            units[i] = (uint16_t)((unsigned char)name[2 * i] | (unsigned char)name[2 * i + 1] << 8);
        done = text_from_utf16(units, length / 2, to, RECORD_MAILBOX_BYTES);
    } else if (text_is_utf8(name, length)) {
        memcpy(to, name, length);
        to[length] = '\0';
    } else if (!decode(context, name, length, to, RECORD_MAILBOX_BYTES)) {
        done = (size_t)-1;
    }
    if (done == (size_t)-1)
        to[0] = '\0';
}
