/*
 * A snapshot of the data file, kept as long as somebody reads it.  Used by the
 * check, the backup and the restoring of a store.
 */

#ifndef DOTS_LMDB_CHECK_H
#define DOTS_LMDB_CHECK_H

#include <lmdb.h>

#include "dots_lmdb_file.h"
#include "dots_lmdb_pages.h"
#include "dots_store_file.h"

typedef struct {
    int       fd;
    MDB_env  *env;       /* NULL: not pinned */
    MDB_txn  *txn;
    uint64_t  txnid;     /* or DOTS_LMDB_PAGES_NEWEST */
} dots_lmdb_snapshot_t;

/* OK, DECLINED or ERROR; fills "file" and "text" of the report. */
int dots_lmdb_snapshot_open(dots_lmdb_snapshot_t *s, const char *path, int pin,
    dots_store_report_t *r);
void dots_lmdb_snapshot_close(dots_lmdb_snapshot_t *s);

/* All of it; "each" gets values without, "raw" with what surrounds them. */
int dots_lmdb_snapshot_check(dots_lmdb_snapshot_t *s, dots_store_pt each,
    dots_store_pt raw, void *ctx, dots_store_report_t *r);

/* Sets the report's text, with the way out of it; returns "result". */
int dots_lmdb_snapshot_failed(dots_store_report_t *r, int result,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif /* DOTS_LMDB_CHECK_H */
