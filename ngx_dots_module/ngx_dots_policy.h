/*
 * What the configurations of a zone have decided, generation by generation, as
 * a set of digests there.  A session outlives the reload of its worker only
 * under a configuration that would decide the same for it: its customer, its
 * pre-shared key, its server{} with the trust anchors and CRLs, its listening
 * socket are in the newest set, and no identity that its certificate has, too,
 * but was nobody's.  Other anchors and CRLs may trust it still, see
 * ngx_dots_trust.c.  A set that has no room for all holds nothing.
 *
 * Written by the master in init_module, before it forks the processes of the
 * generation; read by the workers of older ones, without a lock.  Called by
 * ngx_stream_dots_module.c, ngx_dots_peer.c, ngx_dots_trust.c and
 * ngx_dots_drain.c.
 */

#ifndef _NGX_DOTS_POLICY_H_INCLUDED_
#define _NGX_DOTS_POLICY_H_INCLUDED_

#include "ngx_dots.h"

#include <ngx_stream.h>

/* The table of a fresh zone of this size. */
ngx_int_t ngx_dots_policy_init_zone(ngx_slab_pool_t *pool,
    ngx_dots_shared_t *shared, size_t size);

/* What a server{} admits peers by, and that but for whom it trusts. */

typedef struct {
    uint64_t  all;
    uint64_t  terms;
} ngx_dots_policy_server_t;

/*
 * Digests; these two continue one with what a context of a server{} has of
 * either.  trust: NGX_ERROR: no memory.
 */
uint64_t ngx_dots_policy_terms(uint64_t digest, SSL_CTX *ctx);
ngx_int_t ngx_dots_policy_trust(uint64_t *digest, SSL_CTX *ctx);
uint64_t ngx_dots_policy_socket(ngx_listening_t *ls);
uint64_t ngx_dots_policy_psk(ngx_dots_conf_t *dcf, dots_str_t identity);
uint64_t ngx_dots_policy_customer(ngx_dots_conf_t *dcf,
    const dots_customer_t *customer);

/*
 * A new generation, of this process and its children: begin, add the digests of
 * the servers, publish with all else from the configuration.  room: that there
 * is without taking it from others.
 */
void ngx_dots_policy_begin(ngx_dots_conf_t *dcf);
void ngx_dots_policy_add(uint64_t digest);
size_t ngx_dots_policy_room(void);
void ngx_dots_policy_publish(ngx_cycle_t *cycle, ngx_dots_conf_t *dcf);

/* Nonzero: the newest generation has all of them; or none of them. */
ngx_uint_t ngx_dots_policy_holds(const uint64_t *digests, size_t n);
ngx_uint_t ngx_dots_policy_lacks(const uint64_t *digests, size_t n);

/*
 * Nonzero while sessions may go on under a newer generation than this
 * process's: there is one, whole, it was not itself told to end, no other nginx
 * has taken over, and there is room for processes of this one.
 */
ngx_uint_t ngx_dots_policy_succeeded(void);

/* Changes whenever the answer to one of the two above may. */
ngx_atomic_uint_t ngx_dots_policy_stamp(void);

/* This process ends in order; of the newest generation: no other follows. */
void ngx_dots_policy_end(void);

/* There is little room for processes: only the last two generations stay. */
void ngx_dots_policy_crowded(void);

#endif /* _NGX_DOTS_POLICY_H_INCLUDED_ */
