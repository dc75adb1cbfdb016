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
 *
 * Two registries that follow each other in one zone are no better: the first
 * one is lost when a process dies inside of it, and what it had decided for
 * others may still be on its way to the disk.  So a registry decides only when
 * the store was claimed with its number, the epoch, and has nothing that it
 * does not know: what the ones before have decided is there by then, and
 * loaded, or is refused, and decided again.  One that was loaded without a
 * claim can be read at least: the disk may be full or stand still.
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
 * Makes this zone the one that acts, with the registry that is filled next,
 * unless it has had to give way to one that lives.  Blocks; called by who has
 * taken the zone, see ngx_dots_zone_take().  NGX_OK; NGX_AGAIN: another one
 * acts; NGX_DECLINED: none does, but the claim can't be written now: reading is
 * safe; NGX_ERROR: the store can't be read.
 */
ngx_int_t ngx_dots_fence_claim(ngx_log_t *log);

/* A commit was refused: has another one claimed the store? */
void ngx_dots_fence_refused(ngx_log_t *log);

#define NGX_DOTS_FENCE_RECORD  (1 + NGX_DOTS_FENCE_TOKEN)

/*
 * What the registry of that epoch has decided is committed while it is the last
 * one that was claimed, or FENCED.  "record" lives as long as the transaction.
 */
void ngx_dots_fence_decided(dots_store_txn_t *txn,
    u_char record[NGX_DOTS_FENCE_RECORD], ngx_uint_t epoch);

/*
 * Nonzero if what was committed so is in the registry that follows, zero if it
 * may be missing until the store is claimed.
 */
ngx_uint_t ngx_dots_fence_follows(ngx_uint_t epoch);

/* For every process, now and then: zero if another zone acts. */
ngx_uint_t ngx_dots_fence_check(ngx_log_t *log);

/*
 * Likewise: the claim of a registry that was loaded without one.  Blocks.
 * NGX_AGAIN: it comes too late, and is the next one's, which is to be loaded;
 * or somebody else has taken the zone just now.
 */
ngx_int_t ngx_dots_fence_confirm(ngx_log_t *log);

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
