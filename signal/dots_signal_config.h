/*
 * The resource "config": the session's configuration (RFC 9132 section 4.5),
 * and which of its two sets is in force.  The values are the session's own and
 * end with it.  Called by the resource table and the timer of dots_signal.c.
 */

#ifndef DOTS_SIGNAL_CONFIG_H
#define DOTS_SIGNAL_CONFIG_H

#include "dots_signal_exchange.h"

/* Handlers of the resource, RFC 9132 sections 4.5.1, 4.5.2 and 4.5.4. */
void dots_signal_config_get(dots_signal_exchange_t *ex);
void dots_signal_config_put(dots_signal_exchange_t *ex);
void dots_signal_config_delete(dots_signal_exchange_t *ex);

/* A new session. */
void dots_signal_config_open(dots_signal_t *s);

/* Mitigations may have begun or ended: looked at by the timer. */
void dots_signal_config_changed(dots_signal_t *s);

void dots_signal_config_timer(dots_signal_t *s);

#endif /* DOTS_SIGNAL_CONFIG_H */
