#include "dots_data_body.h"
#include "dots_data_change.h"
#include "dots_data_message.h"
#include "dots_data_scope.h"
#include "dots_data_whole.h"
#include "dots_data_write.h"
#include "dots_restconf_route.h"


/* ---- insert and point (sections 4.8.5, 4.8.6) ---- */

/*
 * Section 4.8.6 has "the same format as a target resource URI", which may be
 * what Location has told, appendix B.3.5 what is below {+restconf}/data: a
 * client may mean either, since a top-level node has its module in front and
 * "restconf" has not.
 */

static dots_str_t
dots_data_message_below(const dots_exchange_t *x, dots_str_t path)
{
    size_t                   i;
    dots_str_t               rest;
    const dots_str_t         above[] = { x->rc->origin, x->rc->root,
                                         dots_string("/data") };

    rest = path;

    for (i = 0; i < sizeof(above) / sizeof(above[0]); i++) {

        if (above[i].len != 0 && rest.len > above[i].len
            && memcmp(rest.data, above[i].data, above[i].len) == 0)
        {
            rest.data += above[i].len;
            rest.len -= above[i].len;

        } else if (i != 0) {
            return path;    /* the origin alone may be left out */
        }
    }

    return rest.data[0] == '/' ? rest : path;
}


/*
 * The value is decoded once as part of the URI; what is left is a path in its
 * own encoding.
 */

static int
dots_data_message_point(dots_exchange_t *x, dots_data_path_t *point)
{
    int               rc;
    size_t            position;
    ssize_t           n;
    uint8_t          *text;
    dots_api_path_t  *path;

    text = dots_arena_alloc(x->arena, x->query.point.len);
    path = dots_arena_alloc(x->arena, sizeof(dots_api_path_t));

    if (text == NULL || path == NULL) {
        return DOTS_ERROR;
    }

    n = dots_api_path_decode(text, x->query.point, &position);

    rc = n < 0 ? DOTS_INVALID
               : dots_api_path_parse(path,
                                     dots_data_message_below(x, dots_str(text,
                                                             (size_t) n)),
                                     x->arena);

    if (rc == DOTS_OK) {
        point->n = 0;
        rc = dots_data_path_walk(&x->context, point, path->segments, path->n);
    }

    if (rc == DOTS_INVALID || rc == DOTS_DECLINED) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "query parameter \"point\" has to be the "
                                   "path of an entry of the same list");
    }

    return rc;
}


/* Where an edit's list entry goes, which is the same for all of a request. */

static int
dots_data_message_position(dots_exchange_t *x, dots_data_edit_t *edit)
{
    int                      rc, relative;
    const struct lysc_node  *schema;

    edit->where = x->query.insert;
    schema = dots_data_path_schema(&edit->path);

    if (x->query.seen & (DOTS_QUERY_INSERT|DOTS_QUERY_POINT)
        && (schema == NULL || !lysc_is_userordered(schema)))
    {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "\"%s\" is in no order that \"insert\" "
                                   "could be about",
                                   schema ? schema->name : "data");
    }

    relative = edit->where == DOTS_INSERT_BEFORE
               || edit->where == DOTS_INSERT_AFTER;

    if (relative != ((x->query.seen & DOTS_QUERY_POINT) != 0)) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "query parameter \"point\" goes with "
                                   "\"insert\" before or after, and only with "
                                   "them");
    }

    if (!relative) {
        return DOTS_OK;
    }

    rc = dots_data_message_point(x, &edit->point);

    return rc == DOTS_OK ? dots_data_write_same_list(x, &edit->path,
                                                     &edit->point) : rc;
}


/* Several stay in the order of the message: each after the one before. */

static int
dots_data_message_follow(dots_exchange_t *x, dots_data_edit_t *edit)
{
    const dots_data_edit_t  *previous;

    if (x->nedits < 2) {
        return dots_data_message_position(x, edit);
    }

    previous = &x->edits[x->nedits - 2];

    edit->where = previous->where;
    edit->point = previous->point;

    if (edit->where == DOTS_INSERT_FIRST || edit->where == DOTS_INSERT_AFTER) {
        edit->where = DOTS_INSERT_AFTER;
        edit->point = previous->path;
    }

    return DOTS_OK;
}


/* ---- the message's only member ---- */

static int
dots_data_message_unknown(dots_exchange_t *x, const char *name)
{
    return dots_restconf_error(&x->error, DOTS_TAG_UNKNOWN_ELEMENT,
                               "\"%s\" does not belong here", name);
}


/* RFC 7951 section 4: with its module.  *local is the name without. */

static int
dots_data_message_member(dots_exchange_t *x, dots_str_t *module,
    const char **local, json_t **value)
{
    void        *member;
    const char  *name, *colon;

    if (json_object_size(x->body) != 1) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "the message has to have one member");
    }

    member = json_object_iter(x->body);
    name = json_object_iter_key(member);
    *value = json_object_iter_value(member);

    colon = strchr(name, ':');

    if (colon == NULL) {
        return dots_data_message_unknown(x, name);
    }

    *module = dots_str(name, (size_t) (colon - name));
    *local = colon + 1;

    return DOTS_OK;
}


/* What "aliases" and its like have in it: the list of its entries, or none. */

static int
dots_data_message_container(dots_exchange_t *x, const char *name,
    const char *list, json_t *value, json_t **entries)
{
    if (!json_is_object(value)) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "\"%s\" has to be an object", name);
    }

    *entries = json_object_get(value, list);

    if (json_object_size(value) != (*entries != NULL)) {
        return dots_restconf_error(&x->error, DOTS_TAG_UNKNOWN_ELEMENT,
                                   "\"%s\" has members other than \"%s\" (the "
                                   "first one is \"%s\")", name, list,
                                   json_object_iter_key(
                                       json_object_iter(value)));
    }

    if (*entries != NULL && !json_is_array(*entries)) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "\"%s\" has to be an array", list);
    }

    return DOTS_OK;
}


/* ---- PUT and PATCH ---- */

/* RFC 8783 section 5.1: one dots-client per request; *entry NULL: none. */

static int
dots_data_message_client(dots_exchange_t *x, const json_t *data,
    json_t **entry)
{
    json_t  *list;

    *entry = NULL;
    list = json_object_get(data, "dots-client");

    return list ? dots_data_body_single(x, list, "dots-client", entry)
                : DOTS_OK;
}


/* The path of a dots-client, from that of the target and its own key. */

static int
dots_data_message_enter(dots_exchange_t *x, const json_t *entry,
    dots_data_path_t *path)
{
    int                      rc;
    size_t                   n;
    dots_str_t               module, none, keys[DOTS_API_PATH_KEYS];
    const struct lysc_node  *schema;

    none = dots_str(NULL, 0);
    module = dots_str(DOTS_RESTCONF_MODULE, sizeof(DOTS_RESTCONF_MODULE) - 1);
    rc = DOTS_OK;

    if (path->n == 0) {
        schema = dots_data_path_child(x->context.schema, NULL, module,
                                      dots_str("dots-data", 9));
        rc = dots_data_path_enter(&x->context, path, schema, NULL, 0);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    schema = dots_data_path_child(x->context.schema,
                                  dots_data_path_schema(path), none,
                                  dots_str("dots-client", 11));

    rc = dots_data_json_keys(&x->context, schema, entry, keys, &n);

    if (rc == DOTS_INVALID) {
        return dots_restconf_error(&x->error, DOTS_TAG_MISSING_ATTRIBUTE,
                                   "cuid: it has to be there");
    }

    return rc == DOTS_OK ? dots_data_path_enter(&x->context, path, schema,
                                                keys, n) : rc;
}


/*
 * The datastore or "dots-data", of which a client sees and has its own part
 * only: replaced as a whole, or merged into the one dots-client in it, of which
 * alone the rest has to be known then.
 */

static int
dots_data_message_top(dots_exchange_t *x, json_t *value)
{
    int                rc;
    json_t            *data, *entry;
    dots_data_path_t   path;

    path = x->path;
    data = path.n == 0 ? json_object_get(value,
                                         DOTS_RESTCONF_MODULE ":dots-data")
                       : value;

    rc = dots_data_message_client(x, data, &entry);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (x->method == DOTS_METHOD_PUT || entry == NULL) {
        return dots_data_write_edit(x, 1, x->method == DOTS_METHOD_PUT
                                              ? DOTS_EDIT_REPLACE
                                              : DOTS_EDIT_MERGE,
                                    &x->path, value)
                   ? DOTS_OK : DOTS_ERROR;
    }

    rc = dots_data_message_enter(x, entry, &path);
    if (rc != DOTS_OK) {
        return rc;
    }

    return dots_data_write_edit(x, 1, DOTS_EDIT_MERGE, &path, entry)
               ? DOTS_OK : DOTS_ERROR;
}


/* The one entry, or value, of what has to be an array of one. */

static int
dots_data_message_single(dots_exchange_t *x, const struct lysc_node *schema,
    json_t *value, json_t **single)
{
    if (schema->nodetype == LYS_LIST) {
        return dots_data_body_single(x, value, schema->name, single);
    }

    *single = value;

    if (schema->nodetype != LYS_LEAFLIST) {
        return DOTS_OK;
    }

    if (!json_is_array(value)) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "\"%s\" has to be an array", schema->name);
    }

    if (json_array_size(value) != 1) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "one \"%s\" per request", schema->name);
    }

    *single = json_array_get(value, 0);

    return DOTS_OK;
}


static int
dots_data_message_edit(dots_exchange_t *x, const struct lysc_node *schema,
    json_t *value)
{
    int                    rc;
    json_t                *single;
    dots_data_edit_t      *edit;
    dots_data_path_t       above;
    dots_edit_operation_t  operation;

    rc = dots_data_message_single(x, schema, value, &single);
    if (rc != DOTS_OK) {
        return rc;
    }

    above = x->path;
    above.n--;

    rc = dots_data_json_value(&x->context, &above, schema, value);
    if (rc != DOTS_OK) {
        return rc;
    }

    /* canonical values are other ones */

    rc = dots_data_message_single(x, schema, value, &single);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (x->path.n < DOTS_SCOPE_CLIENT) {
        return dots_data_message_top(x, single);
    }

    operation = x->method == DOTS_METHOD_PUT ? DOTS_EDIT_REPLACE
                                             : DOTS_EDIT_MERGE;

    edit = dots_data_write_edit(x, 1, operation, &x->path, single);

    return edit ? dots_data_message_position(x, edit) : DOTS_ERROR;
}


static int
dots_data_message_datastore(dots_exchange_t *x, json_t *value)
{
    int  rc;

    if (!json_is_object(value)) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "\"data\" has to be an object");
    }

    rc = dots_data_json_normal(&x->context, &x->path, value);

    return rc == DOTS_OK ? dots_data_message_top(x, value) : rc;
}


/*
 * RFC 8040 section 4.5 has the entry itself as the body of a PUT; figure 25 of
 * RFC 8783 has its container around it.
 */

static int
dots_data_message_whole(dots_exchange_t *x, int blind)
{
    int                      rc;
    json_t                  *value, *list;
    const char              *local, *own;
    dots_str_t               module;
    const struct lysc_node  *schema;

    rc = dots_data_message_member(x, &module, &local, &value);
    if (rc != DOTS_OK) {
        return rc;
    }

    schema = dots_data_path_schema(&x->path);
    own = schema ? schema->module->name : "ietf-restconf";

    if (!dots_str_eq(module, dots_str(own, strlen(own)))) {
        return dots_data_message_unknown(x, (const char *) module.data);
    }

    if (schema == NULL) {
        return strcmp(local, "data") == 0
                   ? dots_data_message_datastore(x, value)
                   : dots_data_message_unknown(x, local);
    }

    if (x->path.n == DOTS_SCOPE_ENTRY
        && strcmp(local, schema->parent->name) == 0)
    {
        rc = dots_data_message_container(x, local, schema->name, value, &list);

        if (rc == DOTS_OK && list == NULL) {
            rc = dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                     "the message has no \"%s\"",
                                     schema->name);
        }

        value = list;

    } else if (strcmp(local, schema->name) != 0) {
        return dots_data_message_unknown(x, local);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    if (blind && x->method == DOTS_METHOD_PUT
        && x->path.n == DOTS_SCOPE_ENTRY)
    {
        rc = json_is_array(value)
                 ? DOTS_OK
                 : dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                       "\"%s\" has to be an array",
                                       schema->name);

        return rc == DOTS_OK ? dots_data_whole_put(x, value) : rc;
    }

    return dots_data_message_edit(x, schema, value);
}


/* ---- POST ---- */

/* Creates one of a list or leaf-list, or a node that is no list. */

static int
dots_data_message_create(dots_exchange_t *x, const dots_data_path_t *parent,
    const struct lysc_node *schema, json_t *value, size_t max)
{
    int                rc;
    size_t             n;
    dots_str_t         keys[DOTS_API_PATH_KEYS];
    dots_data_edit_t  *edit;
    dots_data_path_t   path;

    n = 0;
    rc = DOTS_OK;

    if (schema->nodetype == LYS_LIST) {
        rc = dots_data_json_keys(&x->context, schema, value, keys, &n);

    } else if (schema->nodetype == LYS_LEAFLIST) {
        n = 1;
        rc = dots_data_json_text(x->arena, value, &keys[0]);
    }

    if (rc == DOTS_INVALID) {
        (void) dots_restconf_error(&x->error, DOTS_TAG_MISSING_ATTRIBUTE,
                                   "\"%s\": the entry has no key",
                                   schema->name);
        x->error.path = dots_data_path_text(&x->context, parent);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    path = *parent;

    rc = dots_data_path_enter(&x->context, &path, schema, keys, n);
    if (rc != DOTS_OK) {
        return rc;
    }

    edit = dots_data_write_edit(x, max, DOTS_EDIT_CREATE, &path, value);

    rc = edit ? dots_data_message_follow(x, edit) : DOTS_ERROR;

    return rc == DOTS_OK ? dots_data_path_uri(&x->context, &path,
                                              x->rc->origin, x->rc->root,
                                              &x->location)
                         : rc;
}


static int
dots_data_message_empty(dots_exchange_t *x, const char *list)
{
    if (x->path.n == 0) {
        return dots_restconf_refused(x, DOTS_VERDICT_EXISTS);
    }

    return dots_restconf_error(&x->error, DOTS_TAG_MISSING_ATTRIBUTE,
                               "%s: there is no entry to create", list);
}


/*
 * "dots-data", "aliases", "acls" and "vendor-mapping" always exist; what RFC
 * 8783 (figures 16, 24) and RFC 9244 (figure 30) create by sending them are the
 * entries, all or none.
 */

static int
dots_data_message_entries(dots_exchange_t *x, const struct lysc_node *schema,
    json_t *value, int blind)
{
    int                      rc;
    size_t                   i;
    json_t                  *list, *entry;
    dots_data_path_t         path;
    const struct lysc_node  *below;

    list = NULL;
    below = lys_getnext(NULL, schema, NULL, 0);
    path = x->path;

    rc = dots_data_path_enter(&x->context, &path, schema, NULL, 0);

    if (rc == DOTS_OK) {
        rc = dots_data_message_container(x, schema->name, below->name, value,
                                         &list);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    if (json_array_size(list) == 0) {
        return dots_data_message_empty(x, below->name);
    }

    if (blind && path.n == DOTS_SCOPE_LIST) {
        return dots_data_whole_post(x, &path, list);
    }

    rc = path.n == DOTS_SCOPE_DATA
             ? dots_data_body_single(x, list, below->name, &entry)
             : dots_data_change_count(x, dots_data_scope_kind(&path),
                                      json_array_size(list));

    if (rc == DOTS_OK) {
        rc = dots_data_json_value(&x->context, &path, below, list);
    }

    for (i = 0; rc == DOTS_OK && i < json_array_size(list); i++) {
        rc = dots_data_message_create(x, &path, below, json_array_get(list, i),
                                      json_array_size(list));
    }

    if (rc == DOTS_OK && json_array_size(list) > 1) {
        rc = dots_data_path_uri(&x->context, &path, x->rc->origin,
                                x->rc->root, &x->location);
    }

    return rc;
}


static int
dots_data_message_child(dots_exchange_t *x, int blind)
{
    int                      rc;
    json_t                  *value, *single;
    const char              *local;
    dots_str_t               module;
    const struct lysc_node  *schema;

    rc = dots_data_message_member(x, &module, &local, &value);
    if (rc != DOTS_OK) {
        return rc;
    }

    schema = dots_data_path_child(x->context.schema,
                                  dots_data_path_schema(&x->path), module,
                                  dots_str(local, strlen(local)));

    if (schema == NULL) {
        return dots_data_message_unknown(x, (const char *) module.data);
    }

    if (schema->nodetype == LYS_CONTAINER && x->path.n < DOTS_SCOPE_LIST
        && (schema->flags & LYS_CONFIG_W))
    {
        return dots_data_message_entries(x, schema, value, blind);
    }

    rc = dots_data_message_single(x, schema, value, &single);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (blind && x->path.n == DOTS_SCOPE_LIST) {
        return dots_data_whole_post(x, &x->path, value);
    }

    rc = dots_data_json_value(&x->context, &x->path, schema, value);

    if (rc == DOTS_OK) {
        rc = dots_data_message_single(x, schema, value, &single);
    }

    return rc == DOTS_OK ? dots_data_message_create(x, &x->path, schema, single,
                                                    1)
                         : rc;
}


int
dots_data_message(dots_exchange_t *x, int blind)
{
    return x->method == DOTS_METHOD_POST ? dots_data_message_child(x, blind)
                                         : dots_data_message_whole(x, blind);
}
