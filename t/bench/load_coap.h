/*
 * The CoAP that a load needs, written for speed: a request from its parts, an
 * answer's code, token and Observe.  Not the library's codec, so that a fault
 * of that one would show here.
 */

#ifndef LOAD_COAP_H
#define LOAD_COAP_H

#include <stddef.h>
#include <stdint.h>

#define LOAD_COAP_CON     0    /* RFC 7252 section 3 */
#define LOAD_COAP_GET     1
#define LOAD_COAP_PUT     3
#define LOAD_COAP_PATHS   8
#define LOAD_COAP_FORMAT  271   /* application/dots+cbor, RFC 9132, 10.3 */

typedef struct {
    uint8_t         code;
    uint8_t         observe;    /* with Observe 0, RFC 7641 section 2 */
    uint16_t        id;
    uint32_t        token;
    const char     *path[LOAD_COAP_PATHS];  /* up to the first NULL */
    const uint8_t  *body;       /* NULL: none */
    size_t          len;        /* of the body */
} load_coap_request_t;

typedef struct {
    uint8_t         code;
    uint8_t         type;
    uint8_t         observe;
    uint16_t        id;
    uint32_t        token;
} load_coap_answer_t;

/* A NON request (RFC 9132, 4.4); the bytes written, 0: does not fit. */
size_t load_coap_write(uint8_t *buf, size_t size, const load_coap_request_t *r);

/* 0: no message with a token of ours. */
int load_coap_read(load_coap_answer_t *a, const uint8_t *data, size_t len);

/* An empty ACK of "id" (RFC 7252 section 4.2), always 4 bytes. */
void load_coap_ack(uint8_t *buf, uint16_t id);

/*
 * {1: {2: [{6: [TARGET], 14: LIFETIME}]}}, a mitigation request of RFC 9132
 * section 4.4.1 with the keys of section 6.  Bytes written, 0: does not fit.
 */
size_t load_coap_mitigation(uint8_t *buf, size_t size, const char *target,
    uint16_t lifetime);

#endif /* LOAD_COAP_H */
