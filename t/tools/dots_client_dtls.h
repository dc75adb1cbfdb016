/*
 * The client of dots_client.c: its socket, which loses and repeats, OpenSSL
 * over it, the handshake.  Knows no command.
 */

#ifndef DOTS_CLIENT_DTLS_H
#define DOTS_CLIENT_DTLS_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "dots_client_text.h"
#include "dots_client_loss.h"


#define DOTS_CLIENT_DATAGRAM 65535
#define DOTS_CLIENT_MTU      1280
#define DOTS_CLIENT_MAX_WAIT 60000

typedef struct {
    const char              *server;
    const char              *ca;
    const char              *cert;
    const char              *key;
    const char              *name;
    const char              *bind;
    const char              *ciphers;
    const char              *psk_id;
    const char              *psk;
    long                     timeout;
    long                     life;
    int                      wait;
    int                      dtls1;
} dots_client_options_t;

typedef struct {
    dots_client_options_t    options;
    struct sockaddr_storage  peer;
    socklen_t                peer_len;
    int                      fd;
    SSL_CTX                 *ctx;
    SSL                     *ssl;
    SSL_SESSION             *kept;
    int                      up;
    const char              *alert;     /* the last one received */

    long                     drop_in;
    long                     drop_out;
    long                     dup;
    dots_client_chance_t     loss[DOTS_CLIENT_WAYS];
    dots_client_chance_t     twice[DOTS_CLIENT_WAYS];
    size_t                   again;     /* bytes that arrive once more */
    int                      hold;
    size_t                   held;
    long                     in;
    long                     out;
    long                     largest_in;
    long                     largest_out;
    unsigned char            holding[DOTS_CLIENT_DATAGRAM];
    unsigned char            arrived[DOTS_CLIENT_DATAGRAM];
} dots_client_t;


static dots_client_t   dots_client;
static BIO_METHOD     *dots_client_method;
static unsigned char   dots_client_buf[DOTS_CLIENT_DATAGRAM];


/* ---- the socket ---- */

/* Connected: an answer from another address than the one asked is not seen. */

static void
dots_client_socket(dots_client_t *dc, const char *bind_to)
{
    int               fd, one;
    struct addrinfo  *local;

    fd = socket(dc->peer.ss_family, SOCK_DGRAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0);
    if (fd == -1) {
        dots_client_die("socket(): %s", strerror(errno));
    }

    if (bind_to) {
        one = 1;
        local = dots_client_resolve(bind_to);

        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == -1
            || bind(fd, local->ai_addr, local->ai_addrlen) == -1)
        {
            dots_client_die("bind(%s): %s", bind_to, strerror(errno));
        }

        freeaddrinfo(local);
    }

    if (connect(fd, (struct sockaddr *) &dc->peer, dc->peer_len) == -1) {
        dots_client_die("connect(): %s", strerror(errno));
    }

    if (dc->fd != -1) {
        close(dc->fd);
    }

    dc->fd = fd;
}


static void
dots_client_transmit(dots_client_t *dc, const void *data, size_t len)
{
    long  copies;

    dc->out++;

    if ((long) len > dc->largest_out) {
        dc->largest_out = len;
    }

    if (dc->drop_out > 0) {
        dc->drop_out--;
        return;
    }

    if (dots_client_chance(&dc->loss[DOTS_CLIENT_OUT])) {
        return;
    }

    copies = 1 + dots_client_chance(&dc->twice[DOTS_CLIENT_OUT]);

    if (dc->dup > 0) {
        dc->dup--;
        copies = 2;
    }

    /* an error, say from an ICMP message before, is a lost datagram */

    while (copies--) {
        (void) !send(dc->fd, data, len, 0);
    }
}


/* Bytes, or -1: nothing there. */

static ssize_t
dots_client_receive(dots_client_t *dc, void *buf, size_t size)
{
    ssize_t  n;

    if (dc->again && dc->again <= size) {
        n = dc->again;
        dc->again = 0;
        memcpy(buf, dc->arrived, n);
        return n;
    }

    for ( ;; ) {
        n = recv(dc->fd, buf, size, 0);

        if (n == -1) {
            if (errno == ECONNREFUSED || errno == EINTR) {
                continue;
            }

            return -1;
        }

        dc->in++;

        if (n > dc->largest_in) {
            dc->largest_in = n;
        }

        if (dc->drop_in > 0) {
            dc->drop_in--;
            continue;
        }

        if (dots_client_chance(&dc->loss[DOTS_CLIENT_IN])) {
            continue;
        }

        if (dots_client_chance(&dc->twice[DOTS_CLIENT_IN])) {
            memcpy(dc->arrived, buf, n);
            dc->again = n;
        }

        return n;
    }
}


/* Waits for a datagram until "end", but not past a retransmission. */

static void
dots_client_poll(dots_client_t *dc, int64_t end)
{
    int64_t         ms, left;
    struct pollfd   pfd;
    struct timeval  tv;

    ms = end - dots_client_now();

    if (dc->ssl && DTLSv1_get_timeout(dc->ssl, &tv)) {
        left = (int64_t) tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1;
        ms = left < ms ? left : ms;
    }

    pfd.fd = dc->fd;
    pfd.events = POLLIN;

    (void) poll(&pfd, 1, ms > 0 ? (int) ms : 0);

    if (dc->ssl) {
        ERR_clear_error();
        (void) DTLSv1_handle_timeout(dc->ssl);
    }
}


/* ---- the BIO ---- */

static int
dots_client_bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);

    return 1;
}


static int
dots_client_bio_read(BIO *bio, char *buf, int size)
{
    ssize_t  n;

    BIO_clear_retry_flags(bio);

    n = dots_client_receive(BIO_get_data(bio), buf, size);

    if (n <= 0) {
        BIO_set_retry_read(bio);
        return -1;
    }

    return (int) n;
}


static int
dots_client_bio_write(BIO *bio, const char *buf, int size)
{
    dots_client_t  *dc;

    BIO_clear_retry_flags(bio);

    dc = BIO_get_data(bio);

    if (!dc->hold) {
        dots_client_transmit(dc, buf, size);
        return size;
    }

    if (dc->held + size <= sizeof(dc->holding)) {
        memcpy(dc->holding + dc->held, buf, size);
        dc->held += size;
    }

    return size;
}


static long
dots_client_bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
    (void) bio;
    (void) num;
    (void) ptr;

    switch (cmd) {

    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DUP:
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
        return 1;

    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
        return 48;

    default:
        return 0;
    }
}


/* ---- DTLS ---- */

static void
dots_client_info(const SSL *ssl, int where, int ret)
{
    dots_client_t  *dc;

    dc = SSL_get_app_data(ssl);

    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT
        && (ret & 0xff) != SSL_AD_CLOSE_NOTIFY)
    {
        dc->alert = SSL_alert_desc_string_long(ret);
    }
}


static unsigned int
dots_client_psk(SSL *ssl, const char *hint, char *identity,
    unsigned int identity_len, unsigned char *psk, unsigned int max)
{
    int             n;
    dots_client_t  *dc;

    (void) hint;

    dc = SSL_get_app_data(ssl);

    n = dots_client_unhex(dc->options.psk, psk, max);

    if (n <= 0
        || snprintf(identity, identity_len, "%s", dc->options.psk_id)
           >= (int) identity_len)
    {
        return 0;
    }

    return n;
}


static void
dots_client_init(dots_client_t *dc)
{
    SSL_CTX                *ctx;
    dots_client_options_t  *o;

    o = &dc->options;

    dots_client_method = BIO_meth_new(BIO_get_new_index()
                                      | BIO_TYPE_SOURCE_SINK, "datagram");
    ctx = SSL_CTX_new(DTLS_client_method());

    if (dots_client_method == NULL || ctx == NULL) {
        dots_client_die("no memory");
    }

    BIO_meth_set_create(dots_client_method, dots_client_bio_create);
    BIO_meth_set_read(dots_client_method, dots_client_bio_read);
    BIO_meth_set_write(dots_client_method, dots_client_bio_write);
    BIO_meth_set_ctrl(dots_client_method, dots_client_bio_ctrl);

    if (o->dtls1) {
        /* what the library's default level would not even offer */
        SSL_CTX_set_security_level(ctx, 0);
        SSL_CTX_set_min_proto_version(ctx, DTLS1_VERSION);
        SSL_CTX_set_max_proto_version(ctx, DTLS1_VERSION);

    } else {
        SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION);
    }

    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_info_callback(ctx, dots_client_info);

    if ((o->ca && SSL_CTX_load_verify_locations(ctx, o->ca, NULL) != 1)
        || (o->cert && SSL_CTX_use_certificate_chain_file(ctx, o->cert) != 1)
        || (o->key
            && SSL_CTX_use_PrivateKey_file(ctx, o->key, SSL_FILETYPE_PEM) != 1)
        || (o->ciphers && SSL_CTX_set_cipher_list(ctx, o->ciphers) != 1))
    {
        ERR_print_errors_fp(stderr);
        dots_client_die("cannot use --ca, --cert, --key or --ciphers");
    }

    if (o->psk_id && o->psk) {
        SSL_CTX_set_psk_client_callback(ctx, dots_client_psk);
    }

    dc->ctx = ctx;
}


static SSL *
dots_client_ssl(dots_client_t *dc)
{
    BIO  *bio;
    SSL  *ssl;

    ssl = SSL_new(dc->ctx);
    bio = BIO_new(dots_client_method);

    if (ssl == NULL || bio == NULL) {
        dots_client_die("no memory");
    }

    BIO_set_data(bio, dc);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_app_data(ssl, dc);
    SSL_set_connect_state(ssl);
    DTLS_set_link_mtu(ssl, DOTS_CLIENT_MTU);

    if (dc->loss[DOTS_CLIENT_OUT].percent) {
        DTLS_set_timer_cb(ssl, dots_client_impatient);
    }

    if (dc->options.name && SSL_set1_host(ssl, dc->options.name) != 1) {
        dots_client_die("no memory");
    }

    return ssl;
}


static void
dots_client_failed(dots_client_t *dc)
{
    const char     *reason;
    unsigned long   e;

    if (dc->alert) {
        printf("failed alert %s\n", dc->alert);
        dc->alert = NULL;
        return;
    }

    e = ERR_peek_last_error();
    reason = e ? ERR_reason_error_string(e) : NULL;

    printf("failed %s\n", reason ? reason : "unknown error");
}


static void
dots_client_handshake(dots_client_t *dc, char *arg, SSL_SESSION *session)
{
    int      n;
    int64_t  end;

    end = dots_client_now()
          + dots_client_number(arg, dc->options.timeout, DOTS_CLIENT_MAX_WAIT);

    if (dc->ssl) {
        SSL_free(dc->ssl);
    }

    dc->ssl = dots_client_ssl(dc);
    dc->up = 0;
    dc->alert = NULL;

    if (session && SSL_set_session(dc->ssl, session) != 1) {
        dots_client_failed(dc);
        return;
    }

    for ( ;; ) {
        ERR_clear_error();

        n = SSL_do_handshake(dc->ssl);

        if (n == 1) {
            dc->up = 1;
            printf("connected %s%s\n", SSL_get_cipher_name(dc->ssl),
                   SSL_session_reused(dc->ssl) ? " resumed" : "");
            return;
        }

        if (SSL_get_error(dc->ssl, n) != SSL_ERROR_WANT_READ) {
            dots_client_failed(dc);
            return;
        }

        if (dots_client_now() >= end) {
            printf("failed timeout\n");
            return;
        }

        dots_client_poll(dc, end);
    }
}

#endif /* DOTS_CLIENT_DTLS_H */
