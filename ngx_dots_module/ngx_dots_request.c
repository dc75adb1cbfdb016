#include "ngx_dots.h"
#include "ngx_dots_clock.h"
#include "ngx_dots_fence.h"
#include "ngx_dots_events.h"
#include "ngx_dots_request.h"
#include "ngx_dots_zone.h"


static void ngx_dots_request_retry_handler(ngx_event_t *ev);
static ngx_uint_t ngx_dots_request_reads(dots_operation_t operation);
static ngx_int_t ngx_dots_request_check_keys(dots_request_t *rq);
static ngx_int_t ngx_dots_request_check_key(dots_str_t s);


static struct {
    dots_operation_t    operation;
    void              (*handler)(ngx_dots_request_t *dr);
} ngx_dots_request_handlers[] = {
    { DOTS_MITIGATION_PUT, ngx_dots_mitigation_put },
    { DOTS_MITIGATION_GET, ngx_dots_mitigation_get },
    { DOTS_MITIGATION_DELETE, ngx_dots_mitigation_delete },
    { DOTS_MITIGATION_TRIGGER, ngx_dots_mitigation_trigger },
    { DOTS_MITIGATION_LOOKUP, ngx_dots_names_lookup },
    { DOTS_CLIENT_GET, ngx_dots_data_client_get },
    { DOTS_ALIAS_GET, ngx_dots_data_alias_get },
    { DOTS_VENDOR_GET, ngx_dots_data_vendor_get },
    { DOTS_ACL_GET, ngx_dots_data_acl_get },
    { DOTS_DATA_COMMIT, ngx_dots_data_commit },
};


void
ngx_dots_request(dots_request_t *rq, ngx_resolver_t *resolver,
    ngx_msec_t resolver_timeout, ngx_log_t *log)
{
    ngx_uint_t           i;
    ngx_dots_request_t  *dr;

    rq->now = ngx_dots_now();

    dr = dots_arena_alloc(rq->arena, sizeof(ngx_dots_request_t));

    if (dr == NULL) {
        rq->verdict = DOTS_VERDICT_UNAVAILABLE;
        rq->done(rq);
        return;
    }

    rq->host = dr;

    dr->rq = rq;
    dr->resolver = resolver;
    dr->resolver_timeout = resolver_timeout;
    dr->commit.data = dr;

    /* the log of a session would not outlive it */

    dr->retry.log = ngx_cycle->log;
    dr->retry.data = dr;

    if (ngx_dots_request_check_keys(rq) != NGX_OK) {
        ngx_dots_request_invalid(dr, rq->alias.len || rq->acl.len ? "name"
                                                                  : "cuid",
                                 "a NUL character can be part of no name");
        return;
    }

    if (ngx_dots_clock_start(log) != NGX_OK) {
        ngx_dots_request_unavailable(dr, "the server is starting");
        return;
    }

    if (!ngx_dots_fence_acting() && !ngx_dots_request_reads(rq->operation)) {
        ngx_dots_request_unavailable(dr, "another nginx has taken over: "
                                     "connect again");
        return;
    }

    rq->now = ngx_dots_now();

    for (i = 0;
         i < sizeof(ngx_dots_request_handlers)
             / sizeof(ngx_dots_request_handlers[0]);
         i++)
    {
        if (ngx_dots_request_handlers[i].operation == rq->operation) {
            ngx_dots_request_handlers[i].handler(dr);
            return;
        }
    }

    ngx_log_error(NGX_LOG_ALERT, log, 0, "dots: unknown operation %ui",
                  (ngx_uint_t) rq->operation);

    ngx_dots_request_done(dr, DOTS_VERDICT_UNAVAILABLE);
}


/* What the store alone answers. */

static ngx_uint_t
ngx_dots_request_reads(dots_operation_t operation)
{
    return operation == DOTS_CLIENT_GET || operation == DOTS_ALIAS_GET
           || operation == DOTS_ACL_GET || operation == DOTS_VENDOR_GET;
}


/* NUL separates the parts of the store's keys. */

static ngx_int_t
ngx_dots_request_check_keys(dots_request_t *rq)
{
    size_t  i;

    for (i = 0; i < rq->nchanges; i++) {

        if (ngx_dots_request_check_key(rq->changes[i].cuid) != NGX_OK
            || ngx_dots_request_check_key(rq->changes[i].name) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ngx_dots_request_check_key(rq->cuid) != NGX_OK
        || ngx_dots_request_check_key(rq->alias) != NGX_OK
        || ngx_dots_request_check_key(rq->acl) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_dots_request_check_key(dots_str_t s)
{
    return (s.len && memchr(s.data, '\0', s.len)) ? NGX_ERROR : NGX_OK;
}


/* The request and its arena may be gone when this returns. */

void
ngx_dots_request_done(ngx_dots_request_t *dr, dots_verdict_t verdict)
{
    dots_request_t  *rq;

    rq = dr->rq;
    rq->verdict = verdict;

    ngx_dots_events_request(rq);

    rq->done(rq);
}


void
ngx_dots_request_invalid(ngx_dots_request_t *dr, const char *attribute,
    const char *message)
{
    (void) dots_fault(&dr->rq->fault, DOTS_FAULT_INVALID_VALUE, attribute,
                      "%s", message);

    ngx_dots_request_done(dr, DOTS_VERDICT_INVALID);
}


void
ngx_dots_request_unavailable(ngx_dots_request_t *dr, const char *why)
{
    (void) dots_fault(&dr->rq->fault, DOTS_FAULT_INVALID_VALUE, NULL, "%s",
                      why);

    ngx_dots_request_done(dr, DOTS_VERDICT_UNAVAILABLE);
}


dots_verdict_t
ngx_dots_request_failed(int result)
{
    return result == DOTS_STORE_FULL ? DOTS_VERDICT_FULL
                                     : DOTS_VERDICT_UNAVAILABLE;
}


/* No registry.  One that was there a moment ago is awaited. */

void
ngx_dots_request_starting(ngx_dots_request_t *dr,
    void (*again)(ngx_dots_request_t *dr))
{
    if (ngx_dots_shared->claimed && ngx_dots_fence_acting()) {
        ngx_dots_request_retry(dr, again);
        return;
    }

    ngx_dots_request_unavailable(dr, "the server is starting");
}


/* Refused since the registry that decided may not: another one has to. */

ngx_uint_t
ngx_dots_request_undecided(ngx_dots_request_t *dr)
{
    return dr->commit.txn.result == DOTS_STORE_FENCED
           && ngx_dots_fence_acting()
           && ngx_dots_shared->claimed != dr->epoch;
}


/*
 * The registry that decided is lost.  What is durable will be in one that
 * claims the store, and may be missing in one that has not yet: that is
 * awaited, but not for ever, as the answer is known.
 */

ngx_int_t
ngx_dots_request_follows(ngx_dots_request_t *dr, ngx_uint_t committed)
{
    return !committed || ngx_dots_fence_follows(dr->epoch)
           || dr->retries == NGX_DOTS_REQUEST_RETRIES
           ? NGX_OK : NGX_AGAIN;
}


/* An entry is on its way to the disk for somebody else: look again shortly. */

void
ngx_dots_request_retry(ngx_dots_request_t *dr,
    void (*again)(ngx_dots_request_t *dr))
{
    if (++dr->retries > NGX_DOTS_REQUEST_RETRIES) {
        ngx_dots_request_unavailable(dr, ngx_dots_zone_loaded()
                                     ? "another change of the same does not end"
                                     : "the server is starting");
        return;
    }

    dr->again = again;
    dr->retry.handler = ngx_dots_request_retry_handler;

    ngx_add_timer(&dr->retry, NGX_DOTS_REQUEST_RETRY);
}


static void
ngx_dots_request_retry_handler(ngx_event_t *ev)
{
    ngx_dots_request_t  *dr;

    dr = ev->data;
    dr->rq->now = ngx_dots_now();

    dr->again(dr);
}
