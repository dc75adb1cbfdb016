/*
 * A disk that stands still: while a commit of this process is in fdatasync(),
 * every read is answered.  The test's own fdatasync() is the one that LMDB
 * calls; it waits for a byte.  A reader that waits for it ends in SIGALRM.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dots_store.h"


#define TEST_SIZE   (1 << 20)
#define TEST_LIMIT  60           /* s */


typedef struct {
    char          dir[32];
    dots_store_t *store;
} test_t;

typedef struct {
    test_t     *t;
    const char *key;
    size_t      len;
    int         delete;
    int         result;
} job_t;


static int  stalled;             /* fdatasync() is to wait */
static int  failing;             /* and to fail then */
static int  begun[2], go[2];     /* pipes: it has begun, it may go on */


int
fdatasync(int fd)
{
    char  c;

    if (__atomic_load_n(&stalled, __ATOMIC_ACQUIRE)
        && (write(begun[1], "b", 1) != 1 || read(go[0], &c, 1) != 1))
    {
        return -1;
    }

    if (__atomic_load_n(&failing, __ATOMIC_ACQUIRE)) {
        errno = EIO;
        return -1;
    }

    return (int) syscall(SYS_fdatasync, fd);
}


static dots_store_slice_t
slice(const char *text)
{
    dots_store_slice_t  s = { text, strlen(text) };

    return s;
}


static int
change(job_t *j)
{
    static char       value[64 << 10];
    dots_store_op_t   op = { .key = slice(j->key), .value = { value, j->len } };
    dots_store_txn_t  txn = { .ops = &op, .nops = 1 }, *txns[1] = { &txn };

    op.action = j->delete ? DOTS_STORE_DELETE : DOTS_STORE_PUT;

    return dots_store_commit(j->t->store, txns, 1);
}


static void *
run(void *arg)
{
    job_t  *j = arg;

    j->result = change(j);

    return NULL;
}


static int
count(void *ctx, dots_store_slice_t k, dots_store_slice_t v)
{
    (void) k;
    (void) v;
    ++*(size_t *) ctx;

    return 0;
}


static size_t
records(test_t *t)
{
    size_t  n;

    n = 0;
    assert_int_equal(dots_store_walk(t->store, slice(""), count, &n), 0);

    return n;
}


/* The change is in fdatasync() when this reads, and ends after it. */

static int
while_stalled(test_t *t, job_t *j, const char *key)
{
    char       c;
    size_t     n;
    pthread_t  tid;

    n = records(t);
    j->t = t;

    __atomic_store_n(&stalled, 1, __ATOMIC_RELEASE);
    assert_int_equal(pthread_create(&tid, NULL, run, j), 0);
    assert_int_equal(read(begun[0], &c, 1), 1);

    assert_int_equal(records(t), n);
    n = 0;
    assert_int_equal(dots_store_get(t->store, slice(key), count, &n), 0);
    assert_int_equal(n, 1);

    __atomic_store_n(&stalled, 0, __ATOMIC_RELEASE);
    assert_int_equal(write(go[1], "g", 1), 1);
    assert_int_equal(pthread_join(tid, NULL), 0);

    return j->result;
}


static int
setup(void **state)
{
    char     err[512];
    test_t  *t;

    t = calloc(1, sizeof(test_t));
    assert_non_null(t);
    strcpy(t->dir, "/tmp/dots-stall-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    assert_int_equal(pipe(begun), 0);
    assert_int_equal(pipe(go), 0);

    if (dots_store_open(&t->store, t->dir, TEST_SIZE, err, sizeof(err)) != 0) {
        fail_msg("%s", err);
    }

    *state = t;
    alarm(TEST_LIMIT);

    return 0;
}


static int
teardown(void **state)
{
    int      i;
    char     name[64];
    test_t  *t = *state;

    alarm(0);

    for (i = 0; i < 2; i++) {
        close(begun[i]);
        close(go[i]);
    }

    dots_store_close(t->store);
    snprintf(name, sizeof(name), "%s/data.mdb", t->dir);
    unlink(name);
    snprintf(name, sizeof(name), "%s/lock.mdb", t->dir);
    unlink(name);
    assert_int_equal(rmdir(t->dir), 0);
    free(t);

    return 0;
}


static void
test_commit(void **state)
{
    job_t    first = { .t = *state, .key = "a", .len = 10 };
    job_t    next = { .key = "b", .len = 10 };
    test_t  *t = *state;

    assert_int_equal(change(&first), DOTS_STORE_OK);
    assert_int_equal(while_stalled(t, &next, "a"), DOTS_STORE_OK);
    assert_int_equal(records(t), 2);
}


/* A full store: what may use the reserve, and what does not get in. */

static void
test_full(void **state)
{
    int      rc;
    char     name[16];
    job_t    gone = { .key = "k0", .delete = 1 };
    job_t    again = { .key = "k1", .len = 1000 };
    job_t    fill = { .t = *state, .key = name, .len = 20000 };
    size_t   n;
    test_t  *t = *state;

    for (rc = 0, n = 0; rc == DOTS_STORE_OK && n < 1000; n++) {
        snprintf(name, sizeof(name), "k%zu", n);
        rc = change(&fill);
    }

    assert_int_equal(rc, DOTS_STORE_FULL);
    assert_int_equal(while_stalled(t, &again, "k2"), DOTS_STORE_OK);
    assert_int_equal(while_stalled(t, &gone, "k2"), DOTS_STORE_OK);
    assert_int_equal(records(t), n - 2);
}


/* A disk that stands still and then fails: refused, and over when it is. */

static void
test_failed(void **state)
{
    job_t    first = { .t = *state, .key = "a", .len = 10 };
    job_t    next = { .t = *state, .key = "b", .len = 10 };
    test_t  *t = *state;

    assert_int_equal(change(&first), DOTS_STORE_OK);

    __atomic_store_n(&failing, 1, __ATOMIC_RELEASE);
    assert_int_equal(while_stalled(t, &next, "a"), DOTS_STORE_ERROR);
    assert_int_equal(records(t), 1);
    __atomic_store_n(&failing, 0, __ATOMIC_RELEASE);

    assert_int_equal(change(&next), DOTS_STORE_OK);
    assert_int_equal(records(t), 2);
}


#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(test_commit),
        test(test_full),
        test(test_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
