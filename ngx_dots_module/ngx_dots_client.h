/*
 * The DOTS clients that a peer speaks for, and whether the server still hears
 * them (RFC 9132 section 4.7), over all sessions and workers: the host's side
 * of model/dots_presence.h and dots_presumed.h.  Called by ngx_dots_peer.c.
 *
 * Until its first request for mitigation a peer counts as the client whose cuid
 * sessions with its credentials have used, if that was one; else as that whose
 * cuid is made of them as section 4.4.1.1 recommends.  Then as those that it
 * has named, NGX_DOTS_CLIENTS of them at most of each customer (a gateway
 * speaks for several).
 */

#ifndef _NGX_DOTS_CLIENT_H_INCLUDED_
#define _NGX_DOTS_CLIENT_H_INCLUDED_

#include "ngx_dots.h"

#include "../model/dots_presence.h"
#include "../signal/dots_signal.h"

#define NGX_DOTS_CLIENTS  16

typedef struct ngx_dots_client_s  ngx_dots_client_t;

typedef struct {
    ngx_dots_client_t      *list;
    ngx_uint_t              n;
    ngx_msec_t              heard;      /* the peer, last */
    dots_presence_key_t     presumed;
    unsigned                named:1;    /* by the peer */
} ngx_dots_clients_t;

/* The tables of a fresh zone of this size. */
ngx_int_t ngx_dots_client_init_zone(ngx_slab_pool_t *pool,
    ngx_dots_shared_t *shared, size_t size);

/* The session of this customer's is up; no memory only makes it unknown. */
void ngx_dots_client_open(ngx_dots_clients_t *clients,
    const dots_customer_t *customer, SSL *ssl);

/* It has made a request for this client. */
void ngx_dots_client_named(ngx_dots_clients_t *clients,
    const dots_customer_t *customer, dots_str_t cuid);

/* It spoke. */
void ngx_dots_client_heard(ngx_dots_clients_t *clients);

/* Nonzero while one of them has an active mitigation. */
ngx_uint_t ngx_dots_client_mitigating(ngx_dots_clients_t *clients);

/* Or one that awaits the loss of its session. */
ngx_uint_t ngx_dots_client_protecting(ngx_dots_clients_t *clients);

/*
 * The session has heard nothing since "since" (ms).  If no other has heard its
 * clients either they are lost: noted, and what they preconfigured begins.
 */
void ngx_dots_client_lost(ngx_dots_clients_t *clients, int64_t since,
    ngx_connection_t *c);

void ngx_dots_client_close(ngx_dots_clients_t *clients);

#endif /* _NGX_DOTS_CLIENT_H_INCLUDED_ */
