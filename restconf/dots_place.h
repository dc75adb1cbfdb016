/*
 * Which schema node an element of a message stands for: the root of a message
 * is found by the resource that is addressed, or among the messages that
 * RESTCONF defines itself (yang-data, RFC 8040 section 8).  Reads the schema
 * only.
 */

#ifndef DOTS_PLACE_H
#define DOTS_PLACE_H

#include "dots_api_path.h"
#include "dots_schema.h"

/* The datastore of RFC 8040 section 3.3.1, which has no schema node. */
#define DOTS_PLACE_MODULE    "ietf-restconf"
#define DOTS_PLACE_DATASTORE "data"

/*
 * The node that "n" segments lead to; NULL for none of them, or where they lead
 * nowhere.  Keys are not looked at.
 */
const struct lysc_node *dots_place_path(const dots_schema_t *s,
    const dots_api_segment_t *segments, size_t n);

/* One step on that way; "parent" NULL: from the top. */
const struct lysc_node *dots_place_below(const dots_schema_t *s,
    const struct lysc_node *parent, const dots_api_segment_t *segment);

/*
 * The root of a message about "target" (NULL: the datastore): the target, one
 * below it, its parent (RFC 8783 figure 25), a node at the top, or a yang-data
 * structure of the module; NULL: none of these.
 */
const struct lysc_node *dots_place_root(const struct lysc_node *target,
    const struct lys_module *module, const char *name);

/*
 * How much of the path is an instance-identifier in JSON's form (RFC 7951
 * section 6.11): *len bytes, none where it names no node.  Returns the list or
 * leaf-list at which it ends because it does not say which entry, or NULL.
 */
const struct lysc_node *dots_place_instance(const dots_schema_t *s,
    dots_str_t path, size_t *len);

/* A child, choices seen through; "parent" NULL: at the top of the module. */
const struct lysc_node *dots_place_child(const struct lysc_node *parent,
    const struct lys_module *module, const char *name);

/* Implemented, by its name; or NULL. */
const struct lys_module *dots_place_module(const dots_schema_t *s,
    dots_str_t name);

#endif /* DOTS_PLACE_H */
