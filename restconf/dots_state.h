/*
 * State of the server itself, which RESTCONF tells about (yang-library,
 * restconf-state): a tree of JSON values, made for the request, of which the
 * path picks one.  Called by the handlers of these resources.
 */

#ifndef DOTS_STATE_H
#define DOTS_STATE_H

#include <jansson.h>

#include "dots_restconf_exchange.h"

/*
 * "tree" is the content of x->resource, whose reference is taken; NULL stands
 * for no memory.  What of it x->api names is the answer; DOTS_INVALID with 400
 * or 404 where it names nothing.
 */
int dots_state_answer(dots_exchange_t *x, json_t *tree);

/* A path below {+restconf} as the client has to ask for it, as a string. */
json_t *dots_state_location(dots_exchange_t *x, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif /* DOTS_STATE_H */
