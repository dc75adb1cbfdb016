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

#endif /* _NGX_DOTS_TICKET_H_INCLUDED_ */
