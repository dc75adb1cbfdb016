/*
 * What OpenSSL's DTLSv1_listen() makes of a datagram, to compare with: nothing,
 * a HelloVerifyRequest, or a hello with a valid cookie.  A cookie is valid if
 * it is REFERENCE_COOKIE.
 */

#ifndef REFERENCE_HELLO_H
#define REFERENCE_HELLO_H

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "dots_hello.h"

#define REFERENCE_COOKIE "0123456789abcdef0123456789abcdef"

typedef enum {
    REFERENCE_SILENCE,
    REFERENCE_VERIFY,
    REFERENCE_VALID
} reference_hello_t;

typedef struct {
    const uint8_t  *data;
    size_t          len;
    uint8_t         out[DOTS_HELLO_VERIFY];
    size_t          out_len;
} reference_io_t;


static reference_io_t  reference_io;


static int
reference_read(BIO *bio, char *buf, int size)
{
    size_t  n;

    BIO_clear_retry_flags(bio);

    if (reference_io.len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }

    n = reference_io.len < (size_t) size ? reference_io.len : (size_t) size;

    memcpy(buf, reference_io.data, n);
    reference_io.len = 0;

    return (int) n;
}


static int
reference_write(BIO *bio, const char *buf, int size)
{
    BIO_clear_retry_flags(bio);

    if ((size_t) size > sizeof(reference_io.out)) {
        abort();
    }

    memcpy(reference_io.out, buf, (size_t) size);
    reference_io.out_len = (size_t) size;

    return size;
}


static long
reference_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
    (void) bio;
    (void) num;
    (void) ptr;

    return cmd == BIO_CTRL_FLUSH;
}


static int
reference_create(BIO *bio)
{
    BIO_set_init(bio, 1);

    return 1;
}


static int
reference_generate(SSL *ssl, unsigned char *cookie, unsigned int *len)
{
    (void) ssl;

    *len = sizeof(REFERENCE_COOKIE) - 1;
    memcpy(cookie, REFERENCE_COOKIE, *len);

    return 1;
}


static int
reference_check(SSL *ssl, const unsigned char *cookie, unsigned int len)
{
    (void) ssl;

    return len == sizeof(REFERENCE_COOKIE) - 1
           && memcmp(cookie, REFERENCE_COOKIE, len) == 0;
}


static void
reference_init(SSL_CTX **made, BIO_METHOD **made_method)
{
    SSL_CTX     *ctx;
    BIO_METHOD  *method;

    ctx = SSL_CTX_new(DTLS_server_method());
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "bytes");

    if (ctx == NULL || method == NULL) {
        abort();
    }

    BIO_meth_set_create(method, reference_create);
    BIO_meth_set_read(method, reference_read);
    BIO_meth_set_write(method, reference_write);
    BIO_meth_set_ctrl(method, reference_ctrl);

    SSL_CTX_set_cookie_generate_cb(ctx, reference_generate);
    SSL_CTX_set_cookie_verify_cb(ctx, reference_check);

    *made = ctx;
    *made_method = method;
}


static SSL *
reference_server(void)
{
    BIO                *bio;
    SSL                *ssl;
    static SSL_CTX     *ctx;
    static BIO_METHOD  *method;

    if (ctx == NULL) {
        reference_init(&ctx, &method);
    }

    ssl = SSL_new(ctx);
    bio = BIO_new(method);

    if (ssl == NULL || bio == NULL) {
        abort();
    }

    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);

    return ssl;
}


/* The answer is in reference_io. */

static reference_hello_t
reference_hello(const uint8_t *data, size_t len)
{
    int          rc;
    BIO_ADDR    *addr;
    static SSL  *ssl;

    if (ssl == NULL) {
        ssl = reference_server();
    }

    addr = BIO_ADDR_new();

    if (addr == NULL) {
        abort();
    }

    reference_io.data = data;
    reference_io.len = len;
    reference_io.out_len = 0;

    rc = DTLSv1_listen(ssl, addr);

    BIO_ADDR_free(addr);
    ERR_clear_error();

    if (rc == 1) {

        /* the hello stays inside: this object is used up */

        SSL_free(ssl);
        ssl = NULL;

        return REFERENCE_VALID;
    }

    return reference_io.out_len ? REFERENCE_VERIFY : REFERENCE_SILENCE;
}


/* Older ones take a hello with message_seq 2, too. */

static int
reference_older(const uint8_t *data, size_t len)
{
    return len > 18 && data[17] == 0 && data[18] == 2;
}


/* Nonzero if ours decides and answers as OpenSSL does. */

static int
reference_agrees(const uint8_t *data, size_t len)
{
    size_t             n;
    uint8_t            buf[DOTS_HELLO_VERIFY];
    dots_hello_t       hello;
    dots_str_t         cookie = dots_string(REFERENCE_COOKIE);
    reference_hello_t  expected;

    expected = reference_hello(data, len);

    if (dots_hello_read(&hello, data, len) != DOTS_OK) {
        return expected == REFERENCE_SILENCE || reference_older(data, len);
    }

    if (dots_str_eq(hello.cookie, cookie)) {
        return expected == REFERENCE_VALID;
    }

    n = dots_hello_verify(&hello, cookie, buf);

    return expected == REFERENCE_VERIFY && n <= len
           && n == reference_io.out_len
           && memcmp(buf, reference_io.out, n) == 0;
}

#endif /* REFERENCE_HELLO_H */
