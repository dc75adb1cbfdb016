#include "ngx_dots.h"
#include "ngx_dots_request.h"
#include "ngx_dots_zone.h"


static void ngx_dots_data_cuid_unbind(ngx_dots_request_t *dr, dots_str_t cuid);
static void ngx_dots_data_cuid_keep(ngx_dots_request_t *dr, dots_str_t cuid);


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


void
ngx_dots_data_cuid_settle(ngx_dots_request_t *dr, size_t bound,
    ngx_uint_t stored)
{
    size_t          i;
    dots_change_t  *c;

    for (i = 0; i < dr->rq->nchanges; i++) {

        c = &dr->rq->changes[i];

        if (c->kind != DOTS_CHANGE_CLIENT) {
            continue;
        }

        if (c->action == DOTS_CHANGE_REMOVE && stored) {
            dr->epoch = ngx_dots_zone_epoch();
            ngx_dots_data_cuid_unbind(dr, c->cuid);
        }

        if (c->action != DOTS_CHANGE_PUT || i >= bound) {
            continue;
        }

        if (stored) {
            ngx_dots_data_cuid_keep(dr, c->cuid);

        } else {
            ngx_dots_data_cuid_unbind(dr, c->cuid);
        }
    }
}


static void
ngx_dots_data_cuid_unbind(ngx_dots_request_t *dr, dots_str_t cuid)
{
    dots_registry_t  *r;

    /* a registry that was filled since has what the store has, and no more */

    r = ngx_dots_zone_lock(1);

    if (r) {
        if (dr->epoch == ngx_dots_zone_epoch()) {
            dots_registry_unbind(r, dr->rq->customer->name, cuid);
        }

        ngx_dots_zone_unlock();
    }
}


/*
 * A registry that was filled between the binding and the commit does not know
 * the client.  One that was filled after the commit then counts it twice, which
 * keeps the cuid a customer's for too long, never another's too early.
 */

static void
ngx_dots_data_cuid_keep(ngx_dots_request_t *dr, dots_str_t cuid)
{
    dots_registry_t  *r;

    r = ngx_dots_zone_lock(1);

    if (r == NULL) {
        return;
    }

    if (dr->epoch != ngx_dots_zone_epoch()) {
        (void) dots_registry_bind(r, dr->rq->customer->name, cuid);
    }

    ngx_dots_zone_unlock();
}
