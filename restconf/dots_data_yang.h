/*
 * One list entry against its YANG schema: the entry is put into its ancestors,
 * so that paths in errors are complete, and validated alone (the model has no
 * constraint between entries but unique keys).  Owns the mapping of libyang's
 * errors to error-tags.
 */

#ifndef DOTS_DATA_YANG_H
#define DOTS_DATA_YANG_H

#include <jansson.h>

#include "dots_restconf_exchange.h"

/*
 * "client" is a dots-client entry with at most one alias or ACL; the reference
 * is taken, NULL stands for no memory.  DOTS_OK with the tree of dots-data, for
 * lyd_free_all(); DOTS_INVALID; DOTS_ERROR.
 */
int dots_data_yang_parse(dots_exchange_t *x, json_t *client,
    struct lyd_node **tree);

/*
 * The instance-identifier of what libyang's last error about "root" is about,
 * in the arena; of what is missing, where.  Empty: not known.  The error may be
 * another one then.
 */
dots_str_t dots_data_yang_where(const dots_data_context_t *c, json_t *root);

/* The only descendant of "tree" by that name on the way down, or NULL. */
const struct lyd_node *dots_data_yang_child(const struct lyd_node *parent,
    const char *name);

/* The entry as canonical JSON text (RFC 7951) in the arena. */
int dots_data_yang_text(const struct lyd_node *entry, dots_arena_t *a,
    dots_str_t *text);

/*
 * error-path: the instance-identifier of an attribute of an alias of x->cuid
 * (RFC 7951 section 6.11).  "name" may be empty, "attribute" NULL.  Stays empty
 * where there is no way to write it: a key with both kinds of quotes.
 */
void dots_data_yang_path(dots_exchange_t *x, dots_str_t name,
    const char *attribute);

/* The same for an ACL, or, with "ace", for one of its entries. */
void dots_data_yang_acl_path(dots_exchange_t *x, dots_str_t name,
    dots_str_t ace, const char *attribute);

/* And for an entry of a vendor-mapping. */
void dots_data_yang_vendor_path(dots_exchange_t *x, dots_str_t id,
    const char *attribute);

#endif /* DOTS_DATA_YANG_H */
