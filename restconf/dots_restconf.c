#include <stdio.h>

#include "dots_api_path.h"
#include "dots_media.h"
#include "dots_restconf_exchange.h"
#include "dots_restconf_route.h"


/* What the model said, in HTTP; "message" only where it is an error. */

typedef struct {
    unsigned          status;
    dots_error_tag_t  tag;
    const char       *message;
} dots_restconf_verdict_t;


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
            (void) dots_restconf_error(&x->error, DOTS_TAG_FAILED,
                                       "the server has no memory for it");
        }

        rc->status = x->error.status;

        /* out of memory here: the status alone has to say it */

        if (dots_restconf_error_write(&x->error, rc->arena, &rc->text)
            != DOTS_OK)
        {
            rc->text = dots_str(NULL, 0);
        }
    }

    if (rc->text.len != 0) {
        rc->media = dots_media_name(DOTS_MEDIA_JSON);
    }

    rc->done(rc);
}


/* ---- the model's outcome ---- */

static int
dots_restconf_refused(dots_exchange_t *x, dots_verdict_t verdict)
{
    const dots_restconf_verdict_t  *v;

    v = &dots_restconf_verdicts[verdict];

    if (x->rq.fault.message[0] == '\0') {
        return dots_restconf_error_status(&x->error, v->status, v->tag, "%s",
                                          v->message);
    }

    if (verdict == DOTS_VERDICT_INVALID) {
        return dots_restconf_error_fault(&x->error, &x->rq.fault);
    }

    return dots_restconf_error_status(&x->error, v->status, v->tag, "%s",
                                      x->rq.fault.message);
}


static int
dots_restconf_answer(dots_exchange_t *x)
{
    dots_verdict_t                  verdict;
    const dots_restconf_verdict_t  *v;

    verdict = x->rq.verdict;

    /* what is another customer's does not exist, unless one registers it */

    if (verdict == DOTS_VERDICT_COLLISION
        && x->rq.operation != DOTS_CLIENT_PUT)
    {
        verdict = DOTS_VERDICT_NOT_FOUND;
    }

    v = &dots_restconf_verdicts[verdict];

    if (v->message != NULL) {
        return dots_restconf_refused(x, verdict);
    }

    x->rc->status = v->status;

    if (verdict == DOTS_VERDICT_CREATED) {
        x->rc->location = x->location;
    }

    if (verdict != DOTS_VERDICT_FOUND) {
        return DOTS_OK;
    }

    return x->resource->found ? x->resource->found(x) : DOTS_ERROR;
}


static void
dots_restconf_outcome(dots_request_t *rq)
{
    dots_exchange_t  *x;

    x = rq->data;
    x->pending = 0;

    if (x->rc == NULL) {
        dots_arena_destroy(rq->arena);
        return;
    }

    if (rq->now == 0) {
        rq->now = x->rc->now;
    }

    dots_restconf_finish(x, dots_restconf_answer(x));
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

    path = dots_arena_alloc(x->rc->arena, sizeof(dots_api_path_t));
    if (path == NULL) {
        return DOTS_ERROR;
    }

    rc = dots_api_path_parse(path, text, x->rc->arena);

    if (rc == DOTS_INVALID) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "the path is not valid at byte %zu after "
                                   "{+restconf}: %s",
                                   path->position, path->error);
    }

    return rc == DOTS_OK ? dots_restconf_route_find(x, path) : rc;
}


static int
dots_restconf_handler(dots_exchange_t *x, dots_method_t method,
    dots_resource_handler_pt *handler)
{
    *handler = x->resource->methods[method];

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


/* RFC 8040 section 5.2: what the client takes and what it sent. */

static int
dots_restconf_content(dots_exchange_t *x, dots_method_t method)
{
    dots_str_t        json;
    dots_restconf_t  *rc;

    rc = x->rc;

    json = dots_media_name(DOTS_MEDIA_JSON);

    if (dots_media_quality(rc->accept, (const char *) json.data) == 0) {
        return dots_restconf_error_status(&x->error, 406,
                                          DOTS_TAG_INVALID_VALUE,
                                          "only %s can be returned",
                                          (const char *) json.data);
    }

    if (method != DOTS_METHOD_POST && method != DOTS_METHOD_PUT) {
        return DOTS_OK;
    }

    if (rc->body.len == 0) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "the message-body is missing");
    }

    if (dots_media_content(rc->content_type) != DOTS_MEDIA_JSON) {
        return dots_restconf_error_status(&x->error, 415,
                                          DOTS_TAG_NOT_SUPPORTED,
                                          "the Content-Type has to be %s",
                                          (const char *) json.data);
    }

    return DOTS_OK;
}


static int
dots_restconf_run(dots_exchange_t *x)
{
    int                       rc;
    unsigned                  allowed;
    dots_str_t                path, query;
    dots_method_t             method;
    dots_resource_handler_pt  handler;

    dots_restconf_split(x->rc->uri, &path, &query);

    rc = dots_restconf_resource(x, path);
    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_restconf_route_method(x, &method);
    if (rc != DOTS_OK) {
        return rc;
    }

    allowed = method == DOTS_METHOD_GET || method == DOTS_METHOD_HEAD
                  ? x->resource->query : DOTS_QUERY_NONE;

    if (x->resource->insert & 1U << method) {
        allowed |= DOTS_QUERY_INSERT | DOTS_QUERY_POINT;
    }

    rc = dots_query_parse(&x->query, query, allowed, &x->error);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (method == DOTS_METHOD_OPTIONS) {
        return dots_restconf_route_allow(x->resource, x->rc->arena,
                                         &x->rc->allow);
    }

    rc = dots_restconf_handler(x, method, &handler);
    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_restconf_content(x, method);

    return rc == DOTS_OK ? handler(x) : rc;
}


/* Before anything is parsed: who is it, and can it be read at all. */

static int
dots_restconf_admit(dots_exchange_t *x)
{
    if (x->rc->customer == NULL) {
        return dots_restconf_error(&x->error, DOTS_TAG_ACCESS_DENIED,
                                   "a client certificate of a customer is "
                                   "needed");
    }

    if (x->rc->body_too_large) {
        return dots_restconf_error(&x->error, DOTS_TAG_TOO_BIG,
                                   "the message-body is larger than %d bytes",
                                   DOTS_RESTCONF_BODY);
    }

    return dots_restconf_run(x);
}


static dots_exchange_t *
dots_restconf_start(dots_restconf_t *rc)
{
    dots_exchange_t  *x;

    rc->arena = dots_arena_create(DOTS_RESTCONF_ARENA);
    if (rc->arena == NULL) {
        return NULL;
    }

    x = dots_arena_alloc(rc->arena, sizeof(dots_exchange_t));
    if (x == NULL) {
        return NULL;
    }

    x->rc = rc;
    x->rq.arena = rc->arena;
    x->rq.customer = rc->customer;
    x->rq.done = dots_restconf_outcome;
    x->rq.data = x;

    rc->request = &x->rq;

    return x;
}


void
dots_restconf_handle(dots_restconf_t *rc)
{
    int               result;
    dots_exchange_t  *x;

    rc->status = 0;
    rc->request = NULL;
    rc->media = rc->text = rc->location = rc->allow = dots_str(NULL, 0);

    x = dots_restconf_start(rc);

    if (x == NULL) {
        rc->status = 500;
        rc->done(rc);
        return;
    }

    result = dots_restconf_admit(x);

    x->rq.cuid = x->cuid;

    if (result != DOTS_OK || rc->text.len != 0 || rc->allow.len != 0) {
        dots_restconf_finish(x, result);
        return;
    }

    /* the outcome may come, and free all this, before submit() returns */

    x->pending = 1;
    rc->submit(rc, &x->rq);
}


void
dots_restconf_free(dots_restconf_t *rc)
{
    dots_arena_destroy(rc->arena);

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
