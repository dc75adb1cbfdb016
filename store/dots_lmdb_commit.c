/* Committing: a group of conditional transactions in one of LMDB's. */

#include <errno.h>
#include <string.h>

#include "dots_lmdb.h"
#include "dots_lmdb_record.h"


/* look for the readers of killed processes once in so many commits */
#define DOTS_LMDB_COMMIT_STALE 256


/*
 * How many keys begin with the operation's key, never counting beyond what the
 * question needs.
 */

static int
dots_lmdb_commit_count(dots_store_t *store, MDB_txn *txn, dots_store_op_t *op,
    size_t enough, size_t *n)
{
    int          rc;
    MDB_val      k, v;
    MDB_cursor  *cur;

    *n = 0;

    if (enough == 0) {
        return 0;
    }

    rc = mdb_cursor_open(txn, store->dbi, &cur);
    if (rc != 0) {
        return rc;
    }

    rc = dots_lmdb_read_first(cur, op->key, &k, &v);

    while (rc == 0 && ++*n < enough) {
        rc = dots_lmdb_read_next(cur, op->key, &k, &v);
    }

    mdb_cursor_close(cur);

    return rc == MDB_NOTFOUND ? 0 : rc;
}


/* A damaged record is nobody's. */

static int
dots_lmdb_commit_same(dots_store_t *store, dots_store_op_t *op,
    const MDB_val *v)
{
    dots_store_slice_t  value, stored = { v->mv_data, v->mv_size };

    return dots_lmdb_record_open(op->key, stored, store->mixed, &value)
           == DOTS_STORE_OK
           && value.len == op->value.len
           && memcmp(value.data, op->value.data, value.len) == 0;
}


/* DECLINED if the operation's expectation does not hold; sets "existed". */

static int
dots_lmdb_commit_expect(dots_store_t *store, MDB_txn *txn, dots_store_op_t *op)
{
    int      rc;
    size_t   n;
    MDB_val  k, v;

    switch (op->action) {

    case DOTS_STORE_COUNT:
        rc = dots_lmdb_commit_count(store, txn, op, op->most, &n);
        op->existed = n != 0;

        if (rc == 0 && n >= op->most) {
            return DOTS_STORE_DECLINED;
        }

        break;

    case DOTS_STORE_DELETE_BELOW:
        rc = dots_lmdb_commit_count(store, txn, op, 1, &n);
        op->existed = n != 0;
        break;

    default:
        k = dots_lmdb_val(op->key);
        rc = mdb_get(txn, store->dbi, &k, &v);
        op->existed = rc == 0;

        if (rc == 0 && op->expect == DOTS_STORE_SAME
            && !dots_lmdb_commit_same(store, op, &v))
        {
            return DOTS_STORE_DECLINED;
        }

        rc = rc == MDB_NOTFOUND ? 0 : rc;
    }

    if (rc != 0) {
        return dots_lmdb_result(store, "read", rc);
    }

    if ((op->expect == DOTS_STORE_ABSENT && op->existed)
        || (op->expect >= DOTS_STORE_PRESENT && !op->existed))
    {
        return DOTS_STORE_DECLINED;
    }

    return DOTS_STORE_OK;
}


/*
 * Looks for the first key anew each time: where LMDB's cursor stands after it
 * deleted the last entry of a page differs between versions.
 */

static int
dots_lmdb_commit_delete_below(dots_store_t *store, MDB_txn *txn,
    dots_store_slice_t prefix)
{
    int          rc;
    MDB_val      k, v;
    MDB_cursor  *cur;

    rc = mdb_cursor_open(txn, store->dbi, &cur);
    if (rc != 0) {
        return rc;
    }

    for ( ;; ) {
        rc = dots_lmdb_read_first(cur, prefix, &k, &v);
        if (rc != 0) {
            break;
        }

        rc = mdb_cursor_del(cur, 0);
        if (rc != 0) {
            break;
        }
    }

    mdb_cursor_close(cur);

    return rc == MDB_NOTFOUND ? 0 : rc;
}


static int
dots_lmdb_commit_apply(dots_store_t *store, MDB_txn *txn, dots_store_op_t *op)
{
    int      rc;
    MDB_val  k, v;

    rc = 0;
    k = dots_lmdb_val(op->key);

    switch (op->action) {

    case DOTS_STORE_PUT:
        v.mv_size = op->value.len + DOTS_LMDB_RECORD_HEAD;
        rc = mdb_put(txn, store->dbi, &k, &v, MDB_RESERVE);

        if (rc == 0) {
            dots_lmdb_record_seal(op->key, op->value, v.mv_data);
        }

        break;

    case DOTS_STORE_DELETE:
        rc = mdb_del(txn, store->dbi, &k, NULL);
        rc = rc == MDB_NOTFOUND ? 0 : rc;
        break;

    case DOTS_STORE_DELETE_BELOW:
        rc = dots_lmdb_commit_delete_below(store, txn, op->key);
        break;

    case DOTS_STORE_CHECK:
    case DOTS_STORE_COUNT:
        break;
    }

    return rc == 0 ? DOTS_STORE_OK : dots_lmdb_result(store, "write", rc);
}


/* What can be refused without looking into the store. */

static int
dots_lmdb_commit_valid(dots_store_txn_t *t)
{
    size_t            i, least;
    dots_store_op_t  *op;

    for (i = 0; i < t->nops; i++) {
        op = &t->ops[i];

        if (op->action < DOTS_STORE_PUT || op->action > DOTS_STORE_COUNT) {
            return dots_lmdb_failed("unknown action", EINVAL);
        }

        least = op->action != DOTS_STORE_DELETE_BELOW
                && op->action != DOTS_STORE_COUNT;

        if (dots_lmdb_record_reserved(op->key)) {
            return dots_lmdb_failed("a key that begins with NUL", EINVAL);
        }

        if (dots_lmdb_key(op->key, least) != DOTS_STORE_OK) {
            return DOTS_STORE_ERROR;
        }
    }

    return DOTS_STORE_OK;
}


void
dots_store_fence(dots_store_t *store, dots_store_slice_t key,
    dots_store_slice_t value)
{
    store->fence = key;
    store->writer = value;
}


static int
dots_lmdb_commit_begins(dots_store_slice_t value, dots_store_slice_t with)
{
    return with.len == 0
           || (value.len >= with.len
               && memcmp(value.data, with.data, with.len) == 0);
}


/* A damaged record is nobody's. */

static int
dots_lmdb_commit_fence(dots_store_t *store, MDB_txn *txn, dots_store_txn_t *t)
{
    int                 rc;
    MDB_val             k, v;
    dots_store_slice_t  stored, value = { NULL, 0 };

    if (t->claim || store->fence.len == 0) {
        return DOTS_STORE_OK;
    }

    k = dots_lmdb_val(store->fence);
    rc = mdb_get(txn, store->dbi, &k, &v);

    if (rc != 0 && rc != MDB_NOTFOUND) {
        return dots_lmdb_result(store, "read", rc);
    }

    if (rc == 0) {
        stored.data = v.mv_data;
        stored.len = v.mv_size;

        rc = dots_lmdb_record_open(store->fence, stored, store->mixed, &value);
    }

    if (rc != 0 || !dots_lmdb_commit_begins(value, store->writer)
        || !dots_lmdb_commit_begins(value, t->fence))
    {
        t->result = DOTS_STORE_FENCED;
    }

    return DOTS_STORE_OK;
}


/*
 * One transaction of the group inside LMDB's.  The return value speaks of the
 * whole group: anything but OK means that LMDB's transaction must be dropped.
 */

static int
dots_lmdb_commit_one(dots_store_t *store, MDB_txn *txn, dots_store_txn_t *t,
    uint64_t order)
{
    int     rc;
    size_t  i;

    t->failed = 0;
    t->order = order;
    t->result = dots_lmdb_commit_valid(t);

    if (t->result != DOTS_STORE_OK) {
        return DOTS_STORE_OK;
    }

    /* orders follow each other only where no commit is in between */

    if (t->since && t->since + 1 != order) {
        t->result = DOTS_STORE_DECLINED;
        t->failed = t->nops;
        return DOTS_STORE_OK;
    }

    rc = dots_lmdb_commit_fence(store, txn, t);

    if (rc != DOTS_STORE_OK || t->result != DOTS_STORE_OK) {
        return rc;
    }

    for (i = 0; i < t->nops; i++) {
        rc = dots_lmdb_commit_expect(store, txn, &t->ops[i]);

        if (rc == DOTS_STORE_DECLINED) {
            t->result = rc;
            t->failed = i;
            return DOTS_STORE_OK;
        }

        if (rc != DOTS_STORE_OK) {
            return rc;
        }
    }

    for (i = 0; i < t->nops; i++) {
        rc = dots_lmdb_commit_apply(store, txn, &t->ops[i]);

        if (rc != DOTS_STORE_OK) {
            return rc;
        }
    }

    return DOTS_STORE_OK;
}


static void
dots_lmdb_commit_results(dots_store_txn_t **txns, size_t n, int rc)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        txns[i]->result = rc;
        txns[i]->failed = 0;
    }
}


/* Nonzero if the transaction leaves no more records than it found. */

static int
dots_lmdb_commit_adds_none(dots_store_txn_t *t)
{
    size_t            i;
    dots_store_op_t  *op;

    for (i = 0; i < t->nops; i++) {
        op = &t->ops[i];

        if (op->action == DOTS_STORE_PUT && !op->existed) {
            return 0;
        }
    }

    return 1;
}


/*
 * A copy-on-write tree needs free pages even to delete, so a full store could
 * never become less full.  What the records take is bounded here; the map is
 * larger, and what adds no record may use the rest of it.
 */

static int
dots_lmdb_commit_bound(dots_store_t *store, MDB_txn *txn, dots_store_txn_t *t)
{
    MDB_stat  st;

    if (t->result != DOTS_STORE_OK || t->spare
        || dots_lmdb_commit_adds_none(t))
    {
        return DOTS_STORE_OK;
    }

    if (mdb_stat(txn, store->dbi, &st) == 0
        && st.ms_branch_pages + st.ms_leaf_pages + st.ms_overflow_pages
           > store->size / st.ms_psize)
    {
        return dots_lmdb_result(store, "state_size", MDB_MAP_FULL);
    }

    return DOTS_STORE_OK;
}


/* The first commit to a store of format 1 makes it one of today's. */

static int
dots_lmdb_commit_stamp(dots_store_t *store, MDB_txn *txn)
{
    int      rc;
    MDB_val  k, v;
    uint8_t  stamp[DOTS_LMDB_RECORD_STAMP];

    if (store->stamped) {
        return DOTS_STORE_OK;
    }

    dots_lmdb_record_stamp(1, stamp);

    k = dots_lmdb_val(dots_lmdb_record_format_key);
    v.mv_data = stamp;
    v.mv_size = sizeof(stamp);

    rc = mdb_put(txn, store->dbi, &k, &v, 0);

    return rc == 0 ? DOTS_STORE_OK : dots_lmdb_result(store, "write", rc);
}


/* All of the group in one LMDB transaction, or none of it. */

static int
dots_lmdb_commit_group(dots_store_t *store, dots_store_txn_t **txns, size_t n)
{
    int       rc;
    size_t    i;
    MDB_txn  *txn;
    uint64_t  order;

    rc = dots_lmdb_begin(store, 0, &txn);

    if (rc != DOTS_STORE_OK) {
        dots_lmdb_commit_results(txns, n, rc);
        return rc;
    }

    order = (uint64_t) mdb_txn_id(txn) << DOTS_LMDB_ORDER;
    rc = dots_lmdb_commit_stamp(store, txn);

    for (i = 0; rc == DOTS_STORE_OK && i < n; i++) {
        rc = dots_lmdb_commit_one(store, txn, txns[i], order | i);

        if (rc == DOTS_STORE_OK) {
            rc = dots_lmdb_commit_bound(store, txn, txns[i]);
        }
    }

    if (rc != DOTS_STORE_OK) {
        mdb_txn_abort(txn);
        dots_lmdb_commit_results(txns, n, rc);
        return rc;
    }

    rc = mdb_txn_commit(txn);

    if (rc != 0) {
        rc = dots_lmdb_result(store, "mdb_txn_commit", rc);
        dots_lmdb_commit_results(txns, n, rc);
        return rc;
    }

    store->stamped = 1;

    return DOTS_STORE_OK;
}


/* Each alone, so that one which does not fit takes no other with it. */

static int
dots_lmdb_commit_single(dots_store_t *store, dots_store_txn_t **txns, size_t n)
{
    int     rc, worst;
    size_t  i;

    worst = DOTS_STORE_OK;

    for (i = 0; i < n; i++) {
        rc = dots_lmdb_commit_group(store, &txns[i], 1);

        if (rc != DOTS_STORE_OK) {
            worst = rc;
        }
    }

    return worst;
}


static int
dots_lmdb_commit_all(dots_store_t *store, dots_store_txn_t **txns, size_t n)
{
    int  rc;

    if (__atomic_add_fetch(&store->commits, 1, __ATOMIC_RELAXED)
        % DOTS_LMDB_COMMIT_STALE == 0)
    {
        (void) mdb_reader_check(store->env, NULL);
    }

    rc = dots_lmdb_commit_group(store, txns, n);

    if (rc == DOTS_STORE_FULL) {
        /* a killed reader pins every page that was freed since */
        (void) mdb_reader_check(store->env, NULL);
        rc = dots_lmdb_commit_single(store, txns, n);
    }

    return rc;
}


/*
 * LMDB gives up an environment whose meta page it could not write, and the
 * fault may be over at once: what was refused is refused, the next one finds a
 * new environment.
 */

static int
dots_lmdb_commit_panic(dots_store_t *store)
{
    int       rc;
    MDB_txn  *txn;

    rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);

    if (rc == 0) {
        mdb_txn_abort(txn);
    }

    return rc == MDB_PANIC;
}


int
dots_store_commit(dots_store_t *store, dots_store_txn_t **txns, size_t n)
{
    int  rc, panic;

    if (n == 0) {
        return DOTS_STORE_OK;
    }

    /* a commit may have to remap, which this thread's own read would bar */

    if (dots_lmdb_read_inside(store)) {
        dots_lmdb_commit_results(txns, n, DOTS_STORE_ERROR);
        return dots_lmdb_failed("commit inside a read", EDEADLK);
    }

    if (store->broken) {
        dots_lmdb_reopen(store);
    }

    if (dots_lmdb_enter(store, 1) != DOTS_STORE_OK) {
        dots_lmdb_commit_results(txns, n, DOTS_STORE_ERROR);
        return DOTS_STORE_ERROR;
    }

    rc = dots_lmdb_commit_all(store, txns, n);
    panic = rc == DOTS_STORE_ERROR && dots_lmdb_commit_panic(store);

    dots_lmdb_leave(store);

    if (panic) {
        dots_lmdb_reopen(store);
    }

    return rc;
}
