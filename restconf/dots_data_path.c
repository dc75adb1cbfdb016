#include "dots_alias.h"
#include "dots_data_path.h"
#include "dots_hostname.h"
#include "dots_mitigation.h"


#define DOTS_DATA_PATH_TEXT 4096 /* of an error-path */


const struct lysc_node *
dots_data_path_schema(const dots_data_path_t *path)
{
    return path->n ? path->steps[path->n - 1].schema : NULL;
}


static int
dots_data_path_is(dots_str_t s, const char *word)
{
    return dots_str_eq(s, dots_str(word, strlen(word)));
}


const struct lysc_node *
dots_data_path_child(const dots_schema_t *s, const struct lysc_node *parent,
    dots_str_t module, dots_str_t name)
{
    const struct lysc_node   *node;
    const struct lys_module  *own;

    /* state of the server is of other modules, and within one of them */

    own = parent ? parent->module : s->data;

    if (module.len != 0 && parent != NULL && s->mapping != NULL
        && dots_data_path_is(module, s->mapping->name))
    {
        own = s->mapping;
    }

    if (module.len != 0 ? !dots_data_path_is(module, own->name)
                        : parent == NULL)
    {
        return NULL;
    }

    node = NULL;

    while ((node = lys_getnext(node, parent, parent ? NULL : own->compiled, 0))
           != NULL)
    {
        if (node->module == own && dots_data_path_is(name, node->name)) {
            return node;
        }
    }

    return NULL;
}


const struct lysc_node *
dots_data_path_key(const struct lysc_node *list, const struct lysc_node *key)
{
    key = lys_getnext(key, list, NULL, 0);

    return key != NULL && lysc_is_key(key) ? key : NULL;
}


int
dots_data_path_domain(dots_arena_t *a, dots_str_t name, dots_str_t *canonical)
{
    size_t    i;
    uint8_t  *p;

    p = dots_arena_alloc(a, name.len + 1);
    if (p == NULL) {
        return DOTS_ERROR;
    }

    for (i = 0; i < name.len; i++) {
        p[i] = dots_hostname_lower(name.data[i]);
    }

    *canonical = dots_str(p, name.len);

    return DOTS_OK;
}


/* Any text is a value of it, and canonical as it is. */

static int
dots_data_path_any(const struct lysc_node *schema)
{
    const struct lysc_type_str  *type;

    if (!(schema->nodetype & LYD_NODE_TERM)) {
        return 0;
    }

    type = (const struct lysc_type_str *)
               ((const struct lysc_node_leaf *) schema)->type;

    return type->basetype == LY_TYPE_STRING && type->length == NULL
           && type->patterns == NULL;
}


int
dots_data_path_canonical(const dots_data_context_t *c,
    const struct lysc_node *schema, dots_str_t value, dots_str_t *canonical)
{
    int             rc;
    LY_ERR          err;
    const char     *text;
    struct ly_ctx  *ctx;

    if (dots_data_path_any(schema)) {
        return dots_arena_dup(c->arena, canonical, value);
    }

    ctx = c->schema->ctx;
    text = NULL;

    err = lyd_value_validate(ctx, schema, value.len ? (const char *) value.data
                                                    : "",
                             value.len, NULL, NULL, &text);
    ly_err_clean(ctx, NULL);

    if (err == LY_EMEM) {
        return DOTS_ERROR;
    }

    if (text == NULL || (err != LY_SUCCESS && err != LY_EINCOMPLETE)) {
        lydict_remove(ctx, text);

        return dots_restconf_error(c->error, DOTS_TAG_INVALID_VALUE,
                                   "%s: \"%.*s\" is no value of it",
                                   schema->name,
                                   (int) (value.len < 64 ? value.len : 64),
                                   value.len ? (const char *) value.data : "");
    }

    rc = dots_arena_dup(c->arena, canonical, dots_str(text, strlen(text)));
    lydict_remove(ctx, text);

    return rc == DOTS_OK && strcmp(schema->name, DOTS_DATA_FQDN) == 0
               ? dots_data_path_domain(c->arena, *canonical, canonical) : rc;
}


/* What a member of another module than its parent's is called (RFC 7951, 4). */

static const char *
dots_data_path_member(const dots_data_context_t *c,
    const struct lysc_node *parent, const struct lysc_node *schema)
{
    size_t  n;
    char   *name;

    if (parent != NULL && parent->module == schema->module) {
        return schema->name;
    }

    n = strlen(schema->module->name);
    name = dots_arena_alloc(c->arena, n + 1 + strlen(schema->name) + 1);

    if (name != NULL) {
        memcpy(name, schema->module->name, n);
        name[n] = ':';
        memcpy(name + n + 1, schema->name, strlen(schema->name) + 1);
    }

    return name;
}


/* What names a record is part of the store's keys; YANG bounds the others. */

static int
dots_data_path_bounded(const dots_data_context_t *c,
    const struct lysc_node *list, dots_str_t key)
{
    size_t  max;

    max = dots_data_path_is(dots_str("dots-client", 11), list->name)
              ? DOTS_CUID_MAX
          : dots_data_path_is(dots_str("alias", 5), list->name)
              ? DOTS_ALIAS_NAME : 0;

    if (max == 0 || (key.len != 0 && key.len <= max)) {
        return DOTS_OK;
    }

    return dots_restconf_error(c->error, DOTS_TAG_INVALID_VALUE,
                               "the key of \"%s\" has 1 to %zu bytes",
                               list->name, max);
}


int
dots_data_path_enter(const dots_data_context_t *c, dots_data_path_t *path,
    const struct lysc_node *schema, const dots_str_t *keys, size_t nkeys)
{
    int                      rc;
    size_t                   i;
    dots_data_step_t        *step;
    const struct lysc_node  *key;

    if (path->n == DOTS_DATA_STEPS) {
        return dots_restconf_error(c->error, DOTS_TAG_INVALID_VALUE,
                                   "the path is too long");
    }

    step = &path->steps[path->n];
    step->schema = schema;
    step->nkeys = nkeys;
    step->member = dots_data_path_member(c, dots_data_path_schema(path),
                                         schema);

    if (step->member == NULL) {
        return DOTS_ERROR;
    }

    key = schema->nodetype == LYS_LIST ? NULL : schema;

    for (i = 0; i < nkeys; i++) {

        if (schema->nodetype == LYS_LIST) {
            key = dots_data_path_key(schema, key);
        }

        rc = key ? dots_data_path_canonical(c, key, keys[i], &step->keys[i])
                 : DOTS_ERROR;

        if (rc == DOTS_OK) {
            rc = dots_data_path_bounded(c, schema, step->keys[i]);
        }

        if (rc != DOTS_OK) {
            return rc;
        }
    }

    path->n++;

    return DOTS_OK;
}


static size_t
dots_data_path_nkeys(const struct lysc_node *schema)
{
    size_t                   n;
    const struct lysc_node  *key;

    if (schema->nodetype != LYS_LIST) {
        return schema->nodetype == LYS_LEAFLIST;
    }

    n = 0;
    key = NULL;

    while ((key = dots_data_path_key(schema, key)) != NULL) {
        n++;
    }

    return n;
}


static int
dots_data_path_unknown(const dots_data_context_t *c,
    const dots_api_segment_t *s)
{
    return dots_restconf_error_status(c->error, 404, DOTS_TAG_INVALID_VALUE,
                                      "there is no resource \"%.*s%s%.*s\" "
                                      "here",
                                      (int) s->module.len, s->module.data,
                                      s->module.len ? ":" : "",
                                      (int) s->name.len, s->name.data);
}


int
dots_data_path_walk(const dots_data_context_t *c, dots_data_path_t *path,
    const dots_api_segment_t *segments, size_t n)
{
    int                        rc;
    size_t                     i, nkeys;
    const struct lysc_node    *schema;
    const dots_api_segment_t  *s;

    schema = dots_data_path_schema(path);

    for (i = 0; i < n; i++) {
        s = &segments[i];

        schema = schema != NULL && (schema->nodetype & LYD_NODE_TERM)
                     ? NULL
                     : dots_data_path_child(c->schema, schema, s->module,
                                            s->name);
        if (schema == NULL) {
            return dots_data_path_unknown(c, s);
        }

        nkeys = dots_data_path_nkeys(schema);

        if (s->nkeys != nkeys) {
            return dots_restconf_error(c->error, DOTS_TAG_INVALID_VALUE,
                                       "\"%s\" takes %zu key values",
                                       schema->name, nkeys);
        }

        rc = dots_data_path_enter(c, path, schema, s->keys, nkeys);
        if (rc != DOTS_OK) {
            return rc == DOTS_INVALID ? DOTS_DECLINED : rc;
        }
    }

    return DOTS_OK;
}


/* ---- error-path ---- */

void
dots_data_path_predicate(dots_writer_t *w, const char *key, dots_str_t value)
{
    const char  *quote;

    quote = value.len && memchr(value.data, '\'', value.len) ? "\"" : "'";

    if (*quote == '"' && memchr(value.data, '"', value.len) != NULL) {
        w->failed = 1;
        return;
    }

    dots_write_bytes(w, "[", 1);
    dots_write_bytes(w, key, strlen(key));
    dots_write_bytes(w, "=", 1);
    dots_write_bytes(w, quote, 1);
    dots_write_bytes(w, value.data, value.len);
    dots_write_bytes(w, quote, 1);
    dots_write_bytes(w, "]", 1);
}


dots_str_t
dots_data_path_text(const dots_data_context_t *c, const dots_data_path_t *path)
{
    size_t                   i, k;
    uint8_t                  buf[DOTS_DATA_PATH_TEXT];
    dots_str_t               text = { 0, NULL };
    dots_writer_t            w = { buf, buf + sizeof(buf), 0 };
    const struct lysc_node  *key;
    const dots_data_step_t  *step;

    for (i = 0; i < path->n; i++) {
        step = &path->steps[i];

        dots_write_bytes(&w, "/", 1);
        dots_write_bytes(&w, step->member, strlen(step->member));

        for (k = 0, key = NULL; k < step->nkeys; k++) {

            if (step->schema->nodetype == LYS_LEAFLIST) {
                dots_data_path_predicate(&w, ".", step->keys[k]);
                continue;
            }

            key = dots_data_path_key(step->schema, key);
            dots_data_path_predicate(&w, key->name, step->keys[k]);
        }
    }

    if (w.failed || w.pos == buf
        || dots_arena_dup(c->arena, &text, dots_str(buf,
                                                    (size_t) (w.pos - buf)))
           != DOTS_OK)
    {
        return dots_str(NULL, 0);
    }

    return text;
}


int
dots_data_path_uri(const dots_data_context_t *c, const dots_data_path_t *path,
    dots_str_t origin, dots_str_t root, dots_str_t *uri)
{
    size_t                   i, k, size;
    uint8_t                 *buf;
    dots_writer_t            w;
    const dots_data_step_t  *step;

    size = origin.len + root.len + sizeof("/data");

    for (i = 0; i < path->n; i++) {
        step = &path->steps[i];
        size += strlen(step->member) + 2;

        for (k = 0; k < step->nkeys; k++) {
            size += 3 * step->keys[k].len + 1;
        }
    }

    buf = dots_arena_alloc(c->arena, size);
    if (buf == NULL) {
        return DOTS_ERROR;
    }

    w = (dots_writer_t) { buf, buf + size, 0 };

    dots_write_bytes(&w, origin.data, origin.len);
    dots_write_bytes(&w, root.data, root.len);
    dots_write_bytes(&w, "/data", 5);

    for (i = 0; i < path->n; i++) {
        step = &path->steps[i];

        dots_write_bytes(&w, "/", 1);
        dots_write_bytes(&w, step->member, strlen(step->member));

        for (k = 0; k < step->nkeys; k++) {
            dots_write_bytes(&w, k == 0 ? "=" : ",", 1);
            dots_api_path_encode(&w, step->keys[k]);
        }
    }

    *uri = dots_str(buf, (size_t) (w.pos - buf));

    return w.failed ? DOTS_ERROR : DOTS_OK;
}
