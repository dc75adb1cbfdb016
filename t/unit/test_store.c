/* store/dots_store.h against its LMDB driver: what operations mean. */

#include "store_world.h"

#include <pthread.h>


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


/* All at once; what becomes of each. */

static void
commit_group(test_t *t, dots_store_txn_t *txn, size_t n, const int *results)
{
    size_t             i;
    dots_store_txn_t  *txns[16];

    assert_true(n <= count(txns));

    for (i = 0; i < n; i++) {
        txns[i] = &txn[i];
    }

    assert_int_equal(dots_store_commit(t->store, txns, n), DOTS_STORE_OK);

    for (i = 0; i < n; i++) {
        assert_int_equal(txn[i].result, results[i]);
    }
}


/* Who claimed the store last may write, in the middle of a group, too. */

static void
test_fence(void **state)
{
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
    static const int   results[] = { DOTS_STORE_FENCED, DOTS_STORE_DECLINED,
                                     DOTS_STORE_OK, DOTS_STORE_OK,
                                     DOTS_STORE_OK, DOTS_STORE_FENCED };

    dots_store_fence(t->store, key("w"), key("A"));

    commit_group(t, txn, count(txn), results);

    expect_all(t, "", "k=1 w=B ");

    dots_store_fence(t->store, key("w"), key("B"));
    assert_int_equal(commit(t, last, 1, NULL), DOTS_STORE_OK);
    expect_all(t, "", "k=2 w=B ");
}


/* One writer has several claims; what belongs to one goes with that alone. */

static void
test_fence_of_one(void **state)
{
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
    static const int   results[] = {
        DOTS_STORE_FENCED, DOTS_STORE_OK, DOTS_STORE_OK, DOTS_STORE_OK,
        DOTS_STORE_FENCED, DOTS_STORE_OK, DOTS_STORE_OK, DOTS_STORE_FENCED,
        DOTS_STORE_OK, DOTS_STORE_FENCED, DOTS_STORE_FENCED
    };

    dots_store_fence(t->store, key("w"), key("A"));

    commit_group(t, txn, count(txn), results);

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


/* All that is read in a snapshot is of one moment, whatever others commit. */

static void *
another(void *data)
{
    dots_store_op_t  put[] = { op_put("b", ANY, "9"), op_put("c", ANY, "3") };

    return commit(data, put, 2, NULL) == DOTS_STORE_OK ? data : NULL;
}


static void
moment(void *ctx)
{
    void       *done;
    seen_t      s = { .len = 0 };
    test_t     *t = ctx;
    pthread_t   tid;

    assert_int_equal(dots_store_get(t->store, key("a"), seen, &s), 0);

    assert_int_equal(pthread_create(&tid, NULL, another, t), 0);
    assert_int_equal(pthread_join(tid, &done), 0);
    assert_ptr_equal(done, t);

    assert_int_equal(dots_store_get(t->store, key("b"), seen, &s), 0);
    assert_int_equal(dots_store_get(t->store, key("c"), seen, &s),
                     DOTS_STORE_DECLINED);
    assert_int_equal(dots_store_walk(t->store, key(""), seen, &s), 0);

    assert_string_equal(s.text, "a=1 b=2 a=1 b=2 ");
}


static void
test_snapshot(void **state)
{
    test_t          *t = *state;
    dots_store_op_t  put[] = { op_put("a", ANY, "1"), op_put("b", ANY, "2") };

    assert_int_equal(commit(t, put, 2, NULL), DOTS_STORE_OK);
    assert_int_equal(dots_store_snapshot(t->store, moment, t), 0);
    expect_all(t, "", "a=1 b=9 c=3 ");
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
        test(test_snapshot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
