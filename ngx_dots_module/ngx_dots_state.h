/*
 * This process's side of the store: opening it after fork, the keys of its
 * records, and commits that no event loop waits for: many transactions go into
 * one commit in nginx's thread pool, their handlers run in the event loop when
 * it is on the disk.  Without threads, in a single process and in the manager
 * the commit is made at once.
 */

#ifndef _NGX_DOTS_STATE_H_INCLUDED_
#define _NGX_DOTS_STATE_H_INCLUDED_

#include "ngx_dots.h"

typedef struct ngx_dots_commit_s  ngx_dots_commit_t;

struct ngx_dots_commit_s {
    dots_store_txn_t     txn;      /* filled by the caller; then its result */
    void               (*handler)(ngx_dots_commit_t *commit);
    void                *data;
    ngx_dots_commit_t   *next;
};

ngx_int_t ngx_dots_state_init(ngx_cycle_t *cycle);
void ngx_dots_state_exit(void);

/*
 * "commit" and everything it points to live until its handler is called, which
 * may be before this returns.
 */
void ngx_dots_state_commit(ngx_dots_commit_t *commit);

/* Blocks: for the manager.  Results are in the transactions. */
void ngx_dots_state_commit_now(dots_store_txn_t **txns, size_t n);

/*
 * Readers; see dots_store.h.  NGX_OK, NGX_DECLINED (no such key), NGX_ERROR;
 * NGX_ABORT: it is damaged; of a walk: all but the damaged ones were seen.
 * While the store can't be opened they fail, and it is tried again meanwhile.
 */
ngx_int_t ngx_dots_state_get(dots_store_slice_t key, dots_store_pt cb,
    void *ctx);
ngx_int_t ngx_dots_state_walk_after(dots_store_slice_t prefix,
    dots_store_slice_t after, dots_store_pt cb, void *ctx);
ngx_int_t ngx_dots_state_walk(const void *prefix, size_t len, dots_store_pt cb,
    void *ctx);
ngx_int_t ngx_dots_state_snapshot(void (*cb)(void *ctx), void *ctx);

/*
 * Keys: a letter, then the parts, each but the last ended by a NUL byte, which
 * no part may hold.
 *     T                                 the clock (ngx_dots_clock.c)
 *     W                                 who may write (ngx_dots_fence.c)
 *     c CUSTOMER NUL CUID               a registered dots-client
 *     a CUSTOMER NUL CUID NUL NAME      an alias
 *     l CUSTOMER NUL CUID NUL NAME      an access control list
 *     m CUSTOMER NUL CUID NUL MID       a mitigation; mid in network order
 *     t CUSTOMER NUL CUID NUL KIND      when one of a client's aliases ("a") or
 *                                       ACLs ("l") last went, or, no CUID, one
 *                                       of the clients ("c")
 * The builders return a key in the arena; data NULL: no memory.
 */
dots_store_slice_t ngx_dots_state_mitigation(dots_arena_t *a,
    dots_str_t customer, dots_str_t cuid, uint32_t mid);

/*
 * What the store is told of a mitigation: its record, in the arena, or, once it
 * has terminated, that there is none.  NGX_OK or NGX_ERROR: no memory.
 */
ngx_int_t ngx_dots_state_mitigation_op(dots_arena_t *a,
    const dots_mitigation_t *m, dots_store_op_t *op);

dots_store_slice_t ngx_dots_state_client(dots_arena_t *a, dots_str_t customer,
    dots_str_t cuid);              /* empty cuid: the prefix of all */
dots_store_slice_t ngx_dots_state_alias(dots_arena_t *a, dots_str_t customer,
    dots_str_t cuid, dots_str_t name);  /* empty name, cuid: prefixes */

dots_store_slice_t ngx_dots_state_acl(dots_arena_t *a, dots_str_t customer,
    dots_str_t cuid, dots_str_t name);  /* likewise */

dots_store_slice_t ngx_dots_state_vendor(dots_arena_t *a, dots_str_t customer,
    dots_str_t cuid, dots_str_t id);    /* likewise */

dots_store_slice_t ngx_dots_state_lost(dots_arena_t *a, dots_str_t customer,
    dots_str_t cuid, dots_change_kind_t kind);
dots_store_slice_t ngx_dots_state_lost_below(dots_arena_t *a,
    dots_str_t customer, dots_str_t cuid);

/* Takes the key of a client, or of what it has, apart: NGX_OK or NGX_ERROR. */
ngx_int_t ngx_dots_state_client_key(dots_store_slice_t key,
    dots_str_t *customer, dots_str_t *cuid);
ngx_int_t ngx_dots_state_entry_key(dots_store_slice_t key,
    dots_str_t *customer, dots_str_t *cuid, dots_str_t *name);

#endif /* _NGX_DOTS_STATE_H_INCLUDED_ */
