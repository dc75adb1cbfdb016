#include "ngx_dots.h"
#include "ngx_dots_clock.h"
#include "ngx_dots_data_op.h"
#include "ngx_dots_process.h"
#include "ngx_dots_resolve.h"
#include "ngx_dots_zone.h"


/*
 * The changes of a request as one transaction of the store:
 *
 *   names of aliases to addresses (ngx_dots_resolve.c)
 *      cuids bound in the zone (ngx_dots_data_cuid.c)
 *         what is there now -> operations (ngx_dots_data_op.c) -> commit
 *            DECLINED: the verdict of the operation, or once more
 *            FENCED: once more, if the registry with the bindings was lost
 */

static void ngx_dots_data_commit_resolved(ngx_dots_request_t *dr,
    ngx_dots_resolved_t *resolved);
static void ngx_dots_data_commit_start(ngx_dots_request_t *dr);
static void ngx_dots_data_commit_failed(ngx_dots_request_t *dr, ngx_int_t rc);
static ngx_int_t ngx_dots_data_commit_bind(ngx_dots_request_t *dr);
static ngx_int_t ngx_dots_data_commit_build(ngx_dots_request_t *dr);
static void ngx_dots_data_commit_stored(ngx_dots_commit_t *commit);
static void ngx_dots_data_commit_again(ngx_dots_request_t *dr);
static ngx_int_t ngx_dots_data_commit_settle(ngx_dots_request_t *dr);
static void ngx_dots_data_commit_done(ngx_dots_request_t *dr);


/* Names of aliases are looked up only for the checks of RFC 8783 6.1. */

void
ngx_dots_data_commit(ngx_dots_request_t *dr)
{
    size_t                 i, n;
    dots_request_t        *rq;
    const dots_target_t  **targets;

    rq = dr->rq;

    targets = dots_arena_array(rq->arena, rq->nchanges + 1,
                               sizeof(dots_target_t *));
    dr->data = dots_arena_alloc(rq->arena, sizeof(ngx_dots_data_txn_t));

    if (targets == NULL || dr->data == NULL) {
        ngx_dots_data_commit_failed(dr, NGX_ERROR);
        return;
    }

    for (i = 0, n = 0; i < rq->nchanges; i++) {
        if (rq->changes[i].action == DOTS_CHANGE_PUT
            && rq->changes[i].kind == DOTS_CHANGE_ALIAS)
        {
            targets[n++] = &rq->changes[i].alias->target;
        }
    }

    ngx_dots_resolve(dr, targets, n, ngx_dots_data_commit_resolved);
}


static void
ngx_dots_data_commit_resolved(ngx_dots_request_t *dr,
    ngx_dots_resolved_t *resolved)
{
    ngx_dots_data_commit_start(dr);
}


static void
ngx_dots_data_commit_start(ngx_dots_request_t *dr)
{
    ngx_int_t  rc;

    dr->commit.txn.result = DOTS_STORE_ERROR;

    /* up to the settlement: what if this process is killed meanwhile? */

    ngx_dots_process_change(1);

    if (ngx_dots_data_commit_bind(dr) != NGX_OK) {
        return;
    }

    rc = ngx_dots_data_commit_build(dr);

    if (rc != NGX_OK) {

        (void) ngx_dots_data_commit_settle(dr);
        ngx_dots_data_commit_failed(dr, rc);
        return;
    }

    dr->commit.handler = ngx_dots_data_commit_stored;

    /* the request may be over when this returns */

    ngx_dots_state_commit(&dr->commit);
}


/* Nothing was committed: what would be too much again is not "try again". */

static void
ngx_dots_data_commit_failed(ngx_dots_request_t *dr, ngx_int_t rc)
{
    if (rc == NGX_DECLINED) {
        ngx_dots_request_done(dr, DOTS_VERDICT_NOT_FOUND);
        return;
    }

    if (dots_arena_spent(dr->rq->arena)) {
        ngx_dots_request_too_big(dr);
        return;
    }

    ngx_dots_request_unavailable(dr, "the store can't be read, or no memory");
}


/* The request is over where this does not return NGX_OK. */

static ngx_int_t
ngx_dots_data_commit_bind(ngx_dots_request_t *dr)
{
    ngx_int_t  rc;

    rc = ngx_dots_data_cuid_bind(dr, &dr->data->bound);

    if (rc == NGX_OK) {
        return NGX_OK;
    }

    (void) ngx_dots_data_commit_settle(dr);

    switch (rc) {

    case NGX_AGAIN:
        ngx_dots_request_starting(dr, ngx_dots_data_commit_start);
        break;

    case NGX_DECLINED:
        ngx_dots_request_done(dr, DOTS_VERDICT_COLLISION);
        break;

    default:
        ngx_dots_zone_full(ngx_cycle->log);
        ngx_dots_request_done(dr, DOTS_VERDICT_FULL);
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_dots_data_commit_build(ngx_dots_request_t *dr)
{
    size_t                i, n;
    ngx_int_t             rc;
    dots_request_t       *rq;
    ngx_dots_data_txn_t  *txn;

    rq = dr->rq;
    rq->wall = rq->now - ngx_dots_clock_ahead();
    txn = dr->data;

    n = ngx_dots_data_op_most(rq) + 4;

    txn->ops = dots_arena_array(rq->arena, n, sizeof(dots_store_op_t));
    txn->verdicts = dots_arena_array(rq->arena, n, sizeof(dots_verdict_t));
    txn->fresh = dots_arena_array(rq->arena, n, sizeof(ngx_uint_t));

    if (txn->ops == NULL || txn->verdicts == NULL || txn->fresh == NULL) {
        return NGX_ERROR;
    }

    txn->n = 0;
    txn->naliases = txn->nacls = txn->nvendors = txn->nclients = 0;
    txn->aliases = txn->acls = txn->vendors = 0;
    dr->filters = 0;

    for (i = 0; i < rq->nchanges; i++) {
        rc = ngx_dots_data_op_change(dr, &rq->changes[i]);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (ngx_dots_data_op_limit(dr, DOTS_CHANGE_ALIAS, txn->naliases,
                               txn->aliases, rq->customer->max_aliases)
            != NGX_OK
        || ngx_dots_data_op_limit(dr, DOTS_CHANGE_ACL, txn->nacls, txn->acls,
                                  rq->customer->max_acls)
            != NGX_OK
        || ngx_dots_data_op_limit(dr, DOTS_CHANGE_VENDOR, txn->nvendors,
                                  txn->vendors, rq->customer->max_vendors)
            != NGX_OK
        || ngx_dots_data_op_limit(dr, DOTS_CHANGE_CLIENT, txn->nclients, 0,
                                  rq->customer->max_clients)
            != NGX_OK)
    {
        return NGX_ERROR;
    }

    dr->commit.txn.ops = txn->ops;
    dr->commit.txn.nops = txn->n;

    return NGX_OK;
}


static void
ngx_dots_data_commit_stored(ngx_dots_commit_t *commit)
{
    dots_verdict_t        verdict;
    dots_store_txn_t     *txn;
    ngx_dots_request_t   *dr;

    dr = commit->data;
    txn = &commit->txn;

    if (ngx_dots_data_commit_settle(dr) != NGX_OK) {
        ngx_dots_request_retry(dr, ngx_dots_data_commit_again);
        return;
    }

    if (txn->result == DOTS_STORE_OK) {
        ngx_dots_data_commit_done(dr);
        return;
    }

    if (txn->result != DOTS_STORE_DECLINED
        && !ngx_dots_request_undecided(dr))
    {
        ngx_dots_request_done(dr, ngx_dots_request_failed(txn->result));
        return;
    }

    verdict = txn->result == DOTS_STORE_DECLINED
              ? dr->data->verdicts[txn->failed] : DOTS_VERDICT_NONE;

    if (verdict == DOTS_VERDICT_NONE) {
        ngx_dots_request_retry(dr, ngx_dots_data_commit_start);
        return;
    }

    ngx_dots_request_done(dr, verdict);
}


static void
ngx_dots_data_commit_again(ngx_dots_request_t *dr)
{
    ngx_dots_data_commit_stored(&dr->commit);
}


/*
 * After the commit, or instead of it.  NGX_AGAIN: it is durable, but can't be
 * seen yet.  A change that is never settled stays counted, so when this process
 * ends the registry is loaded again.
 */

static ngx_int_t
ngx_dots_data_commit_settle(ngx_dots_request_t *dr)
{
    ngx_uint_t  stored;

    stored = (dr->commit.txn.result == DOTS_STORE_OK);

    if (ngx_dots_data_cuid_settle(dr, dr->data->bound, stored) != NGX_OK) {
        return NGX_AGAIN;
    }

    dr->data->bound = 0;

    if (stored && dr->filters) {
        ngx_dots_data_changed();
    }

    ngx_dots_process_change(-1);

    return NGX_OK;
}


static void
ngx_dots_data_commit_done(ngx_dots_request_t *dr)
{
    size_t                i;
    ngx_uint_t            put;
    ngx_dots_data_txn_t  *txn;

    txn = dr->data;
    put = 0;

    for (i = 0; i < txn->n; i++) {

        if (txn->fresh[i]) {
            ngx_dots_request_done(dr, DOTS_VERDICT_CREATED);
            return;
        }
    }

    for (i = 0; i < dr->rq->nchanges; i++) {
        put |= (dr->rq->changes[i].action == DOTS_CHANGE_PUT);
    }

    ngx_dots_request_done(dr, put ? DOTS_VERDICT_CHANGED
                                  : DOTS_VERDICT_DELETED);
}


void
ngx_dots_data_changed(void)
{
    (void) ngx_atomic_fetch_add(&ngx_dots_shared->filters, 1);

    ngx_dots_process_wake_manager();
}
