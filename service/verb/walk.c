/* SPDX-License-Identifier: MIT */
#include "verb/walk.h"

#include <string.h>

const enum verdict walk_verdicts[WALK_VERDICTS] = {VERDICT_STUCK, VERDICT_SOUND, VERDICT_DOUBTFUL,
                                                   VERDICT_UNREADABLE, VERDICT_NOT_A_RECORD};

uint32_t walk_count(const struct scan_counts *counts, size_t i) {
    return counts->verdict[walk_verdicts[i]] +
           (walk_verdicts[i] == VERDICT_UNREADABLE ? counts->busy : 0);
}

static void judge(struct host_win *host, unsigned char *bytes, bool whole, struct walk_row *row) {
    uint32_t size = 0;
    size_t got = 0;
    memset(&row->record, 0, sizeof row->record);
    row->record.verdict = VERDICT_UNREADABLE;
    row->size = 0;
    row->result = host->host.open(host, NULL, row->name, false, &size);
    if (row->result.code != HOST_OK)
        return;
    bool fits = size <= RECORD_BYTES_MAX;
    if (fits)
        row->result = host->host.read(host, 0, bytes, size, &got);
    host->host.close(host);
    row->size = fits ? (uint32_t)got : size;
    if (row->result.code == HOST_OK)
        (whole ? record_judge_whole : record_judge)(bytes, row->size, &row->record);
}

struct host_result walk_folder(struct host_win *host, unsigned char *bytes, bool whole,
                               struct scan_counts *counts, walk_visit *visit, void *context) {
    static struct walk_row row;
    struct host_stamp stamp;
    memset(counts, 0, sizeof *counts);
    struct host_result result = host->host.list_open(host);
    if (result.code != HOST_OK)
        return result;
    while ((result = host->host.list_next(host, row.name, sizeof row.name, &stamp)).code ==
           HOST_OK) {
        if (!record_is_named(row.name))
            continue;
        judge(host, bytes, whole, &row);
        if (row.result.code == HOST_GONE)
            continue;
        counts->files++;
        /* What must not be read, such as a link, will not be readable later either. */
        if (row.result.code != HOST_OK && row.result.code != HOST_REFUSED)
            counts->busy++;
        else
            counts->verdict[row.record.verdict]++;
        if (visit != NULL)
            visit(context, &row);
    }
    host->host.list_close(host);
    if (result.code == HOST_END)
        result.code = HOST_OK;
    return result;
}

const char *walk_counts(const struct scan_counts *counts) {
    static char words[160];
    struct text text;
    text_begin(&text, words, sizeof words);
    text_print(&text, "%u file%s", counts->files, counts->files == 1 ? "" : "s");
    for (size_t i = 0; i < WALK_VERDICTS; i++)
        text_print(&text, "%s %u %s", i == 0 ? ":" : ",", walk_count(counts, i),
                   i == WALK_VERDICTS - 1 ? "not a record" : record_verdict_name(walk_verdicts[i]));
    return words;
}
