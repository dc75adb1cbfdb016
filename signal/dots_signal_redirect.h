/*
 * Redirected signaling, RFC 9132 section 4.6.  Private to signal/.
 */

#ifndef DOTS_SIGNAL_REDIRECT_H
#define DOTS_SIGNAL_REDIRECT_H

#include "dots_signal_exchange.h"

/* Nonzero: the request's customer is to ask another server; the exchange has
 * ended. */
int dots_signal_redirect(dots_signal_exchange_t *ex, const dots_request_t *rq);

#endif /* DOTS_SIGNAL_REDIRECT_H */
