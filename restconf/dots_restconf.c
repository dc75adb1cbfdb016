#include <stdio.h>
#include <strings.h>

#include "dots_api_path.h"
#include "dots_data_body.h"
#include "dots_data_pieces.h"
#include "dots_data_read.h"
#include "dots_data_xml.h"
#include "dots_place.h"
#include "dots_restconf_exchange.h"
#include "dots_restconf_gateway.h"
#include "dots_restconf_route.h"
#include "dots_via.h"


/* What the model said, in HTTP; "message" only where it is an error. */

typedef struct {
    unsigned          status;
    dots_error_tag_t  tag;
    const char       *message;
} dots_restconf_verdict_t;


#define DOTS_RESTCONF_ROOM   12288   /* bytes that the GET of an entry needs */
#define DOTS_RESTCONF_SPARE  4096    /* and for an error beyond the limit */

#define DOTS_RESTCONF_ACCEPT                                                  \
    "application/yang-data+json, application/yang-data+xml"

#define DOTS_RESTCONF_ACCEPT_PATCH                                            \
    DOTS_RESTCONF_ACCEPT ", "                                                 \
    "application/yang-patch+json, application/yang-patch+xml"


static void dots_restconf_outcome(dots_request_t *rq);


/* In the order of dots_verdict_t. */

static const dots_restconf_verdict_t  dots_restconf_verdicts[] = {

    [DOTS_VERDICT_NONE] = { 500, DOTS_TAG_FAILED, "there is no answer" },
    [DOTS_VERDICT_CREATED] = { 201, 0, NULL },
    [DOTS_VERDICT_CHANGED] = { 204, 0, NULL },
    [DOTS_VERDICT_DELETED] = { 204, 0, NULL },
    [DOTS_VERDICT_FOUND] = { 200, 0, NULL },

    [DOTS_VERDICT_NOT_FOUND] = { 404, DOTS_TAG_INVALID_VALUE,
        "there is no such resource" },

    /* one text for both: nobody learns whether a cuid is another customer's */

    [DOTS_VERDICT_EXISTS] = { 409, DOTS_TAG_RESOURCE_DENIED,
        "the resource exists already" },
    [DOTS_VERDICT_COLLISION] = { 409, DOTS_TAG_RESOURCE_DENIED,
        "the resource exists already" },

    [DOTS_VERDICT_INVALID] = { 400, DOTS_TAG_INVALID_VALUE,
        "the request is not valid" },
    [DOTS_VERDICT_CONFLICT] = { 409, DOTS_TAG_RESOURCE_DENIED,
        "the request is in conflict with another one" },
    [DOTS_VERDICT_LIMIT] = { 409, DOTS_TAG_RESOURCE_DENIED,
        "the limit of this customer is reached" },
    [DOTS_VERDICT_FULL] = { 507, DOTS_TAG_RESOURCE_DENIED,
        "the server has no room for it" },
    [DOTS_VERDICT_UNAVAILABLE] = { 503, DOTS_TAG_FAILED,
        "the server can't do it now, try again later" },
    [DOTS_VERDICT_BUSY] = { 409, DOTS_TAG_IN_USE,
        "the resource is being changed, try again" },
};


/* ---- the answer ---- */

/* What a message is about: see dots_place_root(). */

static const struct lysc_node *
dots_restconf_target(const dots_exchange_t *x)
{
    if (x->api == NULL || x->api->n < 2) {
        return NULL;
    }

    /* "data" is the first segment */

    return dots_place_path(x->rc->schema, x->api->segments + 1, x->api->n - 1);
}


int
dots_restconf_encode(dots_exchange_t *x)
{
    dots_restconf_t  *r;

    r = x->rc;

    return r->xml ? dots_data_xml_write(r->schema, dots_restconf_target(x),
                                        r->text, r->arena, &r->text)
                  : DOTS_OK;
}


/* The text that there is, as it goes out. */

static void
dots_restconf_represent(dots_exchange_t *x, int result)
{
    int               rc;
    const char       *media;
    dots_restconf_t  *r;

    r = x->rc;

    if (r->text.len == 0 && r->subscription == NULL && !r->pieces) {
        return;
    }

    media = result == DOTS_OK ? x->resource->media : NULL;

    if (media != NULL) {
        r->media = dots_str(media, strlen(media));
        return;
    }

    r->media = dots_media_name(r->xml ? DOTS_MEDIA_XML : DOTS_MEDIA_JSON);

    if (r->pieces) {
        return;
    }

    rc = dots_restconf_encode(x);

    /* the status alone has to say it */

    if (rc != DOTS_OK) {
        r->status = rc == DOTS_FULL ? 400 : 500;
        r->text = r->media = dots_str(NULL, 0);
        r->etag = r->last_modified = dots_str(NULL, 0);
    }
}


/*
 * Of memory that one request may use it is the request's fault, and the answer
 * to the next one like it (RFC 8040 section 7: 400, as for an answer; what was
 * sent is not too large).  There is room to say it.
 */

static void
dots_restconf_failed(dots_exchange_t *x)
{
    if (!dots_arena_spent(x->arena) && !dots_arena_spent(x->rq.arena)) {
        (void) dots_restconf_error(&x->error, DOTS_TAG_FAILED,
                                   "the server has no memory for it");
        return;
    }

    (void) dots_restconf_error_status(&x->error, 400, DOTS_TAG_TOO_BIG,
                                      "what it is about is too big for one "
                                      "request: ask for a part of it, or "
                                      "change one");
    dots_arena_extend(x->rc->arena, DOTS_RESTCONF_SPARE);
}


/*
 * The only place where a response is completed.  "result" is a handler's:
 * whatever is not an answer becomes an error here.
 */

static void
dots_restconf_finish(dots_exchange_t *x, int result)
{
    dots_restconf_t  *rc;

    rc = x->rc;

    if (result == DOTS_OK) {

        if (rc->status == 0) {
            rc->status = 200;
        }

    } else {

        if (result != DOTS_INVALID) {
            dots_restconf_failed(x);
        }

        dots_restconf_error_locate(&x->error, rc->schema);

        rc->status = x->error.status;
        rc->etag = rc->last_modified = dots_str(NULL, 0);

        /* out of memory here: the status alone has to say it */

        if (dots_restconf_error_write(&x->error, rc->arena, &rc->text)
            != DOTS_OK)
        {
            rc->text = dots_str(NULL, 0);
        }
    }

    dots_restconf_represent(x, result);

    rc->done(rc);
}


/* ---- the model's outcome ---- */

/* Who registers a cuid may learn that it is taken; else it is not there. */

static int
dots_restconf_registers(const dots_request_t *rq)
{
    size_t  i;

    for (i = 0; i < rq->nchanges; i++) {
        if (rq->changes[i].kind == DOTS_CHANGE_CLIENT
            && rq->changes[i].action == DOTS_CHANGE_PUT)
        {
            return 1;
        }
    }

    return 0;
}


int
dots_restconf_refused(dots_exchange_t *x, dots_verdict_t verdict)
{
    const dots_restconf_verdict_t  *v;

    if (verdict == DOTS_VERDICT_COLLISION && !dots_restconf_registers(&x->rq)) {
        verdict = DOTS_VERDICT_NOT_FOUND;
    }

    v = &dots_restconf_verdicts[verdict];

    /* what is no error should have been an answer */

    if (v->message == NULL) {
        return DOTS_ERROR;
    }

    if (x->rq.fault.message[0] == '\0') {
        return dots_restconf_error_status(&x->error, v->status, v->tag, "%s",
                                          v->message);
    }

    if (verdict == DOTS_VERDICT_INVALID
        && x->rq.fault.kind == DOTS_FAULT_TOO_BIG)
    {
        /* what was read, not what was sent: RFC 8040 section 7 */

        return dots_restconf_error_status(&x->error, 400, DOTS_TAG_TOO_BIG,
                                          "%s", x->rq.fault.message);
    }

    if (verdict == DOTS_VERDICT_INVALID) {
        return dots_restconf_error_fault(&x->error, &x->rq.fault);
    }

    return dots_restconf_error_status(&x->error, v->status, v->tag, "%s",
                                      x->rq.fault.message);
}


/* One that the host has left, or that is over. */

static void
dots_restconf_end(dots_exchange_t *x)
{
    dots_arena_t  *arena;

    arena = x->arena;

    json_decref(x->body);
    dots_data_pieces_free(x);

    if (x->rq.arena != arena) {
        dots_arena_destroy(x->rq.arena);
    }

    dots_arena_destroy(arena);
}


int
dots_restconf_again(dots_exchange_t *x, size_t limit)
{
    dots_arena_t   *arena;
    dots_request_t  rq;

    arena = dots_arena_create(limit);
    if (arena == NULL) {
        return DOTS_ERROR;
    }

    memset(&rq, 0, sizeof(rq));

    rq.customer = x->rq.customer;
    rq.done = x->rq.done;
    rq.data = x->rq.data;
    rq.arena = arena;

    if (x->rq.arena != x->arena) {
        dots_arena_destroy(x->rq.arena);
    }

    x->rq = rq;

    return DOTS_OK;
}


/* On with what a handler has decided: to the model, or to the end. */

static void
dots_restconf_advance(dots_exchange_t *x, int result)
{
    if (result == DOTS_OK && x->rq.operation == 0 && x->turn != NULL) {
        x->rc->again(x->rc);
        return;
    }

    if (result != DOTS_OK || x->rq.operation == 0) {
        dots_restconf_finish(x, result);
        return;
    }

    /* the outcome may come, and free all this, before submit() returns */

    x->pending = 1;
    x->rq.verdict = DOTS_VERDICT_NONE;

    x->rc->submit(x->rc, &x->rq);
}


static void
dots_restconf_outcome(dots_request_t *rq)
{
    int               result;
    dots_exchange_t  *x;

    x = rq->data;
    x->pending = 0;

    if (x->rc == NULL) {
        dots_restconf_end(x);
        return;
    }

    if (rq->now == 0) {
        rq->now = x->rc->now;
    }

    if (x->pulling) {
        return;
    }

    rq->operation = 0;
    result = x->resume ? x->resume(x) : DOTS_ERROR;

    dots_restconf_advance(x, result);
}


void
dots_restconf_turn(dots_restconf_t *rc)
{
    dots_exchange_t  *x;

    x = rc->request->data;

    dots_restconf_advance(x, x->turn(x));
}


int
dots_restconf_more(dots_restconf_t *rc, dots_str_t *text)
{
    return dots_data_pieces_next(rc->request->data, text);
}


/* ---- the request ---- */

/* RFC 8040 section 5.1: api-path, "?", query. */

static void
dots_restconf_split(dots_str_t uri, dots_str_t *path, dots_str_t *query)
{
    const uint8_t  *p;

    p = uri.len ? memchr(uri.data, '?', uri.len) : NULL;

    *path = uri;
    *query = dots_str(NULL, 0);

    if (p != NULL) {
        path->len = (size_t) (p - uri.data);
        *query = dots_str(p + 1, uri.len - path->len - 1);
    }
}


static int
dots_restconf_resource(dots_exchange_t *x, dots_str_t text)
{
    int               rc;
    dots_api_path_t  *path;

    rc = dots_restconf_route_schema(x, text);
    if (rc != DOTS_DECLINED) {
        return rc;
    }

    path = dots_arena_alloc(x->rc->arena, sizeof(dots_api_path_t));
    if (path == NULL) {
        return DOTS_ERROR;
    }

    /* RFC 8040 section 3.5.3.1: a slash is followed by an identifier */

    if (text.len == 1 && text.data[0] == '/') {
        return dots_restconf_error_status(&x->error, 404,
                                          DOTS_TAG_INVALID_VALUE,
                                          "there is nothing after the slash");
    }

    rc = dots_api_path_parse(path, text, x->rc->arena);

    if (rc == DOTS_INVALID) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "the path is not valid at byte %zu after "
                                   "{+restconf}: %s",
                                   path->position, path->error);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    x->api = path;

    return dots_restconf_route_find(x, path);
}


static int
dots_restconf_handler(dots_exchange_t *x, dots_resource_handler_pt *handler)
{
    *handler = x->resource->methods[x->method];

    if (*handler != NULL) {
        return DOTS_OK;
    }

    if (dots_restconf_route_allow(x->resource, x->rc->arena, &x->rc->allow)
        != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    return dots_restconf_error(&x->error, DOTS_TAG_NOT_SUPPORTED,
                               "this resource does not have the method");
}


/* What a method may be sent: RFC 8040 sections 4.4 to 4.6, RFC 8072. */

static int
dots_restconf_takes(const dots_exchange_t *x)
{
    switch (x->media) {

    case DOTS_MEDIA_JSON:
    case DOTS_MEDIA_XML:
        return 1;

    case DOTS_MEDIA_PATCH_JSON:
    case DOTS_MEDIA_PATCH_XML:
        return x->method == DOTS_METHOD_PATCH;

    default:
        return 0;
    }
}


static int
dots_restconf_accepted(dots_exchange_t *x)
{
    const char  *media;

    media = x->resource->media;

    if (media ? dots_media_quality(x->rc->accept, media) != 0
              : x->answer != DOTS_MEDIA_NONE)
    {
        return DOTS_OK;
    }

    return dots_restconf_error_status(&x->error, 406, DOTS_TAG_INVALID_VALUE,
                                      "only %s can be returned",
                                      media ? media
                                            : "application/yang-data+json and "
                                              "application/yang-data+xml");
}


/* RFC 5789 section 2.2, 3.1: what a resource takes in a PATCH. */

static void
dots_restconf_patches(dots_exchange_t *x)
{
    static const dots_str_t  patch = dots_string(DOTS_RESTCONF_ACCEPT_PATCH);

    if (x->resource->methods[DOTS_METHOD_PATCH] != NULL) {
        x->rc->accept_patch = patch;
    }
}


/* RFC 9110 section 8.4: nobody here undoes one. */

static int
dots_restconf_encoded(dots_exchange_t *x)
{
    dots_str_t               *encoding;
    static const dots_str_t   identity = dots_string("identity");

    encoding = &x->rc->encoding;

    if (encoding->len == 0
        || (encoding->len == identity.len
            && strncasecmp((const char *) encoding->data,
                           (const char *) identity.data, identity.len) == 0))
    {
        return DOTS_OK;
    }

    /* section 12.5.3 */

    x->rc->decodes = identity;

    return dots_restconf_error_status(&x->error, 415, DOTS_TAG_NOT_SUPPORTED,
                                      "the message must not have a "
                                      "Content-Encoding");
}


/* RFC 9110 section 15.5.16, RFC 5789 section 2.2. */

static int
dots_restconf_untaken(dots_exchange_t *x)
{
    static const dots_str_t  accept = dots_string(DOTS_RESTCONF_ACCEPT);

    if (x->method == DOTS_METHOD_PATCH) {
        dots_restconf_patches(x);

    } else {
        x->rc->takes = accept;
    }

    return dots_restconf_error_status(&x->error, 415, DOTS_TAG_NOT_SUPPORTED,
                                      "the Content-Type has to be "
                                      "application/yang-data+json or "
                                      "application/yang-data+xml");
}


/* RFC 8040 section 5.2: what the client takes and what it sent. */

static int
dots_restconf_content(dots_exchange_t *x)
{
    dots_restconf_t  *rc;

    rc = x->rc;

    if (dots_restconf_accepted(x) != DOTS_OK) {
        return DOTS_INVALID;
    }

    if (x->method < DOTS_METHOD_POST || x->method > DOTS_METHOD_PATCH) {
        return DOTS_OK;
    }

    if (rc->body.len == 0 && !rc->body_unread) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "the message-body is missing");
    }

    /* RFC 9110 section 14.5: a part would replace the whole */

    if (x->method == DOTS_METHOD_PUT && rc->range.len != 0) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "the message must not be a part: "
                                   "Content-Range");
    }

    if (dots_restconf_encoded(x) != DOTS_OK) {
        return DOTS_INVALID;
    }

    x->media = dots_media_content(rc->content_type);

    return dots_restconf_takes(x) ? DOTS_OK : dots_restconf_untaken(x);
}


int
dots_restconf_body(dots_exchange_t *x)
{
    return dots_data_body_parse(x, dots_restconf_target(x), &x->body);
}


/* RFC 8040 section 4.1. */

static int
dots_restconf_options(dots_exchange_t *x)
{
    dots_restconf_patches(x);

    return dots_restconf_route_allow(x->resource, x->arena, &x->rc->allow);
}


static unsigned
dots_restconf_parameters(const dots_exchange_t *x)
{
    unsigned  allowed;

    allowed = x->method == DOTS_METHOD_GET || x->method == DOTS_METHOD_HEAD
                  ? x->resource->query : DOTS_QUERY_NONE;

    if (x->resource->insert & 1U << x->method) {
        allowed |= DOTS_QUERY_INSERT | DOTS_QUERY_POINT;
    }

    return allowed;
}


/*
 * Of what has neither tag nor time, and was told at once, conditions hold or
 * not as well: "*" is about whether it is there (RFC 9110 section 13.1).
 */

static int
dots_restconf_told(dots_exchange_t *x)
{
    int  rc;

    if ((x->method != DOTS_METHOD_GET && x->method != DOTS_METHOD_HEAD)
        || x->rq.operation != 0 || x->rc->subscription != NULL)
    {
        return DOTS_OK;
    }

    rc = dots_data_read_condition(x, 1, &dots_condition_untagged);

    if (rc != DOTS_OK || x->rc->status == 304) {
        x->rc->text = dots_str(NULL, 0);
    }

    return rc;
}


/* What the head of a request says, whatever its body will be. */

static int
dots_restconf_head(dots_exchange_t *x, dots_resource_handler_pt *handler)
{
    int         rc;
    dots_str_t  path, query;

    dots_restconf_split(x->rc->uri, &path, &query);

    rc = dots_restconf_resource(x, path);
    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_restconf_route_method(x);
    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_query_parse(&x->query, query, dots_restconf_parameters(x),
                          &x->error);
    if (rc != DOTS_OK || x->method == DOTS_METHOD_OPTIONS) {
        return rc;
    }

    rc = dots_restconf_handler(x, handler);
    if (rc != DOTS_OK) {
        return rc;
    }

    /* RFC 9110 section 12.5.5: what a cache may keep was chosen by Accept */

    x->rc->varies = x->resource->media == NULL
                    && (x->method == DOTS_METHOD_GET
                        || x->method == DOTS_METHOD_HEAD);

    return dots_restconf_content(x);
}


static int
dots_restconf_run(dots_exchange_t *x)
{
    int                       rc;
    dots_resource_handler_pt  handler;

    rc = dots_restconf_head(x, &handler);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (x->method == DOTS_METHOD_OPTIONS) {
        return dots_restconf_options(x);
    }

    /* refused before it was read, and now it is not: memory was short then */

    if (x->rc->body_unread) {
        return DOTS_ERROR;
    }

    rc = dots_restconf_gateway(x);

    if (rc == DOTS_OK) {
        rc = handler(x);
    }

    return rc == DOTS_OK ? dots_restconf_told(x) : rc;
}


int
dots_restconf_limited(dots_exchange_t *x)
{
    x->rc->retry_after = x->rc->limited ? x->rc->limited(x->rc) : 0;

    if (x->rc->retry_after == 0) {
        return DOTS_OK;
    }

    return dots_restconf_error_status(&x->error, 429, DOTS_TAG_RESOURCE_DENIED,
                                      "too many requests of this customer, "
                                      "try again in %u s",
                                      x->rc->retry_after);
}


/* RFC 8783 section 3.4. */

static int
dots_restconf_looped(dots_exchange_t *x)
{
    (void) dots_restconf_error_status(&x->error, 508, DOTS_TAG_FAILED,
                                      "the request has been here before");

    x->error.app_tag = dots_str("loop-detected", strlen("loop-detected"));
    x->error.via = x->rc->via;

    return DOTS_INVALID;
}


/* Before anything is parsed: can it be read at all. */

static int
dots_restconf_readable(dots_exchange_t *x)
{
    if (dots_via_has(x->rc->via, x->rc->names, x->rc->nnames)) {
        return dots_restconf_looped(x);
    }

    if (x->rc->body_too_large) {
        return dots_restconf_error(&x->error, DOTS_TAG_TOO_BIG,
                                   "the message-body is larger than %d bytes",
                                   DOTS_RESTCONF_BODY);
    }

    if (dots_conditions_valid(&x->rc->conditions) != DOTS_OK) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "If-Match and If-None-Match are lists of "
                                   "entity-tags in quotes, or \"*\"");
    }

    return DOTS_OK;
}


/* And who is it. */

static int
dots_restconf_admit(dots_exchange_t *x)
{
    static const dots_str_t  challenge = dots_string(DOTS_RESTCONF_CHALLENGE);

    if (x->rc->customer == NULL) {
        x->rc->challenge = challenge;

        return dots_restconf_error(&x->error, DOTS_TAG_ACCESS_DENIED,
                                   "a client certificate of a customer is "
                                   "needed");
    }

    /* of a gateway it is not known yet for whom it asks */

    if (!x->rc->customer->gateway && dots_restconf_limited(x) != DOTS_OK) {
        return DOTS_INVALID;
    }

    if (dots_restconf_readable(x) != DOTS_OK) {
        return DOTS_INVALID;
    }

    return dots_restconf_run(x);
}


/* RFC 8040 section 5.2: without Accept in the form of the request. */

static dots_media_t
dots_restconf_answer(const dots_restconf_t *rc)
{
    dots_media_t  media;

    if (rc->accept.len) {
        return dots_media_choose(rc->accept);
    }

    media = dots_media_content(rc->content_type);

    return media == DOTS_MEDIA_XML || media == DOTS_MEDIA_PATCH_XML
               ? DOTS_MEDIA_XML : DOTS_MEDIA_JSON;
}


static dots_exchange_t *
dots_restconf_start(dots_restconf_t *rc)
{
    dots_exchange_t  *x;

    rc->arena = dots_arena_create_room(DOTS_RESTCONF_ARENA,
                                       DOTS_RESTCONF_ROOM);
    if (rc->arena == NULL) {
        return NULL;
    }

    x = dots_arena_alloc(rc->arena, sizeof(dots_exchange_t));
    if (x == NULL) {
        return NULL;
    }

    x->rc = rc;
    x->arena = rc->arena;
    x->answer = dots_restconf_answer(rc);
    x->context = (dots_data_context_t) { rc->schema, rc->arena, &x->error };
    x->rq.arena = rc->arena;
    x->rq.customer = rc->customer;
    x->rq.done = dots_restconf_outcome;
    x->rq.data = x;

    rc->xml = (x->answer == DOTS_MEDIA_XML);
    rc->request = &x->rq;

    return x;
}


void
dots_restconf_handle(dots_restconf_t *rc)
{
    int               result;
    dots_exchange_t  *x;

    rc->status = 0;
    rc->varies = 0;
    rc->pieces = 0;
    rc->request = NULL;
    rc->subscription = NULL;
    rc->media = rc->text = rc->location = rc->allow = dots_str(NULL, 0);
    rc->retry_after = 0;
    rc->accept_patch = rc->etag = rc->last_modified = dots_str(NULL, 0);
    rc->challenge = rc->takes = rc->decodes = dots_str(NULL, 0);

    x = dots_restconf_start(rc);

    if (x == NULL) {
        rc->status = 500;
        rc->done(rc);
        return;
    }

    result = dots_restconf_admit(x);

    if (x->rq.cuid.len == 0) {
        x->rq.cuid = x->cuid;
    }

    dots_restconf_advance(x, result);
}


int
dots_restconf_refuses(dots_restconf_t *rc)
{
    int                       refused;
    dots_exchange_t          *x;
    dots_resource_handler_pt  handler;

    if (rc->customer == NULL) {
        return 1;
    }

    rc->request = NULL;
    rc->body_unread = 1;

    x = dots_restconf_start(rc);

    refused = x != NULL
              && (dots_restconf_readable(x) != DOTS_OK
                  || dots_restconf_head(x, &handler) == DOTS_INVALID);

    dots_restconf_free(rc);
    rc->body_unread = 0;

    return refused;
}


void
dots_restconf_allow(dots_restconf_t *rc)
{
    dots_str_t        path, query;
    dots_exchange_t  *x;

    rc->allow = dots_str(NULL, 0);
    rc->request = NULL;

    x = dots_restconf_start(rc);

    if (x == NULL) {
        return;
    }

    dots_restconf_split(rc->uri, &path, &query);

    if (dots_restconf_resource(x, path) == DOTS_OK) {
        (void) dots_restconf_route_allow(x->resource, x->arena, &rc->allow);
    }
}


void
dots_restconf_free(dots_restconf_t *rc)
{
    if (rc->request != NULL) {
        dots_restconf_end(rc->request->data);

    } else {
        dots_arena_destroy(rc->arena);
    }

    rc->arena = NULL;
    rc->request = NULL;
}


void
dots_restconf_cancel(dots_restconf_t *rc)
{
    dots_exchange_t  *x;

    x = rc->request ? rc->request->data : NULL;

    if (x == NULL || !x->pending) {
        dots_restconf_free(rc);
        return;
    }

    /* the model still writes into the arena: the outcome frees it */

    x->rc = NULL;
    rc->arena = NULL;
    rc->request = NULL;
}


/* ---- discovery ---- */

/* The bytes of an attribute value that XML does not take as they are. */

static void
dots_restconf_attribute(dots_writer_t *w, dots_str_t s)
{
    int      n;
    size_t   i;
    char     escape[8];
    uint8_t  c;

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if (c >= ' ' && c != '&' && c != '<' && c != '>' && c != '\''
            && c != '"')
        {
            dots_write_u8(w, c);
            continue;
        }

        n = snprintf(escape, sizeof(escape), "&#%u;", c);
        dots_write_bytes(w, escape, (size_t) n);
    }
}


size_t
dots_restconf_host_meta(dots_str_t root, char *buf, size_t size)
{
    dots_writer_t      w = { (uint8_t *) buf, (uint8_t *) buf + size, 0 };
    static const char  head[] =
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        "<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\n"
        "    <Link rel='restconf' href='";
    static const char  tail[] = "'/>\n</XRD>\n";

    dots_write_bytes(&w, head, sizeof(head) - 1);
    dots_restconf_attribute(&w, root);
    dots_write_bytes(&w, tail, sizeof(tail) - 1);

    return w.failed ? 0 : (size_t) (w.pos - (uint8_t *) buf);
}
