/*
 * The Via header field of RFC 9110 section 7.6.3: who has relayed a request.
 * A DOTS agent that finds itself in it sees a loop (RFC 8783 section 3.4).
 * Pure: bytes in, a yes or no out.  Called by dots_restconf.c.
 */

#ifndef DOTS_VIA_H
#define DOTS_VIA_H

#include "dots_base.h"

/*
 * Nonzero: one of the relays in "via" is one of the names, in whatever case.  A
 * name without port is that with any port.  What is no Via is skipped up to the
 * next comma.
 */
int dots_via_has(dots_str_t via, const dots_str_t *names, size_t n);

#endif /* DOTS_VIA_H */
