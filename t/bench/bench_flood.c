/*
 * A flood of DTLS ClientHellos without a cookie, from many addresses of the
 * loopback network: what a server answers, and how much it says to somebody
 * whose address nothing proves (RFC 6347 section 4.2.1).
 *
 *   bench_flood ADDR:PORT SECONDS RATE
 *
 * RATE hellos a second, 0: as many as go.  Prints one line of key=value.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>


#define BENCH_FLOOD_SOCKETS  250    /* 127.0.1.1 and so on */
#define BENCH_FLOOD_HELLO    1024
#define BENCH_FLOOD_RANDOM   27     /* offset: record, message, version */
#define BENCH_FLOOD_BURST    16     /* hellos between looks at the clock */
#define BENCH_FLOOD_TAIL     200000 /* us for the last answers */

typedef struct {
    uint64_t            sent;
    uint64_t            answered;
    size_t              largest;
} bench_flood_count_t;


static struct sockaddr_in   bench_flood_server;
static int                  bench_flood_fds[BENCH_FLOOD_SOCKETS];
static unsigned char        bench_flood_hello[BENCH_FLOOD_HELLO];
static size_t               bench_flood_len;
static bench_flood_count_t  bench_flood_count;


static void
bench_flood_die(const char *what)
{
    fprintf(stderr, "bench_flood: %s: %s\n", what, strerror(errno));
    exit(2);
}


static int64_t
bench_flood_now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


/* The hello that OpenSSL's own client sends first. */

static void
bench_flood_make(void)
{
    int       n;
    BIO      *in, *out;
    SSL      *ssl;
    SSL_CTX  *ctx;

    ctx = SSL_CTX_new(DTLS_client_method());
    ssl = ctx ? SSL_new(ctx) : NULL;
    in = BIO_new(BIO_s_mem());
    out = BIO_new(BIO_s_mem());

    if (ssl == NULL || in == NULL || out == NULL) {
        bench_flood_die("OpenSSL");
    }

    SSL_set_bio(ssl, in, out);
    SSL_set_options(ssl, SSL_OP_NO_QUERY_MTU);
    DTLS_set_link_mtu(ssl, 1280);
    SSL_set_connect_state(ssl);
    (void) SSL_do_handshake(ssl);

    n = BIO_read(out, bench_flood_hello, sizeof(bench_flood_hello));

    if (n < BENCH_FLOOD_RANDOM + 32) {
        bench_flood_die("no ClientHello");
    }

    bench_flood_len = n;

    SSL_free(ssl);
    SSL_CTX_free(ctx);
}


static void
bench_flood_sockets(void)
{
    int                 i, fd;
    struct sockaddr_in  sin;

    for (i = 0; i < BENCH_FLOOD_SOCKETS; i++) {

        memset(&sin, 0, sizeof(sin));
        sin.sin_family = AF_INET;
        sin.sin_addr.s_addr = htonl(0x7f000101 + (uint32_t) i);

        fd = socket(AF_INET, SOCK_DGRAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0);

        if (fd == -1 || bind(fd, (struct sockaddr *) &sin, sizeof(sin)) == -1
            || connect(fd, (struct sockaddr *) &bench_flood_server,
                       sizeof(bench_flood_server))
               == -1)
        {
            bench_flood_die("socket");
        }

        bench_flood_fds[i] = fd;
    }
}


static void
bench_flood_receive(int fd)
{
    ssize_t        n;
    unsigned char  buf[2048];

    while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
        bench_flood_count.answered++;

        if ((size_t) n > bench_flood_count.largest) {
            bench_flood_count.largest = n;
        }
    }
}


static void
bench_flood_send(void)
{
    int  fd;

    fd = bench_flood_fds[bench_flood_count.sent % BENCH_FLOOD_SOCKETS];

    bench_flood_receive(fd);

    /* another Random each time */

    memcpy(bench_flood_hello + BENCH_FLOOD_RANDOM, &bench_flood_count.sent,
           sizeof(bench_flood_count.sent));

    (void) !send(fd, bench_flood_hello, bench_flood_len, 0);
    bench_flood_count.sent++;
}


/* Seconds that it took. */

static double
bench_flood_run(double seconds, double rate)
{
    int              i;
    int64_t          begin, now, end;
    struct timespec  pause = { 0, 100000 };

    begin = bench_flood_now();
    end = begin + (int64_t) (seconds * 1e6);

    for (now = begin; now < end; now = bench_flood_now()) {

        if (rate > 0
            && (double) bench_flood_count.sent > rate * (now - begin) / 1e6)
        {
            nanosleep(&pause, NULL);
            continue;
        }

        for (i = 0; i < BENCH_FLOOD_BURST; i++) {
            bench_flood_send();
        }
    }

    return (double) (now - begin) / 1e6;
}


static void
bench_flood_tail(void)
{
    int      i;
    int64_t  end;

    for (end = bench_flood_now() + BENCH_FLOOD_TAIL; bench_flood_now() < end; )
    {
        for (i = 0; i < BENCH_FLOOD_SOCKETS; i++) {
            bench_flood_receive(bench_flood_fds[i]);
        }
    }
}


static void
bench_flood_address(char *text)
{
    char  *colon;

    colon = strrchr(text, ':');

    if (colon == NULL) {
        bench_flood_die("ADDR:PORT");
    }

    *colon++ = '\0';

    bench_flood_server.sin_family = AF_INET;
    bench_flood_server.sin_port = htons((uint16_t) atoi(colon));

    if (inet_pton(AF_INET, text, &bench_flood_server.sin_addr) != 1) {
        bench_flood_die("no IPv4 address");
    }
}


int
main(int argc, char **argv)
{
    double  took;

    if (argc != 4 || atof(argv[2]) <= 0) {
        fprintf(stderr, "usage: bench_flood ADDR:PORT SECONDS RATE\n");
        return 2;
    }

    bench_flood_address(argv[1]);
    bench_flood_make();
    bench_flood_sockets();

    took = bench_flood_run(atof(argv[2]), atof(argv[3]));
    bench_flood_tail();

    printf("mode=flood rate=%.0f sent=%lu answered=%.0f hello=%zu "
           "largest=%zu\n",
           bench_flood_count.sent / took, bench_flood_count.sent,
           bench_flood_count.answered / took, bench_flood_len,
           bench_flood_count.largest);

    return bench_flood_count.answered == 0;
}
