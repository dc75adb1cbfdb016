/*
 * What a GET returns of a data node: the parameters content, with-defaults,
 * fields and depth (RFC 8040 section 4.8) on JSON that has all there is, by the
 * schema.  Keys of list entries stay: without them nobody could tell the
 * entries apart.  A list at the limit of depth is an empty array.
 */

#ifndef DOTS_DATA_FILTER_H
#define DOTS_DATA_FILTER_H

#include "dots_data_json.h"
#include "dots_query.h"

/* Nonzero if there is more to it than what "content" alone does. */
int dots_data_filter_needed(const dots_query_t *q);

/*
 * "value": an object, or a scalar of a leaf, which stays as it is; "schema" is
 * its node's, NULL the datastore's.  DOTS_OK, DOTS_INVALID (400: "fields" names
 * what the schema does not have), DOTS_ERROR.
 */
int dots_data_filter(const dots_data_context_t *c, const dots_query_t *q,
    const struct lysc_node *schema, json_t *value);

/* Likewise; of an array each entry. */
int dots_data_filter_entries(const dots_data_context_t *c,
    const dots_query_t *q, const struct lysc_node *schema, json_t *value);

/*
 * The default of a leaf that has no value in "object" (section 3.5.4): a new
 * reference; or NULL, it has none, or its case of a choice is not there.
 */
json_t *dots_data_filter_default(const dots_data_context_t *c,
    const struct lysc_node *leaf, json_t *object);

/* Says of the member "name" that it is a default (RFC 6243 section 3.4). */
int dots_data_filter_tag(json_t *object, const char *name);

#endif /* DOTS_DATA_FILTER_H */
