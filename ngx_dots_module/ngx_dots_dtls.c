#include "ngx_dots_dtls.h"
#include "ngx_dots_drain.h"


typedef struct {
    ngx_listening_t   *listening;
    ngx_socket_t       fd;          /* to send from; -1: closed */
    ngx_socket_t       first;       /* in its place at the end; -1: the same */
    ngx_uint_t         sessions;
} ngx_dots_dtls_socket_t;


static ngx_dots_dtls_t *ngx_dots_dtls_create(ngx_stream_session_t *s,
    ngx_dots_dtls_conf_t *conf, SSL *ssl);
static void ngx_dots_dtls_stray(ngx_connection_t *c, u_char *data, size_t len);
static void ngx_dots_dtls_cleanup(void *data);
static ngx_socket_t ngx_dots_dtls_open_socket(ngx_connection_t *c);
static void ngx_dots_dtls_close_socket(ngx_connection_t *c);
static ngx_dots_dtls_socket_t *ngx_dots_dtls_find_socket(ngx_connection_t *c);
static void ngx_dots_dtls_shut_socket(ngx_dots_dtls_socket_t *socket);
static void ngx_dots_dtls_move_socket(ngx_connection_t *c);
static ngx_socket_t ngx_dots_dtls_first(ngx_connection_t *c);
static ngx_socket_t ngx_dots_dtls_dup(ngx_connection_t *c, ngx_socket_t fd);
static void ngx_dots_dtls_flow_input(ngx_dots_flow_t *flow, u_char *data,
    size_t len);
static void ngx_dots_dtls_flow_replaced(ngx_dots_flow_t *flow);
static void ngx_dots_dtls_leave(ngx_dots_peer_t *peer);
static ngx_uint_t ngx_dots_dtls_keep(ngx_dots_dtls_t *ds);
static void ngx_dots_dtls_read_handler(ngx_event_t *rev);
static void ngx_dots_dtls_timed_out(ngx_dots_dtls_t *ds);
static void ngx_dots_dtls_hello(ngx_dots_dtls_t *ds, u_char *data, size_t len);
static void ngx_dots_dtls_process(ngx_dots_dtls_t *ds);
static ngx_int_t ngx_dots_dtls_handshake(ngx_dots_dtls_t *ds);
static void ngx_dots_dtls_handshake_failed(ngx_dots_dtls_t *ds);
static void ngx_dots_dtls_read(ngx_dots_dtls_t *ds);
static void ngx_dots_dtls_read_failed(ngx_dots_dtls_t *ds, int error);
static void ngx_dots_dtls_arm(ngx_dots_dtls_t *ds);
static void ngx_dots_dtls_retransmit_handler(ngx_event_t *ev);
static void ngx_dots_dtls_send(ngx_dots_peer_t *peer, const u_char *data,
    size_t len);
static void ngx_dots_dtls_close(ngx_dots_dtls_t *ds, ngx_uint_t notify);


/* Of this process. */

static ngx_queue_t  ngx_dots_dtls_sessions;
static ngx_array_t  ngx_dots_dtls_sockets;  /* of ngx_dots_dtls_socket_t */

static const ngx_dots_directory_ops_t  ngx_dots_dtls_flow_ops = {
    .input = ngx_dots_dtls_flow_input,
    .replaced = ngx_dots_dtls_flow_replaced
};


ngx_int_t
ngx_dots_dtls_init_process(ngx_cycle_t *cycle)
{
    ngx_queue_init(&ngx_dots_dtls_sessions);

    if (ngx_array_init(&ngx_dots_dtls_sockets, cycle->pool, 4,
                       sizeof(ngx_dots_dtls_socket_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_dots_directory_init_process(&ngx_dots_dtls_flow_ops);
    ngx_dots_drain_init_process(cycle);

    ngx_dots_dtls_send_init();

    if (ngx_process != NGX_PROCESS_HELPER) {
        ngx_dots_dtls_libctx_init(cycle->log);
    }

    return ngx_dots_dtls_bio_init(cycle->log);
}


void
ngx_dots_dtls_exit_process(void)
{
    ngx_uint_t               i;
    ngx_queue_t             *q;
    ngx_dots_dtls_socket_t  *socket;

    /* nginx looks for "open socket left" after this hook */

    while (!ngx_queue_empty(&ngx_dots_dtls_sessions)) {
        q = ngx_queue_head(&ngx_dots_dtls_sessions);
        ngx_dots_dtls_close(ngx_queue_data(q, ngx_dots_dtls_t, queue), 1);
    }

    socket = ngx_dots_dtls_sockets.elts;

    for (i = 0; i < ngx_dots_dtls_sockets.nelts; i++) {
        ngx_dots_dtls_shut_socket(&socket[i]);
    }

    ngx_dots_dtls_sockets.nelts = 0;
}


/* ---- a session begins and ends ---- */

void
ngx_dots_dtls_accept(ngx_stream_session_t *s, ngx_dots_dtls_conf_t *conf)
{
    SSL               *ssl;
    u_char            *data;
    size_t             len;
    ngx_connection_t  *c;
    ngx_dots_dtls_t   *ds;

    c = s->connection;

    data = c->buffer->pos;
    len = c->buffer->last - data;

    s->received = len;
    c->log_error = NGX_ERROR_INFO;

    if (!ngx_dots_dtls_is_hello(data, len)) {
        ngx_dots_dtls_stray(c, data, len);
        ngx_stream_finalize_session(s, NGX_STREAM_OK);
        return;
    }

    c->log->action = "answering a DTLS ClientHello";

    if (ngx_dots_dtls_listen(conf, c, data, len, &ssl) != NGX_OK) {
        ngx_stream_finalize_session(s, NGX_STREAM_OK);
        return;
    }

    ds = ngx_dots_dtls_create(s, conf, ssl);
    if (ds == NULL) {
        ngx_stream_finalize_session(s, NGX_STREAM_INTERNAL_SERVER_ERROR);
        return;
    }

    if (ngx_dots_directory_claim(&ds->flow, ngx_dots_dtls_hello_hash(data))
        != NGX_OK)
    {
        /* the hello was repeated, and another process was first */

        ngx_dots_dtls_stray(c, data, len);
        ngx_dots_dtls_close(ds, 0);
        return;
    }

    ngx_dots_dtls_process(ds);
}


/* Perhaps of a session that another process has. */

static void
ngx_dots_dtls_stray(ngx_connection_t *c, u_char *data, size_t len)
{
    ngx_dots_link_head_t  head;

    ngx_log_debug1(NGX_LOG_DEBUG_STREAM, c->log, 0,
                   "dots DTLS stray datagram of %uz bytes", len);

    if (ngx_dots_dtls_is_record(data, len)) {
        ngx_dots_directory_flow(&head, c->sockaddr, c->local_sockaddr);
        (void) ngx_dots_directory_route(&head, data, len);
        ngx_dots_link_flush();
    }
}


/* Takes "ssl" over, also when it fails. */

static ngx_dots_dtls_t *
ngx_dots_dtls_create(ngx_stream_session_t *s, ngx_dots_dtls_conf_t *conf,
    SSL *ssl)
{
    ngx_connection_t    *c;
    ngx_dots_dtls_t     *ds;
    ngx_pool_cleanup_t  *cln;

    c = s->connection;

    cln = ngx_pool_cleanup_add(c->pool, sizeof(ngx_dots_dtls_t));
    if (cln == NULL) {
        SSL_free(ssl);
        return NULL;
    }

    ds = cln->data;
    ngx_memzero(ds, sizeof(ngx_dots_dtls_t));

    ds->session = s;
    ds->conf = conf;
    ds->ssl = ssl;
    ds->io.connection = c;

    ngx_dots_dtls_attach(ssl, &ds->io);

    ds->retransmit.handler = ngx_dots_dtls_retransmit_handler;
    ds->retransmit.data = c;
    ds->retransmit.log = c->log;
    ds->retransmit.cancelable = 1;

    ds->peer.session = s;
    ds->peer.connection = c;
    ds->peer.conf = &conf->signal;
    ds->peer.server = &conf->policy;
    ds->peer.send = ngx_dots_dtls_send;
    ds->peer.leave = ngx_dots_dtls_leave;
    ds->began = ngx_current_msec;

    ngx_queue_insert_tail(&ngx_dots_dtls_sessions, &ds->queue);
    ngx_dots_directory_open(&ds->flow, c);
    cln->handler = ngx_dots_dtls_cleanup;

    ngx_stream_set_ctx(s, ds, ngx_stream_dots_module);

    /* told to leave, nginx calls the read handler of idle connections */

    c->idle = 1;
    c->fd = ngx_dots_dtls_open_socket(c);
    c->read->handler = ngx_dots_dtls_read_handler;

    ngx_add_timer(c->read, conf->handshake_timeout);

    return ds;
}


static void
ngx_dots_dtls_cleanup(void *data)
{
    ngx_dots_dtls_t  *ds = data;

    ngx_queue_remove(&ds->queue);

    if (ds->retransmit.timer_set) {
        ngx_del_timer(&ds->retransmit);
    }

    ngx_dots_directory_close(&ds->flow);
    ngx_dots_peer_close(&ds->peer);
    ngx_dots_dtls_close_socket(ds->io.connection);

    SSL_free(ds->ssl);
}


/*
 * ---- sockets to send from ----
 *
 * A worker that leaves closes its listening sockets before it tells its
 * sessions, some of which go on.  They send from a duplicate: the same open
 * file, the same source address, in no epoll set.
 */

static ngx_socket_t
ngx_dots_dtls_open_socket(ngx_connection_t *c)
{
    ngx_dots_dtls_socket_t  *socket;

    socket = ngx_dots_dtls_find_socket(c);

    if (socket == NULL) {

        socket = ngx_array_push(&ngx_dots_dtls_sockets);
        if (socket == NULL) {
            return c->fd;
        }

        socket->listening = c->listening;
        socket->fd = (ngx_socket_t) -1;
        socket->first = (ngx_socket_t) -1;
        socket->sessions = 0;
    }

    socket->sessions++;

    if (socket->fd == (ngx_socket_t) -1) {
        socket->fd = ngx_dots_dtls_dup(c, c->fd);
        socket->first = ngx_dots_dtls_dup(c, ngx_dots_dtls_first(c));
    }

    return socket->fd == (ngx_socket_t) -1 ? c->fd : socket->fd;
}


static ngx_socket_t
ngx_dots_dtls_dup(ngx_connection_t *c, ngx_socket_t fd)
{
    if (fd == (ngx_socket_t) -1) {
        return fd;
    }

    fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    if (fd == (ngx_socket_t) -1) {
        ngx_log_error(NGX_LOG_CRIT, c->log, ngx_socket_errno,
                      "fcntl(F_DUPFD_CLOEXEC) failed");
    }

    return fd;
}


/* With the last session of a worker that leaves: perhaps nobody reads it. */

static void
ngx_dots_dtls_close_socket(ngx_connection_t *c)
{
    ngx_dots_dtls_socket_t  *socket;

    socket = ngx_dots_dtls_find_socket(c);

    if (socket && --socket->sessions == 0 && ngx_exiting) {
        ngx_dots_dtls_shut_socket(socket);
    }
}


static void
ngx_dots_dtls_shut_socket(ngx_dots_dtls_socket_t *socket)
{
    ngx_dots_dtls_send_flush();

    if (socket->fd != (ngx_socket_t) -1) {
        (void) ngx_close_socket(socket->fd);
        socket->fd = (ngx_socket_t) -1;
    }

    if (socket->first != (ngx_socket_t) -1) {
        (void) ngx_close_socket(socket->first);
        socket->first = (ngx_socket_t) -1;
    }
}


static ngx_dots_dtls_socket_t *
ngx_dots_dtls_find_socket(ngx_connection_t *c)
{
    ngx_uint_t               i;
    ngx_dots_dtls_socket_t  *socket;

    socket = ngx_dots_dtls_sockets.elts;

    for (i = 0; i < ngx_dots_dtls_sockets.nelts; i++) {
        if (socket[i].listening == c->listening) {
            return &socket[i];
        }
    }

    return NULL;
}


/*
 * With reuseport each worker has a socket of its own with this address.  A
 * reload to fewer workers closes the last of them: one that a worker keeps open
 * but does not read would swallow its part of all datagrams.  The first stays
 * as long as there are workers, so one that leaves goes on with that, under the
 * number that its sessions know.
 */

static void
ngx_dots_dtls_move_socket(ngx_connection_t *c)
{
    ngx_dots_dtls_socket_t  *socket;

    socket = ngx_dots_dtls_find_socket(c);

    if (socket == NULL || socket->first == (ngx_socket_t) -1) {
        return;
    }

    ngx_dots_dtls_send_flush();

    if (dup3(socket->first, socket->fd, O_CLOEXEC) == -1) {
        ngx_log_error(NGX_LOG_CRIT, c->log, ngx_socket_errno,
                      "dup3() failed");
        return;
    }

    (void) ngx_close_socket(socket->first);
    socket->first = (ngx_socket_t) -1;
}


/* -1: it is the connection's own. */

static ngx_socket_t
ngx_dots_dtls_first(ngx_connection_t *c)
{
#if (NGX_HAVE_REUSEPORT)

    ngx_uint_t        i;
    ngx_listening_t  *ls, *own;

    own = c->listening;
    ls = ngx_cycle->listening.elts;

    for (i = 0; own->reuseport && own->worker
                && i < ngx_cycle->listening.nelts; i++)
    {
        if (ls[i].worker == 0 && ls[i].type == own->type
            && ngx_cmp_sockaddr(ls[i].sockaddr, ls[i].socklen, own->sockaddr,
                                own->socklen, 1)
               == NGX_OK)
        {
            return ls[i].fd;
        }
    }

#endif

    return (ngx_socket_t) -1;
}


static void
ngx_dots_dtls_close(ngx_dots_dtls_t *ds, ngx_uint_t notify)
{
    if (notify && ds->established) {
        ERR_clear_error();
        (void) SSL_shutdown(ds->ssl);
    }

    ERR_clear_error();

    ngx_stream_finalize_session(ds->session, NGX_STREAM_OK);
}


static void
ngx_dots_dtls_leave(ngx_dots_peer_t *peer)
{
    ngx_dots_dtls_close(ngx_queue_data(peer, ngx_dots_dtls_t, peer), 1);
}


/*
 * The worker was told to leave.  Handshakes end first: for a client under
 * attack the next one may not come through.
 */

static ngx_uint_t
ngx_dots_dtls_keep(ngx_dots_dtls_t *ds)
{
    if (ds->established) {
        return ngx_dots_drain_keep(&ds->peer);
    }

    return ngx_dots_drain_handshake(ds->conf->policy.all,
                                    ds->io.connection->listening);
}


/* ---- events ---- */

static void
ngx_dots_dtls_read_handler(ngx_event_t *rev)
{
    ssize_t                n;
    ngx_connection_t      *c;
    ngx_dots_dtls_t       *ds;
    ngx_stream_session_t  *s;

    static u_char          datagram[NGX_DOTS_DTLS_DATAGRAM];

    c = rev->data;
    s = c->data;
    ds = ngx_stream_get_module_ctx(s, ngx_stream_dots_module);

    if (c->close && !c->error && ngx_dots_dtls_keep(ds)) {
        ngx_dots_dtls_move_socket(c);
        c->close = 0;
        return;
    }

    if (c->close) {
        c->log->action = "closing a DTLS session of a leaving worker";
        ngx_dots_dtls_close(ds, 1);
        return;
    }

    if (rev->timedout) {
        ngx_dots_dtls_timed_out(ds);
        return;
    }

    /* from a socket that ngx_dots_dtls_recv.c does not read */

    n = c->recv(c, datagram, sizeof(datagram));

    if (n <= 0) {
        return;
    }

    s->received += n;

    ngx_dots_dtls_input(ds, datagram, n);
}


static void
ngx_dots_dtls_timed_out(ngx_dots_dtls_t *ds)
{
    ngx_log_t  *log;

    log = ds->io.connection->log;

    if (ds->established && dots_signal_probing(ds->peer.signal)) {

        /* whether it is lost is known only when the heartbeats are exhausted */

        ngx_add_timer(ds->io.connection->read, ds->conf->idle_timeout);
        return;
    }

    if (ds->established) {
        ngx_log_error(NGX_LOG_INFO, log, 0,
                      "DTLS session closed: nothing heard for %M ms",
                      ds->conf->idle_timeout);
        ngx_dots_dtls_close(ds, 1);
        return;
    }

    ngx_log_error(NGX_LOG_INFO, log, NGX_ETIMEDOUT, "DTLS handshake timed out");
    ngx_dots_dtls_close(ds, 0);
}


static void
ngx_dots_dtls_retransmit_handler(ngx_event_t *ev)
{
    ngx_connection_t  *c;
    ngx_dots_dtls_t   *ds;

    c = ev->data;
    ds = ngx_stream_get_module_ctx((ngx_stream_session_t *) c->data,
                                   ngx_stream_dots_module);

    c->log->action = "repeating a DTLS flight";

    ngx_log_debug0(NGX_LOG_DEBUG_STREAM, c->log, 0, "dots DTLS retransmit");

    ERR_clear_error();

    if (DTLSv1_handle_timeout(ds->ssl) < 0) {
        ngx_ssl_error(NGX_LOG_INFO, c->log, 0, "DTLS handshake given up");
        ngx_dots_dtls_close(ds, 0);
        return;
    }

    ngx_dots_dtls_arm(ds);
}


/* RFC 6347 section 4.2.4.1: OpenSSL says when, the event loop waits. */

static void
ngx_dots_dtls_arm(ngx_dots_dtls_t *ds)
{
    ngx_msec_t      ms;
    struct timeval  tv;

    if (ds->retransmit.timer_set) {
        ngx_del_timer(&ds->retransmit);
    }

    if (!DTLSv1_get_timeout(ds->ssl, &tv)) {
        return;
    }

    ms = tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1;

    ngx_add_timer(&ds->retransmit, ms);
}


/* ---- a datagram ---- */

/* From another process. */

static void
ngx_dots_dtls_flow_input(ngx_dots_flow_t *flow, u_char *data, size_t len)
{
    ngx_dots_dtls_t  *ds;

    ds = ngx_queue_data(flow, ngx_dots_dtls_t, flow);

    if (ngx_exiting && ds->established && !ngx_dots_drain_allows(&ds->peer)) {
        ngx_dots_dtls_close(ds, 1);
        return;
    }

    ds->session->received += len;

    ngx_dots_dtls_input(ds, data, len);
}


/* It hears nothing of us any more: its keys are gone. */

static void
ngx_dots_dtls_flow_replaced(ngx_dots_flow_t *flow)
{
    ngx_dots_dtls_t  *ds;

    ds = ngx_queue_data(flow, ngx_dots_dtls_t, flow);

    ngx_log_error(NGX_LOG_INFO, ds->io.connection->log, 0,
                  "DTLS session ended: its peer began again with another "
                  "worker");

    ngx_dots_dtls_close(ds, 0);
}


void
ngx_dots_dtls_input(ngx_dots_dtls_t *ds, u_char *data, size_t len)
{
    if (ngx_dots_dtls_is_hello(data, len)) {
        ngx_dots_dtls_hello(ds, data, len);
        return;
    }

    if (!ngx_dots_dtls_is_record(data, len)) {
        return;
    }

    len = ngx_dots_dtls_usable(ds->ssl, data, len);

    if (len == 0) {
        return;
    }

    ds->io.data = data;
    ds->io.len = len;

    ngx_dots_dtls_process(ds);
}


/*
 * RFC 6347 section 4.2.8: the peer may have lost its state and begin again from
 * the same port.  The session that is there stays until a cookie has shown that
 * the hello came from where it says.  A repeated hello of this very session is
 * no news: our flight has its own timer.
 */

static void
ngx_dots_dtls_hello(ngx_dots_dtls_t *ds, u_char *data, size_t len)
{
    SSL               *ssl;
    u_char             random[NGX_DOTS_DTLS_RANDOM];
    ngx_connection_t  *c;

    c = ds->io.connection;

    if (SSL_get_client_random(ds->ssl, random, sizeof(random))
        == sizeof(random)
        && ngx_memcmp(random, ngx_dots_dtls_hello_random(data), sizeof(random))
           == 0)
    {
        return;
    }

    c->log->action = "answering a DTLS ClientHello";

    if (ngx_dots_dtls_listen(ds->conf, c, data, len, &ssl) != NGX_OK) {
        return;
    }

    if (ngx_dots_directory_claim(&ds->flow, ngx_dots_dtls_hello_hash(data))
        != NGX_OK)
    {
        SSL_free(ssl);
        ngx_dots_dtls_flow_replaced(&ds->flow);
        return;
    }

    ngx_log_error(NGX_LOG_INFO, c->log, 0,
                  "DTLS session replaced: its peer began again");

    ngx_dots_peer_close(&ds->peer);

    SSL_free(ds->ssl);

    ds->ssl = ssl;
    ds->established = 0;
    ds->began = ngx_current_msec;

    ngx_dots_dtls_attach(ssl, &ds->io);

    ngx_add_timer(c->read, ds->conf->handshake_timeout);

    ngx_dots_dtls_process(ds);
}


/* May finalize the stream session. */

static void
ngx_dots_dtls_process(ngx_dots_dtls_t *ds)
{
    ngx_int_t  rc;

    if (!ds->established) {

        ds->io.connection->log->action = "DTLS handshaking";

        rc = ngx_dots_dtls_handshake(ds);

        /* it has taken its time, and the peer has as much to do */

        ngx_dots_dtls_send_flush();

        if (rc == NGX_ERROR) {
            ngx_dots_dtls_close(ds, 0);
            return;
        }

        ngx_dots_dtls_arm(ds);

        if (rc == NGX_AGAIN) {
            ds->io.len = 0;
            return;
        }
    }

    ds->io.connection->log->action = "serving DOTS over DTLS";

    ngx_dots_dtls_read(ds);
}


static ngx_int_t
ngx_dots_dtls_handshake(ngx_dots_dtls_t *ds)
{
    int                n;
    ngx_connection_t  *c;

    c = ds->io.connection;

    ERR_clear_error();

    n = ngx_dots_dtls_libctx_handshake(ds->ssl);

    if (n != 1) {
        if (SSL_get_error(ds->ssl, n) == SSL_ERROR_WANT_READ) {
            return NGX_AGAIN;
        }

        ngx_dots_dtls_handshake_failed(ds);
        return NGX_ERROR;
    }

    if (ngx_dots_peer_open(&ds->peer, ds->conf->dots, ds->ssl,
                           DTLS_get_data_mtu(ds->ssl))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* from our flight to the peer's: a round trip, and some computing */

    dots_signal_rtt(ds->peer.signal, ngx_current_msec - ds->began);

    ds->established = 1;

    ngx_add_timer(c->read, ds->conf->idle_timeout);

    /* the handshake ended in a worker that leaves */

    if (ngx_exiting && !ngx_dots_drain_admit(&ds->peer)) {
        (void) SSL_shutdown(ds->ssl);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_dots_dtls_handshake_failed(ngx_dots_dtls_t *ds)
{
    long        rc;
    ngx_log_t  *log;

    log = ds->io.connection->log;
    rc = SSL_get_verify_result(ds->ssl);

    if (rc != X509_V_OK) {
        ngx_ssl_error(NGX_LOG_INFO, log, 0,
                      "DTLS handshake failed: client certificate: (%l:%s)",
                      rc, X509_verify_cert_error_string(rc));
        return;
    }

    ngx_ssl_error(NGX_LOG_INFO, log, 0, "DTLS handshake failed");
}


/* A datagram may hold several records (RFC 6347 section 4.1.1). */

static void
ngx_dots_dtls_read(ngx_dots_dtls_t *ds)
{
    int                n;
    ngx_uint_t         heard;
    ngx_connection_t  *c;

    static u_char      plain[NGX_DOTS_DTLS_PLAIN];

    c = ds->io.connection;
    heard = 0;

    do {
        n = SSL_read(ds->ssl, plain, sizeof(plain));

        if (n <= 0) {
            break;
        }

        heard = 1;
        ngx_dots_peer_input(&ds->peer, plain, n);

    } while (ds->io.len || SSL_has_pending(ds->ssl));

    ds->io.len = 0;

    /* SSL_get_error() would have the error queue emptied before each record */

    if (n <= 0 && !SSL_want_read(ds->ssl)) {
        ngx_dots_dtls_read_failed(ds, SSL_get_error(ds->ssl, n));
        return;
    }

    /* only what the peer proved to have sent keeps a session alive */

    if (heard) {
        ngx_add_timer(c->read, ds->conf->idle_timeout);
        ngx_dots_peer_schedule(&ds->peer);
        return;
    }

    /* what we can't read may be for the session that took this one's place */

    if (!ngx_dots_directory_mine(&ds->flow)) {
        ngx_dots_dtls_flow_replaced(&ds->flow);
    }
}


static void
ngx_dots_dtls_read_failed(ngx_dots_dtls_t *ds, int error)
{
    ngx_log_t  *log;

    log = ds->io.connection->log;

    if (error == SSL_ERROR_ZERO_RETURN) {
        ngx_log_error(NGX_LOG_INFO, log, 0,
                      "DTLS session closed by its peer");
        ngx_dots_dtls_close(ds, 1);
        return;
    }

    ngx_ssl_error(NGX_LOG_INFO, log, 0, "DTLS session failed");
    ngx_dots_dtls_close(ds, 0);
}


static void
ngx_dots_dtls_send(ngx_dots_peer_t *peer, const u_char *data, size_t len)
{
    ngx_dots_dtls_t  *ds;

    ds = ngx_queue_data(peer, ngx_dots_dtls_t, peer);

    if (SSL_write(ds->ssl, data, len) <= 0) {
        ngx_ssl_error(NGX_LOG_INFO, peer->connection->log, 0,
                      "SSL_write() of %uz bytes failed", len);
    }
}
