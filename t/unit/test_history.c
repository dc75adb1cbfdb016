/* The ring of events: who sees what, in which order, and what is overtaken. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dots_history.h"
#include "dots_registry.h"


#define SIZE DOTS_HISTORY_MIN


static uint8_t          test_buf[DOTS_HISTORY_EVENT];
static dots_history_t  *test_h;


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
test_add(const char *customer, uint32_t mid)
{
    dots_event_t  e;

    memset(&e, 0, sizeof(e));

    e.time = 2000 + mid;
    e.customer = test_string(customer);
    e.cuid = test_string("cuid");
    e.name = test_string("name");
    e.mid = mid;
    e.status = 2;

    dots_history_add(test_h, &e);
}


static void
test_order(void **state)
{
    uint64_t      position;
    dots_event_t  e;

    (void) state;

    position = dots_history_head(test_h);
    assert_int_equal(dots_history_since(test_h), 1000);

    assert_int_equal(dots_history_next(test_h, &position, test_string("a"), &e,
                                       test_buf),
                     DOTS_DECLINED);

    test_add("a", 1);
    test_add("b", 2);
    test_add("a", 3);

    assert_int_equal(dots_history_next(test_h, &position, test_string("a"), &e,
                                       test_buf),
                     DOTS_OK);
    assert_int_equal(e.mid, 1);
    assert_int_equal(e.time, 2001);
    assert_int_equal(e.status, 2);
    assert_int_equal(e.kind, DOTS_EVENT_MITIGATION);
    assert_true(dots_str_eq(e.cuid, test_string("cuid")));
    assert_true(dots_str_eq(e.name, test_string("name")));

    assert_int_equal(dots_history_next(test_h, &position, test_string("a"), &e,
                                       test_buf),
                     DOTS_OK);
    assert_int_equal(e.mid, 3);

    assert_int_equal(dots_history_next(test_h, &position, test_string("a"), &e,
                                       test_buf),
                     DOTS_DECLINED);
    assert_int_equal(position, dots_history_head(test_h));

    position = 0;
    assert_int_equal(dots_history_next(test_h, &position, test_string("c"), &e,
                                       test_buf),
                     DOTS_DECLINED);
}


/* Many times around: a reader gets all in order, or is told. */

static void
test_round(void **state)
{
    int           rc;
    uint32_t      i, n, last;
    uint64_t      reader, late;
    dots_event_t  e;

    (void) state;

    reader = 0;
    late = 0;
    n = 0;

    for (i = 1; i <= 5000; i++) {
        test_add(i % 3 ? "a" : "other", i);

        if (i % 7) {
            continue;
        }

        while ((rc = dots_history_next(test_h, &reader, test_string("other"),
                                       &e, test_buf))
               == DOTS_OK)
        {
            n++;
            assert_int_equal(e.mid, n * 3);
        }

        assert_int_equal(rc, DOTS_DECLINED);
    }

    assert_int_equal(n, 4998 / 3);

    assert_int_equal(dots_history_next(test_h, &late, test_string("a"), &e,
                                       test_buf),
                     DOTS_FULL);
    assert_int_equal(late, dots_history_tail(test_h));
    assert_true(dots_history_since(test_h) > 1000);

    /* what is left is the youngest, without a gap */

    last = 0;

    while (dots_history_next(test_h, &late, test_string("a"), &e, test_buf)
           == DOTS_OK)
    {
        assert_true(last == 0 || e.mid - last <= 2);
        assert_true(e.time >= dots_history_since(test_h));
        last = e.mid;
    }

    assert_int_equal(last, 5000);

    /* a ring that was made anew: its reader begins again */

    late = UINT64_MAX;
    assert_int_equal(dots_history_next(test_h, &late, test_string("a"), &e,
                                       test_buf),
                     DOTS_FULL);
}


static void
test_bounds(void **state)
{
    char          name[2 * DOTS_HISTORY_EVENT];
    uint64_t      position;
    dots_event_t  e;

    (void) state;

    assert_null(dots_history_create(*state, DOTS_HISTORY_MIN - 1, 0));

    memset(name, 'x', sizeof(name));
    memset(&e, 0, sizeof(e));

    e.customer = test_string("a");
    e.name = dots_str(name, sizeof(name));

    dots_history_add(test_h, &e);
    assert_int_equal(dots_history_head(test_h), 0);

    e.name.len = DOTS_HISTORY_EVENT - 100;
    dots_history_add(test_h, &e);

    position = 0;
    assert_int_equal(dots_history_next(test_h, &position, test_string("a"), &e,
                                       test_buf),
                     DOTS_OK);
    assert_int_equal(e.name.len, DOTS_HISTORY_EVENT - 100);
}


static void
test_customers(void **state)
{
    size_t    n;
    uint64_t  position, list[2];

    (void) state;

    test_add("a", 1);
    test_add("b", 2);
    test_add("a", 3);

    position = 0;

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
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(test_order, test_begin, test_end),
        cmocka_unit_test_setup_teardown(test_round, test_begin, test_end),
        cmocka_unit_test_setup_teardown(test_bounds, test_begin, test_end),
        cmocka_unit_test_setup_teardown(test_customers, test_begin, test_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
