/*
 * Several processes and threads at one store: a writer that is killed, readers
 * that die, two writers, a map that another one has made larger.
 */

#include "store_world.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>


#define TEST_ROUNDS 20


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

    test_close(t);

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
        test_close(t);
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
    test_close(t);
    test_open(t, 512 << 10);
    first = 0;

    for (i = 0; i < 3; i++) {
        dots_store_op_t  gone[] = { op(DELETE_BELOW, "fill/", ANY) };

        assert_int_equal(put_value(t, "one", value, 1), DOTS_STORE_OK);
        test_close(t);

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

    test_close(t);

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

    test_close(t);
    memset(value, 'v', sizeof(value));

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
    int     failed;
    size_t  reads;
} reader_t;


static void *
reader(void *arg)
{
    size_t     n;
    reader_t  *r = arg;

    do {
        n = 0;

        /* a pair is written in one transaction: never one without the other */
        if (dots_store_walk(r->t->store, key("pair/"), tally, &n) != 0
            || n % 2 != 0)
        {
            __atomic_store_n(&r->failed, 1, __ATOMIC_RELEASE);
            return NULL;
        }

        __atomic_add_fetch(&r->reads, 1, __ATOMIC_RELEASE);

    } while (!__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE));

    return r;
}


/* Another one, whoever else has the processor. */

static void
read_again(reader_t *r)
{
    size_t  reads;

    reads = __atomic_load_n(&r->reads, __ATOMIC_ACQUIRE);

    while (__atomic_load_n(&r->reads, __ATOMIC_ACQUIRE) == reads
           && !__atomic_load_n(&r->failed, __ATOMIC_ACQUIRE))
    {
        (void) sched_yield();
    }
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

        if (i % 20 == 0) {
            read_again(&r);
        }
    }

    __atomic_store_n(&r.stop, 1, __ATOMIC_RELEASE);

    for (i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(tid[i], &ok), 0);
        assert_non_null(ok);
    }

    assert_true(r.reads >= 10);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(test_kill),
        test(test_dead_reader),
        test(test_two_writers),
        test(test_grown_by_another),
        test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
