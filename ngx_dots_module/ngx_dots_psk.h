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

/* The directive "psk_file". */
char *ngx_dots_psk_file(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* When all customers are read: a key that is nobody's is a fault. */
char *ngx_dots_psk_check(ngx_conf_t *cf, ngx_dots_conf_t *dcf);

ngx_uint_t ngx_dots_psk_known(ngx_dots_conf_t *dcf, const u_char *name,
    size_t len);

/*
 * SHA-256 of the identity's key of today, to notice that it has changed.
 * NGX_OK, NGX_DECLINED (no such identity), NGX_ERROR.
 */
ngx_int_t ngx_dots_psk_digest(ngx_dots_conf_t *dcf, const char *name,
    u_char digest[NGX_DOTS_PSK_DIGEST]);

/*
 * "ctx" shall offer PSK if there is a psk_file, which is known only when the
 * whole configuration is read; then ngx_dots_psk_enable() is called.
 */
ngx_int_t ngx_dots_psk_init(ngx_conf_t *cf, ngx_dots_conf_t *dcf,
    SSL_CTX *ctx);
void ngx_dots_psk_enable(ngx_dots_conf_t *dcf);

#endif /* _NGX_DOTS_PSK_H_INCLUDED_ */
