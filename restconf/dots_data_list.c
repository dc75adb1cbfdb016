#include <stddef.h>

#include "dots_data_acl.h"
#include "dots_data_blame.h"
#include "dots_data_change.h"
#include "dots_data_list.h"
#include "dots_data_scope.h"
#include "dots_data_vendor.h"


typedef struct {
    dots_exchange_t     *x;
    dots_change_kind_t   kind;
    const dots_client_t *old;      /* NULL: a new client */
    size_t               nold;
    uint8_t             *seen;     /* by index: it is still there */
    dots_acl_t         **order;    /* of ACLs */
    size_t              *from;     /* where each was, from 1; 0: nowhere */
    size_t               n;        /* entries of the tree so far */
    size_t               dirty;    /* looked into so far */
    size_t               first;    /* their changes begin here */
    int                  altered;
} dots_data_list_t;


/* ---- one entry ---- */

/* Of a client's aliases or vendors. */

static const dots_alias_t *
dots_data_list_olds(const dots_data_list_t *l)
{
    return l->kind == DOTS_CHANGE_VENDOR ? l->old->vendors : l->old->aliases;
}


static const dots_alias_t *
dots_data_list_old_alias(const dots_data_list_t *l, dots_str_t name,
    size_t *at)
{
    for (*at = 0; *at < l->nold; (*at)++) {
        if (dots_str_eq(dots_data_list_olds(l)[*at].name, name)) {
            return &dots_data_list_olds(l)[*at];
        }
    }

    return NULL;
}


static const dots_acl_t *
dots_data_list_old_acl(const dots_data_list_t *l, dots_str_t name,
    size_t *at)
{
    for (*at = 0; *at < l->nold; (*at)++) {
        if (dots_str_eq(l->old->acls[*at].name, name)) {
            return &l->old->acls[*at];
        }
    }

    return NULL;
}


/* Every name once, of those that were there and of those that are new. */

static int
dots_data_list_unique(dots_data_list_t *l, dots_str_t name, size_t at,
    int old)
{
    int               twice;
    size_t            i;
    dots_exchange_t  *x;

    x = l->x;
    twice = old && l->seen[at];

    for (i = l->first; !twice && i < x->rq.nchanges; i++) {
        twice = x->rq.changes[i].action == DOTS_CHANGE_PUT
                && dots_str_eq(x->rq.changes[i].name, name);
    }

    return twice ? dots_data_change_twice(x, l->kind, name) : DOTS_OK;
}


static int
dots_data_list_put(dots_data_list_t *l, dots_str_t name, dots_str_t record,
    size_t at, dots_change_t **change)
{
    int             rc, old;
    dots_change_t  *c;

    old = record.len != 0;

    rc = dots_data_list_unique(l, name, at, old);
    if (rc != DOTS_OK) {
        return rc;
    }

    c = dots_data_change_next(l->x, DOTS_CHANGE_PUT, l->kind, l->x->cuid);
    if (c == NULL) {
        return DOTS_ERROR;
    }

    c->name = name;
    c->record = record;
    c->expect = old ? DOTS_EXPECT_SAME
                    : l->old ? DOTS_EXPECT_ABSENT : DOTS_EXPECT_ANY;

    if (old) {
        l->seen[at] = 1;
    }

    l->altered = 1;
    *change = c;

    return DOTS_OK;
}


static int
dots_data_list_alias(dots_data_list_t *l, json_t *entry)
{
    int                  rc;
    size_t               at;
    dots_str_t           none = { 0, NULL };
    dots_alias_t        *alias;
    dots_change_t       *c;
    const dots_alias_t  *old;

    alias = dots_arena_alloc(l->x->rq.arena, sizeof(dots_alias_t));

    rc = alias ? dots_data_change_parse(l->x, l->kind, entry, alias)
               : DOTS_ERROR;
    if (rc != DOTS_OK) {
        dots_data_blame_entry(l->x, l->kind, entry);
        return rc;
    }

    old = dots_data_list_old_alias(l, alias->name, &at);

    rc = dots_data_list_put(l, alias->name, old ? old->record : none, at, &c);
    if (rc == DOTS_OK) {
        c->alias = alias;
    }

    return rc;
}


static int
dots_data_list_acl(dots_data_list_t *l, json_t *entry, int moved)
{
    int                rc;
    size_t             at;
    dots_acl_t        *acl;
    dots_str_t         none = { 0, NULL };
    dots_change_t     *c;
    const dots_acl_t  *old;

    acl = dots_arena_alloc(l->x->rq.arena, sizeof(dots_acl_t));

    rc = acl ? dots_data_acl_parse(l->x, entry, acl) : DOTS_ERROR;
    if (rc != DOTS_OK) {
        dots_data_blame_entry(l->x, l->kind, entry);
        return rc;
    }

    old = dots_data_list_old_acl(l, acl->name, &at);

    rc = dots_data_list_put(l, acl->name, old ? old->record : none, at, &c);
    if (rc != DOTS_OK) {
        return rc;
    }

    c->acl = acl;
    acl->rank = old && !moved ? old->rank : 0;
    l->order[l->n - 1] = acl;
    l->from[l->n - 1] = old ? at + 1 : 0;

    return DOTS_OK;
}


/* One that nobody looked into: what its stub refers to. */

static int
dots_data_list_stub(dots_data_list_t *l, const void *text, int moved)
{
    size_t       at;
    dots_acl_t  *acl;

    if (l->kind != DOTS_CHANGE_ACL) {
        at = (size_t) ((const dots_alias_t *)
                           ((const char *) text - offsetof(dots_alias_t, text))
                       - dots_data_list_olds(l));
        l->seen[at] = 1;

        return DOTS_OK;
    }

    at = (size_t) ((const dots_acl_t *)
                       ((const char *) text - offsetof(dots_acl_t, text))
                   - l->old->acls);
    l->seen[at] = 1;

    acl = dots_arena_alloc(l->x->rq.arena, sizeof(dots_acl_t));
    if (acl == NULL) {
        return DOTS_ERROR;
    }

    *acl = l->old->acls[at];
    acl->rank = moved ? 0 : acl->rank;
    l->order[l->n - 1] = acl;
    l->from[l->n - 1] = at + 1;

    return DOTS_OK;
}


static int
dots_data_list_entry(dots_data_list_t *l, json_t *entry)
{
    int      rc, moved;
    json_t  *ref;

    l->n++;

    moved = json_object_get(entry, DOTS_DATA_MOVED) != NULL;
    (void) json_object_del(entry, DOTS_DATA_MOVED);

    ref = json_object_get(entry, DOTS_DATA_STUB);

    if (ref != NULL) {
        return dots_data_list_stub(l, (const void *) (intptr_t)
                                          json_integer_value(ref), moved);
    }

    rc = dots_data_change_count(l->x, l->kind, ++l->dirty);
    if (rc != DOTS_OK) {
        return rc;
    }

    return l->kind == DOTS_CHANGE_ACL ? dots_data_list_acl(l, entry, moved)
                                      : dots_data_list_alias(l, entry);
}


/* ---- one list ---- */

static dots_str_t
dots_data_list_record(const dots_data_list_t *l, size_t i)
{
    return l->kind == DOTS_CHANGE_ACL ? l->old->acls[i].record
                                      : dots_data_list_olds(l)[i].record;
}


static dots_str_t
dots_data_list_name(const dots_data_list_t *l, size_t i)
{
    return l->kind == DOTS_CHANGE_ACL ? l->old->acls[i].name
                                      : dots_data_list_olds(l)[i].name;
}


/* What is gone, and what has to be as it was; a change of it sees to itself. */

static int
dots_data_list_rest(dots_data_list_t *l, const uint8_t *changed)
{
    size_t          i;
    dots_change_t  *c;

    for (i = 0; i < l->nold; i++) {

        if (changed[i]) {
            continue;
        }

        c = dots_data_change_next(l->x, l->seen[i] ? DOTS_CHANGE_CHECK
                                                   : DOTS_CHANGE_REMOVE,
                                  l->kind, l->x->cuid);
        if (c == NULL) {
            return DOTS_ERROR;
        }

        c->name = dots_data_list_name(l, i);
        c->record = dots_data_list_record(l, i);
        c->expect = DOTS_EXPECT_SAME;

        if (l->kind == DOTS_CHANGE_ACL) {
            c->acl = &l->old->acls[i];

        } else {
            c->alias = l->kind == DOTS_CHANGE_VENDOR ? &l->old->vendors[i]
                                                     : &l->old->aliases[i];
        }

        l->altered |= !l->seen[i];
    }

    return DOTS_OK;
}


/* Which of the old ones have a change of their own by now. */

static int
dots_data_list_mark(dots_data_list_t *l, uint8_t *changed)
{
    size_t                i, at;
    const dots_change_t  *c;

    for (i = l->first; i < l->x->rq.nchanges; i++) {
        c = &l->x->rq.changes[i];

        if (c->action != DOTS_CHANGE_PUT || c->record.len == 0) {
            continue;
        }

        if (l->kind == DOTS_CHANGE_ACL) {
            (void) dots_data_list_old_acl(l, c->name, &at);

        } else {
            (void) dots_data_list_old_alias(l, c->name, &at);
        }

        if (at < l->nold) {
            changed[at] = 1;
        }
    }

    return DOTS_OK;
}


/* The places of ACLs: new ones, and of those that had to make room. */

static int
dots_data_list_order(dots_data_list_t *l, uint8_t *changed)
{
    size_t             i, k, at;
    dots_change_t     *c;
    const dots_acl_t  *old;

    dots_acl_order(l->order, l->n);

    for (i = 0; i < l->n; i++) {
        if (l->from[i] == 0) {
            continue;
        }

        at = l->from[i] - 1;
        old = &l->old->acls[at];

        if (l->order[i]->rank == old->rank) {
            continue;
        }

        l->altered = 1;

        if (!changed[at]) {
            c = dots_data_change_next(l->x, DOTS_CHANGE_PUT, l->kind,
                                      l->x->cuid);
            if (c == NULL) {
                return DOTS_ERROR;
            }

            c->name = old->name;
            c->record = old->record;
            c->expect = DOTS_EXPECT_SAME;
            c->acl = l->order[i];
            c->moved = 1;
            c->keep = 1;
            changed[at] = 1;
            continue;
        }

        for (k = l->first; k < l->x->rq.nchanges; k++) {
            c = &l->x->rq.changes[k];
            c->moved |= c->acl == l->order[i];
        }
    }

    return DOTS_OK;
}


static int
dots_data_list_finish(dots_data_list_t *l)
{
    int       rc;
    uint8_t  *changed;

    changed = dots_arena_alloc(l->x->rq.arena, l->nold + 1);
    if (changed == NULL) {
        return DOTS_ERROR;
    }

    rc = dots_data_list_mark(l, changed);

    if (rc == DOTS_OK && l->kind == DOTS_CHANGE_ACL
        && l->x->scope.n < DOTS_SCOPE_ENTRY && l->altered)
    {
        rc = dots_data_list_order(l, changed);
    }

    return rc == DOTS_OK ? dots_data_list_rest(l, changed) : rc;
}


/* And nothing else is in it: what came in between would be lost or doubled. */

static int
dots_data_list_complete(dots_data_list_t *l)
{
    dots_change_t  *c;

    if (l->old == NULL || l->x->scope.n >= DOTS_SCOPE_ENTRY) {
        return DOTS_OK;
    }

    c = dots_data_change_next(l->x, DOTS_CHANGE_COUNT, l->kind, l->x->cuid);
    if (c == NULL) {
        return DOTS_ERROR;
    }

    c->most = l->kind == DOTS_CHANGE_ACL      ? l->old->acls_kept
              : l->kind == DOTS_CHANGE_VENDOR ? l->old->vendors_kept
                                              : l->old->aliases_kept;

    return DOTS_OK;
}


/* What the tree has of it, and how many there were. */

static json_t *
dots_data_list_entries(const dots_data_list_t *l, const json_t *client,
    size_t *nold)
{
    switch (l->kind) {

    case DOTS_CHANGE_ACL:
        *nold = l->old ? l->old->nacls : 0;
        return json_object_get(json_object_get(client, "acls"), "acl");

    case DOTS_CHANGE_VENDOR:
        *nold = l->old ? l->old->nvendors : 0;
        return json_object_get(json_object_get(client,
                                               DOTS_DATA_VENDOR_MAPPING),
                               "vendor");

    default: /* DOTS_CHANGE_ALIAS */
        *nold = l->old ? l->old->naliases : 0;
        return json_object_get(json_object_get(client, "aliases"), "alias");
    }
}


int
dots_data_list_change(dots_exchange_t *x, dots_change_kind_t kind,
    const dots_client_t *old, const json_t *client, int *altered)
{
    int                  rc;
    size_t               i;
    json_t              *list, *entry;
    dots_data_list_t   l;

    memset(&l, 0, sizeof(l));

    l.x = x;
    l.kind = kind;
    l.old = old;

    list = dots_data_list_entries(&l, client, &l.nold);

    l.first = x->rq.nchanges;
    l.seen = dots_arena_alloc(x->rq.arena, l.nold + 1);
    l.order = dots_arena_array(x->rq.arena, json_array_size(list) + 1,
                               sizeof(dots_acl_t *));
    l.from = dots_arena_array(x->rq.arena, json_array_size(list) + 1,
                              sizeof(size_t));

    if (l.seen == NULL || l.order == NULL || l.from == NULL) {
        return DOTS_ERROR;
    }

    json_array_foreach(list, i, entry) {

        /* an order that differs changes the list, whatever else does */

        l.altered |= json_object_get(entry, DOTS_DATA_MOVED) != NULL;

        rc = dots_data_list_entry(&l, entry);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    rc = dots_data_list_finish(&l);

    if (rc == DOTS_OK) {
        rc = dots_data_list_complete(&l);
    }

    *altered |= l.altered;

    return rc;
}
