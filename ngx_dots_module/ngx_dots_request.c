#include "ngx_dots.h"
#include "ngx_dots_fence.h"
#include "ngx_dots_events.h"
#include "ngx_dots_reap.h"
#include "ngx_dots_request.h"
#include "ngx_dots_turn.h"
#include "ngx_dots_zone.h"


static void ngx_dots_request_retry_handler(ngx_event_t *ev);


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


/* RFC 8040 section 7: it is the request's fault, whenever it is sent. */

void
ngx_dots_request_too_big(ngx_dots_request_t *dr)
{
    (void) dots_fault(&dr->rq->fault, DOTS_FAULT_TOO_BIG, NULL,
                      "what it is about is too big for one request: ask for a "
                      "part of it, or change one");

    ngx_dots_request_done(dr, DOTS_VERDICT_INVALID);
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


/*
 * An entry is on its way to the disk for somebody else, who may have died:
 * look again shortly.
 */

void
ngx_dots_request_retry(ngx_dots_request_t *dr,
    void (*again)(ngx_dots_request_t *dr))
{
    static ngx_msec_t  reaped;

    if (ngx_dots_zone_loaded()
        && ngx_current_msec - reaped >= NGX_DOTS_REQUEST_RETRY)
    {
        reaped = ngx_current_msec;
        ngx_dots_reap(ngx_cycle->log);
    }

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


void
ngx_dots_request_later(ngx_dots_request_t *dr,
    void (*again)(ngx_dots_request_t *dr))
{
    dr->again = again;
    dr->retry.handler = ngx_dots_request_retry_handler;

    ngx_dots_turn(&dr->retry);
}


static void
ngx_dots_request_retry_handler(ngx_event_t *ev)
{
    ngx_dots_request_t  *dr;

    ngx_dots_turn_over(ev);

    dr = ev->data;
    dr->rq->now = ngx_dots_now();

    dr->again(dr);
}
