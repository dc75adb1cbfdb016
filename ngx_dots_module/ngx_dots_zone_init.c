#include <sys/eventfd.h>
#include <openssl/rand.h>

#include "ngx_dots.h"
#include "ngx_dots_client.h"
#include "ngx_dots_count.h"
#include "ngx_dots_directory.h"
#include "ngx_dots_events.h"
#include "ngx_dots_fence.h"
#include "ngx_dots_limit.h"
#include "ngx_dots_link.h"
#include "ngx_dots_policy.h"
#include "ngx_dots_zone_private.h"


/*
 * Slots, secrets and the tables of the other files stay outside of the
 * registry's slab: they outlive its rebuilding.
 */
#define NGX_DOTS_ZONE_INIT_SPARE  16   /* one part in so many stays free */
#define NGX_DOTS_ZONE_INIT_SLACK  16   /* one part in so many */


/* The zone's descriptors as a cycle keeps them: the zone may be unmapped. */

typedef struct {
    ngx_dots_zone_t         *zone;
    int                      fds[NGX_DOTS_SLOTS][3];
} ngx_dots_zone_init_events_t;


static ngx_int_t ngx_dots_zone_init(ngx_shm_zone_t *shm_zone, void *data);
static ngx_int_t ngx_dots_zone_init_slots(ngx_dots_shared_t *shared,
    ngx_log_t *log);
static void ngx_dots_zone_init_copy_events(ngx_dots_zone_init_events_t *ev,
    ngx_dots_zone_t *zone);
static void ngx_dots_zone_init_close_events(void *data);
static ngx_int_t ngx_dots_zone_init_slab(ngx_slab_pool_t *shpool,
    ngx_dots_zone_t *zone);
static ngx_int_t ngx_dots_zone_init_fits(ngx_shm_zone_t *shm_zone,
    ngx_dots_zone_t *zone);


ngx_int_t
ngx_dots_zone_add(ngx_conf_t *cf, ngx_dots_conf_t *dcf, ngx_str_t *name,
    size_t size)
{
    ngx_pool_cleanup_t  *cln;

    dcf->zone = ngx_shared_memory_add(cf, name, size, &ngx_dots_module);
    if (dcf->zone == NULL) {
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_dots_zone_init_events_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(cln->data, sizeof(ngx_dots_zone_init_events_t));
    cln->handler = ngx_dots_zone_init_close_events;

    dcf->zone->init = ngx_dots_zone_init;
    dcf->zone->data = cln->data;

    return NGX_OK;
}


static ngx_int_t
ngx_dots_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_int_t                rc;
    ngx_slab_pool_t         *shpool;
    ngx_dots_zone_t         *zone;
    ngx_dots_zone_init_events_t  *ev;

    ev = shm_zone->data;

    /* a reload: the old cycle may stay in charge, so nothing is touched */

    if (data) {
        shm_zone->data = data;
        ngx_dots_zone_init_copy_events(ev, data);
        return NGX_OK;
    }

    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (shm_zone->shm.exists) {
        shm_zone->data = shpool->data;
        return NGX_OK;
    }

    zone = ngx_slab_calloc(shpool, sizeof(ngx_dots_zone_t));
    if (zone == NULL) {
        return NGX_ERROR;
    }

    if (RAND_bytes(zone->shared.secret[0], 2 * NGX_DOTS_COOKIE_SECRET) != 1
        || RAND_bytes(zone->shared.token, NGX_DOTS_FENCE_TOKEN) != 1)
    {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "RAND_bytes() failed");
        return NGX_ERROR;
    }

    zone->shared.secret_time = ngx_dots_zone_seconds();

    if (ngx_dots_limit_init_zone(shpool, &zone->shared, shm_zone->shm.size)
        != NGX_OK
        || ngx_dots_client_init_zone(shpool, &zone->shared,
                                     shm_zone->shm.size)
           != NGX_OK
        || ngx_dots_events_init_zone(shpool, &zone->shared,
                                     shm_zone->shm.size)
           != NGX_OK
        || ngx_dots_directory_init_zone(shpool, &zone->shared,
                                        shm_zone->shm.size)
           != NGX_OK
        || ngx_dots_policy_init_zone(shpool, &zone->shared,
                                     shm_zone->shm.size)
           != NGX_OK
        || ngx_dots_count_init_zone(shpool, &zone->shared, shm_zone->shm.size)
           != NGX_OK
        || ngx_dots_zone_init_slab(shpool, zone) != NGX_OK)
    {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "zone \"%V\" is too small", &shm_zone->shm.name);
        return NGX_ERROR;
    }

    if (ngx_dots_zone_init_fits(shm_zone, zone) != NGX_OK) {
        return NGX_ERROR;
    }

    shpool->data = zone;
    shm_zone->data = zone;

    rc = ngx_dots_zone_init_slots(&zone->shared, shm_zone->shm.log);

    ngx_dots_zone_init_copy_events(ev, zone);

    return rc;
}


/*
 * Made once with a fresh zone, before any fork, and closed with it: processes
 * of all cycles inherit the same descriptors, can wake each other and hand
 * datagrams over.
 */

static ngx_int_t
ngx_dots_zone_init_slots(ngx_dots_shared_t *shared, ngx_log_t *log)
{
    ngx_uint_t        i;
    ngx_dots_slot_t  *slot;

    for (i = 0; i < NGX_DOTS_SLOTS; i++) {
        slot = &shared->slots[i];
        slot->event = -1;
        slot->link[0] = -1;
        slot->link[1] = -1;
    }

    for (i = 0; i < NGX_DOTS_SLOTS && !ngx_test_config; i++) {

        slot = &shared->slots[i];
        slot->event = eventfd(0, EFD_NONBLOCK|EFD_CLOEXEC);

        if (slot->event == -1) {
            ngx_log_error(NGX_LOG_EMERG, log, ngx_errno, "eventfd() failed");
            return NGX_ERROR;
        }

        if (ngx_dots_link_create(slot, log) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
ngx_dots_zone_init_copy_events(ngx_dots_zone_init_events_t *ev,
    ngx_dots_zone_t *zone)
{
    ngx_uint_t  i;

    ev->zone = zone;

    for (i = 0; i < NGX_DOTS_SLOTS; i++) {
        ev->fds[i][0] = zone->shared.slots[i].event;
        ev->fds[i][1] = zone->shared.slots[i].link[0];
        ev->fds[i][2] = zone->shared.slots[i].link[1];
    }
}


/*
 * With the pool of a cycle that is over or came to nothing.  Only the master
 * outlives its zones; the zone in use belongs to the cycle that follows, too.
 */

static void
ngx_dots_zone_init_close_events(void *data)
{
    ngx_dots_zone_init_events_t *ev = data;

    ngx_uint_t  i, k;

    if (ngx_process != NGX_PROCESS_MASTER || ev->zone == NULL
        || ev->zone == ngx_dots_zone)
    {
        return;
    }

    for (i = 0; i < NGX_DOTS_SLOTS; i++) {
        for (k = 0; k < 3; k++) {
            if (ev->fds[i][k] != -1) {
                (void) close(ev->fds[i][k]);
            }
        }
    }
}


static ngx_int_t
ngx_dots_zone_init_slab(ngx_slab_pool_t *shpool, ngx_dots_zone_t *zone)
{
    size_t  pages;

    pages = shpool->pfree - shpool->pfree / NGX_DOTS_ZONE_INIT_SPARE;

    zone->slab_size = pages * ngx_pagesize;

    zone->slab = ngx_slab_alloc(shpool, zone->slab_size);

    return zone->slab ? NGX_OK : NGX_ERROR;
}


/*
 * A reload with a smaller zone is refused where it would lose what the zone in
 * use has: it would all be loaded again, up to what does not fit.
 */

static ngx_int_t
ngx_dots_zone_init_fits(ngx_shm_zone_t *shm_zone, ngx_dots_zone_t *zone)
{
    size_t            used, room, need;
    ngx_slab_pool_t  *slab;

    if (ngx_dots_zone == NULL || !ngx_dots_zone->loaded) {
        return NGX_OK;
    }

    ngx_dots_zone_hold();

    slab = ngx_dots_zone->slab;
    used = (slab->last - slab->pages - slab->pfree) * ngx_pagesize;

    ngx_dots_zone_release();

    /* in another order it is packed otherwise */

    used += used / NGX_DOTS_ZONE_INIT_SLACK;
    room = zone->slab_size / (ngx_pagesize + sizeof(ngx_slab_page_t))
           * ngx_pagesize;

    if (used <= room) {
        return NGX_OK;
    }

    /* what surrounds it grows by whole pages */

    need = used / 1024 * shm_zone->shm.size / room;
    need += need / NGX_DOTS_ZONE_INIT_SLACK;

    ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                  "zone \"%V\" is too small for the mitigations and clients "
                  "that there are: write at least %uzk", &shm_zone->shm.name,
                  need);

    return NGX_ERROR;
}
