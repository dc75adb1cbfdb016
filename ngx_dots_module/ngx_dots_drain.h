/*
 * Which sessions a worker keeps that was told to leave: those of clients that
 * have something to lose, see the README.  The others say goodbye at once, the
 * kept ones when their reason is gone; at worker_shutdown_timeout nginx itself
 * closes what is left.  Called by the transports.
 */

#ifndef _NGX_DOTS_DRAIN_H_INCLUDED_
#define _NGX_DOTS_DRAIN_H_INCLUDED_

#include "ngx_dots.h"
#include "ngx_dots_peer.h"

void ngx_dots_drain_init_process(ngx_cycle_t *cycle);

/*
 * Nonzero: the open session stays for now, and peer->leave() is called when it
 * has to go; 0: it goes now.  For a worker that leaves.
 */
ngx_uint_t ngx_dots_drain_keep(ngx_dots_peer_t *peer);

/*
 * The same, of one whose handshake has ended in a worker that leaves already:
 * it has a second or two to say what there is to lose.
 */
ngx_uint_t ngx_dots_drain_admit(ngx_dots_peer_t *peer);

/* Before a kept session is given anything of its peer's: the same answer. */
ngx_uint_t ngx_dots_drain_allows(ngx_dots_peer_t *peer);

/* May a handshake of this server{} go on? */
ngx_uint_t ngx_dots_drain_handshake(uint64_t server, ngx_listening_t *ls);

/* The session is over; harmless if it was not kept. */
void ngx_dots_drain_forget(ngx_dots_peer_t *peer);

#endif /* _NGX_DOTS_DRAIN_H_INCLUDED_ */
