/*
 * The store on LMDB: one environment, its unnamed database, default sync.
 * What the files of this driver share; nobody else includes it.
 *
 * Locks: calls hold "map" shared; only a change of the memory map holds it
 * exclusively, because LMDB moves the map under the feet of open transactions,
 * and never across a write to the disk.  A reader never waits for "map".
 */

#ifndef DOTS_LMDB_H
#define DOTS_LMDB_H

#include <lmdb.h>
#include <pthread.h>

#include "dots_store.h"

#define DOTS_LMDB_PARKED 8
#define DOTS_LMDB_ORDER  20               /* bits for the place in a commit */
#define DOTS_LMDB_DATA   "data.mdb"
#define DOTS_LMDB_LOCK   "lock.mdb"
#define DOTS_LMDB_NEW    "data.mdb.new"   /* until it is whole */


struct dots_store_s {
    MDB_env            *env;
    MDB_dbi             dbi;
    char               *path;
    size_t              size;     /* of what the records may take */
    size_t              page;
    int                 fd;       /* LMDB's, of the data file */
    off_t               whole;    /* the file was that long */
    unsigned            commits;
    int                 mixed;    /* those without a check sum are good, too */
    int                 stamped;  /* the format's record is there */
    int                 broken;   /* no environment: nothing may touch it */
    dots_store_slice_t  fence;    /* its key; empty: there is none */
    dots_store_slice_t  writer;   /* what its record begins with */
    pthread_rwlock_t    map;
    pthread_mutex_t     pool;
    MDB_txn            *parked[DOTS_LMDB_PARKED];
    size_t              nparked;
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

/*
 * Takes and gives up "map", shared.  ERROR: not taken.  Without "wait" that may
 * be because it is changed just now.
 */
int dots_lmdb_enter(dots_store_t *store, int wait);
void dots_lmdb_leave(dots_store_t *store);

/*
 * "map" is held; remaps and frees the slots of dead readers as needed.  With
 * MDB_RDONLY it is an ERROR if a commit of this process bars the remapping.
 */
int dots_lmdb_begin(dots_store_t *store, unsigned flags, MDB_txn **txn);

/* After MDB_PANIC: LMDB wants a new environment.  "map" is not held. */
void dots_lmdb_reopen(dots_store_t *store);

/* What nobody could open, and what to do about it. */
void dots_lmdb_sentence(char *err, size_t errsize, const char *path, int rc);

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
