/*
 * CoAP on a byte stream: the header of RFC 8323 section 3.2, signalling
 * messages of section 5, tokens of RFC 8974.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dots_coap_tcp.h"


#define TEST_SIZE 70000


static size_t
test_hex(const char *hex, uint8_t *data)
{
    size_t    n;
    unsigned  byte;

    for (n = 0; *hex; /* void */) {

        if (*hex == ' ') {
            hex++;
            continue;
        }

        assert_int_equal(sscanf(hex, "%2x", &byte), 1);
        data[n++] = (uint8_t) byte;
        hex += 2;
    }

    return n;
}


/* A heap copy of the exact size: what is read beyond it is found by ASan. */

static int
test_size(const uint8_t *data, size_t len, uint64_t *size)
{
    int       rc;
    uint8_t  *copy;

    copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, data, len);

    rc = dots_coap_tcp_size(copy, len, size);

    free(copy);

    return rc;
}


/* ---- Len and TKL ---- */

static void
test_tcp_sizes(void **state)
{
    size_t    i, k, len;
    uint8_t   data[DOTS_COAP_TCP_HEADER];
    uint64_t  size;

    static const struct {
        const char  *hex;       /* all that is needed to tell the size */
        uint64_t     size;
    } sizes[] = {
        { "00 00", 2 },                         /* Empty */
        { "01 43", 3 },                         /* Figure 5 */
        { "c8 01", 2 + 8 + 12 },
        { "d0 00 01", 3 + 13 },
        { "d0 ff 01", 3 + 268 },
        { "e0 00 00 01", 4 + 269 },
        { "e0 ff ff 01", 4 + 65804 },
        { "f0 00 00 00 00 01", 6 + 65805 },
        { "f0 ff ff ff ff 01", 6 + 65805 + 4294967295ULL },
        { "0c 01", 2 + 12 },                    /* RFC 8974 */
        { "0d 01 00", 3 + 13 },
        { "0d 01 ff", 3 + 268 },
        { "0e 01 00 00", 4 + 269 },
        { "0e 01 ff ff", 4 + 65804 },
        { "fe ff ff ff ff 01 ff ff",
          8 + 65804 + 65805 + 4294967295ULL },
    };

    (void) state;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {

        len = test_hex(sizes[i].hex, data);

        for (k = 0; k < len; k++) {
            assert_int_equal(test_size(data, k, &size), DOTS_DECLINED);
        }

        assert_int_equal(test_size(data, len, &size), DOTS_OK);
        assert_true(size == sizes[i].size);
    }

    /* RFC 8974 section 2.1: 15 MUST be processed as a format error */

    for (i = 0; i < 16; i++) {
        data[0] = (uint8_t) (i << 4 | 15);
        assert_int_equal(test_size(data, 1, &size), DOTS_INVALID);
    }
}


/* What is written is what is read, around every border of Len and TKL. */

static void
test_tcp_round(void **state)
{
    size_t                i, k, len;
    uint8_t              *buf, *payload;
    uint64_t              size;
    dots_coap_message_t   m, read;

    static const size_t  payloads[] = { 0, 1, 8, 9, 11, 12, 263, 264, 267, 268,
                                        269, 65799, 65800, 65804 };
    static const size_t  tokens[] = { 0, 1, 8, 12, 13, 64 };

    (void) state;

    buf = malloc(TEST_SIZE);
    payload = malloc(TEST_SIZE);
    assert_non_null(buf);
    assert_non_null(payload);
    memset(payload, 'p', TEST_SIZE);

    for (i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        for (k = 0; k < sizeof(tokens) / sizeof(tokens[0]); k++) {

            dots_coap_init(&m);
            m.code = dots_coap_code(2, 5);
            m.content_format = DOTS_COAP_FORMAT_DOTS;
            m.token_len = tokens[k];
            memset(m.token, 't', tokens[k]);
            m.payload = dots_str(payload, payloads[i]);

            assert_int_equal(dots_coap_tcp_write(&m, buf, TEST_SIZE, &len),
                             DOTS_OK);
            assert_int_equal(dots_coap_tcp_size(buf, len, &size), DOTS_OK);
            assert_true(size == len);
            assert_int_equal(dots_coap_tcp_code(buf), m.code);

            assert_int_equal(dots_coap_tcp_parse(&read, buf, len), DOTS_OK);
            assert_int_equal(read.code, m.code);
            assert_int_equal(read.content_format, m.content_format);
            assert_int_equal(read.token_len, m.token_len);
            assert_memory_equal(read.token, m.token, m.token_len);
            assert_int_equal(read.payload.len, m.payload.len);

            /* one byte less or more is another message */

            assert_int_equal(dots_coap_tcp_parse(&read, buf, len - 1),
                             DOTS_INVALID);
            assert_int_equal(dots_coap_tcp_parse(&read, buf, len + 1),
                             DOTS_INVALID);

            assert_int_equal(dots_coap_tcp_write(&m, buf, len - 1, &len),
                             DOTS_FULL);
        }
    }

    free(payload);
    free(buf);
}


static void
test_tcp_malformed(void **state)
{
    size_t               i, len;
    uint8_t              data[600];
    dots_coap_message_t  m;

    static const char *const  bad[] = {
        "", "00", "01 01",
        "01 00 aa",             /* Empty with a token, RFC 7252 4.1 */
        "10 00 ff",
        "10 01 ff",             /* marker without payload */
        "10 01 f0",             /* reserved delta */
        "20 01 b4 61",          /* an option is cut */
        "0f 01",
        "0d 01",
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        len = test_hex(bad[i], data);
        assert_int_equal(dots_coap_tcp_parse(&m, data, len), DOTS_INVALID);
    }

    /* a token longer than what we say we take: RFC 8974 section 2.2.1 */

    memset(data, 0, sizeof(data));
    data[0] = 0x0d;
    data[1] = DOTS_COAP_GET;
    data[2] = DOTS_COAP_TOKEN - 13;
    assert_int_equal(dots_coap_tcp_parse(&m, data, 3 + DOTS_COAP_TOKEN),
                     DOTS_OK);
    data[2]++;
    assert_int_equal(dots_coap_tcp_parse(&m, data, 4 + DOTS_COAP_TOKEN),
                     DOTS_INVALID);

    len = test_hex("00 00", data);
    assert_int_equal(dots_coap_tcp_parse(&m, data, len), DOTS_OK);
}


/* ---- signalling messages ---- */

static void
test_tcp_signal(dots_coap_tcp_signal_t *sig, const char *hex, int rc)
{
    size_t          len;
    static uint8_t  data[600];

    len = test_hex(hex, data);
    assert_int_equal(dots_coap_tcp_signal_parse(sig, data, len), rc);
}


static void
test_tcp_signals(void **state)
{
    dots_coap_tcp_signal_t  sig;

    (void) state;

    /* Figure 11 */
    test_tcp_signal(&sig, "01 e2 42", DOTS_OK);
    assert_int_equal(sig.code, DOTS_COAP_PING);
    assert_int_equal(sig.token_len, 1);
    assert_int_equal(sig.token[0], 0x42);
    assert_int_equal(sig.custody, -1);

    /* all of a CSM, and an elective option that nobody knows */
    test_tcp_signal(&sig, "80 e1 22 40 00 20 22 12 34 20", DOTS_OK);
    assert_int_equal(sig.max_message_size, 0x4000);
    assert_int_equal(sig.block_wise_transfer, 0);
    assert_int_equal(sig.extended_token_length, 0x1234);
    assert_int_equal(sig.bad_option, 0);
    assert_int_equal(sig.custody, -1);

    /* numbers belong to their code: 2 in a Ping is Custody */
    test_tcp_signal(&sig, "10 e2 20", DOTS_OK);
    assert_int_equal(sig.custody, 0);
    assert_int_equal(sig.max_message_size, -1);

    test_tcp_signal(&sig, "70 e4 23 61 3a 31 22 01 2c", DOTS_OK);
    assert_int_equal(sig.alternative.len, 3);
    assert_memory_equal(sig.alternative.data, "a:1", 3);
    assert_int_equal(sig.hold_off, 300);

    test_tcp_signal(&sig, "50 e5 21 09 ff 6e 6f", DOTS_OK);
    assert_int_equal(sig.bad_csm_option, 9);
    assert_int_equal(sig.payload.len, 2);

    /* the first critical one is reported; of a code without options, too */
    test_tcp_signal(&sig, "30 e1 10 20 60", DOTS_OK);
    assert_int_equal(sig.bad_option, 1);
    test_tcp_signal(&sig, "10 ff 90", DOTS_OK);
    assert_int_equal(sig.bad_option, 9);

    /* too long is unknown, and elective; of a repeated one the first counts */
    test_tcp_signal(&sig, "60 e1 25 01 00 00 00 00", DOTS_OK);
    assert_int_equal(sig.max_message_size, -1);
    test_tcp_signal(&sig, "40 e1 21 80 01 81", DOTS_OK);
    assert_int_equal(sig.max_message_size, 0x80);
    test_tcp_signal(&sig, "20 e2 21 00", DOTS_OK);
    assert_int_equal(sig.custody, -1);

    test_tcp_signal(&sig, "10 e1 f0", DOTS_INVALID);
    test_tcp_signal(&sig, "10 e1 ff", DOTS_INVALID);
    test_tcp_signal(&sig, "20 e1 ff", DOTS_INVALID);
}


static void
test_tcp_signal_write(void **state)
{
    size_t                  i, len, want;
    uint8_t                 buf[64], expected[64];
    dots_coap_tcp_signal_t  sig;

    (void) state;

    dots_coap_tcp_signal_init(&sig, DOTS_COAP_CSM);
    sig.max_message_size = 0x4000;
    sig.extended_token_length = 64;
    sig.custody = 0;                    /* none of a CSM's */

    want = test_hex("50 e1 22 40 00 41 40", expected);
    assert_int_equal(dots_coap_tcp_signal_write(&sig, buf, sizeof(buf), &len),
                     DOTS_OK);
    assert_int_equal(len, want);
    assert_memory_equal(buf, expected, want);

    dots_coap_tcp_signal_init(&sig, DOTS_COAP_ABORT);
    sig.bad_csm_option = 2;
    sig.token_len = 1;
    sig.token[0] = 0x42;
    sig.payload = dots_str("no", 2);

    want = test_hex("51 e5 42 21 02 ff 6e 6f", expected);

    for (i = 0; i < want; i++) {
        assert_int_equal(dots_coap_tcp_signal_write(&sig, buf, i, &len),
                         DOTS_FULL);
    }

    assert_int_equal(dots_coap_tcp_signal_write(&sig, buf, want, &len),
                     DOTS_OK);
    assert_int_equal(len, want);
    assert_memory_equal(buf, expected, want);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_tcp_sizes),
        cmocka_unit_test(test_tcp_round),
        cmocka_unit_test(test_tcp_malformed),
        cmocka_unit_test(test_tcp_signals),
        cmocka_unit_test(test_tcp_signal_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
