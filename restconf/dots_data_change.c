#include <stddef.h>

#include "dots_data_acl.h"
#include "dots_data_alias.h"
#include "dots_data_change.h"
#include "dots_data_client.h"
#include "dots_data_scope.h"
#include "dots_data_vendor.h"
#include "dots_data_yang.h"


#define DOTS_DATA_CHANGE_DATA DOTS_RESTCONF_MODULE ":dots-data"


/* One list of one client: what was read of it and what it is to be. */

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
} dots_data_change_t;


/* ---- into a tree ---- */

static int
dots_data_change_member(json_t *client, const char *container,
    const char *list, json_t *entries)
{
    if (entries != NULL && json_array_size(entries) == 0) {
        json_decref(entries);
        return 0;
    }

    return json_object_set_new(client, container,
                               json_pack("{s:o}", list, entries));
}


/* A stub for each of a list of aliases or, with its own key, of vendors. */

static json_t *
dots_data_change_stubs(const char *key, const dots_alias_t *entries, size_t n)
{
    size_t   i;
    json_t  *list;

    list = json_array();

    for (i = 0; i < n; i++) {
        (void) json_array_append_new(list,
                                     dots_data_edit_stub(key, entries[i].name,
                                                         &entries[i].text));
    }

    return list;
}


static json_t *
dots_data_change_client(const dots_client_t *c)
{
    size_t   i;
    json_t  *client, *aliases, *acls, *vendors;

    client = json_pack("{s:s%}", "cuid", (char *) c->cuid.data, c->cuid.len);
    aliases = dots_data_change_stubs("name", c->aliases, c->naliases);
    vendors = dots_data_change_stubs("vendor-id", c->vendors, c->nvendors);
    acls = json_array();

    for (i = 0; i < c->nacls; i++) {
        (void) json_array_append_new(acls,
                                     dots_data_edit_stub("name",
                                                         c->acls[i].name,
                                                         &c->acls[i].text));
    }

    if (client == NULL || json_array_size(aliases) != c->naliases
        || json_array_size(acls) != c->nacls
        || json_array_size(vendors) != c->nvendors)
    {
        json_decref(client);
        json_decref(aliases);
        json_decref(acls);
        json_decref(vendors);
        return NULL;
    }

    if (dots_data_change_member(client, "aliases", "alias", aliases)
        | dots_data_change_member(client, "acls", "acl", acls)
        | dots_data_change_member(client, DOTS_DATA_VENDOR_MAPPING, "vendor",
                                  vendors))
    {
        json_decref(client);
        return NULL;
    }

    return client;
}


json_t *
dots_data_change_tree(const dots_exchange_t *x)
{
    size_t   i;
    json_t  *clients;

    clients = json_array();

    for (i = 0; i < x->rq.nclients; i++) {
        if (json_array_append_new(clients,
                                  dots_data_change_client(&x->rq.clients[i])))
        {
            json_decref(clients);
            return NULL;
        }
    }

    if (json_array_size(clients) == 0) {
        json_decref(clients);
        return json_pack("{s:{}}", DOTS_DATA_CHANGE_DATA);
    }

    return json_pack("{s:{s:o}}", DOTS_DATA_CHANGE_DATA, "dots-client",
                     clients);
}


/* ---- changes ---- */

dots_change_t *
dots_data_change_add(dots_exchange_t *x, size_t max,
    dots_change_action_t action, dots_change_kind_t kind, dots_str_t cuid)
{
    dots_change_t  *c;

    if (x->rq.changes == NULL) {
        x->rq.changes = dots_arena_array(x->rq.arena, max,
                                         sizeof(dots_change_t));
        x->rq.nchanges = 0;
    }

    if (x->rq.changes == NULL || x->rq.nchanges == max) {
        return NULL;
    }

    c = &x->rq.changes[x->rq.nchanges++];

    c->action = action;
    c->kind = kind;
    c->cuid = cuid;

    return c;
}


/* Checks of all that was read, changes of all that is there: room for both. */

static size_t
dots_data_change_max(const dots_exchange_t *x)
{
    size_t  i, n;

    n = 1 + 2 * DOTS_DATA_ENTRIES + x->nedits;

    for (i = 0; i < x->rq.nclients; i++) {
        n += 4 + x->rq.clients[i].naliases + x->rq.clients[i].nacls
             + x->rq.clients[i].nvendors;
    }

    return n;
}


static dots_change_t *
dots_data_change_next(dots_exchange_t *x, dots_change_action_t action,
    dots_change_kind_t kind, dots_str_t cuid)
{
    return dots_data_change_add(x, dots_data_change_max(x), action, kind,
                                cuid);
}


int
dots_data_change_count(dots_exchange_t *x, dots_change_kind_t kind, size_t n)
{
    uint32_t     max;
    const char  *what;

    switch (kind) {

    case DOTS_CHANGE_ACL:
        max = x->rc->customer->max_acls;
        what = "ACLs";
        break;

    case DOTS_CHANGE_VENDOR:
        max = x->rc->customer->max_vendors;
        what = "vendors";
        break;

    default: /* DOTS_CHANGE_ALIAS */
        max = x->rc->customer->max_aliases;
        what = "aliases";
    }

    if (max != 0 && n > max) {
        return dots_restconf_error(&x->error, DOTS_TAG_RESOURCE_DENIED,
                                   "at most %u %s are allowed", max, what);
    }

    if (n > DOTS_DATA_ENTRIES) {
        return dots_restconf_error(&x->error, DOTS_TAG_TOO_BIG,
                                   "at most %d %s in one request",
                                   DOTS_DATA_ENTRIES, what);
    }

    return DOTS_OK;
}


/* ---- one entry ---- */

int
dots_data_change_twice(dots_exchange_t *x, dots_change_kind_t kind,
    dots_str_t name)
{
    (void) dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                               "%s: the same name twice",
                               kind == DOTS_CHANGE_VENDOR ? "vendor-id"
                                                          : "name");
    dots_data_change_path(x, kind, name);

    return DOTS_INVALID;
}


void
dots_data_change_path(dots_exchange_t *x, dots_change_kind_t kind,
    dots_str_t name)
{
    switch (kind) {

    case DOTS_CHANGE_ACL:
        dots_data_yang_acl_path(x, name, dots_str(NULL, 0), "name");
        break;

    case DOTS_CHANGE_VENDOR:
        dots_data_yang_vendor_path(x, name, "vendor-id");
        break;

    default: /* DOTS_CHANGE_ALIAS */
        dots_data_yang_path(x, name, "name");
    }
}


int
dots_data_change_parse(dots_exchange_t *x, dots_change_kind_t kind,
    json_t *entry, dots_alias_t *alias)
{
    return kind == DOTS_CHANGE_VENDOR ? dots_data_vendor_parse(x, entry, alias)
                                      : dots_data_alias_parse(x, entry, alias);
}


/* Of a client's aliases or vendors. */

static const dots_alias_t *
dots_data_change_olds(const dots_data_change_t *l)
{
    return l->kind == DOTS_CHANGE_VENDOR ? l->old->vendors : l->old->aliases;
}


static const dots_alias_t *
dots_data_change_old_alias(const dots_data_change_t *l, dots_str_t name,
    size_t *at)
{
    for (*at = 0; *at < l->nold; (*at)++) {
        if (dots_str_eq(dots_data_change_olds(l)[*at].name, name)) {
            return &dots_data_change_olds(l)[*at];
        }
    }

    return NULL;
}


static const dots_acl_t *
dots_data_change_old_acl(const dots_data_change_t *l, dots_str_t name,
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
dots_data_change_unique(dots_data_change_t *l, dots_str_t name, size_t at,
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
dots_data_change_put(dots_data_change_t *l, dots_str_t name, dots_str_t record,
    size_t at, dots_change_t **change)
{
    int             rc, old;
    dots_change_t  *c;

    old = record.len != 0;

    rc = dots_data_change_unique(l, name, at, old);
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
dots_data_change_alias(dots_data_change_t *l, json_t *entry)
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
        return rc;
    }

    old = dots_data_change_old_alias(l, alias->name, &at);

    rc = dots_data_change_put(l, alias->name, old ? old->record : none, at,
                              &c);
    if (rc == DOTS_OK) {
        c->alias = alias;
    }

    return rc;
}


static int
dots_data_change_acl(dots_data_change_t *l, json_t *entry, int moved)
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
        return rc;
    }

    old = dots_data_change_old_acl(l, acl->name, &at);

    rc = dots_data_change_put(l, acl->name, old ? old->record : none, at, &c);
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
dots_data_change_stub(dots_data_change_t *l, const void *text, int moved)
{
    size_t       at;
    dots_acl_t  *acl;

    if (l->kind != DOTS_CHANGE_ACL) {
        at = (size_t) ((const dots_alias_t *)
                           ((const char *) text - offsetof(dots_alias_t, text))
                       - dots_data_change_olds(l));
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
dots_data_change_entry(dots_data_change_t *l, json_t *entry)
{
    int      rc, moved;
    json_t  *ref;

    l->n++;

    moved = json_object_get(entry, DOTS_DATA_MOVED) != NULL;
    (void) json_object_del(entry, DOTS_DATA_MOVED);

    ref = json_object_get(entry, DOTS_DATA_STUB);

    if (ref != NULL) {
        return dots_data_change_stub(l, (const void *) (intptr_t)
                                            json_integer_value(ref), moved);
    }

    rc = dots_data_change_count(l->x, l->kind, ++l->dirty);
    if (rc != DOTS_OK) {
        return rc;
    }

    return l->kind == DOTS_CHANGE_ACL ? dots_data_change_acl(l, entry, moved)
                                      : dots_data_change_alias(l, entry);
}


/* ---- one list ---- */

static dots_str_t
dots_data_change_record(const dots_data_change_t *l, size_t i)
{
    return l->kind == DOTS_CHANGE_ACL ? l->old->acls[i].record
                                      : dots_data_change_olds(l)[i].record;
}


static dots_str_t
dots_data_change_name(const dots_data_change_t *l, size_t i)
{
    return l->kind == DOTS_CHANGE_ACL ? l->old->acls[i].name
                                      : dots_data_change_olds(l)[i].name;
}


/* What is gone, and what has to be as it was; a change of it sees to itself. */

static int
dots_data_change_rest(dots_data_change_t *l, const uint8_t *changed)
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

        c->name = dots_data_change_name(l, i);
        c->record = dots_data_change_record(l, i);
        c->expect = DOTS_EXPECT_SAME;

        l->altered |= !l->seen[i];
    }

    return DOTS_OK;
}


/* Which of the old ones have a change of their own by now. */

static int
dots_data_change_mark(dots_data_change_t *l, uint8_t *changed)
{
    size_t                i, at;
    const dots_change_t  *c;

    for (i = l->first; i < l->x->rq.nchanges; i++) {
        c = &l->x->rq.changes[i];

        if (c->action != DOTS_CHANGE_PUT || c->record.len == 0) {
            continue;
        }

        if (l->kind == DOTS_CHANGE_ACL) {
            (void) dots_data_change_old_acl(l, c->name, &at);

        } else {
            (void) dots_data_change_old_alias(l, c->name, &at);
        }

        if (at < l->nold) {
            changed[at] = 1;
        }
    }

    return DOTS_OK;
}


/* The places of ACLs: new ones, and of those that had to make room. */

static int
dots_data_change_order(dots_data_change_t *l, uint8_t *changed)
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
dots_data_change_finish(dots_data_change_t *l)
{
    int       rc;
    uint8_t  *changed;

    changed = dots_arena_alloc(l->x->rq.arena, l->nold + 1);
    if (changed == NULL) {
        return DOTS_ERROR;
    }

    rc = dots_data_change_mark(l, changed);

    if (rc == DOTS_OK && l->kind == DOTS_CHANGE_ACL
        && l->x->scope.n < DOTS_SCOPE_ENTRY && l->altered)
    {
        rc = dots_data_change_order(l, changed);
    }

    return rc == DOTS_OK ? dots_data_change_rest(l, changed) : rc;
}


/* And nothing else is in it: what came in between would be lost or doubled. */

static int
dots_data_change_complete(dots_data_change_t *l)
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
dots_data_change_entries(const dots_data_change_t *l, const json_t *client,
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


static int
dots_data_change_list(dots_exchange_t *x, dots_change_kind_t kind,
    const dots_client_t *old, const json_t *client, int *altered)
{
    int                  rc;
    size_t               i;
    json_t              *list, *entry;
    dots_data_change_t   l;

    memset(&l, 0, sizeof(l));

    l.x = x;
    l.kind = kind;
    l.old = old;

    list = dots_data_change_entries(&l, client, &l.nold);

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

        rc = dots_data_change_entry(&l, entry);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    rc = dots_data_change_finish(&l);

    if (rc == DOTS_OK) {
        rc = dots_data_change_complete(&l);
    }

    *altered |= l.altered;

    return rc;
}


/* ---- one client ---- */

/* Which lists the operation has read. */

static int
dots_data_change_lists(dots_exchange_t *x, const dots_client_t *old,
    const json_t *client, int *altered)
{
    int                 rc;
    dots_change_kind_t  kind, only;

    rc = DOTS_OK;
    only = dots_data_scope_kind(&x->scope);

    for (kind = DOTS_CHANGE_ALIAS;
         kind <= DOTS_CHANGE_VENDOR && rc == DOTS_OK;
         kind++)
    {
        if (only == DOTS_CHANGE_CLIENT || only == kind) {
            rc = dots_data_change_list(x, kind, old, client, altered);
        }
    }

    return rc;
}


static const dots_client_t *
dots_data_change_old_client(const dots_exchange_t *x, dots_str_t cuid)
{
    size_t  i;

    for (i = 0; i < x->rq.nclients; i++) {
        if (dots_str_eq(x->rq.clients[i].cuid, cuid)) {
            return &x->rq.clients[i];
        }
    }

    return NULL;
}


static int
dots_data_change_one(dots_exchange_t *x, const json_t *client, uint8_t *seen,
    int *altered)
{
    int                   rc;
    json_t               *key;
    dots_str_t            cuid;
    dots_change_t        *c;
    const dots_client_t  *old;

    key = json_object_get(client, "cuid");
    cuid = dots_str(json_string_value(key), json_string_length(key));
    old = dots_data_change_old_client(x, cuid);

    /* one that is there has nothing more to be looked at, but for a message */

    if (old == NULL || json_object_get(client, "cdid") != NULL) {
        rc = dots_data_client_parse(x, client, &cuid);

        if (rc != DOTS_OK) {
            return rc;
        }
    }

    x->cuid = old ? old->cuid : cuid;

    c = dots_data_change_next(x, old ? DOTS_CHANGE_CHECK : DOTS_CHANGE_PUT,
                              DOTS_CHANGE_CLIENT, x->cuid);
    if (c == NULL) {
        return DOTS_ERROR;
    }

    if (old != NULL) {
        c->expect = DOTS_EXPECT_SAME;
        c->record = old->record;
        seen[old - x->rq.clients] = 1;

    } else {
        c->expect = DOTS_EXPECT_ABSENT;
        *altered = 1;
    }

    return dots_data_change_lists(x, old, client, altered);
}


/* Clients that are gone, with what they had when they were read. */

static int
dots_data_change_gone(dots_exchange_t *x, const uint8_t *seen, int *altered)
{
    int                   rc;
    size_t                i;
    dots_change_t        *c;
    const dots_client_t  *old;

    for (i = 0; i < x->rq.nclients; i++) {
        old = &x->rq.clients[i];

        if (seen[i]) {
            continue;
        }

        x->cuid = old->cuid;

        rc = dots_data_change_lists(x, old, NULL, altered);
        if (rc != DOTS_OK) {
            return rc;
        }

        c = dots_data_change_next(x, DOTS_CHANGE_REMOVE, DOTS_CHANGE_CLIENT,
                                  old->cuid);
        if (c == NULL) {
            return DOTS_ERROR;
        }

        c->expect = DOTS_EXPECT_SAME;
        c->record = old->record;
        *altered = 1;
    }

    return DOTS_OK;
}


int
dots_data_change_all(dots_exchange_t *x, json_t *root, int *altered)
{
    int             rc;
    size_t          i;
    json_t         *clients, *client;
    uint8_t        *seen;
    dots_str_t      none = { 0, NULL };
    dots_change_t  *c;

    *altered = 0;
    x->rq.changes = NULL;

    seen = dots_arena_alloc(x->rq.arena, x->rq.nclients + 1);
    if (seen == NULL) {
        return DOTS_ERROR;
    }

    clients = json_object_get(json_object_get(root, DOTS_DATA_CHANGE_DATA),
                              "dots-client");

    json_array_foreach(clients, i, client) {
        rc = dots_data_change_one(x, client, seen, altered);

        if (rc != DOTS_OK) {
            return rc;
        }
    }

    rc = dots_data_change_gone(x, seen, altered);

    if (rc != DOTS_OK || x->scope.n >= DOTS_SCOPE_CLIENT) {
        return rc;
    }

    c = dots_data_change_next(x, DOTS_CHANGE_COUNT, DOTS_CHANGE_CLIENT, none);
    if (c == NULL) {
        return DOTS_ERROR;
    }

    c->most = x->rq.nclients;

    return DOTS_OK;
}
