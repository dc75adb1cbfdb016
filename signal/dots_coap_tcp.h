/*
 * CoAP messages on a byte stream (RFC 8323 section 3.2) and the signalling
 * messages that exist only there (section 5): bytes to a message and back.  No
 * state, no I/O, no log.  Called by dots_signal_tcp.c.
 */

#ifndef DOTS_COAP_TCP_H
#define DOTS_COAP_TCP_H

#include "dots_coap.h"

#define DOTS_COAP_TCP_HEADER 8  /* bytes that tell the size of any message */
#define DOTS_COAP_TCP_BASE   1152   /* Max-Message-Size without a CSM, 5.3.1 */

#define DOTS_COAP_CSM     dots_coap_code(7, 1)
#define DOTS_COAP_PING    dots_coap_code(7, 2)
#define DOTS_COAP_PONG    dots_coap_code(7, 3)
#define DOTS_COAP_RELEASE dots_coap_code(7, 4)
#define DOTS_COAP_ABORT   dots_coap_code(7, 5)

/* Of the CSM, section 5.3. */

#define DOTS_COAP_TCP_MAX_MESSAGE_SIZE 2

/* Options are -1 if absent, 0 if they are there and have no value. */

typedef struct {
    uint8_t     code;
    size_t      token_len;
    uint8_t     token[DOTS_COAP_TOKEN];

    int64_t     max_message_size;       /* CSM, 5.3.1 */
    int64_t     block_wise_transfer;    /* CSM, 5.3.2 */
    int64_t     extended_token_length;  /* CSM, RFC 8974 section 2.2.1 */
    int64_t     custody;                /* Ping, Pong, 5.4.1 */
    int64_t     hold_off;               /* Release, 5.5 */
    int64_t     bad_csm_option;         /* Abort, 5.6 */
    dots_str_t  alternative;            /* Release: the first address */

    uint16_t    bad_option;     /* the first critical option; none is known, 0:
                                   there is none (section 5.2) */
    dots_str_t  payload;
} dots_coap_tcp_signal_t;

/*
 * Of the message that begins at "data": DOTS_OK and its whole size;
 * DOTS_DECLINED: more bytes are needed to tell (never more than
 * DOTS_COAP_TCP_HEADER); DOTS_INVALID: no message begins so.
 */
int dots_coap_tcp_size(const uint8_t *data, size_t len, uint64_t *size);

/* The code of a message of which dots_coap_tcp_size() knows the size. */
uint8_t dots_coap_tcp_code(const uint8_t *data);

/* One whole message, no signalling message.  DOTS_OK or DOTS_INVALID. */
int dots_coap_tcp_parse(dots_coap_message_t *m, const uint8_t *data,
    size_t len);

/* As dots_coap_write(). */
int dots_coap_tcp_write(const dots_coap_message_t *m, uint8_t *buf, size_t size,
    size_t *len);

/* No token, no options, no payload. */
void dots_coap_tcp_signal_init(dots_coap_tcp_signal_t *sig, uint8_t code);

/* One whole signalling message.  DOTS_OK or DOTS_INVALID. */
int dots_coap_tcp_signal_parse(dots_coap_tcp_signal_t *sig, const uint8_t *data,
    size_t len);

/* Without Alternative-Address, which only a server's peers get to see. */
int dots_coap_tcp_signal_write(const dots_coap_tcp_signal_t *sig, uint8_t *buf,
    size_t size, size_t *len);

#endif /* DOTS_COAP_TCP_H */
