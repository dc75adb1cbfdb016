/*
 * The resources of {+restconf} as a table: where each hangs, which methods it
 * has and who handles them.  Owns the walk from an api-path to a resource;
 * "Allow" and 405 come from the same table.
 */

#ifndef DOTS_RESTCONF_ROUTE_H
#define DOTS_RESTCONF_ROUTE_H

#include "dots_api_path.h"
#include "dots_restconf_exchange.h"

/* The order of the methods in "Allow". */

typedef enum {
    DOTS_METHOD_OPTIONS = 0,
    DOTS_METHOD_GET,
    DOTS_METHOD_HEAD,
    DOTS_METHOD_POST,
    DOTS_METHOD_PUT,
    DOTS_METHOD_PATCH,
    DOTS_METHOD_DELETE,
    DOTS_METHODS
} dots_method_t;

typedef enum {
    DOTS_RESOURCE_API = 0,
    DOTS_RESOURCE_OPERATIONS,
    DOTS_RESOURCE_LIBRARY,
    DOTS_RESOURCE_DATASTORE,
    DOTS_RESOURCE_DOTS_DATA,
    DOTS_RESOURCE_CLIENT,
    DOTS_RESOURCE_ALIASES,
    DOTS_RESOURCE_ALIAS,
    DOTS_RESOURCE_ACLS,
    DOTS_RESOURCE_ACL,
    DOTS_RESOURCE_CAPABILITIES
} dots_resource_kind_t;

struct dots_resource_s {
    dots_resource_kind_t      kind;
    dots_resource_kind_t      parent;
    const char               *name;
    const char               *module;    /* NULL: none, ietf-restconf's own */
    unsigned                  prefix:1;  /* the module has to be said, 3.5.3 */
    size_t                    nkeys;
    unsigned                  query;     /* parameters of GET */
    unsigned                  insert;    /* methods that take insert, point:
                                            dots_method_t as bits */
    dots_resource_handler_pt  methods[DOTS_METHODS];
    int                     (*found)(dots_exchange_t *x);  /* FOUND into text */
};

/* DOTS_OK with x->resource, cuid and name, or DOTS_INVALID with 400, 404. */
int dots_restconf_route_find(dots_exchange_t *x, const dots_api_path_t *path);

/* DOTS_OK, or DOTS_INVALID with 501: no method that RESTCONF knows. */
int dots_restconf_route_method(dots_exchange_t *x, dots_method_t *method);

/* "GET, HEAD, ..." into the arena.  DOTS_OK or DOTS_ERROR. */
int dots_restconf_route_allow(const dots_resource_t *resource, dots_arena_t *a,
    dots_str_t *allow);

#endif /* DOTS_RESTCONF_ROUTE_H */
