#include "dots_data_scope.h"


dots_change_kind_t
dots_data_scope_kind(const dots_data_path_t *path)
{
    const char  *list;

    if (path->n < DOTS_SCOPE_LIST) {
        return DOTS_CHANGE_CLIENT;
    }

    list = path->steps[DOTS_SCOPE_LIST - 1].schema->name;

    return strcmp(list, "acls") == 0             ? DOTS_CHANGE_ACL
           : strcmp(list, "aliases") == 0        ? DOTS_CHANGE_ALIAS
           : strcmp(list, "vendor-mapping") == 0 ? DOTS_CHANGE_VENDOR
                                                 : DOTS_CHANGE_CLIENT;
}


static int
dots_data_scope_same(const dots_data_step_t *a, const dots_data_step_t *b)
{
    size_t  i;

    if (a->schema != b->schema || a->nkeys != b->nkeys) {
        return 0;
    }

    for (i = 0; i < a->nkeys; i++) {
        if (!dots_str_eq(a->keys[i], b->keys[i])) {
            return 0;
        }
    }

    return 1;
}


void
dots_data_scope_meet(dots_data_path_t *scope, const dots_data_path_t *path)
{
    size_t  i;

    for (i = 0; i < scope->n && i < path->n; i++) {
        if (!dots_data_scope_same(&scope->steps[i], &path->steps[i])) {
            break;
        }
    }

    scope->n = i;
}


/* Whole clients where the path is about one, or about its "cuid". */

void
dots_data_scope_fetch(const dots_data_path_t *path, dots_request_t *rq)
{
    dots_str_t  name = { 0, NULL };

    rq->cuid = rq->alias = rq->acl = rq->vendor = name;
    rq->operation = DOTS_CLIENT_GET;

    if (path->n < DOTS_SCOPE_CLIENT
        || path->steps[DOTS_SCOPE_CLIENT - 1].nkeys == 0)
    {
        return;
    }

    rq->cuid = path->steps[DOTS_SCOPE_CLIENT - 1].keys[0];

    if (path->n >= DOTS_SCOPE_ENTRY) {
        name = path->steps[DOTS_SCOPE_ENTRY - 1].keys[0];
    }

    switch (dots_data_scope_kind(path)) {

    case DOTS_CHANGE_ALIAS:
        rq->operation = DOTS_ALIAS_GET;
        rq->alias = name;
        break;

    case DOTS_CHANGE_ACL:
        rq->operation = DOTS_ACL_GET;
        rq->acl = name;
        break;

    case DOTS_CHANGE_VENDOR:
        rq->operation = DOTS_VENDOR_GET;
        rq->vendor = name;
        break;

    default: /* DOTS_CHANGE_CLIENT */
        break;
    }
}


const dots_client_t *
dots_data_scope_client(const dots_request_t *rq, const dots_data_path_t *path)
{
    size_t  i;

    for (i = 0; i < rq->nclients; i++) {
        if (dots_str_eq(rq->clients[i].cuid,
                        path->steps[DOTS_SCOPE_CLIENT - 1].keys[0]))
        {
            return &rq->clients[i];
        }
    }

    return NULL;
}


/* ---- entities ---- */

int
dots_data_scope_start(dots_entity_t *e, const dots_client_t *client,
    int64_t lost)
{
    memset(e, 0, sizeof(dots_entity_t));

    if (dots_entity_touch(e, client->created) != DOTS_OK) {
        return DOTS_ERROR;
    }

    return dots_entity_touch(e, lost);
}


static int
dots_data_scope_aliases(const dots_client_t *client, dots_entity_t *e)
{
    int     rc;
    size_t  i;

    rc = dots_data_scope_start(e, client, client->aliases_lost);

    for (i = 0; i < client->naliases && rc == DOTS_OK; i++) {
        rc = dots_entity_add(e, client->aliases[i].name,
                             &client->aliases[i].entity);
    }

    return rc;
}


static int
dots_data_scope_acls(const dots_client_t *client, dots_entity_t *e)
{
    int     rc;
    size_t  i;

    rc = dots_data_scope_start(e, client, client->acls_lost);

    for (i = 0; i < client->nacls && rc == DOTS_OK; i++) {
        rc = dots_entity_add(e, client->acls[i].name, &client->acls[i].entity);
    }

    return rc;
}


static int
dots_data_scope_vendors(const dots_client_t *client, dots_entity_t *e)
{
    int     rc;
    size_t  i;

    rc = dots_data_scope_start(e, client, client->vendors_lost);

    for (i = 0; i < client->nvendors && rc == DOTS_OK; i++) {
        rc = dots_entity_add(e, client->vendors[i].name,
                             &client->vendors[i].entity);
    }

    return rc;
}


/* Who never had vendors is known by what it always was. */

int
dots_data_scope_lists(const dots_client_t *client,
    const dots_entity_t *aliases, const dots_entity_t *acls,
    const dots_entity_t *vendors, dots_entity_t *e)
{
    if (dots_data_scope_start(e, client, 0) != DOTS_OK
        || dots_entity_add(e, dots_str("aliases", 7), aliases) != DOTS_OK
        || dots_entity_add(e, dots_str("acls", 4), acls) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    return vendors ? dots_entity_add(e, dots_str("vendor-mapping", 14),
                                     vendors)
                   : DOTS_OK;
}


static int
dots_data_scope_whole(const dots_client_t *client, dots_entity_t *e)
{
    dots_entity_t  aliases, acls, vendors;

    if (dots_data_scope_aliases(client, &aliases) != DOTS_OK
        || dots_data_scope_acls(client, &acls) != DOTS_OK
        || dots_data_scope_vendors(client, &vendors) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    return dots_data_scope_lists(client, &aliases, &acls,
                                 client->nvendors || client->vendors_lost
                                     ? &vendors : NULL, e);
}


static int
dots_data_scope_all(const dots_request_t *rq, dots_entity_t *e)
{
    int            rc;
    size_t         i;
    dots_entity_t  part;

    memset(e, 0, sizeof(dots_entity_t));

    rc = dots_entity_touch(e, rq->clients_lost);

    for (i = 0; i < rq->nclients && rc == DOTS_OK; i++) {
        rc = dots_data_scope_whole(&rq->clients[i], &part);

        if (rc == DOTS_OK) {
            rc = dots_entity_add(e, rq->clients[i].cuid, &part);
        }
    }

    return rc;
}


static int
dots_data_scope_alias(const dots_alias_t *aliases, size_t n, dots_str_t name,
    dots_entity_t *e)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (dots_str_eq(aliases[i].name, name)) {
            *e = aliases[i].entity;
            return DOTS_OK;
        }
    }

    return DOTS_DECLINED;
}


static int
dots_data_scope_acl(const dots_client_t *client, dots_str_t name,
    dots_entity_t *e)
{
    size_t  i;

    for (i = 0; i < client->nacls; i++) {
        if (dots_str_eq(client->acls[i].name, name)) {
            *e = client->acls[i].entity;
            return DOTS_OK;
        }
    }

    return DOTS_DECLINED;
}


static int
dots_data_scope_entry(const dots_client_t *client, dots_change_kind_t kind,
    dots_str_t name, dots_entity_t *e)
{
    switch (kind) {

    case DOTS_CHANGE_ACL:
        return dots_data_scope_acl(client, name, e);

    case DOTS_CHANGE_VENDOR:
        return dots_data_scope_alias(client->vendors, client->nvendors, name,
                                     e);

    default: /* DOTS_CHANGE_ALIAS */
        return dots_data_scope_alias(client->aliases, client->naliases, name,
                                     e);
    }
}


int
dots_data_scope_entity(const dots_request_t *rq, const dots_data_path_t *path,
    dots_entity_t *e)
{
    dots_change_kind_t    kind;
    const dots_client_t  *client;

    if (path->n < DOTS_SCOPE_CLIENT) {
        return dots_data_scope_all(rq, e);
    }

    if (!(dots_data_path_schema(path)->flags & LYS_CONFIG_W)) {
        return DOTS_DECLINED;
    }

    client = dots_data_scope_client(rq, path);

    if (client == NULL) {
        return DOTS_DECLINED;
    }

    kind = dots_data_scope_kind(path);

    if (path->n >= DOTS_SCOPE_ENTRY) {
        return dots_data_scope_entry(client, kind,
                                     path->steps[DOTS_SCOPE_ENTRY - 1].keys[0],
                                     e);
    }

    switch (kind) {

    case DOTS_CHANGE_ACL:
        return dots_data_scope_acls(client, e);

    case DOTS_CHANGE_ALIAS:
        return dots_data_scope_aliases(client, e);

    case DOTS_CHANGE_VENDOR:
        return dots_data_scope_vendors(client, e);

    default: /* DOTS_CHANGE_CLIENT */
        return dots_data_scope_whole(client, e);
    }
}
