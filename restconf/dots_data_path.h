/*
 * Where a data node is: the data part of an api-path (RFC 8040 section 3.5.3.1)
 * as steps down the schema, with keys in canonical form.  Owns what is looked
 * up in the schema by name; nothing here builds an XPath.
 */

#ifndef DOTS_DATA_PATH_H
#define DOTS_DATA_PATH_H

#include <libyang/libyang.h>

#include "dots_api_path.h"
#include "dots_restconf_error.h"
#include "dots_schema.h"

#define DOTS_DATA_STEPS 16 /* the DOTS modules need 12 */
#define DOTS_DATA_FQDN  "target-fqdn"

typedef struct {
    const struct lysc_node *schema;
    const char             *member;  /* its name in a JSON object there */
    size_t                  nkeys;   /* of a list or, the value, a leaf-list */
    dots_str_t              keys[DOTS_API_PATH_KEYS];
} dots_data_step_t;

/* No step at all is the datastore; the first one is "dots-data". */

typedef struct {
    size_t                  n;
    dots_data_step_t        steps[DOTS_DATA_STEPS];
} dots_data_path_t;

typedef struct {
    const dots_schema_t    *schema;
    dots_arena_t           *arena;
    dots_restconf_error_t  *error;
} dots_data_context_t;

/*
 * Appends the segments to "path".  DOTS_OK; DOTS_INVALID (404: no such node,
 * 400: more or fewer keys); DOTS_DECLINED (400): one is no value of its type;
 * DOTS_ERROR.
 */
int dots_data_path_walk(const dots_data_context_t *c, dots_data_path_t *path,
    const dots_api_segment_t *segments, size_t n);

/* Appends a list entry's step by what it says its keys are.  As above. */
int dots_data_path_enter(const dots_data_context_t *c, dots_data_path_t *path,
    const struct lysc_node *schema, const dots_str_t *keys, size_t nkeys);

/* The schema of the last step; NULL: the datastore. */
const struct lysc_node *dots_data_path_schema(const dots_data_path_t *path);

/*
 * The child of "parent" (NULL: of the datastore) that a JSON member is named
 * by, or NULL.  Only of the parent's module, at the top of ietf-dots-data-
 * channel, and of ietf-dots-mapping, which augments that: what others add to it
 * has no place in our records.
 */
const struct lysc_node *dots_data_path_child(const dots_schema_t *s,
    const struct lysc_node *parent, dots_str_t module, dots_str_t name);

/*
 * That of a domain-name (RFC 6991), which libyang leaves as it was sent: lower
 * case.  DOTS_OK or DOTS_ERROR.
 */
int dots_data_path_domain(dots_arena_t *a, dots_str_t name,
    dots_str_t *canonical);

/* The canonical form of a value of a leaf or leaf-list; as above, 400. */
int dots_data_path_canonical(const dots_data_context_t *c,
    const struct lysc_node *schema, dots_str_t value, dots_str_t *canonical);

/* The keys of a list, in their order: the next after "key", first NULL. */
const struct lysc_node *dots_data_path_key(const struct lysc_node *list,
    const struct lysc_node *key);

/* "[key='value']" of one; a value with both kinds of quotes fails. */
void dots_data_path_predicate(dots_writer_t *w, const char *key,
    dots_str_t value);

/*
 * An instance-identifier in JSON's form (RFC 7951 section 6.11), in the arena;
 * empty where there is none: a key with both kinds of quotes.
 */
dots_str_t dots_data_path_text(const dots_data_context_t *c,
    const dots_data_path_t *path);

/*
 * The origin, {+restconf}/data and the path, percent-encoded (RFC 8040 sections
 * 3.5.3, 4.4.1).
 */
int dots_data_path_uri(const dots_data_context_t *c,
    const dots_data_path_t *path, dots_str_t origin, dots_str_t root,
    dots_str_t *uri);

#endif /* DOTS_DATA_PATH_H */
