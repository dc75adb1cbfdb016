#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "dots_signal.h"
#include "dots_signal_exchange.h"
#include "dots_signal_mitigate.h"


/* RFC 7252 section 4.8.2, ms: how long a message id is not used again */

#define DOTS_SIGNAL_EXCHANGE_LIFETIME 247000
#define DOTS_SIGNAL_NON_LIFETIME      145000

#define DOTS_SIGNAL_MIN_MESSAGE 64  /* an error without its text always fits */


/* What a duplicate of the request gets (RFC 7252 section 4.5). */

typedef struct dots_signal_reply_s  dots_signal_reply_t;

struct dots_signal_reply_s {
    dots_signal_reply_t *next;      /* younger */
    int64_t              expires;   /* ms */
    uint64_t             hash;      /* of the request's datagram */
    uint16_t             id;        /* of the request */
    uint8_t              acked;     /* by an empty ACK, data is separate */
    size_t               len;
    uint8_t              data[];
};

struct dots_signal_s {
    dots_signal_conf_t      conf;
    void                   *peer;
    const dots_customer_t  *customer;
    size_t                  max_message;
    uint16_t                next_id;
    uint16_t                nexchanges;
    uint16_t                nreplies;
    dots_signal_exchange_t *exchanges;
    dots_signal_reply_t    *replies;    /* oldest first */
};

typedef struct {
    uint8_t  code;
    uint8_t  body;      /* the request has one: application/dots+cbor */
    void   (*handler)(dots_signal_exchange_t *ex);
} dots_signal_method_t;

typedef struct {
    dots_str_t            name;
    dots_signal_method_t  methods[4];   /* the rest: code 0 */
} dots_signal_resource_t;


/* Below /.well-known/dots, RFC 9132 section 4.2. */

static const dots_signal_resource_t  dots_signal_resources[] = {
    { dots_string("mitigate"),
      { { DOTS_COAP_PUT, 1, dots_signal_mitigate_put },
        { DOTS_COAP_GET, 0, dots_signal_mitigate_get },
        { DOTS_COAP_DELETE, 0, dots_signal_mitigate_delete } } },
};

#define DOTS_SIGNAL_RESOURCES                                                 \
    (sizeof(dots_signal_resources) / sizeof(dots_signal_resources[0]))


/* ---- one way out ---- */

static void
dots_signal_send(dots_signal_t *s, const uint8_t *data, size_t len)
{
    s->conf.ops->send(s->peer, data, len);
}


/* An empty ACK or RST: the header alone (RFC 7252 section 4.2). */

static void
dots_signal_send_empty(dots_signal_t *s, uint8_t type, uint16_t id)
{
    size_t               len;
    uint8_t              buf[4];
    dots_coap_message_t  m;

    dots_coap_init(&m);

    m.type = type;
    m.id = id;

    if (dots_coap_write(&m, buf, sizeof(buf), &len) == DOTS_OK) {
        dots_signal_send(s, buf, len);
    }
}


/* ---- remembered answers ---- */

static void
dots_signal_forget(dots_signal_t *s, dots_signal_reply_t **link)
{
    dots_signal_reply_t  *r;

    r = *link;
    *link = r->next;
    s->nreplies--;

    free(r);
}


static void
dots_signal_expire(dots_signal_t *s, int64_t now)
{
    dots_signal_reply_t  **link;

    link = &s->replies;

    while (*link != NULL) {

        if ((*link)->expires <= now) {
            dots_signal_forget(s, link);
            continue;
        }

        link = &(*link)->next;
    }
}


/* Takes r, the youngest; the oldest makes room for it. */

static void
dots_signal_remember(dots_signal_t *s, dots_signal_reply_t *r)
{
    dots_signal_reply_t  **link;

    if (s->nreplies == DOTS_SIGNAL_RECENT) {
        dots_signal_forget(s, &s->replies);
    }

    for (link = &s->replies; *link != NULL; link = &(*link)->next) {
        /* void */
    }

    *link = r;
    s->nreplies++;
}


static dots_signal_reply_t *
dots_signal_reply(dots_signal_exchange_t *ex, const uint8_t *data, size_t len)
{
    dots_signal_reply_t  *r;

    r = malloc(sizeof(dots_signal_reply_t) + len);
    if (r == NULL) {
        return NULL;
    }

    r->next = NULL;
    r->expires = ex->received
                 + (ex->request.type == DOTS_COAP_CON
                    ? DOTS_SIGNAL_EXCHANGE_LIFETIME
                    : DOTS_SIGNAL_NON_LIFETIME);
    r->hash = ex->hash;
    r->id = ex->request.id;
    r->acked = ex->acked;
    r->len = len;
    memcpy(r->data, data, len);

    return r;
}


/* ---- the end of an exchange ---- */

static void
dots_signal_unlink(dots_signal_exchange_t *ex)
{
    dots_signal_exchange_t  **link;

    link = &ex->signal->exchanges;

    while (*link != ex) {
        link = &(*link)->next;
    }

    *link = ex->next;
    ex->signal->nexchanges--;
}


/*
 * A CON is answered in its ACK.  Where an empty ACK went ahead, the separate
 * response is a NON (RFC 7252 section 5.2.2 leaves the choice): RFC 9132
 * section 4.4 wants responses so, and a client that misses it repeats its
 * request, which is idempotent.
 */

static void
dots_signal_address(dots_signal_exchange_t *ex, dots_coap_message_t *response)
{
    if (ex->request.type == DOTS_COAP_CON && !ex->acked) {
        response->type = DOTS_COAP_ACK;
        response->id = ex->request.id;

    } else {
        response->type = DOTS_COAP_NON;
        response->id = ex->signal->next_id++;
    }

    response->token_len = ex->request.token_len;
    memcpy(response->token, ex->request.token, sizeof(response->token));
}


/*
 * What does not fit one datagram needs blocks (RFC 9132 section 4.4.2), which
 * this server does not do: it says so instead of sending a part.
 */

static int
dots_signal_write(dots_coap_message_t *response, uint8_t *buf, size_t size,
    size_t *len, const char **why)
{
    static const char  text[] = "the answer does not fit one datagram, "
                                "ask for a single mid";

    if (dots_coap_write(response, buf, size, len) == DOTS_OK) {
        return DOTS_OK;
    }

    if (dots_coap_class(response->code) == 2) {
        *why = text;

        response->code = dots_coap_code(5, 1);
        response->content_format = DOTS_COAP_FORMAT_TEXT;
        response->max_age = -1;
        response->payload = dots_str(text, sizeof(text) - 1);

        if (dots_coap_write(response, buf, size, len) == DOTS_OK) {
            return DOTS_OK;
        }
    }

    response->content_format = -1;
    response->payload.len = 0;

    return dots_coap_write(response, buf, size, len);
}


void
dots_signal_answer(dots_signal_exchange_t *ex, dots_coap_message_t *response,
    const dots_request_t *rq, const char *why)
{
    size_t                len;
    uint8_t              *buf;
    dots_signal_t        *s;
    dots_signal_reply_t  *r;

    s = ex->signal;
    r = NULL;

    dots_signal_unlink(ex);
    dots_signal_address(ex, response);

    buf = malloc(s->max_message);

    if (buf != NULL
        && dots_signal_write(response, buf, s->max_message, &len, &why)
           == DOTS_OK)
    {
        r = dots_signal_reply(ex, buf, len);
    }

    free(buf);

    /* without memory there is no answer: the client repeats its request */

    if (r != NULL) {
        dots_signal_remember(s, r);

        if (s->conf.ops->audit != NULL) {
            s->conf.ops->audit(s->peer, &ex->request, response->code, rq, why);
        }

        dots_signal_send(s, r->data, r->len);
    }

    dots_arena_destroy(ex->arena);
}


void
dots_signal_refuse(dots_signal_exchange_t *ex, const dots_request_t *rq,
    uint8_t code, int64_t max_age, const char *text)
{
    dots_coap_message_t  response;

    dots_coap_init(&response);

    response.code = code;
    response.content_format = DOTS_COAP_FORMAT_TEXT;
    response.max_age = max_age;
    response.payload = dots_str(text, strlen(text));

    dots_signal_answer(ex, &response, rq, text);
}


void
dots_signal_fault(dots_signal_exchange_t *ex, const dots_request_t *rq,
    uint8_t code, int64_t max_age, const dots_fault_t *f)
{
    char  text[DOTS_FAULT_TEXT + 64];

    if (f->attribute == NULL || strstr(f->message, f->attribute) != NULL) {
        dots_signal_refuse(ex, rq, code, max_age, f->message);
        return;
    }

    (void) snprintf(text, sizeof(text), "%s: %s", f->attribute, f->message);

    dots_signal_refuse(ex, rq, code, max_age, text);
}


/* ---- requests to the model ---- */

dots_request_t *
dots_signal_request(dots_signal_exchange_t *ex, dots_operation_t operation)
{
    dots_request_t  *rq;

    rq = dots_arena_alloc(ex->arena, sizeof(dots_request_t));
    if (rq == NULL) {
        return NULL;
    }

    rq->arena = ex->arena;
    rq->operation = operation;
    rq->customer = ex->customer;

    return rq;
}


static void
dots_signal_done(dots_request_t *rq)
{
    dots_signal_exchange_t  *ex;

    ex = rq->data;

    if (ex->signal == NULL) {
        dots_arena_destroy(ex->arena);
        return;
    }

    ex->outcome(ex, rq);
}


void
dots_signal_submit(dots_signal_exchange_t *ex, dots_request_t *rq,
    dots_signal_outcome_t outcome)
{
    dots_signal_t  *s;

    s = ex->signal;

    ex->outcome = outcome;
    rq->data = ex;
    rq->done = dots_signal_done;

    s->conf.ops->submit(s->peer, rq);
}


/* ---- from the message to its resource ---- */

static const dots_signal_resource_t *
dots_signal_resource(const dots_coap_message_t *m)
{
    size_t                   i;
    static const dots_str_t  prefix[] = { dots_string(".well-known"),
                                          dots_string("dots") };

    if (m->npath < 3 || m->too_many_segments
        || !dots_str_eq(m->path[0], prefix[0])
        || !dots_str_eq(m->path[1], prefix[1]))
    {
        return NULL;
    }

    for (i = 0; i < DOTS_SIGNAL_RESOURCES; i++) {

        if (dots_str_eq(m->path[2], dots_signal_resources[i].name)) {
            return &dots_signal_resources[i];
        }
    }

    return NULL;
}


static const dots_signal_method_t *
dots_signal_method(const dots_signal_resource_t *resource, uint8_t code)
{
    size_t  i;

    for (i = 0; i < 4; i++) {

        if (resource->methods[i].code == code) {
            return &resource->methods[i];
        }
    }

    return NULL;
}


/*
 * RFC 7252 section 5.4.1 has a NON with an unrecognized critical option
 * rejected without a response, but DOTS requests are NON, and section 9 of RFC
 * 9132 lists 4.02: a client that is told can try without the option (as go-dots
 * does with Q-Block2).  If-Match asks for an efficacy update (RFC 9132 section
 * 4.4.3), which is not served; to ignore the option would change its meaning.
 * Block2 with NUM 0 is a wish for a size (RFC 7959 section 2.4), which an
 * answer in one datagram need not follow; any later block does not exist.
 */

static uint8_t
dots_signal_check_options(const dots_coap_message_t *m, dots_fault_t *f)
{
    if (m->bad_option) {
        (void) dots_fault(f, DOTS_FAULT_UNKNOWN, NULL,
                          "option %u is unknown, malformed or repeated",
                          (unsigned) m->bad_option);
        return dots_coap_code(4, 2);
    }

    if (m->if_match) {
        (void) dots_fault(f, DOTS_FAULT_UNKNOWN, NULL,
                          "option 1, If-Match, is not supported");
        return dots_coap_code(4, 2);
    }

    if (m->block2 >> 4 > 0) {
        (void) dots_fault(f, DOTS_FAULT_UNKNOWN, NULL,
                          "option 23, Block2, is supported for block 0 only");
        return dots_coap_code(4, 2);
    }

    /* SZX 7 is reserved and leads to 4.00, RFC 7959 section 2.2 */

    if (m->block2 >= 0 && (m->block2 & 0x07) == 7) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "option 23, Block2, has a reserved size");
        return dots_coap_code(4, 0);
    }

    if (m->too_many_queries) {
        (void) dots_fault(f, DOTS_FAULT_TOO_BIG, NULL,
                          "more than %d Uri-Query options", DOTS_COAP_QUERIES);
        return dots_coap_code(4, 0);
    }

    if (m->proxy) {
        (void) dots_fault(f, DOTS_FAULT_UNKNOWN, NULL, "this is no proxy");
        return dots_coap_code(5, 5);
    }

    return 0;
}


static uint8_t
dots_signal_check_format(const dots_coap_message_t *m,
    const dots_signal_method_t *method, dots_fault_t *f)
{
    /* RFC 7252 section 5.10.4 */

    if (m->accept != -1 && m->accept != DOTS_COAP_FORMAT_DOTS) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "only application/dots+cbor (%d) is acceptable",
                          DOTS_COAP_FORMAT_DOTS);
        return dots_coap_code(4, 6);
    }

    if (!method->body) {
        return 0;
    }

    if (m->payload.len == 0) {
        (void) dots_fault(f, DOTS_FAULT_MISSING, NULL,
                          "the request has no payload");
        return dots_coap_code(4, 0);
    }

    if (m->content_format != DOTS_COAP_FORMAT_DOTS) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "Content-Format is not application/dots+cbor (%d)",
                          DOTS_COAP_FORMAT_DOTS);
        return dots_coap_code(4, 15);
    }

    return 0;
}


/* The code to refuse with, or 0 and the method that serves the request. */

static uint8_t
dots_signal_route(const dots_signal_exchange_t *ex,
    const dots_signal_method_t **method, dots_fault_t *f)
{
    uint8_t                        code;
    const dots_coap_message_t     *m;
    const dots_signal_resource_t  *resource;

    m = &ex->request;

    if (ex->customer == NULL) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "the identity of this session is no customer's");
        return dots_coap_code(4, 1);
    }

    code = dots_signal_check_options(m, f);
    if (code != 0) {
        return code;
    }

    resource = dots_signal_resource(m);

    /* unrecognized methods get 4.05 wherever, RFC 7252 section 5.8 */

    if (resource == NULL && m->code <= DOTS_COAP_DELETE) {
        (void) dots_fault(f, DOTS_FAULT_UNKNOWN, NULL, "no such resource");
        return dots_coap_code(4, 4);
    }

    *method = resource ? dots_signal_method(resource, m->code) : NULL;

    if (*method == NULL) {
        (void) dots_fault(f, DOTS_FAULT_UNKNOWN, NULL,
                          "the resource has no method 0.%02u",
                          (unsigned) m->code);
        return dots_coap_code(4, 5);
    }

    return dots_signal_check_format(m, *method, f);
}


/* ---- one way in ---- */

/* FNV-1a: tells a repeated datagram from one that reuses its message id. */

static uint64_t
dots_signal_hash(const uint8_t *data, size_t len)
{
    size_t    i;
    uint64_t  hash;

    hash = 0xcbf29ce484222325;

    for (i = 0; i < len; i++) {
        hash = (hash ^ data[i]) * 0x100000001b3;
    }

    return hash;
}


/*
 * Nonzero if the request was here before (RFC 7252 section 4.5).  The duplicate
 * of a NON is answered, too: DOTS clients repeat the very same message until
 * they hear something (RFC 9132 section 4.4).
 */

static int
dots_signal_repeated(dots_signal_t *s, const dots_coap_message_t *m,
    uint64_t hash)
{
    dots_signal_reply_t     *r, **link;
    dots_signal_exchange_t  *ex;

    for (ex = s->exchanges; ex != NULL; ex = ex->next) {

        if (ex->request.id != m->id || ex->hash != hash) {
            continue;
        }

        if (m->type == DOTS_COAP_CON) {
            ex->acked = 1;
            dots_signal_send_empty(s, DOTS_COAP_ACK, m->id);
        }

        return 1;
    }

    for (link = &s->replies; *link != NULL; link = &(*link)->next) {

        r = *link;

        if (r->id != m->id) {
            continue;
        }

        if (r->hash != hash) {
            dots_signal_forget(s, link);
            return 0;
        }

        if (r->acked) {
            dots_signal_send_empty(s, DOTS_COAP_ACK, m->id);
        }

        dots_signal_send(s, r->data, r->len);

        return 1;
    }

    return 0;
}


/* The exchange with its own copy of the datagram; NULL: no memory. */

static dots_signal_exchange_t *
dots_signal_exchange(dots_signal_t *s, dots_str_t datagram)
{
    int                      header;
    dots_str_t               copy;
    dots_arena_t            *arena;
    dots_signal_exchange_t  *ex;

    arena = dots_arena_create(DOTS_SIGNAL_ARENA);
    if (arena == NULL) {
        return NULL;
    }

    ex = dots_arena_alloc(arena, sizeof(dots_signal_exchange_t));

    if (ex == NULL || dots_arena_dup(arena, &copy, datagram) != DOTS_OK
        || dots_coap_parse(&ex->request, copy.data, copy.len, &header)
           != DOTS_OK)
    {
        dots_arena_destroy(arena);
        return NULL;
    }

    ex->arena = arena;
    ex->signal = s;
    ex->conf = &s->conf;
    ex->customer = s->customer;
    ex->max_message = s->max_message;

    ex->next = s->exchanges;
    s->exchanges = ex;
    s->nexchanges++;

    return ex;
}


static void
dots_signal_serve(dots_signal_t *s, dots_str_t datagram, uint64_t hash,
    int64_t now)
{
    uint8_t                      code;
    dots_fault_t                 fault;
    dots_signal_exchange_t      *ex;
    const dots_signal_method_t  *method;

    /* beyond the limit the client hears nothing and repeats its request */

    if (s->nexchanges == DOTS_SIGNAL_INFLIGHT) {
        return;
    }

    ex = dots_signal_exchange(s, datagram);
    if (ex == NULL) {
        return;
    }

    ex->hash = hash;
    ex->received = now;

    code = dots_signal_route(ex, &method, &fault);

    if (code != 0) {
        dots_signal_fault(ex, NULL, code, -1, &fault);
        return;
    }

    method->handler(ex);
}


void
dots_signal_input(dots_signal_t *s, const uint8_t *data, size_t len,
    int64_t now)
{
    int                  rc, header;
    uint64_t             hash;
    dots_coap_message_t  m;

    rc = dots_coap_parse(&m, data, len, &header);

    /* nothing that we send waits for an ACK or RST */

    if (!header || m.type == DOTS_COAP_ACK || m.type == DOTS_COAP_RST) {
        return;
    }

    /*
     * Pings, responses that nobody asked for, reserved classes, format errors:
     * RST to a CON, silence to a NON (RFC 7252 sections 4.2 and 4.3).
     */

    if (rc != DOTS_OK || dots_coap_class(m.code) != 0
        || m.code == DOTS_COAP_EMPTY)
    {
        if (m.type == DOTS_COAP_CON) {
            dots_signal_send_empty(s, DOTS_COAP_RST, m.id);
        }

        return;
    }

    dots_signal_expire(s, now);

    hash = dots_signal_hash(data, len);

    if (!dots_signal_repeated(s, &m, hash)) {
        dots_signal_serve(s, dots_str(data, len), hash, now);
    }
}


/* ---- one timer, one close ---- */

int64_t
dots_signal_timer(dots_signal_t *s, int64_t now)
{
    int64_t               next;
    dots_signal_reply_t  *r;

    dots_signal_expire(s, now);

    next = -1;

    for (r = s->replies; r != NULL; r = r->next) {

        if (next == -1 || r->expires - now < next) {
            next = r->expires - now;
        }
    }

    return next;
}


dots_signal_t *
dots_signal_create(const dots_signal_conf_t *conf, void *peer,
    const dots_customer_t *customer, size_t max_message)
{
    dots_signal_t  *s;

    s = calloc(1, sizeof(dots_signal_t));
    if (s == NULL) {
        return NULL;
    }

    s->conf = *conf;
    s->peer = peer;
    s->customer = customer;

    s->max_message = max_message < DOTS_SIGNAL_MIN_MESSAGE
                     ? DOTS_SIGNAL_MIN_MESSAGE : max_message;

    if (s->max_message > DOTS_COAP_MESSAGE) {
        s->max_message = DOTS_COAP_MESSAGE;
    }

    /* ids start anywhere (RFC 7252 section 4.4); without entropy, at 0 */

    if (getrandom(&s->next_id, sizeof(s->next_id), GRND_NONBLOCK) == -1) {
        s->next_id = 0;
    }

    return s;
}


void
dots_signal_close(dots_signal_t *s)
{
    dots_signal_exchange_t  *ex, *next;

    /* the host still has these; dots_signal_done() frees them */

    for (ex = s->exchanges; ex != NULL; ex = next) {
        next = ex->next;
        ex->signal = NULL;
        ex->next = NULL;
    }

    while (s->replies != NULL) {
        dots_signal_forget(s, &s->replies);
    }

    free(s);
}
