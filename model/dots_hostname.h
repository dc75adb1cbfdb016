/*
 * Host names as text: what is one (RFC 1035 section 2.3.4, RFC 1123 section
 * 2.1) and its one comparable form.  Knows nothing of DNS.  Called by customers
 * and targets.
 */

#ifndef DOTS_HOSTNAME_H
#define DOTS_HOSTNAME_H

#include "dots_base.h"

#define DOTS_HOSTNAME_MAX   253 /* bytes of text without the trailing dot */
#define DOTS_HOSTNAME_LABEL 63


/* ASCII only, whatever the locale: RFC 4343. */

static inline uint8_t
dots_hostname_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t) (c | 0x20) : c;
}


/*
 * Writes the name to "buf" in lower case and without its trailing dot.
 * DOTS_INVALID: no host name, or one that a resolver would read as an address
 * because its last label is a number (192.0.2.1, 127.1, 0x7f000001).
 */
int dots_hostname_normalize(dots_str_t name, uint8_t buf[DOTS_HOSTNAME_MAX],
    size_t *len);

#endif /* DOTS_HOSTNAME_H */
