#include "ngx_dots_dtls.h"

#include <ngx_event.h>
#include <ngx_stream.h>


/*
 * nginx goes back to the kernel for events after each datagram (multi_accept,
 * which reads until there are none, would leave the worker to a flood, see
 * ngx_dots_module.c).  A few at a time cost a quarter less, and timers, commits
 * and other sockets still come to their turn: the longest batch, of full
 * handshakes, takes some ms.
 */

#define NGX_DOTS_DTLS_BATCH  16


static void ngx_dots_dtls_batch_handler(ngx_event_t *ev);
static void ngx_dots_dtls_batch_stranger(ngx_connection_t *c);


/* Of this process: datagrams that came to us. */

static ngx_uint_t  ngx_dots_dtls_batch_came;


void
ngx_dots_dtls_batch_init(ngx_cycle_t *cycle)
{
    ngx_uint_t         i;
    ngx_listening_t   *ls;
    ngx_connection_t  *c;

    ls = cycle->listening.elts;

    for (i = 0; i < cycle->listening.nelts; i++) {

        /* another worker's (reuseport) has no connection here */

        c = ls[i].connection;

        if (c == NULL || c->read->handler != ngx_event_recvmsg) {
            continue;
        }

        c->read->handler = ngx_dots_dtls_batch_handler;

        if (ls[i].handler == ngx_stream_init_connection) {
            ls[i].handler = ngx_dots_dtls_batch_stranger;
        }
    }
}


ngx_uint_t
ngx_dots_dtls_batch_reads(ngx_listening_t *ls)
{
    return ls->handler == ngx_dots_dtls_batch_stranger;
}


void
ngx_dots_dtls_batch_count(void)
{
    ngx_dots_dtls_batch_came++;
}


/* A socket of another stream server is read as ever: nothing comes to us. */

static void
ngx_dots_dtls_batch_handler(ngx_event_t *ev)
{
    ngx_uint_t  i, came;

    ngx_dots_dtls_send_hold();

    for (i = 0; i < NGX_DOTS_DTLS_BATCH; i++) {
        came = ngx_dots_dtls_batch_came;

        ngx_event_recvmsg(ev);

        if (ngx_dots_dtls_batch_came == came) {
            break;
        }
    }

    ngx_dots_dtls_send_release();
    ngx_dots_link_flush();
}


/*
 * Nobody that nginx knows here.  What belongs to another process leaves before
 * nginx makes a stream session of it; a hello begins one, whoever sent it.
 */

static void
ngx_dots_dtls_batch_stranger(ngx_connection_t *c)
{
    u_char      *data;
    size_t       len;
    ngx_pool_t  *pool;

    data = c->buffer->pos;
    len = c->buffer->last - data;

    if (!ngx_dots_dtls_is_record(data, len)
        || ngx_dots_dtls_is_hello(data, len)
        || ngx_dots_directory_route(c, data, len) != NGX_OK)
    {
        ngx_stream_init_connection(c);
        return;
    }

    ngx_dots_dtls_batch_count();

    /* as ngx_stream_close_connection() */

#if (NGX_STAT_STUB)
    (void) ngx_atomic_fetch_add(ngx_stat_active, -1);
#endif

    pool = c->pool;

    ngx_close_connection(c);
    ngx_destroy_pool(pool);
}
