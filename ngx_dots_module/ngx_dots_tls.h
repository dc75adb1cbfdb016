/*
 * TLS sessions of the signal channel (RFC 9132 section 7.1, RFC 8323) on
 * nginx's own stream ssl: nginx shakes hands, then calls ngx_dots_tls_accept().
 *
 *   the peer's bytes -> ngx_dots_tls.c   read loop, output queue, timers, close
 *                    -> ngx_dots_peer.c  dots_signal_t of this peer
 *   ngx_dots_tls_conf.c makes nginx's SSL_CTX of the server{} fit for DOTS.
 *
 * Knows nothing of CoAP.  Called by ngx_stream_dots_module.c.
 */

#ifndef _NGX_DOTS_TLS_H_INCLUDED_
#define _NGX_DOTS_TLS_H_INCLUDED_

#include "ngx_dots.h"

#include <ngx_stream.h>
#include <ngx_stream_ssl_module.h>

#include "ngx_dots_peer.h"

typedef struct {
    ngx_dots_conf_t       *dots;
    dots_signal_conf_t     signal;
    ngx_msec_t             idle_timeout;
    ngx_dots_policy_server_t   policy;
} ngx_dots_tls_conf_t;

typedef struct {
    ngx_stream_session_t  *session;
    ngx_connection_t      *connection;
    ngx_dots_tls_conf_t   *conf;
    ngx_dots_peer_t        peer;
    ngx_queue_t            queue;       /* all sessions of this process */

    u_char                *out;         /* what the peer has not taken yet: */
    size_t                 sent;        /* from here */
    size_t                 last;        /* up to here */
    size_t                 size;        /* of "out" */

    unsigned               holding:1;   /* no more bytes of the peer for now */
    unsigned               finishing:1; /* closed when "out" is empty */
    unsigned               failed:1;    /* closed at the next event */
    unsigned               lingering:1; /* our side is closed */
    unsigned               closed:1;
} ngx_dots_tls_t;


/* ---- ngx_dots_tls.c ---- */

void ngx_dots_tls_init_process(ngx_cycle_t *cycle);

/* Tells every peer (Release, close_notify) and forgets it. */
void ngx_dots_tls_exit_process(void);

/* After nginx's handshake; may finalize s. */
void ngx_dots_tls_accept(ngx_stream_session_t *s, ngx_dots_tls_conf_t *conf);


/* ---- ngx_dots_tls_conf.c ---- */

/*
 * Changes nginx's context of a server{} with "listen ... ssl"; nothing where
 * there is none.
 */
char *ngx_dots_tls_conf_create(ngx_conf_t *cf, ngx_dots_tls_conf_t *conf,
    ngx_stream_ssl_conf_t *sslcf, ngx_dots_place_t *place);

/*
 * Whether the peer has proved who it is: 0, or why not, in words for the log.
 * The handshake lets everybody pass, because nginx logs its failures as crit.
 */
const char *ngx_dots_tls_conf_verify(SSL *ssl);

#endif /* _NGX_DOTS_TLS_H_INCLUDED_ */
