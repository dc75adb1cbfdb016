/*
 * restconf-state (RFC 8040 section 9): what this server can do beyond the
 * minimum, and where its stream of events is.
 */

#ifndef DOTS_MONITOR_H
#define DOTS_MONITOR_H

#include "dots_restconf_exchange.h"

#define DOTS_MONITOR_MODULE "ietf-restconf-monitoring"

int dots_monitor_get(dots_exchange_t *x);

/* What it has: a new reference, or NULL. */
json_t *dots_monitor_tree(dots_exchange_t *x);

#endif /* DOTS_MONITOR_H */
