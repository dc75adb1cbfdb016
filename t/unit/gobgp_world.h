/*
 * What the tests of the gobgp driver share: a gobgpd of its own, what its table
 * shows, the driver with its runner, and how to wait for what it says.
 */

#ifndef GOBGP_WORLD_H
#define GOBGP_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dots_gobgp.h"
#include "mitigator_runner.h"


#define TEST_PATIENCE 60000     /* ms: the longest wait for anything */
#define TEST_TAG      0xfde90001 /* 65001:1 */


typedef struct test_s  test_t;

struct test_s {
    char               dir[32];
    char               target[64];  /* of the gobgp command */
    pid_t              pid;
    dots_gobgp_conf_t  conf;
    dots_mitigator_t  *mt;
    test_t            *peer;        /* a second gobgpd */
    int                event;

    pthread_mutex_t    mutex;
    unsigned           errors;      /* log lines by level */
    unsigned           infos;
    char               last[512];
};


static const char  test_global[] = "[global.config]\n"
                                   "as = 65001\n"
                                   "router-id = \"192.0.2.254\"\n"
                                   "port = -1\n";


static inline int64_t
now_ms(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


static inline void
breathe(void)
{
    poll(NULL, 0, 20);
}


/* Output of a command, or its failure as NULL. */

static inline char *
run(const char *fmt, ...)
{
    char         cmd[1024];
    FILE        *f;
    size_t       n;
    va_list      args;
    static char  out[1 << 20];

    va_start(args, fmt);
    vsnprintf(cmd, sizeof(cmd), fmt, args);
    va_end(args);

    f = popen(cmd, "r");
    assert_non_null(f);
    n = fread(out, 1, sizeof(out) - 1, f);
    out[n] = '\0';

    return pclose(f) == 0 ? out : NULL;
}


/*
 * What GoBGP's command has to say: it gives up after a second, which says
 * nothing about routes, and is asked again.
 */

static inline char *
ask(test_t *t, const char *what)
{
    char     *out;
    int64_t   end;

    for (end = now_ms() + TEST_PATIENCE; now_ms() < end; breathe()) {
        out = run("gobgp --target %s %s 2>&1", t->target, what);

        if (out) {
            return out;
        }
    }

    fail_msg("gobgp %s", what);

    return NULL;
}


static inline char *
rib(test_t *t, const char *family)
{
    char  what[64];

    snprintf(what, sizeof(what), "global rib -a %s", family);

    return ask(t, what);
}


/* The line of the table that shows the prefix, or NULL. */

static inline const char *
route(test_t *t, const char *family, const char *text)
{
    char         needle[80];
    char        *at, *end;
    static char  line[512];

    snprintf(needle, sizeof(needle), " %s ", text);
    at = strstr(rib(t, family), needle);

    if (at == NULL) {
        return NULL;
    }

    end = strchr(at, '\n');
    snprintf(line, sizeof(line), "%.*s", end ? (int) (end - at) : 500, at);

    return line;
}


static inline void
shows(test_t *t, const char *family, const char *text, const char *what)
{
    const char  *line;

    line = route(t, family, text);

    if (line == NULL || strstr(line, what) == NULL) {
        fail_msg("%s: \"%s\" does not show %s", text, line ? line : "", what);
    }
}


/* ---- gobgpd ---- */

static inline void
gobgpd_spawn(test_t *t, const char *config)
{
    int   fd;
    char  path[64], host[64];
    FILE *f;

    snprintf(path, sizeof(path), "%s/conf", t->dir);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(config, f);
    fclose(f);

    snprintf(host, sizeof(host), "unix://%s/sock", t->dir);
    snprintf(t->target, sizeof(t->target), "%s", host);

    t->pid = fork();
    assert_int_not_equal(t->pid, -1);

    if (t->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        fd = open("/dev/null", O_RDWR);
        dup2(fd, 1);
        dup2(fd, 2);

        if (config[0]) {
            execlp("gobgpd", "gobgpd", "--api-hosts", host, "--pprof-disable",
                   "-f", path, NULL);
        } else {
            execlp("gobgpd", "gobgpd", "--api-hosts", host, "--pprof-disable",
                   NULL);
        }

        _exit(127);
    }
}


/* Does it answer, and know who it is? */

static inline int
knows(test_t *t)
{
    return run("gobgp --target %s global 2>&1 | grep -q 'AS: *65001'",
               t->target) != NULL;
}


static inline void
gobgpd_ready(test_t *t)
{
    int64_t  end;

    for (end = now_ms() + TEST_PATIENCE; now_ms() < end; breathe()) {
        if (knows(t)) {
            return;
        }
    }

    fail_msg("gobgpd does not start");
}


static inline void
gobgpd_start(test_t *t)
{
    gobgpd_spawn(t, test_global);
    gobgpd_ready(t);
}


static inline void
gobgpd_stop(test_t *t)
{
    char  path[64];

    if (t->pid > 0) {
        kill(t->pid, SIGKILL);
        waitpid(t->pid, NULL, 0);
        t->pid = 0;
    }

    snprintf(path, sizeof(path), "%s/sock", t->dir);
    unlink(path);
}


/*
 * Stands still when this returns.  kill() does not wait for it: the signal is
 * one thread's, and the others run on until that has its turn.
 */

static inline void
gobgpd_hang(test_t *t)
{
    int  status;

    assert_int_equal(kill(t->pid, SIGSTOP), 0);
    assert_int_equal(waitpid(t->pid, &status, WUNTRACED), t->pid);
    assert_true(WIFSTOPPED(status));
}


/* ---- the runner ---- */

static inline void
on_notify(void *ctx)
{
    test_t    *t = ctx;
    uint64_t   one = 1;

    assert_int_equal(write(t->event, &one, sizeof(one)), sizeof(one));
}


static inline void
on_log(void *ctx, int level, const char *text)
{
    test_t  *t = ctx;

    pthread_mutex_lock(&t->mutex);
    t->errors += level == DOTS_LOG_ERROR;
    t->infos += level == DOTS_LOG_INFO;
    snprintf(t->last, sizeof(t->last), "%s", text);
    pthread_mutex_unlock(&t->mutex);
}


static inline unsigned
logged(test_t *t, int level)
{
    unsigned  n;

    pthread_mutex_lock(&t->mutex);
    n = level == DOTS_LOG_ERROR ? t->errors : t->infos;
    pthread_mutex_unlock(&t->mutex);

    return n;
}


static inline void
runner_start(test_t *t)
{
    t->mt = dots_mitigator_start(&dots_gobgp_driver, &t->conf, on_notify,
                                 on_log, t);
    assert_non_null(t->mt);
}


static inline void
want(test_t *t, size_t n, ...)
{
    va_list  args;

    va_start(args, n);
    runner_want(t->mt, n, args);
    va_end(args);
}


static inline dots_rule_state_t
state_of(test_t *t, const char *text, char *reason)
{
    dots_prefix_t  p;

    p = runner_prefix(text);

    return dots_mitigator_state(t->mt, &p, reason);
}


/* Waits on the notifications alone: one that is missing fails the test. */

static inline void
becomes(test_t *t, const char *text, dots_rule_state_t state)
{
    int64_t        end;
    uint64_t       count;
    struct pollfd  pfd = { .fd = t->event, .events = POLLIN };

    end = now_ms() + TEST_PATIENCE;

    while (state_of(t, text, NULL) != state) {
        if (poll(&pfd, 1, (int) (end - now_ms() > 0 ? end - now_ms() : 0))
            != 1)
        {
            fail_msg("%s: state %d, not %d; log: %s", text,
                     state_of(t, text, NULL), state, t->last);
        }

        assert_int_equal(read(t->event, &count, sizeof(count)), sizeof(count));
    }
}


static inline void
goes(test_t *t, const char *family, const char *text)
{
    int64_t  end;

    for (end = now_ms() + TEST_PATIENCE; now_ms() < end; breathe()) {
        if (route(t, family, text) == NULL) {
            return;
        }
    }

    fail_msg("%s does not go", text);
}


static inline test_t *
test_new(void)
{
    test_t  *t;

    t = calloc(1, sizeof(test_t));
    assert_non_null(t);
    strcpy(t->dir, "/tmp/dots-gobgp-XXXXXX");
    assert_non_null(mkdtemp(t->dir));

    return t;
}


static inline void
test_end(test_t *t)
{
    char  path[64];

    gobgpd_stop(t);
    snprintf(path, sizeof(path), "%s/conf", t->dir);
    unlink(path);
    assert_int_equal(rmdir(t->dir), 0);
    free(t);
}


static inline int
setup(void **state)
{
    test_t  *t;

    t = test_new();
    pthread_mutex_init(&t->mutex, NULL);
    t->event = eventfd(0, EFD_CLOEXEC);
    assert_int_not_equal(t->event, -1);

    snprintf(t->conf.target, sizeof(t->conf.target), "unix:%s/sock", t->dir);
    t->conf.next_hop4 = runner_prefix("192.0.2.1");
    t->conf.next_hop6 = runner_prefix("100::1");
    t->conf.communities[0] = 0xffff029a;
    t->conf.communities[1] = 0xffffff01;
    t->conf.ncommunities = 2;
    t->conf.tag = TEST_TAG;
    t->conf.timeout = 10000;
    *state = t;

    return 0;
}


static inline int
teardown(void **state)
{
    test_t  *t = *state;

    dots_mitigator_stop(t->mt);
    close(t->event);

    if (t->peer != NULL) {
        test_end(t->peer);
    }

    test_end(t);

    return 0;
}

#endif /* GOBGP_WORLD_H */
