/*
 * The signal channel of one peer, bytes in and bytes out: the message layer,
 * RFC 7252 sections 4 and 5.
 */

#include "signal_peer.h"


/* RFC 7252 section 4.3: an Empty CON is answered with RST */

static void
test_signal_ping(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open(&p);

    test_input(&p, "40 00 12 34");
    assert_int_equal(p.nsent, 1);
    test_sent(&p, 0, "70 00 12 34");
    assert_int_equal(p.naudits, 0);

    dots_signal_close(p.signal);
}


/* RFC 7252 sections 3, 4.1, 4.2 and 4.3 */

static void
test_signal_rejected(void **state)
{
    size_t       i;
    test_peer_t  p;

    /* a CON with a readable header that cannot be processed: RST */
    static const char *const  rst[] = {
        "4f 01 ab cd",                              /* reserved TKL */
        "4d 01 ab cd",                              /* its length is cut */
        "42 01 ab cd 01",                           /* token is cut */
        "40 01 ab cd ff",                           /* no payload */
        "40 01 ab cd f1 00",                        /* reserved delta */
        "40 01 ab cd b5 61",                        /* option is cut */
        "40 00 ab cd 00",                           /* Empty with a byte */
        "41 00 ab cd 00",
        "40 45 ab cd",                              /* 2.05, not asked for */
        "40 84 ab cd",                              /* 4.04 */
        "40 a3 ab cd",                              /* 5.03 */
        "40 20 ab cd",                              /* reserved classes */
        "40 60 ab cd",
        "40 c1 ab cd",
        "40 e1 ab cd",                              /* 7.01: CSM is for TCP */
    };

    /* silence */
    static const char *const  silent[] = {
        "", "40", "40 01", "40 01 00",              /* no header */
        "00 01 ab cd", "80 01 ab cd", "c0 00 ab cd",    /* no version 1 */
        "5f 01 ab cd 01 02 03 04 05 06 07 08 09",   /* a NON */
        "50 01 ab cd ff",
        "50 00 ab cd",
        "50 45 ab cd",
        "50 20 ab cd", "50 c1 ab cd", "50 e1 ab cd",
        "60 00 ab cd", "70 00 ab cd",               /* ACK, RST: consumed */
        "60 01 ab cd", "70 01 ab cd",
        "60 45 ab cd", "6f 45 ab cd", "70 45 ab cd",
        "60 00 ab cd 00", "60 01 ab cd ff",
    };

    (void) state;

    test_open(&p);

    for (i = 0; i < sizeof(rst) / sizeof(rst[0]); i++) {
        p.nsent = 0;
        test_input(&p, rst[i]);
        assert_int_equal(p.nsent, 1);
        test_sent(&p, 0, "70 00 ab cd");
    }

    p.nsent = 0;

    for (i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
        test_input(&p, silent[i]);
        assert_int_equal(p.nsent, 0);
    }

    assert_int_equal(p.naudits, 0);
    assert_int_equal(p.nsubmits, 0);

    dots_signal_close(p.signal);
}


/* RFC 7252 sections 5.2.1, 5.2.3 and 5.3.1: ACK or NON, token, message id */

static void
test_signal_types(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open(&p);
    p.verdict = DOTS_VERDICT_DELETED;

    test_input(&p, DELETE(CON, "1234"));
    test_sent(&p, 0, "62 42 12 34 aa bb");

    test_input(&p, DELETE(NON, "5678"));
    test_sent(&p, 1, "52 42 ?? ?? aa bb");

    test_input(&p, "50 04 5679 " MITIGATE CUID MID7);
    test_sent(&p, 2, "50 42 ?? ??");
    assert_int_equal((test_id(&p, 1) + 1) & 0xffff, test_id(&p, 2));

    test_input(&p, "58 04 567a 0102030405060708 " MITIGATE CUID MID7);
    test_sent(&p, 3, "58 42 ?? ?? 01 02 03 04 05 06 07 08");

    assert_int_equal(p.nsubmits, 4);
    assert_int_equal(p.naudits, 4);
    assert_int_equal(p.audit_code, dots_coap_code(2, 2));
    assert_int_equal(p.audit_method, DOTS_COAP_DELETE);
    assert_int_equal(p.audit_npath, 5);
    assert_int_equal(p.audit_request, 1);

    dots_signal_close(p.signal);
}


/* RFC 7252 section 4.4: the first id is anything */

static void
test_signal_random_ids(void **state)
{
    int          i, differ;
    unsigned     first;
    test_peer_t  p;

    (void) state;

    first = 0;
    differ = 0;

    for (i = 0; i < 16; i++) {
        test_open(&p);
        test_input(&p, GET(NON, "0001"));
        first = i ? first : test_id(&p, 0);
        differ |= test_id(&p, 0) != first;
        dots_signal_close(p.signal);
    }

    assert_true(differ);
}


/* RFC 7252 sections 4.2 and 4.5: done once, answered alike */

static void
test_signal_duplicates(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open(&p);

    test_input(&p, PUT(CON, "0001"));
    test_input(&p, PUT(CON, "0001"));
    test_input(&p, PUT(NON, "0002"));
    test_input(&p, PUT(NON, "0002"));
    test_input(&p, PUT(CON, "0001"));
    test_input(&p, PUT(NON, "0002"));

    assert_int_equal(p.nsubmits, 2);
    assert_int_equal(p.naudits, 2);
    assert_int_equal(p.nsent, 6);
    test_same(&p, 0, 1);
    test_same(&p, 0, 4);
    test_same(&p, 2, 3);
    test_same(&p, 2, 5);

    /* errors, too */
    test_input(&p, "40 01 0003");
    test_input(&p, "40 01 0003");
    assert_int_equal(p.nsent, 8);
    assert_int_equal(p.naudits, 3);
    test_same(&p, 6, 7);

    dots_signal_close(p.signal);
}


/*
 * RFC 8974: a token of up to 64 bytes is served, a longer one is refused with
 * 4.00 and that very token, never as a format error (section 2.2.2).
 */

static void
test_signal_long_tokens(void **state)
{
    size_t        i, len;
    uint8_t       data[600];
    test_peer_t   p;

    static const struct {
        size_t   len;
        uint8_t  code;
    } tokens[] = {
        { 9, 0x84 }, { 13, 0x84 }, { 64, 0x84 }, { 65, 0x80 }, { 300, 0x80 }
    };

    (void) state;

    test_open(&p);

    for (i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {

        dots_writer_t  w = { data, data + sizeof(data), 0 };
        uint8_t        token[300];

        memset(token, (int) i + 1, sizeof(token));
        len = tokens[i].len;

        dots_write_u8(&w, (uint8_t) (0x40 | dots_coap_tkl(len)));
        dots_write_u8(&w, DOTS_COAP_GET);
        dots_write_u16(&w, (uint16_t) i);
        dots_coap_write_token(&w, token, len);
        dots_write_bytes(&w, "\xb1" "a", 2);

        p.nsent = 0;
        test_bytes(&p, data, (size_t) (w.pos - data), 0);

        /* an ACK with the header's TKL, the id, and the token */

        data[0] = (uint8_t) (0x60 | (data[0] & 0x0f));
        data[1] = tokens[i].code;
        len = (size_t) (w.pos - data) - 2;

        assert_int_equal(p.nsent, 1);
        assert_true(p.len[0] >= len);
        assert_memory_equal(p.sent[0], data, len);

        /* RFC 9132 section 3: with a diagnostic payload; it is logged */

        if (tokens[i].code == 0x80) {
            assert_int_equal(p.sent[0][len], 0xff);
            assert_int_equal(p.len[0], len + sizeof("the token is too long"));
            assert_memory_equal(&p.sent[0][len + 1], "the token is too long",
                                p.len[0] - len - 1);
        }

        assert_int_equal(p.naudits, i + 1);
        assert_int_equal(p.audit_code, tokens[i].code);
    }

    dots_signal_close(p.signal);
}


/* The id again with another token, type or body is another request. */

static void
test_signal_reused_id(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open(&p);
    p.verdict = DOTS_VERDICT_DELETED;

    test_input(&p, "41 04 0001 aa " MITIGATE CUID MID7);
    test_input(&p, "41 04 0001 ab " MITIGATE CUID MID7);
    assert_int_equal(p.nsubmits, 2);
    test_sent(&p, 0, "61 42 00 01 aa");
    test_sent(&p, 1, "61 42 00 01 ab");

    test_input(&p, "51 04 0001 ab " MITIGATE CUID MID7);
    assert_int_equal(p.nsubmits, 3);
    test_sent(&p, 2, "51 42 ?? ?? ab");

    /* the last one is the one that is remembered */
    test_input(&p, "51 04 0001 ab " MITIGATE CUID MID7);
    assert_int_equal(p.nsubmits, 3);
    test_same(&p, 2, 3);

    dots_signal_close(p.signal);
}


/* RFC 7252 section 4.8.2: EXCHANGE_LIFETIME 247 s, NON_LIFETIME 145 s */

static void
test_signal_lifetimes(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open(&p);
    assert_int_equal(dots_signal_timer(p.signal, 1000), -1);

    test_input_at(&p, GET(CON, "0001"), 1000);
    assert_int_equal(dots_signal_timer(p.signal, 1000), 247000);

    test_input_at(&p, GET(NON, "0002"), 2000);
    assert_int_equal(dots_signal_timer(p.signal, 2000), 145000);
    assert_int_equal(p.nsubmits, 2);

    test_input_at(&p, GET(NON, "0002"), 146999);
    assert_int_equal(p.nsubmits, 2);
    test_input_at(&p, GET(NON, "0002"), 147000);
    assert_int_equal(p.nsubmits, 3);

    test_input_at(&p, GET(CON, "0001"), 247999);
    assert_int_equal(p.nsubmits, 3);
    test_input_at(&p, GET(CON, "0001"), 248000);
    assert_int_equal(p.nsubmits, 4);

    assert_int_equal(dots_signal_timer(p.signal, 248000),
                     147000 + 145000 - 248000);
    assert_int_equal(dots_signal_timer(p.signal, 292000),
                     248000 + 247000 - 292000);
    assert_int_equal(dots_signal_timer(p.signal, 495000), -1);

    dots_signal_close(p.signal);
}


/* A NON GET of all that there is, "id" its message id. */

static void
test_list(test_peer_t *p, int id, int64_t now)
{
    char  hex[TEST_SIZE];

    (void) snprintf(hex, sizeof(hex), "52 01 %04x aabb " MITIGATE CUID, id);
    test_input_at(p, hex, now);
}


/* The GETs of a large answer do not push out what changed something. */

static void
test_signal_recent_put(void **state)
{
    int          i;
    char         hex[TEST_SIZE];
    test_peer_t  p;

    (void) state;

    test_open(&p);

    test_input(&p, PUT(NON, "8000"));

    for (i = 0; i < 2 * DOTS_SIGNAL_RECENT; i++) {
        test_list(&p, i, 0);
    }

    assert_int_equal(p.nsubmits, 2 * DOTS_SIGNAL_RECENT + 1);

    test_input(&p, PUT(NON, "8000"));
    assert_int_equal(p.nsubmits, 2 * DOTS_SIGNAL_RECENT + 1);
    test_same(&p, 0, 2 * DOTS_SIGNAL_RECENT + 1);

    /* those that change something are bounded, too */

    for (i = 0; i < DOTS_SIGNAL_RECENT; i++) {
        (void) snprintf(hex, sizeof(hex), "52 04 %04x aabb " MITIGATE CUID MID7,
                        i + 0x9000);
        p.nsent = 0;
        test_input(&p, hex);
    }

    p.nsubmits = 0;
    test_input(&p, PUT(NON, "8000"));
    assert_int_equal(p.nsubmits, 1);

    dots_signal_close(p.signal);
}


/* The oldest answer makes room. */

static void
test_signal_recent(void **state)
{
    int          i;
    test_peer_t  p;

    (void) state;

    test_open(&p);

    for (i = 0; i <= DOTS_SIGNAL_RECENT; i++) {
        test_list(&p, i, 0);
    }

    assert_int_equal(p.nsubmits, DOTS_SIGNAL_RECENT + 1);

    test_list(&p, 1, 0);
    assert_int_equal(p.nsubmits, DOTS_SIGNAL_RECENT + 1);
    test_same(&p, 1, DOTS_SIGNAL_RECENT + 1);

    test_list(&p, 0, 0);
    assert_int_equal(p.nsubmits, DOTS_SIGNAL_RECENT + 2);

    dots_signal_close(p.signal);
}


/* One that made room takes its time along, the others keep theirs. */

static void
test_signal_recent_lifetimes(void **state)
{
    int          i;
    test_peer_t  p;

    (void) state;

    test_open(&p);

    for (i = 0; i <= DOTS_SIGNAL_RECENT; i++) {
        test_list(&p, i, i ? 2000 : 1000);
    }

    assert_int_equal(p.nsubmits, DOTS_SIGNAL_RECENT + 1);
    assert_int_equal(dots_signal_timer(p.signal, 146000), 1000);

    test_list(&p, DOTS_SIGNAL_RECENT, 146999);
    assert_int_equal(p.nsubmits, DOTS_SIGNAL_RECENT + 1);

    assert_int_equal(dots_signal_timer(p.signal, 147000), -1);

    test_list(&p, DOTS_SIGNAL_RECENT, 147000);
    assert_int_equal(p.nsubmits, DOTS_SIGNAL_RECENT + 2);

    dots_signal_close(p.signal);
}


/* RFC 7252 section 5.2.2: an empty ACK, then a separate response */

static void
test_signal_separate(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open(&p);
    p.verdict = DOTS_VERDICT_DELETED;
    p.hold = 1;

    test_input(&p, DELETE(CON, "0001"));
    assert_int_equal(p.nsent, 0);

    test_input(&p, DELETE(CON, "0001"));
    assert_int_equal(p.nsent, 1);
    test_sent(&p, 0, "60 00 00 01");

    /* each copy is acknowledged alike, section 4.2 */
    test_input(&p, DELETE(CON, "0001"));
    assert_int_equal(p.nsent, 2);
    test_sent(&p, 1, "60 00 00 01");
    assert_int_equal(p.nsubmits, 1);

    /* RFC 9132 section 4.5: in a new Confirmable message */
    test_finish(&p, p.held[0]);
    assert_int_equal(p.nsent, 3);
    test_sent(&p, 2, "42 42 ?? ?? aa bb");

    test_input(&p, DELETE(CON, "0001"));
    assert_int_equal(p.nsent, 4);
    test_sent(&p, 3, "60 00 00 01");
    assert_int_equal(p.nsubmits, 1);
    assert_int_equal(p.naudits, 1);

    dots_signal_close(p.signal);
}


/*
 * Section 4.2: a timeout of ACK_TIMEOUT to 1.5 of it, doubled each time, and
 * MAX_RETRANSMIT (3, RFC 9132 section 4.5.2); section 4.7: one at a time
 */

static void
test_signal_confirm(void **state)
{
    char         hex[32];
    int64_t      now, ms, first;
    unsigned     i;
    test_peer_t  p;

    (void) state;

    test_open(&p);
    p.verdict = DOTS_VERDICT_DELETED;
    p.hold = 1;

    test_input_at(&p, DELETE(CON, "0001"), 1000);
    test_input_at(&p, DELETE(CON, "0002"), 1000);

    /* what takes its time is acknowledged before the client repeats it */
    assert_int_equal(dots_signal_timer(p.signal, 1000), 500);
    (void) dots_signal_timer(p.signal, 1500);
    assert_int_equal(p.nsent, 2);
    assert_int_equal(p.sent[0][0], 0x60);
    assert_int_equal(p.sent[1][0], 0x60);

    test_finish(&p, p.held[0]);
    test_finish(&p, p.held[1]);
    assert_int_equal(p.nsent, 3);
    assert_int_equal(p.sent[2][0], 0x42);

    now = 30000;
    first = dots_signal_timer(p.signal, now);
    assert_in_range(first, 2000, 3000);

    for (i = 0; i < 3; i++) {
        ms = dots_signal_timer(p.signal, now);
        assert_int_equal(ms, first << i);
        now += ms;
        (void) dots_signal_timer(p.signal, now);
        assert_int_equal(p.nsent, 4 + i);
        test_same(&p, 3 + i, 2);
    }

    /* given up: the second has its turn, until it is acknowledged */
    now += dots_signal_timer(p.signal, now);
    (void) dots_signal_timer(p.signal, now);
    assert_int_equal(p.nsent, 7);
    assert_int_equal(p.sent[6][0], 0x42);
    assert_int_not_equal(test_id(&p, 6), test_id(&p, 2));

    (void) snprintf(hex, sizeof(hex), "60 00 %04x", test_id(&p, 6));
    test_input_at(&p, hex, now);
    assert_true(dots_signal_timer(p.signal, now) > 100000);
    assert_int_equal(p.nsent, 7);

    dots_signal_close(p.signal);
}


/* The one under way is forgotten, its message id being used again: the next. */

static void
test_signal_confirm_forgotten(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open(&p);
    p.verdict = DOTS_VERDICT_DELETED;
    p.hold = 1;

    test_input_at(&p, DELETE(CON, "0001"), 1000);
    test_input_at(&p, DELETE(CON, "0002"), 1000);
    (void) dots_signal_timer(p.signal, 1500);

    test_finish(&p, p.held[0]);
    test_finish(&p, p.held[1]);
    assert_int_equal(p.nsent, 3);

    test_input_at(&p, GET(NON, "0001"), 1500);
    (void) dots_signal_timer(p.signal, 1500);
    assert_int_equal(p.nsent, 4);
    assert_int_equal(p.sent[3][0], 0x42);
    assert_int_not_equal(test_id(&p, 3), test_id(&p, 2));

    p.verdict = DOTS_VERDICT_NOT_FOUND;
    test_finish(&p, p.held[2]);
    dots_signal_close(p.signal);
}


/* The answer waits for the disk: still an ACK; a NON's copies are silent. */

static void
test_signal_later(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open(&p);
    p.verdict = DOTS_VERDICT_DELETED;
    p.hold = 1;

    test_input(&p, DELETE(CON, "0001"));
    test_input(&p, DELETE(NON, "0002"));
    test_input(&p, DELETE(NON, "0002"));
    assert_int_equal(p.nsent, 0);
    assert_int_equal(p.nsubmits, 2);

    test_finish(&p, p.held[1]);
    test_finish(&p, p.held[0]);
    assert_int_equal(p.nsent, 2);
    test_sent(&p, 0, "52 42 ?? ?? aa bb");
    test_sent(&p, 1, "62 42 00 01 aa bb");

    /* the request that the audit sees is a copy of the datagram */
    assert_int_equal(p.audit_npath, 5);

    dots_signal_close(p.signal);
}


static void
test_signal_inflight(void **state)
{
    int          i;
    test_peer_t  p;

    (void) state;

    test_open(&p);
    p.hold = 1;

    for (i = 0; i < DOTS_SIGNAL_INFLIGHT + 3; i++) {
        test_list(&p, i, 0);
    }

    assert_int_equal(p.nsubmits, DOTS_SIGNAL_INFLIGHT);
    assert_int_equal(p.nsent, 0);

    test_finish(&p, p.held[5]);
    test_list(&p, DOTS_SIGNAL_INFLIGHT + 2, 0);
    assert_int_equal(p.nsubmits, DOTS_SIGNAL_INFLIGHT + 1);

    /* the host finishes what it has after the peer has gone: nothing is sent */
    p.nsent = 0;
    p.naudits = 0;
    dots_signal_close(p.signal);

    for (i = 0; i < (int) p.nheld; i++) {
        if (i != 5) {
            test_finish(&p, p.held[i]);
        }
    }

    assert_int_equal(p.nsent, 0);
    assert_int_equal(p.naudits, 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_signal_ping),
        cmocka_unit_test(test_signal_rejected),
        cmocka_unit_test(test_signal_types),
        cmocka_unit_test(test_signal_long_tokens),
        cmocka_unit_test(test_signal_random_ids),
        cmocka_unit_test(test_signal_duplicates),
        cmocka_unit_test(test_signal_reused_id),
        cmocka_unit_test(test_signal_lifetimes),
        cmocka_unit_test(test_signal_recent),
        cmocka_unit_test(test_signal_recent_lifetimes),
        cmocka_unit_test(test_signal_recent_put),
        cmocka_unit_test(test_signal_separate),
        cmocka_unit_test(test_signal_confirm),
        cmocka_unit_test(test_signal_confirm_forgotten),
        cmocka_unit_test(test_signal_later),
        cmocka_unit_test(test_signal_inflight),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
