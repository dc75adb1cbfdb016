/*
 * Load for a data channel: kept HTTP/1.1 connections over TLS 1.3 with client
 * certificates, one request at a time in each, all in one thread.
 *
 *   bench_data MODE --server ADDR:PORT --ca FILE --cert FILE --key FILE
 *       [--connections N] [--seconds S] [--requests N] [--first K]
 *       [--names N] [PATH]
 *
 *   get PATH    GET of it
 *   put PATH    PUT of the body that "acl" has
 *   client      PUT of a dots-client, each connection its own, then ends
 *   acl         PUTs of ACLs of 1 KB of each connection's dots-client, counted
 *               from --first on: ever new names, or --names of them
 *   alias       PUT of an alias with the path that it prints, then ends
 *
 * Prints one line of key=value; times are in microseconds.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load_hist.h"
#include "load_net.h"


#define BENCH_DATA_EVENTS   64
#define BENCH_DATA_BUFFER   16384
#define BENCH_DATA_BODY     1024
#define BENCH_DATA_ROOT     "/restconf/data/ietf-dots-data-channel:dots-data"
#define BENCH_DATA_ALIAS    BENCH_DATA_ROOT "/dots-client=bench-0/aliases"    \
                            "/alias=bench"

typedef struct {
    SSL                *ssl;
    int                 fd;
    long                number;
    long                requests;
    int64_t             began;
    size_t              len;        /* of the answer, so far */
    char                buf[BENCH_DATA_BUFFER];
} bench_data_conn_t;

typedef size_t (*bench_data_request_t)(bench_data_conn_t *c, char *buf,
    size_t size);

static struct {
    struct sockaddr_in  server;
    const char         *ca;
    const char         *cert;
    const char         *key;
    const char         *path;
    long                connections;
    double              seconds;
    long                requests;   /* 0: as many as there is time for */
    long                first;
    long                names;      /* 0: without end */
} bench_data_conf = {
    .connections = 64, .seconds = 5
};

static const struct option  bench_data_options[] = {
    { "server", required_argument, NULL, 's' },
    { "ca", required_argument, NULL, 'a' },
    { "cert", required_argument, NULL, 'c' },
    { "key", required_argument, NULL, 'k' },
    { "connections", required_argument, NULL, 'n' },
    { "seconds", required_argument, NULL, 't' },
    { "requests", required_argument, NULL, 'N' },
    { "first", required_argument, NULL, 'f' },
    { "names", required_argument, NULL, 'm' },
    { NULL, 0, NULL, 0 }
};

static int           bench_data_epoll;
static SSL_CTX      *bench_data_ctx;
static long          bench_data_begun;
static long          bench_data_done;
static long          bench_data_failed;     /* no answer of class 2 */
static long          bench_data_codes[600];
static size_t        bench_data_size;       /* of the last answer's body */
static int64_t       bench_data_end;
static load_hist_t   bench_data_hist;


/* ---- requests ---- */

static size_t
bench_data_write(char *buf, size_t size, const char *method, const char *path,
    const char *body)
{
    int  n;

    n = snprintf(buf, size,
                 "%s %s HTTP/1.1\r\n"
                 "Host: localhost\r\n"
                 "Accept: application/yang-data+json\r\n"
                 "Content-Type: application/yang-data+json\r\n"
                 "Content-Length: %zu\r\n\r\n%s",
                 method, path, strlen(body), body);

    if (n < 0 || (size_t) n >= size) {
        load_net_die("a request is too large");
    }

    return (size_t) n;
}


/* An ACL as RFC 8783 section 7.2 has them, filled up to BENCH_DATA_BODY. */

static void
bench_data_acl_body(char *body, const char *name)
{
    int     n, i;
    size_t  len;

    len = (size_t) sprintf(body, "{\"ietf-dots-data-channel:acl\":[{"
                           "\"name\":\"%s\",\"type\":\"ipv6-acl-type\","
                           "\"activation-type\":\"immediate\","
                           "\"aces\":{\"ace\":[", name);

    for (i = 0; len < BENCH_DATA_BODY - 290; i++) {
        n = sprintf(body + len, "%s{\"name\":\"rule-%d\","
                    "\"matches\":{\"ipv6\":{"
                    "\"destination-ipv6-network\":\"2001:db8:6401:%x::/64\","
                    "\"source-ipv6-network\":\"2001:db8:ffff:%x::/64\"},"
                    "\"udp\":{\"source-port-range-or-operator\":"
                    "{\"operator\":\"eq\",\"port\":%d}}},"
                    "\"actions\":{\"forwarding\":\"drop\"}}",
                    i ? "," : "", i, i + 1, i + 16, 1000 + i);
        len += (size_t) n;
    }

    len += (size_t) sprintf(body + len, "]}}]}");

    while (len < BENCH_DATA_BODY) {
        body[len++] = ' ';
    }

    body[len] = '\0';
}


static size_t
bench_data_get(bench_data_conn_t *c, char *buf, size_t size)
{
    (void) c;

    return bench_data_write(buf, size, "GET", bench_data_conf.path, "");
}


static size_t
bench_data_put(bench_data_conn_t *c, char *buf, size_t size)
{
    char  body[BENCH_DATA_BODY + 512];

    (void) c;

    bench_data_acl_body(body, "reference");

    return bench_data_write(buf, size, "PUT", bench_data_conf.path, body);
}


static size_t
bench_data_client(bench_data_conn_t *c, char *buf, size_t size)
{
    long  number;
    char  path[256], body[256];

    number = bench_data_conf.first + c->number;

    (void) snprintf(path, sizeof(path), BENCH_DATA_ROOT
                    "/dots-client=bench-%ld", number);
    (void) snprintf(body, sizeof(body),
                    "{\"ietf-dots-data-channel:dots-client\":"
                    "[{\"cuid\":\"bench-%ld\"}]}", number);

    return bench_data_write(buf, size, "PUT", path, body);
}


static size_t
bench_data_acl(bench_data_conn_t *c, char *buf, size_t size)
{
    long  n;
    char  name[32], path[256], body[BENCH_DATA_BODY + 512];

    n = bench_data_conf.names;
    n = n ? c->requests % n : c->requests;

    (void) snprintf(name, sizeof(name), "acl-%ld", n);
    (void) snprintf(path, sizeof(path), BENCH_DATA_ROOT
                    "/dots-client=bench-%ld/acls/acl=%s",
                    bench_data_conf.first + c->number, name);

    bench_data_acl_body(body, name);

    return bench_data_write(buf, size, "PUT", path, body);
}


static size_t
bench_data_alias(bench_data_conn_t *c, char *buf, size_t size)
{
    (void) c;

    return bench_data_write(buf, size, "PUT", BENCH_DATA_ALIAS,
                            "{\"ietf-dots-data-channel:alias\":[{"
                            "\"name\":\"bench\",\"target-prefix\":"
                            "[\"2001:db8:6401::80/128\",\"192.0.2.80/32\"],"
                            "\"target-port-range\":[{\"lower-port\":443}],"
                            "\"target-protocol\":[6,17]}]}");
}


/* ---- connections ---- */

static void
bench_data_init(void)
{
    bench_data_ctx = SSL_CTX_new(TLS_client_method());

    if (bench_data_ctx == NULL
        || !SSL_CTX_set_min_proto_version(bench_data_ctx, TLS1_3_VERSION)
        || SSL_CTX_load_verify_locations(bench_data_ctx, bench_data_conf.ca,
                                         NULL) != 1
        || SSL_CTX_use_certificate_file(bench_data_ctx, bench_data_conf.cert,
                                        SSL_FILETYPE_PEM) != 1
        || SSL_CTX_use_PrivateKey_file(bench_data_ctx, bench_data_conf.key,
                                       SSL_FILETYPE_PEM) != 1)
    {
        load_net_die("certificates");
    }

    SSL_CTX_set_verify(bench_data_ctx, SSL_VERIFY_PEER, NULL);

    bench_data_epoll = epoll_create1(EPOLL_CLOEXEC);

    if (bench_data_epoll == -1) {
        load_net_die("epoll");
    }
}


static void
bench_data_open(bench_data_conn_t *c)
{
    int                 one;
    struct epoll_event  ev;

    one = 1;

    c->fd = socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0);
    c->ssl = SSL_new(bench_data_ctx);

    if (c->fd == -1 || c->ssl == NULL
        || connect(c->fd, (struct sockaddr *) &bench_data_conf.server,
                   sizeof(bench_data_conf.server)) == -1
        || setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one))
           == -1
        || SSL_set_fd(c->ssl, c->fd) != 1 || SSL_connect(c->ssl) != 1
        || fcntl(c->fd, F_SETFL, O_NONBLOCK) == -1)
    {
        load_net_die("connection");
    }

    ev.events = EPOLLIN;
    ev.data.ptr = c;

    if (epoll_ctl(bench_data_epoll, EPOLL_CTL_ADD, c->fd, &ev) == -1) {
        load_net_die("epoll");
    }
}


/* The requests are smaller than any socket's buffer. */

static void
bench_data_send(bench_data_conn_t *c, bench_data_request_t request)
{
    size_t  n;
    char    buf[4096];

    n = request(c, buf, sizeof(buf));

    c->requests++;
    c->len = 0;
    c->began = load_net_now();
    bench_data_begun++;

    if (SSL_write(c->ssl, buf, (int) n) != (int) n) {
        load_net_die("SSL_write()");
    }
}


/* The answer's size; 0: it is not whole. */

static size_t
bench_data_whole(bench_data_conn_t *c, int *code)
{
    char    *end, *field;
    size_t   head, body;

    c->buf[c->len] = '\0';

    end = strstr(c->buf, "\r\n\r\n");
    if (end == NULL) {
        return 0;
    }

    *code = atoi(c->buf + sizeof("HTTP/1.1 ") - 1);
    field = strcasestr(c->buf, "\r\nContent-Length:");
    head = (size_t) (end + 4 - c->buf);

    body = field && field < end
           ? strtoul(field + sizeof("\r\nContent-Length:") - 1, NULL, 10) : 0;

    bench_data_size = body;

    return c->len >= head + body ? head + body : 0;
}


static void
bench_data_answered(bench_data_conn_t *c, int code)
{
    bench_data_done++;
    load_hist_add(&bench_data_hist, (uint64_t) (load_net_now() - c->began));

    if (code < 200 || code > 299) {

        if (bench_data_failed++ == 0) {
            fprintf(stderr, "bench_data: %s\n", c->buf);
        }
    }

    if (code > 0 && code < 600) {
        bench_data_codes[code]++;
    }
}


static void
bench_data_read(bench_data_conn_t *c, bench_data_request_t request)
{
    int  n, code;

    for ( ;; ) {
        n = SSL_read(c->ssl, c->buf + c->len,
                     (int) (sizeof(c->buf) - 1 - c->len));

        if (n <= 0) {
            break;
        }

        c->len += (size_t) n;

        if (bench_data_whole(c, &code)) {
            bench_data_answered(c, code);

            if ((bench_data_conf.requests == 0
                 || bench_data_begun < bench_data_conf.requests)
                && load_net_now() < bench_data_end)
            {
                bench_data_send(c, request);
            }

            return;
        }
    }

    if (SSL_get_error(c->ssl, n) != SSL_ERROR_WANT_READ) {
        load_net_die("a connection is over");
    }
}


static double
bench_data_run(bench_data_request_t request)
{
    int                  i, n;
    long                 k;
    int64_t              begin;
    bench_data_conn_t   *conns;
    struct epoll_event   events[BENCH_DATA_EVENTS];

    conns = calloc((size_t) bench_data_conf.connections,
                   sizeof(bench_data_conn_t));
    if (conns == NULL) {
        load_net_die("memory");
    }

    for (k = 0; k < bench_data_conf.connections; k++) {
        conns[k].number = k;
        bench_data_open(&conns[k]);
    }

    begin = load_net_now();
    bench_data_end = begin + (int64_t) (bench_data_conf.seconds * 1e6);

    for (k = 0; k < bench_data_conf.connections; k++) {
        bench_data_send(&conns[k], request);
    }

    while (bench_data_done < bench_data_begun) {

        n = epoll_wait(bench_data_epoll, events, BENCH_DATA_EVENTS, 10000);

        if (n <= 0) {
            load_net_die("no answer for 10 s");
        }

        for (i = 0; i < n; i++) {
            bench_data_read(events[i].data.ptr, request);
        }
    }

    return (double) (load_net_now() - begin) / 1e6;
}


/* ---- the command ---- */

static void
bench_data_address(char *text)
{
    char  *colon;

    colon = strrchr(text, ':');

    if (colon != NULL) {
        *colon++ = '\0';
        bench_data_conf.server.sin_family = AF_INET;
        bench_data_conf.server.sin_port = htons((uint16_t) atoi(colon));
    }

    if (colon == NULL
        || inet_pton(AF_INET, text, &bench_data_conf.server.sin_addr) != 1)
    {
        load_net_die("ADDR:PORT");
    }
}


static void
bench_data_option(int c)
{
    switch (c) {
    case 's': bench_data_address(optarg); break;
    case 'a': bench_data_conf.ca = optarg; break;
    case 'c': bench_data_conf.cert = optarg; break;
    case 'k': bench_data_conf.key = optarg; break;
    case 'n': bench_data_conf.connections = atol(optarg); break;
    case 't': bench_data_conf.seconds = atof(optarg); break;
    case 'N': bench_data_conf.requests = atol(optarg); break;
    case 'f': bench_data_conf.first = atol(optarg); break;
    case 'm': bench_data_conf.names = atol(optarg); break;
    default: exit(2);
    }
}


static bench_data_request_t
bench_data_mode(const char *mode)
{
    if (strcmp(mode, "get") == 0) {
        return bench_data_get;
    }

    if (strcmp(mode, "put") == 0) {
        return bench_data_put;
    }

    if (strcmp(mode, "acl") == 0) {
        return bench_data_acl;
    }

    if (strcmp(mode, "client") == 0) {
        bench_data_conf.requests = bench_data_conf.connections;
        return bench_data_client;
    }

    if (strcmp(mode, "alias") == 0) {
        bench_data_conf.connections = 1;
        bench_data_conf.requests = 1;
        bench_data_conf.path = BENCH_DATA_ALIAS;
        return bench_data_alias;
    }

    return NULL;
}


static void
bench_data_print(const char *mode, double seconds)
{
    int  i;

    printf("mode=%s rate=%.0f done=%ld failed=%ld size=%zu p50=%lu p99=%lu "
           "max=%lu", mode, (double) bench_data_done / seconds,
           bench_data_done, bench_data_failed, bench_data_size,
           load_hist_at(&bench_data_hist, 50),
           load_hist_at(&bench_data_hist, 99), bench_data_hist.max);

    for (i = 0; i < 600; i++) {
        if (bench_data_codes[i]) {
            printf(" c%d=%ld", i, bench_data_codes[i]);
        }
    }

    printf(" path=%s\n", bench_data_conf.path ? bench_data_conf.path : "-");
}


int
main(int argc, char **argv)
{
    int                    c;
    double                 seconds;
    const char            *mode;
    bench_data_request_t   request;

    while ((c = getopt_long(argc, argv, "", bench_data_options, NULL)) != -1) {
        bench_data_option(c);
    }

    mode = optind < argc ? argv[optind++] : "";
    bench_data_conf.path = optind < argc ? argv[optind] : NULL;
    request = bench_data_mode(mode);

    if (request == NULL || bench_data_conf.server.sin_port == 0
        || bench_data_conf.ca == NULL || bench_data_conf.cert == NULL
        || bench_data_conf.key == NULL || bench_data_conf.connections < 1
        || ((request == bench_data_get || request == bench_data_put)
            && bench_data_conf.path == NULL))
    {
        fprintf(stderr, "bench_data: see the head of bench_data.c\n");
        return 2;
    }

    bench_data_init();
    seconds = bench_data_run(request);
    bench_data_print(mode, seconds);

    return bench_data_failed != 0;
}
