/* SPDX-License-Identifier: MIT */
#include "verb/walk.h"

#include <string.h>

static void judge(struct host_win *host, unsigned char *bytes, bool whole, struct walk_row *row) {
    uint32_t size = 0;
    size_t got = 0;
    memset(&row->record, 0, sizeof row->record);
    row->record.verdict = VERDICT_UNREADABLE;
    row->result = host->host.open(host, NULL, row->name, false, &size);
    if (row->result.code != HOST_OK)
        return;
    bool fits = size <= RECORD_BYTES_MAX;
    if (fits)
        row->result = host->host.read(host, 0, bytes, size, &got);
    host->host.close(host);
    if (row->result.code == HOST_OK)
        (whole ? record_judge_whole : record_judge)(bytes, fits ? (uint32_t)got : size,
                                                    &row->record);
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

bool walk_print_counts(enum console_stream to, const char *before,
                       const struct scan_counts *counts) {
    const uint32_t *verdict = counts->verdict;
    return console_print(
        to, "%s%u %s: %u stuck, %u sound, %u doubtful, %u unreadable, %u not a record\r\n", before,
        counts->files, counts->files == 1 ? "file" : "files", verdict[VERDICT_STUCK],
        verdict[VERDICT_SOUND], verdict[VERDICT_DOUBTFUL],
        verdict[VERDICT_UNREADABLE] + counts->busy, verdict[VERDICT_NOT_A_RECORD]);
}
