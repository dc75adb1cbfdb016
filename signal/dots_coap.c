#include <coap3/coap.h>

#include "dots_coap.h"


#define DOTS_COAP_VERSION 1
#define DOTS_COAP_HEADER  4
#define DOTS_COAP_MARKER  0xff


/*
 * An option that we understand.  One that is not here is ignored if it is
 * elective and makes the request a bad one if it is critical (odd numbers, RFC
 * 7252 section 5.4.6): If-None-Match, Q-Block1 and Q-Block2 among them.
 */

typedef struct {
    uint16_t  number;
    uint16_t  min;              /* bytes, RFC 7252 section 5.10, Table 4 */
    uint16_t  max;
    uint8_t   repeatable;
    void    (*set)(dots_coap_message_t *m, const dots_str_t *value);
} dots_coap_option_t;


static void dots_coap_set_if_match(dots_coap_message_t *m,
    const dots_str_t *value);
static void dots_coap_set_path(dots_coap_message_t *m,
    const dots_str_t *value);
static void dots_coap_set_content_format(dots_coap_message_t *m,
    const dots_str_t *value);
static void dots_coap_set_query(dots_coap_message_t *m,
    const dots_str_t *value);
static void dots_coap_set_accept(dots_coap_message_t *m,
    const dots_str_t *value);
static void dots_coap_set_observe(dots_coap_message_t *m,
    const dots_str_t *value);
static void dots_coap_set_max_age(dots_coap_message_t *m,
    const dots_str_t *value);
static void dots_coap_set_block1(dots_coap_message_t *m,
    const dots_str_t *value);
static void dots_coap_set_block2(dots_coap_message_t *m,
    const dots_str_t *value);
static void dots_coap_set_size1(dots_coap_message_t *m,
    const dots_str_t *value);
static void dots_coap_set_size2(dots_coap_message_t *m,
    const dots_str_t *value);
static void dots_coap_set_hop_limit(dots_coap_message_t *m,
    const dots_str_t *value);
static void dots_coap_set_etag(dots_coap_message_t *m,
    const dots_str_t *value);
static void dots_coap_set_proxy(dots_coap_message_t *m,
    const dots_str_t *value);


/*
 * By their numbers, see dots_coap_option().  Uri-Host and Uri-Port name this
 * server, whose resources ignore them.
 */

static const dots_coap_option_t  dots_coap_options[] = {
    { COAP_OPTION_IF_MATCH,       0,    8, 1, dots_coap_set_if_match },
    { COAP_OPTION_URI_HOST,       1,  255, 0, NULL },
    { COAP_OPTION_ETAG,           1,    8, 1, dots_coap_set_etag },
    { COAP_OPTION_OBSERVE,        0,    3, 0, dots_coap_set_observe },
    { COAP_OPTION_URI_PORT,       0,    2, 0, NULL },
    { COAP_OPTION_URI_PATH,       0,  255, 1, dots_coap_set_path },
    { COAP_OPTION_CONTENT_FORMAT, 0,    2, 0, dots_coap_set_content_format },
    { COAP_OPTION_MAXAGE,         0,    4, 0, dots_coap_set_max_age },
    { COAP_OPTION_URI_QUERY,      0,  255, 1, dots_coap_set_query },
    { COAP_OPTION_HOP_LIMIT,      0,    4, 0, dots_coap_set_hop_limit },
    { COAP_OPTION_ACCEPT,         0,    2, 0, dots_coap_set_accept },
    { COAP_OPTION_BLOCK2,         0,    3, 0, dots_coap_set_block2 },
    { COAP_OPTION_BLOCK1,         0,    3, 0, dots_coap_set_block1 },
    { COAP_OPTION_SIZE2,          0,    4, 0, dots_coap_set_size2 },
    { COAP_OPTION_PROXY_URI,      1, 1034, 0, dots_coap_set_proxy },
    { COAP_OPTION_PROXY_SCHEME,   1,  255, 0, dots_coap_set_proxy },
    { COAP_OPTION_SIZE1,          0,    4, 0, dots_coap_set_size1 },
};

#define DOTS_COAP_OPTIONS                                                     \
    (sizeof(dots_coap_options) / sizeof(dots_coap_options[0]))


void
dots_coap_init(dots_coap_message_t *m)
{
    static const dots_coap_message_t  empty = {
        .content_format = -1,
        .accept = -1,
        .observe = -1,
        .max_age = -1,
        .block1 = -1,
        .block2 = -1,
        .size1 = -1,
        .size2 = -1,
        .hop_limit = -1
    };

    memcpy(m, &empty, offsetof(dots_coap_message_t, token));
}


/* ---- parsing ---- */

static void
dots_coap_set_if_match(dots_coap_message_t *m, const dots_str_t *value)
{
    m->if_match = 1;

    if (value->len == 0) {
        m->if_match_empty = 1;
    }
}


static void
dots_coap_set_path(dots_coap_message_t *m, const dots_str_t *value)
{
    if (m->npath == DOTS_COAP_SEGMENTS) {
        m->too_many_segments = 1;
        return;
    }

    m->path[m->npath++] = *value;
}


static void
dots_coap_set_content_format(dots_coap_message_t *m, const dots_str_t *value)
{
    m->content_format = (int32_t) coap_decode_var_bytes(value->data,
                                                        value->len);
}


static void
dots_coap_set_query(dots_coap_message_t *m, const dots_str_t *value)
{
    if (m->nquery == DOTS_COAP_QUERIES) {
        m->too_many_queries = 1;
        return;
    }

    m->query[m->nquery++] = *value;
}


static void
dots_coap_set_accept(dots_coap_message_t *m, const dots_str_t *value)
{
    m->accept = (int32_t) coap_decode_var_bytes(value->data, value->len);
}


static void
dots_coap_set_observe(dots_coap_message_t *m, const dots_str_t *value)
{
    m->observe = coap_decode_var_bytes(value->data, value->len);
}


static void
dots_coap_set_max_age(dots_coap_message_t *m, const dots_str_t *value)
{
    m->max_age = coap_decode_var_bytes(value->data, value->len);
}


static void
dots_coap_set_block1(dots_coap_message_t *m, const dots_str_t *value)
{
    m->block1 = coap_decode_var_bytes(value->data, value->len);
}


static void
dots_coap_set_size1(dots_coap_message_t *m, const dots_str_t *value)
{
    m->size1 = coap_decode_var_bytes(value->data, value->len);
}


static void
dots_coap_set_size2(dots_coap_message_t *m, const dots_str_t *value)
{
    m->size2 = coap_decode_var_bytes(value->data, value->len);
}


static void
dots_coap_set_hop_limit(dots_coap_message_t *m, const dots_str_t *value)
{
    m->hop_limit = coap_decode_var_bytes(value->data, value->len);
}


static void
dots_coap_set_etag(dots_coap_message_t *m, const dots_str_t *value)
{
    if (m->etag_len == 0) {
        m->etag_len = value->len;
        memcpy(m->etag, value->data, value->len);
    }
}


static void
dots_coap_set_block2(dots_coap_message_t *m, const dots_str_t *value)
{
    m->block2 = coap_decode_var_bytes(value->data, value->len);
}


static void
dots_coap_set_proxy(dots_coap_message_t *m, const dots_str_t *value)
{
    (void) value;

    m->proxy = 1;
}


/*
 * "next" is where the option before was found, 0 at first: numbers of a message
 * only grow, and so does it.
 */

static const dots_coap_option_t *
dots_coap_option(size_t *next, uint16_t number)
{
    while (*next < DOTS_COAP_OPTIONS
           && dots_coap_options[*next].number < number)
    {
        (*next)++;
    }

    return (*next < DOTS_COAP_OPTIONS
            && dots_coap_options[*next].number == number)
           ? &dots_coap_options[*next] : NULL;
}


/*
 * RFC 7252 sections 5.4.1 (unrecognized), 5.4.3 (a length outside the range is
 * treated like an unrecognized option), 5.4.5 (so is each repetition of one
 * that is not repeatable).
 */

static void
dots_coap_set(dots_coap_message_t *m, const dots_coap_option_t *option,
    uint16_t number, int repeated, const dots_str_t *value)
{
    if (option == NULL || value->len < option->min || value->len > option->max
        || (repeated && !option->repeatable))
    {
        if ((number & 1) && m->bad_option == 0) {
            m->bad_option = number;
        }

        return;
    }

    if (option->set != NULL) {
        option->set(m, value);
    }
}


/*
 * libcoap adds up the two extended bytes of a delta in 16 bits, so that 0xfef3
 * to 0xffff come out as a small number: no such option exists (RFC 7252 section
 * 3.1).
 */

size_t
dots_coap_read_option(const uint8_t *p, size_t len, uint32_t *number,
    dots_str_t *value)
{
    size_t         n;
    coap_option_t  option;

    n = coap_opt_parse(p, len, &option);

    if (n == 0 || (p[0] >> 4 == 14 && option.delta < 269)) {
        return 0;
    }

    *number += option.delta;

    if (*number > UINT16_MAX) {
        return 0;
    }

    *value = dots_str(option.value, option.length);

    return n;
}


int
dots_coap_parse_options(dots_coap_message_t *m, const uint8_t *p, size_t len)
{
    size_t      n, next;
    uint32_t    number, last;
    dots_str_t  value;

    number = 0;
    next = 0;

    while (len) {

        if (*p == DOTS_COAP_MARKER) {
            /* a marker and nothing after it is a format error, section 3 */

            m->payload = dots_str(p + 1, len - 1);
            return len > 1 ? DOTS_OK : DOTS_INVALID;
        }

        last = number;

        n = dots_coap_read_option(p, len, &number, &value);
        if (n == 0) {
            return DOTS_INVALID;
        }

        dots_coap_set(m, dots_coap_option(&next, (uint16_t) number),
                      (uint16_t) number, number == last, &value);

        p += n;
        len -= n;
    }

    return DOTS_OK;
}


/* RFC 8974 section 2.1: 13 and 14 announce a longer length, 15 is reserved. */

int
dots_coap_parse_token(dots_coap_message_t *m, unsigned tkl, dots_reader_t *r)
{
    size_t          len;
    const uint8_t  *token, *first;

    first = r->pos;

    switch (tkl) {
    case 13:
        len = (size_t) dots_read_u8(r) + 13;
        break;
    case 14:
        len = (size_t) dots_read_u16(r) + 269;
        break;
    case 15:
        return DOTS_INVALID;
    default:
        len = tkl;
    }

    token = dots_read_bytes(r, len);

    if (token == NULL) {
        return DOTS_INVALID;
    }

    if (len > sizeof(m->token)) {
        m->long_token = dots_str(first, (size_t) (r->pos - first));
        return DOTS_OK;
    }

    m->token_len = len;
    memcpy(m->token, token, len);

    return DOTS_OK;
}


int
dots_coap_parse(dots_coap_message_t *m, const uint8_t *data, size_t len,
    int *header)
{
    dots_reader_t  r = { data, data + len, 0 };

    dots_coap_init(m);
    *header = 0;

    if (len < DOTS_COAP_HEADER || len > DOTS_COAP_MESSAGE
        || data[0] >> 6 != DOTS_COAP_VERSION)
    {
        return DOTS_INVALID;
    }

    *header = 1;

    m->type = dots_read_u8(&r) >> 4 & 0x03;
    m->code = dots_read_u8(&r);
    m->id = dots_read_u16(&r);

    /* an Empty message is the header and nothing else, section 4.1 */

    if (m->code == DOTS_COAP_EMPTY && len > DOTS_COAP_HEADER) {
        return DOTS_INVALID;
    }

    if (dots_coap_parse_token(m, data[0] & 0x0f, &r) != DOTS_OK) {
        return DOTS_INVALID;
    }

    return dots_coap_parse_options(m, r.pos, (size_t) (r.end - r.pos));
}


static dots_str_t
dots_coap_copy_slice(dots_str_t slice, const uint8_t *data,
    const uint8_t *copy)
{
    return slice.data ? dots_str(copy + (slice.data - data), slice.len) : slice;
}


void
dots_coap_copy_token(dots_coap_message_t *dst, const dots_coap_message_t *src)
{
    dst->token_len = src->token_len;
    memcpy(dst->token, src->token, src->token_len);
}


void
dots_coap_copy(dots_coap_message_t *dst, const dots_coap_message_t *src,
    const uint8_t *data, const uint8_t *copy)
{
    size_t  i;

    memcpy(dst, src, offsetof(dots_coap_message_t, token));

    dots_coap_copy_token(dst, src);

    for (i = 0; i < src->npath; i++) {
        dst->path[i] = dots_coap_copy_slice(src->path[i], data, copy);
    }

    for (i = 0; i < src->nquery; i++) {
        dst->query[i] = dots_coap_copy_slice(src->query[i], data, copy);
    }

    dst->long_token = dots_coap_copy_slice(src->long_token, data, copy);
    dst->payload = dots_coap_copy_slice(src->payload, data, copy);
}


/* ---- writing ---- */

unsigned
dots_coap_tkl(size_t token_len)
{
    if (token_len < 13) {
        return (unsigned) token_len;
    }

    return token_len < 269 ? 13 : 14;
}


void
dots_coap_write_token(dots_writer_t *w, const uint8_t *token, size_t len)
{
    if (dots_coap_tkl(len) == 13) {
        dots_write_u8(w, (uint8_t) (len - 13));

    } else if (dots_coap_tkl(len) == 14) {
        dots_write_u16(w, (uint16_t) (len - 269));
    }

    dots_write_bytes(w, token, len);
}


static void
dots_coap_write_option(dots_writer_t *w, uint16_t *last, uint16_t number,
    const uint8_t *value, size_t len)
{
    size_t   n;
    uint8_t  option[16];

    n = coap_opt_encode(option, sizeof(option), (uint16_t) (number - *last),
                        value, len);
    *last = number;

    if (n == 0) {
        w->failed = 1;
        return;
    }

    dots_write_bytes(w, option, n);
}


void
dots_coap_write_uint(dots_writer_t *w, uint16_t *last, uint16_t number,
    int64_t value)
{
    size_t   n;
    uint8_t  bytes[4];

    if (value < 0) {
        return;
    }

    n = coap_encode_var_safe(bytes, sizeof(bytes), (unsigned int) value);

    dots_coap_write_option(w, last, number, bytes, n);
}


void
dots_coap_write_body(dots_writer_t *w, const dots_coap_message_t *m)
{
    size_t    i;
    uint16_t  last;

    last = 0;

    if (m->etag_len) {
        dots_coap_write_option(w, &last, COAP_OPTION_ETAG, m->etag,
                               m->etag_len);
    }

    dots_coap_write_uint(w, &last, COAP_OPTION_OBSERVE, m->observe);

    for (i = 0; i < m->npath; i++) {
        dots_coap_write_option(w, &last, COAP_OPTION_URI_PATH, m->path[i].data,
                               m->path[i].len);
    }

    dots_coap_write_uint(w, &last, COAP_OPTION_CONTENT_FORMAT,
                         m->content_format);
    dots_coap_write_uint(w, &last, COAP_OPTION_MAXAGE, m->max_age);
    dots_coap_write_uint(w, &last, COAP_OPTION_BLOCK2, m->block2);
    dots_coap_write_uint(w, &last, COAP_OPTION_BLOCK1, m->block1);
    dots_coap_write_uint(w, &last, COAP_OPTION_SIZE2, m->size2);
    dots_coap_write_uint(w, &last, COAP_OPTION_SIZE1, m->size1);

    if (m->payload.len) {
        dots_write_u8(w, DOTS_COAP_MARKER);
        dots_write_bytes(w, m->payload.data, m->payload.len);
    }
}


int
dots_coap_write(const dots_coap_message_t *m, uint8_t *buf, size_t size,
    size_t *len)
{
    uint8_t        header[DOTS_COAP_HEADER];
    dots_writer_t  w = { buf, buf + size, 0 };

    header[0] = (uint8_t) (DOTS_COAP_VERSION << 6 | m->type << 4
                           | dots_coap_tkl(m->token_len));
    header[1] = m->code;
    header[2] = (uint8_t) (m->id >> 8);
    header[3] = (uint8_t) m->id;

    dots_write_bytes(&w, header, sizeof(header));
    dots_coap_write_token(&w, m->token, m->token_len);
    dots_coap_write_body(&w, m);

    if (w.failed) {
        return DOTS_FULL;
    }

    *len = (size_t) (w.pos - buf);

    return DOTS_OK;
}
