/*
 * Gateways (RFC 9132 section 4.4.1.2): for whom one asks.  Its session is that
 * of all for whom it asks, so what a session bounds is bounded for each of
 * them, and the sum is larger.
 */

#include "dots_signal_private.h"
#include "dots_signal_uri.h"


size_t
dots_signal_relay_shares(const dots_customer_t *customer)
{
    return customer != NULL && customer->gateway ? DOTS_SIGNAL_SHARES : 1;
}


/*
 * A cdid counts where a trusted gateway has put it, anybody else's is ignored.
 * It says which customer's the request is: with that customer's prefixes and
 * limits, and with its cuids, so that several cdids of one customer are
 * equivalent, as they have to be.  Without a cdid the gateway asks for itself.
 */

uint8_t
dots_signal_relay(dots_signal_exchange_t *ex, dots_fault_t *f)
{
    dots_str_t              cdid;
    const dots_customer_t  *customer;

    if (!ex->customer->gateway || !ex->method->relayed) {
        return 0;
    }

    cdid = dots_signal_uri_cdid(&ex->request);

    if (cdid.len == 0) {
        return 0;
    }

    customer = ex->conf->customers
               ? dots_customers_by_identity(ex->conf->customers,
                                            DOTS_IDENTITY_CDID, cdid)
               : NULL;

    /* section 8: "If the DOTS client is not authorized" */

    if (customer == NULL) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "the cdid is no customer's");
        return dots_coap_code(4, 1);
    }

    ex->customer = customer;

    return 0;
}


/* Without a gateway the session itself is the bound. */

int
dots_signal_relay_busy(const dots_signal_exchange_t *ex)
{
    size_t                         n;
    const dots_signal_exchange_t  *other;

    if (ex->signal->shares == 1) {
        return 0;
    }

    n = 0;

    for (other = ex->signal->exchanges; other != NULL; other = other->next) {

        if (other->observer == NULL && other->customer == ex->customer) {
            n++;
        }
    }

    return n > DOTS_SIGNAL_INFLIGHT;
}
