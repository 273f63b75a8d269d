/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <string.h>

void text_begin(struct text *text, char *buffer, size_t size) {
    text->at = buffer;
    text->size = size;
    text->length = 0;
    text->cut = false;
    buffer[0] = '\0';
}

void text_put_bytes(struct text *text, const char *bytes, size_t length) {
    size_t room = text->size - 1 - text->length;
    if (length > room) {
        length = room;
        text->cut = true;
        /* Never half a character: a continuation byte may not be the first one left out. */
        while (length > 0 && ((unsigned char)bytes[length] & 0xC0) == 0x80)
            length--;
    }
    memcpy(text->at + text->length, bytes, length);
    text->length += length;
    text->at[text->length] = '\0';
}

void text_put(struct text *text, const char *string) {
    text_put_bytes(text, string, strlen(string));
}

void text_put_char(struct text *text, char c) {
    text_put_bytes(text, &c, 1);
}

void text_put_safe(struct text *text, const char *string, size_t length) {
    while (length > 0) {
        uint32_t c = 0;
        size_t n = text_character(string, length, &c);
        if (n == 0 || text_is_active(c))
            text_put_char(text, '?');
        else
            text_put_bytes(text, string, n);
        n = n == 0 ? 1 : n;
        string += n;
        length -= n;
    }
}

void text_put_u32(struct text *text, uint32_t number) {
    char digits[10];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    text_put_bytes(text, digits + first, sizeof digits - first);
}

const char *text_number(uint32_t number, char to[11]) {
    struct text text;
    text_begin(&text, to, 11);
    text_put_u32(&text, number);
    return to;
}

void text_format(text_piece *put, void *context, const char *format, va_list values) {
    for (;;) {
        char digits[11];
        size_t length = strcspn(format, "%");
        put(context, format, length, false);
        if (format[length] == '\0')
            return;
        char kind = format[length + 1];
        const char *value = kind == 's'   ? va_arg(values, const char *)
                            : kind == 'u' ? text_number(va_arg(values, uint32_t), digits)
                                          : "%";
        put(context, value, strlen(value), true);
        format += length + 2;
    }
}

/* text_piece */
static void put_piece(void *context, const char *bytes, size_t length, bool is_value) {
    (void)is_value;
    text_put_bytes(context, bytes, length);
}

void text_print(struct text *text, const char *format, ...) {
    va_list values;
    va_start(values, format);
    text_format(put_piece, text, format, values);
    va_end(values);
}

void text_put_count(struct text *text, const char *before, uint32_t count, const char *after) {
    text_put(text, before);
    text_put_u32(text, count);
    text_put(text, after);
}

void text_put_hex(struct text *text, uint32_t number) {
    char digits[8];
    for (size_t i = sizeof digits; i-- > 0; number >>= 4)
        digits[i] = "0123456789ABCDEF"[number & 15];
    text_put_bytes(text, digits, sizeof digits);
}

void text_put_2(struct text *text, uint32_t number) {
    text_put_char(text, (char)('0' + number / 10 % 10));
    text_put_char(text, (char)('0' + number % 10));
}

bool text_copy(char *to, size_t size, const char *from) {
    struct text text;
    text_begin(&text, to, size);
    text_put(&text, from);
    return !text.cut;
}

bool text_read_u32(const char *digits, size_t length, uint32_t most, uint32_t *number) {
    uint32_t sum = 0;
    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        uint32_t digit = (uint32_t)(digits[i] - '0');
        if (digit > most || sum > (most - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *number = sum;
    return true;
}

static size_t put_character(uint32_t c, char *to) {
    static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; --i > 0; c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3F));
    to[0] = (char)(lead[n - 1] | c);
    return n;
}

size_t text_from_utf16(const uint16_t *units, size_t count, char *to, size_t size) {
    struct text text;
    text_begin(&text, to, size);
    for (size_t i = 0; i < count; i++) {
        char bytes[4];
        uint32_t c = units[i];
        if ((c & 0xFC00) == 0xD800 && i + 1 < count && (units[i + 1] & 0xFC00) == 0xDC00)
            c = 0x10000 + ((c & 0x3FF) << 10) + (units[++i] & 0x3FFU);
        size_t n = put_character(c, bytes);
        text_put_bytes(&text, bytes, n);
    }
    return text.cut ? (size_t)-1 : text.length;
}

size_t text_character(const char *from, size_t length, uint32_t *character) {
    const unsigned char *s = (const unsigned char *)from;
    if (s[0] < 0x80) {
        *character = s[0];
        return 1;
    }
    size_t n = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || n > length)
        return 0;
    uint32_t c = s[0] & (0xFFU >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3F);
    }
    if ((n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10FFFF)))
        return 0;
    *character = c;
    return n;
}

size_t text_to_utf16(const char *from, size_t length, uint16_t *to, size_t size) {
    size_t count = 0;
    while (length > 0) {
        uint32_t c = 0;
        size_t n = text_character(from, length, &c);
        size_t units = c >= 0x10000 ? 2 : 1;
        if (n == 0 || units >= size - count)
            return (size_t)-1;
        if (units == 2) {
            to[count++] = (uint16_t)(0xD800 + ((c - 0x10000) >> 10));
            to[count++] = (uint16_t)(0xDC00 + ((c - 0x10000) & 0x3FF));
        } else {
            to[count++] = (uint16_t)c;
        }
        from += n;
        length -= n;
    }
    to[count] = 0;
    return count;
}

bool text_is_utf8(const char *bytes, size_t length) {
    while (length > 0) {
        uint32_t c = 0;
        size_t n = text_character(bytes, length, &c);
        if (n == 0)
            return false;
        bytes += n;
        length -= n;
    }
    return true;
}

bool text_is_active(uint32_t c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
           (c >= 0xD800 && c < 0xE000) || c == 0xFEFF;
}

char text_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_equal_no_case(const char *a, size_t length_a, const char *b) {
    size_t i = 0;
    for (; i < length_a && b[i] != '\0'; i++) {
        if (text_lower(a[i]) != text_lower(b[i]))
            return false;
    }
    return i == length_a && b[i] == '\0';
}

bool text_same(const char *a, const char *b) {
    return text_equal_no_case(a, strlen(a), b);
}
