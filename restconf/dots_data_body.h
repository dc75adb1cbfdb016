/*
 * The body of a request, up to the schema: bytes into JSON values that are
 * well-formed, bounded and free of metadata, and the shape of RFC 7951 around
 * the entries.  libyang 2.1 is no sufficient gate for bytes of a peer (trailing
 * garbage, metadata, unprefixed members), so nothing reaches it unread.
 */

#ifndef DOTS_DATA_BODY_H
#define DOTS_DATA_BODY_H

#include <jansson.h>

#include "dots_restconf_exchange.h"

#define DOTS_DATA_DEPTH      20     /* nesting; an ACL of RFC 8783 has 15 */
#define DOTS_DATA_CONTAINERS 32768  /* objects and arrays: a bound on memory */

/*
 * libyang compares equal entries of an array each with each, some 10 ns a pair.
 * One array of 4096 entries may be, or many smaller ones.
 */
#define DOTS_DATA_PAIRS      (4096 * 4096)

/*
 * JSON, or XML about "target" (dots_data_xml.h), as x->media says.  DOTS_OK
 * with a JSON object in *root, for json_decref(); DOTS_INVALID (400
 * malformed-message, invalid-value, unknown-attribute, 413); DOTS_ERROR.
 */
int dots_data_body_parse(dots_exchange_t *x, const struct lysc_node *target,
    json_t **root);

/*
 * A list's only entry, or 400: "value" has to be an array of one object.
 */
int dots_data_body_single(dots_exchange_t *x, json_t *value, const char *name,
    json_t **entry);

/* A string of the JSON value into the arena. */
int dots_data_body_string(dots_arena_t *a, const json_t *value,
    dots_str_t *out);

#endif /* DOTS_DATA_BODY_H */
