/*
 * A process that may not serve the signal channel for a while: another nginx
 * reads the same sockets, and two of them would tear its sessions apart.
 */

#include "ngx_dots.h"
#include "ngx_dots_fence.h"
#include "ngx_stream_dots_compat.h"


static ngx_connection_t **ngx_stream_dots_serve_kept(ngx_cycle_t *cycle);


/* Of the listening sockets, by their place; of this process. */

static ngx_connection_t  **ngx_stream_dots_serve_off;


/*
 * Without its connection nginx finds no event to enable on a listening socket,
 * whatever it enables and disables by itself; the socket stays open.
 */

void
ngx_stream_dots_serve(ngx_cycle_t *cycle, ngx_uint_t on)
{
    ngx_uint_t          i;
    ngx_listening_t    *ls;
    ngx_connection_t  **kept;

    kept = ngx_stream_dots_serve_kept(cycle);
    if (kept == NULL) {
        return;
    }

    ls = cycle->listening.elts;

    for (i = 0; i < cycle->listening.nelts; i++) {

        if (on && kept[i]) {
            ls[i].connection = kept[i];
            kept[i] = NULL;

            (void) ngx_add_event(ls[i].connection->read, NGX_READ_EVENT, 0);

        } else if (!on && ls[i].connection
                   && ngx_stream_dots_listening(&ls[i]))
        {
            kept[i] = ls[i].connection;
            ls[i].connection = NULL;

            if (kept[i]->read->active) {
                (void) ngx_del_event(kept[i]->read, NGX_READ_EVENT,
                                     NGX_DISABLE_EVENT);
            }
        }
    }
}


static ngx_connection_t **
ngx_stream_dots_serve_kept(ngx_cycle_t *cycle)
{
    if (ngx_stream_dots_serve_off == NULL) {
        ngx_stream_dots_serve_off = ngx_pcalloc(cycle->pool,
                         cycle->listening.nelts * sizeof(ngx_connection_t *));
    }

    return ngx_stream_dots_serve_off;
}


/* Sessions end as at a reload: with close_notify, and Release over TCP. */

void
ngx_stream_dots_serve_close(ngx_cycle_t *cycle)
{
    ngx_uint_t         i;
    ngx_connection_t  *c;

    c = cycle->connections;

    for (i = 0; i < cycle->connection_n; i++) {

        if (c[i].fd != (ngx_socket_t) -1 && c[i].idle && c[i].listening
            && ngx_stream_dots_listening(c[i].listening))
        {
            c[i].close = 1;
            c[i].read->handler(c[i].read);
        }
    }
}
