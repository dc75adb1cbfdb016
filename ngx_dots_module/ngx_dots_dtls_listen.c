#include "ngx_dots_dtls.h"
#include "ngx_dots_limit.h"

#include "../model/dots_digest.h"
#include "../signal/dots_hello.h"


/* RFC 6347 sections 4.1 and 4.2.2 */

#define NGX_DOTS_DTLS_HANDSHAKE     22
#define NGX_DOTS_DTLS_CLIENT_HELLO  1
#define NGX_DOTS_DTLS_RECORD        13  /* bytes before a record's payload */
#define NGX_DOTS_DTLS_MESSAGE       12  /* bytes before a handshake's body */
#define NGX_DOTS_DTLS_VERSION       2   /* bytes before the Random */

/* RFC 5288 section 3, RFC 6655 section 3, RFC 7905: explicit nonce and tag */

#define NGX_DOTS_DTLS_OVERHEAD      24
#define NGX_DOTS_DTLS_OVERHEAD_LOW  16  /* no nonce, or a tag of 8 bytes */


static int ngx_dots_dtls_bio_create(BIO *bio);
static int ngx_dots_dtls_bio_read(BIO *bio, char *buf, int size);
static int ngx_dots_dtls_bio_write(BIO *bio, const char *buf, int size);
static long ngx_dots_dtls_bio_ctrl(BIO *bio, int cmd, long num, void *ptr);
static ngx_int_t ngx_dots_dtls_listener(ngx_dots_dtls_conf_t *conf);
static ngx_int_t ngx_dots_dtls_proved(ngx_connection_t *c, const u_char *data,
    size_t len);
static ngx_int_t ngx_dots_dtls_take(ngx_dots_dtls_conf_t *conf,
    ngx_connection_t *c, u_char *data, size_t len);
static size_t ngx_dots_dtls_overhead(SSL *ssl);


/* Of this process; made once, the objects that use it live until its end. */

static BIO_METHOD  *ngx_dots_dtls_bio;


/* ---- what a datagram is ---- */

ngx_uint_t
ngx_dots_dtls_is_record(const u_char *data, size_t len)
{
    return len > NGX_DOTS_DTLS_RECORD && data[1] == 0xfe;
}


ngx_uint_t
ngx_dots_dtls_is_hello(const u_char *data, size_t len)
{
    return len >= NGX_DOTS_DTLS_RECORD + NGX_DOTS_DTLS_MESSAGE
                  + NGX_DOTS_DTLS_VERSION + NGX_DOTS_DTLS_RANDOM
           && ngx_dots_dtls_is_record(data, len)
           && data[0] == NGX_DOTS_DTLS_HANDSHAKE
           && data[3] == 0 && data[4] == 0
           && data[NGX_DOTS_DTLS_RECORD] == NGX_DOTS_DTLS_CLIENT_HELLO;
}


const u_char *
ngx_dots_dtls_hello_random(const u_char *data)
{
    return data + NGX_DOTS_DTLS_RECORD + NGX_DOTS_DTLS_MESSAGE
           + NGX_DOTS_DTLS_VERSION;
}


uint64_t
ngx_dots_dtls_hello_hash(const u_char *data)
{
    return dots_digest_bytes(DOTS_DIGEST_BASIS,
                             ngx_dots_dtls_hello_random(data),
                             NGX_DOTS_DTLS_RANDOM);
}


/*
 * OpenSSL ends a session with a fatal alert at a protected record that is
 * shorter than its cipher's nonce and tag, where RFC 6347 section 4.1.2.7 has
 * it discarded: fourteen forged bytes would cut a client off.  No peer with the
 * keys sends such a record, so the datagram ends before it.
 */

size_t
ngx_dots_dtls_usable(SSL *ssl, const u_char *data, size_t len)
{
    size_t         n, pos;
    const u_char  *p;

    for (pos = 0; len - pos >= NGX_DOTS_DTLS_RECORD;
         pos += NGX_DOTS_DTLS_RECORD + n)
    {
        p = data + pos;
        n = (size_t) p[11] << 8 | p[12];

        if ((p[3] || p[4]) && n < NGX_DOTS_DTLS_OVERHEAD
            && n < ngx_dots_dtls_overhead(ssl))
        {
            return pos;
        }

        if (n > len - pos - NGX_DOTS_DTLS_RECORD) {
            break;
        }
    }

    return len;
}


/* While the handshake lasts, of the cipher that it has chosen. */

static size_t
ngx_dots_dtls_overhead(SSL *ssl)
{
    const char        *name;
    const SSL_CIPHER  *cipher;

    cipher = SSL_get_current_cipher(ssl);

    if (cipher == NULL) {
        cipher = SSL_get_pending_cipher(ssl);
    }

    if (cipher == NULL || !SSL_CIPHER_is_aead(cipher)) {
        return 0;
    }

    name = SSL_CIPHER_get_name(cipher);

    if (strstr(name, "CHACHA20") || strstr(name, "CCM8")) {
        return NGX_DOTS_DTLS_OVERHEAD_LOW;
    }

    return NGX_DOTS_DTLS_OVERHEAD;
}


/* ---- the listener ---- */

ngx_int_t
ngx_dots_dtls_listen(ngx_dots_dtls_conf_t *conf, ngx_connection_t *c,
    u_char *data, size_t len, SSL **ssl)
{
    if (ngx_dots_dtls_proved(c, data, len) != NGX_OK) {
        return NGX_DECLINED;
    }

    /* counted now: before the cookie anybody may be the source */

    if (ngx_dots_limit_hello(conf->dots, c) != NGX_OK
        || ngx_dots_dtls_take(conf, c, data, len) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    *ssl = conf->listener;
    conf->listener = NULL;

    return NGX_OK;
}


/*
 * A flood of hellos is answered here, OpenSSL would take five times as long.
 * NGX_OK: the hello has a valid cookie.
 */

static ngx_int_t
ngx_dots_dtls_proved(ngx_connection_t *c, const u_char *data, size_t len)
{
    size_t        n;
    u_char        cookie[NGX_DOTS_DTLS_COOKIE], answer[DOTS_HELLO_VERIFY];
    dots_hello_t  hello;

    if (dots_hello_read(&hello, data, len) != DOTS_OK) {
        return NGX_DECLINED;
    }

    /* an invalid cookie is as good as none, RFC 6347 section 4.2.1 */

    if (hello.cookie.len
        && ngx_dots_dtls_cookie_verify(c, hello.cookie.data, hello.cookie.len)
           == NGX_OK)
    {
        return NGX_OK;
    }

    if (ngx_dots_dtls_cookie_generate(c, cookie) != NGX_OK) {
        ngx_ssl_error(NGX_LOG_ERR, c->log, 0, "no DTLS cookie");
        return NGX_DECLINED;
    }

    n = dots_hello_verify(&hello, dots_str(cookie, sizeof(cookie)), answer);

    ngx_log_debug1(NGX_LOG_DEBUG_STREAM, c->log, 0,
                   "dots DTLS HelloVerifyRequest of %uz bytes", n);

    ngx_dots_dtls_send_datagram(c, answer, n);

    return NGX_DECLINED;
}


/* OpenSSL takes the hello into the listener; it looks at all of it again. */

static ngx_int_t
ngx_dots_dtls_take(ngx_dots_dtls_conf_t *conf, ngx_connection_t *c,
    u_char *data, size_t len)
{
    int        rc;
    BIO_ADDR  *addr;

    if (ngx_dots_dtls_listener(conf) != NGX_OK) {
        ngx_ssl_error(NGX_LOG_ERR, c->log, 0, "no DTLS listener");
        return NGX_DECLINED;
    }

    /* DTLSv1_listen() wants one; ours is in the connection */

    addr = BIO_ADDR_new();
    if (addr == NULL) {
        return NGX_DECLINED;
    }

    conf->io.connection = c;
    conf->io.data = data;
    conf->io.len = len;

    ERR_clear_error();

    rc = DTLSv1_listen(conf->listener, addr);

    BIO_ADDR_free(addr);
    ERR_clear_error();

    conf->io.connection = NULL;
    conf->io.len = 0;

    ngx_log_debug1(NGX_LOG_DEBUG_STREAM, c->log, 0, "dots DTLS listen: %d", rc);

    return rc > 0 ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_dots_dtls_listener(ngx_dots_dtls_conf_t *conf)
{
    BIO  *bio;
    SSL  *ssl;

    if (conf->listener) {
        return NGX_OK;
    }

    ssl = SSL_new(conf->ssl.ctx);
    if (ssl == NULL) {
        return NGX_ERROR;
    }

    bio = BIO_new(ngx_dots_dtls_bio);
    if (bio == NULL) {
        SSL_free(ssl);
        return NGX_ERROR;
    }

    BIO_set_data(bio, &conf->io);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);

    if (!DTLS_set_link_mtu(ssl, NGX_DOTS_DTLS_MTU)) {
        SSL_free(ssl);
        return NGX_ERROR;
    }

    conf->listener = ssl;

    return NGX_OK;
}


void
ngx_dots_dtls_attach(SSL *ssl, ngx_dots_dtls_io_t *io)
{
    BIO_set_data(SSL_get_rbio(ssl), io);
}


/* ---- the cookie, as OpenSSL asks for it ---- */

int
ngx_dots_dtls_listen_generate(SSL *ssl, unsigned char *cookie,
    unsigned int *len)
{
    ngx_dots_dtls_io_t  *io;

    io = BIO_get_data(SSL_get_rbio(ssl));
    *len = NGX_DOTS_DTLS_COOKIE;

    return ngx_dots_dtls_cookie_generate(io->connection, cookie) == NGX_OK;
}


int
ngx_dots_dtls_listen_verify(SSL *ssl, const unsigned char *cookie,
    unsigned int len)
{
    ngx_dots_dtls_io_t  *io;

    io = BIO_get_data(SSL_get_rbio(ssl));

    return ngx_dots_dtls_cookie_verify(io->connection, cookie, len) == NGX_OK;
}


/*
 * ---- the BIO: one read is one datagram, one write is one datagram ----
 *
 * A memory BIO would glue the pieces of a flight together.
 */

ngx_int_t
ngx_dots_dtls_bio_init(ngx_log_t *log)
{
    BIO_METHOD  *bio;

    if (ngx_dots_dtls_bio) {
        return NGX_OK;
    }

    bio = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK,
                       "nginx datagram");

    if (bio == NULL
        || !BIO_meth_set_create(bio, ngx_dots_dtls_bio_create)
        || !BIO_meth_set_read(bio, ngx_dots_dtls_bio_read)
        || !BIO_meth_set_write(bio, ngx_dots_dtls_bio_write)
        || !BIO_meth_set_ctrl(bio, ngx_dots_dtls_bio_ctrl))
    {
        ngx_ssl_error(NGX_LOG_EMERG, log, 0, "BIO_meth_new() failed");
        BIO_meth_free(bio);
        return NGX_ERROR;
    }

    ngx_dots_dtls_bio = bio;

    return NGX_OK;
}


static int
ngx_dots_dtls_bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);

    return 1;
}


static int
ngx_dots_dtls_bio_read(BIO *bio, char *buf, int size)
{
    size_t               n;
    ngx_dots_dtls_io_t  *io;

    BIO_clear_retry_flags(bio);

    io = BIO_get_data(bio);

    if (io->len == 0 || size <= 0) {
        BIO_set_retry_read(bio);
        return -1;
    }

    n = ngx_min(io->len, (size_t) size);

    ngx_memcpy(buf, io->data, n);
    io->len = 0;

    return (int) n;
}


static int
ngx_dots_dtls_bio_write(BIO *bio, const char *buf, int size)
{
    ngx_connection_t    *c;
    ngx_dots_dtls_io_t  *io;

    BIO_clear_retry_flags(bio);

    io = BIO_get_data(bio);
    c = io->connection;

    if (c == NULL || size <= 0) {
        return -1;
    }

    ngx_dots_dtls_send_datagram(c, (u_char *) buf, size);

    return size;
}


static long
ngx_dots_dtls_bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
    ngx_connection_t    *c;
    ngx_dots_dtls_io_t  *io;

    switch (cmd) {

    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DUP:
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
        return 1;

    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:

        /* headers of IP and UDP; IPv6's while there is no peer yet */

        io = BIO_get_data(bio);
        c = io ? io->connection : NULL;

        return (c && c->sockaddr->sa_family == AF_INET) ? 28 : 48;

    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
        return NGX_DOTS_DTLS_MTU - 48;

    default:
        return 0;
    }
}
