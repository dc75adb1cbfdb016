#include "ngx_http_dots.h"
#include "ngx_dots_events.h"
#include "ngx_dots_limit.h"
#include "../restconf/dots_stream.h"


#define NGX_HTTP_DOTS_STREAM_ALIVE   15000    /* ms of silence: a comment */
#define NGX_HTTP_DOTS_STREAM_BUFFER  (2 * DOTS_STREAM_TEXT)
#define NGX_HTTP_DOTS_STREAM_BATCH   64       /* events looked at in one turn */


/*
 * One client that listens.  It pulls: while its last buffer is not on the wire
 * nothing more is read for it, so a slow one costs one buffer; whom its own
 * customer's events overtake, or who takes nothing for "send_timeout", is
 * closed.
 */

typedef struct {
    ngx_dots_events_reader_t   reader;
    ngx_http_dots_body_t       body;
    dots_subscription_t       *subscription;
    ngx_event_t                timer;     /* keep-alive, stop-time; not
                                             cancelable: the last words of a
                                             worker that leaves wait for it */
    unsigned                   replay:1;  /* what was is not all said yet */
    unsigned                   open:1;
} ngx_http_dots_stream_t;


static ngx_http_dots_stream_t *ngx_http_dots_stream_create(
    ngx_http_request_t *r, dots_restconf_t *rc);
static ngx_int_t ngx_http_dots_stream_headers(ngx_http_request_t *r,
    dots_restconf_t *rc);
static void ngx_http_dots_stream_event(ngx_event_t *ev);
static void ngx_http_dots_stream_timer(ngx_event_t *ev);
static void ngx_http_dots_stream_writer(ngx_http_request_t *r);
static void ngx_http_dots_stream_pump(ngx_http_dots_stream_t *s);
static ngx_int_t ngx_http_dots_stream_fill(ngx_http_dots_stream_t *s);
static ngx_int_t ngx_http_dots_stream_one(ngx_http_dots_stream_t *s);
static void ngx_http_dots_stream_text(ngx_http_dots_stream_t *s,
    const char *text);
static ngx_int_t ngx_http_dots_stream_send(ngx_http_dots_stream_t *s);
static ngx_int_t ngx_http_dots_stream_judge(ngx_http_dots_stream_t *s,
    ngx_int_t rc);
static ngx_uint_t ngx_http_dots_stream_over(ngx_http_dots_stream_t *s);
static void ngx_http_dots_stream_wait(ngx_http_dots_stream_t *s);
static void ngx_http_dots_stream_finish(ngx_http_dots_stream_t *s,
    ngx_int_t rc);
static void ngx_http_dots_stream_close(ngx_http_dots_stream_t *s);
static void ngx_http_dots_stream_cleanup(void *data);


/* ---- the beginning ---- */

ngx_int_t
ngx_http_dots_stream(ngx_http_request_t *r, dots_restconf_t *rc)
{
    ngx_int_t                  n;
    ngx_connection_t          *c;
    ngx_http_dots_stream_t    *s;
    ngx_http_core_loc_conf_t  *clcf;

    if (r->method == NGX_HTTP_HEAD) {
        return ngx_http_dots_stream_headers(r, rc);
    }

    if (ngx_dots_limit_stream(rc->customer) != NGX_OK) {
        return NGX_HTTP_TOO_MANY_REQUESTS;
    }

    s = ngx_http_dots_stream_create(r, rc);
    if (s == NULL) {
        ngx_dots_limit_unstream(rc->customer);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    n = ngx_http_dots_stream_headers(r, rc);

    if (n == NGX_ERROR || n > NGX_OK || r->header_only) {
        ngx_http_dots_stream_close(s);
        return n;
    }

    c = r->connection;
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (r == r->main && clcf->tcp_nodelay && ngx_tcp_nodelay(c) != NGX_OK) {
        ngx_http_dots_stream_close(s);
        return NGX_ERROR;
    }

    c->log->action = "sending DOTS events";

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_dots_stream_writer;

    /* the client sees that it is connected; the events follow by themselves */

    ngx_http_dots_stream_text(s, ":\n\n");
    ngx_http_dots_stream_wait(s);

    ngx_post_event(&s->reader.event, &ngx_posted_events);

    return NGX_DONE;
}


static ngx_http_dots_stream_t *
ngx_http_dots_stream_create(ngx_http_request_t *r, dots_restconf_t *rc)
{
    ngx_http_cleanup_t      *cln;
    ngx_http_dots_stream_t  *s;

    s = ngx_pcalloc(r->pool, sizeof(ngx_http_dots_stream_t));
    if (s == NULL) {
        return NULL;
    }

    if (ngx_http_dots_body_create(&s->body, r, NGX_HTTP_DOTS_STREAM_BUFFER)
        != NGX_OK)
    {
        return NULL;
    }

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_dots_stream_cleanup;
    cln->data = s;

    s->subscription = rc->subscription;
    s->replay = rc->subscription->start >= 0;
    s->open = 1;

    s->timer.handler = ngx_http_dots_stream_timer;
    s->timer.data = s;
    s->timer.log = r->connection->log;

    s->reader.customer = rc->customer;
    s->reader.event.handler = ngx_http_dots_stream_event;
    s->reader.event.data = s;
    s->reader.event.log = r->connection->log;

    ngx_dots_events_open(&s->reader, s->replay);

    return s;
}


static ngx_int_t
ngx_http_dots_stream_headers(ngx_http_request_t *r, dots_restconf_t *rc)
{
    dots_str_t  no_cache = dots_string("no-cache");

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = -1;

    ngx_str_set(&r->headers_out.content_type, DOTS_STREAM_MEDIA);
    r->headers_out.content_type_len = r->headers_out.content_type.len;

    if (ngx_http_dots_header(r, "Cache-Control", no_cache) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_send_header(r);
}


/* ---- from the event loop ---- */

static void
ngx_http_dots_stream_event(ngx_event_t *ev)
{
    ngx_connection_t        *c;
    ngx_http_dots_stream_t  *s = ev->data;

    c = s->body.request->connection;

    ngx_http_set_log_request(c->log, s->body.request);

    ngx_http_dots_stream_pump(s);

    /* the request is gone perhaps */

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_dots_stream_timer(ngx_event_t *ev)
{
    ngx_http_dots_stream_t  *s = ev->data;

    /* where nobody is there it fails to be sent */

    if (s->body.busy == NULL && !ngx_http_dots_stream_over(s)) {
        ngx_http_dots_stream_text(s, ":\n\n");
    }

    ngx_http_dots_stream_wait(s);
    ngx_http_dots_stream_event(ev);
}


static void
ngx_http_dots_stream_wait(ngx_http_dots_stream_t *s)
{
    int64_t  left;

    left = s->subscription->stop - ngx_dots_events_now() + 1;

    ngx_add_timer(&s->timer, left > 0 && left < NGX_HTTP_DOTS_STREAM_ALIVE
                             ? (ngx_msec_t) left : NGX_HTTP_DOTS_STREAM_ALIVE);
}


static void
ngx_http_dots_stream_writer(ngx_http_request_t *r)
{
    ngx_connection_t        *c;
    ngx_http_cleanup_t      *cln;
    ngx_http_dots_stream_t  *s;

    for (cln = r->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_dots_stream_cleanup) {
            break;
        }
    }

    if (cln == NULL) {
        return;
    }

    s = cln->data;
    c = r->connection;

    if (c->write->timedout) {
        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT,
                      "client takes no DOTS events");
        c->timedout = 1;
        ngx_http_dots_stream_finish(s, NGX_ERROR);
        return;
    }

    if (ngx_http_dots_stream_judge(s, ngx_http_dots_body_flush(&s->body))
        != NGX_OK)
    {
        return;
    }

    ngx_http_dots_stream_pump(s);
}


/* ---- from events to bytes ---- */

/* May finalize the request. */

static void
ngx_http_dots_stream_pump(ngx_http_dots_stream_t *s)
{
    ngx_int_t  rc;

    if (s->body.busy) {
        return;
    }

    rc = ngx_http_dots_stream_fill(s);

    if (rc == NGX_ERROR) {
        ngx_http_dots_stream_finish(s, NGX_ERROR);
        return;
    }

    if (rc == NGX_DONE && s->replay) {
        s->replay = 0;
        ngx_http_dots_stream_text(s, ": replay complete\n\n");
    }

    if (s->body.buffer->last != s->body.buffer->pos
        && ngx_http_dots_stream_send(s) != NGX_OK)
    {
        return;
    }

    if (ngx_exiting || (rc == NGX_DONE && ngx_http_dots_stream_over(s))) {
        ngx_http_dots_stream_finish(s, NGX_OK);
        return;
    }

    if (rc == NGX_AGAIN && !s->reader.event.posted) {
        ngx_post_event(&s->reader.event, &ngx_posted_next_events);
    }
}


/* All that was to be said up to "stop-time" is said. */

static ngx_uint_t
ngx_http_dots_stream_over(ngx_http_dots_stream_t *s)
{
    return ngx_dots_events_now() > s->subscription->stop;
}


/* NGX_DONE: no more events; NGX_AGAIN: there may be; NGX_ERROR. */

static ngx_int_t
ngx_http_dots_stream_fill(ngx_http_dots_stream_t *s)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_DOTS_STREAM_BATCH; i++) {

        if (s->body.buffer->end - s->body.buffer->last < DOTS_STREAM_TEXT) {
            return NGX_AGAIN;
        }

        rc = ngx_http_dots_stream_one(s);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_AGAIN;
}


static ngx_int_t
ngx_http_dots_stream_one(ngx_http_dots_stream_t *s)
{
    int            n;
    u_char         buf[DOTS_HISTORY_EVENT];
    ngx_int_t      rc;
    dots_event_t   e;
    dots_writer_t  w = { s->body.buffer->last, s->body.buffer->end, 0 };

    rc = ngx_dots_events_next(&s->reader, &e, buf);

    if (rc == NGX_ERROR) {
        ngx_log_error(NGX_LOG_INFO, s->body.request->connection->log, 0,
                      "client is too slow for DOTS events");
    }

    if (rc != NGX_OK) {
        return rc;
    }

    n = dots_stream_event(s->subscription, &e, &w);

    if (n == DOTS_OK) {
        s->body.buffer->last = w.pos;
    }

    return n == DOTS_ERROR ? NGX_ERROR : NGX_OK;
}


static void
ngx_http_dots_stream_text(ngx_http_dots_stream_t *s, const char *text)
{
    size_t  len;

    len = ngx_strlen(text);

    if ((size_t) (s->body.buffer->end - s->body.buffer->last) >= len) {
        s->body.buffer->last = ngx_cpymem(s->body.buffer->last, text, len);
    }
}


/* NGX_OK: it is on the wire; else the writer goes on, or all is over. */

static ngx_int_t
ngx_http_dots_stream_send(ngx_http_dots_stream_t *s)
{
    ngx_http_dots_stream_wait(s);

    return ngx_http_dots_stream_judge(s, ngx_http_dots_body_send(&s->body));
}


static ngx_int_t
ngx_http_dots_stream_judge(ngx_http_dots_stream_t *s, ngx_int_t rc)
{
    if (rc == NGX_ERROR) {
        ngx_http_dots_stream_finish(s, NGX_ERROR);
    }

    return rc;
}


/* ---- the end ---- */

/* Finalizes the request. */

static void
ngx_http_dots_stream_finish(ngx_http_dots_stream_t *s, ngx_int_t rc)
{
    ngx_http_request_t  *r;

    r = s->body.request;

    ngx_http_dots_stream_close(s);

    if (rc == NGX_OK) {

        if (ngx_exiting) {
            r->keepalive = 0;
        }

        rc = ngx_http_send_special(r, NGX_HTTP_LAST);
    }

    ngx_http_finalize_request(r, rc);
}


static void
ngx_http_dots_stream_close(ngx_http_dots_stream_t *s)
{
    if (!s->open) {
        return;
    }

    s->open = 0;

    ngx_dots_events_close(&s->reader);
    ngx_dots_limit_unstream(s->reader.customer);

    if (s->timer.timer_set) {
        ngx_del_timer(&s->timer);
    }
}


static void
ngx_http_dots_stream_cleanup(void *data)
{
    ngx_http_dots_stream_close(data);
}
