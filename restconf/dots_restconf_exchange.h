/*
 * One request on its way through restconf/: what the entry found out about it
 * and what the resources' handlers make of it.  Lives in the arena of the
 * dots_restconf_t, but outlives that where the host goes away while the model
 * is at work.  Internal to restconf/.
 */

#ifndef DOTS_RESTCONF_EXCHANGE_H
#define DOTS_RESTCONF_EXCHANGE_H

#include "dots_query.h"
#include "dots_restconf.h"
#include "dots_restconf_error.h"

#define DOTS_RESTCONF_MODULE "ietf-dots-data-channel"
#define DOTS_RESTCONF_TREE   "/data/" DOTS_RESTCONF_MODULE ":dots-data"

typedef struct dots_exchange_s  dots_exchange_t;
typedef struct dots_resource_s  dots_resource_t;

struct dots_exchange_s {
    dots_restconf_t        *rc;         /* NULL: the host went away */
    const dots_resource_t  *resource;
    dots_query_t            query;
    dots_str_t              cuid;       /* keys of the path; empty: none */
    dots_str_t              name;
    dots_str_t              location;   /* sent with CREATED */
    dots_request_t          rq;         /* operation 0: answered already */
    dots_restconf_error_t   error;      /* where a handler says INVALID */
    unsigned                pending:1;  /* the model has it */
};

/*
 * Handlers return DOTS_OK with rq.operation set (to be submitted) or with
 * rc->text set (200); DOTS_INVALID with "error"; or DOTS_ERROR.
 */
typedef int (*dots_resource_handler_pt)(dots_exchange_t *x);

#endif /* DOTS_RESTCONF_EXCHANGE_H */
