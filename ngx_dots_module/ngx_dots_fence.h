/*
 * Which of several nginx over one store acts: two masters at a binary upgrade
 * have a zone each, and two registries would decide without each other.
 *
 * A zone has a token.  A fresh zone claims the store with it before it loads
 * it, whoever had it: the newest master acts.  From then on no commit of the
 * others goes through (dots_store_fence()); they serve no signal channel, their
 * manager lets go, what they know is void.  A zone whose successor has ended
 * claims the store back and loads it again.  That one lives is shown by locks
 * on the file "fence.lock", one byte for each zone, held by its processes but
 * those that are told to leave.
 */

#ifndef _NGX_DOTS_FENCE_H_INCLUDED_
#define _NGX_DOTS_FENCE_H_INCLUDED_

#include "ngx_dots.h"

/* Takes and leaves the zone's lock, for this process. */
void ngx_dots_fence_init_process(ngx_cycle_t *cycle);
void ngx_dots_fence_exit(void);

/* For every store that is opened. */
void ngx_dots_fence_store(dots_store_t *store);

/*
 * Makes this zone the one that acts, unless it has had to give way to one that
 * lives.  Blocks.  NGX_OK; NGX_AGAIN: another one acts; NGX_DECLINED: none
 * does, but the claim can't be written now: reading is safe; NGX_ERROR: the
 * store can't be read.
 */
ngx_int_t ngx_dots_fence_claim(ngx_log_t *log);

/* A commit was refused, or the store was seen to be another's. */
void ngx_dots_fence_lost(ngx_log_t *log);

/* For the manager, now and then: zero if another zone acts. */
ngx_uint_t ngx_dots_fence_check(ngx_log_t *log);

/* Zero while another zone acts. */
ngx_uint_t ngx_dots_fence_acting(void);

/* This process was woken: it begins or ends to serve, if that has changed. */
void ngx_dots_fence_follow(void);


/*
 * The signal channel's listening sockets and sessions of this process:
 * ngx_stream_dots_serve.c.
 */
void ngx_stream_dots_serve(ngx_cycle_t *cycle, ngx_uint_t on);
void ngx_stream_dots_serve_close(ngx_cycle_t *cycle);

#endif /* _NGX_DOTS_FENCE_H_INCLUDED_ */
