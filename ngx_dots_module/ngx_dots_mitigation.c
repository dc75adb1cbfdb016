#include "ngx_dots.h"
#include "ngx_dots_count.h"
#include "ngx_dots_events.h"
#include "ngx_dots_fence.h"
#include "ngx_dots_names.h"
#include "ngx_dots_process.h"
#include "ngx_dots_request.h"
#include "ngx_dots_resolve.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_MITIGATION_MEMORY  "no memory"

#define NGX_DOTS_MITIGATION_CHUNK     128    /* entries a lock, and a turn of
                                                the event loop */


static void ngx_dots_mitigation_resolved(ngx_dots_request_t *dr,
    ngx_dots_resolved_t *resolved);
static void ngx_dots_mitigation_decide(ngx_dots_request_t *dr);
static void ngx_dots_mitigation_undo(ngx_dots_request_t *dr,
    dots_mitigation_t *m);
static void ngx_dots_mitigation_unsettled(ngx_dots_request_t *dr,
    dots_mitigation_t *m);
static void ngx_dots_mitigation_put_stored(ngx_dots_commit_t *commit);
static void ngx_dots_mitigation_delete_stored(ngx_dots_commit_t *commit);
static ngx_int_t ngx_dots_mitigation_committed(ngx_dots_request_t *dr,
    dots_mitigation_t *m);
static void ngx_dots_mitigation_again(ngx_dots_request_t *dr);
static void ngx_dots_mitigation_none(ngx_dots_request_t *dr);
static void ngx_dots_mitigation_list(ngx_dots_request_t *dr);
static void ngx_dots_mitigation_found(ngx_dots_request_t *dr, int rc);
static void ngx_dots_mitigation_trigger_stored(ngx_dots_commit_t *commit);
static void ngx_dots_mitigation_audit(ngx_dots_request_t *dr,
    const char *reason);
static void ngx_dots_mitigation_audit_overridden(ngx_dots_request_t *dr);


/* ---- PUT: resolve, decide, store, settle ---- */

void
ngx_dots_mitigation_put(ngx_dots_request_t *dr)
{
    dots_request_t        *rq;
    const dots_target_t  **target;

    rq = dr->rq;

    rq->mitigation->customer = rq->customer->name;
    rq->mitigation->cuid = rq->cuid;
    rq->mitigation->mid = rq->mid;

    target = dots_arena_alloc(rq->arena, sizeof(dots_target_t *));
    if (target == NULL) {
        ngx_dots_request_unavailable(dr, NGX_DOTS_MITIGATION_MEMORY);
        return;
    }

    *target = &rq->mitigation->target;

    ngx_dots_resolve(dr, target, 1, ngx_dots_mitigation_resolved);
}


static void
ngx_dots_mitigation_resolved(ngx_dots_request_t *dr,
    ngx_dots_resolved_t *resolved)
{
    dots_mitigation_t  *m;

    m = dr->rq->mitigation;

    m->resolved = resolved->prefixes;
    m->nresolved = resolved->n;
    m->resolves = ngx_dots_names_next(resolved->valid);

    dots_mitigation_normalize(m);

    if (m->nresolved == 0) {

        /* a name without an address: there would be nothing to act on */

        ngx_dots_request_invalid(dr, "target-fqdn",
                                 "the targets have no address");
        return;
    }

    ngx_dots_mitigation_decide(dr);
}


static void
ngx_dots_mitigation_decide(ngx_dots_request_t *dr)
{
    dots_verdict_t      verdict;
    dots_request_t     *rq;
    dots_registry_t    *r;

    rq = dr->rq;
    r = ngx_dots_zone_lock(1);

    if (r == NULL) {
        ngx_dots_request_starting(dr, ngx_dots_mitigation_decide);
        return;
    }

    dr->stored = *rq->mitigation;

    verdict = dots_registry_put(r, rq->mitigation,
                                rq->customer->max_mitigations, rq->now,
                                (uint32_t) ngx_pid, rq->arena, &dr->over,
                                &rq->conflict, &rq->fault);
    dr->epoch = ngx_dots_zone_epoch();

    ngx_dots_zone_unlock();

    switch (verdict) {

    case DOTS_VERDICT_BUSY:
        ngx_dots_request_retry(dr, ngx_dots_mitigation_decide);
        return;

    case DOTS_VERDICT_CREATED:
    case DOTS_VERDICT_CHANGED:
        break;

    case DOTS_VERDICT_FULL:
        ngx_dots_zone_full(ngx_cycle->log);
        ngx_dots_request_done(dr, verdict);
        return;

    default:
        ngx_dots_request_done(dr, verdict);
        return;
    }

    rq->verdict = verdict;
    dr->commit.handler = ngx_dots_mitigation_put_stored;

    if (ngx_dots_mitigation_store(dr, rq->mitigation) != NGX_OK) {
        ngx_dots_mitigation_undo(dr, rq->mitigation);
    }
}


/*
 * One transaction: the mitigation as the registry decided, without those that
 * it overrides, and with those that step back before it (RFC 9132 section
 * 4.4.1.3).
 */

ngx_int_t
ngx_dots_mitigation_store(ngx_dots_request_t *dr, dots_mitigation_t *m)
{
    size_t              i;
    dots_arena_t       *a;
    dots_store_op_t    *op;
    dots_overridden_t  *over;

    a = dr->rq->arena;
    over = &dr->over;

    op = dots_arena_array(a, 1 + over->n + over->nchanged,
                          sizeof(dots_store_op_t));
    if (op == NULL) {
        return NGX_ERROR;
    }

    dr->commit.txn.ops = op;

    if (m && ngx_dots_state_mitigation_op(a, m, op++) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < over->nchanged; i++) {
        if (ngx_dots_state_mitigation_op(a, &over->changed[i], op++)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < over->n; i++) {

        op->action = DOTS_STORE_DELETE;
        op->key = ngx_dots_state_mitigation(a, over->keys[i].customer,
                                            over->keys[i].cuid,
                                            over->keys[i].mid);
        if (op->key.data == NULL) {
            return NGX_ERROR;
        }

        op++;
    }

    dr->commit.txn.nops = op - dr->commit.txn.ops;

    ngx_dots_fence_decided(&dr->commit.txn, dr->fence, dr->epoch);

    ngx_dots_state_commit(&dr->commit);

    return NGX_OK;
}


/* Nothing was given to the store: the reservation goes. */

static void
ngx_dots_mitigation_undo(ngx_dots_request_t *dr, dots_mitigation_t *m)
{
    (void) ngx_dots_mitigation_settle(dr, m, 0);

    ngx_dots_request_unavailable(dr, NGX_DOTS_MITIGATION_MEMORY);
}


static void
ngx_dots_mitigation_put_stored(ngx_dots_commit_t *commit)
{
    ngx_int_t            rc;
    dots_request_t      *rq;
    ngx_dots_request_t  *dr;

    dr = commit->data;
    rq = dr->rq;

    rc = ngx_dots_mitigation_committed(dr, rq->mitigation);

    if (rc == NGX_AGAIN) {
        *rq->mitigation = dr->stored;
        ngx_dots_request_retry(dr, ngx_dots_mitigation_decide);
        return;
    }

    if (rc != NGX_OK) {
        return;
    }

    ngx_dots_mitigation_audit(dr, "overlaps with an immediate request");
    ngx_dots_mitigation_audit_overridden(dr);

    rq->nmitigations = 1;
    rq->mitigations = rq->mitigation;

    ngx_dots_request_done(dr, rq->verdict);
}


/*
 * What a commit has come to.  NGX_OK: it is stored and can be seen, and the
 * manager knows.  NGX_AGAIN: another registry has decided, ask this one anew.
 * NGX_DONE: the request goes on, or has ended, without the caller.
 */

static ngx_int_t
ngx_dots_mitigation_committed(ngx_dots_request_t *dr, dots_mitigation_t *m)
{
    int  result;

    result = dr->commit.txn.result;

    if (ngx_dots_mitigation_settle(dr, m, result == DOTS_STORE_OK) != NGX_OK) {
        ngx_dots_request_retry(dr, ngx_dots_mitigation_again);
        return NGX_DONE;
    }

    if (ngx_dots_request_undecided(dr)) {
        return NGX_AGAIN;
    }

    if (result != DOTS_STORE_OK) {
        ngx_dots_request_done(dr, ngx_dots_request_failed(result));
        return NGX_DONE;
    }

    ngx_dots_process_wake_manager();

    return NGX_OK;
}


static void
ngx_dots_mitigation_again(ngx_dots_request_t *dr)
{
    dr->commit.handler(&dr->commit);
}


/*
 * A registry that was filled since knows nothing of what was reserved, and all
 * of what is stored.
 */

ngx_int_t
ngx_dots_mitigation_settle(ngx_dots_request_t *dr, dots_mitigation_t *m,
    int committed)
{
    ngx_int_t         rc;
    dots_registry_t  *r;

    r = ngx_dots_zone_lock(1);

    if (r && dr->epoch != ngx_dots_zone_epoch()) {
        ngx_dots_zone_unlock();
        r = NULL;
    }

    if (r == NULL) {
        rc = ngx_dots_request_follows(dr, committed);

        if (rc == NGX_OK && committed) {
            ngx_dots_mitigation_unsettled(dr, m);
        }

        return rc;
    }

    dots_registry_settle(r, m, &dr->over, (uint32_t) ngx_pid, committed);

    ngx_dots_zone_unlock();

    return NGX_OK;
}


/* Its changes are told in the order in which they would have been settled. */

static void
ngx_dots_mitigation_unsettled(ngx_dots_request_t *dr, dots_mitigation_t *m)
{
    size_t              i;
    dots_mitigation_t   gone;
    dots_overridden_t  *over;

    over = &dr->over;

    for (i = 0; i < over->nchanged; i++) {
        ngx_dots_events_unsettled(&over->changed[i], dr->epoch);
    }

    if (m) {
        ngx_dots_events_unsettled(m, dr->epoch);
    }

    ngx_memzero(&gone, sizeof(dots_mitigation_t));

    for (i = 0; i < over->n; i++) {

        gone.customer = over->keys[i].customer;
        gone.cuid = over->keys[i].cuid;
        gone.mid = over->keys[i].mid;
        gone.status = DOTS_STATUS_TERMINATED;

        ngx_dots_events_unsettled(&gone, dr->epoch);
    }
}


/* What has no room in the zone is there, but can be neither seen nor ended. */

static void
ngx_dots_mitigation_none(ngx_dots_request_t *dr)
{
    if (ngx_dots_zone_missing()) {
        ngx_dots_request_unavailable(dr, "the server has no room for all "
                                     "mitigations");
        return;
    }

    ngx_dots_request_done(dr, DOTS_VERDICT_NOT_FOUND);
}


/* ---- GET ---- */

void
ngx_dots_mitigation_get(ngx_dots_request_t *dr)
{
    int                     rc;
    dots_request_t         *rq;
    dots_registry_t        *r;
    dots_mitigation_key_t   key;

    rq = dr->rq;

    key.customer = rq->customer->name;
    key.cuid = rq->cuid;
    key.mid = rq->mid;

    if (!rq->has_mid) {

        dr->walk = dots_arena_alloc(rq->arena, sizeof(dots_registry_walk_t));
        if (dr->walk == NULL) {
            ngx_dots_request_unavailable(dr, NGX_DOTS_MITIGATION_MEMORY);
            return;
        }

        dr->walk->next = key;
        dr->walk->next.mid = 0;
        dr->walk->wanted = rq->wanted;
        dr->walk->data = rq->data;

        ngx_dots_mitigation_list(dr);
        return;
    }

    if (rq->mitigations == NULL) {

        rq->mitigations = dots_arena_alloc(rq->arena,
                                           sizeof(dots_mitigation_t));
        if (rq->mitigations == NULL) {
            ngx_dots_request_unavailable(dr, NGX_DOTS_MITIGATION_MEMORY);
            return;
        }
    }

    r = ngx_dots_zone_lock(0);

    if (r == NULL) {
        ngx_dots_request_starting(dr, ngx_dots_mitigation_get);
        return;
    }

    rq->nmitigations = 1;
    rc = dots_registry_get(r, &key, rq->arena, rq->mitigations);

    ngx_dots_zone_unlock();

    ngx_dots_mitigation_found(dr, rc);
}


/* A client may have very many: others have their turn meanwhile. */

static void
ngx_dots_mitigation_list(ngx_dots_request_t *dr)
{
    int                    rc;
    dots_request_t        *rq;
    dots_registry_t       *r;
    dots_registry_walk_t  *walk;

    rq = dr->rq;
    walk = dr->walk;

    r = ngx_dots_zone_lock(0);

    if (r == NULL) {
        ngx_dots_request_starting(dr, ngx_dots_mitigation_list);
        return;
    }

    rc = dots_registry_list(r, walk, NGX_DOTS_MITIGATION_CHUNK, rq->arena);

    ngx_dots_zone_unlock();

    if (rc == DOTS_OK && !walk->over) {
        ngx_dots_request_later(dr, ngx_dots_mitigation_list);
        return;
    }

    rq->nseen = walk->seen;
    rq->nmitigations = walk->n;
    rq->mitigations = walk->list;

    ngx_dots_mitigation_found(dr, rc);
}


static void
ngx_dots_mitigation_found(ngx_dots_request_t *dr, int rc)
{
    dots_request_t  *rq;

    rq = dr->rq;

    if (rc == DOTS_DECLINED || (rc == DOTS_OK && rq->nmitigations == 0)) {
        ngx_dots_mitigation_none(dr);
        return;
    }

    if (rc != DOTS_OK) {
        rq->nmitigations = 0;

        if (dots_arena_spent(rq->arena)) {
            ngx_dots_request_done(dr, DOTS_VERDICT_LARGE);
            return;
        }

        ngx_dots_request_unavailable(dr, NGX_DOTS_MITIGATION_MEMORY);
        return;
    }

    ngx_dots_count_dropped(rq->mitigations, rq->nmitigations, rq->arena);

    ngx_dots_request_done(dr, DOTS_VERDICT_FOUND);
}


/* ---- DELETE ---- */

void
ngx_dots_mitigation_delete(ngx_dots_request_t *dr)
{
    dots_verdict_t          verdict;
    dots_request_t         *rq;
    dots_registry_t        *r;
    ngx_dots_conf_t        *dcf;
    dots_mitigation_key_t   key;

    rq = dr->rq;
    dcf = ngx_dots_get_conf(ngx_cycle);

    key.customer = rq->customer->name;
    key.cuid = rq->cuid;
    key.mid = rq->mid;

    r = ngx_dots_zone_lock(1);

    if (r == NULL) {
        ngx_dots_request_starting(dr, ngx_dots_mitigation_delete);
        return;
    }

    verdict = dots_registry_withdraw(r, &key, &dcf->lifetime, rq->now,
                                     (uint32_t) ngx_pid, rq->arena,
                                     &dr->stored);
    dr->epoch = ngx_dots_zone_epoch();

    ngx_dots_zone_unlock();

    switch (verdict) {

    case DOTS_VERDICT_BUSY:
        ngx_dots_request_retry(dr, ngx_dots_mitigation_delete);
        return;

    case DOTS_VERDICT_FOUND:    /* terminating already */
        ngx_dots_request_done(dr, DOTS_VERDICT_DELETED);
        return;

    case DOTS_VERDICT_NOT_FOUND:
        ngx_dots_mitigation_none(dr);
        return;

    case DOTS_VERDICT_DELETED:
        break;

    default:
        ngx_dots_request_done(dr, verdict);
        return;
    }

    dr->commit.handler = ngx_dots_mitigation_delete_stored;

    if (ngx_dots_mitigation_store(dr, &dr->stored) != NGX_OK) {
        ngx_dots_mitigation_undo(dr, &dr->stored);
    }
}


static void
ngx_dots_mitigation_delete_stored(ngx_dots_commit_t *commit)
{
    ngx_int_t            rc;
    ngx_dots_request_t  *dr;

    dr = commit->data;
    rc = ngx_dots_mitigation_committed(dr, &dr->stored);

    if (rc == NGX_AGAIN) {
        ngx_dots_request_retry(dr, ngx_dots_mitigation_delete);
        return;
    }

    if (rc == NGX_OK) {
        ngx_dots_request_done(dr, DOTS_VERDICT_DELETED);
    }
}


/* ---- the session is lost, RFC 9132 sections 4.4.1.3 and 4.7 ---- */

void
ngx_dots_mitigation_trigger(ngx_dots_request_t *dr)
{
    dots_verdict_t    verdict;
    dots_request_t   *rq;
    dots_registry_t  *r;

    rq = dr->rq;
    r = ngx_dots_zone_lock(1);

    if (r == NULL) {

        /* nobody asks a second time for this: it waits for the registry */

        ngx_dots_request_retry(dr, ngx_dots_mitigation_trigger);
        return;
    }

    verdict = dots_registry_trigger(r, rq->customer->name, rq->cuid, rq->now,
                                    (uint32_t) ngx_pid, rq->arena, &dr->over);
    dr->epoch = ngx_dots_zone_epoch();

    ngx_dots_zone_unlock();

    switch (verdict) {

    case DOTS_VERDICT_BUSY:
        ngx_dots_request_retry(dr, ngx_dots_mitigation_trigger);
        return;

    case DOTS_VERDICT_CHANGED:
        break;

    default:
        ngx_dots_request_done(dr, verdict);
        return;
    }

    dr->commit.handler = ngx_dots_mitigation_trigger_stored;

    if (ngx_dots_mitigation_store(dr, NULL) != NGX_OK) {
        ngx_dots_mitigation_undo(dr, NULL);
    }
}


static void
ngx_dots_mitigation_trigger_stored(ngx_dots_commit_t *commit)
{
    ngx_int_t            rc;
    ngx_dots_request_t  *dr;

    dr = commit->data;
    rc = ngx_dots_mitigation_committed(dr, NULL);

    if (rc == NGX_AGAIN) {
        ngx_dots_request_retry(dr, ngx_dots_mitigation_trigger);
        return;
    }

    if (rc != NGX_OK) {
        return;
    }

    ngx_dots_mitigation_audit(dr, "the session is lost");

    dr->rq->nmitigations = dr->over.nchanged;
    dr->rq->mitigations = dr->over.changed;

    ngx_dots_request_done(dr, DOTS_VERDICT_CHANGED);
}


/* What changed along has no request of its own in the log. */

static void
ngx_dots_mitigation_audit(ngx_dots_request_t *dr, const char *reason)
{
    size_t              i;
    ngx_dots_log_t      entry;
    dots_mitigation_t  *m;

    for (i = 0; i < dr->over.nchanged; i++) {

        m = &dr->over.changed[i];

        ngx_memzero(&entry, sizeof(ngx_dots_log_t));
        ngx_str_set(&entry.channel, "signal");

        entry.customer = m->customer;
        entry.cuid = m->cuid;
        entry.has_mid = 1;
        entry.mid = m->mid;
        entry.status = m->status;
        entry.scope = &m->target;
        entry.reason.data = (u_char *) reason;
        entry.reason.len = ngx_strlen(reason);

        ngx_dots_log(&entry);
    }
}


/* What a higher mid has overridden is no longer there. */

static void
ngx_dots_mitigation_audit_overridden(ngx_dots_request_t *dr)
{
    size_t                  i;
    ngx_dots_log_t          entry;
    dots_mitigation_key_t  *key;

    for (i = 0; i < dr->over.n; i++) {

        key = &dr->over.keys[i];

        ngx_memzero(&entry, sizeof(ngx_dots_log_t));
        ngx_str_set(&entry.channel, "signal");
        ngx_str_set(&entry.reason, "overridden by another mid");

        entry.customer = key->customer;
        entry.cuid = key->cuid;
        entry.has_mid = 1;
        entry.mid = key->mid;
        entry.status = DOTS_STATUS_TERMINATED;

        ngx_dots_log(&entry);
    }
}
