/*
 * The reference of t/bench: what OpenSSL and the kernel leave to a server that
 * does nothing else.  One thread, one socket, one SSL object a peer; a DTLS
 * handshake with client certificates, verified as nginx does, with the CRL,
 * then every CoAP request is answered with 4.04 and its token.  No tickets, no
 * timers, no limits, no resources: not a server.
 *
 *   bare_dtls PORT CA CRL CERT KEY
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>


#define BARE_DTLS_PORTS  65536
#define BARE_DTLS_PACKET 65535
#define BARE_DTLS_MTU    1280
#define BARE_DTLS_HEADER 4      /* of a CoAP message, RFC 7252 section 3 */
#define BARE_DTLS_TOKEN  8

typedef struct {
    struct sockaddr_in   addr;
    SSL                 *ssl;
    int                  up;
} bare_dtls_peer_t;


static int                 bare_dtls_fd;
static SSL_CTX            *bare_dtls_ctx;
static BIO_METHOD         *bare_dtls_method;
static unsigned char       bare_dtls_secret[32];
static bare_dtls_peer_t   *bare_dtls_peers[BARE_DTLS_PORTS];  /* one host */
static unsigned char       bare_dtls_in[BARE_DTLS_PACKET];
static size_t              bare_dtls_in_len;


static void
bare_dtls_die(const char *what)
{
    fprintf(stderr, "bare_dtls: %s: %s\n", what, strerror(errno));
    ERR_print_errors_fp(stderr);
    exit(2);
}


/* ---- one datagram a read, one a write ---- */

static int
bare_dtls_bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);

    return 1;
}


static int
bare_dtls_bio_read(BIO *bio, char *buf, int size)
{
    int  n;

    BIO_clear_retry_flags(bio);

    if (bare_dtls_in_len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }

    n = (int) bare_dtls_in_len < size ? (int) bare_dtls_in_len : size;

    memcpy(buf, bare_dtls_in, n);
    bare_dtls_in_len = 0;

    return n;
}


static int
bare_dtls_bio_write(BIO *bio, const char *buf, int size)
{
    bare_dtls_peer_t  *peer;

    BIO_clear_retry_flags(bio);

    peer = BIO_get_data(bio);

    (void) !sendto(bare_dtls_fd, buf, size, 0,
                   (struct sockaddr *) &peer->addr, sizeof(peer->addr));

    return size;
}


static long
bare_dtls_bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
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


/* ---- the context ---- */

static int
bare_dtls_cookie(SSL *ssl, unsigned char *cookie, unsigned int *len)
{
    bare_dtls_peer_t  *peer;

    peer = BIO_get_data(SSL_get_rbio(ssl));

    return HMAC(EVP_sha256(), bare_dtls_secret, sizeof(bare_dtls_secret),
                (unsigned char *) &peer->addr, sizeof(peer->addr), cookie, len)
           != NULL;
}


static int
bare_dtls_cookie_verify(SSL *ssl, const unsigned char *cookie, unsigned int len)
{
    unsigned int   n;
    unsigned char  expected[EVP_MAX_MD_SIZE];

    return bare_dtls_cookie(ssl, expected, &n) && n == len
           && CRYPTO_memcmp(cookie, expected, n) == 0;
}


/* The flags of ngx_ssl_crl(). */

static int
bare_dtls_verify(SSL_CTX *ctx, const char *ca, const char *crl)
{
    X509_STORE   *store;
    X509_LOOKUP  *lookup;

    store = SSL_CTX_get_cert_store(ctx);
    lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());

    return lookup != NULL
           && SSL_CTX_load_verify_locations(ctx, ca, NULL) == 1
           && X509_LOOKUP_load_file(lookup, crl, X509_FILETYPE_PEM) == 1
           && X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK
                                          |X509_V_FLAG_CRL_CHECK_ALL)
              == 1;
}


static void
bare_dtls_init(const char *ca, const char *crl, const char *cert,
    const char *key)
{
    SSL_CTX  *ctx;

    bare_dtls_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK,
                                    "datagram");
    ctx = SSL_CTX_new(DTLS_server_method());

    if (bare_dtls_method == NULL || ctx == NULL
        || RAND_bytes(bare_dtls_secret, sizeof(bare_dtls_secret)) != 1)
    {
        bare_dtls_die("OpenSSL");
    }

    BIO_meth_set_create(bare_dtls_method, bare_dtls_bio_create);
    BIO_meth_set_read(bare_dtls_method, bare_dtls_bio_read);
    BIO_meth_set_write(bare_dtls_method, bare_dtls_bio_write);
    BIO_meth_set_ctrl(bare_dtls_method, bare_dtls_bio_ctrl);

    SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET|SSL_OP_NO_QUERY_MTU
                             |SSL_OP_COOKIE_EXCHANGE|SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_cookie_generate_cb(ctx, bare_dtls_cookie);
    SSL_CTX_set_cookie_verify_cb(ctx, bare_dtls_cookie_verify);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER|SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       NULL);

    if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1
        || SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1
        || !bare_dtls_verify(ctx, ca, crl))
    {
        bare_dtls_die("certificates");
    }

    bare_dtls_ctx = ctx;
}


static void
bare_dtls_listen(int port)
{
    int                 size;
    struct sockaddr_in  sin;

    size = 4 << 20;

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_port = htons((uint16_t) port);
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    bare_dtls_fd = socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, 0);

    if (bare_dtls_fd == -1
        || setsockopt(bare_dtls_fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size))
           == -1
        || bind(bare_dtls_fd, (struct sockaddr *) &sin, sizeof(sin)) == -1)
    {
        bare_dtls_die("socket");
    }
}


/* ---- a peer ---- */

static void
bare_dtls_begin(bare_dtls_peer_t *peer)
{
    BIO  *bio;

    SSL_free(peer->ssl);

    peer->up = 0;
    peer->ssl = SSL_new(bare_dtls_ctx);
    bio = BIO_new(bare_dtls_method);

    if (peer->ssl == NULL || bio == NULL) {
        bare_dtls_die("SSL_new()");
    }

    BIO_set_data(bio, peer);
    SSL_set_bio(peer->ssl, bio, bio);
    SSL_set_accept_state(peer->ssl);
    DTLS_set_link_mtu(peer->ssl, BARE_DTLS_MTU);
}


static void
bare_dtls_answer(bare_dtls_peer_t *peer, const unsigned char *m, int len)
{
    int            token;
    unsigned char  out[BARE_DTLS_HEADER + BARE_DTLS_TOKEN];

    token = m[0] & 0x0f;

    if (len < BARE_DTLS_HEADER + token || token > BARE_DTLS_TOKEN) {
        return;
    }

    out[0] = (unsigned char) (0x60 | token);    /* ACK */
    out[1] = 0x84;                              /* 4.04 */
    memcpy(out + 2, m + 2, 2 + token);

    (void) SSL_write(peer->ssl, out, BARE_DTLS_HEADER + token);
}


static void
bare_dtls_packet(const struct sockaddr_in *addr)
{
    int                n;
    bare_dtls_peer_t  *peer;
    unsigned char      plain[16384];

    peer = bare_dtls_peers[addr->sin_port];

    if (peer == NULL) {
        peer = calloc(1, sizeof(bare_dtls_peer_t));
        if (peer == NULL) {
            bare_dtls_die("memory");
        }

        bare_dtls_peers[addr->sin_port] = peer;
        peer->addr = *addr;
        bare_dtls_begin(peer);
    }

    if (peer->up && bare_dtls_in_len > 13 && bare_dtls_in[0] == 22
        && bare_dtls_in[3] == 0 && bare_dtls_in[4] == 0
        && bare_dtls_in[13] == 1)
    {
        bare_dtls_begin(peer);
    }

    if (!peer->up) {
        peer->up = SSL_do_handshake(peer->ssl) == 1;
    }

    if (peer->up) {
        while ((n = SSL_read(peer->ssl, plain, sizeof(plain))) > 0) {
            bare_dtls_answer(peer, plain, n);
        }
    }

    ERR_clear_error();

    if (SSL_get_shutdown(peer->ssl) & SSL_RECEIVED_SHUTDOWN) {
        bare_dtls_peers[addr->sin_port] = NULL;
        SSL_free(peer->ssl);
        free(peer);
    }
}


int
main(int argc, char **argv)
{
    ssize_t             n;
    socklen_t           len;
    struct sockaddr_in  addr;

    if (argc != 6) {
        fprintf(stderr, "usage: bare_dtls PORT CA CRL CERT KEY\n");
        return 2;
    }

    bare_dtls_init(argv[2], argv[3], argv[4], argv[5]);
    bare_dtls_listen(atoi(argv[1]));

    printf("ready\n");
    fflush(stdout);

    for ( ;; ) {
        len = sizeof(addr);
        memset(&addr, 0, sizeof(addr));
        n = recvfrom(bare_dtls_fd, bare_dtls_in, sizeof(bare_dtls_in), 0,
                     (struct sockaddr *) &addr, &len);

        if (n > 0) {
            bare_dtls_in_len = n;
            bare_dtls_packet(&addr);
            bare_dtls_in_len = 0;
        }
    }
}
