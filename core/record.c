#include "record.h"

#include <string.h>

#include "ini.h"
#include "text.h"

/* Stands in a name for a character that is neither printable ASCII nor a blank. */
#define ODD '\x7F'

struct judge {
    const unsigned char *bytes;
    size_t size; /* in units */
    size_t base; /* bytes of the mark before the first unit */
    size_t width;
    size_t next;  /* the unit after the current line, its end included */
    size_t start; /* the current line, later its value ... */
    size_t end;   /* ... to before its end */
    uint32_t line;
    struct {
        size_t name;  /* the unit after the `[`; 0: no heading yet */
        size_t close; /* the last `]` of the line */
    } heading, home;  /* the last one that is closed; that of record->state */
    uint32_t states;
    bool certificates; /* NumSCerts was seen */
    bool blanks;       /* REASON_BLANKS applies */
    bool plain;        /* the value of record->state is a plain 4 */
    struct record *record;
};

/* A unit of the current line, or 0, which no text holds, beyond its end. */
static unsigned unit(const struct judge *judge, size_t i) {
    const unsigned char *at = judge->bytes + judge->base + i * judge->width;
    if (i >= judge->end)
        return 0;
    return judge->width == 1 ? at[0] : (unsigned)(at[0] | at[1] << 8);
}

static bool is_blank(unsigned c) {
    return c == ' ' || c == '\t';
}

static bool is_quote(unsigned c) {
    return c == '"' || c == '\'';
}

static void trim(struct judge *judge) {
    while (is_blank(unit(judge, judge->start)))
        judge->start++;
    while (judge->end > judge->start && is_blank(unit(judge, judge->end - 1)))
        judge->end--;
}

/* Where this unit is from `i` on, or `end`. */
static size_t find_unit(const struct judge *judge, size_t i, size_t end, unsigned c) {
    const unsigned char *text = judge->bytes + judge->base;
    if (judge->width == 1) {
        const unsigned char *found = memchr(text + i, (int)c, end - i);
        return found != NULL ? (size_t)(found - text) : end;
    }
    while (i < end && (text[2 * i] != c || text[2 * i + 1] != 0))
        i++;
    return i;
}

/* Finds the next line. LF or CRLF ends it. A CR elsewhere ends a line for some versions of Windows
 * and is a blank for others (and for Wine), so a file that has one is never beyond doubt. */
static bool next_line(struct judge *judge) {
    if (judge->next >= judge->size)
        return false;
    judge->start = judge->next;
    judge->end = find_unit(judge, judge->start, judge->size, '\n');
    judge->next = judge->end + 1;
    if (judge->end > judge->start && unit(judge, judge->end - 1) == '\r')
        judge->end--;
    if (find_unit(judge, judge->start, judge->end, '\r') != judge->end)
        judge->blanks = true;
    judge->line++;
    trim(judge);
    return true;
}

/* Remembers a heading that is closed; without its `]` Windows' versions need not take it for one. */
static void see_heading(struct judge *judge) {
    for (size_t i = judge->start; i < judge->end && unit(judge, judge->start) == '['; i++) {
        if (unit(judge, i) == ']') {
            judge->heading.name = judge->start + 1;
            judge->heading.close = i;
        }
    }
}

/* Adds a character of a name. A run of blanks and ODDs becomes one of them, an ODD if it holds one,
 * so that no number of them can push the rest of a name out of the buffer. */
static size_t put_name(char *line, size_t length, unsigned c) {
    char last = length > 0 ? line[length - 1] : '\0';
    if (is_blank(c)) {
        if (last != ' ' && last != ODD)
            line[length++] = ' ';
    } else if (c <= 0x20 || c >= 0x7F) {
        if (last == ' ')
            line[length - 1] = ODD;
        else if (last != ODD)
            line[length++] = ODD;
    } else {
        line[length++] = c == ':' ? '?' : (char)c;
    }
    return length;
}

/* True when `name` is not quite `key`, but is once the blanks and ODDs that some Windows might trim
 * are taken out. `odd`: even if there are none. */
static bool resembles(const char *name, const char *key, bool odd) {
    for (; *name != '\0'; name++) {
        odd = odd || *name == ODD;
        if (*name == ODD || *name == ' ')
            continue;
        if (*key == '\0' || text_lower(*name) != text_lower(*key))
            return false;
        key++;
    }
    return odd && *key == '\0';
}

/* ini_reader. Hands inih one whole line in a form that it reads as Windows does: leading blanks
 * gone, the name as put_name() leaves it (inih would split at a `:`), and the value cut where the
 * buffer ends. A name that does not fit is neither of the two that matter. The judgement of a value
 * is made on the file's own bytes, in on_record_line(). */
static char *read_record_line(char *line, int size, void *stream) {
    struct judge *judge = stream;
    if (!next_line(judge))
        return NULL;
    see_heading(judge);
    size_t room = (size_t)size - 2;
    size_t length = 0;
    bool name = true;
    for (size_t i = judge->start; i < judge->end && length < room; i++) {
        unsigned c = unit(judge, i);
        if (c == '=')
            name = false;
        if (name)
            length = put_name(line, length, c);
        else
            line[length++] = c >= 0x20 && c < 0x7F ? (char)c : ODD;
    }
    line[length] = '\0';
    /* A State without a value hides those behind it from Windows. */
    if (name && resembles(line, "State", true))
        judge->blanks = true;
    line[length] = '\n';
    line[length + 1] = '\0';
    return line;
}

/* Where the 4 is in a value that reads as 4: an optional quote, an optional plus, an optional 0x,
 * any zeros, then 4 and no further digit. The value's end when it does not read as 4. */
static size_t find_four(const struct judge *judge) {
    size_t i = judge->start;
    bool hex = false;
    if (is_quote(unit(judge, i)))
        i++;
    if (unit(judge, i) == '+')
        i++;
    if (unit(judge, i) == '0' && (unit(judge, i + 1) | 0x20) == 'x') {
        hex = true;
        i += 2;
    }
    while (unit(judge, i) == '0')
        i++;
    unsigned after = unit(judge, i + 1);
    bool digit =
        (after >= '0' && after <= '9') || (hex && (after | 0x20) >= 'a' && (after | 0x20) <= 'f');
    return unit(judge, i) == '4' && !digit ? i : judge->end;
}

static void keep_span(const struct judge *judge, struct record_span *span) {
    span->offset = judge->base + judge->start * judge->width;
    span->length = (judge->end - judge->start) * judge->width;
}

static void unquote(struct judge *judge) {
    unsigned quote = unit(judge, judge->start);
    if (judge->end - judge->start >= 2 && is_quote(quote) && unit(judge, judge->end - 1) == quote) {
        judge->start++;
        judge->end--;
    }
}

static void on_state(struct judge *judge) {
    struct record *record = judge->record;
    size_t four = find_four(judge);
    bool reads = four < judge->end;
    judge->states++;
    if (judge->states > 1 && (record->has_digit || judge->certificates || !reads))
        return;
    judge->home = judge->heading;
    record->line = judge->line;
    keep_span(judge, &record->state);
    if (reads) {
        record->has_digit = true;
        record->digit = judge->base + four * judge->width;
        unquote(judge);
        judge->plain = judge->end - judge->start == 1;
    }
}

/* How many characters the value has; bytes that are UTF-8 are taken for it, with or without a mark. */
static size_t characters(const struct judge *judge) {
    const char *bytes = (const char *)judge->bytes + judge->base + judge->start;
    size_t length = judge->end - judge->start;
    size_t count = 0;
    if (judge->width == 2 || !text_is_utf8(bytes, length))
        return length;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)bytes[i] & 0xC0) != 0x80;
    return count;
}

/* `/o=Org/ou=Site/cn=Recipients/cn=Name`, or `o=Org, ou=Site, cn=Recipients, cn=Name`: starts with
 * an organization and ends with a common name, every component (a type of letters, `=`, a value)
 * whole. Key material, which must never be shown, has no such form. */
static bool is_distinguished_name(const struct judge *judge) {
    size_t i = judge->start;
    unsigned separator = unit(judge, i) == '/' ? '/' : ',';
    if (separator == '/')
        i++;
    if ((unit(judge, i) | 0x20) != 'o' || unit(judge, i + 1) != '=' ||
        characters(judge) > RECORD_MAILBOX_MAX)
        return false;
    for (;;) {
        size_t type = i;
        while ((unit(judge, i) | 0x20) >= 'a' && (unit(judge, i) | 0x20) <= 'z')
            i++;
        bool is_cn = i - type == 2 && (unit(judge, type) | 0x20) == 'c' &&
                     (unit(judge, type + 1) | 0x20) == 'n';
        if (i == type || unit(judge, i) != '=')
            return false;
        size_t value = ++i;
        while (unit(judge, i) >= 0x20 && unit(judge, i) != 0x7F && unit(judge, i) != separator)
            i++;
        if (i == value)
            return false;
        if (i == judge->end)
            return is_cn;
        if (unit(judge, i) != separator)
            return false;
        do
            i++;
        while (separator == ',' && is_blank(unit(judge, i)));
    }
}

/* ini_handler: a section heading (`name` is NULL), or a line with a name and a value. inih's copy of
 * the value may be cut, so the value is looked up in the file: what follows the first `=` of the
 * line, less blanks. */
static int on_record_line(void *user, const char *section, const char *name, const char *value) {
    struct judge *judge = user;
    (void)section;
    (void)value;
    if (name == NULL)
        return 1;
    do
        judge->start++;
    while (judge->start < judge->end && unit(judge, judge->start - 1) != '=');
    trim(judge);
    if (text_same(name, "State")) {
        on_state(judge);
    } else if (text_same(name, "NumSCerts")) {
        judge->certificates = true;
    } else if (resembles(name, "State", false) || resembles(name, "NumSCerts", false)) {
        judge->blanks = true;
    } else if (judge->record->mailbox.length == 0) {
        unquote(judge);
        if (is_distinguished_name(judge))
            keep_span(judge, &judge->record->mailbox);
    }
    return 1;
}

static bool is_trimmed(unsigned c) {
    return c <= 0x20 || c >= 0x7F;
}

/* In the name of a section: the `]` ends it. */
static size_t skip_trimmed(const struct judge *judge, size_t i) {
    while (is_trimmed(unit(judge, i)))
        i++;
    return i;
}

/* Of what is not ASCII the case is not known here, so all of it is one. */
static unsigned fold(unsigned c) {
    return c < 0x7F ? (unsigned char)text_lower((char)c) : 0x7F;
}

/* Whether Windows finds the State: it looks in the first section of a name only, and what it takes for
 * blanks around the name is a matter of the version. */
static bool is_in_reach(const struct judge *judge) {
    struct judge scan = *judge;
    size_t name = judge->home.name;
    scan.next = 0;
    if (name == 0)
        return true;
    if (unit(judge, name) == ']' || is_trimmed(unit(judge, name)) ||
        is_trimmed(unit(judge, judge->home.close - 1)))
        return false;
    while (next_line(&scan) && scan.start < name - 1) {
        see_heading(&scan);
        if (scan.heading.name != scan.start + 1)
            continue;
        size_t a = name;
        size_t b = skip_trimmed(judge, scan.heading.name);
        while (unit(judge, a) != ']' && fold(unit(judge, a)) == fold(unit(judge, b))) {
            a++;
            b++;
        }
        if (unit(judge, skip_trimmed(judge, a)) == ']' &&
            unit(judge, skip_trimmed(judge, b)) == ']')
            return false;
    }
    return true;
}

/* Decides the encoding from the mark and refuses what is not text; inih must not see a NUL. */
static enum verdict_reason open_text(struct judge *judge, size_t size) {
    const unsigned char *bytes = judge->bytes;
    judge->width = 1;
    judge->size = judge->end = size;
    if (size > RECORD_BYTES_MAX)
        return REASON_TOO_LARGE;
    if (size >= 2 && bytes[0] == 0xFF && bytes[1] == 0xFE) {
        judge->record->encoding = RECORD_UTF16LE;
        if (size % 2 != 0)
            return REASON_UTF16_ODD;
        judge->base = judge->width = 2;
        judge->size = size / 2 - 1;
    } else {
        /* The mark of UTF-16BE, which some versions of Windows may know. */
        judge->blanks = size >= 2 && bytes[0] == 0xFE && bytes[1] == 0xFF;
        if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
            judge->record->encoding = RECORD_UTF8;
            judge->base = 3;
            judge->size = size - 3;
        }
    }
    if (judge->size > 0 && find_unit(judge, 0, judge->size, '\0') != judge->size)
        return judge->width == 2 ? REASON_UTF16_NUL : REASON_NUL;
    return REASON_NONE;
}

bool record_is_named(const char *name) {
    size_t length = strlen(name);
    return length >= 4 && text_same(name + length - 4, ".ini");
}

/* Goes on to the value if the line's name is this one, in small letters, for any reader. */
static bool is_plainly(struct judge *judge, const char *name) {
    size_t i = judge->start;
    for (; *name != '\0' && (unit(judge, i) | 0x20) == (unsigned char)*name; name++)
        i++;
    while (is_blank(unit(judge, i)))
        i++;
    if (*name != '\0' || unit(judge, i) != '=')
        return false;
    judge->start = i + 1;
    trim(judge);
    return true;
}

/* Whether a line that starts here can be a State or a NumSCerts; the second letter tells of most that they
 * can not. */
static bool may_matter(const unsigned char *at, size_t size) {
    return size > 1 && (is_blank(at[0]) || (at[1] | 0x20U) == 't' || (at[1] | 0x20U) == 'u');
}

/* Nearly all records can be seen to be sound without inih: the lines that may matter are looked at, the
 * others passed over, and nothing counts behind a State and a NumSCerts. False leaves the file to inih. */
static bool is_plainly_sound(struct judge *judge) {
    const unsigned char *text = judge->bytes + judge->base;
    size_t size = judge->width == 1 ? judge->size : 0;
    size_t at = 0;
    while (at < size) {
        if (may_matter(text + at, size - at)) {
            judge->next = at;
            (void)next_line(judge);
            at = judge->next;
            if (is_plainly(judge, "state"))
                on_state(judge);
            else if (is_plainly(judge, "numscerts"))
                judge->certificates = true;
            if (judge->states > 0 && judge->certificates)
                return true;
        } else {
            const unsigned char *end = memchr(text + at, '\n', size - at);
            at = end != NULL ? (size_t)(end - text) + 1 : size;
            judge->line++;
        }
    }
    return judge->states > 0 && !judge->record->has_digit;
}

static enum verdict decide(struct judge *judge) {
    struct record *record = judge->record;
    if (judge->states == 0)
        return VERDICT_NOT_A_RECORD;
    if (judge->certificates || !record->has_digit)
        return VERDICT_SOUND;
    if (judge->states > 1)
        record->reason = REASON_TWO_STATES;
    else if (!judge->plain)
        record->reason = REASON_NOT_PLAIN;
    else if (judge->blanks || !is_in_reach(judge))
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
    judge->bytes = bytes;
    judge->record = record;
    record->reason = open_text(judge, size);
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
        return "its State reads as 4 but is not written as a plain 4";
    case REASON_TWO_STATES:
        return "it has more than one State";
    case REASON_BLANKS:
        return "odd characters, blanks or sections leave its meaning open";
    case REASON_NONE:
        break;
    }
    return "";
}

void record_mailbox(const struct record *record, const void *bytes, record_decode *decode,
                    void *context, char *to) {
    const char *name = (const char *)bytes + record->mailbox.offset;
    size_t length = record->mailbox.length;
    size_t done = 0;
    to[0] = '\0';
    if (length == 0)
        return;
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
