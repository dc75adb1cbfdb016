/*
 * The store and what may happen to it: a writer killed at any moment, a data
 * file that is cut short or written over.  What was acknowledged is there, what
 * is damaged is said to be.  DOTS_KILLS (50), DOTS_DAMAGES (200), DOTS_SEED.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dots_store.h"
#include "dots_store_file.h"


#define TEST_SIZE   (8 << 20)
#define TEST_KEYS   96
#define TEST_OPS    4            /* a commit, at most */
#define TEST_VALUE  6000         /* some have pages of their own */
#define TEST_NAME   64


typedef struct {
    char      dir[TEST_NAME];
    uint64_t  seed;
    uint64_t  n;                 /* commits that the model has */
    uint64_t  last[TEST_KEYS];   /* operation that put it; 0: not there */
} test_t;

typedef struct {
    test_t   *t;
    size_t    seen;
    size_t    wrong;
} compare_t;


static uint64_t
mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;

    return x ^ (x >> 31);
}


static uint64_t
number(const char *name, uint64_t dflt)
{
    const char  *text;

    text = getenv(name);

    return text && *text ? strtoull(text, NULL, 10) : dflt;
}


/* ---- the model: what commit "n" is, from the seed alone ---- */

static size_t
ops_of(test_t *t, uint64_t n)
{
    return 1 + mix(t->seed ^ n) % TEST_OPS;
}


/* Operation numbers start with 1; a quarter of them deletes. */

static uint64_t
op_number(uint64_t n, size_t i)
{
    return 1 + n * TEST_OPS + i;
}


static size_t
op_key(test_t *t, uint64_t op)
{
    return mix(t->seed + op) % TEST_KEYS;
}


static int
op_deletes(test_t *t, uint64_t op)
{
    return mix(t->seed + op) >> 32 & 1 && mix(t->seed + op) >> 33 & 1;
}


static size_t
op_value(test_t *t, uint64_t op, char *buf)
{
    size_t    i, len;
    uint64_t  x;

    x = mix(t->seed - op);
    len = x % 8 ? x % 300 : x % TEST_VALUE;

    for (i = 0; i < len; i++) {
        buf[i] = (char) (x >> (i % 8 * 8)) + (char) i;
    }

    return len;
}


static void
model_commit(test_t *t)
{
    size_t    i;
    uint64_t  op;

    for (i = 0; i < ops_of(t, t->n); i++) {
        op = op_number(t->n, i);
        t->last[op_key(t, op)] = op_deletes(t, op) ? 0 : op;
    }

    t->n++;
}


/* ---- the store ---- */

static int
open_store(test_t *t, dots_store_t **store)
{
    char  err[512];

    return dots_store_open(store, t->dir, TEST_SIZE, err, sizeof(err));
}


static int
commit(test_t *t, dots_store_t *store, uint64_t n)
{
    char              key[TEST_OPS][16];
    size_t            i;
    uint64_t          op;
    static char       value[TEST_OPS][TEST_VALUE];
    dots_store_op_t   ops[TEST_OPS + 1];
    dots_store_txn_t  txn = { .ops = ops }, *txns[1] = { &txn };

    memset(ops, 0, sizeof(ops));

    for (i = 0; i < ops_of(t, n); i++) {
        op = op_number(n, i);

        ops[i].action = op_deletes(t, op) ? DOTS_STORE_DELETE : DOTS_STORE_PUT;
        ops[i].key.data = key[i];
        ops[i].key.len = (size_t) sprintf(key[i], "k%02zu", op_key(t, op));
        ops[i].value.data = value[i];
        ops[i].value.len = op_value(t, op, value[i]);
    }

    n++;
    ops[i].action = DOTS_STORE_PUT;
    ops[i].key.data = "n";
    ops[i].key.len = 1;
    ops[i].value.data = &n;
    ops[i].value.len = sizeof(n);

    txn.nops = i + 1;

    return dots_store_commit(store, txns, 1);
}


static int
committed(void *ctx, dots_store_slice_t key, dots_store_slice_t value)
{
    (void) key;
    assert_int_equal(value.len, sizeof(uint64_t));
    memcpy(ctx, value.data, sizeof(uint64_t));

    return 0;
}


static int
compare(void *ctx, dots_store_slice_t key, dots_store_slice_t value)
{
    char        name[16], want[TEST_VALUE];
    size_t      k, len;
    compare_t  *c = ctx;

    if (key.len == 1) {
        return 0;
    }

    c->seen++;
    snprintf(name, sizeof(name), "%.*s", (int) key.len, (char *) key.data);
    k = (size_t) atoi(name + 1);
    len = k < TEST_KEYS && c->t->last[k] ? op_value(c->t, c->t->last[k], want)
                                         : SIZE_MAX;

    if (len != value.len || memcmp(want, value.data, len) != 0) {
        c->wrong++;
    }

    return 0;
}


/* What is in the store is what the model has: no more, no less. */

static int
equals(test_t *t, dots_store_t *store)
{
    int                 rc;
    size_t              i, n;
    compare_t           c = { .t = t };
    dots_store_slice_t  all = { NULL, 0 };

    for (n = 0, i = 0; i < TEST_KEYS; i++) {
        n += t->last[i] != 0;
    }

    rc = dots_store_walk(store, all, compare, &c);

    return rc == DOTS_STORE_OK && c.seen == n && c.wrong == 0;
}


static int
setup(void **state)
{
    test_t  *t;

    t = calloc(1, sizeof(test_t));
    assert_non_null(t);
    strcpy(t->dir, "/tmp/dots-crash-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    t->seed = number("DOTS_SEED", (uint64_t) time(NULL) ^ (uint64_t) getpid());
    print_message("seed %llu\n", (unsigned long long) t->seed);
    *state = t;

    return 0;
}


static int
teardown(void **state)
{
    size_t       i;
    char         name[2 * TEST_NAME];
    test_t      *t = *state;
    static char *files[] = { "data.mdb", "lock.mdb" };

    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(name, sizeof(name), "%s/%s", t->dir, files[i]);
        unlink(name);
    }

    assert_int_equal(rmdir(t->dir), 0);
    free(t);

    return 0;
}


/* ---- killed ---- */

/* Commits from the model's state on; says each number when it is durable. */

static void
writer(test_t *t, int fd)
{
    uint64_t       n;
    dots_store_t  *store;

    if (open_store(t, &store) != DOTS_STORE_OK) {
        _exit(1);
    }

    for (n = t->n; commit(t, store, n) == DOTS_STORE_OK; n++) {
        if (write(fd, &n, sizeof(n)) != sizeof(n)) {
            _exit(3);
        }
    }

    _exit(2);
}


/* Kills the writer some time after some commits; returns how many it said. */

static uint64_t
killed(test_t *t, uint64_t round)
{
    int              fd[2], status;
    pid_t            pid;
    uint64_t         n, acked, some, x;
    struct pollfd    pfd;
    struct timespec  moment;

    x = mix(t->seed + round);
    some = t->n + x % 20;
    moment.tv_sec = 0;
    moment.tv_nsec = (long) (x >> 32) % 3000000;

    assert_int_equal(pipe(fd), 0);
    pid = fork();
    assert_int_not_equal(pid, -1);

    if (pid == 0) {
        writer(t, fd[1]);
    }

    close(fd[1]);
    pfd.fd = fd[0];
    pfd.events = POLLIN;

    for (acked = t->n; acked < some; acked = n + 1) {
        assert_int_equal(poll(&pfd, 1, 60000), 1);
        assert_int_equal(read(fd[0], &n, sizeof(n)), sizeof(n));
    }

    nanosleep(&moment, NULL);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));

    while (read(fd[0], &n, sizeof(n)) == sizeof(n)) {
        acked = n + 1;
    }

    close(fd[0]);

    return acked;
}


static void
test_kill(void **state)
{
    size_t               i, extra;
    uint64_t             rounds, n, acked;
    test_t              *t = *state;
    dots_store_t        *store;
    dots_store_slice_t   key = { "n", 1 };
    dots_store_report_t  r;

    rounds = number("DOTS_KILLS", 50);
    extra = 0;

    for (i = 0; i < rounds; i++) {

        acked = killed(t, i);

        assert_int_equal(open_store(t, &store), DOTS_STORE_OK);

        n = 0;

        if (dots_store_get(store, key, committed, &n) != DOTS_STORE_OK) {
            assert_int_equal(acked, 0);
        }

        /* what was under way may be there; nothing else, and no less */

        assert_in_range(n, acked, acked + 1);
        extra += n - acked;

        while (t->n < n) {
            model_commit(t);
        }

        assert_true(equals(t, store));
        dots_store_close(store);

        if (dots_store_check(t->dir, 1, NULL, NULL, &r) != DOTS_STORE_OK) {
            fail_msg("%s: %s", r.file, r.text);
        }
    }

    print_message("%llu rounds, %llu commits acknowledged, 0 lost; %zu that "
                  "were under way are there\n", (unsigned long long) rounds,
                  (unsigned long long) t->n - extra, extra);
}


/* ---- damaged ---- */

static void
name_of(test_t *t, const char *file, char *name)
{
    snprintf(name, 2 * TEST_NAME, "%s/%s", t->dir, file);
}


/* A store with some history, and a copy of its data file in memory. */

static char *
whole(test_t *t, size_t *size)
{
    int            fd;
    char          *data, name[2 * TEST_NAME];
    dots_store_t  *store;
    struct stat    st;

    assert_int_equal(open_store(t, &store), DOTS_STORE_OK);

    while (t->n < 60) {
        assert_int_equal(commit(t, store, t->n), DOTS_STORE_OK);
        model_commit(t);
    }

    assert_true(equals(t, store));
    dots_store_close(store);

    name_of(t, "data.mdb", name);
    fd = open(name, O_RDONLY);
    assert_int_equal(fstat(fd, &st), 0);
    *size = (size_t) st.st_size;
    data = malloc(*size);
    assert_non_null(data);
    assert_int_equal(read(fd, data, *size), *size);
    close(fd);

    return data;
}


static void
replace(test_t *t, const char *data, size_t size)
{
    int   fd;
    char  name[2 * TEST_NAME];

    name_of(t, "data.mdb", name);
    unlink(name);
    fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_int_not_equal(fd, -1);
    assert_int_equal(write(fd, data, size), size);
    close(fd);
}


/* 1: whole by the check's word, and so it is; 0: damaged by its word. */

static int
judge(test_t *t, int whatever)
{
    int                  rc;
    dots_store_t        *store;
    dots_store_report_t  r;

    rc = dots_store_check(t->dir, 0, NULL, NULL, &r);

    if (rc == DOTS_STORE_OK || whatever) {

        /* a worker opens it without looking at every page */

        if (open_store(t, &store) == DOTS_STORE_OK) {
            assert_true(equals(t, store));
            assert_int_equal(rc, DOTS_STORE_OK);
            dots_store_close(store);
            return 1;
        }

        assert_int_not_equal(rc, DOTS_STORE_OK);
    }

    assert_int_equal(rc, DOTS_STORE_DAMAGED);
    assert_true(r.text[0] != '\0');

    return 0;
}


static void
test_truncate(void **state)
{
    char      *data;
    size_t     i, n, size, good;
    test_t    *t = *state;

    data = whole(t, &size);
    n = number("DOTS_DAMAGES", 200);

    for (good = 0, i = 0; i < n; i++) {
        replace(t, data, i ? mix(t->seed + i) % size : 0);
        good += (size_t) judge(t, 1);
    }

    print_message("%zu truncations: %zu detected, %zu lost free pages alone\n",
                  n, n - good, good);

    replace(t, data, size);
    assert_int_equal(judge(t, 1), 1);
    free(data);
}


static void
test_overwrite(void **state)
{
    char      *data, *bad;
    size_t     i, j, n, size, good, at, len;
    test_t    *t = *state;
    uint64_t   x;

    data = whole(t, &size);
    bad = malloc(size);
    assert_non_null(bad);
    n = number("DOTS_DAMAGES", 200);

    for (good = 0, i = 0; i < n; i++) {
        x = mix(t->seed + i);
        at = x % size;
        len = 1 + (x >> 32) % (i % 2 ? 16 : 4096);
        memcpy(bad, data, size);

        for (j = at; j < at + len && j < size; j++) {
            bad[j] = (char) mix(x + j);
        }

        replace(t, bad, size);
        good += (size_t) judge(t, 0);
    }

    print_message("%zu overwritings: %zu detected, %zu of unused bytes\n", n,
                  n - good, good);
    free(bad);
    free(data);
}


#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(test_kill),
        test(test_truncate),
        test(test_overwrite),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
