/*
 * The signal channel of one peer over TCP (RFC 8323): the stream in any pieces,
 * CSM, Ping, Release, Abort, and what waits for what.
 */

#include "signal_peer.h"
#include "dots_coap_tcp.h"
#include "signal_list.h"


#define CSM      "00 e1 "
#define OUR_CSM  "60 e1 22 40 00 20 21 40 "

/* GET and DELETE of cuid=x, mid=7: 39 bytes of options */

#define TCP_OPTIONS   MITIGATE CUID MID7
#define TCP_GET(tok)     "d2 1a 01 " tok " " TCP_OPTIONS
#define TCP_DELETE(tok)  "d2 1a 04 " tok " " TCP_OPTIONS


static void
test_open_tcp(test_peer_t *p)
{
    test_open_on(p, test_customer, DOTS_SIGNAL_TCP, 65535);

    assert_int_equal(p->nsent, 1);
    test_sent(p, 0, OUR_CSM);
    p->nsent = 0;
}


/* A session after the CSM of the peer. */

static void
test_open_csm(test_peer_t *p)
{
    test_open_tcp(p);
    test_input(p, CSM);
    assert_int_equal(p->nsent, 0);
    assert_int_equal(p->nfinished, 0);
}


/* The only thing sent is an Abort whose text has "text". */

static void
test_aborted(const test_peer_t *p, const char *text)
{
    assert_int_equal(p->nsent, 1);
    assert_int_equal(p->sent[0][p->sent[0][0] >> 4 == 13 ? 2 : 1], 0xe5);
    assert_non_null(memmem(p->sent[0], p->len[0], text, strlen(text)));
    assert_int_equal(p->nfinished, 1);
    assert_non_null(strstr(p->finished, text));
}


static void
test_release_held(test_peer_t *p, size_t n)
{
    size_t           i;
    dots_request_t  *held[TEST_HELD];

    assert_true(n <= p->nheld);

    memcpy(held, p->held, sizeof(held));
    memmove(p->held, p->held + n, (p->nheld - n) * sizeof(dots_request_t *));
    p->nheld -= n;

    for (i = 0; i < n; i++) {
        test_finish(p, held[i]);
    }
}


/* ---- the CSM, section 3.3 and 5.3 ---- */

static void
test_tcp_csm_first(void **state)
{
    size_t       i;
    test_peer_t  p;

    static const char *const  others[] = {
        TCP_GET("aabb"), "00 e2", "00 e3", "00 e4", "00 e5", "00 e0", "00 ff",
        "00 45"
    };

    (void) state;

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {

        test_open_tcp(&p);
        test_input(&p, "00 00");            /* Empty: always, section 3.4 */
        assert_int_equal(p.nsent, 0);

        test_input(&p, others[i]);
        test_aborted(&p, "no CSM");

        /* nothing is processed after it */

        test_input(&p, CSM TCP_GET("aabb"));
        assert_int_equal(p.nsent, 1);
        assert_int_equal(p.nfinished, 1);
        assert_int_equal(p.nsubmits, 0);

        dots_signal_close(p.signal);
    }
}


static void
test_tcp_csm_options(void **state)
{
    test_peer_t  p;

    (void) state;

    /* elective and unknown: ignored; critical: Bad-CSM-Option, section 5.6 */

    test_open_csm(&p);
    test_input(&p, "10 e1 80");
    assert_int_equal(p.nsent, 0);
    test_input(&p, "10 e1 90");
    test_aborted(&p, "critical");
    assert_int_equal(p.sent[0][3], 0x21);
    assert_int_equal(p.sent[0][4], 9);
    dots_signal_close(p.signal);

    /* a size in which no answer fits */

    test_open_tcp(&p);
    test_input(&p, "20 e1 21 7f");
    test_aborted(&p, "Max-Message-Size");
    assert_int_equal(p.sent[0][3], 0x21);
    assert_int_equal(p.sent[0][4], 2);
    dots_signal_close(p.signal);
}


/* Section 5.3.1: what the peer takes, until it says otherwise. */

static void
test_tcp_csm_size(void **state)
{
    size_t       i;
    test_peer_t  p;

    static const struct {
        const char  *csm;
        size_t       max;
        int          whole;
    } sizes[] = {
        { "00 e1", 1152, 0 },               /* the base value */
        { "20 e1 21 80", 128, 0 },
        { "30 e1 22 08 00", TEST_SIZE, 1 },
        { "50 e1 24 ff ff ff ff", TEST_SIZE, 1 },
    };

    (void) state;

    test_list_set(45);

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {

        test_open_on(&p, test_customer, DOTS_SIGNAL_TCP, TEST_SIZE);
        p.decide = test_list_decide;
        p.nsent = 0;

        test_input(&p, sizes[i].csm);
        test_input(&p, "d2 14 01 aabb " MITIGATE CUID);
        assert_int_equal(p.nsent, 1);
        assert_true(p.len[0] <= sizes[i].max);
        assert_int_equal(p.audit_code, dots_coap_code(2, 5));
        assert_int_equal(p.len[0] > 1152, sizes[i].whole);

        /* the last CSM counts */

        p.nsent = 0;
        test_input(&p, "20 e1 21 80 d2 14 01 aabb " MITIGATE CUID);
        assert_int_equal(p.nsent, 1);
        assert_true(p.len[0] <= 128);

        dots_signal_close(p.signal);
    }
}


/*
 * BERT, section 6: a request in two blocks of 2048 and 100 bytes, and a wish
 * for BERT blocks, which may be answered by others.
 */

static void
test_tcp_bert(void **state)
{
    size_t               len, i;
    uint8_t              buf[4096], value[2];
    test_peer_t          p;
    dots_coap_message_t  m;

    /* number, more, payload, code */
    static const struct {
        uint8_t  block1;
        size_t   size;
        uint8_t  code;
    } blocks[] = {
        { 0x0f, 2048, DOTS_COAP_CONTINUE },
        { 0x2f, 1000, dots_coap_code(4, 0) },   /* no multiple of 1024 */
        { 0x1f, 1024, DOTS_COAP_INCOMPLETE },   /* does not follow */
        { 0x2f, 1024, DOTS_COAP_CONTINUE },
        { 0x37, 100, dots_coap_code(4, 0) },    /* whole: but no CBOR */
    };

    (void) state;

    test_open_csm(&p);

    for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {

        dots_writer_t  w = { buf, buf + sizeof(buf), 0 };
        int            bytes[TEST_SIZE];
        size_t         k, n;

        /* Content-Format, then Block1 and the marker */

        n = test_hex(TCP_OPTIONS CBOR, bytes);
        len = n + 4 + blocks[i].size;
        value[0] = 0xd1;
        value[1] = 27 - 12 - 13;

        if (len < 269) {
            dots_write_u8(&w, 0xd1);
            dots_write_u8(&w, (uint8_t) (len - 13));

        } else {
            dots_write_u8(&w, 0xe1);
            dots_write_u16(&w, (uint16_t) (len - 269));
        }

        dots_write_u8(&w, DOTS_COAP_PUT);
        dots_write_u8(&w, 0xaa);

        for (k = 0; k < n; k++) {
            dots_write_u8(&w, (uint8_t) bytes[k]);
        }

        dots_write_bytes(&w, value, 2);
        dots_write_u8(&w, blocks[i].block1);
        dots_write_u8(&w, 0xff);

        for (k = 0; k < blocks[i].size; k++) {
            dots_write_u8(&w, 0xff);
        }

        assert_false(w.failed);

        p.nsent = 0;
        test_bytes(&p, buf, (size_t) (w.pos - buf), 0);

        assert_int_equal(p.nsent, 1);
        assert_int_equal(dots_coap_tcp_parse(&m, p.sent[0], p.len[0]),
                         DOTS_OK);
        assert_int_equal(m.code, blocks[i].code);
        assert_int_equal(m.block1 & ~8, blocks[i].block1 & ~8);
    }

    dots_signal_close(p.signal);

    /* Block2 0/0/BERT, then 1/0/BERT, of the base size: blocks of 1024 */

    test_list_set(45);
    test_open_csm(&p);
    p.decide = test_list_decide;

    test_input(&p, "d2 16 01 aabb " MITIGATE CUID "c1 07");
    assert_int_equal(dots_coap_tcp_parse(&m, p.sent[0], p.len[0]), DOTS_OK);
    assert_int_equal(m.block2, dots_coap_block(0, 1, 6));
    assert_int_equal(m.payload.len, 1024);

    test_input(&p, "d2 16 01 aabb " MITIGATE CUID "c1 17");
    assert_int_equal(dots_coap_tcp_parse(&m, p.sent[1], p.len[1]), DOTS_OK);
    assert_int_equal(m.block2, dots_coap_block(1, 0, 6));

    dots_signal_close(p.signal);
}


/* ---- Ping and Pong, section 5.4 ---- */

static void
test_tcp_ping(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open_csm(&p);

    test_input(&p, "01 e2 42");
    test_sent(&p, 0, "01 e3 42");

    /* RFC 8974: a long token comes back, too */
    test_input(&p, "0d e2 01 0102030405060708090a0b0c0d0e");
    test_sent(&p, 1, "0d e3 01 0102030405060708090a0b0c0d0e");

    /* Custody is answered by Custody */
    test_input(&p, "11 e2 42 20");
    test_sent(&p, 2, "11 e3 42 20");

    /* an elective option is ignored, a critical one ends it */
    test_input(&p, "10 e2 60");
    test_sent(&p, 3, "00 e3");

    test_input(&p, "01 e3 42");             /* a Pong nobody asked for */
    test_input(&p, "00 45");                /* a response likewise */
    test_input(&p, "00 00");
    test_input(&p, "00 e0");                /* no such signalling message */
    test_input(&p, "00 ff");
    assert_int_equal(p.nsent, 4);

    p.nsent = 0;
    test_input(&p, "10 e2 30");
    test_aborted(&p, "critical");

    dots_signal_close(p.signal);
}


/* Section 5.4.1: a Pong with Custody comes after all answers. */

static void
test_tcp_custody(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open_csm(&p);
    p.verdict = DOTS_VERDICT_DELETED;
    p.hold = 1;

    test_input(&p, TCP_DELETE("0001") TCP_DELETE("0002") "01 e2 41"
               "11 e2 42 20" "01 e2 43");
    assert_int_equal(p.nheld, 2);
    assert_int_equal(p.nsent, 1);           /* the plain one does not wait */
    test_sent(&p, 0, "01 e3 41");
    assert_int_equal(p.holding, 1);

    test_release_held(&p, 1);
    test_sent(&p, 1, "02 42 0001");
    assert_int_equal(p.nsent, 2);

    test_release_held(&p, 1);
    test_sent(&p, 2, "02 42 0002");
    test_sent(&p, 3, "11 e3 42 20");
    test_sent(&p, 4, "01 e3 43");
    assert_int_equal(p.holding, 0);

    dots_signal_close(p.signal);
}


/* ---- Release and Abort, sections 5.5 and 5.6 ---- */

static void
test_tcp_released(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open_csm(&p);
    test_input(&p, "70 e4 23 61 3a 31 22 01 2c");
    assert_int_equal(p.nsent, 0);
    assert_int_equal(p.nfinished, 1);
    assert_string_equal(p.finished, "");
    dots_signal_close(p.signal);

    /* what was asked before it is answered first, nothing after it */

    test_open_csm(&p);
    p.verdict = DOTS_VERDICT_DELETED;
    p.hold = 1;

    test_input(&p, TCP_DELETE("0001") "00 e4" TCP_DELETE("0002"));
    assert_int_equal(p.nheld, 1);
    assert_int_equal(p.nfinished, 0);

    test_release_held(&p, 1);
    assert_int_equal(p.nsent, 1);
    test_sent(&p, 0, "02 42 0001");
    assert_int_equal(p.nfinished, 1);
    assert_int_equal(p.nsubmits, 1);

    dots_signal_close(p.signal);
}


static void
test_tcp_release(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open_csm(&p);
    dots_signal_release(p.signal);
    assert_int_equal(p.nsent, 1);
    test_sent(&p, 0, "00 e4");
    assert_int_equal(p.nfinished, 1);

    dots_signal_release(p.signal);
    test_input(&p, "00 e2");
    assert_int_equal(p.nsent, 1);
    assert_int_equal(p.nfinished, 1);
    dots_signal_close(p.signal);
}


/* The peer's Abort: no answer any more, and none is audited. */

static void
test_tcp_abort(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open_csm(&p);
    p.hold = 1;

    test_input(&p, TCP_DELETE("0001") "30 e5 ff 6e 6f" TCP_DELETE("0002"));
    assert_int_equal(p.nfinished, 1);
    assert_int_equal(p.nsubmits, 1);

    test_release_held(&p, 1);
    assert_int_equal(p.nsent, 0);
    assert_int_equal(p.naudits, 0);

    dots_signal_close(p.signal);
}


/* Section 5.6: a syntax violation is answered by an Abort. */

static void
test_tcp_malformed(void **state)
{
    size_t       i;
    test_peer_t  p;

    static const char *const  bad[] = {
        "0f",                       /* TKL 15, RFC 8974 section 2.1 */
        "ff",
        "00 20", "00 c1",           /* reserved classes, RFC 7252 4.2 */
        "10 01 ff",
        "10 01 f0",
        "10 e2 f0",
        "01 00 aa",                 /* Empty with a token */
        "f0 00 00 00 00 01",        /* 65805 bytes of options */
        "f0 ff ff ff ff 01",
        "fe ff ff ff ff 01 ff ff",
        "e0 3e f0 01",              /* 16384 + 1 in all: 4 + 269 + 0x3ef0 */
        "0e 01 3e f0",
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        test_open_csm(&p);
        test_input(&p, bad[i]);
        test_aborted(&p, "");
        dots_signal_close(p.signal);
    }

    /* the largest one is awaited */

    test_open_csm(&p);
    test_input(&p, "e0 3e ef 01");
    assert_int_equal(p.nsent, 0);
    dots_signal_close(p.signal);

    /* a token of 65 bytes, RFC 8974 section 2.2.1 */

    test_open_csm(&p);
    test_input(&p, "0d 01 34 "
               "00000000000000000000000000000000000000000000000000000000000000"
               "00000000000000000000000000000000000000000000000000000000000000"
               "000000");
    test_aborted(&p, "malformed");
    dots_signal_close(p.signal);
}


/* ---- the stream ---- */

/* However it is cut, the same comes out. */

static void
test_tcp_pieces(void **state)
{
    int          bytes[TEST_SIZE];
    size_t       i, k, len, piece;
    uint8_t      data[TEST_SIZE];
    test_peer_t  p;

    (void) state;

    len = test_hex(CSM TCP_DELETE("0001") "01 e2 42" TCP_DELETE("0002")
                   "00 00" "0d e2 01 0102030405060708090a0b0c0d0e", bytes);

    for (i = 0; i < len; i++) {
        data[i] = (uint8_t) bytes[i];
    }

    for (piece = 1; piece <= len; piece++) {

        test_open_tcp(&p);
        p.verdict = DOTS_VERDICT_DELETED;

        for (i = 0; i < len; i += k) {
            k = piece < len - i ? piece : len - i;
            test_bytes(&p, data + i, k, 0);
        }

        assert_int_equal(p.nsent, 4);
        test_sent(&p, 0, "02 42 0001");
        test_sent(&p, 1, "01 e3 42");
        test_sent(&p, 2, "02 42 0002");
        test_sent(&p, 3, "0d e3 01 0102030405060708090a0b0c0d0e");
        assert_int_equal(p.naudits, 2);

        dots_signal_close(p.signal);
    }
}


/*
 * More requests in one piece than may be under way: none is lost, the host
 * holds back what comes, and what it sends nevertheless is bounded.
 */

static void
test_tcp_pipeline(void **state)
{
    size_t       i;
    uint8_t     *chunk;
    test_peer_t  p;

    (void) state;

    test_open_csm(&p);
    p.verdict = DOTS_VERDICT_DELETED;
    p.hold = 1;

    for (i = 0; i < DOTS_SIGNAL_INFLIGHT; i++) {
        test_input(&p, TCP_DELETE("0001"));
    }

    assert_int_equal(p.holding, 0);
    test_input(&p, TCP_DELETE("0002") TCP_DELETE("0003"));
    assert_int_equal(p.holding, 1);
    assert_int_equal(p.nsubmits, DOTS_SIGNAL_INFLIGHT);

    /* one answer makes room for one request */

    test_release_held(&p, 1);
    assert_int_equal(p.nsubmits, DOTS_SIGNAL_INFLIGHT + 1);
    assert_int_equal(p.holding, 1);

    test_release_held(&p, 1);
    assert_int_equal(p.nsubmits, DOTS_SIGNAL_INFLIGHT + 2);
    assert_int_equal(p.holding, 0);

    while (p.nheld) {
        test_release_held(&p, 1);
    }

    assert_int_equal(p.nsent, DOTS_SIGNAL_INFLIGHT + 2);
    test_sent(&p, p.nsent - 1, "02 42 0003");

    /* a host that does not hold */

    for (i = 0; i < DOTS_SIGNAL_INFLIGHT; i++) {
        test_input(&p, TCP_DELETE("0001"));
    }

    chunk = calloc(1, 16384);
    assert_non_null(chunk);

    p.nsent = 0;
    test_input(&p, TCP_DELETE("0004"));

    for (i = 0; i < 5 && p.nfinished == 0; i++) {
        test_bytes(&p, chunk, 16384, 0);
    }

    free(chunk);
    test_aborted(&p, "no memory");
    assert_int_equal(i, 4);

    while (p.nheld) {
        test_release_held(&p, 1);
    }

    dots_signal_close(p.signal);
}


/* A peer that does not read is not answered; a Ping is no request. */

static void
test_tcp_full(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open_csm(&p);
    p.verdict = DOTS_VERDICT_DELETED;
    p.full = 1;

    test_input(&p, "01 e2 42" TCP_DELETE("0001") TCP_DELETE("0002"));
    assert_int_equal(p.nsent, 1);
    assert_int_equal(p.holding, 1);

    dots_signal_resume(p.signal, 1);
    assert_int_equal(p.nsent, 1);

    p.full = 0;
    dots_signal_resume(p.signal, 2);
    assert_int_equal(p.nsent, 3);
    assert_int_equal(p.holding, 0);

    dots_signal_close(p.signal);
}


/* A peer that goes while its requests are under way. */

static void
test_tcp_gone(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open_csm(&p);
    p.hold = 1;
    test_input(&p, TCP_DELETE("0001") "11 e2 42 20" "d2 1a");
    dots_signal_close(p.signal);

    test_release_held(&p, 1);
    assert_int_equal(p.nsent, 0);
}


/* ---- requests and notifications ---- */

/* No message ids: the same bytes twice are two requests. */

static void
test_tcp_no_duplicates(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open_csm(&p);
    p.verdict = DOTS_VERDICT_DELETED;
    test_input(&p, TCP_DELETE("0001") TCP_DELETE("0001"));
    assert_int_equal(p.nsubmits, 2);
    assert_int_equal(p.nsent, 2);
    test_same(&p, 0, 1);
    assert_int_equal(p.naudits, 2);
    dots_signal_close(p.signal);
}


static void
test_tcp_decide(test_peer_t *p, dots_request_t *rq)
{
    static dots_mitigation_t  m;

    memset(&m, 0, sizeof(m));

    m.customer = rq->customer->name;
    m.cuid = rq->cuid;
    m.mid = 7;
    m.trigger = 1;
    m.lifetime = 3600;
    m.expires = 3600000;
    m.status = (dots_status_t) p->verdict;

    rq->verdict = DOTS_VERDICT_FOUND;
    rq->nmitigations = 1;
    rq->mitigations = &m;
}


/*
 * RFC 8323 section 7 and RFC 7641: notifications without the pace of UDP; a
 * GET with Observe 1 and the same token ends them (section 7.4).
 */

static void
test_tcp_observe(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open_csm(&p);
    p.decide = test_tcp_decide;
    p.verdict = (dots_verdict_t) 1;

    /* Observe 0 stands before Uri-Path: deltas 6 and 5 */

    test_input(&p, "d2 1b 01 aabb 60 5b 2e77656c6c2d6b6e6f776e 04 646f7473 "
               "08 6d69746967617465 " CUID MID7);
    assert_int_equal(p.nsent, 1);
    assert_int_equal(p.audit_code, dots_coap_code(2, 5));

    p.verdict = (dots_verdict_t) 2;
    dots_signal_changed(p.signal, NULL);
    (void) dots_signal_timer(p.signal, 1);
    assert_int_equal(p.nsent, 2);

    p.verdict = (dots_verdict_t) 4;
    dots_signal_changed(p.signal, NULL);
    (void) dots_signal_timer(p.signal, 2);
    assert_int_equal(p.nsent, 3);

    test_input_at(&p, "d2 1c 01 aabb 61 01 5b 2e77656c6c2d6b6e6f776e "
                  "04 646f7473 08 6d69746967617465 " CUID MID7, 3);
    assert_int_equal(p.nsent, 4);

    p.verdict = (dots_verdict_t) 2;
    dots_signal_changed(p.signal, NULL);
    assert_int_equal(dots_signal_timer(p.signal, 4), -1);
    assert_int_equal(p.nsent, 4);

    dots_signal_close(p.signal);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_tcp_csm_first),
        cmocka_unit_test(test_tcp_csm_options),
        cmocka_unit_test(test_tcp_csm_size),
        cmocka_unit_test(test_tcp_bert),
        cmocka_unit_test(test_tcp_ping),
        cmocka_unit_test(test_tcp_custody),
        cmocka_unit_test(test_tcp_released),
        cmocka_unit_test(test_tcp_release),
        cmocka_unit_test(test_tcp_abort),
        cmocka_unit_test(test_tcp_malformed),
        cmocka_unit_test(test_tcp_pieces),
        cmocka_unit_test(test_tcp_pipeline),
        cmocka_unit_test(test_tcp_full),
        cmocka_unit_test(test_tcp_gone),
        cmocka_unit_test(test_tcp_no_duplicates),
        cmocka_unit_test(test_tcp_observe),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
