/*
 * What differs between nginx versions in the stream core, for
 * ngx_stream_dots_module.c and ngx_stream_dots_serve.c.
 */

#ifndef _NGX_STREAM_DOTS_COMPAT_H_INCLUDED_
#define _NGX_STREAM_DOTS_COMPAT_H_INCLUDED_

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_stream.h>

typedef struct {
    void       **srv_conf;
    ngx_str_t    addr_text;
    ngx_uint_t   udp;
    ngx_uint_t   ssl;
} ngx_stream_dots_listen_t;

typedef ngx_int_t (*ngx_stream_dots_listen_pt)(ngx_conf_t *cf,
    ngx_stream_dots_listen_t *listen);


/* How the configuration of a server{} begins, for those who ask only this. */

typedef struct {
    ngx_uint_t   enable;    /* dots_signal is in it */
} ngx_stream_dots_served_t;


/* Are the servers behind the listening socket ones with "dots_signal"? */

typedef enum {
    NGX_STREAM_DOTS_NONE = 0,
    NGX_STREAM_DOTS_SOME,
    NGX_STREAM_DOTS_ALL
} ngx_stream_dots_listening_t;

ngx_stream_dots_listening_t ngx_stream_dots_listening(ngx_listening_t *ls);


#if (nginx_version >= 1025005)

#define ngx_stream_dots_addr_srv_conf(conf)                                   \
    (conf)->default_server->ctx->srv_conf


static ngx_inline ngx_int_t
ngx_stream_dots_each_server(ngx_conf_t *cf, ngx_stream_conf_addr_t *addr,
    ngx_stream_dots_listen_pt handler)
{
    ngx_uint_t                    i;
    ngx_stream_dots_listen_t      listen;
    ngx_stream_core_srv_conf_t  **server;

    server = addr->servers.elts;

    for (i = 0; i < addr->servers.nelts; i++) {
        listen.srv_conf = server[i]->ctx->srv_conf;
        listen.addr_text = addr->opt.addr_text;
        listen.udp = (addr->opt.type == SOCK_DGRAM);
        listen.ssl = addr->opt.ssl;

        if (handler(cf, &listen) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* Calls "handler" for each "listen" of each server{}. */

static ngx_inline ngx_int_t
ngx_stream_dots_each_listen(ngx_conf_t *cf, ngx_stream_dots_listen_pt handler)
{
    ngx_uint_t                    i, k;
    ngx_stream_conf_addr_t       *addr;
    ngx_stream_conf_port_t       *port;
    ngx_stream_core_main_conf_t  *cmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);

    if (cmcf->ports == NULL) {
        return NGX_OK;
    }

    port = cmcf->ports->elts;

    for (i = 0; i < cmcf->ports->nelts; i++) {
        addr = port[i].addrs.elts;

        for (k = 0; k < port[i].addrs.nelts; k++) {
            if (ngx_stream_dots_each_server(cf, &addr[k], handler) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}

#else

#define ngx_stream_dots_addr_srv_conf(conf)  (conf)->ctx->srv_conf


/* Calls "handler" for each "listen" of each server{}. */

static ngx_inline ngx_int_t
ngx_stream_dots_each_listen(ngx_conf_t *cf, ngx_stream_dots_listen_pt handler)
{
    ngx_uint_t                    i;
    ngx_stream_listen_t          *ls;
    ngx_stream_dots_listen_t      listen;
    ngx_stream_core_main_conf_t  *cmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);
    ls = cmcf->listen.elts;

    for (i = 0; i < cmcf->listen.nelts; i++) {
        listen.srv_conf = ls[i].ctx->srv_conf;
        listen.addr_text = ls[i].addr_text;
        listen.udp = (ls[i].type == SOCK_DGRAM);
        listen.ssl = ls[i].ssl;

        if (handler(cf, &listen) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}

#endif

#endif /* _NGX_STREAM_DOTS_COMPAT_H_INCLUDED_ */
