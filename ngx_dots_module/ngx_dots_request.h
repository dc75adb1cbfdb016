/*
 * Requests to the model on their way through this process: names resolved,
 * decided in the zone, stored, answered.
 *
 *   ngx_dots_submit()  (ngx_dots.h)
 *      mitigations: ngx_dots_mitigation.c      data channel: ngx_dots_data.c,
 *                                              ngx_dots_data_commit.c,
 *                                              ngx_dots_data_op.c,
 *                                              ngx_dots_data_cuid.c
 *         targets to addresses: ngx_dots_resolve.c
 *            zone (decision) -> store (commit) -> zone (settle)
 *               answered, or asked again: ngx_dots_request.c, rq->done()
 */

#ifndef _NGX_DOTS_REQUEST_H_INCLUDED_
#define _NGX_DOTS_REQUEST_H_INCLUDED_

#include "ngx_dots.h"
#include "ngx_dots_fence.h"
#include "ngx_dots_state.h"

#define NGX_DOTS_REQUEST_RETRY   10     /* ms between looks at a busy entry */
#define NGX_DOTS_REQUEST_RETRIES 500

typedef struct ngx_dots_request_s   ngx_dots_request_t;
typedef struct ngx_dots_data_txn_s  ngx_dots_data_txn_t;

struct ngx_dots_request_s {
    dots_request_t      *rq;
    ngx_resolver_t      *resolver;
    ngx_msec_t           resolver_timeout;

    ngx_dots_commit_t    commit;
    u_char               fence[NGX_DOTS_FENCE_RECORD];   /* of the commit */
    dots_overridden_t    over;
    dots_mitigation_t    stored;     /* what a DELETE makes of an entry; a PUT
                                        as it was before it was decided */
    ngx_uint_t           epoch;      /* of the registry that decided */
    ngx_uint_t           lenient;    /* names: what is outside is left out */

    dots_registry_walk_t *walk;      /* of a GET of all mitigations */
    ngx_dots_data_txn_t *data;       /* of a commit of the data channel */
    ngx_uint_t           filters;    /* the manager has to look at the ACLs */

    ngx_event_t          retry;      /* not cancelable: an answer waits for it;
                                        bounded by NGX_DOTS_REQUEST_RETRIES */
    ngx_uint_t           retries;
    void               (*again)(ngx_dots_request_t *dr);
};

void ngx_dots_request_done(ngx_dots_request_t *dr, dots_verdict_t verdict);
void ngx_dots_request_invalid(ngx_dots_request_t *dr, const char *attribute,
    const char *message);
void ngx_dots_request_unavailable(ngx_dots_request_t *dr, const char *why);
void ngx_dots_request_too_big(ngx_dots_request_t *dr);
void ngx_dots_request_retry(ngx_dots_request_t *dr,
    void (*again)(ngx_dots_request_t *dr));

/* When the event loop has been round once. */
void ngx_dots_request_later(ngx_dots_request_t *dr,
    void (*again)(ngx_dots_request_t *dr));

void ngx_dots_request_starting(ngx_dots_request_t *dr,
    void (*again)(ngx_dots_request_t *dr));

ngx_uint_t ngx_dots_request_undecided(ngx_dots_request_t *dr);
ngx_int_t ngx_dots_request_follows(ngx_dots_request_t *dr,
    ngx_uint_t committed);

/* The verdict of a commit that failed: FULL or UNAVAILABLE. */
dots_verdict_t ngx_dots_request_failed(int result);

void ngx_dots_mitigation_put(ngx_dots_request_t *dr);
void ngx_dots_mitigation_get(ngx_dots_request_t *dr);
void ngx_dots_mitigation_delete(ngx_dots_request_t *dr);
void ngx_dots_mitigation_trigger(ngx_dots_request_t *dr);
void ngx_dots_names_lookup(ngx_dots_request_t *dr);

/*
 * What the registry reserved for the request, one durable transaction: "m" (may
 * be NULL) as it is, the rest by dr->over.  dr->commit.handler is called unless
 * NGX_ERROR is returned; then the reservation is still to be undone.
 */
ngx_int_t ngx_dots_mitigation_store(ngx_dots_request_t *dr,
    dots_mitigation_t *m);

/* And its end.  NGX_AGAIN: it is durable, but can't be seen yet. */
ngx_int_t ngx_dots_mitigation_settle(ngx_dots_request_t *dr,
    dots_mitigation_t *m, int committed);

void ngx_dots_data_client_get(ngx_dots_request_t *dr);
void ngx_dots_data_alias_get(ngx_dots_request_t *dr);
void ngx_dots_data_vendor_get(ngx_dots_request_t *dr);
void ngx_dots_data_acl_get(ngx_dots_request_t *dr);
void ngx_dots_data_commit(ngx_dots_request_t *dr);

/*
 * The cuids of the dots-clients that a request makes, in the zone's registry:
 * one belongs to one customer, on both channels (RFC 9132 section 4.4.1.1).
 * bind: NGX_OK, NGX_DECLINED (another customer's), NGX_AGAIN (no registry yet)
 * or NGX_ERROR (no room); "bound" is up to which change, for settle, which is
 * called whatever came of it, when it is known whether the request is stored.
 * settle: NGX_OK, or NGX_AGAIN: it is, but can't be seen yet.
 */
ngx_int_t ngx_dots_data_cuid_bind(ngx_dots_request_t *dr, size_t *bound);
ngx_int_t ngx_dots_data_cuid_settle(ngx_dots_request_t *dr, size_t bound,
    ngx_uint_t stored);

/* The manager has to look at the ACLs again. */
void ngx_dots_data_changed(void);

/*
 * For the manager, blocks: transactions that are a DELETE of an alias or ACL
 * that is over, each as it was read.
 */
void ngx_dots_data_over(dots_arena_t *a, dots_store_txn_t **txns, size_t n);

/* One alias of the client, expired ones excepted; NGX_OK, NGX_DECLINED,
 * NGX_ERROR. */
ngx_int_t ngx_dots_data_alias(dots_arena_t *a, dots_str_t customer,
    dots_str_t cuid, dots_str_t name, dots_alias_t *alias);

#endif /* _NGX_DOTS_REQUEST_H_INCLUDED_ */
