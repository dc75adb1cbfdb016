/*
 * Mitigations over the signal channel, bytes in and bytes out (RFC 9132 section
 * 4.4): PUT, GET, DELETE and what comes of them.  Codec, schemas and the
 * model's checks are real, the host is a fake.
 */

#include "signal_peer.h"

#include "dots_count.h"


/* ---- PUT ---- */

#define PUT_BODY(body) "42 03 0001 aabb " MITIGATE CUID MID7 CBOR "ff " body

/* RFC 7252 section 5.10.3, RFC 9132 section 9 */

static void
test_signal_format(void **state)
{
    (void) state;

    test_answer("42 03 0001 aabb " MITIGATE CUID MID7 "ff " BODY,
                dots_coap_code(4, 15), "271", 0);
    test_answer("42 03 0001 aabb " MITIGATE CUID MID7 TEXT "ff " BODY,
                dots_coap_code(4, 15), "271", 0);
    test_answer("42 03 0001 aabb " MITIGATE CUID MID7 "11 3c ff " BODY,
                dots_coap_code(4, 15), "271", 0);
    test_answer("42 03 0001 aabb " MITIGATE CUID MID7 "13 00010f ff " BODY,
                dots_coap_code(4, 15), "271", 0);
    test_answer("42 03 0001 aabb " MITIGATE CUID MID7 CBOR,
                dots_coap_code(4, 0), "payload", 0);
    test_answer("42 03 0001 aabb " MITIGATE CUID MID7, dots_coap_code(4, 0),
                "payload", 0);
}


/* RFC 9132 sections 4.4.1.1, 4.4.1.3, 4.4.3 and 6 */

static void
test_signal_bodies(void **state)
{
    size_t  i;

    static const struct {
        const char  *hex;
        const char  *text;
    } bad[] = {

        /* no CBOR, not this message */
        { PUT_BODY("ff"), NULL },
        { PUT_BODY("00"), NULL },
        { PUT_BODY(BODY "00"), NULL },
        { PUT_BODY("a0"), NULL },
        { PUT_BODY("a1 1831 a1 1833 f5"), "mitigation-scope" },
        { PUT_BODY("a1 181e a0"), "mitigation-scope" },

        /* scopes: none, empty, two */
        { PUT_BODY("a1 01 a0"), "scope" },
        { PUT_BODY("a1 01 a1 02 80"), "scope" },
        { PUT_BODY("a1 01 a1 02 82 a2 " PREFIX LIFETIME "a2 " PREFIX LIFETIME),
          "scope" },

        /* in the Uri-Path, not here */
        { PUT_BODY(SCOPE "a3 " PREFIX LIFETIME "05 07"), "mid" },
        { PUT_BODY(SCOPE "a3 " PREFIX LIFETIME "04 61 78"), "cuid" },
        { PUT_BODY(SCOPE "a3 " PREFIX LIFETIME "03 61 78"), "cdid" },

        /* the server's, an efficacy update's */
        { PUT_BODY(SCOPE "a3 " PREFIX LIFETIME "0f 01"), "mitigation-start" },
        { PUT_BODY(SCOPE "a3 " PREFIX LIFETIME "10 01"), "status" },
        { PUT_BODY(SCOPE "a3 " PREFIX LIFETIME "11 a1 13 01"),
          "conflict-information" },
        { PUT_BODY(SCOPE "a3 " PREFIX LIFETIME "1819 01"), "bytes-dropped" },
        { PUT_BODY(SCOPE "a3 " PREFIX LIFETIME "181a 01"), "bps-dropped" },
        { PUT_BODY(SCOPE "a3 " PREFIX LIFETIME "181b 01"), "pkts-dropped" },
        { PUT_BODY(SCOPE "a3 " PREFIX LIFETIME "181c 01"), "pps-dropped" },
        { PUT_BODY(SCOPE "a3 " PREFIX LIFETIME "181d 01"), "attack-status" },

        /* unknown and comprehension-required */
        { PUT_BODY(SCOPE "a3 " PREFIX LIFETIME "187f 01"), "127" },

        /* RFC 9133's acl-list: known, not served */
        { PUT_BODY(SCOPE "a3 " PREFIX LIFETIME "1835 81 a1 17 61 78"),
          "acl-list" },

        /* lifetime: there, not zero, -1 the only negative */
        { PUT_BODY(SCOPE "a1 " PREFIX), "lifetime" },
        { PUT_BODY(SCOPE "a2 " PREFIX "0e 00"), "lifetime" },
        { PUT_BODY(SCOPE "a2 " PREFIX "0e 21"), "lifetime" },
        { PUT_BODY(SCOPE "a2 " PREFIX "0e 1b 0000000100000000"), "lifetime" },
        { PUT_BODY(SCOPE "a2 " PREFIX "0e 61 31"), "lifetime" },

        /* a target */
        { PUT_BODY(SCOPE "a1 " LIFETIME), "target-prefix" },
        { PUT_BODY(SCOPE "a2 0a 81 06 " LIFETIME), "target-prefix" },
        { PUT_BODY(SCOPE "a2 07 81 a1 08 1850 " LIFETIME), "target-prefix" },

        /* empty values */
        { PUT_BODY(SCOPE "a2 06 80 " LIFETIME), "target-prefix" },
        { PUT_BODY(SCOPE "a3 " PREFIX "0b 80 " LIFETIME), "target-fqdn" },
        { PUT_BODY(SCOPE "a2 0d 81 60 " LIFETIME), "alias-name" },
        { PUT_BODY(SCOPE "a2 06 81 60 " LIFETIME), "target-prefix" },

        /* values: 300.0.0.0/8, ports 443-80, protocol 256 */
        { PUT_BODY(SCOPE "a2 06 81 6b 3330302e302e302e302f38 " LIFETIME),
          "target-prefix" },
        { PUT_BODY(SCOPE "a3 " PREFIX "07 81 a2 08 1901bb 09 1850 " LIFETIME),
          "upper-port" },
        { PUT_BODY(SCOPE "a3 " PREFIX "0a 81 190100 " LIFETIME),
          "target-protocol" },
        { PUT_BODY(SCOPE "a3 " PREFIX LIFETIME "182d 01"),
          "trigger-mitigation" },

        /* outside, loopback, multicast, another's name */
        { PUT_BODY(SCOPE
                   "a2 06 81 6f 3139382e35312e3130302e312f3332 " LIFETIME),
          "target-prefix" },
        { PUT_BODY(SCOPE "a2 06 81 6c 3132372e302e302e312f3332 " LIFETIME),
          "target-prefix" },
        { PUT_BODY(SCOPE "a2 06 81 6c 3232342e302e302e312f3332 " LIFETIME),
          "target-prefix" },
        { PUT_BODY(SCOPE "a2 0b 81 6b 6578616d706c652e6e6574 " LIFETIME),
          "target-fqdn" },

        /* one good target does not save a bad one */
        { PUT_BODY(SCOPE "a2 06 82 6c 3139322e302e322e312f3332 "
                   "6c 3132372e302e302e312f3332 " LIFETIME), "target-prefix" },
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        test_answer(bad[i].hex, dots_coap_code(4, 0), bad[i].text, 0);
    }
}


static void
test_decide_figure(test_peer_t *p, dots_request_t *rq)
{
    const dots_mitigation_t  *m;

    (void) p;

    m = rq->mitigation;

    assert_int_equal(rq->operation, DOTS_MITIGATION_PUT);
    assert_ptr_equal(rq->customer, test_customer);
    assert_int_equal(rq->cuid.len, 22);
    assert_memory_equal(rq->cuid.data, "dz6pHjaADkaFTbjr0JGBpw", 22);
    assert_int_equal(rq->has_mid, 1);
    assert_int_equal(rq->mid, 123);

    assert_non_null(m);
    assert_true(dots_str_eq(m->customer, test_customer->name));
    assert_true(dots_str_eq(m->cuid, rq->cuid));
    assert_int_equal(m->mid, 123);
    assert_int_equal(m->lifetime, 3600);
    assert_int_equal(m->trigger, 1);
    assert_int_equal(m->target.nprefixes, 2);
    assert_int_equal(m->target.prefixes[0].length, 128);
    assert_int_equal(m->target.prefixes[1].addr[15], 2);
    assert_int_equal(m->target.nports, 3);
    assert_int_equal(m->target.ports[2].lower, 8080);
    assert_int_equal(m->target.nprotocols, 1);
    assert_int_equal(m->target.protocols[0], 6);

    rq->verdict = DOTS_VERDICT_CREATED;
}


/* RFC 9132 Figures 7 and 8, the response of Figure 10 */

static void
test_signal_put(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open(&p);
    p.decide = test_decide_figure;

    test_input(&p,
        "51 03 0001 4a " MITIGATE
        "0d 0e 636469643d37656561663334393532396562353565643530313133 "
        "0d 0e 637569643d647a3670486a6141446b614654626a72304a47427077 "
        "07 6d69643d313233 " CBOR "ff "
        "a1 01 a1 02 81 a4 06 82 "
        "74 323030313a6462383a363430313a3a312f313238 "
        "74 323030313a6462383a363430313a3a322f313238 "
        "07 83 a1 08 1850 a1 08 1901bb a1 08 191f90 0a 81 06 0e 190e10");

    assert_int_equal(p.nsubmits, 1);
    test_sent(&p, 0, "51 41 ?? ?? 4a c2 010f ff "
                     "a1 01 a1 02 81 a2 0e 190e10 05 187b");

    dots_signal_close(p.signal);
}


/* A lifetime: what is granted, and the answer that says so. */

static int32_t  test_granted;

static void
test_decide_changed(test_peer_t *p, dots_request_t *rq)
{
    (void) p;

    test_granted = rq->mitigation->lifetime;
    assert_int_equal(rq->mitigation->trigger, 0);

    rq->verdict = DOTS_VERDICT_CHANGED;
}


static void
test_lifetime_granted(const char *hex, int32_t lifetime, const char *wire)
{
    char         expected[TEST_SIZE];
    test_peer_t  p;

    test_open(&p);
    p.decide = test_decide_changed;

    test_input(&p, hex);
    assert_int_equal(test_granted, lifetime);

    (void) snprintf(expected, sizeof(expected), "62 44 0001 aabb c2 010f ff "
                    "a1 01 a1 02 81 a2 0e %s 05 07", wire);
    test_sent(&p, 0, expected);

    dots_signal_close(p.signal);
}


/* RFC 9132 section 4.4.1.1: granted are 30 to 86400 s, and 3600 s for -1 */

static void
test_signal_lifetime(void **state)
{
    (void) state;

    test_lifetime_granted(PUT_BODY(SCOPE "a3 " PREFIX "182d f4 0e 190258"), 600,
                          "19 0258");
    test_lifetime_granted(PUT_BODY(SCOPE "a3 182d f4 " PREFIX "0e 20"), 3600,
                          "19 0e10");
    test_lifetime_granted(PUT_BODY(SCOPE "a3 182d f4 " PREFIX "0e 01"), 30,
                          "18 1e");
    test_lifetime_granted(PUT_BODY(SCOPE "a3 182d f4 " PREFIX "0e 1a ffffffff"),
                          86400, "1a 00015180");
}


/* ---- outcomes ---- */

static dots_fault_t     test_fault;
static dots_conflict_t  test_conflict;


static void
test_decide_outcome(test_peer_t *p, dots_request_t *rq)
{
    rq->verdict = p->verdict;
    rq->fault = test_fault;
    rq->conflict = test_conflict;
}


static void
test_outcome(const char *hex, dots_verdict_t verdict, const char *expected)
{
    test_peer_t  p;

    test_open(&p);
    p.decide = test_decide_outcome;
    p.verdict = verdict;

    test_input(&p, hex);
    assert_int_equal(p.nsent, 1);
    test_sent(&p, 0, expected);

    dots_signal_close(p.signal);
}


/* RFC 9132 sections 4.4.1.3, 4.4.2 and 4.4.4, RFC 7252 section 5.9.3.4 */

static void
test_signal_outcomes(void **state)
{
    (void) state;

    memset(&test_fault, 0, sizeof(test_fault));
    memset(&test_conflict, 0, sizeof(test_conflict));

    test_outcome(DELETE(CON, "0001"), DOTS_VERDICT_DELETED, "62 42 0001 aabb");
    test_outcome(DELETE(CON, "0001"), DOTS_VERDICT_NOT_FOUND,
                 "62 42 0001 aabb");
    test_outcome(DELETE(CON, "0001"), DOTS_VERDICT_FOUND, "62 42 0001 aabb");

    /* "no such mitigation" */
    test_outcome(GET(CON, "0001"), DOTS_VERDICT_NOT_FOUND,
                 "62 84 0001 aabb ff "
                 "6e6f2073756368206d697469676174696f6e");

    /* the fault names its attribute */
    (void) dots_fault(&test_fault, DOTS_FAULT_INVALID_VALUE, "lifetime",
                      "bad");
    test_outcome(PUT(CON, "0001"), DOTS_VERDICT_INVALID,
                 "62 80 0001 aabb ff 6c69666574696d653a20626164");

    (void) dots_fault(&test_fault, DOTS_FAULT_INVALID_VALUE, "mid", "bad mid");
    test_outcome(PUT(CON, "0001"), DOTS_VERDICT_INVALID,
                 "62 80 0001 aabb ff 626164206d6964");

    /* Max-Age says when to retry */
    (void) dots_fault(&test_fault, DOTS_FAULT_INVALID_VALUE, NULL, "dns");
    test_outcome(PUT(CON, "0001"), DOTS_VERDICT_UNAVAILABLE,
                 "62 a3 0001 aabb d1 01 0a ff 646e73");
    test_outcome(PUT(CON, "0001"), DOTS_VERDICT_FULL,
                 "62 a3 0001 aabb d1 01 3c ff "
                 "74686520736572766572206973 2066756c6c");
    test_outcome(PUT(CON, "0001"), DOTS_VERDICT_LIMIT,
                 "62 a3 0001 aabb d1 01 3c ff "
                 "74686520637573746f6d65722773206c696d6974206f66206d6974"
                 "69676174696f6e732069732072656163686564");
}


/* RFC 9132 section 4.4.1.3 and Figure 11 */

static void
test_signal_conflicts(void **state)
{
    dots_prefix_t  prefix;

    (void) state;

    memset(&test_fault, 0, sizeof(test_fault));
    memset(&test_conflict, 0, sizeof(test_conflict));

    assert_int_equal(dots_prefix_parse(&prefix, dots_str("192.0.2.1/32", 12)),
                     DOTS_OK);

    /* the client's own, higher mid: cause, scope with that mid */
    test_conflict.same_client = 1;
    test_conflict.mid = 9;
    test_conflict.scope.nprefixes = 1;
    test_conflict.scope.prefixes = &prefix;

    test_outcome(PUT(CON, "0001"), DOTS_VERDICT_CONFLICT,
                 "62 89 0001 aabb c2 010f ff " SCOPE
                 "a2 05 07 11 a2 13 01 15 a2 " PREFIX "05 09");

    /* another client's: status, cause, retry-timer, scope, no mid of its */
    test_conflict.same_client = 0;
    test_conflict.status = 1;
    test_conflict.retry = 300;

    test_outcome(PUT(CON, "0001"), DOTS_VERDICT_CONFLICT,
                 "62 89 0001 aabb c2 010f ff " SCOPE
                 "a2 05 07 11 a4 12 01 13 01 14 19012c 15 a1 " PREFIX);

    /* no clause to show: no conflict-scope */
    memset(&test_conflict.scope, 0, sizeof(test_conflict.scope));

    test_outcome(PUT(CON, "0001"), DOTS_VERDICT_CONFLICT,
                 "62 89 0001 aabb c2 010f ff " SCOPE
                 "a2 05 07 11 a3 12 01 13 01 14 19012c");

    /* the cuid is another's: the cause alone */
    test_outcome(PUT(CON, "0001"), DOTS_VERDICT_COLLISION,
                 "62 89 0001 aabb c2 010f ff " SCOPE "a1 11 a1 13 03");
}


/*
 * Section 4.4.1.3: "The response MUST include enough information": an error has
 * no blocks, so what does not fit is left out of the scope, nothing else.
 */

static void
test_signal_conflict_large(void **state)
{
    int                   expected[TEST_SIZE];
    size_t                i, len;
    test_peer_t           p;

    static dots_prefix_t  prefixes[100];

    (void) state;

    memset(&test_conflict, 0, sizeof(test_conflict));

    for (i = 0; i < 100; i++) {
        assert_int_equal(dots_prefix_parse(&prefixes[i],
                                           dots_str("192.0.2.1/32", 12)),
                         DOTS_OK);
    }

    test_conflict.same_client = 1;
    test_conflict.mid = 9;
    test_conflict.scope.nprefixes = 100;
    test_conflict.scope.prefixes = prefixes;

    test_open(&p);
    p.decide = test_decide_outcome;
    p.verdict = DOTS_VERDICT_CONFLICT;
    test_input(&p, PUT(CON, "0001"));
    assert_int_equal(p.nsent, 1);

    /* 50 of them, and the mid at the end */

    len = test_hex("62 89 0001 aabb c2 010f ff " SCOPE
                   "a2 05 07 11 a2 13 01 15 a2 06 98 32", expected);

    assert_true(p.len[0] > len + 50 * 13 && p.len[0] <= TEST_MESSAGE);

    for (i = 0; i < len; i++) {
        assert_int_equal(p.sent[0][i], expected[i]);
    }

    assert_memory_equal(&p.sent[0][p.len[0] - 2], "\x05\x09", 2);

    dots_signal_close(p.signal);
}


/* ---- GET ---- */

static dots_mitigation_t  test_list[40];
static size_t             test_nlist;


static void
test_decide_found(test_peer_t *p, dots_request_t *rq)
{
    (void) p;

    rq->verdict = DOTS_VERDICT_FOUND;
    rq->mitigations = test_list;
    rq->nmitigations = test_nlist;
}


static void
test_mitigation(dots_mitigation_t *m, uint32_t mid, dots_prefix_t *prefix)
{
    memset(m, 0, sizeof(dots_mitigation_t));

    m->mid = mid;
    m->target.nprefixes = 1;
    m->target.prefixes = prefix;
    m->lifetime = 3600;
    m->trigger = 1;
    m->status = DOTS_STATUS_MITIGATED;
    m->start = 1507818434;
    m->expires = 1000000 + 1756 * 1000 - 500;
}


static void
test_found(const char *hex, const char *expected)
{
    test_peer_t  p;

    test_open(&p);
    p.decide = test_decide_found;

    test_input(&p, hex);
    assert_int_equal(p.nsent, 1);
    test_sent(&p, 0, expected);

    dots_signal_close(p.signal);
}


/* RFC 9132 section 4.4.2, Figure 14 and Table 2 */

static void
test_signal_get(void **state)
{
    dots_prefix_t  prefix;

    (void) state;

    assert_int_equal(dots_prefix_parse(&prefix, dots_str("192.0.2.1/32", 12)),
                     DOTS_OK);

    test_mitigation(&test_list[0], 7, &prefix);
    test_nlist = 1;

    test_found(GET(CON, "0001"),
               "62 45 0001 aabb c2 010f ff " SCOPE
               "a5 " PREFIX "0e 1906dc 05 07 0f 1a59df7bc2 10 02");

    /* all of them; one awaits the loss of the signal: no mitigation-start */
    test_mitigation(&test_list[1], 8, &prefix);
    test_list[1].trigger = 0;
    test_list[1].status = DOTS_STATUS_AWAITING_LOSS;
    test_list[1].expires = DOTS_FOREVER;
    test_list[1].lifetime = -1;
    test_nlist = 2;

    test_found("42 01 0001 aabb " MITIGATE CUID,
               "62 45 0001 aabb c2 010f ff a1 01 a1 02 82 "
               "a5 " PREFIX "0e 1906dc 05 07 0f 1a59df7bc2 10 02 "
               "a5 " PREFIX "0e 20 182d f4 05 08 10 08");

    /* c=c, c=n, c=a */
    test_found("42 01 0001 aabb " MITIGATE CUID "43 633d63",
               "62 45 0001 aabb c2 010f ff a1 01 a1 02 82 "
               "a3 " PREFIX "0e 1906dc 05 07 "
               "a4 " PREFIX "0e 20 182d f4 05 08");
    test_found("42 01 0001 aabb " MITIGATE CUID "43 633d6e",
               "62 45 0001 aabb c2 010f ff a1 01 a1 02 82 "
               "a4 0e 1906dc 05 07 0f 1a59df7bc2 10 02 "
               "a3 0e 20 05 08 10 08");
    test_found("42 01 0001 aabb " MITIGATE CUID "43 633d61",
               "62 45 0001 aabb c2 010f ff a1 01 a1 02 82 "
               "a5 " PREFIX "0e 1906dc 05 07 0f 1a59df7bc2 10 02 "
               "a5 " PREFIX "0e 20 182d f4 05 08 10 08");
}


/* Where the mitigator counts; in the state, not in what was asked. */

static void
test_signal_dropped(void **state)
{
    dots_count_t   c = {
        .packets = 30, .octets = UINT64_MAX, .until = 10000
    };
    dots_prefix_t  prefix;

    (void) state;

    assert_int_equal(dots_prefix_parse(&prefix, dots_str("192.0.2.1/32", 12)),
                     DOTS_OK);

    test_mitigation(&test_list[0], 7, &prefix);
    test_list[0].dropped = &c;
    test_nlist = 1;

    test_found(GET(CON, "0001"),
               "62 45 0001 aabb c2 010f ff " SCOPE
               "a9 " PREFIX "0e 1906dc 05 07 0f 1a59df7bc2 10 02 "
               "1819 1bffffffffffffffff 181a 1b1999999999999999 "
               "181b 181e 181c 03");
    test_found("42 01 0001 aabb " MITIGATE CUID "43 633d63",
               "62 45 0001 aabb c2 010f ff a1 01 a1 02 81 "
               "a3 " PREFIX "0e 1906dc 05 07");
}


static void
test_decide_get(test_peer_t *p, dots_request_t *rq)
{
    (void) p;

    assert_int_equal(rq->operation, DOTS_MITIGATION_GET);
    assert_int_equal(rq->has_mid, 0);
    assert_true(dots_str_eq(rq->cuid, dots_str("x", 1)));

    rq->verdict = DOTS_VERDICT_NOT_FOUND;
}


static void
test_decide_delete(test_peer_t *p, dots_request_t *rq)
{
    (void) p;

    assert_int_equal(rq->operation, DOTS_MITIGATION_DELETE);
    assert_int_equal(rq->has_mid, 1);
    assert_int_equal(rq->mid, UINT32_MAX);
    assert_true(dots_str_eq(rq->cuid, dots_str("x", 1)));
    assert_ptr_equal(rq->customer, test_customer);

    rq->verdict = DOTS_VERDICT_DELETED;
}


static void
test_signal_requests(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open(&p);

    p.decide = test_decide_get;
    test_input(&p, "40 01 0001 " MITIGATE CUID);
    assert_int_equal(p.sent[0][1], dots_coap_code(4, 4));

    p.decide = test_decide_delete;
    test_input(&p, "40 04 0002 " MITIGATE CUID
                   "0d 01 6d69643d34323934393637323935");
    test_sent(&p, 1, "60 42 0002");

    assert_int_equal(p.nsubmits, 2);

    dots_signal_close(p.signal);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_signal_format),
        cmocka_unit_test(test_signal_bodies),
        cmocka_unit_test(test_signal_put),
        cmocka_unit_test(test_signal_lifetime),
        cmocka_unit_test(test_signal_outcomes),
        cmocka_unit_test(test_signal_conflicts),
        cmocka_unit_test(test_signal_conflict_large),
        cmocka_unit_test(test_signal_get),
        cmocka_unit_test(test_signal_dropped),
        cmocka_unit_test(test_signal_requests),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
