/* SPDX-License-Identifier: MIT */
/*
 * text: UTF-8 and UTF-16, and strings built in fixed buffers.
 *
 * Inside the program every string is UTF-8; UTF-16 is met only at the Win32 calls. A Windows file
 * name is any sequence of 16-bit units, so a surrogate without its partner is carried through
 * UTF-8 as if it were a character of its own (the encoding known as WTF-8): converting a name
 * there and back always gives the same name.
 *
 * Pure functions on the caller's memory; any thread may call them.
 */
#ifndef KMREPAIR_TEXT_H
#define KMREPAIR_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A string under construction. It is always terminated; what does not fit is left out and `cut`
 * says so. `at` belongs to the caller. */
struct text {
    char *at;
    size_t size; /* of the buffer, in bytes */
    size_t length;
    bool cut;
};

void text_begin(struct text *text, char *buffer, size_t size);
void text_put(struct text *text, const char *string);
void text_put_bytes(struct text *text, const char *bytes, size_t length);
void text_put_char(struct text *text, char c);
/* Every character that would act on a console, and every byte that is not UTF-8, as `?`. */
void text_put_safe(struct text *text, const char *string, size_t length);
void text_put_u32(struct text *text, uint32_t number);
/* A number in digits. Returns `to`. */
const char *text_number(uint32_t number, char to[11]);
/* A text in which %s stands for a string, %u for a uint32_t and %% for a `%`; there is nothing else. */
void text_print(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Takes the next piece of such a text: part of the format, or what a %s or %u stands for. */
typedef void text_piece(void *context, const char *bytes, size_t length, bool is_value);
void text_format(text_piece *put, void *context, const char *format, va_list values);
/* A number between two strings. */
void text_put_count(struct text *text, const char *before, uint32_t count, const char *after);
void text_put_hex(struct text *text, uint32_t number); /* always eight digits */
void text_put_2(struct text *text, uint32_t number);   /* two decimal digits, for dates */

/* Copies a string; false when it had to be cut to fit. */
bool text_copy(char *to, size_t size, const char *from);

/* Decimal digits only, the whole of `length` bytes, at most `most`. */
bool text_read_u32(const char *digits, size_t length, uint32_t most, uint32_t *number);

/* Length in bytes of the result, which is terminated, or (size_t)-1 when it does not fit. */
size_t text_from_utf16(const uint16_t *units, size_t count, char *to, size_t size);

/* Length in 16-bit units of the result, which is terminated, or (size_t)-1 when it does not fit or
 * `from` is not UTF-8. */
size_t text_to_utf16(const char *from, size_t length, uint16_t *to, size_t size);

/* Reads one character of `length` bytes at `from`, 0 < length. Returns how many bytes it took, or
 * 0 when they are not UTF-8; a lone surrogate is accepted, an overlong form is not. */
size_t text_character(const char *from, size_t length, uint32_t *character);

bool text_is_utf8(const char *bytes, size_t length);

/* Characters that would act on a console or in a viewer instead of being shown: control characters,
 * line and paragraph separators, marks that change the direction of writing. */
bool text_is_active(uint32_t character);

/* ASCII letters only, whatever the locale. */
char text_lower(char c);
bool text_equal_no_case(const char *a, size_t length_a, const char *b);
bool text_same(const char *a, const char *b);

#endif
