#include "dots_data_edit.h"


/* Where in the tree a node is, or would be. */

typedef struct {
    const dots_data_step_t *step;
    json_t                 *holder;  /* the object that has it as a member */
    json_t                 *array;   /* of its list; NULL: none there */
    size_t                  index;   /* in it; its size: not there */
    json_t                 *value;   /* NULL: not there */
} dots_data_place_t;


static int dots_data_edit_merge(const dots_data_context_t *c,
    const struct lysc_node *parent, json_t *object, json_t *value);


/* ---- stubs ---- */

json_t *
dots_data_edit_stub(const char *key, dots_str_t name, const dots_str_t *text)
{
    json_t  *stub;

    stub = json_object();

    if (stub == NULL
        || json_object_set_new(stub, key,
                               json_stringn((const char *) name.data, name.len))
        || json_object_set_new(stub, DOTS_DATA_STUB,
                               json_integer((json_int_t) (intptr_t) text)))
    {
        json_decref(stub);
        return NULL;
    }

    return stub;
}


int
dots_data_edit_load(json_t *entry)
{
    int                rc;
    json_t            *ref, *whole;
    const dots_str_t  *text;

    ref = json_object_get(entry, DOTS_DATA_STUB);
    if (ref == NULL) {
        return DOTS_OK;
    }

    text = (const dots_str_t *) (intptr_t) json_integer_value(ref);
    whole = json_loadb((const char *) text->data, text->len, 0, NULL);

    if (whole == NULL) {
        return DOTS_ERROR;
    }

    (void) json_object_del(entry, DOTS_DATA_STUB);
    rc = json_object_update(entry, whole);
    json_decref(whole);

    return rc == 0 ? DOTS_OK : DOTS_ERROR;
}


/* ---- errors ---- */

static int
dots_data_edit_fault(const dots_data_context_t *c,
    const dots_data_path_t *path, dots_error_tag_t tag, const char *message)
{
    (void) dots_restconf_error(c->error, tag, "%s", message);
    c->error->path = dots_data_path_text(c, path);

    return DOTS_INVALID;
}


static int
dots_data_edit_missing(const dots_data_context_t *c,
    const dots_data_path_t *path)
{
    return dots_data_edit_fault(c, path, DOTS_TAG_DATA_MISSING,
                                "there is no such resource");
}


/* ---- finding ---- */

static int
dots_data_edit_is_list(const struct lysc_node *schema)
{
    return (schema->nodetype & (LYS_LIST|LYS_LEAFLIST)) != 0;
}


/* A container that is always there (RFC 7950 sections 7.5.1, 7.9). */

static int
dots_data_edit_is_implied(const struct lysc_node *schema)
{
    return schema->nodetype == LYS_CONTAINER
           && !(schema->flags & LYS_PRESENCE)
           && (schema->parent == NULL || schema->parent->nodetype != LYS_CASE);
}


static void
dots_data_edit_look(const dots_data_context_t *c, json_t *holder,
    const dots_data_step_t *step, dots_data_place_t *place)
{
    memset(place, 0, sizeof(dots_data_place_t));

    place->step = step;
    place->holder = holder;
    place->value = json_object_get(holder, step->member);

    if (dots_data_edit_is_list(step->schema)) {
        place->array = place->value;
        place->index = dots_data_json_find(c, step->schema, place->array,
                                           step->keys);
        place->value = json_array_get(place->array, place->index);
    }
}


/* DOTS_DECLINED: an ancestor is not there, and can't be made up. */

static int
dots_data_edit_place(const dots_data_context_t *c, json_t *root,
    const dots_data_path_t *path, int make, dots_data_place_t *place)
{
    size_t             i;
    json_t            *holder;
    dots_data_place_t  p;

    holder = root;

    for (i = 0; i + 1 < path->n; i++) {
        dots_data_edit_look(c, holder, &path->steps[i], &p);

        if (p.value == NULL) {

            if (!make || p.step->schema->nodetype != LYS_CONTAINER
                || (p.step->schema->flags & LYS_PRESENCE))
            {
                return DOTS_DECLINED;
            }

            if (json_object_set_new(holder, p.step->member, json_object())) {
                return DOTS_ERROR;
            }

            p.value = json_object_get(holder, p.step->member);
        }

        if (dots_data_edit_load(p.value) != DOTS_OK) {
            return DOTS_ERROR;
        }

        holder = p.value;
    }

    dots_data_edit_look(c, holder, &path->steps[path->n - 1], place);

    return DOTS_OK;
}


json_t *
dots_data_edit_find(const dots_data_context_t *c, json_t *root,
    const dots_data_path_t *path)
{
    dots_data_place_t  place;

    if (path->n == 0) {
        return root;
    }

    if (dots_data_edit_place(c, root, path, 0, &place) != DOTS_OK
        || (json_is_object(place.value)
            && dots_data_edit_load(place.value) != DOTS_OK))
    {
        return NULL;
    }

    return place.value;
}


/* ---- choices ---- */

/* The case of "choice" that a node belongs to, or NULL. */

static const struct lysc_node *
dots_data_edit_case(const struct lysc_node *node,
    const struct lysc_node *choice)
{
    for (node = node->parent;
         node != NULL && (node->nodetype & (LYS_CASE|LYS_CHOICE));
         node = node->parent)
    {
        if (node->parent == choice) {
            return node;
        }
    }

    return NULL;
}


/* RFC 7950 section 7.9: a node of one case ends what is there of the others. */

static void
dots_data_edit_choose(const dots_data_context_t *c, json_t *object,
    const struct lysc_node *schema)
{
    void                    *next;
    json_t                  *value;
    const char              *name;
    dots_str_t               none = { 0, NULL };
    const struct lysc_node  *mine, *other, *node;

    for (mine = schema->parent; mine != NULL && mine->nodetype == LYS_CASE;
         mine = mine->parent->parent)
    {
        json_object_foreach_safe(object, next, name, value) {
            node = dots_data_path_child(c->schema, lysc_data_parent(schema),
                                        none, dots_str(name, strlen(name)));
            other = node ? dots_data_edit_case(node, mine->parent) : NULL;

            if (other != NULL && other != mine) {
                (void) json_object_del(object, name);
            }
        }
    }
}


static int
dots_data_edit_set(const dots_data_context_t *c, json_t *object,
    const struct lysc_node *schema, const char *member, const json_t *value)
{
    if (json_object_set_new(object, member, json_deep_copy(value))) {
        return DOTS_ERROR;
    }

    dots_data_edit_choose(c, object, schema);

    return DOTS_OK;
}


/* ---- order ---- */

/* Where in the array it goes; the size: to the end. */

static int
dots_data_edit_index(const dots_data_context_t *c, const json_t *array,
    const dots_data_edit_t *edit, size_t *index)
{
    size_t                   n;
    const dots_data_step_t  *point;

    n = json_array_size(array);
    *index = n;

    switch (edit->where) {

    case DOTS_INSERT_FIRST:
        *index = 0;
        return DOTS_OK;

    case DOTS_INSERT_BEFORE:
    case DOTS_INSERT_AFTER:
        point = &edit->point.steps[edit->point.n - 1];
        *index = dots_data_json_find(c, point->schema, array, point->keys);

        if (*index == n) {
            return dots_data_edit_fault(c, &edit->point,
                                        DOTS_TAG_INVALID_VALUE,
                                        "the insertion point is not there");
        }

        *index += edit->where == DOTS_INSERT_AFTER;
        return DOTS_OK;

    default: /* DOTS_INSERT_NONE, DOTS_INSERT_LAST */
        return DOTS_OK;
    }
}


/* A mark for whoever keeps the order otherwise than by that of an array. */

static int
dots_data_edit_mark(const dots_data_edit_t *edit, json_t *entry)
{
    if (edit->where != DOTS_INSERT_NONE && edit->path.n == DOTS_DATA_ENTRY
        && json_object_set_new(entry, DOTS_DATA_MOVED, json_true()))
    {
        return DOTS_ERROR;
    }

    return DOTS_OK;
}


/* Puts "entry", whose reference it takes, where the edit says. */

static int
dots_data_edit_insert(const dots_data_context_t *c, dots_data_place_t *p,
    const dots_data_edit_t *edit, json_t *entry)
{
    int     rc;
    size_t  index;

    index = 0;

    if (p->array == NULL) {
        (void) json_object_set_new(p->holder, p->step->member, json_array());
        p->array = json_object_get(p->holder, p->step->member);
    }

    rc = entry && p->array ? dots_data_edit_index(c, p->array, edit, &index)
                           : DOTS_ERROR;

    if (rc == DOTS_OK) {
        rc = dots_data_edit_mark(edit, entry);
    }

    if (rc != DOTS_OK) {
        json_decref(entry);
        return rc;
    }

    return json_array_insert_new(p->array, index, entry) ? DOTS_ERROR
                                                         : DOTS_OK;
}


/* One that goes before or after itself stays where it is. */

static int
dots_data_edit_reorder(const dots_data_context_t *c, dots_data_place_t *p,
    const dots_data_edit_t *edit, json_t *entry)
{
    size_t                   point;
    const dots_data_step_t  *step;

    if (edit->where == DOTS_INSERT_BEFORE || edit->where == DOTS_INSERT_AFTER) {
        step = &edit->point.steps[edit->point.n - 1];
        point = dots_data_json_find(c, step->schema, p->array, step->keys);

        if (point == p->index) {

            if (json_array_size(p->array) == 1) {
                json_decref(entry);

                return dots_data_edit_fault(c, &edit->point,
                                            DOTS_TAG_INVALID_VALUE,
                                            "there is no other entry to go "
                                            "by");
            }

            return json_array_set_new(p->array, p->index, entry) ? DOTS_ERROR
                                                                 : DOTS_OK;
        }
    }

    (void) json_array_remove(p->array, p->index);

    return dots_data_edit_insert(c, p, edit, entry);
}


/* ---- merge ---- */

static int
dots_data_edit_merge_list(const dots_data_context_t *c,
    const struct lysc_node *schema, json_t *array, const json_t *values)
{
    int         rc;
    size_t      i, at, n;
    json_t     *entry, *value;
    dots_str_t  keys[DOTS_API_PATH_KEYS];

    json_array_foreach(values, i, value) {
        rc = schema->nodetype == LYS_LIST
                 ? dots_data_json_keys(c, schema, value, keys, &n)
                 : dots_data_json_text(c->arena, value, &keys[0]);

        if (rc == DOTS_ERROR) {
            return rc;
        }

        /* without keys it is for the validation to refuse */

        at = rc == DOTS_OK ? dots_data_json_find(c, schema, array, keys)
                           : json_array_size(array);

        entry = json_array_get(array, at);

        if (entry == NULL) {

            if (json_array_append_new(array, json_deep_copy(value))) {
                return DOTS_ERROR;
            }

            continue;
        }

        if (schema->nodetype == LYS_LEAFLIST) {
            continue;
        }

        rc = dots_data_edit_load(entry);

        if (rc == DOTS_OK) {
            rc = dots_data_edit_merge(c, schema, entry, value);
        }

        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


/* As deep as the schema is. */

static int
dots_data_edit_merge(const dots_data_context_t *c,
    const struct lysc_node *parent, json_t *object, json_t *value)
{
    int                      rc;
    json_t                  *member, *own;
    const char              *name, *local;
    dots_str_t               module, none = { 0, NULL };
    const struct lysc_node  *schema;

    json_object_foreach(value, name, member) {
        local = strchr(name, ':');
        module = local ? dots_str(name, (size_t) (local - name)) : none;
        local = local ? local + 1 : name;

        schema = dots_data_path_child(c->schema, parent, module,
                                      dots_str(local, strlen(local)));
        if (schema == NULL) {
            return DOTS_ERROR;
        }

        own = json_object_get(object, name);

        if (own == NULL || schema->nodetype == LYS_LEAF) {
            rc = dots_data_edit_set(c, object, schema, name, member);

        } else if (schema->nodetype == LYS_CONTAINER) {
            rc = dots_data_edit_merge(c, schema, own, member);

        } else {
            rc = dots_data_edit_merge_list(c, schema, own, member);
        }

        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


/* ---- operations ---- */

static int
dots_data_edit_put(const dots_data_context_t *c, dots_data_place_t *p,
    const dots_data_edit_t *edit)
{
    const struct lysc_node  *schema;

    schema = p->step->schema;

    if (!dots_data_edit_is_list(schema)) {
        return dots_data_edit_set(c, p->holder, schema, p->step->member,
                                  edit->value);
    }

    if (p->value == NULL) {
        return dots_data_edit_insert(c, p, edit, json_deep_copy(edit->value));
    }

    if (edit->where == DOTS_INSERT_NONE) {
        return json_array_set_new(p->array, p->index,
                                  json_deep_copy(edit->value))
                   ? DOTS_ERROR : DOTS_OK;
    }

    return dots_data_edit_reorder(c, p, edit, json_deep_copy(edit->value));
}


static int
dots_data_edit_into(const dots_data_context_t *c, dots_data_place_t *p,
    const dots_data_edit_t *edit)
{
    const struct lysc_node  *schema;

    schema = p->step->schema;

    if (p->value == NULL || (schema->nodetype & LYD_NODE_TERM)) {
        return dots_data_edit_put(c, p, edit);
    }

    if (dots_data_edit_load(p->value) != DOTS_OK) {
        return DOTS_ERROR;
    }

    return dots_data_edit_merge(c, schema, p->value, edit->value);
}


static int
dots_data_edit_remove(dots_data_place_t *p)
{
    if (p->array != NULL) {
        (void) json_array_remove(p->array, p->index);

        if (json_array_size(p->array) != 0) {
            return DOTS_OK;
        }
    }

    (void) json_object_del(p->holder, p->step->member);

    return DOTS_OK;
}


/* RFC 8040 sections 4.5, 4.6.1: keys of the message are those of the path. */

static int
dots_data_edit_keys(const dots_data_context_t *c, const dots_data_edit_t *edit)
{
    int                      rc;
    json_t                  *value;
    size_t                   i;
    dots_str_t               own;
    const dots_data_step_t  *step;
    const struct lysc_node  *key;

    step = &edit->path.steps[edit->path.n - 1];
    key = step->schema->nodetype == LYS_LIST ? NULL : step->schema;

    for (i = 0; i < step->nkeys; i++) {

        if (step->schema->nodetype == LYS_LIST) {
            key = dots_data_path_key(step->schema, key);
            value = json_object_get(edit->value, key->name);

        } else {
            value = edit->value;
        }

        if (value == NULL && edit->operation == DOTS_EDIT_MERGE) {
            continue;
        }

        if (value == NULL) {
            return dots_data_edit_fault(c, &edit->path,
                                        DOTS_TAG_MISSING_ATTRIBUTE,
                                        "the message lacks a key");
        }

        rc = dots_data_json_text(c->arena, value, &own);
        if (rc == DOTS_ERROR) {
            return rc;
        }

        if (rc != DOTS_OK || !dots_str_eq(own, step->keys[i])) {
            return dots_data_edit_fault(c, &edit->path, DOTS_TAG_INVALID_VALUE,
                                        "the message is not about the entry "
                                        "that its path names");
        }
    }

    return DOTS_OK;
}


static int
dots_data_edit_apply(const dots_data_context_t *c, dots_data_place_t *p,
    const dots_data_edit_t *edit)
{
    json_t  *entry;

    switch (edit->operation) {

    case DOTS_EDIT_CREATE:
    case DOTS_EDIT_INSERT:
        if (p->value != NULL) {
            return dots_data_edit_fault(c, &edit->path, DOTS_TAG_DATA_EXISTS,
                                        "the resource exists already");
        }

        return dots_data_edit_put(c, p, edit);

    case DOTS_EDIT_REPLACE:
        return dots_data_edit_put(c, p, edit);

    case DOTS_EDIT_MERGE:
        return dots_data_edit_into(c, p, edit);

    case DOTS_EDIT_REMOVE:
        return p->value ? dots_data_edit_remove(p) : DOTS_OK;

    default: /* DOTS_EDIT_DELETE, DOTS_EDIT_MOVE */
        break;
    }

    if (p->value == NULL) {
        return dots_data_edit_missing(c, &edit->path);
    }

    if (edit->operation == DOTS_EDIT_DELETE) {
        return dots_data_edit_remove(p);
    }

    entry = json_incref(p->value);

    return dots_data_edit_reorder(c, p, edit, entry);
}


int
dots_data_edit(const dots_data_context_t *c, json_t *root,
    const dots_data_edit_t *edit, int *created)
{
    int                rc, make;
    dots_data_place_t  place;

    *created = 0;

    if (edit->path.n == 0) {

        if (edit->operation == DOTS_EDIT_REPLACE) {
            (void) json_object_clear(root);
        }

        return dots_data_edit_merge(c, NULL, root, edit->value);
    }

    make = edit->value != NULL;

    rc = make ? dots_data_edit_keys(c, edit) : DOTS_OK;

    if (rc == DOTS_OK) {
        rc = dots_data_edit_place(c, root, &edit->path, make, &place);
    }

    if (rc == DOTS_DECLINED && edit->operation == DOTS_EDIT_REMOVE) {
        return DOTS_OK;
    }

    if (rc == DOTS_DECLINED) {
        return dots_data_edit_missing(c, &edit->path);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    *created = place.value == NULL
               && !dots_data_edit_is_implied(place.step->schema);

    return dots_data_edit_apply(c, &place, edit);
}
