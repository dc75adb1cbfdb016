#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dots_exec_child.h"


#define DOTS_EXEC_CHILD_LOOK 5  /* ms between looks whether it has ended */

typedef struct {
    const char  *text;
    size_t       len;
    int        (*line)(void *ctx, const char *data, size_t len);
    void        *ctx;
    int          timeout;
    int64_t      until;
} dots_exec_child_talk_t;


int64_t
dots_exec_child_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


static int dots_exec_child_failed(dots_exec_child_t *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int
dots_exec_child_failed(dots_exec_child_t *c, const char *format, ...)
{
    va_list  args;

    va_start(args, format);
    (void) vsnprintf(c->why, sizeof(c->why), format, args);
    va_end(args);

    return DOTS_ERROR;
}


static void
dots_exec_child_shut(int *fd)
{
    if (*fd != -1) {
        (void) close(*fd);
        *fd = -1;
    }
}


/* ---- start ---- */

/* No shell, no descriptor but the three, no signal mask or handler of ours. */

static int
dots_exec_child_spawn(pid_t *pid, char *const *argv, const int fds[3])
{
    int                         i, rc;
    sigset_t                    none, all;
    posix_spawnattr_t           attr;
    posix_spawn_file_actions_t  actions;

    (void) sigemptyset(&none);
    (void) sigfillset(&all);

    rc = posix_spawnattr_init(&attr);
    if (rc != 0) {
        return rc;
    }

    rc = posix_spawn_file_actions_init(&actions);
    if (rc != 0) {
        (void) posix_spawnattr_destroy(&attr);
        return rc;
    }

    /* these two can't fail with what they are given */

    (void) posix_spawnattr_setsigmask(&attr, &none);
    (void) posix_spawnattr_setsigdefault(&attr, &all);

    rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK
                                         | POSIX_SPAWN_SETSIGDEF);

    for (i = 0; i < 3 && rc == 0; i++) {
        rc = posix_spawn_file_actions_adddup2(&actions, fds[i], i);
    }

    if (rc == 0) {
        rc = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    }

    if (rc == 0) {
        rc = posix_spawn(pid, argv[0], &actions, &attr, argv, environ);
    }

    (void) posix_spawn_file_actions_destroy(&actions);
    (void) posix_spawnattr_destroy(&attr);

    return rc;
}


/* Our ends of the pipes do not block. */

static int
dots_exec_child_pipes(int pipes[3][2])
{
    int  i;

    for (i = 0; i < 3; i++) {

        if (pipe2(pipes[i], O_CLOEXEC) == -1
            || fcntl(pipes[i][i == 0], F_SETFL, O_NONBLOCK) == -1)
        {
            return errno;
        }
    }

    return 0;
}


int
dots_exec_child_start(dots_exec_child_t *c, char *const *argv)
{
    int    i, rc, fds[3], pipes[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
    pid_t  pid;

    pid = 0;
    rc = dots_exec_child_pipes(pipes);

    for (i = 0; i < 3; i++) {
        fds[i] = pipes[i][i != 0];
    }

    if (rc == 0) {
        rc = dots_exec_child_spawn(&pid, argv, fds);
    }

    for (i = 0; i < 3; i++) {
        dots_exec_child_shut(&pipes[i][i != 0]);

        if (rc != 0) {
            dots_exec_child_shut(&pipes[i][i == 0]);
        }
    }

    if (rc != 0) {
        return dots_exec_child_failed(c, "can't be started: %s", strerror(rc));
    }

    c->pid = pid;
    c->in = pipes[0][1];
    c->out = pipes[1][0];
    c->err = pipes[2][0];
    c->have = 0;
    c->nerr = 0;

    return DOTS_OK;
}


/* ---- talk ---- */

/* What is on its stderr now; of a long line the beginning. */

static void
dots_exec_child_listen(dots_exec_child_t *c)
{
    char     buf[1024], clean[DOTS_EXEC_STDERR + 1];
    ssize_t  n, i;

    n = c->err == -1 ? -1 : read(c->err, buf, sizeof(buf));

    if (n == 0) {
        dots_exec_child_shut(&c->err);
    }

    for (i = 0; i < n; i++) {

        if (buf[i] != '\n') {
            if (c->nerr < sizeof(c->text)) {
                c->text[c->nerr++] = buf[i];
            }

            continue;
        }

        dots_exec_line_print(clean, sizeof(clean), c->text, c->nerr);
        c->nerr = 0;
        c->said(c->ctx, clean);
    }
}


static int
dots_exec_child_write(dots_exec_child_t *c, dots_exec_child_talk_t *talk)
{
    ssize_t  n;

    n = write(c->in, talk->text, talk->len);

    if (n == -1) {
        return errno == EAGAIN || errno == EINTR
                   ? DOTS_DECLINED
                   : dots_exec_child_failed(c, "%s", strerror(errno));
    }

    talk->text += n;
    talk->len -= (size_t) n;

    return DOTS_DECLINED;
}


/* The lines that are complete; the rest stays for the next time. */

static int
dots_exec_child_lines(dots_exec_child_t *c, dots_exec_child_talk_t *talk)
{
    int     rc;
    char   *end;
    size_t  len;

    rc = DOTS_DECLINED;

    while (rc == DOTS_DECLINED
           && (end = memchr(c->line, '\n', c->have)) != NULL)
    {
        len = (size_t) (end - c->line);
        rc = talk->line(talk->ctx, c->line, len);

        c->have -= len + 1;
        memmove(c->line, end + 1, c->have);
    }

    if (rc == DOTS_DECLINED && c->have == sizeof(c->line)) {
        return dots_exec_child_failed(c, "says a line of more than %d bytes",
                                      DOTS_EXEC_LINE);
    }

    return rc;
}


static int
dots_exec_child_read(dots_exec_child_t *c, dots_exec_child_talk_t *talk)
{
    ssize_t  n;

    n = read(c->out, c->line + c->have, sizeof(c->line) - c->have);

    if (n == 0) {
        dots_exec_child_shut(&c->out);
        return dots_exec_child_failed(c, "ended");
    }

    if (n == -1) {
        return errno == EAGAIN || errno == EINTR
                   ? DOTS_DECLINED
                   : dots_exec_child_failed(c, "%s", strerror(errno));
    }

    c->have += (size_t) n;

    return dots_exec_child_lines(c, talk);
}


/* One look at all that may happen; DOTS_DECLINED: there is more to come. */

static int
dots_exec_child_step(dots_exec_child_t *c, dots_exec_child_talk_t *talk)
{
    int            rc;
    int64_t        left;
    struct pollfd  fds[4] = {
        { .fd = c->wake, .events = POLLIN },
        { .fd = c->out, .events = POLLIN },
        { .fd = c->err, .events = POLLIN },
        { .fd = talk->len ? c->in : -1, .events = POLLOUT }
    };

    left = talk->until - dots_exec_child_now();

    if (left <= 0) {
        return dots_exec_child_failed(c, "does not answer within %d ms",
                                      talk->timeout);
    }

    rc = poll(fds, 4, (int) left);

    if (rc == -1 && errno != EINTR) {
        return dots_exec_child_failed(c, "poll(): %s", strerror(errno));
    }

    if (rc <= 0) {
        return DOTS_DECLINED;
    }

    if (fds[0].revents) {
        return dots_exec_child_failed(c, "is interrupted");
    }

    if (fds[2].revents) {
        dots_exec_child_listen(c);
    }

    /* first what it says: it may have ended after that */

    if (fds[1].revents) {
        return dots_exec_child_read(c, talk);
    }

    return fds[3].revents ? dots_exec_child_write(c, talk) : DOTS_DECLINED;
}


int
dots_exec_child_talk(dots_exec_child_t *c, const char *text, size_t len,
    int timeout, int (*line)(void *ctx, const char *data, size_t len),
    void *ctx)
{
    int                     rc;
    dots_exec_child_talk_t  talk = {
        .text = text, .len = len, .line = line, .ctx = ctx,
        .timeout = timeout
    };

    talk.until = dots_exec_child_now() + timeout;

    /* what it has said since the last time */

    rc = dots_exec_child_lines(c, &talk);

    while (rc == DOTS_DECLINED) {
        rc = dots_exec_child_step(c, &talk);
    }

    if (rc == DOTS_OK && talk.len) {
        return dots_exec_child_failed(c, "answers before it is asked");
    }

    return rc;
}


/* ---- end ---- */

int
dots_exec_child_gone(const dots_exec_child_t *c)
{
    return c->pid != 0 && c->out == -1;
}


static void
dots_exec_child_how(int status, char how[DOTS_EXEC_ERROR])
{
    if (WIFSIGNALED(status)) {
        (void) snprintf(how, DOTS_EXEC_ERROR, "was killed by signal %d",
                        WTERMSIG(status));
        return;
    }

    (void) snprintf(how, DOTS_EXEC_ERROR, "exited with code %d",
                    WEXITSTATUS(status));
}


/*
 * Nobody else waits for it, so the pid is its own until it has been waited for
 * (where somebody has, nothing is left to be killed).
 */

void
dots_exec_child_end(dots_exec_child_t *c, int patience,
    char how[DOTS_EXEC_ERROR])
{
    int      status;
    pid_t    rc;
    int64_t  until;

    how[0] = '\0';
    status = 0;

    dots_exec_child_shut(&c->in);

    until = dots_exec_child_now() + patience;

    while ((rc = waitpid(c->pid, &status, WNOHANG)) == 0
           && dots_exec_child_now() < until)
    {
        dots_exec_child_listen(c);
        (void) poll(NULL, 0, DOTS_EXEC_CHILD_LOOK);
    }

    if (rc == 0) {
        (void) kill(c->pid, SIGKILL);
        (void) waitpid(c->pid, &status, 0);

    } else if (rc == c->pid) {
        dots_exec_child_how(status, how);
    }

    dots_exec_child_listen(c);

    dots_exec_child_shut(&c->out);
    dots_exec_child_shut(&c->err);

    c->pid = 0;
}
