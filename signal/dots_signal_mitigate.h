/*
 * The resource "mitigate": PUT, GET and DELETE of mitigation requests (RFC 9132
 * section 4.4).  Turns a checked CoAP request into a dots_request_t and its
 * outcome into a response.  Knows no message layer, no storage.  Called by the
 * resource table of dots_signal.c.
 */

#ifndef DOTS_SIGNAL_MITIGATE_H
#define DOTS_SIGNAL_MITIGATE_H

#include "dots_signal_exchange.h"

/* Handlers of the resource, RFC 9132 sections 4.4.1, 4.4.2 and 4.4.4. */
void dots_signal_mitigate_put(dots_signal_exchange_t *ex);
void dots_signal_mitigate_get(dots_signal_exchange_t *ex);
void dots_signal_mitigate_delete(dots_signal_exchange_t *ex);

#endif /* DOTS_SIGNAL_MITIGATE_H */
