/*
 * The store's file: its format and those of others, check sums, backup and
 * restoring (store/dots_store_file.h).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dots_crc.h"
#include "dots_lmdb_record.h"
#include "dots_store.h"
#include "dots_store_file.h"


#define TEST_SIZE (4 << 20)


typedef struct {
    char          dir[32];
    char          copy[40];      /* a folder in it */
    dots_store_t *store;
} test_t;

typedef struct {
    char    text[256];
    size_t  len;
} seen_t;


static dots_store_slice_t
slice(const char *text)
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

    return 0;
}


static void
expect(test_t *t, int rc, const char *text)
{
    seen_t  s = { .len = 0 };

    assert_int_equal(dots_store_walk(t->store, slice(""), seen, &s), rc);
    assert_string_equal(s.text, text);
}


static void
open_store(test_t *t)
{
    char  err[512];

    if (dots_store_open(&t->store, t->dir, TEST_SIZE, err, sizeof(err)) != 0) {
        fail_msg("%s", err);
    }
}


static void
close_store(test_t *t)
{
    dots_store_close(t->store);
    t->store = NULL;
}


static int
put(test_t *t, const char *key, const char *value)
{
    dots_store_op_t   op = { .action = DOTS_STORE_PUT, .key = slice(key),
                             .value = slice(value) };
    dots_store_txn_t  txn = { .ops = &op, .nops = 1 }, *txns[1] = { &txn };

    return dots_store_commit(t->store, txns, 1);
}


static int
setup(void **state)
{
    test_t  *t;

    t = calloc(1, sizeof(test_t));
    assert_non_null(t);
    strcpy(t->dir, "/tmp/dots-file-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    snprintf(t->copy, sizeof(t->copy), "%s/copy", t->dir);
    assert_int_equal(mkdir(t->copy, 0700), 0);
    *state = t;

    return 0;
}


static int
teardown(void **state)
{
    char     command[64];
    test_t  *t = *state;

    dots_store_close(t->store);
    snprintf(command, sizeof(command), "rm -r %s", t->dir);
    assert_int_equal(system(command), 0);
    free(t);

    return 0;
}


/* A record as somebody else's LMDB writes it. */

static void
raw(test_t *t, dots_store_slice_t key, const void *value, size_t len)
{
    MDB_val   k, v;
    MDB_dbi   dbi;
    MDB_env  *env;
    MDB_txn  *txn;

    k.mv_data = (void *) key.data;
    k.mv_size = key.len;
    v.mv_data = (void *) value;
    v.mv_size = len;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, t->dir, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
    assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}


static void
test_crc(void **state)
{
    char  zeros[32];

    (void) state;
    memset(zeros, 0, sizeof(zeros));

    /* the usual check value, and RFC 3720 appendix B.4 */

    assert_int_equal(dots_crc(0, "123456789", 9), 0xe3069283);
    assert_int_equal(dots_crc(0, zeros, 32), 0x8a9136aa);
    assert_int_equal(dots_crc(dots_crc(0, "1234", 4), "56789", 5), 0xe3069283);
    assert_int_equal(dots_crc(0, "", 0), 0);
}


/* A store of format 1 is read, goes on, and is one of today's then. */

static void
test_old(void **state)
{
    test_t              *t = *state;
    dots_store_report_t  r;

    raw(t, slice("a"), "\1old", 4);
    raw(t, slice("b"), "", 0);
    assert_int_equal(dots_store_check(t->dir, 1, NULL, NULL, &r),
                     DOTS_STORE_OK);
    assert_int_equal(r.version, 1);
    assert_int_equal(r.records, 2);

    open_store(t);
    expect(t, DOTS_STORE_OK, "a=\1old b= ");
    assert_int_equal(put(t, "c", "new"), DOTS_STORE_OK);
    expect(t, DOTS_STORE_OK, "a=\1old b= c=new ");
    close_store(t);

    assert_int_equal(dots_store_check(t->dir, 1, NULL, NULL, &r),
                     DOTS_STORE_OK);
    assert_int_equal(r.version, DOTS_LMDB_RECORD_FORMAT);
    assert_int_equal(r.mixed, 1);
    assert_int_equal(r.records, 3);

    open_store(t);
    expect(t, DOTS_STORE_OK, "a=\1old b= c=new ");
}


/* A store of tomorrow's is refused, and left as it is. */

static void
test_newer(void **state)
{
    char                 err[512];
    test_t              *t = *state;
    uint8_t              buf[16];
    dots_store_slice_t   value = { "\0\3\0more", 7 };
    dots_store_report_t  r;

    open_store(t);
    assert_int_equal(put(t, "a", "1"), DOTS_STORE_OK);
    close_store(t);

    dots_lmdb_record_seal(dots_lmdb_record_format_key, value, buf);
    raw(t, dots_lmdb_record_format_key, buf, DOTS_LMDB_RECORD_HEAD + 7);

    assert_int_equal(dots_store_open(&t->store, t->dir, TEST_SIZE, err,
                                     sizeof(err)), DOTS_STORE_ERROR);
    assert_non_null(strstr(err, "written by a newer version"));
    assert_int_equal(dots_store_check(t->dir, 0, NULL, NULL, &r),
                     DOTS_STORE_NEWER);
    assert_non_null(strstr(r.text, "format 3"));
    assert_int_equal(dots_store_backup(t->dir, t->copy, &r),
                     DOTS_STORE_NEWER);
}


/* A record that is not what was written is nobody's; the others are. */

static void
test_record(void **state)
{
    seen_t               s = { .len = 0 };
    test_t              *t = *state;
    uint8_t              buf[16];
    dots_store_report_t  r;

    open_store(t);
    assert_int_equal(put(t, "a", "1"), DOTS_STORE_OK);
    assert_int_equal(put(t, "c", "3"), DOTS_STORE_OK);
    close_store(t);

    /* sealed for another key; without a seal in a store that has them */

    dots_lmdb_record_seal(slice("a"), slice("2"), buf);
    raw(t, slice("b"), buf, DOTS_LMDB_RECORD_HEAD + 1);
    raw(t, slice("d"), "\1old", 4);

    open_store(t);
    expect(t, DOTS_STORE_DAMAGED, "a=1 c=3 ");
    assert_int_equal(dots_store_get(t->store, slice("b"), seen, &s),
                     DOTS_STORE_DAMAGED);
    assert_int_equal(dots_store_get(t->store, slice("c"), seen, &s), 0);
    assert_int_equal(s.len, 4);

    assert_int_equal(dots_store_check(t->dir, 1, NULL, NULL, &r),
                     DOTS_STORE_DAMAGED);
    assert_int_equal(r.damaged, 2);
    assert_int_equal(r.records, 2);

    /* writing it again heals it */

    assert_int_equal(put(t, "b", "2"), DOTS_STORE_OK);
    assert_int_equal(put(t, "d", "4"), DOTS_STORE_OK);
    expect(t, DOTS_STORE_OK, "a=1 b=2 c=3 d=4 ");
}


/* The store's own keys are out of reach. */

static void
test_reserved(void **state)
{
    test_t              *t = *state;
    dots_store_op_t      op = { .action = DOTS_STORE_DELETE };
    dots_store_txn_t     txn = { .ops = &op, .nops = 1 }, *txns[1] = { &txn };
    dots_store_report_t  r;

    open_store(t);
    expect(t, DOTS_STORE_OK, "");

    op.key = dots_lmdb_record_format_key;
    assert_int_equal(dots_store_commit(t->store, txns, 1), DOTS_STORE_OK);
    assert_int_equal(txn.result, DOTS_STORE_ERROR);
    assert_int_equal(dots_store_get(t->store, op.key, seen, NULL),
                     DOTS_STORE_ERROR);

    op.key.len = 0;
    op.action = DOTS_STORE_DELETE_BELOW;
    assert_int_equal(dots_store_commit(t->store, txns, 1), DOTS_STORE_OK);
    op.action = DOTS_STORE_COUNT;
    op.most = 1;
    assert_int_equal(dots_store_commit(t->store, txns, 1), DOTS_STORE_OK);
    close_store(t);

    /* which an empty prefix does not delete or count */

    assert_int_equal(dots_store_check(t->dir, 1, NULL, NULL, &r), 0);
    assert_int_equal(r.version, DOTS_LMDB_RECORD_FORMAT);
    assert_int_equal(r.mixed, 0);
}


static void
test_nothing(void **state)
{
    char                 kept[DOTS_STORE_TEXT];
    test_t              *t = *state;
    dots_store_report_t  r;

    assert_int_equal(dots_store_check(t->dir, 1, NULL, NULL, &r),
                     DOTS_STORE_DECLINED);
    assert_int_equal(dots_store_backup(t->dir, t->copy, &r),
                     DOTS_STORE_DECLINED);
    assert_int_equal(dots_store_restore(t->dir, t->copy, kept, &r),
                     DOTS_STORE_DECLINED);
    assert_int_equal(rmdir(t->copy), 0);
    assert_int_equal(rmdir(t->dir), 0);
    assert_int_equal(mkdir(t->dir, 0700), 0);
}


static void
test_backup(void **state)
{
    char                 kept[DOTS_STORE_TEXT];
    test_t              *t = *state;
    dots_store_report_t  r;

    open_store(t);
    assert_int_equal(put(t, "a", "1"), DOTS_STORE_OK);
    close_store(t);

    assert_int_equal(dots_store_backup(t->dir, t->copy, &r), DOTS_STORE_OK);
    assert_int_equal(r.records, 1);
    assert_int_equal(dots_store_backup(t->dir, t->dir, &r), DOTS_STORE_ERROR);

    open_store(t);
    assert_int_equal(put(t, "a", "2"), DOTS_STORE_OK);
    assert_int_equal(put(t, "b", "2"), DOTS_STORE_OK);
    close_store(t);

    assert_int_equal(dots_store_restore(t->dir, t->copy, kept, &r),
                     DOTS_STORE_OK);
    open_store(t);
    expect(t, DOTS_STORE_OK, "a=1 ");
    close_store(t);

    /* what was there is whole beside it, and the second time, too */

    assert_int_equal(access(kept, F_OK), 0);
    assert_int_equal(dots_store_restore(t->dir, t->copy, kept, &r),
                     DOTS_STORE_OK);
    assert_int_equal(access(kept, F_OK), 0);
}


/* In use by another process, which begins while nothing is. */

static void
test_used(void **state)
{
    int                  status;
    char                 kept[DOTS_STORE_TEXT];
    pid_t                pid;
    test_t              *t = *state;
    dots_store_report_t  r;

    open_store(t);
    assert_int_equal(put(t, "a", "1"), DOTS_STORE_OK);
    close_store(t);
    assert_int_equal(dots_store_backup(t->dir, t->copy, &r), DOTS_STORE_OK);

    pid = fork();
    assert_int_not_equal(pid, -1);

    if (pid == 0) {
        open_store(t);
        raise(SIGSTOP);
        _exit(put(t, "a", "2") != DOTS_STORE_OK);
    }

    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    assert_int_not_equal(dots_store_used(t->dir), 0);
    assert_int_equal(dots_store_restore(t->dir, t->copy, kept, &r),
                     DOTS_STORE_ERROR);
    assert_non_null(strstr(r.text, "in use"));
    assert_int_equal(dots_store_check(t->dir, 1, NULL, NULL, &r), 0);
    assert_int_equal(dots_store_backup(t->dir, t->copy, &r), DOTS_STORE_OK);

    assert_int_equal(kill(pid, SIGCONT), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(dots_store_used(t->dir), 0);
}


/* The file goes away under an open store: an error that says so. */

static void
test_gone(void **state)
{
    char     name[64];
    test_t  *t = *state;

    open_store(t);
    assert_int_equal(put(t, "a", "1"), DOTS_STORE_OK);
    snprintf(name, sizeof(name), "%s/data.mdb", t->dir);

    assert_int_equal(unlink(name), 0);
    assert_int_equal(put(t, "a", "2"), DOTS_STORE_ERROR);
    assert_non_null(strstr(dots_store_error(t->store), "removed"));
    assert_int_equal(dots_store_get(t->store, slice("a"), seen, NULL),
                     DOTS_STORE_ERROR);
}


#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_crc),
        test(test_old),
        test(test_newer),
        test(test_record),
        test(test_reserved),
        test(test_nothing),
        test(test_backup),
        test(test_used),
        test(test_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
