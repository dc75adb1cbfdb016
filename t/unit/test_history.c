/*
 * The history of events: who sees what, in which order, who gives way to whom,
 * and who is told that events are gone.
 */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "dots_history.h"
#include "dots_registry.h"


#define SIZE      DOTS_HISTORY_MIN
#define CUSTOMERS 7


static uint8_t          test_buf[DOTS_HISTORY_EVENT];
static dots_history_t  *test_h;
static dots_event_t     test_e;


static dots_str_t
test_string(const char *s)
{
    return dots_str(s, strlen(s));
}


static int
test_begin(void **state)
{
    *state = malloc(SIZE);

    test_h = dots_history_create(*state, SIZE, 1000);

    return test_h == NULL;
}


static int
test_end(void **state)
{
    free(*state);

    return 0;
}


static void
test_add_long(const char *customer, uint32_t mid, size_t len)
{
    dots_event_t  e;
    static char   name[DOTS_HISTORY_EVENT];

    memset(&e, 0, sizeof(e));
    memset(name, 'x', sizeof(name));

    e.time = 2000 + mid;
    e.customer = test_string(customer);
    e.cuid = test_string("cuid");
    e.name = dots_str(name, len);
    e.mid = mid;
    e.status = 2;

    dots_history_add(test_h, &e);
}


static void
test_add(const char *customer, uint32_t mid)
{
    test_add_long(customer, mid, 4);
}


static dots_history_reader_t
test_open(const char *customer, int replay)
{
    dots_history_reader_t  rd;

    dots_history_open(test_h, test_string(customer), replay, &rd);

    return rd;
}


static int
test_next(dots_history_reader_t *rd, const char *customer)
{
    return dots_history_next(test_h, rd, test_string(customer), &test_e,
                             test_buf);
}


/* The mids of all that is to be read now, "!" where some are gone. */

static const char *
test_read(dots_history_reader_t *rd, const char *customer)
{
    int          rc;
    size_t       n;
    static char  text[8192];

    for (n = 0, text[0] = '\0';
         (rc = test_next(rd, customer)) != DOTS_DECLINED && n < 8000; )
    {
        n += (size_t) (rc == DOTS_OK
                       ? sprintf(text + n, " %u", (unsigned) test_e.mid)
                       : sprintf(text + n, " !"));
    }

    return text;
}


static int64_t
test_since(const char *customer)
{
    return dots_history_since(test_h, test_string(customer));
}


static void
test_order(void **state)
{
    dots_history_reader_t  a, b, late, replay, none;

    (void) state;

    a = test_open("a", 0);
    b = test_open("b", 1);
    assert_int_equal(test_since("a"), 1000);
    assert_string_equal(test_read(&a, "a"), "");

    test_add("a", 1);
    test_add("b", 2);
    test_add_long("a", 3, 700);

    late = test_open("a", 0);
    replay = test_open("a", 1);
    none = test_open("c", 1);

    assert_int_equal(test_next(&a, "a"), DOTS_OK);
    assert_int_equal(test_e.mid, 1);
    assert_int_equal(test_e.time, 2001);
    assert_int_equal(test_e.status, 2);
    assert_int_equal(test_e.kind, DOTS_EVENT_MITIGATION);
    assert_true(dots_str_eq(test_e.cuid, test_string("cuid")));
    assert_true(dots_str_eq(test_e.name, test_string("xxxx")));

    assert_int_equal(test_next(&a, "a"), DOTS_OK);
    assert_int_equal(test_e.mid, 3);
    assert_int_equal(test_e.name.len, 700);
    assert_int_equal(test_next(&a, "a"), DOTS_DECLINED);

    test_add("a", 4);

    assert_string_equal(test_read(&a, "a"), " 4");
    assert_string_equal(test_read(&b, "b"), " 2");
    assert_string_equal(test_read(&late, "a"), " 4");
    assert_string_equal(test_read(&replay, "a"), " 1 3 4");
    assert_string_equal(test_read(&none, "c"), "");
}


/* Nobody pushes out what others have less of, however busy it is. */

static void
test_fair(void **state)
{
    uint32_t               i;
    char                  *end;
    dots_history_reader_t  quiet, slow;

    (void) state;

    slow = test_open("quiet", 0);

    test_add("quiet", 1);
    test_add_long("quiet", 2, 300);
    test_add("quiet", 3);

    for (i = 0; i < 5000; i++) {
        test_add(i % 5 ? "busy" : "other", i);
        test_add_long("loud", i, 900);
    }

    quiet = test_open("quiet", 1);
    assert_string_equal(test_read(&quiet, "quiet"), " 1 2 3");
    assert_string_equal(test_read(&slow, "quiet"), " 1 2 3");
    assert_int_equal(test_since("quiet"), 1000);

    /* these share the rest, each has its youngest */

    quiet = test_open("busy", 1);
    end = strrchr(test_read(&quiet, "busy"), ' ');
    assert_string_equal(end, " 4999");

    quiet = test_open("other", 1);
    assert_true(strlen(test_read(&quiet, "other")) > 30);

    quiet = test_open("loud", 1);
    end = strrchr(test_read(&quiet, "loud"), ' ');
    assert_string_equal(end, " 4999");
    assert_true(test_since("loud") > 2000 + 4990);
}


/* Many times around: a reader gets all in order, or is told. */

static void
test_round(void **state)
{
    int                    rc;
    uint32_t               i, n, last;
    dots_history_reader_t  reader, late;

    (void) state;

    reader = test_open("other", 0);
    late = test_open("a", 0);
    n = 0;

    for (i = 1; i <= 5000; i++) {
        test_add(i % 3 ? "a" : "other", i);

        if (i % 7) {
            continue;
        }

        while ((rc = test_next(&reader, "other")) == DOTS_OK) {
            n++;
            assert_int_equal(test_e.mid, n * 3);
        }

        assert_int_equal(rc, DOTS_DECLINED);
    }

    assert_int_equal(n, 4998 / 3);

    assert_int_equal(test_next(&late, "a"), DOTS_FULL);
    assert_true(test_since("a") > 1000);

    /* what is left is the youngest, without a gap */

    last = 0;

    while (test_next(&late, "a") == DOTS_OK) {
        assert_true(last == 0 || test_e.mid - last <= 2);
        assert_true(test_e.time >= test_since("a"));
        last = test_e.mid;
    }

    assert_int_equal(last, 5000);
}


/* What one has read may go, what it has not may not, unless it is told. */

static void
test_overtaken(void **state)
{
    uint32_t               i;
    dots_history_reader_t  rd, replay;

    (void) state;

    rd = test_open("a", 0);
    test_add("a", 1);
    assert_string_equal(test_read(&rd, "a"), " 1");

    for (i = 2; test_since("a") == 1000; i++) {
        test_add("a", i);
    }

    /* the one that it read is gone, the next is there */

    assert_int_equal(test_since("a"), 2001);
    assert_int_equal(test_next(&rd, "a"), DOTS_OK);
    assert_int_equal(test_e.mid, 2);

    /* a replay that has not begun is as late as anybody */

    replay = test_open("a", 1);
    test_add("a", i);
    test_add("a", i + 1);
    assert_int_equal(test_next(&replay, "a"), DOTS_FULL);
    assert_int_equal(test_next(&replay, "a"), DOTS_OK);
    assert_int_equal(test_next(&rd, "a"), DOTS_FULL);
    assert_int_equal(test_next(&rd, "a"), DOTS_OK);
}


/* More customers than there is room for: the latest of each that fits. */

static void
test_crowd(void **state)
{
    int                    rc;
    char                   name[16];
    uint32_t               i, n;
    dots_history_reader_t  rd, waits;

    (void) state;

    waits = test_open("c0", 0);
    n = 0;

    for (i = 0; i < 10000; i++) {
        (void) snprintf(name, sizeof(name), "c%u", (unsigned) i);
        rd = test_open(name, 0);
        test_add(name, i);
        assert_int_equal(test_next(&rd, name), DOTS_OK);
        assert_int_equal(test_e.mid, i);
    }

    assert_int_equal(test_next(&waits, "c0"), DOTS_FULL);
    assert_true(test_since("c0") > 1000);

    for (i = 0; i < 10000; i++) {
        (void) snprintf(name, sizeof(name), "c%u", (unsigned) i);
        rd = test_open(name, 1);
        rc = test_next(&rd, name);

        assert_true(rc == DOTS_OK ? test_e.mid == i
                                  : rc == DOTS_DECLINED && n == 0);
        n += rc == DOTS_OK;
    }

    assert_true(n > 20);
}


/* Against a plain list of all events, at random. */

static void
test_model(void **state)
{
    int                    rc;
    char                   name[CUSTOMERS][8];
    uint32_t               i, k, seed, next[CUSTOMERS];
    dots_history_reader_t  rd[CUSTOMERS];
    static uint32_t        mids[CUSTOMERS][20000], n[CUSTOMERS];

    (void) state;

    seed = 1;

    for (k = 0; k < CUSTOMERS; k++) {
        (void) snprintf(name[k], sizeof(name[k]), "c%u", (unsigned) k);
        rd[k] = test_open(name[k], 0);
        next[k] = n[k] = 0;
    }

    for (i = 0; i < 20000; i++) {
        seed = seed * 1103515245 + 12345;
        k = (seed >> 16) % 64 % CUSTOMERS;
        k = k * (seed >> 28) / 15;

        mids[k][n[k]++] = i;
        test_add_long(name[k], i, (seed >> 8) % 950);

        k = (seed >> 20) % CUSTOMERS;
        rc = DOTS_OK;

        while ((seed >> 24) % 3
               && (rc = test_next(&rd[k], name[k])) != DOTS_DECLINED)
        {
            if (rc == DOTS_FULL) {

                if (test_next(&rd[k], name[k]) == DOTS_DECLINED) {
                    next[k] = n[k];
                    break;
                }

                while (next[k] < n[k] && mids[k][next[k]] != test_e.mid) {
                    next[k]++;
                }
            }

            assert_true(next[k] < n[k]);
            assert_int_equal(test_e.mid, mids[k][next[k]++]);
        }

        if (rc == DOTS_DECLINED) {
            assert_int_equal(next[k], n[k]);
        }
    }
}


static void
test_bounds(void **state)
{
    dots_event_t           e;
    dots_history_reader_t  rd;
    static char            name[2 * DOTS_HISTORY_EVENT];

    (void) state;

    assert_null(dots_history_create(*state, DOTS_HISTORY_MIN - 1, 0));

    memset(&e, 0, sizeof(e));

    e.customer = test_string("a");
    e.name = dots_str(name, sizeof(name));

    rd = test_open("a", 0);
    dots_history_add(test_h, &e);
    assert_int_equal(dots_history_head(test_h), rd.position);

    e.name.len = DOTS_HISTORY_EVENT - 16;
    dots_history_add(test_h, &e);

    assert_int_equal(test_next(&rd, "a"), DOTS_OK);
    assert_int_equal(test_e.name.len, DOTS_HISTORY_EVENT - 16);

    e.name.len++;
    dots_history_add(test_h, &e);
    assert_int_equal(test_next(&rd, "a"), DOTS_DECLINED);
}


static void
test_customers(void **state)
{
    size_t    i, n;
    uint64_t  position, list[2];

    (void) state;

    position = dots_history_head(test_h);

    test_add("a", 1);
    test_add("b", 2);
    test_add("a", 3);

    assert_int_equal(dots_history_customers(test_h, &position, list, 2, &n),
                     DOTS_OK);
    assert_int_equal(n, 2);
    assert_int_equal(list[0], dots_registry_hash(test_string("a")));
    assert_int_equal(list[1], dots_registry_hash(test_string("b")));

    assert_int_equal(dots_history_customers(test_h, &position, list, 2, &n),
                     DOTS_OK);
    assert_int_equal(n, 1);

    position++;

    assert_int_equal(dots_history_customers(test_h, &position, list, 2, &n),
                     DOTS_FULL);
    assert_int_equal(position, dots_history_head(test_h));

    for (i = 0; i < SIZE; i++) {
        test_add("a", 4);
    }

    assert_int_equal(dots_history_customers(test_h, &position, list, 2, &n),
                     DOTS_FULL);
}


/* ---- a process that is killed while it adds ---- */

static void
test_kill(pid_t *pid, unsigned us)
{
    int       fd[2], status;
    char      c;
    uint32_t  i;

    assert_int_equal(pipe(fd), 0);

    *pid = fork();

    if (*pid == 0) {
        for (i = 1; ; i++) {
            test_add_long(i % 4 ? "a" : "b", i, i % 900);

            if (i == 1) {
                (void) !write(fd[1], "a", 1);
            }
        }
    }

    /* it is at work */

    assert_int_equal(read(fd[0], &c, 1), 1);
    close(fd[0]);
    close(fd[1]);

    usleep(us);
    (void) kill(*pid, SIGKILL);
    assert_int_equal(waitpid(*pid, &status, 0), *pid);
}


/* Whoever read is told, and goes on with what comes then. */

static void
test_killed(void **state)
{
    int                    i, torn;
    pid_t                  pid;
    void                  *memory;
    dots_history_reader_t  rd;

    (void) state;

    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);

    test_h = dots_history_create(memory, SIZE, 1000);
    assert_non_null(test_h);

    /* until one of them was in the middle of it */

    for (i = 0, torn = 0; i < 50 || torn == 0; i++) {
        rd = test_open("c", 0);
        test_kill(&pid, 200 + 37 * (unsigned) (i % 50));

        dots_history_repair(test_h, 90000000 + i);

        /* nothing of "c" is there, but that can't be known after a repair */

        torn += test_since("c") == 90000000 + i;
        assert_int_equal(test_next(&rd, "c"),
                         test_since("c") == 90000000 + i ? DOTS_FULL
                                                         : DOTS_DECLINED);
        test_add("c", 1);
        assert_string_equal(test_read(&rd, "c"), " 1");

        rd = test_open("a", 1);
        (void) test_read(&rd, "a");
        test_add_long("a", 2, 900);
        assert_string_equal(test_read(&rd, "a"), " 2");

        dots_history_repair(test_h, 1);
        assert_int_not_equal(test_since("c"), 1);
    }

    (void) munmap(memory, SIZE);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(test_order, test_begin, test_end),
        cmocka_unit_test_setup_teardown(test_fair, test_begin, test_end),
        cmocka_unit_test_setup_teardown(test_round, test_begin, test_end),
        cmocka_unit_test_setup_teardown(test_overtaken, test_begin, test_end),
        cmocka_unit_test_setup_teardown(test_crowd, test_begin, test_end),
        cmocka_unit_test_setup_teardown(test_model, test_begin, test_end),
        cmocka_unit_test_setup_teardown(test_bounds, test_begin, test_end),
        cmocka_unit_test_setup_teardown(test_customers, test_begin, test_end),
        cmocka_unit_test(test_killed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
