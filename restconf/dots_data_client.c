#include <libyang/libyang.h>

#include "dots_api_path.h"
#include "dots_data_acl.h"
#include "dots_data_alias.h"
#include "dots_data_body.h"
#include "dots_data_capability.h"
#include "dots_data_client.h"
#include "dots_data_text.h"
#include "dots_data_yang.h"


static const char *const  dots_data_client_entry[] = { "dots-client", NULL };
static const char *const  dots_data_client_below[] = { "aliases", "acls",
                                                       NULL };


/* ---- body to request ---- */

/*
 * What a dots-client has here.  Not left to the schema alone: an augmentation
 * that some module of schemas/ makes would pass it and be forgotten.
 */

static int
dots_data_client_members(dots_exchange_t *x, json_t *entry)
{
    json_t      *value;
    const char  *name;

    json_object_foreach(entry, name, value) {

        if (strcmp(name, "cuid") == 0 || strcmp(name, "cdid") == 0
            || strcmp(name, "aliases") == 0 || strcmp(name, "acls") == 0)
        {
            continue;
        }

        return dots_restconf_error(&x->error, DOTS_TAG_UNKNOWN_ELEMENT,
                                   "\"%s\" is no member of \"dots-client\"",
                                   name);
    }

    return DOTS_OK;
}


/* The cuid of the entry, which has passed the schema; x->cuid: the URI's. */

static int
dots_data_client_cuid(dots_exchange_t *x, const json_t *value)
{
    dots_str_t  cuid;

    if (dots_data_body_string(x->rc->arena, value, &cuid) != DOTS_OK) {
        return DOTS_ERROR;
    }

    if (cuid.len == 0 || cuid.len > DOTS_CUID_MAX) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "cuid: it has 1 to %d bytes", DOTS_CUID_MAX);
    }

    /* RFC 8040 section 4.5: a PUT does not change a key */

    if (x->cuid.len != 0 && !dots_str_eq(x->cuid, cuid)) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "cuid: it is not that of the URI");
    }

    x->cuid = cuid;

    return DOTS_OK;
}


/*
 * The entry without its lists, which are validated entry by entry.  "cdid" has
 * to be well-formed and is then forgotten: a server must ignore what a client
 * says about its own domain (RFC 9132 section 4.4.1.2).
 */

static int
dots_data_client_validate(dots_exchange_t *x, json_t *entry)
{
    int               rc;
    json_t           *bare;
    struct lyd_node  *tree;

    bare = json_copy(entry);

    if (bare != NULL) {
        (void) json_object_del(bare, "aliases");
        (void) json_object_del(bare, "acls");
    }

    rc = dots_data_yang_parse(x, bare, &tree);

    if (rc == DOTS_OK) {
        lyd_free_all(tree);
    }

    return rc;
}


static int
dots_data_client_read(dots_exchange_t *x, json_t *entry)
{
    int      rc;
    json_t  *aliases, *acls;

    rc = dots_data_client_members(x, entry);
    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_data_client_validate(x, entry);
    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_data_client_cuid(x, json_object_get(entry, "cuid"));
    if (rc != DOTS_OK) {
        return rc;
    }

    aliases = json_object_get(entry, "aliases");

    rc = aliases ? dots_data_alias_read(x, aliases) : DOTS_OK;
    if (rc != DOTS_OK) {
        return rc;
    }

    acls = json_object_get(entry, "acls");

    return acls ? dots_data_acl_read(x, acls) : DOTS_OK;
}


/* RFC 8783 section 5.1: one dots-client per request. */

static int
dots_data_client_root(dots_exchange_t *x, json_t *root)
{
    int      rc;
    size_t   index;
    json_t  *value, *entry;

    rc = dots_data_body_top(x, root, dots_data_client_entry, &index, &value);
    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_data_body_single(x, value, "dots-client", &entry);
    if (rc != DOTS_OK) {
        return rc;
    }

    return dots_data_client_read(x, entry);
}


static int
dots_data_client_body(dots_exchange_t *x)
{
    int      rc;
    json_t  *root;

    rc = dots_data_body_parse(x, &root);
    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_data_client_root(x, root);
    json_decref(root);

    return rc;
}


/* ---- handlers ---- */

int
dots_data_client_post(dots_exchange_t *x)
{
    int         rc;
    dots_str_t  none = { 0, NULL };

    rc = dots_data_client_body(x);
    if (rc != DOTS_OK) {
        return rc;
    }

    x->rq.operation = DOTS_CLIENT_PUT;
    x->rq.create_only = 1;

    return dots_data_client_location(x, "", none);
}


static int
dots_data_client_fill_root(dots_exchange_t *x, json_t *root)
{
    int      rc;
    size_t   index;
    json_t  *value;

    rc = dots_data_body_top(x, root, dots_data_client_below, &index, &value);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (strcmp(dots_data_client_below[index], "acls") == 0) {
        rc = dots_data_acl_read(x, value);
        return rc == DOTS_OK ? dots_data_acl_create(x) : rc;
    }

    /* RFC 8040 section 4.8.5: of a list "ordered-by user" only */

    if (x->query.seen & (DOTS_QUERY_INSERT | DOTS_QUERY_POINT)) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "aliases are in no order that \"insert\" "
                                   "could be about");
    }

    rc = dots_data_alias_read(x, value);

    return rc == DOTS_OK ? dots_data_alias_create(x) : rc;
}


int
dots_data_client_fill(dots_exchange_t *x)
{
    int      rc;
    json_t  *root;

    rc = dots_data_body_parse(x, &root);
    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_data_client_fill_root(x, root);
    json_decref(root);

    return rc;
}


/*
 * RFC 8040 section 4.5: the message is the whole new resource; what it does not
 * name is gone afterwards.
 */

int
dots_data_client_put(dots_exchange_t *x)
{
    x->rq.operation = DOTS_CLIENT_PUT;
    x->rq.replace_all = 1;

    return dots_data_client_body(x);
}


int
dots_data_client_get(dots_exchange_t *x)
{
    x->rq.operation = DOTS_CLIENT_GET;

    return DOTS_OK;
}


int
dots_data_client_delete(dots_exchange_t *x)
{
    x->rq.operation = DOTS_CLIENT_DELETE;

    return DOTS_OK;
}


int
dots_data_client_location(dots_exchange_t *x, const char *below,
    dots_str_t name)
{
    size_t             size;
    uint8_t           *buf;
    dots_writer_t      w;
    static const char  client[] = DOTS_RESTCONF_TREE "/dots-client=";

    size = x->rc->root.len + sizeof(client) + strlen(below)
           + 3 * (x->cuid.len + name.len);

    buf = dots_arena_alloc(x->rc->arena, size);
    if (buf == NULL) {
        return DOTS_ERROR;
    }

    w = (dots_writer_t) { buf, buf + size, 0 };

    dots_write_bytes(&w, x->rc->root.data, x->rc->root.len);
    dots_write_bytes(&w, client, sizeof(client) - 1);
    dots_api_path_encode(&w, x->cuid);
    dots_write_bytes(&w, below, strlen(below));
    dots_api_path_encode(&w, name);

    x->location = dots_str(buf, (size_t) (w.pos - buf));

    return w.failed ? DOTS_ERROR : DOTS_OK;
}


/* ---- what was found, to JSON ---- */

static size_t
dots_data_client_size(const dots_client_t *client)
{
    return sizeof("{\"cuid\":,\"aliases\":,\"acls\":},")
           + 6 * client->cuid.len + 2 + dots_data_alias_size(client)
           + dots_data_acl_size(client);
}


/* The key is there with every "content": it says whose the rest is. */

static void
dots_data_client_print(dots_exchange_t *x, dots_writer_t *w,
    const dots_client_t *client)
{
    dots_data_text_literal(w, "{\"cuid\":");
    dots_data_text_string(w, client->cuid);

    if (client->naliases) {
        dots_data_text_literal(w, ",\"aliases\":");
        dots_data_alias_write(x, w, client);
    }

    if (client->nacls) {
        dots_data_text_literal(w, ",\"acls\":");
        dots_data_acl_write(x, w, client);
    }

    dots_data_text_literal(w, "}");
}


/* All that were found, as an array. */

static void
dots_data_client_list(dots_exchange_t *x, dots_writer_t *w)
{
    size_t  i;

    for (i = 0; i < x->rq.nclients; i++) {
        dots_data_text_literal(w, i == 0 ? "\"dots-client\":[" : ",");
        dots_data_client_print(x, w, &x->rq.clients[i]);
    }

    dots_data_text_literal(w, x->rq.nclients ? "]" : "");
}


/* The container "dots-data": the clients and, as state, the capabilities. */

static void
dots_data_client_container(dots_exchange_t *x, dots_writer_t *w)
{
    dots_data_text_literal(w, "{");
    dots_data_client_list(x, w);

    if (x->query.content != DOTS_CONTENT_CONFIG) {
        dots_data_text_literal(w, x->rq.nclients ? ",\"capabilities\":"
                                                 : "\"capabilities\":");
        dots_data_capability_write(x->rc->customer, w);
    }

    dots_data_text_literal(w, "}");
}


static int
dots_data_client_start(dots_exchange_t *x, dots_writer_t *w)
{
    size_t  i, size;

    size = DOTS_DATA_CAPABILITY_SIZE;

    for (i = 0; i < x->rq.nclients; i++) {
        size += dots_data_client_size(&x->rq.clients[i]);
    }

    return dots_data_text_start(x, w, size);
}


int
dots_data_client_datastore(dots_exchange_t *x)
{
    dots_writer_t  w;

    if (dots_data_client_start(x, &w) != DOTS_OK) {
        return DOTS_INVALID;
    }

    dots_data_text_literal(&w, "{\"ietf-restconf:data\":{\""
                           DOTS_RESTCONF_MODULE ":dots-data\":");
    dots_data_client_container(x, &w);
    dots_data_text_literal(&w, "}}");

    return dots_data_text_end(x, &w);
}


int
dots_data_client_all(dots_exchange_t *x)
{
    dots_writer_t  w;

    if (dots_data_client_start(x, &w) != DOTS_OK) {
        return DOTS_INVALID;
    }

    dots_data_text_literal(&w, "{\"" DOTS_RESTCONF_MODULE ":dots-data\":");
    dots_data_client_container(x, &w);
    dots_data_text_literal(&w, "}");

    return dots_data_text_end(x, &w);
}


int
dots_data_client_one(dots_exchange_t *x)
{
    dots_writer_t  w;

    if (x->rq.nclients != 1) {
        return DOTS_ERROR;
    }

    if (dots_data_client_start(x, &w) != DOTS_OK) {
        return DOTS_INVALID;
    }

    dots_data_text_literal(&w, "{\"" DOTS_RESTCONF_MODULE
                           ":dots-client\":[");
    dots_data_client_print(x, &w, &x->rq.clients[0]);
    dots_data_text_literal(&w, "]}");

    return dots_data_text_end(x, &w);
}
