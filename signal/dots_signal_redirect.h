/*
 * Redirected signaling, RFC 9132 section 4.6.  Private to signal/.
 */

#ifndef DOTS_SIGNAL_REDIRECT_H
#define DOTS_SIGNAL_REDIRECT_H

#include "dots_signal_exchange.h"

/*
 * Nonzero: the customer is to ask another server, and the request was one to be
 * told so; the exchange has ended.
 */
int dots_signal_redirect(dots_signal_exchange_t *ex);

#endif /* DOTS_SIGNAL_REDIRECT_H */
