/* Heartbeats, both ways, and the loss of a session: RFC 9132 section 4.7. */

#include "dots_signal_heartbeat.h"
#include "signal_list.h"


#define HB          WELLKNOWN "02 6862 "
#define HB_PUT(id)  "52 03 " id " aabb " HB CBOR "ff "
#define TRUE        "a1 18 31 a1 18 33 f5 "
#define FALSE       "a1 18 31 a1 18 33 f4 "

/* One of ours: NON PUT, a token of four bytes, the path, 271, the body. */

#define OURS        "54 03 ???? ???????? " HB CBOR "ff "

/* {30: {32: {33: {36: n}}}} and 44 */

#define CONFIG(id)  "52 03 " id " ccdd " WELLKNOWN "06 636f6e666967 "         \
                    "05 7369643d39 " CBOR "ff "
#define SET(set, n) "a1 18 1e a1 18 " set " a1 18 21 a1 18 24 " n " "

#define SECOND      1000


/* Heartbeats every 30 s, 15 may be missed, at any rate. */

static void
test_hb_conf(void)
{
    size_t  i;

    test_session = dots_session_default;

    for (i = 0; i < DOTS_SESSION_SETS; i++) {
        test_session.sets[i][DOTS_SESSION_PROBING_RATE].max = 1000;
        test_session.sets[i][DOTS_SESSION_PROBING_RATE].current = 1000;
    }
}


static void
test_hb_open(test_peer_t *p)
{
    test_hb_conf();
    test_open(p);

    /* the handshake is done at 1 s */

    assert_int_equal(dots_signal_timer(p->signal, SECOND), 30 * SECOND);
    assert_int_equal(p->nsent, 0);
}


/* Runs the timer, as the host does, up to "until" (ms); when it wants next. */

static int64_t
test_hb_run(test_peer_t *p, int64_t from, int64_t until)
{
    int64_t  ms;

    for ( ;; ) {
        ms = dots_signal_timer(p->signal, from);

        if (ms == -1 || from + ms > until) {
            return ms == -1 ? -1 : from + ms;
        }

        from += ms;
    }
}


/* ---- the peer's ---- */

static void
test_hb_put(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open(&p);

    /* Figure 28: 2.04, empty; nothing for the model, nothing for the log */

    test_input(&p, HB_PUT("0001") TRUE);
    test_sent(&p, 0, "52 44 ???? aabb");
    assert_int_equal(p.nsubmits, 0);
    assert_int_equal(p.naudits, 0);

    /* CON is no fault of theirs */

    test_input(&p, "42 03 0002 aabb " HB CBOR "ff " TRUE);
    test_sent(&p, 1, "62 44 0002 aabb");

    /* the DOTS tag before it, section 10.5; lengths not said before */

    test_input(&p, HB_PUT("0003") "d9 010f " TRUE);
    test_sent(&p, 2, "52 44 ???? aabb");
    test_input(&p, HB_PUT("0004") "bf 18 31 bf 18 33 f5 ff ff");
    test_sent(&p, 3, "52 44 ???? aabb");

    /* comprehension-optional keys are ignored, section 6 */

    test_input(&p, HB_PUT("0005") "a2 18 80 82 01 02 18 31 a2 18 33 f4 "
               "18 81 a1 01 02");
    test_sent(&p, 4, "52 44 ???? aabb");

    dots_signal_close(p.signal);
}


static void
test_hb_refused(void **state)
{
    size_t  i;
    char    hex[512];

    static const char *const  bodies[] = {
        "a0",                               /* no heartbeat */
        "a1 18 31 a0",                      /* no peer-hb-status */
        "a1 18 31 f5",
        "a1 18 31 a1 18 33 01",             /* no boolean */
        "a1 18 31 a1 18 33 f6",
        "a1 18 31 a1 18 33 64 74727565",
        "a1 18 31 a2 18 33 f5 18 33 f5",    /* twice */
        "a2 18 31 a1 18 33 f5 18 31 a1 18 33 f5",
        "a1 18 31 a2 18 33 f5 18 34 01",    /* required, unknown here */
        "a2 18 31 a1 18 33 f5 01 a0",
        "a1 18 31 a1 18 33 f5 00",          /* trailing */
        "a1 18 31 a1 18 33",                /* cut off */
        "a1 18 31 a1 61 61 f5",             /* a text key */
        "bf 18 31 a1 18 33 f5",
        "b8 ff 18 31 a1 18 33 f5",
        "bf 18 80 00 18 81 00 18 82 00 18 83 00 18 84 00 18 85 00 18 86 00 "
            "18 87 00 18 31 a1 18 33 f5 ff",
        "d9 0110 a1 18 31 a1 18 33 f5",     /* another tag */
        "a1 18 31 d9 010f a1 18 33 f5",
        SCOPE "a1 " PREFIX,
        "81 00",
    };

    (void) state;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        (void) snprintf(hex, sizeof(hex), HB_PUT("0001") "%s", bodies[i]);
        test_answer(hex, dots_coap_code(4, 0), "", 0);
    }

    /* "MUST NOT have a 'cuid', 'cdid', or 'mid' Uri-Path", and nothing else */

    test_answer("52 03 0001 aabb " HB CUID CBOR "ff " TRUE,
                dots_coap_code(4, 0), "cuid", 0);
    test_answer("52 03 0001 aabb " HB "06 636469643d78 " CBOR "ff " TRUE,
                dots_coap_code(4, 0), "cdid", 0);
    test_answer("52 03 0001 aabb " HB MID7 CBOR "ff " TRUE,
                dots_coap_code(4, 0), "mid", 0);
    test_answer("52 03 0001 aabb " HB "01 78 " CBOR "ff " TRUE,
                dots_coap_code(4, 0), "'x'", 0);

    test_answer("52 03 0001 aabb " HB CBOR, dots_coap_code(4, 0), "", 0);
    test_answer("52 03 0001 aabb " HB "ff " TRUE, dots_coap_code(4, 15), "",
                0);
    test_answer("52 01 0001 aabb " HB, dots_coap_code(4, 5), "", 0);
}


/* ---- ours ---- */

/* Figure 27, every heartbeat-interval; true if the peer's were heard. */

static void
test_hb_ours(void **state)
{
    test_peer_t  p;

    (void) state;

    test_hb_open(&p);

    assert_int_equal(test_hb_run(&p, 30 * SECOND, 30 * SECOND), 31 * SECOND);
    assert_int_equal(p.nsent, 0);

    assert_int_equal(test_hb_run(&p, 31 * SECOND, 31 * SECOND), 61 * SECOND);
    test_sent(&p, 0, OURS FALSE);

    test_input_at(&p, HB_PUT("0001") TRUE, 40 * SECOND);
    assert_int_equal(test_hb_run(&p, 40 * SECOND, 121 * SECOND),
                     151 * SECOND);

    /* 2.04; at 61 and 91 it was heard within 60 s, at 121 it was not */

    assert_int_equal(p.nsent, 5);
    test_sent(&p, 2, OURS TRUE);
    test_sent(&p, 3, OURS TRUE);
    test_sent(&p, 4, OURS FALSE);

    dots_signal_close(p.signal);
}


/* Nobody's session gets none; an interval of 0 means none, nor a loss. */

static void
test_hb_none(void **state)
{
    test_peer_t  p;

    (void) state;

    test_hb_conf();
    test_open_as(&p, NULL, TEST_MESSAGE);
    assert_int_equal(dots_signal_timer(p.signal, SECOND), -1);
    assert_int_equal(dots_signal_probing(p.signal), 0);
    dots_signal_close(p.signal);

    test_hb_open(&p);
    assert_int_equal(dots_signal_probing(p.signal), 1);
    test_input_at(&p, CONFIG("0001") SET("2c", "00"), 2 * SECOND);
    p.nsent = 0;

    (void) test_hb_run(&p, 2 * SECOND, 10000 * SECOND);
    assert_int_equal(p.nsent, 0);
    assert_int_equal(p.nlost, 0);
    assert_int_equal(dots_signal_probing(p.signal), 0);

    dots_signal_close(p.signal);
}


/* The peer hears none of ours: one right behind its next. */

static void
test_hb_prompt(void **state)
{
    test_peer_t  p;

    (void) state;

    test_hb_open(&p);

    test_input_at(&p, HB_PUT("0001") FALSE, 5 * SECOND);
    (void) dots_signal_timer(p.signal, 5 * SECOND);
    assert_int_equal(p.nsent, 2);
    test_sent(&p, 0, "52 44 ???? aabb");
    test_sent(&p, 1, OURS TRUE);

    /* once for each, and the interval counts from there */

    (void) dots_signal_timer(p.signal, 6 * SECOND);
    assert_int_equal(p.nsent, 2);
    assert_int_equal(test_hb_run(&p, 6 * SECOND, 35 * SECOND), 65 * SECOND);
    assert_int_equal(p.nsent, 3);

    test_input_at(&p, HB_PUT("0002") TRUE, 40 * SECOND);
    (void) dots_signal_timer(p.signal, 40 * SECOND);
    assert_int_equal(p.nsent, 4);

    dots_signal_close(p.signal);
}


/* A CON response to one of ours is acknowledged, any other is reset. */

static void
test_hb_response(void **state)
{
    char         hex[64];
    test_peer_t  p;

    (void) state;

    test_hb_open(&p);
    (void) test_hb_run(&p, SECOND, 31 * SECOND);
    assert_int_equal(p.nsent, 1);

    (void) snprintf(hex, sizeof(hex), "44 44 1234 %02x%02x%02x%02x",
                    p.sent[0][4], p.sent[0][5], p.sent[0][6], p.sent[0][7]);
    test_input_at(&p, hex, 32 * SECOND);
    test_sent(&p, 1, "60 00 1234");

    test_input_at(&p, "44 44 1235 ffffffff", 33 * SECOND);
    test_sent(&p, 2, "70 00 1235");
    test_input_at(&p, "40 44 1236", 33 * SECOND);
    test_sent(&p, 3, "70 00 1236");

    dots_signal_close(p.signal);
}


/* ---- the loss ---- */

/* After 15 without anything, and the time of the last: once. */

static void
test_hb_lost(void **state)
{
    test_peer_t  p;

    (void) state;

    test_hb_open(&p);

    (void) test_hb_run(&p, SECOND, 480 * SECOND);
    assert_int_equal(p.nsent, 15);
    assert_int_equal(p.nlost, 0);
    assert_int_equal(dots_signal_probing(p.signal), 1);

    (void) test_hb_run(&p, 480 * SECOND, 481 * SECOND);
    assert_int_equal(p.nlost, 1);
    assert_int_equal(p.lost, SECOND);
    assert_int_equal(dots_signal_probing(p.signal), 0);

    /* not again; heartbeats go on, for the peer may come back */

    (void) test_hb_run(&p, 481 * SECOND, 1500 * SECOND);
    assert_int_equal(p.nlost, 1);
    assert_int_equal(p.nsent, 49);

    /* it does, and goes again */

    test_input_at(&p, HB_PUT("0001") TRUE, 2000 * SECOND);
    p.nsent = 0;
    (void) test_hb_run(&p, 2000 * SECOND, 2440 * SECOND);
    assert_int_equal(p.nlost, 1);
    (void) test_hb_run(&p, 2440 * SECOND, 2500 * SECOND);
    assert_int_equal(p.nlost, 2);
    assert_int_equal(p.lost, 2000 * SECOND);

    dots_signal_close(p.signal);
}


/*
 * "If the DOTS server receives traffic from the peer DOTS client ... the DOTS
 * server MUST NOT consider the DOTS signal channel session disconnected": a
 * client whose inbound link is saturated answers no heartbeat.
 */

static void
test_hb_traffic(void **state)
{
    int          i;
    char         hex[128];
    test_peer_t  p;

    (void) state;

    test_hb_open(&p);

    for (i = 1; i < 20; i++) {

        (void) snprintf(hex, sizeof(hex), HB_PUT("%04x") "%s", i,
                        i % 2 ? TRUE : FALSE);

        test_input_at(&p, i % 3 ? hex : "40 00 9999", i * 440 * SECOND);
        p.nsent = 0;
        (void) test_hb_run(&p, i * 440 * SECOND, (i + 1) * 440 * SECOND);
        assert_int_equal(p.nlost, 0);
    }

    dots_signal_close(p.signal);
}


/* Section 4.5: not faster than the probing-rate where nobody responds. */

static void
test_hb_probing_rate(void **state)
{
    test_peer_t  p;

    (void) state;

    test_hb_conf();
    test_session.sets[DOTS_SESSION_IDLE][DOTS_SESSION_HEARTBEAT_INTERVAL]
        .current = 1;
    test_session.sets[DOTS_SESSION_IDLE][DOTS_SESSION_PROBING_RATE]
        .current = 5;
    test_open(&p);

    (void) test_hb_run(&p, SECOND, 2 * SECOND);
    assert_int_equal(p.nsent, 1);
    assert_int_equal(test_hb_run(&p, 2 * SECOND, 2 * SECOND), 18 * SECOND);

    test_input_at(&p, HB_PUT("0001") TRUE, 3 * SECOND);
    p.nsent = 0;
    (void) test_hb_run(&p, 3 * SECOND, 3 * SECOND);
    assert_int_equal(p.nsent, 1);

    dots_signal_close(p.signal);
}


/* Over TCP the first without an answer in time is one too many. */

static void
test_hb_tcp(void **state)
{
    test_peer_t  p;

    (void) state;

    test_hb_conf();
    test_open_on(&p, test_customer, DOTS_SIGNAL_TCP, 16384);
    test_input_at(&p, "00 e1", SECOND);
    p.nsent = 0;

    (void) test_hb_run(&p, SECOND, 31 * SECOND);
    assert_int_equal(p.nsent, 1);
    test_sent(&p, 0, "d4 12 03 ???????? " HB CBOR "ff " FALSE);
    (void) test_hb_run(&p, 31 * SECOND, 60 * SECOND);
    assert_int_equal(p.nlost, 0);
    (void) test_hb_run(&p, 60 * SECOND, 61 * SECOND);
    assert_int_equal(p.nlost, 1);

    dots_signal_close(p.signal);
}


/* ---- the sets ---- */

/*
 * Idle: none.  A mitigation begins: every 15 s, at once; it ends: none.
 */

static void
test_hb_sets(void **state)
{
    test_peer_t             p;
    dots_registry_change_t  change;

    (void) state;

    memset(&change, 0, sizeof(change));

    test_hb_open(&p);

    test_input_at(&p, CONFIG("0001") "a1 18 1e a2 18 20 a1 18 21 a1 18 24 0f "
                  "18 2c a1 18 21 a1 18 24 00", 2 * SECOND);
    test_sent(&p, 0, "52 41 ???? ccdd");
    assert_true(test_hb_run(&p, 2 * SECOND, 100 * SECOND) > 140 * SECOND);
    assert_int_equal(p.nsent, 1);

    p.mitigating = 1;
    dots_signal_changed(p.signal, &change);
    (void) test_hb_run(&p, 100 * SECOND, 100 * SECOND);
    assert_int_equal(p.nsent, 2);
    (void) test_hb_run(&p, 100 * SECOND, 115 * SECOND);
    assert_int_equal(p.nsent, 3);

    p.mitigating = 0;
    dots_signal_changed(p.signal, NULL);
    (void) test_hb_run(&p, 116 * SECOND, 1000 * SECOND);
    assert_int_equal(p.nsent, 3);
    assert_int_equal(p.nlost, 0);

    dots_signal_close(p.signal);
}


/* The host learns for whom the peer speaks, from what was granted. */

static void
test_hb_client(void **state)
{
    test_peer_t  p;

    (void) state;

    test_hb_open(&p);
    p.decide = test_list_decide;
    test_list_set(0);

    test_input_at(&p, GET(NON, "0001"), 2 * SECOND);
    assert_int_equal(p.nclients, 0);

    p.decide = NULL;
    p.verdict = DOTS_VERDICT_NOT_FOUND;
    test_input_at(&p, DELETE(NON, "0002"), 2 * SECOND);
    assert_int_equal(p.nclients, 0);

    p.verdict = DOTS_VERDICT_CREATED;
    test_input_at(&p, PUT(NON, "0003"), 2 * SECOND);
    assert_int_equal(p.nclients, 1);
    assert_string_equal(p.client, "a/x");

    dots_signal_close(p.signal);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_hb_put),
        cmocka_unit_test(test_hb_refused),
        cmocka_unit_test(test_hb_ours),
        cmocka_unit_test(test_hb_none),
        cmocka_unit_test(test_hb_prompt),
        cmocka_unit_test(test_hb_response),
        cmocka_unit_test(test_hb_lost),
        cmocka_unit_test(test_hb_traffic),
        cmocka_unit_test(test_hb_probing_rate),
        cmocka_unit_test(test_hb_tcp),
        cmocka_unit_test(test_hb_sets),
        cmocka_unit_test(test_hb_client),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
