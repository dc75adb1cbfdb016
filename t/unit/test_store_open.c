/*
 * A store that is opened: again, damaged, by a user that may not.  What is
 * wrong is a sentence for the operator.
 */

#include "store_world.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>


#define TEST_NOBODY 65534


static void
test_reopen(void **state)
{
    size_t       i;
    test_t      *t = *state;
    struct stat  st;

    static const char *const  files[] = { "data.mdb", "lock.mdb" };

    assert_int_equal(put_value(t, "k", "value", 5), DOTS_STORE_OK);
    test_close(t);
    test_open(t, TEST_SIZE);
    expect_all(t, "", "k=value ");

    for (i = 0; i < count(files); i++) {
        assert_int_equal(stat(test_path(t, files[i]), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
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
    int   fd;
    char  junk[8192];

    t->damaged = 1;
    memset(junk, 0x5a, sizeof(junk));
    fd = open(test_path(t, "data.mdb"), O_WRONLY);
    assert_int_not_equal(fd, -1);
    assert_int_equal(pwrite(fd, junk, n, at), n);
    assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
}


static void
test_open_refused(void **state)
{
    test_t  *t = *state;

    refused("/nonexistent/dots", "must be an existing directory");
    refused(test_path(t, "data.mdb"), "must be an existing directory");

    test_close(t);
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


/* A process without rights writes a record. */

static void
nobody(test_t *t)
{
    char  err[512];

    if (setuid(TEST_NOBODY) != 0
        || dots_store_open(&t->store, t->dir, TEST_SIZE, err, sizeof(err)) != 0)
    {
        _exit(1);
    }

    if (put_value(t, "k", "value", 5) != DOTS_STORE_OK) {
        _exit(2);
    }

    dots_store_close(t->store);
    _exit(0);
}


/* What an unprivileged worker is told. */

static void
test_unprivileged(void **state)
{
    int      status;
    pid_t    pid;
    test_t  *t = *state;

    test_close(t);
    pid = fork();
    assert_int_not_equal(pid, -1);

    if (pid == 0) {

        /* somebody else's, or one's own to read only */

        if (getuid() == 0 ? setuid(TEST_NOBODY)
                          : chmod(test_path(t, "data.mdb"), 0400))
        {
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
    t = test_folder();
    assert_int_equal(chown(t->dir, TEST_NOBODY, TEST_NOBODY), 0);
    *state = t;
    pid = fork();

    if (pid == 0) {
        nobody(t);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);
    test_open(t, TEST_SIZE);
    expect_all(t, "", "k=value ");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(test_reopen),
        test(test_open_refused),
        test(test_truncated),
        test(test_unprivileged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
