/*
 * From a change of a mitigation, made by any process, to the observers that
 * this process serves (ARCHITECTURE: "a change in the model wakes the worker
 * that owns each observer").  The zone says that something changed and wakes
 * the processes that observe; the registry's ring says what; a slow timer looks
 * where a wake-up was lost.  Called by ngx_dots_peer.c and ngx_dots_process.c.
 */

#ifndef _NGX_DOTS_CHANGES_H_INCLUDED_
#define _NGX_DOTS_CHANGES_H_INCLUDED_

#include "ngx_dots_peer.h"

void ngx_dots_changes_init_process(ngx_cycle_t *cycle);

/*
 * The peer has "n" reasons to hear of changes now: observers, and a session
 * whose configuration depends on whether a mitigation is active.
 */
void ngx_dots_changes_observe(ngx_dots_peer_t *peer, ngx_uint_t n);

/* Tells the peers of what changed since the last call. */
void ngx_dots_changes_read(void);

#endif /* _NGX_DOTS_CHANGES_H_INCLUDED_ */
