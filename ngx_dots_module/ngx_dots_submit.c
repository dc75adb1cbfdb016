#include "ngx_dots.h"
#include "ngx_dots_clock.h"
#include "ngx_dots_fence.h"
#include "ngx_dots_request.h"


static ngx_uint_t ngx_dots_submit_reads(dots_operation_t operation);
static ngx_int_t ngx_dots_submit_check_keys(dots_request_t *rq);
static ngx_int_t ngx_dots_submit_check_key(dots_str_t s);


static struct {
    dots_operation_t    operation;
    void              (*handler)(ngx_dots_request_t *dr);
} ngx_dots_submit_handlers[] = {
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
ngx_dots_submit(dots_request_t *rq, ngx_resolver_t *resolver,
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

    if (ngx_dots_submit_check_keys(rq) != NGX_OK) {
        ngx_dots_request_invalid(dr, rq->alias.len || rq->acl.len ? "name"
                                                                  : "cuid",
                                 "a NUL character can be part of no name");
        return;
    }

    if (ngx_dots_clock_start(log) != NGX_OK) {
        ngx_dots_request_unavailable(dr, "the server is starting");
        return;
    }

    if (!ngx_dots_fence_acting() && !ngx_dots_submit_reads(rq->operation)) {
        ngx_dots_request_unavailable(dr, "another nginx has taken over: "
                                     "connect again");
        return;
    }

    rq->now = ngx_dots_now();

    for (i = 0;
         i < sizeof(ngx_dots_submit_handlers)
             / sizeof(ngx_dots_submit_handlers[0]);
         i++)
    {
        if (ngx_dots_submit_handlers[i].operation == rq->operation) {
            ngx_dots_submit_handlers[i].handler(dr);
            return;
        }
    }

    ngx_log_error(NGX_LOG_ALERT, log, 0, "dots: unknown operation %ui",
                  (ngx_uint_t) rq->operation);

    ngx_dots_request_done(dr, DOTS_VERDICT_UNAVAILABLE);
}


/* What the store alone answers. */

static ngx_uint_t
ngx_dots_submit_reads(dots_operation_t operation)
{
    return operation == DOTS_CLIENT_GET || operation == DOTS_ALIAS_GET
           || operation == DOTS_ACL_GET || operation == DOTS_VENDOR_GET;
}


/* NUL separates the parts of the store's keys. */

static ngx_int_t
ngx_dots_submit_check_keys(dots_request_t *rq)
{
    size_t  i;

    for (i = 0; i < rq->nchanges; i++) {

        if (ngx_dots_submit_check_key(rq->changes[i].cuid) != NGX_OK
            || ngx_dots_submit_check_key(rq->changes[i].name) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ngx_dots_submit_check_key(rq->cuid) != NGX_OK
        || ngx_dots_submit_check_key(rq->alias) != NGX_OK
        || ngx_dots_submit_check_key(rq->acl) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_dots_submit_check_key(dots_str_t s)
{
    return (s.len && memchr(s.data, '\0', s.len)) ? NGX_ERROR : NGX_OK;
}
