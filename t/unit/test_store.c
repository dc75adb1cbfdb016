/* store/dots_store.h against its LMDB driver: semantics, limits, crashes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dots_store.h"
#include "dots_store_file.h"


#define TEST_SIZE   (16 << 20)
#define TEST_ROUNDS 20
#define TEST_NOBODY 65534

/* every operation of a test, in one line */

#define op_put(k, e, v)                                                       \
    {                                                                         \
        .action = DOTS_STORE_PUT, .expect = DOTS_STORE_##e, .key = key(k),    \
        .value = key(v)                                                       \
    }
#define op(a, k, e)                                                           \
    {                                                                         \
        .action = DOTS_STORE_##a, .expect = DOTS_STORE_##e, .key = key(k)     \
    }
#define op_count(k, n)                                                        \
    {                                                                         \
        .action = DOTS_STORE_COUNT, .key = key(k), .most = (n)                \
    }
#define count(a) (sizeof(a) / sizeof((a)[0]))


typedef struct {
    char          dir[32];
    dots_store_t *store;
    int           damaged;   /* by the test */
} test_t;

typedef struct {
    char    text[4096];
    size_t  len;
    size_t  calls;
    size_t  stop;   /* end the walk at this call */
} seen_t;


static dots_store_slice_t
key(const char *text)
{
    dots_store_slice_t  s = { text, strlen(text) };

    return s;
}


static int
seen(void *ctx, dots_store_slice_t k, dots_store_slice_t v)
{
    seen_t  *s = ctx;

    s->len += (size_t) snprintf(s->text + s->len, sizeof(s->text) - s->len,
                                "%.*s=%.*s ", (int) k.len, (char *) k.data,
                                (int) v.len, (char *) v.data);
    assert_true(s->len < sizeof(s->text));

    return ++s->calls == s->stop;
}


static void
test_open(test_t *t, size_t size)
{
    char  err[512];

    err[0] = '\0';

    if (dots_store_open(&t->store, t->dir, size, err, sizeof(err)) != 0) {
        fail_msg("%s", err);
    }
}


static int
setup(void **state)
{
    test_t  *t;

    t = calloc(1, sizeof(test_t));
    assert_non_null(t);
    strcpy(t->dir, "/tmp/dots-store-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    test_open(t, TEST_SIZE);
    *state = t;

    return 0;
}


static int
teardown(void **state)
{
    char                  name[128];
    test_t               *t = *state;
    dots_store_report_t   r;

    dots_store_close(t->store);

    /* whatever a test has done to it, no page of it is wrong */

    if (!t->damaged
        && dots_store_check(t->dir, 0, NULL, NULL, &r) != DOTS_STORE_OK)
    {
        fail_msg("%s: %s", r.file, r.text);
    }

    snprintf(name, sizeof(name), "%s/data.mdb", t->dir);
    unlink(name);
    snprintf(name, sizeof(name), "%s/lock.mdb", t->dir);
    unlink(name);
    assert_int_equal(rmdir(t->dir), 0);
    free(t);

    return 0;
}


static int
commit(test_t *t, dots_store_op_t *ops, size_t n, size_t *failed)
{
    int               rc;
    dots_store_txn_t  txn = { .ops = ops, .nops = n, .result = 99 };
    dots_store_txn_t *txns[1] = { &txn };

    rc = dots_store_commit(t->store, txns, 1);

    if (rc != DOTS_STORE_OK) {
        assert_int_equal(rc, txn.result);
    }

    if (failed != NULL) {
        *failed = txn.failed;
    }

    return txn.result;
}


static void
expect_all(test_t *t, const char *prefix, const char *text)
{
    seen_t  s = { .len = 0 };

    assert_int_equal(dots_store_walk(t->store, key(prefix), seen, &s), 0);
    assert_string_equal(s.text, text);
}


static void
test_actions(void **state)
{
    seen_t           s = { .len = 0 };
    test_t          *t = *state;
    dots_store_op_t  put[] = { op_put("a", ANY, "1"), op_put("b", ANY, "2"),
                               op_put("b/x", ANY, ""), op_put("c", ANY, "3") };
    dots_store_op_t  more[] = { op_put("a", ANY, "9"), op(DELETE, "c", ANY),
                                op(DELETE, "none", ANY),
                                op(CHECK, "zz", ANY) };
    dots_store_op_t  below[] = { op(DELETE_BELOW, "b", ANY),
                                 op(DELETE_BELOW, "q", ANY) };

    assert_int_equal(commit(t, put, count(put), NULL), DOTS_STORE_OK);
    assert_int_equal(put[0].existed, 0);
    expect_all(t, "", "a=1 b=2 b/x= c=3 ");

    assert_int_equal(commit(t, more, count(more), NULL), DOTS_STORE_OK);
    assert_int_equal(more[0].existed, 1);
    assert_int_equal(more[1].existed, 1);
    assert_int_equal(more[2].existed, 0);
    assert_int_equal(more[3].existed, 0);
    expect_all(t, "", "a=9 b=2 b/x= ");

    assert_int_equal(commit(t, below, count(below), NULL), DOTS_STORE_OK);
    assert_int_equal(below[0].existed, 1);
    assert_int_equal(below[1].existed, 0);
    expect_all(t, "", "a=9 ");

    assert_int_equal(dots_store_get(t->store, key("a"), seen, &s), 0);
    assert_string_equal(s.text, "a=9 ");
    assert_int_equal(dots_store_get(t->store, key("b"), seen, &s),
                     DOTS_STORE_DECLINED);
    assert_int_equal(s.calls, 1);
}


/* Each expectation that fails, fails the whole and says which it was. */

static void
test_expectations(void **state)
{
    size_t           i, failed;
    test_t          *t = *state;
    dots_store_op_t  put[] = { op_put("k", ABSENT, "1"),
                               op_put("l", ABSENT, "1") };
    dots_store_op_t  good[] = {
        op_put("k", PRESENT, "2"), op(CHECK, "k", PRESENT),
        op(CHECK, "m", ABSENT), op(DELETE, "l", PRESENT),
        op(DELETE_BELOW, "m", ABSENT), op_count("k", 2), op_count("m", 1),
    };
    dots_store_op_t  bad[] = {
        op_put("k", ABSENT, "3"), op_put("m", PRESENT, "3"),
        op(CHECK, "k", ABSENT), op(CHECK, "m", PRESENT),
        op(DELETE, "m", PRESENT), op(DELETE, "k", ABSENT),
        op(DELETE_BELOW, "m", PRESENT), op(DELETE_BELOW, "k", ABSENT),
        op_count("k", 1), op_count("", 0),
    };
    dots_store_op_t  both[] = { op_put("n", ANY, "1"), op_put("k", ANY, "7"),
                                { .action = 0 } };

    assert_int_equal(commit(t, put, count(put), NULL), DOTS_STORE_OK);
    assert_int_equal(commit(t, good, count(good), NULL), DOTS_STORE_OK);
    expect_all(t, "", "k=2 ");

    for (i = 0; i < count(bad); i++) {
        both[2] = bad[i];
        assert_int_equal(commit(t, both, 3, &failed), DOTS_STORE_DECLINED);
        assert_int_equal(failed, 2);
        expect_all(t, "", "k=2 ");
    }
}


/* Who claimed the store last may write, in the middle of a group, too. */

static void
test_fence(void **state)
{
    size_t             i;
    test_t            *t = *state;
    dots_store_op_t    put[] = { op_put("k", ANY, "1") };
    dots_store_op_t    ours[] = { op_put("w", ANY, "A") };
    dots_store_op_t    theirs[] = { op(CHECK, "w", PRESENT),
                                    op_put("w", ANY, "B") };
    dots_store_op_t    last[] = { op_put("k", ANY, "2") };
    dots_store_txn_t   txn[] = {
        { .ops = put, .nops = 1 }, { .ops = theirs, .nops = 2, .claim = 1 },
        { .ops = ours, .nops = 1, .claim = 1 }, { .ops = put, .nops = 1 },
        { .ops = theirs, .nops = 2, .claim = 1 }, { .ops = last, .nops = 1 },
    };
    dots_store_txn_t  *txns[count(txn)];
    static const int   results[] = { DOTS_STORE_FENCED, DOTS_STORE_DECLINED,
                                     DOTS_STORE_OK, DOTS_STORE_OK,
                                     DOTS_STORE_OK, DOTS_STORE_FENCED };

    dots_store_fence(t->store, key("w"), key("A"));

    for (i = 0; i < count(txn); i++) {
        txns[i] = &txn[i];
    }

    assert_int_equal(dots_store_commit(t->store, txns, count(txn)),
                     DOTS_STORE_OK);

    for (i = 0; i < count(txn); i++) {
        assert_int_equal(txn[i].result, results[i]);
    }

    expect_all(t, "", "k=1 w=B ");

    dots_store_fence(t->store, key("w"), key("B"));
    assert_int_equal(commit(t, last, 1, NULL), DOTS_STORE_OK);
    expect_all(t, "", "k=2 w=B ");
}


/* One writer has several claims; what belongs to one goes with that alone. */

static void
test_fence_of_one(void **state)
{
    size_t             i;
    test_t            *t = *state;
    dots_store_op_t    first[] = { op_put("w", ANY, "A1") };
    dots_store_op_t    second[] = { op_put("w", ANY, "A2") };
    dots_store_op_t    other[] = { op_put("w", ANY, "B2") };
    dots_store_op_t    put[] = { op_put("k", ANY, "1") };
    dots_store_op_t    last[] = { op_put("k", ANY, "2") };
    dots_store_txn_t   txn[] = {
        { .ops = put, .nops = 1, .fence = key("A1") },
        { .ops = first, .nops = 1, .claim = 1 },
        { .ops = put, .nops = 1, .fence = key("A1") },
        { .ops = second, .nops = 1, .claim = 1 },
        { .ops = last, .nops = 1, .fence = key("A1") },
        { .ops = put, .nops = 1 },
        { .ops = put, .nops = 1, .fence = key("A2") },
        { .ops = put, .nops = 1, .fence = key("A23") },
        { .ops = other, .nops = 1, .claim = 1 },
        { .ops = last, .nops = 1, .fence = key("A2") },
        { .ops = last, .nops = 1 },
    };
    dots_store_txn_t  *txns[count(txn)];
    static const int   results[] = {
        DOTS_STORE_FENCED, DOTS_STORE_OK, DOTS_STORE_OK, DOTS_STORE_OK,
        DOTS_STORE_FENCED, DOTS_STORE_OK, DOTS_STORE_OK, DOTS_STORE_FENCED,
        DOTS_STORE_OK, DOTS_STORE_FENCED, DOTS_STORE_FENCED
    };

    dots_store_fence(t->store, key("w"), key("A"));

    for (i = 0; i < count(txn); i++) {
        txns[i] = &txn[i];
    }

    assert_int_equal(dots_store_commit(t->store, txns, count(txn)),
                     DOTS_STORE_OK);

    for (i = 0; i < count(txn); i++) {
        assert_int_equal(txn[i].result, results[i]);
    }

    expect_all(t, "", "k=1 w=B2 ");
}


/* Nothing came after what was seen, of whatever handle, in a group either. */

static void
test_since(void **state)
{
    size_t             failed;
    test_t            *t = *state;
    dots_store_op_t    put[] = { op_put("k", ANY, "1") };
    dots_store_op_t    last[] = { op_put("k", ANY, "2") };
    dots_store_txn_t   one = { .ops = last, .nops = 1 };
    dots_store_txn_t   two = { .ops = last, .nops = 1 };
    dots_store_txn_t  *txns[] = { &one, &two };

    assert_int_equal(commit(t, put, 1, &failed), DOTS_STORE_OK);
    expect_all(t, "", "k=1 ");
    one.since = dots_store_seen();
    two.since = one.since;

    assert_int_equal(dots_store_commit(t->store, txns, 2), DOTS_STORE_OK);
    assert_int_equal(one.result, DOTS_STORE_OK);
    assert_int_equal(two.result, DOTS_STORE_DECLINED);
    assert_int_equal(two.failed, two.nops);
    expect_all(t, "", "k=2 ");

    /* what was refused is no commit, its own order is one */

    two.since = dots_store_seen();
    one.since = two.since + 1;
    assert_int_equal(dots_store_commit(t->store, txns, 1), DOTS_STORE_OK);
    assert_int_equal(one.result, DOTS_STORE_DECLINED);
    assert_int_equal(dots_store_commit(t->store, txns + 1, 1), DOTS_STORE_OK);
    assert_int_equal(two.result, DOTS_STORE_OK);
    assert_true(two.order > two.since);

    one.since = two.since;
    assert_int_equal(dots_store_commit(t->store, txns, 1), DOTS_STORE_OK);
    assert_int_equal(one.result, DOTS_STORE_DECLINED);
}


/* COUNT and expectations look at the state before the transaction itself. */

static void
test_before_any_op(void **state)
{
    size_t           failed;
    test_t          *t = *state;
    dots_store_op_t  ops[] = { op_put("c/1", ANY, "a"), op_put("c/2", ANY, "b"),
                               op_count("c/", 1), op(CHECK, "c/1", ABSENT) };
    dots_store_op_t  again[] = { op_put("c/3", ANY, "c"), op_count("c/", 2) };

    assert_int_equal(commit(t, ops, count(ops), NULL), DOTS_STORE_OK);
    assert_int_equal(commit(t, again, 2, &failed), DOTS_STORE_DECLINED);
    assert_int_equal(failed, 1);
    again[1].most = 3;
    assert_int_equal(commit(t, again, 2, NULL), DOTS_STORE_OK);
    expect_all(t, "c/", "c/1=a c/2=b c/3=c ");
}


static void
test_group(void **state)
{
    test_t           *t = *state;
    uint64_t          moment;
    char              big[DOTS_STORE_KEY_MAX + 2];
    dots_store_op_t   a[] = { op_put("k", ABSENT, "1") };
    dots_store_op_t   b[] = { op_put("x", ANY, "1"), op(CHECK, "k", ABSENT) };
    dots_store_op_t   c[] = { op_put("k", PRESENT, "2"), op_count("k", 2) };
    dots_store_op_t   d[] = { op_put("y", ANY, "1"), op_put("", ANY, "1") };
    dots_store_op_t   e[] = { op(DELETE, "k", PRESENT) };
    dots_store_op_t   f[] = { op_put("k", ABSENT, "3") };
    dots_store_txn_t  txn[] = {
        { .ops = a, .nops = 1 }, { .ops = b, .nops = 2 },
        { .ops = c, .nops = 2 }, { .ops = d, .nops = 2 },
        { .ops = e, .nops = 1 }, { .ops = f, .nops = 1 }
    };
    dots_store_txn_t *txns[] = { &txn[0], &txn[1], &txn[2], &txn[3], &txn[4],
                                 &txn[5] };

    memset(big, 'k', sizeof(big));
    big[sizeof(big) - 1] = '\0';

    assert_int_equal(dots_store_commit(t->store, txns, 6), DOTS_STORE_OK);
    assert_int_equal(txn[0].result, DOTS_STORE_OK);
    assert_int_equal(txn[1].result, DOTS_STORE_DECLINED);
    assert_int_equal(txn[1].failed, 1);
    assert_int_equal(txn[2].result, DOTS_STORE_OK);
    assert_int_equal(txn[3].result, DOTS_STORE_ERROR);
    assert_int_equal(txn[4].result, DOTS_STORE_OK);
    assert_int_equal(txn[5].result, DOTS_STORE_OK);
    expect_all(t, "", "k=3 ");

    /* each after the one before, all before what a read has seen by now */

    assert_true(txn[0].order < txn[2].order && txn[2].order < txn[4].order
                && txn[4].order < txn[5].order);
    assert_true(txn[5].order <= dots_store_seen());

    moment = dots_store_seen();
    assert_int_equal(dots_store_commit(t->store, &txns[5], 1),
                     DOTS_STORE_OK);
    assert_int_equal(txn[5].result, DOTS_STORE_DECLINED);

    f[0].expect = DOTS_STORE_ANY;
    assert_int_equal(dots_store_commit(t->store, &txns[5], 1), DOTS_STORE_OK);
    assert_true(txn[5].order > moment);
    assert_int_equal(dots_store_seen(), moment);
    expect_all(t, "", "k=3 ");
    assert_true(txn[5].order <= dots_store_seen());

    a[0].expect = DOTS_STORE_ANY;
    a[0].key = key(big);
    assert_int_equal(commit(t, a, 1, NULL), DOTS_STORE_ERROR);
    assert_non_null(strstr(dots_store_error(t->store), "501 bytes"));
    assert_int_equal(dots_store_walk(t->store, key(big), seen, NULL),
                     DOTS_STORE_ERROR);
    assert_int_equal(dots_store_get(t->store, key(""), seen, NULL),
                     DOTS_STORE_ERROR);

    a[0].key.len = DOTS_STORE_KEY_MAX;
    assert_int_equal(commit(t, a, 1, NULL), DOTS_STORE_OK);
    assert_int_equal(dots_store_commit(t->store, NULL, 0), DOTS_STORE_OK);
}


static void
test_walk(void **state)
{
    seen_t           s = { .stop = 2 };
    test_t          *t = *state;
    dots_store_op_t  put[] = { op_put("p/b", ANY, "2"), op_put("o", ANY, "x"),
                               op_put("p/a", ANY, "1"), op_put("p0", ANY, "x"),
                               op_put("p/c/d", ANY, "4"),
                               op_put("p/c", ANY, "3"), op_put("p", ANY, "x") };

    expect_all(t, "", "");
    expect_all(t, "p/", "");
    assert_int_equal(commit(t, put, count(put), NULL), DOTS_STORE_OK);
    expect_all(t, "p/", "p/a=1 p/b=2 p/c=3 p/c/d=4 ");
    expect_all(t, "", "o=x p=x p/a=1 p/b=2 p/c=3 p/c/d=4 p0=x ");
    expect_all(t, "q", "");

    assert_int_equal(dots_store_walk(t->store, key("p/"), seen, &s), 0);
    assert_string_equal(s.text, "p/a=1 p/b=2 ");
}


/* A callback may read again, but not write. */

static int
nested(void *ctx, dots_store_slice_t k, dots_store_slice_t v)
{
    seen_t            s = { .len = 0 };
    test_t           *t = ctx;
    dots_store_op_t   put[] = { op_put("x", ANY, "1") };

    (void) v;
    assert_int_equal(dots_store_get(t->store, k, seen, &s), 0);
    assert_int_equal(dots_store_walk(t->store, key(""), seen, &s), 0);
    assert_int_equal(s.calls, 3);
    assert_int_equal(commit(t, put, 1, NULL), DOTS_STORE_ERROR);
    assert_non_null(strstr(dots_store_error(t->store), "inside a read"));

    return 0;
}


static void
test_nested(void **state)
{
    test_t          *t = *state;
    dots_store_op_t  put[] = { op_put("a", ANY, "1"), op_put("b", ANY, "2") };

    assert_int_equal(commit(t, put, 2, NULL), DOTS_STORE_OK);
    assert_int_equal(dots_store_walk(t->store, key(""), nested, t), 0);
    assert_int_equal(commit(t, put, 2, NULL), DOTS_STORE_OK);
}


/* ---- full ---- */

static int
put_value(test_t *t, const char *name, const char *value, size_t len)
{
    dots_store_op_t  put[] = { op_put(name, ANY, "") };

    put[0].value.data = value;
    put[0].value.len = len;

    return commit(t, put, 1, NULL);
}


static size_t
fill(test_t *t, const char *value, size_t len)
{
    int     rc;
    char    name[32];
    size_t  n;

    for (n = 0; n < 10000; n++) {
        snprintf(name, sizeof(name), "fill/%06zu", n);
        rc = put_value(t, name, value, len);

        if (rc != DOTS_STORE_OK) {
            assert_int_equal(rc, DOTS_STORE_FULL);
            return n;
        }
    }

    fail_msg("the store never gets full");
    return 0;
}


static void
delete_one(test_t *t, size_t n)
{
    char             name[32];
    dots_store_op_t  del[1];

    snprintf(name, sizeof(name), "fill/%06zu", n);
    del[0] = (dots_store_op_t) op(DELETE, name, PRESENT);
    assert_int_equal(commit(t, del, 1, NULL), DOTS_STORE_OK);
}


static void
test_map_full(void **state)
{
    size_t            i, n, before;
    seen_t            s = { .len = 0 };
    static char       value[64 << 10];
    test_t           *t = *state;
    dots_store_op_t   big[] = { op_put("big", ANY, "") };
    dots_store_op_t   small[] = { op_put("small", ANY, "s") };
    dots_store_op_t   gone[] = { op(DELETE_BELOW, "fill/", PRESENT) };
    dots_store_txn_t  txn[] = { { .ops = big, .nops = 1 },
                                { .ops = small, .nops = 1 } };
    dots_store_txn_t *txns[] = { &txn[0], &txn[1] };

    memset(value, 'v', sizeof(value));
    dots_store_close(t->store);
    test_open(t, 512 << 10);

    /* pages come free two commits later, so that full is met twice */

    before = 0;

    for (i = 0; i < 3; i++) {
        n = fill(t, value, 300);
        assert_true(n > 500);

        if (i) {
            assert_in_range(n, before * 9 / 10, before * 11 / 10);
        }

        before = n;

        /* one by one: each needs fresh pages before it frees any */
        delete_one(t, 0);
        delete_one(t, n / 2);
        delete_one(t, n - 1);
        assert_int_equal(commit(t, gone, 1, NULL), DOTS_STORE_OK);
        expect_all(t, "fill/", "");
    }

    /* a big one alone does not take the small one of its group with it */

    big[0].value.data = value;
    big[0].value.len = sizeof(value);
    n = fill(t, value, 300);

    for (i = 1; i <= 100; i++) {
        delete_one(t, n - i);
    }

    assert_int_equal(dots_store_commit(t->store, txns, 2), DOTS_STORE_FULL);
    assert_int_equal(txn[0].result, DOTS_STORE_FULL);
    assert_int_equal(txn[1].result, DOTS_STORE_OK);
    assert_int_equal(dots_store_get(t->store, key("small"), seen, &s), 0);
    assert_int_equal(dots_store_get(t->store, key("big"), seen, &s),
                     DOTS_STORE_DECLINED);

    /* a record can still be replaced: a withdrawal has to be stored */

    assert_int_equal(put_value(t, "small", "t", 1), DOTS_STORE_OK);
    expect_all(t, "small", "small=t ");
}


/* A replacement is stored even where no new record fits any more. */

static void
test_full_replace(void **state)
{
    size_t       i;
    static char  value[300];
    test_t      *t = *state;

    dots_store_close(t->store);
    test_open(t, 256 << 10);
    memset(value, 'v', sizeof(value));
    (void) fill(t, value, sizeof(value));

    for (i = 0; i < 50; i++) {
        assert_int_equal(put_value(t, "fill/000007", value, sizeof(value)),
                         DOTS_STORE_OK);
    }

    assert_int_equal(put_value(t, "new", value, sizeof(value)),
                     DOTS_STORE_FULL);
}


/* A disk that is full is FULL as well, at the first open a sentence. */

static void
test_disk_full(void **state)
{
    int           rc;
    char          err[512];
    static char   value[20 << 10];
    char          name[128];
    test_t       *t = *state, mine = { .store = NULL };

    snprintf(mine.dir, sizeof(mine.dir), "%.24s/disk", t->dir);
    assert_int_equal(mkdir(mine.dir, 0700), 0);

    if (mount("none", mine.dir, "tmpfs", 0, "size=128k") != 0) {
        rmdir(mine.dir);
        print_message("skipped: a small file system needs root\n");
        return;
    }

    memset(value, 'v', sizeof(value));
    test_open(&mine, TEST_SIZE);
    assert_true(fill(&mine, value, 2000) > 2);
    delete_one(&mine, 0);
    assert_int_equal(put_value(&mine, "small", "s", 1), DOTS_STORE_OK);
    dots_store_close(mine.store);

    snprintf(name, sizeof(name), "%s/data.mdb", mine.dir);
    assert_int_equal(unlink(name), 0);
    snprintf(name, sizeof(name), "%s/lock.mdb", mine.dir);
    assert_int_equal(unlink(name), 0);
    snprintf(name, sizeof(name), "%s/ballast", mine.dir);
    rc = open(name, O_CREAT | O_WRONLY, 0600);

    while (write(rc, value, 1024) == 1024) { /* until it is full */ }

    close(rc);
    rc = dots_store_open(&mine.store, mine.dir, TEST_SIZE, err, sizeof(err));
    assert_int_equal(umount2(mine.dir, MNT_DETACH), 0);
    rmdir(mine.dir);
    assert_int_equal(rc, DOTS_STORE_ERROR);
    assert_null(mine.store);
    assert_non_null(strstr(err, "the disk is full"));
}


/* ---- several processes and threads ---- */

/* Commits "w<id>/<n>" for ever, or "most"; says each number once it is in. */

static void
writer(test_t *t, int id, unsigned most, int fd)
{
    char             name[32], err[256];
    unsigned         n;
    dots_store_op_t  put[1];

    if (dots_store_open(&t->store, t->dir, TEST_SIZE, err, sizeof(err)) != 0) {
        _exit(1);
    }

    for (n = 0; n < most; n++) {
        snprintf(name, sizeof(name), "w%d/%08u", id, n);
        put[0] = (dots_store_op_t) op_put(name, ABSENT, "value");

        if (commit(t, put, 1, NULL) != DOTS_STORE_OK) {
            _exit(2);
        }

        if (fd != -1 && write(fd, &n, sizeof(n)) != sizeof(n)) {
            _exit(3);
        }
    }

    dots_store_close(t->store);
    _exit(0);
}


static pid_t
spawn(test_t *t, int id, unsigned most, int fd)
{
    pid_t  pid;

    pid = fork();
    assert_int_not_equal(pid, -1);

    if (pid == 0) {
        writer(t, id, most, fd);
    }

    return pid;
}


static int
tally(void *ctx, dots_store_slice_t k, dots_store_slice_t v)
{
    (void) k;
    assert_int_equal(v.len, 5);
    ++*(size_t *) ctx;

    return 0;
}


static void
test_kill(void **state)
{
    int            fd[2], i, status;
    char           prefix[16];
    pid_t          pid;
    size_t         n, acked;
    test_t        *t = *state;
    unsigned       last;
    struct pollfd  pfd;

    dots_store_close(t->store);
    t->store = NULL;

    for (i = 0; i < TEST_ROUNDS; i++) {
        assert_int_equal(pipe(fd), 0);
        pid = spawn(t, i, UINT32_MAX, fd[1]);
        close(fd[1]);

        acked = 0;
        pfd.fd = fd[0];
        pfd.events = POLLIN;

        while (acked < (size_t) (5 + i)) {
            assert_int_equal(poll(&pfd, 1, 10000), 1);
            assert_int_equal(read(fd[0], &last, sizeof(last)), sizeof(last));
            acked = last + 1;
        }

        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));

        while (read(fd[0], &last, sizeof(last)) == sizeof(last)) {
            acked = last + 1;
        }

        close(fd[0]);

        /* at most the one in flight may be there without its ack */

        test_open(t, TEST_SIZE);
        snprintf(prefix, sizeof(prefix), "w%d/", i);
        n = 0;
        assert_int_equal(dots_store_walk(t->store, key(prefix), tally, &n), 0);
        assert_in_range(n, acked, acked + 1);
        assert_int_equal(put_value(t, "after", "value", 5), DOTS_STORE_OK);
        dots_store_close(t->store);
        t->store = NULL;
    }

    test_open(t, TEST_SIZE);
}


/* Killed readers leave their slots behind; the next ones get them. */

static int
hang(void *ctx, dots_store_slice_t k, dots_store_slice_t v)
{
    (void) ctx;
    (void) k;
    (void) v;
    raise(SIGKILL);

    return 1;
}


static void
test_dead_reader(void **state)
{
    int          i;
    pid_t        pid;
    size_t       n, first;
    static char  value[300];
    test_t      *t = *state;

    memset(value, 'v', sizeof(value));
    dots_store_close(t->store);
    test_open(t, 512 << 10);
    first = 0;

    for (i = 0; i < 3; i++) {
        dots_store_op_t  gone[] = { op(DELETE_BELOW, "fill/", ANY) };

        assert_int_equal(put_value(t, "one", value, 1), DOTS_STORE_OK);
        dots_store_close(t->store);
        t->store = NULL;

        pid = fork();
        assert_int_not_equal(pid, -1);

        if (pid == 0) {
            test_open(t, 512 << 10);
            (void) dots_store_walk(t->store, key(""), hang, NULL);
            _exit(1);
        }

        test_open(t, 512 << 10);
        assert_int_equal(waitpid(pid, NULL, 0), pid);

        n = fill(t, value, sizeof(value));
        first = first ? first : n;
        assert_in_range(n, first * 9 / 10, first * 11 / 10);
        assert_int_equal(commit(t, gone, 1, NULL), DOTS_STORE_OK);
    }
}


static void
test_two_writers(void **state)
{
    int      i, status;
    pid_t    pid[2];
    size_t   n;
    test_t  *t = *state;

    dots_store_close(t->store);
    t->store = NULL;

    for (i = 0; i < 2; i++) {
        pid[i] = spawn(t, i, 300, -1);
    }

    for (i = 0; i < 2; i++) {
        assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }

    test_open(t, TEST_SIZE);
    n = 0;
    assert_int_equal(dots_store_walk(t->store, key("w"), tally, &n), 0);
    assert_int_equal(n, 600);
}


/* Another process may have a larger map (state_size changed at a reload). */

static void
test_grown_by_another(void **state)
{
    int          i, status;
    char         name[32];
    pid_t        pid;
    seen_t       s = { .len = 0 };
    static char  value[64 << 10];
    test_t      *t = *state;

    dots_store_close(t->store);
    memset(value, 'v', sizeof(value));
    t->store = NULL;

    pid = fork();
    assert_int_not_equal(pid, -1);

    if (pid == 0) {
        test_open(t, TEST_SIZE);

        for (i = 0; i < 40; i++) {
            snprintf(name, sizeof(name), "b%d", i);

            if (put_value(t, name, value, sizeof(value)) != DOTS_STORE_OK) {
                _exit(1);
            }

            if (i == 0) {
                raise(SIGSTOP);
            }
        }

        dots_store_close(t->store);
        _exit(0);
    }

    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    assert_true(WIFSTOPPED(status));
    test_open(t, 512 << 10);
    expect_all(t, "x", "");
    assert_int_equal(kill(pid, SIGCONT), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);

    assert_int_equal(put_value(t, "b39", "y", 1), DOTS_STORE_OK);
    assert_int_equal(dots_store_get(t->store, key("b39"), seen, &s), 0);
    assert_string_equal(s.text, "b39=y ");
}


typedef struct {
    test_t *t;
    int     stop;
    size_t  reads;
} reader_t;


static void *
reader(void *arg)
{
    size_t     n;
    reader_t  *r = arg;

    while (!__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE)) {
        n = 0;

        /* a pair is written in one transaction: never one without the other */
        if (dots_store_walk(r->t->store, key("pair/"), tally, &n) != 0
            || n % 2 != 0)
        {
            return NULL;
        }

        __atomic_add_fetch(&r->reads, 1, __ATOMIC_RELAXED);
    }

    return r;
}


static void
test_threads(void **state)
{
    int              i, j;
    char             name[4][32];
    void            *ok;
    test_t          *t = *state;
    reader_t         r = { .t = t };
    pthread_t        tid[3];
    dots_store_op_t  put[2];

    for (i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&tid[i], NULL, reader, &r), 0);
    }

    for (i = 0; i < 200; i++) {
        for (j = 0; j < 2; j++) {
            snprintf(name[j], sizeof(name[j]), "pair/%d/%d", i, j);
            put[j] = (dots_store_op_t) op_put(name[j], ABSENT, "value");
        }

        assert_int_equal(commit(t, put, 2, NULL), DOTS_STORE_OK);
    }

    __atomic_store_n(&r.stop, 1, __ATOMIC_RELEASE);

    for (i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(tid[i], &ok), 0);
        assert_non_null(ok);
    }

    assert_true(r.reads > 3);
}


/* ---- open ---- */

static void
test_reopen(void **state)
{
    char         name[128];
    test_t      *t = *state;
    struct stat  st;

    assert_int_equal(put_value(t, "k", "value", 5), DOTS_STORE_OK);
    dots_store_close(t->store);
    test_open(t, TEST_SIZE);
    expect_all(t, "", "k=value ");

    snprintf(name, sizeof(name), "%s/data.mdb", t->dir);
    assert_int_equal(stat(name, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    snprintf(name, sizeof(name), "%s/lock.mdb", t->dir);
    assert_int_equal(stat(name, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}


static void
refused(const char *dir, const char *text)
{
    char           err[512];
    dots_store_t  *store;

    err[0] = '\0';
    store = (dots_store_t *) 1;
    assert_int_equal(dots_store_open(&store, dir, TEST_SIZE, err, sizeof(err)),
                     DOTS_STORE_ERROR);
    assert_null(store);
    assert_non_null(strstr(err, dir));

    if (strstr(err, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err, text);
    }
}


static void
damage(test_t *t, off_t at, size_t n, off_t size)
{
    int      fd;
    char     name[128];
    char     junk[8192];

    t->damaged = 1;
    memset(junk, 0x5a, sizeof(junk));
    snprintf(name, sizeof(name), "%s/data.mdb", t->dir);
    fd = open(name, O_WRONLY);
    assert_int_not_equal(fd, -1);
    assert_int_equal(pwrite(fd, junk, n, at), n);
    assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
}


static void
test_open_refused(void **state)
{
    char     name[128];
    test_t  *t = *state;

    refused("/nonexistent/dots", "must be an existing directory");
    snprintf(name, sizeof(name), "%s/data.mdb", t->dir);
    refused(name, "must be an existing directory");

    dots_store_close(t->store);
    t->store = NULL;
    damage(t, 0, 8192, 8192);
    refused(t->dir, "damaged or not a store");
    damage(t, 0, 100, 100);
    refused(t->dir, "damaged or not a store");
}


/* A file that lost its end gives errors, not signals. */

static void
test_truncated(void **state)
{
    int          rc;
    char         err[512];
    seen_t       s = { .len = 0 };
    static char  value[300];
    char         name[32];
    size_t       n;
    test_t      *t = *state;

    memset(value, 'v', sizeof(value));

    for (n = 0; n < 100; n++) {
        snprintf(name, sizeof(name), "fill/%06zu", n);
        assert_int_equal(put_value(t, name, value, 300), DOTS_STORE_OK);
    }

    dots_store_close(t->store);
    damage(t, 0, 0, 3 * 4096);
    rc = dots_store_open(&t->store, t->dir, TEST_SIZE, err, sizeof(err));

    if (rc == DOTS_STORE_OK) {
        assert_int_equal(dots_store_walk(t->store, key(""), seen, &s),
                         DOTS_STORE_ERROR);
        assert_int_equal(put_value(t, "k", "v", 1), DOTS_STORE_ERROR);
    }
}


/* What an unprivileged worker is told. */

static void
test_unprivileged(void **state)
{
    int      status;
    char     name[128];
    pid_t    pid;
    test_t  *t = *state;

    dots_store_close(t->store);
    t->store = NULL;
    pid = fork();
    assert_int_not_equal(pid, -1);

    if (pid == 0) {
        snprintf(name, sizeof(name), "%s/data.mdb", t->dir);

        /* somebody else's, or one's own to read only */

        if (getuid() == 0 ? setuid(TEST_NOBODY) : chmod(name, 0400)) {
            _exit(1);
        }

        refused(t->dir, "must be writable for the user");
        _exit(0);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);

    if (getuid() != 0) {
        return;
    }

    /* a directory that is theirs is enough */

    assert_int_equal(teardown(state), 0);
    t = calloc(1, sizeof(test_t));
    strcpy(t->dir, "/tmp/dots-store-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    assert_int_equal(chown(t->dir, TEST_NOBODY, TEST_NOBODY), 0);
    *state = t;
    pid = fork();

    if (pid == 0) {
        _exit(setuid(TEST_NOBODY) != 0 ? 1 : (writer(t, 0, 3, -1), 2));
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);
    test_open(t, TEST_SIZE);
}


#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)


/* Delete what was seen, unless somebody has written it again. */

static void
test_same(void **state)
{
    test_t          *t = *state;
    dots_store_op_t  put[] = { op_put("k", ANY, "one") };
    dots_store_op_t  gone[] = { op(DELETE, "k", SAME) };
    dots_store_op_t  check[] = { op(CHECK, "k", SAME) };

    gone[0].value.data = "one";
    gone[0].value.len = 3;
    check[0].value = gone[0].value;

    assert_int_equal(commit(t, gone, 1, NULL), DOTS_STORE_DECLINED);

    assert_int_equal(commit(t, put, 1, NULL), DOTS_STORE_OK);
    assert_int_equal(commit(t, check, 1, NULL), DOTS_STORE_OK);

    check[0].value.len = 2;
    assert_int_equal(commit(t, check, 1, NULL), DOTS_STORE_DECLINED);

    put[0].value.data = "two";
    assert_int_equal(commit(t, put, 1, NULL), DOTS_STORE_OK);
    assert_int_equal(commit(t, gone, 1, NULL), DOTS_STORE_DECLINED);
    expect_all(t, "", "k=two ");

    put[0].value.data = "one";
    assert_int_equal(commit(t, put, 1, NULL), DOTS_STORE_OK);
    assert_int_equal(commit(t, gone, 1, NULL), DOTS_STORE_OK);
    expect_all(t, "", "");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(test_actions),
        test(test_expectations),
        test(test_same),
        test(test_fence),
        test(test_fence_of_one),
        test(test_since),
        test(test_before_any_op),
        test(test_group),
        test(test_walk),
        test(test_nested),
        test(test_map_full),
        test(test_full_replace),
        test(test_disk_full),
        test(test_kill),
        test(test_dead_reader),
        test(test_two_writers),
        test(test_grown_by_another),
        test(test_threads),
        test(test_reopen),
        test(test_open_refused),
        test(test_truncated),
        test(test_unprivileged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
