#include <stdlib.h>

#include "dots_data_blame.h"
#include "dots_data_body.h"
#include "dots_data_patch.h"
#include "dots_data_write.h"


#define DOTS_PATCH_TOP    "ietf-yang-patch:yang-patch"
#define DOTS_PATCH_STATUS "ietf-yang-patch:yang-patch-status"


struct dots_patch_s {
    dots_str_t  id;
    dots_str_t *edits;     /* their ids */
};


/* What comes with an operation (RFC 8072 section 3). */

typedef struct {
    const char *name;
    unsigned    value:1;
    unsigned    order:1;   /* where, point */
} dots_patch_operation_t;

/* In the order of dots_edit_operation_t. */

static const dots_patch_operation_t  dots_patch_operations[] = {
    { "create", 1, 0 },
    { "delete", 0, 0 },
    { "insert", 1, 1 },
    { "merge", 1, 0 },
    { "move", 0, 1 },
    { "replace", 1, 0 },
    { "remove", 0, 0 },
};


static const char *const  dots_patch_wheres[] = {
    [DOTS_INSERT_FIRST] = "first",
    [DOTS_INSERT_LAST] = "last",
    [DOTS_INSERT_BEFORE] = "before",
    [DOTS_INSERT_AFTER] = "after",
};


static const char *const  dots_patch_members[] = { "patch-id", "comment",
                                                   "edit", NULL };
static const char *const  dots_patch_edit_members[] = { "edit-id", "operation",
                                                        "target", "point",
                                                        "where", "value",
                                                        NULL };


/* ---- the answer ---- */

static int
dots_patch_dump(dots_exchange_t *x, json_t *status)
{
    int    rc;
    char  *text;

    status = json_pack("{s:o}", DOTS_PATCH_STATUS, status);
    text = status ? json_dumps(status, JSON_COMPACT) : NULL;
    json_decref(status);

    if (text == NULL) {
        return DOTS_ERROR;
    }

    rc = dots_arena_dup(x->arena, &x->rc->text, dots_str(text, strlen(text)));
    free(text);

    return rc;
}


int
dots_data_patch_done(dots_exchange_t *x)
{
    x->rc->status = 200;

    return dots_patch_dump(x, json_pack("{s:s%, s:[n]}", "patch-id",
                                        (char *) x->patch->id.data,
                                        x->patch->id.len, "ok"));
}


int
dots_data_patch_failed(dots_exchange_t *x, size_t i, int rc)
{
    dots_str_t  *id;

    if (rc != DOTS_INVALID) {
        return rc;
    }

    id = &x->patch->edits[i];
    x->rc->status = x->error.status;

    dots_restconf_error_locate(&x->error, x->rc->schema);

    return dots_patch_dump(x,
        json_pack("{s:s%, s:{s:[{s:s%, s:{s:[o]}}]}}", "patch-id",
                  (char *) x->patch->id.data, x->patch->id.len, "edit-status",
                  "edit", "edit-id", (char *) id->data, id->len, "errors",
                  "error", dots_restconf_error_entry(&x->error)));
}


/* Where there is one edit it is that one's fault. */

int
dots_data_patch_invalid(dots_exchange_t *x, int rc)
{
    size_t  i;

    i = 0;

    if (rc != DOTS_INVALID || x->nedits == 1
        || dots_data_blame(x, &i) == DOTS_OK)
    {
        return dots_data_patch_failed(x, i, rc);
    }

    x->rc->status = x->error.status;

    dots_restconf_error_locate(&x->error, x->rc->schema);

    return dots_patch_dump(x,
        json_pack("{s:s%, s:{s:[o]}}", "patch-id",
                  (char *) x->patch->id.data, x->patch->id.len, "errors",
                  "error", dots_restconf_error_entry(&x->error)));
}


/* ---- the message ---- */

static int
dots_patch_malformed(dots_exchange_t *x, dots_error_tag_t tag,
    const char *message)
{
    return dots_restconf_error(&x->error, tag, "YANG Patch: %s", message);
}


static int
dots_patch_known(dots_exchange_t *x, json_t *object,
    const char *const *members)
{
    size_t       i;
    json_t      *value;
    const char  *name;

    json_object_foreach(object, name, value) {

        for (i = 0; members[i] != NULL && strcmp(members[i], name) != 0; i++) {
            /* void */
        }

        if (members[i] == NULL) {
            return dots_restconf_error(&x->error, DOTS_TAG_UNKNOWN_ELEMENT,
                                       "YANG Patch: \"%s\" is no member here",
                                       name);
        }
    }

    return DOTS_OK;
}


/* A string that has to be there, or, "optional", may be: then empty. */

static int
dots_patch_string(dots_exchange_t *x, const json_t *object, const char *name,
    int optional, dots_str_t *s)
{
    json_t  *value;

    *s = dots_str(NULL, 0);
    value = json_object_get(object, name);

    if (value == NULL && optional) {
        return DOTS_OK;
    }

    if (value == NULL) {
        return dots_restconf_error(&x->error, DOTS_TAG_MISSING_ATTRIBUTE,
                                   "YANG Patch: \"%s\" is missing", name);
    }

    if (!json_is_string(value)) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "YANG Patch: \"%s\" has to be a string",
                                   name);
    }

    *s = dots_str(json_string_value(value), json_string_length(value));

    return DOTS_OK;
}


/* A target-resource-offset, which is relative to the target of the request. */

static int
dots_patch_path(dots_exchange_t *x, dots_str_t text, dots_data_path_t *path)
{
    int               rc;
    dots_api_path_t  *parsed;

    parsed = dots_arena_alloc(x->arena, sizeof(dots_api_path_t));
    if (parsed == NULL) {
        return DOTS_ERROR;
    }

    rc = text.len == 0 ? DOTS_INVALID
                       : dots_api_path_parse(parsed, text, x->arena);

    if (rc == DOTS_INVALID) {
        return dots_patch_malformed(x, DOTS_TAG_INVALID_VALUE,
                                    "a path is not valid");
    }

    *path = x->path;

    if (rc == DOTS_OK) {
        rc = dots_data_path_walk(&x->context, path, parsed->segments,
                                 parsed->n);
    }

    return rc == DOTS_DECLINED ? DOTS_INVALID : rc;
}


/* Is the node one that this operation may be about? */

static int
dots_patch_editable(dots_exchange_t *x, const dots_data_edit_t *edit)
{
    const struct lysc_node  *schema;

    schema = dots_data_path_schema(&edit->path);

    /* RFC 8072 section 2.4: the datastore itself is no data resource */

    if (schema == NULL || !(schema->flags & LYS_CONFIG_W)
        || lysc_is_key(schema))
    {
        return dots_patch_malformed(x, DOTS_TAG_INVALID_VALUE,
                                    "the target can't be edited");
    }

    if (dots_patch_operations[edit->operation].order
        && !lysc_is_userordered(schema))
    {
        return dots_patch_malformed(x, DOTS_TAG_INVALID_VALUE,
                                    "the target is in no order of yours");
    }

    return DOTS_OK;
}


/* "value": the node by its name with its module, of a list one entry. */

static int
dots_patch_value(dots_exchange_t *x, json_t *value, dots_data_edit_t *edit)
{
    int                      rc;
    char                     name[256];
    json_t                  *node;
    dots_data_path_t         above;
    const struct lysc_node  *schema;

    schema = dots_data_path_schema(&edit->path);

    (void) snprintf(name, sizeof(name), "%s:%s", schema->module->name,
                    schema->name);

    node = json_object_get(value, name);

    if (node == NULL || json_object_size(value) != 1) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "YANG Patch: \"value\" has to be an object "
                                   "with the member \"%s\"", name);
    }

    above = edit->path;
    above.n--;

    rc = dots_data_json_value(&x->context, &above, schema, node);
    if (rc != DOTS_OK) {
        return rc;
    }

    edit->value = node;

    if (schema->nodetype & (LYS_LIST|LYS_LEAFLIST)) {

        if (json_array_size(node) != 1) {
            return dots_patch_malformed(x, DOTS_TAG_INVALID_VALUE,
                                        "an edit is about one entry");
        }

        edit->value = json_array_get(node, 0);
    }

    return DOTS_OK;
}


static int
dots_patch_order(dots_exchange_t *x, const json_t *object,
    dots_data_edit_t *edit)
{
    int         rc, relative;
    size_t      i, n;
    dots_str_t  where, point;

    rc = dots_patch_string(x, object, "where", 1, &where);

    if (rc == DOTS_OK) {
        rc = dots_patch_string(x, object, "point", 1, &point);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    n = sizeof(dots_patch_wheres) / sizeof(char *);
    edit->where = DOTS_INSERT_LAST;

    for (i = 1; where.data != NULL && i < n; i++) {
        if (dots_str_eq(where, dots_str(dots_patch_wheres[i],
                                        strlen(dots_patch_wheres[i]))))
        {
            break;
        }
    }

    if (where.data != NULL) {

        if (i == n) {
            return dots_patch_malformed(x, DOTS_TAG_INVALID_VALUE,
                                        "\"where\" is first, last, before or "
                                        "after");
        }

        edit->where = (dots_insert_t) i;
    }

    relative = edit->where == DOTS_INSERT_BEFORE
               || edit->where == DOTS_INSERT_AFTER;

    if (relative != (point.data != NULL)) {
        return dots_patch_malformed(x, DOTS_TAG_INVALID_VALUE,
                                    "\"point\" goes with before and after, "
                                    "and only with them");
    }

    if (!relative) {
        return DOTS_OK;
    }

    rc = dots_patch_path(x, point, &edit->point);

    return rc == DOTS_OK ? dots_data_write_same_list(x, &edit->path,
                                                     &edit->point) : rc;
}


/* What the operation needs and nothing else. */

static int
dots_patch_parts(dots_exchange_t *x, const json_t *object,
    dots_data_edit_t *edit)
{
    int                            rc;
    json_t                        *value;
    const dots_patch_operation_t  *o;

    o = &dots_patch_operations[edit->operation];
    value = json_object_get(object, "value");

    if ((value != NULL) != o->value) {
        return dots_restconf_error(&x->error, o->value
                                                  ? DOTS_TAG_MISSING_ATTRIBUTE
                                                  : DOTS_TAG_INVALID_VALUE,
                                   "YANG Patch: \"%s\" %s", o->name,
                                   o->value ? "needs a \"value\""
                                            : "has no \"value\"");
    }

    if (!o->order && (json_object_get(object, "where") != NULL
                      || json_object_get(object, "point") != NULL))
    {
        return dots_patch_malformed(x, DOTS_TAG_INVALID_VALUE,
                                    "\"where\" and \"point\" go with insert "
                                    "and move");
    }

    rc = dots_patch_editable(x, edit);

    if (rc == DOTS_OK && o->value) {
        rc = dots_patch_value(x, value, edit);
    }

    return rc == DOTS_OK && o->order ? dots_patch_order(x, object, edit) : rc;
}


static int
dots_patch_operation(dots_exchange_t *x, dots_str_t name,
    dots_edit_operation_t *operation)
{
    size_t  i, n;

    n = sizeof(dots_patch_operations) / sizeof(dots_patch_operations[0]);

    for (i = 0; i < n; i++) {
        if (dots_str_eq(name, dots_str(dots_patch_operations[i].name,
                                       strlen(dots_patch_operations[i].name))))
        {
            *operation = (dots_edit_operation_t) i;
            return DOTS_OK;
        }
    }

    return dots_patch_malformed(x, DOTS_TAG_INVALID_VALUE,
                                "there is no such \"operation\"");
}


/* The id comes first: errors of the rest are told by it. */

static int
dots_patch_edit_id(dots_exchange_t *x, json_t *object, size_t i)
{
    int     rc;
    size_t  k;

    if (!json_is_object(object)) {
        return dots_patch_malformed(x, DOTS_TAG_INVALID_VALUE,
                                    "\"edit\" has to be an array of objects");
    }

    rc = dots_patch_string(x, object, "edit-id", 0, &x->patch->edits[i]);

    for (k = 0; rc == DOTS_OK && k < i; k++) {
        if (dots_str_eq(x->patch->edits[k], x->patch->edits[i])) {
            return dots_patch_malformed(x, DOTS_TAG_INVALID_VALUE,
                                        "the same \"edit-id\" twice");
        }
    }

    return rc == DOTS_OK ? dots_patch_known(x, object, dots_patch_edit_members)
                         : rc;
}


static int
dots_patch_edit(dots_exchange_t *x, const json_t *object, size_t n)
{
    int                     rc;
    dots_str_t              operation, target;
    dots_data_path_t        path;
    dots_data_edit_t       *edit;
    dots_edit_operation_t   op;

    op = DOTS_EDIT_CREATE;
    target = dots_str(NULL, 0);
    rc = dots_patch_string(x, object, "operation", 0, &operation);

    if (rc == DOTS_OK) {
        rc = dots_patch_operation(x, operation, &op);
    }

    if (rc == DOTS_OK) {
        rc = dots_patch_string(x, object, "target", 0, &target);
    }

    if (rc == DOTS_OK) {
        rc = dots_patch_path(x, target, &path);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    edit = dots_data_write_edit(x, n, op, &path, NULL);

    return edit ? dots_patch_parts(x, object, edit) : DOTS_ERROR;
}


static int
dots_patch_edits(dots_exchange_t *x, json_t *list)
{
    int      rc;
    size_t   i, n;
    json_t  *object;

    n = json_array_size(list);

    if (list != NULL && !json_is_array(list)) {
        return dots_patch_malformed(x, DOTS_TAG_INVALID_VALUE,
                                    "\"edit\" has to be an array");
    }

    if (n > DOTS_PATCH_EDITS) {
        return dots_restconf_error(&x->error, DOTS_TAG_TOO_BIG,
                                   "YANG Patch: at most %d edits",
                                   DOTS_PATCH_EDITS);
    }

    x->patch->edits = dots_arena_array(x->arena, n + 1, sizeof(dots_str_t));
    if (x->patch->edits == NULL) {
        return DOTS_ERROR;
    }

    json_array_foreach(list, i, object) {
        rc = dots_patch_edit_id(x, object, i);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    json_array_foreach(list, i, object) {
        rc = dots_patch_edit(x, object, n);
        if (rc != DOTS_OK) {
            return dots_data_patch_failed(x, i, rc);
        }
    }

    return DOTS_OK;
}


int
dots_data_patch(dots_exchange_t *x)
{
    int      rc;
    json_t  *patch;

    patch = json_object_get(x->body, DOTS_PATCH_TOP);

    if (!json_is_object(patch) || json_object_size(x->body) != 1) {
        return dots_patch_malformed(x, DOTS_TAG_INVALID_VALUE,
                                    "the message has to have one member, \""
                                    DOTS_PATCH_TOP "\"");
    }

    x->patch = dots_arena_alloc(x->arena, sizeof(dots_patch_t));
    if (x->patch == NULL) {
        return DOTS_ERROR;
    }

    rc = dots_patch_known(x, patch, dots_patch_members);

    if (rc == DOTS_OK) {
        rc = dots_patch_string(x, patch, "patch-id", 0, &x->patch->id);
    }

    if (rc == DOTS_OK) {
        rc = dots_patch_edits(x, json_object_get(patch, "edit"));
    }

    /* without an answer of its own it is an error as any other */

    if (rc != DOTS_OK) {
        x->patch = NULL;
    }

    return rc;
}
