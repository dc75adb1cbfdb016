/*
 * Pre-shared keys (RFC 4279): who has which, from a file, and the server side
 * of the handshake.  Read with the configuration, in the master; afterwards
 * only looked up.  Called by ngx_dots_conf*.c, the makers of SSL_CTX, and
 * ngx_dots_ticket.c.
 */

#ifndef _NGX_DOTS_PSK_H_INCLUDED_
#define _NGX_DOTS_PSK_H_INCLUDED_

#include "ngx_dots.h"

#define NGX_DOTS_PSK_DIGEST  32     /* SHA-256 */
#define NGX_DOTS_PSK_PROOF   (NGX_DOTS_PSK_DIGEST + PSK_MAX_IDENTITY_LEN)

/* The directive "psk_file". */
char *ngx_dots_psk_file(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* When all customers are read: a key that is nobody's is a fault. */
char *ngx_dots_psk_check(ngx_conf_t *cf, ngx_dots_conf_t *dcf);

/* For walking all identities; NULL at the end. */
ngx_str_t *ngx_dots_psk_at(ngx_dots_conf_t *dcf, ngx_uint_t i);

ngx_uint_t ngx_dots_psk_known(ngx_dots_conf_t *dcf, const u_char *name,
    size_t len);

/*
 * What a session remembers of its owner, as application data of its ticket:
 * SHA-256 of the key that has proved the identity, so that another key is
 * noticed, and the identity.  The length; 0: there is none.
 */
size_t ngx_dots_psk_proof(ngx_dots_conf_t *dcf, const u_char *name, size_t len,
    u_char proof[NGX_DOTS_PSK_PROOF]);

/* Of a session without certificate: nonzero if the key is that of today. */
ngx_uint_t ngx_dots_psk_proved(ngx_dots_conf_t *dcf, SSL_SESSION *session,
    dots_str_t *identity);

/*
 * The identity that a pre-shared key has proved in this handshake or in the one
 * that is resumed; NGX_DECLINED: none has.
 */
ngx_int_t ngx_dots_psk_identity(ngx_dots_conf_t *dcf, SSL *ssl,
    dots_str_t *identity);

/*
 * "ctx", of DTLS or TLS, shall offer PSK if there is a psk_file, which is known
 * only when the whole configuration is read; then ngx_dots_psk_enable() is
 * called.
 */
ngx_int_t ngx_dots_psk_init(ngx_conf_t *cf, ngx_dots_conf_t *dcf,
    SSL_CTX *ctx);
ngx_int_t ngx_dots_psk_enable(ngx_dots_conf_t *dcf, ngx_log_t *log);

#endif /* _NGX_DOTS_PSK_H_INCLUDED_ */
