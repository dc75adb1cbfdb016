/*
 * JSON of data nodes beside its schema (RFC 7951): one form for what may be
 * written in several ways, and entries of lists by their keys.  Recursion goes
 * down the schema, which is finite, not down what a peer sent.
 */

#ifndef DOTS_DATA_JSON_H
#define DOTS_DATA_JSON_H

#include <jansson.h>

#include "dots_data_path.h"

/*
 * Brings the members of "object", which is what a container or a list entry
 * "schema" (NULL: the datastore) is in a message, into the form in which they
 * are stored: names without a module where it is their parent's, canonical
 * values, no empty arrays.  Values that have none are left to the validation.
 * DOTS_OK; DOTS_INVALID: an unknown member, a value of the wrong shape;
 * DOTS_ERROR.  "path" is where the object is, for error-path.
 */
int dots_data_json_normal(const dots_data_context_t *c,
    const dots_data_path_t *path, json_t *object);

/* The same for the value of a member "schema" below "path". */
int dots_data_json_value(const dots_data_context_t *c,
    const dots_data_path_t *path, const struct lysc_node *schema,
    json_t *value);

/*
 * Of all that only the names, at any depth: "value" is an entry of the list
 * "schema".  DOTS_OK, DOTS_INVALID: a member is there under both, DOTS_ERROR.
 */
int dots_data_json_names(const dots_data_context_t *c,
    const struct lysc_node *schema, json_t *value);

/* A scalar as the text that a key value is.  DOTS_OK, DOTS_INVALID, _ERROR. */
int dots_data_json_text(dots_arena_t *a, const json_t *value, dots_str_t *text);

/* The entry's own keys.  DOTS_OK, DOTS_INVALID: one is missing, DOTS_ERROR. */
int dots_data_json_keys(const dots_data_context_t *c,
    const struct lysc_node *list, const json_t *entry,
    dots_str_t keys[DOTS_API_PATH_KEYS], size_t *n);

/*
 * Where the entry of a list, or value of a leaf-list, with the keys is in the
 * array; its size: nowhere.
 */
size_t dots_data_json_find(const dots_data_context_t *c,
    const struct lysc_node *schema, const json_t *array,
    const dots_str_t *keys);

#endif /* DOTS_DATA_JSON_H */
