#include "ngx_dots_turn.h"
#include "ngx_http_dots.h"


#define NGX_HTTP_DOTS_PIECES_FULL  32768    /* bytes: enough for one buffer */


/*
 * The body of an answer that is made while it is sent, by chunks or frames.  It
 * pulls: while its buffer is not on the wire nothing is made, so a slow client
 * costs that buffer, which is as large as NGX_HTTP_DOTS_PIECES_FULL and one
 * entry; who takes nothing for "send_timeout" is closed.
 */

typedef struct {
    ngx_http_dots_body_t  body;
    dots_restconf_t      *rc;
    ngx_event_t           event;    /* posted: there is more to make */
    unsigned              last:1;   /* that was all */
    unsigned              open:1;
} ngx_http_dots_pieces_t;


static ngx_http_dots_pieces_t *ngx_http_dots_pieces_create(
    ngx_http_request_t *r, dots_restconf_t *rc);
static void ngx_http_dots_pieces_event(ngx_event_t *ev);
static void ngx_http_dots_pieces_writer(ngx_http_request_t *r);
static void ngx_http_dots_pieces_pump(ngx_http_dots_pieces_t *p);
static ngx_int_t ngx_http_dots_pieces_fill(ngx_http_dots_pieces_t *p);
static ngx_int_t ngx_http_dots_pieces_append(ngx_http_dots_pieces_t *p,
    dots_str_t text);
static ngx_int_t ngx_http_dots_pieces_send(ngx_http_dots_pieces_t *p);
static ngx_int_t ngx_http_dots_pieces_judge(ngx_http_dots_pieces_t *p,
    ngx_int_t rc);
static void ngx_http_dots_pieces_finish(ngx_http_dots_pieces_t *p,
    ngx_int_t rc);
static void ngx_http_dots_pieces_close(void *data);


/* The header is sent. */

ngx_int_t
ngx_http_dots_pieces(ngx_http_request_t *r, dots_restconf_t *rc)
{
    ngx_http_dots_pieces_t  *p;

    p = ngx_http_dots_pieces_create(r, rc);
    if (p == NULL) {
        return NGX_ERROR;
    }

    r->connection->log->action = "sending DOTS data";

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_dots_pieces_writer;

    ngx_post_event(&p->event, &ngx_posted_events);

    return NGX_DONE;
}


static ngx_http_dots_pieces_t *
ngx_http_dots_pieces_create(ngx_http_request_t *r, dots_restconf_t *rc)
{
    ngx_http_cleanup_t      *cln;
    ngx_http_dots_pieces_t  *p;

    p = ngx_pcalloc(r->pool, sizeof(ngx_http_dots_pieces_t));
    if (p == NULL) {
        return NULL;
    }

    cln = ngx_http_cleanup_add(r, 0);

    if (cln == NULL
        || ngx_http_dots_body_create(&p->body, r,
                                     2 * NGX_HTTP_DOTS_PIECES_FULL)
           != NGX_OK)
    {
        return NULL;
    }

    cln->handler = ngx_http_dots_pieces_close;
    cln->data = p;

    p->rc = rc;
    p->open = 1;

    p->event.handler = ngx_http_dots_pieces_event;
    p->event.data = p;
    p->event.log = r->connection->log;

    return p;
}


/* ---- from the event loop ---- */

static void
ngx_http_dots_pieces_event(ngx_event_t *ev)
{
    ngx_connection_t        *c;
    ngx_http_dots_pieces_t  *p = ev->data;

    c = p->body.request->connection;

    ngx_http_set_log_request(c->log, p->body.request);

    ngx_dots_turn_over(ev);
    ngx_http_dots_pieces_pump(p);

    /* the request is gone perhaps */

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_dots_pieces_writer(ngx_http_request_t *r)
{
    ngx_connection_t        *c;
    ngx_http_cleanup_t      *cln;
    ngx_http_dots_pieces_t  *p;

    for (cln = r->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_dots_pieces_close) {
            break;
        }
    }

    if (cln == NULL) {
        return;
    }

    p = cln->data;
    c = r->connection;

    if (c->write->timedout) {
        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT,
                      "client takes no DOTS data");
        c->timedout = 1;
        ngx_http_dots_pieces_finish(p, NGX_ERROR);
        return;
    }

    if (ngx_http_dots_pieces_judge(p, ngx_http_dots_body_flush(&p->body))
        == NGX_OK)
    {
        ngx_http_dots_pieces_pump(p);
    }
}


/* ---- from entries to bytes ---- */

/* May finalize the request. */

static void
ngx_http_dots_pieces_pump(ngx_http_dots_pieces_t *p)
{
    if (p->body.busy || p->event.posted) {
        return;
    }

    if (!p->last && ngx_http_dots_pieces_fill(p) != NGX_OK) {
        ngx_http_dots_pieces_finish(p, NGX_ERROR);
        return;
    }

    if (p->last) {
        ngx_http_dots_pieces_finish(p, NGX_OK);
        return;
    }

    /* others come first */

    if (ngx_http_dots_pieces_send(p) == NGX_OK) {
        ngx_dots_turn(&p->event);
    }
}


static ngx_int_t
ngx_http_dots_pieces_fill(ngx_http_dots_pieces_t *p)
{
    ngx_buf_t   *b;
    dots_str_t   text;

    b = p->body.buffer;

    while (b->last - b->pos < NGX_HTTP_DOTS_PIECES_FULL) {

        switch (dots_restconf_more(p->rc, &text)) {

        case DOTS_OK:
            if (ngx_http_dots_pieces_append(p, text) != NGX_OK) {
                return NGX_ERROR;
            }

            break;

        case DOTS_DECLINED:
            p->last = 1;
            return NGX_OK;

        default:

            /* the client sees that the end is missing */

            ngx_log_error(NGX_LOG_INFO, p->body.request->connection->log, 0,
                          "DOTS data have changed while they were sent");
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_dots_pieces_append(ngx_http_dots_pieces_t *p, dots_str_t text)
{
    u_char     *start;
    size_t      n, size;
    ngx_buf_t  *b;

    b = p->body.buffer;
    n = b->last - b->pos;

    if ((size_t) (b->end - b->last) < text.len) {

        size = n + text.len;

        start = ngx_palloc(p->body.request->pool, size);
        if (start == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(start, b->pos, n);
        (void) ngx_pfree(p->body.request->pool, b->start);

        b->start = b->pos = start;
        b->last = start + n;
        b->end = start + size;
    }

    b->last = ngx_cpymem(b->last, text.data, text.len);

    return NGX_OK;
}


/* NGX_OK: it is on the wire; else the writer goes on, or all is over. */

static ngx_int_t
ngx_http_dots_pieces_send(ngx_http_dots_pieces_t *p)
{
    return ngx_http_dots_pieces_judge(p, ngx_http_dots_body_send(&p->body));
}


static ngx_int_t
ngx_http_dots_pieces_judge(ngx_http_dots_pieces_t *p, ngx_int_t rc)
{
    if (rc == NGX_ERROR) {
        ngx_http_dots_pieces_finish(p, NGX_ERROR);
    }

    return rc;
}


/* ---- the end ---- */

/* Finalizes the request, which nginx writes to its end. */

static void
ngx_http_dots_pieces_finish(ngx_http_dots_pieces_t *p, ngx_int_t rc)
{
    ngx_buf_t           *b;
    ngx_http_request_t  *r;

    r = p->body.request;
    b = p->body.buffer;

    ngx_http_dots_pieces_close(p);

    if (rc == NGX_OK && b->last == b->pos) {
        rc = ngx_http_send_special(r, NGX_HTTP_LAST);

    } else if (rc == NGX_OK) {
        b->last_buf = (r == r->main);
        b->last_in_chain = 1;

        rc = ngx_http_output_filter(r, p->body.free);
    }

    ngx_http_finalize_request(r, rc);
}


static void
ngx_http_dots_pieces_close(void *data)
{
    ngx_http_dots_pieces_t  *p = data;

    if (!p->open) {
        return;
    }

    p->open = 0;

    ngx_dots_turn_over(&p->event);
}
