/*
 * DTLS 1.2 sessions of the signal channel (RFC 9132 section 7.1) on nginx's UDP
 * stream connections.
 *
 *   datagram -> ngx_dots_dtls_accept()   no session for this peer yet
 *            -> ngx_dots_dtls_input()    a session's; one door for the event
 *                                        loop and for other processes, see
 *                                        ngx_dots_directory.c
 *      ClientHello?  ngx_dots_dtls_listen.c  cookie, stateless
 *                    ngx_dots_dtls_cookie.c
 *      record        ngx_dots_dtls.c         handshake, timers, close
 *      plaintext     ngx_dots_peer.c         dots_signal_t of this peer
 *   ngx_dots_dtls_recv.c reads several datagrams a turn of the event loop,
 *   ngx_dots_dtls_send.c sends their answers together.
 *   ngx_dots_dtls_libctx.c has handshakes find their algorithms soon.
 *   ngx_dots_dtls_conf.c makes the SSL_CTX when the configuration is read.
 *
 * Knows nothing of CoAP.  Called by ngx_stream_dots_module.c.
 *
 * Words: a "hello" is a ClientHello in epoch 0; the "listener" is the SSL
 * object of a server{} in this process that takes the next hello with a valid
 * cookie and then becomes that peer's session.
 */

#ifndef _NGX_DOTS_DTLS_H_INCLUDED_
#define _NGX_DOTS_DTLS_H_INCLUDED_

#include "ngx_dots.h"

#include <ngx_stream.h>
#include <ngx_stream_ssl_module.h>

#include "ngx_dots_directory.h"
#include "ngx_dots_peer.h"

#define NGX_DOTS_DTLS_MTU       1280    /* RFC 9132 section 7.3 */
#define NGX_DOTS_DTLS_DATAGRAM  65535
#define NGX_DOTS_DTLS_PLAIN     16384   /* RFC 5246 section 6.2.1 */
#define NGX_DOTS_DTLS_RANDOM    32
#define NGX_DOTS_DTLS_COOKIE    32      /* HMAC-SHA256 */

/* What the BIO of an SSL object reads from and writes to. */

typedef struct {
    ngx_connection_t      *connection;
    u_char                *data;        /* the datagram being read */
    size_t                 len;
} ngx_dots_dtls_io_t;

typedef struct {
    ngx_ssl_t              ssl;
    ngx_dots_conf_t       *dots;
    dots_signal_conf_t     signal;
    ngx_msec_t             handshake_timeout;
    ngx_msec_t             idle_timeout;
    ngx_dots_policy_server_t   policy;

    SSL                   *listener;    /* of this process */
    ngx_dots_dtls_io_t     io;          /* the listener's */
} ngx_dots_dtls_conf_t;

typedef struct {
    ngx_stream_session_t  *session;
    ngx_dots_dtls_conf_t  *conf;
    SSL                   *ssl;
    ngx_dots_dtls_io_t     io;

    ngx_dots_peer_t        peer;        /* of an established session */

    ngx_msec_t             began;       /* the handshake */
    ngx_event_t            retransmit;  /* cancelable, as is the peer's: the
                                           read timer (handshake, then idle) is
                                           the one that keeps a worker */
    ngx_queue_t            queue;       /* all sessions of this process */
    ngx_dots_flow_t        flow;

    unsigned               established:1;
} ngx_dots_dtls_t;


/* ---- ngx_dots_dtls.c ---- */

ngx_int_t ngx_dots_dtls_init_process(ngx_cycle_t *cycle);

/* Tells every peer (close_notify) and forgets it. */
void ngx_dots_dtls_exit_process(void);

/* The first datagram of a peer, in s->connection->buffer; may finalize s. */
void ngx_dots_dtls_accept(ngx_stream_session_t *s, ngx_dots_dtls_conf_t *conf);

/* One datagram of the session's peer; may finalize the stream session. */
void ngx_dots_dtls_input(ngx_dots_dtls_t *ds, u_char *data, size_t len);


/* ---- ngx_dots_dtls_listen.c ---- */

ngx_int_t ngx_dots_dtls_bio_init(ngx_log_t *log);

/* By the first bytes alone; a hello is a record, too. */
ngx_uint_t ngx_dots_dtls_is_record(const u_char *data, size_t len);
ngx_uint_t ngx_dots_dtls_is_hello(const u_char *data, size_t len);

/* Bytes of the datagram that OpenSSL may see; 0: none. */
size_t ngx_dots_dtls_usable(SSL *ssl, const u_char *data, size_t len);

/* The Random of a hello, to tell a repeated one from a new one; and a hash. */
const u_char *ngx_dots_dtls_hello_random(const u_char *data);
uint64_t ngx_dots_dtls_hello_hash(const u_char *data);

/*
 * Answers a hello without keeping anything of it (RFC 6347 section 4.2.1).
 * NGX_OK: its cookie is valid, *ssl is the peer's, with the hello inside;
 * NGX_DECLINED: it was answered or dropped.
 */
ngx_int_t ngx_dots_dtls_listen(ngx_dots_dtls_conf_t *conf, ngx_connection_t *c,
    u_char *data, size_t len, SSL **ssl);

void ngx_dots_dtls_attach(SSL *ssl, ngx_dots_dtls_io_t *io);

/* OpenSSL's callbacks. */
int ngx_dots_dtls_listen_generate(SSL *ssl, unsigned char *cookie,
    unsigned int *len);
int ngx_dots_dtls_listen_verify(SSL *ssl, const unsigned char *cookie,
    unsigned int len);


/* ---- ngx_dots_dtls_cookie.c ---- */

/* Of the connection's addresses. */
ngx_int_t ngx_dots_dtls_cookie_generate(ngx_connection_t *c,
    u_char cookie[NGX_DOTS_DTLS_COOKIE]);

/* NGX_DECLINED: it is not ours, or too old. */
ngx_int_t ngx_dots_dtls_cookie_verify(ngx_connection_t *c,
    const u_char *cookie, size_t len);


/* ---- ngx_dots_dtls_libctx.c ---- */

void ngx_dots_dtls_libctx_init(ngx_log_t *log);

/* SSL_do_handshake() */
int ngx_dots_dtls_libctx_handshake(SSL *ssl);


/* ---- ngx_dots_dtls_recv.c ---- */

/*
 * Of this process: what comes to this listening socket is read here, not by
 * nginx.  All servers behind it have dots_signal.
 */
void ngx_dots_dtls_recv_init(ngx_listening_t *ls);


/* ---- ngx_dots_dtls_send.c ---- */

void ngx_dots_dtls_send_init(void);

/*
 * To the connection's peer, from the address that was asked; it may be lost.
 * Between hold and release it waits for others, or for a flush.
 */
void ngx_dots_dtls_send_datagram(ngx_connection_t *c, const u_char *data,
    size_t len);
void ngx_dots_dtls_send_hold(void);
void ngx_dots_dtls_send_flush(void);
void ngx_dots_dtls_send_release(void);


/* ---- ngx_dots_dtls_conf.c ---- */

/* The DTLS context from the ssl_* directives of the same server{}. */
char *ngx_dots_dtls_conf_create(ngx_conf_t *cf, ngx_dots_dtls_conf_t *conf,
    ngx_stream_ssl_conf_t *sslcf, ngx_dots_place_t *place);

/*
 * Ciphers, groups and the CAs and CRL of the clients' certificates, into a
 * context of DTLS or TLS.
 */
ngx_int_t ngx_dots_dtls_conf_profile(ngx_conf_t *cf, ngx_ssl_t *ssl,
    ngx_stream_ssl_conf_t *sslcf);

/* Refuses suites without authenticated encryption; when all is set. */
ngx_int_t ngx_dots_dtls_conf_aead(ngx_conf_t *cf, SSL_CTX *ctx,
    ngx_dots_place_t *place);


#endif /* _NGX_DOTS_DTLS_H_INCLUDED_ */
