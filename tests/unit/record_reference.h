/* SPDX-License-Identifier: MIT */
/*
 * record_reference: the verdict on a record once more, as slowly and plainly as it can be said.
 *
 * Written from the table of verdicts and the rule above it (section 2 of the design), not from
 * core/record.c or core/profile.c, so that they can be compared on many files. It follows no
 * parser: where Windows' versions or Wine differ, a stuck record is doubtful. The caution beyond
 * the table is that of record.h and profile.h.
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
