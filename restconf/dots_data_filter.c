#include <stdio.h>
#include <stdlib.h>

#include "dots_data_filter.h"
#include "dots_fields.h"
#include "dots_place.h"


#define DOTS_DATA_FILTER_TAG "ietf-netconf-with-defaults:default"
#define DOTS_DATA_FILTER_NAME 128 /* of a member, with its module */


/* Of one request; "fields" is NULL where all are wanted. */

typedef struct {
    const dots_data_context_t *c;
    const dots_query_t        *q;
    const dots_fields_t       *fields;
} dots_data_filter_t;


static int dots_data_filter_defaults(const dots_data_filter_t *f,
    const struct lysc_node *schema, json_t *object);
static int dots_data_filter_content(const dots_data_filter_t *f,
    const struct lysc_node *schema, json_t *object);
static int dots_data_filter_prune(const dots_data_filter_t *f,
    const struct lysc_node *schema, json_t *object, unsigned node,
    unsigned level);


int
dots_data_filter_needed(const dots_query_t *q)
{
    return (q->seen & (DOTS_QUERY_DEPTH|DOTS_QUERY_FIELDS|DOTS_QUERY_DEFAULTS))
           != 0;
}


/* ---- members and their schema ---- */

/* At the top there is state of the server, too, of modules of its own. */

static const struct lysc_node *
dots_data_filter_node(const dots_data_context_t *c,
    const struct lysc_node *parent, dots_str_t module, dots_str_t name)
{
    dots_api_segment_t  segment;

    if (parent != NULL) {
        return dots_data_path_child(c->schema, parent, module, name);
    }

    memset(&segment, 0, sizeof(segment));

    segment.module = module;
    segment.name = name;

    return dots_place_below(c->schema, NULL, &segment);
}


static const struct lysc_node *
dots_data_filter_child(const dots_data_context_t *c,
    const struct lysc_node *parent, const char *name)
{
    const char  *colon;
    dots_str_t   module;

    colon = strchr(name, ':');
    module = dots_str(name, colon ? (size_t) (colon - name) : 0);
    name = colon ? colon + 1 : name;

    return dots_data_filter_node(c, parent, module,
                                 dots_str(name, strlen(name)));
}


typedef int (*dots_data_filter_pt)(const dots_data_filter_t *f,
    const struct lysc_node *schema, json_t *object);

/* The object of a container, or each of a list. */

static int
dots_data_filter_each(const dots_data_filter_t *f,
    const struct lysc_node *schema, json_t *value, dots_data_filter_pt handler)
{
    int      rc;
    size_t   i;
    json_t  *entry;

    if (schema->nodetype == LYS_CONTAINER) {
        return handler(f, schema, value);
    }

    if (schema->nodetype != LYS_LIST) {
        return DOTS_OK;
    }

    json_array_foreach(value, i, entry) {
        rc = handler(f, schema, entry);

        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


/* ---- content (section 4.8.1) ---- */

static int
dots_data_filter_is_out(const dots_data_filter_t *f,
    const struct lysc_node *schema)
{
    if (f->q->content == DOTS_CONTENT_CONFIG) {
        return !(schema->flags & LYS_CONFIG_W);
    }

    return f->q->content == DOTS_CONTENT_NONCONFIG
           && (schema->flags & LYS_CONFIG_W)
           && (schema->nodetype & LYD_NODE_TERM) && !lysc_is_key(schema);
}


/* Configuration without state below it is no state (RFC 8783, figure 31). */

static int
dots_data_filter_is_empty(const dots_data_filter_t *f,
    const struct lysc_node *schema, const json_t *value)
{
    return f->q->content == DOTS_CONTENT_NONCONFIG
           && (schema->flags & LYS_CONFIG_W)
           && schema->nodetype == LYS_CONTAINER
           && json_object_size(value) == 0;
}


static int
dots_data_filter_content(const dots_data_filter_t *f,
    const struct lysc_node *schema, json_t *object)
{
    int                      rc;
    void                    *next;
    json_t                  *value;
    const char              *name;
    const struct lysc_node  *child;

    json_object_foreach_safe(object, next, name, value) {
        child = dots_data_filter_child(f->c, schema, name);

        if (child == NULL) {
            continue;
        }

        if (dots_data_filter_is_out(f, child)) {
            (void) json_object_del(object, name);
            continue;
        }

        rc = dots_data_filter_each(f, child, value, dots_data_filter_content);
        if (rc != DOTS_OK) {
            return rc;
        }

        if (dots_data_filter_is_empty(f, child, value)) {
            (void) json_object_del(object, name);
        }
    }

    return DOTS_OK;
}


/* ---- with-defaults (section 4.8.9) ---- */

static json_t *
dots_data_filter_scalar(LY_DATA_TYPE type, const char *text)
{
    if (dots_schema_is_number(type)) {
        return json_integer(strtoll(text, NULL, 10));
    }

    return type == LY_TYPE_BOOL ? json_boolean(strcmp(text, "true") == 0)
                                : json_string(text);
}


static json_t *
dots_data_filter_value(const dots_data_context_t *c,
    const struct lysc_node *leaf)
{
    const char                    *text;
    const struct lysc_node_leaf   *l;

    l = (const struct lysc_node_leaf *) leaf;

    if (leaf->nodetype != LYS_LEAF || l->dflt == NULL) {
        return NULL;
    }

    text = lyd_value_get_canonical(c->schema->ctx, l->dflt);

    return text ? dots_data_filter_scalar(l->dflt->realtype->basetype, text)
                : NULL;
}


int
dots_data_filter_tag(json_t *object, const char *name)
{
    int    rc;
    char  *member;

    member = malloc(strlen(name) + 2);
    if (member == NULL) {
        return DOTS_ERROR;
    }

    member[0] = '@';
    memcpy(member + 1, name, strlen(name) + 1);

    rc = json_object_set_new(object, member,
                             json_pack("{s:b}", DOTS_DATA_FILTER_TAG, 1));
    free(member);

    return rc == 0 ? DOTS_OK : DOTS_ERROR;
}


/* Is anything of the leaf's case there?  Of a node in no choice: it is. */

static int
dots_data_filter_chosen(const dots_data_context_t *c,
    const struct lysc_node *parent, const struct lysc_node *leaf,
    json_t *object)
{
    json_t                  *value;
    const char              *name;
    const struct lysc_node  *child, *node;

    if (leaf->parent == NULL || leaf->parent->nodetype != LYS_CASE) {
        return 1;
    }

    json_object_foreach(object, name, value) {
        child = dots_data_filter_child(c, parent, name);

        for (node = child ? child->parent : NULL;
             node != NULL && node != parent;
             node = node->parent)
        {
            if (node == leaf->parent) {
                return 1;
            }
        }
    }

    return 0;
}


json_t *
dots_data_filter_default(const dots_data_context_t *c,
    const struct lysc_node *leaf, json_t *object)
{
    return dots_data_filter_chosen(c, lysc_data_parent(leaf), leaf, object)
               ? dots_data_filter_value(c, leaf) : NULL;
}


/* One leaf of an object, there or not. */

static int
dots_data_filter_leaf(const dots_data_filter_t *f,
    const struct lysc_node *parent, const struct lysc_node *leaf,
    json_t *object)
{
    int      rc;
    json_t  *own, *value;

    value = dots_data_filter_value(f->c, leaf);
    if (value == NULL) {
        return DOTS_OK;
    }

    rc = DOTS_OK;
    own = json_object_get(object, leaf->name);

    if (f->q->defaults == DOTS_DEFAULTS_TRIM) {

        if (own != NULL && json_equal(own, value)) {
            (void) json_object_del(object, leaf->name);
        }

    } else if (own == NULL
               && dots_data_filter_chosen(f->c, parent, leaf, object))
    {
        rc = json_object_set(object, leaf->name, value) ? DOTS_ERROR : DOTS_OK;

        /* RFC 6243 section 3.3: what a client has set is no default */

        if (rc == DOTS_OK && f->q->defaults == DOTS_DEFAULTS_TAGGED) {
            rc = dots_data_filter_tag(object, leaf->name);
        }
    }

    json_decref(value);

    return rc;
}


/* An implied container may have defaults in it without being there. */

static int
dots_data_filter_implied(const dots_data_filter_t *f,
    const struct lysc_node *schema, json_t *object)
{
    int      rc;
    json_t  *value;

    if (f->q->defaults == DOTS_DEFAULTS_TRIM
        || schema->nodetype != LYS_CONTAINER
        || (schema->flags & LYS_PRESENCE)
        || (schema->parent != NULL && schema->parent->nodetype == LYS_CASE))
    {
        return DOTS_OK;
    }

    value = json_object();
    if (value == NULL) {
        return DOTS_ERROR;
    }

    rc = dots_data_filter_defaults(f, schema, value);

    if (rc == DOTS_OK && json_object_size(value) != 0
        && json_object_set(object, schema->name, value))
    {
        rc = DOTS_ERROR;
    }

    json_decref(value);

    return rc;
}


/* RFC 7951 section 4: with its module where that is not its parent's. */

static json_t *
dots_data_filter_member(const struct lysc_node *parent,
    const struct lysc_node *child, json_t *object)
{
    char  name[DOTS_DATA_FILTER_NAME];

    if (child->module == parent->module) {
        return json_object_get(object, child->name);
    }

    (void) snprintf(name, sizeof(name), "%s:%s", child->module->name,
                    child->name);

    return json_object_get(object, name);
}


static int
dots_data_filter_defaults(const dots_data_filter_t *f,
    const struct lysc_node *schema, json_t *object)
{
    int                      rc;
    json_t                  *value;
    const struct lysc_node  *child;

    child = NULL;
    rc = DOTS_OK;

    while (rc == DOTS_OK
           && (child = lys_getnext(child, schema, NULL, 0)) != NULL)
    {
        if ((child->module != f->c->schema->data
             && child->module != f->c->schema->mapping)
            || !(child->flags & LYS_CONFIG_W))
        {
            continue;
        }

        if (child->nodetype == LYS_LEAF) {
            rc = dots_data_filter_leaf(f, schema, child, object);
            continue;
        }

        value = dots_data_filter_member(schema, child, object);

        rc = value ? dots_data_filter_each(f, child, value,
                                           dots_data_filter_defaults)
                   : dots_data_filter_implied(f, child, object);
    }

    return rc;
}


/* Only what is below "dots-data" has any. */

static int
dots_data_filter_top(const dots_data_filter_t *f,
    const struct lysc_node *schema, json_t *value)
{
    int          rc;
    json_t      *data;
    const char  *name;

    if (schema != NULL) {
        return dots_data_filter_defaults(f, schema, value);
    }

    json_object_foreach(value, name, data) {
        schema = dots_data_filter_child(f->c, NULL, name);

        if (schema != NULL) {
            rc = dots_data_filter_defaults(f, schema, data);

            if (rc != DOTS_OK) {
                return rc;
            }
        }
    }

    return DOTS_OK;
}


/* ---- fields and depth (sections 4.8.3, 4.8.2) ---- */

/* The node of "fields" for a member of what "parent" is for; 0: none. */

static unsigned
dots_data_filter_field(const dots_data_filter_t *f, unsigned parent,
    const struct lysc_node *child)
{
    unsigned                   i;
    const dots_fields_node_t  *node;

    for (i = f->fields->nodes[parent].first; i != 0; i = node->next) {
        node = &f->fields->nodes[i];

        if (dots_str_eq(node->name, dots_str(child->name,
                                             strlen(child->name))))
        {
            return i;
        }
    }

    return 0;
}


static int
dots_data_filter_below(const dots_data_filter_t *f,
    const struct lysc_node *schema, json_t *value, unsigned node,
    unsigned level)
{
    int      rc;
    size_t   i;
    json_t  *entry;

    if (schema->nodetype == LYS_CONTAINER) {
        return dots_data_filter_prune(f, schema, value, node, level);
    }

    if (schema->nodetype != LYS_LIST) {
        return DOTS_OK;
    }

    /* keys are a level deeper, too: figure 34 of RFC 9244 */

    if (f->fields == NULL && level >= f->q->depth) {
        return json_array_clear(value) == 0 ? DOTS_OK : DOTS_ERROR;
    }

    json_array_foreach(value, i, entry) {
        rc = dots_data_filter_prune(f, schema, entry, node, level);

        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


/*
 * What "fields" selects and all above it has level 1, any other child is one
 * deeper than its parent.  "node" is that of "fields" for the object; where
 * that wants all of it, or there is no such parameter, it is the root and
 * f->fields does not count.
 */

static int
dots_data_filter_prune(const dots_data_filter_t *f,
    const struct lysc_node *schema, json_t *object, unsigned node,
    unsigned level)
{
    int                        rc, some;
    void                      *next;
    json_t                    *value;
    unsigned                   field, below;
    const char                *name;
    dots_data_filter_t         all;
    const struct lysc_node    *child;

    some = f->fields != NULL;
    all = *f;
    all.fields = NULL;

    json_object_foreach_safe(object, next, name, value) {
        child = dots_data_filter_child(f->c, schema,
                                       name[0] == '@' ? name + 1 : name);

        if (child == NULL || lysc_is_key(child)) {
            continue;
        }

        field = some ? dots_data_filter_field(f, node, child) : 0;
        below = field ? 1 : level + 1;

        if ((some && field == 0) || below > f->q->depth) {
            (void) json_object_del(object, name);
            continue;
        }

        if (field != 0 && !f->fields->nodes[field].whole) {
            rc = dots_data_filter_below(f, child, value, field, below);

        } else {
            rc = dots_data_filter_below(&all, child, value, 0, below);
        }

        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


/* RFC 8040 leaves open what an unknown name does; a mistake is told. */

static int
dots_data_filter_known(const dots_data_filter_t *f, unsigned parent,
    const struct lysc_node *schema)
{
    int                        rc;
    unsigned                   i;
    dots_str_t                 module;
    const struct lysc_node    *child;
    const dots_fields_node_t  *node;

    for (i = f->fields->nodes[parent].first; i != 0; i = node->next) {
        node = &f->fields->nodes[i];
        module = node->module;

        child = schema != NULL && (schema->nodetype & LYD_NODE_TERM)
                    ? NULL
                    : dots_data_filter_node(f->c, schema, module, node->name);
        if (child == NULL) {
            return dots_restconf_error(f->c->error, DOTS_TAG_INVALID_VALUE,
                                       "query parameter \"fields\": there is "
                                       "no \"%.*s\" there",
                                       (int) node->name.len, node->name.data);
        }

        rc = dots_data_filter_known(f, i, child);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


static int
dots_data_filter_fields(dots_data_filter_t *f, dots_fields_t *fields,
    const struct lysc_node *schema)
{
    int  rc;

    if (!(f->q->seen & DOTS_QUERY_FIELDS)) {
        return DOTS_OK;
    }

    rc = dots_fields_decode(fields, f->q->fields, f->c->arena);

    if (rc == DOTS_INVALID) {
        return dots_restconf_error(f->c->error, DOTS_TAG_INVALID_VALUE,
                                   "query parameter \"fields\" has a wrong "
                                   "value");
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    f->fields = fields;

    return dots_data_filter_known(f, DOTS_FIELDS_ROOT, schema);
}


int
dots_data_filter(const dots_data_context_t *c, const dots_query_t *q,
    const struct lysc_node *schema, json_t *value)
{
    int                  rc;
    dots_fields_t        fields;
    dots_data_filter_t   f = { c, q, NULL };

    rc = dots_data_filter_fields(&f, &fields, schema);

    if (rc != DOTS_OK || !json_is_object(value)) {
        return rc;
    }

    rc = dots_data_filter_content(&f, schema, value);

    if (rc == DOTS_OK && (q->seen & DOTS_QUERY_DEFAULTS)
        && q->defaults != DOTS_DEFAULTS_EXPLICIT
        && q->content != DOTS_CONTENT_NONCONFIG)
    {
        rc = dots_data_filter_top(&f, schema, value);
    }

    return rc == DOTS_OK
               ? dots_data_filter_prune(&f, schema, value, DOTS_FIELDS_ROOT, 1)
               : rc;
}


int
dots_data_filter_entries(const dots_data_context_t *c, const dots_query_t *q,
    const struct lysc_node *schema, json_t *value)
{
    int      rc;
    size_t   i;
    json_t  *entry;

    if (!json_is_array(value)) {
        return dots_data_filter(c, q, schema, value);
    }

    rc = DOTS_OK;

    json_array_foreach(value, i, entry) {
        rc = dots_data_filter(c, q, schema, entry);

        if (rc != DOTS_OK) {
            break;
        }
    }

    return rc;
}
