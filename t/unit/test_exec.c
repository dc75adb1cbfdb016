/*
 * The exec driver, its lines, and the runner's counts against a real program:
 * t/tools/exec_program, as it should be and as it should not.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dots_exec.h"
#include "dots_exec_line.h"
#include "mitigator_runner.h"


#define TEST_PATIENCE 60000     /* ms: the longest wait for anything */
#define TEST_PROGRAM  SOURCE_DIR "/t/tools/exec_program"


typedef struct {
    char               dir[32];
    char              *argv[4];
    dots_exec_conf_t   conf;
    dots_mitigator_t  *mt;

    pthread_mutex_t    mutex;
    unsigned           errors;      /* log lines by level */
    unsigned           warnings;
    unsigned           infos;
    char               error[512];  /* the last of each */
    char               warning[1024];
} test_t;


static int64_t
now_ms(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


/* Until "cond", which the test's patience bounds. */

#define await(cond)                                                           \
    do {                                                                      \
        int64_t  end_ = now_ms() + TEST_PATIENCE;                             \
                                                                              \
        while (!(cond) && now_ms() < end_) {                                  \
            poll(NULL, 0, 20);                                                \
        }                                                                     \
                                                                              \
        assert_true(cond);                                                    \
    } while (0)


static void
on_notify(void *ctx)
{
    (void) ctx;
}


static void
on_log(void *ctx, int level, const char *text)
{
    test_t  *t = ctx;

    pthread_mutex_lock(&t->mutex);

    if (level == DOTS_LOG_ERROR) {
        t->errors++;
        snprintf(t->error, sizeof(t->error), "%s", text);

    } else if (level == DOTS_LOG_WARN) {
        t->warnings++;
        snprintf(t->warning, sizeof(t->warning), "%s", text);

    } else {
        t->infos++;
    }

    pthread_mutex_unlock(&t->mutex);
}


/* Has an error been logged that has "text" in it? */

static int
error_has(test_t *t, const char *text)
{
    int  rc;

    pthread_mutex_lock(&t->mutex);
    rc = strstr(t->error, text) != NULL;
    pthread_mutex_unlock(&t->mutex);

    return rc;
}


static unsigned
number_of(test_t *t, unsigned *which)
{
    unsigned  n;

    pthread_mutex_lock(&t->mutex);
    n = *which;
    pthread_mutex_unlock(&t->mutex);

    return n;
}


/* What is in a file of the folder now; static storage. */

static const char *
contents(test_t *t, const char *name)
{
    int          fd;
    char         path[64];
    ssize_t      n;
    static char  text[1 << 20];

    snprintf(path, sizeof(path), "%s/%s", t->dir, name);

    fd = open(path, O_RDONLY);
    n = fd == -1 ? 0 : read(fd, text, sizeof(text) - 1);
    text[n > 0 ? n : 0] = '\0';

    if (fd != -1) {
        close(fd);
    }

    return text;
}


static void
put(test_t *t, const char *name, const char *text)
{
    FILE  *f;
    char   path[64], next[80];

    snprintf(path, sizeof(path), "%s/%s", t->dir, name);
    snprintf(next, sizeof(next), "%s.next", path);

    f = fopen(next, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(rename(next, path), 0);
}


static size_t
lines(const char *text)
{
    size_t  n;

    for (n = 0; *text; text++) {
        n += *text == '\n';
    }

    return n;
}


static pid_t
last_pid(test_t *t)
{
    const char  *text, *p;

    text = contents(t, "starts");

    for (p = text + strlen(text); p > text + 1 && p[-2] != '\n'; p--) {
        /* void */
    }

    return (pid_t) atoi(p > text ? p - 1 : p);
}


static void
start_argv(test_t *t, int timeout)
{
    t->conf.argv = t->argv;
    t->conf.timeout = (uint32_t) timeout;

    t->mt = dots_mitigator_start(&dots_exec_driver, &t->conf, on_notify,
                                 on_log, t);
    assert_non_null(t->mt);
}


static test_t *
begin(const char *mode, int timeout)
{
    test_t  *t;

    t = calloc(1, sizeof(test_t));
    assert_non_null(t);
    pthread_mutex_init(&t->mutex, NULL);

    strcpy(t->dir, "/tmp/dots-exec-XXXXXX");
    assert_non_null(mkdtemp(t->dir));

    t->argv[0] = TEST_PROGRAM;
    t->argv[1] = t->dir;
    t->argv[2] = (char *) mode;

    start_argv(t, timeout);

    return t;
}


static void
end(test_t *t)
{
    char  command[64];

    dots_mitigator_stop(t->mt);

    /* nothing is left: no child of ours, dead or alive */

    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);

    snprintf(command, sizeof(command), "rm -rf %s", t->dir);
    assert_int_equal(system(command), 0);

    pthread_mutex_destroy(&t->mutex);
    free(t);
}


static void
want(test_t *t, size_t n, ...)
{
    va_list  args;

    va_start(args, n);
    runner_want(t->mt, n, args);
    va_end(args);
}


static int
is(test_t *t, const char *text, dots_rule_state_t state)
{
    dots_prefix_t  p;

    p = runner_prefix(text);

    return dots_mitigator_state(t->mt, &p, NULL) == state;
}


/* "packets/octets", or "-". */

static const char *
counted(test_t *t, const char *text)
{
    size_t              i, n;
    dots_prefix_t       p;
    dots_rule_count_t  *c;
    static char         result[64];

    p = runner_prefix(text);
    strcpy(result, "-");

    assert_int_equal(dots_mitigator_counts(t->mt, &c, &n), DOTS_OK);

    for (i = 0; i < n; i++) {
        if (dots_prefix_cmp(&c[i].prefix, &p) == 0) {
            snprintf(result, sizeof(result), "%llu/%llu",
                     (unsigned long long) c[i].packets,
                     (unsigned long long) c[i].octets);
        }
    }

    free(c);

    return result;
}


/* ---- lines ---- */

static int
read_line(const char *text, dots_exec_line_t *line)
{
    char  why[DOTS_EXEC_ERROR];

    return dots_exec_line_read(line, text, strlen(text), why);
}


static void
test_lines(void **state)
{
    dots_exec_line_t  line;

    (void) state;

    assert_int_equal(read_line("{\"version\":1,\"counters\":true}", &line),
                     DOTS_OK);
    assert_int_equal(line.kind, DOTS_EXEC_HELLO);
    assert_int_equal(line.counters, 1);

    assert_int_equal(read_line("{\"state\":\"refused\",\"prefixes\":"
                               "[\"192.0.2.1\",\"2001:db8::/32\"],"
                               "\"reason\":\"no\\nroom\"}", &line),
                     DOTS_OK);
    assert_int_equal(line.kind, DOTS_EXEC_STATE);
    assert_int_equal(line.state, DOTS_RULE_REFUSED);
    assert_int_equal(line.n, 2);
    assert_int_equal(line.rules[0].prefix.length, 32);
    assert_string_equal(line.reason, "no?room");

    assert_int_equal(read_line("{\"counts\":{\"192.0.2.0/24\":"
                               "[\"0\",\"18446744073709551615\"]}}", &line),
                     DOTS_OK);
    assert_int_equal(line.n, 1);
    assert_true(line.rules[0].octets == UINT64_MAX);

    assert_int_equal(read_line("{\"synced\":4294967295}", &line), DOTS_OK);
    assert_int_equal(line.id, UINT32_MAX);
}


static void
test_lines_refused(void **state)
{
    size_t            i;
    dots_exec_line_t  line;

    static const char *const  bad[] = {
        "", "{}", "[]", "null", "{\"version\":1}", "{\"synced\":1} x",
        "{\"version\":2,\"counters\":true}",
        "{\"version\":1,\"counters\":1}",
        "{\"version\":1,\"counters\":true,\"more\":1}",
        "{\"version\":1,\"version\":1,\"counters\":true}",
        "{\"state\":\"installed\"}",
        "{\"state\":\"done\",\"prefixes\":[]}",
        "{\"state\":\"installed\",\"prefixes\":[],\"reason\":\"x\"}",
        "{\"state\":\"installed\",\"prefixes\":[1]}",
        "{\"state\":\"installed\",\"prefixes\":[\"192.0.2.0/33\"]}",
        "{\"state\":\"installed\",\"prefixes\":[\"192.0.2.1\\u00000\"]}",
        "{\"counts\":[]}", "{\"counts\":{\"192.0.2.1\":[1,2]}}",
        "{\"counts\":{\"192.0.2.1\":[\"1\"]}}",
        "{\"counts\":{\"192.0.2.1\":[\"1\",\"\"]}}",
        "{\"counts\":{\"192.0.2.1\":[\"-1\",\"2\"]}}",
        "{\"counts\":{\"192.0.2.1\":[\"1\",\"18446744073709551616\"]}}",
        "{\"synced\":-1}", "{\"synced\":4294967296}", "{\"synced\":\"1\"}",
        "{\"synced\":1,\"counted\":1}",
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (read_line(bad[i], &line) != DOTS_INVALID) {
            fail_msg("taken: %s", bad[i]);
        }
    }
}


/* One more than fits into a line: for what is read, and what is written. */

static void
test_lines_batch(void **state)
{
    size_t            i;
    dots_prefix_t     p;
    dots_exec_text_t  text = { 0 };
    dots_exec_line_t  line;

    (void) state;

    dots_exec_text_set(&text);
    p = runner_prefix("2001:db8:1111:2222:3333:4444:5555:0/128");

    for (i = 0; i <= DOTS_EXEC_BATCH; i++) {
        p.addr[15] = (uint8_t) i;
        dots_exec_text_prefix(&text, "add", &p);
    }

    dots_exec_text_end(&text);
    dots_exec_text_ask(&text, "sync", 7);

    assert_false(text.failed);
    assert_int_equal(memcmp(text.data, "{\"set\":[]}\n{\"add\":[\"2001", 24),
                     0);
    assert_int_equal(memcmp(text.data + text.len - 11, "{\"sync\":7}\n", 11),
                     0);
    text.data[text.len - 1] = '\0';
    assert_int_equal(lines(text.data), 3);
    free(text.data);

    memset(&text, 0, sizeof(text));
    text.data = calloc(1, 1 << 16);
    text.len = (size_t) sprintf(text.data, "{\"state\":\"pending\","
                                           "\"prefixes\":[\"192.0.2.1\"");

    for (i = 0; i < DOTS_EXEC_BATCH; i++) {
        text.len += (size_t) sprintf(text.data + text.len, ",\"192.0.2.1\"");
    }

    strcpy(text.data + text.len, "]}");
    assert_int_equal(read_line(text.data, &line), DOTS_INVALID);
    free(text.data);
}


/* ---- the program as it should be ---- */

static void
test_good(void **state)
{
    test_t      *t;
    const char  *heard;

    (void) state;

    t = begin("good", 5000);

    want(t, 2, "192.0.2.7/32", "2001:db8::/64");
    await(is(t, "192.0.2.7/32", DOTS_RULE_INSTALLED)
          && is(t, "2001:db8::/64", DOTS_RULE_INSTALLED));

    want(t, 2, "192.0.2.8/32", "2001:db8::/64");
    await(is(t, "192.0.2.8/32", DOTS_RULE_INSTALLED));

    /* the whole set once, then what has changed */

    heard = contents(t, "heard");
    assert_non_null(strstr(heard, "{\"set\":[]}\n{\"add\":[\"192.0.2.7/32\","
                                  "\"2001:db8::/64\"]}\n{\"sync\":1}\n"));
    assert_non_null(strstr(heard, "{\"add\":[\"192.0.2.8/32\"]}\n"
                                  "{\"remove\":[\"192.0.2.7/32\"]}\n"
                                  "{\"sync\":"));

    /* three descriptors, no signal blocked or ignored */

    assert_string_equal(contents(t, "inherited"),
                        "fds=0 1 2 blocked=0000000000000000 "
                        "ignored=0\n");
    assert_int_equal(lines(contents(t, "starts")), 1);
    assert_int_equal(number_of(t, &t->errors), 0);
    assert_int_equal(number_of(t, &t->warnings), 0);

    /* at the end it is told so, and ends by itself */

    dots_mitigator_stop(t->mt);
    assert_non_null(strstr(contents(t, "heard"), "\nend\n"));
    start_argv(t, 5000);

    end(t);
}


static void
test_late(void **state)
{
    test_t  *t;

    (void) state;

    t = begin("late", 5000);

    want(t, 1, "192.0.2.7/32");
    await(strstr(contents(t, "heard"), "{\"sync\":3}") != NULL);
    assert_true(is(t, "192.0.2.7/32", DOTS_RULE_PENDING));

    put(t, "ready", "");
    await(is(t, "192.0.2.7/32", DOTS_RULE_INSTALLED));

    end(t);
}


static void
test_refused(void **state)
{
    char           reason[DOTS_REASON_MAX];
    test_t        *t;
    dots_prefix_t  p;

    (void) state;

    t = begin("refuse", 5000);
    p = runner_prefix("192.0.2.66/32");

    want(t, 2, "192.0.2.7/32", "192.0.2.66/32");
    await(is(t, "192.0.2.7/32", DOTS_RULE_INSTALLED)
          && is(t, "192.0.2.66/32", DOTS_RULE_REFUSED));

    assert_int_equal(dots_mitigator_state(t->mt, &p, reason),
                     DOTS_RULE_REFUSED);
    assert_int_equal(strlen(reason), DOTS_REASON_MAX - 1);
    assert_int_equal(strncmp(reason, "not?[1m here because", 20), 0);

    end(t);
}


#define TEST_MANY 3000

static void
test_many(void **state)
{
    size_t       i;
    test_t      *t;
    dots_rule_t  rules[TEST_MANY];

    (void) state;

    for (i = 0; i < TEST_MANY; i++) {
        rules[i].prefix = runner_prefix("192.0.2.0/32");
        rules[i].prefix.addr[2] = (uint8_t) (i >> 8);
        rules[i].prefix.addr[3] = (uint8_t) i;
    }

    t = begin("good", 10000);

    assert_int_equal(dots_mitigator_want(t->mt, rules, TEST_MANY), DOTS_OK);
    await(is(t, "192.0.11.183/32", DOTS_RULE_INSTALLED)
          && is(t, "192.0.0.0/32", DOTS_RULE_INSTALLED));

    assert_int_equal(dots_mitigator_want(t->mt, rules, 1), DOTS_OK);
    await(is(t, "192.0.11.183/32", DOTS_RULE_PENDING));
    assert_true(is(t, "192.0.0.0/32", DOTS_RULE_INSTALLED));

    end(t);
}


/* ---- counts ---- */

static void
test_counts(void **state)
{
    test_t    *t;
    uint64_t   n;

    (void) state;

    t = begin("good", 5000);
    put(t, "counts", "192.0.2.7/32 1000 60000\n");

    /* what was there before does not count */

    want(t, 1, "192.0.2.7/32");
    await(is(t, "192.0.2.7/32", DOTS_RULE_INSTALLED));
    assert_true(dots_mitigator_counted(t->mt) > 0);
    assert_string_equal(counted(t, "192.0.2.7/32"), "0/0");

    put(t, "counts", "192.0.2.7/32 1005 60300\n");
    await(strcmp(counted(t, "192.0.2.7/32"), "5/300") == 0);

    /* a new rule is counted at once, one that is not counted is not there */

    put(t, "counts", "192.0.2.7/32 1006 60360\n192.0.2.9/32 3 180\n");
    want(t, 3, "192.0.2.7/32", "192.0.2.8/32", "192.0.2.9/32");
    await(is(t, "192.0.2.9/32", DOTS_RULE_INSTALLED));
    assert_string_equal(counted(t, "192.0.2.7/32"), "6/360");
    assert_string_equal(counted(t, "192.0.2.8/32"), "-");
    assert_string_equal(counted(t, "192.0.2.9/32"), "0/0");

    /* it is killed, and counts from 0 again; nobody loses anything */

    put(t, "counts", "192.0.2.7/32 4 240\n");
    assert_int_equal(kill(last_pid(t), SIGKILL), 0);
    await(strcmp(counted(t, "192.0.2.7/32"), "10/600") == 0);
    assert_true(error_has(t, "was killed by signal 9; it is started again"));

    /* one that it says nothing of keeps what it has */

    n = dots_mitigator_counted(t->mt);
    put(t, "counts", "");
    await(dots_mitigator_counted(t->mt) >= n + 2);
    assert_string_equal(counted(t, "192.0.2.7/32"), "10/600");

    /* and loses it with the rule */

    want(t, 0);
    n = dots_mitigator_counted(t->mt);
    await(dots_mitigator_counted(t->mt) >= n + 2);
    assert_string_equal(counted(t, "192.0.2.7/32"), "-");

    end(t);
}


static void
test_counts_none(void **state)
{
    test_t  *t;

    (void) state;

    t = begin("nocount", 5000);
    put(t, "counts", "192.0.2.7/32 1000 60000\n");

    want(t, 1, "192.0.2.7/32");
    await(is(t, "192.0.2.7/32", DOTS_RULE_INSTALLED));
    await(strstr(contents(t, "heard"), "{\"sync\":3}") != NULL);

    assert_true(dots_mitigator_counted(t->mt) == DOTS_MITIGATOR_UNCOUNTED);
    assert_null(strstr(contents(t, "heard"), "count"));

    end(t);
}


/* ---- as it should not be ---- */

static void
test_killed(void **state)
{
    test_t  *t;
    pid_t    first;

    (void) state;

    t = begin("good", 5000);

    want(t, 1, "192.0.2.7/32");
    await(is(t, "192.0.2.7/32", DOTS_RULE_INSTALLED));

    first = last_pid(t);
    assert_int_equal(kill(first, SIGKILL), 0);

    await(last_pid(t) != first && number_of(t, &t->infos) == 1
          && is(t, "192.0.2.7/32", DOTS_RULE_INSTALLED));

    assert_int_equal(number_of(t, &t->errors), 1);
    assert_true(error_has(t, "was killed by signal 9"));

    /* the new one has got all of it */

    assert_non_null(strstr(strstr(contents(t, "heard"), "\"count\":2"),
                           "{\"set\":[]}\n{\"add\":[\"192.0.2.7/32\"]}\n"));
    end(t);
}


/* Pending, logged once, started again with pauses. */

static void
misbehaves(const char *mode, int timeout, const char *error)
{
    test_t  *t;

    t = begin(mode, timeout);

    want(t, 1, "192.0.2.7/32");

    await(lines(contents(t, "starts")) >= 2);

    assert_true(is(t, "192.0.2.7/32", DOTS_RULE_PENDING));
    assert_int_equal(number_of(t, &t->errors), 1);

    if (!error_has(t, error)) {
        fail_msg("%s: \"%s\"", mode, t->error);
    }

    end(t);
}


static void
test_misbehaves(void **state)
{
    (void) state;

    misbehaves("die", 5000, "exited with code 3; it is started again");
    misbehaves("mute", 300, "does not answer within 300 ms");
    misbehaves("hang", 1000, "does not answer within 1001 ms");
    misbehaves("rude", 5000, "does not say first what it is");
    misbehaves("other", 5000, "says what is no line of version 1: "
                              "\"{\"version\":2,\"counters\":true}\"");
    misbehaves("garbage", 5000, "says what is no line of version 1: "
                                "\"no JSON at all?\"");
    misbehaves("unknown", 5000, "says what is no line of version 1");
    misbehaves("long", 5000, "says a line of more than 16384 bytes");
    misbehaves("early", 5000, "answers what it was not asked");
    misbehaves("closes", 5000, "closed its stdout");
}


/* It drops what it is told to, but says that it counts and does not. */

static void
test_counts_never(void **state)
{
    test_t  *t;

    (void) state;

    t = begin("nevercounts", 1000);

    want(t, 1, "192.0.2.7/32");
    await(lines(contents(t, "starts")) >= 2
          && is(t, "192.0.2.7/32", DOTS_RULE_INSTALLED));

    assert_true(error_has(t, "does not answer within 1001 ms"));
    assert_int_equal(dots_mitigator_counted(t->mt), 0);

    end(t);
}


static void
test_not_there(void **state)
{
    test_t  *t;

    (void) state;

    t = calloc(1, sizeof(test_t));
    pthread_mutex_init(&t->mutex, NULL);
    strcpy(t->dir, "/tmp/dots-exec-XXXXXX");
    assert_non_null(mkdtemp(t->dir));

    t->argv[0] = "/nonexistent/program";
    start_argv(t, 1000);

    want(t, 1, "192.0.2.7/32");
    await(number_of(t, &t->errors) == 1);
    assert_true(error_has(t, "can't be started: No such file or directory"));

    end(t);
}


static void
test_noisy(void **state)
{
    test_t  *t;

    (void) state;

    t = begin("noisy", 5000);

    want(t, 1, "192.0.2.7/32");
    await(is(t, "192.0.2.7/32", DOTS_RULE_INSTALLED));
    await(number_of(t, &t->warnings) == 61);
    assert_non_null(strstr(t->warning, "writes too much to its stderr"));

    end(t);
}


/* It does not end when it is told to, or in the midst of a sync. */

static void
test_deaf(void **state)
{
    test_t   *t;
    pid_t     pid;
    int64_t   start;

    (void) state;

    t = begin("deaf", 5000);
    want(t, 1, "192.0.2.7/32");
    await(is(t, "192.0.2.7/32", DOTS_RULE_INSTALLED));
    pid = last_pid(t);
    end(t);
    assert_int_equal(kill(pid, 0), -1);

    t = begin("hang", 60000);
    want(t, 1, "192.0.2.7/32");
    await(strstr(contents(t, "heard"), "sync") != NULL);
    pid = last_pid(t);
    start = now_ms();
    end(t);
    assert_int_equal(kill(pid, 0), -1);
    assert_true(now_ms() - start < 30000);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lines_refused),
        cmocka_unit_test(test_lines_batch),
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_counts_none),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_misbehaves),
        cmocka_unit_test(test_counts_never),
        cmocka_unit_test(test_not_there),
        cmocka_unit_test(test_noisy),
        cmocka_unit_test(test_deaf),
    };

    /* as nginx has it */

    signal(SIGPIPE, SIG_IGN);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
