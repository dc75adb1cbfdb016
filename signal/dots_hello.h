/*
 * The exchange before a DTLS handshake as bytes (RFC 6347 section 4.2.1): what
 * is read of a ClientHello whose address nothing proves yet, and the
 * HelloVerifyRequest that answers it.  As strict as OpenSSL's DTLSv1_listen(),
 * which gets the hellos with a valid cookie.  Keeps nothing, allocates nothing,
 * knows no cryptography.  Called by ngx_dots_dtls_listen.c.
 */

#ifndef DOTS_HELLO_H
#define DOTS_HELLO_H

#include "dots_base.h"

/* bytes */

#define DOTS_HELLO_SEQUENCE 8       /* of a record: epoch and number */
#define DOTS_HELLO_COOKIE   255     /* RFC 6347 section 4.3.2 */
#define DOTS_HELLO_VERIFY   (28 + DOTS_HELLO_COOKIE)

/* Both point into the datagram. */

typedef struct {
    const uint8_t *sequence;
    dots_str_t     cookie;          /* empty: there is none */
} dots_hello_t;

/* DOTS_INVALID: no hello that may be answered. */

int dots_hello_read(dots_hello_t *hello, const uint8_t *data, size_t len);

/*
 * The HelloVerifyRequest with our cookie of up to DOTS_HELLO_COOKIE bytes, in
 * the DOTS_HELLO_VERIFY of "buf".  Returns its length.  With 32 bytes of cookie
 * it is shorter than any hello that dots_hello_read() takes.
 */

size_t dots_hello_verify(const dots_hello_t *hello, dots_str_t cookie,
    uint8_t *buf);

#endif /* DOTS_HELLO_H */
