/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <string.h>

#include "ini.h"
#include "mailbox.h"
#include "profile.h"
#include "text.h"

/* Stands in a name for a character that is neither printable ASCII nor a blank. */
#define ODD '\x7F'

struct judge {
    struct profile text; /* at the current line; later from its value's start to its end */
    uint32_t states;
    bool certificates; /* NumSCerts was seen */
    bool cut_off;      /* REASON_CUT_OFF applies */
    bool blanks;       /* REASON_BLANKS applies, sections aside */
    bool plain;        /* the value of record->state is a plain 4 */
    struct record *record;
};

static bool is_quote(unsigned c) {
    return c == '"' || c == '\'';
}

/* Adds a character of a name. A run of blanks and ODDs becomes one of them, an ODD if it holds one,
 * so that no number of them can push the rest of a name out of the buffer. */
static size_t put_name(char *line, size_t length, unsigned c) {
    char last = length > 0 ? line[length - 1] : '\0';
    if (profile_is_blank(c)) {
        if (last != ' ' && last != ODD)
            line[length++] = ' ';
    } else if (profile_is_odd(c)) {
        if (last == ' ')
            line[length - 1] = ODD;
        else if (last != ODD)
            line[length++] = ODD;
    } else {
        line[length++] = c == ':' ? '?' : (char)c;
    }
    return length;
}

/* How many letters of `key` the name is, once the blanks and ODDs that some Windows might trim are
 * taken out of it; 0 if it is anything else. */
static size_t letters_of(const char *name, const char *key) {
    size_t count = 0;
    for (; *name != '\0'; name++) {
        if (*name == ODD || *name == ' ')
            continue;
        if (key[count] == '\0' || text_lower(*name) != text_lower(key[count]))
            return 0;
        count++;
    }
    return count;
}

static bool resembles(const char *name, const char *key) {
    return letters_of(name, key) == strlen(key);
}

/* A line without `=`. For some versions of Windows it is a name all the same, and hides those
 * behind it. */
static void see_bare_name(struct judge *judge, const char *name) {
    bool ended = judge->text.next <= judge->text.size;
    if (resembles(name, "State") || resembles(name, "NumSCerts"))
        judge->blanks = true;
    if (!ended && letters_of(name, "NumSCerts") > 0)
        judge->cut_off = true;
}

/* ini_reader. Hands inih one whole line in a form that it reads as Windows does: leading blanks
 * gone, the name as put_name() leaves it (inih would split at a `:`), and the value cut where the
 * buffer ends. A name that does not fit is neither of the two that matter. The judgement of a value
 * is made on the file's own bytes, in on_record_line(). */
static char *read_record_line(char *line, int size, void *stream) {
    struct judge *judge = stream;
    const struct profile *text = &judge->text;
    if (!profile_next_line(&judge->text))
        return NULL;
    size_t room = (size_t)size - 2;
    size_t length = 0;
    bool name = true;
    for (size_t i = text->start; i < text->end && length < room; i++) {
        unsigned c = profile_unit(text, i);
        if (c == '=')
            name = false;
        if (name)
            length = put_name(line, length, c);
        else
            line[length++] = c >= 0x20 && c < 0x7F ? (char)c : ODD;
    }
    line[length] = '\0';
    if (name)
        see_bare_name(judge, line);
    line[length] = '\n';
    line[length + 1] = '\0';
    return line;
}

/* Where the 4 is in a value that reads as 4: an optional quote, an optional plus, an optional 0x,
 * any zeros, then 4 and no further digit. The value's end when it does not read as 4. */
static size_t find_four(const struct profile *text) {
    size_t i = text->start;
    bool hex = false;
    if (is_quote(profile_unit(text, i)))
        i++;
    if (profile_unit(text, i) == '+')
        i++;
    if (profile_unit(text, i) == '0' && (profile_unit(text, i + 1) | 0x20) == 'x') {
        hex = true;
        i += 2;
    }
    while (profile_unit(text, i) == '0')
        i++;
    unsigned after = profile_unit(text, i + 1);
    bool digit =
        (after >= '0' && after <= '9') || (hex && (after | 0x20) >= 'a' && (after | 0x20) <= 'f');
    return profile_unit(text, i) == '4' && !digit ? i : text->end;
}

static void keep_span(const struct profile *text, struct record_span *span) {
    span->offset = text->base + text->start * text->width;
    span->length = (text->end - text->start) * text->width;
}

static void unquote(struct profile *text) {
    unsigned quote = profile_unit(text, text->start);
    if (text->end - text->start >= 2 && is_quote(quote) &&
        profile_unit(text, text->end - 1) == quote) {
        text->start++;
        text->end--;
    }
}

static void on_state(struct judge *judge) {
    struct record *record = judge->record;
    struct profile *text = &judge->text;
    size_t four = find_four(text);
    bool reads = four < text->end;
    judge->states++;
    if (judge->states > 1 && (record->has_digit || judge->certificates || !reads))
        return;
    record->line = text->line;
    keep_span(text, &record->state);
    if (reads) {
        record->has_digit = true;
        record->digit = text->base + four * text->width;
        unquote(text);
        judge->plain = text->end - text->start == 1;
    }
}

/* ini_handler: a section heading (`name` is NULL), or a line with a name and a value. inih's copy
 * of the value may be cut, so the value is looked up in the file: what follows the first `=` of
 * the line, less blanks. */
static int on_record_line(void *user, const char *section, const char *name, const char *value) {
    struct judge *judge = user;
    struct profile *text = &judge->text;
    (void)section;
    (void)value;
    if (name == NULL)
        return 1;
    do
        text->start++;
    while (text->start < text->end && profile_unit(text, text->start - 1) != '=');
    profile_trim(text);
    if (text_same(name, "State")) {
        on_state(judge);
    } else if (text_same(name, "NumSCerts")) {
        judge->certificates = true;
    } else if (strchr(name, ODD) != NULL &&
               (resembles(name, "State") || resembles(name, "NumSCerts"))) {
        judge->blanks = true;
    } else if (judge->record->mailbox.length == 0) {
        unquote(text);
        if (mailbox_is_name(text))
            keep_span(text, &judge->record->mailbox);
    }
    return 1;
}

/* Refuses what is not text; inih must not see a NUL. */
static enum verdict_reason open_text(struct judge *judge, const void *bytes, size_t size) {
    struct profile *text = &judge->text;
    if (size > RECORD_BYTES_MAX)
        return REASON_TOO_LARGE;
    profile_open(text, bytes, size);
    if (text->mark == PROFILE_UTF16LE) {
        judge->record->encoding = RECORD_UTF16LE;
        if (size % 2 != 0)
            return REASON_UTF16_ODD;
    }
    if (text->size > 0 && profile_find(text, 0, text->size, '\0') != text->size)
        return text->width == 2 ? REASON_UTF16_NUL : REASON_NUL;
    return REASON_NONE;
}

bool record_is_named(const char *name) {
    size_t length = strlen(name);
    return length >= 4 && text_same(name + length - 4, ".ini");
}

/* Goes on to the value if the line's name is this one, in small letters, for any reader. */
static bool is_plainly(struct profile *text, const char *name) {
    size_t i = text->start;
    for (; *name != '\0' && (profile_unit(text, i) | 0x20) == (unsigned char)*name; name++)
        i++;
    while (profile_is_blank(profile_unit(text, i)))
        i++;
    if (*name != '\0' || profile_unit(text, i) != '=')
        return false;
    text->start = i + 1;
    profile_trim(text);
    return true;
}

/* Whether a line that starts here can be a State or a NumSCerts; the second letter rules out most
 * lines. */
static bool may_matter(const unsigned char *at, size_t size) {
    return size > 1 &&
           (profile_is_blank(at[0]) || (at[1] | 0x20U) == 't' || (at[1] | 0x20U) == 'u');
}

/* Nearly all records can be seen to be sound without inih: the lines that may matter are looked
 * at, the others passed over, and nothing counts behind a State and a NumSCerts. False leaves the
 * file to inih. */
static bool is_plainly_sound(struct judge *judge) {
    struct profile *text = &judge->text;
    const unsigned char *bytes = text->bytes + text->base;
    size_t size = text->width == 1 ? text->size : 0;
    size_t at = 0;
    while (at < size) {
        if (may_matter(bytes + at, size - at)) {
            text->next = at;
            (void)profile_next_line(text);
            at = text->next;
            if (is_plainly(text, "state"))
                on_state(judge);
            else if (is_plainly(text, "numscerts"))
                judge->certificates = true;
            if (judge->states > 0 && judge->certificates)
                return true;
        } else {
            const unsigned char *end = memchr(bytes + at, '\n', size - at);
            at = end != NULL ? (size_t)(end - bytes) + 1 : size;
            text->line++;
        }
    }
    return judge->states > 0 && !judge->record->has_digit;
}

static enum verdict decide(struct judge *judge) {
    struct record *record = judge->record;
    const struct profile *text = &judge->text;
    if (judge->states == 0)
        return VERDICT_NOT_A_RECORD;
    if (judge->certificates || !record->has_digit)
        return VERDICT_SOUND;
    if (judge->states > 1)
        record->reason = REASON_TWO_STATES;
    else if (!judge->plain)
        record->reason = REASON_NOT_PLAIN;
    else if (judge->cut_off)
        record->reason = REASON_CUT_OFF;
    else if (judge->blanks || text->stray_cr || text->mark == PROFILE_UTF16BE ||
             !profile_reaches(text, record->line))
        record->reason = REASON_BLANKS;
    else
        return VERDICT_STUCK;
    return VERDICT_DOUBTFUL;
}

/* False when the file is not text that this program understands. */
static bool open_record_text(struct judge *judge, const void *bytes, size_t size,
                             struct record *record) {
    memset(record, 0, sizeof *record);
    memset(judge, 0, sizeof *judge);
    judge->record = record;
    record->reason = open_text(judge, bytes, size);
    return record->reason == REASON_NONE;
}

void record_judge(const void *bytes, size_t size, struct record *record) {
    struct judge judge;
    if (open_record_text(&judge, bytes, size, record) && is_plainly_sound(&judge))
        record->verdict = VERDICT_SOUND;
    else
        record_judge_whole(bytes, size, record);
}

void record_judge_whole(const void *bytes, size_t size, struct record *record) {
    struct judge judge;
    if (!open_record_text(&judge, bytes, size, record))
        return; /* VERDICT_UNREADABLE */
    /* The result is the number of the first line that fits nothing; those are ignored. */
    (void)ini_parse_stream(read_record_line, &judge, on_record_line, &judge);
    record->verdict = decide(&judge);
}

const char *record_verdict_name(enum verdict verdict) {
    static const char *const names[] = {[VERDICT_UNREADABLE] = "unreadable",
                                        [VERDICT_NOT_A_RECORD] = "not-a-record",
                                        [VERDICT_SOUND] = "sound",
                                        [VERDICT_STUCK] = "stuck",
                                        [VERDICT_DOUBTFUL] = "doubtful"};
    return names[verdict];
}

const char *record_reason_text(enum verdict_reason reason) {
    switch (reason) {
    case REASON_TOO_LARGE:
        return "it is larger than 1 MiB";
    case REASON_NUL:
        return "it holds NUL bytes and has no UTF-16 mark";
    case REASON_UTF16_NUL:
        return "it is UTF-16 text that holds a NUL character";
    case REASON_UTF16_ODD:
        return "it is UTF-16 text that ends in half a character";
    case REASON_NOT_PLAIN:
        return "State is 4 but not written as a plain 4";
    case REASON_TWO_STATES:
        return "it has more than one State";
    case REASON_BLANKS:
        return "unusual characters, blanks or sections: Windows may read it differently";
    case REASON_CUT_OFF:
        return "it ends in the middle of a line that may be NumSCerts";
    case REASON_NONE:
        break;
    }
    return "";
}

void record_state(const struct record *record, const void *bytes, char *to) {
    size_t width = record->encoding == RECORD_UTF16LE ? 2 : 1;
    const unsigned char *value = (const unsigned char *)bytes + record->state.offset;
    size_t count = record->state.length / width;
    if (count > RECORD_STATE_BYTES - 1)
        count = RECORD_STATE_BYTES - 1;
    for (size_t i = 0; i < count; i++) {
        unsigned char c = value[i * width];
        bool shown = c >= 0x20 && c < 0x7F && (width == 1 || value[i * width + 1] == 0);
        to[i] = shown ? (char)c : '?';
    }
    to[count] = '\0';
}
