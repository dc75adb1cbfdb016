/*
 * Which YANG modules the server has (RFC 8525, and the older tree of RFC 7895),
 * and their texts (RFC 8040 section 3.7) at {+restconf}/schemas/NAME@REVISION.
 */

#ifndef DOTS_YANG_LIBRARY_H
#define DOTS_YANG_LIBRARY_H

#include "dots_restconf_exchange.h"

#define DOTS_YANG_LIBRARY_MODULE "ietf-yang-library"
#define DOTS_YANG_LIBRARY_MEDIA  "application/yang"

int dots_yang_library_get(dots_exchange_t *x);
int dots_yang_library_modules_state(dots_exchange_t *x);

/* What these have: a new reference, or NULL. */
json_t *dots_yang_library_tree(dots_exchange_t *x);
json_t *dots_yang_library_modules_tree(dots_exchange_t *x);

/* x->name: "NAME@REVISION" of a module that is loaded; anything else is 404. */
int dots_yang_library_schema(dots_exchange_t *x);

#endif /* DOTS_YANG_LIBRARY_H */
