/*
 * What the tests of the store by its interface share: a store in a folder of
 * its own, operations of one line each, and what a walk has seen as a text.
 */

#ifndef STORE_WORLD_H
#define STORE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dots_store.h"
#include "dots_store_file.h"


#define TEST_SIZE (16 << 20)

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


static inline dots_store_slice_t
key(const char *text)
{
    dots_store_slice_t  s = { text, strlen(text) };

    return s;
}


static inline int
seen(void *ctx, dots_store_slice_t k, dots_store_slice_t v)
{
    seen_t  *s = ctx;

    s->len += (size_t) snprintf(s->text + s->len, sizeof(s->text) - s->len,
                                "%.*s=%.*s ", (int) k.len, (char *) k.data,
                                (int) v.len, (char *) v.data);
    assert_true(s->len < sizeof(s->text));

    return ++s->calls == s->stop;
}


static inline void
test_open(test_t *t, size_t size)
{
    char  err[512];

    err[0] = '\0';

    if (dots_store_open(&t->store, t->dir, size, err, sizeof(err)) != 0) {
        fail_msg("%s", err);
    }
}


static inline void
test_close(test_t *t)
{
    dots_store_close(t->store);
    t->store = NULL;
}


/* The path of a file of the store, until the next call. */

static inline char *
test_path(test_t *t, const char *file)
{
    static char  name[128];

    snprintf(name, sizeof(name), "%s/%s", t->dir, file);

    return name;
}


static inline test_t *
test_folder(void)
{
    test_t  *t;

    t = calloc(1, sizeof(test_t));
    assert_non_null(t);
    strcpy(t->dir, "/tmp/dots-store-XXXXXX");
    assert_non_null(mkdtemp(t->dir));

    return t;
}


static inline int
setup(void **state)
{
    test_t  *t;

    t = test_folder();
    test_open(t, TEST_SIZE);
    *state = t;

    return 0;
}


static inline int
teardown(void **state)
{
    test_t               *t = *state;
    dots_store_report_t   r;

    dots_store_close(t->store);

    /* whatever a test has done to it, no page of it is wrong */

    if (!t->damaged
        && dots_store_check(t->dir, 0, NULL, NULL, &r) != DOTS_STORE_OK)
    {
        fail_msg("%s: %s", r.file, r.text);
    }

    (void) unlink(test_path(t, "data.mdb"));
    (void) unlink(test_path(t, "lock.mdb"));
    assert_int_equal(rmdir(t->dir), 0);
    free(t);

    return 0;
}


static inline int
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


static inline void
expect_all(test_t *t, const char *prefix, const char *text)
{
    seen_t  s = { .len = 0 };

    assert_int_equal(dots_store_walk(t->store, key(prefix), seen, &s), 0);
    assert_string_equal(s.text, text);
}


static inline int
put_value(test_t *t, const char *name, const char *value, size_t len)
{
    dots_store_op_t  put[] = { op_put(name, ANY, "") };

    put[0].value.data = value;
    put[0].value.len = len;

    return commit(t, put, 1, NULL);
}


/* Records "fill/000000" and so on until there is no room: how many. */

static inline size_t
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


#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif /* STORE_WORLD_H */
