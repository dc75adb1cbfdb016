#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dots_data_body.h"
#include "dots_data_xml.h"
#include "dots_place.h"
#include "dots_xml.h"


#define DOTS_DATA_XML_NUMBER 20  /* digits that fit an int64_t, and a sign */
#define DOTS_DATA_XML_MEMBER 192 /* module, colon, name */


static const dots_xml_limits_t  dots_data_xml_limits = {
    DOTS_DATA_DEPTH, DOTS_DATA_CONTAINERS
};


static int
dots_data_xml_unfit(dots_exchange_t *x, const dots_xml_node_t *node,
    const char *why)
{
    return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                               "the element \"%s\" %s", node->name, why);
}


static int
dots_data_xml_unknown(dots_exchange_t *x, const dots_xml_node_t *node)
{
    return dots_restconf_error(&x->error, DOTS_TAG_UNKNOWN_ELEMENT,
                               "there is no element \"%s\" of namespace "
                               "\"%s\" here", node->name, node->uri);
}


/* ---- values: RFC 7951 section 6 ---- */

static json_t *
dots_data_xml_string(dots_str_t s)
{
    return json_stringn(s.len ? (const char *) s.data : "", s.len);
}


static json_t *
dots_data_xml_number(dots_str_t s)
{
    char       buf[DOTS_DATA_XML_NUMBER + 1], *end;
    long long  n;

    if (s.len == 0 || s.len > DOTS_DATA_XML_NUMBER
        || (s.data[0] != '-' && s.data[0] != '+'
            && (s.data[0] < '0' || s.data[0] > '9')))
    {
        return dots_data_xml_string(s);
    }

    memcpy(buf, s.data, s.len);
    buf[s.len] = '\0';

    errno = 0;
    n = strtoll(buf, &end, 10);

    if (errno != 0 || *end != '\0' || end == buf) {
        return dots_data_xml_string(s);
    }

    return json_integer(n);
}


static json_t *
dots_data_xml_boolean(dots_str_t s)
{
    if (dots_str_eq(s, dots_str("true", 4))) {
        return json_true();
    }

    if (dots_str_eq(s, dots_str("false", 5))) {
        return json_false();
    }

    return dots_data_xml_string(s);
}


/*
 * A prefix is the document's: the module's name stands for it in JSON.  What
 * has none, or an unknown one, stays as it is, to be refused or not with the
 * same words as in JSON.
 */

static json_t *
dots_data_xml_identity(dots_exchange_t *x, const dots_xml_node_t *node)
{
    size_t                    n;
    dots_str_t                s;
    const char               *uri;
    const uint8_t            *colon;
    const struct lys_module  *module;

    s = node->text;
    colon = s.len ? memchr(s.data, ':', s.len) : NULL;

    if (colon == NULL) {
        return dots_data_xml_string(s);
    }

    n = (size_t) (colon - s.data);
    uri = dots_xml_namespace(node, dots_str(s.data, n));
    module = uri ? ly_ctx_get_module_implemented_ns(x->rc->schema->ctx, uri)
                 : NULL;

    if (module == NULL) {
        return dots_data_xml_string(s);
    }

    return json_sprintf("%s:%.*s", module->name, (int) (s.len - n - 1),
                        (const char *) colon + 1);
}


/* The type that a value has in the end; of a union the member that takes it. */

static LY_DATA_TYPE
dots_data_xml_type(const dots_xml_node_t *node, const struct lysc_node *schema)
{
    const char              *text;
    const struct lysc_type  *type, *member;

    type = ((const struct lysc_node_leaf *) schema)->type;

    if (type->basetype == LY_TYPE_LEAFREF) {
        type = ((const struct lysc_type_leafref *) type)->realtype;
    }

    if (type->basetype != LY_TYPE_UNION) {
        return type->basetype;
    }

    text = node->text.len ? (const char *) node->text.data : "";
    member = NULL;

    if (lyd_value_validate(schema->module->ctx, schema, text, node->text.len,
                           NULL, &member, NULL)
        != LY_SUCCESS || member == NULL)
    {
        return LY_TYPE_STRING;
    }

    return member->basetype;
}


static json_t *
dots_data_xml_value(dots_exchange_t *x, const dots_xml_node_t *node)
{
    dots_str_t    s;
    LY_DATA_TYPE  type;

    s = node->text;
    type = dots_data_xml_type(node, node->schema);

    if (dots_schema_is_number(type)) {
        return dots_data_xml_number(s);
    }

    switch (type) {

    case LY_TYPE_BOOL:
        return dots_data_xml_boolean(s);

    case LY_TYPE_EMPTY:
        return s.len ? dots_data_xml_string(s) : json_pack("[n]");

    case LY_TYPE_IDENT:
        return dots_data_xml_identity(x, node);

    default:
        return dots_data_xml_string(s);
    }
}


/* ---- elements ---- */

static json_t *
dots_data_xml_content(dots_exchange_t *x, const dots_xml_node_t *node)
{
    const struct lysc_node  *schema;

    schema = node->schema;

    return schema->nodetype & (LYS_LEAF | LYS_LEAFLIST)
               ? dots_data_xml_value(x, node)
               : json_object();
}


/* Adds what the element is to its parent's object, which takes it. */

static int
dots_data_xml_add(dots_exchange_t *x, dots_xml_node_t *node, json_t *object,
    const char *member, json_t *value)
{
    int                      rc;
    json_t                  *found;
    const struct lysc_node  *schema;

    if (value == NULL) {
        return DOTS_ERROR;
    }

    schema = node->schema;
    found = json_object_get(object, member);

    if (!(schema->nodetype & (LYS_LIST | LYS_LEAFLIST))) {

        if (found != NULL) {
            json_decref(value);
            return dots_data_xml_unfit(x, node, "is there twice");
        }

        rc = json_object_set_new(object, member, value);

    } else if (found != NULL) {
        rc = json_array_append_new(found, value);

    } else {
        rc = json_object_set_new(object, member, json_pack("[o]", value));
    }

    node->value = value;

    return rc == 0 ? DOTS_OK : DOTS_ERROR;
}


static int
dots_data_xml_check(dots_exchange_t *x, const dots_xml_node_t *node)
{
    const struct lysc_node  *schema;

    schema = node->schema;

    if (schema->nodetype & (LYS_LEAF | LYS_LEAFLIST)) {
        return node->child ? dots_data_xml_unfit(x, node, "has to be a value")
                           : DOTS_OK;
    }

    /* space alone is left of how it was laid out */

    return dots_xml_blank(node->text)
               ? DOTS_OK : dots_data_xml_unfit(x, node, "has text");
}


/* "name", or "module:name" where the module is not the parent's. */

static int
dots_data_xml_element(dots_exchange_t *x, dots_xml_node_t *node,
    const struct lysc_node *schema, json_t *object, int qualified)
{
    int   n, rc;
    char  member[DOTS_DATA_XML_MEMBER];

    node->schema = schema;

    rc = dots_data_xml_check(x, node);
    if (rc != DOTS_OK) {
        return rc;
    }

    n = snprintf(member, sizeof(member), "%s%s%s",
                 qualified ? schema->module->name : "", qualified ? ":" : "",
                 schema->name);

    if (n < 0 || (size_t) n >= sizeof(member)) {
        return DOTS_ERROR;
    }

    return dots_data_xml_add(x, node, object, member,
                             dots_data_xml_content(x, node));
}


static const struct lys_module *
dots_data_xml_module(dots_exchange_t *x, const dots_xml_node_t *node)
{
    return ly_ctx_get_module_implemented_ns(x->rc->schema->ctx, node->uri);
}


/* ---- the value of an edit: RFC 8072 section 2.5 ---- */

static dots_xml_node_t *
dots_data_xml_sibling(dots_xml_node_t *node, const char *name)
{
    for (node = node->parent->child; node; node = node->next) {

        if (strcmp(node->name, name) == 0) {
            return node;
        }
    }

    return NULL;
}


/*
 * What the edit's "target" names, relative to the resource; a target that
 * leads nowhere is refused later, in words of its own.
 */

static const struct lysc_node *
dots_data_xml_target(dots_exchange_t *x, dots_xml_node_t *value,
    const struct lysc_node *resource)
{
    size_t                   i;
    dots_xml_node_t         *target;
    dots_api_path_t         *path;
    const struct lysc_node  *node;

    target = dots_data_xml_sibling(value, "target");
    path = dots_arena_alloc(x->rc->arena, sizeof(dots_api_path_t));

    if (target == NULL || path == NULL
        || dots_api_path_parse(path, target->text, x->rc->arena) != DOTS_OK)
    {
        return resource;
    }

    if (resource == NULL) {
        return dots_place_path(x->rc->schema, path->segments, path->n);
    }

    node = resource;

    for (i = 0; i < path->n && node != NULL; i++) {
        node = dots_place_below(x->rc->schema, node, &path->segments[i]);
    }

    return node ? node : resource;
}


static int
dots_data_xml_edit(dots_exchange_t *x, dots_xml_node_t *node,
    const struct lysc_node *resource)
{
    const struct lysc_node   *schema;
    const struct lys_module  *module;

    module = dots_data_xml_module(x, node);

    schema = module ? dots_place_root(dots_data_xml_target(x, node->parent,
                                                           resource),
                                      module, node->name)
                    : NULL;

    if (schema == NULL) {
        return dots_data_xml_unknown(x, node);
    }

    return dots_data_xml_element(x, node, schema, node->parent->value, 1);
}


/* ---- the message ---- */

static int
dots_data_xml_child(dots_exchange_t *x, dots_xml_node_t *node,
    const struct lysc_node *resource)
{
    const struct lysc_node   *parent, *schema;
    const struct lys_module  *module;

    parent = node->parent->schema;

    if (parent != NULL && parent->nodetype == LYS_ANYDATA) {
        return dots_data_xml_edit(x, node, resource);
    }

    module = dots_data_xml_module(x, node);
    schema = module ? dots_place_child(parent, module, node->name) : NULL;

    if (schema == NULL) {
        return dots_data_xml_unknown(x, node);
    }

    return dots_data_xml_element(x, node, schema, node->parent->value,
                                 parent == NULL || module != parent->module);
}


static int
dots_data_xml_root(dots_exchange_t *x, dots_xml_node_t *node,
    const struct lysc_node *resource, json_t *object)
{
    const struct lysc_node   *schema;
    const struct lys_module  *module;

    module = dots_data_xml_module(x, node);

    if (module == NULL) {
        return dots_data_xml_unknown(x, node);
    }

    /* the datastore: its children are at the top of their modules */

    if (strcmp(module->name, DOTS_PLACE_MODULE) == 0
        && strcmp(node->name, DOTS_PLACE_DATASTORE) == 0)
    {
        node->value = json_object();

        return json_object_set_new(object, DOTS_PLACE_MODULE ":"
                                   DOTS_PLACE_DATASTORE, node->value)
                   ? DOTS_ERROR : DOTS_OK;
    }

    schema = dots_place_root(resource, module, node->name);

    if (schema == NULL) {
        return dots_data_xml_unknown(x, node);
    }

    return dots_data_xml_element(x, node, schema, object, 1);
}


/* In the order of the document: a parent is there before its children. */

static int
dots_data_xml_walk(dots_exchange_t *x, dots_xml_node_t *root,
    const struct lysc_node *resource, json_t *object)
{
    int               rc;
    dots_xml_node_t  *node;

    rc = dots_data_xml_root(x, root, resource, object);

    for (node = dots_xml_next(root); node && rc == DOTS_OK;
         node = dots_xml_next(node))
    {
        rc = dots_data_xml_child(x, node, resource);
    }

    return rc;
}


int
dots_data_xml_read(dots_exchange_t *x, const struct lysc_node *target,
    json_t **root)
{
    int               rc;
    dots_xml_node_t  *node;

    rc = dots_xml_parse(&node, x->rc->body, &dots_data_xml_limits,
                        x->rc->arena, &x->error);
    if (rc != DOTS_OK) {
        return rc;
    }

    *root = json_object();
    if (*root == NULL) {
        return DOTS_ERROR;
    }

    rc = dots_data_xml_walk(x, node, target, *root);

    if (rc != DOTS_OK) {
        json_decref(*root);
        *root = NULL;
    }

    return rc;
}
