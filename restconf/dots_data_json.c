#include <stdio.h>

#include "dots_data_json.h"


#define DOTS_DATA_JSON_NUMBER 32 /* of an integer, and a NUL */


static int
dots_data_json_fault(const dots_data_context_t *c,
    const dots_data_path_t *path, dots_error_tag_t tag, const char *what,
    const char *name)
{
    (void) dots_restconf_error(c->error, tag, "\"%s\" %s", name, what);
    c->error->path = dots_data_path_text(c, path);

    return DOTS_INVALID;
}


/* ---- scalars ---- */

int
dots_data_json_text(dots_arena_t *a, const json_t *value, dots_str_t *text)
{
    int   n;
    char  buf[DOTS_DATA_JSON_NUMBER];

    switch (json_typeof(value)) {

    case JSON_STRING:
        *text = dots_str(json_string_value(value), json_string_length(value));
        return DOTS_OK;

    case JSON_TRUE:
        *text = dots_str("true", 4);
        return DOTS_OK;

    case JSON_FALSE:
        *text = dots_str("false", 5);
        return DOTS_OK;

    case JSON_INTEGER:
        n = snprintf(buf, sizeof(buf), "%" JSON_INTEGER_FORMAT,
                     json_integer_value(value));

        return dots_arena_dup(a, text, dots_str(buf, (size_t) n));

    default: /* no key is of another type */
        return DOTS_INVALID;
    }
}


/* "[null]" is the value of a leaf of type empty (RFC 7951 section 6.9). */

static int
dots_data_json_is_scalar(const json_t *value)
{
    if (json_is_array(value)) {
        return json_array_size(value) == 1
               && json_is_null(json_array_get(value, 0));
    }

    return !json_is_object(value);
}


/* *canonical: a new reference, or NULL where the value stays as it is. */

static int
dots_data_json_canonical(const dots_data_context_t *c,
    const struct lysc_node *schema, const json_t *value, json_t **canonical)
{
    int         rc;
    dots_str_t  text;

    *canonical = NULL;

    if (!json_is_string(value)) {
        return DOTS_OK;
    }

    rc = dots_data_path_canonical(c, schema,
                                  dots_str(json_string_value(value),
                                           json_string_length(value)),
                                  &text);
    if (rc != DOTS_OK) {
        return rc == DOTS_INVALID ? DOTS_OK : rc;
    }

    *canonical = json_stringn((const char *) text.data, text.len);

    return *canonical ? DOTS_OK : DOTS_ERROR;
}


/* ---- lists ---- */

static int
dots_data_json_list(const dots_data_context_t *c, const dots_data_path_t *path,
    const struct lysc_node *schema, json_t *list)
{
    int               rc;
    size_t            i, n;
    json_t           *entry;
    dots_str_t        keys[DOTS_API_PATH_KEYS];
    dots_data_path_t  below;

    if (!json_is_array(list)) {
        return dots_data_json_fault(c, path, DOTS_TAG_INVALID_VALUE,
                                    "has to be an array", schema->name);
    }

    json_array_foreach(list, i, entry) {

        if (!json_is_object(entry)) {
            return dots_data_json_fault(c, path, DOTS_TAG_INVALID_VALUE,
                                        "has to be an array of objects",
                                        schema->name);
        }

        below = *path;

        if (dots_data_json_keys(c, schema, entry, keys, &n) != DOTS_OK) {
            n = 0;
        }

        /* a key that is no value of its type: the validation says so */

        rc = dots_data_path_enter(c, &below, schema, keys, n);

        if (rc == DOTS_INVALID && n != 0) {
            rc = dots_data_path_enter(c, &below, schema, keys, 0);
        }

        if (rc == DOTS_OK) {
            rc = dots_data_json_normal(c, &below, entry);
        }

        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


static int
dots_data_json_leaf_list(const dots_data_context_t *c,
    const dots_data_path_t *path, const struct lysc_node *schema, json_t *list)
{
    size_t   i;
    json_t  *value, *canonical;

    if (!json_is_array(list)) {
        return dots_data_json_fault(c, path, DOTS_TAG_INVALID_VALUE,
                                    "has to be an array", schema->name);
    }

    json_array_foreach(list, i, value) {

        if (!dots_data_json_is_scalar(value)) {
            return dots_data_json_fault(c, path, DOTS_TAG_INVALID_VALUE,
                                        "has to be an array of values",
                                        schema->name);
        }

        if (dots_data_json_canonical(c, schema, value, &canonical) != DOTS_OK
            || (canonical && json_array_set_new(list, i, canonical)))
        {
            return DOTS_ERROR;
        }
    }

    return DOTS_OK;
}


int
dots_data_json_keys(const dots_data_context_t *c, const struct lysc_node *list,
    const json_t *entry, dots_str_t keys[DOTS_API_PATH_KEYS], size_t *n)
{
    int                      rc;
    json_t                  *value;
    const struct lysc_node  *key;

    *n = 0;
    key = NULL;

    while ((key = dots_data_path_key(list, key)) != NULL) {
        value = json_object_get(entry, key->name);

        if (value == NULL || *n == DOTS_API_PATH_KEYS) {
            return DOTS_INVALID;
        }

        rc = dots_data_json_text(c->arena, value, &keys[*n]);
        if (rc != DOTS_OK) {
            return rc;
        }

        (*n)++;
    }

    return DOTS_OK;
}


static int
dots_data_json_is(const dots_data_context_t *c,
    const struct lysc_node *schema, const json_t *value,
    const dots_str_t *keys)
{
    size_t      i, n;
    dots_str_t  own[DOTS_API_PATH_KEYS];

    if (schema->nodetype == LYS_LEAFLIST) {
        return dots_data_json_text(c->arena, value, &own[0]) == DOTS_OK
               && dots_str_eq(own[0], keys[0]);
    }

    if (dots_data_json_keys(c, schema, value, own, &n) != DOTS_OK) {
        return 0;
    }

    for (i = 0; i < n; i++) {
        if (!dots_str_eq(own[i], keys[i])) {
            return 0;
        }
    }

    return 1;
}


size_t
dots_data_json_find(const dots_data_context_t *c,
    const struct lysc_node *schema, const json_t *array,
    const dots_str_t *keys)
{
    size_t  i, n;

    n = json_array_size(array);

    for (i = 0; i < n; i++) {
        if (dots_data_json_is(c, schema, json_array_get(array, i), keys)) {
            break;
        }
    }

    return i;
}


/* ---- members ---- */

static int
dots_data_json_leaf(const dots_data_context_t *c, const dots_data_path_t *path,
    const struct lysc_node *schema, const json_t *value)
{
    if (!dots_data_json_is_scalar(value)) {
        return dots_data_json_fault(c, path, DOTS_TAG_INVALID_VALUE,
                                    "has to be a value", schema->name);
    }

    return DOTS_OK;
}


int
dots_data_json_value(const dots_data_context_t *c,
    const dots_data_path_t *path, const struct lysc_node *schema,
    json_t *value)
{
    int               rc;
    dots_data_path_t  below;

    if (!(schema->flags & LYS_CONFIG_W)) {
        return dots_data_json_fault(c, path, DOTS_TAG_INVALID_VALUE,
                                    "is state, which no client sets",
                                    schema->name);
    }

    switch (schema->nodetype) {

    case LYS_LIST:
        return dots_data_json_list(c, path, schema, value);

    case LYS_LEAFLIST:
        return dots_data_json_leaf_list(c, path, schema, value);

    case LYS_CONTAINER:
        if (!json_is_object(value)) {
            return dots_data_json_fault(c, path, DOTS_TAG_INVALID_VALUE,
                                        "has to be an object", schema->name);
        }

        below = *path;
        rc = dots_data_path_enter(c, &below, schema, NULL, 0);

        return rc == DOTS_OK ? dots_data_json_normal(c, &below, value) : rc;

    default:
        return dots_data_json_leaf(c, path, schema, value);
    }
}


static const struct lysc_node *
dots_data_json_schema(const dots_data_context_t *c,
    const struct lysc_node *parent, const char *name)
{
    const char  *colon;
    dots_str_t   module;

    colon = strchr(name, ':');
    module = dots_str(name, colon ? (size_t) (colon - name) : 0);
    name = colon ? colon + 1 : name;

    if (colon != NULL && module.len == 0) {
        return NULL;
    }

    return dots_data_path_child(c->schema, parent, module,
                                dots_str(name, strlen(name)));
}


/*
 * RFC 7951 section 4 wants simple names where the module is the parent's; the
 * others are taken, too, and mean the same.  What is no member stays as it is.
 */

static const char *
dots_data_json_name(const dots_data_context_t *c,
    const struct lysc_node *parent, const char *name)
{
    const struct lysc_node  *schema;

    if (parent == NULL || strchr(name, ':') == NULL) {
        return name;
    }

    schema = dots_data_json_schema(c, parent, name);

    return schema && schema->module == parent->module ? schema->name : name;
}


/* The members under the names that they are stored by, in the same order. */

static int
dots_data_json_rename(const dots_data_context_t *c,
    const struct lysc_node *parent, json_t *object)
{
    int          rc, some;
    json_t      *as_sent, *value;
    const char  *name, *own;

    some = 0;

    json_object_foreach(object, name, value) {
        some |= dots_data_json_name(c, parent, name) != name;
    }

    if (!some) {
        return DOTS_OK;
    }

    as_sent = json_copy(object);
    if (as_sent == NULL) {
        return DOTS_ERROR;
    }

    (void) json_object_clear(object);

    rc = DOTS_OK;

    json_object_foreach(as_sent, name, value) {
        own = dots_data_json_name(c, parent, name);

        if (json_object_get(object, own) != NULL) {
            rc = dots_restconf_error(c->error, DOTS_TAG_INVALID_VALUE,
                                     "\"%s\" appears twice", own);
            break;
        }

        if (json_object_set(object, own, value) != 0) {
            rc = DOTS_ERROR;
            break;
        }
    }

    json_decref(as_sent);

    return rc;
}


static int
dots_data_json_member(const dots_data_context_t *c,
    const dots_data_path_t *path, json_t *object, const char *name,
    json_t *value)
{
    int                      rc;
    json_t                  *canonical;
    const struct lysc_node  *schema;

    schema = dots_data_json_schema(c, dots_data_path_schema(path), name);

    if (schema == NULL) {
        return dots_data_json_fault(c, path, DOTS_TAG_UNKNOWN_ELEMENT,
                                    "is no member here", name);
    }

    canonical = NULL;

    rc = dots_data_json_value(c, path, schema, value);

    if (rc == DOTS_OK && (schema->nodetype & LYS_LEAF)) {
        rc = dots_data_json_canonical(c, schema, value, &canonical);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    if (json_is_array(value) && json_array_size(value) == 0) {
        return json_object_del(object, name) == 0 ? DOTS_OK : DOTS_ERROR;
    }

    return canonical == NULL
           || json_object_set_new(object, name, canonical) == 0
               ? DOTS_OK : DOTS_ERROR;
}


int
dots_data_json_normal(const dots_data_context_t *c,
    const dots_data_path_t *path, json_t *object)
{
    int          rc;
    void        *next;
    json_t      *value;
    const char  *name;

    rc = dots_data_json_rename(c, dots_data_path_schema(path), object);

    if (rc == DOTS_INVALID) {
        c->error->path = dots_data_path_text(c, path);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    json_object_foreach_safe(object, next, name, value) {
        rc = dots_data_json_member(c, path, object, name, value);

        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


/* ---- names alone ---- */

static int
dots_data_json_qualified(const json_t *value)
{
    void    *member;
    size_t   i;

    for (i = 0; i < json_array_size(value); i++) {
        if (dots_data_json_qualified(json_array_get(value, i))) {
            return 1;
        }
    }

    for (member = json_object_iter((json_t *) value); member != NULL;
         member = json_object_iter_next((json_t *) value, member))
    {
        if (strchr(json_object_iter_key(member), ':') != NULL
            || dots_data_json_qualified(json_object_iter_value(member)))
        {
            return 1;
        }
    }

    return 0;
}


int
dots_data_json_names(const dots_data_context_t *c,
    const struct lysc_node *schema, json_t *value)
{
    int          rc;
    size_t       i;
    json_t      *below;
    const char  *name;

    if (schema == NULL || !dots_data_json_qualified(value)) {
        return DOTS_OK;
    }

    rc = DOTS_OK;

    json_array_foreach(value, i, below) {
        rc = dots_data_json_names(c, schema, below);

        if (rc != DOTS_OK) {
            return rc;
        }
    }

    if (json_is_object(value)) {
        rc = dots_data_json_rename(c, schema, value);
    }

    json_object_foreach(value, name, below) {

        if (rc != DOTS_OK) {
            return rc;
        }

        rc = dots_data_json_names(c, dots_data_json_schema(c, schema, name),
                                  below);
    }

    return rc;
}
