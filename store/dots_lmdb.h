/*
 * The store on LMDB: one environment, its unnamed database, default sync.
 * What the files of this driver share; nobody else includes it.
 *
 * Locks: calls hold "map" shared; only a change of the memory map holds it
 * exclusively, because LMDB moves the map under the feet of open transactions.
 */

#ifndef DOTS_LMDB_H
#define DOTS_LMDB_H

#include <lmdb.h>
#include <pthread.h>

#include "dots_store.h"

#define DOTS_LMDB_PARKED 8


struct dots_store_s {
    MDB_env          *env;
    MDB_dbi           dbi;
    size_t            size;
    size_t            reserve;   /* for transactions that add no record */
    size_t            limit;     /* "size", or with the reserve while "map" is
                                    held exclusively */
    unsigned          commits;
    int               broken;    /* the map is lost: nothing may touch it */
    pthread_rwlock_t  map;
    pthread_mutex_t   pool;
    MDB_txn          *parked[DOTS_LMDB_PARKED];
    size_t            nparked;
};


static inline MDB_val
dots_lmdb_val(dots_store_slice_t s)
{
    MDB_val  v;

    v.mv_size = s.len;
    v.mv_data = (void *) s.data;

    return v;
}


/* Sets the thread's error text and returns DOTS_STORE_ERROR. */
int dots_lmdb_failed(const char *what, int rc);

/* The same, but DOTS_STORE_FULL if the map or the disk is. */
int dots_lmdb_result(dots_store_t *store, const char *what, int rc);

/* ERROR if the key is longer than allowed or shorter than "least". */
int dots_lmdb_key(dots_store_slice_t key, size_t least);

/* Takes and gives up "map", shared.  ERROR: not taken. */
int dots_lmdb_enter(dots_store_t *store);
void dots_lmdb_leave(dots_store_t *store);

/* "map" is held; remaps and frees the slots of dead readers as needed. */
int dots_lmdb_begin(dots_store_t *store, unsigned flags, MDB_txn **txn);

/* "map" is held exclusively. */
int dots_lmdb_set_map(dots_store_t *store, size_t limit);

/* Nonzero while this thread is inside a callback of a read of the store. */
int dots_lmdb_read_inside(dots_store_t *store);

/*
 * The first key that begins with "prefix", and the one after the cursor's:
 * LMDB's codes, MDB_NOTFOUND if there is none.
 */
int dots_lmdb_read_first(MDB_cursor *cur, dots_store_slice_t prefix, MDB_val *k,
    MDB_val *v);
int dots_lmdb_read_next(MDB_cursor *cur, dots_store_slice_t prefix, MDB_val *k,
    MDB_val *v);

#endif /* DOTS_LMDB_H */
