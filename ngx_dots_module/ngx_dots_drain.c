#include "ngx_dots_drain.h"
#include "ngx_dots_policy.h"


#define NGX_DOTS_DRAIN_TICK  1000   /* ms: is there still a reason to stay? */


static void ngx_dots_drain_add(ngx_dots_peer_t *peer);
static ngx_uint_t ngx_dots_drain_policy(ngx_dots_peer_t *peer);
static ngx_uint_t ngx_dots_drain_trust(ngx_dots_peer_t *peer);
static ngx_uint_t ngx_dots_drain_reason(ngx_dots_peer_t *peer);
static void ngx_dots_drain_tick(ngx_event_t *ev);


/* Of this process. */

static ngx_queue_t       ngx_dots_drain_kept;
static ngx_event_t       ngx_dots_drain_timer;   /* cancelable: the worker is
                                                    kept by the sessions' */
static ngx_connection_t  ngx_dots_drain_dummy;   /* nginx's debug log of a timer
                                                    reads a descriptor */


void
ngx_dots_drain_init_process(ngx_cycle_t *cycle)
{
    ngx_queue_init(&ngx_dots_drain_kept);

    ngx_memzero(&ngx_dots_drain_timer, sizeof(ngx_event_t));

    ngx_dots_drain_timer.handler = ngx_dots_drain_tick;
    ngx_dots_drain_timer.data = &ngx_dots_drain_dummy;
    ngx_dots_drain_timer.log = cycle->log;
    ngx_dots_drain_timer.cancelable = 1;
}


ngx_uint_t
ngx_dots_drain_keep(ngx_dots_peer_t *peer)
{
    if (!ngx_dots_drain_policy(peer) || !ngx_dots_drain_reason(peer)) {
        return 0;
    }

    peer->fresh = 0;
    ngx_dots_drain_add(peer);

    return 1;
}


ngx_uint_t
ngx_dots_drain_admit(ngx_dots_peer_t *peer)
{
    if (!ngx_dots_drain_policy(peer)) {
        return 0;
    }

    peer->fresh = 1;
    ngx_dots_drain_add(peer);

    return 1;
}


static void
ngx_dots_drain_add(ngx_dots_peer_t *peer)
{
    if (!peer->kept) {
        peer->kept = 1;
        ngx_queue_insert_tail(&ngx_dots_drain_kept, &peer->draining);

        ngx_log_error(NGX_LOG_INFO, peer->connection->log, 0,
                      "DOTS session stays with a worker that leaves");
    }

    if (!ngx_dots_drain_timer.timer_set) {
        ngx_add_timer(&ngx_dots_drain_timer, NGX_DOTS_DRAIN_TICK);
    }
}


/*
 * Whatever this session may do it was granted by a configuration that is not
 * today's.  If today's would not grant the very same, the client has to come
 * back and be served under it.
 */

static ngx_uint_t
ngx_dots_drain_policy(ngx_dots_peer_t *peer)
{
    size_t    n;
    uint64_t  digests[3];

    if (peer->customer == NULL || !ngx_dots_policy_succeeded()) {
        return 0;
    }

    peer->stamp = ngx_dots_policy_stamp();

    n = 0;

    digests[n++] = ngx_dots_policy_socket(peer->connection->listening);
    digests[n++] = ngx_dots_policy_customer(ngx_dots_get_conf(ngx_cycle),
                                            peer->customer);
    if (peer->psk) {
        digests[n++] = peer->psk;
    }

    return ngx_dots_drain_trust(peer)
           && ngx_dots_policy_holds(digests, n)
           && peer->strangers.n <= NGX_DOTS_STRANGERS
           && ngx_dots_policy_lacks(peer->strangers.digests,
                                    peer->strangers.n);
}


/* Another CA or CRL ends only whom it does not trust, or revokes. */

static ngx_uint_t
ngx_dots_drain_trust(ngx_dots_peer_t *peer)
{
    if (ngx_dots_policy_holds(&peer->server->all, 1)) {
        return 1;
    }

    if (!ngx_dots_policy_holds(&peer->server->terms, 1)) {
        return 0;
    }

    if (peer->trust == NULL) {
        peer->trust = ngx_dots_trust_create(peer->connection->pool,
                                            peer->server->terms, peer->ssl);
    }

    return peer->trust && ngx_dots_trust_holds(peer->trust);
}


/* A request whose answer is on its way may be the very one that protects. */

static ngx_uint_t
ngx_dots_drain_reason(ngx_dots_peer_t *peer)
{
    return dots_signal_busy(peer->signal)
           || ngx_dots_client_protecting(&peer->clients);
}


ngx_uint_t
ngx_dots_drain_allows(ngx_dots_peer_t *peer)
{
    return peer->stamp == ngx_dots_policy_stamp()
           || ngx_dots_drain_policy(peer);
}


ngx_uint_t
ngx_dots_drain_handshake(uint64_t server, ngx_listening_t *ls)
{
    uint64_t  digests[2];

    digests[0] = server;
    digests[1] = ngx_dots_policy_socket(ls);

    return ngx_dots_policy_succeeded() && ngx_dots_policy_holds(digests, 2);
}


static void
ngx_dots_drain_tick(ngx_event_t *ev)
{
    ngx_queue_t      *q, *next;
    ngx_dots_peer_t  *peer;

    for (q = ngx_queue_head(&ngx_dots_drain_kept);
         q != ngx_queue_sentinel(&ngx_dots_drain_kept);
         q = next)
    {
        next = ngx_queue_next(q);
        peer = ngx_queue_data(q, ngx_dots_peer_t, draining);

        if (peer->fresh && ngx_dots_drain_policy(peer)) {
            peer->fresh = 0;
            continue;
        }

        if (!ngx_dots_drain_keep(peer)) {
            ngx_dots_drain_forget(peer);
            peer->leave(peer);
        }
    }

    if (!ngx_queue_empty(&ngx_dots_drain_kept) && !ev->timer_set) {
        ngx_add_timer(ev, NGX_DOTS_DRAIN_TICK);
    }
}


void
ngx_dots_drain_forget(ngx_dots_peer_t *peer)
{
    if (peer->kept) {
        peer->kept = 0;
        ngx_queue_remove(&peer->draining);
    }
}
