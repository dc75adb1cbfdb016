#include "dots_data_capability.h"
#include "dots_data_client.h"
#include "dots_data_read.h"
#include "dots_data_scope.h"
#include "dots_data_vendor.h"
#include "dots_data_write.h"
#include "dots_monitor.h"
#include "dots_place.h"
#include "dots_restconf_api.h"
#include "dots_restconf_route.h"
#include "dots_stream.h"
#include "dots_yang_library.h"


#define DOTS_RESTCONF_ALLOW 64 /* every method and separator */


static const char *const  dots_restconf_methods[DOTS_METHODS] = {
    [DOTS_METHOD_OPTIONS] = "OPTIONS",
    [DOTS_METHOD_GET] = "GET",
    [DOTS_METHOD_HEAD] = "HEAD",
    [DOTS_METHOD_POST] = "POST",
    [DOTS_METHOD_PUT] = "PUT",
    [DOTS_METHOD_PATCH] = "PATCH",
    [DOTS_METHOD_DELETE] = "DELETE",
};


#define DOTS_RESTCONF_ROUTE_GET(handler)                                      \
    { [DOTS_METHOD_GET] = handler, [DOTS_METHOD_HEAD] = handler }

/* a value has nothing below it that a POST could create */

#define DOTS_RESTCONF_ROUTE_VALUE                                             \
    { [DOTS_METHOD_GET] = dots_data_read,                                     \
      [DOTS_METHOD_HEAD] = dots_data_read,                                    \
      [DOTS_METHOD_PUT] = dots_data_write,                                    \
      [DOTS_METHOD_PATCH] = dots_data_write,                                  \
      [DOTS_METHOD_DELETE] = dots_data_write }

#define DOTS_RESTCONF_ROUTE_ALL                                               \
    { [DOTS_METHOD_GET] = dots_data_read,                                     \
      [DOTS_METHOD_HEAD] = dots_data_read,                                    \
      [DOTS_METHOD_POST] = dots_data_write,                                   \
      [DOTS_METHOD_PUT] = dots_data_write,                                    \
      [DOTS_METHOD_PATCH] = dots_data_write,                                  \
      [DOTS_METHOD_DELETE] = dots_data_write }


static const dots_resource_t  dots_resources[] = {

    { .kind = DOTS_RESOURCE_API,
      .name = "",
      .query = DOTS_QUERY_DEPTH | DOTS_QUERY_FIELDS,
      .methods = DOTS_RESTCONF_ROUTE_GET(dots_restconf_api_get) },

    { .kind = DOTS_RESOURCE_OPERATIONS,
      .parent = DOTS_RESOURCE_API,
      .name = "operations",
      .methods = DOTS_RESTCONF_ROUTE_GET(dots_restconf_api_operations) },

    { .kind = DOTS_RESOURCE_LIBRARY,
      .parent = DOTS_RESOURCE_API,
      .name = "yang-library-version",
      .methods = DOTS_RESTCONF_ROUTE_GET(dots_restconf_api_library) },

    { .kind = DOTS_RESOURCE_DATASTORE,
      .parent = DOTS_RESOURCE_API,
      .name = "data",
      .query = DOTS_QUERY_READ,
      .methods = { [DOTS_METHOD_GET] = dots_data_read,
                   [DOTS_METHOD_HEAD] = dots_data_read,
                   [DOTS_METHOD_POST] = dots_data_write,
                   [DOTS_METHOD_PUT] = dots_data_write,
                   [DOTS_METHOD_PATCH] = dots_data_write },
      .found = dots_data_client_datastore },

    { .kind = DOTS_RESOURCE_DOTS_DATA,
      .parent = DOTS_RESOURCE_DATASTORE,
      .name = "dots-data",
      .module = DOTS_RESTCONF_MODULE,
      .prefix = 1,
      .query = DOTS_QUERY_READ,
      .methods = DOTS_RESTCONF_ROUTE_ALL,
      .found = dots_data_client_all },

    { .kind = DOTS_RESOURCE_CLIENT,
      .parent = DOTS_RESOURCE_DOTS_DATA,
      .name = "dots-client",
      .module = DOTS_RESTCONF_MODULE,
      .nkeys = 1,
      .query = DOTS_QUERY_READ,
      .insert = 1 << DOTS_METHOD_POST,
      .methods = DOTS_RESTCONF_ROUTE_ALL,
      .found = dots_data_client_one },

    { .kind = DOTS_RESOURCE_ALIASES,
      .parent = DOTS_RESOURCE_CLIENT,
      .name = "aliases",
      .module = DOTS_RESTCONF_MODULE,
      .query = DOTS_QUERY_READ,
      .methods = DOTS_RESTCONF_ROUTE_ALL,
      .found = dots_data_client_aliases },

    { .kind = DOTS_RESOURCE_ALIAS,
      .parent = DOTS_RESOURCE_ALIASES,
      .name = "alias",
      .module = DOTS_RESTCONF_MODULE,
      .nkeys = 1,
      .query = DOTS_QUERY_READ,
      .insert = 1 << DOTS_METHOD_POST,
      .methods = DOTS_RESTCONF_ROUTE_ALL,
      .found = dots_data_client_alias },

    { .kind = DOTS_RESOURCE_ACLS,
      .parent = DOTS_RESOURCE_CLIENT,
      .name = "acls",
      .module = DOTS_RESTCONF_MODULE,
      .query = DOTS_QUERY_READ,
      .insert = 1 << DOTS_METHOD_POST,
      .methods = DOTS_RESTCONF_ROUTE_ALL,
      .found = dots_data_client_acls },

    { .kind = DOTS_RESOURCE_ACL,
      .parent = DOTS_RESOURCE_ACLS,
      .name = "acl",
      .module = DOTS_RESTCONF_MODULE,
      .nkeys = 1,
      .query = DOTS_QUERY_READ,
      .insert = 1 << DOTS_METHOD_POST | 1 << DOTS_METHOD_PUT,
      .methods = DOTS_RESTCONF_ROUTE_ALL,
      .found = dots_data_client_acl },

    { .kind = DOTS_RESOURCE_VENDORS,
      .parent = DOTS_RESOURCE_CLIENT,
      .name = "vendor-mapping",
      .module = DOTS_DATA_VENDOR_MODULE,
      .prefix = 1,
      .query = DOTS_QUERY_READ,
      .methods = DOTS_RESTCONF_ROUTE_ALL,
      .found = dots_data_vendor_all },

    { .kind = DOTS_RESOURCE_VENDOR,
      .parent = DOTS_RESOURCE_VENDORS,
      .name = "vendor",
      .module = DOTS_DATA_VENDOR_MODULE,
      .nkeys = 1,
      .query = DOTS_QUERY_READ,
      .methods = DOTS_RESTCONF_ROUTE_ALL,
      .found = dots_data_vendor_one },

    { .kind = DOTS_RESOURCE_MAPPING,
      .parent = DOTS_RESOURCE_DOTS_DATA,
      .name = "vendor-mapping",
      .module = DOTS_DATA_VENDOR_MODULE,
      .prefix = 1,
      .query = DOTS_QUERY_READ,
      .methods = DOTS_RESTCONF_ROUTE_GET(dots_data_read),
      .found = dots_data_vendor_server },

    { .kind = DOTS_RESOURCE_CAPABILITIES,
      .parent = DOTS_RESOURCE_DOTS_DATA,
      .name = "capabilities",
      .module = DOTS_RESTCONF_MODULE,
      .query = DOTS_QUERY_READ,
      .methods = DOTS_RESTCONF_ROUTE_GET(dots_data_read),
      .found = dots_data_capability_get },

    { .kind = DOTS_RESOURCE_YANG_LIBRARY,
      .parent = DOTS_RESOURCE_DATASTORE,
      .name = "yang-library",
      .module = DOTS_YANG_LIBRARY_MODULE,
      .prefix = 1,
      .tree = 1,
      .query = DOTS_QUERY_READ,
      .methods = DOTS_RESTCONF_ROUTE_GET(dots_yang_library_get) },

    { .kind = DOTS_RESOURCE_MODULES_STATE,
      .parent = DOTS_RESOURCE_DATASTORE,
      .name = "modules-state",
      .module = DOTS_YANG_LIBRARY_MODULE,
      .prefix = 1,
      .tree = 1,
      .query = DOTS_QUERY_READ,
      .methods = DOTS_RESTCONF_ROUTE_GET(dots_yang_library_modules_state) },

    { .kind = DOTS_RESOURCE_RESTCONF_STATE,
      .parent = DOTS_RESOURCE_DATASTORE,
      .name = "restconf-state",
      .module = DOTS_MONITOR_MODULE,
      .prefix = 1,
      .tree = 1,
      .query = DOTS_QUERY_READ,
      .methods = DOTS_RESTCONF_ROUTE_GET(dots_monitor_get) },

    { .kind = DOTS_RESOURCE_SCHEMA,
      .parent = DOTS_RESOURCE_SCHEMAS,
      .name = "",
      .media = DOTS_YANG_LIBRARY_MEDIA,
      .methods = DOTS_RESTCONF_ROUTE_GET(dots_yang_library_schema) },

    { .kind = DOTS_RESOURCE_STREAMS,
      .parent = DOTS_RESOURCE_API,
      .name = "streams" },

    { .kind = DOTS_RESOURCE_STREAM_XML,
      .parent = DOTS_RESOURCE_STREAMS,
      .name = DOTS_STREAM_XML,
      .media = DOTS_STREAM_MEDIA,
      .query = DOTS_QUERY_STREAM,
      .methods = DOTS_RESTCONF_ROUTE_GET(dots_stream_xml) },

    { .kind = DOTS_RESOURCE_STREAM_JSON,
      .parent = DOTS_RESOURCE_STREAMS,
      .name = DOTS_STREAM_JSON,
      .media = DOTS_STREAM_MEDIA,
      .query = DOTS_QUERY_STREAM,
      .methods = DOTS_RESTCONF_ROUTE_GET(dots_stream_json) },
};


/* In the order of their kinds, DOTS_RESOURCE_CONTAINER first. */

static const dots_resource_t  dots_resource_nodes[] = {

    { .kind = DOTS_RESOURCE_CONTAINER,
      .query = DOTS_QUERY_READ,
      .insert = 1 << DOTS_METHOD_POST | 1 << DOTS_METHOD_PUT,
      .methods = DOTS_RESTCONF_ROUTE_ALL },

    { .kind = DOTS_RESOURCE_LIST,
      .query = DOTS_QUERY_READ,
      .insert = 1 << DOTS_METHOD_POST | 1 << DOTS_METHOD_PUT,
      .methods = DOTS_RESTCONF_ROUTE_ALL },

    { .kind = DOTS_RESOURCE_LEAF,
      .query = DOTS_QUERY_READ,
      .methods = DOTS_RESTCONF_ROUTE_VALUE },

    { .kind = DOTS_RESOURCE_LEAF_LIST,
      .query = DOTS_QUERY_READ,
      .insert = 1 << DOTS_METHOD_PUT,
      .methods = DOTS_RESTCONF_ROUTE_VALUE },

    { .kind = DOTS_RESOURCE_STATE,
      .query = DOTS_QUERY_READ,
      .methods = DOTS_RESTCONF_ROUTE_GET(dots_data_read) },
};


static int
dots_restconf_route_is(dots_str_t s, const char *word)
{
    return dots_str_eq(s, dots_str(word, strlen(word)));
}


static const dots_resource_t *
dots_restconf_route_child(dots_resource_kind_t parent,
    const dots_api_segment_t *s)
{
    size_t                  i, n;
    const dots_resource_t  *r;

    n = sizeof(dots_resources) / sizeof(dots_resource_t);

    for (i = 1; i < n; i++) {
        r = &dots_resources[i];

        if (r->parent != parent || !dots_restconf_route_is(s->name, r->name)) {
            continue;
        }

        if (s->module.len == 0 ? !r->prefix
            : r->module && dots_restconf_route_is(s->module, r->module))
        {
            return r;
        }
    }

    return NULL;
}


static int
dots_restconf_route_unknown(dots_exchange_t *x, const dots_api_segment_t *s)
{
    return dots_restconf_error_status(&x->error, 404, DOTS_TAG_INVALID_VALUE,
                                      "there is no resource \"%.*s%s%.*s\" "
                                      "here",
                                      (int) s->module.len, s->module.data,
                                      s->module.len ? ":" : "",
                                      (int) s->name.len, s->name.data);
}


/*
 * A key that no entry can have: there is none (RFC 8783 sections 6.2, 6.3, 7.3
 * and 7.4), and a PUT, which would make it, has an invalid value.
 */

static int
dots_restconf_route_nobody(dots_exchange_t *x)
{
    if (!dots_restconf_route_is(x->rc->method, "PUT")) {
        x->error.status = 404;
    }

    return DOTS_INVALID;
}


/* RFC 8040 section 3.5.3: all keys of a list, none of anything else. */

static int
dots_restconf_route_key(dots_exchange_t *x, const dots_api_segment_t *s)
{
    if (s->nkeys != x->resource->nkeys) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "\"%s\" takes %zu key values",
                                   x->resource->name, x->resource->nkeys);
    }

    return DOTS_OK;
}


/* Of a node that has no row of its own: the row of its kind. */

static const dots_resource_t *
dots_restconf_route_node(const dots_data_path_t *path)
{
    dots_resource_kind_t     kind;
    const struct lysc_node  *schema;

    schema = dots_data_path_schema(path);

    /* a key names its entry; a client's own domain is not for it to say */

    if (!(schema->flags & LYS_CONFIG_W) || lysc_is_key(schema)
        || path->n == DOTS_SCOPE_LIST)
    {
        kind = DOTS_RESOURCE_STATE;

    } else {
        kind = schema->nodetype == LYS_CONTAINER ? DOTS_RESOURCE_CONTAINER
               : schema->nodetype == LYS_LIST    ? DOTS_RESOURCE_LIST
               : schema->nodetype == LYS_LEAF    ? DOTS_RESOURCE_LEAF
                                                 : DOTS_RESOURCE_LEAF_LIST;
    }

    return &dots_resource_nodes[kind - DOTS_RESOURCE_CONTAINER];
}


/* The first "n" segments have rows; all below "data" have steps. */

static int
dots_restconf_route_walk(dots_exchange_t *x, const dots_api_path_t *path,
    size_t n)
{
    int  rc;

    if (x->resource->tree) {
        x->below = n;
        return DOTS_OK;
    }

    if (n < path->n && (x->resource->kind < DOTS_RESOURCE_CLIENT
                        || x->resource->kind > DOTS_RESOURCE_CAPABILITIES))
    {
        return dots_restconf_route_unknown(x, &path->segments[n]);
    }

    if (x->resource->kind < DOTS_RESOURCE_DOTS_DATA
        || x->resource->kind > DOTS_RESOURCE_CAPABILITIES)
    {
        return DOTS_OK;
    }

    rc = dots_data_path_walk(&x->context, &x->path, path->segments + 1,
                             path->n - 1);

    if (x->path.n >= DOTS_SCOPE_CLIENT) {
        x->cuid = x->path.steps[DOTS_SCOPE_CLIENT - 1].keys[0];
    }

    if (rc == DOTS_DECLINED) {
        return dots_restconf_route_nobody(x);
    }

    if (rc == DOTS_OK && n < path->n) {
        x->resource = dots_restconf_route_node(&x->path);
    }

    return rc;
}


/*
 * RFC 8040 sections 4.3 and 6.1: a list or leaf-list without keys is all of its
 * entries, which GET and HEAD may ask for.  NULL: the path ends in none.
 */

static const struct lysc_node *
dots_restconf_route_entries(const dots_exchange_t *x,
    const dots_api_path_t *path)
{
    const struct lysc_node  *schema;

    if (path->n < 3 || path->segments[path->n - 1].nkeys != 0) {
        return NULL;
    }

    /* "data" is the first segment */

    schema = dots_place_path(x->rc->schema, path->segments + 1, path->n - 1);

    return schema && (schema->nodetype & (LYS_LIST | LYS_LEAFLIST)) ? schema
                                                                    : NULL;
}


/* The path has led to what holds them. */

static void
dots_restconf_route_hold(dots_exchange_t *x, const struct lysc_node *entries)
{
    x->entries = entries;
    x->holder = x->resource;

    x->resource = &dots_resource_nodes[DOTS_RESOURCE_STATE
                                       - DOTS_RESOURCE_CONTAINER];
}


int
dots_restconf_route_find(dots_exchange_t *x, dots_api_path_t *path)
{
    int                      rc;
    size_t                   i, n;
    const dots_resource_t   *child;
    const struct lysc_node  *entries;

    x->resource = &dots_resources[0];

    entries = dots_restconf_route_entries(x, path);
    n = entries ? path->n - 1 : path->n;

    for (i = 0; i < n; i++) {
        child = dots_restconf_route_child(x->resource->kind,
                                          &path->segments[i]);
        if (child == NULL) {
            break;
        }

        x->resource = child;

        rc = dots_restconf_route_key(x, &path->segments[i]);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    if (x->resource->tree) {
        entries = NULL;

    } else {
        path->n = n;
    }

    rc = dots_restconf_route_walk(x, path, i);

    if (rc == DOTS_OK && entries != NULL) {
        dots_restconf_route_hold(x, entries);
    }

    return rc;
}


int
dots_restconf_route_schema(dots_exchange_t *x, dots_str_t path)
{
    size_t             i, n;
    static const char  start[] = "/schemas/";

    n = sizeof(start) - 1;

    if (path.len < n || memcmp(path.data, start, n) != 0) {
        return DOTS_DECLINED;
    }

    x->name = dots_str(path.data + n, path.len - n);

    for (i = 0; dots_resources[i].kind != DOTS_RESOURCE_SCHEMA; i++) {
        /* void */
    }

    x->resource = &dots_resources[i];

    return DOTS_OK;
}


int
dots_restconf_route_method(dots_exchange_t *x)
{
    size_t  i;

    for (i = 0; i < DOTS_METHODS; i++) {

        if (dots_restconf_route_is(x->rc->method, dots_restconf_methods[i])) {
            x->method = (dots_method_t) i;
            return DOTS_OK;
        }
    }

    return dots_restconf_error_status(&x->error, 501, DOTS_TAG_NOT_SUPPORTED,
                                      "no method of RESTCONF");
}


int
dots_restconf_route_allow(const dots_resource_t *resource, dots_arena_t *a,
    dots_str_t *allow)
{
    size_t         i;
    uint8_t        buf[DOTS_RESTCONF_ALLOW];
    dots_writer_t  w = { buf, buf + sizeof(buf), 0 };

    for (i = 0; i < DOTS_METHODS; i++) {

        if (i != DOTS_METHOD_OPTIONS && resource->methods[i] == NULL) {
            continue;
        }

        if (w.pos != buf) {
            dots_write_bytes(&w, ", ", 2);
        }

        dots_write_bytes(&w, dots_restconf_methods[i],
                         strlen(dots_restconf_methods[i]));
    }

    if (w.failed) {
        return DOTS_ERROR;
    }

    return dots_arena_dup(a, allow, dots_str(buf, (size_t) (w.pos - buf)));
}
