/*
 * The CoAP codec, by bytes written by hand (RFC 7252 sections 3 and 5.4, RFC
 * 7641, RFC 7959).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <coap3/coap.h>

#include "dots_coap.h"


#define TEST_SIZE 2048


/* The parser gets a heap copy of the exact size: ASan sees any step beyond. */

typedef struct {
    uint8_t             *data;
    size_t               len;
    int                  rc;
    int                  header;
    dots_coap_message_t  m;
} test_parse_t;


static size_t
test_hex(const char *hex, uint8_t *buf, size_t size)
{
    int       n;
    size_t    len;
    unsigned  byte;

    len = 0;

    while (sscanf(hex, " %2x%n", &byte, &n) == 1) {
        assert_true(len < size);
        buf[len++] = (uint8_t) byte;
        hex += n;
    }

    return len;
}


static void
test_parse_bytes(test_parse_t *t, const uint8_t *data, size_t len)
{
    t->data = malloc(len ? len : 1);
    assert_non_null(t->data);

    memcpy(t->data, data, len);
    t->len = len;
    t->rc = dots_coap_parse(&t->m, t->data, len, &t->header);
}


static void
test_parse(test_parse_t *t, const char *hex)
{
    size_t   len;
    uint8_t  buf[TEST_SIZE];

    len = test_hex(hex, buf, sizeof(buf));
    test_parse_bytes(t, buf, len);
}


static void
test_refused(const char *hex, int header)
{
    test_parse_t  t;

    test_parse(&t, hex);

    assert_int_equal(t.rc, DOTS_INVALID);
    assert_int_equal(t.header, header);

    free(t.data);
}


/* Parses "hex" and expects the first bad critical option to be "option". */

static void
test_bad_option(const char *hex, uint16_t option)
{
    test_parse_t  t;

    test_parse(&t, hex);

    assert_int_equal(t.rc, DOTS_OK);
    assert_int_equal(t.m.bad_option, option);

    free(t.data);
}


static void
test_str(dots_str_t s, const char *text)
{
    assert_int_equal(s.len, strlen(text));
    assert_memory_equal(s.data, text, s.len);
}


/* RFC 7252 section 3, Figure 7 */

static void
test_coap_header(void **state)
{
    test_parse_t  t;

    (void) state;

    test_parse(&t, "40 01 7d 34");
    assert_int_equal(t.rc, DOTS_OK);
    assert_int_equal(t.m.type, DOTS_COAP_CON);
    assert_int_equal(t.m.code, DOTS_COAP_GET);
    assert_int_equal(t.m.id, 0x7d34);
    assert_int_equal(t.m.token_len, 0);
    assert_int_equal(t.m.npath, 0);
    assert_int_equal(t.m.payload.len, 0);
    assert_int_equal(t.m.content_format, -1);
    assert_int_equal(t.m.accept, -1);
    assert_int_equal(t.m.observe, -1);
    assert_int_equal(t.m.max_age, -1);
    assert_int_equal(t.m.block2, -1);
    free(t.data);

    test_parse(&t, "58 03 00 01 01 02 03 04 05 06 07 08");
    assert_int_equal(t.rc, DOTS_OK);
    assert_int_equal(t.m.type, DOTS_COAP_NON);
    assert_int_equal(t.m.code, DOTS_COAP_PUT);
    assert_int_equal(t.m.token_len, 8);
    assert_memory_equal(t.m.token, "\1\2\3\4\5\6\7\10", 8);
    free(t.data);

    test_parse(&t, "60 45 ff fe");
    assert_int_equal(t.rc, DOTS_OK);
    assert_int_equal(t.m.type, DOTS_COAP_ACK);
    assert_int_equal(t.m.code, dots_coap_code(2, 5));
    assert_int_equal(t.m.id, 0xfffe);
    free(t.data);
}


/* RFC 9132 Figure 5, each option in its shortest form */

static void
test_coap_request(void **state)
{
    test_parse_t  t;

    (void) state;

    test_parse(&t, "51 03 12 34 aa"
                   "bb 2e 77 65 6c 6c 2d 6b 6e 6f 77 6e"   /* .well-known */
                   "04 64 6f 74 73"                         /* dots */
                   "08 6d 69 74 69 67 61 74 65"             /* mitigate */
                   "0d 0e 63 75 69 64 3d 64 7a 36 70 48 6a 61 41 44 6b 61 46 54"
                      "62 6a 72 30 4a 47 42 70 77"             /* cuid=... */
                   "12 01 0f"                               /* 271 */
                   "33 63 3d 6e"                            /* c=n */
                   "22 01 0f"                               /* Accept 271 */
                   "60"                                     /* Block2 0 */
                   "ff a1 01");

    assert_int_equal(t.rc, DOTS_OK);
    assert_int_equal(t.m.npath, 4);
    test_str(t.m.path[0], ".well-known");
    test_str(t.m.path[1], "dots");
    test_str(t.m.path[2], "mitigate");
    test_str(t.m.path[3], "cuid=dz6pHjaADkaFTbjr0JGBpw");
    assert_int_equal(t.m.content_format, 271);
    assert_int_equal(t.m.nquery, 1);
    test_str(t.m.query[0], "c=n");
    assert_int_equal(t.m.accept, 271);
    assert_int_equal(t.m.block2, 0);
    assert_int_equal(t.m.bad_option, 0);
    assert_int_equal(t.m.payload.len, 2);
    assert_memory_equal(t.m.payload.data, "\xa1\x01", 2);

    /* slices point into the datagram */
    assert_ptr_equal(t.m.payload.data, t.data + t.len - 2);
    assert_ptr_equal(t.m.path[0].data, t.data + 6);

    free(t.data);
}


/* RFC 7252 section 3: no version 1, no header, nothing to answer */

static void
test_coap_no_header(void **state)
{
    (void) state;

    test_refused("", 0);
    test_refused("40", 0);
    test_refused("40 01 00", 0);
    test_refused("00 01 00 01", 0);
    test_refused("80 01 00 01", 0);
    test_refused("c0 01 00 01", 0);
}


/* message format errors: RFC 7252 sections 3, 3.1 and 4.1 */

static void
test_coap_malformed(void **state)
{
    test_parse_t  t;

    (void) state;

    test_refused("4f 01 00 01 0102030405060708090a0b0c0d0e0f", 1);
    test_refused("44 01 00 01 01 02 03", 1);    /* the token is cut */
    test_refused("4c 01 00 01 0102030405060708090a0b", 1);
    test_refused("4d 01 00 01", 1);             /* its length is */
    test_refused("4d 01 00 01 00 0102030405060708090a0b0c", 1);
    test_refused("4e 01 00 01 00", 1);
    test_refused("4e 01 00 01 ff ff 01", 1);
    test_refused("40 00 00 01 00", 1);          /* Empty, but more follows */
    test_refused("41 00 00 01 00", 1);
    test_refused("41 00 00 01", 1);
    test_refused("40 01 00 01 ff", 1);          /* marker without payload */
    test_refused("40 01 00 01 b4 61 62", 1);    /* the value is cut */
    test_refused("40 01 00 01 f0", 1);          /* delta 15 */
    test_refused("40 01 00 01 bf 61", 1);       /* length 15 */
    test_refused("40 01 00 01 d0", 1);          /* extended delta is cut */
    test_refused("40 01 00 01 e0", 1);
    test_refused("40 01 00 01 e0 00", 1);
    test_refused("40 01 00 01 bd", 1);          /* extended length is cut */
    test_refused("40 01 00 01 be 00", 1);
    test_refused("40 01 00 01 be ff ff 61", 1);

    /* numbers beyond 65535, by one delta (which wraps) and by two */
    test_refused("40 01 00 01 e0 fe f3", 1);
    test_refused("40 01 00 01 e0 ff ff", 1);
    test_refused("40 01 00 01 e0 fe f2 10", 1);

    test_parse(&t, "7f 01 ab cd");
    assert_int_equal(t.rc, DOTS_INVALID);
    assert_int_equal(t.header, 1);
    assert_int_equal(t.m.type, DOTS_COAP_RST);
    assert_int_equal(t.m.id, 0xabcd);
    assert_int_equal(t.m.token_len, 0);
    free(t.data);
}


/* RFC 8974 section 2.1: tokens of any length, and what we keep of them */

static void
test_coap_tokens(void **state)
{
    size_t               i, k, len, rest;
    uint8_t              data[512], buf[512];
    int                  header;
    dots_coap_message_t  m, out;

    static const size_t  lengths[] = { 0, 8, 9, 12, 13, 14, 63, 64, 65, 268,
                                       269, 270, 400 };

    (void) state;

    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {

        dots_writer_t  w = { data, data + sizeof(data), 0 };
        uint8_t        token[400];

        for (k = 0; k < sizeof(token); k++) {
            token[k] = (uint8_t) k;
        }

        dots_write_u8(&w, (uint8_t) (0x40 | dots_coap_tkl(lengths[i])));
        dots_write_u8(&w, DOTS_COAP_GET);
        dots_write_u16(&w, 0x1234);
        rest = (size_t) (w.pos - data);
        dots_coap_write_token(&w, token, lengths[i]);
        dots_write_bytes(&w, "\xb1" "a", 2);
        len = (size_t) (w.pos - data);

        assert_int_equal(dots_coap_parse(&m, data, len, &header), DOTS_OK);
        assert_int_equal(m.npath, 1);

        if (lengths[i] > DOTS_COAP_TOKEN) {
            assert_int_equal(m.token_len, 0);
            assert_int_equal(m.long_token.len, len - 2 - rest);
            assert_memory_equal(m.long_token.data, data + rest,
                                m.long_token.len);
            continue;
        }

        assert_int_equal(m.long_token.len, 0);
        assert_int_equal(m.token_len, lengths[i]);
        assert_memory_equal(m.token, token, lengths[i]);

        dots_coap_init(&out);
        out.code = DOTS_COAP_GET;
        out.id = 0x1234;
        out.token_len = m.token_len;
        memcpy(out.token, m.token, m.token_len);

        assert_int_equal(dots_coap_write(&out, buf, sizeof(buf), &k), DOTS_OK);
        assert_int_equal(k, len - 2);
        assert_memory_equal(buf, data, k);
    }
}


/* The largest number and both extended lengths parse. */

static void
test_coap_extended(void **state)
{
    size_t        len;
    uint8_t       buf[TEST_SIZE];
    test_parse_t  t;

    (void) state;

    test_bad_option("40 01 00 01 e0 fe f2", 65535);
    test_bad_option("40 01 00 01 e0 fe f1", 0);     /* 65534: elective */

    /* Uri-Path of 255 bytes: 13 + 242 */
    len = test_hex("40 01 00 01 bd f2", buf, sizeof(buf));
    memset(buf + len, 'a', 255);
    test_parse_bytes(&t, buf, len + 255);
    assert_int_equal(t.rc, DOTS_OK);
    assert_int_equal(t.m.bad_option, 0);
    assert_int_equal(t.m.path[0].len, 255);
    free(t.data);

    /* of 256 bytes: too long for the option, not for the message */
    len = test_hex("40 01 00 01 bd f3", buf, sizeof(buf));
    memset(buf + len, 'a', 256);
    test_parse_bytes(&t, buf, len + 256);
    assert_int_equal(t.rc, DOTS_OK);
    assert_int_equal(t.m.bad_option, 11);
    assert_int_equal(t.m.npath, 0);
    free(t.data);

    /* Proxy-Uri of 300 bytes: 269 + 31 */
    len = test_hex("40 01 00 01 de 16 00 1f", buf, sizeof(buf));
    memset(buf + len, 'a', 300);
    test_parse_bytes(&t, buf, len + 300);
    assert_int_equal(t.rc, DOTS_OK);
    assert_int_equal(t.m.bad_option, 0);
    assert_int_equal(t.m.proxy, 1);
    free(t.data);
}


/* RFC 7252 sections 5.4.1, 5.4.3, 5.4.5 and 5.4.6 */

static void
test_coap_options(void **state)
{
    test_parse_t  t;

    (void) state;

    /* unknown: critical by an odd number */
    test_bad_option("40 01 00 01 90", 9);
    test_bad_option("40 01 00 01 80", 0);
    test_bad_option("40 01 00 01 90 20", 9);        /* the first of two */

    /* known, but not served */
    test_bad_option("40 03 00 01 50", 5);           /* If-None-Match */
    test_bad_option("40 01 00 01 d0 06", 19);       /* Q-Block1 */
    test_bad_option("40 01 00 01 d0 12", 31);       /* Q-Block2, of go-dots */

    /* served or ignored */
    test_bad_option("40 01 00 01 31 61", 0);        /* Uri-Host */
    test_bad_option("40 01 00 01 72 12 34", 0);     /* Uri-Port */
    test_bad_option("40 01 00 01 41 61", 0);        /* ETag */
    test_bad_option("40 01 00 01 d1 03 10", 0);     /* Hop-Limit, RFC 8768 */

    /* lengths out of range: critical */
    test_bad_option("40 01 00 01 30", 3);           /* Uri-Host, empty */
    test_bad_option("40 01 00 01 73 01 02 03", 7);  /* Uri-Port, 3 bytes */
    test_bad_option("40 01 00 01 d3 04 01 02 03", 17);    /* Accept */
    test_bad_option("40 01 00 01 d4 0a 01 02 03 04", 23); /* Block2 */
    test_bad_option("40 01 00 01 19 01 02 03 04 05 06 07 08 09", 1);

    /* lengths out of range: elective, ignored */
    test_parse(&t, "40 01 00 01 64 00 00 00 00 63 00 01 0f");
    assert_int_equal(t.rc, DOTS_OK);
    assert_int_equal(t.m.bad_option, 0);
    assert_int_equal(t.m.observe, -1);
    assert_int_equal(t.m.content_format, -1);
    free(t.data);

    /* repeated: critical */
    test_bad_option("40 01 00 01 31 61 01 61", 3);
    test_bad_option("40 01 00 01 d1 04 32 01 32", 17);

    /* repeated: elective, the first stands */
    test_parse(&t, "40 01 00 01 c1 32 01 2a");
    assert_int_equal(t.rc, DOTS_OK);
    assert_int_equal(t.m.bad_option, 0);
    assert_int_equal(t.m.content_format, 50);
    free(t.data);

    /* repeatable */
    test_bad_option("40 01 00 01 11 61 01 62", 0);
}


/* RFC 7252 section 3.2: integers, shortest and with leading zeros */

static void
test_coap_values(void **state)
{
    test_parse_t  t;

    (void) state;

    test_parse(&t, "40 01 00 01 60 60 24 00 01 51 80 33 01 02 03"
                   "63 00 01 02");
    assert_int_equal(t.rc, DOTS_OK);
    assert_int_equal(t.m.observe, 0);
    assert_int_equal(t.m.content_format, 0);
    assert_int_equal(t.m.max_age, 86400);
    assert_int_equal(t.m.bad_option, 17);
    assert_int_equal(t.m.block2, 0x000102);
    free(t.data);

    test_parse(&t, "40 01 00 01 10");
    assert_int_equal(t.m.if_match, 1);
    assert_int_equal(t.m.if_match_empty, 1);
    free(t.data);

    test_parse(&t, "40 01 00 01 11 61");
    assert_int_equal(t.m.if_match, 1);
    assert_int_equal(t.m.if_match_empty, 0);
    free(t.data);

    test_parse(&t, "40 01 00 01 d4 1a 63 6f 61 70");
    assert_int_equal(t.m.proxy, 1);
    free(t.data);
}


/* More than fits is told, not cut silently. */

static void
test_coap_many(void **state)
{
    size_t        i, len;
    uint8_t       buf[TEST_SIZE];
    test_parse_t  t;

    (void) state;

    len = test_hex("40 01 00 01 b1 61", buf, sizeof(buf));

    for (i = 1; i <= DOTS_COAP_SEGMENTS; i++) {

        test_parse_bytes(&t, buf, len);
        assert_int_equal(t.rc, DOTS_OK);
        assert_int_equal(t.m.npath, i);
        assert_int_equal(t.m.too_many_segments, 0);
        free(t.data);

        len += test_hex("01 62", buf + len, sizeof(buf) - len);
    }

    test_parse_bytes(&t, buf, len);
    assert_int_equal(t.rc, DOTS_OK);
    assert_int_equal(t.m.npath, DOTS_COAP_SEGMENTS);
    assert_int_equal(t.m.too_many_segments, 1);
    free(t.data);

    len = test_hex("40 01 00 01 d1 02 61", buf, sizeof(buf));

    for (i = 0; i < DOTS_COAP_QUERIES; i++) {
        len += test_hex("01 62", buf + len, sizeof(buf) - len);
    }

    test_parse_bytes(&t, buf, len);
    assert_int_equal(t.rc, DOTS_OK);
    assert_int_equal(t.m.nquery, DOTS_COAP_QUERIES);
    assert_int_equal(t.m.too_many_queries, 1);
    free(t.data);
}


static void
test_coap_write(void **state)
{
    size_t               i, len, want;
    uint8_t              buf[64], expected[64];
    dots_coap_message_t  m;

    (void) state;

    /* an RST: the header alone */
    dots_coap_init(&m);
    m.type = DOTS_COAP_RST;
    m.id = 0xbeef;

    want = test_hex("70 00 be ef", expected, sizeof(expected));
    assert_int_equal(dots_coap_write(&m, buf, sizeof(buf), &len), DOTS_OK);
    assert_int_equal(len, want);
    assert_memory_equal(buf, expected, want);

    /* ACK 5.03, token, Observe 12, Content-Format 0, Max-Age 300, payload */
    dots_coap_init(&m);
    m.type = DOTS_COAP_ACK;
    m.code = dots_coap_code(5, 3);
    m.id = 0x0102;
    m.token_len = 2;
    memcpy(m.token, "\xaa\xbb", 2);
    m.observe = 12;
    m.content_format = 0;
    m.max_age = 300;
    m.payload = dots_str("hi", 2);

    want = test_hex("62 a3 01 02 aa bb 61 0c 60 22 01 2c ff 68 69", expected,
                    sizeof(expected));
    assert_int_equal(dots_coap_write(&m, buf, sizeof(buf), &len), DOTS_OK);
    assert_int_equal(len, want);
    assert_memory_equal(buf, expected, want);

    /* every smaller buffer is too small, the exact one is not */
    for (i = 0; i < want; i++) {
        assert_int_equal(dots_coap_write(&m, buf, i, &len), DOTS_FULL);
    }

    assert_int_equal(dots_coap_write(&m, buf, want, &len), DOTS_OK);

    /* no payload, no marker; 271 in two bytes */
    dots_coap_init(&m);
    m.type = DOTS_COAP_NON;
    m.code = dots_coap_code(2, 5);
    m.content_format = 271;

    want = test_hex("50 45 00 00 c2 01 0f", expected, sizeof(expected));
    assert_int_equal(dots_coap_write(&m, buf, sizeof(buf), &len), DOTS_OK);
    assert_int_equal(len, want);
    assert_memory_equal(buf, expected, want);
}


/* A peer's bytes make no log line: libcoap's stays below what it prints. */

static int  test_lines;

static void
test_log(coap_log_t level, const char *message)
{
    (void) level;
    (void) message;

    test_lines++;
}


static void
test_coap_silent(void **state)
{
    test_lines = 0;
    coap_set_log_handler(test_log);

    test_coap_malformed(state);
    test_coap_options(state);

    coap_set_log_handler(NULL);
    assert_int_equal(test_lines, 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_coap_header),
        cmocka_unit_test(test_coap_request),
        cmocka_unit_test(test_coap_no_header),
        cmocka_unit_test(test_coap_malformed),
        cmocka_unit_test(test_coap_tokens),
        cmocka_unit_test(test_coap_extended),
        cmocka_unit_test(test_coap_options),
        cmocka_unit_test(test_coap_values),
        cmocka_unit_test(test_coap_many),
        cmocka_unit_test(test_coap_write),
        cmocka_unit_test(test_coap_silent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
