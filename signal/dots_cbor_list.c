#include "dots_cbor_item.h"


/* Which key of "list" this CBOR key is, noted in "found", or DOTS_DECLINED. */

static int
dots_cbor_list_key(const dots_cbor_item_t *item,
    const struct lysc_node *list, unsigned *found)
{
    unsigned                 n;
    const struct lysc_node  *leaf;
    const dots_cbor_key_t   *key;

    key = item->type == DOTS_CBOR_UINT && item->value <= UINT16_MAX
              ? dots_cbor_key_by_number((uint32_t) item->value)
              : NULL;

    if (key == NULL) {
        return DOTS_DECLINED;
    }

    n = 0;

    for (leaf = lysc_node_child(list);
         leaf != NULL && lysc_is_key(leaf) && n < DOTS_CBOR_KEYS;
         leaf = leaf->next)
    {
        if (strcmp(leaf->name, key->name) == 0) {
            break;
        }

        n++;
    }

    if (leaf == NULL || !lysc_is_key(leaf) || n == DOTS_CBOR_KEYS) {
        return DOTS_DECLINED;
    }

    *found |= 1u << n;

    return (int) n;
}


static int
dots_cbor_list_value(dots_cbor_reader_t *r, const struct lysc_node *list,
    size_t depth, int n, char values[][DOTS_CBOR_TEXT], dots_fault_t *f)
{
    int                      i, rc;
    dots_cbor_item_t         item;
    const struct lysc_node  *leaf;
    const dots_cbor_key_t   *key;

    rc = dots_cbor_item_read(r, &item, f);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (n == DOTS_DECLINED) {
        return dots_cbor_item_skip(r, &item, depth, f);
    }

    leaf = lysc_node_child(list);

    for (i = 0; i < n; i++) {
        leaf = leaf->next;
    }

    key = dots_cbor_key_by_name(leaf->name, strlen(leaf->name));

    return dots_cbor_value_read(r, &item, leaf, key->name, values[n], f);
}


static int
dots_cbor_list_present(const struct lysc_node *list, unsigned found,
    dots_fault_t *f)
{
    unsigned                 n;
    const struct lysc_node  *leaf;
    const dots_cbor_key_t   *key;

    n = 0;

    for (leaf = lysc_node_child(list); leaf != NULL && lysc_is_key(leaf);
         leaf = leaf->next, n++)
    {
        if (n == DOTS_CBOR_KEYS) {
            return DOTS_ERROR;
        }

        if (!(found & 1u << n)) {
            key = dots_cbor_key_by_name(leaf->name, strlen(leaf->name));

            return dots_fault(f, DOTS_FAULT_MISSING, key ? key->name : NULL,
                              "%s: %s is missing", list->name, leaf->name);
        }
    }

    return DOTS_OK;
}


int
dots_cbor_list_keys(dots_cbor_reader_t *r, const dots_cbor_item_t *map,
    const struct lysc_node *list, size_t depth, char values[][DOTS_CBOR_TEXT],
    dots_fault_t *f)
{
    int               rc;
    size_t            pos, items;
    uint64_t          left;
    unsigned          found;
    dots_cbor_item_t  item;

    pos = r->pos;
    items = r->items;
    found = 0;

    for (left = map->value; map->indefinite || left; left--) {

        rc = dots_cbor_item_read(r, &item, f);
        if (rc != DOTS_OK) {
            return rc;
        }

        if (item.type == DOTS_CBOR_BREAK) {
            break;
        }

        rc = dots_cbor_list_value(r, list, depth,
                                  dots_cbor_list_key(&item, list, &found),
                                  values, f);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    r->pos = pos;
    r->items = items;

    return dots_cbor_list_present(list, found, f);
}


const dots_cbor_key_t *
dots_cbor_list_blame(const struct lysc_node *list, const dots_cbor_key_t *key)
{
    const struct lysc_node  *leaf;
    const dots_cbor_key_t   *row;

    leaf = lysc_node_child(list);

    if (leaf->next != NULL && lysc_is_key(leaf->next)) {
        return key;
    }

    row = dots_cbor_key_by_name(leaf->name, strlen(leaf->name));

    return row ? row : key;
}
