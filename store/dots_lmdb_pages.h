/*
 * LMDB's data file read without LMDB: every page of a snapshot is looked at
 * before anything is believed, so that a damaged file costs a sentence and no
 * signal.  Knows the layout of LMDB 0.9 (data version 1, 64 bit) and nothing of
 * what the values hold.  Called by the check of the store only.
 */

#ifndef DOTS_LMDB_PAGES_H
#define DOTS_LMDB_PAGES_H

#include "dots_store.h"

#define DOTS_LMDB_PAGES_TEXT   200
#define DOTS_LMDB_PAGES_NEWEST UINT64_MAX

typedef struct {
    uint64_t      txnid;       /* the snapshot, or NEWEST, then its number */
    uint64_t      entries;     /* as the file says */
    uint64_t      seen;        /* those found */
    uint64_t      used;        /* pages of the trees */
    uint64_t      last;        /* highest page number */
    size_t        page;        /* bytes a page */
    size_t        faults;
    char          fault[DOTS_LMDB_PAGES_TEXT];    /* the first one */
    int           rc;          /* errno of a failed read, of no memory; or 0 */

    /* every record of the snapshot in order; a damaged page's are left out */

    dots_store_pt each;
    void         *ctx;
} dots_lmdb_pages_t;

/*
 * DOTS_STORE_OK: whole; ERROR: "faults", "fault" or "rc" say why; DECLINED:
 * there is no such snapshot (any more).  "fd": the data file, read by pread()
 * alone.
 */
int dots_lmdb_pages_check(int fd, dots_lmdb_pages_t *p);

/* No more than "txnid", "entries", "last" and "page". */
int dots_lmdb_pages_look(int fd, dots_lmdb_pages_t *p);

/* What "each" calls for a record that it finds damaged. */
void dots_lmdb_pages_fault(dots_lmdb_pages_t *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif /* DOTS_LMDB_PAGES_H */
