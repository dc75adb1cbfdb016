/* Mitigations: RFC 9132 sections 4.4.1 to 4.4.4, and the durable record. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dots_mitigation.h"


static dots_prefix_t       test_mitigation_prefixes[6];
static dots_str_t          test_mitigation_names[] = {
    dots_string("www.example.com"), dots_string("example.com")
};
static dots_port_range_t   test_mitigation_ports[] = {
    { 80, 80, 0 }, { 1024, 2048, 1 }
};
static uint8_t             test_mitigation_protocols[] = { 6, 17 };


static void
test_mitigation_fill(dots_mitigation_t *m)
{
    size_t  i;

    static const char *const  texts[] = {
        "192.0.2.128/25", "2001:db8:6401::1", "192.0.2.129", "192.0.2.1",
        "2001:db8:6401::/64", "192.0.2.1",
    };

    for (i = 0; i < 6; i++) {
        assert_int_equal(dots_prefix_parse(&test_mitigation_prefixes[i],
                             dots_str(texts[i], strlen(texts[i]))), DOTS_OK);
    }

    memset(m, 0, sizeof(dots_mitigation_t));

    m->customer = dots_str("a", 1);
    m->cuid = dots_str("dz6pHjaADkaFTbjr0JGBpw", 22);
    m->mid = 4294967295u;
    m->target.nprefixes = 2;
    m->target.prefixes = test_mitigation_prefixes;
    m->target.nports = 2;
    m->target.ports = test_mitigation_ports;
    m->target.nprotocols = 2;
    m->target.protocols = test_mitigation_protocols;
    m->target.nfqdns = 2;
    m->target.fqdns = test_mitigation_names;
    m->target.naliases = 1;
    m->target.aliases = test_mitigation_names;
    m->nresolved = 6;
    m->resolved = test_mitigation_prefixes;
    m->lifetime = 3600;
    m->trigger = 1;
    m->status = DOTS_STATUS_IN_PROGRESS;
    m->start = 1700000000;
    m->expires = 1700003600000;
    strcpy(m->reason, "no route");
}


/* Section 4.4.1.1: 0 is refused before, -1 may be. */

static void
test_mitigation_grant(void **state)
{
    dots_lifetime_t  p = { 3600, 30, 86400, 0, 120 };

    (void) state;

    assert_int_equal(dots_lifetime_grant(&p, -1), 3600);
    assert_int_equal(dots_lifetime_grant(&p, 1), 30);
    assert_int_equal(dots_lifetime_grant(&p, 30), 30);
    assert_int_equal(dots_lifetime_grant(&p, 7200), 7200);
    assert_int_equal(dots_lifetime_grant(&p, INT32_MAX), 86400);

    p.indefinite = 1;
    assert_int_equal(dots_lifetime_grant(&p, -1), -1);

    p.max = UINT32_MAX;
    p.min = UINT32_MAX;
    assert_int_equal(dots_lifetime_grant(&p, 5), INT32_MAX);
}


static void
test_mitigation_times(void **state)
{
    dots_mitigation_t  m;

    (void) state;

    memset(&m, 0, sizeof(m));
    m.status = DOTS_STATUS_MITIGATED;
    m.expires = 10000;

    assert_int_equal(dots_mitigation_remaining(&m, 0), 10);
    assert_int_equal(dots_mitigation_remaining(&m, 1), 10);
    assert_int_equal(dots_mitigation_remaining(&m, 9999), 1);
    assert_int_equal(dots_mitigation_remaining(&m, 10000), 0);
    assert_int_equal(dots_mitigation_remaining(&m, 99999), 0);
    assert_int_equal(dots_mitigation_remaining(&m, INT64_MIN), INT32_MAX);

    m.terminates = 5000;                    /* status 5 and 7 only */
    assert_int_equal(dots_mitigation_deadline(&m), 10000);
    m.status = DOTS_STATUS_TERMINATING;
    assert_int_equal(dots_mitigation_deadline(&m), 5000);
    assert_int_equal(dots_mitigation_remaining(&m, 0), 5);
    m.status = DOTS_STATUS_WITHDRAWN;
    assert_int_equal(dots_mitigation_deadline(&m), 5000);
    assert_int_equal(dots_mitigation_remaining(&m, 0), 5);

    /* RFC 9132 4.4.1.3: "transitions the status [...] to '8'", and goes on */

    m.conflict.cause = 1;
    assert_int_equal(dots_mitigation_deadline(&m), 5000);
    assert_int_equal(dots_mitigation_remaining(&m, 0), 10);
    m.trigger = 1;                          /* this one does not return */
    assert_int_equal(dots_mitigation_remaining(&m, 0), 5);

    m.terminates = 0;
    assert_int_equal(dots_mitigation_deadline(&m), 10000);

    m.status = DOTS_STATUS_IN_PROGRESS;
    m.expires = DOTS_FOREVER;
    assert_int_equal(dots_mitigation_remaining(&m, 5), -1);
    assert_true(dots_mitigation_deadline(&m) == DOTS_FOREVER);
}


static void
test_mitigation_activity(void **state)
{
    int                status;
    dots_mitigation_t  m;

    (void) state;

    memset(&m, 0, sizeof(m));

    for (status = 1; status <= 8; status++) {
        m.status = (dots_status_t) status;
        assert_int_equal(dots_mitigation_active(&m), status <= 5);
    }
}


static void
test_mitigation_normal(void **state)
{
    size_t             i;
    char               text[DOTS_PREFIX_TEXT];
    dots_mitigation_t  m;

    static const char *const  expected[] = {
        "192.0.2.1/32", "192.0.2.128/25", "2001:db8:6401::/64"
    };

    (void) state;

    test_mitigation_fill(&m);
    dots_mitigation_normalize(&m);
    assert_int_equal(m.nresolved, 3);

    for (i = 0; i < 3; i++) {
        dots_prefix_print(&m.resolved[i], text);
        assert_string_equal(text, expected[i]);
    }

    m.nresolved = 0;
    m.resolved = NULL;
    dots_mitigation_normalize(&m);
    assert_int_equal(m.nresolved, 0);
}


static void
test_mitigation_same(const dots_mitigation_t *m, const dots_mitigation_t *n)
{
    size_t  i;

    assert_true(dots_str_eq(m->customer, n->customer));
    assert_true(dots_str_eq(m->cuid, n->cuid));
    assert_int_equal(m->mid, n->mid);
    assert_true(dots_target_equal(&m->target, &n->target));
    assert_int_equal(m->nresolved, n->nresolved);

    for (i = 0; i < m->nresolved; i++) {
        assert_int_equal(dots_prefix_cmp(&m->resolved[i], &n->resolved[i]), 0);
    }

    assert_int_equal(m->lifetime, n->lifetime);
    assert_int_equal(m->trigger, n->trigger);
    assert_int_equal(m->status, n->status);
    assert_true(m->start == n->start);
    assert_true(m->expires == n->expires);
    assert_true(m->terminates == n->terminates);
    assert_string_equal(m->reason, n->reason);
    assert_int_equal(m->attack, n->attack);
    assert_int_equal(m->dampen, n->dampen);
    assert_true(m->resolves == n->resolves);
    assert_true(m->conflicted == n->conflicted);
    assert_int_equal(m->conflict.cause, n->conflict.cause);
    assert_int_equal(m->conflict.same_client, n->conflict.same_client);
    assert_int_equal(m->conflict.mid, n->conflict.mid);
    assert_int_equal(m->conflict.status, n->conflict.status);
    assert_int_equal(m->conflict.retry, n->conflict.retry);
    assert_true(dots_target_equal(&m->conflict.scope, &n->conflict.scope));
}


static void
test_mitigation_conflict(dots_mitigation_t *m)
{
    m->attack = DOTS_ATTACK_MITIGATED;
    m->dampen = 240;
    m->resolves = 1700000060000;
    m->conflicted = 1700000000000;
    m->conflict.cause = DOTS_CONFLICT_OVERLAP;
    m->conflict.same_client = 1;
    m->conflict.mid = 77;
    m->conflict.status = 2;
    m->conflict.retry = 600;
    m->conflict.scope = m->target;
}


static void
test_mitigation_record(void **state)
{
    size_t             size, len, i;
    uint8_t           *buf, *cut;
    dots_arena_t      *a;
    dots_mitigation_t  m, n;

    (void) state;

    a = dots_arena_create(1 << 20);
    test_mitigation_fill(&m);
    test_mitigation_conflict(&m);
    m.lifetime = -1;
    m.expires = DOTS_FOREVER;

    size = dots_mitigation_size(&m);
    buf = malloc(size);
    assert_non_null(buf);

    assert_int_equal(dots_mitigation_encode(&m, buf, size - 1, &len),
                     DOTS_FULL);
    assert_int_equal(dots_mitigation_encode(&m, buf, size, &len), DOTS_OK);
    assert_int_equal(len, size);
    assert_int_equal(buf[0], 2);

    assert_int_equal(dots_mitigation_decode(&n, buf, len, a), DOTS_OK);
    buf[3] ^= 1;                    /* what was decoded is a copy */
    assert_int_equal(n.customer.data[0], 'a');
    buf[3] ^= 1;
    test_mitigation_same(&m, &n);

    /* every truncation, in a buffer of its own for the sanitizer */

    for (i = 0; i < len; i++) {
        cut = malloc(i + 1);
        assert_non_null(cut);
        memcpy(cut, buf, i);
        assert_int_equal(dots_mitigation_decode(&n, cut, i, a), DOTS_INVALID);
        free(cut);
    }

    buf = realloc(buf, size + 1);   /* trailing bytes */
    assert_non_null(buf);
    buf[size] = 0;
    assert_int_equal(dots_mitigation_decode(&n, buf, size + 1, a),
                     DOTS_INVALID);

    buf[0] = 3;                     /* other versions */
    assert_int_equal(dots_mitigation_decode(&n, buf, size, a), DOTS_INVALID);
    buf[0] = 0;
    assert_int_equal(dots_mitigation_decode(&n, buf, size, a), DOTS_INVALID);

    free(buf);
    dots_arena_destroy(a);
}


/* What a server wrote before there was more to write. */

static void
test_mitigation_first_version(void **state)
{
    size_t             size, len;
    uint8_t           *buf;
    dots_arena_t      *a;
    dots_mitigation_t  m, n;

    (void) state;

    a = dots_arena_create(1 << 20);
    test_mitigation_fill(&m);

    size = dots_mitigation_size(&m);
    buf = malloc(size);
    assert_non_null(buf);
    assert_int_equal(dots_mitigation_encode(&m, buf, size, &len), DOTS_OK);

    buf[0] = 1;
    assert_int_equal(dots_mitigation_decode(&n, buf, len, a), DOTS_INVALID);
    assert_int_equal(dots_mitigation_decode(&n, buf, len - 12, a), DOTS_OK);
    test_mitigation_same(&m, &n);

    free(buf);
    dots_arena_destroy(a);
}


/* One byte at a time: refused, or a record that is written the same again. */

static void
test_mitigation_damage(void **state)
{
    size_t             i, len, again;
    uint8_t            buf[1024], out[1024];
    dots_arena_t      *a;
    dots_mitigation_t  m, n;

    (void) state;

    test_mitigation_fill(&m);
    test_mitigation_conflict(&m);
    assert_int_equal(dots_mitigation_encode(&m, buf, sizeof(buf), &len),
                     DOTS_OK);

    for (i = 0; i < len; i++) {
        a = dots_arena_create(1 << 20);
        buf[i] ^= i ? 0xff : 2 ^ 3;     /* not the first version */

        if (dots_mitigation_decode(&n, buf, len, a) == DOTS_OK) {
            assert_int_equal(dots_mitigation_encode(&n, out, sizeof(out),
                                                    &again), DOTS_OK);
            assert_int_equal(again, len);
            assert_memory_equal(out, buf, len);
        }

        buf[i] ^= i ? 0xff : 2 ^ 3;
        dots_arena_destroy(a);
    }
}


static void
test_mitigation_unwritable(void **state)
{
    size_t             len;
    uint8_t            buf[1024];
    dots_arena_t      *a;
    dots_mitigation_t  m;

    (void) state;

    test_mitigation_fill(&m);
    m.status = 0;
    assert_int_equal(dots_mitigation_encode(&m, buf, sizeof(buf), &len),
                     DOTS_INVALID);

    test_mitigation_fill(&m);
    m.customer.len = 0;
    assert_int_equal(dots_mitigation_encode(&m, buf, sizeof(buf), &len),
                     DOTS_INVALID);

    test_mitigation_fill(&m);
    m.lifetime = -2;
    assert_int_equal(dots_mitigation_encode(&m, buf, sizeof(buf), &len),
                     DOTS_INVALID);

    test_mitigation_fill(&m);
    memset(m.reason, 'x', sizeof(m.reason));
    assert_int_equal(dots_mitigation_encode(&m, buf, sizeof(buf), &len),
                     DOTS_INVALID);

    test_mitigation_fill(&m);
    m.target.prefixes[0].addr[15] = 1;
    assert_int_equal(dots_mitigation_encode(&m, buf, sizeof(buf), &len),
                     DOTS_INVALID);

    /* no memory: the host's fault, not the record's */

    test_mitigation_fill(&m);
    assert_int_equal(dots_mitigation_encode(&m, buf, sizeof(buf), &len),
                     DOTS_OK);
    a = dots_arena_create(100);
    assert_int_equal(dots_mitigation_decode(&m, buf, len, a), DOTS_ERROR);
    dots_arena_destroy(a);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_mitigation_grant),
        cmocka_unit_test(test_mitigation_times),
        cmocka_unit_test(test_mitigation_activity),
        cmocka_unit_test(test_mitigation_normal),
        cmocka_unit_test(test_mitigation_record),
        cmocka_unit_test(test_mitigation_first_version),
        cmocka_unit_test(test_mitigation_damage),
        cmocka_unit_test(test_mitigation_unwritable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
