/*
 * What the files of the message layer share: one peer's state, and the
 * transport below it.  Private to signal/.
 *
 *   dots_signal.c          create, close, timer; a request's way in, its
 *                          answer's way out
 *   dots_signal_route.c    which resource and method; what a request may have
 *   dots_signal_relay.c    for whom a gateway asks, and each one's share of it
 *   dots_signal_udp.c      RFC 7252: message ids, ACK, RST, duplicates
 *   dots_signal_tcp.c      RFC 8323: framing, CSM, Ping, Release, Abort
 *   dots_signal_block.c    RFC 7959: bodies in pieces, both ways
 *   dots_signal_observe.c  RFC 7641: who wants to hear of changes
 *   dots_signal_tell.c     what an answer tells an observer
 *   dots_signal_look.c     the same of one observer, for the others
 *   dots_signal_config.c   RFC 9132 section 4.5: the session's configuration
 *   dots_signal_heartbeat.c  section 4.7: heartbeats, and the loss of a session
 *
 * dots_signal_t lives as long as its session; whatever a file keeps of a peer
 * hangs on a pointer of its own in it, is bounded, and is freed by its close().
 */

#ifndef DOTS_SIGNAL_PRIVATE_H
#define DOTS_SIGNAL_PRIVATE_H

#include "dots_signal.h"
#include "dots_signal_exchange.h"

#define DOTS_SIGNAL_MIN_MESSAGE 128 /* all but a payload always fits */

typedef struct dots_signal_blocks_s     dots_signal_blocks_t;
typedef struct dots_signal_heartbeat_s  dots_signal_heartbeat_t;

struct dots_signal_method_s {
    uint8_t   code;
    unsigned  body:1;           /* the request has one: application/dots+cbor */
    unsigned  observable:1;
    unsigned  quiet:1;          /* a success is no line of the audit log */
    unsigned  relayed:1;        /* by gateways, for whom a cdid names */
    unsigned  query:1;          /* it looks at Uri-Query */
    void    (*handler)(dots_signal_exchange_t *ex);
};

typedef struct {
    /* what stands for "reliable" in RFC 9132: no message ids, no pace */
    int reliable;

    /* makes s->link; DOTS_OK or DOTS_ERROR */
    int (*open)(dots_signal_t *s);

    /* bytes of the peer, at s->now */
    void (*input)(dots_signal_t *s, const uint8_t *data, size_t len);

    /* again what input() gave to dots_signal_serve() */
    int (*parse)(dots_coap_message_t *m, const uint8_t *data, size_t len);

    /* its reverse; DOTS_OK or DOTS_FULL */
    int (*write)(const dots_coap_message_t *m, uint8_t *buf, size_t size,
        size_t *len);

    /*
     * Sends the response of a request; it has its code, options and payload,
     * and leaves with what was really sent.  DOTS_OK; DOTS_ERROR: there is no
     * memory for it, and the client has to repeat its request.
     */
    int (*respond)(dots_signal_exchange_t *ex, dots_coap_message_t *response);

    /* A request that will have no response: what it is owed, or NULL. */
    void (*ignore)(dots_signal_exchange_t *ex);

    /* A request of the peer has its answer, or will have none; may be NULL. */
    void (*ended)(dots_signal_t *s);

    /*
     * Sends a message of ours that nobody asked for just now, a notification or
     * a request, Non-confirmable; "m" leaves with its message id.
     */
    int (*send)(dots_signal_t *s, dots_coap_message_t *m);

    /* Work that is due at s->now; ms until it wants to be called, -1: never. */
    int64_t (*timer)(dots_signal_t *s);

    /* See dots_signal_release(); NULL: nothing is said. */
    void (*release)(dots_signal_t *s);

    void (*close)(dots_signal_t *s);
} dots_signal_transport_ops_t;

/* RFC 7252 section 4.8, RFC 9132 section 4.5; as they are in force now */

typedef struct {
    int64_t   ack_timeout;          /* ms */
    uint32_t  ack_random_factor;    /* hundredths */
    uint32_t  max_retransmit;
    uint32_t  probing_rate;         /* bytes a second */
} dots_signal_transmission_t;

struct dots_signal_s {
    dots_signal_conf_t                  conf;
    void                               *peer;
    const dots_customer_t              *customer;
    size_t                              max_message;
    int64_t                             now;        /* ms, of the last call */
    int64_t                             heard;      /* ms: the peer spoke */
    int64_t                             rtt;        /* ms, 0: no estimate */

    dots_session_t                      session;
    dots_session_set_t                  set;        /* in force */
    unsigned                            changed:1;  /* perhaps another set is */
    dots_signal_transmission_t          transmission;
    dots_signal_heartbeat_t            *heartbeat;

    const dots_signal_transport_ops_t  *transport;
    void                               *link;       /* the transport's */

    size_t                              shares;     /* of a gateway, else 1 */
    size_t                              nexchanges;
    dots_signal_exchange_t             *exchanges;

    dots_signal_blocks_t               *blocks;     /* NULL: none yet */

    size_t                              nobservers;
    dots_signal_observer_t             *observers;
    uint32_t                            sequence;   /* of notifications */
    int64_t                             notified;   /* ms: the last one left */
    size_t                              notified_size;
    int64_t                             rested;     /* ms: no look before */
};

extern const dots_signal_transport_ops_t  dots_signal_udp;
extern const dots_signal_transport_ops_t  dots_signal_tcp;

/* ---- dots_signal.c ---- */

/*
 * A request that is new, parsed from "data", both for the call only; "hash" is
 * the transport's and comes back in the exchange.
 */
void dots_signal_serve(dots_signal_t *s, const dots_coap_message_t *m,
    dots_str_t data, uint64_t hash);

/*
 * A request that the transport itself rejects with this code: counted and
 * logged.  DOTS_OK, or DOTS_DECLINED: there were too many, say nothing.
 */
int dots_signal_rejected(dots_signal_t *s, const dots_coap_message_t *m,
    uint8_t code, const char *why);

/*
 * The observed request "data" once more, for its observer, or what "look" found
 * for another; NULL: none has.  DOTS_OK: it ends in
 * dots_signal_observe_answer(), at once or later; DOTS_ERROR: no memory.
 */
int dots_signal_again(dots_signal_t *s, dots_signal_observer_t *observer,
    const dots_signal_method_t *method, dots_str_t data,
    const dots_signal_look_t *look);

/* A response of the peer; nonzero: it answers a request of ours. */
int dots_signal_response(dots_signal_t *s, const dots_coap_message_t *m);

/*
 * transport->write(); the text of an error gives way if it does not fit.
 * DOTS_OK or DOTS_FULL.
 */
int dots_signal_write(dots_signal_t *s, dots_coap_message_t *m, uint8_t *buf,
    size_t size, size_t *len);

/* One message to the peer. */
void dots_signal_output(dots_signal_t *s, const uint8_t *data, size_t len);

/* Tells the host how many reasons there are for dots_signal_changed(). */
void dots_signal_interest(dots_signal_t *s);

/* ---- dots_signal_route.c ---- */

/* The code to refuse with, or 0 and ex->method, which serves the request. */
uint8_t dots_signal_route(dots_signal_exchange_t *ex, dots_fault_t *f);

/* ---- dots_signal_relay.c ---- */

/* How many shares the peer's session has. */
size_t dots_signal_relay_shares(const dots_customer_t *customer);

/* Sets ex->customer; 0, or the code to refuse with. */
uint8_t dots_signal_relay(dots_signal_exchange_t *ex, dots_fault_t *f);

/* Nonzero: its customer has more than its share of requests under way. */
int dots_signal_relay_busy(const dots_signal_exchange_t *ex);

/* ---- dots_signal_block.c ---- */

/* Nonzero: it is the next block of a body, or a later one of an answer. */
int dots_signal_block_goes_on(dots_signal_exchange_t *ex);

/*
 * A request that is to be served: nonzero if it was but a block of a body, or a
 * later block of an answer, and the exchange has ended.  Else *code is 0 or
 * what to refuse the block with.
 */
int dots_signal_block_request(dots_signal_exchange_t *ex, uint8_t *code,
    dots_fault_t *f);

/*
 * Cuts an answer's body to the block that was asked for or that fits.  Not
 * NULL: why it is an error now.
 */
const char *dots_signal_block_response(dots_signal_exchange_t *ex,
    dots_coap_message_t *response);

void dots_signal_block_close(dots_signal_t *s);

/* ---- dots_signal_observe.c ---- */

/* A mitigation of a client of this customer has changed; NULL: any may have. */
void dots_signal_observe_changed(dots_signal_t *s,
    const dots_registry_change_t *change);

/*
 * Of a response that is about to leave: registers or removes the observer that
 * its request asks for (RFC 7641 section 4.1) and sets the Observe option.
 * NULL, or why it is another response now.
 */
const char *dots_signal_observe_register(dots_signal_exchange_t *ex,
    dots_coap_message_t *response, const dots_request_t *rq);

/* Adds to what was found the mitigations that are not there any more. */
void dots_signal_observe_amend(dots_signal_exchange_t *ex, dots_request_t *rq);

/* The answer to dots_signal_again(): a notification if anything is new. */
void dots_signal_observe_answer(dots_signal_exchange_t *ex,
    dots_coap_message_t *response, const dots_request_t *rq);

/* The peer rejected our message "id". */
void dots_signal_observe_reset(dots_signal_t *s, uint16_t id);

/* What observers see whom "handler" serves may have changed. */
void dots_signal_observe_touch(dots_signal_t *s,
    void (*handler)(dots_signal_exchange_t *ex));

/* Tells who is due; ms until the next, -1: none. */
int64_t dots_signal_observe_timer(dots_signal_t *s);
void dots_signal_observe_close(dots_signal_t *s);

/* Of an exchange that ends without an answer; may be NULL. */
void dots_signal_observe_release(dots_signal_observer_t *o);

#endif /* DOTS_SIGNAL_PRIVATE_H */
