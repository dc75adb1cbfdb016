#include "dots_hello.h"


#define DOTS_HELLO_HANDSHAKE      22    /* ContentType, RFC 5246 6.2.1 */
#define DOTS_HELLO_MAJOR          0xfe
#define DOTS_HELLO_RECORD         13    /* bytes before a record's payload */
#define DOTS_HELLO_PLAIN          16384 /* bytes of payload, RFC 5246 6.2.1 */

/* HandshakeType and lengths, RFC 6347 sections 4.2.2 and 4.3.2 */

#define DOTS_HELLO_CLIENT_HELLO   1
#define DOTS_HELLO_VERIFY_REQUEST 3
#define DOTS_HELLO_MESSAGE        12    /* bytes before a message's body */
#define DOTS_HELLO_RANDOM         32
#define DOTS_HELLO_REPEATED       1     /* greatest message_seq of a hello */

/* DTLS 1.0, whatever will be negotiated: RFC 6347 section 4.2.1 */

#define DOTS_HELLO_VERSION        0xfeff


static uint32_t
dots_hello_read_u24(dots_reader_t *r)
{
    uint32_t  high;

    high = dots_read_u8(r);

    return high << 16 | dots_read_u16(r);
}


static void
dots_hello_write_u24(dots_writer_t *w, uint32_t v)
{
    dots_write_u8(w, (uint8_t) (v >> 16));
    dots_write_u16(w, (uint16_t) v);
}


/* A record in epoch 0 of DTLS, any 1.x; what follows it is left alone. */

static int
dots_hello_read_record(dots_hello_t *hello, dots_reader_t *r)
{
    size_t          len;
    uint8_t         type, major;
    const uint8_t  *p;

    type = dots_read_u8(r);
    major = dots_read_u8(r);
    (void) dots_read_u8(r);

    hello->sequence = dots_read_bytes(r, DOTS_HELLO_SEQUENCE);
    len = dots_read_u16(r);
    p = dots_read_bytes(r, len);

    if (p == NULL || type != DOTS_HELLO_HANDSHAKE || major != DOTS_HELLO_MAJOR
        || hello->sequence[0] != 0 || hello->sequence[1] != 0)
    {
        return DOTS_INVALID;
    }

    r->pos = p;
    r->end = p + len;

    return DOTS_OK;
}


/*
 * The record is this message and nothing else.  A fragment may be the first of
 * a hello, with the cookie in it: to put fragments together would take memory
 * for anybody.
 */

static int
dots_hello_read_message(dots_reader_t *r)
{
    uint8_t   type;
    uint16_t  number;
    uint32_t  len, offset, fragment;

    type = dots_read_u8(r);
    len = dots_hello_read_u24(r);
    number = dots_read_u16(r);
    offset = dots_hello_read_u24(r);
    fragment = dots_hello_read_u24(r);

    if (r->failed || fragment != (size_t) (r->end - r->pos)
        || type != DOTS_HELLO_CLIENT_HELLO || number > DOTS_HELLO_REPEATED
        || offset != 0 || fragment > len)
    {
        return DOTS_INVALID;
    }

    return DOTS_OK;
}


int
dots_hello_read(dots_hello_t *hello, const uint8_t *data, size_t len)
{
    dots_reader_t  r;

    /* no record is longer: what comes after it is not looked at */

    if (len > DOTS_HELLO_RECORD + DOTS_HELLO_PLAIN) {
        len = DOTS_HELLO_RECORD + DOTS_HELLO_PLAIN;
    }

    r.pos = data;
    r.end = data + len;
    r.failed = 0;

    if (dots_hello_read_record(hello, &r) != DOTS_OK
        || dots_hello_read_message(&r) != DOTS_OK)
    {
        return DOTS_INVALID;
    }

    /* client_version, random and session_id are the handshake's matter */

    (void) dots_read_u16(&r);
    (void) dots_read_bytes(&r, DOTS_HELLO_RANDOM);
    (void) dots_read_bytes(&r, dots_read_u8(&r));

    hello->cookie.len = dots_read_u8(&r);
    hello->cookie.data = dots_read_bytes(&r, hello->cookie.len);

    return r.failed ? DOTS_INVALID : DOTS_OK;
}


size_t
dots_hello_verify(const dots_hello_t *hello, dots_str_t cookie, uint8_t *buf)
{
    uint32_t       body;
    dots_writer_t  w;

    w.pos = buf;
    w.end = buf + DOTS_HELLO_VERIFY;
    w.failed = 0;

    body = (uint32_t) (2 + 1 + cookie.len);

    /* the record sequence number is the hello's, RFC 6347 section 4.2.1 */

    dots_write_u8(&w, DOTS_HELLO_HANDSHAKE);
    dots_write_u16(&w, DOTS_HELLO_VERSION);
    dots_write_bytes(&w, hello->sequence, DOTS_HELLO_SEQUENCE);
    dots_write_u16(&w, (uint16_t) (DOTS_HELLO_MESSAGE + body));

    dots_write_u8(&w, DOTS_HELLO_VERIFY_REQUEST);
    dots_hello_write_u24(&w, body);
    dots_write_u16(&w, 0);                      /* message_seq */
    dots_hello_write_u24(&w, 0);                /* fragment_offset */
    dots_hello_write_u24(&w, body);

    dots_write_u16(&w, DOTS_HELLO_VERSION);
    dots_write_u8(&w, (uint8_t) cookie.len);
    dots_write_bytes(&w, cookie.data, cookie.len);

    return (size_t) (w.pos - buf);
}
