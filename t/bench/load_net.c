#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>

#include "load_net.h"


#define LOAD_NET_EVENTS  256
#define LOAD_NET_MTU     1280
#define LOAD_NET_BUFFER  (1 << 20)

/* one suite for all servers, so that the figures compare */

#define LOAD_NET_CIPHERS      "ECDHE+AES128+AESGCM"
#define LOAD_NET_PSK_CIPHERS                                                  \
    "ECDHE-PSK-CHACHA20-POLY1305:PSK-AES128-GCM-SHA256:PSK-AES128-CCM8"

load_net_count_t  load_net_count;

static struct {
    load_net_conf_t     conf;
    struct sockaddr_in  server;
    SSL_CTX            *ctx;
    BIO_METHOD         *method;
    SSL_SESSION        *ticket;
    int                 epoll;
    uint32_t            random;
    uint8_t            *key;
    long                key_len;

    /* the datagram that comes once more, for the session that reads now */
    load_session_t     *again;
    size_t              again_len;
    uint8_t             again_data[LOAD_NET_DATAGRAM];
} load_net;


void
load_net_die(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    ERR_print_errors_fp(stderr);
    exit(2);
}


int64_t
load_net_now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


/* xorshift32 */

uint32_t
load_net_random(void)
{
    uint32_t  x;

    x = load_net.random;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;

    load_net.random = x;

    return x;
}


static int
load_net_happens(double share)
{
    return share > 0 && load_net_random() < share * 4294967296.0;
}


/* ---- the wire: one read or write is one datagram ---- */

static int
load_net_bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);

    return 1;
}


static int
load_net_bio_again(load_session_t *s, char *buf, int size)
{
    size_t  len;

    len = load_net.again_len;

    if (load_net.again != s || len > (size_t) size) {
        return 0;
    }

    memcpy(buf, load_net.again_data, len);
    load_net.again = NULL;

    return (int) len;
}


static int
load_net_bio_read(BIO *bio, char *buf, int size)
{
    ssize_t          n;
    load_session_t  *s;

    BIO_clear_retry_flags(bio);

    s = BIO_get_data(bio);
    n = load_net_bio_again(s, buf, size);

    if (n > 0) {
        return (int) n;
    }

    while ((n = recv(s->fd, buf, size, 0)) > 0) {

        if (load_net_happens(load_net.conf.loss)) {
            load_net_count.dropped++;
            continue;
        }

        if (n <= LOAD_NET_DATAGRAM && load_net_happens(load_net.conf.twice)) {
            load_net_count.doubled++;
            load_net.again = s;
            load_net.again_len = n;
            memcpy(load_net.again_data, buf, n);
        }

        return (int) n;
    }

    BIO_set_retry_read(bio);

    return -1;
}


/* A full buffer or an ICMP error is a lost datagram, no more. */

static int
load_net_bio_write(BIO *bio, const char *buf, int size)
{
    load_session_t  *s;

    BIO_clear_retry_flags(bio);

    s = BIO_get_data(bio);

    if (load_net_happens(load_net.conf.loss)) {
        load_net_count.dropped++;
        return size;
    }

    (void) !send(s->fd, buf, size, 0);

    if (load_net_happens(load_net.conf.twice)) {
        load_net_count.doubled++;
        (void) !send(s->fd, buf, size, 0);
    }

    return size;
}


static long
load_net_bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
    (void) bio;
    (void) num;
    (void) ptr;

    switch (cmd) {

    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
        return 1;

    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
        return 28;

    default:
        return 0;
    }
}


static void
load_net_bio_init(void)
{
    BIO_METHOD  *m;

    m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "load");

    if (m == NULL) {
        load_net_die("BIO_meth_new()");
    }

    BIO_meth_set_create(m, load_net_bio_create);
    BIO_meth_set_read(m, load_net_bio_read);
    BIO_meth_set_write(m, load_net_bio_write);
    BIO_meth_set_ctrl(m, load_net_bio_ctrl);

    load_net.method = m;
}


/* ---- who we are ---- */

static unsigned int
load_net_psk(SSL *ssl, const char *hint, char *identity, unsigned int size,
    unsigned char *key, unsigned int max)
{
    (void) ssl;
    (void) hint;

    if (strlen(load_net.conf.psk_id) >= size || load_net.key_len > (long) max) {
        return 0;
    }

    strcpy(identity, load_net.conf.psk_id);
    memcpy(key, load_net.key, load_net.key_len);

    return (unsigned int) load_net.key_len;
}


/* OpenSSL calls it only where the server wants a certificate. */

static int
load_net_asked(SSL *ssl, void *data)
{
    (void) ssl;
    (void) data;

    load_net_count.asked++;

    return 1;
}


/* Takes the session over. */

static int
load_net_ticket(SSL *ssl, SSL_SESSION *session)
{
    (void) ssl;

    if (!SSL_SESSION_is_resumable(session)) {
        return 0;
    }

    SSL_SESSION_free(load_net.ticket);
    load_net.ticket = session;

    return 1;
}


static void
load_net_identity(SSL_CTX *ctx)
{
    load_net_conf_t  *o;

    o = &load_net.conf;

    if (o->psk_id != NULL) {
        load_net.key = OPENSSL_hexstr2buf(o->psk, &load_net.key_len);

        if (load_net.key == NULL
            || SSL_CTX_set_cipher_list(ctx, LOAD_NET_PSK_CIPHERS) != 1)
        {
            load_net_die("pre-shared key");
        }

        SSL_CTX_set_psk_client_callback(ctx, load_net_psk);
        return;
    }

    if (SSL_CTX_use_certificate_chain_file(ctx, o->cert) != 1
        || SSL_CTX_use_PrivateKey_file(ctx, o->key, SSL_FILETYPE_PEM) != 1
        || SSL_CTX_load_verify_locations(ctx, o->ca, NULL) != 1
        || SSL_CTX_set_cipher_list(ctx, LOAD_NET_CIPHERS) != 1)
    {
        load_net_die("certificates");
    }

    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_cb(ctx, load_net_asked, NULL);
}


static void
load_net_address(const char *text)
{
    char         host[64];
    const char  *colon;

    colon = strrchr(text, ':');

    if (colon == NULL || (size_t) (colon - text) >= sizeof(host)) {
        load_net_die("--server ADDR:PORT");
    }

    memcpy(host, text, colon - text);
    host[colon - text] = '\0';

    load_net.server.sin_family = AF_INET;
    load_net.server.sin_port = htons((uint16_t) atoi(colon + 1));

    if (inet_pton(AF_INET, host, &load_net.server.sin_addr) != 1) {
        load_net_die("--server is no IPv4 address");
    }
}


void
load_net_init(const load_net_conf_t *conf)
{
    SSL_CTX  *ctx;

    load_net.conf = *conf;
    load_net.random = 2463534242u;

    load_net_address(conf->server);
    load_net_bio_init();

    ctx = SSL_CTX_new(DTLS_client_method());
    load_net.epoll = epoll_create1(EPOLL_CLOEXEC);

    if (ctx == NULL || load_net.epoll == -1) {
        load_net_die("memory");
    }

    SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);
    SSL_CTX_set_session_cache_mode(ctx, conf->resume
                                        ? SSL_SESS_CACHE_CLIENT
                                          | SSL_SESS_CACHE_NO_INTERNAL
                                        : SSL_SESS_CACHE_OFF);
    SSL_CTX_sess_set_new_cb(ctx, load_net_ticket);

    load_net_identity(ctx);

    load_net.ctx = ctx;
}


/* ---- sessions ---- */

void
load_net_wait(int64_t us, void (*handler)(load_session_t *s))
{
    int                 i, n;
    struct timespec     ts;
    struct epoll_event  ev[LOAD_NET_EVENTS];

    ts.tv_sec = us / 1000000;
    ts.tv_nsec = us % 1000000 * 1000;

    n = epoll_pwait2(load_net.epoll, ev, LOAD_NET_EVENTS, &ts, NULL);

    for (i = 0; i < n; i++) {
        handler(ev[i].data.ptr);
    }
}


static void
load_net_socket(load_session_t *s)
{
    int                 size;
    struct epoll_event  ev;

    size = LOAD_NET_BUFFER;

    s->fd = socket(AF_INET, SOCK_DGRAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0);

    ev.events = EPOLLIN;
    ev.data.ptr = s;

    if (s->fd == -1
        || setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) == -1
        || connect(s->fd, (struct sockaddr *) &load_net.server,
                   sizeof(load_net.server))
           == -1
        || epoll_ctl(load_net.epoll, EPOLL_CTL_ADD, s->fd, &ev) == -1)
    {
        load_net_die("socket");
    }
}


void
load_net_open(load_session_t *s)
{
    BIO  *bio;

    load_net_socket(s);

    s->ssl = SSL_new(load_net.ctx);
    bio = BIO_new(load_net.method);

    if (s->ssl == NULL || bio == NULL) {
        load_net_die("SSL_new()");
    }

    BIO_set_data(bio, s);
    SSL_set_bio(s->ssl, bio, bio);
    SSL_set_connect_state(s->ssl);
    DTLS_set_link_mtu(s->ssl, LOAD_NET_MTU);

    if (load_net.ticket != NULL) {
        SSL_set_session(s->ssl, load_net.ticket);
    }

    s->up = 0;
    s->begun = load_net_now();
}


void
load_net_close(load_session_t *s)
{
    if (s->up) {
        (void) SSL_shutdown(s->ssl);
    }

    ERR_clear_error();
    SSL_free(s->ssl);
    close(s->fd);

    s->ssl = NULL;

    if (load_net.again == s) {
        load_net.again = NULL;
    }
}


int
load_net_handshake(load_session_t *s)
{
    int  n;

    ERR_clear_error();

    n = SSL_do_handshake(s->ssl);

    if (n == 1) {
        s->up = 1;
        load_net_count.resumed += SSL_session_reused(s->ssl);
        return 1;
    }

    return SSL_get_error(s->ssl, n) == SSL_ERROR_WANT_READ ? 0 : -1;
}


void
load_net_overdue(load_session_t *s)
{
    ERR_clear_error();
    (void) DTLSv1_handle_timeout(s->ssl);
}


void
load_net_send(load_session_t *s, const uint8_t *data, size_t len)
{
    ERR_clear_error();
    (void) SSL_write(s->ssl, data, (int) len);
}


int
load_net_receive(load_session_t *s, uint8_t *buf, size_t size)
{
    int  n;

    ERR_clear_error();

    n = SSL_read(s->ssl, buf, (int) size);

    if (n > 0) {
        return n;
    }

    return SSL_get_error(s->ssl, n) == SSL_ERROR_WANT_READ ? 0 : -1;
}
