/*
 * The resources of {+restconf} as a table: where each hangs, which methods it
 * has and who handles them; nodes within an entry have a row for each kind.
 * Owns the walk from an api-path to a resource; "Allow" and 405 come from the
 * same table.
 */

#ifndef DOTS_RESTCONF_ROUTE_H
#define DOTS_RESTCONF_ROUTE_H

#include "dots_api_path.h"
#include "dots_restconf_exchange.h"

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
    DOTS_RESOURCE_VENDORS,
    DOTS_RESOURCE_VENDOR,
    DOTS_RESOURCE_MAPPING,
    DOTS_RESOURCE_CAPABILITIES,

    /* of the server, not of its clients */

    DOTS_RESOURCE_YANG_LIBRARY,
    DOTS_RESOURCE_MODULES_STATE,
    DOTS_RESOURCE_RESTCONF_STATE,
    DOTS_RESOURCE_SCHEMAS,
    DOTS_RESOURCE_SCHEMA,
    DOTS_RESOURCE_STREAMS,
    DOTS_RESOURCE_STREAM_XML,
    DOTS_RESOURCE_STREAM_JSON,

    /* within them, by the schema */

    DOTS_RESOURCE_CONTAINER,
    DOTS_RESOURCE_LIST,
    DOTS_RESOURCE_LEAF,
    DOTS_RESOURCE_LEAF_LIST,
    DOTS_RESOURCE_STATE      /* and keys: nothing that a client sets */
} dots_resource_kind_t;

struct dots_resource_s {
    dots_resource_kind_t      kind;
    dots_resource_kind_t      parent;
    const char               *name;
    const char               *module;    /* NULL: none, ietf-restconf's own */
    unsigned                  prefix:1;  /* the module has to be said, 3.5.3 */
    unsigned                  tree:1;    /* so are resources below, which its
                                            handler finds */
    size_t                    nkeys;
    const char               *media;     /* of GET; NULL: yang-data */
    unsigned                  query;     /* parameters of GET */
    unsigned                  insert;    /* methods that take insert, point:
                                            dots_method_t as bits */
    dots_resource_handler_pt  methods[DOTS_METHODS];
    int                     (*found)(dots_exchange_t *x);  /* FOUND into text;
                                                              NULL: a node */
};

/*
 * DOTS_OK with x->resource, path, cuid and name; DOTS_INVALID: 400, 404.  A
 * list without keys at the end is cut off: x->entries.
 */
int dots_restconf_route_find(dots_exchange_t *x, dots_api_path_t *path);

/* "/schemas/NAME@REVISION", which is no api-path: x->name; or DOTS_DECLINED. */
int dots_restconf_route_schema(dots_exchange_t *x, dots_str_t path);

/* x->method: DOTS_OK, or DOTS_INVALID with 501: none that RESTCONF knows. */
int dots_restconf_route_method(dots_exchange_t *x);

/* "GET, HEAD, ..." into the arena.  DOTS_OK or DOTS_ERROR. */
int dots_restconf_route_allow(const dots_resource_t *resource, dots_arena_t *a,
    dots_str_t *allow);

#endif /* DOTS_RESTCONF_ROUTE_H */
