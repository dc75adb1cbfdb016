/*
 * ClientHello and HelloVerifyRequest, RFC 6347 section 4.2.1: nothing is
 * answered that OpenSSL would not answer, and with the same bytes.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dots_hello.h"
#include "../fuzz/reference_hello.h"


#define HELLO_SEQUENCE 3    /* offsets: of the record's epoch, its length, */
#define HELLO_LENGTH   11   /* the message's length, number, fragment, */
#define HELLO_MESSAGE  14
#define HELLO_NUMBER   17
#define HELLO_FRAGMENT 22
#define HELLO_SESSION  59   /* and of session_id, which is empty */
#define HELLO_MAX      2048


static uint8_t  hello[HELLO_MAX];
static size_t   hello_len;


/* The first hello of OpenSSL's client. */

static int
setup(void **state)
{
    int       n;
    BIO      *in, *out;
    SSL      *ssl;
    SSL_CTX  *ctx;

    (void) state;

    ctx = SSL_CTX_new(DTLS_client_method());
    assert_non_null(ctx);

    ssl = SSL_new(ctx);
    in = BIO_new(BIO_s_mem());
    out = BIO_new(BIO_s_mem());
    assert_non_null(ssl);

    SSL_set_bio(ssl, in, out);
    SSL_set_options(ssl, SSL_OP_NO_QUERY_MTU);
    assert_true(DTLS_set_link_mtu(ssl, 1280));
    SSL_set_connect_state(ssl);
    (void) SSL_do_handshake(ssl);

    n = BIO_read(out, hello, sizeof(hello));
    assert_in_range(n, 100, 1000);
    assert_int_equal(hello[HELLO_SESSION], 0);

    hello_len = (size_t) n;

    SSL_free(ssl);
    SSL_CTX_free(ctx);

    return 0;
}


/* In memory of the exact size, for ASan. */

static void
agrees(const uint8_t *data, size_t len)
{
    int       ok;
    uint8_t  *copy;

    copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, data, len);

    ok = reference_agrees(copy, len);
    free(copy);

    assert_true(ok);
}


/* Adds n to a number of two bytes in the hello. */

static void
add(uint8_t *data, size_t offset, size_t n)
{
    n += (size_t) data[offset] << 8 | data[offset + 1];

    data[offset] = (uint8_t) (n >> 8);
    data[offset + 1] = (uint8_t) n;
}


/* The second hello: the cookie stands after session_id. */

static size_t
with_cookie(uint8_t *data, const void *cookie, size_t len)
{
    size_t  at;

    at = HELLO_SESSION + 1;

    memcpy(data, hello, hello_len);
    data[at] = (uint8_t) len;
    memcpy(data + at + 1, cookie, len);
    memcpy(data + at + 1 + len, hello + at + 1, hello_len - at - 1);

    add(data, HELLO_LENGTH, len);
    add(data, HELLO_MESSAGE + 1, len);
    add(data, HELLO_FRAGMENT + 1, len);

    return hello_len + len;
}


static void
test_verify(void **state)
{
    size_t        n;
    uint8_t       buf[DOTS_HELLO_VERIFY], data[HELLO_MAX];
    dots_hello_t  h;
    dots_str_t    cookie = dots_string("AB");

    static const uint8_t  expected[] = {
        22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0, 17,
        3, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 5, 0xfe, 0xff, 2, 'A', 'B'
    };

    (void) state;

    memcpy(data, hello, hello_len);
    data[HELLO_SEQUENCE + 6] = 0x12;
    data[HELLO_SEQUENCE + 7] = 0x34;

    assert_int_equal(dots_hello_read(&h, data, hello_len), DOTS_OK);
    assert_int_equal(h.cookie.len, 0);

    n = dots_hello_verify(&h, cookie, buf);

    assert_int_equal(n, sizeof(expected));
    assert_memory_equal(buf, expected, n);
}


static void
test_cookie(void **state)
{
    size_t        n;
    uint8_t       data[HELLO_MAX], cookie[DOTS_HELLO_COOKIE] = { 1 };
    dots_hello_t  h;

    (void) state;

    n = with_cookie(data, REFERENCE_COOKIE, sizeof(REFERENCE_COOKIE) - 1);

    assert_int_equal(dots_hello_read(&h, data, n), DOTS_OK);
    assert_int_equal(h.cookie.len, sizeof(REFERENCE_COOKIE) - 1);
    assert_memory_equal(h.cookie.data, REFERENCE_COOKIE, h.cookie.len);
    assert_int_equal(reference_hello(data, n), REFERENCE_VALID);
    agrees(data, n);

    n = with_cookie(data, cookie, sizeof(cookie));

    assert_int_equal(dots_hello_read(&h, data, n), DOTS_OK);
    assert_int_equal(h.cookie.len, sizeof(cookie));
    assert_int_equal(reference_hello(data, n), REFERENCE_VERIFY);
    agrees(data, n);
}


/* Section 4.2.2: the hello comes in one piece, alone in its record. */

static void
test_refused(void **state)
{
    size_t        i;
    uint8_t       data[HELLO_MAX];
    dots_hello_t  h;

    static const struct {
        size_t   offset;
        uint8_t  value;
    } cases[] = {
        { 0, 23 },                      /* no handshake */
        { 1, 3 },                       /* no DTLS */
        { HELLO_SEQUENCE + 1, 1 },      /* another epoch */
        { HELLO_LENGTH + 1, 1 },        /* not the record's length */
        { 13, 2 },                      /* no ClientHello */
        { HELLO_MESSAGE, 1 },           /* a fragment: longer than the record */
        { HELLO_NUMBER + 1, 3 },        /* not the first messages */
        { 21, 1 },                      /* not the first fragment */
        { HELLO_FRAGMENT + 2, 1 },      /* not the record's rest */
        { HELLO_SESSION, 255 }          /* no room for a cookie */
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memcpy(data, hello, hello_len);
        data[cases[i].offset] = cases[i].value;

        agrees(data, hello_len);

        /* a first fragment with the cookie in it is no worse than a hello */

        assert_int_equal(dots_hello_read(&h, data, hello_len),
                         cases[i].offset == HELLO_MESSAGE ? DOTS_OK
                                                          : DOTS_INVALID);
    }
}


static void
test_mutations(void **state)
{
    int      value;
    size_t   i, n;
    uint8_t  data[HELLO_MAX];

    (void) state;

    n = with_cookie(data, REFERENCE_COOKIE, sizeof(REFERENCE_COOKIE) - 1);

    for (i = 0; i < 110 && i < hello_len; i++) {

        for (value = 0; value < 256; value += (i < 30 ? 1 : 5)) {
            memcpy(data, hello, hello_len);
            data[i] = (uint8_t) value;
            agrees(data, hello_len);
        }
    }

    n = with_cookie(data, REFERENCE_COOKIE, sizeof(REFERENCE_COOKIE) - 1);

    for (i = 0; i < n; i++) {
        data[i] ^= 1;
        agrees(data, n);
        data[i] ^= 1;
    }
}


/* Cut anywhere, with or without headers that say so; and with more behind. */

static void
test_lengths(void **state)
{
    size_t   i, n, cut;
    uint8_t  data[HELLO_MAX], *large;

    (void) state;

    n = with_cookie(data, REFERENCE_COOKIE, sizeof(REFERENCE_COOKIE) - 1);

    for (i = 0; i <= n; i++) {
        agrees(data, i);
    }

    for (cut = 0; cut < hello_len - 30; cut++) {
        memcpy(data, hello, hello_len);
        add(data, HELLO_LENGTH, 65536 - cut);
        add(data, HELLO_FRAGMENT + 1, 65536 - cut);
        agrees(data, hello_len - cut);
        agrees(data, hello_len);
    }

    /* a record of the greatest length, and one beyond it */

    large = calloc(1, 65535);
    assert_non_null(large);

    for (i = 16380; i < 16390; i++) {
        memcpy(large, hello, hello_len);
        add(large, HELLO_LENGTH, i - (hello_len - 13));
        add(large, HELLO_MESSAGE + 1, i - (hello_len - 13));
        add(large, HELLO_FRAGMENT + 1, i - (hello_len - 13));
        agrees(large, i + 13);
        agrees(large, 65535);
    }

    free(large);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_verify),
        cmocka_unit_test(test_cookie),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_lengths)
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
