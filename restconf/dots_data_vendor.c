#include <stdio.h>
#include <stdlib.h>

#include <libyang/libyang.h>

#include "dots_data_text.h"
#include "dots_data_vendor.h"
#include "dots_data_yang.h"
#include "dots_yang_compat.h"


/* ---- from JSON ---- */

int
dots_data_vendor_parse(dots_exchange_t *x, json_t *entry,
    dots_alias_t *vendor)
{
    int                     rc;
    json_t                 *client;
    const char             *id;
    struct lyd_node        *tree;
    const struct lyd_node  *node, *key;

    if (!json_is_object(entry)) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "an entry of \"vendor\" has to be an "
                                   "object");
    }

    client = json_pack("{s:s%, s:{s:[O]}}", "cuid", (char *) x->cuid.data,
                       x->cuid.len, DOTS_DATA_VENDOR_MAPPING, "vendor", entry);

    rc = dots_data_yang_parse(x, client, &tree);
    if (rc != DOTS_OK) {
        return rc;
    }

    node = dots_data_yang_child(tree, "dots-client");
    node = dots_data_yang_child(node, "vendor-mapping");
    node = dots_data_yang_child(node, "vendor");
    key = dots_data_yang_child(node, "vendor-id");
    id = key ? lyd_get_value(key) : NULL;

    rc = id ? dots_arena_dup(x->rq.arena, &vendor->name,
                             dots_str(id, strlen(id)))
            : DOTS_ERROR;

    if (rc == DOTS_OK) {
        rc = dots_data_yang_text(node, x->rq.arena, &vendor->text);
    }

    lyd_free_all(tree);

    return rc;
}


/* ---- to JSON ---- */

/* There is no state in it: with content=nonconfig the key alone is left. */

void
dots_data_vendor_print(dots_exchange_t *x, dots_writer_t *w,
    const dots_alias_t *vendor)
{
    if (x->query.content != DOTS_CONTENT_NONCONFIG) {
        dots_write_bytes(w, vendor->text.data, vendor->text.len);
        return;
    }

    dots_data_text_literal(w, "{\"vendor-id\":");
    dots_write_bytes(w, vendor->name.data, vendor->name.len);
    dots_data_text_literal(w, "}");
}


size_t
dots_data_vendor_size(const dots_client_t *client)
{
    size_t  i, size;

    size = sizeof("{\"vendor\":[]}");

    for (i = 0; i < client->nvendors; i++) {
        size += client->vendors[i].text.len + 1;
    }

    return size;
}


void
dots_data_vendor_write(dots_exchange_t *x, dots_writer_t *w,
    const dots_client_t *client)
{
    size_t  i;

    for (i = 0; i < client->nvendors; i++) {
        dots_data_text_entry(w, "vendor", i);
        dots_data_vendor_print(x, w, &client->vendors[i]);
    }

    dots_data_text_entries(w, client->nvendors);
}


int
dots_data_vendor_all(dots_exchange_t *x)
{
    dots_writer_t  w;

    if (x->rq.nclients != 1) {
        return DOTS_ERROR;
    }

    if (dots_data_text_start(x, &w, dots_data_vendor_size(x->rq.clients))
        != DOTS_OK)
    {
        return DOTS_INVALID;
    }

    dots_data_text_literal(&w, "{\"" DOTS_DATA_VENDOR_MAPPING "\":");
    dots_data_vendor_write(x, &w, x->rq.clients);
    dots_data_text_literal(&w, "}");

    return dots_data_text_end(x, &w);
}


int
dots_data_vendor_one(dots_exchange_t *x)
{
    dots_writer_t  w;

    if (x->rq.nclients != 1 || x->rq.clients[0].nvendors != 1) {
        return DOTS_ERROR;
    }

    if (dots_data_text_start(x, &w, dots_data_vendor_size(x->rq.clients))
        != DOTS_OK)
    {
        return DOTS_INVALID;
    }

    dots_data_text_literal(&w, "{\"" DOTS_DATA_VENDOR_MODULE ":vendor\":[");
    dots_data_vendor_print(x, &w, &x->rq.clients[0].vendors[0]);
    dots_data_text_literal(&w, "]}");

    return dots_data_text_end(x, &w);
}


/* ---- the server's own ---- */

/* State data: with content=config there is nothing of it to return. */

int
dots_data_vendor_server(dots_exchange_t *x)
{
    dots_writer_t  w;

    if (x->rc->vendors.len == 0) {
        return dots_restconf_refused(x, DOTS_VERDICT_NOT_FOUND);
    }

    if (dots_data_text_start(x, &w, x->rc->vendors.len) != DOTS_OK) {
        return DOTS_INVALID;
    }

    dots_data_text_literal(&w, "{\"" DOTS_DATA_VENDOR_MAPPING "\":");

    if (x->query.content == DOTS_CONTENT_CONFIG) {
        dots_data_text_literal(&w, "{}");

    } else {
        dots_write_bytes(&w, x->rc->vendors.data, x->rc->vendors.len);
    }

    dots_data_text_literal(&w, "}");

    return dots_data_text_end(x, &w);
}


/* As state below "dots-data", where alone its schema has it. */

static int
dots_data_vendor_tree(const dots_schema_t *s, json_t *mapping, dots_arena_t *a,
    struct lyd_node **tree, char *err, size_t size)
{
    int                     n;
    char                   *text;
    LY_ERR                  rc;
    json_t                 *root;
    dots_str_t              where;
    dots_restconf_error_t   error;
    dots_data_context_t     c = { s, a, &error };

    *tree = NULL;
    memset(&error, 0, sizeof(error));

    root = json_pack("{s:{s:O}}", DOTS_RESTCONF_MODULE ":dots-data",
                     DOTS_DATA_VENDOR_MAPPING, mapping);
    text = root ? json_dumps(root, JSON_COMPACT) : NULL;

    if (text == NULL || !dots_schema_room(strlen(text))) {
        free(text);
        json_decref(root);
        (void) snprintf(err, size, "no memory");
        return DOTS_ERROR;
    }

    ly_err_clean(s->ctx, NULL);

    rc = lyd_parse_data_mem(s->ctx, text, LYD_JSON, LYD_PARSE_STRICT,
                            LYD_VALIDATE_PRESENT, tree);
    free(text);

    if (rc == LY_SUCCESS && *tree != NULL) {
        json_decref(root);
        return DOTS_OK;
    }

    n = snprintf(err, size, "%s", dots_yang_error(s->ctx));

    where = dots_data_yang_where(&c, root);
    json_decref(root);

    if (where.len != 0 && n > 0 && (size_t) n < size) {
        (void) snprintf(err + n, size - (size_t) n, " At %.*s",
                        (int) where.len, (const char *) where.data);
    }

    ly_err_clean(s->ctx, NULL);
    lyd_free_all(*tree);

    return DOTS_INVALID;
}


static int
dots_data_vendor_value(const dots_schema_t *s, json_t *mapping,
    dots_arena_t *a, dots_str_t *vendors, char *err, size_t size)
{
    int                     rc;
    struct lyd_node        *tree;
    const struct lyd_node  *node;

    rc = dots_data_vendor_tree(s, mapping, a, &tree, err, size);
    if (rc != DOTS_OK) {
        return rc;
    }

    node = dots_data_yang_child(tree, "vendor-mapping");

    rc = node ? dots_data_yang_text(node, a, vendors) : DOTS_ERROR;

    lyd_free_all(tree);

    if (rc != DOTS_OK) {
        (void) snprintf(err, size, "it is too long, or no memory");
    }

    return rc;
}


int
dots_data_vendor_load(const dots_schema_t *s, dots_str_t text,
    dots_arena_t *a, dots_str_t *vendors, char *err, size_t size)
{
    int            rc;
    json_t        *root, *mapping;
    json_error_t   error;

    if (s->mapping == NULL) {
        (void) snprintf(err, size, "YANG module \"" DOTS_DATA_VENDOR_MODULE
                        "\" is not among \"schemas\"");
        return DOTS_INVALID;
    }

    root = json_loadb((const char *) text.data, text.len,
                      JSON_REJECT_DUPLICATES, &error);

    if (root == NULL) {
        (void) snprintf(err, size, "not JSON: line %d, column %d: %s",
                        error.line, error.column, error.text);
        return DOTS_INVALID;
    }

    mapping = json_object_get(root, DOTS_DATA_VENDOR_MAPPING);

    if (json_is_object(mapping) && json_object_size(root) == 1) {
        rc = dots_data_vendor_value(s, mapping, a, vendors, err, size);

    } else {
        (void) snprintf(err, size, "it has to be an object whose one member is "
                        "the object \"" DOTS_DATA_VENDOR_MAPPING "\"");
        rc = DOTS_INVALID;
    }

    json_decref(root);

    return rc;
}
