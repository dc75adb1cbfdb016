#include "ngx_dots.h"
#include "ngx_dots_names.h"
#include "ngx_dots_process.h"
#include "ngx_dots_request.h"
#include "ngx_dots_resolve.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_NAMES_ARENA  (1024 * 1024)


static void ngx_dots_names_done(dots_request_t *rq);
static void ngx_dots_names_resolved(ngx_dots_request_t *dr,
    ngx_dots_resolved_t *resolved);
static void ngx_dots_names_stored(ngx_dots_commit_t *commit);
static void ngx_dots_names_again(ngx_dots_request_t *dr);


int64_t
ngx_dots_names_next(time_t valid)
{
    int64_t           left;
    ngx_dots_conf_t  *dcf;

    if (valid == 0) {
        return 0;
    }

    dcf = ngx_dots_get_conf(ngx_cycle);

    /* the resolver's time is the wall clock's */

    left = ((int64_t) valid - ngx_time()) * 1000;

    return ngx_dots_now() + ngx_max((int64_t) dcf->lookup, left);
}


void
ngx_dots_names_start(ngx_dots_conf_t *dcf, const dots_mitigation_key_t *key,
    ngx_log_t *log)
{
    dots_arena_t    *a;
    dots_request_t  *rq;

    a = dots_arena_create(NGX_DOTS_NAMES_ARENA);
    rq = a ? dots_arena_alloc(a, sizeof(dots_request_t)) : NULL;

    if (rq == NULL || dots_arena_dup(a, &rq->cuid, key->cuid) != DOTS_OK) {
        dots_arena_destroy(a);
        return;
    }

    rq->arena = a;
    rq->operation = DOTS_MITIGATION_LOOKUP;
    rq->customer = dots_customers_by_name(dcf->customers, key->customer);
    rq->has_mid = 1;
    rq->mid = key->mid;
    rq->done = ngx_dots_names_done;

    if (rq->customer == NULL) {

        /* not a customer any more: the pass takes its mitigations back */

        dots_arena_destroy(a);
        return;
    }

    ngx_dots_submit(rq, dcf->resolver, dcf->resolver_timeout, log);
}


/* What failed is as it was, and is tried again after "lookup_interval". */

static void
ngx_dots_names_done(dots_request_t *rq)
{
    if (rq->verdict == DOTS_VERDICT_UNAVAILABLE
        || rq->verdict == DOTS_VERDICT_INVALID)
    {
        ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, 0,
                      "dots: names of mitigation %uD of customer \"%*s\": %s",
                      rq->mid, rq->customer->name.len, rq->customer->name.data,
                      rq->fault.message);
    }

    dots_arena_destroy(rq->arena);
}


/* ---- the request ---- */

void
ngx_dots_names_lookup(ngx_dots_request_t *dr)
{
    int                      rc;
    dots_request_t          *rq;
    dots_registry_t         *r;
    const dots_target_t    **target;
    dots_mitigation_key_t    key;

    rq = dr->rq;

    rq->mitigation = dots_arena_alloc(rq->arena, sizeof(dots_mitigation_t));
    target = dots_arena_alloc(rq->arena, sizeof(dots_target_t *));

    if (rq->mitigation == NULL || target == NULL) {
        ngx_dots_request_unavailable(dr, "no memory");
        return;
    }

    key.customer = rq->customer->name;
    key.cuid = rq->cuid;
    key.mid = rq->mid;

    r = ngx_dots_zone_lock(0);

    if (r == NULL) {
        ngx_dots_request_unavailable(dr, "the server is starting");
        return;
    }

    rc = dots_registry_get(r, &key, rq->arena, rq->mitigation);

    ngx_dots_zone_unlock();

    if (rc != DOTS_OK) {
        ngx_dots_request_done(dr, DOTS_VERDICT_NOT_FOUND);
        return;
    }

    *target = &rq->mitigation->target;
    dr->lenient = 1;

    ngx_dots_resolve(dr, target, 1, ngx_dots_names_resolved);
}


/*
 * Names that have no address inside any more leave it as it is: the customer
 * asked for protection, and its lifetime ends it.
 */

static void
ngx_dots_names_resolved(ngx_dots_request_t *dr, ngx_dots_resolved_t *resolved)
{
    int                 rc;
    dots_request_t     *rq;
    dots_registry_t    *r;
    dots_mitigation_t  *m;

    rq = dr->rq;
    m = rq->mitigation;

    if (resolved->n == 0) {
        ngx_dots_request_done(dr, DOTS_VERDICT_NOT_FOUND);
        return;
    }

    m->resolved = resolved->prefixes;
    m->nresolved = resolved->n;
    m->resolves = ngx_dots_names_next(resolved->valid);

    dots_mitigation_normalize(m);

    r = ngx_dots_zone_lock(1);

    if (r == NULL) {
        ngx_dots_request_unavailable(dr, "the server is starting");
        return;
    }

    rc = dots_registry_follow(r, m, rq->now, (uint32_t) ngx_pid, rq->arena);
    dr->epoch = ngx_dots_zone_epoch();

    ngx_dots_zone_unlock();

    if (rc != DOTS_OK) {
        ngx_dots_request_done(dr, rc == DOTS_FULL ? DOTS_VERDICT_FULL
                                                  : DOTS_VERDICT_NOT_FOUND);
        return;
    }

    dr->commit.handler = ngx_dots_names_stored;

    if (ngx_dots_mitigation_store(dr, m) != NGX_OK) {
        (void) ngx_dots_mitigation_settle(dr, m, 0);
        ngx_dots_request_unavailable(dr, "no memory");
    }
}


static void
ngx_dots_names_stored(ngx_dots_commit_t *commit)
{
    int                  committed;
    ngx_dots_log_t       entry;
    dots_mitigation_t   *m;
    ngx_dots_request_t  *dr;

    dr = commit->data;
    m = dr->rq->mitigation;
    committed = (commit->txn.result == DOTS_STORE_OK);

    if (ngx_dots_mitigation_settle(dr, m, committed) != NGX_OK) {
        ngx_dots_request_retry(dr, ngx_dots_names_again);
        return;
    }

    if (!committed) {
        ngx_dots_request_done(dr, ngx_dots_request_failed(commit->txn.result));
        return;
    }

    ngx_memzero(&entry, sizeof(ngx_dots_log_t));
    ngx_str_set(&entry.channel, "manager");
    ngx_str_set(&entry.reason, "names have other addresses");

    entry.customer = m->customer;
    entry.cuid = m->cuid;
    entry.has_mid = 1;
    entry.mid = m->mid;
    entry.status = m->status;
    entry.scope = &m->target;

    ngx_dots_log(&entry);

    ngx_dots_process_wake_manager();

    ngx_dots_request_done(dr, DOTS_VERDICT_CHANGED);
}


static void
ngx_dots_names_again(ngx_dots_request_t *dr)
{
    dr->commit.handler(&dr->commit);
}
