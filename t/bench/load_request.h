/*
 * What a client may ask for: a table of kinds, each with its method, path and
 * body.  Client n has a cuid and addresses of its own below 2001:db8:6401::/48.
 */

#ifndef LOAD_REQUEST_H
#define LOAD_REQUEST_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
    LOAD_REQUEST_GET = 0,       /* the mitigation of LOAD_REQUEST_REFRESH */
    LOAD_REQUEST_UNKNOWN,       /* GET of no mitigation */
    LOAD_REQUEST_PUT,           /* ever new mids of one address */
    LOAD_REQUEST_REFRESH,       /* the same mid again */
    LOAD_REQUEST_FILL,          /* new mids, a new address each: they add up */
    LOAD_REQUEST_HB,
    LOAD_REQUEST_PATH,          /* PUT and GET of a name: not DOTS */
    LOAD_REQUEST_PATHGET,
    LOAD_REQUEST_OBSERVE,
    LOAD_REQUEST_KINDS
} load_request_kind_t;

typedef struct {
    uint8_t              kind;
    uint16_t             id;
    uint32_t             client;
    uint32_t             token;
    uint32_t            *mid;   /* the last one used, counted up where new */
    const char          *name;  /* of LOAD_REQUEST_PATH */
} load_request_t;

/* -1: there is no kind of that name. */
int load_request_kind(const char *name);

const char *load_request_name(int kind);

/* Nonzero if the mitigation of LOAD_REQUEST_REFRESH has to be there. */
int load_request_needs(int kind);

/* Bytes written, 0: does not fit. */
size_t load_request_write(load_request_t *rq, uint8_t *buf, size_t size);

#endif /* LOAD_REQUEST_H */
