/*
 * Durable records: byte keys, byte values, conditional transactions.  Drivers
 * stand behind this header (LMDB now, etcd later).  Knows nothing of what the
 * records mean.  A store is opened after fork, by each process for itself;
 * dots_store_commit() blocks on the disk and on other writers, so an nginx
 * worker calls it from a thread only; reads never block on a writer.  Keys that
 * begin with a NUL byte are the driver's own.
 * dots_store_commit() and the readers may run in different threads.
 */

#ifndef DOTS_STORE_H
#define DOTS_STORE_H

#include <stddef.h>
#include <stdint.h>

#define DOTS_STORE_KEY_MAX 500

#define DOTS_STORE_OK        0
#define DOTS_STORE_ERROR    -1 /* disk or library: errno-like text available */
#define DOTS_STORE_DECLINED -3 /* an expectation did not hold, or no such key */
#define DOTS_STORE_FULL     -4 /* the map or the disk is full */
#define DOTS_STORE_DAMAGED  -5 /* a record is not as it was written */
#define DOTS_STORE_FENCED   -7 /* another writer has claimed the store */

typedef struct dots_store_s  dots_store_t;

typedef struct {
    const void *data;
    size_t      len;
} dots_store_slice_t;

typedef enum {
    DOTS_STORE_PUT = 1,
    DOTS_STORE_DELETE,
    DOTS_STORE_DELETE_BELOW,    /* every key that begins with "key" */
    DOTS_STORE_CHECK,           /* the expectation only */
    DOTS_STORE_COUNT            /* keys that begin with "key", before any op of
                                   this transaction, must be fewer than
                                   "most" */
} dots_store_action_t;

typedef enum {
    DOTS_STORE_ANY = 0,
    DOTS_STORE_ABSENT,
    DOTS_STORE_PRESENT,
    DOTS_STORE_SAME             /* "value" is there; for DELETE and CHECK */
} dots_store_expect_t;

typedef struct {
    dots_store_action_t  action;
    dots_store_expect_t  expect;
    dots_store_slice_t   key;
    dots_store_slice_t   value;
    size_t               most;      /* DOTS_STORE_COUNT */
    int                  existed;   /* out: the key was there before */
} dots_store_op_t;

/*
 * All operations or none.  Expectations are all checked before the first
 * change.  result: OK, DECLINED (then "failed" is the index of the operation
 * whose expectation did not hold), FULL, FENCED, ERROR.
 */
typedef struct {
    dots_store_op_t *ops;
    size_t           nops;
    dots_store_slice_t fence;       /* see dots_store_fence(); may be empty */
    uint64_t         since;         /* unless 0: DECLINED if anything came after
                                       this order (then "failed" is nops) */
    unsigned         claim:1;       /* goes through the fence */
    unsigned         spare:1;       /* may use what is kept free so that a full
                                       store can be changed and emptied */
    int              result;
    size_t           failed;
    uint64_t         order;         /* if OK: more than that of all before it,
                                       whichever process made them */
} dots_store_txn_t;

/*
 * "path": an existing directory, where a store is made if there is none.
 * "size": upper bound of the data in bytes; the file may be an eighth larger.
 * DOTS_STORE_OK, or DOTS_STORE_ERROR with one sentence in "err".
 */
int dots_store_open(dots_store_t **store, const char *path, size_t size,
    char *err, size_t errsize);
void dots_store_close(dots_store_t *store);

/*
 * Transactions of this handle are FENCED from now on unless the record of "key"
 * begins with "value", and with what the transaction has in "fence"; what both
 * point to outlives the handle.  A writer claims the store by a transaction
 * that puts its own value there: what others commit after that is refused, even
 * if they began before.
 */
void dots_store_fence(dots_store_t *store, dots_store_slice_t key,
    dots_store_slice_t value);

/*
 * Many transactions in one durable commit; each gets its own result, in order,
 * later ones see earlier ones.  When it returns, what has OK is on the disk.
 * Returns OK if the commit as a whole went through.
 */
int dots_store_commit(dots_store_t *store, dots_store_txn_t **txns, size_t n);

/*
 * The callback gets slices that are valid during the call only; a nonzero
 * return ends a walk.  get: OK, DECLINED, DAMAGED, ERROR.  walk: keys that
 * begin with "prefix", ascending; OK, ERROR, or DAMAGED: the callback has seen
 * all but those that are.
 */
typedef int (*dots_store_pt)(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);

int dots_store_get(dots_store_t *store, dots_store_slice_t key,
    dots_store_pt cb, void *ctx);
int dots_store_walk(dots_store_t *store, dots_store_slice_t prefix,
    dots_store_pt cb, void *ctx);

/* Likewise, the keys behind "after", be that there or not. */
int dots_store_walk_after(dots_store_t *store, dots_store_slice_t prefix,
    dots_store_slice_t after, dots_store_pt cb, void *ctx);

/*
 * All that the callback reads is of one moment, and costs less than one by one.
 * OK, or ERROR: it was not called.
 */
int dots_store_snapshot(dots_store_t *store, void (*cb)(void *ctx), void *ctx);

/*
 * What this thread's last read, or the one it is in, saw: all transactions up
 * to this order, and no other.
 */
uint64_t dots_store_seen(void);

/* Text of the last error of this thread, never NULL. */
const char *dots_store_error(dots_store_t *store);

#endif /* DOTS_STORE_H */
