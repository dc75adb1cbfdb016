/*
 * application/dots+cbor: CBOR maps with integer keys <-> libyang trees, by one
 * table (dots_cbor_keys.c) for both directions, and bodies from records by the
 * same table; RFC 9132 section 6 and 10.6.
 * Knows no CoAP and no resource.  Called by the resources of signal/ and by the
 * client.
 */

#ifndef DOTS_CBOR_H
#define DOTS_CBOR_H

#include "dots_base.h"
#include "dots_schema.h"

#define DOTS_CBOR_DEPTH 16     /* the deepest message of RFC 9244 needs 11 */
#define DOTS_CBOR_ITEMS 4096   /* data items in one message of a client */
#define DOTS_CBOR_ENTRIES 512  /* of one array in it: DOTS_TARGET_MAX */

/* One row of the table: key, name, what the value is. */

typedef enum {
    DOTS_CBOR_CONTAINER,    /* map */
    DOTS_CBOR_LIST,         /* array of maps */
    DOTS_CBOR_LEAF,
    DOTS_CBOR_LEAFLIST
} dots_cbor_node_t;

typedef struct {
    uint32_t          key;
    const char       *name;      /* as the RFC has it, module prefix if any */
    uint8_t           len;
    dots_cbor_node_t  node;
    uint8_t           required;  /* comprehension-required, RFC 9132 10.6.1.1 */
} dots_cbor_key_t;

/* NULL: the registry has none. */
const dots_cbor_key_t *dots_cbor_key_by_number(uint32_t key);
const dots_cbor_key_t *dots_cbor_key_by_name(const char *name, size_t len);

/* Nonzero for keys that may be ignored when unknown: 128-255, 16384-65535. */
int dots_cbor_key_optional(uint64_t key);

/*
 * Body -> message as dots_schema_message() makes it, its nodes type-checked by
 * libyang; *tree is that top node (lyd_free_all() it).  Definite and
 * indefinite lengths, any key order, tag 271 (RFC 9132 section 10.5) before the
 * whole; duplicate keys, trailing bytes, unknown comprehension-required keys,
 * wrong types, other tags than on decimals, depth beyond the limit are refused
 * with the attribute in "f".  How many items there are "len" bounds.
 * Allocates nothing by a length that the peer claims.
 * DOTS_OK, DOTS_INVALID, DOTS_ERROR.
 */
int dots_cbor_decode(const dots_schema_t *schema, const uint8_t *data,
    size_t len, struct lyd_node **tree, dots_fault_t *f);

/*
 * The same for a server, whose peers are to say little: more items than
 * DOTS_CBOR_ITEMS, or entries of an array than DOTS_CBOR_ENTRIES, are refused;
 * of the signal channel's messages it understands what its own module has,
 * comprehension-optional keys of others are ignored.
 */
int dots_cbor_decode_own(const dots_schema_t *schema, const uint8_t *data,
    size_t len, struct lyd_node **tree, dots_fault_t *f);

/*
 * Such a tree -> definite-length CBOR, keys in the tree's order.  DOTS_OK,
 * DOTS_FULL ("size" is too small), DOTS_ERROR (a node without a key).
 */
int dots_cbor_encode(const struct lyd_node *tree, uint8_t *buf, size_t size,
    size_t *len);

/* A sticky-error writer of items. */

typedef struct {
    uint8_t *data;
    size_t   size;
    size_t   len;
    int      full;
} dots_cbor_writer_t;

/*
 * A message of ours without a tree: what the model has needs no validation, and
 * a tree costs ten times as much.  Names are the table's; nodes come in the
 * order of the schema, so that the bytes are those of dots_cbor_encode().
 */

typedef struct {
    size_t    start;        /* with its key */
    size_t    head;
    uint64_t  entries;
} dots_cbor_body_map_t;

typedef struct {
    dots_cbor_writer_t    writer;
    int                   failed;   /* no such name, too deep, too many */
    size_t                depth;
    dots_cbor_body_map_t  maps[DOTS_CBOR_DEPTH];    /* that are open */
} dots_cbor_body_t;

/* "name" is the message's, with its module. */
void dots_cbor_body_start(dots_cbor_body_t *b, uint8_t *buf, size_t size,
    const char *name);

/* DOTS_OK, DOTS_FULL ("size" is too small), DOTS_ERROR. */
int dots_cbor_body_finish(dots_cbor_body_t *b, size_t *len);

/*
 * A container until its end; one that is left empty is not there.  "n" entries
 * of a list or leaf-list follow its head, without a name: NULL.
 */
void dots_cbor_body_map(dots_cbor_body_t *b, const char *name);
void dots_cbor_body_end(dots_cbor_body_t *b);
void dots_cbor_body_list(dots_cbor_body_t *b, const char *name, size_t n);

void dots_cbor_body_uint(dots_cbor_body_t *b, const char *name,
    uint64_t value);
void dots_cbor_body_int(dots_cbor_body_t *b, const char *name, int64_t value);
void dots_cbor_body_bool(dots_cbor_body_t *b, const char *name, int value);
void dots_cbor_body_text(dots_cbor_body_t *b, const char *name,
    dots_str_t text);

#endif /* DOTS_CBOR_H */
