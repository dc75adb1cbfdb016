#include <stdlib.h>

#include <libyang/libyang.h>

#include "dots_data_acl.h"
#include "dots_data_alias.h"
#include "dots_data_body.h"
#include "dots_data_capability.h"
#include "dots_data_client.h"
#include "dots_data_text.h"
#include "dots_data_vendor.h"
#include "dots_data_yang.h"
#include "dots_monitor.h"
#include "dots_yang_library.h"


/* ---- from JSON ---- */

/* Of an entry that has passed the schema. */

static int
dots_data_client_cuid(dots_exchange_t *x, const json_t *value,
    dots_str_t *cuid)
{
    if (dots_data_body_string(x->rq.arena, value, cuid) != DOTS_OK) {
        return DOTS_ERROR;
    }

    if (cuid->len == 0 || cuid->len > DOTS_CUID_MAX) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "cuid: it has 1 to %d bytes", DOTS_CUID_MAX);
    }

    return DOTS_OK;
}


/*
 * The entry without its lists, which are validated entry by entry.  "cdid" has
 * to be well-formed and is then forgotten: a server must ignore what a client
 * says about its own domain (RFC 9132 section 4.4.1.2).
 */

static int
dots_data_client_validate(dots_exchange_t *x, const json_t *entry)
{
    int               rc;
    json_t           *bare;
    struct lyd_node  *tree;

    bare = json_copy((json_t *) entry);

    if (bare != NULL) {
        (void) json_object_del(bare, "aliases");
        (void) json_object_del(bare, "acls");
        (void) json_object_del(bare, DOTS_DATA_VENDOR_MAPPING);
    }

    rc = dots_data_yang_parse(x, bare, &tree);

    if (rc == DOTS_OK) {
        lyd_free_all(tree);
    }

    return rc;
}


int
dots_data_client_parse(dots_exchange_t *x, const json_t *entry,
    dots_str_t *cuid)
{
    int  rc;

    rc = dots_data_client_validate(x, entry);
    if (rc != DOTS_OK) {
        return rc;
    }

    return dots_data_client_cuid(x, json_object_get(entry, "cuid"), cuid);
}


/* ---- to JSON ---- */

static size_t
dots_data_client_size(const dots_client_t *client)
{
    return sizeof("{\"cuid\":,\"aliases\":,\"acls\":,\""
                  DOTS_DATA_VENDOR_MAPPING "\":},")
           + 6 * client->cuid.len + 2 + dots_data_alias_size(client)
           + dots_data_acl_size(client) + dots_data_vendor_size(client);
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

    if (client->nvendors) {
        dots_data_text_literal(w, ",\"" DOTS_DATA_VENDOR_MAPPING "\":");
        dots_data_vendor_write(x, w, client);
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


/* The container "dots-data": the clients and, as state, the server's own. */

static void
dots_data_client_container(dots_exchange_t *x, dots_writer_t *w)
{
    dots_data_text_literal(w, "{");
    dots_data_client_list(x, w);

    if (x->query.content != DOTS_CONTENT_CONFIG && !x->alone) {
        dots_data_text_literal(w, x->rq.nclients ? ",\"capabilities\":"
                                                 : "\"capabilities\":");
        dots_data_capability_write(x, w);

        if (x->rc->vendors.len) {
            dots_data_text_literal(w, ",\"" DOTS_DATA_VENDOR_MAPPING "\":");
            dots_write_bytes(w, x->rc->vendors.data, x->rc->vendors.len);
        }
    }

    dots_data_text_literal(w, "}");
}


/* "more": bytes beside the clients. */

static int
dots_data_client_start(dots_exchange_t *x, dots_writer_t *w, size_t more)
{
    size_t  i, size;

    size = DOTS_DATA_CAPABILITY_SIZE + x->rc->vendors.len
           + sizeof(",\"" DOTS_DATA_VENDOR_MAPPING "\":") + more;

    for (i = 0; i < x->rq.nclients; i++) {
        size += dots_data_client_size(&x->rq.clients[i]);
    }

    return dots_data_text_start(x, w, size);
}


/* The server's own beside "dots-data", all of it state: an object's members. */

static int
dots_data_client_state(dots_exchange_t *x, char **text)
{
    json_t  *state;

    *text = NULL;

    if (x->query.content == DOTS_CONTENT_CONFIG || x->alone) {
        return DOTS_OK;
    }

    state = json_pack("{s:o, s:o, s:o}",
                      DOTS_YANG_LIBRARY_MODULE ":yang-library",
                      dots_yang_library_tree(x),
                      DOTS_YANG_LIBRARY_MODULE ":modules-state",
                      dots_yang_library_modules_tree(x),
                      DOTS_MONITOR_MODULE ":restconf-state",
                      dots_monitor_tree(x));

    *text = state ? json_dumps(state, JSON_COMPACT) : NULL;

    json_decref(state);

    return *text ? DOTS_OK : DOTS_ERROR;
}


/* RFC 8040 section 3.3.1: all that there is. */

int
dots_data_client_datastore(dots_exchange_t *x)
{
    char           *state;
    size_t          len;
    dots_writer_t   w;

    if (dots_data_client_state(x, &state) != DOTS_OK) {
        return DOTS_ERROR;
    }

    len = state ? strlen(state) : 0;

    if (dots_data_client_start(x, &w, len) != DOTS_OK) {
        free(state);
        return DOTS_INVALID;
    }

    dots_data_text_literal(&w, "{\"ietf-restconf:data\":{\""
                           DOTS_RESTCONF_MODULE ":dots-data\":");
    dots_data_client_container(x, &w);

    if (state != NULL) {
        dots_data_text_literal(&w, ",");
        dots_write_bytes(&w, state + 1, len - 2);
    }

    dots_data_text_literal(&w, "}}");

    free(state);

    return dots_data_text_end(x, &w);
}


int
dots_data_client_all(dots_exchange_t *x)
{
    dots_writer_t  w;

    if (dots_data_client_start(x, &w, 0) != DOTS_OK) {
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

    if (dots_data_client_start(x, &w, 0) != DOTS_OK) {
        return DOTS_INVALID;
    }

    dots_data_text_literal(&w, "{\"" DOTS_RESTCONF_MODULE
                           ":dots-client\":[");
    dots_data_client_print(x, &w, &x->rq.clients[0]);
    dots_data_text_literal(&w, "]}");

    return dots_data_text_end(x, &w);
}


int
dots_data_client_aliases(dots_exchange_t *x)
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
dots_data_client_acls(dots_exchange_t *x)
{
    dots_writer_t  w;

    if (x->rq.nclients != 1) {
        return DOTS_ERROR;
    }

    if (dots_data_text_start(x, &w, dots_data_acl_size(x->rq.clients))
        != DOTS_OK)
    {
        return DOTS_INVALID;
    }

    dots_data_text_literal(&w, "{\"" DOTS_RESTCONF_MODULE ":acls\":");
    dots_data_acl_write(x, &w, x->rq.clients);
    dots_data_text_literal(&w, "}");

    return dots_data_text_end(x, &w);
}


/*
 * RFC 8040 section 4.3 has the entry alone; the figures of RFC 8783 have it in
 * its container, which is what dots_data_client_aliases() makes of one.
 */

int
dots_data_client_alias(dots_exchange_t *x)
{
    dots_writer_t  w;

    if (x->rq.nclients != 1 || x->rq.clients[0].naliases != 1) {
        return DOTS_ERROR;
    }

    if (x->rc->wrapped) {
        return dots_data_client_aliases(x);
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


int
dots_data_client_acl(dots_exchange_t *x)
{
    dots_writer_t  w;

    if (x->rq.nclients != 1 || x->rq.clients[0].nacls != 1) {
        return DOTS_ERROR;
    }

    if (x->rc->wrapped) {
        return dots_data_client_acls(x);
    }

    if (dots_data_text_start(x, &w, dots_data_acl_size(x->rq.clients))
        != DOTS_OK)
    {
        return DOTS_INVALID;
    }

    dots_data_text_literal(&w, "{\"" DOTS_RESTCONF_MODULE ":acl\":[");
    dots_data_acl_print(x, &w, &x->rq.clients[0].acls[0]);
    dots_data_text_literal(&w, "]}");

    return dots_data_text_end(x, &w);
}
