#include "dots_data_acl.h"
#include "dots_data_change.h"
#include "dots_data_scope.h"
#include "dots_data_whole.h"


static int
dots_data_whole_one(dots_exchange_t *x, dots_change_kind_t kind,
    json_t *entry, size_t max)
{
    int             rc;
    dots_change_t  *c;

    c = dots_data_change_add(x, max, DOTS_CHANGE_PUT, kind, x->cuid);
    if (c == NULL) {
        return DOTS_ERROR;
    }

    c->expect = x->method == DOTS_METHOD_POST ? DOTS_EXPECT_ABSENT
                                              : DOTS_EXPECT_ANY;

    if (kind == DOTS_CHANGE_ACL) {
        c->acl = dots_arena_alloc(x->rq.arena, sizeof(dots_acl_t));
        rc = c->acl ? dots_data_acl_parse(x, entry, c->acl) : DOTS_ERROR;
        c->name = rc == DOTS_OK ? c->acl->name : c->name;

    } else {
        c->alias = dots_arena_alloc(x->rq.arena, sizeof(dots_alias_t));
        rc = c->alias ? dots_data_change_parse(x, kind, entry, c->alias)
                      : DOTS_ERROR;
        c->name = rc == DOTS_OK ? c->alias->name : c->name;
    }

    return rc;
}


static int
dots_data_whole_unique(dots_exchange_t *x, dots_change_kind_t kind)
{
    size_t                i, k;
    const dots_change_t  *c;

    c = x->rq.changes;

    for (i = 2; i < x->rq.nchanges; i++) {
        for (k = 1; k < i; k++) {

            if (dots_str_eq(c[i].name, c[k].name)) {
                return dots_data_change_twice(x, kind, c[i].name);
            }
        }
    }

    return DOTS_OK;
}


static int
dots_data_whole_all(dots_exchange_t *x, dots_change_kind_t kind,
    json_t *list)
{
    int             rc;
    size_t          i;
    json_t         *entry;
    dots_change_t  *c;

    rc = dots_data_change_count(x, kind, json_array_size(list));
    if (rc != DOTS_OK) {
        return rc;
    }

    c = dots_data_change_add(x, json_array_size(list) + 1, DOTS_CHANGE_CHECK,
                             DOTS_CHANGE_CLIENT, x->cuid);
    if (c == NULL) {
        return DOTS_ERROR;
    }

    c->expect = DOTS_EXPECT_PRESENT;

    json_array_foreach(list, i, entry) {
        rc = dots_data_whole_one(x, kind, entry,
                                         json_array_size(list) + 1);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return dots_data_whole_unique(x, kind);
}


/* RFC 8040 section 4.5: one entry, and its key is that of the URI. */

int
dots_data_whole_put(dots_exchange_t *x, json_t *list)
{
    int                 rc;
    dots_str_t          key;
    dots_change_kind_t  kind;

    kind = dots_data_scope_kind(&x->path);
    key = x->path.steps[DOTS_SCOPE_ENTRY - 1].keys[0];

    rc = dots_data_whole_all(x, kind, list);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (x->rq.nchanges == 2 && dots_str_eq(x->rq.changes[1].name, key)) {
        return DOTS_OK;
    }

    (void) dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                               "%s: the message has to be the entry that "
                               "the URI names",
                               kind == DOTS_CHANGE_VENDOR ? "vendor-id"
                                                          : "name");
    dots_data_change_path(x, kind, key);

    return DOTS_INVALID;
}


int
dots_data_whole_post(dots_exchange_t *x,
    const dots_data_path_t *container, json_t *list)
{
    int                      rc;
    dots_str_t               key;
    dots_data_path_t         path;
    dots_change_kind_t       kind;
    const struct lysc_node  *schema;

    path = *container;
    kind = dots_data_scope_kind(&path);

    rc = dots_data_whole_all(x, kind, list);

    if (rc == DOTS_OK && x->rq.nchanges == 2) {
        key = x->rq.changes[1].name;
        schema = lys_getnext(NULL, dots_data_path_schema(&path), NULL, 0);

        rc = dots_data_path_enter(&x->context, &path, schema, &key, 1);
    }

    return rc == DOTS_OK ? dots_data_path_uri(&x->context, &path,
                                              x->rc->origin, x->rc->root,
                                              &x->location)
                         : rc;
}
