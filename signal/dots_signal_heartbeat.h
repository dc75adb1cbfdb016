/*
 * Heartbeats (RFC 9132 section 4.7): the peer's, which are the resource "hb",
 * ours, and when a session counts as lost.
 *
 * Called by dots_signal.c; a request of ours is answered through
 * dots_signal_response().
 */

#ifndef DOTS_SIGNAL_HEARTBEAT_H
#define DOTS_SIGNAL_HEARTBEAT_H

#include "dots_signal_exchange.h"

/*
 * The body of a heartbeat: *status is its peer-hb-status.  DOTS_OK or
 * DOTS_INVALID.
 */
int dots_signal_heartbeat_read(dots_str_t body, int *status, dots_fault_t *f);

void dots_signal_heartbeat_put(dots_signal_exchange_t *ex);

/* DOTS_OK or DOTS_ERROR. */
int dots_signal_heartbeat_open(dots_signal_t *s);

/* The peer spoke, whatever it said. */
void dots_signal_heartbeat_heard(dots_signal_t *s);

/* Nonzero: it answers one of ours. */
int dots_signal_heartbeat_response(dots_signal_t *s,
    const dots_coap_message_t *m);

/* ms until the next; -1: none. */
int64_t dots_signal_heartbeat_timer(dots_signal_t *s);

void dots_signal_heartbeat_close(dots_signal_t *s);

#endif /* DOTS_SIGNAL_HEARTBEAT_H */
