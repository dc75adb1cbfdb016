#include "ngx_dots_events.h"
#include "ngx_dots_fence.h"
#include "ngx_dots_process.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_EVENTS_PART      32    /* of the zone, one in so many */
#define NGX_DOTS_EVENTS_BUCKETS   256
#define NGX_DOTS_EVENTS_BATCH     64    /* read under one lock */
#define NGX_DOTS_EVENTS_TICK      1000  /* ms: looks by itself */


typedef struct {
    ngx_queue_t    buckets[NGX_DOTS_EVENTS_BUCKETS];   /* by customer */
    ngx_uint_t     readers;
    uint64_t       position;
    ngx_event_t    timer;    /* cancelable: each reader has one that is not */
} ngx_dots_events_t;


static void ngx_dots_events_timer(ngx_event_t *ev);
static void ngx_dots_events_tell(ngx_queue_t *bucket, const uint64_t *hash,
    uint64_t position);
static void ngx_dots_events_tell_all(uint64_t position);
static void ngx_dots_events_busy(ngx_dots_events_reader_t *rd,
    uint64_t position);
static void ngx_dots_events_add(dots_str_t customer, dots_str_t cuid,
    dots_change_kind_t kind, dots_str_t name, dots_event_change_t change);


static ngx_dots_events_t  ngx_dots_events;     /* of this process */


static const dots_event_kind_t  ngx_dots_events_kinds[] = {
    [DOTS_CHANGE_CLIENT] = DOTS_EVENT_CLIENT,
    [DOTS_CHANGE_ALIAS] = DOTS_EVENT_ALIAS,
    [DOTS_CHANGE_ACL] = DOTS_EVENT_ACL,
    [DOTS_CHANGE_VENDOR] = DOTS_EVENT_VENDOR,
};


/* As other hosts say it, not the clock of deadlines. */

int64_t
ngx_dots_events_now(void)
{
    ngx_time_t  *tp;

    tp = ngx_timeofday();

    return (int64_t) tp->sec * 1000 + tp->msec;
}


ngx_int_t
ngx_dots_events_init_zone(ngx_slab_pool_t *pool, ngx_dots_shared_t *shared,
    size_t size)
{
    void  *p;

    size /= NGX_DOTS_EVENTS_PART;

    p = ngx_slab_alloc(pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    shared->history = dots_history_create(p, size, ngx_dots_events_now());

    return shared->history ? NGX_OK : NGX_ERROR;
}


void
ngx_dots_events_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t  i;

    ngx_memzero(&ngx_dots_events, sizeof(ngx_dots_events_t));

    for (i = 0; i < NGX_DOTS_EVENTS_BUCKETS; i++) {
        ngx_queue_init(&ngx_dots_events.buckets[i]);
    }

    ngx_dots_events.timer.handler = ngx_dots_events_timer;
    ngx_dots_events.timer.data = &ngx_dots_events;
    ngx_dots_events.timer.log = cycle->log;
    ngx_dots_events.timer.cancelable = 1;
}


int64_t
ngx_dots_events_since(const dots_customer_t *customer)
{
    int64_t  since;

    if (ngx_dots_shared == NULL) {
        return 0;
    }

    ngx_dots_zone_hold();
    since = dots_history_since(ngx_dots_shared->history, customer->name);
    ngx_dots_zone_release();

    return since;
}


/* ---- readers ---- */

static ngx_queue_t *
ngx_dots_events_bucket(uint64_t hash)
{
    return &ngx_dots_events.buckets[hash % NGX_DOTS_EVENTS_BUCKETS];
}


void
ngx_dots_events_open(ngx_dots_events_reader_t *rd, ngx_uint_t replay)
{
    rd->hash = dots_registry_hash(rd->customer->name);

    ngx_queue_insert_tail(ngx_dots_events_bucket(rd->hash), &rd->queue);

    /* it is told of before anything can be missed */

    ngx_dots_process_observe(NGX_DOTS_PROCESS_EVENTS, 1);

    ngx_dots_zone_hold();

    dots_history_open(ngx_dots_shared->history, rd->customer->name, replay,
                      &rd->history);

    if (ngx_dots_events.readers++ == 0) {
        ngx_dots_events.position = dots_history_head(ngx_dots_shared->history);
    }

    ngx_dots_zone_release();

    if (!ngx_dots_events.timer.timer_set) {
        ngx_add_timer(&ngx_dots_events.timer, NGX_DOTS_EVENTS_TICK);
    }
}


void
ngx_dots_events_close(ngx_dots_events_reader_t *rd)
{
    ngx_queue_remove(&rd->queue);

    if (rd->event.posted) {
        ngx_delete_posted_event(&rd->event);
    }

    if (--ngx_dots_events.readers == 0) {
        ngx_dots_process_observe(NGX_DOTS_PROCESS_EVENTS, 0);
    }
}


ngx_int_t
ngx_dots_events_next(ngx_dots_events_reader_t *rd, dots_event_t *e, u_char *buf)
{
    int  rc;

    ngx_dots_events_busy(rd, ngx_dots_events.position);

    ngx_dots_zone_hold();

    rc = dots_history_next(ngx_dots_shared->history, &rd->history,
                           rd->customer->name, e, buf);

    ngx_dots_zone_release();

    switch (rc) {

    case DOTS_OK:
        return NGX_OK;

    case DOTS_DECLINED:
        rd->idle = 1;
        return NGX_DONE;

    default:
        return NGX_ERROR;
    }
}


/* ---- from events to readers ---- */

static void
ngx_dots_events_timer(ngx_event_t *ev)
{
    if (ngx_exiting) {
        ngx_dots_events_tell_all(ngx_dots_events.position);

    } else {
        ngx_dots_events_read();
    }

    if (ngx_dots_events.readers) {
        ngx_add_timer(ev, NGX_DOTS_EVENTS_TICK);
    }
}


void
ngx_dots_events_read(void)
{
    int       rc;
    size_t    i, n;
    uint64_t  position, list[NGX_DOTS_EVENTS_BATCH];

    if (ngx_dots_events.readers == 0) {
        return;
    }

    do {
        position = ngx_dots_events.position;

        ngx_dots_zone_hold();

        rc = dots_history_customers(ngx_dots_shared->history,
                                    &ngx_dots_events.position, list,
                                    NGX_DOTS_EVENTS_BATCH, &n);

        ngx_dots_zone_release();

        if (rc != DOTS_OK) {
            ngx_dots_events_tell_all(position);
        }

        for (i = 0; i < n; i++) {
            ngx_dots_events_tell(ngx_dots_events_bucket(list[i]), &list[i],
                                 position);
        }

    } while (rc != DOTS_OK || n == NGX_DOTS_EVENTS_BATCH);
}


static void
ngx_dots_events_tell_all(uint64_t position)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_DOTS_EVENTS_BUCKETS; i++) {
        ngx_dots_events_tell(&ngx_dots_events.buckets[i], NULL, position);
    }
}


/* "position": up to there nobody was missed. */

static void
ngx_dots_events_tell(ngx_queue_t *bucket, const uint64_t *hash,
    uint64_t position)
{
    ngx_queue_t               *q;
    ngx_dots_events_reader_t  *rd;

    for (q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket);
         q = ngx_queue_next(q))
    {
        rd = ngx_queue_data(q, ngx_dots_events_reader_t, queue);

        if (hash && rd->hash != *hash) {
            continue;
        }

        ngx_dots_events_busy(rd, position);

        if (!rd->event.posted) {
            ngx_post_event(&rd->event, &ngx_posted_events);
        }
    }
}


/*
 * A reader that waits does not move, or others' events would cost it time; that
 * the history has lost some of these must not look as if they were its own.
 */

static void
ngx_dots_events_busy(ngx_dots_events_reader_t *rd, uint64_t position)
{
    if (rd->idle) {
        rd->idle = 0;
        rd->history.position = ngx_max(rd->history.position, position);
    }
}


/* ---- what changes on the data channel ---- */

static void
ngx_dots_events_add(dots_str_t customer, dots_str_t cuid,
    dots_change_kind_t kind, dots_str_t name, dots_event_change_t change)
{
    dots_event_t  e;

    ngx_memzero(&e, sizeof(dots_event_t));

    e.time = ngx_dots_events_now();
    e.kind = ngx_dots_events_kinds[kind];
    e.change = change;
    e.customer = customer;
    e.cuid = cuid;
    e.name = name;

    ngx_dots_zone_hold();
    dots_history_add(ngx_dots_shared->history, &e);
    ngx_dots_zone_release();
}


void
ngx_dots_events_request(const dots_request_t *rq)
{
    size_t                i;
    const dots_change_t  *c;

    if (rq->operation != DOTS_DATA_COMMIT
        || (rq->verdict != DOTS_VERDICT_CREATED
            && rq->verdict != DOTS_VERDICT_CHANGED
            && rq->verdict != DOTS_VERDICT_DELETED))
    {
        return;
    }

    for (i = 0; i < rq->nchanges; i++) {

        c = &rq->changes[i];

        /* nobody else will remove it */

        if (c->action == DOTS_CHANGE_PUT && c->over) {
            ngx_dots_events_add(rq->customer->name, c->cuid, c->kind, c->name,
                                DOTS_EVENT_EXPIRED);
        }

        if (c->action == DOTS_CHANGE_PUT || c->action == DOTS_CHANGE_REMOVE) {
            ngx_dots_events_add(rq->customer->name, c->cuid, c->kind, c->name,
                                c->action == DOTS_CHANGE_REMOVE
                                ? DOTS_EVENT_DELETED
                                : c->fresh ? DOTS_EVENT_CREATED
                                           : DOTS_EVENT_REPLACED);
        }
    }

    ngx_dots_process_wake_observers();
}


void
ngx_dots_events_expired(dots_str_t customer, dots_str_t cuid,
    dots_change_kind_t kind, dots_str_t name)
{
    ngx_dots_events_add(customer, cuid, kind, name, DOTS_EVENT_EXPIRED);

    ngx_dots_process_wake_observers();
}


/* ---- what no registry has told of a mitigation ---- */

/*
 * What is durable may have been changed again since, and been told of that; in
 * a registry that may not have it there is nothing newer.
 */

void
ngx_dots_events_unsettled(const dots_mitigation_t *m, ngx_uint_t epoch)
{
    dots_event_t            e;
    dots_registry_t        *r;
    dots_mitigation_key_t   key;

    dots_registry_key(m, &key);

    r = ngx_dots_fence_follows(epoch) ? ngx_dots_zone_lock(0) : NULL;

    if (r) {
        dots_registry_tell(r, &key);
        ngx_dots_zone_unlock();

    } else {
        ngx_memzero(&e, sizeof(dots_event_t));

        e.time = ngx_dots_events_now();
        e.kind = DOTS_EVENT_MITIGATION;
        e.customer = key.customer;
        e.cuid = key.cuid;
        e.mid = key.mid;
        e.status = m->status == DOTS_STATUS_TERMINATED ? 0 : m->status;

        ngx_dots_zone_hold();
        dots_history_add(ngx_dots_shared->history, &e);
        ngx_dots_zone_release();
    }

    ngx_dots_process_wake_observers();
}
