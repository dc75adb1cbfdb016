#include "ngx_dots.h"
#include "ngx_dots_fence.h"
#include "ngx_dots_request.h"
#include "ngx_dots_zone.h"


static void ngx_dots_data_cuid_unbind(ngx_dots_request_t *dr, dots_str_t cuid);
static ngx_int_t ngx_dots_data_cuid_stored(ngx_dots_request_t *dr,
    dots_change_t *c);
static ngx_int_t ngx_dots_data_cuid_reread(ngx_dots_request_t *dr,
    dots_change_t *c, uint64_t *order, ngx_uint_t *there);
static int ngx_dots_data_cuid_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);


ngx_int_t
ngx_dots_data_cuid_bind(ngx_dots_request_t *dr, size_t *bound)
{
    int               rc;
    size_t            i;
    dots_change_t    *c;
    dots_registry_t  *r;

    *bound = 0;

    for (i = 0; i < dr->rq->nchanges; i++) {

        c = &dr->rq->changes[i];

        if (c->action != DOTS_CHANGE_PUT || c->kind != DOTS_CHANGE_CLIENT) {
            continue;
        }

        r = ngx_dots_zone_lock(1);

        if (r == NULL) {
            return NGX_AGAIN;
        }

        rc = dots_registry_bind(r, dr->rq->customer->name, c->cuid);
        dr->epoch = ngx_dots_zone_epoch();

        ngx_dots_zone_unlock();

        if (rc != DOTS_OK) {
            return rc == DOTS_DECLINED ? NGX_DECLINED : NGX_ERROR;
        }

        *bound = i + 1;
    }

    return NGX_OK;
}


ngx_int_t
ngx_dots_data_cuid_settle(ngx_dots_request_t *dr, size_t bound,
    ngx_uint_t stored)
{
    size_t          i;
    dots_change_t  *c;

    for (i = 0; i < dr->rq->nchanges; i++) {

        c = &dr->rq->changes[i];

        if (c->kind != DOTS_CHANGE_CLIENT
            || (c->action != DOTS_CHANGE_PUT
                && c->action != DOTS_CHANGE_REMOVE))
        {
            continue;
        }

        if (stored) {
            if (ngx_dots_data_cuid_stored(dr, c) != NGX_OK) {
                return NGX_AGAIN;
            }

        } else if (i < bound) {
            ngx_dots_data_cuid_unbind(dr, c->cuid);
        }
    }

    return NGX_OK;
}


/* A registry that was filled since knows nothing of what was in flight. */

static void
ngx_dots_data_cuid_unbind(ngx_dots_request_t *dr, dots_str_t cuid)
{
    dots_registry_t  *r;

    r = ngx_dots_zone_lock(1);

    if (r) {
        if (dr->epoch == ngx_dots_zone_epoch()) {
            dots_registry_unbind(r, dr->rq->customer->name, cuid);
        }

        ngx_dots_zone_unlock();
    }
}


/*
 * Others may settle before us what they committed after us: the order tells.
 * Where the binding is forgotten, with the registry that it was in, and a later
 * DELETE was settled, nothing would be left to compare with: so the store is
 * asked.  Another zone that acts by now has loaded all of it.
 */

static ngx_int_t
ngx_dots_data_cuid_stored(ngx_dots_request_t *dr, dots_change_t *c)
{
    uint64_t          order;
    ngx_uint_t        there;
    dots_registry_t  *r;

    if (!ngx_dots_fence_acting()) {
        return NGX_OK;
    }

    order = dr->commit.txn.order;
    there = (c->action == DOTS_CHANGE_PUT);

    if (there && dr->epoch != ngx_dots_zone_epoch()
        && ngx_dots_data_cuid_reread(dr, c, &order, &there) != NGX_OK)
    {
        return NGX_AGAIN;
    }

    r = ngx_dots_zone_lock(1);

    if (r == NULL) {
        return NGX_AGAIN;
    }

    /* without room: as any other that the zone has no room for */

    (void) dots_registry_stored(r, dr->rq->customer->name, c->cuid, order,
                                there);

    if (c->action == DOTS_CHANGE_PUT && dr->epoch == ngx_dots_zone_epoch()) {
        dots_registry_unbind(r, dr->rq->customer->name, c->cuid);
    }

    ngx_dots_zone_unlock();

    return NGX_OK;
}


static ngx_int_t
ngx_dots_data_cuid_reread(ngx_dots_request_t *dr, dots_change_t *c,
    uint64_t *order, ngx_uint_t *there)
{
    ngx_int_t           rc;
    dots_store_slice_t  key;

    key = ngx_dots_state_client(dr->rq->arena, dr->rq->customer->name,
                                c->cuid);
    if (key.data == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_dots_state_get(key, ngx_dots_data_cuid_found, NULL);

    *order = dots_store_seen();
    *there = (rc != NGX_DECLINED);

    return rc == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


static int
ngx_dots_data_cuid_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    return 0;
}
