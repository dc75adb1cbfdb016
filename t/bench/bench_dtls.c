/*
 * Load for a signal channel: N sessions with client certificates.
 *
 *   bench_dtls MODE --server ADDR:PORT --ca FILE --cert FILE --key FILE
 *              [--sessions N] [--depth N] [--seconds N] [--mid N]
 *
 *   handshake   full handshakes, N at a time, closed as soon as they are done
 *   get         GET of a mitigation, "depth" requests under way a session
 *   put         first PUT --mid for 192.0.2.7/32, then as "get"
 *   idle        N sessions that stay until stdin ends
 *
 * Prints one line of key=value: rate (a second), codes seen, losses.  In "get",
 * a session that hears nothing for a second sends again and counts a loss.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>


#define BENCH_DTLS_MESSAGE 1152
#define BENCH_DTLS_EVENTS  256
#define BENCH_DTLS_MTU     1280
#define BENCH_DTLS_PATIENCE 1000    /* ms */
#define BENCH_DTLS_START   20000    /* ms for all sessions to come up */
#define BENCH_DTLS_CUID    "cuid=dz6pHjaADkaFTbjr0JGBpw"

typedef struct {
    int                  fd;
    SSL                 *ssl;
    int                  up;
    uint16_t             id;
    int64_t              last;
} bench_dtls_session_t;

typedef struct {
    const char          *mode;
    const char          *server;
    const char          *ca;
    const char          *cert;
    const char          *key;
    long                 sessions;
    long                 depth;
    long                 seconds;
    long                 mid;
} bench_dtls_options_t;

typedef struct {
    long                 done;
    long                 failed;
    long                 lost;
    long                 codes[256];
} bench_dtls_count_t;


static bench_dtls_options_t   bench_dtls_options = {
    NULL, NULL, NULL, NULL, NULL, 32, 4, 5, 1
};
static bench_dtls_count_t     bench_dtls_count;
static bench_dtls_session_t  *bench_dtls_sessions;
static struct sockaddr_in     bench_dtls_server;
static SSL_CTX               *bench_dtls_ctx;
static int                    bench_dtls_epoll;


static void
bench_dtls_die(const char *what)
{
    fprintf(stderr, "bench_dtls: %s: %s\n", what, strerror(errno));
    ERR_print_errors_fp(stderr);
    exit(2);
}


static int64_t
bench_dtls_now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


/* ---- CoAP by hand ---- */

static unsigned char *
bench_dtls_option(unsigned char *p, int delta, const char *value)
{
    size_t  len;

    len = strlen(value);

    if (len < 13) {
        *p++ = (unsigned char) (delta << 4 | len);

    } else {
        *p++ = (unsigned char) (delta << 4 | 13);
        *p++ = (unsigned char) (len - 13);
    }

    memcpy(p, value, len);

    return p + len;
}


static size_t
bench_dtls_request(bench_dtls_session_t *s, unsigned char *buf, int put)
{
    char            mid[32];
    unsigned char  *p;

    /* {1: {2: [{6: ["192.0.2.7/32"], 14: 3600}]}}, RFC 9132 section 6 */

    static const unsigned char  body[] =
        "\xa1\x01\xa1\x02\x81\xa2\x06\x81\x6c" "192.0.2.7/32"
        "\x0e\x19\x0e\x10";

    s->id++;

    snprintf(mid, sizeof(mid), "mid=%ld", bench_dtls_options.mid);

    p = buf;
    *p++ = 0x44;                            /* CON, token of 4 bytes */
    *p++ = put ? 3 : 1;
    *p++ = (unsigned char) (s->id >> 8);
    *p++ = (unsigned char) s->id;
    memset(p, 0x5a, 4);
    p += 4;

    p = bench_dtls_option(p, 11, ".well-known");
    p = bench_dtls_option(p, 0, "dots");
    p = bench_dtls_option(p, 0, "mitigate");
    p = bench_dtls_option(p, 0, BENCH_DTLS_CUID);
    p = bench_dtls_option(p, 0, mid);

    if (put) {
        memcpy(p, "\x12\x01\x0f\xff", 4);   /* Content-Format 271, payload */
        p += 4;
        memcpy(p, body, sizeof(body) - 1);
        p += sizeof(body) - 1;
    }

    return p - buf;
}


/* ---- sessions ---- */

static void
bench_dtls_init(void)
{
    SSL_CTX               *ctx;
    bench_dtls_options_t  *o;

    o = &bench_dtls_options;

    ctx = SSL_CTX_new(DTLS_client_method());

    if (ctx == NULL || SSL_CTX_use_certificate_chain_file(ctx, o->cert) != 1
        || SSL_CTX_use_PrivateKey_file(ctx, o->key, SSL_FILETYPE_PEM) != 1
        || SSL_CTX_load_verify_locations(ctx, o->ca, NULL) != 1)
    {
        bench_dtls_die("certificates");
    }

    SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);

    /* one suite for all servers, so that the figures compare */

    SSL_CTX_set_cipher_list(ctx, "ECDHE+AES128+AESGCM");

    bench_dtls_ctx = ctx;
    bench_dtls_epoll = epoll_create1(EPOLL_CLOEXEC);
    bench_dtls_sessions = calloc(o->sessions, sizeof(bench_dtls_session_t));

    if (bench_dtls_epoll == -1 || bench_dtls_sessions == NULL) {
        bench_dtls_die("memory");
    }
}


static void
bench_dtls_open(bench_dtls_session_t *s)
{
    int                 size;
    BIO                *bio;
    struct epoll_event  ev;

    size = 1 << 20;

    s->fd = socket(AF_INET, SOCK_DGRAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0);

    if (s->fd == -1
        || setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) == -1
        || connect(s->fd, (struct sockaddr *) &bench_dtls_server,
                   sizeof(bench_dtls_server))
           == -1)
    {
        bench_dtls_die("socket");
    }

    s->ssl = SSL_new(bench_dtls_ctx);
    bio = BIO_new_dgram(s->fd, BIO_NOCLOSE);

    if (s->ssl == NULL || bio == NULL) {
        bench_dtls_die("SSL_new()");
    }

    BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &bench_dtls_server);
    SSL_set_bio(s->ssl, bio, bio);
    SSL_set_connect_state(s->ssl);
    DTLS_set_link_mtu(s->ssl, BENCH_DTLS_MTU);

    s->up = 0;
    s->last = bench_dtls_now();

    ev.events = EPOLLIN;
    ev.data.ptr = s;

    if (epoll_ctl(bench_dtls_epoll, EPOLL_CTL_ADD, s->fd, &ev) == -1) {
        bench_dtls_die("epoll");
    }
}


static void
bench_dtls_close(bench_dtls_session_t *s)
{
    if (s->up) {
        (void) SSL_shutdown(s->ssl);
    }

    ERR_clear_error();
    SSL_free(s->ssl);
    close(s->fd);
}


/* 1: done, 0: under way, -1: failed. */

static int
bench_dtls_handshake(bench_dtls_session_t *s)
{
    int  n;

    ERR_clear_error();

    n = SSL_do_handshake(s->ssl);

    if (n == 1) {
        s->up = 1;
        s->last = bench_dtls_now();
        return 1;
    }

    return SSL_get_error(s->ssl, n) == SSL_ERROR_WANT_READ ? 0 : -1;
}


/* A session that can be reopened at once may complete in its first call. */

static void
bench_dtls_cycle(bench_dtls_session_t *s)
{
    int  rc;

    while ((rc = bench_dtls_handshake(s)) != 0) {

        if (rc == 1) {
            bench_dtls_count.done++;

        } else {
            bench_dtls_count.failed++;
        }

        bench_dtls_close(s);
        bench_dtls_open(s);
    }
}


static void
bench_dtls_send(bench_dtls_session_t *s, int put)
{
    size_t         len;
    unsigned char  buf[BENCH_DTLS_MESSAGE];

    len = bench_dtls_request(s, buf, put);

    ERR_clear_error();
    (void) SSL_write(s->ssl, buf, (int) len);
}


/* Answers that are there; each is followed by a new request if "more". */

static void
bench_dtls_receive(bench_dtls_session_t *s, int more)
{
    int            n;
    unsigned char  buf[BENCH_DTLS_MESSAGE];

    for ( ;; ) {
        ERR_clear_error();

        n = SSL_read(s->ssl, buf, sizeof(buf));

        if (n < 4) {
            return;
        }

        bench_dtls_count.done++;
        bench_dtls_count.codes[buf[1]]++;
        s->last = bench_dtls_now();

        if (more) {
            bench_dtls_send(s, 0);
        }
    }
}


/* ---- modes ---- */

static void
bench_dtls_late(int64_t now, int handshake)
{
    long                   i, k;
    bench_dtls_session_t  *s;

    for (i = 0; i < bench_dtls_options.sessions; i++) {
        s = &bench_dtls_sessions[i];

        if (handshake) {
            (void) DTLSv1_handle_timeout(s->ssl);
            continue;
        }

        if (now - s->last < BENCH_DTLS_PATIENCE) {
            continue;
        }

        s->last = now;
        bench_dtls_count.lost++;

        for (k = 0; k < bench_dtls_options.depth; k++) {
            bench_dtls_send(s, 0);
        }
    }
}


static double
bench_dtls_run(void (*handler)(bench_dtls_session_t *s), int handshake)
{
    int                 i, n;
    int64_t             start, end, now, checked;
    struct epoll_event  ev[BENCH_DTLS_EVENTS];

    start = bench_dtls_now();
    end = start + bench_dtls_options.seconds * 1000;
    checked = start;

    for (now = start; now < end; now = bench_dtls_now()) {

        n = epoll_wait(bench_dtls_epoll, ev, BENCH_DTLS_EVENTS, 50);

        for (i = 0; i < n; i++) {
            handler(ev[i].data.ptr);
        }

        if (now - checked >= 50) {
            checked = now;
            bench_dtls_late(now, handshake);
        }
    }

    return (double) (now - start) / 1000;
}


static void
bench_dtls_up(void)
{
    int                    rc;
    long                   i;
    int64_t                end;
    struct epoll_event     ev;
    bench_dtls_session_t  *s;

    /* one after the other: this is not what is measured */

    for (i = 0; i < bench_dtls_options.sessions; i++) {
        s = &bench_dtls_sessions[i];
        end = bench_dtls_now() + BENCH_DTLS_START;

        bench_dtls_open(s);

        while ((rc = bench_dtls_handshake(s)) == 0) {

            if (bench_dtls_now() > end) {
                break;
            }

            (void) epoll_wait(bench_dtls_epoll, &ev, 1, 50);
            (void) DTLSv1_handle_timeout(s->ssl);
        }

        if (rc != 1) {
            bench_dtls_die("no session");
        }
    }
}


static void
bench_dtls_on_answer(bench_dtls_session_t *s)
{
    bench_dtls_receive(s, 1);
}


static double
bench_dtls_mode_handshake(void)
{
    long  i;

    for (i = 0; i < bench_dtls_options.sessions; i++) {
        bench_dtls_open(&bench_dtls_sessions[i]);
        bench_dtls_cycle(&bench_dtls_sessions[i]);
    }

    bench_dtls_count.done = 0;

    return bench_dtls_run(bench_dtls_cycle, 1);
}


static void
bench_dtls_put(void)
{
    int64_t             end;
    struct epoll_event  ev;

    end = bench_dtls_now() + 5000;
    bench_dtls_send(&bench_dtls_sessions[0], 1);

    while (bench_dtls_count.done == 0 && bench_dtls_now() < end) {
        (void) epoll_wait(bench_dtls_epoll, &ev, 1, 100);
        bench_dtls_receive(&bench_dtls_sessions[0], 0);
    }

    if (bench_dtls_count.codes[0x41] + bench_dtls_count.codes[0x44] == 0) {
        fprintf(stderr, "bench_dtls: the PUT was not granted\n");
        exit(1);
    }

    memset(&bench_dtls_count, 0, sizeof(bench_dtls_count));
}


static double
bench_dtls_mode_get(int put)
{
    long  i, k;

    bench_dtls_up();

    if (put) {
        bench_dtls_put();
    }

    for (i = 0; i < bench_dtls_options.sessions; i++) {
        bench_dtls_sessions[i].last = bench_dtls_now();

        for (k = 0; k < bench_dtls_options.depth; k++) {
            bench_dtls_send(&bench_dtls_sessions[i], 0);
        }
    }

    return bench_dtls_run(bench_dtls_on_answer, 0);
}


static void
bench_dtls_mode_idle(void)
{
    bench_dtls_up();

    printf("up sessions=%ld\n", bench_dtls_options.sessions);
    fflush(stdout);

    while (getchar() != EOF) { /* void */ }
}


static void
bench_dtls_print(double seconds)
{
    int            i;
    struct rusage  ru;

    getrusage(RUSAGE_SELF, &ru);

    printf("mode=%s sessions=%ld rate=%.0f failed=%ld lost=%ld cpu=%.0f%%",
           bench_dtls_options.mode, bench_dtls_options.sessions,
           bench_dtls_count.done / seconds, bench_dtls_count.failed,
           bench_dtls_count.lost,
           100 * (ru.ru_utime.tv_sec + ru.ru_stime.tv_sec
                  + (ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6)
               / seconds);

    for (i = 0; i < 256; i++) {
        if (bench_dtls_count.codes[i]) {
            printf(" %d.%02d=%ld", i >> 5, i & 0x1f, bench_dtls_count.codes[i]);
        }
    }

    printf("\n");
}


/* ---- start ---- */

static const struct option  bench_dtls_longopts[] = {
    { "server", required_argument, NULL, 's' },
    { "ca", required_argument, NULL, 'a' },
    { "cert", required_argument, NULL, 'c' },
    { "key", required_argument, NULL, 'k' },
    { "sessions", required_argument, NULL, 'n' },
    { "depth", required_argument, NULL, 'd' },
    { "seconds", required_argument, NULL, 't' },
    { "mid", required_argument, NULL, 'm' },
    { NULL, 0, NULL, 0 }
};


static void
bench_dtls_option_set(bench_dtls_options_t *o, int c)
{
    switch (c) {
    case 's': o->server = optarg; break;
    case 'a': o->ca = optarg; break;
    case 'c': o->cert = optarg; break;
    case 'k': o->key = optarg; break;
    case 'n': o->sessions = atol(optarg); break;
    case 'd': o->depth = atol(optarg); break;
    case 't': o->seconds = atol(optarg); break;
    case 'm': o->mid = atol(optarg); break;
    default: exit(2);
    }
}


static void
bench_dtls_address(const char *text)
{
    char         host[64];
    const char  *colon;

    colon = strrchr(text, ':');

    if (colon == NULL || (size_t) (colon - text) >= sizeof(host)) {
        bench_dtls_die("--server ADDR:PORT");
    }

    memcpy(host, text, colon - text);
    host[colon - text] = '\0';

    bench_dtls_server.sin_family = AF_INET;
    bench_dtls_server.sin_port = htons((uint16_t) atoi(colon + 1));

    if (inet_pton(AF_INET, host, &bench_dtls_server.sin_addr) != 1) {
        bench_dtls_die("--server is no IPv4 address");
    }
}


int
main(int argc, char **argv)
{
    int                    c;
    double                 seconds;
    const char            *mode;
    bench_dtls_options_t  *o;

    o = &bench_dtls_options;

    while ((c = getopt_long(argc, argv, "", bench_dtls_longopts, NULL)) != -1) {
        bench_dtls_option_set(o, c);
    }

    mode = o->mode = optind < argc ? argv[optind] : "";

    if (o->server == NULL || o->ca == NULL || o->cert == NULL || o->key == NULL
        || o->sessions < 1 || o->depth < 1 || o->seconds < 1)
    {
        fprintf(stderr, "bench_dtls: see the head of bench_dtls.c\n");
        return 2;
    }

    bench_dtls_address(o->server);
    bench_dtls_init();

    if (strcmp(mode, "handshake") == 0) {
        seconds = bench_dtls_mode_handshake();

    } else if (strcmp(mode, "get") == 0 || strcmp(mode, "put") == 0) {
        seconds = bench_dtls_mode_get(mode[0] == 'p');

    } else if (strcmp(mode, "idle") == 0) {
        bench_dtls_mode_idle();
        return 0;

    } else {
        fprintf(stderr, "bench_dtls: unknown mode \"%s\"\n", mode);
        return 2;
    }

    bench_dtls_print(seconds);

    return bench_dtls_count.done == 0;
}
