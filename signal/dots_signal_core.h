/*
 * /.well-known/core (RFC 6690 section 4): the links to the resources of the
 * signal channel.  Called by the resource table of dots_signal.c.
 */

#ifndef DOTS_SIGNAL_CORE_H
#define DOTS_SIGNAL_CORE_H

#include "dots_signal_exchange.h"

void dots_signal_core_get(dots_signal_exchange_t *ex);

#endif /* DOTS_SIGNAL_CORE_H */
