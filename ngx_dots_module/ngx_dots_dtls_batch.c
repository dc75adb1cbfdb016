#include "ngx_dots_dtls.h"

#include <ngx_event.h>


/*
 * nginx goes back to the kernel for events after each datagram (multi_accept,
 * which reads until there are none, would leave the worker to a flood, see
 * ngx_dots_module.c).  A few at a time cost a quarter less, and timers, commits
 * and other sockets still come to their turn: the longest batch, of full
 * handshakes, takes some ms.
 */

#define NGX_DOTS_DTLS_BATCH  16


static void ngx_dots_dtls_batch_handler(ngx_event_t *ev);


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

        if (c && c->read->handler == ngx_event_recvmsg) {
            c->read->handler = ngx_dots_dtls_batch_handler;
        }
    }
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

    for (i = 0; i < NGX_DOTS_DTLS_BATCH; i++) {
        came = ngx_dots_dtls_batch_came;

        ngx_event_recvmsg(ev);

        if (ngx_dots_dtls_batch_came == came) {
            break;
        }
    }
}
