#include <stdio.h>
#include <stdlib.h>

#include <libyang/libyang.h>

#include "dots_api_path.h"
#include "dots_data_acl.h"
#include "dots_data_body.h"
#include "dots_data_client.h"
#include "dots_data_text.h"
#include "dots_data_yang.h"
#include "dots_restconf_route.h"


#define DOTS_DATA_ACL_PENDING  48 /* ,"pending-lifetime":N} and a comma */
#define DOTS_DATA_ACL_IDENTITY "ietf-access-control-list:"
#define DOTS_DATA_ACL_PATH     4  /* elements down to "acl" */


static const char *const  dots_data_acl_entry[] = { "acl", NULL };
static const char *const  dots_data_acl_container[] = { "acls", NULL };

/*
 * RFC 8040 section 4.5 has the entry itself as the body of a PUT; figure 25 of
 * RFC 8783 has its container around it.
 */
static const char *const  dots_data_acl_either[] = { "acl", "acls", NULL };


/* ---- the JSON before the schema sees it ---- */

/*
 * The figures of RFC 8783 write the identities of RFC 8519 without their
 * module, which RFC 7951 section 6.8 wants; both are taken.
 */

static int
dots_data_acl_identity(json_t *object, const char *name)
{
    int          rc;
    char        *text;
    size_t       size;
    json_t      *value;
    const char  *s;

    value = json_object_get(object, name);

    if (!json_is_string(value)) {
        return DOTS_OK;
    }

    s = json_string_value(value);

    if (strchr(s, ':') != NULL) {
        return DOTS_OK;
    }

    size = sizeof(DOTS_DATA_ACL_IDENTITY) + strlen(s);

    text = malloc(size);
    if (text == NULL) {
        return DOTS_ERROR;
    }

    (void) snprintf(text, size, DOTS_DATA_ACL_IDENTITY "%s", s);

    rc = json_object_set_new(object, name, json_string(text));
    free(text);

    return rc == 0 ? DOTS_OK : DOTS_ERROR;
}


/*
 * For YANG a header without a field is as good as none (RFC 7950 section
 * 7.5.1), so that "udp": {} would drop all that is not UDP, too.  A client that
 * says so means something else.
 */

static int
dots_data_acl_hollow(dots_exchange_t *x, json_t *matches)
{
    json_t      *header, *field;
    const char  *name, *below;

    json_object_foreach(matches, name, header) {

        if (json_is_object(header) && json_object_size(header) == 0) {
            return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                       "\"%s\" has no field to match", name);
        }

        json_object_foreach(header, below, field) {

            if (json_is_object(field) && json_object_size(field) == 0) {
                return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                           "\"%s\" has nothing to match",
                                           below);
            }
        }
    }

    return DOTS_OK;
}


int
dots_data_acl_prepare(dots_exchange_t *x, json_t *entry)
{
    int      rc;
    size_t   i;
    json_t  *list, *ace;

    if (dots_data_acl_identity(entry, "type") != DOTS_OK) {
        return DOTS_ERROR;
    }

    list = json_object_get(json_object_get(entry, "aces"), "ace");

    json_array_foreach(list, i, ace) {

        if (dots_data_acl_identity(json_object_get(ace, "actions"),
                                   "forwarding")
            != DOTS_OK)
        {
            return DOTS_ERROR;
        }

        rc = dots_data_acl_hollow(x, json_object_get(ace, "matches"));
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


/* ---- body to request ---- */

static int
dots_data_acl_fault(dots_exchange_t *x, const dots_acl_t *acl, size_t where,
    const dots_fault_t *f)
{
    int         rc;
    dots_str_t  none = { 0, NULL };

    rc = dots_restconf_error_fault(&x->error, f);
    dots_data_yang_acl_path(x, acl->name,
                            where < acl->naces ? acl->aces[where].name : none,
                            f->attribute);

    return rc;
}


/* RFC 8783 section 7.2: what a valid entry has to be in addition. */

static int
dots_data_acl_check(dots_exchange_t *x, const dots_acl_t *acl)
{
    size_t        where;
    dots_fault_t  f;

    if (dots_acl_check(acl, x->rc->customer, &where, &f) != DOTS_OK) {
        return dots_data_acl_fault(x, acl, where, &f);
    }

    /* one that is deactivated asks nothing of a mitigator yet */

    if (acl->activation == DOTS_ACL_DEACTIVATED
        || x->rc->customer->unenforced)
    {
        return DOTS_OK;
    }

    if (dots_acl_supported(acl, x->rc->customer, &where, &f) != DOTS_OK) {
        return dots_data_acl_fault(x, acl, where, &f);
    }

    return DOTS_OK;
}


int
dots_data_acl_take(dots_exchange_t *x, const struct lyd_node *entry,
    dots_acl_t *acl)
{
    int           rc;
    size_t        where;
    dots_fault_t  f;

    rc = dots_acl_read(entry, x->rc->arena, acl, &where, &f);

    if (rc == DOTS_INVALID) {
        return dots_data_acl_fault(x, acl, where, &f);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_data_acl_check(x, acl);
    if (rc != DOTS_OK) {
        return rc;
    }

    return dots_data_yang_text(entry, x->rc->arena, &acl->text);
}


static int
dots_data_acl_parse(dots_exchange_t *x, json_t *entry, dots_acl_t *acl)
{
    int                     rc;
    json_t                 *client;
    struct lyd_node        *tree;
    const struct lyd_node  *node;

    if (!json_is_object(entry)) {
        return dots_restconf_error(&x->error, DOTS_TAG_MALFORMED,
                                   "an entry of \"acl\" has to be an object");
    }

    rc = dots_data_acl_prepare(x, entry);
    if (rc != DOTS_OK) {
        return rc;
    }

    client = json_pack("{s:s%, s:{s:[O]}}", "cuid", (char *) x->cuid.data,
                       x->cuid.len, "acls", "acl", entry);

    rc = dots_data_yang_parse(x, client, &tree);
    if (rc != DOTS_OK) {
        return rc;
    }

    node = dots_data_yang_child(tree, "dots-client");
    node = dots_data_yang_child(node, "acls");
    node = dots_data_yang_child(node, "acl");

    rc = node ? dots_data_acl_take(x, node, acl) : DOTS_ERROR;

    lyd_free_all(tree);

    return rc;
}


static int
dots_data_acl_cmp(const void *a, const void *b)
{
    return dots_str_cmp(*(const dots_str_t *) a, *(const dots_str_t *) b);
}


/* The order of the message counts, so a copy of the names is sorted. */

static int
dots_data_acl_unique(dots_exchange_t *x)
{
    size_t       i, n;
    dots_str_t  *names;

    n = x->rq.nacls;

    names = dots_arena_array(x->rc->arena, n, sizeof(dots_str_t));
    if (names == NULL) {
        return DOTS_ERROR;
    }

    for (i = 0; i < n; i++) {
        names[i] = x->rq.acls[i].name;
    }

    qsort(names, n, sizeof(dots_str_t), dots_data_acl_cmp);

    for (i = 1; i < n; i++) {

        if (dots_str_eq(names[i - 1], names[i])) {
            (void) dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                       "name: the same ACL name twice");
            dots_data_yang_acl_path(x, names[i], dots_str(NULL, 0), "name");

            return DOTS_INVALID;
        }
    }

    return DOTS_OK;
}


static int
dots_data_acl_count(dots_exchange_t *x, size_t n)
{
    uint32_t  max;

    max = x->rc->customer->max_acls;

    if (max != 0 && n > max) {
        return dots_restconf_error(&x->error, DOTS_TAG_RESOURCE_DENIED,
                                   "at most %u ACLs are allowed", max);
    }

    if (n > DOTS_DATA_ACLS) {
        return dots_restconf_error(&x->error, DOTS_TAG_TOO_BIG,
                                   "at most %d ACLs in one request",
                                   DOTS_DATA_ACLS);
    }

    return DOTS_OK;
}


/* "list" is the value of "acl". */

static int
dots_data_acl_list(dots_exchange_t *x, json_t *list)
{
    int     rc;
    size_t  i, n;

    if (!json_is_array(list)) {
        return dots_restconf_error(&x->error, DOTS_TAG_MALFORMED,
                                   "\"acl\" has to be an array");
    }

    n = json_array_size(list);

    rc = dots_data_acl_count(x, n);
    if (rc != DOTS_OK) {
        return rc;
    }

    x->rq.nacls = n;
    x->rq.acls = dots_arena_array(x->rc->arena, n, sizeof(dots_acl_t));

    if (x->rq.acls == NULL) {
        return DOTS_ERROR;
    }

    for (i = 0; i < n; i++) {
        rc = dots_data_acl_parse(x, json_array_get(list, i), &x->rq.acls[i]);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return dots_data_acl_unique(x);
}


int
dots_data_acl_read(dots_exchange_t *x, json_t *acls)
{
    json_t      *list;
    const char  *name;

    if (!json_is_object(acls)) {
        return dots_restconf_error(&x->error, DOTS_TAG_MALFORMED,
                                   "\"acls\" has to be an object");
    }

    list = json_object_get(acls, "acl");

    if (json_object_size(acls) != (list != NULL)) {
        name = json_object_iter_key(json_object_iter(acls));

        return dots_restconf_error(&x->error, DOTS_TAG_UNKNOWN_ELEMENT,
                                   "\"acls\" has members other than \"acl\" "
                                   "(the first one is \"%s\")", name);
    }

    return list ? dots_data_acl_list(x, list) : DOTS_OK;
}


static int
dots_data_acl_root(dots_exchange_t *x, json_t *root, const char *const *names)
{
    int      rc;
    size_t   index;
    json_t  *value, *entry;

    rc = dots_data_body_top(x, root, names, &index, &value);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (strcmp(names[index], "acls") == 0) {
        return dots_data_acl_read(x, value);
    }

    rc = dots_data_body_single(x, value, "acl", &entry);
    if (rc != DOTS_OK) {
        return rc;
    }

    return dots_data_acl_list(x, value);
}


static int
dots_data_acl_body(dots_exchange_t *x, const char *const *names)
{
    int      rc;
    json_t  *root;

    rc = dots_data_body_parse(x, &root);
    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_data_acl_root(x, root, names);
    json_decref(root);

    return rc;
}


/* ---- where it goes ---- */

static int
dots_data_acl_is(const dots_api_segment_t *s, const char *name, size_t nkeys)
{
    return dots_str_eq(s->name, dots_str(name, strlen(name)))
           && s->nkeys == nkeys;
}


/*
 * The value is decoded once as part of the URI; what is left is a path in its
 * own encoding (RFC 8040 appendix B.3.5).
 */

static int
dots_data_acl_path(dots_exchange_t *x, dots_api_path_t *path)
{
    size_t    position;
    ssize_t   n;
    uint8_t  *text;

    text = dots_arena_alloc(x->rc->arena, x->query.point.len);
    if (text == NULL) {
        return DOTS_ERROR;
    }

    n = dots_api_path_decode(text, x->query.point, &position);
    if (n < 0) {
        return DOTS_INVALID;
    }

    return dots_api_path_parse(path, dots_str(text, (size_t) n), x->rc->arena);
}


/*
 * RFC 8040 section 4.8.6: the value of "point" is the path of an entry of the
 * same list, so of this client.
 */

static int
dots_data_acl_point(dots_exchange_t *x)
{
    int                        rc;
    dots_api_path_t           *path;
    const dots_api_segment_t  *s;

    path = dots_arena_alloc(x->rc->arena, sizeof(dots_api_path_t));
    if (path == NULL) {
        return DOTS_ERROR;
    }

    rc = dots_data_acl_path(x, path);
    if (rc == DOTS_ERROR) {
        return rc;
    }

    s = path->segments;

    if (rc != DOTS_OK || path->n != DOTS_DATA_ACL_PATH
        || !dots_data_acl_is(&s[0], "dots-data", 0)
        || !dots_str_eq(s[0].module, dots_str(DOTS_RESTCONF_MODULE,
                                              sizeof(DOTS_RESTCONF_MODULE) - 1))
        || !dots_data_acl_is(&s[1], "dots-client", 1)
        || !dots_str_eq(s[1].keys[0], x->cuid)
        || !dots_data_acl_is(&s[2], "acls", 0)
        || !dots_data_acl_is(&s[3], "acl", 1))
    {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "query parameter \"point\" has to be the "
                                   "path of an ACL of this client");
    }

    x->rq.point = s[3].keys[0];

    return DOTS_OK;
}


/* RFC 8040 section 4.8.5: "point" goes with "before" and "after" only. */

static int
dots_data_acl_position(dots_exchange_t *x)
{
    int  relative;

    x->rq.insert = x->query.insert;

    relative = x->rq.insert == DOTS_INSERT_BEFORE
               || x->rq.insert == DOTS_INSERT_AFTER;

    if (relative != ((x->query.seen & DOTS_QUERY_POINT) != 0)) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "query parameter \"point\" goes with "
                                   "\"insert\" before or after, and only with "
                                   "them");
    }

    return relative ? dots_data_acl_point(x) : DOTS_OK;
}


/* ---- handlers ---- */

int
dots_data_acl_create(dots_exchange_t *x)
{
    int         rc;
    dots_str_t  none = { 0, NULL };

    if (x->rq.nacls == 0) {
        return dots_restconf_error(&x->error, DOTS_TAG_MISSING_ATTRIBUTE,
                                   "acl: there is no entry to create");
    }

    rc = dots_data_acl_position(x);
    if (rc != DOTS_OK) {
        return rc;
    }

    x->rq.operation = DOTS_ACL_PUT;
    x->rq.create_only = 1;

    if (x->rq.nacls == 1) {
        return dots_data_client_location(x, "/acls/acl=", x->rq.acls[0].name);
    }

    return dots_data_client_location(x, "/acls", none);
}


int
dots_data_acl_post(dots_exchange_t *x)
{
    int  rc;

    rc = dots_data_acl_body(x, dots_data_acl_entry);

    return rc == DOTS_OK ? dots_data_acl_create(x) : rc;
}


static int
dots_data_acl_put_one(dots_exchange_t *x)
{
    int  rc;

    rc = dots_data_acl_body(x, dots_data_acl_either);
    if (rc != DOTS_OK) {
        return rc;
    }

    /* RFC 8040 section 4.5: one entry, and its key is that of the URI */

    if (x->rq.nacls != 1 || !dots_str_eq(x->rq.acls[0].name, x->name)) {
        (void) dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "name: the message has to be the ACL that "
                                   "the URI names");
        dots_data_yang_acl_path(x, x->name, dots_str(NULL, 0), "name");

        return DOTS_INVALID;
    }

    return dots_data_acl_position(x);
}


int
dots_data_acl_put(dots_exchange_t *x)
{
    x->rq.operation = DOTS_ACL_PUT;

    if (x->resource->kind == DOTS_RESOURCE_ACL) {
        return dots_data_acl_put_one(x);
    }

    x->rq.replace_all = 1;

    return dots_data_acl_body(x, dots_data_acl_container);
}


int
dots_data_acl_get(dots_exchange_t *x)
{
    x->rq.operation = DOTS_ACL_GET;
    x->rq.acl = x->name;

    return DOTS_OK;
}


int
dots_data_acl_delete(dots_exchange_t *x)
{
    x->rq.operation = DOTS_ACL_DELETE;
    x->rq.acl = x->name;

    return DOTS_OK;
}


/* ---- what was found, to JSON ---- */

/*
 * RFC 8783 figure 31: the state and the keys that say whose it is.  Entries
 * have no statistics, since no mitigator counts.
 */

static void
dots_data_acl_state(dots_writer_t *w, const dots_acl_t *acl,
    const char *pending)
{
    size_t  i;

    dots_data_text_literal(w, "{\"name\":");
    dots_data_text_string(w, acl->name);
    dots_data_text_literal(w, pending);

    for (i = 0; i < acl->naces; i++) {
        dots_data_text_literal(w, i == 0 ? ",\"aces\":{\"ace\":[{\"name\":"
                                         : ",{\"name\":");
        dots_data_text_string(w, acl->aces[i].name);
        dots_data_text_literal(w, "}");
    }

    dots_data_text_literal(w, acl->naces ? "]}}" : "}");
}


/* RFC 8040 section 4.8.1. */

static void
dots_data_acl_print(dots_exchange_t *x, dots_writer_t *w,
    const dots_acl_t *acl)
{
    char  pending[DOTS_DATA_ACL_PENDING];

    if (acl->text.len < 2) {
        w->failed = 1;
        return;
    }

    if (x->query.content == DOTS_CONTENT_CONFIG) {
        dots_write_bytes(w, acl->text.data, acl->text.len);
        return;
    }

    (void) snprintf(pending, sizeof(pending), ",\"pending-lifetime\":%d",
                    (int) dots_acl_pending(acl, x->rq.now));

    if (x->query.content == DOTS_CONTENT_NONCONFIG) {
        dots_data_acl_state(w, acl, pending);
        return;
    }

    dots_write_bytes(w, acl->text.data, acl->text.len - 1);
    dots_data_text_literal(w, pending);
    dots_data_text_literal(w, "}");
}


/* The names alone are never longer than the whole with them in it. */

size_t
dots_data_acl_size(const dots_client_t *client)
{
    size_t  i, size;

    size = sizeof("{\"acl\":[]}");

    for (i = 0; i < client->nacls; i++) {
        size += client->acls[i].text.len + DOTS_DATA_ACL_PENDING;
    }

    return size;
}


void
dots_data_acl_write(dots_exchange_t *x, dots_writer_t *w,
    const dots_client_t *client)
{
    size_t  i;

    if (client->nacls == 0) {
        dots_data_text_literal(w, "{}");
        return;
    }

    for (i = 0; i < client->nacls; i++) {
        dots_data_text_literal(w, i == 0 ? "{\"acl\":[" : ",");
        dots_data_acl_print(x, w, &client->acls[i]);
    }

    dots_data_text_literal(w, "]}");
}


int
dots_data_acl_all(dots_exchange_t *x)
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


int
dots_data_acl_one(dots_exchange_t *x)
{
    dots_writer_t  w;

    if (x->rq.nclients != 1 || x->rq.clients[0].nacls != 1) {
        return DOTS_ERROR;
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
