/*
 * Reading.  A reader takes a parked read transaction from a pool, so that it
 * costs no system call.  A callback that reads again does so in the same
 * transaction and so sees the same snapshot.
 */

#include <errno.h>
#include <string.h>

#include "dots_lmdb.h"
#include "dots_lmdb_record.h"


/* The read that this thread is in the middle of. */

static __thread struct {
    dots_store_t *store;
    MDB_txn      *txn;
    uint64_t      order;    /* kept when it is over */
} dots_lmdb_read_outer;


int
dots_lmdb_read_inside(dots_store_t *store)
{
    return dots_lmdb_read_outer.store == store;
}


uint64_t
dots_store_seen(void)
{
    return dots_lmdb_read_outer.order;
}


static MDB_txn *
dots_lmdb_read_unpark(dots_store_t *store)
{
    MDB_txn  *txn;

    pthread_mutex_lock(&store->pool);
    txn = store->nparked ? store->parked[--store->nparked] : NULL;
    pthread_mutex_unlock(&store->pool);

    if (txn != NULL && mdb_txn_renew(txn) != 0) {
        mdb_txn_abort(txn);
        return NULL;
    }

    return txn;
}


static void
dots_lmdb_read_park(dots_store_t *store, MDB_txn *txn)
{
    mdb_txn_reset(txn);

    pthread_mutex_lock(&store->pool);

    if (store->nparked < DOTS_LMDB_PARKED) {
        store->parked[store->nparked++] = txn;
        txn = NULL;
    }

    pthread_mutex_unlock(&store->pool);

    if (txn != NULL) {
        mdb_txn_abort(txn);
    }
}


/* Sets "txn", and "outer" if it began here and read_end has to end it. */

static int
dots_lmdb_read_begin(dots_store_t *store, MDB_txn **txn, int *outer)
{
    *outer = !dots_lmdb_read_inside(store);

    if (!*outer) {
        *txn = dots_lmdb_read_outer.txn;
        return DOTS_STORE_OK;
    }

    if (dots_lmdb_enter(store, 0) != DOTS_STORE_OK) {
        return DOTS_STORE_ERROR;
    }

    *txn = dots_lmdb_read_unpark(store);

    if (*txn == NULL
        && dots_lmdb_begin(store, MDB_RDONLY, txn) != DOTS_STORE_OK)
    {
        dots_lmdb_leave(store);
        return DOTS_STORE_ERROR;
    }

    dots_lmdb_read_outer.store = store;
    dots_lmdb_read_outer.txn = *txn;
    dots_lmdb_read_outer.order = ((uint64_t) mdb_txn_id(*txn) + 1)
                                 << DOTS_LMDB_ORDER;
    dots_lmdb_read_outer.order--;

    return DOTS_STORE_OK;
}


static void
dots_lmdb_read_end(dots_store_t *store, MDB_txn *txn, int outer)
{
    if (!outer) {
        return;
    }

    dots_lmdb_read_outer.store = NULL;
    dots_lmdb_read_park(store, txn);
    dots_lmdb_leave(store);
}


static int
dots_lmdb_read_value(dots_store_t *store, dots_store_slice_t key,
    const MDB_val *v, dots_store_slice_t *value)
{
    dots_store_slice_t  stored = { v->mv_data, v->mv_size };

    if (dots_lmdb_record_open(key, stored, store->mixed, value)
        == DOTS_STORE_OK)
    {
        return DOTS_STORE_OK;
    }

    (void) dots_lmdb_failed("a record's check sum", MDB_CORRUPTED);

    return DOTS_STORE_DAMAGED;
}


int
dots_store_get(dots_store_t *store, dots_store_slice_t key, dots_store_pt cb,
    void *ctx)
{
    int                 rc, outer;
    MDB_val             k, v;
    MDB_txn            *txn;
    dots_store_slice_t  value;

    if (dots_lmdb_record_reserved(key)) {
        return dots_lmdb_failed("a key that begins with NUL", EINVAL);
    }

    if (dots_lmdb_key(key, 1) != DOTS_STORE_OK
        || dots_lmdb_read_begin(store, &txn, &outer) != DOTS_STORE_OK)
    {
        return DOTS_STORE_ERROR;
    }

    k = dots_lmdb_val(key);
    rc = mdb_get(txn, store->dbi, &k, &v);

    if (rc == 0) {
        rc = dots_lmdb_read_value(store, key, &v, &value);

        if (rc == DOTS_STORE_OK) {
            (void) cb(ctx, key, value);
        }

    } else {
        rc = rc == MDB_NOTFOUND ? DOTS_STORE_DECLINED
                                : dots_lmdb_failed("mdb_get", rc);
    }

    dots_lmdb_read_end(store, txn, outer);

    return rc;
}


static int
dots_lmdb_read_below(const MDB_val *key, dots_store_slice_t prefix)
{
    return key->mv_size >= prefix.len
           && (prefix.len == 0
               || memcmp(key->mv_data, prefix.data, prefix.len) == 0);
}


int
dots_lmdb_read_first(MDB_cursor *cur, dots_store_slice_t prefix, MDB_val *k,
    MDB_val *v)
{
    int                        rc;
    static dots_store_slice_t  all = { "\1", 1 };

    /* an empty prefix is that of all keys; the store's own come before them */

    *k = dots_lmdb_val(prefix.len ? prefix : all);

    rc = mdb_cursor_get(cur, k, v, MDB_SET_RANGE);

    if (rc == 0 && !dots_lmdb_read_below(k, prefix)) {
        return MDB_NOTFOUND;
    }

    return rc;
}


int
dots_lmdb_read_next(MDB_cursor *cur, dots_store_slice_t prefix, MDB_val *k,
    MDB_val *v)
{
    int  rc;

    rc = mdb_cursor_get(cur, k, v, MDB_NEXT);

    if (rc == 0 && !dots_lmdb_read_below(k, prefix)) {
        return MDB_NOTFOUND;
    }

    return rc;
}


static int
dots_lmdb_read_behind(MDB_cursor *cur, dots_store_slice_t prefix,
    dots_store_slice_t after, MDB_val *k, MDB_val *v)
{
    int  rc;

    *k = dots_lmdb_val(after);

    rc = mdb_cursor_get(cur, k, v, MDB_SET_RANGE);

    if (rc == 0 && k->mv_size == after.len
        && memcmp(k->mv_data, after.data, after.len) == 0)
    {
        return dots_lmdb_read_next(cur, prefix, k, v);
    }

    return rc == 0 && !dots_lmdb_read_below(k, prefix) ? MDB_NOTFOUND : rc;
}


static int
dots_lmdb_read_each(dots_store_t *store, MDB_txn *txn,
    dots_store_slice_t prefix, dots_store_slice_t after, dots_store_pt cb,
    void *ctx)
{
    int                 rc, result;
    MDB_val             k, v;
    MDB_cursor         *cur;
    dots_store_slice_t  key, value;

    rc = mdb_cursor_open(txn, store->dbi, &cur);
    if (rc != 0) {
        return dots_lmdb_failed("mdb_cursor_open", rc);
    }

    result = DOTS_STORE_OK;
    rc = after.len ? dots_lmdb_read_behind(cur, prefix, after, &k, &v)
                   : dots_lmdb_read_first(cur, prefix, &k, &v);

    while (rc == 0) {
        key.data = k.mv_data;
        key.len = k.mv_size;

        if (dots_lmdb_read_value(store, key, &v, &value) != DOTS_STORE_OK) {
            result = DOTS_STORE_DAMAGED;

        } else if (cb(ctx, key, value) != 0) {
            break;
        }

        rc = dots_lmdb_read_next(cur, prefix, &k, &v);
    }

    mdb_cursor_close(cur);

    if (rc != 0 && rc != MDB_NOTFOUND) {
        return dots_lmdb_failed("mdb_cursor_get", rc);
    }

    return result;
}


int
dots_store_walk(dots_store_t *store, dots_store_slice_t prefix,
    dots_store_pt cb, void *ctx)
{
    dots_store_slice_t  none = { NULL, 0 };

    return dots_store_walk_after(store, prefix, none, cb, ctx);
}


int
dots_store_walk_after(dots_store_t *store, dots_store_slice_t prefix,
    dots_store_slice_t after, dots_store_pt cb, void *ctx)
{
    int       rc, outer;
    MDB_txn  *txn;

    if (dots_lmdb_key(prefix, 0) != DOTS_STORE_OK
        || dots_lmdb_key(after, 0) != DOTS_STORE_OK
        || dots_lmdb_read_begin(store, &txn, &outer) != DOTS_STORE_OK)
    {
        return DOTS_STORE_ERROR;
    }

    rc = dots_lmdb_read_each(store, txn, prefix, after, cb, ctx);
    dots_lmdb_read_end(store, txn, outer);

    return rc;
}


int
dots_store_snapshot(dots_store_t *store, void (*cb)(void *ctx), void *ctx)
{
    int       outer;
    MDB_txn  *txn;

    if (dots_lmdb_read_begin(store, &txn, &outer) != DOTS_STORE_OK) {
        return DOTS_STORE_ERROR;
    }

    cb(ctx);
    dots_lmdb_read_end(store, txn, outer);

    return DOTS_STORE_OK;
}
