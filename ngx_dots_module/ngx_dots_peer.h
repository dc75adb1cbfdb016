/*
 * One peer of the signal channel, whatever carries it: who it is, its
 * dots_signal_t, and what that asks of its host (send, submit, audit, admit).
 * A transport (DTLS, TLS) embeds one ngx_dots_peer_t in its session, opens it
 * when it knows the identity, and gives it bytes; the bytes for the peer come
 * back through "send".  Called by ngx_dots_dtls.c and ngx_dots_tls.c.
 */

#ifndef _NGX_DOTS_PEER_H_INCLUDED_
#define _NGX_DOTS_PEER_H_INCLUDED_

#include "ngx_dots.h"

#include <ngx_stream.h>

#include "../signal/dots_signal.h"
#include "ngx_dots_client.h"
#include "ngx_dots_policy.h"
#include "ngx_dots_trust.h"

typedef struct ngx_dots_peer_s  ngx_dots_peer_t;

struct ngx_dots_peer_s {
    ngx_stream_session_t   *session;
    ngx_connection_t       *connection;
    dots_signal_conf_t     *conf;           /* of the server{} */
    const dots_customer_t  *customer;       /* NULL: nobody's */
    dots_signal_t          *signal;         /* NULL: not open */

    /* These may not end the session: what they find waits for an event. */
    void                  (*send)(ngx_dots_peer_t *peer, const u_char *data,
                                  size_t len);
    ngx_uint_t            (*full)(ngx_dots_peer_t *peer);
    void                  (*hold)(ngx_dots_peer_t *peer, ngx_uint_t on);
    void                  (*finish)(ngx_dots_peer_t *peer, const char *why);

    /* Says goodbye; may end the session at once. */
    void                  (*leave)(ngx_dots_peer_t *peer);

    ngx_event_t             tick;           /* of dots_signal, cancelable */
    ngx_queue_t             observing;      /* ngx_dots_changes.c */
    ngx_uint_t              observers;      /* reasons to hear of changes */
    ngx_dots_clients_t      clients;        /* whom it speaks for */

    const ngx_dots_policy_server_t *server;
    SSL                    *ssl;
    ngx_dots_trust_t       *trust;          /* ngx_dots_drain.c; NULL: not
                                               asked for yet */
    uint64_t                psk;            /* 0: it has a certificate */
    ngx_dots_strangers_t    strangers;      /* in that */
    ngx_queue_t             draining;       /* ngx_dots_drain.c */
    ngx_atomic_uint_t       stamp;          /* likewise */
    unsigned                reading:1;
    unsigned                counted:1;      /* among the customer's sessions */
    unsigned                kept:1;         /* though its worker leaves */
    unsigned                fresh:1;        /* likewise, for having begun then:
                                               it may say why to keep it */
};

void ngx_dots_peer_init_process(void);
void ngx_dots_peer_exit_process(void);      /* after the last session */

/*
 * Names the customer of the connection's certificate and makes the signal
 * channel; "mtu" as in dots_signal_create().  The transport has set session,
 * connection, conf, server, send, leave, over TLS full, hold and finish, and
 * zeroed the rest.
 */
ngx_int_t ngx_dots_peer_open(ngx_dots_peer_t *peer, ngx_dots_conf_t *dcf,
    SSL *ssl, size_t mtu);

void ngx_dots_peer_input(ngx_dots_peer_t *peer, const u_char *data, size_t len);

/* When all that came at once was given: sets the timer. */
void ngx_dots_peer_schedule(ngx_dots_peer_t *peer);

/* The same, soon: for callers that the peer itself may have called. */
void ngx_dots_peer_post(ngx_dots_peer_t *peer);

/* Harmless if it is not open, and twice. */
void ngx_dots_peer_close(ngx_dots_peer_t *peer);

#endif /* _NGX_DOTS_PEER_H_INCLUDED_ */
