/*
 * One request on its way through restconf/: what the entry found out about it
 * and what the resources' handlers make of it.  Lives in the arena of the
 * dots_restconf_t, but outlives that where the host goes away while the model
 * is at work.  Internal to restconf/.
 */

#ifndef DOTS_RESTCONF_EXCHANGE_H
#define DOTS_RESTCONF_EXCHANGE_H

#include <jansson.h>

#include "dots_data_edit.h"
#include "dots_data_path.h"
#include "dots_media.h"
#include "dots_query.h"
#include "dots_restconf.h"
#include "dots_restconf_error.h"

#define DOTS_RESTCONF_MODULE "ietf-dots-data-channel"
#define DOTS_RESTCONF_TREE   "/data/" DOTS_RESTCONF_MODULE ":dots-data"

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

typedef struct dots_exchange_s  dots_exchange_t;
typedef struct dots_resource_s  dots_resource_t;
typedef struct dots_patch_s     dots_patch_t;
typedef struct dots_pieces_s    dots_pieces_t;

struct dots_exchange_s {
    dots_restconf_t        *rc;         /* NULL: the host went away */
    dots_arena_t           *arena;      /* rc's, and this is in it */
    const dots_resource_t  *resource;
    dots_api_path_t        *api;
    size_t                  below;      /* its first segment that is below the
                                           resource: see "tree" there */
    dots_method_t           method;
    dots_query_t            query;
    dots_data_context_t     context;
    dots_data_path_t        path;       /* below "data" */
    const struct lysc_node *entries;    /* of a list without keys: all that the
                                           path, which ends before, has */
    const dots_resource_t  *holder;     /* and the path's resource */
    dots_str_t              cuid;       /* in the path; empty: none */
    dots_str_t              name;       /* of a module, whose text it is */
    dots_media_t            media;      /* what the message is in */
    dots_media_t            answer;     /* and the answer; NONE: the client
                                           takes neither JSON nor XML */
    dots_str_t              location;   /* sent with CREATED */
    dots_request_t          rq;         /* operation 0: answered already */
    dots_restconf_error_t   error;      /* where a handler says INVALID */

    json_t                 *body;       /* the message; freed with this */
    size_t                  nedits;     /* what it asks for */
    dots_data_edit_t       *edits;
    dots_data_path_t        scope;      /* what has to be read for that */
    unsigned                attempts;   /* of read, edit, commit */
    dots_patch_t           *patch;      /* of a YANG Patch */
    dots_data_path_t        invalid;    /* what "error" is about after edits;
                                           no step: all of them together */

    int                   (*resume)(dots_exchange_t *x);  /* the outcome is
                                                              there */
    int                   (*turn)(dots_exchange_t *x);    /* where there is
                                                              more to do than
                                                              in one turn */
    dots_pieces_t          *pieces;     /* of an answer that is large */
    unsigned                pending:1;  /* the model has it */
    unsigned                created:1;  /* by the edits */
    unsigned                big:1;      /* the answer is to be in pieces */
    unsigned                pulling:1;  /* the outcome is not waited for by
                                           resume() */
    unsigned                alone:1;    /* what is made is a piece */
};

/*
 * Handlers return DOTS_OK with rq.operation set (to be submitted, then resume()
 * is called) or with rc->text or rc->status set (an answer); DOTS_INVALID with
 * "error"; or DOTS_ERROR.
 */
typedef int (*dots_resource_handler_pt)(dots_exchange_t *x);

/*
 * For the next submission, which may use "limit" bytes: no operation and no
 * outcome, and all memory of the last one gone.  DOTS_OK or DOTS_ERROR.
 */
int dots_restconf_again(dots_exchange_t *x, size_t limit);

/* DOTS_INVALID with the error that a verdict of the model is. */
int dots_restconf_refused(dots_exchange_t *x, dots_verdict_t verdict);

/* DOTS_INVALID with 429, if x->rc->customer asks too often (RFC 8783 10). */
int dots_restconf_limited(dots_exchange_t *x);

/* rc->text as it goes out.  DOTS_OK, DOTS_FULL, DOTS_ERROR. */
int dots_restconf_encode(dots_exchange_t *x);

/* The only place where a message becomes a json_t: x->body. */
int dots_restconf_body(dots_exchange_t *x);

#endif /* DOTS_RESTCONF_EXCHANGE_H */
