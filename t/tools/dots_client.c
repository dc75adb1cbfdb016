/*
 * A DTLS 1.2 client for tests: it carries raw CoAP messages and misbehaves on
 * demand (loses, repeats, joins datagrams, begins again from the same port).
 *
 *   dots_client --server HOST:PORT --ca FILE [--cert FILE --key FILE]
 *               [--name HOST] [--bind ADDR[:PORT]] [--ciphers LIST] [--dtls1]
 *               [--psk-id NAME --psk HEX] [--timeout MS] [--life SECONDS]
 *               [--wait]
 *
 * It connects at once (not with --wait) and prints "connected CIPHER", with
 * "resumed" behind it if that is what happened, or "failed REASON"; then it
 * reads commands from stdin, one a line, and answers
 * each with one line.  Every wait is bounded; after --life seconds it ends.
 *
 *   connect [MS]      handshake           -> connected CIPHER | failed REASON
 *   restart [MS]      forget the session, begin again from the same port
 *   keep              the session, for "resume"      -> ok | failed REASON
 *   resume [MS]       begin again from another port with the session kept
 *   renegotiate [MS]  a second handshake in this session -> refused REASON
 *                                            | renegotiated
 *   send HEX          one message         -> sent N | failed REASON
 *   recv MS           the next message    -> recv HEX | timeout | closed
 *                                            | failed REASON
 *   close             close_notify        -> ok
 *   hold, flush       records in between leave in one datagram   -> ok
 *   drop in|out N     lose the next N datagrams                  -> ok
 *   dup N             send the next N datagrams twice            -> ok
 *   loss PERCENT SEED lose so many, in and out; the handshake's are sent again
 *                     sooner from now on                         -> ok
 *   twice PERCENT SEED
 *                     so many arrive twice, in and out; so many messages leave
 *                     twice, as records of their own             -> ok
 *   rebind            another local port for the same session    -> ok
 *   raw HEX           a datagram as it is -> sent N
 *   rawrecv MS        the next datagram   -> raw HEX | timeout
 *   hello             a ClientHello without cookie as it would be sent
 *                                         -> hello HEX
 *   hello-flood N     N such              -> flood sent=N answers=M size=HELLO
 *                                            largest=ANSWER
 *   noise SEED N      N datagrams that are no client's, with a hello now and
 *                     then that must be answered
 *                                         -> noise sent=N answers=N lost=N
 *                                            bytes_out=N bytes_in=N
 *   mutants SEED N HEX
 *                     the message with faults, N times, with pings in between
 *                                         -> mutants [ack=REQUEST:ANSWER]...
 *                                            sent=N answers=N lost=N
 *                                            unmatched=N empty=N good=N bad=N
 *                                            failed=N
 *   settle HEX        the message, a change, until all that was under way is
 *                     answered             -> settle [ack=REQUEST:ANSWER]...
 *                                            lost=N unmatched=N failed=N
 *   stats             since the last      -> stats in=N out=N largest_in=N
 *                                            largest_out=N
 *   local             own address         -> local ADDR:PORT
 *   quit
 */

#include <getopt.h>

#include "dots_client_dtls.h"


#define DOTS_CLIENT_LINE  (2 * DOTS_CLIENT_DATAGRAM + 64)
#define DOTS_CLIENT_MAX_N 1000000


typedef struct {
    const char  *name;
    void       (*handler)(dots_client_t *dc, char *arg);
} dots_client_command_t;


/* ---- commands on a session ---- */

static void
dots_client_connect(dots_client_t *dc, char *arg)
{
    dots_client_handshake(dc, arg, NULL);
}


static void
dots_client_resume(dots_client_t *dc, char *arg)
{
    SSL_SESSION  *session;

    if (dc->kept == NULL) {
        printf("failed no session kept\n");
        return;
    }

    /* a copy: OpenSSL spoils the session of a connection that just ends */

    session = SSL_SESSION_dup(dc->kept);

    if (session == NULL) {
        dots_client_die("no memory");
    }

    dots_client_socket(dc, NULL);
    dots_client_handshake(dc, arg, session);

    SSL_SESSION_free(session);
}


static int
dots_client_is_up(dots_client_t *dc)
{
    if (!dc->up) {
        printf("failed not connected\n");
    }

    return dc->up;
}


static void
dots_client_keep(dots_client_t *dc, char *arg)
{
    SSL_SESSION  *session;

    (void) arg;

    if (!dots_client_is_up(dc)) {
        return;
    }

    session = SSL_SESSION_dup(SSL_get0_session(dc->ssl));

    if (session == NULL || !SSL_SESSION_has_ticket(session)) {
        SSL_SESSION_free(session);
        printf("failed no ticket\n");
        return;
    }

    SSL_SESSION_free(dc->kept);
    dc->kept = session;

    printf("ok\n");
}


/* RFC 5746: a refusal is an alert, or a handshake that never ends. */

static void
dots_client_renegotiate(dots_client_t *dc, char *arg)
{
    int      n;
    int64_t  end;

    if (!dots_client_is_up(dc)) {
        return;
    }

    end = dots_client_now()
          + dots_client_number(arg, dc->options.timeout, DOTS_CLIENT_MAX_WAIT);

    ERR_clear_error();

    if (SSL_renegotiate(dc->ssl) != 1) {
        dots_client_failed(dc);
        return;
    }

    for ( ;; ) {
        n = SSL_do_handshake(dc->ssl);

        if (n == 1 && !SSL_renegotiate_pending(dc->ssl)) {
            printf("renegotiated\n");
            return;
        }

        if (dc->alert
            || (n != 1 && SSL_get_error(dc->ssl, n) != SSL_ERROR_WANT_READ))
        {
            printf("refused %s\n", dc->alert ? dc->alert : "by the library");
            return;
        }

        if (dots_client_now() >= end) {
            printf("refused in silence\n");
            return;
        }

        dots_client_poll(dc, end);
        ERR_clear_error();
    }
}


static void
dots_client_send(dots_client_t *dc, char *arg)
{
    int  n, copies;

    n = dots_client_unhex(arg, dots_client_buf, sizeof(dots_client_buf));

    if (n <= 0) {
        printf("failed not hex\n");
        return;
    }

    if (!dots_client_is_up(dc)) {
        return;
    }

    copies = 1 + dots_client_chance(&dc->twice[DOTS_CLIENT_MESSAGE]);

    while (copies--) {
        ERR_clear_error();

        if (SSL_write(dc->ssl, dots_client_buf, n) <= 0) {
            dots_client_failed(dc);
            return;
        }
    }

    printf("sent %d\n", n);
}


static void
dots_client_recv(dots_client_t *dc, char *arg)
{
    int      n;
    int64_t  end;

    end = dots_client_now() + dots_client_number(arg, 0, DOTS_CLIENT_MAX_WAIT);

    if (!dots_client_is_up(dc)) {
        return;
    }

    for ( ;; ) {
        ERR_clear_error();

        n = SSL_read(dc->ssl, dots_client_buf, sizeof(dots_client_buf));

        if (n > 0) {
            dots_client_print_hex("recv", dots_client_buf, n);
            return;
        }

        switch (SSL_get_error(dc->ssl, n)) {

        case SSL_ERROR_WANT_READ:
            break;

        case SSL_ERROR_ZERO_RETURN:
            printf("closed\n");
            return;

        default:
            dots_client_failed(dc);
            return;
        }

        if (dots_client_now() >= end) {
            printf("timeout\n");
            return;
        }

        dots_client_poll(dc, end);
    }
}


static void
dots_client_close(dots_client_t *dc, char *arg)
{
    (void) arg;

    if (!dots_client_is_up(dc)) {
        return;
    }

    ERR_clear_error();
    (void) SSL_shutdown(dc->ssl);
    dc->up = 0;

    printf("ok\n");
}


static void
dots_client_hold(dots_client_t *dc, char *arg)
{
    (void) arg;

    dc->hold = 1;
    dc->held = 0;

    printf("ok\n");
}


static void
dots_client_flush(dots_client_t *dc, char *arg)
{
    (void) arg;

    dc->hold = 0;

    if (dc->held) {
        dots_client_transmit(dc, dc->holding, dc->held);
        dc->held = 0;
    }

    printf("ok\n");
}


static void
dots_client_drop(dots_client_t *dc, char *arg)
{
    if (strncmp(arg, "in ", 3) == 0) {
        dc->drop_in = dots_client_number(arg + 3, 0, DOTS_CLIENT_MAX_N);

    } else if (strncmp(arg, "out ", 4) == 0) {
        dc->drop_out = dots_client_number(arg + 4, 0, DOTS_CLIENT_MAX_N);

    } else {
        printf("failed drop in|out N\n");
        return;
    }

    printf("ok\n");
}


static void
dots_client_dup(dots_client_t *dc, char *arg)
{
    dc->dup = dots_client_number(arg, 0, DOTS_CLIENT_MAX_N);

    printf("ok\n");
}


static void
dots_client_loss(dots_client_t *dc, char *arg)
{
    printf(dots_client_chances(dc->loss, arg) == 0 ? "ok\n"
           : "failed loss PERCENT SEED\n");
}


static void
dots_client_twice(dots_client_t *dc, char *arg)
{
    printf(dots_client_chances(dc->twice, arg) == 0 ? "ok\n"
           : "failed twice PERCENT SEED\n");
}


static void
dots_client_rebind(dots_client_t *dc, char *arg)
{
    (void) arg;

    dots_client_socket(dc, NULL);

    printf("ok\n");
}


/* ---- commands below DTLS ---- */

static void
dots_client_raw(dots_client_t *dc, char *arg)
{
    int  n;

    n = dots_client_unhex(arg, dots_client_buf, sizeof(dots_client_buf));

    if (n < 0) {
        printf("failed not hex\n");
        return;
    }

    dots_client_transmit(dc, dots_client_buf, n);

    printf("sent %d\n", n);
}


static void
dots_client_rawrecv(dots_client_t *dc, char *arg)
{
    ssize_t        n;
    int64_t        end, left;
    struct pollfd  pfd;

    end = dots_client_now() + dots_client_number(arg, 0, DOTS_CLIENT_MAX_WAIT);

    for ( ;; ) {
        n = dots_client_receive(dc, dots_client_buf, sizeof(dots_client_buf));

        if (n >= 0) {
            dots_client_print_hex("raw", dots_client_buf, n);
            return;
        }

        left = end - dots_client_now();

        if (left <= 0) {
            printf("timeout\n");
            return;
        }

        pfd.fd = dc->fd;
        pfd.events = POLLIN;
        (void) poll(&pfd, 1, (int) left);
    }
}


/* What a new SSL object would send first; bytes in dots_client_buf. */

static size_t
dots_client_first_flight(dots_client_t *dc)
{
    SSL     *ssl;
    size_t   len;

    dc->hold = 1;
    dc->held = 0;

    ssl = dots_client_ssl(dc);
    (void) SSL_do_handshake(ssl);
    SSL_free(ssl);
    ERR_clear_error();

    len = dc->held;
    memcpy(dots_client_buf, dc->holding, len);

    dc->hold = 0;
    dc->held = 0;

    return len;
}


static void
dots_client_hello(dots_client_t *dc, char *arg)
{
    size_t  len;

    (void) arg;

    len = dots_client_first_flight(dc);

    dots_client_print_hex("hello", dots_client_buf, len);
}


static void
dots_client_flood(dots_client_t *dc, char *arg)
{
    long           i, n, answers, largest;
    size_t         len;
    ssize_t        size;
    struct pollfd  pfd;
    unsigned char  answer[DOTS_CLIENT_MTU];

    n = dots_client_number(arg, 1, DOTS_CLIENT_MAX_N);
    len = dots_client_first_flight(dc);
    answers = 0;
    largest = 0;
    pfd.fd = dc->fd;
    pfd.events = POLLIN;

    for (i = 0; i <= n; i++) {

        if (i < n) {
            dots_client_transmit(dc, dots_client_buf, len);
        }

        /* a little patience keeps our own receive buffer from overflowing */

        while (poll(&pfd, 1, i == n ? 300 : (i % 32 == 31 ? 1 : 0)) > 0) {
            size = dots_client_receive(dc, answer, sizeof(answer));

            if (size < 0) {
                break;
            }

            answers++;
            largest = size > largest ? size : largest;
        }
    }

    printf("flood sent=%ld answers=%ld size=%zu largest=%ld\n", n, answers, len,
           largest);
}


#include "dots_client_hostile.h"


static void
dots_client_stats(dots_client_t *dc, char *arg)
{
    (void) arg;

    printf("stats in=%ld out=%ld largest_in=%ld largest_out=%ld\n", dc->in,
           dc->out, dc->largest_in, dc->largest_out);

    dc->in = dc->out = dc->largest_in = dc->largest_out = 0;
}


static void
dots_client_local(dots_client_t *dc, char *arg)
{
    (void) arg;

    dots_client_print_local(dc->fd);
}


static void
dots_client_quit(dots_client_t *dc, char *arg)
{
    (void) dc;
    (void) arg;

    exit(0);
}


static const dots_client_command_t  dots_client_commands[] = {
    { "connect", dots_client_connect },
    { "restart", dots_client_connect },
    { "keep", dots_client_keep },
    { "resume", dots_client_resume },
    { "renegotiate", dots_client_renegotiate },
    { "send", dots_client_send },
    { "recv", dots_client_recv },
    { "close", dots_client_close },
    { "hold", dots_client_hold },
    { "flush", dots_client_flush },
    { "drop", dots_client_drop },
    { "dup", dots_client_dup },
    { "loss", dots_client_loss },
    { "twice", dots_client_twice },
    { "rebind", dots_client_rebind },
    { "raw", dots_client_raw },
    { "rawrecv", dots_client_rawrecv },
    { "hello", dots_client_hello },
    { "hello-flood", dots_client_flood },
    { "noise", dots_client_noise },
    { "mutants", dots_client_mutants },
    { "settle", dots_client_settle },
    { "stats", dots_client_stats },
    { "local", dots_client_local },
    { "quit", dots_client_quit },
    { NULL, NULL }
};


static void
dots_client_command(dots_client_t *dc, char *line)
{
    char                         *arg;
    const dots_client_command_t  *command;

    line[strcspn(line, "\r\n")] = '\0';

    if (line[0] == '\0') {
        return;
    }

    arg = line + strcspn(line, " ");

    if (*arg) {
        *arg++ = '\0';
    }

    for (command = dots_client_commands; command->name; command++) {
        if (strcmp(command->name, line) == 0) {
            command->handler(dc, arg);
            return;
        }
    }

    printf("failed unknown command\n");
}


/* ---- start ---- */

static const struct option  dots_client_longopts[] = {
    { "server", required_argument, NULL, 's' },
    { "ca", required_argument, NULL, 'a' },
    { "cert", required_argument, NULL, 'c' },
    { "key", required_argument, NULL, 'k' },
    { "name", required_argument, NULL, 'n' },
    { "bind", required_argument, NULL, 'b' },
    { "ciphers", required_argument, NULL, 'e' },
    { "psk-id", required_argument, NULL, 'i' },
    { "psk", required_argument, NULL, 'p' },
    { "timeout", required_argument, NULL, 't' },
    { "life", required_argument, NULL, 'l' },
    { "wait", no_argument, NULL, 'w' },
    { "dtls1", no_argument, NULL, '1' },
    { NULL, 0, NULL, 0 }
};


static void
dots_client_option(dots_client_options_t *o, int c)
{
    switch (c) {
    case 's': o->server = optarg; break;
    case 'a': o->ca = optarg; break;
    case 'c': o->cert = optarg; break;
    case 'k': o->key = optarg; break;
    case 'n': o->name = optarg; break;
    case 'b': o->bind = optarg; break;
    case 'e': o->ciphers = optarg; break;
    case 'i': o->psk_id = optarg; break;
    case 'p': o->psk = optarg; break;
    case 't':
        o->timeout = dots_client_number(optarg, o->timeout,
                                        DOTS_CLIENT_MAX_WAIT);
        break;
    case 'l':
        o->life = dots_client_number(optarg, o->life, 3600);
        break;
    case 'w': o->wait = 1; break;
    case '1': o->dtls1 = 1; break;
    default:
        dots_client_die("see the head of dots_client.c for the options");
    }
}


int
main(int argc, char **argv)
{
    int               c;
    char             *line;
    char              none[] = "";
    dots_client_t    *dc;
    struct addrinfo  *server;

    dc = &dots_client;
    dc->fd = -1;
    dc->options.timeout = 30000;
    dc->options.life = 120;

    while ((c = getopt_long(argc, argv, "", dots_client_longopts, NULL))
           != -1)
    {
        dots_client_option(&dc->options, c);
    }

    if (dc->options.server == NULL || dc->options.ca == NULL) {
        dots_client_die("--server HOST:PORT and --ca FILE are needed");
    }

    alarm((unsigned) dc->options.life);
    setvbuf(stdout, NULL, _IOLBF, 0);

    server = dots_client_resolve(dc->options.server);
    memcpy(&dc->peer, server->ai_addr, server->ai_addrlen);
    dc->peer_len = server->ai_addrlen;
    freeaddrinfo(server);

    dots_client_init(dc);
    dots_client_socket(dc, dc->options.bind);

    if (!dc->options.wait) {
        dots_client_connect(dc, none);
    }

    line = malloc(DOTS_CLIENT_LINE);
    if (line == NULL) {
        dots_client_die("no memory");
    }

    while (fgets(line, DOTS_CLIENT_LINE, stdin)) {
        dots_client_command(dc, line);
    }

    free(line);
    SSL_SESSION_free(dc->kept);
    SSL_free(dc->ssl);
    SSL_CTX_free(dc->ctx);
    BIO_meth_free(dots_client_method);
    close(dc->fd);

    return 0;
}
