/*
 * GoBGP's paths on the wire: requests from prefixes, answers to what matters of
 * a path.  Knows the messages of dots_gobgp.proto and nothing of transport.
 * Used by dots_gobgp.c.
 */

#ifndef DOTS_GOBGP_PATH_H
#define DOTS_GOBGP_PATH_H

#include "dots_gobgp.h"

typedef struct {
    dots_prefix_t  prefix;
    uint32_t       identifier;  /* of RFC 7911; ours is 0 */
    uint8_t        ours;        /* carries the tag community */
    uint8_t        same;        /* next hop and communities are those wanted */
} dots_gobgp_path_t;

/* Each packs a request of at most "size" bytes to buf: its length, 0: not. */
size_t dots_gobgp_path_add(const dots_gobgp_conf_t *conf,
    const dots_prefix_t *prefix, uint8_t *buf, size_t size);
size_t dots_gobgp_path_delete(const dots_gobgp_path_t *path, uint8_t *buf,
    size_t size);
size_t dots_gobgp_path_list(int family, uint8_t *buf, size_t size);

/*
 * Calls cb for each path of one ListPathResponse that originates here, not at
 * a neighbour.  DOTS_OK; DOTS_INVALID: no such message; else what cb returned.
 */
int dots_gobgp_path_each(const dots_gobgp_conf_t *conf, const uint8_t *data,
    size_t len, int (*cb)(void *ctx, const dots_gobgp_path_t *path), void *ctx);

/* NULL if the configuration has none for the family. */
const dots_prefix_t *dots_gobgp_path_next_hop(const dots_gobgp_conf_t *conf,
    int family);

#endif /* DOTS_GOBGP_PATH_H */
