/*
 * A store that is full: by its size and by its disk.  What is there can still
 * be replaced and removed.
 */

#include "store_world.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>


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
    test_close(t);
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

    test_close(t);
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

    assert_int_equal(unlink(test_path(&mine, "data.mdb")), 0);
    assert_int_equal(unlink(test_path(&mine, "lock.mdb")), 0);
    rc = open(test_path(&mine, "ballast"), O_CREAT | O_WRONLY, 0600);

    while (write(rc, value, 1024) == 1024) { /* until it is full */ }

    close(rc);
    rc = dots_store_open(&mine.store, mine.dir, TEST_SIZE, err, sizeof(err));
    assert_int_equal(umount2(mine.dir, MNT_DETACH), 0);
    rmdir(mine.dir);
    assert_int_equal(rc, DOTS_STORE_ERROR);
    assert_null(mine.store);
    assert_non_null(strstr(err, "the disk is full"));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(test_map_full),
        test(test_full_replace),
        test(test_disk_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
