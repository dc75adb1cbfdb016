#include "dots_restconf_gateway.h"
#include "dots_restconf_route.h"


static void
dots_restconf_gateway_act(dots_exchange_t *x, const dots_customer_t *customer)
{
    x->rc->customer = customer;
    x->rq.customer = customer;
}


/* One text for all cases: who asks learns of no cuid that is not its own. */

static int
dots_restconf_gateway_denied(dots_exchange_t *x)
{
    return dots_restconf_error_status(&x->error, 403, DOTS_TAG_ACCESS_DENIED,
                                      "no cdid is known for this cuid: "
                                      "register the dots-client with one");
}


/*
 * What the message says about its dots-client, where it is about one as a
 * whole.  Whatever is wrong with it is the handler's to say.
 */

static int
dots_restconf_gateway_message(dots_exchange_t *x, dots_str_t *cuid,
    dots_str_t *cdid)
{
    int      rc;
    size_t   i;
    json_t  *list, *entry, *value;

    const struct {
        const char  *name;
        dots_str_t  *to;
    } members[] = { { "cuid", cuid }, { "cdid", cdid } };

    rc = dots_restconf_body(x);
    if (rc != DOTS_OK) {
        return rc;
    }

    list = json_object_get(x->body, DOTS_RESTCONF_MODULE ":dots-client");
    entry = json_array_get(list, 0);

    for (i = 0; i < sizeof(members) / sizeof(members[0]) && rc == DOTS_OK; i++)
    {
        value = json_object_get(entry, members[i].name);

        if (json_is_string(value)) {
            rc = dots_arena_dup(x->arena, members[i].to,
                                dots_str(json_string_value(value),
                                         json_string_length(value)));
        }
    }

    json_decref(x->body);
    x->body = NULL;

    return rc;
}


static int
dots_restconf_gateway_registers(const dots_exchange_t *x)
{
    return (x->resource->kind == DOTS_RESOURCE_DOTS_DATA
            && x->method == DOTS_METHOD_POST)
           || (x->resource->kind == DOTS_RESOURCE_CLIENT
               && x->method == DOTS_METHOD_PUT);
}


/* RFC 8783 section 5.1: by its cdid; several of one customer are equivalent. */

static int
dots_restconf_gateway_cdid(dots_exchange_t *x, dots_str_t cdid)
{
    const dots_customer_t  *customer;

    customer = dots_customers_by_identity(x->rc->customers,
                                          DOTS_IDENTITY_CDID, cdid);
    if (customer == NULL) {
        return dots_restconf_gateway_denied(x);
    }

    dots_restconf_gateway_act(x, customer);

    return DOTS_OK;
}


/*
 * Without a cdid: of whose dots-client it is.  One that is nobody's with a cdid
 * is the gateway's own, if it has prefixes to ask for.
 */

static int
dots_restconf_gateway_cuid(dots_exchange_t *x, dots_str_t cuid)
{
    const dots_customer_t  *owner;

    if (x->rc->registered(x->rc, cuid, &owner) != DOTS_OK) {
        return dots_restconf_refused(x, DOTS_VERDICT_UNAVAILABLE);
    }

    if (owner != NULL && owner->relayed) {
        dots_restconf_gateway_act(x, owner);
        return DOTS_OK;
    }

    return x->rc->customer->nprefixes ? DOTS_OK
                                      : dots_restconf_gateway_denied(x);
}


static int
dots_restconf_gateway_whose(dots_exchange_t *x)
{
    int         rc;
    dots_str_t  cuid, cdid;

    cuid = x->cuid;
    cdid = dots_str(NULL, 0);

    if (dots_restconf_gateway_registers(x)) {
        rc = dots_restconf_gateway_message(x, &cuid, &cdid);

        if (rc != DOTS_OK) {
            return rc;
        }

        if (cdid.len) {
            return dots_restconf_gateway_cdid(x, cdid);
        }
    }

    return cuid.len ? dots_restconf_gateway_cuid(x, cuid) : DOTS_OK;
}


/* What is relayed counts for whom it is, as on the signal channel. */

int
dots_restconf_gateway(dots_exchange_t *x)
{
    int  rc;

    if (!x->rc->customer->gateway) {
        return DOTS_OK;
    }

    rc = dots_restconf_gateway_whose(x);

    return dots_restconf_limited(x) == DOTS_OK ? rc : DOTS_INVALID;
}
