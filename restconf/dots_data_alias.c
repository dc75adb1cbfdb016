#include <stdio.h>
#include <stdlib.h>

#include <libyang/libyang.h>

#include "dots_data_alias.h"
#include "dots_data_body.h"
#include "dots_data_client.h"
#include "dots_data_text.h"
#include "dots_data_yang.h"
#include "dots_restconf_route.h"


#define DOTS_DATA_ALIAS_PENDING 48 /* ,"pending-lifetime":N} and a comma */


static const char *const  dots_data_alias_entry[] = { "alias", NULL };
static const char *const  dots_data_alias_container[] = { "aliases", NULL };

/*
 * RFC 8040 section 4.5 has the entry itself as the body of a PUT; the figures
 * of RFC 8783 have its container around it.
 */
static const char *const  dots_data_alias_either[] = { "alias", "aliases",
                                                       NULL };


/* ---- body to request ---- */

static int
dots_data_alias_fault(dots_exchange_t *x, const dots_alias_t *alias,
    const dots_fault_t *f)
{
    int  rc;

    rc = dots_restconf_error_fault(&x->error, f);
    dots_data_yang_path(x, alias->name, f->attribute);

    return rc;
}


/* RFC 8783 section 6.1: what a valid entry has to be in addition. */

static int
dots_data_alias_check(dots_exchange_t *x, const dots_alias_t *alias)
{
    dots_fault_t  f;

    if (alias->name.len == 0 || alias->name.len > DOTS_ALIAS_NAME) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "name: an alias name has 1 to %d bytes",
                                   DOTS_ALIAS_NAME);
    }

    if (dots_target_empty(&alias->target)) {
        (void) dots_fault(&f, DOTS_FAULT_MISSING, NULL,
                          "one of target-prefix, target-fqdn and target-uri "
                          "has to be there");

        return dots_data_alias_fault(x, alias, &f);
    }

    if (dots_target_check(&alias->target, x->rc->customer, &f) != DOTS_OK) {
        return dots_data_alias_fault(x, alias, &f);
    }

    return DOTS_OK;
}


/* From the validated tree: key, clauses, canonical text. */

static int
dots_data_alias_take(dots_exchange_t *x, const struct lyd_node *entry,
    dots_alias_t *alias)
{
    int                     rc;
    const char             *name;
    dots_fault_t            f;
    const struct lyd_node  *key;

    key = dots_data_yang_child(entry, "name");
    name = key ? lyd_get_value(key) : NULL;

    if (name == NULL
        || dots_arena_dup(x->rc->arena, &alias->name,
                          dots_str(name, strlen(name)))
           != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    rc = dots_target_read(entry, x->rc->arena, &alias->target, &f);

    if (rc == DOTS_INVALID) {
        return dots_data_alias_fault(x, alias, &f);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    alias->expires = x->rc->now + DOTS_ALIAS_LIFETIME;

    rc = dots_data_alias_check(x, alias);
    if (rc != DOTS_OK) {
        return rc;
    }

    return dots_data_yang_text(entry, x->rc->arena, &alias->text);
}


static int
dots_data_alias_parse(dots_exchange_t *x, json_t *entry, dots_alias_t *alias)
{
    int                     rc;
    json_t                 *client;
    struct lyd_node        *tree;
    const struct lyd_node  *node;

    if (!json_is_object(entry)) {
        return dots_restconf_error(&x->error, DOTS_TAG_MALFORMED,
                                   "an entry of \"alias\" has to be an object");
    }

    client = json_pack("{s:s%, s:{s:[O]}}", "cuid", (char *) x->cuid.data,
                       x->cuid.len, "aliases", "alias", entry);

    rc = dots_data_yang_parse(x, client, &tree);
    if (rc != DOTS_OK) {
        return rc;
    }

    node = dots_data_yang_child(tree, "dots-client");
    node = dots_data_yang_child(node, "aliases");
    node = dots_data_yang_child(node, "alias");

    rc = node ? dots_data_alias_take(x, node, alias) : DOTS_ERROR;

    lyd_free_all(tree);

    return rc;
}


static int
dots_data_alias_cmp(const void *a, const void *b)
{
    return dots_str_cmp(((const dots_alias_t *) a)->name,
                        ((const dots_alias_t *) b)->name);
}


static int
dots_data_alias_sort(dots_exchange_t *x)
{
    size_t         i;
    dots_alias_t  *a;

    a = x->rq.aliases;

    qsort(a, x->rq.naliases, sizeof(dots_alias_t), dots_data_alias_cmp);

    for (i = 1; i < x->rq.naliases; i++) {

        if (dots_str_eq(a[i - 1].name, a[i].name)) {
            (void) dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                       "name: the same alias name twice");
            dots_data_yang_path(x, a[i].name, "name");

            return DOTS_INVALID;
        }
    }

    return DOTS_OK;
}


static int
dots_data_alias_count(dots_exchange_t *x, size_t n)
{
    uint32_t  max;

    max = x->rc->customer->max_aliases;

    if (max != 0 && n > max) {
        return dots_restconf_error(&x->error, DOTS_TAG_RESOURCE_DENIED,
                                   "at most %u aliases are allowed", max);
    }

    if (n > DOTS_DATA_ALIASES) {
        return dots_restconf_error(&x->error, DOTS_TAG_TOO_BIG,
                                   "at most %d aliases in one request",
                                   DOTS_DATA_ALIASES);
    }

    return DOTS_OK;
}


/* "list" is the value of "alias". */

static int
dots_data_alias_list(dots_exchange_t *x, json_t *list)
{
    int     rc;
    size_t  i, n;

    if (!json_is_array(list)) {
        return dots_restconf_error(&x->error, DOTS_TAG_MALFORMED,
                                   "\"alias\" has to be an array");
    }

    n = json_array_size(list);

    rc = dots_data_alias_count(x, n);
    if (rc != DOTS_OK) {
        return rc;
    }

    x->rq.naliases = n;
    x->rq.aliases = dots_arena_array(x->rc->arena, n, sizeof(dots_alias_t));

    if (x->rq.aliases == NULL) {
        return DOTS_ERROR;
    }

    for (i = 0; i < n; i++) {
        rc = dots_data_alias_parse(x, json_array_get(list, i),
                                   &x->rq.aliases[i]);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return dots_data_alias_sort(x);
}


int
dots_data_alias_read(dots_exchange_t *x, json_t *aliases)
{
    json_t      *list;
    const char  *name;

    if (!json_is_object(aliases)) {
        return dots_restconf_error(&x->error, DOTS_TAG_MALFORMED,
                                   "\"aliases\" has to be an object");
    }

    list = json_object_get(aliases, "alias");

    if (json_object_size(aliases) != (list != NULL)) {
        name = json_object_iter_key(json_object_iter(aliases));

        return dots_restconf_error(&x->error, DOTS_TAG_UNKNOWN_ELEMENT,
                                   "\"aliases\" has members other than "
                                   "\"alias\" (the first one is \"%s\")", name);
    }

    return list ? dots_data_alias_list(x, list) : DOTS_OK;
}


static int
dots_data_alias_root(dots_exchange_t *x, json_t *root,
    const char *const *names)
{
    int      rc;
    size_t   index;
    json_t  *value, *entry;

    rc = dots_data_body_top(x, root, names, &index, &value);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (strcmp(names[index], "aliases") == 0) {
        return dots_data_alias_read(x, value);
    }

    rc = dots_data_body_single(x, value, "alias", &entry);
    if (rc != DOTS_OK) {
        return rc;
    }

    return dots_data_alias_list(x, value);
}


static int
dots_data_alias_body(dots_exchange_t *x, const char *const *names)
{
    int      rc;
    json_t  *root;

    rc = dots_data_body_parse(x, &root);
    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_data_alias_root(x, root, names);
    json_decref(root);

    return rc;
}


/* ---- handlers ---- */

/*
 * Into a dots-client goes the container (RFC 8783 figures 16, 17), into the
 * container an entry (RFC 8040 section 4.4.1).  The container itself always
 * exists; created are the entries, all or none.
 */

int
dots_data_alias_create(dots_exchange_t *x)
{
    dots_str_t  none = { 0, NULL };

    if (x->rq.naliases == 0) {
        return dots_restconf_error(&x->error, DOTS_TAG_MISSING_ATTRIBUTE,
                                   "alias: there is no entry to create");
    }

    x->rq.operation = DOTS_ALIAS_PUT;
    x->rq.create_only = 1;

    if (x->rq.naliases == 1) {
        return dots_data_client_location(x, "/aliases/alias=",
                                         x->rq.aliases[0].name);
    }

    return dots_data_client_location(x, "/aliases", none);
}


int
dots_data_alias_post(dots_exchange_t *x)
{
    int  rc;

    rc = dots_data_alias_body(x, dots_data_alias_entry);

    return rc == DOTS_OK ? dots_data_alias_create(x) : rc;
}


static int
dots_data_alias_put_one(dots_exchange_t *x)
{
    int  rc;

    rc = dots_data_alias_body(x, dots_data_alias_either);
    if (rc != DOTS_OK) {
        return rc;
    }

    /* RFC 8040 section 4.5: one entry, and its key is that of the URI */

    if (x->rq.naliases != 1 || !dots_str_eq(x->rq.aliases[0].name, x->name)) {
        (void) dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "name: the message has to be the alias "
                                   "that the URI names");
        dots_data_yang_path(x, x->name, "name");

        return DOTS_INVALID;
    }

    return DOTS_OK;
}


int
dots_data_alias_put(dots_exchange_t *x)
{
    x->rq.operation = DOTS_ALIAS_PUT;

    if (x->resource->kind == DOTS_RESOURCE_ALIAS) {
        return dots_data_alias_put_one(x);
    }

    x->rq.replace_all = 1;

    return dots_data_alias_body(x, dots_data_alias_container);
}


int
dots_data_alias_get(dots_exchange_t *x)
{
    x->rq.operation = DOTS_ALIAS_GET;
    x->rq.alias = x->name;

    return DOTS_OK;
}


int
dots_data_alias_delete(dots_exchange_t *x)
{
    x->rq.operation = DOTS_ALIAS_DELETE;
    x->rq.alias = x->name;

    return DOTS_OK;
}


/* ---- what was found, to JSON ---- */

/*
 * RFC 8040 section 4.8.1: "config" without the state, "nonconfig" the state
 * and the key that says whose it is.
 */

static void
dots_data_alias_print(dots_exchange_t *x, dots_writer_t *w,
    const dots_alias_t *alias)
{
    int   n;
    char  pending[DOTS_DATA_ALIAS_PENDING];

    if (alias->text.len < 2) {
        w->failed = 1;
        return;
    }

    if (x->query.content == DOTS_CONTENT_CONFIG) {
        dots_write_bytes(w, alias->text.data, alias->text.len);
        return;
    }

    if (x->query.content == DOTS_CONTENT_NONCONFIG) {
        dots_data_text_literal(w, "{\"name\":");
        dots_data_text_string(w, alias->name);

    } else {
        dots_write_bytes(w, alias->text.data, alias->text.len - 1);
    }

    n = snprintf(pending, sizeof(pending), ",\"pending-lifetime\":%d}",
                 (int) dots_alias_pending(alias, x->rq.now));

    dots_write_bytes(w, pending, (size_t) n);
}


size_t
dots_data_alias_size(const dots_client_t *client)
{
    size_t  i, size;

    size = sizeof("{\"alias\":[]}");

    for (i = 0; i < client->naliases; i++) {
        size += client->aliases[i].text.len + DOTS_DATA_ALIAS_PENDING;
    }

    return size;
}


void
dots_data_alias_write(dots_exchange_t *x, dots_writer_t *w,
    const dots_client_t *client)
{
    size_t  i;

    if (client->naliases == 0) {
        dots_data_text_literal(w, "{}");
        return;
    }

    for (i = 0; i < client->naliases; i++) {
        dots_data_text_literal(w, i == 0 ? "{\"alias\":[" : ",");
        dots_data_alias_print(x, w, &client->aliases[i]);
    }

    dots_data_text_literal(w, "]}");
}


int
dots_data_alias_all(dots_exchange_t *x)
{
    dots_writer_t  w;

    if (x->rq.nclients != 1) {
        return DOTS_ERROR;
    }

    if (dots_data_text_start(x, &w, dots_data_alias_size(x->rq.clients))
        != DOTS_OK)
    {
        return DOTS_INVALID;
    }

    dots_data_text_literal(&w, "{\"" DOTS_RESTCONF_MODULE ":aliases\":");
    dots_data_alias_write(x, &w, x->rq.clients);
    dots_data_text_literal(&w, "}");

    return dots_data_text_end(x, &w);
}


int
dots_data_alias_one(dots_exchange_t *x)
{
    dots_writer_t  w;

    if (x->rq.nclients != 1 || x->rq.clients[0].naliases != 1) {
        return DOTS_ERROR;
    }

    if (dots_data_text_start(x, &w, dots_data_alias_size(x->rq.clients))
        != DOTS_OK)
    {
        return DOTS_INVALID;
    }

    dots_data_text_literal(&w, "{\"" DOTS_RESTCONF_MODULE ":alias\":[");
    dots_data_alias_print(x, &w, &x->rq.clients[0].aliases[0]);
    dots_data_text_literal(&w, "]}");

    return dots_data_text_end(x, &w);
}
