#include <stdio.h>

#include "dots_cbor_item.h"


#define DOTS_CBOR_ENCODE_NAME 128 /* longest "module:name" and its NUL */


/* NULL: the table has no key for it. */

static const dots_cbor_key_t *
dots_cbor_encode_qualified(const char *module, const char *name)
{
    int   n;
    char  buf[DOTS_CBOR_ENCODE_NAME];

    n = snprintf(buf, sizeof(buf), "%s:%s", module, name);

    if (n < 0 || (size_t) n >= sizeof(buf)) {
        return NULL;
    }

    return dots_cbor_key_by_name(buf, (size_t) n);
}


/* Names carry their module where it changes, as in RFC 7951 section 4. */

static const dots_cbor_key_t *
dots_cbor_encode_key(const struct lyd_node *node)
{
    const char             *module, *above;
    const struct lyd_node  *parent;

    parent = lyd_parent(node);
    module = node->schema->module->name;

    above = parent->schema
                ? parent->schema->module->name
                : ((const struct lyd_node_opaq *) parent)->name.module_name;

    if (strcmp(module, above) == 0) {
        return dots_cbor_key_by_name(node->schema->name,
                                     strlen(node->schema->name));
    }

    return dots_cbor_encode_qualified(module, node->schema->name);
}


/* Entries of a list are adjacent: libyang keeps a tree in schema order. */

static int
dots_cbor_encode_first(const struct lyd_node *node)
{
    return node->prev->next == NULL || node->prev->schema != node->schema;
}


static uint64_t
dots_cbor_encode_count(const struct lyd_node *parent)
{
    uint64_t                n;
    const struct lyd_node  *node;

    n = 0;

    for (node = lyd_child(parent); node != NULL; node = node->next) {
        n += dots_cbor_encode_first(node);
    }

    return n;
}


/* The key and, of a list, the array's head, before its first entry. */

static int
dots_cbor_encode_head(dots_cbor_writer_t *w, const struct lyd_node *node)
{
    uint64_t                n;
    const dots_cbor_key_t  *key;
    const struct lyd_node  *entry;

    key = dots_cbor_encode_key(node);
    if (key == NULL) {
        return DOTS_ERROR;
    }

    dots_cbor_item_write(w, DOTS_CBOR_UINT, key->key);

    if (!(node->schema->nodetype & (LYS_LIST | LYS_LEAFLIST))) {
        return DOTS_OK;
    }

    n = 0;

    for (entry = node; entry != NULL && entry->schema == node->schema;
         entry = entry->next)
    {
        n++;
    }

    dots_cbor_item_write(w, DOTS_CBOR_ARRAY, n);

    return DOTS_OK;
}


static int
dots_cbor_encode_node(dots_cbor_writer_t *w, const struct lyd_node *node)
{
    if (node->schema == NULL) {
        return DOTS_ERROR;
    }

    if (dots_cbor_encode_first(node)
        && dots_cbor_encode_head(w, node) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    if (node->schema->nodetype & LYD_NODE_TERM) {
        return dots_cbor_value_write(w, node);
    }

    if (!(node->schema->nodetype & (LYS_CONTAINER | LYS_LIST))) {
        return DOTS_ERROR;
    }

    dots_cbor_item_write(w, DOTS_CBOR_MAP, dots_cbor_encode_count(node));

    return DOTS_OK;
}


/* The node after "node" in depth-first order below "top". */

static const struct lyd_node *
dots_cbor_encode_next(const struct lyd_node *top, const struct lyd_node *node)
{
    if (lyd_child(node) != NULL) {
        return lyd_child(node);
    }

    while (node->next == NULL) {

        node = lyd_parent(node);

        if (node == top) {
            return NULL;
        }
    }

    return node->next;
}


int
dots_cbor_encode(const struct lyd_node *tree, uint8_t *buf, size_t size,
    size_t *len)
{
    dots_cbor_writer_t           w;
    const dots_cbor_key_t       *key;
    const struct lyd_node       *node;
    const struct lyd_node_opaq  *opaq;

    if (tree == NULL || tree->schema != NULL) {
        return DOTS_ERROR;
    }

    opaq = (const struct lyd_node_opaq *) tree;

    key = dots_cbor_encode_qualified(opaq->name.module_name, opaq->name.name);
    if (key == NULL) {
        return DOTS_ERROR;
    }

    w = (dots_cbor_writer_t) { .data = buf, .size = size };

    dots_cbor_item_write(&w, DOTS_CBOR_MAP, 1);
    dots_cbor_item_write(&w, DOTS_CBOR_UINT, key->key);
    dots_cbor_item_write(&w, DOTS_CBOR_MAP, dots_cbor_encode_count(tree));

    for (node = lyd_child(tree); node != NULL && !w.full;
         node = dots_cbor_encode_next(tree, node))
    {
        if (dots_cbor_encode_node(&w, node) != DOTS_OK) {
            return DOTS_ERROR;
        }
    }

    if (w.full) {
        return DOTS_FULL;
    }

    *len = w.len;

    return DOTS_OK;
}
