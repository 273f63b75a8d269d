/* SPDX-License-Identifier: MIT */
#include "verb/when.h"

#include <windows.h>

#include "journal.h"
#include "text.h"

enum { MINUTE_SECONDS = 60, HOUR_SECONDS = 3600 };

/* As a clock here shows it, in seconds since 1970. */
static uint32_t local_of(uint32_t utc) {
    const uint64_t to_1970 = 11644473600U; /* seconds from 1601, where a FILETIME begins */
    ULARGE_INTEGER ticks = {.QuadPart = (to_1970 + utc) * 10000000U};
    FILETIME file = {ticks.LowPart, ticks.HighPart};
    SYSTEMTIME time;
    SYSTEMTIME local;
    if (!FileTimeToSystemTime(&file, &time) ||
        !SystemTimeToTzSpecificLocalTime(NULL, &time, &local) || local.wYear < 1970)
        return utc;
    return journal_utc(local.wYear, local.wMonth, local.wDay,
                       local.wHour * (uint32_t)HOUR_SECONDS +
                           local.wMinute * (uint32_t)MINUTE_SECONDS + local.wSecond);
}

const char *when_print(uint32_t utc, char to[WHEN_BYTES]) {
    uint32_t local = local_of(utc);
    bool ahead = local >= utc;
    uint32_t minutes = (ahead ? local - utc : utc - local) / MINUTE_SECONDS;
    struct text text;
    journal_print_time(local, to);
    to[10] = ' ';
    text_begin(&text, to + 16, WHEN_BYTES - 16);
    text_put(&text, ahead ? " +" : " -");
    text_put_2(&text, minutes / 60);
    text_put_char(&text, ':');
    text_put_2(&text, minutes % 60);
    return to;
}

const char *when_print_as(enum format format, uint32_t utc, char to[WHEN_BYTES]) {
    if (format == FORMAT_TABLE)
        return when_print(utc, to);
    journal_print_time(utc, to);
    return to;
}
