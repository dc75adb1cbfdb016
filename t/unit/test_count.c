/* Counts of what is dropped: RFC 9132 section 4.4.2, RFC 8783 section 4.3. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dots_acl.h"
#include "dots_count.h"


#define TEST_START 1000000


static dots_counts_t *
table(size_t entries)
{
    size_t          size;
    dots_counts_t  *t;

    size = dots_counts_size(entries);
    t = dots_counts_create(malloc(size), size);
    assert_non_null(t);

    return t;
}


static dots_count_key_t
key(uint64_t customer, uint64_t entity)
{
    dots_count_key_t  k = { customer, entity };

    return k;
}


static int
add(dots_counts_t *t, dots_count_key_t k, uint64_t packets, int64_t now)
{
    dots_count_more_t  more = { packets, packets * 100, 0, 0 };

    return dots_counts_add(t, &k, &more, now);
}


static dots_count_t
get(dots_counts_t *t, dots_count_key_t k)
{
    dots_count_t  c;

    assert_int_equal(dots_counts_get(t, &k, &c), DOTS_OK);

    return c;
}


static int
there(dots_counts_t *t, dots_count_key_t k)
{
    dots_count_t  c;

    return dots_counts_get(t, &k, &c) == DOTS_OK;
}


/* The first count is where it begins, but for what is as new as itself. */

static void
test_begin(void **state)
{
    dots_count_key_t   k;
    dots_count_more_t  more = { 10, 1000, 2, 200 };
    dots_counts_t     *t;

    (void) state;

    t = table(8);
    k = key(1, 2);

    assert_true(dots_counts_empty(t));
    assert_false(there(t, k));

    assert_int_equal(dots_counts_add(t, &k, &more, TEST_START), DOTS_OK);
    assert_false(dots_counts_empty(t));
    assert_int_equal(get(t, k).packets, 2);
    assert_int_equal(get(t, k).octets, 200);

    assert_int_equal(dots_counts_add(t, &k, &more, TEST_START + 5000),
                     DOTS_OK);
    assert_int_equal(get(t, k).packets, 12);
    assert_int_equal(get(t, k).octets, 1200);

    /* neither customer nor entity alone */

    assert_false(there(t, key(1, 3)));
    assert_false(there(t, key(2, 2)));

    free(t);
}


/*
 * RFC 9132: "measuring bytes into five-minute buckets and then averaging these
 * buckets over the time since the mitigation was triggered".
 */

static void
test_averages(void **state)
{
    int64_t           now;
    dots_count_t      c;
    dots_counts_t    *t;
    dots_count_key_t  k;

    (void) state;

    t = table(8);
    k = key(1, 2);
    now = TEST_START;

    add(t, k, 0, now);
    c = get(t, k);
    assert_int_equal(dots_count_packets_per_second(&c), 0);

    /* the first five minutes: of the time so far */

    add(t, k, 100, now + 10000);
    c = get(t, k);
    assert_int_equal(dots_count_packets_per_second(&c), 10);
    assert_int_equal(dots_count_octets_per_second(&c), 1000);

    /* 600 packets in the first bucket */

    add(t, k, 500, now + 300000);
    c = get(t, k);
    assert_int_equal(dots_count_packets_per_second(&c), 2);

    /* the second one is under way: not yet in the average */

    add(t, k, 100000, now + 599000);
    c = get(t, k);
    assert_int_equal(c.packets, 100600);
    assert_int_equal(dots_count_packets_per_second(&c), 2);
    assert_int_equal(dots_count_octets_per_second(&c), 200);

    /* it ends with the next count, be that some seconds late */

    add(t, k, 0, now + 604000);
    c = get(t, k);
    assert_int_equal(dots_count_packets_per_second(&c), 100600 / 604);

    /* it goes down when the attack is over, the count does not */

    add(t, k, 0, now + 6000000);
    c = get(t, k);
    assert_int_equal(c.packets, 100600);
    assert_int_equal(dots_count_packets_per_second(&c), 100600 / 6000);

    free(t);
}


static void
test_averages_large(void **state)
{
    dots_count_t  c = { 0 };

    (void) state;

    c.octets = UINT64_MAX;
    c.until = 1000;
    assert_true(dots_count_octets_per_second(&c) == UINT64_MAX);

    c.until = 2000;
    assert_true(dots_count_octets_per_second(&c) == UINT64_MAX / 2);
}


static void
test_wraps(void **state)
{
    dots_counts_t    *t;
    dots_count_key_t  k;

    (void) state;

    t = table(8);
    k = key(1, 2);

    add(t, k, 0, TEST_START);
    add(t, k, UINT64_MAX, TEST_START);
    add(t, k, 3, TEST_START);
    assert_int_equal(get(t, k).packets, 2);

    free(t);
}


static void
sweep(dots_counts_t *t)
{
    while (dots_counts_sweep(t, 3) != DOTS_OK) {
        /* void */
    }
}


static void
test_sweep(void **state)
{
    dots_counts_t    *t;
    dots_count_key_t  a, b, c;

    (void) state;

    t = table(16);
    a = key(1, 1);
    b = key(1, 2);
    c = key(2, 1);

    add(t, a, 0, TEST_START);
    add(t, b, 0, TEST_START);
    add(t, c, 0, TEST_START);
    sweep(t);
    assert_true(there(t, a) && there(t, b) && there(t, c));

    add(t, a, 7, TEST_START);
    dots_counts_keep(t, &b);
    sweep(t);
    assert_true(there(t, a) && there(t, b) && !there(t, c));
    assert_int_equal(get(t, a).packets, 7);
    assert_int_equal(get(t, b).packets, 0);

    /* keep makes nothing; what comes again begins anew */

    dots_counts_keep(t, &c);
    assert_false(there(t, c));
    sweep(t);
    assert_true(dots_counts_empty(t));

    add(t, a, 7, TEST_START);
    assert_int_equal(get(t, a).packets, 0);

    free(t);
}


static void
test_full(void **state)
{
    size_t          i, n;
    dots_counts_t  *t;

    (void) state;

    t = table(4);

    for (i = 1, n = 0; i <= 6; i++) {
        n += add(t, key(1, i), 0, TEST_START) == DOTS_OK;
    }

    assert_int_equal(n, 4);
    assert_int_equal(add(t, key(1, 4), 5, TEST_START), DOTS_OK);
    assert_int_equal(get(t, key(1, 4)).packets, 5);
    assert_int_equal(add(t, key(1, 6), 5, TEST_START), DOTS_FULL);
    assert_false(there(t, key(1, 6)));

    sweep(t);
    add(t, key(1, 4), 0, TEST_START);
    sweep(t);
    assert_int_equal(add(t, key(1, 6), 5, TEST_START), DOTS_OK);

    free(t);

    assert_null(dots_counts_create(&i, sizeof(i)));
}


static int
same(dots_count_key_t *a, dots_count_key_t *b)
{
    return a->customer == b->customer && a->entity == b->entity;
}


static void
test_keys(void **state)
{
    dots_str_t         a = dots_string("a"), b = dots_string("b");
    dots_acl_t         acl = { .name = dots_string("x") };
    dots_ace_t         ace = { .name = dots_string("y") };
    dots_count_key_t   k, l;
    dots_mitigation_t  m = { .mid = 1, .start = 100 };

    (void) state;

    m.customer = a;
    m.cuid = b;
    dots_count_mitigation_key(&k, &m);

    m.lifetime = 5;
    dots_count_mitigation_key(&l, &m);
    assert_true(same(&k, &l));

    /* another mid, another beginning, another client, another customer */

    m.mid = 2;
    dots_count_mitigation_key(&l, &m);
    assert_false(same(&k, &l));
    m.mid = 1;
    m.start = 101;
    dots_count_mitigation_key(&l, &m);
    assert_false(same(&k, &l));
    m.start = 100;
    m.cuid = a;
    dots_count_mitigation_key(&l, &m);
    assert_false(same(&k, &l));
    m.cuid = b;
    m.customer = b;
    dots_count_mitigation_key(&l, &m);
    assert_int_equal(k.entity, l.entity);
    assert_true(k.customer != l.customer);

    dots_count_ace_key(&k, a, b, &acl, &ace);
    dots_count_ace_key(&l, b, b, &acl, &ace);
    assert_int_equal(k.entity, l.entity);
    assert_true(k.customer != l.customer);

    ace.fields = dots_acl_bit(DOTS_ACL_DESTINATION);
    dots_count_ace_key(&l, a, b, &acl, &ace);
    assert_false(same(&k, &l));

    k = l;
    ace.destination.length = 24;
    dots_count_ace_key(&l, a, b, &acl, &ace);
    assert_false(same(&k, &l));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_begin),
        cmocka_unit_test(test_averages),
        cmocka_unit_test(test_averages_large),
        cmocka_unit_test(test_wraps),
        cmocka_unit_test(test_sweep),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
