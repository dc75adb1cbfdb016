/*
 * CoAP messages (RFC 7252 section 3): bytes to a message and back; options by
 * libcoap's public option API.  No state, no I/O, no log.  Knows no resource.
 * Called by dots_signal.c.
 */

#ifndef DOTS_COAP_H
#define DOTS_COAP_H

#include "dots_base.h"

#define DOTS_COAP_SEGMENTS 8     /* Uri-Path segments a DOTS URI can need */
#define DOTS_COAP_QUERIES  8
#define DOTS_COAP_MESSAGE  65535
#define DOTS_COAP_TOKEN    64    /* bytes of a token that is served: RFC 8974 */

/* the value of Block1 and Block2, RFC 7959 section 2.2 */

#define dots_coap_block(num, more, szx)                                       \
    ((int64_t) (num) << 4 | ((more) ? 8 : 0) | (szx))
#define dots_coap_block_num(value)  ((value) >> 4)
#define dots_coap_block_more(value) ((value) >> 3 & 1)
#define dots_coap_block_szx(value)  ((unsigned) ((value) & 7))
#define dots_coap_block_size(szx)   ((size_t) 1 << ((szx) + 4))

/* a request for a later block of an answer: it has no body, section 2.7 */

#define dots_coap_asks_later(m)                                               \
    ((m)->block2 >= 0 && dots_coap_block_num((m)->block2) != 0)

#define DOTS_COAP_BLOCK_MAX  6      /* SZX of 1024 bytes */
#define DOTS_COAP_BLOCK_BERT 7      /* the same over TCP, several at once: RFC
                                       8323 section 6; reserved over UDP */

#define DOTS_COAP_CON 0
#define DOTS_COAP_NON 1
#define DOTS_COAP_ACK 2
#define DOTS_COAP_RST 3

#define dots_coap_code(class, detail) ((uint8_t) (((class) << 5) | (detail)))

#define DOTS_COAP_GET    dots_coap_code(0, 1)
#define DOTS_COAP_POST   dots_coap_code(0, 2)
#define DOTS_COAP_PUT    dots_coap_code(0, 3)
#define DOTS_COAP_DELETE dots_coap_code(0, 4)

#define DOTS_COAP_EMPTY  dots_coap_code(0, 0)

#define DOTS_COAP_CONTINUE   dots_coap_code(2, 31)    /* RFC 7959 section 2.9 */
#define DOTS_COAP_INCOMPLETE dots_coap_code(4, 8)
#define DOTS_COAP_TOO_LARGE  dots_coap_code(4, 13)
#define DOTS_COAP_TOO_MANY_REQUESTS dots_coap_code(4, 29) /* RFC 8516 */

#define dots_coap_class(code)  ((code) >> 5)
#define dots_coap_detail(code) ((code) & 0x1f)

#define DOTS_COAP_FORMAT_TEXT 0
#define DOTS_COAP_FORMAT_LINK 40  /* application/link-format, RFC 6690 */
#define DOTS_COAP_FORMAT_DOTS 271 /* application/dots+cbor, RFC 9132 10.4 */

typedef struct {
    uint8_t     type;             /* CON, NON, ACK, RST */
    uint8_t     code;
    uint16_t    id;
    size_t      token_len;
    dots_str_t  long_token;       /* one that is longer, with what of its length
                                     stands before it; then token_len is 0 */

    size_t      npath;
    size_t      nquery;
    int32_t     content_format;   /* -1: absent */
    int32_t     accept;           /* -1: absent */
    int64_t     observe;          /* -1: absent */
    int64_t     max_age;          /* -1: absent */
    int64_t     block1;           /* -1: absent (RFC 7959 section 2.2) */
    int64_t     block2;
    int64_t     size1;            /* -1: absent (RFC 7959 section 4) */
    int64_t     size2;
    int64_t     hop_limit;        /* -1: absent; any number (RFC 8768) */
    size_t      etag_len;         /* 0: absent; of several the first */
    uint8_t     etag[8];
    unsigned    if_match:1;       /* RFC 7252 section 5.10.8.1 */
    unsigned    if_match_empty:1; /* one of them is: anything that is there */
    unsigned    proxy:1;          /* Proxy-Uri or Proxy-Scheme */
    unsigned    too_many_segments:1;  /* more than fit: no such resource */
    unsigned    too_many_queries:1;
    uint16_t    bad_option;       /* the first critical option that is unknown,
                                     of a wrong length or wrongly repeated; 0:
                                     none (RFC 7252 section 5.4); elective ones
                                     are ignored */
    dots_str_t  payload;          /* all slices point into the datagram */

    /* large, and set as far as the numbers above say, no further */

    uint8_t     token[DOTS_COAP_TOKEN];
    dots_str_t  path[DOTS_COAP_SEGMENTS];
    dots_str_t  query[DOTS_COAP_QUERIES];
} dots_coap_message_t;

/*
 * DOTS_OK, or DOTS_INVALID for bytes that are no CoAP message; then, if at
 * least a header of version 1 could be read, m->type, m->code and m->id are set
 * and *header is 1 (a malformed CON is answered with RST, RFC 7252 section 4.2,
 * an unknown version with silence, section 3).
 */
int dots_coap_parse(dots_coap_message_t *m, const uint8_t *data, size_t len,
    int *header);

/* "src" was parsed from "data"; the slices of "dst" are those of the copy. */
void dots_coap_copy(dots_coap_message_t *dst, const dots_coap_message_t *src,
    const uint8_t *data, const uint8_t *copy);

/* An answer has the token of its request (RFC 7252 section 5.3.1). */
void dots_coap_copy_token(dots_coap_message_t *dst,
    const dots_coap_message_t *src);

/* All fields empty, numbers absent. */
void dots_coap_init(dots_coap_message_t *m);

/*
 * Writes type, code, id, token, ETag, Observe, Uri-Path, Content-Format,
 * Max-Age, Block1, Block2, Size1, Size2, payload.
 * DOTS_OK or DOTS_FULL.
 */
int dots_coap_write(const dots_coap_message_t *m, uint8_t *buf, size_t size,
    size_t *len);

/* ---- for dots_coap_tcp.c, which has another header ---- */

/*
 * Token, options and payload, after a header that says "tkl"; m is initialized.
 * DOTS_OK or DOTS_INVALID.
 */
int dots_coap_parse_token(dots_coap_message_t *m, unsigned tkl,
    dots_reader_t *r);
int dots_coap_parse_options(dots_coap_message_t *m, const uint8_t *p,
    size_t len);

/*
 * One option at "p": its length, 0 for bytes that are none; "number" leads from
 * the one before to this one.
 */
size_t dots_coap_read_option(const uint8_t *p, size_t len, uint32_t *number,
    dots_str_t *value);

/* The TKL of a token (RFC 8974 section 2.1), and what follows the header. */
unsigned dots_coap_tkl(size_t token_len);
void dots_coap_write_token(dots_writer_t *w, const uint8_t *token, size_t len);
void dots_coap_write_body(dots_writer_t *w, const dots_coap_message_t *m);

/* "last" is the number of the option before; nothing for a negative value. */
void dots_coap_write_uint(dots_writer_t *w, uint16_t *last, uint16_t number,
    int64_t value);

#endif /* DOTS_COAP_H */
