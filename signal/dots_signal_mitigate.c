#include <stdlib.h>

#include "dots_cbor.h"
#include "dots_signal_filter.h"
#include "dots_signal_mitigate.h"
#include "dots_signal_redirect.h"
#include "dots_signal_scope.h"
#include "dots_signal_uri.h"


/* Max-Age of 5.03: when to try again, s (RFC 7252 section 5.9.3.4) */

#define DOTS_SIGNAL_MITIGATE_RETRY_LIMIT 60
#define DOTS_SIGNAL_MITIGATE_RETRY_SOON  10

/*
 * Bytes for the list of a client's mitigations: many more than an answer of
 * DOTS_SIGNAL_BODY can tell of, as it is the answer's size that bounds the
 * list.
 */

#define DOTS_SIGNAL_MITIGATE_LIST        (4 * 1024 * 1024)

/*
 * Bytes that nearly every body fits, and that malloc() keeps at hand: to free
 * as many as DOTS_SIGNAL_BODY makes it tidy up all that it has
 */

#define DOTS_SIGNAL_MITIGATE_BODY        1024


static const char  dots_signal_mitigate_large[] =
    "the answer is too large, ask for a single mid or with a Uri-Query "
    "target-prefix";


typedef struct {
    dots_operation_t  operation;    /* 0: any */
    dots_verdict_t    verdict;
    uint8_t           code;
    int64_t           max_age;      /* -1: none */
    const char       *text;         /* NULL: the fault's or the body */
    int             (*body)(dots_cbor_body_t *b, const dots_request_t *rq,
                            unsigned content);
} dots_signal_mitigate_answer_t;


/*
 * Outcomes.  RFC 9132 has no code for a customer's own limit but the general
 * "near capacity or needs to rate-limit a particular client", section 4.4.1.3,
 * of the 5.xx class.
 */

static const dots_signal_mitigate_answer_t  dots_signal_mitigate_answers[] = {

    { DOTS_MITIGATION_PUT, DOTS_VERDICT_CREATED, dots_coap_code(2, 1), -1,
      NULL, dots_signal_scope_granted },
    { DOTS_MITIGATION_PUT, DOTS_VERDICT_CHANGED, dots_coap_code(2, 4), -1,
      NULL, dots_signal_scope_granted },

    { DOTS_MITIGATION_GET, DOTS_VERDICT_FOUND, dots_coap_code(2, 5), -1,
      NULL, dots_signal_scope_found },
    { DOTS_MITIGATION_GET, DOTS_VERDICT_NOT_FOUND, dots_coap_code(4, 4), -1,
      "no such mitigation", NULL },

    /* 2.02 whether it was there or not, no payload: section 4.4.4 */

    { DOTS_MITIGATION_DELETE, DOTS_VERDICT_DELETED, dots_coap_code(2, 2), -1,
      NULL, NULL },
    { DOTS_MITIGATION_DELETE, DOTS_VERDICT_FOUND, dots_coap_code(2, 2), -1,
      NULL, NULL },
    { DOTS_MITIGATION_DELETE, DOTS_VERDICT_NOT_FOUND, dots_coap_code(2, 2), -1,
      NULL, NULL },

    { DOTS_MITIGATION_PUT, DOTS_VERDICT_CONFLICT, dots_coap_code(4, 9), -1,
      NULL, dots_signal_scope_conflict },
    { 0, DOTS_VERDICT_COLLISION, dots_coap_code(4, 9), -1,
      NULL, dots_signal_scope_collision },

    { 0, DOTS_VERDICT_INVALID, dots_coap_code(4, 0), -1, NULL, NULL },
    { 0, DOTS_VERDICT_UNAVAILABLE, dots_coap_code(5, 3),
      DOTS_SIGNAL_MITIGATE_RETRY_SOON, NULL, NULL },
    { 0, DOTS_VERDICT_LIMIT, dots_coap_code(5, 3),
      DOTS_SIGNAL_MITIGATE_RETRY_LIMIT,
      "the customer's limit of mitigations is reached", NULL },
    { 0, DOTS_VERDICT_FULL, dots_coap_code(5, 3),
      DOTS_SIGNAL_MITIGATE_RETRY_LIMIT, "the server is full", NULL },

    { DOTS_MITIGATION_GET, DOTS_VERDICT_LARGE, dots_coap_code(5, 1), -1,
      dots_signal_mitigate_large, NULL },
};

#define DOTS_SIGNAL_MITIGATE_ANSWERS                                          \
    (sizeof(dots_signal_mitigate_answers)                                     \
     / sizeof(dots_signal_mitigate_answers[0]))


/* Ends the exchange: DOTS_INVALID is the peer's fault, DOTS_ERROR ours. */

static void
dots_signal_mitigate_refuse(dots_signal_exchange_t *ex,
    const dots_request_t *rq, int rc, const dots_fault_t *f)
{
    if (rc == DOTS_INVALID) {
        dots_signal_fault(ex, rq, dots_coap_code(4, 0), -1, f);
        return;
    }

    dots_signal_refuse(ex, rq, dots_coap_code(5, 0), -1,
                       "the server failed to process the request");
}


/* ---- the outcome ---- */

/* The body as CBOR.  DOTS_OK, DOTS_FULL, DOTS_ERROR. */

static int
dots_signal_mitigate_encode(dots_signal_exchange_t *ex,
    const dots_request_t *rq, const dots_signal_mitigate_answer_t *a,
    uint8_t *buf, size_t size, size_t *len)
{
    int               rc;
    unsigned          content;
    dots_cbor_body_t  b;

    if (dots_signal_uri_read_query(&ex->request, &content, NULL) != DOTS_OK) {
        return DOTS_ERROR;
    }

    dots_signal_scope_start(&b, buf, size);

    rc = a->body(&b, rq, content);

    return rc == DOTS_OK ? dots_cbor_body_finish(&b, len) : rc;
}


/* Less of each list, the first half; 0: there is nothing left. */

static int
dots_signal_mitigate_halve(dots_target_t *t)
{
    if (t->nprefixes + t->nports + t->nprotocols + t->nfqdns + t->nuris
        + t->naliases == 0)
    {
        return 0;
    }

    t->nprefixes /= 2;
    t->nports /= 2;
    t->nprotocols /= 2;
    t->nfqdns /= 2;
    t->nuris /= 2;
    t->naliases /= 2;

    return 1;
}


/*
 * An error comes in one message.  "conflict-scope" MAY have this or that (RFC
 * 9132 section 4.4.1.3), so it has as much of its lists as there is room for:
 * without any body the client would not learn what it conflicts with.
 */

static int
dots_signal_mitigate_body(dots_signal_exchange_t *ex,
    const dots_request_t *rq, const dots_signal_mitigate_answer_t *a,
    dots_coap_message_t *response, uint8_t *buf, size_t size)
{
    int             rc;
    size_t          len;
    dots_request_t  less;

    len = 0;
    rc = dots_signal_mitigate_encode(ex, rq, a, buf, size, &len);

    response->content_format = DOTS_COAP_FORMAT_DOTS;
    response->payload = dots_str(buf, len);

    if (dots_coap_class(response->code) == 2) {
        return rc;
    }

    less = *rq;

    while (rc == DOTS_OK && !dots_signal_block_fits(ex, response)
           && dots_signal_mitigate_halve(&less.conflict.scope))
    {
        rc = dots_signal_mitigate_encode(ex, &less, a, buf, size, &len);
        response->payload = dots_str(buf, len);
    }

    return rc;
}


/* The body has memory of its own: what was found may have filled the arena. */

static void
dots_signal_mitigate_reply(dots_signal_exchange_t *ex,
    const dots_request_t *rq, const dots_signal_mitigate_answer_t *a)
{
    int                  rc;
    size_t               size;
    uint8_t             *buf;
    dots_coap_message_t  response;

    dots_coap_init(&response);

    response.code = a->code;
    response.max_age = a->max_age;

    if (a->body == NULL
        || (ex->observer != NULL && !dots_signal_observe_news(ex, rq)))
    {
        dots_signal_answer(ex, &response, rq, NULL);
        return;
    }

    size = DOTS_SIGNAL_MITIGATE_BODY;

again:

    buf = malloc(size);

    rc = buf ? dots_signal_mitigate_body(ex, rq, a, &response, buf, size)
             : DOTS_ERROR;

    if (rc == DOTS_FULL && size < DOTS_SIGNAL_BODY) {
        free(buf);
        size = DOTS_SIGNAL_BODY;
        goto again;
    }

    if (rc == DOTS_ERROR) {
        free(buf);

        response.content_format = -1;
        response.payload.len = 0;

        /* no memory: what is done is not refused, a GET tells the rest */

        if (rq->verdict == DOTS_VERDICT_CREATED
            || rq->verdict == DOTS_VERDICT_CHANGED)
        {
            dots_signal_answer(ex, &response, rq, NULL);
            return;
        }

        dots_signal_mitigate_refuse(ex, rq, DOTS_ERROR, NULL);
        return;
    }

    if (rc == DOTS_FULL) {
        free(buf);
        dots_signal_refuse(ex, rq, dots_coap_code(5, 1), -1,
                           dots_signal_mitigate_large);
        return;
    }

    dots_signal_answer(ex, &response, rq, NULL);

    free(buf);
}


/*
 * RFC 9244 section 9.2: what the query does not match is as if it were not
 * there, 4.04 if nothing is left.  Of what has ended an observer knows because
 * the query did match it; no target of it is left that could.
 */

static void
dots_signal_mitigate_select(const dots_signal_exchange_t *ex,
    dots_request_t *rq)
{
    size_t                    i, n;
    const dots_mitigation_t  *m;

    for (i = 0, n = 0; i < rq->nmitigations; i++) {

        m = &rq->mitigations[i];

        if ((ex->observer != NULL && m->status == DOTS_STATUS_TERMINATED)
            || dots_signal_filter_match(&ex->request, m))
        {
            rq->mitigations[n++] = *m;
        }
    }

    rq->nmitigations = n;

    if (n == 0) {
        rq->verdict = DOTS_VERDICT_NOT_FOUND;
    }
}


/* Of a list: what an observer knows is there still, whatever it matches. */

static int
dots_signal_mitigate_wanted(void *data, const dots_mitigation_t *m)
{
    const dots_signal_exchange_t  *ex = data;

    return dots_signal_filter_match(&ex->request, m)
           || (ex->observer != NULL
               && dots_signal_observe_knows(ex->observer, m->mid));
}


static void
dots_signal_mitigate_outcome(dots_signal_exchange_t *ex, dots_request_t *rq)
{
    size_t                                i;
    const dots_signal_mitigate_answer_t  *a;

    /* RFC 9132 section 4.4.3: an efficacy update without a match */

    if (rq->operation == DOTS_MITIGATION_PUT && ex->request.if_match
        && rq->verdict == DOTS_VERDICT_NOT_FOUND)
    {
        dots_signal_ignore(ex, rq, "efficacy update of what is not there");
        return;
    }

    if (rq->operation == DOTS_MITIGATION_GET
        && rq->verdict == DOTS_VERDICT_FOUND)
    {
        dots_signal_mitigate_select(ex, rq);
    }

    for (i = 0; i < DOTS_SIGNAL_MITIGATE_ANSWERS; i++) {

        a = &dots_signal_mitigate_answers[i];

        if (a->verdict != rq->verdict
            || (a->operation != 0 && a->operation != rq->operation))
        {
            continue;
        }

        if (a->text != NULL) {
            dots_signal_refuse(ex, rq, a->code, a->max_age, a->text);
            return;
        }

        if (a->body == NULL && dots_coap_class(a->code) != 2) {
            dots_signal_fault(ex, rq, a->code, a->max_age, &rq->fault);
            return;
        }

        dots_signal_mitigate_reply(ex, rq, a);
        return;
    }

    dots_signal_mitigate_refuse(ex, rq, DOTS_ERROR, NULL);
}


/* ---- the methods ---- */

/* The request with cuid and mid; NULL: the exchange has ended. */

static dots_request_t *
dots_signal_mitigate_request(dots_signal_exchange_t *ex,
    dots_operation_t operation)
{
    dots_fault_t        fault;
    dots_request_t     *rq;
    dots_signal_uri_t   uri;

    /* no resource here has an entity-tag: RFC 7252 section 5.10.8.1 */

    if (ex->request.if_match && !ex->request.if_match_empty) {
        dots_signal_refuse(ex, NULL, dots_coap_code(4, 12), -1,
                           "If-Match has to be empty");
        return NULL;
    }

    if (dots_signal_uri_read_path(&ex->request,
                                  operation != DOTS_MITIGATION_GET, &uri,
                                  &fault)
        != DOTS_OK)
    {
        dots_signal_mitigate_refuse(ex, NULL, DOTS_INVALID, &fault);
        return NULL;
    }

    rq = dots_signal_request(ex, operation);
    if (rq == NULL) {
        dots_signal_mitigate_refuse(ex, NULL, DOTS_ERROR, NULL);
        return NULL;
    }

    rq->cuid = uri.cuid;
    rq->has_mid = uri.has_mid;
    rq->mid = uri.mid;

    return rq;
}


static int
dots_signal_mitigate_read_body(dots_signal_exchange_t *ex,
    dots_mitigation_t *m, dots_fault_t *f)
{
    int               rc;
    struct lyd_node  *top;

    rc = dots_cbor_decode_own(ex->conf->schema, ex->request.payload.data,
                              ex->request.payload.len, &top, f);
    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_signal_scope_read(ex->conf->schema, top, ex->arena, m, f);

    lyd_free_all(top);

    return rc;
}


/* RFC 9132 section 4.4.3: If-Match and attack-status, or neither */

static int
dots_signal_mitigate_efficacy(const dots_signal_exchange_t *ex,
    const dots_mitigation_t *m, dots_fault_t *f)
{
    if (ex->request.if_match && m->attack == 0) {
        return dots_fault(f, DOTS_FAULT_MISSING, "attack-status",
                          "attack-status is missing: with If-Match the request "
                          "is an efficacy update");
    }

    if (!ex->request.if_match && m->attack != 0) {
        return dots_fault(f, DOTS_FAULT_UNKNOWN, "attack-status",
                          "attack-status must not be in the request: only an "
                          "efficacy update, with If-Match, carries it");
    }

    return DOTS_OK;
}


static int
dots_signal_mitigate_read_put(dots_signal_exchange_t *ex, dots_request_t *rq,
    dots_fault_t *f)
{
    int                 rc;
    dots_mitigation_t  *m;

    m = dots_arena_alloc(ex->arena, sizeof(dots_mitigation_t));
    if (m == NULL) {
        return DOTS_ERROR;
    }

    m->customer = rq->customer->name;
    m->cuid = rq->cuid;
    m->mid = rq->mid;
    m->trigger = 1;

    rc = dots_signal_mitigate_read_body(ex, m, f);

    if (rc == DOTS_OK) {
        rc = dots_signal_mitigate_efficacy(ex, m, f);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    if (m->lifetime != 0) {
        m->lifetime = dots_lifetime_grant(ex->conf->lifetime, m->lifetime);
    }

    rq->mitigation = m;

    return dots_target_check(&m->target, rq->customer, f);
}


void
dots_signal_mitigate_put(dots_signal_exchange_t *ex)
{
    int              rc;
    dots_fault_t     fault;
    dots_request_t  *rq;

    rq = dots_signal_mitigate_request(ex, DOTS_MITIGATION_PUT);
    if (rq == NULL) {
        return;
    }

    /*
     * RFC 9132 section 4.6 lets a server redirect any request.  This one
     * redirects those for mitigation alone: what it still protects the client
     * has to be able to see, to observe and to withdraw, and what it says of it
     * (an efficacy update, section 4.4.3) is for the server that protects.
     */

    if (!ex->request.if_match && dots_signal_redirect(ex, rq)) {
        return;
    }

    rc = dots_signal_mitigate_read_put(ex, rq, &fault);
    if (rc != DOTS_OK) {
        dots_signal_mitigate_refuse(ex, rq, rc, &fault);
        return;
    }

    dots_signal_submit(ex, rq, dots_signal_mitigate_outcome);
}


void
dots_signal_mitigate_get(dots_signal_exchange_t *ex)
{
    unsigned         content;
    dots_fault_t     fault;
    dots_request_t  *rq;

    rq = dots_signal_mitigate_request(ex, DOTS_MITIGATION_GET);
    if (rq == NULL) {
        return;
    }

    if (dots_signal_uri_read_query(&ex->request, &content, &fault) != DOTS_OK
        || dots_signal_filter_check(&ex->request, &fault) != DOTS_OK)
    {
        dots_signal_mitigate_refuse(ex, rq, DOTS_INVALID, &fault);
        return;
    }

    if (!rq->has_mid) {
        dots_arena_extend(ex->arena, DOTS_SIGNAL_MITIGATE_LIST);
    }

    if (dots_signal_filter_asked(&ex->request)) {
        rq->wanted = dots_signal_mitigate_wanted;
    }

    dots_signal_submit(ex, rq, dots_signal_mitigate_outcome);
}


void
dots_signal_mitigate_delete(dots_signal_exchange_t *ex)
{
    dots_request_t  *rq;

    rq = dots_signal_mitigate_request(ex, DOTS_MITIGATION_DELETE);
    if (rq == NULL) {
        return;
    }

    dots_signal_submit(ex, rq, dots_signal_mitigate_outcome);
}
