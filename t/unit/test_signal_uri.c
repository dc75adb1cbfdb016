/*
 * The way of a request to its resource: options (RFC 7252 section 5.4), paths,
 * methods and parameters (RFC 9132 sections 4.2, 4.4 and 9).
 */

#include "signal_peer.h"


#define CONTENT        dots_coap_code(2, 5)
#define BAD            dots_coap_code(4, 0)
#define BAD_OPTION     dots_coap_code(4, 2)
#define NOT_FOUND      dots_coap_code(4, 4)
#define NOT_ALLOWED    dots_coap_code(4, 5)
#define NOT_ACCEPTABLE dots_coap_code(4, 6)
#define ASKED          dots_coap_code(5, 0)  /* what the model has said here */
#define NO_PROXY       dots_coap_code(5, 5)

#define CORE           "bb 2e77656c6c2d6b6e6f776e 04 636f7265 "


typedef struct {
    const char *hex;
    uint8_t     code;
    const char *text;       /* in the diagnostic payload; NULL: whatever */
} test_case_t;


/* The model is asked where its answer is the answer, and nowhere else. */

static void
test_answers(const test_case_t *cases, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        test_answer(cases[i].hex, cases[i].code, cases[i].text,
                    cases[i].code == ASKED);
    }
}


/* RFC 9132 section 8: no customer, 4.01 whatever is asked */

static void
test_signal_nobody(void **state)
{
    test_peer_t  p;

    (void) state;

    test_open_as(&p, NULL, TEST_MESSAGE);

    test_input(&p, PUT(CON, "0001"));
    test_input(&p, GET(NON, "0002"));
    test_input(&p, "40 01 0003");
    test_input(&p, "40 01 0004 d0 12");
    assert_int_equal(p.nsent, 4);
    assert_int_equal(p.nsubmits, 0);
    assert_int_equal(p.sent[0][1], dots_coap_code(4, 1));
    assert_int_equal(p.sent[1][1], dots_coap_code(4, 1));
    assert_int_equal(p.sent[2][1], dots_coap_code(4, 1));
    assert_int_equal(p.sent[3][1], dots_coap_code(4, 1));

    /* a ping asks for nothing */
    test_input(&p, "40 00 0005");
    test_sent(&p, 4, "70 00 00 05");

    dots_signal_close(p.signal);
}


/* RFC 7252 section 5.4, RFC 7959 section 2.2, RFC 9132 section 9 */

static void
test_signal_options(void **state)
{
    static const test_case_t  cases[] = {

        /* go-dots' first message: CON GET, no path, Q-Block2 */
        { "40 01 0001 d0 12", BAD_OPTION, "option 31" },

        /* unknown and critical: CON and NON alike */
        { "40 01 0001 90", BAD_OPTION, "option 9" },
        { "50 01 0001 90", BAD_OPTION, "option 9" },

        /* If-None-Match, Q-Block1 */
        { "40 03 0001 50 6b 2e77656c6c2d6b6e6f776e", BAD_OPTION, "option 5" },
        { "42 03 0001 aabb " MITIGATE CUID MID7 CBOR "70 ff " BODY,
          BAD_OPTION, "option 19" },

        /* a repeated Accept, an Accept that is too long */
        { "42 01 0001 aabb " MITIGATE CUID "62 010f 02 010f",
          BAD_OPTION, "option 17" },
        { "42 01 0001 aabb " MITIGATE CUID "63 00010f",
          BAD_OPTION, "option 17" },

        /* unknown and elective: Observe, Size2, 2048, Hop-Limit */
        { "42 01 0001 aabb 60 5b 2e77656c6c2d6b6e6f776e 04 646f7473 "
          "08 6d69746967617465 " CUID "51 10 c0 e0 06 d7", ASKED, NULL },

        /* Uri-Host, Uri-Port */
        { "42 01 0001 aabb 31 61 42 1226 4b 2e77656c6c2d6b6e6f776e "
          "04 646f7473 08 6d69746967617465 " CUID, ASKED, NULL },

        /* a reserved block size, RFC 7959 section 2.2 */
        { "42 01 0001 aabb " MITIGATE CUID "c1 07", BAD, "reserved" },
        { "42 03 0001 aabb " MITIGATE CUID MID7 CBOR "d1 02 07 ff " BODY,
          BAD, "reserved" },

        /* Hop-Limit is 1 to 255, RFC 8768 section 3 */
        { "42 01 0001 aabb " MITIGATE CUID "50", BAD, "Hop-Limit" },
        { "42 01 0001 aabb " MITIGATE CUID "52 0100", BAD, "Hop-Limit" },
        { "42 01 0001 aabb " MITIGATE CUID "51 ff", ASKED, NULL },

        /* section 5.10.2 */
        { "40 01 0001 d1 16 61", NO_PROXY, NULL },
        { "40 01 0001 d1 1a 61", NO_PROXY, NULL },

        /* section 5.10.4 */
        { "42 01 0001 aabb " MITIGATE CUID "61 32", NOT_ACCEPTABLE, "271" },
        { "42 01 0001 aabb " MITIGATE CUID "60", NOT_ACCEPTABLE, "271" },
        { "42 01 0001 aabb " MITIGATE CUID "62 010f", ASKED, NULL },
    };

    (void) state;

    test_answers(cases, sizeof(cases) / sizeof(cases[0]));
}


/* RFC 6690 section 4: a list without anything of a client */

static void
test_signal_core(void **state)
{
    int                  header;
    test_peer_t          p;
    dots_coap_message_t  m;

    /* Accept: link-format, dots+cbor; PUT; something below */

    static const test_case_t  cases[] = {
        { "42 01 0001 aabb " CORE "61 28", CONTENT, NULL },
        { "42 01 0001 aabb " CORE "62 010f", NOT_ACCEPTABLE, "40" },
        { "42 03 0001 aabb " CORE, NOT_ALLOWED, NULL },
        { "42 01 0001 aabb " CORE "01 78", NOT_FOUND, NULL },
    };

    (void) state;

    test_open(&p);
    test_input(&p, "42 01 0001 aabb " CORE);
    assert_int_equal(dots_coap_parse(&m, p.sent[0], p.len[0], &header),
                     DOTS_OK);
    assert_int_equal(m.code, CONTENT);
    assert_int_equal(m.content_format, DOTS_COAP_FORMAT_LINK);
    assert_non_null(memmem(m.payload.data, m.payload.len,
                           "</.well-known/dots/mitigate>", 28));
    assert_int_equal(p.nsubmits, 0);
    dots_signal_close(p.signal);

    test_answers(cases, sizeof(cases) / sizeof(cases[0]));
}


/* RFC 9132 section 4.2, RFC 7252 sections 5.8 and 5.9.2 */

static void
test_signal_paths(void **state)
{
    static const test_case_t  cases[] = {
        { "40 01 0001", NOT_FOUND, "resource" },
        { "40 01 0001 b0", NOT_FOUND, NULL },
        { "40 03 0001 b3 666f6f", NOT_FOUND, NULL },
        { "40 01 0001 bb 2e77656c6c2d6b6e6f776e", NOT_FOUND, NULL },
        { "40 01 0001 " WELLKNOWN, NOT_FOUND, NULL },
        { "40 01 0001 " WELLKNOWN "06 636f6e666978", NOT_FOUND, NULL },
        { "40 03 0001 " WELLKNOWN "02 6863", NOT_FOUND, NULL },
        { "40 01 0001 " WELLKNOWN "09 6d6974696761746573", NOT_FOUND, NULL },
        { "40 01 0001 " WELLKNOWN "07 6d697469676174", NOT_FOUND, NULL },

        /* one segment more than any resource has */
        { "40 01 0001 " MITIGATE CUID MID7 "01 61 01 61 01 61 01 61",
          NOT_FOUND, NULL },
    };

    (void) state;

    test_answers(cases, sizeof(cases) / sizeof(cases[0]));
}


static void
test_signal_methods(void **state)
{
    static const test_case_t  cases[] = {
        { "40 02 0001 " MITIGATE CUID, NOT_ALLOWED, "0.02" },
        { "40 05 0001 " MITIGATE CUID, NOT_ALLOWED, "0.05" },
        { "50 1f 0001 " MITIGATE CUID, NOT_ALLOWED, "0.31" },
        { "40 05 0001", NOT_ALLOWED, NULL },
        { "40 02 0001", NOT_FOUND, NULL },
    };

    (void) state;

    test_answers(cases, sizeof(cases) / sizeof(cases[0]));
}


/* RFC 9132 sections 4.4.1.1, 4.4.1.2, 4.4.2 and 4.4.4 */

static void
test_signal_parameters(void **state)
{
    static const test_case_t  cases[] = {

        /* PUT and DELETE need both, GET needs cuid */
        { "40 04 0001 " MITIGATE, BAD, "cuid" },
        { "40 04 0001 " MITIGATE CUID, BAD, "mid" },
        { "40 03 0001 " MITIGATE CUID CBOR "ff " BODY, BAD, "mid" },
        { "40 04 0001 " MITIGATE MID7, BAD, "cuid" },
        { "40 01 0001 " MITIGATE, BAD, "cuid" },
        { "40 01 0001 " MITIGATE MID7, BAD, "cuid" },
        { "40 01 0001 " MITIGATE CUID, ASKED, NULL },

        /* the order, once each */
        { "40 01 0001 " MITIGATE MID7 CUID, BAD, "cuid" },
        { "40 01 0001 " MITIGATE CUID CUID, BAD, "cuid" },
        { "40 01 0001 " MITIGATE CUID MID7 MID7, BAD, "mid" },

        /* cdid: before cuid, ignored, not empty */
        { "40 01 0001 " MITIGATE "06 636469643d79 " CUID, ASKED, NULL },
        { "40 01 0001 " MITIGATE CUID "06 636469643d79", BAD, "cdid" },
        { "40 01 0001 " MITIGATE "05 636469643d " CUID, BAD, "cdid" },

        /* empty values, names alone, unknown names */
        { "40 01 0001 " MITIGATE "05 637569643d", BAD, "cuid" },
        { "40 01 0001 " MITIGATE "04 63756964", BAD, "cuid" },
        { "40 01 0001 " MITIGATE CUID "04 6d69643d", BAD, "mid" },
        { "40 01 0001 " MITIGATE CUID "00", BAD, "parameter" },
        { "40 01 0001 " MITIGATE CUID "05 666f6f3d31", BAD, "'foo'" },
        { "40 01 0001 " MITIGATE CUID "05 66ff003d31", BAD, "'f?""?'" },
        { "40 01 0001 " MITIGATE "06 435549443d78", BAD, "'CUID'" },
    };

    (void) state;

    test_answers(cases, sizeof(cases) / sizeof(cases[0]));
}


/* A plain number from 0 to 4294967295. */

static void
test_signal_mid(void **state)
{
    static const test_case_t  cases[] = {
        { "40 01 0001 " MITIGATE CUID "05 6d69643d30", ASKED, NULL },
        { "40 01 0001 " MITIGATE CUID "0d 01 6d69643d34323934393637323935",
          ASKED, NULL },
        { "40 01 0001 " MITIGATE CUID "0d 01 6d69643d34323934393637323936",
          BAD, "mid" },
        { "40 01 0001 " MITIGATE CUID
          "0d 0b 6d69643d3138343436373434303733373039353531363136",
          BAD, "mid" },
        { "40 01 0001 " MITIGATE CUID "06 6d69643d2d31", BAD, "mid" },
        { "40 01 0001 " MITIGATE CUID "06 6d69643d3778", BAD, "mid" },
        { "40 01 0001 " MITIGATE CUID "06 6d69643d2037", BAD, "mid" },
        { "40 01 0001 " MITIGATE CUID "06 6d69643d3037", BAD, "mid" },
    };

    (void) state;

    test_answers(cases, sizeof(cases) / sizeof(cases[0]));
}


/* UTF-8 (RFC 7252 section 3.2) without control characters. */

static void
test_signal_cuid(void **state)
{
    static const test_case_t  cases[] = {
        { "40 01 0001 " MITIGATE "07 637569643dc3a9", ASKED, NULL },
        { "40 01 0001 " MITIGATE "09 637569643df09f9880", ASKED, NULL },
        { "40 01 0001 " MITIGATE "07 637569643d6100", BAD, "cuid" },
        { "40 01 0001 " MITIGATE "06 637569643dff", BAD, "cuid" },
        { "40 01 0001 " MITIGATE "06 637569643dc3", BAD, "cuid" },
        { "40 01 0001 " MITIGATE "07 637569643dc080", BAD, "cuid" },
        { "40 01 0001 " MITIGATE "08 637569643deda080", BAD, "cuid" },
        { "40 01 0001 " MITIGATE "09 637569643df4908080", BAD, "cuid" },
        { "40 01 0001 " MITIGATE "07 637569643dc280", BAD, "cuid" },
    };

    (void) state;

    test_answers(cases, sizeof(cases) / sizeof(cases[0]));
}


/* c of Table 2, other queries, too many of them. */

static void
test_signal_queries(void **state)
{
    static const test_case_t  cases[] = {
        { "40 01 0001 " MITIGATE CUID "43 633d62", BAD, "Uri-Query c" },
        { "40 01 0001 " MITIGATE CUID "42 633d", BAD, "Uri-Query c" },
        { "40 01 0001 " MITIGATE CUID "41 63", BAD, "Uri-Query c" },
        { "40 01 0001 " MITIGATE CUID "43 633d6e", ASKED, NULL },
        { "40 01 0001 " MITIGATE CUID "43 633d6e 03 633d6e", BAD, "repeated" },
        { "40 01 0001 " MITIGATE CUID "43 783d62 03 633d6e", BAD, "Uri-Query" },
        { "40 04 0001 " MITIGATE CUID MID7 "43 633d6e", BAD, "Uri-Query" },
        { "40 01 0001 " MITIGATE CUID "41 61 01 61 01 61 01 61 01 61 "
          "01 61 01 61 01 61 01 61", BAD, "Uri-Query" },
    };

    (void) state;

    test_answers(cases, sizeof(cases) / sizeof(cases[0]));
}


/* A cuid of DOTS_CUID_MAX bytes is the longest. */

static void
test_signal_long_cuid(void **state)
{
    int          extra;
    char         hex[TEST_SIZE];
    size_t       i, n;

    (void) state;

    for (extra = 0; extra < 2; extra++) {

        n = (size_t) snprintf(hex, sizeof(hex),
                              "40 01 0001 " MITIGATE "0d %02x 637569643d",
                              (unsigned) (5 + DOTS_CUID_MAX + extra - 13));

        for (i = 0; i < (size_t) (DOTS_CUID_MAX + extra); i++) {
            n += (size_t) snprintf(hex + n, sizeof(hex) - n, "78");
        }

        test_answer(hex, extra ? BAD : ASKED, extra ? "cuid" : NULL, !extra);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_signal_nobody),
        cmocka_unit_test(test_signal_options),
        cmocka_unit_test(test_signal_core),
        cmocka_unit_test(test_signal_paths),
        cmocka_unit_test(test_signal_methods),
        cmocka_unit_test(test_signal_parameters),
        cmocka_unit_test(test_signal_mid),
        cmocka_unit_test(test_signal_cuid),
        cmocka_unit_test(test_signal_queries),
        cmocka_unit_test(test_signal_long_cuid),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
