#include <stdio.h>

#include "dots_data_tree.h"
#include "dots_data_valid.h"


#define DOTS_DATA_TREE_NUMBER 32 /* of an integer, and a NUL */

#define DOTS_DATA_TREE_INTEGERS                                               \
    (1U << LY_TYPE_INT8 | 1U << LY_TYPE_INT16 | 1U << LY_TYPE_INT32           \
     | 1U << LY_TYPE_UINT8 | 1U << LY_TYPE_UINT16 | 1U << LY_TYPE_UINT32)

/*
 * Not a union, of whose types the kind of the value chooses, nor what depends
 * on other nodes.
 */
#define DOTS_DATA_TREE_STRINGS                                                \
    (1U << LY_TYPE_STRING | 1U << LY_TYPE_ENUM | 1U << LY_TYPE_BITS           \
     | 1U << LY_TYPE_BINARY | 1U << LY_TYPE_IDENT | 1U << LY_TYPE_DEC64       \
     | 1U << LY_TYPE_INT64 | 1U << LY_TYPE_UINT64)


static int dots_data_tree_members(struct lyd_node *parent,
    const json_t *object, const char *key);


/* ---- memory ---- */

/* Of its text, about.  A message is not nested deeper than a body may be. */

static size_t
dots_data_tree_length(const json_t *value)
{
    void    *member;
    size_t   i, len;

    len = 2;

    if (json_is_string(value)) {
        return len + json_string_length(value);
    }

    for (i = 0; i < json_array_size(value); i++) {
        len += dots_data_tree_length(json_array_get(value, i));
    }

    for (member = json_object_iter((json_t *) value); member != NULL;
         member = json_object_iter_next((json_t *) value, member))
    {
        len += strlen(json_object_iter_key(member)) + 4
               + dots_data_tree_length(json_object_iter_value(member));
    }

    return len;
}


/* ---- values ---- */

/*
 * What libyang's parser takes as it is.  It has its own mind about controls and
 * some characters of Unicode, which the tree would not ask.
 */

static int
dots_data_tree_plain(const char *s)
{
    while (*s >= ' ' && *s <= '~') {
        s++;
    }

    return *s == '\0';
}


/*
 * The value as text and, as a set of LY_DATA_TYPE, what it may be a value of
 * (RFC 7951 section 6); NULL: of none of those here.
 */

static const char *
dots_data_tree_text(const json_t *value, char *buf, unsigned *types)
{
    const char  *s;

    switch (json_typeof(value)) {

    case JSON_STRING:
        s = json_string_value(value);
        *types = DOTS_DATA_TREE_STRINGS;

        return dots_data_tree_plain(s) ? s : NULL;

    case JSON_INTEGER:
        (void) snprintf(buf, DOTS_DATA_TREE_NUMBER, "%" JSON_INTEGER_FORMAT,
                        json_integer_value(value));
        *types = DOTS_DATA_TREE_INTEGERS;

        return buf;

    case JSON_TRUE:
    case JSON_FALSE:
        *types = 1U << LY_TYPE_BOOL;

        return json_is_true(value) ? "true" : "false";

    default:
        return NULL;
    }
}


static int
dots_data_tree_is_type(const struct lysc_node *schema, unsigned types)
{
    const struct lysc_node_leaf  *leaf;

    leaf = (const struct lysc_node_leaf *) (const void *) schema;

    return (types & 1U << leaf->type->basetype) != 0;
}


/* ---- nodes ---- */

static int
dots_data_tree_leaf(struct lyd_node *parent, const char *name,
    const json_t *value, uint16_t kind)
{
    char              buf[DOTS_DATA_TREE_NUMBER];
    unsigned          types;
    const char       *text;
    struct lyd_node  *node;

    text = dots_data_tree_text(value, buf, &types);

    return text != NULL
           && lyd_new_term(parent, NULL, name, text, 0, &node) == LY_SUCCESS
           && node->schema->nodetype == kind
           && (node->schema->flags & LYS_CONFIG_W)
           && dots_data_tree_is_type(node->schema, types)
               ? DOTS_OK : DOTS_DECLINED;
}


/* The key of a list that has one; NULL: it has several, or is none. */

static const struct lysc_node *
dots_data_tree_key(const struct lysc_node *list)
{
    const struct lysc_node  *key;

    key = list ? lysc_node_child(list) : NULL;

    return key != NULL && lysc_is_key(key)
           && (key->next == NULL || !lysc_is_key(key->next)) ? key : NULL;
}


static int
dots_data_tree_entry(struct lyd_node *parent, const struct lysc_node *list,
    const struct lysc_node *key, const json_t *entry)
{
    char              buf[DOTS_DATA_TREE_NUMBER];
    unsigned          types;
    const char       *text;
    const json_t     *value;
    struct lyd_node  *node;

    types = 0;
    value = json_object_get(entry, key->name);
    text = value ? dots_data_tree_text(value, buf, &types) : NULL;

    if (text == NULL || !dots_data_tree_is_type(key, types)
        || lyd_new_list(parent, NULL, list->name, 0, &node, text)
           != LY_SUCCESS)
    {
        return DOTS_DECLINED;
    }

    return dots_data_tree_members(node, entry, key->name);
}


/* RFC 7951 sections 5.3, 5.4: a leaf-list, or a list. */

static int
dots_data_tree_array(struct lyd_node *parent, const char *name,
    const json_t *array)
{
    size_t                   i;
    json_t                  *value;
    const struct lysc_node  *list, *key;

    if (!json_is_object(json_array_get(array, 0))) {

        json_array_foreach(array, i, value) {
            if (dots_data_tree_leaf(parent, name, value, LYS_LEAFLIST)
                != DOTS_OK)
            {
                return DOTS_DECLINED;
            }
        }

        return i ? DOTS_OK : DOTS_DECLINED;
    }

    list = dots_schema_child(parent->schema, name);
    key = dots_data_tree_key(list);

    if (key == NULL || !(list->flags & LYS_CONFIG_W)) {
        return DOTS_DECLINED;
    }

    json_array_foreach(array, i, value) {
        if (dots_data_tree_entry(parent, list, key, value) != DOTS_OK) {
            return DOTS_DECLINED;
        }
    }

    return DOTS_OK;
}


/*
 * Recursion goes down the schema, which has an end.  Only names without their
 * module, of which an object has no two.
 */

static int
dots_data_tree_members(struct lyd_node *parent, const json_t *object,
    const char *key)
{
    int               rc;
    void             *member;
    json_t           *value;
    const char       *name;
    struct lyd_node  *node;

    rc = DOTS_OK;

    for (member = json_object_iter((json_t *) object);
         member != NULL && rc == DOTS_OK;
         member = json_object_iter_next((json_t *) object, member))
    {
        name = json_object_iter_key(member);
        value = json_object_iter_value(member);

        if (key != NULL && strcmp(name, key) == 0) {
            continue;
        }

        switch (json_typeof(value)) {

        case JSON_OBJECT:
            rc = lyd_new_inner(parent, NULL, name, 0, &node) == LY_SUCCESS
                 && (node->schema->flags & LYS_CONFIG_W)
                     ? dots_data_tree_members(node, value, NULL)
                     : DOTS_DECLINED;
            break;

        case JSON_ARRAY:
            rc = dots_data_tree_array(parent, name, value);
            break;

        default:
            rc = dots_data_tree_leaf(parent, name, value, LYS_LEAF);
        }
    }

    return rc;
}


static int
dots_data_tree_valid(struct lyd_node **tree)
{
    return dots_data_valid(*tree) == DOTS_OK
           || lyd_validate_all(tree, NULL,
                               LYD_VALIDATE_NO_STATE | LYD_VALIDATE_PRESENT,
                               NULL)
              == LY_SUCCESS;
}


int
dots_data_tree(const dots_schema_t *s, const json_t *client,
    struct lyd_node **tree)
{
    const struct lysc_node  *list, *key;

    *tree = NULL;

    if (!dots_schema_room(dots_data_tree_length(client))) {
        return DOTS_ERROR;
    }

    if (lyd_new_inner(NULL, s->data, "dots-data", 0, tree) != LY_SUCCESS) {
        return DOTS_DECLINED;
    }

    list = dots_schema_child((*tree)->schema, "dots-client");
    key = dots_data_tree_key(list);

    if (key != NULL
        && dots_data_tree_entry(*tree, list, key, client) == DOTS_OK
        && dots_data_tree_valid(tree))
    {
        return DOTS_OK;
    }

    lyd_free_all(*tree);
    *tree = NULL;

    return DOTS_DECLINED;
}
