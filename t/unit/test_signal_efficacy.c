/*
 * Efficacy updates (RFC 9132 section 4.4.3), mitigations that the server has
 * withdrawn (section 4.4.1.3), requests that a gateway relays (section
 * 4.4.1.2): bytes in and bytes out.
 */

#include "signal_peer.h"

/* behind If-Match, option 1 */

#define WELLKNOWN_10 "ab 2e77656c6c2d6b6e6f776e 04 646f7473 "
#define MITIGATE_10  WELLKNOWN_10 "08 6d69746967617465 "

#define MATCH        "10 " MITIGATE_10
#define MATCH_VALUE  "11 01 " MITIGATE_10
#define MATCH_BOTH   "11 01 00 " MITIGATE_10

#define ATTACK(n)    "181d 0" n " "
#define UPDATE(match, body)                                                   \
    "42 03 0001 aabb " match CUID MID7 CBOR "ff " SCOPE body
#define UPDATE_NON                                                            \
    "52 03 0001 aabb " MATCH CUID MID7 CBOR "ff " SCOPE "a2 " PREFIX ATTACK("1")

#define CDID         "06 636469643d67 "             /* cdid=g */


static dots_request_t     test_seen;
static dots_mitigation_t  test_asked;


static void
test_decide_seen(test_peer_t *p, dots_request_t *rq)
{
    test_seen = *rq;

    if (rq->mitigation != NULL) {
        test_asked = *rq->mitigation;

        if (rq->mitigation->lifetime == 0) {
            rq->mitigation->lifetime = 600;     /* as the registry does */
        }
    }

    rq->verdict = p->verdict;
}


static void
test_update(const char *hex, dots_verdict_t verdict, const char *expected)
{
    test_peer_t  p;

    test_open(&p);
    p.decide = test_decide_seen;
    p.verdict = verdict;

    test_input(&p, hex);
    assert_int_equal(p.nsubmits, 1);

    if (expected != NULL) {
        assert_int_equal(p.nsent, 1);
        test_sent(&p, 0, expected);

    } else {
        assert_int_equal(p.nsent, 0);
    }

    assert_int_equal(p.naudits, 1);
    assert_int_equal(p.audit_code, verdict == DOTS_VERDICT_NOT_FOUND
                                   ? 0 : dots_coap_code(2, 4));

    dots_signal_close(p.signal);
}


/* ---- efficacy updates ---- */

static void
test_signal_update(void **state)
{
    (void) state;

    /* Figure 16: all but the lifetime; the answer has what remains */

    test_update(UPDATE(MATCH, "a2 " PREFIX ATTACK("1")), DOTS_VERDICT_CHANGED,
                "62 44 0001 aabb c2 010f ff a1 01 a1 02 81 a2 0e 190258 05 07");
    assert_int_equal(test_seen.operation, DOTS_MITIGATION_PUT);
    assert_int_equal(test_asked.attack, DOTS_ATTACK_UNDER);
    assert_int_equal(test_asked.lifetime, 0);

    test_update(UPDATE(MATCH, "a3 " PREFIX LIFETIME ATTACK("2")),
                DOTS_VERDICT_CHANGED,
                "62 44 0001 aabb c2 010f ff a1 01 a1 02 81 a2 0e 190e10 05 07");
    assert_int_equal(test_asked.attack, DOTS_ATTACK_MITIGATED);

    test_update(UPDATE(MATCH_BOTH, "a2 " PREFIX ATTACK("1")),
                DOTS_VERDICT_CHANGED,
                "62 44 0001 aabb c2 010f ff a1 01 a1 02 81 a2 0e 190258 05 07");

    /*
     * "If no match is found, the PUT request is silently ignored"; a CON is
     * acknowledged, RFC 7252 section 4.2
     */

    test_update(UPDATE_NON, DOTS_VERDICT_NOT_FOUND, NULL);
    test_update(UPDATE(MATCH, "a2 " PREFIX ATTACK("1")),
                DOTS_VERDICT_NOT_FOUND, "60 00 0001");
}


static void
test_signal_update_refused(void **state)
{
    (void) state;

    /* attack-status is mandatory, and has no meaning without If-Match */

    test_answer(UPDATE(MATCH, "a2 " PREFIX LIFETIME), dots_coap_code(4, 0),
                "attack-status", 0);
    test_answer(UPDATE(MITIGATE, "a3 " PREFIX LIFETIME ATTACK("1")),
                dots_coap_code(4, 0), "attack-status", 0);
    test_answer(UPDATE(MATCH, "a2 " PREFIX ATTACK("0")), dots_coap_code(4, 0),
                "attack-status", 0);
    test_answer(UPDATE(MATCH, "a2 " PREFIX ATTACK("3")), dots_coap_code(4, 0),
                "attack-status", 0);

    /* an entity-tag that nothing has, RFC 7252 section 5.10.8.1 */

    test_answer(UPDATE(MATCH_VALUE, "a2 " PREFIX ATTACK("1")),
                dots_coap_code(4, 12), "If-Match", 0);
    test_answer("42 01 0001 aabb " MATCH_VALUE CUID MID7,
                dots_coap_code(4, 12), "If-Match", 0);
    test_answer("42 04 0001 aabb " MATCH_VALUE CUID MID7,
                dots_coap_code(4, 12), "If-Match", 0);
}


/* ---- withdrawn because of a conflict ---- */

static dots_mitigation_t  test_withdrawn;


static void
test_decide_withdrawn(test_peer_t *p, dots_request_t *rq)
{
    (void) p;

    rq->verdict = DOTS_VERDICT_FOUND;
    rq->nmitigations = 1;
    rq->mitigations = &test_withdrawn;
}


static void
test_get(const char *query, const char *expected)
{
    char         hex[TEST_SIZE];
    test_peer_t  p;

    test_open(&p);
    p.decide = test_decide_withdrawn;

    (void) snprintf(hex, sizeof(hex), "%s%s", GET(CON, "0001"), query);

    test_input(&p, hex);
    assert_int_equal(p.nsent, 1);
    test_sent(&p, 0, expected);

    dots_signal_close(p.signal);
}


/* Status 7 with conflict-information; the retry-timer runs down. */

static void
test_signal_withdrawn(void **state)
{
    dots_prefix_t       prefix;
    dots_mitigation_t  *m;

    (void) state;

    assert_int_equal(dots_prefix_parse(&prefix, dots_str("192.0.2.1/32", 12)),
                     DOTS_OK);

    m = &test_withdrawn;
    memset(m, 0, sizeof(dots_mitigation_t));

    m->mid = 7;
    m->target.nprefixes = 1;
    m->target.prefixes = &prefix;
    m->trigger = 1;
    m->status = DOTS_STATUS_WITHDRAWN;
    m->start = 1507818434;
    m->conflicted = 1000000 - 100000;
    m->expires = m->conflicted + 345000;
    m->terminates = m->expires;
    m->conflict.cause = DOTS_CONFLICT_OVERLAP;
    m->conflict.same_client = 1;
    m->conflict.mid = 3;
    m->conflict.retry = 300;
    m->conflict.scope = m->target;

    test_get("", "62 45 0001 aabb c2 010f ff " SCOPE
                 "a6 " PREFIX "0e 18f5 05 07 0f 1a59df7bc2 10 07 "
                 "11 a3 13 01 14 18c8 15 a2 " PREFIX "05 03");

    /* it is no configuration */

    test_get("43 633d63", "62 45 0001 aabb c2 010f ff " SCOPE
                          "a3 " PREFIX "0e 18f5 05 07");

    /* beside another client's: conflict-status 2, nothing of the other */

    m->status = DOTS_STATUS_IN_PROGRESS;
    m->terminates = 0;
    m->conflict.same_client = 0;
    m->conflict.status = 2;
    m->conflict.retry = 0;

    test_get("43 633d6e", "62 45 0001 aabb c2 010f ff " SCOPE
                          "a5 0e 18f5 05 07 0f 1a59df7bc2 10 01 "
                          "11 a3 12 02 13 01 15 a1 " PREFIX);
}


/* ---- gateways ---- */

static void
test_relayed(int gateway, const char *hex, const dots_customer_t *customer)
{
    test_peer_t  p;

    test_open(&p);
    p.decide = test_decide_seen;
    p.verdict = DOTS_VERDICT_NOT_FOUND;
    test_customer->gateway = (uint8_t) gateway;

    test_input(&p, hex);

    test_customer->gateway = 0;
    assert_int_equal(p.nsent, 1);

    if (customer == NULL) {
        assert_int_equal(p.nsubmits, 0);
        assert_int_equal(p.sent[0][1], dots_coap_code(4, 1));

    } else {
        assert_int_equal(p.nsubmits, 1);
        assert_ptr_equal(test_seen.customer, customer);
    }

    dots_signal_close(p.signal);
}


static void
test_signal_gateway(void **state)
{
    dots_fault_t      f;
    dots_prefix_t     prefix;
    dots_customer_t  *other;

    static const char  get[] = "42 01 0001 aabb " MITIGATE CDID CUID MID7;
    static const char  own[] = "42 01 0001 aabb " MITIGATE CUID MID7;
    static const char  delete[] = "42 04 0001 aabb " MITIGATE CDID CUID MID7;

    (void) state;

    /* nobody is called g; a client's own cdid is ignored */

    test_relayed(1, get, NULL);
    test_relayed(1, delete, NULL);
    test_relayed(1, own, test_customer);
    test_relayed(0, get, test_customer);

    other = dots_customers_add(test_customers, dots_str("other", 5), &f);
    assert_non_null(other);
    assert_int_equal(dots_customers_add_identity(test_customers, other,
                                                 DOTS_IDENTITY_CDID,
                                                 dots_str("g", 1), &f),
                     DOTS_OK);
    assert_int_equal(dots_prefix_parse(&prefix,
                                       dots_str("198.51.100.0/24", 15)),
                     DOTS_OK);
    assert_int_equal(dots_customers_add_prefix(test_customers, other, &prefix,
                                               0, &f), DOTS_OK);
    assert_int_equal(dots_customers_finish(test_customers, &f), DOTS_OK);

    test_relayed(1, get, other);
    test_relayed(1, delete, other);
    test_relayed(0, get, test_customer);

    /* the other's prefixes count, not the gateway's */

    test_customer->gateway = 1;
    test_answer("42 03 0001 aabb " MITIGATE CDID CUID MID7 CBOR "ff " BODY,
                dots_coap_code(4, 0), "target-prefix", 0);
    test_answer("42 03 0001 aabb " MITIGATE CDID CUID MID7 CBOR "ff " SCOPE
                "a2 06 81 6f 3139382e35312e3130302e312f3332 " LIFETIME,
                dots_coap_code(2, 1), NULL, 1);
    test_customer->gateway = 0;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_signal_update),
        cmocka_unit_test(test_signal_update_refused),
        cmocka_unit_test(test_signal_withdrawn),
        cmocka_unit_test(test_signal_gateway),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
