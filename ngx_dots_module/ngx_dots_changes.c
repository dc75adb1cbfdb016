#include "ngx_dots_changes.h"
#include "ngx_dots_process.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_CHANGES_BUCKETS  256
#define NGX_DOTS_CHANGES_BATCH    64       /* read under one lock */
#define NGX_DOTS_CHANGES_TICK     1000     /* ms: looks by itself */


typedef struct {
    ngx_queue_t    buckets[NGX_DOTS_CHANGES_BUCKETS];  /* by customer */
    ngx_queue_t    gateways;     /* they ask for others, too */
    ngx_uint_t     peers;
    uint64_t       position;     /* in the registry's ring */
    ngx_uint_t     epoch;        /* of the zone that "position" is of */
    ngx_event_t    timer;        /* cancelable; while there are peers */
} ngx_dots_changes_t;


static void ngx_dots_changes_timer(ngx_event_t *ev);
static ngx_int_t ngx_dots_changes_next(dots_registry_change_t *list,
    size_t *n);
static void ngx_dots_changes_tell(ngx_queue_t *bucket,
    const dots_registry_change_t *change);


static ngx_dots_changes_t  ngx_dots_changes;     /* of this process */


void
ngx_dots_changes_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t  i;

    ngx_memzero(&ngx_dots_changes, sizeof(ngx_dots_changes_t));

    for (i = 0; i < NGX_DOTS_CHANGES_BUCKETS; i++) {
        ngx_queue_init(&ngx_dots_changes.buckets[i]);
    }

    ngx_queue_init(&ngx_dots_changes.gateways);

    ngx_dots_changes.position = UINT64_MAX;

    ngx_dots_changes.timer.handler = ngx_dots_changes_timer;
    ngx_dots_changes.timer.data = &ngx_dots_changes;
    ngx_dots_changes.timer.log = cycle->log;
    ngx_dots_changes.timer.cancelable = 1;
}


static ngx_queue_t *
ngx_dots_changes_bucket(uint64_t customer)
{
    return &ngx_dots_changes.buckets[customer % NGX_DOTS_CHANGES_BUCKETS];
}


void
ngx_dots_changes_observe(ngx_dots_peer_t *peer, ngx_uint_t n)
{
    if ((peer->observers != 0) == (n != 0)) {
        peer->observers = n;
        return;
    }

    peer->observers = n;

    if (n == 0) {
        ngx_queue_remove(&peer->observing);
        ngx_dots_changes.peers--;

    } else {
        ngx_queue_insert_tail(
            peer->customer->gateway
            ? &ngx_dots_changes.gateways
            : ngx_dots_changes_bucket(
                                  dots_registry_hash(peer->customer->name)),
            &peer->observing);
        ngx_dots_changes.peers++;
    }

    ngx_dots_process_observe(NGX_DOTS_PROCESS_CHANGES,
                             ngx_dots_changes.peers != 0);

    if (ngx_dots_changes.peers && !ngx_dots_changes.timer.timer_set) {
        ngx_add_timer(&ngx_dots_changes.timer, NGX_DOTS_CHANGES_TICK);
    }
}


static void
ngx_dots_changes_timer(ngx_event_t *ev)
{
    ngx_dots_changes_read();

    if (ngx_dots_changes.peers) {
        ngx_add_timer(ev, NGX_DOTS_CHANGES_TICK);
    }
}


void
ngx_dots_changes_read(void)
{
    size_t                  i, n;
    ngx_int_t               rc;
    dots_registry_change_t  list[NGX_DOTS_CHANGES_BATCH];

    if (ngx_dots_changes.peers == 0) {

        /* who observes from now on sees what is there now */

        ngx_dots_changes.position = UINT64_MAX;
        return;
    }

    do {
        rc = ngx_dots_changes_next(list, &n);

        if (rc == NGX_ERROR) {
            return;
        }

        if (rc == NGX_DECLINED) {

            for (i = 0; i < NGX_DOTS_CHANGES_BUCKETS; i++) {
                ngx_dots_changes_tell(&ngx_dots_changes.buckets[i], NULL);
            }

            ngx_dots_changes_tell(&ngx_dots_changes.gateways, NULL);

            continue;
        }

        for (i = 0; i < n; i++) {
            ngx_dots_changes_tell(ngx_dots_changes_bucket(list[i].customer),
                                  &list[i]);
            ngx_dots_changes_tell(&ngx_dots_changes.gateways, &list[i]);
        }

    } while (rc == NGX_DECLINED || n == NGX_DOTS_CHANGES_BATCH);
}


/* NGX_OK; NGX_DECLINED: some were missed; NGX_ERROR: no registry now. */

static ngx_int_t
ngx_dots_changes_next(dots_registry_change_t *list, size_t *n)
{
    int               rc;
    ngx_uint_t        epoch;
    dots_registry_t  *r;

    *n = 0;

    r = ngx_dots_zone_lock(0);
    if (r == NULL) {
        return NGX_ERROR;
    }

    epoch = ngx_dots_zone_epoch();

    if (ngx_dots_changes.epoch != epoch) {
        ngx_dots_changes.epoch = epoch;
        ngx_dots_changes.position = UINT64_MAX;
    }

    rc = dots_registry_changes(r, &ngx_dots_changes.position, list,
                               NGX_DOTS_CHANGES_BATCH, n);

    ngx_dots_zone_unlock();

    return rc == DOTS_OK ? NGX_OK : NGX_DECLINED;
}


static void
ngx_dots_changes_tell(ngx_queue_t *bucket, const dots_registry_change_t *change)
{
    ngx_queue_t      *q;
    ngx_dots_peer_t  *peer;

    for (q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket);
         q = ngx_queue_next(q))
    {
        peer = ngx_queue_data(q, ngx_dots_peer_t, observing);

        if (change && !peer->customer->gateway
            && change->customer != dots_registry_hash(peer->customer->name))
        {
            continue;
        }

        dots_signal_changed(peer->signal, change);
        ngx_dots_peer_post(peer);
    }
}
