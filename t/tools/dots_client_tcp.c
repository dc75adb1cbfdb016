/*
 * A TLS client for tests: it carries raw CoAP messages over TCP (RFC 8323), and
 * what is none.  The twin of dots_client.c, with the same commands where they
 * make sense.
 *
 *   dots_client_tcp --server HOST:PORT --ca FILE [--cert FILE --key FILE]
 *                   [--psk-id NAME --psk HEX] [--ciphers LIST]
 *                   [--name HOST] [--bind ADDR[:PORT]] [--alpn NAME|none]
 *                   [--max 1.1|1.2|1.3] [--rcvbuf BYTES] [--timeout MS]
 *                   [--life SECONDS] [--wait]
 *
 * It connects at once (with --wait only TCP) and prints "connected VERSION
 * CIPHER ALPN", with "resumed" behind it if that is what happened, or "failed
 * REASON"; then it reads commands from stdin, one a line, and answers each with
 * one line.  Every wait is bounded; after --life seconds it ends.
 *
 *   connect [MS]      a new connection    -> connected ... | failed REASON
 *   keep              the session, for "resume"      -> ok | failed REASON
 *   resume [MS]       a new connection with the session kept
 *   send HEX          bytes of the stream -> sent N | failed REASON
 *   recv MS           the next message    -> recv HEX | timeout | closed
 *                                            | failed REASON
 *   close             close_notify        -> ok
 *   raw HEX           bytes below TLS     -> sent N
 *   rawrecv MS        what comes          -> raw HEX | timeout | closed
 *   local             own address         -> local ADDR:PORT
 *   quit
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "dots_client_text.h"


#define DOTS_CLIENT_TCP_BYTES    262144
#define DOTS_CLIENT_TCP_LINE     (2 * DOTS_CLIENT_TCP_BYTES + 64)
#define DOTS_CLIENT_TCP_MAX_WAIT 60000

typedef struct {
    const char               *server;
    const char               *ca;
    const char               *cert;
    const char               *key;
    const char               *psk_id;
    const char               *psk;
    const char               *ciphers;
    const char               *name;
    const char               *bind;
    const char               *alpn;
    const char               *max;
    long                      rcvbuf;
    long                      timeout;
    long                      life;
    int                       wait;

    int                       fd;
    SSL_CTX                  *ctx;
    SSL                      *ssl;
    SSL_SESSION              *kept;
    int                       up;

    size_t                    len;          /* of the stream so far */
    unsigned char             stream[DOTS_CLIENT_TCP_BYTES];
} dots_client_tcp_t;

typedef struct {
    const char               *name;
    void                    (*handler)(dots_client_tcp_t *dc, char *arg);
} dots_client_tcp_command_t;


static dots_client_tcp_t  dots_client_tcp;
static unsigned char      dots_client_tcp_buf[DOTS_CLIENT_TCP_BYTES];


/* ---- the connection ---- */

static void
dots_client_tcp_socket(dots_client_tcp_t *dc)
{
    int               rcvbuf, nodelay;
    struct addrinfo  *server, *local;

    server = dots_client_resolve(dc->server);

    if (dc->fd != -1) {
        close(dc->fd);
    }

    dc->fd = socket(server->ai_family, SOCK_STREAM|SOCK_CLOEXEC, 0);

    if (dc->fd == -1) {
        dots_client_die("socket(): %s", strerror(errno));
    }

    /* a request behind the CSM waits for no acknowledgement of that */

    nodelay = 1;

    (void) setsockopt(dc->fd, IPPROTO_TCP, TCP_NODELAY, &nodelay,
                      sizeof(nodelay));

    rcvbuf = (int) dc->rcvbuf;

    if (rcvbuf) {
        (void) setsockopt(dc->fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf,
                          sizeof(rcvbuf));
    }

    if (dc->bind) {
        local = dots_client_resolve(dc->bind);

        if (bind(dc->fd, local->ai_addr, local->ai_addrlen) == -1) {
            dots_client_die("bind(%s): %s", dc->bind, strerror(errno));
        }

        freeaddrinfo(local);
    }

    if (connect(dc->fd, server->ai_addr, server->ai_addrlen) == -1) {
        dots_client_die("connect(): %s", strerror(errno));
    }

    if (fcntl(dc->fd, F_SETFL, O_NONBLOCK) == -1) {
        dots_client_die("fcntl(): %s", strerror(errno));
    }

    dc->len = 0;
    freeaddrinfo(server);
}


/* Nonzero: until "end" what "events" asks for may have come. */

static int
dots_client_tcp_poll(dots_client_tcp_t *dc, short events, int64_t end)
{
    int64_t        ms;
    struct pollfd  pfd;

    ms = end - dots_client_now();

    if (ms <= 0) {
        return 0;
    }

    pfd.fd = dc->fd;
    pfd.events = events;

    (void) poll(&pfd, 1, (int) ms);

    return 1;
}


/* Of a call that did not do: nonzero if it is worth another try. */

static int
dots_client_tcp_again(dots_client_tcp_t *dc, int rc, int64_t end)
{
    switch (SSL_get_error(dc->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
        return dots_client_tcp_poll(dc, POLLIN, end);
    case SSL_ERROR_WANT_WRITE:
        return dots_client_tcp_poll(dc, POLLOUT, end);
    default:
        return 0;
    }
}


static void
dots_client_tcp_failed(dots_client_tcp_t *dc, int rc)
{
    const char     *reason;
    unsigned long   e;

    switch (SSL_get_error(dc->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        printf("timeout\n");
        return;
    case SSL_ERROR_ZERO_RETURN:
        printf("closed\n");
        return;
    default:
        break;
    }

    e = ERR_peek_last_error();
    reason = e ? ERR_reason_error_string(e) : NULL;

    printf("failed %s\n", reason ? reason : "connection lost");
}


static void
dots_client_tcp_handshake(dots_client_tcp_t *dc, char *arg,
    SSL_SESSION *session)
{
    int                   n;
    int64_t               end;
    unsigned              len;
    const unsigned char  *alpn;

    end = dots_client_now()
          + dots_client_number(arg, dc->timeout, DOTS_CLIENT_TCP_MAX_WAIT);

    SSL_free(dc->ssl);
    dots_client_tcp_socket(dc);

    dc->up = 0;
    dc->ssl = SSL_new(dc->ctx);

    if (dc->ssl == NULL || SSL_set_fd(dc->ssl, dc->fd) != 1
        || (dc->name && SSL_set1_host(dc->ssl, dc->name) != 1)
        || (session && SSL_set_session(dc->ssl, session) != 1))
    {
        dots_client_die("no memory");
    }

    do {
        ERR_clear_error();
        n = SSL_connect(dc->ssl);
    } while (n != 1 && dots_client_tcp_again(dc, n, end));

    if (n != 1) {
        dots_client_tcp_failed(dc, n);
        return;
    }

    dc->up = 1;
    SSL_get0_alpn_selected(dc->ssl, &alpn, &len);

    printf("connected %s %s %.*s%s\n", SSL_get_version(dc->ssl),
           SSL_get_cipher_name(dc->ssl), len ? (int) len : 1,
           len ? (const char *) alpn : "-",
           SSL_session_reused(dc->ssl) ? " resumed" : "");
}


static void
dots_client_tcp_connect(dots_client_tcp_t *dc, char *arg)
{
    dots_client_tcp_handshake(dc, arg, NULL);
}


static void
dots_client_tcp_resume(dots_client_tcp_t *dc, char *arg)
{
    SSL_SESSION  *session;

    session = dc->kept;

    if (session == NULL) {
        printf("failed no session kept\n");
        return;
    }

    dc->kept = NULL;
    dots_client_tcp_handshake(dc, arg, session);
    SSL_SESSION_free(session);
}


/* ---- commands on a session ---- */

static int
dots_client_tcp_is_up(dots_client_tcp_t *dc)
{
    if (!dc->up) {
        printf("failed not connected\n");
    }

    return dc->up;
}


static void
dots_client_tcp_keep(dots_client_tcp_t *dc, char *arg)
{
    (void) arg;

    if (!dots_client_tcp_is_up(dc)) {
        return;
    }

    SSL_SESSION_free(dc->kept);

    /* a copy: OpenSSL spoils the session of a connection that just ends */

    dc->kept = SSL_SESSION_dup(SSL_get0_session(dc->ssl));

    if (dc->kept == NULL || !SSL_SESSION_is_resumable(dc->kept)) {
        SSL_SESSION_free(dc->kept);
        dc->kept = NULL;
        printf("failed no ticket\n");
        return;
    }

    printf("ok\n");
}


static void
dots_client_tcp_send(dots_client_tcp_t *dc, char *arg)
{
    int      n, rc, sent;
    int64_t  end;

    n = dots_client_unhex(arg, dots_client_tcp_buf,
                          sizeof(dots_client_tcp_buf));

    if (n <= 0) {
        printf("failed not hex\n");
        return;
    }

    if (!dots_client_tcp_is_up(dc)) {
        return;
    }

    end = dots_client_now() + dc->timeout;

    for (sent = 0; sent < n; sent += rc) {

        do {
            ERR_clear_error();
            rc = SSL_write(dc->ssl, dots_client_tcp_buf + sent, n - sent);
        } while (rc <= 0 && dots_client_tcp_again(dc, rc, end));

        if (rc <= 0) {
            dots_client_tcp_failed(dc, rc);
            return;
        }
    }

    printf("sent %d\n", n);
}


/* The number of "n" bytes, and behind them. */

static uint64_t
dots_client_tcp_number(const unsigned char **p, size_t n)
{
    uint64_t  value;

    for (value = 0; n; n--) {
        value = value << 8 | *(*p)++;
    }

    return value;
}


/*
 * The size of the message that the stream begins with (RFC 8323 section 3.2,
 * RFC 8974 section 2.1); 0: it is not all there.
 */

static size_t
dots_client_tcp_size(const unsigned char *stream, size_t len)
{
    size_t                n, tkl;
    uint64_t              size;
    const unsigned char  *p;

    static const size_t    bytes[16] = { [13] = 1, [14] = 2, [15] = 4 };
    static const uint64_t  base[16] = { [13] = 13, [14] = 269, [15] = 65805 };

    if (len == 0) {
        return 0;
    }

    p = stream;
    n = *p >> 4;
    tkl = *p++ & 15;

    if (len < 2 + bytes[n] + bytes[tkl]) {
        return 0;
    }

    size = n < 13 ? n : base[n] + dots_client_tcp_number(&p, bytes[n]);
    p++;                            /* the code */
    size += tkl < 13 ? tkl : base[tkl]
                             + dots_client_tcp_number(&p, bytes[tkl]);
    size += (size_t) (p - stream);

    return size <= len ? (size_t) size : 0;
}


static void
dots_client_tcp_recv(dots_client_tcp_t *dc, char *arg)
{
    int      n;
    size_t   size;
    int64_t  end;

    end = dots_client_now()
          + dots_client_number(arg, 0, DOTS_CLIENT_TCP_MAX_WAIT);

    if (!dots_client_tcp_is_up(dc)) {
        return;
    }

    for ( ;; ) {
        size = dots_client_tcp_size(dc->stream, dc->len);

        if (size) {
            dots_client_print_hex("recv", dc->stream, size);
            dc->len -= size;
            memmove(dc->stream, dc->stream + size, dc->len);
            return;
        }

        do {
            ERR_clear_error();
            n = SSL_read(dc->ssl, dc->stream + dc->len,
                         (int) (sizeof(dc->stream) - dc->len));
        } while (n <= 0 && dots_client_tcp_again(dc, n, end));

        if (n <= 0) {
            dots_client_tcp_failed(dc, n);
            return;
        }

        dc->len += n;
    }
}


static void
dots_client_tcp_close(dots_client_tcp_t *dc, char *arg)
{
    (void) arg;

    if (!dots_client_tcp_is_up(dc)) {
        return;
    }

    ERR_clear_error();
    (void) SSL_shutdown(dc->ssl);

    printf("ok\n");
}


/* ---- commands below TLS ---- */

static void
dots_client_tcp_raw(dots_client_tcp_t *dc, char *arg)
{
    int  n;

    n = dots_client_unhex(arg, dots_client_tcp_buf,
                          sizeof(dots_client_tcp_buf));

    if (n < 0) {
        printf("failed not hex\n");
        return;
    }

    printf("sent %zd\n", send(dc->fd, dots_client_tcp_buf, n, MSG_NOSIGNAL));
}


static void
dots_client_tcp_rawrecv(dots_client_tcp_t *dc, char *arg)
{
    ssize_t  n;
    int64_t  end;

    end = dots_client_now()
          + dots_client_number(arg, 0, DOTS_CLIENT_TCP_MAX_WAIT);

    do {
        n = recv(dc->fd, dots_client_tcp_buf, sizeof(dots_client_tcp_buf), 0);
    } while (n == -1 && errno == EAGAIN
             && dots_client_tcp_poll(dc, POLLIN, end));

    if (n > 0) {
        dots_client_print_hex("raw", dots_client_tcp_buf, n);
        return;
    }

    printf(n == -1 && errno == EAGAIN ? "timeout\n" : "closed\n");
}


static void
dots_client_tcp_local(dots_client_tcp_t *dc, char *arg)
{
    (void) arg;

    dots_client_print_local(dc->fd);
}


static void
dots_client_tcp_quit(dots_client_tcp_t *dc, char *arg)
{
    (void) dc;
    (void) arg;

    exit(0);
}


static const dots_client_tcp_command_t  dots_client_tcp_commands[] = {
    { "connect", dots_client_tcp_connect },
    { "keep", dots_client_tcp_keep },
    { "resume", dots_client_tcp_resume },
    { "send", dots_client_tcp_send },
    { "recv", dots_client_tcp_recv },
    { "close", dots_client_tcp_close },
    { "raw", dots_client_tcp_raw },
    { "rawrecv", dots_client_tcp_rawrecv },
    { "local", dots_client_tcp_local },
    { "quit", dots_client_tcp_quit },
    { NULL, NULL }
};


static void
dots_client_tcp_command(dots_client_tcp_t *dc, char *line)
{
    char                             *arg;
    const dots_client_tcp_command_t  *command;

    line[strcspn(line, "\r\n")] = '\0';

    arg = line + strcspn(line, " ");

    if (*arg) {
        *arg++ = '\0';
    }

    for (command = dots_client_tcp_commands; command->name; command++) {
        if (strcmp(command->name, line) == 0) {
            command->handler(dc, arg);
            return;
        }
    }

    printf("failed unknown command\n");
}


/* ---- start ---- */

static unsigned int
dots_client_tcp_psk(SSL *ssl, const char *hint, char *identity,
    unsigned int identity_len, unsigned char *psk, unsigned int max)
{
    int                 n;
    dots_client_tcp_t  *dc;

    (void) ssl;
    (void) hint;

    dc = &dots_client_tcp;
    n = dots_client_unhex(dc->psk, psk, max);

    if (n <= 0
        || snprintf(identity, identity_len, "%s", dc->psk_id)
           >= (int) identity_len)
    {
        dots_client_die("cannot use --psk-id or --psk");
    }

    return (unsigned) n;
}


static void
dots_client_tcp_init(dots_client_tcp_t *dc)
{
    size_t                 len;
    SSL_CTX               *ctx;
    unsigned char          alpn[64];

    ctx = SSL_CTX_new(TLS_client_method());

    if (ctx == NULL) {
        dots_client_die("no memory");
    }

    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);

    if (dc->max && strcmp(dc->max, "1.3") != 0) {

        /* what the library's default level would not even offer */

        SSL_CTX_set_security_level(ctx, 0);
        SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(ctx, strcmp(dc->max, "1.1") == 0
                                           ? TLS1_1_VERSION : TLS1_2_VERSION);
    }

    len = strlen(dc->alpn);

    if (strcmp(dc->alpn, "none") != 0 && len < sizeof(alpn)) {
        alpn[0] = (unsigned char) len;
        memcpy(alpn + 1, dc->alpn, len);
        (void) SSL_CTX_set_alpn_protos(ctx, alpn, (unsigned) len + 1);
    }

    if ((dc->ca && SSL_CTX_load_verify_locations(ctx, dc->ca, NULL) != 1)
        || (dc->cert && SSL_CTX_use_certificate_chain_file(ctx, dc->cert) != 1)
        || (dc->key
            && SSL_CTX_use_PrivateKey_file(ctx, dc->key, SSL_FILETYPE_PEM)
               != 1))
    {
        dots_client_die("cannot use --ca, --cert or --key");
    }

    if (dc->psk_id && dc->psk) {
        SSL_CTX_set_psk_client_callback(ctx, dots_client_tcp_psk);
    }

    if (dc->ciphers && SSL_CTX_set_cipher_list(ctx, dc->ciphers) != 1) {
        dots_client_die("cannot use --ciphers");
    }

    dc->ctx = ctx;
}


static const struct option  dots_client_tcp_longopts[] = {
    { "server", required_argument, NULL, 's' },
    { "ca", required_argument, NULL, 'a' },
    { "cert", required_argument, NULL, 'c' },
    { "key", required_argument, NULL, 'k' },
    { "psk-id", required_argument, NULL, 'i' },
    { "psk", required_argument, NULL, 'y' },
    { "ciphers", required_argument, NULL, 'e' },
    { "name", required_argument, NULL, 'n' },
    { "bind", required_argument, NULL, 'b' },
    { "alpn", required_argument, NULL, 'p' },
    { "max", required_argument, NULL, 'm' },
    { "rcvbuf", required_argument, NULL, 'r' },
    { "timeout", required_argument, NULL, 't' },
    { "life", required_argument, NULL, 'l' },
    { "wait", no_argument, NULL, 'w' },
    { NULL, 0, NULL, 0 }
};


static void
dots_client_tcp_option(dots_client_tcp_t *dc, int c)
{
    switch (c) {
    case 's': dc->server = optarg; break;
    case 'a': dc->ca = optarg; break;
    case 'c': dc->cert = optarg; break;
    case 'k': dc->key = optarg; break;
    case 'i': dc->psk_id = optarg; break;
    case 'y': dc->psk = optarg; break;
    case 'e': dc->ciphers = optarg; break;
    case 'n': dc->name = optarg; break;
    case 'b': dc->bind = optarg; break;
    case 'p': dc->alpn = optarg; break;
    case 'm': dc->max = optarg; break;
    case 'r': dc->rcvbuf = dots_client_number(optarg, 0, 1 << 20); break;
    case 't':
        dc->timeout = dots_client_number(optarg, dc->timeout,
                                         DOTS_CLIENT_TCP_MAX_WAIT);
        break;
    case 'l': dc->life = dots_client_number(optarg, dc->life, 3600); break;
    case 'w': dc->wait = 1; break;
    default:
        dots_client_die("see the head of dots_client_tcp.c for the options");
    }
}


int
main(int argc, char **argv)
{
    int                 c;
    char               *line;
    char                none[] = "";
    dots_client_tcp_t  *dc;

    dc = &dots_client_tcp;
    dc->fd = -1;
    dc->alpn = "coap";
    dc->timeout = 30000;
    dc->life = 120;

    while ((c = getopt_long(argc, argv, "", dots_client_tcp_longopts, NULL))
           != -1)
    {
        dots_client_tcp_option(dc, c);
    }

    if (dc->server == NULL || dc->ca == NULL) {
        dots_client_die("--server HOST:PORT and --ca FILE are needed");
    }

    alarm((unsigned) dc->life);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);

    dots_client_tcp_init(dc);

    if (dc->wait) {
        dots_client_tcp_socket(dc);

    } else {
        dots_client_tcp_connect(dc, none);
    }

    line = malloc(DOTS_CLIENT_TCP_LINE);
    if (line == NULL) {
        dots_client_die("no memory");
    }

    while (fgets(line, DOTS_CLIENT_TCP_LINE, stdin)) {
        dots_client_tcp_command(dc, line);
    }

    free(line);
    SSL_SESSION_free(dc->kept);
    SSL_free(dc->ssl);
    SSL_CTX_free(dc->ctx);
    close(dc->fd);

    return 0;
}
