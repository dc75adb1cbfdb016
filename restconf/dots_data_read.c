#include <stdlib.h>

#include "dots_condition.h"
#include "dots_data_acl.h"
#include "dots_data_alias.h"
#include "dots_data_capability.h"
#include "dots_data_filter.h"
#include "dots_data_pieces.h"
#include "dots_data_read.h"
#include "dots_data_scope.h"
#include "dots_data_text.h"
#include "dots_data_vendor.h"
#include "dots_http_date.h"
#include "dots_restconf_route.h"


#define DOTS_DATA_READ_DATA DOTS_RESTCONF_MODULE ":dots-data"


static int dots_data_read_found(dots_exchange_t *x);
static int dots_data_read_whole(dots_exchange_t *x);


int
dots_data_read(dots_exchange_t *x)
{
    /*
     * Where the answer is to be in pieces, what is read leaves with its arena,
     * and should not have taken long: others wait meanwhile.
     */

    if (dots_data_pieces_may(x)
        && dots_restconf_again(x, DOTS_DATA_PIECES_LOOK) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    dots_data_scope_fetch(&x->path, &x->rq);
    x->resume = dots_data_read_found;

    /* state of the server's own: nothing has to be read */

    if (x->path.n >= DOTS_SCOPE_CLIENT && x->rq.cuid.len == 0) {
        x->rq.operation = 0;
        x->rq.verdict = DOTS_VERDICT_FOUND;

        return dots_data_read_found(x);
    }

    return DOTS_OK;
}


/* ---- conditions and what they are about ---- */

int
dots_data_read_known(dots_exchange_t *x, const dots_entity_t *e)
{
    size_t  n;
    char    tag[DOTS_CONDITION_TAG], date[DOTS_HTTP_DATE];

    n = dots_condition_tag(e, x->rc->xml, tag);

    if (dots_arena_dup(x->arena, &x->rc->etag, dots_str(tag, n)) != DOTS_OK) {
        return DOTS_ERROR;
    }

    /* the datastore MUST have one (section 3.4.1.1), be it the epoch */

    if (e->modified == 0 && x->path.n >= DOTS_SCOPE_CLIENT) {
        return DOTS_OK;
    }

    n = dots_http_date_print(e->modified / 1000, date);

    return dots_arena_dup(x->arena, &x->rc->last_modified, dots_str(date, n));
}


int
dots_data_read_condition(dots_exchange_t *x, int read, const dots_entity_t *e)
{
    switch (dots_conditions_check(&x->rc->conditions, read, x->rc->xml, e,
                                  x->rc->now))
    {
    case DOTS_CONDITION_FAILED:
        return dots_restconf_error_status(&x->error, 412, DOTS_TAG_FAILED,
                                          "the resource is not what the "
                                          "conditions of the request say");

    case DOTS_CONDITION_NOT_MODIFIED:
        x->rc->status = 304;
        return DOTS_OK;

    default: /* DOTS_CONDITION_TRUE */
        return DOTS_OK;
    }
}


static int
dots_data_read_found(dots_exchange_t *x)
{
    int            rc, known;
    dots_entity_t  e;

    if (x->rq.verdict == DOTS_VERDICT_INVALID
        && x->rq.fault.kind == DOTS_FAULT_TOO_BIG && dots_data_pieces_may(x))
    {
        return dots_data_pieces(x);
    }

    if (x->rq.verdict != DOTS_VERDICT_FOUND) {
        return dots_restconf_refused(x, x->rq.verdict);
    }

    known = x->entries ? DOTS_DECLINED
                       : dots_data_scope_entity(&x->rq, &x->path, &e);

    if (known == DOTS_ERROR) {
        return DOTS_ERROR;
    }

    /* whether a node is within an entry is not known before it is looked at */

    rc = x->resource->found && known == DOTS_OK ? DOTS_OK
                                                : dots_data_read_whole(x);

    if (rc == DOTS_OK && x->turn == NULL) {
        rc = dots_data_read_condition(x, 1,
                                      known == DOTS_OK
                                          ? &e : &dots_condition_untagged);
    }

    if (rc != DOTS_OK || x->turn != NULL) {
        return rc;
    }

    if (known == DOTS_OK && dots_data_read_known(x, &e) != DOTS_OK) {
        return DOTS_ERROR;
    }

    if (x->rc->status == 304) {
        x->rc->text = dots_str(NULL, 0);
        return DOTS_OK;
    }

    return x->rc->text.len == 0 ? dots_data_read_whole(x) : DOTS_OK;
}


/* Or x->turn is set: it does not become one text. */

static int
dots_data_read_whole(dots_exchange_t *x)
{
    int  rc;

    rc = dots_data_read_text(x);

    return rc == DOTS_INVALID && x->big ? dots_data_pieces(x) : rc;
}


/* ---- JSON values ---- */

/* The last answer so far into JSON. */

static json_t *
dots_data_read_parse(dots_exchange_t *x)
{
    json_t  *value;

    value = json_loadb((const char *) x->rc->text.data, x->rc->text.len, 0,
                       NULL);
    x->rc->text = dots_str(NULL, 0);

    return value;
}


/* And the only place where such an answer becomes text; takes the reference. */

static int
dots_data_read_dump(dots_exchange_t *x, json_t *root)
{
    int    rc;
    char  *text;

    text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);

    if (text == NULL) {
        return DOTS_ERROR;
    }

    rc = dots_arena_dup(x->arena, &x->rc->text, dots_str(text, strlen(text)));
    free(text);

    return rc;
}


/* ---- resources with a text of their own ---- */

static int
dots_data_read_filter(dots_exchange_t *x)
{
    int                      rc;
    json_t                  *root, *value;
    const struct lysc_node  *schema;

    root = dots_data_read_parse(x);
    value = root ? json_object_iter_value(json_object_iter(root)) : NULL;
    schema = dots_data_path_schema(&x->path);

    /* an entry in its container, as RFC 8783 has it */

    if (schema != NULL && schema->nodetype == LYS_LIST
        && json_is_object(value))
    {
        value = json_object_get(value, schema->name);
    }

    rc = value ? dots_data_filter_entries(&x->context, &x->query, schema,
                                          value)
               : DOTS_ERROR;

    if (rc != DOTS_OK) {
        json_decref(root);
        return rc;
    }

    return dots_data_read_dump(x, root);
}


/* ---- nodes within an entry ---- */

/* {"name":[...]} of one entry with all its state. */

static int
dots_data_read_entry(dots_exchange_t *x, json_t **entry)
{
    dots_writer_t         w;
    dots_content_t        content;
    const dots_client_t  *client;

    client = &x->rq.clients[0];
    content = x->query.content;

    if (dots_data_text_start(x, &w, dots_data_acl_size(client)
                                    + dots_data_alias_size(client)
                                    + dots_data_vendor_size(client))
        != DOTS_OK)
    {
        return DOTS_INVALID;
    }

    x->query.content = DOTS_CONTENT_ALL;

    switch (dots_data_scope_kind(&x->path)) {

    case DOTS_CHANGE_ACL:
        dots_data_acl_print(x, &w, &client->acls[0]);
        break;

    case DOTS_CHANGE_VENDOR:
        dots_data_vendor_print(x, &w, &client->vendors[0]);
        break;

    default: /* DOTS_CHANGE_ALIAS */
        dots_data_alias_print(x, &w, &client->aliases[0]);
    }

    x->query.content = content;

    if (dots_data_text_end(x, &w) != DOTS_OK) {
        return DOTS_ERROR;
    }

    *entry = dots_data_read_parse(x);

    return *entry ? DOTS_OK : DOTS_ERROR;
}


/* Of the server's own, the part that the path is in. */

static int
dots_data_read_state(dots_exchange_t *x, json_t **root)
{
    int             rc;
    json_t         *part;
    dots_content_t  content;

    content = x->query.content;
    x->query.content = DOTS_CONTENT_ALL;

    rc = x->path.steps[DOTS_SCOPE_CLIENT - 1].schema->module
         == x->context.schema->data ? dots_data_capability_get(x)
                                    : dots_data_vendor_server(x);

    x->query.content = content;

    if (rc != DOTS_OK) {
        return rc;
    }

    part = dots_data_read_parse(x);
    *root = json_pack("{s:{s:O}}", DOTS_DATA_READ_DATA,
                      x->path.steps[DOTS_SCOPE_CLIENT - 1].member,
                      json_object_iter_value(json_object_iter(part)));
    json_decref(part);

    return *root ? DOTS_OK : DOTS_ERROR;
}


/* Just enough of a datastore to find the node by its path. */

static int
dots_data_read_tree(dots_exchange_t *x, json_t **root)
{
    int      rc;
    json_t  *entry;

    if (x->rq.cuid.len == 0) {
        rc = dots_data_read_state(x, root);

    } else if (x->path.n < DOTS_SCOPE_ENTRY) {
        rc = DOTS_OK;
        *root = json_pack("{s:{s:[{s:s%}]}}", DOTS_DATA_READ_DATA,
                          "dots-client", "cuid", (char *) x->rq.cuid.data,
                          x->rq.cuid.len);
    } else {
        rc = dots_data_read_entry(x, &entry);
        *root = rc == DOTS_OK
                    ? json_pack("{s:{s:[{s:s%, s:{s:[o]}}]}}",
                                DOTS_DATA_READ_DATA, "dots-client", "cuid",
                                (char *) x->rq.cuid.data, x->rq.cuid.len,
                                x->path.steps[DOTS_SCOPE_LIST - 1].member,
                                x->path.steps[DOTS_SCOPE_ENTRY - 1].member,
                                entry)
                    : NULL;
    }

    return rc == DOTS_OK && *root == NULL ? DOTS_ERROR : rc;
}


/*
 * RFC 8040 section 3.5.4: a leaf has its default where nobody has set it; a
 * container without meaning of its own is always there (RFC 7950, 7.5.1).  Both
 * if what they are in is there.
 */

static json_t *
dots_data_read_implied(dots_exchange_t *x, json_t *root)
{
    json_t                  *parent;
    dots_data_path_t         above;
    const struct lysc_node  *schema;

    schema = dots_data_path_schema(&x->path);

    above = x->path;
    above.n--;

    parent = dots_data_edit_find(&x->context, root, &above);

    if (parent == NULL) {
        return NULL;
    }

    if (schema->nodetype == LYS_CONTAINER) {
        return (schema->flags & LYS_PRESENCE)
               || schema->parent->nodetype == LYS_CASE
                   ? NULL : json_object();
    }

    return dots_data_filter_default(&x->context, schema, parent);
}


/* Is any of it left by "content"?  Of a container or a list entry: itself. */

static int
dots_data_read_shown(const dots_exchange_t *x, const struct lysc_node *schema)
{
    if (!(schema->nodetype & LYD_NODE_TERM)) {
        return 1;
    }

    return x->query.content == DOTS_CONTENT_ALL
           || (x->query.content == DOTS_CONTENT_CONFIG)
                  == ((schema->flags & LYS_CONFIG_W) != 0);
}


/* "implied": nobody has set it. */

static int
dots_data_read_answer(dots_exchange_t *x, json_t *value, int implied)
{
    int                      rc;
    json_t                  *root;
    char                     name[256];
    const struct lysc_node  *schema;

    schema = dots_data_path_schema(&x->path);

    rc = dots_data_filter(&x->context, &x->query, schema, value);
    if (rc != DOTS_OK) {
        return rc;
    }

    (void) snprintf(name, sizeof(name), "%s:%s", schema->module->name,
                    schema->name);

    root = json_pack(schema->nodetype & (LYS_LIST|LYS_LEAFLIST) ? "{s:[O]}"
                                                                : "{s:O}",
                     name, value);

    if (root != NULL && implied && schema->nodetype == LYS_LEAF
        && x->query.defaults == DOTS_DEFAULTS_TAGGED
        && dots_data_filter_tag(root, name) != DOTS_OK)
    {
        json_decref(root);
        return DOTS_ERROR;
    }

    return dots_data_read_dump(x, root);
}


static int
dots_data_read_node(dots_exchange_t *x)
{
    int                      rc, implied;
    json_t                  *root, *value;
    const struct lysc_node  *schema;

    rc = dots_data_read_tree(x, &root);
    if (rc != DOTS_OK) {
        return rc;
    }

    schema = dots_data_path_schema(&x->path);
    value = dots_data_edit_find(&x->context, root, &x->path);
    implied = (value == NULL);
    value = implied ? dots_data_read_implied(x, root) : json_incref(value);

    json_decref(root);

    if (value == NULL || !dots_data_read_shown(x, schema)) {
        json_decref(value);
        return dots_restconf_refused(x, DOTS_VERDICT_NOT_FOUND);
    }

    rc = dots_data_read_answer(x, value, implied);
    json_decref(value);

    return rc;
}


/* ---- a list without keys ---- */

/* What holds the entries, whole, as if it had been asked for. */

static int
dots_data_read_holder(dots_exchange_t *x, json_t **root)
{
    int                      rc;
    unsigned                 wrapped;
    dots_query_t             query;
    const dots_resource_t   *resource;
    const struct lysc_node  *entries;

    query = x->query;
    resource = x->resource;
    entries = x->entries;
    wrapped = x->rc->wrapped;

    x->resource = x->holder;
    x->entries = NULL;
    x->query.seen = 0;
    x->query.depth = DOTS_QUERY_UNBOUNDED;
    x->rc->wrapped = 0;

    rc = dots_data_read_text(x);

    x->query = query;
    x->resource = resource;
    x->entries = entries;
    x->rc->wrapped = wrapped;

    if (rc != DOTS_OK) {
        return rc;
    }

    *root = dots_data_read_parse(x);

    return *root ? DOTS_OK : DOTS_ERROR;
}


/* Of an answer, whose only member is an object or the array of one entry. */

static json_t *
dots_data_read_member(dots_exchange_t *x, json_t *root, const char *name)
{
    json_t  *value;

    value = json_object_iter_value(json_object_iter(root));
    value = json_is_array(value) ? json_array_get(value, 0) : value;

    return json_object_get(value,
                           x->path.n && x->entries->module
                               == dots_data_path_schema(&x->path)->module
                           ? x->entries->name : name);
}


static int
dots_data_read_entries(dots_exchange_t *x)
{
    int      rc;
    char     name[256];
    json_t  *root, *list;

    rc = dots_data_read_holder(x, &root);
    if (rc != DOTS_OK) {
        return rc;
    }

    (void) snprintf(name, sizeof(name), "%s:%s", x->entries->module->name,
                    x->entries->name);

    list = json_incref(dots_data_read_member(x, root, name));
    json_decref(root);

    if (json_array_size(list) == 0 || !dots_data_read_shown(x, x->entries)) {
        json_decref(list);
        return dots_restconf_refused(x, DOTS_VERDICT_NOT_FOUND);
    }

    rc = dots_data_text_single(x, list);

    if (rc == DOTS_OK) {
        rc = dots_data_filter_entries(&x->context, &x->query, x->entries,
                                      list);
    }

    if (rc == DOTS_OK) {
        rc = dots_data_read_dump(x, json_pack("{s:O}", name, list));
    }

    json_decref(list);

    return rc;
}


int
dots_data_read_text(dots_exchange_t *x)
{
    int  rc;

    if (x->entries != NULL) {
        return dots_data_read_entries(x);
    }

    if (x->resource->found == NULL) {
        return dots_data_read_node(x);
    }

    rc = x->resource->found(x);

    return rc == DOTS_OK && dots_data_filter_needed(&x->query)
               ? dots_data_read_filter(x) : rc;
}
