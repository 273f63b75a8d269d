/*
 * record_reference: the verdict on a record once more, as slowly and plainly as it can be said.
 *
 * Written from the table of verdicts and not from core/record.c, so that the two can be compared on
 * many files. The caution beyond that table is that of record.h: what is listed at REASON_BLANKS makes a
 * stuck record doubtful.
 */
#ifndef KMREPAIR_RECORD_REFERENCE_H
#define KMREPAIR_RECORD_REFERENCE_H

#include "record.h"

struct reference {
    enum verdict verdict;
    enum verdict_reason reason;
    uint32_t line;
    bool has_digit;
    size_t digit;
};

/* Not for several threads at once. */
void reference_judge(const unsigned char *bytes, size_t size, struct reference *result);

#endif
