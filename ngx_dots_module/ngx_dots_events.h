/*
 * The history of events in the zone (model/dots_history.h), and from there to
 * the streams that this process serves: what the data channel changes is added
 * here, what happens to mitigations by the registry; whoever reads a customer's
 * events is told that there are more.  Reads after a wake-up, or by a slow
 * timer where one was lost.
 */

#ifndef _NGX_DOTS_EVENTS_H_INCLUDED_
#define _NGX_DOTS_EVENTS_H_INCLUDED_

#include "ngx_dots.h"

typedef struct ngx_dots_events_reader_s  ngx_dots_events_reader_t;

struct ngx_dots_events_reader_s {
    ngx_queue_t            queue;
    const dots_customer_t *customer;
    uint64_t               hash;        /* of its name */
    dots_history_reader_t  history;
    unsigned               idle:1;      /* it has all there was: what the
                                           process passes since is others' */
    ngx_event_t            event;       /* posted: there may be more; also once
                                           a second while the process leaves */
};

ngx_int_t ngx_dots_events_init_zone(ngx_slab_pool_t *pool,
    ngx_dots_shared_t *shared, size_t size);
void ngx_dots_events_init_process(ngx_cycle_t *cycle);

/* ms since the epoch: the time of events. */
int64_t ngx_dots_events_now(void);

/* Likewise, how far back the history of the customer reaches. */
int64_t ngx_dots_events_since(const dots_customer_t *customer);

/*
 * The customer, and the event's handler and data, are set.  "replay": from the
 * oldest event on, else from now on.
 */
void ngx_dots_events_open(ngx_dots_events_reader_t *rd, ngx_uint_t replay);
void ngx_dots_events_close(ngx_dots_events_reader_t *rd);

/*
 * The next event of the customer; its strings are in "buf", of
 * DOTS_HISTORY_EVENT bytes.  NGX_DONE: there is none; NGX_ERROR: events are
 * lost, the reader was too slow.
 */
ngx_int_t ngx_dots_events_next(ngx_dots_events_reader_t *rd, dots_event_t *e,
    u_char *buf);

/* Tells the readers. */
void ngx_dots_events_read(void);

/* A request to the model is over: what it changed on the data channel. */
void ngx_dots_events_request(const dots_request_t *rq);

/* The time of an alias or ACL was over, and it has been removed. */
void ngx_dots_events_expired(dots_str_t customer, dots_str_t cuid,
    dots_change_kind_t kind, dots_str_t name);

/*
 * A change of a mitigation is durable, and the registry of that epoch, which
 * had decided it, was lost before it could tell of it.
 */
void ngx_dots_events_unsettled(const dots_mitigation_t *m, ngx_uint_t epoch);

#endif /* _NGX_DOTS_EVENTS_H_INCLUDED_ */
