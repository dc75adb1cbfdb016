#include "ngx_dots.h"
#include "ngx_dots_request.h"
#include "ngx_dots_zone.h"


static ngx_uint_t ngx_dots_data_cuid_concerns(const dots_change_t *c);
static int ngx_dots_data_cuid_bind_all(ngx_dots_request_t *dr,
    dots_registry_t *r, size_t *bound);


/* Does it make or remove a dots-client? */

static ngx_uint_t
ngx_dots_data_cuid_concerns(const dots_change_t *c)
{
    return c->kind == DOTS_CHANGE_CLIENT
           && (c->action == DOTS_CHANGE_PUT || c->action == DOTS_CHANGE_REMOVE);
}


ngx_int_t
ngx_dots_data_cuid_bind(ngx_dots_request_t *dr, size_t *bound)
{
    int               rc;
    size_t            i;
    dots_registry_t  *r;

    *bound = 0;

    ngx_memzero(&dr->commit.txn.fence, sizeof(dots_store_slice_t));

    for (i = 0; i < dr->rq->nchanges; i++) {
        if (ngx_dots_data_cuid_concerns(&dr->rq->changes[i])) {
            break;
        }
    }

    if (i == dr->rq->nchanges) {
        return NGX_OK;
    }

    r = ngx_dots_zone_lock(1);

    if (r == NULL) {
        return NGX_AGAIN;
    }

    rc = ngx_dots_data_cuid_bind_all(dr, r, bound);
    dr->epoch = ngx_dots_zone_epoch();

    ngx_dots_zone_unlock();

    ngx_dots_fence_decided(&dr->commit.txn, dr->fence, dr->epoch);

    return rc == DOTS_OK         ? NGX_OK
           : rc == DOTS_DECLINED ? NGX_DECLINED
                                 : NGX_ERROR;
}


static int
ngx_dots_data_cuid_bind_all(ngx_dots_request_t *dr, dots_registry_t *r,
    size_t *bound)
{
    int             rc;
    size_t          i;
    dots_change_t  *c;

    for (i = 0; i < dr->rq->nchanges; i++) {

        c = &dr->rq->changes[i];

        if (c->action != DOTS_CHANGE_PUT || c->kind != DOTS_CHANGE_CLIENT) {
            continue;
        }

        rc = dots_registry_bind(r, dr->rq->customer->name, c->cuid);

        if (rc != DOTS_OK) {
            return rc;
        }

        *bound = i + 1;
    }

    return DOTS_OK;
}


/*
 * Others may settle before us what they committed after us: the order tells.  A
 * registry that was filled since knows nothing of what was in flight, and all
 * of what is stored.
 */

ngx_int_t
ngx_dots_data_cuid_settle(ngx_dots_request_t *dr, size_t bound,
    ngx_uint_t stored)
{
    size_t            i;
    dots_str_t        customer;
    dots_change_t    *c;
    dots_registry_t  *r;

    if (dr->commit.txn.fence.len == 0) {
        return NGX_OK;
    }

    r = ngx_dots_zone_lock(1);

    if (r && dr->epoch != ngx_dots_zone_epoch()) {
        ngx_dots_zone_unlock();
        r = NULL;
    }

    if (r == NULL) {
        return ngx_dots_request_follows(dr, stored);
    }

    customer = dr->rq->customer->name;

    for (i = 0; i < dr->rq->nchanges; i++) {

        c = &dr->rq->changes[i];

        if (!ngx_dots_data_cuid_concerns(c)) {
            continue;
        }

        /* without room: as any other that the zone has no room for */

        if (stored) {
            (void) dots_registry_stored(r, customer, c->cuid,
                                        dr->commit.txn.order,
                                        c->action == DOTS_CHANGE_PUT);
        }

        if (c->action == DOTS_CHANGE_PUT && i < bound) {
            dots_registry_unbind(r, customer, c->cuid);
        }
    }

    ngx_dots_zone_unlock();

    return NGX_OK;
}
