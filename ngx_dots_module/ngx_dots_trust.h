/*
 * Whether the newest configuration would still trust the certificate of a
 * session that an older one has let in: digests of its server{}'s anchors, of
 * the CAs whose CRL is current, and of each certificate that these revoke, in
 * the set of ngx_dots_policy.c.  What is out of the ordinary (a CRL that is not
 * current, is for a part of the certificates, indirect or a delta, or of a CA
 * that the server itself does not have; more revoked ones than the set has room
 * for) is not published: then sessions stay only where nothing has changed.
 * Called by ngx_stream_dots_module.c in the master, by ngx_dots_drain.c in a
 * worker that leaves.
 */

#ifndef _NGX_DOTS_TRUST_H_INCLUDED_
#define _NGX_DOTS_TRUST_H_INCLUDED_

#include "ngx_dots.h"

/* "server": all that it admits peers by but this.  No memory: not published. */
void ngx_dots_trust_publish(uint64_t server, SSL_CTX *ctx);

typedef struct ngx_dots_trust_s  ngx_dots_trust_t;

/*
 * What the certificate of the session needs to be trusted again; NULL: nothing
 * will do, or no memory.
 */
ngx_dots_trust_t *ngx_dots_trust_create(ngx_pool_t *pool, uint64_t server,
    SSL *ssl);

ngx_uint_t ngx_dots_trust_holds(ngx_dots_trust_t *trust);

#endif /* _NGX_DOTS_TRUST_H_INCLUDED_ */
