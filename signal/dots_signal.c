#include <stdio.h>
#include <stdlib.h>

#include "dots_signal_config.h"
#include "dots_signal_heartbeat.h"
#include "dots_signal_private.h"


/*
 * Mitigations that a request has looked at, from which on they cost: as many of
 * them as one request more
 */

#define DOTS_SIGNAL_SEEN  1000

#define DOTS_SIGNAL_BLOCK 100   /* of a transfer: a tenth of a request */


static const dots_signal_transport_ops_t  *const  dots_signal_transports[] = {
    [DOTS_SIGNAL_UDP] = &dots_signal_udp,
    [DOTS_SIGNAL_TCP] = &dots_signal_tcp
};


/* ---- one way out ---- */

int
dots_signal_write(dots_signal_t *s, dots_coap_message_t *m, uint8_t *buf,
    size_t size, size_t *len)
{
    if (s->transport->write(m, buf, size, len) == DOTS_OK) {
        return DOTS_OK;
    }

    if (dots_coap_class(m->code) == 2) {
        return DOTS_FULL;
    }

    m->content_format = -1;
    m->payload.len = 0;

    return s->transport->write(m, buf, size, len);
}


void
dots_signal_output(dots_signal_t *s, const uint8_t *data, size_t len)
{
    s->conf.ops->send(s->peer, data, len);
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

    if (ex->observer == NULL) {
        ex->signal->nexchanges--;
    }
}


static void
dots_signal_ended(dots_signal_t *s)
{
    if (s->transport->ended != NULL) {
        s->transport->ended(s);
    }
}


/* A DELETE is answered 2.02 whether there is such a client or not. */

static void
dots_signal_learn(dots_signal_exchange_t *ex,
    const dots_coap_message_t *response, const dots_request_t *rq)
{
    dots_signal_t  *s;

    s = ex->signal;

    if (rq == NULL || rq->operation == DOTS_MITIGATION_DELETE
        || dots_coap_class(response->code) != 2)
    {
        return;
    }

    if (s->conf.ops->client != NULL) {
        s->conf.ops->client(s->peer, rq->customer, rq->cuid);
    }

    dots_signal_config_changed(s);
}


/* A block of a body is no request yet; heartbeats go on for ever. */

static int
dots_signal_audited(const dots_signal_exchange_t *ex,
    const dots_coap_message_t *response)
{
    if (ex->signal->conf.ops->audit == NULL
        || response->code == DOTS_COAP_CONTINUE)
    {
        return 0;
    }

    if (ex->unlogged) {
        return 0;
    }

    return ex->method == NULL || !ex->method->quiet
           || dots_coap_class(response->code) != 2;
}


void
dots_signal_answer(dots_signal_exchange_t *ex, dots_coap_message_t *response,
    const dots_request_t *rq, const char *why)
{
    const char     *refused;
    dots_signal_t  *s;

    s = ex->signal;

    dots_signal_unlink(ex);

    if (ex->observer != NULL) {
        dots_signal_observe_answer(ex, response, rq);
        dots_arena_destroy(ex->arena);
        return;
    }

    refused = dots_signal_observe_register(ex, response, rq);

    if (refused != NULL) {
        why = refused;
    }

    refused = dots_signal_block_response(ex, response);

    if (refused != NULL) {
        why = refused;
    }

    dots_signal_learn(ex, response, rq);

    if (s->transport->respond(ex, response) == DOTS_OK
        && dots_signal_audited(ex, response))
    {
        s->conf.ops->audit(s->peer, ex->customer, &ex->request, response->code,
                           rq, why);
    }

    dots_arena_destroy(ex->arena);

    dots_signal_ended(s);
}


void
dots_signal_ignore(dots_signal_exchange_t *ex, const dots_request_t *rq,
    const char *why)
{
    dots_signal_t  *s;

    s = ex->signal;

    dots_signal_unlink(ex);

    if (s->transport->ignore != NULL) {
        s->transport->ignore(ex);
    }

    if (s->conf.ops->audit != NULL) {
        s->conf.ops->audit(s->peer, ex->customer, &ex->request, 0, rq, why);
    }

    dots_arena_destroy(ex->arena);

    dots_signal_ended(s);
}


void
dots_signal_refuse(dots_signal_exchange_t *ex, const dots_request_t *rq,
    uint8_t code, int64_t max_age, const char *text)
{
    dots_coap_message_t  response;

    dots_coap_init(&response);

    /* RFC 7252 5.5.2: with a Content-Format it is no diagnostic payload */

    response.code = code;
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


static void
dots_signal_charge(dots_signal_exchange_t *ex, size_t cost)
{
    const dots_signal_ops_t  *ops;

    ops = ex->conf->ops;

    if (ops->charge != NULL) {
        ops->charge(ex->signal->peer, ex->customer, &ex->request, cost);
    }
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
        dots_signal_observe_release(ex->observer);
        dots_arena_destroy(ex->arena);
        return;
    }

    if (ex->observer != NULL) {
        dots_signal_observe_amend(ex, rq);

    } else if (rq->nseen >= DOTS_SIGNAL_SEEN) {
        dots_signal_charge(ex, rq->nseen);
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


/* ---- one way in ---- */

/* The exchange with its own copy of the message; NULL: no memory. */

static dots_signal_exchange_t *
dots_signal_exchange(dots_signal_t *s, const dots_coap_message_t *m,
    dots_str_t data)
{
    dots_str_t               copy;
    dots_arena_t            *arena;
    dots_signal_exchange_t  *ex;

    arena = dots_arena_create(DOTS_SIGNAL_ARENA);
    if (arena == NULL) {
        return NULL;
    }

    ex = dots_arena_alloc(arena, sizeof(dots_signal_exchange_t));

    if (ex == NULL || dots_arena_dup(arena, &copy, data) != DOTS_OK) {
        dots_arena_destroy(arena);
        return NULL;
    }

    dots_coap_copy(&ex->request, m, data.data, copy.data);

    ex->arena = arena;
    ex->data = copy;
    ex->signal = s;
    ex->conf = &s->conf;
    ex->customer = s->customer;
    ex->max_message = s->max_message;
    ex->received = s->now;

    ex->next = s->exchanges;
    s->exchanges = ex;

    return ex;
}


/*
 * Nonzero: refused for now, and the exchange has ended.  What is faulty counts
 * like anything else, or it could be sent, answered and logged without end.  Of
 * a transfer in blocks the first one is admitted, the others cost and never
 * wait.
 */

static int
dots_signal_refused(dots_signal_exchange_t *ex, int goes_on)
{
    int                       wait;
    const dots_signal_ops_t  *ops;

    ops = ex->conf->ops;

    if (goes_on) {
        dots_signal_charge(ex, DOTS_SIGNAL_BLOCK);
        return 0;
    }

    wait = ops->admit ? ops->admit(ex->signal->peer, ex->customer,
                                   &ex->request)
                      : 0;
    if (wait > 0) {
        ex->unlogged = 1;

    } else if (dots_signal_relay_busy(ex)) {
        wait = 1;

    } else {
        return 0;
    }

    /* RFC 8516 */

    dots_signal_refuse(ex, NULL, DOTS_COAP_TOO_MANY_REQUESTS, wait,
                       "too many requests");

    return 1;
}


int
dots_signal_rejected(dots_signal_t *s, const dots_coap_message_t *m,
    uint8_t code, const char *why)
{
    const dots_signal_ops_t  *ops;

    ops = s->conf.ops;

    if (ops->admit != NULL && ops->admit(s->peer, s->customer, m) > 0) {
        return DOTS_DECLINED;
    }

    if (ops->audit != NULL) {
        ops->audit(s->peer, s->customer, m, code, NULL, why);
    }

    return DOTS_OK;
}


void
dots_signal_serve(dots_signal_t *s, const dots_coap_message_t *m,
    dots_str_t data, uint64_t hash)
{
    uint8_t                  code;
    dots_fault_t             fault;
    dots_signal_exchange_t  *ex;

    /* beyond the limit the client hears nothing and repeats its request */

    if (s->nexchanges == s->shares * DOTS_SIGNAL_INFLIGHT) {
        return;
    }

    ex = dots_signal_exchange(s, m, data);
    if (ex == NULL) {
        return;
    }

    s->nexchanges++;
    ex->hash = hash;

    code = dots_signal_route(ex, &fault);

    if (code == 0) {
        code = dots_signal_relay(ex, &fault);
    }

    if (dots_signal_refused(ex, code == 0 && dots_signal_block_goes_on(ex))) {
        return;
    }

    if (code == 0 && dots_signal_block_request(ex, &code, &fault)) {
        return;
    }

    if (code != 0) {
        dots_signal_fault(ex, NULL, code, -1, &fault);
        return;
    }

    ex->method->handler(ex);
}


/* What another look has found is the answer. */

static void
dots_signal_answer_look(dots_signal_exchange_t *ex,
    const dots_signal_look_t *look)
{
    dots_coap_message_t  response;

    ex->told = look->told;
    ex->looked = 1;
    ex->shared = 1;

    dots_coap_init(&response);

    response.code = dots_coap_code(2, 5);
    response.content_format = DOTS_COAP_FORMAT_DOTS;
    response.payload = look->body;

    dots_signal_answer(ex, &response, NULL, NULL);
}


int
dots_signal_again(dots_signal_t *s, dots_signal_observer_t *observer,
    const dots_signal_method_t *method, dots_str_t data,
    const dots_signal_look_t *look)
{
    dots_coap_message_t      m;
    dots_signal_exchange_t  *ex;

    if (s->transport->parse(&m, data.data, data.len) != DOTS_OK) {
        return DOTS_ERROR;
    }

    ex = dots_signal_exchange(s, &m, data);
    if (ex == NULL) {
        return DOTS_ERROR;
    }

    ex->observer = observer;
    ex->method = method;

    /* as it could before */

    (void) dots_signal_relay(ex, NULL);

    if (look != NULL) {
        dots_signal_answer_look(ex, look);
        return DOTS_OK;
    }

    method->handler(ex);

    return DOTS_OK;
}


void
dots_signal_input(dots_signal_t *s, const uint8_t *data, size_t len,
    int64_t now)
{
    s->now = now;
    s->heard = now;

    dots_signal_heartbeat_heard(s);

    s->transport->input(s, data, len);
}


void
dots_signal_resume(dots_signal_t *s, int64_t now)
{
    s->now = now;

    dots_signal_ended(s);
}


int
dots_signal_response(dots_signal_t *s, const dots_coap_message_t *m)
{
    return dots_signal_heartbeat_response(s, m);
}


/* ---- changes ---- */

void
dots_signal_interest(dots_signal_t *s)
{
    if (s->conf.ops->observing != NULL && s->customer != NULL) {
        s->conf.ops->observing(s->peer,
                               s->nobservers
                               + (size_t) dots_session_differs(&s->session));
    }
}


void
dots_signal_changed(dots_signal_t *s, const dots_registry_change_t *change)
{
    dots_signal_config_changed(s);
    dots_signal_observe_changed(s, change);
}


/* ---- one timer, one close ---- */

static int64_t
dots_signal_earlier(int64_t a, int64_t b)
{
    if (a == -1 || b == -1) {
        return a == -1 ? b : a;
    }

    return a < b ? a : b;
}


int64_t
dots_signal_timer(dots_signal_t *s, int64_t now)
{
    int64_t  next;

    s->now = now;

    dots_signal_config_timer(s);

    next = dots_signal_earlier(dots_signal_heartbeat_timer(s),
                               dots_signal_observe_timer(s));

    return dots_signal_earlier(next, s->transport->timer(s));
}


int
dots_signal_busy(const dots_signal_t *s)
{
    return s->nexchanges != 0;
}


void
dots_signal_rtt(dots_signal_t *s, int64_t ms)
{
    s->rtt = ms > 0 ? ms : 1;
}


dots_signal_t *
dots_signal_create(const dots_signal_conf_t *conf, void *peer,
    const dots_customer_t *customer, dots_signal_carrier_t carrier,
    size_t max_message)
{
    dots_signal_t  *s;

    s = calloc(1, sizeof(dots_signal_t));
    if (s == NULL) {
        return NULL;
    }

    s->conf = *conf;
    s->peer = peer;
    s->customer = customer;
    s->transport = dots_signal_transports[carrier];
    s->shares = dots_signal_relay_shares(customer);

    s->max_message = max_message < DOTS_SIGNAL_MIN_MESSAGE
                     ? DOTS_SIGNAL_MIN_MESSAGE : max_message;

    if (s->max_message > DOTS_COAP_MESSAGE) {
        s->max_message = DOTS_COAP_MESSAGE;
    }

    if (dots_signal_heartbeat_open(s) != DOTS_OK
        || s->transport->open(s) != DOTS_OK)
    {
        dots_signal_heartbeat_close(s);
        free(s);
        return NULL;
    }

    dots_signal_config_open(s);

    return s;
}


void
dots_signal_release(dots_signal_t *s)
{
    if (s->transport->release != NULL) {
        s->transport->release(s);
    }
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

    dots_signal_observe_close(s);
    dots_signal_block_close(s);
    dots_signal_heartbeat_close(s);

    if (s->conf.ops->observing != NULL && s->customer != NULL) {
        s->conf.ops->observing(s->peer, 0);
    }

    s->transport->close(s);

    free(s);
}
