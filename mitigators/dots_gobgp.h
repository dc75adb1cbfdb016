/*
 * Driver for GoBGP 3.x: blackhole routes (RFC 7999) through its gRPC API,
 * over HTTP/2 without TLS on a unix socket or TCP.
 */

#ifndef DOTS_GOBGP_H
#define DOTS_GOBGP_H

#include "dots_mitigator.h"

#define DOTS_GOBGP_COMMUNITIES 16

typedef struct {
    char           target[256];     /* "unix:/run/gobgp.sock" or "host:port" */
    dots_prefix_t  next_hop4;       /* host prefixes; family 0: none given, */
    dots_prefix_t  next_hop6;       /* then rules of that family are refused */
    uint32_t       communities[DOTS_GOBGP_COMMUNITIES];
    size_t         ncommunities;
    uint32_t       tag;             /* our own community: marks what is ours */
    uint32_t       timeout;         /* ms per call */
} dots_gobgp_conf_t;

extern const dots_mitigator_driver_t  dots_gobgp_driver;

/* "65535:666", "blackhole", "no-export": DOTS_OK or DOTS_INVALID. */
int dots_gobgp_community(dots_str_t text, uint32_t *community);

#endif /* DOTS_GOBGP_H */
