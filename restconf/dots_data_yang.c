#include <stdlib.h>

#include <libyang/libyang.h>

#include "dots_data_print.h"
#include "dots_data_tree.h"
#include "dots_data_yang.h"


typedef struct {
    LY_VECODE         code;
    const char       *start;   /* of libyang's message; NULL: any */
    dots_error_tag_t  tag;
} dots_data_yang_error_t;


/*
 * The first line that fits decides; the rest is invalid-value, a value of the
 * wrong form, too: the message itself could be read.
 */

static const dots_data_yang_error_t  dots_data_yang_errors[] = {

    /* RFC 8783 sections 5.1, 6.1: "missing-attribute", not -element */

    { LYVE_DATA, "List instance is missing", DOTS_TAG_MISSING_ATTRIBUTE },
    { LYVE_DATA, "Mandatory node", DOTS_TAG_MISSING_ATTRIBUTE },

    { LYVE_REFERENCE, NULL, DOTS_TAG_UNKNOWN_ELEMENT },
};


static dots_error_tag_t
dots_data_yang_tag(LY_VECODE code, const char *message)
{
    size_t                         i, n;
    const dots_data_yang_error_t  *e;

    n = sizeof(dots_data_yang_errors) / sizeof(dots_data_yang_error_t);

    for (i = 0; i < n; i++) {
        e = &dots_data_yang_errors[i];

        if (e->code == code
            && (e->start == NULL
                || strncmp(message, e->start, strlen(e->start)) == 0))
        {
            return e->tag;
        }
    }

    return DOTS_TAG_INVALID_VALUE;
}


/* ---- where ---- */

/* What is quoted in libyang's English: KIND location "...", */

static dots_str_t
dots_data_yang_quoted(const char *location, const char *kind)
{
    size_t       n;
    const char  *end;

    n = strlen(kind);
    end = location ? strrchr(location, '"') : NULL;

    if (end == NULL || strncmp(location, kind, n) != 0
        || end <= location + n)
    {
        return dots_str(NULL, 0);
    }

    return dots_str(location + n, (size_t) (end - location) - n);
}


/* The first segment of a path in the schema, which goes off it. */

static const struct lysc_node *
dots_data_yang_segment(const dots_data_context_t *c,
    const dots_data_path_t *path, dots_str_t *rest)
{
    size_t          n;
    dots_str_t      module, name;
    const uint8_t  *p;

    module = dots_str(NULL, 0);
    name = dots_str(rest->data + 1, rest->len - 1);

    p = memchr(name.data, '/', name.len);
    n = p ? (size_t) (p - name.data) : name.len;

    *rest = dots_str(name.data + n, name.len - n);
    name.len = n;

    p = memchr(name.data, ':', name.len);

    if (p != NULL) {
        n = (size_t) (p - name.data);
        module = dots_str(name.data, n);
        name = dots_str(p + 1, name.len - n - 1);
    }

    return dots_data_path_child(c->schema, dots_data_path_schema(path), module,
                                name);
}


/*
 * Where something mandatory is missing libyang names its schema only.  Goes
 * down what is there to the first place that lacks it; nonzero: "path" is that.
 * As deep as the schema.
 */

static int
dots_data_yang_lacks(const dots_data_context_t *c, json_t *value,
    dots_str_t rest, dots_data_path_t *path)
{
    size_t                   i, n, nkeys;
    json_t                  *below, *entry;
    dots_str_t               keys[DOTS_API_PATH_KEYS];
    const struct lysc_node  *schema;

    schema = rest.len > 1 ? dots_data_yang_segment(c, path, &rest) : NULL;

    if (schema == NULL) {
        return 0;
    }

    n = path->n;

    if (schema->nodetype != LYS_LIST) {

        if (rest.len == 0) {
            return json_object_get(value, schema->name) == NULL;
        }

        if (dots_data_path_enter(c, path, schema, NULL, 0) != DOTS_OK) {
            return 0;
        }

        below = json_object_get(value, path->steps[n].member);

        if (below == NULL) {
            path->n = n;
            return n != 0;
        }

        return dots_data_yang_lacks(c, below, rest, path);
    }

    below = json_object_get(value, schema->name);

    json_array_foreach(below, i, entry) {
        path->n = n;

        if (dots_data_json_keys(c, schema, entry, keys, &nkeys) == DOTS_OK
            && dots_data_path_enter(c, path, schema, keys, nkeys) == DOTS_OK
            && dots_data_yang_lacks(c, entry, rest, path))
        {
            return 1;
        }
    }

    return 0;
}


dots_str_t
dots_data_yang_where(const dots_data_context_t *c, json_t *root)
{
    dots_str_t                 where, text;
    dots_data_path_t          *path;
    dots_restconf_error_t      error;
    const struct ly_err_item  *e;

    e = ly_err_last(c->schema->ctx);
    text = dots_str(NULL, 0);

    where = dots_data_yang_quoted(e ? e->path : NULL, "Data location \"");

    if (where.len != 0) {
        return dots_arena_dup(c->arena, &text, where) == DOTS_OK
                   ? text : dots_str(NULL, 0);
    }

    /* a copy: canonical keys are libyang's, too, and its errors their own */

    where = dots_data_yang_quoted(e ? e->path : NULL, "Schema location \"");
    path = dots_arena_alloc(c->arena, sizeof(dots_data_path_t));
    error = *c->error;

    if (path != NULL
        && dots_arena_dup(c->arena, &where, where) == DOTS_OK
        && dots_data_yang_lacks(c, root, where, path))
    {
        text = dots_data_path_text(c, path);
    }

    *c->error = error;

    return text;
}


static int
dots_data_yang_failed(dots_exchange_t *x, json_t *root, LY_ERR err)
{
    int                  rc;
    const char          *message;
    dots_str_t           app_tag;
    struct ly_err_item  *e;

    e = ly_err_last(x->rc->schema->ctx);

    if (err == LY_EMEM || err == LY_EINT || e == NULL) {
        return DOTS_ERROR;
    }

    message = e->msg ? e->msg : "the entry does not fit its schema";

    rc = dots_restconf_error(&x->error, dots_data_yang_tag(e->vecode, message),
                             "%s", message);

    if (e->apptag != NULL
        && dots_arena_dup(x->rc->arena, &app_tag,
                          dots_str(e->apptag, strlen(e->apptag)))
           == DOTS_OK)
    {
        x->error.app_tag = app_tag;
    }

    /* the last of it: "e" does not outlive that */

    x->error.path = dots_data_yang_where(&x->context, root);

    return rc;
}


/* As text, by libyang's own parser: what is not plain, or not valid. */

static int
dots_data_yang_read(dots_exchange_t *x, json_t *client, struct lyd_node **tree)
{
    int             rc;
    char           *text;
    json_t         *root;
    LY_ERR          err;
    struct ly_ctx  *ctx;

    root = json_pack("{s:{s:[O]}}", DOTS_RESTCONF_MODULE ":dots-data",
                     "dots-client", client);
    text = root ? json_dumps(root, JSON_COMPACT) : NULL;

    if (text == NULL || !dots_schema_room(strlen(text))) {
        free(text);
        json_decref(root);
        return DOTS_ERROR;
    }

    ctx = x->rc->schema->ctx;

    ly_err_clean(ctx, NULL);

    err = lyd_parse_data_mem(ctx, text, LYD_JSON,
                             LYD_PARSE_STRICT | LYD_PARSE_NO_STATE,
                             LYD_VALIDATE_NO_STATE | LYD_VALIDATE_PRESENT,
                             tree);
    free(text);

    if (err == LY_SUCCESS) {
        json_decref(root);
        return *tree ? DOTS_OK : DOTS_ERROR;
    }

    rc = dots_data_yang_failed(x, root, err);
    json_decref(root);

    ly_err_clean(ctx, NULL);
    lyd_free_all(*tree);
    *tree = NULL;

    return rc;
}


int
dots_data_yang_parse(dots_exchange_t *x, json_t *client,
    struct lyd_node **tree)
{
    int  rc;

    if (client == NULL) {
        return DOTS_ERROR;
    }

    rc = dots_data_tree(x->rc->schema, client, tree);

    if (rc == DOTS_DECLINED) {
        rc = dots_data_yang_read(x, client, tree);
    }

    json_decref(client);

    return rc;
}


const struct lyd_node *
dots_data_yang_child(const struct lyd_node *parent, const char *name)
{
    const struct lyd_node  *node;

    LY_LIST_FOR(parent ? lyd_child(parent) : NULL, node) {

        if (node->schema != NULL && strcmp(node->schema->name, name) == 0) {
            return node;
        }
    }

    return NULL;
}


int
dots_data_yang_text(const struct lyd_node *entry, dots_arena_t *a,
    dots_str_t *text)
{
    return dots_data_print(entry, a, text);
}


/* Appends "/element[key='...']", or nothing for an empty name. */

static void
dots_data_yang_step(dots_writer_t *w, const char *element, const char *key,
    dots_str_t name)
{
    if (name.len) {
        dots_write_bytes(w, element, strlen(element));
        dots_data_path_predicate(w, key, name);
    }
}


static void
dots_data_yang_client(dots_exchange_t *x, dots_writer_t *w)
{
    static const char  client[] = "/" DOTS_RESTCONF_MODULE
                                  ":dots-data/dots-client";

    w->failed |= x->cuid.len == 0;

    if (!w->failed) {
        dots_write_bytes(w, client, sizeof(client) - 1);
        dots_data_path_predicate(w, "cuid", x->cuid);
    }
}


static void
dots_data_yang_end(dots_exchange_t *x, dots_writer_t *w, const uint8_t *buf,
    const char *attribute)
{
    if (attribute != NULL) {
        dots_write_bytes(w, "/", 1);
        dots_write_bytes(w, attribute, strlen(attribute));
    }

    if (w->failed
        || dots_arena_dup(x->rc->arena, &x->error.path,
                          dots_str(buf, (size_t) (w->pos - buf)))
           != DOTS_OK)
    {
        x->error.path = dots_str(NULL, 0);
    }
}


void
dots_data_yang_path(dots_exchange_t *x, dots_str_t name, const char *attribute)
{
    uint8_t        buf[DOTS_CUID_MAX + DOTS_ALIAS_NAME + 256];
    dots_writer_t  w = { buf, buf + sizeof(buf), 0 };

    dots_data_yang_client(x, &w);
    dots_data_yang_step(&w, "/aliases/alias", "name", name);
    dots_data_yang_end(x, &w, buf, name.len ? attribute : NULL);
}


void
dots_data_yang_acl_path(dots_exchange_t *x, dots_str_t name, dots_str_t ace,
    const char *attribute)
{
    uint8_t        buf[DOTS_CUID_MAX + 2 * DOTS_ACL_NAME + 256];
    dots_writer_t  w = { buf, buf + sizeof(buf), 0 };

    dots_data_yang_client(x, &w);
    dots_data_yang_step(&w, "/acls/acl", "name", name);
    dots_data_yang_step(&w, "/aces/ace", "name", ace);
    dots_data_yang_end(x, &w, buf, name.len ? attribute : NULL);
}


void
dots_data_yang_vendor_path(dots_exchange_t *x, dots_str_t id,
    const char *attribute)
{
    uint8_t        buf[DOTS_CUID_MAX + DOTS_ALIAS_NAME + 256];
    dots_writer_t  w = { buf, buf + sizeof(buf), 0 };

    dots_data_yang_client(x, &w);
    dots_data_yang_step(&w, "/ietf-dots-mapping:vendor-mapping/vendor",
                        "vendor-id", id);
    dots_data_yang_end(x, &w, buf, id.len ? attribute : NULL);
}
