/*
 * Edits of a JSON tree of data nodes (RFC 8040 section 4, RFC 8072 section
 * 2.5): one operation on one data node, whatever its kind.  Owns the merge by
 * the schema and the order of lists; knows no record and no customer.
 */

#ifndef DOTS_DATA_EDIT_H
#define DOTS_DATA_EDIT_H

#include "dots_data_json.h"
#include "dots_query.h"

typedef enum {
    DOTS_EDIT_CREATE = 0,
    DOTS_EDIT_DELETE,
    DOTS_EDIT_INSERT,
    DOTS_EDIT_MERGE,
    DOTS_EDIT_MOVE,
    DOTS_EDIT_REPLACE,
    DOTS_EDIT_REMOVE
} dots_edit_operation_t;

/*
 * "value" is in the form of dots_data_json_normal(): of a list its entry, of a
 * leaf-list one value.  It is copied.  "point" is an entry of the same list.
 */
typedef struct {
    dots_edit_operation_t  operation;
    dots_data_path_t       path;
    json_t                *value;    /* NULL: none */
    dots_insert_t          where;
    dots_data_path_t       point;
} dots_data_edit_t;

/*
 * DOTS_OK; DOTS_INVALID: 409 data-exists, data-missing or 400 with its path;
 * DOTS_ERROR.  *created: the node was not there.  Where it fails the tree is of
 * no use any more.
 */
int dots_data_edit(const dots_data_context_t *c, json_t *root,
    const dots_data_edit_t *edit, int *created);

/* The node's value in the tree; NULL: it is not there.  Borrowed. */
json_t *dots_data_edit_find(const dots_data_context_t *c, json_t *root,
    const dots_data_path_t *path);

/* ---- what stands for entries in a tree ---- */

/*
 * An entry of which nothing but its key is needed yet: the member "", which no
 * message can have, refers to its text, "/" says that it has another place.
 */
#define DOTS_DATA_STUB  ""
#define DOTS_DATA_MOVED "/"
#define DOTS_DATA_ENTRY 4   /* steps down to an entry */

/* A new reference, or NULL.  "text" has to outlive it. */
json_t *dots_data_edit_stub(const char *key, dots_str_t name,
    const dots_str_t *text);

/* Makes it the whole entry.  DOTS_OK or DOTS_ERROR. */
int dots_data_edit_load(json_t *entry);

#endif /* DOTS_DATA_EDIT_H */
