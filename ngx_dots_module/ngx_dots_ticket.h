/*
 * Session tickets (RFC 5077): resumption without state of the server (RFC 9132
 * section 7.1), on any worker and after a reload, because their keys are in the
 * zone.  For DTLS and TLS.
 */

#ifndef _NGX_DOTS_TICKET_H_INCLUDED_
#define _NGX_DOTS_TICKET_H_INCLUDED_

#include "ngx_dots.h"

/*
 * When the context is complete, CAs and CRL included; replaces what nginx has
 * set there.
 */
ngx_int_t ngx_dots_ticket_init(SSL_CTX *ctx);

#define NGX_DOTS_TICKET_TRUST_DIGEST  32    /* SHA-256 */

/*
 * A digest of all that certificates are verified with here, anchors and CRLs.
 * With another one a reload has changed them.
 */
ngx_int_t ngx_dots_ticket_trust(SSL_CTX *ctx,
    u_char trust[NGX_DOTS_TICKET_TRUST_DIGEST]);

#endif /* _NGX_DOTS_TICKET_H_INCLUDED_ */
