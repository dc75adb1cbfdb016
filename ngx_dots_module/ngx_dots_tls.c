#include "ngx_dots_drain.h"
#include "ngx_dots_tls.h"


#define NGX_DOTS_TLS_CHUNK   16384      /* one TLS record */
#define NGX_DOTS_TLS_READS   16         /* chunks before others have a turn */
#define NGX_DOTS_TLS_MESSAGE 16384      /* what we send at most in one */

/*
 * The output queue: above LOW no request is taken, above LIMIT the session ends
 * (only notifications and answers that were under way can lead there)
 */

#define NGX_DOTS_TLS_LOW     32768
#define NGX_DOTS_TLS_LIMIT   262144

#define NGX_DOTS_TLS_SEND_TIMEOUT   60000   /* the peer takes nothing */
#define NGX_DOTS_TLS_FINISH_TIMEOUT 5000    /* and we want to close */
#define NGX_DOTS_TLS_LINGER_TIMEOUT 3000    /* until the peer closes, too */


static ngx_dots_tls_t *ngx_dots_tls_create(ngx_stream_session_t *s,
    ngx_dots_tls_conf_t *conf);
static void ngx_dots_tls_cleanup(void *data);
static void ngx_dots_tls_forget(ngx_dots_tls_t *ts);
static void ngx_dots_tls_farewell(ngx_dots_tls_t *ts);
static void ngx_dots_tls_leave(ngx_dots_peer_t *peer);
static void ngx_dots_tls_close(ngx_dots_tls_t *ts);
static void ngx_dots_tls_refuse(ngx_stream_session_t *s);
static void ngx_dots_tls_read_handler(ngx_event_t *rev);
static ngx_int_t ngx_dots_tls_read(ngx_dots_tls_t *ts);
static ngx_uint_t ngx_dots_tls_may_read(ngx_dots_tls_t *ts);
static void ngx_dots_tls_write_handler(ngx_event_t *wev);
static void ngx_dots_tls_flush(ngx_dots_tls_t *ts);
static ngx_int_t ngx_dots_tls_output(ngx_dots_tls_t *ts);
static void ngx_dots_tls_linger(ngx_dots_tls_t *ts);
static void ngx_dots_tls_linger_handler(ngx_event_t *rev);
static void ngx_dots_tls_send(ngx_dots_peer_t *peer, const u_char *data,
    size_t len);
static ngx_int_t ngx_dots_tls_room(ngx_dots_tls_t *ts, size_t len);
static ngx_uint_t ngx_dots_tls_full(ngx_dots_peer_t *peer);
static void ngx_dots_tls_hold(ngx_dots_peer_t *peer, ngx_uint_t on);
static void ngx_dots_tls_finish(ngx_dots_peer_t *peer, const char *why);


/* Of this process. */

static ngx_queue_t  ngx_dots_tls_sessions;


void
ngx_dots_tls_init_process(ngx_cycle_t *cycle)
{
    ngx_queue_init(&ngx_dots_tls_sessions);
}


void
ngx_dots_tls_exit_process(void)
{
    ngx_queue_t     *q;
    ngx_dots_tls_t  *ts;

    /* nginx looks for "open socket left" after this hook */

    while (!ngx_queue_empty(&ngx_dots_tls_sessions)) {

        q = ngx_queue_head(&ngx_dots_tls_sessions);
        ts = ngx_queue_data(q, ngx_dots_tls_t, queue);

        ngx_dots_tls_farewell(ts);
    }
}


/* There is no time to wait for the peer. */

static void
ngx_dots_tls_farewell(ngx_dots_tls_t *ts)
{
    if (!ts->failed && !ts->lingering) {

        dots_signal_release(ts->peer.signal);

        if (ngx_dots_tls_output(ts) == NGX_OK && ts->last == 0) {
            ts->connection->error = 0;
        }
    }

    ngx_dots_tls_close(ts);
}


/* ---- a session begins and ends ---- */

void
ngx_dots_tls_accept(ngx_stream_session_t *s, ngx_dots_tls_conf_t *conf)
{
    const char        *why;
    ngx_connection_t  *c;
    ngx_dots_tls_t    *ts;

    c = s->connection;

    if (c->ssl == NULL) {
        ngx_stream_finalize_session(s, NGX_STREAM_INTERNAL_SERVER_ERROR);
        return;
    }

    why = ngx_dots_tls_conf_verify(c->ssl->connection);

    if (why) {
        ngx_log_error(NGX_LOG_INFO, c->log, 0, "TLS session refused: %s", why);
        ngx_dots_tls_refuse(s);
        return;
    }

    ts = ngx_dots_tls_create(s, conf);
    if (ts == NULL) {
        ngx_stream_finalize_session(s, NGX_STREAM_INTERNAL_SERVER_ERROR);
        return;
    }

    if (ngx_dots_peer_open(&ts->peer, conf->dots, c->ssl->connection,
                           NGX_DOTS_TLS_MESSAGE)
        != NGX_OK)
    {
        ngx_dots_tls_close(ts);
        return;
    }

    c->log->action = "serving DOTS over TLS";

    ngx_add_timer(c->read, conf->idle_timeout);

    /* the handshake ended in a worker that leaves */

    if (ngx_exiting && !ngx_dots_drain_admit(&ts->peer)) {
        dots_signal_release(ts->peer.signal);
        return;
    }

    if (c->buffer && c->buffer->last > c->buffer->pos) {
        ngx_dots_peer_input(&ts->peer, c->buffer->pos,
                            c->buffer->last - c->buffer->pos);
    }

    ngx_dots_tls_read_handler(c->read);
}


static ngx_dots_tls_t *
ngx_dots_tls_create(ngx_stream_session_t *s, ngx_dots_tls_conf_t *conf)
{
    ngx_dots_tls_t      *ts;
    ngx_connection_t    *c;
    ngx_pool_cleanup_t  *cln;

    c = s->connection;

    cln = ngx_pool_cleanup_add(c->pool, sizeof(ngx_dots_tls_t));
    if (cln == NULL) {
        return NULL;
    }

    ts = cln->data;
    ngx_memzero(ts, sizeof(ngx_dots_tls_t));

    ts->session = s;
    ts->connection = c;
    ts->conf = conf;

    ts->peer.session = s;
    ts->peer.connection = c;
    ts->peer.conf = &conf->signal;
    ts->peer.server = &conf->policy;
    ts->peer.send = ngx_dots_tls_send;
    ts->peer.leave = ngx_dots_tls_leave;
    ts->peer.full = ngx_dots_tls_full;
    ts->peer.hold = ngx_dots_tls_hold;
    ts->peer.finish = ngx_dots_tls_finish;

    ngx_queue_insert_tail(&ngx_dots_tls_sessions, &ts->queue);
    cln->handler = ngx_dots_tls_cleanup;

    ngx_stream_set_ctx(s, ts, ngx_stream_dots_module);

    /* the queue may move between two attempts to write the same bytes */

    SSL_set_mode(c->ssl->connection, SSL_MODE_ENABLE_PARTIAL_WRITE
                                     |SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);

    /* told to leave, nginx calls the read handler of idle connections */

    c->idle = 1;
    c->read->handler = ngx_dots_tls_read_handler;
    c->write->handler = ngx_dots_tls_write_handler;

    return ts;
}


static void
ngx_dots_tls_cleanup(void *data)
{
    ngx_dots_tls_forget(data);
}


static void
ngx_dots_tls_forget(ngx_dots_tls_t *ts)
{
    if (ts->closed) {
        return;
    }

    ts->closed = 1;

    ngx_queue_remove(&ts->queue);
    ngx_dots_peer_close(&ts->peer);

    if (ts->out) {
        ngx_free(ts->out);
        ts->out = NULL;
    }
}


static void
ngx_dots_tls_close(ngx_dots_tls_t *ts)
{
    ngx_connection_t  *c;

    c = ts->connection;

    ngx_dots_tls_forget(ts);

    /* after half a message close_notify would say that all is well */

    if (ts->failed) {
        c->error = 1;
    }

    c->idle = 0;
    c->ssl->no_wait_shutdown = 1;

    ngx_stream_finalize_session(ts->session, NGX_STREAM_OK);
}


static void
ngx_dots_tls_refuse(ngx_stream_session_t *s)
{
    s->connection->ssl->no_wait_shutdown = 1;

    ngx_stream_finalize_session(s, NGX_STREAM_FORBIDDEN);
}


static void
ngx_dots_tls_leave(ngx_dots_peer_t *peer)
{
    ngx_dots_tls_t  *ts;

    ts = ngx_queue_data(peer, ngx_dots_tls_t, peer);

    if (!ts->finishing && !ts->failed) {
        dots_signal_release(peer->signal);
    }
}


/* ---- in ---- */

static void
ngx_dots_tls_read_handler(ngx_event_t *rev)
{
    ngx_dots_tls_t        *ts;
    ngx_connection_t      *c;
    ngx_stream_session_t  *s;

    c = rev->data;
    s = c->data;
    ts = ngx_stream_get_module_ctx(s, ngx_stream_dots_module);

    if (ts->failed) {
        ngx_dots_tls_close(ts);
        return;
    }

    if (c->close && c->error) {
        ngx_dots_tls_farewell(ts);
        return;
    }

    if (c->close && !ts->finishing && ngx_dots_drain_keep(&ts->peer)) {
        c->close = 0;
    }

    if (!ts->finishing
        && (c->close || (ts->peer.kept && !ngx_dots_drain_allows(&ts->peer))))
    {
        c->log->action = "closing a TLS session of a leaving worker";
        dots_signal_release(ts->peer.signal);
    }

    if (rev->timedout && !ts->finishing
        && dots_signal_probing(ts->peer.signal))
    {
        /* whether it is lost is known only when the heartbeats are exhausted */

        rev->timedout = 0;
        ngx_add_timer(rev, ts->conf->idle_timeout);
    }

    if (rev->timedout && !ts->finishing) {
        rev->timedout = 0;
        ngx_log_error(NGX_LOG_INFO, c->log, 0,
                      "TLS session closed: nothing heard for %M ms",
                      ts->conf->idle_timeout);
        dots_signal_release(ts->peer.signal);
    }

    if (ngx_dots_tls_read(ts) != NGX_OK
        || ngx_handle_read_event(rev, 0) != NGX_OK)
    {
        ngx_dots_tls_close(ts);
        return;
    }

    ngx_dots_tls_flush(ts);
}


/* NGX_ERROR: the session has ended. */

static ngx_int_t
ngx_dots_tls_read(ngx_dots_tls_t *ts)
{
    ssize_t            n;
    ngx_uint_t         i;
    ngx_connection_t  *c;

    static u_char      plain[NGX_DOTS_TLS_CHUNK];

    c = ts->connection;

    for (i = 0; ngx_dots_tls_may_read(ts); i++) {

        if (i == NGX_DOTS_TLS_READS) {
            ngx_post_event(c->read, &ngx_posted_next_events);
            break;
        }

        n = c->recv(c, plain, sizeof(plain));

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == 0) {
            ngx_log_error(NGX_LOG_INFO, c->log, 0,
                          "TLS session closed by its peer");

            /* close_notify for close_notify: RFC 5246 7.2.1, RFC 8446 6.1 */

            c->ssl->no_send_shutdown = 0;
        }

        if (n <= 0) {
            return NGX_ERROR;
        }

        ts->session->received += n;
        ngx_dots_peer_input(&ts->peer, plain, n);
    }

    if (i && !ts->finishing) {
        ngx_add_timer(c->read, ts->conf->idle_timeout);
        ngx_dots_peer_schedule(&ts->peer);
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_dots_tls_may_read(ngx_dots_tls_t *ts)
{
    return !ts->holding && !ts->finishing && !ts->failed
           && !ngx_dots_tls_full(&ts->peer);
}


/* ---- out ---- */

static void
ngx_dots_tls_write_handler(ngx_event_t *wev)
{
    ngx_dots_tls_t        *ts;
    ngx_connection_t      *c;
    ngx_stream_session_t  *s;

    c = wev->data;
    s = c->data;
    ts = ngx_stream_get_module_ctx(s, ngx_stream_dots_module);

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT,
                      "TLS session closed: its peer does not read");
        ts->failed = 1;
        ngx_dots_tls_close(ts);
        return;
    }

    ngx_dots_tls_flush(ts);
}


/* May finalize the stream session. */

static void
ngx_dots_tls_flush(ngx_dots_tls_t *ts)
{
    size_t             waiting;
    ngx_event_t       *wev;
    ngx_connection_t  *c;

    c = ts->connection;
    wev = c->write;

    if (ts->lingering) {
        return;
    }

    waiting = ts->last - ts->sent;

    if (ts->failed || ngx_dots_tls_output(ts) != NGX_OK
        || ngx_handle_write_event(wev, 0) != NGX_OK)
    {
        ts->failed = 1;
        ngx_dots_tls_close(ts);
        return;
    }

    if (ts->last == 0) {

        if (wev->timer_set) {
            ngx_del_timer(wev);
        }

        if (ts->finishing) {
            ngx_dots_tls_linger(ts);
            return;
        }

    } else if (!wev->timer_set
               || (ts->last - ts->sent < waiting && !ts->finishing))
    {
        ngx_add_timer(wev, ts->finishing ? NGX_DOTS_TLS_FINISH_TIMEOUT
                                         : NGX_DOTS_TLS_SEND_TIMEOUT);
    }

    /* what came while the queue was long */

    if (waiting > NGX_DOTS_TLS_LOW && !ngx_dots_tls_full(&ts->peer)) {

        if (ts->holding) {
            dots_signal_resume(ts->peer.signal, ngx_current_msec);
        }

        ngx_post_event(c->read, &ngx_posted_events);
    }
}


/* As much as the peer takes now; "last" is 0 when that is all. */

static ngx_int_t
ngx_dots_tls_output(ngx_dots_tls_t *ts)
{
    ssize_t            n;
    ngx_connection_t  *c;

    c = ts->connection;

    while (ts->sent < ts->last) {

        n = c->send(c, ts->out + ts->sent,
                    ngx_min(ts->last - ts->sent, NGX_DOTS_TLS_CHUNK));

        if (n == NGX_AGAIN) {
            return NGX_OK;
        }

        if (n <= 0) {
            return NGX_ERROR;
        }

        ts->sent += n;
    }

    if (ts->out) {
        ngx_free(ts->out);
        ts->out = NULL;
    }

    ts->sent = 0;
    ts->last = 0;
    ts->size = 0;

    return NGX_OK;
}


/*
 * A socket that is closed with unread bytes is reset, and what we have just
 * sent may be lost with it: our side is closed, the peer's bytes are thrown
 * away until it closes, too, or for a while.
 */

static void
ngx_dots_tls_linger(ngx_dots_tls_t *ts)
{
    ngx_connection_t  *c;

    c = ts->connection;

    ngx_dots_peer_close(&ts->peer);

    ERR_clear_error();
    (void) SSL_shutdown(c->ssl->connection);
    ERR_clear_error();

    c->ssl->no_send_shutdown = 1;

    if (ngx_shutdown_socket(c->fd, NGX_WRITE_SHUTDOWN) == -1) {
        ngx_dots_tls_close(ts);
        return;
    }

    ts->lingering = 1;

    c->read->handler = ngx_dots_tls_linger_handler;
    ngx_add_timer(c->read, NGX_DOTS_TLS_LINGER_TIMEOUT);

    ngx_post_event(c->read, &ngx_posted_events);
}


static void
ngx_dots_tls_linger_handler(ngx_event_t *rev)
{
    ssize_t                n;
    ngx_uint_t             i;
    ngx_dots_tls_t        *ts;
    ngx_connection_t      *c;
    ngx_stream_session_t  *s;

    static u_char          junk[NGX_DOTS_TLS_CHUNK];

    c = rev->data;
    s = c->data;
    ts = ngx_stream_get_module_ctx(s, ngx_stream_dots_module);

    if (rev->timedout || (c->close && c->error)) {
        ngx_dots_tls_close(ts);
        return;
    }

    /* past TLS, and past nginx's idea of how much there is */

    for (i = 0; i < NGX_DOTS_TLS_READS; i++) {

        n = recv(c->fd, junk, sizeof(junk), 0);

        if (n == -1 && ngx_socket_errno == NGX_EAGAIN) {
            rev->ready = 0;
            break;
        }

        if (n <= 0) {
            ngx_dots_tls_close(ts);
            return;
        }
    }

    if (i == NGX_DOTS_TLS_READS) {
        ngx_post_event(rev, &ngx_posted_next_events);
    }

    if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_dots_tls_close(ts);
    }
}


/* ---- what the peer's signal channel asks for ---- */

static void
ngx_dots_tls_send(ngx_dots_peer_t *peer, const u_char *data, size_t len)
{
    ngx_dots_tls_t  *ts;

    ts = ngx_queue_data(peer, ngx_dots_tls_t, peer);

    if (ts->failed) {
        return;
    }

    if (ngx_dots_tls_room(ts, len) != NGX_OK) {
        ts->failed = 1;

    } else {
        ts->last = ngx_cpymem(ts->out + ts->last, data, len) - ts->out;
    }

    /* all answers to what came together leave together */

    ngx_post_event(peer->connection->write, &ngx_posted_events);
}


static ngx_int_t
ngx_dots_tls_room(ngx_dots_tls_t *ts, size_t len)
{
    size_t   size, waiting;
    u_char  *out;

    waiting = ts->last - ts->sent;

    if (len > NGX_DOTS_TLS_LIMIT - waiting) {
        ngx_log_error(NGX_LOG_INFO, ts->connection->log, 0,
                      "TLS session closed: its peer does not read, %uz bytes "
                      "wait for it", waiting);
        return NGX_ERROR;
    }

    if (len <= ts->size - ts->last) {
        return NGX_OK;
    }

    if (waiting + len <= ts->size / 2) {
        ngx_memmove(ts->out, ts->out + ts->sent, waiting);
        ts->sent = 0;
        ts->last = waiting;
        return NGX_OK;
    }

    size = ngx_max(2 * (waiting + len), 1024);

    out = ngx_alloc(size, ts->connection->log);
    if (out == NULL) {
        return NGX_ERROR;
    }

    if (ts->out) {
        ngx_memcpy(out, ts->out + ts->sent, waiting);
        ngx_free(ts->out);
    }

    ts->out = out;
    ts->size = size;
    ts->sent = 0;
    ts->last = waiting;

    return NGX_OK;
}


static ngx_uint_t
ngx_dots_tls_full(ngx_dots_peer_t *peer)
{
    ngx_dots_tls_t  *ts;

    ts = ngx_queue_data(peer, ngx_dots_tls_t, peer);

    return ts->last - ts->sent > NGX_DOTS_TLS_LOW;
}


static void
ngx_dots_tls_hold(ngx_dots_peer_t *peer, ngx_uint_t on)
{
    ngx_dots_tls_t  *ts;

    ts = ngx_queue_data(peer, ngx_dots_tls_t, peer);

    ts->holding = on ? 1 : 0;

    if (!on) {
        ngx_post_event(peer->connection->read, &ngx_posted_events);
    }
}


static void
ngx_dots_tls_finish(ngx_dots_peer_t *peer, const char *why)
{
    ngx_dots_tls_t  *ts;

    ts = ngx_queue_data(peer, ngx_dots_tls_t, peer);

    ts->finishing = 1;

    if (peer->connection->write->timer_set) {
        ngx_del_timer(peer->connection->write);
    }

    if (why) {
        ngx_log_error(NGX_LOG_INFO, peer->connection->log, 0,
                      "TLS session closed: %s", why);
    }

    ngx_post_event(peer->connection->write, &ngx_posted_events);
}
