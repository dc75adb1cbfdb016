/*
 * The resources that RESTCONF itself defines: {+restconf}, operations and
 * yang-library-version (RFC 8040 section 3.3).
 */

#ifndef DOTS_RESTCONF_API_H
#define DOTS_RESTCONF_API_H

#include "dots_restconf_exchange.h"

int dots_restconf_api_get(dots_exchange_t *x);
int dots_restconf_api_operations(dots_exchange_t *x);
int dots_restconf_api_library(dots_exchange_t *x);

#endif /* DOTS_RESTCONF_API_H */
