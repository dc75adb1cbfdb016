/* Who is heard, over all processes: RFC 9132 section 4.7. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include <pthread.h>

#include "dots_presence.h"


#define TEST_ENTRIES 512
#define TEST_ROUNDS  2000


static const dots_presence_key_t  test_a = { 1, 1 };
static const dots_presence_key_t  test_b = { 1, 2 };
static const dots_presence_key_t  test_other = { 2, 1 };


static dots_presence_t *
test_create(size_t entries)
{
    void             *memory;
    dots_presence_t  *p;

    memory = malloc(dots_presence_size(entries));
    assert_non_null(memory);

    memset(memory, 0xee, dots_presence_size(entries));

    p = dots_presence_create(memory, dots_presence_size(entries));
    assert_non_null(p);

    return p;
}


static void
test_sizes(void **state)
{
    uint64_t  memory[64];

    (void) state;

    assert_null(dots_presence_create(memory, dots_presence_size(1) - 1));
    assert_non_null(dots_presence_create(memory, dots_presence_size(1)));
}


/* Sessions of one process share an entry, those of another have theirs. */

static void
test_sessions(void **state)
{
    int64_t           first, second, third;
    dots_presence_t  *p;

    (void) state;

    p = test_create(TEST_ENTRIES);

    assert_int_equal(dots_presence_last(p, &test_a), -1);
    assert_int_equal(dots_presence_sessions(p, &test_a), 0);

    first = dots_presence_join(p, 100, &test_a, 1000);
    second = dots_presence_join(p, 100, &test_a, 1001);
    third = dots_presence_join(p, 200, &test_a, 1002);

    assert_true(first >= 0);
    assert_int_equal(first, second);
    assert_int_not_equal(first, third);
    assert_int_equal(dots_presence_sessions(p, &test_a), 3);
    assert_int_equal(dots_presence_last(p, &test_a), 1002);

    dots_presence_heard(p, first, 2000);
    assert_int_equal(dots_presence_last(p, &test_a), 2000);

    /* who comes to it was heard before, and takes nothing back */

    assert_int_equal(dots_presence_join(p, 100, &test_a, 1500), first);
    assert_int_equal(dots_presence_last(p, &test_a), 2000);
    dots_presence_leave(p, &test_a, first);

    /* neither another client of the customer nor another customer's */

    assert_int_equal(dots_presence_last(p, &test_b), -1);
    assert_int_equal(dots_presence_last(p, &test_other), -1);

    dots_presence_leave(p, &test_a, first);
    dots_presence_leave(p, &test_a, third);
    assert_int_equal(dots_presence_sessions(p, &test_a), 1);

    dots_presence_leave(p, &test_a, first);
    assert_int_equal(dots_presence_sessions(p, &test_a), 0);
    assert_int_equal(dots_presence_last(p, &test_a), -1);

    free(p);
}


/* Who leaves leaves behind when it was heard. */

static void
test_leave(void **state)
{
    int64_t           first, second;
    dots_presence_t  *p;

    (void) state;

    p = test_create(TEST_ENTRIES);

    first = dots_presence_join(p, 100, &test_a, 1000);
    second = dots_presence_join(p, 200, &test_a, 1000);

    dots_presence_heard(p, second, 5000);
    dots_presence_leave(p, &test_a, second);

    assert_int_equal(dots_presence_last(p, &test_a), 5000);
    assert_int_equal(dots_presence_lose(p, &test_a, 1000, 9000),
                     DOTS_DECLINED);

    /* but not an older word */

    second = dots_presence_join(p, 200, &test_a, 4000);
    dots_presence_leave(p, &test_a, second);
    assert_int_equal(dots_presence_last(p, &test_a), 5000);

    dots_presence_leave(p, &test_a, first);

    free(p);
}


static void
test_lose(void **state)
{
    int64_t           first, second;
    dots_presence_t  *p;

    (void) state;

    p = test_create(TEST_ENTRIES);

    first = dots_presence_join(p, 100, &test_a, 1000);
    second = dots_presence_join(p, 200, &test_a, 1000);

    /* another session hears it */

    dots_presence_heard(p, second, 3000);
    assert_int_equal(dots_presence_lose(p, &test_a, 1000, 5000),
                     DOTS_DECLINED);

    /* none does: said once, whoever asks */

    assert_int_equal(dots_presence_lose(p, &test_a, 3000, 6000), DOTS_OK);
    assert_int_equal(dots_presence_lose(p, &test_a, 3000, 6001), DOTS_FULL);
    assert_int_equal(dots_presence_lose(p, &test_b, 3000, 6001), DOTS_OK);

    /* it speaks again, and is lost again */

    dots_presence_heard(p, first, 7000);
    assert_int_equal(dots_presence_lose(p, &test_a, 3000, 8000),
                     DOTS_DECLINED);
    assert_int_equal(dots_presence_lose(p, &test_a, 7000, 9000), DOTS_OK);
    assert_int_equal(dots_presence_lose(p, &test_a, 7000, 9500), DOTS_FULL);

    free(p);
}


/* A process dies: neither its sessions nor its word stay. */

static void
test_reap(void **state)
{
    int64_t           entry;
    dots_presence_t  *p;

    (void) state;

    p = test_create(TEST_ENTRIES);

    assert_true(dots_presence_join(p, 100, &test_a, 1000) >= 0);
    assert_true(dots_presence_join(p, 100, &test_b, 1000) >= 0);
    entry = dots_presence_join(p, 200, &test_a, 900);

    dots_presence_reap(p, 100);

    assert_int_equal(dots_presence_sessions(p, &test_a), 1);
    assert_int_equal(dots_presence_last(p, &test_a), 900);
    assert_int_equal(dots_presence_sessions(p, &test_b), 0);
    assert_int_equal(dots_presence_lose(p, &test_a, 900, 2000), DOTS_OK);

    dots_presence_leave(p, &test_a, entry);

    free(p);
}


/* No room: said, nothing broken, and room again after a leave. */

static void
test_full(void **state)
{
    size_t               i;
    int64_t              entry[4];
    dots_presence_t     *p;
    dots_presence_key_t  key = { 1, 0 };

    (void) state;

    p = test_create(4);

    for (i = 0; i < 4; i++) {

        /* a cuid may have any hash, 0 as well */

        key.cuid = i ? i + 1 : 0;
        entry[i] = dots_presence_join(p, 100, &key, 1);
        assert_true(entry[i] >= 0);
    }

    assert_int_equal(dots_presence_join(p, 100, &test_other, 1), DOTS_FULL);

    key.cuid = 0;
    assert_int_equal(dots_presence_sessions(p, &key), 1);

    key.cuid = 4;
    dots_presence_leave(p, &key, entry[3]);
    assert_true(dots_presence_join(p, 100, &test_other, 1) >= 0);

    free(p);
}


typedef struct {
    dots_presence_t  *p;
    uint32_t          owner;
} test_process_t;


static void *
test_process(void *data)
{
    size_t           i;
    int64_t          entry, second;
    test_process_t  *t = data;

    for (i = 0; i < TEST_ROUNDS; i++) {
        entry = dots_presence_join(t->p, t->owner, &test_a, 1 + (int64_t) i);
        second = dots_presence_join(t->p, t->owner, &test_a, 1);

        if (entry < 0 || entry != second) {
            return t;
        }

        dots_presence_heard(t->p, entry, 2 + (int64_t) i);
        (void) dots_presence_last(t->p, &test_a);
        dots_presence_leave(t->p, &test_a, entry);
        dots_presence_leave(t->p, &test_a, entry);
    }

    return NULL;
}


/* Processes at the same time: no entry is lost, none is left. */

static void
test_together(void **state)
{
    void             *rc;
    size_t            i;
    pthread_t         thread[4];
    test_process_t    t[4];
    dots_presence_t  *p;

    (void) state;

    p = test_create(8);

    for (i = 0; i < 4; i++) {
        t[i].p = p;
        t[i].owner = 100 + (uint32_t) i;
        assert_int_equal(pthread_create(&thread[i], NULL, test_process, &t[i]),
                         0);
    }

    for (i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(thread[i], &rc), 0);
        assert_null(rc);
    }

    assert_int_equal(dots_presence_sessions(p, &test_a), 0);

    for (i = 0; i < 8; i++) {
        assert_true(dots_presence_join(p, 200 + (uint32_t) i, &test_b, 1)
                    >= 0);
    }

    free(p);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_leave),
        cmocka_unit_test(test_lose),
        cmocka_unit_test(test_reap),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
