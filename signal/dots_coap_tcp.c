#include <coap3/coap.h>

#include "dots_coap_tcp.h"


#define DOTS_COAP_TCP_MARKER 0xff

/* RFC 8323 section 3.2: where the lengths of one, two and four bytes begin */

#define DOTS_COAP_TCP_LEN8   13
#define DOTS_COAP_TCP_LEN16  269
#define DOTS_COAP_TCP_LEN32  65805


/*
 * Options of signalling messages; their numbers mean something only together
 * with the code (RFC 8323 section 5.2).  All of them are elective.  The value
 * of one with max 0 is its presence.
 */

typedef struct {
    uint8_t   code;
    uint16_t  number;
    uint16_t  max;              /* bytes */
    size_t    offset;           /* of an int64_t in dots_coap_tcp_signal_t */
} dots_coap_tcp_option_t;

#define dots_coap_tcp_option(field) offsetof(dots_coap_tcp_signal_t, field)

static const dots_coap_tcp_option_t  dots_coap_tcp_options[] = {
    { DOTS_COAP_CSM, DOTS_COAP_TCP_MAX_MESSAGE_SIZE, 4,
      dots_coap_tcp_option(max_message_size) },
    { DOTS_COAP_CSM, 4, 0, dots_coap_tcp_option(block_wise_transfer) },
    { DOTS_COAP_CSM, 6, 3, dots_coap_tcp_option(extended_token_length) },
    { DOTS_COAP_PING, 2, 0, dots_coap_tcp_option(custody) },
    { DOTS_COAP_PONG, 2, 0, dots_coap_tcp_option(custody) },
    { DOTS_COAP_RELEASE, 4, 3, dots_coap_tcp_option(hold_off) },
    { DOTS_COAP_ABORT, 2, 2, dots_coap_tcp_option(bad_csm_option) },
};

#define DOTS_COAP_TCP_OPTIONS                                                 \
    (sizeof(dots_coap_tcp_options) / sizeof(dots_coap_tcp_options[0]))

#define DOTS_COAP_TCP_ALTERNATIVE 2     /* Release: a string of 1 to 255 */


/* ---- the header ---- */

/* Len and TKL, the extended length, the code; what is left is the token. */

typedef struct {
    unsigned  tkl;
    uint8_t   code;
    uint64_t  length;           /* of options and payload */
} dots_coap_tcp_header_t;


static void
dots_coap_tcp_read_header(dots_reader_t *r, dots_coap_tcp_header_t *h)
{
    uint8_t  first;

    first = dots_read_u8(r);

    h->tkl = first & 0x0f;

    switch (first >> 4) {
    case 13:
        h->length = (uint64_t) dots_read_u8(r) + DOTS_COAP_TCP_LEN8;
        break;
    case 14:
        h->length = (uint64_t) dots_read_u16(r) + DOTS_COAP_TCP_LEN16;
        break;
    case 15:
        h->length = (uint64_t) dots_read_u32(r) + DOTS_COAP_TCP_LEN32;
        break;
    default:
        h->length = first >> 4;
    }

    h->code = dots_read_u8(r);
}


/* RFC 8974 section 2.1 and Appendix A.2: its length stands before the token. */

static size_t
dots_coap_tcp_read_token_len(dots_reader_t *r, unsigned tkl)
{
    switch (tkl) {
    case 13:
        return (size_t) dots_read_u8(r) + 13;
    case 14:
        return (size_t) dots_read_u16(r) + 269;
    default:
        return tkl;
    }
}


int
dots_coap_tcp_size(const uint8_t *data, size_t len, uint64_t *size)
{
    size_t                  token_len;
    dots_reader_t           r = { data, data + len, 0 };
    dots_coap_tcp_header_t  h;

    dots_coap_tcp_read_header(&r, &h);

    if (len && h.tkl == 15) {
        return DOTS_INVALID;
    }

    token_len = dots_coap_tcp_read_token_len(&r, h.tkl);

    if (r.failed) {
        return DOTS_DECLINED;
    }

    *size = (uint64_t) (r.pos - data) + token_len + h.length;

    return DOTS_OK;
}


uint8_t
dots_coap_tcp_code(const uint8_t *data)
{
    dots_reader_t           r = { data, data + DOTS_COAP_TCP_HEADER, 0 };
    dots_coap_tcp_header_t  h;

    dots_coap_tcp_read_header(&r, &h);

    return h.code;
}


static void
dots_coap_tcp_write_header(dots_writer_t *w, uint8_t code, const uint8_t *token,
    size_t token_len, size_t length)
{
    unsigned  tkl;

    tkl = dots_coap_tkl(token_len);

    if (length < DOTS_COAP_TCP_LEN8) {
        dots_write_u8(w, (uint8_t) (length << 4 | tkl));

    } else if (length < DOTS_COAP_TCP_LEN16) {
        dots_write_u8(w, (uint8_t) (13 << 4 | tkl));
        dots_write_u8(w, (uint8_t) (length - DOTS_COAP_TCP_LEN8));

    } else if (length < DOTS_COAP_TCP_LEN32) {
        dots_write_u8(w, (uint8_t) (14 << 4 | tkl));
        dots_write_u16(w, (uint16_t) (length - DOTS_COAP_TCP_LEN16));

    } else {
        dots_write_u8(w, (uint8_t) (15 << 4 | tkl));
        dots_write_u32(w, (uint32_t) (length - DOTS_COAP_TCP_LEN32));
    }

    dots_write_u8(w, code);
    dots_coap_write_token(w, token, token_len);
}


/* ---- requests and responses ---- */

/* "r" is behind the token afterwards; what does not add up is DOTS_INVALID. */

static int
dots_coap_tcp_begin(dots_coap_message_t *m, dots_reader_t *r)
{
    dots_coap_tcp_header_t  h;

    dots_coap_init(m);
    dots_coap_tcp_read_header(r, &h);

    m->type = DOTS_COAP_NON;
    m->code = h.code;

    /*
     * A token longer than what our CSM says is a format error (RFC 8974 section
     * 2.2.1); without Extended-Token-Length that is 8, but we send it.
     */

    if (r->failed || dots_coap_parse_token(m, h.tkl, r) != DOTS_OK
        || m->long_token.len
        || (uint64_t) (r->end - r->pos) != h.length)
    {
        return DOTS_INVALID;
    }

    return DOTS_OK;
}


int
dots_coap_tcp_parse(dots_coap_message_t *m, const uint8_t *data, size_t len)
{
    dots_reader_t  r = { data, data + len, 0 };

    if (dots_coap_tcp_begin(m, &r) != DOTS_OK) {
        return DOTS_INVALID;
    }

    /* an Empty message is a code and nothing else, RFC 7252 section 4.1 */

    if (m->code == DOTS_COAP_EMPTY) {
        return len == 2 ? DOTS_OK : DOTS_INVALID;
    }

    return dots_coap_parse_options(m, r.pos, (size_t) (r.end - r.pos));
}


/* The length stands in front: options and payload are written twice. */

int
dots_coap_tcp_write(const dots_coap_message_t *m, uint8_t *buf, size_t size,
    size_t *len)
{
    size_t         length;
    dots_writer_t  w = { buf, buf + size, 0 };

    dots_coap_write_body(&w, m);

    length = (size_t) (w.pos - buf);

    if (w.failed) {
        return DOTS_FULL;
    }

    w.pos = buf;

    dots_coap_tcp_write_header(&w, m->code, m->token, m->token_len, length);
    dots_coap_write_body(&w, m);

    if (w.failed) {
        return DOTS_FULL;
    }

    *len = (size_t) (w.pos - buf);

    return DOTS_OK;
}


/* ---- signalling messages ---- */

void
dots_coap_tcp_signal_init(dots_coap_tcp_signal_t *sig, uint8_t code)
{
    memset(sig, 0, sizeof(dots_coap_tcp_signal_t));

    sig->code = code;
    sig->max_message_size = -1;
    sig->block_wise_transfer = -1;
    sig->extended_token_length = -1;
    sig->custody = -1;
    sig->hold_off = -1;
    sig->bad_csm_option = -1;
}


static int64_t *
dots_coap_tcp_signal_field(dots_coap_tcp_signal_t *sig,
    const dots_coap_tcp_option_t *option)
{
    return (int64_t *) (void *) ((uint8_t *) sig + option->offset);
}


/*
 * What is unknown, too long or repeated is ignored, or reported if it is
 * critical: RFC 7252 sections 5.4.1, 5.4.3 and 5.4.5.
 */

static void
dots_coap_tcp_signal_set(dots_coap_tcp_signal_t *sig, uint16_t number,
    dots_str_t value)
{
    size_t                         i;
    int64_t                       *field;
    const dots_coap_tcp_option_t  *option;

    if ((number & 1) && sig->bad_option == 0) {
        sig->bad_option = number;
        return;
    }

    if (sig->code == DOTS_COAP_RELEASE && number == DOTS_COAP_TCP_ALTERNATIVE
        && value.len >= 1 && value.len <= 255 && sig->alternative.len == 0)
    {
        sig->alternative = value;
        return;
    }

    for (i = 0; i < DOTS_COAP_TCP_OPTIONS; i++) {

        option = &dots_coap_tcp_options[i];

        if (option->code != sig->code || option->number != number
            || value.len > option->max)
        {
            continue;
        }

        field = dots_coap_tcp_signal_field(sig, option);

        if (*field == -1) {
            *field = coap_decode_var_bytes(value.data, value.len);
        }

        return;
    }
}


static int
dots_coap_tcp_signal_options(dots_coap_tcp_signal_t *sig, const uint8_t *p,
    size_t len)
{
    size_t      n;
    uint32_t    number;
    dots_str_t  value;

    number = 0;

    while (len) {

        if (*p == DOTS_COAP_TCP_MARKER) {
            sig->payload = dots_str(p + 1, len - 1);
            return len > 1 ? DOTS_OK : DOTS_INVALID;
        }

        n = dots_coap_read_option(p, len, &number, &value);
        if (n == 0) {
            return DOTS_INVALID;
        }

        dots_coap_tcp_signal_set(sig, (uint16_t) number, value);

        p += n;
        len -= n;
    }

    return DOTS_OK;
}


int
dots_coap_tcp_signal_parse(dots_coap_tcp_signal_t *sig, const uint8_t *data,
    size_t len)
{
    dots_reader_t        r = { data, data + len, 0 };
    dots_coap_message_t  m;

    if (dots_coap_tcp_begin(&m, &r) != DOTS_OK) {
        return DOTS_INVALID;
    }

    dots_coap_tcp_signal_init(sig, m.code);

    sig->token_len = m.token_len;
    memcpy(sig->token, m.token, m.token_len);

    return dots_coap_tcp_signal_options(sig, r.pos, (size_t) (r.end - r.pos));
}


static void
dots_coap_tcp_signal_body(dots_writer_t *w, const dots_coap_tcp_signal_t *sig)
{
    size_t                         i;
    uint16_t                       last;
    const int64_t                 *field;
    const dots_coap_tcp_option_t  *option;

    last = 0;

    for (i = 0; i < DOTS_COAP_TCP_OPTIONS; i++) {

        option = &dots_coap_tcp_options[i];

        if (option->code == sig->code) {
            field = (const void *) ((const uint8_t *) sig + option->offset);
            dots_coap_write_uint(w, &last, option->number, *field);
        }
    }

    if (sig->payload.len) {
        dots_write_u8(w, DOTS_COAP_TCP_MARKER);
        dots_write_bytes(w, sig->payload.data, sig->payload.len);
    }
}


int
dots_coap_tcp_signal_write(const dots_coap_tcp_signal_t *sig, uint8_t *buf,
    size_t size, size_t *len)
{
    size_t         length;
    dots_writer_t  w = { buf, buf + size, 0 };

    dots_coap_tcp_signal_body(&w, sig);

    length = (size_t) (w.pos - buf);

    if (w.failed) {
        return DOTS_FULL;
    }

    w.pos = buf;

    dots_coap_tcp_write_header(&w, sig->code, sig->token, sig->token_len,
                               length);
    dots_coap_tcp_signal_body(&w, sig);

    if (w.failed) {
        return DOTS_FULL;
    }

    *len = (size_t) (w.pos - buf);

    return DOTS_OK;
}
