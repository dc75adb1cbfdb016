/*
 * The value of the query parameter "fields" (RFC 8040 section 4.8.3), decoded,
 * into a tree of names.  Pure; knows no schema.
 */

#ifndef DOTS_FIELDS_H
#define DOTS_FIELDS_H

#include "dots_base.h"

#define DOTS_FIELDS_NODES 64  /* names in one value */
#define DOTS_FIELDS_DEPTH 16  /* of parentheses */
#define DOTS_FIELDS_ROOT  0   /* what the names are below: the target */

typedef struct {
    dots_str_t  module;   /* empty: its parent's */
    dots_str_t  name;
    unsigned    first;    /* of those below; 0: none */
    unsigned    next;     /* beside it; 0: none */
    unsigned    whole:1;  /* all of it, whatever is below */
} dots_fields_node_t;

typedef struct {
    size_t              n;
    dots_fields_node_t  nodes[DOTS_FIELDS_NODES];
} dots_fields_t;

/* Slices of "text".  DOTS_OK, or DOTS_INVALID. */
int dots_fields_parse(dots_fields_t *f, dots_str_t text);

/* The same of the percent-encoded value, or DOTS_ERROR. */
int dots_fields_decode(dots_fields_t *f, dots_str_t value, dots_arena_t *a);

#endif /* DOTS_FIELDS_H */
