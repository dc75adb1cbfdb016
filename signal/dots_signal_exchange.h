/*
 * One request on its way to its answer, as the resources of signal/ see the
 * message layer.  A resource's handler ends the exchange, now or in its
 * outcome, by exactly one of dots_signal_answer(), dots_signal_refuse(),
 * dots_signal_fault() and dots_signal_ignore(); it may not be touched
 * afterwards.  Private to signal/.
 */

#ifndef DOTS_SIGNAL_EXCHANGE_H
#define DOTS_SIGNAL_EXCHANGE_H

#include "dots_signal.h"
#include "dots_signal_look.h"

typedef struct dots_signal_exchange_s  dots_signal_exchange_t;
typedef struct dots_signal_method_s    dots_signal_method_t;
typedef struct dots_signal_observer_s  dots_signal_observer_t;

typedef void (*dots_signal_outcome_t)(dots_signal_exchange_t *ex,
    dots_request_t *rq);

struct dots_signal_exchange_s {
    dots_signal_t             *signal;       /* NULL: the peer is gone */
    dots_signal_exchange_t    *next;
    const dots_signal_conf_t  *conf;         /* of the signal */
    const dots_customer_t     *customer;     /* whose request it is */
    size_t                     max_message;
    dots_arena_t              *arena;        /* holds all of this, too */
    const dots_signal_method_t *method;      /* which serves it */
    dots_signal_observer_t    *observer;     /* a look for a notification;
                                                NULL: a request of the peer */
    dots_str_t                 data;         /* as it came */
    dots_coap_message_t        request;      /* slices point into "data" */
    uint64_t                   hash;         /* the transport's */
    int64_t                    received;     /* ms */
    unsigned                   acked:1;      /* by an empty ACK */
    unsigned                   unlogged:1;   /* the host has counted it */
    unsigned                   shared:1;     /* "told" is another look's */
    unsigned                   looked:1;     /* "told" is valid */
    dots_signal_told_t         told;         /* what an observer hears of it */
    dots_signal_outcome_t      outcome;
};

/* A new request to the model in the exchange's arena; NULL: no memory. */
dots_request_t *dots_signal_request(dots_signal_exchange_t *ex,
    dots_operation_t operation);

/* Hands rq to the host; "outcome" is called unless the peer goes first. */
void dots_signal_submit(dots_signal_exchange_t *ex, dots_request_t *rq,
    dots_signal_outcome_t outcome);

/*
 * The response's code, options and payload; the message layer sets the rest.
 * "rq" and "why" are for the audit log; each may be NULL.
 */
void dots_signal_answer(dots_signal_exchange_t *ex,
    dots_coap_message_t *response, const dots_request_t *rq, const char *why);

/* No response at all (RFC 9132 section 4.4.3). */
void dots_signal_ignore(dots_signal_exchange_t *ex, const dots_request_t *rq,
    const char *why);

/* An error with a diagnostic payload; "max_age" in s, -1: none. */
void dots_signal_refuse(dots_signal_exchange_t *ex, const dots_request_t *rq,
    uint8_t code, int64_t max_age, const char *text);

/* The same with the fault's text, which names the attribute. */
void dots_signal_fault(dots_signal_exchange_t *ex, const dots_request_t *rq,
    uint8_t code, int64_t max_age, const dots_fault_t *f);

/*
 * Fills "told", once: the mitigations that "rq" found, or else ("rq" is NULL)
 * the bytes of the response.  What has ended is said once and is no part of
 * what is there.
 */
void dots_signal_tell(dots_signal_exchange_t *ex,
    const dots_coap_message_t *response, const dots_request_t *rq);

/* Of a look: zero if nothing of it has to be told and no body is needed. */
int dots_signal_observe_news(dots_signal_exchange_t *ex,
    const dots_request_t *rq);

/* Nonzero: it was told of this mitigation, and not yet of its end. */
int dots_signal_observe_knows(const dots_signal_observer_t *o, uint32_t mid);

/* Is it one message as it is?  An error has to be: blocks are for answers. */
int dots_signal_block_fits(dots_signal_exchange_t *ex,
    const dots_coap_message_t *response);

#endif /* DOTS_SIGNAL_EXCHANGE_H */
