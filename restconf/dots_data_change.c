#include "dots_data_alias.h"
#include "dots_data_blame.h"
#include "dots_data_change.h"
#include "dots_data_client.h"
#include "dots_data_list.h"
#include "dots_data_scope.h"
#include "dots_data_vendor.h"
#include "dots_data_yang.h"


#define DOTS_DATA_CHANGE_DATA DOTS_RESTCONF_MODULE ":dots-data"


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


dots_change_t *
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
            rc = dots_data_list_change(x, kind, old, client, altered);
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


/* RFC 8783 section 5.1: one, whatever it takes to say so; by edits, too. */

static int
dots_data_change_registers(dots_exchange_t *x, size_t *created)
{
    if ((*created)++ == 0) {
        return DOTS_OK;
    }

    return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                               "one \"dots-client\" is created per request");
}


static int
dots_data_change_one(dots_exchange_t *x, const json_t *client, uint8_t *seen,
    size_t *created, int *altered)
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
            x->cuid = cuid;
            dots_data_blame_client(x);
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

        rc = dots_data_change_registers(x, created);
        if (rc != DOTS_OK) {
            return rc;
        }
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
    size_t          i, created;
    json_t         *clients, *client;
    uint8_t        *seen;
    dots_str_t      none = { 0, NULL };
    dots_change_t  *c;

    *altered = 0;
    created = 0;
    x->invalid.n = 0;
    x->rq.changes = NULL;

    seen = dots_arena_alloc(x->rq.arena, x->rq.nclients + 1);
    if (seen == NULL) {
        return DOTS_ERROR;
    }

    clients = json_object_get(json_object_get(root, DOTS_DATA_CHANGE_DATA),
                              "dots-client");

    json_array_foreach(clients, i, client) {
        rc = dots_data_change_one(x, client, seen, &created, altered);

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
