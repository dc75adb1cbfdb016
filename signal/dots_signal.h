/*
 * The signal channel of one peer: bytes in, bytes out; over UDP each call is a
 * datagram, over TCP a piece of the stream.
 *
 *   host (DTLS or TLS session)                 this layer
 *   dots_signal_input(bytes)         ->  message layer of the transport
 *                                        resource by path, method, format
 *                                        body: CBOR -> YANG -> dots_request_t
 *   ops->submit(request)             <-
 *   request->done()                  ->  outcome -> code, body -> message
 *   ops->send(message)               <-
 *   dots_signal_changed()            ->  observers: looks again, notifies
 *   dots_signal_close()              ->  forgets the peer; requests in flight
 *                                        end without an answer
 *
 * One way in, one way out, one timer, one close.  Knows no socket, no nginx, no
 * clock but the one given.  Bounded memory: DOTS_SIGNAL_RECENT remembered
 * answers, DOTS_SIGNAL_INFLIGHT requests, DOTS_SIGNAL_OBSERVERS observations
 * per peer; a gateway has DOTS_SIGNAL_SHARES times that, and each customer that
 * it relays for no more than anybody else.
 */

#ifndef DOTS_SIGNAL_H
#define DOTS_SIGNAL_H

#include "dots_base.h"
#include "dots_coap.h"
#include "dots_customer.h"
#include "dots_request.h"
#include "dots_schema.h"
#include "dots_session.h"

#define DOTS_SIGNAL_RECENT   16
#define DOTS_SIGNAL_INFLIGHT 16
#define DOTS_SIGNAL_OBSERVERS 16
#define DOTS_SIGNAL_SHARES   16
#define DOTS_SIGNAL_ARENA    (256 * 1024) /* bytes one request may use */
#define DOTS_SIGNAL_BODY     65536 /* bytes of a body that comes in blocks */

typedef struct dots_signal_s        dots_signal_t;
typedef struct dots_signal_looks_s  dots_signal_looks_t;

/* None of these may call dots_signal_close(). */

typedef struct {
    /* One message to the peer; over UDP losing it is no error. */
    void (*send)(void *peer, const uint8_t *data, size_t len);

    /*
     * Over TCP, where none may be NULL.  full(): nonzero while much waits to be
     * sent, so that no further request is answered before dots_signal_resume().
     * hold(1): no dots_signal_input() until hold(0).  finish(): the connection
     * is to be closed once what was sent has left; "why" is NULL for an orderly
     * end.
     */
    int (*full)(void *peer);
    void (*hold)(void *peer, int on);
    void (*finish)(void *peer, const char *why);

    /* See dots_request.h; may call rq->done() before it returns. */
    void (*submit)(void *peer, dots_request_t *rq);

    /* One answered request of the customer (NULL: nobody's), for the audit log;
     * may be NULL.  "rq" is NULL where it did not come as far as a request to
     * the model; "code" is 0 where no response was sent on purpose. */
    void (*audit)(void *peer, const dots_customer_t *customer,
        const dots_coap_message_t *request, uint8_t code,
        const dots_request_t *rq, const char *why);

    /* May this request of the customer (NULL: nobody's) be served?  0, or the
     * seconds until another may come (4.29), and then it is no matter for
     * audit().  May be NULL. */
    int (*admit)(void *peer, const dots_customer_t *customer,
        const dots_coap_message_t *request);

    /* What a request that was admitted has cost beyond that, in thousandths of
     * a request; likewise its payload.  May be NULL. */
    void (*charge)(void *peer, const dots_customer_t *customer,
        const dots_coap_message_t *request, size_t cost);

    /* How many reasons there are now for dots_signal_changed(): observations,
     * and a configuration that depends on mitigations.  May be NULL. */
    void (*observing)(void *peer, size_t n);

    /* One more observer of the customer's; nonzero: one too many.  Each that
     * was allowed ends in one call of the other.  Both or none may be NULL. */
    int (*observe)(void *peer, const dots_customer_t *customer);
    void (*unobserve)(void *peer, const dots_customer_t *customer);

    /* The peer has spoken for this client, and was answered 2.xx.  Now and
     * again; may be NULL. */
    void (*client)(void *peer, const dots_customer_t *customer,
        dots_str_t cuid);

    /* Nonzero while a client that the peer speaks for has an active mitigation;
     * NULL: never. */
    int (*mitigating)(void *peer);

    /*
     * The heartbeats are exhausted, nothing came since "since" (ms): the
     * session is lost (RFC 9132 section 4.7) unless the client was heard
     * elsewhere.  Once in a silence; may be NULL.
     */
    void (*lost)(void *peer, int64_t since);
} dots_signal_ops_t;

typedef struct {
    const dots_schema_t     *schema;
    const dots_signal_ops_t *ops;
    const dots_lifetime_t   *lifetime;  /* the grant is made here */
    const dots_customers_t  *customers; /* for whom gateways ask; may be NULL */
    const dots_session_conf_t *session;
    dots_signal_looks_t     *looks;     /* of all that observe; may be NULL */
} dots_signal_conf_t;

typedef enum {
    DOTS_SIGNAL_UDP = 0,        /* RFC 7252 */
    DOTS_SIGNAL_TCP             /* RFC 8323 */
} dots_signal_carrier_t;

/*
 * "customer" NULL: an authenticated peer that nobody knows; every request is
 * answered 4.01 (RFC 9132 section 8).  "max_message": largest CoAP message that
 * fits one datagram (RFC 9132 section 7.3) or that is sent over TCP if the peer
 * takes so much.  May call ops->send().  NULL: no memory.
 */
dots_signal_t *dots_signal_create(const dots_signal_conf_t *conf, void *peer,
    const dots_customer_t *customer, dots_signal_carrier_t carrier,
    size_t max_message);

/*
 * For the sessions of one process: what one observer is told need not be found
 * and encoded for each of the others.  Outlives them.  NULL: no memory.
 */
dots_signal_looks_t *dots_signal_looks_create(void);
void dots_signal_looks_destroy(dots_signal_looks_t *looks);

/* One datagram or a piece of the stream, at "now" (ms, monotonic). */
void dots_signal_input(dots_signal_t *s, const uint8_t *data, size_t len,
    int64_t now);

/* After ops->full() was nonzero: it is no longer. */
void dots_signal_resume(dots_signal_t *s, int64_t now);

/* Time-driven work; returns ms until it wants to be called again, -1: never. */
int64_t dots_signal_timer(dots_signal_t *s, int64_t now);

/*
 * The mitigations of a client have changed; NULL: any may have.
 * What is to be sent is sent by dots_signal_timer(), which wants to be called
 * afterwards.
 */
void dots_signal_changed(dots_signal_t *s,
    const dots_registry_change_t *change);

/*
 * Nonzero while heartbeats may still find out that the session is lost: who
 * ends silent sessions waits for that.
 */
int dots_signal_probing(const dots_signal_t *s);

/* Nonzero while a request of the peer waits for its answer. */
int dots_signal_busy(const dots_signal_t *s);

/* An estimate of the round-trip time, for the pace of notifications. */
void dots_signal_rtt(dots_signal_t *s, int64_t ms);

/* The peer is asked to leave, and ops->finish() follows; UDP has no such. */
void dots_signal_release(dots_signal_t *s);

/*
 * Frees the peer's; what the host still works on is freed when it calls done(),
 * and nothing is sent any more.
 */
void dots_signal_close(dots_signal_t *s);

#endif /* DOTS_SIGNAL_H */
