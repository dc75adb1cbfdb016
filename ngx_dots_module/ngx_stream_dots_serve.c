/*
 * Which listening sockets are the signal channel's, and a process that may not
 * serve it for a while: another nginx reads the same sockets, and two of them
 * would tear its sessions apart.
 */

#include "ngx_dots.h"
#include "ngx_dots_fence.h"
#include "ngx_stream_dots_compat.h"


static ngx_connection_t **ngx_stream_dots_serve_kept(ngx_cycle_t *cycle);


/* Of the listening sockets, by their place; of this process. */

static ngx_connection_t  **ngx_stream_dots_serve_off;


ngx_stream_dots_listening_t
ngx_stream_dots_listening(ngx_listening_t *ls)
{
    void                     **srv_conf;
    ngx_uint_t                 i, n;
    ngx_stream_port_t         *port;
    ngx_stream_in_addr_t      *addr;
#if (NGX_HAVE_INET6)
    ngx_stream_in6_addr_t     *addr6;
#endif
    ngx_stream_dots_served_t  *served;

    if (ls->handler != ngx_stream_init_connection) {
        return NGX_STREAM_DOTS_NONE;
    }

    port = ls->servers;
    n = 0;

    for (i = 0; i < port->naddrs; i++) {

#if (NGX_HAVE_INET6)
        if (ls->sockaddr->sa_family == AF_INET6) {
            addr6 = port->addrs;
            srv_conf = ngx_stream_dots_addr_srv_conf(&addr6[i].conf);

        } else
#endif
        {
            addr = port->addrs;
            srv_conf = ngx_stream_dots_addr_srv_conf(&addr[i].conf);
        }

        served = srv_conf[ngx_stream_dots_module.ctx_index];

        n += served->enable;
    }

    if (n == 0) {
        return NGX_STREAM_DOTS_NONE;
    }

    return n == port->naddrs ? NGX_STREAM_DOTS_ALL : NGX_STREAM_DOTS_SOME;
}


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
