/* The session's configuration: RFC 9132 section 4.5. */

#include "dots_session.h"
#include "signal_list.h"


#define CONFIG     WELLKNOWN "06 636f6e666967 "
#define SID(n)     "05 7369643d " n " "          /* sid=n, one digit */
#define SID9       "05 7369643d39 "

#define GET_ALL(id)   "42 01 " id " aabb " CONFIG
#define GET_SID(id)   GET_ALL(id) SID9
#define PUT_SID(id)   "42 03 " id " aabb " CONFIG SID9 CBOR "ff "
#define DELETE_ALL(id) "42 04 " id " aabb " CONFIG
#define DELETE_SID(id) DELETE_ALL(id) SID9

/* {30: {32: {..}, 44: {..}}} */

#define SETS       "a1 18 1e a2 18 20 "
#define MITIGATING "a1 18 1e a1 18 20 "
#define IDLE       "a1 18 1e a1 18 2c "
#define INTERVAL(n)  "18 21 a1 18 24 " n " "
#define MISSING(n)   "18 25 a1 18 24 " n " "
#define RETRANSMIT(n) "18 26 a1 18 24 " n " "
#define TIMEOUT(n)   "18 27 a1 18 2b c4 82 " n " "
#define FACTOR(n)    "18 28 a1 18 2b c4 82 " n " "
#define PROBING(n)   "18 32 a1 18 24 " n " "

/* Of Figure 20 as it is encoded: max, min, current. */

#define RANGE(key, max, min, now)                                             \
    "18 " key " a3 18 22 " max " 18 23 " min " 18 24 " now " "
#define DECIMAL(key, max, min, now)                                           \
    "18 " key " a3 18 29 c4 82 21 " max " 18 2a c4 82 21 " min                \
    " 18 2b c4 82 21 " now " "
#define FIGURE_20_SET(interval)                                               \
    "a6 " RANGE("21", "18 f0", "0f", interval) RANGE("25", "14", "03", "0f")  \
    RANGE("32", "14", "05", "0f") RANGE("26", "0f", "02", "03")               \
    DECIMAL("27", "19 0bb8", "18 64", "18 c8")                                \
    DECIMAL("28", "19 0190", "18 6e", "18 96")
#define FIGURE_20(mitigating, idle)                                           \
    "a1 18 1e a2 18 20 " FIGURE_20_SET(mitigating) "18 2c "                   \
    FIGURE_20_SET(idle)

/* ACK 2.05, Content-Format, Max-Age 3600 */

#define CONTENT(id) "62 45 " id " aabb c2 010f 22 0e10 ff "


/* Figure 20's server: a probing-rate of 15, heartbeats of 30 s. */

static void
test_figure_20(void)
{
    size_t  i;

    test_session = dots_session_default;

    for (i = 0; i < DOTS_SESSION_SETS; i++) {
        test_session.sets[i][DOTS_SESSION_PROBING_RATE].current = 15;
    }
}


static void
test_code(test_peer_t *p, const char *hex, unsigned class, unsigned detail,
    const char *text)
{
    dots_coap_message_t  m;

    p->nsent = 0;
    test_input(p, hex);
    assert_int_equal(p->nsent, 1);
    test_last(p, &m);

    if (m.code != dots_coap_code(class, detail)) {
        print_error("%s\n%u.%02u %.*s\n", hex, dots_coap_class(m.code),
                    dots_coap_detail(m.code), (int) m.payload.len,
                    (const char *) m.payload.data);
    }

    assert_int_equal(m.code, dots_coap_code(class, detail));

    if (text == NULL) {
        assert_int_equal(m.payload.len, 0);
        return;
    }

    if (memmem(m.payload.data, m.payload.len, text, strlen(text)) == NULL) {
        print_error("\"%.*s\" is without \"%s\"\n", (int) m.payload.len,
                    (const char *) m.payload.data, text);
        fail();
    }
}


/* The whole representation, under the message id ffff. */

static void
test_shows(test_peer_t *p, const char *body)
{
    char         hex[4096];
    static int   id = 0x8000;

    p->nsent = 0;
    id++;

    (void) snprintf(hex, sizeof(hex), "42 01 %04x aabb " CONFIG, id);
    test_input(p, hex);

    (void) snprintf(hex, sizeof(hex), "62 45 %04x aabb c2 010f 22 0e10 ff %s",
                    id, body);
    test_sent(p, 0, hex);
}


static void
test_config_get(void **state)
{
    test_peer_t  p;

    (void) state;

    test_figure_20();
    test_open(&p);

    test_input(&p, GET_ALL("0001"));
    test_sent(&p, 0, CONTENT("0001") FIGURE_20("18 1e", "18 1e"));

    /* none is installed: no sid is found */

    test_code(&p, GET_SID("0002"), 4, 4, "sid");

    test_input(&p, PUT_SID("0003") IDLE "a1 " INTERVAL("00"));
    p.nsent = 0;
    test_input(&p, GET_SID("0004"));
    test_sent(&p, 0, CONTENT("0004") FIGURE_20("18 1e", "00"));

    /* another sid than the installed one */

    test_code(&p, GET_ALL("0005") SID("38"), 4, 4, "sid");

    assert_int_equal(p.nsubmits, 0);
    dots_signal_close(p.signal);
}


/* Figure 23, and what it becomes. */

static void
test_config_figure_23(void **state)
{
    test_peer_t  p;

    (void) state;

    test_figure_20();
    test_open(&p);

    test_code(&p, PUT_SID("0001") SETS
              "a6 " INTERVAL("18 1e") MISSING("0f") PROBING("0f")
              RETRANSMIT("03") TIMEOUT("21 18 c8") FACTOR("21 18 96")
              "18 2c a4 " INTERVAL("00") RETRANSMIT("03")
              TIMEOUT("21 18 c8") FACTOR("21 18 96"), 2, 1, NULL);

    test_shows(&p, FIGURE_20("18 1e", "00"));

    dots_signal_close(p.signal);
}


/* Section 4.5.2: what is not included is the server's default again. */

static void
test_config_defaults(void **state)
{
    test_peer_t  p;

    (void) state;

    test_figure_20();
    test_open(&p);

    test_code(&p, PUT_SID("0001") MITIGATING "a1 " INTERVAL("18 3c"), 2, 1,
              NULL);
    test_shows(&p, FIGURE_20("18 3c", "18 1e"));

    test_code(&p, PUT_SID("0002") IDLE "a1 " INTERVAL("18 f0"), 2, 4, NULL);
    test_shows(&p, FIGURE_20("18 1e", "18 f0"));

    /* with and without the sid, and once more */

    test_code(&p, DELETE_SID("0003"), 2, 2, NULL);
    test_shows(&p, FIGURE_20("18 1e", "18 1e"));

    test_code(&p, PUT_SID("0004") IDLE "a1 " INTERVAL("18 f0"), 2, 1, NULL);
    test_code(&p, DELETE_ALL("0005"), 2, 2, NULL);
    test_shows(&p, FIGURE_20("18 1e", "18 1e"));
    test_code(&p, DELETE_ALL("0006"), 2, 2, NULL);
    test_code(&p, GET_SID("0007"), 4, 4, "sid");

    dots_signal_close(p.signal);
}


/* "'sid' values MUST increase monotonically"; the lower one is gone. */

static void
test_config_sids(void **state)
{
    test_peer_t  p;

    (void) state;

    test_figure_20();
    test_open(&p);

#define PUT_N(id, n) "42 03 " id " aabb " CONFIG SID(n) CBOR "ff "

    test_code(&p, PUT_N("0001", "35") IDLE "a1 " INTERVAL("18 3c"), 2, 1,
              NULL);
    test_code(&p, PUT_N("0002", "36") IDLE "a1 " INTERVAL("18 3d"), 2, 1,
              NULL);
    test_code(&p, PUT_N("0003", "35") IDLE "a1 " INTERVAL("18 3e"), 4, 0,
              "sid 5 is lower than 6");
    test_shows(&p, FIGURE_20("18 1e", "18 3d"));

    test_code(&p, GET_ALL("0004") SID("35"), 4, 4, "sid");
    test_code(&p, PUT_N("0005", "36") IDLE "a1 " INTERVAL("18 3f"), 2, 4,
              NULL);

    /* a DELETE of another one takes nothing away */

    test_code(&p, DELETE_ALL("0006") SID("35"), 2, 2, NULL);
    test_shows(&p, FIGURE_20("18 1e", "18 3f"));

    /* after a DELETE any sid is as good as the first */

    test_code(&p, DELETE_ALL("0007"), 2, 2, NULL);
    test_code(&p, PUT_N("0008", "31") IDLE "a1 " INTERVAL("18 3c"), 2, 1,
              NULL);

    dots_signal_close(p.signal);
}


/* 4.22 with the attribute, its set, the value and the range; nothing changes */

static void
test_config_unacceptable(void **state)
{
    test_peer_t  p;

    (void) state;

    test_figure_20();
    test_open(&p);

    test_code(&p, PUT_SID("0001") IDLE "a1 " INTERVAL("0e"), 4, 22,
              "heartbeat-interval of idle-config: 14 is not 0 or 15 to 240");
    test_code(&p, PUT_SID("0002") IDLE "a1 " INTERVAL("18 f1"), 4, 22,
              "241 is not 0 or 15 to 240");
    test_code(&p, PUT_SID("0003") MITIGATING "a1 " MISSING("00"), 4, 22,
              "missing-hb-allowed of mitigating-config: 0 is not 3 to 20");
    test_code(&p, PUT_SID("0004") IDLE "a1 " PROBING("15"), 4, 22,
              "probing-rate of idle-config: 21 is not 5 to 20");
    test_code(&p, PUT_SID("0005") IDLE "a1 " RETRANSMIT("01"), 4, 22,
              "max-retransmit of idle-config: 1 is not 2 to 15");
    test_code(&p, PUT_SID("0006") IDLE "a1 " TIMEOUT("21 18 63"), 4, 22,
              "ack-timeout of idle-config: 0.99 is not 1.00 to 30.00");
    test_code(&p, PUT_SID("0007") IDLE "a1 " FACTOR("20 18 29"), 4, 22,
              "ack-random-factor of idle-config: 4.10 is not 1.10 to 4.00");

    /* one good one beside a bad one */

    test_code(&p, PUT_SID("0008") IDLE "a2 " INTERVAL("18 3c") MISSING("00"),
              4, 22, "missing-hb-allowed");
    test_shows(&p, FIGURE_20("18 1e", "18 1e"));
    test_code(&p, GET_SID("0009"), 4, 4, "sid");

    dots_signal_close(p.signal);
}


/* Tag 4 with any exponent, RFC 8949 section 3.4.4 */

static void
test_config_decimals(void **state)
{
    size_t       i;
    test_peer_t  p;

    static const char *const  accepted[] = {
        TIMEOUT("21 19 012c"), TIMEOUT("20 18 1e"), TIMEOUT("00 03"),
        TIMEOUT("22 19 0bb8"), TIMEOUT("39 0003 19 7530"),
    };

    static const char *const  refused[] = {
        TIMEOUT("22 19 0bb9"),                  /* 3.001 */
        "18 27 a1 18 2b 03",                    /* no tag */
        "18 27 a1 18 2b 64 332e3030",           /* text */
        "18 27 a1 18 2b f9 4200",               /* a float */
        TIMEOUT("21 39 012b"),                  /* -3.00 */
        TIMEOUT("1a 7fffffff 03"),
    };

    (void) state;

    test_figure_20();

    for (i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {

        char  hex[512];

        (void) snprintf(hex, sizeof(hex), PUT_SID("0001") IDLE "a1 %s",
                        accepted[i]);
        test_open(&p);
        test_code(&p, hex, 2, 1, NULL);
        p.nsent = 0;
        test_input(&p, GET_ALL("0002"));
        assert_non_null(memmem(p.sent[0], p.len[0],
                               "\x18\x2b\xc4\x82\x21\x19\x01\x2c", 8));
        dots_signal_close(p.signal);
    }

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {

        char  hex[512];

        (void) snprintf(hex, sizeof(hex), PUT_SID("0001") IDLE "a1 %s",
                        refused[i]);
        test_open(&p);
        test_code(&p, hex, 4, 0, "");
        dots_signal_close(p.signal);
    }
}


/* 4.00 names what is wrong, section 4.5.2 */

static void
test_config_refused(void **state)
{
    test_peer_t  p;

    (void) state;

    test_figure_20();
    test_open(&p);

    test_code(&p, "42 03 0001 aabb " CONFIG CBOR "ff " IDLE "a1 "
              INTERVAL("18 3c"), 4, 0, "sid is missing");
    test_code(&p, "42 03 0002 aabb " CONFIG CUID SID9 CBOR "ff " IDLE "a1 "
              INTERVAL("18 3c"), 4, 0, "cuid");
    test_code(&p, GET_ALL("0003") CUID, 4, 0, "cuid");
    test_code(&p, GET_ALL("0004") "05 7369643d78", 4, 0, "sid");
    test_code(&p, GET_ALL("0005") "04 7369643d", 4, 0, "sid");
    test_code(&p, GET_ALL("0006") SID9 SID9, 4, 0, "sid");
    test_code(&p, DELETE_ALL("0007") "0d 01 7369643d34323934393637323936",
              4, 0, "4294967295");

    dots_signal_close(p.signal);
}


static void
test_config_bodies(void **state)
{
    size_t       i;
    char         hex[512];
    test_peer_t  p;

    static const struct {
        const char  *body;
        const char  *text;
    } bodies[] = {

        /* "At least one of the attributes ... MUST be present" */

        { "a1 18 1e a0", "none of heartbeat-interval" },
        { IDLE "a0", "none of heartbeat-interval" },
        { IDLE "a1 18 21 a0", "heartbeat-interval has no current-value" },

        /* the server's to say */

        { IDLE "a1 18 21 a1 18 22 18 f0", "max-value must not be" },
        { IDLE "a1 18 21 a2 18 24 18 1e 18 23 0f", "min-value must not be" },

        /* another message, and none */

        { SCOPE "a1 " PREFIX, "not a signal-config" },
        { "a1 18 1f 09", "sid" },
        { IDLE "a1 18 1f 09", "sid" },
        { IDLE "a1 18 7f 09", "127" },
        { "a0", "" },
        { IDLE "a1 " INTERVAL("1a 00010000"), "current-value" },
        { IDLE "a1 " INTERVAL("63 313030"), "current-value" },
        { IDLE "a2 " INTERVAL("18 1e") INTERVAL("18 1e"), "twice" },
        { IDLE "a1 " INTERVAL("18 1e") "00", "after" },
    };

    (void) state;

    test_figure_20();

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {

        (void) snprintf(hex, sizeof(hex), PUT_SID("0001") "%s",
                        bodies[i].body);
        test_open(&p);
        test_code(&p, hex, 4, 0, bodies[i].text);
        test_shows(&p, FIGURE_20("18 1e", "18 1e"));
        dots_signal_close(p.signal);
    }
}


/*
 * The attributes of RFC 9362 have comprehension-optional keys: a server that
 * does not serve them ignores them (RFC 9132 section 6, RFC 9362 section 3).
 */

static void
test_config_robust(void **state)
{
    test_peer_t  p;

    (void) state;

    test_figure_20();
    test_open(&p);

    /* max-payloads, 32776 */

    test_code(&p, PUT_SID("0001") IDLE "a1 19 8008 a1 18 24 0a", 4, 0,
              "none of heartbeat-interval");
    test_code(&p, PUT_SID("0002") IDLE "a2 19 8008 a1 18 24 0a "
              INTERVAL("18 3c"), 2, 1, NULL);
    test_shows(&p, FIGURE_20("18 1e", "18 3c"));

    dots_signal_close(p.signal);
}


/* Section 4.5.3: notifications of any configuration change */

static void
test_config_observe(void **state)
{
    test_peer_t          p;
    dots_coap_message_t  m;

#define OBSERVED(token)                                                       \
    "42 01 0001 " token " 60 5b 2e77656c6c2d6b6e6f776e 04 646f7473 "          \
    "06 636f6e666967 "

    (void) state;

    test_figure_20();
    test_open(&p);
    dots_signal_rtt(p.signal, 1);

    test_input_at(&p, OBSERVED("aabb"), 1000);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(2, 5));
    assert_true(m.observe >= 0);

    /* the same again is no news */

    test_input_at(&p, PUT_SID("0002") IDLE "a1 " INTERVAL("18 1e"), 2000);
    p.nsent = 0;
    (void) dots_signal_timer(p.signal, 2000);
    assert_int_equal(p.nsent, 0);

    test_input_at(&p, PUT_SID("0003") IDLE "a1 " INTERVAL("18 3c"), 3000);
    p.nsent = 0;
    (void) dots_signal_timer(p.signal, 3000);
    assert_int_equal(p.nsent, 1);
    test_last(&p, &m);
    assert_int_equal(m.type, DOTS_COAP_NON);
    assert_int_equal(m.code, dots_coap_code(2, 5));
    assert_int_equal(m.max_age, 3600);
    assert_true(m.observe >= 0);

    /* of a sid that goes: 4.04, and no more (RFC 7641 section 4.2) */

    test_input_at(&p, "42 01 0004 ccdd 60 5b 2e77656c6c2d6b6e6f776e "
                  "04 646f7473 06 636f6e666967 " SID9, 4000);
    test_input_at(&p, DELETE_ALL("0005"), 5000);
    p.nsent = 0;
    (void) dots_signal_timer(p.signal, 5000);
    (void) dots_signal_timer(p.signal, 5100);
    assert_int_equal(p.nsent, 2);
    assert_true(p.sent[0][1] == 0x84 || p.sent[1][1] == 0x84);

    test_input_at(&p, PUT_SID("0006") IDLE "a1 " INTERVAL("18 3c"), 6000);
    p.nsent = 0;
    (void) dots_signal_timer(p.signal, 6000);
    (void) dots_signal_timer(p.signal, 6100);
    assert_int_equal(p.nsent, 1);

    dots_signal_close(p.signal);
}


/*
 * Section 4.5.3: who does not ask again before Max-Age is over keeps its
 * session and what was negotiated, and nothing is sent to it.
 */

static void
test_config_stale(void **state)
{
    test_peer_t          p;
    dots_coap_message_t  m;

    (void) state;

    test_figure_20();
    test_open(&p);

    test_input_at(&p, PUT_SID("0001") IDLE "a1 " INTERVAL("00"), 1000);
    test_input_at(&p, GET_SID("0002"), 2000);
    test_last(&p, &m);
    assert_int_equal(m.max_age, 3600);

    p.nsent = 0;
    (void) dots_signal_timer(p.signal, 3602000 + 1);
    assert_int_equal(p.nsent, 0);

    test_input_at(&p, GET_SID("0003"), 3602000 + 2);
    test_sent(&p, 0, CONTENT("0003") FIGURE_20("18 1e", "00"));

    dots_signal_close(p.signal);
}


/* What is negotiated is used: retransmissions of a separate response. */

static void
test_config_transmission(void **state)
{
    int64_t      ms;
    test_peer_t  p;

    (void) state;

    test_figure_20();
    test_session.sets[DOTS_SESSION_IDLE][0].current = 0;
    test_open(&p);

    /* ack-timeout 1.00 and the least random factor, two retransmissions */

    test_code(&p, PUT_SID("0001") IDLE "a3 " TIMEOUT("21 18 64")
              FACTOR("21 18 6e") RETRANSMIT("02"), 2, 1, NULL);

    p.hold = 1;
    p.decide = test_list_decide;
    test_list_set(1);
    test_input_at(&p, GET(CON, "0002"), 1000);
    (void) dots_signal_timer(p.signal, 1000);
    (void) dots_signal_timer(p.signal, 2000);

    p.nsent = 0;
    test_finish(&p, p.held[0]);
    assert_int_equal(p.nsent, 1);

    ms = dots_signal_timer(p.signal, 2000);
    assert_true(ms >= 1000 && ms <= 1100);

    (void) dots_signal_timer(p.signal, 4000);
    (void) dots_signal_timer(p.signal, 10000);
    (void) dots_signal_timer(p.signal, 20000);
    assert_int_equal(p.nsent, 3);

    dots_signal_close(p.signal);
}


/* Over TCP neither missing-hb-allowed nor what is for CON, section 4.5. */

static void
test_config_reliable(void **state)
{
    test_peer_t  p;

    (void) state;

    test_figure_20();
    test_open_on(&p, test_customer, DOTS_SIGNAL_TCP, 16384);
    p.nsent = 0;

    /* a CSM, and the GET: RFC 8323 section 3.2 */

    test_input(&p, "00 e1");
    test_input(&p, "d2 0b 01 aabb " CONFIG);
    assert_int_equal(p.nsent, 1);
    assert_non_null(memmem(p.sent[0], p.len[0], "\x18\x21\xa3", 3));
    assert_non_null(memmem(p.sent[0], p.len[0], "\x18\x32\xa3", 3));
    assert_null(memmem(p.sent[0], p.len[0], "\x18\x25\xa3", 3));
    assert_null(memmem(p.sent[0], p.len[0], "\x18\x26\xa3", 3));
    assert_null(memmem(p.sent[0], p.len[0], "\x18\x27\xa3", 3));
    assert_null(memmem(p.sent[0], p.len[0], "\x18\x28\xa3", 3));

    dots_signal_close(p.signal);
}


/* The directive's values. */

static void
test_config_text(void **state)
{
    size_t    i;
    char      text[DOTS_SESSION_TEXT];
    uint32_t  v;

    static const char *const  bad[] = {
        "", ".", "1.", ".5", "1.234", "-1", "1x", "99999999999", "1.5.5", "1 "
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(dots_session_parse(DOTS_SESSION_ACK_TIMEOUT,
                                            dots_str(bad[i], strlen(bad[i])),
                                            &v),
                         DOTS_INVALID);
    }

    assert_int_equal(dots_session_parse(DOTS_SESSION_ACK_TIMEOUT,
                                        dots_str("1.5", 3), &v), DOTS_OK);
    assert_int_equal(v, 150);
    dots_session_print(DOTS_SESSION_ACK_TIMEOUT, 105, text);
    assert_string_equal(text, "1.05");

    assert_int_equal(dots_session_parse(DOTS_SESSION_PROBING_RATE,
                                        dots_str("1.5", 3), &v),
                     DOTS_INVALID);
    dots_session_print(DOTS_SESSION_PROBING_RATE, 105, text);
    assert_string_equal(text, "105");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_config_get),
        cmocka_unit_test(test_config_figure_23),
        cmocka_unit_test(test_config_defaults),
        cmocka_unit_test(test_config_sids),
        cmocka_unit_test(test_config_unacceptable),
        cmocka_unit_test(test_config_decimals),
        cmocka_unit_test(test_config_refused),
        cmocka_unit_test(test_config_bodies),
        cmocka_unit_test(test_config_robust),
        cmocka_unit_test(test_config_observe),
        cmocka_unit_test(test_config_stale),
        cmocka_unit_test(test_config_transmission),
        cmocka_unit_test(test_config_reliable),
        cmocka_unit_test(test_config_text),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
