/*
 * What test_signal.c and test_signal_mitigate.c share: a peer whose host is a
 * fake, requests and answers as hex, and the fixture with the real schemas.
 */

#ifndef SIGNAL_PEER_H
#define SIGNAL_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dots_signal.h"


#define TEST_SIZE    2048
#define TEST_SENT    64
#define TEST_HELD    (DOTS_SIGNAL_INFLIGHT + 1)
#define TEST_MESSAGE 1152

/* Options of "/.well-known/dots/mitigate", then deltas from Uri-Path. */

#define WELLKNOWN "bb 2e77656c6c2d6b6e6f776e 04 646f7473 "
#define MITIGATE  WELLKNOWN "08 6d69746967617465 "
#define CUID      "06 637569643d78 "                /* cuid=x */
#define MID7      "05 6d69643d37 "                  /* mid=7 */
#define CBOR      "12 010f "                        /* Content-Format 271 */
#define TEXT      "10 "                             /* Content-Format 0 */

/* {1: {2: [{6: ["192.0.2.1/32"], 14: 3600}]}} in pieces */

#define PREFIX    "06 81 6c 3139322e302e322e312f3332 "
#define LIFETIME  "0e 190e10 "
#define SCOPE     "a1 01 a1 02 81 "
#define BODY      SCOPE "a2 " PREFIX LIFETIME

#define PUT(type, id)                                                         \
    type "2 03 " id " aabb " MITIGATE CUID MID7 CBOR "ff " BODY
#define GET(type, id)    type "2 01 " id " aabb " MITIGATE CUID MID7
#define DELETE(type, id) type "2 04 " id " aabb " MITIGATE CUID MID7
#define CON "4"
#define NON "5"


typedef struct test_peer_s  test_peer_t;

struct test_peer_s {
    dots_signal_t   *signal;
    size_t           nsent;
    size_t           len[TEST_SENT];
    uint8_t          sent[TEST_SENT][TEST_SIZE];

    int              hold;              /* done() comes later */
    size_t           nheld;
    dots_request_t  *held[TEST_HELD];
    size_t           nsubmits;
    void           (*decide)(test_peer_t *p, dots_request_t *rq);
    dots_verdict_t   verdict;           /* without "decide" */

    int              full;              /* of TCP: much waits to be sent */
    int              holding;           /* bytes are held back */
    size_t           nfinished;
    char             finished[DOTS_FAULT_TEXT];

    size_t           naudits;
    uint8_t          audit_code;
    uint8_t          audit_method;
    const dots_customer_t *audit_customer;
    size_t           audit_npath;
    int              audit_request;
    char             audit_why[DOTS_FAULT_TEXT + 64];

    size_t           nclients;
    char             client[32];        /* customer/cuid, the last one */
    int              mitigating;
    size_t           nlost;
    int64_t          lost;              /* since when */
};


static dots_schema_t         *test_schema;
static dots_customers_t      *test_customers;
static dots_customer_t       *test_customer;
static const dots_lifetime_t  test_lifetime = { 3600, 30, 86400, 0, 120 };
static dots_session_conf_t    test_session;     /* without heartbeats of ours */
static dots_signal_looks_t   *test_looks;       /* NULL: each looks by itself */


/* ---- the fake host ---- */

static inline void
test_send(void *peer, const uint8_t *data, size_t len)
{
    test_peer_t  *p = peer;

    assert_true(p->nsent < TEST_SENT);
    assert_true(len <= TEST_SIZE);

    memcpy(p->sent[p->nsent], data, len);
    p->len[p->nsent++] = len;
}


static inline void
test_finish(test_peer_t *p, dots_request_t *rq)
{
    rq->now = 1000000;

    if (p->decide != NULL) {
        p->decide(p, rq);

    } else {
        rq->verdict = p->verdict;
    }

    rq->done(rq);
}


static inline void
test_submit(void *peer, dots_request_t *rq)
{
    test_peer_t  *p = peer;

    p->nsubmits++;

    if (p->hold) {
        assert_true(p->nheld < TEST_HELD);
        p->held[p->nheld++] = rq;
        return;
    }

    test_finish(p, rq);
}


static inline void
test_audit(void *peer, const dots_customer_t *customer,
    const dots_coap_message_t *request, uint8_t code, const dots_request_t *rq,
    const char *why)
{
    test_peer_t  *p = peer;

    p->audit_customer = customer;

    p->naudits++;
    p->audit_code = code;
    p->audit_method = request->code;
    p->audit_npath = request->npath;
    p->audit_request = rq != NULL;

    (void) snprintf(p->audit_why, sizeof(p->audit_why), "%s", why ? why : "");
}


static inline int
test_full(void *peer)
{
    test_peer_t  *p = peer;

    return p->full;
}


static inline void
test_hold(void *peer, int on)
{
    test_peer_t  *p = peer;

    assert_int_not_equal(p->holding, on);
    p->holding = on;
}


static inline void
test_finished(void *peer, const char *why)
{
    test_peer_t  *p = peer;

    p->nfinished++;
    (void) snprintf(p->finished, sizeof(p->finished), "%s", why ? why : "");
}


static inline void
test_client(void *peer, const dots_customer_t *customer, dots_str_t cuid)
{
    test_peer_t  *p = peer;

    p->nclients++;
    (void) snprintf(p->client, sizeof(p->client), "%.*s/%.*s",
                    (int) customer->name.len,
                    (const char *) customer->name.data, (int) cuid.len,
                    (const char *) cuid.data);
}


static inline int
test_mitigating(void *peer)
{
    test_peer_t  *p = peer;

    return p->mitigating;
}


static inline void
test_lost(void *peer, int64_t since)
{
    test_peer_t  *p = peer;

    p->nlost++;
    p->lost = since;
}


static const dots_signal_ops_t  test_ops = {
    .send = test_send,
    .full = test_full,
    .hold = test_hold,
    .finish = test_finished,
    .submit = test_submit,
    .audit = test_audit,
    .client = test_client,
    .mitigating = test_mitigating,
    .lost = test_lost
};


static inline void
test_open_on(test_peer_t *p, const dots_customer_t *customer,
    dots_signal_carrier_t carrier, size_t max_message)
{
    dots_signal_conf_t  conf = { test_schema, &test_ops, &test_lifetime,
                                 test_customers, &test_session, test_looks };

    memset(p, 0, sizeof(test_peer_t));

    p->verdict = DOTS_VERDICT_CREATED;
    p->signal = dots_signal_create(&conf, p, customer, carrier,
                                   max_message);
    assert_non_null(p->signal);
}


static inline void
test_open_as(test_peer_t *p, const dots_customer_t *customer,
    size_t max_message)
{
    test_open_on(p, customer, DOTS_SIGNAL_UDP, max_message);
}


static inline void
test_open(test_peer_t *p)
{
    test_open_as(p, test_customer, TEST_MESSAGE);
}


/* ---- bytes ---- */

/* Hex digits in pairs, blanks anywhere; "??" is -1: any byte. */

static inline size_t
test_hex(const char *hex, int *bytes)
{
    size_t    n;
    unsigned  byte;

    n = 0;

    while (*hex) {

        if (*hex == ' ') {
            hex++;
            continue;
        }

        assert_true(n < TEST_SIZE);

        if (strncmp(hex, "??", 2) == 0) {
            bytes[n++] = -1;

        } else {
            assert_int_equal(sscanf(hex, "%2x", &byte), 1);
            bytes[n++] = (int) byte;
        }

        assert_true(hex[1] != '\0');
        hex += 2;
    }

    return n;
}


/* The input is a heap copy of the exact size, gone when the call returns. */

static inline void
test_bytes(test_peer_t *p, const uint8_t *data, size_t len, int64_t now)
{
    uint8_t  *copy;

    copy = malloc(len ? len : 1);
    assert_non_null(copy);

    memcpy(copy, data, len);
    dots_signal_input(p->signal, copy, len, now);

    memset(copy, 0xee, len);
    free(copy);
}


static inline void
test_input_at(test_peer_t *p, const char *hex, int64_t now)
{
    int      bytes[TEST_SIZE];
    size_t   i, len;
    uint8_t  data[TEST_SIZE];

    len = test_hex(hex, bytes);

    for (i = 0; i < len; i++) {
        data[i] = (uint8_t) bytes[i];
    }

    test_bytes(p, data, len, now);
}


static inline void
test_input(test_peer_t *p, const char *hex)
{
    test_input_at(p, hex, 0);
}


static inline void
test_sent(const test_peer_t *p, size_t i, const char *hex)
{
    int     bytes[TEST_SIZE];
    size_t  k, len;

    assert_true(i < p->nsent);

    len = test_hex(hex, bytes);

    for (k = 0; k < len && k < p->len[i]; k++) {

        if (bytes[k] != -1 && bytes[k] != p->sent[i][k]) {
            print_error("datagram %zu, byte %zu: %02x, expected %02x\n", i, k,
                        p->sent[i][k], (unsigned) bytes[k]);
            fail();
        }
    }

    assert_int_equal(p->len[i], len);
}


static inline void
test_same(const test_peer_t *p, size_t i, size_t k)
{
    assert_true(i < p->nsent && k < p->nsent);
    assert_int_equal(p->len[i], p->len[k]);
    assert_memory_equal(p->sent[i], p->sent[k], p->len[i]);
}


static inline unsigned
test_id(const test_peer_t *p, size_t i)
{
    return (unsigned) (p->sent[i][2] << 8 | p->sent[i][3]);
}


/*
 * One request in a session of its own: the code of its only answer, which has
 * "text" in its diagnostic payload, and how often the model was asked.
 */

static inline void
test_answer(const char *hex, uint8_t code, const char *text, size_t submits)
{
    int                  header;
    test_peer_t          p;
    dots_coap_message_t  m;

    test_open(&p);
    test_input(&p, hex);

    if (p.nsent != 1 || p.sent[0][1] != code) {
        print_error("%s\n%zu answers, code %d.%02d, expected %d.%02d\n", hex,
                    p.nsent, p.sent[0][1] >> 5, p.sent[0][1] & 31, code >> 5,
                    code & 31);
    }

    assert_int_equal(p.nsent, 1);
    assert_int_equal(p.sent[0][1], code);
    assert_int_equal(dots_coap_parse(&m, p.sent[0], p.len[0], &header),
                     DOTS_OK);

    if (text != NULL) {
        if (memmem(m.payload.data, m.payload.len, text, strlen(text)) == NULL) {
            print_error("%s\n\"%.*s\" is without \"%s\"\n", hex,
                        (int) m.payload.len, (const char *) m.payload.data,
                        text);
            fail();
        }


        /* a diagnostic payload, RFC 7252 section 5.5.2 */

        assert_int_equal(m.content_format, -1);
    }

    assert_int_equal(p.nsubmits, submits);
    assert_int_equal(p.naudits, 1);
    assert_int_equal(p.audit_code, code);

    dots_signal_close(p.signal);
}


/* ---- the fixture ---- */

static inline void
test_add_prefix(const char *text)
{
    dots_fault_t   fault;
    dots_prefix_t  prefix;

    assert_int_equal(dots_prefix_parse(&prefix, dots_str(text, strlen(text))),
                     DOTS_OK);
    assert_int_equal(dots_customers_add_prefix(test_customers, test_customer,
                                               &prefix, 0, &fault),
                     DOTS_OK);
}


static inline int
test_setup(void **state)
{
    char          err[DOTS_FAULT_TEXT];
    size_t        i;
    dots_fault_t  fault;

    (void) state;

    test_session = dots_session_default;

    for (i = 0; i < DOTS_SESSION_SETS; i++) {
        test_session.sets[i][DOTS_SESSION_HEARTBEAT_INTERVAL].current = 0;
    }

    test_schema = dots_schema_load(SOURCE_DIR "/schemas", err, sizeof(err));
    if (test_schema == NULL) {
        print_error("%s\n", err);
        return -1;
    }

    test_customers = dots_customers_create();
    assert_non_null(test_customers);

    test_customer = dots_customers_add(test_customers, dots_str("a", 1),
                                       &fault);
    assert_non_null(test_customer);

    test_add_prefix("192.0.2.0/24");
    test_add_prefix("2001:db8:6401::/48");

    assert_int_equal(dots_customers_add_name(test_customers, test_customer,
                                             dots_str("example.com", 11),
                                             &fault),
                     DOTS_OK);
    assert_int_equal(dots_customers_finish(test_customers, &fault), DOTS_OK);

    return 0;
}


static inline int
test_teardown(void **state)
{
    (void) state;

    dots_customers_destroy(test_customers);
    dots_schema_free(test_schema);

    return 0;
}

#endif /* SIGNAL_PEER_H */
