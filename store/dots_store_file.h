/*
 * The store as its operator sees it: is it whole, what is in it, a copy of it,
 * another one in its place.  Beside dots_store.h: a store need not be open for
 * this, and nothing here makes or changes one but where it says so.  Called by
 * dots-admin, and by nginx's master before it starts workers.
 */

#ifndef DOTS_STORE_FILE_H
#define DOTS_STORE_FILE_H

#include "dots_store.h"

#define DOTS_STORE_TEXT  320

#define DOTS_STORE_NEWER -6 /* of a format that this version does not know */

typedef struct {
    uint64_t  records;
    uint64_t  damaged;      /* pages and records */
    uint64_t  bytes;        /* of the pages in use */
    uint64_t  size;         /* of the file */
    uint64_t  txnid;        /* commits so far */
    unsigned  version;      /* of the format */
    int       mixed;        /* there may be records without a check sum */
    char      file[DOTS_STORE_TEXT];
    char      text[DOTS_STORE_TEXT];   /* what is wrong, unless OK */
} dots_store_report_t;

/*
 * Looks at every page and every record of one snapshot.  DOTS_STORE_OK;
 * DECLINED: there is no store; DAMAGED; NEWER; ERROR: it can't be read.  "each"
 * may be NULL; it sees what is whole of a damaged store, too, and its nonzero
 * result counts a record as damaged.
 *
 * "pin": keeps the snapshot while the server goes on, which takes a reader's
 * place in lock.mdb, if there is one.  Without it nothing is opened for
 * writing, "each" must be NULL, and a store that changes all the time counts as
 * whole: a server runs on it.
 */
int dots_store_check(const char *path, int pin, dots_store_pt each, void *ctx,
    dots_store_report_t *r);

/*
 * A copy of the newest snapshot in "dir", an existing directory, in place of
 * the copy that is there; durable when it returns.  Codes as above, OK or not
 * at all; ERROR, too, if the copy can't be written.
 */
int dots_store_backup(const char *path, const char *dir,
    dots_store_report_t *r);

/*
 * A copy of the backup in "dir" in place of the store in "path", which stays
 * beside it under the name in "kept" (DOTS_STORE_TEXT bytes; empty: there was
 * none).  Codes as above, of the backup; ERROR, too, if the store is in use.
 */
int dots_store_restore(const char *path, const char *dir, char *kept,
    dots_store_report_t *r);

/* Nonzero if a process has the store open; as far as may be seen. */
int dots_store_used(const char *path);

#endif /* DOTS_STORE_FILE_H */
