/*
 * For whom a trusted gateway asks (RFC 8783 sections 3.3 and 5.1, RFC 9132
 * section 4.4.1.2): by the cdid with which it registers a dots-client, and from
 * then on by the cuid of that.  Knows no store: whose a cuid is says the host.
 */

#ifndef DOTS_RESTCONF_GATEWAY_H
#define DOTS_RESTCONF_GATEWAY_H

#include "dots_restconf_exchange.h"

/*
 * Between routing and the handler.  DOTS_OK: x->rc->customer is whose request
 * it is; of anybody but a gateway it is left as it was.  DOTS_INVALID: 403, no
 * cdid is kept for the cuid where one has to be; or what is wrong with the
 * message.
 */
int dots_restconf_gateway(dots_exchange_t *x);

#endif /* DOTS_RESTCONF_GATEWAY_H */
